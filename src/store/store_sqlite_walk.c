/* SPDX-License-Identifier: EUPL-1.2
 * Walking through the blocks in key order: young entries are merged in, old ones are left out. It goes on where it was,
 * round after round. The first block has the number 0, so that every key has one that it belongs in. */
#include "config.h"
#include "store/store_sqlite.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"

#define BLOCKS_AT_ONCE 32	/* read together */
#define YOUNG_AT_ONCE 2000	/* merged into one block: where few are remembered, a block takes many */
#define BLOCK_FEW 50		/* entries: with fewer, a block is joined with the next */
#define BLOCK_NEW 117		/* entries of each part when a block is split into many */
#define SWEEP_BLOCKS 400	/* that one sweep walks past: some 50,000 identities */
#define PREFIX_END (UINT64_C(1) << 63)

struct block {
	uint64_t id;
	struct cut entries;
};

struct blocks {
	struct pool *pool;
	struct block *v;
	size_t n;
	bool last;		/* the last of these is the last of all */
	struct buf young, out;	/* of one block: what comes in, and what it will be */
	bool young_all;		/* that is all of them */
	struct block carried;	/* had few entries, which are in `out` */
	bool carries;
};

/* ---- writing ---- */

static int put(struct part *desk, uint64_t id, const unsigned char *entries, size_t n, struct err *err)
{
	return query_run(desk, err, "INSERT OR REPLACE INTO block(id, entries) VALUES(?, ?)", "nb", id,
			 n ? entries : (const unsigned char *)"", n * ENTRY);
}

/* The next place at or behind i where a block can begin: keys of one prefix stay together. */
static size_t border(const unsigned char *entries, size_t n, size_t i)
{
	while (i < n && key_prefix(entries + i * ENTRY) == key_prefix(entries + (i - 1) * ENTRY))
		i++;
	return i;
}

int blocks_put(struct part *desk, uint64_t id, const unsigned char *entries, size_t n, struct err *err)
{
	size_t parts = n <= BLOCK_MOST ? 1 : (n + BLOCK_NEW - 1) / BLOCK_NEW, begin = 0;

	for (size_t part = 1; part <= parts && (begin < n || part == 1); part++) {
		size_t end = part == parts ? n : n * part / parts;

		if (end && end < n)
			end = border(entries, n, end > begin ? end : begin + 1);
		if (begin)
			id = key_prefix(entries + begin * ENTRY);
		if (put(desk, id, entries + begin * ENTRY, end - begin, err) < 0)
			return -1;
		begin = end;
	}
	return 0;
}

/* ---- one block ---- */

static void copy(struct buf *out, struct cut *in)
{
	buf_put(out, cut_raw(in, ENTRY), ENTRY);
}

/* Of equal keys the block's is taken: the young one is the same, read again from its row. False: it had to stop
 * because enough was forgotten, or merged at once; the rest of the block is as it was, and walk.at is where it stopped. */
static bool merge(struct seen *seen, struct stretch *s, struct cut in, struct blocks *b)
{
	struct cut young = { (unsigned char *)b->young.p, b->young.len, false };
	struct buf *out = &b->out;
	struct walk *w = &seen->walk;

	while (young.len || (in.len && b->young_all)) {
		int order = !in.len ? 1 : !young.len ? -1 : memcmp(in.p, young.p, EVENT_KEY);
		struct cut *from = order > 0 ? &young : &in;
		bool walked = w->begun && memcmp(from->p, w->at, EVENT_KEY) <= 0;

		if (!walked && entry_n(from->p) <= w->upto) {
			if (s->forgot == s->forget)
				break;
			s->forgot++;
		} else
			buf_put(out, from->p, ENTRY);
		if (!walked) {
			w->begun = true;
			memcpy(w->at, from->p, EVENT_KEY);
		}
		if (order >= 0)
			young_drop(&seen->young, from->p);
		cut_raw(from, ENTRY);
		if (order == 0)
			cut_raw(&young, ENTRY);
	}
	if (!in.len && !young.len)
		return b->young_all;
	while (in.len)
		copy(out, &in);
	return false;
}

static bool has_old(const struct cut *entries, uint64_t upto)
{
	for (size_t i = 0; upto && i + ENTRY <= entries->len; i += ENTRY)
		if (entry_n(entries->p + i) <= upto)
			return true;
	return false;
}

static void pass(struct walk *w, uint64_t end)	/* to the last key below it */
{
	uint64_t last = (end - 1) << 1 | 1;

	for (int i = 0; i < 8; i++)
		w->at[i] = (unsigned char)(last >> (56 - 8 * i));
	memset(w->at + 8, 0xFF, EVENT_KEY - 8);
	w->begun = true;
}

/* 1: walked past; 0: stopped in it; -1. */
static int walk_block(struct seen *seen, struct part *desk, struct stretch *s, struct blocks *b, size_t i,
		      struct err *err)
{
	const struct block *block = &b->v[i];
	uint64_t end = i + 1 < b->n ? b->v[i + 1].id : PREFIX_END, id = block->id;
	bool whole = true;
	size_t n;

	buf_reset(&b->young);
	b->young_all = young_copy(&seen->young, seen->walk.begun ? seen->walk.at : NULL, end, YOUNG_AT_ONCE, &b->young);
	if (!b->carries && !b->young.len && !has_old(&block->entries, seen->walk.upto)) {
		pass(&seen->walk, end);
		return 1;
	}
	if (b->carries) {
		if (query_run(desk, err, "DELETE FROM block WHERE id = ?", "n", id) < 0)
			return -1;
		id = b->carried.id;
	} else
		buf_reset(&b->out);
	whole = merge(seen, s, block->entries, b);
	n = b->out.len / ENTRY;
	b->carries = whole && n < BLOCK_FEW && i + 1 < b->n;
	if (b->carries)
		b->carried.id = id;
	if (whole)
		pass(&seen->walk, end);
	return blocks_put(desk, id, (unsigned char *)b->out.p, n, err) < 0 ? -1 : whole;
}

/* ---- a stretch ---- */

/* Of the first key that was not walked past. */
static uint64_t next_prefix(const struct walk *w)
{
	bool last = w->at[7] & 1;

	for (int i = 8; i < EVENT_KEY; i++)
		last &= w->at[i] == 0xFF;
	return w->begun ? key_prefix(w->at) + last : 0;
}

/* Those that follow, and one more where there is one: its number is where the one before it ends. */
static int read_blocks(struct part *desk, const struct walk *w, struct blocks *b, struct err *err)
{
	struct sqlite3_stmt *q;
	uint64_t first = 0;
	int rc = 0;

	pool_reset(b->pool);
	b->v = pool_alloc(b->pool, (BLOCKS_AT_ONCE + 1) * sizeof *b->v);
	b->n = 0;
	b->carries = false;
	if (query_number(desk, &first, err, "SELECT max(id) FROM block WHERE id <= ?", "n", next_prefix(w)) < 0)
		return -1;
	q = query(desk, err, "SELECT id, entries FROM block WHERE id >= ? ORDER BY id", "n", first);
	while (q && b->n <= BLOCKS_AT_ONCE && (rc = query_row(desk, q, err)) > 0) {
		struct block *block = &b->v[b->n++];

		block->id = column_n(q, 0);
		block->entries.p = column_blob(q, 1, b->pool, &block->entries.len);
	}
	if (!q || rc < 0)
		return -1;
	b->last = rc == 0;
	query_end(q);
	if (!b->n)
		b->n = 1;	/* the first one ever */
	return 0;
}

static int end_walk(struct seen *seen, struct part *desk, struct err *err)
{
	struct walk *w = &seen->walk;
	uint64_t swept = w->upto;

	w->begun = false;
	w->merged = w->from;
	w->upto = 0;
	if (!swept)
		return 0;
	if (meta_put(desk, "swept", swept, err) < 0)
		return -1;
	return query_run(desk, err, "DELETE FROM day WHERE n < ?", "n", swept);
}

static int save(struct seen *seen, struct part *desk, const struct stretch *s, struct err *err)
{
	struct walk *w = &seen->walk;
	struct buf bytes = {0};
	uint64_t identities;
	int rc;

	w->step++;
	buf_u8(&bytes, w->begun);
	buf_u64(&bytes, w->from);
	buf_u64(&bytes, w->merged);
	buf_u64(&bytes, w->upto);
	buf_put(&bytes, w->at, EVENT_KEY);
	rc = query_run(desk, err, "INSERT OR REPLACE INTO meta(name, value, bytes) VALUES('walk', ?, ?)", "nb", w->step,
		       bytes.p, bytes.len);
	buf_free(&bytes);
	if (rc < 0 || !s->forgot)
		return rc;
	if (meta_get(desk, "identities", &identities, err) < 0)
		return -1;
	return meta_put(desk, "identities", identities > s->forgot ? identities - s->forgot : 0, err);
}

/* 1: the stretch is at its end; 0: it goes on. */
static int walk_blocks(struct seen *seen, struct part *desk, struct stretch *s, struct blocks *b, struct err *err)
{
	size_t n = b->last ? b->n : b->n - 1;

	for (size_t i = 0; i < n; i++) {
		int rc;

		if (!s->blocks || (s->merges && seen->young.n <= seen_most(seen)))
			return 1;
		s->blocks--;
		if ((rc = walk_block(seen, desk, s, b, i, err)) <= 0)
			return rc < 0 ? -1 : s->forgot == s->forget;
	}
	if (!b->last)
		return 0;
	return end_walk(seen, desk, err) < 0 ? -1 : 1;
}

int walk_on(struct seen *seen, struct part *desk, struct stretch *s, struct err *err)
{
	struct blocks b = { .pool = pool_new() };
	int rc;

	if (!seen->walk.begun)
		seen->walk.from = seen->sorted;
	do
		rc = read_blocks(desk, &seen->walk, &b, err) < 0 ? -1 : walk_blocks(seen, desk, s, &b, err);
	while (rc == 0);
	buf_free(&b.young);
	buf_free(&b.out);
	pool_free(&b.pool);
	return rc < 0 ? -1 : save(seen, desk, s, err);
}

/* ---- forgetting ---- */

/* Without the desk's lock: mostly there is nothing to forget. A day with an event behind those of a later one is one to
 * which the clock was set back: it says nothing of what came before. */
static int limit(struct part *desk, int64_t before_ms, uint64_t *upto, struct err *err)
{
	uint64_t swept;

	if (part_ready(desk, err) < 0 || meta_get(desk, "swept", &swept, err) < 0 ||
	    query_number(desk, upto, err, "SELECT max(n) FROM day AS d WHERE day < ? AND NOT EXISTS (SELECT 1 FROM day AS later "
			 "WHERE later.day > d.day AND later.day <= ? AND later.n < d.n)", "ii", before_ms / DAY_MS,
			 clock_wall_ms() / DAY_MS) < 0)
		return -1;
	if (*upto <= swept)
		*upto = 0;
	return 0;
}

static int sweep_on(struct seen *seen, struct part *desk, uint64_t upto, struct stretch *s, struct err *err)
{
	if (seen_load(seen, desk, err) < 0)
		return -1;
	if (!seen->walk.upto) {
		seen->walk.begun = false;
		seen->walk.upto = upto;
	}
	return walk_on(seen, desk, s, err);
}

int seen_sweep(struct store *store, int64_t before_ms, size_t max, size_t *n, struct err *err)
{
	struct part *desk = &sqlite_of(store)->desk;
	struct seen *seen = &sqlite_of(store)->seen;
	struct stretch s = { .blocks = SWEEP_BLOCKS, .forget = max };
	uint64_t upto;
	int rc;

	if (limit(desk, before_ms, &upto, err) < 0)
		return -1;
	if (!max || !upto)
		return 0;
	if (part_begin(desk, false, err) < 0)
		return -1;
	rc = sweep_on(seen, desk, upto, &s, err);
	if (rc == 0)
		rc = part_commit(desk, err);
	part_rollback(desk);
	if (rc < 0)
		seen_unload(seen);
	else
		*n = s.forgot;
	return rc;
}
