/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "dispatch/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "base/child.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/fail.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sock.h"
#include "dispatch/courtesy.h"
#include "dispatch/engine.h"
#include "dispatch/gaps.h"
#include "dispatch/house.h"
#include "dispatch/request.h"
#include "dispatch/runners.h"
#include "dispatch/sort.h"

#define TURN_MS 1000		/* it looks around at least so often */
#define SETTLE_MS 5		/* outcomes wait for company at most so long */
#define SETTLE_MANY 1000
#define SORT_PAUSE_MS 4		/* between two small batches, however often the bell rings ... */
#define SORT_FEW 32
#define SORT_LONG_MS 16		/* ... and when there were more than a few: what comes meanwhile costs less together */
#define SORT_IDLE 2000		/* events sorted at once: 30 ms beside ten million identities ... */
#define SORT_BUSY 500		/* ... and how many at first when runners wait for their next event */
#define SORT_BURST 128		/* and while intake shall have the processors */
#define NAP_MIN_US 20		/* a nap shorter than that is none */
#define NAP_MAX_US 500
#define KILL_MS 5000		/* until killed runners are given up */

enum { FD_CONTROL, FD_BELL, FD_SIGNALS, FD_RUNNERS };

struct loop {
	const struct loop_setup *set;
	struct board *board;
	struct engine *engine;
	struct runners *runners;
	struct sort sort;
	struct gaps gaps;
	struct house house;
	struct courtesy courtesy;
	struct pollfd *fds;
	bool rung, unsorted, unfollowed, more, leaving, killed;
	bool outbox;		/* there may be something in it */
	int64_t look_ms;	/* mono: when to look without being called */
	int64_t leave_ms;	/* mono: when patience ends */
	int64_t unsettled_ms;	/* mono: since when outcomes wait; 0: none do */
	int64_t settle_ms;	/* mono: not before, after a failure */
	int64_t settled_ms;	/* mono: the last time */
	int64_t outbox_ms;	/* mono: not before, after a failure */
	int64_t sort_ms;	/* mono: not before */
	size_t sort_n;		/* how many to sort at once next time */
	bool settle_fails, outbox_fails, sort_fails, gaps_fail, requests_fail;
};

/* One line when a trouble begins and one when it is over. */
static void tell(bool *failing, int rc, const char *what, const struct err *err)
{
	if (rc < 0 && !*failing)
		log_error("%s: %s; trying again every second", what, err->text);
	if (rc >= 0 && *failing)
		log_info("%s: works again", what);
	*failing = rc < 0;
}

/* ---- leaving ---- */

static void leave(struct loop *l, const char *why)
{
	if (l->leaving)
		return;
	log_info("leaving: %s", why);
	l->leaving = true;
	l->leave_ms = clock_mono_ms() + l->set->conf->drain_ms;
	engine_stop(l->engine);
	runners_finish(l->runners);
}

/* True: everything ended, or nothing more can be hoped for. */
static bool left(struct loop *l)
{
	if (!l->leaving)
		return false;
	if (runners_alive(l->runners) == 0)
		return true;
	if (clock_mono_ms() < l->leave_ms)
		return false;
	if (l->killed)
		return true;
	log_info("the time to drain is over: what still runs is ended and will run again");
	runners_kill(l->runners);
	l->killed = true;
	l->leave_ms = clock_mono_ms() + KILL_MS;
	return false;
}

/* ---- hearing ---- */

static void hear_control(struct loop *l)
{
	char word[32];
	int fd;
	ssize_t n = sock_receive(l->set->control, word, sizeof word, &fd);

	if (fd >= 0)
		close(fd);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK))
		leave(l, "the boss is gone");
	else if (n == (ssize_t)strlen(CHILD_DRAIN) && memcmp(word, CHILD_DRAIN, (size_t)n) == 0)
		leave(l, "the boss says so");
}

static void hear_signals(struct loop *l)
{
	struct signalfd_siginfo info;

	while (read(l->set->signals, &info, sizeof info) == (ssize_t)sizeof info)
		if (info.ssi_signo == SIGCHLD)
			runners_mourn(l->runners);
		else
			leave(l, "a signal came");
}

static void hear(struct loop *l)
{
	if (l->fds[FD_SIGNALS].revents)
		hear_signals(l);
	if (l->fds[FD_CONTROL].revents && !l->leaving)
		hear_control(l);
	if (l->fds[FD_BELL].revents) {
		bell_answer(l->set->bell);
		l->rung = true;
	}
	if (clock_mono_ms() >= l->look_ms)
		l->rung = true;
}

/* ---- working ---- */

/* Nothing runs, and nothing that is loaded may: what there is may stand behind what ended. */
static bool idle(const struct loop *l)
{
	if (engine_in_flight(l->engine))
		return false;
	for (size_t i = 0; i < l->set->conf->n_handlers; i++)
		if (engine_has_ready(l->engine, i))
			return false;
	return !l->more;
}

/* Not at once: outcomes that come within a few milliseconds share a transaction, unless nothing else
 * is coming. */
static bool settle_due(struct loop *l, int64_t now)
{
	size_t n = engine_unsettled(l->engine);

	if (!n) {
		l->unsettled_ms = 0;
		return engine_moved(l->engine) && now - l->settled_ms >= TURN_MS;
	}
	if (!l->unsettled_ms)
		l->unsettled_ms = now;
	return n >= SETTLE_MANY || idle(l) || now - l->unsettled_ms >= SETTLE_MS;
}

static int settle(struct loop *l, bool durable)
{
	struct err err = {{0}};
	int rc = engine_settle(l->engine, durable, &err);

	tell(&l->settle_fails, rc, "cannot write to the desk what happened (nothing is lost; no more is handed out than is"
	     " loaded)", &err);
	l->settle_ms = rc < 0 ? clock_mono_ms() + TURN_MS : 0;
	if (rc == 0) {
		l->unsettled_ms = 0;
		l->settled_ms = clock_mono_ms();
	}
	return rc;
}

/* Some hundreds at once: what is full may have more behind it. */
static void copy_outbox(struct loop *l)
{
	struct err err = {{0}};
	size_t n = 0;
	int rc;

	failpoint("dispatch.before-outbox");
	rc = store_outbox_copy(l->set->store, &n, &err);
	failpoint("dispatch.after-outbox");
	tell(&l->outbox_fails, rc, "cannot bring what handlers emitted to the log (nothing is lost)", &err);
	l->outbox_ms = rc < 0 ? clock_mono_ms() + TURN_MS : 0;
	l->outbox = rc < 0 || n;
	if (n)
		l->unsorted = true;
}

static bool runs(void *arg, const char *handler, uint64_t n)
{
	return engine_runs(((struct loop *)arg)->engine, handler, n);
}

static void touched(void *arg, const char *handler, uint64_t n)
{
	engine_refresh(((struct loop *)arg)->engine, handler, n);
}

static bool still(void *arg, const char *handler)
{
	return engine_still(((struct loop *)arg)->engine, handler);
}

/* What the desk says must be what we know before an operator changes it. */
static void serve_operators(struct loop *l)
{
	struct request_hooks hooks = { l, runs, touched, still };
	struct pool *pool = pool_new();
	struct request *request = NULL;
	struct err err = {{0}};
	size_t n;
	int rc = store_request_next(l->set->store, 0, pool, &request, &err);

	if (rc == 0 && !request)
		engine_stir(l->engine);
	if (rc == 0 && request && settle(l, false) == 0) {
		engine_stir(l->engine);
		rc = requests_apply(l->set->store, l->set->conf, &hooks, &n, &err);
	}
	failpoint("dispatch.after-requests");
	tell(&l->requests_fail, rc, "cannot serve operators' requests", &err);
	pool_free(&pool);
}

/* Batches double as long as they come full. */
static void sort(struct loop *l)
{
	size_t least = engine_in_flight(l->engine) ? SORT_BUSY : SORT_IDLE;
	size_t n = l->sort_n > least ? l->sort_n : least;
	struct err err = {{0}};
	int rc;

	if (l->courtesy.gives_way)
		n = SORT_BURST;
	rc = sort_batch(&l->sort, n, &l->unsorted, &err);
	l->sort_n = rc == 0 && l->unsorted && n < SORT_IDLE ? 2 * n : l->unsorted ? n : 0;
	tell(&l->sort_fails, rc, "cannot sort what was appended", &err);
	engine_sorted(l->engine, l->sort.sorted);
}

static void follow(struct loop *l)
{
	struct err err = {{0}};
	int rc = gaps_follow(&l->gaps, &l->sort, &l->unfollowed, &err);

	tell(&l->gaps_fail, rc, "cannot follow the numbering of sources", &err);
}

static void work(struct loop *l)
{
	int64_t now = clock_mono_ms();
	bool rung, sorts;

	runners_turn(l->runners);
	if (now >= l->settle_ms && settle_due(l, now))
		settle(l, false);
	if (engine_emitted(l->engine))
		l->outbox = true;
	if (l->outbox && now >= l->outbox_ms)
		copy_outbox(l);
	if (l->leaving)
		return;
	l->rung |= engine_stands_still(l->engine);
	rung = l->rung && now >= l->sort_ms;
	if (rung) {
		l->rung = false;
		l->look_ms = now + TURN_MS;
		l->sort_ms = now + (l->sort.n < SORT_FEW ? SORT_PAUSE_MS : SORT_LONG_MS);
		serve_operators(l);
	}
	sorts = rung || l->unsorted;
	if (sorts)
		sort(l);
	if (sorts || l->unfollowed)
		follow(l);
	l->more = engine_work(l->engine);
	runners_flush(l->runners);
	failpoint("dispatch.after-hand");
	house_turn(&l->house, now, clock_wall_ms(), l->gaps.seen);
}

static bool has_work(const struct loop *l)
{
	if (l->outbox || l->unsorted || l->unfollowed || l->more || engine_in_flight(l->engine) || engine_unsettled(l->engine))
		return true;
	for (size_t i = 0; i < l->set->conf->n_handlers; i++)
		if (!runners_gave_up(l->runners, i) && (engine_has_ready(l->engine, i) ||
							(engine_replays(l->engine, i) && !engine_paused(l->engine, i))))
			return true;
	return false;
}

/* When drained: leaves once the last bookmark is written. */
static void leave_if_drained(struct loop *l)
{
	if (!l->set->drain || l->leaving || has_work(l))
		return;
	if (engine_moved(l->engine) && settle(l, false) < 0)
		return;
	if (!has_work(l))
		leave(l, "there is nothing to do");
}

/* ---- waiting ---- */

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int wait_ms(const struct loop *l)
{
	int64_t now = clock_mono_ms(), ms = runners_next_ms(l->runners);

	if (l->leaving)
		return (int)sooner(ms, 50);
	if (l->more || l->unsorted || l->unfollowed)
		ms = 0;
	if (l->outbox)
		ms = sooner(ms, l->outbox_ms - now);
	ms = sooner(ms, (l->rung ? l->sort_ms : l->look_ms) - now);
	ms = sooner(ms, house_next_ms(&l->house) - now);
	if (engine_due_ms(l->engine) != INT64_MAX)
		ms = sooner(ms, engine_due_ms(l->engine) - now);
	if (l->settle_ms > now)
		ms = sooner(ms, l->settle_ms - now);
	else if (engine_unsettled(l->engine))
		ms = sooner(ms, l->unsettled_ms ? l->unsettled_ms + SETTLE_MS - now : 0);
	return ms < 0 ? 0 : (int)sooner(ms, TURN_MS);
}

/* Intake is busy: rests, but hears when it has to leave. */
static void rest(struct loop *l)
{
	bool behind = l->unsorted || engine_behind(l->engine);
	int ms = l->leaving ? 0 : courtesy_ms(&l->courtesy, l->board, behind, clock_mono_ms());

	if (!ms)
		return;
	l->fds[FD_CONTROL] = (struct pollfd){ l->set->control, POLLIN, 0 };
	l->fds[FD_BELL] = (struct pollfd){ -1, 0, 0 };
	l->fds[FD_SIGNALS] = (struct pollfd){ l->set->signals, POLLIN, 0 };
	if (poll(l->fds, FD_RUNNERS, ms) > 0)
		hear(l);
}

/* Waking up for each outcome costs more than the outcome. */
static void nap(struct loop *l)
{
	uint64_t us = runners_busy_us(l->runners);
	struct timespec time = { 0, (long)(us < NAP_MAX_US ? us : NAP_MAX_US) * 1000 };

	if (us >= NAP_MIN_US && wait_ms(l) > 0)
		ppoll(l->fds, FD_RUNNERS, &time, NULL);
}

static void await(struct loop *l)
{
	size_t n = FD_RUNNERS;

	l->fds[FD_CONTROL] = (struct pollfd){ l->leaving ? -1 : l->set->control, POLLIN, 0 };
	l->fds[FD_BELL] = (struct pollfd){ l->leaving || l->rung ? -1 : l->set->bell, POLLIN, 0 };
	l->fds[FD_SIGNALS] = (struct pollfd){ l->set->signals, POLLIN, 0 };
	nap(l);
	n += runners_poll(l->runners, l->fds + n);
	if (poll(l->fds, (nfds_t)n, wait_ms(l)) < 0)
		for (size_t i = 0; i < n; i++)
			l->fds[i].revents = i < FD_RUNNERS ? 0 : POLLIN;	/* who may have answered is not ended */
	runners_heard(l->runners, l->fds + FD_RUNNERS);
	hear(l);
}

/* ---- beginning and end ---- */

static int begin(struct loop *l, struct err *err)
{
	const struct conf *conf = l->set->conf;
	struct engine_setup setup = { .store = l->set->store, .conf = conf, .board = l->board, .wall_ms = clock_wall_ms,
				      .mono_ms = clock_mono_ms };

	if (runners_open(conf, l->set->runner, !l->set->drain, &l->runners, err) < 0)
		return -1;
	setup.hands = runners_hands(l->runners);
	if (engine_open(&setup, &l->engine, err) < 0 || sort_open(&l->sort, l->set->store, l->board, err) < 0 ||
	    gaps_open(&l->gaps, l->set->store, conf, l->board, err) < 0)
		return -1;
	runners_serve(l->runners, l->engine);
	engine_sorted(l->engine, l->sort.sorted);
	house_open(&l->house, l->set->store, conf, l->engine);
	l->fds = mem_array(FD_RUNNERS + runners_count(l->runners), sizeof *l->fds);
	courtesy_open(&l->courtesy);
	l->rung = l->outbox = true;
	if (l->set->control >= 0 && sock_send(l->set->control, CHILD_READY, strlen(CHILD_READY), -1) < 0)
		return err_sys(err, "cannot tell the boss that the dispatcher is ready");
	if (!l->set->drain)
		runners_start(l->runners);
	return 0;
}

static void finish(struct loop *l)
{
	struct err err = {{0}};

	runners_turn(l->runners);
	if (gaps_save(&l->gaps, &err) < 0)
		log_warn("the numbering of sources is looked at again: %s", err.text);
	if (settle(l, true) == 0 && store_checkpoint(l->set->store, STORE_DESK, 0, &err) < 0)
		log_warn("no checkpoint at the end: %s", err.text);
}

static int gave_up(const struct loop *l)
{
	for (size_t i = 0; i < l->set->conf->n_handlers; i++)
		if (runners_gave_up(l->runners, i))
			return 1;
	return 0;
}

static struct board *open_board(const struct conf *conf)
{
	char *path = str_fmt("%s/%s", conf->run_dir, RUN_BOARD);
	struct err err = {{0}};
	struct board *board = board_open(path, conf->group, &err);

	if (!board) {
		log_warn("counters of the dispatcher are not shown: %s", err.text);
		board = board_private();
	}
	free(path);
	return board;
}

int loop_run(const struct loop_setup *setup, struct err *err)
{
	struct loop l = { .set = setup, .board = open_board(setup->conf), .courtesy.fd = -1 };
	int rc = begin(&l, err);

	while (rc == 0 && !left(&l)) {
		work(&l);
		leave_if_drained(&l);
		rest(&l);
		await(&l);
	}
	if (rc == 0) {
		finish(&l);
		rc = gave_up(&l);
	}
	engine_free(&l.engine);
	runners_free(&l.runners);
	gaps_close(&l.gaps);
	courtesy_close(&l.courtesy);
	board_close(&l.board);
	free(l.fds);
	return rc;
}
