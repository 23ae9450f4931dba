/* SPDX-License-Identifier: EUPL-1.2
 * What a message is, told by its content type and headers, and the events in it: the one place where
 * notifications, CloudEvents and other JSON part. Who sent it, and whether he may, is not asked here. */
#ifndef EVENT_READ_H
#define EVENT_READ_H

#include "event/cloudevents.h"
#include "event/mapping.h"
#include "event/nrc.h"

enum {				/* what is taken; several together */
	ACCEPTS_NRC = 1,
	ACCEPTS_CLOUD = 2,
	ACCEPTS_JSON = 4	/* other JSON, by its mapping; not beside ACCEPTS_NRC */
};

struct read_rules {
	unsigned accepts;
	const char *scope;	/* part of every identity: identity_group or name of the sender */
	enum nrc_profile nrc_profile;
	enum nrc_identity identity;
	const char *identity_header;
	enum cloud_profile cloud_profile;
	size_t batch;		/* most events in one message; 0: no batches */
	bool payload_optional;
	const struct mapping *const *map;	/* of ACCEPTS_JSON */
	int64_t now_ms;
};

struct reading {
	int status;		/* 0: read; else how it is refused: 400, 413, 415 */
	const char *code, *detail;	/* of a refusal without faults */
	struct faults faults;	/* with 400 */
	enum event_wire wire;	/* what it was taken for; 0: nothing */
	struct event **events;	/* n of them; all but n, received_ms, endpoint and sender is filled */
	size_t n;
	bool batch;		/* they came in one, so each has a number in its place */
	bool probe;		/* the registration probe of the NRC: no events */
};

/* All memory is the pool's, or m's. */
void message_read(struct pool *pool, const struct message *m, const struct read_rules *rules, struct reading *out);
/* What was refused with 400 as an event of its own: the body, and the headers that it takes to read it again. */
struct event *message_raw(struct pool *pool, const struct message *m, const struct read_rules *rules,
			  const struct reading *reading);

#endif
