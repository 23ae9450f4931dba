/* SPDX-License-Identifier: EUPL-1.2
 * A handler whose state was dropped makes it anew: the replay runs in order what had made it, and until it has come to
 * its end live events stay in the log and parked deliveries where they are. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/die.h"
#include "base/log.h"
#include "dispatch/inner.h"

bool rebuilding(const struct handler *h)
{
	return h->replay && h->replay->replay.rebuild;
}

bool delivery_barred(const struct delivery *d)
{
	return !d->replayed && rebuilding(d->handler);
}

bool handler_full(const struct handler *h)
{
	return h->deliveries.n >= DELIVERIES_MAX && !rebuilding(h);
}

static void unload(struct handler *h, const struct cursor *c)
{
	struct delivery *d;

	for (size_t at = 0; (d = map_next(&h->deliveries, &at));)
		if (d->cursor == c)
			delivery_free(&d);
}

void replay_abandon(struct handler *h)
{
	must(!h->running);
	unload(h, h->replay);
	cursor_free(h->replay);
	free(h->replay);
	h->replay = NULL;
}

void rebuild_begin(struct handler *h, const struct replay *r)
{
	struct delivery *d;

	must(!h->running && !h->replay);
	log_info("handler %s makes its state anew from event %llu to %llu; what comes in waits", h->conf->name,
		 (unsigned long long)r->at + 1, (unsigned long long)r->upto);
	unload(h, &h->live);
	cursor_rewind(&h->live);
	for (size_t at = 0; (d = map_next(&h->deliveries, &at));) {
		d->replayed = false;
		if (d->state == READY)
			delivery_take(d);
	}
}

void rebuild_end(struct handler *h)
{
	struct delivery *d;

	log_info("handler %s has made its state anew; what came in goes on", h->conf->name);
	for (size_t at = 0; (d = map_next(&h->deliveries, &at));)
		delivery_turn(d);
}

struct was {
	const char *handler;
	bool done;
};

static bool look_for_done(void *arg, const struct history *h)
{
	struct was *was = arg;

	was->done = h->handler && strcmp(h->handler, was->handler) == 0 &&
		    (strcmp(h->what, "done") == 0 || strcmp(h->what, "replayed") == 0);
	return !was->done;
}

int delivery_was_done(const struct delivery *d, bool *done, struct err *err)
{
	struct was was = { d->handler->conf->name, false };
	int rc = store_history_each(d->handler->engine->set.store, d->n, look_for_done, &was, err);

	*done = was.done;
	return rc;
}

bool finished_above(const struct handler *h, uint64_t n)
{
	const struct cursor *c = &h->live;
	size_t low = 0, high = c->n_skip;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (c->skip[middle] < n)
			low = middle + 1;
		else
			high = middle;
	}
	return low < c->n_skip && c->skip[low] == n;
}
