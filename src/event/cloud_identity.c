/* SPDX-License-Identifier: EUPL-1.2
 * By what a CloudEvent is known again, and what it is about. */
#include "event/cloudevents.h"

#include <endian.h>
#include <string.h>
#include "event/digest.h"

static uint64_t fold(uint64_t hash)
{
	hash *= 0x9E3779B97F4A7C15u;
	return hash ^ hash >> 32;
}

/* Eight bytes at a time. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	uint64_t word = 0;

	for (; len >= sizeof word; p += sizeof word, len -= sizeof word) {
		memcpy(&word, p, sizeof word);
		hash = fold(hash ^ le64toh(word));
	}
	word = len;	/* the others, and how many they are */
	while (len)
		word = word << 8 | p[--len];
	return fold(hash ^ word);
}

static uint64_t mix_text(uint64_t hash, const char *s)
{
	return mix(hash, s, strlen(s));
}

/* Of what is said, not of how: attributes in any order. It only tells whether two deliveries differ, and has 32 bits, which could
 * be met by trying with whatever it is made: so it need not be SHA-256. */
static uint32_t content_digest(const struct event *event)
{
	/* What is mapped has nothing that is not in its data, but for when it was received. */
	uint64_t sum = mix(1, event->data ? event->data : (const unsigned char *)"", event->data_len);

	for (size_t i = 0; event->wire == WIRE_CLOUD && i < event->n_attrs; i++)
		if (!trace_named(event->attrs[i].name))
			sum += mix_text(mix_text(2, event->attrs[i].name), event->attrs[i].value);
	return (uint32_t)(fold(sum) >> 32);
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
		lane = event_extension(event, "partitionkey");
	if (!lane || !*lane) {
		kind = "subject";
		lane = event->subject;
	}
	event->has_lane = lane != NULL;
	if (lane)
		event->lane = digest_key((struct digest_part[]){ part("cloud"), part(event->source), part(kind), part(lane) }, 4);
}
