/* SPDX-License-Identifier: EUPL-1.2
 * Operators' requests and replays on SQLite. */
#include "config.h"
#include "store/store_sqlite.h"

int desk_replay_put(struct store *s, struct replay *r, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;

	if (part_writing(desk, err) < 0)
		return -1;
	if (r->id)
		return query_run(desk, err,
				 "INSERT OR REPLACE INTO replay(id, handler, after, upto, at, types, request, asked_ms, lane, "
				 "rebuild, done) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", "ntnnntnikdb", r->id, r->handler, r->after,
				 r->upto, r->at, r->types, r->request, r->asked_ms, r->has_lane ? &r->lane : NULL,
				 (int)r->rebuild, r->done, r->done_len);
	if (query_run(desk, err,
		      "INSERT INTO replay(handler, after, upto, at, types, request, asked_ms, lane, rebuild, done) "
		      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", "tnnntnikdb", r->handler, r->after, r->upto, r->at, r->types,
		      r->request, r->asked_ms, r->has_lane ? &r->lane : NULL, (int)r->rebuild, r->done, r->done_len) < 0)
		return -1;
	r->id = query_inserted(desk);
	return 0;
}

int desk_replay_drop(struct store *s, uint64_t id, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;

	return part_writing(desk, err) < 0 ? -1 : query_run(desk, err, "DELETE FROM replay WHERE id = ?", "n", id);
}

int desk_replays(struct store *s, struct pool *pool, struct replay **v, size_t *n, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;
	struct sqlite3_stmt *q;
	int rc;

	*n = 0;
	*v = NULL;
	if (part_ready(desk, err) < 0 ||
	    !(q = query(desk, err,
			"SELECT id, handler, after, upto, at, types, request, asked_ms, lane, rebuild, done "
			"FROM replay ORDER BY id", "")))
		return -1;
	while ((rc = query_row(desk, q, err)) > 0) {
		struct replay *r;

		*v = array_room(pool, *v, *n, sizeof **v);
		r = &(*v)[(*n)++];
		*r = (struct replay){ .id = column_n(q, 0), .handler = column_text(q, 1, pool), .after = column_n(q, 2),
				      .upto = column_n(q, 3), .at = column_n(q, 4), .types = column_text(q, 5, pool),
				      .request = column_n(q, 6), .asked_ms = column_i(q, 7), .rebuild = column_n(q, 9) != 0 };
		r->has_lane = column_key(q, 8, &r->lane);
		r->done = column_blob(q, 10, pool, &r->done_len);
	}
	return rc;
}

int desk_request_ask(struct store *s, const struct request *r, uint64_t *id, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;
	int rc;

	if (part_begin(desk, true, err) < 0)
		return -1;
	rc = query_run(desk, err, "INSERT INTO request(at_ms, who, verb, args, status) VALUES(?, ?, ?, ?, -1)",
		       "ittt",
		       r->at_ms, r->who, r->verb, r->args);
	if (rc == 0) {
		*id = query_inserted(desk);
		rc = part_commit(desk, err);
	}
	part_rollback(desk);
	return rc;
}

static struct request read_request(struct sqlite3_stmt *q, struct pool *pool)
{
	return (struct request){ column_n(q, 0), column_i(q, 1), column_text(q, 2, pool), column_text(q, 3, pool),
				 column_text(q, 4, pool), (int)column_i(q, 5), column_text(q, 6, pool) };
}

#define REQUEST "SELECT id, at_ms, who, verb, args, status, answer FROM request WHERE "

static int find_request(struct part *desk, struct sqlite3_stmt *q, struct pool *pool, struct request **out, struct err *err)
{
	struct request *r;
	int rc;

	if (!q || (rc = query_row(desk, q, err)) < 0)
		return -1;
	if (rc == 0)
		return 0;
	*out = r = pool_alloc(pool, sizeof *r);
	*r = read_request(q, pool);
	query_end(q);
	return 0;
}

int desk_request(struct store *s, uint64_t id, struct pool *pool, struct request **out, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;

	return part_ready(desk, err) < 0 ? -1 :
	       find_request(desk, query(desk, err, REQUEST "id = ?", "n", id), pool, out, err);
}

int desk_request_next(struct store *s, uint64_t after, struct pool *pool, struct request **out, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;

	return part_ready(desk, err) < 0 ? -1 :
	       find_request(desk, query(desk, err, REQUEST "status = -1 AND id > ? ORDER BY id LIMIT 1", "n", after), pool,
			    out, err);
}

int desk_requests(struct store *s, uint64_t before, struct pool *pool, struct request **v, size_t *n, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;
	struct sqlite3_stmt *q;
	int rc;

	*n = 0;
	*v = NULL;
	if (part_ready(desk, err) < 0 ||
	    !(q = query(desk, err, REQUEST "id < ? ORDER BY id DESC LIMIT ?", "nd", before ? before : (uint64_t)INT64_MAX, PAGE_ROWS)))
		return -1;
	while ((rc = query_row(desk, q, err)) > 0) {
		*v = array_room(pool, *v, *n, sizeof **v);
		(*v)[(*n)++] = read_request(q, pool);
	}
	return rc;
}

int desk_request_answer(struct store *s, uint64_t id, int status, const char *answer, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;

	if (part_writing(desk, err) < 0 ||
	    query_run(desk, err, "UPDATE request SET status = ?, answer = ? WHERE id = ?", "dtn", status, answer,
		      id) < 0)
		return -1;
	if (query_changes(desk) == 1)
		return 0;
	desk->failed = true;
	err_set(&desk->why, "there is no request %llu to answer", (unsigned long long)id);
	return err_set(err, "%s", desk->why.text);
}
