/* SPDX-License-Identifier: EUPL-1.2
 * postvak handshakes: origins that asked for permission to send, and what an operator says to it. */
#include "cli/ask.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "cli/callback.h"
#include "cli/jot.h"
#include "cli/table.h"
#include "cli/when.h"
#include "trust/origin.h"

#define RATE_MAX 1000000

enum { FLAG_RATE = FLAG_OWN, FLAG_ANY_HOST, FLAG_NO_CALL, FLAG_CA, FLAG_PRIVATE };

const struct flag handshakes_flags[] = {
	{ FLAG_ALL, "all", NULL, "list those that were granted or denied, too" },
	{ FLAG_RATE, "rate", "COUNT", "with grant: so many requests a minute at most" },
	{ FLAG_ANY_HOST, "any-host", NULL, "with grant: call a host that has nothing to do with the origin, too" },
	{ FLAG_NO_CALL, "no-call", NULL, "with grant: do not call back" },
	{ FLAG_CA, "ca", "FILE", "with grant: trust these certificates when calling back" },
	{ FLAG_PRIVATE, "private", NULL, "with grant: call an address of the own network, too" },
	{ FLAG_JSON, "json", NULL, "write JSON, an object a line" },
	{ 0, NULL, NULL, NULL }
};

static int failed(const struct err *err)
{
	say("%s", err->text);
	return CLI_FAILED;
}

static char *rate_text(struct pool *pool, int rate, const char *none)
{
	return rate ? pool_fmt(pool, "%d", rate) : pool_str(pool, none);
}

static const char *rate_of(struct pool *pool, const struct handshake *h)
{
	return h->state == HANDSHAKE_GRANTED ? rate_text(pool, h->allowed_rate, "*") : rate_text(pool, h->asked_rate, "-");
}

/* whole: with all of the callback's URL, which may hold a secret. */
static void jot_handshake(const struct handshake *h, bool whole, struct buf *out)
{
	struct buf place = {0};

	callback_place(h->callback, &place);
	jot_begin(out, NULL, '{');
	jot_number(out, "number", h->n);
	jot_time(out, "asked", h->at_ms);
	jot_text(out, "endpoint", h->endpoint);
	jot_text(out, "origin", h->origin);
	jot_int(out, "asked_rate", h->asked_rate);
	jot_text(out, "state", handshake_state_name(h->state));
	if (h->state == HANDSHAKE_GRANTED)
		jot_int(out, "allowed_rate", h->allowed_rate);
	jot_time(out, "settled", h->settled_ms);
	jot_text(out, "who", h->who);
	jot_text(out, "callback", whole ? h->callback : place.p);
	jot_end(out, '}');
	buf_char(out, '\n');
	buf_free(&place);
}

static void put_row(struct table *table, struct pool *pool, const struct handshake *h)
{
	char time[CLOCK_TEXT];
	struct buf place = {0};

	callback_place(h->callback, &place);
	table_fmt(table, "%" PRIu64, h->n);
	table_put(table, when_text(time, h->at_ms));
	table_put(table, h->endpoint);
	table_put(table, h->origin);
	table_put(table, rate_of(pool, h));
	table_put(table, handshake_state_name(h->state));
	table_put(table, place.p);
	buf_free(&place);
}

static int list(const struct call *call, struct site *site)
{
	static const char *const titles[] = { ">NUMBER", "=TIME", "ENDPOINT", "=ORIGIN", ">RATE", "STATE", "CALLBACK", NULL };
	struct table *table;
	struct handshake *v;
	struct buf out = {0};
	struct err err;
	size_t n;
	int status = site_read(call, site);

	if (status)
		return status;
	if (store_handshakes(site->store, call_has(call, FLAG_ALL), site->pool, &v, &n, &err) < 0)
		return failed(&err);
	table = table_new(titles, table_terminal());
	for (size_t i = 0; i < n; i++)
		if (call_has(call, FLAG_JSON))
			jot_handshake(&v[i], false, &out);
		else
			put_row(table, site->pool, &v[i]);
	if (table_rows(table))
		table_write(table, &out);
	if (out.len)
		fwrite(out.p, 1, out.len, stdout);
	table_free(&table);
	buf_free(&out);
	if (n == 0 && !call_has(call, FLAG_JSON))
		say("nothing matches");
	return n ? CLI_DONE : CLI_NOTHING;
}

/* 0, or an exit status after the error was said. */
static int find(struct site *site, uint64_t n, struct handshake **h)
{
	struct err err;

	if (store_handshake_get(site->store, n, site->pool, h, &err) < 0)
		return failed(&err);
	if (*h)
		return CLI_DONE;
	say("there is no handshake %" PRIu64, n);
	return CLI_NOTHING;
}

static void write_text(struct pool *pool, const struct handshake *h, struct buf *out)
{
	char time[CLOCK_TEXT];

	buf_fmt(out, "number    %" PRIu64 "\n", h->n);
	buf_fmt(out, "asked     %s\n", clock_text(time, h->at_ms));
	buf_fmt(out, "endpoint  %s\n", h->endpoint);
	buf_fmt(out, "origin    %s\n", h->origin);
	buf_fmt(out, "asks for  %s a minute\n", rate_text(pool, h->asked_rate, "no number"));
	buf_fmt(out, "state     %s", handshake_state_name(h->state));
	if (h->state == HANDSHAKE_GRANTED)
		buf_fmt(out, ", %s a minute", rate_text(pool, h->allowed_rate, "any number"));
	if (h->settled_ms)
		buf_fmt(out, ", by %s at %s", h->who ? h->who : "?", clock_text(time, h->settled_ms));
	buf_fmt(out, "\ncallback  %s\n", h->callback);
}

static int show(const struct call *call, struct site *site, uint64_t n)
{
	struct handshake *h;
	struct buf out = {0};
	int status = site_read(call, site);

	if (!status)
		status = find(site, n, &h);
	if (status)
		return status;
	if (call_has(call, FLAG_JSON))
		jot_handshake(h, true, &out);
	else
		write_text(site->pool, h, &out);
	fwrite(out.p, 1, out.len, stdout);
	buf_free(&out);
	return CLI_DONE;
}

static int settle(struct site *site, struct handshake *h)
{
	struct err err;
	bool found;

	h->settled_ms = clock_wall_ms();
	if (store_handshake_settle(site->store, h, &found, &err) < 0)
		return failed(&err);
	if (found)
		return CLI_DONE;
	say("handshake %" PRIu64 " is gone: too many asked meanwhile", h->n);
	return CLI_NOTHING;
}

static int deny(struct site *site, struct handshake *h)
{
	const struct conf_endpoint *endpoint = conf_endpoint(site->conf, h->endpoint);
	int status;

	if (endpoint && conf_listed(endpoint->origins, h->origin)) {
		say("nothing was denied: %s is listed at endpoint %s; take it out of its origins first", h->origin, h->endpoint);
		return CLI_NOTHING;
	}
	h->state = HANDSHAKE_DENIED;
	h->allowed_rate = 0;
	status = settle(site, h);
	if (!status)
		printf("denied: %s at endpoint %s\n", h->origin, h->endpoint);
	return status;
}

/* A stranger chose where it leads. */
static struct http_rules rules_of(const struct call *call)
{
	return (struct http_rules){ .tls = true, .direct = true, .ca = call_value(call, FLAG_CA), .connect_ms = 5000, .total_ms = 10000,
				    .refused = call_has(call, FLAG_PRIVATE) ? NULL : callback_address_private, .answer_max = 1 << 20 };
}

/* *http stays null when nothing is to be called. */
static int get_ready(const struct call *call, const struct handshake *h, const struct http_rules *rules, struct http **http)
{
	struct err err;

	if (call_has(call, FLAG_NO_CALL))
		return CLI_DONE;
	if (!call_has(call, FLAG_ANY_HOST) && !callback_fits(h->callback, h->origin)) {
		say("nothing was granted: the host of the callback (postvak handshakes show %" PRIu64 ") is not of %s; "
		    "--any-host calls it anyway, --no-call calls nobody", h->n, h->origin);
		return CLI_NOTHING;
	}
	*http = http_new(rules, &err);
	if (*http)
		return CLI_DONE;
	say("nothing was granted, since nobody can be called (--no-call does without): %s", err.text);
	return CLI_FAILED;
}

static int call_back(struct http *http, const struct handshake *h)
{
	struct err err;
	int answered;

	if (callback_call(http, h, &answered, &err) < 0)
		say("the callback could not be called: %s: the grant stays; grant it again to call again", err.text);
	else if (answered < 200 || answered > 299)
		say("the callback answered with %d: the grant stays; grant it again to call again", answered);
	else {
		printf("called back: answered with %d\n", answered);
		return CLI_DONE;
	}
	return CLI_FAILED;
}

static int grant(const struct call *call, struct site *site, struct handshake *h, uint64_t rate)
{
	const struct conf_endpoint *endpoint = conf_endpoint(site->conf, h->endpoint);
	const struct http_rules rules = rules_of(call);
	struct http *http = NULL;
	int status;

	if (!endpoint || !conf_handshakes(endpoint)) {
		say("nothing was granted: endpoint %s gives nobody permission now (origins, unlisted); deny takes %s off the list",
		    h->endpoint, h->origin);
		return CLI_NOTHING;
	}
	status = get_ready(call, h, &rules, &http);
	h->state = HANDSHAKE_GRANTED;
	h->allowed_rate = origin_rate_allowed(h->asked_rate, rate ? (int)rate : endpoint->origin_rate);
	if (!status)
		status = settle(site, h);
	if (!status)
		printf("granted: %s at endpoint %s, %s requests a minute\n", h->origin, h->endpoint,
		       rate_text(site->pool, h->allowed_rate, "any number of"));
	if (!status && http)
		status = call_back(http, h);
	http_free(&http);
	return status;
}

/* The store is opened for reading first: a change does not make one. */
static int change(const struct call *call, struct site *site, uint64_t n, uint64_t rate)
{
	char *who = str_dup(operator_name());	/* before this becomes the owner of the store */
	struct handshake *h;
	int status = site_read(call, site);

	if (!status)
		status = site_write(site);
	if (!status)
		status = find(site, n, &h);
	if (!status) {
		h->who = who;
		status = strcmp(call->operands[0], "deny") == 0 ? deny(site, h) : grant(call, site, h, rate);
	}
	free(who);
	return status;
}

static int wrong(const struct call *call, const char *text)
{
	say("%s: postvak %s %s", text, call->command->name, call->command->usage);
	return CLI_USAGE;
}

static bool has_grant_flag(const struct call *call)
{
	for (int code = FLAG_RATE; code <= FLAG_PRIVATE; code++)
		if (call_has(call, code))
			return true;
	return false;
}

static int run(const struct call *call, struct site *site)
{
	const char *verb = call->operands[0], *rate_value = call_value(call, FLAG_RATE);
	bool grants = verb && strcmp(verb, "grant") == 0, shows = verb && strcmp(verb, "show") == 0;
	uint64_t n = 0, rate = 0;

	if (verb && !grants && !shows && strcmp(verb, "deny") != 0)
		return wrong(call, "there is no such thing to do");
	if (verb && (!call->operands[1] || !number_parse(call->operands[1], &n)))
		return wrong(call, "which handshake? Its number is missing");
	if (!grants && has_grant_flag(call))
		return wrong(call, "that option goes with grant");
	if (verb && call_has(call, FLAG_ALL))
		return wrong(call, "--all does not go with this");
	if (verb && !shows && call_has(call, FLAG_JSON))
		return wrong(call, "--json does not go with this");
	if (rate_value && (!number_parse(rate_value, &rate) || rate > RATE_MAX))
		return wrong(call, "--rate needs a number of 1 to 1000000");
	if (!verb)
		return list(call, site);
	return shows ? show(call, site, n) : change(call, site, n, rate);
}

int run_handshakes(const struct call *call)
{
	struct site site = {0};
	int status = run(call, &site);

	site_close(&site);
	return status;
}
