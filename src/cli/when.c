/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "cli/table.h"
#include "conf/conf.h"
#include "event/time.h"
#include "event/type.h"

bool when_parse(const char *text, int64_t now_ms, int64_t *ms)
{
	int64_t back;

	if (time_parse(text, TIME_OFFSET_OPTIONAL, ms))
		return true;
	if (!conf_duration(text, &back) || back < 0 || back > now_ms)
		return false;
	*ms = now_ms - back;
	return true;
}

bool moment_parse(const char *text, int64_t *ms)
{
	uint64_t seconds;

	if (!number_parse(text, &seconds))
		return when_parse(text, clock_wall_ms(), ms);
	*ms = (int64_t)(seconds * 1000);
	return seconds <= INT64_MAX / 1000;
}

bool number_parse(const char *text, uint64_t *n)
{
	*n = 0;
	for (; *text; text++) {
		unsigned digit = (unsigned)(*text - '0');

		if (digit > 9 || *n > ((uint64_t)INT64_MAX - digit) / 10)
			return false;
		*n = *n * 10 + digit;
	}
	return *n > 0;
}

char *when_text(char *text, int64_t ms)
{
	clock_text(text, ms);
	if (table_terminal() > 0)
		strcpy(text + strcspn(text, "."), "Z");
	return text;
}

char *span_text(char *text, int64_t ms)
{
	static const struct { int64_t ms; const char *name; } units[] = {
		{ 86400000, "d" }, { 3600000, "h" }, { 60000, "min" }, { 1000, "s" }
	};

	if (ms < 0)
		ms = 0;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (ms >= 2 * units[i].ms) {
			snprintf(text, SPAN_TEXT, "%" PRId64 " %s", ms / units[i].ms, units[i].name);
			return text;
		}
	snprintf(text, SPAN_TEXT, "%" PRId64 " ms", ms);
	return text;
}

int patterns_check(const char *patterns, struct err *err)
{
	char *copy = str_dup(patterns), *rest = copy, *one;
	int rc = 0, n = 0;

	while (rc == 0 && (one = strsep(&rest, ", \t\n")))
		if (*one) {
			n++;
			rc = type_pattern_check(one, err);
		}
	if (rc == 0 && n == 0)
		rc = err_set(err, "a pattern is missing (nl.overheid.zaken.**)");
	free(copy);
	return rc;
}
