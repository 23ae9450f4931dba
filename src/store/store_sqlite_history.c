/* SPDX-License-Identifier: EUPL-1.2
 * The audit trail on SQLite: a row for each line that is out of the ordinary, and packs of first DONEs. */
#include "config.h"
#include "store/store_sqlite.h"

#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"

#define SPAN 4096		/* last - first of a pack is at most this; a later version may only raise it */
#define LINES 10000		/* of one event that are listed */

int desk_history_add(struct store *s, const struct history *h, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;

	if (part_writing(desk, err) < 0)
		return -1;
	return query_run(desk, err,
			 "INSERT INTO history(n, handler, at_ms, attempt, what, note) VALUES(?, ?, ?, ?, ?, ?)",
			 "ntidtt", h->n, h->handler, h->at_ms, h->attempt, h->what, h->note);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Numbers ascending, all within SPAN. */
static int put_pack(struct part *desk, const struct history *h, const uint64_t *numbers, size_t n, struct err *err)
{
	struct buf set = {0};
	int rc;

	done_put(&set, numbers, n, numbers[0] - 1);
	rc = query_run(desk, err,
		       "INSERT INTO done(last_n, first_n, handler, at_ms, numbers) VALUES(?, ?, ?, ?, ?)", "nntib",
		       numbers[n - 1], numbers[0], h->handler, h->at_ms, set.p, set.len);
	buf_free(&set);
	return rc;
}

int desk_history_done(struct store *s, const char *handler, int64_t at_ms, const uint64_t *numbers, size_t n,
		      struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;
	const struct history h = { .handler = handler, .at_ms = at_ms };
	uint64_t *v;
	int rc = 0;

	if (part_writing(desk, err) < 0)
		return -1;
	v = mem_array(n, sizeof *v);
	memcpy(v, numbers, n * sizeof *v);
	qsort(v, n, sizeof *v, by_value);
	for (size_t from = 0, to; from < n && rc == 0; from = to) {
		for (to = from + 1; to < n && v[to] - v[from] <= SPAN; to++)
			;
		rc = put_pack(desk, &h, v + from, to - from, err);
	}
	free(v);
	return rc;
}

struct lines {
	struct pool *pool;
	struct history *v;
	size_t n;
};

static struct history *add(struct lines *l)
{
	l->v = array_room(l->pool, l->v, l->n, sizeof *l->v);
	return &l->v[l->n++];
}

static int find_duplicate(struct sqlite_store *s, uint64_t n, struct lines *lines, struct err *err)
{
	struct sqlite3_stmt *q = query(&s->desk, err, "SELECT first, conflict FROM duplicate WHERE n = ?", "n", n);
	uint64_t first, received = 0;
	bool conflict;
	int rc;

	if (!q || (rc = query_row(&s->desk, q, err)) < 0)
		return -1;
	if (rc == 0)
		return 0;
	first = column_n(q, 0);
	conflict = column_n(q, 1) != 0;
	query_end(q);
	if (s->log.used && (part_ready(&s->log, err) < 0 ||
			    query_number(&s->log, &received, err, "SELECT received_ms FROM event WHERE n = ?", "n",
					 n) < 0))
		return -1;
	*add(lines) = duplicate_line(lines->pool, n, first, conflict, (int64_t)received);
	return 0;
}

static bool pack_has(struct sqlite3_stmt *q, uint64_t n, struct pool *pool)
{
	struct bookmark b = { .n = column_n(q, 0) - 1 };
	uint64_t *v;
	size_t n_v;

	b.done = column_blob(q, 1, pool, &b.done_len);
	return b.done && done_get(&b, pool, &v, &n_v) == 0 && bsearch(&n, v, n_v, sizeof *v, by_value);
}

static int find_done(struct part *desk, uint64_t n, struct lines *lines, struct err *err)
{
	struct sqlite3_stmt *q = query(desk, err, "SELECT first_n, numbers, handler, at_ms FROM done "
				       "WHERE last_n BETWEEN ? AND ? AND first_n <= ? ORDER BY id", "nnn", n, n + SPAN, n);
	struct pool *scratch = pool_new();
	int rc = -1;

	while (q && (rc = query_row(desk, q, err)) > 0) {
		if (pack_has(q, n, scratch))
			*add(lines) = (struct history){ n, column_text(q, 2, lines->pool), column_i(q, 3), 1, "done", NULL };
		pool_reset(scratch);
	}
	pool_free(&scratch);
	return rc;
}

static int find_lines(struct part *desk, uint64_t n, struct lines *lines, struct err *err)
{
	struct sqlite3_stmt *q = query(desk, err,
				       "SELECT handler, at_ms, attempt, what, note FROM history WHERE n = ? "
				       "ORDER BY id LIMIT ?", "nd", n, LINES);
	int rc = -1;

	while (q && (rc = query_row(desk, q, err)) > 0)
		*add(lines) = (struct history){ n, column_text(q, 0, lines->pool), column_i(q, 1), (int)column_i(q, 2),
						column_text(q, 3, lines->pool), column_text(q, 4, lines->pool) };
	return rc;
}

int desk_history(struct store *store, uint64_t n, struct pool *pool, struct history **v, size_t *n_v, struct err *err)
{
	struct sqlite_store *s = sqlite_of(store);
	struct lines lines = { pool, NULL, 0 };

	if (part_ready(&s->desk, err) < 0 || find_duplicate(s, n, &lines, err) < 0 ||
	    find_done(&s->desk, n, &lines, err) < 0 || find_lines(&s->desk, n, &lines, err) < 0)
		return -1;
	*v = lines.v;
	*n_v = lines.n;
	return 0;
}

struct pack {
	uint64_t id, last;
	struct bookmark set;
	uint64_t *numbers;
	size_t n;
};

/* Leaves in the pack the numbers that are still in the log. */
static int keep_living(struct part *log, struct pack *pack, struct err *err)
{
	struct sqlite3_stmt *q = query(log, err, "SELECT n FROM event WHERE n > ? AND n <= ? ORDER BY n", "nn",
				       pack->set.n, pack->last);
	size_t at = 0, kept = 0;
	int rc = -1;

	while (q && (rc = query_row(log, q, err)) > 0) {
		uint64_t n = column_n(q, 0);

		while (at < pack->n && pack->numbers[at] < n)
			at++;
		if (at < pack->n && pack->numbers[at] == n)
			pack->numbers[kept++] = pack->numbers[at++];
	}
	pack->n = kept;
	return rc;
}

static int rewrite_pack(struct part *desk, const struct pack *pack, struct err *err)
{
	struct buf set = {0};
	int rc;

	if (!pack->n)
		return query_run(desk, err, "DELETE FROM done WHERE id = ?", "n", pack->id);
	done_put(&set, pack->numbers, pack->n, pack->numbers[0] - 1);
	rc = query_run(desk, err, "UPDATE done SET first_n = ?, last_n = ?, numbers = ? WHERE id = ?", "nnbn",
		       pack->numbers[0],
		       pack->numbers[pack->n - 1], set.p, set.len, pack->id);
	buf_free(&set);
	return rc;
}

struct packs {
	struct pool *pool;
	struct pack *v;
	size_t n;
};

static int read_packs(struct part *desk, uint64_t from, uint64_t upto, struct packs *packs, struct err *err)
{
	struct sqlite3_stmt *q = query(desk, err,
				       "SELECT id, last_n, first_n, numbers FROM done WHERE last_n BETWEEN ? AND ?", "nn",
				       from, upto);
	int rc = -1;

	while (q && (rc = query_row(desk, q, err)) > 0) {
		struct pack *pack;

		packs->v = array_room(packs->pool, packs->v, packs->n, sizeof *packs->v);
		pack = &packs->v[packs->n++];
		*pack = (struct pack){ .id = column_n(q, 0), .last = column_n(q, 1), .set = { .n = column_n(q, 2) - 1 } };
		pack->set.done = column_blob(q, 3, packs->pool, &pack->set.done_len);
	}
	return rc;
}

/* Both ascending. */
static bool holds_any(const struct pack *pack, const uint64_t *numbers, size_t n)
{
	for (size_t i = 0, at = 0; i < pack->n && at < n;) {
		if (pack->numbers[i] == numbers[at])
			return true;
		if (pack->numbers[i] < numbers[at])
			i++;
		else
			at++;
	}
	return false;
}

/* A pack that holds one of these events ends within SPAN of them; it goes with its last event. */
static int prune_packs(struct sqlite_store *s, const uint64_t *numbers, size_t n, struct err *err)
{
	struct packs packs = { pool_new(), NULL, 0 };
	int rc = read_packs(&s->desk, numbers[0], numbers[n - 1] + SPAN, &packs, err);

	for (size_t i = 0; i < packs.n && rc == 0; i++) {
		struct pack *pack = &packs.v[i];
		size_t before;

		if (done_get(&pack->set, packs.pool, &pack->numbers, &pack->n) < 0)
			pack->n = 0;
		before = pack->n;
		if (before && !holds_any(pack, numbers, n))
			continue;
		rc = keep_living(&s->log, pack, err);
		if (rc == 0 && (pack->n < before || !before))
			rc = rewrite_pack(&s->desk, pack, err);
	}
	pool_free(&packs.pool);
	return rc;
}

int history_prune(struct sqlite_store *s, const uint64_t *numbers, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (query_run(&s->desk, err, "DELETE FROM duplicate WHERE n = ?", "n", numbers[i]) < 0 ||
		    query_run(&s->desk, err, "DELETE FROM history WHERE n = ?", "n", numbers[i]) < 0)
			return -1;
	for (size_t from = 0, to; from < n; from = to) {	/* no pack lies between two that are further apart */
		for (to = from + 1; to < n && numbers[to] - numbers[to - 1] <= SPAN; to++)
			;
		if (prune_packs(s, numbers + from, to - from, err) < 0)
			return -1;
	}
	return 0;
}
