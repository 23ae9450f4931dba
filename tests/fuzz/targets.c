/* SPDX-License-Identifier: EUPL-1.2 */
#include "targets.h"

#include <stdlib.h>
#include <string.h>
#include "base/utf8.h"
#include "event/header.h"
#include "event/json.h"
#include "event/media.h"
#include "event/read.h"
#include "event/text.h"
#include "event/time.h"
#include "event/uri.h"

#define BATCH 50

static void holds(int condition)
{
	if (!condition)
		abort();
}

/* What an event that says itself what it is always is. */
static void check_attributes(const struct event *event)
{
	holds(event->id && *event->id && event->source && uri_reference_valid(event->source));
	holds(!event->time || time_parse(event->time, TIME_RFC3339, NULL));
	holds(!event->datacontenttype || event->wire == WIRE_JSON || media_valid(event->datacontenttype));
	for (size_t i = 0; i < event->n_attrs; i++)
		holds(event->attrs[i].value && !text_fault(event->attrs[i].value, strlen(event->attrs[i].value)));
}

/* What an event that was taken always is, and that it comes back as it was packed. */
static void check_event(struct pool *pool, struct event *event)
{
	struct event again = {0};
	struct buf packed = {0};
	struct cut in;

	holds(event->type && *event->type);
	if (event->wire == WIRE_NRC)
		holds(time_parse(event->time, TIME_OFFSET_OPTIONAL, NULL) && event->has_lane);
	else
		check_attributes(event);
	event->endpoint = event->sender = "x";
	event_pack(&packed, event);
	in = (struct cut){ (const unsigned char *)packed.p, packed.len, false };
	holds(event_unpack(pool, &in, &again) == 0 && again.n_attrs == event->n_attrs);
	holds(!again.id == !event->id && (!event->id || strcmp(again.id, event->id) == 0));
	holds(again.data_len == event->data_len && !again.data == !event->data);
	buf_free(&packed);
}

static void read_message(const struct message *m, unsigned accepts, const struct mapping *const *map)
{
	for (enum cloud_profile profile = PROFILE_CNCF; profile <= PROFILE_NLGOV_URN; profile++) {
		struct read_rules rules = { .accepts = accepts, .scope = "s", .cloud_profile = profile, .batch = BATCH, .map = map,
					    .payload_optional = profile & 1, .now_ms = 1 };
		struct pool *pool = pool_new();
		struct reading reading;

		message_read(pool, m, &rules, &reading);
		holds(reading.status == 0 || reading.status == 400 || reading.status == 413 || reading.status == 415);
		holds(reading.status != 400 || reading.faults.n);
		holds(!reading.status || !reading.n);
		for (size_t i = 0; i < reading.n; i++)
			check_event(pool, reading.events[i]);
		if (reading.status == 400)
			holds(message_raw(pool, m, &rules, &reading)->data_len == m->body_len);
		pool_free(&pool);
	}
}

static void read_body(const uint8_t *p, size_t len, char *type, unsigned accepts, const struct mapping *const *map)
{
	struct attr header = { "content-type", type };
	struct message m = { .method = "POST", .path = "/", .query = "", .peer = "", .headers = &header, .n_headers = 1,
			     .body = p, .body_len = len };

	read_message(&m, accepts, map);
}

static void run_structured(const uint8_t *p, size_t len)
{
	read_body(p, len, (char []){ "application/cloudevents+json" }, ACCEPTS_CLOUD, NULL);
}

static void run_batch(const uint8_t *p, size_t len)
{
	read_body(p, len, (char []){ "application/cloudevents-batch+json" }, ACCEPTS_CLOUD, NULL);
}

static void run_nrc(const uint8_t *p, size_t len)
{
	read_body(p, len, (char []){ "application/json" }, ACCEPTS_NRC, NULL);
}

static void run_mapped(const uint8_t *p, size_t len)
{
	static const char *const written[MAP_FIELDS] = { "/id | content", "com.x. /type", "/source", "/subject | none", "/time | received", "/lane | none" };
	const struct mapping *map[MAP_FIELDS];
	struct pool *pool = pool_new();
	struct err err;

	for (enum map_field field = 0; field < MAP_FIELDS; field++)
		holds(mapping_parse(pool, field, written[field], &map[field], &err) == 0);
	read_body(p, len, (char []){ "application/json" }, ACCEPTS_JSON, map);
	pool_free(&pool);
}

static void walk(struct json_object *value);

static void walk_member(void *object, const char *name, struct json_object *value)
{
	struct json_object *found;

	holds(utf8_valid(name, strlen(name), NULL));
	holds(json_member(object, name, &found) && found == value);
	walk(value);
}

/* Every value has what its kind has, and every member is found by its name. */
static void walk(struct json_object *value)
{
	enum json_kind kind = json_kind(value);
	struct json_object *element;
	const char *text = json_text(value);
	size_t len;

	holds(!text == (kind == JSON_NULL || kind == JSON_ARRAY || kind == JSON_OBJECT));
	if (json_string(value, &len))
		holds(kind == JSON_STRING && utf8_valid(text, len, NULL) && text[len] == '\0');
	if (kind == JSON_OBJECT)
		json_each(value, walk_member, value);
	for (size_t i = 0; json_element(value, i, &element); i++)
		walk(element);
}

/* What is JSON has a canonical form, which is JSON and its own canonical form. */
static void run_json(const uint8_t *p, size_t len)
{
	struct faults faults = { .pool = pool_new() };
	struct json_object *doc, *again;
	struct buf form = {0}, same = {0};

	if (json_parse(p, len, &doc, &faults) == 0) {
		walk(doc);
		json_canonical(doc, NULL, &form);
		holds(json_parse(form.p, form.len, &again, &faults) == 0 && json_kind(again) == json_kind(doc));
		json_canonical(again, NULL, &same);
		holds(same.len == form.len && memcmp(same.p, form.p, form.len) == 0);
		json_drop(&again);
		json_drop(&doc);
	} else {
		holds(faults.n > 0);
	}
	buf_free(&form);
	buf_free(&same);
	pool_free(&faults.pool);
}

/* Without NULs: C strings, as all header values are. */
static char *text_of(struct pool *pool, const uint8_t *p, size_t len)
{
	return pool_strn(pool, (const char *)p, strnlen((const char *)p, len));
}

/* The bytes are a subject, and once more the name of a header. */
static void run_header(const uint8_t *p, size_t len)
{
	struct pool *pool = pool_new();
	char *value = text_of(pool, p, len), *name = pool_fmt(pool, "ce-%s", value);
	struct attr headers[] = { { "ce-id", "1" }, { "ce-source", "/s" }, { "ce-type", "t.t" }, { "ce-specversion", "1.0" },
				  { "content-type", "text/plain" }, { "ce-subject", value }, { name, value } };
	struct message m = { .method = "POST", .path = "/", .query = "", .peer = "", .headers = headers,
			     .body = (const unsigned char *)"x", .body_len = 1 };
	const char *text;
	size_t n;

	if (header_decode(pool, value, len & 1, &text, &n) == HEADER_FINE)
		holds(n <= strlen(value) && utf8_valid(text, n, NULL));
	for (m.n_headers = 5; m.n_headers <= 7; m.n_headers++)
		read_message(&m, ACCEPTS_CLOUD, NULL);
	pool_free(&pool);
}

static void run_uri(const uint8_t *p, size_t len)
{
	struct pool *pool = pool_new();
	const char *text = text_of(pool, p, len);

	if (uri_valid(text))
		holds(uri_reference_valid(text));
	if (uri_reference_valid(text))
		for (const char *at = text; *at; at++)
			holds(*at > ' ' && *at < 0x7F && !strchr("\"<>\\^`{|}", *at));
	pool_free(&pool);
}

static void run_time(const uint8_t *p, size_t len)
{
	struct pool *pool = pool_new();
	const char *text = text_of(pool, p, len);
	int64_t ms = 0, same = 0;

	if (time_parse(text, TIME_RFC3339, &ms))
		holds(time_parse(text, TIME_OFFSET_OPTIONAL, &same) && ms == same && ms > -70000000000000 && ms < 260000000000000);
	pool_free(&pool);
}

static void run_media(const uint8_t *p, size_t len)
{
	struct pool *pool = pool_new();
	const char *text = text_of(pool, p, len);
	char type[MEDIA_MOST], charset[32];

	if (media_type(text, type, sizeof type, charset, sizeof charset) == 0)
		holds((strchr(type, '/') || strlen(type) == MEDIA_MOST - 1) && media_valid(text) && strlen(type) <= strlen(text));
	else
		holds(!media_valid(text) && !media_is_json(text));
	pool_free(&pool);
}

const struct target targets[] = {
	{ "structured", run_structured }, { "batch", run_batch }, { "header", run_header }, { "uri", run_uri },
	{ "time", run_time }, { "media", run_media }, { "mapped", run_mapped }, { "json", run_json }, { "nrc", run_nrc },
	{ "jwt", run_jwt }, { "jwk", run_jwk }, { "sfv", run_sfv }, { "httpsig", run_httpsig }, { "signature", run_signature },
	{ NULL, NULL }
};
