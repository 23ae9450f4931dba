/* SPDX-License-Identifier: EUPL-1.2 */
#include "boss/pace.h"

int64_t pace_death(struct pace *pace, int64_t well_ms)
{
	if (well_ms >= PACE_HEALTHY_MS)
		*pace = (struct pace){0};
	if (pace->deaths == 0)
		pace->wait_ms = 0;
	else if (pace->wait_ms == 0)
		pace->wait_ms = PACE_FIRST_MS;
	else if (pace->wait_ms * 2 < PACE_LONGEST_MS)
		pace->wait_ms *= 2;
	else
		pace->wait_ms = PACE_LONGEST_MS;
	pace->deaths++;
	return pace->wait_ms;
}
