/* SPDX-License-Identifier: EUPL-1.2
 * postvak keys: issuers and their keys, and fetching them where no daemon does. */
#include "config.h"
#include "cli/keys_view.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/child.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/sock.h"
#include "boss/boss.h"
#include "cli/jot.h"
#include "cli/site.h"
#include "cli/table.h"
#include "cli/when.h"
#include "keys/keeper.h"
#include "keys/schedule.h"
#include "trust/ask.h"

#define ASKED_MS (3 * ERRAND_TOTAL_MS)	/* what another process gets for metadata, keys and itself */
#define LOOK_MS 20

struct chosen {				/* the issuers that are meant */
	const struct conf *conf;
	const struct conf_issuer **v;
	size_t n;
	struct pool *pool;
};

/* ---- writing ---- */

static void jot_keys(const struct keys_view *v, struct buf *out)
{
	jot_begin(out, "keys", '[');
	for (size_t i = 0; v->keys && i < v->keys->n; i++) {
		jot_begin(out, NULL, '{');
		jot_text(out, "kid", v->keys->v[i].kid);
		jot_text(out, "alg", jwk_kind_name(&v->keys->v[i]));
		jot_end(out, '}');
	}
	jot_end(out, ']');
	jot_number(out, "passed_over", v->keys ? v->keys->passed_over : 0);
}

static void jot_view(const struct keys_view *v, struct buf *out)
{
	jot_begin(out, NULL, '{');
	jot_text(out, "issuer", v->issuer->name);
	jot_text(out, "kind", v->kind);
	jot_text(out, "url", issuer_url(v->issuer));
	jot_keys(v, out);
	jot_time(out, "fetched", v->note.fetched_s * 1000);
	jot_time(out, "due", v->note.due_s * 1000);
	jot_time(out, "until", v->until_ms);
	jot_bool(out, "usable", v->usable);
	jot_text(out, "error", v->note.error ? v->note.error : v->why);
	jot_time(out, "error_since", v->note.error_since_s * 1000);
	jot_end(out, '}');
	buf_char(out, '\n');
}

static const char *ago(struct pool *pool, int64_t at_s)
{
	char span[SPAN_TEXT];

	return at_s ? pool_fmt(pool, "%s ago", span_text(span, clock_wall_ms() - at_s * 1000)) : NULL;
}

static const char *ahead(struct pool *pool, int64_t at_s)
{
	char span[SPAN_TEXT];
	int64_t left_ms = at_s * 1000 - clock_wall_ms();

	return !at_s ? NULL : left_ms <= 0 ? "now" : pool_fmt(pool, "in %s", span_text(span, left_ms));
}

static void put_row(struct table *table, struct pool *pool, const struct keys_view *v)
{
	char time[CLOCK_TEXT];

	table_put(table, v->issuer->name);
	table_put(table, v->kind);
	if (v->keys)
		table_fmt(table, "%zu", v->keys->n);
	else
		table_put(table, v->issuer->introspection ? NULL : "0");
	table_put(table, ago(pool, v->note.fetched_s));
	table_put(table, ahead(pool, v->note.due_s));
	table_put(table, v->until_ms ? when_text(time, v->until_ms) : NULL);
	table_put(table, v->note.error ? v->note.error : v->why);
}

static void put_time(struct buf *out, const char *name, int64_t ms, const char *near)
{
	char time[CLOCK_TEXT];

	if (ms)
		buf_fmt(out, "%s%s, %s\n", name, clock_text(time, ms), near);
}

/* One issuer with each of its keys. */
static void put_whole(struct pool *pool, const struct keys_view *v, struct buf *out)
{
	char time[CLOCK_TEXT];

	buf_fmt(out, "issuer   %s\nkind     %s\n", v->issuer->name, v->kind);
	if (issuer_url(v->issuer))
		buf_fmt(out, "url      %s\n", issuer_url(v->issuer));
	put_time(out, "fetched  ", v->note.fetched_s * 1000, ago(pool, v->note.fetched_s));
	put_time(out, "due      ", v->note.due_s * 1000, ahead(pool, v->note.due_s));
	if (v->until_ms)
		buf_fmt(out, "count    until %s, if no others come%s\n", clock_text(time, v->until_ms),
			v->usable ? "" : ": no more");
	if (v->note.error)
		buf_fmt(out, "error    since %s: %s\n", clock_text(time, v->note.error_since_s * 1000), v->note.error);
	else if (v->why)
		buf_fmt(out, "error    %s\n", v->why);
	if (v->keys && v->keys->passed_over)
		buf_fmt(out, "besides  %zu that cannot be used here\n", v->keys->passed_over);
	if (!v->issuer->introspection && !v->keys)
		buf_str(out, "keys     none\n");
}

static void write_keys(const struct keys_view *v, struct buf *out)
{
	static const char *const titles[] = { "ALG", "=KID", NULL };
	struct table *table = table_new(titles, table_terminal());

	for (size_t i = 0; v->keys && i < v->keys->n; i++) {
		table_put(table, jwk_kind_name(&v->keys->v[i]));
		table_put(table, v->keys->v[i].kid);
	}
	if (table_rows(table)) {
		buf_char(out, '\n');
		table_write(table, out);
	}
	table_free(&table);
}

/* CLI_NOTHING: one of them has no keys that count. */
static int list(const struct call *call, const struct chosen *c, bool whole)
{
	static const char *const titles[] = { "=ISSUER", "KIND", ">KEYS", ">=FETCHED", ">=DUE", "=COUNT UNTIL", "ERROR", NULL };
	struct table *table = table_new(titles, table_terminal());
	int status = CLI_DONE;
	struct buf out = {0};

	for (size_t i = 0; i < c->n; i++) {
		struct keys_view v;

		keys_view_load(c->conf, c->v[i], c->pool, &v);
		if (!v.usable)
			status = CLI_NOTHING;
		if (call_has(call, FLAG_JSON)) {
			jot_view(&v, &out);
		} else if (whole) {
			put_whole(c->pool, &v, &out);
			write_keys(&v, &out);
		} else {
			put_row(table, c->pool, &v);
		}
		keys_view_free(&v);
	}
	if (table_rows(table))
		table_write(table, &out);
	if (out.len)
		fwrite(out.p, 1, out.len, stdout);
	buf_free(&out);
	table_free(&table);
	return status;
}

/* ---- fetching ---- */

static int say_failure(const struct conf_issuer *issuer, const struct note *note)
{
	if (!note->error)
		return CLI_DONE;
	say("%s: %s", issuer->name, note->error);
	return CLI_FAILED;
}

static bool any_fetches(struct keeper *const *keepers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (keeper_fetches(keepers[i]))
			return true;
	return false;
}

/* Here, since nobody else does. */
static int fetch_here(const struct chosen *c)
{
	struct keeper **keepers = mem_array(c->n, sizeof(struct keeper *));
	struct http_crowd *crowd = http_crowd_new();
	int status = CLI_DONE;

	for (size_t i = 0; i < c->n; i++) {
		keepers[i] = keeper_new(c->conf, c->v[i], crowd, clock_mono_ms());
		keeper_hurry(keepers[i], clock_mono_ms());
		keeper_tick(keepers[i], clock_mono_ms());
	}
	while (any_fetches(keepers, c->n)) {
		http_crowd_wait(crowd, NULL, 0, ERRAND_TOTAL_MS);
		errands_end(crowd, clock_mono_ms());
	}
	http_crowd_free(&crowd);
	for (size_t i = 0; i < c->n; i++) {
		if (say_failure(c->v[i], keeper_note(keepers[i])))
			status = CLI_FAILED;
		keeper_free(&keepers[i]);
	}
	free(keepers);
	return status;
}

/* When something was tried last; 0: never. */
static struct timespec tried(const struct chosen *c, size_t i)
{
	char *path = shelf_path(c->conf, c->v[i], "json");
	struct timespec at = {0};
	struct stat st;

	if (stat(path, &st) == 0)
		at = st.st_mtim;
	free(path);
	return at;
}

static int ask_for(int fd, const struct conf_issuer *issuer, struct err *err)
{
	struct ask ask = { .kind = ASK_KEYS, .issuer = { issuer->name, strlen(issuer->name) } };
	struct buf out = {0};
	int rc;

	ask_pack(&ask, &out);
	rc = sock_send(fd, out.p, out.len, -1) < 0 ? err_sys(err, "cannot ask for the keys of %s", issuer->name) : 0;
	buf_free(&out);
	return rc;
}

static bool newer(struct timespec now, struct timespec before)
{
	return now.tv_sec != before.tv_sec || now.tv_nsec != before.tv_nsec;
}

/* Waits until what was asked for was tried. */
static int await(const struct chosen *c, size_t i, struct timespec before, int64_t until_ms)
{
	struct note note;
	int status;

	while (!newer(tried(c, i), before)) {
		if (clock_mono_ms() >= until_ms) {
			say("%s: nothing came of it within %d s: see the log of postvak serve", c->v[i]->name, ASKED_MS / 1000);
			return CLI_FAILED;
		}
		poll(NULL, 0, LOOK_MS);		/* there is nothing to wait on that is portable */
	}
	shelf_note(c->conf, c->v[i], &note);
	status = say_failure(c->v[i], &note);
	note_free(&note);
	return status;
}

static bool too_soon(const struct conf_issuer *issuer, struct timespec before)
{
	int64_t ago_ms = clock_wall_ms() - ((int64_t)before.tv_sec * 1000 + before.tv_nsec / 1000000);

	if (!before.tv_sec || ago_ms < 0 || ago_ms >= WANTED_EVERY_MS)
		return false;
	say("%s: that was done %" PRId64 " s ago, and is done at most once a minute", issuer->name, ago_ms / 1000);
	return true;
}

/* Of the process that does. */
static int fetch_there(const struct chosen *c)
{
	char *path = str_fmt("%s/" RUN_KEYS, c->conf->run_dir);
	struct timespec *before = mem_array(c->n, sizeof *before);
	bool *asked = mem_array(c->n, sizeof *asked);
	int64_t until_ms = clock_mono_ms() + ASKED_MS;
	struct err err = {{0}};
	int fd = sock_connect_packets(path, &err), status = fd < 0 ? CLI_FAILED : CLI_DONE;

	for (size_t i = 0; i < c->n && status == CLI_DONE; i++) {
		before[i] = tried(c, i);
		asked[i] = !too_soon(c->v[i], before[i]);
		if (asked[i] && ask_for(fd, c->v[i], &err) < 0)
			status = CLI_FAILED;
	}
	if (status)
		say("%s", err.text);
	else
		for (size_t i = 0; i < c->n; i++)
			if (asked[i] && await(c, i, before[i], until_ms))
				status = CLI_FAILED;
	if (fd >= 0)
		close(fd);
	free(before);
	free(asked);
	free(path);
	return status;
}

static int fetch(struct site *site, const struct chosen *all)
{
	struct chosen c = { all->conf, pool_alloc(site->pool, all->n * sizeof *all->v), 0, site->pool };
	struct err err;
	pid_t boss;

	for (size_t i = 0; i < all->n; i++)
		if (conf_issuer_fetches(all->v[i]) && !all->v[i]->introspection)
			c.v[c.n++] = all->v[i];
	if (!c.n) {
		say("there is nothing to fetch: no issuer that is meant has jwks = https://... or discovery");
		return CLI_NOTHING;
	}
	if (boss_pid(c.conf->run_dir, &boss) == 1)
		return fetch_there(&c);
	log_open("postvak", LOG_ERROR_);	/* what is to be said is said here */
	if (conf_make_dirs(c.conf, &err) == 0 && shelf_make(c.conf, &err) == 0)
		return fetch_here(&c);
	say("%s", err.text);
	return CLI_FAILED;
}

/* ---- which ---- */

static int choose(const char *name, struct site *site, struct chosen *c)
{
	const struct conf *conf = site->conf;

	*c = (struct chosen){ conf, pool_alloc(site->pool, (conf->n_issuers + 1) * sizeof *c->v), 0, site->pool };
	for (size_t i = 0; i < conf->n_issuers; i++)
		if (!name || strcmp(conf->issuers[i].name, name) == 0)
			c->v[c->n++] = &conf->issuers[i];
	if (c->n)
		return CLI_DONE;
	if (name)
		say("there is no section [issuer %s]", name);
	else
		say("the configuration has no issuers");
	return CLI_NOTHING;
}

static int run(const struct call *call, struct site *site)
{
	bool fetches = call->n_operands && strcmp(call->operands[0], "fetch") == 0;
	const char *name = call->n_operands ? call->operands[fetches] : NULL;
	struct chosen c;
	int status, fetched = CLI_DONE;

	if (call->n_operands > 1 + fetches) {
		say("there is no such thing to do: postvak keys %s", call->command->usage);
		return CLI_USAGE;
	}
	status = site_conf(call, site);
	if (!status)
		status = site_owner(site);
	if (!status)
		status = choose(name, site, &c);
	if (status)
		return status;
	if (fetches)
		fetched = fetch(site, &c);
	status = list(call, &c, name != NULL);
	return fetched ? fetched : status;
}

int run_keys(const struct call *call)
{
	struct site site = {0};
	int status = run(call, &site);

	site_close(&site);
	return status;
}
