/* SPDX-License-Identifier: EUPL-1.2
 * Reading messages as a whole: batches, identity and lane in every mode, what quarantine keeps, and that the
 * packed form of an event keeps all of it. */
#include "config.h"
#include "cloud_rig.h"

#include "base/buf.h"

static struct read_rules with_batches(size_t most)
{
	struct read_rules rules = CNCF;

	rules.batch = most;
	return rules;
}

/* ---- batches ---- */

START_TEST(a_batch_keeps_its_order)
{
	struct buf body = {0};
	struct cloud_rig rig;

	for (int i = 0; i < 100; i++)
		buf_fmt(&body, "%s{'specversion':'1.0','id':'%d','source':'/s','type':'t','data':%d}", i ? "," : "[", i, i);
	buf_char(&body, ']');
	rig_read(&rig, with_batches(100), BATCH, body.p);
	ck_assert_uint_eq(rig.reading.n, 100);
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(atoi(rig.reading.events[i]->id), i);
		ck_assert_int_eq(atoi((const char *)rig.reading.events[i]->data), i);
		ck_assert_str_eq(event_header(rig.reading.events[i], "content-type"), "application/cloudevents-batch+json");
	}
	rig_free(&rig);
	rig_read(&rig, with_batches(99), BATCH, body.p);
	ck_assert_int_eq(rig.reading.status, 413);
	ck_assert_uint_eq(rig.reading.n, 0);
	rig_free(&rig);
	buf_free(&body);
}
END_TEST

START_TEST(one_faulty_member_refuses_its_batch)
{
	struct buf body = {0};
	struct cloud_rig rig;

	for (int i = 0; i < 60; i++)
		buf_fmt(&body, "%s{'specversion':'1.0','id':%s,'source':'/s','type':'t'}", i ? "," : "[", i % 7 ? "'1'" : "1");
	buf_char(&body, ']');
	rig_read(&rig, with_batches(60), BATCH, body.p);
	ck_assert_int_eq(rig.reading.status, 400);
	ck_assert_uint_eq(rig.reading.n, 0);
	ck_assert_uint_eq(rig.reading.faults.n, 9);
	for (size_t i = 0; i < 9; i++) {
		char place[32];

		snprintf(place, sizeof place, "/%zu/id", 7 * i);
		ck_assert_str_eq(rig.reading.faults.v[i].name, place);
	}
	rig_free(&rig);
	buf_free(&body);
}
END_TEST

START_TEST(each_faulty_event_of_a_large_batch_is_named)
{
	struct buf body = {0};
	struct cloud_rig rig;

	for (int i = 0; i < 1000; i++)
		buf_str(&body, i ? ",{}" : "[{}");
	buf_char(&body, ']');
	rig_read(&rig, with_batches(1000), BATCH, body.p);
	ck_assert_int_eq(rig.reading.status, 400);
	ck_assert_uint_eq(rig.reading.faults.n + rig.reading.faults.left_out, 4000);
	for (size_t i = 0, at = 0; i < 1000; i++) {
		char place[32];

		snprintf(place, sizeof place, "/%zu/id", i);
		while (at < rig.reading.faults.n && strcmp(rig.reading.faults.v[at].name, place) != 0)
			at++;
		ck_assert_msg(at < rig.reading.faults.n, "%s", place);
	}
	rig_free(&rig);
	buf_free(&body);
}
END_TEST

START_TEST(notes_of_a_batch_are_of_their_event)
{
	struct read_rules rules = NLGOV;
	struct cloud_rig rig;

	rules.batch = 3;
	rig_read(&rig, rules, BATCH, "[" EVENT("") "," EVENT(",'sequence':''") ",{'specversion':'1.0','id':'1','source':'oz','type':'t'}]");
	ck_assert_uint_eq(rig.reading.n, 3);
	ck_assert_ptr_null(rig.reading.events[0]->note);
	ck_assert_str_eq(rig.reading.events[1]->note, "sequence is empty");
	ck_assert_ptr_nonnull(strstr(rig.reading.events[2]->note, "source is not a URN"));
	ck_assert_ptr_nonnull(strstr(rig.reading.events[2]->note, "; type is not in reverse domain notation"));
	rig_free(&rig);
}
END_TEST

/* ---- identity and lane ---- */

START_TEST(every_mode_gives_the_same_event)
{
	static const struct { const char *headers, *body; } rows[] = {
		{ STRUCTURED, EVENT(",'partitionkey':'p','x':'\\u00e9 y','datacontenttype':'application/json','data':{'a':1}") },
		{ STRUCTURED, "{'data':{'a':1},'x':'\303\251 y','partitionkey':'p',\t" CORE "}" },
		{ STRUCTURED, EVENT(",'partitionkey':'p','x':'\303\251 y','datacontenttype':'application/json','data_base64':'eyJhIjoxfQ=='") },
		{ BATCH, "[" EVENT(",'partitionkey':'p','x':'\\u00e9 y','data':{'a':1}") "]" },
		{ BINARY "ce-partitionkey: p\nce-x: %C3%A9 y\n", "{'a':1}" },
		{ BINARY "ce-x: \"%C3%a9\"%20y\nce-partitionkey: \"p\"\ntraceparent: x\n", "{'a':1}" },
	};
	struct cloud_rig first, rig;
	struct event *one = rig_event(&first, with_batches(1), rows[0].headers, rows[0].body);

	for (size_t i = 1; i < COUNT(rows); i++) {
		struct event *event = rig_event(&rig, with_batches(1), rows[i].headers, rows[i].body);

		ck_assert_msg(memcmp(&event->key, &one->key, sizeof one->key) == 0, "key of row %zu", i);
		ck_assert_msg(event->digest == one->digest, "digest of row %zu", i);
		ck_assert_msg(event->has_lane && memcmp(&event->lane, &one->lane, sizeof one->lane) == 0, "lane of row %zu", i);
		ck_assert(event->data_len == one->data_len && memcmp(event->data, one->data, one->data_len) == 0);
		rig_free(&rig);
	}
	rig_free(&first);
}
END_TEST

START_TEST(scopes_have_identities_of_their_own)
{
	struct read_rules rules = CNCF;
	struct cloud_rig a, b;
	struct event *x = rig_event(&a, rules, STRUCTURED, EVENT(",'subject':'o'")), *y;

	rules.scope = "ring";
	y = rig_event(&b, rules, STRUCTURED, EVENT(",'subject':'o'"));
	ck_assert_mem_ne(&x->key, &y->key, sizeof x->key);
	ck_assert_mem_eq(&x->lane, &y->lane, sizeof x->lane);
	rig_free(&a);
	rig_free(&b);
}
END_TEST

START_TEST(lanes_are_of_partitionkey_or_subject)
{
	static const struct { const char *a, *b; bool lane_a, same; } rows[] = {
		{ "", "", false, true },
		{ ",'subject':'o'", ",'subject':'o','x':'y'", true, true },
		{ ",'subject':'o'", ",'subject':'p'", true, false },
		{ ",'partitionkey':'k','subject':'o'", ",'subject':'p','partitionkey':'k'", true, true },
		{ ",'partitionkey':'k'", ",'subject':'k'", true, false },
		{ ",'partitionkey':''", "", false, true },
		{ ",'partitionkey':'','subject':'o'", ",'subject':'o'", true, true },
		{ ",'partitionkey':null,'subject':'o'", ",'subject':'o'", true, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *body_a = str_fmt("{" CORE "%s}", rows[i].a), *body_b = str_fmt("{" CORE "%s}", rows[i].b);
		struct cloud_rig a, b;
		struct event *x = rig_event(&a, CNCF, STRUCTURED, body_a), *y = rig_event(&b, CNCF, STRUCTURED, body_b);

		ck_assert_msg(x->has_lane == rows[i].lane_a, "row %zu", i);
		ck_assert_msg((x->has_lane == y->has_lane && memcmp(&x->lane, &y->lane, sizeof x->lane) == 0) == rows[i].same, "row %zu", i);
		rig_free(&a);
		rig_free(&b);
		free(body_a);
		free(body_b);
	}
}
END_TEST

START_TEST(identities_never_change)
{
	char key[2 * EVENT_KEY + 1], lane[2 * EVENT_KEY + 1];
	struct cloud_rig rig;
	struct event *event = rig_event(&rig, CNCF, STRUCTURED, EVENT(",'subject':'o'"));

	/* Those of stores that are in use: of cloud, on, SOURCE, 1; and cloud, SOURCE, subject, o, each behind its length. */
	ck_assert_str_eq(event_key_hex(key, &event->key), "727ab4247f1001c67a985d2840f05a11");
	ck_assert_str_eq(event_key_hex(lane, &event->lane), "1a32c83cee33ccb57060f88088cba068");
	rig_free(&rig);
}
END_TEST

/* ---- quarantine ---- */

static struct event *raw(struct cloud_rig *rig, struct read_rules rules, const char *headers, const char *body)
{
	rig_read(rig, rules, headers, body);
	ck_assert_msg(rig->reading.status == 400, "%s%s", headers, body);
	return message_raw(rig->pool, &rig->m, &rig->rules, &rig->reading);
}

START_TEST(quarantine_keeps_body_and_headers)
{
	struct cloud_rig rig;
	struct event *event = raw(&rig, CNCF, "ce-id: 1\nce-x: %zz\ncookie: c\ncontent-type: text/plain\nx-batch-id: b\n", "x");

	ck_assert(event->mark == EVENT_QUARANTINED && event->wire == WIRE_CLOUD && !*event->type && !event->id && !event->has_lane);
	ck_assert_str_eq(event_header(event, "ce-id"), "1");
	ck_assert_str_eq(event_header(event, "ce-x"), "%zz");
	ck_assert_str_eq(event_header(event, "content-type"), "text/plain");
	ck_assert_str_eq(event_header(event, "x-batch-id"), "b");
	ck_assert_ptr_null(event_header(event, "cookie"));
	ck_assert_str_eq(event->datacontenttype, "text/plain");
	ck_assert_uint_eq(event->data_len, 1);
	rig_free(&rig);
}
END_TEST

START_TEST(quarantine_knows_what_it_has_again)
{
	static const struct { const char *headers_a, *a, *headers_b, *b; bool same; } rows[] = {
		{ STRUCTURED, "{'a':1}", STRUCTURED, "{'a':1}", true }, { STRUCTURED, "{'a':1}", STRUCTURED, "{'a':2}", false },
		{ STRUCTURED, "{'a':1}", STRUCTURED "traceparent: x\n", "{'a':1}", true },
		{ BINARY, "", BINARY, "", true },
		{ BINARY, "", "ce-specversion: 1.0\nce-id: 2\nce-source: /s\nce-type: t\ncontent-type: application/json\n", "", false },
		{ BINARY "ce-a-b: 1\n", "x", BINARY "ce-a-b: 2\n", "x", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cloud_rig a, b;
		struct event *x = raw(&a, CNCF, rows[i].headers_a, rows[i].a), *y = raw(&b, CNCF, rows[i].headers_b, rows[i].b);

		ck_assert_msg((memcmp(&x->key, &y->key, sizeof x->key) == 0) == rows[i].same, "row %zu", i);
		rig_free(&a);
		rig_free(&b);
	}
}
END_TEST

START_TEST(quarantine_keeps_what_a_mapping_reads)
{
	struct pool *pool = pool_new();
	const struct mapping *map[MAP_FIELDS] = { NULL };
	struct read_rules rules = CNCF;
	struct cloud_rig rig;
	struct event *event;
	struct err err;

	ck_assert_int_eq(mapping_parse(pool, MAP_ID, "/id | header:x-id", &map[MAP_ID], &err), 0);
	ck_assert_int_eq(mapping_parse(pool, MAP_TYPE, "header:x-type", &map[MAP_TYPE], &err), 0);
	ck_assert_int_eq(mapping_parse(pool, MAP_SOURCE, "/s", &map[MAP_SOURCE], &err), 0);
	rules.accepts = ACCEPTS_JSON;
	rules.map = map;
	event = raw(&rig, rules, "content-type: application/json\nx-id: 1\nx-type: t\ncookie: c\n", "{'s':'a b','id':'1'}");
	ck_assert(event->mark == EVENT_QUARANTINED && event->wire == WIRE_JSON && !*event->type && !event->id && !event->source);
	ck_assert(!event->n_attrs && !event->has_lane);
	ck_assert_str_eq(event_header(event, "x-id"), "1");
	ck_assert_str_eq(event_header(event, "x-type"), "t");
	ck_assert_ptr_null(event_header(event, "cookie"));
	rig_free(&rig);
	pool_free(&pool);
}
END_TEST

START_TEST(quarantine_keeps_a_notification_as_before)
{
	struct read_rules rules = CNCF;
	struct cloud_rig rig;
	struct event *event;

	rules.accepts = ACCEPTS_NRC | ACCEPTS_CLOUD;
	rules.identity_header = "x-message-id";
	event = raw(&rig, rules, "content-type: application/json; charset=utf-8\nx-message-id: m\nce-x: y\n", "{");
	ck_assert_int_eq(event->wire, WIRE_NRC);
	ck_assert_str_eq(event->datacontenttype, "application/json");
	ck_assert_str_eq(event_header(event, "x-message-id"), "m");
	ck_assert_ptr_null(event_header(event, "ce-x"));
	rig_free(&rig);
}
END_TEST

/* ---- the packed form ---- */

static const struct { const char *headers, *body; } packed[] = {
	{ STRUCTURED, "{'type':'nl.x','zz':'1','time':'2026-01-01t00:00:00z','id':'i','aa':true,'subject':'o','source':'/s','data':[1.0],'specversion':'1.0'}" },
	{ STRUCTURED, EVENT("") }, { STRUCTURED, EVENT(",'data_base64':''") }, { STRUCTURED, EVENT(",'data':null,'sequence':1") },
	{ BINARY "ce-zz: %C3%A9\nce-subject: o\ntraceparent: t\n", "{}" },
};

static void same(const char *a, const char *b)
{
	ck_assert_pstr_eq(a, b);
}

static void expect_same(const struct event *a, const struct event *b)
{
	same(a->id, b->id);
	same(a->source, b->source);
	same(a->type, b->type);
	same(a->subject, b->subject);
	same(a->time, b->time);
	same(a->datacontenttype, b->datacontenttype);
	same(a->note, b->note);
	ck_assert_uint_eq(a->n_attrs, b->n_attrs);
	for (size_t i = 0; i < a->n_attrs; i++) {
		const char *name;

		same(a->attrs[i].name, b->attrs[i].name);
		same(a->attrs[i].value, b->attrs[i].value);
		same(event_attr_at(a, i, &name, NULL), b->attrs[i].value);
		same(name, b->attrs[i].name);
	}
	ck_assert(a->wire == b->wire && a->data_len == b->data_len && !a->data == !b->data && a->n_headers == b->n_headers);
	if (b->data)
		ck_assert_mem_eq(a->data, b->data, b->data_len);
}

START_TEST(packing_keeps_the_order_and_every_attribute)
{
	for (size_t i = 0; i < COUNT(packed); i++) {
		struct cloud_rig rig;
		struct event *event, got;
		struct buf b = {0}, again = {0};

		event = rig_event(&rig, CNCF, packed[i].headers, packed[i].body);
		event->endpoint = "e";
		event->sender = "on";
		event_pack(&b, event);
		ck_assert_int_eq(event_unpack(rig.pool, &(struct cut){ (unsigned char *)b.p, b.len, false }, &got), 0);
		expect_same(&got, event);
		event_pack(&again, &got);
		ck_assert_uint_eq(again.len, b.len);
		ck_assert_mem_eq(again.p, b.p, b.len);
		buf_free(&b);
		buf_free(&again);
		rig_free(&rig);
	}
}
END_TEST

START_TEST(what_stands_among_the_attributes_is_packed_once)
{
	struct event event = { .wire = WIRE_CLOUD, .type = "t", .endpoint = "e", .sender = "s" }, got;
	struct attr attrs[] = { { "subject", "een lang onderwerp dat niet twee keer hoeft" } };
	struct pool *pool = pool_new();
	struct buf twice = {0}, once = {0};

	event.attrs = attrs;
	event.n_attrs = 1;
	event.subject = "een lang onderwerp dat niet twee keer hoeft!";
	event_pack_head(&twice, &event);	/* not the attribute's: kept beside it */
	ck_assert_int_eq(event_unpack_head(pool, twice.p, twice.len, &got), 0);
	ck_assert_str_eq(got.subject, event.subject);
	event.subject = attrs[0].value;
	event_pack_head(&once, &event);
	ck_assert_int_eq(event_unpack_head(pool, once.p, once.len, &got), 0);
	ck_assert_str_eq(got.subject, attrs[0].value);
	ck_assert(got.subject == got.attrs[0].value && once.len + 40 < twice.len);
	buf_free(&once);
	buf_free(&twice);
	pool_free(&pool);
}
END_TEST

UNIT_MAIN("reading", a_batch_keeps_its_order, one_faulty_member_refuses_its_batch, each_faulty_event_of_a_large_batch_is_named,
	  notes_of_a_batch_are_of_their_event, every_mode_gives_the_same_event, scopes_have_identities_of_their_own,
	  lanes_are_of_partitionkey_or_subject, identities_never_change, quarantine_keeps_body_and_headers,
	  quarantine_knows_what_it_has_again, quarantine_keeps_what_a_mapping_reads, quarantine_keeps_a_notification_as_before,
	  packing_keeps_the_order_and_every_attribute, what_stands_among_the_attributes_is_packed_once)
