/* SPDX-License-Identifier: EUPL-1.2
 * State and emitted events in the dispatcher: an engine on the store in memory, and hands that the tests move. */
#include "config.h"
#include "unit.h"

#include <postvak/handler.h>
#include <string.h>
#include "base/clock.h"
#include "dispatch/engine.h"
#include "dispatch/sort.h"
#include "event/emitted.h"

struct rig {
	struct conf conf;
	struct conf_handler handler;
	struct store *store;
	struct board *board;
	struct engine *engine;
	struct sort sort;
	struct pool *pool;
	uint64_t given;			/* the number that was given last, and what came along */
	char state[32];			/* "-": none */
	struct event_key key;
	unsigned ids;
};

static struct err err;
#define ok(call) ck_assert_msg((call) == 0, "%s", err.text)

static size_t room(void *arg, size_t handler, size_t ready)
{
	(void)arg;
	(void)handler;
	return ready;
}

static void take(void *arg, size_t handler, const struct wire_event *head, const struct event *event)
{
	struct rig *r = arg;

	(void)handler;
	r->given = head->n;
	r->key = event->key;
	snprintf(r->state, sizeof r->state, "%.*s", head->state ? (int)head->state_len : 1,
		 head->state ? (const char *)head->state : "-");
}

static void start(struct rig *r)
{
	struct engine_setup setup = { .store = r->store, .conf = &r->conf, .board = r->board, .hands = { r, room, take },
				      .wall_ms = clock_wall_ms, .mono_ms = clock_mono_ms };

	ok(engine_open(&setup, &r->engine, &err));
	ok(sort_open(&r->sort, r->store, r->board, &err));
	engine_sorted(r->engine, r->sort.sorted);
}

static void stop(struct rig *r)
{
	engine_free(&r->engine);
}

static void restart(struct rig *r)
{
	stop(r);
	r->given = 0;
	start(r);
}

static struct rig *rig(void)
{
	struct rig *r = mem_alloc(sizeof *r);
	struct store_setup setup = { .spec = "memory:" };

	r->handler = (struct conf_handler){ .name = "h", .events = "**", .source = "/handlers/h", .runners = 1,
					    .deadline_ms = 1000, .retry = { 3, 1, 1, 1 } };
	r->conf = (struct conf){ .handlers = &r->handler, .n_handlers = 1 };
	r->board = board_private();
	r->pool = pool_new();
	ok(store_open(&setup, STORE_LOG | STORE_DESK, &r->store, &err));
	start(r);
	return r;
}

static void rig_free(struct rig *r)
{
	stop(r);
	store_close(&r->store);
	board_close(&r->board);
	pool_free(&r->pool);
	free(r);
}

static struct event_key lane_of(char lane)
{
	struct event_key key;

	memset(key.b, lane, sizeof key.b);
	return key;
}

/* '\0': about nothing */
static uint64_t record(struct rig *r, char lane)
{
	struct event e = { .received_ms = clock_wall_ms(), .wire = WIRE_NRC, .type = "nl.zaken", .endpoint = "nrc", .sender = "on",
			   .data = (const unsigned char *)"{}", .data_len = 2, .has_lane = lane != '\0', .lane = lane_of(lane) };
	struct event *p = &e;

	r->ids++;
	memcpy(e.key.b, &r->ids, sizeof r->ids);
	ok(store_append(r->store, &p, 1, &err));
	return e.n;
}

static void work(struct rig *r)
{
	bool more = true;

	while (more)
		ok(sort_batch(&r->sort, 100, &more, &err));
	engine_sorted(r->engine, r->sort.sorted);
	while (engine_work(r->engine))
		;
}

static void settle(struct rig *r)
{
	ok(engine_settle(r->engine, false, &err));
	work(r);
}

static struct wire_outcome kept(uint64_t n, const char *state)
{
	return (struct wire_outcome){ .n = n, .outcome = PV_DONE, .state_set = state != NULL, .state = (const unsigned char *)state,
				      .state_len = state ? strlen(state) : 0 };
}

static void tell(struct rig *r, struct wire_outcome outcome)
{
	engine_outcome(r->engine, 0, &outcome);
	settle(r);
}

/* The hands are given n, with that state; "-": none. */
static void expect(struct rig *r, uint64_t n, const char *state)
{
	work(r);
	ck_assert_uint_eq(r->given, n);
	ck_assert_str_eq(r->state, state);
}

static struct event *event_at(struct rig *r, uint64_t n)
{
	struct event *event;

	ok(store_event(r->store, n, r->pool, &event, &err));
	return event;
}

static size_t copy_outbox(struct rig *r)
{
	size_t n;

	ok(store_outbox_copy(r->store, &n, &err));
	work(r);
	return n;
}

START_TEST(each_lane_has_its_own_state)
{
	struct rig *r = rig();
	uint64_t a = record(r, 'a');

	expect(r, a, "-");
	tell(r, kept(a, "1"));
	expect(r, record(r, 'b'), "-");
	tell(r, kept(r->given, "one"));
	expect(r, record(r, 'a'), "1");
	tell(r, kept(r->given, NULL));
	expect(r, record(r, 'a'), "1");
	tell(r, kept(r->given, ""));
	expect(r, record(r, 'a'), "-");
	expect(r, record(r, 'b'), "one");
	rig_free(r);
}
END_TEST

START_TEST(a_state_is_there_after_a_start)
{
	struct rig *r = rig();
	uint64_t n = record(r, 'a');

	expect(r, n, "-");
	tell(r, kept(n, "1"));
	restart(r);
	expect(r, record(r, 'a'), "1");
	rig_free(r);
}
END_TEST

START_TEST(what_was_not_settled_is_run_again_with_the_old_state)
{
	struct rig *r = rig();
	uint64_t n = record(r, 'a');
	struct wire_outcome outcome = kept(n, "2");

	expect(r, n, "-");
	engine_outcome(r->engine, 0, &outcome);
	restart(r);
	expect(r, n, "-");
	rig_free(r);
}
END_TEST

START_TEST(only_done_keeps_anything)
{
	struct rig *r = rig();
	struct wire_emitted e = { .type = "nl.gevolg" };
	uint64_t n = record(r, 'a'), last;
	struct wire_outcome outcome = kept(n, "2");

	outcome.emitted = &e;
	outcome.n_emitted = 1;
	expect(r, n, "-");
	outcome.outcome = PV_DEAD;
	tell(r, outcome);
	ck_assert(!engine_emitted(r->engine));
	ck_assert_uint_eq(copy_outbox(r), 0);
	ok(store_last(r->store, &last, &err));
	ck_assert_uint_eq(last, n);
	expect(r, record(r, 'a'), "-");
	rig_free(r);
}
END_TEST

START_TEST(an_event_without_a_lane_has_no_state)
{
	struct rig *r = rig();

	expect(r, record(r, 'a'), "-");
	tell(r, kept(r->given, "1"));
	expect(r, record(r, '\0'), "-");
	tell(r, kept(r->given, "2"));
	expect(r, record(r, '\0'), "-");
	rig_free(r);
}
END_TEST

START_TEST(emitted_events_come_to_the_handlers_that_want_them)
{
	struct rig *r = rig();
	struct wire_emitted v[] = { { .type = "nl.een", .subject = "z" }, { .type = "nl.twee", .subject = "z" } };
	uint64_t n = record(r, 'a');
	struct wire_outcome outcome = kept(n, NULL);
	struct event_key cause;

	expect(r, n, "-");
	cause = r->key;
	outcome.emitted = v;
	outcome.n_emitted = 2;
	tell(r, outcome);
	ck_assert(engine_emitted(r->engine));
	ck_assert(!engine_emitted(r->engine));
	ck_assert_uint_eq(copy_outbox(r), 2);
	expect(r, n + 1, "-");
	ck_assert_str_eq(event_at(r, n + 1)->type, "nl.een");
	ck_assert_str_eq(event_at(r, n + 1)->sender, "handler:h");
	ck_assert(memcmp(&r->key, &(struct event_key[]){ emitted_key("h", &cause, 0) }, sizeof cause) == 0);
	tell(r, kept(n + 1, NULL));
	expect(r, n + 2, "-");
	rig_free(r);
}
END_TEST

START_TEST(running_an_event_again_emits_nothing_new)
{
	struct rig *r = rig();
	struct wire_emitted e = { .type = "org.gevolg" };
	struct replay replay = { .handler = "h" };
	uint64_t n = record(r, 'a');
	struct wire_outcome outcome = kept(n, NULL);
	struct card *cards;
	size_t n_cards;

	expect(r, n, "-");
	outcome.emitted = &e;
	outcome.n_emitted = 1;
	tell(r, outcome);
	ck_assert_uint_eq(copy_outbox(r), 1);
	tell(r, kept(n + 1, NULL));
	replay.upto = n;
	ok(store_begin(r->store, false, &err));
	ok(store_replay_put(r->store, &replay, &err));
	ok(store_commit(r->store, &err));
	engine_refresh(r->engine, "h", 0);
	expect(r, n, "-");
	e.type = "org.anders";	/* which the first is kept against */
	tell(r, outcome);
	r->given = 0;
	ck_assert_uint_eq(copy_outbox(r), 1);
	ck_assert_uint_eq(r->given, 0);
	ok(store_cards(r->store, n + 1, n + 2, 1, r->pool, &cards, &n_cards, &err));
	ck_assert_uint_eq(n_cards, 1);
	ck_assert_uint_eq(cards[0].duplicate_of, n + 1);
	ck_assert(cards[0].conflict);
	rig_free(r);
}
END_TEST

static bool is_dead(void *arg, const struct parked *p)
{
	ck_assert_int_eq(p->state, PARKED_DEAD);
	ck_assert_ptr_nonnull(strstr(p->reason, "16 emissions deep"));
	*(uint64_t *)arg = p->n;
	return true;
}

START_TEST(a_loop_of_emissions_ends_as_dead)
{
	struct rig *r = rig();
	struct wire_emitted e = { .type = "nl.lus", .subject = "z" };
	uint64_t n = record(r, 'a'), dead = 0;
	struct wire_outcome outcome = kept(n, "state");

	outcome.emitted = &e;
	outcome.n_emitted = 1;
	for (int depth = 0; depth < EMIT_DEPTH; depth++) {
		expect(r, n, depth < 2 ? "-" : "state");
		outcome.n = n++;
		tell(r, outcome);
		ck_assert_uint_eq(copy_outbox(r), 1);
	}
	expect(r, n, "state");
	ck_assert_int_eq(emitted_depth(event_at(r, n)), EMIT_DEPTH);
	outcome = kept(n, "kept by nobody");
	outcome.emitted = &e;
	outcome.n_emitted = 1;
	tell(r, outcome);
	ck_assert_uint_eq(copy_outbox(r), 0);
	ok(store_parked_each(r->store, "h", 0, is_dead, &dead, &err));
	ck_assert_uint_eq(dead, n);
	restart(r);
	ck_assert_uint_eq(r->given, 0);
	rig_free(r);
}
END_TEST

START_TEST(no_more_is_handed_out_than_can_be_kept)
{
	struct rig *r = rig();
	static const unsigned char data[1000000];
	struct wire_emitted e = { .type = "org.groot", .data = data, .data_len = sizeof data };
	uint64_t last = 0, n[100];

	for (int i = 0; i < 100; i++)
		n[i] = record(r, '\0');
	r->handler.events = "nl.**";
	work(r);
	for (int i = 0; i < 100; i++) {
		struct wire_outcome outcome = kept(n[i], NULL);

		outcome.emitted = &e;
		outcome.n_emitted = 1;
		engine_outcome(r->engine, 0, &outcome);
	}
	last = record(r, '\0');
	work(r);
	ck_assert_uint_lt(r->given, last);
	settle(r);
	expect(r, last, "-");
	rig_free(r);
}
END_TEST

UNIT_MAIN("emit", each_lane_has_its_own_state, a_state_is_there_after_a_start,
	  what_was_not_settled_is_run_again_with_the_old_state, only_done_keeps_anything, an_event_without_a_lane_has_no_state,
	  emitted_events_come_to_the_handlers_that_want_them, running_an_event_again_emits_nothing_new,
	  a_loop_of_emissions_ends_as_dead, no_more_is_handed_out_than_can_be_kept)
