/* SPDX-License-Identifier: EUPL-1.2
 * Events that handlers emit: CloudEvents whose sender is the handler, under an identity that follows from
 * the event that caused them, so that running that one again makes nothing new. */
#ifndef EVENT_EMITTED_H
#define EVENT_EMITTED_H

#include <stdbool.h>
#include "event/event.h"
#include "event/wire.h"

#define EMITTED_SENDER "handler:"	/* and its name; no sender of a configuration has a colon in its own */
#define EMITTED_DEPTH "postvakdepth"	/* attribute: how many emissions led to it */
#define EMITTED_CAUSE "postvakcause"	/* attribute: the key of the event that it was emitted for, in hex */
#define EMIT_DEPTH 16			/* as deep as emissions go: a loop of handlers ends there */

/* Whether its type, subject and media type are what those of a CloudEvent may be. */
bool emitted_valid(const struct wire_emitted *e);

struct emission {			/* whose event it is, and why */
	const char *handler;		/* its name in the configuration */
	const char *source;		/* a URI reference */
	struct event_key cause;
	int depth;			/* of the cause */
	const char *trace;		/* traceparent of the cause, or null */
	int64_t now_ms;
};
/* The event, whole but for its number, in the pool; i counts what one run emits from 0. Strings and data of e are
 * borrowed. */
struct event *emitted_event(struct pool *pool, const struct emission *emission, uint32_t i, const struct wire_emitted *e);
/* The key of that event. Keys are remembered for months: what goes into them never changes. */
struct event_key emitted_key(const char *handler, const struct event_key *cause, uint32_t i);

/* The handler that emitted it, or null: another sender did. Nobody else is believed about depth and cause. */
const char *emitted_by(const char *sender);
int emitted_depth(const struct event *event);	/* 0 of what no handler emitted */
bool emitted_cause(const struct event *event, struct event_key *cause);	/* false: none, or no handler emitted it */

#endif
