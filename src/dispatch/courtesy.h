/* SPDX-License-Identifier: EUPL-1.2
 * Giving way to intake: while events pour in and processors are short, the dispatcher rests between two rounds of work,
 * which are small then: what intake wants a processor for waits for a round's end. It is a rest and not a lower priority
 * alone: the moments in which intake waits for the disk are enough for a process of low priority to run, and to keep
 * disk and caches busy. */
#ifndef DISPATCH_COURTESY_H
#define DISPATCH_COURTESY_H

#include <stdbool.h>
#include "base/board.h"

struct courtesy_span {
	int64_t ms;
	int64_t accepted, commits;	/* events, and transactions that they came in: of many when many wait */
	int64_t ran_us;			/* of the round alone */
	int idle_percent;		/* of the processors */
	int64_t behind_ms;
};

struct courtesy {
	int fd;			/* the kernel's account of all processors; -1: there is none */
	int64_t sampled_ms;	/* mono */
	int64_t behind_ms;	/* mono: since when; 0: it is not */
	int64_t accepted, commits;	/* then */
	int64_t ran_us;		/* of processor time, at the last round's end */
	int64_t looked_ms;	/* mono: at the processors */
	uint64_t idle, all;	/* ticks, then */
	int idle_percent;	/* in the span before that */
	struct courtesy_span span;	/* the last one */
	bool gives_way;		/* rounds are to be small */
};

void courtesy_open(struct courtesy *c);
void courtesy_close(struct courtesy *c);
/* After a round of work: how long to rest, in milliseconds. behind: there is more to sort or to hand out. */
int courtesy_ms(struct courtesy *c, const struct board *board, bool behind, int64_t mono_ms);
/* The rule, from what happened in a span of time. What goes on for long is no burst: when it was behind for 2.5
 * seconds rests become shorter, and after 5 there are none. */
int courtesy_rest(const struct courtesy_span *span);

#endif
