/* SPDX-License-Identifier: EUPL-1.2
 * Keeping house on SQLite: figures, checkpoints, pruning. Every step is short. */
#include "config.h"
#include "store/store_sqlite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include "base/buf.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/mem.h"

static uint64_t file_bytes(const struct part *p)
{
	static const char *const suffixes[] = { ".db", ".db-wal" };
	uint64_t bytes = 0;

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		char *path = part_file(p, suffixes[i]);
		struct stat st;

		if (stat(path, &st) == 0)
			bytes += (uint64_t)st.st_size;
		free(path);
	}
	return bytes;
}

int house_stats(struct store *store, struct store_stats *stats, struct err *err)
{
	struct sqlite_store *s = sqlite_of(store);

	if (s->log.used) {
		if (log_first(store, &stats->first, err) < 0 || log_last(store, &stats->last, err) < 0)
			return -1;
		stats->log_bytes = file_bytes(&s->log) + journal_bytes(s->log.dir);
	}
	if (s->desk.used) {
		if (desk_sorted(store, &stats->sorted, err) < 0 ||
		    meta_get(&s->desk, "identities", &stats->identities, err) < 0)
			return -1;
		stats->desk_bytes = file_bytes(&s->desk);
	}
	return 0;
}

int house_checkpoint(struct store *store, unsigned parts, uint64_t above, struct err *err)
{
	struct sqlite_store *s = sqlite_of(store);
	int rc = 0;

	if (parts & STORE_LOG && s->log.used && part_checkpoint(&s->log, above, err) < 0)
		rc = -1;
	if (parts & STORE_DESK && s->desk.used && part_checkpoint(&s->desk, above, err) < 0)
		rc = -1;
	return rc;
}

/* Not with the room that is wanted for something else. */
int house_prepare(struct store *store, struct err *err)
{
	struct sqlite_store *s = sqlite_of(store);
	uint64_t room = UINT64_MAX / 2;	/* what is half made is added to it */
	struct statvfs fs;

	if (part_ready(&s->log, err) < 0)
		return -1;
	if (s->log.read_only)
		return 0;
	if (statvfs(s->log.dir, &fs) == 0)
		room = (uint64_t)fs.f_bavail * fs.f_frsize;
	return journal_prepare(&s->journal, room > s->disk_reserve ? room - s->disk_reserve : 0, err);
}

/* ---- pruning ----
 * What is to go is first written down on the desk (and that synchronised), then removed from the log,
 * then from the desk, a part of the list in each step: how long a step holds the log is bounded by the
 * clock, and by the bytes that have to be written over and synchronised. Where little comes in, the journal
 * still has what is old enough, and is emptied. A process that is killed in between finishes that list before
 * the next one. */

#define HOLD_MS 5
#define HOLD_BYTES (1 << 20)	/* of data; a single event may be larger */

struct list_of {
	uint64_t *v;
	size_t n;
};

static int is_parked(struct sqlite_store *s, uint64_t n, bool *parked, struct err *err)
{
	uint64_t one;
	int rc = query_number(&s->desk, &one, err, "SELECT 1 FROM parked WHERE n = ? LIMIT 1", "n", n);

	*parked = one;
	return rc;
}

static int drop_parked(struct sqlite_store *s, struct list_of *list, struct err *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++) {
		bool parked;

		if (is_parked(s, list->v[i], &parked, err) < 0)
			return -1;
		if (!parked)
			list->v[kept++] = list->v[i];
	}
	list->n = kept;
	return 0;
}

/* Up to max candidates behind s->prune_after; *end: there are none behind these. */
static int candidates(struct sqlite_store *s, const struct prune_range *r, struct list_of *list, bool *end,
		      struct err *err)
{
	struct sqlite3_stmt *q = query(&s->log, err,
				       "SELECT n, received_ms FROM event WHERE n > ? AND n <= ? ORDER BY n", "nn",
				       s->prune_after, r->upto);
	size_t looked = 0;
	int rc = 0;

	list->n = 0;
	while (q && looked++ < r->max && (rc = query_row(&s->log, q, err)) > 0) {
		s->prune_after = column_n(q, 0);
		if (column_i(q, 1) < r->before_ms)
			list->v[list->n++] = s->prune_after;
	}
	if (!q || rc < 0)
		return -1;
	*end = rc == 0;
	query_end(q);
	return drop_parked(s, list, err);
}

static int put_list(struct sqlite_store *s, const struct list_of *list, struct err *err)
{
	struct buf set = {0};
	int rc;

	done_put(&set, list->v, list->n, 0);
	rc = query_run(&s->desk, err, "INSERT OR REPLACE INTO meta(name, value, bytes) VALUES('pruning', 0, ?)",
		       "b", set.p, set.len);
	buf_free(&set);
	return rc;
}

static int write_list(struct sqlite_store *s, const struct list_of *list, struct err *err)
{
	int rc;

	if (part_begin(&s->desk, true, err) < 0)
		return -1;
	rc = put_list(s, list, err);
	if (rc == 0)
		rc = part_commit(&s->desk, err);
	part_rollback(&s->desk);
	return rc;
}

static int read_list(struct sqlite_store *s, struct pool *pool, struct list_of *list, struct err *err)
{
	struct sqlite3_stmt *q = query(&s->desk, err, "SELECT bytes FROM meta WHERE name = 'pruning'", "");
	struct bookmark b = {0};
	int rc;

	list->n = 0;
	if (!q || (rc = query_row(&s->desk, q, err)) < 0)
		return -1;
	if (rc == 0)
		return 0;
	b.done = column_blob(q, 0, pool, &b.done_len);
	query_end(q);
	if (b.done && done_get(&b, pool, &list->v, &list->n) < 0)
		return err_set(err,
			       "%s: the list of events to prune cannot be read: restore it from a backup, see postvak(1)",
			       s->desk.path);
	return 0;
}

int log_remove(struct sqlite_store *s, const uint64_t *numbers, size_t n, size_t *gone, struct err *err)
{
	int64_t until = clock_mono_ms() + HOLD_MS;
	uint64_t bytes = 0, len;
	int rc = 0;

	*gone = 0;
	if (part_begin(&s->log, true, err) < 0)
		return -1;
	while (*gone < n && rc == 0 && bytes < HOLD_BYTES && (!*gone || clock_mono_ms() < until)) {
		rc = query_number(&s->log, &len, err, "SELECT length(data) FROM event WHERE n = ?", "n", numbers[*gone]);
		if (rc == 0)
			rc = query_run(&s->log, err, "DELETE FROM event WHERE n = ?", "n", numbers[(*gone)++]);
		bytes += len;
	}
	if (rc == 0)
		rc = part_commit(&s->log, err);
	part_rollback(&s->log);
	return rc;
}

/* The first of the list, which are gone from the log; the rest is written down again. */
static int remove_from_desk(struct sqlite_store *s, const struct list_of *list, size_t gone, struct err *err)
{
	const struct list_of rest = { list->v + gone, list->n - gone };
	int rc;

	if (part_begin(&s->desk, false, err) < 0)
		return -1;
	rc = history_prune(s, list->v, gone, err);
	if (rc == 0)
		rc = rest.n ? put_list(s, &rest, err) : query_run(&s->desk, err, "DELETE FROM meta WHERE name = 'pruning'", "");
	if (rc == 0)
		rc = part_commit(&s->desk, err);
	part_rollback(&s->desk);
	return rc;
}

/* A step of the list, however it was left. *n: how many went. */
static int go_on(struct sqlite_store *s, size_t *n, struct err *err)
{
	struct pool *pool = pool_new();
	struct list_of list = {0};
	size_t gone = 0;
	int rc = read_list(s, pool, &list, err);

	if (rc == 0)
		rc = drop_parked(s, &list, err);
	if (rc == 0 && list.n)
		rc = log_remove(s, list.v, list.n, &gone, err);
	if (rc == 0 && gone && journal_reaches(&s->journal, list.v[gone - 1]))
		rc = log_empty_journal(s, err);
	failpoint("prune.after-log");
	if (rc == 0 && list.n)
		rc = remove_from_desk(s, &list, gone, err);
	if (rc == 0)
		*n = gone;
	pool_free(&pool);
	return rc;
}

static int begin_list(struct sqlite_store *s, struct prune_range r, bool *any, struct err *err)
{
	struct list_of list = {0};
	uint64_t older;
	bool end = false;
	int rc;

	if (log_collected_at(s, r.before_ms, &older, err) < 0)
		return -1;
	if (older < r.upto)
		r.upto = older;
	list.v = mem_array(r.max, sizeof *list.v);
	do
		rc = candidates(s, &r, &list, &end, err);
	while (rc == 0 && !list.n && !end);
	*any = list.n;
	if (rc == 0 && list.n)
		rc = write_list(s, &list, err);
	if (rc < 0 || end)
		s->prune_after = 0;
	free(list.v);
	return rc;
}

int house_prune(struct store *store, const struct prune_range *range, size_t *n, struct err *err)
{
	struct sqlite_store *s = sqlite_of(store);
	bool any;

	if (part_ready(&s->log, err) < 0 || part_ready(&s->desk, err) < 0 || go_on(s, n, err) < 0)
		return -1;
	if (*n)
		return 0;
	if (begin_list(s, *range, &any, err) < 0)
		return -1;
	return any ? go_on(s, n, err) : 0;
}

int house_expire_dead(struct store *store, int64_t before_ms, size_t *n, struct err *err)
{
	struct part *desk = &sqlite_of(store)->desk;
	int rc;

	if (part_begin(desk, false, err) < 0)
		return -1;
	rc = query_run(desk, err,
		       "INSERT INTO history(n, handler, at_ms, attempt, what) SELECT n, handler, ?, 0, 'expired' "
		       "FROM parked WHERE state = 2 AND since_ms < ? ORDER BY since_ms, handler, n LIMIT ?", "iid",
		       before_ms, before_ms, EXPIRE_ROWS);
	if (rc == 0)
		rc = query_run(desk, err, "DELETE FROM parked WHERE (handler, n) IN (SELECT handler, n FROM parked "
			       "WHERE state = 2 AND since_ms < ? ORDER BY since_ms, handler, n LIMIT ?)", "id", before_ms, EXPIRE_ROWS);
	if (rc == 0) {
		*n = (size_t)query_changes(desk);
		rc = part_commit(desk, err);
	}
	part_rollback(desk);
	if (rc < 0)
		*n = 0;
	return rc;
}
