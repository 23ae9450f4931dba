/* SPDX-License-Identifier: EUPL-1.2
 * The other side of <postvak/handler.h>: what a handler is handed, and the calls that it makes. */
#ifndef RUN_HOST_H
#define RUN_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/mem.h"
#include "event/wire.h"
#include "postvak/handler.h"
#include "run/options.h"

#define HOST_NOTE 1000		/* bytes of a note */

struct host {
	struct pv_host pub;	/* first: handlers hold a pointer to it */
	const char *name;	/* of the handler, in the configuration */
	struct options options;
	int64_t deadline_ms;	/* monotonic, of the event in hand */
	const char *trace;	/* traceparent of the event in hand, or null */
	char failure[sizeof(((struct err *)NULL)->text)];	/* of pv_fail, or "" */
	bool mistaken;		/* it asked for an option that it did not declare; failure says which */
};

struct run {			/* one event in hand */
	struct pv_event pub;	/* first */
	struct pool *pool;	/* what the handler was given lives in it */
	const struct event *event;
	uint32_t attempt;
	uint32_t retry_after_s;	/* 0: by policy */
	char *data;		/* a copy with a NUL behind it, once it was asked for */
	struct json_object *doc;
	bool parsed;		/* doc was tried */
	bool noted;
	char note[HOST_NOTE + 1];
	char key[2 * EVENT_KEY + 1];
	bool uses_state;	/* its descriptor says so */
	bool state_set;		/* by this run */
	const void *state;	/* what is kept, or null; a NUL follows it */
	size_t state_len;
	struct wire_emitted *emitted;	/* room for WIRE_EMITTED, once there is one */
	size_t n_emitted, emitted_bytes;
};

extern const struct pv_calls host_calls;

void host_init(struct host *host, const char *name);
/* All but the event's own memory, which is the pool's; run_drop gives back what the pool does not have. */
void run_init(struct run *run, struct pool *pool, const struct wire_event *head, const struct event *event);
void run_state(struct run *run, const struct wire_event *head);	/* of a handler that uses it */
void run_note(struct run *run, const char *fmt, ...) PRINTF_LIKE(2, 3);
void run_drop(struct run *run);

#endif
