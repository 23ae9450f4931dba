/* SPDX-License-Identifier: EUPL-1.2
 * One runner: its process, its pipeline and its mark. */
#ifndef DISPATCH_RUNNER_H
#define DISPATCH_RUNNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/board.h"
#include "base/buf.h"
#include "conf/conf.h"
#include "dispatch/engine.h"
#include "event/wire.h"

#define PIPELINE_MAX 64
#define PIPELINE_BYTES (256u << 10)

struct given {
	uint64_t n;
	size_t bytes;
};

enum runner_state {
	RUNNER_OFF,
	RUNNER_STARTING,	/* it has not said that it is ready */
	RUNNER_READY,
	RUNNER_LEAVING		/* its socket ended, or it was killed; to be reaped */
};

struct team {			/* the runners of one handler */
	const struct conf_handler *conf;
	size_t index;
	struct runner *runners;
	size_t n;
	int marks_fd;
	struct mark *marks;
	int64_t wait_ms;	/* pace: 0, or 1000 doubling to 60000 */
	int64_t not_before_ms;	/* mono */
	bool gave_up;
	char why[512];		/* why its last runner did not start or ended without any work */
	uint64_t suspect;	/* first in the pipeline of the runner that last ended without a mark */
	int suspicions;		/* how often in a row */
};

struct runner {
	struct team *team;
	size_t slot;
	enum runner_state state;
	pid_t pid;
	int fd;
	struct buf in, out;
	struct given pipeline[PIPELINE_MAX];
	size_t n, bytes;
	size_t depth;		/* how long its pipeline may be now */
	uint64_t took_us;	/* its last event */
	int64_t since_ms;	/* mono: in this state since */
	int64_t heard_ms;	/* mono: the last sign of work */
	uint64_t ran;		/* events that it answered */
	int64_t ready_ms;	/* mono: when it became so; 0: never */
	bool heard;		/* there is something to read */
	bool timed_out, stuck, failed, reaped;
	bool spoiled;		/* what it said could not be understood */
	bool ended;		/* by us */
	bool cut;		/* its socket ended, and it did not follow */
	bool dismissed, killed;	/* by us, when the dispatcher leaves */
};

int runner_start(struct runner *r, const char *program, struct err *err);
bool runner_takes(const struct runner *r);	/* now: what takes long already gets nothing put behind it */
bool runner_fits(const struct runner *r);	/* however long that takes */
void runner_give(struct runner *r, const struct wire_event *head, const struct event *event);
void runner_write(struct runner *r);
void runner_read(struct runner *r, struct engine *engine, bool all);	/* all: till there is nothing more */
void runner_end(struct runner *r);		/* SIGKILL, to all of its process group */
/* Ends it when it is past a deadline; takes back what is behind an event that takes long. */
void runner_watch(struct runner *r, struct engine *engine);
/* For so long its pipeline surely stays more than half full; 0: it does not. */
uint64_t runner_busy_us(const struct runner *r);
int64_t runner_next_ms(const struct runner *r);	/* until the next look at its deadline */
/* Reaps it if it is dead: gives back its pipeline and charges the event that it was busy with (nothing
 * when the death was ours). True: it is OFF now. */
bool runner_reap(struct runner *r, struct engine *engine);

#endif
