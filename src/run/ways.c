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

static bool has_timer(void)
{
	struct itimerval timer;

	return getitimer(ITIMER_REAL, &timer) == 0 && (timer.it_value.tv_sec || timer.it_value.tv_usec);
}

/* The standard descriptors, one that was free, the socket: one look at all of them. */
struct look {
	bool standard[3], free, ended;
};

/* Closed ones are POLLNVAL. */
static struct look look(int was_free, int sock)
{
	struct pollfd fds[] = { { 0, 0, 0 }, { 1, 0, 0 }, { 2, 0, 0 }, { was_free, 0, 0 }, { sock, POLLRDHUP, 0 } };
	struct look look = {0};

	if (poll(fds, sizeof fds / sizeof *fds, 0) < 0)
		return look;
	for (size_t i = 0; i < 3; i++)
		look.standard[i] = !(fds[i].revents & POLLNVAL);
	look.free = fds[3].revents & POLLNVAL;
	look.ended = fds[4].revents & (POLLRDHUP | POLLHUP | POLLERR);
	return look;
}

void ways_keep(struct ways *ways)
{
	struct look now = look(-1, -1);

	memset(ways, 0, sizeof *ways);
	look_at_limits(ways->limits);
	sigprocmask(SIG_SETMASK, NULL, &ways->mask);
	if (stat(".", &ways->cwd) < 0)
		memset(&ways->cwd, 0, sizeof ways->cwd);
	ways->umask = current_umask();
	memcpy(ways->standard, now.standard, sizeof ways->standard);
	ways->lowest = ways->free = lowest_free();
	ways->timer = has_timer();
}

static bool same_limits(const struct ways *kept)
{
	struct rlimit now[WAYS_LIMITS];

	memset(now, 0, sizeof now);
	look_at_limits(now);
	for (size_t i = 0; i < WAYS_LIMITS; i++)
		if (now[i].rlim_cur != kept->limits[i].rlim_cur || now[i].rlim_max != kept->limits[i].rlim_max)
			return false;
	return true;
}

static bool same_mask(const struct ways *kept)
{
	sigset_t now;

	memset(&now, 0, sizeof now);	/* as the other one was: not all of it may be filled */
	return sigprocmask(SIG_SETMASK, NULL, &now) == 0 && memcmp(&kept->mask, &now, sizeof now) == 0;
}

static bool same_cwd(const struct ways *kept)
{
	struct stat now;

	if (stat(".", &now) < 0)
		memset(&now, 0, sizeof now);
	return kept->cwd.st_dev == now.st_dev && kept->cwd.st_ino == now.st_ino;
}

/* It is looked for only when the one that was is in use now. */
static bool short_of_descriptors(struct ways *kept)
{
	rlim_t most = kept->limits[0].rlim_cur, had = kept->lowest < 0 ? most : (rlim_t)kept->lowest;

	kept->free = lowest_free();
	if (kept->free < 0)
		return kept->lowest >= 0;
	return most > had && (rlim_t)kept->free >= had + (most - had) / 4 * 3;
}

const char *ways_changed(struct ways *kept, int sock, bool *ended)
{
	struct look now = look(kept->free, sock);

	*ended = now.ended;
	if (!same_limits(kept))
		return "other resource limits";
	if (memcmp(kept->standard, now.standard, sizeof now.standard) != 0)
		return "other standard descriptors";
	if (!same_mask(kept))
		return "another signal mask";
	if (!same_cwd(kept))
		return "another working directory";
	if (umask(kept->umask) != kept->umask)
		return "another umask";
	if (!kept->timer && has_timer())
		return "a running timer";
	return !now.free && short_of_descriptors(kept) ? "too many open descriptors" : NULL;
}
