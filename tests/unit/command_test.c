/* SPDX-License-Identifier: EUPL-1.2
 * Floor 4: whole commands on a store on disk, while nobody serves. */
#include "config.h"
#include "unit.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/lock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sock.h"
#include "cli/command.h"
#include "dispatch/request.h"
#include "event/emitted.h"
#include "event/json.h"
#include "store/store.h"

static char dir[] = "/tmp/postvak-command-XXXXXX";
static char *out, *err_text;	/* what the last command wrote */

static char *in_dir(const char *name)
{
	return str_fmt("%s/%s", dir, name);
}

static void write_file(const char *name, const char *text)
{
	char *path = in_dir(name);
	struct err err;

	ck_assert_msg(file_replace(path, text, strlen(text), 0600, &err) == 0, "%s", err.text);
	free(path);
}

static void make_site(void)
{
	char *state, *run, *text;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	state = in_dir("state");
	run = in_dir("run");
	ck_assert_int_eq(mkdir(state, 0770), 0);
	ck_assert_int_eq(mkdir(run, 0770), 0);
	write_file("secret", "Token geheim\n");
	write_file("log.so", "");
	text = str_fmt("[postvak]\nstate_dir = %s\nrun_dir = %s\nreceivers = 0\ndisk_reserve = 0\n"
		       "[endpoint nrc]\npath = /nrc\nsenders = on\naccepts = both\norigins = listed.example\n"
		       "[sender on]\nauthorization = file:secret\n"
		       "[handler log]\nplugin = %s/log.so\nevents = nl.overheid.**\n", state, run, dir);
	write_file("postvak.conf", text);
	free(text);
	free(state);
	free(run);
}

static struct store *open_store(void)
{
	char *spec = str_fmt("sqlite:%s/state", dir);
	struct store_setup setup = { .spec = spec };
	struct store *store;
	struct err err;

	ck_assert_msg(store_open(&setup, STORE_LOG | STORE_DESK, &store, &err) == 0, "%s", err.text);
	free(spec);
	return store;
}

static void append(struct store *store, const char *type, const char *subject, unsigned char key)
{
	struct event event = { .received_ms = 1795254300000 + key, .wire = WIRE_NRC, .type = type, .subject = subject,
			       .endpoint = "nrc", .sender = "on", .data = (const unsigned char *)"{\"a\":1}", .data_len = 7,
			       .key = {{ key }} };
	struct event *events[] = { &event };
	struct err err;

	ck_assert_msg(store_append(store, events, 1, &err) == 0, "%s", err.text);
}

static void park(struct store *store, uint64_t n, enum parked_state state)
{
	struct bookmark b = { .handler = "log", .n = n, .done = (const unsigned char *)"" };
	struct parked p = { .handler = "log", .n = n, .state = state, .attempts = 8, .since_ms = 1795254300000,
			    .reason = "the file is gone" };
	struct history h = { .n = n, .handler = "log", .at_ms = 1795254300000, .attempt = 8, .what = "dead",
			     .note = "the file is gone" };
	struct err err;

	ck_assert_msg(store_begin(store, true, &err) == 0 && store_bookmark_put(store, &b, &err) == 0 &&
		      store_parked_put(store, &p, &err) == 0 && store_history_add(store, &h, &err) == 0 &&
		      store_commit(store, &err) == 0, "%s", err.text);
}

/* Event 1 is dead, 2 is finished, 3 is a duplicate of 2. */
static void fill(void)
{
	struct store *store = open_store();
	struct sort_result sorted;
	struct err err;

	append(store, "nl.overheid.zaken.zaak.create", "zaak-1", 1);
	append(store, "nl.overheid.zaken.status.create", "status-2", 2);
	append(store, "nl.overheid.zaken.status.create", "status-2", 2);
	ck_assert_msg(store_sort(store, 100, &sorted, &err) == 0, "%s", err.text);
	park(store, 1, PARKED_DEAD);
	ck_assert_int_eq(store_begin(store, true, &err), 0);
	ck_assert_int_eq(store_bookmark_put(store, &(struct bookmark){ "log", 3, (const unsigned char *)"", 0 }, &err), 0);
	ck_assert_int_eq(store_commit(store, &err), 0);
	store_close(&store);
}

static char *swallow(const char *name)
{
	char *path = in_dir(name), *text = file_read(path, 1 << 20, NULL, NULL);

	ck_assert_ptr_nonnull(text);
	free(path);
	return text;
}

static FILE *redirect(FILE *stream, const char *name)
{
	char *path = in_dir(name);
	FILE *same = freopen(path, "w", stream);

	free(path);
	return same;
}

/* The exit status of one command; its arguments are separated by blanks. */
static int run(const char *line)
{
	char *copy = str_dup(line), *rest = copy, *conf = in_dir("postvak.conf"), *argv[20];
	struct call call = { .conf_file = conf };
	int argc = 0, status;

	for (char *word; (word = strsep(&rest, " "));)
		argv[argc++] = word;
	argv[argc] = NULL;
	ck_assert_ptr_nonnull(redirect(stdout, "out"));
	ck_assert_ptr_nonnull(redirect(stderr, "err"));
	say_open(argv[0]);
	status = call_parse(&call, command_find(argv[0]), argc, argv);
	if (!status)
		status = say_end(call.command->run(&call));
	fflush(stderr);
	call_free(&call);
	free(out);
	free(err_text);
	out = swallow("out");
	err_text = swallow("err");
	free(copy);
	free(conf);
	return status;
}

static void remove_site(void)
{
	char *command = str_fmt("rm -rf %s", dir);

	ck_assert_int_eq(system(command), 0);
	free(command);
	free(out);
	free(err_text);
	out = err_text = NULL;
}

static bool is_json(const char *text, size_t len)
{
	struct pool *pool = pool_new();
	struct faults faults = { .pool = pool };
	struct json_object *doc = NULL;
	bool fine = json_parse(text, len, &doc, &faults) == 0;

	json_drop(&doc);
	pool_free(&pool);
	return fine;
}

#define SAYS(text, part) ck_assert_msg(strstr(text, part) != NULL, "\"%s\" is not in: %s", part, text)
#define SAYS_NOT(text, part) ck_assert_msg(strstr(text, part) == NULL, "\"%s\" is in: %s", part, text)
#define RUN(line, status) do { \
		int got_ = run(line); \
		ck_assert_msg(got_ == (status), "%s: exit status %d: %s%s", line, got_, out, err_text); \
	} while (0)

START_TEST(without_a_store_listings_fail_and_make_none)
{
	char *path;

	make_site();
	RUN("events", CLI_FAILED);
	SAYS(err_text, "postvak: events: ");
	RUN("status", CLI_FAILED);
	RUN("retry 1", CLI_FAILED);
	path = in_dir("state/log.db");
	ck_assert_int_ne(access(path, F_OK), 0);
	free(path);
	remove_site();
}
END_TEST

START_TEST(the_list_is_newest_first_and_has_no_subject)
{
	make_site();
	fill();
	RUN("events", CLI_DONE);
	ck_assert_str_eq(out,
		"NUMBER  RECEIVED                  TYPE                             SENDER  STATE\n"
		"     3  2026-11-21T09:45:00.002Z  nl.overheid.zaken.status.create  on      duplicate of 2\n"
		"     2  2026-11-21T09:45:00.002Z  nl.overheid.zaken.status.create  on      done\n"
		"     1  2026-11-21T09:45:00.001Z  nl.overheid.zaken.zaak.create    on      dead\n");
	RUN("events -n 1 --state dead", CLI_DONE);
	SAYS(out, "     1  ");
	RUN("events --type x.y", CLI_NOTHING);
	ck_assert_str_eq(out, "");
	RUN("events --handler log", CLI_DONE);
	SAYS_NOT(out, "duplicate");
	RUN("events --handler nobody", CLI_USAGE);
	RUN("events --json -n 1", CLI_DONE);
	ck_assert(is_json(out, strlen(out) - 1));
	SAYS(out, "\"duplicate_of\":2");
	remove_site();
}
END_TEST

START_TEST(one_event_is_shown_whole)
{
	make_site();
	fill();
	RUN("events show 1", CLI_DONE);
	SAYS(out, "zaak-1");
	SAYS(out, "the file is gone");
	SAYS(out, "HANDLER");
	SAYS(out, "ATTEMPT");
	SAYS_NOT(out, "{\"a\":1}");
	RUN("events show 1 --data", CLI_DONE);
	SAYS(out, "{\"a\":1}\n");
	RUN("events show 1 --raw", CLI_DONE);
	ck_assert_str_eq(out, "{\"a\":1}");
	RUN("events show 2", CLI_DONE);
	SAYS(out, "duplicates       3\n");
	RUN("events show 3", CLI_DONE);
	SAYS(out, "duplicate of     2\n");
	SAYS_NOT(out, "unwanted");
	RUN("events show 1 --json --data", CLI_DONE);
	ck_assert(is_json(out, strlen(out) - 1));
	SAYS(out, "\"data\":\"{\\\"a\\\":1}\"");
	RUN("events show 4", CLI_NOTHING);
	remove_site();
}
END_TEST

/* Event 4 is what the handler log emitted for event 2. */
static void fill_emitted(void)
{
	struct store *store = open_store();
	struct pool *pool = pool_new();
	struct emission emission = { .handler = "log", .source = "/handlers/log", .cause = {{ 2 }}, .now_ms = 1795254300004 };
	struct wire_emitted e = { .type = "nl.test.gevolg" };
	struct event *event = emitted_event(pool, &emission, 0, &e);
	struct sort_result sorted;
	struct err err;

	ck_assert_msg(store_append(store, &event, 1, &err) == 0 && store_sort(store, 100, &sorted, &err) == 0, "%s", err.text);
	pool_free(&pool);
	store_close(&store);
}

START_TEST(an_emitted_event_and_its_cause_name_each_other)
{
	make_site();
	fill();
	fill_emitted();
	RUN("events --sender handler:log", CLI_DONE);
	SAYS(out, "nl.test.gevolg  handler:log  ");
	RUN("events show 4", CLI_DONE);
	SAYS(out, "emitted by       log, for event 2\n");
	SAYS(out, "  postvakcause: 02000000000000000000000000000000\n");
	SAYS_NOT(out, "endpoint");
	RUN("events show 2", CLI_DONE);
	SAYS(out, "led to           4\n");
	RUN("events show 1", CLI_DONE);
	SAYS_NOT(out, "led to");
	RUN("events show 4 --json", CLI_DONE);
	ck_assert(is_json(out, strlen(out) - 1));
	SAYS(out, "\"emitted_by\":\"log\",\"cause\":2,\"led_to\":[]");
	RUN("events show 2 --json", CLI_DONE);
	SAYS(out, "\"emitted_by\":null,\"cause\":null,\"led_to\":[4]");
	remove_site();
}
END_TEST

START_TEST(status_names_what_needs_a_person)
{
	make_site();
	fill();
	RUN("status", CLI_DONE);
	SAYS(out, "serving        no");
	SAYS(out, "1 to 3, sorted to 3");
	SAYS(out, "warning: handler log has 1 dead");
	RUN("status --check", CLI_NOTHING);
	ck_assert_int_eq(strncmp(out, "warning:", 8), 0);
	RUN("status --json", CLI_DONE);
	ck_assert(is_json(out, strlen(out) - 1));
	SAYS(out, "\"dead\":1");
	SAYS(out, "\"bookmark\":3");
	RUN("discard 1", CLI_DONE);
	RUN("status --check", CLI_DONE);
	ck_assert_str_eq(out, "");
	remove_site();
}
END_TEST

START_TEST(a_change_is_applied_here_when_no_dispatcher_runs)
{
	make_site();
	fill();
	RUN("retry 1 --handler other", CLI_NOTHING);
	SAYS(err_text, "postvak: retry: ");
	ck_assert_str_eq(out, "");
	RUN("retry 2", CLI_NOTHING);
	RUN("retry 1", CLI_DONE);
	ck_assert_str_ne(out, "");
	RUN("events --state waiting", CLI_DONE);
	SAYS(out, "     1  ");
	RUN("events show 1", CLI_DONE);
	SAYS(out, "retried");
	RUN("discard --handler log --state waiting --json", CLI_DONE);
	ck_assert(is_json(out, strlen(out) - 1));
	SAYS(out, "\"status\":\"done\"");
	RUN("events --state waiting", CLI_NOTHING);
	RUN("rewind log --to beginning --only nl.overheid.zaken.status.*", CLI_DONE);
	RUN("rewind log --to 9", CLI_NOTHING);
	RUN("rewind nobody --to 1 --json", CLI_NOTHING);
	SAYS(out, "\"status\":\"refused\"");
	RUN("forget log", CLI_NOTHING);
	SAYS(err_text, "configuration");
	remove_site();
}
END_TEST

START_TEST(what_is_dead_is_counted_by_its_reason)
{
	struct store *store;
	struct err err;

	make_site();
	fill();
	RUN("dead", CLI_DONE);
	ck_assert_str_eq(out,
		"COUNT  HANDLER  TYPE                           STATE  OLDEST                    NEWEST                    EVENT  REASON\n"
		"    1  log      nl.overheid.zaken.zaak.create  dead   2026-11-21T09:45:00.000Z  2026-11-21T09:45:00.000Z      1  the file is gone\n");
	ck_assert_str_eq(err_text, "");
	RUN("dead --list --reason GONE --type nl.** --handler log 1", CLI_DONE);
	ck_assert_str_eq(out,
		"NUMBER  HANDLER  TYPE                           STATE  SINCE                     ATTEMPTS  REASON\n"
		"     1  log      nl.overheid.zaken.zaak.create  dead   2026-11-21T09:45:00.000Z         8  the file is gone\n");
	RUN("dead --json", CLI_DONE);
	ck_assert(is_json(out, strlen(out) - 1));
	SAYS(out, "\"count\":1");
	RUN("dead --list --json", CLI_DONE);
	ck_assert(is_json(out, strlen(out) - 1));
	SAYS(out, "\"attempts\":8");
	RUN("dead --state held,behind", CLI_NOTHING);
	RUN("dead --until 2026-11-21T09:45:00Z", CLI_NOTHING);
	RUN("dead --since 2026-11-21T09:45:00Z", CLI_DONE);
	RUN("dead 2", CLI_NOTHING);
	store = open_store();
	ck_assert_int_eq(store_begin(store, true, &err), 0);
	for (uint64_t n = 2; n <= 2000; n++) {
		char reason[40];

		snprintf(reason, sizeof reason, "HTTP 503 after %d ms", (int)n);
		ck_assert_int_eq(store_parked_put(store, &(struct parked){ .handler = "log", .n = n, .state = PARKED_DEAD, .since_ms = 1,
								  .reason = reason }, &err), 0);
	}
	ck_assert_int_eq(store_commit(store, &err), 0);
	store_close(&store);
	RUN("dead --reason HTTP", CLI_DONE);
	SAYS(out, "\n    2  log      nl.overheid.zaken.status.create  dead ");	/* 2; its duplicate, 3, has the same type */
	SAYS(out, "\n 1997  log      - ");
	RUN("dead --list --all", CLI_DONE);
	RUN("dead --list", CLI_DONE);
	remove_site();
}
END_TEST

START_TEST(a_dry_run_writes_nothing_and_the_audit_has_the_rest)
{
	make_site();
	fill();
	RUN("discard --handler log --dry-run", CLI_DONE);
	SAYS(out, "1 delivery for log would be discarded\n      1  log  nl.overheid.zaken.zaak.create  dead  the file is gone\n");
	SAYS(out, "nothing is changed");
	RUN("discard 1 --dry-run --json", CLI_DONE);
	ck_assert(is_json(out, strlen(out) - 1));
	SAYS(out, "\"dry_run\":true");
	RUN("retry 2 --dry-run", CLI_NOTHING);
	RUN("hold --handler log --dry-run", CLI_DONE);
	RUN("rewind log --to 1 --dry-run", CLI_DONE);
	RUN("audit", CLI_NOTHING);
	RUN("hold 1 --why because", CLI_DONE);
	RUN("hold 1", CLI_NOTHING);
	RUN("hold --handler log --why maintenance", CLI_DONE);
	RUN("status --check", CLI_NOTHING);
	SAYS(out, "handler log is held by ");
	SAYS(out, "maintenance");
	RUN("status", CLI_DONE);
	SAYS(out, "\npaused         log, since ");
	RUN("status --json", CLI_DONE);
	SAYS(out, "\"paused\":{");
	RUN("dead", CLI_DONE);
	SAYS(out, "held");
	RUN("release --handler log", CLI_DONE);
	SAYS(out, "handler log goes on\n1 delivery for log is released");
	RUN("events show 1", CLI_DONE);
	SAYS(out, ": because\n");
	RUN("rewind log --to 1 --why again", CLI_DONE);
	RUN("forget other --why gone", CLI_NOTHING);
	RUN("audit", CLI_DONE);
	SAYS(out, "  forget   handler=other        refused  nothing is known of a handler other");
	SAYS(out, "  because\n");
	SAYS(out, "  maintenance\n");
	SAYS_NOT(out, "why=");
	RUN("audit -n 1 --json --verb rewind", CLI_DONE);
	ck_assert(is_json(out, strlen(out) - 1));
	SAYS(out, "\"arguments\":[\"handler=log\",\"after=0\"],\"status\":\"done\"");
	SAYS(out, "\"why\":\"again\"");
	RUN("audit --who nobody-of-that-name", CLI_NOTHING);
	RUN("audit --until 1h", CLI_NOTHING);
	RUN("audit --since 1h --verb hold", CLI_DONE);
	remove_site();
}
END_TEST

/* Stands in for a dispatcher: holds its lock, and answers the first request. */
static void dispatch_one(int ready)
{
	const struct timespec pause = { 0, 5000000 };
	struct conf conf = {0};
	struct store *store = open_store();
	char *path = in_dir("state/dispatch");
	struct lock lock;
	struct err err;
	size_t n = 0;

	log_open("stand-in", LOG_WARN_);
	if (lock_open(&lock, path, false, NULL, &err) < 0 || lock_take(&lock, 0, &err) != 0 || write(ready, "x", 1) != 1)
		_exit(1);
	for (int i = 0; n == 0 && i < 2000; i++) {
		if (requests_apply(store, &conf, NULL, &n, &err) < 0)
			_exit(2);
		nanosleep(&pause, NULL);
	}
	_exit(n == 1 ? 0 : 3);
}

START_TEST(a_dispatcher_that_runs_is_asked)
{
	int ready[2], status;
	char byte;
	pid_t pid;

	make_site();
	fill();
	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0)
		dispatch_one(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	RUN("discard 1", CLI_DONE);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the dispatcher ended with %d", status);
	RUN("events --state dead", CLI_NOTHING);
	remove_site();
}
END_TEST

#define NOBODY 65534

START_TEST(root_makes_no_file_that_the_service_cannot_open)
{
	struct stat st;
	char *command, *path;
	int status;

	if (geteuid() != 0)
		return;
	make_site();
	fill();
	command = str_fmt("chmod 755 %s && chown -R %d %s/state %s/run && chmod 666 %s/out %s/err", dir, NOBODY, dir, dir, dir, dir);
	write_file("out", "");
	write_file("err", "");
	ck_assert_int_eq(system(command), 0);
	status = fork();
	if (status == 0)
		_exit(run("discard 1"));
	ck_assert(waitpid(status, &status, 0) > 0);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == CLI_DONE);
	path = in_dir("state/dispatch.lock");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq((int)st.st_uid, NOBODY);
	free(path);
	free(command);
	remove_site();
}
END_TEST

START_TEST(what_was_refused_can_be_seen)
{
	struct rejected r = { .at_ms = 1795254300000, .endpoint = "nrc", .sender = "on", .status = 400,
			      .headers = "content-type: text/plain\nce-id: a: \033\tb\nce-x: 1\nce-id: \nce-id: 2\nce-idx: 3\n",
			      .reason = "kanaal: is required", .body = (const unsigned char *)"{\033}", .body_len = 3 };
	struct store *store;
	struct err err;

	make_site();
	fill();
	RUN("events --rejected", CLI_NOTHING);
	store = open_store();
	ck_assert_msg(store_reject(store, &r, 1, &err) == 0, "%s", err.text);
	store_close(&store);
	RUN("events --rejected", CLI_DONE);
	SAYS(out, "kanaal: is required");
	SAYS_NOT(out, "{");
	SAYS_NOT(out, "ce-id");
	RUN("events --rejected --body", CLI_DONE);
	SAYS(out, "kanaal: is required\ncontent-type: text/plain\nce-id: a: \\x1b\\x09b\nce-x: 1\nce-id: \nce-id: 2\nce-idx: 3\n\n{\\x1b}\n");
	RUN("events --rejected --json", CLI_DONE);
	SAYS_NOT(out, "headers");
	RUN("events --rejected --sender other", CLI_NOTHING);
	RUN("events show 1 --rejected --json", CLI_DONE);
	ck_assert(is_json(out, strlen(out) - 1));
	SAYS(out, "\"headers\":{\"content-type\":\"text/plain\",\"ce-id\":\"a: \\u001b\\u0009b, , 2\",\"ce-x\":\"1\",\"ce-idx\":\"3\"},\"body\":");
	RUN("events show 2 --rejected", CLI_NOTHING);
	r.headers = NULL;
	store = open_store();
	ck_assert_msg(store_reject(store, &r, 1, &err) == 0, "%s", err.text);
	store_close(&store);
	RUN("events show 2 --rejected", CLI_DONE);
	SAYS(out, "kanaal: is required\n{\\x1b}\n");
	RUN("events show 2 --rejected --json", CLI_DONE);
	SAYS(out, "\"headers\":{},\"body\":");
	remove_site();
}
END_TEST

START_TEST(a_wrong_configuration_is_said_with_its_line)
{
	make_site();
	write_file("postvak.conf", "[postvak]\ntreads = 4\n");
	RUN("status", CLI_USAGE);
	SAYS(err_text, "postvak.conf:2: ");
	SAYS(err_text, "postvak: status: the configuration is not right");
	RUN("check", CLI_USAGE);
	SAYS(err_text, "postvak.conf:2: ");
	RUN("check --json", CLI_USAGE);
	ck_assert(is_json(out, strlen(out) - 1));
	SAYS(out, "\"line\":2");
	remove_site();
}
END_TEST

START_TEST(send_takes_path_and_secret_from_the_configuration)
{
	make_site();
	RUN("send --endpoint nrc --url http://127.0.0.1:1 --example --sender nobody", CLI_USAGE);
	SAYS(err_text, "[sender nobody]");
	RUN("send --endpoint nrc --url 127.0.0.1:1 --example", CLI_USAGE);
	RUN("send --endpoint nrc --url http://127.0.0.1:1 --example", CLI_FAILED);
	remove_site();
}
END_TEST

static void fill_gaps(void)
{
	static const struct gap gaps[] = {
		{ 0, 7, 1795254300001, "on", "urn:nld:zaken", "2", "5", 2 },
		{ 0, 9, 1795254300002, "og", "urn:nld:besluiten", "b", "a\n", 0 },
	};
	struct store *store = open_store();
	struct err err;

	ck_assert_int_eq(store_begin(store, true, &err), 0);
	for (size_t i = 0; i < 2; i++)
		ck_assert_msg(store_gap_add(store, &gaps[i], &err) == 0, "%s", err.text);
	ck_assert_int_eq(store_commit(store, &err), 0);
	store_close(&store);
}

START_TEST(gaps_are_listed_newest_first)
{
	make_site();
	RUN("gaps", CLI_FAILED);
	fill();
	RUN("gaps", CLI_NOTHING);
	ck_assert_str_eq(err_text, "postvak: gaps: nothing matches\n");
	fill_gaps();
	RUN("gaps", CLI_DONE);
	ck_assert_str_eq(out,
		"NUMBER  RECEIVED                  SENDER  SOURCE             AFTER    GOT  WHAT\n"
		"     9  2026-11-21T09:45:00.002Z  og      urn:nld:besluiten      b  a\\x0a  step back\n"
		"     7  2026-11-21T09:45:00.001Z  on      urn:nld:zaken          2      5  2 missing\n");
	RUN("gaps -n 1 --json", CLI_DONE);
	ck_assert(is_json(out, strlen(out) - 1));
	SAYS(out, "\"number\":9,");
	SAYS(out, "\"got\":\"a\\n\",\"what\":\"step back\",\"missing\":0}");
	SAYS_NOT(out, "zaken");
	RUN("gaps --source zaken --json", CLI_DONE);
	SAYS(out, "\"after\":\"2\",\"got\":\"5\",\"what\":\"gap\",\"missing\":2}");
	SAYS_NOT(out, "besluiten");
	RUN("gaps --sender og", CLI_DONE);
	SAYS_NOT(out, "zaken");
	RUN("gaps --since 2026-11-21T09:45:00.002Z", CLI_DONE);
	SAYS_NOT(out, "zaken");
	RUN("gaps --until 2026-11-21T09:45:00.002Z --all", CLI_DONE);
	SAYS_NOT(out, "besluiten");
	RUN("gaps --source nergens --json", CLI_NOTHING);
	ck_assert_str_eq(out, "");
	RUN("gaps -n 0", CLI_USAGE);
	remove_site();
}
END_TEST

static void fill_expired(void)
{
	struct attr attr = { "expirytime", "2001-01-01T00:00:00Z" };
	struct event event = { .received_ms = 1795254300009, .wire = WIRE_CLOUD, .type = "nl.overheid.zaken.x", .id = "1",
			       .source = "x", .endpoint = "nrc", .sender = "on", .attrs = &attr, .n_attrs = 1,
			       .key = {{ 9 }} };
	struct event *events[] = { &event };
	struct history h = { .n = 4, .handler = "log", .at_ms = 1795254300010, .what = "expired",
			     .note = "expirytime 2001-01-01T00:00:00Z" };
	struct bookmark b = { "log", 4, (const unsigned char *)"", 0 };
	struct store *store = open_store();
	struct sort_result sorted;
	struct err err;

	ck_assert_int_eq(store_append(store, events, 1, &err), 0);
	ck_assert_int_eq(store_sort(store, 10, &sorted, &err), 0);
	ck_assert_msg(store_begin(store, true, &err) == 0 && store_history_add(store, &h, &err) == 0 &&
		      store_bookmark_put(store, &b, &err) == 0 && store_commit(store, &err) == 0, "%s", err.text);
	store_close(&store);
}

START_TEST(what_expired_is_visible)
{
	make_site();
	fill();
	fill_expired();
	RUN("events --state expired", CLI_DONE);
	SAYS(out, "     4  ");
	SAYS(out, "  expired\n");
	SAYS_NOT(out, "     2  ");
	RUN("events --state done", CLI_DONE);
	SAYS_NOT(out, "     4  ");
	RUN("events --json -n 1", CLI_DONE);
	SAYS(out, "\"state\":\"expired\"");
	SAYS(out, "\"handlers\":{\"log\":\"expired\"}");
	RUN("events show 4", CLI_DONE);
	SAYS(out, "state            expired\n");
	SAYS(out, "log      expired");
	SAYS(out, "expirytime 2001-01-01T00:00:00Z");
	RUN("events show 4 --json", CLI_DONE);
	SAYS(out, "{\"handler\":\"log\",\"state\":\"expired\"}");
	remove_site();
}
END_TEST

static void ask_at(const char *endpoint, const char *origin, int rate, const char *callback)
{
	struct handshake h = { .at_ms = 1795254300000, .endpoint = endpoint, .origin = origin, .asked_rate = rate, .callback = callback };
	struct store *store = open_store();
	struct err err;

	ck_assert_msg(store_handshake_ask(store, &h, 1, &err) == 0, "%s", err.text);
	store_close(&store);
}

static void ask_for(const char *origin, int rate, const char *callback)
{
	ask_at("nrc", origin, rate, callback);
}

START_TEST(an_operator_decides_about_handshakes)
{
	make_site();
	fill();
	RUN("handshakes", CLI_NOTHING);
	ask_for("a.example", 120, "https://a.example/cb?key=geheim");
	ask_for("b.example", 0, "https://evil.net/cb?key=geheim");
	RUN("handshakes", CLI_DONE);
	ck_assert_str_eq(out,
		"NUMBER  TIME                      ENDPOINT  ORIGIN     RATE  STATE  CALLBACK\n"
		"     1  2026-11-21T09:45:00.000Z  nrc       a.example   120  asked  https://a.example\n"
		"     2  2026-11-21T09:45:00.000Z  nrc       b.example     -  asked  https://evil.net\n");
	RUN("handshakes --json", CLI_DONE);
	SAYS_NOT(out, "geheim");
	RUN("handshakes show 1", CLI_DONE);
	SAYS(out, "https://a.example/cb?key=geheim\n");
	RUN("handshakes show 1 --json", CLI_DONE);
	ck_assert(is_json(out, strlen(out) - 1));
	RUN("status --check", CLI_NOTHING);
	SAYS(out, "warning: 2 origins ask for permission");
	RUN("handshakes grant 1 --no-call --rate 60", CLI_DONE);
	SAYS(out, "granted: a.example at endpoint nrc, 60 requests a minute\n");
	RUN("handshakes deny 2", CLI_DONE);
	SAYS(out, "denied: b.example");
	RUN("status --check", CLI_NOTHING);
	SAYS_NOT(out, "permission");
	RUN("handshakes", CLI_NOTHING);
	RUN("handshakes --all", CLI_DONE);
	SAYS(out, "   60  granted  ");
	SAYS(out, "denied");
	RUN("handshakes grant 2 --no-call", CLI_DONE);
	SAYS(out, "any number of requests");
	RUN("handshakes grant 3", CLI_NOTHING);
	SAYS(err_text, "there is no handshake 3");
	RUN("handshakes deny 3", CLI_NOTHING);
	RUN("handshakes show 3", CLI_NOTHING);
	ask_for("LISTED.example", 0, "https://listed.example/");
	RUN("handshakes deny 3", CLI_NOTHING);
	SAYS(err_text, "take it out of its origins first");
	RUN("handshakes", CLI_DONE);
	ask_at("gone", "a.example", 0, "https://a.example/");
	RUN("handshakes grant 4 --no-call", CLI_NOTHING);
	SAYS(err_text, "endpoint gone gives nobody permission now");
	RUN("handshakes deny 4", CLI_DONE);
	RUN("handshakes deny 3 --json", CLI_USAGE);
	SAYS(err_text, "--json does not go with this");
	remove_site();
}
END_TEST

START_TEST(a_callback_that_leads_elsewhere_is_not_called)
{
	make_site();
	fill();
	ask_for("b.example", 0, "https://evil.net/cb?key=geheim");
	ask_for("localhost", 0, "https://localhost:1/cb?key=geheim");
	RUN("handshakes grant 1", CLI_NOTHING);
	SAYS(err_text, "--any-host");
	SAYS_NOT(err_text, "geheim");
	RUN("handshakes show 1", CLI_DONE);
	SAYS(out, "state     asked\n");
#ifdef HAVE_LIBCURL
	RUN("handshakes grant 2", CLI_FAILED);
	SAYS(err_text, "own network");
	SAYS(err_text, "the grant stays");
	SAYS_NOT(err_text, "geheim");
	RUN("handshakes show 2", CLI_DONE);
	SAYS(out, "state     granted, any number a minute, by ");
	RUN("handshakes grant 2 --private", CLI_FAILED);
	SAYS_NOT(err_text, "own network");
#endif
	remove_site();
}
END_TEST

UNIT_MAIN("command",
	gaps_are_listed_newest_first,
	what_expired_is_visible,
	an_operator_decides_about_handshakes, a_callback_that_leads_elsewhere_is_not_called,
	without_a_store_listings_fail_and_make_none,
	the_list_is_newest_first_and_has_no_subject,
	one_event_is_shown_whole, an_emitted_event_and_its_cause_name_each_other,
	status_names_what_needs_a_person,
	a_change_is_applied_here_when_no_dispatcher_runs,
	  what_is_dead_is_counted_by_its_reason, a_dry_run_writes_nothing_and_the_audit_has_the_rest,
	a_dispatcher_that_runs_is_asked,
	root_makes_no_file_that_the_service_cannot_open,
	what_was_refused_can_be_seen,
	a_wrong_configuration_is_said_with_its_line,
	send_takes_path_and_secret_from_the_configuration)
