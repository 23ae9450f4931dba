/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/sock.h"

static int open_one(const char *path, const char *suffix, const char *group, struct err *err)
{
	char *name = str_fmt("%s.%s", path, suffix);
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
	struct stat st;

	if (fd < 0)
		err_sys(err, "cannot open %s", name);
	else if (fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
		 (fchmod(fd, 0660) < 0 || path_group(name, group, err) < 0)) {
		close(fd);
		fd = -1;
	}
	free(name);
	return fd;
}

int lock_open(struct lock *lock, const char *path, bool fair, const char *group, struct err *err)
{
	*lock = (struct lock){ .fd = -1, .turnstile = -1, .path = str_dup(path) };
	lock->fd = open_one(path, "lock", group, err);
	if (lock->fd >= 0 && fair)
		lock->turnstile = open_one(path, "turnstile", group, err);
	if (lock->fd >= 0 && (!fair || lock->turnstile >= 0))
		return 0;
	lock_close(lock);
	return -1;
}

void lock_close(struct lock *lock)
{
	if (lock->fd >= 0)
		close(lock->fd);
	if (lock->turnstile >= 0)
		close(lock->turnstile);
	free(lock->path);
	*lock = (struct lock){ .fd = -1, .turnstile = -1 };
}

/* flock has no time-out: try, and look again at growing steps of 50 us to 2 ms. */
static int take(int fd, int64_t until_ms)
{
	struct timespec pause = { 0, 50000 };

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return -1;
		if (clock_mono_ms() >= until_ms)
			return 1;
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 2000000)
			pause.tv_nsec *= 2;
	}
	return 0;
}

int lock_take(struct lock *lock, int64_t wait_ms, struct err *err)
{
	int64_t until = clock_mono_ms() + wait_ms;
	int rc;

	must(!lock->held);
	if (lock->turnstile >= 0 && (rc = take(lock->turnstile, until)) != 0)
		return rc < 0 ? err_sys(err, "cannot lock %s.turnstile", lock->path) : rc;
	rc = take(lock->fd, until);
	if (lock->turnstile >= 0)
		flock(lock->turnstile, LOCK_UN);
	if (rc < 0)
		return err_sys(err, "cannot lock %s.lock", lock->path);
	lock->held = rc == 0;
	return rc;
}

void lock_release(struct lock *lock)
{
	if (!lock->held)
		return;
	lock->held = false;
	flock(lock->fd, LOCK_UN);
}

unsigned char lock_byte(struct lock *lock)
{
	unsigned char byte = 0;

	must(lock->held);
	return pread(lock->fd, &byte, 1, 0) == 1 ? byte : 0;
}

void lock_set_byte(struct lock *lock, unsigned char byte)
{
	must(lock->held);
	/* Best effort on a full disk: the byte is allocated from the first success on. */
	if (pwrite(lock->fd, &byte, 1, 0) < 0)
		return;
}
