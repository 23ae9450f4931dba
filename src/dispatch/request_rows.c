/* SPDX-License-Identifier: EUPL-1.2
 * Requests about parked deliveries: retry and discard. */
#include "config.h"
#include <string.h>
#include "base/clock.h"
#include "dispatch/asked.h"

static bool collect(void *arg, const struct parked *p)
{
	struct asked *a = arg;
	struct row *row;

	if (a->n_rows == a->rows_cap) {
		a->rows_cap = a->rows_cap ? 2 * a->rows_cap : 64;
		a->rows = mem_grow(a->rows, a->rows_cap, sizeof *a->rows);
	}
	row = &a->rows[a->n_rows++];
	*row = (struct row){ .p = *p };
	row->p.handler = pool_str(a->pool, p->handler);
	row->p.reason = pool_str(a->pool, p->reason);
	return true;
}

static bool chosen(const struct asked *a, const struct row *row)
{
	if (row->p.handler[0] == '\0' && !a->n)
		return false;
	if (row->p.handler[0] && !a->discard && !conf_handler(a->conf, row->p.handler))
		return false;
	if (a->n && row->p.state == PARKED_BEHIND)
		return a->discard;
	if (a->state)
		return strcmp(parked_state_name(row->p.state), a->state) == 0;
	return row->p.state != PARKED_BEHIND;
}

static void choose(struct asked *a)
{
	for (size_t i = 0; i < a->n_rows; i++) {
		struct row *row = &a->rows[i];

		if (a->hooks && a->hooks->runs(a->hooks->arg, row->p.handler, row->p.n)) {
			a->n_running += a->n || chosen(a, row);
			continue;
		}
		row->chosen = chosen(a, row);
		a->n_chosen += row->chosen;
		a->n_behind += a->n && row->p.state == PARKED_BEHIND;
	}
}

/* Why there is nothing to do about one event. */
static int explain(struct asked *a, struct err *err)
{
	unsigned long long n = (unsigned long long)a->n;
	const char *verb = a->request->verb;
	struct bookmark *marks;
	struct event *event;
	uint64_t sorted;
	size_t n_marks;

	if (store_event(a->store, a->n, a->pool, &event, err) < 0 || store_sorted(a->store, &sorted, err) < 0 ||
	    store_bookmarks(a->store, a->pool, &marks, &n_marks, err) < 0)
		return -1;
	if (!event) {
		asked_refuse(a, "there is no event %llu (or no longer)", n);
		return 0;
	}
	for (size_t i = 0; i < n_marks; i++)
		if ((!a->handler || strcmp(marks[i].handler, a->handler) == 0) && a->n > marks[i].n &&
		    conf_handler(a->conf, marks[i].handler))
			sorted = 0;
	if (a->n > sorted)
		asked_refuse(a, "event %llu waits for its turn, or runs right now; there is nothing to %s", n, verb);
	else if (a->discard)
		asked_refuse(a, "event %llu is not parked%s%s; there is nothing to discard", n, a->handler ? " for " : "",
			     a->handler ? a->handler : "");
	else
		asked_refuse(a, "event %llu is finished, a duplicate, or not wanted; to run it and what came after it again:"
			     " postvak rewind %s --to %llu", n, a->handler ? a->handler : "HANDLER", n);
	return 0;
}

static const char *plural(size_t n)
{
	return n == 1 ? "delivery" : "deliveries";
}

static void tell(struct asked *a)
{
	const char *what = a->discard ? "discarded" : "will be tried again";
	const char *of = a->n ? pool_fmt(a->pool, " of event %llu", (unsigned long long)a->n) : "";
	const char *who = a->handler ? pool_fmt(a->pool, " for %s", a->handler) : "";

	if (a->n_chosen)
		asked_say(a, "%zu %s%s%s %s%s", a->n_chosen, plural(a->n_chosen), of, who,
			  a->discard ? a->n_chosen == 1 ? "is " : "are " : "", what);
	if (a->n_running)
		asked_say(a, "%zu %s%s%s run%s right now and %s left alone", a->n_running, plural(a->n_running), of, who,
			  a->n_running == 1 ? "s" : "", a->n_running == 1 ? "is" : "are");
	if (a->n_behind && !a->discard)
		asked_say(a, "%zu %s%s%s stand%s behind an earlier event of the same object and run%s after it",
			  a->n_behind, plural(a->n_behind), of, who, a->n_behind == 1 ? "s" : "", a->n_behind == 1 ? "s" : "");
	a->status = a->n_chosen ? 0 : 1;
}

int look_rows(struct asked *a, struct err *err)
{
	int has_n = asked_number(a, "n", &a->n);

	a->handler = asked_arg(a, "handler");
	a->state = asked_arg(a, "state");
	if (has_n < 0)
		return 0;
	if (!has_n && !a->handler) {
		asked_refuse(a, "name an event, or a handler");
		return 0;
	}
	if (has_n && !a->n) {
		asked_refuse(a, "there is no event 0");
		return 0;
	}
	if (store_parked_each(a->store, a->handler, a->n, collect, a, err) < 0)
		return -1;
	if (a->handler && !a->n_rows && !conf_handler(a->conf, a->handler)) {
		asked_refuse(a, "there is no handler %s", a->handler);
		return 0;
	}
	choose(a);
	for (size_t i = 0; i < a->n_rows; i++)
		if (a->rows[i].chosen && !a->rows[i].p.handler[0] && !a->discard)
			return retry_quarantined(a, &a->rows[i], err);
	if (!a->n_chosen && !a->n_running && !a->n_behind && a->n)
		return explain(a, err);
	if (!a->n_chosen && !a->n_running && !a->n_behind)
		asked_refuse(a, "handler %s has nothing%s%s to %s", a->handler, a->state ? " that is " : "",
			     a->state ? a->state : "", a->request->verb);
	else
		tell(a);
	return 0;
}

static int change_row(struct asked *a, struct row *row, struct err *err)
{
	int64_t now = clock_wall_ms();
	struct history h = { .n = row->p.n, .handler = row->p.handler, .at_ms = now,
			     .what = a->discard ? "discarded" : "retried",
			     .note = pool_fmt(a->pool, "by %s", a->request->who ? a->request->who : "?") };

	if (store_history_add(a->store, &h, err) < 0)
		return -1;
	if (a->discard || !row->p.handler[0])
		return store_parked_drop(a->store, row->p.handler, row->p.n, err);
	if (row->p.state != PARKED_WAITING)
		row->p.attempts = 0;
	row->p.state = PARKED_WAITING;
	row->p.due_ms = row->p.since_ms = now;
	return store_parked_put(a->store, &row->p, err);
}

int change_rows(struct asked *a, struct err *err)
{
	for (size_t i = 0; i < a->n_rows; i++)
		if (a->rows[i].chosen && change_row(a, &a->rows[i], err) < 0)
			return -1;
	return 0;
}
