/* SPDX-License-Identifier: EUPL-1.2
 * What handlers keep and emit: on the wire, and as events. */
#include "config.h"
#include "unit.h"

#include <postvak/handler.h>
#include <string.h>
#include "base/buf.h"
#include "event/cloudevents.h"
#include "event/emitted.h"
#include "event/extension.h"
#include "event/time.h"
#include "event/wire.h"

#define TRACE "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static struct pool *pool;

static struct wire_emitted small(const char *type)
{
	return (struct wire_emitted){ .type = type, .data = (const unsigned char *)"{}", .data_len = 2 };
}

/* ---- on the wire ---- */

static int outcome_crosses(const struct wire_outcome *outcome, struct wire_outcome *got)
{
	static struct buf b;	/* what is got borrows from it */

	buf_reset(&b);
	wire_put_outcome(&b, outcome);
	return wire_get_outcome(pool, &(struct cut){ (unsigned char *)b.p, b.len, false }, got);
}

START_TEST(state_and_emitted_events_cross_the_wire)
{
	struct wire_emitted v[] = { { "a.b", "s", "text/plain", (const unsigned char *)"x\0y", 3 }, { .type = "c" } };
	struct wire_outcome outcome = { .n = 7, .state_set = true, .state = (const unsigned char *)"12", .state_len = 2,
					.emitted = v, .n_emitted = 2 }, got;

	pool = pool_new();
	ck_assert_int_eq(outcome_crosses(&outcome, &got), 0);
	ck_assert(got.state_set && got.state_len == 2 && memcmp(got.state, "12", 2) == 0);
	ck_assert_uint_eq(got.n_emitted, 2);
	ck_assert_str_eq(got.emitted[0].type, "a.b");
	ck_assert_str_eq(got.emitted[0].subject, "s");
	ck_assert_str_eq(got.emitted[0].mediatype, "text/plain");
	ck_assert(got.emitted[0].data_len == 3 && memcmp(got.emitted[0].data, "x\0y", 3) == 0);
	ck_assert_ptr_null(got.emitted[1].subject);
	ck_assert_ptr_null(got.emitted[1].data);
	pool_free(&pool);
}
END_TEST

START_TEST(an_outcome_has_its_limits)
{
	static unsigned char large[WIRE_EMITTED_BYTES + 1];
	struct wire_emitted v[WIRE_EMITTED + 1];
	struct wire_outcome outcome = { .state_set = true, .state = large, .state_len = WIRE_STATE }, got;

	pool = pool_new();
	ck_assert_int_eq(outcome_crosses(&outcome, &got), 0);
	outcome.state_len++;
	ck_assert_int_eq(outcome_crosses(&outcome, &got), -1);
	for (size_t i = 0; i <= WIRE_EMITTED; i++)
		v[i] = small("t");
	outcome = (struct wire_outcome){ .emitted = v, .n_emitted = WIRE_EMITTED };
	ck_assert_int_eq(outcome_crosses(&outcome, &got), 0);
	outcome.n_emitted++;
	ck_assert_int_eq(outcome_crosses(&outcome, &got), -1);
	outcome.n_emitted = 1;
	v[0].data = large;
	v[0].data_len = WIRE_EMITTED_BYTES - 1;	/* and the type */
	ck_assert_int_eq(outcome_crosses(&outcome, &got), 0);
	v[0].data_len++;
	ck_assert_int_eq(outcome_crosses(&outcome, &got), -1);
	v[0] = small("");
	ck_assert_int_eq(outcome_crosses(&outcome, &got), -1);
	pool_free(&pool);
}
END_TEST

START_TEST(a_state_goes_with_its_event)
{
	static const unsigned char large[WIRE_STATE + 1];
	struct event event = { .type = "t", .sender = "s", .endpoint = "e", .wire = WIRE_NRC }, got;
	struct wire_event head = { .n = 1, .state = (const unsigned char *)"s", .state_len = 1 }, got_head;
	struct buf b = {0};

	pool = pool_new();
	wire_put_event(&b, &head, &event);
	ck_assert_int_eq(wire_get_event(pool, &(struct cut){ (unsigned char *)b.p, b.len, false }, &got_head, &got), 0);
	ck_assert(got_head.state_len == 1 && got_head.state[0] == 's');
	buf_reset(&b);
	head.state = large;
	head.state_len = sizeof large;
	wire_put_event(&b, &head, &event);
	ck_assert_int_eq(wire_get_event(pool, &(struct cut){ (unsigned char *)b.p, b.len, false }, &got_head, &got), -1);
	buf_free(&b);
	pool_free(&pool);
}
END_TEST

/* ---- what may be emitted ---- */

START_TEST(what_no_cloudevent_has_cannot_be_emitted)
{
	char *longest = str_fmt("%0*d", CLOUD_TYPE_MOST, 0), *longer = str_fmt("%0*d", CLOUD_TYPE_MOST + 1, 0);
	const struct { struct wire_emitted e; bool valid; } rows[] = {
		{ { .type = "t" }, true }, { { .type = "" }, false }, { { .type = "a\tb" }, false },
		{ { .type = "\xC3" }, false }, { { .type = longest }, true }, { { .type = longer }, false },
		{ { .type = "t", .subject = "" }, false }, { { .type = "t", .subject = "z\xC3\xA9" }, true },
		{ { .type = "t", .subject = "\x7F" }, false }, { { .type = "t", .mediatype = "" }, false },
		{ { .type = "t", .mediatype = "text/plain; charset=utf-8" }, true },
		{ { .type = "t", .mediatype = "plain" }, false }, { { .type = "t", .mediatype = "text/plain\n" }, false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_msg(emitted_valid(&rows[i].e) == rows[i].valid, "row %zu", i);
	free(longest);
	free(longer);
}
END_TEST

/* ---- as events ---- */

static struct emission emission(void)
{
	return (struct emission){ .handler = "loop", .source = "/handlers/loop", .cause = { { 0xAB, [15] = 1 } }, .depth = 2,
				  .trace = TRACE, .now_ms = 1795254300123 };
}

START_TEST(an_emitted_event_says_where_it_comes_from)
{
	struct emission from = emission();
	struct wire_emitted e = small("nl.test.klaar");
	struct event *event;
	struct event_key cause;
	struct buf packed = {0};

	pool = pool_new();
	e.subject = "zaak-1";
	event = emitted_event(pool, &from, 3, &e);
	event_pack(&packed, event);
	ck_assert_int_eq(event_unpack(pool, &(struct cut){ (unsigned char *)packed.p, packed.len, false }, event), 0);
	ck_assert_str_eq(event->id, "ab000000000000000000000000000001.3");
	ck_assert_str_eq(event->source, "/handlers/loop");
	ck_assert_str_eq(event->sender, "handler:loop");
	ck_assert_str_eq(event->endpoint, "");
	ck_assert_str_eq(event_attr(event, "specversion", pool), "1.0");
	ck_assert_str_eq(event_attr(event, "type", pool), "nl.test.klaar");
	ck_assert_str_eq(event_attr(event, "datacontenttype", pool), "application/json");
	ck_assert_str_eq(event_attr(event, "time", pool), "2026-11-21T09:45:00.123Z");
	ck_assert(time_parse(event->time, TIME_RFC3339, NULL));
	ck_assert_str_eq(event_trace(event), TRACE);
	ck_assert_str_eq(emitted_by(event->sender), "loop");
	ck_assert_int_eq(emitted_depth(event), 3);
	ck_assert(emitted_cause(event, &cause) && memcmp(&cause, &from.cause, sizeof cause) == 0);
	event->sender = "on";	/* who may say what it likes */
	ck_assert_int_eq(emitted_depth(event), 0);
	ck_assert(!emitted_cause(event, &cause));
	buf_free(&packed);
	pool_free(&pool);
}
END_TEST

static bool same_key(const struct event_key *a, const struct event_key *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

START_TEST(an_identity_follows_from_handler_cause_and_place)
{
	struct emission from = emission(), later = emission(), other = emission(), another = emission();
	struct wire_emitted e = small("t"), changed = small("u");
	const struct event *first;

	pool = pool_new();
	later.now_ms++;
	later.source = "/elsewhere";
	later.trace = NULL;
	other.cause.b[15]++;
	another.handler = "loop2";
	first = emitted_event(pool, &from, 0, &e);
	ck_assert(same_key(&first->key, &emitted_event(pool, &later, 0, &e)->key));
	ck_assert_uint_eq(first->digest, emitted_event(pool, &later, 0, &e)->digest);
	ck_assert(same_key(&first->key, &emitted_event(pool, &from, 0, &changed)->key));
	ck_assert_uint_ne(first->digest, emitted_event(pool, &from, 0, &changed)->digest);
	ck_assert(!same_key(&first->key, &emitted_event(pool, &from, 1, &e)->key));
	ck_assert(!same_key(&first->key, &emitted_event(pool, &other, 0, &e)->key));
	ck_assert(!same_key(&first->key, &emitted_event(pool, &another, 0, &e)->key));
	pool_free(&pool);
}
END_TEST

/* Of keys that are remembered already: a change here runs again what was run. */
START_TEST(identities_stay_what_they_are)
{
	struct event_key cause = { { 1, 2, 3 } }, key = emitted_key("zaakverloop", &cause, 258);
	char hex[2 * EVENT_KEY + 1];

	ck_assert_str_eq(event_key_hex(hex, &key), "a7a4bfbde6be157a6c9a52b48cae06aa");
}
END_TEST

START_TEST(the_lane_is_that_of_its_source_and_subject)
{
	struct emission from = emission(), other = emission();
	struct wire_emitted e = small("t"), with = small("t");
	struct event told = { .wire = WIRE_CLOUD, .source = "/handlers/loop", .subject = "z", .id = "1" };
	const struct event *event;

	pool = pool_new();
	with.subject = "z";
	ck_assert(!emitted_event(pool, &from, 0, &e)->has_lane);
	event = emitted_event(pool, &from, 0, &with);
	cloud_identify(&told, "somebody", NULL);
	ck_assert(event->has_lane && same_key(&event->lane, &told.lane));
	other.source = "/elsewhere";
	ck_assert(!same_key(&event->lane, &emitted_event(pool, &other, 0, &with)->lane));
	pool_free(&pool);
}
END_TEST

static void complain(void *arg, const char *name, const char *how)
{
	(void)arg;
	ck_abort_msg("%s %s", name, how);
}

START_TEST(no_extension_that_others_know_is_broken)
{
	struct emission from = emission();
	struct wire_emitted e = small("t");
	const struct event *event;

	pool = pool_new();
	event = emitted_event(pool, &from, 0, &e);
	extension_check(event, complain, NULL);
	ck_assert(!event_extension(event, "sequence") && !event_extension(event, "expirytime"));
	pool_free(&pool);
}
END_TEST

UNIT_MAIN("emitted", state_and_emitted_events_cross_the_wire, an_outcome_has_its_limits, a_state_goes_with_its_event,
	  what_no_cloudevent_has_cannot_be_emitted, an_emitted_event_says_where_it_comes_from,
	  an_identity_follows_from_handler_cause_and_place, identities_stay_what_they_are,
	  the_lane_is_that_of_its_source_and_subject, no_extension_that_others_know_is_broken)
