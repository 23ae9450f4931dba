/* SPDX-License-Identifier: EUPL-1.2
 * Settling: one transaction on the desk for all that happened. What is in memory already is as it
 * shall be; only after the commit do deliveries that ended leave their lanes. Every try writes all
 * that is pending, so a failed one is simply repeated. */
#include "config.h"
#include <stdlib.h>
#include "base/fail.h"
#include "dispatch/inner.h"

static enum parked_state row_state(const struct delivery *d)
{
	if (d->state == ENDED)
		return PARKED_DEAD;
	if (d->state == HELD)
		return PARKED_HELD;
	return d->state == WAITING || delivery_is_first(d) ? PARKED_WAITING : PARKED_BEHIND;
}

static int write_row(const struct delivery *d, struct err *err)
{
	struct engine *engine = d->handler->engine;
	int64_t now = engine->set.wall_ms();
	struct parked p = { .handler = d->handler->conf->name, .n = d->n, .state = row_state(d), .attempts = d->attempts,
			    .since_ms = d->since_ms ? d->since_ms : now, .has_lane = d->has_lane, .lane = d->key,
			    .reason = d->reason };

	if (p.state == PARKED_WAITING)
		p.due_ms = d->state == WAITING ? now + d->due_ms - engine->set.mono_ms() : now;
	return store_parked_put(engine->set.store, &p, err);
}

static int write_rows(struct engine *engine, struct err *err)
{
	list_each(it, &engine->dirty)
		if (write_row(list_item(it, struct delivery, dirty), err) < 0)
			return -1;
	list_each(it, &engine->ended) {
		struct delivery *d = list_item(it, struct delivery, link);

		if (d->dead ? write_row(d, err) < 0 :
		    d->row && store_parked_drop(engine->set.store, d->handler->conf->name, d->n, err) < 0)
			return -1;
	}
	return 0;
}

static int write_done(struct engine *engine, struct err *err)
{
	uint64_t *numbers = mem_array(engine->unsettled, sizeof *numbers);
	int rc = 0;

	for (size_t i = 0; i < engine->n && rc == 0; i++) {
		size_t n = 0;

		list_each(it, &engine->ended) {
			struct delivery *d = list_item(it, struct delivery, link);

			if (d->handler == &engine->handlers[i] && d->plain)
				numbers[n++] = d->n;
		}
		if (n)
			rc = store_history_done(engine->set.store, engine->handlers[i].conf->name, engine->set.wall_ms(),
						numbers, n, err);
	}
	free(numbers);
	return rc;
}

static int write_history(struct engine *engine, struct err *err)
{
	list_each(it, &engine->lines)
		if (store_history_add(engine->set.store, &list_item(it, struct line, link)->h, err) < 0)
			return -1;
	return write_done(engine, err);
}

static bool at_end(const struct cursor *replay)
{
	return replay->read >= replay->upto && !replay->n;
}

static void pack_done(const struct cursor *c, struct buf *packed)
{
	uint64_t *done;
	size_t n = cursor_done(c, &done);

	done_put(packed, done, n, cursor_mark(c));
	free(done);
}

static int write_bookmark(struct handler *h, struct err *err)
{
	struct bookmark b = { .handler = h->conf->name, .n = cursor_mark(&h->live) };
	struct buf packed = {0};
	int rc;

	pack_done(&h->live, &packed);
	b.done = (const unsigned char *)packed.p;
	b.done_len = packed.len;
	rc = store_bookmark_put(h->engine->set.store, &b, err);
	buf_free(&packed);
	return rc;
}

static int write_replay(struct handler *h, struct err *err)
{
	struct cursor *c = h->replay;
	struct replay r = c->replay;
	struct buf packed = {0};
	int rc;

	if (at_end(c))
		return store_replay_drop(h->engine->set.store, c->replay.id, err);
	pack_done(c, &packed);
	r.at = cursor_mark(c);
	r.done = (const unsigned char *)packed.p;
	r.done_len = packed.len;
	rc = store_replay_put(h->engine->set.store, &r, err);
	buf_free(&packed);
	return rc;
}

static int write_cursors(struct engine *engine, struct err *err)
{
	for (size_t i = 0; i < engine->n; i++) {
		struct handler *h = &engine->handlers[i];

		if (h->live.changed && write_bookmark(h, err) < 0)
			return -1;
		if (h->replay && h->replay->changed && write_replay(h, err) < 0)
			return -1;
	}
	return 0;
}

static int write_pauses(struct engine *engine, struct err *err)
{
	for (size_t i = 0; i < engine->n; i++)
		if (engine->handlers[i].circuit.changed && circuit_write(&engine->handlers[i], err) < 0)
			return -1;
	return 0;
}

static void forget_written(struct engine *engine)
{
	list_each_safe(it, next, &engine->dirty)
		list_remove(it);
	list_each_safe(it, next, &engine->lines) {
		struct line *line = list_item(it, struct line, link);

		list_remove(it);
		free(line->note);
		free(line);
	}
	engine->unsettled = 0;
}

static void end_replay(struct handler *h)
{
	bool rebuilt = rebuilding(h);

	cursor_free(h->replay);
	free(h->replay);
	h->replay = NULL;
	h->replays_changed = true;
	if (rebuilt)
		rebuild_end(h);
}

static void after_commit(struct engine *engine)
{
	forget_written(engine);
	for (size_t i = 0; i < engine->n; i++) {
		struct handler *h = &engine->handlers[i];

		h->live.changed = h->circuit.changed = false;
		h->live.written = cursor_mark(&h->live);
		if (!h->replay)
			continue;
		h->replay->changed = false;
		h->replay->written = cursor_mark(h->replay);
		if (!at_end(h->replay))
			continue;
		end_replay(h);
	}
	list_each_safe(it, next, &engine->ended) {
		struct delivery *d = list_item(it, struct delivery, link);

		delivery_free(&d);
	}
	kept_written(engine);
}

int engine_settle(struct engine *engine, bool durable, struct err *err)
{
	struct store *store = engine->set.store;

	if (!durable && !engine->unsettled && !engine_moved(engine))
		return 0;
	if (fail_here("dispatch.before-settle"))
		return err_set(err, "told to fail before settling");
	if (store_begin(store, durable, err) < 0)
		return -1;
	if (write_rows(engine, err) < 0 || kept_write(engine, err) < 0 || write_history(engine, err) < 0 ||
	    write_cursors(engine, err) < 0 || write_pauses(engine, err) < 0 || store_commit(store, err) < 0) {
		store_rollback(store);
		return -1;
	}
	after_commit(engine);
	failpoint("dispatch.after-settle");
	return 0;
}

size_t engine_unsettled(const struct engine *engine)
{
	return engine->unsettled;
}

bool engine_moved(const struct engine *engine)
{
	for (size_t i = 0; i < engine->n; i++)
		if (engine->handlers[i].live.changed || (engine->handlers[i].replay && engine->handlers[i].replay->changed))
			return true;
	return false;
}

uint64_t engine_passed(const struct engine *engine)
{
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < engine->n; i++) {
		const struct handler *h = &engine->handlers[i];

		if (h->live.written < least)
			least = h->live.written;
		if (h->replay && h->replay->written < least)
			least = h->replay->written;
		if (h->line < least)
			least = h->line;
		if (h->replays_changed)
			least = 0;
	}
	return least;
}
