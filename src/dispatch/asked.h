/* SPDX-License-Identifier: EUPL-1.2
 * A request while it is looked at: what will change, and what will be answered. */
#ifndef DISPATCH_ASKED_H
#define DISPATCH_ASKED_H

#include "base/buf.h"
#include "base/clock.h"
#include "dispatch/request.h"

struct row {
	struct parked p;
	bool chosen;
};

struct asked {
	struct store *store;
	const struct conf *conf;
	const struct request *request;
	const struct request_hooks *hooks;
	struct pool *pool;
	int status;
	struct buf answer;
	const char *handler, *state;
	uint64_t n;			/* 0: all of the handler */
	bool discard, put_replay, forget;
	struct row *rows;
	size_t n_rows, rows_cap, n_chosen, n_running, n_behind;
	struct replay replay;
};

const char *asked_arg(struct asked *a, const char *name);	/* or null */
/* 1: it is there; 0: it is not; -1: it is not a number (refused). */
int asked_number(struct asked *a, const char *name, uint64_t *n);
void asked_refuse(struct asked *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
void asked_say(struct asked *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* What a request comes to: fills in what is to be changed, and the answer. Nothing is written yet. -1: failure. */
int look_rows(struct asked *a, struct err *err);	/* request_rows.c */
int look_rewind(struct asked *a, struct err *err);	/* request_rewind.c */
int look_forget(struct asked *a, struct err *err);
int change_rows(struct asked *a, struct err *err);	/* in the transaction */

/* Parses a quarantined event again, as its endpoint now would but leniently, and appends it as a new
 * one; or says why that still cannot be. */
int retry_quarantined(struct asked *a, struct row *row, struct err *err);

#endif
