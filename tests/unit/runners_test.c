/* SPDX-License-Identifier: EUPL-1.2
 * The dispatcher with processes: this program is its own runner, which does what an event's data
 * says (started as `postvak-runner`, it becomes one). */
#include "config.h"
#include "unit.h"

#include <postvak/handler.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/child.h"
#include "base/clock.h"
#include "base/frame.h"
#include "base/sock.h"
#include "dispatch/loop.h"
#include "dispatch/runners.h"
#include "dispatch/sort.h"
#include "event/wire.h"

/* ---- the runner ---- */

static struct buf out;

static void put(uint8_t kind, const char *one, const char *two)
{
	size_t begin = frame_begin(&out, kind);

	buf_text(&out, one);
	if (two)
		buf_text(&out, two);
	frame_end(&out, begin);
	while (frame_write(WIRE_SOCKET_FD, &out) == 0)
		;
}

static void answer(uint64_t n, uint8_t outcome)
{
	size_t begin = frame_begin(&out, WIRE_OUTCOME);

	wire_put_outcome(&out, &(struct wire_outcome){ .n = n, .outcome = outcome });
	frame_end(&out, begin);
	while (frame_write(WIRE_SOCKET_FD, &out) == 0)
		;
}

static bool does(const struct event *event, const char *what)
{
	return event->data_len == strlen(what) && memcmp(event->data, what, event->data_len) == 0;
}

static bool recalled;

static bool is_recalled(const struct mark *mark, uint64_t n)
{
	return __atomic_load_n(&mark->n, __ATOMIC_ACQUIRE) != n;
}

static void act(struct cut *body, struct mark *mark)
{
	struct pool *pool = pool_new();
	struct wire_event head;
	struct event event;

	if (wire_get_event(pool, body, &head, &event) < 0)
		_exit(9);
	mark_begin(mark, head.n, clock_mono_ms());
	while (does(&event, "be recalled") && !is_recalled(mark, head.n))
		poll(NULL, 0, 1);
	if (does(&event, "crash") || (does(&event, "crash once") && head.attempt == 1))
		raise(SIGKILL);
	if (event.data_len > 4 && memcmp(event.data, "stop", 4) == 0)
		kill(getppid(), SIGTERM);
	if (does(&event, "hang") || does(&event, "stop the dispatcher and hang"))
		for (;;)
			pause();
	if (does(&event, "say and crash")) {
		answer(head.n, PV_DONE);
		raise(SIGKILL);
	}
	if (does(&event, "nonsense")) {
		mark_set(mark, 0, 0);
		put(99, "what", NULL);
		for (;;)
			pause();
	}
	answer(head.n, does(&event, "retry") ? PV_RETRY : PV_DONE);
	recalled = mark_end(mark);
	pool_free(&pool);
}

static void greet(struct cut *body, struct mark **mark)
{
	struct pool *pool = pool_new();
	struct wire_hello hello;
	struct err err;

	if (wire_get_hello(pool, body, &hello) < 0 || !(*mark = marks_map(WIRE_MARKS_FD, hello.slots, &err)))
		_exit(9);
	*mark += hello.slot;
	if (strcmp(hello.plugin, "/broken") == 0) {
		put(WIRE_FAILED, "/broken: it is broken", NULL);
		_exit(1);
	}
	put(WIRE_READY, "test", "1.0");
	pool_free(&pool);
}

static int be_runner(void)
{
	struct mark *mark = NULL;
	struct buf in = {0};

	while (frame_read(WIRE_SOCKET_FD, &in) == 1) {
		struct cut body;
		size_t at = 0;
		uint8_t kind;

		while (frame_take(&in, &at, &kind, &body) == 1)
			if (kind == WIRE_HELLO)
				greet(&body, &mark);
			else if (kind == WIRE_RESUME)
				recalled = false;
			else if (!recalled)
				act(&body, mark);
		buf_drop(&in, at);
	}
	buf_free(&in);
	buf_free(&out);
	return 0;
}

/* ---- the dispatcher ---- */

struct site {
	struct conf conf;
	struct conf_handler handler;
	struct store *store;
	struct loop_setup loop;
	char dir[40];
};

static struct err err;
#define ok(call) ck_assert_msg((call) == 0, "%s", err.text)

static struct site *site(void)
{
	struct site *s = mem_alloc(sizeof *s);
	struct store_setup setup = { .spec = "memory:" };
	sigset_t set;

	strcpy(s->dir, "/tmp/postvak-runners-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(s->dir));
	s->handler = (struct conf_handler){ .name = "test", .plugin = "/some.so", .events = "**", .runners = 2,
					    .deadline_ms = 200, .retry = { 2, 1, 1, 1 } };
	s->conf = (struct conf){ .handlers = &s->handler, .n_handlers = 1, .run_dir = s->dir, .group = "", .drain_ms = 20000,
				 .retention_ms = 1000000, .remember_ms = 1000000, .dead_retention_ms = 1000000 };
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_SETMASK, &set, NULL);
	s->loop = (struct loop_setup){ .conf = &s->conf, .runner = "/proc/self/exe", .control = -1, .bell = -1, .drain = true,
				       .signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK) };
	ok(store_open(&setup, STORE_LOG | STORE_DESK, &s->store, &err));
	s->loop.store = s->store;
	return s;
}

static void site_free(struct site *s)
{
	char *board = str_fmt("%s/%s", s->dir, RUN_BOARD);

	unlink(board);
	free(board);
	rmdir(s->dir);
	close(s->loop.signals);
	store_close(&s->store);
	free(s);
}

static uint64_t record(struct site *s, const char *what)
{
	static unsigned id;
	struct event e = { .received_ms = clock_wall_ms(), .wire = WIRE_NRC, .type = "nl.zaak", .endpoint = "nrc",
			   .sender = "on", .data = (const unsigned char *)what, .data_len = strlen(what) };
	struct event *p = &e;

	id++;
	memcpy(e.key.b, &id, sizeof id);
	ok(store_append(s->store, &p, 1, &err));
	return e.n;
}

struct told { char text[512]; };

static bool tell(void *arg, const struct history *h)
{
	struct told *t = arg;
	size_t len = strlen(t->text);

	snprintf(t->text + len, sizeof t->text - len, "%s%s%s%s", len ? ", " : "", h->what, h->note ? " " : "",
		 h->note ? h->note : "");
	return true;
}

static const char *history(struct site *s, uint64_t n)
{
	static struct told t;

	t.text[0] = '\0';
	ok(store_history_each(s->store, n, tell, &t, &err));
	return t.text;
}

static void drain(struct site *s, int expected)
{
	int rc;

	s->loop.store = s->store;
	rc = loop_run(&s->loop, &err);
	ck_assert_msg(rc == expected, "%d %s", rc, err.text);
}

START_TEST(draining_runs_everything_and_leaves)
{
	struct site *s = site();
	uint64_t last = 0;

	for (int i = 0; i < 500; i++)
		last = record(s, "fine");
	drain(s, 0);
	ck_assert_str_eq(history(s, 1), "done");
	ck_assert_str_eq(history(s, last), "done");
	site_free(s);
}
END_TEST

START_TEST(a_crash_costs_only_the_event_that_ran_an_attempt)
{
	struct site *s = site();
	uint64_t bad, last = 0;

	s->handler.runners = 1;
	for (int i = 0; i < 10; i++)
		record(s, "fine");
	bad = record(s, "crash once");
	for (int i = 0; i < 10; i++)
		last = record(s, "fine");
	drain(s, 0);
	for (uint64_t n = 1; n <= last; n++)
		if (n != bad)
			ck_assert_str_eq(history(s, n), "done");
	ck_assert_str_eq(history(s, bad), "crash crash: killed by signal 9 (Killed), done");
	site_free(s);
}
END_TEST

START_TEST(an_event_that_always_crashes_dies)
{
	struct site *s = site();
	uint64_t bad = record(s, "crash"), good = record(s, "fine");

	drain(s, 0);
	drain(s, 0);	/* the first may leave while the retry waits for its time */
	ck_assert_ptr_nonnull(strstr(history(s, bad), "dead crash: killed by signal 9"));
	ck_assert_str_eq(history(s, good), "done");
	site_free(s);
}
END_TEST

START_TEST(an_event_past_its_deadline_is_ended)
{
	struct site *s = site();
	uint64_t bad, good;

	s->handler.retry.attempts = 1;
	s->handler.runners = 1;
	bad = record(s, "hang");
	good = record(s, "fine");
	drain(s, 0);
	ck_assert_str_eq(history(s, bad), "dead timeout: it ran longer than its deadline of 200 ms");
	ck_assert_str_eq(history(s, good), "done");
	site_free(s);
}
END_TEST

START_TEST(an_outcome_counts_even_when_death_follows_at_once)
{
	struct site *s = site();
	uint64_t one = record(s, "say and crash"), two = record(s, "fine");

	drain(s, 0);
	ck_assert_str_eq(history(s, one), "done");
	ck_assert_str_eq(history(s, two), "done");
	site_free(s);
}
END_TEST

/* An engine and its hands, turned by the test itself. */
struct desk {
	struct runners *runners;
	struct hands hands;
	struct engine *engine;
	struct board *board;
};

static struct desk desk(struct site *s)
{
	struct desk d = { .board = board_private() };
	struct engine_setup setup = { .store = s->store, .conf = &s->conf, .board = d.board, .wall_ms = clock_wall_ms,
				      .mono_ms = clock_mono_ms };

	ok(runners_open(&s->conf, s->loop.runner, true, &d.runners, &err));
	setup.hands = d.hands = runners_hands(d.runners);
	ok(engine_open(&setup, &d.engine, &err));
	runners_serve(d.runners, d.engine);
	return d;
}

static void desk_turn(struct desk *d)
{
	struct pollfd fds[2];

	runners_flush(d->runners);
	poll(fds, (nfds_t)runners_poll(d->runners, fds), 20);
	runners_heard(d->runners, fds);
	runners_turn(d->runners);
}

static void desk_free(struct desk *d)
{
	runners_kill(d->runners);
	while (runners_alive(d->runners))
		desk_turn(d);
	engine_free(&d->engine);
	runners_free(&d->runners);
	board_close(&d->board);
}

START_TEST(an_event_that_spoils_runners_without_a_mark_is_charged)
{
	struct site *s = site();
	struct desk d;
	struct sort sort;
	uint64_t bad = record(s, "nonsense");
	bool more;

	s->handler.runners = 1;
	s->handler.retry.attempts = 1;
	d = desk(s);
	ok(sort_open(&sort, s->store, d.board, &err));
	ok(sort_batch(&sort, 10, &more, &err));
	engine_sorted(d.engine, sort.sorted);
	while (!engine_unsettled(d.engine)) {
		engine_work(d.engine);
		desk_turn(&d);
	}
	ok(engine_settle(d.engine, false, &err));
	ck_assert_ptr_nonnull(strstr(history(s, bad), "dead crash"));
	desk_free(&d);
	site_free(s);
}
END_TEST

/* Between being asked for room and being given an event, a loaded machine may let any time pass. */
START_TEST(room_that_was_promised_is_still_there_later)
{
	struct site *s = site();
	struct desk d;
	struct event event = { .type = "nl.zaak", .endpoint = "nrc", .sender = "on", .data = (const unsigned char *)"hang",
			       .data_len = 4 };
	struct wire_event head = { .n = 1, .attempt = 1, .deadline_ms = 60000 };

	s->handler.runners = 1;
	s->handler.deadline_ms = 60000;
	d = desk(s);
	while (!d.hands.room(d.hands.arg, 0, 1))
		desk_turn(&d);
	d.hands.give(d.hands.arg, 0, &head, &event);
	while (d.hands.room(d.hands.arg, 0, 1))
		poll(NULL, 0, 1);
	head.n = 2;
	d.hands.give(d.hands.arg, 0, &head, &event);
	desk_free(&d);
	site_free(s);
}
END_TEST

/* With one runner it comes back to the same; with another one it would not have to wait. */
START_TEST(what_is_behind_an_event_that_takes_long_is_taken_back)
{
	struct site *s = site();
	struct desk d;
	struct event event = { .type = "nl.zaak", .endpoint = "nrc", .sender = "on", .data_len = 11,
			       .data = (const unsigned char *)"be recalled" };
	struct wire_event head = { .n = 1, .attempt = 1, .deadline_ms = 60000 };

	s->handler.runners = 1;
	s->handler.deadline_ms = 60000;
	d = desk(s);
	while (!d.hands.room(d.hands.arg, 0, 1))
		desk_turn(&d);
	d.hands.give(d.hands.arg, 0, &head, &event);
	head.n = 2;
	event.data = (const unsigned char *)"crash";
	event.data_len = 5;
	d.hands.give(d.hands.arg, 0, &head, &event);
	while (!d.hands.room(d.hands.arg, 0, 1))
		desk_turn(&d);
	ck_assert_int_eq(board_get(d.board, BOARD_CRASHES), 0);
	desk_free(&d);
	site_free(s);
}
END_TEST

START_TEST(a_handler_that_does_not_start_keeps_its_events)
{
	struct site *s = site();
	uint64_t n = record(s, "fine");

	s->handler.plugin = "/broken";
	drain(s, 1);
	ck_assert_str_eq(history(s, n), "");
	s->handler.plugin = "/mended.so";
	drain(s, 0);
	ck_assert_str_eq(history(s, n), "done");
	site_free(s);
}
END_TEST

START_TEST(a_runner_that_is_not_there_is_said)
{
	struct site *s = site();

	record(s, "fine");
	s->loop.runner = "/no/such/postvak-runner";
	drain(s, 1);
	site_free(s);
}
END_TEST

/* A boss: the other end of control, held by a child process that waits to be ready. */
static pid_t boss(struct site *s, const char *word, int *control)
{
	int pair[2];
	pid_t pid;

	ok(sock_pair(pair, &err));
	pid = fork();
	ck_assert(pid >= 0);
	if (pid == 0) {
		char got[16];
		int fd;

		close(pair[0]);
		if (sock_receive(pair[1], got, sizeof got, &fd) != 5 || memcmp(got, CHILD_READY, 5) != 0)
			_exit(1);
		if (word)
			sock_send(pair[1], word, strlen(word), -1);
		else
			_exit(0);
		(void)sock_receive(pair[1], got, sizeof got, &fd);
		_exit(0);
	}
	close(pair[1]);
	*control = pair[0];
	s->loop.control = pair[0];
	s->loop.drain = false;
	return pid;
}

START_TEST(it_leaves_when_the_boss_says_so_or_is_gone)
{
	static const char *const words[] = { CHILD_DRAIN, NULL };

	for (size_t i = 0; i < 2; i++) {
		struct site *s = site();
		int control;

		boss(s, words[i], &control);
		ok(loop_run(&s->loop, &err));
		close(control);
		site_free(s);
	}
}
END_TEST

START_TEST(what_still_runs_when_draining_ends_is_not_charged)
{
	struct site *s = site();
	uint64_t n = record(s, "stop the dispatcher and hang");

	s->conf.drain_ms = 200;
	s->handler.deadline_ms = 60000;
	drain(s, 0);
	ck_assert_str_eq(history(s, n), "");
	site_free(s);
}
END_TEST

START_TEST(what_runs_when_draining_begins_may_end)
{
	struct site *s = site();
	uint64_t n = record(s, "stop the dispatcher");

	drain(s, 0);
	ck_assert_str_eq(history(s, n), "done");
	site_free(s);
}
END_TEST

int main(int argc, char **argv)
{
	const TTest *const tests[] = {
		draining_runs_everything_and_leaves, a_crash_costs_only_the_event_that_ran_an_attempt,
		an_event_that_always_crashes_dies, an_event_past_its_deadline_is_ended,
		an_outcome_counts_even_when_death_follows_at_once,
		an_event_that_spoils_runners_without_a_mark_is_charged,
		room_that_was_promised_is_still_there_later, what_is_behind_an_event_that_takes_long_is_taken_back,
		a_handler_that_does_not_start_keeps_its_events, a_runner_that_is_not_there_is_said,
		it_leaves_when_the_boss_says_so_or_is_gone, what_still_runs_when_draining_ends_is_not_charged,
		what_runs_when_draining_begins_may_end,
	};

	if (argc == 1 && strcmp(argv[0], "postvak-runner") == 0)
		return be_runner();
	return unit_run("runners", tests, sizeof tests / sizeof *tests);
}
