/* SPDX-License-Identifier: EUPL-1.2
 * The spare file: what becomes the next of the journal, with its place on the disk written, so that a synchronised write into
 * it changes no metadata. Zeros that are written beside intake keep the disk from it, so they are written while nothing comes
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
#include "base/mem.h"
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

	if (now - s->since_ms >= POURS_MS) {
		s->since_ms = now;
		s->bytes = 0;
	}
	s->bytes += came(s, t);
	s->pours |= s->bytes >= file_bytes / 2;
	s->calm = came(s, t) < CALM;
	s->seen = *t;
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

void spare_close(struct journal_spare *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->at = 0;
}

static bool is_mine(const struct journal_spare *s, const char *new)
{
	return s->fd >= 0 && ino_named(new) == ino_open(s->fd);
}

/* Who locks it while it has this name makes it, and nobody else. 1: another one does. */
static int open_new(struct journal *j, const char *new, struct err *err)
{
	struct journal_spare *s = &j->spare;

	if (is_mine(s, new))
		return 0;
	spare_close(s);
	s->fd = journal_io->open(new, O_RDWR | O_CREAT);
	if (s->fd < 0)
		return err_sys(err, "cannot make %s", new);
	if (flock(s->fd, LOCK_EX | LOCK_NB) < 0 || !is_mine(s, new)) {
		spare_close(s);
		return 1;
	}
	if (path_group(new, j->group, err) < 0)
		return -1;
	return fchmod(s->fd, 0660) < 0 ? err_sys(err, "cannot set the mode of %s", new) : 0;
}

/* Synchronised piece by piece, so that no event waits for all of it on the disk. Ends early where some come, unless it is
 * urgent, and where the file was taken away. */
static int write_zeros(struct journal *j, const char *new, uint64_t upto, bool urgent)
{
	void *zeros = mem_alloc(ZEROS);
	struct journal_spare *s = &j->spare;
	int rc = 0;

	while (rc == 0 && s->at < upto && is_mine(s, new) && (urgent || is_calm(j))) {
		uint64_t len = upto - s->at < ZEROS ? upto - s->at : ZEROS;

		rc = journal_io->write(s->fd, zeros, len, s->at);
		if (rc == 0)
			rc = journal_io->sync(s->fd);
		if (rc == 0)
			s->at += len;
	}
	free(zeros);
	return rc;
}

/* Of so many bytes; of what it has by then, but no less than a file's, if it is urgent. */
static int make(struct journal *j, const char *new, const char *spare, uint64_t bytes, struct err *err)
{
	bool urgent = !j->spare.calm;
	int rc = open_new(j, new, err);

	if (rc > 0)
		return 0;
	if (urgent)
		bytes = j->file_bytes;
	if (rc == 0 && write_zeros(j, new, bytes, urgent) < 0)
		rc = err_sys(err, "cannot prepare %s", spare);
	if (rc == 0 && (j->spare.at < bytes || !is_mine(&j->spare, new)))
		return 0;
	if (rc == 0 && journal_io->rename(new, spare) < 0)
		rc = err_sys(err, "cannot prepare %s", spare);
	if (rc < 0)
		journal_io->unlink(new);
	spare_close(&j->spare);
	return rc;
}

int journal_prepare(struct journal *j, uint64_t room, struct err *err)
{
	char *new = journal_path_named(j->dir, "new"), *spare = journal_path_named(j->dir, "spare");
	uint64_t has = bytes_named(spare), wants;
	struct journal_tail t;
	int rc = 0;

	if (tail_named(j->dir, &t) == 0 && room >= 2 * j->file_bytes) {
		look(&j->spare, &t, j->file_bytes);
		wants = j->spare.pours && room >= 2 * large(j) ? large(j) : j->file_bytes;
		if (has < wants && (j->spare.calm || (!has && is_urgent(j))))
			rc = make(j, new, spare, wants, err);
		if (rc == 0 && !has)
			rc = 1;
	}
	free(new);
	free(spare);
	return rc;
}
