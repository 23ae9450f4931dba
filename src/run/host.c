/* SPDX-License-Identifier: EUPL-1.2 */
#include "run/host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "event/emitted.h"
#include "event/json.h"
#include "event/media.h"

#define RETRY_AFTER_MAX 604800	/* a week */
#define LOG_TEXT 1800

static struct host *host_of(struct pv_host *host)
{
	return (struct host *)host;
}

static struct run *run_of(struct pv_event *ev)
{
	return (struct run *)ev;
}

/* ---- the event ---- */

static const char *call_attr(struct pv_event *ev, const char *name)
{
	struct run *run = run_of(ev);

	return event_attr(run->event, name, run->pool);
}

static const char *call_attr_at(struct pv_event *ev, size_t i, const char **name)
{
	struct run *run = run_of(ev);

	return event_attr_at(run->event, i, name, run->pool);
}

static const char *call_header(struct pv_event *ev, const char *name)
{
	return event_header(run_of(ev)->event, name);
}

static const char *call_key(struct pv_event *ev)
{
	return run_of(ev)->key;
}

static const char *call_sender(struct pv_event *ev)
{
	return run_of(ev)->event->sender;
}

static int64_t call_received_ms(struct pv_event *ev)
{
	return run_of(ev)->event->received_ms;
}

static int call_attempt(struct pv_event *ev)
{
	return (int)run_of(ev)->attempt;
}

static const void *call_data(struct pv_event *ev, size_t *len)
{
	struct run *run = run_of(ev);
	const struct event *event = run->event;

	if (len)
		*len = event->data ? event->data_len : 0;
	if (event->data && !run->data)
		run->data = pool_strn(run->pool, (const char *)event->data, event->data_len);
	return run->data;
}

/* Notifications always are; data whose type was never said may be (JS-06): its bytes decide. */
static bool may_be_json(const struct event *event)
{
	return event->wire == WIRE_NRC || !event->datacontenttype || media_is_json(event->datacontenttype);
}

static bool value_at(struct run *run, const char *pointer, struct json_object **out)
{
	if (!run->parsed) {
		struct faults faults = { .pool = run->pool };

		run->parsed = true;
		if (run->event->data && may_be_json(run->event) &&
		    json_parse(run->event->data, run->event->data_len, &run->doc, &faults) < 0)
			run->doc = NULL;
	}
	return run->doc && json_at(run->doc, pointer, out);
}

static const char *call_str(struct pv_event *ev, const char *pointer)
{
	struct json_object *value;

	if (!value_at(run_of(ev), pointer, &value))
		return NULL;
	return pool_str(run_of(ev)->pool, json_text(value));
}

static int call_integer(struct pv_event *ev, const char *pointer, int64_t *out)
{
	struct json_object *value;

	return value_at(run_of(ev), pointer, &value) && json_is_int(value, out) ? 0 : -1;
}

static int call_boolean(struct pv_event *ev, const char *pointer, int *out)
{
	struct json_object *value;
	bool is;

	if (!value_at(run_of(ev), pointer, &value) || !json_is_bool(value, &is))
		return -1;
	*out = is;
	return 0;
}

/* ---- the answer ---- */

static void call_retry_after(struct pv_event *ev, int seconds)
{
	if (seconds < 1)
		seconds = 1;
	run_of(ev)->retry_after_s = seconds > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : (uint32_t)seconds;
}

/* Where text of at most max bytes ends that does not cut a character in two. */
static size_t cut_at(const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len <= max)
		return len;
	for (len = max; len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80; len--)
		;
	return len;
}

static void call_vnote(struct pv_event *ev, const char *fmt, va_list args)
{
	struct run *run = run_of(ev);
	char text[HOST_NOTE + 8];
	int saved = errno;

	if (vsnprintf(text, sizeof text, fmt, args) < 0)
		text[0] = '\0';
	text[cut_at(text, HOST_NOTE)] = '\0';
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7F)
			*p = ' ';
	memcpy(run->note, text, strlen(text) + 1);
	run->noted = true;
	errno = saved;
}

/* ---- state and emitted events ---- */

static const void *call_state(struct pv_event *ev, size_t *len)
{
	struct run *run = run_of(ev);

	if (len)
		*len = run->state_len;
	return run->state;
}

/* Aligned as the pool does, which is for any type; a NUL follows. */
static void *keep(struct run *run, const void *p, size_t len)
{
	unsigned char *copy = pool_alloc(run->pool, len + 1);

	if (len)
		memcpy(copy, p, len);
	return copy;
}

static void take_state(struct run *run, const void *p, size_t len)
{
	run->state = len ? keep(run, p, len) : NULL;
	run->state_len = len;
}

static int refuse(int why)
{
	errno = why;
	return -1;
}

static int call_set_state(struct pv_event *ev, const void *p, size_t len)
{
	struct run *run = run_of(ev);

	if (!run->uses_state)
		return refuse(ENOTSUP);
	if (!run->event->has_lane)
		return refuse(ENXIO);
	if (len > WIRE_STATE)
		return refuse(EMSGSIZE);
	if (!p && len)
		return refuse(EINVAL);
	take_state(run, p, len);
	run->state_set = true;
	return 0;
}

static struct wire_emitted *room_for_one(struct run *run)
{
	if (!run->emitted)
		run->emitted = pool_alloc(run->pool, WIRE_EMITTED * sizeof *run->emitted);
	return &run->emitted[run->n_emitted];
}

static int call_emit(struct pv_event *ev, const char *type, const char *subject, const char *mediatype,
		     const void *data, size_t len)
{
	struct run *run = run_of(ev);
	const struct wire_emitted e = { type, subject, mediatype, data, len };
	size_t bytes;

	if (!type || (!data && len) || !emitted_valid(&e))
		return refuse(EINVAL);
	bytes = wire_emitted_bytes(&e);
	if (run->n_emitted == WIRE_EMITTED || len > WIRE_EMITTED_BYTES || bytes > WIRE_EMITTED_BYTES - run->emitted_bytes)
		return refuse(EMSGSIZE);
	*room_for_one(run) = (struct wire_emitted){
		pool_str(run->pool, type), pool_str(run->pool, subject), pool_str(run->pool, mediatype),
		data ? keep(run, data, len) : NULL, len
	};
	run->n_emitted++;
	run->emitted_bytes += bytes;
	return 0;
}

/* ---- the host ---- */

static void mistake(struct host *host, const char *name, const char *what)
{
	snprintf(host->failure, sizeof host->failure, "the handler asked for option %s, which it did not declare%s", name,
		 what);
	host->mistaken = true;
	log_error("handler %s: %s", host->name, host->failure);
}

static const char *call_option_str(struct pv_host *pub, const char *name)
{
	const struct option *option = options_find(&host_of(pub)->options, name);

	if (option)
		return option->text;
	mistake(host_of(pub), name, "");
	return "";
}

static int64_t call_option_int(struct pv_host *pub, const char *name)
{
	const struct option *option = options_find(&host_of(pub)->options, name);

	if (option && option->kind == PV_INT)
		return option->number;
	mistake(host_of(pub), name, " as PV_INT");
	return 0;
}

static int call_option_bool(struct pv_host *pub, const char *name)
{
	const struct option *option = options_find(&host_of(pub)->options, name);

	if (option && option->kind == PV_BOOL)
		return (int)option->number;
	mistake(host_of(pub), name, " as PV_BOOL");
	return 0;
}

static void call_vlog(struct pv_host *pub, int level, const char *fmt, va_list args)
{
	static const enum log_level levels[] = { LOG_DEBUG_, LOG_INFO_, LOG_WARN_, LOG_ERROR_ };
	const char *trace = host_of(pub)->trace;
	char text[LOG_TEXT];
	int saved = errno;

	if (level < PV_DEBUG)
		level = PV_DEBUG;
	if (level > PV_ERROR)
		level = PV_ERROR;
	if (vsnprintf(text, sizeof text, fmt, args) >= 0)
		log_line(levels[level], "handler %s: %s%s%s", host_of(pub)->name, text, trace ? " traceparent=" : "", trace ? trace : "");
	errno = saved;
}

static void call_vfail(struct pv_host *pub, const char *fmt, va_list args)
{
	struct host *host = host_of(pub);

	if (vsnprintf(host->failure, sizeof host->failure, fmt, args) < 0)
		host->failure[0] = '\0';
}

static int64_t call_time_left_ms(struct pv_host *pub)
{
	int64_t left = host_of(pub)->deadline_ms - clock_mono_ms();

	return left > 0 ? left : 0;
}

const struct pv_calls host_calls = {
	.size = sizeof(struct pv_calls),
	.attr = call_attr,
	.header = call_header,
	.key = call_key,
	.sender = call_sender,
	.received_ms = call_received_ms,
	.attempt = call_attempt,
	.data = call_data,
	.str = call_str,
	.integer = call_integer,
	.boolean = call_boolean,
	.retry_after = call_retry_after,
	.vnote = call_vnote,
	.state = call_state,
	.set_state = call_set_state,
	.emit = call_emit,
	.option_str = call_option_str,
	.option_int = call_option_int,
	.option_bool = call_option_bool,
	.vlog = call_vlog,
	.vfail = call_vfail,
	.time_left_ms = call_time_left_ms,
	.attr_at = call_attr_at,
};

void host_init(struct host *host, const char *name)
{
	*host = (struct host){ .pub = { &host_calls }, .name = name };
}

void run_init(struct run *run, struct pool *pool, const struct wire_event *head, const struct event *event)
{
	*run = (struct run){ .pub = { &host_calls }, .pool = pool, .event = event, .attempt = head->attempt };
	event_key_hex(run->key, &event->key);
}

void run_state(struct run *run, const struct wire_event *head)
{
	run->uses_state = true;
	take_state(run, head->state, head->state_len);
}

void run_note(struct run *run, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	call_vnote(&run->pub, fmt, args);
	va_end(args);
}

void run_drop(struct run *run)
{
	if (run->doc)
		json_drop(&run->doc);
}
