/* SPDX-License-Identifier: EUPL-1.2
 * The waiting room: questions to issuers, answers that come later, and the end of both. The test itself sits where
 * issuers are asked. */
#include "config.h"
#include "unit.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/child.h"
#include "base/clock.h"
#include "base/sock.h"
#include "receive/asker.h"
#include "receive/waiting.h"

#define LONG_MS 20000		/* for what is to happen */
#define MOST 1100

struct guest {			/* a request, and what became of it */
	struct gate_request request;
	struct trust_question question;
	int ready, answered;	/* how often */
	bool final;
	int64_t at_ms;
};

static struct room {
	struct conf conf;
	struct conf_issuer issuers[2];
	char dir[UNIT_PATH];
	struct waiting *waiting;
	int listener, fd;	/* where issuers are asked; -1 */
	struct guest guests[MOST];
	pthread_mutex_t lock;
	pthread_cond_t news;
	/* under the lock */
	int told, told_null, n_ready, n_answered;
	char last_told[64];
	int asks_again;		/* so often each request asks again when it may */
	bool never_hold;
	struct gate_reply reply;
} room = { .lock = PTHREAD_MUTEX_INITIALIZER, .news = PTHREAD_COND_INITIALIZER };

static struct guest *guest_of(struct gate_request *request)
{
	return list_item(request, struct guest, request);
}

static void answer(struct gate_request *request, const struct gate_reply *reply)
{
	struct guest *guest = guest_of(request);

	pthread_mutex_lock(&room.lock);
	guest->answered++;
	guest->at_ms = clock_mono_ms();
	room.n_answered++;
	room.reply = *reply;
	pthread_cond_broadcast(&room.news);
	pthread_mutex_unlock(&room.lock);
}

static void told(void *arg, const struct trust_question *question, const void *p, size_t len)
{
	ck_assert_ptr_eq(arg, &room);
	pthread_mutex_lock(&room.lock);
	room.told++;
	room.told_null += p == NULL;
	snprintf(room.last_told, sizeof room.last_told, "%zu %.20s %.*s", question->issuer, question->token, (int)len, p ? (const char *)p : "");
	pthread_mutex_unlock(&room.lock);
}

static void ready(void *arg, struct gate_request *request, bool final)
{
	struct guest *guest = guest_of(request);

	(void)arg;
	pthread_mutex_lock(&room.lock);
	guest->ready++;
	pthread_mutex_unlock(&room.lock);
	if (!final && guest->ready <= room.asks_again && waiting_ask(room.waiting, request, &guest->question))
		return;
	pthread_mutex_lock(&room.lock);
	guest->final = final;
	room.n_ready++;
	pthread_cond_broadcast(&room.news);
	pthread_mutex_unlock(&room.lock);
}

/* Until *n is that. */
static void until(const int *n, int value)
{
	struct timespec by;

	clock_gettime(CLOCK_REALTIME, &by);
	by.tv_sec += LONG_MS / 1000;
	pthread_mutex_lock(&room.lock);
	while (*n != value && pthread_cond_timedwait(&room.news, &room.lock, &by) == 0)
		;
	ck_assert_int_eq(*n, value);
	pthread_mutex_unlock(&room.lock);
}

/* wait_ms: for answers. */
static void open_room(int64_t wait_ms, bool listens)
{
	struct waiting_setup setup = { .conf = &room.conf, .told = told, .ready = ready, .arg = &room, .wait_ms = wait_ms,
				       .never_hold = room.never_hold };
	struct err err = {{0}};
	char *path;

	room.issuers[0].name = "first";
	room.issuers[1].name = "second";
	room.conf = (struct conf){ .run_dir = unit_dir(room.dir), .issuers = room.issuers, .n_issuers = 2 };
	path = str_fmt("%s/" RUN_KEYS, room.dir);
	room.listener = listens ? sock_listen_packets(path, NULL, &err) : -1;
	free(path);
	room.fd = -1;
	for (int i = 0; i < MOST; i++)
		room.guests[i].request = (struct gate_request){ .pool = pool_new(), .answer = answer };
	room.waiting = waiting_start(&setup, &err);
	ck_assert_msg(room.waiting != NULL, "%s", err.text);
}

static void close_room(void)
{
	waiting_stop(&room.waiting);
	if (room.fd >= 0)
		close(room.fd);
	if (room.listener >= 0)
		close(room.listener);
	for (int i = 0; i < MOST; i++)
		pool_free(&room.guests[i].request.pool);
}

static bool ask(int guest, size_t issuer, const char *token)
{
	room.guests[guest].question = (struct trust_question){ issuer, token };
	return waiting_ask(room.waiting, &room.guests[guest].request, &room.guests[guest].question);
}

/* ---- where issuers are asked ---- */

static void let_in(void)
{
	struct pollfd wait = { .fd = room.listener, .events = POLLIN };

	ck_assert_int_eq(poll(&wait, 1, LONG_MS), 1);
	room.fd = accept(room.listener, NULL, NULL);
	ck_assert_int_ge(room.fd, 0);
}

static bool says_something(int ms)
{
	struct pollfd wait = { .fd = room.fd, .events = POLLIN };

	return poll(&wait, 1, ms) == 1;
}

/* The next thing that is said; its token or name, and its number. */
static uint64_t heard(enum ask_kind kind, const char *issuer, const char *token)
{
	static char message[ASK_MESSAGE_MAX + 1];
	struct ask got;
	ssize_t n;
	int fd;

	if (room.fd < 0)
		let_in();
	ck_assert(says_something(LONG_MS));
	n = sock_receive(room.fd, message, sizeof message, &fd);
	ck_assert_int_gt((int)n, 0);
	ck_assert(ask_unpack(message, (size_t)n, &got));
	ck_assert_int_eq(got.kind, kind);
	ck_assert(got.issuer.len == strlen(issuer) && memcmp(got.issuer.p, issuer, got.issuer.len) == 0);
	if (token)
		ck_assert(got.token.len == strlen(token) && memcmp(got.token.p, token, got.token.len) == 0);
	return got.number;
}

static void tell(uint64_t number, const char *body)
{
	struct ask_answer message = { number, body != NULL, { body, body ? strlen(body) : 0 } };
	struct buf out = { 0 };

	ask_answer_pack(&message, &out);
	ck_assert_int_eq(sock_send(room.fd, out.p, out.len, -1), 0);
	buf_free(&out);
}

START_TEST(a_question_is_asked_once_for_all_who_have_it)
{
	uint64_t number;

	open_room(LONG_MS, true);
	for (int i = 0; i < 50; i++)
		ck_assert(ask(i, 1, "tok"));
	number = heard(ASK_TOKEN, "second", "tok");
	for (int i = 50; i < 60; i++)
		ck_assert(ask(i, 1, "tok"));
	ck_assert(ask(60, 0, "tok"));	/* of another issuer; once it is asked about, all others were taken in */
	tell(heard(ASK_TOKEN, "first", "tok"), "{}");
	until(&room.n_ready, 1);
	tell(number, "{\"active\":true}");
	until(&room.n_ready, 61);
	ck_assert_int_eq(room.told, 2);
	ck_assert_str_eq(room.last_told, "1 tok {\"active\":true}");
	for (int i = 0; i <= 60; i++)
		ck_assert(room.guests[i].ready == 1 && !room.guests[i].final);
	ck_assert(!says_something(0));
	close_room();
}
END_TEST

START_TEST(an_answer_that_cannot_be_had_leaves_others_to_ask)
{
	open_room(LONG_MS, true);
	ck_assert(ask(0, 0, "a"));
	tell(heard(ASK_TOKEN, "first", "a"), NULL);
	until(&room.n_ready, 1);
	ck_assert_int_eq(room.told_null, 1);
	ck_assert(!room.guests[0].final);
	close_room();
}
END_TEST

START_TEST(who_does_not_answer_is_not_waited_for)
{
	open_room(300, true);
	ck_assert(ask(0, 0, "a") && ask(1, 0, "a") && ask(2, 0, "b"));
	heard(ASK_TOKEN, "first", "a");
	until(&room.n_ready, 3);
	ck_assert_int_eq(room.told_null, 2);
	for (int i = 0; i < 3; i++)
		ck_assert(room.guests[i].final);
	close_room();
}
END_TEST

START_TEST(nobody_to_ask_is_the_same)
{
	open_room(300, false);
	ck_assert(ask(0, 0, "a"));
	until(&room.n_ready, 1);
	ck_assert(room.guests[0].final && room.told_null == 1);
	close_room();
}
END_TEST

START_TEST(who_comes_in_time_is_asked_after_all)
{
	struct err err = {{0}};
	char *path;

	open_room(LONG_MS, false);
	path = str_fmt("%s/" RUN_KEYS, room.dir);
	ck_assert(ask(0, 0, "a"));
	room.listener = sock_listen_packets(path, NULL, &err);
	tell(heard(ASK_TOKEN, "first", "a"), "{}");
	until(&room.n_ready, 1);
	ck_assert(!room.guests[0].final);
	free(path);
	close_room();
}
END_TEST

START_TEST(who_goes_is_asked_again_when_he_is_back)
{
	open_room(LONG_MS, true);
	ck_assert(ask(0, 0, "a"));
	heard(ASK_TOKEN, "first", "a");
	close(room.fd);
	room.fd = -1;
	tell(heard(ASK_TOKEN, "first", "a"), "{}");
	until(&room.n_ready, 1);
	close(room.fd);		/* and when nobody waits */
	room.fd = -1;
	ck_assert(ask(1, 1, "b"));
	tell(heard(ASK_TOKEN, "second", "b"), "{}");
	until(&room.n_ready, 2);
	ck_assert_int_eq(room.told_null, 0);
	close_room();
}
END_TEST

/* As postvak-keys does when another comes in its place. */
START_TEST(who_listens_no_more_is_not_what_all_wait_for)
{
	int old;

	open_room(LONG_MS, true);
	ck_assert(ask(0, 0, "a"));
	heard(ASK_TOKEN, "first", "a");
	ck_assert_int_eq(shutdown(room.fd, SHUT_RD), 0);
	old = room.fd;
	room.fd = -1;
	ck_assert(ask(1, 1, "b"));
	tell(heard(ASK_TOKEN, "first", "a"), "{}");
	tell(heard(ASK_TOKEN, "second", "b"), "{}");
	until(&room.n_ready, 2);
	ck_assert_int_eq(room.told_null, 0);
	close(old);
	close_room();
}
END_TEST

START_TEST(who_lets_nobody_stay_is_not_asked_without_pause)
{
	struct pollfd wait;
	int times = 0;
	bool on = true;

	open_room(1000, true);
	wait = (struct pollfd){ .fd = room.listener, .events = POLLIN };
	ck_assert(ask(0, 0, "a"));
	while (on) {
		if (poll(&wait, 1, 20) == 1) {
			close(accept(room.listener, NULL, NULL));
			times++;
		}
		pthread_mutex_lock(&room.lock);
		on = !room.n_ready;
		pthread_mutex_unlock(&room.lock);
	}
	ck_assert(times >= 2 && times <= 11);
	close_room();
}
END_TEST

START_TEST(what_is_no_answer_is_not_taken_for_one)
{
	uint64_t number;

	open_room(LONG_MS, true);
	ck_assert(ask(0, 0, "a"));
	number = heard(ASK_TOKEN, "first", "a");
	tell(number + 1, "{}");
	tell(0, "{}");
	ck_assert_int_eq(sock_send(room.fd, "nonsense", 8, -1), 0);
	close(room.fd);
	room.fd = -1;
	number = heard(ASK_TOKEN, "first", "a");
	ck_assert_int_eq(room.told, 0);
	tell(number, "{}");
	until(&room.n_ready, 1);
	tell(number, "{}");	/* twice */
	ck_assert(ask(1, 0, "b"));
	tell(heard(ASK_TOKEN, "first", "b"), "{}");
	until(&room.n_ready, 2);
	ck_assert_int_eq(room.told, 2);
	close_room();
}
END_TEST

START_TEST(one_request_leads_to_so_many_questions)
{
	room.asks_again = 100;
	open_room(LONG_MS, true);
	ck_assert(ask(0, 0, "a"));
	for (int i = 0; i < WAITING_ROUNDS; i++)
		tell(heard(ASK_TOKEN, "first", "a"), "{}");
	until(&room.n_ready, 1);
	ck_assert_int_eq(room.guests[0].ready, WAITING_ROUNDS);
	ck_assert(room.guests[0].final);
	close_room();
}
END_TEST

START_TEST(the_room_has_so_many_places)
{
	static const char *const tokens[] = { "a", "b", "c" };

	open_room(LONG_MS, true);
	for (int i = 0; i < WAITING_ASKED; i++)
		ck_assert(ask(i, 0, tokens[i % 3]));
	ck_assert(!ask(WAITING_ASKED, 0, "a"));
	for (int i = 0; i < 3; i++)
		tell(heard(ASK_TOKEN, "first", NULL), "{}");
	until(&room.n_ready, WAITING_ASKED);
	ck_assert(ask(WAITING_ASKED, 0, "a"));	/* there is room again */
	tell(heard(ASK_TOKEN, "first", "a"), "{}");
	until(&room.n_ready, WAITING_ASKED + 1);
	close_room();
}
END_TEST

/* As many of one network as there may be, then of the next. */
static bool book(int guest)
{
	struct gate_request *request = &room.guests[guest].request;

	return waiting_book(room.waiting, request, pool_fmt(request->pool, "192.0.2.%d", guest / WAITING_HELD_EACH));
}

START_TEST(large_requests_take_more_room)
{
	int n = 0;

	open_room(LONG_MS, true);
	for (int i = 0; i < 100; i++)
		room.guests[i].request.message.body_len = 2u << 20;
	while (n < 100 && ask(n, 0, "a"))
		n++;
	ck_assert_int_gt(n, 20);
	ck_assert_int_lt(n, 40);
	n = 0;
	while (n < 100 && book(n))
		n++;
	ck_assert_int_gt(n, 10);
	ck_assert_int_lt(n, 20);
	close_room();
}
END_TEST

START_TEST(tokens_that_cannot_be_asked_about_do_not_wait)
{
	char *token = mem_alloc(ASK_TOKEN_MAX + 2);

	open_room(LONG_MS, true);
	memset(token, 'a', ASK_TOKEN_MAX);
	ck_assert(ask(0, 0, token));
	tell(heard(ASK_TOKEN, "first", token), "{}");
	until(&room.n_ready, 1);
	token[ASK_TOKEN_MAX] = 'a';
	ck_assert(!ask(1, 0, token));
	ck_assert(!ask(2, 0, ""));
	ck_assert(!ask(3, 2, "a"));
	close_room();
	free(token);
}
END_TEST

START_TEST(more_questions_than_the_socket_takes_are_all_asked)
{
	static char tokens[200][4001];

	open_room(LONG_MS, true);
	for (int i = 0; i < 200; i++) {
		memset(tokens[i], 'a', 4000);
		tokens[i][0] = (char)('a' + i % 20);
		tokens[i][1] = (char)('a' + i / 20);
		ck_assert(ask(i, 0, tokens[i]));
	}
	for (int i = 0; i < 200; i++)
		tell(heard(ASK_TOKEN, "first", NULL), "{}");
	until(&room.n_ready, 200);
	ck_assert_int_eq(room.told, 200);
	close_room();
}
END_TEST

START_TEST(wanted_keys_are_named_and_nobody_waits)
{
	open_room(LONG_MS, true);
	waiting_wanted(room.waiting, "nobody");
	waiting_wanted(room.waiting, "second");
	heard(ASK_KEYS, "second", NULL);
	waiting_wanted(room.waiting, "first");
	heard(ASK_KEYS, "first", NULL);
	ck_assert_int_eq(room.told, 0);
	close_room();
}
END_TEST

/* ---- answers that come later ---- */

static void hold(int guest, int status, int ms)
{
	struct gate_request *request = &room.guests[guest].request;

	ck_assert(book(guest));
	waiting_hold(room.waiting, request, &(struct gate_reply){ .status = status, .headers = "" }, ms);
}

START_TEST(an_answer_comes_when_it_is_time)
{
	int64_t began = clock_mono_ms();

	open_room(LONG_MS, false);
	hold(0, 401, 400);
	hold(1, 403, 100);
	until(&room.n_answered, 1);
	ck_assert_int_eq(room.reply.status, 403);
	until(&room.n_answered, 2);
	ck_assert_int_eq(room.reply.status, 401);
	ck_assert(room.guests[1].at_ms - began >= 100 && room.guests[0].at_ms - began >= 400);
	ck_assert(room.guests[0].answered == 1 && room.guests[1].answered == 1);
	close_room();
}
END_TEST

START_TEST(so_many_answers_are_held_back_at_once)
{
	open_room(LONG_MS, false);
	for (int i = 0; i < WAITING_HELD; i++)
		hold(i, 401, i ? LONG_MS * 10 : 100);
	ck_assert(!book(MOST - 1));
	until(&room.n_answered, 1);
	ck_assert(book(MOST - 1));
	waiting_end(room.waiting);
	until(&room.n_answered, WAITING_HELD);
	close_room();
}
END_TEST

START_TEST(one_network_has_few_of_the_places)
{
	struct gate_request *more = &room.guests[MOST - 1].request;

	open_room(LONG_MS, false);
	for (int i = 0; i < WAITING_HELD_EACH; i++)
		hold(i, 401, i ? LONG_MS * 10 : 100);
	ck_assert(!waiting_book(room.waiting, more, "192.0.2.0"));
	ck_assert(waiting_book(room.waiting, &room.guests[MOST - 2].request, "192.0.2.1"));
	until(&room.n_answered, 1);
	ck_assert(waiting_book(room.waiting, more, "192.0.2.0"));
	waiting_end(room.waiting);
	close_room();
}
END_TEST

START_TEST(nobody_is_held_back_where_that_holds_up_others)
{
	room.never_hold = true;
	open_room(LONG_MS, false);
	ck_assert(!book(0));
	close_room();
}
END_TEST

START_TEST(nothing_is_held_back_once_there_is_haste)
{
	open_room(LONG_MS * 10, true);
	hold(0, 401, LONG_MS * 10);
	ck_assert(book(1));
	ck_assert(ask(2, 0, "a"));
	heard(ASK_TOKEN, "first", "a");
	waiting_hasten(room.waiting);
	until(&room.n_answered, 1);
	waiting_hold(room.waiting, &room.guests[1].request, &(struct gate_reply){ .status = 403, .headers = "" }, LONG_MS * 10);
	until(&room.n_answered, 2);
	ck_assert(!book(3));
	ck_assert_int_eq(room.n_ready, 0);	/* who asked goes on waiting */
	close_room();
}
END_TEST

START_TEST(who_waits_is_let_go_at_the_end_and_nobody_comes_in)
{
	open_room(LONG_MS * 10, true);
	hold(0, 401, LONG_MS * 10);
	ck_assert(book(1));
	ck_assert(ask(2, 0, "a"));
	heard(ASK_TOKEN, "first", "a");
	waiting_end(room.waiting);
	ck_assert_int_eq(room.n_answered, 1);
	ck_assert(room.guests[2].final && room.n_ready == 1 && room.told_null == 1);
	waiting_hold(room.waiting, &room.guests[1].request, &(struct gate_reply){ .status = 403, .headers = "" }, 1000);
	ck_assert_int_eq(room.n_answered, 2);
	ck_assert(!ask(3, 0, "a"));
	ck_assert(!book(3));
	waiting_wanted(room.waiting, "first");
	close_room();
}
END_TEST

/* ---- from many threads ---- */

static int n_ready(void)
{
	int n;

	pthread_mutex_lock(&room.lock);
	n = room.n_ready;
	pthread_mutex_unlock(&room.lock);
	return n;
}

static void *crowd(void *arg)
{
	static const char *const tokens[] = { "a", "b", "c", "d" };
	int from = (int)(intptr_t)arg;

	for (int i = from; i < from + 100; i++)
		if (i % 5 == 0)
			hold(i, 401, i % 7);
		else
			ck_assert(ask(i, (size_t)i % 2, tokens[i % 4]));
	return NULL;
}

START_TEST(many_threads_come_and_all_are_served_once)
{
	pthread_t threads[8];

	open_room(LONG_MS, true);
	for (intptr_t i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, crowd, (void *)(i * 100)), 0);
	let_in();
	for (int64_t by = clock_mono_ms() + LONG_MS; clock_mono_ms() < by && n_ready() < 640;) {
		static char message[ASK_MESSAGE_MAX + 1];
		struct ask got;
		int fd;

		if (says_something(20) && ask_unpack(message, (size_t)sock_receive(room.fd, message, sizeof message, &fd), &got))
			tell(got.number, "{}");
	}
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	until(&room.n_ready, 640);
	until(&room.n_answered, 160);
	for (int i = 0; i < 800; i++)
		ck_assert_int_eq(room.guests[i].ready + room.guests[i].answered, 1);
	close_room();
}
END_TEST

/* ---- a process that waits itself ---- */

static void *answer_once(void *arg)
{
	uint64_t number = heard(ASK_TOKEN, "first", "tok");

	(void)arg;
	tell(number + 1, "{\"other\":1}");
	tell(number, "{\"active\":false}");
	return NULL;
}

START_TEST(one_process_can_wait_for_itself)
{
	struct ask ask_ = { ASK_TOKEN, 7, { "first", 5 }, { "tok", 3 } };
	struct ask_answer got;
	struct asker *asker;
	pthread_t thread;

	open_room(LONG_MS, true);
	asker = asker_new(&room.conf);
	ck_assert_int_eq(pthread_create(&thread, NULL, answer_once, NULL), 0);
	ck_assert(asker_wait(asker, &ask_, clock_mono_ms() + LONG_MS, &got));
	ck_assert(got.had && got.body.len == 16 && memcmp(got.body.p, "{\"active\":false}", 16) == 0);
	pthread_join(thread, NULL);
	ck_assert(!asker_wait(asker, &ask_, clock_mono_ms() + 50, &got));
	ck_assert(!asker_wait(asker, &ask_, clock_mono_ms() - 1, &got));
	asker_free(&asker);
	close_room();
}
END_TEST

START_TEST(where_nobody_is_there_it_waits_in_vain)
{
	struct ask ask_ = { ASK_TOKEN, 7, { "first", 5 }, { "tok", 3 } };
	struct ask_answer got;
	struct asker *asker;

	open_room(LONG_MS, false);
	asker = asker_new(&room.conf);
	ck_assert(!asker_wait(asker, &ask_, clock_mono_ms() + 250, &got));
	asker_want(asker, "first");
	asker_free(&asker);
	close_room();
}
END_TEST

UNIT_MAIN("waiting", a_question_is_asked_once_for_all_who_have_it, an_answer_that_cannot_be_had_leaves_others_to_ask,
	  who_does_not_answer_is_not_waited_for, nobody_to_ask_is_the_same, who_comes_in_time_is_asked_after_all,
	  who_goes_is_asked_again_when_he_is_back, who_listens_no_more_is_not_what_all_wait_for,
	  who_lets_nobody_stay_is_not_asked_without_pause, what_is_no_answer_is_not_taken_for_one,
	  one_request_leads_to_so_many_questions,
	  the_room_has_so_many_places, large_requests_take_more_room, tokens_that_cannot_be_asked_about_do_not_wait,
	  more_questions_than_the_socket_takes_are_all_asked, wanted_keys_are_named_and_nobody_waits, an_answer_comes_when_it_is_time,
	  so_many_answers_are_held_back_at_once, one_network_has_few_of_the_places, nobody_is_held_back_where_that_holds_up_others,
	  nothing_is_held_back_once_there_is_haste, who_waits_is_let_go_at_the_end_and_nobody_comes_in,
	  many_threads_come_and_all_are_served_once, one_process_can_wait_for_itself, where_nobody_is_there_it_waits_in_vain)
