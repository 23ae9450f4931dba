/* SPDX-License-Identifier: EUPL-1.2
 * A handler's options: what it declared against what is configured. */
#ifndef RUN_OPTIONS_H
#define RUN_OPTIONS_H

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/mem.h"
#include "event/wire.h"
#include "postvak/handler.h"

struct option {
	const char *name;
	int kind;		/* PV_STRING, PV_INT, PV_BOOL */
	const char *text;	/* as configured, or the fallback; never null */
	int64_t number;		/* PV_INT; PV_BOOL: 0 or 1 */
};
struct options {
	struct option *v;
	size_t n;
};

/* Every declared option gets its value, in the pool. -1: unknown, missing or wrong, all in one text. */
int options_settle(struct pool *pool, const struct pv_option *declared, const struct wire_hello *hello,
		   struct options *out, struct err *err);
/* Null when it was not declared. */
const struct option *options_find(const struct options *options, const char *name);

#endif
