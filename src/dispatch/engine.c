/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "dispatch/engine.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/die.h"
#include "base/fail.h"
#include "base/log.h"
#include "dispatch/inner.h"
#include "event/time.h"
#include "event/type.h"

#define REPLAY_OPEN_MAX 128
#define SLOTS_MAX 4096		/* the done set, when one event runs long while others finish */
#define BATCH 256		/* cards read at once */
#define BATCHES 8		/* for one handler before the next has its turn */
#define UNSETTLED_MAX 5000	/* no more is handed out when so much could not be written */
#define KEPT_MAX (64u << 20)	/* nor when states and emitted events of so many bytes could not */
#define ASIDE_AT_ONCE 64

int engine_open(const struct engine_setup *setup, struct engine **out, struct err *err)
{
	struct engine *engine = mem_alloc(sizeof *engine);

	engine->set = *setup;
	engine->n = setup->conf->n_handlers;
	engine->handlers = mem_array(engine->n, sizeof *engine->handlers);
	engine->pool = pool_new();
	engine->kept = pool_new();
	engine->random = (uint64_t)clock_mono_ms() * 2654435761u + 88172645463325252u;
	list_init(&engine->ended);
	list_init(&engine->dirty);
	list_init(&engine->lines);
	for (size_t i = 0; i < engine->n; i++) {
		engine->handlers[i].conf = &setup->conf->handlers[i];
		engine->handlers[i].engine = engine;
		engine->handlers[i].index = i;
		list_init(&engine->handlers[i].ready);
	}
	if (handlers_start(engine, err) < 0)
		engine_free(&engine);
	*out = engine;
	return engine ? 0 : -1;
}

static void free_handler(struct handler *h)
{
	struct delivery *d;
	struct lane *lane;

	for (size_t at = 0; (d = map_next(&h->deliveries, &at));) {
		free(d->reason);
		free(d->trace);
		free(d);
	}
	for (size_t at = 0; (lane = map_next(&h->lanes, &at));)
		free(lane);
	map_free(&h->deliveries);
	map_free(&h->lanes);
	cursor_free(&h->live);
	if (h->replay)
		cursor_free(h->replay);
	free(h->replay);
	circuit_free(&h->circuit);
}

void engine_free(struct engine **engine)
{
	struct engine *e = *engine;

	if (!e)
		return;
	list_each_safe(it, next, &e->lines) {
		struct line *line = list_item(it, struct line, link);

		free(line->note);
		free(line);
	}
	for (size_t i = 0; i < e->n; i++)
		free_handler(&e->handlers[i]);
	free(e->handlers);
	free(e->due.v);
	windows_forget(e);
	pool_free(&e->pool);
	pool_free(&e->kept);
	free(e);
	*engine = NULL;
}

void engine_sorted(struct engine *engine, uint64_t sorted)
{
	engine->sorted = sorted;
	for (size_t i = 0; i < engine->n; i++)
		engine->handlers[i].live.upto = sorted;
}

void engine_stop(struct engine *engine)
{
	engine->stopped = true;
}

/* The store's failures are one line when they begin and one when they are over. */
static void told(struct engine *engine, int rc, const struct err *err)
{
	if (rc < 0 && !engine->failing)
		log_error("cannot read what is to be handed out: %s; trying again every second", err->text);
	if (rc == 0 && engine->failing)
		log_info("the store can be read again");
	engine->failing = rc < 0;
}

/* ---- reading on ---- */

static bool wanted(const struct handler *h, const struct cursor *c, const struct card *card)
{
	const struct replay *r = &c->replay;

	return card->mark == EVENT_PLAIN && !card->duplicate_of &&
	       (!r->has_lane || (card->has_lane && memcmp(&card->lane, &r->lane, sizeof r->lane) == 0)) &&
	       type_match_any(h->conf->events, card->type) && (!c->types || type_match_any(c->types, card->type));
}

static bool say_so(void *arg, const struct parked *p)
{
	(void)p;
	*(bool *)arg = true;
	return false;
}

/* 1: it was taken in; 0: not now; -1: failure. */
static int take_replayed(struct handler *h, const struct card *card, struct err *err)
{
	struct cursor *c = h->replay;
	struct delivery *d;
	bool passed = cursor_skips(c, card->n);

	if (c->replay.rebuild && card->n > h->live.read && !finished_above(h, card->n)) {
		cursor_read(c, card->n);
		return 1;
	}
	if (!passed && store_parked_each(h->engine->set.store, h->conf->name, card->n, say_so, &passed, err) < 0)
		return -1;
	d = delivery_get(h, card->n);
	if (d && !d->row && !passed)
		return 0;
	cursor_add(c, card->n);
	if (d || passed) {
		cursor_pass(c, card->n);
		return 1;
	}
	d = delivery_new(h, card->n, card->has_lane ? &card->lane : NULL);
	d->cursor = c;
	d->replayed = true;
	if (c->replay.rebuild)
		delivery_enter_sorted(d);
	else
		delivery_enter(d);
	return 1;
}

static int take_live(struct handler *h, const struct card *card)
{
	struct delivery *d = delivery_get(h, card->n);
	bool passed = cursor_skips(&h->live, card->n) || (d && d->row);

	if (d && !passed)
		return 0;
	cursor_add(&h->live, card->n);
	if (passed) {
		cursor_pass(&h->live, card->n);
		return 1;
	}
	d = delivery_new(h, card->n, card->has_lane ? &card->lane : NULL);
	d->cursor = &h->live;
	delivery_enter(d);
	return 1;
}

static size_t most_open(const struct cursor *c)
{
	return c->replay.id ? REPLAY_OPEN_MAX : ENGINE_OPEN_MAX;
}

static bool has_space(const struct handler *h, const struct cursor *c)
{
	return !h->unrestored && !handler_full(h) && c->read < c->upto && c->n < SLOTS_MAX && c->open < most_open(c);
}

/* Many at once: what is loaded lasts until half of it is used up, or stands behind what runs. */
static bool wants_more(const struct handler *h, const struct cursor *c)
{
	return has_space(h, c) && (c->open <= most_open(c) / 2 || !h->n_ready);
}

/* 1: go on; 0: enough; -1: failure. */
static int read_batch(struct handler *h, struct cursor *c, struct err *err)
{
	const struct window *w = window_read(h->engine, c->read, c->upto, BATCH, err);
	uint64_t end = w && w->upto < c->upto ? w->upto : c->upto;
	int rc = 1;

	for (size_t i = 0; w && i < w->n && w->cards[i].n <= end; i++) {
		const struct card *card = &w->cards[i];

		if (card->n <= c->read)
			continue;
		if (!has_space(h, c))
			return 0;
		if (!wanted(h, c, card))
			cursor_read(c, card->n);
		else if ((rc = c->replay.id ? take_replayed(h, card, err) : take_live(h, card)) <= 0)
			return rc;
	}
	if (!w)
		return -1;
	cursor_read(c, end);
	return has_space(h, c);
}

/* Rows make room: what stands before the bookmark for long is parked, so that it can pass. */
static void set_aside(struct handler *h, struct cursor *c, size_t max)
{
	uint64_t n;

	while (max-- && (n = cursor_front(c))) {
		struct delivery *d = delivery_get(h, n);

		must(d && d->cursor == c);
		delivery_park(d);
	}
}

/* Everything that is loaded stands behind something that runs, and the hands are free. With too many in memory a busy
 * lane may starve the others. */
static bool starved(const struct handler *h, const struct cursor *c)
{
	const struct engine *engine = h->engine;

	return c->read < c->upto && c->open && !has_space(h, c) && !h->n_ready && !engine->unsettled &&
	       !handler_full(h) && engine->set.hands.room(engine->set.hands.arg, h->index, 1) > 0;
}

static int read_on(struct handler *h, struct cursor *c, bool *more, struct err *err)
{
	int rc = 1;

	if (c->n >= SLOTS_MAX)
		set_aside(h, c, 1);
	else if (starved(h, c))
		set_aside(h, c, ASIDE_AT_ONCE);
	for (int i = 0; i < BATCHES && rc > 0 && wants_more(h, c); i++)
		rc = read_batch(h, c, err);
	if (rc > 0 && wants_more(h, c))
		*more = true;
	return rc < 0 ? -1 : 0;
}

static int read_handler(struct handler *h, bool *more, struct err *err)
{
	if (h->replays_changed) {
		pool_reset(h->engine->pool);
		if (replay_look(h, err) < 0)
			return -1;
		h->replays_changed = false;
	}
	if (h->unrestored && handler_restore(h, err) < 0)
		return -1;
	if (h->replay && read_on(h, h->replay, more, err) < 0)
		return -1;
	return rebuilding(h) ? 0 : read_on(h, &h->live, more, err);
}

/* ---- handing out ---- */

static int give(struct delivery *d, const struct event *event, struct err *err)
{
	struct handler *h = d->handler;
	struct wire_event head = { .n = d->n, .attempt = (uint32_t)d->attempts + 1, .deadline_ms = h->conf->deadline_ms };

	if (state_take(d, event, &head, err) < 0)
		return -1;
	failpoint("dispatch.before-hand");
	delivery_take(d);
	d->state = RUNNING;
	h->running++;
	h->engine->in_flight++;
	circuit_gave(d);
	h->engine->set.hands.give(h->engine->set.hands.arg, h->index, &head, event);
	return 0;
}

/* The attribute, when its time has passed; else null. What is no time was noted at intake. */
static const char *expired(const struct engine *engine, const struct event *event)
{
	const char *text = event_extension(event, "expirytime");
	int64_t ms;

	return text && time_parse(text, TIME_RFC3339, &ms) && ms < engine->set.wall_ms() ? text : NULL;
}

/* *past as above; but what made the state that is made anew has its part in it again. */
static int look_at_time(const struct delivery *d, const struct event *event, const char **past, struct err *err)
{
	bool done = false;

	*past = expired(d->handler->engine, event);
	if (!*past || !d->replayed || !rebuilding(d->handler))
		return 0;
	if (delivery_was_done(d, &done, err) < 0)
		return -1;
	if (done)
		*past = NULL;
	return 0;
}

/* *event: null when it is gone; till the next is read. */
static int read_event(const struct delivery *d, struct event **event, struct err *err)
{
	struct engine *engine = d->handler->engine;

	pool_reset(engine->pool);
	*event = window_event(engine, d->n);
	return *event ? 0 : store_event(engine->set.store, d->n, engine->pool, event, err);
}

static int hand_out(struct handler *h, struct err *err)
{
	struct engine *engine = h->engine;
	struct event *event;
	const char *past;

	while (!h->still && circuit_lets(h) &&
	       engine->set.hands.room(engine->set.hands.arg, h->index, h->circuit.paused ? 1 : h->n_ready)) {
		struct delivery *d = circuit_next(h);

		if (read_event(d, &event, err) < 0)
			return -1;
		past = NULL;
		if (event && look_at_time(d, event, &past, err) < 0)
			return -1;
		if (event && !d->trace)
			d->trace = str_dup(event_trace(event));
		if (event && !past) {
			if (give(d, event, err) < 0)
				return -1;
			continue;
		}
		delivery_take(d);
		if (event)
			delivery_expired(d, past);
		else
			delivery_gone(d);
	}
	return 0;
}

static void wake(struct engine *engine)
{
	int64_t now = engine->set.mono_ms();
	struct delivery *d;

	while ((d = due_next(&engine->due, now)))
		delivery_turn(d);
}

bool engine_work(struct engine *engine)
{
	struct err err = {{0}};
	bool more = false;
	int rc = 0;

	if (engine->stopped || engine->unsettled >= UNSETTLED_MAX || engine->kept_bytes >= KEPT_MAX)
		return false;
	wake(engine);
	for (size_t i = 0; i < engine->n; i++) {
		struct handler *h = &engine->handlers[i];

		if (read_handler(h, &more, &err) < 0 || hand_out(h, &err) < 0)
			rc = -1;
	}
	told(engine, rc, &err);
	if (!more && !engine->in_flight)
		windows_forget(engine);
	return more && rc == 0;
}

/* ---- what others ask ---- */

size_t engine_in_flight(const struct engine *engine)
{
	return engine->in_flight;
}

bool engine_has_ready(const struct engine *engine, size_t handler)
{
	return circuit_lets(&engine->handlers[handler]);
}

bool engine_paused(const struct engine *engine, size_t handler)
{
	return engine->handlers[handler].circuit.paused;
}

bool engine_behind(const struct engine *engine)
{
	for (size_t i = 0; i < engine->n; i++)
		if (engine->handlers[i].live.read < engine->handlers[i].live.upto)
			return true;
	return false;
}

int64_t engine_due_ms(const struct engine *engine)
{
	int64_t due = engine->due.n ? engine->due.v[1]->due_ms : INT64_MAX;

	for (size_t i = 0; i < engine->n; i++) {
		int64_t trial = circuit_due_ms(&engine->handlers[i]);

		if (trial < due)
			due = trial;
	}
	return due;
}

bool engine_replays(const struct engine *engine, size_t handler)
{
	const struct handler *h = &engine->handlers[handler];

	return h->replay || h->replays_changed || h->still;
}

static struct handler *named(const struct engine *engine, const char *handler)
{
	for (size_t i = 0; i < engine->n; i++)
		if (strcmp(engine->handlers[i].conf->name, handler) == 0)
			return &engine->handlers[i];
	return NULL;
}

bool engine_runs(const struct engine *engine, const char *handler, uint64_t n)
{
	const struct handler *h = named(engine, handler);
	const struct delivery *d = h ? delivery_get(h, n) : NULL;

	return d && d->state == RUNNING;
}

bool engine_still(struct engine *engine, const char *handler)
{
	struct handler *h = named(engine, handler);

	if (!h)
		return true;
	h->still = h->running || engine->unsettled || engine_moved(engine);
	return !h->still;
}

void engine_stir(struct engine *engine)
{
	for (size_t i = 0; i < engine->n; i++)
		engine->handlers[i].still = false;
}

bool engine_stands_still(const struct engine *engine)
{
	for (size_t i = 0; i < engine->n; i++)
		if (engine->handlers[i].still && !engine->handlers[i].running)
			return true;
	return false;
}

struct refreshed {
	struct handler *handler;
	bool found;
};

static bool refresh(void *arg, const struct parked *p)
{
	struct refreshed *r = arg;

	r->found = p->state != PARKED_DEAD;
	if (r->found)
		delivery_restore(r->handler, p, true);
	return false;
}

static bool is_erased(struct engine *engine, uint64_t n)
{
	struct err err = {{0}};
	struct card *cards;
	size_t there;

	pool_reset(engine->pool);
	if (store_cards(engine->set.store, n - 1, n, 1, engine->pool, &cards, &there, &err) < 0)
		die("cannot read what an operator changed: %s", err.text);
	return !there;
}

static void forget(struct delivery *d)
{
	if (d->cursor)
		cursor_pass(d->cursor, d->n);
	delivery_free(&d);
}

void engine_refresh(struct engine *engine, const char *handler, uint64_t n)
{
	struct handler *h = named(engine, handler);
	struct refreshed r = { h, false };
	struct delivery *d = h ? delivery_get(h, n) : NULL;
	struct err err = {{0}};

	windows_forget(engine);
	if (!h || (d && (d->state == RUNNING || d->state == ENDED)) || (!d && h->unrestored && n > h->restored))
		return;
	if (n == 0)
		h->replays_changed = true;
	if (n == 0 ? circuit_read(h, &err) < 0 : store_parked_each(engine->set.store, handler, n, refresh, &r, &err) < 0)
		die("cannot read what an operator changed: %s", err.text);
	if (n && !r.found && d && (d->row || is_erased(engine, n)))
		forget(d);
}
