/* SPDX-License-Identifier: EUPL-1.2
 * An engine on the store in memory for the tests of rewinds. The hands keep state as a handler would: each event that
 * is done appends its number to the state of its lane. */
#ifndef TESTS_REPLAY_RIG_H
#define TESTS_REPLAY_RIG_H

#include "unit.h"

#include <postvak/handler.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "dispatch/engine.h"
#include "dispatch/request.h"
#include "dispatch/sort.h"

#define EVENTS 400
#define LANE_A "lane=61616161616161616161616161616161\n"

static int64_t now_ms;
static inline int64_t wall(void) { return now_ms; }

struct rig {
	struct conf conf;
	struct conf_handler handlers[2];
	struct store *store;
	struct board *board;
	struct engine *engine;
	struct sort sort;
	size_t room;
	struct { size_t handler; uint64_t n; const char *state; } held[EVENTS];	/* in the hands */
	size_t n_held;
	char lane[EVENTS];		/* of each event, 0: none */
	unsigned runs[2][EVENTS];	/* by handler */
	unsigned ids;
	bool states;
};

static struct err err;
static struct pool *pool;
#define ok(call) ck_assert_msg((call) == 0, "%s", err.text)

static inline size_t room(void *arg, size_t handler, size_t ready)
{
	(void)handler;
	(void)ready;
	return ((struct rig *)arg)->room;
}

static inline void take(void *arg, size_t handler, const struct wire_event *head, const struct event *event)
{
	struct rig *r = arg;

	(void)event;
	r->room--;
	r->held[r->n_held].handler = handler;
	r->held[r->n_held].state = pool_strn(pool, (const char *)head->state, head->state_len);
	r->held[r->n_held++].n = head->n;
}

static inline void start(struct rig *r)
{
	struct engine_setup setup = { r->store, &r->conf, r->board, { r, room, take }, wall, wall };

	r->room = 8;
	r->n_held = 0;
	ok(engine_open(&setup, &r->engine, &err));
	ok(sort_open(&r->sort, r->store, r->board, &err));
	engine_sorted(r->engine, r->sort.sorted);
}

static inline void stop(struct rig *r)
{
	engine_free(&r->engine);
}

static inline struct rig *rig(void)
{
	struct rig *r = mem_alloc(sizeof *r);
	struct store_setup setup = { .spec = "memory:" };

	now_ms = clock_wall_ms() + 1000000;
	r->handlers[0] = (struct conf_handler){ .name = "first", .events = "nl.**", .runners = 1, .deadline_ms = 1000,
						.retry = { 3, 1000, 2, 60000 } };
	r->handlers[1] = r->handlers[0];
	r->handlers[1].name = "second";
	r->conf = (struct conf){ .handlers = r->handlers, .n_handlers = 1 };
	r->board = board_private();
	pool = pool_new();
	ok(store_open(&setup, STORE_LOG | STORE_DESK, &r->store, &err));
	start(r);
	return r;
}

static inline void rig_free(struct rig *r)
{
	stop(r);
	store_close(&r->store);
	board_close(&r->board);
	pool_free(&pool);
	free(r);
}

static inline struct event_key key_of(char lane)
{
	struct event_key key;

	memset(key.b, lane, sizeof key.b);
	return key;
}

static inline uint64_t record_as(struct rig *r, const char *type, char lane)
{
	struct event e = { .received_ms = now_ms, .wire = WIRE_NRC, .type = type, .endpoint = "nrc", .sender = "on",
			   .data = (const unsigned char *)"{}", .data_len = 2, .has_lane = lane != '\0', .lane = key_of(lane) };
	struct event *p = &e;

	r->ids++;
	memcpy(e.key.b, &r->ids, sizeof r->ids);
	ok(store_append(r->store, &p, 1, &err));
	ck_assert_uint_lt(e.n, EVENTS);
	r->lane[e.n] = lane;
	return e.n;
}

static inline uint64_t record(struct rig *r, char lane)
{
	return record_as(r, "nl.zaak", lane);
}

static inline void work(struct rig *r)
{
	bool more = true;

	while (more)
		ok(sort_batch(&r->sort, 100, &more, &err));
	engine_sorted(r->engine, r->sort.sorted);
	while (engine_work(r->engine))
		;
}

/* ---- the hands ---- */

static inline const char *state_of(struct rig *r, size_t handler, char lane)
{
	struct event_key key = key_of(lane);
	const unsigned char *p;
	size_t len;

	ok(store_state(r->store, r->handlers[handler].name, &key, pool, &p, &len, &err));
	return p ? pool_strn(pool, (const char *)p, len) : "";
}

/* Answers the i-th that is held, and settles at once. */
static inline void answer(struct rig *r, size_t i, uint8_t outcome)
{
	size_t handler = r->held[i].handler;
	struct wire_outcome o = { .n = r->held[i].n, .outcome = outcome };
	char *state = pool_fmt(pool, "%s%s%llu", r->held[i].state, *r->held[i].state ? " " : "", (unsigned long long)o.n);

	if (outcome == PV_DONE && r->states) {
		o.state_set = true;
		o.state = (const unsigned char *)state;
		o.state_len = strlen(state);
	}
	r->held[i] = r->held[--r->n_held];
	r->room++;
	r->runs[handler][o.n]++;
	engine_outcome(r->engine, handler, &o);
	ok(engine_settle(r->engine, false, &err));
}

static inline bool runs(void *arg, const char *handler, uint64_t n)
{
	return engine_runs(((struct rig *)arg)->engine, handler, n);
}

static inline void touched(void *arg, const char *handler, uint64_t n)
{
	engine_refresh(((struct rig *)arg)->engine, handler, n);
}

static inline bool still(void *arg, const char *handler)
{
	return engine_still(((struct rig *)arg)->engine, handler);
}

/* As the dispatcher looks at requests; how many were answered. */
static inline size_t serve(struct rig *r)
{
	struct request_hooks hooks = { r, runs, touched, still };
	size_t n;

	ok(engine_settle(r->engine, false, &err));
	engine_stir(r->engine);
	ok(requests_apply(r->store, &r->conf, &hooks, &n, &err));
	work(r);
	return n;
}

static inline void run_all(struct rig *r)
{
	for (work(r); r->n_held; work(r))
		answer(r, 0, PV_DONE);
	ok(engine_settle(r->engine, false, &err));
	work(r);
	if (r->n_held)
		run_all(r);
}

static inline uint64_t ask(struct rig *r, const char *args)
{
	uint64_t id;

	ok(store_request_ask(r->store, "piet", "rewind", args, &id, &err));
	return id;
}

static inline const struct request *request(struct rig *r, uint64_t id)
{
	struct request *q;

	ok(store_request_get(r->store, id, pool, &q, &err));
	return q;
}

/* Asks, and is answered at once. */
static inline void rewind_now(struct rig *r, int status, const char *args, const char *said)
{
	uint64_t id = ask(r, args);
	const struct request *q;

	ck_assert_uint_eq(serve(r), 1);
	q = request(r, id);
	ck_assert_msg(q->status == status && strstr(q->answer, said), "%d %s", q->status, q->answer);
}

static inline size_t replays(struct rig *r)
{
	struct replay *v;
	size_t n;

	ok(store_replays(r->store, pool, &v, &n, &err));
	return n;
}

/* How often the first handler ran the events from 1, as digits. */
static inline const char *counts(struct rig *r, size_t n)
{
	char *text = pool_alloc(pool, n + 1);

	for (size_t i = 0; i < n; i++)
		text[i] = (char)('0' + r->runs[0][i + 1]);
	return text;
}

#endif
