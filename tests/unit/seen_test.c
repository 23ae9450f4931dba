/* SPDX-License-Identifier: EUPL-1.2
 * Remembered identities on SQLite: blocks, what is young, walks, and the table of earlier versions. */
#include "config.h"
#include "unit.h"

#include <sqlite3.h>
#include "base/err.h"
#include "base/mem.h"
#include "store/store_sqlite.h"

#define NOW (INT64_C(20000) * DAY_MS)

static char dir[UNIT_PATH];
static struct err err;
static uint64_t seed = 1;

#define ok(call) ck_assert_msg((call) == 0, "%s", err.text)

static struct store *opened(void)
{
	struct store *s;
	char *spec = str_fmt("sqlite:%s", dir);
	struct store_setup setup = { .spec = spec };

	ok(store_open(&setup, STORE_LOG | STORE_DESK, &s, &err));
	free(spec);
	return s;
}

static struct store *in_memory(void)
{
	struct store *s;
	struct store_setup setup = { .spec = "memory:" };

	ok(store_open(&setup, STORE_LOG | STORE_DESK, &s, &err));
	return s;
}

static uint64_t draw(uint64_t below)	/* splitmix64 */
{
	uint64_t z = seed += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return (z ^ z >> 31) % below;
}

/* The key of a number: spread over all, or (every eighth) one of 100 that begin alike. */
static struct event_key key_of(uint64_t v)
{
	struct event_key key;
	uint64_t was = seed, high, low;

	seed = v;
	high = v % 8 ? draw(UINT64_MAX) : UINT64_C(0x7FFFFFFFFFFFFF00) + v / 800;
	low = draw(UINT64_MAX);
	seed = was;
	for (int i = 0; i < 8; i++) {
		key.b[i] = (unsigned char)(high >> (56 - 8 * i));
		key.b[8 + i] = (unsigned char)(low >> (56 - 8 * i));
	}
	return key;
}

/* Events that are appended together. */
static struct event lot[1000];
static size_t n_lot;

static void add(uint64_t v, int64_t received_ms)
{
	ck_assert_uint_lt(n_lot, sizeof lot / sizeof *lot);
	lot[n_lot++] = (struct event){ .received_ms = received_ms, .wire = WIRE_CLOUD, .type = "nl.x", .sender = "on",
				       .endpoint = "e", .key = key_of(v), .digest = (uint32_t)v * 2654435761u };
}

static void append(struct store *s)
{
	struct event *v[sizeof lot / sizeof *lot];

	for (size_t i = 0; i < n_lot; i++)
		v[i] = &lot[i];
	ok(store_append(s, v, n_lot, &err));
}

static struct sort_result sorted(struct store *s, size_t max)
{
	struct sort_result r, all = {0};

	do {
		ok(store_sort(s, max, &r, &err));
		all.n += r.n;
		all.duplicates += r.duplicates;
		all.conflicts += r.conflicts;
		all.sorted = r.sorted;
	} while (r.n);
	return all;
}

static uint64_t identities(struct store *s)
{
	struct store_stats st;

	ok(store_stats(s, &st, &err));
	return st.identities;
}

static void few_young(struct store *s, size_t most)
{
	sqlite_of(s)->seen.most = most;
}

/* ---- entries in memory ---- */

START_TEST(young_ones_are_found_copied_in_order_and_dropped)
{
	struct young y = {0};
	struct buf all = {0};
	unsigned char entry[ENTRY];
	struct event_key key;

	ck_assert_ptr_null(young_find(&y, key_of(1).b));
	young_drop(&y, key_of(1).b);
	for (uint64_t v = 1; v <= 3000; v++) {
		key = key_of(v);
		entry_put(entry, &key, v, (uint32_t)~v);
		young_add(&y, entry);
		young_add(&y, entry);
	}
	ck_assert_uint_eq(y.n, 3000);
	for (uint64_t v = 1; v <= 3000; v++) {
		const unsigned char *found = young_find(&y, key_of(v).b);

		ck_assert_ptr_nonnull(found);
		ck_assert_uint_eq(entry_n(found), v);
		ck_assert_uint_eq(entry_digest(found), (uint32_t)~v);
	}
	ck_assert(!young_copy(&y, NULL, UINT64_MAX, 2999, &all));
	ck_assert_uint_eq(all.len, 2999 * ENTRY);
	buf_reset(&all);
	ck_assert(young_copy(&y, NULL, UINT64_MAX, 3000, &all));
	ck_assert_uint_eq(all.len, 3000 * ENTRY);
	for (size_t i = 1; i < 3000; i++)
		ck_assert_int_lt(memcmp(all.p + (i - 1) * ENTRY, all.p + i * ENTRY, EVENT_KEY), 0);
	for (size_t i = 0; i < 3000; i += 37) {	/* behind the i-th, below the end of the 2000th */
		const unsigned char *v = (unsigned char *)all.p;
		uint64_t end = key_prefix(v + 2000 * ENTRY);
		struct buf some = {0};
		size_t n = 0;

		for (size_t k = i + 1; k < 3000 && key_prefix(v + k * ENTRY) < end; k++)
			n++;
		ck_assert(young_copy(&y, v + i * ENTRY, end, n, &some));
		ck_assert_uint_eq(some.len, n * ENTRY);
		ck_assert(!n || memcmp(some.p, v + (i + 1) * ENTRY, some.len) == 0);
		buf_free(&some);
	}
	for (uint64_t v = 1; v <= 3000; v += 2)
		young_drop(&y, key_of(v).b);
	ck_assert_uint_eq(y.n, 1500);
	for (uint64_t v = 1; v <= 3000; v++)
		ck_assert(!young_find(&y, key_of(v).b) == (v % 2 == 1));
	young_free(&y);
	buf_free(&all);
}
END_TEST

/* ---- beside the backend in memory ---- */

struct pair {
	struct store *sqlite[2], *memory;	/* two handles take turns */
	uint64_t fresh;			/* keys below were used */
	int64_t day;
};

static void sort_both(struct pair *p)
{
	struct sort_result a, b;

	append(p->sqlite[draw(2)]);
	append(p->memory);
	n_lot = 0;
	a = sorted(p->sqlite[draw(2)], 1 + draw(400));
	b = sorted(p->memory, 1000);

	ck_assert_uint_eq(a.n, b.n);
	ck_assert_uint_eq(a.duplicates, b.duplicates);
	ck_assert_uint_eq(a.conflicts, b.conflicts);
	ck_assert_uint_eq(a.sorted, b.sorted);
}

/* A pass in steps of any size, with new identities coming in between. */
static void sweep_both(struct pair *p)
{
	int64_t before = NOW + (p->day - 3) * DAY_MS;
	size_t n;

	ok(store_sweep(p->memory, before, SIZE_MAX, &n, &err));
	for (int turn = 0; identities(p->sqlite[0]) != identities(p->memory); turn++) {
		size_t max = 1 + draw(200);

		ck_assert_int_lt(turn, 1000);
		ok(store_sweep(p->sqlite[draw(2)], before, max, &n, &err));
		ck_assert_uint_le(n, max);
		if (turn % 3)
			continue;
		for (size_t i = 1 + draw(60); i > 0; i--)
			add(p->fresh++, NOW + p->day * DAY_MS);
		sort_both(p);
	}
	do
		ok(store_sweep(p->sqlite[0], before, 1000, &n, &err));
	while (n);
	ck_assert_uint_eq(identities(p->sqlite[0]), identities(p->memory));
}

START_TEST(it_remembers_what_the_memory_backend_remembers)
{
	struct pair p = { .fresh = 1 };

	unit_dir(dir);
	p.memory = in_memory();
	for (int i = 0; i < 2; i++) {
		p.sqlite[i] = opened();
		few_young(p.sqlite[i], 300);
	}
	for (p.day = 0; p.day < 9; p.day++) {
		for (int batch = 0; batch < 4; batch++) {
			for (int i = 0; i < 200; i++)
				add(draw(4) ? p.fresh++ : 1 + draw(p.fresh), NOW + p.day * DAY_MS);
			sort_both(&p);
		}
		if (p.day > 3)
			sweep_both(&p);
		if (p.day % 2 == 0) {
			store_close(&p.sqlite[0]);
			p.sqlite[0] = opened();
			few_young(p.sqlite[0], 300);
		}
	}
	for (uint64_t v = 1; v < p.fresh; v++) {
		add(v, NOW + p.day * DAY_MS);
		if (n_lot == 1000 || v + 1 == p.fresh)
			sort_both(&p);
	}
	for (int i = 0; i < 2; i++)
		store_close(&p.sqlite[i]);
	store_close(&p.memory);
}
END_TEST

/* ---- the files ---- */

static uint64_t number(const char *sql)
{
	char *path = str_fmt("%s/desk.db", dir);
	sqlite3 *db;
	sqlite3_stmt *q;
	uint64_t n;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
	ck_assert_msg(sqlite3_step(q) == SQLITE_ROW, "%s", sqlite3_errmsg(db));
	n = (uint64_t)sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	sqlite3_close(db);
	free(path);
	return n;
}

START_TEST(what_is_merged_goes_and_blocks_fit_their_pages)
{
	struct store *s;
	uint64_t v = 1;

	unit_dir(dir);
	s = opened();
	few_young(s, 1000);
	for (int batch = 0; batch < 60; batch++) {
		for (n_lot = 0; n_lot < 150; v++)
			add(8 * v + 1, NOW);
		append(s);
		sorted(s, 150);
		ck_assert_uint_le(sqlite_of(s)->seen.young.n, 1150);
	}
	store_close(&s);
	ck_assert_uint_lt(number("SELECT coalesce(sum(length(entries)), 0) / 26 FROM fresh"), 5000);
	ck_assert_uint_ge(number("SELECT sum(length(entries)) / 26 FROM block"), v - 1 - 1150);
	ck_assert_uint_eq(number("SELECT count(*) FROM dbstat WHERE name = 'block' AND pagetype = 'overflow'"), 0);
	ck_assert_uint_eq(number("SELECT min(id) FROM block"), 0);
}
END_TEST

START_TEST(the_table_of_earlier_versions_becomes_blocks)
{
	struct store *s;
	struct sort_result r;
	size_t n;
	uint64_t left;

	unit_dir(dir);
	s = opened();
	for (uint64_t v = 1; v <= 300; v++)
		add(v, NOW + (v > 200 ? DAY_MS : 0));
	append(s);
	sorted(s, 100);
	store_close(&s);
	{
		/* As version 3 had it, and many more. */
		char *path = str_fmt("%s/desk.db", dir);
		sqlite3 *db;
		sqlite3_stmt *q;

		ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
		ck_assert_msg(sqlite3_exec(db, "BEGIN; DROP TABLE block; DROP TABLE fresh; DELETE FROM meta WHERE name = 'walk';"
			"CREATE TABLE seen(key BLOB PRIMARY KEY, n INTEGER NOT NULL, digest INTEGER NOT NULL) WITHOUT ROWID;"
			"INSERT INTO meta(name, value, bytes) VALUES('sweep', 5, x'00');"
			"WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 45000)"
			" INSERT INTO seen SELECT randomblob(16), 1 + i % 300, 7 FROM c;"
			"UPDATE meta SET value = 45300 WHERE name = 'identities';"
			"PRAGMA user_version=3", NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
		ck_assert_int_eq(sqlite3_prepare_v2(db, "INSERT INTO seen VALUES(?, ?, ?)", -1, &q, NULL), SQLITE_OK);
		for (uint64_t v = 1; v <= 300; v++) {
			struct event_key key = key_of(v);

			sqlite3_bind_blob(q, 1, key.b, EVENT_KEY, SQLITE_STATIC);
			sqlite3_bind_int64(q, 2, (sqlite3_int64)v);
			sqlite3_bind_int64(q, 3, (uint32_t)v * 2654435761u);
			ck_assert_int_eq(sqlite3_step(q), SQLITE_DONE);
			sqlite3_reset(q);
		}
		sqlite3_finalize(q);
		ck_assert_int_eq(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(db);
		free(path);
	}
	s = opened();
	ck_assert_uint_eq(number("SELECT sum(length(entries)) / 26 FROM block"), 45300);
	ck_assert_uint_eq(number("SELECT count(*) FROM sqlite_master WHERE name = 'seen'"), 0);
	for (size_t i = 0; i < n_lot; i++)
		lot[i].received_ms = NOW + 2 * DAY_MS;
	append(s);
	r = sorted(s, 300);
	ck_assert_uint_eq(r.duplicates, 300);
	ck_assert_uint_eq(r.conflicts, 0);
	for (left = identities(s), n = 1; n;) {
		ok(store_sweep(s, NOW + DAY_MS, 5000, &n, &err));
		ck_assert_uint_eq(identities(s), left - n);
		left -= n;
	}
	ck_assert_uint_eq(left, 100 + 45000 / 3);
	ck_assert_uint_eq(number("SELECT sum(length(entries)) / 26 FROM block"), left);
	store_close(&s);
}
END_TEST

START_TEST(damage_is_told)
{
	char *path;
	struct store *s;
	struct sort_result r;
	sqlite3 *db;

	unit_dir(dir);
	s = opened();
	add(1, NOW);
	append(s);
	sorted(s, 10);
	store_close(&s);
	path = str_fmt("%s/desk.db", dir);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "UPDATE fresh SET entries = x'0102'", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	free(path);
	s = opened();
	append(s);
	ck_assert_int_eq(store_sort(s, 10, &r, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "desk.db: remembered identities cannot be read"));
	store_close(&s);
}
END_TEST

UNIT_MAIN("remembered identities", young_ones_are_found_copied_in_order_and_dropped,
	it_remembers_what_the_memory_backend_remembers, what_is_merged_goes_and_blocks_fit_their_pages,
	the_table_of_earlier_versions_becomes_blocks, damage_is_told)
