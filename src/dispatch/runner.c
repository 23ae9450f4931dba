/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "dispatch/runner.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/die.h"
#include "base/fail.h"
#include "base/frame.h"
#include "base/log.h"
#include "base/sock.h"
#include "base/spawn.h"

#define START_MS 60000		/* for loading and opening */
#define LEAVE_MS 1000		/* between the end of its socket and its own */
#define GRACE_MS 250		/* the handler knows its deadline and may keep it */
#define IDLE_MS 10000		/* with events in its pipeline, but none that runs */
#define RECALL_MS 100		/* an event takes so long: what is behind it in the pipeline goes to another runner */
#define SUSPICIONS_MAX 3
#define BUSY_US 20000		/* work that a pipeline should hold */
#define EACH_US 2		/* what an event takes at least, with all that is done around it */

#define NAME(r) ((r)->team->conf->name)
#define MARK(r) (&(r)->team->marks[(r)->slot])

static void turn(struct runner *r, enum runner_state state)
{
	r->state = state;
	r->since_ms = r->heard_ms = clock_mono_ms();
}

/* ---- starting ---- */

static void hello(struct runner *r)
{
	const struct conf_handler *conf = r->team->conf;
	struct wire_hello head = { .handler = conf->name, .plugin = conf->plugin, .order_none = conf->order == ORDER_NONE,
				   .memory = conf->memory, .slot = (uint32_t)r->slot, .slots = (uint32_t)r->team->n,
				   .n_options = conf->n_options };
	size_t start;

	head.options = mem_array(conf->n_options, sizeof *head.options);
	for (size_t i = 0; i < conf->n_options; i++)
		head.options[i] = (struct wire_option){ conf->options[i].name, conf->options[i].value };
	start = frame_begin(&r->out, WIRE_HELLO);
	wire_put_hello(&r->out, &head);
	frame_end(&r->out, start);
	free(head.options);
}

/* A handler's environment is not ours: what it needs to find programs and speak to people. */
static size_t environment(char **envp)
{
	static const char *const kept[] = { "PATH", "TZ", "LANG",
#ifdef ENABLE_FAILPOINTS
					    "POSTVAK_FAILPOINTS",
#endif
	};
	size_t n = 0;

	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		if (getenv(kept[i]))
			envp[n++] = str_fmt("%s=%s", kept[i], getenv(kept[i]));
	envp[n] = NULL;
	return n;
}

static pid_t start(struct runner *r, const char *program, int theirs, struct err *err)
{
	char *name = str_dup("postvak-runner"), *argv[] = { name, NULL }, *envp[8];
	size_t n = environment(envp);
	struct spawn spawn = { .path = program, .argv = argv, .envp = envp,
			       .fds = { -1, STDOUT_FILENO, STDERR_FILENO, theirs, r->team->marks_fd }, .n_fds = 5,
			       .own_group = true };
	pid_t pid = spawn_start(&spawn, err);

	while (n)
		free(envp[--n]);
	free(name);
	return pid;
}

int runner_start(struct runner *r, const char *program, struct err *err)
{
	int pair[2];

	failpoint("dispatch.before-start");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, "cannot make a socket pair");
	mark_set(MARK(r), 0, 0);
	r->pid = start(r, program, pair[1], err);
	close(pair[1]);
	if (r->pid < 0) {
		close(pair[0]);
		return -1;
	}
	must(fd_nonblock(pair[0], true) == 0);
	r->fd = pair[0];
	r->n = r->bytes = 0;
	r->depth = 2;
	r->ran = 0;
	r->ready_ms = 0;
	r->heard = r->timed_out = r->stuck = r->failed = r->spoiled = r->ended = r->cut = r->reaped = r->dismissed = r->killed = false;
	hello(r);
	turn(r, RUNNER_STARTING);
	return 0;
}

/* ---- talking ---- */

bool runner_fits(const struct runner *r)
{
	return r->state == RUNNER_READY && r->n < r->depth && r->bytes < PIPELINE_BYTES;
}

bool runner_takes(const struct runner *r)
{
	return runner_fits(r) && (!r->n || clock_mono_ms() - r->heard_ms <= BUSY_US / 1000);
}

void runner_give(struct runner *r, const struct wire_event *head, const struct event *event)
{
	size_t before = r->out.len, begin = frame_begin(&r->out, WIRE_EVENT);

	must(r->n < PIPELINE_MAX);
	wire_put_event(&r->out, head, event);
	frame_end(&r->out, begin);
	if (!r->n)
		r->heard_ms = clock_mono_ms();
	r->pipeline[r->n++] = (struct given){ head->n, r->out.len - before };
	r->bytes += r->out.len - before;
}

void runner_write(struct runner *r)
{
	/* An error here is the end of the socket, which reading finds, with what came before it. */
	if (r->out.len && r->state != RUNNER_LEAVING && frame_write(r->fd, &r->out) < 0)
		buf_reset(&r->out);
}

static bool answered(struct runner *r, uint64_t n)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->pipeline[i].n == n) {
			r->bytes -= r->pipeline[i].bytes;
			memmove(&r->pipeline[i], &r->pipeline[i + 1], (r->n - i - 1) * sizeof *r->pipeline);
			r->n--;
			return true;
		}
	return false;
}

/* Slow events get short pipelines: what waits in one cannot be given to another runner. */
static void adapt(struct runner *r, uint64_t took_us)
{
	uint64_t fits = BUSY_US / (took_us + 1);

	r->took_us = took_us;
	r->depth = fits < 1 ? 1 : fits < r->depth * 2 ? (size_t)fits : r->depth * 2;
	if (r->depth > PIPELINE_MAX)
		r->depth = PIPELINE_MAX;
}

static int take_outcome(struct runner *r, struct cut *body, struct engine *engine)
{
	struct pool *pool = pool_new();
	struct wire_outcome outcome;
	int rc = wire_get_outcome(pool, body, &outcome);

	if (rc == 0 && answered(r, outcome.n)) {
		r->ran++;
		r->heard_ms = clock_mono_ms();
		adapt(r, outcome.took_us);
		engine_outcome(engine, r->team->index, &outcome);
	} else
		rc = -1;
	pool_free(&pool);
	return rc;
}

static void ready(struct runner *r, struct cut *body)
{
	size_t name_len, version_len;
	const char *name = (const char *)cut_bytes(body, &name_len), *version = (const char *)cut_bytes(body, &version_len);

	log_info("handler %s: runner %ld is ready (%.*s %.*s)", NAME(r), (long)r->pid, (int)name_len, name ? name : "",
		 (int)version_len, version ? version : "");
	turn(r, RUNNER_READY);
	r->ready_ms = r->since_ms;
}

static void failed(struct runner *r, struct cut *body)
{
	size_t len;
	const char *why = (const char *)cut_bytes(body, &len);

	r->failed = true;
	snprintf(r->team->why, sizeof r->team->why, "%.*s", (int)len, why ? why : "it does not say why");
	log_error("handler %s does not start: %.*s", NAME(r), (int)len, why ? why : "");
}

static int take_frame(struct runner *r, uint8_t kind, struct cut *body, struct engine *engine)
{
	if (kind == WIRE_OUTCOME)
		return take_outcome(r, body, engine);
	if (kind == WIRE_READY && r->state == RUNNER_STARTING)
		ready(r, body);
	else if (kind == WIRE_FAILED)
		failed(r, body);
	else
		return -1;
	return 0;
}

static int take_frames(struct runner *r, struct engine *engine)
{
	struct cut body;
	size_t at = 0;
	uint8_t kind;
	int rc;

	while ((rc = frame_take(&r->in, &at, &kind, &body)) == 1)
		if ((rc = take_frame(r, kind, &body, engine)) < 0)
			break;
	buf_drop(&r->in, at);
	if (rc < 0)
		log_error("handler %s: runner %ld says what cannot be understood", NAME(r), (long)r->pid);
	return rc;
}

void runner_read(struct runner *r, struct engine *engine, bool all)
{
	int rc;

	r->heard = false;
	if (r->spoiled)
		return;
	do {
		rc = frame_read(r->fd, &r->in);
		if (rc == 1 && take_frames(r, engine) < 0) {
			r->spoiled = true;
			runner_end(r);
			return;
		}
	} while (all && rc == 1);
	if (rc < 0 && r->state != RUNNER_LEAVING)
		turn(r, RUNNER_LEAVING);
}

/* ---- the end ---- */

/* With what its handler started and left in its process group: an attempt is over when all of it is. It
 * may have left that group itself. */
static void end_group(const struct runner *r)
{
	kill(-r->pid, SIGKILL);
	kill(r->pid, SIGKILL);
}

void runner_end(struct runner *r)
{
	if (!r->reaped)
		end_group(r);
	r->ended = true;
	if (r->state != RUNNER_LEAVING)
		turn(r, RUNNER_LEAVING);
}

static bool holds(const struct runner *r, uint64_t n)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->pipeline[i].n == n)
			return true;
	return false;
}

/* What it is running, and since when; 0: nothing that was not answered. */
static uint64_t running(const struct runner *r, int64_t *started_ms)
{
	uint64_t n;

	mark_get(MARK(r), &n, started_ms);
	return n && holds(r, n) ? n : 0;
}

/* When it has to be ended, unless something changes; mono. */
static int64_t limit_ms(const struct runner *r)
{
	int64_t started;

	if (r->state == RUNNER_STARTING)
		return r->since_ms + START_MS;
	if (r->state == RUNNER_LEAVING)
		return r->since_ms + LEAVE_MS;
	if (r->state == RUNNER_OFF || !r->n)
		return INT64_MAX;
	return running(r, &started) ? started + r->team->conf->deadline_ms + GRACE_MS : r->heard_ms + IDLE_MS;
}

/* All but the first `kept`. The last one first: each goes to the front. */
static void give_back(struct runner *r, size_t kept, struct engine *engine)
{
	while (r->n > kept) {
		r->bytes -= r->pipeline[--r->n].bytes;
		engine_give_back(engine, r->team->index, r->pipeline[r->n].n);
	}
}

/* When what is behind an event has to be taken back, unless something changes; mono. */
static int64_t recall_ms(const struct runner *r)
{
	return r->state == RUNNER_READY && r->n > 1 ? r->heard_ms + RECALL_MS : INT64_MAX;
}

static void recall(struct runner *r, struct engine *engine)
{
	int64_t started;
	uint64_t n = running(r, &started);

	if (clock_mono_ms() < recall_ms(r) || !n || n != r->pipeline[0].n || !mark_recall(MARK(r), n))
		return;
	log_debug("handler %s: event %llu takes long; what was behind it goes to another runner", NAME(r), (unsigned long long)n);
	failpoint("dispatch.after-recall");
	give_back(r, 1, engine);
	frame_end(&r->out, frame_begin(&r->out, WIRE_RESUME));
}

uint64_t runner_busy_us(const struct runner *r)
{
	return r->state == RUNNER_READY && r->n > r->depth / 2 ? (r->n - r->depth / 2) * (r->took_us + EACH_US) : 0;
}

int64_t runner_next_ms(const struct runner *r)
{
	int64_t limit = limit_ms(r), now = clock_mono_ms(), look = r->team->conf->deadline_ms / 4 + 10;

	if (recall_ms(r) < limit)
		limit = now < recall_ms(r) ? recall_ms(r) : now + RECALL_MS;
	/* An event that is only on its way has no start yet: look again soon. */
	if (r->state == RUNNER_READY && r->n && limit - now > look)
		return look;
	return limit == INT64_MAX ? INT64_MAX : limit > now ? limit - now : 0;
}

void runner_watch(struct runner *r, struct engine *engine)
{
	int64_t started;

	recall(r, engine);
	if (clock_mono_ms() < limit_ms(r))
		return;
	if (r->state == RUNNER_READY && running(r, &started))
		r->timed_out = true;
	else if (r->state != RUNNER_LEAVING)
		r->stuck = true;
	else if (!r->ended)
		r->cut = true;
	runner_end(r);
}

static void obituary(const struct runner *r, const char *how, uint64_t n, bool left)
{
	char what[80] = "";

	if (n)
		snprintf(what, sizeof what, " while it ran event %llu", (unsigned long long)n);
	if (!r->failed)
		snprintf(r->team->why, sizeof r->team->why, "its runner %s", how);
	if (r->killed || r->failed || (r->dismissed && !n))
		log_debug("handler %s: runner %ld %s", NAME(r), (long)r->pid, how);
	else if (left)
		log_info("handler %s: runner %ld left", NAME(r), (long)r->pid);
	else
		log_error("handler %s: runner %ld %s%s%s", NAME(r), (long)r->pid, how, what,
			  r->timed_out ? " (past its deadline)" : r->stuck ? " (it did nothing)" :
			  r->cut ? " (it had closed its connection)" : "");
}

/* An event may kill a runner before it is marked. When the same one is first in the pipeline of several
 * runners that end without a mark, it is charged. */
static uint64_t suspect(struct runner *r)
{
	struct team *team = r->team;
	uint64_t n = r->n && r->ready_ms && !r->dismissed && !r->killed ? r->pipeline[0].n : 0;

	team->suspicions = n && n == team->suspect ? team->suspicions + 1 : 1;
	team->suspect = n;
	return team->suspicions < SUSPICIONS_MAX ? 0 : n;
}

/* Which event its death is the fault of, 0: none. What spoils the speech of a runner was written before the
 * first outcome that did not come, whatever the mark says by now. */
static uint64_t culprit(struct runner *r)
{
	int64_t started;
	uint64_t n = r->spoiled && r->n ? r->pipeline[0].n : running(r, &started);

	return n ? n : suspect(r);
}

static void explain(const struct runner *r, int status, const char *how, char *note, size_t len)
{
	if (r->timed_out)
		snprintf(note, len, "it ran longer than its deadline of %lld ms", (long long)r->team->conf->deadline_ms);
	else if (r->spoiled)
		snprintf(note, len, "something wrote to the runner's connection to the dispatcher");
	else if (r->cut || (WIFEXITED(status) && WEXITSTATUS(status) == WIRE_EXIT_CUT))
		snprintf(note, len, "the runner's connection to the dispatcher was closed");
	else
		snprintf(note, len, "%s", how);
}

static void bury(struct runner *r, int status, struct engine *engine)
{
	char how[128], note[160];
	uint64_t n = culprit(r);

	failpoint("dispatch.after-death");
	wait_text(how, sizeof how, status);
	obituary(r, how, n, !n && r->ran && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	if (n && !r->killed) {
		explain(r, status, how, note, sizeof note);
		answered(r, n);
		r->ran++;
		engine_charge(engine, r->team->index, n, r->timed_out ? "timeout" : "crash", note);
	}
	give_back(r, 0, engine);
	close(r->fd);
	r->fd = -1;
	r->pid = 0;
	buf_free(&r->in);
	buf_free(&r->out);
	mark_set(MARK(r), 0, 0);
}

bool runner_reap(struct runner *r, struct engine *engine)
{
	siginfo_t info = {0};
	int status;

	/* Its number is its group's as long as it is not reaped. */
	if (waitid(P_PID, (id_t)r->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0) {
		must(errno == EINTR);
		return false;
	}
	if (info.si_pid == 0)
		return false;
	end_group(r);
	must(waitpid(r->pid, &status, WNOHANG) == r->pid);
	r->reaped = true;
	runner_read(r, engine, true);
	bury(r, status, engine);
	turn(r, RUNNER_OFF);
	return true;
}
