/* SPDX-License-Identifier: EUPL-1.2
 * How long to wait before a child that died is started again: not at all the first time, then 1 s
 * doubling to 60 s, and from the beginning once one of them was well for a minute. */
#ifndef BOSS_PACE_H
#define BOSS_PACE_H

#include <stdint.h>

#define PACE_FIRST_MS 1000
#define PACE_LONGEST_MS 60000
#define PACE_HEALTHY_MS 60000

struct pace {			/* {0} for a child that never died */
	unsigned deaths;	/* in a row */
	int64_t wait_ms;	/* that the last death cost */
};

/* Counts a death of a child that had been ready for this long (0: it never was); the wait. */
int64_t pace_death(struct pace *pace, int64_t well_ms);

#endif
