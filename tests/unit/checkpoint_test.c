/* SPDX-License-Identifier: EUPL-1.2
 * Checkpoints of the store on SQLite beside commits: what they leave, how they let others in, and disks that fail. */
#include "config.h"
#include "unit.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/err.h"
#include "base/lock.h"
#include "base/mem.h"
#include "store/store.h"

#define LARGE 40000		/* bytes: ten pages */
#define WAL_MAX (1 << 20)

static char dir[UNIT_PATH];
static struct err err;

#define ok(call) ck_assert_msg((call) == 0, "%s", err.text)

static const char *in_dir(const char *name)
{
	static char paths[4][160];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, 160, "%s/%s", dir, name);
	return path;
}

/* ---- a disk that is looked at, and fails on demand ---- */

static sqlite3_io_methods ours;	/* of databases */
static const sqlite3_io_methods *real;
static int (*real_open)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *);
static atomic_int fail_sync, syncs, writes, free_writes;
static struct lock lock;	/* of another holder; not open: nobody looks */

static int look_and_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	writes++;
	if (lock.path && lock_take(&lock, 0, NULL) == 0) {
		free_writes++;
		lock_release(&lock);
	}
	return real->xWrite(f, p, n, at);
}

static int sync_or_fail(sqlite3_file *f, int flags)
{
	syncs++;
	return fail_sync ? SQLITE_IOERR_FSYNC : real->xSync(f, flags);
}

static int open_watched(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
	int rc = real_open(vfs, name, f, flags, out);

	if (rc == SQLITE_OK && flags & SQLITE_OPEN_MAIN_DB) {
		if (!real) {
			ours = *f->pMethods;
			ours.xWrite = look_and_write;
			ours.xSync = sync_or_fail;
			real = f->pMethods;
		}
		f->pMethods = &ours;
	}
	return rc;
}

static void watch(void)
{
	static sqlite3_vfs vfs;

	vfs = *sqlite3_vfs_find(NULL);
	real_open = vfs.xOpen;
	vfs.zName = "watched";
	vfs.xOpen = open_watched;
	ck_assert_int_eq(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
}

/* ---- a store ---- */

static struct store *opened(void)
{
	char *spec = str_fmt("sqlite:%s", dir);
	struct store_setup setup = { .spec = spec };
	struct store *s;

	ok(store_open(&setup, STORE_LOG, &s, &err));
	free(spec);
	return s;
}

static unsigned char content(unsigned key, size_t i)
{
	return (unsigned char)((key * 31 + i) * 2654435761u >> 13);
}

/* Into log.db, where checkpoints are: events are brought there when they are read. */
static int collect(struct store *s)
{
	struct pool *pool = pool_new();
	struct event *e = NULL;
	uint64_t n;
	int rc = store_last(s, &n, &err);

	if (rc == 0)
		rc = store_event(s, n, pool, &e, &err);
	ck_assert(rc < 0 || e);
	pool_free(&pool);
	return rc;
}

static int append(struct store *s, unsigned key, size_t len)
{
	unsigned char *data = mem_alloc(len);
	struct event e = { .received_ms = 1, .wire = WIRE_NRC, .type = "nl.x", .sender = "on", .endpoint = "nrc", .data = data,
			   .data_len = len };
	struct event *v[] = { &e };
	int rc;

	for (size_t i = 0; i < len; i++)
		data[i] = content(key, i);
	memcpy(e.key.b, &key, sizeof key);
	rc = store_append(s, v, 1, &err);
	free(data);
	return rc < 0 ? -1 : collect(s);
}

/* Every event has its key and its content. */
static void check_events(struct store *s, unsigned n)
{
	unsigned seen = 0;
	size_t wrong = 0;

	for (uint64_t number = 1; number <= n; number++) {
		struct pool *pool = pool_new();
		struct event *e;
		unsigned key;

		ok(store_event(s, number, pool, &e, &err));
		ck_assert_ptr_nonnull(e);
		memcpy(&key, e->key.b, sizeof key);
		for (size_t i = 0; i < e->data_len; i++)
			wrong += e->data[i] != content(key, i);
		seen += key;
		pool_free(&pool);
	}
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(seen, n / 2 * (n - 1) + (n % 2 ? (n - 1) / 2 : 0));
}

static void check_integrity(void)
{
	sqlite3 *db;
	sqlite3_stmt *q;

	ck_assert_int_eq(sqlite3_open(in_dir("log.db"), &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &q, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(q), SQLITE_ROW);
	ck_assert_str_eq((const char *)sqlite3_column_text(q, 0), "ok");
	sqlite3_finalize(q);
	sqlite3_close(db);
}

static long long wal_size(void)
{
	struct stat st;

	return stat(in_dir("log.db-wal"), &st) == 0 ? (long long)st.st_size : 0;
}

/* Another program that reads from the state of now on, until it is closed. */
static sqlite3 *reader(void)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(in_dir("log.db"), &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	ck_assert_int_eq(sqlite3_exec(db, "BEGIN; SELECT count(*) FROM event", NULL, NULL, NULL), SQLITE_OK);
	return db;
}

static void finish_reading(sqlite3 *db)
{
	sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	sqlite3_close(db);
}

/* ---- beside commits ---- */

static atomic_bool over;

static void *checkpoint_always(void *unused)
{
	struct store *s = opened();
	struct err why = {{0}};

	while (!over)
		ck_assert_msg(store_checkpoint(s, STORE_LOG, WAL_MAX, &why) == 0, "%s", why.text);
	store_close(&s);
	return unused;
}

static void *read_always(void *unused)
{
	while (!over) {
		sqlite3 *db = reader();

		usleep(2000);
		finish_reading(db);
		usleep(500);
	}
	return unused;
}

static pid_t child_that(void *(*work)(void *))
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		int64_t until = clock_mono_ms() + 20000;
		pthread_t thread;

		ck_assert_int_eq(pthread_create(&thread, NULL, work, NULL), 0);
		while (getppid() != 1 && clock_mono_ms() < until && access(in_dir("over"), F_OK) < 0)
			usleep(5000);
		over = true;
		pthread_join(thread, NULL);
		_exit(0);
	}
	return pid;
}

/* Three checkpointers, two of them in other processes, and a program that reads now and then. */
START_TEST(nothing_is_lost_beside_checkpoints)
{
	pid_t children[3];
	pthread_t thread;
	struct store *s;
	unsigned n = 0;
	int64_t until;
	int status;

	unit_dir(dir);
	s = opened();	/* makes the file */
	store_close(&s);
	children[0] = child_that(checkpoint_always);
	children[1] = child_that(checkpoint_always);
	children[2] = child_that(read_always);
	ck_assert_int_eq(pthread_create(&thread, NULL, checkpoint_always, NULL), 0);
	s = opened();
	for (until = clock_mono_ms() + 3000; clock_mono_ms() < until; n++)
		ok(append(s, n, n % 50 == 49 ? LARGE : 200 + n % 7 * 100));
	ck_assert_int_lt(wal_size(), 64 << 20);
	fclose(fopen(in_dir("over"), "w"));
	over = true;
	pthread_join(thread, NULL);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	check_events(s, n);
	ok(store_checkpoint(s, STORE_LOG, 0, &err));
	check_events(s, n);
	store_close(&s);
	check_integrity();
	printf("%u commits beside checkpoints\n", n);
}
END_TEST

START_TEST(the_lock_is_free_while_most_is_copied)
{
	struct store *s;

	unit_dir(dir);
	watch();
	s = opened();
	ok(lock_open(&lock, in_dir("log"), true, NULL, &err));
	for (unsigned i = 0; i < 60; i++)
		ok(append(s, i, LARGE));
	writes = free_writes = 0;
	ok(store_checkpoint(s, STORE_LOG, WAL_MAX, &err));
	ck_assert_int_ge(writes, 600);
	ck_assert_int_ge(free_writes, writes - 10);
	lock_close(&lock);
	check_events(s, 60);
	store_close(&s);
	check_integrity();
}
END_TEST

/* What is copied is in the database before the WAL has to begin anew. */
START_TEST(small_steps_leave_little_for_the_whole)
{
	struct store *s;

	unit_dir(dir);
	watch();
	s = opened();
	for (unsigned i = 0; i < 60; i++)
		ok(append(s, i, LARGE));
	writes = 0;
	ok(store_checkpoint(s, STORE_LOG, 1 << 30, &err));
	ck_assert_int_ge(writes, 600);
	writes = 0;
	ok(store_checkpoint(s, STORE_LOG, 1 << 30, &err));
	ck_assert_int_eq(writes, 0);
	ok(append(s, 60, 100));
	ok(store_checkpoint(s, STORE_LOG, WAL_MAX, &err));
	ck_assert_int_lt(writes, 10);
	store_close(&s);
}
END_TEST

START_TEST(the_wal_begins_anew_when_nobody_reads)
{
	struct store *s;
	sqlite3 *db;
	long long size;

	unit_dir(dir);
	s = opened();
	for (unsigned i = 0; i < 30; i++)
		ok(append(s, i, LARGE));
	db = reader();
	for (unsigned i = 30; i < 60; i++)
		ok(append(s, i, LARGE));
	ok(store_checkpoint(s, STORE_LOG, WAL_MAX, &err));
	size = wal_size();
	ok(append(s, 60, LARGE));
	ck_assert_int_gt(wal_size(), size);
	finish_reading(db);
	size = wal_size();
	for (unsigned i = 61; i < 70; i++)	/* by so much that it is tried again */
		ok(append(s, i, LARGE));
	ok(store_checkpoint(s, STORE_LOG, WAL_MAX, &err));
	size = wal_size();
	for (unsigned i = 70; i < 80; i++)
		ok(append(s, i, LARGE));
	ck_assert_int_eq(wal_size(), size);
	check_events(s, 80);
	store_close(&s);
}
END_TEST

/* ---- disks that fail ---- */

static unsigned char byte_of_log(void)
{
	struct lock other;
	unsigned char byte;

	ok(lock_open(&other, in_dir("log"), true, NULL, &err));
	ok(lock_take(&other, 1000, &err));
	byte = lock_byte(&other);
	lock_release(&other);
	lock_close(&other);
	return byte;
}

/* Pages that count as copied although their synchronisation failed are written anew, before anything more is written. */
START_TEST(what_could_not_be_synchronised_is_copied_again)
{
	struct store *s, *other;
	sqlite3 *db;

	unit_dir(dir);
	watch();
	s = opened();
	other = opened();
	for (unsigned i = 0; i < 60; i++)
		ok(append(s, i, LARGE));
	db = reader();	/* so that a part is copied, which SQLite does not synchronise by itself */
	ok(append(s, 60, 100));
	fail_sync = 1;
	ck_assert_int_eq(store_checkpoint(s, STORE_LOG, WAL_MAX, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "input/output error"));
	ck_assert_uint_eq(byte_of_log(), 1);
	finish_reading(db);
	ck_assert_int_eq(append(other, 61, 100), -1);	/* it is in the journal, but cannot be collected */
	ck_assert_ptr_nonnull(strstr(err.text, "a synchronisation failed before"));
	fail_sync = 0;
	writes = 0;
	while (collect(other) < 0)	/* it opens the file again after a while */
		usleep(20000);
	ck_assert_int_ge(writes, 600);
	ck_assert_uint_eq(byte_of_log(), 0);
	check_events(other, 62);
	store_close(&s);
	store_close(&other);
	check_integrity();
}
END_TEST

/* A backup reads for minutes, and nothing can be copied meanwhile. */
START_TEST(nothing_is_synchronised_when_nothing_was_copied)
{
	struct store *s;
	sqlite3 *db;

	unit_dir(dir);
	watch();
	s = opened();
	ok(append(s, 0, 100));
	db = reader();
	for (unsigned i = 1; i < 60; i++)
		ok(append(s, i, LARGE));
	ok(store_checkpoint(s, STORE_LOG, 1 << 30, &err));
	syncs = 0;
	ok(store_checkpoint(s, STORE_LOG, 1 << 30, &err));
	ck_assert_int_eq(syncs, 0);
	finish_reading(db);
	ok(store_checkpoint(s, STORE_LOG, 1 << 30, &err));
	ck_assert_int_ge(syncs, 1);
	check_events(s, 60);
	store_close(&s);
}
END_TEST

UNIT_MAIN("checkpoints", nothing_is_lost_beside_checkpoints, the_lock_is_free_while_most_is_copied,
	  small_steps_leave_little_for_the_whole, the_wal_begins_anew_when_nobody_reads,
	  what_could_not_be_synchronised_is_copied_again, nothing_is_synchronised_when_nothing_was_copied)
