/* SPDX-License-Identifier: EUPL-1.2
 * Reading the journal up to its tail. */
#include "config.h"
#include "store/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/log.h"

#define READ (256u << 10)	/* bytes that are read at once, at least */
#define LOOK_MS 1000		/* for one who writes */

/* ---- bytes ---- */

/* Reads at least len bytes from e->at on, if there are as many before e->limit. */
static int fill(struct journal *j, const struct journal_end *e, size_t len, struct err *err)
{
	size_t want = len > READ ? len : READ;
	ssize_t n;

	if (want > e->limit - e->at)
		want = (size_t)(e->limit - e->at);
	buf_reset(&j->in);
	if (j->in.cap > JOURNAL_KEEP && len < JOURNAL_KEEP)
		buf_free(&j->in);
	j->in_at = e->at;
	do {
		n = pread(e->fd, buf_room(&j->in, want - j->in.len), want - j->in.len, (off_t)(e->at + j->in.len));
		if (n > 0)
			j->in.len += (size_t)n;
	} while ((n > 0 && j->in.len < len) || (n < 0 && errno == EINTR));
	return n < 0 ? err_sys(err, "cannot read %s/" JOURNAL_NAME ".%llu", j->dir, (unsigned long long)e->file) : 0;
}

/* *p: len bytes from e->at on. 1; 0: it ends before; -1. */
static int have(struct journal *j, const struct journal_end *e, size_t len, unsigned char **p, struct err *err)
{
	if (len > e->limit - e->at)
		return 0;
	if ((e->at < j->in_at || e->at + len > j->in_at + j->in.len) && fill(j, e, len, err) < 0)
		return -1;
	if (e->at + len > j->in_at + j->in.len)
		return 0;
	*p = (unsigned char *)j->in.p + (e->at - j->in_at);
	return 1;
}

int block_at(struct journal *j, const struct journal_end *e, uint64_t after, struct block_head *h, struct journal_block *b,
	     struct err *err)
{
	unsigned char *p;
	int rc = have(j, e, JOURNAL_BLOCK, &p, err);

	if (rc <= 0 || !block_get(p, e, h))
		return rc < 0 ? -1 : 0;
	*b = (struct journal_block){ h->first, h->n, {0} };
	if (h->first + h->n - 1 <= after)
		return 1;
	rc = have(j, e, h->total, &p, err);
	if (rc <= 0 || !block_is_whole(p, e, h))
		return rc < 0 ? -1 : 0;
	b->rows = (struct cut){ p + JOURNAL_BLOCK, h->len, false };
	return 1;
}

/* ---- the tail ---- */

/* When it cannot be read, opening the journal anew waits for who writes it, and mends it if nobody does. */
static int tail_for_reading(struct journal *j, struct journal_tail *t, struct err *err)
{
	for (int i = 0; i < 2; i++) {
		if (journal_ready(j, err) < 0)
			return -1;
		if (tail_read(j->lock.fd, t) == 0)
			return 0;
		j->broken = true;
	}
	return err_set(err, "%s/" JOURNAL_NAME ".lock cannot be read or is damaged: check the disk, see the kernel's log", j->dir);
}

/* Who only reads would look at the tail in a file that nobody writes any more. Who still writes with that one locked is
 * waited for: what he is about to answer for would be taken for what a crash left, and the next one would write over it. */
static void look_for_lock(struct journal *j)
{
	char *lock = journal_path_named(j->dir, "lock");

	if (!j->broken && ino_named(lock) != j->lock_ino && (j->lock.held || lock_take(&j->lock, LOOK_MS, NULL) == 0)) {
		log_warn("%s was moved or replaced while in use", lock);
		j->broken = true;
		lock_release(&j->lock);
	}
	free(lock);
}

int journal_last(struct journal *j, uint64_t *n, struct err *err)
{
	struct journal_tail t;

	look_for_lock(j);
	if (tail_for_reading(j, &t, err) < 0)
		return -1;
	*n = t.next ? t.next - 1 : 0;
	return 0;
}

/* ---- files ---- */

static void pass(struct journal *j, uint64_t file)
{
	j->passed = file;
	j->in.len = 0;
	end_close(&j->reader);
}

static int gone(const struct journal *j, uint64_t file, struct err *err)
{
	return err_set(err, "%s/" JOURNAL_NAME ".%llu is gone and events in it cannot be read: put it back", j->dir,
		       (unsigned long long)file);
}

static int damaged(const struct journal *j, uint64_t file, uint64_t at, struct err *err)
{
	return err_set(err, "%s/" JOURNAL_NAME ".%llu is damaged at byte %llu and events behind that cannot be read: see the "
		       "kernel's log; to go on without them, move the file away", j->dir, (unsigned long long)file,
		       (unsigned long long)at);
}

/* No file is there up to that of the tail. 0: since all were read, or let go meanwhile, *t being the tail of now. */
static int none_left(struct journal *j, struct journal_tail *t, struct err *err)
{
	uint64_t file = t->file;

	if (!t->at || j->passed >= file)
		return 0;
	if (tail_for_reading(j, t, err) < 0)
		return -1;
	return t->file == file && t->at && j->passed < file ? gone(j, file, err) : 0;
}

/* Opens the first file that was not read. 1; 0: there is none; -1. */
static int open_reader(struct journal *j, struct journal_tail *t, struct err *err)
{
	for (;;) {
		struct file_head h;
		uint64_t file, last = t->file;
		int rc;

		if (file_next(j->dir, j->passed, &file, err) < 0)
			return -1;
		if (!file || file > t->file) {
			if (none_left(j, t, err) < 0)
				return -1;
			if (t->file == last)
				return 0;
			continue;
		}
		rc = end_open(&j->reader, j->dir, file, O_RDONLY, &h, err);
		if (rc == END_DAMAGED)
			return damaged(j, file, 0, err);
		if (rc)
			return rc;
		pass(j, file);	/* it never had anything */
	}
}

/* The first file behind the one that is read that has a head. As end_open, which leaves nothing open. */
static int look_behind(const struct journal *j, uint64_t *file, struct file_head *h, struct err *err)
{
	struct journal_end next = { .fd = -1 };
	int rc = END_NONE;

	*file = j->reader.file;
	while (rc == END_NONE) {
		if (file_next(j->dir, *file, file, err) < 0)
			return -1;
		if (!*file)
			return END_NONE;
		rc = end_open(&next, j->dir, *file, O_RDONLY, h, err);
	}
	end_close(&next);
	return rc;
}

/* Another process let the file that is read go, or an operator took it away. */
static bool is_moved(const struct journal *j)
{
	char *path = journal_path(j->dir, j->reader.file);
	bool moved = ino_named(path) != j->reader.ino;

	free(path);
	return moved;
}

/* How far the file that is read goes. Behind the tail, and behind where the next file says that this one ended, may stand
 * what a killed process left: nobody was answered for it, and its numbers were given to others. */
static int bound(struct journal *j, const struct journal_tail *t, struct err *err)
{
	struct file_head h = {0};
	bool moved;
	uint64_t file;
	int rc;

	if (j->reader.file == t->file)
		j->reader.limit = t->at;
	if (j->reader.file == t->file || j->reader.bounded)
		return 0;
	moved = is_moved(j);
	rc = moved ? END_NONE : look_behind(j, &file, &h, err);
	if (rc < 0)
		return -1;
	j->reader.limit = moved ? j->reader.at : UINT64_MAX;
	if (rc == END_OPEN && file == j->reader.file + 1 && h.before)
		j->reader.limit = h.before;
	j->reader.bounded = true;
	return 0;
}

/* There is no block where the reader is, before the tail. Whether the file ends there is known from `bound`; where it was
 * moved, it is over too. */
static int leave(struct journal *j, const struct journal_tail *t, struct err *err)
{
	bool ends = j->reader.file != t->file && (j->reader.limit == UINT64_MAX || j->reader.limit == j->reader.at);

	if (!ends && !is_moved(j))
		return damaged(j, j->reader.file, j->reader.at, err);
	pass(j, j->reader.file);
	return 0;
}

/* ---- blocks ---- */

int journal_read(struct journal *j, uint64_t after, struct journal_block *b, struct err *err)
{
	struct journal_tail t;
	struct block_head h;
	int rc;

	if (tail_for_reading(j, &t, err) < 0)
		return -1;
	if (after < j->read || t.file < j->passed || t.file < j->reader.file) {
		pass(j, 0);	/* what was read is not where it should have gone */
		j->read = 0;
	}
	for (;;) {
		if (j->reader.fd < 0 && (rc = open_reader(j, &t, err)) <= 0)
			return rc;
		if (j->reader.file == t.file && j->reader.at >= t.at)
			return 0;
		if (bound(j, &t, err) < 0)
			return -1;
		rc = block_at(j, &j->reader, after, &h, b, err);
		if (rc < 0 || (rc == 0 && leave(j, &t, err) < 0))
			return -1;
		if (rc == 0)
			continue;
		j->reader.at += h.total;
		j->read = h.first + h.n - 1;
		if (b->rows.p)
			return 1;
	}
}

bool journal_reaches(const struct journal *j, uint64_t upto)
{
	char *path = journal_path_named(j->dir, "spare");
	bool reaches = file_begins_within(path, upto);
	uint64_t file;

	free(path);
	if (reaches || file_next(j->dir, 0, &file, NULL) < 0 || !file)
		return reaches;
	path = journal_path(j->dir, file);
	reaches = file_begins_within(path, upto);
	free(path);
	return reaches;
}

bool journal_is_past_files(const struct journal *j)
{
	return j->passed > j->gone;
}
