/* SPDX-License-Identifier: EUPL-1.2
 * Giving way to intake: while events pour in and processors are short, the dispatcher rests, with a small round of work
 * twice a second. It is a rest and not a lower priority alone: the moments in which intake waits for the disk are enough
 * for a process of low priority to run, and what runs is not pushed aside at once. */
#ifndef DISPATCH_COURTESY_H
#define DISPATCH_COURTESY_H

#include <stdbool.h>
#include "base/board.h"

struct courtesy_span {
	int64_t ms;
	int64_t accepted, commits;	/* events, and transactions that they came in: of many when many wait */
	int idle_percent;		/* of the processors */
	bool resting;			/* it gave way all the time */
	int64_t given_ms;		/* rests that it gave already */
};

struct courtesy {
	int fd;			/* the kernel's account of all processors; -1: there is none */
	int64_t sampled_ms;	/* mono */
	int64_t accepted, commits;	/* then */
	bool behind;		/* there was something left, then */
	int64_t busy_ms;	/* mono: when events came, or there was something left, for the last time */
	int64_t given_ms;
	int64_t looked_ms;	/* mono: at the processors; 0: not since events pour in */
	uint64_t idle, all;	/* ticks, then */
	int idle_percent;	/* in the span before that */
	struct courtesy_span span;	/* the last one */
	bool gives_way;		/* rounds are to be small */
};

void courtesy_open(struct courtesy *c);
void courtesy_close(struct courtesy *c);
/* After a round of work: how long to rest, in milliseconds. behind: there is more to sort or to hand out. */
int courtesy_ms(struct courtesy *c, const struct board *board, bool behind, int64_t mono_ms);
/* The rule, from what happened in a span of time. What goes on for long is no burst: after rests of 5 seconds there are
 * none, until it is calm. */
int courtesy_rest(const struct courtesy_span *span);

#endif
