/* SPDX-License-Identifier: EUPL-1.2
 * Giving way to intake: while events pour in and processors are short, the dispatcher rests between
 * two rounds of work. Rounds then are larger, which costs less per event. It is a rest and not a lower
 * priority, because a process that hardly runs would keep the log's lock while it checkpoints. */
#ifndef DISPATCH_COURTESY_H
#define DISPATCH_COURTESY_H

#include "base/board.h"

struct courtesy {
	int fd;			/* of the kernel's account of this thread; -1: there is none */
	int64_t sampled_ms;	/* mono */
	int64_t behind_ms;	/* mono: since when; 0: it is not */
	int64_t accepted, ran_ns, waited_ns;	/* then */
};

void courtesy_open(struct courtesy *c);
void courtesy_close(struct courtesy *c);
/* After a round of work: how long to rest, in milliseconds. behind: there is more to sort or to hand out. */
int courtesy_ms(struct courtesy *c, const struct board *board, bool behind, int64_t mono_ms);
/* The rule, from what happened in the last span_ms. What goes on for long is no burst: when it was behind for 5 seconds
 * rests become shorter, and after 10 there are none. */
int courtesy_rest(int64_t span_ms, int64_t accepted, int64_t ran_ns, int64_t waited_ns, int64_t behind_ms);

#endif
