/* SPDX-License-Identifier: EUPL-1.2
 * Strings as events and frames carry them: varint length plus one, then bytes; 0 is null. */
#ifndef EVENT_PACK_H
#define EVENT_PACK_H

#include "base/buf.h"
#include "base/mem.h"
#include "event/message.h"

void pack_text(struct buf *out, const char *s);
void pack_attrs(struct buf *out, const struct attr *attrs, size_t n);

/* Copies into the pool; null for what was null. A NUL inside, or more than there is, is bad. */
const char *unpack_text(struct pool *pool, struct cut *in);
const char *unpack_need(struct pool *pool, struct cut *in);	/* null is bad as well */
struct attr *unpack_attrs(struct pool *pool, struct cut *in, size_t *n);

#endif
