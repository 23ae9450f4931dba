/* SPDX-License-Identifier: EUPL-1.2
 * Opening a database file, and opening it again once what hurt it is gone. The file is never opened
 * by anything but SQLite: closing such a descriptor would drop SQLite's POSIX locks. */
#include "config.h"
#include "store/store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/sock.h"

#define AGAIN_MS 500		/* between two tries to open */
#define LOOK_MS 1000		/* between two looks whether a file that is read is still the same */

char *part_file(const struct part *p, const char *suffix)
{
	return str_fmt("%s/%s%s", p->dir, p->name, suffix);
}

static struct file_id file_id(const struct part *p, const char *suffix)
{
	char *path = part_file(p, suffix);
	struct stat st;
	struct file_id id = {0};

	if (stat(path, &st) == 0)
		id = (struct file_id){ st.st_dev, st.st_ino };
	free(path);
	return id;
}

static bool same(const struct file_id *a, const struct file_id *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

/* SQLite's locks and shared memory do not work between machines. */
static int check_file_system(const struct part *p, struct err *err)
{
	static const struct { uint32_t type; const char *name; } refused[] = {
		{ 0x6969, "NFS" }, { 0x517B, "SMB" }, { 0xFF534D42, "CIFS" }, { 0xFE534D42, "SMB2" },
		{ 0x564C, "NCP" }, { 0x73757245, "Coda" }, { 0x5346414F, "AFS" }, { 0x6B414653, "AFS" },
		{ 0x01021997, "9P" }, { 0x00C36400, "Ceph" }, { 0x0BD00BD0, "Lustre" }, { 0x47504653, "GPFS" },
		{ 0x01161970, "GFS2" }, { 0x7461636F, "OCFS2" }, { 0x19830326, "BeeGFS" },
	};
	struct statfs fs;

	if (statfs(p->dir, &fs) < 0)
		return err_sys(err, "there is no directory %s for the store yet (`postvak serve` and `postvak drain` make it), or it is not mounted", p->dir);
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if ((uint32_t)fs.f_type == refused[i].type)
			return err_set(err, "%s is on a network file system (%s), where SQLite's locks do not hold: "
				       "put the store on a local disk", p->dir, refused[i].name);
	return 0;
}

/* Makes the file before SQLite does, so that -wal and -shm get its mode whatever the umask. */
static int make_file(const struct part *p, struct err *err)
{
	int fd = open(p->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0660);
	int dir, rc = 0;

	if (fd < 0)
		return errno == EEXIST ? 0 : err_sys(err, "cannot make %s", p->path);
	close(fd);
	dir = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || fsync(dir) < 0)
		rc = err_sys(err, "cannot synchronise the directory %s", p->dir);
	if (dir >= 0)
		close(dir);
	return rc;
}

/* Whoever owns a file lets the group use it. */
static int share(const struct part *p, struct err *err)
{
	static const char *const suffixes[] = { ".db", ".db-wal", ".db-shm" };
	int rc = 0;

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes && rc == 0; i++) {
		char *path = part_file(p, suffixes[i]);
		struct stat st;

		if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid()) {
			if ((st.st_mode & 0777) != 0660 && chmod(path, 0660) < 0)
				rc = err_sys(err, "cannot set the mode of %s", path);
			else
				rc = path_group(path, p->group, err);
		}
		free(path);
	}
	return rc;
}

static void disconnect(struct part *p)
{
	queries_free(p);
	sqlite3_close(p->guard);
	sqlite3_close(p->db);
	p->guard = p->db = NULL;
	p->broken = false;
	p->full_sync = false;
	lock_close(&p->lock);
}

static int connect_as(struct part *p, const char *name, int flags, struct err *err)
{
	int rc = sqlite3_open_v2(name, &p->db, flags | SQLITE_OPEN_NOMUTEX, NULL);

	if (!p->db)
		return err_set(err, "%s: out of memory", p->path);
	sqlite3_extended_result_codes(p->db, 1);
	if (rc != SQLITE_OK)
		return part_failed(p, err);
	sqlite3_busy_timeout(p->db, BUSY_MS);
	sqlite3_db_config(p->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return 0;
}

static int is_wal(struct part *p, struct err *err)
{
	static const char sql[] = "PRAGMA journal_mode=WAL";
	sqlite3_stmt *q;
	bool wal;

	if (sqlite3_prepare_v2(p->db, sql, -1, &q, NULL) != SQLITE_OK)
		return part_failed(p, err);
	if (sqlite3_step(q) != SQLITE_ROW) {
		part_failed(p, err);
		sqlite3_finalize(q);
		return -1;
	}
	wal = strcmp((const char *)sqlite3_column_text(q, 0), "wal") == 0;
	sqlite3_finalize(q);
	return wal ? 0 : err_set(err,
				 "%s cannot be used with a write-ahead log: put the store on a local file system "
				 "with shared memory", p->path);
}

static int configure(struct part *p, struct err *err)
{
	char sql[256];

	snprintf(sql, sizeof sql, "PRAGMA cache_size=-%d;PRAGMA mmap_size=0;PRAGMA temp_store=MEMORY",
		 p->read_only ? 2048 : p->kind->cache_kib);
	if (exec_sql(p, sql, err) < 0)
		return -1;
	if (p->read_only)
		return 0;
	return exec_sql(p, "PRAGMA page_size=4096;PRAGMA wal_autocheckpoint=0;PRAGMA synchronous=NORMAL;"
			"PRAGMA journal_size_limit=67108864", err);
}

static int open_to_write(struct part *p, struct err *err)
{
	char *lock = part_file(p, "");
	int rc = lock_open(&p->lock, lock, true, p->group, err);

	free(lock);
	if (rc < 0 || part_lock(p, err) < 0)
		return -1;
	lock_set_byte(&p->lock, lock_byte(&p->lock));	/* its place on the disk, while there is room */
	if ((p->create && make_file(p, err) < 0) ||
	    connect_as(p, p->path, SQLITE_OPEN_READWRITE, err) < 0 ||
	    configure(p, err) < 0 || is_wal(p, err) < 0 || exec_sql(p, "PRAGMA secure_delete=ON", err) < 0 ||
	    part_migrate(p, err) < 0 || share(p, err) < 0)
		rc = -1;
	lock_release(&p->lock);
	p->lock_file = file_id(p, ".lock");
	return rc;
}

void file_uri(struct buf *out, const char *path)
{
	buf_str(out, "file:");
	for (; *path; path++)
		if (strchr("%?#", *path))
			buf_fmt(out, "%%%02X", (unsigned char)*path);
		else
			buf_char(out, *path);
	buf_str(out, "?immutable=1");
}

/* The file alone, for who may not write where no -shm was left. */
static int open_frozen(struct part *p, struct err *err)
{
	struct buf name = {0};
	char *wal = part_file(p, ".db-wal");
	struct stat st;
	int rc = -1;

	if (stat(wal, &st) == 0 && st.st_size > 0) {
		err_set(err,
			"%s has a write-ahead log that cannot be read without writing to %s: run this as Postvak's user",
			p->path, p->dir);
	} else {
		file_uri(&name, p->path);
		rc = connect_as(p, name.p, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
		buf_free(&name);
	}
	free(wal);
	return rc == 0 && configure(p, err) == 0 ? part_version_check(p, err) : -1;
}

static int open_to_read(struct part *p, struct err *err)
{
	struct stat st;
	int rc;

	if (stat(p->path, &st) < 0)
		return errno == ENOENT ? err_set(err,
						 "there is no store in %s (%s.db is missing): start Postvak once, "
						 "that makes it", p->dir, p->name)
				       : err_sys(err, "cannot read %s", p->path);
	if (connect_as(p, p->path, SQLITE_OPEN_READONLY, err) == 0 && configure(p, err) == 0 &&
	    part_version_check(p, err) == 0)
		return 0;
	rc = p->db ? sqlite3_errcode(p->db) & 0xFF : SQLITE_OK;
	if (rc != SQLITE_CANTOPEN && rc != SQLITE_READONLY)
		return -1;
	disconnect(p);
	return open_frozen(p, err);
}

static int connect_part(struct part *p)
{
	int rc;

	p->tried_ms = p->looked_ms = clock_mono_ms();
	rc = check_file_system(p, &p->why);
	if (rc == 0 && !p->create && !p->read_only && access(p->path, F_OK) < 0)
		rc = err_sys(&p->why, "%s was there and is gone (put it back, or start Postvak anew without it)",
			     p->path);
	if (rc == 0)
		rc = p->read_only ? open_to_read(p, &p->why) : open_to_write(p, &p->why);
	if (rc < 0) {
		lock_release(&p->lock);
		disconnect(p);
		return -1;
	}
	p->create = false;
	p->broken = p->failed = false;
	p->file = file_id(p, ".db");
	p->wal = file_id(p, ".db-wal");
	p->opened++;
	return 0;
}

int part_same_files(struct part *p, struct err *err)
{
	struct file_id file = file_id(p, ".db"), wal = file_id(p, ".db-wal"), lock = file_id(p, ".lock");

	p->looked_ms = clock_mono_ms();
	if (!p->wal.ino)
		p->wal = wal;
	if (same(&file, &p->file) && same(&wal, &p->wal) && (p->read_only || same(&lock, &p->lock_file)))
		return 0;
	p->broken = true;
	p->why.text[0] = '\0';	/* no failure to wait after: open it again at once */
	return err_set(err, "%s, its -wal or %s.lock was moved or replaced while in use: put it back", p->path, p->name);
}

int part_ready(struct part *p, struct err *err)
{
	if (!p->used)
		return err_set(err, "the store was opened without its %s", p->name);
	if (p->begun)
		return p->failed ? err_set(err, "%s", p->why.text) : 0;
	if (p->db && !p->broken && clock_mono_ms() - p->looked_ms >= LOOK_MS)
		part_same_files(p, NULL);
	if (p->db && !p->broken)
		return 0;
	if (p->db)
		disconnect(p);
	if (clock_mono_ms() - p->tried_ms < AGAIN_MS && p->why.text[0])
		return err_set(err, "%s", p->why.text);
	return connect_part(p) < 0 ? err_set(err, "%s", p->why.text) : 0;
}

int part_open(struct part *p, const struct part_kind *kind, const char *dir, const struct store_setup *setup,
	      struct err *err)
{
	*p = (struct part){ .name = kind->name, .kind = kind, .used = true, .read_only = setup->read_only,
			    .create = !setup->read_only, .lock = { .fd = -1, .turnstile = -1 } };
	p->dir = str_dup(dir);
	p->path = part_file(p, ".db");
	p->group = str_dup(setup->group);
	return connect_part(p) < 0 ? err_set(err, "%s", p->why.text) : 0;
}

void part_close(struct part *p)
{
	if (!p->used)
		return;
	part_rollback(p);
	disconnect(p);
	free(p->dir);
	free(p->path);
	free(p->group);
	*p = (struct part){0};
}
