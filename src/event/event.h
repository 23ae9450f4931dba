/* SPDX-License-Identifier: EUPL-1.2
 * What an event is, whatever wire it came over, and how it is packed for the log and the runners. */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/mem.h"
#include "event/message.h"

enum event_wire { WIRE_NRC = 1, WIRE_CLOUD = 2, WIRE_JSON = 3 };
enum event_mark {
	EVENT_PLAIN = 0,
	EVENT_QUARANTINED = 1	/* could not be taken in; data is the body; waits for an operator */
};

#define EVENT_KEY 16
struct event_key {		/* the first 16 bytes of a SHA-256 */
	unsigned char b[EVENT_KEY];
};

struct event {			/* all memory belongs to one pool; strings may be null when absent */
	uint64_t n;		/* its number in the log, 0 until it is recorded */
	int64_t received_ms;	/* wall */
	enum event_mark mark;
	enum event_wire wire;
	const char *type;	/* dotted name; never null after parsing ("" when quarantined) */
	const char *id;		/* NRC: null; its key in hex serves instead */
	const char *source;	/* NRC: the member `source`, when there */
	const char *subject;	/* NRC: the last path segment of resourceUrl */
	const char *time;	/* as spelled by the sender; NRC: aanmaakdatum */
	const char *datacontenttype;
	const char *endpoint, *sender;	/* names in the configuration; never null */
	const char *note;	/* what deviated, or why it was quarantined; or null */
	struct attr *attrs;	/* NRC: none. Else all context attributes in the order received; id, source,
				 * subject, time and datacontenttype above are values among them */
	size_t n_attrs;
	struct attr *headers;	/* content-type, x-correlation-id, x-batch-id, traceparent, tracestate; those that a mapping
				 * names; of what is quarantined also ce-... and that of the identity */
	size_t n_headers;
	const unsigned char *data;	/* as received; null: no data */
	size_t data_len;
	struct event_key key;	/* identity: equal keys are one event delivered twice */
	uint32_t digest;	/* of the content: equal key with another digest is a conflict */
	bool has_lane;
	struct event_key lane;	/* the object it is about */
};

/* The head: all that has no column of its own in the log (all but n, received_ms, mark, type,
 * sender, key, digest, lane, data). */
void event_pack_head(struct buf *out, const struct event *event);
/* Fills the head's members with strings in the pool; -1 when the bytes are not a head. */
int event_unpack_head(struct pool *pool, const void *p, size_t len, struct event *event);
/* The whole event, for a runner. */
void event_pack(struct buf *out, const struct event *event);
int event_unpack(struct pool *pool, struct cut *in, struct event *event);

/* A context attribute by its CloudEvents name (id source type subject time datacontenttype and
 * extensions), or null. For an NRC event id is the key in hex, in the pool. */
const char *event_attr(const struct event *event, const char *name, struct pool *pool);
/* Adds "NAME HOW" to its note. */
void event_note(struct pool *pool, struct event *event, const char *name, const char *how);
/* All of them, in the order received; null behind the last. */
const char *event_attr_at(const struct event *event, size_t i, const char **name, struct pool *pool);
const char *event_extension(const struct event *event, const char *name);	/* among attrs; or null */
const char *event_header(const struct event *event, const char *name);	/* name in lower case */
/* Keeps those headers of the message that go with every event: content-type, x-correlation-id, x-batch-id,
 * traceparent, tracestate; values are m's. */
void event_keep_headers(struct pool *pool, const struct message *m, struct event *event);
/* The trace it belongs to, for the log: its attribute traceparent, or the header of its request, where that is
 * valid; or null. */
const char *event_trace(const struct event *event);
char *event_key_hex(char hex[2 * EVENT_KEY + 1], const struct event_key *key);
bool event_key_parse(const char *hex, struct event_key *key);	/* 32 digits and no more */

#endif
