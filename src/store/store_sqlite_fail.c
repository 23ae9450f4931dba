/* SPDX-License-Identifier: EUPL-1.2
 * Disks that fail, for stories: a layer between SQLite and the system for the files of the store.
 * log.sync.error and desk.sync.error (see base/fail.h) make one synchronisation fail; while log.full.on
 * or desk.full.on is there, that file and its WAL cannot grow. In builds with failpoints only. */
#include "config.h"
#include "store/store_sqlite.h"

#ifdef ENABLE_FAILPOINTS
#include <sqlite3.h>
#include <string.h>
#include "base/die.h"
#include "base/fail.h"

enum { MAIN, WAL, KINDS };

/* SQLite's own methods differ between databases and other files, so there is a set for each. */
static struct layer {
	const char *begin, *sync, *full;
	const sqlite3_io_methods *real[KINDS];
	sqlite3_io_methods ours[KINDS];
} layers[] = {
	{ .begin = "log.db", .sync = "log.sync", .full = "log.full" },
	{ .begin = "desk.db", .sync = "desk.sync", .full = "desk.full" },
};

#define LAYERS (sizeof layers / sizeof *layers)

static int (*real_open)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *);

static const struct layer *layer_of(const sqlite3_file *f, const sqlite3_io_methods **real)
{
	for (size_t i = 0; i < LAYERS; i++)
		for (int kind = 0; kind < KINDS; kind++)
			if (f->pMethods == &layers[i].ours[kind]) {
				*real = layers[i].real[kind];
				return &layers[i];
			}
	die("a file of the store has no layer");
}

static int write_file(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	const sqlite3_io_methods *real;
	const struct layer *layer = layer_of(f, &real);
	sqlite3_int64 size;

	if (fail_during(layer->full) && (real->xFileSize(f, &size) != SQLITE_OK || at + n > size))
		return SQLITE_FULL;
	return real->xWrite(f, p, n, at);
}

static int sync_file(sqlite3_file *f, int flags)
{
	const sqlite3_io_methods *real;
	const struct layer *layer = layer_of(f, &real);

	return fail_here(layer->sync) ? SQLITE_IOERR_FSYNC : real->xSync(f, flags);
}

static void enter(bool in)
{
	sqlite3_mutex *mutex = sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_VFS1);

	if (in)
		sqlite3_mutex_enter(mutex);
	else
		sqlite3_mutex_leave(mutex);
}

static void put_on(struct layer *layer, int kind, sqlite3_file *f)
{
	enter(true);
	if (!layer->real[kind]) {
		layer->real[kind] = f->pMethods;
		layer->ours[kind] = *f->pMethods;
		layer->ours[kind].xWrite = write_file;
		layer->ours[kind].xSync = sync_file;
	}
	must(layer->real[kind] == f->pMethods);
	f->pMethods = &layer->ours[kind];
	enter(false);
}

static int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *f, int flags, int *out)
{
	int rc = real_open(vfs, path, f, flags, out);
	const char *name = path ? strrchr(path, '/') : NULL;

	if (rc != SQLITE_OK || !f->pMethods || !name || !(flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)))
		return rc;
	for (size_t i = 0; i < LAYERS; i++)
		if (strncmp(name + 1, layers[i].begin, strlen(layers[i].begin)) == 0)
			put_on(&layers[i], flags & SQLITE_OPEN_MAIN_DB ? MAIN : WAL, f);
	return rc;
}

void store_fail_install(void)
{
	static sqlite3_vfs vfs;
	bool first;

	must(sqlite3_initialize() == SQLITE_OK);
	enter(true);
	first = !real_open;
	if (first) {
		vfs = *sqlite3_vfs_find(NULL);
		real_open = vfs.xOpen;
		vfs.zName = "postvak-fail";
		vfs.xOpen = open_file;
	}
	enter(false);
	must(!first || sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
}
#endif
