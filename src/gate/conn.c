/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "gate/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/die.h"
#include "base/mem.h"

/* The word: HELD, MORE, LIVE, and the generation above them. */
#define HELD 1u
#define MORE 2u
#define LIVE 4u
#define GENERATION 8u
#define FLAGS (GENERATION - 1)

#define BEGIN_BYTES 16		/* FCGI_BEGIN_REQUEST with its header */
#define TYPE_PARAMS 4
#define TYPE_STDIN 5

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
	while (word_of(conn) & LIVE)	/* the number was closed under its last owner, who is about to say so */
		sched_yield();
	conn->watched = conn->unseen = false;
	conn->spool = NULL;
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

void conn_end(struct conn *conn, bool closed)
{
	int fd = conn->fd;

	must(!conn->spool);
	__atomic_store_n(&conn->word, (word_of(conn) / GENERATION + 1) * GENERATION, __ATOMIC_SEQ_CST);
	if (!closed)
		close(fd);	/* last: another thread may be given the number at once */
}

struct spool *spool_new(struct conn *conn, int64_t due_ms)
{
	struct spool *spool = mem_alloc(sizeof *spool);

	list_init(&spool->link);
	spool->due_ms = due_ms;
	spool->ticket = conn_ticket(conn);
	return spool;
}

void spool_free(struct spool **spool)
{
	if (!*spool)
		return;
	buf_free(&(*spool)->bytes);
	free(*spool);
	*spool = NULL;
}

void spool_put(struct spool *spool, const void *p, size_t len, size_t body_max)
{
	if (spool->over)
		return;
	buf_put(&spool->bytes, p, len);
	spool->over = spool->walk.body_len > body_max;
	if (spool->walk.boundary <= spool->bytes.len)
		spool->whole = (size_t)spool->walk.boundary;
}

static void end_stream(struct spool *spool, unsigned type)
{
	unsigned char record[WALK_HEADER];

	walk_end_record(record, type, spool->walk.id);
	buf_put(&spool->bytes, record, sizeof record);
}

/* Cuts at a record's end and adds the ends of streams that are missing. */
static void mend(struct spool *spool)
{
	if (spool->walk.phase == WALK_END && !spool->over)
		return;
	if (spool->walk.phase < WALK_STDIN) {
		spool->bytes.len = BEGIN_BYTES;
		end_stream(spool, TYPE_PARAMS);
	} else {
		spool->bytes.len = spool->whole;
	}
	end_stream(spool, TYPE_STDIN);
}

static int unnamed_file(void)
{
#ifdef HAVE_MEMFD_CREATE
	int fd = memfd_create("postvak-request", MFD_CLOEXEC);

	if (fd >= 0 || errno != ENOSYS)
		return fd;
#endif
	char path[] = "/tmp/postvak-XXXXXX";
	int file = mkostemp(path, O_CLOEXEC);

	if (file >= 0)
		unlink(path);
	return file;
}

int spool_file(struct spool *spool, struct err *err)
{
	int fd;

	if (spool->walk.phase == WALK_BEGIN)
		return err_set(err, "not even the begin of a request came");
	fd = unnamed_file();
	if (fd < 0)
		return err_sys(err, "cannot make a file for a request that came in pieces");
	mend(spool);
	for (size_t at_ = 0; at_ < spool->bytes.len;) {
		ssize_t n = write(fd, spool->bytes.p + at_, spool->bytes.len - at_);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err_sys(err, "cannot write a request that came in pieces");
			close(fd);
			return -1;
		}
		at_ += (size_t)n;
	}
	must(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}
