/* SPDX-License-Identifier: EUPL-1.2
 * Operators' requests. The dispatcher applies them between two batches; the command does it itself while
 * it holds the dispatcher's lock because none runs.
 *
 *	retry    a choice (choice.h) of parked deliveries: those that are dead, unless it says otherwise
 *	discard  the same
 *	hold     a choice: what waits, stands behind or is dead; or the handler alone, which pauses it
 *	release  a choice of held ones; or the handler alone, whose pause ends, too
 *	rewind   handler=NAME after=NUMBER [only=PATTERNS] [lane=HEX] [state=keep|reset]
 *	forget   handler=NAME
 *	erase    [events=1-5,9] [rejected=1,2] [lanes=HASH,HASH]
 * Arguments are lines of name=value. With each may be why=TEXT, which goes into the audit and the history. */
#ifndef DISPATCH_REQUEST_H
#define DISPATCH_REQUEST_H

#include "conf/conf.h"
#include "store/store.h"

struct request_hooks {		/* for a running engine; null: none runs */
	void *arg;
	bool (*runs)(void *arg, const char *handler, uint64_t n);	/* right now: it is left alone */
	void (*touched)(void *arg, const char *handler, uint64_t n);	/* after the commit; n 0: the handler's replays and pause */
	/* Hands nothing out to it until all requests are looked at again, unless nothing is in the hands: true. */
	bool (*still)(void *arg, const char *handler);
};

/* Applies one request that is not answered yet, in one durable transaction with its answer (status 0:
 * done, 1: refused, and why). 1: it waits until its handler stands still; -1: nothing happened, and it
 * may be tried again. The store has both parts open (retrying what was quarantined appends to the log). */
int request_apply(struct store *store, const struct conf *conf, const struct request *request,
		  const struct request_hooks *hooks, struct err *err);
/* Applies all that are not answered and need not wait, oldest first. *n: how many. */
int requests_apply(struct store *store, const struct conf *conf, const struct request_hooks *hooks, size_t *n,
		   struct err *err);

/* What the request would come to, were it applied now: looks as that does, and writes nothing (the store may
 * be read-only). The answer is in the pool; status as above. */
int request_preview(struct store *store, const struct conf *conf, struct request *request, struct pool *pool,
		    struct err *err);

#endif
