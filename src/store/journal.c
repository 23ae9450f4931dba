/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "store/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/die.h"
#include "base/fail.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/sock.h"
#include "store/journal_io.h"

#define LOCK_MS 2000
#define ROWS_AT (JOURNAL_PAGE + JOURNAL_BLOCK)	/* in `out`: room for both heads */

/* ---- what a crash left ---- */

/* Blocks behind the tail that are whole: the power went before the tail was written down, or a process was killed.
 * They may be in memory alone, so they are written once more. */
static int adopt(struct journal *j, struct journal_end *e, struct err *err)
{
	struct block_head h;
	struct journal_block b;
	bool any = false;
	int rc;

	j->in.len = 0;
	while ((rc = block_at(j, e, 0, &h, &b, err)) > 0 && h.first >= e->next) {
		if (journal_io->write(e->fd, b.rows.p - JOURNAL_BLOCK, h.total, e->at) < 0)
			return err_sys(err, "cannot write %s/" JOURNAL_NAME ".%llu", j->dir, (unsigned long long)e->file);
		e->at += h.total;
		e->next = h.first + h.n;
		any = true;
	}
	j->in.len = 0;
	if (rc >= 0 && any && journal_io->sync(e->fd) < 0)
		return err_sys(err, "cannot synchronise %s/" JOURNAL_NAME ".%llu", j->dir, (unsigned long long)e->file);
	return rc < 0 ? -1 : 0;
}

/* The newest file that can be read; *newest: that was ever begun, as far as files and tail tell. What was begun with a
 * number that is given was never answered for. */
static int open_newest(struct journal *j, const struct journal_tail *t, struct journal_end *e, uint64_t *newest, struct err *err)
{
	uint64_t file = UINT64_MAX;
	struct file_head h;
	int rc = END_NONE;

	*newest = t->file;
	while (rc != END_OPEN) {
		if (file_before(j->dir, file, &file, err) < 0)
			return -1;
		if (!file)
			return END_NONE;
		rc = end_open(e, j->dir, file, O_RDWR, &h, err);
		if (rc < 0)
			return -1;
		if (rc == END_OPEN && file > t->file && h.first < t->next)
			rc = END_NONE;
		if (rc != END_NONE && file > *newest)
			*newest = file;
	}
	return rc;
}

/* With the lock held. Where the newest file is gone or damaged, another one is begun: its number is not used again. */
static int recover(struct journal *j, struct err *err)
{
	struct journal_end e = { .fd = -1 };
	struct journal_tail t;
	uint64_t newest;
	int rc;

	tail_read(j->lock.fd, &t);
	rc = open_newest(j, &t, &e, &newest, err);
	if (rc == END_OPEN) {
		if (t.file == e.file && t.at) {
			e.at = t.at;
			e.next = t.next;
		}
		rc = adopt(j, &e, err);
		if (e.next > t.next)
			t.next = e.next;
	}
	t.at = e.fd >= 0 && e.file == newest ? e.at : 0;
	t.file = newest;
	end_close(&e);
	return rc < 0 ? -1 : tail_write(j, &t, err);
}

/* ---- opening ---- */

static int take(struct journal *j, struct err *err)
{
	int rc = lock_take(&j->lock, LOCK_MS, err);

	return rc <= 0 ? rc : err_set(err, "the journal in %s is locked by another process for %d s: end or continue the process "
				      "that holds %s/" JOURNAL_NAME ".lock (fuser shows it)", j->dir, LOCK_MS / 1000, j->dir);
}

static void disconnect(struct journal *j)
{
	end_close(&j->writer);
	end_close(&j->reader);
	lock_release(&j->lock);
	lock_close(&j->lock);
	j->in.len = 0;
}

static bool has_lock_file(const struct journal *j)
{
	char *lock = journal_path_named(j->dir, "lock");
	bool has = ino_named(lock) == j->lock_ino;

	free(lock);
	return has;
}

/* Whoever took its files away has to give them back, or they are begun anew by the next one. */
static int same_files(const struct journal *j, struct err *err)
{
	char *file = journal_path(j->dir, j->writer.file);
	bool same = j->writer.fd < 0 || ino_named(file) == j->writer.ino;
	int rc = 0;

	if (!has_lock_file(j))
		rc = err_set(err, "%s/" JOURNAL_NAME ".lock was moved or replaced while in use: put it back", j->dir);
	else if (!same)
		rc = err_set(err, "%s was moved or replaced while in use: put it back", file);
	free(file);
	return rc;
}

static int connect_journal(struct journal *j, struct err *err)
{
	char *path = str_fmt("%s/" JOURNAL_NAME, j->dir);
	int rc = lock_open(&j->lock, path, true, j->group, err);

	free(path);
	if (rc == 0 && (rc = take(j, err)) == 0) {
		j->lock_ino = ino_open(j->lock.fd);
		rc = same_files(j, err) < 0 ? -1 : recover(j, err);
		lock_release(&j->lock);
	}
	j->broken = rc < 0;
	if (rc < 0) {
		disconnect(j);
		return -1;
	}
	j->opened++;
	j->wrote = false;
	j->passed = j->gone = j->read = 0;
	return 0;
}

int journal_open(struct journal *j, const char *dir, const char *group, struct err *err)
{
	*j = (struct journal){ .writer.fd = -1, .reader.fd = -1, .spare.fd = -1, .lock = { .fd = -1, .turnstile = -1 },
			       .file_bytes = JOURNAL_FILE, .dir = str_dup(dir), .group = str_dup(group) };
	return connect_journal(j, err);
}

void journal_close(struct journal *j)
{
	if (!j->dir)
		return;
	disconnect(j);
	journal_drop_new(j);
	buf_free(&j->out);
	buf_free(&j->in);
	free(j->dir);
	free(j->group);
	*j = (struct journal){0};
}

int journal_ready(struct journal *j, struct err *err)
{
	must(j->dir);
	if (!j->broken)
		return 0;
	disconnect(j);
	return connect_journal(j, err);
}

/* ---- writing ---- */

struct buf *journal_rows(struct journal *j)
{
	buf_reset(&j->out);
	memset(buf_room(&j->out, ROWS_AT), 0, ROWS_AT);
	j->out.len = ROWS_AT;
	return &j->out;
}

static int cannot_write(const char *path, struct err *err)
{
	if (errno == ENOSPC || errno == EDQUOT)
		return err_set(err, "%s cannot grow: the disk is full or a quota is reached: make room on it", path);
	if (errno == EROFS || errno == EACCES || errno == EPERM)
		return err_sys(err, "%s cannot be written: see that its directory is mounted read-write and belongs to Postvak's user",
			       path);
	return err_sys(err, "%s cannot be written: check the disk, see the kernel's log", path);
}

/* A file gets its number when its first page is on the disk: what a power cut may leave there instead could not be told
 * from a damaged head. */
static int make_file(const struct journal *j, const char *path, struct err *err)
{
	static const char zeros[JOURNAL_PAGE];
	char *next = journal_path_named(j->dir, "next");
	int fd, rc = 0;

	journal_io->unlink(next);
	fd = journal_io->open(next, O_RDWR | O_CREAT | O_EXCL);
	if (fd < 0 || journal_io->write(fd, zeros, sizeof zeros, 0) < 0 || journal_io->sync(fd) < 0 ||
	    journal_io->rename(next, path) < 0)
		rc = cannot_write(path, err);
	if (fd >= 0)
		close(fd);
	free(next);
	return rc;
}

/* A crash may leave a file with the name that it was given and the one that it had: then it is nobody's to write to. */
static bool has_two_names(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_nlink > 1;
}

/* The spare one, or one that is made. */
static int take_file(const struct journal *j, const char *path, struct err *err)
{
	char *spare = journal_path_named(j->dir, "spare");
	int rc;

	if (has_two_names(spare))
		journal_io->unlink(spare);
	rc = journal_io->rename(spare, path);
	if (rc < 0)
		rc = errno == ENOENT ? make_file(j, path, err) : err_sys(err, "cannot rename %s", spare);
	free(spare);
	return rc;
}

/* The next file. Its head comes with its first block. */
static int begin_file(struct journal *j, const struct journal_tail *t, struct err *err)
{
	char *path = journal_path(j->dir, t->file + 1);
	struct stat st;
	int fd = -1, rc;

	end_close(&j->writer);
	rc = take_file(j, path, err);
	if (rc == 0 && ((fd = journal_io->open(path, O_RDWR | O_DSYNC)) < 0 || fstat(fd, &st) < 0))
		rc = cannot_write(path, err);
	if (rc == 0 && st.st_uid == geteuid())
		rc = fchmod(fd, 0660) < 0 ? err_sys(err, "cannot set the mode of %s", path) : path_group(path, j->group, err);
	if (rc == 0 && journal_sync_dir(j->dir) < 0)
		rc = err_sys(err, "cannot synchronise the directory %s", j->dir);
	if (rc == 0)
		j->writer = (struct journal_end){ .fd = fd, .file = t->file + 1, .at = JOURNAL_PAGE, .limit = UINT64_MAX,
						   .size = (uint64_t)st.st_size, .ino = st.st_ino };
	else if (fd >= 0)
		close(fd);
	free(path);
	return rc;
}

/* The file of the tail, where another process has gone on to the next one. */
static int follow(struct journal *j, const struct journal_tail *t, struct err *err)
{
	struct file_head h;
	int rc;

	if (j->writer.fd >= 0)
		return 0;
	rc = end_open(&j->writer, j->dir, t->file, O_RDWR | O_DSYNC, &h, err);
	if (rc == END_OPEN || rc < 0)
		return rc < 0 ? -1 : 0;
	return err_set(err, "%s/" JOURNAL_NAME ".%llu is %s", j->dir, (unsigned long long)t->file,
		       rc == END_NONE ? "gone: put it back" : "damaged at its beginning: see the kernel's log");
}

/* What could not be written is not to be found by `adopt` either. In memory this works on a disk that fails, too. */
static void take_back(struct journal *j, uint64_t at)
{
	struct stat st;

	if (fstat(j->writer.fd, &st) == 0 && (uint64_t)st.st_size <= at)
		return;
	memset(j->out.p, 0, JOURNAL_PAGE);
	if (journal_io->write(j->writer.fd, j->out.p, JOURNAL_PAGE, at) < 0)
		log_warn("%s/" JOURNAL_NAME ".%llu cannot be written at all: check the disk, see the kernel's log", j->dir,
			 (unsigned long long)j->writer.file);
}

static void begin_head(struct journal *j, struct journal_tail *t)
{
	struct file_head h = { 0, t->next, t->at };

	random_fill(&h.salt, sizeof h.salt);
	h.salt |= 1;	/* 0: it has none yet */
	file_head_put(j->out.p, j->writer.file, &h);
	j->writer.salt = h.salt;
	t->file = j->writer.file;
	t->at = JOURNAL_PAGE;
}

static int write_through(struct journal *j, const char *p, size_t len, uint64_t at)
{
	if (!fail_here("append.before-commit"))
		return journal_io->write_through(j->writer.fd, p, len, at);
	errno = EIO;
	return -1;
}

/* With the lock held, the tail read, and the writer at its file. */
static int put_out(struct journal *j, struct journal_tail *t, uint32_t n, struct err *err)
{
	struct journal_block b = { t->next, n, { NULL, j->out.len - ROWS_AT, false } };
	size_t len = block_pages(j->out.len), skip = JOURNAL_PAGE;
	uint64_t at;

	memset(buf_room(&j->out, len - j->out.len), 0, len - j->out.len);
	if (!j->writer.salt) {
		begin_head(j, t);
		skip = 0;
	}
	at = t->at + skip - JOURNAL_PAGE;
	block_put(j->out.p + JOURNAL_PAGE, j->writer.salt, t->at, &b);
	if (write_through(j, j->out.p + skip, len - skip, at) < 0) {
		char *path = journal_path(j->dir, t->file);

		cannot_write(path, err);
		free(path);
		take_back(j, at);
		return -1;
	}
	failpoint("append.after-commit");
	t->at += len - JOURNAL_PAGE;
	t->next += n;
	if (tail_write(j, t, err) < 0) {
		take_back(j, at);
		return -1;
	}
	if (t->at / j->file_bytes != (t->at - (len - JOURNAL_PAGE)) / j->file_bytes)
		journal_io->sync(j->lock.fd);	/* a hint: behind a power cut it is not read from farther back */
	return 0;
}

/* Another process has gone on, and who collected may have let the file go. */
static void leave_older(struct journal *j, const struct journal_tail *t)
{
	if (!t->at || j->writer.file != t->file)
		end_close(&j->writer);
}

/* With the writer at its file. One that was not there before it was wanted grows, which costs a synchronised write as much
 * again. It is left as soon as there is a spare one. */
static bool is_over(const struct journal *j, const struct journal_tail *t)
{
	char *spare;
	bool over;

	if (!t->at)
		return true;
	if (j->writer.size >= j->file_bytes)
		return t->at >= j->writer.size;
	spare = journal_path_named(j->dir, "spare");
	over = t->at >= j->file_bytes || access(spare, F_OK) == 0;
	free(spare);
	return over;
}

static int write_held(struct journal *j, uint32_t n, uint64_t above, uint64_t *first, struct err *err)
{
	struct journal_tail t;

	if (tail_read(j->lock.fd, &t) < 0 || (j->wrote && !t.next))
		return err_set(err, "%s/" JOURNAL_NAME ".lock is damaged; it is made anew", j->dir);
	leave_older(j, &t);
	if (same_files(j, err) < 0)
		return -1;
	if (t.next <= above)
		t.next = above + 1;
	if ((t.at && follow(j, &t, err) < 0) || (is_over(j, &t) && begin_file(j, &t, err) < 0))
		return -1;
	*first = t.next;
	if (put_out(j, &t, n, err) < 0)
		return -1;
	return same_files(j, err);	/* who opened it with another lock meanwhile may not know of this block */
}

int journal_write(struct journal *j, uint32_t n, uint64_t above, uint64_t *first, struct err *err)
{
	int rc;

	must(n && j->out.len >= ROWS_AT);
	if (j->out.len - ROWS_AT > UINT32_MAX)
		return err_set(err, "events of more than 4 GiB cannot be recorded at once");
	if (journal_ready(j, err) < 0 || take(j, err) < 0)
		return -1;
	rc = write_held(j, n, above, first, err);
	j->broken = rc < 0;
	j->wrote |= rc == 0;
	lock_release(&j->lock);
	if (j->out.cap > JOURNAL_KEEP)
		buf_free(&j->out);
	return rc;
}

/* ---- for those who empty it ---- */

int journal_hold(struct journal *j, struct err *err)
{
	struct journal_tail t;

	if (journal_ready(j, err) < 0 || take(j, err) < 0)
		return -1;
	if (tail_read(j->lock.fd, &t) == 0)
		leave_older(j, &t);
	if (same_files(j, err) == 0)
		return 0;
	j->broken = true;
	lock_release(&j->lock);
	return -1;
}

static int remove_named(char *path, struct err *err)
{
	int rc = journal_io->unlink(path);

	if (rc < 0 && errno == ENOENT)
		rc = 0;
	if (rc < 0)
		err_sys(err, "cannot remove %s", path);
	free(path);
	return rc;
}

int journal_remove(struct journal *j, struct err *err)
{
	struct journal_tail t;
	uint64_t file;
	int rc;

	if (!j->lock.held || tail_read(j->lock.fd, &t) < 0)
		return err_set(err, "the journal in %s was opened anew meanwhile: try again", j->dir);
	end_close(&j->writer);
	for (rc = file_next(j->dir, 0, &file, err); rc == 0 && file; rc = file_next(j->dir, file, &file, err)) {
		if (file > t.file)
			t.file = file;
		if (remove_named(journal_path(j->dir, file), err) < 0)
			return -1;
	}
	if (rc < 0 || remove_named(journal_path_named(j->dir, "spare"), err) < 0)
		return -1;
	if (journal_sync_dir(j->dir) < 0)
		return err_sys(err, "cannot synchronise the directory %s", j->dir);
	t.at = 0;
	return tail_write(j, &t, err);
}

void journal_release(struct journal *j)
{
	lock_release(&j->lock);
}
