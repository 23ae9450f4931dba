/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "run_rig.h"

#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/frame.h"
#include "base/sock.h"
#include "base/spawn.h"

extern char **environ;
char scratch_dir[] = "/tmp/postvak-run-XXXXXX";

static void remove_scratch(void)
{
	char *command = str_fmt("rm -rf %s", scratch_dir);

	if (system(command) != 0)
		fprintf(stderr, "%s stays behind\n", scratch_dir);
	free(command);
}

char *scratch_path(const char *name)
{
	static bool made;

	if (!made) {
		ck_assert_ptr_nonnull(mkdtemp(scratch_dir));
		atexit(remove_scratch);
	}
	made = true;
	return str_fmt("%s/%s", scratch_dir, name);
}

char *built_path(const char *path)
{
	char *cwd = getcwd(NULL, 0), *whole = str_fmt("%s/%s", cwd, path);

	free(cwd);
	ck_assert_msg(chmod(whole, 0755) == 0, "%s is not there", whole);
	return whole;
}

struct rig rig_start(void)
{
	struct rig rig = { .pool = pool_new() };
	char *path = built_path("postvak-runner"), *argv[] = { path, NULL };
	struct spawn spawn = { .path = path, .argv = argv, .envp = environ, .n_fds = 5 };
	struct err err = {{0}};
	int pair[2], marks_fd;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	ck_assert_int_eq(marks_new(SLOTS, &marks_fd, &rig.marks, &err), 0);
	spawn.fds[0] = -1;
	spawn.fds[1] = 1;
	spawn.fds[2] = 2;
	spawn.fds[3] = pair[1];
	spawn.fds[4] = marks_fd;
	rig.pid = spawn_start(&spawn, &err);
	ck_assert_msg(rig.pid > 0, "%s", err.text);
	close(pair[1]);
	close(marks_fd);
	free(path);
	rig.sock = pair[0];
	return rig;
}

void rig_send(struct rig *rig, struct buf *out)
{
	ck_assert_int_eq(frame_write(rig->sock, out), 1);
	buf_free(out);
}

void rig_hello(struct rig *rig, struct wire_hello hello)
{
	struct buf out = {0};
	size_t begin = frame_begin(&out, WIRE_HELLO);

	hello.handler = "tester";
	hello.slot = SLOT;
	hello.slots = SLOTS;
	wire_put_hello(&out, &hello);
	frame_end(&out, begin);
	rig_send(rig, &out);
}

struct event event_like(uint64_t n, const char *data)
{
	struct event event = { .n = n, .received_ms = 1795254300123, .wire = WIRE_NRC, .endpoint = "nrc",
			       .type = "nl.overheid.zaken.status.create", .sender = "on", .time = "2026-11-21T09:45:00Z",
			       .source = "bron", .data = (const unsigned char *)data, .data_len = strlen(data) };

	event.key.b[0] = 0xAB;
	event.key.b[EVENT_KEY - 1] = (unsigned char)n;
	return event;
}

static void put_event(struct buf *out, const struct event *event, uint32_t attempt)
{
	struct wire_event head = { .n = event->n, .attempt = attempt, .deadline_ms = 60000 };
	size_t begin = frame_begin(out, WIRE_EVENT);

	wire_put_event(out, &head, event);
	frame_end(out, begin);
}

void rig_event(struct rig *rig, const struct event *event, uint32_t attempt)
{
	struct buf out = {0};

	put_event(&out, event, attempt);
	rig_send(rig, &out);
}

void rig_put_action(struct buf *out, uint64_t n, const char *actie, uint32_t attempt)
{
	char *data = str_fmt("{\"actie\":\"%s\",\"hoofdObject\":\"zaak\",\"kenmerken\":{\"volgnummer\":\"%d\"}}", actie, (int)n);
	struct event event = event_like(n, data);

	put_event(out, &event, attempt);
	free(data);
}

void rig_action(struct rig *rig, uint64_t n, const char *actie, uint32_t attempt)
{
	struct buf out = {0};

	rig_put_action(&out, n, actie, attempt);
	rig_send(rig, &out);
}

int rig_next(struct rig *rig, struct cut *body)
{
	uint8_t kind;
	int rc;

	while ((rc = frame_take(&rig->in, &rig->at, &kind, body)) == 0)
		if (frame_read(rig->sock, &rig->in) < 0)
			return 0;
	ck_assert_int_eq(rc, 1);
	return kind;
}

struct wire_outcome rig_outcome(struct rig *rig, uint64_t n)
{
	struct wire_outcome outcome = {0};
	struct cut body;

	ck_assert_int_eq(rig_next(rig, &body), WIRE_OUTCOME);
	ck_assert_int_eq(wire_get_outcome(rig->pool, &body, &outcome), 0);
	ck_assert(outcome.n == n);
	return outcome;
}

char *rig_text(struct rig *rig, int wanted)
{
	struct cut body;
	const unsigned char *p;
	int kind = rig_next(rig, &body);
	size_t len;

	p = cut_bytes(&body, &len);
	ck_assert_msg(kind == wanted, "frame %d: %.*s", kind, (int)len, (const char *)p);
	ck_assert_ptr_nonnull(p);
	return pool_strn(rig->pool, (const char *)p, len);
}

int rig_end(struct rig *rig)
{
	struct cut body;
	int status;

	ck_assert_int_eq(rig_next(rig, &body), 0);
	ck_assert_int_eq(waitpid(rig->pid, &status, 0), rig->pid);
	close(rig->sock);
	buf_free(&rig->in);
	pool_free(&rig->pool);
	return status;
}

void rig_end_well(struct rig *rig)
{
	int status;

	shutdown(rig->sock, SHUT_WR);
	status = rig_end(rig);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
}

uint64_t rig_marked(const struct rig *rig)
{
	uint64_t n;
	int64_t started_ms;

	mark_get(&rig->marks[SLOT], &n, &started_ms);
	return n;
}

void rig_wait(const struct rig *rig, uint64_t n)
{
	while (rig_marked(rig) != n)
		poll(NULL, 0, 1);
}

struct rig rig_plugin(const char *plugin, struct wire_option *options, size_t n, uint64_t memory)
{
	struct rig rig = rig_start();
	char *path = built_path(plugin);

	rig_hello(&rig, (struct wire_hello){ .plugin = path, .options = options, .n_options = n, .memory = memory });
	rig_text(&rig, WIRE_READY);
	free(path);
	return rig;
}

struct rig rig_tester(const char *name, const char *value)
{
	struct wire_option option = { name, value };

	return rig_plugin(LIBS "testhandler.so", &option, name ? 1 : 0, 0);
}

void rig_fails(const char *path, struct wire_hello hello, const char *text)
{
	struct rig rig = rig_start();
	const char *why;
	int status;

	hello.plugin = path;
	rig_hello(&rig, hello);
	why = rig_text(&rig, WIRE_FAILED);
	ck_assert_msg(strstr(why, text) != NULL, "'%s' does not say '%s'", why, text);
	status = rig_end(&rig);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 1);
}

void rig_built_fails(const char *plugin, struct wire_hello hello, const char *text)
{
	char *path = built_path(plugin);

	rig_fails(path, hello, text);
	free(path);
}

char *text_read(const char *path)
{
	struct err err = {{0}};
	char *text = file_read(path, 16 << 20, NULL, &err);

	ck_assert_msg(text != NULL, "%s", err.text);
	return text;
}

void text_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}
