/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "receive/refusal.h"

#include <string.h>
#include "base/buf.h"
#include "base/utf8.h"

/* A sentence that others follow ends where the semicolon is. */
static void put_fault(struct buf *out, const struct fault *fault)
{
	const char *name = fault->name + (*fault->name == '?');

	if (out->len && out->p[out->len - 1] == '.')
		out->p[--out->len] = '\0';
	buf_fmt(out, "%s%s%s%s", out->len ? "; " : "", name, *name ? ": " : "", fault->reason);
}

const char *refusal_reason(struct pool *pool, const struct faults *faults)
{
	struct buf out = {0};
	const char *tail = "", *reason;
	size_t n = 0;

	while (n < faults->n && out.len <= REFUSAL_REASON)
		put_fault(&out, &faults->v[n++]);
	if (n < faults->n + faults->left_out)
		tail = pool_fmt(pool, " (and %zu more)", faults->n + faults->left_out - n);
	reason = pool_fmt(pool, "%.*s%s", (int)utf8_fit(out.p, REFUSAL_REASON - strlen(tail)), out.p, tail);
	buf_free(&out);
	return reason;
}

static bool tells(const char *name, const struct mapping *const *map)
{
	if (strcmp(name, "content-type") == 0 || strncmp(name, "ce-", 3) == 0)
		return true;
	for (enum map_field field = 0; field < MAP_FIELDS; field++)
		if (map[field] && mapping_reads(map[field], name))
			return true;
	return false;
}

/* A line end in it becomes a blank, as RFC 9110 (5.5) has it. False: there was no room for all of it. */
static bool put_line(struct buf *out, const struct attr *header)
{
	size_t begin = out->len, value;
	bool fits;

	buf_fmt(out, "%s: ", header->name);
	value = out->len;
	buf_str(out, header->value);
	fits = out->len < REFUSAL_HEADERS;
	if (!fits)
		out->len = value < REFUSAL_HEADERS ? value + utf8_fit(out->p + value, REFUSAL_HEADERS - 1 - value) : begin;
	for (size_t i = begin; i < out->len; i++)
		if (out->p[i] == '\n')
			out->p[i] = ' ';
	if (out->len > begin)
		buf_char(out, '\n');
	return fits;
}

const char *refusal_headers(struct pool *pool, const struct message *m, const struct mapping *const *map)
{
	struct buf out = {0};
	const char *lines = NULL;
	bool fits = true;

	for (size_t i = 0; i < m->n_headers && fits; i++)
		if (tells(m->headers[i].name, map))
			fits = put_line(&out, &m->headers[i]);
	if (out.len)
		lines = pool_strn(pool, out.p, out.len);
	buf_free(&out);
	return lines;
}
