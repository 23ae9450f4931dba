/* SPDX-License-Identifier: EUPL-1.2
 * postvak-keys: the one process of Postvak that asks others over the network, so that nobody who takes requests does:
 * it fetches the keys of issuers, and brings them receivers' questions about tokens. Started by the boss. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "base/child.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "base/sock.h"
#include "keys/door.h"
#include "keys/keeper.h"
#include "keys/questions.h"

#define PROGRAM "postvak-keys"
#define LEAVE_MS (ERRAND_TOTAL_MS + 1000)	/* for answers that are owed */
#define LONGEST_MS 60000

enum { FD_SIGNALS, FD_CONTROL, FD_DOOR };	/* where they stand among what is polled */

struct office {
	struct conf *conf;
	struct http_crowd *crowd;
	struct keeper **keepers;
	size_t n_keepers;
	struct questions *questions;
	struct door *door;
	int signals;
	bool gone;			/* the boss */
	bool leaving;
	int64_t leave_by_ms;
};

static int catch_signals(void)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	must(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		die("cannot listen to signals: %s", strerror(errno));
	return fd;
}

/* ---- what others want ---- */

static void leave(struct office *o)
{
	if (o->leaving)
		return;
	o->leaving = true;
	o->leave_by_ms = clock_mono_ms() + LEAVE_MS;
	door_drain(o->door);
}

static void want_keys(struct office *o, struct span issuer)
{
	for (size_t i = 0; i < o->n_keepers; i++) {
		const char *name = keeper_issuer(o->keepers[i])->name;

		if (strlen(name) == issuer.len && memcmp(name, issuer.p, issuer.len) == 0)
			keeper_want(o->keepers[i], clock_mono_ms());
	}
}

static void hear_asker(void *arg, uint64_t asker, const struct ask *ask)
{
	struct office *o = arg;

	if (ask->kind == ASK_KEYS)
		want_keys(o, ask->issuer);
	else
		questions_ask(o->questions, asker, ask, clock_mono_ms());
}

static void answer_asker(void *arg, uint64_t asker, const struct ask_answer *answer)
{
	struct office *o = arg;

	door_answer(o->door, asker, answer);
}

static void hear_boss(struct office *o)
{
	char word[16];
	int fd;
	ssize_t n = sock_receive(CHILD_CONTROL_FD, word, sizeof word, &fd);

	if (fd >= 0)
		close(fd);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	o->gone = n <= 0;
	if (o->gone || ((size_t)n == strlen(CHILD_DRAIN) && memcmp(word, CHILD_DRAIN, (size_t)n) == 0))
		leave(o);
}

static void hear_signal(struct office *o)
{
	struct signalfd_siginfo info;

	if (read(o->signals, &info, sizeof info) == (ssize_t)sizeof info)
		leave(o);
}

/* ---- working ---- */

static int patience(const struct office *o)
{
	int64_t now_ms = clock_mono_ms(), due_ms = now_ms + LONGEST_MS;

	for (size_t i = 0; i < o->n_keepers && !o->leaving; i++)
		if (keeper_due(o->keepers[i]) < due_ms)
			due_ms = keeper_due(o->keepers[i]);
	if (questions_due(o->questions) < due_ms)
		due_ms = questions_due(o->questions);
	if (o->leaving && o->leave_by_ms < due_ms)
		due_ms = o->leave_by_ms;
	return due_ms > now_ms ? (int)(due_ms - now_ms) : 0;
}

static void work(struct office *o)
{
	for (;;) {
		struct pollfd fds[FD_DOOR + DOOR_FDS] = {
			[FD_SIGNALS] = { .fd = o->signals, .events = POLLIN },
			[FD_CONTROL] = { .fd = o->gone ? o->signals : CHILD_CONTROL_FD, .events = POLLIN },
		};
		size_t n = door_fds(o->door, fds + FD_DOOR);

		if (o->leaving && (door_empty(o->door) || clock_mono_ms() >= o->leave_by_ms))
			return;
		http_crowd_wait(o->crowd, fds, FD_DOOR + n, patience(o));
		if (fds[FD_SIGNALS].revents)
			hear_signal(o);
		if (fds[FD_CONTROL].revents && !o->gone)
			hear_boss(o);
		door_work(o->door, fds + FD_DOOR, n);
		errands_end(o->crowd, clock_mono_ms());
		questions_tick(o->questions, clock_mono_ms());
		for (size_t i = 0; i < o->n_keepers && !o->leaving; i++)
			keeper_tick(o->keepers[i], clock_mono_ms());
	}
}

static void open_office(struct office *o)
{
	struct err err;

	if (shelf_make(o->conf, &err) < 0)
		die("%s", err.text);
	o->signals = catch_signals();
	o->crowd = http_crowd_new();
	o->questions = questions_new(o->conf, o->crowd, answer_asker, o);
	o->door = door_new(CHILD_LISTEN_FD, hear_asker, o);
	o->keepers = mem_array(o->conf->n_issuers, sizeof(struct keeper *));
	for (size_t i = 0; i < o->conf->n_issuers; i++) {
		const struct conf_issuer *issuer = &o->conf->issuers[i];

		if (conf_issuer_fetches(issuer) && !issuer->introspection)
			o->keepers[o->n_keepers++] = keeper_new(o->conf, issuer, o->crowd, clock_mono_ms());
	}
}

static void close_office(struct office *o)
{
	http_crowd_free(&o->crowd);
	for (size_t i = 0; i < o->n_keepers; i++)
		keeper_free(&o->keepers[i]);
	free(o->keepers);
	questions_free(&o->questions);
	door_free(&o->door);
	close(o->signals);
	conf_free(&o->conf);
}

int main(void)
{
	const char *boss = getenv("POSTVAK_BOSS");
	struct office office = {0};

	log_open(PROGRAM, LOG_INFO_);
	die_without_core();
	if (!boss || strcmp(boss, "1") != 0)
		die("is started by `postvak serve`; by hand: postvak keys fetch");
	office.conf = conf_of_boss();
	log_open(PROGRAM, (enum log_level)office.conf->log_level);
	if (fcntl(CHILD_CONTROL_FD, F_SETFD, FD_CLOEXEC) < 0 || fd_nonblock(CHILD_LISTEN_FD, true) < 0)
		die("the boss passed no control or listening socket: %s", strerror(errno));
	if (!http_library())
		log_error("this postvak was built without libcurl: no keys can be fetched, and nobody asked about tokens");
	open_office(&office);
	if (sock_send(CHILD_CONTROL_FD, CHILD_READY, strlen(CHILD_READY), -1) < 0)
		log_warn("the boss is gone");
	work(&office);
	close_office(&office);
	return EXIT_SUCCESS;
}
