/* SPDX-License-Identifier: EUPL-1.2
 * Finding what is to be erased: reads the log, an event at a time. */
#include "cli/erase.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "cli/spelled.h"
#include "event/json.h"

#define PAGE 500		/* cards at a time */
#define SAY_MS 200

static void add(struct finds *f, const struct card *card)
{
	if (f->n == f->cap) {
		f->cap = f->cap ? 2 * f->cap : 64;
		f->v = mem_grow(f->v, f->cap, sizeof *f->v);
	}
	f->v[f->n++] = (struct item){ card->n, card->has_lane, card->lane };
	f->duplicates += card->duplicate_of != 0;
	f->quarantined += card->mark == EVENT_QUARANTINED;
}

static bool headers_spell(const struct event *e, const char *text)
{
	for (size_t i = 0; i < e->n_headers; i++)
		if (spelled_in_text(e->headers[i].value, text))
			return true;
	return false;
}

static bool anything_spells(const struct event *e, const char *text)
{
	for (size_t i = 0; i < e->n_attrs; i++)
		if (spelled_in_text(e->attrs[i].value, text))
			return true;
	return spelled_in_text(e->source, text) || spelled_in_text(e->subject, text) || spelled_in_text(e->id, text) ||
	       spelled_in_text(e->note, text) || headers_spell(e, text) || spelled_in(e->data, e->data_len, text);
}

/* Of a notification. Its subject is the end of its resourceUrl, which saves reading the others. */
static bool resource_is(const struct event *e, const char *text)
{
	struct faults faults = {0};
	struct json_object *doc, *value;
	const char *url;
	size_t len;
	bool same = false;

	if (!e->subject || !strstr(text, e->subject))
		return false;
	faults.pool = pool_new();
	if (json_parse(e->data, e->data_len, &doc, &faults) == 0) {
		if (json_member(doc, "resourceUrl", &value) && (url = json_string(value, &len)))
			same = len == strlen(text) && memcmp(url, text, len) == 0;
		json_drop(&doc);
	}
	pool_free(&faults.pool);
	return same;
}

static bool subject_is(const struct event *e, const struct erase_wish *wish)
{
	if (e->mark == EVENT_QUARANTINED)
		return spelled_in(e->data, e->data_len, wish->text) || headers_spell(e, wish->text);
	if (e->subject && strcmp(e->subject, wish->text) == 0)
		return true;
	if (e->wire != WIRE_NRC)
		return false;
	return (e->has_lane && memcmp(&e->lane, &wish->lane, EVENT_KEY) == 0) || resource_is(e, wish->text);
}

/* 1: it is; 0: it is not; -1: failure. */
static int is_wanted(struct site *site, const struct erase_wish *wish, const struct card *card, struct pool *pool,
		     struct err *err)
{
	struct event *e;

	if (wish->by == BY_LANE)
		return card->has_lane && memcmp(&card->lane, &wish->lane, EVENT_KEY) == 0;
	pool_reset(pool);
	if (store_event(site->store, card->n, pool, &e, err) < 0)
		return -1;
	return e && (wish->by == BY_SUBJECT ? subject_is(e, wish) : anything_spells(e, wish->text));
}

static void show_progress(uint64_t n, uint64_t upto, int64_t *said_ms, bool end)
{
	int64_t now = clock_mono_ms();

	if (!isatty(STDERR_FILENO) || (!end && now - *said_ms < SAY_MS) || (end && !*said_ms))
		return;
	*said_ms = now;
	if (end)
		fprintf(stderr, "\r%60s\r", "");
	else
		fprintf(stderr, "\rlooked at the events up to %" PRIu64 " of %" PRIu64 " ", n, upto);
}

struct pools {
	struct pool *cards, *event;
};

static int look_page(struct site *site, const struct erase_wish *wish, uint64_t range[2], struct pools *pools,
		     struct finds *finds, struct err *err)
{
	struct card *cards;
	size_t n;

	pool_reset(pools->cards);
	if (store_cards(site->store, range[0], range[1], PAGE, pools->cards, &cards, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int wanted = is_wanted(site, wish, &cards[i], pools->event, err);

		if (wanted < 0)
			return -1;
		if (wanted)
			add(finds, &cards[i]);
	}
	range[0] = n ? cards[n - 1].n : range[1];
	return 0;
}

static int look_events(struct site *site, const struct erase_wish *wish, uint64_t range[2], struct finds *finds,
		       struct err *err)
{
	struct pools pools = { pool_new(), pool_new() };
	const uint64_t upto = range[1];
	int64_t said_ms = 0;
	int rc = 0;

	while (rc == 0 && range[0] < upto) {
		rc = look_page(site, wish, range, &pools, finds, err);
		show_progress(range[0], upto, &said_ms, false);
	}
	show_progress(upto, upto, &said_ms, true);
	pool_free(&pools.cards);
	pool_free(&pools.event);
	return rc;
}

static int by_number(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return (x->n > y->n) - (x->n < y->n);
}

static void make_unique(struct finds *f)
{
	size_t kept = 0;

	if (f->n)
		qsort(f->v, f->n, sizeof *f->v, by_number);
	for (size_t i = 0; i < f->n; i++)
		if (!kept || f->v[kept - 1].n != f->v[i].n)
			f->v[kept++] = f->v[i];
	f->n = kept;
}

static int add_duplicate(struct site *site, uint64_t n, struct pool *pool, struct finds *finds, struct err *err)
{
	struct card *cards;
	size_t there;

	if (store_cards(site->store, n - 1, n, 1, pool, &cards, &there, err) < 0)
		return -1;
	if (there)
		add(finds, &cards[0]);
	return 0;
}

/* They hold the same data, or (where an identity was used twice) were taken for the same. */
static int add_duplicates(struct site *site, struct finds *finds, struct err *err)
{
	struct pool *pool = pool_new();
	struct finds more = {0};
	int rc = 0;

	for (size_t i = 0; i < finds->n && rc == 0; i++) {
		uint64_t *v;
		size_t n;

		pool_reset(pool);
		rc = store_duplicates_of(site->store, finds->v[i].n, pool, &v, &n, err);
		for (size_t j = 0; j < n && rc == 0; j++) {
			struct item wanted = { .n = v[j] };

			if (!bsearch(&wanted, finds->v, finds->n, sizeof wanted, by_number))
				rc = add_duplicate(site, v[j], pool, &more, err);
		}
	}
	for (size_t i = 0; i < more.n; i++)
		add(finds, &(struct card){ .n = more.v[i].n, .has_lane = more.v[i].has_lane, .lane = more.v[i].lane,
					   .duplicate_of = 1 });
	free(more.v);
	pool_free(&pool);
	make_unique(finds);
	return rc;
}

struct refused {
	struct finds *finds;
	const char *text;
};

static bool take_refused(void *arg, const struct rejected *r)
{
	struct refused *l = arg;
	struct finds *f = l->finds;

	if (!spelled_in(r->body, r->body_len, l->text) && !spelled_in_text(r->headers, l->text) &&
	    !spelled_in_text(r->reason, l->text))
		return true;
	if (f->n_rejected == f->rejected_cap) {
		f->rejected_cap = f->rejected_cap ? 2 * f->rejected_cap : 16;
		f->rejected = mem_grow(f->rejected, f->rejected_cap, sizeof *f->rejected);
	}
	f->rejected[f->n_rejected++] = r->n;
	return true;
}

/* They are told newest first. */
static int look_refused(struct site *site, const char *text, struct finds *finds, struct err *err)
{
	struct refused l = { finds, text };

	finds->n_rejected = 0;
	if (store_rejected_each(site->store, 0, take_refused, &l, err) < 0)
		return -1;
	for (size_t i = 0; i < finds->n_rejected / 2; i++) {
		uint64_t n = finds->rejected[i], *other = &finds->rejected[finds->n_rejected - 1 - i];

		finds->rejected[i] = *other;
		*other = n;
	}
	return 0;
}

int finds_look(struct site *site, const struct erase_wish *wish, uint64_t after, uint64_t upto, struct finds *finds,
	       struct err *err)
{
	uint64_t range[2] = { after, upto };

	if (look_events(site, wish, range, finds, err) < 0)
		return -1;
	make_unique(finds);
	if (add_duplicates(site, finds, err) < 0)
		return -1;
	return wish->text ? look_refused(site, wish->text, finds, err) : 0;
}

void finds_free(struct finds *finds)
{
	free(finds->v);
	free(finds->rejected);
	*finds = (struct finds){0};
}

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, EVENT_KEY);
}

struct event_key *finds_lanes(const struct finds *finds, size_t from, size_t n, size_t *n_lanes)
{
	struct event_key *v = mem_array(n, sizeof *v);
	size_t all = 0, kept = 0;

	for (size_t i = from; i < from + n; i++)
		if (finds->v[i].has_lane)
			v[all++] = finds->v[i].lane;
	if (all)
		qsort(v, all, sizeof *v, by_bytes);
	for (size_t i = 0; i < all; i++)
		if (!kept || memcmp(&v[kept - 1], &v[i], EVENT_KEY) != 0)
			v[kept++] = v[i];
	*n_lanes = kept;
	return v;
}
