/* SPDX-License-Identifier: EUPL-1.2
 * `postvak serve`: start, the loop over signals and children, and the end. */
#include "boss/phase.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "base/mem.h"
#include "trust/trust.h"

/* Descriptors that whoever started us left open stay ours; the standard ones must be there, or a
 * socket would take their numbers. */
static void tidy_descriptors(void)
{
	DIR *dir;
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd < 3);
	close(fd);
	dir = opendir("/proc/self/fd");
	for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
		fd = atoi(entry->d_name);
		if (fd > 2)
			fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
	if (dir)
		closedir(dir);
}

/* The signals come through a descriptor; dispositions are reset, since an ignored SIGCHLD (it is
 * inherited) would reap the children behind our back. */
static int take_signals(struct err *err)
{
	static const int wanted[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		sigaddset(&set, wanted[i]);
		signal(wanted[i], SIG_DFL);
	}
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_sys(err, "cannot take signals") : fd;
}

static void reap(struct boss *boss, int64_t now_ms)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == boss->checker)
			reload_checked(boss, status, now_ms);
		else if (!crew_died(boss->now, pid, status, now_ms) && !crew_died(boss->next, pid, status, now_ms))
			crew_died(boss->old, pid, status, now_ms);
	}
}

static void hear_signals(struct boss *boss, int fd, int64_t now_ms)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
		switch (info.ssi_signo) {
		case SIGHUP:
			boss->hangup = true;
			break;
		case SIGCHLD:
			reap(boss, now_ms);
			break;
		default:
			boss_stop(boss, now_ms);
			break;
		}
}

struct listening {		/* what one poll waits for: signals, then seats */
	struct pollfd *fds;
	struct seat **seats;
	size_t n;
};

static void add_crew(struct listening *all, struct crew *crew)
{
	if (!crew)
		return;
	all->fds = mem_grow(all->fds, all->n + crew->n, sizeof *all->fds);
	all->seats = mem_grow(all->seats, all->n + crew->n, sizeof(struct seat *));
	for (size_t i = 0; i < crew->n; i++) {
		all->fds[all->n] = (struct pollfd){ .fd = crew->seats[i].control, .events = POLLIN };
		all->seats[all->n++] = &crew->seats[i];
	}
}

static int64_t earliest(const struct boss *boss)
{
	const struct crew *crews[] = { boss->now, boss->next, boss->old };
	int64_t due_ms = boss->until_ms;

	for (size_t i = 0; i < 3; i++)
		if (crew_due(crews[i]) < due_ms)
			due_ms = crew_due(crews[i]);
	return due_ms;
}

static int timeout(int64_t due_ms, int64_t now_ms)
{
	if (due_ms <= now_ms)
		return 0;
	return due_ms - now_ms > 3600000 ? -1 : (int)(due_ms - now_ms);
}

/* Words are heard before signals: a child that says "ready" and dies was ready. */
static void wait_for_news(struct boss *boss, int signals)
{
	struct listening all = { mem_alloc(sizeof(struct pollfd)), mem_alloc(sizeof(struct seat *)), 1 };
	int64_t now_ms;

	all.fds[0] = (struct pollfd){ .fd = signals, .events = POLLIN };
	add_crew(&all, boss->now);
	add_crew(&all, boss->next);
	add_crew(&all, boss->old);
	if (poll(all.fds, (nfds_t)all.n, timeout(earliest(boss), clock_mono_ms())) < 0)
		must(errno == EINTR || errno == ENOMEM);
	else {
		now_ms = clock_mono_ms();
		for (size_t i = 1; i < all.n; i++)
			if (all.fds[i].revents)
				seat_hear(all.seats[i], now_ms);
		if (all.fds[0].revents)
			hear_signals(boss, signals, now_ms);
	}
	free(all.fds);
	free(all.seats);
}

static void loop(struct boss *boss, int signals)
{
	for (;;) {
		int64_t now_ms = clock_mono_ms();

		boss_step(boss, now_ms);
		if (boss->phase == GONE)
			return;
		crew_tick(boss->now, &boss->house.doors, now_ms);
		crew_tick(boss->next, &boss->house.doors, now_ms);
		crew_tick(boss->old, &boss->house.doors, now_ms);
		wait_for_news(boss, signals);
	}
}

static void print_problems(const struct problems *problems)
{
	for (size_t i = 0; i < problems->n; i++) {
		const struct problem *problem = &problems->v[i];

		if (problem->line)
			fprintf(stderr, "%s:%d: %s\n", problem->file, problem->line, problem->text);
		else
			fprintf(stderr, "%s: %s\n", problem->file, problem->text);
	}
}

static struct conf *load_first(const char *conf_file)
{
	struct problems problems = { .pool = pool_new() };
	struct conf *conf = NULL;

	if (conf_load_probed(conf_file, trust_check, &conf, &problems) < 0)
		print_problems(&problems);
	pool_free(&problems.pool);
	return conf;
}

static int serve(struct boss *boss, struct conf *take_conf, struct err *err)
{
	int rc = house_open(&boss->house, take_conf, err), signals = -1;

	take_conf->generation = boss->generation = house_published(&boss->house) + 1;
	boss->now = crew_new(take_conf, boss->programs);
	if (rc == 0)
		signals = take_signals(err);
	if (signals >= 0) {
		loop(boss, signals);
		close(signals);
	}
	house_close(&boss->house);
	crew_free(&boss->now);
	crew_free(&boss->next);
	crew_free(&boss->old);
	return signals < 0 ? -1 : 0;
}

int boss_serve_with(const char *conf_file, const struct boss_programs *programs)
{
	struct boss boss = { .conf_file = conf_file, .programs = programs, .phase = STARTING, .until_ms = SEAT_NEVER };
	struct conf *conf;
	struct err err;

	tidy_descriptors();
	conf = load_first(conf_file);
	if (!conf)
		return 2;
	log_open("postvak", (enum log_level)conf->log_level);
	if (serve(&boss, conf, &err) < 0) {
		log_error("%s", err.text);
		return 1;
	}
	log_info("stopped");
	return 0;
}

int boss_serve(const char *conf_file)
{
	static const struct boss_programs installed = {
		.receiver = PKGLIBEXECDIR "/postvak.fcgi",
		.dispatcher = PKGLIBEXECDIR "/postvak-dispatch",
		.keys = PKGLIBEXECDIR "/postvak-keys",
		.check = BINDIR "/postvak",
	};

	return boss_serve_with(conf_file, &installed);
}
