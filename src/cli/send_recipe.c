/* SPDX-License-Identifier: EUPL-1.2
 * CloudEvents that postvak send makes: from options to a request. */
#include "cli/send.h"

#include <string.h>
#include "base/clock.h"
#include "base/uuid.h"
#include "cli/example.h"
#include "cli/jot.h"
#include "cli/when.h"

#define COUNT_MAX 1000

static const char *const modes[] = {
	[RECIPE_STRUCTURED] = "structured", [RECIPE_BINARY] = "binary", [RECIPE_BATCH] = "batch"
};

/* ---- options ---- */

static int read_mode(const struct call *call, enum recipe_mode *mode)
{
	const char *name = call_value(call, FLAG_MODE);

	*mode = name || call_has(call, FLAG_TYPE) ? RECIPE_STRUCTURED : RECIPE_NONE;
	if (!name || strcmp(name, modes[*mode]) == 0)
		return CLI_DONE;
	for (*mode = RECIPE_BINARY; *mode <= RECIPE_BATCH; ++*mode)
		if (strcmp(name, modes[*mode]) == 0)
			return CLI_DONE;
	say("--mode is structured, binary or batch, not %s", name);
	return CLI_USAGE;
}

static bool is_of_event(int code)
{
	return code == FLAG_SOURCE || (code >= FLAG_MODE && code <= FLAG_COUNT);
}

/* The first option that only a CloudEvent has, or null. */
static const char *first_option(const struct call *call)
{
	for (const struct flag *flag = send_flags; flag->name; flag++)
		if (is_of_event(flag->code) && call_has(call, flag->code))
			return flag->name;
	return NULL;
}

static int check_options(const struct call *call, enum recipe_mode mode)
{
	const char *option = first_option(call);

	if (mode == RECIPE_NONE && option)
		say("--%s belongs to a CloudEvent: give --type and --source, too", option);
	else if (option && call_has(call, FLAG_PROBE))
		say("--probe sends a notification: it does not go with --%s", option);
	else if (option && !call_has(call, FLAG_EXAMPLE) && !(call_has(call, FLAG_TYPE) && call_has(call, FLAG_SOURCE)))
		say("a CloudEvent needs --type and --source");
	else if (call_has(call, FLAG_COUNT) && mode != RECIPE_BATCH)
		say("--count goes with --mode batch");
	else if (call_has(call, FLAG_DATA) && call->n_operands)
		say("--data does not go with a FILE, which would be the data, too");
	else
		return CLI_DONE;
	return CLI_USAGE;
}

static int read_count(const struct call *call, uint64_t *count)
{
	const char *text = call_value(call, FLAG_COUNT);

	*count = 1;
	if (!text || (number_parse(text, count) && *count <= COUNT_MAX))
		return CLI_DONE;
	say("--count needs a number of 1 to %d", COUNT_MAX);
	return CLI_USAGE;
}

static int read_more(const struct call *call, struct pool *pool, struct draft *event)
{
	const char *text;
	struct err err;

	event->more = pool_alloc(pool, (call->n_given + 1) * sizeof *event->more);
	for (size_t at = 0; (text = call_each(call, FLAG_ATTRIBUTE, &at));) {
		if (draft_attr_parse(pool, text, &event->more[event->n_more++], &err) < 0) {
			say("--attribute %s", err.text);
			return CLI_USAGE;
		}
	}
	return CLI_DONE;
}

static int read_data(const struct call *call, struct pool *pool, struct draft *event)
{
	const char *text = call_value(call, FLAG_DATA), *file = call->operands[0];
	struct buf data = {0};
	int status = CLI_DONE;

	if (!text && !file)
		return CLI_DONE;
	if (text && *text == '@')
		file = text + 1;
	if (file)
		status = send_read(file, &data);
	else
		buf_str(&data, text);
	event->data = pool_dup(pool, data.p ? data.p : "", data.len);
	event->data_len = data.len;
	buf_free(&data);
	return status;
}

static void read_event(const struct call *call, struct draft *event)
{
	event->id = call_value(call, FLAG_ID);
	event->source = call_value(call, FLAG_SOURCE);
	event->type = call_value(call, FLAG_TYPE);
	event->subject = call_value(call, FLAG_SUBJECT);
	event->time = call_value(call, FLAG_TIME);
	event->datacontenttype = call_value(call, FLAG_DATACONTENTTYPE);
	event->dataschema = call_value(call, FLAG_DATASCHEMA);
}

int recipe_read(const struct call *call, struct pool *pool, struct recipe *recipe)
{
	int status = read_mode(call, &recipe->mode);

	if (!status)
		status = check_options(call, recipe->mode);
	if (status || recipe->mode == RECIPE_NONE)
		return status;
	recipe->example = call_has(call, FLAG_EXAMPLE);
	read_event(call, &recipe->event);
	status = read_count(call, &recipe->count);
	if (!status)
		status = read_more(call, pool, &recipe->event);
	return status ? status : read_data(call, pool, &recipe->event);
}

/* ---- a request ---- */

/* What was left to us, into the pool. */
static void complete(const struct recipe *recipe, struct pool *pool, struct draft *event)
{
	int64_t now_ms = clock_wall_ms();
	char text[CLOCK_TEXT];
	struct buf id = {0};

	*event = recipe->event;
	if (recipe->example)
		example_draft(pool, now_ms, event);
	if (!event->id) {
		uuid_put(&id);
		event->id = pool_str(pool, id.p);
		buf_free(&id);
	}
	if (!event->time)
		event->time = pool_str(pool, clock_text(text, now_ms));
	else if (strcmp(event->time, "none") == 0)
		event->time = NULL;
	if (event->data && !event->datacontenttype)
		event->datacontenttype = draft_media_type(event->data, event->data_len);
}

static int make_one(const struct recipe *recipe, struct pool *pool, struct buf *body,
		    draft_header_fn *fn, void *to, struct err *err)
{
	struct draft event;

	complete(recipe, pool, &event);
	if (recipe->mode == RECIPE_BINARY) {
		if (event.data)
			buf_put(body, event.data, event.data_len);
		return draft_headers(&event, fn, to, err);
	}
	fn(to, "Content-Type: application/cloudevents+json");
	draft_json(&event, body);
	return 0;
}

static void make_batch(const struct recipe *recipe, struct pool *pool, struct buf *body)
{
	struct draft event;

	jot_begin(body, NULL, '[');
	for (uint64_t i = 0; i < recipe->count; i++) {
		complete(recipe, pool, &event);
		draft_json(&event, body);
	}
	jot_end(body, ']');
}

int recipe_make(const struct recipe *recipe, struct buf *body, draft_header_fn *fn, void *to, struct err *err)
{
	struct pool *pool = pool_new();
	int rc = 0;

	if (recipe->mode == RECIPE_BATCH) {
		fn(to, "Content-Type: application/cloudevents-batch+json");
		make_batch(recipe, pool, body);
	} else {
		rc = make_one(recipe, pool, body, fn, to, err);
	}
	pool_free(&pool);
	return rc;
}
