/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "run/ways.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static void look_at_limits(struct rlimit *limits)
{
	getrlimit(RLIMIT_NOFILE, &limits[0]);
	getrlimit(RLIMIT_AS, &limits[1]);
	getrlimit(RLIMIT_CPU, &limits[2]);
	getrlimit(RLIMIT_DATA, &limits[3]);
	getrlimit(RLIMIT_FSIZE, &limits[4]);
	getrlimit(RLIMIT_STACK, &limits[5]);
}

static mode_t current_umask(void)
{
	mode_t mask = umask(077);	/* a thread of the handler may be making a file just now */

	umask(mask);
	return mask;
}

/* It rises with each descriptor that is opened and not closed. -1: there is none. */
static int lowest_free(void)
{
	int fd = dup(STDERR_FILENO);

	if (fd < 0 && errno == EBADF)
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd;
}

/* Closed ones are POLLNVAL. */
static void look_at_standard(bool *standard)
{
	struct pollfd fds[] = { { 0, 0, 0 }, { 1, 0, 0 }, { 2, 0, 0 } };

	if (poll(fds, 3, 0) < 0)
		return;
	for (size_t i = 0; i < 3; i++)
		standard[i] = !(fds[i].revents & POLLNVAL);
}

void ways_keep(struct ways *ways)
{
	struct itimerval timer;

	memset(ways, 0, sizeof *ways);
	look_at_limits(ways->limits);
	sigprocmask(SIG_SETMASK, NULL, &ways->mask);
	if (stat(".", &ways->cwd) < 0)
		memset(&ways->cwd, 0, sizeof ways->cwd);
	ways->umask = current_umask();
	look_at_standard(ways->standard);
	ways->lowest = lowest_free();
	ways->timer = getitimer(ITIMER_REAL, &timer) == 0 && (timer.it_value.tv_sec || timer.it_value.tv_usec);
}

static bool same_limits(const struct ways *one, const struct ways *two)
{
	for (size_t i = 0; i < WAYS_LIMITS; i++)
		if (one->limits[i].rlim_cur != two->limits[i].rlim_cur || one->limits[i].rlim_max != two->limits[i].rlim_max)
			return false;
	return true;
}

static bool short_of_descriptors(const struct ways *kept, const struct ways *now)
{
	rlim_t most = now->limits[0].rlim_cur, had = kept->lowest < 0 ? most : (rlim_t)kept->lowest;

	if (now->lowest < 0)
		return kept->lowest >= 0;
	return most > had && (rlim_t)now->lowest >= had + (most - had) / 4 * 3;
}

const char *ways_changed(const struct ways *kept)
{
	struct ways now;

	ways_keep(&now);
	if (!same_limits(kept, &now))
		return "other resource limits";
	if (memcmp(kept->standard, now.standard, sizeof now.standard) != 0)
		return "other standard descriptors";
	if (memcmp(&kept->mask, &now.mask, sizeof now.mask) != 0)
		return "another signal mask";
	if (kept->cwd.st_dev != now.cwd.st_dev || kept->cwd.st_ino != now.cwd.st_ino)
		return "another working directory";
	if (kept->umask != now.umask)
		return "another umask";
	if (!kept->timer && now.timer)
		return "a running timer";
	return short_of_descriptors(kept, &now) ? "too many open descriptors" : NULL;
}
