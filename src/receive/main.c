/* SPDX-License-Identifier: EUPL-1.2
 * postvak.fcgi: the receiver. Under a boss, under a web server that starts it (a listening socket on
 * descriptor 0), or for one CGI request. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/child.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "base/sock.h"
#include "receive/cgi.h"
#include "receive/grants.h"
#include "receive/intake.h"
#include "receive/upkeep.h"

#define PROGRAM "postvak.fcgi"

extern char **environ;

struct warden {			/* who may send, and what that takes */
	struct trust *trust;
	struct rates *rates;
	struct grants *grants;
};

struct receiver {
	struct conf *conf;
	bool boss;
	struct intake intake;
	struct upkeep *upkeep;
	struct warden warden;
	struct board *board;
	struct gate *gate;
	int signals, take;
	char *generation_path;
	long long generation;		/* at the start; -1: unknown */
	bool draining;
	int64_t drain_by_ms;
};

/* ---- the configuration ---- */

static struct conf *conf_of_file(void)
{
	struct problems problems = { .pool = pool_new() };
	struct conf *conf = NULL;
	struct err err = {{0}};

	if (conf_load(conf_path(NULL), &conf, &problems) == 0)
		trust_check(conf, &problems);
	if (problems.n) {
		problems_log(&problems);
		conf_free(&conf);
	}
	pool_free(&problems.pool);
	if (conf && conf_make_dirs(conf, &err) < 0)
		log_error("%s", err.text);
	return conf;
}

static struct board *open_board(const struct conf *conf)
{
	char *path = str_fmt("%s/" RUN_BOARD, conf->run_dir);
	struct err err = {{0}};
	struct board *board = board_open(path, conf->group, &err);

	if (!board) {
		log_warn("counters are kept in this process only: %s", err.text);
		board = board_private();
	}
	free(path);
	return board;
}

static struct rates *open_rates(const struct conf *conf)
{
	char *path = str_fmt("%s/" RUN_RATES, conf->run_dir);
	struct err err = {{0}};
	struct rates *rates = rates_open(path, conf->group, &err);

	if (!rates) {
		log_warn("rates are counted in this process only: %s", err.text);
		rates = rates_private();
	}
	free(path);
	return rates;
}

static struct warden open_warden(const struct conf *conf, bool cgi)
{
	struct warden w = { trust_new(conf), open_rates(conf), grants_new(conf, cgi) };

	return w;
}

static void consult(const struct warden *w, trust_wanted *wanted, void *arg)
{
	trust_consult(w->trust, &(struct trust_outside){ .rates = w->rates, .granted = grants_find, .granted_arg = w->grants,
							 .wanted = wanted, .wanted_arg = arg });
}

static void close_warden(struct warden *w)
{
	trust_free(&w->trust);
	rates_close(&w->rates);
	grants_free(&w->grants);
}

/* ---- draining ---- */

static void drain(struct receiver *r, int give_fd)
{
	if (!r->draining) {
		r->draining = true;
		r->drain_by_ms = clock_mono_ms() + r->conf->drain_ms;
		waiting_hasten(r->intake.waiting);
	}
	gate_drain(r->gate, give_fd);
}

static long long read_generation(const struct receiver *r)
{
	char *text = file_read(r->generation_path, 64, NULL, NULL);
	long long n = text ? strtoll(text, NULL, 10) : -1;

	free(text);
	return n;
}

/* Without a boss nobody says that there is a new configuration: this process leaves, and the web server
 * starts another. */
static void check_generation(struct receiver *r)
{
	long long now;

	if (r->boss || r->draining)
		return;
	now = read_generation(r);
	if (now < 0 || now == r->generation)
		return;
	log_info("there is a new configuration (generation %lld): leaving", now);
	drain(r, -1);
}

/* ---- what the boss and signals say ---- */

static void take_from(struct receiver *r, int fd)
{
	if (r->take >= 0)
		close(r->take);
	r->take = fd;
}

static bool is_word(const char *word, const char *got, ssize_t n)
{
	return (size_t)n == strlen(word) && memcmp(word, got, (size_t)n) == 0;
}

static void hear_boss(struct receiver *r, bool *gone)
{
	char word[16];
	int fd;
	ssize_t n = sock_receive(CHILD_CONTROL_FD, word, sizeof word, &fd);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		*gone = true;
		drain(r, -1);
	} else if (is_word(CHILD_GIVE, word, n) && fd >= 0) {
		drain(r, fd);
		fd = -1;
	} else if (is_word(CHILD_DRAIN, word, n)) {
		drain(r, -1);
	} else if (is_word(CHILD_TAKE, word, n) && fd >= 0) {
		take_from(r, fd);
		fd = -1;
	}
	if (fd >= 0)
		close(fd);
}

static void take_connection(struct receiver *r)
{
	char byte;
	int fd;
	ssize_t n = sock_receive(r->take, &byte, 1, &fd);

	if (fd >= 0)
		gate_adopt(r->gate, fd);
	else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		take_from(r, -1);
}

static void hear_signal(struct receiver *r)
{
	struct signalfd_siginfo info;

	if (read(r->signals, &info, sizeof info) == (ssize_t)sizeof info)
		drain(r, -1);
}

/* ---- keeping ---- */

static void keep(struct receiver *r)
{
	bool gone = !r->boss;

	for (;;) {
		int wait_ms = gate_keep(r->gate);
		struct pollfd fds[] = {
			{ .fd = r->signals, .events = POLLIN },
			{ .fd = gate_fd(r->gate), .events = POLLIN },
			{ .fd = gone ? -1 : CHILD_CONTROL_FD, .events = POLLIN },
			{ .fd = r->take, .events = POLLIN },
		};

		if (r->draining) {
			int64_t left = r->drain_by_ms - clock_mono_ms();

			if (gate_connections(r->gate) == 0 || left <= 0)
				return;
			wait_ms = left < wait_ms ? (int)left : wait_ms;
		}
		if (poll(fds, sizeof fds / sizeof *fds, wait_ms) < 0 && errno != EINTR)
			die("cannot wait: poll failed");
		if (fds[0].revents)
			hear_signal(r);
		if (fds[2].revents)
			hear_boss(r, &gone);
		if (fds[3].revents)
			take_connection(r);
		check_generation(r);
	}
}

/* The signals come through a descriptor; whatever handlers stand for them are never called. */
static int catch_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void open_gate(struct receiver *r)
{
	struct gate_setup setup = {
		.listen_fd = CHILD_LISTEN_FD,
		.threads = r->conf->threads,
		.body_max = r->conf->body_max,
		.spool_max = (size_t)r->conf->threads_max * (r->conf->body_max + (256u << 10)),
		.read_timeout_ms = r->conf->read_timeout_ms,
		.serve = intake_serve,
		.finish = intake_finish,
		.arg = &r->intake,
		.board = r->board,
		.server = peer_rule(!r->boss || !*r->conf->group, r->conf->group),
	};
	struct err err = {{0}};

	if (fd_nonblock(CHILD_LISTEN_FD, true) < 0)
		die("descriptor 0 cannot be made nonblocking");
	r->gate = gate_open(&setup, &err);
	if (!r->gate)
		die("the receiver cannot start: %s", err.text);
}

static void start_threads(struct receiver *r)
{
	const struct conf *conf = r->conf;
	/* mod_fcgid waits for one answer before it sends the next request: held back, it would hold up all others. */
	struct waiting_setup setup = { .conf = conf, .told = intake_told, .ready = intake_ready, .arg = &r->intake,
				       .never_hold = !r->boss };
	struct err err = {{0}};

	r->intake = (struct intake){ .conf = conf, .trust = r->warden.trust, .board = r->board };
	r->intake.committer = committer_start(conf, r->board, &err);
	if (!r->intake.committer)
		die("%s", err.text);
	r->intake.clerk = clerk_new(conf, r->board);
	r->intake.waiting = waiting_start(&setup, &err);
	if (!r->intake.waiting)
		die("%s", err.text);
	r->upkeep = upkeep_start(conf, &err);
	if (!r->upkeep)
		die("%s", err.text);
}

/* What wakes a thread here, a request or a finished write, does not push aside who runs: the web server, which brings
 * the next requests meanwhile, or a thread of ours. So groups are larger, and less is switched. An idle processor
 * takes it at once. A refusal changes nothing but the speed. */
static void work_in_batches(void)
{
#ifdef SCHED_BATCH
	const struct sched_param none = {0};

	if (sched_setscheduler(0, SCHED_BATCH, &none) < 0)
		log_debug("cannot be scheduled as batch work: %s", strerror(errno));
#endif
}

static int serve(struct conf *conf, bool boss)
{
	struct receiver r = { .conf = conf, .boss = boss, .signals = catch_signals(), .take = -1 };

	work_in_batches();
	r.generation_path = str_fmt("%s/" RUN_GENERATION, conf->run_dir);
	r.generation = read_generation(&r);
	r.board = open_board(conf);
	r.warden = open_warden(conf, false);
	start_threads(&r);
	consult(&r.warden, waiting_wanted, r.intake.waiting);
	open_gate(&r);
	if (boss && sock_send(CHILD_CONTROL_FD, CHILD_READY, strlen(CHILD_READY), -1) < 0)
		log_warn("the boss is gone");
	keep(&r);
	upkeep_stop(&r.upkeep);
	waiting_end(r.intake.waiting);		/* these answer through the gate, whose threads may still bring them more */
	committer_end(r.intake.committer);
	clerk_end(r.intake.clerk);
	gate_close(&r.gate);
	waiting_stop(&r.intake.waiting);
	committer_stop(&r.intake.committer);
	clerk_free(&r.intake.clerk);
	take_from(&r, -1);
	close(r.signals);
	close_warden(&r.warden);
	board_close(&r.board);
	free(r.generation_path);
	conf_free(&r.conf);
	return EXIT_SUCCESS;
}

static bool is_listening(int fd)
{
	int yes = 0;
	socklen_t len = sizeof yes;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &len) == 0 && yes;
}

static int serve_cgi(struct conf *conf)
{
	struct board *board = conf ? open_board(conf) : board_private();
	struct warden warden = {0};
	struct asker *asker = NULL;
	int rc;

	if (conf) {
		warden = open_warden(conf, true);
		asker = asker_new(conf);
		consult(&warden, asker_want, asker);
	}
	rc = cgi_run(conf, &(struct cgi_house){ warden.trust, asker, board }, environ);
	close_warden(&warden);
	asker_free(&asker);
	board_close(&board);
	conf_free(&conf);
	return rc;
}

int main(void)
{
	const char *word = getenv("POSTVAK_BOSS");
	bool boss = word && strcmp(word, "1") == 0;
	struct conf *conf;

	log_open(PROGRAM, LOG_INFO_);
	die_without_core();
	if (!boss && !is_listening(CHILD_LISTEN_FD) && !getenv("GATEWAY_INTERFACE"))
		die("this program is started by `postvak serve` or by a web server: descriptor 0 has to be a listening "
		    "socket (FastCGI), or the environment that of a CGI program");
	conf = boss ? conf_of_boss() : conf_of_file();
	if (conf)
		log_open(PROGRAM, (enum log_level)conf->log_level);
	if (!boss && !is_listening(CHILD_LISTEN_FD))
		return serve_cgi(conf);
	return conf ? serve(conf, boss) : EXIT_FAILURE;
}
