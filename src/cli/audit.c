/* SPDX-License-Identifier: EUPL-1.2
 * postvak audit: what operators asked for, and what came of it. */
#include "cli/events.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "cli/jot.h"
#include "cli/table.h"
#include "cli/when.h"
#include "dispatch/choice.h"

#define PIECE 500		/* rows that are aligned together */

enum { FLAG_WHO = FLAG_OWN, FLAG_VERB };

const struct flag audit_flags[] = {
	{ 'n', "number", "COUNT", "list so many (20)" },
	{ FLAG_ALL, "all", NULL, "list all" },
	{ FLAG_WHO, "who", "NAME", "asked by this user" },
	{ FLAG_VERB, "verb", "COMMAND", "asked with this command, as retry or rewind" },
	{ FLAG_SINCE, "since", "TIME", "asked since 2026-11-21T09:45:00Z, or since 2h ago: 2h" },
	{ FLAG_UNTIL, "until", "TIME", "asked before" },
	{ FLAG_JSON, "json", NULL, "write JSON, an object a line" },
	{ 0, NULL, NULL, NULL }
};

struct listing {
	struct view_filter filter;	/* times and how many */
	const char *who, *verb;
	bool json, terminal;
	struct table *table;
	struct pool *pool;
	struct buf out;
	size_t n;
};

static bool matches(const struct listing *l, const struct request *r)
{
	const struct view_filter *f = &l->filter;

	return !(f->since_ms && r->at_ms < f->since_ms) && !(f->until_ms && r->at_ms >= f->until_ms) &&
	       !(l->who && strcmp(l->who, r->who) != 0) && !(l->verb && strcmp(l->verb, r->verb) != 0);
}

static const char *result(const struct request *r)
{
	return r->status < 0 ? "queued" : r->status == 0 ? "done" : "refused";
}

/* "handler=mail state=dead", without the reason that was given. */
static void put_args(struct buf *out, const char *args)
{
	while (*args) {
		size_t len = strcspn(args, "\n");

		if (strncmp(args, "why=", 4) != 0)
			buf_fmt(out, "%s%.*s", out->len ? " " : "", (int)len, args);
		args += len + (args[len] == '\n');
	}
}

/* In a terminal what may be long stands below the row. */
static void put(struct listing *l, const char *text)
{
	if (l->terminal)
		table_below(l->table, text);
	else
		table_put(l->table, text);
}

static void put_row(struct listing *l, const struct request *r)
{
	const char *answer = r->answer ? r->answer : "", *why = args_value(l->pool, r->args, "why");
	char time[CLOCK_TEXT];
	struct buf args = {0};

	put_args(&args, r->args);
	table_put(l->table, when_text(time, r->at_ms));
	table_put(l->table, r->who);
	table_put(l->table, r->verb);
	if (!l->terminal)
		table_put(l->table, args.p);
	table_put(l->table, result(r));
	if (l->terminal)
		table_below(l->table, args.p);
	put(l, pool_strn(l->pool, answer, strcspn(answer, "\n")));
	put(l, l->terminal && why ? pool_fmt(l->pool, "why: %s", why) : why);
	buf_free(&args);
}

/* Lines name=value; a name may come more than once. */
static void jot_args(struct listing *l, const char *args)
{
	struct buf *b = &l->out;

	jot_begin(b, "arguments", '[');
	while (*args) {
		size_t len = strcspn(args, "\n");

		if (strncmp(args, "why=", 4) != 0)
			jot_bytes(b, NULL, args, len);
		args += len + (args[len] == '\n');
	}
	jot_end(b, ']');
}

static void put_object(struct listing *l, const struct request *r)
{
	struct buf *b = &l->out;

	jot_begin(b, NULL, '{');
	jot_number(b, "request", r->id);
	jot_time(b, "time", r->at_ms);
	jot_text(b, "who", r->who);
	jot_text(b, "what", r->verb);
	jot_args(l, r->args);
	jot_text(b, "status", result(r));
	jot_text(b, "answer", r->answer);
	jot_text(b, "why", args_value(l->pool, r->args, "why"));
	jot_end(b, '}');
	buf_char(b, '\n');
}

static bool take(void *arg, const struct request *r)
{
	struct listing *l = arg;

	if (!matches(l, r))
		return true;
	l->n++;
	if (l->json)
		put_object(l, r);
	else
		put_row(l, r);
	pool_reset(l->pool);
	if (l->n % PIECE == 0)
		table_print(l->table, &l->out);
	return l->n != l->filter.most && !ferror(stdout);
}

static int list(struct listing *l, struct store *store)
{
	static const char *const titles[] = { "=TIME", "WHO", "=WHAT", "ARGUMENTS", "=RESULT", "ANSWER", "WHY", NULL };
	static const char *const narrow[] = { "=TIME", "WHO", "=WHAT", "=RESULT", NULL };
	struct err err;
	int status = CLI_DONE;

	l->table = table_new(l->terminal ? narrow : titles, table_terminal());
	l->pool = pool_new();
	if (store_requests_each(store, take, l, &err) < 0) {
		say("%s", err.text);
		status = CLI_FAILED;
	} else if (l->n == 0) {
		if (!l->json)
			say("nothing matches");
		status = CLI_NOTHING;
	}
	table_print(l->table, &l->out);
	table_free(&l->table);
	pool_free(&l->pool);
	buf_free(&l->out);
	return status;
}

int run_audit(const struct call *call)
{
	struct listing l = { .who = call_value(call, FLAG_WHO), .verb = call_value(call, FLAG_VERB), .json = call_has(call, FLAG_JSON),
			     .terminal = table_terminal() > 0 };
	struct site site = {0};
	int status = events_filter(call, &l.filter);

	if (!status)
		status = site_read(call, &site);
	if (!status)
		status = list(&l, site.store);
	site_close(&site);
	return status;
}
