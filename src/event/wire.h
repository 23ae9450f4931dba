/* SPDX-License-Identifier: EUPL-1.2
 * What the dispatcher and a runner say to each other, as frames (base/frame.h) over a stream
 * socketpair. A runner is started as `postvak-runner` with descriptor 3 its end of the socketpair
 * and 4 the marks (base/board.h). End of input means: finish the event in hand, close, leave. */
#ifndef EVENT_WIRE_H
#define EVENT_WIRE_H

#include "event/event.h"

#define WIRE_SOCKET_FD 3
#define WIRE_MARKS_FD 4
#define WIRE_EXIT_CUT 119	/* how a runner ends that can say nothing any more, though the dispatcher is there */

#define WIRE_STATE 65536	/* bytes of a state */
#define WIRE_EMITTED 100	/* events that one run emits at most, */
#define WIRE_EMITTED_BYTES (1u << 20)	/* and the bytes of all their strings and data */

enum wire_kind {
	/* dispatcher to runner */
	WIRE_HELLO = 1,		/* once, first: struct wire_hello */
	WIRE_EVENT = 2,		/* struct wire_event and the packed event */
	WIRE_RESUME = 3,	/* empty: events behind a recalled one (mark_recall) and before this are not to be run */
	/* runner to dispatcher */
	WIRE_READY = 16,	/* text name, text version of the plugin */
	WIRE_FAILED = 17,	/* text: why the handler did not load or open; the runner leaves */
	WIRE_OUTCOME = 18,	/* struct wire_outcome */
};

struct wire_option { const char *name, *value; };

struct wire_hello {
	const char *handler;		/* its name in the configuration */
	const char *plugin;		/* absolute path */
	bool probe;			/* load, check the options, answer, leave; do not open */
	bool order_none;		/* with a handler that uses state: a failure */
	uint64_t memory;		/* bytes, 0: no limit */
	uint32_t slot, slots;		/* its mark among how many */
	struct wire_option *options;
	size_t n_options;
};
struct wire_event {
	uint64_t n;
	uint32_t attempt;		/* 1: the first */
	int64_t deadline_ms;		/* how long it may take */
	const unsigned char *state;	/* what the handler keeps for its lane, or null */
	size_t state_len;
};
struct wire_emitted {			/* an event that the handler emits */
	const char *type, *subject, *mediatype;	/* subject and mediatype may be null */
	const unsigned char *data;	/* or null */
	size_t data_len;
};
struct wire_outcome {
	uint64_t n;
	uint8_t outcome;		/* PV_DONE, PV_RETRY, PV_DEAD */
	uint32_t retry_after_s;		/* 0: by policy */
	uint64_t took_us;
	const char *note;		/* or null */
	bool state_set;			/* with PV_DONE alone, like what is emitted */
	const unsigned char *state;
	size_t state_len;		/* 0: it is dropped */
	struct wire_emitted *emitted;
	size_t n_emitted;
};

size_t wire_emitted_bytes(const struct wire_emitted *e);

void wire_put_hello(struct buf *out, const struct wire_hello *hello);
int wire_get_hello(struct pool *pool, struct cut *in, struct wire_hello *hello);
void wire_put_event(struct buf *out, const struct wire_event *head, const struct event *event);
/* What is read borrows from in (state, data) and pool. -1: it is no such thing, or above a limit. */
int wire_get_event(struct pool *pool, struct cut *in, struct wire_event *head, struct event *event);
void wire_put_outcome(struct buf *out, const struct wire_outcome *outcome);
/* -1 also when what it emits is nothing that an event may have (event/emitted.h). */
int wire_get_outcome(struct pool *pool, struct cut *in, struct wire_outcome *outcome);

#endif
