/* SPDX-License-Identifier: EUPL-1.2
 * Operators' requests: retry, discard, rewind, forget. The dispatcher applies them between two
 * batches; the command does it itself while it holds the dispatcher's lock because none runs.
 *
 *	retry    n=NUMBER [handler=NAME]  |  handler=NAME [state=dead|held|waiting]
 *	discard  the same
 *	rewind   handler=NAME after=NUMBER [types=PATTERNS]
 *	forget   handler=NAME
 * Arguments are lines of name=value. */
#ifndef DISPATCH_REQUEST_H
#define DISPATCH_REQUEST_H

#include "conf/conf.h"
#include "store/store.h"

struct request_hooks {		/* for a running engine; null: none runs */
	void *arg;
	bool (*runs)(void *arg, const char *handler, uint64_t n);	/* right now: it is left alone */
	void (*touched)(void *arg, const char *handler, uint64_t n);	/* after the commit; n 0: the handler's replays */
};

/* Applies one request that is not answered yet, in one durable transaction with its answer (status 0:
 * done, 1: refused, and why). -1: nothing happened, and it may be tried again. The store has both
 * parts open (retrying what was quarantined appends to the log). */
int request_apply(struct store *store, const struct conf *conf, const struct request *request,
		  const struct request_hooks *hooks, struct err *err);
/* Applies all that are not answered, oldest first. *n: how many. */
int requests_apply(struct store *store, const struct conf *conf, const struct request_hooks *hooks, size_t *n,
		   struct err *err);

#endif
