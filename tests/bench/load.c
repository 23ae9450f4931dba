/* SPDX-License-Identifier: EUPL-1.2
 * A load generator: one thread, kept-alive connections with one request under way on each, requests that differ
 * in a few digits, so that it costs little beside what it loads. `load --help` says what it prints. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "base/mem.h"
#include "load_answer.h"
#include "load_request.h"

#define SECOND_US 1000000
#define PATIENCE_US (10 * SECOND_US)	/* for answers after the time is over */
#define TICK_NS 1000000			/* the shortest time between two looks at what is due: more of them cost more than requests */
#define EVENTS_MAX 1024
#define FINE 11				/* bits of a time in us that are kept */
#define BUCKETS ((32 - FINE + 2) << (FINE - 1))

struct conn {
	int fd;
	bool busy;
	uint64_t serial;		/* of its request */
	size_t sent;
	int64_t since_us;		/* when it was sent, or was due */
	struct answer answer;
	struct conn *next;		/* among the idle ones */
};

static struct {
	double seconds, rate;		/* rate 0: as fast as answers come */
	uint64_t count;
	unsigned connections;
	struct sockaddr_in to;
	char host[64];
} opt = { .seconds = 10, .connections = 64 };

static struct {
	struct request request;
	struct conn *conns, *idle;
	int epoll, timer;
	int64_t begin_us, end_us, last_us;
	uint64_t sent, answered, events, late, late_up_to, broken, by_class[6];
	unsigned busy, open;
	bool over;			/* nothing more is sent */
	uint32_t times[BUCKETS];
	int64_t longest_us;
} run;

static _Noreturn void PRINTF_LIKE(2, 3) leave(int status, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("load: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(status);
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * SECOND_US + t.tv_nsec / 1000;
}

/* Times: exact up to 2^FINE us, and then in steps of less than a thousandth. */

static unsigned bucket(uint64_t us)
{
	unsigned shift;

	if (us > UINT32_MAX)
		us = UINT32_MAX;
	if (us < 1u << FINE)
		return (unsigned)us;
	shift = 64 - FINE - (unsigned)__builtin_clzll(us);
	return (shift << (FINE - 1)) + (unsigned)(us >> shift);
}

static int64_t bucket_us(unsigned b)
{
	unsigned shift;

	if (b < 1u << FINE)
		return b;
	shift = (b >> (FINE - 1)) - 1;
	return (int64_t)(b - (shift << (FINE - 1))) << shift;
}

static void time_add(int64_t us)
{
	run.times[bucket((uint64_t)us)]++;
	if (us > run.longest_us)
		run.longest_us = us;
}

static double time_ms(double share)
{
	uint64_t n = 0, wanted = (uint64_t)((double)run.answered * share);

	for (unsigned b = 0; b < BUCKETS; b++) {
		n += run.times[b];
		if (n > wanted)
			return (double)bucket_us(b) / 1000;
	}
	return (double)run.longest_us / 1000;
}

static void conn_rest(struct conn *c)
{
	c->busy = false;
	c->next = run.idle;
	run.idle = c;
}

/* Opens it; false if that cannot be. */
static bool conn_open(struct conn *c)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c };
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return false;
	if (connect(c->fd, (struct sockaddr *)&opt.to, sizeof opt.to) < 0) {
		int why = errno;

		close(c->fd);
		errno = why;
		return false;
	}
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	if (epoll_ctl(run.epoll, EPOLL_CTL_ADD, c->fd, &event) < 0)
		leave(1, "epoll: %s", strerror(errno));
	return true;
}

/* Once more, after the server closed it or broke it off. One that cannot be opened again is given up. */
static void conn_again(struct conn *c)
{
	close(c->fd);
	if (conn_open(c)) {
		conn_rest(c);
		return;
	}
	c->fd = -1;
	c->busy = false;
	run.broken++;
	run.open--;
}

static void conn_push(struct conn *c)
{
	request_stamp(&run.request, c->serial);
	while (c->sent < run.request.len) {
		ssize_t n = send(c->fd, run.request.bytes + c->sent, run.request.len - c->sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;		/* there is no room, or an end that reading finds */
		c->sent += (size_t)n;
	}
}

static void conn_send(struct conn *c, int64_t since_us)
{
	c->busy = true;
	c->serial = run.sent * run.request.events;
	c->since_us = since_us;
	c->sent = 0;
	answer_begin(&c->answer);
	run.sent++;
	run.busy++;
	conn_push(c);
}

/* Sends what is due, as far as there are idle connections. */
static void send_due(int64_t now)
{
	while (!run.over && run.idle) {
		struct conn *c = run.idle;
		int64_t due = now;

		if (opt.rate > 0)
			due = run.begin_us + (int64_t)((double)run.sent / opt.rate * SECOND_US);
		if (due > now || due >= run.end_us)
			return;
		if (run.sent < run.late_up_to)
			run.late++;
		run.idle = c->next;
		conn_send(c, due);
		run.over = opt.count && run.sent == opt.count;
	}
	if (opt.rate > 0)
		run.late_up_to = (uint64_t)((double)(now - run.begin_us) / SECOND_US * opt.rate) + 1;
}

static void conn_done(struct conn *c)
{
	run.last_us = now_us();
	time_add(run.last_us - c->since_us);
	run.answered++;
	run.by_class[c->answer.status / 100 < 6 ? c->answer.status / 100 : 0]++;
	if (c->answer.status / 100 == 2)
		run.events += run.request.events;
	run.busy--;
	if (c->answer.closing)
		conn_again(c);
	else
		conn_rest(c);
	send_due(run.last_us);
}

static void conn_ready(struct conn *c, uint32_t events)
{
	if (c->fd < 0)
		return;
	if (c->busy && c->sent < run.request.len)
		conn_push(c);
	if (!(events & ~(uint32_t)EPOLLOUT))
		return;
	if (!c->busy) {
		struct conn **at = &run.idle;

		/* An idle connection was closed, which servers may do. */
		while (*at && *at != c)
			at = &(*at)->next;
		if (*at)
			*at = c->next;
		conn_again(c);
		return;
	}
	switch (answer_read(&c->answer, c->fd)) {
	case ANSWER_MORE:
		break;
	case ANSWER_WHOLE:
		conn_done(c);
		break;
	case ANSWER_BROKEN:
		run.broken++;
		run.busy--;
		conn_again(c);
		send_due(now_us());
	}
}

/* It shares the processors with what it loads, which it does not push aside: what wakes it here would not in a machine of its
 * own. */
static void work_in_batches(void)
{
#ifdef SCHED_BATCH
	const struct sched_param none = {0};

	sched_setscheduler(0, SCHED_BATCH, &none);
#endif
}

static void start_clock(void)
{
	int64_t ns = opt.rate > 0 ? (int64_t)(1e9 / opt.rate) : 0;
	struct itimerspec every = { { 0, 0 }, { 0, 0 } };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };

	run.begin_us = run.last_us = now_us();
	run.end_us = opt.count ? INT64_MAX : run.begin_us + (int64_t)(opt.seconds * SECOND_US);
	if (opt.rate <= 0)
		return;
	if (ns < TICK_NS)
		ns = TICK_NS;
	every.it_interval.tv_sec = every.it_value.tv_sec = ns / 1000000000;
	every.it_interval.tv_nsec = every.it_value.tv_nsec = ns % 1000000000;
	run.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (run.timer < 0 || timerfd_settime(run.timer, 0, &every, NULL) < 0 ||
	    epoll_ctl(run.epoll, EPOLL_CTL_ADD, run.timer, &event) < 0)
		leave(1, "timer: %s", strerror(errno));
}

static void look(int timeout_ms)
{
	static struct epoll_event events[EVENTS_MAX];
	int n = epoll_wait(run.epoll, events, EVENTS_MAX, timeout_ms);
	uint64_t ticks;

	for (int i = 0; i < n; i++) {
		if (events[i].data.ptr)
			conn_ready(events[i].data.ptr, events[i].events);
		else if (read(run.timer, &ticks, sizeof ticks) > 0)
			send_due(now_us());
	}
}

static void load(void)
{
	int64_t now;

	start_clock();
	send_due(run.begin_us);
	while (!run.over && run.open) {
		now = now_us();
		run.over = now >= run.end_us;
		if (!run.over)
			look(run.end_us - now > SECOND_US ? 1000 : (int)((run.end_us - now) / 1000) + 1);
	}
	for (now = now_us(); run.busy && now_us() - now < PATIENCE_US;)
		look(100);
}

static void report(void)
{
	double seconds = (double)(run.last_us - run.begin_us) / SECOND_US;
	struct rusage used;
	double cpu;

	getrusage(RUSAGE_SELF, &used);
	cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
	if (opt.rate > 0 && !opt.count && opt.rate * opt.seconds > (double)run.sent)
		run.late += (uint64_t)(opt.rate * opt.seconds) - run.sent;
	printf("requests=%llu events=%llu seconds=%.3f rate=%.1f events_rate=%.1f p50=%.3f p90=%.3f p99=%.3f max=%.3f late=%llu "
	       "status_1xx=%llu status_2xx=%llu status_3xx=%llu status_4xx=%llu status_5xx=%llu connection_errors=%llu "
	       "unanswered=%u cpu=%.3f\n",
	       (unsigned long long)run.answered, (unsigned long long)run.events, seconds,
	       seconds > 0 ? (double)run.answered / seconds : 0, seconds > 0 ? (double)run.events / seconds : 0,
	       time_ms(0.5), time_ms(0.9), time_ms(0.99), (double)run.longest_us / 1000, (unsigned long long)run.late,
	       (unsigned long long)(run.by_class[0] + run.by_class[1]), (unsigned long long)run.by_class[2],
	       (unsigned long long)run.by_class[3], (unsigned long long)run.by_class[4], (unsigned long long)run.by_class[5],
	       (unsigned long long)run.broken, run.busy, cpu);
}

static const char usage[] =
"Usage: load [OPTION]... http://ADDRESS:PORT/PATH\n"
"Sends events over kept-alive connections, each one a new event, and prints one line of NAME=VALUE.\n"
"\n"
"  --kind KIND        nrc (a notification, the default), structured, binary or batch (CloudEvents)\n"
"  --batch N          events in one request of kind batch (20)\n"
"  --size BYTES       of the body of an event, up to 32 MiB (about 600 with its attributes)\n"
"  --objects N        how many objects the events are about, up to 100000 (100000)\n"
"  --header LINE      one more header; may be repeated\n"
"  --connections N    (64)\n"
"  --seconds S        how long to send (10); what is under way then is waited for, up to 10 s\n"
"  --count N          send so many requests instead, however long it takes\n"
"  --rate R           send R requests a second, evenly, whether or not answers come; their times count from\n"
"                     when they were due. Without it, each connection sends when it has its answer.\n"
"\n"
"requests, rate: answers, and in a second. events, events_rate: the same of events answered with 2xx.\n"
"p50, p90, p99, max: milliseconds until the whole answer was there, of all answers.\n"
"late: requests that were due while all connections were in use, or never sent for that.\n"
"status_Nxx: answers by status. connection_errors: connections that could not be opened again, or ended before\n"
"their answer. unanswered: requests without an answer after the wait. cpu: seconds of processor time of load itself.\n"
"\n"
"Exit status: 0 if all was answered with 2xx, 1 if something was not, 2 after a wrong argument.\n";

static double number(const char *name, const char *text, double least, double most)
{
	char *end;
	double value = strtod(text, &end);

	if (*end || end == text || !(value >= least && value <= most))
		leave(2, "--%s takes a number from %g to %g, not '%s'", name, least, most, text);
	return value;
}

static void target(char *url, struct request_spec *spec)
{
	char *host = url + strlen("http://"), *path, *port;

	if (strncmp(url, "http://", strlen("http://")) != 0)
		leave(2, "'%s' does not begin with http://", url);
	path = strchr(host, '/');
	spec->path = path ? str_dup(path) : "/";
	if (path)
		*path = '\0';
	if (strlen(host) >= sizeof opt.host)
		leave(2, "'%s' is too long for an address and a port", host);
	spec->host = strcpy(opt.host, host);
	port = strchr(host, ':');
	opt.to.sin_family = AF_INET;
	opt.to.sin_port = htons(port ? (uint16_t)number("port", port + 1, 1, 65535) : 80);
	if (port)
		*port = '\0';
	if (inet_pton(AF_INET, host, &opt.to.sin_addr) != 1)
		leave(2, "'%s' is not an IPv4 address", host);
}

static const struct option options[] = {
	{ "kind", required_argument, NULL, 'k' }, { "batch", required_argument, NULL, 'b' },
	{ "size", required_argument, NULL, 's' }, { "objects", required_argument, NULL, 'o' },
	{ "header", required_argument, NULL, 'H' }, { "connections", required_argument, NULL, 'c' },
	{ "seconds", required_argument, NULL, 't' }, { "count", required_argument, NULL, 'n' },
	{ "rate", required_argument, NULL, 'r' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
};

static void take(int option, const char *name, struct request_spec *spec)
{
	switch (option) {
	case 'k': spec->kind = optarg; break;
	case 'b': spec->batch = (unsigned)number(name, optarg, 1, 1000); break;
	case 's': spec->size = (size_t)number(name, optarg, 1, 32 << 20); break;
	case 'o': spec->objects = (unsigned)number(name, optarg, 1, 100000); break;
	case 'H': spec->headers[spec->headers_n++] = optarg; break;
	case 'c': opt.connections = (unsigned)number(name, optarg, 1, 60000); break;
	case 't': opt.seconds = number(name, optarg, 0, 86400); break;
	case 'n': opt.count = (uint64_t)number(name, optarg, 1, 1e9); break;
	case 'r': opt.rate = number(name, optarg, 0.001, 1e7); break;
	case 'h': fputs(usage, stdout); exit(0);
	default: leave(2, "see load --help");
	}
}

static void arguments(int argc, char **argv)
{
	struct request_spec spec = { .kind = "nrc", .batch = 20, .objects = 100000 };
	int option, which = 0;

	spec.headers = mem_array((size_t)argc, sizeof *spec.headers);
	while ((option = getopt_long(argc, argv, "", options, &which)) != -1)
		take(option, options[which].name, &spec);
	if (argc - optind != 1)
		leave(2, "one address is needed, as http://127.0.0.1:8080/nrc; see load --help");
	target(argv[optind], &spec);
	if (request_make(&run.request, &spec) < 0)
		leave(2, "--kind takes nrc, structured, binary or batch, not '%s'", spec.kind);
}

int main(int argc, char **argv)
{
	struct rlimit files;

	arguments(argc, argv);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	run.epoll = epoll_create1(EPOLL_CLOEXEC);
	run.conns = mem_array(opt.connections, sizeof *run.conns);
	for (unsigned i = 0; i < opt.connections; i++) {
		if (!conn_open(&run.conns[i]))
			leave(1, "cannot connect to %s: %s", opt.host, strerror(errno));
		conn_rest(&run.conns[i]);
		run.open++;
	}
	work_in_batches();
	load();
	report();
	return run.answered && run.by_class[2] == run.answered && !run.broken && !run.busy ? 0 : 1;
}
