/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/event.h"

#include <string.h>
#include "base/die.h"
#include "base/hex.h"
#include "base/mem.h"
#include "event/pack.h"

#define HEADER_MAX 512		/* bytes of a header that is kept */
#define TYPE_MAX 8192		/* of content-type: what was quarantined is read again by it */

#define HEAD_VERSION 1	/* the first byte of a head: heads outlive the program that wrote them */

static const char *find(const struct attr *attrs, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (str_same(attrs[i].name, name))
			return attrs[i].value;
	return NULL;
}

/* What stands among the attributes is written once, there. */
static void put_core(struct buf *out, const struct event *event, const char *name, const char *value)
{
	pack_text(out, value && find(event->attrs, event->n_attrs, name) == value ? NULL : value);
}

static void get_core(struct event *event, const char *name, const char **value)
{
	if (!*value)
		*value = find(event->attrs, event->n_attrs, name);
}

static void put_head(struct buf *out, const struct event *event)
{
	must(event->endpoint);
	buf_u8(out, HEAD_VERSION);
	buf_u8(out, (uint8_t)event->wire);
	put_core(out, event, "id", event->id);
	put_core(out, event, "source", event->source);
	put_core(out, event, "subject", event->subject);
	put_core(out, event, "time", event->time);
	put_core(out, event, "datacontenttype", event->datacontenttype);
	pack_text(out, event->endpoint);
	pack_text(out, event->note);
	pack_attrs(out, event->attrs, event->n_attrs);
	pack_attrs(out, event->headers, event->n_headers);
}

static void get_head(struct pool *pool, struct cut *in, struct event *event)
{
	uint8_t version = cut_u8(in), wire = cut_u8(in);

	if (version != HEAD_VERSION || wire < WIRE_NRC || wire > WIRE_JSON)
		in->bad = true;
	event->wire = (enum event_wire)wire;
	event->id = unpack_text(pool, in);
	event->source = unpack_text(pool, in);
	event->subject = unpack_text(pool, in);
	event->time = unpack_text(pool, in);
	event->datacontenttype = unpack_text(pool, in);
	event->endpoint = unpack_need(pool, in);
	event->note = unpack_text(pool, in);
	event->attrs = unpack_attrs(pool, in, &event->n_attrs);
	event->headers = unpack_attrs(pool, in, &event->n_headers);
	get_core(event, "id", &event->id);
	get_core(event, "source", &event->source);
	get_core(event, "subject", &event->subject);
	get_core(event, "time", &event->time);
	get_core(event, "datacontenttype", &event->datacontenttype);
}

void event_pack_head(struct buf *out, const struct event *event)
{
	put_head(out, event);
}

int event_unpack_head(struct pool *pool, const void *p, size_t len, struct event *event)
{
	struct cut in = { p, len, false };

	get_head(pool, &in, event);
	return in.bad || in.len ? -1 : 0;
}

void event_pack(struct buf *out, const struct event *event)
{
	must(event->type && event->sender);
	buf_u64(out, event->n);
	buf_u64(out, (uint64_t)event->received_ms);
	buf_u8(out, (uint8_t)event->mark);
	pack_text(out, event->type);
	pack_text(out, event->sender);
	buf_put(out, event->key.b, EVENT_KEY);
	buf_u32(out, event->digest);
	buf_u8(out, event->has_lane);
	buf_put(out, event->lane.b, EVENT_KEY);
	put_head(out, event);
	buf_bytes(out, event->data, event->data_len);
}

static void get_key(struct cut *in, struct event_key *key)
{
	const unsigned char *p = cut_raw(in, EVENT_KEY);

	if (p)
		memcpy(key->b, p, EVENT_KEY);
}

static void get_data(struct pool *pool, struct cut *in, struct event *event)
{
	const unsigned char *p = cut_bytes(in, &event->data_len);

	if (p)
		event->data = (const unsigned char *)pool_strn(pool, (const char *)p, event->data_len);
}

int event_unpack(struct pool *pool, struct cut *in, struct event *event)
{
	uint8_t mark, has_lane;

	*event = (struct event){0};
	event->n = cut_u64(in);
	event->received_ms = (int64_t)cut_u64(in);
	mark = cut_u8(in);
	event->type = unpack_need(pool, in);
	event->sender = unpack_need(pool, in);
	get_key(in, &event->key);
	event->digest = cut_u32(in);
	has_lane = cut_u8(in);
	get_key(in, &event->lane);
	if (mark > EVENT_QUARANTINED || has_lane > 1)
		in->bad = true;
	event->mark = (enum event_mark)mark;
	event->has_lane = has_lane == 1;
	get_head(pool, in, event);
	get_data(pool, in, event);
	return in->bad ? -1 : 0;
}

static const char *event_id(const struct event *event, struct pool *pool)
{
	char hex[2 * EVENT_KEY + 1];

	if (event->id || event->wire != WIRE_NRC)
		return event->id;
	return pool_str(pool, event_key_hex(hex, &event->key));
}

const char *event_attr(const struct event *event, const char *name, struct pool *pool)
{
	if (str_same(name, "id"))
		return event_id(event, pool);
	if (str_same(name, "source"))
		return event->source;
	if (str_same(name, "type"))
		return event->type;
	if (str_same(name, "subject"))
		return event->subject;
	if (str_same(name, "time"))
		return event->time;
	if (str_same(name, "datacontenttype"))
		return event->datacontenttype;
	return find(event->attrs, event->n_attrs, name);
}

const char *event_attr_at(const struct event *event, size_t i, const char **name, struct pool *pool)
{
	static const char *const given[] = { "id", "source", "type", "subject", "time", "datacontenttype" };

	if (event->wire != WIRE_NRC && i < event->n_attrs) {
		*name = event->attrs[i].name;
		return event->attrs[i].value;
	}
	for (size_t at = 0; event->wire == WIRE_NRC && at < sizeof given / sizeof *given; at++) {
		const char *value = event_attr(event, given[at], pool);

		if (!value || i--)
			continue;
		*name = given[at];
		return value;
	}
	return NULL;
}

void event_note(struct pool *pool, struct event *event, const char *name, const char *how)
{
	const char *const parts[] = { event->note ? event->note : "", event->note ? "; " : "", name, " ", how };
	size_t len = 0;
	char *at;

	/* Many a sender deviates in each event: no format is read for that. */
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		len += strlen(parts[i]);
	event->note = at = pool_alloc(pool, len + 1);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		at = stpcpy(at, parts[i]);
}

const char *event_extension(const struct event *event, const char *name)
{
	return find(event->attrs, event->n_attrs, name);
}

const char *event_header(const struct event *event, const char *name)
{
	return find(event->headers, event->n_headers, name);
}

static bool header_fits(const char *value, size_t most)
{
	size_t len = 0;

	for (; value[len]; len++)
		if ((unsigned char)value[len] < ' ' || value[len] == 0x7F || len == most)
			return false;
	return true;
}

void event_keep_headers(struct pool *pool, const struct message *m, struct event *event)
{
	static const char *const kept[] = { "content-type", "x-correlation-id", "x-batch-id", "traceparent", "tracestate" };
	const size_t n = sizeof kept / sizeof *kept;

	event->headers = pool_alloc(pool, n * sizeof *event->headers);
	for (size_t i = 0; i < n; i++) {
		const char *value = message_header(m, kept[i], NULL);

		if (value && header_fits(value, i ? HEADER_MAX : TYPE_MAX))
			event->headers[event->n_headers++] = (struct attr){ kept[i], value };
	}
}

const char *event_trace(const struct event *event)
{
	const char *trace = find(event->attrs, event->n_attrs, "traceparent");

	if (!trace_valid(trace))
		trace = event_header(event, "traceparent");
	return trace_valid(trace) ? trace : NULL;
}

char *event_key_hex(char hex[2 * EVENT_KEY + 1], const struct event_key *key)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < EVENT_KEY; i++) {
		hex[2 * i] = digits[key->b[i] >> 4];
		hex[2 * i + 1] = digits[key->b[i] & 15];
	}
	hex[2 * EVENT_KEY] = '\0';
	return hex;
}

bool event_key_parse(const char *hex, struct event_key *key)
{
	for (size_t i = 0; i < EVENT_KEY; i++, hex += 2) {
		int high = hex_value(hex[0]), low = high < 0 ? -1 : hex_value(hex[1]);

		if (low < 0)
			return false;
		key->b[i] = (unsigned char)(high << 4 | low);
	}
	return !*hex;
}
