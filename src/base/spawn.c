/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/die.h"

/* Moves the descriptors to 0..n-1: first all out of the way, then each to its place. */
static bool place_fds(const struct spawn *spawn, int *report)
{
	int high[SPAWN_FDS], dev_null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int floor = SPAWN_FDS + 8;

	if (dev_null < 0 || (*report = fcntl(*report, F_DUPFD_CLOEXEC, floor)) < 0)
		return false;
	for (size_t i = 0; i < spawn->n_fds; i++) {
		int from = spawn->fds[i] < 0 && i < 3 ? dev_null : spawn->fds[i];

		high[i] = from < 0 ? -1 : fcntl(from, F_DUPFD_CLOEXEC, floor);
		if (from >= 0 && high[i] < 0)
			return false;
	}
	for (size_t i = 0; i < spawn->n_fds; i++) {
		close((int)i);
		if (high[i] >= 0 && dup2(high[i], (int)i) < 0)
			return false;
	}
	return true;
}

static void become(const struct spawn *spawn, int report)
{
	sigset_t none;
	int why;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (spawn->own_group)
		setpgid(0, 0);
	if (place_fds(spawn, &report))
		execve(spawn->path, spawn->argv, spawn->envp);
	why = errno;
	while (write(report, &why, sizeof why) < 0 && errno == EINTR)
		;
	_exit(127);
}

pid_t spawn_start(const struct spawn *spawn, struct err *err)
{
	int report[2], why = 0;
	pid_t pid;
	ssize_t n;

	must(spawn->n_fds >= 3 && spawn->n_fds <= SPAWN_FDS);
	if (pipe2(report, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	pid = fork();
	if (pid == 0)
		become(spawn, report[1]);
	close(report[1]);
	if (pid < 0) {
		close(report[0]);
		return err_sys(err, "cannot start %s", spawn->path);
	}
	do
		n = read(report[0], &why, sizeof why);
	while (n < 0 && errno == EINTR);
	close(report[0]);
	if (n == (ssize_t)sizeof why) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		errno = why;
		return err_sys(err, "cannot start %s", spawn->path);
	}
	return pid;
}

char *wait_text(char *text, size_t len, int status)
{
	if (WIFSIGNALED(status))
		snprintf(text, len, "killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(text, len, "exited with status %d", WEXITSTATUS(status));
	return text;
}
