/* SPDX-License-Identifier: EUPL-1.2
 * Handshakes of Event Grid, Graph, X, Meta, WebSub and Slack: exact answers, and what is refused. */
#include "config.h"
#include "unit.h"

#include <ctype.h>
#include <string.h>
#include "base/sock.h"
#include "event/json.h"
#include "receive/intake.h"
#include "event/query.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))
#define X_SECRET "z3ZX4v7mAAUGykl3EcmkqbartmuW8VFOOzCloLx9Q45P0hLrFu"
#define CODE "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"
#define VALIDATION(code, more) "[{\"id\":\"1\",\"eventType\":\"Microsoft.EventGrid.SubscriptionValidationEvent\",\"data\":{" \
	"\"validationCode\":" code more "}}]"
#define SLACK(challenge) "{\"type\":\"url_verification\",\"token\":\"t\",\"challenge\":" challenge "}"
#define EVENT "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/x\",\"type\":\"a.b\"}"

static const char *secrets[] = { "Bearer secret" }, *x_secrets[] = { X_SECRET, "older" }, *verify[] = { "older", "meatyhamhock" };
static size_t senders[] = { 0 }, x_senders[] = { 0, 1 };

struct world {
	struct conf_sender senders[2];
	struct conf_endpoint endpoints[8];
	struct conf conf;
	struct trust *trust;
	struct rates *rates;
	struct attr headers[16];
	struct gate_request request;
	struct verdict verdict;
};

#define PLACE(name_, ...) { .name = name_, .path = "/" name_, .accepts = ACCEPTS_CLOUD | ACCEPTS_JSON, .senders = senders, .n_senders = 1, \
			    __VA_ARGS__ }

static void open_world(struct world *w)
{
	*w = (struct world){
		.senders = { { .name = "on", .authorization = { "file:x", secrets, 1 }, .may_send = "**" },
			     { .name = "x", .signing = { .scheme = SIGNATURE_X, .secret = { "file:s", x_secrets, 2 } }, .may_send = "**" } },
		.endpoints = {
			PLACE("eventgrid", .handshake.eventgrid = "EVENTS-VOORBEELD, tweede"), PLACE("graph", .handshake.graph = true),
			PLACE("x", .handshake.x = true),
			PLACE("meta", .handshake.meta = { "file:m", verify, 2 }),
			PLACE("websub", .handshake.websub = "https://x.nl/feed https://x.nl/tweede"), PLACE("slack", .handshake.slack = true),
			PLACE("none"), PLACE("cloud", .origins = "eventemitter.example.com"),
		},
	};
	w->endpoints[2].senders = x_senders;
	w->endpoints[2].n_senders = 2;
	w->conf = (struct conf){ .endpoints = w->endpoints, .n_endpoints = 8, .senders = w->senders, .n_senders = 2, .body_max = 10000 };
	w->trust = trust_new(&w->conf);
	w->rates = rates_private();
	trust_consult(w->trust, &(struct trust_outside){ .rates = w->rates });
	w->request.pool = pool_new();
}

static void close_world(struct world *w)
{
	trust_free(&w->trust);
	rates_close(&w->rates);
	pool_free(&w->request.pool);
}

static bool has(const struct world *w, const char *line)
{
	return strstr(w->verdict.reply.headers, line) != NULL;
}

static void judge(struct world *w)
{
	w->verdict = (struct verdict){0};
	pipeline_judge(&w->conf, w->trust, &w->request, &w->verdict);
	ck_assert(has(w, "X-Content-Type-Options: nosniff\r\n"));
	ck_assert(has(w, "Cache-Control: "));
	ck_assert(!w->verdict.keep_body || !w->verdict.challenge);
}

/* ---- one request after the other ---- */

struct row {			/* what is left out: POST, no query, a sound credential, no body */
	const char *path, *method, *query, *body;
	struct attr headers[2];
	bool stranger;		/* without a credential */
	int status;
	const char *says;	/* the whole body with 200; else the code */
	const char *type;	/* with 200: "" where there is no body */
};

static const char *either(const char *given, const char *otherwise)
{
	return given ? given : otherwise;
}

static void request(struct world *w, const struct row *row)
{
	size_t n = 0;

	if (!row->stranger)
		w->headers[n++] = (struct attr){ "authorization", "Bearer secret" };
	for (size_t i = 0; i < 2; i++)
		if (row->headers[i].name)
			w->headers[n++] = row->headers[i];
	if (row->body)
		w->headers[n++] = (struct attr){ "content-type", *row->body == '[' ? "application/json" : "application/cloudevents+json" };
	w->request.message = (struct message){
		.method = either(row->method, "POST"), .path = row->path, .query = either(row->query, ""), .peer = "192.0.2.7", .headers = w->headers,
		.n_headers = n, .body = (const unsigned char *)either(row->body, ""), .body_len = strlen(either(row->body, "")),
	};
	judge(w);
}

static void check_row(struct world *w, const struct row *row, int line, size_t i)
{
	const struct verdict *v = &w->verdict;
	const char *type = row->type && *row->type ? pool_fmt(w->request.pool, "Content-Type: %s\r\n", row->type) : NULL;

	request(w, row);
	ck_assert_msg(v->reply.status == row->status, "line %d, row %zu: %d %s", line, i, v->reply.status, either(v->reason, ""));
	if (row->status != 200) {
		ck_assert_msg(!row->says || (v->code && strcmp(v->code, row->says) == 0), "line %d, row %zu: %s", line, i, either(v->code, "-"));
		ck_assert(row->status == 202 || !v->n);
		return;
	}
	ck_assert_msg(v->challenge != NULL && !v->code && !v->n, "line %d, row %zu: no handshake", line, i);
	ck_assert_msg(v->reply.body_len == strlen(row->says) && memcmp(either(v->reply.body, ""), row->says, v->reply.body_len) == 0,
		      "line %d, row %zu: %.*s", line, i, (int)v->reply.body_len, either(v->reply.body, ""));
	ck_assert_msg(!type || has(w, type), "line %d, row %zu: %s", line, i, v->reply.headers);
	ck_assert_msg(!type || has(w, "Content-Security-Policy: default-src 'none'\r\n"), "line %d, row %zu", line, i);
}

static void table(int line, const struct row *rows, size_t n)
{
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < n; i++)
		check_row(&w, &rows[i], line, i);
	close_world(&w);
}
#define TABLE(...) do { static const struct row rows[] = { __VA_ARGS__ }; table(__LINE__, rows, COUNT(rows)); } while (0)
#define TEXT "text/plain"
#define JSON "application/json"

START_TEST(graph_hears_its_token_decoded)
{
	TABLE({ "/graph", .query = "validationToken=abc", .stranger = true, .status = 200, .says = "abc", .type = TEXT },
	      { "/graph", .query = "a=b&validationToken=Validation%3a+Testing%20x%2B1&c", .stranger = true, .status = 200,
		.says = "Validation: Testing x+1", .type = TEXT },
	      { "/graph", .query = "validationToken=%2541", .status = 200, .says = "%41", .type = TEXT },
	      { "/graph", .query = "validationToken=%3Cscript%3E", .status = 200, .says = "<script>", .type = TEXT },
	      { "/graph", .query = "validationToken=a&validationToken=a", .status = 400, .says = "invalid" },
	      { "/graph", .query = "validationToken=", .status = 400, .says = "invalid" },
	      { "/graph", .query = "validationToken", .status = 400, .says = "invalid" },
	      { "/graph", .query = "validationToken=%", .status = 400, .says = "invalid" },
	      { "/graph", .query = "validationToken=%00a", .status = 400, .says = "invalid" },
	      { "/graph", .query = "validationToken=a%0D%0ASet-Cookie:b", .status = 400, .says = "invalid" },
	      { "/graph", .query = "validationToken=%C3%A9", .status = 400, .says = "invalid" },
	      { "/graph", .query = "validationtoken=abc", .stranger = true, .status = 401, .says = "not_authenticated" },
	      { "/graph", .query = "validationToken=abc", .method = "GET", .status = 405, .says = "method_not_allowed" },
	      /* A notification, which is never taken for one. */
	      { "/graph", .query = "validationToken=abc", .body = EVENT, .stranger = true, .status = 401, .says = "not_authenticated" },
	      { "/graph", .query = "validationToken=abc", .body = EVENT, .status = 202 },
	      { "/none", .query = "validationToken=abc", .stranger = true, .status = 401, .says = "not_authenticated" });
}
END_TEST

START_TEST(what_is_echoed_has_a_largest_size)
{
	struct row row = { "/graph", .stranger = true, .status = 200, .type = TEXT };
	char *query = mem_alloc(5000);
	struct world w;

	strcpy(query, "validationToken=");
	memset(query + 16, 'a', 4096);
	row.query = query;
	row.says = query + 16;
	open_world(&w);
	check_row(&w, &row, __LINE__, 0);
	strcat(query, "a");
	row.status = 400;
	row.says = "invalid";
	check_row(&w, &row, __LINE__, 1);
	close_world(&w);
	free(query);
}
END_TEST

START_TEST(x_gets_a_mac_of_its_token)
{
	TABLE({ "/x", "GET", "crc_token=9b4507b3-9040-4669-9ca3-6b94edb50553", .stranger = true, .status = 200, .type = JSON,
		.says = "{\"response_token\":\"sha256=Cytd4Sq+NvEcV3MMrXxWJGJx5A+y/lXzzU2Maartkx8=\"}" },
	      { "/x", "GET", "crc_token=a&crc_token=b", .status = 400, .says = "invalid" },
	      { "/x", "GET", "crc_token=", .status = 400, .says = "invalid" },
	      { "/x", "GET", "crc_token=%7B%22id%22%3A1%7D", .status = 400, .says = "invalid" },	/* all these could be events */
	      { "/x", "GET", "crc_token=%5B1%5D", .status = 400, .says = "invalid" },
	      { "/x", "GET", "crc_token=%22a%22", .status = 400, .says = "invalid" },
	      { "/x", "GET", "crc_token=12", .status = 400, .says = "invalid" },
	      { "/x", "GET", "crc_token=true", .status = 400, .says = "invalid" },
	      { "/x", "GET", "crc_token=v0:1700000000:a", .status = 400, .says = "invalid" },
	      { "/x", "GET", "crc_token=a+b", .status = 400, .says = "invalid" },
	      { "/x", "GET", "token=a", .status = 400, .says = "invalid_request" }, { "/x", "GET", .status = 400, .says = "invalid_request" },
	      { "/x", "POST", "crc_token=a", .body = EVENT, .status = 202 },
	      { "/none", "GET", "crc_token=a", .status = 405, .says = "method_not_allowed" });
}
END_TEST

START_TEST(meta_has_to_know_a_verify_token)
{
	TABLE({ "/meta", "GET", "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meatyhamhock", .stranger = true, .status = 200,
		.says = "1158201444", .type = TEXT },
	      { "/meta", "GET", "hub.verify_token=older&hub.mode=subscribe&hub.challenge=1", .status = 200, .says = "1", .type = TEXT },
	      { "/meta", "GET", "hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong", .status = 403, .says = "permission_denied" },
	      { "/meta", "GET", "hub.mode=subscribe&hub.challenge=1&hub.verify_token=", .status = 403, .says = "permission_denied" },
	      { "/meta", "GET", "hub.mode=subscribe&hub.challenge=1&hub.verify_token=Older", .status = 403, .says = "permission_denied" },
	      { "/meta", "GET", "hub.mode=subscribe&hub.challenge=1", .status = 400, .says = "required" },
	      { "/meta", "GET", "hub.mode=subscribe&hub.verify_token=older", .status = 400, .says = "required" },
	      { "/meta", "GET", "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=older", .status = 400, .says = "invalid" },
	      { "/meta", "GET", "hub.mode=subscribe&hub.mode=subscribe&hub.challenge=1&hub.verify_token=older", .status = 400, .says = "invalid" },
	      { "/meta", "GET", "hub.mode=subscribe&hub.challenge=1&hub.verify_token=x&hub.verify_token=older", .status = 400, .says = "invalid" },
	      { "/meta", "GET", "hub.mode=subscribe&hub.challenge=%3c%0a&hub.verify_token=older", .status = 400, .says = "invalid" },
	      { "/meta", "GET", "hub.challenge=1&hub.verify_token=older", .status = 400, .says = "invalid_request" });
}
END_TEST

START_TEST(guesses_at_a_verify_token_are_failures)
{
	const struct row wrong = { "/meta", "GET", "hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong", .status = 403 };
	const struct row half = { "/meta", "GET", "hub.mode=subscribe", .status = 400 };
	struct world w;

	open_world(&w);
	request(&w, &wrong);
	ck_assert(w.verdict.failed);
	request(&w, &half);
	ck_assert(!w.verdict.failed);
	close_world(&w);
}
END_TEST

#define TOPIC "https%3A%2F%2Fx.nl%2Ffeed"

START_TEST(a_hub_may_begin_what_is_wanted_and_end_what_is_not)
{
	TABLE({ "/websub", "GET", "hub.mode=subscribe&hub.topic=" TOPIC "&hub.challenge=a+b&hub.lease_seconds=864000", .stranger = true,
		.status = 200, .says = "a b", .type = TEXT },
	      { "/websub", "GET", "hub.mode=subscribe&hub.topic=https://x.nl/tweede&hub.challenge=c", .status = 200, .says = "c", .type = TEXT },
	      { "/websub", "GET", "hub.mode=subscribe&hub.topic=https://x.nl/feed2&hub.challenge=c", .status = 404, .says = "not_found" },
	      { "/websub", "GET", "hub.mode=subscribe&hub.topic=https://X.nl/feed&hub.challenge=c", .status = 404, .says = "not_found" },
	      { "/websub", "GET", "hub.mode=subscribe&hub.topic=&hub.challenge=c", .status = 404, .says = "not_found" },
	      { "/websub", "GET", "hub.mode=unsubscribe&hub.topic=" TOPIC "&hub.challenge=c", .status = 404, .says = "not_found" },
	      { "/websub", "GET", "hub.mode=unsubscribe&hub.topic=https://old.nl/&hub.challenge=c", .status = 200, .says = "c", .type = TEXT },
	      { "/websub", "GET", "hub.mode=denied&hub.topic=" TOPIC "&hub.reason=%3Cb%3E", .status = 200, .says = "", .type = "" },
	      { "/websub", "GET", "hub.mode=denied&hub.topic=https://old.nl/", .status = 404, .says = "not_found" },
	      { "/websub", "GET", "hub.mode=publish&hub.topic=" TOPIC "&hub.challenge=c", .status = 400, .says = "invalid" },
	      { "/websub", "GET", "hub.mode=subscribe&hub.topic=" TOPIC, .status = 400, .says = "required" },
	      { "/websub", "GET", "hub.mode=subscribe&hub.challenge=c", .status = 400, .says = "required" },
	      { "/websub", "GET", "hub.mode=subscribe&hub.topic=" TOPIC "&hub.topic=x&hub.challenge=c", .status = 400, .says = "invalid" },
	      { "/websub", "GET", "hub.mode=subscribe&hub.topic=%zz&hub.challenge=c", .status = 400, .says = "invalid" });
}
END_TEST

#define GRID { "aeg-event-type", "SubscriptionValidation" }
#define NAMED(name) { GRID, { "aeg-subscription-name", name } }

START_TEST(event_grid_hears_its_code_once_it_is_admitted)
{
	TABLE({ "/eventgrid", .headers = NAMED("EVENTS-VOORBEELD"), .body = VALIDATION("\"" CODE "\"", ""), .status = 200, .type = JSON,
		.says = "{\"validationResponse\":\"" CODE "\"}" },
	      { "/eventgrid", .headers = NAMED("TWEEDE"), .body = VALIDATION("\"a\\\"\\\\b\"", ""), .status = 200, .type = JSON,
		.says = "{\"validationResponse\":\"a\\\"\\\\b\"}" },
	      { "/eventgrid", .headers = NAMED("TWEEDE"), .body = VALIDATION("\"" CODE "\"", ""), .stranger = true, .status = 401,
		.says = "not_authenticated" },
	      { "/eventgrid", .headers = NAMED("other"), .body = VALIDATION("\"a\"", ""), .status = 403, .says = "subscription_not_allowed" },
	      { "/eventgrid", .headers = NAMED("tweede,x"), .body = VALIDATION("\"a\"", ""), .status = 403, .says = "subscription_not_allowed" },
	      { "/eventgrid", .headers = { GRID }, .body = VALIDATION("\"a\"", ""), .status = 403, .says = "subscription_not_allowed" },
	      { "/eventgrid", .headers = { GRID, GRID }, .body = VALIDATION("\"a\"", ""), .status = 400, .says = "repeated_header" },
	      { "/eventgrid", .headers = NAMED("tweede"), .body = VALIDATION("\"\"", ""), .status = 400, .says = "invalid" },
	      { "/eventgrid", .headers = NAMED("tweede"), .body = VALIDATION("7", ""), .status = 400, .says = "invalid" },
	      { "/eventgrid", .headers = NAMED("tweede"), .body = VALIDATION("\"a\\n\"", ""), .status = 400, .says = "invalid" },
	      { "/eventgrid", .headers = NAMED("tweede"), .body = VALIDATION("\"a\\u0000\"", ""), .status = 400, .says = "invalid" },
	      { "/eventgrid", .headers = NAMED("tweede"), .body = VALIDATION("\"\xc3\xa9\"", ""), .status = 400, .says = "invalid" },
	      { "/eventgrid", .headers = NAMED("tweede"), .body = "[]", .status = 400, .says = "invalid" },
	      { "/eventgrid", .headers = NAMED("tweede"), .body = "[{\"data\":{\"validationCode\":\"a\"}}]", .status = 400, .says = "invalid" },
	      { "/eventgrid", .headers = NAMED("tweede"), .body = "[", .status = 400, .says = "invalid" },
	      { "/eventgrid", .headers = NAMED("tweede"), .body = VALIDATION("\"a\"", "},\"x\":{") , .status = 200, .type = JSON,
		.says = "{\"validationResponse\":\"a\"}" },
	      /* Anything else is a delivery. */
	      { "/eventgrid", .headers = { { "aeg-event-type", "Notification" } }, .body = EVENT, .status = 202 },
	      { "/none", .headers = NAMED("tweede"), .body = EVENT, .status = 202 });
}
END_TEST

START_TEST(two_validations_at_once_are_none)
{
	static const struct row row = { "/eventgrid", .headers = NAMED("tweede"), .status = 400, .says = "invalid",
		.body = "[{\"eventType\":\"Microsoft.EventGrid.SubscriptionValidationEvent\",\"data\":{\"validationCode\":\"a\"}},{}]" };
	struct world w;

	open_world(&w);
	check_row(&w, &row, __LINE__, 0);
	w.endpoints[0].handshake.eventgrid = "*";
	check_row(&w, &(struct row){ "/eventgrid", .headers = { GRID }, .body = VALIDATION("\"a\"", ""), .status = 200, .type = JSON,
				     .says = "{\"validationResponse\":\"a\"}" }, __LINE__, 1);
	close_world(&w);
}
END_TEST

START_TEST(where_to_validate_by_hand_is_logged_without_its_token)
{
	static const struct row row = { "/eventgrid", .headers = NAMED("tweede"), .status = 200,
		.body = VALIDATION("\"a\"", ",\"validationUrl\":\"https://rp.eventgrid.example:553/validate?id=1&token=geheim\"") };
	struct world w;

	open_world(&w);
	request(&w, &row);
	ck_assert_ptr_nonnull(strstr(w.verdict.note, "https://rp.eventgrid.example:553/validate"));
	ck_assert_ptr_null(strstr(w.verdict.note, "geheim"));
	ck_assert_ptr_null(strstr(w.verdict.note, "?"));
	close_world(&w);
}
END_TEST

START_TEST(slack_hears_its_challenge_once_it_is_admitted)
{
	TABLE({ "/slack", .body = SLACK("\"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P\""), .status = 200, .type = TEXT,
		.says = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P" },
	      { "/slack", .body = SLACK("\"a\""), .stranger = true, .status = 401, .says = "not_authenticated" },
	      { "/slack", .body = SLACK("\"\""), .status = 400, .says = "invalid" }, { "/slack", .body = SLACK("{}"), .status = 400, .says = "invalid" },
	      { "/slack", .body = SLACK("\"a\\tb\""), .status = 400, .says = "invalid" },
	      { "/slack", .body = "{\"type\":\"url_verification\"}", .status = 400, .says = "invalid" },
	      /* Deliveries, whatever is said in them. */
	      { "/slack", .body = "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/x\",\"type\":\"a.b\",\"data\":\"url_verification\"}", .status = 202 },
	      { "/none", .body = SLACK("\"a\""), .status = 400 });
}
END_TEST

/* ---- what all of them have in common ---- */

START_TEST(methods_are_those_that_something_is_done_with)
{
	static const struct { const char *path, *method; bool options; const char *allow; } rows[] = {
		{ "/x", "PUT", false, "Allow: GET, POST\r\n" }, { "/x", "PUT", true, "Allow: GET, POST, OPTIONS\r\n" },
		{ "/x", "HEAD", false, "Allow: GET, POST\r\n" }, { "/graph", "GET", false, "Allow: POST\r\n" },
		{ "/graph", "GET", true, "Allow: POST, OPTIONS\r\n" }, { "/meta", "OPTIONS", false, "Allow: GET, POST\r\n" },
	};
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t e = 0; e < w.conf.n_endpoints; e++)
			w.endpoints[e].origins = rows[i].options ? "a.example" : NULL;
		request(&w, &(struct row){ rows[i].path, rows[i].method, .status = 405 });
		ck_assert_int_eq(w.verdict.reply.status, 405);
		ck_assert_msg(has(&w, rows[i].allow), "row %zu: %s", i, w.verdict.reply.headers);
	}
	close_world(&w);
}
END_TEST

static const struct row good[] = {
	{ "/graph", .query = "validationToken=abc", .stranger = true, .status = 200, .says = "abc" },
	{ "/x", "GET", "crc_token=9b4507b3-9040-4669-9ca3-6b94edb50553", .stranger = true, .status = 200,
	  .says = "{\"response_token\":\"sha256=Cytd4Sq+NvEcV3MMrXxWJGJx5A+y/lXzzU2Maartkx8=\"}" },
	{ "/meta", "GET", "hub.mode=subscribe&hub.challenge=1&hub.verify_token=older", .stranger = true, .status = 200, .says = "1" },
	{ "/websub", "GET", "hub.mode=subscribe&hub.topic=" TOPIC "&hub.challenge=1", .stranger = true, .status = 200, .says = "1" },
	{ "/eventgrid", .headers = NAMED("tweede"), .body = VALIDATION("\"a\"", ""), .status = 200, .says = "{\"validationResponse\":\"a\"}" },
	{ "/slack", .body = SLACK("\"a\""), .status = 200, .says = "a" },
};

START_TEST(a_retired_webhook_shakes_no_hands)
{
	struct world w;

	open_world(&w);
	for (size_t e = 0; e < w.conf.n_endpoints; e++)
		w.endpoints[e].retired = true;
	for (size_t i = 0; i < COUNT(good); i++) {
		request(&w, &good[i]);
		ck_assert_int_eq(w.verdict.reply.status, 410);
	}
	close_world(&w);
}
END_TEST

START_TEST(sixty_a_minute_are_answered_of_each_to_one_address)
{
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < COUNT(good); i++) {
		for (int n = 0; n < 60; n++)
			check_row(&w, &good[i], __LINE__, i);
		request(&w, &good[i]);
		ck_assert_int_eq(w.verdict.reply.status, 429);
		ck_assert(has(&w, "Retry-After: "));
		w.request.message.peer = "192.0.2.8";	/* it cannot keep another from being answered */
		judge(&w);
		ck_assert_int_eq(w.verdict.reply.status, 200);
	}
	close_world(&w);
}
END_TEST

START_TEST(a_token_in_the_query_does_not_disturb)
{
	struct world w;

	open_world(&w);
	w.senders[0].query_token = true;
	request(&w, &(struct row){ "/slack", .query = "access_token=secret", .body = SLACK("\"a\""), .stranger = true });
	ck_assert_int_eq(w.verdict.reply.status, 200);
	ck_assert(has(&w, "Cache-Control: private, no-store"));
	close_world(&w);
}
END_TEST

static int64_t answered_requests;

static void take_answer(struct gate_request *asked, const struct gate_reply *reply)
{
	(void)asked;
	ck_assert_int_eq(reply->status, 200);
	answered_requests++;
}

START_TEST(handshakes_are_counted)
{
	struct intake intake;
	struct world w;

	open_world(&w);
	intake = (struct intake){ .conf = &w.conf, .trust = w.trust, .board = board_private() };
	w.request.answer = take_answer;
	answered_requests = 0;
	for (size_t i = 0; i < COUNT(good); i++) {
		request(&w, &good[i]);
		intake_serve(&intake, &w.request);
	}
	ck_assert_int_eq(answered_requests, COUNT(good));
	ck_assert(board_get(intake.board, BOARD_HANDSHAKES) == COUNT(good));
	board_close(&intake.board);
	close_world(&w);
}
END_TEST

START_TEST(parameters_are_those_of_forms)
{
	static const struct { const char *query; enum query_fault fault; const char *value; } rows[] = {
		{ "", QUERY_NONE, NULL }, { "ab=1", QUERY_NONE, NULL }, { "b=a=1", QUERY_NONE, NULL }, { "a", QUERY_FINE, "" }, { "a=", QUERY_FINE, "" },
		{ "a=1", QUERY_FINE, "1" }, { "&&a=1&", QUERY_FINE, "1" }, { "a=b=c", QUERY_FINE, "b=c" }, { "b=2&a=%2B+%2b", QUERY_FINE, "+ +" },
		{ "a=%25%34%31", QUERY_FINE, "%41" }, { "a=1&a=1", QUERY_REPEATED, NULL }, { "a&a", QUERY_REPEATED, NULL },
		{ "a=%", QUERY_MALFORMED, NULL }, { "a=%4", QUERY_MALFORMED, NULL }, { "a=%4&b", QUERY_MALFORMED, NULL },
		{ "a=%g0", QUERY_MALFORMED, NULL }, { "a=%0g", QUERY_MALFORMED, NULL }, { "a=x%00y", QUERY_MALFORMED, NULL },
		{ "A=1", QUERY_NONE, NULL }, { "%61=1", QUERY_NONE, NULL }, { "a=1;b=2", QUERY_FINE, "1;b=2" },
	};
	struct pool *pool = pool_new();
	const char *value;

	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_msg(query_find(pool, &(struct query){ rows[i].query, PLUS_BLANK }, "a", &value) == rows[i].fault, "%s", rows[i].query);
		ck_assert_msg(!value == !rows[i].value && (!value || strcmp(value, rows[i].value) == 0), "%s", rows[i].query);
	}
	pool_free(&pool);
}
END_TEST

/* ---- vectors of others ---- */

static const char *text_at(struct json_object *doc, const char *pointer)
{
	struct json_object *value;

	return json_at(doc, pointer, &value) ? json_text(value) : NULL;
}

static void add_header(void *to, const char *name, struct json_object *value)
{
	struct world *w = to;
	char *lower = pool_str(w->request.pool, name);

	for (char *p = lower; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	w->headers[w->request.message.n_headers++] = (struct attr){ lower, pool_str(w->request.pool, json_text(value)) };
}

static void expect_header(void *to, const char *name, struct json_object *value)
{
	const struct world *w = to;
	const char *line = strstr(w->verdict.reply.headers, pool_fmt(w->request.pool, "\n%s: ", name));

	ck_assert_msg(line != NULL, "%s is not in %s", name, w->verdict.reply.headers);
	line += strlen(name) + 3;
	/* We name one method more. */
	ck_assert_msg(strncmp(line, json_text(value), strlen(json_text(value))) == 0 &&
		      strchr(strcmp(name, "Allow") == 0 ? ",\r" : "\r", line[strlen(json_text(value))]), "%s: %s", name, line);
}

static const char *bytes_of(struct pool *pool, struct json_object *value)
{
	struct buf out = { 0 };
	const char *text;

	if (json_kind(value) == JSON_STRING)
		return pool_str(pool, json_text(value));
	json_canonical(value, NULL, &out);
	text = pool_strn(pool, out.p, out.len);
	buf_free(&out);
	return text;
}

static const char *canonical(struct pool *pool, const char *text)
{
	struct faults faults = { .pool = pool };
	struct json_object *doc;
	const char *out;

	if (json_parse(text, strlen(text), &doc, &faults) < 0)
		return text;
	out = bytes_of(pool, doc);
	json_drop(&doc);
	return out;
}

static void expect_body(struct world *w, struct json_object *response)
{
	struct json_object *body;
	struct pool *pool = w->request.pool;
	const char *got = w->verdict.reply.body ? pool_strn(pool, w->verdict.reply.body, w->verdict.reply.body_len) : "";

	if (json_at(response, "/body", &body))
		ck_assert_str_eq(canonical(pool, got), canonical(pool, bytes_of(pool, body)));
}

static void play(struct world *w, struct json_object *handshake, const char *path)
{
	struct json_object *request_, *response, *value;
	struct message *m = &w->request.message;

	ck_assert(json_at(handshake, "/request", &request_) && json_at(handshake, "/response", &response));
	*m = (struct message){ .method = pool_str(w->request.pool, text_at(request_, "/method")), .path = path, .peer = "", .headers = w->headers,
			       .query = either(text_at(request_, "/query"), ""), .body = (const unsigned char *)"" };
	if (json_at(request_, "/headers", &value))
		json_each(value, add_header, w);
	if (json_at(request_, "/body", &value))
		m->body = (const unsigned char *)bytes_of(w->request.pool, value);
	m->body_len = strlen((const char *)m->body);
	w->headers[m->n_headers++] = (struct attr){ "authorization", "Bearer secret" };
	w->headers[m->n_headers++] = (struct attr){ "aeg-subscription-name", "EVENTS-VOORBEELD" };
	judge(w);
	if (json_at(response, "/headers", &value))
		json_each(value, expect_header, w);
}

static struct json_object *read_vectors(struct pool *pool)
{
	const char *srcdir = getenv("srcdir");
	char *path = str_fmt("%s/../shared/cases/signature_vectors.json", srcdir ? srcdir : ".");
	struct faults faults = { .pool = pool };
	struct json_object *doc = NULL;
	size_t len;
	char *text = file_read(path, 16u << 20, &len, NULL);

	free(path);
	if (text)
		ck_assert_int_eq(json_parse(text, len, &doc, &faults), 0);
	free(text);
	return doc;
}

START_TEST(handshakes_that_others_wrote_down)
{
	static const struct { const char *id, *path; } places[] = {
		{ "hs-cloudevents-options", "/cloud" }, { "hs-cloudevents-options-refused", "/cloud" }, { "hs-eventgrid-validation", "/eventgrid" },
		{ "hs-msgraph-validation", "/graph" }, { "hs-meta-websub-challenge", "/meta" }, { "hs-slack-url-verification", "/slack" },
	};
	struct world w;
	struct json_object *doc, *handshake;
	size_t n = 0, known = 0;

	open_world(&w);
	doc = read_vectors(w.request.pool);
	for (; doc && json_at(doc, pool_fmt(w.request.pool, "/handshakes/%zu", n), &handshake); n++)
		for (size_t i = 0; i < COUNT(places); i++) {
			if (strcmp(text_at(handshake, "/id"), places[i].id) != 0)
				continue;
			known++;
			play(&w, handshake, places[i].path);
			if (strcmp(places[i].id, "hs-cloudevents-options-refused") == 0) {	/* its status says nothing */
				ck_assert(!has(&w, "WebHook-Allowed-Origin"));
				continue;
			}
			ck_assert_int_eq(w.verdict.reply.status, 200);
			json_at(handshake, "/response", &handshake);
			expect_body(&w, handshake);
			break;
		}
	ck_assert_uint_eq(known, n);
	if (doc)
		printf("handshakes %zu as-expected %zu\n", n, known);
	json_drop(&doc);
	close_world(&w);
}
END_TEST

UNIT_MAIN("challenge", graph_hears_its_token_decoded, what_is_echoed_has_a_largest_size, x_gets_a_mac_of_its_token,
	  meta_has_to_know_a_verify_token, guesses_at_a_verify_token_are_failures, a_hub_may_begin_what_is_wanted_and_end_what_is_not,
	  event_grid_hears_its_code_once_it_is_admitted, two_validations_at_once_are_none,
	  where_to_validate_by_hand_is_logged_without_its_token, slack_hears_its_challenge_once_it_is_admitted,
	  methods_are_those_that_something_is_done_with, a_retired_webhook_shakes_no_hands, sixty_a_minute_are_answered_of_each_to_one_address,
	  a_token_in_the_query_does_not_disturb, handshakes_are_counted, parameters_are_those_of_forms, handshakes_that_others_wrote_down)
