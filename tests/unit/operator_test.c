/* SPDX-License-Identifier: EUPL-1.2
 * What operators do with parked deliveries and whole handlers: what is chosen, what comes of it, and what is
 * left alone. */
#include "config.h"
#include "unit.h"

#include "dispatch/choice.h"
#include "dispatch/groups.h"
#include "dispatch_rig.h"

#define has(text, part) ck_assert_msg(strstr(text, part) != NULL, "%s", text)

static uint64_t next(struct rig *r)
{
	ck_assert_msg(r->taken < r->n_given, "nothing was given");
	return r->given[r->taken++];
}

/* One dead event of a type about an object. */
static uint64_t bury(struct rig *r, const char *type, char lane, const char *reason)
{
	uint64_t n = record_as(r, type, lane, ++r->ids);

	work(r);
	expect(r, n);
	say(r, n, PV_DEAD, reason);
	settle(r);
	return n;
}

static uint64_t make_wait(struct rig *r, char lane)
{
	uint64_t n = record(r, lane);

	work(r);
	expect(r, n);
	engine_outcome(r->engine, 0, &(struct wire_outcome){ .n = n, .outcome = PV_RETRY, .retry_after_s = 86400, .note = "later" });
	r->room++;
	settle(r);
	return n;
}

struct last { char note[512]; };

static bool keep_note(void *arg, const struct history *h)
{
	snprintf(((struct last *)arg)->note, sizeof(struct last), "%s", h->note ? h->note : "");
	return true;
}

static const char *last_note(struct rig *r, uint64_t n)
{
	static struct last last;

	ok(store_history_each(r->store, n, keep_note, &last, &err));
	return last.note;
}

static bool count_pause(struct rig *r, bool *by_operator)
{
	struct pool *pool = pool_new();
	struct pause *v;
	size_t n;

	ok(store_pauses(r->store, pool, &v, &n, &err));
	*by_operator = n && v[0].who;
	pool_free(&pool);
	return n > 0;
}

/* ---- choosing ---- */

START_TEST(what_is_chosen_is_what_all_filters_say)
{
	struct rig *r = rig();
	uint64_t a = bury(r, "nl.overheid.zaken", 'a', "HTTP 503 of https://Zaken.nl/1");
	uint64_t b = bury(r, "nl.overheid.besluiten", 'b', "HTTP 503 of https://zaken.nl/22");
	uint64_t c = bury(r, "nl.overheid.zaken", 'c', "no such case");

	has(ask(r, 1, "retry", "types=nl.overheid.documenten\n"), "nothing that is parked matches");
	has(ask(r, 1, "retry", "types=nl.**\nreason=timeout\n"), "nothing that is parked matches");
	has(ask(r, 0, "retry", "types=nl.overheid.zaken\nreason=http 503\n"), "1 delivery will be tried again");
	expect(r, a);
	expect_nothing(r);
	has(ask(r, 0, "discard", "reason=HTTP # of https://zaken\n"), "1 delivery is discarded");
	ck_assert_int_eq(row(r, b).state, 0);
	has(ask(r, 0, "discard", "all=yes\n"), "1 delivery is discarded");
	ck_assert_int_eq(row(r, c).state, 0);
	rig_free(r);
}
END_TEST

START_TEST(several_events_can_be_named)
{
	struct rig *r = rig();
	uint64_t v[4];
	const char *answer;

	for (int i = 0; i < 4; i++)
		v[i] = bury(r, "nl.overheid.zaken", 0, "no");
	answer = ask(r, 0, "retry", "n=4\nn=2\nn=2\nn=99\n");
	has(answer, "2 deliveries will be tried again\n      2  first  nl.overheid.zaken  dead  no");
	expect(r, v[1]);
	expect(r, v[3]);
	expect_nothing(r);
	has(ask(r, 1, "retry", "n=77\nn=78\n"), "nothing that is parked matches");
	rig_free(r);
}
END_TEST

START_TEST(a_time_window_is_about_when_it_came_to_stand_so)
{
	struct rig *r = rig();
	char args[128], from[CLOCK_TEXT], to[CLOCK_TEXT];
	uint64_t n[3];

	for (int i = 0; i < 3; i++) {
		n[i] = bury(r, "nl.overheid.zaken", 0, "no");
		now_ms += 10000;
	}
	snprintf(args, sizeof args, "since=%s\nuntil=%s\n", clock_text(from, row(r, n[1]).since_ms), clock_text(to, row(r, n[2]).since_ms));
	has(ask(r, 0, "discard", args), "1 delivery is discarded");
	ck_assert_int_eq(row(r, n[0]).state, PARKED_DEAD);
	ck_assert_int_eq(row(r, n[1]).state, 0);
	ck_assert_int_eq(row(r, n[2]).state, PARKED_DEAD);
	rig_free(r);
}
END_TEST

START_TEST(wrong_arguments_are_refused)
{
	struct rig *r = rig();

	bury(r, "nl.overheid.zaken", 0, "no");
	has(ask(r, 1, "retry", "why=zomaar\n"), "name an event");
	has(ask(r, 1, "retry", "n=0\n"), "no event 0");
	has(ask(r, 1, "retry", "n=1 2\n"), "not a number");
	has(ask(r, 1, "retry", "types=nl..x\n"), "empty label");
	has(ask(r, 1, "retry", "state=weg\n"), "no state weg");
	has(ask(r, 1, "retry", "state=behind\n"), "nothing to retry in the state behind");
	has(ask(r, 1, "hold", "state=held dead\n"), "nothing to hold in the state held");
	has(ask(r, 1, "release", "state=dead\n"), "nothing to release in the state dead");
	has(ask(r, 1, "retry", "since=gisteren\n"), "since is not a time");
	has(ask(r, 1, "hold", "handler=nobody\n"), "no handler nobody");
	has(ask(r, 1, "release", "handler=first\n"), "is not held");
	has(ask(r, 1, "release", "n=1\n"), "is not held");
	has(ask(r, 1, "hold", "n=9\n"), "there is no event 9");
	rig_free(r);
}
END_TEST

START_TEST(many_are_counted_in_groups_of_like_reasons)
{
	struct rig *r = rig();
	char reason[64];
	const char *answer;

	for (int i = 0; i < 300; i++) {
		snprintf(reason, sizeof reason, "HTTP 50%d after %d ms", i % 2 * 2, i * 7);
		bury(r, i % 3 ? "nl.overheid.zaken" : "nl.overheid.besluiten", 0, reason);
		r->n_given = r->taken = 0;
	}
	answer = ask(r, 0, "discard", "handler=first\n");
	has(answer, "300 deliveries for first are discarded\n    200  first  nl.overheid.zaken  dead  HTTP # after # ms\n"
		    "    100  first  nl.overheid.besluiten  dead  HTTP # after # ms");
	rig_free(r);
}
END_TEST

START_TEST(a_preview_says_the_same_and_changes_nothing)
{
	struct rig *r = rig();
	struct pool *pool = pool_new();
	struct request q = { .who = "piet", .verb = "discard", .args = "handler=first\n" };
	uint64_t n = bury(r, "nl.overheid.zaken", 0, "no"), id;
	struct request *none;

	bury(r, "nl.overheid.zaken", 0, "no");
	ok(request_preview(r->store, &r->conf, &q, pool, &err));
	ck_assert_int_eq(q.status, 0);
	ck_assert_str_eq(q.answer, "2 deliveries for first would be discarded\n      2  first  nl.overheid.zaken  dead  no");
	ck_assert_int_eq(row(r, n).state, PARKED_DEAD);
	ck_assert_str_eq(history(r, n), "dead");
	q.verb = "hold";
	ok(request_preview(r->store, &r->conf, &q, pool, &err));
	has(q.answer, "would be held");
	ok(store_request_ask(r->store, "piet", "discard", "n=1\n", &id, &err));
	ck_assert_uint_eq(id, 1);	/* a preview leaves no request */
	ok(store_request_next(r->store, 0, pool, &none, &err));
	pool_free(&pool);
	rig_free(r);
}
END_TEST

/* ---- hold and release ---- */

START_TEST(what_is_held_waits_for_an_operator_and_its_lane_behind_it)
{
	struct rig *r = rig();
	uint64_t a1 = make_wait(r, 'a'), a2 = record(r, 'a'), b1 = record(r, 'b');

	work(r);
	done(r, next(r));
	has(ask(r, 0, "hold", "n=1\nwhy=wacht op leverancier\n"), "1 delivery of event 1 is held");
	ck_assert_int_eq(row(r, a1).state, PARKED_HELD);
	ck_assert_int_eq(row(r, a1).attempts, 1);
	ck_assert_str_eq(row(r, a1).reason, "later");
	ck_assert_str_eq(last_note(r, a1), "by piet: wacht op leverancier");
	now_ms += INT64_C(2) * 86400 * 1000;
	work(r);
	settle(r);
	expect_nothing(r);
	ck_assert_int_eq(row(r, a2).state, PARKED_BEHIND);
	ck_assert_uint_eq(mark(r), b1);
	restart(r);
	work(r);
	expect_nothing(r);
	has(ask(r, 1, "hold", "n=1\n"), "held already");
	has(ask(r, 0, "release", "n=1\n"), "is released, and will be tried again");
	expect(r, a1);
	ck_assert_uint_eq(r->attempts[0], 2);
	done(r, a1);
	expect(r, a2);
	ck_assert_str_eq(history(r, a1), "retry held released done");
	rig_free(r);
}
END_TEST

START_TEST(what_stands_behind_can_be_held_where_it_stands)
{
	struct rig *r = rig();
	uint64_t a1 = make_wait(r, 'a'), a2 = record(r, 'a'), a3 = record(r, 'a');

	work(r);
	settle(r);
	ask(r, 0, "hold", "n=2\n");
	ck_assert_str_eq(row(r, a2).reason, "by piet");
	ask(r, 0, "retry", "n=1\n");
	expect(r, a1);
	done(r, a1);
	expect_nothing(r);
	ck_assert_int_eq(row(r, a2).state, PARKED_HELD);
	ck_assert_int_eq(row(r, a3).state, PARKED_BEHIND);
	ask(r, 0, "release", "handler=first\nstate=held\n");
	expect(r, a2);
	done(r, a2);
	expect(r, a3);
	rig_free(r);
}
END_TEST

START_TEST(a_dead_one_that_is_held_stops_its_lane_and_the_bookmark_goes_on)
{
	struct rig *r = rig();
	uint64_t a1 = bury(r, "nl.overheid.zaken", 'a', "no"), a2 = record(r, 'a'), a3 = record(r, 'a');

	work(r);
	expect(r, a2);		/* runs when its lane is stopped */
	ask(r, 0, "hold", "n=1\n");
	done(r, a2);
	settle(r);
	expect_nothing(r);
	ck_assert_int_eq(row(r, a3).state, PARKED_BEHIND);
	ck_assert_uint_eq(mark(r), a3);
	ask(r, 0, "discard", "n=1\nstate=held\n");
	ck_assert_int_eq(row(r, a1).state, 0);
	expect(r, a3);
	rig_free(r);
}
END_TEST

START_TEST(what_is_held_when_it_was_ready_has_the_others_parked_behind_it)
{
	struct rig *r = rig();
	uint64_t a1 = record(r, 'a'), a2;

	work(r);
	expect(r, a1);
	say(r, a1, PV_RETRY, "later");
	settle(r);
	r->room = 0;
	now_ms = row(r, a1).due_ms + 1;
	work(r);		/* it is ready, and nobody takes it */
	a2 = record(r, 'a');
	work(r);
	settle(r);
	ck_assert_int_eq(row(r, a2).state, 0);
	ask(r, 0, "hold", "n=1\nstate=waiting\n");
	settle(r);
	ck_assert_int_eq(row(r, a2).state, PARKED_BEHIND);
	ck_assert_uint_eq(mark(r), a2);
	rig_free(r);
}
END_TEST

START_TEST(a_held_handler_is_given_nothing_and_loses_nothing)
{
	struct rig *r = rig();
	bool by_operator;
	uint64_t hand = record(r, 'h'), wait, n;

	r->handlers[0].retry.attempts = 1;
	work(r);
	expect(r, hand);
	has(ask(r, 0, "hold", "handler=first\nwhy=onderhoud\n"), "handler first is held");
	ck_assert(count_pause(r, &by_operator) && by_operator);
	n = record(r, 'a');
	work(r);
	say(r, hand, PV_RETRY, "gone");		/* its only attempt, but it does not count */
	settle(r);
	ck_assert_int_eq(row(r, hand).state, PARKED_WAITING);
	now_ms += 86400 * 1000;
	work(r);
	expect_nothing(r);
	ck_assert(!engine_has_ready(r->engine, 0) && engine_paused(r->engine, 0));
	restart(r);
	work(r);
	expect_nothing(r);
	has(ask(r, 0, "hold", "handler=first\n"), "held already, by piet: onderhoud");
	wait = record(r, 0);
	has(ask(r, 0, "release", "handler=first\n"), "handler first goes on");
	ck_assert(!count_pause(r, &by_operator));
	expect(r, hand);
	expect(r, n);
	expect(r, wait);
	rig_free(r);
}
END_TEST

START_TEST(releasing_a_handler_releases_its_held_deliveries_and_its_circuit)
{
	struct rig *r = rig_new();
	uint64_t a, b, held;
	bool by_operator;

	r->handlers[0].circuit = (struct conf_circuit){ 2, 10000, 2, 30000 };
	start(r);
	held = make_wait(r, 'h');
	ask(r, 0, "hold", "n=1\n");
	a = record(r, 'a');
	work(r);
	expect(r, a);
	say(r, a, PV_RETRY, "down");
	settle(r);
	ck_assert(count_pause(r, &by_operator) && !by_operator);
	b = record(r, 'b');
	work(r);
	expect_nothing(r);
	has(ask(r, 0, "retry", "n=2\n"), "handler first is paused: they wait until it goes on");
	has(ask(r, 0, "release", "handler=first\n"), "handler first goes on\n1 delivery for first is released");
	ck_assert(!count_pause(r, &by_operator));
	for (int i = 0; i < 3; i++) {
		uint64_t n = next(r);

		ck_assert(n == a || n == b || n == held);
	}
	rig_free(r);
}
END_TEST

START_TEST(retrying_twice_runs_nothing_twice)
{
	struct rig *r = rig();
	uint64_t n = bury(r, "nl.overheid.zaken", 'a', "no");

	r->room = 0;
	ask(r, 0, "retry", "n=1\n");
	has(ask(r, 1, "retry", "n=1\n"), "1 delivery of event 1 waits for its turn already and is left alone");
	r->room = 10;
	work(r);
	expect(r, n);
	has(ask(r, 1, "retry", "n=1\n"), "right now");
	done(r, n);
	expect_nothing(r);
	has(ask(r, 1, "retry", "n=1\n"), "is finished");
	rig_free(r);
}
END_TEST

START_TEST(what_is_finished_beside_one_that_runs_long_is_said_to_be_finished)
{
	struct rig *r = rig();
	uint64_t slow = record(r, 'a'), quick = record(r, 'b'), other = record_as(r, "org.eigen", 'c', ++r->ids);

	work(r);
	expect(r, slow);
	expect(r, quick);
	done(r, quick);
	ck_assert_uint_eq(mark(r), 0);
	has(ask(r, 1, "retry", "n=1\n"), "waits for its turn, or runs right now");
	ok(engine_settle(r->engine, true, &err));
	has(ask(r, 1, "retry", "n=2\n"), "event 2 is finished");
	has(ask(r, 1, "retry", "n=3\n"), "event 3 is finished, a duplicate, or not wanted");
	ck_assert_uint_eq(other, 3);
	done(r, slow);
	rig_free(r);
}
END_TEST

START_TEST(what_a_handler_that_is_gone_left_can_be_discarded_only)
{
	struct rig *r = rig();

	bury(r, "nl.overheid.zaken", 0, "no");
	r->handlers[0].name = "renamed";
	restart(r);
	has(ask(r, 1, "retry", "handler=first\n"), "its handler is not configured");
	has(ask(r, 0, "discard", "handler=first\nwhy=klaar\n"), "1 delivery for first is discarded");
	rig_free(r);
}
END_TEST

/* ---- groups ---- */

static void same(const char *a, const char *b)
{
	struct pool *pool = pool_new();

	ck_assert_str_eq(reason_group(pool, a), b);
	pool_free(&pool);
}

START_TEST(numbers_and_identifiers_are_left_out_of_reasons)
{
	same("", "");
	same("no route to host", "no route to host");
	same("HTTP 503", "HTTP #");
	same("timeout: after 2000 ms", "timeout: after # ms");
	same("zaak 0c4b1a9e-7a5d-4a6e-8d0f-5b3f1f0a9e11 is gone", "zaak # is gone");
	same("a bad face added", "a bad face added");
	same("at 0x7ffe12ab, line 7", "at #, line #");
	same("https://a.nl/zaken/9f3c?x=1", "https://a.nl/zaken/#?x=#");
	same("zaak-2026-000123 van p12q", "zaak-#-# van p#q");
	same("crash: signal 11", "crash: signal #");
	same("é 5", "é #");
}
END_TEST

START_TEST(a_long_reason_is_cut_between_characters)
{
	struct pool *pool = pool_new();
	char text[1001] = {0};
	size_t len;

	for (size_t i = 1; i + 1 < sizeof text; i += 2)
		memcpy(text + i, "é", 2);
	text[0] = 'x';
	text[999] = '\0';
	len = strlen(reason_group(pool, text));
	ck_assert_uint_le(len, 200);
	ck_assert_uint_ge(len, 198);
	ck_assert_uint_eq(len % 2, 1);
	pool_free(&pool);
}
END_TEST

START_TEST(groups_are_bounded)
{
	struct groups groups = {0};
	char type[32];

	for (int i = 0; i < 3 * GROUPS_MAX; i++) {
		snprintf(type, sizeof type, "nl.t%d", i % (2 * GROUPS_MAX));
		groups_add(&groups, &(struct parked){ .handler = "first", .n = (uint64_t)i + 1, .state = PARKED_DEAD, .since_ms = i,
						      .reason = "no" }, type);
	}
	ck_assert_uint_eq(groups.n, GROUPS_MAX);
	ck_assert_uint_eq(groups.count, 3 * GROUPS_MAX);
	ck_assert_uint_eq(groups.others, GROUPS_MAX);
	groups_sort(&groups);
	ck_assert_uint_eq(groups.v[0]->count, 2);
	ck_assert_int_eq(groups.v[0]->newest_ms - groups.v[0]->oldest_ms, 2 * GROUPS_MAX);
	groups_free(&groups);
}
END_TEST

/* ---- what was quarantined ---- */

START_TEST(what_was_quarantined_is_chosen_when_it_is_asked_for)
{
	struct attr json = { "content-type", "application/json" };
	struct rig *r = rig();
	const char *answer;

	for (int i = 0; i < 3; i++) {
		struct event bad = { .received_ms = now_ms, .mark = EVENT_QUARANTINED, .wire = WIRE_NRC, .type = "", .endpoint = "nrc",
				     .sender = "on", .headers = &json, .n_headers = 1, .data = (const unsigned char *)"{", .data_len = 1 };
		struct event *one = &bad;

		bad.key.b[0] = (unsigned char)(i + 1);
		ok(store_append(r->store, &one, 1, &err));
	}
	work(r);
	has(ask(r, 1, "discard", "all=yes\n"), "nothing that is parked matches");
	answer = ask(r, 1, "retry", "state=quarantined\n");
	has(answer, "event 1 still cannot be taken in");
	has(answer, "event 3 still cannot be taken in");
	has(ask(r, 0, "discard", "state=quarantined\n"), "3 deliveries are discarded\n      3  (quarantined)  -  quarantined");
	rig_free(r);
}
END_TEST

UNIT_MAIN("operator", what_is_chosen_is_what_all_filters_say, several_events_can_be_named,
	  a_time_window_is_about_when_it_came_to_stand_so, wrong_arguments_are_refused,
	  many_are_counted_in_groups_of_like_reasons, a_preview_says_the_same_and_changes_nothing,
	  what_is_held_waits_for_an_operator_and_its_lane_behind_it, what_stands_behind_can_be_held_where_it_stands,
	  a_dead_one_that_is_held_stops_its_lane_and_the_bookmark_goes_on,
	  what_is_held_when_it_was_ready_has_the_others_parked_behind_it,
	  a_held_handler_is_given_nothing_and_loses_nothing,
	  releasing_a_handler_releases_its_held_deliveries_and_its_circuit, retrying_twice_runs_nothing_twice,
	  what_is_finished_beside_one_that_runs_long_is_said_to_be_finished,
	  what_a_handler_that_is_gone_left_can_be_discarded_only, numbers_and_identifiers_are_left_out_of_reasons,
	  a_long_reason_is_cut_between_characters, groups_are_bounded, what_was_quarantined_is_chosen_when_it_is_asked_for)
