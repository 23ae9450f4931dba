/* SPDX-License-Identifier: EUPL-1.2
 * What becomes of credentials that do not hold: answers, their log, who is slowed down; rates; and what a sender that is
 * admitted may send. A proof of the test's own stands in for bearer tokens. */
#include "config.h"
#include "unit.h"

#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/child.h"
#include "base/clock.h"
#include "base/sock.h"
#include "receive/cgi.h"
#include "receive/flood.h"
#include "receive/intake.h"
#include "trust/proof.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))
#define EVENT(source, type) "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"" source "\",\"type\":\"" type "\"}"
#define GOOD EVENT("https://x.nl/a", "a.b")
#define BATCH "application/cloudevents-batch+json"
#define STRUCTURED "application/cloudevents+json"
#define NRC(more) "{\"kanaal\":\"zaken\",\"hoofdObject\":\"https://x.nl/zaken/1\",\"resource\":\"status\"," \
	"\"resourceUrl\":\"https://x.nl/statussen/2\",\"actie\":\"create\",\"aanmaakdatum\":\"2026-01-01T00:00:00Z\"" more "}"
#define LONG_MS 20000

/* ---- tokens ---- */

static bool token_set(const struct conf_sender *sender)
{
	return sender->n_issuers > 0;
}

static void *token_prepare(const struct workshop *workshop, const struct conf_sender *sender, struct err *err)
{
	(void)workshop;
	(void)sender;
	(void)err;
	return mem_alloc(1);
}

static const char *answered_token = "";	/* what an issuer told of it */

static enum trust_verdict token_check(const void *prepared, struct trial *trial)
{
	static const struct { const char *token; enum trust_verdict verdict; } rows[] = {
		{ "ok", TRUST_OK }, { "wrong", TRUST_WRONG }, { "expired", TRUST_TOKEN }, { "scope", TRUST_SCOPE }, { "unsure", TRUST_UNSURE },
	};
	const char *token = trial_token(trial);

	(void)prepared;
	trial->why = "A sentence for the sender.";
	trial->note = "only for the log";
	for (size_t i = 0; token && i < COUNT(rows); i++)
		if (strcmp(rows[i].token, token) == 0)
			return rows[i].verdict;
	if (!token || strncmp(token, "opaque", 6) != 0)
		return TRUST_MISSING;
	if (strcmp(answered_token, token) == 0)
		return TRUST_OK;
	trial->question = (struct trust_question){ 0, token };
	return trial->request->asked ? TRUST_UNSURE : TRUST_ASK;
}

const struct proof proof_token = { "token", token_set, token_prepare, free, token_check, false };

/* ---- a world ---- */

static size_t issuers[] = { 0 }, first[] = { 0 }, both[] = { 0, 1 }, states[] = { 2 };
static const char *users[] = { "user:pass" }, *state[] = { "state" };

struct world {
	struct conf_sender senders[3];
	struct conf_endpoint endpoints[3];
	struct conf_issuer issuer;
	struct conf conf;
	struct trust *trust;
	struct rates *rates;
	struct attr headers[4];
	struct gate_request request;
	struct verdict verdict;
};

static void open_world(struct world *w)
{
	*w = (struct world){
		.senders = { { .name = "tok", .issuers = issuers, .n_issuers = 1, .may_send = "**" },
			     { .name = "bas", .basic = { "file:b", users, 1 }, .may_send = "**" },
			     { .name = "sta", .client_state = { "file:c", state, 1 }, .may_send = "**" } },
		.endpoints = { { .name = "tok", .path = "/tok", .accepts = ACCEPTS_NRC | ACCEPTS_CLOUD, .batch = 10, .senders = first, .n_senders = 1 },
			       { .name = "both", .path = "/both", .accepts = ACCEPTS_CLOUD, .senders = both, .n_senders = 2 },
			       { .name = "state", .path = "/state", .accepts = ACCEPTS_JSON, .senders = states, .n_senders = 1 } },
		.issuer = { .name = "idp" },
	};
	w->conf = (struct conf){ .endpoints = w->endpoints, .n_endpoints = 3, .senders = w->senders, .n_senders = 3, .issuers = &w->issuer,
				 .n_issuers = 1, .body_max = 1000, .run_dir = "/nowhere", .failures = 3, .read_timeout_ms = 5000,
				 .store = "sqlite:/nowhere", .state_dir = "/nowhere" };
	w->trust = trust_new(&w->conf);
	w->rates = rates_private();
	trust_consult(w->trust, &(struct trust_outside){ .rates = w->rates });
	w->request.pool = pool_new();
	answered_token = "";
}

static void close_world(struct world *w)
{
	trust_free(&w->trust);
	rates_close(&w->rates);
	pool_free(&w->request.pool);
}

static void fill(struct world *w, const char *path, const char *authorization, const char *type, const char *body)
{
	size_t n = 0;

	if (authorization)
		w->headers[n++] = (struct attr){ "authorization", authorization };
	w->headers[n++] = (struct attr){ "content-type", type };
	w->request.message = (struct message){ .method = "POST", .path = path, .query = "", .peer = "192.0.2.7", .headers = w->headers, .n_headers = n,
					       .body = (const unsigned char *)body, .body_len = strlen(body) };
}

static const struct verdict *judge(struct world *w, const char *path, const char *authorization, const char *type, const char *body)
{
	fill(w, path, authorization, type, body);
	pipeline_judge(&w->conf, w->trust, &w->request, &w->verdict);
	return &w->verdict;
}

static bool has(const struct world *w, const char *line)
{
	return strstr(w->verdict.reply.headers, line) != NULL;
}

/* ---- answers ---- */

START_TEST(each_way_to_fail_has_its_answer)
{
	static const struct { const char *path, *authorization; int status; const char *code, *says; bool failed; } rows[] = {
		{ "/tok", NULL, 401, "not_authenticated", "WWW-Authenticate: Bearer realm=\"postvak\"\r\n", true },
		{ "/tok", "Bearer wrong", 403, "permission_denied", NULL, true },
		{ "/tok", "Bearer expired", 401, "invalid_token", "WWW-Authenticate: Bearer realm=\"postvak\", error=\"invalid_token\"\r\n", true },
		{ "/tok", "Bearer scope", 403, "insufficient_scope",
		  "WWW-Authenticate: Bearer realm=\"postvak\", error=\"insufficient_scope\"\r\n", false },
		{ "/tok", "Bearer unsure", 503, "service_unavailable", "Retry-After: 10\r\n", false },
		{ "/both", NULL, 401, "not_authenticated", "WWW-Authenticate: Basic realm=\"postvak\", charset=\"UTF-8\"\r\n", true },
		{ "/both", NULL, 401, "not_authenticated", "WWW-Authenticate: Bearer realm=\"postvak\"\r\n", true },
		{ "/both", "Basic eDp5", 403, "permission_denied", NULL, true },
	};
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct verdict *v = judge(&w, rows[i].path, rows[i].authorization, STRUCTURED, GOOD);

		ck_assert_msg(v->reply.status == rows[i].status, "row %zu: %d", i, v->reply.status);
		ck_assert_str_eq(v->code, rows[i].code);
		ck_assert_msg(!rows[i].says || has(&w, rows[i].says), "row %zu: %s", i, v->reply.headers);
		ck_assert_msg(has(&w, "WWW-Authenticate: ") == (rows[i].says && rows[i].status != 503), "row %zu", i);
		ck_assert_msg(v->failed == rows[i].failed, "row %zu", i);
		ck_assert(!v->keep_body && !v->n && !v->sender && !v->question);
	}
	ck_assert_uint_eq(judge(&w, "/tok", "Bearer ok", STRUCTURED, GOOD)->n, 1);
	close_world(&w);
}
END_TEST

START_TEST(the_sender_hears_why_and_the_log_hears_more)
{
	struct world w;

	open_world(&w);
	judge(&w, "/tok", "Bearer expired", STRUCTURED, GOOD);
	ck_assert_ptr_nonnull(strstr(w.verdict.reply.body, "A sentence for the sender."));
	ck_assert_str_eq(w.verdict.note, "as [sender tok]: only for the log");
	ck_assert_ptr_null(strstr(w.verdict.reply.body, "only for the log"));
	ck_assert_ptr_null(strstr(w.verdict.reply.headers, "only for the log"));
	judge(&w, "/both", "Basic geheim", STRUCTURED, GOOD);
	ck_assert_str_eq(w.verdict.note, "as [sender bas]: The value of the Authorization header is not accepted here.");
	close_world(&w);
}
END_TEST

START_TEST(what_has_to_be_asked_is_judged_twice)
{
	struct world w;

	open_world(&w);
	judge(&w, "/tok", "Bearer opaque-1", STRUCTURED, GOOD);
	ck_assert_ptr_nonnull(w.verdict.question);
	ck_assert_str_eq(w.verdict.question->token, "opaque-1");
	ck_assert(!w.verdict.code && !w.verdict.n && !w.verdict.failed);
	pipeline_judge_again(&w.conf, w.trust, &w.request, &w.verdict);
	ck_assert_int_eq(w.verdict.reply.status, 503);
	ck_assert_ptr_null(w.verdict.question);
	answered_token = "opaque-1";
	pipeline_judge_again(&w.conf, w.trust, &w.request, &w.verdict);
	ck_assert_uint_eq(w.verdict.n, 1);
	close_world(&w);
}
END_TEST

START_TEST(a_cut_body_proves_nothing_and_leaves_nothing)
{
	static const struct { enum gate_fault fault; bool over; int status; const char *code; } rows[] = {
		{ GATE_WHOLE, true, 413, "too_large" }, { GATE_SHORT, false, 400, "incomplete" }, { GATE_LONG, false, 400, "invalid" },
		{ GATE_LENGTH, false, 400, "invalid" }, { GATE_LATE, false, 408, "request_timeout" },
	};
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < COUNT(rows); i++)
		for (int right = 0; right < 2; right++) {
			fill(&w, "/state", NULL, "application/json", right ? "{\"value\":[{\"clientState\":\"state\"}]}" : "{\"value\":[]}");
			w.request.fault = rows[i].fault;
			w.request.over = rows[i].over;
			pipeline_judge(&w.conf, w.trust, &w.request, &w.verdict);
			ck_assert_int_eq(w.verdict.reply.status, rows[i].status);
			ck_assert_str_eq(w.verdict.code, rows[i].code);
			ck_assert(!w.verdict.keep_body && !w.verdict.failed && !w.verdict.sender);
		}
	w.request.fault = GATE_WHOLE;
	w.request.over = false;
	ck_assert_int_eq(judge(&w, "/state", NULL, "application/json", "{\"value\":[]}")->reply.status, 403);
	close_world(&w);
}
END_TEST

/* ---- what it may send ---- */

START_TEST(a_sender_may_send_from_its_sources_only)
{
	static const struct { const char *sources, *type, *body; int status; const char *code, *says; } rows[] = {
		{ NULL, STRUCTURED, GOOD, 202, NULL, NULL }, { "https://x.nl/*", STRUCTURED, GOOD, 202, NULL, NULL },
		{ "urn:*, https://x.nl/a", STRUCTURED, GOOD, 202, NULL, NULL },
		{ "https://y.nl/*", STRUCTURED, GOOD, 403, "source_not_allowed", "setting sources" },
		{ "https://x.nl/", STRUCTURED, GOOD, 403, "source_not_allowed", NULL },
		{ "https://x.nl/*", BATCH, "[" GOOD "," EVENT("https://x.nl/", "a.c") "]", 202, NULL, NULL },
		{ "https://x.nl/*", BATCH, "[" GOOD "," EVENT("https://y.nl/", "a.c") "]", 403, "source_not_allowed", "\"#/1/source\"" },
		{ "https://x.nl/*", "application/json", NRC(""), 204, NULL, NULL },
		{ "https://y.nl/*", "application/json", NRC(""), 403, "source_not_allowed", NULL },
		{ "urn:nld:x", "application/json", NRC(",\"source\":\"urn:nld:x\""), 204, NULL, NULL },
		{ "https://x.nl/*", "application/json", NRC(",\"source\":\"urn:nld:x\""), 403, "source_not_allowed", NULL },
	};
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < COUNT(rows); i++) {
		w.senders[0].sources = rows[i].sources;
		judge(&w, "/tok", "Bearer ok", rows[i].type, rows[i].body);
		ck_assert_msg(w.verdict.reply.status == rows[i].status, "row %zu: %d %s", i, w.verdict.reply.status, w.verdict.reason);
		ck_assert_msg(!rows[i].code || strcmp(w.verdict.code, rows[i].code) == 0, "row %zu", i);
		ck_assert_msg(!rows[i].says || strstr(w.verdict.reply.body, rows[i].says), "row %zu: %s", i, w.verdict.reply.body);
		ck_assert(!w.verdict.failed && strcmp(w.verdict.sender, "tok") == 0 && (w.verdict.n == 0) == (rows[i].code != NULL));
	}
	close_world(&w);
}
END_TEST

START_TEST(what_it_may_not_send_is_logged_by_type)
{
	struct world w;

	open_world(&w);
	w.senders[0].may_send = "c.**";
	w.senders[0].sources = "urn:*";
	judge(&w, "/tok", "Bearer ok", BATCH, "[" EVENT("urn:a", "c.d") "," EVENT("https://x.nl/geheim", "c.e") "," EVENT("urn:a", "a.b") "]");
	ck_assert_str_eq(w.verdict.code, "source_not_allowed");
	ck_assert_str_eq(w.verdict.note, "its type is c.e");
	ck_assert_ptr_nonnull(strstr(w.verdict.reply.body, "\"#/1/source\""));
	ck_assert_ptr_nonnull(strstr(w.verdict.reply.body, "\"#/2/type\""));
	ck_assert_ptr_null(strstr(w.verdict.reply.body, "geheim"));
	close_world(&w);
}
END_TEST

/* ---- rates ---- */

START_TEST(an_endpoint_takes_so_many_a_minute_of_those_who_may_send)
{
	struct world w;

	open_world(&w);
	w.endpoints[0].rate = 2;
	for (int i = 0; i < 50; i++)
		ck_assert_int_eq(judge(&w, "/tok", i % 2 ? "Bearer wrong" : NULL, STRUCTURED, GOOD)->reply.status, i % 2 ? 403 : 401);
	ck_assert_uint_eq(judge(&w, "/tok", "Bearer ok", STRUCTURED, GOOD)->n, 1);
	ck_assert_uint_eq(judge(&w, "/tok", "Bearer ok", STRUCTURED, GOOD)->n, 1);
	ck_assert_int_eq(judge(&w, "/tok", "Bearer ok", STRUCTURED, GOOD)->reply.status, 429);
	ck_assert_ptr_nonnull(strstr(w.verdict.reply.body, "More than 2 requests a minute came to this webhook."));
	ck_assert(has(&w, "Retry-After: "));
	ck_assert_uint_eq(judge(&w, "/both", "Bearer ok", STRUCTURED, GOOD)->n, 1);	/* another one has its own */
	close_world(&w);
}
END_TEST

START_TEST(failures_slow_down_in_steps)
{
	static const int steps[] = { 0, 0, 0, 1000, 1000, 1000, 2000, 2000, 2000, 3000, 3000, 3000, 4000, 4000, 4000, 5000, 5000, 5000, 5000 };
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < COUNT(steps); i++)
		ck_assert_int_eq(flood_hold_ms(w.trust, &w.conf, "192.0.2.7"), steps[i]);
	ck_assert_int_eq(flood_hold_ms(w.trust, &w.conf, "192.0.2.8"), 0);
	ck_assert_int_eq(flood_hold_ms(w.trust, &w.conf, flood_network(w.request.pool, "::ffff:192.0.2.7")), 5000);
	ck_assert_int_eq(flood_hold_ms(w.trust, &w.conf, "2001:db8::/64"), 0);
	w.conf.failures = 0;
	ck_assert_int_eq(flood_hold_ms(w.trust, &w.conf, "192.0.2.7"), 0);
	close_world(&w);
}
END_TEST

START_TEST(an_address_is_what_a_client_has_one_of)
{
	static const struct { const char *peer, *network; } rows[] = {
		{ "192.0.2.7", "192.0.2.7" }, { "::ffff:192.0.2.7", "192.0.2.7" }, { "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
		{ "2001:0DB8:1:2::", "2001:db8:1:2::/64" }, { "2001:db8:1:3::", "2001:db8:1:3::/64" }, { "::1", "::/64" }, { "", "" }, { "unix:", "unix:" },
		{ "no address", "no address" },
	};
	struct pool *pool = pool_new();

	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_str_eq(flood_network(pool, rows[i].peer), rows[i].network);
	pool_free(&pool);
}
END_TEST

/* ---- intake: who is held back ---- */

#define MOST 400

static struct guest {
	struct gate_request request;
	struct attr headers[2];
	int status;		/* 0: not answered yet */
	int64_t at_ms;
	char headers_text[1024];
} guests[MOST];
static int n_answered;
static pthread_mutex_t guests_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t guests_news = PTHREAD_COND_INITIALIZER;

static void take_answer(struct gate_request *request, const struct gate_reply *reply)
{
	struct guest *guest = list_item(request, struct guest, request);

	pthread_mutex_lock(&guests_lock);
	ck_assert_int_eq(guest->status, 0);
	guest->status = reply->status;
	guest->at_ms = clock_mono_ms();
	snprintf(guest->headers_text, sizeof guest->headers_text, "%s", reply->headers);
	n_answered++;
	pthread_cond_broadcast(&guests_news);
	pthread_mutex_unlock(&guests_lock);
}

static void until_answered(int n)
{
	struct timespec by;

	clock_gettime(CLOCK_REALTIME, &by);
	by.tv_sec += LONG_MS / 1000;
	pthread_mutex_lock(&guests_lock);
	while (n_answered < n && pthread_cond_timedwait(&guests_news, &guests_lock, &by) == 0)
		;
	ck_assert_int_ge(n_answered, n);
	pthread_mutex_unlock(&guests_lock);
}

static struct guest *send_as(const struct intake *intake, size_t i, const char *authorization, const char *peer)
{
	struct guest *guest = &guests[i];

	guest->headers[0] = (struct attr){ "authorization", authorization };
	guest->headers[1] = (struct attr){ "content-type", STRUCTURED };
	guest->request = (struct gate_request){ .pool = pool_new(), .answer = take_answer };
	guest->request.message = (struct message){ .method = "POST", .path = "/tok", .query = "", .peer = peer, .headers = guest->headers,
						   .n_headers = 2, .body = (const unsigned char *)GOOD, .body_len = strlen(GOOD) };
	intake_serve((void *)(uintptr_t)intake, &guest->request);
	intake_finish((void *)(uintptr_t)intake, true);
	return guest;
}

/* The store is not there, so what is taken is answered with 503 by the committer. */
static void open_intake(struct intake *intake, struct world *w)
{
	struct waiting_setup setup = { .conf = &w->conf, .told = intake_told, .ready = intake_ready, .arg = intake, .wait_ms = LONG_MS };
	struct err err = {{0}};

	*intake = (struct intake){ .conf = &w->conf, .trust = w->trust, .board = board_private() };
	intake->committer = committer_start(&w->conf, intake->board, &err);
	intake->clerk = clerk_new(&w->conf, intake->board);
	intake->waiting = waiting_start(&setup, &err);
	ck_assert(intake->committer && intake->waiting);
}

static void close_intake(struct intake *intake)
{
	waiting_end(intake->waiting);
	committer_end(intake->committer);
	waiting_stop(&intake->waiting);
	committer_stop(&intake->committer);
	clerk_free(&intake->clerk);
	board_close(&intake->board);
	for (size_t i = 0; i < MOST; i++)
		pool_free(&guests[i].request.pool);
}

START_TEST(who_is_right_is_answered_at_once_behind_a_flood)
{
	struct intake intake;
	int64_t began = clock_mono_ms();
	struct world w;

	open_world(&w);
	open_intake(&intake, &w);
	for (size_t i = 0; i < 13; i++)
		send_as(&intake, i, "Bearer wrong", "192.0.2.7");
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(guests[i].status, 403);
	ck_assert_int_eq(guests[12].status, 0);
	send_as(&intake, 13, "Bearer ok", "192.0.2.7");
	until_answered(4);
	ck_assert_int_eq(guests[13].status, 503);
	ck_assert_int_eq(guests[12].status, 0);
	ck_assert_int_eq(send_as(&intake, 14, "Bearer wrong", "192.0.2.8")->status, 403);
	ck_assert_int_eq(send_as(&intake, 15, "Bearer scope", "192.0.2.7")->status, 403);	/* these are not failures */
	ck_assert_int_eq(send_as(&intake, 16, "Bearer unsure", "192.0.2.7")->status, 503);
	ck_assert(board_get(intake.board, BOARD_FAILED) == 14);
	ck_assert(board_get(intake.board, BOARD_HELD) == 10);
	until_answered(10);	/* the first three that were held back */
	for (size_t i = 3; i < 6; i++)
		ck_assert(guests[i].status == 403 && guests[i].at_ms - began >= 1000);
	close_intake(&intake);
	ck_assert_int_eq(n_answered, 17);
	close_world(&w);
}
END_TEST

START_TEST(a_flood_that_is_too_wide_gets_429_and_hurts_nobody)
{
	struct intake intake;
	struct world w;

	open_world(&w);
	w.conf.failures = 1;
	open_intake(&intake, &w);
	for (size_t i = 0; i < WAITING_HELD_EACH + 30; i++)
		send_as(&intake, i, i % 2 ? "Bearer wrong" : "Bearer expired", "2001:db8::1");
	ck_assert(board_get(intake.board, BOARD_HELD) == WAITING_HELD_EACH);
	for (size_t i = WAITING_HELD_EACH + 1; i < WAITING_HELD_EACH + 30; i++) {
		ck_assert_int_eq(guests[i].status, 429);
		ck_assert_ptr_nonnull(strstr(guests[i].headers_text, "Retry-After: 5\r\n"));
		ck_assert_ptr_null(strstr(guests[i].headers_text, "WWW-Authenticate"));	/* it does not tell what was wrong */
	}
	ck_assert(board_get(intake.board, BOARD_REJECTED_429) == 29);
	send_as(&intake, 300, "Bearer ok", "2001:db8::1");
	until_answered(1 + 29 + 1);
	ck_assert_int_eq(guests[300].status, 503);
	close_intake(&intake);
	ck_assert_int_eq(n_answered, WAITING_HELD_EACH + 31);
	close_world(&w);
}
END_TEST

/* ---- intake: who has to be asked about ---- */

static int listen_for(const struct world *w)
{
	struct err err = {{0}};
	char *path = str_fmt("%s/" RUN_KEYS, w->conf.run_dir);
	int fd = sock_listen_packets(path, NULL, &err);

	free(path);
	ck_assert_msg(fd >= 0, "%s", err.text);
	return fd;
}

/* Lets somebody in and answers one question: null, that it cannot be had. */
static void answer_question(int listener, const char *token, const char *body)
{
	static char message[ASK_MESSAGE_MAX + 1];
	struct buf out = { 0 };
	struct ask ask;
	int fd = -1, given;

	for (int64_t by = clock_mono_ms() + LONG_MS; fd < 0 && clock_mono_ms() < by;)
		fd = accept(listener, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	ck_assert(ask_unpack(message, (size_t)sock_receive(fd, message, sizeof message, &given), &ask));
	ck_assert(ask.kind == ASK_TOKEN && ask.token.len == strlen(token) && memcmp(ask.token.p, token, ask.token.len) == 0);
	ck_assert(ask.issuer.len == 3 && memcmp(ask.issuer.p, "idp", 3) == 0);
	if (body)
		answered_token = token;
	ask_answer_pack(&(struct ask_answer){ ask.number, body != NULL, { body, body ? strlen(body) : 0 } }, &out);
	ck_assert_int_eq(sock_send(fd, out.p, out.len, -1), 0);
	buf_free(&out);
	close(fd);
}

START_TEST(requests_wait_for_what_an_issuer_says)
{
	char dir[UNIT_PATH];
	struct intake intake;
	struct world w;
	int listener;

	open_world(&w);
	w.conf.run_dir = unit_dir(dir);
	listener = listen_for(&w);
	open_intake(&intake, &w);
	ck_assert_int_eq(send_as(&intake, 0, "Bearer opaque-0", "192.0.2.7")->status, 0);
	answer_question(listener, "opaque-0", "{\"active\":true}");
	until_answered(1);
	ck_assert(board_get(intake.board, BOARD_FAILED) == 0);
	ck_assert_int_eq(send_as(&intake, 1, "Bearer opaque-1", "192.0.2.7")->status, 0);
	answer_question(listener, "opaque-1", NULL);
	until_answered(2);
	ck_assert_int_eq(guests[1].status, 503);
	ck_assert_ptr_nonnull(strstr(guests[1].headers_text, "Retry-After: "));
	close_intake(&intake);
	close(listener);
	close_world(&w);
}
END_TEST

/* In a process of its own, where nothing is cached: it is answered with 503, but only after it has asked. */
START_TEST(a_cgi_program_waits_itself)
{
	char *env[] = { "GATEWAY_INTERFACE=CGI/1.1", "REQUEST_METHOD=POST", "REQUEST_URI=/tok", "CONTENT_TYPE=" STRUCTURED, "CONTENT_LENGTH=0",
			"HTTP_AUTHORIZATION=Bearer opaque-2", NULL };
	char dir[UNIT_PATH], got[4096] = "";
	int out[2], status, listener;
	struct world w;
	pid_t child;

	open_world(&w);
	w.conf.run_dir = unit_dir(dir);
	listener = listen_for(&w);
	ck_assert_int_eq(pipe(out), 0);
	child = fork();
	if (child == 0) {
		struct cgi_house house = { w.trust, asker_new(&w.conf), board_private() };

		dup2(out[1], STDOUT_FILENO);
		_exit(cgi_run(&w.conf, &house, env));
	}
	answer_question(listener, "opaque-2", NULL);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_int_gt((int)read(out[0], got, sizeof got - 1), 0);
	ck_assert_msg(strncmp(got, "Status: 503 ", 12) == 0, "%s", got);
	close(out[0]);
	close(out[1]);
	close(listener);
	close_world(&w);
}
END_TEST

UNIT_MAIN("admit", each_way_to_fail_has_its_answer, the_sender_hears_why_and_the_log_hears_more, what_has_to_be_asked_is_judged_twice,
	  a_cut_body_proves_nothing_and_leaves_nothing, a_sender_may_send_from_its_sources_only, what_it_may_not_send_is_logged_by_type,
	  an_endpoint_takes_so_many_a_minute_of_those_who_may_send, failures_slow_down_in_steps, an_address_is_what_a_client_has_one_of,
	  who_is_right_is_answered_at_once_behind_a_flood, a_flood_that_is_too_wide_gets_429_and_hurts_nobody,
	  requests_wait_for_what_an_issuer_says, a_cgi_program_waits_itself)
