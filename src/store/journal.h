/* SPDX-License-Identifier: EUPL-1.2
 * The journal: where events are made durable, before they are collected into log.db. Files journal.NUMBER in the
 * directory of the store, each a head and then blocks, one for each group; journal.spare, which becomes the next of
 * them; and journal.lock, which also says how far the newest goes. doc/design/2026-11-26-journal.md has the
 * reasons. It knows numbers of events, not events. A struct journal is one thread's at a time. */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include <sys/types.h>
#include "base/buf.h"
#include "base/lock.h"

#define JOURNAL_PAGE 4096		/* blocks begin and end at multiples of it */
#define JOURNAL_FILE (16u << 20)	/* bytes after which the next file is begun, unless it was made larger */
#define JOURNAL_LARGE 16		/* so many times as large is a spare file that is made behind a burst */

struct journal_tail {		/* up to where it is durable; whatever stands behind was never answered for */
	uint64_t file, at;	/* at 0: there is no file, the next one gets the number after this */
	uint64_t next;		/* number that the next event gets; 0: not known */
};

struct journal_end {		/* an open file, to write to or to read from */
	int fd;			/* -1: none */
	uint64_t file, at, salt, next;
	uint64_t limit;		/* nothing is read from there on ... */
	bool bounded;		/* ... and that is where the next file says that this one ended */
	uint64_t size;		/* bytes of the file when it was opened */
	ino_t ino;
};

struct journal_spare {		/* for those who prepare */
	struct journal_tail seen;	/* when it was looked last ... */
	bool calm;		/* ... and little had come since the look before that */
	int64_t looked_ms, since_ms;	/* mono: then, and: from then on `bytes` have come */
	uint64_t bytes;
	bool pours;		/* there was a burst */
	int fd;			/* journal.new, with so many bytes of zeros on the disk; -1: none */
	uint64_t at;
};

struct journal {
	char *dir, *group;
	struct lock lock;
	ino_t lock_ino;
	bool broken;		/* to be opened anew before it is used again */
	bool wrote;		/* since it was opened */
	unsigned opened;	/* how often */
	uint64_t file_bytes;	/* JOURNAL_FILE; tests have it smaller */
	struct journal_end writer, reader;
	struct journal_spare spare;
	uint64_t passed, gone;	/* files up to these were read to their end, and let go */
	uint64_t read;		/* the number of the last event that was read or passed over */
	struct buf out, in;
	uint64_t in_at;		/* of the file that is read: where `in` begins */
};

struct journal_block {
	uint64_t first;		/* number of the first of n events, the others follow */
	uint32_t n;
	struct cut rows;	/* as they were written; until the next read */
};

/* Makes journal.lock for the group; looks for what a crash left, and makes sure of it. */
int journal_open(struct journal *j, const char *dir, const char *group, struct err *err);
void journal_close(struct journal *j);
/* Opens it anew if it has to be; then j->opened is another. */
int journal_ready(struct journal *j, struct err *err);

/* The rows of a block are put into what this gives (not in front of what is there), then written. */
struct buf *journal_rows(struct journal *j);
/* One block of n >= 1 events, durable when it returns 0; *first: the number of the first, greater than all before, and
 * than `above`: the greatest that is known elsewhere, looked up since j->opened changed and since a failure. After a
 * failure nobody reads it. */
int journal_write(struct journal *j, uint32_t n, uint64_t above, uint64_t *first, struct err *err);

/* The newest number that was given, 0: none. Does not wait for those who write. */
int journal_last(struct journal *j, uint64_t *n, struct err *err);
/* The same without opening it; 0 where there is no journal. */
uint64_t journal_peek(const char *dir);
/* The first block that has a number above `after`: cheap where the last one that was read ended. 1: there is one; 0: not
 * yet; -1. */
int journal_read(struct journal *j, uint64_t after, struct journal_block *block, struct err *err);
/* Whether files lie behind the reader, and: let them go, since what they have is durable elsewhere. */
bool journal_is_past_files(const struct journal *j);
void journal_let_go(struct journal *j);

/* Makes sure that there is a journal.spare once it is wanted soon, whose place on the disk is written: a larger one when events
 * have poured in, as far as it can be made while few come. What it makes is at most half of `room`, bytes of the disk; where even
 * a file is more, a larger spare one is given back. To be called several times a second, and soon again when it returns 1: it
 * is not made yet. 0; -1. */
int journal_prepare(struct journal *j, uint64_t room, struct err *err);

/* Nobody else writes from hold to release. Remove: all files, since what they have is durable elsewhere. */
int journal_hold(struct journal *j, struct err *err);
int journal_remove(struct journal *j, struct err *err);
void journal_release(struct journal *j);

/* Whether a file, or the spare one, may still have an event with a number up to this one. */
bool journal_reaches(const struct journal *j, uint64_t upto);
uint64_t journal_bytes(const char *dir);	/* of its files */

#endif
