/* SPDX-License-Identifier: EUPL-1.2
 * postvak retry and postvak discard: what becomes of parked deliveries. */
#include "cli/ask.h"

#include <string.h>
#include "cli/when.h"

const struct flag retry_flags[] = {
	{ FLAG_HANDLER, "handler", "NAME", "of this handler only; without NUMBER: all of its dead ones" },
	{ FLAG_STATE, "state", "STATE", "without NUMBER: those that are dead, held or waiting" },
	{ FLAG_JSON, "json", NULL, "write JSON, for programs" },
	{ 0, NULL, NULL, NULL }
};

static bool state_fits(const char *state)
{
	return strcmp(state, "dead") == 0 || strcmp(state, "held") == 0 || strcmp(state, "waiting") == 0;
}

/* 0, or CLI_USAGE after the error was said. */
static int build(const struct call *call, struct buf *args)
{
	const char *number = call->operands[0], *handler = call_value(call, FLAG_HANDLER);
	const char *state = call_value(call, FLAG_STATE);
	uint64_t n;

	if (number && !number_parse(number, &n))
		say("%s is not the number of an event", number);
	else if (!number && !handler)
		say("of which event, or of which handler? postvak %s %s", call->command->name, call->command->usage);
	else if (handler && !args_fit(handler))
		say("--handler needs the name of a handler");
	else if (state && number)
		say("--state says which ones of a handler; it does not go with a number");
	else if (state && !state_fits(state))
		say("--state is dead, held or waiting");
	else {
		args_put(args, "n", number);
		args_put(args, "handler", handler);
		args_put(args, "state", number ? NULL : state ? state : "dead");
		return CLI_DONE;
	}
	return CLI_USAGE;
}

static int change(const struct call *call, const char *verb)
{
	struct buf args = {0};
	int status = build(call, &args);

	if (!status)
		status = request_make(call, verb, args.p);
	buf_free(&args);
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
