/* SPDX-License-Identifier: EUPL-1.2
 * Requests of which some is to come: in the order of their deadlines, and how much memory they hold together. */
#ifndef GATE_UNFINISHED_H
#define GATE_UNFINISHED_H

#include <pthread.h>
#include "base/list.h"
#include "gate/conn.h"

struct unfinished {
	pthread_mutex_t lock;
	struct list calls;
	size_t held;		/* bytes of them */
};

void unfinished_init(struct unfinished *unfinished);
void unfinished_end(struct unfinished *unfinished);
/* The caller holds the connection. So many bytes came; its call, when it is new here, has until timeout_ms from now. */
void unfinished_add(struct unfinished *unfinished, struct conn *conn, size_t came, int64_t timeout_ms);
/* From here on it is its holder's alone. */
void unfinished_remove(struct unfinished *unfinished, struct call *call);
/* The oldest one that nobody holds and that is due, held from here on and removed; or null. */
struct conn *unfinished_overdue(struct unfinished *unfinished, struct conns *conns, int64_t now_ms);
/* The same for the oldest of all while they hold more bytes than `most`; it may be own, which the caller holds. */
struct conn *unfinished_excess(struct unfinished *unfinished, struct conns *conns, size_t most, struct conn *own);
/* INT64_MAX: there is none. */
int64_t unfinished_next_due(struct unfinished *unfinished);

#endif
