/* SPDX-License-Identifier: EUPL-1.2
 * The built postvak-runner, driven over its socket with handlers for tests (tests/handlers) and
 * with bad plugins. */
#include "config.h"
#include "run_rig.h"
#include "unit.h"

#include <signal.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/frame.h"
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

START_TEST(a_probe_loads_and_leaves_without_opening)
{
	char *path = scratch_path("probe"), *plugin = built_path(LIBS "testhandler.so");
	struct wire_option option = { "path", path };
	struct rig rig = rig_start();
	struct cut body;
	size_t len;
	int status;

	rig_hello(&rig, (struct wire_hello){ .plugin = plugin, .probe = true, .options = &option, .n_options = 1 });
	ck_assert_int_eq(rig_next(&rig, &body), WIRE_READY);
	ck_assert_mem_eq(cut_bytes(&body, &len), "testhandler", 11);
	ck_assert_mem_eq(cut_bytes(&body, &len), "1.0", 3);
	ck_assert(!body.bad && body.len == 0);
	status = rig_end(&rig);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_int_ne(access(path, F_OK), 0);
	free(path);
	free(plugin);
}
END_TEST

START_TEST(a_plugin_of_another_interface_says_what_to_rebuild)
{
	const struct wire_hello probe = { .probe = true };

	rig_built_fails(LIBS "bad2.so", probe, "is built for interface 2.0, this Postvak has 1.2: rebuild the handler against "
		    "the postvak/handler.h of this Postvak or upgrade Postvak");
	rig_built_fails(LIBS "bad3.so", probe, "is built for interface 1.99, this Postvak has 1.2");
	rig_built_fails(LIBS "bad10.so", probe, "is built for interface 0.9, this Postvak has 1.2: rebuild");
	rig_built_fails(LIBS "bad9.so", probe, "interface 2.0");
}
END_TEST

START_TEST(a_plugin_that_is_none_is_told_so)
{
	const struct wire_hello probe = { .probe = true };
	char *text = scratch_path("text.so");

	rig_built_fails(LIBS "bad1.so", probe, "does not export postvak_handler: rebuild");
	rig_built_fails(LIBS "bad4.so", probe, "are needed: rebuild");
	rig_built_fails(LIBS "bad5.so", probe, "has no run function: rebuild");
	rig_built_fails(LIBS "bad6.so", probe, "is not a Postvak handler");
	rig_built_fails(LIBS "bad11.so", probe, "nobody_has_this");
	rig_fails(text, probe, "No such file");
	text_write(text, "");
	ck_assert_int_eq(chmod(text, 0644), 0);
	rig_fails(text, probe, "is empty");
	text_write(text, "this is no shared object");
	rig_fails(text, probe, "is not a Postvak handler");
	text_write(text, PV_NOTE_MARK "name");
	rig_fails(text, probe, "without name, version and interface");
	text_write(text, PV_NOTE_MARK "name 1.0 1.0\n\n");
	rig_fails(text, probe, "cannot load the handler");
	rig_fails(scratch_dir, probe, "is not a regular file");
	free(text);
}
END_TEST

START_TEST(a_plugin_that_others_can_change_is_refused)
{
	const struct wire_hello probe = { .probe = true };
	char *path = scratch_path("open.so");

	text_write(path, "x");
	ck_assert_int_eq(chmod(path, 0775), 0);
	rig_fails(path, probe, "can be written by its group, who could put anything in it: chmod go-w /");
	ck_assert_int_eq(chmod(path, 0757), 0);
	rig_fails(path, probe, "can be written by everyone");
	ck_assert_int_eq(chmod(path, 0755), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(path, 12345, 0), 0);
		rig_fails(path, probe, "belongs to user 12345, who could put anything in it: chown root /");
	}
	free(path);
}
END_TEST

START_TEST(options_are_checked_against_the_declared_ones)
{
	struct wire_option wrong[] = { { "ms", "soon" }, { "fail", "perhaps" }, { "mailbox", "x" } };
	struct wire_hello hello = { .probe = true, .options = wrong, .n_options = 1 };

	rig_built_fails(LIBS "testhandler.so", hello, "option.ms must be a whole number");
	wrong[0].value = "9223372036854775808";
	rig_built_fails(LIBS "testhandler.so", hello, "option.ms must be a whole number");
	hello.n_options = 3;
	rig_built_fails(LIBS "testhandler.so", hello, "option.ms must be a whole number of at most 64 bits; option.fail must be "
		    "yes or no; there is no option.mailbox, the handler has path, dump, ms, gate, until, fail, mute, undeclared");
	hello.n_options = 0;
	rig_built_fails(LIBS "bad8.so", hello, "option.mailbox must be set (where mail goes)");
	rig_built_fails(LIBS "bad12.so", hello, "option.n must be a whole number");
	hello.n_options = 1;
	rig_built_fails(BUNDLED "null.so", hello, "there is no option.ms, the handler has none");
}
END_TEST

START_TEST(a_handler_with_state_needs_order)
{
	struct rig rig;

	rig_built_fails(LIBS "bad7.so", (struct wire_hello){ .probe = true, .order_none = true }, "needs order = object");
	rig = rig_plugin(LIBS "bad7.so", NULL, 0, 0);
	rig_end_well(&rig);
}
END_TEST

START_TEST(a_handler_that_does_not_open_says_why)
{
	struct wire_option option = { "fail", "yes" };
	struct wire_hello hello = { .options = &option, .n_options = 1 };

	rig_built_fails(LIBS "testhandler.so", hello, "told to fail by option.fail");
	option.name = "mute";
	rig_built_fails(LIBS "testhandler.so", hello, "open function answered -1 without saying why");
	option.name = "undeclared";
	rig_built_fails(LIBS "testhandler.so", hello, "asked for option nothing, which it did not declare");
}
END_TEST

START_TEST(a_pipeline_runs_in_order_one_at_a_time)
{
	char *path = scratch_path("order"), *text, *at;
	struct rig rig = rig_tester("path", path);

	for (uint64_t n = 1; n <= 50; n++)
		rig_action(&rig, n, "create", 1);
	for (uint64_t n = 1; n <= 50; n++)
		ck_assert_int_eq(rig_outcome(&rig, n).outcome, PV_DONE);
	rig_end_well(&rig);
	at = text = text_read(path);
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
	struct rig rig = rig_tester(NULL, NULL);
	struct wire_outcome outcome;

	rig_action(&rig, 1, "retry2", 2);
	outcome = rig_outcome(&rig, 1);
	ck_assert_int_eq(outcome.outcome, PV_RETRY);
	ck_assert_uint_eq(outcome.retry_after_s, 0);
	ck_assert_str_eq(outcome.note, "attempt 2 of a handler for tests");
	rig_action(&rig, 1, "retry2", 3);
	outcome = rig_outcome(&rig, 1);
	ck_assert_int_eq(outcome.outcome, PV_DONE);
	ck_assert_ptr_null(outcome.note);
	rig_action(&rig, 2, "retryin", 1);
	outcome = rig_outcome(&rig, 2);
	ck_assert_int_eq(outcome.outcome, PV_RETRY);
	ck_assert_uint_eq(outcome.retry_after_s, 5);
	rig_action(&rig, 3, "dead", 1);
	ck_assert_int_eq(rig_outcome(&rig, 3).outcome, PV_DEAD);
	rig_action(&rig, 4, "odd", 1);
	outcome = rig_outcome(&rig, 4);
	ck_assert_int_eq(outcome.outcome, PV_RETRY);
	ck_assert_str_eq(outcome.note, "the handler answered 7, which is no outcome");
	rig_action(&rig, 5, "note", 1);
	outcome = rig_outcome(&rig, 5);
	ck_assert_uint_eq(strlen(outcome.note), 1000);
	ck_assert_int_eq(strncmp(outcome.note, "two lines 000", 13), 0);
	rig_action(&rig, 6, "slow", 1);
	ck_assert(rig_outcome(&rig, 6).took_us >= 100000);
	rig_wait(&rig, 0);
	rig_end_well(&rig);
}
END_TEST

START_TEST(every_call_answers)
{
	struct rig rig = rig_tester(NULL, NULL);
	const char *data = "{\"actie\":\"calls\",\"kenmerken\":{\"getal\":-42,\"waar\":true}}";
	struct event event = event_like(7, data);
	struct attr header = { "x-correlation-id", "c-1" };

	event.headers = &header;
	event.n_headers = 1;
	event.subject = "onderwerp";
	rig_event(&rig, &event, 3);
	ck_assert_str_eq(rig_outcome(&rig, 7).note,
			 "ab000000000000000000000000000007 bron nl.overheid.zaken.status.create onderwerp "
			 "2026-11-21T09:45:00Z on 1795254300123 3 c-1 55 -42 1 1 -1 -1 1");
	event.data = NULL;
	event.data_len = 0;
	rig_event(&rig, &event, 1);
	ck_assert_int_eq(rig_outcome(&rig, 7).outcome, PV_DONE);
	rig_end_well(&rig);
}
END_TEST

START_TEST(values_are_read_from_json_only)
{
	struct rig rig = rig_tester(NULL, NULL);
	struct event event = event_like(1, "{\"actie\":\"dead\"}");

	event.wire = WIRE_CLOUD;
	rig_event(&rig, &event, 1);
	ck_assert_int_eq(rig_outcome(&rig, 1).outcome, PV_DEAD);
	event.datacontenttype = "application/cloud+json; charset=utf-8";
	rig_event(&rig, &event, 1);
	ck_assert_int_eq(rig_outcome(&rig, 1).outcome, PV_DEAD);
	event.datacontenttype = "text/plain";
	rig_event(&rig, &event, 1);
	ck_assert_int_eq(rig_outcome(&rig, 1).outcome, PV_DONE);
	event = event_like(2, "{\"actie\":\"dead\"");
	rig_event(&rig, &event, 1);
	ck_assert_int_eq(rig_outcome(&rig, 2).outcome, PV_DONE);
	rig_end_well(&rig);
}
END_TEST

START_TEST(all_attributes_are_listed_in_the_order_received)
{
	struct attr attrs[] = { { "time", "2026-01-01T00:00:00Z" }, { "specversion", "1.0" }, { "source", "/s" }, { "zz", "5" },
				{ "id", "i" }, { "type", "t.t" }, { "aa", "" } };
	struct rig rig = rig_tester(NULL, NULL);
	struct event event = event_like(1, "{\"actie\":\"attrs\"}");

	event.wire = WIRE_CLOUD;
	event.attrs = attrs;
	event.n_attrs = sizeof attrs / sizeof *attrs;
	event.id = attrs[4].value;
	event.source = attrs[2].value;
	event.time = attrs[0].value;
	rig_event(&rig, &event, 1);
	ck_assert_str_eq(rig_outcome(&rig, 1).note,
			 "time=2026-01-01T00:00:00Z specversion=1.0 source=/s zz=5 id=i type=t.t aa=");
	event = event_like(2, "{\"actie\":\"attrs\"}");
	event.source = event.datacontenttype = NULL;
	rig_event(&rig, &event, 1);
	ck_assert_str_eq(rig_outcome(&rig, 2).note, "id=ab000000000000000000000000000002 type=nl.overheid.zaken.status.create "
			 "time=2026-11-21T09:45:00Z");
	rig_end_well(&rig);
}
END_TEST

START_TEST(a_crash_leaves_its_mark)
{
	struct rig rig = rig_tester(NULL, NULL);
	struct buf out = {0};
	int status;

	rig_put_action(&out, 11, "create", 1);
	rig_put_action(&out, 12, "crash", 1);
	rig_put_action(&out, 13, "create", 1);
	rig_send(&rig, &out);	/* all at once: it may be gone before another write */
	rig_outcome(&rig, 11);
	status = rig_end(&rig);
	ck_assert(SANITIZED || (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV));
	ck_assert(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
	ck_assert_uint_eq(rig_marked(&rig), 12);
}
END_TEST

START_TEST(an_exit_leaves_its_mark)
{
	struct rig rig = rig_tester(NULL, NULL);
	int status;

	rig_action(&rig, 12, "exit", 1);
	status = rig_end(&rig);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 3);
	ck_assert_uint_eq(rig_marked(&rig), 12);
}
END_TEST

START_TEST(a_hang_leaves_its_mark_and_its_start)
{
	struct rig rig = rig_tester(NULL, NULL);
	uint64_t n;
	int64_t started_ms;

	rig_action(&rig, 12, "hang", 1);
	rig_wait(&rig, 12);
	mark_get(&rig.marks[SLOT], &n, &started_ms);
	ck_assert(started_ms > 0);
	kill(rig.pid, SIGKILL);
	ck_assert(WIFSIGNALED(rig_end(&rig)));
	ck_assert_uint_eq(rig_marked(&rig), 12);
}
END_TEST

START_TEST(a_handler_that_closes_the_socket_leaves_its_mark)
{
	struct rig rig = rig_tester(NULL, NULL);

	rig_action(&rig, 12, "close", 1);
	rig_end(&rig);
	ck_assert_uint_eq(rig_marked(&rig), 12);
}
END_TEST

START_TEST(a_large_event_is_marked_before_it_is_whole)
{
	struct rig rig = rig_tester(NULL, NULL);
	char *data = str_fmt("{\"actie\":\"dead\",\"ruimte\":\"%0300000d\"}", 0);
	struct event event = event_like(12, data);
	struct wire_event head = { .n = 12, .attempt = 1, .deadline_ms = 60000 };
	struct buf out = {0};
	size_t begin = frame_begin(&out, WIRE_EVENT), half;

	wire_put_event(&out, &head, &event);
	frame_end(&out, begin);
	half = out.len / 2;
	ck_assert_int_eq(write(rig.sock, out.p, half) == (ssize_t)half, 1);
	rig_wait(&rig, 12);
	buf_drop(&out, half);
	rig_send(&rig, &out);
	ck_assert_int_eq(rig_outcome(&rig, 12).outcome, PV_DEAD);
	rig_wait(&rig, 0);
	ck_assert_int_eq(write(rig.sock, "\0\4\0\0\2\0\0\0\0\0\0\0\15", 13), 13);
	rig_wait(&rig, 13);
	rig_end_well(&rig);
	ck_assert_uint_eq(rig_marked(&rig), 0);
	free(data);
}
END_TEST

START_TEST(the_end_of_input_finishes_the_event_in_hand_alone)
{
	char *path = scratch_path("eof"), *gate = scratch_path("gate"), *text;
	struct wire_option options[] = { { "path", path }, { "gate", gate } };
	struct rig rig = rig_plugin(LIBS "testhandler.so", options, 2, 0);

	ck_assert_int_eq(mkfifo(gate, 0600), 0);
	rig_action(&rig, 1, "gate", 1);
	rig_wait(&rig, 1);
	rig_action(&rig, 2, "create", 1);
	rig_action(&rig, 3, "create", 1);
	shutdown(rig.sock, SHUT_WR);
	close(open(gate, O_WRONLY));
	ck_assert_int_eq(rig_outcome(&rig, 1).outcome, PV_DONE);
	rig_end_well(&rig);
	ck_assert_uint_eq(rig_marked(&rig), 0);
	text = text_read(path);
	ck_assert_ptr_nonnull(strstr(text, "end ab000000000000000000000000000001"));
	ck_assert_ptr_null(strstr(text, "ab000000000000000000000000000002"));
	ck_assert_ptr_nonnull(strstr(text, "\nclose "));
	free(text);
	free(gate);
	free(path);
}
END_TEST

START_TEST(signals_to_the_group_do_not_end_it)
{
	struct rig rig = rig_tester(NULL, NULL);

	kill(rig.pid, SIGTERM);
	kill(rig.pid, SIGINT);
	kill(rig.pid, SIGHUP);
	rig_action(&rig, 1, "create", 1);
	rig_outcome(&rig, 1);
	rig_end_well(&rig);
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
		struct rig rig = rig_tester(NULL, NULL);

		rig_action(&rig, 1, "hang", 1);
		rig_wait(&rig, 1);
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
	struct rig rig = rig_tester(NULL, NULL);
	char path[64], *status;

	for (int fd = 3; fd <= 4; fd++) {
		snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)rig.pid, fd);
		ck_assert_int_ne(access(path, F_OK), 0);
	}
	snprintf(path, sizeof path, "/proc/%ld/status", (long)rig.pid);
	status = text_read(path);
	if (strstr(status, "NoNewPrivs:"))
		ck_assert_ptr_nonnull(strstr(status, "NoNewPrivs:\t1"));
	free(status);
	rig_end_well(&rig);
}
END_TEST

START_TEST(a_leaking_handler_is_renewed_between_events)
{
	struct rig rig = rig_plugin(LIBS "testhandler.so", NULL, 0, (uint64_t)128 << 20);
	struct buf out = {0};
	struct cut body;
	uint64_t n = 0;
	int written;

	do {
		ck_assert_uint_lt(n, 100);
		rig_put_action(&out, ++n, "leak8", 1);
		written = frame_write(rig.sock, &out);	/* it may be gone already */
		buf_free(&out);
	} while (written == 1 && rig_next(&rig, &body) == WIRE_OUTCOME);
	ck_assert_uint_gt(n, 2);
	ck_assert_uint_eq(rig_marked(&rig), 0);
	rig_end_well(&rig);
}
END_TEST

START_TEST(what_was_recalled_is_passed_over)
{
	struct rig rig = rig_tester(NULL, NULL);
	struct buf out = {0};

	ck_assert(!mark_recall(&rig.marks[SLOT], 1));
	rig_action(&rig, 1, "slow", 1);
	rig_action(&rig, 2, "crash", 1);
	rig_action(&rig, 3, "crash", 1);
	rig_wait(&rig, 1);
	ck_assert(mark_recall(&rig.marks[SLOT], 1));
	ck_assert_uint_eq(rig_marked(&rig), 1);
	rig_outcome(&rig, 1);
	frame_end(&out, frame_begin(&out, WIRE_RESUME));
	rig_send(&rig, &out);
	rig_action(&rig, 4, "create", 1);
	rig_outcome(&rig, 4);
	rig_wait(&rig, 0);
	rig_end_well(&rig);
}
END_TEST

/* What it left behind would be found by the next event, which is another one's. */
START_TEST(a_process_that_an_event_changed_is_renewed)
{
	static const char *const words[] = { "cwd", "umask", "mask", "rlimits", "alarm", "stdout", "files" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		struct rig rig = rig_tester(NULL, NULL);
		struct buf out = {0};
		struct cut body;
		int status;

		rig_put_action(&out, 1, "create", 1);
		rig_put_action(&out, 2, words[i], 1);
		rig_put_action(&out, 3, "create", 1);
		rig_send(&rig, &out);	/* at once: it may be gone before another write */
		rig_outcome(&rig, 1);
		ck_assert_int_eq(rig_outcome(&rig, 2).outcome, PV_DONE);
		ck_assert_msg(rig_next(&rig, &body) == 0, "%s: the next event ran", words[i]);
		ck_assert_uint_eq(rig_marked(&rig), 0);
		status = rig_end(&rig);
		ck_assert(SANITIZED || status == 0);	/* leaks cannot be looked for with limits as those */
	}
}
END_TEST

START_TEST(a_child_that_returns_does_not_speak_for_the_runner)
{
	struct rig rig = rig_tester(NULL, NULL);

	rig_action(&rig, 1, "copy", 1);
	rig_action(&rig, 2, "create", 1);
	rig_outcome(&rig, 1);
	rig_outcome(&rig, 2);
	rig_wait(&rig, 0);
	rig_end_well(&rig);
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
	rig = rig_plugin(LIBS "testhandler.so", NULL, 0, (uint64_t)64 << 20);
	rig_action(&rig, 12, "leak", 1);
	ck_assert(WIFSIGNALED(rig_end(&rig)));
	ck_assert_uint_eq(rig_marked(&rig), 12);
}
END_TEST

START_TEST(nonsense_ends_it)
{
	struct rig rig = rig_start();
	struct buf out = {0};
	int status;

	buf_put(&out, "\0\0\0\2\1x", 6);
	rig_send(&rig, &out);
	status = rig_end(&rig);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 2);
	rig = rig_tester(NULL, NULL);
	buf_put(&out, "\0\0\0\2\2x", 6);
	rig_send(&rig, &out);
	status = rig_end(&rig);
	ck_assert_int_eq(WEXITSTATUS(status), 2);
	ck_assert_uint_eq(rig_marked(&rig), 0);
}
END_TEST

UNIT_MAIN("run", a_probe_loads_and_leaves_without_opening, a_plugin_of_another_interface_says_what_to_rebuild,
	  a_plugin_that_is_none_is_told_so, a_plugin_that_others_can_change_is_refused,
	  options_are_checked_against_the_declared_ones, a_handler_with_state_needs_order,
	  a_handler_that_does_not_open_says_why, a_pipeline_runs_in_order_one_at_a_time,
	  outcomes_come_with_their_notes_and_delays, every_call_answers, values_are_read_from_json_only,
	  all_attributes_are_listed_in_the_order_received,
	  a_crash_leaves_its_mark, an_exit_leaves_its_mark, a_hang_leaves_its_mark_and_its_start,
	  a_handler_that_closes_the_socket_leaves_its_mark, a_large_event_is_marked_before_it_is_whole,
	  the_end_of_input_finishes_the_event_in_hand_alone, signals_to_the_group_do_not_end_it,
	  it_does_not_outlive_its_dispatcher, handlers_do_not_meet_our_descriptors,
	  what_was_recalled_is_passed_over, a_leaking_handler_is_renewed_between_events, a_process_that_an_event_changed_is_renewed,
	  a_child_that_returns_does_not_speak_for_the_runner,
	  a_handler_does_not_get_more_than_its_memory, nonsense_ends_it)
