/* SPDX-License-Identifier: EUPL-1.2
 * JSON that is no CloudEvent: mappings as they are written, and the events that they make. */
#include "config.h"
#include "unit.h"

#include "event/mapped.h"
#include "event/mapping.h"
#include "event/read.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

/* ---- mappings ---- */

/* As text: kind and text of each term, alternatives separated by "|"; or "!" and what is wrong. */
static const char *parsed(enum map_field field, const char *text)
{
	static const char *const kinds[] = { "at", "header", "text", "content", "received", "none" };
	static char out[600];
	struct pool *pool = pool_new();
	const struct mapping *m;
	struct err err;
	size_t n = 0;

	if (mapping_parse(pool, field, text, &m, &err) < 0) {
		snprintf(out, sizeof out, "!%s", err.text);
	} else {
		ck_assert_str_eq(m->text, text);
		for (size_t i = 0; i < m->n; i++)
			for (size_t j = 0; j < m->choices[i].n; j++)
				n += (size_t)snprintf(out + n, sizeof out - n, "%s%s(%s)", j ? "+" : i ? "|" : "",
						      kinds[m->choices[i].terms[j].kind], m->choices[i].terms[j].text);
	}
	pool_free(&pool);
	return out;
}

START_TEST(mappings_are_compiled)
{
	static const struct { enum map_field field; const char *text, *means; } rows[] = {
		{ MAP_ID, "/id", "at(/id)" }, { MAP_ID, "/a/b~0c~1d/0", "at(/a/b~0c~1d/0)" }, { MAP_ID, "header:X-GitHub-Delivery", "header(x-github-delivery)" },
		{ MAP_ID, "header:ce-id", "header(ce-id)" }, { MAP_TYPE, "\"a b\"", "text(a b)" }, { MAP_TYPE, "'a\"|b'", "text(a\"|b)" },
		{ MAP_TYPE, "nl.x", "text(nl.x)" }, { MAP_TYPE, "\"com.github.\" header:x-github-event", "text(com.github.)+header(x-github-event)" },
		{ MAP_TYPE, "a /b 'c'", "text(a)+at(/b)+text(c)" }, { MAP_ID, "/id | header:x | content", "at(/id)|header(x)|content(content)" },
		{ MAP_ID, "/a|/b", "at(/a)|at(/b)" }, { MAP_ID, " \t/a\t", "at(/a)" }, { MAP_TIME, "/t | received", "at(/t)|received(received)" },
		{ MAP_SUBJECT, "/s | none", "at(/s)|none(none)" }, { MAP_LANE, "none", "none(none)" }, { MAP_TIME, "none", "none(none)" },
		{ MAP_TYPE, "'content'", "text(content)" }, { MAP_TYPE, "''", "text()" }, { MAP_ID, "/", "at(/)" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_msg(strcmp(parsed(rows[i].field, rows[i].text), rows[i].means) == 0, "%s: %s", rows[i].text,
			      parsed(rows[i].field, rows[i].text));
}
END_TEST

START_TEST(faulty_mappings_are_explained)
{
	static const struct { enum map_field field; const char *text, *says; } rows[] = {
		{ MAP_ID, "", "an alternative is empty" }, { MAP_ID, "/a |", "an alternative is empty" }, { MAP_ID, "| /a", "an alternative is empty" },
		{ MAP_ID, "/a || /b", "an alternative is empty" }, { MAP_ID, "/a~2", "/a~2 is not a JSON pointer" }, { MAP_ID, "/a~", "is not a JSON pointer" },
		{ MAP_SOURCE, "'a b'", "is not a URI reference" }, { MAP_SOURCE, "/s | x %zz", "is not a URI reference" },
		{ MAP_TIME, "none | /t", "is never used" }, { MAP_ID, "content | /id", "is never used" }, { MAP_TYPE, "a | /t", "is never used" },
		{ MAP_ID, "header:Authorization", "is a credential" }, { MAP_SOURCE, "x header:cookie", "is a credential" },
		{ MAP_ID, "header:", "does not name a header" }, { MAP_ID, "header:a:b", "does not name a header" }, { MAP_ID, "header:caf\303\251", "does not name a header" },
		{ MAP_ID, "\"a", "has no closing quotation mark" }, { MAP_ID, "'a\"", "has no closing quotation mark" },
		{ MAP_TYPE, "\"a\"b", "a blank is missing behind \"a\"" }, { MAP_TYPE, "'a''b'", "a blank is missing behind 'a'" },
		{ MAP_TYPE, "content", "content has no meaning for map.type" }, { MAP_ID, "received", "received has no meaning for map.id" },
		{ MAP_ID, "none", "none has no meaning for map.id" }, { MAP_SOURCE, "/s | none", "none has no meaning for map.source" },
		{ MAP_SUBJECT, "received", "as a text it wants quotes: \"received\"" }, { MAP_LANE, "content", "content has no meaning for map.lane" },
		{ MAP_ID, "/a content", "content stands alone" }, { MAP_TIME, "received /a", "received stands alone" },
		{ MAP_ID, "/1|/2|/3|/4|/5|/6|/7|/8|/9", "at most 8 alternatives" }, { MAP_ID, "1 2 3 4 5 6 7 8 9", "at most 8 terms" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *got = parsed(rows[i].field, rows[i].text);

		ck_assert_msg(*got == '!' && strstr(got, rows[i].says), "%s: %s", rows[i].text, got);
	}
	ck_assert_int_ne(*parsed(MAP_ID, "/1|/2|/3|/4|/5|/6|/7|/8"), '!');
	ck_assert_int_ne(*parsed(MAP_ID, "1 2 3 4 5 6 7 8"), '!');
}
END_TEST

/* ---- events ---- */

#define NOW INT64_C(1767225600123)	/* 2026-01-01T00:00:00.123Z */

struct rig {
	struct pool *pool;
	const struct mapping *map[MAP_FIELDS];
	struct attr headers[6];
	struct message m;
	struct read_rules rules;
	struct reading reading;
};

static void set(struct rig *r, enum map_field field, const char *text)
{
	struct err err;

	ck_assert_msg(mapping_parse(r->pool, field, text, &r->map[field], &err) == 0, "%s", err.text);
}

static void open_rig(struct rig *r)
{
	*r = (struct rig){ .pool = pool_new() };
	set(r, MAP_ID, "/id");
	set(r, MAP_TYPE, "test");
	set(r, MAP_SOURCE, "/s");
	r->headers[0] = (struct attr){ "content-type", "application/json" };
	r->m = (struct message){ .method = "POST", .path = "/", .query = "", .peer = "", .headers = r->headers, .n_headers = 1 };
	r->rules = (struct read_rules){ .accepts = ACCEPTS_JSON, .scope = "on", .map = r->map, .now_ms = NOW };
}

static void header(struct rig *r, const char *name, const char *value)
{
	r->headers[r->m.n_headers++] = (struct attr){ name, value };
}

/* The body has ' for ". */
static struct event *read_body(struct rig *r, const char *body)
{
	char *text = pool_str(r->pool, body);

	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	r->m.body = (unsigned char *)text;
	r->m.body_len = strlen(text);
	message_read(r->pool, &r->m, &r->rules, &r->reading);
	ck_assert_int_eq(r->reading.wire, WIRE_JSON);
	return r->reading.n ? r->reading.events[0] : NULL;
}

static const char *faults_of(struct rig *r)
{
	const char *text = "";

	for (size_t i = 0; i < r->reading.faults.n; i++)
		text = pool_fmt(r->pool, "%s%s%s:%s", text, *text ? " " : "", r->reading.faults.v[i].name, r->reading.faults.v[i].code);
	return text;
}

/* A mapping, two headers, a body: the value of that field; or "!" and the faults, "-": it is left out. */
struct field_row { enum map_field field; const char *map, *x, *ce, *body, *value; };

static const char *value_of(struct rig *r, const struct event *event, enum map_field field)
{
	const char *value;

	if (!event)
		return pool_fmt(r->pool, "!%s", faults_of(r));
	value = event_attr(event, map_field_name(field), NULL);
	return value ? value : "-";
}

static void check_field(const struct field_row *row, const char *source)
{
	struct rig r;
	const char *got;

	open_rig(&r);
	set(&r, MAP_SOURCE, source);
	set(&r, row->field, row->map);
	if (row->x)
		header(&r, "x-a", row->x);
	if (row->ce)
		header(&r, "ce-b", row->ce);
	got = value_of(&r, read_body(&r, row->body), row->field);
	ck_assert_msg(strcmp(got, row->value) == 0, "%s in %s: %s", row->map, row->body, got);
	ck_assert_int_eq(r.reading.status, *got == '!' ? 400 : 0);
	pool_free(&r.pool);
}

#define DOC(more) "{'id':'1'" more "}"

START_TEST(terms_have_values)
{
	static const struct field_row rows[] = {
		{ MAP_ID, "/id", NULL, NULL, "{'id':'a b'}", "a b" }, { MAP_ID, "/id", NULL, NULL, "{'id':12345678901234567890123}", "12345678901234567890123" },
		{ MAP_ID, "/id", NULL, NULL, "{'id':1.50}", "1.50" }, { MAP_ID, "/id", NULL, NULL, "{'id':true}", "true" },
		{ MAP_ID, "/a/0/b", NULL, NULL, "{'a':[{'b':'c'}]}", "c" }, { MAP_ID, "/0", NULL, NULL, "['c']", "c" }, { MAP_ID, "/a~1b", NULL, NULL, "{'a/b':'c'}", "c" },
		{ MAP_ID, "header:X-A", "h", NULL, "{}", "h" }, { MAP_ID, "header:x-a", "100%25", NULL, "{}", "100%25" },
		{ MAP_ID, "header:ce-b", NULL, "\"100%25\"", "{}", "100%" }, { MAP_TYPE, "'a b'", NULL, NULL, DOC(""), "a b" },
		{ MAP_TYPE, "nl. /t .v1", NULL, NULL, DOC(",'t':'x'"), "nl.x.v1" }, { MAP_TYPE, "header:x-a . /t", "p", NULL, DOC(",'t':7"), "p.7" },
		{ MAP_ID, "content", NULL, NULL, "{'b':1,'a':2}", "d3626ac30a87e6f7a6428233b3c68299" },
		{ MAP_ID, "content", NULL, NULL, "{ 'a' : 2, 'b' : 1 }", "d3626ac30a87e6f7a6428233b3c68299" },
		{ MAP_TIME, "received", NULL, NULL, DOC(""), "2026-01-01T00:00:00.123Z" },
		{ MAP_SUBJECT, "none", NULL, NULL, DOC(""), "-" }, { MAP_LANE, "none", NULL, NULL, DOC(""), "-" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		check_field(&rows[i], "'/bron'");
}
END_TEST

#define SDOC(more) "{'id':'1','s':'/bron'" more "}"

START_TEST(alternatives_are_tried_in_order)
{
	static const struct field_row rows[] = {
		{ MAP_TYPE, "/a | /b | 'c'", NULL, NULL, SDOC(",'a':'1','b':'2'"), "1" }, { MAP_TYPE, "/a | /b | 'c'", NULL, NULL, SDOC(",'b':'2'"), "2" },
		{ MAP_TYPE, "/a | /b | 'c'", NULL, NULL, SDOC(""), "c" }, { MAP_TYPE, "/a /b | 'c'", NULL, NULL, SDOC(",'a':'1'"), "c" },
		{ MAP_TYPE, "/a | 'c'", NULL, NULL, SDOC(",'a':''"), "c" }, { MAP_TYPE, "/a | 'c'", NULL, NULL, SDOC(",'a':null"), "c" },
		{ MAP_TYPE, "/a | 'c'", NULL, NULL, SDOC(",'a':{}"), "c" }, { MAP_TYPE, "/a | 'c'", NULL, NULL, SDOC(",'a':[1]"), "c" },
		{ MAP_TYPE, "/a | 'c'", NULL, NULL, SDOC(",'a':'x\\u0000y'"), "c" }, { MAP_TYPE, "header:x-a | 'c'", "", NULL, SDOC(""), "c" },
		{ MAP_TYPE, "header:ce-b | 'c'", NULL, "%zz", SDOC(""), "!ce-b:invalid" }, { MAP_TYPE, "header:ce-b | 'c'", NULL, "a%00", SDOC(""), "!ce-b:invalid" },
		{ MAP_ID, "/a | content", NULL, NULL, SDOC(",'a':'x'"), "x" },
		{ MAP_TIME, "/t | received", NULL, NULL, SDOC(""), "2026-01-01T00:00:00.123Z" }, { MAP_TIME, "/t | none", NULL, NULL, SDOC(""), "-" },
		{ MAP_SUBJECT, "/z | none", NULL, NULL, SDOC(",'z':'o'"), "o" }, { MAP_SUBJECT, "/z | none", NULL, NULL, SDOC(""), "-" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		check_field(&rows[i], "/s");
}
END_TEST

START_TEST(times_may_be_instants)
{
	static const struct field_row rows[] = {
		{ MAP_TIME, "/t", NULL, NULL, SDOC(",'t':'2026-01-01t00:00:00z'"), "2026-01-01t00:00:00z" },
		{ MAP_TIME, "/t", NULL, NULL, SDOC(",'t':1767225600"), "2026-01-01T00:00:00.000Z" },
		{ MAP_TIME, "/t", NULL, NULL, SDOC(",'t':'1767225600'"), "2026-01-01T00:00:00.000Z" },
		{ MAP_TIME, "/t", NULL, NULL, SDOC(",'t':1767225600123"), "2026-01-01T00:00:00.123Z" },
		{ MAP_TIME, "/t", NULL, NULL, SDOC(",'t':100000000123"), "1973-03-03T09:46:40.123Z" },
		{ MAP_TIME, "/t", NULL, NULL, SDOC(",'t':10000000000"), "2286-11-20T17:46:40.000Z" },
		{ MAP_TIME, "/t", NULL, NULL, SDOC(",'t':100000000"), "1973-03-03T09:46:40.000Z" },
		{ MAP_TIME, "/t", NULL, NULL, SDOC(",'t':99999999"), "!/t:invalid" }, { MAP_TIME, "/t", NULL, NULL, SDOC(",'t':17672256001234"), "!/t:invalid" },
		{ MAP_TIME, "/t", NULL, NULL, SDOC(",'t':-1767225600"), "!/t:invalid" }, { MAP_TIME, "/t", NULL, NULL, SDOC(",'t':1767225600.5"), "!/t:invalid" },
		{ MAP_TIME, "/t", NULL, NULL, SDOC(",'t':'gisteren'"), "!/t:invalid" }, { MAP_TIME, "/t", NULL, NULL, SDOC(",'t':'2026-01-01'"), "!/t:invalid" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		check_field(&rows[i], "/s");
}
END_TEST

START_TEST(what_is_missing_or_wrong_is_named)
{
	static const struct field_row rows[] = {
		{ MAP_ID, "/a/b", NULL, NULL, SDOC(""), "!/a/b:required" }, { MAP_ID, "header:X-Id", NULL, NULL, SDOC(""), "!x-id:required" },
		{ MAP_TYPE, "nl. /t | /u", NULL, NULL, SDOC(""), "!/t:required" }, { MAP_TYPE, "/t", NULL, NULL, SDOC(",'t':''"), "!/t:required" },
		{ MAP_SUBJECT, "/z", NULL, NULL, SDOC(""), "!/z:required" }, { MAP_TIME, "/t", NULL, NULL, SDOC(""), "!/t:required" },
		{ MAP_LANE, "/l", NULL, NULL, SDOC(""), "!/l:required" }, { MAP_TYPE, "''", NULL, NULL, SDOC(""), "!:required" },
		{ MAP_SOURCE, "/s", NULL, NULL, "{'id':'1','s':'a b'}", "!/s:invalid" }, { MAP_SOURCE, "urn:x: /s", NULL, NULL, "{'id':'1','s':'%'}", "!/s:invalid" },
		{ MAP_TYPE, "/t", NULL, NULL, SDOC(",'t':'a\\nb'"), "!/t:invalid" },
		{ MAP_TYPE, "header:x-a", "\351", NULL, SDOC(""), "!x-a:invalid" }, { MAP_SUBJECT, "/z", NULL, NULL, SDOC(",'z':'\\ufffe'"), "!/z:invalid" },
		{ MAP_SUBJECT, "/z | none", NULL, NULL, SDOC(",'z':'\\ufffe'"), "!/z:invalid" },
		{ MAP_SOURCE, "/s", NULL, NULL, "{}", "!/id:required /s:required" }, { MAP_TYPE, "/t", NULL, NULL, "{}", "!/id:required /t:required /s:required" },
		{ MAP_ID, "/id", NULL, NULL, "", "!:required" }, { MAP_ID, "/id", NULL, NULL, "{", "!:parse_error" },
		{ MAP_ID, "/id", NULL, NULL, "{'a':1,'a':2}", "!/a:duplicate_member" }, { MAP_ID, "/id", NULL, NULL, "null", "!/id:required /s:required" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		check_field(&rows[i], "/s");
}
END_TEST

START_TEST(a_repeated_header_is_refused)
{
	struct rig r;

	open_rig(&r);
	set(&r, MAP_ID, "header:x-a");
	header(&r, "x-a", "1");
	header(&r, "x-a", "2");
	ck_assert_ptr_null(read_body(&r, SDOC("")));
	ck_assert_str_eq(faults_of(&r), "x-a:repeated_header");
	pool_free(&r.pool);
}
END_TEST

START_TEST(a_mapped_event_is_whole)
{
	static const char *const names[] = { "id", "source", "type", "subject", "time", "datacontenttype" };
	struct rig r;
	struct event *event;

	open_rig(&r);
	set(&r, MAP_SUBJECT, "/z");
	set(&r, MAP_TIME, "/t");
	set(&r, MAP_TYPE, "header:x-a");
	r.headers[0].value = "application/vnd.x+json; charset=utf-8";
	header(&r, "x-a", "nl.x");
	header(&r, "cookie", "c");
	event = read_body(&r, "{ 'z':'o','t':'2026-01-01T00:00:00Z', 'id':1.0,'s':'urn:x:y' }");
	ck_assert_ptr_nonnull(event);
	ck_assert_uint_eq(event->n_attrs, COUNT(names));
	for (size_t i = 0; i < COUNT(names); i++) {
		ck_assert_str_eq(event->attrs[i].name, names[i]);
		ck_assert_str_eq(event->attrs[i].value, event_attr(event, names[i], NULL));
	}
	ck_assert_str_eq(event->id, "1.0");
	ck_assert_str_eq(event->type, "nl.x");
	ck_assert_str_eq(event->datacontenttype, "application/vnd.x+json; charset=utf-8");
	ck_assert(event->data == r.m.body && event->data_len == r.m.body_len && event->has_lane && !event->note);
	ck_assert_str_eq(event_header(event, "x-a"), "nl.x");
	ck_assert_str_eq(event_header(event, "content-type"), "application/vnd.x+json; charset=utf-8");
	ck_assert_ptr_null(event_header(event, "cookie"));
	pool_free(&r.pool);
}
END_TEST

START_TEST(bytes_that_are_no_text_are_no_content_type)
{
	struct rig r;
	struct event *event;

	open_rig(&r);
	r.headers[0].value = "application/json; x=\"\351\"";
	event = read_body(&r, SDOC(""));
	ck_assert_ptr_nonnull(event);
	ck_assert_str_eq(event->datacontenttype, "application/json");
	pool_free(&r.pool);
}
END_TEST

/* Key and lane of a body, with another mapping of the lane and a charset or content type. */
static struct event *identity(struct rig *r, const char *lane, const char *body)
{
	struct event *event;

	open_rig(r);
	set(r, MAP_SUBJECT, "/z | none");
	if (lane)
		set(r, MAP_LANE, lane);
	event = read_body(r, body);
	ck_assert_msg(event != NULL, "%s", faults_of(r));
	return event;
}

START_TEST(identity_and_lane_of_a_mapped_event)
{
	static const struct { const char *lane_a, *a, *lane_b, *b; bool same_key, same_lane; } rows[] = {
		{ NULL, SDOC(",'z':'o'"), NULL, "{'x':1,'z':'o','s':'/bron','id':'1'}", true, true },
		{ NULL, SDOC(",'z':'o'"), NULL, SDOC(",'z':'p'"), true, false },
		{ NULL, SDOC(",'z':'o'"), NULL, "{'id':'2','s':'/bron','z':'o'}", false, true },
		{ NULL, SDOC(",'z':'o'"), NULL, "{'id':'1','s':'/bron2','z':'o'}", false, false },
		{ "/l", SDOC(",'l':'o'"), "/l", SDOC(",'l':'o','z':'p'"), true, true },
		{ "/l", SDOC(",'l':'o'"), NULL, SDOC(",'z':'o'"), true, false },
		{ "/l | none", SDOC(",'z':'o'"), NULL, SDOC(",'z':'o'"), true, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rig a, b;
		struct event *x = identity(&a, rows[i].lane_a, rows[i].a), *y = identity(&b, rows[i].lane_b, rows[i].b);

		ck_assert_msg((memcmp(&x->key, &y->key, sizeof x->key) == 0) == rows[i].same_key, "row %zu", i);
		ck_assert_msg((memcmp(&x->lane, &y->lane, sizeof x->lane) == 0) == rows[i].same_lane, "row %zu", i);
		ck_assert(x->has_lane && y->has_lane);
		pool_free(&a.pool);
		pool_free(&b.pool);
	}
}
END_TEST

START_TEST(what_is_taken_beside_cloudevents)
{
	static const struct { unsigned accepts; const char *type; bool ce; int status; enum event_wire wire; } rows[] = {
		{ ACCEPTS_JSON, "application/json", false, 0, WIRE_JSON }, { ACCEPTS_JSON, "Text/JSON", false, 0, WIRE_JSON },
		{ ACCEPTS_JSON, "application/json", true, 0, WIRE_JSON }, { ACCEPTS_JSON, "application/x-www-form-urlencoded", false, 415, 0 },
		{ ACCEPTS_JSON, "application/json; charset=latin1", false, 415, WIRE_JSON }, { ACCEPTS_JSON, "application/json; x", false, 415, 0 },
		{ ACCEPTS_JSON | ACCEPTS_CLOUD, "application/json", false, 0, WIRE_JSON },
		{ ACCEPTS_JSON | ACCEPTS_CLOUD, "application/json", true, 0, WIRE_CLOUD },
		{ ACCEPTS_JSON | ACCEPTS_CLOUD, "application/cloudevents+json", false, 400, WIRE_CLOUD },
		{ ACCEPTS_JSON | ACCEPTS_CLOUD, "text/plain", false, 415, 0 },
		{ ACCEPTS_NRC | ACCEPTS_CLOUD, "application/json", false, 400, WIRE_NRC },
		{ ACCEPTS_NRC | ACCEPTS_CLOUD, "application/json", true, 0, WIRE_CLOUD },
		{ ACCEPTS_NRC | ACCEPTS_CLOUD, "text/json", false, 415, 0 },
		{ ACCEPTS_NRC | ACCEPTS_CLOUD, "application/cloudevents+json", false, 400, WIRE_CLOUD },
		{ ACCEPTS_NRC, "application/json", true, 400, WIRE_NRC }, { ACCEPTS_NRC, "application/cloudevents+json", false, 415, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rig r;

		open_rig(&r);
		r.rules.accepts = rows[i].accepts;
		r.headers[0].value = rows[i].type;
		if (rows[i].ce) {
			header(&r, "ce-id", "1");
			header(&r, "ce-source", "/s");
			header(&r, "ce-type", "t");
			header(&r, "ce-specversion", "1.0");
		}
		r.m.body = (const unsigned char *)"{\"id\":\"1\",\"s\":\"/bron\"}";
		r.m.body_len = strlen((const char *)r.m.body);
		message_read(r.pool, &r.m, &r.rules, &r.reading);
		ck_assert_msg(r.reading.status == rows[i].status && r.reading.wire == rows[i].wire, "row %zu: %d %d", i, r.reading.status,
			      (int)r.reading.wire);
		pool_free(&r.pool);
	}
}
END_TEST

START_TEST(some_ce_headers_do_not_make_mapped_json_a_cloudevent)
{
	struct rig r;

	open_rig(&r);
	r.rules.accepts = ACCEPTS_JSON | ACCEPTS_CLOUD;
	set(&r, MAP_TYPE, "header:ce-type | 'onbekend'");
	header(&r, "ce-type", "a%20b");
	header(&r, "ce-id", "7");
	ck_assert_str_eq(read_body(&r, SDOC(""))->type, "a b");
	pool_free(&r.pool);
}
END_TEST

UNIT_MAIN("mapping", mappings_are_compiled, faulty_mappings_are_explained, terms_have_values, alternatives_are_tried_in_order,
	  times_may_be_instants, what_is_missing_or_wrong_is_named, a_repeated_header_is_refused, a_mapped_event_is_whole,
	  bytes_that_are_no_text_are_no_content_type, identity_and_lane_of_a_mapped_event, what_is_taken_beside_cloudevents,
	  some_ce_headers_do_not_make_mapped_json_a_cloudevent)
