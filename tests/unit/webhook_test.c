/* SPDX-License-Identifier: EUPL-1.2
 * Web hooks of CloudEvents: methods, HTTPS, tokens in the query, the handshake, origins and rates. */
#include "config.h"
#include "unit.h"

#include <pthread.h>
#include <string.h>
#include "base/utf8.h"
#include "receive/grants.h"
#include "receive/intake.h"

#define GOOD "{\"kanaal\":\"zaken\",\"hoofdObject\":\"https://x.nl/zaken/1\",\"resource\":\"status\"," \
	"\"resourceUrl\":\"https://x.nl/statussen/2\",\"actie\":\"create\",\"aanmaakdatum\":\"2026-01-01T00:00:00Z\"}"
#define EVENT "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/x\",\"type\":\"a.b\"}"
#define STRUCTURED "application/cloudevents+json"
#define BATCH "application/cloudevents-batch+json"
#define CALLBACK "https://a.example/cb?id=geheim"
#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static const char *secrets[] = { "Bearer secret" }, *others[] = { "Bearer other" };
static size_t both[] = { 0, 1 };

struct world {
	struct conf_sender senders[2];
	struct conf_endpoint endpoints[3];
	struct conf conf;
	struct trust *trust;
	struct rates *rates;
	struct attr headers[12];
	struct gate_request request;
	struct verdict verdict;
};

static enum trust_grant grant_now;
static int grant_rate;

static enum trust_grant decide(void *arg, const char *endpoint, const char *origin, int *rate)
{
	(void)arg;
	(void)endpoint;
	(void)origin;
	*rate = grant_rate;
	return grant_now;
}

static void open_world(struct world *w)
{
	*w = (struct world){
		.senders = { { .name = "on", .authorization = { "file:x", secrets, 1 }, .may_send = "**" },
			     { .name = "vraag", .authorization = { "file:y", others, 1 }, .may_send = "**", .query_token = true } },
		.endpoints = { { .name = "hook", .path = "/hook", .accepts = ACCEPTS_NRC | ACCEPTS_CLOUD, .https = true,
				 .senders = both, .n_senders = 2, .origins = "good.example", .origin_rate = 100 },
			       { .name = "off", .path = "/off", .accepts = ACCEPTS_NRC, .https = true, .senders = both, .n_senders = 1 },
			       { .name = "old", .path = "/old", .accepts = ACCEPTS_CLOUD, .senders = both, .n_senders = 1,
				 .origins = "*", .retired = true } },
	};
	w->conf = (struct conf){ .endpoints = w->endpoints, .n_endpoints = 3, .senders = w->senders, .n_senders = 2,
				 .body_max = 1000 };
	w->trust = trust_new(&w->conf);
	w->rates = rates_private();
	grant_now = GRANT_NONE;
	grant_rate = 0;
	trust_consult(w->trust, &(struct trust_outside){ .rates = w->rates, .granted = decide });
	w->request.pool = pool_new();
	w->request.message = (struct message){ .method = "POST", .path = "/hook", .query = "", .peer = "192.0.2.7",
					       .headers = w->headers, .n_headers = 2, .body = (const unsigned char *)GOOD,
					       .body_len = strlen(GOOD) };
	w->headers[0] = (struct attr){ "authorization", "Bearer secret" };
	w->headers[1] = (struct attr){ "content-type", "application/json" };
}

static void close_world(struct world *w)
{
	trust_free(&w->trust);
	rates_close(&w->rates);
	pool_free(&w->request.pool);
}

static void judge(struct world *w)
{
	pipeline_judge(&w->conf, w->trust, &w->request, &w->verdict);
	ck_assert_ptr_nonnull(strstr(w->verdict.reply.headers, "X-Content-Type-Options: nosniff\r\n"));
	ck_assert_ptr_nonnull(strstr(w->verdict.reply.headers, "Content-Security-Policy: frame-ancestors 'none'\r\n"));
	ck_assert_ptr_nonnull(strstr(w->verdict.reply.headers, "X-Frame-Options: DENY\r\n"));
	ck_assert_ptr_nonnull(strstr(w->verdict.reply.headers, "Strict-Transport-Security: max-age="));
	ck_assert_ptr_nonnull(strstr(w->verdict.reply.headers, "no-store\r\n"));
	ck_assert(w->verdict.reply.status < 300 || w->verdict.reply.status >= 400);
}

static bool has(const struct world *w, const char *line)
{
	return strstr(w->verdict.reply.headers, line) != NULL;
}

static void refused(struct world *w, int status, const char *code)
{
	judge(w);
	ck_assert_int_eq(w->verdict.reply.status, status);
	ck_assert_str_eq(w->verdict.code, code);
	ck_assert_uint_eq(w->verdict.n, 0);
	ck_assert_ptr_null(w->verdict.handshake);
	ck_assert(!has(w, "WebHook-Allowed"));
}

static void taken(struct world *w)
{
	judge(w);
	ck_assert_msg(w->verdict.n == 1, "%s", w->verdict.reason);
}

/* An OPTIONS request with these headers; null: not there. */
static void shake(struct world *w, const char *origin, const char *rate, const char *callback)
{
	struct attr headers[] = { { "webhook-request-origin", origin }, { "webhook-request-rate", rate },
				  { "webhook-request-callback", callback } };

	w->request.message.method = "OPTIONS";
	w->request.message.n_headers = 0;
	for (size_t i = 0; i < 3; i++)
		if (headers[i].value)
			w->headers[w->request.message.n_headers++] = headers[i];
	judge(w);
	ck_assert_uint_eq(w->verdict.n, 0);
}

static void answered(const struct world *w, int status)
{
	ck_assert_int_eq(w->verdict.reply.status, status);
	ck_assert(has(w, "Allow: POST, OPTIONS\r\n"));
	ck_assert_int_eq(has(w, "WebHook-Allowed-Origin: "), status == 200);
	ck_assert_int_eq(has(w, "WebHook-Allowed-Rate: "), status == 200);
}

/* A request and its answer. What is left out: POST /hook with a sound credential and a structured event; ""
 * takes a header away. */
struct row {
	const char *method, *path, *query, *authorization, *type, *body, *origin, *callback;
	struct attr more;		/* one more header */
	bool binary;			/* the context attributes are headers */
	enum message_scheme scheme;
	enum gate_fault fault;
	bool over;
	enum trust_grant grant;
	int status;
	const char *code;		/* null: it is none of a refusal */
	const char *says;		/* a line of the answer's head, or null */
};

static const char *either(const char *given, const char *otherwise)
{
	return given ? given : otherwise;
}

static void request(struct world *w, const struct row *row)
{
	const struct attr all[] = {
		{ "authorization", either(row->authorization, "Bearer secret") }, { "content-type", either(row->type, STRUCTURED) },
		{ "webhook-request-origin", row->origin }, { "webhook-request-callback", row->callback }, row->more,
		{ "ce-specversion", row->binary ? "1.0" : NULL }, { "ce-id", row->binary ? "1" : NULL },
		{ "ce-source", row->binary ? "/x" : NULL }, { "ce-type", row->binary ? "a.b" : NULL },
	};
	const char *body = either(row->body, EVENT);
	size_t n = 0;

	for (size_t i = 0; i < COUNT(all); i++)
		if (all[i].value && *all[i].value)
			w->headers[n++] = all[i];
	w->request.message = (struct message){
		.method = either(row->method, "POST"), .path = either(row->path, "/hook"), .query = either(row->query, ""), .peer = "192.0.2.7",
		.scheme = row->scheme, .headers = w->headers, .n_headers = n, .body = (const unsigned char *)body,
		.body_len = strlen(body),
	};
	w->request.fault = row->fault;
	w->request.over = row->over;
	grant_now = row->grant;
	judge(w);
}

static void table(struct world *w, int line, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct verdict *v = &w->verdict;

		request(w, &rows[i]);
		ck_assert_msg(v->reply.status == rows[i].status, "line %d, row %zu: %d %s", line, i, v->reply.status, either(v->reason, ""));
		ck_assert_msg(strcmp(either(v->code, ""), either(rows[i].code, "")) == 0, "line %d, row %zu: %s", line, i,
			      either(v->code, "no code"));
		ck_assert_msg(!rows[i].says || has(w, rows[i].says), "line %d, row %zu: %s", line, i, v->reply.headers);
	}
}
#define TABLE(w, rows) table(w, __LINE__, rows, COUNT(rows))

/* One of every answer there is, at an endpoint that asks an operator; the second sender has one request a minute. */
static const struct row answers[] = {
	{ .status = 202 },
	{ .type = "application/json", .body = GOOD, .status = 204 },
	{ .method = "OPTIONS", .origin = "good.example", .status = 200 },
	{ .method = "OPTIONS", .origin = "new.example", .callback = CALLBACK, .status = 202 },
	{ .method = "OPTIONS", .status = 204 },
	{ .method = "OPTIONS", .origin = "no host", .status = 400, .code = "invalid" },
	{ .method = "OPTIONS", .origin = "new.example", .status = 403, .code = "origin_not_allowed" },
	{ .body = "{", .status = 400, .code = "parse_error" },
	{ .body = "{\"specversion\":\"1.0\"}", .status = 400, .code = "required" },
	{ .fault = GATE_SHORT, .status = 400, .code = "incomplete" },
	{ .authorization = "", .status = 401, .code = "not_authenticated" },
	{ .authorization = "Bearer wrong", .status = 403, .code = "permission_denied" },
	{ .scheme = SCHEME_HTTP, .status = 403, .code = "https_required" },
	{ .origin = "evil.net", .status = 403, .code = "origin_not_allowed" },
	{ .path = "/nowhere", .status = 404, .code = "not_found" },
	{ .method = "GET", .status = 405, .code = "method_not_allowed" },
	{ .fault = GATE_LATE, .status = 408, .code = "request_timeout" },
	{ .path = "/old", .status = 410, .code = "gone" },
	{ .over = true, .status = 413, .code = "too_large" },
	{ .type = BATCH, .body = "[" EVENT "," EVENT "," EVENT "]", .status = 413, .code = "batch_too_large" },
	{ .type = "text/plain", .status = 415, .code = "unsupported_media_type" },
	{ .authorization = "Bearer other", .status = 202 },
	{ .authorization = "Bearer other", .status = 429, .code = "too_many_requests" },
	{ .origin = "new.example", .grant = GRANT_UNSURE, .status = 503, .code = "service_unavailable" },
};

static void open_for_answers(struct world *w)
{
	open_world(w);
	w->endpoints[0].unlisted = UNLISTED_ASK;
	w->endpoints[0].batch = 2;
	w->senders[1].rate = 1;
}

START_TEST(WH_01_plain_http_from_another_machine_is_refused)
{
	static const struct { enum message_scheme scheme; const char *peer; bool taken; } cases[] = {
		{ SCHEME_HTTP, "192.0.2.7", false }, { SCHEME_HTTP, "2001:db8::1", false }, { SCHEME_HTTP, "", false },
		{ SCHEME_HTTP, "128.0.0.1", false }, { SCHEME_HTTP, "127.0.0.1", true }, { SCHEME_HTTP, "127.8.0.1", true },
		{ SCHEME_HTTP, "::1", true }, { SCHEME_HTTP, "::ffff:127.0.0.1", true }, { SCHEME_HTTP, "::ffff:192.0.2.7", false },
		{ SCHEME_HTTP, "unix:", true }, { SCHEME_HTTPS, "192.0.2.7", true }, { SCHEME_UNKNOWN, "192.0.2.7", true },
	};
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		w.request.message.scheme = cases[i].scheme;
		w.request.message.peer = cases[i].peer;
		judge(&w);
		ck_assert_msg((w.verdict.n == 1) == cases[i].taken, "case %zu", i);
		if (!cases[i].taken)
			refused(&w, 403, "https_required");
	}
	w.request.message = (struct message){ .method = "GET", .path = "/hook", .query = "", .peer = "192.0.2.7", .scheme = SCHEME_HTTP };
	refused(&w, 403, "https_required");	/* before the method is looked at */
	ck_assert_ptr_nonnull(strstr(w.verdict.reply.body, "setting https"));
	w.endpoints[0].https = false;
	refused(&w, 405, "method_not_allowed");
	w.endpoints[0].https = true;
	w.endpoints[0].accepts = ACCEPTS_NRC;
	refused(&w, 405, "method_not_allowed");
	w.endpoints[0].accepts = ACCEPTS_JSON;
	refused(&w, 403, "https_required");
	ck_assert(!has(&w, "API-version"));
	close_world(&w);
}
END_TEST

START_TEST(WH_02_only_post_delivers)
{
	static const char *const methods[] = { "GET", "HEAD", "PUT", "DELETE", "PATCH", "post", "options", "TRACE", "" };
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		w.request.message.method = methods[i];
		refused(&w, 405, "method_not_allowed");
		ck_assert(has(&w, "Allow: POST, OPTIONS\r\n"));
	}
	w.request.message.path = "/off";
	refused(&w, 405, "method_not_allowed");
	ck_assert(has(&w, "Allow: POST\r\n"));
	close_world(&w);
}
END_TEST

START_TEST(WH_10_what_is_retired_is_gone_for_post_and_options)
{
	struct world w;

	open_world(&w);
	w.request.message.path = "/old";
	refused(&w, 410, "gone");
	shake(&w, "good.example", "10", NULL);
	ck_assert_int_eq(w.verdict.reply.status, 410);
	ck_assert(!has(&w, "WebHook-Allowed"));
	close_world(&w);
}
END_TEST

START_TEST(OP_10_without_a_handshake_options_is_not_allowed)
{
	struct world w;

	open_world(&w);
	w.request.message.path = "/off";
	shake(&w, "good.example", "10", CALLBACK);
	ck_assert_int_eq(w.verdict.reply.status, 405);
	ck_assert(has(&w, "Allow: POST\r\n") && !has(&w, "WebHook-Allowed"));
	close_world(&w);
}
END_TEST

START_TEST(OP_03_options_without_an_origin_is_answered_plainly)
{
	struct world w;

	open_world(&w);
	shake(&w, NULL, "10", CALLBACK);
	answered(&w, 204);
	ck_assert_ptr_null(w.verdict.code);
	ck_assert_ptr_null(w.verdict.handshake);
	close_world(&w);
}
END_TEST

START_TEST(OP_05_a_grant_always_has_origin_and_rate)
{
	static const struct { int configured; const char *asked, *origin, *headers; } cases[] = {
		{ 100, "120", "good.example", "WebHook-Allowed-Origin: good.example\r\nWebHook-Allowed-Rate: 100\r\n" },
		{ 100, "20", "good.example", "WebHook-Allowed-Origin: good.example\r\nWebHook-Allowed-Rate: 20\r\n" },
		{ 100, NULL, "GOOD.Example", "WebHook-Allowed-Origin: GOOD.Example\r\nWebHook-Allowed-Rate: 100\r\n" },
		{ 0, "120", "good.example", "WebHook-Allowed-Origin: good.example\r\nWebHook-Allowed-Rate: 120\r\n" },
		{ 0, NULL, "good.example", "WebHook-Allowed-Origin: good.example\r\nWebHook-Allowed-Rate: *\r\n" },
	};
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		w.endpoints[0].origin_rate = cases[i].configured;
		shake(&w, cases[i].origin, cases[i].asked, CALLBACK);
		answered(&w, 200);
		ck_assert_msg(has(&w, cases[i].headers), "%s", w.verdict.reply.headers);
		ck_assert_uint_eq(w.verdict.reply.body_len, 0);
		ck_assert_int_eq(w.verdict.handshake->state, HANDSHAKE_GRANTED);
	}
	close_world(&w);
}
END_TEST

START_TEST(OP_04_what_is_no_host_name_is_400)
{
	static const char *const origins[] = { "https://good.example", "good.example:443", "good.example/x", "good example",
					       "good.example,other.example", "good.example.", "*", "" };
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < COUNT(origins); i++) {
		shake(&w, origins[i], NULL, CALLBACK);
		answered(&w, 400);
		ck_assert_str_eq(w.verdict.code, "invalid");
	}
	shake(&w, "good.example", NULL, NULL);
	w.headers[w.request.message.n_headers++] = (struct attr){ "webhook-request-origin", "good.example" };
	judge(&w);
	answered(&w, 400);
	ck_assert_str_eq(w.verdict.code, "repeated_header");
	close_world(&w);
}
END_TEST

START_TEST(OP_08_what_is_no_rate_is_400)
{
	static const char *const rates[] = { "0", "-1", "1.5", "abc", "", "+1", "1e3", "*" };
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < COUNT(rates); i++) {
		shake(&w, "good.example", rates[i], CALLBACK);
		answered(&w, 400);
		ck_assert_str_eq(w.verdict.code, "invalid");
	}
	close_world(&w);
}
END_TEST

START_TEST(OP_09_a_refusal_has_no_permission_headers)
{
	struct world w;

	open_world(&w);
	shake(&w, "good.example.evil.net", "10", CALLBACK);
	answered(&w, 403);
	ck_assert_str_eq(w.verdict.code, "origin_not_allowed");
	w.endpoints[0].unlisted = UNLISTED_ASK;
	shake(&w, "evil.net", "10", NULL);
	answered(&w, 403);
	shake(&w, "evil.net", "10", "http://evil.net/");
	answered(&w, 400);
	ck_assert_ptr_nonnull(strstr(w.verdict.reply.body, "\"header\":\"webhook-request-callback\""));
	grant_now = GRANT_DENIED;
	shake(&w, "evil.net", "10", CALLBACK);
	answered(&w, 403);
	grant_now = GRANT_UNSURE;
	shake(&w, "evil.net", "10", CALLBACK);
	answered(&w, 503);
	close_world(&w);
}
END_TEST

START_TEST(OP_12_an_unlisted_origin_with_a_callback_may_wait_for_an_operator)
{
	const struct handshake *h;
	struct world w;

	open_world(&w);
	w.endpoints[0].unlisted = UNLISTED_ASK;
	shake(&w, "New.example", "10", CALLBACK);
	answered(&w, 202);
	h = w.verdict.handshake;
	ck_assert_int_eq(h->state, HANDSHAKE_ASKED);
	ck_assert_str_eq(h->endpoint, "hook");
	ck_assert_str_eq(h->origin, "New.example");
	ck_assert_str_eq(h->callback, CALLBACK);
	ck_assert_int_eq(h->asked_rate, 10);
	ck_assert(h->at_ms > 0);
	ck_assert_ptr_null(w.verdict.code);
	for (int i = 1; i < 60; i++)
		shake(&w, "New.example", NULL, CALLBACK);
	answered(&w, 202);
	ck_assert_int_eq(w.verdict.handshake->asked_rate, 0);
	shake(&w, "other.example", NULL, CALLBACK);
	answered(&w, 429);
	ck_assert(has(&w, "Retry-After: 1\r\n"));
	ck_assert_ptr_null(w.verdict.handshake);
	shake(&w, "good.example", NULL, CALLBACK);
	answered(&w, 200);
	grant_now = GRANT_GIVEN;
	grant_rate = 5;
	shake(&w, "New.example", "10", CALLBACK);
	answered(&w, 200);
	ck_assert(has(&w, "WebHook-Allowed-Rate: 5\r\n"));
	close_world(&w);
}
END_TEST

START_TEST(AU_09_the_handshake_needs_no_credential_and_no_sound_body)
{
	struct world w;

	open_world(&w);
	w.request.over = true;
	w.request.fault = GATE_SHORT;
	shake(&w, "good.example", NULL, NULL);
	answered(&w, 200);
	w.request.fault = GATE_LATE;
	shake(&w, "good.example", NULL, NULL);
	ck_assert_int_eq(w.verdict.reply.status, 408);
	close_world(&w);
}
END_TEST

START_TEST(WH_04_an_origin_that_is_named_has_to_be_granted)
{
	struct world w;

	open_world(&w);
	taken(&w);
	w.endpoints[0].origin_required = true;
	refused(&w, 403, "origin_not_allowed");
	w.headers[w.request.message.n_headers++] = (struct attr){ "webhook-request-origin", "good.example" };
	taken(&w);
	w.headers[2].value = "GOOD.EXAMPLE";
	taken(&w);
	w.headers[2].value = "good.example.evil.net";
	refused(&w, 403, "origin_not_allowed");
	w.headers[2].value = "https://good.example";
	refused(&w, 403, "origin_not_allowed");
	w.endpoints[0].origin_required = false;
	refused(&w, 403, "origin_not_allowed");
	grant_now = GRANT_GIVEN;
	w.headers[2].value = "new.example";
	taken(&w);
	grant_now = GRANT_DENIED;
	refused(&w, 403, "origin_not_allowed");
	grant_now = GRANT_UNSURE;
	refused(&w, 503, "service_unavailable");
	w.headers[0].value = "Bearer wrong";
	refused(&w, 403, "permission_denied");	/* who it is comes first */
	w.headers[0].value = "Bearer secret";
	w.headers[w.request.message.n_headers++] = (struct attr){ "webhook-request-origin", "good.example" };
	refused(&w, 400, "repeated_header");
	w.request.message.path = "/off";
	taken(&w);	/* no handshake there: it is not looked at */
	close_world(&w);
}
END_TEST

START_TEST(WH_11_a_sender_above_its_rate_gets_429)
{
	struct world w;

	open_world(&w);
	w.senders[0].rate = 3;
	w.headers[0].value = "Bearer wrong";
	for (int i = 0; i < 10; i++)
		refused(&w, 403, "permission_denied");	/* counts for nobody */
	w.headers[0].value = "Bearer secret";
	for (int i = 0; i < 2; i++)
		taken(&w);
	w.headers[1].value = "text/plain";
	refused(&w, 415, "unsupported_media_type");	/* requests are counted, not events */
	w.headers[1].value = "application/json";
	refused(&w, 429, "too_many_requests");
	ck_assert(has(&w, "Retry-After: 20\r\n"));
	ck_assert(!w.verdict.keep_body);
	w.request.message.path = "/off";
	refused(&w, 429, "too_many_requests");	/* over all endpoints together */
	w.request.message.path = "/hook";
	w.headers[0].value = "Bearer other";
	taken(&w);
	close_world(&w);
}
END_TEST

START_TEST(OP_16_an_origin_above_its_grant_gets_429)
{
	struct world w;

	open_world(&w);
	w.endpoints[0].origin_rate = 2;
	w.headers[w.request.message.n_headers++] = (struct attr){ "webhook-request-origin", "good.example" };
	taken(&w);
	w.headers[2].value = "Good.Example";
	taken(&w);
	refused(&w, 429, "too_many_requests");
	ck_assert(has(&w, "Retry-After: 30\r\n"));
	grant_now = GRANT_GIVEN;
	grant_rate = 1;
	w.headers[2].value = "new.example";
	taken(&w);
	refused(&w, 429, "too_many_requests");
	ck_assert(has(&w, "Retry-After: 60\r\n"));
	grant_rate = 0;
	for (int i = 0; i < 50; i++)
		taken(&w);
	close_world(&w);
}
END_TEST

START_TEST(AU_05_a_token_in_the_query_makes_the_answer_private)
{
	struct world w;

	open_world(&w);
	taken(&w);
	ck_assert(has(&w, "Cache-Control: no-store\r\n"));
	w.headers[0].name = "x";
	w.request.message.query = "a=b&access_token=%6Fther";
	taken(&w);
	ck_assert_str_eq(w.verdict.sender, "vraag");
	ck_assert(has(&w, "Cache-Control: private, no-store\r\nX-Content-Type-Options"));
	ck_assert(has(&w, "API-version: "));
	w.request.message.query = "access_token=secret";
	refused(&w, 403, "permission_denied");
	w.request.message.query = "";
	refused(&w, 401, "not_authenticated");
	ck_assert(has(&w, "WWW-Authenticate: Bearer realm=\"postvak\"\r\n"));
	close_world(&w);
}
END_TEST

START_TEST(AU_07_a_credential_in_both_places_or_twice_is_400)
{
	static const char *const queries[] = { "access_token=other", "access_token=x&access_token=y", "access_token=%zz" };
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
		w.headers[0].name = i ? "x" : "authorization";
		w.request.message.query = queries[i];
		refused(&w, 400, "invalid_request");
		ck_assert_ptr_nonnull(strstr(w.verdict.reply.body, "\"access_token\""));
		ck_assert_ptr_null(strstr(w.verdict.reply.body, "other"));
	}
	w.request.message.path = "/off";	/* nobody there has query_token */
	w.headers[0].name = "authorization";
	w.request.message.query = "access_token=other&access_token=other";
	taken(&w);
	close_world(&w);
}
END_TEST

START_TEST(answers_have_the_version_of_notifications_only_where_these_are_taken)
{
	struct world w;

	open_world(&w);
	taken(&w);
	ck_assert(has(&w, "API-version: 1.0.0-rc1\r\n"));
	w.request.message.path = "/nowhere";
	refused(&w, 404, "not_found");
	ck_assert(has(&w, "API-version: 1.0.0-rc1\r\n"));
	w.request.message.path = "/old";
	refused(&w, 410, "gone");
	ck_assert(!has(&w, "API-version"));
	verdict_unavailable(&w.verdict, w.request.pool, "Later.", &w.verdict.reply);
	ck_assert_int_eq(w.verdict.reply.status, 503);
	ck_assert(!has(&w, "API-version") && has(&w, "Retry-After: "));
	close_world(&w);
}
END_TEST

START_TEST(where_a_fault_is_stands_in_the_answer)
{
	struct world w;

	open_world(&w);
	w.request.message.query = "access_token=x";
	refused(&w, 400, "invalid_request");
	ck_assert_ptr_nonnull(strstr(w.verdict.reply.body, "\"invalidParams\":[{\"name\":\"access_token\",\"code\":\"invalid_request\""));
	w.endpoints[0].accepts = ACCEPTS_CLOUD;
	refused(&w, 400, "invalid_request");
	ck_assert_ptr_nonnull(strstr(w.verdict.reply.body, "\"errors\":[{\"parameter\":\"access_token\",\"code\":\"invalid_request\""));
	ck_assert_ptr_null(strstr(w.verdict.reason, "?"));
	shake(&w, "no host", NULL, NULL);
	ck_assert_ptr_nonnull(strstr(w.verdict.reply.body, "\"errors\":[{\"header\":\"webhook-request-origin\",\"code\":\"invalid\""));
	shake(&w, "good.example", "x", NULL);
	ck_assert_ptr_nonnull(strstr(w.verdict.reply.body, "\"errors\":[{\"header\":\"webhook-request-rate\",\"code\":\"invalid\""));
	close_world(&w);
}
END_TEST

/* A CloudEvent in binary mode with these headers behind the first two. */
static void refuse_binary(struct world *w, const struct attr *more, size_t n)
{
	static struct attr headers[32];

	headers[0] = (struct attr){ "authorization", "Bearer secret" };
	headers[1] = (struct attr){ "content-type", "text/plain" };
	memcpy(headers + 2, more, n * sizeof *more);
	w->request.message.headers = headers;
	w->request.message.n_headers = 2 + n;
	judge(w);
	ck_assert_int_eq(w->verdict.reply.status, 400);
	ck_assert(w->verdict.keep_body);
}

START_TEST(the_headers_of_what_is_refused_are_kept)
{
	static const struct attr broken[] = { { "cookie", "a" }, { "ce-id", "" }, { "ce-id", "two\nlines\x1b" }, { "x-id", "no" },
					      { "ce-type", "t" }, { "proxy-authorization", "b" }, { "ce-specversion", "2" } };
	struct world w;

	open_world(&w);
	refuse_binary(&w, broken, sizeof broken / sizeof *broken);
	ck_assert_str_eq(w.verdict.headers, "content-type: text/plain\nce-id: \nce-id: two lines\x1b\nce-type: t\nce-specversion: 2\n");
	w.request.message.headers = w.headers;
	w.request.message.n_headers = 2;
	taken(&w);
	ck_assert_ptr_null(w.verdict.headers);
	w.request.message.path = "/old";
	refused(&w, 410, "gone");
	ck_assert_ptr_null(w.verdict.headers);
	w.request.message.path = "/hook";
	w.headers[1].name = "x";
	refused(&w, 415, "unsupported_media_type");
	ck_assert(w.verdict.keep_body);
	ck_assert_ptr_null(w.verdict.headers);
	w.endpoints[0].invalid = INVALID_QUARANTINE;
	w.headers[1] = (struct attr){ "content-type", "application/cloudevents+json" };
	taken(&w);
	ck_assert_ptr_nonnull(strstr(w.verdict.events[0]->note, "; "));
	ck_assert_ptr_null(w.verdict.headers);
	close_world(&w);
}
END_TEST

START_TEST(headers_that_a_mapping_reads_are_kept)
{
	struct attr more[] = { { "x-github-event", "push" }, { "x-other", "1" }, { "x-hub-id", "7" }, { "ce-a", "b" } };
	struct world w;
	struct err err;

	open_world(&w);
	w.endpoints[0].accepts = ACCEPTS_JSON;
	ck_assert_int_eq(mapping_parse(w.request.pool, MAP_ID, "/no | /none header:X-Hub-Id", &w.endpoints[0].map[MAP_ID], &err), 0);
	ck_assert_int_eq(mapping_parse(w.request.pool, MAP_TYPE, "'x-other' header:X-GitHub-Event", &w.endpoints[0].map[MAP_TYPE], &err), 0);
	ck_assert_int_eq(mapping_parse(w.request.pool, MAP_SOURCE, "/also/none", &w.endpoints[0].map[MAP_SOURCE], &err), 0);
	memcpy(w.headers + 2, more, sizeof more);
	w.request.message.n_headers = 6;
	refused(&w, 400, "required");
	ck_assert_str_eq(w.verdict.headers, "content-type: application/json\nx-github-event: push\nx-hub-id: 7\nce-a: b\n");
	close_world(&w);
}
END_TEST

START_TEST(headers_are_kept_up_to_16_KiB_and_cut_at_a_character)
{
	static char large[20000];
	struct attr more[] = { { "ce-id", large }, { "ce-type", "t" } }, filled[] = { { "ce-a", large }, { "ce-type", "t" } };
	const size_t before = strlen("content-type: text/plain\nce-id: ");
	struct world w;

	open_world(&w);
	memset(large, 'x', sizeof large - 1);
	refuse_binary(&w, more, 2);
	ck_assert_uint_eq(strlen(w.verdict.headers), 16384);
	ck_assert_ptr_nonnull(strstr(w.verdict.headers, "xx\n"));
	memcpy(large + 16384 - 3 - before, "\xc3\xa9", 2);	/* the last two bytes but the line end */
	refuse_binary(&w, more, 2);
	ck_assert_uint_eq(strlen(w.verdict.headers), 16384);
	ck_assert_ptr_nonnull(strstr(w.verdict.headers, "x\xc3\xa9\n"));
	memcpy(large + 16384 - 3 - before, "x\xc3\xa9", 3);
	refuse_binary(&w, more, 2);
	ck_assert_uint_eq(strlen(w.verdict.headers), 16383);
	ck_assert(utf8_valid(w.verdict.headers, 16383, NULL));
	memset(large, '\x80', sizeof large - 1);
	refuse_binary(&w, more, 2);
	ck_assert_str_eq(w.verdict.headers, "content-type: text/plain\nce-id: \n");
	memset(large, 'x', sizeof large - 1);
	large[16384 - strlen("content-type: text/plain\nce-a: \n") - 3] = '\0';	/* not even the next name */
	refuse_binary(&w, filled, 2);
	ck_assert_uint_eq(strlen(w.verdict.headers), 16384 - 3);
	ck_assert_ptr_null(strstr(w.verdict.headers, "ce-type"));
	large[16384 - strlen("content-type: text/plain\nce-a: \nce-type: t\n")] = '\0';	/* to the last byte */
	refuse_binary(&w, filled, 2);
	ck_assert_uint_eq(strlen(w.verdict.headers), 16384);
	ck_assert_ptr_nonnull(strstr(w.verdict.headers, "x\nce-type: t\n"));
	close_world(&w);
}
END_TEST

START_TEST(the_reason_that_is_kept_names_every_fault)
{
	struct attr broken[] = { { "ce-specversion", "2" }, { "ce-a_b", "x" }, { "ce-time", "now" } };
	struct attr many[30];
	struct world w;
	size_t len;

	open_world(&w);
	refuse_binary(&w, broken, 3);
	ck_assert_ptr_nonnull(strstr(w.verdict.reply.body, " more)\""));
	ck_assert_ptr_null(strstr(w.verdict.reason, " more)"));
	ck_assert_ptr_null(strstr(w.verdict.reason, ".;"));
	ck_assert_ptr_nonnull(strstr(w.verdict.reason, "; ce-time: "));
	ck_assert_ptr_nonnull(strstr(w.verdict.reason, "ce-source: "));
	ck_assert_ptr_nonnull(strstr(w.verdict.reason, "; ce-a_b: "));
	for (size_t i = 0; i < 30; i++)
		many[i] = (struct attr){ pool_fmt(w.request.pool, "ce-_%0*zu\xc3\xa9", 91 + (int)i % 2, i), "x" };
	many[0].name = "ce-id";
	refuse_binary(&w, many, 30);
	len = strlen(w.verdict.reason);
	ck_assert_uint_le(len, 2000);
	ck_assert_uint_gt(len, 1996);
	ck_assert(utf8_valid(w.verdict.reason, len, NULL));
	ck_assert_ptr_nonnull(strstr(w.verdict.reason, " more)"));
	close_world(&w);
}
END_TEST

/* ---- web hooks: deliveries ---- */

START_TEST(WH_03_content_type_and_payload)
{
	static const struct row required[] = {
		{ .status = 202 }, { .type = "application/json", .body = "{}", .binary = true, .status = 202 },
		{ .type = "text/plain", .body = "hoi", .binary = true, .status = 202 },
		{ .type = "", .status = 415, .code = "unsupported_media_type" },
		{ .type = "", .body = GOOD, .status = 415, .code = "unsupported_media_type" },
		{ .type = "", .body = "{}", .binary = true, .status = 415, .code = "unsupported_media_type" },
		{ .type = "", .body = "", .binary = true, .status = 415, .code = "unsupported_media_type" },
		{ .type = "application/json", .body = "", .binary = true, .status = 400, .code = "required" },
		{ .type = "application/json", .body = "", .status = 400, .code = "required" },
		{ .body = "", .status = 400, .code = "required" }, { .body = "hoi", .status = 400, .code = "parse_error" },
	}, optional[] = {
		{ .type = "", .body = "{}", .binary = true, .status = 202 }, { .type = "", .body = "", .binary = true, .status = 202 },
		{ .type = "application/json", .body = "", .binary = true, .status = 202 },
		{ .type = "", .status = 415, .code = "unsupported_media_type" }, { .body = "", .status = 400, .code = "required" },
	};
	struct world w;

	open_world(&w);
	TABLE(&w, required);
	w.endpoints[0].payload_optional = true;
	TABLE(&w, optional);
	close_world(&w);
}
END_TEST

/* A delivery with this setting of the endpoint; an empty batch is one, too. */
static void deliver(struct world *w, enum conf_answer answer, struct row row)
{
	bool body = row.status == 200;

	w->endpoints[0].answer = answer;
	table(w, __LINE__, &row, 1);
	ck_assert_uint_eq(w->verdict.reply.body_len, body ? 2 : 0);
	ck_assert_int_eq(has(w, "Content-Type: application/json\r\n"), body);
	ck_assert_int_eq(has(w, "Content-Type: "), body);
	ck_assert(w->verdict.n == 1 || !w->verdict.code);
}

START_TEST(WH_05_a_body_comes_with_200_and_its_type)
{
	struct world w;

	open_world(&w);
	w.endpoints[0].batch = 2;
	deliver(&w, ANSWER_200, (struct row){ .status = 200 });
	deliver(&w, ANSWER_200, (struct row){ .type = "text/plain", .body = "hoi", .binary = true, .status = 200 });
	deliver(&w, ANSWER_200, (struct row){ .type = "application/json", .body = GOOD, .status = 200 });
	deliver(&w, ANSWER_200, (struct row){ .type = BATCH, .body = "[]", .status = 200 });
	ck_assert_str_eq(w.verdict.reply.body, "{}");
	close_world(&w);
}
END_TEST

START_TEST(WH_06_processed_without_a_body_is_204)
{
	struct world w;

	open_world(&w);
	w.endpoints[0].batch = 2;
	deliver(&w, ANSWER_204, (struct row){ .status = 204 });
	deliver(&w, ANSWER_204, (struct row){ .type = "text/plain", .body = "hoi", .binary = true, .status = 204 });
	deliver(&w, ANSWER_AUTO, (struct row){ .type = "application/json", .body = GOOD, .status = 204 });
	deliver(&w, ANSWER_AUTO, (struct row){ .type = BATCH, .body = "[]", .status = 204 });
	close_world(&w);
}
END_TEST

START_TEST(WH_07_queued_is_202)
{
	struct world w;

	open_world(&w);
	w.endpoints[0].batch = 2;
	deliver(&w, ANSWER_AUTO, (struct row){ .status = 202 });
	ck_assert(!has(&w, "API-version: "));
	deliver(&w, ANSWER_AUTO, (struct row){ .status = 202 });	/* the same again */
	deliver(&w, ANSWER_AUTO, (struct row){ .type = BATCH, .body = "[" EVENT "]", .status = 202 });
	deliver(&w, ANSWER_202, (struct row){ .type = "application/json", .body = GOOD, .status = 202 });
	w.endpoints[0].accepts = ACCEPTS_CLOUD;
	deliver(&w, ANSWER_202, (struct row){ .type = "text/plain", .body = "hoi", .binary = true, .status = 202 });
	ck_assert(!has(&w, "API-version"));
	close_world(&w);
}
END_TEST

START_TEST(WH_08_a_refusal_has_a_body_that_says_why)
{
	struct world w;

	open_for_answers(&w);
	for (size_t i = 0; i < COUNT(answers); i++) {
		const struct gate_reply *reply = &w.verdict.reply;

		request(&w, &answers[i]);
		ck_assert_int_eq(has(&w, "Content-Type: application/problem+json\r\n"), reply->status >= 400);
		ck_assert_int_eq(reply->body_len > 0, reply->status >= 400);
		if (reply->body_len) {	/* all of a reason is in the record: the detail has the first of several faults */
			char *reason = strdup(w.verdict.reason);

			reason[strcspn(reason, ";")] = '\0';
			ck_assert_ptr_nonnull(strstr(reply->body, reason));
			free(reason);
		}
	}
	close_world(&w);
}
END_TEST

START_TEST(WH_09_nothing_is_redirected)
{
	static const struct row rows[] = {
		{ .path = "/hook/", .status = 404, .code = "not_found" }, { .path = "//hook", .status = 404, .code = "not_found" },
		{ .path = "/Hook", .status = 404, .code = "not_found" }, { .path = "/hook/../hook", .status = 404, .code = "not_found" },
		{ .path = "/hook;x", .status = 404, .code = "not_found" }, { .path = "", .status = 404, .code = "not_found" },
		{ .path = "/", .status = 404, .code = "not_found" }, { .path = "/%68ook", .status = 404, .code = "not_found" },
		{ .scheme = SCHEME_HTTP, .status = 403, .code = "https_required" },
		{ .scheme = SCHEME_HTTP, .method = "OPTIONS", .origin = "good.example", .status = 403, .code = "https_required" },
		{ .path = "/old", .status = 410, .code = "gone" }, { .method = "GET", .status = 405, .code = "method_not_allowed" },
		{ .more = { "if-none-match", "*" }, .status = 202 },
		{ .more = { "if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT" }, .status = 202 },
		{ .more = { "upgrade-insecure-requests", "1" }, .status = 202 }, { .query = "x=1", .status = 202 },
	};
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < COUNT(rows); i++) {
		table(&w, __LINE__, &rows[i], 1);	/* judge() looks for 3xx */
		ck_assert(!has(&w, "Location:"));
	}
	close_world(&w);
}
END_TEST

START_TEST(WH_12_a_format_that_is_not_understood_is_415)
{
#define NOT_TAKEN NO_CODE("unsupported_media_type")
#define NO_FORMAT NO_CODE("unsupported_format")
#define NO_CODE(name) .status = 415, .code = name, .says = "Accept-Post: application/cloudevents+json\r\n"
	static const struct row rows[] = {
		{ .type = STRUCTURED "; charset=UTF-8", .status = 202 }, { .type = "Application/CloudEvents+JSON", .status = 202 },
		{ .type = "text/plain", NOT_TAKEN }, { .type = "application/json", NOT_TAKEN }, { .type = "", NOT_TAKEN },
		{ .type = "application/x-www-form-urlencoded", NOT_TAKEN }, { .type = "multipart/form-data; boundary=x", NOT_TAKEN },
		{ .type = "application/cloudevents", NO_FORMAT }, { .type = "application/cloudevents+xml", NO_FORMAT },
		{ .type = "application/cloudevents+avro", NO_FORMAT }, { .type = "application/cloudevents+jsonx", NO_FORMAT },
		{ .type = "application/cloudevents-batch", NO_FORMAT },
		{ .type = BATCH, .body = "[" EVENT "]", NO_CODE("batch_not_supported") },
		{ .type = STRUCTURED "; charset=iso-8859-1", .status = 415, .code = "unsupported_charset" },
		{ .more = { "content-encoding", "gzip" }, .status = 415, .code = "unsupported_content_encoding" },
	};
	struct world w;

	open_world(&w);
	w.endpoints[0].accepts = ACCEPTS_CLOUD;
	TABLE(&w, rows);
	close_world(&w);
}
END_TEST

/* 411, 414, 431 and 500 are the web server's. */
START_TEST(WH_13_other_codes_are_those_of_http)
{
	struct world w;

	open_for_answers(&w);
	for (size_t i = 0; i < COUNT(answers); i++) {
		int status = answers[i].status;

		table(&w, __LINE__, &answers[i], 1);
		ck_assert_int_eq(has(&w, "Retry-After: "), status == 429 || status == 503);
		ck_assert_int_eq(has(&w, "WWW-Authenticate: "), status == 401);
	}
	verdict_unavailable(&w.verdict, w.request.pool, "The store is full.", &w.verdict.reply);
	ck_assert_int_eq(w.verdict.reply.status, 503);
	ck_assert(has(&w, "Retry-After: "));
	close_world(&w);
}
END_TEST

/* ---- web hooks: credentials ---- */

START_TEST(AU_03_no_scheme_that_is_a_challenge_is_offered)
{
	static const struct row rows[] = {
		{ .authorization = "", .status = 401, .code = "not_authenticated" },
		{ .authorization = "Digest username=\"x\", realm=\"postvak\", nonce=\"1\", uri=\"/hook\", response=\"1\"", .status = 403,
		  .code = "permission_denied" },
		{ .authorization = "NTLM TlRMTVNTUAABAAAA", .status = 403, .code = "permission_denied" },
		{ .authorization = "Negotiate YII=", .status = 403, .code = "permission_denied" },
		{ .authorization = "SCRAM-SHA-256 data=biws", .status = 403, .code = "permission_denied" },
		{ .authorization = "Bearer wrong", .status = 403, .code = "permission_denied" },
		{ .path = "/off", .authorization = "", .status = 401, .code = "not_authenticated" },
		{ .method = "OPTIONS", .authorization = "", .origin = "good.example", .status = 200 },
	};
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < COUNT(rows); i++) {
		table(&w, __LINE__, &rows[i], 1);
		ck_assert(!has(&w, "Proxy-Authenticate") && !has(&w, "nonce") && !has(&w, "Digest") && !has(&w, "NTLM"));
		ck_assert_int_eq(has(&w, "WWW-Authenticate: Bearer realm=\"postvak\"\r\n"), rows[i].status == 401);
		ck_assert_int_eq(has(&w, "WWW-Authenticate"), rows[i].status == 401);
	}
	close_world(&w);
}
END_TEST

/* A wrong credential is 403, as the reference implementations of the NRC have it. */
START_TEST(AU_08_none_is_401_and_one_that_is_not_accepted_403)
{
	static const struct row rows[] = {
		{ .status = 202 }, { .authorization = "Bearer other", .status = 202 },
		{ .authorization = "", .status = 401, .code = "not_authenticated" },
		{ .authorization = "", .query = "access_token=", .status = 401, .code = "not_authenticated" },
		{ .authorization = "", .more = { "x-api-key", "secret" }, .status = 401, .code = "not_authenticated" },
		{ .authorization = "Bearer nobody", .status = 403, .code = "permission_denied" },
		{ .authorization = "", .query = "access_token=nobody", .status = 403, .code = "permission_denied" },
		{ .path = "/off", .authorization = "Bearer other", .status = 403, .code = "permission_denied" },
		{ .origin = "evil.net", .status = 403, .code = "origin_not_allowed" },
		{ .origin = "evil.net", .grant = GRANT_UNSURE, .status = 503, .code = "service_unavailable", .says = "Retry-After: " },
	};
	static const struct row not_his = { .status = 403, .code = "type_not_allowed" };
	struct world w;

	open_world(&w);
	TABLE(&w, rows);
	w.senders[0].may_send = "c.**";
	table(&w, __LINE__, &not_his, 1);
	close_world(&w);
}
END_TEST

/* ---- web hooks: the handshake ---- */

START_TEST(OP_01_abuse_protection_is_there_where_it_is_configured)
{
	static const struct { const char *origins; enum conf_unlisted unlisted; struct row row; } rows[] = {
		{ NULL, UNLISTED_REFUSE, { .status = 405, .code = "method_not_allowed", .says = "Allow: POST\r\n" } },
		{ "good.example", UNLISTED_REFUSE, { .status = 200, .says = "WebHook-Allowed-Origin: good.example\r\n" } },
		{ "*", UNLISTED_REFUSE, { .status = 200, .says = "WebHook-Allowed-Origin: good.example\r\n" } },
		{ "other.example", UNLISTED_REFUSE, { .status = 403, .code = "origin_not_allowed" } },
		{ "other.example", UNLISTED_ASK, { .status = 202 } }, { NULL, UNLISTED_ASK, { .status = 202 } },
		{ NULL, UNLISTED_ASK, { .grant = GRANT_GIVEN, .status = 200, .says = "WebHook-Allowed-Rate: " } },
		{ NULL, UNLISTED_ASK, { .grant = GRANT_DENIED, .status = 403, .code = "origin_not_allowed" } },
	};
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct row row = rows[i].row;

		row.method = "OPTIONS";
		row.origin = "good.example";
		row.callback = CALLBACK;
		w.endpoints[0].origins = rows[i].origins;
		w.endpoints[0].unlisted = rows[i].unlisted;
		table(&w, __LINE__, &row, 1);
	}
	close_world(&w);
}
END_TEST

START_TEST(OP_02_options_at_the_very_target)
{
#define ASKED .method = "OPTIONS", .authorization = "", .type = "", .body = "", .origin = "good.example"
	static const struct row rows[] = {
		{ ASKED, .status = 200 }, { ASKED, .query = "x=1&y", .status = 200 }, { ASKED, .query = "access_token=other", .status = 200 },
		{ ASKED, .query = "access_token=wrong&access_token=", .status = 200 }, { ASKED, .status = 200 },	/* before a delivery */
		{ ASKED, .path = "/hook/", .status = 404, .code = "not_found" }, { ASKED, .path = "/HOOK", .status = 404, .code = "not_found" },
		{ ASKED, .path = "*", .status = 404, .code = "not_found" }, { ASKED, .path = "/old", .status = 410, .code = "gone" },
		{ ASKED, .path = "/off", .status = 405, .code = "method_not_allowed" },
	};
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < COUNT(rows); i++) {
		table(&w, __LINE__, &rows[i], 1);
		ck_assert_int_eq(has(&w, "WebHook-Allowed-"), rows[i].status == 200);
	}
	close_world(&w);
}
END_TEST

START_TEST(OP_07_the_smaller_of_the_rates_is_allowed)
{
	static const struct { int configured; enum trust_grant grant; int granted; const char *asked, *line; } rows[] = {
		{ 100, GRANT_NONE, 0, "120", "WebHook-Allowed-Rate: 100\r\n" }, { 100, GRANT_NONE, 0, "20", "WebHook-Allowed-Rate: 20\r\n" },
		{ 100, GRANT_NONE, 0, "100", "WebHook-Allowed-Rate: 100\r\n" }, { 100, GRANT_NONE, 0, "1", "WebHook-Allowed-Rate: 1\r\n" },
		{ 100, GRANT_NONE, 0, NULL, "WebHook-Allowed-Rate: 100\r\n" }, { 0, GRANT_NONE, 0, "120", "WebHook-Allowed-Rate: 120\r\n" },
		{ 0, GRANT_NONE, 0, NULL, "WebHook-Allowed-Rate: *\r\n" }, { 0, GRANT_NONE, 0, "0020", "WebHook-Allowed-Rate: 20\r\n" },
		{ 100, GRANT_GIVEN, 5, "10", "WebHook-Allowed-Rate: 5\r\n" }, { 100, GRANT_GIVEN, 5, "3", "WebHook-Allowed-Rate: 3\r\n" },
		{ 100, GRANT_GIVEN, 5, NULL, "WebHook-Allowed-Rate: 5\r\n" }, { 100, GRANT_GIVEN, 0, NULL, "WebHook-Allowed-Rate: *\r\n" },
	};
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < COUNT(rows); i++) {
		w.endpoints[0].origin_rate = rows[i].configured;
		grant_now = rows[i].grant;
		grant_rate = rows[i].granted;
		shake(&w, grant_now == GRANT_GIVEN ? "new.example" : "good.example", rows[i].asked, NULL);
		answered(&w, 200);
		ck_assert_msg(has(&w, rows[i].line), "row %zu: %s", i, w.verdict.reply.headers);
	}
	close_world(&w);
}
END_TEST

START_TEST(OP_11_allow_names_post)
{
#define ASKS .method = "OPTIONS", .says = "Allow: POST, OPTIONS\r\n"
	static const struct row rows[] = {
		{ ASKS, .status = 204 }, { ASKS, .origin = "good.example", .status = 200 },
		{ ASKS, .origin = "new.example", .callback = CALLBACK, .status = 202 },
		{ ASKS, .origin = "a b", .status = 400, .code = "invalid" },
		{ ASKS, .origin = "good.example", .more = { "webhook-request-rate", "0" }, .status = 400, .code = "invalid" },
		{ ASKS, .origin = "new.example", .status = 403, .code = "origin_not_allowed" },
		{ ASKS, .origin = "new.example", .grant = GRANT_DENIED, .status = 403, .code = "origin_not_allowed" },
		{ ASKS, .origin = "new.example", .grant = GRANT_UNSURE, .status = 503, .code = "service_unavailable" },
		{ .method = "OPTIONS", .path = "/off", .status = 405, .code = "method_not_allowed", .says = "Allow: POST\r\n" },
		{ .method = "GET", .status = 405, .code = "method_not_allowed", .says = "Allow: POST, OPTIONS\r\n" },
	};
	struct world w;

	open_for_answers(&w);
	TABLE(&w, rows);
	close_world(&w);
}
END_TEST

START_TEST(OP_15_the_granted_origin_comes_with_each_delivery)
{
	static const struct { bool required; struct row row; } rows[] = {
		{ true, { .origin = "good.example", .status = 202 } }, { true, { .origin = "Good.Example", .status = 202 } },
		{ true, { .type = "application/json", .body = GOOD, .origin = "good.example", .status = 204 } },
		{ true, { .type = "text/plain", .body = "hoi", .binary = true, .origin = "good.example", .status = 202 } },
		{ true, { .status = 403, .code = "origin_not_allowed" } },
		{ true, { .origin = "other.example", .status = 403, .code = "origin_not_allowed" } },
		{ true, { .origin = "good.example", .more = { "webhook-request-origin", "good.example" }, .status = 400,
			  .code = "repeated_header" } },
		{ false, { .status = 202 } }, { false, { .origin = "good.example", .status = 202 } },
		{ false, { .origin = "other.example", .status = 403, .code = "origin_not_allowed" } },
	};
	struct world w;

	open_world(&w);
	shake(&w, "good.example", NULL, NULL);
	answered(&w, 200);
	for (size_t i = 0; i < COUNT(rows); i++) {
		w.endpoints[0].origin_required = rows[i].required;
		table(&w, __LINE__, &rows[i].row, 1);
	}
	close_world(&w);
}
END_TEST

/* Browsers do not deliver here. */
START_TEST(OP_17_no_headers_for_browsers)
{
	static const struct row rows[] = {
		{ .method = "OPTIONS", .origin = "good.example", .more = { "origin", "https://good.example" }, .status = 200 },
		{ .method = "OPTIONS", .origin = "good.example", .more = { "access-control-request-method", "POST" }, .status = 200 },
		{ .method = "OPTIONS", .more = { "access-control-request-headers", "content-type" }, .status = 204 },
		{ .method = "OPTIONS", .path = "/off", .more = { "origin", "null" }, .status = 405, .code = "method_not_allowed" },
		{ .more = { "origin", "https://good.example" }, .status = 202 },
		{ .authorization = "", .more = { "origin", "https://good.example" }, .status = 401, .code = "not_authenticated" },
	};
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < COUNT(rows); i++) {
		table(&w, __LINE__, &rows[i], 1);
		ck_assert(!has(&w, "Access-Control-"));
	}
	close_world(&w);
}
END_TEST

START_TEST(X_28_origins_are_compared_whole_and_echoed)
{
	static const struct { const char *asked; bool granted; } rows[] = {
		{ "good.example", true }, { "GOOD.example", true }, { "Two.Example", true }, { "two.example", true },
		{ "good.example.evil.net", false }, { "good.exampl", false }, { "good.examples", false }, { "good", false },
		{ "a.good.example", false }, { "evilgood.example", false }, { "good.example-evil.net", false },
	};
	static const struct row deliveries[] = {	/* WebHook-Request-Origin is what counts, not Origin */
		{ .origin = "good.example", .more = { "origin", "https://evil.net" }, .status = 202 },
		{ .more = { "origin", "good.example" }, .status = 403, .code = "origin_not_allowed" },
		{ .origin = "good.example.evil.net", .more = { "origin", "good.example" }, .status = 403, .code = "origin_not_allowed" },
	};
	struct world w;

	open_world(&w);
	w.endpoints[0].origins = "good.example, two.EXAMPLE";
	for (size_t i = 0; i < COUNT(rows); i++) {
		shake(&w, rows[i].asked, NULL, NULL);
		answered(&w, rows[i].granted ? 200 : 403);
		ck_assert_int_eq(has(&w, pool_fmt(w.request.pool, "WebHook-Allowed-Origin: %s\r\n", rows[i].asked)), rows[i].granted);
	}
	w.endpoints[0].origin_required = true;
	TABLE(&w, deliveries);
	close_world(&w);
}
END_TEST

START_TEST(X_29_a_grant_has_a_rate_whether_asked_or_not)
{
	static const struct { int configured; const char *asked, *line; } rows[] = {
		{ 0, NULL, "WebHook-Allowed-Rate: *\r\n" }, { 0, "7", "WebHook-Allowed-Rate: 7\r\n" },
		{ 60, NULL, "WebHook-Allowed-Rate: 60\r\n" }, { 60, "7", "WebHook-Allowed-Rate: 7\r\n" },
	};
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < COUNT(rows); i++) {
		w.endpoints[0].origin_rate = rows[i].configured;
		shake(&w, "good.example", rows[i].asked, NULL);
		answered(&w, 200);
		ck_assert_msg(has(&w, rows[i].line), "row %zu: %s", i, w.verdict.reply.headers);
	}
	close_world(&w);
}
END_TEST

/* ---- the rules for APIs ---- */

START_TEST(ADR_03_every_answer_has_the_security_headers)
{
	static const char *const lines[] = {
		"Cache-Control: no-store\r\n", "Content-Security-Policy: frame-ancestors 'none'\r\n", "X-Content-Type-Options: nosniff\r\n",
		"X-Frame-Options: DENY\r\n", "Strict-Transport-Security: max-age=31536000\r\n",
	};
	struct world w;

	open_for_answers(&w);
	for (size_t i = 0; i < COUNT(answers); i++) {
		request(&w, &answers[i]);
		for (size_t j = 0; j < COUNT(lines); j++)
			ck_assert_msg(has(&w, lines[j]), "row %zu: %s", i, lines[j]);
		ck_assert_int_eq(has(&w, "Content-Type: "), w.verdict.reply.body_len > 0);
	}
	close_world(&w);
}
END_TEST

/* Which versions and ciphers of TLS is the web server's. */
START_TEST(ADR_04_tls_and_405_with_allow)
{
#define OTHER(m, p, allow) { .method = m, .path = p, .status = 405, .code = "method_not_allowed", .says = "Allow: " allow "\r\n" }
	static const struct row rows[] = {
		OTHER("GET", "/hook", "POST, OPTIONS"), OTHER("HEAD", "/hook", "POST, OPTIONS"), OTHER("PUT", "/hook", "POST, OPTIONS"),
		OTHER("DELETE", "/hook", "POST, OPTIONS"), OTHER("PATCH", "/hook", "POST, OPTIONS"), OTHER("post", "/hook", "POST, OPTIONS"),
		OTHER("GET", "/off", "POST"), OTHER("OPTIONS", "/off", "POST"), OTHER("TRACE", "/off", "POST"),
		{ .scheme = SCHEME_HTTP, .status = 403, .code = "https_required" }, { .scheme = SCHEME_HTTPS, .status = 202 },
		{ .scheme = SCHEME_HTTP, .method = "GET", .status = 403, .code = "https_required" },
	};
	struct world w;

	open_world(&w);
	TABLE(&w, rows);
	close_world(&w);
}
END_TEST

/* ---- through the committer, to the store and back ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t answered_one = PTHREAD_COND_INITIALIZER;
static int last_status;

static void take_answer(struct gate_request *request, const struct gate_reply *reply)
{
	(void)request;
	pthread_mutex_lock(&lock);
	last_status = reply->status;
	pthread_cond_signal(&answered_one);
	pthread_mutex_unlock(&lock);
}

static int serve(struct world *w, const struct intake *intake, const char *origin)
{
	int status;

	w->headers[0] = (struct attr){ "webhook-request-origin", origin };
	w->headers[1] = (struct attr){ "webhook-request-callback", CALLBACK };
	w->request.message.method = "OPTIONS";
	w->request.answer = take_answer;
	last_status = 0;
	intake_serve((void *)(uintptr_t)intake, &w->request);
	pthread_mutex_lock(&lock);
	while (!last_status)
		pthread_cond_wait(&answered_one, &lock);
	status = last_status;
	pthread_mutex_unlock(&lock);
	return status;
}

static void settle(const char *spec, enum handshake_state state)
{
	struct store_setup setup = { .spec = spec };
	struct handshake change = { .n = 1, .state = state, .allowed_rate = 9, .settled_ms = 1, .who = "beheer" };
	struct store *store;
	struct err err;
	bool found;

	ck_assert_msg(store_open(&setup, STORE_LOG, &store, &err) == 0, "%s", err.text);
	ck_assert_int_eq(store_handshake_settle(store, &change, &found, &err), 0);
	ck_assert(found);
	store_close(&store);
}

START_TEST(an_operators_grant_works_at_once)
{
	char dir[UNIT_PATH], spec[UNIT_PATH + 8];
	struct board *board = board_private();
	struct intake intake = { .board = board };
	struct grants *grants;
	struct world w;
	struct err err;

	open_world(&w);
	snprintf(spec, sizeof spec, "sqlite:%s", unit_dir(dir));
	w.conf.store = spec;
	w.conf.run_dir = dir;
	w.endpoints[0].unlisted = UNLISTED_ASK;
	grants = grants_new(&w.conf, false);
	trust_consult(w.trust, &(struct trust_outside){ .rates = w.rates, .granted = grants_find, .granted_arg = grants });
	intake.conf = &w.conf;
	intake.trust = w.trust;
	intake.committer = committer_start(&w.conf, board, &err);	/* makes the store */
	ck_assert_ptr_nonnull(intake.committer);
	intake.clerk = clerk_new(&w.conf, board);
	ck_assert_int_eq(serve(&w, &intake, "new.example"), 202);
	ck_assert_int_eq(serve(&w, &intake, "good.example"), 200);
	ck_assert_int_eq(serve(&w, &intake, "New.example"), 202);
	settle(spec, HANDSHAKE_GRANTED);
	ck_assert_int_eq(serve(&w, &intake, "NEW.example"), 200);
	ck_assert_int_eq(serve(&w, &intake, "other.example"), 202);
	settle(spec, HANDSHAKE_DENIED);
	ck_assert_int_eq(serve(&w, &intake, "new.example"), 403);
	ck_assert(board_get(board, BOARD_REJECTED_403) == 1);
	ck_assert(board_get(board, BOARD_ACCEPTED) == 0);
	clerk_end(intake.clerk);
	ck_assert_int_eq(serve(&w, &intake, "third.example"), 503);
	clerk_free(&intake.clerk);
	committer_stop(&intake.committer);
	grants_free(&grants);
	board_close(&board);
	close_world(&w);
}
END_TEST

START_TEST(a_handshake_that_cannot_be_kept_gets_503)
{
	struct board *board = board_private();
	struct intake intake = { .board = board };
	struct world w;

	open_world(&w);
	w.conf.store = "sqlite:/no/such/place";
	w.conf.run_dir = "/no/such/place";
	w.endpoints[0].unlisted = UNLISTED_ASK;
	intake.conf = &w.conf;
	intake.trust = w.trust;
	intake.clerk = clerk_new(&w.conf, board);
	ck_assert_int_eq(serve(&w, &intake, "new.example"), 503);
	ck_assert(board_get(board, BOARD_UNAVAILABLE) == 1);
	clerk_free(&intake.clerk);
	board_close(&board);
	close_world(&w);
}
END_TEST

UNIT_MAIN("webhook", WH_01_plain_http_from_another_machine_is_refused, WH_02_only_post_delivers,
	  WH_10_what_is_retired_is_gone_for_post_and_options, OP_10_without_a_handshake_options_is_not_allowed,
	  OP_03_options_without_an_origin_is_answered_plainly, OP_05_a_grant_always_has_origin_and_rate,
	  OP_04_what_is_no_host_name_is_400, OP_08_what_is_no_rate_is_400, OP_09_a_refusal_has_no_permission_headers,
	  OP_12_an_unlisted_origin_with_a_callback_may_wait_for_an_operator,
	  AU_09_the_handshake_needs_no_credential_and_no_sound_body, WH_04_an_origin_that_is_named_has_to_be_granted,
	  WH_11_a_sender_above_its_rate_gets_429, OP_16_an_origin_above_its_grant_gets_429,
	  AU_05_a_token_in_the_query_makes_the_answer_private, AU_07_a_credential_in_both_places_or_twice_is_400,
	  answers_have_the_version_of_notifications_only_where_these_are_taken, where_a_fault_is_stands_in_the_answer,
	  the_headers_of_what_is_refused_are_kept, headers_that_a_mapping_reads_are_kept,
	  headers_are_kept_up_to_16_KiB_and_cut_at_a_character, the_reason_that_is_kept_names_every_fault,
	  WH_03_content_type_and_payload, WH_05_a_body_comes_with_200_and_its_type, WH_06_processed_without_a_body_is_204,
	  WH_07_queued_is_202, WH_08_a_refusal_has_a_body_that_says_why, WH_09_nothing_is_redirected,
	  WH_12_a_format_that_is_not_understood_is_415, WH_13_other_codes_are_those_of_http,
	  AU_03_no_scheme_that_is_a_challenge_is_offered, AU_08_none_is_401_and_one_that_is_not_accepted_403,
	  OP_01_abuse_protection_is_there_where_it_is_configured, OP_02_options_at_the_very_target,
	  OP_07_the_smaller_of_the_rates_is_allowed, OP_11_allow_names_post, OP_15_the_granted_origin_comes_with_each_delivery,
	  OP_17_no_headers_for_browsers, X_28_origins_are_compared_whole_and_echoed,
	  X_29_a_grant_has_a_rate_whether_asked_or_not, ADR_03_every_answer_has_the_security_headers,
	  ADR_04_tls_and_405_with_allow, an_operators_grant_works_at_once,
	  a_handshake_that_cannot_be_kept_gets_503)
