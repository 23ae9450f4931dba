/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "receive/committer.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/child.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/fail.h"
#include "base/list.h"
#include "base/log.h"
#include "base/sock.h"
#include "store/store.h"

#define GROUP_MAX 1000			/* events of a group; a request's are never parted */
#define GROUP_BYTES (8u << 20)		/* of them and their bodies, unless a single request has more */
#define QUEUE_MAX 10000			/* events that wait */
#define QUEUE_BYTES (128u << 20)	/* of them and their bodies */
#define EVENT_BYTES 1024		/* what an event holds besides its body, about */
#define SCARCE 2			/* so few processors are */
#define LARGE_BYTES (512u << 10)	/* a group of more, with their bodies, ... */
#define SLOW_MS 20			/* ... or that takes longer: it or the next are left to the thread, and reading goes on */
#define PATIENCE_MS 100			/* likewise, while another commits */
#define REOPEN_MS 1000			/* between attempts to open a store that fails */
#define COMPLAIN_MS 60000

struct committer {
	const struct conf *conf;
	struct board *board;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work, opened, over;
	bool apart;		/* events are left to the thread */
	int rope;
	char *bell;
	/* under the lock */
	struct list queue;
	size_t n_queue, bytes;
	bool waiting, stopping, tried;
	bool woken;		/* the thread is to commit */
	bool lasts;		/* the last group did, or this one does */
	bool busy;		/* somebody commits, who has what follows */
	struct store *store;
	bool failing;
	int64_t opened_ms, complained_ms;
	struct event *events[GROUP_MAX];
};

/* ---- the state of the store, and what is said about it ---- */

static void complain(struct committer *c, const struct err *err)
{
	int64_t now = clock_mono_ms();

	if (c->failing && now - c->complained_ms < COMPLAIN_MS)
		return;
	c->failing = true;
	c->complained_ms = now;
	log_error("events cannot be recorded and are answered with 503, to be sent again: %s", err->text);
}

static void recovered(struct committer *c)
{
	if (!c->failing)
		return;
	c->failing = false;
	log_info("events are recorded again");
}

static int open_store(struct committer *c, struct err *err)
{
	struct store_setup setup = store_setup_for(c->conf);

	c->opened_ms = clock_mono_ms();
	return store_open(&setup, STORE_LOG, &c->store, err);
}

/* A handle that failed may be stale: the cause can be gone and the file another. */
static int ready_store(struct committer *c, struct err *err)
{
	if (c->store && (!c->failing || clock_mono_ms() - c->opened_ms < REOPEN_MS))
		return 0;
	if (c->opened_ms && clock_mono_ms() - c->opened_ms < REOPEN_MS)
		return err_set(err, "the store %s is not open", c->conf->store);
	store_close(&c->store);
	return open_store(c, err);
}

/* ---- a group ---- */

static void count(struct committer *c, size_t n)
{
	size_t quarantined = 0;

	for (size_t i = 0; i < n; i++)
		quarantined += c->events[i]->mark == EVENT_QUARANTINED;
	board_add(c->board, BOARD_COMMITS, 1);
	board_add(c->board, BOARD_ACCEPTED, (int64_t)(n - quarantined));
	if (quarantined)
		board_add(c->board, BOARD_QUARANTINED, (int64_t)quarantined);
}

static void unavailable(struct committer *c, struct gate_request *request, const char *why, struct gate_reply *reply)
{
	board_add(c->board, BOARD_UNAVAILABLE, 1);
	verdict_unavailable(request->cargo, request->pool, why, reply);
}

static void answer_group(struct committer *c, struct list *group, bool recorded)
{
	list_each_safe(it, next, group) {
		struct gate_request *request = list_item(it, struct gate_request, link);
		const struct verdict *verdict = request->cargo;
		struct gate_reply reply = verdict->reply;

		list_remove(it);
		if (recorded)
			verdict_recorded(verdict);
		else
			unavailable(c, request, "It could not be recorded; send it again later.", &reply);
		gate_answer(request, &reply);
	}
}

static const struct verdict *verdict_of(const struct list *link)
{
	return list_item(link, struct gate_request, link)->cargo;
}

static size_t bytes_of(const struct list *link)
{
	return list_item(link, struct gate_request, link)->message.body_len + verdict_of(link)->n * EVENT_BYTES;
}

static bool record(struct committer *c, const struct list *group, size_t n)
{
	struct err err = {{0}};
	size_t at = 0;
	bool recorded;

	list_each(it, group) {
		const struct verdict *verdict = verdict_of(it);

		for (size_t i = 0; i < verdict->n; i++)
			c->events[at++] = verdict->events[i];
	}
	must(at == n);
	failpoint("receive.before-record");
	recorded = ready_store(c, &err) == 0 && store_append(c->store, c->events, n, &err) == 0;
	failpoint("receive.after-record");
	if (recorded) {
		recovered(c);
		count(c, n);
	} else {
		complain(c, &err);
	}
	return recorded;
}

/* Under the lock: for the thread. */
static bool has_work(const struct committer *c)
{
	return (c->woken || c->stopping) && !c->busy;
}

/* Under the lock. */
static size_t take_group(struct committer *c, struct list *group, size_t *n)
{
	size_t bytes = 0;

	list_init(group);
	*n = 0;
	while (!list_empty(&c->queue) && bytes < GROUP_BYTES && *n + verdict_of(c->queue.next)->n <= GROUP_MAX) {
		struct list *link = c->queue.next;

		list_remove(link);
		list_push(group, link);
		bytes += bytes_of(link);
		c->bytes -= bytes_of(link);
		c->n_queue -= verdict_of(link)->n;
		*n += verdict_of(link)->n;
	}
	return bytes;
}

/* Under the lock: it is let go of, and the thread is woken, if it waits, once it can have it. */
static void let_go(struct committer *c)
{
	bool wake = c->waiting && has_work(c);

	c->waiting &= !wake;
	pthread_mutex_unlock(&c->lock);
	if (wake)
		pthread_cond_signal(&c->work);
}

/* Under the lock, let go of meanwhile, and while nobody is busy. Others may commit while a group is answered: a peer may be
 * slow. What is too much for a group is the thread's. */
static void commit(struct committer *c)
{
	struct list group;
	int64_t begun;
	bool recorded;
	size_t n, bytes = take_group(c, &group, &n);

	c->woken = !list_empty(&c->queue);
	c->busy = true;
	pthread_mutex_unlock(&c->lock);
	begun = clock_mono_ms();
	recorded = record(c, &group, n);
	pthread_mutex_lock(&c->lock);
	c->lasts = !recorded || bytes >= LARGE_BYTES || clock_mono_ms() - begun > SLOW_MS;
	c->busy = false;
	pthread_cond_broadcast(&c->over);
	let_go(c);
	answer_group(c, &group, recorded);
	failpoint("receive.after-answer");
	if (recorded)
		bell_ring(c->rope, c->bell);
	pthread_mutex_lock(&c->lock);
}

/* ---- the thread ---- */

/* Under the lock, let go of meanwhile. */
static void work_off(struct committer *c)
{
	while (!has_work(c) || !list_empty(&c->queue) || !c->stopping) {
		if (has_work(c) && !list_empty(&c->queue)) {
			commit(c);
		} else {
			c->woken &= c->busy;
			c->waiting = true;
			pthread_cond_wait(&c->work, &c->lock);
			c->waiting = false;
		}
	}
}

static void *work(void *arg)
{
	struct committer *c = arg;
	struct err err = {{0}};

	if (open_store(c, &err) < 0)
		complain(c, &err);
	pthread_mutex_lock(&c->lock);
	c->tried = true;
	pthread_cond_signal(&c->opened);
	work_off(c);
	pthread_mutex_unlock(&c->lock);
	store_close(&c->store);
	return NULL;
}

/* That this process may use. */
static long processors(void)
{
#ifdef CPU_COUNT
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof set, &set) == 0)
		return CPU_COUNT(&set);
#endif
	return sysconf(_SC_NPROCESSORS_ONLN);
}

static void init_timed(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

struct committer *committer_start(const struct conf *conf, struct board *board, struct err *err)
{
	struct committer *c = mem_alloc(sizeof *c);
	int rc;

	c->conf = conf;
	c->board = board;
	c->apart = processors() > SCARCE || conf->threads < 2;
	c->rope = bell_rope();
	c->bell = str_fmt("%s/" RUN_BELL, conf->run_dir);
	list_init(&c->queue);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->work, NULL);
	pthread_cond_init(&c->opened, NULL);
	init_timed(&c->over);
	rc = pthread_create(&c->thread, NULL, work, c);
	if (rc) {
		errno = rc;
		err_sys(err, "cannot start the committer's thread");
		free(c->bell);
		free(c);
		return NULL;
	}
	pthread_mutex_lock(&c->lock);
	while (!c->tried)
		pthread_cond_wait(&c->opened, &c->lock);
	pthread_mutex_unlock(&c->lock);
	return c;
}

void committer_end(struct committer *c)
{
	bool ended;

	pthread_mutex_lock(&c->lock);
	ended = c->stopping;
	c->stopping = true;
	pthread_cond_signal(&c->work);
	pthread_mutex_unlock(&c->lock);
	if (!ended)
		pthread_join(c->thread, NULL);
}

void committer_stop(struct committer **committer)
{
	struct committer *c = *committer;

	if (!c)
		return;
	committer_end(c);
	if (c->rope >= 0)
		close(c->rope);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->work);
	pthread_cond_destroy(&c->opened);
	pthread_cond_destroy(&c->over);
	free(c->bell);
	free(c);
	*committer = NULL;
}

static void turn_away(struct committer *c, struct gate_request *request)
{
	struct gate_reply reply;

	unavailable(c, request, "Too much is waiting to be recorded; send it again later.", &reply);
	gate_answer(request, &reply);
}

void committer_record(struct committer *c, struct gate_request *request, const struct verdict *verdict)
{
	bool full;

	request->cargo = pool_dup(request->pool, verdict, sizeof *verdict);
	pthread_mutex_lock(&c->lock);
	full = c->stopping || c->n_queue >= QUEUE_MAX || c->bytes > QUEUE_BYTES;
	if (!full) {
		list_push(&c->queue, &request->link);
		c->n_queue += verdict->n;
		c->bytes += bytes_of(&request->link);
		c->lasts |= c->bytes >= LARGE_BYTES;
		c->woken |= c->apart || c->lasts;
	}
	let_go(c);
	if (full)
		turn_away(c, request);
}

/* Under the lock, let go of meanwhile: until nobody is busy, or nothing is left to commit, or it lasts. */
static void wait_over(struct committer *c)
{
	int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
	struct timespec until = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };

	while (c->busy && !c->lasts && !list_empty(&c->queue))
		if (pthread_cond_timedwait(&c->over, &c->lock, &until) != 0)
			c->lasts = true;
}

void committer_commit(struct committer *c)
{
	pthread_mutex_lock(&c->lock);
	if (!c->apart)
		wait_over(c);
	if (!list_empty(&c->queue)) {
		if (c->apart || c->lasts || c->busy || c->stopping)
			c->woken = true;
		else
			commit(c);
	}
	let_go(c);
}

void committer_wake(struct committer *c)
{
	pthread_mutex_lock(&c->lock);
	c->woken |= !list_empty(&c->queue);
	let_go(c);
}
