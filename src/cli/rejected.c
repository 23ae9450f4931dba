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
	if (l->bodies)
		jot_bytes(b, "body", r->body ? (const void *)r->body : "", r->body_len);
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
