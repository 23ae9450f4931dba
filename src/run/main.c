/* SPDX-License-Identifier: EUPL-1.2
 * postvak-runner: loads one handler and runs its events, one at a time, for the dispatcher at the
 * other end of a socket (event/wire.h). */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/board.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/fail.h"
#include "base/frame.h"
#include "base/log.h"
#include "base/mem.h"
#include "event/wire.h"
#include "run/host.h"
#include "run/limits.h"
#include "run/loader.h"
#include "run/options.h"
#include "run/ways.h"

#define FAR_FD 500		/* out of the way of handlers that count on low descriptors */
#define LARGE (64u << 10)	/* what is read at once anyway needs no care */
#define STATUS_FAILED 1		/* the handler did not load or open; it was said */
#define STATUS_PROTOCOL 2	/* nobody to talk to, or no sense in what they say */

struct runner {
	int sock;
	pid_t pid;
	struct ways ways;
	struct buf in, out;
	size_t at;		/* in `in`: what was taken ends here */
	struct pool *life, *now;	/* memory of the runner, and of one event */
	struct wire_hello hello;
	const struct pv_handler *handler;
	struct host host;
	void *state;
	struct mark *mark;
	bool recalled;		/* events are passed over until the dispatcher resumes */
	bool ended;		/* so is what comes behind the event in hand: the dispatcher wants us gone */
	uint64_t took_us;	/* the last event */
};

/* An event that is too large for the memory of this runner must be charged for that, so its mark is set
 * before it is read as a whole: its number stands first. */
static void mark_large(struct runner *r)
{
	struct cut front = { (const unsigned char *)r->in.p, r->in.len, false };
	uint32_t len = cut_u32(&front);
	uint8_t kind = cut_u8(&front);
	uint64_t n = cut_u64(&front);

	if (r->mark && !r->recalled && !front.bad && kind == WIRE_EVENT && len > LARGE)
		mark_begin(r->mark, n, clock_mono_ms());
}

/* 1: a frame; 0: the dispatcher is gone or wants us gone; -1: too long a frame. */
static int next_frame(struct runner *r, uint8_t *kind, struct cut *body)
{
	for (;;) {
		int rc = frame_take(&r->in, &r->at, kind, body);

		if (rc)
			return rc;
		buf_drop(&r->in, r->at);
		r->at = 0;
		mark_large(r);
		if (frame_read(r->sock, &r->in) < 0)
			return 0;
	}
}

/* The other end was closed, though events may still wait in front of that. */
static bool is_ended(int sock)
{
	struct pollfd fd = { .fd = sock, .events = POLLRDHUP };

	return poll(&fd, 1, 0) == 1 && (fd.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/* -1: nobody reads it any more. */
static int send_frame(struct runner *r, size_t start)
{
	frame_end(&r->out, start);
	return frame_write(r->sock, &r->out) == 1 ? 0 : -1;
}

static int fail(struct runner *r, const char *text)
{
	size_t start = frame_begin(&r->out, WIRE_FAILED);

	buf_text(&r->out, text);
	send_frame(r, start);
	return STATUS_FAILED;
}

static int say_ready(struct runner *r)
{
	size_t start = frame_begin(&r->out, WIRE_READY);

	buf_text(&r->out, r->handler->name);
	buf_text(&r->out, r->handler->version);
	return send_frame(r, start);
}

/* A terminal's Ctrl-C and a service manager's SIGTERM go to every process of the group, but only the
 * dispatcher says when a runner ends: by closing the socket. Writing to nobody, or too much, is an error
 * to look at and no reason to die. */
static void ignore_signals(void)
{
	static const int signals[] = { SIGINT, SIGHUP, SIGTERM, SIGPIPE, SIGXFSZ };

	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		signal(signals[i], SIG_IGN);
}

static int move_away(int fd)
{
	int far = fcntl(fd, F_DUPFD_CLOEXEC, FAR_FD);

	if (far < 0)
		far = fcntl(fd, F_DUPFD_CLOEXEC, WIRE_MARKS_FD + 1);
	if (far >= 0)
		close(fd);
	return far;
}

static int spoken_over;		/* the socket, for children */

/* What a handler forks has nothing to say to the dispatcher. */
static void hush(void)
{
	close(spoken_over);
}

static int take_socket(struct runner *r)
{
	int type;
	socklen_t len = sizeof type;

	if (getsockopt(WIRE_SOCKET_FD, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_STREAM) {
		fprintf(stderr, "postvak-runner: no dispatcher at descriptor %d: this program is started by "
				"`postvak serve`, `postvak drain` and `postvak check`\n", WIRE_SOCKET_FD);
		return -1;
	}
	r->sock = move_away(WIRE_SOCKET_FD);
	must(r->sock >= 0);
	spoken_over = r->sock;
	must(pthread_atfork(NULL, NULL, hush) == 0);
	return 0;
}

static int take_hello(struct runner *r)
{
	struct cut body;
	uint8_t kind;
	int rc = next_frame(r, &kind, &body);

	if (rc != 1 || kind != WIRE_HELLO)
		return -1;
	return wire_get_hello(r->life, &body, &r->hello);
}

/* A handler that is only probed has no mark. */
static int take_mark(struct runner *r, struct err *err)
{
	size_t slots = r->hello.slots;
	struct mark *marks;
	struct stat st;

	if (r->hello.probe)
		return 0;
	if (fstat(WIRE_MARKS_FD, &st) < 0)
		return err_sys(err, "cannot look at the runners' marks");
	if (r->hello.slot >= slots || (uint64_t)st.st_size < (uint64_t)slots * sizeof *marks)
		return err_set(err, "there is no mark %u among %u", r->hello.slot, r->hello.slots);
	marks = marks_map(WIRE_MARKS_FD, slots, err);
	if (!marks)
		return -1;
	r->mark = &marks[r->hello.slot];
	return 0;
}

static int load(struct runner *r, struct err *err)
{
	r->handler = loader_load(r->life, r->hello.plugin, err);
	if (!r->handler)
		return -1;
	if (r->handler->uses_state && r->hello.order_none)
		return err_set(err, "%s keeps a state per object, which needs order = object", r->hello.plugin);
	return options_settle(r->life, r->handler->options, &r->hello, &r->host.options, err);
}

static int open_handler(struct runner *r, struct err *err)
{
	int rc = r->handler->open ? r->handler->open(&r->host.pub, &r->state) : 0;

	if (rc == 0 && !r->host.mistaken)
		return 0;
	if (r->host.failure[0])
		return err_set(err, "%s", r->host.failure);
	return err_set(err, "%s: its open function answered %d without saying why (pv_fail)", r->hello.plugin, rc);
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static uint8_t call_run(struct runner *r, struct run *run)
{
	int outcome = r->handler->run(&r->host.pub, r->state, &run->pub);

	if (r->host.mistaken) {
		run_note(run, "%s", r->host.failure);
		r->host.mistaken = false;
		return PV_RETRY;
	}
	if (outcome >= PV_DONE && outcome <= PV_DEAD)
		return (uint8_t)outcome;
	run_note(run, "the handler answered %d, which is no outcome", outcome);
	return PV_RETRY;
}

/* A handler forked and let the child return: what that says and reads would be in the name of the runner. */
static void end_if_copy(const struct runner *r)
{
	if (getpid() == r->pid)
		return;
	log_error("handler %s: a child process returned from its run function; it has to end with _exit", r->host.name);
	_exit(STATUS_FAILED);
}

/* What DONE alone keeps. */
static void put_kept(struct wire_outcome *outcome, const struct run *run)
{
	outcome->state_set = run->state_set;
	if (run->state_set) {
		outcome->state = run->state;
		outcome->state_len = run->state_len;
	}
	outcome->emitted = run->emitted;
	outcome->n_emitted = run->n_emitted;
}

static int settle(struct runner *r, const struct wire_event *head, struct run *run, uint64_t started_us)
{
	struct wire_outcome outcome = { .n = head->n };
	size_t start;

	outcome.outcome = call_run(r, run);
	end_if_copy(r);
	outcome.took_us = r->took_us = now_us() - started_us;
	outcome.note = run->noted ? run->note : NULL;
	outcome.retry_after_s = outcome.outcome == PV_RETRY ? run->retry_after_s : 0;
	if (outcome.outcome == PV_DONE)
		put_kept(&outcome, run);
	failpoint("runner.before-outcome");
	start = frame_begin(&r->out, WIRE_OUTCOME);
	wire_put_outcome(&r->out, &outcome);
	if (send_frame(r, start) < 0)
		return -1;
	failpoint("runner.after-outcome");
	return 0;
}

/* 0: settled; -1: the outcome could not be written; -2: no event. */
static int run_event(struct runner *r, struct cut *body)
{
	struct wire_event head;
	struct event event = {0};
	struct run run;
	int64_t started_ms;
	int rc;

	pool_reset(r->now);
	if (wire_get_event(r->now, body, &head, &event) < 0)
		return -2;
	run_init(&run, r->now, &head, &event);
	if (r->handler->uses_state)
		run_state(&run, &head);
	started_ms = clock_mono_ms();
	r->host.deadline_ms = started_ms + head.deadline_ms;
	r->host.trace = event_trace(&event);
	/* Who finds the mark set charges the event, so it stays until the outcome can be read, and for good when
	 * the handler broke the socket. The start stays as it was, lest the event look overdue in between. */
	mark_begin(r->mark, head.n, started_ms);
	failpoint("runner.before-run");
	rc = settle(r, &head, &run, now_us());
	if (rc == 0)
		r->recalled = mark_end(r->mark);
	r->host.deadline_ms = 0;
	r->host.trace = NULL;
	run_drop(&run);
	return rc;
}

/* As run_event. */
static int take_frame(struct runner *r, uint8_t kind, struct cut *body)
{
	if (kind == WIRE_RESUME)
		r->recalled = false;
	else if (kind != WIRE_EVENT)
		return -2;
	else if (!r->recalled)
		return run_event(r, body);
	return 0;
}

/* The next event is to find the process as open() left it. */
static bool is_worn(struct runner *r)
{
	const char *left;

	left = ways_changed(&r->ways, r->sock, &r->ended);
	if (limits_outgrown(r->took_us)) {
		log_warn("handler %s: grew above three quarters of its memory; a fresh runner takes over", r->host.name);
		return true;
	}
	if (left)
		log_warn("handler %s: an event left %s behind; a fresh runner takes over", r->host.name, left);
	return left != NULL;
}

static int run_events(struct runner *r)
{
	int rc = 0;

	ways_keep(&r->ways);
	r->ended = is_ended(r->sock);
	while (rc == 0 && !r->ended) {
		struct cut body;
		uint8_t kind;

		rc = next_frame(r, &kind, &body);
		if (rc == 0) {
			mark_end(r->mark);	/* of half an event */
			break;
		}
		rc = rc < 0 ? -2 : take_frame(r, kind, &body);
		if (rc == -2) {
			log_error("handler %s: what the dispatcher sent is no event; are postvak-dispatch and "
				  "postvak-runner of one version?", r->host.name);
			return STATUS_PROTOCOL;
		}
		if (rc == 0 && is_worn(r))
			break;
	}
	if (r->handler->close)
		r->handler->close(&r->host.pub, r->state);
	return rc < 0 ? WIRE_EXIT_CUT : 0;
}

static int serve(struct runner *r)
{
	struct err err = {{0}};

	if (take_hello(r) < 0)
		return STATUS_PROTOCOL;
	host_init(&r->host, r->hello.handler);
	if (take_mark(r, &err) < 0)
		return fail(r, err.text);
	close(WIRE_MARKS_FD);
	ignore_signals();
	limits_apply(r->hello.memory);
	if (load(r, &err) < 0)
		return fail(r, err.text);
	if (r->hello.probe)
		return say_ready(r) < 0 ? STATUS_PROTOCOL : 0;
	if (open_handler(r, &err) < 0)
		return fail(r, err.text);
	limits_settle();
	if (say_ready(r) < 0)
		return STATUS_PROTOCOL;
	return run_events(r);
}

int main(void)
{
	struct runner r = { .pid = getpid(), .life = pool_new(), .now = pool_new() };
	int status;

	log_open("postvak-runner", LOG_INFO_);
	setvbuf(stdout, NULL, _IOLBF, 0);	/* what a handler prints is not lost with it */
	if (take_socket(&r) < 0)
		return STATUS_PROTOCOL;
	status = serve(&r);
	buf_free(&r.in);
	buf_free(&r.out);
	pool_free(&r.now);
	pool_free(&r.life);
	return status;
}
