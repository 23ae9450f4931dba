/* SPDX-License-Identifier: EUPL-1.2
 * What a rewind would run, counted without running it. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "dispatch/asked.h"
#include "event/type.h"

#define COUNT_MS 5000

struct numbers {		/* ascending */
	uint64_t *v;
	size_t n, cap;
};

struct counting {
	const struct asked *asked;
	struct numbers parked;
	uint64_t *done;		/* above the bookmark */
	size_t n_done;
	uint64_t *n;
	int64_t until_ms;	/* mono */
};

static bool collect(void *arg, const struct parked *p)
{
	struct numbers *parked = arg;

	if (parked->n == parked->cap) {
		parked->cap = parked->cap ? 2 * parked->cap : 64;
		parked->v = mem_grow(parked->v, parked->cap, sizeof *parked->v);
	}
	parked->v[parked->n++] = p->n;
	return true;
}

static bool is_in(const uint64_t *v, size_t n, uint64_t number)
{
	while (n) {
		size_t middle = n / 2;

		if (v[middle] == number)
			return true;
		if (v[middle] < number) {
			v += middle + 1;
			n -= middle + 1;
		} else
			n = middle;
	}
	return false;
}

static bool would_run(const struct counting *c, const struct conf_handler *handler, const struct card *card)
{
	const struct rewind *w = &c->asked->rewind;

	return card->mark == EVENT_PLAIN && !card->duplicate_of &&
	       (!w->like.has_lane || (card->has_lane && memcmp(&card->lane, &w->like.lane, sizeof card->lane) == 0)) &&
	       type_match_any(handler->events, card->type) && (!w->like.types || type_match_any(w->like.types, card->type)) &&
	       (card->n <= w->mark->n || is_in(c->done, c->n_done, card->n)) && !is_in(c->parked.v, c->parked.n, card->n);
}

/* *at is how far it came. */
static int count_piece(const struct counting *c, const struct replay *piece, uint64_t *at, struct err *err)
{
	const struct conf_handler *handler = conf_handler(c->asked->conf, c->asked->handler);
	struct pool *pool = pool_new();
	struct card *cards;
	size_t n = 0;
	int rc = 0;

	*at = piece->after;
	while (*at < piece->upto && clock_mono_ms() < c->until_ms) {
		pool_reset(pool);
		rc = store_cards(c->asked->store, *at, piece->upto, STORE_CARDS, pool, &cards, &n, err);
		if (rc < 0)
			break;
		for (size_t i = 0; i < n; i++)
			*c->n += would_run(c, handler, &cards[i]);
		*at = n < STORE_CARDS ? piece->upto : cards[n - 1].n;
	}
	pool_free(&pool);
	return rc;
}

int rewind_count(struct asked *a, uint64_t *n, uint64_t *upto, struct err *err)
{
	struct counting c = { .asked = a, .n = n, .until_ms = clock_mono_ms() + COUNT_MS };
	int rc = store_parked_each(a->store, a->handler, 0, collect, &c.parked, err);

	*n = *upto = 0;
	if (rc == 0 && done_get(a->rewind.mark, a->pool, &c.done, &c.n_done) < 0)
		rc = err_set(err, "the bookmark of handler %s is damaged", a->handler);
	for (size_t i = 0; i < a->rewind.n_add && rc == 0; i++) {
		rc = count_piece(&c, &a->rewind.add[i], upto, err);
		if (*upto < a->rewind.add[i].upto)
			break;
	}
	free(c.parked.v);
	return rc;
}
