/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "work.h"

#include <stdlib.h>
#include <string.h>
#include "base/die.h"
#include "base/lock.h"
#include "base/mem.h"
#include "store/store_sqlite.h"
#include "tape.h"

#define BOTH (STORE_LOG | STORE_DESK)
#define ROUNDS 22
#define JOURNAL_BYTES (24 << 10)
#define FILLED 2		/* times that a file is filled behind one that was let go */
#define WIPE_MS 1000

struct run {
	const char *dir;
	struct work *w;
	struct store *receiver, *dispatcher;
	struct pool *pool;
	struct err err;
	unsigned key;
	uint64_t first, second, last;	/* bookmarks of two handlers, newest number */
	uint64_t parked, request;
	int round, filled;
};

static void failed(const struct run *r, const char *what) NO_RETURN;
static void failed(const struct run *r, const char *what)
{
	die("the workload fails by itself: %s: %s", what, r->err.text);
}

#define ok(call) do { if ((call) < 0) failed(r, #call); } while (0)

struct event_key work_key(unsigned v)
{
	struct event_key key = {{0}};

	key.b[0] = (unsigned char)(v * 151 + 7);	/* not in the order of v */
	for (int i = 0; i < 4; i++)
		key.b[12 + i] = (unsigned char)(v >> (24 - 8 * i));
	return key;
}

/* FNV-1a */
uint64_t work_hash(const void *p, size_t len)
{
	const unsigned char *b = p;
	uint64_t hash = 0xCBF29CE484222325u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ b[i]) * 0x100000001B3u;
	return hash;
}

struct event work_event(struct pool *pool, unsigned key, size_t data_len)
{
	unsigned char *data = pool_alloc(pool, data_len + 1);

	for (size_t i = 0; i < data_len; i++)
		data[i] = (unsigned char)((key + i) * 2654435761u >> 13);
	return (struct event){ .received_ms = WORK_NOW, .wire = WIRE_CLOUD, .type = "nl.zaak.nieuw",
			       .sender = "on", .endpoint = "nrc", .source = "urn:zaken", .id = pool_fmt(pool, "%u", key),
			       .key = work_key(key), .digest = (uint32_t)key, .data = data, .data_len = data_len,
			       .has_lane = true, .lane = work_key(key % 5) };
}

int work_open(const char *spec, unsigned parts, struct store **s, struct err *err)
{
	struct store_setup setup = { .spec = spec };

	if (store_open(&setup, parts, s, err) < 0)
		return -1;
	sqlite_of(*s)->journal.file_bytes = JOURNAL_BYTES;
	return 0;
}

static void open_receiver(struct run *r)
{
	ok(work_open(pool_fmt(r->pool, "sqlite:%s", r->dir), STORE_LOG, &r->receiver, &r->err));
}

static void open_stores(struct run *r)
{
	ok(work_open(pool_fmt(r->pool, "sqlite:%s", r->dir), BOTH, &r->dispatcher, &r->err));
	open_receiver(r);
}

static void note_acked(struct run *r, const struct event *e, unsigned key, bool emitted)
{
	struct work *w = r->w;

	must(w->n_acked < WORK_MAX && e->n);
	w->acked[w->n_acked++] = (struct acked){ tape_ops(), e->n, work_hash(e->data, e->data_len), key, e->received_ms, emitted };
	r->last = e->n;
}

/* Sixteen events a day. */
static int64_t now_ms(const struct run *r)
{
	return WORK_NOW + (int64_t)r->w->n_acked * (WORK_DAY / 16);
}

static size_t length_of(unsigned key)
{
	return key % 29 == 13 ? 30000 : 40 + key % 7 * 150;
}

struct group {
	struct event events[16], *v[16];
	unsigned keys[16];
	size_t n;
};

/* Every sixth event is delivered again. */
static void make_group(struct run *r, size_t n, struct group *g)
{
	must(n <= 16);
	g->n = n;
	for (size_t i = 0; i < n; i++) {
		bool again = r->key > 8 && (r->key + i) % 6 == 0;

		g->keys[i] = again ? r->key - 7 : r->key++;
		g->events[i] = work_event(r->pool, g->keys[i], length_of(g->keys[i]));
		g->events[i].received_ms = now_ms(r);
		g->v[i] = &g->events[i];
	}
}

static void note_group(struct run *r, struct group *g)
{
	for (size_t i = 0; i < g->n; i++)
		note_acked(r, g->v[i], g->keys[i], false);
}

static void append(struct run *r, size_t n)
{
	struct group g;

	make_group(r, n, &g);
	ok(store_append(r->receiver, g.v, n, &r->err));
	note_group(r, &g);
}

/* A group that is not answered for, since the process is killed or told of a failure. */
static void fail(struct run *r, struct group *g, enum tape_fate fate)
{
	make_group(r, 12, g);
	tape_fate(fate);
	must(store_append(r->receiver, g->v, g->n, &r->err) < 0);
	if (fate == TAPE_DIES)
		store_close(&r->receiver);
	tape_fate(TAPE_LIVES);
}

/* The next process that opens the journal makes sure of it, and then it counts as if it had been answered for. */
static void adopt(struct run *r)
{
	struct group g;

	fail(r, &g, TAPE_DIES);
	tape_phase(PHASE_ADOPT);
	open_receiver(r);
	tape_phase(PHASE_OTHER);
	for (size_t i = 0; i < g.n; i++)
		g.events[i].n = r->last + 1 + i;
	note_group(r, &g);
}

/* One that has it open puts another one in its place. */
static void replace(struct run *r, enum tape_fate fate)
{
	struct group g;

	fail(r, &g, fate);
	make_group(r, 1, &g);
	ok(store_append(r->dispatcher, g.v, g.n, &r->err));
	note_group(r, &g);
	if (fate == TAPE_DIES)
		open_receiver(r);
}

static void sort(struct run *r)
{
	struct sort_result result;

	tape_phase(PHASE_COLLECT);
	do {
		ok(store_sort(r->dispatcher, r->round % 2 ? 3 : 100, &result, &r->err));
		r->w->duplicates += result.duplicates;
	} while (result.n);
	tape_phase(PHASE_OTHER);
}

/* Until the next file of the journal is begun, which synchronises the directory: what was let go before that is gone then. */
static void fill_file(struct run *r)
{
	const struct journal *j = &sqlite_of(r->receiver)->journal;
	uint64_t file = j->writer.file;

	while (j->writer.file == file)
		append(r, 16);
	r->filled++;
}

static void sort_and_fill(struct run *r)
{
	const struct journal *j = &sqlite_of(r->dispatcher)->journal;
	uint64_t gone = j->gone;

	sort(r);
	if (j->gone != gone && r->filled < FILLED)
		fill_file(r);
}

static void note_settled(struct run *r)
{
	struct work *w = r->w;

	must(w->n_settled < WORK_MAX);
	w->settled[w->n_settled++] = (struct settled){ tape_ops(), r->first, r->request };
}

static void put_bookmarks(struct run *r)
{
	struct store *s = r->dispatcher;
	struct buf set = {0};
	uint64_t ahead[] = { r->second + 2, r->second + 3 };
	struct bookmark b = { .handler = "second", .n = r->second };

	ok(store_bookmark_put(s, &(struct bookmark){ "first", r->first, NULL, 0 }, &r->err));
	if (r->second + 3 <= r->last) {
		done_put(&set, ahead, 2, r->second);
		b.done = (const unsigned char *)set.p;
		b.done_len = set.len;
	}
	ok(store_bookmark_put(s, &b, &r->err));
	buf_free(&set);
}

/* One delivery waits for long; the others come and go. */
static void put_parked(struct run *r)
{
	struct store *s = r->dispatcher;
	struct parked p = { .handler = "first", .n = r->first, .state = PARKED_WAITING, .attempts = 1,
			    .due_ms = WORK_NOW, .since_ms = WORK_NOW, .has_lane = true, .lane = work_key(1), .reason = "later" };

	if (r->parked && r->parked != r->w->parked_early)
		ok(store_parked_drop(s, "first", r->parked, &r->err));
	if (!r->w->parked_early)
		r->w->parked_early = p.n;
	ok(store_parked_put(s, &p, &r->err));
	r->parked = p.n;
	if (r->round % 7 == 3) {
		p.handler = "second";
		p.state = PARKED_DEAD;
		ok(store_parked_put(s, &p, &r->err));
	}
}

static void emit(struct run *r)
{
	struct event e = work_event(r->pool, WORK_EMITTED + (unsigned)r->first, 60);
	struct state state = { "first", work_key(3), r->first, (const unsigned char *)"state", 5 };

	e.received_ms = now_ms(r);
	ok(store_state_put(r->dispatcher, &state, &r->err));
	ok(store_emit(r->dispatcher, &e, &r->err));
}

static void settle(struct run *r, bool durable)
{
	struct store *s = r->dispatcher;
	uint64_t done[64];
	size_t n = 0;

	tape_phase(PHASE_SETTLE);
	ok(store_begin(s, durable, &r->err));
	while (r->first < r->last && n < 64)
		done[n++] = ++r->first;
	if (r->round % 3)
		r->second = r->first > 4 ? r->first - 4 : 0;
	ok(store_history_done(s, "first", WORK_NOW, done, n, &r->err));
	ok(store_history_add(s, &(struct history){ r->first, "second", WORK_NOW, 1, "retry", "later" }, &r->err));
	put_parked(r);
	put_bookmarks(r);
	if (r->round % 4 == 1)
		emit(r);
	ok(store_commit(s, &r->err));
	tape_phase(PHASE_OTHER);
	r->w->handled += n;
	if (durable)
		note_settled(r);
}

/* Its events are on the log, and durable, when it returns. */
static void copy_outbox(struct run *r)
{
	uint64_t before = r->last;
	struct card *cards;
	size_t n, n_cards;

	ok(store_outbox_copy(r->dispatcher, &n, &r->err));
	tape_phase(PHASE_COLLECT);
	ok(store_cards(r->dispatcher, before, INT64_MAX, 100, r->pool, &cards, &n_cards, &r->err));
	for (size_t i = 0; i < n_cards; i++) {
		struct event *e;

		ok(store_event(r->dispatcher, cards[i].n, r->pool, &e, &r->err));
		note_acked(r, e, (unsigned)strtoul(e->id, NULL, 10), true);
	}
	tape_phase(PHASE_OTHER);
}

static void ask(struct run *r)
{
	tape_phase(PHASE_SETTLE);
	ok(store_request_ask(r->dispatcher, "piet", "retry", "handler=first\n", &r->request, &r->err));
	tape_phase(PHASE_OTHER);
	note_settled(r);
	ok(store_begin(r->dispatcher, true, &r->err));
	ok(store_request_answer(r->dispatcher, r->request, 0, "done", &r->err));
	ok(store_commit(r->dispatcher, &r->err));
}

static void other_rows(struct run *r)
{
	struct store *s = r->dispatcher;
	struct rejected rejected = { .at_ms = WORK_NOW, .endpoint = "nrc", .sender = "on", .status = 400, .reason = "no JSON",
				     .body = (const unsigned char *)"{", .body_len = 1 };
	struct handshake h = { .at_ms = WORK_NOW, .endpoint = "nrc", .origin = "zaken.example", .callback = "" };
	struct replay replay = { .handler = "second", .upto = r->second, .asked_ms = WORK_NOW };
	struct sequence q = { .key = work_key(4), .source = "urn:zaken", .last = "4", .n = r->last, .at_ms = WORK_NOW };
	struct gap gap = { .n = r->last, .at_ms = WORK_NOW, .sender = "on", .source = "urn:zaken", .before = "1", .got = "4",
			   .missing = 2 };

	ok(store_reject(r->receiver, &rejected, 1, &r->err));
	ok(store_handshake_ask(r->receiver, &h, 1, &r->err));
	must(r->w->n_handshakes < 16);
	r->w->handshakes[r->w->n_handshakes++] = tape_ops();
	ok(store_begin(s, false, &r->err));
	ok(store_replay_put(s, &replay, &r->err));
	ok(store_sequence_put(s, &q, &r->err));
	ok(store_gap_add(s, &gap, &r->err));
	ok(store_sequenced_put(s, r->last, &r->err));
	ok(store_pause_put(s, &(struct pause){ "second", WORK_NOW, "it fails", NULL, 1, WORK_NOW }, &r->err));
	ok(store_commit(s, &r->err));
	ok(store_begin(s, false, &r->err));
	ok(store_replay_drop(s, replay.id, &r->err));
	ok(store_pause_drop(s, "second", &r->err));
	ok(store_commit(s, &r->err));
}

/* As the dispatcher does it: what is removed was passed for good. */
static void prune(struct run *r)
{
	struct pruned *p = &r->w->pruned[r->w->n_pruned++];
	uint64_t upto = r->second < r->first ? r->second : r->first;
	struct card *cards;
	size_t n;

	must(upto < WORK_MAX && r->w->n_pruned <= 16);
	settle(r, true);
	p->from = tape_ops();
	p->upto = upto;
	do
		ok(store_prune(r->dispatcher, upto, INT64_MAX / 2, 7, &n, &r->err));
	while (n);
	p->to = tape_ops();
	ok(store_cards(r->dispatcher, 0, upto, WORK_MAX, r->pool, &cards, &n, &r->err));
	for (size_t i = 0; i < n; i++)
		p->kept[cards[i].n] = true;
}

static void sweep(struct run *r)
{
	struct swept *swept = &r->w->swept[r->w->n_swept++];
	size_t n;

	must(r->w->n_swept <= 16);
	*swept = (struct swept){ tape_ops(), (WORK_NOW + now_ms(r)) / 2 };
	for (int i = 0; i < 4; i++)
		ok(store_sweep(r->dispatcher, swept->before_ms, 9, &n, &r->err));
	ok(store_expire_dead(r->dispatcher, WORK_NOW + 1, &n, &r->err));
	ok(store_forget_sequences(r->dispatcher, WORK_NOW + 1, &n, &r->err));
}

int work_erase(struct store *s, const struct gone *gone, size_t *erased, struct err *err)
{
	struct erased what = {0};
	struct erasure erasure = { .events = gone->n, .n_events = gone->count };
	int rc = store_erase(s, &erasure, &what, err);

	*erased = what.events;
	return rc;
}

/* One that waits, and three of the newest. */
static void choose_gone(struct run *r, struct gone *gone)
{
	const struct work *w = r->w;

	gone->from = tape_ops();
	for (size_t i = 0; i < w->n_acked; i++) {
		const struct acked *a = &w->acked[i];

		if (a->n != w->parked_early && (a->n == r->parked || a->n > r->last - 3)) {
			must(gone->count < 4);
			gone->n[gone->count] = a->n;
			gone->keys[gone->count++] = a->key;
		}
	}
}

/* Of what is collected some may not be synchronised when the journal goes. */
static void erase(struct run *r)
{
	struct gone *gone = &r->w->gone[r->w->n_gone++];
	bool wiped;
	size_t n;

	must(r->w->n_gone <= 8);
	append(r, 4);
	sort(r);
	choose_gone(r, gone);
	ok(work_erase(r->dispatcher, gone, &n, &r->err));
	must(n == gone->count);
	gone->to = tape_ops();
	append(r, 2);
	tape_phase(PHASE_WIPE);
	ok(store_wipe(r->dispatcher, WIPE_MS, &wiped, &r->err));
	tape_phase(PHASE_OTHER);
	must(wiped);
	gone->wiped = tape_ops();
}

/* above 1: waits for readers, so that the WAL begins anew; 0: copies what can be copied. */
static void checkpoint(struct run *r, unsigned parts, uint64_t above)
{
	tape_phase(PHASE_CHECKPOINT);
	ok(store_checkpoint(parts == STORE_LOG ? r->receiver : r->dispatcher, parts, above, &r->err));
	tape_phase(PHASE_OTHER);
}

/* As after a failed synchronisation: the next write is preceded by a truncating checkpoint. */
static void distrust(struct run *r, const char *name)
{
	struct lock lock;

	ok(lock_open(&lock, pool_fmt(r->pool, "%s/%s", r->dir, name), true, NULL, &r->err));
	ok(lock_take(&lock, 1000, &r->err));
	lock_set_byte(&lock, 1);
	lock_release(&lock);
	lock_close(&lock);
}

static void keep_house(struct run *r)
{
	if (r->round % 5 == 4)
		checkpoint(r, STORE_LOG, r->round % 2 ? 1 : 0);
	if (r->round % 6 == 5)
		checkpoint(r, STORE_DESK, r->round % 4 == 3 ? 1 : 0);
	if (r->round % 9 == 8)
		prune(r);
	if (r->round % 9 == 2)
		sweep(r);
	if (r->round % 4 == 3)
		ok(store_prepare(r->dispatcher, &r->err));
	if (r->round == 5 || r->round == 16)
		adopt(r);
	if (r->round == 7 || r->round == 18)
		replace(r, TAPE_DIES);
	if (r->round == 10)
		replace(r, TAPE_FAILS);
	if (r->round % 11 == 9)
		erase(r);
	if (r->round == 12)
		distrust(r, "log");
	if (r->round == 14)
		distrust(r, "desk");
	if (r->round % 10 == 9) {
		store_close(&r->receiver);
		store_close(&r->dispatcher);
		open_stores(r);
	}
}

void work_run(const char *dir, struct work *w)
{
	static const size_t groups[] = { 1, 4, 7, 2, 1, 9, 3 };
	struct run run = { .dir = dir, .w = w, .pool = pool_new() }, *r = &run;

	open_stores(r);
	for (r->round = 0; r->round < ROUNDS; r->round++) {
		append(r, groups[r->round % 7]);
		if (r->round % 3 == 1)
			append(r, 2);
		sort_and_fill(r);
		settle(r, r->round % 4 == 0);
		if (r->round % 2)
			copy_outbox(r);
		if (r->round % 8 == 3)
			other_rows(r);
		if (r->round % 8 == 6)
			ask(r);
		keep_house(r);
	}
	store_close(&r->receiver);
	store_close(&r->dispatcher);
	pool_free(&r->pool);
}
