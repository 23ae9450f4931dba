/* SPDX-License-Identifier: EUPL-1.2
 * What a handler keeps and emits: its state travels with an event to the runner, and what DONE brings back is
 * written in the transaction that says that the event is done. */
#include "config.h"
#include "base/fail.h"
#include "dispatch/inner.h"
#include "event/emitted.h"

struct kept {			/* in the engine's pool of that name */
	bool state_set;
	const unsigned char *state;
	size_t state_len;
	struct event **events;
	size_t n;
};

/* ---- handing out ---- */

int state_take(struct delivery *d, const struct event *event, struct wire_event *head, struct err *err)
{
	const struct handler *h = d->handler;

	d->id = event->key;
	d->depth = emitted_depth(event);
	if (!h->has_state || !d->lane)
		return 0;
	return store_state(h->engine->set.store, h->conf->name, &d->key, h->engine->pool, &head->state, &head->state_len, err);
}

/* ---- what came of it ---- */

bool emits_too_deep(const struct delivery *d, const struct wire_outcome *outcome)
{
	return outcome->n_emitted && d->depth >= EMIT_DEPTH;
}

/* The outcome's own memory goes when it was told. */
static struct event *copy(struct pool *pool, const struct emission *emission, uint32_t i, const struct wire_emitted *e)
{
	struct wire_emitted own = { pool_str(pool, e->type), pool_str(pool, e->subject), pool_str(pool, e->mediatype),
				    e->data_len ? pool_dup(pool, e->data, e->data_len) : NULL, e->data_len };

	return emitted_event(pool, emission, i, &own);
}

static void keep_emitted(struct delivery *d, const struct wire_outcome *outcome)
{
	struct engine *engine = d->handler->engine;
	const struct emission emission = { d->handler->conf->name, d->handler->conf->source, d->id, d->depth, d->trace,
					   engine->set.wall_ms() };
	struct kept *kept = d->kept;

	kept->events = pool_alloc(engine->kept, outcome->n_emitted * sizeof *kept->events);
	for (size_t i = 0; i < outcome->n_emitted; i++) {
		kept->events[kept->n++] = copy(engine->kept, &emission, (uint32_t)i, &outcome->emitted[i]);
		engine->kept_bytes += wire_emitted_bytes(&outcome->emitted[i]);
	}
	engine->n_emitting += kept->n;
}

void outcome_keep(struct delivery *d, const struct wire_outcome *outcome)
{
	struct engine *engine = d->handler->engine;

	if (!outcome->state_set && !outcome->n_emitted)
		return;
	d->kept = pool_alloc(engine->kept, sizeof *d->kept);
	if (outcome->state_set && d->lane) {
		d->kept->state_set = true;
		d->kept->state_len = outcome->state_len;
		d->kept->state = outcome->state_len ? pool_dup(engine->kept, outcome->state, outcome->state_len) : NULL;
		engine->kept_bytes += outcome->state_len;
		d->handler->has_state = true;
	}
	if (outcome->n_emitted)
		keep_emitted(d, outcome);
}

/* ---- settling ---- */

static int write_one(const struct delivery *d, struct err *err)
{
	struct store *store = d->handler->engine->set.store;
	const struct kept *kept = d->kept;
	struct state state = { d->handler->conf->name, d->key, d->n, kept->state, kept->state_len };

	if (kept->state_set && store_state_put(store, &state, err) < 0)
		return -1;
	failpoint("dispatch.state-written");
	for (size_t i = 0; i < kept->n; i++)
		if (store_emit(store, kept->events[i], err) < 0)
			return -1;
	return 0;
}

int kept_write(struct engine *engine, struct err *err)
{
	list_each(it, &engine->ended) {
		const struct delivery *d = list_item(it, struct delivery, link);

		if (d->kept && write_one(d, err) < 0)
			return -1;
	}
	return 0;
}

void kept_written(struct engine *engine)
{
	engine->emitted |= engine->n_emitting > 0;
	engine->n_emitting = engine->kept_bytes = 0;
	pool_reset(engine->kept);
}

bool engine_emitted(struct engine *engine)
{
	bool emitted = engine->emitted;

	engine->emitted = false;
	return emitted;
}
