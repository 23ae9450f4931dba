/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "dispatch/courtesy.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/die.h"

#define SAMPLE_MS 10		/* shorter spans say little */
#define LOOK_MS 200		/* the same of processors, whose account has ticks of 10 ms */
#define BURST_PER_S 1000	/* events accepted: fewer do not need the room */
#define BURST_GROUP 12		/* events in a transaction: with fewer the receiver has room left */
#define IDLE_PERCENT 30		/* processors are short when they are idle for less */
#define REST_TIMES 19		/* as long as it ran */
#define BURST_MS 2500		/* behind for so long: rests shorten, for as long again */
#define REST_MAX_MS 500		/* the control socket, deadlines and checkpoints want to be looked at */

/* The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq and steal, since the machine began. */
static bool account(const struct courtesy *c, uint64_t *idle, uint64_t *all)
{
	char text[256], *at = text + 3;
	ssize_t n = c->fd < 0 ? -1 : pread(c->fd, text, sizeof text - 1, 0);

	if (n < 4 || memcmp(text, "cpu", 3) != 0)
		return false;
	text[n] = '\0';
	*idle = *all = 0;
	for (int i = 0; i < 8 && *at == ' '; i++) {
		uint64_t ticks = strtoull(at, &at, 10);

		*all += ticks;
		*idle += i == 3 || i == 4 ? ticks : 0;
	}
	return true;
}

static int64_t ran_us(void)
{
	struct timespec t;

	must(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void courtesy_open(struct courtesy *c)
{
	*c = (struct courtesy){ .fd = open("/proc/stat", O_RDONLY | O_CLOEXEC), .idle_percent = 100 };
}

void courtesy_close(struct courtesy *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

static void look(struct courtesy *c, int64_t mono_ms)
{
	uint64_t idle = 0, all = 0;

	c->idle_percent = 100;
	if (account(c, &idle, &all) && c->looked_ms && all > c->all && idle >= c->idle)
		c->idle_percent = (int)((idle - c->idle) * 100 / (all - c->all));
	c->looked_ms = mono_ms;
	c->idle = idle;
	c->all = all;
}

static bool is_burst(const struct courtesy_span *s)
{
	return s->accepted * 1000 >= BURST_PER_S * s->ms && s->accepted >= BURST_GROUP * s->commits &&
	       s->idle_percent < IDLE_PERCENT && s->behind_ms < 2 * BURST_MS;
}

int courtesy_rest(const struct courtesy_span *s)
{
	int64_t rest_ms = s->ran_us * REST_TIMES / 1000;

	if (!is_burst(s))
		return 0;
	if (rest_ms > REST_MAX_MS)
		rest_ms = REST_MAX_MS;
	return (int)(s->behind_ms <= BURST_MS ? rest_ms : rest_ms * (2 * BURST_MS - s->behind_ms) / BURST_MS);
}

/* Where it is not too early to tell. */
static void sample(struct courtesy *c, const struct board *board, int64_t mono_ms)
{
	int64_t accepted = board_get(board, BOARD_ACCEPTED), commits = board_get(board, BOARD_COMMITS);

	if (mono_ms - c->sampled_ms < SAMPLE_MS)
		return;
	if (mono_ms - c->looked_ms >= LOOK_MS)
		look(c, mono_ms);
	c->span = (struct courtesy_span){ .ms = mono_ms - c->sampled_ms, .accepted = accepted - c->accepted,
					  .commits = commits - c->commits, .idle_percent = c->idle_percent,
					  .behind_ms = c->behind_ms ? mono_ms - c->behind_ms : 0 };
	c->sampled_ms = mono_ms;
	c->accepted = accepted;
	c->commits = commits;
}

int courtesy_ms(struct courtesy *c, const struct board *board, bool behind, int64_t mono_ms)
{
	int64_t ran = ran_us();

	if (!behind || !c->behind_ms)
		c->behind_ms = behind ? mono_ms : 0;
	sample(c, board, mono_ms);
	c->span.ran_us = ran - c->ran_us;
	c->ran_us = ran;
	c->gives_way = is_burst(&c->span);
	return courtesy_rest(&c->span);
}
