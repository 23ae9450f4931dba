/* SPDX-License-Identifier: EUPL-1.2
 * Requests about a handler's bookmark: rewind and forget. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "dispatch/asked.h"
#include "event/type.h"

#define ULL(n) ((unsigned long long)(n))

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The patterns sorted, each once, so that the same filter is the same text. Null: refused. */
static char *patterns_in_order(struct asked *a, const char *patterns)
{
	char *rest = pool_str(a->pool, patterns), **v = pool_alloc(a->pool, (strlen(patterns) + 1) * sizeof *v);
	char *text = "";
	struct err why = {{0}};
	size_t n = 0;

	for (char *one; (one = strtok_r(rest, " ,", &rest)); v[n++] = one)
		if (type_pattern_check(one, &why) < 0) {
			asked_refuse(a, "%s", why.text);
			return NULL;
		}
	qsort(v, n, sizeof *v, by_text);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(v[i], v[i - 1]) != 0)
			text = pool_fmt(a->pool, "%s%s%s", text, *text ? " " : "", v[i]);
	if (!*text)
		asked_refuse(a, "only= names no type");
	return *text ? text : NULL;
}

static const struct bookmark *find_mark(const struct bookmark *v, size_t n, const char *handler)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].handler, handler) == 0)
			return &v[i];
	return NULL;
}

static bool same_lane(const struct replay *a, const struct replay *b)
{
	return a->has_lane == b->has_lane && memcmp(&a->lane, &b->lane, sizeof a->lane) == 0;
}

/* All that this one wants within the other's range, the other runs. */
static bool covers(const struct replay *other, const struct replay *r)
{
	return (!other->types || (r->types && strcmp(other->types, r->types) == 0)) && (!other->has_lane || same_lane(other, r));
}

static void tell_joined(struct asked *a, const struct replay *r)
{
	asked_say(a, "this runs already: %s has come to event %llu of %llu", a->handler, ULL(r->at), ULL(r->upto));
}

/* ---- with the state as it is ---- */

/* Takes what the other one runs out of the pieces, which stay in order. */
static void subtract(struct asked *a, const struct replay *other)
{
	struct rewind *w = &a->rewind;
	struct replay *left = pool_alloc(a->pool, (w->n_add + 1) * sizeof *left);
	size_t n = 0;

	for (size_t i = 0; i < w->n_add; i++) {
		struct replay piece = w->add[i];

		if (other->upto <= piece.after || other->after >= piece.upto) {
			left[n++] = piece;
			continue;
		}
		if (other->after > piece.after) {
			left[n] = piece;
			left[n++].upto = other->after;
		}
		if (other->upto < piece.upto) {
			left[n] = piece;
			left[n++].after = other->upto;
		}
	}
	w->add = left;
	w->n_add = n;
}

static void tell_pieces(struct asked *a, bool after_others)
{
	const struct rewind *w = &a->rewind;
	const char *ranges = "";
	bool all = w->n_add == 1 && w->add[0].after == w->like.after && w->add[0].upto == w->like.upto;

	for (size_t i = 0; i < w->n_add; i++)
		ranges = pool_fmt(a->pool, "%s%sfrom event %llu to %llu", ranges, i ? " and " : "", ULL(w->add[i].after + 1),
				  ULL(w->add[i].upto));
	asked_say(a, "%s runs again what it passed, %s%s%s", a->handler, ranges,
		  all ? "" : "; the rest of it an earlier rewind runs", after_others ?
		  ", when its earlier rewind has come to its end" : "");
}

static void plan_keep(struct asked *a, const struct replay *v, size_t n)
{
	struct rewind *w = &a->rewind;
	const struct replay *joined = NULL;
	size_t before = 0;

	w->add = &w->like;
	w->n_add = 1;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(v[i].handler, a->handler) != 0)
			continue;
		before++;
		if (!covers(&v[i], &w->like))
			continue;
		joined = &v[i];
		subtract(a, &v[i]);
	}
	if (w->n_add)
		tell_pieces(a, before > 0);
	else
		tell_joined(a, joined);
}

/* ---- with the state dropped ---- */

/* What it finished out of order above the bookmark has made the state too. */
static int last_done(struct asked *a, uint64_t *n, struct err *err)
{
	uint64_t *done;
	size_t n_done;

	*n = a->rewind.mark->n;
	if (done_get(a->rewind.mark, a->pool, &done, &n_done) < 0)
		return err_set(err, "the bookmark of handler %s is damaged", a->handler);
	if (n_done)
		*n = done[n_done - 1];
	return 0;
}

/* Another one that stands is dropped when this one runs all that it has left, for then nothing is lost. */
static bool replaces(struct asked *a, const struct replay *v, size_t n)
{
	struct rewind *w = &a->rewind;

	w->drop = pool_alloc(a->pool, (n + 1) * sizeof *w->drop);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(v[i].handler, a->handler) != 0)
			continue;
		if (v[i].rebuild && v[i].after == w->like.after && same_lane(&v[i], &w->like)) {
			tell_joined(a, &v[i]);
			return false;
		}
		if (!covers(&w->like, &v[i]) || v[i].at < w->like.after) {
			asked_refuse(a, "%s still runs an earlier rewind, at event %llu of %llu, which this one does not cover; "
				     "its state can be reset when that has come to its end", a->handler, ULL(v[i].at), ULL(v[i].upto));
			return false;
		}
		w->drop[w->n_drop++] = v[i].id;
	}
	return true;
}

static void plan_reset(struct asked *a, const struct replay *v, size_t n)
{
	struct rewind *w = &a->rewind;

	if (!replaces(a, v, n))
		return;
	if (a->hooks && !a->hooks->still(a->hooks->arg, a->handler)) {
		a->waits = true;
		return;
	}
	w->reset = w->like.rebuild = true;
	w->add = &w->like;
	w->n_add = 1;
	asked_say(a, "%s drops its state%s and runs again what it passed, from event %llu to %llu, before what comes in%s",
		  a->handler, w->like.has_lane ? " of this object" : "", ULL(w->like.after + 1), ULL(w->like.upto),
		  w->n_drop ? "; this takes the place of its earlier rewind" : "");
}

/* ---- both ---- */

static int has_state(struct asked *a, bool *has, struct err *err)
{
	const struct replay *like = &a->rewind.like;
	const unsigned char *p;
	uint64_t n = 0;
	size_t len;
	int rc;

	if (like->has_lane) {
		rc = store_state(a->store, a->handler, &like->lane, a->pool, &p, &len, err);
		*has = rc == 0 && p;
	} else {
		rc = store_states(a->store, a->handler, &n, err);
		*has = n > 0;
	}
	return rc;
}

/* An earlier request to rewind the handler waits: this one keeps its place behind it. */
static int stands_behind(struct asked *a, bool *behind, struct err *err)
{
	struct request *r;
	uint64_t after = 0;

	*behind = false;
	for (;;) {
		const char *handler;

		if (store_request_next(a->store, after, a->pool, &r, err) < 0)
			return -1;
		if (!r || r->id >= a->request->id)
			return 0;
		after = r->id;
		handler = strcmp(r->verb, "rewind") == 0 ? args_value(a->pool, r->args, "handler") : NULL;
		*behind |= handler && strcmp(handler, a->handler) == 0;
	}
}

static int count(struct asked *a, struct err *err)
{
	uint64_t n = 0, upto;

	if (a->status || !a->rewind.n_add)
		return 0;
	if (rewind_count(a, &n, &upto, err) < 0)
		return -1;
	if (upto < a->rewind.add[a->rewind.n_add - 1].upto)
		asked_say(a, "at least %llu event%s would run: there was no time to count beyond event %llu", ULL(n),
			  n == 1 ? "" : "s", ULL(upto));
	else
		asked_say(a, "%llu event%s would run", ULL(n), n == 1 ? "" : "s");
	return 0;
}

static int plan(struct asked *a, struct err *err)
{
	struct rewind *w = &a->rewind;
	const char *state = asked_arg(a, "state");
	bool reset = state && strcmp(state, "reset") == 0, has = false, behind;
	struct replay *v;
	size_t n;

	if (stands_behind(a, &behind, err) < 0 || (!state && has_state(a, &has, err) < 0) ||
	    store_replays(a->store, a->pool, &v, &n, err) < 0)
		return -1;
	w->like.upto = w->mark->n;
	if (reset && last_done(a, &w->like.upto, err) < 0)
		return -1;
	w->like.handler = a->handler;
	w->like.request = a->request->id;
	w->like.asked_ms = clock_wall_ms();
	if (behind)
		a->waits = true;
	else if (has)
		asked_refuse(a, "%s keeps state: say with --state keep that events run again with the state as it is, or with --state"
			     " reset that it is dropped and made anew", a->handler);
	else if (w->like.after >= w->like.upto)
		asked_refuse(a, "%s has not come to event %llu; there is nothing to run again", a->handler, ULL(w->like.after + 1));
	else if (reset)
		plan_reset(a, v, n);
	else
		plan_keep(a, v, n);
	return a->preview ? count(a, err) : 0;
}

/* False: refused. */
static bool read_args(struct asked *a)
{
	struct replay *like = &a->rewind.like;
	const char *only = asked_arg(a, "only"), *lane = asked_arg(a, "lane"), *state = asked_arg(a, "state");
	int has_after = asked_number(a, "after", &like->after);

	a->handler = asked_arg(a, "handler");
	if (has_after < 0)
		return false;
	like->has_lane = lane && event_key_parse(lane, &like->lane);
	if (!a->handler || !has_after)
		asked_refuse(a, "a rewind needs a handler, and the event after which it starts");
	else if (lane && !like->has_lane)
		asked_refuse(a, "a lane is written with 32 hexadecimal digits");
	else if (state && strcmp(state, "keep") != 0 && strcmp(state, "reset") != 0)
		asked_refuse(a, "the state is kept or reset");
	else if (only && state && strcmp(state, "reset") == 0)
		asked_refuse(a, "state is made of all events of an object, so --only does not go with --state reset");
	else if (only)
		like->types = patterns_in_order(a, only);
	return a->status == 0;
}

int look_rewind(struct asked *a, struct err *err)
{
	struct bookmark *marks;
	size_t n_marks;

	if (!read_args(a))
		return 0;
	if (store_bookmarks(a->store, a->pool, &marks, &n_marks, err) < 0)
		return -1;
	a->rewind.mark = find_mark(marks, n_marks, a->handler);
	if (conf_handler(a->conf, a->handler) && a->rewind.mark)
		return plan(a, err);
	asked_refuse(a, "there is no handler %s%s", a->handler,
		     a->rewind.mark ? " in the configuration" : conf_handler(a->conf, a->handler) ? " that has run yet" : "");
	return 0;
}

int change_rewind(struct asked *a, struct err *err)
{
	struct rewind *w = &a->rewind;

	for (size_t i = 0; i < w->n_drop; i++)
		if (store_replay_drop(a->store, w->drop[i], err) < 0)
			return -1;
	if (w->reset && store_state_drop(a->store, a->handler, w->like.has_lane ? &w->like.lane : NULL, err) < 0)
		return -1;
	for (size_t i = 0; i < w->n_add; i++) {
		struct replay r = w->add[i];

		r.at = r.after;
		if (store_replay_put(a->store, &r, err) < 0)
			return -1;
	}
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
