/* SPDX-License-Identifier: EUPL-1.2
 * The receiver's waiting: all connections stand in one epoll set that all threads wait in. A request is
 * shown to libfcgi only when the last byte of it is there, so no thread ever waits for a peer: what
 * comes in pieces is spooled by whichever thread sees a piece. Events are edge-triggered, which saves a
 * system call a request; the connection's word (conn.h) catches those that come while it is held. */
#include "config.h"
#include "gate/gate.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "base/sock.h"
#include "gate/conn.h"
#include "gate/gate_fcgi.h"

#define BATCH 4				/* events a thread takes at once */
#define PEEK (64u << 10)		/* a request of so many bytes goes to libfcgi without a detour */
#define FD_RESERVE 64			/* descriptors that are not for connections */
#define TICK_MS 1000
#define HELD_MS 20			/* before an overdue request that was busy is looked at again */
#define DISCARD_MAX (16u << 20)		/* beyond body_max: so much more is read, for the sake of a clean answer */

#define TICKET_LISTEN UINT64_MAX
#define TICKET_STOP (UINT64_MAX - 1)

struct gate {
	struct gate_setup setup;
	struct conns conns;
	int epoll, wake, stop;
	long n_conns, n_max;		/* atomic */
	bool draining;			/* atomic */
	pthread_mutex_t lock;		/* for what follows */
	struct list spools;		/* in the order of their deadlines */
	size_t spooled;
	bool paused;			/* accepting */
	int give_fd;
	pthread_t *threads;
	int n_threads;
	unsigned char *scratch;		/* the keeper's */
};

static void look(struct gate *gate, struct conn *conn, unsigned char *scratch);

static bool draining(const struct gate *gate)
{
	return __atomic_load_n(&gate->draining, __ATOMIC_SEQ_CST);
}

static void wake_keeper(const struct gate *gate)
{
	uint64_t one = 1;

	while (write(gate->wake, &one, sizeof one) < 0 && errno == EINTR)
		;
}

/* ---- accepting, and pausing it ---- */

static void listen_for(struct gate *gate, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.u64 = TICKET_LISTEN };

	must(epoll_ctl(gate->epoll, EPOLL_CTL_MOD, gate->setup.listen_fd, &event) == 0);
}

static void pause_accept(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	if (!gate->paused && !draining(gate)) {
		gate->paused = true;
		listen_for(gate, 0);
		log_warn("no more than %ld connections at once: new ones wait until some close "
			 "(raise the limit of open files, or lower keepalive in the web server)", gate->n_max);
	}
	pthread_mutex_unlock(&gate->lock);
}

static void resume_accept(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	if (gate->paused && !draining(gate) && gate_connections(gate) < gate->n_max) {
		gate->paused = false;
		listen_for(gate, EPOLLIN);
	}
	pthread_mutex_unlock(&gate->lock);
}

static void count(struct gate *gate, long by)
{
	long n = __atomic_add_fetch(&gate->n_conns, by, __ATOMIC_SEQ_CST);

	board_add(gate->setup.board, BOARD_CONNECTIONS, by);
	if (by > 0 && n >= gate->n_max)
		pause_accept(gate);
	else if (by < 0 && n + 1 >= gate->n_max)
		resume_accept(gate);
	else if (n == 0 && draining(gate))
		wake_keeper(gate);
}

/* Under the lock. */
static void unlist(struct gate *gate, struct spool *spool)
{
	if (!list_linked(&spool->link))
		return;
	list_remove(&spool->link);
	gate->spooled -= spool->bytes.len;
}

static void forget_spool(struct gate *gate, struct conn *conn)
{
	if (!conn->spool)
		return;
	pthread_mutex_lock(&gate->lock);
	unlist(gate, conn->spool);
	pthread_mutex_unlock(&gate->lock);
	spool_free(&conn->spool);
}

static void drop(struct gate *gate, struct conn *conn, bool closed)
{
	forget_spool(gate, conn);
	conn_end(conn, closed);
	count(gate, -1);
}

static struct conn *admit(struct gate *gate, int fd)
{
	struct conn *conn = conn_open(&gate->conns, fd);
	struct timeval second = { .tv_sec = 1 };

	if (!conn) {
		close(fd);
		return NULL;
	}
	conn->gate = gate;
	conn->trusted = peer_serves(&gate->setup.server, fd);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
	count(gate, 1);
	return conn;
}

/* True when there was one. */
static bool accept_one(struct gate *gate, unsigned char *scratch)
{
	int fd = accept4(gate->setup.listen_fd, NULL, NULL, SOCK_CLOEXEC);
	struct conn *conn;

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			pause_accept(gate);
		return false;
	}
	conn = admit(gate, fd);
	if (conn)
		look(gate, conn, scratch);
	return true;
}

/* ---- letting go of a connection ---- */

/* Also makes epoll tell of bytes that are there already. */
static bool watch(struct gate *gate, struct conn *conn)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.u64 = conn_ticket(conn) };

	if (epoll_ctl(gate->epoll, conn->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, conn->fd, &event) < 0)
		return false;
	conn->watched = true;
	return true;
}

static bool give(struct gate *gate, struct conn *conn)
{
	int rc = -1;

	pthread_mutex_lock(&gate->lock);
	if (gate->give_fd >= 0) {
		rc = sock_send(gate->give_fd, "c", 1, conn->fd);
		if (rc < 0) {
			log_warn("idle connections cannot be handed over any more; they are closed");
			close(gate->give_fd);
			gate->give_fd = -1;
		}
	}
	pthread_mutex_unlock(&gate->lock);
	return rc == 0;
}

/* While draining: an idle connection goes to the next receiver, or is closed. False: it has bytes, and
 * there is nobody to give it to. */
static bool leave(struct gate *gate, struct conn *conn)
{
	int waiting = 0;

	/* The other process keeps the socket alive, and with it our epoll's interest. */
	if (conn->watched)
		epoll_ctl(gate->epoll, EPOLL_CTL_DEL, conn->fd, NULL);
	conn->watched = false;
	if (give(gate, conn) || ioctl(conn->fd, FIONREAD, &waiting) < 0 || waiting == 0) {
		drop(gate, conn, false);
		return true;
	}
	return false;
}

/* Puts a held connection back into the set. False: the caller still holds it, there is more to see. */
static bool rest(struct gate *gate, struct conn *conn)
{
	if (draining(gate) && !conn->spool && leave(gate, conn))
		return true;
	if ((!conn->watched || conn->unseen) && !watch(gate, conn)) {
		log_warn("a connection is closed: epoll takes no more of them");
		drop(gate, conn, false);
		return true;
	}
	conn->unseen = false;
	return conn_rest(conn);
}

/* The same for a thread that is not to look itself: what came meanwhile is left to the gate's threads. */
static void put_back(struct gate *gate, struct conn *conn)
{
	uint64_t ticket = conn_ticket(conn);

	while (!rest(gate, conn))
		conn->unseen = true;
	/* A drain may have gone by while it was held here. */
	if (draining(gate) && (conn = conn_take(&gate->conns, ticket)) != NULL)
		while (!rest(gate, conn))
			conn->unseen = true;
}

/* What is left of a request that was answered early; else closing makes the peer lose the answer. */
static void discard(const struct conn *conn)
{
	char bytes[16384];

	for (int i = 0; i < 64 && recv(conn->fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0; i++)
		;
}

static void answer(struct gate_request *request, const struct gate_reply *reply)
{
	struct conn *conn = request->conn;
	struct gate *gate = conn->gate;
	bool sent = fcgi_answer(request, conn->fd, reply);

	/* At once: the next request may be on its way already. */
	if (sent && conn->keep) {
		put_back(gate, conn);
	} else {
		if (sent)
			discard(conn);
		drop(gate, conn, false);
	}
	fcgi_forget(request);
}

/* ---- requests ---- */

static void hand_over(struct gate *gate, struct conn *conn, struct gate_request *request)
{
	request->conn = conn;
	request->message.tls.trusted = conn->trusted;
	request->answer = answer;
	gate->setup.serve(gate->setup.arg, request);
}

/* All of it lies in the socket. */
static void serve_direct(struct gate *gate, struct conn *conn)
{
	struct fcgi_source source = { .fd = conn->fd, .body_max = gate->setup.body_max };
	struct gate_request *request = fcgi_read(&source, &conn->keep);

	if (request)
		hand_over(gate, conn, request);
	else
		drop(gate, conn, true);
}

/* What was spooled, whole or not. */
static void serve_spooled(struct gate *gate, struct conn *conn, bool late)
{
	struct fcgi_source source = { .body_max = gate->setup.body_max, .over = conn->spool->over, .late = late };
	bool whole = conn->spool->walk.phase == WALK_END;
	struct gate_request *request;
	struct err err;

	pthread_mutex_lock(&gate->lock);
	unlist(gate, conn->spool);
	pthread_mutex_unlock(&gate->lock);
	source.fd = spool_file(conn->spool, &err);
	spool_free(&conn->spool);
	request = source.fd < 0 ? NULL : fcgi_read(&source, &conn->keep);
	if (!request) {
		if (source.fd < 0)
			log_warn("a request is dropped: %s", err.text);
		drop(gate, conn, false);
		return;
	}
	close(source.fd);
	conn->keep = conn->keep && whole;
	hand_over(gate, conn, request);
}

/* Under the lock: the oldest request that is not all there, held and off the list; or null when all of
 * them are busy. own is held by the caller already. */
static struct conn *pick(struct gate *gate, int64_t due_by, struct conn *own)
{
	list_each(it, &gate->spools) {
		struct spool *spool = list_item(it, struct spool, link);
		struct conn *conn;

		if (spool->due_ms > due_by)
			break;
		conn = own && own->spool == spool ? own : conn_take(&gate->conns, spool->ticket);
		if (conn) {
			unlist(gate, spool);
			return conn;
		}
	}
	return NULL;
}

static struct conn *pick_overdue(struct gate *gate, int64_t now)
{
	struct conn *conn;

	pthread_mutex_lock(&gate->lock);
	conn = pick(gate, now, NULL);
	pthread_mutex_unlock(&gate->lock);
	return conn;
}

/* Memory for incomplete requests is bounded: the slowest go. True: the caller's did. */
static bool relieve(struct gate *gate, struct conn *conn)
{
	for (;;) {
		struct conn *victim = NULL;

		pthread_mutex_lock(&gate->lock);
		if (gate->spooled > gate->setup.spool_max)
			victim = pick(gate, INT64_MAX, conn);
		pthread_mutex_unlock(&gate->lock);
		if (!victim)
			return false;
		serve_spooled(gate, victim, true);
		if (victim == conn)
			return true;
	}
}

/* Takes the bytes that were walked off the socket. */
static bool consume(struct gate *gate, struct conn *conn, unsigned char *scratch, size_t len)
{
	struct spool *spool = conn->spool;
	size_t before = spool->bytes.len;
	ssize_t n = recv(conn->fd, scratch, len, MSG_DONTWAIT);

	if (n != (ssize_t)len)
		return false;
	spool_put(spool, scratch, len, gate->setup.body_max);
	pthread_mutex_lock(&gate->lock);
	gate->spooled += spool->bytes.len - before;
	pthread_mutex_unlock(&gate->lock);
	return true;
}

static void begin_spool(struct gate *gate, struct conn *conn)
{
	conn->spool = spool_new(conn, clock_mono_ms() + gate->setup.read_timeout_ms);
	pthread_mutex_lock(&gate->lock);
	list_push(&gate->spools, &conn->spool->link);
	pthread_mutex_unlock(&gate->lock);
}

static void refuse(struct gate *gate, struct conn *conn, const char *why)
{
	log_warn("a connection is closed: %s", why);
	drop(gate, conn, false);
}

/* Bytes that lie in the socket. True: look again; false: the connection is in other hands. */
static bool inspect(struct gate *gate, struct conn *conn, unsigned char *scratch, size_t len)
{
	struct walk fresh = {0}, *walk = conn->spool ? &conn->spool->walk : &fresh;
	enum walk_verdict verdict;
	size_t used;

	verdict = walk_feed(walk, scratch, len, &used);
	if (verdict == WALK_BAD) {
		refuse(gate, conn, walk->bad);
		return false;
	}
	conn->unseen = used < len || len == PEEK;
	if (verdict == WALK_DONE && walk == &fresh && used == len) {
		serve_direct(gate, conn);
		return false;
	}
	if (!conn->spool) {
		begin_spool(gate, conn);
		conn->spool->walk = fresh;
	}
	walk = &conn->spool->walk;
	if (!consume(gate, conn, scratch, used)) {
		drop(gate, conn, false);
		return false;
	}
	if (verdict == WALK_DONE || walk->body_len > gate->setup.body_max + DISCARD_MAX) {
		serve_spooled(gate, conn, false);
		return false;
	}
	return !relieve(gate, conn);
}

/* The caller holds the connection, and does not any more when this returns. */
static void look(struct gate *gate, struct conn *conn, unsigned char *scratch)
{
	for (;;) {
		ssize_t n = recv(conn->fd, scratch, PEEK, MSG_PEEK | MSG_DONTWAIT);

		if (n > 0) {
			if (!inspect(gate, conn, scratch, (size_t)n))
				return;
		} else if (n < 0 && errno == EINTR) {
			continue;
		} else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			uint64_t ticket = conn_ticket(conn);
			bool seen = draining(gate);

			/* A drain that began meanwhile may have gone by while it was held here. */
			if (rest(gate, conn) && (seen || !draining(gate) || !(conn = conn_take(&gate->conns, ticket))))
				return;
		} else {
			drop(gate, conn, false);
			return;
		}
	}
}

/* ---- threads ---- */

/* False: the gate closes. */
static bool handle(struct gate *gate, uint64_t ticket, unsigned char *scratch)
{
	struct conn *conn;

	if (ticket == TICKET_STOP)
		return false;
	if (ticket == TICKET_LISTEN) {
		if (!draining(gate))
			accept_one(gate, scratch);
		return true;
	}
	conn = conn_take(&gate->conns, ticket);
	if (conn)
		look(gate, conn, scratch);
	return true;
}

static void *work(void *arg)
{
	struct gate *gate = arg;
	unsigned char *scratch = mem_alloc(PEEK);
	bool on = true;

	while (on) {
		struct epoll_event events[BATCH];
		int n = epoll_wait(gate->epoll, events, BATCH, -1);

		must(n >= 0 || errno == EINTR);
		for (int i = 0; i < n; i++)
			on = handle(gate, events[i].data.u64, scratch) && on;
	}
	free(scratch);
	return NULL;
}

/* ---- opening and closing ---- */

static long connection_limit(void)
{
	struct rlimit limit;

	must(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = limit.rlim_max > CONN_MAX ? CONN_MAX : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		must(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	if (limit.rlim_cur > CONN_MAX)
		limit.rlim_cur = CONN_MAX;
	return limit.rlim_cur > 2 * FD_RESERVE ? (long)limit.rlim_cur - FD_RESERVE : FD_RESERVE;
}

static int open_fds(struct gate *gate, struct err *err)
{
	struct epoll_event listen = { .events = EPOLLIN, .data.u64 = TICKET_LISTEN };
	struct epoll_event stop = { .events = EPOLLIN, .data.u64 = TICKET_STOP };

	gate->epoll = epoll_create1(EPOLL_CLOEXEC);
	gate->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	gate->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (gate->epoll < 0 || gate->wake < 0 || gate->stop < 0)
		return err_sys(err, "cannot make an epoll set");
	if (epoll_ctl(gate->epoll, EPOLL_CTL_ADD, gate->setup.listen_fd, &listen) < 0 ||
	    epoll_ctl(gate->epoll, EPOLL_CTL_ADD, gate->stop, &stop) < 0)
		return err_sys(err, "cannot wait for connections");
	return 0;
}

static int start_threads(struct gate *gate, struct err *err)
{
	gate->threads = mem_array((size_t)gate->setup.threads, sizeof *gate->threads);
	for (; gate->n_threads < gate->setup.threads; gate->n_threads++) {
		int rc = pthread_create(&gate->threads[gate->n_threads], NULL, work, gate);

		if (rc) {
			errno = rc;
			return err_sys(err, "cannot start thread %d of %d", gate->n_threads + 1, gate->setup.threads);
		}
		board_add(gate->setup.board, BOARD_THREADS, 1);
	}
	return 0;
}

struct gate *gate_open(const struct gate_setup *setup, struct err *err)
{
	struct gate *gate = mem_alloc(sizeof *gate);

	gate->setup = *setup;
	gate->epoll = gate->wake = gate->stop = gate->give_fd = -1;
	list_init(&gate->spools);
	pthread_mutex_init(&gate->lock, NULL);
	gate->n_max = connection_limit();
	gate->scratch = mem_alloc(PEEK);
	conns_init(&gate->conns, CONN_MAX);
	if (fcgi_init(err) < 0 || open_fds(gate, err) < 0 || start_threads(gate, err) < 0)
		gate_close(&gate);
	return gate;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void gate_close(struct gate **gate_)
{
	struct gate *gate = *gate_;
	uint64_t one = 1;

	if (!gate)
		return;
	must(gate->n_threads == 0 || write(gate->stop, &one, sizeof one) == sizeof one);
	for (int i = 0; i < gate->n_threads; i++)
		pthread_join(gate->threads[i], NULL);
	board_add(gate->setup.board, BOARD_THREADS, -gate->n_threads);
	for (int fd = 0; (size_t)fd < gate->conns.n; fd++) {
		struct conn *conn = conn_take_fd(&gate->conns, fd);

		if (conn)
			drop(gate, conn, false);
	}
	close_fd(gate->epoll);
	close_fd(gate->wake);
	close_fd(gate->stop);
	close_fd(gate->give_fd);
	pthread_mutex_destroy(&gate->lock);
	conns_free(&gate->conns);
	free(gate->threads);
	free(gate->scratch);
	free(gate);
	*gate_ = NULL;
}

/* ---- the keeper ---- */

int gate_fd(const struct gate *gate)
{
	return gate->wake;
}

long gate_connections(const struct gate *gate)
{
	return __atomic_load_n(&gate->n_conns, __ATOMIC_SEQ_CST);
}

static int64_t next_due(struct gate *gate)
{
	int64_t due = INT64_MAX;

	pthread_mutex_lock(&gate->lock);
	if (!list_empty(&gate->spools))
		due = list_item(gate->spools.next, struct spool, link)->due_ms;
	pthread_mutex_unlock(&gate->lock);
	return due;
}

int gate_keep(struct gate *gate)
{
	int64_t now = clock_mono_ms(), due;
	struct conn *conn;
	uint64_t rings;
	int tick = TICK_MS;

	while (read(gate->wake, &rings, sizeof rings) < 0 && errno == EINTR)
		;
	while ((conn = pick_overdue(gate, now)) != NULL)
		serve_spooled(gate, conn, true);
	resume_accept(gate);
	if (gate->setup.read_timeout_ms / 4 < tick)
		tick = (int)(gate->setup.read_timeout_ms / 4) + 1;
	due = next_due(gate);
	if (due - now < tick)
		return due > now ? (int)(due - now) : HELD_MS;
	return tick;
}

void gate_adopt(struct gate *gate, int take_fd)
{
	struct conn *conn = admit(gate, take_fd);

	if (conn)
		look(gate, conn, gate->scratch);
}

static void sweep(struct gate *gate)
{
	for (int fd = 0; (size_t)fd < gate->conns.n; fd++) {
		struct conn *conn = conn_take_fd(&gate->conns, fd);

		if (conn)
			put_back(gate, conn);
	}
}

void gate_drain(struct gate *gate, int give_fd)
{
	struct timeval second = { .tv_sec = 1 };
	bool before;

	pthread_mutex_lock(&gate->lock);
	if (give_fd >= 0) {
		close_fd(gate->give_fd);
		gate->give_fd = give_fd;
		setsockopt(give_fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
	}
	before = draining(gate);
	pthread_mutex_unlock(&gate->lock);
	/* Who stands in the queue while nobody follows would be refused after all. */
	while (!before && give_fd < 0 && accept_one(gate, gate->scratch))
		;
	pthread_mutex_lock(&gate->lock);
	__atomic_store_n(&gate->draining, true, __ATOMIC_SEQ_CST);
	if (!before)
		epoll_ctl(gate->epoll, EPOLL_CTL_DEL, gate->setup.listen_fd, NULL);
	pthread_mutex_unlock(&gate->lock);
	sweep(gate);
}
