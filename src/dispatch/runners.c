/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "dispatch/runners.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/child.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "base/sock.h"
#include "dispatch/runner.h"

#define PACE_FIRST_MS 1000
#define PACE_MAX_MS 60000
#define HEALTHY_MS 60000

struct runners {
	const char *program, *run_dir;
	bool patient, finishing;
	bool death;		/* one of them may have died without closing its socket */
	struct engine *engine;
	struct team *teams;
	size_t n, count;
};

#define each_runner(r, team) for (struct runner *r = (team)->runners; r < (team)->runners + (team)->n; r++)

/* What postvak status says about a handler that does not start. */
static void tell_failure(const struct runners *runners, const struct team *team)
{
	char *path = str_fmt("%s/" RUN_FAILED ".%s", runners->run_dir, team->conf->name);
	struct err err;

	if (!*team->why)
		unlink(path);
	else if (file_replace(path, team->why, strlen(team->why), 0640, &err) < 0)
		log_debug("%s", err.text);
	free(path);
}

int runners_open(const struct conf *conf, const char *program, bool patient, struct runners **out, struct err *err)
{
	struct runners *runners = mem_alloc(sizeof *runners);

	*runners = (struct runners){ .program = program, .run_dir = conf->run_dir, .patient = patient, .n = conf->n_handlers };
	runners->teams = mem_array(runners->n, sizeof *runners->teams);
	for (size_t i = 0; i < runners->n; i++) {
		struct team *team = &runners->teams[i];

		team->conf = &conf->handlers[i];
		team->index = i;
		team->marks_fd = -1;
		tell_failure(runners, team);
		if (marks_new((size_t)team->conf->runners, &team->marks_fd, &team->marks, err) < 0) {
			runners_free(&runners);
			return -1;
		}
		team->n = (size_t)team->conf->runners;
		team->runners = mem_array(team->n, sizeof *team->runners);
		runners->count += team->n;
		each_runner(r, team) {
			r->team = team;
			r->slot = (size_t)(r - team->runners);
			r->fd = -1;
		}
	}
	*out = runners;
	return 0;
}

void runners_free(struct runners **runners)
{
	if (!*runners)
		return;
	must(runners_alive(*runners) == 0);
	for (size_t i = 0; i < (*runners)->n; i++) {
		struct team *team = &(*runners)->teams[i];

		free(team->runners);
		if (team->marks)
			munmap(team->marks, team->n * sizeof *team->marks);
		if (team->marks_fd >= 0)
			close(team->marks_fd);
	}
	free((*runners)->teams);
	free(*runners);
	*runners = NULL;
}

void runners_serve(struct runners *runners, struct engine *engine)
{
	runners->engine = engine;
}

size_t runners_alive(const struct runners *runners)
{
	size_t alive = 0;

	for (size_t i = 0; i < runners->n; i++)
		each_runner(r, &runners->teams[i])
			alive += r->state != RUNNER_OFF;
	return alive;
}

bool runners_gave_up(const struct runners *runners, size_t handler)
{
	return runners->teams[handler].gave_up;
}

/* ---- starting, at a pace ---- */

static void slow_down(struct runners *runners, struct team *team)
{
	team->wait_ms = !team->wait_ms ? PACE_FIRST_MS : team->wait_ms * 2 < PACE_MAX_MS ? team->wait_ms * 2 : PACE_MAX_MS;
	team->not_before_ms = clock_mono_ms() + team->wait_ms;
	tell_failure(runners, team);
	if (runners->patient) {
		log_warn("handler %s: the next runner starts in %lld ms; its events wait", team->conf->name,
			 (long long)team->wait_ms);
		return;
	}
	team->gave_up = true;
	log_error("handler %s cannot be started; its events wait for the next time", team->conf->name);
}

static void start(struct runners *runners, struct team *team)
{
	struct err err = {{0}};

	if (runners->finishing || team->gave_up || clock_mono_ms() < team->not_before_ms)
		return;
	each_runner(r, team) {
		if (r->state != RUNNER_OFF)
			continue;
		if (runner_start(r, runners->program, &err) < 0) {
			log_error("handler %s: %s", team->conf->name, err.text);
			snprintf(team->why, sizeof team->why, "%s", err.text);
			slow_down(runners, team);
		}
		return;
	}
}

void runners_start(struct runners *runners)
{
	for (size_t i = 0; i < runners->n; i++)
		start(runners, &runners->teams[i]);
}

/* ---- being the hands ---- */

static bool starts(const struct team *team)
{
	each_runner(r, team)
		if (r->state == RUNNER_STARTING)
			return true;
	return false;
}

/* Nothing is put behind another event, which may be slow, while one more runner can be had for it;
 * never two that start at once. */
static size_t room(void *arg, size_t handler, size_t ready)
{
	struct runners *runners = arg;
	struct team *team = &runners->teams[handler];
	size_t sum = 0, idle = 0;

	if (runners->finishing)
		return 0;
	each_runner(r, team)
		if (runner_takes(r)) {
			sum += r->depth - r->n;
			idle += r->n == 0;
		}
	if (ready <= idle)
		return sum;
	if (!starts(team))
		start(runners, team);
	return starts(team) ? idle : sum;
}

static void give(void *arg, size_t handler, const struct wire_event *head, const struct event *event)
{
	struct team *team = &((struct runners *)arg)->teams[handler];
	struct runner *least = NULL, *last = NULL;

	each_runner(r, team) {
		if (runner_takes(r) && (!least || r->n < least->n))
			least = r;
		if (runner_fits(r))
			last = r;
	}
	/* Time went by since room was found: it may be with one that would not be asked any more. */
	if (!least)
		least = last;
	must(least);
	runner_give(least, head, event);
}

struct hands runners_hands(struct runners *runners)
{
	return (struct hands){ runners, room, give };
}

/* ---- one turn ---- */

size_t runners_count(const struct runners *runners)
{
	return runners->count;
}

size_t runners_poll(const struct runners *runners, struct pollfd *fds)
{
	size_t n = 0;

	for (size_t i = 0; i < runners->n; i++)
		each_runner(r, &runners->teams[i])
			if (r->state == RUNNER_STARTING || r->state == RUNNER_READY)
				fds[n++] = (struct pollfd){ r->fd, (short)(POLLIN | (r->out.len ? POLLOUT : 0)), 0 };
	return n;
}

uint64_t runners_busy_us(const struct runners *runners)
{
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < runners->n; i++)
		each_runner(r, &runners->teams[i])
			if (r->n && runner_busy_us(r) < least)
				least = runner_busy_us(r);
	return least == UINT64_MAX ? 0 : least;
}

void runners_heard(struct runners *runners, const struct pollfd *fds)
{
	for (size_t i = 0; i < runners->n; i++)
		each_runner(r, &runners->teams[i])
			if (r->state == RUNNER_STARTING || r->state == RUNNER_READY)
				r->heard = (fds++->revents & ~POLLOUT) != 0;
}

void runners_mourn(struct runners *runners)
{
	runners->death = true;
}

/* Only deaths without any work are paced: a crash that an event is charged for starts anew at once. */
static void after_death(struct runners *runners, struct runner *r, bool was_healthy)
{
	if (runners->finishing)
		return;
	if (was_healthy)
		r->team->wait_ms = 0;
	if (r->failed || r->stuck || !r->ran)
		slow_down(runners, r->team);
}

static void turn(struct runners *runners, struct runner *r)
{
	bool healthy = r->ready_ms && clock_mono_ms() - r->ready_ms > HEALTHY_MS;

	if (r->state == RUNNER_OFF)
		return;
	if (r->state != RUNNER_LEAVING) {
		runner_write(r);
		if (r->heard || runners->finishing)
			runner_read(r, runners->engine, false);
	}
	if (r->state == RUNNER_READY && *r->team->why) {
		r->team->why[0] = '\0';
		tell_failure(runners, r->team);
	}
	runner_watch(r, runners->engine);
	if ((r->state == RUNNER_LEAVING || runners->death) && runner_reap(r, runners->engine))
		after_death(runners, r, healthy);
}

void runners_turn(struct runners *runners)
{
	for (size_t i = 0; i < runners->n; i++)
		each_runner(r, &runners->teams[i])
			turn(runners, r);
	runners->death = false;
}

void runners_flush(struct runners *runners)
{
	for (size_t i = 0; i < runners->n; i++)
		each_runner(r, &runners->teams[i])
			if (r->state == RUNNER_STARTING || r->state == RUNNER_READY)
				runner_write(r);
}

int64_t runners_next_ms(const struct runners *runners)
{
	int64_t next = 1000;

	for (size_t i = 0; i < runners->n; i++) {
		const struct team *team = &runners->teams[i];
		int64_t pace = team->not_before_ms - clock_mono_ms();

		if (pace > 0 && pace < next)
			next = pace;
		each_runner(r, team) {
			int64_t ms = r->state == RUNNER_OFF ? next : runner_next_ms(r);

			if (ms < next)
				next = ms;
		}
	}
	return next;
}

void runners_finish(struct runners *runners)
{
	runners->finishing = true;
	for (size_t i = 0; i < runners->n; i++)
		each_runner(r, &runners->teams[i])
			if (r->state == RUNNER_STARTING || r->state == RUNNER_READY) {
				r->dismissed = true;
				shutdown(r->fd, SHUT_WR);
			}
}

void runners_kill(struct runners *runners)
{
	runners->finishing = true;
	for (size_t i = 0; i < runners->n; i++)
		each_runner(r, &runners->teams[i])
			if (r->state != RUNNER_OFF) {
				r->killed = true;
				runner_end(r);
			}
}
