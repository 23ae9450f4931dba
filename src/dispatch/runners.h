/* SPDX-License-Identifier: EUPL-1.2
 * The runners of all handlers: processes that the dispatcher starts, feeds over a socketpair, times
 * and buries. They are the hands of an engine. */
#ifndef DISPATCH_RUNNERS_H
#define DISPATCH_RUNNERS_H

#include <poll.h>
#include "dispatch/engine.h"

struct runners;

/* program: the runner's path. patient: a handler that cannot be started is tried again at a growing
 * pace; otherwise it is given up. */
int runners_open(const struct conf *conf, const char *program, bool patient, struct runners **out, struct err *err);
void runners_free(struct runners **runners);	/* none may be alive */
struct hands runners_hands(struct runners *runners);
void runners_serve(struct runners *runners, struct engine *engine);	/* who is told of outcomes */

/* Starts the first runner of each handler, so that one that cannot be started is known at once. */
void runners_start(struct runners *runners);

size_t runners_count(const struct runners *runners);
size_t runners_poll(const struct runners *runners, struct pollfd *fds);	/* fills; how many */
/* For so long all that have events have many: what they answer meanwhile may as well be heard together. */
uint64_t runners_busy_us(const struct runners *runners);
void runners_heard(struct runners *runners, const struct pollfd *fds);	/* as poll has answered */
void runners_mourn(struct runners *runners);	/* a child of ours has died */
/* Writes what was given, takes what was heard, ends what is past its deadline, buries the dead. */
void runners_turn(struct runners *runners);
void runners_flush(struct runners *runners);	/* writes what was given since */
int64_t runners_next_ms(const struct runners *runners);	/* until a deadline or a paced start; at most 1000 */

void runners_finish(struct runners *runners);	/* no more input: what runs may end, then they leave */
void runners_kill(struct runners *runners);	/* at once; nothing is charged */
size_t runners_alive(const struct runners *runners);
bool runners_gave_up(const struct runners *runners, size_t handler);	/* it could not be started; only if not patient */

#endif
