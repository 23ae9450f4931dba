/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "gate/gate_fcgi.h"

#include <fcgiapp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/die.h"
#include "gate/params.h"

#define SPARE_MAX 128			/* calls kept for the next requests */
#define SPARE_BODY (64u << 10)		/* with at most so much memory for their body */

struct call {
	struct gate_request request;
	FCGX_Request fcgx;
	struct buf body, head;
	struct call *next;
};

static struct {
	pthread_mutex_t lock;
	struct call *first;
	size_t n;
} spare = { .lock = PTHREAD_MUTEX_INITIALIZER };

int fcgi_init(struct err *err)
{
	static const int touched[] = { SIGPIPE, SIGTERM, SIGUSR1 };
	struct sigaction before[sizeof touched / sizeof *touched];
	int rc;

	/* FCGX_Init puts handlers on these, over an ignored SIGPIPE too, that make libfcgi leave. */
	for (size_t i = 0; i < sizeof touched / sizeof *touched; i++)
		must(sigaction(touched[i], NULL, &before[i]) == 0);
	rc = FCGX_Init();
	for (size_t i = 0; i < sizeof touched / sizeof *touched; i++)
		must(sigaction(touched[i], &before[i], NULL) == 0);
	return rc ? err_set(err, "libfcgi cannot be initialised (FCGX_Init: %d)", rc) : 0;
}

/* Done by the thread that uses it next: the committer, which ends most of them, has other work. */
static void clear(struct call *call)
{
	FCGX_Free(&call->fcgx, 0);
	pool_reset(call->request.pool);
}

static struct call *call_new(void)
{
	struct call *call;

	pthread_mutex_lock(&spare.lock);
	call = spare.first;
	if (call) {
		spare.first = call->next;
		spare.n--;
	}
	pthread_mutex_unlock(&spare.lock);
	if (call) {
		clear(call);
		return call;
	}
	call = mem_alloc(sizeof *call);
	call->request.pool = pool_new();
	return call;
}

static void call_free(struct call *call)
{
	if (call->body.cap > SPARE_BODY)
		buf_free(&call->body);
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
	clear(call);
	buf_free(&call->body);
	buf_free(&call->head);
	pool_free(&call->request.pool);
	free(call);
}

/* To the very end, or the next request of the connection would be out of step. */
static bool read_body(struct call *call, size_t max, int64_t promised)
{
	struct buf *body = &call->body;
	size_t room = promised > 0 && (uint64_t)promised < max ? (size_t)promised + 1 : 4096;
	char rest[8192];
	int n;

	buf_reset(body);
	for (;;) {
		if (room > max - body->len)
			room = max - body->len;
		if (room == 0)
			break;
		n = FCGX_GetStr(buf_room(body, room), (int)room, call->fcgx.in);
		body->len += (size_t)n;
		if ((size_t)n < room)
			break;
		room = 16384;
	}
	buf_put(body, "", 0);
	if (room)
		return false;
	n = FCGX_GetStr(rest, sizeof rest, call->fcgx.in);
	for (int more = n; more == (int)sizeof rest;)
		more = FCGX_GetStr(rest, sizeof rest, call->fcgx.in);
	return n > 0;
}

static void fill(struct call *call, const struct fcgi_source *source)
{
	struct gate_request *request = &call->request;
	int64_t promised;

	params_read(request->pool, call->fcgx.envp, &request->message, &promised);
	request->over = read_body(call, source->body_max, promised) || source->over;
	request->message.body = (const unsigned char *)call->body.p;
	request->message.body_len = call->body.len;
	request->fault = source->late ? GATE_LATE : params_check(promised, call->body.len, request->over);
	request->cargo = NULL;
}

struct gate_request *fcgi_read(const struct fcgi_source *source, bool *keep)
{
	struct call *call = call_new();

	FCGX_InitRequest(&call->fcgx, -1, 0);
	call->fcgx.ipcFd = source->fd;
	call->fcgx.keepConnection = 1;	/* else FCGX_Accept_r begins with closing it */
	FCGX_Detach(&call->fcgx);	/* if it has to close, then without waiting 2 s for the peer */
	if (FCGX_Accept_r(&call->fcgx) < 0) {
		call_free(call);
		return NULL;
	}
	*keep = call->fcgx.keepConnection;
	fill(call, source);
	return &call->request;
}

bool fcgi_answer(struct gate_request *request, int fd, const struct gate_reply *reply)
{
	struct call *call = list_item(request, struct call, request);
	bool sent;

	call->fcgx.ipcFd = fd;
	buf_reset(&call->head);
	reply_head(reply, &call->head);
	FCGX_PutStr(call->head.p, (int)call->head.len, call->fcgx.out);
	if (reply->body_len)
		FCGX_PutStr(reply->body, (int)reply->body_len, call->fcgx.out);
	sent = FCGX_FClose(call->fcgx.err) == 0;	/* first: else its end costs a write of its own */
	sent = FCGX_FClose(call->fcgx.out) == 0 && sent;
	return sent;
}

void fcgi_forget(struct gate_request *request)
{
	call_free(list_item(request, struct call, request));
}
