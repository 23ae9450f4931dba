/* SPDX-License-Identifier: EUPL-1.2
 * A handler that fails all the time is paused by itself, and costs no event its attempts meanwhile. */
#include "config.h"
#include "unit.h"

#include "dispatch_rig.h"

static struct rig *rig_with(int failures)
{
	struct rig *r = rig_new();

	r->handlers[0].circuit = (struct conf_circuit){ failures, 10000, 2, 30000 };
	start(r);
	return r;
}

/* The row of the first handler; who is not to be looked at behind. */
static bool paused(struct rig *r, struct pause *out)
{
	struct pool *pool = pool_new();
	struct pause *v;
	size_t n;

	ok(store_pauses(r->store, pool, &v, &n, &err));
	*out = n ? v[0] : (struct pause){0};
	ck_assert(n == 0 || strcmp(v[0].handler, "first") == 0);
	out->why = n ? "" : NULL;
	out->who = n && v[0].who ? "" : NULL;
	pool_free(&pool);
	return n > 0;
}

static bool is_paused(struct rig *r)
{
	struct pause p;

	return paused(r, &p);
}

/* Takes the next that was given, whatever it is. */
static uint64_t next(struct rig *r)
{
	ck_assert_msg(r->taken < r->n_given, "nothing was given");
	return r->given[r->taken++];
}

static void flop(struct rig *r, uint64_t n)
{
	say(r, n, PV_RETRY, "no route to host");
	settle(r);
}

/* Three events in lanes of their own fail: that opens the circuit of three. */
static void open_with(struct rig *r, uint64_t *v)
{
	for (int i = 0; i < 3; i++)
		v[i] = record(r, (char)('a' + i));
	work(r);
	for (int i = 0; i < 3; i++)
		expect(r, v[i]);
	for (int i = 0; i < 3; i++)
		flop(r, v[i]);
}

START_TEST(it_opens_when_so_many_events_failed_in_a_row)
{
	struct rig *r = rig_with(3);
	struct pause p;
	uint64_t v[3];

	open_with(r, v);
	ck_assert(paused(r, &p));
	ck_assert_ptr_null(p.who);
	ck_assert_int_eq(p.since_ms, now_ms);
	ck_assert_int_eq(p.due_ms, now_ms + 10000);
	ck_assert_int_eq(p.tries, 0);
	ck_assert_int_eq(row(r, v[1]).attempts, 1);
	ck_assert_int_eq(row(r, v[2]).attempts, 0);	/* the one that opened it is not charged */
	ck_assert_int_eq(board_get(r->board, BOARD_PAUSES), 1);
	record(r, 'z');
	now_ms += 5000;
	work(r);
	expect_nothing(r);
	ck_assert_int_eq(engine_due_ms(r->engine), p.due_ms);
	ck_assert(!engine_has_ready(r->engine, 0));
	rig_free(r);
}
END_TEST

START_TEST(attempts_of_one_event_count_once)
{
	struct rig *r = rig_with(3);
	uint64_t n = record(r, 'a');

	r->handlers[0].retry.attempts = 10;
	for (int i = 0; i < 6; i++) {
		work(r);
		expect(r, n);
		flop(r, n);
		now_ms += 61000 * 2;
	}
	ck_assert(!is_paused(r));
	ck_assert_int_eq(row(r, n).attempts, 6);
	rig_free(r);
}
END_TEST

START_TEST(an_end_in_between_starts_the_count_anew)
{
	struct rig *r = rig_with(3);

	for (int i = 0; i < 20; i++) {
		uint64_t n = record(r, 0);

		work(r);
		expect(r, n);
		if (i % 3 == 2)
			say(r, n, i % 2 ? PV_DONE : PV_DEAD, NULL);
		else
			say(r, n, PV_RETRY, NULL);
		ok(engine_settle(r->engine, false, &err));
	}
	ck_assert(!is_paused(r));
	rig_free(r);
}
END_TEST

START_TEST(crashes_and_timeouts_count_too)
{
	struct rig *r = rig_with(3);
	uint64_t v[3] = { record(r, 'a'), record(r, 'b'), record(r, 'c') };

	work(r);
	engine_charge(r->engine, 0, v[0], "crash", "signal 11");
	engine_charge(r->engine, 0, v[1], "timeout", "after 1 s");
	settle(r);
	ck_assert(!is_paused(r));
	engine_charge(r->engine, 0, v[2], "crash", "signal 11");
	settle(r);
	ck_assert(is_paused(r));
	rig_free(r);
}
END_TEST

START_TEST(what_is_given_back_counts_for_nothing)
{
	struct rig *r = rig_with(3);
	uint64_t n = record(r, 'a');

	work(r);
	expect(r, n);
	for (int i = 0; i < 5; i++) {
		r->room++;
		engine_give_back(r->engine, 0, n);
		settle(r);
		expect(r, n);
	}
	ck_assert(!is_paused(r));
	rig_free(r);
}
END_TEST

START_TEST(one_event_is_tried_at_growing_intervals_and_not_the_same_one)
{
	struct rig *r = rig_with(3);
	uint64_t v[3], fresh, first, second;
	struct pause p;

	open_with(r, v);
	fresh = record(r, 'z');
	now_ms += 10000;
	work(r);
	expect(r, fresh);	/* that was never tried */
	expect_nothing(r);
	flop(r, fresh);
	expect_nothing(r);
	ck_assert(paused(r, &p));
	ck_assert_int_eq(p.tries, 1);
	ck_assert_int_eq(p.due_ms, now_ms + 20000);
	now_ms += 19000;
	work(r);
	expect_nothing(r);
	now_ms += 1000;
	work(r);
	first = next(r);
	expect_nothing(r);
	flop(r, first);
	paused(r, &p);
	ck_assert_int_eq(p.due_ms, now_ms + 30000);
	now_ms += 30000;
	work(r);
	second = next(r);
	ck_assert_uint_ne(first, second);
	ck_assert_uint_ne(second, fresh);
	flop(r, second);
	paused(r, &p);
	ck_assert_int_eq(p.tries, 3);
	ck_assert_int_eq(p.due_ms, now_ms + 30000);
	rig_free(r);
}
END_TEST

START_TEST(what_waits_has_its_turn_although_there_is_always_something_new)
{
	struct rig *r = rig_with(3);
	uint64_t v[3], n;

	open_with(r, v);
	record(r, 'x');
	record(r, 'y');
	now_ms += 10000;
	work(r);
	n = next(r);
	ck_assert_uint_gt(n, v[2]);
	flop(r, n);
	now_ms += 20000;
	work(r);
	n = next(r);
	ck_assert_uint_le(n, v[2]);
	flop(r, n);
	now_ms += 30000;
	work(r);
	ck_assert_uint_gt(next(r), v[2]);
	rig_free(r);
}
END_TEST

START_TEST(who_was_tried_longest_ago_is_tried_first)
{
	struct rig *r = rig_with(3);
	uint64_t old = record(r, 'a'), b = record(r, 'b'), c = record(r, 'c');

	work(r);
	for (int i = 0; i < 3; i++)
		next(r);
	engine_outcome(r->engine, 0, &(struct wire_outcome){ .n = old, .outcome = PV_RETRY, .retry_after_s = 60 });
	r->room++;
	settle(r);
	now_ms += 10;
	flop(r, b);
	flop(r, c);
	now_ms += 100000;
	work(r);
	expect(r, old);		/* which was due last */
	expect_nothing(r);
	rig_free(r);
}
END_TEST

START_TEST(nothing_dies_while_it_is_open)
{
	struct rig *r = rig_with(3);
	uint64_t v[3], hand = record(r, 'h');

	work(r);
	expect(r, hand);
	open_with(r, v);
	flop(r, hand);		/* it was in the hands when it opened */
	ck_assert_int_eq(row(r, hand).attempts, 0);
	ck_assert_str_eq(history(r, hand), "retry");
	for (int i = 0; i < 20; i++) {
		now_ms += 31000;
		work(r);
		flop(r, next(r));
		expect_nothing(r);
	}
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(row(r, v[i]).state, PARKED_WAITING);
		ck_assert_int_le(row(r, v[i]).attempts, 1);
	}
	ck_assert_int_eq(board_get(r->board, BOARD_DEAD), 0);
	rig_free(r);
}
END_TEST

START_TEST(the_first_that_is_done_lets_all_go_on)
{
	struct rig *r = rig_with(3);
	uint64_t v[3], n, behind;

	open_with(r, v);
	behind = record(r, 'a');
	now_ms += 10000;
	work(r);
	n = next(r);
	expect_nothing(r);
	done(r, n);
	ck_assert(!is_paused(r));
	for (int i = 0; i < 2; i++)
		done(r, next(r));
	expect(r, behind);
	done(r, behind);
	expect_nothing(r);
	ck_assert_int_eq(row(r, v[0]).state, 0);
	rig_free(r);
}
END_TEST

START_TEST(who_says_never_works)
{
	struct rig *r = rig_with(3);
	uint64_t v[3], hand = record(r, 'h');

	work(r);
	expect(r, hand);
	open_with(r, v);
	say(r, hand, PV_DEAD, "no such case");
	settle(r);
	ck_assert(!is_paused(r));
	ck_assert_int_eq(row(r, hand).state, PARKED_DEAD);
	rig_free(r);
}
END_TEST

START_TEST(it_stays_open_over_a_restart)
{
	struct rig *r = rig_with(3);
	struct pause p;
	uint64_t v[3];

	open_with(r, v);
	now_ms += 10000;
	work(r);
	flop(r, next(r));
	now_ms += 15000;
	restart(r);
	work(r);
	expect_nothing(r);
	ck_assert(paused(r, &p));
	ck_assert_int_eq(p.tries, 1);
	now_ms += 5000;
	work(r);
	done(r, next(r));
	ck_assert(!is_paused(r));
	rig_free(r);
}
END_TEST

START_TEST(a_trial_that_is_given_back_is_made_again)
{
	struct rig *r = rig_with(3);
	uint64_t v[3], n;

	open_with(r, v);
	now_ms += 10000;
	work(r);
	n = next(r);
	r->room++;
	engine_give_back(r->engine, 0, n);
	work(r);
	expect(r, n);
	expect_nothing(r);
	rig_free(r);
}
END_TEST

/* A rewind has the pause read from the desk as well. */
START_TEST(a_rewind_starts_neither_another_trial_nor_the_count_anew)
{
	struct rig *r = rig_with(3);
	struct pause p;
	uint64_t v[3], once = record(r, 0), trial;

	now_ms = clock_wall_ms() + 1000;
	work(r);
	expect(r, once);
	done(r, once);
	for (int i = 0; i < 3; i++)
		v[i] = record(r, (char)('a' + i));
	work(r);
	for (int i = 0; i < 3; i++)
		expect(r, v[i]);
	flop(r, v[0]);
	flop(r, v[1]);
	ask(r, 0, "rewind", "handler=first\nafter=0\n");
	expect(r, once);
	flop(r, v[2]);
	ck_assert(is_paused(r));
	record(r, 'y');
	record(r, 'z');
	now_ms += 10000;
	work(r);
	trial = next(r);
	ask(r, 0, "rewind", "handler=first\nafter=0\nlane=61616161616161616161616161616161\n");
	expect_nothing(r);
	flop(r, trial);
	ck_assert(paused(r, &p));
	ck_assert_int_eq(p.tries, 1);
	rig_free(r);
}
END_TEST

START_TEST(a_clock_that_was_put_back_does_not_pause_for_ever)
{
	struct rig *r = rig_with(3);
	uint64_t v[3], n;

	open_with(r, v);
	n = record(r, 'z');
	now_ms -= 3600000;
	restart(r);
	work(r);
	expect(r, n);
	rig_free(r);
}
END_TEST

START_TEST(without_the_setting_it_never_opens_and_what_was_open_goes_on)
{
	struct rig *r = rig_with(3);
	uint64_t v[3], n;

	open_with(r, v);
	r->handlers[0].circuit.failures = 0;
	restart(r);
	n = record(r, 'z');
	work(r);
	expect(r, n);
	settle(r);
	ok(engine_settle(r->engine, true, &err));
	ck_assert(!is_paused(r));
	for (int i = 0; i < 50; i++)
		record(r, 0);
	work(r);
	while (r->taken < r->n_given)
		flop(r, next(r));
	ck_assert(!is_paused(r));
	rig_free(r);
}
END_TEST

START_TEST(poison_in_ten_lanes_among_healthy_ones_never_opens_the_default)
{
	struct rig *r = rig_with(20);
	uint64_t poison[10];

	r->handlers[0].retry.attempts = 8;
	for (int i = 0; i < 10; i++)
		poison[i] = record(r, (char)('a' + i));
	for (int round = 0; round < 40; round++) {
		for (int i = 0; i < 20; i++)
			record(r, (char)('A' + i));
		work(r);
		for (; r->taken < r->n_given; work(r)) {
			uint64_t n = next(r);

			say(r, n, n <= poison[9] ? PV_RETRY : PV_DONE, NULL);
			ok(engine_settle(r->engine, false, &err));
		}
		ck_assert(!is_paused(r));
		now_ms += 61000;
	}
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(row(r, poison[i]).state, PARKED_DEAD);
	rig_free(r);
}
END_TEST

UNIT_MAIN("circuit", it_opens_when_so_many_events_failed_in_a_row, attempts_of_one_event_count_once,
	  an_end_in_between_starts_the_count_anew, crashes_and_timeouts_count_too, what_is_given_back_counts_for_nothing,
	  one_event_is_tried_at_growing_intervals_and_not_the_same_one,
	  what_waits_has_its_turn_although_there_is_always_something_new, who_was_tried_longest_ago_is_tried_first,
	  nothing_dies_while_it_is_open,
	  the_first_that_is_done_lets_all_go_on, who_says_never_works, it_stays_open_over_a_restart,
	  a_trial_that_is_given_back_is_made_again,
	  a_rewind_starts_neither_another_trial_nor_the_count_anew, a_clock_that_was_put_back_does_not_pause_for_ever,
	  without_the_setting_it_never_opens_and_what_was_open_goes_on,
	  poison_in_ten_lanes_among_healthy_ones_never_opens_the_default)
