/* SPDX-License-Identifier: EUPL-1.2
 * A request while it is looked at: what will change, and what will be answered. */
#ifndef DISPATCH_ASKED_H
#define DISPATCH_ASKED_H

#include "base/buf.h"
#include "base/clock.h"
#include "dispatch/choice.h"
#include "dispatch/groups.h"
#include "dispatch/request.h"

struct row {			/* of many: its parked row is read again when it is changed */
	uint64_t n;
	const char *handler;	/* one copy for all of its rows */
};

struct rewind {			/* what a rewind comes to */
	struct replay like;	/* what was asked for */
	struct replay *add;
	uint64_t *drop;		/* replays that it takes the place of */
	size_t n_add, n_drop;
	const struct bookmark *mark;
	bool reset;		/* state is dropped */
};
enum row_verb { NOT_ROWS, ROW_RETRY, ROW_DISCARD, ROW_HOLD, ROW_RELEASE };

struct asked {
	struct store *store;
	const struct conf *conf;
	const struct request *request;
	const struct request_hooks *hooks;
	struct pool *pool;
	int status;
	struct buf answer;
	bool preview;			/* nothing will be written */
	const char *handler;
	bool forget, put_pause, drop_pause;
	struct rewind rewind;
	bool waits;			/* it cannot be applied yet, and is looked at again */
	struct pause pause;
	/* of parked deliveries */
	enum row_verb rows_verb;
	struct choice choice;
	unsigned wanted;		/* the states that are changed; choice has those that are counted */
	struct row *rows;
	size_t n_rows, rows_cap;
	struct groups groups;		/* of the rows */
	size_t n_running, n_behind, n_held, n_due, n_strange;	/* left alone, and why */
	const char *due;		/* the last handler for which one is due */
	uint64_t *quarantined;		/* to be parsed again */
	size_t n_quarantined, quarantined_cap;
};

const char *asked_arg(struct asked *a, const char *name);	/* or null */
/* 1: it is there; 0: it is not; -1: it is not a number (refused). */
int asked_number(struct asked *a, const char *name, uint64_t *n);
const char *asked_by(struct asked *a);		/* "by NAME: why", for the history */
void asked_refuse(struct asked *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
void asked_say(struct asked *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* What a request comes to: fills in what is to be changed, and the answer. Nothing is written yet. -1: failure. */
int look_rows(struct asked *a, struct err *err);	/* request_rows.c */
int look_rewind(struct asked *a, struct err *err);	/* request_rewind.c */
int look_forget(struct asked *a, struct err *err);
int change_rows(struct asked *a, struct err *err);	/* in the transaction */
int change_rewind(struct asked *a, struct err *err);	/* too */
/* rewind_count.c: how many events it would run. Takes a few seconds at most: *upto is how far it came. */
int rewind_count(struct asked *a, uint64_t *n, uint64_t *upto, struct err *err);

/* Erases at once, in steps of its own; what is left is the answer. 0 also when it was refused. */
int do_erase(struct asked *a, struct err *err);		/* request_erase.c */

/* Parses a quarantined event again, as its endpoint now would but leniently, and appends it as a new
 * one (not in a preview); or says why that still cannot be. 1: taken in; 0: it cannot be; -1: failure. */
int retry_quarantined(struct asked *a, uint64_t n, struct err *err);

#endif
