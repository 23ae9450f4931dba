/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "load_answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

void answer_begin(struct answer *answer)
{
	answer->len = 0;
	answer->in_body = answer->chunked = answer->to_end = answer->closing = false;
	answer->left = 0;
	memset(answer->tail, 0, sizeof answer->tail);
}

static bool is(const char *line, const char *name)
{
	return strncasecmp(line, name, strlen(name)) == 0;
}

/* Of the head's lines only three matter here. */
static bool read_lines(struct answer *a, const char *end)
{
	bool sized = false;

	for (const char *line = memchr(a->head, '\n', a->len); line && line + 1 < end; line = memchr(line, '\n', (size_t)(end - line))) {
		line++;
		if ((*line | 32) == 't' && is(line, "transfer-encoding: chunked"))
			a->chunked = sized = true;
		else if ((*line | 32) != 'c')
			continue;
		else if (is(line, "content-length:"))
			sized = true, a->left = strtoull(line + strlen("content-length:"), NULL, 10);
		else if (is(line, "connection: close"))
			a->closing = true;
	}
	return sized;
}

/* Takes the begin of a body. */
static void body(struct answer *a, const char *p, size_t len)
{
	if (a->chunked) {
		for (size_t i = len > sizeof a->tail ? len - sizeof a->tail : 0; i < len; i++) {
			memmove(a->tail, a->tail + 1, sizeof a->tail - 1);
			a->tail[sizeof a->tail - 1] = p[i];
		}
	} else if (!a->to_end) {
		a->left -= len < a->left ? len : a->left;
	}
}

static bool whole(const struct answer *a)
{
	if (!a->in_body || a->to_end)
		return false;
	return a->chunked ? !memcmp(a->tail, "0\r\n\r\n", sizeof a->tail) : a->left == 0;
}

/* After more bytes of the head; false: this is not HTTP, or too much of it. */
static bool head(struct answer *a)
{
	const char *end = memmem(a->head, a->len, "\r\n\r\n", 4);
	bool sized;

	if (!end)
		return a->len < sizeof a->head - 1;
	if (a->len < 12 || memcmp(a->head, "HTTP/1.", 7) != 0)
		return false;
	a->status = atoi(a->head + 9);
	sized = read_lines(a, end + 2);
	a->in_body = true;
	if (a->status == 204 || a->status == 304) {
		a->left = 0;
		a->chunked = false;
	} else {
		a->to_end = !sized;
	}
	a->closing = a->closing || a->to_end;
	body(a, end + 4, (size_t)(a->head + a->len - end - 4));
	return true;
}

enum answer_state answer_read(struct answer *a, int fd)
{
	char more[65536];

	for (;;) {
		char *to = a->in_body ? more : a->head + a->len;
		size_t room = a->in_body ? sizeof more : sizeof a->head - 1 - a->len;
		ssize_t n = recv(fd, to, room, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return ANSWER_MORE;
		if (n <= 0)
			return n == 0 && a->in_body && a->to_end ? ANSWER_WHOLE : ANSWER_BROKEN;
		if (a->in_body) {
			body(a, more, (size_t)n);
		} else {
			a->len += (size_t)n;
			a->head[a->len] = '\0';
			if (!head(a))
				return ANSWER_BROKEN;
		}
		if (whole(a))
			return ANSWER_WHOLE;
	}
}
