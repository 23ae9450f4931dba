/* SPDX-License-Identifier: EUPL-1.2
 * A wall's clock that jumps: what waits and what is removed does not follow it. */
#include "config.h"
#include "unit.h"

#include <postvak/handler.h>
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "dispatch/engine.h"
#include "dispatch/house.h"
#include "dispatch/sort.h"

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)

static int64_t wall_ms = 20000 * DAY, mono_ms = HOUR;
static struct err err;

#define ok(call) ck_assert_msg((call) == 0, "%s", err.text)

struct rig {
	struct store *store;
	struct board *board;
	struct conf_handler handler;
	struct conf conf;
	struct engine *engine;
	struct sort sort;
	size_t given;
};

static int64_t wall(void) { return wall_ms; }
static int64_t mono(void) { return mono_ms; }

static void pass(int64_t ms)
{
	wall_ms += ms;
	mono_ms += ms;
}

static size_t room(void *arg, size_t handler, size_t ready)
{
	(void)arg;
	(void)handler;
	return ready;
}

static void give(void *arg, size_t handler, const struct wire_event *head, const struct event *event)
{
	(void)handler;
	(void)head;
	(void)event;
	((struct rig *)arg)->given++;
}

static void start(struct rig *r)
{
	struct engine_setup setup = { .store = r->store, .conf = &r->conf, .board = r->board, .hands = { r, room, give },
				      .wall_ms = wall, .mono_ms = mono };

	ok(engine_open(&setup, &r->engine, &err));
	ok(sort_open(&r->sort, r->store, r->board, &err));
	engine_sorted(r->engine, r->sort.sorted);
}

static void stop(struct rig *r)
{
	engine_free(&r->engine);
}

static struct rig *rig(void)
{
	struct rig *r = mem_alloc(sizeof *r);
	struct store_setup setup = { .spec = "memory:" };

	r->handler = (struct conf_handler){ .name = "first", .events = "nl.**", .runners = 1, .deadline_ms = 1000,
					    .from = FROM_BEGINNING, .retry = { 9, 10 * 60000, 1, 10 * 60000 } };
	r->conf = (struct conf){ .handlers = &r->handler, .n_handlers = 1, .retention_ms = 2 * HOUR, .remember_ms = 2 * HOUR,
				 .dead_retention_ms = 2 * HOUR };
	r->board = board_private();
	ok(store_open(&setup, STORE_LOG | STORE_DESK, &r->store, &err));
	start(r);
	return r;
}

static void rig_free(struct rig *r)
{
	stop(r);
	store_close(&r->store);
	board_close(&r->board);
	free(r);
}

static void work(struct rig *r)
{
	bool more;

	do
		ok(sort_batch(&r->sort, 100, &more, &err));
	while (more);
	engine_sorted(r->engine, r->sort.sorted);
	while (engine_work(r->engine))
		;
	ok(engine_settle(r->engine, false, &err));
}

static uint64_t record(struct rig *r)
{
	struct event e = { .received_ms = wall_ms, .wire = WIRE_CLOUD, .type = "nl.zaak", .sender = "on", .endpoint = "in",
			   .source = "urn:zaken", .id = "7" }, *v = &e;

	ok(store_append(r->store, &v, 1, &err));
	return e.n;
}

static void say(struct rig *r, uint64_t n, uint8_t outcome)
{
	struct wire_outcome o = { .n = n, .outcome = outcome };

	engine_outcome(r->engine, 0, &o);
	work(r);
}

/* An event that waits for ten minutes, more or less. */
static uint64_t waiting(struct rig *r)
{
	uint64_t n = record(r);

	work(r);
	ck_assert_uint_eq(r->given, 1);
	say(r, n, PV_RETRY);
	return n;
}

static void check_waits(struct rig *r, int64_t jump_ms)
{
	waiting(r);
	pass(5 * 60000);
	wall_ms += jump_ms;
	work(r);
	ck_assert_uint_eq(r->given, 1);
	pass(7 * 60000);
	work(r);
	ck_assert_uint_eq(r->given, 2);
	rig_free(r);
}

START_TEST(a_retry_does_not_come_early_when_the_clock_is_set_ahead) { check_waits(rig(), HOUR); } END_TEST
START_TEST(a_retry_does_not_come_late_when_the_clock_is_set_back) { check_waits(rig(), -HOUR); } END_TEST

START_TEST(after_a_start_a_retry_waits_no_longer_than_it_had_to)
{
	struct rig *r = rig();

	waiting(r);
	stop(r);
	pass(60000);
	wall_ms -= HOUR;
	start(r);
	work(r);
	ck_assert_uint_eq(r->given, 1);
	pass(12 * 60000);
	work(r);
	ck_assert_uint_eq(r->given, 2);
	rig_free(r);
}
END_TEST

START_TEST(after_a_start_a_retry_waits_what_is_left_of_its_time)
{
	struct rig *r = rig();

	waiting(r);
	stop(r);
	pass(8 * 60000);
	start(r);
	work(r);
	ck_assert_uint_eq(r->given, 1);
	pass(4 * 60000);
	work(r);
	ck_assert_uint_eq(r->given, 2);
	rig_free(r);
}
END_TEST

/* A turn of the house a minute later; the first event that is there. */
static uint64_t first_after(struct rig *r, struct house *house)
{
	uint64_t first;

	pass(60000);
	house_turn(house, mono_ms, wall_ms, r->sort.sorted);
	ok(store_first(r->store, &first, &err));
	return first;
}

START_TEST(nothing_is_removed_by_a_clock_that_was_set_ahead_a_moment_ago)
{
	struct rig *r = rig();
	struct house house;
	uint64_t n = record(r);

	work(r);
	say(r, n, PV_DONE);
	house_open(&house, r->store, &r->conf, r->engine);
	ck_assert_uint_eq(first_after(r, &house), n);
	wall_ms += 3 * HOUR;
	ck_assert_uint_eq(first_after(r, &house), n);
	wall_ms -= 3 * HOUR;
	ck_assert_uint_eq(first_after(r, &house), n);
	wall_ms += 3 * HOUR;
	ck_assert_uint_eq(first_after(r, &house), n);
	pass(2 * HOUR);			/* by any clock it is time now */
	ck_assert_uint_eq(first_after(r, &house), 0);
	rig_free(r);
}
END_TEST

START_TEST(a_clock_that_stays_ahead_is_believed_in_the_end)
{
	struct rig *r = rig();
	struct house house;
	uint64_t n;

	r->conf.retention_ms = 100 * DAY;
	n = record(r);
	work(r);
	say(r, n, PV_DONE);
	house_open(&house, r->store, &r->conf, r->engine);
	ck_assert_uint_eq(first_after(r, &house), n);
	wall_ms += 1000 * DAY;
	ck_assert_uint_eq(first_after(r, &house), n);
	pass(23 * HOUR);
	ck_assert_uint_eq(first_after(r, &house), n);
	pass(HOUR);
	ck_assert_uint_eq(first_after(r, &house), 0);
	rig_free(r);
}
END_TEST

UNIT_MAIN("jump", a_retry_does_not_come_early_when_the_clock_is_set_ahead,
	  a_retry_does_not_come_late_when_the_clock_is_set_back, after_a_start_a_retry_waits_no_longer_than_it_had_to,
	  after_a_start_a_retry_waits_what_is_left_of_its_time,
	  nothing_is_removed_by_a_clock_that_was_set_ahead_a_moment_ago, a_clock_that_stays_ahead_is_believed_in_the_end)
