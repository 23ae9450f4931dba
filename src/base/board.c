/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "base/board.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/die.h"
#include "base/mem.h"
#include "base/share.h"

#define BOARD_BYTES 4096
#define RECALLED ((uint64_t)1 << 63)

struct board {
	int64_t *counters;
	bool mapped;
};

static const char *const names[BOARD_COUNTERS] = {
	"accepted", "probes", "quarantined",
	"rejected_400", "rejected_401", "rejected_403", "rejected_404",
	"rejected_405", "rejected_408", "rejected_413", "rejected_415",
	"rejected_other",
	"unavailable",
	"commits",
	"duplicates", "conflicts",
	"done", "retried", "dead",
	"crashes", "timeouts",
	"connections",
	"threads",
	"gaps",
	"expired",
	"rejected_429",
	"failed_authentications",
	"held_answers",
	"handshakes",
	"pauses",
};

const char *board_name(enum board_counter which)
{
	return names[which];
}

struct board *board_open(const char *path, const char *group, struct err *err)
{
	void *p = share_map(path, group, BOARD_BYTES, err);
	struct board *board;

	if (!p)
		return NULL;
	board = mem_alloc(sizeof *board);
	*board = (struct board){ p, true };
	return board;
}

struct board *board_private(void)
{
	struct board *board = mem_alloc(sizeof *board);

	board->counters = mem_array(BOARD_COUNTERS, sizeof *board->counters);
	return board;
}

void board_close(struct board **board)
{
	if (!*board)
		return;
	if ((*board)->mapped)
		munmap((*board)->counters, BOARD_BYTES);
	else
		free((*board)->counters);
	free(*board);
	*board = NULL;
}

void board_add(struct board *board, enum board_counter which, int64_t by)
{
	__atomic_fetch_add(&board->counters[which], by, __ATOMIC_RELAXED);
}

int64_t board_get(const struct board *board, enum board_counter which)
{
	return __atomic_load_n(&board->counters[which], __ATOMIC_RELAXED);
}

static struct mark *map_marks(int fd, size_t n, struct err *err)
{
	void *p = mmap(NULL, n * sizeof(struct mark), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED) {
		err_sys(err, "cannot map the runners' marks");
		return NULL;
	}
	return p;
}

static int unnamed_file(void)
{
#ifdef HAVE_MEMFD_CREATE
	int fd = memfd_create("postvak-marks", MFD_CLOEXEC);

	if (fd >= 0 || errno != ENOSYS)
		return fd;
#endif
	char path[] = "/tmp/postvak-XXXXXX";
	int file = mkstemp(path);

	if (file >= 0) {
		unlink(path);
		fcntl(file, F_SETFD, FD_CLOEXEC);
	}
	return file;
}

int marks_new(size_t n, int *fd, struct mark **marks, struct err *err)
{
	*fd = unnamed_file();
	if (*fd < 0)
		return err_sys(err, "cannot make shared memory");
	if (ftruncate(*fd, (off_t)(n * sizeof(struct mark))) < 0) {
		err_sys(err, "cannot size shared memory");
		goto failed;
	}
	*marks = map_marks(*fd, n, err);
	if (*marks)
		return 0;
failed:
	close(*fd);
	*fd = -1;
	return -1;
}

struct mark *marks_map(int fd, size_t n, struct err *err)
{
	return map_marks(fd, n, err);
}

void mark_set(struct mark *mark, uint64_t n, int64_t started_ms)
{
	__atomic_store_n(&mark->started_ms, started_ms, __ATOMIC_RELEASE);
	__atomic_store_n(&mark->n, n, __ATOMIC_RELEASE);
}

void mark_get(const struct mark *mark, uint64_t *n, int64_t *started_ms)
{
	*n = __atomic_load_n(&mark->n, __ATOMIC_ACQUIRE) & ~RECALLED;
	*started_ms = __atomic_load_n(&mark->started_ms, __ATOMIC_ACQUIRE);
}

void mark_begin(struct mark *mark, uint64_t n, int64_t started_ms)
{
	__atomic_store_n(&mark->started_ms, started_ms, __ATOMIC_RELEASE);
	/* It may stand there already, recalled. */
	if ((__atomic_load_n(&mark->n, __ATOMIC_ACQUIRE) & ~RECALLED) != n)
		__atomic_store_n(&mark->n, n, __ATOMIC_RELEASE);
}

bool mark_end(struct mark *mark)
{
	return (__atomic_exchange_n(&mark->n, 0, __ATOMIC_ACQ_REL) & RECALLED) != 0;
}

bool mark_recall(struct mark *mark, uint64_t n)
{
	return __atomic_compare_exchange_n(&mark->n, &n, n | RECALLED, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}
