/* SPDX-License-Identifier: EUPL-1.2
 * Pauses of a handler. An operator may pause it; and it is paused by itself (its circuit is open) when so
 * many events in a row, each another one, all failed: then one event is tried at growing intervals, no
 * failure costs an attempt, and the first that comes to an end lets all go on. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "dispatch/inner.h"

static int64_t wall_ms(const struct handler *h)
{
	return h->engine->set.wall_ms();
}

static int64_t mono_ms(const struct handler *h)
{
	return h->engine->set.mono_ms();
}

/* Until the next is tried, after so many were in vain. */
static int64_t wait_ms(const struct handler *h)
{
	const struct conf_circuit *conf = &h->conf->circuit;
	double wait = (double)conf->first_ms;

	for (int i = 0; i < h->circuit.tries && wait < (double)conf->longest_ms; i++)
		wait *= conf->factor;
	return wait < (double)conf->longest_ms ? (int64_t)wait : conf->longest_ms;
}

static void put_why(struct circuit *c, const char *why)
{
	char *copy = str_fmt("%.*s", (int)utf8_fit(why, 500), why);

	free(c->why);
	c->why = copy;
}

static void forget(struct circuit *c)
{
	free(c->who);
	free(c->why);
	c->who = c->why = NULL;
	c->paused = false;
	c->trial = 0;
	c->n = 0;
}

void circuit_free(struct circuit *c)
{
	forget(c);
	free(c->failed);
}

/* ---- what the desk says ---- */

static void take_pause(struct handler *h, const struct pause *pause)
{
	struct circuit *c = &h->circuit;
	int64_t left = pause->due_ms - wall_ms(h);

	c->paused = true;
	c->who = str_dup(pause->who);
	put_why(c, pause->why);
	c->since_ms = pause->since_ms;
	c->due_ms = mono_ms(h) + (left <= h->conf->circuit.longest_ms ? left : 0);	/* more: the clock was put back */
	c->tries = pause->tries;
}

/* What was not asked for goes on: a trial that runs, and the count. */
static void take_what_stands(struct handler *h, const struct pause *pause)
{
	struct circuit *c = &h->circuit;
	bool by_itself = pause && !pause->who, stands = pause ? by_itself && c->paused && !c->who : !c->paused;
	uint64_t trial = stands ? c->trial : 0;
	size_t n = stands ? c->n : 0;

	forget(c);
	if (pause)
		take_pause(h, pause);
	c->trial = trial;
	c->n = n;
}

int circuit_read(struct handler *h, struct err *err)
{
	struct pool *pool = pool_new();
	struct pause *v, *own = NULL;
	size_t n;
	int rc = store_pauses(h->engine->set.store, pool, &v, &n, err);

	for (size_t i = 0; rc == 0 && i < n; i++)
		if (strcmp(v[i].handler, h->conf->name) == 0)
			own = &v[i];
	if (rc == 0)
		take_what_stands(h, own);
	pool_free(&pool);
	return rc;
}

int circuits_start(struct engine *engine, struct err *err)
{
	for (size_t i = 0; i < engine->n; i++) {
		struct handler *h = &engine->handlers[i];
		struct circuit *c = &h->circuit;

		c->failed = mem_array((size_t)h->conf->circuit.failures, sizeof *c->failed);
		if (circuit_read(h, err) < 0)
			return -1;
		if (c->paused && !c->who && !h->conf->circuit.failures) {
			forget(c);
			c->changed = true;
		}
		if (c->paused)
			log_info("handler %s is paused%s%s: %s", h->conf->name, c->who ? " by " : "", c->who ? c->who : "", c->why);
	}
	return 0;
}

int circuit_write(const struct handler *h, struct err *err)
{
	const struct circuit *c = &h->circuit;
	struct pause pause = { h->conf->name, c->since_ms, c->why, c->who, c->tries, wall_ms(h) + c->due_ms - mono_ms(h) };

	return c->paused ? store_pause_put(h->engine->set.store, &pause, err) :
			   store_pause_drop(h->engine->set.store, h->conf->name, err);
}

/* ---- who may run ---- */

static bool is_due(const struct handler *h)
{
	return h->circuit.due_ms <= mono_ms(h);
}

bool circuit_lets(const struct handler *h)
{
	const struct circuit *c = &h->circuit;

	return h->n_ready && (!c->paused || (!c->who && !c->trial && is_due(h)));
}

int64_t circuit_due_ms(const struct handler *h)
{
	const struct circuit *c = &h->circuit;

	return c->paused && !c->who && !c->trial && h->n_ready && !is_due(h) ? c->due_ms : INT64_MAX;
}

/* By turns one that was never tried and the one that was tried longest ago: there are handlers to which all fail
 * at first, and events that always fail. */
struct delivery *circuit_next(const struct handler *h)
{
	struct delivery *fresh = NULL, *tried = NULL;

	list_each(it, &h->ready) {
		struct delivery *d = list_item(it, struct delivery, link);

		if (!h->circuit.paused)
			return d;
		if (!d->attempts && !d->reason)
			fresh = fresh ? fresh : d;
		else if (!tried || d->since_ms < tried->since_ms)
			tried = d;
	}
	return tried && (!fresh || h->circuit.tries % 2) ? tried : fresh;
}

void circuit_gave(const struct delivery *d)
{
	struct circuit *c = &d->handler->circuit;

	if (!c->paused)
		return;
	c->trial = d->n;
	log_info("handler %s: event %llu is tried, to see whether it works again", d->handler->conf->name, (unsigned long long)d->n);
}

void circuit_back(const struct delivery *d)
{
	if (d->handler->circuit.trial == d->n)
		d->handler->circuit.trial = 0;
}

/* ---- what came of it ---- */

static void open_it(struct handler *h, const char *reason)
{
	struct circuit *c = &h->circuit;

	c->paused = c->changed = true;
	c->trial = 0;
	c->tries = 0;
	c->since_ms = wall_ms(h);
	c->due_ms = mono_ms(h) + wait_ms(h);
	put_why(c, reason);
	board_add(h->engine->set.board, BOARD_PAUSES, 1);
	log_warn("handler %s is paused: the last %zu events all failed; one is tried in %.1f s; the last: %.500s", h->conf->name,
		 c->n, (double)wait_ms(h) / 1000, reason);
}

static void in_vain(struct handler *h, const char *reason)
{
	struct circuit *c = &h->circuit;

	c->trial = 0;
	c->tries++;
	c->due_ms = mono_ms(h) + wait_ms(h);
	c->changed = true;
	put_why(c, reason);
	log_info("handler %s stays paused: that was in vain; the next is tried in %.1f s", h->conf->name, (double)wait_ms(h) / 1000);
}

static bool is_counted(const struct circuit *c, uint64_t n)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->failed[i] == n)
			return true;
	return false;
}

bool circuit_failed(const struct delivery *d, const char *reason)
{
	struct handler *h = d->handler;
	struct circuit *c = &h->circuit;

	if (c->paused) {
		if (!c->who && c->trial == d->n)
			in_vain(h, reason);
		return true;
	}
	if (!h->conf->circuit.failures || is_counted(c, d->n))
		return false;
	c->failed[c->n++] = d->n;
	if (c->n < (size_t)h->conf->circuit.failures)
		return false;
	open_it(h, reason);
	return true;
}

void circuit_ended(const struct delivery *d)
{
	struct handler *h = d->handler;
	struct circuit *c = &h->circuit;
	char since[CLOCK_TEXT];

	c->n = 0;
	if (!c->paused || c->who)
		return;
	log_info("handler %s works again: event %llu came to an end; it was paused since %s", h->conf->name,
		 (unsigned long long)d->n, clock_text(since, c->since_ms));
	forget(c);
	c->changed = true;
}
