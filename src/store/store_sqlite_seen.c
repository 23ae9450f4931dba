/* SPDX-License-Identifier: EUPL-1.2
 * Looking up and adding identities. What is young is loaded from the desk when it is first needed, and again when
 * another process has written there. */
#include "config.h"
#include "store/store_sqlite.h"

#include <string.h>
#include "base/die.h"

#define BLOCKS_LEAST 64		/* blocks that one call walks past, and ... */
#define BLOCKS_PART 2		/* ... one more for so many identities sorted */
#define DROP_ROWS 20		/* merged rows that one call removes */

void entry_put(unsigned char *entry, const struct event_key *key, uint64_t n, uint32_t digest)
{
	must(n >> 48 == 0);
	memcpy(entry, key->b, EVENT_KEY);
	for (int i = 0; i < 6; i++)
		entry[EVENT_KEY + i] = (unsigned char)(n >> (40 - 8 * i));
	for (int i = 0; i < 4; i++)
		entry[EVENT_KEY + 6 + i] = (unsigned char)(digest >> (24 - 8 * i));
}

static uint64_t big_endian(const unsigned char *p, size_t len)
{
	uint64_t v = 0;

	while (len--)
		v = v << 8 | *p++;
	return v;
}

uint64_t entry_n(const unsigned char *entry)
{
	return big_endian(entry + EVENT_KEY, 6);
}

uint32_t entry_digest(const unsigned char *entry)
{
	return (uint32_t)big_endian(entry + EVENT_KEY + 6, 4);
}

uint64_t key_prefix(const unsigned char *key)
{
	return big_endian(key, 8) >> 1;
}

size_t entries_find(const unsigned char *entries, size_t n, const unsigned char *key)
{
	size_t low = 0;

	while (low < n) {
		size_t middle = low + (n - low) / 2;

		if (memcmp(entries + middle * ENTRY, key, EVENT_KEY) < 0)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}

/* ---- what is young ---- */

size_t seen_most(const struct seen *seen)
{
	return seen->most ? seen->most : YOUNG;
}

void seen_unload(struct seen *seen)
{
	young_free(&seen->young);
	buf_free(&seen->batch);
	*seen = (struct seen){ .most = seen->most };
}

static int damaged(const struct part *desk, struct err *err)
{
	return err_set(err, "%s: remembered identities cannot be read: restore it from a backup, see postvak(1)", desk->path);
}

static int read_walk(struct part *desk, struct walk *w, struct err *err)
{
	struct sqlite3_stmt *q = query(desk, err, "SELECT value, bytes FROM meta WHERE name = 'walk'", "");
	const void *at;
	struct cut in;
	int rc;

	*w = (struct walk){0};
	if (!q || (rc = query_row(desk, q, err)) <= 0)
		return q ? rc : -1;
	w->step = column_n(q, 0);
	in = column_cut(q, 1);
	w->begun = cut_u8(&in);
	w->from = cut_u64(&in);
	w->merged = cut_u64(&in);
	w->upto = cut_u64(&in);
	at = cut_raw(&in, EVENT_KEY);
	if (at)
		memcpy(w->at, at, EVENT_KEY);
	rc = in.bad;
	query_end(q);
	return rc ? damaged(desk, err) : 0;
}

/* Those that this walk has passed are in their blocks. Of later rows some are as well: merging finds that out. */
static void take_row(struct seen *seen, uint64_t id, struct cut in)
{
	const struct walk *w = &seen->walk;
	const unsigned char *entry;

	while ((entry = cut_raw(&in, ENTRY)))
		if (id > w->from || !w->begun || memcmp(entry, w->at, EVENT_KEY) > 0)
			young_add(&seen->young, entry);
}

static int load(struct seen *seen, struct part *desk, struct err *err)
{
	struct sqlite3_stmt *q;
	int rc;

	q = query(desk, err, "SELECT id, entries FROM fresh WHERE id > ? ORDER BY id", "n", seen->walk.merged);
	while (q && (rc = query_row(desk, q, err)) > 0) {
		struct cut in = column_cut(q, 1);

		if (in.len % ENTRY) {
			query_end(q);
			return damaged(desk, err);
		}
		take_row(seen, column_n(q, 0), in);
	}
	return q ? rc : -1;
}

int seen_load(struct seen *seen, struct part *desk, struct err *err)
{
	struct walk walk;
	uint64_t sorted;

	if (read_walk(desk, &walk, err) < 0 || meta_get(desk, "sorted", &sorted, err) < 0)
		return -1;
	if (seen->loaded && seen->opened == desk->opened && seen->sorted == sorted && seen->walk.step == walk.step)
		return 0;
	seen_unload(seen);
	seen->walk = walk;
	seen->sorted = sorted;
	seen->opened = desk->opened;
	if (load(seen, desk, err) < 0)
		return -1;
	seen->loaded = true;
	return 0;
}

/* ---- one identity ---- */

int seen_find(struct seen *seen, struct part *desk, const struct event_key *key, unsigned char *entry, struct err *err)
{
	const unsigned char *found = young_find(&seen->young, key->b);
	struct sqlite3_stmt *q;
	struct cut in;
	size_t i;
	int rc;

	if (found) {
		memcpy(entry, found, ENTRY);
		return 1;
	}
	q = query(desk, err, "SELECT entries FROM block WHERE id <= ? ORDER BY id DESC LIMIT 1", "n", key_prefix(key->b));
	if (!q || (rc = query_row(desk, q, err)) <= 0)
		return q ? rc : -1;
	in = column_cut(q, 0);
	i = entries_find(in.p, in.len / ENTRY, key->b);
	rc = i < in.len / ENTRY && memcmp(in.p + i * ENTRY, key->b, EVENT_KEY) == 0;
	if (rc)
		memcpy(entry, in.p + i * ENTRY, ENTRY);
	query_end(q);
	return rc;
}

void seen_add(struct seen *seen, const struct event_key *key, uint64_t n, uint32_t digest)
{
	unsigned char entry[ENTRY];

	entry_put(entry, key, n, digest);
	young_add(&seen->young, entry);
	buf_put(&seen->batch, entry, ENTRY);
}

/* ---- the end of a batch ---- */

static int drop_merged(struct seen *seen, struct part *desk, struct err *err)
{
	return query_run(desk, err, "DELETE FROM fresh WHERE id IN (SELECT id FROM fresh WHERE id <= ? ORDER BY id LIMIT ?)",
			 "nd", seen->walk.merged, DROP_ROWS);
}

int seen_write(struct seen *seen, struct part *desk, uint64_t sorted, struct err *err)
{
	size_t n = seen->batch.len / ENTRY;
	struct stretch stretch = { .merges = true, .forget = SIZE_MAX };

	if (n && query_run(desk, err, "INSERT INTO fresh(id, entries) VALUES(?, ?)", "nb", sorted, seen->batch.p,
			   seen->batch.len) < 0)
		return -1;
	buf_reset(&seen->batch);
	seen->sorted = sorted;
	if (seen->young.n <= seen_most(seen))
		return 0;
	stretch.blocks = (BLOCKS_LEAST + n / BLOCKS_PART) * (seen->young.n / seen_most(seen));
	return walk_on(seen, desk, &stretch, err) < 0 ? -1 : drop_merged(seen, desk, err);
}
