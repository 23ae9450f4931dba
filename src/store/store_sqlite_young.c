/* SPDX-License-Identifier: EUPL-1.2
 * Entries in memory: buckets by the first bits of the key, each a sorted array. Keys are hashes, so that buckets stay
 * short; where they are not (in tests), it is only slower. */
#include "config.h"
#include "store/store_sqlite_seen.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

#define BITS 9			/* of the key that decide its bucket: with more, what many small ones leave between them is lost */
#define BUCKETS (1u << BITS)
#define ROOM 64			/* entries by which a bucket grows; with twice as many to spare it shrinks */

struct bucket {
	unsigned char *v;
	uint32_t n, cap;
};

static size_t bucket_of(const unsigned char *key)
{
	return ((size_t)key[0] << 8 | key[1]) >> (16 - BITS);
}

void young_free(struct young *y)
{
	for (size_t i = 0; y->buckets && i < BUCKETS; i++)
		free(y->buckets[i].v);
	free(y->buckets);
	*y = (struct young){0};
}

static bool is_at(const struct bucket *b, size_t i, const unsigned char *key)
{
	return i < b->n && memcmp(b->v + i * ENTRY, key, EVENT_KEY) == 0;
}

const unsigned char *young_find(const struct young *y, const unsigned char *key)
{
	const struct bucket *b;
	size_t i;

	if (!y->n)
		return NULL;
	b = &y->buckets[bucket_of(key)];
	i = entries_find(b->v, b->n, key);
	return is_at(b, i, key) ? b->v + i * ENTRY : NULL;
}

void young_add(struct young *y, const unsigned char *entry)
{
	struct bucket *b;
	size_t i;

	if (!y->buckets)
		y->buckets = mem_array(BUCKETS, sizeof *y->buckets);
	b = &y->buckets[bucket_of(entry)];
	i = entries_find(b->v, b->n, entry);
	if (is_at(b, i, entry))
		return;
	if (b->n == b->cap) {
		b->cap += ROOM;
		b->v = mem_grow(b->v, b->cap, ENTRY);
	}
	memmove(b->v + (i + 1) * ENTRY, b->v + i * ENTRY, (b->n - i) * ENTRY);
	memcpy(b->v + i * ENTRY, entry, ENTRY);
	b->n++;
	y->n++;
}

bool young_copy(const struct young *y, const unsigned char *after, uint64_t end, size_t most, struct buf *out)
{
	for (size_t at = after ? bucket_of(after) : 0; y->n && at < BUCKETS; at++) {
		const struct bucket *b = &y->buckets[at];
		size_t i = after ? entries_find(b->v, b->n, after) : 0;

		if (after && is_at(b, i, after))
			i++;
		for (; i < b->n; i++) {
			if (key_prefix(b->v + i * ENTRY) >= end)
				return true;
			if (!most--)
				return false;
			buf_put(out, b->v + i * ENTRY, ENTRY);
		}
		if ((uint64_t)(at + 1) << (63 - BITS) >= end)
			return true;
	}
	return true;
}

/* A walk empties buckets that fill again long after: each as large as it ever was would take twice the memory. */
static void shrink(struct bucket *b)
{
	if (b->cap - b->n < 2 * ROOM)
		return;
	b->cap = b->n + ROOM;
	b->v = mem_grow(b->v, b->cap, ENTRY);
}

void young_drop(struct young *y, const unsigned char *key)
{
	struct bucket *b;
	size_t i;

	if (!y->n)
		return;
	b = &y->buckets[bucket_of(key)];
	i = entries_find(b->v, b->n, key);
	if (!is_at(b, i, key))
		return;
	memmove(b->v + i * ENTRY, b->v + (i + 1) * ENTRY, (b->n - i - 1) * ENTRY);
	b->n--;
	y->n--;
	shrink(b);
}
