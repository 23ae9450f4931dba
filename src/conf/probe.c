/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "conf/probe.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/board.h"
#include "base/clock.h"
#include "base/frame.h"
#include "base/sock.h"
#include "base/spawn.h"
#include "event/wire.h"

#define LIMIT_MS 10000

struct probe {
	const struct conf_handler *handler;
	const char *runner;
	int64_t limit_ms, until_ms;	/* monotonic */
	pid_t pid;
	int sock;
	struct buf in, out;
};

static int check_plugin(const char *plugin, struct err *err)
{
	struct stat st;

	if (stat(plugin, &st) < 0 && (errno == ENOENT || errno == ENOTDIR))
		return err_set(err, "the plugin %s is not there: install it, or correct the name", plugin);
	if (stat(plugin, &st) < 0 || access(plugin, R_OK) < 0)
		return err_sys(err, "cannot read the plugin %s", plugin);
	if (!S_ISREG(st.st_mode))
		return err_set(err, "the plugin %s is not a file", plugin);
	return 0;
}

static void put_hello(struct probe *probe)
{
	const struct conf_handler *handler = probe->handler;
	struct wire_option *options = mem_array(handler->n_options, sizeof *options);
	struct wire_hello hello = {
		.handler = handler->name, .plugin = handler->plugin, .probe = true,
		.order_none = handler->order == ORDER_NONE, .memory = handler->memory,
		.slot = 0, .slots = 1, .options = options, .n_options = handler->n_options,
	};
	size_t start = frame_begin(&probe->out, WIRE_HELLO);

	for (size_t i = 0; i < handler->n_options; i++)
		options[i] = (struct wire_option){ handler->options[i].name, handler->options[i].value };
	wire_put_hello(&probe->out, &hello);
	frame_end(&probe->out, start);
	free(options);
}

static int start(struct probe *probe, struct err *err)
{
	static char name[] = "postvak-runner";
	char *argv[] = { name, NULL }, *envp[] = { NULL };
	struct spawn spawn = { .path = probe->runner, .argv = argv, .envp = envp, .n_fds = 5 };
	struct mark *marks;
	int pair[2], marks_fd;

	if (marks_new(1, &marks_fd, &marks, err) < 0)
		return -1;
	munmap(marks, sizeof *marks);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		close(marks_fd);
		return err_sys(err, "cannot make a pair of sockets");
	}
	spawn.fds[0] = spawn.fds[1] = -1;
	spawn.fds[2] = STDERR_FILENO;
	spawn.fds[WIRE_SOCKET_FD] = pair[1];
	spawn.fds[WIRE_MARKS_FD] = marks_fd;
	probe->sock = pair[0];
	probe->pid = fd_nonblock(pair[0], true) < 0 ? err_sys(err, "cannot set up a socket") : spawn_start(&spawn, err);
	close(pair[1]);
	close(marks_fd);
	return probe->pid < 0 ? -1 : 0;
}

/* The frame that came: 1 with what it says, 0 when there is none yet. */
static int take_answer(struct probe *probe, uint8_t *kind, struct err *err)
{
	struct cut body;
	const unsigned char *text;
	size_t at = 0, len;
	int rc = frame_take(&probe->in, &at, kind, &body);

	if (rc == 0)
		return 0;
	text = rc > 0 && *kind == WIRE_FAILED ? cut_bytes(&body, &len) : NULL;
	if (text)
		err_set(err, "%.*s", (int)(len < sizeof err->text ? len : sizeof err->text - 1), (const char *)text);
	else if (rc < 0 || *kind != WIRE_READY)
		err_set(err, "its runner %s does not speak our language: install both of one version", probe->runner);
	return 1;
}

/* 0: it is ready; -1: err says why not, or is empty when the runner ended without a word. */
static int converse(struct probe *probe, struct err *err)
{
	uint8_t kind = 0;

	put_hello(probe);
	for (;;) {
		int64_t left = probe->until_ms - clock_mono_ms();
		struct pollfd p = { .fd = probe->sock, .events = (short)(probe->out.len ? POLLIN | POLLOUT : POLLIN) };

		if (left <= 0)
			return err_set(err, "it did not load within %lld ms: does it wait for something in a constructor?",
				       (long long)probe->limit_ms);
		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return err_sys(err, "cannot wait for the runner");
		if (probe->out.len && frame_write(probe->sock, &probe->out) < 0)
			buf_reset(&probe->out);		/* it does not listen; it may still have said why */
		if (frame_read(probe->sock, &probe->in) < 0)
			return take_answer(probe, &kind, err) > 0 && kind == WIRE_READY ? 0 : -1;
		if (take_answer(probe, &kind, err) > 0)
			return kind == WIRE_READY ? 0 : -1;
	}
}

/* Waits until the limit, then kills. The status of a runner that we ended is 0. */
static int reap(const struct probe *probe)
{
	int status = 0;
	bool killed = false;

	for (;;) {
		pid_t got = waitpid(probe->pid, &status, killed ? 0 : WNOHANG);

		if (got == probe->pid)
			return killed ? 0 : status;
		if (got < 0 && errno != EINTR)
			return 0;
		if (killed)
			continue;
		if (clock_mono_ms() >= probe->until_ms) {
			kill(probe->pid, SIGKILL);
			killed = true;
		} else {
			poll(NULL, 0, 5);	/* there is nothing to wait on that is portable */
		}
	}
}

static int ask(struct probe *probe, struct err *err)
{
	char how[96];
	int rc, status;

	err->text[0] = '\0';
	if (check_plugin(probe->handler->plugin, err) < 0)
		return -1;
	rc = start(probe, err);
	if (rc == 0) {
		rc = converse(probe, err);
		shutdown(probe->sock, SHUT_WR);
		status = reap(probe);
		if (rc < 0 && !*err->text)
			err_set(err, "loading it ended its process (%s)", wait_text(how, sizeof how, status));
	}
	if (probe->sock >= 0)
		close(probe->sock);
	return rc;
}

int conf_probe_with(const struct conf *conf, const char *runner, int64_t limit_ms, struct problems *problems)
{
	size_t before = problems->n;

	for (size_t i = 0; i < conf->n_handlers; i++) {
		const struct conf_handler *handler = &conf->handlers[i];
		struct probe probe = { .handler = handler, .runner = runner, .limit_ms = limit_ms,
				       .until_ms = clock_mono_ms() + limit_ms, .sock = -1 };
		struct err err;

		if (!handler->plugin)
			continue;	/* said already */
		if (ask(&probe, &err) < 0)
			problem_add(problems, conf->file, conf_handler_line(handler, "plugin"), "[handler %s] %s", handler->name,
				    err.text);
		buf_free(&probe.in);
		buf_free(&probe.out);
	}
	return problems->n == before ? 0 : -1;
}

int conf_probe(const struct conf *conf, struct problems *problems)
{
	return conf_probe_with(conf, PKGLIBEXECDIR "/postvak-runner", LIMIT_MS, problems);
}
