/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/mapped.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "event/cloudevents.h"
#include "event/digest.h"
#include "event/header.h"
#include "event/json.h"
#include "event/text.h"
#include "event/time.h"
#include "event/uri.h"

#define HEADERS_MOST 32

struct reader {
	struct pool *pool;
	const struct message *m;
	const struct mapped_rules *rules;
	struct event *event;
	struct faults *faults;
	struct json_object *doc;
	bool by_content;		/* its id is a hash of its content */
	const struct map_term *blame;	/* of the field in hand: what is missing, or what it was read from */
};

static void faulty(struct reader *r, enum map_field field, const char *code, const char *reason)
{
	fault_add(r->faults, r->blame ? r->blame->text : "", code, "The %s of the event, map.%s = %s, %s.", map_field_name(field),
		  map_field_name(field), r->rules->map[field]->text, reason);
}

/* ---- terms ---- */

static const char *content_hash(struct reader *r)
{
	struct buf canonical = {0}, hex = {0};
	unsigned char hash[SHA256_LEN];
	const char *text;

	r->by_content = true;
	json_canonical(r->doc, NULL, &canonical);
	digest_sha256(hash, canonical.p, canonical.len);
	buf_hex(&hex, hash, 16);
	text = pool_str(r->pool, hex.p);
	buf_free(&hex);
	buf_free(&canonical);
	return text;
}

static const char *header_value(struct reader *r, const char *name)
{
	const char *value, *decoded;
	enum header_fault fault;
	size_t n, len;

	value = message_header(r->m, name, &n);
	if (n > 1)
		fault_add(r->faults, name, "repeated_header", "The header %s came %zu times; send it once.", name, n);
	if (!value || !*value || strncmp(name, "ce-", 3) != 0)
		return value && *value ? value : NULL;
	fault = header_decode(r->pool, value, 0, &decoded, &len);
	if (fault == HEADER_FINE && len == strlen(decoded))
		return decoded;
	fault_add(r->faults, name, "invalid", "The header %s.", fault == HEADER_FINE ? "has a NUL in it" : header_fault_says(fault));
	return NULL;
}

/* Its text, or null: it is not there. A string with a NUL in it is not there either. */
static const char *term_value(struct reader *r, const struct map_term *term)
{
	char time[CLOCK_TEXT];
	struct json_object *value;
	const char *text;
	size_t len;

	switch (term->kind) {
	case TERM_POINTER:
		if (!json_at(r->doc, term->text, &value) || !(text = json_text(value)) || !*text)
			return NULL;
		if (json_string(value, &len) && strlen(text) != len)
			return NULL;
		return text;
	case TERM_HEADER:
		return header_value(r, term->text);
	case TERM_CONTENT:
		return content_hash(r);
	case TERM_RECEIVED:
		return pool_str(r->pool, clock_text(time, r->rules->now_ms));
	case TERM_NONE:
		return NULL;
	default:
		return term->text;
	}
}

/* All terms joined, or null: one is not there. */
static const char *choice_value(struct reader *r, const struct map_choice *choice)
{
	struct buf out = {0};
	const char *text = NULL;
	size_t i = 0;

	for (; i < choice->n; i++) {
		const char *value = term_value(r, &choice->terms[i]);

		if (!value)
			break;
		buf_str(&out, value);
	}
	if (i < choice->n && !r->blame)	/* the first one that is missed */
		r->blame = &choice->terms[i];
	if (i == choice->n && out.len)
		text = pool_strn(r->pool, out.p, out.len);
	buf_free(&out);
	return text;
}

/* Null when it is left out, or faulty. */
static const char *field_value(struct reader *r, enum map_field field)
{
	const struct mapping *mapping = r->rules->map[field];
	const struct map_choice *last;
	const char *value, *fault;

	r->blame = NULL;
	if (!mapping)
		return NULL;
	for (size_t i = 0; i < mapping->n; i++) {
		value = choice_value(r, &mapping->choices[i]);
		if (!value)
			continue;
		r->blame = choice_reads(&mapping->choices[i]);
		fault = text_fault(value, strlen(value));
		if (!fault && strlen(value) > (field == MAP_TYPE ? CLOUD_TYPE_MOST : CLOUD_VALUE_MOST))
			fault = field == MAP_TYPE ? "has more than 1024 bytes" : "has more than 65536 bytes";
		if (fault)
			faulty(r, field, "invalid", fault);
		return fault ? NULL : value;
	}
	last = &mapping->choices[mapping->n - 1];
	if (last->terms[0].kind != TERM_NONE)
		faulty(r, field, "required", "is missing: nothing of it is in the request");
	return NULL;
}

/* ---- fields ---- */

/* Seconds or milliseconds since 1970, as many issuers write times; or null. */
static const char *unix_time(struct reader *r, const char *value)
{
	size_t len = strspn(value, "0123456789");
	char text[CLOCK_TEXT];
	int64_t n;

	if (value[len] || len < 9 || len > 13)
		return NULL;
	n = strtoll(value, NULL, 10);
	return pool_str(r->pool, clock_text(text, len > 11 ? n : n * 1000));
}

static const char *time_value(struct reader *r)
{
	const char *value = field_value(r, MAP_TIME), *instant;

	if (!value || time_parse(value, TIME_RFC3339, NULL))
		return value;
	instant = unix_time(r, value);
	if (!instant)
		faulty(r, MAP_TIME, "invalid", "is neither a time of RFC 3339 nor seconds or milliseconds since 1970");
	return instant;
}

static void add(struct event *event, const char *name, const char *value)
{
	if (value)
		event->attrs[event->n_attrs++] = (struct attr){ name, value };
}

static void read_fields(struct reader *r)
{
	struct event *event = r->event;
	const char *lane;

	event->id = field_value(r, MAP_ID);
	event->type = field_value(r, MAP_TYPE);
	event->source = field_value(r, MAP_SOURCE);
	if (event->source && !uri_reference_valid(event->source))
		faulty(r, MAP_SOURCE, "invalid", "is not a URI reference of RFC 3986");
	event->subject = field_value(r, MAP_SUBJECT);
	event->time = time_value(r);
	lane = field_value(r, MAP_LANE);
	if (r->faults->n) {
		event->type = "";
		return;
	}
	event->attrs = pool_alloc(r->pool, MAP_FIELDS * sizeof *event->attrs);
	add(event, "id", event->id);
	add(event, "source", event->source);
	add(event, "type", event->type);
	add(event, "subject", event->subject);
	add(event, "time", event->time);
	add(event, "datacontenttype", event->datacontenttype);
	cloud_identify(event, r->rules->scope, lane);
	if (r->by_content)	/* then equal ids are equal contents, in whatever order */
		event->digest = 0;
}

/* ---- headers ---- */

static void keep_header(struct reader *r, const char *name)
{
	struct event *event = r->event;
	const char *value = message_header(r->m, name, NULL);

	if (value && !text_fault(value, strlen(value)) && !event_header(event, name) && event->n_headers < HEADERS_MOST)
		event->headers[event->n_headers++] = (struct attr){ name, value };
}

/* Those that the mapping reads: a handler may want them, and so does who reads the body again. */
static void keep_headers(struct reader *r)
{
	struct attr *more = pool_alloc(r->pool, HEADERS_MOST * sizeof *more);

	event_keep_headers(r->pool, r->m, r->event);
	memcpy(more, r->event->headers, r->event->n_headers * sizeof *more);
	r->event->headers = more;
	for (enum map_field field = 0; field < MAP_FIELDS; field++)
		for (size_t i = 0; r->rules->map[field] && i < r->rules->map[field]->n; i++) {
			const struct map_choice *choice = &r->rules->map[field]->choices[i];

			for (size_t j = 0; j < choice->n; j++)
				if (choice->terms[j].kind == TERM_HEADER)
					keep_header(r, choice->terms[j].text);
		}
}

/* It was read as JSON; what is more is for who asks, if it is text. */
static const char *content_type(const struct message *m)
{
	const char *type = message_header(m, "content-type", NULL);

	return type && !text_fault(type, strlen(type)) ? type : "application/json";
}

int mapped_read(struct pool *pool, const struct message *m, const struct mapped_rules *rules,
		struct event *event, struct faults *faults)
{
	struct reader r = { .pool = pool, .m = m, .rules = rules, .event = event, .faults = faults };

	*event = (struct event){ .wire = WIRE_JSON, .type = "", .data = m->body, .data_len = m->body_len,
				 .datacontenttype = content_type(m) };
	keep_headers(&r);
	faults->pointers = true;
	if (json_parse(m->body, m->body_len, &r.doc, faults) == 0)
		read_fields(&r);
	json_drop(&r.doc);
	return faults->n ? -1 : 0;
}
