/* SPDX-License-Identifier: EUPL-1.2
 * A choice of parked deliveries: by event, handler, type, reason, time and state. Whatever lists or
 * changes parked deliveries chooses them here, so that what was listed is what is changed. */
#ifndef DISPATCH_CHOICE_H
#define DISPATCH_CHOICE_H

#include "store/store.h"

#define CHOICE_QUARANTINED 1u			/* parked for no handler: could not be taken in */
#define CHOICE_STATE(state) (1u << (state))	/* of a delivery to a handler */
#define CHOICE_ANY 0x1fu

struct choice {			/* {0}: everything, in no state */
	uint64_t *numbers;	/* of events, ascending; none: any */
	size_t n_numbers;
	const char *handler;	/* or null */
	const char *types;	/* patterns, or null */
	const char *reason;	/* text that is in it, in any case (ASCII); or null */
	int64_t since_ms, until_ms;	/* wall: since <= in its state since < until; 0: open */
	unsigned states;	/* CHOICE_... */
	bool all;		/* that everything is meant was said */
};

/* From lines name=value: n (may be repeated), handler, types, reason, since, until (RFC 3339), state (words:
 * dead held waiting behind quarantined), all. Other names are skipped. -1: what is wrong. */
int choice_read(const char *args, struct pool *pool, struct choice *choice, struct err *err);
/* It says nothing but the handler, or nothing at all. */
bool choice_is_handler(const struct choice *choice);
bool choice_is_empty(const struct choice *choice);

unsigned choice_state(const struct parked *p);	/* one of CHOICE_... */
const char *choice_state_name(unsigned state);

/* In order of handler and number; numbers that were given, in their order. type: of the event, "" when it is
 * not there. fn returns false to stop. */
int choice_each(struct store *store, const struct choice *choice,
		bool (*fn)(void *arg, const struct parked *p, const char *type), void *arg, struct err *err);

/* The value of name in lines name=value, in the pool; null: it is not there. */
char *args_value(struct pool *pool, const char *args, const char *name);

#endif
