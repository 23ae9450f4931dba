/* SPDX-License-Identifier: EUPL-1.2
 * The numbering of sources in memory. */
#include "store/store_memory.h"

#include <string.h>
#include "base/die.h"
#include "base/mem.h"

static struct sequence *find(struct memory *m, const struct event_key *key)
{
	rows_each(struct sequence, it, &m->desk.tables[SEQUENCE])
		if (memcmp(&it->key, key, sizeof *key) == 0)
			return it;
	return NULL;
}

static struct sequence sequence_of(struct pool *pool, const struct sequence *q)
{
	struct sequence copy = *q;

	copy.source = pool_str(pool, q->source);
	copy.last = pool_str(pool, q->last);
	return copy;
}

static struct gap gap_of(struct pool *pool, const struct gap *gap)
{
	struct gap copy = *gap;

	copy.sender = pool_str(pool, gap->sender);
	copy.source = pool_str(pool, gap->source);
	copy.before = pool_str(pool, gap->before);
	copy.got = pool_str(pool, gap->got);
	return copy;
}

int memory_sequence(struct store *s, const struct event_key *key, struct pool *pool, struct sequence **out,
		    struct err *err)
{
	struct sequence *q = find(memory_of(s), key);

	(void)err;
	if (!q)
		return 0;
	*out = pool_alloc(pool, sizeof **out);
	**out = sequence_of(pool, q);
	return 0;
}

int memory_sequence_put(struct store *s, const struct sequence *q, struct err *err)
{
	struct memory *m = memory_of(s);
	struct sequence copy, *old = find(m, &q->key);

	if (memory_in_transaction(m, err) < 0)
		return -1;
	copy = sequence_of(m->pool, q);
	if (old)
		*old = copy;
	else
		rows_add(&m->desk.tables[SEQUENCE], &copy);
	return 0;
}

int memory_gap_add(struct store *s, const struct gap *gap, struct err *err)
{
	struct memory *m = memory_of(s);
	struct rows *r = &m->desk.tables[GAP];
	struct gap copy;

	if (memory_in_transaction(m, err) < 0)
		return -1;
	copy = gap_of(m->pool, gap);
	copy.id = ++m->desk.gap_id;
	rows_add(r, &copy);
	if (r->n > STORE_GAPS)
		rows_cut(r, 0);
	return 0;
}

int memory_gaps(struct store *s, uint64_t before, struct pool *pool, struct gap **v, size_t *n, struct err *err)
{
	struct rows *r = &memory_of(s)->desk.tables[GAP];

	(void)err;
	*n = 0;
	*v = pool_alloc(pool, PAGE_ROWS * sizeof **v);
	for (size_t i = r->n; i-- > 0 && *n < PAGE_ROWS;)
		if (!before || row_at(struct gap, r, i)->id < before)
			(*v)[(*n)++] = gap_of(pool, row_at(struct gap, r, i));
	return 0;
}

int memory_sequenced(struct store *s, uint64_t *n, struct err *err)
{
	(void)err;
	*n = memory_of(s)->desk.sequenced;
	return 0;
}

int memory_sequenced_put(struct store *s, uint64_t n, struct err *err)
{
	struct memory *m = memory_of(s);

	if (memory_in_transaction(m, err) < 0)
		return -1;
	m->desk.sequenced = n;
	return 0;
}

int memory_forget_sequences(struct store *s, int64_t before_ms, size_t *n, struct err *err)
{
	struct memory *m = memory_of(s);
	struct rows *r = &m->desk.tables[SEQUENCE];

	(void)err;
	must(!m->begun);
	for (size_t i = r->n; i-- > 0 && *n < FORGET_ROWS;)
		if (row_at(struct sequence, r, i)->at_ms < before_ms) {
			rows_cut(r, i);
			(*n)++;
		}
	return 0;
}
