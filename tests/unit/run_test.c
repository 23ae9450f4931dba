/* SPDX-License-Identifier: EUPL-1.2
 * The built postvak-runner, driven over its socket with handlers for tests (tests/handlers), with
 * bad plugins, and with the bundled handlers. Runs in the build directory. */
#include "config.h"
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/board.h"
#include "base/buf.h"
#include "base/frame.h"
#include "base/mem.h"
#include "base/sock.h"
#include "base/spawn.h"
#include "event/wire.h"
#include "postvak/handler.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define LIBS "tests/handlers/.libs/"
#define SLOTS 2
#define SLOT 1

extern char **environ;
static char scratch[] = "/tmp/postvak-run-XXXXXX";

struct rig {
	pid_t pid;
	int sock;
	struct mark *marks;
	struct buf in;
	size_t at;
	struct pool *pool;
};

static void remove_scratch(void)
{
	char *command = str_fmt("rm -rf %s", scratch);

	if (system(command) != 0)
		fprintf(stderr, "%s stays behind\n", scratch);
	free(command);
}

static char *in_scratch(const char *name)
{
	static bool made;

	if (!made) {
		ck_assert_ptr_nonnull(mkdtemp(scratch));
		atexit(remove_scratch);
	}
	made = true;
	return str_fmt("%s/%s", scratch, name);
}

/* Where the build put a plugin; others must not be able to write it, whatever the umask was. */
static char *built(const char *path)
{
	char *cwd = getcwd(NULL, 0), *whole = str_fmt("%s/%s", cwd, path);

	free(cwd);
	ck_assert_msg(chmod(whole, 0755) == 0, "%s is not there", whole);
	return whole;
}

static struct rig start(void)
{
	struct rig rig = { .pool = pool_new() };
	char *path = built("postvak-runner"), *argv[] = { path, NULL };
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

static void send_frame(struct rig *rig, struct buf *out)
{
	ck_assert_int_eq(frame_write(rig->sock, out), 1);
	buf_free(out);
}

static void send_hello(struct rig *rig, struct wire_hello hello)
{
	struct buf out = {0};
	size_t begin = frame_begin(&out, WIRE_HELLO);

	hello.handler = "tester";
	hello.slot = SLOT;
	hello.slots = SLOTS;
	wire_put_hello(&out, &hello);
	frame_end(&out, begin);
	send_frame(rig, &out);
}

static struct event notification(uint64_t n, const char *data)
{
	struct event event = { .n = n, .received_ms = 1795254300123, .wire = WIRE_NRC, .endpoint = "nrc",
			       .type = "nl.overheid.zaken.status.create", .sender = "on", .time = "2026-11-21T09:45:00Z",
			       .source = "bron", .data = (const unsigned char *)data, .data_len = strlen(data) };

	event.key.b[0] = 0xAB;
	event.key.b[EVENT_KEY - 1] = (unsigned char)n;
	return event;
}

static void send_event(struct rig *rig, const struct event *event, uint32_t attempt)
{
	struct wire_event head = { event->n, attempt, 60000 };
	struct buf out = {0};
	size_t begin = frame_begin(&out, WIRE_EVENT);

	wire_put_event(&out, &head, event);
	frame_end(&out, begin);
	send_frame(rig, &out);
}

static void send_action(struct rig *rig, uint64_t n, const char *actie, uint32_t attempt)
{
	char *data = str_fmt("{\"actie\":\"%s\",\"hoofdObject\":\"zaak\",\"kenmerken\":{\"volgnummer\":\"%d\"}}", actie, (int)n);
	struct event event = notification(n, data);

	send_event(rig, &event, attempt);
	free(data);
}

/* The kind of the next frame, 0 at the end. */
static int next(struct rig *rig, struct cut *body)
{
	uint8_t kind;
	int rc;

	while ((rc = frame_take(&rig->in, &rig->at, &kind, body)) == 0)
		if (frame_read(rig->sock, &rig->in) < 0)
			return 0;
	ck_assert_int_eq(rc, 1);
	return kind;
}

static struct wire_outcome next_outcome(struct rig *rig, uint64_t n)
{
	struct wire_outcome outcome = {0};
	struct cut body;

	ck_assert_int_eq(next(rig, &body), WIRE_OUTCOME);
	ck_assert_int_eq(wire_get_outcome(rig->pool, &body, &outcome), 0);
	ck_assert(outcome.n == n);
	return outcome;
}

static char *next_text(struct rig *rig, int wanted)
{
	struct cut body;
	const unsigned char *p;
	int kind = next(rig, &body);
	size_t len;

	p = cut_bytes(&body, &len);
	ck_assert_msg(kind == wanted, "frame %d: %.*s", kind, (int)len, (const char *)p);
	ck_assert_ptr_nonnull(p);
	return pool_strn(rig->pool, (const char *)p, len);
}

/* Waits for the end; what the runner's process answered to waitpid. */
static int end(struct rig *rig)
{
	struct cut body;
	int status;

	ck_assert_int_eq(next(rig, &body), 0);
	ck_assert_int_eq(waitpid(rig->pid, &status, 0), rig->pid);
	close(rig->sock);
	buf_free(&rig->in);
	pool_free(&rig->pool);
	return status;
}

static void end_well(struct rig *rig)
{
	int status;

	shutdown(rig->sock, SHUT_WR);
	status = end(rig);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
}

static uint64_t marked(const struct rig *rig)
{
	uint64_t n;
	int64_t started_ms;

	mark_get(&rig->marks[SLOT], &n, &started_ms);
	return n;
}

static void wait_for_mark(const struct rig *rig, uint64_t n)
{
	while (marked(rig) != n)
		poll(NULL, 0, 1);
}

static struct rig start_plugin(const char *plugin, struct wire_option *options, size_t n, uint64_t memory)
{
	struct rig rig = start();
	char *path = built(plugin);

	send_hello(&rig, (struct wire_hello){ .plugin = path, .options = options, .n_options = n, .memory = memory });
	next_text(&rig, WIRE_READY);
	free(path);
	return rig;
}

static struct rig start_tester(const char *name, const char *value)
{
	struct wire_option option = { name, value };

	return start_plugin(LIBS "testhandler.so", &option, name ? 1 : 0, 0);
}

/* Loads what must not load and looks for `text` in why. */
static void fails(const char *path, struct wire_hello hello, const char *text)
{
	struct rig rig = start();
	const char *why;
	int status;

	hello.plugin = path;
	send_hello(&rig, hello);
	why = next_text(&rig, WIRE_FAILED);
	ck_assert_msg(strstr(why, text) != NULL, "'%s' does not say '%s'", why, text);
	status = end(&rig);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 1);
}

static void built_fails(const char *plugin, struct wire_hello hello, const char *text)
{
	char *path = built(plugin);

	fails(path, hello, text);
	free(path);
}

static char *read_text(const char *path)
{
	struct err err = {{0}};
	char *text = file_read(path, 1 << 20, NULL, &err);

	ck_assert_msg(text != NULL, "%s", err.text);
	return text;
}

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

START_TEST(a_probe_loads_and_leaves_without_opening)
{
	char *path = in_scratch("probe"), *plugin = built(LIBS "testhandler.so");
	struct wire_option option = { "path", path };
	struct rig rig = start();
	struct cut body;
	size_t len;
	int status;

	send_hello(&rig, (struct wire_hello){ .plugin = plugin, .probe = true, .options = &option, .n_options = 1 });
	ck_assert_int_eq(next(&rig, &body), WIRE_READY);
	ck_assert_mem_eq(cut_bytes(&body, &len), "testhandler", 11);
	ck_assert_mem_eq(cut_bytes(&body, &len), "1.0", 3);
	ck_assert(!body.bad && body.len == 0);
	status = end(&rig);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_int_ne(access(path, F_OK), 0);
	free(path);
	free(plugin);
}
END_TEST

START_TEST(a_plugin_of_another_interface_says_what_to_rebuild)
{
	const struct wire_hello probe = { .probe = true };

	built_fails(LIBS "bad2.so", probe, "is built for interface 2.0, this Postvak has 1.0: rebuild the handler against "
		    "the postvak/handler.h of this Postvak or upgrade Postvak");
	built_fails(LIBS "bad3.so", probe, "is built for interface 1.99, this Postvak has 1.0");
	built_fails(LIBS "bad10.so", probe, "is built for interface 0.9, this Postvak has 1.0: rebuild");
	built_fails(LIBS "bad9.so", probe, "interface 2.0");
}
END_TEST

START_TEST(a_plugin_that_is_none_is_told_so)
{
	const struct wire_hello probe = { .probe = true };
	char *text = in_scratch("text.so");

	built_fails(LIBS "bad1.so", probe, "does not export postvak_handler: rebuild");
	built_fails(LIBS "bad4.so", probe, "are needed: rebuild");
	built_fails(LIBS "bad5.so", probe, "has no run function: rebuild");
	built_fails(LIBS "bad6.so", probe, "is not a Postvak handler");
	built_fails(LIBS "bad11.so", probe, "nobody_has_this");
	fails(text, probe, "No such file");
	write_text(text, "");
	ck_assert_int_eq(chmod(text, 0644), 0);
	fails(text, probe, "is empty");
	write_text(text, "this is no shared object");
	fails(text, probe, "is not a Postvak handler");
	write_text(text, PV_NOTE_MARK "name");
	fails(text, probe, "without name, version and interface");
	write_text(text, PV_NOTE_MARK "name 1.0 1.0\n\n");
	fails(text, probe, "cannot load the handler");
	fails(scratch, probe, "is not a regular file");
	free(text);
}
END_TEST

START_TEST(a_plugin_that_others_can_change_is_refused)
{
	const struct wire_hello probe = { .probe = true };
	char *path = in_scratch("open.so");

	write_text(path, "x");
	ck_assert_int_eq(chmod(path, 0775), 0);
	fails(path, probe, "can be written by its group, who could put anything in it: chmod go-w /");
	ck_assert_int_eq(chmod(path, 0757), 0);
	fails(path, probe, "can be written by everyone");
	ck_assert_int_eq(chmod(path, 0755), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(path, 12345, 0), 0);
		fails(path, probe, "belongs to user 12345, who could put anything in it: chown root /");
	}
	free(path);
}
END_TEST

START_TEST(options_are_checked_against_the_declared_ones)
{
	struct wire_option wrong[] = { { "ms", "soon" }, { "fail", "perhaps" }, { "mailbox", "x" } };
	struct wire_hello hello = { .probe = true, .options = wrong, .n_options = 1 };

	built_fails(LIBS "testhandler.so", hello, "option.ms must be a whole number");
	wrong[0].value = "9223372036854775808";
	built_fails(LIBS "testhandler.so", hello, "option.ms must be a whole number");
	hello.n_options = 3;
	built_fails(LIBS "testhandler.so", hello, "option.ms must be a whole number of at most 64 bits; option.fail must be "
		    "yes or no; there is no option.mailbox, the handler has path, ms, until, fail, mute, undeclared");
	hello.n_options = 0;
	built_fails(LIBS "bad8.so", hello, "option.mailbox must be set (where mail goes)");
	built_fails(LIBS "bad12.so", hello, "option.n must be a whole number");
	hello.n_options = 1;
	built_fails("handlers/.libs/null.so", hello, "there is no option.ms, the handler has none");
}
END_TEST

START_TEST(a_handler_with_state_needs_order)
{
	struct rig rig;

	built_fails(LIBS "bad7.so", (struct wire_hello){ .probe = true, .order_none = true }, "needs order = object");
	rig = start_plugin(LIBS "bad7.so", NULL, 0, 0);
	end_well(&rig);
}
END_TEST

START_TEST(a_handler_that_does_not_open_says_why)
{
	struct wire_option option = { "fail", "yes" };
	struct wire_hello hello = { .options = &option, .n_options = 1 };

	built_fails(LIBS "testhandler.so", hello, "told to fail by option.fail");
	option.name = "mute";
	built_fails(LIBS "testhandler.so", hello, "open function answered -1 without saying why");
	option.name = "undeclared";
	built_fails(LIBS "testhandler.so", hello, "asked for option nothing, which it did not declare");
}
END_TEST

START_TEST(a_pipeline_runs_in_order_one_at_a_time)
{
	char *path = in_scratch("order"), *text, *at;
	struct rig rig = start_tester("path", path);

	for (uint64_t n = 1; n <= 50; n++)
		send_action(&rig, n, "create", 1);
	for (uint64_t n = 1; n <= 50; n++)
		ck_assert_int_eq(next_outcome(&rig, n).outcome, PV_DONE);
	end_well(&rig);
	at = text = read_text(path);
	for (int n = 1; n <= 50; n++) {
		char begin[80], finish[80];

		snprintf(begin, sizeof begin, "start ab0000000000000000000000000000%02x zaak %d ", (unsigned)n, n);
		snprintf(finish, sizeof finish, "end ab0000000000000000000000000000%02x zaak %d ", (unsigned)n, n);
		ck_assert_msg(strncmp(at, begin, strlen(begin)) == 0, "%s", at);
		at = strchr(at, '\n') + 1;
		ck_assert_msg(strncmp(at, finish, strlen(finish)) == 0, "%s", at);
		at = strchr(at, '\n') + 1;
	}
	ck_assert_int_eq(strncmp(at, "close ", 6), 0);
	free(text);
	free(path);
}
END_TEST

START_TEST(outcomes_come_with_their_notes_and_delays)
{
	struct rig rig = start_tester(NULL, NULL);
	struct wire_outcome outcome;

	send_action(&rig, 1, "retry2", 2);
	outcome = next_outcome(&rig, 1);
	ck_assert_int_eq(outcome.outcome, PV_RETRY);
	ck_assert_uint_eq(outcome.retry_after_s, 0);
	ck_assert_str_eq(outcome.note, "attempt 2 of a handler for tests");
	send_action(&rig, 1, "retry2", 3);
	outcome = next_outcome(&rig, 1);
	ck_assert_int_eq(outcome.outcome, PV_DONE);
	ck_assert_ptr_null(outcome.note);
	send_action(&rig, 2, "retryin", 1);
	outcome = next_outcome(&rig, 2);
	ck_assert_int_eq(outcome.outcome, PV_RETRY);
	ck_assert_uint_eq(outcome.retry_after_s, 5);
	send_action(&rig, 3, "dead", 1);
	ck_assert_int_eq(next_outcome(&rig, 3).outcome, PV_DEAD);
	send_action(&rig, 4, "odd", 1);
	outcome = next_outcome(&rig, 4);
	ck_assert_int_eq(outcome.outcome, PV_RETRY);
	ck_assert_str_eq(outcome.note, "the handler answered 7, which is no outcome");
	send_action(&rig, 5, "note", 1);
	outcome = next_outcome(&rig, 5);
	ck_assert_uint_eq(strlen(outcome.note), 1000);
	ck_assert_int_eq(strncmp(outcome.note, "two lines 000", 13), 0);
	send_action(&rig, 6, "slow", 1);
	ck_assert(next_outcome(&rig, 6).took_us >= 100000);
	wait_for_mark(&rig, 0);
	end_well(&rig);
}
END_TEST

START_TEST(every_call_answers)
{
	struct rig rig = start_tester(NULL, NULL);
	const char *data = "{\"actie\":\"calls\",\"kenmerken\":{\"getal\":-42,\"waar\":true}}";
	struct event event = notification(7, data);
	struct attr header = { "x-correlation-id", "c-1" };

	event.headers = &header;
	event.n_headers = 1;
	event.subject = "onderwerp";
	send_event(&rig, &event, 3);
	ck_assert_str_eq(next_outcome(&rig, 7).note,
			 "ab000000000000000000000000000007 bron nl.overheid.zaken.status.create onderwerp "
			 "2026-11-21T09:45:00Z on 1795254300123 3 c-1 55 -42 1 1 -1 -1 1");
	event.data = NULL;
	event.data_len = 0;
	send_event(&rig, &event, 1);
	ck_assert_int_eq(next_outcome(&rig, 7).outcome, PV_DONE);
	end_well(&rig);
}
END_TEST

START_TEST(values_are_read_from_json_only)
{
	struct rig rig = start_tester(NULL, NULL);
	struct event event = notification(1, "{\"actie\":\"dead\"}");

	event.wire = WIRE_CLOUD;
	send_event(&rig, &event, 1);
	ck_assert_int_eq(next_outcome(&rig, 1).outcome, PV_DEAD);
	event.datacontenttype = "application/cloud+json; charset=utf-8";
	send_event(&rig, &event, 1);
	ck_assert_int_eq(next_outcome(&rig, 1).outcome, PV_DEAD);
	event.datacontenttype = "text/plain";
	send_event(&rig, &event, 1);
	ck_assert_int_eq(next_outcome(&rig, 1).outcome, PV_DONE);
	event = notification(2, "{\"actie\":\"dead\"");
	send_event(&rig, &event, 1);
	ck_assert_int_eq(next_outcome(&rig, 2).outcome, PV_DONE);
	end_well(&rig);
}
END_TEST

START_TEST(a_crash_leaves_its_mark)
{
	struct rig rig = start_tester(NULL, NULL);
	int status;

	send_action(&rig, 11, "create", 1);
	send_action(&rig, 12, "crash", 1);
	send_action(&rig, 13, "create", 1);
	next_outcome(&rig, 11);
	status = end(&rig);
	ck_assert(SANITIZED || (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV));
	ck_assert(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
	ck_assert_uint_eq(marked(&rig), 12);
}
END_TEST

START_TEST(an_exit_leaves_its_mark)
{
	struct rig rig = start_tester(NULL, NULL);
	int status;

	send_action(&rig, 12, "exit", 1);
	status = end(&rig);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 3);
	ck_assert_uint_eq(marked(&rig), 12);
}
END_TEST

START_TEST(a_hang_leaves_its_mark_and_its_start)
{
	struct rig rig = start_tester(NULL, NULL);
	uint64_t n;
	int64_t started_ms;

	send_action(&rig, 12, "hang", 1);
	wait_for_mark(&rig, 12);
	mark_get(&rig.marks[SLOT], &n, &started_ms);
	ck_assert(started_ms > 0);
	kill(rig.pid, SIGKILL);
	ck_assert(WIFSIGNALED(end(&rig)));
	ck_assert_uint_eq(marked(&rig), 12);
}
END_TEST

START_TEST(a_handler_that_closes_the_socket_leaves_its_mark)
{
	struct rig rig = start_tester(NULL, NULL);

	send_action(&rig, 12, "close", 1);
	end(&rig);
	ck_assert_uint_eq(marked(&rig), 12);
}
END_TEST

START_TEST(a_large_event_is_marked_before_it_is_whole)
{
	struct rig rig = start_tester(NULL, NULL);
	char *data = str_fmt("{\"actie\":\"dead\",\"ruimte\":\"%0300000d\"}", 0);
	struct event event = notification(12, data);
	struct wire_event head = { 12, 1, 60000 };
	struct buf out = {0};
	size_t begin = frame_begin(&out, WIRE_EVENT), half;

	wire_put_event(&out, &head, &event);
	frame_end(&out, begin);
	half = out.len / 2;
	ck_assert_int_eq(write(rig.sock, out.p, half) == (ssize_t)half, 1);
	wait_for_mark(&rig, 12);
	buf_drop(&out, half);
	send_frame(&rig, &out);
	ck_assert_int_eq(next_outcome(&rig, 12).outcome, PV_DEAD);
	wait_for_mark(&rig, 0);
	ck_assert_int_eq(write(rig.sock, "\0\4\0\0\2\0\0\0\0\0\0\0\15", 13), 13);
	wait_for_mark(&rig, 13);
	end_well(&rig);
	ck_assert_uint_eq(marked(&rig), 0);
	free(data);
}
END_TEST

START_TEST(the_end_of_input_finishes_the_event_in_hand_alone)
{
	char *path = in_scratch("eof"), *text;
	struct rig rig = start_tester("path", path);

	send_action(&rig, 1, "slow", 1);
	wait_for_mark(&rig, 1);
	send_action(&rig, 2, "create", 1);
	send_action(&rig, 3, "create", 1);
	shutdown(rig.sock, SHUT_WR);
	ck_assert_int_eq(next_outcome(&rig, 1).outcome, PV_DONE);
	end_well(&rig);
	ck_assert_uint_eq(marked(&rig), 0);
	text = read_text(path);
	ck_assert_ptr_nonnull(strstr(text, "end ab000000000000000000000000000001"));
	ck_assert_ptr_null(strstr(text, "ab000000000000000000000000000002"));
	ck_assert_ptr_nonnull(strstr(text, "\nclose "));
	free(text);
	free(path);
}
END_TEST

START_TEST(signals_to_the_group_do_not_end_it)
{
	struct rig rig = start_tester(NULL, NULL);

	kill(rig.pid, SIGTERM);
	kill(rig.pid, SIGINT);
	kill(rig.pid, SIGHUP);
	send_action(&rig, 1, "create", 1);
	next_outcome(&rig, 1);
	end_well(&rig);
}
END_TEST

START_TEST(it_does_not_outlive_its_dispatcher)
{
	int report[2], status;
	pid_t dispatcher, runner = 0;

	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	ck_assert_int_eq(pipe(report), 0);
	dispatcher = fork();
	if (dispatcher == 0) {
		struct rig rig = start_tester(NULL, NULL);

		send_action(&rig, 1, "hang", 1);
		wait_for_mark(&rig, 1);
		_exit(write(report[1], &rig.pid, sizeof rig.pid) != (ssize_t)sizeof rig.pid);
	}
	ck_assert_int_eq(waitpid(dispatcher, &status, 0), dispatcher);
	ck_assert_int_eq(status, 0);
	ck_assert(read(report[0], &runner, sizeof runner) == (ssize_t)sizeof runner);
	ck_assert_int_eq(waitpid(runner, &status, 0), runner);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}
END_TEST

START_TEST(handlers_do_not_meet_our_descriptors)
{
	struct rig rig = start_tester(NULL, NULL);
	char path[64], *status;

	for (int fd = 3; fd <= 4; fd++) {
		snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)rig.pid, fd);
		ck_assert_int_ne(access(path, F_OK), 0);
	}
	snprintf(path, sizeof path, "/proc/%ld/status", (long)rig.pid);
	status = read_text(path);
	if (strstr(status, "NoNewPrivs:"))
		ck_assert_ptr_nonnull(strstr(status, "NoNewPrivs:\t1"));
	free(status);
	end_well(&rig);
}
END_TEST

START_TEST(a_leaking_handler_is_renewed_between_events)
{
	struct rig rig = start_plugin(LIBS "testhandler.so", NULL, 0, (uint64_t)128 << 20);
	struct cut body;
	uint64_t n = 0;

	do {
		ck_assert_uint_lt(n, 100);
		send_action(&rig, ++n, "leak8", 1);
	} while (next(&rig, &body) == WIRE_OUTCOME);
	ck_assert_uint_gt(n, 2);
	ck_assert_uint_eq(marked(&rig), 0);
	end_well(&rig);
}
END_TEST

/* Some sandboxes take the limit and do not mind it. */
static bool data_is_limited(void)
{
	struct rlimit limit = { 32 << 20, 32 << 20 };
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		setrlimit(RLIMIT_DATA, &limit);
		_exit(mmap(NULL, 256 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status) == 1;
}

START_TEST(a_handler_does_not_get_more_than_its_memory)
{
	struct rig rig;

	if (SANITIZED || !data_is_limited())
		return;
	rig = start_plugin(LIBS "testhandler.so", NULL, 0, (uint64_t)64 << 20);
	send_action(&rig, 12, "leak", 1);
	ck_assert(WIFSIGNALED(end(&rig)));
	ck_assert_uint_eq(marked(&rig), 12);
}
END_TEST

START_TEST(nonsense_ends_it)
{
	struct rig rig = start();
	struct buf out = {0};
	int status;

	buf_put(&out, "\0\0\0\2\1x", 6);
	send_frame(&rig, &out);
	status = end(&rig);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 2);
	rig = start_tester(NULL, NULL);
	buf_put(&out, "\0\0\0\2\2x", 6);
	send_frame(&rig, &out);
	status = end(&rig);
	ck_assert_int_eq(WEXITSTATUS(status), 2);
	ck_assert_uint_eq(marked(&rig), 0);
}
END_TEST

START_TEST(the_null_handler_does_nothing)
{
	struct rig rig = start_plugin("handlers/.libs/null.so", NULL, 0, 0);

	send_action(&rig, 1, "crash", 1);
	ck_assert_int_eq(next_outcome(&rig, 1).outcome, PV_DONE);
	end_well(&rig);
}
END_TEST

START_TEST(the_log_handler_writes_a_line_of_json)
{
	char *path = in_scratch("log"), *text;
	struct wire_option options[] = { { "path", path }, { "data", "yes" }, { "subject", "on" } };
	struct event event = notification(1, "{\"a\":\"\303\251\"\n}");
	struct rig rig;

	write_text(path, "half a line");
	rig = start_plugin("handlers/.libs/log.so", options, 3, 0);
	event.subject = "jan";
	send_event(&rig, &event, 2);
	ck_assert_int_eq(next_outcome(&rig, 1).outcome, PV_DONE);
	event = notification(2, "\377\376\0");
	event.data_len = 3;
	event.time = event.source = NULL;
	send_event(&rig, &event, 1);
	ck_assert_int_eq(next_outcome(&rig, 2).outcome, PV_DONE);
	end_well(&rig);
	text = read_text(path);
	ck_assert_str_eq(text, "half a line\n"
		"{\"key\":\"ab000000000000000000000000000001\",\"type\":\"nl.overheid.zaken.status.create\",\"source\":\"bron\","
		"\"subject\":\"jan\",\"sender\":\"on\",\"time\":\"2026-11-21T09:45:00Z\",\"received\":\"2026-11-21T09:45:00.123Z\","
		"\"attempt\":2,\"data\":\"{\\\"a\\\":\\\"\303\251\\\"\\u000a}\"}\n"
		"{\"key\":\"ab000000000000000000000000000002\",\"type\":\"nl.overheid.zaken.status.create\",\"sender\":\"on\","
		"\"received\":\"2026-11-21T09:45:00.123Z\",\"attempt\":1,\"data_base64\":\"//4A\"}\n");
	free(text);
	free(path);
}
END_TEST

START_TEST(runners_share_a_log_without_tearing_lines)
{
	char *path = in_scratch("shared"), *text, *line, *next_line;
	struct wire_option options[] = { { "path", path }, { "data", "yes" } };
	struct rig rigs[2];
	char *data = str_fmt("{\"ruimte\":\"%020000d\"}", 0);
	struct event event = notification(1, data);
	int lines = 0;

	for (int i = 0; i < 2; i++)
		rigs[i] = start_plugin("handlers/.libs/log.so", options, 2, 0);
	for (int n = 0; n < 100; n++) {
		for (int i = 0; i < 2; i++)
			send_event(&rigs[i], &event, 1);
		for (int i = 0; i < 2; i++)
			ck_assert_int_eq(next_outcome(&rigs[i], 1).outcome, PV_DONE);
	}
	for (int i = 0; i < 2; i++)
		end_well(&rigs[i]);
	text = file_read(path, 16 << 20, NULL, NULL);
	for (line = text; *line; line = next_line, lines++) {
		next_line = strchr(line, '\n') + 1;
		ck_assert_int_eq(strncmp(line, "{\"key\":", 7), 0);
		ck_assert_int_eq(strncmp(next_line - 3, "\"}\n", 3), 0);
	}
	ck_assert_int_eq(lines, 200);
	free(text);
	free(data);
	free(path);
}
END_TEST

START_TEST(the_log_handler_leaves_no_half_line_on_a_full_disk)
{
	char *path = in_scratch("full"), *before, *after;
	struct wire_option option = { "path", path };
	struct rig rig = start_plugin("handlers/.libs/log.so", &option, 1, 0);
	struct event event = notification(1, "{}");
	struct rlimit small = { 300, RLIM_INFINITY }, large = { RLIM_INFINITY, RLIM_INFINITY };
	struct wire_outcome outcome;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &large), 0);
	small.rlim_max = large.rlim_max;
	send_event(&rig, &event, 1);
	next_outcome(&rig, 1);
	before = read_text(path);
	ck_assert_uint_lt(strlen(before), 300);
	ck_assert_uint_gt(2 * strlen(before), 300);
	ck_assert_int_eq(prlimit(rig.pid, RLIMIT_FSIZE, &small, NULL), 0);
	send_event(&rig, &event, 1);
	outcome = next_outcome(&rig, 1);
	ck_assert_int_eq(outcome.outcome, PV_RETRY);
	ck_assert_str_eq(outcome.note, "cannot write the line: File too large");
	after = read_text(path);
	ck_assert_str_eq(before, after);
	free(after);
	ck_assert_int_eq(prlimit(rig.pid, RLIMIT_FSIZE, &large, NULL), 0);
	send_event(&rig, &event, 1);
	ck_assert_int_eq(next_outcome(&rig, 1).outcome, PV_DONE);
	end_well(&rig);
	after = read_text(path);
	ck_assert_uint_eq(strlen(after), 2 * strlen(before));
	free(before);
	free(after);
	free(path);
}
END_TEST

START_TEST(the_log_handler_needs_a_place_to_write)
{
	struct wire_option option = { "path", "log" };
	struct wire_hello hello = { .options = &option, .n_options = 1 };

	built_fails("handlers/.libs/log.so", hello, "must be an absolute path");
	option.value = "/nowhere/at/all";
	built_fails("handlers/.libs/log.so", hello, "cannot open /nowhere/at/all: No such file");
}
END_TEST

UNIT_MAIN("run", a_probe_loads_and_leaves_without_opening, a_plugin_of_another_interface_says_what_to_rebuild,
	  a_plugin_that_is_none_is_told_so, a_plugin_that_others_can_change_is_refused,
	  options_are_checked_against_the_declared_ones, a_handler_with_state_needs_order,
	  a_handler_that_does_not_open_says_why, a_pipeline_runs_in_order_one_at_a_time,
	  outcomes_come_with_their_notes_and_delays, every_call_answers, values_are_read_from_json_only,
	  a_crash_leaves_its_mark, an_exit_leaves_its_mark, a_hang_leaves_its_mark_and_its_start,
	  a_handler_that_closes_the_socket_leaves_its_mark, a_large_event_is_marked_before_it_is_whole,
	  the_end_of_input_finishes_the_event_in_hand_alone, signals_to_the_group_do_not_end_it,
	  it_does_not_outlive_its_dispatcher, handlers_do_not_meet_our_descriptors, a_leaking_handler_is_renewed_between_events,
	  a_handler_does_not_get_more_than_its_memory, nonsense_ends_it, the_null_handler_does_nothing,
	  the_log_handler_writes_a_line_of_json,
	  runners_share_a_log_without_tearing_lines, the_log_handler_leaves_no_half_line_on_a_full_disk,
	  the_log_handler_needs_a_place_to_write)
