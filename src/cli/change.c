/* SPDX-License-Identifier: EUPL-1.2
 * postvak retry, discard, hold and release: what becomes of parked deliveries, and of handlers. */
#include "cli/ask.h"

#include "cli/pick.h"

const struct flag change_flags[] = {
	PICK_FLAGS,
	{ FLAG_ALL, "all", NULL, "all of them; needed where nothing else says which" },
	{ FLAG_WHY, "why", "TEXT", "why, for the audit and the history of each event" },
	{ FLAG_DRY_RUN, "dry-run", NULL, "say what it would come to, and change nothing" },
	{ FLAG_JSON, "json", NULL, "write JSON, for programs" },
	{ 0, NULL, NULL, NULL }
};

static int change(const struct call *call, const char *verb)
{
	struct pool *pool = pool_new();
	struct buf args = {0};
	struct choice choice;
	int status = pick_read(call, &args, pool, &choice);

	if (!status && choice_is_empty(&choice)) {
		say("of which event, or of which handler, type, reason, time or state? postvak %s %s", call->command->name,
		    call->command->usage);
		status = CLI_USAGE;
	}
	if (!status)
		status = request_make(call, verb, args.p);
	buf_free(&args);
	pool_free(&pool);
	return status;
}

int run_retry(const struct call *call)
{
	return change(call, "retry");
}

int run_discard(const struct call *call)
{
	return change(call, "discard");
}

int run_hold(const struct call *call)
{
	return change(call, "hold");
}

int run_release(const struct call *call)
{
	return change(call, "release");
}
