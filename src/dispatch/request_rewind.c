/* SPDX-License-Identifier: EUPL-1.2
 * Requests about a handler's bookmark: rewind and forget. */
#include "config.h"
#include <string.h>
#include "base/clock.h"
#include "dispatch/asked.h"
#include "event/type.h"

static bool patterns_ok(struct asked *a, const char *types)
{
	char *copy = pool_str(a->pool, types), *rest = copy;
	struct err why = {{0}};

	for (char *one; (one = strtok_r(rest, " ,", &rest));)
		if (type_pattern_check(one, &why) < 0) {
			asked_refuse(a, "%s", why.text);
			return false;
		}
	return true;
}

static const struct bookmark *find_mark(const struct bookmark *v, size_t n, const char *handler)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].handler, handler) == 0)
			return &v[i];
	return NULL;
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/* 1: it joins one that is there; else 0, and *before is how many are in line. */
static int join(struct asked *a, size_t *before, struct err *err)
{
	struct replay *v;
	size_t n;

	*before = 0;
	if (store_replays(a->store, a->pool, &v, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(v[i].handler, a->handler) != 0)
			continue;
		++*before;
		if (v[i].after != a->replay.after || !same_text(v[i].types, a->replay.types))
			continue;
		asked_say(a, "this runs already: %s has come to event %llu of %llu", a->handler,
			  (unsigned long long)v[i].at, (unsigned long long)v[i].upto);
		return 1;
	}
	return 0;
}

static int plan_rewind(struct asked *a, uint64_t upto, struct err *err)
{
	unsigned long long after = (unsigned long long)a->replay.after;
	size_t before;
	int joined = join(a, &before, err);

	if (joined)
		return joined < 0 ? -1 : 0;
	if (a->replay.after >= upto) {
		asked_refuse(a, "%s has not come to event %llu; there is nothing to run again", a->handler, after + 1);
		return 0;
	}
	a->replay.handler = a->handler;
	a->replay.at = a->replay.after;
	a->replay.upto = upto;
	a->replay.request = a->request->id;
	a->replay.asked_ms = clock_wall_ms();
	a->put_replay = true;
	asked_say(a, "%s runs again what it passed, from event %llu to %llu%s", a->handler, after + 1, (unsigned long long)upto,
		  before ? ", when its earlier rewind has come to its end" : "");
	return 0;
}

int look_rewind(struct asked *a, struct err *err)
{
	const struct bookmark *mark;
	struct bookmark *marks;
	size_t n_marks;
	int has_after = asked_number(a, "after", &a->replay.after);

	a->handler = asked_arg(a, "handler");
	a->replay.types = asked_arg(a, "types");
	if (has_after < 0 || (a->replay.types && !patterns_ok(a, a->replay.types)))
		return 0;
	if (!a->handler || !has_after) {
		asked_refuse(a, "a rewind needs a handler, and the event after which it starts");
		return 0;
	}
	if (store_bookmarks(a->store, a->pool, &marks, &n_marks, err) < 0)
		return -1;
	mark = find_mark(marks, n_marks, a->handler);
	if (conf_handler(a->conf, a->handler) && mark)
		return plan_rewind(a, mark->n, err);
	asked_refuse(a, "there is no handler %s%s", a->handler,
		     mark ? " in the configuration" : conf_handler(a->conf, a->handler) ? " that has run yet" : "");
	return 0;
}

int look_forget(struct asked *a, struct err *err)
{
	struct bookmark *marks;
	size_t n;

	a->handler = asked_arg(a, "handler");
	if (store_bookmarks(a->store, a->pool, &marks, &n, err) < 0)
		return -1;
	if (!a->handler)
		asked_refuse(a, "name a handler");
	else if (conf_handler(a->conf, a->handler))
		asked_refuse(a, "handler %s is still in the configuration; remove it there first", a->handler);
	else if (!find_mark(marks, n, a->handler))
		asked_refuse(a, "nothing is known of a handler %s", a->handler);
	else {
		a->forget = true;
		asked_say(a, "handler %s is forgotten: its bookmark, its states, what was parked for it, and its rewinds", a->handler);
	}
	return 0;
}
