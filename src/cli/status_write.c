/* SPDX-License-Identifier: EUPL-1.2
 * postvak status, for people and for programs. */
#include "cli/status.h"

#include <inttypes.h>
#include <string.h>
#include "base/clock.h"
#include "cli/jot.h"
#include "cli/plain.h"
#include "cli/table.h"
#include "cli/when.h"

#define HEAD 15			/* where the values of the head begin */
#define LINE 80

static char *size_text(struct pool *pool, uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	double v = (double)bytes;
	size_t i = 0;

	for (; v >= 1024 && i < 4; i++)
		v /= 1024;
	return pool_fmt(pool, i ? "%.1f %s" : "%.0f %s", v, units[i]);
}

static void write_head(const struct status *s, struct buf *out)
{
	const struct store_stats *st = &s->stats;
	char time[CLOCK_TEXT];

	buf_fmt(out, "configuration  %s\n", s->conf->file);
	if (s->serves)
		buf_fmt(out, "serving        yes: pid %ld, generation %" PRIu64 ", since %s\n", (long)s->boss, s->generation,
			s->since_ms ? clock_text(time, s->since_ms) : "?");
	else
		buf_str(out, "serving        no: postvak serve does not run here\n");
	if (st->first)
		buf_fmt(out, "log            %" PRIu64 " to %" PRIu64 ", sorted to %" PRIu64 ", %s\n", st->first, st->last,
			st->sorted, size_text(s->pool, st->log_bytes));
	else
		buf_fmt(out, "log            empty, %s\n", size_text(s->pool, st->log_bytes));
	buf_fmt(out, "desk           %s, about %" PRIu64 " identities\n", size_text(s->pool, st->desk_bytes), st->identities);
	if (s->disk_known)
		buf_fmt(out, "disk           %s free, reserve %s\n", size_text(s->pool, s->disk_free),
			size_text(s->pool, s->conf->disk_reserve));
}

static void write_endpoints(const struct status *s, struct buf *out)
{
	static const char *const titles[] = { "ENDPOINT", "PATH", "ACCEPTS", "PROFILE", "SENDERS", NULL };
	struct table *t = table_new(titles, table_terminal());

	for (size_t i = 0; i < s->conf->n_endpoints; i++) {
		const struct conf_endpoint *e = &s->conf->endpoints[i];
		struct buf names = {0}, accepts = {0}, profile = {0};

		conf_endpoint_text(s->conf, e, "accepts", &accepts);
		conf_endpoint_text(s->conf, e, "profile", &profile);
		for (size_t k = 0; k < e->n_senders; k++)
			buf_fmt(&names, "%s%s", k ? " " : "", s->conf->senders[e->senders[k]].name);
		table_put(t, e->name);
		table_put(t, e->path);
		table_put(t, accepts.p);
		table_put(t, e->retired ? "retired" : profile.p);
		table_put(t, names.p);
		buf_free(&names);
		buf_free(&accepts);
		buf_free(&profile);
	}
	if (table_rows(t)) {
		buf_char(out, '\n');
		table_write(t, out);
	}
	table_free(&t);
}

#define CATCHES_UP 1000	/* events behind: less is no more than a moment */

/* What a replay is restricted to, and what else is to be known of it. */
static char *kind_of(const struct status *s, const struct replay *r)
{
	char hex[2 * EVENT_KEY + 1];

	return pool_fmt(s->pool, "%s%s%s%s%s", r->types ? ", only " : "", r->types ? r->types : "", r->has_lane ? ", lane " : "",
			r->has_lane ? event_key_hex(hex, &r->lane) : "", r->rebuild ? ", makes its state anew" : "");
}

static void put_progress(const char *what, const struct progress *p, struct buf *out)
{
	bool terminal = table_terminal() > 0;
	struct buf text = {0};

	progress_text(p, terminal, &text);
	if (terminal)
		buf_fmt(out, "%s  %s\n", text.p, what);
	else
		buf_fmt(out, "%s: %s\n", what, text.p);
	buf_free(&text);
}

/* Handlers that are far behind, and what runs again. */
static void write_progress(const struct status *s, struct buf *out)
{
	size_t start = out->len;

	buf_char(out, '\n');
	for (size_t i = 0; i < s->view.n_handlers; i++)
		if (s->view.handlers[i].events && s->view.handlers[i].begun && s->handlers[i].behind >= CATCHES_UP)
			put_progress(pool_fmt(s->pool, "%s catches up", s->view.handlers[i].name), &s->handlers[i].through, out);
	for (size_t i = 0; i < s->n_replays; i++) {
		const struct replay *r = &s->replays[i];

		put_progress(pool_fmt(s->pool, "%s runs %" PRIu64 " to %" PRIu64 " again%s", r->handler, r->after + 1, r->upto,
					 kind_of(s, r)), &s->replayed[i], out);
	}
	if (out->len == start + 1)
		out->p[out->len = start] = '\0';
}

static void write_handlers(const struct status *s, struct buf *out)
{
	static const char *const titles[] = { "HANDLER", ">BOOKMARK", ">LAG", ">LAG TIME", ">WAITING", ">DEAD", ">HELD",
					      ">BEHIND", NULL };
	static const enum view_state counts[] = { VIEW_WAITING, VIEW_DEAD, VIEW_HELD, VIEW_BEHIND };
	struct table *t = table_new(titles, table_terminal());
	char span[SPAN_TEXT];

	for (size_t i = 0; i < s->view.n_handlers; i++) {
		const struct view_handler *h = &s->view.handlers[i];
		const struct status_handler *sh = &s->handlers[i];

		table_put(t, *h->name ? h->name : "(quarantined)");
		table_put(t, h->begun ? pool_fmt(s->pool, "%" PRIu64, h->bookmark) : "none yet");
		table_fmt(t, "%" PRIu64, sh->behind);
		table_put(t, sh->oldest_ms ? span_text(span, s->now_ms - sh->oldest_ms) : NULL);
		for (size_t k = 0; k < sizeof counts / sizeof *counts; k++)
			table_fmt(t, "%" PRIu64, h->parked[counts[k]]);
	}
	if (table_rows(t)) {
		buf_char(out, '\n');
		table_write(t, out);
	}
	table_free(&t);
}

/* What a table has no room for. */
static void write_pauses(const struct status *s, struct buf *out)
{
	char time[CLOCK_TEXT];

	for (size_t i = 0; i < s->n_pauses; i++) {
		const struct pause *p = &s->pauses[i];

		buf_fmt(out, "%s%-14s %s", i ? "" : "\n", "paused", p->handler);
		buf_fmt(out, ", since %s, ", clock_text(time, p->since_ms));
		if (p->who)
			buf_fmt(out, "by %s: ", p->who);
		else
			buf_fmt(out, "by itself; %d tried, %s: ", p->tries, status_next(s, p));
		plain_put(out, p->why, strlen(p->why), PLAIN_LINE);
		buf_char(out, '\n');
	}
}

static void write_counters(const struct status *s, struct buf *out)
{
	size_t start = out->len + 1;
	bool any = false;

	if (!s->counted)
		return;
	buf_str(out, "\ncounted       ");
	for (int i = 0; i < BOARD_COUNTERS; i++)
		if (s->counters[i]) {
			const char *text = pool_fmt(s->pool, "%s %" PRId64, board_name((enum board_counter)i), s->counters[i]);

			if (any)
				buf_char(out, ',');
			if (out->len - start + strlen(text) + 2 > LINE) {
				buf_char(out, '\n');
				start = out->len;
				buf_fmt(out, "%*s", HEAD - 1, "");
			}
			buf_fmt(out, " %s", text);
			any = true;
		}
	buf_str(out, any ? "\n" : " nothing yet\n");
}

void status_text(const struct status *s, bool only_warnings, struct buf *out)
{
	if (!only_warnings) {
		write_head(s, out);
		write_endpoints(s, out);
		write_handlers(s, out);
		write_progress(s, out);
		write_pauses(s, out);
		write_counters(s, out);
		if (s->n_warnings)
			buf_char(out, '\n');
	}
	for (size_t i = 0; i < s->n_warnings; i++) {
		buf_str(out, "warning: ");
		plain_put(out, s->warnings[i], strlen(s->warnings[i]), PLAIN_LINE);
		buf_char(out, '\n');
	}
}

static void jot_log(const struct status *s, struct buf *out)
{
	jot_begin(out, "log", '{');
	jot_number(out, "first", s->stats.first);
	jot_number(out, "last", s->stats.last);
	jot_number(out, "sorted", s->stats.sorted);
	jot_number(out, "bytes", s->stats.log_bytes);
	jot_end(out, '}');
	jot_begin(out, "desk", '{');
	jot_number(out, "bytes", s->stats.desk_bytes);
	jot_number(out, "identities", s->stats.identities);
	jot_end(out, '}');
	jot_begin(out, "disk", '{');
	if (s->disk_known)
		jot_number(out, "free", s->disk_free);
	jot_number(out, "reserve", s->conf->disk_reserve);
	jot_end(out, '}');
}

static void jot_endpoints(const struct status *s, struct buf *out)
{
	jot_begin(out, "endpoints", '[');
	for (size_t i = 0; i < s->conf->n_endpoints; i++) {
		const struct conf_endpoint *e = &s->conf->endpoints[i];

		jot_begin(out, NULL, '{');
		jot_text(out, "endpoint", e->name);
		jot_text(out, "path", e->path);
		jot_bool(out, "retired", e->retired);
		jot_begin(out, "senders", '[');
		for (size_t k = 0; k < e->n_senders; k++)
			jot_text(out, NULL, s->conf->senders[e->senders[k]].name);
		jot_end(out, ']');
		jot_end(out, '}');
	}
	jot_end(out, ']');
}

static void jot_progress(const struct progress *p, struct buf *out)
{
	int64_t about = progress_about_ms(p);

	jot_int(out, "percent", progress_percent(p));
	jot_number(out, "to_go", p->done < p->all ? p->all - p->done : 0);
	if (about >= 0)
		jot_int(out, "about_ms", about);
	else
		jot_text(out, "about_ms", NULL);
}

static void jot_replays(const struct status *s, const char *handler, struct buf *out)
{
	jot_begin(out, "replays", '[');
	for (size_t i = 0; i < s->n_replays; i++) {
		const struct replay *r = &s->replays[i];
		char hex[2 * EVENT_KEY + 1];

		if (strcmp(r->handler, handler) != 0)
			continue;
		jot_begin(out, NULL, '{');
		jot_number(out, "after", r->after);
		jot_number(out, "upto", r->upto);
		jot_number(out, "at", r->at);
		jot_text(out, "only", r->types);
		jot_text(out, "lane", r->has_lane ? event_key_hex(hex, &r->lane) : NULL);
		jot_bool(out, "rebuild", r->rebuild);
		jot_progress(&s->replayed[i], out);
		jot_time(out, "asked", r->asked_ms);
		jot_end(out, '}');
	}
	jot_end(out, ']');
}

static void jot_pause(const struct pause *p, struct buf *out)
{
	if (!p) {
		jot_text(out, "paused", NULL);
		return;
	}
	jot_begin(out, "paused", '{');
	jot_time(out, "since", p->since_ms);
	jot_text(out, "who", p->who);
	jot_text(out, "why", p->why);
	jot_int(out, "tried", p->tries);
	jot_time(out, "next", p->who ? 0 : p->due_ms);
	jot_end(out, '}');
}

static void jot_handlers(const struct status *s, struct buf *out)
{
	jot_begin(out, "handlers", '[');
	for (size_t i = 0; i < s->view.n_handlers; i++) {
		const struct view_handler *h = &s->view.handlers[i];

		jot_begin(out, NULL, '{');
		jot_text(out, "handler", h->name);
		jot_bool(out, "configured", h->events != NULL);
		if (h->begun)
			jot_number(out, "bookmark", h->bookmark);
		else
			jot_text(out, "bookmark", NULL);
		jot_number(out, "lag", s->handlers[i].behind);
		jot_int(out, "percent", progress_percent(&s->handlers[i].through));
		jot_text(out, "failed", s->handlers[i].failed);
		jot_int(out, "lag_ms", s->handlers[i].oldest_ms ? s->now_ms - s->handlers[i].oldest_ms : 0);
		for (int state = VIEW_BEHIND; state <= VIEW_DEAD; state++)
			jot_number(out, view_state_name((enum view_state)state), h->parked[state]);
		jot_pause(status_pause(s, h->name), out);
		jot_replays(s, h->name, out);
		jot_end(out, '}');
	}
	jot_end(out, ']');
}

void status_json(const struct status *s, struct buf *out)
{
	jot_begin(out, NULL, '{');
	jot_text(out, "configuration", s->conf->file);
	jot_bool(out, "serving", s->serves);
	if (s->serves) {
		jot_int(out, "pid", s->boss);
		jot_number(out, "generation", s->generation);
		jot_time(out, "since", s->since_ms);
	}
	jot_log(s, out);
	jot_endpoints(s, out);
	jot_handlers(s, out);
	if (s->counted) {
		jot_begin(out, "counters", '{');
		for (int i = 0; i < BOARD_COUNTERS; i++)
			jot_int(out, board_name((enum board_counter)i), s->counters[i]);
		jot_end(out, '}');
	}
	jot_begin(out, "warnings", '[');
	for (size_t i = 0; i < s->n_warnings; i++)
		jot_text(out, NULL, s->warnings[i]);
	jot_end(out, ']');
	jot_end(out, '}');
	buf_char(out, '\n');
}
