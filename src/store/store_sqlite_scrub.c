/* SPDX-License-Identifier: EUPL-1.2
 * What secure_delete leaves: when SQLite moves rows between pages of a tree it does not clear the places where they
 * stood, between the pointers of a page and its content. Deleting a row later clears the one place where it then is.
 * So the unused part of every page of a tree is filled with zeros here, in the file, through SQLite's own handle of it.
 *
 * That is safe because nobody reads that part; because the fair lock, SQLite's write lock and an empty WAL mean that
 * nobody else writes to the file; and because a commit follows that makes all others drop the pages they have cached. */
#include "config.h"
#include "store/store_sqlite.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/clock.h"
#include "base/mem.h"

#define AT_ONCE 128		/* pages that are cleared while the lock is held */
#define PAGE_MAX 65536
#define LEAST_PAGES 2		/* the first one has the schema */
#define MOST_PAGES 0x01FFFFFF	/* beyond, the first byte of a page that is not of a tree might look like one that is */
#define AGAIN_MS 10

struct scrub {
	struct part *part;
	sqlite3_file *file;
	const struct scrubbing *how;
	enum store_part which;
	uint64_t page, pages;	/* the size of one, and how many */
	uint32_t v[AT_ONCE];
	size_t n;
	unsigned char *bytes;
};

static size_t get16(const unsigned char *p)
{
	return (size_t)p[0] << 8 | p[1];
}

/* The unused part between the pointers to cells and the content, in a page of a tree (SQLite's file format, 1.6). */
static size_t find_gap(const unsigned char *p, size_t page, size_t *start)
{
	bool leaf = p[0] == 10 || p[0] == 13;
	size_t end = get16(p + 5);

	if (!leaf && p[0] != 2 && p[0] != 5)
		return 0;
	*start = (leaf ? 8 : 12) + 2 * get16(p + 3);
	return end <= page && end > *start ? end - *start : 0;
}

static bool is_clear(const unsigned char *p, size_t len)
{
	return !len || (!p[0] && memcmp(p, p + 1, len - 1) == 0);
}

static int read_page(struct scrub *s, uint32_t number, struct err *err)
{
	int rc = s->file->pMethods->xRead(s->file, s->bytes, (int)s->page, (sqlite3_int64)((number - 1) * s->page));

	if (rc == SQLITE_IOERR_SHORT_READ)	/* the file has become shorter, or the page is in the WAL alone */
		memset(s->bytes, 0, s->page);
	else if (rc != SQLITE_OK)
		return err_set(err, "%s cannot be read: check the disk, see the kernel's log", s->part->path);
	return 0;
}

static int clear_page(struct scrub *s, uint32_t number, struct err *err)
{
	size_t start = 0, len;

	if (read_page(s, number, err) < 0)
		return -1;
	len = find_gap(s->bytes, s->page, &start);
	if (is_clear(s->bytes + start, len))
		return 0;
	memset(s->bytes + start, 0, len);
	if (s->file->pMethods->xWrite(s->file, s->bytes + start, (int)len,
				      (sqlite3_int64)((number - 1) * s->page + start)) == SQLITE_OK)
		return 0;
	return err_set(err, "%s cannot be written: check the disk, see the kernel's log", s->part->path);
}

/* In a write transaction, with the WAL empty. */
static int clear_pages(struct scrub *s, struct err *err)
{
	for (size_t i = 0; i < s->n; i++)
		if (clear_page(s, s->v[i], err) < 0)
			return -1;
	return part_touch(s->part, err);	/* a commit that changes nothing, and is seen */
}

/* 1: done; 0: somebody reads an old state, or wrote in between; -1. */
static int try_to_clear(struct scrub *s, struct err *err)
{
	bool empty;
	int rc;

	if (part_truncate(s->part, &empty, err) < 0)
		return -1;
	if (!empty)
		return 0;
	if (part_begin(s->part, false, err) < 0)
		return -1;
	rc = part_wal_is_empty(s->part) ? clear_pages(s, err) : 1;
	if (rc == 0)
		rc = part_commit(s->part, err);
	part_rollback(s->part);
	if (s->part->db)
		sqlite3_db_release_memory(s->part->db);
	return rc < 0 ? -1 : rc == 0;
}

static int clear_list(struct scrub *s, bool *whole, struct err *err)
{
	const struct timespec pause = { 0, AGAIN_MS * 1000000L };
	int64_t until_ms;
	int rc;

	if (!s->n)
		return 0;
	until_ms = clock_mono_ms() + (*whole ? s->how->wait_ms : 0);
	while ((rc = try_to_clear(s, err)) == 0 && clock_mono_ms() < until_ms)
		nanosleep(&pause, NULL);
	s->n = 0;
	*whole &= rc > 0;
	return rc < 0 ? -1 : 0;
}

static int look_at_page(struct scrub *s, uint32_t number, struct err *err)
{
	size_t start = 0, len;

	if (read_page(s, number, err) < 0)
		return -1;
	len = find_gap(s->bytes, s->page, &start);
	if (!is_clear(s->bytes + start, len))
		s->v[s->n++] = number;
	return 0;
}

static int walk(struct scrub *s, bool *whole, struct err *err)
{
	for (uint64_t number = LEAST_PAGES; number <= s->pages; number++) {
		if (look_at_page(s, (uint32_t)number, err) < 0 || (s->n == AT_ONCE && clear_list(s, whole, err) < 0))
			return -1;
		if (number % 4096 == 0 && s->how->go_on &&
		    !s->how->go_on(s->how->arg, s->which, number * s->page, s->pages * s->page))
			return err_set(err, "stopped: unused parts of %s may still hold something", s->part->path);
	}
	return clear_list(s, whole, err);
}

static int scrub_part(struct part *p, struct scrub *s, bool *whole, struct err *err)
{
	uint64_t vacuums;
	int rc;

	s->part = p;
	if (part_ready(p, err) < 0 || query_number(p, &s->page, err, "PRAGMA page_size", "") < 0 ||
	    query_number(p, &s->pages, err, "PRAGMA page_count", "") < 0 ||
	    query_number(p, &vacuums, err, "PRAGMA auto_vacuum", "") < 0)
		return -1;
	if (s->page > PAGE_MAX / 2 || s->pages > MOST_PAGES || vacuums ||
	    sqlite3_file_control(p->db, "main", SQLITE_FCNTL_FILE_POINTER, &s->file) != SQLITE_OK || !s->file->pMethods) {
		*whole = false;
		return 0;
	}
	s->bytes = mem_alloc(s->page);
	rc = walk(s, whole, err);
	if (rc == 0 && s->file->pMethods->xSync(s->file, SQLITE_SYNC_NORMAL) != SQLITE_OK)
		rc = err_set(err, "%s cannot be synchronised: check the disk, see the kernel's log", p->path);
	free(s->bytes);
	return rc;
}

int house_scrub(struct store *store, const struct scrubbing *how, bool *whole, struct err *err)
{
	struct sqlite_store *s = sqlite_of(store);
	struct scrub desk = { .how = how, .which = STORE_DESK }, log = desk;

	log.which = STORE_LOG;
	*whole = true;
	return scrub_part(&s->desk, &desk, whole, err) < 0 ? -1 : scrub_part(&s->log, &log, whole, err);
}
