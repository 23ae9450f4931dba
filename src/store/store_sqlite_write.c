/* SPDX-License-Identifier: EUPL-1.2
 * Write transactions and checkpoints, always with the file's fair lock held: two connections that
 * write and checkpoint at the same moment can corrupt a WAL (SQLite up to 3.51.2).
 *
 * After a failed synchronisation the kernel may have dropped what was written: the lock's byte says
 * so to all, and no write is acknowledged until everything was copied to the database and synchronised
 * there, and the WAL began anew. */
#include "config.h"
#include "store/store_sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/die.h"
#include "base/fail.h"
#include "base/log.h"
#include "base/mem.h"

#define READERS_MS 100		/* how long a checkpoint waits for readers */
#define TRUNCATE_MS 20		/* one try of those that want the WAL empty */
#define WARN_MS 60000
#define WAL_HEADER 32
#define FRAME_HEADER 24

int part_lock(struct part *p, struct err *err)
{
	int rc = lock_take(&p->lock, p->kind->lock_ms, err);

	if (rc <= 0)
		return rc;
	return err_set(err,
		       "%s is locked by another process for %d s: end or continue the process that holds %s/%s.lock "
		       "(fuser shows it)", p->path, (int)(p->kind->lock_ms / 1000), p->dir, p->name);
}

/* With the lock held. */
static int heal(struct part *p, struct err *err)
{
	int rc;

	if (!p->unsynced && lock_byte(&p->lock) == 0)
		return 0;
	rc = sqlite3_wal_checkpoint_v2(p->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (rc != SQLITE_OK) {
		part_failed(p, NULL);
		return err_set(err,
			       "%s: a synchronisation failed before and the checkpoint that has to repair it does too: %s",
			       p->path, p->why.text);
	}
	lock_set_byte(&p->lock, 0);
	p->unsynced = false;
	log_warn("%s: a synchronisation had failed; a full checkpoint has repaired that", p->path);
	return 0;
}

static int set_sync(struct part *p, bool full, struct err *err)
{
	if (p->full_sync == full)
		return 0;
	if (exec_sql(p, full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL", err) < 0)
		return -1;
	p->full_sync = full;
	return 0;
}

int part_begin(struct part *p, bool full_sync, struct err *err)
{
	must(!p->begun && !p->read_only);
	if (part_ready(p, err) < 0)
		return -1;
	if (part_same_files(p, NULL) < 0 && part_ready(p, err) < 0)
		return -1;
	if (part_lock(p, err) < 0)
		return -1;
	p->failed = false;
	if (heal(p, err) == 0 && set_sync(p, full_sync, err) == 0 && query_run(p, err, "BEGIN IMMEDIATE", "") == 0) {
		p->begun = true;
		return 0;
	}
	lock_release(&p->lock);
	return -1;
}

int part_writing(struct part *p, struct err *err)
{
	must(p->begun);
	return p->failed ? err_set(err, "%s", p->why.text[0] ? p->why.text : "the transaction has failed before") : 0;
}

int part_commit(struct part *p, struct err *err)
{
	int rc = part_writing(p, err);

	if (rc == 0)
		rc = query_run(p, err, "COMMIT", "");
	if (rc < 0) {
		part_rollback(p);
		return -1;
	}
	p->begun = false;
	lock_release(&p->lock);
	return 0;
}

void part_rollback(struct part *p)
{
	if (!p->begun)
		return;
	if (!sqlite3_get_autocommit(p->db))
		sqlite3_exec(p->db, "ROLLBACK", NULL, NULL, NULL);
	p->begun = p->failed = false;
	lock_release(&p->lock);
}

static uint32_t get32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool frame_is_of(int fd, uint64_t at, uint32_t salt)
{
	unsigned char b[4];

	return pread(fd, b, sizeof b, (off_t)(at + 8)) == sizeof b && get32(b) == salt;
}

/* Bytes of the WAL that are in use: its file never shrinks by itself, so look for the last frame with
 * the header's salt. (The WAL is the one file that may be opened beside SQLite: it carries no locks.) */
static uint64_t wal_bytes(const struct part *p, uint32_t *salt)
{
	char *path = part_file(p, ".db-wal");
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char head[WAL_HEADER];
	uint64_t frame, low = 0, high = 0;
	off_t end;

	free(path);
	*salt = 0;
	if (fd < 0)
		return 0;
	if (pread(fd, head, sizeof head, 0) == sizeof head && (end = lseek(fd, 0, SEEK_END)) > WAL_HEADER) {
		frame = FRAME_HEADER + (uint64_t)get32(head + 8);
		*salt = get32(head + 16);
		high = ((uint64_t)end - WAL_HEADER) / frame;
		while (low < high) {
			uint64_t middle = low + (high - low) / 2;

			if (frame_is_of(fd, WAL_HEADER + middle * frame, *salt))
				low = middle + 1;
			else
				high = middle;
		}
		low *= frame;
	}
	close(fd);
	return low;
}

bool part_wal_is_empty(struct part *p)
{
	uint32_t salt;

	return wal_bytes(p, &salt) == 0;
}

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

/* With the lock held. Modes other than PASSIVE wait a moment for readers, so that the WAL can begin anew. */
static int copy_back(struct part *p, int mode, struct err *err)
{
	int in_wal = 0, copied = 0, rc;

	failpoint("checkpoint.during");
	sqlite3_busy_timeout(p->db, READERS_MS);
	rc = sqlite3_wal_checkpoint_v2(p->db, NULL, mode, &in_wal, &copied);
	if (rc != SQLITE_OK && rc != SQLITE_BUSY)
		part_failed(p, err);
	sqlite3_busy_timeout(p->db, BUSY_MS);
	if (rc != SQLITE_OK && rc != SQLITE_BUSY)
		return -1;
	return rc == SQLITE_OK && copied >= in_wal;
}

/* Opening a database reads what is in its WAL: nothing is left there when all was to be copied. */
static int mode_for(uint64_t above, bool much)
{
	if (!above)
		return SQLITE_CHECKPOINT_TRUNCATE;
	return much ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE;
}

int part_truncate(struct part *p, bool *done, struct err *err)
{
	int rc;

	must(!p->begun && !p->read_only);
	*done = false;
	if (part_ready(p, err) < 0 || part_same_files(p, err) < 0 || part_lock(p, err) < 0)
		return -1;
	rc = heal(p, err);
	if (rc == 0) {
		failpoint("checkpoint.during");
		sqlite3_busy_timeout(p->db, TRUNCATE_MS);
		rc = sqlite3_wal_checkpoint_v2(p->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
		*done = rc == SQLITE_OK;
		rc = rc == SQLITE_OK || rc == SQLITE_BUSY ? 0 : part_failed(p, err);
		sqlite3_busy_timeout(p->db, BUSY_MS);
	}
	lock_release(&p->lock);
	return rc;
}

int part_checkpoint(struct part *p, uint64_t above, struct err *err)
{
	bool much;
	uint64_t bytes;
	uint32_t salt;
	int rc;

	must(!p->begun && !p->read_only);
	if (part_ready(p, err) < 0)
		return -1;
	bytes = wal_bytes(p, &salt);
	if (bytes <= above || (above && bytes == p->clean_bytes && salt == p->clean_salt))
		return 0;
	if (part_same_files(p, err) < 0 || part_lock(p, err) < 0)
		return -1;
	bytes = wal_bytes(p, &salt);
	much = above && bytes / 4 > above;
	rc = heal(p, err);
	if (rc == 0)
		rc = copy_back(p, mode_for(above, much), err);
	lock_release(&p->lock);
	if (rc > 0) {
		p->clean_salt = salt;
		p->clean_bytes = bytes;
	} else if (rc == 0 && much)
		warn_of_readers(p, bytes);
	return rc < 0 ? -1 : 0;
}
