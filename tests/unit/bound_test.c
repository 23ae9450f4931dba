/* SPDX-License-Identifier: EUPL-1.2
 * More is parked than a handler may have in memory: nothing is lost, and lanes keep their order. */
#include "config.h"
#include "unit.h"

#include <postvak/handler.h>
#include "base/err.h"
#include "base/log.h"
#include "dispatch/inner.h"

#define NOW INT64_C(1700000000000)
#define MORE 1500
#define ALL (DELIVERIES_MAX + MORE)
#define LANES 97
#define ROOM 700

static int64_t now_ms = NOW;
static int64_t clock_ms(void) { return now_ms; }

struct rig {
	struct store *store;
	struct board *board;
	struct conf_handler handler;
	struct conf conf;
	struct engine *engine;
	uint64_t given[ROOM];		/* and not answered yet */
	size_t n_given, all_given;
	uint64_t last[LANES];		/* given of this lane */
	bool lanes;
	bool anew;			/* state was made anew: all that is parked is in memory */
};

static struct err err;
#define ok(call) ck_assert_msg((call) == 0, "%s", err.text)

static size_t room(void *arg, size_t handler, size_t ready)
{
	(void)handler;
	(void)ready;
	return ROOM - ((struct rig *)arg)->n_given;
}

static void take(void *arg, size_t handler, const struct wire_event *head, const struct event *event)
{
	struct rig *r = arg;

	(void)handler;
	(void)event;
	r->given[r->n_given++] = head->n;
	r->all_given++;
	if (!r->lanes)
		return;
	ck_assert_uint_gt(head->n, r->last[head->n % LANES]);
	ck_assert(!r->last[head->n % LANES] || head->n == r->last[head->n % LANES] + LANES);
	r->last[head->n % LANES] = head->n;
}

static struct event_key lane_of(uint64_t n)
{
	struct event_key key = {{ (unsigned char)(1 + n % LANES) }};

	return key;
}

static void append(struct rig *r, uint64_t after, size_t n)
{
	struct event *v = mem_array(n, sizeof *v), **p = mem_array(n, sizeof *p);
	struct sort_result result;

	for (size_t i = 0; i < n; i++) {
		uint64_t number = after + 1 + i;

		v[i] = (struct event){ .received_ms = NOW, .wire = WIRE_CLOUD, .type = "nl.x", .sender = "on", .endpoint = "e",
				       .has_lane = r->lanes, .lane = lane_of(number) };
		memcpy(v[i].key.b, &number, sizeof number);
		p[i] = &v[i];
	}
	ok(store_append(r->store, p, n, &err));
	do
		ok(store_sort(r->store, 5000, &result, &err));
	while (result.n);
	free(v);
	free(p);
}

static void start(struct rig *r)
{
	struct engine_setup setup = { .store = r->store, .conf = &r->conf, .board = r->board, .hands = { r, room, take },
				      .wall_ms = clock_ms, .mono_ms = clock_ms };
	uint64_t sorted;

	ok(engine_open(&setup, &r->engine, &err));
	ok(store_sorted(r->store, &sorted, &err));
	engine_sorted(r->engine, sorted);
}

/* All in one lane. */
static void put_rows(struct rig *r, uint64_t after, size_t n)
{
	ok(store_begin(r->store, false, &err));
	for (uint64_t i = 1; i <= n; i++) {
		struct parked p = { .handler = "first", .n = after + i, .state = i == 1 ? PARKED_WAITING : PARKED_BEHIND,
				    .attempts = 1, .since_ms = NOW, .due_ms = NOW, .has_lane = true, .lane = lane_of(0),
				    .reason = "before" };

		ok(store_parked_put(r->store, &p, &err));
	}
	ok(store_commit(r->store, &err));
}

static size_t replays(struct rig *r)
{
	struct pool *pool = pool_new();
	struct replay *v;
	size_t n;

	ok(store_replays(r->store, pool, &v, &n, &err));
	pool_free(&pool);
	return n;
}

static struct rig *rig(bool lanes)
{
	struct rig *r = mem_alloc(sizeof *r);
	char dir[UNIT_PATH];
	char *spec = str_fmt("sqlite:%s", unit_dir(dir));
	struct store_setup setup = { .spec = spec };

	log_open("bound_test", LOG_WARN_);	/* not a line for each retry */
	r->lanes = lanes;
	r->handler = (struct conf_handler){ .name = "first", .events = "nl.**", .runners = 1, .deadline_ms = 1000,
					    .from = FROM_BEGINNING, .retry = { 9, 600000, 1, 600000 } };
	r->conf = (struct conf){ .handlers = &r->handler, .n_handlers = 1 };
	r->board = board_private();
	ok(store_open(&setup, STORE_LOG | STORE_DESK, &r->store, &err));
	free(spec);
	return r;
}

static void rig_free(struct rig *r)
{
	engine_free(&r->engine);
	store_close(&r->store);
	board_close(&r->board);
	free(r);
}

/* Until nothing is handed out any more; all get the same answer. */
static void run(struct rig *r, uint8_t answer)
{
	do {
		while (engine_work(r->engine))
			;
		ck_assert(r->anew || r->engine->handlers[0].deliveries.n <= DELIVERIES_MAX);
		for (size_t i = 0; i < r->n_given; i++) {
			struct wire_outcome o = { .n = r->given[i], .outcome = answer };

			engine_outcome(r->engine, 0, &o);
		}
		r->n_given = 0;
		ok(engine_settle(r->engine, false, &err));
		while (engine_work(r->engine))
			;
	} while (r->n_given);
}

static uint64_t mark(struct rig *r)
{
	struct pool *pool = pool_new();
	struct bookmark *v;
	uint64_t n;
	size_t count;

	ok(store_bookmarks(r->store, pool, &v, &count, &err));
	ck_assert_uint_eq(count, 1);
	n = v[0].n;
	pool_free(&pool);
	return n;
}

static bool count_row(void *arg, const struct parked *p)
{
	(void)p;
	++*(size_t *)arg;
	return true;
}

static size_t rows(struct rig *r)
{
	size_t n = 0;

	ok(store_parked_each(r->store, "first", 0, count_row, &n, &err));
	return n;
}

START_TEST(more_rows_than_fit_are_taken_up_bit_by_bit)
{
	struct rig *r = rig(true);
	struct bookmark b = { .handler = "first", .n = ALL };

	append(r, 0, ALL);
	ok(store_begin(r->store, false, &err));
	for (uint64_t n = 1; n <= ALL; n++) {
		struct parked p = { .handler = "first", .n = n, .state = n <= LANES ? PARKED_WAITING : PARKED_BEHIND,
				    .attempts = 1, .since_ms = NOW, .has_lane = true, .lane = lane_of(n), .reason = "before" };

		ok(store_parked_put(r->store, &p, &err));
	}
	ok(store_bookmark_put(r->store, &b, &err));
	ok(store_commit(r->store, &err));
	append(r, ALL, 500);	/* behind what is parked of their lanes */
	start(r);
	ck_assert_uint_eq(r->engine->handlers[0].deliveries.n, DELIVERIES_MAX);
	engine_refresh(r->engine, "first", ALL - 3);	/* an operator's: not before those that stand before it */
	ck_assert_uint_eq(r->engine->handlers[0].deliveries.n, DELIVERIES_MAX);
	run(r, PV_DONE);
	ck_assert_uint_eq(r->all_given, ALL + 500);
	ck_assert_uint_eq(rows(r), 0);
	ck_assert_uint_eq(mark(r), ALL + 500);
	rig_free(r);
}
END_TEST

START_TEST(with_too_many_waiting_the_rest_stays_in_the_log)
{
	struct rig *r = rig(false);

	append(r, 0, ALL);
	start(r);
	run(r, PV_RETRY);
	ck_assert_uint_eq(r->all_given, DELIVERIES_MAX);
	ck_assert_uint_eq(rows(r), DELIVERIES_MAX);
	ck_assert_uint_eq(mark(r), DELIVERIES_MAX);
	now_ms += 3600000;
	run(r, PV_DONE);
	ck_assert_uint_eq(r->all_given, DELIVERIES_MAX + ALL);
	ck_assert_uint_eq(rows(r), 0);
	ck_assert_uint_eq(mark(r), ALL);
	rig_free(r);
}
END_TEST

START_TEST(state_is_made_anew_however_much_is_parked)
{
	struct rig *r = rig(false);
	struct bookmark b = { .handler = "first", .n = ALL + 10 };
	struct replay again = { .handler = "first", .upto = ALL + 10, .rebuild = true };

	r->anew = true;
	append(r, 0, ALL + 10);
	put_rows(r, 10, ALL);	/* none of which runs before the end of the replay */
	ok(store_begin(r->store, false, &err));
	ok(store_bookmark_put(r->store, &b, &err));
	ok(store_replay_put(r->store, &again, &err));
	ok(store_commit(r->store, &err));
	start(r);
	run(r, PV_DONE);
	ck_assert_uint_eq(r->all_given, 10);
	ok(engine_settle(r->engine, false, &err));
	ck_assert_uint_eq(replays(r), 0);
	run(r, PV_DONE);
	ck_assert_uint_eq(r->all_given, ALL + 10);
	ck_assert_uint_eq(rows(r), 0);
	rig_free(r);
}
END_TEST

START_TEST(much_that_is_parked_is_discarded_while_state_is_made_anew)
{
	struct rig *r = rig(false);
	struct bookmark b = { .handler = "first", .n = ALL + 10 };
	struct replay again = { .handler = "first", .upto = ALL + 10, .rebuild = true };

	r->anew = true;
	append(r, 0, ALL + 10);
	put_rows(r, 10, ALL);
	ok(store_begin(r->store, false, &err));
	ok(store_bookmark_put(r->store, &b, &err));
	ok(store_replay_put(r->store, &again, &err));
	ok(store_commit(r->store, &err));
	start(r);
	ok(store_begin(r->store, false, &err));
	for (uint64_t n = 11; n <= ALL + 10; n++)
		ok(store_parked_drop(r->store, "first", n, &err));
	ok(store_commit(r->store, &err));
	for (uint64_t n = 11; n <= ALL + 10; n++)
		engine_refresh(r->engine, "first", n);
	ck_assert_uint_eq(r->engine->handlers[0].deliveries.n, 0);
	rig_free(r);
}
END_TEST

UNIT_MAIN("bounds", much_that_is_parked_is_discarded_while_state_is_made_anew, state_is_made_anew_however_much_is_parked, more_rows_than_fit_are_taken_up_bit_by_bit, with_too_many_waiting_the_rest_stays_in_the_log)
