/* SPDX-License-Identifier: EUPL-1.2
 * What postvak status found, and how it is written. */
#ifndef CLI_STATUS_H
#define CLI_STATUS_H

#include <sys/types.h>
#include "base/board.h"
#include "cli/progress.h"
#include "cli/site.h"
#include "cli/view.h"

#define STATUS_WARNINGS 64

struct status_handler {
	uint64_t behind;	/* numbers between its bookmark and the end of the log, about */
	const char *failed;	/* why it does not start, or null */
	int64_t oldest_ms;	/* when its oldest unfinished event was received; 0: none */
	struct progress through;	/* the log */
};

struct status_seen {		/* of handlers, when --watch saw each first */
	struct { char *handler; uint64_t bookmark; int64_t at_ms; } *v;
	size_t n;
};

struct status {
	const struct conf *conf;
	struct pool *pool;
	int64_t now_ms;
	bool serves;
	pid_t boss;
	int64_t since_ms;	/* 0: unknown */
	uint64_t generation;	/* 0: unknown */
	struct store_stats stats;
	struct view view;
	struct status_handler *handlers;	/* as view.handlers */
	struct replay *replays;
	struct progress *replayed;		/* as replays */
	size_t n_replays;
	struct status_seen *seen;		/* null: not watched */
	struct pause *pauses;
	size_t n_pauses;
	size_t handshakes;	/* that wait for an operator */
	bool disk_known, counted;
	uint64_t disk_free;
	int64_t counters[BOARD_COUNTERS];
	const char *warnings[STATUS_WARNINGS];
	size_t n_warnings;
};

/* Of a handler; null: it is not paused. */
const char *status_next(const struct status *s, const struct pause *p);	/* when the next is tried, in words */
const struct pause *status_pause(const struct status *s, const char *handler);
void status_json(const struct status *s, struct buf *out);
void status_text(const struct status *s, bool only_warnings, struct buf *out);

#endif
