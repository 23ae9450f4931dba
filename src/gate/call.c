/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "gate/call.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "gate/params.h"

#define SPARE_MAX 128			/* calls kept for the next requests */
#define SPARE_BYTES (64u << 10)		/* with at most so much memory for what comes */
#define ROOM_MIN (16u << 10)		/* a request of so many bytes is read at once */
#define ROOM_MAX (256u << 10)

#define TYPE_END 3
#define TYPE_PARAMS 4
#define TYPE_STDIN 5
#define TYPE_STDOUT 6
#define CONTENT_MAX 65528		/* of a record, in whole units of 8 bytes */

static struct {
	pthread_mutex_t lock;
	struct call *first;
	size_t n;
} spare = { .lock = PTHREAD_MUTEX_INITIALIZER };

struct call *call_new(void)
{
	struct call *call;

	pthread_mutex_lock(&spare.lock);
	call = spare.first;
	if (call) {
		spare.first = call->next;
		spare.n--;
	}
	pthread_mutex_unlock(&spare.lock);
	if (!call) {
		call = mem_alloc(sizeof *call);
		call->request.pool = pool_new();
		list_init(&call->link);
	}
	return call;
}

void call_free(struct call **call_)
{
	struct call *call = *call_;

	if (!call)
		return;
	*call_ = NULL;
	pool_reset(call->request.pool);
	if (call->in.cap > SPARE_BYTES)
		buf_free(&call->in);
	buf_reset(&call->in);
	call->walk = (struct walk){0};
	call->whole = 0;
	call->over = false;
	pthread_mutex_lock(&spare.lock);
	if (spare.n < SPARE_MAX) {
		call->next = spare.first;
		spare.first = call;
		spare.n++;
		call = NULL;
	}
	pthread_mutex_unlock(&spare.lock);
	if (!call)
		return;
	buf_free(&call->in);
	buf_free(&call->head);
	buf_free(&call->out);
	pool_free(&call->request.pool);
	free(call);
}

/* ---- what comes ---- */

char *call_room(struct call *call, size_t *len)
{
	*len = call->in.len < ROOM_MIN ? ROOM_MIN : call->in.len < ROOM_MAX ? call->in.len : ROOM_MAX;
	return buf_room(&call->in, *len);
}

enum walk_verdict call_take(struct call *call, size_t len, size_t body_max, size_t *used)
{
	enum walk_verdict verdict = walk_feed(&call->walk, (unsigned char *)call->in.p + call->in.len, len, used);

	if (call->over)
		return verdict;
	call->in.len += *used;
	call->over = call->walk.body_len > body_max;
	if (call->walk.boundary <= call->in.len)
		call->whole = (size_t)call->walk.boundary;
	return verdict;
}

void call_wait(struct call *call)
{
	struct buf *in = &call->in;

	if (in->len >= ROOM_MIN || in->cap <= 2 * in->len + 1)
		return;
	in->cap = in->len + 1;
	in->p = mem_grow(in->p, in->cap, 1);
}

/* ---- what it says ---- */

struct piece {
	char *p;
	size_t len;
};

static void append(struct piece *piece, char *p, size_t len)
{
	if (piece->len)
		memmove(piece->p + piece->len, p, len);
	else
		piece->p = p;
	piece->len += len;
}

/* Takes out, in place, what lies between the records of the two streams. Behind each piece there is room for a byte. */
static void join(struct call *call, struct piece *params, struct piece *body)
{
	char *p = buf_room(&call->in, 1) - call->in.len;

	for (size_t at = 0; at < call->whole;) {
		const unsigned char *h = (unsigned char *)p + at;
		size_t len = (size_t)h[4] << 8 | h[5], padding = h[6];
		unsigned type = h[1];

		at += WALK_HEADER;
		if (len && type == TYPE_PARAMS)
			append(params, p + at, len);
		else if (len && type == TYPE_STDIN)
			append(body, p + at, len);
		at += len + padding;
	}
	if (call->walk.phase < WALK_STDIN)
		params->len = 0;
}

static size_t length_of(const char *p, size_t *at)
{
	const unsigned char *u = (const unsigned char *)p + *at;

	*at += u[0] & 0x80 ? 4 : 1;
	return u[0] & 0x80 ? (size_t)(u[0] & 0x7F) << 24 | (size_t)u[1] << 16 | (size_t)u[2] << 8 | u[3] : u[0];
}

/* Strings are made in place: a name moves over its lengths by a byte, and a NUL is written where the next lengths begin
 * when those are read. The walk has seen that all of it is there. */
static int64_t read_params(struct call *call, const struct piece *piece)
{
	struct params params;
	size_t at = 0, name_len = 0, value_len = 0;

	params_begin(&params, call->request.pool, &call->request.message, call->walk.n_params);
	if (piece->len) {
		name_len = length_of(piece->p, &at);
		value_len = length_of(piece->p, &at);
	}
	while (at < piece->len) {
		char *name = memmove(piece->p + at - 1, piece->p + at, name_len), *value = piece->p + at + name_len;
		size_t len = name_len;

		at += name_len + value_len;
		name[len] = '\0';
		if (at < piece->len) {
			size_t end = at;

			name_len = length_of(piece->p, &at);
			value_len = length_of(piece->p, &at);
			piece->p[end] = '\0';
		} else {
			piece->p[at] = '\0';
		}
		params_take(&params, name, len, value);
	}
	return params_end(&params);
}

struct gate_request *call_request(struct call *call, size_t body_max, bool late)
{
	struct gate_request *request = &call->request;
	struct piece params = {0}, body = {0};
	int64_t promised;

	join(call, &params, &body);
	promised = read_params(call, &params);
	request->over = call->over || body.len > body_max;
	if (body.len > body_max)
		body.len = body_max;
	if (body.len) {
		body.p[body.len] = '\0';
		request->message.body = (unsigned char *)body.p;
		request->message.body_len = body.len;
	}
	request->fault = late ? GATE_LATE : params_check(promised, body.len, request->over);
	request->cargo = NULL;
	return request;
}

/* ---- the answer ---- */

static void put_record(struct call *call, unsigned type, const void *content, size_t len)
{
	static const char zeros[8];
	unsigned char padding = (unsigned char)(-len & 7);
	const unsigned char header[WALK_HEADER] = { 1, (unsigned char)type, (unsigned char)(call->walk.id >> 8),
						    (unsigned char)call->walk.id, (unsigned char)(len >> 8),
						    (unsigned char)len, padding, 0 };

	buf_put(&call->out, header, sizeof header);
	buf_put(&call->out, content, len);
	buf_put(&call->out, zeros, padding);
}

static void put_stream(struct call *call, const char *p, size_t len)
{
	while (len) {
		size_t n = len < CONTENT_MAX ? len : CONTENT_MAX;

		put_record(call, TYPE_STDOUT, p, n);
		p += n;
		len -= n;
	}
}

void call_answer(struct call *call, const struct gate_reply *reply)
{
	buf_reset(&call->head);
	buf_reset(&call->out);
	reply_head(reply, &call->head);
	buf_put(&call->head, reply->body, reply->body_len);
	put_stream(call, call->head.p, call->head.len);
	put_record(call, TYPE_STDOUT, "", 0);
	put_record(call, TYPE_END, "\0\0\0\0\0\0\0", 8);
	call->sent = 0;
}

int call_send(struct call *call, int fd, bool wait)
{
	while (call->sent < call->out.len) {
		ssize_t n = send(fd, call->out.p + call->sent, call->out.len - call->sent, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));

		if (n > 0)
			call->sent += (size_t)n;
		else if (n < 0 && errno != EINTR)
			return !wait && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : -1;
	}
	return 1;
}
