/* SPDX-License-Identifier: EUPL-1.2
 * The spare file: what becomes the next of the journal, with its place on the disk written, so that a synchronised write into
 * it changes no metadata. Zeros that are written beside intake keep the disk from it, so they are written while little comes
 * in, as far as that can be waited for. */
#include "config.h"
#include "store/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/sock.h"
#include "store/journal_io.h"

#define ZEROS (256u << 10)	/* bytes that are written at once */
#define CALM (64u << 10)	/* bytes since the last look: fewer may come beside zeros */
#define POURS_MS 1000		/* half a file within this: a burst, and there will be others */

static uint64_t large(const struct journal *j)
{
	return JOURNAL_LARGE * j->file_bytes;
}

/* ---- what was let go ---- */

/* Whether it can be the next one: its place on the disk is written, it has not become too large, and what is there for that is
 * smaller. */
static bool is_spare(const struct journal *j, const char *path, const char *spare)
{
	uint64_t bytes = bytes_named(path);

	return bytes >= j->file_bytes && bytes <= large(j) + j->file_bytes && bytes > bytes_named(spare);
}

void journal_let_go(struct journal *j)
{
	char *spare = journal_path_named(j->dir, "spare");
	uint64_t file = j->gone;

	while (file_next(j->dir, file, &file, NULL) == 0 && file && file <= j->passed) {
		char *path = journal_path(j->dir, file);

		if ((is_spare(j, path, spare) ? journal_io->rename(path, spare) : journal_io->unlink(path)) < 0 && errno != ENOENT)
			log_warn("%s cannot be let go: %s; see that the directory belongs to Postvak's user", path,
				 strerror(errno));
		free(path);
	}
	j->gone = j->passed;
	free(spare);
}

/* ---- what is made ---- */

/* Bytes that came since it was looked; of a file that was left the rest is not known. */
static uint64_t came(const struct journal_spare *s, const struct journal_tail *t)
{
	if (!s->seen.file)
		return 0;
	if (t->file != s->seen.file)
		return t->at;
	return t->at > s->seen.at ? t->at - s->seen.at : 0;
}

static void look(struct journal_spare *s, const struct journal_tail *t, uint64_t file_bytes)
{
	int64_t now = clock_mono_ms();
	uint64_t bytes = came(s, t);

	if (now - s->since_ms >= POURS_MS) {
		s->since_ms = now;
		s->bytes = 0;
	}
	if (now - s->looked_ms <= POURS_MS)	/* or it may have come slowly */
		s->bytes += bytes;
	s->pours |= s->bytes >= file_bytes / 2;
	s->calm = bytes < CALM;
	s->seen = *t;
	s->looked_ms = now;
}

static bool is_calm(const struct journal *j)
{
	struct journal_tail t;

	return tail_named(j->dir, &t) == 0 && came(&j->spare, &t) < CALM;
}

/* It is wanted soon: the file that is written to grows, or comes to its end. */
static bool is_urgent(const struct journal *j)
{
	char *path = journal_path(j->dir, j->spare.seen.file);
	uint64_t bytes = bytes_named(path);

	free(path);
	return bytes < j->spare.seen.at + j->file_bytes;
}

static bool is_mine(const struct journal_spare *s, const char *new)
{
	return s->fd >= 0 && ino_named(new) == ino_open(s->fd);
}

static void close_new(struct journal_spare *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->at = 0;
}

static void drop_new(struct journal_spare *s, const char *new)
{
	if (is_mine(s, new))
		journal_io->unlink(new);
	close_new(s);
}

/* Who locks it while it has this name makes it, and nobody else. 1: another one does. */
static int open_new(struct journal *j, const char *new, struct err *err)
{
	struct journal_spare *s = &j->spare;

	if (is_mine(s, new))
		return 0;
	close_new(s);
	s->fd = journal_io->open(new, O_RDWR | O_CREAT);
	if (s->fd < 0)
		return err_sys(err, "cannot make %s", new);
	if (flock(s->fd, LOCK_EX | LOCK_NB) < 0 || !is_mine(s, new)) {
		close_new(s);
		return 1;
	}
	if (path_group(new, j->group, err) < 0)
		return -1;
	if (fchmod(s->fd, 0660) < 0 || ftruncate(s->fd, 0) < 0)	/* what a killed process wrote may not be on the disk */
		return err_sys(err, "cannot prepare %s", new);
	return 0;
}

/* Synchronised piece by piece, so that no event waits for all of it on the disk, and no more than a file's, so that this thread
 * is soon there again. Ends early where some come, unless it is urgent, and where the file was taken away. */
static int write_zeros(struct journal *j, const char *new, uint64_t upto, bool urgent)
{
	static const char zeros[ZEROS];
	struct journal_spare *s = &j->spare;
	uint64_t end = upto - s->at < j->file_bytes ? upto : s->at + j->file_bytes;
	int rc = 0;

	while (rc == 0 && s->at < end && is_mine(s, new) && (urgent || is_calm(j))) {
		uint64_t len = end - s->at < ZEROS ? end - s->at : ZEROS;

		rc = journal_io->write(s->fd, zeros, len, s->at);
		if (rc == 0)
			rc = journal_io->sync(s->fd);
		if (rc == 0)
			s->at += len;
	}
	return rc;
}

/* 1: a part; 0: all of it, or another one does. */
static int make(struct journal *j, const char *new, const char *spare, uint64_t bytes, bool urgent, struct err *err)
{
	struct journal_spare *s = &j->spare;
	int rc = open_new(j, new, err);

	if (rc > 0)
		return 0;
	if (rc == 0 && s->at < bytes && write_zeros(j, new, bytes, urgent) < 0)
		rc = err_sys(err, "cannot prepare %s", new);
	if (rc == 0 && s->at < bytes)
		return 1;
	if (rc == 0 && is_mine(s, new) && s->at > bytes_named(spare) && journal_io->rename(new, spare) < 0)
		rc = err_sys(err, "cannot rename %s", new);
	if (rc < 0) {	/* less may do, until the next burst */
		s->pours = false;
		s->bytes = 0;
	}
	drop_new(s, new);
	return rc;
}

int journal_prepare(struct journal *j, uint64_t room, struct err *err)
{
	char *new = journal_path_named(j->dir, "new"), *spare = journal_path_named(j->dir, "spare");
	uint64_t has = bytes_named(spare), wants = j->file_bytes;
	bool urgent = false;
	struct journal_tail t;
	int rc = 0;

	if (tail_named(j->dir, &t) == 0) {
		look(&j->spare, &t, j->file_bytes);
		urgent = !has && is_urgent(j);
	}
	room += j->spare.at;
	if (room < 2 * j->file_bytes)
		wants = 0;
	else if (j->spare.pours && !urgent && room >= 2 * large(j))
		wants = large(j);
	if (!wants && has > j->file_bytes)
		journal_io->unlink(spare);
	if (has >= wants)
		drop_new(&j->spare, new);
	else if (j->spare.calm || urgent)
		rc = make(j, new, spare, wants, urgent, err);
	else
		rc = 1;
	free(new);
	free(spare);
	return rc;
}

void journal_drop_new(struct journal *j)
{
	char *new = journal_path_named(j->dir, "new");

	drop_new(&j->spare, new);
	free(new);
}
