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
