/* SPDX-License-Identifier: EUPL-1.2
 * The files of the journal as bytes: their names, heads, blocks and the tail. Private to src/store/journal*.c. Numbers
 * are big-endian.
 *
 * A file: one page with its head (magic, number, salt, number of its first event, where the file before ends, sum);
 * then blocks, whole pages each: a head (number of its first event, how many, bytes of the rows, where it stands, sum of
 * the rows, sum of the head), the rows, zeros. The tail, in journal.lock from byte 8 on: file, where, next number, sum. */
#ifndef STORE_JOURNAL_FILE_H
#define STORE_JOURNAL_FILE_H

#include "store/journal.h"

#define JOURNAL_NAME "journal"
#define JOURNAL_BLOCK 40	/* bytes of the head of a block */
#define JOURNAL_KEEP (1u << 20)	/* memory that is kept for the next block */

char *journal_path(const char *dir, uint64_t file);		/* the caller frees */
char *journal_path_named(const char *dir, const char *name);
ino_t ino_named(const char *path);		/* 0: nothing has this name */
ino_t ino_open(int fd);
uint64_t bytes_named(const char *path);		/* 0: nothing has this name, or it is empty */
int journal_sync_dir(const char *dir);

/* The file with the lowest number above `above`, and that with the highest one below `below`; 0: there is none. */
int file_next(const char *dir, uint64_t above, uint64_t *file, struct err *err);
int file_before(const char *dir, uint64_t below, uint64_t *file, struct err *err);

struct file_head {
	uint64_t salt, first;	/* first: the number of its first event */
	uint64_t before;	/* where the file before ends; 0: not known */
};
void file_head_put(void *page, uint64_t file, const struct file_head *h);
/* Whether it has events from a number up to this one on, under whatever name. */
bool file_begins_within(const char *path, uint64_t upto);

enum { END_NONE = 0, END_OPEN = 1, END_DAMAGED = 2 };
/* END_NONE: it is not there, or was never begun; END_DAMAGED: it was, and its head cannot be read; -1. */
int end_open(struct journal_end *e, const char *dir, uint64_t file, int flags, struct file_head *h, struct err *err);
void end_close(struct journal_end *e);

/* Without the lock who writes it may be seen in the middle of that, -1. *t is all 0 when nothing was written yet. */
int tail_read(int fd, struct journal_tail *t);
int tail_named(const char *dir, struct journal_tail *t);	/* likewise, and where there is no journal */
int tail_write(const struct journal *j, const struct journal_tail *t, struct err *err);

void journal_drop_new(struct journal *j);	/* what it makes is not made (journal_spare.c) */

struct block_head {
	uint64_t first, total;	/* total: bytes with the head and what fills its last page */
	uint32_t n, len;
};
uint64_t block_pages(uint64_t len);		/* bytes of the pages that hold so many */
void block_put(void *at_head, uint64_t salt, uint64_t at, const struct journal_block *b);
bool block_get(const unsigned char *p, const struct journal_end *e, struct block_head *h);
bool block_is_whole(const unsigned char *p, const struct journal_end *e, const struct block_head *h);

/* The block at e, through j->in, which the caller empties when it changes e's file. Of those that have nothing above
 * `after` the rows are not read. 1; 0: there is no whole one; -1. (journal_read.c) */
int block_at(struct journal *j, const struct journal_end *e, uint64_t after, struct block_head *h, struct journal_block *b,
	     struct err *err);

#endif
