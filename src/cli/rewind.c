/* SPDX-License-Identifier: EUPL-1.2
 * postvak rewind (a handler's past events run again) and postvak forget (its bookmark goes). */
#include "cli/rewind.h"

#include <inttypes.h>
#include <string.h>
#include "base/clock.h"
#include "cli/ask.h"
#include "cli/when.h"

enum { FLAG_TO = FLAG_OWN, FLAG_TYPES };

const struct flag rewind_flags[] = {
	{ FLAG_TO, "to", "WHERE", "an event's number, a time, a duration back (2h), or beginning" },
	{ FLAG_TYPES, "types", "PATTERNS", "only these types: * is one label, ** the rest" },
	{ FLAG_WHY, "why", "TEXT", "why, for the audit" },
	{ FLAG_DRY_RUN, "dry-run", NULL, "say what it would come to, and change nothing" },
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

static int read_after(const struct call *call, uint64_t *after)
{
	const char *where = call_value(call, FLAG_TO);
	struct site site = {0};
	struct err err;
	int status = site_read(call, &site), rc;

	if (!status) {
		rc = rewind_after(site.store, where, clock_wall_ms(), after, &err);
		if (rc == 0)
			say("--to %s is neither a number, a time, a duration back nor beginning", where);
		else if (rc < 0)
			say("%s", err.text);
		status = rc == 0 ? CLI_USAGE : rc < 0 ? CLI_FAILED : CLI_DONE;
	}
	site_close(&site);
	return status;
}

int run_rewind(const struct call *call)
{
	const char *types = call_value(call, FLAG_TYPES), *handler = call->operands[0];
	struct buf args = {0}, number = {0};
	uint64_t after = 0;
	struct err err;
	int status;

	if (!call_has(call, FLAG_TO)) {
		say("--to is missing: postvak rewind %s", call->command->usage);
		return CLI_USAGE;
	}
	if (!args_fit(handler) || (types && (!args_fit(types) || patterns_check(types, &err) < 0))) {
		say("%s", !args_fit(handler) ? "the name of a handler is missing" :
		    !args_fit(types) ? "--types needs type patterns" : err.text);
		return CLI_USAGE;
	}
	status = read_after(call, &after);
	if (!status) {
		buf_fmt(&number, "%" PRIu64, after);
		args_put(&args, "handler", handler);
		args_put(&args, "after", number.p);
		args_put(&args, "types", types);
		status = request_make(call, "rewind", args.p);
	}
	buf_free(&args);
	buf_free(&number);
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
