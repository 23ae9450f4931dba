/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "boss/seat.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/child.h"
#include "base/fail.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sock.h"
#include "base/spawn.h"

#define ENVIRONMENT 12		/* one more than there can be variables */

void seat_init(struct seat *seat, enum conf_role role, const struct boss_programs *programs)
{
	*seat = (struct seat){ .role = role, .control = -1, .due_ms = SEAT_NEVER };
	seat->program = role == ROLE_DISPATCH ? programs->dispatcher : role == ROLE_KEYS ? programs->keys : programs->receiver;
}

const char *seat_role(const struct seat *seat)
{
	return seat->role == ROLE_DISPATCH ? "dispatcher" : seat->role == ROLE_KEYS ? "keys process" : "receiver";
}

static int unnamed_file(const char *run_dir, struct err *err)
{
	char *path;
	int fd;

#ifdef HAVE_MEMFD_CREATE
	fd = memfd_create("postvak-conf", MFD_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (errno != ENOSYS)
		return err_sys(err, "cannot make a file for a child's configuration");
#endif
	path = str_fmt("%s/conf-XXXXXX", run_dir);
	fd = mkstemp(path);
	if (fd < 0)
		err_sys(err, "cannot make %s", path);
	else {
		unlink(path);
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
	free(path);
	return fd;
}

/* The child's configuration as a file without a name, to be read from its beginning. */
static int pack(const struct conf *conf, enum conf_role role, struct err *err)
{
	struct buf packed = {0};
	int fd = unnamed_file(conf->run_dir, err);
	size_t done = 0;

	if (fd < 0)
		return -1;
	conf_pack(conf, role, &packed);
	while (done < packed.len) {
		ssize_t n = pwrite(fd, packed.p + done, packed.len - done, (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_sys(err, "cannot write a child's configuration");
			close(fd);
			fd = -1;
			break;
		}
		done += (size_t)n;
	}
	buf_free(&packed);
	return fd;
}

static void add_variable(char **envp, const char *name)
{
	const char *value = getenv(name);

	while (*envp)
		envp++;
	if (value)
		*envp = str_fmt("%s=%s", name, value);
}

/* Who speaks HTTP outwards may have to do it through a proxy. What libcurl is linked with brings GnuTLS along, whose
 * start nobody needs: with libcurl's OpenSSL it is a megabyte for nothing, and a libcurl of its own starts it itself. */
static void make_environment(char **envp, enum conf_role role)
{
	static const char *const proxies[] = { "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY" };

	envp[0] = str_dup("POSTVAK_BOSS=1");
	if (role == ROLE_KEYS)
		envp[1] = str_dup("GNUTLS_NO_IMPLICIT_INIT=1");
	add_variable(envp, "PATH");
	add_variable(envp, "TZ");
	add_variable(envp, "LANG");
	add_variable(envp, "LC_ALL");
	for (size_t i = 0; role == ROLE_KEYS && i < sizeof proxies / sizeof *proxies; i++)
		add_variable(envp, proxies[i]);
#ifdef ENABLE_FAILPOINTS
	add_variable(envp, "POSTVAK_FAILPOINTS");
#endif
}

static pid_t spawn(const struct seat *seat, const int *fds, size_t n, struct err *err)
{
	char *argv[] = { str_dup(seat->program), NULL };
	char *envp[ENVIRONMENT] = {0};
	struct spawn spawn = { .path = seat->program, .argv = argv, .envp = envp, .n_fds = n,
			       .own_group = true };
	pid_t pid;

	memcpy(spawn.fds, fds, n * sizeof *fds);
	make_environment(envp, seat->role);
	pid = spawn_start(&spawn, err);
	for (char **variable = envp; *variable; variable++)
		free(*variable);
	free(argv[0]);
	return pid;
}

static pid_t start(struct seat *seat, const struct conf *conf, const struct doors *doors, struct err *err)
{
	int pair[2], file;
	pid_t pid = -1;

	if (sock_pair(pair, err) < 0)
		return -1;
	file = pack(conf, seat->role, err);
	if (file >= 0 && fd_nonblock(pair[0], true) < 0)
		err_sys(err, "cannot prepare a control connection");
	else if (file >= 0 && seat->role == ROLE_DISPATCH)
		pid = spawn(seat, (int[]){ -1, 1, 2, pair[1], file, doors->bell }, 6, err);
	else if (file >= 0)
		pid = spawn(seat, (int[]){ seat->role == ROLE_KEYS ? doors->keys : doors->listen, 1, 2, pair[1], file }, 5, err);
	if (file >= 0)
		close(file);
	close(pair[1]);
	if (pid < 0)
		close(pair[0]);
	else
		seat->control = pair[0];
	return pid;
}

static void start_one(struct seat *seat, const struct conf *conf, const struct doors *doors, int64_t now_ms)
{
	struct err err;
	pid_t pid;

	failpoint("boss.before-start");
	pid = start(seat, conf, doors, &err);
	if (pid < 0) {
		int64_t wait_ms = pace_death(&seat->pace, 0);

		seat->due_ms = now_ms + wait_ms;
		log_error("%s of generation %llu: %s; next try in %lld ms", seat_role(seat),
			  (unsigned long long)conf->generation, err.text, (long long)wait_ms);
		return;
	}
	seat->pid = pid;
	seat->ready = seat->drained = false;
	seat->started_ms = now_ms;
	seat->due_ms = now_ms + SEAT_READY_MS;
	log_debug("%s %ld of generation %llu started", seat_role(seat), (long)pid,
		  (unsigned long long)conf->generation);
}

void seat_want(struct seat *seat, int64_t now_ms)
{
	if (seat->wanted)
		return;
	seat->wanted = true;
	if (!seat->pid)
		seat->due_ms = now_ms;
}

void seat_tell(struct seat *seat, const char *word, int fd)
{
	if (seat->control >= 0 && sock_send(seat->control, word, strlen(word), fd) < 0)
		log_warn("cannot tell %s %ld to %s: %s", seat_role(seat), (long)seat->pid, word, strerror(errno));
}

void seat_leave(struct seat *seat, int64_t drain_ms, int64_t now_ms)
{
	seat->wanted = false;
	if (!seat->pid)
		seat->due_ms = SEAT_NEVER;
	if (!seat->pid || seat->drained)
		return;
	seat->drained = true;
	seat->due_ms = now_ms + drain_ms + SEAT_GRACE_MS;
	seat_tell(seat, CHILD_DRAIN, -1);
}

void seat_kill(struct seat *seat)
{
	seat->due_ms = SEAT_NEVER;
	if (seat->pid)
		kill(seat->pid, SIGKILL);
}

static void close_control(struct seat *seat)
{
	if (seat->control >= 0)
		close(seat->control);
	seat->control = -1;
}

/* A child that ends closes control a moment before it can be reaped; one that goes on without
 * control could not be told anything any more. */
static void lost_control(struct seat *seat, int64_t now_ms)
{
	close_control(seat);
	if (!seat->drained)
		seat->due_ms = now_ms + SEAT_GRACE_MS;
}

void seat_hear(struct seat *seat, int64_t now_ms)
{
	char word[32];
	int fd;
	ssize_t n = sock_receive(seat->control, word, sizeof word, &fd);

	if (fd >= 0)
		close(fd);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		lost_control(seat, now_ms);
		return;
	}
	if ((size_t)n != strlen(CHILD_READY) || memcmp(word, CHILD_READY, (size_t)n) != 0) {
		log_warn("%s %ld said something that is not understood", seat_role(seat), (long)seat->pid);
		return;
	}
	if (seat->ready)
		return;
	seat->ready = true;
	seat->ready_ms = now_ms;
	if (!seat->drained)
		seat->due_ms = SEAT_NEVER;
}

static const char *lateness(const struct seat *seat)
{
	if (seat->drained)
		return "did not leave in time";
	return seat->control < 0 ? "closed its control connection" : "was not ready in time";
}

void seat_tick(struct seat *seat, const struct conf *conf, const struct doors *doors, int64_t now_ms)
{
	if (now_ms < seat->due_ms)
		return;
	if (seat->pid) {
		log_error("%s %ld of generation %llu %s: it is killed", seat_role(seat), (long)seat->pid,
			  (unsigned long long)conf->generation, lateness(seat));
		seat_kill(seat);
	} else if (seat->wanted)
		start_one(seat, conf, doors, now_ms);
}

static void bury(struct seat *seat, const char *obituary, int64_t now_ms)
{
	int64_t wait_ms = pace_death(&seat->pace, seat->ready ? now_ms - seat->ready_ms : 0);

	seat->due_ms = now_ms + wait_ms;
	seat->restarts++;
	log_error("%s; restart %u in %lld ms", obituary, seat->restarts, (long long)wait_ms);
}

void seat_died(struct seat *seat, uint64_t generation, int status, int64_t now_ms)
{
	char how[100], obituary[300];

	failpoint("boss.after-death");
	snprintf(obituary, sizeof obituary, "%s %ld of generation %llu %s after %lld.%03d s%s", seat_role(seat),
		 (long)seat->pid, (unsigned long long)generation, wait_text(how, sizeof how, status),
		 (long long)(now_ms - seat->started_ms) / 1000, (int)((now_ms - seat->started_ms) % 1000),
		 seat->ready ? "" : ", never ready");
	close_control(seat);
	seat->pid = 0;
	seat->due_ms = SEAT_NEVER;
	if (seat->wanted)
		bury(seat, obituary, now_ms);
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		log_info("%s; it was told to leave", obituary);
	else
		log_error("%s; it was told to leave", obituary);
	seat->ready = seat->drained = false;
}
