/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "dispatch/courtesy.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/die.h"

#define SAMPLE_MS 5		/* shorter spans say little */
#define LOOK_MS 200		/* between two looks at the processors, whose account has ticks of 10 ms */
#define BURST_PER_S 1000	/* events accepted: fewer do not need the room */
#define BURST_GROUP 12		/* events in a transaction: with fewer the receiver has room left */
#define IDLE_PERCENT 50		/* processors are short when they are idle for less ... */
#define IDLE_RESTING 70		/* ... and stay so while this is not reached without us */
#define BURST_MS 5000		/* rests that it gives, ... */
#define CALM_MS 100		/* ... and again when fewer events than that came for so long, and nothing is left */
#define SLEEP_MS 300		/* likewise after a sleep of so long ... */
#define SLEEP_PER_S 500		/* ... in which fewer transactions came: what ended it are the first ones of a burst */
#define REST_MS 500		/* the control socket, deadlines and checkpoints want to be looked at */

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

void courtesy_open(struct courtesy *c)
{
	*c = (struct courtesy){ .fd = open("/proc/stat", O_RDONLY | O_CLOEXEC) };
}

void courtesy_close(struct courtesy *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

static bool is_calm(const struct courtesy_span *s)
{
	return s->accepted * 1000 < BURST_PER_S * s->ms;
}

static bool was_calm(const struct courtesy_span *s)
{
	return is_calm(s) || (!s->resting && s->ms >= SLEEP_MS && s->commits * 1000 < SLEEP_PER_S * s->ms);
}

static bool pours(const struct courtesy_span *s)
{
	return !is_calm(s) && s->accepted >= BURST_GROUP * s->commits;
}

/* At the processors, while events pour in. Until something is known of them they count as short. */
static void look(struct courtesy *c, int64_t mono_ms)
{
	uint64_t idle = 0, all = 0;

	if (!pours(&c->span))
		c->looked_ms = 0;
	if (!pours(&c->span) || (c->looked_ms && mono_ms - c->looked_ms < LOOK_MS))
		return;
	if (!account(c, &idle, &all))
		c->idle_percent = 100;
	else if (!c->looked_ms || all <= c->all || idle < c->idle)
		c->idle_percent = 0;
	else
		c->idle_percent = (int)((idle - c->idle) * 100 / (all - c->all));
	c->looked_ms = mono_ms;
	c->idle = idle;
	c->all = all;
}

static bool is_burst(const struct courtesy_span *s)
{
	return pours(s) && s->idle_percent < (s->resting ? IDLE_RESTING : IDLE_PERCENT);
}

int courtesy_rest(const struct courtesy_span *s)
{
	if (!is_burst(s) || s->given_ms >= BURST_MS)
		return 0;
	return s->resting ? REST_MS : LOOK_MS;
}

/* Where it is not too early to tell. */
static void sample(struct courtesy *c, const struct board *board, bool behind, int64_t mono_ms)
{
	int64_t accepted = board_get(board, BOARD_ACCEPTED), commits = board_get(board, BOARD_COMMITS);
	int64_t ms = mono_ms - c->sampled_ms;

	if (ms < SAMPLE_MS)
		return;
	c->span = (struct courtesy_span){ .ms = ms, .accepted = accepted - c->accepted, .commits = commits - c->commits,
					  .resting = c->gives_way };
	if (c->behind || (c->span.resting && behind) || !was_calm(&c->span))
		c->busy_ms = mono_ms;
	if (mono_ms - c->busy_ms >= CALM_MS)
		c->given_ms = 0;
	c->span.given_ms = c->given_ms;
	look(c, mono_ms);
	c->span.idle_percent = c->idle_percent;
	c->sampled_ms = mono_ms;
	c->accepted = accepted;
	c->commits = commits;
}

int courtesy_ms(struct courtesy *c, const struct board *board, bool behind, int64_t mono_ms)
{
	int rest_ms;

	sample(c, board, behind, mono_ms);
	c->behind = behind;
	rest_ms = courtesy_rest(&c->span);
	c->gives_way = rest_ms > 0;
	c->given_ms += rest_ms;
	return rest_ms;
}
