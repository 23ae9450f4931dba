/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/ask.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/child.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/sock.h"
#include "cli/jot.h"
#include "cli/plain.h"
#include "dispatch/request.h"

#define WAIT_MS 30000
#define LOOK_MS 20
#define ALONE_MS 200		/* how often to see whether a dispatcher runs at all */

void args_put(struct buf *args, const char *name, const char *value)
{
	if (value)
		buf_fmt(args, "%s=%s\n", name, value);
}

bool args_fit(const char *value)
{
	return *value && !strpbrk(value, "\r\n");
}

const char *operator_name(void)
{
	const struct passwd *entry = getpwuid(getuid());
	const char *sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;

	return sudo && args_fit(sudo) ? sudo : entry ? entry->pw_name : "?";
}

/* 0: applied, or a dispatcher runs and will do it. */
static int apply_alone(struct site *site, struct lock *lock, struct err *err)
{
	int rc = lock_take(lock, 0, err);
	size_t n;

	if (rc)
		return rc < 0 ? -1 : 0;
	rc = requests_apply(site->store, site->conf, NULL, &n, err);
	lock_release(lock);
	return rc;
}

/* 0: *request is as it then stands; -1: failed. */
static int await(struct site *site, struct lock *lock, uint64_t id, struct request **request, struct err *err)
{
	const struct timespec pause = { 0, LOOK_MS * 1000000L };
	int64_t start = clock_mono_ms(), alone = start;
	char *bell = str_fmt("%s/" RUN_BELL, site->conf->run_dir);
	int rope = bell_rope(), rc;

	bell_ring(rope, bell);
	for (;;) {
		pool_reset(site->pool);
		rc = store_request_get(site->store, id, site->pool, request, err);
		if (rc == 0 && !*request)
			rc = err_set(err, "request %" PRIu64 " is gone from the desk", id);
		if (rc < 0 || (*request)->status >= 0 || clock_mono_ms() - start > WAIT_MS)
			break;
		if (clock_mono_ms() >= alone) {
			alone = clock_mono_ms() + ALONE_MS;
			rc = apply_alone(site, lock, err);
			if (rc < 0)
				break;
			bell_ring(rope, bell);
			continue;
		}
		nanosleep(&pause, NULL);
	}
	close(rope);
	free(bell);
	return rc;
}

/* id 0: it was a dry run. */
static void print_json(const struct request *r)
{
	struct buf out = {0};

	jot_begin(&out, NULL, '{');
	if (r->id)
		jot_number(&out, "request", r->id);
	else
		jot_bool(&out, "dry_run", true);
	jot_text(&out, "status", r->status < 0 ? "queued" : r->status == 0 ? "done" : "refused");
	jot_text(&out, "answer", r->answer);
	jot_end(&out, '}');
	printf("%s\n", out.p);
	buf_free(&out);
}

static void say_lines(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		say("%.*s", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

static int report(const struct request *r, bool json)
{
	struct buf out = {0};

	if (json)
		print_json(r);
	if (r->status < 0) {
		say("not answered within %d s: it is queued as request %" PRIu64 " and will be applied", WAIT_MS / 1000, r->id);
		return CLI_FAILED;
	}
	if (!json && r->status > 0)
		say_lines(r->answer && *r->answer ? r->answer : "refused");
	if (!json && r->status == 0 && r->answer && *r->answer) {
		plain_put(&out, r->answer, strlen(r->answer), PLAIN_TEXT);
		printf("%s%s", out.p, out.p[out.len - 1] == '\n' ? "" : "\n");
	}
	buf_free(&out);
	return r->status == 0 ? CLI_DONE : CLI_NOTHING;
}

int request_send(struct site *site, const struct wish *wish, struct request **request, struct err *err)
{
	char *path = pool_fmt(site->pool, "%s/" STATE_DISPATCH, site->conf->state_dir);
	struct lock lock;
	uint64_t id;
	int rc;

	*request = NULL;
	if (lock_open(&lock, path, false, site->conf->group, err) < 0)
		return -1;
	rc = store_request_ask(site->store, wish->who, wish->verb, wish->args, &id, err);
	if (rc == 0)
		rc = await(site, &lock, id, request, err);
	lock_close(&lock);
	return rc;
}

static int ask_site(const struct call *call, struct site *site, const struct wish *wish)
{
	struct request *request;
	struct err err;

	if (request_send(site, wish, &request, &err) == 0)
		return report(request, call_has(call, FLAG_JSON));
	say("%s", err.text);
	return CLI_FAILED;
}

static int preview(const struct call *call, struct site *site, const struct wish *wish)
{
	struct request request = { .who = wish->who, .verb = wish->verb, .args = wish->args };
	struct err err;
	int status;

	if (request_preview(site->store, site->conf, &request, site->pool, &err) < 0) {
		say("%s", err.text);
		return CLI_FAILED;
	}
	status = report(&request, call_has(call, FLAG_JSON));
	if (!status && !call_has(call, FLAG_JSON))
		printf("This was a dry run: nothing is changed.\n");
	return status;
}

/* Adds what goes with every request. */
static int put_why(const struct call *call, struct buf *args)
{
	const char *why = call_value(call, FLAG_WHY);

	if (why && (!args_fit(why) || strlen(why) > WHY_MAX)) {
		say("--why needs one line of text, at most %d bytes", WHY_MAX);
		return CLI_USAGE;
	}
	args_put(args, "why", why);
	return CLI_DONE;
}

/* The store is opened for reading first: a change does not make one. */
static int make(const struct call *call, const struct wish *wish)
{
	struct site site = {0};
	int status = site_read(call, &site);

	if (!status && call_has(call, FLAG_DRY_RUN))
		status = preview(call, &site, wish);
	else if (!status && !(status = site_write(&site)))
		status = ask_site(call, &site, wish);
	site_close(&site);
	return status;
}

int request_make(const struct call *call, const char *verb, const char *args)
{
	struct buf all = {0};
	struct wish wish = { str_dup(operator_name()), verb, NULL };
	int status;

	buf_str(&all, args);
	status = put_why(call, &all);
	wish.args = all.p;
	if (!status)
		status = make(call, &wish);
	free(wish.who);
	buf_free(&all);
	return status;
}
