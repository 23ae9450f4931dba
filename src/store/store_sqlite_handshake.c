/* SPDX-License-Identifier: EUPL-1.2
 * Handshakes on SQLite, in the log's file: receivers write them, and look grants up. */
#include "config.h"
#include "store/store_sqlite.h"

static int ask_one(struct part *log, const struct handshake *h, struct err *err)
{
	if (query_run(log, err, "UPDATE handshake SET at_ms = ?, origin = ?, asked_rate = ?, callback = ? "
		      "WHERE endpoint = ? AND origin = ?", "itdttt", h->at_ms, h->origin, h->asked_rate, h->callback,
		      h->endpoint, h->origin) < 0)
		return -1;
	if (query_changes(log))
		return 0;
	return query_run(log, err, "INSERT INTO handshake(at_ms, endpoint, origin, asked_rate, callback, state, allowed_rate, "
			 "settled_ms) VALUES(?, ?, ?, ?, ?, ?, 0, 0)", "ittdtd", h->at_ms, h->endpoint, h->origin,
			 h->asked_rate, h->callback, (int)HANDSHAKE_ASKED);
}

int log_handshake_ask(struct store *s, const struct handshake *v, size_t n, struct err *err)
{
	struct part *log = &sqlite_of(s)->log;
	int rc = 0;

	if (part_begin(log, true, err) < 0)
		return -1;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = ask_one(log, &v[i], err);
	if (rc == 0)
		rc = query_run(log, err, "DELETE FROM handshake WHERE n IN (SELECT n FROM handshake WHERE state = 1 "
			       "ORDER BY at_ms DESC, n DESC LIMIT -1 OFFSET ?)", "d", STORE_HANDSHAKES);
	if (rc == 0)
		rc = part_commit(log, err);
	part_rollback(log);
	return rc;
}

static void read_handshake(struct sqlite3_stmt *q, struct pool *pool, struct handshake *h)
{
	*h = (struct handshake){ .n = column_n(q, 0), .at_ms = column_i(q, 1), .endpoint = column_text(q, 2, pool),
				 .origin = column_text(q, 3, pool), .asked_rate = (int)column_i(q, 4),
				 .callback = column_text(q, 5, pool), .state = (enum handshake_state)column_i(q, 6),
				 .allowed_rate = (int)column_i(q, 7), .settled_ms = column_i(q, 8),
				 .who = column_text(q, 9, pool) };
}

#define HANDSHAKE "SELECT n, at_ms, endpoint, origin, asked_rate, callback, state, allowed_rate, settled_ms, who " \
	"FROM handshake "

int log_handshake(struct store *s, const struct handshake *key, struct pool *pool, struct handshake **out,
		  struct err *err)
{
	struct part *log = &sqlite_of(s)->log;
	struct sqlite3_stmt *q;
	int rc;

	if (part_ready(log, err) < 0)
		return -1;
	if (key->n)
		q = query(log, err, HANDSHAKE "WHERE n = ?", "n", key->n);
	else
		q = query(log, err, HANDSHAKE "WHERE endpoint = ? AND origin = ?", "tt", key->endpoint, key->origin);
	if (!q || (rc = query_row(log, q, err)) < 0)
		return -1;
	if (rc == 0)
		return 0;
	*out = pool_alloc(pool, sizeof **out);
	read_handshake(q, pool, *out);
	query_end(q);
	return 0;
}

int log_handshake_settle(struct store *s, const struct handshake *h, bool *found, struct err *err)
{
	struct part *log = &sqlite_of(s)->log;
	int rc;

	if (part_begin(log, true, err) < 0)
		return -1;
	rc = query_run(log, err, "UPDATE handshake SET state = ?, allowed_rate = ?, settled_ms = ?, who = ? WHERE n = ?",
		       "dditn", (int)h->state, h->allowed_rate, h->settled_ms, h->who, h->n);
	if (rc == 0) {
		*found = query_changes(log) == 1;
		rc = part_commit(log, err);
	}
	part_rollback(log);
	return rc;
}

int log_handshakes(struct store *s, bool settled, struct pool *pool, struct handshake **v, size_t *n,
		   struct err *err)
{
	struct part *log = &sqlite_of(s)->log;
	struct sqlite3_stmt *q;
	int rc;

	*n = 0;
	*v = NULL;
	if (part_ready(log, err) < 0 ||
	    !(q = query(log, err, HANDSHAKE "WHERE state = 1 OR ? ORDER BY n", "d", (int)settled)))
		return -1;
	while ((rc = query_row(log, q, err)) > 0) {
		*v = array_room(pool, *v, *n, sizeof **v);
		read_handshake(q, pool, &(*v)[(*n)++]);
	}
	return rc;
}
