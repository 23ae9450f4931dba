/* SPDX-License-Identifier: EUPL-1.2 */
#include "boss/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/child.h"
#include "base/mem.h"
#include "boss/boss.h"

static pid_t read_pid(int fd)
{
	char text[24] = {0};
	ssize_t n = pread(fd, text, sizeof text - 1, 0);

	return n > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

/* A boss that leaves removes the file: what was locked may have lost its name meanwhile. */
static bool has_name(int fd, const char *path)
{
	struct stat here, there;

	return fstat(fd, &here) == 0 && stat(path, &there) == 0 && here.st_ino == there.st_ino &&
	       here.st_dev == there.st_dev;
}

static int write_pid(int fd)
{
	char text[24];
	int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());

	return ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)len, 0) != len ? -1 : 0;
}

static int refused(int fd, const char *path, struct err *err)
{
	if (errno == EAGAIN || errno == EACCES)
		return err_set(err, "postvak serve already runs as pid %ld (%s)", (long)read_pid(fd), path);
	return err_sys(err, "cannot lock %s", path);
}

/* 1: taken; 0: it vanished under our hands, try again; -1: failure. */
static int take(const char *path, int *fd, struct err *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int rc;

	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (*fd < 0)
		return err_sys(err, "cannot open %s", path);
	if (fcntl(*fd, F_OFD_SETLK, &lock) < 0)
		rc = refused(*fd, path, err);
	else if (!has_name(*fd, path))
		rc = 0;
	else
		rc = write_pid(*fd) < 0 ? err_sys(err, "cannot write %s", path) : 1;
	if (rc < 1) {
		close(*fd);
		*fd = -1;
	}
	return rc;
}

int pidfile_take(const char *run_dir, struct err *err)
{
	char *path = str_fmt("%s/%s", run_dir, RUN_BOSS);
	int fd;

	while (take(path, &fd, err) == 0)
		;
	free(path);
	return fd;
}

void pidfile_drop(const char *run_dir, int *fd)
{
	char *path = str_fmt("%s/%s", run_dir, RUN_BOSS);

	if (*fd >= 0) {
		unlink(path);
		close(*fd);
	}
	*fd = -1;
	free(path);
}

int boss_pid(const char *run_dir, pid_t *pid)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char *path = str_fmt("%s/%s", run_dir, RUN_BOSS);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	free(path);
	*pid = 0;
	if (fd < 0)
		return 0;
	if (fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
		*pid = read_pid(fd);
	close(fd);
	return *pid > 0;
}
