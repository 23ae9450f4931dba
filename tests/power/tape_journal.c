/* SPDX-License-Identifier: EUPL-1.2
 * The layer in front of the journal's files. Descriptors are told by the files that they are of, since these get
 * other names. */
#include "config.h"
#include "tape.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/die.h"
#include "base/mem.h"
#include "store/journal_io.h"

static const struct journal_io *real;
static enum tape_fate fate;
static bool dead;

void tape_fate(enum tape_fate next)
{
	fate = next;
	dead = false;
}

static int file_with(int fd)
{
	struct stat st, named;

	must(fstat(fd, &st) == 0);
	for (int i = TAPE_JOURNAL; i < TAPE_FILES; i++) {
		char *path = str_fmt("%s/%s", tape_dir(), tape_files[i]);
		bool same = stat(path, &named) == 0 && named.st_ino == st.st_ino;

		free(path);
		if (same)
			return i;
	}
	die("the journal has a file that the tape does not know");
}

static void note_made(int file)
{
	if (!tape_knows(file))
		tape_add(file, OP_CREATE);
}

static int do_open(const char *path, int flags)
{
	int fd = real->open(path, flags);

	if (fd >= 0 && tape_dir())
		note_made(tape_file_of(path));
	return fd;
}

static void note_write(int fd, const void *p, size_t len, uint64_t at)
{
	int file = file_with(fd);
	struct op *op;

	note_made(file);
	op = tape_add(file, OP_WRITE);
	op->at = (int64_t)at;
	op->len = len;
	op->data = mem_dup(p, len);
}

static void note_sync(int fd, uint64_t at, size_t len)
{
	struct op *op = tape_add(file_with(fd), OP_SYNC);

	op->at = (int64_t)at;
	op->len = len;
}

static int do_write(int fd, const void *p, size_t len, uint64_t at)
{
	if (dead)
		return 0;
	if (tape_dir())
		note_write(fd, p, len, at);
	return real->write(fd, p, len, at);
}

static int do_write_through(int fd, const void *p, size_t len, uint64_t at)
{
	if (do_write(fd, p, len, at) < 0)
		return -1;
	if (tape_dir() && fate == TAPE_LIVES)
		note_sync(fd, at, len);
	if (fate == TAPE_LIVES)
		return 0;
	dead = fate == TAPE_DIES;
	fate = TAPE_LIVES;
	errno = EIO;
	return -1;
}

static int do_sync(int fd)
{
	if (!tape_dir())
		return 0;
	note_sync(fd, 0, 0);
	return real->sync(fd);
}

static int do_sync_dir(int fd)
{
	if (!tape_dir())
		return 0;
	tape_add(TAPE_JOURNAL, OP_SYNC_DIR)->dir = true;
	return real->sync_dir(fd);
}

static int do_rename(const char *from, const char *to)
{
	int rc = real->rename(from, to);

	if (rc == 0 && tape_dir() && access(from, F_OK) < 0)	/* else both were names of one file, and still are */
		tape_rename(tape_file_of(from), tape_file_of(to));
	return rc;
}

static int do_unlink(const char *path)
{
	int rc = real->unlink(path);

	if (rc == 0 && tape_dir())
		tape_add(tape_file_of(path), OP_DELETE);
	return rc;
}

void tape_journal_install(void)
{
	static const struct journal_io io = {
		do_open, do_write, do_write_through, do_sync, do_sync_dir, do_rename, do_unlink
	};

	real = journal_io;
	journal_io = &io;
}
