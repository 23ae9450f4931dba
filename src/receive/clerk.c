/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "receive/clerk.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "receive/upkeep.h"
#include "store/store.h"

#define REJECTS_MAX 64			/* waiting to be kept */
#define ASKED_MAX 64			/* handshakes, likewise */
#define REJECT_BODY (64u << 10)
#define REOPEN_MS 1000			/* between attempts to open a store that fails */
#define COMPLAIN_MS 60000

struct refused {
	struct list link;
	struct rejected row;
	char text[];			/* reason, headers, body */
};

struct clerk {
	const struct conf *conf;
	struct board *board;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	/* under the lock */
	struct list refused, asked;
	size_t n_refused, n_asked;
	bool started, stopping;
	/* the thread's own */
	struct store *store;		/* opened when it is wanted */
	int64_t opened_ms, refused_said_ms, asked_said_ms;
};

/* ---- the store ---- */

static int ready_store(struct clerk *c, struct err *err)
{
	struct store_setup setup = store_setup_for(c->conf);

	if (c->store)
		return 0;
	if (c->opened_ms && clock_mono_ms() - c->opened_ms < REOPEN_MS)
		return err_set(err, "the store %s is not open", c->conf->store);
	c->opened_ms = clock_mono_ms();
	return store_open(&setup, STORE_LOG, &c->store, err);
}

/* A handle that failed may be stale: the cause can be gone and the file another. True, once a minute: it is to be said. */
static bool failed(struct clerk *c, int64_t *complained_ms)
{
	int64_t now = clock_mono_ms();

	store_close(&c->store);
	if (*complained_ms && now - *complained_ms < COMPLAIN_MS)
		return false;
	*complained_ms = now;
	return true;
}

static void keep_refused(struct clerk *c, struct list *refused)
{
	struct rejected rows[REJECTS_MAX];
	struct err err = {{0}};
	size_t n = 0;

	list_each(it, refused)
		rows[n++] = list_item(it, struct refused, link)->row;
	if (n && (ready_store(c, &err) < 0 || store_reject(c->store, rows, n, &err) < 0) && failed(c, &c->refused_said_ms))
		log_warn("%zu refused bod%s not kept: %s", n, n == 1 ? "y is" : "ies are", err.text);
	else if (n)
		store_checkpoint(c->store, STORE_LOG, UPKEEP_WAL_MAX, NULL);	/* no faster than that, whatever is refused */
	list_each_safe(it, next, refused) {
		list_remove(it);
		free(list_item(it, struct refused, link));
	}
}

static const struct verdict *verdict_of(const struct list *link)
{
	return list_item(link, struct gate_request, link)->cargo;
}

static void turn_away(struct clerk *c, struct gate_request *request, const char *why)
{
	struct gate_reply reply;

	board_add(c->board, BOARD_UNAVAILABLE, 1);
	verdict_unavailable(request->cargo, request->pool, why, &reply);
	gate_answer(request, &reply);
}

/* All of them in one transaction. */
static void keep_asked(struct clerk *c, struct list *asked)
{
	struct handshake rows[ASKED_MAX];
	struct err err = {{0}};
	size_t n = 0;
	bool kept;

	list_each(it, asked)
		rows[n++] = *verdict_of(it)->handshake;
	kept = !n || (ready_store(c, &err) == 0 && store_handshake_ask(c->store, rows, n, &err) == 0);
	if (!kept && failed(c, &c->asked_said_ms))
		log_error("%zu handshake%s could not be kept and got 503: %s", n, n == 1 ? "" : "s", err.text);
	list_each_safe(it, next, asked) {
		struct gate_request *request = list_item(it, struct gate_request, link);

		list_remove(it);
		if (kept)
			gate_answer(request, &verdict_of(it)->reply);
		else
			turn_away(c, request, "It could not be recorded; send it again later.");
	}
}

/* ---- the thread ---- */

static void take_all(struct list *from, struct list *to, size_t *n)
{
	list_init(to);
	list_insert_before(from, to);
	list_remove(from);
	*n = 0;
}

static void *work(void *arg)
{
	struct clerk *c = arg;
	struct list refused, asked;

	pthread_mutex_lock(&c->lock);
	for (;;) {
		while (list_empty(&c->refused) && list_empty(&c->asked) && !c->stopping)
			pthread_cond_wait(&c->work, &c->lock);
		if (list_empty(&c->refused) && list_empty(&c->asked))
			break;
		take_all(&c->asked, &asked, &c->n_asked);
		take_all(&c->refused, &refused, &c->n_refused);
		pthread_mutex_unlock(&c->lock);
		keep_asked(c, &asked);
		keep_refused(c, &refused);
		pthread_mutex_lock(&c->lock);
	}
	pthread_mutex_unlock(&c->lock);
	store_close(&c->store);
	return NULL;
}

struct clerk *clerk_new(const struct conf *conf, struct board *board)
{
	struct clerk *c = mem_alloc(sizeof *c);

	c->conf = conf;
	c->board = board;
	list_init(&c->refused);
	list_init(&c->asked);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->work, NULL);
	return c;
}

void clerk_end(struct clerk *c)
{
	bool join;

	pthread_mutex_lock(&c->lock);
	join = c->started && !c->stopping;
	c->stopping = true;
	pthread_cond_signal(&c->work);
	pthread_mutex_unlock(&c->lock);
	if (join)
		pthread_join(c->thread, NULL);
}

void clerk_free(struct clerk **clerk)
{
	struct clerk *c = *clerk;

	if (!c)
		return;
	clerk_end(c);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->work);
	free(c);
	*clerk = NULL;
}

/* Under the lock: whether there is somebody to keep it. */
static bool has_thread(struct clerk *c)
{
	if (!c->started && !c->stopping)
		c->started = pthread_create(&c->thread, NULL, work, c) == 0;
	return c->started && !c->stopping;
}

void clerk_ask(struct clerk *c, struct gate_request *request, const struct verdict *verdict)
{
	bool full;

	request->cargo = pool_dup(request->pool, verdict, sizeof *verdict);
	pthread_mutex_lock(&c->lock);
	full = !has_thread(c) || c->n_asked >= ASKED_MAX;
	if (!full) {
		list_push(&c->asked, &request->link);
		c->n_asked++;
		pthread_cond_signal(&c->work);
	}
	pthread_mutex_unlock(&c->lock);
	if (full)
		turn_away(c, request, "Too much is waiting to be recorded; send it again later.");
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
	if (len)
		memcpy(r->text + reason + headers, request->message.body, len);
	r->row = (struct rejected){ .at_ms = clock_wall_ms(), .endpoint = verdict->endpoint, .sender = verdict->sender,
				    .status = verdict->reply.status, .reason = r->text,
				    .headers = headers ? r->text + reason : NULL,
				    .body = (unsigned char *)r->text + reason + headers, .body_len = len };
	return r;
}

void clerk_reject(struct clerk *c, const struct gate_request *request, const struct verdict *verdict)
{
	struct refused *r = copy_refused(request, verdict);
	bool full;

	pthread_mutex_lock(&c->lock);
	full = !has_thread(c) || c->n_refused >= REJECTS_MAX;
	if (!full) {
		list_push(&c->refused, &r->link);
		c->n_refused++;
		pthread_cond_signal(&c->work);
	}
	pthread_mutex_unlock(&c->lock);
	if (full)
		free(r);
}
