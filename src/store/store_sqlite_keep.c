/* SPDX-License-Identifier: EUPL-1.2
 * What handlers keep and emit, and their pauses, on SQLite. */
#include "config.h"
#include "store/store_sqlite.h"

#include "base/buf.h"
#include "base/fail.h"

#define COPY_BYTES (4 << 20)	/* no more is begun at once */

int desk_state_put(struct store *s, const struct state *state, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;

	if (part_writing(desk, err) < 0)
		return -1;
	return query_run(desk, err, "INSERT OR REPLACE INTO state(lane, handler, n, value) VALUES(?, ?, ?, ?)", "ktnb",
			 &state->lane, state->handler, state->n, state->p, state->len);
}

int desk_state(struct store *s, struct state *state, struct pool *pool, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;
	struct sqlite3_stmt *q;
	int rc;

	if (part_ready(desk, err) < 0 ||
	    !(q = query(desk, err, "SELECT n, value FROM state WHERE lane = ? AND handler = ?", "kt", &state->lane,
			state->handler)))
		return -1;
	rc = query_row(desk, q, err);
	if (rc <= 0)
		return rc;
	state->n = column_n(q, 0);
	state->p = column_blob(q, 1, pool, &state->len);
	query_end(q);
	return 0;
}

int desk_states(struct store *s, const char *handler, uint64_t *n, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;

	if (part_ready(desk, err) < 0)
		return -1;
	return query_number(desk, n, err, "SELECT count(*) FROM state WHERE handler = ?", "t", handler);
}

int desk_state_drop(struct store *s, const char *handler, const struct event_key *lane, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;

	if (part_writing(desk, err) < 0)
		return -1;
	if (lane)
		return query_run(desk, err, "DELETE FROM state WHERE lane = ? AND handler = ?", "kt", lane, handler);
	return query_run(desk, err, "DELETE FROM state WHERE handler = ?", "t", handler);
}

/* ---- the outbox ---- */

int desk_emit(struct store *s, const struct event *event, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;
	struct buf packed = {0};
	int rc;

	if (part_writing(desk, err) < 0)
		return -1;
	event_pack(&packed, event);
	rc = query_run(desk, err, "INSERT INTO outbox(event) VALUES(?)", "b", packed.p, packed.len);
	buf_free(&packed);
	return rc;
}

struct outbox {
	struct event **v;
	size_t n;
	uint64_t last;		/* id of the last */
};

static int read_outbox(struct part *desk, struct pool *pool, struct outbox *out, struct err *err)
{
	struct sqlite3_stmt *q = query(desk, err, "SELECT id, event FROM outbox ORDER BY id LIMIT ?", "d", OUTBOX_ROWS);
	size_t bytes = 0;
	int rc = -1;

	while (q && bytes < COPY_BYTES && (rc = query_row(desk, q, err)) > 0) {
		struct event *event = pool_alloc(pool, sizeof *event);
		size_t len;
		const unsigned char *p = column_blob(q, 1, pool, &len);
		struct cut in = { p, len, false };

		bytes += len;
		out->last = column_n(q, 0);
		if (event_unpack(pool, &in, event) < 0) {
			query_end(q);
			return err_set(err, "%s: an emitted event cannot be read: restore it from a backup, see postvak(1)",
				       desk->path);
		}
		out->v = array_room(pool, out->v, out->n, sizeof *out->v);
		out->v[out->n++] = event;
	}
	if (rc > 0)
		query_end(q);
	return rc < 0 ? -1 : 0;
}

static int take_out(struct part *desk, uint64_t last, struct err *err)
{
	int rc;

	if (part_begin(desk, false, err) < 0)
		return -1;
	rc = query_run(desk, err, "DELETE FROM outbox WHERE id <= ?", "n", last);
	if (rc == 0)
		rc = part_commit(desk, err);
	part_rollback(desk);
	return rc;
}

int desk_outbox_copy(struct store *store, size_t *n, struct err *err)
{
	struct sqlite_store *s = sqlite_of(store);
	struct pool *pool = pool_new();
	struct outbox out = {0};
	int rc = part_ready(&s->desk, err) < 0 ? -1 : read_outbox(&s->desk, pool, &out, err);

	if (rc == 0 && out.n) {
		rc = part_synchronise(&s->desk, err);
		failpoint("outbox.before-copy");
		if (rc == 0)
			rc = log_add(s, out.v, out.n, err);
		failpoint("outbox.after-copy");
		if (rc == 0)
			rc = take_out(&s->desk, out.last, err);
		if (rc == 0)
			*n = out.n;
	}
	pool_free(&pool);
	return rc;
}

/* ---- pauses ---- */

int desk_pause_put(struct store *s, const struct pause *pause, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;

	if (part_writing(desk, err) < 0)
		return -1;
	return query_run(desk, err,
			 "INSERT OR REPLACE INTO pause(handler, since_ms, why, who, tries, due_ms) VALUES(?, ?, ?, ?, ?, ?)",
			 "tittdi", pause->handler, pause->since_ms, pause->why, pause->who, pause->tries, pause->due_ms);
}

int desk_pause_drop(struct store *s, const char *handler, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;

	if (part_writing(desk, err) < 0)
		return -1;
	return query_run(desk, err, "DELETE FROM pause WHERE handler = ?", "t", handler);
}

int desk_pauses(struct store *s, struct pool *pool, struct pause **v, size_t *n, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;
	struct sqlite3_stmt *q;
	int rc;

	*n = 0;
	*v = NULL;
	if (part_ready(desk, err) < 0 ||
	    !(q = query(desk, err, "SELECT handler, since_ms, why, who, tries, due_ms FROM pause ORDER BY handler", "")))
		return -1;
	while ((rc = query_row(desk, q, err)) > 0) {
		*v = array_room(pool, *v, *n, sizeof **v);
		(*v)[(*n)++] = (struct pause){ column_text(q, 0, pool), column_i(q, 1), column_text(q, 2, pool),
					       column_text(q, 3, pool), (int)column_i(q, 4), column_i(q, 5) };
	}
	return rc;
}
