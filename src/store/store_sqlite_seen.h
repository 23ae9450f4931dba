/* SPDX-License-Identifier: EUPL-1.2
 * Remembered identities on SQLite. An entry is an identity with the number of its first event and the digest of its
 * content. The table `block` holds entries in key order, about a hundred in a row that fills a page. New ones are
 * young: one row of `fresh` a batch, and in memory. A walk through the blocks in key order, a bounded stretch at a
 * time, merges them in and leaves out what is to be forgotten; so a page is written once for many new identities. */
#ifndef STORE_STORE_SQLITE_SEEN_H
#define STORE_STORE_SQLITE_SEEN_H

#include "base/buf.h"
#include "store/store.h"

#define ENTRY 26			/* key, number (6 bytes), digest (4 bytes), big-endian */
#define YOUNG (1u << 17)		/* as many may be young: with more, fewer pages are written and more memory is used */
#define BLOCK_MOST 156			/* entries: with more, a row would need a second page */

struct part;

void entry_put(unsigned char *entry, const struct event_key *key, uint64_t n, uint32_t digest);
uint64_t entry_n(const unsigned char *entry);
uint32_t entry_digest(const unsigned char *entry);
/* The first 63 bits of a key: a block's number is that of the first key that belongs in it. */
uint64_t key_prefix(const unsigned char *key);
/* The first of n sorted entries that is not below the key. */
size_t entries_find(const unsigned char *entries, size_t n, const unsigned char *key);

/* ---- store_sqlite_young.c: entries in memory, sorted in buckets by the first bits of their keys ---- */

struct young {
	struct bucket *buckets;		/* null: none was added */
	size_t n;
};

void young_free(struct young *y);
const unsigned char *young_find(const struct young *y, const unsigned char *key);	/* or null */
void young_add(struct young *y, const unsigned char *entry);	/* unless its key is there */
/* Appends those behind the key (null: from the first on) whose prefix is below the end, in order. False: there are more
 * than the most. */
bool young_copy(const struct young *y, const unsigned char *after, uint64_t end, size_t most, struct buf *out);
void young_drop(struct young *y, const unsigned char *key);	/* if it is there */

/* ---- store_sqlite_seen.c ---- */

struct walk {			/* as it is kept in meta */
	bool begun;
	unsigned char at[EVENT_KEY];	/* if begun: all keys up to this one were walked past */
	uint64_t from;		/* rows of `fresh` up to this one are merged when it ends ... */
	uint64_t merged;	/* ... and up to this one were merged by walks before: they can go */
	uint64_t upto;		/* forgets first events up to this number; 0: none */
	uint64_t step;		/* rises with every change */
};

struct seen {
	size_t most;		/* that may be young before sorting walks on; 0: YOUNG */
	struct young young;
	struct walk walk;
	struct buf batch;	/* entries added by this transaction */
	bool loaded;		/* what is here is what the desk says ... */
	unsigned opened;	/* ... in this opening, */
	uint64_t sorted;	/* sorted up to here */
};

/* All in a transaction of the desk, one that writes but for loading and finding. When what was added is rolled back:
 * seen_unload. */
size_t seen_most(const struct seen *seen);
int seen_load(struct seen *seen, struct part *desk, struct err *err);
void seen_unload(struct seen *seen);
/* 1: found, a copy is in entry (of ENTRY bytes); 0: not known. */
int seen_find(struct seen *seen, struct part *desk, const struct event_key *key, unsigned char *entry, struct err *err);
/* One that is not known. */
void seen_add(struct seen *seen, const struct event_key *key, uint64_t n, uint32_t digest);
/* Writes what was added by sorting up to this number, and walks on when much is young. */
int seen_write(struct seen *seen, struct part *desk, uint64_t sorted, struct err *err);

/* ---- store_sqlite_walk.c ---- */

struct stretch {		/* of a walk */
	size_t blocks;		/* at most; what is left of that */
	bool merges;		/* it ends when enough is merged; else it is there to forget */
	size_t forget, forgot;	/* at most, and done */
};
/* [T] Goes on, but not beyond the end of a walk: the next begins where keys begin. */
int walk_on(struct seen *seen, struct part *desk, struct stretch *stretch, struct err *err);
/* Writes entries, in order, as a block of this number and as many more as that takes. */
int blocks_put(struct part *desk, uint64_t id, const unsigned char *entries, size_t n, struct err *err);
int seen_sweep(struct store *store, int64_t before_ms, size_t max, size_t *n, struct err *err);

/* ---- store_sqlite_convert.c ---- */
/* Moves what is in the table of earlier versions, some at a time; goes on after a crash. */
int seen_convert(struct part *desk, struct err *err);

#endif
