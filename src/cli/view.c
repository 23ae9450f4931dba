/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/view.h"

#include <stdlib.h>
#include <string.h>
#include "base/die.h"
#include "event/type.h"

#define PAGE 500		/* cards at a time */

static const char *const names[VIEW_STATES] = {
	"unwanted", "done", "expired", "new", "behind", "waiting", "held", "dead", "duplicate", "quarantined"
};

const char *view_state_name(enum view_state state)
{
	return names[state];
}

bool view_state_find(const char *name, enum view_state *state)
{
	for (int i = 0; i < VIEW_STATES; i++)
		if (strcmp(name, names[i]) == 0) {
			*state = (enum view_state)i;
			return true;
		}
	return false;
}

enum view_state view_parked_state(enum parked_state state)
{
	switch (state) {
	case PARKED_WAITING: return VIEW_WAITING;
	case PARKED_DEAD: return VIEW_DEAD;
	case PARKED_HELD: return VIEW_HELD;
	case PARKED_BEHIND: return VIEW_BEHIND;
	}
	return VIEW_WAITING;
}

static bool is_parked(int state)
{
	return state >= VIEW_BEHIND && state <= VIEW_DEAD;
}

size_t view_find(const struct view *view, const char *handler)
{
	size_t i = 0;

	while (i < view->n_handlers && strcmp(view->handlers[i].name, handler) != 0)
		i++;
	return i;
}

struct loading {
	struct view *view;
	struct pool *pool;
	size_t handlers_cap;
	struct view_parked *parked;	/* on the heap while it grows */
	size_t n_parked, cap;
};

static size_t find_or_add(struct loading *l, const char *name)
{
	struct view *view = l->view;
	size_t i = view_find(view, name);

	if (i < view->n_handlers)
		return i;
	if (i == l->handlers_cap) {
		struct view_handler *more = pool_alloc(l->pool, (2 * i + 8) * sizeof *more);

		l->handlers_cap = 2 * i + 8;
		if (i)
			memcpy(more, view->handlers, i * sizeof *more);
		view->handlers = more;
	}
	view->handlers[i] = (struct view_handler){ .name = pool_str(l->pool, name) };
	view->n_handlers++;
	return i;
}

static bool take_parked(void *arg, const struct parked *p)
{
	struct loading *l = arg;
	enum view_state state = view_parked_state(p->state);
	size_t handler = find_or_add(l, p->handler);

	if (l->n_parked == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 64;
		l->parked = mem_grow(l->parked, l->cap, sizeof *l->parked);
	}
	l->parked[l->n_parked++] = (struct view_parked){ p->n, handler, state };
	l->view->handlers[handler].parked[state]++;
	return true;
}

static int load_bookmarks(struct loading *l, struct store *store, struct err *err)
{
	struct bookmark *bookmarks;
	size_t n;

	if (store_bookmarks(store, l->pool, &bookmarks, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		size_t at = find_or_add(l, bookmarks[i].handler);
		struct view_handler *handler = &l->view->handlers[at];

		handler->begun = true;
		handler->bookmark = bookmarks[i].n;
		if (done_get(&bookmarks[i], l->pool, &handler->done, &handler->n_done) < 0)
			return err_set(err, "the bookmark of handler %s cannot be read: the desk is damaged", handler->name);
	}
	return 0;
}

static int by_number(const void *a, const void *b)
{
	uint64_t left = ((const struct view_parked *)a)->n, right = ((const struct view_parked *)b)->n;

	return left < right ? -1 : left > right;
}

int view_load(struct store *store, const struct conf *conf, struct pool *pool, struct view *view, struct err *err)
{
	struct loading l = { .view = view, .pool = pool };
	int rc;

	*view = (struct view){0};
	for (size_t i = 0; i < conf->n_handlers; i++) {
		size_t at = find_or_add(&l, conf->handlers[i].name);

		view->handlers[at].events = conf->handlers[i].events;
	}
	rc = store_sorted(store, &view->sorted, err);
	if (rc == 0)
		rc = load_bookmarks(&l, store, err);
	if (rc == 0)
		rc = store_parked_each(store, NULL, 0, take_parked, &l, err);
	if (rc == 0 && l.n_parked) {
		qsort(l.parked, l.n_parked, sizeof *l.parked, by_number);
		view->parked = pool_dup(pool, l.parked, l.n_parked * sizeof *l.parked);
		view->n_parked = l.n_parked;
	}
	view->expired = pool_alloc(pool, sizeof *view->expired);
	view->expired->handlers = pool_alloc(pool, view->n_handlers * sizeof *view->expired->handlers);
	free(l.parked);
	return rc;
}

/* The first parked delivery with at least this number. */
static size_t parked_from(const struct view *view, uint64_t n)
{
	size_t low = 0, high = view->n_parked;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (view->parked[middle].n < n)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool in_done(const struct view_handler *handler, uint64_t n)
{
	size_t low = 0, high = handler->n_done;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (handler->done[middle] == n)
			return true;
		if (handler->done[middle] < n)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

struct looking {
	const struct view *view;
	bool *done;		/* what was done once is done, whatever came of a rewind */
};

static bool take_line(void *arg, const struct history *h)
{
	const struct looking *l = arg;
	size_t i = view_find(l->view, h->handler);

	if (i == l->view->n_handlers)
		return true;
	if (strcmp(h->what, "expired") == 0)
		l->view->expired->handlers[i] |= h->note != NULL;	/* without: a dead row that was dropped */
	else
		l->done[i] |= strcmp(h->what, "done") == 0 || strcmp(h->what, "replayed") == 0;
	return true;
}

int view_look(struct store *store, const struct view *view, const struct card *card, struct err *err)
{
	struct view_expired *expired = view->expired;
	struct looking l = { .view = view };
	int rc;

	if (!card->expires || expired->n == card->n)
		return 0;
	l.done = mem_array(view->n_handlers, sizeof *l.done);
	memset(expired->handlers, 0, view->n_handlers * sizeof *expired->handlers);
	expired->n = card->n;
	rc = store_history_each(store, card->n, take_line, &l, err);
	for (size_t i = 0; i < view->n_handlers; i++)
		expired->handlers[i] = expired->handlers[i] && !l.done[i];
	free(l.done);
	return rc;
}

enum view_state view_of_handler(const struct view *view, size_t i, const struct card *card)
{
	const struct view_handler *handler = &view->handlers[i];

	for (size_t at = parked_from(view, card->n); at < view->n_parked && view->parked[at].n == card->n; at++)
		if (view->parked[at].handler == i)
			return view->parked[at].state;
	if (card->mark == EVENT_QUARANTINED || card->duplicate_of || !handler->events ||
	    !type_match_any(handler->events, card->type))
		return VIEW_UNWANTED;
	if (!handler->begun || (card->n > handler->bookmark && !in_done(handler, card->n)))
		return VIEW_NEW;
	return view->expired->n == card->n && view->expired->handlers[i] ? VIEW_EXPIRED : VIEW_DONE;
}

static bool any_parked(const struct view *view, uint64_t n)
{
	size_t at = parked_from(view, n);

	return at < view->n_parked && view->parked[at].n == n;
}

enum view_state view_of(const struct view *view, const struct card *card)
{
	enum view_state worst = VIEW_UNWANTED;

	if (card->mark == EVENT_QUARANTINED)
		return card->n > view->sorted || any_parked(view, card->n) ? VIEW_QUARANTINED : VIEW_DONE;
	if (card->duplicate_of)
		return VIEW_DUPLICATE;
	for (size_t i = 0; i < view->n_handlers; i++) {
		enum view_state state = view_of_handler(view, i, card);

		if (state > worst)
			worst = state;
	}
	return worst;
}

static bool any_delivery(const struct view *view, uint64_t n, int state)
{
	for (size_t at = parked_from(view, n); at < view->n_parked && view->parked[at].n == n; at++)
		if ((int)view->parked[at].state == state)
			return true;
	return false;
}

static bool any_expired(const struct view *view, const struct card *card)
{
	for (size_t i = 0; card->expires && i < view->n_handlers; i++)
		if (view_of_handler(view, i, card) == VIEW_EXPIRED)
			return true;
	return false;
}

static bool state_matches(const struct view *view, const struct view_filter *f, const struct card *card,
			  enum view_state *state)
{
	*state = f->handler ? view_of_handler(view, (size_t)f->handler - 1, card) : view_of(view, card);
	if (f->handler && f->state < 0)
		return *state != VIEW_UNWANTED;
	if (f->state < 0 || (int)*state == f->state)
		return true;
	if (f->handler)
		return false;
	return f->state == VIEW_EXPIRED ? any_expired(view, card) :
	       is_parked(f->state) && any_delivery(view, card->n, f->state);
}

static bool matches(const struct view_filter *f, const struct card *card)
{
	if ((f->since_ms && card->received_ms < f->since_ms) || (f->until_ms && card->received_ms >= f->until_ms))
		return false;
	if (f->sender && strcmp(f->sender, card->sender) != 0)
		return false;
	return !f->types || type_match_any(f->types, card->type);
}

struct walk {
	struct store *store;
	const struct view *view;
	const struct view_filter *filter;
	const struct view_taker *taker;
	uint64_t after, before;	/* the numbers that can match: after < n < before; before 0: open */
	size_t n;
};

/* 1: go on; 0: enough; -1: failure. */
static int offer(struct walk *w, const struct card *card, struct err *err)
{
	enum view_state state;

	if (!matches(w->filter, card))
		return 1;
	if (view_look(w->store, w->view, card, err) < 0)
		return -1;
	if (!state_matches(w->view, w->filter, card, &state))
		return 1;
	if (!w->taker->fn(w->taker->arg, card, state))
		return 0;
	return ++w->n != w->filter->most;
}

static int walk_log(struct walk *w, struct err *err)
{
	struct pool *pool = pool_new();
	uint64_t before = w->before;
	int rc = 1;

	while (rc > 0) {
		struct card *cards;
		size_t n;

		pool_reset(pool);
		if (store_cards_back(w->store, before, PAGE, pool, &cards, &n, err) < 0)
			rc = -1;
		else if (n == 0)
			rc = 0;
		for (size_t i = 0; rc > 0 && i < n; i++)
			rc = cards[i].n > w->after ? offer(w, &cards[i], err) : 0;
		before = rc > 0 ? cards[n - 1].n : 0;
		if (rc > 0 && before <= 1)
			rc = 0;
	}
	pool_free(&pool);
	return rc;
}

/* Few are parked among many: look these up one by one. */
static int walk_parked(struct walk *w, struct err *err)
{
	const struct view *view = w->view;
	struct pool *pool = pool_new();
	uint64_t last = 0;
	int rc = 1;

	for (size_t i = view->n_parked; rc > 0 && i-- > 0;) {
		uint64_t number = view->parked[i].n;
		struct card *cards;
		size_t n;

		if (number == last || number <= w->after || (w->before && number >= w->before))
			continue;
		last = number;
		pool_reset(pool);
		rc = store_cards(w->store, number - 1, number, 1, pool, &cards, &n, err) < 0 ? -1 :
		     n ? offer(w, &cards[0], err) : 1;
	}
	pool_free(&pool);
	return rc < 0 ? -1 : 0;
}

int view_each(struct store *store, const struct view *view, const struct view_filter *filter,
	      const struct view_taker *taker, struct err *err)
{
	struct walk w = { .store = store, .view = view, .filter = filter, .taker = taker };

	if (filter->since_ms && store_number_at(store, filter->since_ms, &w.after, err) < 0)
		return -1;
	if (filter->until_ms) {
		if (store_number_at(store, filter->until_ms, &w.before, err) < 0)
			return -1;
		if (w.before++ == 0)
			return 0;
	}
	return is_parked(filter->state) ? walk_parked(&w, err) : walk_log(&w, err);
}
