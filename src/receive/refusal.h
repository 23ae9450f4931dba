/* SPDX-License-Identifier: EUPL-1.2
 * What is kept of a request that was refused, beside its body: every fault, and the headers that an event
 * is read from. */
#ifndef RECEIVE_REFUSAL_H
#define RECEIVE_REFUSAL_H

#include "event/fault.h"
#include "event/mapping.h"
#include "event/message.h"

#define REFUSAL_REASON 2000		/* bytes at most */
#define REFUSAL_HEADERS (16u << 10)	/* of all lines together */

/* "name: reason; name: reason." */
const char *refusal_reason(struct pool *pool, const struct faults *faults);
/* Content-Type, ce- headers, and those that the mappings (MAP_FIELDS) read, which are never credentials: lines
 * "name: value\n" in the order received; what is too much is cut off. Null: there are none. */
const char *refusal_headers(struct pool *pool, const struct message *m, const struct mapping *const *map);

#endif
