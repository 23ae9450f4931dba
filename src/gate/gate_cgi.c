/* SPDX-License-Identifier: EUPL-1.2 */
#include "gate/gate.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/clock.h"
#include "gate/params.h"

struct visit {
	struct gate_request request;
	int out;
	bool sent;
};

static bool write_all(int fd, const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return true;
}

static void answer(struct gate_request *request, const struct gate_reply *reply)
{
	struct visit *visit = list_item(request, struct visit, request);
	struct buf out = {0};

	reply_head(reply, &out);
	buf_put(&out, reply->body, reply->body_len);
	visit->sent = write_all(visit->out, out.p, out.len);
	buf_free(&out);
}

/* One read within the deadline: bytes, 0 at the end, -1 when it is late or failed. */
static ssize_t read_some(int fd, char *p, size_t len, int64_t due_ms)
{
	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		int64_t left = due_ms - clock_mono_ms();
		ssize_t n;

		if (left <= 0)
			return -1;
		if (poll(&wait, 1, left > 60000 ? 60000 : (int)left) <= 0)
			continue;
		n = read(fd, p, len);
		if (n >= 0 || errno != EINTR)
			return n;
	}
}

/* A CGI program reads no more than was promised: the end may never come. */
static void read_body(const struct gate_cgi *cgi, struct gate_request *request, int64_t promised, struct buf *body)
{
	int64_t due_ms = clock_mono_ms() + cgi->read_timeout_ms;
	uint64_t left = promised >= 0 ? (uint64_t)promised : UINT64_MAX;
	char some[16384];
	ssize_t n = 1;

	while (left && n > 0 && !request->over) {
		n = read_some(cgi->in, some, left < sizeof some ? (size_t)left : sizeof some, due_ms);
		if (n < 0)
			request->fault = GATE_LATE;
		if (n <= 0)
			break;
		left -= (uint64_t)n;
		buf_put(body, some, (size_t)n);
		request->over = body->len > cgi->body_max;
	}
}

int gate_cgi(const struct gate_cgi *cgi)
{
	struct visit visit = { .request = { .pool = pool_new(), .answer = answer }, .out = cgi->out };
	struct gate_request *request = &visit.request;
	struct buf body = {0};
	int64_t promised;

	params_read(request->pool, cgi->envp, &request->message, &promised);
	request->message.tls.trusted = true;
	if (promised != PARAMS_LENGTH_BAD)
		read_body(cgi, request, promised, &body);
	buf_put(&body, "", 0);
	request->message.body = (const unsigned char *)body.p;
	request->message.body_len = body.len;
	if (request->fault == GATE_WHOLE)
		request->fault = params_check(promised, body.len, request->over);
	cgi->serve(cgi->arg, request);
	buf_free(&body);
	pool_free(&request->pool);
	return visit.sent ? 0 : -1;
}
