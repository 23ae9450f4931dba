/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "receive/committer.h"

#include <errno.h>
#include <pthread.h>
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
#define REJECTS_MAX 64			/* waiting to be kept */
#define ASKED_MAX 64			/* handshakes, likewise */
#define REJECT_BODY (64u << 10)
#define SCARCE 2			/* so few processors are */
#define PATIENCE_MS 100			/* for another's group; then the thread commits, and reading goes on */
#define REOPEN_MS 1000			/* between attempts to open a store that fails */
#define COMPLAIN_MS 60000

struct refused {
	struct list link;
	struct rejected row;
	char text[];			/* reason, headers, body */
};

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
	struct list queue, refused, asked;
	size_t n_queue, bytes, n_refused, n_asked;
	bool waiting, stopping, tried;
	bool woken;		/* the thread is to commit */
	/* the thread's own */
	struct store *clerk;	/* for what is kept besides events; events never wait for it */
	int64_t clerk_complained_ms;
	/* of who commits */
	bool busy;		/* somebody does; under the lock */
	struct store *store;
	bool failing;
	int64_t opened_ms, complained_ms;
	struct event *events[GROUP_MAX];
};

/* ---- the state of the store, and what is said about it ---- */

/* Once a minute. */
static bool may_complain(int64_t *complained_ms)
{
	int64_t now = clock_mono_ms();

	if (*complained_ms && now - *complained_ms < COMPLAIN_MS)
		return false;
	*complained_ms = now;
	return true;
}

static void complain(struct committer *c, const struct err *err)
{
	if (!c->failing)
		c->complained_ms = 0;
	c->failing = true;
	if (may_complain(&c->complained_ms))
		log_error("events cannot be recorded and are answered with 503, to be sent again: %s", err->text);
}

static void recovered(struct committer *c)
{
	if (!c->failing)
		return;
	c->failing = false;
	log_info("events are recorded again");
}

static int open_as(const struct committer *c, struct store **store, struct err *err)
{
	struct store_setup setup = store_setup_for(c->conf);

	return store_open(&setup, STORE_LOG, store, err);
}

static int open_store(struct committer *c, struct err *err)
{
	c->opened_ms = clock_mono_ms();
	return open_as(c, &c->store, err);
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
	return ((c->woken || c->stopping) && !c->busy) || !list_empty(&c->refused) || !list_empty(&c->asked);
}

/* Under the lock. */
static void take_group(struct committer *c, struct list *group, size_t *n)
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
	bool recorded;
	size_t n;

	take_group(c, &group, &n);
	c->woken = !list_empty(&c->queue);
	c->busy = true;
	pthread_mutex_unlock(&c->lock);
	recorded = record(c, &group, n);
	pthread_mutex_lock(&c->lock);
	c->busy = false;
	pthread_cond_broadcast(&c->over);
	let_go(c);
	answer_group(c, &group, recorded);
	failpoint("receive.after-answer");
	if (recorded)
		bell_ring(c->rope, c->bell);
	pthread_mutex_lock(&c->lock);
}

/* ---- what is kept besides events ---- */

/* Under the lock: all of them. */
static void take_all(struct list *from, struct list *to, size_t *n)
{
	list_init(to);
	list_insert_before(from, to);
	list_remove(from);
	*n = 0;
}

static int ready_clerk(struct committer *c, struct err *err)
{
	return c->clerk ? 0 : open_as(c, &c->clerk, err);
}

/* Under the lock, let go of meanwhile. */
static void keep_refused(struct committer *c)
{
	struct rejected rows[REJECTS_MAX];
	struct list refused;
	struct err err = {{0}};
	size_t n;

	take_all(&c->refused, &refused, &c->n_refused);
	pthread_mutex_unlock(&c->lock);
	n = 0;
	list_each(it, &refused)
		rows[n++] = list_item(it, struct refused, link)->row;
	if (ready_clerk(c, &err) < 0 || store_reject(c->clerk, rows, n, &err) < 0) {
		store_close(&c->clerk);
		if (may_complain(&c->clerk_complained_ms))
			log_warn("%zu refused bod%s not kept: %s", n, n == 1 ? "y is" : "ies are", err.text);
	}
	list_each_safe(it, next, &refused) {
		list_remove(it);
		free(list_item(it, struct refused, link));
	}
	pthread_mutex_lock(&c->lock);
}

/* Handshakes that wait for an operator, all of them in one transaction. Under the lock, let go of meanwhile. */
static void keep_asked(struct committer *c)
{
	struct handshake rows[ASKED_MAX];
	struct list asked;
	struct err err = {{0}};
	size_t n;
	bool kept;

	take_all(&c->asked, &asked, &c->n_asked);
	pthread_mutex_unlock(&c->lock);
	n = 0;
	list_each(it, &asked)
		rows[n++] = *((const struct verdict *)list_item(it, struct gate_request, link)->cargo)->handshake;
	kept = ready_clerk(c, &err) == 0 && store_handshake_ask(c->clerk, rows, n, &err) == 0;
	if (!kept) {
		store_close(&c->clerk);
		log_error("%zu handshake%s could not be kept and got 503: %s", n, n == 1 ? "" : "s", err.text);
	}
	answer_group(c, &asked, kept);
	pthread_mutex_lock(&c->lock);
}

/* ---- the thread ---- */

/* Under the lock, let go of meanwhile. Refused bodies are kept when nothing else is to be done. */
static void work_off(struct committer *c)
{
	for (;;) {
		bool mine = (c->woken || c->stopping) && !c->busy;

		if (!list_empty(&c->asked)) {
			keep_asked(c);
		} else if (mine && !list_empty(&c->queue)) {
			commit(c);
		} else if (!list_empty(&c->refused)) {
			keep_refused(c);
		} else if (mine && c->stopping) {
			return;
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
	store_close(&c->clerk);
	return NULL;
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
	c->apart = sysconf(_SC_NPROCESSORS_ONLN) > SCARCE;
	c->rope = bell_rope();
	c->bell = str_fmt("%s/" RUN_BELL, conf->run_dir);
	list_init(&c->queue);
	list_init(&c->refused);
	list_init(&c->asked);
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

	while (c->busy && !list_empty(&c->queue))
		if (pthread_cond_timedwait(&c->over, &c->lock, &until) != 0)
			return;
}

void committer_commit(struct committer *c)
{
	pthread_mutex_lock(&c->lock);
	if (c->busy && !c->apart)
		wait_over(c);
	if (!list_empty(&c->queue)) {
		if (c->apart || c->busy || c->woken || c->stopping)
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

void committer_ask(struct committer *c, struct gate_request *request, const struct verdict *verdict)
{
	bool full;

	request->cargo = pool_dup(request->pool, verdict, sizeof *verdict);
	pthread_mutex_lock(&c->lock);
	full = c->stopping || c->n_asked >= ASKED_MAX;
	if (!full) {
		list_push(&c->asked, &request->link);
		c->n_asked++;
	}
	let_go(c);
	if (full)
		turn_away(c, request);
}

static struct refused *copy_refused(const struct gate_request *request, const struct verdict *verdict)
{
	size_t reason = strlen(verdict->reason) + 1, headers = verdict->headers ? strlen(verdict->headers) + 1 : 0;
	size_t len = request->message.body_len;
	struct refused *r;

	if (len > REJECT_BODY)
		len = REJECT_BODY;
	r = mem_alloc(sizeof *r + reason + headers + len);
	memcpy(r->text, verdict->reason, reason);
	if (headers)
		memcpy(r->text + reason, verdict->headers, headers);
	memcpy(r->text + reason + headers, request->message.body, len);
	r->row = (struct rejected){ .at_ms = clock_wall_ms(), .endpoint = verdict->endpoint, .sender = verdict->sender,
				    .status = verdict->reply.status, .reason = r->text,
				    .headers = headers ? r->text + reason : NULL,
				    .body = (unsigned char *)r->text + reason + headers, .body_len = len };
	return r;
}

void committer_reject(struct committer *c, const struct gate_request *request, const struct verdict *verdict)
{
	struct refused *r = copy_refused(request, verdict);
	bool full;

	pthread_mutex_lock(&c->lock);
	full = c->stopping || c->n_refused >= REJECTS_MAX;
	if (!full) {
		list_push(&c->refused, &r->link);
		c->n_refused++;
	}
	let_go(c);
	if (full)
		free(r);
}
