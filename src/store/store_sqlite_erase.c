/* SPDX-License-Identifier: EUPL-1.2
 * Erasing on SQLite: events that are chosen one by one, and everything that is kept of them.
 * What is deleted is overwritten as it goes (secure_delete); the write-ahead logs keep it until they are
 * truncated. Every step is short; a repeated erasure finds less to do. */
#include "config.h"
#include "store/store_sqlite.h"

#include <stdlib.h>
#include <time.h>
#include "base/clock.h"
#include "base/fail.h"
#include "base/mem.h"

#define PIECE 200		/* events that one transaction on the desk removes */
#define WAL_MAX (16u << 20)	/* checkpoints are made above this meanwhile */
#define AGAIN_MS 10		/* between two tries to truncate */

static int count_there(struct part *log, const struct erasure *piece, size_t *n, struct err *err)
{
	for (size_t i = 0; i < piece->n_events; i++) {
		uint64_t one;

		if (query_number(log, &one, err, "SELECT 1 FROM event WHERE n = ?", "n", piece->events[i]) < 0)
			return -1;
		*n += one == 1;
	}
	return 0;
}

static int erase_logged(struct sqlite_store *s, const struct erasure *piece, struct err *err)
{
	size_t done = 0, some;

	for (; done < piece->n_events; done += some)
		if (log_remove(s, piece->events + done, piece->n_events - done, &some, err) < 0)
			return -1;
	return 0;
}

static int erase_parked(struct sqlite_store *s, const struct erasure *piece, struct erased *gone, struct err *err)
{
	for (size_t i = 0; i < piece->n_events; i++) {
		if (query_run(&s->desk, err, "DELETE FROM parked WHERE n = ?", "n", piece->events[i]) < 0)
			return -1;
		gone->parked += (size_t)query_changes(&s->desk);
	}
	return history_prune(s, piece->events, piece->n_events, err);
}

static int erase_on_desk(struct sqlite_store *s, const struct erasure *piece, struct erased *gone, struct err *err)
{
	int rc;

	if (part_begin(&s->desk, false, err) < 0)
		return -1;
	rc = erase_parked(s, piece, gone, err);
	if (rc == 0)
		rc = part_commit(&s->desk, err);
	part_rollback(&s->desk);
	return rc;
}

static int erase_events(struct sqlite_store *s, const struct erasure *what, struct erased *gone, struct err *err)
{
	for (size_t at = 0; at < what->n_events; at += PIECE) {
		struct erasure piece = { .events = what->events + at,
					 .n_events = what->n_events - at < PIECE ? what->n_events - at : PIECE };

		if (count_there(&s->log, &piece, &gone->events, err) < 0 || erase_logged(s, &piece, err) < 0)
			return -1;
		failpoint("erase.after-log");
		if (erase_on_desk(s, &piece, gone, err) < 0 || part_checkpoint(&s->log, WAL_MAX, err) < 0 ||
		    part_checkpoint(&s->desk, WAL_MAX, err) < 0)
			return -1;
	}
	return 0;
}

static int erase_states(struct sqlite_store *s, const struct erasure *what, struct erased *gone, struct err *err)
{
	int rc = 0;

	if (!what->n_lanes)
		return 0;
	if (part_begin(&s->desk, false, err) < 0)
		return -1;
	for (size_t i = 0; i < what->n_lanes && rc == 0; i++) {
		rc = query_run(&s->desk, err, "DELETE FROM state WHERE lane = ?", "k", &what->lanes[i]);
		gone->states += rc == 0 ? (size_t)query_changes(&s->desk) : 0;
	}
	if (rc == 0)
		rc = part_commit(&s->desk, err);
	part_rollback(&s->desk);
	return rc;
}

static int erase_rejected(struct sqlite_store *s, const struct erasure *what, struct erased *gone, struct err *err)
{
	int rc = 0;

	if (!what->n_rejected)
		return 0;
	if (part_begin(&s->log, true, err) < 0)
		return -1;
	for (size_t i = 0; i < what->n_rejected && rc == 0; i++) {
		rc = query_run(&s->log, err, "DELETE FROM rejected WHERE n = ?", "n", what->rejected[i]);
		gone->rejected += rc == 0 ? (size_t)query_changes(&s->log) : 0;
	}
	if (rc == 0)
		rc = part_commit(&s->log, err);
	part_rollback(&s->log);
	return rc;
}

/* ---- what is known of sources by these events: there is no index, so each table is walked once ---- */

struct told {
	struct event_key *keys;		/* of sequence */
	uint64_t *gaps;
	size_t n_keys, n_gaps;
};

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static bool among(const struct erasure *what, uint64_t n)
{
	return bsearch(&n, what->events, what->n_events, sizeof n, by_value) != NULL;
}

static int find_told(struct part *desk, const struct erasure *what, struct pool *pool, struct told *t, struct err *err)
{
	struct sqlite3_stmt *q = query(desk, err, "SELECT n, key FROM sequence", "");
	int rc = -1;

	while (q && (rc = query_row(desk, q, err)) > 0)
		if (among(what, column_n(q, 0))) {
			t->keys = array_room(pool, t->keys, t->n_keys, sizeof *t->keys);
			column_key(q, 1, &t->keys[t->n_keys++]);
		}
	if (rc < 0 || !(q = query(desk, err, "SELECT n, id FROM gap", "")))
		return -1;
	while ((rc = query_row(desk, q, err)) > 0)
		if (among(what, column_n(q, 0))) {
			t->gaps = array_room(pool, t->gaps, t->n_gaps, sizeof *t->gaps);
			t->gaps[t->n_gaps++] = column_n(q, 1);
		}
	return rc;
}

static int drop_told(struct part *desk, const struct told *t, struct err *err)
{
	for (size_t i = 0; i < t->n_keys; i++)
		if (query_run(desk, err, "DELETE FROM sequence WHERE key = ?", "k", &t->keys[i]) < 0)
			return -1;
	for (size_t i = 0; i < t->n_gaps; i++)
		if (query_run(desk, err, "DELETE FROM gap WHERE id = ?", "n", t->gaps[i]) < 0)
			return -1;
	return 0;
}

static int erase_told(struct sqlite_store *s, const struct erasure *what, struct err *err)
{
	struct pool *pool = pool_new();
	struct told t = {0};
	int rc = find_told(&s->desk, what, pool, &t, err);

	if (rc == 0 && (t.n_keys || t.n_gaps) && (rc = part_begin(&s->desk, false, err)) == 0) {
		rc = drop_told(&s->desk, &t, err);
		if (rc == 0)
			rc = part_commit(&s->desk, err);
		part_rollback(&s->desk);
	}
	pool_free(&pool);
	return rc;
}

int house_erase(struct store *store, const struct erasure *what, struct erased *gone, struct err *err)
{
	struct sqlite_store *s = sqlite_of(store);

	if (part_ready(&s->log, err) < 0 || part_ready(&s->desk, err) < 0 || log_collect(s, UINT64_MAX, err) < 0 ||
	    (what->n_events && part_synchronise(&s->desk, err) < 0) ||	/* that they were sorted: their identities stay */
	    erase_events(s, what, gone, err) < 0 ||
	    erase_states(s, what, gone, err) < 0 || erase_rejected(s, what, gone, err) < 0)
		return -1;
	return what->n_events ? erase_told(s, what, err) : 0;
}

/* ---- the journal and the write-ahead logs ---- */

static int truncate_within(struct part *p, int64_t until_ms, bool *done, struct err *err)
{
	const struct timespec pause = { 0, AGAIN_MS * 1000000L };

	for (;;) {
		if (part_truncate(p, done, err) < 0)
			return -1;
		if (*done || clock_mono_ms() >= until_ms)
			return 0;
		nanosleep(&pause, NULL);
	}
}

int house_wipe(struct store *store, int64_t wait_ms, bool *wiped, struct err *err)
{
	struct sqlite_store *s = sqlite_of(store);
	int64_t until = clock_mono_ms() + wait_ms;
	bool log, desk;

	if (log_empty_journal(s, err) < 0 || truncate_within(&s->log, until, &log, err) < 0 ||
	    truncate_within(&s->desk, until, &desk, err) < 0)
		return -1;
	*wiped = log && desk;
	return 0;
}
