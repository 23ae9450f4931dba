/* SPDX-License-Identifier: EUPL-1.2
 * Requests to erase. They name numbers and lanes, never the person: a request stays, as the line of the audit. The
 * request itself is the list of what has to go, so one that was cut short is simply applied again. */
#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/board.h"
#include "dispatch/asked.h"
#include "dispatch/sort.h"

#define MOST 10000		/* numbers or lanes in one request */
#define WIPE_MS 5000		/* that readers may hold up the checkpoint */
#define SORTED_AT_ONCE 2000

struct list_of {
	uint64_t *v;
	size_t n;
};

static bool add_range(struct asked *a, struct list_of *list, uint64_t from, uint64_t to)
{
	if (!from || to < from || (list->n && from <= list->v[list->n - 1]) || to - from >= MOST - list->n) {
		asked_refuse(a, "the numbers to erase are not at most %d, rising", MOST);
		return false;
	}
	for (uint64_t n = from; n <= to; n++)
		list->v[list->n++] = n;
	return true;
}

/* "1-5,9"; false: refused. */
static bool read_numbers(struct asked *a, const char *name, struct list_of *list)
{
	const char *text = asked_arg(a, name);
	char *end = NULL;

	list->v = pool_alloc(a->pool, MOST * sizeof *list->v);
	for (; text && *text; text = *end == ',' ? end + 1 : end) {
		uint64_t from, to;

		errno = 0;
		from = to = *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;
		if (from && *end == '-')
			to = strtoull(end + 1, &end, 10);
		if (!from || errno || (*end && *end != ',')) {
			asked_refuse(a, "%s is not a list of numbers", name);
			return false;
		}
		if (!add_range(a, list, from, to))
			return false;
	}
	return true;
}

static bool read_lanes(struct asked *a, struct event_key *v, size_t *n)
{
	const char *text = asked_arg(a, "lanes");

	*n = 0;
	while (text && *text) {
		size_t len = strcspn(text, ",");

		if (*n == MOST || !event_key_parse(pool_strn(a->pool, text, len), &v[*n])) {
			asked_refuse(a, "the lanes to erase are not at most %d hashes", MOST);
			return false;
		}
		++*n;
		text += len + (text[len] == ',');
	}
	return true;
}

/* Where no dispatcher runs nobody else sorts, and what is not sorted would leave no identity. */
static int sort_here(struct asked *a, struct err *err)
{
	struct board *board = board_private();
	struct sort sort;
	bool more = true;
	int rc = sort_open(&sort, a->store, board, err);

	while (rc == 0 && more)
		rc = sort_batch(&sort, SORTED_AT_ONCE, &more, err);
	board_close(&board);
	return rc;
}

static bool runs(const struct asked *a, uint64_t n)
{
	for (size_t i = 0; a->hooks && i < a->conf->n_handlers; i++)
		if (a->hooks->runs(a->hooks->arg, a->conf->handlers[i].name, n))
			return true;
	return false;
}

/* What runs is left, and what is not sorted. */
static int leave_some(struct asked *a, struct list_of *list, size_t *running, size_t *unsorted, struct err *err)
{
	uint64_t sorted;
	size_t kept = 0;

	*running = *unsorted = 0;
	if (store_sorted(a->store, &sorted, err) < 0)
		return -1;
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i] > sorted)
			++*unsorted;
		else if (runs(a, list->v[i]))
			++*running;
		else
			list->v[kept++] = list->v[i];
	list->n = kept;
	return 0;
}

static void tell_engine(const struct asked *a, const struct list_of *events)
{
	for (size_t i = 0; a->hooks && i < a->conf->n_handlers; i++)
		for (size_t j = 0; j < events->n; j++)
			a->hooks->touched(a->hooks->arg, a->conf->handlers[i].name, events->v[j]);
}

/* What was emitted is an event like others before it is looked for again. */
static int empty_outbox(struct asked *a, struct err *err)
{
	size_t n;
	int rc;

	do
		rc = store_outbox_copy(a->store, &n, err);
	while (rc == 0 && n);
	return rc;
}

static int hush(struct asked *a, const struct pause *pause, struct err *err)
{
	struct pause quiet = *pause;

	quiet.why = "its last events all failed; the reason was erased with one of them";
	if (store_begin(a->store, false, err) < 0)
		return -1;
	if (store_pause_put(a->store, &quiet, err) == 0 && store_commit(a->store, err) == 0) {
		if (a->hooks)
			a->hooks->touched(a->hooks->arg, pause->handler, 0);
		return 0;
	}
	store_rollback(a->store);
	return -1;
}

/* What a handler said about an event stands also there; of which one is not known. */
static int hush_circuits(struct asked *a, struct err *err)
{
	struct pause *v;
	size_t n;

	if (store_pauses(a->store, a->pool, &v, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (!v[i].who && hush(a, &v[i], err) < 0)
			return -1;
	return 0;
}

static const char *s(size_t n)
{
	return n == 1 ? "" : "s";
}

static void tell(struct asked *a, const struct erased *gone, size_t running, size_t unsorted)
{
	asked_say(a, "erased: %zu event%s, %zu parked deliver%s, %zu state%s, %zu refused bod%s", gone->events, s(gone->events),
		  gone->parked, gone->parked == 1 ? "y" : "ies", gone->states, s(gone->states), gone->rejected,
		  gone->rejected == 1 ? "y" : "ies");
	if (running)
		asked_refuse(a, "%zu event%s run%s right now and %s left: ask again", running, s(running), running == 1 ? "s" : "",
			     running == 1 ? "is" : "are");
	if (unsorted)
		asked_refuse(a, "%zu event%s came just now and %s left: ask again", unsorted, s(unsorted),
			     unsorted == 1 ? "is" : "are");
}

static int erase(struct asked *a, const struct erasure *what, struct list_of *events, struct err *err)
{
	struct erasure now = *what;
	size_t running, unsorted;
	struct erased gone;
	bool wiped;
	int rc;

	if ((!a->hooks && sort_here(a, err) < 0) || empty_outbox(a, err) < 0 ||
	    leave_some(a, events, &running, &unsorted, err) < 0)
		return -1;
	now.events = events->v;
	now.n_events = events->n;
	rc = store_erase(a->store, &now, &gone, err);
	tell_engine(a, events);
	if (rc == 0 && events->n)
		rc = hush_circuits(a, err);
	if (rc < 0 || store_wipe(a->store, WIPE_MS, &wiped, err) < 0)
		return -1;
	tell(a, &gone, running, unsorted);
	if (!wiped)
		asked_refuse(a, "a process keeps reading an old state, so the write-ahead logs still hold what was erased: end it"
			     " (fuser log.db desk.db), and ask again");
	return 0;
}

int do_erase(struct asked *a, struct err *err)
{
	struct event_key *lanes = pool_alloc(a->pool, MOST * sizeof *lanes);
	struct list_of events = {0}, rejected = {0};
	struct erasure what = { .lanes = lanes };

	if (a->preview) {
		asked_refuse(a, "what would be erased is said before it is asked for");
		return 0;
	}
	if (!read_numbers(a, "events", &events) || !read_numbers(a, "rejected", &rejected) ||
	    !read_lanes(a, lanes, &what.n_lanes))
		return 0;
	what.rejected = rejected.v;
	what.n_rejected = rejected.n;
	return erase(a, &what, &events, err);
}
