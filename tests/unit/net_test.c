/* SPDX-License-Identifier: EUPL-1.2
 * HTTP outwards, to a server of a few lines on this machine. */
#include "config.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/mem.h"
#include "net/http.h"

static char base[64];		/* "http://127.0.0.1:PORT" */
static pid_t server;

static const struct http_rules rules = { .direct = true, .connect_ms = 20000, .total_ms = 20000, .answer_max = 1000 };

/* ---- a server: the path says how it answers ---- */

static void say(int peer, const char *text)
{
	if (write(peer, text, strlen(text)) < 0)
		_exit(1);
}

static void answer(int peer, const char *request, size_t body_len)
{
	char text[2000];

	if (strstr(request, " /slow"))
		return;
	if (strstr(request, " /soon"))
		poll(NULL, 0, 5);
	if (strstr(request, " /moved")) {
		say(peer, "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n");
	} else if (strstr(request, " /long")) {
		snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n%01001d", 0);
		say(peer, text);
	} else if (strstr(request, " /head")) {
		say(peer, "HTTP/1.1 200 OK\r\n");
		for (size_t i = 0; i < 70; i++) {
			snprintf(text, sizeof text, "X: %01000d\r\n", 0);
			if (send(peer, text, strlen(text), MSG_NOSIGNAL) < 0)
				return;
		}
	} else {
		snprintf(text, sizeof text, "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 Fine\r\nETag:  \"a\" \r\nCache-Control: a\r\n"
			 "cache-control: max-age=5\r\nX-Empty:\r\nContent-Length: 20\r\n\r\n%.4s %5zu %9.9s", request, body_len,
			 strstr(request, "X-Mark: ") ? strstr(request, "X-Mark: ") + 8 : "-");
		say(peer, text);
	}
}

static void converse(int peer)
{
	char text[8000] = "";
	size_t len = 0, body;
	const char *end, *length;

	for (;;) {
		ssize_t n = read(peer, text + len, sizeof text - 1 - len);

		if (n <= 0)
			_exit(0);
		len += (size_t)n;
		text[len] = '\0';
		end = strstr(text, "\r\n\r\n");
		length = strstr(text, "Content-Length: ");
		body = end ? len - (size_t)(end + 4 - text) : 0;
		if (!end || (length && body < strtoul(length + 16, NULL, 10)))
			continue;
		answer(peer, text, body);
		len = 0;
	}
}

static void serve(int listener)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int peer = accept(listener, NULL, NULL);

		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			converse(peer);
		}
		close(peer);
	}
}

static void start_server(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(listen(listener, 20), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	snprintf(base, sizeof base, "http://127.0.0.1:%d", ntohs(address.sin_port));
	server = fork();
	if (server == 0)
		serve(listener);
	close(listener);
}

static void stop_server(void)
{
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
}

/* ---- a name server that does not answer for a while ---- */

static atomic_bool found;

__attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
						       struct addrinfo **out)
{
	(void)node;
	(void)service;
	(void)hints;
	*out = NULL;
	while (!atomic_load(&found))
		poll(NULL, 0, 1);
	return EAI_NONAME;
}

/* ---- one at a time ---- */

static char *url(const char *path)
{
	static char text[128];

	snprintf(text, sizeof text, "%s%s", base, path);
	return text;
}

static int ask(const struct http_rules *with, const char *where, const char *body, struct http_answer *out, struct err *err)
{
	static const char *const headers[] = { "X-Mark: as-asked" };
	struct http *http = http_new(with, err);
	struct http_request request = { where, headers, 1, body, body ? strlen(body) : 0, NULL };
	int rc;

	ck_assert_ptr_nonnull(http);
	rc = http_send(http, &request, out, err);
	http_free(&http);
	return rc;
}

START_TEST(get_and_post_bring_an_answer_with_its_headers)
{
	struct http_answer out = {0};
	struct buf value = {0};
	struct err err;

	if (!http_library())
		return;
	start_server();
	ck_assert_int_eq(ask(&rules, url("/ok"), NULL, &out, &err), 0);
	ck_assert_int_eq(out.status, 200);
	ck_assert_str_eq(out.line.p, "HTTP/1.1 200 Fine");
	ck_assert_str_eq(out.body.p, "GET      0 as-asked\r");
	ck_assert(http_header(&out, "etag", &value));
	ck_assert_str_eq(value.p, "\"a\"");
	buf_reset(&value);
	ck_assert(http_header(&out, "Cache-Control", &value));
	ck_assert_str_eq(value.p, "a, max-age=5");
	buf_reset(&value);
	ck_assert(http_header(&out, "X-Empty", &value) && value.len == 0);
	ck_assert(!http_header(&out, "X-Early", &value) && !http_header(&out, "Cache", &value) && !http_header(&out, "X-None", &value));
	ck_assert_int_eq(ask(&rules, url("/ok"), "a=b", &out, &err), 0);
	ck_assert_str_eq(out.body.p, "POST     3 as-asked\r");
	http_answer_free(&out);
	buf_free(&value);
	stop_server();
}
END_TEST

START_TEST(a_method_holds_for_one_request)
{
	struct http_request request = { .url = NULL, .method = "OPTIONS" };
	struct http_answer out = {0};
	struct http *http;
	struct err err;

	if (!http_library())
		return;
	start_server();
	http = http_new(&rules, &err);
	ck_assert_ptr_nonnull(http);
	request.url = url("/ok");
	ck_assert_int_eq(http_send(http, &request, &out, &err), 0);
	ck_assert_str_eq(out.body.p, "OPTI     0         -");
	request.method = NULL;
	ck_assert_int_eq(http_send(http, &request, &out, &err), 0);
	ck_assert_str_eq(out.body.p, "GET      0         -");
	http_answer_free(&out);
	http_free(&http);
	stop_server();
}
END_TEST

START_TEST(what_is_too_long_or_elsewhere_is_not_taken)
{
	struct http_rules tls = rules, short_ = rules;
	struct http_answer out = {0};
	struct err err;

	if (!http_library())
		return;
	start_server();
	tls.tls = true;
	short_.total_ms = 50;
	ck_assert_int_eq(ask(&rules, url("/moved"), NULL, &out, &err), 0);
	ck_assert_int_eq(out.status, 302);
	ck_assert_int_eq(ask(&rules, url("/long"), NULL, &out, &err), -1);
	ck_assert_str_eq(err.text, "the answer is longer than 1000 bytes");
	ck_assert_uint_le(out.body.len, 1000);
	ck_assert_int_eq(ask(&rules, url("/head"), NULL, &out, &err), -1);
	ck_assert_str_eq(err.text, "the answer is longer than 65536 bytes");
	ck_assert_int_eq(ask(&tls, url("/ok"), NULL, &out, &err), -1);
	ck_assert_int_eq(ask(&short_, url("/slow"), NULL, &out, &err), -1);
	http_answer_free(&out);
	stop_server();
}
END_TEST

/* ---- several at once ---- */

static void start(struct http_crowd *crowd, const struct http_rules *with, const char *where, char *tag)
{
	struct http_request request = { .url = where };
	struct err err;

	ck_assert_int_eq(http_crowd_start(crowd, with, &request, tag, &err), 0);
}

/* The next that ends; what came of it is freed. */
static struct http_ended next(struct http_crowd *crowd)
{
	struct http_ended ended;

	while (!http_crowd_next(crowd, &ended))
		http_crowd_wait(crowd, NULL, 0, 10000);
	http_answer_free(&ended.answer);
	return ended;
}

START_TEST(a_slow_one_holds_nobody_up)
{
	struct http_rules hasty = rules;
	struct http_crowd *crowd;
	struct http_ended ended;
	char a, b, c;

	if (!http_library())
		return;
	start_server();
	hasty.total_ms = 300;
	hasty.connect_ms = 300;
	crowd = http_crowd_new();
	start(crowd, &hasty, url("/slow"), &a);
	start(crowd, &rules, url("/ok"), &b);
	ended = next(crowd);
	ck_assert(ended.tag == &b && ended.answered && ended.over && ended.answer.status == 200);
	ended = next(crowd);
	ck_assert(ended.tag == &a && !ended.answered && ended.over);
	ck_assert_str_eq(ended.err.text, "no answer within 300 ms");
	start(crowd, &rules, url("/long"), &c);
	ended = next(crowd);
	ck_assert(ended.tag == &c && !ended.answered && ended.over);
	start(crowd, &rules, url("/slow"), &a);
	http_crowd_wait(crowd, NULL, 0, 1);
	http_crowd_free(&crowd);
	stop_server();
}
END_TEST

/* While something else is waited for, and its deadline is far away. */
START_TEST(one_that_ends_at_once_is_told_at_once)
{
	struct http_crowd *crowd = http_crowd_new();
	struct http_rules tls = rules;
	int64_t begun_ms = clock_mono_ms();
	struct http_ended ended;
	struct pollfd fd = { .events = POLLIN };
	int pair[2];
	char a;

	if (!http_library())
		return;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	fd.fd = pair[0];
	tls.tls = true;
	start(crowd, &tls, "http://127.0.0.1:1/", &a);
	http_crowd_wait(crowd, &fd, 1, 30000);
	ck_assert(http_crowd_next(crowd, &ended));
	ck_assert(ended.tag == &a && !ended.answered && ended.over);
	ck_assert(clock_mono_ms() - begun_ms < 15000);
	http_answer_free(&ended.answer);
	http_crowd_free(&crowd);
	close(pair[0]);
	close(pair[1]);
}
END_TEST

START_TEST(a_name_that_is_not_found_in_time_holds_nobody_up)
{
	struct http_rules hasty = rules;
	struct http_crowd *crowd;
	struct http_ended ended;
	char a, b;

	if (!http_library())
		return;
	start_server();
	hasty.connect_ms = 100;
	hasty.total_ms = 200;
	crowd = http_crowd_new();
	start(crowd, &hasty, "http://slow.invalid/", &a);
	ended = next(crowd);
	ck_assert(ended.tag == &a && !ended.answered && !ended.over);
	ck_assert_str_eq(ended.err.text, "the address of its host was not found within 100 ms");
	start(crowd, &rules, url("/ok"), &b);
	ended = next(crowd);
	ck_assert(ended.tag == &b && ended.answered);
	atomic_store(&found, true);
	ended = next(crowd);
	ck_assert(ended.tag == &a && !ended.answered && ended.over);
	http_crowd_free(&crowd);
	stop_server();
}
END_TEST

START_TEST(nobody_waits_for_what_has_ended)
{
	struct http_crowd *crowd;
	struct http_ended ended;
	int64_t begun_ms;
	char a;

	if (!http_library())
		return;
	start_server();
	crowd = http_crowd_new();
	start(crowd, &rules, url("/ok"), &a);
	for (size_t i = 0; i < 50; i++)		/* it ends in one of these */
		http_crowd_wait(crowd, NULL, 0, 10);
	begun_ms = clock_mono_ms();
	http_crowd_wait(crowd, NULL, 0, 30000);
	ck_assert(clock_mono_ms() - begun_ms < 10000);
	ended = next(crowd);
	ck_assert(ended.tag == &a && ended.answered);
	http_crowd_free(&crowd);
	stop_server();
}
END_TEST

START_TEST(waiting_ends_with_what_happens_on_descriptors)
{
	struct http_crowd *crowd = http_crowd_new();
	int64_t begun_ms = clock_mono_ms();
	struct pollfd fds[2];
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	fds[0] = (struct pollfd){ .fd = pair[0], .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = pair[1], .events = POLLIN | POLLOUT };
	http_crowd_wait(crowd, fds, 2, 30000);
	ck_assert(!fds[0].revents && fds[1].revents == POLLOUT);
	close(pair[1]);
	http_crowd_wait(crowd, fds, 1, 30000);
	ck_assert(fds[0].revents & POLLHUP);
	close(pair[0]);
	ck_assert(clock_mono_ms() - begun_ms < 20000);
	http_crowd_free(&crowd);
}
END_TEST

UNIT_MAIN("net",
	get_and_post_bring_an_answer_with_its_headers,
	a_method_holds_for_one_request, what_is_too_long_or_elsewhere_is_not_taken,
	a_slow_one_holds_nobody_up,
	one_that_ends_at_once_is_told_at_once,
	a_name_that_is_not_found_in_time_holds_nobody_up,
	nobody_waits_for_what_has_ended,
	waiting_ends_with_what_happens_on_descriptors)
