/* SPDX-License-Identifier: EUPL-1.2
 * A FastCGI request on its way (FastCGI 1.0, fastcgi.com): its records as they come, the request that is made of them
 * in place, and its answer in records. It never accepts, waits for bytes or closes. */
#ifndef GATE_CALL_H
#define GATE_CALL_H

#include "base/buf.h"
#include "gate/gate.h"
#include "gate/walk.h"

struct call {
	struct gate_request request;
	struct walk walk;	/* over what came */
	struct buf in;		/* the records */
	size_t whole;		/* of them, up to the end of the last whole one */
	bool over;		/* the body was longer than it may be: no more is kept */
	struct buf head, out;	/* the answer, and its records */
	size_t sent;
	/* the gate's own */
	struct list link;	/* while some is still to come */
	int64_t due_ms;		/* monotonic: must be there by then */
	uint64_t ticket;	/* of the connection */
	struct call *next;
};

struct call *call_new(void);
void call_free(struct call **call);	/* null is allowed; a few are kept for the next requests */
/* Room for the bytes that come next, at least 16 KiB. */
char *call_room(struct call *call, size_t *len);
/* len bytes were put into that room; *used of them belong to this request (less only behind its end). */
enum walk_verdict call_take(struct call *call, size_t len, size_t body_max, size_t *used);
/* More has to be waited for: a small call holds about as much memory as it has bytes. */
void call_wait(struct call *call);
/* What is there becomes a request, once. late: it lacks what did not come in time. */
struct gate_request *call_request(struct call *call, size_t body_max, bool late);
/* Frames the answer; call_send sends what is left of it: 1 all went, 0 the peer has no room, -1 it could not be sent. With
 * wait it waits for room, each time as long as SO_SNDTIMEO says. */
void call_answer(struct call *call, const struct gate_reply *reply);
int call_send(struct call *call, int fd, bool wait);

#endif
