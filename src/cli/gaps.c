/* SPDX-License-Identifier: EUPL-1.2
 * postvak gaps: what sources left out of their numbering, or took again. */
#include "cli/events.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "cli/jot.h"
#include "cli/table.h"
#include "cli/when.h"

#define PIECE 500		/* rows that are aligned together */

const struct flag gaps_flags[] = {
	{ 'n', "number", "COUNT", "list so many (20)" },
	{ FLAG_ALL, "all", NULL, "list all" },
	{ FLAG_SENDER, "sender", "NAME", "of this sender" },
	{ FLAG_SOURCE, "source", "TEXT", "of sources in which this text occurs" },
	{ FLAG_SINCE, "since", "TIME", "received since 2026-11-21T09:45:00Z, or since 2h ago: 2h" },
	{ FLAG_UNTIL, "until", "TIME", "received before" },
	{ FLAG_JSON, "json", NULL, "write JSON, an object a line" },
	{ 0, NULL, NULL, NULL }
};

struct listing {
	struct view_filter filter;	/* sender, times and how many */
	const char *source;
	bool json;
	struct table *table;
	struct buf out;
	size_t n;
};

static bool matches(const struct listing *l, const struct gap *gap)
{
	const struct view_filter *f = &l->filter;

	return !(f->since_ms && gap->at_ms < f->since_ms) && !(f->until_ms && gap->at_ms >= f->until_ms) &&
	       !(f->sender && strcmp(f->sender, gap->sender) != 0) && !(l->source && !strstr(gap->source, l->source));
}

static void put_object(struct listing *l, const struct gap *gap)
{
	struct buf *b = &l->out;

	jot_begin(b, NULL, '{');
	jot_number(b, "number", gap->n);
	jot_time(b, "received", gap->at_ms);
	jot_text(b, "sender", gap->sender);
	jot_text(b, "source", gap->source);
	jot_text(b, "after", gap->before);
	jot_text(b, "got", gap->got);
	jot_text(b, "what", gap->missing ? "gap" : "step back");
	jot_number(b, "missing", gap->missing);
	jot_end(b, '}');
	buf_char(b, '\n');
}

static void put_row(struct listing *l, const struct gap *gap)
{
	char time[CLOCK_TEXT];

	table_fmt(l->table, "%" PRIu64, gap->n);
	table_put(l->table, when_text(time, gap->at_ms));
	table_put(l->table, gap->sender);
	table_put(l->table, gap->source);
	table_put(l->table, gap->before);
	table_put(l->table, gap->got);
	if (gap->missing)
		table_fmt(l->table, "%" PRIu64 " missing", gap->missing);
	else
		table_put(l->table, "step back");
}

static bool take(void *arg, const struct gap *gap)
{
	struct listing *l = arg;

	if (!matches(l, gap))
		return true;
	l->n++;
	if (l->json)
		put_object(l, gap);
	else
		put_row(l, gap);
	if (l->n % PIECE == 0)
		table_print(l->table, &l->out);
	return l->n != l->filter.most && !ferror(stdout);
}

static int list(struct listing *l, struct store *store)
{
	static const char *const titles[] = { ">NUMBER", "=RECEIVED", "SENDER", "<SOURCE", ">=AFTER", ">=GOT", "=WHAT", NULL };
	struct err err;
	int status = CLI_DONE;

	l->table = table_new(titles, table_terminal());
	if (store_gaps_each(store, take, l, &err) < 0) {
		say("%s", err.text);
		status = CLI_FAILED;
	} else if (l->n == 0) {
		if (!l->json)
			say("nothing matches");
		status = CLI_NOTHING;
	}
	table_print(l->table, &l->out);
	table_free(&l->table);
	buf_free(&l->out);
	return status;
}

int run_gaps(const struct call *call)
{
	struct listing l = { .source = call_value(call, FLAG_SOURCE), .json = call_has(call, FLAG_JSON) };
	struct site site = {0};
	int status = events_filter(call, &l.filter);

	if (!status)
		status = site_read(call, &site);
	if (!status)
		status = list(&l, site.store);
	site_close(&site);
	return status;
}
