/* SPDX-License-Identifier: EUPL-1.2
 * The database's file and its wal-index, as SQLite has them open: through SQLite's own methods and never by opening the
 * file or -shm beside it. The layout of the wal-index is https://sqlite.org/walformat.html, section 2. */
#include "config.h"
#include "store/store_sqlite.h"

#include <sqlite3.h>

#define INDEX_PAGE 32768
#define INDEX_VERSION 3007000	/* at offset 0 of both copies of the header, in the machine's byte order */
#define INDEX_PAGE_SIZE 14	/* uint16_t; 1: 65536 */
#define INDEX_FRAMES 16		/* mxFrame: so many were committed */
#define INDEX_COPIED 96		/* nBackfill: so many of them are in the database */
#define FRAME_HEADER 24
#define CHECKPOINT_LOCK 1	/* WAL_CKPT_LOCK: whoever checkpoints has it */

static sqlite3_file *file_of(struct part *p)
{
	sqlite3_file *f = NULL;

	return sqlite3_file_control(p->db, "main", SQLITE_FCNTL_FILE_POINTER, &f) == SQLITE_OK ? f : NULL;
}

int file_sync(struct part *p)
{
	sqlite3_file *f = file_of(p);

	return f && f->pMethods ? f->pMethods->xSync(f, SQLITE_SYNC_NORMAL) : SQLITE_IOERR_FSYNC;
}

/* The first page of the index, which the connection has mapped since it read the file; null: its layout is not known
 * here. A result code of SQLite. */
static int index_page(sqlite3_file *f, volatile char **out)
{
	void volatile *page = NULL;
	int rc;

	*out = NULL;
	if (!f || !f->pMethods || f->pMethods->iVersion < 2)
		return SQLITE_OK;
	rc = f->pMethods->xShmMap(f, 0, INDEX_PAGE, 0, &page);
	if (rc == SQLITE_OK && page && *(volatile uint32_t *)page == INDEX_VERSION)
		*out = page;
	return rc;
}

static uint32_t index_number(volatile char *page, size_t at)
{
	return *(volatile uint32_t *)(page + at);
}

bool index_look(struct part *p, struct wal *wal)
{
	volatile char *page;
	uint64_t size, frame;

	if (index_page(file_of(p), &page) != SQLITE_OK || !page)
		return false;
	size = *(volatile uint16_t *)(page + INDEX_PAGE_SIZE);
	frame = FRAME_HEADER + (size == 1 ? 65536 : size);
	*wal = (struct wal){ index_number(page, INDEX_FRAMES) * frame, index_number(page, INDEX_COPIED) * frame };
	if (wal->copied > wal->bytes)	/* it begins anew just now */
		wal->copied = 0;
	return true;
}

int index_forget_copied(struct part *p)
{
	sqlite3_file *f = file_of(p);
	volatile char *page;
	int rc = index_page(f, &page);

	if (rc != SQLITE_OK || !page)
		return rc;	/* where it is not known, nothing was copied beside commits either */
	rc = f->pMethods->xShmLock(f, CHECKPOINT_LOCK, 1, SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE);
	if (rc != SQLITE_OK)
		return rc;
	*(volatile uint32_t *)(page + INDEX_COPIED) = 0;
	f->pMethods->xShmBarrier(f);
	return f->pMethods->xShmLock(f, CHECKPOINT_LOCK, 1, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE);
}
