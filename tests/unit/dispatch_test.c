/* SPDX-License-Identifier: EUPL-1.2
 * The dispatcher without processes: an engine on the store in memory, and a pair of hands that the
 * tests move. */
#include "config.h"
#include "unit.h"

#include "dispatch/courtesy.h"
#include "dispatch_rig.h"

/* ---- order ---- */

START_TEST(one_event_of_a_lane_at_a_time_in_order)
{
	struct rig *r = rig();
	uint64_t a1 = record(r, 'a'), a2 = record(r, 'a'), b1 = record(r, 'b'), a3 = record(r, 'a');

	work(r);
	expect(r, a1);
	expect(r, b1);
	expect_nothing(r);
	done(r, b1);
	expect_nothing(r);
	done(r, a1);
	expect(r, a2);
	expect_nothing(r);
	done(r, a2);
	expect(r, a3);
	rig_free(r);
}
END_TEST

START_TEST(a_lane_goes_on_only_when_the_outcome_is_written)
{
	struct rig *r = rig();
	uint64_t a1 = record(r, 'a'), a2 = record(r, 'a');

	work(r);
	expect(r, a1);
	say(r, a1, PV_DONE, NULL);
	work(r);
	expect_nothing(r);
	settle(r);
	expect(r, a2);
	rig_free(r);
}
END_TEST

START_TEST(events_without_a_lane_run_side_by_side)
{
	struct rig *r = rig();
	uint64_t n1 = record(r, 0), n2 = record(r, 0);

	work(r);
	expect(r, n1);
	expect(r, n2);
	rig_free(r);
}
END_TEST

START_TEST(order_none_knows_no_lanes)
{
	struct rig *r = rig_new();
	uint64_t n1, n2;

	r->handlers[0].order = ORDER_NONE;
	start(r);
	n1 = record(r, 'a');
	n2 = record(r, 'a');
	work(r);
	expect(r, n1);
	expect(r, n2);
	say(r, n1, PV_RETRY, NULL);
	done(r, n2);
	ck_assert_uint_eq(mark(r), n2);
	ck_assert_int_eq(row(r, n1).state, PARKED_WAITING);
	expect_nothing(r);
	rig_free(r);
}
END_TEST

START_TEST(only_wanted_types_are_given)
{
	struct rig *r = rig();
	uint64_t n;

	record_as(r, "org.example", 0, ++r->ids);
	n = record(r, 0);
	record_as(r, "org.example", 0, ++r->ids);
	work(r);
	expect(r, n);
	expect_nothing(r);
	done(r, n);
	ck_assert_uint_eq(mark(r), 3);
	rig_free(r);
}
END_TEST

/* ---- attempts ---- */

START_TEST(a_retry_holds_its_lane_and_no_other)
{
	struct rig *r = rig();
	uint64_t a1 = record(r, 'a'), a2 = record(r, 'a'), b1 = record(r, 'b'), b2 = record(r, 'b');

	work(r);
	expect(r, a1);
	expect(r, b1);
	say(r, a1, PV_RETRY, "not now");
	done(r, b1);
	expect(r, b2);
	expect_nothing(r);
	ck_assert_int_eq(row(r, a1).state, PARKED_WAITING);
	ck_assert_int_eq(row(r, a1).attempts, 1);
	ck_assert_str_eq(row(r, a1).reason, "not now");
	ck_assert_int_eq(row(r, a2).state, PARKED_BEHIND);
	ck_assert_uint_eq(mark(r), b1);
	ck_assert_int_ge(engine_due_ms(r->engine), now_ms + 900);
	ck_assert_int_le(engine_due_ms(r->engine), now_ms + 1100);
	now_ms += 1100;
	work(r);
	expect(r, a1);
	ck_assert_uint_eq(r->attempts[r->taken - 1], 2);
	expect_nothing(r);
	done(r, a1);
	expect(r, a2);
	done(r, a2);
	ck_assert_int_eq(row(r, a1).state, 0);
	ck_assert_int_eq(row(r, a2).state, 0);
	ck_assert_str_eq(history(r, a1), "retry done");
	ck_assert_str_eq(history(r, a2), "done");
	rig_free(r);
}
END_TEST

START_TEST(what_comes_later_stands_behind_a_waiting_event)
{
	struct rig *r = rig();
	uint64_t a1 = record(r, 'a'), a2;

	work(r);
	say(r, a1, PV_RETRY, NULL);
	settle(r);
	a2 = record(r, 'a');
	work(r);
	settle(r);
	ck_assert_int_eq(row(r, a2).state, PARKED_BEHIND);
	ck_assert_uint_eq(mark(r), a2);
	now_ms += 2000;
	work(r);
	expect(r, a1);
	expect(r, a1);
	done(r, a1);
	expect(r, a2);
	rig_free(r);
}
END_TEST

START_TEST(the_wait_grows_and_the_handler_may_set_it)
{
	struct rig *r = rig();
	struct wire_outcome o = { .n = record(r, 'a'), .outcome = PV_RETRY, .retry_after_s = 7200 };

	work(r);
	engine_outcome(r->engine, 0, &o);
	ck_assert_int_eq(engine_due_ms(r->engine), now_ms + 7200000);
	now_ms += 7200000;
	settle(r);
	o.retry_after_s = 0;
	engine_outcome(r->engine, 0, &o);
	ck_assert_int_ge(engine_due_ms(r->engine), now_ms + 1800);
	ck_assert_int_le(engine_due_ms(r->engine), now_ms + 2200);
	rig_free(r);
}
END_TEST

START_TEST(after_the_last_attempt_an_event_is_dead_and_its_lane_goes_on)
{
	struct rig *r = rig();
	uint64_t a1 = record(r, 'a'), a2 = record(r, 'a');

	work(r);
	for (int i = 0; i < 3; i++) {
		expect(r, a1);
		say(r, a1, PV_RETRY, "no");
		settle(r);
		now_ms += 10000;
		work(r);
	}
	expect(r, a2);
	ck_assert_int_eq(row(r, a1).state, PARKED_DEAD);
	ck_assert_int_eq(row(r, a1).attempts, 3);
	ck_assert_str_eq(row(r, a1).reason, "no");
	ck_assert_str_eq(history(r, a1), "retry retry dead");
	rig_free(r);
}
END_TEST

START_TEST(dead_with_hold_stops_its_lane)
{
	struct rig *r = rig_new();
	uint64_t a1, a2, b1;

	r->handlers[0].on_dead = ON_DEAD_HOLD;
	start(r);
	a1 = record(r, 'a');
	a2 = record(r, 'a');
	b1 = record(r, 'b');
	work(r);
	expect(r, a1);
	expect(r, b1);
	say(r, a1, PV_DEAD, "never");
	done(r, b1);
	expect_nothing(r);
	ck_assert_int_eq(row(r, a1).state, PARKED_HELD);
	ck_assert_int_eq(row(r, a2).state, PARKED_BEHIND);
	ck_assert_uint_eq(mark(r), b1);
	restart(r);
	work(r);
	expect_nothing(r);
	ask(r, 0, "discard", "n=1\nhandler=first\n");
	expect(r, a2);
	rig_free(r);
}
END_TEST

START_TEST(a_crash_charges_the_event_that_ran)
{
	struct rig *r = rig();
	uint64_t n1 = record(r, 'a'), n2 = record(r, 'b'), n3 = record(r, 'c');

	work(r);
	r->taken = r->n_given;
	engine_charge(r->engine, 0, n1, "crash", "killed by signal 11 (Segmentation fault)");
	engine_give_back(r->engine, 0, n3);
	engine_give_back(r->engine, 0, n2);
	settle(r);
	expect(r, n2);
	ck_assert_uint_eq(r->attempts[r->taken - 1], 1);
	expect(r, n3);
	expect_nothing(r);
	ck_assert_str_eq(row(r, n1).reason, "crash: killed by signal 11 (Segmentation fault)");
	ck_assert_int_eq(row(r, n1).attempts, 1);
	ck_assert_str_eq(history(r, n1), "crash");
	ck_assert_int_eq(board_get(r->board, BOARD_CRASHES), 1);
	rig_free(r);
}
END_TEST

START_TEST(an_answer_about_what_was_not_given_is_ignored)
{
	struct rig *r = rig();
	uint64_t a1 = record(r, 'a');

	say(r, a1, PV_DONE, NULL);
	work(r);
	expect(r, a1);
	done(r, a1);
	say(r, a1, PV_DEAD, NULL);
	settle(r);
	ck_assert_str_eq(history(r, a1), "done");
	rig_free(r);
}
END_TEST

/* ---- the bookmark ---- */

START_TEST(the_bookmark_never_passes_an_unfinished_event)
{
	struct rig *r = rig();

	for (int i = 0; i < 10; i++)
		record(r, 0);
	work(r);
	for (uint64_t n = 10; n > 1; n--) {
		done(r, n);
		ck_assert_uint_eq(mark(r), 0);
	}
	done(r, 1);
	ck_assert_uint_eq(mark(r), 10);
	rig_free(r);
}
END_TEST

START_TEST(what_was_done_is_not_done_again_after_a_restart)
{
	struct rig *r = rig();

	for (int i = 0; i < 6; i++)
		record(r, 0);
	work(r);
	done(r, 2);
	done(r, 5);
	say(r, 3, PV_RETRY, NULL);
	settle(r);
	now_ms += 5000;
	restart(r);
	work(r);
	expect(r, 3);
	expect(r, 1);
	expect(r, 4);
	expect(r, 6);
	expect_nothing(r);
	done(r, 6);
	restart(r);
	work(r);
	expect(r, 3);
	expect(r, 1);
	expect(r, 4);
	expect_nothing(r);
	rig_free(r);
}
END_TEST

/* The first of them runs long; the dispatcher is ended twice before it has read on to where it was. */
START_TEST(what_was_done_far_ahead_is_not_done_again_after_two_restarts)
{
	enum { MANY = 3500 };
	struct rig *r = rig();
	uint64_t slow = record(r, 's'), dead = 0;

	work(r);
	for (uint64_t n = slow + 1; n <= MANY; n++) {
		record(r, 0);
		work(r);
		r->n_given = 1;
		if (n == MANY)
			say(r, dead = n, PV_DEAD, NULL);
		else
			say(r, n, PV_DONE, NULL);
		if (n % 500 == 0)
			ok(engine_settle(r->engine, false, &err));
	}
	ok(engine_settle(r->engine, false, &err));
	for (int i = 0; i < 2; i++) {
		restart(r);
		engine_work(r->engine);
		ok(engine_settle(r->engine, false, &err));
	}
	work(r);
	expect(r, slow);
	expect_nothing(r);
	ck_assert_int_eq(row(r, dead).state, PARKED_DEAD);
	done(r, slow);
	ck_assert_uint_eq(mark(r), MANY);
	rig_free(r);
}
END_TEST

START_TEST(a_lane_keeps_its_order_over_a_restart)
{
	struct rig *r = rig();
	uint64_t a1 = record(r, 'a'), a2 = record(r, 'a'), a3;

	work(r);
	say(r, a1, PV_RETRY, NULL);
	settle(r);
	a3 = record(r, 'a');
	restart(r);
	work(r);
	expect_nothing(r);
	now_ms += 5000;
	work(r);
	expect(r, a1);
	done(r, a1);
	expect(r, a2);
	done(r, a2);
	expect(r, a3);
	rig_free(r);
}
END_TEST

START_TEST(duplicates_are_never_given)
{
	struct rig *r = rig();
	uint64_t n1 = record_as(r, "nl.zaak", 'a', 77);

	record_as(r, "nl.zaak", 'a', 77);
	work(r);
	expect(r, n1);
	done(r, n1);
	expect_nothing(r);
	restart(r);
	record_as(r, "nl.zaak", 'a', 77);
	work(r);
	expect_nothing(r);
	ck_assert_int_eq(board_get(r->board, BOARD_DUPLICATES), 2);
	rig_free(r);
}
END_TEST

START_TEST(no_more_is_loaded_than_fits)
{
	struct rig *r = rig();
	uint64_t n = 0;

	r->room = 0;
	for (int i = 0; i < ENGINE_OPEN_MAX + 100; i++)
		n = record(r, 0);
	work(r);
	r->room = 2 * ENGINE_OPEN_MAX;
	ck_assert(!engine_work(r->engine));
	ck_assert_uint_le(engine_in_flight(r->engine), ENGINE_OPEN_MAX);
	while (r->taken < r->n_given)
		done(r, r->given[r->taken++]);
	ck_assert_uint_eq(mark(r), n);
	rig_free(r);
}
END_TEST

START_TEST(a_busy_lane_does_not_starve_the_others)
{
	struct rig *r = rig();
	uint64_t a1 = record(r, 'a'), b1;

	for (int i = 0; i < 2 * ENGINE_OPEN_MAX; i++)
		record(r, 'a');
	b1 = record(r, 'b');
	r->room = 2;
	work(r);
	expect(r, a1);
	for (int i = 0; i < 40; i++)
		settle(r);
	expect(r, b1);
	expect_nothing(r);
	/* all that was set aside is still in order after a restart, the running one included */
	r->room = 2;
	restart(r);
	work(r);
	settle(r);
	expect(r, a1);
	expect(r, b1);
	done(r, a1);
	expect(r, a1 + 1);
	expect_nothing(r);
	rig_free(r);
}
END_TEST

START_TEST(one_long_event_does_not_stop_the_bookmark)
{
	struct rig *r = rig();
	uint64_t slow = record(r, 's');

	work(r);
	for (int i = 0; i < 4000; i++) {
		record(r, 0);
		if (i % 100 == 99) {
			work(r);
			for (r->taken = 1; r->taken < r->n_given; r->taken++)
				say(r, r->given[r->taken], PV_DONE, NULL);
			r->n_given = 1;
			ok(engine_settle(r->engine, false, &err));
		}
	}
	for (int i = 0; i < 200; i++)
		record(r, 0);
	work(r);
	settle(r);
	settle(r);
	ck_assert_uint_gt(mark(r), slow);
	ck_assert_int_eq(row(r, slow).state, PARKED_WAITING);
	done(r, slow);
	ck_assert_int_eq(row(r, slow).state, 0);
	rig_free(r);
}
END_TEST

/* ---- where a handler starts ---- */

START_TEST(now_is_the_beginning_in_a_store_that_was_never_dispatched)
{
	struct rig *r = rig_new();
	uint64_t n1 = record(r, 0), n2;

	start(r);
	work(r);
	expect(r, n1);
	done(r, n1);
	n2 = record(r, 0);
	r->conf.n_handlers = 2;
	r->handlers[1].name = "first";
	r->handlers[0].name = "new";
	restart(r);
	work(r);
	expect_nothing(r);
	ck_assert_uint_eq(mark(r), n1);
	r->handlers[0].name = "other";
	r->handlers[0].from = FROM_BEGINNING;
	restart(r);
	work(r);
	expect(r, n1);
	expect(r, n2);
	r->handlers[0].name = "third";
	r->handlers[0].from = FROM_AGO;
	r->handlers[0].from_ago_ms = 60000;
	now_ms += 30000;
	restart(r);
	work(r);
	expect(r, n1);
	now_ms += 60000;
	r->handlers[0].name = "fourth";
	restart(r);
	work(r);
	expect_nothing(r);
	rig_free(r);
}
END_TEST

/* ---- when the store fails ---- */

START_TEST(an_event_that_is_gone_is_passed_over)
{
	struct rig *r = rig();
	uint64_t a1 = record(r, 'a'), a2 = record(r, 'a');
	size_t n;

	r->room = 0;
	work(r);
	ok(store_prune(r->store, a1, now_ms + 1, 10, &n, &err));
	ck_assert_uint_eq(n, 1);
	r->room = 10;
	work(r);
	settle(r);
	expect(r, a2);
	ck_assert_uint_eq(mark(r), a1);
	rig_free(r);
}
END_TEST

/* ---- operators ---- */

START_TEST(an_operator_retries_what_is_dead)
{
	struct rig *r = rig();
	uint64_t a1 = record(r, 'a'), a2 = record(r, 'a');

	work(r);
	expect(r, a1);
	say(r, a1, PV_DEAD, "never");
	settle(r);
	expect(r, a2);
	ck_assert_str_eq(ask(r, 0, "retry", "n=1\n"), "1 delivery of event 1 will be tried again");
	expect_nothing(r);
	done(r, a2);
	expect(r, a1);
	ck_assert_uint_eq(r->attempts[r->taken - 1], 1);
	done(r, a1);
	ck_assert_int_eq(row(r, a1).state, 0);
	ck_assert_str_eq(history(r, a1), "dead retried done");
	rig_free(r);
}
END_TEST

START_TEST(an_operator_hurries_what_waits)
{
	struct rig *r = rig();
	uint64_t a1 = record(r, 'a'), a2 = record(r, 'a');

	work(r);
	expect(r, a1);
	engine_outcome(r->engine, 0, &(struct wire_outcome){ .n = a1, .outcome = PV_RETRY, .retry_after_s = 86400 });
	settle(r);
	ask(r, 1, "retry", "n=2\nhandler=first\n");
	expect_nothing(r);
	ask(r, 0, "retry", "handler=first\nstate=waiting\n");
	expect(r, a1);
	ck_assert_uint_eq(r->attempts[r->taken - 1], 2);
	ck_assert_ptr_nonnull(strstr(ask(r, 1, "retry", "n=1\n"), "right now"));
	done(r, a1);
	expect(r, a2);
	rig_free(r);
}
END_TEST

START_TEST(discarding_frees_a_lane)
{
	struct rig *r = rig();
	uint64_t a1 = record(r, 'a'), a2 = record(r, 'a');

	work(r);
	expect(r, a1);
	say(r, a1, PV_RETRY, NULL);
	settle(r);
	ask(r, 0, "discard", "n=1\n");
	expect(r, a2);
	ck_assert_int_eq(row(r, a1).state, 0);
	ck_assert_str_eq(history(r, a1), "retry discarded");
	now_ms += 100000;
	work(r);
	expect_nothing(r);
	rig_free(r);
}
END_TEST

START_TEST(the_command_applies_when_no_dispatcher_runs)
{
	struct rig *r = rig();
	uint64_t a1 = record(r, 'a'), a2 = record(r, 'a');

	work(r);
	say(r, a1, PV_DEAD, NULL);
	settle(r);
	done(r, a2);
	stop(r);
	ask(r, 0, "retry", "n=1\n");
	r->n_given = r->taken = 0;
	start(r);
	work(r);
	expect(r, a1);
	rig_free(r);
}
END_TEST

START_TEST(what_cannot_be_is_refused_with_a_reason)
{
	struct rig *r = rig();
	uint64_t n = record(r, 'a');

	work(r);
	done(r, n);
	ck_assert_ptr_nonnull(strstr(ask(r, 1, "retry", "n=1\nhandler=first\n"), "rewind first"));
	ck_assert_ptr_nonnull(strstr(ask(r, 1, "retry", "n=99\n"), "no event 99"));
	ck_assert_ptr_nonnull(strstr(ask(r, 1, "retry", "n=x\n"), "not a number"));
	ck_assert_ptr_nonnull(strstr(ask(r, 1, "retry", ""), "name an event"));
	ck_assert_ptr_nonnull(strstr(ask(r, 1, "discard", "handler=first\n"), "nothing"));
	ck_assert_ptr_nonnull(strstr(ask(r, 1, "rewind", "handler=nobody\nafter=0\n"), "no handler nobody"));
	ck_assert_ptr_nonnull(strstr(ask(r, 1, "rewind", "handler=first\nafter=1\n"), "nothing to run again"));
	ask(r, 1, "rewind", "handler=first\nafter=0\nonly=nl..x\n");
	ask(r, 1, "forget", "handler=first\n");
	ask(r, 1, "forget", "handler=nobody\n");
	ask(r, 1, "dance", "");
	rig_free(r);
}
END_TEST

START_TEST(a_handler_that_is_gone_can_be_forgotten)
{
	struct rig *r = rig();
	uint64_t n = record(r, 'a');

	work(r);
	say(r, n, PV_DEAD, NULL);
	settle(r);
	r->handlers[0].name = "renamed";
	restart(r);
	ask(r, 0, "forget", "handler=first\n");
	ck_assert_uint_eq(mark(r), 0);
	ck_assert_int_eq(row(r, n).state, 0);
	rig_free(r);
}
END_TEST

/* ---- replays ---- */

static size_t replays(struct rig *r)
{
	struct pool *pool = pool_new();
	struct replay *v;
	size_t n;

	ok(store_replays(r->store, pool, &v, &n, &err));
	pool_free(&pool);
	return n;
}

static void run_all(struct rig *r)
{
	for (; r->taken < r->n_given; r->taken++) {
		say(r, r->given[r->taken], PV_DONE, NULL);
		settle(r);
	}
}

START_TEST(a_rewind_runs_again_what_was_passed_but_not_what_is_parked)
{
	struct rig *r = rig();
	uint64_t dead, other;

	record(r, 'a');
	dead = record(r, 'b');
	record_as(r, "nl.overheid.zaken", 'a', 1);
	other = record_as(r, "nl.other", 'c', 500);
	record(r, 'a');
	work(r);
	say(r, dead, PV_DEAD, NULL);
	for (r->taken = 0; r->taken < r->n_given; r->taken++)
		if (r->given[r->taken] != dead)
			done(r, r->given[r->taken]);
	ask(r, 0, "rewind", "handler=first\nafter=0\nonly=nl.overheid.**\n");
	expect(r, 1);
	expect_nothing(r);
	done(r, 1);
	expect(r, 5);
	done(r, 5);
	ck_assert_uint_eq(replays(r), 0);
	ck_assert_str_eq(history(r, 1), "done replayed");
	ck_assert_str_eq(history(r, other), "done");
	ck_assert_str_eq(history(r, dead), "dead");
	ck_assert(!engine_replays(r->engine, 0));
	rig_free(r);
}
END_TEST

START_TEST(asking_twice_joins_the_rewind_that_runs)
{
	struct rig *r = rig();

	record(r, 'a');
	record(r, 'a');
	work(r);
	run_all(r);
	ask(r, 0, "rewind", "handler=first\nafter=0\n");
	ck_assert_ptr_nonnull(strstr(ask(r, 0, "rewind", "handler=first\nafter=0\n"), "runs already"));
	ck_assert_uint_eq(replays(r), 1);
	ck_assert_ptr_nonnull(strstr(ask(r, 0, "rewind", "handler=first\nafter=1\n"), "runs already"));
	ck_assert_uint_eq(replays(r), 1);
	run_all(r);
	settle(r);
	ck_assert_uint_eq(replays(r), 0);
	ck_assert_str_eq(history(r, 1), "done replayed");
	ck_assert_str_eq(history(r, 2), "done replayed");
	rig_free(r);
}
END_TEST

START_TEST(a_rewind_goes_on_after_a_restart_beside_live_intake)
{
	struct rig *r = rig();
	uint64_t live;

	for (int i = 0; i < 4; i++)
		record(r, 0);
	work(r);
	run_all(r);
	ask(r, 0, "rewind", "handler=first\nafter=1\n");
	expect(r, 2);
	done(r, 2);
	live = record(r, 0);
	restart(r);
	work(r);
	expect(r, 3);
	expect(r, 4);
	expect(r, live);
	expect_nothing(r);
	rig_free(r);
}
END_TEST

START_TEST(a_retry_in_a_rewind_is_parked_like_any_other)
{
	struct rig *r = rig();
	uint64_t a1 = record(r, 'a'), a2 = record(r, 'a');

	work(r);
	run_all(r);
	ask(r, 0, "rewind", "handler=first\nafter=0\n");
	expect(r, a1);
	say(r, a1, PV_RETRY, NULL);
	settle(r);
	settle(r);
	ck_assert_uint_eq(replays(r), 0);
	ck_assert_int_eq(row(r, a2).state, PARKED_BEHIND);
	now_ms += 5000;
	restart(r);
	work(r);
	expect(r, a1);
	done(r, a1);
	expect(r, a2);
	rig_free(r);
}
END_TEST

/* ---- what expires ---- */

static const char *time_at(int64_t ms)
{
	static char text[CLOCK_TEXT];

	return clock_text(text, ms);
}

START_TEST(an_expired_event_is_not_run_and_its_lane_goes_on)
{
	struct rig *r = rig();
	uint64_t past = record_until(r, 'a', time_at(now_ms - 1)), next = record(r, 'a');
	uint64_t loose = record_until(r, 0, "2001-01-01T00:00:00+01:00");

	work(r);
	expect_nothing(r);	/* it ends as anything else does: when that is written */
	settle(r);
	expect(r, next);
	expect_nothing(r);
	done(r, next);
	ck_assert_str_eq(history(r, past), "expired");
	ck_assert_str_eq(history(r, loose), "expired");
	ck_assert_uint_eq(mark(r), loose);
	ck_assert_int_eq(board_get(r->board, BOARD_EXPIRED), 2);
	ck_assert_int_eq(board_get(r->board, BOARD_DONE), 1);
	restart(r);
	work(r);
	expect_nothing(r);
	rig_free(r);
}
END_TEST

START_TEST(until_it_expires_and_when_that_is_no_time_an_event_is_run)
{
	static const char *const odd[] = { "", "morgen", "2001-01-01", "2001-01-01T00:00:00", "0" };
	struct rig *r = rig();
	uint64_t now = record_until(r, 0, time_at(now_ms)), later = record_until(r, 0, time_at(now_ms + 1));

	work(r);
	expect(r, now);
	expect(r, later);
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		uint64_t n = record_until(r, 0, odd[i]);

		work(r);
		expect(r, n);
	}
	ck_assert_int_eq(board_get(r->board, BOARD_EXPIRED), 0);
	rig_free(r);
}
END_TEST

static bool take_attempt(void *arg, const struct history *h)
{
	if (strcmp(h->what, "expired") == 0)
		*(int *)arg = h->attempt;
	return true;
}

START_TEST(what_expires_while_it_waits_is_not_tried_again)
{
	struct rig *r = rig();
	uint64_t a1 = record_until(r, 'a', time_at(now_ms + 100)), a2 = record(r, 'a');
	int attempt = -1;

	work(r);
	expect(r, a1);
	say(r, a1, PV_RETRY, NULL);
	settle(r);
	ck_assert_int_eq(row(r, a1).state, PARKED_WAITING);
	ck_assert_int_eq(row(r, a2).state, PARKED_BEHIND);
	restart(r);
	now_ms += 60000;
	work(r);
	expect_nothing(r);
	settle(r);
	expect(r, a2);
	done(r, a2);
	ck_assert_int_eq(row(r, a1).state, 0);
	ck_assert_int_eq(row(r, a2).state, 0);
	ck_assert_str_eq(history(r, a1), "retry expired");
	ok(store_history_each(r->store, a1, take_attempt, &attempt, &err));
	ck_assert_int_eq(attempt, 1);
	ck_assert_uint_eq(mark(r), a2);
	rig_free(r);
}
END_TEST

START_TEST(a_rewind_passes_over_what_expired_since)
{
	struct rig *r = rig();
	uint64_t a1 = record_until(r, 'a', time_at(now_ms + 100)), a2 = record(r, 'a');

	work(r);
	run_all(r);
	now_ms += 60000;
	ask(r, 0, "rewind", "handler=first\nafter=0\n");
	settle(r);
	expect(r, a2);
	done(r, a2);
	expect_nothing(r);
	ck_assert_uint_eq(replays(r), 0);
	ck_assert_str_eq(history(r, a1), "done expired");
	ck_assert_str_eq(history(r, a2), "done replayed");
	rig_free(r);
}
END_TEST

START_TEST(a_dead_event_that_expired_since_is_not_run_by_an_operator)
{
	struct rig *r = rig();
	uint64_t n;

	r->handlers[0].on_dead = ON_DEAD_HOLD;
	n = record_until(r, 'a', time_at(now_ms + 100));
	work(r);
	expect(r, n);
	say(r, n, PV_DEAD, NULL);
	settle(r);
	ck_assert_int_eq(row(r, n).state, PARKED_HELD);
	now_ms += 60000;
	ask(r, 0, "retry", "n=1\n");
	expect_nothing(r);
	settle(r);
	ck_assert_int_eq(row(r, n).state, 0);
	ck_assert_str_eq(history(r, n), "dead retried expired");
	rig_free(r);
}
END_TEST

/* ---- quarantine ---- */

START_TEST(what_was_quarantined_is_parked_and_can_be_parsed_again)
{
	static const char good[] = "{\"kanaal\":\"zaken\",\"hoofdObject\":\"https://z.nl/zaken/1\",\"resource\":\"status\","
				   "\"resourceUrl\":\"https://z.nl/status/1\",\"actie\":\"create\","
				   "\"aanmaakdatum\":\"2019-11-04T10:38:26Z\",\"kenmerken\":{}}";
	struct attr json = { "content-type", "application/json" };
	struct event bad = { .received_ms = now_ms, .mark = EVENT_QUARANTINED, .wire = WIRE_NRC, .type = "", .endpoint = "nrc",
			     .sender = "on", .headers = &json, .n_headers = 1, .data = (const unsigned char *)"{", .data_len = 1 };
	struct event fine = bad;
	struct event *both[] = { &bad, &fine };
	struct parked p = {0};
	struct rig *r = rig();

	memset(bad.key.b, 1, sizeof bad.key.b);
	memset(fine.key.b, 2, sizeof fine.key.b);
	fine.data = (const unsigned char *)good;
	fine.data_len = strlen(good);
	ok(store_append(r->store, both, 2, &err));
	work(r);
	expect_nothing(r);
	ok(store_parked_each(r->store, "", bad.n, copy_row, &p, &err));
	ck_assert_int_eq(p.state, PARKED_DEAD);
	ask(r, 1, "retry", "n=1\n");
	ck_assert_str_eq(ask(r, 0, "retry", "n=2\n"), "event 2 is taken in as event 3");
	work(r);
	expect(r, 3);
	ask(r, 0, "discard", "n=1\n");
	p.state = 0;
	ok(store_parked_each(r->store, "", 0, copy_row, &p, &err));
	ck_assert_int_eq(p.state, 0);
	rig_free(r);
}
END_TEST

/* Reads a request, of which headers are pairs that end with null, by the rules of the endpoint; it has to be refused,
 * and what quarantine keeps of it is recorded. Its number. */
static uint64_t quarantine(struct rig *r, struct attr *headers, const char *body)
{
	struct read_rules rules = conf_read_rules(&r->endpoint, &r->sender);
	struct message m = { .method = "POST", .path = "", .query = "", .peer = "", .headers = headers,
			     .body = (const unsigned char *)body, .body_len = strlen(body) };
	struct pool *pool = pool_new();
	struct reading reading;
	struct event *raw;
	uint64_t n;

	while (headers[m.n_headers].name)
		m.n_headers++;
	rules.now_ms = now_ms;
	message_read(pool, &m, &rules, &reading);
	ck_assert_int_eq(reading.status, 400);
	raw = message_raw(pool, &m, &rules, &reading);
	raw->received_ms = now_ms;
	raw->endpoint = "nrc";
	raw->sender = "on";
	ok(store_append(r->store, &raw, 1, &err));
	n = raw->n;
	pool_free(&pool);
	work(r);
	expect_nothing(r);
	return n;
}

static struct event *stored(struct rig *r, struct pool *pool, uint64_t n)
{
	struct event *event;

	ok(store_event(r->store, n, pool, &event, &err));
	ck_assert_ptr_nonnull(event);
	return event;
}

#define STRUCTURED { "content-type", "application/cloudevents+json" }
#define OF(id, source, more) "{\"specversion\":\"1.0\",\"id\":\"" id "\",\"source\":\"" source "\",\"type\":\"nl.x\"" more "}"

START_TEST(a_cloudevent_that_was_too_lax_is_taken_in_after_all)
{
	struct attr headers[] = { STRUCTURED, { NULL, NULL } };
	struct pool *pool = pool_new();
	struct rig *r = rig();
	struct event *event;
	uint64_t n;

	r->endpoint.accepts = ACCEPTS_CLOUD;
	r->endpoint.cloud_profile = PROFILE_NLGOV_STRICT;
	n = quarantine(r, headers, OF("1", "oz", ",\"subject\":\"o\",\"data\":[1.0]"));
	ck_assert_str_eq(ask(r, 0, "retry", "n=1\n"), "event 1 is taken in as event 2");
	expect(r, n + 1);
	event = stored(r, pool, n + 1);
	ck_assert(event->mark == EVENT_PLAIN && event->wire == WIRE_CLOUD && event->has_lane);
	ck_assert_str_eq(event->source, "oz");
	ck_assert_str_eq(event->datacontenttype, "application/json");
	ck_assert_ptr_nonnull(strstr(event->note, "source is not a URN"));
	ck_assert_mem_eq(event->data, "[1.0]", 5);
	rig_free(r);
	pool_free(&pool);
}
END_TEST

START_TEST(a_cloudevent_that_is_still_faulty_is_refused_with_its_faults)
{
	struct attr headers[] = { STRUCTURED, { NULL, NULL } };
	struct rig *r = rig();
	const char *answer;

	r->endpoint.accepts = ACCEPTS_CLOUD;
	quarantine(r, headers, OF("1", "a b", ",\"time\":\"\""));
	answer = ask(r, 1, "retry", "n=1\n");
	ck_assert_msg(strstr(answer, "event 1 still cannot be taken in") && strstr(answer, "/source: ") && strstr(answer, "/time: "), "%s", answer);
	r->endpoint.accepts = ACCEPTS_NRC;
	answer = ask(r, 1, "retry", "n=1\n");
	ck_assert_msg(strstr(answer, "Content-Type must be application/json") != NULL, "%s", answer);
	rig_free(r);
}
END_TEST

START_TEST(a_binary_cloudevent_is_read_again_by_its_headers)
{
	struct attr headers[] = { { "ce-id", "a%20b" }, { "ce-source", "/s" }, { "ce-type", "nl.x" }, { "ce-specversion", "1.0" },
				  { "content-type", "text/plain" }, { "ce-myext", "y" }, { "cookie", "c" }, { NULL, NULL } };
	struct pool *pool = pool_new();
	struct rig *r = rig();
	struct event *event;

	r->endpoint.accepts = ACCEPTS_CLOUD;
	r->endpoint.cloud_profile = PROFILE_CNCF;
	quarantine(r, headers, "");	/* a payload is required */
	ask(r, 0, "retry", "n=1\n");
	expect(r, 2);
	event = stored(r, pool, 2);
	ck_assert_str_eq(event->id, "a b");
	ck_assert_str_eq(event_attr(event, "myext", pool), "y");
	ck_assert_str_eq(event->datacontenttype, "text/plain");
	ck_assert_uint_eq(event->data_len, 0);
	ck_assert_ptr_null(event_header(event, "cookie"));
	headers[0].value = "other";	/* the same body, and another event */
	quarantine(r, headers, "");
	ask(r, 0, "retry", "n=3\n");
	expect(r, 4);
	ck_assert_str_eq(stored(r, pool, 4)->id, "other");
	rig_free(r);
	pool_free(&pool);
}
END_TEST

START_TEST(a_batch_becomes_several_events)
{
	struct attr headers[] = { { "content-type", "application/cloudevents-batch+json" }, { NULL, NULL } };
	struct pool *pool = pool_new();
	struct rig *r = rig();

	r->endpoint.accepts = ACCEPTS_CLOUD;
	r->endpoint.cloud_profile = PROFILE_NLGOV_URN;
	r->endpoint.batch = 3;
	quarantine(r, headers, "[" OF("1", "oz", "") "," OF("2", "oz", "") "," OF("1", "oz", "") "]");
	r->sender.may_send = "nl.y";
	ck_assert_str_eq(ask(r, 1, "retry", "n=1\n"), "sender on may not send nl.x (setting may_send)");
	r->sender.may_send = "**";
	r->sender.sources = "https://x.nl/*";
	ck_assert_str_eq(ask(r, 1, "retry", "n=1\n"), "sender on may not send nl.x from its source (setting sources)");
	r->sender.sources = "o*z";
	r->endpoint.batch = 2;
	ask(r, 1, "retry", "n=1\n");
	r->endpoint.batch = 3;
	ck_assert_str_eq(ask(r, 0, "retry", "n=1\n"), "event 1 is taken in as event 2\nevent 1 is taken in as event 3\n"
			 "event 1 is taken in as event 4");
	expect(r, 2);
	expect(r, 3);
	expect_nothing(r);	/* the third is the first again */
	ck_assert_str_eq(stored(r, pool, 3)->id, "2");
	rig_free(r);
	pool_free(&pool);
}
END_TEST

START_TEST(mapped_json_is_read_again_by_what_its_mapping_reads)
{
	struct attr headers[] = { { "content-type", "application/json" }, { "x-event", "x" }, { "x-id", "7" }, { NULL, NULL } };
	struct pool *pool = pool_new();
	struct rig *r = rig();
	struct event *event;

	r->endpoint.accepts = ACCEPTS_JSON;
	ok(mapping_parse(pool, MAP_ID, "header:x-id", &r->endpoint.map[MAP_ID], &err));
	ok(mapping_parse(pool, MAP_TYPE, "nl. header:x-event", &r->endpoint.map[MAP_TYPE], &err));
	ok(mapping_parse(pool, MAP_SOURCE, "/s", &r->endpoint.map[MAP_SOURCE], &err));
	ok(mapping_parse(pool, MAP_TIME, "received", &r->endpoint.map[MAP_TIME], &err));
	quarantine(r, headers, "{}");
	ask(r, 1, "retry", "n=1\n");
	ok(mapping_parse(pool, MAP_SOURCE, "/s | '/bron'", &r->endpoint.map[MAP_SOURCE], &err));
	ask(r, 0, "retry", "n=1\n");
	expect(r, 2);
	event = stored(r, pool, 2);
	ck_assert_str_eq(event->type, "nl.x");
	ck_assert_str_eq(event->id, "7");
	ck_assert_str_eq(event->source, "/bron");
	ck_assert_int_eq(event->received_ms, stored(r, pool, 1)->received_ms);
	rig_free(r);
	pool_free(&pool);
}
END_TEST

START_TEST(it_rests_only_when_intake_is_busy_and_processors_are_short)
{
	static const struct {
		struct courtesy_span span;	/* ms, accepted, commits, idle (%), resting, given */
		int rest_ms;
	} cases[] = {
		{ { 100, 5000, 200, 10, false, 0 }, 200 }, { { 100, 5000, 200, 10, true, 200 }, 500 },
		{ { 100, 5000, 200, 49, false, 700 }, 200 }, { { 100, 5000, 200, 50, false, 700 }, 0 },
		{ { 100, 5000, 200, 69, true, 700 }, 500 }, { { 100, 5000, 200, 70, true, 700 }, 0 },
		{ { 100, 5000, 500, 10, false, 0 }, 0 }, { { 100, 99, 1, 10, false, 0 }, 0 },
		{ { 100, 5000, 200, 10, true, 4999 }, 500 }, { { 100, 5000, 200, 10, true, 5000 }, 0 },
		{ { 100, 5000, 200, 10, false, INT64_MAX }, 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_int_eq(courtesy_rest(&cases[i].span), cases[i].rest_ms);
}
END_TEST

static int after(struct courtesy *c, struct board *board, int64_t *now, int64_t ms, int accepted, int commits, bool behind)
{
	board_add(board, BOARD_ACCEPTED, accepted);
	board_add(board, BOARD_COMMITS, commits);
	*now += ms;
	return courtesy_ms(c, board, behind, *now);
}

/* Whatever the machine does meanwhile: the first rest is given before it is known. */
START_TEST(rests_are_given_for_so_long_and_again_when_it_was_calm)
{
	struct board *board = board_private();
	struct courtesy c;
	int64_t now = 1000;

	courtesy_open(&c);
	ck_assert_int_eq(after(&c, board, &now, 100, 50, 1, true), 0);
	ck_assert_int_eq(after(&c, board, &now, 10, 500, 20, true), 200);
	ck_assert(c.gives_way);
	c.given_ms = 5000;
	ck_assert_int_eq(after(&c, board, &now, 200, 5000, 200, true), 0);
	ck_assert(!c.gives_way);
	after(&c, board, &now, 1000, 0, 0, true);
	ck_assert_int_eq(after(&c, board, &now, 10, 500, 20, false), 0);	/* it was behind all the time */
	after(&c, board, &now, 99, 0, 0, false);
	ck_assert_int_eq(after(&c, board, &now, 10, 500, 20, false), 0);	/* events came again after a moment */
	after(&c, board, &now, 60, 0, 0, false);
	after(&c, board, &now, 60, 0, 0, false);
	ck_assert_int_eq(after(&c, board, &now, 10, 500, 20, false), 200);
	c.given_ms = 5000;
	ck_assert_int_eq(after(&c, board, &now, 300, 2800, 150, false), 0);
	ck_assert_int_eq(after(&c, board, &now, 300, 2800, 149, true), 200);	/* what came at the end of a sleep */
	c.given_ms = 5000;
	ck_assert_int_eq(after(&c, board, &now, 300, 2800, 8, true), 0);	/* not of a sleep: something was left */
	after(&c, board, &now, 120, 0, 0, false);
	after(&c, board, &now, 120, 0, 0, false);
	ck_assert_int_eq(after(&c, board, &now, 10, 500, 20, false), 200);
	c.given_ms = 5000;
	after(&c, board, &now, 200, 0, 0, true);
	after(&c, board, &now, 2, 0, 0, false);	/* what was left is done, too early to look */
	after(&c, board, &now, 120, 0, 0, false);
	ck_assert_int_eq(after(&c, board, &now, 10, 500, 20, false), 200);
	c.given_ms = 5000;
	ck_assert_int_eq(after(&c, board, &now, 500, 1000, 10, false), 0);	/* nor was a rest one, */
	c.gives_way = true;
	ck_assert_int_eq(after(&c, board, &now, 500, 400, 4, true), 0);		/* nor one that left something */
	after(&c, board, &now, 120, 0, 0, false);
	ck_assert_int_eq(after(&c, board, &now, 120, 400, 1, false), 0);	/* a group now and then is a stream */
	courtesy_close(&c);
	board_close(&board);
}
END_TEST

START_TEST(without_an_account_of_the_processor_it_never_rests)
{
	struct board *board = board_private();
	struct courtesy c = { .fd = -1 };
	int64_t now = 1000;

	while (now < 5000)
		ck_assert_int_eq(after(&c, board, &now, 100, 100000, 1, true), 0);
	board_close(&board);
}
END_TEST

/* ---- erasing ---- */

static bool in_log(struct rig *r, uint64_t n)
{
	struct pool *pool = pool_new();
	struct event *e;
	bool there;

	ok(store_event(r->store, n, pool, &e, &err));
	there = e != NULL;
	pool_free(&pool);
	return there;
}

static const char *list_of(const uint64_t *v, size_t n)
{
	static char text[256];
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%llu", i ? "," : "events=", (unsigned long long)v[i]);
	return text;
}

START_TEST(what_is_erased_leaves_the_engine_and_its_lanes_go_on)
{
	struct rig *r = rig();
	uint64_t a1 = record(r, 'a'), a2 = record(r, 'a'), a3 = record(r, 'a'), b1 = record(r, 'b'), b2 = record(r, 'b'),
		 b3 = record(r, 'b'), c1 = record(r, 'c'), d1, erased[] = { a2, b1, b2, c1 };
	const char *answer;

	work(r);
	expect(r, a1);
	expect(r, b1);
	expect(r, c1);
	say(r, b1, PV_RETRY, "not now");
	done(r, c1);
	r->room = 0;
	d1 = record(r, 0);
	work(r);
	r->room = 1000;
	answer = ask(r, 0, "erase", list_of(erased, 4));
	ck_assert_msg(strstr(answer, "erased: 4 events, 2 parked deliveries") != NULL, "%s", answer);
	expect(r, d1);
	expect(r, b3);
	expect_nothing(r);
	done(r, d1);
	done(r, b3);
	done(r, a1);
	expect(r, a3);
	done(r, a3);
	expect_nothing(r);
	ck_assert_uint_eq(mark(r), d1);
	ck_assert_int_eq(row(r, b1).n == 0 && row(r, b2).n == 0, 1);
	for (size_t i = 0; i < 4; i++) {
		ck_assert(!in_log(r, erased[i]));
		ck_assert_str_eq(history(r, erased[i]), "");
	}
	ck_assert_str_eq(history(r, a1), "done");
	restart(r);
	work(r);
	expect_nothing(r);
	rig_free(r);
}
END_TEST

START_TEST(what_runs_or_just_came_is_not_erased)
{
	struct rig *r = rig();
	uint64_t a1 = record(r, 'a'), a2, both[2];
	const char *answer;

	work(r);
	expect(r, a1);
	a2 = record(r, 'a');
	both[0] = a1;
	both[1] = a2;
	answer = ask(r, 1, "erase", list_of(both, 2));
	ck_assert_msg(strstr(answer, "runs right now") && strstr(answer, "came just now"), "%s", answer);
	ck_assert(in_log(r, a1) && in_log(r, a2));
	done(r, a1);
	expect(r, a2);
	done(r, a2);
	ask(r, 0, "erase", list_of(both, 2));
	ck_assert(!in_log(r, a1) && !in_log(r, a2));
	ask(r, 0, "erase", list_of(both, 2));	/* as after a kill in the middle */
	rig_free(r);
}
END_TEST

/* What is not sorted would leave no identity, so it is sorted first. */
START_TEST(erasing_without_a_dispatcher_leaves_identities)
{
	struct rig *r = rig();
	uint64_t n = record_as(r, "nl.overheid.zaken", 'a', 7), again;

	stop(r);
	r->engine = NULL;
	ask(r, 0, "erase", list_of(&n, 1));
	ck_assert(!in_log(r, n));
	again = record_as(r, "nl.overheid.zaken", 'a', 7);
	start(r);
	work(r);
	expect_nothing(r);
	ck_assert_str_eq(history(r, again), "duplicate");
	rig_free(r);
}
END_TEST

START_TEST(a_list_that_is_none_erases_nothing)
{
	static const char *const bad[] = { "events=2,1", "events=0", "events=1-", "events=1,,2", "events=5-1", "events=1-99999999",
					   "events=-1", "rejected=x", "lanes=12", "events=1 2", "lanes=zz112233445566778899aabbccddeeff" };
	struct rig *r = rig();
	uint64_t n = record(r, 'a');

	work(r);
	done(r, n);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ask(r, 1, "erase", bad[i]);
	ck_assert(in_log(r, n));
	ask(r, 0, "erase", "events=1\nrejected=1\nlanes=00112233445566778899aabbccddeeff,00112233445566778899aabbccddeeff\nwhy=x\n");
	ck_assert(!in_log(r, n));
	rig_free(r);
}
END_TEST

UNIT_MAIN("dispatch", it_rests_only_when_intake_is_busy_and_processors_are_short,
	  rests_are_given_for_so_long_and_again_when_it_was_calm, without_an_account_of_the_processor_it_never_rests,
	  what_is_erased_leaves_the_engine_and_its_lanes_go_on, what_runs_or_just_came_is_not_erased,
	  erasing_without_a_dispatcher_leaves_identities, a_list_that_is_none_erases_nothing,
	  one_event_of_a_lane_at_a_time_in_order, a_lane_goes_on_only_when_the_outcome_is_written,
	  events_without_a_lane_run_side_by_side, order_none_knows_no_lanes, only_wanted_types_are_given,
	  a_retry_holds_its_lane_and_no_other, what_comes_later_stands_behind_a_waiting_event,
	  the_wait_grows_and_the_handler_may_set_it, after_the_last_attempt_an_event_is_dead_and_its_lane_goes_on,
	  dead_with_hold_stops_its_lane, a_crash_charges_the_event_that_ran,
	  an_answer_about_what_was_not_given_is_ignored, the_bookmark_never_passes_an_unfinished_event,
	  what_was_done_is_not_done_again_after_a_restart, what_was_done_far_ahead_is_not_done_again_after_two_restarts,
	  a_lane_keeps_its_order_over_a_restart,
	  duplicates_are_never_given, no_more_is_loaded_than_fits, a_busy_lane_does_not_starve_the_others,
	  one_long_event_does_not_stop_the_bookmark, now_is_the_beginning_in_a_store_that_was_never_dispatched,
	  an_event_that_is_gone_is_passed_over, an_operator_retries_what_is_dead, an_operator_hurries_what_waits,
	  discarding_frees_a_lane, the_command_applies_when_no_dispatcher_runs,
	  what_cannot_be_is_refused_with_a_reason, a_handler_that_is_gone_can_be_forgotten,
	  a_rewind_runs_again_what_was_passed_but_not_what_is_parked, asking_twice_joins_the_rewind_that_runs,
	  a_rewind_goes_on_after_a_restart_beside_live_intake, a_retry_in_a_rewind_is_parked_like_any_other,
	  an_expired_event_is_not_run_and_its_lane_goes_on, until_it_expires_and_when_that_is_no_time_an_event_is_run,
	  what_expires_while_it_waits_is_not_tried_again, a_rewind_passes_over_what_expired_since,
	  a_dead_event_that_expired_since_is_not_run_by_an_operator,
	  what_was_quarantined_is_parked_and_can_be_parsed_again,
	  a_cloudevent_that_was_too_lax_is_taken_in_after_all, a_cloudevent_that_is_still_faulty_is_refused_with_its_faults,
	  a_binary_cloudevent_is_read_again_by_its_headers, a_batch_becomes_several_events,
	  mapped_json_is_read_again_by_what_its_mapping_reads)
