/* SPDX-License-Identifier: EUPL-1.2
 * The table `seen` of earlier versions, a row for each identity, becomes blocks: in key order, some rows in each
 * transaction, which also removes them, so that the pages they free are used again. */
#include "config.h"
#include "store/store_sqlite.h"

#include "base/buf.h"

#define ROWS 20000		/* in one transaction */
#define CHECKPOINT 32		/* transactions between two checkpoints */

/* The block that all that follows is put behind. */
static int last_block(struct part *desk, uint64_t *id, struct buf *entries, struct err *err)
{
	struct sqlite3_stmt *q = query(desk, err, "SELECT id, entries FROM block ORDER BY id DESC LIMIT 1", "");
	struct cut in;
	int rc;

	*id = 0;
	if (!q || (rc = query_row(desk, q, err)) <= 0)
		return q ? rc : -1;
	*id = column_n(q, 0);
	in = column_cut(q, 1);
	buf_put(entries, in.p, in.len);
	query_end(q);
	return 0;
}

/* The next rows; *n of them, the last one's key in *last. */
static int take_rows(struct part *desk, struct buf *entries, size_t *n, struct event_key *last, struct err *err)
{
	struct sqlite3_stmt *q = query(desk, err, "SELECT key, n, digest FROM seen ORDER BY key LIMIT ?", "d", ROWS);
	int rc = 0;

	*n = 0;
	while (q && (rc = query_row(desk, q, err)) > 0) {
		unsigned char entry[ENTRY];

		if (!column_key(q, 0, last)) {
			query_end(q);
			return err_set(err, "%s is damaged: restore it from a backup, see postvak(1)", desk->path);
		}
		entry_put(entry, last, column_n(q, 1), (uint32_t)column_n(q, 2));
		buf_put(entries, entry, ENTRY);
		(*n)++;
	}
	return q ? rc : -1;
}

static int move(struct part *desk, struct buf *entries, size_t *n, struct err *err)
{
	struct event_key last = {{0}};
	uint64_t id;

	buf_reset(entries);
	if (last_block(desk, &id, entries, err) < 0 || take_rows(desk, entries, n, &last, err) < 0)
		return -1;
	if (!*n)
		return 0;
	if (blocks_put(desk, id, (unsigned char *)entries->p, entries->len / ENTRY, err) < 0)
		return -1;
	return query_run(desk, err, "DELETE FROM seen WHERE key <= ?", "k", &last);
}

int seen_convert(struct part *desk, struct err *err)
{
	struct buf entries = {0};
	size_t n = 1;
	int rc = 0;

	for (unsigned turn = 1; rc == 0 && n; turn++) {
		rc = exec_sql(desk, "BEGIN IMMEDIATE", err);
		if (rc == 0 && (rc = move(desk, &entries, &n, err)) == 0)
			rc = exec_sql(desk, "COMMIT", err);
		if (rc == 0 && turn % CHECKPOINT == 0)
			rc = exec_sql(desk, "PRAGMA wal_checkpoint(PASSIVE)", err);
	}
	buf_free(&entries);
	queries_free(desk);
	return rc;
}
