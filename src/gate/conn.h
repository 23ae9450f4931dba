/* SPDX-License-Identifier: EUPL-1.2
 * Connections, found by descriptor number. One thread at a time holds a connection; who finds it held
 * leaves a word that there is more to see. Structures are used again and never freed, so that a stale
 * event of epoll is told from a fresh one by its generation. */
#ifndef GATE_CONN_H
#define GATE_CONN_H

#include <stdbool.h>
#include <stdint.h>
#include "gate/call.h"

#define CONN_MAX 65536

struct gate;
struct conn {
	struct gate *gate;
	uint64_t word;		/* generation and flags; atomic */
	int fd;
	bool answering;		/* somebody who does not hold it sends an answer; atomic */
	bool trusted;		/* the peer is the web server */
	bool watched;		/* is in the epoll set */
	bool keep;		/* after the answer in hand */
	bool unseen;		/* there may be more bytes in the socket: no event will tell of them */
	bool prodded;		/* epoll tells that it can be written to, which is at once */
	struct call *call;	/* what is being read; null: nothing was taken off the socket */
	struct buf ahead;	/* came behind the request in hand */
};

struct conns {
	struct conn **v;
	size_t n;
};

void conns_init(struct conns *conns, size_t n);
void conns_free(struct conns *conns);
/* A fresh descriptor's connection, held by the caller. Null: the number is out of range. */
struct conn *conn_open(struct conns *conns, int fd);
uint64_t conn_ticket(const struct conn *conn);		/* for epoll: stands for this connection only */
/* The connection of a ticket, held from here on; or null: it is gone, or held by another who was told. */
struct conn *conn_take(struct conns *conns, uint64_t ticket);
/* The same for whoever goes through all numbers: also null when there is none. */
struct conn *conn_take_fd(struct conns *conns, int fd);
/* Lets go. False: something came meanwhile, and the caller still holds it. */
bool conn_rest(struct conn *conn);
/* An answer is sent by who lets go of the connection: who answers next, or ends it, waits until that is done. */
void conn_begin_answer(struct conn *conn);
void conn_end_answer(struct conn *conn);
bool conn_answering(const struct conn *conn);
void conn_wait_answered(const struct conn *conn);
/* Ends it; the descriptor is closed last. */
void conn_end(struct conn *conn);

#endif
