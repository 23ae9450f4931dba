/* SPDX-License-Identifier: EUPL-1.2
 * The desk on SQLite: the dispatcher's transactions, bookmarks and what is parked. */
#include "config.h"
#include "store/store_sqlite.h"

#include "base/fail.h"

int desk_begin(struct store *s, bool durable, struct err *err)
{
	return part_begin(&sqlite_of(s)->desk, durable, err);
}

int desk_commit(struct store *s, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;

	if (fail_here("settle.before-commit")) {
		part_rollback(desk);
		return err_set(err, "%s: failed as a test wanted", desk->path);
	}
	if (part_commit(desk, err) < 0)
		return -1;
	failpoint("settle.after-commit");
	return 0;
}

void desk_rollback(struct store *s)
{
	part_rollback(&sqlite_of(s)->desk);
}

int desk_bookmark_put(struct store *s, const struct bookmark *b, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;

	if (part_writing(desk, err) < 0)
		return -1;
	return query_run(desk, err, "INSERT OR REPLACE INTO bookmark(handler, n, done) VALUES(?, ?, ?)", "tnb",
			 b->handler, b->n, b->done_len ? b->done : NULL, b->done_len);
}

int desk_bookmark_drop(struct store *s, const char *handler, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;

	if (part_writing(desk, err) < 0 ||
	    query_run(desk, err, "DELETE FROM bookmark WHERE handler = ?", "t", handler) < 0 ||
	    query_run(desk, err, "DELETE FROM parked WHERE handler = ?", "t", handler) < 0 ||
	    query_run(desk, err, "DELETE FROM replay WHERE handler = ?", "t", handler) < 0)
		return -1;
	return desk_state_drop(s, handler, NULL, err) < 0 ? -1 : desk_pause_drop(s, handler, err);
}

int desk_bookmarks(struct store *s, struct pool *pool, struct bookmark **v, size_t *n, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;
	struct sqlite3_stmt *q;
	int rc;

	*n = 0;
	*v = NULL;
	if (part_ready(desk, err) < 0 || !(q = query(desk, err,
						     "SELECT handler, n, done FROM bookmark ORDER BY handler", "")))
		return -1;
	while ((rc = query_row(desk, q, err)) > 0) {
		struct bookmark *b;

		*v = array_room(pool, *v, *n, sizeof **v);
		b = &(*v)[(*n)++];
		b->handler = column_text(q, 0, pool);
		b->n = column_n(q, 1);
		b->done = column_blob(q, 2, pool, &b->done_len);
	}
	return rc;
}

int desk_parked_put(struct store *s, const struct parked *p, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;

	if (part_writing(desk, err) < 0)
		return -1;
	return query_run(desk, err,
			 "INSERT OR REPLACE INTO parked(handler, n, state, attempts, due_ms, since_ms, lane, reason) "
			 "VALUES(?, ?, ?, ?, ?, ?, ?, ?)", "tnddiikt", p->handler, p->n, (int)p->state, p->attempts,
			 p->due_ms, p->since_ms, p->has_lane ? &p->lane : NULL, p->reason);
}

int desk_parked_drop(struct store *s, const char *handler, uint64_t n, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;

	if (part_writing(desk, err) < 0)
		return -1;
	return query_run(desk, err, "DELETE FROM parked WHERE handler = ? AND n = ?", "tn", handler, n);
}

#define PARKED "SELECT handler, n, state, attempts, due_ms, since_ms, lane, reason FROM parked WHERE "

static struct sqlite3_stmt *parked_query(struct part *desk, const struct parked_range *r, struct err *err)
{
	const char *handler = r->after ? r->after->handler : "";
	uint64_t n = r->after ? r->after->n : 0;

	if (r->handler && r->n)
		return query(desk, err, PARKED "handler = ? AND n = ? AND n > ?", "tnn", r->handler, r->n, n);
	if (r->handler)
		return query(desk, err, PARKED "handler = ? AND n > ? ORDER BY n LIMIT ?", "tnd", r->handler, n,
			     PAGE_ROWS);
	if (r->n)
		return query(desk, err, PARKED "n = ? AND (? OR handler > ?) ORDER BY handler LIMIT ?", "ndtd",
			     r->n, !r->after,
			     handler, PAGE_ROWS);	/* "" is a handler, too: that of what is quarantined */
	return query(desk, err, PARKED "(handler, n) > (?, ?) ORDER BY handler, n LIMIT ?", "tnd", handler, n,
		     PAGE_ROWS);
}

static void read_parked(struct sqlite3_stmt *q, struct pool *pool, struct parked *p)
{
	p->handler = column_text(q, 0, pool);
	p->n = column_n(q, 1);
	p->state = (enum parked_state)column_i(q, 2);
	p->attempts = (int)column_i(q, 3);
	p->due_ms = column_i(q, 4);
	p->since_ms = column_i(q, 5);
	p->has_lane = column_key(q, 6, &p->lane);
	p->reason = column_text(q, 7, pool);
}

int desk_parked(struct store *s, const struct parked_range *range, struct pool *pool, struct parked **v, size_t *n,
		struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;
	struct sqlite3_stmt *q;
	int rc;

	*n = 0;
	*v = NULL;
	if (part_ready(desk, err) < 0 || !(q = parked_query(desk, range, err)))
		return -1;
	while ((rc = query_row(desk, q, err)) > 0) {
		*v = array_room(pool, *v, *n, sizeof **v);
		read_parked(q, pool, &(*v)[(*n)++]);
	}
	return rc;
}
