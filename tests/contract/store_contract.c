/* SPDX-License-Identifier: EUPL-1.2
 * What store.h promises, shown on every backend: each test runs once on each. */
#include "config.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "store/store.h"

#define DAY INT64_C(86400000)
#define NOW (20000 * DAY)

static char dir[64];
static struct store *store;
static struct pool *pool;
static struct err err;

#define ok(call) ck_assert_msg((call) == 0, "%s", err.text)

/* The tests of one program run one after the other, each in a process of its own. */
static void open_store(int backend)
{
	char spec[96] = "memory:";
	struct store_setup setup = { .spec = spec };

	if (backend == 0) {
		snprintf(dir, sizeof dir, "/tmp/postvak-store-XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(dir));
		snprintf(spec, sizeof spec, "sqlite:%s", dir);
	}
	ok(store_open(&setup, STORE_LOG | STORE_DESK, &store, &err));
	pool = pool_new();
}

static void close_store(void)
{
	static const char *const names[] = { "log.db", "log.db-wal", "log.db-shm", "log.lock", "log.turnstile",
					     "desk.db", "desk.db-wal", "desk.db-shm", "desk.lock", "desk.turnstile",
					     "journal.1", "journal.2", "journal.lock", "journal.turnstile" };
	char path[128];

	store_close(&store);
	ck_assert_ptr_null(store);
	pool_free(&pool);
	if (!dir[0])
		return;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		unlink(path);
	}
	ck_assert_int_eq(rmdir(dir), 0);
}

static struct event_key key_of(unsigned v)
{
	struct event_key key = {{0}};

	key.b[0] = (unsigned char)(v * 151 + 7);	/* not in the order of v */
	key.b[14] = (unsigned char)(v >> 8);
	key.b[15] = (unsigned char)v;
	return key;
}

static struct event plain(unsigned key, int64_t received_ms)
{
	return (struct event){ .received_ms = received_ms, .wire = WIRE_CLOUD, .type = "nl.zaak.nieuw",
			       .sender = "on",
			       .endpoint = "nrc", .source = "urn:zaken", .id = "7", .key = key_of(key), .digest = 11,
			       .data = (const unsigned char *)"{}", .data_len = 2 };
}

static uint64_t append_one(struct event e)
{
	struct event *v[] = { &e };

	ok(store_append(store, v, 1, &err));
	ck_assert_uint_ne(e.n, 0);
	return e.n;
}

static uint64_t append_key(unsigned key)
{
	return append_one(plain(key, NOW + key));
}

static struct sort_result sort_all(void)
{
	struct sort_result all = {0}, r;

	do {
		ok(store_sort(store, 1000, &r, &err));
		all.n += r.n;
		all.duplicates += r.duplicates;
		all.conflicts += r.conflicts;
		all.sorted = r.sorted;
	} while (r.n);
	return all;
}

static void commit(void)
{
	ok(store_commit(store, &err));
}

/* In as many steps as it takes. */
static size_t prune_all(uint64_t upto, int64_t before_ms)
{
	size_t all = 0, n;

	do {
		ok(store_prune(store, upto, before_ms, 100, &n, &err));
		all += n;
	} while (n);
	return all;
}

static void begin(void)
{
	ok(store_begin(store, false, &err));
}

START_TEST(an_empty_store_answers)
{
	struct sort_result r;
	struct store_stats st;
	struct card *cards;
	struct event *e;
	struct request *q;
	struct bookmark *b;
	struct replay *p;
	uint64_t n = 9, *v;
	size_t n_v;

	open_store(_i);
	ok(store_last(store, &n, &err));
	ck_assert_uint_eq(n, 0);
	ok(store_first(store, &n, &err));
	ck_assert_uint_eq(n, 0);
	ok(store_number_at(store, NOW, &n, &err));
	ck_assert_uint_eq(n, 0);
	ok(store_sorted(store, &n, &err));
	ck_assert_uint_eq(n, 0);
	ok(store_sort(store, 10, &r, &err));
	ck_assert_uint_eq(r.n, 0);
	ok(store_cards(store, 0, UINT64_MAX, 10, pool, &cards, &n_v, &err));
	ck_assert_uint_eq(n_v, 0);
	ok(store_event(store, 1, pool, &e, &err));
	ck_assert_ptr_null(e);
	ok(store_duplicates_of(store, 1, pool, &v, &n_v, &err));
	ck_assert_uint_eq(n_v, 0);
	ok(store_bookmarks(store, pool, &b, &n_v, &err));
	ck_assert_uint_eq(n_v, 0);
	ok(store_replays(store, pool, &p, &n_v, &err));
	ck_assert_uint_eq(n_v, 0);
	ok(store_request_next(store, 0, pool, &q, &err));
	ck_assert_ptr_null(q);
	ok(store_stats(store, &st, &err));
	ck_assert_uint_eq(st.identities, 0);
	ok(store_prune(store, 100, NOW, 10, &n_v, &err));
	ck_assert_uint_eq(n_v, 0);
	ok(store_sweep(store, NOW, 10, &n_v, &err));
	ck_assert_uint_eq(n_v, 0);
	ok(store_expire_dead(store, NOW, &n_v, &err));
	ck_assert_uint_eq(n_v, 0);
	ok(store_checkpoint(store, STORE_LOG | STORE_DESK, 0, &err));
	ok(store_append(store, NULL, 0, &err));
	store_rollback(store);
	close_store();
}
END_TEST

START_TEST(an_event_comes_back_as_it_went_in)
{
	struct event in = plain(5, NOW), *out;
	unsigned char data[70000];
	uint64_t n, bare;

	open_store(_i);
	memset(data, 'x', sizeof data);
	data[3] = 0;
	in.data = data;
	in.data_len = sizeof data;
	in.has_lane = true;
	in.lane = key_of(77);
	in.digest = 0xFFFFFFF0;
	n = append_one(in);
	ok(store_event(store, n, pool, &out, &err));
	ck_assert_uint_eq(out->n, n);
	ck_assert_int_eq(out->received_ms, NOW);
	ck_assert_int_eq(out->wire, WIRE_CLOUD);
	ck_assert_int_eq(out->mark, EVENT_PLAIN);
	ck_assert_str_eq(out->type, in.type);
	ck_assert_str_eq(out->sender, in.sender);
	ck_assert_str_eq(out->endpoint, in.endpoint);
	ck_assert_str_eq(out->source, in.source);
	ck_assert_str_eq(out->id, in.id);
	ck_assert_mem_eq(&out->key, &in.key, EVENT_KEY);
	ck_assert(out->has_lane);
	ck_assert_mem_eq(&out->lane, &in.lane, EVENT_KEY);
	ck_assert_uint_eq(out->digest, in.digest);
	ck_assert_uint_eq(out->data_len, sizeof data);
	ck_assert_mem_eq(out->data, data, sizeof data);
	in.data = NULL;
	in.data_len = 0;
	in.has_lane = false;
	in.mark = EVENT_QUARANTINED;
	in.type = "";
	bare = append_one(in);
	ok(store_event(store, bare, pool, &out, &err));
	ck_assert_ptr_null(out->data);
	ck_assert_uint_eq(out->data_len, 0);
	ck_assert(!out->has_lane);
	ck_assert_int_eq(out->mark, EVENT_QUARANTINED);
	ck_assert_str_eq(out->type, "");
	in.data = (const unsigned char *)"";
	bare = append_one(in);
	ok(store_event(store, bare, pool, &out, &err));
	ck_assert_ptr_nonnull(out->data);
	ck_assert_uint_eq(out->data_len, 0);
	close_store();
}
END_TEST

static void same_texts(const struct event *a, const struct event *b)
{
	ck_assert_str_eq(a->type, b->type);
	ck_assert_str_eq(a->sender, b->sender);
	ck_assert_str_eq(a->endpoint, b->endpoint);
	ck_assert_str_eq(a->source, b->source);
	ck_assert_str_eq(a->id, b->id);
}

START_TEST(small_events_come_along_with_their_cards)
{
	static const size_t lens[] = { 2, 0, 3000, 70000, 1 };
	struct event in = plain(5, NOW), *out;
	unsigned char data[70000] = { 0 };
	struct card *c;
	size_t n;

	open_store(_i);
	in.lane = key_of(77);
	for (size_t i = 0; i < 5; i++) {
		in.data = i == 1 ? NULL : data;
		in.data_len = lens[i];
		in.has_lane = i & 1;
		in.digest = 0xFFFFFFF0 + (uint32_t)i;
		append_one(in);
	}
	ok(store_events(store, 1, UINT64_MAX, 10, pool, &c, &n, &err));
	ck_assert_uint_eq(n, 4);
	ck_assert_ptr_null(c[2].event);		/* too large */
	ck_assert_uint_eq(c[2].n, 4);
	for (size_t i = 0; i < n; i++) {
		const struct event *e = c[i].event;

		if (!e)
			continue;
		ok(store_event(store, i + 2, pool, &out, &err));
		ck_assert_uint_eq(e->n, out->n);
		ck_assert_int_eq(e->received_ms, out->received_ms);
		ck_assert_int_eq(e->mark, out->mark);
		ck_assert_int_eq(e->wire, out->wire);
		ck_assert_uint_eq(e->digest, out->digest);
		ck_assert(e->has_lane == out->has_lane);
		ck_assert_mem_eq(&e->lane, &out->lane, EVENT_KEY);
		ck_assert_mem_eq(&e->key, &out->key, EVENT_KEY);
		same_texts(e, out);
		ck_assert_uint_eq(e->data_len, out->data_len);
		ck_assert(!e->data == !out->data);
		if (e->data_len)
			ck_assert_mem_eq(e->data, out->data, e->data_len);
	}
	ck_assert_ptr_nonnull(c[1].event);
	ok(store_cards(store, 0, UINT64_MAX, 10, pool, &c, &n, &err));
	ck_assert_ptr_null(c[0].event);
	close_store();
}
END_TEST

START_TEST(a_group_gets_rising_numbers)
{
	struct event e[40], *v[40];
	uint64_t last;

	open_store(_i);
	for (unsigned i = 0; i < 40; i++) {
		e[i] = plain(i, NOW);
		v[i] = &e[i];
	}
	ok(store_append(store, v, 40, &err));
	for (unsigned i = 1; i < 40; i++)
		ck_assert_uint_gt(e[i].n, e[i - 1].n);
	ok(store_last(store, &last, &err));
	ck_assert_uint_eq(last, e[39].n);
	ok(store_first(store, &last, &err));
	ck_assert_uint_eq(last, e[0].n);
	close_store();
}
END_TEST

START_TEST(cards_are_listed_both_ways)
{
	struct card *c;
	uint64_t v[9];
	size_t n;

	open_store(_i);
	for (unsigned i = 0; i < 9; i++) {
		struct event e = plain(i % 3, NOW + i);

		e.has_lane = i & 1;
		e.lane = key_of(100 + i);
		v[i] = append_one(e);
	}
	ok(store_cards(store, v[1], v[6], 100, pool, &c, &n, &err));
	ck_assert_uint_eq(n, 5);
	ck_assert_uint_eq(c[0].n, v[2]);
	ck_assert_uint_eq(c[4].n, v[6]);
	ck_assert(!c[0].has_lane && c[1].has_lane);
	ck_assert_str_eq(c[0].type, "nl.zaak.nieuw");
	ck_assert_str_eq(c[0].sender, "on");
	ck_assert_int_eq(c[0].received_ms, NOW + 2);
	ck_assert_uint_eq(c[2].duplicate_of, 0);	/* not sorted yet */
	ok(store_cards(store, 0, v[8], 4, pool, &c, &n, &err));
	ck_assert_uint_eq(n, 4);
	ck_assert_uint_eq(c[3].n, v[3]);
	ok(store_cards(store, v[8], v[8] + 5, 4, pool, &c, &n, &err));
	ck_assert_uint_eq(n, 0);
	sort_all();
	ok(store_cards(store, 0, UINT64_MAX, 100, pool, &c, &n, &err));
	ck_assert_uint_eq(n, 9);
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(c[i].duplicate_of, i < 3 ? 0 : v[i % 3]);
	ok(store_cards_back(store, 0, 4, pool, &c, &n, &err));
	ck_assert_uint_eq(n, 4);
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_eq(c[i].n, v[8 - i]);
		ck_assert_uint_eq(c[i].duplicate_of, v[(8 - i) % 3]);
	}
	ok(store_cards_back(store, v[2], 4, pool, &c, &n, &err));
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(c[1].n, v[0]);
	close_store();
}
END_TEST

START_TEST(a_time_becomes_a_number)
{
	uint64_t v[50], n;
	size_t gone;

	open_store(_i);
	for (unsigned i = 0; i < 50; i++)
		v[i] = append_one(plain(i, NOW + 10 * i));
	ok(store_number_at(store, NOW, &n, &err));
	ck_assert_uint_eq(n, 0);
	for (unsigned i = 0; i < 50; i++) {
		ok(store_number_at(store, NOW + 10 * i + 1, &n, &err));
		ck_assert_uint_eq(n, v[i]);
	}
	sort_all();
	gone = prune_all(v[20], NOW + 105);
	ck_assert_uint_eq(gone, 11);
	ok(store_number_at(store, NOW + 101, &n, &err));
	ck_assert_uint_eq(n, 0);
	ok(store_number_at(store, NOW + 111, &n, &err));
	ck_assert_uint_eq(n, v[11]);
	close_store();
}
END_TEST

START_TEST(the_lowest_number_of_an_identity_is_its_first)
{
	uint64_t a, b, a2, a3, a4, *v;
	struct sort_result r;
	struct card *c;
	size_t n;

	open_store(_i);
	a = append_key(1);
	b = append_key(2);
	a2 = append_key(1);	/* in the same batch */
	r = sort_all();
	ck_assert_uint_eq(r.n, 3);
	ck_assert_uint_eq(r.duplicates, 1);
	ck_assert_uint_eq(r.sorted, a2);
	a3 = append_key(1);	/* in a later one */
	a4 = append_key(1);
	r = sort_all();
	ck_assert_uint_eq(r.duplicates, 2);
	ck_assert_uint_eq(r.conflicts, 0);
	ok(store_duplicates_of(store, a, pool, &v, &n, &err));
	ck_assert_uint_eq(n, 3);
	ck_assert(v[0] == a2 && v[1] == a3 && v[2] == a4);
	ok(store_duplicates_of(store, b, pool, &v, &n, &err));
	ck_assert_uint_eq(n, 0);
	ok(store_cards(store, 0, UINT64_MAX, 9, pool, &c, &n, &err));
	ck_assert(c[0].duplicate_of == 0 && c[1].duplicate_of == 0 && c[2].duplicate_of == a);
	ck_assert(c[3].duplicate_of == a && c[4].duplicate_of == a && !c[4].conflict);
	close_store();
}
END_TEST

START_TEST(other_content_under_one_identity_is_a_conflict)
{
	struct event e = plain(1, NOW);
	struct sort_result r;
	struct card *c;
	size_t n;

	open_store(_i);
	append_one(e);
	e.digest++;
	append_one(e);
	e.digest--;
	append_one(e);
	r = sort_all();
	ck_assert_uint_eq(r.duplicates, 2);
	ck_assert_uint_eq(r.conflicts, 1);
	e.digest = 5;
	append_one(e);
	r = sort_all();
	ck_assert_uint_eq(r.conflicts, 1);
	ok(store_cards(store, 0, UINT64_MAX, 9, pool, &c, &n, &err));
	ck_assert(!c[0].conflict && c[1].conflict && !c[2].conflict && c[3].conflict);
	close_store();
}
END_TEST

START_TEST(a_clock_that_was_set_back_makes_nothing_forgotten)
{
	struct event e = plain(1, NOW - DAY);
	uint64_t last;
	size_t n;

	open_store(_i);
	append_one(e);
	sort_all();
	e = plain(2, NOW);
	append_one(e);
	e = plain(3, 5);	/* 1970 */
	last = append_one(e);
	sort_all();
	ok(store_sweep(store, NOW - 9 * DAY, 100, &n, &err));
	ck_assert_uint_eq(n, 0);
	ok(store_sweep(store, NOW, 100, &n, &err));	/* the day before may go */
	ck_assert_uint_eq(n, 1);
	ok(store_sweep(store, NOW, 100, &n, &err));
	ck_assert_uint_eq(n, 0);
	e = plain(4, NOW + DAY);
	append_one(e);
	sort_all();
	ok(store_sweep(store, NOW + 2 * DAY, 100, &n, &err));
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(last, 3);
	close_store();
}
END_TEST

static bool count_quarantined(void *arg, const struct parked *p)
{
	ck_assert_str_eq(p->handler, "");
	ck_assert_int_eq(p->state, PARKED_DEAD);
	ck_assert_int_eq(p->since_ms, NOW);
	++*(size_t *)arg;
	return true;
}

START_TEST(what_is_quarantined_has_no_identity)
{
	struct event e = plain(1, NOW);
	struct sort_result r;
	uint64_t first, *v;
	size_t n;

	open_store(_i);
	e.mark = EVENT_QUARANTINED;
	append_one(e);
	append_one(e);
	e.mark = EVENT_PLAIN;
	first = append_one(e);
	append_one(e);
	e.mark = EVENT_QUARANTINED;
	append_one(e);
	r = sort_all();
	ck_assert_uint_eq(r.n, 5);
	ck_assert_uint_eq(r.duplicates, 1);
	ok(store_duplicates_of(store, first, pool, &v, &n, &err));
	ck_assert_uint_eq(n, 1);
	n = 0;
	ok(store_parked_each(store, NULL, 0, count_quarantined, &n, &err));
	ck_assert_uint_eq(n, 3);	/* it is parked */
	close_store();
}
END_TEST

START_TEST(sorting_goes_on_where_it_was)
{
	struct sort_result r;
	struct store_stats st;
	uint64_t v[10], sorted;

	open_store(_i);
	for (unsigned i = 0; i < 10; i++)
		v[i] = append_key(i % 5);
	ok(store_sort(store, 4, &r, &err));
	ck_assert_uint_eq(r.n, 4);
	ck_assert_uint_eq(r.sorted, v[3]);
	ok(store_sorted(store, &sorted, &err));
	ck_assert_uint_eq(sorted, v[3]);
	ok(store_sort(store, 4, &r, &err));
	ck_assert_uint_eq(r.duplicates, 3);
	ok(store_sort(store, 4, &r, &err));
	ck_assert_uint_eq(r.n, 2);
	ck_assert_uint_eq(r.duplicates, 2);
	ok(store_sort(store, 4, &r, &err));
	ck_assert_uint_eq(r.n, 0);
	ck_assert_uint_eq(r.sorted, v[9]);
	ok(store_stats(store, &st, &err));
	ck_assert_uint_eq(st.identities, 5);
	ck_assert_uint_eq(st.sorted, v[9]);
	ck_assert_uint_eq(st.last, v[9]);
	ck_assert_uint_eq(st.first, v[0]);
	close_store();
}
END_TEST

START_TEST(sets_of_numbers_come_back)
{
	uint64_t in[] = { 5, 6, 7, 300, 70000, UINT64_C(1) << 40 }, *out;
	struct buf b = {0};
	struct bookmark mark = { .handler = "h" };
	size_t n;

	open_store(_i);
	done_put(&b, in, 6, 5);	/* 5 is not above 5 */
	mark = (struct bookmark){ "h", 5, (unsigned char *)b.p, b.len };
	ck_assert_int_eq(done_get(&mark, pool, &out, &n), 0);
	ck_assert_uint_eq(n, 5);
	ck_assert_mem_eq(out, in + 1, 5 * sizeof *in);
	mark.done_len--;
	ck_assert_int_eq(done_get(&mark, pool, &out, &n), -1);
	mark.done_len = 0;
	ck_assert_int_eq(done_get(&mark, pool, &out, &n), 0);
	ck_assert_uint_eq(n, 0);
	mark.done = (const unsigned char *)"\1\0";
	mark.done_len = 2;
	ck_assert_int_eq(done_get(&mark, pool, &out, &n), -1);
	buf_free(&b);
	close_store();
}
END_TEST

static void put_bookmark(const char *handler, uint64_t n)
{
	ok(store_bookmark_put(store, &(struct bookmark){ handler, n, (const unsigned char *)"\3\4", 2 }, &err));
}

static void put_parked(const char *handler, uint64_t n, enum parked_state state, int64_t since_ms)
{
	ok(store_parked_put(store, &(struct parked){ .handler = handler, .n = n, .state = state,
						     .since_ms = since_ms }, &err));
}

struct listed {
	size_t n, max;
	char text[4096];
};

static bool list_parked(void *arg, const struct parked *p)
{
	struct listed *l = arg;
	size_t len = strlen(l->text);

	snprintf(l->text + len, sizeof l->text - len, "%s%s:%d:%s", len ? " " : "", p->handler, (int)p->n,
		 parked_state_name(p->state));
	return ++l->n != l->max;
}

static struct listed parked(const char *handler, uint64_t n)
{
	struct listed l = {0};

	ok(store_parked_each(store, handler, n, list_parked, &l, &err));
	return l;
}

START_TEST(bookmarks_are_kept_per_handler)
{
	struct bookmark *v;
	size_t n;

	open_store(_i);
	begin();
	put_bookmark("mail", 5);
	put_bookmark("archief", 7);
	put_bookmark("mail", 6);
	commit();
	ok(store_bookmarks(store, pool, &v, &n, &err));
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(v[0].handler, "archief");
	ck_assert_str_eq(v[1].handler, "mail");
	ck_assert_uint_eq(v[1].n, 6);
	ck_assert_uint_eq(v[1].done_len, 2);
	ck_assert_mem_eq(v[1].done, "\3\4", 2);
	begin();
	ok(store_bookmark_put(store, &(struct bookmark){ "mail", 9, NULL, 0 }, &err));
	ok(store_bookmarks(store, pool, &v, &n, &err));	/* a transaction sees its own work */
	ck_assert_uint_eq(v[1].n, 9);
	ck_assert_uint_eq(v[1].done_len, 0);
	commit();
	close_store();
}
END_TEST

START_TEST(a_dropped_bookmark_takes_its_parked_and_replays_along)
{
	struct replay r = { .handler = "mail", .upto = 9 }, other = { .handler = "archief", .upto = 9 }, *v;
	struct bookmark *b;
	size_t n;

	open_store(_i);
	begin();
	put_bookmark("mail", 5);
	put_bookmark("archief", 5);
	put_parked("mail", 3, PARKED_DEAD, NOW);
	put_parked("archief", 3, PARKED_DEAD, NOW);
	ok(store_replay_put(store, &r, &err));
	ok(store_replay_put(store, &other, &err));
	commit();
	begin();
	ok(store_bookmark_drop(store, "mail", &err));
	commit();
	ok(store_bookmarks(store, pool, &b, &n, &err));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(parked(NULL, 0).text, "archief:3:dead");
	ok(store_replays(store, pool, &v, &n, &err));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(v[0].handler, "archief");
	close_store();
}
END_TEST

START_TEST(a_rollback_leaves_nothing)
{
	struct replay r = { .handler = "mail" }, *v;
	struct bookmark *b;
	size_t n;

	open_store(_i);
	begin();
	put_bookmark("mail", 5);
	put_parked("mail", 3, PARKED_DEAD, NOW);
	commit();
	begin();
	put_bookmark("mail", 8);
	put_bookmark("nieuw", 8);
	ok(store_parked_drop(store, "mail", 3, &err));
	put_parked("mail", 4, PARKED_WAITING, NOW);
	ok(store_history_add(store, &(struct history){ 4, "mail", NOW, 1, "retry", NULL }, &err));
	ok(store_replay_put(store, &r, &err));
	store_rollback(store);
	store_rollback(store);
	ok(store_bookmarks(store, pool, &b, &n, &err));
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(b[0].n, 5);
	ck_assert_str_eq(parked(NULL, 0).text, "mail:3:dead");
	ok(store_replays(store, pool, &v, &n, &err));
	ck_assert_uint_eq(n, 0);
	begin();
	put_bookmark("mail", 9);
	commit();
	ok(store_bookmarks(store, pool, &b, &n, &err));
	ck_assert_uint_eq(b[0].n, 9);
	close_store();
}
END_TEST

START_TEST(a_failed_transaction_commits_nothing)
{
	struct bookmark *b;
	size_t n;

	open_store(_i);
	begin();
	put_bookmark("mail", 5);
	ck_assert_int_eq(store_request_answer(store, 99, 0, "done", &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "99"));
	ck_assert_int_eq(store_bookmark_put(store, &(struct bookmark){ "mail", 6, NULL, 0 }, &err), -1);
	ck_assert_int_eq(store_commit(store, &err), -1);
	store_rollback(store);
	ok(store_bookmarks(store, pool, &b, &n, &err));
	ck_assert_uint_eq(n, 0);
	begin();
	put_bookmark("mail", 5);
	commit();
	close_store();
}
END_TEST

static bool keep_parked(void *arg, const struct parked *p)
{
	struct parked *copy = arg;

	*copy = *p;
	copy->reason = pool_str(pool, p->reason);
	return true;
}

START_TEST(parked_rows_come_back_whole)
{
	struct parked in = { "mail", 4, PARKED_WAITING, 3, NOW + 5, NOW, true, key_of(9), "weg" }, out = {0};

	open_store(_i);
	begin();
	ok(store_parked_put(store, &in, &err));
	commit();
	ok(store_parked_each(store, NULL, 0, keep_parked, &out, &err));
	ck_assert_uint_eq(out.n, 4);
	ck_assert_int_eq(out.state, PARKED_WAITING);
	ck_assert_int_eq(out.attempts, 3);
	ck_assert_int_eq(out.due_ms, NOW + 5);
	ck_assert_int_eq(out.since_ms, NOW);
	ck_assert(out.has_lane);
	ck_assert_mem_eq(&out.lane, &in.lane, EVENT_KEY);
	ck_assert_str_eq(out.reason, "weg");
	in.has_lane = false;
	in.reason = NULL;
	in.state = PARKED_HELD;
	begin();
	ok(store_parked_put(store, &in, &err));
	commit();
	ok(store_parked_each(store, NULL, 0, keep_parked, &out, &err));
	ck_assert(!out.has_lane);
	ck_assert_ptr_null(out.reason);
	ck_assert_int_eq(out.state, PARKED_HELD);
	close_store();
}
END_TEST

START_TEST(parked_rows_are_listed_in_order)
{
	struct listed l;

	open_store(_i);
	begin();
	put_parked("mail", 4, PARKED_WAITING, NOW);
	put_parked("mail", 2, PARKED_BEHIND, NOW);
	put_parked("archief", 4, PARKED_HELD, NOW);
	put_parked("", 3, PARKED_DEAD, NOW);
	commit();
	ck_assert_str_eq(parked(NULL, 0).text, ":3:dead archief:4:held mail:2:behind mail:4:waiting");
	ck_assert_str_eq(parked("mail", 0).text, "mail:2:behind mail:4:waiting");
	ck_assert_str_eq(parked(NULL, 4).text, "archief:4:held mail:4:waiting");
	ck_assert_str_eq(parked("mail", 4).text, "mail:4:waiting");
	ck_assert_str_eq(parked("", 0).text, ":3:dead");
	ck_assert_str_eq(parked("", 3).text, ":3:dead");
	ck_assert_str_eq(parked(NULL, 3).text, ":3:dead");
	ck_assert_str_eq(parked("mail", 9).text, "");
	l = (struct listed){ .max = 2 };
	ok(store_parked_each(store, NULL, 0, list_parked, &l, &err));
	ck_assert_uint_eq(l.n, 2);
	close_store();
}
END_TEST

static bool count_rising(void *arg, const struct parked *p)
{
	uint64_t *last = arg;

	ck_assert_uint_eq(p->n, *last + 1);
	*last = p->n;
	return true;
}

START_TEST(long_lists_are_whole)
{
	uint64_t last = 0;

	open_store(_i);
	begin();
	for (uint64_t n = 1; n <= 700; n++)
		put_parked("mail", n, PARKED_WAITING, NOW);
	commit();
	ok(store_parked_each(store, NULL, 0, count_rising, &last, &err));
	ck_assert_uint_eq(last, 700);
	last = 0;
	ok(store_parked_each(store, "mail", 0, count_rising, &last, &err));
	ck_assert_uint_eq(last, 700);
	close_store();
}
END_TEST

static bool list_history(void *arg, const struct history *h)
{
	struct listed *l = arg;
	size_t len = strlen(l->text);

	snprintf(l->text + len, sizeof l->text - len, "%s%s/%s/%d/%d%s%s", len ? " " : "", h->handler, h->what,
		 h->attempt,
		 (int)(h->at_ms - NOW), h->note ? "/" : "", h->note ? h->note : "");
	return ++l->n != l->max;
}

static struct listed history(uint64_t n)
{
	struct listed l = {0};

	ok(store_history_each(store, n, list_history, &l, &err));
	return l;
}

START_TEST(history_is_told_in_order_of_time)
{
	uint64_t numbers[] = { 9, 4, 5, 5000, 4101, 100000, 7 };

	open_store(_i);
	begin();
	ok(store_history_add(store, &(struct history){ 4, "mail", NOW + 30, 2, "dead", "kapot" }, &err));
	ok(store_history_add(store, &(struct history){ 4, "mail", NOW + 10, 1, "retry", NULL }, &err));
	ok(store_history_done(store, "archief", NOW + 20, numbers, 7, &err));
	ok(store_history_done(store, "x", NOW + 21, numbers, 0, &err));
	commit();
	ck_assert_str_eq(history(4).text, "mail/retry/1/10 archief/done/1/20 mail/dead/2/30/kapot");
	ck_assert_str_eq(history(4101).text, "archief/done/1/20");
	ck_assert_str_eq(history(5000).text, "archief/done/1/20");
	ck_assert_str_eq(history(100000).text, "archief/done/1/20");
	ck_assert_str_eq(history(9).text, "archief/done/1/20");
	ck_assert_str_eq(history(6).text, "");
	ck_assert_str_eq(history(8).text, "");
	close_store();
}
END_TEST

START_TEST(a_duplicate_says_so_in_its_history)
{
	struct event e = plain(1, NOW);
	uint64_t first, second, third;
	char want[160];

	open_store(_i);
	first = append_one(e);
	second = append_one(e);
	e.digest++;
	e.received_ms += 5;
	third = append_one(e);
	sort_all();
	ck_assert_str_eq(history(first).text, "");
	snprintf(want, sizeof want, "/duplicate/0/0/of %d", (int)first);
	ck_assert_str_eq(history(second).text, want);
	snprintf(want, sizeof want, "/duplicate/0/5/of %d, with other content", (int)first);
	ck_assert_str_eq(history(third).text, want);
	close_store();
}
END_TEST

START_TEST(replays_are_kept_until_dropped)
{
	struct replay a = { .handler = "mail", .after = 3, .upto = 9, .at = 3, .types = "nl.**", .request = 7,
			    .asked_ms = NOW };
	struct replay b = { .handler = "archief", .upto = 2 }, *v;
	uint64_t old;
	size_t n;

	open_store(_i);
	begin();
	ok(store_replay_put(store, &a, &err));
	ok(store_replay_put(store, &b, &err));
	ck_assert(a.id && b.id && a.id != b.id);
	a.at = 5;
	ok(store_replay_put(store, &a, &err));
	commit();
	ok(store_replays(store, pool, &v, &n, &err));
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(v[0].id, a.id);
	ck_assert_uint_eq(v[0].at, 5);
	ck_assert_uint_eq(v[0].after, 3);
	ck_assert_uint_eq(v[0].upto, 9);
	ck_assert_uint_eq(v[0].request, 7);
	ck_assert_int_eq(v[0].asked_ms, NOW);
	ck_assert_str_eq(v[0].types, "nl.**");
	ck_assert_ptr_null(v[1].types);
	old = b.id;
	begin();
	ok(store_replay_drop(store, b.id, &err));
	b.id = 0;
	ok(store_replay_put(store, &b, &err));
	commit();
	ck_assert_uint_ne(b.id, old);
	close_store();
}
END_TEST

START_TEST(a_replay_keeps_its_lane_and_what_it_has_done)
{
	struct replay plain = { .handler = "mail", .upto = 9 }, r = plain, *v;
	size_t n;

	open_store(_i);
	r.has_lane = r.rebuild = true;
	memset(r.lane.b, 'k', sizeof r.lane.b);
	begin();
	ok(store_replay_put(store, &r, &err));
	ok(store_replay_put(store, &plain, &err));
	r.at = 4;
	r.done = (const unsigned char *)"\x01\x02";
	r.done_len = 2;
	ok(store_replay_put(store, &r, &err));
	commit();
	ok(store_replays(store, pool, &v, &n, &err));
	ck_assert_uint_eq(n, 2);
	ck_assert(v[0].has_lane && v[0].rebuild && v[0].at == 4);
	ck_assert_mem_eq(v[0].lane.b, r.lane.b, sizeof r.lane.b);
	ck_assert_uint_eq(v[0].done_len, 2);
	ck_assert_mem_eq(v[0].done, "\x01\x02", 2);
	ck_assert(!v[1].has_lane && !v[1].rebuild && !v[1].done_len);
	begin();
	plain.rebuild = true;
	ok(store_replay_put(store, &plain, &err));
	commit();
	ok(store_replays(store, pool, &v, &n, &err));
	ck_assert(!v[1].has_lane && v[1].rebuild);
	close_store();
}
END_TEST

START_TEST(requests_are_answered_one_by_one)
{
	struct request *r;
	uint64_t a, b;

	open_store(_i);
	ok(store_request_ask(store, "jan", "retry", "n=4\nhandler=mail\n", &a, &err));
	ok(store_request_ask(store, "piet", "forget", "handler=x\n", &b, &err));
	ok(store_request_next(store, 0, pool, &r, &err));
	ck_assert_uint_eq(r->id, a);
	ck_assert_str_eq(r->who, "jan");
	ck_assert_str_eq(r->verb, "retry");
	ck_assert_str_eq(r->args, "n=4\nhandler=mail\n");
	ck_assert_int_eq(r->status, -1);
	ck_assert_ptr_null(r->answer);
	ck_assert_int_gt(r->at_ms, 0);
	ok(store_request_next(store, a, pool, &r, &err));
	ck_assert_uint_eq(r->id, b);
	ok(store_request_next(store, b, pool, &r, &err));
	ck_assert_ptr_null(r);
	begin();
	ok(store_request_answer(store, a, 1, "geen 4", &err));
	commit();
	ok(store_request_next(store, 0, pool, &r, &err));
	ck_assert_uint_eq(r->id, b);
	ok(store_request_get(store, a, pool, &r, &err));
	ck_assert_int_eq(r->status, 1);
	ck_assert_str_eq(r->answer, "geen 4");
	ok(store_request_get(store, 99, pool, &r, &err));
	ck_assert_ptr_null(r);
	ok(store_request_get(store, 0, pool, &r, &err));
	ck_assert_ptr_null(r);
	close_store();
}
END_TEST

struct request_list {
	uint64_t newest, oldest, n, stop_after;
};

static bool walk_requests(void *arg, const struct request *r)
{
	struct request_list *list = arg;

	if (list->n++ == 0)
		list->newest = r->id;
	else
		ck_assert_uint_lt(r->id, list->oldest);
	list->oldest = r->id;
	ck_assert_str_eq(r->who, "jan");
	ck_assert_str_eq(r->verb, "retry");
	ck_assert_str_eq(r->args, "n=4\n");
	if (r->id == 2) {
		ck_assert_int_eq(r->status, 0);
		ck_assert_str_eq(r->answer, "gedaan");
	} else {
		ck_assert_int_eq(r->status, -1);
		ck_assert_ptr_null(r->answer);
	}
	return list->n != list->stop_after;
}

START_TEST(all_requests_are_listed_newest_first)
{
	struct request_list all = {0}, two = { .stop_after = 2 };
	uint64_t id;

	open_store(_i);
	ok(store_requests_each(store, walk_requests, &all, &err));
	ck_assert_uint_eq(all.n, 0);
	for (int i = 0; i < 600; i++)
		ok(store_request_ask(store, "jan", "retry", "n=4\n", &id, &err));
	begin();
	ok(store_request_answer(store, 2, 0, "gedaan", &err));
	commit();
	ok(store_requests_each(store, walk_requests, &all, &err));
	ck_assert_uint_eq(all.n, 600);
	ck_assert_uint_eq(all.newest, id);
	ck_assert_uint_eq(all.oldest, 1);
	ok(store_requests_each(store, walk_requests, &two, &err));
	ck_assert_uint_eq(two.n, 2);
	close_store();
}
END_TEST

static struct pause *pauses(size_t wanted)
{
	struct pause *v;
	size_t n;

	ok(store_pauses(store, pool, &v, &n, &err));
	ck_assert_uint_eq(n, wanted);
	return v;
}

START_TEST(a_handler_has_one_pause_or_none)
{
	struct pause mail = { "mail", NOW, "geen verbinding", NULL, 3, NOW + 10 }, other = { "archief", NOW, "onderhoud", "jan", 0, 0 };
	struct pause *v;

	open_store(_i);
	pauses(0);
	begin();
	ok(store_pause_put(store, &other, &err));
	ok(store_pause_put(store, &mail, &err));
	mail.tries = 4;
	mail.due_ms = NOW + 20;
	ok(store_pause_put(store, &mail, &err));
	commit();
	v = pauses(2);
	v += strcmp(v->handler, "mail") != 0;
	ck_assert_str_eq(v->handler, "mail");
	ck_assert_int_eq(v->since_ms, NOW);
	ck_assert_str_eq(v->why, "geen verbinding");
	ck_assert_ptr_null(v->who);
	ck_assert_int_eq(v->tries, 4);
	ck_assert_int_eq(v->due_ms, NOW + 20);
	mail.who = "piet";
	begin();
	ok(store_pause_put(store, &mail, &err));
	ok(store_pause_drop(store, "archief", &err));
	ok(store_pause_drop(store, "nergens", &err));
	commit();
	ck_assert_str_eq(pauses(1)->who, "piet");
	begin();
	ok(store_pause_drop(store, "mail", &err));
	store_rollback(store);
	pauses(1);
	begin();
	put_bookmark("mail", 5);
	ok(store_bookmark_drop(store, "mail", &err));
	commit();
	pauses(0);
	close_store();
}
END_TEST

struct ring {
	uint64_t newest, oldest, n, stop_after;
	size_t body_len;
};

static bool walk_ring(void *arg, const struct rejected *r)
{
	struct ring *ring = arg;

	if (ring->n++ == 0)
		ring->newest = r->n;
	else
		ck_assert_uint_lt(r->n, ring->oldest);
	ring->oldest = r->n;
	ring->body_len = r->body_len;
	ck_assert_str_eq(r->endpoint, "nrc");
	ck_assert_int_eq(r->status, 400);
	return ring->n != ring->stop_after;
}

START_TEST(rejected_bodies_are_a_ring)
{
	static unsigned char body[70000];
	struct rejected v[100];
	struct ring ring = {0}, one = {0}, some = { .stop_after = 3 };

	open_store(_i);
	for (size_t i = 0; i < 100; i++)
		v[i] = (struct rejected){ .at_ms = NOW, .endpoint = "nrc", .sender = "on", .status = 400, .reason = "no json",
					  .body = body, .body_len = i ? 10 : sizeof body };
	for (int i = 0; i < 13; i++)
		ok(store_reject(store, v, 100, &err));
	ok(store_rejected_each(store, 0, walk_ring, &ring, &err));
	ck_assert_uint_eq(ring.n, STORE_REJECTED);
	ck_assert_uint_eq(ring.body_len, 65536);	/* the oldest is the first of its hundred */
	ok(store_rejected_each(store, ring.newest - 1, walk_ring, &one, &err));
	ck_assert_uint_eq(one.n, 1);
	ck_assert_uint_eq(one.newest, ring.newest - 1);
	one = (struct ring){0};
	ok(store_rejected_each(store, ring.oldest - 1, walk_ring, &one, &err));
	ck_assert_uint_eq(one.n, 0);
	ok(store_rejected_each(store, 0, walk_ring, &some, &err));
	ck_assert_uint_eq(some.n, 3);
	close_store();
}
END_TEST

static bool take_rejected(void *arg, const struct rejected *r)
{
	struct rejected *copy = arg;

	copy[r->n - 1] = *r;
	copy[r->n - 1].headers = pool_str(pool, r->headers);
	copy[r->n - 1].reason = pool_str(pool, r->reason);
	ck_assert_uint_eq(r->body_len, 2);
	ck_assert_int_eq(memcmp(r->body, "{}", 2), 0);
	return true;
}

START_TEST(a_rejected_body_has_its_headers_or_none)
{
	char *reason = str_fmt("%02000d", 1), *headers = str_fmt("ce-id: %016000d\n", 2);
	struct rejected v[] = { { .headers = "content-type: text/plain\nce-id: \xc3\xa9\x1b\xff\n" }, { .headers = NULL },
				{ .headers = headers } };
	struct rejected got[3] = {{0}};
	const size_t n = sizeof v / sizeof *v;

	open_store(_i);
	for (size_t i = 0; i < n; i++) {
		v[i].at_ms = NOW;
		v[i].endpoint = "hook";
		v[i].sender = "on";
		v[i].status = 400;
		v[i].reason = reason;
		v[i].body = (const unsigned char *)"{}";
		v[i].body_len = 2;
	}
	ok(store_reject(store, v, n, &err));
	ok(store_rejected_each(store, 0, take_rejected, got, &err));
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_eq(got[i].n, i + 1);
		ck_assert_str_eq(got[i].reason, reason);
		ck_assert_pstr_eq(got[i].headers, v[i].headers);
	}
	close_store();
	free(reason);
	free(headers);
}
END_TEST

/* ---- handshakes ---- */

static void ask_for(const char *endpoint, const char *origin, int64_t at_ms)
{
	struct handshake h = { .at_ms = at_ms, .endpoint = endpoint, .origin = origin, .asked_rate = 120,
			       .callback = "https://a.example/cb?id=1" };

	ok(store_handshake_ask(store, &h, 1, &err));
}

static struct handshake *handshake_of(const char *endpoint, const char *origin)
{
	struct handshake *h;

	ok(store_handshake_find(store, endpoint, origin, pool, &h, &err));
	return h;
}

static bool settle(uint64_t n, enum handshake_state state, int rate)
{
	struct handshake h = { .n = n, .state = state, .allowed_rate = rate, .settled_ms = NOW + 9, .who = "beheer" };
	bool found;

	ok(store_handshake_settle(store, &h, &found, &err));
	return found;
}

START_TEST(a_handshake_is_kept_once_for_each_endpoint_and_origin)
{
	struct handshake *v, *h, again = { .at_ms = NOW + 5, .endpoint = "a", .origin = "X.Example", .asked_rate = 0,
					   .callback = "https://b.example/" };
	size_t n;

	open_store(_i);
	ask_for("a", "x.example", NOW);
	ask_for("b", "x.example", NOW);
	ask_for("a", "y.example", NOW);
	ok(store_handshake_ask(store, &again, 1, &err));
	ok(store_handshakes(store, false, pool, &v, &n, &err));
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_lt(v[0].n, v[1].n);
	ck_assert_uint_lt(v[1].n, v[2].n);
	ck_assert_str_eq(v[0].origin, "X.Example");
	ck_assert_str_eq(v[0].callback, "https://b.example/");
	ck_assert_int_eq(v[0].asked_rate, 0);
	ck_assert(v[0].at_ms == NOW + 5 && v[0].settled_ms == 0 && v[0].allowed_rate == 0);
	ck_assert_int_eq(v[0].state, HANDSHAKE_ASKED);
	ck_assert_ptr_null(v[0].who);
	ck_assert_str_eq(v[1].endpoint, "b");
	ck_assert_int_eq(v[1].asked_rate, 120);
	h = handshake_of("a", "x.EXAMPLE");
	ck_assert_uint_eq(h->n, v[0].n);
	ck_assert_ptr_null(handshake_of("A", "x.example"));
	ck_assert_ptr_null(handshake_of("a", "x.example.net"));
	ok(store_handshake_get(store, v[2].n, pool, &h, &err));
	ck_assert_str_eq(h->origin, "y.example");
	ok(store_handshake_get(store, 99, pool, &h, &err));
	ck_assert_ptr_null(h);
	close_store();
}
END_TEST

START_TEST(what_was_decided_about_a_handshake_stays)
{
	struct handshake *v, *h;
	size_t n;

	open_store(_i);
	ask_for("a", "x.example", NOW);
	ask_for("a", "y.example", NOW);
	ok(store_handshakes(store, true, pool, &v, &n, &err));
	ck_assert_uint_eq(n, 2);
	ck_assert(settle(v[0].n, HANDSHAKE_GRANTED, 60));
	ck_assert(settle(v[1].n, HANDSHAKE_DENIED, 0));
	ck_assert(!settle(99, HANDSHAKE_GRANTED, 0));
	ask_for("a", "X.example", NOW + 7);
	ask_for("a", "y.example", NOW + 7);
	h = handshake_of("a", "x.example");
	ck_assert_int_eq(h->state, HANDSHAKE_GRANTED);
	ck_assert_int_eq(h->allowed_rate, 60);
	ck_assert(h->settled_ms == NOW + 9 && h->at_ms == NOW + 7);
	ck_assert_str_eq(h->who, "beheer");
	ck_assert_int_eq(handshake_of("a", "y.example")->state, HANDSHAKE_DENIED);
	ok(store_handshakes(store, false, pool, &v, &n, &err));
	ck_assert_uint_eq(n, 0);
	ok(store_handshakes(store, true, pool, &v, &n, &err));
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(handshake_state_name(v[0].state), "granted");
	close_store();
}
END_TEST

START_TEST(handshakes_that_wait_are_bounded)
{
	struct handshake *v;
	char origin[32];
	size_t n;

	open_store(_i);
	ask_for("a", "kept.example", NOW - 1);
	ck_assert(settle(handshake_of("a", "kept.example")->n, HANDSHAKE_GRANTED, 0));
	ask_for("a", "again.example", NOW);
	for (int i = 0; i < STORE_HANDSHAKES + 20; i++) {
		snprintf(origin, sizeof origin, "h%d.example", i);
		if (i == 100)
			ask_for("a", "again.example", NOW + 100);
		ask_for("a", origin, NOW + i);
	}
	ok(store_handshakes(store, false, pool, &v, &n, &err));
	ck_assert_uint_eq(n, STORE_HANDSHAKES);
	ck_assert_ptr_nonnull(handshake_of("a", "kept.example"));
	ck_assert_ptr_nonnull(handshake_of("a", "again.example"));
	ck_assert_ptr_null(handshake_of("a", "h20.example"));
	ck_assert_ptr_nonnull(handshake_of("a", "h21.example"));
	close_store();
}
END_TEST

START_TEST(pruning_keeps_what_is_parked)
{
	uint64_t v[20], n, all[20];
	struct event *e;
	struct card *c;
	size_t gone, some;

	open_store(_i);
	for (unsigned i = 0; i < 20; i++)
		v[i] = append_one(plain(i % 10, NOW + 100 * i));
	sort_all();
	begin();
	put_parked("mail", v[2], PARKED_DEAD, NOW);
	memcpy(all, v, sizeof all);
	ok(store_history_done(store, "archief", NOW + 1, all, 20, &err));
	ok(store_history_add(store, &(struct history){ v[1], "mail", NOW, 1, "retry", NULL }, &err));
	commit();
	ok(store_prune(store, v[14], NOW + 1200, 5, &some, &err));
	ck_assert(some >= 1 && some <= 5);
	gone = prune_all(v[14], NOW + 1200);
	ck_assert_uint_eq(gone + some, 11);	/* 12 are old enough, one of them is parked */
	ok(store_event(store, v[2], pool, &e, &err));
	ck_assert_ptr_nonnull(e);
	ok(store_event(store, v[11], pool, &e, &err));
	ck_assert_ptr_null(e);
	ok(store_first(store, &n, &err));
	ck_assert_uint_eq(n, v[2]);
	ck_assert_str_eq(history(v[1]).text, "");
	ck_assert_str_eq(history(v[2]).text, "archief/done/1/1");
	ck_assert_uint_eq(history(v[13]).n, 2);
	gone = prune_all(v[14], INT64_MAX);
	ck_assert_uint_eq(gone, 3);	/* v[12] to v[14] */
	begin();
	ok(store_parked_drop(store, "mail", v[2], &err));
	commit();
	gone = prune_all(UINT64_MAX, INT64_MAX);
	ck_assert_uint_eq(gone, 6);
	ok(store_cards(store, 0, UINT64_MAX, 10, pool, &c, &gone, &err));
	ck_assert_uint_eq(gone, 0);
	ck_assert_str_eq(history(v[2]).text, "");
	ck_assert_str_eq(history(v[13]).text, "");
	ok(store_last(store, &n, &err));
	ck_assert_uint_eq(n, v[19]);
	ck_assert_uint_gt(append_key(50), v[19]);	/* numbers are never reused */
	close_store();
}
END_TEST

/* Large ones take several steps on a disk; what a step leaves is what the next one finds. */
START_TEST(pruning_stops_early_and_loses_nothing)
{
	static unsigned char data[1 << 20];
	struct event big = plain(0, NOW);
	struct event *e;
	uint64_t v[6], n;
	size_t gone, all = 0;

	open_store(_i);
	big.data = data;
	big.data_len = sizeof data;
	for (unsigned i = 0; i < 6; i++) {
		big.key = key_of(i / 2);
		v[i] = append_one(big);
	}
	sort_all();
	begin();
	put_parked("mail", v[3], PARKED_WAITING, NOW);
	ok(store_history_done(store, "archief", NOW + 1, v, 6, &err));
	commit();
	do {
		ok(store_prune(store, v[4], NOW + 1, 100, &gone, &err));
		all += gone;
		for (unsigned i = 0; i < 6; i++) {	/* at each step: whole, or gone with all that was kept of it */
			pool_reset(pool);
			ok(store_event(store, v[i], pool, &e, &err));
			ck_assert_uint_eq(history(v[i]).n, e ? 1 + i % 2 : 0);
		}
	} while (gone);
	ck_assert_uint_eq(all, 4);
	ok(store_first(store, &n, &err));
	ck_assert_uint_eq(n, v[3]);
	ok(store_event(store, v[5], pool, &e, &err));
	ck_assert_ptr_nonnull(e);
	close_store();
}
END_TEST

START_TEST(identities_outlive_their_events)
{
	struct sort_result r;
	size_t gone;

	open_store(_i);
	append_key(1);
	sort_all();
	gone = prune_all(UINT64_MAX, INT64_MAX);
	ck_assert_uint_eq(gone, 1);
	append_key(1);
	r = sort_all();
	ck_assert_uint_eq(r.duplicates, 1);
	close_store();
}
END_TEST

START_TEST(identities_are_forgotten_day_by_day)
{
	struct store_stats st;
	struct sort_result r;
	size_t gone;

	open_store(_i);
	for (unsigned i = 0; i < 60; i++)
		append_one(plain(i, NOW + DAY * (i / 20)));
	sort_all();
	ok(store_sweep(store, NOW + DAY - 1, 100, &gone, &err));
	ck_assert_uint_eq(gone, 0);
	ok(store_sweep(store, NOW + DAY, 15, &gone, &err));
	ck_assert_uint_eq(gone, 15);
	ok(store_sweep(store, NOW + DAY, 15, &gone, &err));
	ck_assert_uint_eq(gone, 5);
	ok(store_sweep(store, NOW + DAY, 15, &gone, &err));
	ck_assert_uint_eq(gone, 0);
	ok(store_stats(store, &st, &err));
	ck_assert_uint_eq(st.identities, 40);
	append_one(plain(3, NOW + 2 * DAY));	/* forgotten: it is new again */
	append_one(plain(30, NOW + 2 * DAY));
	r = sort_all();
	ck_assert_uint_eq(r.duplicates, 1);
	ok(store_sweep(store, NOW + 2 * DAY, 100, &gone, &err));
	ck_assert_uint_eq(gone, 20);
	ok(store_sweep(store, NOW + 3 * DAY, 100, &gone, &err));
	ck_assert_uint_eq(gone, 21);
	ok(store_sweep(store, NOW + 9 * DAY, 100, &gone, &err));
	ck_assert_uint_eq(gone, 0);
	close_store();
}
END_TEST

START_TEST(dead_rows_expire)
{
	size_t gone;

	open_store(_i);
	begin();
	put_parked("mail", 1, PARKED_DEAD, NOW);
	put_parked("mail", 2, PARKED_DEAD, NOW + 10);
	put_parked("mail", 3, PARKED_WAITING, NOW);
	put_parked("mail", 4, PARKED_HELD, NOW);
	put_parked("mail", 5, PARKED_BEHIND, NOW);
	commit();
	ok(store_expire_dead(store, NOW + 10, &gone, &err));
	ck_assert_uint_eq(gone, 1);
	ck_assert_str_eq(parked(NULL, 0).text, "mail:2:dead mail:3:waiting mail:4:held mail:5:behind");
	ck_assert_ptr_nonnull(strstr(history(1).text, "mail/expired/0"));
	ck_assert_str_eq(history(2).text, "");
	ok(store_expire_dead(store, NOW + 10, &gone, &err));
	ck_assert_uint_eq(gone, 0);
	close_store();
}
END_TEST

START_TEST(cards_tell_what_is_numbered_and_what_expires)
{
	struct attr attrs[] = { { "time", "x" }, { "sequence", "1" }, { "expirytime", "x" } };
	struct event e = plain(1, NOW), *out;
	struct card *c;
	size_t n;

	open_store(_i);
	append_one(e);
	e.attrs = attrs;
	for (size_t i = 1; i <= 3; i++) {
		e.n_attrs = i;
		append_one(e);
	}
	e.mark = EVENT_QUARANTINED;
	append_one(e);
	e.mark = EVENT_PLAIN;
	e.attrs = attrs + 2;
	e.n_attrs = 1;
	append_one(e);
	for (int turn = 0; turn < 2; turn++) {
		ok(store_cards(store, 0, UINT64_MAX, 10, pool, &c, &n, &err));
		ck_assert_uint_eq(n, 6);
		for (size_t i = 0; i < n; i++) {
			ck_assert_int_eq(c[i].mark, i == 4 ? EVENT_QUARANTINED : EVENT_PLAIN);
			ck_assert(c[i].numbered == (i == 2 || i == 3));
			ck_assert(c[i].expires == (i == 3 || i == 5));
			ok(store_event(store, c[i].n, pool, &out, &err));
			ck_assert_int_eq(out->mark, c[i].mark);
		}
		ck_assert_uint_eq(sort_all().duplicates, turn ? 0 : 4);
	}
	ok(store_cards_back(store, 0, 1, pool, &c, &n, &err));
	ck_assert(c[0].expires && !c[0].numbered);
	close_store();
}
END_TEST

static struct sequence sequence_of(unsigned key, const char *last, int64_t at_ms)
{
	return (struct sequence){ .key = key_of(key), .source = "urn:nld:zaken", .last = last, .numeric = key & 1, .n = key,
				  .at_ms = at_ms };
}

START_TEST(what_was_last_seen_of_a_source_comes_back)
{
	struct sequence one = sequence_of(1, "41", NOW), two = sequence_of(2, "b", NOW + 1), *s;
	uint64_t n = 9;

	open_store(_i);
	ok(store_sequence(store, &one.key, pool, &s, &err));
	ck_assert_ptr_null(s);
	ok(store_sequenced(store, &n, &err));
	ck_assert_uint_eq(n, 0);
	begin();
	ok(store_sequence_put(store, &one, &err));
	ok(store_sequence_put(store, &two, &err));
	one.last = "42";
	one.n = 77;
	ok(store_sequence_put(store, &one, &err));
	ok(store_sequenced_put(store, 78, &err));
	commit();
	ok(store_sequence(store, &one.key, pool, &s, &err));
	ck_assert_mem_eq(&s->key, &one.key, EVENT_KEY);
	ck_assert_str_eq(s->source, "urn:nld:zaken");
	ck_assert_str_eq(s->last, "42");
	ck_assert(s->numeric);
	ck_assert_uint_eq(s->n, 77);
	ck_assert_int_eq(s->at_ms, NOW);
	ok(store_sequence(store, &two.key, pool, &s, &err));
	ck_assert_str_eq(s->last, "b");
	ck_assert(!s->numeric);
	ok(store_sequenced(store, &n, &err));
	ck_assert_uint_eq(n, 78);
	close_store();
}
END_TEST

struct gap_ring {
	uint64_t newest, oldest, n, stop_after;
};

static bool walk_gaps(void *arg, const struct gap *gap)
{
	struct gap_ring *ring = arg;

	if (ring->n++ == 0)
		ring->newest = gap->n;
	ring->oldest = gap->n;
	ck_assert_int_eq(gap->at_ms, NOW + (int64_t)gap->n);
	ck_assert_str_eq(gap->sender, "on");
	ck_assert_str_eq(gap->source, "urn:nld:zaken");
	ck_assert_str_eq(gap->before, "3");
	ck_assert_str_eq(gap->got, "9");
	ck_assert_uint_eq(gap->missing, gap->n & 1 ? 5 : 0);
	return ring->n != ring->stop_after;
}

static void add_gap(uint64_t n)
{
	ok(store_gap_add(store, &(struct gap){ .n = n, .at_ms = NOW + (int64_t)n, .sender = "on", .source = "urn:nld:zaken",
					      .before = "3", .got = "9", .missing = n & 1 ? 5 : 0 }, &err));
}

static struct gap_ring gaps_until(uint64_t stop_after)
{
	struct gap_ring ring = { .stop_after = stop_after };

	ok(store_gaps_each(store, walk_gaps, &ring, &err));
	return ring;
}

START_TEST(gaps_are_a_ring)
{
	open_store(_i);
	ck_assert_uint_eq(gaps_until(0).n, 0);
	begin();
	for (uint64_t n = 1; n <= 3; n++)
		add_gap(n);
	commit();
	ck_assert_uint_eq(gaps_until(0).n, 3);
	ck_assert_uint_eq(gaps_until(0).newest, 3);
	ck_assert_uint_eq(gaps_until(2).oldest, 2);
	begin();
	for (uint64_t n = 4; n <= STORE_GAPS + 5; n++)
		add_gap(n);
	commit();
	ck_assert_uint_eq(gaps_until(0).n, STORE_GAPS);
	ck_assert_uint_eq(gaps_until(0).newest, STORE_GAPS + 5);
	ck_assert_uint_eq(gaps_until(0).oldest, 6);
	close_store();
}
END_TEST

START_TEST(a_rollback_takes_sequences_and_gaps_back)
{
	struct sequence one = sequence_of(1, "1", NOW), *s;
	uint64_t n;

	open_store(_i);
	begin();
	ok(store_sequence_put(store, &one, &err));
	ok(store_sequenced_put(store, 1, &err));
	commit();
	begin();
	one.last = "5";
	ok(store_sequence_put(store, &one, &err));
	add_gap(2);
	ok(store_sequenced_put(store, 2, &err));
	store_rollback(store);
	ok(store_sequence(store, &one.key, pool, &s, &err));
	ck_assert_str_eq(s->last, "1");
	ck_assert_uint_eq(gaps_until(0).n, 0);
	ok(store_sequenced(store, &n, &err));
	ck_assert_uint_eq(n, 1);
	close_store();
}
END_TEST

START_TEST(silent_sources_are_forgotten_in_steps)
{
	size_t gone, all = 0, calls = 0;
	struct sequence *s, q;

	open_store(_i);
	begin();
	for (unsigned i = 0; i < 1200; i++) {
		q = sequence_of(i, "1", NOW + i);
		ok(store_sequence_put(store, &q, &err));
	}
	commit();
	do {
		ok(store_forget_sequences(store, NOW + 1100, &gone, &err));
		all += gone;
		calls++;
	} while (gone);
	ck_assert_uint_eq(all, 1100);
	ck_assert_uint_gt(calls, 2);
	q = sequence_of(1099, "1", NOW);
	ok(store_sequence(store, &q.key, pool, &s, &err));
	ck_assert_ptr_null(s);
	q = sequence_of(1100, "1", NOW);
	ok(store_sequence(store, &q.key, pool, &s, &err));
	ck_assert_ptr_nonnull(s);
	close_store();
}
END_TEST

/* ---- what handlers keep and emit ---- */

static void put_state(const char *handler, unsigned lane, uint64_t n, const char *text)
{
	struct state state = { handler, key_of(lane), n, (const unsigned char *)text, strlen(text) };

	ok(store_state_put(store, &state, &err));
}

/* "-": there is none. */
static void state_is(const char *handler, unsigned lane, const char *text)
{
	struct event_key key = key_of(lane);
	const unsigned char *p;
	size_t len;

	ok(store_state(store, handler, &key, pool, &p, &len, &err));
	if (strcmp(text, "-") == 0) {
		ck_assert_ptr_null(p);
		return;
	}
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(len, strlen(text));
	ck_assert_int_eq(memcmp(p, text, len), 0);
}

static uint64_t states_of(const char *handler)
{
	uint64_t n;

	ok(store_states(store, handler, &n, &err));
	return n;
}

START_TEST(a_state_is_kept_per_handler_and_lane)
{
	struct event_key lane = key_of(2);

	open_store(_i);
	state_is("a", 1, "-");
	begin();
	put_state("a", 1, 10, "one");
	put_state("a", 2, 11, "two");
	put_state("b", 1, 10, "other");
	commit();
	state_is("a", 1, "one");
	state_is("b", 1, "other");
	state_is("b", 2, "-");
	begin();
	put_state("a", 1, 12, "more");
	put_state("b", 1, 12, "");
	commit();
	state_is("a", 1, "more");
	state_is("b", 1, "-");
	ck_assert_uint_eq(states_of("a"), 2);
	ck_assert_uint_eq(states_of("b"), 0);
	begin();
	ok(store_state_drop(store, "a", &lane, &err));
	commit();
	state_is("a", 2, "-");
	state_is("a", 1, "more");
	close_store();
}
END_TEST

START_TEST(a_large_state_comes_back_whole)
{
	char *text = mem_alloc(STORE_STATE + 1);

	open_store(_i);
	memset(text, 'x', STORE_STATE);
	begin();
	put_state("a", 1, 1, text);
	commit();
	state_is("a", 1, text);
	free(text);
	close_store();
}
END_TEST

START_TEST(a_forgotten_handler_loses_its_states_alone)
{
	struct bookmark b = { .handler = "a", .n = 1 };

	open_store(_i);
	begin();
	ok(store_bookmark_put(store, &b, &err));
	put_state("a", 1, 1, "one");
	put_state("a", 2, 1, "two");
	put_state("b", 1, 1, "other");
	commit();
	begin();
	ok(store_bookmark_drop(store, "a", &err));
	commit();
	ck_assert_uint_eq(states_of("a"), 0);
	state_is("b", 1, "other");
	close_store();
}
END_TEST

static void emit(unsigned key, const char *id)
{
	struct event e = plain(key, NOW);

	e.id = id;
	ok(store_emit(store, &e, &err));
}

static size_t copy_outbox(void)
{
	size_t n, all = 0;

	do {
		ok(store_outbox_copy(store, &n, &err));
		all += n;
	} while (n);
	return all;
}

START_TEST(what_is_emitted_is_appended_in_order_and_once)
{
	struct event *event;
	uint64_t last;
	char id[16];

	open_store(_i);
	ck_assert_uint_eq(copy_outbox(), 0);
	begin();
	for (unsigned i = 0; i < 1500; i++) {
		snprintf(id, sizeof id, "%u", i);
		emit(i, id);
	}
	commit();
	ck_assert_uint_eq(copy_outbox(), 1500);
	ck_assert_uint_eq(copy_outbox(), 0);
	ok(store_last(store, &last, &err));
	ck_assert_uint_eq(last, 1500);
	for (uint64_t n = 1; n <= last; n += 499) {
		ok(store_event(store, n, pool, &event, &err));
		snprintf(id, sizeof id, "%u", (unsigned)n - 1);
		ck_assert_str_eq(event->id, id);
		ck_assert_str_eq(event->source, "urn:zaken");
		ck_assert(event->data_len == 2 && memcmp(event->data, "{}", 2) == 0);
	}
	ck_assert_uint_eq(sort_all().duplicates, 0);
	close_store();
}
END_TEST

START_TEST(a_rollback_takes_state_and_emitted_events_back)
{
	open_store(_i);
	begin();
	put_state("a", 1, 1, "one");
	commit();
	begin();
	put_state("a", 1, 2, "two");
	emit(7, "7");
	store_rollback(store);
	state_is("a", 1, "one");
	ck_assert_uint_eq(copy_outbox(), 0);
	close_store();
}
END_TEST

START_TEST(a_repeated_copy_makes_duplicates_and_a_known_identity)
{
	struct event_key key = key_of(7);
	uint64_t n;

	open_store(_i);
	ok(store_known(store, &key, &n, &err));
	ck_assert_uint_eq(n, 0);
	for (int times = 0; times < 2; times++) {	/* the second as after a death before it left the outbox */
		begin();
		emit(7, "7");
		commit();
		ck_assert_uint_eq(copy_outbox(), 1);
	}
	ck_assert_uint_eq(sort_all().duplicates, 1);
	ok(store_known(store, &key, &n, &err));
	ck_assert_uint_eq(n, 1);
	close_store();
}
END_TEST

START_TEST(a_store_of_no_known_kind_is_refused)
{
	ck_assert_int_eq(store_open(&(struct store_setup){ .spec = "mysql:x" }, STORE_LOG, &store, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "mysql:x"));
	ck_assert_ptr_null(store);
	(void)_i;
}
END_TEST

int main(void)
{
	static const TTest *const *const all[] = {
		&an_empty_store_answers, &an_event_comes_back_as_it_went_in, &small_events_come_along_with_their_cards,
		&a_group_gets_rising_numbers,
		&cards_are_listed_both_ways, &a_time_becomes_a_number, &the_lowest_number_of_an_identity_is_its_first,
		&other_content_under_one_identity_is_a_conflict, &a_clock_that_was_set_back_makes_nothing_forgotten,
		&what_is_quarantined_has_no_identity,
		&sorting_goes_on_where_it_was, &sets_of_numbers_come_back, &bookmarks_are_kept_per_handler,
		&a_dropped_bookmark_takes_its_parked_and_replays_along, &a_rollback_leaves_nothing,
		&a_failed_transaction_commits_nothing, &parked_rows_come_back_whole, &parked_rows_are_listed_in_order,
		&long_lists_are_whole, &history_is_told_in_order_of_time, &a_duplicate_says_so_in_its_history,
		&replays_are_kept_until_dropped, &a_replay_keeps_its_lane_and_what_it_has_done,
		&requests_are_answered_one_by_one,
		&all_requests_are_listed_newest_first, &a_handler_has_one_pause_or_none, &rejected_bodies_are_a_ring,
		&a_rejected_body_has_its_headers_or_none,
		&a_handshake_is_kept_once_for_each_endpoint_and_origin, &what_was_decided_about_a_handshake_stays,
		&handshakes_that_wait_are_bounded,
		&pruning_keeps_what_is_parked, &pruning_stops_early_and_loses_nothing,
		&identities_outlive_their_events, &identities_are_forgotten_day_by_day,
		&dead_rows_expire, &cards_tell_what_is_numbered_and_what_expires,
		&what_was_last_seen_of_a_source_comes_back, &gaps_are_a_ring, &a_rollback_takes_sequences_and_gaps_back,
		&silent_sources_are_forgotten_in_steps, &a_state_is_kept_per_handler_and_lane, &a_large_state_comes_back_whole,
		&a_forgotten_handler_loses_its_states_alone, &what_is_emitted_is_appended_in_order_and_once,
		&a_rollback_takes_state_and_emitted_events_back, &a_repeated_copy_makes_duplicates_and_a_known_identity,
		&a_store_of_no_known_kind_is_refused,
	};
	Suite *suite = suite_create("store contract");
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
