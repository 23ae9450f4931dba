/* SPDX-License-Identifier: EUPL-1.2
 * An engine on the store in memory, and a pair of hands that a test moves. */
#ifndef UNIT_DISPATCH_RIG_H
#define UNIT_DISPATCH_RIG_H

#include <postvak/handler.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "dispatch/engine.h"
#include "dispatch/request.h"
#include "dispatch/sort.h"

#define RIG static __attribute__((unused))	/* no test needs all of it */

static int64_t now_ms;	/* behind the true time, until an operator asks */
RIG int64_t wall(void) { return now_ms; }

struct rig {
	struct conf conf;
	struct conf_handler handlers[2];
	struct conf_sender sender;
	struct conf_endpoint endpoint;
	struct store *store;
	struct board *board;
	struct engine *engine;
	struct sort sort;
	size_t room;			/* of the hands, for each handler */
	uint64_t given[4096];		/* what the first handler was given, in order */
	uint32_t attempts[4096];
	size_t n_given, taken;
	unsigned ids;
};

static struct err err;
#define ok(call) ck_assert_msg((call) == 0, "%s", err.text)

RIG size_t room(void *arg, size_t handler, size_t ready)
{
	struct rig *r = arg;

	(void)ready;
	return handler == 0 ? r->room : 0;
}

RIG void take(void *arg, size_t handler, const struct wire_event *head, const struct event *event)
{
	struct rig *r = arg;

	ck_assert_uint_eq(handler, 0);
	ck_assert_uint_eq(head->n, event->n);
	ck_assert_uint_gt(r->room, 0);
	r->room--;
	r->attempts[r->n_given] = head->attempt;
	r->given[r->n_given++] = head->n;
}

RIG void start(struct rig *r)
{
	struct engine_setup setup = { r->store, &r->conf, r->board, { r, room, take }, wall, wall };

	ok(engine_open(&setup, &r->engine, &err));
	ok(sort_open(&r->sort, r->store, r->board, &err));
	engine_sorted(r->engine, r->sort.sorted);
}

RIG void stop(struct rig *r)
{
	engine_free(&r->engine);
}

RIG void restart(struct rig *r)
{
	stop(r);
	r->n_given = r->taken = 0;
	start(r);
}

RIG struct rig *rig_new(void)
{
	struct rig *r = mem_alloc(sizeof *r);
	struct store_setup setup = { .spec = "memory:" };

	now_ms = clock_wall_ms() - 1000000;
	r->handlers[0] = (struct conf_handler){ .name = "first", .events = "nl.**", .runners = 1, .deadline_ms = 1000,
						.retry = { 3, 1000, 2, 60000 } };
	r->handlers[1] = r->handlers[0];
	r->handlers[1].name = "second";
	r->handlers[1].events = "org.**";
	r->sender = (struct conf_sender){ .name = "on", .may_send = "**" };
	r->endpoint = (struct conf_endpoint){ .name = "nrc", .accepts = ACCEPTS_NRC };
	r->conf = (struct conf){ .handlers = r->handlers, .n_handlers = 1, .senders = &r->sender, .n_senders = 1,
				 .endpoints = &r->endpoint, .n_endpoints = 1 };
	r->room = 1000;
	r->board = board_private();
	ok(store_open(&setup, STORE_LOG | STORE_DESK, &r->store, &err));
	return r;
}

RIG struct rig *rig(void)
{
	struct rig *r = rig_new();

	start(r);
	return r;
}

RIG void rig_free(struct rig *r)
{
	stop(r);
	store_close(&r->store);
	board_close(&r->board);
	free(r);
}

/* Records an event of a type about an object ('\0': about none); its number. */
RIG uint64_t record_as(struct rig *r, const char *type, char lane, unsigned id)
{
	struct event e = { .received_ms = now_ms, .wire = WIRE_NRC, .type = type, .endpoint = "nrc", .sender = "on",
			   .data = (const unsigned char *)"{}", .data_len = 2, .has_lane = lane != '\0' };
	struct event *p = &e;

	memset(e.lane.b, lane, sizeof e.lane.b);
	memcpy(e.key.b, &id, sizeof id);
	ok(store_append(r->store, &p, 1, &err));
	return e.n;
}

RIG uint64_t record(struct rig *r, char lane)
{
	return record_as(r, "nl.overheid.zaken", lane, ++r->ids);
}

/* One with an expirytime; the lane as above. */
RIG uint64_t record_until(struct rig *r, char lane, const char *expirytime)
{
	struct attr attr = { "expirytime", expirytime };
	unsigned id = ++r->ids;
	struct event e = { .received_ms = now_ms, .wire = WIRE_CLOUD, .type = "nl.overheid.zaken", .id = "1",
			   .source = "urn:nld:zaken", .endpoint = "ce", .sender = "on", .has_lane = lane != '\0',
			   .attrs = &attr, .n_attrs = 1 };
	struct event *p = &e;

	memset(e.lane.b, lane, sizeof e.lane.b);
	memcpy(e.key.b, &id, sizeof id);
	ok(store_append(r->store, &p, 1, &err));
	return e.n;
}

RIG void work(struct rig *r)
{
	bool more = true;

	while (more)
		ok(sort_batch(&r->sort, 100, &more, &err));
	engine_sorted(r->engine, r->sort.sorted);
	while (engine_work(r->engine))
		;
}

RIG void settle(struct rig *r)
{
	ok(engine_settle(r->engine, false, &err));
	work(r);
}

/* The next that the hands were given is n. */
RIG void expect(struct rig *r, uint64_t n)
{
	ck_assert_msg(r->taken < r->n_given, "nothing was given, expected %llu", (unsigned long long)n);
	ck_assert_uint_eq(r->given[r->taken], n);
	r->taken++;
}

RIG void expect_nothing(const struct rig *r)
{
	ck_assert_msg(r->taken == r->n_given, "%llu was given", (unsigned long long)r->given[r->taken]);
}

RIG void say(struct rig *r, uint64_t n, uint8_t outcome, const char *note)
{
	struct wire_outcome o = { .n = n, .outcome = outcome, .note = note };

	r->room++;
	engine_outcome(r->engine, 0, &o);
}

RIG void done(struct rig *r, uint64_t n)
{
	say(r, n, PV_DONE, NULL);
	settle(r);
}

RIG uint64_t mark(struct rig *r)
{
	struct pool *pool = pool_new();
	struct bookmark *v;
	uint64_t n = 0;
	size_t count;

	ok(store_bookmarks(r->store, pool, &v, &count, &err));
	for (size_t i = 0; i < count; i++)
		if (strcmp(v[i].handler, "first") == 0)
			n = v[i].n;
	pool_free(&pool);
	return n;
}

RIG bool copy_row(void *arg, const struct parked *p)
{
	static char reason[512];
	struct parked *copy = arg;

	*copy = *p;
	copy->handler = NULL;
	if (p->reason)
		snprintf(reason, sizeof reason, "%s", p->reason);
	copy->reason = p->reason ? reason : NULL;
	return true;
}

RIG struct parked row(struct rig *r, uint64_t n)
{
	struct parked p = {0};

	ok(store_parked_each(r->store, "first", n, copy_row, &p, &err));
	return p;
}

struct told { char text[512]; };

RIG bool tell(void *arg, const struct history *h)
{
	struct told *t = arg;
	size_t len = strlen(t->text);

	snprintf(t->text + len, sizeof t->text - len, "%s%s", len ? " " : "", h->what);
	return true;
}

RIG const char *history(struct rig *r, uint64_t n)
{
	static struct told t;

	t.text[0] = '\0';
	ok(store_history_each(r->store, n, tell, &t, &err));
	return t.text;
}

RIG bool runs(void *arg, const char *handler, uint64_t n)
{
	return engine_runs(((struct rig *)arg)->engine, handler, n);
}

RIG void touched(void *arg, const char *handler, uint64_t n)
{
	engine_refresh(((struct rig *)arg)->engine, handler, n);
}

RIG bool still(void *arg, const char *handler)
{
	return engine_still(((struct rig *)arg)->engine, handler);
}

/* Asks as an operator and applies; the answer. */
RIG const char *ask(struct rig *r, int status, const char *verb, const char *args)
{
	struct request_hooks hooks = { r, runs, touched, still };
	static char answer[4096];
	struct pool *pool = pool_new();
	struct request *request;
	uint64_t id;
	size_t n;

	if (now_ms < clock_wall_ms())
		now_ms = clock_wall_ms() + 1;
	ok(store_request_ask(r->store, "piet", verb, args, &id, &err));
	ok(requests_apply(r->store, &r->conf, r->engine ? &hooks : NULL, &n, &err));
	if (now_ms < clock_wall_ms())
		now_ms = clock_wall_ms() + 1;
	ck_assert_uint_eq(n, 1);
	ok(store_request_get(r->store, id, pool, &request, &err));
	ck_assert_ptr_nonnull(request->answer);
	snprintf(answer, sizeof answer, "%s", request->answer);
	ck_assert_msg(request->status == status, "%s", answer);
	pool_free(&pool);
	if (r->engine)
		work(r);
	return answer;
}

#endif
