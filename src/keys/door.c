/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "keys/door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/sock.h"

#define AT_ONCE 16			/* messages of one connection before the next one's turn */
#define OUT_MAX (8u << 20)		/* bytes for somebody who does not read */
#define SAY_EVERY_MS 60000		/* each thing in the log */

struct asker {
	struct list link;
	uint64_t number;
	int fd;
	size_t owed;			/* answers */
	struct buf out;			/* answers that did not fit, each behind its length (u32) */
	bool silent;			/* nothing more comes from it */
};

struct door {
	int listen_fd;			/* -1: closed */
	door_asked *asked;
	void *arg;
	struct list askers;
	size_t n;
	uint64_t last;			/* number that was given out */
	int64_t full_ms, misled_ms;	/* when that was said; monotonic, 0: never */
	char message[ASK_MESSAGE_MAX + 1];
};

struct door *door_new(int listen_fd, door_asked *asked, void *arg)
{
	struct door *door = mem_alloc(sizeof *door);

	door->listen_fd = listen_fd;
	door->asked = asked;
	door->arg = arg;
	list_init(&door->askers);
	return door;
}

static void drop(struct door *door, struct asker *asker)
{
	list_remove(&asker->link);
	door->n--;
	close(asker->fd);
	buf_free(&asker->out);
	free(asker);
}

void door_free(struct door **door)
{
	list_each_safe(link, next, &(*door)->askers)
		drop(*door, list_item(link, struct asker, link));
	free(*door);
	*door = NULL;
}

/* One that is silent is not listened to: the end of its connection would be news for ever. */
size_t door_fds(const struct door *door, struct pollfd *fds)
{
	size_t n = 0;

	if (door->listen_fd >= 0)
		fds[n++] = (struct pollfd){ .fd = door->listen_fd, .events = POLLIN };
	list_each(link, &door->askers) {
		const struct asker *asker = list_item(link, struct asker, link);
		int events = (asker->silent ? 0 : POLLIN) | (asker->out.len ? POLLOUT : 0);

		if (events)
			fds[n++] = (struct pollfd){ .fd = asker->fd, .events = (short)events };
	}
	return n;
}

/* What others can bring about is not to fill the log. */
static bool may_say(int64_t *said_ms)
{
	int64_t now_ms = clock_mono_ms();

	if (*said_ms && now_ms - *said_ms < SAY_EVERY_MS)
		return false;
	*said_ms = now_ms;
	return true;
}

static void let_in(struct door *door)
{
	int fd;

	while ((fd = accept4(door->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		struct asker *asker;

		if (door->n == DOOR_CONNECTIONS) {
			if (may_say(&door->full_ms))
				log_warn("more than %d connections ask after issuers: the others are closed", DOOR_CONNECTIONS);
			close(fd);
			continue;
		}
		asker = mem_alloc(sizeof *asker);
		asker->fd = fd;
		asker->number = ++door->last;
		list_push(&door->askers, &asker->link);
		door->n++;
	}
}

/* False: it is to be dropped. */
static bool flush(struct asker *asker)
{
	size_t gone = 0;
	bool well = true;

	while (gone < asker->out.len) {
		struct cut in = { (const unsigned char *)asker->out.p + gone, asker->out.len - gone, false };
		size_t len;
		const unsigned char *p = cut_bytes(&in, &len);

		if (sock_send(asker->fd, p, len, -1) < 0) {
			well = errno == EAGAIN || errno == EWOULDBLOCK;
			break;
		}
		gone = asker->out.len - in.len;
	}
	buf_drop(&asker->out, gone);
	return well && asker->out.len <= OUT_MAX;
}

static void finish(struct door *door, struct asker *asker)
{
	if (!flush(asker) || (asker->silent && !asker->owed && !asker->out.len))
		drop(door, asker);
}

/* 1: a message; 0: none now; -1: this is no way to speak. */
static int hear_one(struct door *door, struct asker *asker, struct ask *ask)
{
	int fd;
	ssize_t n = sock_receive(asker->fd, door->message, sizeof door->message, &fd);

	if (fd >= 0)
		close(fd);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (n <= 0) {
		asker->silent = true;
		return 0;
	}
	return fd < 0 && n <= (ssize_t)ASK_MESSAGE_MAX && ask_unpack(door->message, (size_t)n, ask) ? 1 : -1;
}

static void hear(struct door *door, struct asker *asker)
{
	struct ask ask;
	int rc;

	for (int i = 0; i < AT_ONCE; i++) {
		rc = hear_one(door, asker, &ask);
		if (rc < 0) {
			if (may_say(&door->misled_ms))
				log_warn("somebody asked after issuers in a way that is not understood: the connection is closed");
			drop(door, asker);
			return;
		}
		if (rc == 0)
			break;
		asker->owed += ask.kind == ASK_TOKEN;
		door->asked(door->arg, asker->number, &ask);
	}
	finish(door, asker);
}

static struct asker *find(const struct door *door, uint64_t number)
{
	list_each(link, &door->askers)
		if (list_item(link, struct asker, link)->number == number)
			return list_item(link, struct asker, link);
	return NULL;
}

static void serve(struct door *door, const struct pollfd *polled)
{
	list_each(link, &door->askers) {
		struct asker *asker = list_item(link, struct asker, link);

		if (asker->fd != polled->fd)
			continue;
		if (asker->silent)
			finish(door, asker);
		else
			hear(door, asker);
		return;
	}
}

void door_work(struct door *door, const struct pollfd *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i].revents && fds[i].fd != door->listen_fd)
			serve(door, &fds[i]);
	if (n && fds[0].fd == door->listen_fd && fds[0].revents)
		let_in(door);
}

/* It is not dropped here: the question may have come this very moment. */
void door_answer(struct door *door, uint64_t number, const struct ask_answer *answer)
{
	struct asker *asker = find(door, number);
	struct buf packed = {0};

	if (!asker)
		return;
	asker->owed--;
	ask_answer_pack(answer, &packed);
	buf_bytes(&asker->out, packed.p, packed.len);
	buf_free(&packed);
}

void door_drain(struct door *door)
{
	door->listen_fd = -1;
	list_each(link, &door->askers)
		shutdown(list_item(link, struct asker, link)->fd, SHUT_RD);
}

bool door_empty(const struct door *door)
{
	return list_empty(&door->askers);
}
