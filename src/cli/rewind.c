/* SPDX-License-Identifier: EUPL-1.2
 * postvak rewind (a handler's past events run again) and postvak forget (its bookmark goes). */
#include "cli/rewind.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "base/clock.h"
#include "cli/ask.h"
#include "cli/progress.h"
#include "cli/when.h"

enum { FLAG_TO = FLAG_OWN, FLAG_ONLY, FLAG_LANE, FLAG_WAIT };

#define LOOK_MS 200		/* between two looks at a rewind that is waited for */

const struct flag rewind_flags[] = {
	{ FLAG_TO, "to", "WHERE", "an event's number, a time, a duration back (2h), or beginning" },
	{ FLAG_ONLY, "only", "PATTERNS", "only these types: * is one label, ** the rest" },
	{ FLAG_LANE, "lane", "LANE", "only this object: its lane (see events show), or the number of an event of it" },
	{ FLAG_STATE, "state", "keep|reset", "what becomes of the state that the handler keeps" },
	{ FLAG_DRY_RUN, "dry-run", NULL, "count what would run, and change nothing" },
	{ FLAG_WHY, "why", "TEXT", "why, for the audit" },
	{ FLAG_WAIT, "wait", NULL, "wait until it has come to its end" },
	{ FLAG_JSON, "json", NULL, "write JSON, for programs" },
	{ 0, NULL, NULL, NULL }
};

const struct flag forget_flags[] = {
	{ FLAG_WHY, "why", "TEXT", "why, for the audit" },
	{ FLAG_JSON, "json", NULL, "write JSON, for programs" },
	{ 0, NULL, NULL, NULL }
};

int rewind_after(struct store *store, const char *where, int64_t now_ms, uint64_t *after, struct err *err)
{
	int64_t at;

	if (strcmp(where, "beginning") == 0) {
		*after = 0;
		return 1;
	}
	if (number_parse(where, after)) {
		--*after;
		return 1;
	}
	if (!when_parse(where, now_ms, &at))
		return 0;
	return store_number_at(store, at, after, err) < 0 ? -1 : 1;
}

/* 0, or an exit status after the error was said. */
static int read_after(const struct call *call, struct site *site, uint64_t *after)
{
	const char *where = call_value(call, FLAG_TO);
	struct err err;
	int rc = rewind_after(site->store, where, clock_wall_ms(), after, &err);

	if (rc == 0)
		say("--to %s is neither a number, a time, a duration back nor beginning", where);
	else if (rc < 0)
		say("%s", err.text);
	return rc == 0 ? CLI_USAGE : rc < 0 ? CLI_FAILED : CLI_DONE;
}

static int read_lane(const char *text, struct site *site, struct event_key *lane)
{
	struct event *event;
	struct err err;
	uint64_t n;

	if (event_key_parse(text, lane))
		return CLI_DONE;
	if (!number_parse(text, &n)) {
		say("--lane %s is neither a lane, as events show prints it, nor the number of an event", text);
		return CLI_USAGE;
	}
	if (store_event(site->store, n, site->pool, &event, &err) < 0) {
		say("%s", err.text);
		return CLI_FAILED;
	}
	if (!event || !event->has_lane) {
		say(event ? "event %" PRIu64 " has no lane: it is about no object" : "there is no event %" PRIu64 " (or no longer)", n);
		return CLI_NOTHING;
	}
	*lane = event->lane;
	return CLI_DONE;
}

static int put_args(const struct call *call, struct site *site, struct buf *args)
{
	const char *lane = call_value(call, FLAG_LANE);
	char number[24], hex[2 * EVENT_KEY + 1];
	struct event_key key;
	uint64_t after = 0;
	int status = read_after(call, site, &after);

	if (!status && lane)
		status = read_lane(lane, site, &key);
	if (status)
		return status;
	snprintf(number, sizeof number, "%" PRIu64, after);
	args_put(args, "handler", call->operands[0]);
	args_put(args, "after", number);
	args_put(args, "only", call_value(call, FLAG_ONLY));
	args_put(args, "lane", lane ? event_key_hex(hex, &key) : NULL);
	args_put(args, "state", call_value(call, FLAG_STATE));
	return CLI_DONE;
}

/* ---- waiting for its end ---- */

/* The replays of the handler that are to come to their end, as they stand. */
static int read_replays(struct site *site, const char *handler, uint64_t newest, struct progress *p, struct err *err)
{
	struct replay *v;
	size_t n;

	*p = (struct progress){0};
	pool_reset(site->pool);
	if (store_replays(site->store, site->pool, &v, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].handler, handler) == 0 && v[i].id <= newest) {
			p->done += v[i].at - v[i].after;
			p->all += v[i].upto - v[i].after;
			p->newest = v[i].id;
			if (!p->took_ms)
				p->took_ms = clock_wall_ms() - v[i].asked_ms;
			p->took_done = p->done;
		}
	return 0;
}

static int await_end(const struct call *call)
{
	const struct timespec pause = { 0, LOOK_MS * 1000000L };
	struct progress p = {0};
	struct site site = {0};
	struct err err;
	uint64_t newest = INT64_MAX;
	int status = site_read(call, &site);

	while (!status) {
		if (read_replays(&site, call->operands[0], newest, &p, &err) < 0) {
			say("%s", err.text);
			status = CLI_FAILED;
		}
		if (status || !p.all)
			break;
		newest = p.newest;
		progress_draw(&p);
		nanosleep(&pause, NULL);
	}
	progress_end();
	site_close(&site);
	return status;
}

/* Wrong usage is found before anything is opened. */
static bool usage_fits(const struct call *call)
{
	const char *only = call_value(call, FLAG_ONLY), *state = call_value(call, FLAG_STATE), *why = call_value(call, FLAG_WHY);
	struct err err;

	if (!call_has(call, FLAG_TO))
		say("--to is missing: postvak rewind %s", call->command->usage);
	else if (!args_fit(call->operands[0]))
		say("the name of a handler is missing");
	else if (only && !args_fit(only))
		say("--only needs type patterns");
	else if (only && patterns_check(only, &err) < 0)
		say("%s", err.text);
	else if (state && strcmp(state, "keep") != 0 && strcmp(state, "reset") != 0)
		say("--state is keep or reset");
	else if (only && state && strcmp(state, "reset") == 0)
		say("state is made of all events of an object: --only does not go with --state reset");
	else if (why && !args_fit(why))
		say("--why needs one line of text");
	else if (call_has(call, FLAG_DRY_RUN) && call_has(call, FLAG_WAIT))
		say("--dry-run and --wait do not go together");
	else
		return true;
	return false;
}

int run_rewind(const struct call *call)
{
	struct buf args = {0};
	struct site site = {0};
	int status = usage_fits(call) ? site_read(call, &site) : CLI_USAGE;

	if (!status)
		status = put_args(call, &site, &args);
	site_close(&site);
	if (!status)
		status = request_make(call, "rewind", args.p);
	if (!status && call_has(call, FLAG_WAIT))
		status = await_end(call);
	buf_free(&args);
	return status;
}

int run_forget(const struct call *call)
{
	struct buf args = {0};
	int status;

	if (!args_fit(call->operands[0])) {
		say("the name of a handler is missing");
		return CLI_USAGE;
	}
	args_put(&args, "handler", call->operands[0]);
	status = request_make(call, "forget", args.p);
	buf_free(&args);
	return status;
}
