/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "trust/field.h"

#include <stdio.h>
#include <string.h>

#define BLANKS " \t"

/* How many bytes at p are a line fold (RFC 9112 5.2), 0: none is there. */
static size_t fold_len(const char *p)
{
	size_t blanks = strspn(p, BLANKS), end = blanks + (p[blanks] == '\r');

	if (p[end] != '\n' || !p[end + 1] || !strchr(BLANKS, p[end + 1]))
		return 0;
	return end + 1 + strspn(p + end + 1, BLANKS);
}

/* Takes the folds out of the text. */
static void unfold(char *text)
{
	char *to = text;

	for (const char *from = text; *from;) {
		size_t fold = fold_len(from), plain = fold ? 0 : strspn(from, BLANKS);

		if (fold)
			*to++ = ' ';
		plain += !fold && !plain;
		memmove(to, from, plain);
		to += plain;
		from += fold + plain;
	}
	*to = '\0';
}

static const char *clean(struct pool *pool, const char *value)
{
	char *out = pool_str(pool, value);
	size_t len;

	if (strchr(out, '\n'))
		unfold(out);
	out += strspn(out, BLANKS);
	for (len = strlen(out); len && strchr(BLANKS, out[len - 1]); len--)
		;
	out[len] = '\0';
	return out;
}

size_t field_lines(struct pool *pool, const struct message *m, const char *name, const char ***lines)
{
	size_t n = 0;

	*lines = pool_alloc(pool, (m->n_headers + 1) * sizeof **lines);
	for (size_t i = 0; i < m->n_headers; i++)
		if (strcmp(m->headers[i].name, name) == 0)
			(*lines)[n++] = clean(pool, m->headers[i].value);
	if (!n && strcmp(name, "content-length") == 0)
		(*lines)[n++] = pool_fmt(pool, "%zu", m->body_len);
	return n;
}

const char *field_value(struct pool *pool, const struct message *m, const char *name)
{
	const char **lines;
	size_t n = field_lines(pool, m, name, &lines), len = 1;
	char *out, *to;

	if (n < 2)
		return n ? *lines : NULL;
	for (size_t i = 0; i < n; i++)
		len += strlen(lines[i]) + 2;
	to = out = pool_alloc(pool, len);
	for (size_t i = 0; i < n; i++)
		to += snprintf(to, len - (size_t)(to - out), "%s%s", i ? ", " : "", lines[i]);
	return out;
}
