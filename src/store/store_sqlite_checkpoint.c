/* SPDX-License-Identifier: EUPL-1.2
 * Checkpoints: what is in the WAL is copied to the database, so that the WAL can begin anew.
 *
 * In SQLite up to 3.51.2 a checkpoint corrupts the database when a commit lets the WAL begin anew between the
 * checkpoint's look at its length and the copying. So a checkpoint either holds the file's lock, which commits take too, or
 * has a guard: a read transaction of another connection that lasts from before the checkpoint until after it. A guard that
 * reads from the WAL keeps it from beginning anew; one that reads from the database alone, since all was
 * copied when it began, keeps anything from being copied. doc/design/2026-11-26-checkpoints.md has the proof.
 * Nearly everything is copied and synchronised behind a guard, while commits go on; the rest with the lock.
 *
 * After a failed synchronisation the kernel may have dropped what was written: the lock's byte says so to all, and no
 * write is acknowledged until the whole WAL was copied to the database once more and synchronised there, and began anew. */
#include "config.h"
#include "store/store_sqlite.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include "base/clock.h"
#include "base/die.h"
#include "base/fail.h"
#include "base/log.h"
#include "base/mem.h"

#define READERS_MS 100		/* how long a checkpoint waits for readers that let the WAL grow */
#define BRIEFLY_MS 5		/* and for others */
#define TRUNCATE_MS 20		/* one try of those that want the WAL empty */
#define LEFT (400u << 10)	/* bytes of the WAL that the step with the lock may copy ... */
#define PASSES 4		/* ... unless so many behind a guard were not enough */
#define WARN_MS 60000

/* Its file never shrinks by itself, so the index says what of it is in use. */
static struct wal wal_look(struct part *p)
{
	struct wal wal = {0};
	struct stat st;
	char *path;

	if (index_look(p, &wal))
		return wal;
	path = part_file(p, ".db-wal");
	if (stat(path, &st) == 0)
		wal.bytes = (uint64_t)st.st_size;
	free(path);
	return wal;
}

bool part_wal_is_empty(struct part *p)
{
	return wal_look(p).bytes == 0;
}

/* ---- a failed synchronisation ---- */

/* What was copied before may not have come to the disk, so nothing counts as copied any more. Another process may be
 * checkpointing, which does not wait. */
static int forget_copied(struct part *p, int (*then)(struct part *))
{
	const struct timespec pause = { 0, 2000000 };
	int64_t until = clock_mono_ms() + BUSY_MS;
	int rc;

	for (;;) {
		rc = index_forget_copied(p);
		if (rc == SQLITE_OK && then)
			rc = then(p);
		if (rc != SQLITE_BUSY || clock_mono_ms() >= until)
			return rc;
		nanosleep(&pause, NULL);
	}
}

static int copy_whole(struct part *p)
{
	return sqlite3_wal_checkpoint_v2(p->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

int part_heal(struct part *p, struct err *err)
{
	int rc;

	if (!p->unsynced && lock_byte(&p->lock) == 0)
		return 0;
	rc = forget_copied(p, copy_whole);
	if (rc != SQLITE_OK) {
		part_failed_as(p, rc, NULL);
		return err_set(err,
			       "%s: a synchronisation failed before and the checkpoint that has to repair it does too: %s",
			       p->path, p->why.text);
	}
	lock_set_byte(&p->lock, 0);
	p->unsynced = false;
	log_warn("%s: a synchronisation had failed; a full checkpoint has repaired that", p->path);
	return 0;
}

/* Without the lock, whose byte has to tell everybody. */
static int failed_beside(struct part *p, int rc, struct err *err)
{
	part_failed_as(p, rc, err);
	if ((rc & 0xFF) != SQLITE_IOERR)
		return -1;
	p->unsynced = true;
	if (part_lock(p, NULL) == 0) {
		lock_set_byte(&p->lock, 1);
		lock_release(&p->lock);
	}
	return -1;
}

/* ---- beside commits ---- */

static bool open_guard(struct part *p)
{
	int moved = 0, rc;

	if (p->guard)
		return true;
	rc = sqlite3_open_v2(p->path, &p->guard, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(p->guard, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(p->guard, "PRAGMA cache_size=-64", NULL, NULL, NULL);
	/* The file of the part, which is at its path. */
	if (rc == SQLITE_OK)
		rc = sqlite3_file_control(p->guard, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	if (rc == SQLITE_OK && !moved && part_same_files(p, NULL) == 0)
		return true;
	sqlite3_close(p->guard);
	p->guard = NULL;
	return false;
}

/* *wal: as it was when the guard had begun. */
static bool begin_guard(struct part *p, struct wal *wal)
{
	return index_look(p, wal) && open_guard(p) &&
	       sqlite3_exec(p->guard, "BEGIN; SELECT 1 FROM sqlite_master LIMIT 1", NULL, NULL, NULL) == SQLITE_OK &&
	       index_look(p, wal);
}

static void end_guard(struct part *p)
{
	if (p->guard && !sqlite3_get_autocommit(p->guard))
		sqlite3_exec(p->guard, "ROLLBACK", NULL, NULL, NULL);
}

/* Nothing was copied where somebody reads from the first frame on, which may last for long: then nothing is
 * synchronised either, which would hold up the commits' own synchronisations. */
static int sync_copied(struct part *p, const struct wal *before)
{
	struct wal now;

	return index_look(p, &now) && now.copied == before->copied ? SQLITE_OK : file_sync(p);
}

/* Copies what is committed and synchronises the database, which SQLite itself leaves to the step that copies the rest.
 * Should that fail, what was copied does not count as copied, before the guard ends: nobody can let the WAL begin anew.
 * 1: all that was there; 0: a part or nothing, for somebody reads; -1. *others: another process checkpoints. */
static int pass_beside(struct part *p, bool *others, struct err *err)
{
	int in_wal = 0, copied = 0, rc;
	struct wal before;

	if (!begin_guard(p, &before)) {
		end_guard(p);
		return 0;
	}
	failpoint("checkpoint.guarded");
	rc = sqlite3_wal_checkpoint_v2(p->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_wal, &copied);
	failpoint("checkpoint.copied");
	*others = rc == SQLITE_BUSY;
	if (rc == SQLITE_OK)
		rc = sync_copied(p, &before);
	if ((rc & 0xFF) == SQLITE_IOERR)
		forget_copied(p, NULL);
	end_guard(p);
	if (*others)
		return 0;
	return rc != SQLITE_OK ? failed_beside(p, rc, err) : copied >= in_wal;
}

/* 1: done, as far as it can be; 0: another process does it; -1. */
static int copy_beside(struct part *p, struct err *err)
{
	bool others = false;
	int rc = 1;

	for (int i = 0; rc > 0 && i < PASSES; i++) {
		struct wal wal;

		rc = pass_beside(p, &others, err);
		wal = wal_look(p);
		if (wal.bytes - wal.copied <= LEFT)
			break;
	}
	return rc < 0 ? -1 : !others;
}

/* ---- with the lock ---- */

static void warn_of_readers(struct part *p, uint64_t bytes)
{
	int64_t now = clock_mono_ms();

	if (p->warned_ms && now - p->warned_ms < WARN_MS)
		return;
	p->warned_ms = now;
	log_warn("%s-wal has grown to %llu MiB because a process keeps reading an old state: end it (fuser %s)",
		 p->path,
		 (unsigned long long)(bytes >> 20), p->path);
}

/* With the lock held. 1: all is copied and nobody reads it from the WAL; 0: not so; -1. */
static int copy_back(struct part *p, int mode, int wait_ms, struct err *err)
{
	int in_wal = 0, copied = 0, rc;

	failpoint("checkpoint.during");
	sqlite3_busy_timeout(p->db, wait_ms);
	rc = sqlite3_wal_checkpoint_v2(p->db, NULL, mode, &in_wal, &copied);
	if (rc != SQLITE_OK && rc != SQLITE_BUSY)
		part_failed(p, err);
	sqlite3_busy_timeout(p->db, BUSY_MS);
	if (rc != SQLITE_OK && rc != SQLITE_BUSY)
		return -1;
	return rc == SQLITE_OK && copied >= in_wal;
}

int part_truncate(struct part *p, bool *done, struct err *err)
{
	int rc;

	must(!p->begun && !p->read_only);
	*done = false;
	if (part_ready(p, err) < 0 || part_same_files(p, err) < 0 || part_lock(p, err) < 0)
		return -1;
	rc = part_heal(p, err);
	if (rc == 0)
		rc = copy_back(p, SQLITE_CHECKPOINT_TRUNCATE, TRUNCATE_MS, err);
	lock_release(&p->lock);
	*done = rc > 0;
	return rc < 0 ? -1 : 0;
}

/* Opening a database reads what is in its WAL: nothing is left there when all was to be copied. */
static int copy_rest(struct part *p, uint64_t above, struct err *err)
{
	struct wal wal;
	bool much;
	int rc;

	if (part_lock(p, err) < 0)
		return -1;
	wal = wal_look(p);
	much = above && wal.bytes / 4 > above;
	rc = part_heal(p, err);
	if (rc == 0 && above)
		rc = wal.bytes <= above ? 1 : copy_back(p, SQLITE_CHECKPOINT_RESTART, much ? READERS_MS : BRIEFLY_MS, err);
	else if (rc == 0)
		rc = copy_back(p, SQLITE_CHECKPOINT_TRUNCATE, READERS_MS, err);
	lock_release(&p->lock);
	p->read_bytes = rc == 0 ? wal.bytes : 0;
	if (rc == 0 && much)
		warn_of_readers(p, wal.bytes);
	return rc < 0 ? -1 : 0;
}

/* Whether the WAL is to begin anew. What was copied as a whole does so by itself as soon as nobody reads from it; where
 * somebody did at the last try, commits shall not wait for that again before it has grown. */
static bool has_to_end(const struct part *p, const struct wal *wal, uint64_t above)
{
	if (p->unsynced || !above)
		return p->unsynced || wal->bytes;
	return wal->bytes > above && wal->bytes > wal->copied &&
	       (wal->bytes < p->read_bytes || wal->bytes - p->read_bytes >= above / 4);
}

int part_checkpoint(struct part *p, uint64_t above, struct err *err)
{
	struct wal wal;
	bool whole;
	int rc;

	must(!p->begun && !p->read_only);
	if (part_ready(p, err) < 0)
		return -1;
	wal = wal_look(p);
	whole = has_to_end(p, &wal, above);
	if (!whole && wal.bytes - wal.copied <= p->kind->step)
		return 0;
	if (part_same_files(p, err) < 0)
		return -1;
	rc = copy_beside(p, err);
	if (rc > 0 && whole)
		rc = copy_rest(p, above, err);
	return rc < 0 ? -1 : 0;
}
