/* SPDX-License-Identifier: EUPL-1.2
 * postvak status: who runs, how far the handlers are, and what needs a person. */
#include "cli/status.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <time.h>
#include "base/child.h"
#include "base/clock.h"
#include "base/sock.h"
#include "boss/boss.h"
#include "cli/keys_view.h"
#include "cli/table.h"
#include "cli/when.h"

enum { FLAG_CHECK = FLAG_OWN, FLAG_WATCH };

#define WATCH_S 2

const struct flag status_flags[] = {
	{ FLAG_CHECK, "check", NULL, "say nothing but the warnings; exit with 3 when there are any" },
	{ FLAG_WATCH, "watch", NULL, "write it again every SECONDS (2), on a terminal, until interrupted" },
	{ FLAG_JSON, "json", NULL, "write JSON, for programs" },
	{ 0, NULL, NULL, NULL }
};

static void warn(struct status *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void warn(struct status *s, const char *fmt, ...)
{
	struct buf text = {0};
	va_list args;

	if (s->n_warnings == STATUS_WARNINGS)
		return;
	va_start(args, fmt);
	buf_vfmt(&text, fmt, args);
	va_end(args);
	s->warnings[s->n_warnings++] = pool_strn(s->pool, text.p, text.len);
	buf_free(&text);
}

static void look_at_boss(struct status *s)
{
	const char *dir = s->conf->run_dir;
	char *text;
	struct stat st;

	s->serves = boss_pid(dir, &s->boss) == 1;
	if (!s->serves)
		return;
	if (stat(pool_fmt(s->pool, "%s/" RUN_BOSS, dir), &st) == 0)
		s->since_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
	text = file_read(pool_fmt(s->pool, "%s/" RUN_GENERATION, dir), 64, NULL, NULL);
	if (text)
		s->generation = strtoull(text, NULL, 10);
	free(text);
}

static void look_at_disk(struct status *s)
{
	const char *dir = strncmp(s->conf->store, "sqlite:", 7) == 0 ? s->conf->store + 7 : NULL;
	struct statvfs vfs;

	if (!dir || statvfs(dir, &vfs) < 0)
		return;
	s->disk_known = true;
	s->disk_free = (uint64_t)vfs.f_bavail * vfs.f_frsize;
}

static void look_at_board(struct status *s)
{
	struct board *board = board_look(s->conf);

	s->counted = board != NULL;
	for (int i = 0; board && i < BOARD_COUNTERS; i++)
		s->counters[i] = board_get(board, (enum board_counter)i);
	board_close(&board);
}

static const char *why_failed(struct status *s, const char *handler)
{
	char *text = file_read(pool_fmt(s->pool, "%s/" RUN_FAILED ".%s", s->conf->run_dir, handler), 1024, NULL, NULL);
	const char *why = text && *text ? pool_str(s->pool, text) : NULL;

	free(text);
	return why;
}

/* How far it is through the log. */
static void measure(struct status *s, size_t i)
{
	const struct view_handler *h = &s->view.handlers[i];
	struct status_seen *seen = s->seen;
	struct progress *p = &s->handlers[i].through;
	uint64_t before = s->stats.first ? s->stats.first - 1 : 0;
	size_t k = 0;

	p->done = h->bookmark > before ? h->bookmark - before : 0;
	p->all = p->done + s->handlers[i].behind;
	if (!seen)
		return;
	while (k < seen->n && strcmp(seen->v[k].handler, h->name) != 0)
		k++;
	if (k == seen->n) {
		seen->v = mem_grow(seen->v, ++seen->n, sizeof *seen->v);
		seen->v[k].handler = str_dup(h->name);
		seen->v[k].bookmark = h->bookmark;
		seen->v[k].at_ms = s->now_ms;
	}
	p->took_ms = s->now_ms - seen->v[k].at_ms;
	p->took_done = h->bookmark > seen->v[k].bookmark ? h->bookmark - seen->v[k].bookmark : 0;
}

/* Of those of a handler only the first runs; when the others begin cannot be said. */
static void measure_replays(struct status *s)
{
	s->replayed = pool_alloc(s->pool, (s->n_replays + 1) * sizeof *s->replayed);
	for (size_t i = 0; i < s->n_replays; i++) {
		const struct replay *r = &s->replays[i];
		struct progress *p = &s->replayed[i];
		bool first = true;

		for (size_t k = 0; k < i; k++)
			first &= strcmp(s->replays[k].handler, r->handler) != 0;
		p->done = p->took_done = r->at - r->after;
		p->all = r->upto - r->after;
		p->took_ms = first ? s->now_ms - r->asked_ms : 0;
	}
}

static int look_at_handler(struct status *s, struct store *store, size_t i, struct err *err)
{
	const struct view_handler *h = &s->view.handlers[i];
	struct status_handler *out = &s->handlers[i];
	struct card *cards;
	size_t n;

	out->failed = h->events ? why_failed(s, h->name) : NULL;
	if (!h->begun || h->bookmark >= s->stats.last)
		return 0;
	out->behind = s->stats.last - h->bookmark - (h->n_done < s->stats.last - h->bookmark ? h->n_done : 0);
	if (store_cards(store, h->bookmark, s->stats.last, 1, s->pool, &cards, &n, err) < 0)
		return -1;
	if (n)
		out->oldest_ms = cards[0].received_ms;
	else
		out->behind = 0;
	return 0;
}

static int look_at_store(struct status *s, struct store *store, struct err *err)
{
	struct handshake *waiting;

	if (store_stats(store, &s->stats, err) < 0 || view_load(store, s->conf, s->pool, &s->view, err) < 0 ||
	    store_replays(store, s->pool, &s->replays, &s->n_replays, err) < 0 ||
	    store_pauses(store, s->pool, &s->pauses, &s->n_pauses, err) < 0 ||
	    store_handshakes(store, false, s->pool, &waiting, &s->handshakes, err) < 0)
		return -1;
	s->handlers = pool_alloc(s->pool, (s->view.n_handlers + 1) * sizeof *s->handlers);
	for (size_t i = 0; i < s->view.n_handlers; i++)
		if (look_at_handler(s, store, i, err) < 0)
			return -1;
	for (size_t i = 0; i < s->view.n_handlers; i++)
		measure(s, i);
	measure_replays(s);
	return 0;
}

const struct pause *status_pause(const struct status *s, const char *handler)
{
	for (size_t i = 0; i < s->n_pauses; i++)
		if (strcmp(s->pauses[i].handler, handler) == 0)
			return &s->pauses[i];
	return NULL;
}

/* It stays in the past while one is tried, and while all wait for their own times. */
const char *status_next(const struct status *s, const struct pause *p)
{
	char due[CLOCK_TEXT];

	return p->due_ms > s->now_ms ? pool_fmt(s->pool, "the next at %s", clock_text(due, p->due_ms)) :
				       "the next now, or as soon as one is ready";
}

/* Releasing a handler releases what is held of it, too: nobody shall find that out afterwards. */
static void judge_pause(struct status *s, const struct pause *p, uint64_t held)
{
	const char *too = held ? pool_fmt(s->pool, ", and the %" PRIu64 " held", held) : "";
	char since[CLOCK_TEXT];

	clock_text(since, p->since_ms);
	if (p->who)
		warn(s, "handler %s is held by %s since %s, and its events wait: %s; postvak release --handler %s lets it go on%s",
		     p->handler, p->who, since, p->why, p->handler, too);
	else
		warn(s, "handler %s is paused since %s because everything it was given failed, and its events wait: %s; %d tried since, "
		     "%s; postvak release --handler %s lets all go on at once%s", p->handler, since, p->why, p->tries,
		     status_next(s, p), p->handler, too);
}

static void judge_handler(struct status *s, size_t i)
{
	const struct view_handler *h = &s->view.handlers[i];
	char span[SPAN_TEXT];

	if (!*h->name) {
		warn(s, "%" PRIu64 " could not be taken in: see postvak dead --state quarantined, then retry or discard",
		     h->parked[VIEW_DEAD]);
		return;
	}
	if (h->events && status_pause(s, h->name))
		judge_pause(s, status_pause(s, h->name), h->parked[VIEW_HELD]);
	if (s->handlers[i].failed)
		warn(s, "handler %s does not start, and its events wait: %s", h->name, s->handlers[i].failed);
	if (h->parked[VIEW_DEAD])
		warn(s, "handler %s has %" PRIu64 " dead: see postvak dead --handler %s, then retry or discard",
		     h->name, h->parked[VIEW_DEAD], h->name);
	if (h->parked[VIEW_HELD])
		warn(s, "handler %s has %" PRIu64 " held, and their lanes wait behind them: retry, release or discard them",
		     h->name, h->parked[VIEW_HELD]);
	if (!h->events && h->begun)
		warn(s, "handler %s is not configured and keeps its bookmark: postvak forget %s drops it", h->name, h->name);
	if (h->events && s->handlers[i].oldest_ms && s->now_ms - s->handlers[i].oldest_ms > s->conf->retention_ms)
		warn(s, "handler %s holds pruning back: its oldest unfinished event is %s old", h->name,
		     span_text(span, s->now_ms - s->handlers[i].oldest_ms));
}

/* Only what is wrong: postvak keys shows the rest. */
static void judge_issuer(struct status *s, const struct conf_issuer *issuer)
{
	char since[CLOCK_TEXT], until[CLOCK_TEXT];
	struct keys_view v;

	keys_view_load(s->conf, issuer, s->pool, &v);
	clock_text(since, v.note.error_since_s * 1000);
	if (!v.usable && v.note.error)
		warn(s, "issuer %s has no keys that count, and they cannot be fetched since %s: %s", issuer->name, since, v.note.error);
	else if (!v.usable)
		warn(s, "issuer %s has no keys that count: %s; postvak keys fetch %s fetches them", issuer->name,
		     v.why ? v.why : "the last ones are too old", issuer->name);
	else if (v.note.error && v.until_ms)
		warn(s, "the keys of issuer %s cannot be fetched since %s: %s; the last ones count until %s", issuer->name, since,
		     v.note.error, clock_text(until, v.until_ms));
	else if (v.note.error)
		warn(s, "issuer %s cannot be asked about tokens since %s: %s", issuer->name, since, v.note.error);
	keys_view_free(&v);
}

static void judge(struct status *s)
{
	if (!s->serves && s->conf->receivers > 0)
		warn(s, "postvak serve does not run: nothing is taken in (set receivers = 0 if the web server starts them)");
	for (size_t i = 0; i < s->view.n_handlers; i++)
		judge_handler(s, i);
	for (size_t i = 0; i < s->conf->n_issuers; i++)
		judge_issuer(s, &s->conf->issuers[i]);
	if (s->handshakes)
		warn(s, "%zu origin%s for permission to send: see postvak handshakes, then grant or deny", s->handshakes,
		     s->handshakes == 1 ? " asks" : "s ask");
	if (s->disk_known && s->disk_free < s->conf->disk_reserve)
		warn(s, "the disk has %" PRIu64 " MiB free, less than disk_reserve: notifications get 503",
		     s->disk_free >> 20);
}

static int collect(const struct call *call, struct site *site, struct status *s)
{
	struct err err;
	int status = site_read(call, site);

	if (status)
		return status;
	s->conf = site->conf;
	s->pool = site->pool;
	s->now_ms = clock_wall_ms();
	look_at_boss(s);
	look_at_disk(s);
	look_at_board(s);
	if (look_at_store(s, site->store, &err) < 0) {
		say("%s", err.text);
		return CLI_FAILED;
	}
	judge(s);
	return CLI_DONE;
}

static int show(const struct call *call, struct status_seen *seen)
{
	struct site site = {0};
	struct status s = { .seen = seen };
	struct buf out = {0};
	int status = collect(call, &site, &s);

	if (!status) {
		if (call_has(call, FLAG_WATCH))
			buf_str(&out, "\033[H\033[2J");
		if (call_has(call, FLAG_JSON))
			status_json(&s, &out);
		else
			status_text(&s, call_has(call, FLAG_CHECK), &out);
		if (out.len)
			fwrite(out.p, 1, out.len, stdout);
		if (call_has(call, FLAG_CHECK) && s.n_warnings)
			status = CLI_NOTHING;
	}
	buf_free(&out);
	site_close(&site);
	return status;
}

/* Until it is interrupted, or cannot go on. */
static int watch(const struct call *call, time_t seconds)
{
	struct status_seen seen = {0};
	const struct timespec pause = { seconds, 0 };
	int status;

	while (!(status = show(call, &seen)) && fflush(stdout) == 0)
		nanosleep(&pause, NULL);
	while (seen.n)
		free(seen.v[--seen.n].handler);
	free(seen.v);
	return status;
}

int run_status(const struct call *call)
{
	const char *every = call->operands[0];
	uint64_t seconds = WATCH_S;

	if (!call_has(call, FLAG_WATCH) && every)
		say("%s: only --watch takes seconds", every);
	else if (every && (!number_parse(every, &seconds) || seconds > 86400))
		say("--watch takes seconds, from 1 to 86400: %s", every);
	else if (call_has(call, FLAG_WATCH) && (call_has(call, FLAG_JSON) || call_has(call, FLAG_CHECK)))
		say("--watch is for people: it does not go with --json or --check");
	else if (call_has(call, FLAG_WATCH) && !table_terminal())
		say("--watch needs a terminal");
	else
		return call_has(call, FLAG_WATCH) ? watch(call, (time_t)seconds) : show(call, NULL);
	return CLI_USAGE;
}
