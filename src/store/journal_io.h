/* SPDX-License-Identifier: EUPL-1.2
 * How the journal reaches its files, in one place for the test that cuts the power. 0 (open: a descriptor), or -1 with
 * errno. */
#ifndef STORE_JOURNAL_IO_H
#define STORE_JOURNAL_IO_H

#include <stddef.h>
#include <stdint.h>

struct journal_io {
	int (*open)(const char *path, int flags);
	int (*write)(int fd, const void *p, size_t len, uint64_t at);
	int (*write_through)(int fd, const void *p, size_t len, uint64_t at);	/* synchronised; opened with O_DSYNC */
	int (*sync)(int fd);
	int (*sync_dir)(int fd);
	int (*rename)(const char *from, const char *to);
	int (*unlink)(const char *path);
};
extern const struct journal_io *journal_io;

#endif
