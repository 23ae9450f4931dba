/* SPDX-License-Identifier: EUPL-1.2
 * By what a CloudEvent is known again, and what it is about. */
#include "event/cloudevents.h"

#include <string.h>
#include "base/mem.h"
#include "event/digest.h"

/* FNV-1a, 64 bits: the digest only tells whether two deliveries differ. */
static uint64_t mix(uint64_t hash, const char *s)
{
	for (; *s; s++)
		hash = (hash ^ (unsigned char)*s) * 0x100000001B3u;
	return (hash ^ 0xFF) * 0x100000001B3u;
}

/* Of what is said, not of how: attributes in any order. A trace is another at each attempt. */
static uint32_t content_digest(const struct event *event)
{
	unsigned char hash[SHA256_LEN];
	uint64_t sum = 0;

	/* What is mapped has nothing that is not in its data, but for when it was received. */
	digest_sha256(hash, event->data ? event->data : (const unsigned char *)"", event->data_len);
	for (size_t i = 0; event->wire == WIRE_CLOUD && i < event->n_attrs; i++)
		if (!str_same(event->attrs[i].name, "traceparent") && !str_same(event->attrs[i].name, "tracestate"))
			sum += mix(mix(0xCBF29CE484222325u, event->attrs[i].name), event->attrs[i].value);
	return (uint32_t)(sum >> 32) ^ (uint32_t)sum ^
	       digest_first(hash);
}

static struct digest_part part(const char *s)
{
	return (struct digest_part){ s, s ? strlen(s) : 0 };
}

void cloud_identify(struct event *event, const char *scope, const char *lane)
{
	const char *kind = "partitionkey";

	event->key = digest_key((struct digest_part[]){ part("cloud"), part(scope), part(event->source), part(event->id) }, 4);
	event->digest = content_digest(event);
	if (!lane)
		lane = event_attr(event, "partitionkey", NULL);
	if (!lane || !*lane) {
		kind = "subject";
		lane = event->subject;
	}
	event->has_lane = lane != NULL;
	if (lane)
		event->lane = digest_key((struct digest_part[]){ part("cloud"), part(event->source), part(kind), part(lane) }, 4);
}
