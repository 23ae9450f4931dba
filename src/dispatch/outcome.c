/* SPDX-License-Identifier: EUPL-1.2
 * What the hands say, and what becomes of the delivery: done, another attempt, dead. */
#include "config.h"
#include <postvak/handler.h>
#include <stdlib.h>
#include <string.h>
#include "base/die.h"
#include "base/log.h"
#include "dispatch/inner.h"
#include "event/emitted.h"

#define EMITS_TOO_DEEP "its events would be more than " PV_TEXT(EMIT_DEPTH) " emissions deep: handlers emit in a loop"
#define RETRY_AFTER_MAX_S (7 * 86400)

void line_add(struct delivery *d, const char *what, int attempt, const char *note)
{
	struct engine *engine = d->handler->engine;
	struct line *line = mem_alloc(sizeof *line);

	line->note = str_dup(note);
	line->h = (struct history){ .n = d->n, .handler = d->handler->conf->name, .at_ms = engine->set.wall_ms(),
				    .attempt = attempt, .what = what, .note = line->note };
	list_push(&engine->lines, &line->link);
	engine->unsettled++;
}

/* It leaves its lane once that is written. */
static void end(struct delivery *d, bool dead)
{
	struct engine *engine = d->handler->engine;

	if (list_linked(&d->dirty)) {
		list_remove(&d->dirty);
		engine->unsettled--;
	}
	d->state = ENDED;
	d->dead = dead;
	if (d->cursor)
		cursor_pass(d->cursor, d->n);
	d->cursor = NULL;
	list_push(&engine->ended, &d->link);
	engine->unsettled++;
}

void delivery_gone(struct delivery *d)
{
	log_warn("handler %s: event %llu is not in the log any more; it is passed over", d->handler->conf->name,
		 (unsigned long long)d->n);
	end(d, false);
	line_add(d, "gone", 0, NULL);
}

static const char *trace_word(const struct delivery *d)
{
	return d->trace ? " traceparent=" : "";
}

static const char *trace(const struct delivery *d)
{
	return d->trace ? d->trace : "";
}

/* The note tells it from a dead row that expired (store_expire_dead). */
void delivery_expired(struct delivery *d, const char *expirytime)
{
	char *note = str_fmt("expirytime %.40s", expirytime);

	log_info("handler %s: event %llu is not run: its expirytime has passed%s%s", d->handler->conf->name,
		 (unsigned long long)d->n, trace_word(d), trace(d));
	board_add(d->handler->engine->set.board, BOARD_EXPIRED, 1);
	line_add(d, "expired", d->attempts, note);
	end(d, false);
	free(note);
}

/* xorshift64: jitter needs no better */
static double jitter(struct engine *engine)
{
	engine->random ^= engine->random << 13;
	engine->random ^= engine->random >> 7;
	engine->random ^= engine->random << 17;
	return 0.9 + 0.2 * (double)(engine->random >> 11) / (double)(1ull << 53);
}

static int64_t policy_ms(struct delivery *d)
{
	const struct conf_retry *retry = &d->handler->conf->retry;
	double wait = (double)retry->first_ms;

	for (int i = 1; i < d->attempts && wait < (double)retry->longest_ms; i++)
		wait *= retry->factor;
	if (wait > (double)retry->longest_ms)
		wait = (double)retry->longest_ms;
	return (int64_t)(wait * jitter(d->handler->engine));
}

static void bury(struct delivery *d, const char *reason)
{
	struct engine *engine = d->handler->engine;

	log_warn("handler %s: event %llu is dead after %d attempt%s: %.500s%s%s", d->handler->conf->name,
		 (unsigned long long)d->n, d->attempts, d->attempts == 1 ? "" : "s", reason, trace_word(d), trace(d));
	board_add(engine->set.board, BOARD_DEAD, 1);
	line_add(d, "dead", d->attempts, reason);
	delivery_reason(d, reason);
	d->since_ms = engine->set.wall_ms();
	if (d->handler->conf->on_dead == ON_DEAD_PASS) {
		end(d, true);
		return;
	}
	d->state = HELD;
	delivery_park(d);
	if (d->lane)
		lane_park(d->lane);
}

/* spared: the handler is paused, and it costs no attempt. */
static void wait_on(struct delivery *d, const char *what, const char *reason, int64_t wait, bool spared)
{
	struct engine *engine = d->handler->engine;
	char *note = spared ? str_fmt("%s (the handler is paused: not counted)", reason) : NULL;

	log_info("handler %s: event %llu, attempt %d of %d%s: %s; again in %.1f s%s%s", d->handler->conf->name,
		 (unsigned long long)d->n, d->attempts + spared, d->handler->conf->retry.attempts, spared ? ", not counted" : "",
		 what, (double)wait / 1000, trace_word(d), trace(d));
	board_add(engine->set.board, BOARD_RETRIED, 1);
	line_add(d, what, spared ? 0 : d->attempts, note ? note : reason);
	free(note);
	delivery_reason(d, reason);
	d->since_ms = engine->set.wall_ms();
	delivery_wait(d, engine->set.mono_ms() + wait);
	delivery_park(d);
	if (d->lane)
		lane_park(d->lane);
}

static void retry(struct delivery *d, const char *what, const char *reason, uint32_t after_s)
{
	bool spared = circuit_failed(d, reason);
	int64_t wait;

	if (spared)
		d->attempts--;
	if (!spared && d->attempts >= d->handler->conf->retry.attempts) {
		bury(d, reason);
		return;
	}
	wait = policy_ms(d);
	if (after_s)
		wait = (int64_t)(after_s < RETRY_AFTER_MAX_S ? after_s : RETRY_AFTER_MAX_S) * 1000;
	wait_on(d, what, reason, wait, spared);
}

static void done(struct delivery *d, const char *note)
{
	board_add(d->handler->engine->set.board, BOARD_DONE, 1);
	d->plain = !d->replayed && d->attempts == 1 && !note;
	if (!d->plain)
		line_add(d, d->replayed ? "replayed" : "done", d->attempts, note);
	end(d, false);
}

/* The delivery, out of the hands; null when they are not asked about it. */
static struct delivery *back(struct engine *engine, size_t handler, uint64_t n)
{
	struct handler *h = &engine->handlers[handler];
	struct delivery *d;

	must(handler < engine->n);
	d = delivery_get(h, n);
	if (!d || d->state != RUNNING)
		return NULL;
	d->state = QUEUED;
	h->running--;
	engine->in_flight--;
	return d;
}

void engine_outcome(struct engine *engine, size_t handler, const struct wire_outcome *outcome)
{
	struct delivery *d = back(engine, handler, outcome->n);
	const char *note = outcome->note;

	if (!d) {
		log_warn("handler %s answers about event %llu, which it was not given", engine->handlers[handler].conf->name,
			 (unsigned long long)outcome->n);
		return;
	}
	d->attempts++;
	if (outcome->outcome == PV_DONE || outcome->outcome == PV_DEAD)
		circuit_ended(d);
	if (outcome->outcome == PV_DONE && emits_too_deep(d, outcome))
		bury(d, EMITS_TOO_DEEP);
	else if (outcome->outcome == PV_DONE) {
		outcome_keep(d, outcome);
		done(d, note);
	} else if (outcome->outcome == PV_DEAD)
		bury(d, note ? note : "the handler says that it never will succeed");
	else
		retry(d, "retry", note ? note : "the handler asked for another attempt", outcome->retry_after_s);
}

void engine_charge(struct engine *engine, size_t handler, uint64_t n, const char *what, const char *note)
{
	struct delivery *d = back(engine, handler, n);
	char *reason;

	if (!d)
		return;
	d->attempts++;
	board_add(engine->set.board, strcmp(what, "timeout") == 0 ? BOARD_TIMEOUTS : BOARD_CRASHES, 1);
	reason = str_fmt("%s: %s", what, note);
	retry(d, what, reason, 0);
	free(reason);
}

void engine_give_back(struct engine *engine, size_t handler, uint64_t n)
{
	struct delivery *d = back(engine, handler, n);

	if (!d)
		return;
	circuit_back(d);
	delivery_ready(d, true);
}
