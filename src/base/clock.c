/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "base/clock.h"

#include <stdio.h>
#include <time.h>
#include "base/fail.h"

static int64_t now(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void)
{
#ifdef ENABLE_FAILPOINTS
	return now(CLOCK_REALTIME) + fail_number("clock");	/* so much is it wrong */
#else
	return now(CLOCK_REALTIME);
#endif
}

int64_t clock_mono_ms(void)
{
	return now(CLOCK_MONOTONIC);
}

char *clock_text(char *text, int64_t wall_ms)
{
	int64_t ms = wall_ms % 1000;
	time_t seconds;
	struct tm tm;
	char date[24];

	if (ms < 0)
		ms += 1000;
	seconds = (time_t)((wall_ms - ms) / 1000);
	if (!gmtime_r(&seconds, &tm) || !strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm))
		snprintf(date, sizeof date, "?");
	snprintf(text, CLOCK_TEXT, "%.22s.%03dZ", date, (int)ms);
	return text;
}
