/* SPDX-License-Identifier: EUPL-1.2
 * The engine against a model: whatever happens in whatever order, restarts, pauses and full disks among it,
 * one event of an object runs at a time, after all earlier ones of it are finished, none that is
 * finished ever runs again, each that is done counts once in the state of its object, and emits once. */
#include "config.h"
#include "unit.h"

#include <postvak/handler.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/clock.h"
#include "dispatch/engine.h"
#include "dispatch/house.h"
#include "dispatch/request.h"
#include "dispatch/sort.h"

#define EVENTS 800
#define LANES 6		/* 0: none */

enum fate { FRESH, RUNS, ANSWERED, FINISHED };

struct model {
	struct conf conf;
	struct conf_handler handler;
	struct store *store;
	struct board *board;
	struct engine *engine;
	struct sort sort;
	enum fate fate[EVENTS + 1];
	bool ends[EVENTS + 1];		/* ANSWERED: it is over with it, once that is written */
	bool done[EVENTS + 1];		/* with DONE, which counts and emits */
	int lane[EVENTS + 1];
	int counted[LANES];
	size_t emitted;
	uint64_t running[64];
	size_t n_running;
	uint64_t last;
	unsigned long long seed;
};

static struct err err;
static int64_t now_ms;
#define ok(call) ck_assert_msg((call) == 0, "%s", err.text)

static int64_t wall(void) { return now_ms; }

static unsigned dice(struct model *m, unsigned sides)
{
	m->seed = m->seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(m->seed >> 33) % sides;
}

static size_t room(void *arg, size_t handler, size_t ready)
{
	struct model *m = arg;

	(void)handler;
	(void)ready;
	return 16 - m->n_running;
}

/* What the object has come to, whatever was lost in between. */
static void state_is_right(const struct model *m, const struct wire_event *head)
{
	int lane = m->lane[head->n], state = 0;

	if (head->state) {
		ck_assert_uint_eq(head->state_len, sizeof state);
		memcpy(&state, head->state, sizeof state);
	}
	ck_assert_msg(state == (lane ? m->counted[lane] : 0), "event %llu is given %d, of %d", (unsigned long long)head->n,
		      state, m->counted[lane]);
}

static void take(void *arg, size_t handler, const struct wire_event *head, const struct event *event)
{
	struct model *m = arg;

	(void)handler;
	(void)event;
	state_is_right(m, head);
	ck_assert_msg(m->fate[head->n] == FRESH, "event %llu is given, and is %d", (unsigned long long)head->n, m->fate[head->n]);
	for (uint64_t n = 1; n < head->n; n++)
		ck_assert_msg(!m->lane[n] || m->lane[n] != m->lane[head->n] || m->fate[n] == FINISHED,
			      "event %llu runs before %llu of its object", (unsigned long long)head->n, (unsigned long long)n);
	m->fate[head->n] = RUNS;
	m->running[m->n_running++] = head->n;
}

static void start(struct model *m)
{
	struct engine_setup setup = { m->store, &m->conf, m->board, { m, room, take }, wall, wall };

	ok(engine_open(&setup, &m->engine, &err));
	ok(sort_open(&m->sort, m->store, m->board, &err));
	engine_sorted(m->engine, m->sort.sorted);
}

static void stop(struct model *m)
{
	engine_free(&m->engine);
	m->n_running = 0;
	for (uint64_t n = 1; n <= m->last; n++)
		if (m->fate[n] != FINISHED)
			m->fate[n] = FRESH;
}

static void record(struct model *m)
{
	int lane = (int)dice(m, LANES);
	struct event e = { .received_ms = now_ms, .wire = WIRE_NRC, .type = dice(m, 10) ? "nl.zaak" : "org.other",
			   .endpoint = "nrc", .sender = "on", .has_lane = lane > 0 };
	struct event *p = &e;
	uint64_t id = m->last + 1;

	if (m->last == EVENTS)
		return;
	memset(e.lane.b, lane, sizeof e.lane.b);
	memcpy(e.key.b, &id, sizeof id);
	ok(store_append(m->store, &p, 1, &err));
	ck_assert_uint_eq(e.n, id);
	m->last = id;
	m->lane[id] = lane;
	if (e.type[0] == 'o')
		m->fate[id] = FINISHED;
}

static void answer(struct model *m)
{
	size_t i = m->n_running ? dice(m, (unsigned)m->n_running) : 0;
	uint64_t n = m->running[i];
	unsigned kind = dice(m, 10);
	struct wire_emitted e = { .type = "org.emitted" };
	int count = m->counted[m->lane[n]] + 1;		/* also where that is not to be kept */
	struct wire_outcome o = { .n = n, .outcome = kind < 6 ? PV_DONE : kind == 6 ? PV_DEAD : PV_RETRY, .state_set = true,
				  .state = (unsigned char *)&count, .state_len = sizeof count, .emitted = &e, .n_emitted = 1 };
	int64_t dead = board_get(m->board, BOARD_DEAD);

	if (!m->n_running)
		return;
	m->running[i] = m->running[--m->n_running];
	m->fate[n] = FRESH;
	if (kind == 9) {
		engine_give_back(m->engine, 0, n);
		return;
	}
	if (kind == 8)
		engine_charge(m->engine, 0, n, "crash", "killed by signal 9");
	else
		engine_outcome(m->engine, 0, &o);
	if (kind < 6 || board_get(m->board, BOARD_DEAD) > dead)
		m->fate[n] = ANSWERED;
	m->done[n] = kind < 6;
}

static void settled(struct model *m)
{
	for (uint64_t n = 1; n <= m->last; n++) {
		if (m->fate[n] != ANSWERED)
			continue;
		m->fate[n] = FINISHED;
		m->counted[m->lane[n]] += m->done[n];
		m->emitted += m->done[n];
	}
}

static void emitted_as_many(struct model *m)
{
	size_t n, all = 0;

	do {
		ok(store_outbox_copy(m->store, &n, &err));
		all += n;
	} while (n);
	ck_assert_uint_eq(all, m->emitted);
}

static void settle(struct model *m)
{
	ok(engine_settle(m->engine, false, &err));
	settled(m);
}

static void work(struct model *m)
{
	bool more;

	ok(sort_batch(&m->sort, 50, &more, &err));
	engine_sorted(m->engine, m->sort.sorted);
	engine_work(m->engine);
}

static bool runs(void *arg, const char *handler, uint64_t n)
{
	return engine_runs(((struct model *)arg)->engine, handler, n);
}

static void touched(void *arg, const char *handler, uint64_t n)
{
	engine_refresh(((struct model *)arg)->engine, handler, n);
}

static void ask(struct model *m, const char *verb, const char *args)
{
	struct request_hooks hooks = { m, runs, touched, NULL };
	uint64_t id;
	size_t n;

	settle(m);
	ok(store_request_ask(m->store, "piet", verb, args, &id, &err));
	ok(requests_apply(m->store, &m->conf, &hooks, &n, &err));
}

/* What is dead is left alone: here it is finished. */
static void operate(struct model *m)
{
	char args[64];

	switch (dice(m, 6)) {
	case 0:
	case 1:
		snprintf(args, sizeof args, "n=%u\nstate=waiting behind\n", 1 + dice(m, (unsigned)m->last + 1));
		ask(m, "hold", args);
		break;
	case 2:
		snprintf(args, sizeof args, "n=%u\n", 1 + dice(m, (unsigned)m->last + 1));
		ask(m, "release", args);
		break;
	case 3:
		ask(m, "retry", "handler=first\nstate=waiting\n");
		break;
	case 4:
		ask(m, "hold", "handler=first\n");
		break;
	default:
		ask(m, "release", "handler=first\n");
	}
}

static uint64_t mark(struct model *m)
{
	struct pool *pool = pool_new();
	struct bookmark *v;
	uint64_t n;
	size_t count;

	ok(store_bookmarks(m->store, pool, &v, &count, &err));
	ck_assert_uint_eq(count, 1);
	n = v[0].n;
	pool_free(&pool);
	return n;
}

static void step(struct model *m)
{
	unsigned what = dice(m, 100);

	if (what < 25)
		record(m);
	else if (what < 60)
		answer(m);
	else if (what < 80)
		work(m);
	else if (what < 96)
		settle(m);
	else if (what < 98)
		operate(m);
	else if (what == 98)
		now_ms += 700;
	else if (dice(m, 4) == 0) {
		stop(m);
		start(m);
	}
}

static bool all_finished(const struct model *m)
{
	for (uint64_t n = 1; n <= m->last; n++)
		if (m->fate[n] != FINISHED)
			return false;
	return true;
}

static struct model *model(const char *spec)
{
	struct model *m = mem_alloc(sizeof *m);
	struct store_setup setup = { .spec = spec };

	now_ms = clock_wall_ms();
	m->handler = (struct conf_handler){ .name = "first", .events = "nl.**", .runners = 1, .deadline_ms = 1000,
					    .retry = { 3, 1000, 2, 60000 } };
	m->conf = (struct conf){ .handlers = &m->handler, .n_handlers = 1, .retention_ms = 1000, .remember_ms = 1000,
				 .dead_retention_ms = 1000 };
	m->board = board_private();
	m->seed = 20261121;
	ok(store_open(&setup, STORE_LOG | STORE_DESK, &m->store, &err));
	start(m);
	return m;
}

static void model_free(struct model *m)
{
	stop(m);
	store_close(&m->store);
	board_close(&m->board);
	free(m);
}

START_TEST(whatever_happens_order_holds_and_nothing_is_lost)
{
	struct model *m = model("memory:");

	m->seed += (unsigned)_i;
	m->handler.circuit = (struct conf_circuit){ _i % 2 ? 3 : 0, 500, 2, 2000 };
	stop(m);
	start(m);
	for (int i = 0; i < 4000; i++)
		step(m);
	ask(m, "release", "handler=first\n");
	for (int i = 0; i < 20000 && !all_finished(m); i++) {
		work(m);
		answer(m);
		settle(m);
		if (i % 50 == 0)
			now_ms += 1000;
	}
	ck_assert(all_finished(m));
	settle(m);
	ck_assert_uint_eq(mark(m), m->last);
	ck_assert_uint_gt(m->emitted, 300);
	emitted_as_many(m);
	model_free(m);
}
END_TEST

START_TEST(a_full_disk_loses_nothing)
{
	char dir[] = "/tmp/postvak-full-XXXXXX", *spec, *command;
	struct rlimit all, little = { 4096, RLIM_INFINITY };
	struct model *m;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	spec = str_fmt("sqlite:%s", dir);
	command = str_fmt("rm -rf %s", dir);
	m = model(spec);
	for (int i = 0; i < 200; i++)
		record(m);
	work(m);
	ck_assert_uint_gt(m->n_running, 0);
	while (m->n_running)
		answer(m);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &all);
	little.rlim_max = all.rlim_max;
	setrlimit(RLIMIT_FSIZE, &little);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(engine_settle(m->engine, false, &err), -1);
	ck_assert_uint_gt(engine_unsettled(m->engine), 0);
	setrlimit(RLIMIT_FSIZE, &all);
	for (int64_t until = clock_mono_ms() + 20000; engine_settle(m->engine, false, &err) < 0; poll(NULL, 0, 20))
		ck_assert_msg(clock_mono_ms() < until, "%s", err.text);
	settled(m);
	for (int i = 0; i < 20000 && !all_finished(m); i++) {
		settle(m);
		work(m);
		answer(m);
		if (i % 50 == 0)
			now_ms += 1000;
	}
	ck_assert(all_finished(m));
	emitted_as_many(m);
	model_free(m);
	ck_assert_int_eq(system(command), 0);
	free(command);
	free(spec);
}
END_TEST

START_TEST(pruning_stops_at_the_bookmark)
{
	struct model *m = model("memory:");
	struct house house;
	uint64_t first;

	m->last = 0;
	while (m->last < 20)
		record(m);
	for (int i = 0; i < 4; i++)
		work(m);
	for (size_t i = 0; i < 4; i++)
		engine_outcome(m->engine, 0, &(struct wire_outcome){ .n = m->running[i], .outcome = PV_DONE });
	settle(m);
	now_ms += 10000000;
	house_open(&house, m->store, &m->conf, m->engine);
	house_turn(&house, 1, now_ms, m->sort.sorted);
	ok(store_first(m->store, &first, &err));
	ck_assert_uint_gt(first, 1);
	ck_assert_uint_le(first, mark(m) + 1);
	ck_assert_int_gt(house_next_ms(&house), 1);
	model_free(m);
}
END_TEST

START_TEST(pruning_waits_for_every_rewind)
{
	struct model *m = model("memory:");
	struct house house;
	uint64_t first;

	while (m->last < 20)
		record(m);
	for (int i = 0; i < 20000 && !all_finished(m); i++) {
		work(m);
		answer(m);
		settle(m);
		now_ms += 100;
	}
	ck_assert(all_finished(m));
	settle(m);
	ck_assert_uint_eq(mark(m), m->last);
	for (uint64_t id = 1; id <= 2; id++) {
		struct replay replay = { .handler = "first", .after = id == 1 ? 15 : 5, .at = id == 1 ? 15 : 5, .upto = 20 };

		ok(store_begin(m->store, true, &err));
		ok(store_replay_put(m->store, &replay, &err));
		ok(store_commit(m->store, &err));
	}
	stop(m);
	start(m);
	now_ms += 10000000;
	house_open(&house, m->store, &m->conf, m->engine);
	first = 0;
	for (int64_t mono_ms = 1; mono_ms < 1000000 && first < 6; mono_ms += 10000) {	/* a turn ends early where it takes long */
		house_turn(&house, mono_ms, now_ms, m->sort.sorted);
		ok(store_first(m->store, &first, &err));
	}
	ck_assert_uint_eq(first, 6);
	model_free(m);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dispatch_model");
	TCase *tcase = tcase_create("model");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, whatever_happens_order_holds_and_nothing_is_lost, 0, 6);
	tcase_add_test(tcase, a_full_disk_loses_nothing);
	tcase_add_test(tcase, pruning_stops_at_the_bookmark);
	tcase_add_test(tcase, pruning_waits_for_every_rewind);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
