/* SPDX-License-Identifier: EUPL-1.2
 * Notifications made up on the spot. */
#ifndef CLI_EXAMPLE_H
#define CLI_EXAMPLE_H

#include <stdint.h>
#include "base/buf.h"
#include "base/mem.h"
#include "cli/draft.h"

/* A status that was added to a case: its own objects each time, made now. */
void example_notification(struct buf *out, int64_t wall_ms);
/* The same as a CloudEvent, into the pool: what the event leaves out is filled in. */
void example_draft(struct pool *pool, int64_t wall_ms, struct draft *event);
/* What Open Notificaties sends when a subscription is registered. */
void example_probe(struct buf *out, int64_t wall_ms);

#endif
