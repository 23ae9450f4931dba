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
#define CALLBACK "https://a.example/cb?id=geheim"

static const char *secrets[] = { "Bearer secret" }, *others[] = { "Bearer other" };
static size_t both[] = { 0, 1 };

struct world {
	struct conf_sender senders[2];
	struct conf_endpoint endpoints[3];
	struct conf conf;
	struct trust *trust;
	struct rates *rates;
	struct attr headers[8];
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
	trust_consult(w->trust, w->rates, decide, NULL);
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

START_TEST(OP_04_and_OP_08_what_is_no_origin_or_rate_is_400)
{
	static const struct { const char *origin, *rate; } cases[] = {
		{ "https://good.example", "10" }, { "good.example:443", "10" }, { "", NULL }, { "good.example", "0" },
		{ "good.example", "-1" }, { "good.example", "1.5" }, { "good.example", "abc" }, { "good.example", "" },
	};
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		shake(&w, cases[i].origin, cases[i].rate, CALLBACK);
		answered(&w, 400);
		ck_assert_ptr_nonnull(w.verdict.code);
	}
	shake(&w, "good.example", NULL, NULL);
	w.headers[w.request.message.n_headers++] = (struct attr){ "webhook-request-origin", "good.example" };
	judge(&w);
	answered(&w, 400);
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
	answered(&w, 403);
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

static void deliver(struct world *w, enum conf_answer answer, int status)
{
	w->endpoints[0].answer = answer;
	w->headers[1].value = "application/cloudevents+json";
	w->request.message.body = (const unsigned char *)"{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/x\",\"type\":\"a.b\"}";
	w->request.message.body_len = strlen((const char *)w->request.message.body);
	taken(w);
	ck_assert_int_eq(w->verdict.reply.status, status);
	ck_assert_uint_eq(w->verdict.reply.body_len, status == 200 ? 2 : 0);
	ck_assert_int_eq(has(w, "Content-Type: application/json\r\n"), status == 200);
}

START_TEST(WH_05_to_WH_07_a_body_only_with_200)
{
	struct world w;

	open_world(&w);
	deliver(&w, ANSWER_AUTO, 202);
	ck_assert(has(&w, "API-version: "));
	w.endpoints[0].accepts = ACCEPTS_CLOUD;
	deliver(&w, ANSWER_200, 200);
	deliver(&w, ANSWER_204, 204);
	deliver(&w, ANSWER_202, 202);
	ck_assert(!has(&w, "API-version"));
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
	trust_consult(w.trust, w.rates, grants_find, grants);
	intake.conf = &w.conf;
	intake.trust = w.trust;
	intake.committer = committer_start(&w.conf, board, &err);
	ck_assert_ptr_nonnull(intake.committer);
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
	committer_end(intake.committer);
	ck_assert_int_eq(serve(&w, &intake, "third.example"), 503);
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
	struct err err;

	open_world(&w);
	w.conf.store = "sqlite:/no/such/place";
	w.conf.run_dir = "/no/such/place";
	w.endpoints[0].unlisted = UNLISTED_ASK;
	intake.conf = &w.conf;
	intake.trust = w.trust;
	intake.committer = committer_start(&w.conf, board, &err);
	ck_assert_ptr_nonnull(intake.committer);
	ck_assert_int_eq(serve(&w, &intake, "new.example"), 503);
	ck_assert(board_get(board, BOARD_UNAVAILABLE) == 1);
	committer_stop(&intake.committer);
	board_close(&board);
	close_world(&w);
}
END_TEST

UNIT_MAIN("webhook", WH_01_plain_http_from_another_machine_is_refused, WH_02_only_post_delivers,
	  WH_10_what_is_retired_is_gone_for_post_and_options, OP_10_without_a_handshake_options_is_not_allowed,
	  OP_03_options_without_an_origin_is_answered_plainly, OP_05_a_grant_always_has_origin_and_rate,
	  OP_04_and_OP_08_what_is_no_origin_or_rate_is_400, OP_09_a_refusal_has_no_permission_headers,
	  OP_12_an_unlisted_origin_with_a_callback_may_wait_for_an_operator,
	  AU_09_the_handshake_needs_no_credential_and_no_sound_body, WH_04_an_origin_that_is_named_has_to_be_granted,
	  WH_11_a_sender_above_its_rate_gets_429, OP_16_an_origin_above_its_grant_gets_429,
	  AU_05_a_token_in_the_query_makes_the_answer_private, AU_07_a_credential_in_both_places_or_twice_is_400,
	  answers_have_the_version_of_notifications_only_where_these_are_taken, where_a_fault_is_stands_in_the_answer,
	  the_headers_of_what_is_refused_are_kept, headers_that_a_mapping_reads_are_kept,
	  headers_are_kept_up_to_16_KiB_and_cut_at_a_character, the_reason_that_is_kept_names_every_fault,
	  WH_05_to_WH_07_a_body_only_with_200, an_operators_grant_works_at_once,
	  a_handshake_that_cannot_be_kept_gets_503)
