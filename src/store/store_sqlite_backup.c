/* SPDX-License-Identifier: EUPL-1.2
 * Copies of both files while others write. A read transaction on each is begun before anything is copied, the desk's
 * first, with nothing written to the log in between: it then has everything that this desk knows of and nothing was
 * pruned that this desk has not passed, however long the copying takes. It also keeps SQLite from beginning anew whenever
 * somebody commits. */
#include "config.h"
#include "store/store_sqlite.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/fail.h"
#include "base/mem.h"

#define STEP_PAGES 2048		/* between two looks whether to go on */
#define TURNS 10000		/* to begin between two writes */
#define CHECK_STEPS 100000	/* of the virtual machine, likewise */

struct copying {
	const struct backup *how;
	enum store_part part;
	const char *name;	/* "log" or "desk" */
	char *temporary, *path;
	uint64_t bytes;
};

static int stopped(const struct copying *c, struct err *err)
{
	return err_set(err, "stopped: there is no backup in %s", c->how->dir);
}

static bool go_on(const struct copying *c, uint64_t done)
{
	return !c->how->go_on || c->how->go_on(c->how->arg, c->part, done, c->bytes);
}

static int failed(sqlite3 *db, const struct copying *c, struct err *err)
{
	int rc = db ? sqlite3_extended_errcode(db) : SQLITE_NOMEM, sys = db ? sqlite3_system_errno(db) : 0;

	return err_set(err, "cannot write %s: %s", c->temporary,
		       (rc & 0xFF) == SQLITE_FULL ? "the disk is full, or a quota is reached" :
		       sys && (rc & 0xFF) != SQLITE_CORRUPT ? strerror(sys) : sqlite3_errstr(rc));
}

static int pages(struct part *from, sqlite3 *to, struct copying *c, struct err *err)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from->db, "main");
	uint64_t page = 4096;
	bool on = true;
	int rc;

	if (!b)
		return failed(to, c, err);
	if (query_number(from, &page, NULL, "PRAGMA page_size", "") < 0)
		page = 4096;
	while (on && (rc = sqlite3_backup_step(b, STEP_PAGES)) == SQLITE_OK) {
		c->bytes = page * (uint64_t)sqlite3_backup_pagecount(b);
		on = go_on(c, c->bytes - page * (uint64_t)sqlite3_backup_remaining(b));
	}
	failpoint("backup.during");
	c->bytes = page * (uint64_t)sqlite3_backup_pagecount(b);
	rc = sqlite3_backup_finish(b);
	if (!on || (rc == SQLITE_OK && !go_on(c, c->bytes)))
		return stopped(c, err);
	return rc == SQLITE_OK ? 0 : sqlite3_errcode(from->db) != SQLITE_OK ? part_failed(from, err) : failed(to, c, err);
}

/* Nobody else has the copy open: it needs no locks, which file systems of other machines may not have. */
static int copy(struct part *from, struct copying *c, struct err *err)
{
	int fd = open(c->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600), rc;
	sqlite3 *to = NULL;

	if (fd < 0)
		return err_sys(err, "cannot make %s (name a directory that is not there yet, or one of the store's owner)",
			       c->temporary);
	close(fd);
	if (sqlite3_open_v2(c->temporary, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, "unix-none") != SQLITE_OK ||
	    sqlite3_exec(to, "PRAGMA journal_mode=OFF;PRAGMA synchronous=OFF", NULL, NULL, NULL) != SQLITE_OK)
		rc = failed(to, c, err);
	else
		rc = pages(from, to, c, err);
	sqlite3_close(to);
	return rc;
}

static int asked(void *arg)
{
	const struct copying *c = arg;

	return !go_on(c, c->bytes);
}

static int looks_whole(sqlite3 *db, const struct copying *c, struct err *err)
{
	sqlite3_stmt *q;
	int rc;

	sqlite3_progress_handler(db, CHECK_STEPS, asked, (void *)(uintptr_t)c);
	if (sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &q, NULL) != SQLITE_OK)
		return failed(db, c, err);
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(q, 0), "ok") == 0)
		rc = 0;
	else if (rc == SQLITE_INTERRUPT)
		rc = stopped(c, err);
	else
		rc = err_set(err, "the copy of %s.db is damaged: %s: check the disk, and with sqlite3 and PRAGMA integrity_check "
			     "the original", c->name, rc == SQLITE_ROW ? (const char *)sqlite3_column_text(q, 0) :
			     sqlite3_errmsg(db));
	sqlite3_finalize(q);
	return rc;
}

static int check(const struct copying *c, struct err *err)
{
	struct buf uri = {0};
	sqlite3 *db = NULL;
	int rc;

	file_uri(&uri, c->temporary);
	if (sqlite3_open_v2(uri.p, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK)
		rc = looks_whole(db, c, err);
	else
		rc = failed(db, c, err);
	sqlite3_close(db);
	buf_free(&uri);
	return rc;
}

static int synchronise(const char *path, int flags, struct err *err)
{
	int fd = open(path, flags | O_CLOEXEC), rc = 0;

	if (fd < 0 || fsync(fd) < 0)
		rc = err_sys(err, "cannot synchronise %s", path);
	if (fd >= 0)
		close(fd);
	return rc;
}

static int back_up(struct part *from, struct copying *c, struct err *err)
{
	if (copy(from, c, err) < 0 || check(c, err) < 0)
		return -1;
	return synchronise(c->temporary, O_RDONLY, err);
}

/* Both or none: until then nothing has a name that could be taken for a backup. */
static int give_names(const struct copying *desk, const struct copying *log, struct err *err)
{
	if (rename(desk->temporary, desk->path) < 0 || rename(log->temporary, log->path) < 0)
		return err_sys(err, "cannot rename what was copied to %s", desk->how->dir);
	return synchronise(desk->how->dir, O_RDONLY | O_DIRECTORY, err);
}

static int must_be_empty(const char *path, struct err *err)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool empty = true;

	if (!dir)
		return err_sys(err, "cannot read the directory %s", path);
	while (empty && (entry = readdir(dir)))
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	closedir(dir);
	return empty ? 0 : err_set(err, "%s is not empty: name a directory that is new or empty", path);
}

static struct copying copying(const struct backup *how, enum store_part part, const char *name)
{
	return (struct copying){ how, part, name, str_fmt("%s/%s.db.part", how->dir, name),
				 str_fmt("%s/%s.db", how->dir, name), 0 };
}

static void clear(struct copying *c, bool failed_)
{
	unlink(c->temporary);
	if (failed_)
		unlink(c->path);
	free(c->temporary);
	free(c->path);
}

static void end_reading(struct part *p)
{
	if (p->db && !sqlite3_get_autocommit(p->db))
		sqlite3_exec(p->db, "ROLLBACK", NULL, NULL, NULL);
}

static int log_version(struct part *log, uint64_t *version, struct err *err)
{
	return query_number(log, version, err, "PRAGMA data_version", "");	/* others' commits change it */
}

static int begin_both(struct sqlite_store *s, struct backed_up *out, struct err *err)
{
	if (exec_sql(&s->desk, "BEGIN", err) < 0 || meta_get(&s->desk, "sorted", &out->sorted, err) < 0)
		return -1;
	failpoint("backup.between");
	if (exec_sql(&s->log, "BEGIN", err) < 0)
		return -1;
	return query_number(&s->log, &out->last, err, "SELECT seq FROM sqlite_sequence WHERE name = 'event'", "");
}

/* Begun anew when the log was written to in between: an event that this desk has not passed might have been handled and
 * pruned, and would be missing from what handlers keep. */
static int begin_reading(struct sqlite_store *s, struct backed_up *out, struct err *err)
{
	uint64_t before, after;

	if (part_ready(&s->desk, err) < 0 || part_ready(&s->log, err) < 0 || log_collect(s, UINT64_MAX, err) < 0)
		return -1;
	for (int turn = 0; turn < TURNS; turn++) {
		if (log_version(&s->log, &before, err) < 0 || begin_both(s, out, err) < 0 ||
		    log_version(&s->log, &after, err) < 0)
			return -1;
		if (before == after)
			return 0;
		end_reading(&s->desk);
		end_reading(&s->log);
	}
	return err_set(err, "%s is written to all the time: try again when less comes in", s->log.path);
}

int house_backup(struct store *store, const struct backup *how, struct backed_up *out, struct err *err)
{
	struct sqlite_store *s = sqlite_of(store);
	struct copying desk, log;
	int rc;

	if (must_be_empty(how->dir, err) < 0)
		return -1;
	desk = copying(how, STORE_DESK, "desk");
	log = copying(how, STORE_LOG, "log");
	rc = begin_reading(s, out, err);
	if (rc == 0)
		rc = back_up(&s->desk, &desk, err);
	end_reading(&s->desk);
	if (rc == 0)
		rc = back_up(&s->log, &log, err);
	end_reading(&s->log);
	if (rc == 0)
		rc = give_names(&desk, &log, err);
	out->desk_bytes = desk.bytes;
	out->log_bytes = log.bytes;
	clear(&desk, rc < 0);
	clear(&log, rc < 0);
	return rc;
}
