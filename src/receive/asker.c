/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "receive/asker.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/child.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/sock.h"

#define COMPLAIN_MS 60000
#define AGAIN_MS 100		/* before whoever waits tries again to find somebody */

struct asker {
	char *path;
	int fd;
	uint64_t line;
	int64_t connected_ms, complained_ms;	/* monotonic; 0: never */
	struct buf out;
	char in[ASK_ANSWER_MAX + 1];
};

struct asker *asker_new(const struct conf *conf)
{
	struct asker *a = mem_alloc(sizeof *a);

	a->path = str_fmt("%s/" RUN_KEYS, conf->run_dir);
	a->fd = -1;
	a->line = 1;
	return a;
}

static int hang_up(struct asker *a)
{
	if (a->fd >= 0) {
		close(a->fd);
		a->line++;
	}
	a->fd = -1;
	return -1;
}

void asker_free(struct asker **asker)
{
	if (!*asker)
		return;
	hang_up(*asker);
	buf_free(&(*asker)->out);
	free((*asker)->path);
	free(*asker);
	*asker = NULL;
}

int asker_fd(const struct asker *a)
{
	return a->fd;
}

uint64_t asker_line(const struct asker *a)
{
	return a->line;
}

/* Not at once after the last time: who lets nobody stay is not to be kept busy. */
static int connect_to(struct asker *a)
{
	struct err err = {{0}};

	if (a->connected_ms && clock_mono_ms() - a->connected_ms < AGAIN_MS)
		return -1;
	a->connected_ms = clock_mono_ms();
	a->fd = sock_connect_packets(a->path, &err);
	if (a->fd >= 0)
		return fd_nonblock(a->fd, true);
	if (!a->complained_ms || clock_mono_ms() - a->complained_ms >= COMPLAIN_MS) {
		a->complained_ms = clock_mono_ms();
		log_warn("issuers cannot be asked, and what only they can tell gets 503: is `postvak serve` running? %s", err.text);
	}
	return -1;
}

int asker_say(struct asker *a, const struct ask *ask)
{
	if (a->fd < 0 && connect_to(a) < 0)
		return -1;
	buf_reset(&a->out);
	ask_pack(ask, &a->out);
	if (sock_send(a->fd, a->out.p, a->out.len, -1) == 0)
		return 1;
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : hang_up(a);
}

void asker_want(void *asker, const char *issuer)
{
	asker_say(asker, &(struct ask){ ASK_KEYS, 0, { issuer, strlen(issuer) }, { NULL, 0 } });
}

int asker_hear(struct asker *a, struct ask_answer *answer)
{
	ssize_t n;
	int fd;

	if (a->fd < 0)
		return -1;
	n = sock_receive(a->fd, a->in, sizeof a->in, &fd);
	if (fd >= 0)
		close(fd);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return 0;
	return n > 0 && ask_answer_unpack(a->in, (size_t)n, answer) ? 1 : hang_up(a);
}

static void rest(const struct asker *a, short events, int64_t left_ms)
{
	struct pollfd fd = { .fd = a->fd, .events = events };

	if (a->fd < 0 && left_ms > AGAIN_MS)
		left_ms = AGAIN_MS;
	poll(&fd, 1, (int)left_ms);
}

bool asker_wait(struct asker *a, const struct ask *ask, int64_t due_ms, struct ask_answer *answer)
{
	bool said = false;
	int64_t left;

	for (; (left = due_ms - clock_mono_ms()) > 0; rest(a, said ? POLLIN : POLLOUT, left)) {
		int rc = said ? asker_hear(a, answer) : asker_say(a, ask);

		if (said && rc == 1 && answer->number == ask->number)
			return true;
		said = rc >= 0 && (said || rc == 1);
	}
	return false;
}
