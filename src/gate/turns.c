/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "gate/turns.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"

#define EVENTS 256		/* taken at once */
#define LOOK_MS 1		/* before it is seen how long the rest will take */
#define LAST_US 2000		/* of processor time: another helps with what takes longer */

enum state {
	FREE,
	FINISHING,		/* one has the turn, and finishes what the last one brought */
	WAITING			/* one is in epoll_wait */
};

struct turns {
	struct turns_setup setup;
	pthread_mutex_t lock;
	pthread_cond_t turn;
	/* under the lock */
	struct epoll_event events[EVENTS];
	int n, at;		/* taken, and handed out */
	pthread_t by;		/* who took them, when, and what it had worked until then */
	int64_t since_ms, worked_us;
	int idle;		/* threads that wait for a turn */
	enum state state;
	uint64_t number;	/* of the turn */
	bool ended;
};

struct turns *turns_new(const struct turns_setup *setup)
{
	struct turns *turns = mem_alloc(sizeof *turns);

	turns->setup = *setup;
	pthread_mutex_init(&turns->lock, NULL);
	pthread_cond_init(&turns->turn, NULL);
	return turns;
}

void turns_free(struct turns **turns)
{
	if (!*turns)
		return;
	pthread_mutex_destroy(&(*turns)->lock);
	pthread_cond_destroy(&(*turns)->turn);
	free(*turns);
	*turns = NULL;
}

static int64_t worked_us(void)
{
	struct timespec t;

	must(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Under the lock: what is left will keep the caller busy. Time that it stands in line for a processor does not count:
 * another would stand there too. */
static bool lasts(const struct turns *turns)
{
	return pthread_equal(turns->by, pthread_self()) && clock_mono_ms() - turns->since_ms >= LOOK_MS &&
	       (worked_us() - turns->worked_us) * (turns->n - turns->at) / turns->at >= LAST_US;
}

/* Under the lock, let go of meanwhile. */
static void finish(struct turns *turns)
{
	pthread_mutex_unlock(&turns->lock);
	turns->setup.finish(turns->setup.arg, true);
	pthread_mutex_lock(&turns->lock);
}

/* Likewise. */
static void fetch(struct turns *turns)
{
	struct epoll_event events[EVENTS];
	int n;

	turns->state = WAITING;
	pthread_mutex_unlock(&turns->lock);
	n = epoll_wait(turns->setup.epoll, events, EVENTS, -1);
	must(n >= 0 || errno == EINTR);
	pthread_mutex_lock(&turns->lock);
	turns->state = FREE;
	turns->n = n > 0 ? n : 0;
	turns->at = 0;
	for (int i = 0; i < n; i++)
		turns->events[i] = events[i];
	turns->by = pthread_self();
	turns->since_ms = clock_mono_ms();
	if (n > 1)	/* or nothing is left to be helped with, and this is a system call */
		turns->worked_us = worked_us();
}

/* Likewise. */
static void take_turn(struct turns *turns)
{
	uint64_t number = ++turns->number;

	turns->state = FINISHING;
	finish(turns);
	if (turns->number == number && turns->state == FINISHING)	/* or it was passed on meanwhile */
		fetch(turns);
}

/* Under the lock. */
static void help(struct turns *turns)
{
	if (turns->idle && turns->state == FREE)
		pthread_cond_signal(&turns->turn);
}

bool turns_next(struct turns *turns, uint64_t *ticket)
{
	bool on, finished = false;

	pthread_mutex_lock(&turns->lock);
	while (!turns->ended && turns->at == turns->n) {
		if (turns->state == FREE) {
			take_turn(turns);
		} else if (!finished) {
			finish(turns);
			finished = true;
		} else {
			turns->idle++;
			pthread_cond_wait(&turns->turn, &turns->lock);
			turns->idle--;
		}
	}
	on = !turns->ended;
	if (!on && !finished)
		finish(turns);
	if (on) {
		*ticket = turns->events[turns->at++].data.u64;
		if (turns->at < turns->n && turns->idle && lasts(turns))
			help(turns);
	}
	pthread_mutex_unlock(&turns->lock);
	return on;
}

void turns_pass(struct turns *turns)
{
	pthread_mutex_lock(&turns->lock);
	if (turns->state == FINISHING)
		turns->state = FREE;
	help(turns);
	pthread_mutex_unlock(&turns->lock);
}

void turns_end(struct turns *turns)
{
	pthread_mutex_lock(&turns->lock);
	turns->ended = true;
	pthread_cond_broadcast(&turns->turn);
	pthread_mutex_unlock(&turns->lock);
}
