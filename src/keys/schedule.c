/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "keys/schedule.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static int64_t clamp(int64_t ms)
{
	return ms < FRESH_LEAST_MS ? FRESH_LEAST_MS : ms > FRESH_MOST_MS ? FRESH_MOST_MS : ms;
}

/* The end of a directive: a comma that is not in a quoted string. */
static const char *directive_end(const char *p)
{
	bool quoted = false;

	for (; *p && (quoted || *p != ','); p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (*p == '\\' && quoted && p[1])
			p++;
	}
	return p;
}

/* Seconds, in digits that may be quoted; -1: it is no number. */
static int64_t seconds_of(const char *p, const char *end)
{
	int64_t s = 0;

	if (end - p >= 2 && *p == '"' && end[-1] == '"') {
		p++;
		end--;
	}
	if (p == end)
		return -1;
	for (; p < end; p++) {
		if (*p < '0' || *p > '9')
			return -1;
		if (s <= FRESH_MOST_MS)		/* no more digits are needed to know that it is too much */
			s = s * 10 + (*p - '0');
	}
	return s;
}

int64_t fresh_ms(const char *cache_control, int64_t otherwise_ms)
{
	static const char name[] = "max-age=";

	for (const char *p = cache_control, *end; p && *p; p = end + (*end == ',')) {
		const char *last;
		int64_t s;

		p += strspn(p, " \t");
		end = directive_end(p);
		for (last = end; last > p && (last[-1] == ' ' || last[-1] == '\t');)
			last--;
		if (strncasecmp(p, name, strlen(name)) != 0)
			continue;
		s = seconds_of(p + strlen(name), last);
		if (s >= 0)
			return clamp(s > FRESH_MOST_MS / 1000 ? FRESH_MOST_MS : s * 1000);
	}
	return clamp(otherwise_ms);
}

int64_t backoff_ms(unsigned failures)
{
	int64_t ms = BACKOFF_FIRST_MS;

	while (failures-- > 1 && ms < BACKOFF_MOST_MS)
		ms *= 2;
	return ms < BACKOFF_MOST_MS ? ms : BACKOFF_MOST_MS;
}
