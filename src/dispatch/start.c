/* SPDX-License-Identifier: EUPL-1.2
 * How the engine begins: bookmarks that are missing, lanes from what is parked, replays that run. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "dispatch/inner.h"

/* Where a new handler starts. fresh: the store was never dispatched. */
static int start_at(struct engine *engine, const struct conf_handler *handler, bool fresh, uint64_t *n, struct err *err)
{
	struct store *store = engine->set.store;

	*n = 0;
	if (handler->from == FROM_BEGINNING || (handler->from == FROM_NOW && fresh))
		return 0;
	if (handler->from == FROM_NOW)
		return store_last(store, n, err);
	return store_number_at(store, engine->set.wall_ms() - handler->from_ago_ms, n, err);
}

static const struct bookmark *bookmark_of(const struct bookmark *v, size_t n, const char *handler)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].handler, handler) == 0)
			return &v[i];
	return NULL;
}

static int take_bookmark(struct handler *h, const struct bookmark *b, struct err *err)
{
	if (cursor_begin(&h->live, b, h->engine->pool) < 0)
		return err_set(err, "the bookmark of handler %s is damaged; restore desk.db from a backup, or"
			       " remove the handler from the configuration, `postvak forget %s`, and add it again",
			       b->handler, b->handler);
	return 0;
}

static int make_bookmarks(struct engine *engine, const struct bookmark *v, size_t n, struct err *err)
{
	uint64_t sorted;
	bool fresh;

	if (store_sorted(engine->set.store, &sorted, err) < 0)
		return -1;
	fresh = n == 0 && sorted == 0;
	for (size_t i = 0; i < engine->n; i++) {
		struct handler *h = &engine->handlers[i];

		if (bookmark_of(v, n, h->conf->name))
			continue;
		if (start_at(engine, h->conf, fresh, &h->live.read, err) < 0)
			return -1;
		h->live.changed = true;
		log_info("handler %s is new: it starts behind event %llu", h->conf->name, (unsigned long long)h->live.read);
	}
	return engine_settle(engine, true, err);
}

static int take_bookmarks(struct engine *engine, struct err *err)
{
	struct bookmark *v;
	size_t n;

	if (store_bookmarks(engine->set.store, engine->pool, &v, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (!conf_handler(engine->set.conf, v[i].handler))
			log_warn("handler %s is not configured any more; what it misses may be pruned; `postvak forget %s`"
				 " drops its bookmark", v[i].handler, v[i].handler);
	for (size_t i = 0; i < engine->n; i++) {
		const struct bookmark *b = bookmark_of(v, n, engine->handlers[i].conf->name);

		if (b && take_bookmark(&engine->handlers[i], b, err) < 0)
			return -1;
	}
	return make_bookmarks(engine, v, n, err);
}

static enum delivery_state state_of(const struct parked *p)
{
	return p->state == PARKED_WAITING ? WAITING : p->state == PARKED_HELD ? HELD : QUEUED;
}

/* How long it still has to wait. A row from the future tells of a clock that was set back since: the
 * wait then begins anew, and is no longer than it was. */
static int64_t wait_of(const struct parked *p, int64_t now_ms)
{
	return p->due_ms - (p->since_ms > now_ms ? p->since_ms : now_ms);
}

void delivery_restore(struct handler *h, const struct parked *p, bool sorted)
{
	struct delivery *d = delivery_get(h, p->n);
	int64_t wait = wait_of(p, h->engine->set.wall_ms());
	enum delivery_state state = state_of(p);
	bool is_new = !d;

	if (is_new)
		d = delivery_new(h, p->n, p->has_lane ? &p->lane : NULL);
	else
		delivery_take(d);
	d->row = true;
	d->attempts = p->attempts;
	d->since_ms = p->since_ms;
	delivery_reason(d, p->reason);
	if (state == WAITING && wait > 0)
		delivery_wait(d, h->engine->set.mono_ms() + wait);
	else if (state == HELD)
		d->state = HELD;
	if (is_new && sorted)
		delivery_enter_sorted(d);
	else if (is_new)
		delivery_enter(d);
	else
		delivery_turn(d);
	if (sorted && d->lane && (d->state == WAITING || d->state == HELD))
		lane_park(d->lane);
}

static bool restore(void *arg, const struct parked *p)
{
	struct handler *h = arg;

	h->unrestored = handler_full(h);
	if (h->unrestored)
		return false;
	if (p->state != PARKED_DEAD)
		delivery_restore(h, p, false);
	h->restored = p->n;
	return true;
}

/* In order of their numbers, so that lanes are. */
int handler_restore(struct handler *h, struct err *err)
{
	h->unrestored = false;
	if (store_parked_after(h->engine->set.store, h->conf->name, h->restored, restore, h, err) == 0)
		return 0;
	h->unrestored = true;
	return -1;
}

static int replay_take(struct handler *h, const struct replay *r, struct err *err)
{
	struct bookmark at = { r->handler, r->at > r->after ? r->at : r->after, r->done, r->done_len };
	struct cursor *c = mem_alloc(sizeof *c);

	if (cursor_begin(c, &at, h->engine->pool) < 0) {
		free(c);
		return err_set(err, "a rewind of handler %s is damaged; restore desk.db from a backup, see postvak(1)", r->handler);
	}
	if (r->rebuild)
		rebuild_begin(h, r);
	c->upto = r->upto;
	c->types = str_dup(r->types);
	c->replay = *r;
	c->replay.types = c->types;
	c->replay.handler = h->conf->name;
	c->replay.done = NULL;
	c->replay.done_len = 0;
	c->changed = true;
	h->replay = c;
	return 0;
}

/* From where on those that stand in line want the log. */
static uint64_t line_of(const struct handler *h, const struct replay *v, size_t n)
{
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].handler, h->conf->name) == 0 && (!h->replay || v[i].id != h->replay->replay.id) &&
		    v[i].at < least)
			least = v[i].at;
	return least;
}

int replay_look(struct handler *h, struct err *err)
{
	struct replay *v, *oldest = NULL;
	bool stands = false;
	size_t n;

	if (store_replays(h->engine->set.store, h->engine->pool, &v, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(v[i].handler, h->conf->name) == 0 && (!oldest || v[i].id < oldest->id))
			oldest = &v[i];
		stands |= h->replay && h->replay->replay.id == v[i].id;
	}
	if (h->replay && !stands)
		replay_abandon(h);
	if (!h->replay && oldest && replay_take(h, oldest, err) < 0)
		return -1;
	h->line = line_of(h, v, n);
	return 0;
}

static int look_for_states(struct handler *h, struct err *err)
{
	uint64_t n;

	if (store_states(h->engine->set.store, h->conf->name, &n, err) < 0)
		return -1;
	h->has_state = n > 0;
	return 0;
}

int handlers_start(struct engine *engine, struct err *err)
{
	if (circuits_start(engine, err) < 0 || take_bookmarks(engine, err) < 0)
		return -1;
	for (size_t i = 0; i < engine->n; i++) {
		struct handler *h = &engine->handlers[i];

		if (replay_look(h, err) < 0 || handler_restore(h, err) < 0 ||
		    look_for_states(h, err) < 0)
			return -1;
	}
	return 0;
}
