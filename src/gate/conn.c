/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "gate/conn.h"

#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "base/die.h"
#include "base/mem.h"

/* The word: HELD, MORE, LIVE, and the generation above them. */
#define HELD 1u
#define MORE 2u
#define LIVE 4u
#define GENERATION 8u

#define YIELDS 100		/* before a wait for an answer is a sleep */

void conns_init(struct conns *conns, size_t n)
{
	conns->n = n < CONN_MAX ? n : CONN_MAX;
	conns->v = mem_array(conns->n, sizeof *conns->v);
}

void conns_free(struct conns *conns)
{
	for (size_t i = 0; i < conns->n; i++)
		free(conns->v[i]);
	free(conns->v);
}

static uint64_t word_of(const struct conn *conn)
{
	return __atomic_load_n(&conn->word, __ATOMIC_SEQ_CST);
}

static bool swap(struct conn *conn, uint64_t from, uint64_t to)
{
	return __atomic_compare_exchange_n(&conn->word, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

struct conn *conn_open(struct conns *conns, int fd)
{
	struct conn *conn;

	if (fd < 0 || (size_t)fd >= conns->n)
		return NULL;
	conn = __atomic_load_n(&conns->v[fd], __ATOMIC_SEQ_CST);
	if (!conn) {
		conn = mem_alloc(sizeof *conn);
		conn->fd = fd;
		__atomic_store_n(&conns->v[fd], conn, __ATOMIC_SEQ_CST);
	}
	must(!(word_of(conn) & LIVE));		/* conn_end says so before it closes */
	conn->watched = conn->unseen = conn->prodded = false;
	__atomic_store_n(&conn->word, word_of(conn) | LIVE | HELD, __ATOMIC_SEQ_CST);
	return conn;
}

/* 16 bits of number (CONN_MAX), and of the generation what fits. */
uint64_t conn_ticket(const struct conn *conn)
{
	return word_of(conn) / GENERATION << 16 | (uint64_t)conn->fd;
}

static struct conn *at(struct conns *conns, size_t fd)
{
	return fd < conns->n ? __atomic_load_n(&conns->v[fd], __ATOMIC_SEQ_CST) : NULL;
}

static struct conn *take(struct conn *conn, uint64_t generation)
{
	for (;;) {
		uint64_t word = word_of(conn);

		if (!(word & LIVE) || word / GENERATION != generation)
			return NULL;
		if (swap(conn, word, word & HELD ? word | MORE : word | HELD))
			return word & HELD ? NULL : conn;
	}
}

struct conn *conn_take(struct conns *conns, uint64_t ticket)
{
	struct conn *conn = at(conns, ticket & 0xFFFF);

	return conn ? take(conn, ticket >> 16) : NULL;
}

struct conn *conn_take_fd(struct conns *conns, int fd)
{
	struct conn *conn = at(conns, (size_t)fd);

	return conn ? take(conn, word_of(conn) / GENERATION) : NULL;
}

bool conn_rest(struct conn *conn)
{
	uint64_t word = word_of(conn);

	must(word & HELD);
	if (!(word & MORE) && swap(conn, word, word & ~(uint64_t)HELD))
		return true;
	__atomic_and_fetch(&conn->word, ~(uint64_t)MORE, __ATOMIC_SEQ_CST);
	return false;
}

void conn_begin_answer(struct conn *conn)
{
	__atomic_store_n(&conn->answering, true, __ATOMIC_SEQ_CST);
}

void conn_end_answer(struct conn *conn)
{
	__atomic_store_n(&conn->answering, false, __ATOMIC_SEQ_CST);
}

bool conn_answering(const struct conn *conn)
{
	return __atomic_load_n(&conn->answering, __ATOMIC_SEQ_CST);
}

/* Mostly the answer goes out at once; for a peer that does not take it, it is not worth a processor. */
void conn_wait_answered(const struct conn *conn)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	for (int i = 0; conn_answering(conn); i++)
		if (i < YIELDS)
			sched_yield();
		else
			nanosleep(&pause, NULL);
}

void conn_end(struct conn *conn)
{
	int fd = conn->fd;

	must(!conn->call && !conn->ahead.p && !conn_answering(conn));
	__atomic_store_n(&conn->word, (word_of(conn) / GENERATION + 1) * GENERATION, __ATOMIC_SEQ_CST);
	close(fd);	/* last: another thread may be given the number at once */
}
