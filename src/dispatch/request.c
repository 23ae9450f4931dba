/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "dispatch/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "dispatch/asked.h"

const char *asked_arg(struct asked *a, const char *name)
{
	return args_value(a->pool, a->request->args, name);
}

const char *asked_by(struct asked *a)
{
	const char *who = a->request->who ? a->request->who : "?", *why = asked_arg(a, "why");

	return pool_fmt(a->pool, "by %s%s%s", who, why ? ": " : "", why ? why : "");
}

/* 1: it is there; 0: it is not; -1: it is not a number (refused). */
int asked_number(struct asked *a, const char *name, uint64_t *n)
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

static enum row_verb row_verb(const char *verb)
{
	static const char *const verbs[] = { "", "retry", "discard", "hold", "release" };

	for (enum row_verb v = ROW_RETRY; v <= ROW_RELEASE; v++)
		if (strcmp(verb, verbs[v]) == 0)
			return v;
	return NOT_ROWS;
}

static int look(struct asked *a, struct err *err)
{
	const char *verb = a->request->verb;

	a->rows_verb = row_verb(verb);
	if (a->rows_verb)
		return look_rows(a, err);
	if (strcmp(verb, "rewind") == 0)
		return look_rewind(a, err);
	if (strcmp(verb, "forget") == 0)
		return look_forget(a, err);
	if (strcmp(verb, "erase") == 0)
		return do_erase(a, err);
	asked_refuse(a, "this version does not know how to %s", verb);
	return 0;
}

static int write_all(struct asked *a, struct err *err)
{
	if (change_rows(a, err) < 0 || change_rewind(a, err) < 0 ||
	    (a->put_pause && store_pause_put(a->store, &a->pause, err) < 0) ||
	    (a->drop_pause && store_pause_drop(a->store, a->handler, err) < 0))
		return -1;
	return a->forget ? store_bookmark_drop(a->store, a->handler, err) : 0;
}

static int change(struct asked *a, struct err *err)
{
	if (store_begin(a->store, true, err) < 0)
		return -1;
	if ((a->status == 0 && write_all(a, err) < 0) ||
	    store_request_answer(a->store, a->request->id, a->status, a->answer.p ? a->answer.p : "", err) < 0 ||
	    store_commit(a->store, err) < 0) {
		store_rollback(a->store);
		return -1;
	}
	return 0;
}

static void tell_engine(struct asked *a)
{
	if (!a->hooks || a->status != 0)
		return;
	for (size_t i = 0; i < a->n_rows; i++)
		a->hooks->touched(a->hooks->arg, a->rows[i].handler, a->rows[i].n);
	if (a->rewind.n_add || a->put_pause || a->drop_pause)
		a->hooks->touched(a->hooks->arg, a->handler, 0);
}

static void asked_free(struct asked *a)
{
	free(a->rows);
	free(a->quarantined);
	groups_free(&a->groups);
	buf_free(&a->answer);
	pool_free(&a->pool);
}

/* The rest of the answer is for who asked. */
static void log_answer(const struct asked *a)
{
	const char *answer = a->answer.p ? a->answer.p : "";

	log_info("request %llu of %s, %s: %.*s", (unsigned long long)a->request->id, a->request->who ? a->request->who : "?",
		 a->request->verb, (int)strcspn(answer, "\n"), answer);
}

int request_apply(struct store *store, const struct conf *conf, const struct request *request,
		  const struct request_hooks *hooks, struct err *err)
{
	struct asked a = { .store = store, .conf = conf, .request = request, .hooks = hooks, .pool = pool_new() };
	int rc = look(&a, err);

	if (rc == 0 && !a.waits)
		rc = change(&a, err);
	if (rc == 0 && !a.waits) {
		log_answer(&a);
		tell_engine(&a);
	}
	asked_free(&a);
	return rc == 0 && a.waits ? 1 : rc;
}

int request_preview(struct store *store, const struct conf *conf, struct request *request, struct pool *pool,
		    struct err *err)
{
	struct asked a = { .store = store, .conf = conf, .request = request, .pool = pool_new(), .preview = true };
	int rc = look(&a, err);

	request->status = a.status;
	request->answer = pool_str(pool, a.answer.p ? a.answer.p : "");
	asked_free(&a);
	return rc;
}

int requests_apply(struct store *store, const struct conf *conf, const struct request_hooks *hooks, size_t *n,
		   struct err *err)
{
	struct pool *pool = pool_new();
	struct request *request;
	uint64_t after = 0;
	int rc;

	*n = 0;
	while ((rc = store_request_next(store, after, pool, &request, err)) == 0 && request) {
		rc = request_apply(store, conf, request, hooks, err);
		if (rc < 0)
			break;
		*n += rc == 0;
		after = request->id;
		pool_reset(pool);
	}
	pool_free(&pool);
	return rc;
}
