/* SPDX-License-Identifier: EUPL-1.2
 * Parked deliveries counted by handler, state, type and reason, where reasons that differ in numbers and
 * identifiers alone are one. Bounded: what comes beyond GROUPS_MAX is counted together. */
#ifndef DISPATCH_GROUPS_H
#define DISPATCH_GROUPS_H

#include "base/map.h"
#include "store/store.h"

#define GROUPS_MAX 1000

struct group {
	char *handler, *type;
	unsigned state;		/* CHOICE_... */
	char *reason;		/* as reason_group has it, or null */
	char *newest;		/* the reason of the newest as it is, or null */
	uint64_t count;
	uint64_t n;		/* the event of the newest */
	int64_t oldest_ms, newest_ms;	/* in their state since */
};

struct groups {			/* {0} */
	struct map map;
	struct group **v;
	size_t n, cap;
	uint64_t count, others;	/* all; beyond the groups */
};

void groups_free(struct groups *groups);
void groups_add(struct groups *groups, const struct parked *p, const char *type);
void groups_sort(struct groups *groups);	/* by handler, most first */

/* The reason with # for each number and identifier (hex digits, UUIDs), at most 200 bytes. */
char *reason_group(struct pool *pool, const char *reason);

#endif
