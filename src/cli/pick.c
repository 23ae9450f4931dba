/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/pick.h"

#include "base/clock.h"
#include "cli/ask.h"
#include "cli/when.h"

static int put_numbers(const struct call *call, struct buf *args)
{
	uint64_t n;

	if (call->n_operands && call_has(call, FLAG_ALL)) {
		say("--all does not go with a number");
		return CLI_USAGE;
	}
	for (int i = 0; i < call->n_operands; i++) {
		if (!number_parse(call->operands[i], &n)) {
			say("%s is not the number of an event", call->operands[i]);
			return CLI_USAGE;
		}
		args_put(args, "n", call->operands[i]);
	}
	return CLI_DONE;
}

static int put_text(const struct call *call, struct buf *args, int code, const char *name)
{
	const char *value = call_value(call, code);

	if (value && !args_fit(value)) {
		say("what is given for %s is empty, or has a line end in it", name);
		return CLI_USAGE;
	}
	args_put(args, name, value);
	return CLI_DONE;
}

static int put_time(const struct call *call, struct buf *args, int code, const char *name)
{
	const char *value = call_value(call, code);
	char text[CLOCK_TEXT];
	int64_t ms;

	if (value && !when_parse(value, clock_wall_ms(), &ms)) {
		say("--%s %s is neither a time (2026-11-21T09:45:00Z) nor a duration back (2h)", name, value);
		return CLI_USAGE;
	}
	args_put(args, name, value ? clock_text(text, ms) : NULL);
	return CLI_DONE;
}

static int put_types(const struct call *call, struct buf *args)
{
	const char *value = call_value(call, FLAG_PATTERNS);
	struct err err;

	if (value && patterns_check(value, &err) < 0) {
		say("--type: %s", err.text);
		return CLI_USAGE;
	}
	return put_text(call, args, FLAG_PATTERNS, "types");
}

int pick_read(const struct call *call, struct buf *args, struct pool *pool, struct choice *choice)
{
	int status = put_numbers(call, args);
	struct choice ignored;
	struct err err;

	if (!status)
		status = put_text(call, args, FLAG_HANDLER, "handler");
	if (!status)
		status = put_types(call, args);
	if (!status)
		status = put_text(call, args, FLAG_REASON, "reason");
	if (!status)
		status = put_time(call, args, FLAG_SINCE, "since");
	if (!status)
		status = put_time(call, args, FLAG_UNTIL, "until");
	if (!status)
		status = put_text(call, args, FLAG_STATE, "state");
	if (!status && call_has(call, FLAG_ALL))
		args_put(args, "all", "yes");
	if (!status && choice_read(args->p, pool, choice ? choice : &ignored, &err) < 0) {
		say("%s", err.text);
		status = CLI_USAGE;
	}
	return status;
}
