/* SPDX-License-Identifier: EUPL-1.2
 * State that is made anew by a rewind, before live events go on. */
#include "config.h"
#include "replay_rig.h"

START_TEST(what_becomes_of_state_has_to_be_said)
{
	struct rig *r = rig();

	r->states = true;
	record(r, 'a');
	record(r, 'b');
	run_all(r);
	rewind_now(r, 1, "handler=first\nafter=0\n", "--state keep");
	rewind_now(r, 1, "handler=first\nafter=0\n" LANE_A, "--state reset");
	rewind_now(r, 0, "handler=first\nafter=0\nlane=63636363636363636363636363636363\n", "from event 1");
	rewind_now(r, 0, "handler=first\nafter=0\nstate=keep\n", "from event 1 to 2");
	run_all(r);
	ck_assert_str_eq(state_of(r, 0, 'a'), "1 1");
	rewind_now(r, 0, "handler=first\nafter=0\nstate=reset\n", "drops its state and runs");
	run_all(r);
	ck_assert_str_eq(state_of(r, 0, 'a'), "1");
	ck_assert_str_eq(state_of(r, 0, 'b'), "2");
	rig_free(r);
}
END_TEST

START_TEST(state_is_made_anew_before_what_comes_in)
{
	struct rig *r = rig();

	r->states = true;
	for (int i = 0; i < 3; i++)
		record(r, 'a');
	run_all(r);
	r->room = 0;
	record(r, 'a');
	record(r, 'b');
	work(r);
	rewind_now(r, 0, "handler=first\nafter=0\nstate=reset\n", "before what comes in");
	ck_assert_str_eq(state_of(r, 0, 'a'), "");
	r->room = 8;
	work(r);
	for (uint64_t n = 1; n <= 3; n++) {
		ck_assert_uint_eq(r->n_held, 1);
		ck_assert_uint_eq(r->held[0].n, n);
		answer(r, 0, PV_DONE);
		work(r);
	}
	run_all(r);
	ck_assert_str_eq(state_of(r, 0, 'a'), "1 2 3 4");
	ck_assert_str_eq(state_of(r, 0, 'b'), "5");
	ck_assert_str_eq(counts(r, 5), "22211");
	rig_free(r);
}
END_TEST

START_TEST(state_of_one_lane_is_made_anew)
{
	struct rig *r = rig();

	r->states = true;
	record(r, 'a');
	record(r, 'b');
	record(r, 'a');
	run_all(r);
	rewind_now(r, 0, "handler=first\nafter=0\nstate=reset\n" LANE_A, "of this object");
	ck_assert_str_eq(state_of(r, 0, 'a'), "");
	ck_assert_str_eq(state_of(r, 0, 'b'), "2");
	run_all(r);
	ck_assert_str_eq(state_of(r, 0, 'a'), "1 3");
	ck_assert_str_eq(counts(r, 3), "212");
	rig_free(r);
}
END_TEST

START_TEST(a_reset_waits_for_the_hands_and_others_do_not_wait_for_it)
{
	struct rig *r = rig();
	uint64_t reset, behind, other;

	r->states = true;
	r->conf.n_handlers = 2;
	stop(r);
	start(r);
	record(r, 'a');
	run_all(r);
	record(r, 'b');
	record(r, 'b');
	work(r);
	ck_assert_uint_eq(r->n_held, 2);
	reset = ask(r, "handler=first\nafter=0\nstate=reset\n");
	behind = ask(r, "handler=first\nafter=0\nstate=keep\n");
	other = ask(r, "handler=second\nafter=0\nstate=keep\n");
	ck_assert_uint_eq(serve(r), 1);
	ck_assert_int_eq(request(r, reset)->status, -1);
	ck_assert_int_eq(request(r, behind)->status, -1);
	ck_assert_int_eq(request(r, other)->status, 0);
	ck_assert(!engine_stands_still(r->engine) && engine_replays(r->engine, 0));
	ck_assert_str_eq(state_of(r, 0, 'a'), "1");
	for (size_t i = 0; i < r->n_held; i++)
		if (r->held[i].handler == 0) {
			answer(r, i, PV_DONE);
			break;
		}
	work(r);
	for (size_t i = 0; i < r->n_held; i++)
		ck_assert_msg(r->held[i].handler == 1, "the first was given event %d", (int)r->held[i].n);
	ck_assert(engine_stands_still(r->engine));
	ck_assert_uint_eq(serve(r), 2);
	ck_assert_msg(strstr(request(r, behind)->answer, "runs already") != NULL, "%s", request(r, behind)->answer);
	run_all(r);
	ck_assert_str_eq(state_of(r, 0, 'a'), "1");
	ck_assert_str_eq(state_of(r, 0, 'b'), "2 3");
	rig_free(r);
}
END_TEST

START_TEST(a_reset_takes_the_place_of_what_it_covers)
{
	struct rig *r = rig();

	r->states = true;
	for (int i = 0; i < 4; i++)
		record(r, 'a');
	run_all(r);
	r->room = 1;
	rewind_now(r, 0, "handler=first\nafter=1\nstate=keep\n", "from event 2");
	answer(r, 0, PV_DONE);
	ck_assert_str_eq(state_of(r, 0, 'a'), "1 2 3 4 2");
	rewind_now(r, 1, "handler=first\nafter=3\nstate=reset\n", "does not cover");
	rewind_now(r, 1, "handler=first\nafter=0\nstate=reset\nlane=62626262626262626262626262626262\n", "does not cover");
	ck_assert_uint_eq(r->n_held, 1);
	ask(r, "handler=first\nafter=0\nstate=reset\n");
	ck_assert_uint_eq(serve(r), 0);
	answer(r, 0, PV_DONE);
	ck_assert_uint_eq(serve(r), 1);
	ck_assert_uint_eq(replays(r), 1);
	rewind_now(r, 0, "handler=first\nafter=0\nstate=reset\n", "runs already");
	run_all(r);
	ck_assert_str_eq(state_of(r, 0, 'a'), "1 2 3 4");
	ck_assert_str_eq(counts(r, 4), "2332");
	rig_free(r);
}
END_TEST

START_TEST(what_waits_keeps_its_place_while_state_is_made_anew)
{
	struct rig *r = rig();

	r->states = true;
	record(r, 'a');
	run_all(r);
	record(r, 'a');
	record(r, 'a');
	work(r);
	answer(r, 0, PV_RETRY);
	now_ms += 5000;
	r->room = 0;
	work(r);
	rewind_now(r, 0, "handler=first\nafter=0\nstate=reset\n", "");
	r->room = 8;
	work(r);
	ck_assert_uint_eq(r->n_held, 1);
	ck_assert_uint_eq(r->held[0].n, 1);
	run_all(r);
	ck_assert_str_eq(state_of(r, 0, 'a'), "1 2 3");
	rig_free(r);
}
END_TEST

START_TEST(what_waits_does_not_run_before_what_is_not_even_loaded)
{
	struct rig *r = rig();
	uint64_t waits, before;

	r->states = true;
	for (int i = 0; i < 200; i++)
		record(r, 'b');
	before = record(r, 'a');
	run_all(r);
	waits = record(r, 'a');
	work(r);
	answer(r, 0, PV_RETRY);
	r->room = 0;
	now_ms += 5000;
	work(r);
	rewind_now(r, 0, "handler=first\nafter=0\nstate=reset\n", "");
	r->room = 8;
	run_all(r);
	ck_assert_str_eq(state_of(r, 0, 'a'), pool_fmt(pool, "%d %d", (int)before, (int)waits));
	rig_free(r);
}
END_TEST

START_TEST(what_waits_for_later_is_due_in_vain_while_state_is_made_anew)
{
	struct rig *r = rig();

	r->states = true;
	for (int i = 0; i < 200; i++)
		record(r, 'b');
	record(r, 'a');
	run_all(r);
	record(r, 'a');
	work(r);
	answer(r, 0, PV_RETRY);
	rewind_now(r, 0, "handler=first\nafter=0\nstate=reset\n", "");
	now_ms += 5000;
	stop(r);
	start(r);
	run_all(r);
	ck_assert_str_eq(state_of(r, 0, 'a'), "201 202");
	rig_free(r);
}
END_TEST

/* In lane a, with a time to expire that has passed when ms have. */
static void record_until(struct rig *r, int64_t ms)
{
	char text[CLOCK_TEXT];
	struct attr attr = { "expirytime", clock_text(text, now_ms + ms) };
	struct event e = { .received_ms = now_ms, .wire = WIRE_CLOUD, .type = "nl.zaak", .id = "1", .source = "urn:nld:zaken",
			   .endpoint = "ce", .sender = "on", .has_lane = true, .lane = key_of('a'), .attrs = &attr, .n_attrs = 1 };
	struct event *p = &e;

	r->ids++;
	memcpy(e.key.b, &r->ids, sizeof r->ids);
	ok(store_append(r->store, &p, 1, &err));
}

/* Also behind what expired, which needs no hands. */
static void run_well(struct rig *r)
{
	for (int i = 0; i < 4; i++)
		run_all(r);
}

START_TEST(what_expired_since_has_its_part_in_the_state_again)
{
	struct rig *r = rig();

	r->states = true;
	record(r, 'a');
	record_until(r, 60000);
	record_until(r, -60000);
	record(r, 'a');
	run_well(r);
	ck_assert_str_eq(state_of(r, 0, 'a'), "1 2 4");
	now_ms += 120000;
	rewind_now(r, 0, "handler=first\nafter=0\nstate=keep\n", "");
	run_well(r);
	ck_assert_str_eq(state_of(r, 0, 'a'), "1 2 4 1 4");
	rewind_now(r, 0, "handler=first\nafter=0\nstate=reset\n", "");
	run_well(r);
	ck_assert_str_eq(state_of(r, 0, 'a'), "1 2 4");
	rig_free(r);
}
END_TEST

/* ---- any order of things ---- */

static uint64_t seed;
static unsigned dice(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)((seed >> 11) % n);
}

static void random_step(struct rig *r)
{
	unsigned what = dice(100);

	if (what < 30 && r->ids < EVENTS - 10)
		record(r, (char)('a' + dice(5)));
	else if (what < 85 && r->n_held)
		answer(r, dice((unsigned)r->n_held), what < 40 ? PV_RETRY : what < 42 ? PV_DEAD : PV_DONE);
	else if (what < 88)
		now_ms += 3000;
	else if (what < 90)
		ask(r, "handler=first\nafter=0\nstate=reset\n");
	else if (what < 91)
		ask(r, "handler=first\nafter=0\nstate=reset\nlane=62626262626262626262626262626262\n");
	else if (what < 93) {
		stop(r);
		start(r);
	} else if (what < 96)
		r->room = dice(8);
	serve(r);
}

static bool say_dead(void *arg, const struct parked *p)
{
	*(bool *)arg = p->state == PARKED_DEAD;
	return false;
}

static bool is_dead(struct rig *r, uint64_t n)
{
	bool dead = false;

	ok(store_parked_each(r->store, "first", n, say_dead, &dead, &err));
	return dead;
}

static void check_states(struct rig *r, unsigned run)
{
	for (char lane = 'a'; lane <= 'e'; lane++) {
		const char *want = "";

		for (uint64_t n = 1; n <= r->ids; n++)
			if (r->lane[n] == lane && !is_dead(r, n))
				want = pool_fmt(pool, "%s%s%llu", want, *want ? " " : "", (unsigned long long)n);
		ck_assert_msg(strcmp(state_of(r, 0, lane), want) == 0, "run %u, lane %c:\n%s\n%s", run, lane,
			      state_of(r, 0, lane), want);
	}
}

static void finish(struct rig *r)
{
	r->room = 8;
	do {
		now_ms += 100000;
		serve(r);
		run_all(r);
	} while (replays(r) || engine_due_ms(r->engine) != INT64_MAX || serve(r));
}

START_TEST(state_is_in_order_whatever_happens)
{
	for (unsigned run = 0; run < 40; run++) {
		struct rig *r = rig();

		seed = 88172645463325252u + run * 2654435761u;
		r->states = true;
		for (int i = 0; i < 500; i++)
			random_step(r);
		finish(r);
		check_states(r, run);
		rig_free(r);
	}
}
END_TEST

UNIT_MAIN("rebuild",
	  what_becomes_of_state_has_to_be_said, state_is_made_anew_before_what_comes_in, state_of_one_lane_is_made_anew,
	  a_reset_waits_for_the_hands_and_others_do_not_wait_for_it, a_reset_takes_the_place_of_what_it_covers,
	  what_waits_keeps_its_place_while_state_is_made_anew,
	  what_waits_does_not_run_before_what_is_not_even_loaded,
	  what_waits_for_later_is_due_in_vain_while_state_is_made_anew,
	  what_expired_since_has_its_part_in_the_state_again, state_is_in_order_whatever_happens)
