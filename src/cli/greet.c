/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "cli/greet.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/clock.h"
#include "base/uuid.h"
#include "base/words.h"
#include "cli/jot.h"
#include "event/base64.h"
#include "event/json.h"
#include "event/media.h"

#define HEADERS_MAX 128
#define RATE "120"

struct talk {
	const struct greeting *g;
	struct pool *pool;
	const char *given;	/* the VALUE, or null */
	const char *challenge;
	const char *secret;
	const char *method;
	struct buf query;	/* with its ? */
	struct buf body;
	const char *headers[HEADERS_MAX];
	size_t n;
	const struct http_answer *answer;
	struct buf why;		/* what is wrong with it */
};

/* ---- asking ---- */

static const char *fresh(struct talk *t)
{
	struct buf text = {0};
	const char *uuid;

	uuid_put(&text);
	uuid = pool_str(t->pool, text.p);
	buf_free(&text);
	return uuid;
}

static void put_header(void *to, const char *line)
{
	struct talk *t = to;

	if (t->n < HEADERS_MAX)
		t->headers[t->n++] = pool_str(t->pool, line);
}

/* NAME=VALUE, percent-encoded (RFC 3986 2.1). */
static void put_query(struct talk *t, const char *name, const char *value)
{
	buf_fmt(&t->query, "%s%s=", t->query.len || strchr(t->g->url, '?') ? "&" : "?", name);
	for (; *value; value++) {
		if (isalnum((unsigned char)*value) || strchr("-._~", *value))
			buf_char(&t->query, *value);
		else
			buf_fmt(&t->query, "%%%02X", (unsigned char)*value);
	}
}

/* The VALUE, else the first word of a setting that is not *, else something. */
static const char *value_of(const struct talk *t, const char *words, const char *fallback)
{
	const char *word;
	size_t len;

	if (t->given)
		return t->given;
	word = words ? words_next(&words, &len) : NULL;
	return !word || (len == 1 && *word == '*') ? fallback : pool_strn(t->pool, word, len);
}

static const struct conf_endpoint *endpoint_of(const struct talk *t)
{
	return t->g->sender->endpoint;
}

static int ask_cloudevents(struct talk *t, struct err *err)
{
	const struct conf_endpoint *e = endpoint_of(t);

	(void)err;
	t->method = "OPTIONS";
	t->challenge = value_of(t, e ? e->origins : NULL, "sender.example");
	put_header(t, pool_fmt(t->pool, "WebHook-Request-Origin: %s", t->challenge));
	put_header(t, "WebHook-Request-Rate: " RATE);
	return 0;
}

static int ask_eventgrid(struct talk *t, struct err *err)
{
	const struct conf_endpoint *e = endpoint_of(t);

	(void)err;
	t->challenge = fresh(t);
	put_header(t, "Content-Type: application/json; charset=utf-8");
	put_header(t, "aeg-event-type: SubscriptionValidation");
	put_header(t, pool_fmt(t->pool, "aeg-subscription-name: %s", value_of(t, e ? e->handshake.eventgrid : NULL, "POSTVAK")));
	jot_begin(&t->body, NULL, '[');
	jot_begin(&t->body, NULL, '{');
	jot_text(&t->body, "id", fresh(t));
	jot_text(&t->body, "topic", "/subscriptions/00000000-0000-0000-0000-000000000000");
	jot_text(&t->body, "subject", "");
	jot_begin(&t->body, "data", '{');
	jot_text(&t->body, "validationCode", t->challenge);
	jot_text(&t->body, "validationUrl", "https://rp.eventgrid.example:553/validate");
	jot_end(&t->body, '}');
	jot_text(&t->body, "eventType", "Microsoft.EventGrid.SubscriptionValidationEvent");
	jot_time(&t->body, "eventTime", clock_wall_ms());
	jot_text(&t->body, "metadataVersion", "1");
	jot_text(&t->body, "dataVersion", "2");
	jot_end(&t->body, '}');
	jot_end(&t->body, ']');
	return 0;
}

static int ask_graph(struct talk *t, struct err *err)
{
	(void)err;
	t->challenge = pool_fmt(t->pool, "Validation: Testing client application reachability for subscription Request-Id: %s", fresh(t));
	put_query(t, "validationToken", t->challenge);
	put_header(t, "Content-Type: text/plain; charset=utf-8");
	return 0;
}

/* Of --secret, else of the configuration. */
static int find_secret(struct talk *t, const struct secret *secret, const char *where, struct err *err)
{
	t->secret = t->g->sender->credential.secret;
	if (!t->secret && secret && secret->n)
		t->secret = secret->values[0];
	return t->secret ? 0 : err_set(err, "--secret is missing (or --endpoint NAME with %s)", where);
}

static int ask_x(struct talk *t, struct err *err)
{
	const struct conf_sender *s = t->g->sender->credential.sender;

	t->method = "GET";
	t->challenge = fresh(t);
	put_query(t, "crc_token", t->challenge);
	return find_secret(t, s ? &s->signing.secret : NULL, "signature.secret of its sender", err);
}

static void put_hub_challenge(struct talk *t)
{
	unsigned char bytes[4];
	uint32_t n;

	random_bytes(bytes, sizeof bytes);
	memcpy(&n, bytes, sizeof n);
	t->method = "GET";
	t->challenge = pool_fmt(t->pool, "%" PRIu32, n);
	put_query(t, "hub.mode", "subscribe");
	put_query(t, "hub.challenge", t->challenge);
}

static int ask_meta(struct talk *t, struct err *err)
{
	const struct conf_endpoint *e = endpoint_of(t);
	int rc = find_secret(t, e ? &e->handshake.meta : NULL, "handshake.meta", err);

	put_hub_challenge(t);
	if (rc == 0)
		put_query(t, "hub.verify_token", t->secret);
	return rc;
}

static int ask_websub(struct talk *t, struct err *err)
{
	const struct conf_endpoint *e = endpoint_of(t);
	const char *topic = value_of(t, e ? e->handshake.websub : NULL, NULL);

	put_hub_challenge(t);
	if (!topic)
		return err_set(err, "which topic? --handshake websub=URL (or --endpoint NAME with handshake.websub)");
	put_query(t, "hub.topic", topic);
	put_query(t, "hub.lease_seconds", "864000");
	return 0;
}

static int ask_slack(struct talk *t, struct err *err)
{
	(void)err;
	t->challenge = fresh(t);
	put_header(t, "Content-Type: application/json");
	jot_begin(&t->body, NULL, '{');
	jot_text(&t->body, "token", fresh(t));
	jot_text(&t->body, "challenge", t->challenge);
	jot_text(&t->body, "type", "url_verification");
	jot_end(&t->body, '}');
	return 0;
}

/* ---- judging ---- */

static void fault(struct talk *t, const char *text)
{
	buf_fmt(&t->why, "%s%s", t->why.len ? "; " : "", text);
}

static void want_200(struct talk *t)
{
	if (t->answer->status != 200)
		fault(t, pool_fmt(t->pool, "the status is %d and has to be 200", t->answer->status));
}

static void want_type(struct talk *t, const char *type)
{
	struct buf value = {0};
	char media[MEDIA_MOST], charset[32];

	if (!http_header(t->answer, "Content-Type", &value))
		fault(t, pool_fmt(t->pool, "there is no Content-Type, and it has to be %s", type));
	else if (media_type(value.p, media, sizeof media, charset, sizeof charset) < 0 || strcmp(media, type) != 0)
		fault(t, pool_fmt(t->pool, "the Content-Type is \"%s\" and has to be %s", value.p, type));
	buf_free(&value);
}

static void want_challenge(struct talk *t)
{
	const struct buf *body = &t->answer->body;

	if (body->len != strlen(t->challenge) || (body->len && memcmp(body->p, t->challenge, body->len) != 0))
		fault(t, "the body is not the challenge alone");
}

static void want_member(struct talk *t, const char *name, const char *text)
{
	struct faults faults = { .pool = t->pool };
	struct json_object *doc = NULL, *value;
	const struct buf *body = &t->answer->body;
	const char *is = NULL;

	if (json_parse(body->p ? body->p : "", body->len, &doc, &faults) == 0 && json_member(doc, name, &value))
		is = json_text(value);
	if (!is || strcmp(is, text) != 0)
		fault(t, pool_fmt(t->pool, "the body is not JSON in which %s is the one that is expected", name));
	json_drop(&doc);
}

static void judge_cloudevents(struct talk *t)
{
	struct buf allow = {0}, origin = {0}, rate = {0};

	want_200(t);
	if (!http_header(t->answer, "Allow", &allow) || !conf_listed(allow.p, "POST"))
		fault(t, "Allow does not name POST");
	if (!http_header(t->answer, "WebHook-Allowed-Origin", &origin))
		fault(t, pool_fmt(t->pool, "WebHook-Allowed-Origin is missing: %s gets no permission", t->challenge));
	else if (strcasecmp(origin.p, t->challenge) != 0 && strcmp(origin.p, "*") != 0)
		fault(t, pool_fmt(t->pool, "WebHook-Allowed-Origin is \"%s\", not %s", origin.p, t->challenge));
	if (!http_header(t->answer, "WebHook-Allowed-Rate", &rate))
		fault(t, "WebHook-Allowed-Rate is missing, although it was asked for");
	else if (strcmp(rate.p, "*") != 0 && (strspn(rate.p, "0123456789") != rate.len || strspn(rate.p, "0") == rate.len))
		fault(t, pool_fmt(t->pool, "WebHook-Allowed-Rate is \"%s\", no positive number", rate.p));
	buf_free(&allow);
	buf_free(&origin);
	buf_free(&rate);
}

static void judge_eventgrid(struct talk *t)
{
	want_200(t);
	want_type(t, "application/json");
	want_member(t, "validationResponse", t->challenge);
}

static void judge_echo(struct talk *t)
{
	want_200(t);
	want_type(t, "text/plain");
	want_challenge(t);
}

static void judge_x(struct talk *t)
{
	struct span token = { t->challenge, strlen(t->challenge) };
	unsigned char mac[HASH_MAX];
	struct buf response = {0};

	hmac_spans(HASH_SHA256, t->secret, strlen(t->secret), &token, 1, mac);
	buf_str(&response, "sha256=");
	base64_encode(&response, mac, hash_len(HASH_SHA256));
	want_200(t);
	want_type(t, "application/json");
	want_member(t, "response_token", response.p);
	buf_free(&response);
}

static void judge_websub(struct talk *t)
{
	if (t->answer->status < 200 || t->answer->status > 299)
		fault(t, pool_fmt(t->pool, "the status is %d and has to be 2xx", t->answer->status));
	want_challenge(t);
}

/* ---- the platforms ---- */

static const struct platform {
	const char *name;
	bool takes_value;
	bool proved;		/* it comes with what its events come with */
	int patience_ms;
	int (*ask)(struct talk *t, struct err *err);
	void (*judge)(struct talk *t);
} platforms[] = {
	{ "cloudevents", true, false, 30000, ask_cloudevents, judge_cloudevents },
	{ "eventgrid", true, true, 30000, ask_eventgrid, judge_eventgrid },
	{ "graph", false, false, 10000, ask_graph, judge_echo },
	{ "meta", false, false, 10000, ask_meta, judge_echo },
	{ "slack", false, true, 3000, ask_slack, judge_echo },
	{ "websub", true, false, 10000, ask_websub, judge_websub },
	{ "x", false, false, 3000, ask_x, judge_x },
};
#define N_PLATFORMS (sizeof platforms / sizeof *platforms)

static const struct platform *find(const char *who)
{
	size_t len = strcspn(who, "=");

	for (size_t i = 0; i < N_PLATFORMS; i++)
		if (strlen(platforms[i].name) == len && memcmp(platforms[i].name, who, len) == 0)
			return who[len] && (!platforms[i].takes_value || !who[len + 1]) ? NULL : &platforms[i];
	return NULL;
}

void greet_names(struct buf *out)
{
	for (size_t i = 0; i < N_PLATFORMS; i++)
		buf_fmt(out, "%s%s%s", i ? ", " : "", platforms[i].name, platforms[i].takes_value ? "[=VALUE]" : "");
}

bool greet_known(const char *who)
{
	return find(who) != NULL;
}

static int prove(struct talk *t, struct err *err)
{
	struct buf known = {0};
	struct http_request request = { .headers = t->headers, .n_headers = t->n, .body = t->body.p, .body_len = t->body.len,
					.method = "POST" };
	int rc;

	buf_fmt(&known, "%s%s", t->g->known_url, t->query.p ? t->query.p : "");
	request.url = known.p;
	rc = credential_make(&t->g->sender->credential, &request, put_header, t, err);
	buf_free(&known);
	if (t->g->sender->credential.spoil == SPOIL_SIGNATURE)
		buf_char(&t->body, ' ');	/* which is JSON still */
	return rc;
}

static int ask(struct talk *t, const struct platform *platform, struct http *http, struct http_answer *answer)
{
	struct buf url = {0};
	struct http_request request = { .headers = t->headers, .method = t->method };
	struct err err;
	int status = CLI_DONE;

	if (platform->proved && prove(t, &err) < 0) {
		say("%s", err.text);
		return CLI_USAGE;
	}
	buf_fmt(&url, "%s%s", t->g->url, t->query.p ? t->query.p : "");
	request.url = url.p;
	request.n_headers = t->n;
	request.body = t->method ? NULL : t->body.p ? t->body.p : "";
	request.body_len = t->body.len;
	if (http_send(http, &request, answer, &err) < 0) {
		say("%s: %s", t->g->url, err.text);
		status = CLI_FAILED;
	}
	buf_free(&url);
	return status;
}

static int judge(struct talk *t, const struct platform *platform, const struct http_answer *answer)
{
	t->answer = answer;
	platform->judge(t);
	if (answer->took_us > (int64_t)platform->patience_ms * 1000)
		fault(t, pool_fmt(t->pool, "it took longer than the %d s that there are", platform->patience_ms / 1000));
	if (t->why.len) {
		say("%s: wrong: %s", platform->name, t->why.p);
		return CLI_NOTHING;
	}
	printf("%s: right: the answer is as it has to be (%d, %.1f ms)\n", platform->name, answer->status, (double)answer->took_us / 1000);
	return CLI_DONE;
}

int greet(const struct greeting *g, struct http *http, struct http_answer *answer)
{
	const struct platform *platform = find(g->who);
	struct talk t = { .g = g, .pool = pool_new() };
	struct err err;
	int status = CLI_DONE;

	t.given = strchr(g->who, '=') ? strchr(g->who, '=') + 1 : NULL;
	for (size_t i = 0; i < g->n_headers; i++)
		put_header(&t, g->headers[i]);
	if (g->sender->credential.spoil && !platform->proved) {
		say("--bad does not go with --handshake %s: nobody proves who it is with that", platform->name);
		status = CLI_USAGE;
	} else if (platform->ask(&t, &err) < 0) {
		say("--handshake %s: %s", platform->name, err.text);
		status = CLI_USAGE;
	}
	if (!status)
		status = ask(&t, platform, http, answer);
	if (!status)
		status = judge(&t, platform, answer);
	buf_free(&t.query);
	buf_free(&t.body);
	buf_free(&t.why);
	pool_free(&t.pool);
	return status;
}
