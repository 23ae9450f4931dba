/* SPDX-License-Identifier: EUPL-1.2
 * What is kept besides events: bodies that were refused, and handshakes that wait for an operator. They are rows of log.db,
 * whose lock may be held for long; so they have a thread and a connection of their own, and no event waits for them. */
#ifndef RECEIVE_CLERK_H
#define RECEIVE_CLERK_H

#include "base/board.h"
#include "conf/conf.h"
#include "receive/pipeline.h"

struct clerk;
/* The thread starts with what is first to be kept. conf and board outlive it. */
struct clerk *clerk_new(const struct conf *conf, struct board *board);
/* Finishes what it was given and ends the thread; a handshake that comes after that is answered with 503. */
void clerk_end(struct clerk *clerk);
/* The same, and frees it: when nobody can come any more. */
void clerk_free(struct clerk **clerk);
/* Never waits. Once the handshake is kept, or could not be, the request is answered: with the verdict's reply, or 503. */
void clerk_ask(struct clerk *clerk, struct gate_request *request, const struct verdict *verdict);
/* Never waits. A copy of the body, and of what is kept with it, goes to the ring of rejected ones; under pressure, or without
 * a store, it is left out. */
void clerk_reject(struct clerk *clerk, const struct gate_request *request, const struct verdict *verdict);

#endif
