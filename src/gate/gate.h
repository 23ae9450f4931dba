/* SPDX-License-Identifier: EUPL-1.2
 * Bytes in and out: a request that is whole, and its answer, neutral of how they travel. */
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include "base/board.h"
#include "base/err.h"
#include "base/list.h"
#include "base/mem.h"
#include "event/message.h"
#include "gate/peer.h"

enum gate_fault {
	GATE_WHOLE = 0,
	GATE_SHORT,		/* fewer bytes of body than CONTENT_LENGTH promised: the client went away */
	GATE_LONG,		/* more bytes than promised */
	GATE_LENGTH,		/* CONTENT_LENGTH is not a number */
	GATE_LATE		/* did not arrive within read_timeout; what is there may lack anything */
};

struct gate_reply {
	int status;
	const char *headers;	/* whole lines, each ended by \r\n; Content-Length is added */
	const char *body;
	size_t body_len;
};

/* One request in hand. Everything in it lives until gate_answer. */
struct gate_request {
	struct message message;
	struct pool *pool;
	bool over;		/* the body is longer than body_max; it is cut */
	enum gate_fault fault;
	struct list link;	/* for whoever has it in hand */
	void *cargo;		/* likewise */
	/* the gate's own */
	void (*answer)(struct gate_request *request, const struct gate_reply *reply);
	struct conn *conn;
};

/* Answers, once, from any thread; the request is gone afterwards. Waits a second at most for a peer
 * that does not read. */
static inline void gate_answer(struct gate_request *request, const struct gate_reply *reply)
{
	request->answer(request, reply);
}

typedef void gate_serve(void *arg, struct gate_request *request);
/* For what requests served one after the other have in common. wait: called by each thread that called serve before it waits
 * for more; it may take a while, but nothing is read meanwhile unless it answers a peer that does not read, or gate_keep is
 * called. Otherwise by who may be held up, and by the keeper: it must not wait. */
typedef void gate_finish(void *arg, bool wait);

struct gate_setup {
	int listen_fd;			/* nonblocking; borrowed */
	int threads;
	size_t body_max;
	size_t spool_max;		/* bytes of incomplete requests that are held in memory together */
	int64_t read_timeout_ms;	/* for a whole request, from its first byte */
	gate_serve *serve;		/* called by the gate's threads, many at once; must not wait */
	gate_finish *finish;
	void *arg;
	struct board *board;
	struct peer_rule server;	/* whose word about the client's TLS certificate counts */
};

/* FastCGI: one per process. The threads start with gate_open and end with gate_close. The caller is the
 * keeper: it polls gate_fd and calls gate_keep when that is readable or the time is up. */
struct gate;
struct gate *gate_open(const struct gate_setup *setup, struct err *err);
void gate_close(struct gate **gate);		/* ends the threads and closes what is still open */
int gate_fd(const struct gate *gate);
int gate_keep(struct gate *gate);		/* ends overdue requests; milliseconds until it wants to be called again */
/* Takes over a connection that another receiver gave; owns the descriptor. */
void gate_adopt(struct gate *gate, int take_fd);
/* Accepts no more. With give_fd (owned from here on), connections are sent there as they become idle;
 * with -1 they are closed then. Calling it again with a socket changes over to that. */
void gate_drain(struct gate *gate, int give_fd);
long gate_connections(const struct gate *gate);	/* still open */

/* CGI: reads the one request of this process from its environment and standard input, calls serve, and
 * the answer goes to standard output. It is the web server that started it. 0, or -1 when the answer could not be written. */
struct gate_cgi {
	char *const *envp;
	int in, out;
	size_t body_max;
	int64_t read_timeout_ms;
	gate_serve *serve;		/* must have answered when it returns */
	void *arg;
};
int gate_cgi(const struct gate_cgi *cgi);

#endif
