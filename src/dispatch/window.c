/* SPDX-License-Identifier: EUPL-1.2
 * Windows on the log. There are two: what was read before the last is mostly not handed out yet. */
#include "config.h"
#include "dispatch/inner.h"

static bool covers(const struct window *w, uint64_t after)
{
	return w->after <= after && after < w->upto;
}

const struct window *window_read(struct engine *engine, uint64_t after, uint64_t upto, size_t max, struct err *err)
{
	struct window *w = engine->windows, older = w[1];

	for (size_t i = 0; i < 2; i++)
		if (covers(&w[i], after))
			return &w[i];
	w[1] = w[0];
	w[0] = (struct window){ .pool = older.pool ? older.pool : pool_new() };
	pool_reset(w->pool);
	if (store_events(engine->set.store, after, upto, max, w->pool, &w->cards, &w->n, err) < 0) {
		w->n = 0;
		return NULL;
	}
	w->after = after;
	w->upto = w->n < max ? upto : w->cards[w->n - 1].n;
	return w;
}

static struct event *find(const struct window *w, uint64_t n)
{
	size_t low = 0, high = w->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (w->cards[middle].n < n)
			low = middle + 1;
		else
			high = middle;
	}
	return low < w->n && w->cards[low].n == n ? w->cards[low].event : NULL;
}

struct event *window_event(const struct engine *engine, uint64_t n)
{
	for (size_t i = 0; i < 2; i++)
		if (n > engine->windows[i].after && n <= engine->windows[i].upto)
			return find(&engine->windows[i], n);
	return NULL;
}

void windows_forget(struct engine *engine)
{
	for (size_t i = 0; i < 2; i++) {
		pool_free(&engine->windows[i].pool);
		engine->windows[i] = (struct window){0};
	}
}
