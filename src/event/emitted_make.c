/* SPDX-License-Identifier: EUPL-1.2
 * What a handler emits becomes an event, with an identity that follows from its cause. */
#include "event/emitted.h"

#include <string.h>
#include "base/clock.h"
#include "event/cloudevents.h"
#include "event/digest.h"

#define ATTRS 10	/* at most */

static struct digest_part part(const char *s)
{
	return (struct digest_part){ s, s ? strlen(s) : 0 };
}

struct event_key emitted_key(const char *handler, const struct event_key *cause, uint32_t i)
{
	unsigned char index[] = { (unsigned char)(i >> 24), (unsigned char)(i >> 16), (unsigned char)(i >> 8), (unsigned char)i };

	return digest_key((struct digest_part[]){ part("emitted"), part(handler), { cause->b, sizeof cause->b },
						  { index, sizeof index } }, 4);
}

/* Of what the handler says. When it says so is another time at each run. */
static uint32_t content_digest(const struct wire_emitted *e)
{
	unsigned char hash[SHA256_LEN];

	digest_parts(hash, (struct digest_part[]){ part(e->type), part(e->subject), part(e->mediatype),
						   { e->data_len ? e->data : NULL, e->data_len } }, 4);
	return digest_first(hash);
}

static void add(struct event *event, const char *name, const char *value)
{
	if (value)
		event->attrs[event->n_attrs++] = (struct attr){ name, value };
}

static void add_attrs(struct pool *pool, struct event *event, const struct emission *emission)
{
	char hex[2 * EVENT_KEY + 1];

	event->attrs = pool_alloc(pool, ATTRS * sizeof *event->attrs);
	add(event, "specversion", "1.0");
	add(event, "id", event->id);
	add(event, "source", event->source);
	add(event, "type", event->type);
	add(event, "subject", event->subject);
	add(event, "time", event->time);
	add(event, "datacontenttype", event->datacontenttype);
	add(event, EMITTED_CAUSE, pool_str(pool, event_key_hex(hex, &emission->cause)));
	add(event, EMITTED_DEPTH, pool_fmt(pool, "%d", emission->depth + 1));
	add(event, "traceparent", pool_str(pool, emission->trace));
}

struct event *emitted_event(struct pool *pool, const struct emission *emission, uint32_t i, const struct wire_emitted *e)
{
	struct event *event = pool_alloc(pool, sizeof *event);
	char hex[2 * EVENT_KEY + 1], time[CLOCK_TEXT];

	*event = (struct event){
		.received_ms = emission->now_ms, .wire = WIRE_CLOUD, .type = e->type, .source = emission->source,
		.subject = e->subject, .datacontenttype = e->mediatype, .endpoint = "", .data_len = e->data_len,
	};
	event->data = e->data_len ? e->data : NULL;
	if (!event->datacontenttype && event->data)
		event->datacontenttype = "application/json";
	event->id = pool_fmt(pool, "%s.%u", event_key_hex(hex, &emission->cause), (unsigned)i);
	event->time = pool_str(pool, clock_text(time, emission->now_ms));
	event->sender = pool_fmt(pool, EMITTED_SENDER "%s", emission->handler);
	add_attrs(pool, event, emission);
	cloud_identify(event, event->sender, NULL);	/* for its lane: the identity is that of the run */
	event->key = emitted_key(emission->handler, &emission->cause, i);
	event->digest = content_digest(e);
	return event;
}
