/* SPDX-License-Identifier: EUPL-1.2
 * The numbering of sources on SQLite: what was last seen of each, and the ring of gaps. */
#include "config.h"
#include "store/store_sqlite.h"

int desk_sequence(struct store *s, const struct event_key *key, struct pool *pool, struct sequence **out,
		  struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;
	struct sqlite3_stmt *q;
	int rc;

	if (part_ready(desk, err) < 0 ||
	    !(q = query(desk, err, "SELECT source, last, numeric, n, at_ms FROM sequence WHERE key = ?", "k", key)))
		return -1;
	rc = query_row(desk, q, err);
	if (rc <= 0)
		return rc;
	*out = pool_alloc(pool, sizeof **out);
	**out = (struct sequence){ .key = *key, .source = column_text(q, 0, pool), .last = column_text(q, 1, pool),
				   .numeric = column_n(q, 2) != 0, .n = column_n(q, 3), .at_ms = column_i(q, 4) };
	query_end(q);
	return 0;
}

int desk_sequence_put(struct store *s, const struct sequence *q, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;

	if (part_writing(desk, err) < 0)
		return -1;
	return query_run(desk, err,
			 "INSERT OR REPLACE INTO sequence(key, source, last, numeric, n, at_ms) VALUES(?, ?, ?, ?, ?, ?)",
			 "kttdni", &q->key, q->source, q->last, (int)q->numeric, q->n, q->at_ms);
}

int desk_gap_add(struct store *s, const struct gap *gap, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;

	if (part_writing(desk, err) < 0 ||
	    query_run(desk, err,
		      "INSERT INTO gap(n, at_ms, sender, source, before, got, missing) VALUES(?, ?, ?, ?, ?, ?, ?)",
		      "nittttn", gap->n, gap->at_ms, gap->sender, gap->source, gap->before, gap->got, gap->missing) < 0)
		return -1;
	return query_run(desk, err, "DELETE FROM gap WHERE id <= ?", "i",
			 (int64_t)query_inserted(desk) - STORE_GAPS);
}

static void read_gap(struct sqlite3_stmt *q, struct pool *pool, struct gap *gap)
{
	gap->id = column_n(q, 0);
	gap->n = column_n(q, 1);
	gap->at_ms = column_i(q, 2);
	gap->sender = column_text(q, 3, pool);
	gap->source = column_text(q, 4, pool);
	gap->before = column_text(q, 5, pool);
	gap->got = column_text(q, 6, pool);
	gap->missing = column_n(q, 7);
}

int desk_gaps(struct store *s, uint64_t before, struct pool *pool, struct gap **v, size_t *n, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;
	struct sqlite3_stmt *q;
	int rc;

	*n = 0;
	*v = NULL;
	if (part_ready(desk, err) < 0 ||
	    !(q = query(desk, err,
			"SELECT id, n, at_ms, sender, source, before, got, missing FROM gap WHERE id < ? "
			"ORDER BY id DESC LIMIT ?", "nd", before ? before : (uint64_t)INT64_MAX, PAGE_ROWS)))
		return -1;
	while ((rc = query_row(desk, q, err)) > 0) {
		*v = array_room(pool, *v, *n, sizeof **v);
		read_gap(q, pool, &(*v)[(*n)++]);
	}
	return rc;
}

int desk_sequenced(struct store *s, uint64_t *n, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;

	return part_ready(desk, err) < 0 ? -1 : meta_get(desk, "sequenced", n, err);
}

int desk_sequenced_put(struct store *s, uint64_t n, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;

	return part_writing(desk, err) < 0 ? -1 : meta_put(desk, "sequenced", n, err);
}

int desk_forget_sequences(struct store *s, int64_t before_ms, size_t *n, struct err *err)
{
	struct part *desk = &sqlite_of(s)->desk;
	uint64_t any;
	int rc;

	if (part_ready(desk, err) < 0 ||
	    query_number(desk, &any, err, "SELECT 1 FROM sequence WHERE at_ms < ? LIMIT 1", "i", before_ms) < 0)
		return -1;
	if (!any)
		return 0;
	if (part_begin(desk, false, err) < 0)
		return -1;
	rc = query_run(desk, err, "DELETE FROM sequence WHERE key IN "
		       "(SELECT key FROM sequence WHERE at_ms < ? ORDER BY at_ms LIMIT ?)", "id", before_ms, FORGET_ROWS);
	if (rc == 0) {
		*n = (size_t)query_changes(desk);
		rc = part_commit(desk, err);
	}
	part_rollback(desk);
	if (rc < 0)
		*n = 0;
	return rc;
}
