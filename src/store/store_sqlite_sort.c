/* SPDX-License-Identifier: EUPL-1.2
 * Sorting on SQLite: identities in key order, so that pages are read one after the other. */
#include "config.h"
#include "store/store_sqlite.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdlib.h>
#include <string.h>
#include "base/die.h"
#include "base/fail.h"
#include "base/mem.h"

#define LISTED 100000		/* duplicates of one event that are listed */
#define REST_TURNS 2

struct unsorted {
	struct event_key key;
	uint64_t n, first;	/* first: 0 when it is no duplicate */
	int64_t received_ms;
	uint32_t digest;
	bool quarantined, numbered, conflict;
};

struct batch {
	struct unsorted *v;
	size_t n;
	uint64_t fresh;		/* identities not known before */
};

static int by_key(const void *a, const void *b)
{
	const struct unsorted *x = a, *y = b;
	int order = memcmp(&x->key, &y->key, sizeof x->key);

	return order ? order : (x->n > y->n) - (x->n < y->n);
}

static int by_number(const void *a, const void *b)
{
	const struct unsorted *x = a, *y = b;

	return (x->n > y->n) - (x->n < y->n);
}

static int read_batch(struct part *log, uint64_t after, size_t max, struct batch *b, struct err *err)
{
	struct sqlite3_stmt *q;
	int rc = 0;

	if (part_ready(log, err) < 0 ||
	    !(q = query(log, err,
			"SELECT n, received_ms, mark, digest, key FROM event WHERE n > ? ORDER BY n LIMIT ?", "nn",
			after, (uint64_t)max)))
		return -1;
	while (b->n < max && (rc = query_row(log, q, err)) > 0) {
		struct unsorted *u = &b->v[b->n++];
		int64_t bits = column_i(q, 2);

		*u = (struct unsorted){ .n = column_n(q, 0), .received_ms = column_i(q, 1),
					.quarantined = bits & BIT_QUARANTINED, .numbered = bits & BIT_NUMBERED,
					.digest = (uint32_t)column_n(q, 3) };
		column_key(q, 4, &u->key);
	}
	query_end(q);
	return rc < 0 ? -1 : 0;
}

/* The identity's first event: u itself when it was not known. */
static int look_up(struct sqlite_store *s, struct batch *b, const struct unsorted *u, struct unsorted *first,
		   struct err *err)
{
	unsigned char entry[ENTRY];
	int rc = seen_find(&s->seen, &s->desk, &u->key, entry, err);

	*first = *u;
	if (rc > 0) {
		first->n = entry_n(entry);
		first->digest = entry_digest(entry);
	} else if (rc == 0) {
		seen_add(&s->seen, &u->key, u->n, u->digest);
		b->fresh++;
	}
	return rc < 0 ? -1 : 0;
}

static int find_duplicates(struct sqlite_store *s, struct batch *b, struct err *err)
{
	struct unsorted first = {0};
	bool any = false;

	qsort(b->v, b->n, sizeof *b->v, by_key);
	for (size_t i = 0; i < b->n; i++) {
		struct unsorted *u = &b->v[i];

		if (u->quarantined)
			continue;
		if ((!any || memcmp(&first.key, &u->key, sizeof u->key) != 0) && look_up(s, b, u, &first, err) < 0)
			return -1;
		any = true;
		if (first.n < u->n) {
			u->first = first.n;
			u->conflict = first.digest != u->digest;
		}
	}
	return 0;
}

static int write_duplicates(struct part *desk, const struct batch *b, struct sort_result *result, struct err *err)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct unsorted *u = &b->v[i];

		if (!u->first)
			continue;
		result->duplicates++;
		result->conflicts += u->conflict;
		if (query_run(desk, err, "INSERT OR REPLACE INTO duplicate(n, first, conflict) VALUES(?, ?, ?)",
			      "nnd",
			      u->n, u->first, (int)u->conflict) < 0)
			return -1;
	}
	return 0;
}

static int park_quarantined(struct sqlite_store *s, const struct batch *b, struct err *err)
{
	for (size_t i = 0; i < b->n; i++) {
		struct parked p = parked_quarantined(b->v[i].n, b->v[i].received_ms);

		if (b->v[i].quarantined && desk_parked_put(&s->store, &p, err) < 0)
			return -1;
	}
	return 0;
}

static int write_days(struct part *desk, const struct batch *b, struct err *err)
{
	for (size_t i = 0; i < b->n; i++) {
		int64_t day = b->v[i].received_ms / DAY_MS;

		if ((i + 1 == b->n || b->v[i + 1].received_ms / DAY_MS != day) &&
		    query_run(desk, err, "INSERT OR REPLACE INTO day(day, n) VALUES(?, ?)", "in", day, b->v[i].n) < 0)
			return -1;
	}
	return 0;
}

static uint64_t last_numbered(const struct batch *b)
{
	size_t n = b->n;

	while (n && !b->v[n - 1].numbered)
		n--;
	return n ? b->v[n - 1].n : 0;
}

static int sort_batch(struct sqlite_store *s, struct batch *b, size_t max, struct sort_result *result,
		      struct err *err)
{
	struct part *desk = &s->desk;
	uint64_t identities;

	if (meta_get(desk, "sorted", &result->sorted, err) < 0 ||
	    meta_get(desk, "identities", &identities, err) < 0 ||
	    seen_load(&s->seen, desk, err) < 0 ||
	    read_batch(&s->log, result->sorted, max, b, err) < 0 ||
	    find_duplicates(s, b, err) < 0)
		return -1;
	if (!b->n)
		return 0;
	qsort(b->v, b->n, sizeof *b->v, by_number);
	result->n = b->n;
	result->sorted = b->v[b->n - 1].n;
	result->numbered = last_numbered(b);
	if (write_duplicates(desk, b, result, err) < 0 || park_quarantined(s, b, err) < 0 || write_days(desk, b, err) < 0 ||
	    meta_put(desk, "identities", identities + b->fresh, err) < 0 ||
	    meta_put(desk, "sorted", result->sorted, err) < 0 ||
	    seen_write(&s->seen, desk, result->sorted, err) < 0)
		return -1;
	if (fail_here("sort.before-commit"))
		return err_set(err, "%s: failed as a test wanted", desk->path);
	return 0;
}

/* Looks without the desk's lock first: mostly there is nothing to sort. */
static int nothing_to_sort(struct sqlite_store *s, struct sort_result *result, uint64_t *given, struct err *err)
{
	if (desk_sorted(&s->store, &result->sorted, err) < 0 || log_last(&s->store, given, err) < 0)
		return -1;
	return *given <= result->sorted;
}

/* Once nothing comes any more, what the work left behind is given back as well: hence not at the first time, when the
 * last events are still handed out. */
static void rest(struct sqlite_store *s)
{
	bool gave = cache_give_back(&s->log);

	gave |= cache_give_back(&s->desk);
	s->rests += s->rests <= REST_TURNS;
#ifdef __GLIBC__
	if (gave || s->rests == REST_TURNS)
		malloc_trim(0);
#endif
}

int desk_sort(struct store *store, size_t max, struct sort_result *result, struct err *err)
{
	struct sqlite_store *s = sqlite_of(store);
	struct batch b = {0};
	uint64_t given, upto;
	struct err why = {{0}};
	int collected, rc = nothing_to_sort(s, result, &given, err);

	if (rc) {
		if (rc > 0)
			rest(s);
		return rc < 0 ? -1 : 0;
	}
	s->rests = 0;
	upto = (s->collected > result->sorted ? s->collected : result->sorted) + max;
	collected = log_collect_some(s, upto, &why);	/* what is there is sorted all the same */
	if (part_begin(&s->desk, false, err) < 0)
		return -1;
	b.v = mem_array(max, sizeof *b.v);
	rc = sort_batch(s, &b, max, result, err);
	free(b.v);
	if (rc == 0 && !b.n && collected < 0)
		rc = err_set(err, "%s", why.text);
	if (rc == 0)
		rc = part_commit(&s->desk, err);
	part_rollback(&s->desk);
	if (rc == 0) {
		failpoint("sort.after-commit");
		result->more = result->n && result->sorted < given;
		return 0;
	}
	seen_unload(&s->seen);
	*result = (struct sort_result){0};
	return -1;
}

int desk_sorted(struct store *store, uint64_t *n, struct err *err)
{
	struct part *desk = &sqlite_of(store)->desk;

	return part_ready(desk, err) < 0 ? -1 : meta_get(desk, "sorted", n, err);
}

static int known(struct sqlite_store *s, const struct event_key *key, uint64_t *n, struct err *err)
{
	unsigned char entry[ENTRY];
	int rc;

	if (seen_load(&s->seen, &s->desk, err) < 0 || (rc = seen_find(&s->seen, &s->desk, key, entry, err)) < 0)
		return -1;
	*n = rc ? entry_n(entry) : 0;
	return 0;
}

/* In a transaction, so that what is young and the blocks belong together. */
int desk_known(struct store *store, const struct event_key *key, uint64_t *n, struct err *err)
{
	struct sqlite_store *s = sqlite_of(store);
	int rc;

	if (part_ready(&s->desk, err) < 0)
		return -1;
	if (s->desk.begun)
		return known(s, key, n, err);
	if (query_run(&s->desk, err, "BEGIN", "") < 0)
		return -1;
	rc = known(s, key, n, err);
	if (query_run(&s->desk, rc < 0 ? NULL : err, "COMMIT", "") < 0)
		rc = -1;
	return rc;
}

int desk_duplicates_of(struct store *store, uint64_t n, struct pool *pool, uint64_t **v, size_t *n_v, struct err *err)
{
	struct part *desk = &sqlite_of(store)->desk;
	struct sqlite3_stmt *q;
	int rc = 0;

	*n_v = 0;
	*v = NULL;
	if (part_ready(desk, err) < 0 || !(q = query(desk, err,
						     "SELECT n FROM duplicate WHERE first = ? ORDER BY n", "n", n)))
		return -1;
	while (*n_v < LISTED && (rc = query_row(desk, q, err)) > 0) {
		*v = array_room(pool, *v, *n_v, sizeof **v);
		(*v)[(*n_v)++] = column_n(q, 0);
	}
	query_end(q);
	return rc < 0 ? -1 : 0;
}
