/* SPDX-License-Identifier: EUPL-1.2
 * The boss's small parts: pacing, the pid file, the service manager. */
#include "config.h"
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/sock.h"
#include "boss/boss.h"
#include "boss/notify.h"
#include "boss/pace.h"
#include "boss/pidfile.h"

static char *scratch(void)
{
	char dir[UNIT_PATH];

	return str_dup(unit_dir(dir));
}

START_TEST(restarts_are_paced_until_a_healthy_minute)
{
	static const struct { int64_t well_ms, wait_ms; } deaths[] = {
		{ 0, 0 }, { 0, 1000 }, { 59999, 2000 }, { 5, 4000 }, { 0, 8000 }, { 0, 16000 },
		{ 0, 32000 }, { 0, 60000 }, { 0, 60000 }, { 60000, 0 }, { 0, 1000 }, { 3600000, 0 },
	};
	struct pace pace = {0};

	for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++)
		ck_assert_msg(pace_death(&pace, deaths[i].well_ms) == deaths[i].wait_ms, "death %zu waits %lld ms",
			      i, (long long)pace.wait_ms);
	ck_assert_uint_eq(pace.deaths, 1);
}
END_TEST

START_TEST(the_pid_file_has_one_holder)
{
	char *dir = scratch();
	struct err err;
	pid_t pid;
	int fd, second;

	ck_assert_int_eq(boss_pid(dir, &pid), 0);
	fd = pidfile_take(dir, &err);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(boss_pid(dir, &pid), 1);
	ck_assert_int_eq(pid, getpid());
	second = pidfile_take(dir, &err);
	ck_assert_int_eq(second, -1);
	ck_assert_ptr_nonnull(strstr(err.text, "already runs as pid "));
	pidfile_drop(dir, &fd);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(boss_pid(dir, &pid), 0);
	ck_assert_int_eq(rmdir(dir), 0);
	free(dir);
}
END_TEST

START_TEST(a_pid_file_that_nobody_holds_means_nothing)
{
	char *dir = scratch(), *path = str_fmt("%s/boss.pid", dir);
	struct err err;
	pid_t pid;
	int fd;

	ck_assert_int_eq(file_replace(path, "1\n", 2, 0644, &err), 0);
	ck_assert_int_eq(boss_pid(dir, &pid), 0);
	fd = pidfile_take(dir, &err);
	ck_assert_int_ge(fd, 0);
	pidfile_drop(dir, &fd);
	ck_assert_int_eq(pidfile_take("/nonexistent", &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "/nonexistent/boss.pid"));
	rmdir(dir);
	free(path);
	free(dir);
}
END_TEST

static int service_manager(const char *name, size_t len)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	memcpy(address.sun_path, name, len);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)), 0);
	return fd;
}

static void expect(int fd, const char *start)
{
	char text[400] = {0};

	ck_assert_int_gt(recv(fd, text, sizeof text - 1, 0), 0);
	ck_assert_msg(strncmp(text, start, strlen(start)) == 0, "got %s", text);
	ck_assert_int_lt(recv(fd, text, sizeof text, MSG_DONTWAIT), 0);
}

START_TEST(the_service_manager_is_told)
{
	char *dir = scratch(), *path = str_fmt("%s/notify", dir), *name = str_fmt("@postvak-%ld", (long)getpid());
	int fd = service_manager(path, strlen(path) + 1);

	unsetenv("NOTIFY_SOCKET");
	notify_stopping();
	setenv("NOTIFY_SOCKET", path, 1);
	notify_ready("generation 1");
	expect(fd, "READY=1\nSTATUS=generation 1");
	notify_reloading();
	expect(fd, "RELOADING=1\nMONOTONIC_USEC=");
	close(fd);
	unlink(path);
	notify_stopping();
	setenv("NOTIFY_SOCKET", name, 1);
	name[0] = '\0';
	fd = service_manager(name, strlen(name + 1) + 1);
	notify_stopping();
	expect(fd, "STOPPING=1");
	close(fd);
	rmdir(dir);
	free(name);
	free(path);
	free(dir);
}
END_TEST

UNIT_MAIN("boss",
	restarts_are_paced_until_a_healthy_minute,
	the_pid_file_has_one_holder,
	a_pid_file_that_nobody_holds_means_nothing,
	the_service_manager_is_told)
