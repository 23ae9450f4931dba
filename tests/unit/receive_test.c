/* SPDX-License-Identifier: EUPL-1.2
 * The pipeline: a message in, a verdict out; the answers as JSON text. */
#include "config.h"
#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "event/json.h"
#include "receive/intake.h"

#define GOOD "{\"kanaal\":\"zaken\",\"hoofdObject\":\"https://x.nl/zaken/1\",\"resource\":\"status\"," \
	"\"resourceUrl\":\"https://x.nl/statussen/2\",\"actie\":\"create\",\"aanmaakdatum\":\"2026-01-01T00:00:00Z\"}"
#define PROBE "{\"kanaal\": \"test\", \"hoofdObject\": \"http://some.hoofdobject.nl/\", \"resource\": \"some_resource\", " \
	"\"resourceUrl\": \"http://some.resource.nl/\", \"actie\": \"create\", \"aanmaakdatum\": \"2019-01-01T12:00:00Z\", " \
	"\"kenmerken\": {}}"

static const char *secrets[] = { "Bearer secret" };
static size_t both[] = { 0 };

struct world {
	struct conf_sender sender;
	struct conf_endpoint endpoints[2];
	struct conf conf;
	struct trust *trust;
	struct attr headers[8];
	struct gate_request request;
	struct verdict verdict;
};

static void open_world(struct world *w)
{
	*w = (struct world){
		.sender = { .name = "on", .authorization = { "file:x", secrets, 1 }, .may_send = "nl.overheid.zaken.**" },
		.endpoints = { { .name = "nrc", .path = "/nrc", .accepts = ACCEPTS_NRC, .senders = both, .n_senders = 1 },
			       { .name = "old", .path = "/old", .accepts = ACCEPTS_NRC, .senders = both, .n_senders = 1, .retired = true } },
	};
	w->conf = (struct conf){ .endpoints = w->endpoints, .n_endpoints = 2, .senders = &w->sender, .n_senders = 1,
				 .body_max = 1000 };
	w->trust = trust_new(&w->conf);
	w->request.pool = pool_new();
	w->request.message = (struct message){ .method = "POST", .path = "/nrc", .query = "", .peer = "",
					       .headers = w->headers, .n_headers = 2 };
	w->headers[0] = (struct attr){ "authorization", "Bearer secret" };
	w->headers[1] = (struct attr){ "content-type", "application/json" };
}

static void close_world(struct world *w)
{
	trust_free(&w->trust);
	pool_free(&w->request.pool);
}

static void judge(struct world *w, const char *body)
{
	w->request.message.body = (const unsigned char *)body;
	w->request.message.body_len = strlen(body);
	pipeline_judge(&w->conf, w->trust, &w->request, &w->verdict);
	ck_assert_ptr_nonnull(strstr(w->verdict.reply.headers, "API-version: 1.0.0-rc1\r\n"));
}

static struct json_object *answer(struct world *w)
{
	struct faults faults = { .pool = w->request.pool };
	struct json_object *doc = NULL;

	ck_assert_int_eq(json_parse(w->verdict.reply.body, w->verdict.reply.body_len, &doc, &faults), 0);
	return doc;
}

static const char *member(struct json_object *doc, const char *pointer)
{
	struct json_object *value;

	return json_at(doc, pointer, &value) ? json_text(value) : NULL;
}

/* A Fout with this status; nothing is recorded. */
static void refused(struct world *w, int status, const char *code)
{
	struct json_object *doc;
	char text[8];

	ck_assert_int_eq(w->verdict.reply.status, status);
	ck_assert_str_eq(w->verdict.code, code);
	ck_assert_uint_eq(w->verdict.n, 0);
	ck_assert_ptr_nonnull(strstr(w->verdict.reply.headers, "Content-Type: application/problem+json\r\n"));
	doc = answer(w);
	snprintf(text, sizeof text, "%d", status);
	ck_assert_str_eq(member(doc, "/status"), text);
	ck_assert_ptr_nonnull(member(doc, "/type"));
	ck_assert_ptr_nonnull(member(doc, "/code"));
	ck_assert_int_gt((int)strlen(member(doc, "/title")), 0);
	ck_assert_int_gt((int)strlen(member(doc, "/detail")), 0);
	ck_assert_int_eq(strncmp(member(doc, "/instance"), "urn:uuid:", 9), 0);
	ck_assert_uint_eq(strlen(member(doc, "/instance")), 45);
	ck_assert_int_eq(member(doc, "/instance")[23], '4');
	if (status == 400) {
		ck_assert_int_gt((int)strlen(member(doc, "/invalidParams/0/name")), 0);
		ck_assert_str_eq(member(doc, "/invalid-params/0/code"), member(doc, "/invalidParams/0/code"));
		ck_assert_int_gt((int)strlen(member(doc, "/invalid-params/0/reason")), 0);
	}
	ck_assert_ptr_null(strstr(w->verdict.reply.body, "secret"));
	json_drop(&doc);
}

START_TEST(a_notification_becomes_an_event_and_204)
{
	struct world w;

	open_world(&w);
	judge(&w, GOOD);
	ck_assert_int_eq(w.verdict.reply.status, 204);
	ck_assert_uint_eq(w.verdict.reply.body_len, 0);
	ck_assert_uint_eq(w.verdict.n, 1);
	ck_assert_str_eq(w.verdict.events[0]->type, "nl.overheid.zaken.status.create");
	ck_assert_str_eq(w.verdict.events[0]->endpoint, "nrc");
	ck_assert_str_eq(w.verdict.events[0]->sender, "on");
	ck_assert_int_eq(w.verdict.events[0]->mark, EVENT_PLAIN);
	ck_assert(w.verdict.events[0]->received_ms > 0);
	ck_assert_ptr_null(w.verdict.code);
	close_world(&w);
}
END_TEST

START_TEST(the_probe_is_answered_and_stored_nowhere)
{
	struct world w;

	open_world(&w);
	judge(&w, PROBE);
	ck_assert_int_eq(w.verdict.reply.status, 204);
	ck_assert(w.verdict.probe);
	ck_assert_uint_eq(w.verdict.n, 0);
	w.headers[0].name = "x";
	judge(&w, PROBE);
	refused(&w, 401, "not_authenticated");
	ck_assert_ptr_nonnull(strstr(w.verdict.reply.headers, "WWW-Authenticate: "));
	close_world(&w);
}
END_TEST

START_TEST(authentication_comes_before_all_that_is_said_of_the_body)
{
	struct world w;

	open_world(&w);
	w.headers[0].value = "Bearer wrong";
	w.headers[1].value = "text/plain";
	w.request.over = true;
	w.request.fault = GATE_SHORT;
	judge(&w, "no json");
	refused(&w, 403, "permission_denied");
	w.headers[0].value = "Bearer secret";
	judge(&w, "no json");
	refused(&w, 413, "too_large");
	ck_assert(w.verdict.keep_body);
	w.request.over = false;
	judge(&w, "no json");
	refused(&w, 400, "incomplete");
	ck_assert(w.verdict.keep_body);
	w.request.fault = GATE_WHOLE;
	judge(&w, "no json");
	refused(&w, 415, "unsupported_media_type");
	ck_assert_ptr_nonnull(strstr(w.verdict.reply.headers, "Accept-Post: application/json\r\n"));
	w.headers[1].value = "application/json";
	judge(&w, "no json");
	refused(&w, 400, "parse_error");
	judge(&w, "");
	refused(&w, 400, "required");
	close_world(&w);
}
END_TEST

START_TEST(path_and_method_decide_first)
{
	struct world w;

	open_world(&w);
	w.request.message.path = "/nrc/";
	judge(&w, GOOD);
	refused(&w, 404, "not_found");
	w.request.message.path = "/old";
	judge(&w, GOOD);
	refused(&w, 410, "gone");
	w.request.message.path = "/nrc";
	w.request.message.method = "GET";
	judge(&w, GOOD);
	refused(&w, 405, "method_not_allowed");
	ck_assert_ptr_nonnull(strstr(w.verdict.reply.headers, "Allow: POST\r\n"));
	w.request.fault = GATE_LATE;
	w.request.message.path = "";
	judge(&w, "");
	refused(&w, 408, "request_timeout");
	close_world(&w);
}
END_TEST

START_TEST(content_types_are_read_as_http_has_them)
{
	static const struct { const char *value; int status; } cases[] = {
		{ "application/json", 204 }, { "Application/JSON; charset=UTF-8", 204 }, { "application/json;charset=\"utf-8\"", 204 },
		{ "application/json; charset=us-ascii", 204 }, { "application/json; charset=latin1", 415 },
		{ "application/cloudevents+json", 415 }, { "application/json, application/json", 415 }, { "json", 415 },
	};
	struct world w;

	open_world(&w);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		w.headers[1].value = cases[i].value;
		judge(&w, GOOD);
		ck_assert_msg(w.verdict.reply.status == cases[i].status, "%s: %d", cases[i].value, w.verdict.reply.status);
	}
	w.request.message.n_headers = 1;
	judge(&w, GOOD);
	refused(&w, 415, "unsupported_media_type");
	close_world(&w);
}
END_TEST

START_TEST(encoded_bodies_and_repeated_headers_are_refused)
{
	struct world w;

	open_world(&w);
	w.request.message.n_headers = 3;
	w.headers[2] = (struct attr){ "content-encoding", "gzip" };
	judge(&w, GOOD);
	refused(&w, 415, "unsupported_content_encoding");
	w.headers[2].value = "identity";
	judge(&w, GOOD);
	ck_assert_int_eq(w.verdict.reply.status, 204);
	w.headers[2] = (struct attr){ "content-type", "application/json" };
	judge(&w, GOOD);
	refused(&w, 400, "repeated_header");
	w.headers[2] = (struct attr){ "authorization", "Bearer secret" };
	judge(&w, GOOD);
	refused(&w, 403, "permission_denied");
	close_world(&w);
}
END_TEST

START_TEST(every_faulty_field_is_named)
{
	struct world w;
	struct json_object *doc;

	open_world(&w);
	judge(&w, "{\"kanaal\":\"\",\"resource\":\"x\"}");
	ck_assert_int_eq(w.verdict.reply.status, 400);
	doc = answer(&w);
	for (int i = 0; i < 5; i++) {
		char pointer[40];

		snprintf(pointer, sizeof pointer, "/invalidParams/%d/name", i);
		ck_assert_ptr_nonnull(member(doc, pointer));
	}
	json_drop(&doc);
	close_world(&w);
}
END_TEST

START_TEST(a_sender_may_send_its_types_only)
{
	struct world w;

	open_world(&w);
	w.sender.may_send = "nl.overheid.besluiten.**";
	judge(&w, GOOD);
	refused(&w, 403, "type_not_allowed");
	judge(&w, PROBE);
	ck_assert_int_eq(w.verdict.reply.status, 204);
	close_world(&w);
}
END_TEST

START_TEST(quarantine_takes_what_is_invalid)
{
	struct world w;

	open_world(&w);
	w.endpoints[0].invalid = INVALID_QUARANTINE;
	judge(&w, "{\"kanaal\":1}");
	ck_assert_int_eq(w.verdict.reply.status, 204);
	ck_assert_uint_eq(w.verdict.n, 1);
	ck_assert_int_eq(w.verdict.events[0]->mark, EVENT_QUARANTINED);
	ck_assert_uint_eq(w.verdict.events[0]->data_len, 12);
	ck_assert_int_gt((int)strlen(w.verdict.events[0]->note), 0);
	ck_assert_str_eq(w.verdict.events[0]->sender, "on");
	ck_assert(!w.verdict.keep_body);
	ck_assert_ptr_null(w.verdict.code);
	close_world(&w);
}
END_TEST

START_TEST(unavailable_says_when_to_come_back)
{
	struct world w;

	open_world(&w);
	reply_unavailable(w.request.pool, "Later.", &w.verdict.reply);
	ck_assert_int_eq(w.verdict.reply.status, 503);
	ck_assert_ptr_nonnull(strstr(w.verdict.reply.headers, "Retry-After: 10\r\n"));
	ck_assert_ptr_nonnull(strstr(w.verdict.reply.headers, "API-version: "));
	close_world(&w);
}
END_TEST

/* ---- group commit ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t answered = PTHREAD_COND_INITIALIZER;
static int n_204, n_503;

static void take_answer(struct gate_request *request, const struct gate_reply *reply)
{
	(void)request;
	pthread_mutex_lock(&lock);
	n_204 += reply->status == 204;
	n_503 += reply->status == 503;
	pthread_cond_signal(&answered);
	pthread_mutex_unlock(&lock);
}

enum how {
	HERE,		/* committed by who brought them */
	THERE,		/* by the committer's thread, once it is told */
	APART,		/* likewise, at once: the gate has a single thread */
	LARGE,		/* likewise: it is much */
	ENDED		/* by nobody */
};

/* Many threads of the gate, on one processor. */
static void open_committer(struct world *w, struct intake *intake, const char *store, enum how how)
{
	struct err err = {{0}};
	cpu_set_t all, one;

	w->conf.store = store;
	w->conf.run_dir = "/nowhere";
	w->conf.threads = how == APART ? 1 : 4;
	intake->conf = &w->conf;
	intake->trust = w->trust;
	ck_assert_int_eq(sched_getaffinity(0, sizeof all, &all), 0);
	CPU_ZERO(&one);
	for (size_t i = 0; i < CPU_SETSIZE && !CPU_COUNT(&one); i++)
		if (CPU_ISSET(i, &all))
			CPU_SET(i, &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
	intake->committer = committer_start(&w->conf, intake->board, &err);
	ck_assert_msg(intake->committer != NULL, "%s", err.text);
	ck_assert_int_eq(sched_setaffinity(0, sizeof all, &all), 0);
	n_204 = n_503 = 0;
}

static void send(struct world *w, struct intake *intake)
{
	w->request.answer = take_answer;
	w->request.message.body = (const unsigned char *)GOOD;
	w->request.message.body_len = strlen(GOOD);
	intake_serve(intake, &w->request);
}

static void wait_for(int n)
{
	pthread_mutex_lock(&lock);
	while (n_204 + n_503 < n)
		pthread_cond_wait(&answered, &lock);
	pthread_mutex_unlock(&lock);
}

/* Sends n requests through the whole intake and waits for their answers. */
static void run_intake(const char *store, size_t n, enum how how, struct board *board)
{
	struct world *w = mem_array(n, sizeof *w);
	struct intake intake = { .board = board };

	for (size_t i = 0; i < n; i++)
		open_world(&w[i]);
	open_committer(w, &intake, store, how);
	if (how == ENDED)
		committer_end(intake.committer);
	for (size_t i = 0; i < n; i++)
		send(&w[i], &intake);
	ck_assert(how == APART || how == LARGE || n_204 == 0);
	if (how == HERE)
		intake_finish(&intake, true);
	ck_assert(how != HERE || n_204 + n_503 == (int)n);
	wait_for(how == LARGE);	/* the first ones: nobody says that there is a group */
	if (how == THERE || how == LARGE)
		intake_finish(&intake, false);
	wait_for((int)n);
	committer_stop(&intake.committer);
	for (size_t i = 0; i < n; i++)
		close_world(&w[i]);
	free(w);
}

START_TEST(requests_that_wait_together_are_recorded_and_answered)
{
	static const struct { enum how how; size_t n; } cases[] = {
		{ HERE, 10 }, { HERE, 250 }, { THERE, 10 }, { THERE, 250 }, { APART, 10 }, { APART, 2500 }, { LARGE, 2500 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct board *board = board_private();
		int64_t n = (int64_t)cases[i].n, commits;

		run_intake("memory:", cases[i].n, cases[i].how, board);
		ck_assert_int_eq(n_204, n);
		ck_assert_int_eq(board_get(board, BOARD_ACCEPTED), n);
		ck_assert_int_eq(board_get(board, BOARD_UNAVAILABLE), 0);
		commits = board_get(board, BOARD_COMMITS);
		if (cases[i].how >= APART)
			ck_assert(commits >= (n > 1000 ? 3 : 1) && commits <= n);	/* of 1000 at most */
		else
			ck_assert_int_eq(commits, 1);
		board_close(&board);
	}
}
END_TEST

START_TEST(who_comes_when_it_has_ended_gets_503)
{
	struct board *board = board_private();

	run_intake("memory:", 10, ENDED, board);
	ck_assert_int_eq(n_503, 10);
	board_close(&board);
}
END_TEST

START_TEST(without_a_store_the_answer_is_503)
{
	struct board *board = board_private();

	for (enum how how = HERE; how <= APART; how++)
		run_intake("sqlite:/no/such/place", 10, how, board);
	ck_assert_int_eq(n_503, 10);
	ck_assert(board_get(board, BOARD_UNAVAILABLE) == 30);
	ck_assert(board_get(board, BOARD_ACCEPTED) == 0);
	board_close(&board);
}
END_TEST

/* ---- while a lock is in other hands ---- */

static int try_hold(const char *dir, const char *name)
{
	char path[UNIT_PATH + 32];
	int fd;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close(fd);
	return -1;
}

static int hold(const char *dir, const char *name)
{
	int fd;

	while ((fd = try_hold(dir, name)) < 0)
		sched_yield();
	return fd;
}

START_TEST(no_event_waits_for_what_is_kept_besides)
{
	char dir[UNIT_PATH], spec[UNIT_PATH + 8];
	struct verdict refused = { .reason = "no", .endpoint = "nrc", .sender = "on", .reply = { .status = 400 } };
	struct verdict asked = { .handshake = &(struct handshake){ .endpoint = "nrc", .origin = "x", .state = HANDSHAKE_ASKED } };
	struct board *board = board_private();
	struct intake intake = { .board = board };
	struct world w[4];
	int held;

	for (size_t i = 0; i < 4; i++)
		open_world(&w[i]);
	snprintf(spec, sizeof spec, "sqlite:%s", unit_dir(dir));
	open_committer(w, &intake, spec, HERE);
	intake.clerk = clerk_new(&w[0].conf, board);
	held = hold(dir, "log.lock");
	clerk_reject(intake.clerk, &w[0].request, &refused);
	w[0].request.answer = take_answer;
	clerk_ask(intake.clerk, &w[0].request, &asked);
	send(&w[1], &intake);
	intake_finish(&intake, false);
	wait_for(1);
	for (int i = 2; i < 4; i++) {
		send(&w[i], &intake);
		intake_finish(&intake, true);
	}
	wait_for(3);	/* by the thread, where the first one took long */
	ck_assert_int_eq(n_204, 3);
	close(held);
	clerk_free(&intake.clerk);
	committer_stop(&intake.committer);
	for (size_t i = 0; i < 4; i++)
		close_world(&w[i]);
	board_close(&board);
}
END_TEST

static struct {
	struct intake intake;
	int n;			/* who have finished; under `lock` */
} finishing;

static void *finish(void *arg)
{
	intake_finish(&finishing.intake, true);
	pthread_mutex_lock(&lock);
	finishing.n++;
	pthread_cond_signal(&answered);
	pthread_mutex_unlock(&lock);
	return arg;
}

/* Until somebody stands in line behind the lock that is held. */
static void wait_in_line(const char *dir, const char *turnstile)
{
	for (int fd; (fd = try_hold(dir, turnstile)) >= 0; close(fd))
		sched_yield();
}

START_TEST(who_meets_a_group_that_lasts_reads_on)
{
	char dir[UNIT_PATH], spec[UNIT_PATH + 8];
	struct board *board = board_private();
	struct intake *intake = &finishing.intake;
	pthread_t threads[2];
	struct world w[2];
	int held;

	for (size_t i = 0; i < 2; i++)
		open_world(&w[i]);
	snprintf(spec, sizeof spec, "sqlite:%s", unit_dir(dir));
	intake->board = board;
	open_committer(w, intake, spec, HERE);
	held = hold(dir, "journal.lock");
	for (size_t i = 0; i < 2; i++) {
		send(&w[i], intake);
		ck_assert_int_eq(pthread_create(&threads[i], NULL, finish, NULL), 0);
		wait_in_line(dir, "journal.turnstile");
	}
	pthread_mutex_lock(&lock);
	while (!finishing.n)
		pthread_cond_wait(&answered, &lock);
	ck_assert_int_eq(finishing.n, 1);
	ck_assert_int_eq(n_204 + n_503, 0);
	pthread_mutex_unlock(&lock);
	close(held);
	wait_for(2);
	ck_assert_int_eq(n_204, 2);
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	committer_stop(&intake->committer);
	for (size_t i = 0; i < 2; i++)
		close_world(&w[i]);
	board_close(&board);
}
END_TEST

UNIT_MAIN("receive", a_notification_becomes_an_event_and_204, the_probe_is_answered_and_stored_nowhere,
	  authentication_comes_before_all_that_is_said_of_the_body, path_and_method_decide_first,
	  content_types_are_read_as_http_has_them, encoded_bodies_and_repeated_headers_are_refused,
	  every_faulty_field_is_named, a_sender_may_send_its_types_only, quarantine_takes_what_is_invalid,
	  unavailable_says_when_to_come_back, requests_that_wait_together_are_recorded_and_answered,
	  without_a_store_the_answer_is_503, no_event_waits_for_what_is_kept_besides,
	  who_meets_a_group_that_lasts_reads_on, who_comes_when_it_has_ended_gets_503)
