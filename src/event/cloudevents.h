/* SPDX-License-Identifier: EUPL-1.2
 * A CloudEvent (CNCF CloudEvents 1.0.2: core, JSON format, HTTP binding) becomes an event, whichever
 * mode it came in. */
#ifndef EVENT_CLOUDEVENTS_H
#define EVENT_CLOUDEVENTS_H

#include "event/event.h"
#include "event/fault.h"
#include "event/nlgov.h"

#define CLOUD_ATTRS 256		/* context attributes of one event; more are refused */
#define CLOUD_VALUE_MOST (64u << 10)	/* bytes of one of them */
#define CLOUD_TYPE_MOST 1024		/* bytes of a type, which is read with every listing of events */

struct cloud_rules {
	enum cloud_profile profile;
	bool payload_optional;	/* binary mode: without Content-Type or body */
	const char *scope;	/* identity_group or name of the sender: part of every identity */
};

/* Each reads m and gives 0 with the event (all but n, received_ms, endpoint and sender; note says in what it
 * deviates from the profile, or from an extension that it uses), or -1 with faults: their names are JSON pointers,
 * or names of headers. Data lies in m->body where it can, and headers are those of m. */
int cloud_structured(struct pool *pool, const struct message *m, const struct cloud_rules *rules,
		     struct event *event, struct faults *faults);
int cloud_binary(struct pool *pool, const struct message *m, const struct cloud_rules *rules,
		 struct event *event, struct faults *faults);
struct cloud_batch {
	size_t most;		/* that may be in it */
	struct event **events;	/* n of them, in order */
	size_t n;
};
/* Fills out->events. 1: there are more than out->most, whatever else is wrong with them. */
int cloud_batch(struct pool *pool, const struct message *m, const struct cloud_rules *rules, struct cloud_batch *out,
		struct faults *faults);

/* How many of ce-id, ce-source, ce-specversion and ce-type a message has: 4 make it a CloudEvent in binary mode. */
int cloud_headers(const struct message *m);

/* Fills key, digest and lane from the attributes, data and scope. Keys are remembered for months: what goes
 * into them never changes. lane: a partitionkey of its own, or null: that of the attributes, else their subject. */
void cloud_identify(struct event *event, const char *scope, const char *lane);

#endif
