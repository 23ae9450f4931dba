/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "receive/challenge.h"

#include <string.h>
#include "base/die.h"
#include "base/words.h"
#include "event/base64.h"
#include "event/json.h"
#include "event/query.h"
#include "trust/crypto.h"

#define ECHO_MAX 4096		/* bytes that are said after others */
#define TEXT "text/plain"
#define JSON "application/json"

struct row {
	const char *name, *method;
	enum challenge_when when;
	bool (*set)(const struct conf_endpoint *endpoint);
	bool (*known)(const struct challenge_place *place);	/* is this request one? */
	void (*answer)(const struct challenge_place *place, struct challenge *out);
};

static void refuse(struct challenge *out, int status, const char *code, const char *at, const char *reason)
{
	out->status = status;
	out->code = code;
	out->at = at;
	out->reason = reason;
}

static void refuse_parameter(const struct challenge_place *place, const char *name, struct challenge *out, const char *code,
			     const char *reason)
{
	refuse(out, 400, code, pool_fmt(place->pool, "?%s", name), reason);
}

/* The parameter, or null after a refusal. */
static const char *need(const struct challenge_place *place, const char *name, struct challenge *out)
{
	const char *value;

	switch (query_find(place->pool, &(struct query){ place->m->query, PLUS_BLANK }, name, &value)) {
	case QUERY_FINE:
		return value;
	case QUERY_NONE:
		refuse_parameter(place, name, out, "required", "It is missing.");
		break;
	case QUERY_REPEATED:
		refuse_parameter(place, name, out, "invalid", "It came more than once.");
		break;
	case QUERY_MALFORMED:
		refuse_parameter(place, name, out, "invalid", "It is not percent-encoded well.");
		break;
	}
	return NULL;
}

static bool has(const struct challenge_place *place, const char *name)
{
	const char *value;

	return query_find(place->pool, &(struct query){ place->m->query, PLUS_BLANK }, name, &value) != QUERY_NONE;
}

/* What is said after somebody is short and of printable ASCII, whatever else sees to it that no browser runs it. */
static bool can_echo(const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (value[i] < ' ' || value[i] > '~')
			return false;
	return len > 0 && len <= ECHO_MAX;
}

static void say(struct challenge *out, const char *type, const char *body)
{
	out->status = 200;
	out->type = type;
	out->body = body;
}

#define CANNOT_ECHO "It is not 1 to 4096 printable characters of ASCII."

static void echo_parameter(const struct challenge_place *place, const char *name, struct challenge *out)
{
	const char *value = need(place, name, out);

	if (!value)
		return;
	if (can_echo(value, strlen(value)))
		say(out, TEXT, value);
	else
		refuse_parameter(place, name, out, "invalid", CANNOT_ECHO);
}

/* ---- Microsoft Graph ---- */

static bool graph_set(const struct conf_endpoint *endpoint)
{
	return endpoint->handshake.graph;
}

/* Its validation has no body; its notifications have. */
static bool graph_known(const struct challenge_place *place)
{
	return !place->m->body_len && has(place, "validationToken");
}

static void graph_answer(const struct challenge_place *place, struct challenge *out)
{
	echo_parameter(place, "validationToken", out);
}

/* ---- X ---- */

static bool x_set(const struct conf_endpoint *endpoint)
{
	return endpoint->handshake.x;
}

static bool x_known(const struct challenge_place *place)
{
	return has(place, "crc_token");
}

/* There is one sender with that signature: the configuration is checked for it. */
static const char *x_secret(const struct challenge_place *place)
{
	for (size_t i = 0; i < place->endpoint->n_senders; i++) {
		const struct conf_signing *s = &place->conf->senders[place->endpoint->senders[i]].signing;

		if (s->scheme == SIGNATURE_X && s->secret.n)
			return s->secret.values[0];
	}
	return NULL;
}

/* What answers a challenge also signs events: whoever could have the text of an event answered could make events. So it
 * is a word of base64 or a UUID, and nothing that is JSON (a number, true). */
static bool is_token(const struct challenge_place *place, const char *token)
{
	static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~+/=";
	struct faults faults = { .pool = place->pool };
	struct json_object *doc = NULL;
	size_t len = strlen(token);
	bool json = json_parse(token, len, &doc, &faults) == 0;

	json_drop(&doc);
	return len > 0 && len <= ECHO_MAX && strspn(token, chars) == len && !json;
}

static void x_answer(const struct challenge_place *place, struct challenge *out)
{
	const char *token = need(place, "crc_token", out), *secret = x_secret(place);
	unsigned char mac[HASH_MAX];
	struct buf digits = { 0 };

	must(secret);
	if (!token)
		return;
	if (!is_token(place, token)) {
		refuse_parameter(place, "crc_token", out, "invalid", "It is not one word of base64 or a UUID, of up to 4096 bytes.");
		return;
	}
	hmac_spans(HASH_SHA256, secret, strlen(secret), &(struct span){ token, strlen(token) }, 1, mac);
	base64_encode(&digits, mac, hash_len(HASH_SHA256));
	say(out, JSON, pool_fmt(place->pool, "{\"response_token\":\"sha256=%s\"}", digits.p));
	buf_free(&digits);
}

/* ---- Meta ---- */

static bool meta_set(const struct conf_endpoint *endpoint)
{
	return endpoint->handshake.meta.n > 0;
}

static bool hub_known(const struct challenge_place *place)
{
	return has(place, "hub.mode");
}

/* All lines, by their digests: time tells nothing. */
static bool is_one_of(const struct secret *secret, const char *value)
{
	unsigned char right[HASH_MAX], got[HASH_MAX];
	bool found = false;

	hash_spans(HASH_SHA256, &(struct span){ value, strlen(value) }, 1, got);
	for (size_t i = 0; i < secret->n; i++) {
		hash_spans(HASH_SHA256, &(struct span){ secret->values[i], strlen(secret->values[i]) }, 1, right);
		found = bytes_equal(right, got, hash_len(HASH_SHA256)) || found;
	}
	return found;
}

static void meta_answer(const struct challenge_place *place, struct challenge *out)
{
	const char *mode = need(place, "hub.mode", out), *token = mode ? need(place, "hub.verify_token", out) : NULL;

	if (!token)
		return;
	if (strcmp(mode, "subscribe") != 0) {
		refuse_parameter(place, "hub.mode", out, "invalid", "It is not subscribe.");
	} else if (!is_one_of(&place->endpoint->handshake.meta, token)) {
		refuse(out, 403, "permission_denied", "", "The parameter hub.verify_token is not accepted here.");
		out->failed = true;
	} else {
		echo_parameter(place, "hub.challenge", out);
	}
}

/* ---- WebSub (5.3) ---- */

static bool websub_set(const struct conf_endpoint *endpoint)
{
	return endpoint->handshake.websub != NULL;
}

static const char *expected_topic(const struct challenge_place *place, const char *topic)
{
	const char *at = place->endpoint->handshake.websub, *word;
	size_t len;

	while ((word = words_next(&at, &len)))
		if (strlen(topic) == len && memcmp(word, topic, len) == 0)
			return pool_strn(place->pool, word, len);
	return NULL;
}

/* How long it lasts, for who has to renew it. */
static const char *lease(const struct challenge_place *place)
{
	const char *value;

	if (query_find(place->pool, &(struct query){ place->m->query, PLUS_BLANK }, "hub.lease_seconds", &value) != QUERY_FINE || !*value ||
	    strlen(value) > 10 || strspn(value, "0123456789") != strlen(value))
		return "";
	return pool_fmt(place->pool, ", for %s seconds", value);
}

/* Whoever knows this address can ask a hub to end the subscription: that is agreed to only where it is not wanted. */
static void websub_answer(const struct challenge_place *place, struct challenge *out)
{
	const char *mode = need(place, "hub.mode", out), *topic = mode ? need(place, "hub.topic", out) : NULL, *wanted;

	if (!topic)
		return;
	wanted = expected_topic(place, topic);
	if (strcmp(mode, "denied") == 0 && wanted) {
		out->status = 200;
		out->note = pool_fmt(place->pool, "the hub does not send, or sends no more, %.200s", wanted);
	} else if (strcmp(mode, "subscribe") == 0 && wanted) {
		echo_parameter(place, "hub.challenge", out);
		out->note = pool_fmt(place->pool, "subscribed to %.200s%s", wanted, lease(place));
	} else if (strcmp(mode, "unsubscribe") == 0 && !wanted) {
		echo_parameter(place, "hub.challenge", out);
		out->note = "unsubscribed from a topic that is not in handshake.websub";
	} else if (strcmp(mode, "denied") == 0 || strcmp(mode, "subscribe") == 0 || strcmp(mode, "unsubscribe") == 0) {
		refuse(out, 404, "not_found", "", wanted ? "This topic is expected here: the subscription is not to end."
		       : "This topic is not expected here.");
	} else {
		refuse_parameter(place, "hub.mode", out, "invalid", "It is not subscribe, unsubscribe or denied.");
	}
}

/* ---- handshakes with a body ---- */

static bool parse(const struct challenge_place *place, struct json_object **doc)
{
	struct faults faults = { .pool = place->pool };

	return json_parse(place->m->body, place->m->body_len, doc, &faults) == 0;
}

static bool is_text(struct json_object *doc, const char *pointer, const char *text)
{
	struct json_object *value;
	const char *got = json_at(doc, pointer, &value) ? json_text(value) : NULL;

	return got && strcmp(got, text) == 0;
}

/* A string of the body that can be said after it, or null. */
static const char *echo_member(const struct challenge_place *place, struct json_object *doc, const char *pointer)
{
	struct json_object *value;
	const char *text;
	size_t len;

	if (!json_at(doc, pointer, &value) || !(text = json_string(value, &len)) || !can_echo(text, len))
		return NULL;
	return pool_strn(place->pool, text, len);
}

/* ---- Azure Event Grid, in its own schema ---- */

static bool eventgrid_set(const struct conf_endpoint *endpoint)
{
	return endpoint->handshake.eventgrid != NULL;
}

static bool eventgrid_known(const struct challenge_place *place)
{
	const char *type = message_header(place->m, "aeg-event-type", NULL);

	return type && strcmp(type, "SubscriptionValidation") == 0;
}

/* Azure writes names of subscriptions in capitals. */
static bool eventgrid_expected(const struct challenge_place *place, struct challenge *out)
{
	size_t n, types;
	const char *name = message_header(place->m, "aeg-subscription-name", &n), *names = place->endpoint->handshake.eventgrid;

	message_header(place->m, "aeg-event-type", &types);
	if (n > 1 || types > 1)
		refuse(out, 400, "repeated_header", n > 1 ? "aeg-subscription-name" : "aeg-event-type", "It came more than once.");
	else if (!conf_listed(names, "*") && (!name || !conf_listed(names, name)))
		refuse(out, 403, "subscription_not_allowed", "", "This subscription is not expected here (setting handshake.eventgrid).");
	else
		return true;
	return false;
}

/* Without its query, which is as good as the code. */
static const char *manual_way(const struct challenge_place *place, struct json_object *doc)
{
	struct json_object *value;
	const char *url = json_at(doc, "/0/data/validationUrl", &value) ? json_text(value) : NULL;

	size_t len = url ? strcspn(url, "?#") : 0;

	return url ? pool_fmt(place->pool, "it can be validated by hand as well, at %.*s", (int)(len < 300 ? len : 300), url) : NULL;
}

static void eventgrid_answer(const struct challenge_place *place, struct challenge *out)
{
	struct json_object *doc = NULL, *second;
	const char *code = NULL;
	struct buf body = { 0 };

	if (!eventgrid_expected(place, out))
		return;
	if (parse(place, &doc) && is_text(doc, "/0/eventType", "Microsoft.EventGrid.SubscriptionValidationEvent") &&
	    !json_at(doc, "/1", &second))
		code = echo_member(place, doc, "/0/data/validationCode");
	if (code) {
		buf_str(&body, "{\"validationResponse\":");
		buf_json(&body, code, strlen(code));
		buf_char(&body, '}');
		say(out, JSON, pool_strn(place->pool, body.p, body.len));
		out->note = manual_way(place, doc);
		buf_free(&body);
	} else {
		refuse(out, 400, "invalid", "", "It is not one SubscriptionValidationEvent with a validationCode of printable ASCII.");
	}
	json_drop(&doc);
}

/* ---- Slack ---- */

#define SLACK_TYPE "url_verification"

static bool slack_set(const struct conf_endpoint *endpoint)
{
	return endpoint->handshake.slack;
}

static bool slack_known(const struct challenge_place *place)
{
	struct json_object *doc = NULL;
	bool known;

	if (!memmem(place->m->body, place->m->body_len, SLACK_TYPE, strlen(SLACK_TYPE)))
		return false;
	known = parse(place, &doc) && is_text(doc, "/type", SLACK_TYPE);
	json_drop(&doc);
	return known;
}

static void slack_answer(const struct challenge_place *place, struct challenge *out)
{
	struct json_object *doc = NULL;
	const char *challenge = parse(place, &doc) ? echo_member(place, doc, "/challenge") : NULL;

	if (challenge)
		say(out, TEXT, challenge);
	else
		refuse(out, 400, "invalid", "/challenge", CANNOT_ECHO);
	json_drop(&doc);
}

/* ---- the table ---- */

static const struct row rows[] = {
	{ "graph", "POST", CHALLENGE_FIRST, graph_set, graph_known, graph_answer },
	{ "x", "GET", CHALLENGE_FIRST, x_set, x_known, x_answer },
	{ "meta", "GET", CHALLENGE_FIRST, meta_set, hub_known, meta_answer },
	{ "websub", "GET", CHALLENGE_FIRST, websub_set, hub_known, websub_answer },
	{ "eventgrid", "POST", CHALLENGE_ADMITTED, eventgrid_set, eventgrid_known, eventgrid_answer },
	{ "slack", "POST", CHALLENGE_ADMITTED, slack_set, slack_known, slack_answer },
};
#define ROWS (sizeof rows / sizeof *rows)

bool challenge_by_get(const struct conf_endpoint *endpoint)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(rows[i].method, "GET") == 0 && rows[i].set(endpoint))
			return true;
	return false;
}

bool challenge_meet(const struct challenge_place *place, enum challenge_when when, struct challenge *out)
{
	*out = (struct challenge){ .at = "" };
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].when == when && strcmp(place->m->method, rows[i].method) == 0 && rows[i].set(place->endpoint) &&
		    rows[i].known(place)) {
			out->name = rows[i].name;
			rows[i].answer(place, out);
			return true;
		}
	return false;
}
