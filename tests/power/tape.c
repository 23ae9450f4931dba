/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "tape.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/die.h"
#include "base/mem.h"

const char *const tape_files[TAPE_FILES] = {
	"log.db", "log.db-wal", "log.db-journal", "desk.db", "desk.db-wal", "desk.db-journal",
	"journal.lock", "journal.new", "journal.next", "journal.spare",
	"journal.1", "journal.2", "journal.3", "journal.4", "journal.5", "journal.6", "journal.7", "journal.8",
	"journal.9", "journal.10", "journal.11", "journal.12", "journal.13", "journal.14", "journal.15", "journal.16",
	"journal.17", "journal.18", "journal.19", "journal.20", "journal.21", "journal.22", "journal.23", "journal.24",
	"journal.25", "journal.26", "journal.27", "journal.28", "journal.29", "journal.30", "journal.31", "journal.32"
};

static struct {
	struct op **v;		/* they stay where they are */
	size_t n, cap;
	const char *dir;
	enum phase phase;
	bool known[TAPE_FILES];
} tape;

static sqlite3_vfs *real_vfs;

struct file {
	sqlite3_file base;
	int file;		/* -1: not one of ours */
	bool dir;		/* its first synchronisation is that of the directory, too, as in SQLite's own VFS */
	sqlite3_file *real;
};

int tape_file_of(const char *path)
{
	size_t len = tape.dir ? strlen(tape.dir) : 0;

	if (!len || !path || strncmp(path, tape.dir, len) != 0 || path[len] != '/')
		return -1;
	for (int i = 0; i < TAPE_FILES; i++)
		if (strcmp(path + len + 1, tape_files[i]) == 0)
			return i;
	return -1;
}

struct op *tape_add(int file, enum op_kind kind)
{
	struct op *op;

	must(file >= 0 && file < TAPE_FILES);
	if (kind == OP_CREATE || kind == OP_DELETE)
		tape.known[file] = kind == OP_CREATE;
	if (tape.n == tape.cap) {
		tape.cap = tape.cap ? 2 * tape.cap : 1024;
		tape.v = mem_grow(tape.v, tape.cap, sizeof(struct op *));
	}
	op = tape.v[tape.n++] = mem_alloc(sizeof *op);
	*op = (struct op){ .kind = kind, .file = file, .phase = tape.phase };
	return op;
}

/* ---- files ---- */

static struct file *of(sqlite3_file *f) { return (struct file *)(void *)f; }
static sqlite3_file *real(sqlite3_file *f) { return of(f)->real; }
static bool on_tape(sqlite3_file *f) { return tape.dir && of(f)->file >= 0; }

static int do_close(sqlite3_file *f) { return real(f)->pMethods->xClose(real(f)); }
static int do_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at) { return real(f)->pMethods->xRead(real(f), p, n, at); }
static int do_size(sqlite3_file *f, sqlite3_int64 *size) { return real(f)->pMethods->xFileSize(real(f), size); }
static int do_lock(sqlite3_file *f, int how) { return real(f)->pMethods->xLock(real(f), how); }
static int do_unlock(sqlite3_file *f, int how) { return real(f)->pMethods->xUnlock(real(f), how); }
static int do_reserved(sqlite3_file *f, int *out) { return real(f)->pMethods->xCheckReservedLock(real(f), out); }
static int do_control(sqlite3_file *f, int op, void *arg) { return real(f)->pMethods->xFileControl(real(f), op, arg); }
static int do_sector(sqlite3_file *f) { return real(f)->pMethods->xSectorSize(real(f)); }
static int do_device(sqlite3_file *f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); }
static int do_shm_lock(sqlite3_file *f, int at, int n, int how) { return real(f)->pMethods->xShmLock(real(f), at, n, how); }
static void do_shm_barrier(sqlite3_file *f) { real(f)->pMethods->xShmBarrier(real(f)); }
static int do_shm_unmap(sqlite3_file *f, int gone) { return real(f)->pMethods->xShmUnmap(real(f), gone); }

static int do_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
}

static int do_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	if (on_tape(f)) {
		struct op *op = tape_add(of(f)->file, OP_WRITE);

		op->at = at;
		op->len = (size_t)n;
		op->data = mem_dup(p, (size_t)n);
	}
	return real(f)->pMethods->xWrite(real(f), p, n, at);
}

static int do_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	if (on_tape(f))
		tape_add(of(f)->file, OP_TRUNCATE)->at = size;
	return real(f)->pMethods->xTruncate(real(f), size);
}

/* On the tape once it is over; in between it was not. */
static int do_sync(sqlite3_file *f, int flags)
{
	int rc;

	if (!on_tape(f))
		return SQLITE_OK;
	rc = real(f)->pMethods->xSync(real(f), flags);
	if (rc == SQLITE_OK) {
		tape_add(of(f)->file, OP_SYNC)->dir = of(f)->dir;
		of(f)->dir = false;
	}
	return rc;
}

static const sqlite3_io_methods methods = {
	.iVersion = 2, .xClose = do_close, .xRead = do_read, .xWrite = do_write, .xTruncate = do_truncate, .xSync = do_sync,
	.xFileSize = do_size, .xLock = do_lock, .xUnlock = do_unlock, .xCheckReservedLock = do_reserved,
	.xFileControl = do_control, .xSectorSize = do_sector, .xDeviceCharacteristics = do_device,
	.xShmMap = do_shm_map, .xShmLock = do_shm_lock, .xShmBarrier = do_shm_barrier, .xShmUnmap = do_shm_unmap
};

/* The database itself is made by the store, which synchronises the directory then. */
static void note_open(int file, bool was_there)
{
	if (file < 0 || (was_there && tape.known[file]))
		return;
	tape_add(file, OP_CREATE)->dir = was_there;
}

static int do_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *f, int flags, int *out)
{
	struct file *file = of(f);
	bool was_there = path && access(path, F_OK) == 0;
	int rc;

	(void)vfs;
	*file = (struct file){ .file = tape_file_of(path), .real = (sqlite3_file *)(void *)(file + 1) };
	rc = real_vfs->xOpen(real_vfs, path, file->real, flags, out);
	if (file->real->pMethods)
		f->pMethods = &methods;
	if (rc == SQLITE_OK) {
		note_open(file->file, was_there);
		file->dir = flags & SQLITE_OPEN_CREATE && flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL);
	}
	return rc;
}

static int do_delete(sqlite3_vfs *vfs, const char *path, int dir)
{
	int file = tape_file_of(path), rc = real_vfs->xDelete(real_vfs, path, dir);

	(void)vfs;
	if (rc == SQLITE_OK && file >= 0 && tape.known[file])
		tape_add(file, OP_DELETE)->dir = dir;
	return rc;
}

/* The same salts, and so the same tape, each time. */
static int do_randomness(sqlite3_vfs *vfs, int n, char *out)
{
	(void)vfs;
	memset(out, 7, (size_t)n);
	return n;
}

void tape_install(void)
{
	static sqlite3_vfs vfs;

	real_vfs = sqlite3_vfs_find(NULL);
	vfs = *real_vfs;
	vfs.zName = "tape";
	vfs.szOsFile = (int)sizeof(struct file) + real_vfs->szOsFile;
	vfs.xOpen = do_open;
	vfs.xDelete = do_delete;
	vfs.xRandomness = do_randomness;
	must(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
	tape_journal_install();
}

void tape_record(const char *dir)
{
	tape.dir = dir;
	for (int i = 0; dir && i < TAPE_FILES; i++) {
		char *path = str_fmt("%s/%s", dir, tape_files[i]);

		tape.known[i] = access(path, F_OK) == 0;
		free(path);
	}
}

void tape_cut(size_t n)
{
	while (tape.n > n) {
		struct op *op = tape.v[--tape.n];

		free(op->data);
		free(op);
	}
}

void tape_phase(enum phase phase)
{
	tape.phase = phase;
}

const char *tape_dir(void)
{
	return tape.dir;
}

void tape_rename(int from, int to)
{
	must(from >= 0 && to >= 0 && tape.known[from]);
	tape_add(from, OP_RENAME)->to = to;
	tape.known[from] = false;
	tape.known[to] = true;
}

bool tape_knows(int file)
{
	return tape.known[file];
}

size_t tape_ops(void)
{
	return tape.n;
}

const struct op *tape_op(size_t i)
{
	must(i < tape.n);
	return tape.v[i];
}

void tape_describe(const struct op *op, char *text, size_t len)
{
	static const char *const names[] = { "create", "write", "truncate", "sync", "delete", "rename", "sync of the directory by" };

	snprintf(text, len, "%s %s%s%s at %lld, %zu bytes%s", names[op->kind], tape_files[op->file],
		 op->kind == OP_RENAME ? " to " : "", op->kind == OP_RENAME ? tape_files[op->to] : "", (long long)op->at, op->len,
		 op->dir ? ", with its directory" : "");
}
