/* SPDX-License-Identifier: EUPL-1.2
 * postvak dead: what needs a person, counted by handler, type and reason, or one by one. */
#include "cli/site.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "cli/jot.h"
#include "cli/pick.h"
#include "cli/plain.h"
#include "cli/table.h"
#include "cli/when.h"
#include "dispatch/groups.h"

#define LISTED 20		/* deliveries without -n */
#define PIECE 500		/* rows that are aligned together */

enum { FLAG_LIST = FLAG_OWN };

const struct flag dead_flags[] = {
	PICK_FLAGS,
	{ FLAG_LIST, "list", NULL, "one by one, in order of handler and number" },
	{ 'n', "number", "COUNT", "with --list: so many (20)" },
	{ FLAG_ALL, "all", NULL, "with --list: all of them" },
	{ FLAG_JSON, "json", NULL, "write JSON, an object a line" },
	{ 0, NULL, NULL, NULL }
};

struct listing {
	struct choice choice;
	bool json, list;
	size_t most, n;		/* most 0: no limit */
	bool cut;		/* there are more */
	bool terminal;
	struct table *table;
	struct groups groups;
	struct buf out;
	int64_t now_ms;
};

/* In a terminal each row is followed by its reason, which may be long; in a pipe that is a column. */
static void put_reason(struct listing *l, const char *reason)
{
	if (l->terminal)
		table_below(l->table, reason);
	else
		table_put(l->table, reason);
}

/* ---- one by one ---- */

static void put_row(struct listing *l, const struct parked *p, const char *type)
{
	char time[CLOCK_TEXT];

	table_fmt(l->table, "%" PRIu64, p->n);
	table_put(l->table, p->handler);
	table_put(l->table, type);
	table_put(l->table, choice_state_name(choice_state(p)));
	table_put(l->table, when_text(time, p->since_ms));
	table_fmt(l->table, "%d", p->attempts);
	put_reason(l, p->reason);
}

static void put_object(struct listing *l, const struct parked *p, const char *type)
{
	struct buf *b = &l->out;

	jot_begin(b, NULL, '{');
	jot_number(b, "number", p->n);
	jot_text(b, "handler", *p->handler ? p->handler : NULL);
	jot_text(b, "type", *type ? type : NULL);
	jot_text(b, "state", choice_state_name(choice_state(p)));
	jot_time(b, "since", p->since_ms);
	jot_int(b, "attempts", p->attempts);
	jot_text(b, "reason", p->reason);
	jot_end(b, '}');
	buf_char(b, '\n');
}

static bool take(void *arg, const struct parked *p, const char *type)
{
	struct listing *l = arg;

	if (!l->list) {
		groups_add(&l->groups, p, type);
		return true;
	}
	if (l->most && l->n == l->most) {
		l->cut = true;
		return false;
	}
	l->n++;
	if (l->json)
		put_object(l, p, type);
	else
		put_row(l, p, type);
	if (l->n % PIECE == 0)
		table_print(l->table, &l->out);
	return !ferror(stdout);
}

/* ---- groups ---- */

static void jot_groups(struct listing *l)
{
	struct buf *b = &l->out;

	for (size_t i = 0; i < l->groups.n; i++) {
		const struct group *g = l->groups.v[i];

		jot_begin(b, NULL, '{');
		jot_number(b, "count", g->count);
		jot_text(b, "handler", *g->handler ? g->handler : NULL);
		jot_text(b, "type", *g->type ? g->type : NULL);
		jot_text(b, "state", choice_state_name(g->state));
		jot_time(b, "oldest", g->oldest_ms);
		jot_time(b, "newest", g->newest_ms);
		jot_number(b, "event", g->n);
		jot_text(b, "reason", g->newest);
		jot_text(b, "like", g->reason);
		jot_end(b, '}');
		buf_char(b, '\n');
	}
}

/* In a terminal how long ago, where columns are scarce. */
static void put_moment(struct listing *l, int64_t ms)
{
	char time[CLOCK_TEXT], span[SPAN_TEXT];

	if (l->terminal)
		table_fmt(l->table, "%s ago", span_text(span, l->now_ms - ms));
	else
		table_put(l->table, clock_text(time, ms));
}

static void put_groups(struct listing *l)
{
	for (size_t i = 0; i < l->groups.n; i++) {
		const struct group *g = l->groups.v[i];

		table_fmt(l->table, "%" PRIu64, g->count);
		table_put(l->table, g->handler);
		table_put(l->table, g->type);
		table_put(l->table, choice_state_name(g->state));
		put_moment(l, g->oldest_ms);
		put_moment(l, g->newest_ms);
		table_fmt(l->table, "%" PRIu64, g->n);
		put_reason(l, g->newest);
	}
}

/* For people alone: a pipe gets the rows and nothing else. */
static void put_hint(struct listing *l)
{
	if (!l->terminal || l->json)
		return;
	if (l->cut)
		buf_fmt(&l->out, "\nThere are more: --all lists them.\n");
	buf_str(&l->out, "\nTo act on them: postvak retry, discard, hold or release, with the same options;\n"
			 "--dry-run says first what that comes to. One of them: postvak events show N.\n");
}

/* Nothing matches; but "nothing is dead" is no answer about a handler that there is not. */
static int nothing(const struct listing *l, const struct site *site)
{
	const char *handler = l->choice.handler;
	bool known = !handler || conf_handler(site->conf, handler);
	struct bookmark *v;
	struct err err;
	size_t n;

	if (!known && store_bookmarks(site->store, site->pool, &v, &n, &err) < 0) {
		say("%s", err.text);
		return CLI_FAILED;
	}
	for (size_t i = 0; !known && i < n; i++)
		known = strcmp(v[i].handler, handler) == 0;
	if (!known) {
		say("there is no handler %s", handler);
		return CLI_USAGE;
	}
	if (!l->json)
		say("nothing matches");
	return CLI_NOTHING;
}

static int list(struct listing *l, const struct site *site)
{
	static const char *const rows[] = { ">NUMBER", "HANDLER", "<TYPE", "=STATE", "=SINCE", ">=ATTEMPTS", "=REASON", NULL };
	static const char *const row[] = { ">NUMBER", "HANDLER", "<TYPE", "=STATE", "=SINCE", ">=ATTEMPTS", NULL };
	static const char *const counts[] = { ">COUNT", "HANDLER", "<TYPE", "=STATE", "=OLDEST", "=NEWEST", ">EVENT", "=REASON", NULL };
	static const char *const count[] = { ">COUNT", "HANDLER", "<TYPE", "=STATE", "=OLDEST", "=NEWEST", ">EVENT", NULL };
	struct err err;

	l->table = table_new(l->list ? (l->terminal ? row : rows) : l->terminal ? count : counts, table_terminal());
	if (choice_each(site->store, &l->choice, take, l, &err) < 0) {
		table_print(l->table, &l->out);
		say("%s", err.text);
		return CLI_FAILED;
	}
	if (!l->n && !l->groups.count)
		return nothing(l, site);
	groups_sort(&l->groups);
	if (!l->list && l->json)
		jot_groups(l);
	else if (!l->list)
		put_groups(l);
	if (l->groups.others)
		say("%" PRIu64 " more are in groups beyond the first %d: choose fewer", l->groups.others, GROUPS_MAX);
	table_print(l->table, &l->out);
	put_hint(l);
	table_print(l->table, &l->out);
	return CLI_DONE;
}

static int read_flags(const struct call *call, struct listing *l)
{
	const char *count = call_value(call, 'n');
	uint64_t n = LISTED;

	l->json = call_has(call, FLAG_JSON);
	l->list = call_has(call, FLAG_LIST);
	if (!l->list && (count || call_has(call, FLAG_ALL))) {
		say("-n and --all go with --list");
		return CLI_USAGE;
	}
	if (count && (!number_parse(count, &n) || n > SIZE_MAX)) {
		say("-n %s is not a number of 1 or more", count);
		return CLI_USAGE;
	}
	l->most = call_has(call, FLAG_ALL) ? 0 : (size_t)n;
	return CLI_DONE;
}

int run_dead(const struct call *call)
{
	struct listing l = { .now_ms = clock_wall_ms(), .terminal = table_terminal() > 0 };
	struct pool *pool = pool_new();
	struct buf args = {0};
	struct site site = {0};
	int status = read_flags(call, &l);

	if (!status)
		status = pick_read(call, &args, pool, &l.choice);
	if (!l.choice.states)
		l.choice.states = CHOICE_STATE(PARKED_DEAD) | CHOICE_STATE(PARKED_HELD) | CHOICE_QUARANTINED;
	if (!status)
		status = site_read(call, &site);
	if (!status)
		status = list(&l, &site);
	table_free(&l.table);
	groups_free(&l.groups);
	buf_free(&l.out);
	buf_free(&args);
	pool_free(&pool);
	site_close(&site);
	return status;
}
