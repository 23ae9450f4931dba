/* SPDX-License-Identifier: EUPL-1.2
 * `postvak serve` with fake children: who starts and leaves when, what survives what. */
#include "config.h"
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/child.h"
#include "base/mem.h"
#include "base/sock.h"
#include "boss/phase.h"

#define PATIENCE 4000		/* looks, 5 ms apart */

enum { RECEIVER, DISPATCHER, KEYS, CHECKER, PROGRAMS };

struct stage {			/* a scratch directory and a boss that serves it */
	char *dir, *conf, *programs[PROGRAMS];
	pid_t boss;
};

static char *in(const struct stage *stage, const char *name)
{
	return str_fmt("%s/%s", stage->dir, name);
}

static char *slurp(const struct stage *stage, const char *name)
{
	char *path = in(stage, name), *text = file_read(path, 1 << 20, NULL, NULL);

	free(path);
	return text ? text : str_dup("");
}

static size_t count(const struct stage *stage, const char *name, const char *text)
{
	char *all = slurp(stage, name);
	size_t n = 0;

	for (const char *p = all; (p = strstr(p, text)) != NULL; p += strlen(text))
		n++;
	free(all);
	return n;
}

static void wait_count(const struct stage *stage, const char *name, const char *text, size_t n)
{
	char *all;

	for (int i = 0; i < PATIENCE; i++) {
		if (count(stage, name, text) >= n)
			return;
		poll(NULL, 0, 5);
	}
	all = slurp(stage, name);
	ck_abort_msg("%zu times \"%s\" did not come in %s:\n%s", n, text, name, all);
}

#define wait_log(stage, text) wait_count(stage, "log", text, 1)
#define wait_said(stage, text) wait_count(stage, "boss.log", text, 1)

/* That the lines came in this order, each once at least. */
static void expect_order(const struct stage *stage, const char *const *lines, size_t n)
{
	char *all = slurp(stage, "log"), *at = all;

	for (size_t i = 0; i < n; i++) {
		at = strstr(at, lines[i]);
		ck_assert_msg(at != NULL, "\"%s\" is not in its place in:\n%s", lines[i], all);
		at += strlen(lines[i]);
	}
	free(all);
}
#define EXPECT_ORDER(stage, ...) do { \
	const char *const lines_[] = { __VA_ARGS__ }; \
	expect_order(stage, lines_, sizeof lines_ / sizeof *lines_); \
} while (0)

static void write_conf(const struct stage *stage, int receivers, const char *more)
{
	char *text = str_fmt("run_dir %s/run\nstate_dir %s\nlisten unix:%s/run/socket\nreceivers %d\n"
			     "drain_ms 1000\n%s\n", stage->dir, stage->dir, stage->dir, receivers, more);

	ck_assert_int_eq(file_replace(stage->conf, text, strlen(text), 0600, NULL), 0);
	free(text);
}

/* An order to the fake children: "receiver.2.mute". */
static void order(const struct stage *stage, const char *what)
{
	char *path = in(stage, what);

	ck_assert_int_eq(file_replace(path, "", 0, 0600, NULL), 0);
	free(path);
}

static void withdraw(const struct stage *stage, const char *what)
{
	char *path = in(stage, what);

	ck_assert_int_eq(unlink(path), 0);
	free(path);
}

static struct stage set_stage(int receivers)
{
	static const char *const names[] = { "postvak.fcgi", "postvak-dispatch", "postvak-keys", "postvak" };
	char dir[UNIT_PATH];
	struct stage stage = {0};

	stage.dir = str_dup(unit_dir(dir));
	stage.conf = in(&stage, "conf");
	for (size_t i = 0; i < PROGRAMS; i++) {
		stage.programs[i] = in(&stage, names[i]);
		ck_assert_int_eq(symlink(FAKE_CHILD, stage.programs[i]), 0);
	}
	write_conf(&stage, receivers, "");
	return stage;
}

static struct boss_programs programs_of(const struct stage *stage)
{
	return (struct boss_programs){ .receiver = stage->programs[RECEIVER], .dispatcher = stage->programs[DISPATCHER],
				       .keys = stage->programs[KEYS], .check = stage->programs[CHECKER] };
}

static pid_t serve(const struct stage *stage)
{
	struct boss_programs programs = programs_of(stage);
	char *path = in(stage, "boss.log");
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);

		prctl(PR_SET_PDEATHSIG, SIGKILL);	/* a test that fails leaves nobody behind */
		dup2(fd, 2);
		free(path);
		exit(boss_serve_with(stage->conf, &programs));
	}
	free(path);
	ck_assert_int_gt(pid, 0);
	return pid;
}

static struct stage start(int receivers)
{
	struct stage stage = set_stage(receivers);

	stage.boss = serve(&stage);
	wait_said(&stage, "ready: generation 1,");
	return stage;
}

static int wait_exit(pid_t pid)
{
	int status;

	for (int i = 0; i < PATIENCE; i++) {
		pid_t got = waitpid(pid, &status, WNOHANG);

		ck_assert_int_ge(got, 0);
		if (got == pid)
			return status;
		poll(NULL, 0, 5);
	}
	ck_abort_msg("the boss did not end");
	return -1;
}

static void remove_all(const char *dir)
{
	DIR *d = opendir(dir);

	for (struct dirent *entry; d && (entry = readdir(d)) != NULL;) {
		char *path = str_fmt("%s/%s", dir, entry->d_name);

		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    unlink(path) < 0)
			remove_all(path);
		free(path);
	}
	if (d)
		closedir(d);
	rmdir(dir);
}

static void clear(struct stage *stage)
{
	remove_all(stage->dir);
	for (size_t i = 0; i < PROGRAMS; i++)
		free(stage->programs[i]);
	free(stage->dir);
	free(stage->conf);
}

static void stop(struct stage *stage)
{
	kill(stage->boss, SIGTERM);
	ck_assert_int_eq(wait_exit(stage->boss), 0);
	clear(stage);
}

static bool there(const struct stage *stage, const char *name)
{
	char *path = in(stage, name);
	bool is = access(path, F_OK) == 0;

	free(path);
	return is;
}

/* The pid of the newest child of that role, from /proc. */
static pid_t child_of(const struct stage *stage, size_t program)
{
	DIR *proc = opendir("/proc");
	pid_t newest = 0;

	for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
		char *path = str_fmt("/proc/%s/cmdline", entry->d_name);
		char *line = atoi(entry->d_name) > 0 ? file_read(path, 4096, NULL, NULL) : NULL;

		if (line && strcmp(line, stage->programs[program]) == 0 && atoi(entry->d_name) > newest)
			newest = atoi(entry->d_name);
		free(line);
		free(path);
	}
	closedir(proc);
	ck_assert_int_gt(newest, 0);
	return newest;
}

static size_t open_descriptors(pid_t pid)
{
	char *path = str_fmt("/proc/%ld/fd", (long)pid);
	DIR *dir = opendir(path);
	size_t n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	free(path);
	return n;
}

static int connect_to(const struct stage *stage)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), rc;

	snprintf(address.sun_path, sizeof address.sun_path, "%s/run/socket", stage->dir);
	rc = connect(fd, (struct sockaddr *)&address, sizeof address);
	close(fd);
	return rc;
}

static void reload(const struct stage *stage)
{
	ck_assert_int_eq(kill(stage->boss, SIGHUP), 0);
}

START_TEST(receivers_start_when_the_dispatcher_is_ready)
{
	struct stage stage = set_stage(2);

	setenv("POSTVAK_SECRET", "not for children", 1);
	setenv("TZ", "Europe/Amsterdam", 1);
	unsetenv("LANG");
	unsetenv("LC_ALL");
	stage.boss = serve(&stage);
	wait_said(&stage, "ready: generation 1, 0 endpoints, 0 handlers, listening on unix:");
	wait_count(&stage, "log", "receiver 1 ready", 2);
	EXPECT_ORDER(&stage, "dispatcher 1 start", "dispatcher 1 ready", "receiver 1 start", "receiver 1 ready");
	ck_assert_uint_eq(count(&stage, "log", "dispatcher 1 fds 0 1 2 3 4 5 env POSTVAK_BOSS PATH TZ\n"), 1);
	ck_assert_uint_eq(count(&stage, "log", "receiver 1 fds 0 1 2 3 4 env POSTVAK_BOSS PATH TZ\n"), 2);
	ck_assert_uint_eq(count(&stage, "run/generation", "1\n"), 1);
	ck_assert(there(&stage, "run/bell") && there(&stage, "run/board") && there(&stage, "run/socket"));
	stop(&stage);
}
END_TEST

START_TEST(at_the_end_the_receivers_leave_first)
{
	struct stage stage = start(2);

	order(&stage, "receiver.1.hold");
	kill(stage.boss, SIGTERM);
	wait_count(&stage, "log", "receiver 1 drain", 2);
	ck_assert_uint_eq(count(&stage, "log", "dispatcher 1 drain"), 0);
	withdraw(&stage, "receiver.1.hold");
	ck_assert_int_eq(wait_exit(stage.boss), 0);
	EXPECT_ORDER(&stage, "receiver 1 end", "receiver 1 end", "dispatcher 1 drain", "dispatcher 1 end");
	ck_assert(!there(&stage, "run/bell") && !there(&stage, "run/boss.pid") && !there(&stage, "run/socket"));
	clear(&stage);
}
END_TEST

START_TEST(the_second_signal_kills)
{
	struct stage stage = set_stage(1);

	order(&stage, "receiver.1.deaf");
	order(&stage, "dispatcher.1.deaf");
	stage.boss = serve(&stage);
	wait_said(&stage, "ready:");
	kill(stage.boss, SIGINT);
	wait_log(&stage, "receiver 1 drain");
	kill(stage.boss, SIGINT);
	ck_assert_int_eq(wait_exit(stage.boss), 0);
	ck_assert_uint_eq(count(&stage, "boss.log", "killed by signal 9"), 2);
	clear(&stage);
}
END_TEST

START_TEST(who_does_not_leave_in_time_is_killed)
{
	struct stage stage = set_stage(1);

	order(&stage, "receiver.1.deaf");
	stage.boss = serve(&stage);
	wait_said(&stage, "ready:");
	kill(stage.boss, SIGTERM);
	ck_assert_int_eq(wait_exit(stage.boss), 0);
	ck_assert_uint_eq(count(&stage, "boss.log", "did not leave in time: it is killed"), 1);
	ck_assert_uint_eq(count(&stage, "log", "dispatcher 1 end"), 1);
	clear(&stage);
}
END_TEST

START_TEST(a_killed_receiver_is_replaced_at_once)
{
	struct stage stage = start(1);
	pid_t receiver = child_of(&stage, RECEIVER);

	kill(receiver, SIGKILL);
	ck_assert_int_eq(connect_to(&stage), 0);
	wait_count(&stage, "log", "receiver 1 ready", 2);
	ck_assert_int_eq(connect_to(&stage), 0);
	wait_said(&stage, "killed by signal 9 (Killed) after");
	wait_said(&stage, "; restart 1 in 0 ms");
	kill(child_of(&stage, RECEIVER), SIGKILL);
	wait_said(&stage, "; restart 2 in 1000 ms");
	wait_count(&stage, "log", "receiver 1 ready", 3);
	ck_assert_uint_eq(count(&stage, "log", "dispatcher 1 start"), 1);
	stop(&stage);
}
END_TEST

/* Ctrl-C goes to the whole process group, and would end what the receivers have in hand. */
START_TEST(a_terminal_does_not_reach_the_children)
{
	struct stage stage = start(1);
	pid_t receiver = child_of(&stage, RECEIVER), dispatcher = child_of(&stage, DISPATCHER);

	ck_assert_int_eq(getpgid(receiver), receiver);
	ck_assert_int_eq(getpgid(dispatcher), dispatcher);
	stop(&stage);
}
END_TEST

START_TEST(a_killed_dispatcher_is_replaced_beside_the_receivers)
{
	struct stage stage = start(1);

	kill(child_of(&stage, DISPATCHER), SIGKILL);
	wait_count(&stage, "log", "dispatcher 1 ready", 2);
	ck_assert_uint_eq(count(&stage, "log", "receiver 1 start"), 1);
	stop(&stage);
}
END_TEST

START_TEST(a_child_that_dies_before_it_is_ready_is_tried_again)
{
	struct stage stage = set_stage(1);

	order(&stage, "dispatcher.1.die");
	stage.boss = serve(&stage);
	wait_said(&stage, "dispatcher ");
	wait_said(&stage, "exited with status 3 after");
	wait_said(&stage, "never ready; restart 2 in 1000 ms");
	ck_assert_uint_eq(count(&stage, "log", "receiver 1 start"), 0);
	withdraw(&stage, "dispatcher.1.die");
	wait_said(&stage, "ready: generation 1,");
	stop(&stage);
}
END_TEST

START_TEST(a_program_that_is_missing_is_tried_again)
{
	struct stage stage = set_stage(1);

	ck_assert_int_eq(unlink(stage.programs[RECEIVER]), 0);
	stage.boss = serve(&stage);
	wait_said(&stage, "No such file or directory; next try in 1000 ms");
	ck_assert_int_eq(symlink(FAKE_CHILD, stage.programs[RECEIVER]), 0);
	wait_said(&stage, "ready: generation 1,");
	stop(&stage);
}
END_TEST

START_TEST(a_child_without_control_is_replaced)
{
	struct stage stage = set_stage(1);

	order(&stage, "receiver.1.closed");
	stage.boss = serve(&stage);
	wait_said(&stage, "ready:");
	withdraw(&stage, "receiver.1.closed");
	wait_said(&stage, "closed its control connection: it is killed");
	wait_count(&stage, "log", "receiver 1 ready", 2);
	stop(&stage);
}
END_TEST

START_TEST(a_second_boss_is_refused)
{
	struct stage stage = start(1);
	char *said = str_fmt("postvak serve already runs as pid %ld", (long)stage.boss);
	char *run = in(&stage, "run");
	pid_t pid;

	ck_assert_int_eq(WEXITSTATUS(wait_exit(serve(&stage))), 1);
	wait_said(&stage, said);
	ck_assert_int_eq(boss_pid(run, &pid), 1);
	ck_assert_int_eq(pid, stage.boss);
	ck_assert(there(&stage, "run/bell") && there(&stage, "run/socket"));
	ck_assert_int_eq(connect_to(&stage), 0);
	free(said);
	free(run);
	stop(&stage);
}
END_TEST

START_TEST(a_bad_file_starts_nothing)
{
	struct stage stage = set_stage(1);
	char *said = str_fmt("%s:7: this setting is broken; mend it\n", stage.conf);

	write_conf(&stage, 1, "broken 1");
	ck_assert_int_eq(WEXITSTATUS(wait_exit(serve(&stage))), 2);
	ck_assert_uint_eq(count(&stage, "boss.log", said), 1);
	ck_assert(!there(&stage, "run") && !there(&stage, "log"));
	free(said);
	clear(&stage);
}
END_TEST

START_TEST(a_socket_that_cannot_be_had_starts_nothing)
{
	struct stage stage = set_stage(1);

	write_conf(&stage, 1, "listen tcp:127.0.0.1:notaport");
	ck_assert_int_eq(WEXITSTATUS(wait_exit(serve(&stage))), 1);
	ck_assert(!there(&stage, "run/bell") && !there(&stage, "run/boss.pid") && !there(&stage, "log"));
	clear(&stage);
}
END_TEST

START_TEST(a_reload_changes_generations)
{
	struct stage stage = start(1);

	reload(&stage);
	wait_said(&stage, "ready: generation 2,");
	wait_log(&stage, "receiver 1 end");
	EXPECT_ORDER(&stage, "dispatcher 1 drain", "dispatcher 1 end", "dispatcher 2 start", "dispatcher 2 ready",
		     "receiver 2 start", "receiver 2 ready");
	EXPECT_ORDER(&stage, "receiver 1 give", "receiver 1 drain", "receiver 1 end");
	EXPECT_ORDER(&stage, "receiver 2 ready", "receiver 1 give");
	wait_log(&stage, "receiver 2 take");
	ck_assert_uint_eq(count(&stage, "run/generation", "2\n"), 1);
	ck_assert_uint_eq(count(&stage, "log", "nonsense"), 0);
	stop(&stage);
}
END_TEST

START_TEST(a_bad_file_at_reload_changes_nothing)
{
	struct stage stage = start(1);

	write_conf(&stage, 1, "check 2");
	reload(&stage);
	wait_count(&stage, "boss.log", "reload refused", 1);
	ck_assert_uint_eq(count(&stage, "boss.log", "the checker does not like it"), 1);
	write_conf(&stage, 1, "broken 1");
	reload(&stage);
	wait_count(&stage, "boss.log", "reload refused", 2);
	ck_assert_uint_eq(count(&stage, "boss.log", "this setting is broken"), 1);
	write_conf(&stage, 1, "store sqlite:/elsewhere");
	reload(&stage);
	wait_count(&stage, "boss.log", "reload refused", 3);
	ck_assert_uint_eq(count(&stage, "boss.log", "restart needed for store"), 1);
	ck_assert_uint_eq(count(&stage, "log", "start"), 2);
	ck_assert_uint_eq(count(&stage, "log", "drain"), 0);
	write_conf(&stage, 1, "");
	reload(&stage);
	wait_said(&stage, "ready: generation 2,");
	stop(&stage);
}
END_TEST

START_TEST(a_new_dispatcher_that_fails_gives_the_old_generation_back)
{
	struct stage stage = start(1);

	order(&stage, "dispatcher.2.die");
	reload(&stage);
	wait_said(&stage, "reload failed: generation 2 did not become ready; generation 1 goes on");
	wait_count(&stage, "log", "dispatcher 1 ready", 2);
	ck_assert_uint_eq(count(&stage, "log", "receiver 1 drain"), 0);
	ck_assert_uint_eq(count(&stage, "log", "receiver 2"), 0);
	ck_assert_uint_eq(count(&stage, "run/generation", "1\n"), 1);
	reload(&stage);
	wait_said(&stage, "ready: generation 3,");
	stop(&stage);
}
END_TEST

/* One new receiver takes an order file away and is ready: it may have connections; the other dies. */
START_TEST(new_receivers_that_fail_give_their_connections_back)
{
	struct stage stage = start(1);

	write_conf(&stage, 2, "");
	order(&stage, "receiver.2.die-all-but-one");
	reload(&stage);
	wait_said(&stage, "reload failed: generation 2 did not become ready; generation 1 goes on");
	wait_count(&stage, "log", "dispatcher 1 ready", 2);
	EXPECT_ORDER(&stage, "receiver 2 give", "receiver 2 drain", "receiver 2 end");
	EXPECT_ORDER(&stage, "dispatcher 2 end", "dispatcher 1 start");
	wait_log(&stage, "receiver 1 take");
	ck_assert_uint_eq(count(&stage, "log", "receiver 1 drain"), 0);
	stop(&stage);
}
END_TEST

START_TEST(the_dispatcher_that_was_killed_during_a_reload_is_no_loss)
{
	struct stage stage = start(1);

	order(&stage, "dispatcher.1.hold");
	reload(&stage);
	wait_log(&stage, "dispatcher 1 drain");
	kill(child_of(&stage, DISPATCHER), SIGKILL);
	wait_said(&stage, "ready: generation 2,");
	stop(&stage);
}
END_TEST

START_TEST(receivers_come_and_go_by_reload)
{
	struct stage stage = start(0);

	ck_assert_uint_eq(count(&stage, "boss.log", "without receivers"), 1);
	ck_assert(!there(&stage, "run/socket"));
	write_conf(&stage, 2, "");
	reload(&stage);
	wait_said(&stage, "ready: generation 2,");
	ck_assert_int_eq(connect_to(&stage), 0);
	wait_count(&stage, "log", "receiver 2 ready", 2);
	write_conf(&stage, 0, "");
	reload(&stage);
	wait_said(&stage, "ready: generation 3,");
	wait_count(&stage, "log", "receiver 2 end", 2);
	ck_assert(!there(&stage, "run/socket"));
	stop(&stage);
}
END_TEST

START_TEST(signals_during_a_reload_are_one_more_reload)
{
	struct stage stage = start(1);

	order(&stage, "receiver.1.hold");
	reload(&stage);
	wait_log(&stage, "receiver 1 drain");
	for (int i = 0; i < 5; i++)
		reload(&stage);
	withdraw(&stage, "receiver.1.hold");
	wait_said(&stage, "ready: generation 3,");
	wait_log(&stage, "receiver 2 end");
	ck_assert_uint_eq(count(&stage, "boss.log", "reload: checking"), 2);
	stop(&stage);
}
END_TEST

START_TEST(fifty_reloads_leak_nothing)
{
	struct stage stage = start(2);
	size_t before = 0;

	for (int i = 2; i <= 51; i++) {
		char *ready = str_fmt("ready: generation %d,", i), *end = str_fmt("receiver %d end", i - 1);

		reload(&stage);
		wait_said(&stage, ready);
		wait_count(&stage, "log", end, 2);
		wait_count(&stage, "boss.log", "told to leave", 3 * ((size_t)i - 1));
		if (i == 2)
			before = open_descriptors(stage.boss);
		free(ready);
		free(end);
	}
	ck_assert_uint_eq(open_descriptors(stage.boss), before);
	ck_assert_uint_eq(count(&stage, "boss.log", " error: "), 0);
	stop(&stage);
}
END_TEST

START_TEST(a_stop_in_the_middle_of_a_reload_stops_everybody)
{
	struct stage stage = start(1);

	order(&stage, "receiver.2.mute");
	reload(&stage);
	wait_log(&stage, "receiver 2 start");
	kill(stage.boss, SIGTERM);
	ck_assert_int_eq(wait_exit(stage.boss), 0);
	EXPECT_ORDER(&stage, "receiver 1 end", "dispatcher 2 end");
	EXPECT_ORDER(&stage, "receiver 2 end", "dispatcher 2 end");
	clear(&stage);
}
END_TEST

START_TEST(the_death_of_the_boss_is_the_end_of_control)
{
	struct stage stage = start(1);

	kill(stage.boss, SIGKILL);
	wait_exit(stage.boss);
	wait_log(&stage, "receiver 1 eof");
	wait_log(&stage, "dispatcher 1 eof");
	stage.boss = serve(&stage);
	wait_said(&stage, "ready: generation 2,");
	ck_assert_int_eq(connect_to(&stage), 0);
	stop(&stage);
}
END_TEST

static bool keys_answer(const struct stage *stage)
{
	char *path = in(stage, "run/keys");
	int fd = sock_connect_packets(path, NULL);

	if (fd >= 0)
		close(fd);
	free(path);
	return fd >= 0;
}

START_TEST(who_fetches_keys_has_a_socket_that_the_boss_owns)
{
	struct stage stage = set_stage(1);
	struct stat st;
	char *path = in(&stage, "run/keys");

	setenv("https_proxy", "http://proxy.invalid:3128", 1);
	setenv("TZ", "Europe/Amsterdam", 1);
	unsetenv("LANG");
	unsetenv("LC_ALL");
	unsetenv("HTTPS_PROXY");
	unsetenv("no_proxy");
	unsetenv("NO_PROXY");
	write_conf(&stage, 1, "issuers 1");
	stage.boss = serve(&stage);
	wait_said(&stage, "ready: generation 1,");
	wait_log(&stage, "keys 1 ready");
	EXPECT_ORDER(&stage, "dispatcher 1 ready", "keys 1 start");
	ck_assert_uint_eq(count(&stage, "log", "keys 1 fds 0 1 2 3 4 env POSTVAK_BOSS GNUTLS_NO_IMPLICIT_INIT PATH TZ https_proxy\n"), 1);
	ck_assert_uint_eq(count(&stage, "log", "receiver 1 fds 0 1 2 3 4 env POSTVAK_BOSS PATH TZ\n"), 1);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert(S_ISSOCK(st.st_mode) && (st.st_mode & 0777) == 0660);
	ck_assert(keys_answer(&stage));
	kill(child_of(&stage, KEYS), SIGKILL);
	ck_assert(keys_answer(&stage));
	wait_count(&stage, "log", "keys 1 ready", 2);
	kill(stage.boss, SIGTERM);
	ck_assert_int_eq(wait_exit(stage.boss), 0);
	EXPECT_ORDER(&stage, "receiver 1 end", "keys 1 drain", "keys 1 end");
	ck_assert(!there(&stage, "run/keys"));
	free(path);
	clear(&stage);
}
END_TEST

START_TEST(receivers_start_without_who_fetches_keys)
{
	struct stage stage = set_stage(1);

	write_conf(&stage, 1, "issuers 1");
	order(&stage, "keys.1.mute");
	stage.boss = serve(&stage);
	wait_said(&stage, "ready: generation 1,");
	wait_log(&stage, "receiver 1 ready");
	ck_assert_uint_eq(count(&stage, "log", "keys 1 ready"), 0);
	stop(&stage);
}
END_TEST

START_TEST(at_a_reload_the_old_keys_leave_before_new_receivers_come)
{
	struct stage stage = set_stage(1);

	write_conf(&stage, 1, "issuers 1");
	stage.boss = serve(&stage);
	wait_log(&stage, "keys 1 ready");
	order(&stage, "receiver.2.mute");
	reload(&stage);
	wait_log(&stage, "receiver 2 start");
	wait_log(&stage, "keys 1 end");
	EXPECT_ORDER(&stage, "dispatcher 2 ready", "keys 2 ready", "keys 1 drain");
	ck_assert_uint_eq(count(&stage, "log", "receiver 1 drain"), 0);
	kill(child_of(&stage, RECEIVER), SIGKILL);	/* a mute one: killed thrice, it is hopeless */
	wait_count(&stage, "log", "receiver 2 start", 2);
	kill(child_of(&stage, RECEIVER), SIGKILL);
	wait_count(&stage, "log", "receiver 2 start", 3);
	kill(child_of(&stage, RECEIVER), SIGKILL);
	wait_said(&stage, "reload failed: generation 2 did not become ready; generation 1 goes on");
	wait_count(&stage, "log", "keys 1 ready", 2);
	wait_log(&stage, "keys 2 end");
	ck_assert(keys_answer(&stage));
	stop(&stage);
}
END_TEST

START_TEST(who_fetches_keys_comes_and_goes_by_reload)
{
	struct stage stage = start(1);

	ck_assert(!there(&stage, "run/keys"));
	write_conf(&stage, 1, "issuers 1");
	reload(&stage);
	wait_said(&stage, "ready: generation 2,");
	wait_log(&stage, "keys 2 ready");
	ck_assert(keys_answer(&stage));
	write_conf(&stage, 1, "issuers 1\nstore sqlite:/elsewhere");
	reload(&stage);
	wait_said(&stage, "reload refused");
	ck_assert(keys_answer(&stage));
	write_conf(&stage, 1, "");
	reload(&stage);
	wait_said(&stage, "ready: generation 3,");
	wait_log(&stage, "keys 2 end");
	ck_assert(!there(&stage, "run/keys"));
	stop(&stage);
}
END_TEST

/* With a clock of our own: nobody waits thirty seconds. */

static struct conf *load(const struct stage *stage)
{
	struct conf *conf = NULL;

	ck_assert_int_eq(conf_load(stage->conf, &conf, NULL), 0);
	conf->generation = 1;
	mkdir(conf->run_dir, 0700);
	return conf;
}

START_TEST(a_child_that_does_not_become_ready_is_killed)
{
	struct stage stage = set_stage(1);
	struct boss_programs programs = programs_of(&stage);
	struct conf *conf = load(&stage);
	struct doors doors = { -1, -1, -1 };
	struct seat seat;
	int status;

	order(&stage, "receiver.1.mute");
	seat_init(&seat, ROLE_RECEIVER, &programs);
	seat_want(&seat, 1000);
	seat_tick(&seat, conf, &doors, 1000);
	ck_assert_int_gt(seat.pid, 0);
	ck_assert(seat.due_ms == 1000 + SEAT_READY_MS);
	wait_log(&stage, "receiver 1 start");
	seat_tick(&seat, conf, &doors, seat.due_ms - 1);
	ck_assert_int_eq(waitpid(seat.pid, &status, WNOHANG), 0);
	seat_tick(&seat, conf, &doors, seat.due_ms);
	ck_assert_int_eq(waitpid(seat.pid, &status, 0), seat.pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	seat_died(&seat, 1, status, 40000);
	ck_assert(seat.due_ms == 40000 && seat.pid == 0 && seat.control == -1);
	conf_free(&conf);
	clear(&stage);
}
END_TEST

START_TEST(a_reload_has_patience_but_not_for_ever)
{
	struct stage stage = set_stage(1);
	struct boss_programs programs = programs_of(&stage);
	struct boss boss = { .conf_file = stage.conf, .programs = &programs, .announced = true };

	boss.now = crew_new(load(&stage), &programs);
	boss.next = crew_new(load(&stage), &programs);
	boss.until_ms = SEAT_NEVER;
	boss.phase = DISPATCHER_LEAVES;
	boss_step(&boss, 500);
	ck_assert_int_eq(boss.phase, DISPATCHER_COMES);
	ck_assert(boss.next->seats[0].wanted && boss.next->seats[0].due_ms == 500);
	boss_step(&boss, 500 + SEAT_READY_MS - 1);
	ck_assert_int_eq(boss.phase, DISPATCHER_COMES);
	ck_assert(!boss.now->seats[0].wanted);
	boss_step(&boss, 500 + SEAT_READY_MS);
	ck_assert_int_eq(boss.phase, SERVING);
	ck_assert_ptr_null(boss.next);
	ck_assert(boss.now->seats[0].wanted && boss.now->seats[0].due_ms == 500 + SEAT_READY_MS);
	crew_free(&boss.now);
	clear(&stage);
}
END_TEST

START_TEST(a_check_that_hangs_is_killed)
{
	struct stage stage = set_stage(1);
	struct boss boss = { .conf_file = stage.conf, .announced = true, .phase = CHECKING, .until_ms = 60000 };
	struct boss_programs programs = programs_of(&stage);
	int status;

	boss.now = crew_new(load(&stage), &programs);
	boss.checker = fork();
	while (boss.checker == 0)
		pause();
	boss_step(&boss, 59999);
	ck_assert_int_eq(waitpid(boss.checker, &status, WNOHANG), 0);
	boss_step(&boss, 60000);
	ck_assert_int_eq(waitpid(boss.checker, &status, 0), boss.checker);
	reload_checked(&boss, status, 60001);
	ck_assert_int_eq(boss.phase, SERVING);
	ck_assert_ptr_null(boss.next);
	crew_free(&boss.now);
	clear(&stage);
}
END_TEST

UNIT_MAIN("serve",
	a_child_that_does_not_become_ready_is_killed,
	a_reload_has_patience_but_not_for_ever,
	a_check_that_hangs_is_killed,
	receivers_start_when_the_dispatcher_is_ready,
	at_the_end_the_receivers_leave_first,
	the_second_signal_kills,
	who_does_not_leave_in_time_is_killed,
	a_killed_receiver_is_replaced_at_once,
	a_terminal_does_not_reach_the_children,
	a_killed_dispatcher_is_replaced_beside_the_receivers,
	a_child_that_dies_before_it_is_ready_is_tried_again,
	a_program_that_is_missing_is_tried_again,
	a_child_without_control_is_replaced,
	a_second_boss_is_refused,
	a_bad_file_starts_nothing,
	a_socket_that_cannot_be_had_starts_nothing,
	a_reload_changes_generations,
	a_bad_file_at_reload_changes_nothing,
	a_new_dispatcher_that_fails_gives_the_old_generation_back,
	new_receivers_that_fail_give_their_connections_back,
	the_dispatcher_that_was_killed_during_a_reload_is_no_loss,
	receivers_come_and_go_by_reload,
	signals_during_a_reload_are_one_more_reload,
	fifty_reloads_leak_nothing,
	a_stop_in_the_middle_of_a_reload_stops_everybody,
	the_death_of_the_boss_is_the_end_of_control,
	who_fetches_keys_has_a_socket_that_the_boss_owns,
	receivers_start_without_who_fetches_keys,
	at_a_reload_the_old_keys_leave_before_new_receivers_come,
	who_fetches_keys_comes_and_goes_by_reload)
