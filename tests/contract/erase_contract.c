/* SPDX-License-Identifier: EUPL-1.2
 * Erasing, on every backend; and that nothing of it is left in a file, and backups, where there are files. */
#include "config.h"
#include "unit.h"

#include <dirent.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/err.h"
#include "base/mem.h"
#include "store/store.h"

#define NOW INT64_C(1700000000000)
#define SECRET "burger-900-geheim"
#define BOTH (STORE_LOG | STORE_DESK)

static char dir[64];
static struct store *store;
static struct pool *pool;
static struct err err;

#define ok(call) ck_assert_msg((call) == 0, "%s", err.text)

static struct store *opened(const char *where, bool read_only)
{
	char spec[160];
	struct store_setup setup = { .spec = spec, .read_only = read_only };
	struct store *s;

	snprintf(spec, sizeof spec, *where ? "sqlite:%s" : "memory:%s", where);
	ok(store_open(&setup, BOTH, &s, &err));
	return s;
}

static void open_store(int backend)
{
	dir[0] = '\0';
	if (backend == 0) {
		snprintf(dir, sizeof dir, "/tmp/postvak-erase-XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(dir));
	}
	store = opened(dir, false);
	pool = pool_new();
}

/* Calls back with the whole content of each file; returns how often the secret stands there. */
static size_t secrets_in(const char *where)
{
	DIR *d = opendir(where);
	struct dirent *entry;
	size_t found = 0;

	ck_assert_ptr_nonnull(d);
	while ((entry = readdir(d))) {
		char path[400];
		struct stat st;
		FILE *f;
		char *p;

		snprintf(path, sizeof path, "%s/%s", where, entry->d_name);
		if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		f = fopen(path, "rb");
		ck_assert_ptr_nonnull(f);
		p = mem_alloc((size_t)st.st_size + 1);
		ck_assert_uint_eq(fread(p, 1, (size_t)st.st_size, f), (size_t)st.st_size);
		for (size_t i = 0; i + sizeof SECRET - 1 <= (size_t)st.st_size; i++)
			found += memcmp(p + i, SECRET, sizeof SECRET - 1) == 0;
		free(p);
		fclose(f);
	}
	closedir(d);
	return found;
}

static void remove_dir(const char *where)
{
	DIR *d = opendir(where);
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		char path[400];

		snprintf(path, sizeof path, "%s/%s", where, entry->d_name);
		unlink(path);
	}
	if (d)
		closedir(d);
	rmdir(where);
}

static void close_store(void)
{
	store_close(&store);
	pool_free(&pool);
	if (dir[0])
		remove_dir(dir);
}

static struct event_key key_of(unsigned v)
{
	struct event_key key = {{0}};

	key.b[0] = (unsigned char)(v * 151 + 7);
	key.b[14] = (unsigned char)(v >> 8);
	key.b[15] = (unsigned char)v;
	return key;
}

static uint64_t append(unsigned key, const char *subject, size_t len)
{
	unsigned char *data = mem_alloc(len);
	struct event e = { .received_ms = NOW + key, .wire = WIRE_CLOUD, .type = "nl.zaak.nieuw", .sender = "on", .endpoint = "nrc",
			   .source = "urn:zaken", .id = "7", .key = key_of(key), .digest = 11, .subject = subject,
			   .has_lane = true, .lane = key_of(1000 + key % 2), .data = data, .data_len = len };
	struct event *v[] = { &e };

	memset(data, 'x', len);
	snprintf((char *)data, len, "{\"wie\":\"%s\"}", subject);
	ok(store_append(store, v, 1, &err));
	free(data);
	return e.n;
}

static void sort_all(void)
{
	struct sort_result r;

	do
		ok(store_sort(store, 1000, &r, &err));
	while (r.n);
}

static bool count_line(void *arg, const struct history *h)
{
	(void)h;
	++*(size_t *)arg;
	return true;
}

static size_t lines(uint64_t n)
{
	size_t found = 0;

	ok(store_history_each(store, n, count_line, &found, &err));
	return found;
}

static bool count_parked(void *arg, const struct parked *p)
{
	(void)p;
	++*(size_t *)arg;
	return true;
}

static size_t parked(uint64_t n)
{
	size_t found = 0;

	ok(store_parked_each(store, NULL, n, count_parked, &found, &err));
	return found;
}

static bool is_there(uint64_t n)
{
	struct event *e;

	ok(store_event(store, n, pool, &e, &err));
	return e != NULL;
}

static void reject(const char *body)
{
	struct rejected r = { .at_ms = NOW, .endpoint = "nrc", .sender = "on", .status = 400, .reason = "no json",
			      .headers = "ce-subject: " SECRET "\n", .body = (const unsigned char *)body,
			      .body_len = strlen(body) };

	ok(store_reject(store, &r, 1, &err));
}

static bool count_rejected(void *arg, const struct rejected *r)
{
	(void)r;
	++*(size_t *)arg;
	return true;
}

static bool count_gap(void *arg, const struct gap *g)
{
	(void)g;
	++*(size_t *)arg;
	return true;
}

/* Events 1 to 20: odd ones are about the person. Each third is parked; all have history. */
static void fill(uint64_t *v)
{
	for (unsigned i = 0; i < 20; i++)
		v[i] = append(i, i % 2 ? SECRET : "iemand", i == 5 ? 300000 : 900);
	append(1, SECRET, 900);		/* 21: a duplicate of the second */
	sort_all();
	ok(store_begin(store, false, &err));
	for (unsigned i = 0; i < 20; i += 3)
		ok(store_parked_put(store, &(struct parked){ .handler = "mail", .n = v[i], .state = PARKED_DEAD,
				    .since_ms = NOW, .reason = i % 2 ? "no: " SECRET : "no" }, &err));
	ok(store_history_done(store, "archief", NOW, v, 20, &err));
	for (unsigned i = 0; i < 20; i++)
		ok(store_history_add(store, &(struct history){ v[i], "mail", NOW, 1, "retry", i % 2 ? SECRET : "x" }, &err));
	for (unsigned i = 0; i < 2; i++) {
		struct event_key lane = key_of(1000 + i);

		ok(store_state_put(store, &(struct state){ "mail", lane, v[i],
				   (const unsigned char *)(i ? SECRET : "niets"), i ? sizeof SECRET : 5 }, &err));
		ok(store_sequence_put(store, &(struct sequence){ key_of(i), i ? "urn:" SECRET : "urn:x", "3", true, v[i], NOW }, &err));
		ok(store_gap_add(store, &(struct gap){ .n = v[i], .at_ms = NOW, .sender = "on", .source = i ? "urn:" SECRET : "urn:x",
				 .before = "1", .got = "3", .missing = 1 }, &err));
	}
	ok(store_commit(store, &err));
	reject("{\"wie\":\"" SECRET "\"");
	reject("{");
}

START_TEST(what_is_erased_is_gone_and_the_rest_is_whole)
{
	uint64_t v[20], odd[11], one[] = { 1 };
	struct event_key theirs = key_of(1001), lane;
	struct erasure what = { odd, 11, one, 1, &theirs, 1 };
	struct erased gone;
	struct sequence *q;
	struct store_stats st;
	const unsigned char *p;
	size_t n = 0, len;

	open_store(_i);
	fill(v);
	for (unsigned i = 0; i < 10; i++)
		odd[i] = v[2 * i + 1];
	odd[10] = v[19] + 1;
	ok(store_erase(store, &what, &gone, &err));
	ck_assert_uint_eq(gone.events, 11);
	ck_assert_uint_eq(gone.rejected, 1);
	ck_assert_uint_eq(gone.states, 1);
	ck_assert_uint_eq(gone.parked, 3);
	for (unsigned i = 0; i < 20; i++) {
		ck_assert_int_eq(is_there(v[i]), i % 2 == 0);
		ck_assert_uint_eq(parked(v[i]), i % 6 == 0);
		ck_assert_uint_eq(lines(v[i]), i % 2 ? 0 : 2);
	}
	ck_assert(!is_there(v[19] + 1));
	ck_assert_uint_eq(lines(v[19] + 1), 0);
	ok(store_rejected_each(store, 0, count_rejected, &n, &err));
	ck_assert_uint_eq(n, 1);
	ok(store_gaps_each(store, count_gap, &n, &err));
	ck_assert_uint_eq(n, 2);
	lane = key_of(0);
	ok(store_sequence(store, &lane, pool, &q, &err));
	ck_assert_ptr_nonnull(q);
	lane = key_of(1);
	ok(store_sequence(store, &lane, pool, &q, &err));
	ck_assert_ptr_null(q);
	lane = key_of(1000);
	ok(store_state(store, "mail", &lane, pool, &p, &len, &err));
	ck_assert_ptr_nonnull(p);
	ok(store_erase(store, &what, &gone, &err));	/* again: nothing more to do */
	ck_assert_uint_eq(gone.events + gone.rejected + gone.parked + gone.states, 0);
	ok(store_stats(store, &st, &err));
	ck_assert_uint_eq(st.identities, 20);
	append(1, SECRET, 900);				/* its identity is still known */
	ok(store_sort(store, 10, &(struct sort_result){0}, &err));
	ok(store_stats(store, &st, &err));
	ck_assert_uint_eq(st.identities, 20);
	ck_assert_uint_eq(lines(v[19] + 2), 1);
	close_store();
}
END_TEST

START_TEST(nothing_of_it_is_left_in_the_files)
{
	uint64_t v[20], odd[11], one[] = { 1, 2 };
	struct event_key lane = key_of(1001);
	struct erasure what = { odd, 11, one, 2, &lane, 1 };
	struct erased gone;
	bool wiped;

	open_store(_i);
	fill(v);
	for (unsigned i = 0; i < 10; i++)
		odd[i] = v[2 * i + 1];
	odd[10] = v[19] + 1;
	if (dir[0])
		ck_assert_uint_gt(secrets_in(dir), 20);
	ok(store_erase(store, &what, &gone, &err));
	ok(store_wipe(store, 1000, &wiped, &err));
	ck_assert(wiped);
	if (dir[0])
		ck_assert_uint_eq(secrets_in(dir), 0);
	append(99, "iemand", 900);
	close_store();
}
END_TEST

static uint64_t random_below(uint64_t n)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x % n;
}

/* Puts a secret into the unused part of each leaf, as moving a row does; how many there are. */
static size_t plant(const char *name)
{
	char path[200];
	unsigned char page[4096];
	size_t planted = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "r+b");
	ck_assert_ptr_nonnull(f);
	for (long at = 4096; fseek(f, at, SEEK_SET) == 0 && fread(page, 1, sizeof page, f) == sizeof page; at += 4096) {
		size_t start = 8 + 2 * ((size_t)page[3] << 8 | page[4]), end = (size_t)page[5] << 8 | page[6];

		if ((page[0] != 10 && page[0] != 13) || end < start + sizeof SECRET)
			continue;
		ck_assert_int_eq(fseek(f, at + (long)(end - sizeof SECRET), SEEK_SET), 0);
		ck_assert_uint_eq(fwrite(SECRET, 1, sizeof SECRET - 1, f), sizeof SECRET - 1);
		planted++;
	}
	fclose(f);
	return planted;
}

START_TEST(what_was_moved_before_it_went_is_cleared)
{
	struct scrubbing how = { .wait_ms = 2000 };
	struct backup copy = { .dir = "/nowhere" };
	struct backed_up b;
	struct store *other;
	bool whole, wiped;
	uint64_t n;

	open_store(_i);
	for (unsigned i = 0; i < 300; i++)
		append(i, "iemand", 100 + random_below(6000));
	sort_all();
	ok(store_begin(store, false, &err));
	for (unsigned i = 0; i < 2000; i++)
		ok(store_parked_put(store, &(struct parked){ .handler = i % 2 ? "mail" : "archief", .n = 1 + random_below(100000),
				    .state = PARKED_DEAD, .since_ms = NOW, .reason = "a reason of some length, for pages" }, &err));
	ok(store_commit(store, &err));
	ok(store_wipe(store, 1000, &wiped, &err));
	store_close(&store);
	if (dir[0]) {
		ck_assert_uint_gt(plant("log.db"), 3);
		ck_assert_uint_gt(plant("desk.db"), 30);
		ck_assert_uint_gt(secrets_in(dir), 33);
	}
	store = opened(dir, false);
	other = dir[0] ? opened(dir, false) : NULL;
	if (other)
		ok(store_last(other, &n, &err));
	ok(store_scrub(store, &how, &whole, &err));
	ck_assert(whole);
	if (dir[0]) {
		char to[] = "/tmp/postvak-backup-XXXXXX";

		ck_assert_uint_eq(secrets_in(dir), 0);
		store_close(&store);
		store = other;
		append(1000, "later", 900);
		copy.dir = mkdtemp(to);
		ok(store_backup(store, &copy, &b, &err));	/* which checks the copies */
		ck_assert_uint_eq(b.last, 301);
		remove_dir(to);
		ck_assert_uint_eq(secrets_in(dir), 0);
	}
	close_store();
}
END_TEST

struct late {
	struct store *other;
	pthread_t reader;
	bool begun;
};

static void *read_for_a_while(void *arg)
{
	const struct timespec a_while = { 0, 150000000 };

	nanosleep(&a_while, NULL);
	sqlite3_close(arg);
	return NULL;
}

/* Looking takes longer than readers may; then somebody writes, and is read. */
static bool come_late(void *arg, enum store_part part, uint64_t done, uint64_t bytes)
{
	const struct timespec long_ = { 1, 50000000 };
	struct event e = { .received_ms = NOW, .wire = WIRE_CLOUD, .type = "nl.x", .sender = "on", .endpoint = "e" };
	struct late *l = arg;
	char path[200];
	sqlite3 *db;

	if (part != STORE_LOG || l->begun || done > bytes)
		return true;
	l->begun = true;
	nanosleep(&long_, NULL);
	ok(store_append(l->other, (struct event *[]){ &e }, 1, &err));
	snprintf(path, sizeof path, "%s/log.db", dir);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "BEGIN; SELECT count(*) FROM event", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(pthread_create(&l->reader, NULL, read_for_a_while, db), 0);
	return true;
}

START_TEST(clearing_waits_for_readers_however_long_looking_takes)
{
	struct late late = {0};
	struct scrubbing how = { .wait_ms = 1000, .go_on = come_late, .arg = &late };
	bool whole, wiped;

	open_store(_i);
	for (unsigned i = 0; i < 300; i++)
		append(i, "iemand", 60000);
	ok(store_wipe(store, 1000, &wiped, &err));
	store_close(&store);
	if (dir[0])
		ck_assert_uint_gt(plant("log.db"), 10);
	store = opened(dir, false);
	late.other = dir[0] ? opened(dir, false) : NULL;
	ok(store_scrub(store, &how, &whole, &err));
	ck_assert(whole);
	if (dir[0]) {
		ck_assert(late.begun);
		pthread_join(late.reader, NULL);
		ck_assert_uint_eq(secrets_in(dir), 0);
		store_close(&late.other);
	}
	close_store();
}
END_TEST

static bool never(void *arg, enum store_part part, uint64_t done, uint64_t bytes)
{
	(void)arg;
	(void)part;
	return done > bytes;
}

START_TEST(a_backup_is_whole_and_private)
{
	char to[80];
	struct backup how = { .dir = to };
	struct backed_up b;
	uint64_t v[20], n;
	struct stat st;
	struct store *original, *reader;

	open_store(_i);
	snprintf(to, sizeof to, "/tmp/postvak-backup-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(to));
	fill(v);
	if (!dir[0]) {
		ck_assert_int_eq(store_backup(store, &how, &b, &err), -1);
		remove_dir(to);
		close_store();
		return;
	}
	how.go_on = never;
	ck_assert_int_eq(store_backup(store, &how, &b, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "stopped"));
	how.go_on = NULL;	/* nothing was left, so it is empty */
	reader = opened(dir, true);
	ok(store_backup(reader, &how, &b, &err));
	store_close(&reader);
	ck_assert_uint_eq(b.last, 21);
	ck_assert_uint_eq(b.sorted, 21);
	ck_assert_uint_gt(b.log_bytes, 300000);
	ck_assert_int_eq(store_backup(store, &how, &b, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "not empty"));
	append(100, "later", 900);
	original = store;
	store = opened(to, false);
	ok(store_last(store, &n, &err));
	ck_assert_uint_eq(n, 21);
	ck_assert(is_there(v[5]));
	ck_assert_uint_eq(lines(v[5]), 2);
	ck_assert_uint_eq(parked(v[6]), 1);
	append(100, "later", 900);
	store_close(&store);
	store = original;
	snprintf(to + strlen(to), sizeof to - strlen(to), "/log.db");
	ck_assert_int_eq(stat(to, &st), 0);
	*strrchr(to, '/') = '\0';
	remove_dir(to);
	close_store();
}
END_TEST

int main(void)
{
	static const TTest *const *const all[] = {
		&what_is_erased_is_gone_and_the_rest_is_whole, &nothing_of_it_is_left_in_the_files,
		&what_was_moved_before_it_went_is_cleared,
		&clearing_waits_for_readers_however_long_looking_takes, &a_backup_is_whole_and_private,
	};
	Suite *suite = suite_create("erasing and backups");
	TCase *tcase = tcase_create("sqlite (0), memory (1)");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 60);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		tcase_add_loop_test(tcase, *all[i], 0, 2);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
