/* SPDX-License-Identifier: EUPL-1.2
 * Floor 0: buffers, frames, the map, locks, sockets, boards, pools, spawning. */
#include "config.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/board.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/frame.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/sock.h"
#include "base/spawn.h"

static char *scratch(void)
{
	static char dir[UNIT_PATH];

	return unit_dir(dir);
}

START_TEST(what_buf_writes_cut_reads)
{
	struct buf b = {0};
	struct cut c;
	size_t len;

	buf_u8(&b, 200);
	buf_u32(&b, 0xDEADBEEF);
	buf_u64(&b, UINT64_MAX - 5);
	buf_varint(&b, 300);
	buf_varint(&b, UINT64_MAX);
	buf_text(&b, "zaak");
	buf_text(&b, NULL);
	buf_text(&b, "");
	c = (struct cut){ (unsigned char *)b.p, b.len, false };
	ck_assert_uint_eq(cut_u8(&c), 200);
	ck_assert_uint_eq(cut_u32(&c), 0xDEADBEEF);
	ck_assert(cut_u64(&c) == UINT64_MAX - 5);
	ck_assert_uint_eq(cut_varint(&c), 300);
	ck_assert(cut_varint(&c) == UINT64_MAX);
	ck_assert(memcmp(cut_bytes(&c, &len), "zaak", 4) == 0 && len == 4);
	ck_assert_ptr_null(cut_bytes(&c, &len));
	ck_assert(!c.bad);
	ck_assert_ptr_nonnull(cut_bytes(&c, &len));
	ck_assert_uint_eq(len, 0);
	ck_assert_uint_eq(cut_u8(&c), 0);
	ck_assert(c.bad);
	buf_free(&b);
}
END_TEST

START_TEST(a_length_beyond_the_end_is_bad)
{
	struct cut c = { (const unsigned char *)"\0\0\0\011abc", 7, false };
	size_t len;

	ck_assert_ptr_null(cut_bytes(&c, &len));
	ck_assert(c.bad);
	ck_assert_uint_eq(len, 0);
}
END_TEST

START_TEST(formatted_text_is_whole_at_every_length)
{
	struct pool *pool = pool_new();

	for (int len = 0; len < 1100; len += len < 300 ? 1 : 97) {
		struct buf b = {0};
		char *own = str_fmt("<%0*d>", len, 7), *pooled = pool_fmt(pool, "<%0*d>", len, 7);
		size_t whole = (size_t)(len ? len : 1) + 2;

		buf_fmt(&b, "<%0*d>", len, 7);
		ck_assert_uint_eq(strlen(own), whole);
		ck_assert_str_eq(own + whole - 2, "7>");
		ck_assert_str_eq(pooled, own);
		ck_assert_uint_eq(b.len, whole);
		buf_fmt(&b, "%s", "!");
		ck_assert_uint_eq(b.len, whole + 1);
		ck_assert_str_eq(b.p + whole - 2, "7>!");
		free(own);
		buf_free(&b);
	}
	pool_free(&pool);
}
END_TEST

START_TEST(json_strings_are_escaped_and_mended)
{
	struct buf b = {0};

	buf_json(&b, "a\"\\\n\001\303\251\377", 8);
	ck_assert_str_eq(b.p, "\"a\\\"\\\\\\n\\u0001\303\251\357\277\275\"");
	buf_free(&b);
}
END_TEST

START_TEST(frames_arrive_whole)
{
	int pair[2];
	struct buf out = {0}, in = {0};
	struct cut body;
	size_t at = 0, start;
	uint8_t kind;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	start = frame_begin(&out, 7);
	buf_str(&out, "hello");
	frame_end(&out, start);
	buf_put(&in, out.p, 6);
	ck_assert_int_eq(frame_take(&in, &at, &kind, &body), 0);
	buf_reset(&in);
	ck_assert_int_eq(frame_write(pair[0], &out), 1);
	ck_assert_int_eq(frame_read(pair[1], &in), 1);
	ck_assert_int_eq(frame_take(&in, &at, &kind, &body), 1);
	ck_assert_uint_eq(kind, 7);
	ck_assert_uint_eq(body.len, 5);
	ck_assert_int_eq(frame_take(&in, &at, &kind, &body), 0);
	close(pair[0]);
	ck_assert_int_eq(frame_read(pair[1], &in), -1);
	close(pair[1]);
	buf_reset(&in);
	buf_put(&in, "\xFF\xFF\xFF\xFF", 4);
	at = 0;
	ck_assert_int_eq(frame_take(&in, &at, &kind, &body), -1);
	buf_free(&in);
	buf_free(&out);
}
END_TEST

START_TEST(the_map_keeps_what_is_put)
{
	struct map m = {0};
	unsigned char key[MAP_KEY] = {0};
	static int values[5000];
	size_t at = 0, seen = 0;

	for (int i = 0; i < 5000; i++) {
		memcpy(key, &i, sizeof i);
		map_put(&m, key, &values[i]);
	}
	for (int i = 0; i < 5000; i += 2) {
		memcpy(key, &i, sizeof i);
		ck_assert_ptr_eq(map_remove(&m, key), &values[i]);
		ck_assert_ptr_null(map_remove(&m, key));
	}
	for (int i = 0; i < 5000; i++) {
		memcpy(key, &i, sizeof i);
		ck_assert_ptr_eq(map_get(&m, key), i % 2 ? &values[i] : NULL);
	}
	while (map_next(&m, &at))
		seen++;
	ck_assert_uint_eq(seen, 2500);
	ck_assert_uint_eq(m.n, 2500);
	map_free(&m);
}
END_TEST

START_TEST(a_pool_aligns_and_resets)
{
	struct pool *pool = pool_new();

	for (int i = 0; i < 1000; i++) {
		char *s = pool_fmt(pool, "piece %d", i);
		double *d = pool_alloc(pool, sizeof *d);

		ck_assert_int_eq((int)((size_t)d % sizeof(double)), 0);
		ck_assert_int_eq(strncmp(s, "piece ", 6), 0);
	}
	memset(pool_alloc(pool, 100000), 1, 100000);
	pool_reset(pool);
	ck_assert_str_eq(pool_str(pool, "again"), "again");
	ck_assert_ptr_null(pool_str(pool, NULL));
	pool_free(&pool);
	ck_assert_ptr_null(pool);
	pool_free(&pool);
}
END_TEST

START_TEST(one_holder_of_a_lock_at_a_time)
{
	char *path = str_fmt("%s/l", scratch());
	struct lock a, b;
	struct err err = {{0}};

	ck_assert_int_eq(lock_open(&a, path, true, NULL, &err), 0);
	ck_assert_int_eq(lock_open(&b, path, true, NULL, &err), 0);
	ck_assert_int_eq(lock_take(&a, 0, &err), 0);
	ck_assert_int_eq(lock_take(&b, 0, &err), 1);
	ck_assert_int_eq(lock_byte(&a), 0);
	lock_set_byte(&a, 'x');
	lock_release(&a);
	ck_assert_int_eq(lock_take(&b, 0, &err), 0);
	ck_assert_int_eq(lock_byte(&b), 'x');
	lock_close(&b);
	ck_assert_int_eq(lock_take(&a, 1000, &err), 0);
	lock_close(&a);
	free(path);
}
END_TEST

START_TEST(a_listening_socket_is_for_owner_and_group)
{
	char *path = str_fmt("%s/s", scratch()), *address = str_fmt("unix:%s", path);
	struct err err = {{0}};
	struct stat st;
	int fd = sock_listen(address, NULL, &err), again = sock_listen(address, NULL, &err);

	ck_assert_msg(fd >= 0 && again >= 0, "%s", err.text);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0660);
	ck_assert_int_eq(sock_listen("unix:/nowhere/at/all", NULL, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "/nowhere/at/all"));
	ck_assert_int_eq(sock_listen(address, "no-such-group", &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "no-such-group"));
	ck_assert_int_eq(sock_listen("tcp:localhost", NULL, &err), -1);
	ck_assert_int_eq(sock_listen("pipe:x", NULL, &err), -1);
	close(fd);
	close(again);
	free(path);
	free(address);
}
END_TEST

START_TEST(a_tcp_socket_listens_on_a_free_port)
{
	struct err err = {{0}};
	int fd = sock_listen("tcp:127.0.0.1:0", NULL, &err);

	ck_assert_msg(fd >= 0, "%s", err.text);
	close(fd);
}
END_TEST

START_TEST(descriptors_travel)
{
	int pair[2], fd;
	char word[16];
	struct err err;

	ck_assert_int_eq(sock_pair(pair, &err), 0);
	ck_assert_int_eq(sock_send(pair[0], "give", 4, pair[0]), 0);
	ck_assert_int_eq(sock_send(pair[0], "x", 1, -1), 0);
	ck_assert_int_eq((int)sock_receive(pair[1], word, sizeof word, &fd), 4);
	ck_assert_int_ge(fd, 0);
	ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	ck_assert_int_eq((int)sock_receive(pair[1], word, sizeof word, &fd), 1);
	ck_assert_int_eq(fd, -1);
}
END_TEST

static int next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

/* As sock_send never does it. */
static void send_fds(int sock, int fd, size_t n)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(4 * sizeof(int))];
	} control = { .align.cmsg_level = SOL_SOCKET, .align.cmsg_type = SCM_RIGHTS, .align.cmsg_len = CMSG_LEN(n * sizeof fd) };
	struct iovec iov = { "x", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			      .msg_controllen = CMSG_SPACE(n * sizeof fd) };

	for (size_t i = 0; i < n; i++)
		memcpy(CMSG_DATA(&control.align) + i * sizeof fd, &fd, sizeof fd);
	ck_assert_int_eq((int)sendmsg(sock, &msg, 0), 1);
}

START_TEST(of_several_descriptors_none_stays_open_unseen)
{
	int pair[2], fd, next;
	char word[16];
	struct err err;

	ck_assert_int_eq(sock_pair(pair, &err), 0);
	next = next_fd();
	for (size_t n = 1; n <= 4; n++) {
		send_fds(pair[0], pair[0], n);
		ck_assert_int_eq((int)sock_receive(pair[1], word, sizeof word, &fd), 1);
		ck_assert_int_eq(fd, next);
		close(fd);
		ck_assert_int_eq(next_fd(), next);
	}
}
END_TEST

START_TEST(the_bell_rings)
{
	char *path = str_fmt("%s/bell", scratch());
	struct err err = {{0}};
	int bell = bell_open(path, NULL, &err), rope = bell_rope();
	char byte;

	bell_ring(rope, "/nowhere");
	bell_ring(rope, path);
	bell_ring(rope, path);
	ck_assert_int_eq((int)recv(bell, &byte, 1, MSG_PEEK), 1);
	bell_answer(bell);
	ck_assert_int_eq((int)recv(bell, &byte, 1, 0), -1);
	close(bell);
	close(rope);
	free(path);
}
END_TEST

START_TEST(a_board_is_shared)
{
	char *path = str_fmt("%s/board", scratch());
	struct err err = {{0}};
	struct board *a = board_open(path, NULL, &err), *b = board_open(path, NULL, &err);

	board_add(a, BOARD_ACCEPTED, 3);
	board_add(b, BOARD_ACCEPTED, 2);
	ck_assert(board_get(a, BOARD_ACCEPTED) == 5);
	for (int i = 0; i < BOARD_COUNTERS; i++)
		ck_assert_ptr_nonnull(board_name((enum board_counter)i));
	board_close(&a);
	board_close(&b);
	free(path);
}
END_TEST

START_TEST(a_child_gets_what_was_named)
{
	char *argv[] = { "sh", "-c", "printf %s \"$X\" >&3; exit 3", NULL }, *envp[] = { "X=ok", NULL };
	int out[2], status;
	char got[8] = "", text[64];
	struct err err = {{0}};
	pid_t pid;

	ck_assert_int_eq(pipe(out), 0);
	pid = spawn_start(&(struct spawn){ .path = "/bin/sh", .argv = argv, .envp = envp,
					   .fds = { -1, -1, 2, out[1] }, .n_fds = 4 }, &err);
	ck_assert_msg(pid > 0, "%s", err.text);
	close(out[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_str_eq(wait_text(text, sizeof text, status), "exited with status 3");
	ck_assert_int_eq((int)read(out[0], got, sizeof got - 1), 2);
	ck_assert_str_eq(got, "ok");
	ck_assert_int_eq(spawn_start(&(struct spawn){ .path = "/no/such", .argv = argv, .envp = envp,
						      .fds = { -1, -1, 2 }, .n_fds = 3 }, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "/no/such"));
}
END_TEST

START_TEST(files_are_replaced_and_read)
{
	char *path = str_fmt("%s/f", scratch()), *text;
	struct err err = {{0}};
	size_t len;

	ck_assert_int_eq(file_replace(path, "one", 3, 0600, &err), 0);
	ck_assert_int_eq(file_replace(path, "three", 5, 0600, &err), 0);
	text = file_read(path, 100, &len, &err);
	ck_assert_str_eq(text, "three");
	free(text);
	ck_assert_ptr_null(file_read(path, 4, &len, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "longer"));
	ck_assert_ptr_null(file_read("/no/such", 4, &len, &err));
	free(path);
}
END_TEST

START_TEST(times_are_spelled_in_utc)
{
	char text[CLOCK_TEXT];

	ck_assert_str_eq(clock_text(text, 0), "1970-01-01T00:00:00.000Z");
	ck_assert_str_eq(clock_text(text, 1572863906042), "2019-11-04T10:38:26.042Z");
	ck_assert_str_eq(clock_text(text, -1), "1969-12-31T23:59:59.999Z");
}
END_TEST

UNIT_MAIN("base", what_buf_writes_cut_reads, a_length_beyond_the_end_is_bad,
	  formatted_text_is_whole_at_every_length, json_strings_are_escaped_and_mended,
	  frames_arrive_whole, the_map_keeps_what_is_put, a_pool_aligns_and_resets, one_holder_of_a_lock_at_a_time,
	  a_listening_socket_is_for_owner_and_group, a_tcp_socket_listens_on_a_free_port, descriptors_travel,
	  of_several_descriptors_none_stays_open_unseen, the_bell_rings, a_board_is_shared, a_child_gets_what_was_named, files_are_replaced_and_read,
	  times_are_spelled_in_utc)
