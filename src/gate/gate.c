/* SPDX-License-Identifier: EUPL-1.2
 * The receiver's waiting: all connections stand in one epoll set whose events the threads take in turns (turns.h). What
 * comes in pieces is collected by whichever thread sees a piece, so no thread ever waits for a peer. Events are
 * edge-triggered, which saves a system call a request; the connection's word (conn.h) catches those that come while it is
 * held. */
#include "config.h"
#include "gate/gate.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
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
#include "gate/turns.h"
#include "gate/unfinished.h"

#define LONG (64u << 10)		/* a request of so many bytes keeps a thread busy */
#define ACCEPTS 16			/* connections, before other events have their turn */
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
	struct unfinished unfinished;
	pthread_mutex_t lock;		/* for what follows */
	bool paused;			/* accepting */
	int give_fd;
	struct turns *turns;
	pthread_t *threads;
	int n_threads;
};

static void look(struct gate *gate, struct conn *conn);

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

/* The caller may wait: others go on, and what it served is finished without it. */
static void pass(const struct gate *gate)
{
	turns_pass(gate->turns);
	gate->setup.finish(gate->setup.arg, false);
}

/* While another thread sends an answer on it, which may last as long as the peer does not read. */
static void wait_answered(struct gate *gate, const struct conn *conn)
{
	if (!conn_answering(conn))
		return;
	pass(gate);
	conn_wait_answered(conn);
}

static void drop(struct gate *gate, struct conn *conn)
{
	if (conn->call)
		unfinished_remove(&gate->unfinished, conn->call);
	call_free(&conn->call);
	buf_free(&conn->ahead);
	wait_answered(gate, conn);
	conn_end(conn);
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
static bool accept_one(struct gate *gate)
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
		look(gate, conn);
	return true;
}

/* ---- letting go of a connection ---- */

/* Also makes epoll tell of bytes that are there already; of those that we have read ahead by telling that it can be
 * written to. */
static bool watch(struct gate *gate, struct conn *conn)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.u64 = conn_ticket(conn) };

	conn->prodded = conn->ahead.len;
	if (conn->prodded)
		event.events |= EPOLLOUT;

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
		drop(gate, conn);
		return true;
	}
	return false;
}

/* Puts a held connection back into the set. False: the caller still holds it, there is more to see. */
static bool rest(struct gate *gate, struct conn *conn)
{
	if (draining(gate) && !conn->call && !conn->ahead.len && !conn_answering(conn) && leave(gate, conn))
		return true;
	if ((!conn->watched || conn->unseen || conn->prodded || conn->ahead.len) && !watch(gate, conn)) {
		log_warn("a connection is closed: epoll takes no more of them");
		drop(gate, conn);
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

static int send_answer(struct gate *gate, struct call *call, int fd)
{
	int sent = call_send(call, fd, false);

	if (sent != 0)
		return sent;
	pass(gate);
	return call_send(call, fd, true);
}

/* The connection is let go of before the answer is on its way: the peer, which this may wake, sends the next request at
 * once, and whoever is told of that would find it held. Nobody closes or answers on it until the word is taken back. */
static void answer_and_go_on(struct gate *gate, struct conn *conn, struct call *call)
{
	uint64_t ticket = conn_ticket(conn);
	int fd = conn->fd;

	conn_begin_answer(conn);
	put_back(gate, conn);
	if (send_answer(gate, call, fd) <= 0)
		shutdown(fd, SHUT_RDWR);	/* whoever is told of that drops it */
	conn_end_answer(conn);
	if (draining(gate) && (conn = conn_take(&gate->conns, ticket)) != NULL)
		put_back(gate, conn);
}

static void answer(struct gate_request *request, const struct gate_reply *reply)
{
	struct call *call = list_item(request, struct call, request);
	struct conn *conn = request->conn;
	struct gate *gate = conn->gate;

	call_answer(call, reply);
	wait_answered(gate, conn);
	/* In the epoll set before: who is still to answer cannot drop what does not fit into it. */
	if (conn->keep && (conn->watched || watch(gate, conn))) {
		answer_and_go_on(gate, conn, call);
	} else {
		if (send_answer(gate, call, conn->fd) > 0)
			discard(conn);
		drop(gate, conn);
	}
	call_free(&call);
}

/* ---- requests ---- */

static void refuse(struct gate *gate, struct conn *conn, const char *why)
{
	log_warn("a connection is closed: %s", why);
	drop(gate, conn);
}

/* What is there, whole or not. */
static void serve(struct gate *gate, struct conn *conn, bool late)
{
	struct call *call = conn->call;
	struct gate_request *request;

	if (call->walk.phase == WALK_BEGIN) {
		refuse(gate, conn, "not even the begin of a request came in time");
		return;
	}
	unfinished_remove(&gate->unfinished, call);
	conn->call = NULL;
	conn->keep = call->walk.keep && call->walk.phase == WALK_END;
	if (call->in.len > LONG)
		pass(gate);
	request = call_request(call, gate->setup.body_max, late);
	request->conn = conn;
	request->message.tls.trusted = conn->trusted;
	request->answer = answer;
	gate->setup.serve(gate->setup.arg, request);
}

/* Memory for incomplete requests is bounded: the slowest go. True: the caller's did. */
static bool relieve(struct gate *gate, struct conn *conn)
{
	struct conn *victim;

	while ((victim = unfinished_excess(&gate->unfinished, &gate->conns, gate->setup.spool_max, conn)) != NULL) {
		serve(gate, victim, true);
		if (victim == conn)
			return true;
	}
	return false;
}

/* len bytes lie behind those that the call has. True: look again; false: the connection is in other hands. */
static bool inspect(struct gate *gate, struct conn *conn, size_t len)
{
	struct call *call = conn->call;
	size_t before = call->in.len, used;
	enum walk_verdict verdict = call_take(call, len, gate->setup.body_max, &used);
	bool enough = verdict == WALK_DONE || call->walk.body_len > gate->setup.body_max + DISCARD_MAX;

	if (verdict == WALK_BAD) {
		refuse(gate, conn, call->walk.bad);
		return false;
	}
	if (used < len)
		buf_put(&conn->ahead, call->in.p + before + used, len - used);
	if (!enough || list_linked(&call->link))
		unfinished_add(&gate->unfinished, conn, call->in.len - before, gate->setup.read_timeout_ms);
	if (enough) {
		serve(gate, conn, false);
		return false;
	}
	call_wait(call);
	return !relieve(gate, conn);
}

/* What came ahead, else what is in the socket; as recv. */
static ssize_t receive(struct conn *conn)
{
	size_t len = conn->ahead.len, room;
	char *to;
	ssize_t n;

	if (!conn->call)
		conn->call = call_new();
	if (len) {
		memcpy(buf_room(&conn->call->in, len), conn->ahead.p, len);
		buf_free(&conn->ahead);
		return (ssize_t)len;
	}
	to = call_room(conn->call, &room);
	n = recv(conn->fd, to, room, MSG_DONTWAIT);
	conn->unseen = n == (ssize_t)room;
	return n;
}

/* The caller holds the connection, and does not any more when this returns. */
static void look(struct gate *gate, struct conn *conn)
{
	for (;;) {
		ssize_t n = receive(conn);

		if (n > (ssize_t)LONG)
			pass(gate);
		if (n > 0) {
			if (!inspect(gate, conn, (size_t)n))
				return;
		} else if (n < 0 && errno == EINTR) {
			continue;
		} else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			uint64_t ticket = conn_ticket(conn);
			bool seen = draining(gate);

			if (!list_linked(&conn->call->link))
				call_free(&conn->call);
			/* A drain that began meanwhile may have gone by while it was held here. */
			if (rest(gate, conn) && (seen || !draining(gate) || !(conn = conn_take(&gate->conns, ticket))))
				return;
		} else {
			drop(gate, conn);
			return;
		}
	}
}

/* ---- threads ---- */

static void handle(struct gate *gate, uint64_t ticket)
{
	struct conn *conn;

	if (ticket == TICKET_STOP) {
		turns_end(gate->turns);
	} else if (ticket == TICKET_LISTEN) {
		for (int i = 0; i < ACCEPTS && !draining(gate) && accept_one(gate); i++)
			;
	} else {
		conn = conn_take(&gate->conns, ticket);
		if (conn)
			look(gate, conn);
	}
}

static void *work(void *arg)
{
	struct gate *gate = arg;
	uint64_t ticket;

	while (turns_next(gate->turns, &ticket))
		handle(gate, ticket);
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
	gate->turns = turns_new(&(struct turns_setup){ gate->epoll, gate->setup.finish, gate->setup.arg });
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
	unfinished_init(&gate->unfinished);
	pthread_mutex_init(&gate->lock, NULL);
	gate->n_max = connection_limit();
	conns_init(&gate->conns, CONN_MAX);
	if (open_fds(gate, err) < 0 || start_threads(gate, err) < 0)
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
			drop(gate, conn);
	}
	close_fd(gate->epoll);
	close_fd(gate->wake);
	close_fd(gate->stop);
	close_fd(gate->give_fd);
	pthread_mutex_destroy(&gate->lock);
	unfinished_end(&gate->unfinished);
	conns_free(&gate->conns);
	turns_free(&gate->turns);
	free(gate->threads);
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

int gate_keep(struct gate *gate)
{
	int64_t now = clock_mono_ms(), due;
	struct conn *conn;
	uint64_t rings;
	int tick = TICK_MS;

	while (read(gate->wake, &rings, sizeof rings) < 0 && errno == EINTR)
		;
	turns_pass(gate->turns);	/* whoever took the last events may be held up by one of them */
	while ((conn = unfinished_overdue(&gate->unfinished, &gate->conns, now)) != NULL)
		serve(gate, conn, true);
	gate->setup.finish(gate->setup.arg, false);
	resume_accept(gate);
	if (gate->setup.read_timeout_ms / 4 < tick)
		tick = (int)(gate->setup.read_timeout_ms / 4) + 1;
	due = unfinished_next_due(&gate->unfinished);
	if (due - now < tick)
		return due > now ? (int)(due - now) : HELD_MS;
	return tick;
}

void gate_adopt(struct gate *gate, int take_fd)
{
	struct conn *conn = admit(gate, take_fd);

	if (conn)
		look(gate, conn);
	gate->setup.finish(gate->setup.arg, false);
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
	while (!before && give_fd < 0 && accept_one(gate))
		;
	gate->setup.finish(gate->setup.arg, false);
	pthread_mutex_lock(&gate->lock);
	__atomic_store_n(&gate->draining, true, __ATOMIC_SEQ_CST);
	if (!before)
		epoll_ctl(gate->epoll, EPOLL_CTL_DEL, gate->setup.listen_fd, NULL);
	pthread_mutex_unlock(&gate->lock);
	sweep(gate);
}
