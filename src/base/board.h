/* SPDX-License-Identifier: EUPL-1.2
 * Shared memory: counters of all processes (run_dir/board) and the marks that runners leave about
 * what they are doing, so that a crash charges the right event. Values are only ever read and
 * written with the atomic functions here. */
#ifndef BASE_BOARD_H
#define BASE_BOARD_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include "base/err.h"

enum board_counter {		/* the one list of counters; names in board.c in the same order */
	BOARD_ACCEPTED,		/* events recorded (duplicates among them) */
	BOARD_PROBES,		/* registration probes answered */
	BOARD_QUARANTINED,
	BOARD_REJECTED_400, BOARD_REJECTED_401, BOARD_REJECTED_403, BOARD_REJECTED_404,
	BOARD_REJECTED_405, BOARD_REJECTED_408, BOARD_REJECTED_413, BOARD_REJECTED_415,
	BOARD_REJECTED_OTHER,
	BOARD_UNAVAILABLE,	/* 503 */
	BOARD_COMMITS,		/* group commits */
	BOARD_DUPLICATES, BOARD_CONFLICTS,
	BOARD_DONE, BOARD_RETRIED, BOARD_DEAD,
	BOARD_CRASHES, BOARD_TIMEOUTS,
	BOARD_CONNECTIONS,	/* gauge: open receiver connections */
	BOARD_THREADS,		/* gauge: receiver threads */
	BOARD_GAPS,		/* numbers that sources left out or took again */
	BOARD_EXPIRED,		/* deliveries that were not run because expirytime had passed */
	BOARD_REJECTED_429,
	BOARD_FAILED,		/* requests whose credentials did not hold */
	BOARD_HELD,		/* of them, whose answer was held back */
	BOARD_HANDSHAKES,	/* that were answered */
	BOARD_PAUSES,		/* handlers that were paused by themselves */
	BOARD_COUNTERS
};

struct board;
/* Maps the board at path and makes it when it is not there (mode 0660, for the group). */
struct board *board_open(const char *path, const char *group, struct err *err);
/* A board of this process alone, when the run directory is not to be had. */
struct board *board_private(void);
void board_close(struct board **board);
void board_add(struct board *board, enum board_counter which, int64_t by);
int64_t board_get(const struct board *board, enum board_counter which);
const char *board_name(enum board_counter which);	/* "accepted", for tables and JSON */

/* One runner's mark. */
struct mark {
	uint64_t n;		/* the event that runs, 0: none; its highest bit: what is behind it was recalled */
	int64_t started_ms;	/* monotonic */
};
/* n marks in memory that is shared over exec by a descriptor (not close-on-exec is set by the
 * spawner alone). */
int marks_new(size_t n, int *fd, struct mark **marks, struct err *err);
struct mark *marks_map(int fd, size_t n, struct err *err);
void mark_set(struct mark *mark, uint64_t n, int64_t started_ms);	/* started_ms first, then n */
void mark_get(const struct mark *mark, uint64_t *n, int64_t *started_ms);
/* What the runner does around an event. mark_end answers whether what came behind it was recalled meanwhile. */
void mark_begin(struct mark *mark, uint64_t n, int64_t started_ms);
bool mark_end(struct mark *mark);
/* Event n runs for long: the runner is not to begin what is behind it. False: it has ended. */
bool mark_recall(struct mark *mark, uint64_t n);

#endif
