/* SPDX-License-Identifier: EUPL-1.2
 * The journal: what crashes and failing disks leave, files that come and go, and several who write and read at once. Rows
 * are filled from the numbers of their events, so that what is read can be told from anything else. */
#include "config.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "store/journal.h"
#include "store/journal_io.h"

#define PAGE JOURNAL_PAGE
#define SMALL (4 * PAGE)	/* of a file: a head and three blocks of a page */
#define LARGE ((off_t)(JOURNAL_LARGE * SMALL))
#define PIECE (256 << 10)	/* zeros of a spare file that are written at once */

static char dir[UNIT_PATH];
static struct err err;

#define ok(call) ck_assert_msg((call) == 0, "%s", err.text)
#define says(text_) ck_assert_msg(strstr(err.text, text_) != NULL, "\"%s\" is not in: %s", text_, err.text)

static const char *in_dir(const char *name)
{
	static char paths[4][160];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, 160, "%s/journal.%s", dir, name);
	return path;
}

static bool is_there(const char *name)
{
	return access(in_dir(name), F_OK) == 0;
}

static void begin(struct journal *j)
{
	unit_dir(dir);
	ok(journal_open(j, dir, "", &err));
}

/* ---- blocks ---- */

static unsigned char planted[PAGE];	/* at the page boundaries of what is written, if `plants` */
static bool plants;

/* What a block of this many bytes has: a mark, and what follows from it. */
static void put_rows(struct journal *j, unsigned mark, size_t len)
{
	struct buf *rows = journal_rows(j);
	size_t from = rows->len;

	buf_u32(rows, mark);
	for (size_t i = 4; i < len; i++)
		buf_u8(rows, (uint8_t)((mark * 31 + i) * 2654435761u >> 13));
	for (size_t at = PAGE - 40; plants && at + PAGE <= len; at += PAGE)
		memcpy(rows->p + from + at, planted, PAGE);
}

static int try_write(struct journal *j, unsigned mark, size_t len, uint32_t n, uint64_t *first)
{
	put_rows(j, mark, len);
	return journal_write(j, n, 0, first, &err);
}

static uint64_t written(struct journal *j, unsigned mark, size_t len)
{
	uint64_t first;

	ok(try_write(j, mark, len, 1, &first));
	return first;
}

static unsigned mark_of(const struct journal_block *b)
{
	struct cut c = b->rows;
	unsigned mark = cut_u32(&c);
	size_t wrong = 0;

	for (size_t i = 4; i < b->rows.len; i++)
		wrong += b->rows.p[i] != (uint8_t)((mark * 31 + i) * 2654435761u >> 13);
	ck_assert_uint_eq(wrong, 0);
	return mark;
}

/* The next block: its number, and its mark. */
static void check_next(struct journal *j, uint64_t after, uint64_t first, unsigned mark)
{
	struct journal_block b;

	ck_assert_msg(journal_read(j, after, &b, &err) == 1, "nothing behind %llu: %s", (unsigned long long)after, err.text);
	ck_assert_uint_eq(b.first, first);
	ck_assert_uint_eq(mark_of(&b), mark);
}

static void check_none(struct journal *j, uint64_t after)
{
	struct journal_block b;
	int rc = journal_read(j, after, &b, &err);

	ck_assert_msg(rc == 0, "%d: %s", rc, err.text);
}

static void prepare(struct journal *j)
{
	ck_assert_msg(journal_prepare(j, UINT64_MAX / 2, &err) >= 0, "%s", err.text);
}

/* Exactly the events 1 to n, one a block, each with its number as its mark. */
static void check_all(struct journal *j, uint64_t n)
{
	for (uint64_t i = 1; i <= n; i++)
		check_next(j, i - 1, i, (unsigned)i);
	check_none(j, n);
}

static void check_all_anew(uint64_t n)
{
	struct journal j;
	uint64_t last;

	ok(journal_open(&j, dir, "", &err));
	check_all(&j, n);
	ok(journal_last(&j, &last, &err));
	ck_assert_uint_eq(last, n);
	journal_close(&j);
}

/* ---- bytes of files ---- */

static void poke(const char *name, off_t at, const void *p, size_t len)
{
	int fd = open(in_dir(name), O_WRONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, p, len, at), (ssize_t)len);
	close(fd);
}

static void peek(const char *name, off_t at, void *p, size_t len)
{
	int fd = open(in_dir(name), O_RDONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pread(fd, p, len, at), (ssize_t)len);
	close(fd);
}

static void spoil(const char *name, off_t at)
{
	unsigned char byte;

	peek(name, at, &byte, 1);
	byte ^= 0x40;
	poke(name, at, &byte, 1);
}

static off_t size_of(const char *name)
{
	struct stat st;

	ck_assert_int_eq(stat(in_dir(name), &st), 0);
	return st.st_size;
}

struct tail {
	unsigned char bytes[40];
};

static struct tail tail_now(void)
{
	struct tail t;

	peek("lock", 0, t.bytes, sizeof t.bytes);
	return t;
}

/* Where the next block begins. */
static off_t tail_at(void)
{
	struct tail t = tail_now();

	return (off_t)t.bytes[21] << 16 | (off_t)t.bytes[22] << 8 | (off_t)t.bytes[23];
}

static void tail_back(const struct tail *t)
{
	poke("lock", 0, t->bytes, sizeof t->bytes);
}

/* ---- a disk that fails ---- */

static struct journal_io io;
static const struct journal_io *real;
static int fail_with;		/* errno of write_through; 0: it works */
static size_t takes;		/* bytes that are written all the same */
static bool fail_all;		/* writes that are not synchronised fail, too */
static bool die_behind;		/* killed when a block was written, before the tail is */

static int failing_through(int fd, const void *p, size_t len, uint64_t at)
{
	int rc = 0;

	if (!fail_with)
		rc = real->write_through(fd, p, len, at);
	else
		real->write(fd, p, takes < len ? takes : len, at);
	if (die_behind)
		raise(SIGKILL);
	errno = fail_with;
	return fail_with ? -1 : rc;
}

static int failing_write(int fd, const void *p, size_t len, uint64_t at)
{
	errno = EIO;
	return fail_all ? -1 : real->write(fd, p, len, at);
}

static void fail_on_demand(void)
{
	real = journal_io;
	io = *journal_io;
	io.write_through = failing_through;
	io.write = failing_write;
	journal_io = &io;
}

/* A process writes a block and is killed before anybody hears of it. */
static void write_and_die(unsigned mark, size_t len, uint64_t file_bytes)
{
	struct journal j;
	uint64_t first;
	int status;
	pid_t child = fork();

	if (child == 0) {
		ok(journal_open(&j, dir, "", &err));
		j.file_bytes = file_bytes;
		fail_on_demand();
		die_behind = true;
		try_write(&j, mark, len, 1, &first);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* ---- what is written is read ---- */

START_TEST(blocks_come_back_in_order_and_whole)
{
	static const size_t lens[] = { 4, 5, PAGE - 40, PAGE - 39, 3 * PAGE, 300000, 9 << 20 };
	struct journal j;
	uint64_t n = 1;

	begin(&j);
	check_none(&j, 0);
	for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
		uint64_t first;

		ok(try_write(&j, (unsigned)n, lens[i], 3, &first));
		ck_assert_uint_eq(first, n);
		check_next(&j, n - 1, n, (unsigned)n);
		check_next(&j, n, n, (unsigned)n);	/* its second is above */
		check_next(&j, n + 1, n, (unsigned)n);
		check_none(&j, n + 2);
		n += 3;
	}
	check_next(&j, 0, 1, 1);	/* back to what was read before */
	check_next(&j, 3, 4, 4);
	check_next(&j, n - 2, n - 3, (unsigned)n - 3);
	check_none(&j, n - 1);
	journal_close(&j);
}
END_TEST

START_TEST(numbers_are_above_what_is_known_elsewhere)
{
	struct journal j;
	uint64_t first, last;

	begin(&j);
	put_rows(&j, 1, 10);
	ok(journal_write(&j, 2, 100, &first, &err));
	ck_assert_uint_eq(first, 101);
	ck_assert_uint_eq(written(&j, 2, 10), 103);
	put_rows(&j, 3, 10);
	ok(journal_write(&j, 1, 103, &first, &err));
	ck_assert_uint_eq(first, 104);
	ok(journal_last(&j, &last, &err));
	ck_assert_uint_eq(last, 104);
	ck_assert_uint_eq(journal_peek(dir), 104);
	journal_close(&j);
	ck_assert_uint_eq(journal_peek("/no/such/place"), 0);
}
END_TEST

/* ---- files ---- */

START_TEST(files_follow_each_other_and_are_used_again)
{
	struct journal j, reader;
	unsigned n = 0;

	begin(&j);
	j.file_bytes = SMALL;
	ok(journal_open(&reader, dir, "", &err));
	reader.file_bytes = SMALL;
	for (; n < 7; n++)
		written(&j, n + 1, 100);
	ck_assert(is_there("1") && is_there("2") && is_there("3"));
	check_all(&reader, 7);
	ck_assert(journal_is_past_files(&reader));
	ck_assert(!journal_is_past_files(&j));
	journal_let_go(&reader);
	ck_assert(!journal_is_past_files(&reader));
	ck_assert(!is_there("1") && !is_there("2") && is_there("3") && is_there("spare"));
	ck_assert_uint_eq(journal_bytes(dir), 2 * PAGE);
	for (; n < 40; n++) {	/* each of these files has what an older one left behind its end */
		written(&j, n + 1, n % 7 == 0 ? 2 * PAGE : 100);
		check_next(&reader, n, n + 1, n + 1);
		check_none(&reader, n + 1);
		if (journal_is_past_files(&reader))
			journal_let_go(&reader);
	}
	check_none(&j, n);	/* who was away sees the files that are left */
	journal_close(&j);
	journal_close(&reader);
	ok(journal_open(&j, dir, "", &err));
	check_none(&j, n);
	ck_assert_uint_eq(written(&j, 41, 10), 41);
	check_next(&j, 40, 41, 41);
	journal_close(&j);
}
END_TEST

START_TEST(a_block_may_be_larger_than_a_file)
{
	struct journal j;

	begin(&j);
	j.file_bytes = SMALL;
	written(&j, 1, LARGE + SMALL);
	written(&j, 2, 100);
	written(&j, 3, 2 << 20);
	written(&j, 4, 100);
	check_all(&j, 4);
	ck_assert_uint_lt(j.in.cap, 1 << 20);	/* memory for large ones is given back */
	journal_let_go(&j);
	ck_assert(is_there("3") && !is_there("2") && !is_there("1") && !is_there("spare"));	/* nor are their files kept */
	journal_close(&j);
}
END_TEST

START_TEST(a_spare_file_is_made_once_and_used)
{
	struct journal a, b;
	struct stat st;

	begin(&a);
	a.file_bytes = SMALL;
	prepare(&a);
	ck_assert(stat(in_dir("spare"), &st) == 0 && st.st_size == SMALL && (st.st_mode & 0777) == 0660);
	ck_assert(!is_there("new"));
	ok(journal_open(&b, dir, "", &err));
	b.file_bytes = SMALL;
	prepare(&b);
	written(&a, 1, 10);
	ck_assert(!is_there("spare"));
	ck_assert_int_eq(size_of("1"), SMALL);
	check_all(&b, 1);
	journal_close(&a);
	journal_close(&b);
}
END_TEST

/* Each write of a file that grows costs more; and it is no spare one when it is let go. */
START_TEST(a_file_that_grows_is_left_for_a_spare_one)
{
	struct journal j, other;

	begin(&j);
	ok(journal_open(&other, dir, "", &err));
	j.file_bytes = other.file_bytes = SMALL;
	written(&j, 1, 10);
	ck_assert_uint_eq(written(&other, 2, 10), 2);
	ck_assert(!is_there("2"));
	prepare(&j);
	written(&other, 3, 10);
	ck_assert(is_there("2") && !is_there("spare"));
	ck_assert_int_eq(size_of("2"), SMALL);
	prepare(&j);
	written(&j, 4, 10);
	ck_assert_uint_eq(written(&other, 5, 10), 5);
	ck_assert(!is_there("3"));	/* the place of journal.2 is written */
	unlink(in_dir("spare"));
	check_all(&j, 5);
	journal_let_go(&j);
	ck_assert(!is_there("1") && !is_there("spare"));
	written(&j, 6, 10);
	check_next(&j, 5, 6, 6);
	ck_assert(is_there("3"));
	journal_let_go(&j);
	ck_assert(!is_there("2") && is_there("spare"));
	journal_close(&j);
	journal_close(&other);
}
END_TEST

/* Until the spare file has so many bytes. */
static void prepare_all(struct journal *j, off_t bytes)
{
	for (int i = 0; i < 40 && (!is_there("spare") || size_of("spare") < bytes); i++)
		prepare(j);
	ck_assert_int_eq(size_of("spare"), bytes);
	ck_assert(!is_there("new"));
}

/* Where half a file came at once, more will: the next one has the place of 16, and is used up to its end. */
START_TEST(behind_a_burst_the_spare_file_is_larger)
{
	struct journal j, other, late;
	unsigned n = 0;

	begin(&j);
	j.file_bytes = SMALL;
	ok(journal_open(&other, dir, "", &err));
	written(&j, ++n, 10);
	prepare_all(&j, SMALL);
	written(&j, ++n, 2 * PAGE);
	prepare_all(&j, LARGE);
	while (!is_there("3"))
		written(&j, ++n, 10);
	ck_assert_int_eq(size_of("3"), LARGE);
	ck_assert(!is_there("spare"));
	for (unsigned i = 0; i < LARGE / PAGE - 2; i++) {	/* each by one who has not seen the file before */
		journal_close(&other);
		ok(journal_open(&other, dir, "", &err));
		other.file_bytes = SMALL;
		written(&other, ++n, 10);
	}
	ck_assert(!is_there("4"));
	written(&other, ++n, 10);
	ck_assert(is_there("4"));
	check_all(&j, n);
	journal_let_go(&j);
	ck_assert_int_eq(size_of("spare"), LARGE);
	ok(journal_open(&late, dir, "", &err));
	check_next(&late, n - 1, n, n);
	check_none(&late, n);
	journal_close(&j);
	journal_close(&other);
	journal_close(&late);
}
END_TEST

/* A spare file is not given up for a smaller one that is let go. */
START_TEST(the_larger_spare_file_stays)
{
	struct journal j;
	unsigned n = 0;
	struct stat st;
	ino_t ino;

	begin(&j);
	j.file_bytes = SMALL;
	while (n < 7)
		written(&j, ++n, 10);
	prepare_all(&j, SMALL);
	while (n < 12)
		written(&j, ++n, 10);
	prepare_all(&j, LARGE);
	ck_assert_int_eq(stat(in_dir("spare"), &st), 0);
	ino = st.st_ino;
	check_all(&j, n);
	journal_let_go(&j);
	ck_assert(!is_there("1") && !is_there("2"));
	ck_assert(stat(in_dir("spare"), &st) == 0 && st.st_ino == ino);
	journal_close(&j);
}
END_TEST

START_TEST(a_spare_file_leaves_room_on_the_disk)
{
	struct journal j;

	begin(&j);
	j.file_bytes = SMALL;
	ck_assert_int_eq(journal_prepare(&j, 2 * SMALL - 1, &err), 0);
	ck_assert(!is_there("spare") && !is_there("new"));
	ck_assert_int_eq(journal_prepare(&j, 2 * SMALL, &err), 0);
	ck_assert_int_eq(size_of("spare"), SMALL);
	written(&j, 1, 10);
	ck_assert_int_eq(journal_prepare(&j, 2 * SMALL, &err), 0);
	written(&j, 2, PAGE);
	ck_assert_int_eq(journal_prepare(&j, 2 * LARGE - 1, &err), 0);
	ck_assert_int_eq(size_of("spare"), SMALL);
	ck_assert_int_eq(journal_prepare(&j, 2 * LARGE, &err), 1);
	ck_assert_int_eq(size_of("new"), SMALL);
	for (off_t has = SMALL; has < LARGE - SMALL; has += SMALL)	/* what is made takes of it */
		ck_assert_int_eq(journal_prepare(&j, (uint64_t)(2 * LARGE - has), &err), 1);
	ck_assert_int_eq(journal_prepare(&j, 2 * LARGE, &err), 0);
	ck_assert_int_eq(size_of("spare"), LARGE);
	ck_assert_int_eq(journal_prepare(&j, 2 * SMALL - 1, &err), 0);
	ck_assert(!is_there("spare"));
	ck_assert_int_eq(journal_prepare(&j, 2 * LARGE, &err), 0);	/* wanted at once: the file is nearly full */
	ck_assert_int_eq(size_of("spare"), SMALL);
	ck_assert_int_eq(journal_prepare(&j, 2 * LARGE, &err), 1);
	ck_assert_int_eq(journal_prepare(&j, 2 * SMALL, &err), 0);	/* half made, and there is no more room */
	ck_assert(!is_there("new"));
	ck_assert_int_eq(journal_prepare(&j, 2 * LARGE, &err), 1);
	journal_close(&j);
	ck_assert(!is_there("new"));
}
END_TEST

/* The next burst will show whether it can be made again. */
START_TEST(a_larger_file_that_cannot_be_made_is_not_tried_for_ever)
{
	struct journal j;

	begin(&j);
	j.file_bytes = SMALL;
	prepare(&j);
	written(&j, 1, 10);
	prepare(&j);
	written(&j, 2, PAGE);
	fail_on_demand();
	fail_all = true;
	ck_assert_int_eq(journal_prepare(&j, 2 * LARGE, &err), -1);
	says("journal.new");
	ck_assert(!is_there("new"));
	ck_assert_int_eq(journal_prepare(&j, 2 * LARGE, &err), 0);
	fail_all = false;
	journal_io = real;
	ck_assert_int_eq(size_of("spare"), SMALL);
	journal_close(&j);
}
END_TEST

static struct journal *comes;	/* what writes so much as soon as that many pieces of zeros are on the disk */
static size_t comes_len;
static int comes_behind;
static unsigned comes_n;

static int sync_and_write(int fd)
{
	int rc = real->sync(fd);

	if (comes_behind && --comes_behind == 0)
		written(comes, ++comes_n, comes_len);
	return rc;
}

/* What comes meanwhile has the disk for itself; the rest is written when that is over, or when the spare file is wanted: then
 * with what it has. */
START_TEST(zeros_wait_while_events_pour_in)
{
	struct journal j, writer;
	const off_t file = 4 * PIECE;

	begin(&j);
	ok(journal_open(&writer, dir, "", &err));
	j.file_bytes = writer.file_bytes = (uint64_t)file;
	real = journal_io;
	io = *journal_io;
	io.sync = sync_and_write;
	journal_io = &io;
	comes = &writer;
	prepare(&j);
	written(&writer, ++comes_n, 10);
	prepare(&j);
	ck_assert_int_eq(size_of("spare"), file);
	written(&writer, ++comes_n, (size_t)file / 2);
	ck_assert_int_eq(journal_prepare(&j, UINT64_MAX / 2, &err), 1);	/* it poured, and still does */
	ck_assert_int_eq(size_of("spare"), file);
	ck_assert(!is_there("new"));
	comes_behind = 3;
	comes_len = 1000;
	prepare(&j);	/* that little comes does not matter */
	ck_assert_int_eq(size_of("new"), file);
	prepare_all(&j, 16 * file);
	while (!is_there("2"))
		written(&writer, ++comes_n, (size_t)file / 2);
	ck_assert(!is_there("spare"));
	prepare(&j);
	ck_assert(!is_there("new"));
	comes_behind = 3;
	comes_len = 65536;
	prepare(&j);
	ck_assert(!is_there("spare"));
	ck_assert_int_eq(size_of("new"), 3 * PIECE);
	ck_assert_int_eq(journal_prepare(&j, UINT64_MAX / 2, &err), 1);	/* nothing happens, since it is not calm */
	ck_assert_int_eq(size_of("new"), 3 * PIECE);
	comes_behind = 3;
	prepare(&j);
	ck_assert_int_eq(size_of("new"), 6 * PIECE);
	while (size_of("2") - tail_at() >= file)
		written(&writer, ++comes_n, 70000);
	ck_assert_int_eq(journal_prepare(&j, UINT64_MAX / 2, &err), 0);
	ck_assert_int_eq(size_of("spare"), 6 * PIECE);
	ck_assert(!is_there("new"));
	journal_io = real;
	check_all(&j, comes_n);
	journal_close(&j);
	journal_close(&writer);
}
END_TEST

/* What is let go becomes the spare file while another is made, which then is not wanted. */
START_TEST(zeros_are_given_up_where_a_file_is_let_go)
{
	struct journal j;
	unsigned n = 0;

	begin(&j);
	j.file_bytes = SMALL;
	prepare(&j);
	written(&j, ++n, 10);
	prepare(&j);
	written(&j, ++n, PAGE);
	for (int i = 2; i <= 3; i++) {
		prepare_all(&j, LARGE);
		while (!is_there(i == 2 ? "2" : "3"))
			written(&j, ++n, 3 * PAGE);
	}
	check_all(&j, n);
	prepare(&j);
	ck_assert_int_eq(size_of("new"), SMALL);
	journal_let_go(&j);
	ck_assert_int_ge(size_of("spare"), LARGE);
	prepare(&j);
	ck_assert(!is_there("new"));
	journal_close(&j);
}
END_TEST

/* A process is killed behind its durable block, before the tail; who writes next leaves the file there for a spare one. The
 * numbers are given to others then, and the block is nobody's, also where it has more of them. */
START_TEST(what_a_killed_one_left_in_a_file_that_was_left_early_is_not_read)
{
	for (uint32_t n = 1; n <= 3; n++) {
		struct journal j, reader, late;
		struct tail before;
		uint64_t first;

		begin(&j);
		ok(journal_open(&reader, dir, "", &err));
		written(&j, 1, 10);
		written(&j, 2, 10);
		check_next(&reader, 0, 1, 1);
		before = tail_now();
		ok(try_write(&j, 77, 10, n, &first));
		tail_back(&before);
		prepare(&j);
		ck_assert_uint_eq(written(&j, 3, 10), 3);
		ck_assert(is_there("2"));
		check_next(&reader, 1, 2, 2);
		check_next(&reader, 2, 3, 3);
		check_none(&reader, 3);
		ok(journal_open(&late, dir, "", &err));
		ck_assert_uint_eq(written(&late, 4, 10), 4);
		check_all(&late, 4);
		check_next(&reader, 3, 4, 4);
		check_none(&reader, 4);
		journal_close(&j);
		journal_close(&reader);
		journal_close(&late);
	}
}
END_TEST

/* The same, and all files are removed before it is read. */
START_TEST(what_a_killed_one_left_in_a_file_that_is_gone_is_not_read)
{
	struct journal j, reader;
	struct tail before;
	uint64_t first;

	begin(&j);
	ok(journal_open(&reader, dir, "", &err));
	written(&j, 1, 10);
	check_next(&reader, 0, 1, 1);
	before = tail_now();
	ok(try_write(&j, 77, 10, 5, &first));
	tail_back(&before);
	ok(journal_hold(&j, &err));
	ok(journal_remove(&j, &err));
	journal_release(&j);
	ck_assert_uint_eq(written(&j, 2, 10), 2);
	check_next(&reader, 1, 2, 2);
	check_none(&reader, 2);
	journal_close(&j);
	journal_close(&reader);
}
END_TEST

static atomic_bool over;

static void *prepare_always(void *unused)
{
	struct err why = {{0}};
	struct journal j;

	ck_assert_int_eq(journal_open(&j, dir, "", &why), 0);
	j.file_bytes = SMALL;
	while (!over)
		ck_assert_msg(journal_prepare(&j, UINT64_MAX / 2, &why) >= 0, "%s", why.text);
	journal_close(&j);
	return unused;
}

START_TEST(two_may_prepare_while_files_are_begun)
{
	pthread_t threads[2];
	struct journal j;

	begin(&j);
	j.file_bytes = SMALL;
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, prepare_always, NULL), 0);
	for (unsigned i = 1; i <= 150; i++) {
		written(&j, i, 3 * PAGE);
		check_next(&j, i - 1, i, i);
		if (i % 3 == 0 && journal_is_past_files(&j))
			journal_let_go(&j);
	}
	over = true;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	check_none(&j, 150);
	journal_close(&j);
}
END_TEST

/* The reader has a file open that another handle lets go, and that is written to under another number. */
START_TEST(a_file_may_be_let_go_under_a_reader)
{
	struct journal j, slow;

	begin(&j);
	j.file_bytes = SMALL;
	ok(journal_open(&slow, dir, "", &err));
	for (unsigned i = 1; i <= 4; i++)
		written(&j, i, 100);
	check_next(&slow, 0, 1, 1);
	check_all(&j, 4);
	journal_let_go(&j);
	ck_assert(!is_there("1"));
	for (unsigned i = 5; i <= 9; i++)	/* journal.3 was journal.1 */
		written(&j, i, 100);
	check_next(&slow, 4, 5, 5);
	for (unsigned i = 6; i <= 9; i++)
		check_next(&slow, i - 1, i, i);
	check_none(&slow, 9);
	journal_close(&j);
	journal_close(&slow);
}
END_TEST

START_TEST(files_are_removed_while_others_have_them_open)
{
	struct journal j, writer, reader;
	uint64_t last;

	begin(&j);
	ok(journal_open(&writer, dir, "", &err));
	ok(journal_open(&reader, dir, "", &err));
	writer.file_bytes = SMALL;
	for (unsigned i = 1; i <= 5; i++)
		written(&writer, i, 100);
	prepare(&writer);
	check_next(&reader, 0, 1, 1);
	ok(journal_hold(&j, &err));
	ok(journal_remove(&j, &err));
	journal_release(&j);
	ck_assert(!is_there("1") && !is_there("2") && !is_there("spare"));
	ck_assert_uint_eq(journal_bytes(dir), 0);
	check_none(&reader, 5);
	ok(journal_last(&reader, &last, &err));
	ck_assert_uint_eq(last, 5);
	ck_assert_uint_eq(written(&writer, 6, 100), 6);
	check_next(&reader, 5, 6, 6);
	check_next(&j, 5, 6, 6);
	ok(journal_hold(&j, &err));
	ok(journal_remove(&j, &err));
	journal_release(&j);
	journal_close(&j);
	journal_close(&writer);
	check_none(&reader, 6);
	ok(journal_open(&writer, dir, "", &err));
	ck_assert_uint_eq(written(&writer, 7, 100), 7);
	check_next(&reader, 6, 7, 7);
	journal_close(&writer);
	journal_close(&reader);
	ck_assert_int_eq(journal_open(&j, dir, "", &err), 0);
	ck_assert_int_eq(journal_remove(&j, &err), -1);	/* not held */
	journal_close(&j);
}
END_TEST

/* ---- what a crash leaves ---- */

START_TEST(an_old_lost_or_damaged_tail_costs_nothing)
{
	struct tail tails[6];
	struct journal j;

	begin(&j);
	j.file_bytes = SMALL;
	for (unsigned i = 0; i < 5; i++) {
		tails[i] = tail_now();
		written(&j, i + 1, i == 2 ? 20 : 2 * PAGE);
	}
	tails[5] = tail_now();
	journal_close(&j);
	for (unsigned i = 0; i < 6; i++) {
		tail_back(&tails[i]);
		check_all_anew(5);
		ck_assert_mem_eq(tail_now().bytes, tails[5].bytes, 40);
	}
	spoil("lock", 20);
	check_all_anew(5);
	ck_assert_int_eq(unlink(in_dir("lock")), 0);
	check_all_anew(5);
	ok(journal_open(&j, dir, "", &err));
	ck_assert_uint_eq(written(&j, 6, 10), 6);
	journal_close(&j);
	check_all_anew(6);
}
END_TEST

START_TEST(who_writes_goes_over_what_a_killed_one_left)
{
	struct journal j;

	begin(&j);
	written(&j, 1, 100);
	write_and_die(66, 3 * PAGE, JOURNAL_FILE);
	check_all(&j, 1);	/* nobody answered for it */
	ck_assert_uint_eq(written(&j, 2, 100), 2);
	check_all(&j, 2);
	check_all_anew(2);
	ck_assert_uint_eq(written(&j, 3, 100), 3);
	check_all(&j, 3);
	journal_close(&j);
}
END_TEST

START_TEST(who_opens_takes_what_a_killed_one_left)
{
	struct journal j, other;

	begin(&j);
	written(&j, 1, 100);
	write_and_die(2, 3 * PAGE, JOURNAL_FILE);
	check_all(&j, 1);
	ok(journal_open(&other, dir, "", &err));
	check_all(&other, 2);
	check_all(&j, 2);
	ck_assert_uint_eq(written(&j, 3, 100), 3);
	check_all(&other, 3);
	journal_close(&other);
	journal_close(&j);
	check_all_anew(3);
}
END_TEST

/* The same where the block is the first of a file. */
START_TEST(a_file_that_a_killed_one_began_is_taken_or_begun_anew)
{
	struct journal j, other;

	for (int opens = 0; opens < 2; opens++) {
		begin(&j);
		j.file_bytes = 2 * PAGE;
		written(&j, 1, 100);
		write_and_die(2, PAGE, 2 * PAGE);
		ck_assert(is_there("2"));
		check_all(&j, 1);
		if (opens) {
			ok(journal_open(&other, dir, "", &err));
			check_all(&other, 2);
			journal_close(&other);
			ck_assert_uint_eq(written(&j, 3, 100), 3);
		} else {
			ck_assert_uint_eq(written(&j, 2, 100), 2);
			ck_assert_uint_eq(written(&j, 3, 100), 3);
		}
		check_all(&j, 3);
		journal_close(&j);
		check_all_anew(3);
	}
}
END_TEST

/* Power cuts: only some of the pages of the last block came to the disk; the tail is old. */
START_TEST(a_torn_block_is_not_there)
{
	static const unsigned char zeros[PAGE];
	struct tail before;
	struct journal j;

	for (int page = 0; page < 3; page++) {
		begin(&j);
		written(&j, 1, 100);
		before = tail_now();
		written(&j, 77, 3 * PAGE - 60);
		journal_close(&j);
		tail_back(&before);
		poke("1", 2 * PAGE + page * PAGE, zeros, PAGE);
		check_all_anew(1);
		ok(journal_open(&j, dir, "", &err));
		ck_assert_uint_eq(written(&j, 2, 100), 2);
		journal_close(&j);
		check_all_anew(2);
	}
}
END_TEST

START_TEST(a_torn_file_begins_anew)
{
	static const unsigned char zeros[PAGE];
	struct tail before;
	struct journal j;

	for (int page = 0; page < 2; page++) {
		begin(&j);
		j.file_bytes = 2 * PAGE;
		written(&j, 1, 100);
		before = tail_now();
		written(&j, 77, 100);
		journal_close(&j);
		tail_back(&before);
		poke("2", page * PAGE, zeros, PAGE);	/* the head, or the block */
		check_all_anew(1);
		ok(journal_open(&j, dir, "", &err));
		j.file_bytes = 2 * PAGE;
		ck_assert_uint_eq(written(&j, 2, 100), 2);
		ck_assert_uint_eq(written(&j, 3, 100), 3);
		journal_close(&j);
		check_all_anew(3);
	}
}
END_TEST

/* What a file had under an older number is not found again behind the end of what it has now, nor where it was torn. */
START_TEST(old_contents_are_never_read)
{
	static unsigned char old[SMALL];
	struct tail before;
	struct journal j;

	begin(&j);
	j.file_bytes = SMALL;
	for (unsigned i = 1; i <= 3; i++)
		written(&j, i, 100);
	peek("1", 0, old, SMALL);
	for (unsigned i = 4; i <= 6; i++)
		written(&j, i, 100);
	check_all(&j, 6);
	journal_let_go(&j);
	before = tail_now();
	written(&j, 7, 100);	/* begins journal.3, which was journal.1 */
	poke("3", 2 * PAGE, old + 2 * PAGE, 2 * PAGE);
	check_next(&j, 6, 7, 7);
	check_none(&j, 7);
	journal_close(&j);
	ok(journal_open(&j, dir, "", &err));
	check_next(&j, 6, 7, 7);
	check_none(&j, 7);
	journal_close(&j);
	tail_back(&before);
	poke("3", 0, old, SMALL);	/* nothing of journal.3 came to the disk but its name */
	ok(journal_open(&j, dir, "", &err));
	j.file_bytes = SMALL;
	check_none(&j, 6);
	ck_assert_uint_eq(written(&j, 7, 100), 7);
	check_next(&j, 6, 7, 7);
	journal_close(&j);
}
END_TEST

/* A sender that knows how blocks look, and has one at the right place in what was left of a larger block. */
START_TEST(what_a_sender_writes_is_never_a_block)
{
	struct journal j;

	begin(&j);
	for (unsigned i = 1; i <= 3; i++)
		written(&j, i, 100);
	peek("1", 3 * PAGE, planted, PAGE);
	journal_close(&j);
	begin(&j);
	written(&j, 1, 100);
	plants = true;
	write_and_die(66, 3 * PAGE, JOURNAL_FILE);
	plants = false;
	ck_assert_uint_eq(written(&j, 2, 100), 2);
	journal_close(&j);
	check_all_anew(2);
}
END_TEST

/* ---- disks that fail ---- */

static void check_failure(int why, size_t some, bool all, unsigned blocks)
{
	struct journal j, other;
	uint64_t first;

	begin(&j);
	j.file_bytes = SMALL;
	ok(journal_open(&other, dir, "", &err));
	other.file_bytes = SMALL;
	for (unsigned i = 1; i <= blocks; i++)
		written(&j, i, 100);
	fail_on_demand();
	fail_with = why;
	takes = some;
	fail_all = all;
	ck_assert_int_eq(try_write(&j, 88, PAGE, 1, &first), -1);
	says("cannot");
	says(blocks % 3 ? "journal.1" : blocks ? "journal.2" : "journal.1");
	fail_all = false;
	check_all(&other, blocks);
	ck_assert_int_eq(try_write(&j, 88, PAGE, 1, &first), -1);
	check_all(&other, blocks);
	fail_with = 0;
	journal_io = real;
	if (!all)
		check_all_anew(blocks);
	ck_assert_uint_eq(written(&other, blocks + 1, 100), blocks + 1);
	ck_assert_uint_eq(written(&j, blocks + 2, 100), blocks + 2);
	check_all(&j, blocks + 2);
	check_all(&other, blocks + 2);
	journal_close(&j);
	journal_close(&other);
	check_all_anew(blocks + 2);
}

START_TEST(a_failed_write_leaves_nothing_and_the_next_one_works)
{
	static const int whys[] = { EIO, ENOSPC };
	static const size_t some[] = { 0, 60, PAGE, PAGE + 1, 2 * PAGE, 10 * PAGE };

	for (unsigned blocks = 0; blocks <= 3; blocks++)
		for (size_t i = 0; i < 6; i++)
			for (size_t k = 0; k < 2; k++)
				check_failure(whys[k], some[i], false, blocks);
	check_failure(EIO, 60, true, 2);	/* nor can it be taken back; it is not whole */
}
END_TEST

/* ---- damage ---- */

START_TEST(a_damaged_block_is_told_with_its_place)
{
	struct journal j;
	struct journal_block b;
	char byte[32];

	for (int in_head = 0; in_head < 2; in_head++) {
		begin(&j);
		j.file_bytes = 8 * PAGE;
		for (unsigned i = 1; i <= 12; i++)
			written(&j, i, 100);
		spoil("1", 4 * PAGE + (in_head ? 3 : 90));
		snprintf(byte, sizeof byte, "byte %d ", 4 * PAGE);
		for (unsigned i = 1; i <= 3; i++)
			check_next(&j, i - 1, i, i);
		for (int again = 0; again < 2; again++) {
			ck_assert_int_eq(journal_read(&j, 3, &b, &err), -1);
			says(in_dir("1"));
			says(byte);
			says("move the file away");
		}
		written(&j, 13, 100);	/* events come in all the same */
		ck_assert_int_eq(rename(in_dir("1"), in_dir("kept")), 0);
		for (unsigned i = 8; i <= 13; i++)
			check_next(&j, i == 8 ? 3 : i - 1, i, i);
		check_none(&j, 13);
		journal_close(&j);
	}
}
END_TEST

START_TEST(damage_in_the_newest_file_is_told)
{
	struct journal j;
	struct journal_block b;

	begin(&j);
	for (unsigned i = 1; i <= 5; i++)
		written(&j, i, 100);
	spoil("1", 3 * PAGE + 1);
	check_next(&j, 0, 1, 1);
	check_next(&j, 1, 2, 2);
	ck_assert_int_eq(journal_read(&j, 2, &b, &err), -1);
	says("damaged");
	journal_close(&j);
	ok(journal_open(&j, dir, "", &err));	/* the tail knows that there is more */
	ck_assert_uint_eq(written(&j, 6, 100), 6);
	ck_assert_int_eq(journal_read(&j, 2, &b, &err), -1);
	says("damaged");
	journal_close(&j);
}
END_TEST

START_TEST(a_block_at_another_place_is_told)
{
	struct journal j;
	struct journal_block b;

	begin(&j);
	for (unsigned i = 1; i <= 3; i++)
		written(&j, i, 100);
	peek("1", PAGE, planted, PAGE);
	poke("1", 2 * PAGE, planted, PAGE);
	check_next(&j, 0, 1, 1);
	ck_assert_int_eq(journal_read(&j, 1, &b, &err), -1);
	says("byte 8192 ");
	journal_close(&j);
}
END_TEST

START_TEST(a_damaged_head_is_told_and_its_number_not_used_again)
{
	struct journal j;
	struct journal_block b;

	for (int newest = 0; newest < 2; newest++) {
		begin(&j);
		j.file_bytes = SMALL;
		for (unsigned i = 1; i <= 7; i++)
			written(&j, i, 100);
		journal_close(&j);
		spoil(newest ? "3" : "2", 17);
		ok(journal_open(&j, dir, "", &err));
		j.file_bytes = SMALL;
		for (unsigned i = 1; i <= (newest ? 6 : 3); i++)
			check_next(&j, i - 1, i, i);
		ck_assert_int_eq(journal_read(&j, newest ? 6 : 3, &b, &err), -1);
		says(in_dir(newest ? "3" : "2"));
		says("byte 0 ");
		ck_assert_uint_eq(written(&j, 8, 100), 8);
		ck_assert_int_eq(is_there("4"), newest);
		ck_assert_int_eq(journal_read(&j, newest ? 6 : 3, &b, &err), -1);
		ck_assert_int_eq(unlink(in_dir(newest ? "3" : "2")), 0);
		check_next(&j, newest ? 6 : 3, newest ? 8 : 7, newest ? 8 : 7);
		journal_close(&j);
	}
}
END_TEST

/* ---- files that are taken away ---- */

START_TEST(a_file_that_was_not_read_and_is_gone_is_told)
{
	struct journal j, reader;
	struct journal_block b;
	uint64_t first;

	begin(&j);
	j.file_bytes = SMALL;
	ok(journal_open(&reader, dir, "", &err));
	for (unsigned i = 1; i <= 4; i++)
		written(&j, i, 100);
	for (unsigned i = 1; i <= 3; i++)
		check_next(&reader, i - 1, i, i);
	ck_assert_int_eq(rename(in_dir("2"), in_dir("kept")), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(journal_read(&reader, 3, &b, &err), -1);
		says("journal.2 is gone");
	}
	ck_assert_int_eq(rename(in_dir("kept"), in_dir("2")), 0);
	check_next(&reader, 3, 4, 4);
	ck_assert_int_eq(rename(in_dir("2"), in_dir("kept")), 0);
	ck_assert_int_eq(try_write(&j, 5, 100, 1, &first), -1);
	says("journal.2 was moved or replaced while in use: put it back");
	ck_assert_uint_eq(written(&j, 5, 100), 5);
	ck_assert(!is_there("2") && is_there("3"));
	check_next(&reader, 4, 5, 5);
	ck_assert_int_eq(rename(in_dir("kept"), in_dir("2")), 0);	/* too late, and no harm */
	check_all(&reader, 5);
	journal_close(&reader);
	journal_close(&j);
	check_all_anew(5);
}
END_TEST

START_TEST(a_lock_file_that_was_replaced_is_told_and_used)
{
	struct journal j, other, reader;
	uint64_t first, last;

	begin(&j);
	ok(journal_open(&other, dir, "", &err));
	ok(journal_open(&reader, dir, "", &err));
	written(&j, 1, 100);
	check_all(&reader, 1);
	ck_assert_int_eq(unlink(in_dir("lock")), 0);
	ck_assert_int_eq(try_write(&j, 2, 100, 1, &first), -1);
	says("journal.lock was moved or replaced while in use: put it back");
	ck_assert_uint_eq(written(&j, 2, 100), 2);
	ck_assert_int_eq(journal_hold(&other, &err), -1);
	ok(journal_last(&reader, &last, &err));
	ck_assert_uint_eq(last, 2);
	check_all(&reader, 2);
	ck_assert_uint_eq(written(&other, 3, 100), 3);
	check_all(&reader, 3);
	journal_close(&j);
	journal_close(&other);
	journal_close(&reader);
}
END_TEST

/* Where there is nothing any more that says which numbers were given, who calls has to look again. */
START_TEST(numbers_are_not_guessed)
{
	static const unsigned char zeros[40];
	struct journal j;
	uint64_t first;
	unsigned opened;

	begin(&j);
	for (unsigned i = 1; i <= 5; i++)
		written(&j, i, 100);
	ok(journal_hold(&j, &err));
	ok(journal_remove(&j, &err));
	journal_release(&j);
	poke("lock", 0, zeros, 8);
	ck_assert_int_eq(truncate(in_dir("lock"), 8), 0);
	opened = j.opened;
	ck_assert_int_eq(try_write(&j, 9, 100, 1, &first), -1);
	says("journal.lock is damaged");
	ok(journal_ready(&j, &err));
	ck_assert_uint_ne(j.opened, opened);
	put_rows(&j, 9, 100);
	ok(journal_write(&j, 1, 5, &first, &err));
	ck_assert_uint_eq(first, 6);
	journal_close(&j);
}
END_TEST

/* ---- several at once ---- */

#define WRITERS 3
#define EACH 201

static _Noreturn void write_many(unsigned id)
{
	struct journal j;
	uint64_t first;

	ok(journal_open(&j, dir, "", &err));
	j.file_bytes = 16 * PAGE;
	for (unsigned i = 0; i < EACH; i++) {
		ok(try_write(&j, id << 16 | i, i % 20 == 0 ? 5 * PAGE : 50 + i, 1 + i % 3, &first));
		if (i % 100 == 99) {	/* opened anew as receivers that come and go */
			journal_close(&j);
			ok(journal_open(&j, dir, "", &err));
			j.file_bytes = 16 * PAGE;
		}
	}
	journal_close(&j);
	_exit(0);
}

/* Each number once and in order, and of each process all that it wrote in its order. */
static void read_many(struct journal *j, bool lets_go)
{
	unsigned next[WRITERS] = {0}, blocks = 0;
	uint64_t last = 0;

	while (blocks < WRITERS * EACH) {
		struct journal_block b;
		int rc = journal_read(j, last, &b, &err);
		unsigned mark;

		ck_assert_msg(rc >= 0, "%s", err.text);
		if (rc == 0)
			continue;
		ck_assert_uint_eq(b.first, last + 1);
		last += b.n;
		mark = mark_of(&b);
		ck_assert_uint_lt(mark >> 16, WRITERS);
		ck_assert_uint_eq(mark & 0xFFFF, next[mark >> 16]++);
		ck_assert_uint_eq(b.n, 1 + (mark & 0xFFFF) % 3);
		blocks++;
		if (lets_go && journal_is_past_files(j))
			journal_let_go(j);
	}
	check_none(j, last);
	ck_assert_uint_eq(last, WRITERS * EACH * 2);
}

static _Noreturn void read_in_child(bool lets_go)
{
	struct journal j;

	ok(journal_open(&j, dir, "", &err));
	read_many(&j, lets_go);
	journal_close(&j);
	_exit(0);
}

static void check_together(bool lets_go)
{
	pid_t children[WRITERS + 1];
	struct journal j;
	int status;

	begin(&j);
	for (unsigned i = 0; i < WRITERS; i++)
		if ((children[i] = fork()) == 0)
			write_many(i);
	if ((children[WRITERS] = fork()) == 0)
		read_in_child(lets_go);
	if (!lets_go)
		read_many(&j, false);
	for (unsigned i = 0; i <= WRITERS; i++) {
		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert_int_eq(status, 0);
	}
	journal_close(&j);
}

START_TEST(processes_write_and_read_together)
{
	check_together(false);
	check_together(true);
}
END_TEST

/* Readers do not take the lock: a tail that is just being written is not taken for a damaged one. */
static void *write_always(void *unused)
{
	struct journal j;
	struct err why = {{0}};
	uint64_t first;

	ck_assert_int_eq(journal_open(&j, dir, "", &why), 0);
	while (!over) {
		put_rows(&j, 1, 10);
		ck_assert_msg(journal_write(&j, 1, 0, &first, &why) == 0, "%s", why.text);
	}
	journal_close(&j);
	return unused;
}

static const struct journal_io *whole;

/* As a processor that is taken away in the middle of it. */
static int write_in_two(int fd, const void *p, size_t len, uint64_t at)
{
	const char *bytes = p;

	if (len > PAGE)
		return whole->write(fd, p, len, at);
	if (whole->write(fd, bytes, len / 2, at) < 0)
		return -1;
	usleep(100);
	return whole->write(fd, bytes + len / 2, len - len / 2, at + len / 2);
}

START_TEST(a_tail_that_is_being_written_is_not_damaged)
{
	struct journal_io halves = *journal_io;
	pthread_t thread;
	struct journal j;
	uint64_t last = 0, now;

	begin(&j);
	whole = journal_io;
	halves.write = write_in_two;
	journal_io = &halves;
	ck_assert_int_eq(pthread_create(&thread, NULL, write_always, NULL), 0);
	while (last < 300) {
		ok(journal_last(&j, &now, &err));
		ck_assert_uint_ge(now, last);
		last = now;
	}
	over = true;
	pthread_join(thread, NULL);
	journal_io = whole;
	journal_close(&j);
}
END_TEST

/* ---- descriptors ---- */

static unsigned descriptors(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

START_TEST(nothing_stays_open)
{
	unsigned before = descriptors();
	struct journal j;
	struct journal_block b;
	uint64_t first;

	begin(&j);
	j.file_bytes = SMALL;
	for (unsigned i = 1; i <= 9; i++)
		written(&j, i, 100);
	check_all(&j, 9);
	spoil("2", 2 * PAGE);
	check_next(&j, 0, 1, 1);
	ck_assert_int_eq(journal_read(&j, 4, &b, &err), -1);
	fail_on_demand();
	fail_with = EIO;
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(try_write(&j, 10, 100, 1, &first), -1);
	journal_io = real;
	ck_assert_uint_eq(written(&j, 10, 100), 10);
	unlink(in_dir("lock"));
	ck_assert_int_eq(try_write(&j, 11, 100, 1, &first), -1);
	ck_assert_uint_eq(written(&j, 11, 100), 11);
	journal_close(&j);
	journal_close(&j);
	ck_assert_int_eq(journal_open(&j, "/no/such/place", "", &err), -1);
	says("/no/such/place");
	journal_close(&j);
	ck_assert_uint_eq(descriptors(), before);
}
END_TEST

UNIT_MAIN("journal", blocks_come_back_in_order_and_whole, numbers_are_above_what_is_known_elsewhere,
	  files_follow_each_other_and_are_used_again, a_block_may_be_larger_than_a_file, a_spare_file_is_made_once_and_used,
	  a_file_that_grows_is_left_for_a_spare_one, behind_a_burst_the_spare_file_is_larger, the_larger_spare_file_stays,
	  a_spare_file_leaves_room_on_the_disk, a_larger_file_that_cannot_be_made_is_not_tried_for_ever,
	  zeros_wait_while_events_pour_in, zeros_are_given_up_where_a_file_is_let_go, what_a_killed_one_left_in_a_file_that_was_left_early_is_not_read,
	  what_a_killed_one_left_in_a_file_that_is_gone_is_not_read,
	  two_may_prepare_while_files_are_begun, a_file_may_be_let_go_under_a_reader,
	  files_are_removed_while_others_have_them_open, an_old_lost_or_damaged_tail_costs_nothing,
	  who_writes_goes_over_what_a_killed_one_left, who_opens_takes_what_a_killed_one_left,
	  a_file_that_a_killed_one_began_is_taken_or_begun_anew, a_torn_block_is_not_there, a_torn_file_begins_anew,
	  old_contents_are_never_read, what_a_sender_writes_is_never_a_block, a_block_at_another_place_is_told,
	  a_failed_write_leaves_nothing_and_the_next_one_works,
	  a_damaged_block_is_told_with_its_place, damage_in_the_newest_file_is_told,
	  a_damaged_head_is_told_and_its_number_not_used_again, a_file_that_was_not_read_and_is_gone_is_told,
	  a_lock_file_that_was_replaced_is_told_and_used, numbers_are_not_guessed, processes_write_and_read_together,
	  a_tail_that_is_being_written_is_not_damaged, nothing_stays_open)
