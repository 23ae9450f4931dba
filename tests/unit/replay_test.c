/* SPDX-License-Identifier: EUPL-1.2
 * Rewinds: filters, counting beforehand, asking twice. */
#include "config.h"
#include "replay_rig.h"

/* ---- filters ---- */

static struct rig *five_done(void)
{
	struct rig *r = rig();

	record(r, 'a');
	record_as(r, "nl.besluit", 'b');
	record(r, 'b');
	record_as(r, "nl.besluit", 'a');
	record(r, 0);
	run_all(r);
	ck_assert_str_eq(counts(r, 5), "11111");
	return r;
}

START_TEST(only_what_matches_runs_again)
{
	struct rig *r = five_done();

	rewind_now(r, 0, "handler=first\nafter=0\nonly=nl.besluit nl.x\n", "from event 1 to 5");
	run_all(r);
	ck_assert_str_eq(counts(r, 5), "12121");
	rewind_now(r, 0, "handler=first\nafter=0\n" LANE_A, "from event 1 to 5");
	run_all(r);
	ck_assert_str_eq(counts(r, 5), "22131");
	rewind_now(r, 0, "handler=first\nafter=1\nonly=nl.besluit\n" LANE_A, "from event 2 to 5");
	run_all(r);
	ck_assert_str_eq(counts(r, 5), "22141");
	ck_assert_uint_eq(replays(r), 0);
	rig_free(r);
}
END_TEST

START_TEST(a_filter_is_stored_with_the_rewind)
{
	struct rig *r = five_done();

	rewind_now(r, 0, "handler=first\nafter=0\nonly=nl.besluit\n" LANE_A, "");
	stop(r);
	start(r);
	run_all(r);
	ck_assert_str_eq(counts(r, 5), "11121");
	rig_free(r);
}
END_TEST

START_TEST(what_cannot_be_asked_is_refused)
{
	struct rig *r = five_done();

	rewind_now(r, 1, "handler=first\nafter=0\nlane=61\n", "32 hexadecimal digits");
	rewind_now(r, 1, "handler=first\nafter=0\nlane=6161616161616161616161616161616x\n", "32 hexadecimal digits");
	rewind_now(r, 1, "handler=first\nafter=0\n" "lane=6161616161616161616161616161616161\n", "32 hexadecimal digits");
	rewind_now(r, 1, "handler=first\nafter=0\nonly=,\n", "names no type");
	rewind_now(r, 1, "handler=first\nafter=0\nonly=nl.**.x\n", "pattern");
	rewind_now(r, 1, "handler=first\nafter=0\nstate=lost\n", "kept or reset");
	rewind_now(r, 1, "handler=first\nafter=0\nonly=nl.**\nstate=reset\n", "all events of an object");
	rewind_now(r, 1, "handler=first\n", "needs");
	ck_assert_uint_eq(replays(r), 0);
	rig_free(r);
}
END_TEST

START_TEST(a_preview_counts_and_changes_nothing)
{
	struct rig *r = five_done();
	struct request q = { .verb = "rewind", .args = "handler=first\nafter=0\nonly=nl.besluit\n" };

	ok(request_preview(r->store, &r->conf, &q, pool, &err));
	ck_assert_int_eq(q.status, 0);
	ck_assert_msg(strstr(q.answer, "2 events would run") != NULL, "%s", q.answer);
	q.args = "handler=first\nafter=4\n";
	ok(request_preview(r->store, &r->conf, &q, pool, &err));
	ck_assert_msg(strstr(q.answer, "1 event would run") != NULL, "%s", q.answer);
	q.args = "handler=first\nafter=5\n";
	ok(request_preview(r->store, &r->conf, &q, pool, &err));
	ck_assert_int_eq(q.status, 1);
	ck_assert_uint_eq(replays(r), 0);
	rig_free(r);
}
END_TEST

START_TEST(a_preview_leaves_out_what_is_parked)
{
	struct rig *r = rig();
	struct request q = { .verb = "rewind", .args = "handler=first\nafter=0\n" };

	record(r, 'a');
	record(r, 'b');
	work(r);
	answer(r, 0, PV_DEAD);
	run_all(r);
	ok(request_preview(r->store, &r->conf, &q, pool, &err));
	ck_assert_msg(strstr(q.answer, "1 event would run") != NULL, "%s", q.answer);
	rig_free(r);
}
END_TEST

/* ---- asked twice ---- */

START_TEST(a_rewind_adds_only_what_another_does_not_cover)
{
	struct rig *r = five_done();

	r->room = 0;
	rewind_now(r, 0, "handler=first\nafter=2\n", "from event 3 to 5");
	record(r, 'a');
	r->room = 1;
	work(r);
	ck_assert_uint_eq(r->n_held, 1);
	rewind_now(r, 0, "handler=first\nafter=0\n", "from event 1 to 2; the rest");
	rewind_now(r, 0, "handler=first\nafter=0\n", "runs already");
	rewind_now(r, 0, "handler=first\nafter=1\nonly=nl.besluit\n", "runs already");
	run_all(r);
	ck_assert_str_eq(counts(r, 6), "222221");
	ck_assert_uint_eq(replays(r), 0);
	rewind_now(r, 0, "handler=first\nafter=0\n", "from event 1 to 6");
	run_all(r);
	ck_assert_str_eq(counts(r, 6), "333332");
	rig_free(r);
}
END_TEST

START_TEST(a_rewind_that_stands_in_line_keeps_its_events)
{
	struct rig *r = five_done();

	r->room = 0;
	rewind_now(r, 0, "handler=first\nafter=2\n", "from event 3 to 5");
	ok(engine_settle(r->engine, false, &err));
	ck_assert_uint_eq(engine_passed(r->engine), 2);
	rewind_now(r, 0, "handler=first\nafter=1\n", "from event 2 to 2; the rest");
	ck_assert_uint_eq(engine_passed(r->engine), 1);
	stop(r);
	start(r);
	ck_assert_uint_eq(engine_passed(r->engine), 1);
	run_all(r);
	ck_assert_uint_eq(engine_passed(r->engine), 5);
	rig_free(r);
}
END_TEST

START_TEST(what_is_left_of_a_rewind_may_be_two_pieces)
{
	struct rig *r = rig();

	for (int i = 0; i < 3; i++)
		record(r, 'a');
	run_all(r);
	r->room = 0;
	rewind_now(r, 0, "handler=first\nafter=1\n", "from event 2 to 3");
	r->room = 1;
	record(r, 'b');
	record(r, 'b');
	stop(r);
	r->handlers[0].events = "nl.**";
	start(r);
	r->room = 8;
	work(r);
	for (size_t i = r->n_held; i-- > 0;)
		if (r->held[i].n > 3)
			answer(r, i, PV_DONE);
	work(r);
	for (size_t i = r->n_held; i-- > 0;)
		if (r->held[i].n > 3)
			answer(r, i, PV_DONE);
	rewind_now(r, 0, "handler=first\nafter=0\n", "from event 1 to 1 and from event 4 to 5; the rest");
	run_all(r);
	ck_assert_str_eq(counts(r, 5), "22222");
	rig_free(r);
}
END_TEST

START_TEST(the_same_filter_is_the_same_in_any_order)
{
	struct rig *r = five_done();

	r->room = 0;
	rewind_now(r, 0, "handler=first\nafter=0\nonly=nl.zaak,nl.besluit\n", "from event 1");
	rewind_now(r, 0, "handler=first\nafter=0\nonly=nl.besluit  nl.zaak nl.zaak\n", "runs already");
	rewind_now(r, 0, "handler=first\nafter=0\nonly=nl.besluit\n", "when its earlier rewind");
	rewind_now(r, 0, "handler=first\nafter=0\nonly=nl.zaak nl.besluit\n" LANE_A, "runs already");
	rewind_now(r, 0, "handler=first\nafter=0\nonly=nl.besluit\n", "runs already");
	ck_assert_uint_eq(replays(r), 2);
	rig_free(r);
}
END_TEST

START_TEST(what_a_rewind_ran_out_of_order_is_not_run_again_after_a_restart)
{
	struct rig *r = rig();

	for (int i = 0; i < 6; i++)
		record(r, 0);
	run_all(r);
	rewind_now(r, 0, "handler=first\nafter=0\n", "from event 1 to 6");
	for (int twice = 0; twice < 2; twice++) {
		ck_assert_uint_gt(r->n_held, 1);
		answer(r, r->n_held - 1, PV_DONE);
		stop(r);
		start(r);
		work(r);
	}
	run_all(r);
	ck_assert_str_eq(counts(r, 6), "222222");
	rig_free(r);
}
END_TEST

START_TEST(what_was_parked_when_a_rewind_came_by_is_run_once)
{
	struct rig *r = rig();

	record(r, 0);
	record(r, 0);
	work(r);
	answer(r, 1, PV_RETRY);
	run_all(r);
	rewind_now(r, 0, "handler=first\nafter=0\n", "from event 1 to 2");
	now_ms += 5000;
	work(r);
	for (size_t i = r->n_held; i-- > 0;)
		if (r->held[i].n == 2)
			answer(r, i, PV_DONE);
	stop(r);
	start(r);
	run_all(r);
	ck_assert_str_eq(counts(r, 2), "22");
	rig_free(r);
}
END_TEST

UNIT_MAIN("replay",
	  only_what_matches_runs_again, a_filter_is_stored_with_the_rewind, what_cannot_be_asked_is_refused,
	  a_preview_counts_and_changes_nothing, a_preview_leaves_out_what_is_parked,
	  a_rewind_adds_only_what_another_does_not_cover, a_rewind_that_stands_in_line_keeps_its_events,
	  what_is_left_of_a_rewind_may_be_two_pieces,
	  the_same_filter_is_the_same_in_any_order, what_a_rewind_ran_out_of_order_is_not_run_again_after_a_restart,
	  what_was_parked_when_a_rewind_came_by_is_run_once)
