/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/media.h"

#include <string.h>
#include <strings.h>

static int lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* RFC 9110 5.6.2 */
static bool is_tchar(char c)
{
	return c && ((c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
		     strchr("!#$%&'*+-.^_`|~", c));
}

static const char *skip_token(const char *s)
{
	while (is_tchar(*s))
		s++;
	return s;
}

static const char *skip_blanks(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

struct text {			/* grows up to its room, in lower case */
	char *p;
	size_t n, room;
};

static void append(struct text *t, char c)
{
	if (t && t->n + 1 < t->room) {
		t->p[t->n++] = (char)lower(c);
		t->p[t->n] = '\0';
	}
}

/* The end of a quoted-string whose opening quote is at s, or null. */
static const char *take_quoted(const char *s, struct text *out)
{
	for (s++; *s != '"'; s++) {
		if (*s == '\\')
			s++;
		if (((unsigned char)*s < ' ' && *s != '\t') || *s == 0x7F)
			return NULL;
		append(out, *s);
	}
	return s + 1;
}

static const char *take_token(const char *s, struct text *out)
{
	const char *end = skip_token(s);

	for (; s < end; s++)
		append(out, *s);
	return end;
}

/* One `name=value` at s; charset gets the value of the parameter of that name, once. */
static const char *take_parameter(const char *s, struct text *charset)
{
	const char *end = skip_token(s), *after;
	bool wanted = end - s == 7 && strncasecmp(s, "charset", 7) == 0;

	if (end == s || *end != '=' || (wanted && charset->n))
		return NULL;
	s = end + 1;
	if (*s == '"') {
		after = take_quoted(s, wanted ? charset : NULL);
		if (after && wanted && !charset->n) {	/* an empty one is none of those that are known */
			append(charset, '"');
			append(charset, '"');
		}
		return after;
	}
	after = take_token(s, wanted ? charset : NULL);
	return after == s ? NULL : after;
}

int media_type(const char *value, char *out, size_t len, char *charset, size_t charset_len)
{
	const char *s = skip_blanks(value), *slash = skip_token(s), *end;
	struct text type = { out, 0, len }, set = { charset, 0, charset_len };

	*out = *charset = '\0';
	if (slash == s || *slash != '/')
		return -1;
	end = skip_token(slash + 1);
	if (end == slash + 1)
		return -1;
	while (s < end)
		append(&type, *s++);
	for (s = skip_blanks(end); *s == ';'; s = skip_blanks(s)) {
		s = skip_blanks(s + 1);
		if (*s && *s != ';' && !(s = take_parameter(s, &set)))
			return -1;
	}
	return *s ? -1 : 0;
}

/* What nearly all have. */
static bool is_usual(const char *value)
{
	return strcmp(value, "application/json") == 0;
}

bool media_valid(const char *value)
{
	char type[2], charset[2];

	return is_usual(value) || media_type(value, type, sizeof type, charset, sizeof charset) == 0;
}

bool media_is_json(const char *value)
{
	char type[MEDIA_MOST], charset[2];
	const char *subtype;
	size_t len;

	if (is_usual(value))
		return true;
	if (media_type(value, type, sizeof type, charset, sizeof charset) < 0)
		return false;
	subtype = strchr(type, '/');
	if (!subtype)	/* cut off: RFC 6838 gives each of both 127 characters */
		return false;
	len = strlen(++subtype);
	return strcmp(subtype, "json") == 0 || (len > 5 && strcmp(subtype + len - 5, "+json") == 0);
}
