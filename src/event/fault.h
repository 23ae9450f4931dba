/* SPDX-License-Identifier: EUPL-1.2
 * What is wrong with a body: every fault by its name, never only the first. */
#ifndef EVENT_FAULT_H
#define EVENT_FAULT_H

#include <stdbool.h>
#include "base/mem.h"

struct fault {
	const char *name;	/* the member ("kenmerken.zaaktype", "/data/a"), a header, ?PARAMETER, "" for the body as a whole */
	const char *code;	/* required, invalid, max_length, min_length, ... as the NRC implementations name them */
	const char *reason;	/* one sentence */
};

#define FAULTS_MAX 50		/* more are counted and not listed, unless `most` allows them */
struct faults {			/* {.pool = pool} is an empty list */
	struct pool *pool;
	bool pointers;		/* members are named by JSON pointer (RFC 6901), not with dots as the NRC does */
	size_t most;		/* that are listed; 0: FAULTS_MAX */
	struct fault *v;
	size_t n, cap;		/* in v */
	size_t left_out;
};

void fault_add(struct faults *faults, const char *name, const char *code, const char *fmt, ...) PRINTF_LIKE(4, 5);

#endif
