/* SPDX-License-Identifier: EUPL-1.2
 * postvak events show: all that is known of one event. */
#include "cli/events.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "cli/jot.h"
#include "cli/plain.h"
#include "cli/table.h"
#include "cli/when.h"
#include "event/emitted.h"

struct facts {			/* what the store says about it */
	const struct show *show;
	struct pool *pool;
	const struct event *event;
	const struct card *card;
	struct view view;
	uint64_t *duplicates;
	size_t n_duplicates;
	const char *emitted_by;		/* a handler, or null; */
	uint64_t cause;			/* and for which event: 0, its identity was forgotten */
	uint64_t *led_to;		/* what handlers emitted for it */
	size_t n_led_to, led_to_cap;
	struct parked *parked;
	size_t n_parked, parked_cap;
	struct history *history;
	size_t n_history, history_cap;
};

static void *grow(struct pool *pool, void *old, size_t n, size_t *cap, size_t len)
{
	void *more;

	if (n < *cap)
		return old;
	*cap = *cap ? 2 * *cap : 8;
	more = pool_alloc(pool, *cap * len);
	if (n)
		memcpy(more, old, n * len);
	return more;
}

static bool take_parked(void *arg, const struct parked *p)
{
	struct facts *f = arg;
	struct parked copy = *p;

	copy.handler = pool_str(f->pool, p->handler);
	copy.reason = pool_str(f->pool, p->reason);
	f->parked = grow(f->pool, f->parked, f->n_parked, &f->parked_cap, sizeof copy);
	f->parked[f->n_parked++] = copy;
	return true;
}

static bool take_history(void *arg, const struct history *h)
{
	struct facts *f = arg;
	struct history copy = *h;

	copy.handler = pool_str(f->pool, h->handler);
	copy.what = pool_str(f->pool, h->what);
	copy.note = pool_str(f->pool, h->note);
	f->history = grow(f->pool, f->history, f->n_history, &f->history_cap, sizeof copy);
	f->history[f->n_history++] = copy;
	return true;
}

static int find_emitted(struct site *site, struct facts *f, const char *handler, struct err *err)
{
	for (uint32_t i = 0; i < WIRE_EMITTED; i++) {
		struct event_key key = emitted_key(handler, &f->event->key, i);
		uint64_t n;

		if (store_known(site->store, &key, &n, err) < 0)
			return -1;
		if (!n)
			break;
		f->led_to = grow(f->pool, f->led_to, f->n_led_to, &f->led_to_cap, sizeof n);
		f->led_to[f->n_led_to++] = n;
	}
	return 0;
}

static int gather_emitted(struct site *site, struct facts *f, struct err *err)
{
	struct event_key cause;

	f->emitted_by = emitted_by(f->event->sender);
	if (emitted_cause(f->event, &cause) && store_known(site->store, &cause, &f->cause, err) < 0)
		return -1;
	for (size_t i = 0; i < f->view.n_handlers; i++)
		if (find_emitted(site, f, f->view.handlers[i].name, err) < 0)
			return -1;
	return 0;
}

/* 1: found; 0: not there; -1: failed. */
static int gather(struct site *site, struct facts *f, struct err *err)
{
	struct event *event;
	struct card *cards;
	uint64_t n = f->show->n;
	size_t n_cards;

	f->pool = site->pool;
	if (store_event(site->store, n, f->pool, &event, err) < 0 ||
	    store_cards(site->store, n - 1, n, 1, f->pool, &cards, &n_cards, err) < 0)
		return -1;
	if (!event || !n_cards)
		return 0;
	f->event = event;
	f->card = &cards[0];
	if (view_load(site->store, site->conf, f->pool, &f->view, err) < 0 ||
	    view_look(site->store, &f->view, f->card, err) < 0 ||
	    store_parked_each(site->store, NULL, n, take_parked, f, err) < 0 ||
	    store_duplicates_of(site->store, n, f->pool, &f->duplicates, &f->n_duplicates, err) < 0 ||
	    store_history_each(site->store, n, take_history, f, err) < 0 || gather_emitted(site, f, err) < 0)
		return -1;
	return 1;
}

static const struct parked *parked_of(const struct facts *f, const char *handler)
{
	for (size_t i = 0; i < f->n_parked; i++)
		if (strcmp(f->parked[i].handler, handler) == 0)
			return &f->parked[i];
	return NULL;
}

static void line(struct buf *out, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	buf_fmt(out, "%-16s ", name);
	plain_put(out, value, strlen(value), PLAIN_LINE);
	buf_char(out, '\n');
}

static void pairs(struct buf *out, const char *title, const struct attr *v, size_t n)
{
	if (n)
		buf_fmt(out, "%s\n", title);
	for (size_t i = 0; i < n; i++) {
		buf_str(out, "  ");
		plain_put(out, v[i].name, strlen(v[i].name), PLAIN_LINE);
		buf_str(out, ": ");
		plain_put(out, v[i].value, strlen(v[i].value), PLAIN_LINE);
		buf_char(out, '\n');
	}
}

static void numbers(struct buf *out, const char *name, const uint64_t *v, size_t n)
{
	if (n)
		buf_fmt(out, "%-16s ", name);
	for (size_t i = 0; i < n; i++)
		buf_fmt(out, "%" PRIu64 "%s", v[i], i + 1 < n ? " " : "\n");
}

static const char *origin(const struct facts *f)
{
	if (f->cause)
		return pool_fmt(f->pool, "%s, for event %" PRIu64, f->emitted_by, f->cause);
	return pool_fmt(f->pool, "%s, for an event that is forgotten", f->emitted_by);
}

static const char *wire_name(enum event_wire wire)
{
	return wire == WIRE_NRC ? "nrc" : wire == WIRE_CLOUD ? "cloudevents" : "json";
}

static void write_event(const struct facts *f, struct buf *out)
{
	const struct event *e = f->event;
	char time[CLOCK_TEXT], hex[2 * EVENT_KEY + 1];

	line(out, "number", pool_fmt(f->pool, "%" PRIu64, e->n));
	line(out, "state", view_state_name(view_of(&f->view, f->card)));
	line(out, "received", clock_text(time, e->received_ms));
	if (f->emitted_by)
		line(out, "emitted by", origin(f));
	else
		line(out, "endpoint", pool_fmt(f->pool, "%s (%s)", e->endpoint, wire_name(e->wire)));
	line(out, "sender", e->sender);
	line(out, "type", e->type);
	line(out, "id", e->id);
	line(out, "source", e->source);
	line(out, "subject", e->subject);
	line(out, "time", e->time);
	line(out, "datacontenttype", e->datacontenttype);
	line(out, "size", pool_fmt(f->pool, "%zu bytes", e->data_len));
	line(out, "key", event_key_hex(hex, &e->key));
	line(out, "lane", e->has_lane ? event_key_hex(hex, &e->lane) : "none: unordered");
	line(out, "note", e->note);
	if (f->card->duplicate_of)
		line(out, "duplicate of", pool_fmt(f->pool, "%" PRIu64 "%s", f->card->duplicate_of,
						   f->card->conflict ? ", with other content" : ""));
	numbers(out, "duplicates", f->duplicates, f->n_duplicates);
	numbers(out, "led to", f->led_to, f->n_led_to);
	pairs(out, "attributes", e->attrs, e->n_attrs);
	pairs(out, "headers", e->headers, e->n_headers);
}

/* What is brought to no handler is not unwanted by any. */
static bool concerns(const struct facts *f, size_t handler)
{
	return f->view.handlers[handler].events && !f->card->duplicate_of && f->card->mark != EVENT_QUARANTINED;
}

static void write_handlers(const struct facts *f, struct buf *out)
{
	static const char *const titles[] = { "HANDLER", "STATE", ">ATTEMPTS", "=SINCE", "=NEXT ATTEMPT", "=REASON", NULL };
	struct table *t = table_new(titles, table_terminal());
	char time[CLOCK_TEXT];

	for (size_t i = 0; i < f->view.n_handlers; i++) {
		const char *name = f->view.handlers[i].name;
		const struct parked *p = parked_of(f, name);

		if (!p && !concerns(f, i))
			continue;
		table_put(t, name);
		table_put(t, view_state_name(view_of_handler(&f->view, i, f->card)));
		table_put(t, p ? pool_fmt(f->pool, "%d", p->attempts) : NULL);
		table_put(t, p && p->since_ms ? when_text(time, p->since_ms) : NULL);
		table_put(t, p && p->state == PARKED_WAITING ? when_text(time, p->due_ms) : NULL);
		table_put(t, p ? p->reason : NULL);
	}
	if (table_rows(t)) {
		buf_char(out, '\n');
		table_write(t, out);
	}
	table_free(&t);
}

static void write_history(const struct facts *f, struct buf *out)
{
	static const char *const titles[] = { "=TIME", "HANDLER", ">ATTEMPT", "=WHAT", "=NOTE", NULL };
	struct table *t = table_new(titles, table_terminal());
	char time[CLOCK_TEXT];

	for (size_t i = 0; i < f->n_history; i++) {
		const struct history *h = &f->history[i];

		table_put(t, when_text(time, h->at_ms));
		table_put(t, h->handler);
		table_put(t, h->attempt ? pool_fmt(f->pool, "%d", h->attempt) : NULL);
		table_put(t, h->what);
		table_put(t, h->note);
	}
	if (table_rows(t)) {
		buf_char(out, '\n');
		table_write(t, out);
	}
	table_free(&t);
}

static void write_text(const struct facts *f, struct buf *out)
{
	write_event(f, out);
	write_handlers(f, out);
	write_history(f, out);
	if (!f->show->data || !f->event->data)
		return;
	buf_char(out, '\n');
	plain_put(out, (const char *)f->event->data, f->event->data_len, PLAIN_TEXT);
	if (out->p[out->len - 1] != '\n')
		buf_char(out, '\n');
}

static void jot_pairs(struct buf *out, const char *name, const struct attr *v, size_t n)
{
	jot_begin(out, name, '{');
	for (size_t i = 0; i < n; i++)
		jot_text(out, v[i].name, v[i].value);
	jot_end(out, '}');
}

static void jot_numbers(struct buf *out, const char *name, const uint64_t *v, size_t n)
{
	jot_begin(out, name, '[');
	for (size_t i = 0; i < n; i++)
		jot_number(out, NULL, v[i]);
	jot_end(out, ']');
}

static void jot_event(const struct facts *f, struct buf *out)
{
	const struct event *e = f->event;

	jot_number(out, "number", e->n);
	jot_text(out, "state", view_state_name(view_of(&f->view, f->card)));
	jot_time(out, "received", e->received_ms);
	jot_text(out, "endpoint", e->endpoint);
	jot_text(out, "wire", wire_name(e->wire));
	jot_text(out, "sender", e->sender);
	jot_text(out, "type", e->type);
	jot_text(out, "id", e->id);
	jot_text(out, "source", e->source);
	jot_text(out, "subject", e->subject);
	jot_text(out, "time", e->time);
	jot_text(out, "datacontenttype", e->datacontenttype);
	jot_number(out, "size", e->data_len);
	jot_hex(out, "key", e->key.b, EVENT_KEY);
	if (e->has_lane)
		jot_hex(out, "lane", e->lane.b, EVENT_KEY);
	else
		jot_text(out, "lane", NULL);
	jot_text(out, "note", e->note);
	if (f->card->duplicate_of) {
		jot_number(out, "duplicate_of", f->card->duplicate_of);
		jot_bool(out, "conflict", f->card->conflict);
	}
	jot_numbers(out, "duplicates", f->duplicates, f->n_duplicates);
	jot_text(out, "emitted_by", f->emitted_by);
	if (f->cause)
		jot_number(out, "cause", f->cause);
	else
		jot_text(out, "cause", NULL);
	jot_numbers(out, "led_to", f->led_to, f->n_led_to);
	jot_pairs(out, "attributes", e->attrs, e->n_attrs);
	jot_pairs(out, "headers", e->headers, e->n_headers);
}

static void jot_handlers(const struct facts *f, struct buf *out)
{
	jot_begin(out, "handlers", '[');
	for (size_t i = 0; i < f->view.n_handlers; i++) {
		const char *name = f->view.handlers[i].name;
		const struct parked *p = parked_of(f, name);

		if (!p && !concerns(f, i))
			continue;
		jot_begin(out, NULL, '{');
		jot_text(out, "handler", name);
		jot_text(out, "state", view_state_name(view_of_handler(&f->view, i, f->card)));
		if (p) {
			jot_int(out, "attempts", p->attempts);
			jot_time(out, "since", p->since_ms);
			jot_time(out, "next_attempt", p->state == PARKED_WAITING ? p->due_ms : 0);
			jot_text(out, "reason", p->reason);
		}
		jot_end(out, '}');
	}
	jot_end(out, ']');
}

static void jot_history(const struct facts *f, struct buf *out)
{
	jot_begin(out, "history", '[');
	for (size_t i = 0; i < f->n_history; i++) {
		const struct history *h = &f->history[i];

		jot_begin(out, NULL, '{');
		jot_time(out, "time", h->at_ms);
		jot_text(out, "handler", h->handler && *h->handler ? h->handler : NULL);
		jot_int(out, "attempt", h->attempt);
		jot_text(out, "what", h->what);
		jot_text(out, "note", h->note);
		jot_end(out, '}');
	}
	jot_end(out, ']');
}

static void write_json(const struct facts *f, struct buf *out)
{
	jot_begin(out, NULL, '{');
	jot_event(f, out);
	jot_handlers(f, out);
	jot_history(f, out);
	if (f->show->data)
		jot_bytes(out, "data", f->event->data, f->event->data_len);
	jot_end(out, '}');
	buf_char(out, '\n');
}

int event_show(struct site *site, const struct show *show)
{
	struct facts f = { .show = show };
	struct buf out = {0};
	struct err err;
	int found = gather(site, &f, &err);

	if (found < 0) {
		say("%s", err.text);
		return CLI_FAILED;
	}
	if (!found) {
		say("there is no event %" PRIu64 " (any more)", show->n);
		return CLI_NOTHING;
	}
	if (show->raw)
		buf_put(&out, f.event->data ? (const void *)f.event->data : "", f.event->data_len);
	else if (show->json)
		write_json(&f, &out);
	else
		write_text(&f, &out);
	fwrite(out.p, 1, out.len, stdout);
	buf_free(&out);
	return CLI_DONE;
}
