/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/type.h"

#include <stddef.h>
#include <string.h>

#define SEPARATORS " \t\r\n,"

static bool is_label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static bool is(const char *p, size_t len, const char *s)
{
	return strlen(s) == len && memcmp(p, s, len) == 0;
}

static int label_check(const char *pattern, const char *label, size_t len, struct err *err)
{
	if (!len)
		return err_set(err, "pattern \"%s\" has an empty label: write a name, * or ** between the dots", pattern);
	if (is(label, len, "*"))
		return 0;
	if (is(label, len, "**")) {
		if (label[len])
			return err_set(err, "pattern \"%s\": ** stands for all that follows and must be last; "
				       "use * for one label", pattern);
		return 0;
	}
	for (size_t i = 0; i < len; i++)
		if (!is_label_char(label[i]))
			return err_set(err, "pattern \"%s\": label \"%.*s\" may hold letters, digits, - and _, or be "
				       "* or ** alone", pattern, (int)len, label);
	return 0;
}

int type_pattern_check(const char *pattern, struct err *err)
{
	const char *label = pattern;

	for (;;) {
		size_t len = strcspn(label, ".");

		if (label_check(pattern, label, len, err) < 0)
			return -1;
		if (!label[len])
			return 0;
		label += len + 1;
	}
}

static size_t label_len(const char *p, const char *end)
{
	const char *dot = memchr(p, '.', (size_t)(end - p));

	return (size_t)((dot ? dot : end) - p);
}

static bool match(const char *pattern, const char *end, const char *type)
{
	const char *type_end = type + strlen(type);

	for (;;) {
		size_t want = label_len(pattern, end), have = label_len(type, type_end);
		bool more;

		if (is(pattern, want, "**"))
			return type < type_end;
		if (is(pattern, want, "*") ? !have : want != have || memcmp(pattern, type, want) != 0)
			return false;
		pattern += want;
		type += have;
		more = pattern < end;
		if (more != (type < type_end))
			return false;
		if (!more)
			return true;
		pattern++;
		type++;
	}
}

bool type_match_any(const char *patterns, const char *type)
{
	for (;;) {
		size_t len;

		patterns += strspn(patterns, SEPARATORS);
		if (!*patterns)
			return false;
		len = strcspn(patterns, SEPARATORS);
		if (match(patterns, patterns + len, type))
			return true;
		patterns += len;
	}
}
