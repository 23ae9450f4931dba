/* SPDX-License-Identifier: EUPL-1.2
 * Requests about parked deliveries: retry, discard, hold and release. What is remembered of each is its
 * number: there may be very many, and the answer counts them in groups. */
#include "config.h"
#include <string.h>
#include "base/clock.h"
#include "dispatch/asked.h"
#include "event/type.h"

#define QUARANTINED_AT_ONCE 100	/* each is appended to the log by itself, and has lines in the answer */
#define GROUPS_TOLD 20		/* the answer is kept */

#define DEAD CHOICE_STATE(PARKED_DEAD)
#define HELD CHOICE_STATE(PARKED_HELD)
#define WAITING CHOICE_STATE(PARKED_WAITING)
#define BEHIND CHOICE_STATE(PARKED_BEHIND)

static const struct {
	unsigned fits;			/* states that it is for */
	unsigned named, others;		/* of an event that is named, and else, when no state is asked for */
	const char *what;		/* in the history */
	const char *done, *would;	/* of one or of many: "is", "are" before it */
} verbs[] = {
	[ROW_RETRY] = { DEAD | HELD | WAITING | CHOICE_QUARANTINED, DEAD | HELD | WAITING | CHOICE_QUARANTINED, DEAD, "retried",
			"will be tried again", "would be tried again" },
	[ROW_DISCARD] = { CHOICE_ANY, CHOICE_ANY, DEAD, "discarded", "discarded", "would be discarded" },
	[ROW_HOLD] = { DEAD | WAITING | BEHIND, DEAD | WAITING | BEHIND, DEAD | WAITING | BEHIND, "held", "held", "would be held" },
	[ROW_RELEASE] = { HELD, HELD, HELD, "released", "released, and will be tried again",
			  "would be released, and tried again" },
};

/* ---- choosing ---- */

static const char *one_name(struct asked *a, const char *handler)
{
	const char *last = a->n_rows ? a->rows[a->n_rows - 1].handler : NULL;

	return last && strcmp(last, handler) == 0 ? last : pool_str(a->pool, handler);
}

static void add_row(struct asked *a, const struct parked *p, const char *type)
{
	if (a->n_rows == a->rows_cap) {
		a->rows_cap = a->rows_cap ? 2 * a->rows_cap : 64;
		a->rows = mem_grow(a->rows, a->rows_cap, sizeof *a->rows);
	}
	a->rows[a->n_rows] = (struct row){ p->n, one_name(a, p->handler) };
	a->n_rows++;
	groups_add(&a->groups, p, type);
}

static void add_quarantined(struct asked *a, uint64_t n)
{
	if (a->n_quarantined == a->quarantined_cap) {
		a->quarantined_cap = a->quarantined_cap ? 2 * a->quarantined_cap : 64;
		a->quarantined = mem_grow(a->quarantined, a->quarantined_cap, sizeof *a->quarantined);
	}
	a->quarantined[a->n_quarantined++] = n;
}

static bool take(void *arg, const struct parked *p, const char *type)
{
	struct asked *a = arg;
	unsigned state = choice_state(p);

	if (a->hooks && a->hooks->runs(a->hooks->arg, p->handler, p->n))
		a->n_running++;
	else if (!(a->wanted & state)) {
		a->n_held += state == HELD;
		a->n_behind += state == BEHIND;
	} else if (a->rows_verb != ROW_RETRY)
		add_row(a, p, type);
	else if (state == CHOICE_QUARANTINED)
		add_quarantined(a, p->n);
	else if (!conf_handler(a->conf, p->handler))
		a->n_strange++;
	else if (state == WAITING && p->due_ms <= clock_wall_ms()) {
		if (!a->n_due++ || strcmp(a->due, p->handler) != 0)
			a->due = pool_str(a->pool, p->handler);
	} else
		add_row(a, p, type);
	return true;
}

/* False: refused. */
static bool want(struct asked *a)
{
	bool named = a->choice.n_numbers > 0;
	unsigned states = a->choice.states;

	if (states & ~verbs[a->rows_verb].fits) {
		unsigned wrong = states & ~verbs[a->rows_verb].fits;

		asked_refuse(a, "there is nothing to %s in the state %s", a->request->verb, choice_state_name(wrong & ~(wrong - 1)));
		return false;
	}
	a->wanted = states ? states : named ? verbs[a->rows_verb].named : verbs[a->rows_verb].others;
	a->choice.states = named ? CHOICE_ANY : a->wanted | HELD;
	return true;
}

/* ---- answering ---- */

/* 1: the handler of this bookmark has yet to deal with it; 0: not, or it does not want it; -1: failure. */
static int is_to_come(struct asked *a, const struct bookmark *mark, const struct event *event, struct err *err)
{
	const struct conf_handler *handler = conf_handler(a->conf, mark->handler);
	uint64_t *done;
	size_t n;

	if (!handler || event->n <= mark->n || (a->handler && strcmp(a->handler, mark->handler) != 0) ||
	    !type_match_any(handler->events, event->type))
		return 0;
	if (done_get(mark, a->pool, &done, &n) < 0)
		return err_set(err, "the bookmark of handler %s cannot be read: the desk is damaged", mark->handler);
	while (n && done[n - 1] != event->n)
		n--;
	return n == 0;
}

/* Why there is nothing to do about one event. */
static int explain(struct asked *a, struct err *err)
{
	unsigned long long n = (unsigned long long)a->choice.numbers[0];
	const char *verb = a->request->verb, *of = a->handler ? a->handler : "";
	int waits = 0;
	struct bookmark *marks;
	struct event *event;
	uint64_t sorted;
	size_t n_marks;

	if (store_event(a->store, n, a->pool, &event, err) < 0 || store_sorted(a->store, &sorted, err) < 0 ||
	    store_bookmarks(a->store, a->pool, &marks, &n_marks, err) < 0)
		return -1;
	for (size_t i = 0; event && !waits && i < n_marks; i++)
		waits = is_to_come(a, &marks[i], event, err);
	if (waits < 0)
		return -1;
	if (!event)
		asked_refuse(a, "there is no event %llu (or no longer)", n);
	else if (n > sorted || waits)
		asked_refuse(a, "event %llu waits for its turn, or runs right now; there is nothing to %s", n, verb);
	else if (a->rows_verb != ROW_RETRY)
		asked_refuse(a, "event %llu is not %s%s%s; there is nothing to %s", n,
			     a->rows_verb == ROW_RELEASE ? "held" : "parked", *of ? " for " : "", of, verb);
	else
		asked_refuse(a, "event %llu is finished, a duplicate, or not wanted; to run it and what came after it again:"
			     " postvak rewind %s --to %llu", n, *of ? of : "HANDLER", n);
	return 0;
}

static void tell_groups(struct asked *a)
{
	groups_sort(&a->groups);
	for (size_t i = 0; i < a->groups.n && i < GROUPS_TOLD; i++) {
		const struct group *g = a->groups.v[i];

		asked_say(a, "%7llu  %s  %s  %s  %s", (unsigned long long)g->count, *g->handler ? g->handler : "(quarantined)",
			  *g->type ? g->type : "-", choice_state_name(g->state), g->reason ? g->reason : "-");
	}
	if (a->groups.n > GROUPS_TOLD)
		asked_say(a, "         and %zu more groups", a->groups.n - GROUPS_TOLD);
}

static const char *plural(size_t n)
{
	return n == 1 ? "delivery" : "deliveries";
}

/* " of event 7 for mail" */
static const char *whose(struct asked *a)
{
	const char *of = a->choice.n_numbers == 1 ? pool_fmt(a->pool, " of event %llu", (unsigned long long)a->choice.numbers[0]) : "";

	return pool_fmt(a->pool, "%s%s%s", of, a->handler ? " for " : "", a->handler ? a->handler : "");
}

static void tell_left(struct asked *a, size_t n, const char *one, const char *many)
{
	if (n)
		asked_say(a, "%zu %s%s %s", n, plural(n), whose(a), n == 1 ? one : many);
}

static void tell(struct asked *a)
{
	const char *are = a->n_rows == 1 ? "is " : "are ";
	size_t n = a->n_rows;

	if (n)
		asked_say(a, "%zu %s%s %s%s", n, plural(n), whose(a), a->preview || a->rows_verb == ROW_RETRY ? "" : are,
			  a->preview ? verbs[a->rows_verb].would : verbs[a->rows_verb].done);
	if (n > 1 || (n && a->preview))
		tell_groups(a);
	tell_left(a, a->n_running, "runs right now and is left alone", "run right now and are left alone");
	tell_left(a, a->n_due, "waits for its turn already and is left alone", "wait for their turn already and are left alone");
	tell_left(a, a->n_strange, "is left alone: its handler is not configured", "are left alone: their handler is not configured");
	if (a->rows_verb == ROW_RETRY && a->choice.n_numbers)
		tell_left(a, a->n_behind, "stands behind an earlier event of the same object and runs after it",
			  "stand behind an earlier event of the same object and run after it");
	if (a->rows_verb == ROW_HOLD)
		tell_left(a, a->n_held, "is held already", "are held already");
	else
		tell_left(a, a->n_held, "is held and left alone; --state held is for it", "are held and left alone; --state held is for them");
	a->status = n ? 0 : 1;
}

static bool concerns(const struct asked *a, const char *handler)
{
	bool one = a->due && strcmp(a->due, handler) == 0;

	for (size_t k = 0; k < a->groups.n; k++)
		one = one || strcmp(a->groups.v[k]->handler, handler) == 0;
	return one;
}

/* What was changed, or waits for its turn already, runs only later. */
static int tell_pauses(struct asked *a, struct err *err)
{
	struct pause *v;
	size_t n;

	if ((a->rows_verb != ROW_RETRY && a->rows_verb != ROW_RELEASE) || !(a->n_rows + a->n_due) || a->drop_pause)
		return 0;
	if (store_pauses(a->store, a->pool, &v, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (concerns(a, v[i].handler))
			asked_say(a, "handler %s is paused%s%s: they wait until it goes on (postvak release --handler %s)",
				  v[i].handler, v[i].who ? " by " : "", v[i].who ? v[i].who : "", v[i].handler);
	return 0;
}

/* ---- handlers as a whole ---- */

/* *pause: null when there is none. */
static int find_pause(struct asked *a, struct pause **pause, struct err *err)
{
	struct pause *v;
	size_t n;

	*pause = NULL;
	if (store_pauses(a->store, a->pool, &v, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].handler, a->handler) == 0)
			*pause = &v[i];
	return 0;
}

static int hold_handler(struct asked *a, struct err *err)
{
	const char *why = asked_arg(a, "why");
	struct pause *old;

	if (find_pause(a, &old, err) < 0)
		return -1;
	if (old && old->who) {
		asked_say(a, "handler %s is held already, by %s: %s", a->handler, old->who, old->why);
		return 0;
	}
	a->put_pause = true;
	a->pause = (struct pause){ .handler = a->handler, .since_ms = clock_wall_ms(), .why = why ? why : "no reason was given",
				   .who = a->request->who ? a->request->who : "?" };
	asked_say(a, "handler %s %s held: it is given nothing until it is released, and its events wait", a->handler,
		  a->preview ? "would be" : "is");
	return 0;
}

static int release_handler(struct asked *a, struct err *err)
{
	struct pause *old;

	if (find_pause(a, &old, err) < 0)
		return -1;
	a->drop_pause = old != NULL;
	a->wanted = a->choice.states = HELD;
	if (choice_each(a->store, &a->choice, take, a, err) < 0)
		return -1;
	if (!old && !a->n_rows) {
		asked_refuse(a, "handler %s is not held, and none of its deliveries is", a->handler);
		return 0;
	}
	if (old)
		asked_say(a, "handler %s %s on", a->handler, a->preview ? "would go" : "goes");
	if (a->n_rows)
		tell(a);
	return 0;
}

/* ---- looking ---- */

/* Those that are taken in now are gone; the others stay. */
static int take_quarantined(struct asked *a, struct err *err)
{
	size_t n = a->n_quarantined < QUARANTINED_AT_ONCE ? a->n_quarantined : QUARANTINED_AT_ONCE, taken = a->n_rows;

	for (size_t i = 0; i < n; i++) {
		int rc = retry_quarantined(a, a->quarantined[i], err);

		if (rc < 0)
			return -1;
		if (rc > 0)
			add_row(a, &(struct parked){ .handler = "", .n = a->quarantined[i], .state = PARKED_DEAD }, "");
	}
	if (n < a->n_quarantined)
		asked_say(a, "%zu more are left for the next time: %d are parsed at once", a->n_quarantined - n, QUARANTINED_AT_ONCE);
	a->status = a->n_rows > taken || taken ? 0 : 1;
	return 0;
}

/* 1: it is known; 0: it is not (refused); -1: failure. */
static int handler_known(struct asked *a, struct err *err)
{
	struct bookmark *v;
	size_t n;

	if (!a->handler || conf_handler(a->conf, a->handler))
		return 1;
	if (store_bookmarks(a->store, a->pool, &v, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].handler, a->handler) == 0)
			return 1;
	asked_refuse(a, "there is no handler %s", a->handler);
	return 0;
}

static int look_chosen(struct asked *a, struct err *err)
{
	if (choice_each(a->store, &a->choice, take, a, err) < 0)
		return -1;
	if (a->n_rows || a->n_running || a->n_due || a->n_strange || a->n_held || a->n_behind)
		tell(a);
	else if (!a->n_quarantined && a->choice.n_numbers == 1)
		return explain(a, err);
	else if (!a->n_quarantined)
		asked_refuse(a, "nothing that is parked matches; there is nothing to %s", a->request->verb);
	if (tell_pauses(a, err) < 0)
		return -1;
	return a->n_quarantined ? take_quarantined(a, err) : 0;
}

int look_rows(struct asked *a, struct err *err)
{
	bool whole;
	struct err why = {{0}};
	int known;

	if (choice_read(a->request->args, a->pool, &a->choice, &why) < 0) {
		asked_refuse(a, "%s", why.text);
		return 0;
	}
	if (choice_is_empty(&a->choice)) {
		asked_refuse(a, "name an event, a handler, a type, a reason, a time or a state, or say that all are meant");
		return 0;
	}
	a->handler = a->choice.handler;
	known = handler_known(a, err);
	if (known <= 0)
		return known;
	whole = choice_is_handler(&a->choice);
	if (whole && a->rows_verb == ROW_HOLD)
		return hold_handler(a, err);
	if (whole && a->rows_verb == ROW_RELEASE)
		return release_handler(a, err);
	return want(a) ? look_chosen(a, err) : 0;
}

/* ---- changing ---- */

struct copied {
	struct pool *pool;
	struct parked p;
	bool found;
};

static bool copy_row(void *arg, const struct parked *p)
{
	struct copied *c = arg;

	c->p = *p;
	c->p.handler = pool_str(c->pool, p->handler);
	c->p.reason = pool_str(c->pool, p->reason);
	c->found = true;
	return false;
}

static int change_row(struct asked *a, struct parked *p, const char *by, struct err *err)
{
	int64_t now = clock_wall_ms();
	struct history h = { .n = p->n, .handler = p->handler, .at_ms = now, .what = verbs[a->rows_verb].what, .note = by };

	if (store_history_add(a->store, &h, err) < 0)
		return -1;
	if (a->rows_verb == ROW_DISCARD || !p->handler[0])
		return store_parked_drop(a->store, p->handler, p->n, err);
	if (a->rows_verb == ROW_RETRY && p->state != PARKED_WAITING)
		p->attempts = 0;
	if (a->rows_verb == ROW_HOLD && !p->reason)
		p->reason = by;
	p->state = a->rows_verb == ROW_HOLD ? PARKED_HELD : PARKED_WAITING;
	p->due_ms = p->state == PARKED_HELD ? 0 : now;
	p->since_ms = now;
	return store_parked_put(a->store, p, err);
}

int change_rows(struct asked *a, struct err *err)
{
	struct copied c = { .pool = pool_new() };
	const char *by = asked_by(a);
	int rc = 0;

	for (size_t i = 0; i < a->n_rows && rc == 0; i++) {
		c.found = false;
		pool_reset(c.pool);
		rc = store_parked_each(a->store, a->rows[i].handler, a->rows[i].n, copy_row, &c, err);
		if (rc == 0 && c.found)
			rc = change_row(a, &c.p, by, err);
	}
	pool_free(&c.pool);
	return rc;
}
