/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "gate/unfinished.h"

#include "base/clock.h"

void unfinished_init(struct unfinished *unfinished)
{
	list_init(&unfinished->calls);
	pthread_mutex_init(&unfinished->lock, NULL);
}

void unfinished_end(struct unfinished *unfinished)
{
	pthread_mutex_destroy(&unfinished->lock);
}

void unfinished_add(struct unfinished *unfinished, struct conn *conn, size_t came, int64_t timeout_ms)
{
	struct call *call = conn->call;
	bool first = !list_linked(&call->link);

	if (first) {
		call->due_ms = clock_mono_ms() + timeout_ms;
		call->ticket = conn_ticket(conn);
	}
	pthread_mutex_lock(&unfinished->lock);
	if (first)
		list_push(&unfinished->calls, &call->link);
	unfinished->held += came;
	pthread_mutex_unlock(&unfinished->lock);
}

/* Under the lock. */
static void unlist(struct unfinished *unfinished, struct call *call)
{
	if (!list_linked(&call->link))
		return;
	list_remove(&call->link);
	unfinished->held -= call->in.len;
}

void unfinished_remove(struct unfinished *unfinished, struct call *call)
{
	if (!list_linked(&call->link))
		return;
	pthread_mutex_lock(&unfinished->lock);
	unlist(unfinished, call);
	pthread_mutex_unlock(&unfinished->lock);
}

/* Under the lock. Null also when all of them are busy. */
static struct conn *pick(struct unfinished *unfinished, struct conns *conns, int64_t due_by, struct conn *own)
{
	list_each(it, &unfinished->calls) {
		struct call *call = list_item(it, struct call, link);
		struct conn *conn;

		if (call->due_ms > due_by)
			break;
		conn = own && own->call == call ? own : conn_take(conns, call->ticket);
		if (conn) {
			unlist(unfinished, call);
			return conn;
		}
	}
	return NULL;
}

struct conn *unfinished_overdue(struct unfinished *unfinished, struct conns *conns, int64_t now_ms)
{
	struct conn *conn;

	pthread_mutex_lock(&unfinished->lock);
	conn = pick(unfinished, conns, now_ms, NULL);
	pthread_mutex_unlock(&unfinished->lock);
	return conn;
}

struct conn *unfinished_excess(struct unfinished *unfinished, struct conns *conns, size_t most, struct conn *own)
{
	struct conn *conn = NULL;

	pthread_mutex_lock(&unfinished->lock);
	if (unfinished->held > most)
		conn = pick(unfinished, conns, INT64_MAX, own);
	pthread_mutex_unlock(&unfinished->lock);
	return conn;
}

int64_t unfinished_next_due(struct unfinished *unfinished)
{
	int64_t due = INT64_MAX;

	pthread_mutex_lock(&unfinished->lock);
	if (!list_empty(&unfinished->calls))
		due = list_item(unfinished->calls.next, struct call, link)->due_ms;
	pthread_mutex_unlock(&unfinished->lock);
	return due;
}
