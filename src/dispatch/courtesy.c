/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "dispatch/courtesy.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#define SAMPLE_MS 10		/* shorter spans say little */
#define BURST_PER_S 1000	/* events accepted: fewer do not need the room */
#define SHORT_PART 8		/* processors are short when an eighth of what ran was spent in line for one */
#define REST_TIMES 19		/* as long as it ran */
#define BURST_MS 5000		/* behind for so long: rests shorten, for as long again */
#define REST_MAX_MS 500		/* the control socket, deadlines and checkpoints want to be looked at */

static bool account(const struct courtesy *c, int64_t *ran_ns, int64_t *waited_ns)
{
	char text[96], *end;
	ssize_t n = c->fd < 0 ? -1 : pread(c->fd, text, sizeof text - 1, 0);

	if (n <= 0)
		return false;
	text[n] = '\0';
	*ran_ns = strtoll(text, &end, 10);
	*waited_ns = strtoll(end, NULL, 10);
	return true;
}

void courtesy_open(struct courtesy *c)
{
	*c = (struct courtesy){ .fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC) };
}

void courtesy_close(struct courtesy *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

int courtesy_rest(int64_t span_ms, int64_t accepted, int64_t ran_ns, int64_t waited_ns, int64_t behind_ms)
{
	int64_t rest_ms = ran_ns * REST_TIMES / 1000000;

	if (accepted * 1000 < BURST_PER_S * span_ms || waited_ns * SHORT_PART < ran_ns || behind_ms >= 2 * BURST_MS)
		return 0;
	if (rest_ms > REST_MAX_MS)
		rest_ms = REST_MAX_MS;
	return (int)(behind_ms <= BURST_MS ? rest_ms : rest_ms * (2 * BURST_MS - behind_ms) / BURST_MS);
}

int courtesy_ms(struct courtesy *c, const struct board *board, bool behind, int64_t mono_ms)
{
	int64_t span_ms = mono_ms - c->sampled_ms, accepted, ran_ns, waited_ns;
	int rest = 0;

	if (!behind || !c->behind_ms)
		c->behind_ms = behind ? mono_ms : 0;
	if (span_ms < SAMPLE_MS || !account(c, &ran_ns, &waited_ns))
		return 0;
	accepted = board_get(board, BOARD_ACCEPTED);
	if (c->sampled_ms)
		rest = courtesy_rest(span_ms, accepted - c->accepted, ran_ns - c->ran_ns, waited_ns - c->waited_ns,
				     c->behind_ms ? mono_ms - c->behind_ms : 0);
	c->sampled_ms = mono_ms;
	c->accepted = accepted;
	c->ran_ns = ran_ns;
	c->waited_ns = waited_ns;
	return rest;
}
