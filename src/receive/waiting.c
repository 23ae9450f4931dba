/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "receive/waiting.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/die.h"
#include "base/list.h"
#include "receive/asker.h"

#define AGAIN_MS 100		/* before it is tried again to find who asks issuers */

struct slip {			/* a request's cargo while it is here; in its pool */
	const struct trust_question *question;
	int64_t due_ms;		/* monotonic */
	int rounds;
	struct gate_reply reply;	/* that is held back */
	const char *network;
	struct list place;		/* among all that are held back */
};

struct question {		/* under way: asked once for all who have it */
	struct list link;
	struct trust_question q;	/* of the token below */
	uint64_t number;
	int64_t due_ms;
	uint64_t said;		/* the asker's line on which it was; 0: on none */
	struct list requests;
	char token[];
};

struct crowd {			/* how many there are, and of how many bytes */
	size_t n, len;
};

struct waiting {
	struct waiting_setup setup;
	pthread_t thread;
	int wake;
	pthread_mutex_t lock;
	/* under the lock */
	struct list new_asked, new_held;
	struct crowd asked, held;
	struct list places;	/* as many as are held */
	bool *wanted;		/* by issuer: its keys are to be fetched */
	bool any_wanted, stopping, hasty;
	/* the thread's own */
	struct list questions, later;
	struct asker *asker;
	uint64_t last;		/* number of a question */
	bool *wants;
};

static struct gate_request *request_of(struct list *link)
{
	return list_item(link, struct gate_request, link);
}

static struct slip *slip_of(struct list *link)
{
	return request_of(link)->cargo;
}

static void ring(const struct waiting *w)
{
	uint64_t one = 1;

	while (write(w->wake, &one, sizeof one) < 0 && errno == EINTR)
		;
}

/* ---- coming in ---- */

#define REQUEST_LEN (32u << 10)		/* what a request holds besides its body, about */

/* Under the lock, as the other. False: they are too many, or too large together. */
static bool join(struct crowd *crowd, const struct gate_request *request, size_t most_n, size_t most_len)
{
	if (crowd->n == most_n || crowd->len > most_len)
		return false;
	crowd->n++;
	crowd->len += request->message.body_len + REQUEST_LEN;
	return true;
}

static void part(struct crowd *crowd, const struct gate_request *request)
{
	crowd->n--;
	crowd->len -= request->message.body_len + REQUEST_LEN;
}

static bool can_be_asked(const struct waiting *w, const struct trust_question *question)
{
	return *question->token && strlen(question->token) <= ASK_TOKEN_MAX && question->issuer < w->setup.conf->n_issuers;
}

bool waiting_ask(struct waiting *w, struct gate_request *request, const struct trust_question *question)
{
	struct slip *slip = request->cargo;
	bool room;

	if (!can_be_asked(w, question))
		return false;
	if (!slip) {
		slip = request->cargo = pool_alloc(request->pool, sizeof *slip);
		slip->due_ms = clock_mono_ms() + w->setup.wait_ms;
	}
	slip->question = question;
	slip->rounds++;
	pthread_mutex_lock(&w->lock);
	room = !w->stopping && join(&w->asked, request, WAITING_ASKED, WAITING_ASKED_LEN);
	if (room)
		list_push(&w->new_asked, &request->link);
	pthread_mutex_unlock(&w->lock);
	if (room)
		ring(w);
	return room;
}

/* Under the lock: whether one more of them may be held back. */
static bool may_hold(const struct waiting *w, const char *network)
{
	size_t n = 0;

	list_each(it, &w->places)
		n += strcmp(list_item(it, struct slip, place)->network, network) == 0;
	return !w->stopping && !w->hasty && !w->setup.never_hold && n < WAITING_HELD_EACH;
}

bool waiting_book(struct waiting *w, struct gate_request *request, const char *network)
{
	struct slip *slip = request->cargo ? request->cargo : pool_alloc(request->pool, sizeof *slip);
	bool room;

	slip->network = network;
	request->cargo = slip;
	pthread_mutex_lock(&w->lock);
	room = may_hold(w, network) && join(&w->held, request, WAITING_HELD, WAITING_HELD_LEN);
	if (room)
		list_push(&w->places, &slip->place);
	pthread_mutex_unlock(&w->lock);
	return room;
}

static void leave_asked(struct waiting *w, const struct gate_request *request)
{
	pthread_mutex_lock(&w->lock);
	part(&w->asked, request);
	pthread_mutex_unlock(&w->lock);
}

static void leave_held(struct waiting *w, const struct gate_request *request)
{
	struct slip *slip = request->cargo;

	pthread_mutex_lock(&w->lock);
	part(&w->held, request);
	list_remove(&slip->place);
	pthread_mutex_unlock(&w->lock);
}

void waiting_hold(struct waiting *w, struct gate_request *request, const struct gate_reply *reply, int ms)
{
	struct slip *slip = request->cargo;
	bool late;

	slip->due_ms = clock_mono_ms() + ms;
	slip->reply = *reply;
	pthread_mutex_lock(&w->lock);
	late = w->stopping;
	if (!late)
		list_push(&w->new_held, &request->link);
	pthread_mutex_unlock(&w->lock);
	if (!late) {
		ring(w);
		return;
	}
	leave_held(w, request);
	gate_answer(request, &slip->reply);
}

void waiting_wanted(void *arg, const char *issuer)
{
	struct waiting *w = arg;
	const struct conf *conf = w->setup.conf;

	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < conf->n_issuers; i++)
		if (strcmp(conf->issuers[i].name, issuer) == 0)
			w->wanted[i] = w->any_wanted = true;
	pthread_mutex_unlock(&w->lock);
	ring(w);
}

/* ---- questions ---- */

static struct question *same(struct waiting *w, const struct trust_question *q)
{
	list_each(it, &w->questions) {
		struct question *question = list_item(it, struct question, link);

		if (question->q.issuer == q->issuer && strcmp(question->token, q->token) == 0)
			return question;
	}
	return NULL;
}

static struct question *question_new(struct waiting *w, const struct slip *slip)
{
	size_t len = strlen(slip->question->token) + 1;
	struct question *question = mem_alloc(sizeof *question + len);

	memcpy(question->token, slip->question->token, len);
	question->q = (struct trust_question){ slip->question->issuer, question->token };
	question->number = ++w->last;
	question->due_ms = slip->due_ms;
	list_init(&question->requests);
	list_push(&w->questions, &question->link);
	return question;
}

static void enter(struct waiting *w, struct list *asked)
{
	list_each_safe(it, next, asked) {
		const struct slip *slip = slip_of(it);
		struct question *question = same(w, slip->question);

		if (!question)
			question = question_new(w, slip);
		list_remove(it);
		list_push(&question->requests, it);
	}
}

/* Tells, and lets go of all who waited for it. late: there is no time for another issuer. */
static void end(struct waiting *w, struct question *question, const struct span *answer, bool late)
{
	list_remove(&question->link);
	w->setup.told(w->setup.arg, &question->q, answer->p, answer->len);
	list_each_safe(it, next, &question->requests) {
		const struct slip *slip = slip_of(it);
		bool final = late || slip->rounds >= WAITING_ROUNDS;

		list_remove(it);
		leave_asked(w, request_of(it));
		w->setup.ready(w->setup.arg, request_of(it), final);
	}
	explicit_bzero(question->token, strlen(question->token));
	free(question);
}

static struct ask ask_of(const struct waiting *w, const struct question *question)
{
	const char *issuer = w->setup.conf->issuers[question->q.issuer].name;

	return (struct ask){ ASK_TOKEN, question->number, { issuer, strlen(issuer) }, { question->token, strlen(question->token) } };
}

/* True: all is said, and to whoever is there now. */
static bool say_questions(struct waiting *w)
{
	list_each(it, &w->questions) {
		struct question *question = list_item(it, struct question, link);
		struct ask ask;

		if (question->said == asker_line(w->asker))
			continue;
		ask = ask_of(w, question);
		if (asker_say(w->asker, &ask) != 1)
			return false;
		question->said = asker_line(w->asker);
	}
	return true;
}

/* What cannot be said now is left: it is wanted again when it is missed again. */
static void say_wants(struct waiting *w)
{
	const struct conf *conf = w->setup.conf;

	for (size_t i = 0; i < conf->n_issuers; i++) {
		if (w->wants[i])
			asker_want(w->asker, conf->issuers[i].name);
		w->wants[i] = false;
	}
}

static void hear_answer(struct waiting *w, const struct ask_answer *answer)
{
	list_each(it, &w->questions) {
		struct question *question = list_item(it, struct question, link);

		if (question->number == answer->number) {
			end(w, question, answer->had ? &answer->body : &(struct span){ NULL, 0 }, false);
			return;
		}
	}
}

static void hear(struct waiting *w)
{
	struct ask_answer answer;

	while (asker_hear(w->asker, &answer) == 1)
		hear_answer(w, &answer);
}

/* ---- time ---- */

static void expire(struct waiting *w, int64_t now)
{
	list_each_safe(it, next, &w->questions) {
		struct question *question = list_item(it, struct question, link);

		if (question->due_ms <= now)
			end(w, question, &(struct span){ NULL, 0 }, true);
	}
}

static void answer_held(struct waiting *w, int64_t now)
{
	list_each_safe(it, next, &w->later) {
		struct gate_request *request = request_of(it);

		if (slip_of(it)->due_ms > now)
			continue;
		list_remove(it);
		leave_held(w, request);
		gate_answer(request, &slip_of(&request->link)->reply);
	}
}

static int64_t next_due(const struct waiting *w)
{
	int64_t due = INT64_MAX;

	list_each(it, &w->questions) {
		const struct question *question = list_item(it, struct question, link);

		due = question->due_ms < due ? question->due_ms : due;
	}
	list_each(it, &w->later)
		due = slip_of(it)->due_ms < due ? slip_of(it)->due_ms : due;
	return due;
}

/* ---- the thread ---- */

static void wait_for_news(struct waiting *w, bool all_said)
{
	struct pollfd fds[] = {
		{ .fd = w->wake, .events = POLLIN },
		{ .fd = asker_fd(w->asker), .events = (short)(POLLIN | (all_said ? 0 : POLLOUT)) },
	};
	int64_t due = next_due(w), left = due - clock_mono_ms();
	uint64_t rings;

	if (!all_said && fds[1].fd < 0 && left > AGAIN_MS)
		left = AGAIN_MS;
	if (due == INT64_MAX)
		left = -1;
	else if (left < 0)
		left = 0;
	must(poll(fds, 2, (int)left) >= 0 || errno == EINTR);
	if (fds[0].revents)
		must(read(w->wake, &rings, sizeof rings) == sizeof rings || errno == EINTR);
}

/* Moves what came in to the thread's own lists. False: it is to stop. */
static bool take_news(struct waiting *w, struct list *asked, bool *hasty)
{
	bool on;

	list_init(asked);
	pthread_mutex_lock(&w->lock);
	list_each_safe(it, next, &w->new_asked) {
		list_remove(it);
		list_push(asked, it);
	}
	list_each_safe(it, next, &w->new_held) {
		list_remove(it);
		list_push(&w->later, it);
	}
	if (w->any_wanted)
		for (size_t i = 0; i < w->setup.conf->n_issuers; i++) {
			w->wants[i] = w->wanted[i];
			w->wanted[i] = false;
		}
	w->any_wanted = false;
	on = !w->stopping;
	*hasty = w->hasty || w->stopping;
	pthread_mutex_unlock(&w->lock);
	return on;
}

static void *work(void *arg)
{
	struct waiting *w = arg;
	struct list asked;
	bool all_said = true, on = true, hasty;

	while (on) {
		wait_for_news(w, all_said);
		on = take_news(w, &asked, &hasty);
		enter(w, &asked);
		hear(w);
		expire(w, on ? clock_mono_ms() : INT64_MAX);
		answer_held(w, hasty ? INT64_MAX : clock_mono_ms());
		say_wants(w);
		all_said = say_questions(w);
	}
	return NULL;
}

/* ---- opening and closing ---- */

static void waiting_free(struct waiting *w)
{
	if (w->wake >= 0)
		close(w->wake);
	asker_free(&w->asker);
	pthread_mutex_destroy(&w->lock);
	free(w->wanted);
	free(w->wants);
	free(w);
}

struct waiting *waiting_start(const struct waiting_setup *setup, struct err *err)
{
	struct waiting *w = mem_alloc(sizeof *w);
	int rc;

	w->setup = *setup;
	if (!w->setup.wait_ms)
		w->setup.wait_ms = WAITING_MS;
	list_init(&w->new_asked);
	list_init(&w->new_held);
	list_init(&w->places);
	list_init(&w->questions);
	list_init(&w->later);
	pthread_mutex_init(&w->lock, NULL);
	w->wanted = mem_array(setup->conf->n_issuers, sizeof *w->wanted);
	w->wants = mem_array(setup->conf->n_issuers, sizeof *w->wants);
	w->asker = asker_new(setup->conf);
	w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = w->wake < 0 ? errno : pthread_create(&w->thread, NULL, work, w);
	if (rc == 0)
		return w;
	waiting_free(w);
	errno = rc;
	err_sys(err, "cannot start the thread of requests that wait");
	return NULL;
}

void waiting_hasten(struct waiting *w)
{
	pthread_mutex_lock(&w->lock);
	w->hasty = true;
	pthread_mutex_unlock(&w->lock);
	ring(w);
}

void waiting_end(struct waiting *w)
{
	bool ended;

	pthread_mutex_lock(&w->lock);
	ended = w->stopping;
	w->stopping = true;
	pthread_mutex_unlock(&w->lock);
	if (ended)
		return;
	ring(w);
	pthread_join(w->thread, NULL);
}

void waiting_stop(struct waiting **waiting)
{
	if (!*waiting)
		return;
	waiting_end(*waiting);
	waiting_free(*waiting);
	*waiting = NULL;
}
