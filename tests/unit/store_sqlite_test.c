/* SPDX-License-Identifier: EUPL-1.2
 * The store on SQLite against the world: restarts, kills, full and failing disks, other processes. */
#include "config.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/err.h"
#include "base/lock.h"
#include "base/mem.h"
#include "store/journal_io.h"
#include "store/store.h"

#define NOW INT64_C(1700000000000)

static char dir[64];
static struct err err;

#define ok(call) ck_assert_msg((call) == 0, "%s", err.text)
#define says(text_) ck_assert_msg(strstr(err.text, text_) != NULL, "\"%s\" is not in: %s", text_, err.text)

static void scratch(void)
{
	snprintf(dir, sizeof dir, "/tmp/postvak-sqlite-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static const char *in_dir(const char *name)
{
	static char paths[4][160];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, 160, "%s/%s", dir, name);
	return path;
}

static void clean_but(const char *kept)
{
	static const char *const names[] = { "log.db", "log.db-wal", "log.db-shm", "log.lock", "log.turnstile",
					     "log.kept",
					     "desk.db", "desk.db-wal", "desk.db-shm", "desk.lock", "desk.turnstile",
					     "journal.1", "journal.2", "journal.3", "journal.spare", "journal.lock", "journal.turnstile" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], kept) != 0)
			unlink(in_dir(names[i]));
}

static void clean(void)
{
	clean_but("");
	ck_assert_int_eq(rmdir(dir), 0);
}

static int try_open(unsigned parts, uint64_t reserve, bool read_only, struct store **s)
{
	char spec[96];
	struct store_setup setup = { .spec = spec, .disk_reserve = reserve, .read_only = read_only };

	snprintf(spec, sizeof spec, "sqlite:%s", dir);
	return store_open(&setup, parts, s, &err);
}

static struct store *opened(unsigned parts)
{
	struct store *s;

	ok(try_open(parts, 0, false, &s));
	return s;
}

#define BOTH (STORE_LOG | STORE_DESK)

static int append(struct store *s, unsigned key, uint64_t *n)
{
	struct event e = { .received_ms = NOW + key, .wire = WIRE_NRC, .type = "nl.x", .sender = "on",
			   .endpoint = "nrc",
			   .data = (const unsigned char *)"{\"a\":1}", .data_len = 7 };
	struct event *v[] = { &e };
	int rc;

	memcpy(e.key.b, &key, sizeof key);
	rc = store_append(s, v, 1, &err);
	*n = e.n;
	return rc;
}

static uint64_t appended(struct store *s, unsigned key)
{
	uint64_t n;

	ok(append(s, key, &n));
	return n;
}

static size_t count(struct store *s)
{
	struct pool *pool = pool_new();
	struct card *c;
	size_t n;

	ok(store_cards(s, 0, UINT64_MAX, 100000, pool, &c, &n, &err));
	pool_free(&pool);
	return n;
}

/* Brings what was appended into log.db, when that can be had. */
static int try_count(struct store *s, size_t *n)
{
	struct pool *pool = pool_new();
	struct card *c;
	int rc = store_cards(s, 0, UINT64_MAX, 100000, pool, &c, n, &err);

	pool_free(&pool);
	return rc;
}

static bool counts_within_ms(struct store *s, size_t wanted, int64_t ms)
{
	int64_t until = clock_mono_ms() + ms;
	size_t n;

	while (try_count(s, &n) < 0)
		if (clock_mono_ms() > until)
			return false;
		else
			usleep(20000);
	ck_assert_uint_eq(n, wanted);
	return true;
}

/* As a store was before there was a journal, or as a disk leaves it that loses files. */
static void forget_journal(void)
{
	unlink(in_dir("journal.1"));
	unlink(in_dir("journal.lock"));
}

static void copy_file(const char *from, const char *to, off_t len)
{
	static char bytes[1 << 16];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0660);
	ssize_t n;

	ck_assert(in >= 0 && out >= 0);
	while (len && (n = read(in, bytes, len < (off_t)sizeof bytes ? (size_t)len : sizeof bytes)) > 0) {
		ck_assert_int_eq(write(out, bytes, (size_t)n), n);
		len -= n;
	}
	close(in);
	close(out);
}

static bool appends_within_ms(struct store *s, int64_t ms)
{
	int64_t until = clock_mono_ms() + ms;
	uint64_t n;

	while (append(s, 77, &n) < 0)
		if (clock_mono_ms() > until)
			return false;
		else
			usleep(20000);
	return true;
}

START_TEST(everything_is_there_after_a_restart)
{
	struct store *s;
	struct sort_result r;
	uint64_t n;

	scratch();
	s = opened(BOTH);
	for (unsigned i = 0; i < 10; i++)
		n = appended(s, i % 7);
	ok(store_sort(s, 100, &r, &err));
	ck_assert_uint_eq(r.duplicates, 3);
	store_close(&s);
	s = opened(BOTH);
	ck_assert_uint_eq(count(s), 10);
	ck_assert_uint_gt(appended(s, 1), n);
	ok(store_sort(s, 100, &r, &err));
	ck_assert_uint_eq(r.n, 1);
	ck_assert_uint_eq(r.duplicates, 1);
	store_close(&s);
	clean();
}
END_TEST

START_TEST(what_was_acknowledged_survives_a_kill)
{
	struct store *s;
	int pipes[2], status;
	uint64_t last = 0, n, got = 0;
	pid_t child;

	scratch();
	ck_assert_int_eq(pipe(pipes), 0);
	child = fork();
	if (child == 0) {
		s = opened(STORE_LOG);
		for (unsigned i = 0;; i++) {
			n = appended(s, i);
			if (write(pipes[1], &n, sizeof n) != sizeof n)
				_exit(1);
		}
	}
	close(pipes[1]);
	while (got < 50 && read(pipes[0], &n, sizeof n) == sizeof n)
		got++;
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	while (read(pipes[0], &n, sizeof n) == sizeof n)
		got++, last = n;
	close(pipes[0]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	s = opened(BOTH);
	ck_assert_uint_ge(count(s), got);
	ck_assert_uint_gt(appended(s, 1), last);
	store_close(&s);
	clean();
}
END_TEST

/* A transaction that was open when the process died is gone, and its lock with it. */
START_TEST(a_kill_between_begin_and_commit_changes_nothing)
{
	struct store *s;
	struct bookmark *v;
	struct pool *pool = pool_new();
	size_t n;
	int status;
	pid_t child;

	scratch();
	s = opened(BOTH);
	store_close(&s);
	child = fork();
	if (child == 0) {
		s = opened(BOTH);
		if (store_begin(s, true, &err) < 0 || store_bookmark_put(s, &(struct bookmark){ "mail", 3, NULL,
												0 }, &err) < 0)
			_exit(1);
		raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	s = opened(BOTH);
	ok(store_bookmarks(s, pool, &v, &n, &err));
	ck_assert_uint_eq(n, 0);
	ok(store_begin(s, true, &err));
	ok(store_commit(s, &err));
	store_close(&s);
	pool_free(&pool);
	clean();
}
END_TEST

/* In a process that is killed at once: emits, and commits or not. */
static void emit_and_die(bool commits)
{
	struct event e = { .wire = WIRE_CLOUD, .type = "t", .sender = "handler:h", .endpoint = "", .key = {{ 9 }} };
	struct state state = { "h", {{ 1 }}, 1, (const unsigned char *)"kept", 4 };
	struct store *s;
	pid_t child = fork();
	int status;

	if (child == 0) {
		s = opened(BOTH);
		if (store_begin(s, false, &err) < 0 || store_state_put(s, &state, &err) < 0 || store_emit(s, &e, &err) < 0 ||
		    (commits && store_commit(s, &err) < 0))
			_exit(1);
		raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
}

START_TEST(what_was_emitted_outlives_a_kill_with_its_transaction)
{
	struct pool *pool = pool_new();
	const unsigned char *p;
	struct store *s;
	size_t n, len;

	scratch();
	emit_and_die(false);
	s = opened(BOTH);
	ok(store_outbox_copy(s, &n, &err));
	ck_assert_uint_eq(n, 0);
	ok(store_state(s, "h", &(struct event_key){{ 1 }}, pool, &p, &len, &err));
	ck_assert_ptr_null(p);
	store_close(&s);
	emit_and_die(true);
	s = opened(BOTH);
	ok(store_outbox_copy(s, &n, &err));
	ck_assert_uint_eq(n, 1);
	ok(store_state(s, "h", &(struct event_key){{ 1 }}, pool, &p, &len, &err));
	ck_assert(p && len == 4 && memcmp(p, "kept", 4) == 0);
	ck_assert_uint_eq(count(s), 1);
	store_close(&s);
	pool_free(&pool);
	clean();
}
END_TEST

START_TEST(listings_work_beside_a_writer)
{
	struct store *w, *r;
	uint64_t n;

	scratch();
	w = opened(BOTH);
	appended(w, 1);
	ok(try_open(BOTH, 0, true, &r));
	ck_assert_uint_eq(count(r), 1);
	n = appended(w, 2);
	ck_assert_uint_eq(count(r), 2);
	ok(store_last(r, &n, &err));
	store_close(&w);
	ck_assert_uint_eq(count(r), 2);
	store_close(&r);
	ok(try_open(BOTH, 0, true, &r));	/* nobody else has it open */
	ck_assert_uint_eq(count(r), 2);
	store_close(&r);
	clean();
}
END_TEST

/* What is warned of has the text, "" for none; then how often it was told is checked as well. */
static void read_as_nobody(size_t events, const char *text)
{
	char said[1024];
	int ends[2], status;
	struct store *s;
	ssize_t len;
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		if (setuid(65534) < 0 || try_open(STORE_LOG, 0, true, &s) < 0)
			_exit(1);
		_exit(count(s) == events && count(s) == events ? 0 : 2);
	}
	close(ends[1]);
	len = read(ends[0], said, sizeof said - 1);
	close(ends[0]);
	said[len > 0 ? len : 0] = '\0';
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	if (!*text)
		ck_assert_str_eq(said, "");
	else
		ck_assert_msg(strstr(said, text) && strchr(said, '\n') == said + len - 1, "%s", said);
}

/* Without the right to write there is no -shm to be made; what was checkpointed can be read all the same. */
START_TEST(a_copy_that_may_not_be_written_can_be_read)
{
	struct store *s;

	if (geteuid() != 0)	/* only root can become someone else */
		return;
	scratch();
	s = opened(STORE_LOG);
	appended(s, 1);
	ck_assert_uint_eq(count(s), 1);
	ok(store_checkpoint(s, STORE_LOG, 0, &err));
	store_close(&s);
	copy_file(in_dir("log.db"), in_dir("log.kept"), 1 << 30);
	clean_but("log.kept");
	ck_assert_int_eq(rename(in_dir("log.kept"), in_dir("log.db")), 0);
	ck_assert(chmod(in_dir("log.db"), 0644) == 0 && chmod(dir, 0755) == 0);
	read_as_nobody(1, "");
	clean();
}
END_TEST

/* And what waits in the journal cannot be brought into log.db: the rest is there, and that is told. */
START_TEST(a_copy_whose_journal_cannot_be_collected_can_be_read_and_says_so)
{
	struct store *s;

	if (geteuid() != 0)
		return;
	scratch();
	s = opened(STORE_LOG);
	appended(s, 1);
	ck_assert_uint_eq(count(s), 1);
	ok(store_checkpoint(s, STORE_LOG, 0, &err));
	appended(s, 2);
	store_close(&s);
	unlink(in_dir("log.db-wal"));
	unlink(in_dir("log.db-shm"));
	ck_assert(chmod(in_dir("log.db"), 0644) == 0 && chmod(in_dir("journal.lock"), 0644) == 0 && chmod(dir, 0755) == 0);
	read_as_nobody(1, "wait in the journal and cannot be brought into");
	s = opened(STORE_LOG);
	ck_assert_uint_eq(count(s), 2);
	store_close(&s);
	clean();
}
END_TEST

START_TEST(a_store_that_was_never_made_cannot_be_listed)
{
	struct store *r;

	scratch();
	ck_assert_int_eq(try_open(BOTH, 0, true, &r), -1);
	says("there is no store in");
	ck_assert_ptr_null(r);
	ck_assert_int_eq(access(in_dir("log.db"), F_OK), -1);
	clean();
	ck_assert_int_eq(try_open(BOTH, 0, false, &r), -1);
	says(dir);
}
END_TEST

START_TEST(below_the_reserve_only_intake_stops)
{
	struct store *s, *full;
	struct sort_result r;
	uint64_t n;

	scratch();
	s = opened(BOTH);
	appended(s, 1);
	ok(try_open(BOTH, UINT64_MAX, false, &full));
	ck_assert_int_eq(append(full, 2, &n), -1);
	ck_assert_uint_eq(n, 0);
	says("disk_reserve");
	says(dir);
	ck_assert_int_eq(append(full, 2, &n), -1);
	ok(store_sort(full, 10, &r, &err));
	ck_assert_uint_eq(r.n, 1);
	ok(store_begin(full, true, &err));
	ok(store_commit(full, &err));
	ok(store_checkpoint(full, BOTH, 0, &err));
	store_close(&full);
	store_close(&s);
	clean();
}
END_TEST

static void check_lock(const char *name, bool appends)
{
	struct store *s;
	struct lock lock;
	uint64_t n;
	size_t some;

	scratch();
	s = opened(BOTH);
	appended(s, 1);
	ok(lock_open(&lock, in_dir(name), true, NULL, &err));
	ok(lock_take(&lock, 0, &err));
	if (appends) {
		appended(s, 2);
		ck_assert_int_eq(try_count(s, &some), -1);
	} else {
		ck_assert_int_eq(append(s, 2, &n), -1);
	}
	says("locked by another process for 2 s");
	says(name);
	ok(store_begin(s, false, &err));	/* the desk has a lock of its own */
	ok(store_commit(s, &err));
	lock_release(&lock);
	lock_close(&lock);
	if (!appends)
		appended(s, 2);
	ck_assert_uint_eq(count(s), 2);
	store_close(&s);
	clean();
}

START_TEST(a_lock_held_by_another_is_told_and_passes) { check_lock("journal", false); } END_TEST
START_TEST(who_holds_the_lock_of_the_log_does_not_keep_events_out) { check_lock("log", true); } END_TEST

/* Someone with the sqlite3 program, who knows nothing of our locks. */
START_TEST(a_strangers_transaction_keeps_no_event_out_and_passes)
{
	struct handshake h = { .at_ms = NOW, .endpoint = "a", .origin = "x.example", .callback = "" };
	struct store *s;
	sqlite3 *db;
	size_t n;

	scratch();
	s = opened(STORE_LOG);
	appended(s, 1);
	ck_assert_int_eq(sqlite3_open(in_dir("log.db"), &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	appended(s, 2);
	ck_assert_int_eq(try_count(s, &n), -1);
	says("locked by another process");
	ck_assert_int_eq(store_handshake_ask(s, &h, 1, &err), -1);
	says("locked by another process");
	ck_assert_int_eq(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	appended(s, 3);
	ok(store_handshake_ask(s, &h, 1, &err));
	sqlite3_close(db);
	ck_assert_uint_eq(count(s), 3);
	store_close(&s);
	clean();
}
END_TEST

static off_t size_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_size;
}

/* Copies of the files of a store, as they are now but for one, of which the first bytes are there; in a directory of
 * their own. Without -shm, and with journal.lock as it was at another time, or none (null). */
static struct store *opened_torn(const char *torn, off_t len, const char *lock)
{
	static const char *const names[] = { "log.db", "log.db-wal", "journal.1" };
	char home[sizeof dir], from[160];

	memcpy(home, dir, sizeof dir);
	scratch();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(from, sizeof from, "%s/%s", home, names[i]);
		copy_file(from, in_dir(names[i]), strcmp(names[i], torn) == 0 ? len : 1 << 30);
	}
	snprintf(from, sizeof from, "%s/%s", home, lock ? lock : "");
	if (lock)
		copy_file(from, in_dir("journal.lock"), 1 << 30);
	return opened(STORE_LOG);
}

/* What a power cut leaves: a journal that ends in the middle of a block, and a tail that is old. */
START_TEST(a_torn_end_of_the_journal_costs_only_what_was_not_acknowledged)
{
	static const char *const locks[] = { "log.kept", "journal.lock", NULL };	/* older, old, none */
	struct store *s;
	char home[sizeof dir];
	off_t before, after;
	uint64_t n;

	scratch();
	s = opened(STORE_LOG);
	for (unsigned i = 0; i < 5; i++) {
		n = appended(s, i);
		if (i == 2)
			copy_file(in_dir("journal.lock"), in_dir("log.kept"), 1 << 30);
	}
	memcpy(home, dir, sizeof dir);
	before = size_of(in_dir("journal.1"));
	copy_file(in_dir("journal.lock"), in_dir("log.lately"), 1 << 30);
	appended(s, 6);
	after = size_of(in_dir("journal.1"));
	ck_assert_int_gt(after, before);
	ck_assert_int_eq(rename(in_dir("log.lately"), in_dir("journal.lock")), 0);	/* as it was before this one */
	for (off_t cut = before; cut <= after; cut += cut + 333 > after && cut < after ? after - cut : 333) {
		for (size_t i = 0; i < 3; i++) {
			struct store *torn = opened_torn("journal.1", cut, locks[i]);

			ck_assert_uint_eq(count(torn), cut < after ? 5 : 6);
			ck_assert_uint_eq(appended(torn, 9), cut < after ? n + 1 : n + 2);
			store_close(&torn);
			clean();
			memcpy(dir, home, sizeof dir);
		}
	}
	store_close(&s);
	clean();
}
END_TEST

/* What was collected is not synchronised: the journal has it until it is. */
START_TEST(a_torn_end_of_the_wal_costs_nothing)
{
	struct store *s;
	char home[sizeof dir];
	off_t size;
	uint64_t n;

	scratch();
	s = opened(STORE_LOG);
	ok(store_checkpoint(s, STORE_LOG, 0, &err));
	for (unsigned i = 0; i < 6; i++) {
		n = appended(s, i);
		ck_assert_uint_eq(count(s), i + 1);
	}
	size = size_of(in_dir("log.db-wal"));
	ck_assert_int_gt(size, 0);
	memcpy(home, dir, sizeof dir);
	for (off_t cut = 0; cut < size; cut += 1111) {
		struct store *torn = opened_torn("log.db-wal", cut, "journal.lock");

		ck_assert_uint_eq(count(torn), 6);
		ck_assert_uint_eq(appended(torn, 9), n + 1);
		ck_assert_uint_eq(count(torn), 7);
		store_close(&torn);
		clean();
		memcpy(dir, home, sizeof dir);
	}
	store_close(&s);
	clean();
}
END_TEST

/* The log lost its end (a disk that lied, an old backup), the desk did not. */
static void check_numbers(bool journal_too)
{
	struct store *s;
	struct sort_result r;
	uint64_t n;

	scratch();
	s = opened(BOTH);
	appended(s, 1);
	ck_assert_uint_eq(count(s), 1);
	ok(store_checkpoint(s, BOTH, 0, &err));
	copy_file(in_dir("log.db"), in_dir("log.kept"), 1 << 30);	/* of a checkpointed file: nothing is cut off */
	for (unsigned i = 2; i < 9; i++)
		n = appended(s, i);
	ok(store_sort(s, 100, &r, &err));
	store_close(&s);
	ck_assert_int_eq(rename(in_dir("log.kept"), in_dir("log.db")), 0);
	unlink(in_dir("log.db-wal"));
	unlink(in_dir("log.db-shm"));
	if (journal_too)
		forget_journal();
	s = opened(STORE_LOG);
	ck_assert_uint_gt(appended(s, 20), n);
	ck_assert_uint_eq(count(s), journal_too ? 2 : 9);	/* what it lost it has from the journal */
	store_close(&s);
	s = opened(BOTH);
	ok(store_sort(s, 100, &r, &err));
	ck_assert_uint_eq(r.n, 1);
	store_close(&s);
	clean();
}

START_TEST(numbers_that_the_desk_knows_are_not_given_again)
{
	check_numbers(true);
	check_numbers(false);
}
END_TEST

START_TEST(numbers_that_the_desk_knows_are_not_given_again_after_a_swap_in_use)
{
	struct store *s, *log;
	struct sort_result r;
	uint64_t n, n_21;

	scratch();
	s = opened(BOTH);
	appended(s, 1);
	ck_assert_uint_eq(count(s), 1);
	ok(store_checkpoint(s, BOTH, 0, &err));
	copy_file(in_dir("log.db"), in_dir("log.kept"), 1 << 30);
	for (unsigned i = 2; i < 9; i++)
		n = appended(s, i);
	ok(store_sort(s, 100, &r, &err));
	store_close(&s);
	log = opened(STORE_LOG);
	appended(log, 10);
	ck_assert_int_eq(rename(in_dir("log.kept"), in_dir("log.db")), 0);
	unlink(in_dir("log.db-wal"));
	unlink(in_dir("log.db-shm"));
	ck_assert_uint_gt(appended(log, 20), n);
	unlink(in_dir("journal.1"));	/* and what the journal knew */
	unlink(in_dir("journal.lock"));
	ck_assert_int_eq(append(log, 21, &n_21), -1);
	says("journal.lock was moved or replaced while in use: put it back");
	ck_assert_uint_gt(appended(log, 21), n);
	store_close(&log);
	clean();
}
END_TEST

/* Opens the log anew for each event, as receivers do that come and go; what is warned of goes to the pipe. */
static _Noreturn void append_anew(int to, unsigned first)
{
	dup2(to, STDERR_FILENO);
	for (unsigned i = 0; i < 150; i++) {
		struct store *s;
		uint64_t n;

		if (try_open(STORE_LOG, 0, false, &s) < 0 || append(s, first + i, &n) < 0)
			_exit(1);
		store_close(&s);
	}
	_exit(0);
}

START_TEST(who_opens_a_log_that_grows_takes_it_for_whole)
{
	struct store *s;
	struct sort_result r = {0};
	pid_t children[2];
	int ends[2], status, left = 2;
	char text[400];
	ssize_t len;

	scratch();
	s = opened(BOTH);
	ck_assert_int_eq(pipe(ends), 0);
	for (unsigned i = 0; i < 2; i++)
		if ((children[i] = fork()) == 0)
			append_anew(ends[1], 1000 * i + 1);
	close(ends[1]);
	while (left) {
		ok(store_sort(s, 100, &r, &err));
		for (int i = 0; i < 2; i++)
			if (children[i] && waitpid(children[i], &status, WNOHANG) == children[i]) {
				ck_assert_int_eq(status, 0);
				children[i] = 0;
				left--;
			}
	}
	len = read(ends[0], text, sizeof text - 1);
	text[len > 0 ? len : 0] = '\0';
	ck_assert_str_eq(text, "");
	close(ends[0]);
	do
		ok(store_sort(s, 100, &r, &err));
	while (r.n);
	ck_assert_uint_eq(r.sorted, 300);
	store_close(&s);
	clean();
}
END_TEST

/* Whether an event is taken while log.db is not to be had is left open; what is taken is there later. */
static size_t append_until_refused(struct store *s, const char *text)
{
	int64_t until = clock_mono_ms() + 5000;
	size_t taken = 0;
	uint64_t n;

	for (; append(s, 100, &n) == 0; usleep(20000), taken++)
		ck_assert_int_lt(clock_mono_ms(), until);
	says(text);
	says("log.db");
	ck_assert_int_eq(append(s, 101, &n), -1);
	says(text);
	return taken;
}

START_TEST(a_damaged_file_is_told_and_a_restored_one_is_used)
{
	static char garbage[1 << 16];
	struct store *s;
	size_t n, taken;
	int fd;

	scratch();
	s = opened(STORE_LOG);
	appended(s, 1);
	ck_assert_uint_eq(count(s), 1);
	ok(store_checkpoint(s, STORE_LOG, 0, &err));
	store_close(&s);
	unlink(in_dir("log.db-wal"));
	unlink(in_dir("log.db-shm"));
	copy_file(in_dir("log.db"), in_dir("log.kept"), 1 << 30);
	s = opened(STORE_LOG);
	appended(s, 2);
	ck_assert_uint_eq(count(s), 2);
	memset(garbage, 'x', sizeof garbage);
	fd = open(in_dir("log.kept2"), O_WRONLY | O_CREAT, 0660);
	ck_assert_int_eq(write(fd, garbage, sizeof garbage), (ssize_t)sizeof garbage);
	close(fd);
	ck_assert_int_eq(rename(in_dir("log.kept2"), in_dir("log.db")), 0);
	unlink(in_dir("log.db-wal"));
	unlink(in_dir("log.db-shm"));
	taken = append_until_refused(s, "damaged");
	ck_assert_int_eq(try_count(s, &n), -1);
	says("damaged");
	ck_assert_int_eq(rename(in_dir("log.kept"), in_dir("log.db")), 0);
	unlink(in_dir("log.db-wal"));
	unlink(in_dir("log.db-shm"));
	ck_assert(appends_within_ms(s, 3000));
	ck_assert_uint_eq(count(s), 3 + taken);
	store_close(&s);
	clean();
}
END_TEST

START_TEST(a_moved_directory_is_told_and_used_again_when_it_is_back)
{
	struct store *s;
	char away[80];
	uint64_t n;

	scratch();
	s = opened(BOTH);
	appended(s, 1);
	snprintf(away, sizeof away, "%s-away", dir);
	ck_assert_int_eq(rename(dir, away), 0);
	ck_assert_int_eq(append(s, 2, &n), -1);
	says(dir);
	ck_assert_int_eq(append(s, 2, &n), -1);
	ck_assert_int_eq(store_begin(s, false, &err), -1);
	ck_assert_int_eq(rename(away, dir), 0);
	ck_assert(appends_within_ms(s, 3000));
	ck_assert(counts_within_ms(s, 2, 3000));
	store_close(&s);
	clean();
}
END_TEST

START_TEST(a_missing_file_is_not_made_anew_behind_our_back)
{
	struct store *s;
	size_t n, taken;

	scratch();
	s = opened(STORE_LOG);
	appended(s, 1);
	ck_assert_int_eq(rename(in_dir("log.db"), in_dir("log.kept")), 0);
	taken = append_until_refused(s, "is gone");
	ck_assert_int_eq(try_count(s, &n), -1);
	says("is gone");
	ck_assert_int_eq(access(in_dir("log.db"), F_OK), -1);
	ck_assert_int_eq(rename(in_dir("log.kept"), in_dir("log.db")), 0);
	ck_assert(appends_within_ms(s, 3000));
	ck_assert_uint_eq(count(s), 2 + taken);
	store_close(&s);
	clean();
}
END_TEST

/* Told once to each who writes; who only reads goes on as well. */
static void check_moved(const char *name, bool back)
{
	struct store *s, *reader;
	uint64_t n, last;

	scratch();
	s = opened(BOTH);
	reader = opened(BOTH);
	appended(s, 1);
	last = appended(s, 2);
	ck_assert_uint_eq(count(reader), 2);
	ck_assert_int_eq(rename(in_dir(name), in_dir("log.kept")), 0);
	ck_assert_int_eq(append(s, 3, &n), -1);
	says(name);
	says("put it back");
	if (back)
		ck_assert_int_eq(rename(in_dir("log.kept"), in_dir(name)), 0);
	ck_assert_uint_gt(appended(s, 3), last);
	ck_assert_uint_eq(count(reader), 3);
	store_close(&s);
	s = opened(STORE_LOG);
	appended(s, 4);
	ck_assert_uint_eq(count(reader), 4);
	store_close(&s);
	store_close(&reader);
	clean();
}

START_TEST(a_moved_file_of_the_journal_is_told_and_numbers_go_on)
{
	check_moved("journal.lock", false);
	check_moved("journal.lock", true);
	check_moved("journal.1", false);
	check_moved("journal.1", true);
}
END_TEST

/* A VFS that fails on demand, in front of the real one. */
static sqlite3_io_methods failing[2];	/* of databases, of other files: SQLite has two sets, too */
static const sqlite3_io_methods *real[2];
static int (*real_open)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *);
static int fail_write, fail_sync;

static int failing_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	return fail_write ? fail_write : real[f->pMethods == &failing[1]]->xWrite(f, p, n, at);
}

static int failing_sync(sqlite3_file *f, int flags)
{
	return fail_sync ? fail_sync : real[f->pMethods == &failing[1]]->xSync(f, flags);
}

static int failing_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
	int rc = real_open(vfs, name, f, flags, out);

	if (rc == SQLITE_OK && f->pMethods) {
		size_t i = !(flags & SQLITE_OPEN_MAIN_DB);

		real[i] = f->pMethods;
		failing[i] = *real[i];
		failing[i].xWrite = failing_write;
		failing[i].xSync = failing_sync;
		f->pMethods = &failing[i];
	}
	return rc;
}

static void install_failing(void)
{
	static sqlite3_vfs vfs;

	vfs = *sqlite3_vfs_find(NULL);
	real_open = vfs.xOpen;
	vfs.zName = "failing";
	vfs.xOpen = failing_open;
	ck_assert_int_eq(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
}

static bool sorts_within_ms(struct store *s, int64_t ms)
{
	int64_t until = clock_mono_ms() + ms;
	struct sort_result r;

	while (store_sort(s, 10, &r, &err) < 0)
		if (clock_mono_ms() > until)
			return false;
		else
			usleep(20000);
	return true;
}

/* log.db cannot be written: events are taken and wait, and what is committed there is told. */
static void check_heals(int *knob, int code, const char *text)
{
	struct handshake h = { .at_ms = NOW, .endpoint = "a", .origin = "x.example", .callback = "" };
	struct store *s;
	size_t n;

	scratch();
	install_failing();
	s = opened(BOTH);
	appended(s, 1);
	*knob = code;
	appended(s, 2);
	ck_assert_int_eq(try_count(s, &n), -1);
	says(text);
	says("log.db");
	ck_assert_int_eq(store_handshake_ask(s, &h, 1, &err), -1);
	ck_assert_int_eq(store_begin(s, true, &err) == 0 && store_bookmark_put(s, &(struct bookmark){ "h", 1, NULL,
												      0 }, &err) == 0 &&
			 store_commit(s, &err) == 0, 0);
	store_rollback(s);
	*knob = 0;
	ck_assert(appends_within_ms(s, 3000));
	ck_assert(sorts_within_ms(s, 3000));
	ck_assert_uint_eq(count(s), 3);
	store_close(&s);
	clean();
}

START_TEST(a_full_disk_is_told_and_passes) { check_heals(&fail_write, SQLITE_FULL, "make room"); } END_TEST
START_TEST(a_read_only_file_is_told_and_passes) { check_heals(&fail_write, SQLITE_READONLY, "read-only"); } END_TEST
START_TEST(a_write_error_is_told_and_passes) { check_heals(&fail_write, SQLITE_IOERR_WRITE,
							   "check the disk"); } END_TEST

/* Collecting is rolled back when its commit fails; what was read for it is read again, by the same handle too. */
START_TEST(what_a_failed_commit_had_collected_is_collected_again)
{
	struct store *s;
	size_t n;

	scratch();
	install_failing();
	s = opened(STORE_LOG);
	appended(s, 1);
	ck_assert_uint_eq(count(s), 1);
	for (unsigned i = 2; i < 50; i++)
		appended(s, i);
	fail_write = SQLITE_FULL;
	ck_assert_int_eq(try_count(s, &n), -1);
	fail_write = 0;
	appended(s, 50);
	ck_assert(counts_within_ms(s, 50, 3000));
	store_close(&s);
	clean();
}
END_TEST

static void append_large(struct store *s, unsigned key)
{
	const size_t len = 9 << 20;
	struct event e = { .received_ms = NOW, .wire = WIRE_NRC, .type = "nl.x", .sender = "on", .endpoint = "nrc",
			   .data = mem_alloc(len), .data_len = len, .key = {{ (unsigned char)key, 1 }} };
	struct event *v[] = { &e };

	ok(store_append(s, v, 1, &err));
	free((void *)(uintptr_t)e.data);
}

/* What is collected is not synchronised, until a file of the journal is to go. */
START_TEST(a_file_of_the_journal_goes_once_log_db_is_synchronised)
{
	struct store *s;
	size_t n;

	scratch();
	install_failing();
	s = opened(STORE_LOG);
	for (unsigned i = 1; i <= 3; i++)
		append_large(s, i);
	fail_sync = SQLITE_IOERR_FSYNC;
	ck_assert_uint_eq(count(s), 3);
	ck_assert_int_eq(access(in_dir("journal.2"), F_OK), 0);
	appended(s, 4);
	ck_assert_int_eq(try_count(s, &n), -1);
	ck_assert_int_eq(access(in_dir("journal.1"), F_OK), 0);
	fail_sync = 0;
	ck_assert(counts_within_ms(s, 4, 5000));
	append_large(s, 5);	/* opened anew, it has gone through the files again */
	ck_assert_uint_eq(count(s), 5);
	ck_assert_int_eq(access(in_dir("journal.1"), F_OK), -1);
	ck_assert_int_eq(access(in_dir("journal.spare"), F_OK), 0);
	store_close(&s);
	clean();
}
END_TEST

START_TEST(the_journal_is_emptied_once_log_db_is_synchronised)
{
	struct store *s;
	bool wiped;

	scratch();
	install_failing();
	s = opened(BOTH);
	appended(s, 1);
	fail_sync = SQLITE_IOERR_FSYNC;
	ck_assert_uint_eq(count(s), 1);
	ck_assert_int_eq(store_wipe(s, 1000, &wiped, &err), -1);
	ck_assert_int_eq(access(in_dir("journal.1"), F_OK), 0);
	fail_sync = 0;
	ck_assert(appends_within_ms(s, 3000));
	ck_assert(counts_within_ms(s, 2, 3000));
	ok(store_wipe(s, 1000, &wiped, &err));
	ck_assert(wiped);
	ck_assert_int_eq(access(in_dir("journal.1"), F_OK), -1);
	ck_assert_uint_eq(appended(s, 3), 3);
	ck_assert_uint_eq(count(s), 3);
	store_close(&s);
	clean();
}
END_TEST

START_TEST(what_comes_before_damage_in_the_journal_is_collected)
{
	struct store *s, *listing;
	size_t n;
	int fd;

	scratch();
	s = opened(BOTH);
	for (unsigned i = 1; i <= 5; i++)
		appended(s, i);
	fd = open(in_dir("journal.1"), O_WRONLY);
	ck_assert_int_eq(pwrite(fd, "damage", 6, 3 * 4096 + 60), 6);	/* the third */
	close(fd);
	ck_assert_int_eq(try_count(s, &n), -1);
	says("journal.1 is damaged at byte 12288");
	ok(try_open(BOTH, 0, true, &listing));
	ck_assert_uint_eq(count(listing), 2);
	store_close(&listing);
	appended(s, 6);
	ck_assert_int_eq(rename(in_dir("journal.1"), in_dir("log.kept")), 0);
	ck_assert(appends_within_ms(s, 3000));
	ck_assert_uint_eq(count(s), 3);
	store_close(&s);
	clean();
}
END_TEST

/* A disk below the journal that fails on demand, after it has taken some of the bytes. */
static struct journal_io failing_io;
static const struct journal_io *real_io;
static int fail_through;
static size_t taken_through;

static int failing_through(int fd, const void *p, size_t len, uint64_t at)
{
	if (!fail_through)
		return real_io->write_through(fd, p, len, at);
	real_io->write(fd, p, taken_through < len ? taken_through : len, at);
	errno = fail_through;
	return -1;
}

static void check_journal_heals(int code, size_t takes, const char *text)
{
	struct store *s, *other;
	uint64_t n;

	scratch();
	real_io = journal_io;
	failing_io = *journal_io;
	failing_io.write_through = failing_through;
	journal_io = &failing_io;
	s = opened(BOTH);
	other = opened(BOTH);
	appended(s, 1);
	fail_through = code;
	taken_through = takes;
	ck_assert_int_eq(append(s, 2, &n), -1);
	ck_assert_uint_eq(n, 0);
	says(text);
	says("journal.1");
	ck_assert_int_eq(append(s, 2, &n), -1);
	says(text);
	ck_assert_uint_eq(count(other), 1);
	ok(store_begin(s, true, &err));	/* all but intake goes on */
	ok(store_commit(s, &err));
	fail_through = 0;
	appended(s, 3);
	appended(other, 4);
	ck_assert_uint_eq(count(s), 3);
	store_close(&s);
	store_close(&other);
	s = opened(BOTH);
	ck_assert_uint_eq(count(s), 3);
	store_close(&s);
	journal_io = real_io;
	clean();
}

START_TEST(a_journal_that_cannot_be_written_is_told_and_passes)
{
	static const size_t takes[] = { 0, 100, 4096, 1 << 20 };

	for (size_t i = 0; i < sizeof takes / sizeof *takes; i++) {
		check_journal_heals(ENOSPC, takes[i], "make room");
		check_journal_heals(EDQUOT, takes[i], "make room");
		check_journal_heals(EROFS, takes[i], "mounted read-write");
		check_journal_heals(EIO, takes[i], "check the disk");
	}
}
END_TEST

static unsigned char byte_of_log(void)
{
	struct lock lock;
	unsigned char byte;

	ok(lock_open(&lock, in_dir("log"), true, NULL, &err));
	ok(lock_take(&lock, 1000, &err));
	byte = lock_byte(&lock);
	lock_release(&lock);
	lock_close(&lock);
	return byte;
}

static int ask(struct store *s, const char *origin)
{
	struct handshake h = { .at_ms = NOW, .endpoint = "a", .origin = origin, .callback = "" };

	return store_handshake_ask(s, &h, 1, &err);
}

static bool asks_within_ms(struct store *s, const char *origin, int64_t ms)
{
	int64_t until = clock_mono_ms() + ms;

	while (ask(s, origin) < 0)
		if (clock_mono_ms() > until)
			return false;
		else
			usleep(20000);
	return true;
}

/* Of log.db, where handshakes are committed; events are taken all the time. */
START_TEST(after_a_failed_synchronisation_all_wait_for_a_full_checkpoint)
{
	struct store *s, *other;
	size_t n;

	scratch();
	install_failing();
	s = opened(STORE_LOG);
	other = opened(STORE_LOG);
	appended(s, 1);
	appended(other, 2);
	ck_assert_uint_eq(count(s), 2);
	ck_assert_int_gt(size_of(in_dir("log.db-wal")), 0);
	ck_assert_uint_eq(byte_of_log(), 0);
	fail_sync = SQLITE_IOERR_FSYNC;
	ck_assert_int_eq(ask(s, "one.example"), -1);
	says("input/output error");
	ck_assert_uint_eq(byte_of_log(), 1);
	appended(other, 3);
	ck_assert_int_eq(try_count(other, &n), -1);
	says("a synchronisation failed before");
	ck_assert_int_eq(ask(other, "two.example"), -1);
	ck_assert_uint_eq(byte_of_log(), 1);
	fail_sync = 0;
	ck_assert(asks_within_ms(other, "two.example", 3000));
	ck_assert_uint_eq(byte_of_log(), 0);
	ck_assert(asks_within_ms(s, "one.example", 3000));
	appended(s, 4);
	ck_assert_uint_eq(count(s), 4);
	store_close(&s);
	store_close(&other);
	clean();
}
END_TEST

struct appender {
	pthread_t thread;
	unsigned id;
	int failed;
};

static void append_many(unsigned id)
{
	struct store *s = opened(STORE_LOG);

	for (unsigned i = 0; i < 50; i++) {
		appended(s, id * 1000 + i);
		if (i % 16 == 0)
			ok(store_checkpoint(s, STORE_LOG, 0, &err));
	}
	store_close(&s);
}

static void *append_in_thread(void *arg)
{
	const struct appender *a = arg;

	append_many(a->id);
	return NULL;
}

START_TEST(threads_and_processes_append_together)
{
	struct appender threads[3];
	struct store *s;
	struct sort_result r;
	pid_t children[2];
	int status;

	scratch();
	for (unsigned i = 0; i < 2; i++)
		if ((children[i] = fork()) == 0) {
			append_many(10 + i);
			_exit(0);
		}
	for (unsigned i = 0; i < 3; i++) {
		threads[i].id = i;
		ck_assert_int_eq(pthread_create(&threads[i].thread, NULL, append_in_thread, &threads[i]), 0);
	}
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_join(threads[i].thread, NULL), 0);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	s = opened(BOTH);
	ck_assert_uint_eq(count(s), 250);
	ok(store_sort(s, 1000, &r, &err));
	ck_assert_uint_eq(r.n, 250);
	ck_assert_uint_eq(r.duplicates, 0);
	ck_assert_uint_eq(r.sorted, 250);
	store_close(&s);
	clean();
}
END_TEST

/* Appended, and brought into log.db in a transaction of its own. */
static void collected(struct store *s, unsigned key)
{
	struct pool *pool = pool_new();
	struct event *e;

	ok(store_event(s, appended(s, key), pool, &e, &err));
	ck_assert_ptr_nonnull(e);
	pool_free(&pool);
}

START_TEST(checkpoints_let_the_wal_begin_anew)
{
	struct store *s;
	off_t size;

	scratch();
	s = opened(STORE_LOG);
	for (unsigned i = 0; i < 30; i++)
		collected(s, i);
	size = size_of(in_dir("log.db-wal"));
	for (unsigned round = 0; round < 5; round++) {
		ok(store_checkpoint(s, STORE_LOG, 1, &err));
		for (unsigned i = 0; i < 20; i++)
			collected(s, i);
	}
	ck_assert_int_eq(size_of(in_dir("log.db-wal")), size);
	ck_assert_int_gt(size_of(in_dir("log.db")), 4096);
	ok(store_checkpoint(s, STORE_LOG, 1 << 30, &err));
	store_close(&s);
	ck_assert_int_eq(size_of(in_dir("log.db-wal")), size);	/* closing does not checkpoint */
	s = opened(STORE_LOG);
	ok(store_checkpoint(s, STORE_LOG, 0, &err));
	ck_assert_int_eq(size_of(in_dir("log.db-wal")), 0);	/* nothing to read when it is opened next */
	store_close(&s);
	clean();
}
END_TEST

START_TEST(files_are_for_the_group_whatever_the_umask)
{
	static const char *const names[] = { "log.db", "log.db-wal", "log.db-shm", "log.lock", "desk.db",
					     "desk.db-wal", "desk.db-shm", "journal.lock", "journal.turnstile", "journal.1",
					     "journal.spare" };
	struct store *s;
	struct stat st;

	scratch();
	umask(077);
	s = opened(BOTH);
	appended(s, 1);
	ck_assert_int_ge(store_prepare(s, &err), 0);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		ck_assert_int_eq(stat(in_dir(names[i]), &st), 0);
		ck_assert_msg((st.st_mode & 0777) == 0660, "%s: %o", names[i], (unsigned)(st.st_mode & 0777));
	}
	store_close(&s);
	clean();
}
END_TEST

static void run_sql(const char *name, const char *sql)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(in_dir(name), &db), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
	sqlite3_close(db);
}

START_TEST(a_newer_schema_is_refused)
{
	struct store *s;

	scratch();
	s = opened(BOTH);
	store_close(&s);
	run_sql("log.db", "PRAGMA user_version=99");
	ck_assert_int_eq(try_open(BOTH, 0, false, &s), -1);
	says("newer Postvak");
	says("log.db");
	ck_assert_int_eq(try_open(BOTH, 0, true, &s), -1);
	says("newer Postvak");
	clean();
}
END_TEST

/* The log as versions 3 and 1 had it. */
#define LOG_V3 "DROP TABLE rejected; CREATE TABLE rejected(n INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, " \
	"endpoint TEXT, sender TEXT, status INTEGER NOT NULL, reason TEXT, body BLOB); PRAGMA user_version=3;"
#define LOG_V1 LOG_V3 "DROP TABLE handshake; PRAGMA user_version=1;"

/* The desk when each identity had a row, */
#define DESK_V3 "DROP TABLE block; DROP TABLE fresh; " \
	"CREATE TABLE seen(key BLOB PRIMARY KEY, n INTEGER NOT NULL, digest INTEGER NOT NULL) WITHOUT ROWID;"
/* and before handlers kept anything, and rewinds had lanes. */
#define DESK_V2 DESK_V3 "DROP TABLE state; DROP TABLE outbox; DROP TABLE pause; DROP TABLE replay; CREATE TABLE replay(id INTEGER " \
	"PRIMARY KEY AUTOINCREMENT, handler TEXT NOT NULL, after INTEGER NOT NULL, upto INTEGER NOT NULL, at INTEGER NOT NULL, " \
	"types TEXT, request INTEGER NOT NULL, asked_ms INTEGER NOT NULL);"

/* What version 1 left behind: the desk without its tables for sequences, and a log with one bit in mark. */
START_TEST(a_store_of_version_1_is_taken_up)
{
	struct store *s;
	struct sort_result r;
	struct sequence *q;
	struct event_key key = {{ 1 }};
	struct pool *pool = pool_new();
	struct card *c;
	uint64_t n;
	size_t n_c;

	scratch();
	s = opened(BOTH);
	for (unsigned i = 0; i < 3; i++)
		appended(s, i);
	ck_assert_uint_eq(count(s), 3);
	ok(store_sort(s, 2, &r, &err));
	store_close(&s);
	forget_journal();
	run_sql("log.db", LOG_V1 "UPDATE event SET mark = 1 WHERE n = 2");
	run_sql("desk.db", DESK_V2 "DROP TABLE sequence; DROP TABLE gap; DELETE FROM meta WHERE name = 'sequenced';"
		"PRAGMA user_version=1");
	ck_assert_int_eq(try_open(BOTH, 0, true, &s), -1);
	says("start Postvak once");
	s = opened(BOTH);
	ok(store_sequenced(s, &n, &err));
	ck_assert_uint_eq(n, 2);	/* nothing before is numbered */
	ok(store_sequence(s, &key, pool, &q, &err));
	ck_assert_ptr_null(q);
	ok(store_cards(s, 0, UINT64_MAX, 9, pool, &c, &n_c, &err));
	ck_assert_uint_eq(n_c, 3);
	for (size_t i = 0; i < n_c; i++) {
		ck_assert_int_eq(c[i].mark, i == 1 ? EVENT_QUARANTINED : EVENT_PLAIN);
		ck_assert(!c[i].numbered && !c[i].expires);
	}
	store_close(&s);
	s = opened(BOTH);
	ck_assert_uint_eq(count(s), 3);
	store_close(&s);
	pool_free(&pool);
	clean();
}
END_TEST

START_TEST(a_log_of_version_1_takes_handshakes)
{
	struct handshake h = { .at_ms = NOW, .endpoint = "a", .origin = "x.example", .callback = "https://x.example/" }, *found;
	struct pool *pool = pool_new();
	struct store *s;
	struct event *e;
	uint64_t n;

	scratch();
	s = opened(BOTH);
	ok(append(s, 1, &n));
	ck_assert_uint_eq(count(s), 1);
	store_close(&s);
	forget_journal();
	run_sql("log.db", LOG_V1);
	ck_assert_int_eq(try_open(BOTH, 0, true, &s), -1);
	says("start Postvak once");
	s = opened(BOTH);
	ok(store_handshake_ask(s, &h, 1, &err));
	ok(store_handshake_find(s, "a", "X.EXAMPLE", pool, &found, &err));
	ck_assert_ptr_nonnull(found);
	ok(store_event(s, n, pool, &e, &err));
	ck_assert_ptr_nonnull(e);
	store_close(&s);
	pool_free(&pool);
	clean();
}
END_TEST

static bool take_headers(void *arg, const struct rejected *r)
{
	const char *const wanted[] = { NULL, "ce-id: 1\n" };
	size_t *n = arg;

	(*n)++;
	ck_assert_uint_ge(r->n, 7);
	ck_assert_pstr_eq(r->headers, wanted[r->n - 7]);
	ck_assert_str_eq(r->reason, "no json");
	ck_assert_uint_eq(r->body_len, 1);
	return true;
}

START_TEST(a_log_of_version_3_keeps_its_refused_bodies)
{
	struct rejected r = { .at_ms = NOW, .endpoint = "a", .sender = "b", .status = 400, .reason = "no json",
			      .headers = "ce-id: 1\n", .body = (const unsigned char *)"{", .body_len = 1 };
	struct store *s;
	size_t n = 0;

	scratch();
	s = opened(BOTH);
	store_close(&s);
	run_sql("log.db", LOG_V3 "INSERT INTO rejected VALUES(7, 1, 'a', 'b', 400, 'no json', x'7b')");
	ck_assert_int_eq(try_open(BOTH, 0, true, &s), -1);
	says("start Postvak once");
	s = opened(BOTH);
	ok(store_reject(s, &r, 1, &err));
	ok(store_rejected_each(s, 0, take_headers, &n, &err));
	ck_assert_uint_eq(n, 2);
	store_close(&s);
	clean();
}
END_TEST

/* Killed after the list was written, or after the log was pruned: the next call finishes that. */
START_TEST(pruning_goes_on_after_a_kill)
{
	struct store *s;
	struct sort_result r;
	struct pool *pool = pool_new();
	struct event *e;
	uint64_t *v;
	size_t n;

	scratch();
	s = opened(BOTH);
	for (unsigned i = 0; i < 4; i++)
		appended(s, i % 2);
	ok(store_sort(s, 100, &r, &err));
	store_close(&s);
	run_sql("desk.db", "INSERT INTO meta(name, value, bytes) VALUES('pruning', 0, x'0102')");	/* 1 and 3 */
	run_sql("log.db", "DELETE FROM event WHERE n = 3");
	s = opened(BOTH);
	ok(store_prune(s, 0, 0, 10, &n, &err));
	ck_assert_uint_eq(n, 2);
	ok(store_event(s, 1, pool, &e, &err));
	ck_assert_ptr_null(e);
	ok(store_duplicates_of(s, 1, pool, &v, &n, &err));
	ck_assert_uint_eq(n, 0);
	ck_assert_uint_eq(count(s), 2);
	ok(store_prune(s, 0, 0, 10, &n, &err));
	ck_assert_uint_eq(n, 0);
	store_close(&s);
	pool_free(&pool);
	clean();
}
END_TEST

START_TEST(a_part_that_was_not_opened_is_told)
{
	struct store *s;
	struct sort_result r;
	uint64_t n;

	scratch();
	s = opened(STORE_DESK);
	ck_assert_int_eq(append(s, 1, &n), -1);
	says("without its log");
	store_close(&s);
	s = opened(STORE_LOG);
	appended(s, 1);
	ck_assert_int_eq(store_sort(s, 1, &r, &err), -1);
	says("without its desk");
	ck_assert_uint_eq(count(s), 1);
	store_close(&s);
	clean();
}
END_TEST

UNIT_MAIN("store on sqlite",
	everything_is_there_after_a_restart, what_was_acknowledged_survives_a_kill,
	a_kill_between_begin_and_commit_changes_nothing,
	  what_was_emitted_outlives_a_kill_with_its_transaction, listings_work_beside_a_writer,
	a_copy_that_may_not_be_written_can_be_read,
	  a_copy_whose_journal_cannot_be_collected_can_be_read_and_says_so,
	a_store_that_was_never_made_cannot_be_listed, below_the_reserve_only_intake_stops,
	a_lock_held_by_another_is_told_and_passes, who_holds_the_lock_of_the_log_does_not_keep_events_out,
	a_strangers_transaction_keeps_no_event_out_and_passes,
	a_torn_end_of_the_journal_costs_only_what_was_not_acknowledged, a_torn_end_of_the_wal_costs_nothing,
	numbers_that_the_desk_knows_are_not_given_again,
	  numbers_that_the_desk_knows_are_not_given_again_after_a_swap_in_use,
	who_opens_a_log_that_grows_takes_it_for_whole,
	a_damaged_file_is_told_and_a_restored_one_is_used, a_moved_directory_is_told_and_used_again_when_it_is_back,
	a_missing_file_is_not_made_anew_behind_our_back, a_moved_file_of_the_journal_is_told_and_numbers_go_on,
	what_a_failed_commit_had_collected_is_collected_again, a_file_of_the_journal_goes_once_log_db_is_synchronised,
	the_journal_is_emptied_once_log_db_is_synchronised, what_comes_before_damage_in_the_journal_is_collected,
	a_journal_that_cannot_be_written_is_told_and_passes, a_full_disk_is_told_and_passes,
	a_read_only_file_is_told_and_passes, a_write_error_is_told_and_passes,
	after_a_failed_synchronisation_all_wait_for_a_full_checkpoint, threads_and_processes_append_together,
	checkpoints_let_the_wal_begin_anew, files_are_for_the_group_whatever_the_umask, a_newer_schema_is_refused,
	a_log_of_version_1_takes_handshakes, a_log_of_version_3_keeps_its_refused_bodies,
	a_store_of_version_1_is_taken_up, pruning_goes_on_after_a_kill, a_part_that_was_not_opened_is_told)
