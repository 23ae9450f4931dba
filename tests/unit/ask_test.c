/* SPDX-License-Identifier: EUPL-1.2
 * What receivers and postvak-keys say to each other, and the door where they meet. */
#include "config.h"
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/sock.h"
#include "keys/door.h"
#include "trust/ask.h"

#define SPAN(text) ((struct span){ text, strlen(text) })

static bool same(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.p, text, s.len) == 0;
}

static struct buf pack(const struct ask *ask)
{
	struct buf b = {0};

	ask_pack(ask, &b);
	return b;
}

START_TEST(a_question_comes_over_as_it_was_asked)
{
	struct ask wanted = { .kind = ASK_KEYS, .issuer = SPAN("entra") }, got;
	struct ask asked = { .kind = ASK_TOKEN, .number = UINT64_C(1) << 60, .issuer = SPAN("kc"), .token = SPAN("abc.def") };
	struct buf b = pack(&wanted), c = pack(&asked);

	ck_assert(ask_unpack(b.p, b.len, &got));
	ck_assert(got.kind == ASK_KEYS && same(got.issuer, "entra") && b.p[0] == 'K');
	ck_assert(ask_unpack(c.p, c.len, &got));
	ck_assert(got.kind == ASK_TOKEN && got.number == asked.number && same(got.issuer, "kc") && same(got.token, "abc.def"));
	ck_assert(c.p[0] == 'I');
	for (size_t len = 0; len < c.len; len++)
		ck_assert_msg(!ask_unpack(c.p, len, &got), "%zu bytes of it", len);
	buf_char(&c, 'x');
	ck_assert(!ask_unpack(c.p, c.len, &got));
	c.p[0] = 'A';
	ck_assert(!ask_unpack(c.p, c.len - 1, &got));
	buf_free(&b);
	buf_free(&c);
}
END_TEST

/* As pack never makes them. */
static bool taken(char kind, size_t issuer_len, size_t token_len)
{
	char *bytes = mem_alloc(ASK_TOKEN_MAX + 1);
	struct buf b = {0};
	struct ask got;
	bool yes;

	buf_u8(&b, (uint8_t)kind);
	if (kind == ASK_TOKEN)
		buf_u64(&b, 1);
	buf_bytes(&b, bytes, issuer_len);
	if (kind == ASK_TOKEN)
		buf_bytes(&b, bytes, token_len);
	yes = ask_unpack(b.p, b.len, &got);
	buf_free(&b);
	free(bytes);
	return yes;
}

START_TEST(questions_have_their_sizes)
{
	ck_assert(taken(ASK_KEYS, 255, 0) && !taken(ASK_KEYS, 256, 0) && !taken(ASK_KEYS, 0, 0));
	ck_assert(taken(ASK_TOKEN, 1, ASK_TOKEN_MAX) && !taken(ASK_TOKEN, 1, ASK_TOKEN_MAX + 1));
	ck_assert(!taken(ASK_TOKEN, 1, 0) && !taken(ASK_TOKEN, 0, 1));
}
END_TEST

START_TEST(an_answer_comes_over_as_it_was_given)
{
	struct ask_answer had = { .number = 7, .had = true, .body = SPAN("{\"active\":true}") }, not_had = { .number = 8 }, got;
	struct buf b = {0}, c = {0};

	ask_answer_pack(&had, &b);
	ck_assert(ask_answer_unpack(b.p, b.len, &got));
	ck_assert(got.number == 7 && got.had && same(got.body, "{\"active\":true}"));
	for (size_t len = 0; len < b.len; len++)
		ck_assert(!ask_answer_unpack(b.p, len, &got));
	ask_answer_pack(&not_had, &c);
	ck_assert(ask_answer_unpack(c.p, c.len, &got));
	ck_assert(got.number == 8 && !got.had && got.body.len == 0);
	c.p[9] = 0;			/* had, and nothing in it */
	ck_assert(!ask_answer_unpack(c.p, c.len, &got));
	b.p[9] = 1;			/* not had, and something in it */
	ck_assert(!ask_answer_unpack(b.p, b.len, &got));
	b.p[9] = 2;
	ck_assert(!ask_answer_unpack(b.p, b.len, &got));
	buf_free(&b);
	buf_free(&c);
}
END_TEST

/* ---- the door ---- */

struct porch {				/* a door with its socket, and what was asked at it */
	struct door *door;
	char *path;
	int listen_fd;
	size_t asked;
	uint64_t askers[1000];
	char last[64];			/* "KIND ISSUER TOKEN" */
};

static void note_ask(void *arg, uint64_t asker, const struct ask *ask)
{
	struct porch *p = arg;

	p->askers[p->asked++] = asker;
	snprintf(p->last, sizeof p->last, "%c %.*s %.*s", (int)ask->kind, (int)ask->issuer.len, (const char *)ask->issuer.p,
		 (int)ask->token.len, ask->token.p ? (const char *)ask->token.p : "");
}

static void open_porch(struct porch *p)
{
	char dir[UNIT_PATH];
	struct err err;

	*p = (struct porch){ .path = str_fmt("%s/keys", unit_dir(dir)) };
	p->listen_fd = sock_listen_packets(p->path, "", &err);
	ck_assert_int_ge(p->listen_fd, 0);
	p->door = door_new(p->listen_fd, note_ask, p);
}

static void close_porch(struct porch *p)
{
	door_free(&p->door);
	close(p->listen_fd);
	free(p->path);
}

static int come(const struct porch *p)
{
	int fd = sock_connect_packets(p->path, NULL);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* All that can be done now. */
static void work(struct porch *p)
{
	struct pollfd fds[DOOR_FDS];
	size_t n;

	while ((n = door_fds(p->door, fds)) > 0 && poll(fds, (nfds_t)n, 0) > 0)
		door_work(p->door, fds, n);
}

static void ask(int fd, const char *token)
{
	struct ask question = { .kind = ASK_TOKEN, .number = 5, .issuer = SPAN("kc"), .token = SPAN(token) };
	struct buf b = pack(&question);

	ck_assert_int_eq(sock_send(fd, b.p, b.len, -1), 0);
	buf_free(&b);
}

static bool answered(int fd, const char *body)
{
	char *bytes = mem_alloc(ASK_ANSWER_MAX);
	struct ask_answer got = {0};
	int passed;
	ssize_t n = sock_receive(fd, bytes, ASK_ANSWER_MAX, &passed);
	bool yes = n > 0 && ask_answer_unpack(bytes, (size_t)n, &got) && got.number == 5 && same(got.body, body);

	free(bytes);
	return yes;
}

static bool closed(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char byte;

	return poll(&p, 1, 0) == 1 && recv(fd, &byte, 1, MSG_DONTWAIT) <= 0;
}

static void answer(struct porch *p, size_t i, const char *body)
{
	struct ask_answer a = { .number = 5, .had = true, .body = SPAN(body) };

	door_answer(p->door, p->askers[i], &a);
}

START_TEST(who_asks_at_the_door_gets_the_answer)
{
	struct porch p;
	int a, b;

	open_porch(&p);
	a = come(&p);
	b = come(&p);
	ask(a, "een");
	work(&p);
	ask(b, "twee");
	work(&p);
	ck_assert_uint_eq(p.asked, 2);
	ck_assert_str_eq(p.last, "I kc twee");
	ck_assert(p.askers[0] != p.askers[1]);
	answer(&p, 1, "{\"b\":1}");
	answer(&p, 0, "{\"a\":1}");
	work(&p);
	ck_assert(answered(a, "{\"a\":1}") && answered(b, "{\"b\":1}"));
	close(a);
	work(&p);
	answer(&p, 0, "{}");		/* it has gone */
	work(&p);
	ck_assert(!closed(b));
	close(b);
	work(&p);
	ck_assert(door_empty(p.door));
	close_porch(&p);
}
END_TEST

START_TEST(who_cannot_be_understood_is_turned_away)
{
	static const char *const words[] = { "x", "K", "I......" };
	struct porch p;
	char *much = mem_alloc(ASK_MESSAGE_MAX + 2);
	int good, fds[2];

	open_porch(&p);
	good = come(&p);
	for (size_t i = 0; i < 3; i++) {
		int bad = come(&p);

		ck_assert_int_eq(sock_send(bad, words[i], strlen(words[i]), -1), 0);
		work(&p);
		ck_assert_msg(closed(bad), "%s", words[i]);
		close(bad);
	}
	fds[0] = come(&p);
	ck_assert_int_eq(sock_send(fds[0], much, ASK_MESSAGE_MAX + 2, -1), 0);
	fds[1] = come(&p);
	ck_assert_int_eq(sock_send(fds[1], "K\0\0\0\1x", 6, STDIN_FILENO), 0);	/* with a descriptor */
	work(&p);
	ck_assert(closed(fds[0]) && closed(fds[1]) && !closed(good) && p.asked == 0);
	close(fds[0]);
	close(fds[1]);
	close(good);
	free(much);
	close_porch(&p);
}
END_TEST

START_TEST(the_door_has_room_for_so_many)
{
	struct porch p;
	int fds[DOOR_CONNECTIONS + 1];

	open_porch(&p);
	for (size_t i = 0; i <= DOOR_CONNECTIONS; i++) {
		fds[i] = come(&p);
		work(&p);
	}
	ck_assert(closed(fds[DOOR_CONNECTIONS]) && !closed(fds[0]) && !closed(fds[DOOR_CONNECTIONS - 1]));
	for (size_t i = 0; i <= DOOR_CONNECTIONS; i++)
		close(fds[i]);
	work(&p);
	ck_assert(door_empty(p.door));
	close_porch(&p);
}
END_TEST

/* More than fits into a socket. */
START_TEST(answers_wait_for_who_is_slow_to_read)
{
	char *body = mem_alloc(ASK_BODY_MAX + 1);
	struct porch p;
	int fd;

	memset(body, 'x', ASK_BODY_MAX);
	open_porch(&p);
	fd = come(&p);
	for (size_t i = 0; i < 20; i++)
		ask(fd, "t");
	work(&p);
	ck_assert_uint_eq(p.asked, 20);
	for (size_t i = 0; i < 20; i++)
		answer(&p, i, body);
	for (size_t i = 0; i < 20; i++) {
		work(&p);
		ck_assert(answered(fd, body));
	}
	ck_assert(!closed(fd));
	for (size_t i = 0; i < 200 && !door_empty(p.door); i++) {	/* and not for who never reads */
		ask(fd, "t");
		work(&p);
		answer(&p, p.asked - 1, body);
		work(&p);
	}
	ck_assert(door_empty(p.door));
	close(fd);
	free(body);
	close_porch(&p);
}
END_TEST

START_TEST(a_door_that_is_closed_hears_out_who_is_inside)
{
	struct porch p;
	int a, idle, late;

	open_porch(&p);
	a = come(&p);
	idle = come(&p);
	work(&p);
	ask(a, "een");
	door_drain(p.door);
	late = come(&p);		/* for who listens there now */
	work(&p);
	ck_assert_uint_eq(p.asked, 1);
	ck_assert(closed(idle) && !closed(a) && !closed(late) && !door_empty(p.door));
	ck_assert_int_eq(sock_send(a, "x", 1, -1), -1);
	ck_assert_int_eq(errno, EPIPE);
	answer(&p, 0, "{}");
	work(&p);
	ck_assert(answered(a, "{}") && closed(a) && door_empty(p.door));
	close(a);
	close(idle);
	close(late);
	close_porch(&p);
}
END_TEST

UNIT_MAIN("ask",
	a_question_comes_over_as_it_was_asked,
	questions_have_their_sizes,
	an_answer_comes_over_as_it_was_given,
	who_asks_at_the_door_gets_the_answer,
	who_cannot_be_understood_is_turned_away,
	the_door_has_room_for_so_many,
	answers_wait_for_who_is_slow_to_read,
	a_door_that_is_closed_hears_out_who_is_inside)
