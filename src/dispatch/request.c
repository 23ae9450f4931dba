/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "dispatch/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "dispatch/asked.h"
#include "event/type.h"

/* ---- arguments ---- */

const char *asked_arg(struct asked *a, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = a->request->args; line && *line;) {
		const char *end = strchr(line, '\n');
		size_t n = end ? (size_t)(end - line) : strlen(line);

		if (n > len && strncmp(line, name, len) == 0 && line[len] == '=')
			return pool_strn(a->pool, line + len + 1, n - len - 1);
		line = end ? end + 1 : NULL;
	}
	return NULL;
}

/* 1: it is there; 0: it is not; -1: it is not a number (refused). */
static int number_arg(struct asked *a, const char *name, uint64_t *n)
{
	const char *text = asked_arg(a, name);
	char *end;

	if (!text)
		return 0;
	errno = 0;
	*n = strtoull(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && errno == 0)
		return 1;
	asked_refuse(a, "%s is not a number: %s", name, text);
	return -1;
}

static void PRINTF_LIKE(2, 0) say(struct asked *a, const char *fmt, va_list args)
{
	if (a->answer.len)
		buf_char(&a->answer, '\n');
	buf_vfmt(&a->answer, fmt, args);
}

void asked_say(struct asked *a, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(a, fmt, args);
	va_end(args);
}

void asked_refuse(struct asked *a, const char *fmt, ...)
{
	va_list args;

	a->status = 1;
	va_start(args, fmt);
	say(a, fmt, args);
	va_end(args);
}

/* ---- retry and discard ---- */

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

static int look_rows(struct asked *a, struct err *err)
{
	int has_n = number_arg(a, "n", &a->n);

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

static int change_rows(struct asked *a, struct err *err)
{
	for (size_t i = 0; i < a->n_rows; i++)
		if (a->rows[i].chosen && change_row(a, &a->rows[i], err) < 0)
			return -1;
	return 0;
}

/* ---- rewind and forget ---- */

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

static int look_rewind(struct asked *a, struct err *err)
{
	const struct bookmark *mark;
	struct bookmark *marks;
	size_t n_marks;
	int has_after = number_arg(a, "after", &a->replay.after);

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

static int look_forget(struct asked *a, struct err *err)
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
		asked_say(a, "handler %s is forgotten: its bookmark, what was parked for it, and its rewinds", a->handler);
	}
	return 0;
}

/* ---- applying ---- */

static int look(struct asked *a, struct err *err)
{
	const char *verb = a->request->verb;

	a->discard = strcmp(verb, "discard") == 0;
	if (a->discard || strcmp(verb, "retry") == 0)
		return look_rows(a, err);
	if (strcmp(verb, "rewind") == 0)
		return look_rewind(a, err);
	if (strcmp(verb, "forget") == 0)
		return look_forget(a, err);
	asked_refuse(a, "this version does not know how to %s", verb);
	return 0;
}

static int change(struct asked *a, struct err *err)
{
	if (store_begin(a->store, true, err) < 0)
		return -1;
	if (a->status == 0 &&
	    (change_rows(a, err) < 0 || (a->put_replay && store_replay_put(a->store, &a->replay, err) < 0) ||
	     (a->forget && store_bookmark_drop(a->store, a->handler, err) < 0)))
		goto failed;
	if (store_request_answer(a->store, a->request->id, a->status, a->answer.p ? a->answer.p : "", err) < 0 ||
	    store_commit(a->store, err) < 0)
		goto failed;
	return 0;
failed:
	store_rollback(a->store);
	return -1;
}

static void tell_engine(struct asked *a)
{
	if (!a->hooks || a->status != 0)
		return;
	for (size_t i = 0; i < a->n_rows; i++)
		if (a->rows[i].chosen)
			a->hooks->touched(a->hooks->arg, a->rows[i].p.handler, a->rows[i].p.n);
	if (a->put_replay)
		a->hooks->touched(a->hooks->arg, a->handler, 0);
}

int request_apply(struct store *store, const struct conf *conf, const struct request *request,
		  const struct request_hooks *hooks, struct err *err)
{
	struct asked a = { .store = store, .conf = conf, .request = request, .hooks = hooks, .pool = pool_new() };
	int rc = look(&a, err);

	if (rc == 0)
		rc = change(&a, err);
	if (rc == 0) {
		log_info("request %llu of %s, %s: %s", (unsigned long long)request->id, request->who ? request->who : "?",
			 request->verb, a.answer.p ? a.answer.p : "");
		tell_engine(&a);
	}
	free(a.rows);
	buf_free(&a.answer);
	pool_free(&a.pool);
	return rc;
}

int requests_apply(struct store *store, const struct conf *conf, const struct request_hooks *hooks, size_t *n,
		   struct err *err)
{
	struct pool *pool = pool_new();
	struct request *request;
	int rc;

	*n = 0;
	while ((rc = store_request_next(store, pool, &request, err)) == 0 && request) {
		rc = request_apply(store, conf, request, hooks, err);
		if (rc < 0)
			break;
		++*n;
		pool_reset(pool);
	}
	pool_free(&pool);
	return rc;
}
