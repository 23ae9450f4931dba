/* SPDX-License-Identifier: EUPL-1.2
 * postvak events --rejected: bodies that known senders sent and that were refused, so that an
 * operator sees why. */
#include "cli/events.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "cli/jot.h"
#include "cli/plain.h"
#include "cli/table.h"
#include "cli/when.h"

struct listing {
	const struct view_filter *filter;
	bool json, bodies;
	struct table *table;
	struct buf out;
	size_t n;
};

static bool matches(const struct view_filter *f, const struct rejected *r)
{
	return !(f->since_ms && r->at_ms < f->since_ms) && !(f->until_ms && r->at_ms >= f->until_ms) &&
	       !(f->sender && (!r->sender || strcmp(f->sender, r->sender) != 0));
}

/* ---- headers: lines "name: value" ---- */

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

static bool same_name(const char *a, const char *b)
{
	size_t len = strcspn(a, ":\n");

	return strcspn(b, ":\n") == len && strncmp(a, b, len) == 0;
}

/* The value of a header that came more than once is their list (RFC 9110, 5.3), where it came first. */
static void jot_header(struct buf *b, const char *lines, const char *line)
{
	struct buf name = {0}, value = {0};

	while (!same_name(lines, line))
		lines = next_line(lines);
	if (lines != line)
		return;
	buf_put(&name, line, strcspn(line, ":\n"));
	for (; *line; line = next_line(line)) {
		const char *at = line + name.len;

		if (!same_name(line, lines))
			continue;
		at += strspn(at, ":");
		at += *at == ' ';
		buf_str(&value, line == lines ? "" : ", ");
		buf_put(&value, at, strcspn(at, "\n"));
	}
	jot_bytes(b, name.p, value.p, value.len);
	buf_free(&name);
	buf_free(&value);
}

static void jot_headers(struct buf *b, const char *lines)
{
	jot_begin(b, "headers", '{');
	for (const char *line = lines; line && *line; line = next_line(line))
		jot_header(b, lines, line);
	jot_end(b, '}');
}

static void put_headers(struct buf *b, const char *lines)
{
	for (const char *line = lines; line && *line; line = next_line(line)) {
		plain_put(b, line, strcspn(line, "\n"), PLAIN_LINE);
		buf_char(b, '\n');
	}
	if (lines)
		buf_char(b, '\n');
}

/* ---- rows ---- */

static void put_object(struct listing *l, const struct rejected *r)
{
	struct buf *b = &l->out;

	jot_begin(b, NULL, '{');
	jot_number(b, "number", r->n);
	jot_time(b, "received", r->at_ms);
	jot_text(b, "endpoint", r->endpoint);
	jot_text(b, "sender", r->sender);
	jot_int(b, "status", r->status);
	jot_text(b, "reason", r->reason);
	jot_number(b, "size", r->body_len);
	if (l->bodies) {
		jot_headers(b, r->headers);
		jot_bytes(b, "body", r->body ? (const void *)r->body : "", r->body_len);
	}
	jot_end(b, '}');
	buf_char(b, '\n');
}

static void put_row(struct listing *l, const struct rejected *r)
{
	char time[CLOCK_TEXT];

	table_fmt(l->table, "%" PRIu64, r->n);
	table_put(l->table, when_text(time, r->at_ms));
	table_put(l->table, r->endpoint);
	table_put(l->table, r->sender);
	table_fmt(l->table, "%d", r->status);
	table_fmt(l->table, "%zu", r->body_len);
	table_put(l->table, r->reason);
	if (!l->bodies)
		return;
	table_write(l->table, &l->out);
	put_headers(&l->out, r->headers);
	if (r->body_len)
		plain_put(&l->out, (const char *)r->body, r->body_len, PLAIN_TEXT);
	buf_str(&l->out, r->body_len && r->body[r->body_len - 1] == '\n' ? "\n" : "\n\n");
}

static bool take(void *arg, const struct rejected *r)
{
	struct listing *l = arg;

	if (!matches(l->filter, r))
		return true;
	l->n++;
	if (l->json)
		put_object(l, r);
	else
		put_row(l, r);
	return l->n != l->filter->most;
}

int rejected_list(const struct call *call, struct site *site, uint64_t only_n, bool bodies)
{
	static const char *const titles[] = { ">NUMBER", "=RECEIVED", "ENDPOINT", "SENDER", ">STATUS", ">SIZE", "=REASON", NULL };
	struct view_filter filter = {0};
	struct listing l = { .filter = &filter, .json = call_has(call, FLAG_JSON), .bodies = bodies };
	struct err err;
	int status = events_filter(call, &filter);

	if (!status)
		status = site_read(call, site);
	if (status)
		return status;
	l.table = table_new(titles, table_terminal());
	if (store_rejected_each(site->store, only_n, take, &l, &err) < 0) {
		say("%s", err.text);
		status = CLI_FAILED;
	} else if (l.n == 0) {
		if (!l.json)
			say("nothing matches");
		status = CLI_NOTHING;
	}
	if (table_rows(l.table))
		table_write(l.table, &l.out);
	if (l.out.len)
		fwrite(l.out.p, 1, l.out.len, stdout);
	table_free(&l.table);
	buf_free(&l.out);
	return status;
}
