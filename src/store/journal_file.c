/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "store/journal_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/mem.h"
#include "store/journal_io.h"

#define MAGIC 0x50564A524E4C3031u	/* "PVJRNL01" */
#define HEAD 48				/* bytes of the head of a file */
#define DIGITS 19			/* of a file's number, so that it fits */
#define TAIL_AT 8			/* in journal.lock; its first byte is the lock's own */
#define TAIL_BYTES 32
#define TAIL_TRIES 10

/* ---- sums ---- */

static uint64_t word(const unsigned char *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
	       (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

/* Tells what was written from what was not, or was half; the salt, which no sender knows, from what an older file left.
 * Each sum holds the other one, as those of SQLite's WAL. len is a multiple of 8. */
static uint64_t sum(uint64_t salt, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	uint64_t a = salt, b = len;

	for (; len >= 16; len -= 16, p += 16) {
		a += word(p) + b;
		b += word(p + 8) + a;
	}
	if (len)
		a += word(p) + b;
	return (a ^ (b << 32 | b >> 32)) * 0x9E3779B97F4A7C15u;
}

static void put64(unsigned char *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (unsigned char)(v >> (56 - 8 * i));
}

/* ---- names ---- */

char *journal_path(const char *dir, uint64_t file)
{
	return str_fmt("%s/" JOURNAL_NAME ".%llu", dir, (unsigned long long)file);
}

char *journal_path_named(const char *dir, const char *name)
{
	return str_fmt("%s/" JOURNAL_NAME ".%s", dir, name);
}

/* With times asked for as well, as stat does, Linux from 6.13 on gives a file a new one at each write that follows; and ext4
 * without a journal then writes the inode, too, before a synchronised write returns. */
static bool named(const char *path, ino_t *ino, uint64_t *bytes)
{
	struct stat st;
#ifdef HAVE_STATX
	struct statx x;

	if (statx(AT_FDCWD, path, 0, STATX_INO | STATX_SIZE, &x) == 0) {
		*ino = (ino_t)x.stx_ino;
		*bytes = x.stx_size;
		return true;
	}
#endif
	if (stat(path, &st) < 0)
		return false;
	*ino = st.st_ino;
	*bytes = (uint64_t)st.st_size;
	return true;
}

ino_t ino_named(const char *path)
{
	uint64_t bytes;
	ino_t ino;

	return named(path, &ino, &bytes) ? ino : 0;
}

uint64_t bytes_named(const char *path)
{
	uint64_t bytes;
	ino_t ino;

	return named(path, &ino, &bytes) ? bytes : 0;
}

ino_t ino_open(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

int journal_sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = fd < 0 ? -1 : journal_io->sync_dir(fd);

	if (fd >= 0)
		close(fd);
	return rc;
}

/* 0: it is the name of something else. */
static uint64_t number_in(const char *name)
{
	const char *digits = name + sizeof JOURNAL_NAME;

	if (strncmp(name, JOURNAL_NAME ".", sizeof JOURNAL_NAME) != 0 || *digits == '0' ||
	    strspn(digits, "0123456789") != strlen(digits) || strlen(digits) > DIGITS)
		return 0;
	return strtoull(digits, NULL, 10);
}

/* Each of them, in no order. */
static int each_file(const char *dir, void (*fn)(void *arg, uint64_t file), void *arg, struct err *err)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	if (!d)
		return err_sys(err, "cannot read the directory %s", dir);
	while ((errno = 0, entry = readdir(d))) {
		uint64_t file = number_in(entry->d_name);

		if (file)
			fn(arg, file);
	}
	if (errno)
		err_sys(err, "cannot read the directory %s", dir);
	else
		dir = NULL;
	closedir(d);
	return dir ? -1 : 0;
}

struct between {
	uint64_t above, below, lowest, highest;		/* of those between; 0: there is none */
};

static void widen(void *arg, uint64_t file)
{
	struct between *b = arg;

	if (file <= b->above || file >= b->below)
		return;
	if (!b->lowest || file < b->lowest)
		b->lowest = file;
	if (file > b->highest)
		b->highest = file;
}

int file_next(const char *dir, uint64_t above, uint64_t *file, struct err *err)
{
	struct between b = { above, UINT64_MAX, 0, 0 };
	int rc = each_file(dir, widen, &b, err);

	*file = b.lowest;
	return rc;
}

int file_before(const char *dir, uint64_t below, uint64_t *file, struct err *err)
{
	struct between b = { 0, below, 0, 0 };
	int rc = each_file(dir, widen, &b, err);

	*file = b.highest;
	return rc;
}

struct size {
	const char *dir;
	uint64_t bytes;
};

static void add_size(void *arg, uint64_t file)
{
	struct size *s = arg;
	char *path = journal_path(s->dir, file);
	struct stat st;

	if (stat(path, &st) == 0)
		s->bytes += (uint64_t)st.st_size;
	free(path);
}

uint64_t journal_bytes(const char *dir)
{
	struct size s = { dir, 0 };

	return each_file(dir, add_size, &s, NULL) < 0 ? 0 : s.bytes;
}

/* ---- heads of files ---- */

void file_head_put(void *page, uint64_t file, const struct file_head *h)
{
	unsigned char *p = page;

	put64(p, MAGIC);
	put64(p + 8, file);
	put64(p + 16, h->salt);
	put64(p + 24, h->first);
	put64(p + 32, h->before);
	put64(p + 40, sum(file, p, HEAD - 8));
}

/* A file that was made and not begun is empty, or has zeros, or the head that it had under an older number. file 0: any. */
static int read_head(int fd, uint64_t file, struct file_head *h)
{
	static const unsigned char zeros[HEAD];
	unsigned char bytes[HEAD];
	struct cut c = { bytes, HEAD, false };
	ssize_t n = pread(fd, bytes, HEAD, 0);
	uint64_t magic, number;

	if (n < 0)
		return -1;
	if (memcmp(bytes, zeros, (size_t)n) == 0)
		return END_NONE;
	if (n < HEAD)
		return END_DAMAGED;
	magic = cut_u64(&c);
	number = cut_u64(&c);
	h->salt = cut_u64(&c);
	h->first = cut_u64(&c);
	h->before = cut_u64(&c);
	if (magic != MAGIC || cut_u64(&c) != sum(number, bytes, HEAD - 8))
		return END_DAMAGED;
	return !file || number == file ? END_OPEN : END_NONE;
}

bool file_begins_within(const char *path, uint64_t upto)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct file_head h;
	bool within = fd >= 0 && read_head(fd, 0, &h) == END_OPEN && h.first <= upto;

	if (fd >= 0)
		close(fd);
	return within;
}

void end_close(struct journal_end *e)
{
	if (e->fd >= 0)
		close(e->fd);
	*e = (struct journal_end){ .fd = -1 };
}

int end_open(struct journal_end *e, const char *dir, uint64_t file, int flags, struct file_head *h, struct err *err)
{
	char *path = journal_path(dir, file);
	int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	int rc = END_NONE;

	if (fd < 0 && errno != ENOENT)
		rc = err_sys(err, "cannot open %s", path);
	else if (fd >= 0 && (rc = fstat(fd, &st) < 0 ? -1 : read_head(fd, file, h)) < 0)
		err_sys(err, "cannot read %s", path);
	free(path);
	if (rc != END_OPEN) {
		if (fd >= 0)
			close(fd);
		return rc;
	}
	end_close(e);
	*e = (struct journal_end){ .fd = fd, .file = file, .at = JOURNAL_PAGE, .salt = h->salt, .next = h->first,
				    .limit = UINT64_MAX, .size = (uint64_t)st.st_size, .ino = st.st_ino };
	return rc;
}

/* ---- the tail ---- */

static bool tail_parse(const unsigned char *bytes, struct journal_tail *t)
{
	struct cut c = { bytes, TAIL_BYTES, false };

	t->file = cut_u64(&c);
	t->at = cut_u64(&c);
	t->next = cut_u64(&c);
	return cut_u64(&c) == sum(MAGIC, bytes, TAIL_BYTES - 8);
}

int tail_read(int fd, struct journal_tail *t)
{
	unsigned char bytes[TAIL_BYTES];

	for (int i = 0; i < TAIL_TRIES; i++) {
		ssize_t n = pread(fd, bytes, TAIL_BYTES, TAIL_AT);

		if (n == TAIL_BYTES && tail_parse(bytes, t))
			return 0;
		*t = (struct journal_tail){0};
		if (n == 0)
			return 0;
	}
	return -1;
}

int tail_write(const struct journal *j, const struct journal_tail *t, struct err *err)
{
	unsigned char bytes[TAIL_BYTES];

	put64(bytes, t->file);
	put64(bytes + 8, t->at);
	put64(bytes + 16, t->next);
	put64(bytes + 24, sum(MAGIC, bytes, TAIL_BYTES - 8));
	if (journal_io->write(j->lock.fd, bytes, TAIL_BYTES, TAIL_AT) == 0)
		return 0;
	return err_sys(err, "cannot write %s/" JOURNAL_NAME ".lock", j->dir);
}

int tail_named(const char *dir, struct journal_tail *t)
{
	char *path = journal_path_named(dir, "lock");
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), rc = -1;

	free(path);
	*t = (struct journal_tail){0};
	if (fd >= 0) {
		rc = tail_read(fd, t);
		close(fd);
	}
	return rc;
}

uint64_t journal_peek(const char *dir)
{
	struct journal_tail t;

	return tail_named(dir, &t) == 0 && t.next ? t.next - 1 : 0;
}

/* ---- blocks ---- */

uint64_t block_pages(uint64_t len)
{
	return (len + JOURNAL_PAGE - 1) / JOURNAL_PAGE * JOURNAL_PAGE;
}

static size_t whole_words(size_t len)
{
	return (len + 7) / 8 * 8;
}

/* The head of a block has two sums: its own, for those who pass over it, and one over the rows. */
void block_put(void *at_head, uint64_t salt, uint64_t at, const struct journal_block *b)
{
	unsigned char *p = at_head;

	put64(p, b->first);
	put64(p + 8, (uint64_t)b->n << 32 | b->rows.len);
	put64(p + 16, at);
	put64(p + 24, sum(salt, p + JOURNAL_BLOCK, whole_words(b->rows.len)));
	put64(p + 32, sum(salt, p, JOURNAL_BLOCK - 8));
}

bool block_get(const unsigned char *p, const struct journal_end *e, struct block_head *h)
{
	struct cut c = { p, JOURNAL_BLOCK, false };
	uint64_t sizes, at;

	h->first = cut_u64(&c);
	sizes = cut_u64(&c);
	at = cut_u64(&c);
	h->n = (uint32_t)(sizes >> 32);
	h->len = (uint32_t)sizes;
	h->total = block_pages(JOURNAL_BLOCK + (uint64_t)h->len);
	cut_u64(&c);
	return at == e->at && h->first && h->n && cut_u64(&c) == sum(e->salt, p, JOURNAL_BLOCK - 8);
}

bool block_is_whole(const unsigned char *p, const struct journal_end *e, const struct block_head *h)
{
	struct cut c = { p + 24, 8, false };

	return cut_u64(&c) == sum(e->salt, p + JOURNAL_BLOCK, whole_words(h->len));
}
