/* SPDX-License-Identifier: EUPL-1.2
 * postvak-dispatch: sorts the log, hands events to runners, settles outcomes. Started by the boss, or
 * as `postvak-dispatch --drain` where there is none: works until nothing is due, and leaves. */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/child.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/sock.h"
#include "dispatch/loop.h"

#define RUNNER PKGLIBEXECDIR "/postvak-runner"
#define LOCK_STEP_MS 50
#define LOCK_SAY_MS 1000		/* longer than a dispatcher that has nothing in hand takes to leave */
#define LOCK_EXTRA_MS 10000	/* beyond the time that the one before us has to drain */

static struct conf *conf_from_file(void)
{
	struct problems problems = { .pool = pool_new() };
	struct conf *conf;
	struct err err = {{0}};

	if (conf_load(conf_path(NULL), &conf, &problems) < 0) {
		problems_log(&problems);
		exit(EXIT_FAILURE);
	}
	pool_free(&problems.pool);
	if (conf_make_dirs(conf, &err) < 0)
		die("%s", err.text);
	return conf;
}

static int open_signals(void)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	must(sigprocmask(SIG_SETMASK, &set, NULL) == 0);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		die("cannot listen to signals: %s", strerror(errno));
	return fd;
}

/* Is there word from the boss (to leave, or that it is gone), or a signal? */
static bool called(const int *fds, size_t n)
{
	struct pollfd v[2];

	for (size_t i = 0; i < n; i++)
		v[i] = (struct pollfd){ fds[i], POLLIN, 0 };
	return poll(v, (nfds_t)n, 0) > 0;
}

/* The dispatcher before us has its time to drain. False: we are not wanted any more. */
static bool wait_for_lock(struct lock *lock, const struct conf *conf, int signals)
{
	int fds[] = { CHILD_CONTROL_FD, signals };
	int64_t start = clock_mono_ms(), until = start + conf->drain_ms + LOCK_EXTRA_MS;
	struct err err = {{0}};
	bool told = false;
	int rc;

	while ((rc = lock_take(lock, LOCK_STEP_MS, &err)) == 1 && clock_mono_ms() < until) {
		if (called(fds, 2))
			return false;
		if (!told && clock_mono_ms() - start > LOCK_SAY_MS) {
			log_warn("waiting for another dispatcher, which holds %s.lock", lock->path);
			told = true;
		}
	}
	if (rc < 0)
		die("%s", err.text);
	if (rc == 1)
		die("another dispatcher holds %s.lock; it works for the same state_dir, or does not end: stop it"
		    " (fuser %s.lock tells its pid)", lock->path, lock->path);
	return true;
}

static void open_lock(struct lock *lock, const struct conf *conf)
{
	char *path = str_fmt("%s/%s", conf->state_dir, STATE_DISPATCH);
	struct err err = {{0}};

	if (lock_open(lock, path, false, conf->group, &err) < 0)
		die("%s", err.text);
	free(path);
}

static struct store *open_store(const struct conf *conf)
{
	struct store_setup setup = store_setup_for(conf);
	struct store *store;
	struct err err = {{0}};

	if (store_open(&setup, STORE_LOG | STORE_DESK, &store, &err) < 0)
		die("%s", err.text);
	return store;
}

static int run(struct loop_setup *setup)
{
	struct err err = {{0}};
	struct store *store = open_store(setup->conf);
	int rc;

	setup->store = store;
	rc = loop_run(setup, &err);
	store_close(&store);
	if (rc < 0)
		die("%s", err.text);
	return rc;
}

static int serve(void)
{
	struct conf *conf = conf_of_boss();
	struct loop_setup setup = { .conf = conf, .runner = RUNNER, .control = CHILD_CONTROL_FD, .bell = CHILD_BELL_FD };
	struct lock lock;
	int rc = 0;

	log_open("postvak-dispatch", (enum log_level)conf->log_level);
	if (fcntl(CHILD_CONTROL_FD, F_SETFD, FD_CLOEXEC) < 0 || fcntl(CHILD_BELL_FD, F_SETFD, FD_CLOEXEC) < 0)
		die("the boss passed no control or doorbell: %s", strerror(errno));
	setup.signals = open_signals();
	open_lock(&lock, conf);
	if (wait_for_lock(&lock, conf, setup.signals))
		rc = run(&setup);
	lock_close(&lock);
	conf_free(&conf);
	return rc;
}

/* ---- without a boss ---- */

static bool boss_runs(const struct conf *conf)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char *path = str_fmt("%s/%s", conf->run_dir, RUN_BOSS);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool yes = fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;

	if (fd >= 0)
		close(fd);
	free(path);
	return yes;
}

static int open_bell(const struct conf *conf)
{
	char *path = str_fmt("%s/%s", conf->run_dir, RUN_BELL);
	struct err err = {{0}};
	int bell = boss_runs(conf) ? -1 : bell_open(path, conf->group, &err);

	if (bell < 0 && err.text[0])
		log_warn("no doorbell: %s; looking every second", err.text);
	free(path);
	return bell;
}

/* What was appended, or asked, between the last look and the release of the lock: who did that may
 * have found the lock taken and gone away. *seen: the newest number at the look before; what could not be sorted since
 * is not there. */
static bool came_late(const struct conf *conf, uint64_t *seen)
{
	struct store *store = open_store(conf);
	struct pool *pool = pool_new();
	struct request *request = NULL;
	uint64_t last = 0, sorted = 0;
	struct err err = {{0}};
	bool late;

	if (store_last(store, &last, &err) < 0 || store_sorted(store, &sorted, &err) < 0 ||
	    store_request_next(store, 0, pool, &request, &err) < 0)
		log_warn("cannot look once more: %s", err.text);
	pool_free(&pool);
	store_close(&store);
	late = (last > sorted && last > *seen) || request;
	*seen = last;
	return late;
}

static int drain(void)
{
	struct conf *conf = conf_from_file();
	int signals = open_signals(), bell = -1, rc = 0;
	uint64_t seen = 0;
	struct lock lock;
	struct err err = {{0}};

	log_open("postvak-dispatch", (enum log_level)conf->log_level);
	open_lock(&lock, conf);
	do {
		struct loop_setup setup = { .conf = conf, .runner = RUNNER, .control = -1, .signals = signals, .drain = true };
		int taken = lock_take(&lock, 0, &err);

		if (taken < 0)
			die("%s", err.text);
		if (taken == 1) {
			log_info("another dispatcher works already");
			break;
		}
		if (bell < 0)
			bell = open_bell(conf);
		setup.bell = bell;
		rc = run(&setup);
		lock_release(&lock);
	} while (rc == 0 && !called(&signals, 1) && came_late(conf, &seen));
	if (bell >= 0)
		close(bell);
	lock_close(&lock);
	conf_free(&conf);
	return rc;
}

int main(int argc, char **argv)
{
	const char *boss = getenv("POSTVAK_BOSS");

	log_open("postvak-dispatch", LOG_INFO_);
	/* Intake comes first. A refusal changes nothing but manners. */
	errno = 0;
	if (nice(5) == -1 && errno)
		log_debug("cannot lower the priority: %s", strerror(errno));
	if (argc == 2 && strcmp(argv[1], "--drain") == 0)
		return drain();
	if (argc == 1 && boss && strcmp(boss, "1") == 0)
		return serve();
	die("is started by `postvak serve`; by hand: postvak drain");
}
