/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "store/journal_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fail.h"

static int open_file(const char *path, int flags)
{
	return open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0660);
}

static int write_all(int fd, const void *bytes, size_t len, uint64_t at)
{
	const char *p = bytes;

	while (len) {
		ssize_t n = pwrite(fd, p, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		p += n;
		len -= (size_t)n;
		at += (uint64_t)n;
	}
	return 0;
}

/* As store_sqlite_fail.c: journal.sync.error makes one synchronised write fail; while journal.full.on is there, no file
 * of the journal can grow. */
static int fails_for_a_test(int fd, uint64_t end, bool through)
{
#ifdef ENABLE_FAILPOINTS
	struct stat st;

	if (fail_during("journal.full") && fstat(fd, &st) == 0 && end > (uint64_t)st.st_size)
		return ENOSPC;
	if (through && fail_here("journal.sync"))
		return EIO;
#endif
	(void)fd;
	(void)end;
	(void)through;
	return 0;
}

static int write_at(int fd, const void *p, size_t len, uint64_t at, bool through)
{
	int why = fails_for_a_test(fd, at + len, through);

	if (!why)
		return write_all(fd, p, len, at);
	errno = why;
	return -1;
}

static int write_back(int fd, const void *p, size_t len, uint64_t at)
{
	return write_at(fd, p, len, at, false);
}

static int write_through(int fd, const void *p, size_t len, uint64_t at)
{
	return write_at(fd, p, len, at, true);
}

static const struct journal_io io = { open_file, write_back, write_through, fdatasync, fsync, rename, unlink };
const struct journal_io *journal_io = &io;
