/* SPDX-License-Identifier: EUPL-1.2
 * A receiver's connection to the process that asks issuers (run_dir/keys). It is made when something is to be said, and
 * again once it went. Of one thread. */
#ifndef RECEIVE_ASKER_H
#define RECEIVE_ASKER_H

#include "conf/conf.h"
#include "trust/ask.h"

struct asker;
struct asker *asker_new(const struct conf *conf);
void asker_free(struct asker **asker);
int asker_fd(const struct asker *asker);	/* -1: there is no connection */
uint64_t asker_line(const struct asker *asker);	/* another number for each connection, from 1 on: what was said on one that
						 * went is lost */
/* Never waits. 1: said; 0: not now, wait until asker_fd can be written to; -1: nobody is there. */
int asker_say(struct asker *asker, const struct ask *ask);
/* Never waits. 1: an answer, in the asker's memory until it hears again; 0: none yet; -1: nobody is there (any more). */
int asker_hear(struct asker *asker, struct ask_answer *answer);
/* Says, if it can be said now, that newer keys of an issuer are wanted: a trust_wanted. */
void asker_want(void *asker, const char *issuer);
/* Says it and waits for its answer, until due_ms (monotonic). False: it did not come. */
bool asker_wait(struct asker *asker, const struct ask *ask, int64_t due_ms, struct ask_answer *answer);

#endif
