/* SPDX-License-Identifier: EUPL-1.2
 * postvak drain: one round of the dispatcher, for hosts where no daemon may run. */
#include "cli/command.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/child.h"
#include "base/spawn.h"
#include "boss/boss.h"
#include "cli/jot.h"
#include "cli/site.h"

static const enum board_counter counted[] = { BOARD_DONE, BOARD_RETRIED, BOARD_DEAD, BOARD_EXPIRED, BOARD_DUPLICATES };
#define N_COUNTED (sizeof counted / sizeof *counted)

static bool read_board(const struct conf *conf, int64_t *v)
{
	struct board *board = board_look(conf);
	bool there = board != NULL;

	for (size_t i = 0; i < N_COUNTED; i++)
		v[i] = there ? board_get(board, counted[i]) : 0;
	board_close(&board);
	return there;
}

/* Waits for the dispatcher; what would end us makes it finish what is in hand and leave. */
static int await_end(pid_t pid, const sigset_t *heeded, struct err *err)
{
	int sig, status;
	pid_t got;

	for (;;) {
		if (sigwait(heeded, &sig) != 0)
			return err_set(err, "cannot wait for postvak-dispatch");
		if (sig != SIGCHLD) {
			kill(pid, SIGTERM);
			continue;
		}
		got = waitpid(pid, &status, WNOHANG);
		if (got == pid)
			return status;
		if (got < 0 && errno != EINTR)
			return err_sys(err, "cannot wait for postvak-dispatch");
	}
}

/* The dispatcher's wait status, or -1. It reads the configuration itself, and needs the environment
 * for secrets that are kept there. */
static int dispatch_once(const struct site *site, struct err *err)
{
	char *argv[] = { pool_str(site->pool, "postvak-dispatch"), pool_str(site->pool, "--drain"), NULL };
	struct spawn spawn = { .path = PKGLIBEXECDIR "/postvak-dispatch", .argv = argv,
			       .fds = { -1, STDERR_FILENO, STDERR_FILENO }, .n_fds = 3 };
	sigset_t heeded;
	pid_t pid;

	if (setenv("POSTVAK_CONF", site->conf->file, 1) < 0)
		return err_sys(err, "cannot set POSTVAK_CONF");
	spawn.envp = environ;
	sigemptyset(&heeded);
	sigaddset(&heeded, SIGCHLD);
	sigaddset(&heeded, SIGTERM);
	sigaddset(&heeded, SIGINT);
	signal(SIGCHLD, SIG_DFL);	/* where it was ignored, nobody could be waited for */
	sigprocmask(SIG_BLOCK, &heeded, NULL);
	pid = spawn_start(&spawn, err);
	return pid < 0 ? -1 : await_end(pid, &heeded, err);
}

static void report(const struct call *call, const int64_t *before, const int64_t *after)
{
	struct buf out = {0};

	if (call_has(call, FLAG_JSON)) {
		jot_begin(&out, NULL, '{');
		for (size_t i = 0; i < N_COUNTED; i++)
			jot_int(&out, board_name(counted[i]), after[i] - before[i]);
		jot_end(&out, '}');
	} else {
		for (size_t i = 0; i < N_COUNTED; i++)
			buf_fmt(&out, "%s%s %" PRId64, i ? ", " : "", board_name(counted[i]), after[i] - before[i]);
	}
	printf("%s\n", out.p);
	buf_free(&out);
}

static int drain(const struct call *call, struct site *site)
{
	int64_t before[N_COUNTED], after[N_COUNTED];
	char how[80];
	struct err err;
	pid_t boss;
	int status;

	if (boss_pid(site->conf->run_dir, &boss) == 1) {
		if (call_has(call, FLAG_JSON))
			printf("{\"serving\":true}\n");
		else
			printf("nothing to do: postvak serve runs (pid %ld) and dispatches\n", (long)boss);
		return CLI_DONE;
	}
	if (site_owner(site) != CLI_DONE)
		return CLI_FAILED;
	read_board(site->conf, before);
	status = dispatch_once(site, &err);
	if (status < 0) {
		say("%s", err.text);
		return CLI_FAILED;
	}
	if (status == 0) {
		if (!read_board(site->conf, after))
			say("how much was done is not known: there is no " RUN_BOARD " in %s", site->conf->run_dir);
		else
			report(call, before, after);
		return CLI_DONE;
	}
	say("postvak-dispatch %s", wait_text(how, sizeof how, status));
	return WIFEXITED(status) && WEXITSTATUS(status) == CLI_USAGE ? CLI_USAGE : CLI_FAILED;
}

int run_drain(const struct call *call)
{
	struct site site = {0};
	int status = site_conf(call, &site);

	if (!status)
		status = drain(call, &site);
	site_close(&site);
	return status;
}
