/* SPDX-License-Identifier: EUPL-1.2
 * postvak events: the list. No subject and no data: they are about persons. */
#include "cli/events.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "cli/jot.h"
#include "cli/table.h"
#include "cli/view.h"
#include "cli/when.h"

#define LISTED 20		/* events without -n */
#define PIECE 500		/* rows that are aligned together */

enum { FLAG_TYPE = FLAG_OWN, FLAG_REJECTED, FLAG_DATA, FLAG_RAW, FLAG_BODY };

const struct flag events_flags[] = {
	{ 'n', "number", "COUNT", "list so many (20)" },
	{ FLAG_ALL, "all", NULL, "list all" },
	{ FLAG_TYPE, "type", "PATTERNS", "of these types: * is one label, ** the rest" },
	{ FLAG_SENDER, "sender", "NAME", "of this sender" },
	{ FLAG_HANDLER, "handler", "NAME", "that this handler wants, with its state" },
	{ FLAG_STATE, "state", "STATE", "new, done, expired, waiting, dead, held, behind, duplicate, quarantined or unwanted" },
	{ FLAG_SINCE, "since", "TIME", "received since 2026-11-21T09:45:00Z, or since 2h ago: 2h" },
	{ FLAG_UNTIL, "until", "TIME", "received before" },
	{ FLAG_REJECTED, "rejected", NULL, "instead: bodies of known senders that were refused" },
	{ FLAG_BODY, "body", NULL, "with --rejected: the headers and bodies too" },
	{ FLAG_DATA, "data", NULL, "with show: the data too" },
	{ FLAG_RAW, "raw", NULL, "with show: nothing but the data, byte for byte" },
	{ FLAG_JSON, "json", NULL, "write JSON, an object a line" },
	{ 0, NULL, NULL, NULL }
};

struct listing {
	const struct view *view;
	size_t handler;		/* index + 1, or 0 */
	bool json;
	struct table *table;
	struct buf out;
	size_t n;
};

static void flush(struct listing *l)
{
	if (l->table && l->n == 0)	/* the titles alone */
		table_write(l->table, &l->out);
	table_print(l->table, &l->out);
}

static void put_row(struct listing *l, const struct card *card, enum view_state state)
{
	char time[CLOCK_TEXT];

	table_fmt(l->table, "%" PRIu64, card->n);
	table_put(l->table, when_text(time, card->received_ms));
	table_put(l->table, card->type);
	table_put(l->table, card->sender);
	if (state == VIEW_DUPLICATE)
		table_fmt(l->table, "duplicate of %" PRIu64 "%s", card->duplicate_of,
			  card->conflict ? ", other content" : "");
	else
		table_put(l->table, view_state_name(state));
}

static void put_object(struct listing *l, const struct card *card, enum view_state state)
{
	struct buf *b = &l->out;

	jot_begin(b, NULL, '{');
	jot_number(b, "number", card->n);
	jot_time(b, "received", card->received_ms);
	jot_text(b, "type", card->type);
	jot_text(b, "sender", card->sender);
	jot_text(b, "state", view_state_name(state));
	jot_hex(b, "key", card->key.b, EVENT_KEY);
	if (card->duplicate_of) {
		jot_number(b, "duplicate_of", card->duplicate_of);
		jot_bool(b, "conflict", card->conflict);
	}
	jot_begin(b, "handlers", '{');
	for (size_t i = 0; i < l->view->n_handlers; i++) {
		enum view_state one = view_of_handler(l->view, i, card);

		if (one != VIEW_UNWANTED)
			jot_text(b, l->view->handlers[i].name, view_state_name(one));
	}
	jot_end(b, '}');
	jot_end(b, '}');
	buf_char(b, '\n');
}

static bool take(void *arg, const struct card *card, enum view_state state)
{
	struct listing *l = arg;

	l->n++;
	if (l->json)
		put_object(l, card, state);
	else
		put_row(l, card, state);
	if (l->n % PIECE == 0)
		flush(l);
	return !ferror(stdout);
}

int events_list(struct store *store, const struct view *view, const struct view_filter *filter, bool json)
{
	static const char *const titles[] = { ">NUMBER", "=RECEIVED", "<TYPE", "SENDER", "STATE", NULL };
	struct listing l = { .view = view, .json = json, .table = json ? NULL : table_new(titles, table_terminal()) };
	struct view_taker taker = { take, &l };
	struct err err;
	int status = CLI_DONE;

	if (view_each(store, view, filter, &taker, &err) < 0) {
		say("%s", err.text);
		status = CLI_FAILED;
	} else if (l.n == 0) {
		if (!json)
			say("nothing matches");
		status = CLI_NOTHING;
	}
	if (l.n)
		flush(&l);
	table_free(&l.table);
	buf_free(&l.out);
	return status;
}

static int read_time(const struct call *call, int code, const char *name, int64_t *ms)
{
	const char *value = call_value(call, code);

	if (!value || when_parse(value, clock_wall_ms(), ms))
		return CLI_DONE;
	say("--%s %s is neither a time (2026-11-21T09:45:00Z) nor a duration back (2h)", name, value);
	return CLI_USAGE;
}

static int read_state(const struct call *call, struct view_filter *filter)
{
	const char *value = call_value(call, FLAG_STATE);
	enum view_state state;

	filter->state = -1;
	if (!value)
		return CLI_DONE;
	if (!view_state_find(value, &state)) {
		say("there is no state %s; see postvak help events", value);
		return CLI_USAGE;
	}
	filter->state = (int)state;
	return CLI_DONE;
}

static int read_most(const struct call *call, struct view_filter *filter)
{
	const char *value = call_value(call, 'n');
	uint64_t n = LISTED;

	if (value && (!number_parse(value, &n) || n > SIZE_MAX)) {
		say("-n %s is not a number of 1 or more", value);
		return CLI_USAGE;
	}
	filter->most = call_has(call, FLAG_ALL) ? 0 : (size_t)n;
	return CLI_DONE;
}

static int read_types(const struct call *call, struct view_filter *filter)
{
	struct err err;

	filter->types = call_value(call, FLAG_TYPE);
	if (!filter->types || patterns_check(filter->types, &err) == 0)
		return CLI_DONE;
	say("--type: %s", err.text);
	return CLI_USAGE;
}

int events_filter(const struct call *call, struct view_filter *filter)
{
	int status = read_state(call, filter);

	filter->sender = call_value(call, FLAG_SENDER);
	if (!status)
		status = read_most(call, filter);
	if (!status)
		status = read_types(call, filter);
	if (!status)
		status = read_time(call, FLAG_SINCE, "since", &filter->since_ms);
	if (!status)
		status = read_time(call, FLAG_UNTIL, "until", &filter->until_ms);
	return status;
}

static int list(const struct call *call, struct site *site)
{
	const char *handler = call_value(call, FLAG_HANDLER);
	struct view_filter filter = {0};
	struct view view;
	struct err err;
	int status = events_filter(call, &filter);

	if (!status)
		status = site_read(call, site);
	if (status)
		return status;
	if (view_load(site->store, site->conf, site->pool, &view, &err) < 0) {
		say("%s", err.text);
		return CLI_FAILED;
	}
	if (handler) {
		filter.handler = (int)view_find(&view, handler) + 1;
		if ((size_t)filter.handler > view.n_handlers) {
			say("there is no handler %s", handler);
			return CLI_USAGE;
		}
	}
	return events_list(site->store, &view, &filter, call_has(call, FLAG_JSON));
}

static int show_one(const struct call *call, struct site *site)
{
	struct show show = {
		.json = call_has(call, FLAG_JSON), .data = call_has(call, FLAG_DATA), .raw = call_has(call, FLAG_RAW)
	};
	int status;

	if (call->n_operands != 2 || strcmp(call->operands[0], "show") != 0 ||
	    !number_parse(call->operands[1], &show.n)) {
		say("postvak events show NUMBER, where NUMBER is one of the list");
		return CLI_USAGE;
	}
	if (call_has(call, FLAG_REJECTED))
		return rejected_list(call, site, show.n, true);
	status = site_read(call, site);
	return status ? status : event_show(site, &show);
}

/* What is left out without a word would be taken for an answer. */
static int check_flags(const struct call *call)
{
	static const int listed[] = { 'n', FLAG_ALL, FLAG_TYPE, FLAG_SENDER, FLAG_HANDLER, FLAG_STATE, FLAG_SINCE,
				      FLAG_UNTIL, FLAG_BODY };
	static const int of_events[] = { FLAG_TYPE, FLAG_HANDLER, FLAG_STATE };
	bool rejected = call_has(call, FLAG_REJECTED), shows = call->n_operands > 0;
	const char *wrong = NULL;

	for (size_t i = 0; shows && i < sizeof listed / sizeof *listed; i++)
		if (call_has(call, listed[i]))
			wrong = "show writes one: what picks from the list does not go with it";
	for (size_t i = 0; rejected && i < sizeof of_events / sizeof *of_events; i++)
		if (call_has(call, of_events[i]))
			wrong = "what was refused has no type, handler or state: use --sender, --since and --until";
	if ((call_has(call, FLAG_DATA) || call_has(call, FLAG_RAW)) && (!shows || rejected))
		wrong = "--data and --raw go with show NUMBER of an event";
	if (call_has(call, FLAG_RAW) && (call_has(call, FLAG_JSON) || call_has(call, FLAG_DATA)))
		wrong = "--raw goes alone";
	if (call_has(call, FLAG_BODY) && !rejected)
		wrong = "--body goes with --rejected";
	if (wrong)
		say("%s; see postvak help events", wrong);
	return wrong ? CLI_USAGE : CLI_DONE;
}

int run_events(const struct call *call)
{
	struct site site = {0};
	int status = check_flags(call);

	if (status)
		return status;
	if (call->n_operands)
		status = show_one(call, &site);
	else if (call_has(call, FLAG_REJECTED))
		status = rejected_list(call, &site, 0, call_has(call, FLAG_BODY));
	else
		status = list(call, &site);
	site_close(&site);
	return status;
}
