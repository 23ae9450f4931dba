/* SPDX-License-Identifier: EUPL-1.2
 * The configuration: what a file becomes, and every way in which it can be wrong. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/sock.h"
#include "conf/probe.h"
#include "unit.h"

static char dir[UNIT_PATH];
static char start_dir[4096];
static struct problems problems;

#define GOOD \
	"[endpoint nrc]\n" \
	"path = /nrc\n" \
	"senders = on\n" \
	"[sender on]\n" \
	"authorization = file:secret\n" \
	"[handler zaak]\n" \
	"plugin = ./zaak.so\n" \
	"events = nl.overheid.zaken.**\n"

static char *in_dir(const char *name)
{
	static char path[8][512];
	static int turn;
	char *p = path[turn++ % 8];

	snprintf(p, sizeof path[0], "%s/%s", dir, name);
	return p;
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	struct err err;

	ck_assert_msg(file_replace(in_dir(name), text, strlen(text), mode, &err) == 0, "%s", err.text);
	ck_assert_int_eq(chmod(in_dir(name), mode), 0);
}

/* Every test runs in a process of its own, so this makes a directory for each. */
static void setup(void)
{
	if (start_dir[0])
		return;
	ck_assert_ptr_nonnull(getcwd(start_dir, sizeof start_dir));
	unit_dir(dir);
	problems.pool = pool_new();
	write_file("secret", "Bearer one\n\n  Bearer two \r\n", 0640);
}

static void teardown(void)
{
	char *command = str_fmt("rm -rf %s", dir);

	ck_assert_int_eq(system(command), 0);
	free(command);
	pool_free(&problems.pool);
}

static struct conf *load(const char *text)
{
	struct conf *conf = NULL;

	setup();
	problems.n = 0;
	write_file("postvak.conf", text, 0644);
	conf_load(in_dir("postvak.conf"), &conf, &problems);
	return conf;
}

static struct conf *load_good(const char *text)
{
	struct conf *conf = load(text);

	for (size_t i = 0; i < problems.n; i++)
		fprintf(stderr, "%d: %s\n", problems.v[i].line, problems.v[i].text);
	ck_assert_ptr_nonnull(conf);
	ck_assert_uint_eq(problems.n, 0);
	return conf;
}

static bool has_problem(int line, const char *part)
{
	for (size_t i = 0; i < problems.n; i++)
		if (problems.v[i].line == line && strstr(problems.v[i].text, part))
			return true;
	for (size_t i = 0; i < problems.n; i++)
		fprintf(stderr, "%d: %s\n", problems.v[i].line, problems.v[i].text);
	return false;
}

/* The file is refused with exactly one problem: that line, that text. */
static void refused(const char *text, int line, const char *part)
{
	ck_assert_ptr_null(load(text));
	ck_assert_msg(has_problem(line, part), "%s:%d", part, line);
	ck_assert_msg(problems.n == 1, "%zu problems: %s; %s", problems.n, problems.v[0].text, problems.v[1].text);
	ck_assert_str_eq(problems.v[0].file, in_dir("postvak.conf"));
}

START_TEST(an_empty_file_means_the_defaults)
{
	struct conf *conf = load_good("");

	ck_assert_str_eq(conf->state_dir, LOCALSTATEDIR "/lib/postvak");
	ck_assert_str_eq(conf->run_dir, "/run/postvak");
	ck_assert_str_eq(conf->store, "sqlite:" LOCALSTATEDIR "/lib/postvak");
	ck_assert_str_eq(conf->listen, "unix:/run/postvak/receiver.sock");
	ck_assert_str_eq(conf->group, "");
	ck_assert_int_eq(conf->threads, 4);
	ck_assert_int_eq(conf->threads_max, 64);
	ck_assert_int_eq(conf->receivers, 1);
	ck_assert_uint_eq(conf->body_max, 1u << 20);
	ck_assert_int_eq(conf->read_timeout_ms, 20000);
	ck_assert_int_eq(conf->drain_ms, 30000);
	ck_assert_uint_eq(conf->disk_reserve, 256u << 20);
	ck_assert_int_eq(conf->retention_ms, INT64_C(30) * 86400000);
	ck_assert_int_eq(conf->remember_ms, INT64_C(90) * 86400000);
	ck_assert_int_eq(conf->log_level, LOG_INFO_);
	ck_assert_uint_eq(conf->n_endpoints + conf->n_senders + conf->n_handlers, 0);
	conf_free(&conf);
	ck_assert_ptr_null(conf);
	teardown();
}
END_TEST

START_TEST(sections_have_the_defaults_of_the_design)
{
	struct conf *conf = load_good(GOOD);
	const struct conf_handler *handler = conf_handler(conf, "zaak");

	ck_assert_int_eq(conf->endpoints[0].accepts, ACCEPTS_NRC);
	ck_assert_int_eq(conf->endpoints[0].profile, NRC_LENIENT);
	ck_assert_int_eq(conf->endpoints[0].invalid, INVALID_REJECT);
	ck_assert(!conf->endpoints[0].retired);
	ck_assert_uint_eq(conf->endpoints[0].n_senders, 1);
	ck_assert_uint_eq(conf->endpoints[0].senders[0], 0);
	ck_assert_str_eq(conf->senders[0].may_send, "**");
	ck_assert_int_eq(conf->senders[0].identity, IDENTITY_CONTENT);
	ck_assert_ptr_null(conf->senders[0].identity_group);
	ck_assert_ptr_nonnull(handler);
	ck_assert_ptr_null(conf_handler(conf, "other"));
	ck_assert_str_eq(handler->plugin, in_dir("zaak.so"));
	ck_assert_int_eq(handler->runners, 1);
	ck_assert_int_eq(handler->order, ORDER_OBJECT);
	ck_assert_int_eq(handler->deadline_ms, 30000);
	ck_assert_int_eq(handler->retry.attempts, 8);
	ck_assert_int_eq(handler->retry.first_ms, 25000);
	ck_assert(handler->retry.factor > 3.99 && handler->retry.factor < 4.01);
	ck_assert_int_eq(handler->retry.longest_ms, 52000000);
	ck_assert_int_eq(handler->circuit.failures, 20);
	ck_assert_int_eq(handler->circuit.longest_ms, 600000);
	ck_assert_int_eq(handler->on_dead, ON_DEAD_PASS);
	ck_assert_int_eq(handler->from, FROM_NOW);
	ck_assert_uint_eq(handler->memory, 256u << 20);
	conf_free(&conf);
	teardown();
}
END_TEST

#define FULL \
	"\xEF\xBB\xBF; a comment\r\n" \
	"[postvak] ; a comment\r\n" \
	"state_dir = state\r\n" \
	"run_dir = ./run/\r\n" \
	"store = sqlite:db\n" \
	"listen = unix:x.sock\n" \
	"threads = 2\nthreads_max = 8\nreceivers = 0\nbody_max = 64K\nread_timeout = 5s\ndrain = 2m\n" \
	"disk_reserve = 0\nretention = 1h\nremember = 1h\ndead_retention = 2d\nlog = debug\n" \
	"[endpoint a]\npath = /a/b\naccepts = nrc\nsenders = one,\n  two ; both\nprofile = strict\n" \
	"invalid = quarantine\nretired = yes\n" \
	"[sender one]\nauthorization = env:POSTVAK_TEST_SECRET\nmay_send = a.*,b.**\nidentity = correlation\n" \
	"identity_group = ring\n" \
	"[sender two]\nauthorization: file:secret\nidentity = header:X-Message-ID\n" \
	"[handler h]\nplugin = zaak\nevents =\n  a.b\n\n; between\n  a.c\nrunners = 3\norder = none\ndeadline = 250ms\n" \
	"retry = 3 1s 1.5 1m\ncircuit = off\non_dead = hold\nfrom = 7d\nmemory = 0\noption.mailbox = zaken@example.nl\n" \
	"option.token = file:token\n"

static struct conf *load_full(void)
{
	setup();
	setenv("POSTVAK_TEST_SECRET", "Token from-the-environment", 1);
	write_file("token", "downstream-token\n", 0600);
	return load_good(FULL);
}

static void check_full_postvak(const struct conf *conf)
{
	ck_assert_str_eq(conf->file, in_dir("postvak.conf"));
	ck_assert_str_eq(conf->state_dir, in_dir("state"));
	ck_assert_str_eq(conf->run_dir, in_dir("run"));
	ck_assert_str_eq(conf->store + strlen("sqlite:"), in_dir("state/db"));
	ck_assert_str_eq(conf->listen + strlen("unix:"), in_dir("run/x.sock"));
	ck_assert_int_eq(conf->threads, 2);
	ck_assert_int_eq(conf->threads_max, 8);
	ck_assert_int_eq(conf->receivers, 0);
	ck_assert_uint_eq(conf->body_max, 65536);
	ck_assert_int_eq(conf->read_timeout_ms, 5000);
	ck_assert_int_eq(conf->drain_ms, 120000);
	ck_assert_uint_eq(conf->disk_reserve, 0);
	ck_assert_int_eq(conf->retention_ms, 3600000);
	ck_assert_int_eq(conf->dead_retention_ms, 2 * 86400000);
	ck_assert_int_eq(conf->log_level, LOG_DEBUG_);
}

static void check_full_intake(const struct conf *conf)
{
	const struct conf_endpoint *endpoint = &conf->endpoints[0];

	ck_assert_str_eq(endpoint->name, "a");
	ck_assert_str_eq(endpoint->path, "/a/b");
	ck_assert_uint_eq(endpoint->n_senders, 2);
	ck_assert_uint_eq(endpoint->senders[1], 1);
	ck_assert_int_eq(endpoint->profile, NRC_STRICT);
	ck_assert_int_eq(endpoint->invalid, INVALID_QUARANTINE);
	ck_assert(endpoint->retired);
	ck_assert_str_eq(conf->senders[0].may_send, "a.*,b.**");
	ck_assert_int_eq(conf->senders[0].identity, IDENTITY_CORRELATION);
	ck_assert_str_eq(conf->senders[0].identity_group, "ring");
	ck_assert_int_eq(conf->senders[1].identity, IDENTITY_HEADER);
	ck_assert_str_eq(conf->senders[1].identity_header, "x-message-id");
}

static void check_full_secrets(const struct conf *conf)
{
	const struct secret *secret = &conf->senders[1].authorization;

	ck_assert_uint_eq(conf->senders[0].authorization.n, 1);
	ck_assert_str_eq(conf->senders[0].authorization.values[0], "Token from-the-environment");
	ck_assert_str_eq(secret->ref, "file:secret");
	ck_assert_uint_eq(secret->n, 2);
	ck_assert_str_eq(secret->values[0], "Bearer one");
	ck_assert_str_eq(secret->values[1], "Bearer two");
}

static void check_full_handler(const struct conf *conf)
{
	const struct conf_handler *handler = &conf->handlers[0];

	ck_assert_str_eq(handler->plugin, HANDLERDIR "/zaak.so");
	ck_assert_str_eq(handler->events, "a.b a.c");
	ck_assert_str_eq(handler->source, "/handlers/h");
	ck_assert_int_eq(handler->runners, 3);
	ck_assert_int_eq(handler->order, ORDER_NONE);
	ck_assert_int_eq(handler->deadline_ms, 250);
	ck_assert_int_eq(handler->retry.attempts, 3);
	ck_assert_int_eq(handler->circuit.failures, 0);
	ck_assert(handler->retry.factor > 1.49 && handler->retry.factor < 1.51);
	ck_assert_int_eq(handler->retry.longest_ms, 60000);
	ck_assert_int_eq(handler->on_dead, ON_DEAD_HOLD);
	ck_assert_int_eq(handler->from, FROM_AGO);
	ck_assert_int_eq(handler->from_ago_ms, INT64_C(7) * 86400000);
	ck_assert_uint_eq(handler->memory, 0);
	ck_assert_uint_eq(handler->n_options, 2);
	ck_assert_str_eq(handler->options[0].name, "mailbox");
	ck_assert_str_eq(handler->options[0].value, "zaken@example.nl");
	ck_assert(!handler->options[0].secret);
	ck_assert_str_eq(handler->options[1].value, "downstream-token");
	ck_assert(handler->options[1].secret);
}

START_TEST(every_setting_is_read)
{
	struct conf *conf = load_full();

	check_full_postvak(conf);
	check_full_intake(conf);
	check_full_secrets(conf);
	check_full_handler(conf);
	conf_free(&conf);
	teardown();
}
END_TEST

START_TEST(lines_are_exact_behind_comments_continuations_and_blank_lines)
{
	struct conf *conf = load_full();

	ck_assert_int_eq(conf->origin.line, 2);
	ck_assert_int_eq(conf->handlers[0].origin.line, 34);
	ck_assert_int_eq(conf_handler_line(&conf->handlers[0], "plugin"), 35);
	ck_assert_int_eq(conf_handler_line(&conf->handlers[0], "runners"), 41);
	ck_assert_int_eq(conf->handlers[0].options[1].line, 50);
	conf_free(&conf);
	conf = load_good(GOOD);
	ck_assert_int_eq(conf_handler_line(&conf->handlers[0], "runners"), 6);
	conf_free(&conf);
	teardown();
}
END_TEST

START_TEST(a_relative_file_name_becomes_absolute)
{
	struct conf *conf;

	setup();
	write_file("postvak.conf", GOOD, 0644);
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_int_eq(conf_load("postvak.conf", &conf, &problems), 0);
	ck_assert_int_eq(chdir(start_dir), 0);
	ck_assert_str_eq(conf->file, in_dir("postvak.conf"));
	ck_assert_str_eq(conf->handlers[0].plugin, in_dir("zaak.so"));
	conf_free(&conf);
	teardown();
}
END_TEST

START_TEST(the_file_is_named_or_in_the_environment_or_the_installed_one)
{
	unsetenv("POSTVAK_CONF");
	ck_assert_str_eq(conf_path(NULL), SYSCONFDIR "/postvak/postvak.conf");
	setenv("POSTVAK_CONF", "/x", 1);
	ck_assert_str_eq(conf_path(NULL), "/x");
	ck_assert_str_eq(conf_path("/y"), "/y");
}
END_TEST

START_TEST(a_missing_file_or_a_binary_one_is_one_problem)
{
	struct conf *conf;

	setup();
	ck_assert_int_eq(conf_load(in_dir("none"), &conf, &problems), -1);
	ck_assert_uint_eq(problems.n, 1);
	ck_assert_int_eq(problems.v[0].line, 0);
	problems.n = 0;
	ck_assert_int_eq(file_replace(in_dir("nul"), "[postvak]\0", 10, 0600, NULL), 0);
	ck_assert_int_eq(conf_load(in_dir("nul"), &conf, &problems), -1);
	ck_assert(strstr(problems.v[0].text, "NUL"));
	teardown();
}
END_TEST

START_TEST(all_problems_are_told_at_once_in_the_order_of_lines)
{
	ck_assert_ptr_null(load(
		"stray = 1\n"
		"[postvak]\n"
		"thread = 4\n"
		"threads = many\n"
		"threads = 5\n"
		"no setting here\n"
		"[postvak]\n"
		"[endpoint nrc]\n"
		"path = nrc\n"
		"senders = nobody\n"
		"accepts = cloud\n"
		"[sender a]\n"
		"[handler h]\n"
		"events = a..b\n"
		"[gateway x]\n"
		"ignored = 1\n"));
	ck_assert(has_problem(1, "stray stands before any section"));
	ck_assert(has_problem(3, "did you mean threads?"));
	ck_assert(has_problem(4, "threads = many is not possible: it takes a whole number, from 1 to 1024"));
	ck_assert(has_problem(5, "threads is set already on line 4"));
	ck_assert(has_problem(6, "neither a section"));
	ck_assert(has_problem(7, "[postvak] is there already on line 2"));
	ck_assert(has_problem(9, "it takes a path that starts with a slash"));
	ck_assert(has_problem(10, "there is no section [sender nobody]"));
	ck_assert(has_problem(11, "it takes nrc, cloudevents, both, json, or cloudevents json"));
	ck_assert(has_problem(12, "[sender a] has nothing that proves who it is"));
	ck_assert(has_problem(13, "[handler h] has no plugin"));
	ck_assert(has_problem(14, "events: "));
	ck_assert(has_problem(15, "there is no kind of section [gateway]"));
	ck_assert_uint_eq(problems.n, 13);
	for (size_t i = 1; i < problems.n; i++)
		ck_assert_int_le(problems.v[i - 1].line, problems.v[i].line);
	teardown();
}
END_TEST

START_TEST(sections_are_checked)
{
	refused("[endpoint]\npath = /x\n", 1, "needs a name");
	refused("[endpoint a b]\npath = /x\n", 1, "needs a name");
	refused("[postvak main]\n", 1, "takes no name");
	refused("[postvak\nthreads = 1\n", 1, "this is not a section");
	refused("[postvak] x\n", 1, "this is not a section");
	refused("[handler empty]\nplugin = x\n", 1, "has no events");
	refused(GOOD "[sender on]\n", 9, "[sender on] is there already on line 4");
	refused(GOOD "[endpoint b]\npath = /nrc\nsenders = on\n", 10, "path of [endpoint nrc] already (line 2)");
	refused(GOOD "[endpoint b]\nsenders = on\n", 9, "[endpoint b] has no path");
	refused(GOOD "[endpoint b]\npath = /b\n", 9, "[endpoint b] has no senders");
	teardown();
}
END_TEST

START_TEST(a_section_with_a_long_name_keeps_its_name)
{
	struct conf *conf = load_good("[handler h123456789012345678901234567890123456789012345678901234567890]\n"
				      "plugin = x\nevents = a.b\n");

	ck_assert_str_eq(conf->handlers[0].name, "h123456789012345678901234567890123456789012345678901234567890");
	conf_free(&conf);
	teardown();
}
END_TEST

START_TEST(unknown_settings_come_with_what_was_meant)
{
	refused("[postvak]\nretentoin = 30d\n", 2, "did you mean retention?");
	refused("[postvak]\nzzzzzzzzzz = 1\n", 2, "postvak.conf(5)");
	refused("[postvak]\nplugin = x\n", 2, "plugin belongs in a section [handler NAME]");
	refused(GOOD "mailbox = x\n", 9, "write option.mailbox");
	refused(GOOD "option. = x\n", 9, "is not the name of an option");
	refused(GOOD "option.a = x\noption.a = y\n", 10, "option.a is set already on line 9");
	teardown();
}
END_TEST

START_TEST(values_are_checked)
{
	refused("[postvak]\nthreads = 0\n", 2, "from 1 to 1024");
	refused("[postvak]\nthreads = 4 # four\n", 2, "begins with a blank and ;");
	refused("[postvak]\nthreads = 70\n", 1, "threads_max = 64 is less than threads = 70");
	refused("[postvak]\nthreads =\n", 2, "whole number");
	refused("[postvak]\nbody_max = 1Q\n", 2, "from 1K to 32M");
	refused("[postvak]\nbody_max = 1.5M\n", 2, "a size in bytes");
	refused("[postvak]\nbody_max = 99999999999999999999999\n", 2, "a size in bytes");
	refused("[postvak]\ndrain = 30\n", 2, "a duration such as");
	refused("[postvak]\nretention = 60d\nremember = 40d\n", 3, "at least 60d");
	refused("[postvak]\nlog = loud\n", 2, "it takes debug, info, warn or error");
	refused("[postvak]\nstore = mysql:x\n", 2, "sqlite:DIRECTORY");
	refused("[postvak]\nlisten = tcp:localhost:9000\n", 2, "an address in numbers");
	refused("[postvak]\nlisten = tcp:127.0.0.1:99999\n", 2, "an address in numbers");
	refused("[postvak]\ngroup = no-such-group-here\n", 2, "there is no group");
	refused("[postvak]\nrun_dir = /a23456789b23456789c23456789d23456789e23456789f23456789g23456789"
		"h23456789i23456789j23456789k23456789\nlisten = tcp:[::1]:9000\n", 2, "too long for the sockets");
	refused("[postvak]\nlisten = unix:/a23456789b23456789c23456789d23456789e23456789f23456789g23456789"
		"h23456789i23456789j23456789k23456789\n", 2, "at most 99 bytes");
	refused(GOOD "retry = 8 25s 4\n", 9, "ATTEMPTS FIRST FACTOR LONGEST");
	refused(GOOD "retry = 0 25s 4 14h\n", 9, "not a number of attempts");
	refused(GOOD "retry = 8 25s 0x4 14h\n", 9, "0x4 is not a factor");
	refused(GOOD "retry = 8 25s 4 1s\n", 9, "are not possible");
	refused(GOOD "circuit = on\n", 9, "off, or EVENTS FIRST FACTOR LONGEST");
	refused(GOOD "circuit = 0 10s 2 10m\n", 9, "not a number of events");
	refused(GOOD "circuit = 1 10s 2 10m\n", 9, "write 2 or more");
	refused(GOOD "circuit = 20 10s 2 1s\n", 9, "are not possible");
	refused(GOOD "from = later\n", 9, "now, beginning");
	refused(GOOD "memory = 1K\n", 9, "at least 16M");
	refused(GOOD "source = a b\n", 9, "no URI reference");
	refused(GOOD "source =\n", 9, "it takes a text");
	teardown();
}
END_TEST

START_TEST(a_token_in_the_query_needs_a_bearer_secret)
{
	struct conf *conf;

	setup();
	write_file("token", "Token one\n", 0640);
	refused("[sender on]\nauthorization = file:token\nrate = 5\nquery_token = yes\n", 4, "Bearer TOKEN");
	write_file("token", "Token one\nbearer two\n", 0640);
	conf = load_good("[sender on]\nauthorization = file:token\nquery_token = yes\n");
	conf_free(&conf);
	teardown();
}
END_TEST

START_TEST(an_indented_setting_is_not_taken_for_part_of_another)
{
	refused("[postvak]\nthreads = 4\n  receivers = 1\n", 3, "begins with a blank");
	refused(GOOD "option.a = x\n  option.b = y\n", 10, "begins with a blank");
	refused("[postvak]\nthreads = 4\n  [handler x]\n", 3, "a section must begin at the left margin");
	conf_free(&(struct conf *){ load_good("[postvak]\n  threads = 3\n") });
	teardown();
}
END_TEST

START_TEST(a_line_that_is_too_long_is_said_and_not_cut)
{
	struct buf text = { 0 };

	buf_str(&text, GOOD "option.a = ");
	for (int i = 0; i < 70000; i++)
		buf_char(&text, 'x');
	refused(text.p, 9, "this line is too long");
	buf_reset(&text);
	buf_str(&text, "; ");
	for (int i = 0; i < 70000; i++)
		buf_char(&text, 'x');
	buf_str(&text, "\n" GOOD);
	conf_free(&(struct conf *){ load_good(text.p) });
	buf_free(&text);
	teardown();
}
END_TEST

START_TEST(secrets_are_never_written_in_the_file)
{
#define SENDER "[sender a]\nauthorization = "
	refused(SENDER "Bearer topsecret\n", 2, "does not take the secret itself");
	ck_assert_ptr_null(strstr(problems.v[0].text, "topsecret"));
	refused(SENDER "file:\n", 2, "file:PATH");
	refused(SENDER "env:POSTVAK_TEST_UNSET\n", 2, "POSTVAK_TEST_UNSET is not set");
	setenv("POSTVAK_TEST_EMPTY", "", 1);
	refused(SENDER "env:POSTVAK_TEST_EMPTY\n", 2, "is empty");
	teardown();
}
END_TEST

START_TEST(secret_files_are_checked)
{
	setup();
	write_file("everybody", "x\n", 0644);
	write_file("executable", "x\n", 0601);
	write_file("group", "x\n", 0660);
	write_file("empty", "\n \n", 0600);
	write_file("control", "a\001b\n", 0600);
	write_file("two", "a\nb\n", 0600);
	write_file("marked", "\xEF\xBB\xBFToken one\n", 0600);
	refused(SENDER "file:marked\n", 2, "begins with a byte order mark");
	refused(SENDER "file:missing\n", 2, "is not there");
	refused(SENDER "file:.\n", 2, "not a regular file");
	refused(SENDER "file:everybody\n", 2, "open to everybody (mode 0644)");
	refused(SENDER "file:executable\n", 2, "open to everybody");
	refused(SENDER "file:group\n", 2, "can be written by its group");
	refused(SENDER "file:empty\n", 2, "is empty");
	refused(SENDER "file:control\n", 2, "a control byte");
	refused(GOOD "option.token = file:two\n", 9, "takes one secret");
	refused(GOOD "option.token = file:none\n", 9, "is not there");
	teardown();
}
END_TEST

START_TEST(a_secret_file_of_somebody_else_is_refused)
{
	struct conf *conf;

	if (geteuid() != 0)
		return;
	setup();
	write_file("strange", "Token one\n", 0600);
	ck_assert_int_eq(chown(in_dir("strange"), 12345, 0), 0);
	ck_assert_int_eq(mkdir(in_dir("state"), 0700), 0);
	refused("[postvak]\nstate_dir = state\n" SENDER "file:strange\n", 4, "belongs to user 12345, who can read it");
	ck_assert_int_eq(chown(in_dir("state"), 12345, 0), 0);
	conf = load_good("[postvak]\nstate_dir = state\n" SENDER "file:strange\n");
	conf_free(&conf);
	teardown();
}
END_TEST

START_TEST(a_secret_file_that_is_too_long_is_named)
{
	static char text[(64u << 10) + 2];

	setup();
	memset(text, 'a', sizeof text - 1);
	write_file("long", text, 0600);
	refused(SENDER "file:long\n", 2, "/long: is longer than 65536 bytes");
	teardown();
}
END_TEST

static bool contains(const struct buf *b, const char *text)
{
	return memmem(b->p, b->len, text, strlen(text)) != NULL;
}

START_TEST(a_role_is_sent_what_it_needs_and_no_secret_of_another)
{
	struct conf *conf = load_full();
	struct buf all = { 0 }, receiver = { 0 }, dispatch = { 0 };

	conf_pack(conf, ROLE_ALL, &all);
	conf_pack(conf, ROLE_RECEIVER, &receiver);
	conf_pack(conf, ROLE_DISPATCH, &dispatch);
	ck_assert(contains(&all, "Bearer one") && contains(&all, "downstream-token"));
	ck_assert(contains(&receiver, "Bearer one") && contains(&receiver, "from-the-environment"));
	ck_assert(!contains(&receiver, "downstream-token") && !contains(&receiver, "zaken@example.nl"));
	ck_assert(!contains(&receiver, "zaak.so"));
	ck_assert(contains(&dispatch, "downstream-token") && contains(&dispatch, "zaken@example.nl"));
	ck_assert(!contains(&dispatch, "Bearer") && !contains(&dispatch, "from-the-environment"));
	buf_free(&all);
	buf_free(&receiver);
	buf_free(&dispatch);
	conf_free(&conf);
	teardown();
}
END_TEST

static struct conf *repack(const struct conf *conf, enum conf_role role)
{
	struct buf bytes = { 0 };
	struct conf *out;
	struct err err;

	conf_pack(conf, role, &bytes);
	ck_assert_msg(conf_unpack(bytes.p, bytes.len, &out, &err) == 0, "%s", err.text);
	buf_free(&bytes);
	return out;
}

START_TEST(what_is_packed_comes_back)
{
	struct conf *conf = load_full(), *all, *receiver, *dispatch;

	conf->generation = UINT64_C(1) << 40;
	all = repack(conf, ROLE_ALL);
	receiver = repack(conf, ROLE_RECEIVER);
	dispatch = repack(conf, ROLE_DISPATCH);
	ck_assert_uint_eq(all->generation, UINT64_C(1) << 40);
	check_full_postvak(all);
	check_full_intake(all);
	check_full_secrets(all);
	check_full_handler(all);
	ck_assert_int_eq(conf_handler_line(&all->handlers[0], "runners"), 41);
	check_full_postvak(receiver);
	check_full_intake(receiver);
	check_full_secrets(receiver);
	ck_assert_str_eq(receiver->handlers[0].events, "a.b a.c");
	ck_assert_uint_eq(receiver->handlers[0].n_options, 0);
	check_full_postvak(dispatch);
	check_full_intake(dispatch);
	check_full_handler(dispatch);
	ck_assert_uint_eq(dispatch->senders[1].authorization.n, 0);
	conf_free(&conf);
	conf_free(&all);
	conf_free(&receiver);
	conf_free(&dispatch);
	teardown();
}
END_TEST

START_TEST(bytes_that_are_no_configuration_are_refused)
{
	struct conf *conf = load_full(), *out = NULL;
	struct buf bytes = { 0 };
	struct err err;

	conf_pack(conf, ROLE_ALL, &bytes);
	for (size_t len = 0; len < bytes.len; len++)
		ck_assert_int_eq(conf_unpack(bytes.p, len, &out, &err), -1);
	for (size_t i = 0; i < bytes.len; i++) {
		char *copy = mem_dup(bytes.p, bytes.len);

		copy[i] = (char)~copy[i];
		if (conf_unpack(copy, bytes.len, &out, &err) == 0)
			conf_free(&out);
		free(copy);
	}
	buf_char(&bytes, 'x');
	ck_assert_int_eq(conf_unpack(bytes.p, bytes.len, &out, &err), -1);
	buf_free(&bytes);
	conf_free(&conf);
	teardown();
}
END_TEST

START_TEST(what_is_printed_loads_again_as_the_same)
{
	struct conf *conf = load_full();
	struct buf first = { 0 }, second = { 0 };
	char *comment = str_fmt("; %s:5\n", in_dir("postvak.conf"));

	conf_print(conf, false, &first);
	ck_assert(contains(&first, comment) && contains(&first, "; default\n"));
	ck_assert(!contains(&first, "Bearer") && !contains(&first, "downstream-token"));
	ck_assert(contains(&first, "authorization = file:secret"));
	conf_free(&conf);
	conf = load_good(first.p);
	check_full_postvak(conf);
	check_full_intake(conf);
	check_full_secrets(conf);
	check_full_handler(conf);
	conf_print(conf, false, &second);
	ck_assert(contains(&second, "threads = 2"));
	buf_free(&first);
	buf_free(&second);
	free(comment);
	conf_free(&conf);
	teardown();
}
END_TEST

START_TEST(a_long_list_is_printed_so_that_it_loads_again)
{
	struct buf text = { 0 }, printed = { 0 };
	struct conf *conf;

	buf_str(&text, "[handler h]\nplugin = /x/y.so\nevents =\n");
	for (int i = 0; i < 40; i++)
		buf_fmt(&text, "  nl.overheid.zaken.status%d.create,nl.overheid.zaken.status%d.update\n", i, i);
	conf = load_good(text.p);
	conf_print(conf, false, &printed);
	conf_free(&conf);
	conf = load_good(printed.p);
	ck_assert(strstr(conf->handlers[0].events, "status0.create"));
	ck_assert(strstr(conf->handlers[0].events, "status39.update"));
	conf_free(&conf);
	buf_free(&text);
	buf_free(&printed);
	teardown();
}
END_TEST

START_TEST(json_tells_value_and_line_and_no_secret)
{
	struct conf *conf = load_full();
	struct buf out = { 0 };

	conf_print(conf, true, &out);
	ck_assert(contains(&out, "\"threads\":{\"value\":\"2\",\"line\":7}"));
	ck_assert(contains(&out, "\"handler\":{\"h\":{\"plugin\":"));
	ck_assert(contains(&out, "\"option.token\":{\"value\":\"file:token\""));
	ck_assert(contains(&out, "\"identity_group\":{\"value\":null,\"line\":null}"));
	ck_assert(!contains(&out, "Bearer") && !contains(&out, "downstream-token"));
	buf_free(&out);
	conf_free(&conf);
	teardown();
}
END_TEST

/* Behind GOOD, an endpoint on line 9, and what more it has from line 12. */
#define ENDPOINT(lines) GOOD "[endpoint more]\npath = /more\nsenders = on\n" lines
#define MAPPED "map.id = /id\nmap.type = a\nmap.source = /s\n"

START_TEST(what_is_accepted_and_how_strictly)
{
	static const struct { const char *lines; unsigned accepts; enum nrc_profile nrc; enum cloud_profile cloud; const char *printed; } rows[] = {
		{ "", ACCEPTS_NRC, NRC_LENIENT, PROFILE_NLGOV, "profile = lenient " },
		{ "accepts = cloudevents\n", ACCEPTS_CLOUD, NRC_LENIENT, PROFILE_NLGOV, "profile = nlgov " },
		{ "accepts = cloudevents\nprofile = cncf\n", ACCEPTS_CLOUD, NRC_LENIENT, PROFILE_CNCF, "profile = cncf " },
		{ "accepts = cloudevents\nprofile = nlgov-strict\n", ACCEPTS_CLOUD, NRC_LENIENT, PROFILE_NLGOV_STRICT, "profile = nlgov-strict " },
		{ "accepts = both\nprofile = strict\n", ACCEPTS_NRC | ACCEPTS_CLOUD, NRC_STRICT, PROFILE_NLGOV, "profile = strict nlgov " },
		{ "accepts = both\nprofile = nlgov-urn\n", ACCEPTS_NRC | ACCEPTS_CLOUD, NRC_LENIENT, PROFILE_NLGOV_URN, "profile = lenient nlgov-urn " },
		{ "accepts = both\nprofile = nlgov-urn, strict\n", ACCEPTS_NRC | ACCEPTS_CLOUD, NRC_STRICT, PROFILE_NLGOV_URN, "profile = strict nlgov-urn " },
		{ "accepts = nrc cloudevents\n", ACCEPTS_NRC | ACCEPTS_CLOUD, NRC_LENIENT, PROFILE_NLGOV, "accepts = both " },
		{ "accepts = json\n" MAPPED, ACCEPTS_JSON, NRC_LENIENT, PROFILE_NLGOV, "accepts = json " },
		{ "accepts = json, cloudevents\n" MAPPED, ACCEPTS_CLOUD | ACCEPTS_JSON, NRC_LENIENT, PROFILE_NLGOV, "accepts = cloudevents json " },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *text = str_fmt(ENDPOINT("%s"), rows[i].lines);
		struct conf *conf = load_good(text);
		const struct conf_endpoint *e = &conf->endpoints[1];
		struct buf printed = { 0 };

		ck_assert_msg(e->accepts == rows[i].accepts && e->profile == rows[i].nrc && e->cloud_profile == rows[i].cloud, "%s", text);
		conf_print(conf, false, &printed);
		ck_assert_msg(contains(&printed, rows[i].printed), "%s: %s", rows[i].printed, printed.p);
		buf_free(&printed);
		conf_free(&conf);
		free(text);
	}
	teardown();
}
END_TEST

START_TEST(what_is_accepted_is_checked)
{
	refused(ENDPOINT("accepts = xml\n" MAPPED), 12, "nrc, cloudevents, both, json, or cloudevents json");
	refused(ENDPOINT("accepts =\n"), 12, "nrc, cloudevents, both, json");
	refused(ENDPOINT("accepts = nrc json\n" MAPPED "batch = 3\n"), 12, "cannot be told apart: give each an endpoint of its own");
	refused(ENDPOINT("accepts = both json\n"), 12, "cannot be told apart");
	refused(ENDPOINT("profile = loose\n"), 12, "lenient or strict, and cncf, nlgov");
	refused(ENDPOINT("profile = strict lenient\n"), 12, "lenient is one too many");
	refused(ENDPOINT("accepts = both\nprofile = strict cncf nlgov\n"), 13, "nlgov is one too many");
	refused(ENDPOINT("profile = cncf\n"), 12, "the profile is of what this endpoint does not take");
	refused(ENDPOINT("accepts = cloudevents\nprofile = strict\n"), 13, "the profile is of what this endpoint does not take");
	refused(ENDPOINT("accepts = json\nprofile = nlgov\n" MAPPED), 13, "the profile is of what this endpoint does not take");
	refused(ENDPOINT("batch = 10\n"), 12, "batch has no effect here: it is for accepts = cloudevents");
	refused(ENDPOINT("accepts = json\nbatch = 10\n" MAPPED), 13, "batch has no effect here");
	refused(ENDPOINT("accepts = cloudevents\nbatch = 1001\n"), 13, "from 0 to 1000");
	refused(ENDPOINT("payload = optional\n"), 12, "payload has no effect here: it is for accepts = cloudevents");
	refused(ENDPOINT("accepts = cloudevents\npayload = some\n"), 13, "it takes required or optional");
	refused(ENDPOINT("answer = 201\n"), 12, "it takes auto, 200, 202 or 204");
	teardown();
}
END_TEST

START_TEST(mappings_are_checked)
{
	struct conf *conf;

	refused(ENDPOINT("accepts = json\nmap.type = a\nmap.source = /s\n"), 9, "[endpoint more] accepts json and has no map.id");
	refused(ENDPOINT("accepts = json\nmap.id = a\nmap.source = /s\n"), 9, "has no map.type");
	refused(ENDPOINT("accepts = json\nmap.id = a\nmap.type = /s\n"), 9, "has no map.source");
	refused(ENDPOINT("map.id = /id\n"), 12, "map.id has no effect here: it is for accepts = json");
	refused(ENDPOINT("accepts = cloudevents\nmap.lane = /id\n"), 13, "map.lane has no effect here");
	refused(ENDPOINT("accepts = json\n" MAPPED "map.subject = /a~\n"), 16, "/a~ is not a JSON pointer");
	refused(ENDPOINT("accepts = json\n" MAPPED "map.time = content\n"), 16, "content has no meaning for map.time");
	refused(ENDPOINT("accepts = json\n" MAPPED "map.lane = /a |\n"), 16, "an alternative is empty");
	refused(ENDPOINT("accepts = json\n" MAPPED "map.lane = 'a\n"), 16, "no closing quotation mark");
	refused(ENDPOINT("accepts = json\n" MAPPED "map.other = /a\n"), 16, "map.other");
	conf = load_good(ENDPOINT("accepts = json\n" MAPPED "map.lane = /a | none\n"));
	ck_assert_str_eq(conf->endpoints[1].map[MAP_LANE]->text, "/a | none");
	ck_assert_uint_eq(conf->endpoints[1].map[MAP_LANE]->n, 2);
	ck_assert_ptr_null(conf->endpoints[1].map[MAP_TIME]);
	conf_free(&conf);
	teardown();
}
END_TEST

START_TEST(origins_are_checked)
{
	struct conf *conf;

	refused(ENDPOINT("origins = a.nl\n"), 12, "origins has no effect here: it is for accepts = cloudevents or json");
	refused(ENDPOINT("unlisted = ask\n"), 12, "unlisted has no effect here: it is for accepts = cloudevents or json");
	refused(ENDPOINT("accepts = cloudevents\norigins = https://a.nl\n"), 13, "https://a.nl is not a host name");
	refused(ENDPOINT("accepts = cloudevents\norigins = a.nl a.nl:443\n"), 13, "a.nl:443 is not a host name");
	refused(ENDPOINT("accepts = cloudevents\norigins = *.a.nl\n"), 13, "*.a.nl is not a host name");
	refused(ENDPOINT("accepts = cloudevents\norigins = ,\n"), 13, "host names, separated by blanks or commas");
	refused(ENDPOINT("accepts = cloudevents\norigin_required = yes\n"), 13, "without a handshake no origin is granted anything");
	refused(ENDPOINT("accepts = cloudevents\norigin_rate = 60\n"), 13, "without a handshake no origin is granted anything");
	refused(ENDPOINT("accepts = cloudevents\nunlisted = maybe\n"), 13, "it takes refuse or ask");
	conf = load_good(ENDPOINT("accepts = cloudevents\norigins = a.nl, B.nl\norigin_required = yes\norigin_rate = 60\n"));
	ck_assert(conf_handshakes(&conf->endpoints[1]) && !conf_handshakes(&conf->endpoints[0]));
	conf_free(&conf);
	conf = load_good(ENDPOINT("accepts = json\n" MAPPED "unlisted = ask\norigin_required = yes\n"));
	ck_assert(conf_handshakes(&conf->endpoints[1]));
	conf_free(&conf);
	teardown();
}
END_TEST

START_TEST(names_are_listed_whole_and_in_any_case)
{
	static const struct { const char *list, *name; bool listed; } rows[] = {
		{ "a.nl", "a.nl", true }, { "a.nl, B.nl\tc.nl", "b.NL", true }, { "a.nl b.nl", "c.nl", false }, { "a.nl", "a.nl.kwaad.nl", false },
		{ "a.nl", "xa.nl", false }, { "a.nl.b", "a.nl", false }, { "*", "x", true }, { "a.nl *", "x", true }, { " ,a.nl", "a.nl", true },
		{ "a.nl", "", false }, { ",a.nl", "", false }, { "", "", false }, { NULL, "a", false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_msg(conf_listed(rows[i].list, rows[i].name) == rows[i].listed, "row %zu", i);
}
END_TEST

START_TEST(endpoints_for_cloudevents_are_packed_and_printed_whole)
{
	struct conf *conf = load_good(ENDPOINT("accepts = cloudevents json\nprofile = nlgov-urn\nbatch = 7\npayload = optional\nhttps = no\n"
		"answer = 200\norigins = a.nl b.nl\nunlisted = ask\norigin_required = yes\norigin_rate = 9\n"
		"map.id = content\nmap.type = \"a b\" /t | 'x'\nmap.source = header:X-S\nmap.time = received\nmap.lane = none\n"
		"[sender more]\nauthorization = file:secret\nquery_token = yes\nrate = 30\n"));
	struct buf printed = { 0 }, packed = { 0 };
	struct err err;

	conf_print(conf, false, &printed);
	conf_pack(conf, ROLE_RECEIVER, &packed);
	conf_free(&conf);
	for (int turn = 0; turn < 2; turn++) {
		const struct conf_endpoint *e;

		if (turn)
			ck_assert_msg(conf_unpack(packed.p, packed.len, &conf, &err) == 0, "%s", err.text);
		else
			conf = load_good(printed.p);
		e = &conf->endpoints[1];
		ck_assert(e->accepts == (ACCEPTS_CLOUD | ACCEPTS_JSON) && e->cloud_profile == PROFILE_NLGOV_URN && e->batch == 7);
		ck_assert(e->payload_optional && !e->https && e->answer == ANSWER_200 && e->unlisted == UNLISTED_ASK);
		ck_assert(e->origin_required && e->origin_rate == 9 && conf_listed(e->origins, "b.nl"));
		ck_assert(e->map[MAP_ID]->choices[0].terms[0].kind == TERM_CONTENT && e->map[MAP_TYPE]->n == 2 && !e->map[MAP_SUBJECT]);
		ck_assert_str_eq(e->map[MAP_TYPE]->text, "\"a b\" /t | 'x'");
		ck_assert_str_eq(e->map[MAP_SOURCE]->choices[0].terms[0].text, "x-s");
		ck_assert(conf->senders[1].query_token && conf->senders[1].rate == 30 && !conf->senders[0].query_token);
		ck_assert(conf->endpoints[0].https && conf->endpoints[0].answer == ANSWER_AUTO && !conf->endpoints[0].origins);
		conf_free(&conf);
	}
	buf_free(&printed);
	buf_free(&packed);
	teardown();
}
END_TEST

START_TEST(sizes_and_durations_have_units)
{
	int64_t ms;

	ck_assert(conf_duration("250ms", &ms) && ms == 250);
	ck_assert(conf_duration("14h", &ms) && ms == 50400000);
	ck_assert(conf_duration("30d", &ms) && ms == INT64_C(2592000000));
	ck_assert(!conf_duration("30", &ms) && !conf_duration("", &ms) && !conf_duration("-1s", &ms));
	ck_assert(!conf_duration("1 s", &ms) && !conf_duration("999999999999999999d", &ms));
}
END_TEST

START_TEST(the_manual_lists_every_section_and_setting)
{
	struct buf out = { 0 };

	conf_print_mdoc(&out);
	ck_assert(contains(&out, ".Ss Sections endpoint\n"));
	ck_assert(contains(&out, ".It Ic threads_max\n"));
	ck_assert(contains(&out, ".Ql 8 25s 4 52000s"));
	ck_assert(contains(&out, ".It Ic dead_retention\n"));
	buf_free(&out);
}
END_TEST

/* ---- a sender made of settings ---- */

static struct conf *made(const struct conf_given *given, size_t n, bool own_key)
{
	struct conf *conf;

	problems.n = 0;
	ck_assert_int_eq(conf_of_sender(given, n, own_key, &conf, &problems), conf ? 0 : -1);
	ck_assert(!conf == (problems.n > 0));
	return conf;
}

START_TEST(a_sender_is_made_of_settings)
{
	struct conf_given given[] = { { "signature", "template" }, { "signature.secret", "env:POSTVAK_TEST_SECRET" },
				      { "signature.text", "{timestamp}.{body}" }, { "signature.header", "X-Sig" },
				      { "signature.timestamp", "part:t=" } };
	struct conf *conf;

	setup();
	ck_assert_int_eq(setenv("POSTVAK_TEST_SECRET", "geheim", 1), 0);
	conf = made(given, 5, false);
	ck_assert_ptr_nonnull(conf);
	ck_assert_int_eq(conf->senders[0].signing.scheme, SIGNATURE_TEMPLATE);
	ck_assert_str_eq(conf->senders[0].signing.secret.values[0], "geheim");
	ck_assert_str_eq(conf->senders[0].signing.header, "x-sig");
	ck_assert_int_eq(conf->senders[0].signing.max_age_ms, 300000);
	conf_free(&conf);
	given[2].value = "{timestamp}";
	ck_assert_ptr_null(made(given, 5, false));
	ck_assert(has_problem(3, "with {body} in it"));
	given[2].key = "signature.tekst";
	ck_assert_ptr_null(made(given, 5, false));
	ck_assert(has_problem(3, "did you mean signature.text?"));
	given[1].value = "geheim";
	ck_assert_ptr_null(made(given, 2, false));
	ck_assert(has_problem(2, "does not take the secret itself"));
	teardown();
}
END_TEST

START_TEST(a_private_key_does_where_public_ones_are_needed)
{
	static const char *const schemes[] = { "rfc9421", "jws", "adr-payload", "adr-message" };
	struct conf_given given = { "signature", "github" };
	struct conf *conf;

	setup();
	ck_assert_ptr_null(made(&given, 1, true));
	ck_assert(has_problem(1, "signature needs signature.secret"));
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		given.value = schemes[i];
		ck_assert_ptr_null(made(&given, 1, false));
		conf = made(&given, 1, true);
		ck_assert_ptr_nonnull(conf);
		conf_free(&conf);
	}
	teardown();
}
END_TEST

START_TEST(a_secret_is_read_by_its_reference)
{
	struct secret secret = { .ref = "file:./secret" };
	struct pool *pool = pool_new();
	struct err err;

	setup();
	ck_assert_msg(conf_secret(pool, &secret, &err) < 0 && strstr(err.text, "./secret"), "%s", err.text);
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_msg(conf_secret(pool, &secret, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(secret.n, 2);
	ck_assert_str_eq(secret.values[1], "Bearer two");
	ck_assert_int_eq(chdir(start_dir), 0);
	pool_free(&pool);
	teardown();
}
END_TEST

/* The problems that the test runner reports of a handler with that plugin file. */
static int probe(const char *plugin, int64_t limit_ms)
{
	char *text = str_fmt("[handler h]\nevents = a.b\nplugin = ./%s\noption.token = file:token\n", plugin);
	char *runner;
	struct conf *conf;
	int rc;

	setup();
	runner = str_fmt("%s/tests/unit/conf_runner", start_dir);
	write_file("token", "s3cret\n", 0600);
	if (strcmp(plugin, "missing.so") != 0)
		write_file(plugin, "", 0600);
	conf = load_good(text);
	rc = conf_probe_with(conf, runner, limit_ms, &problems);
	conf_free(&conf);
	free(text);
	free(runner);
	return rc;
}

static void probe_fails(const char *plugin, int64_t limit_ms, const char *why)
{
	ck_assert_int_eq(probe(plugin, limit_ms), -1);
	ck_assert_uint_eq(problems.n, 1);
	ck_assert_msg(has_problem(3, why), "%s", why);
	ck_assert(has_problem(3, "[handler h]"));
}

START_TEST(a_handler_that_loads_is_no_problem)
{
	ck_assert_int_eq(probe("good.so", 30000), 0);
	ck_assert_uint_eq(problems.n, 0);
	ck_assert_int_eq(probe("strict.so", 30000), 0);
	teardown();
}
END_TEST

START_TEST(a_handler_that_does_not_load_is_told_at_the_line_of_its_plugin)
{
	probe_fails("missing.so", 30000, "is not there");
	probe_fails("bad.so", 30000, "there is no option colour");
	probe_fails("crash.so", 30000, "killed by signal 9");
	probe_fails("quit.so", 30000, "exited with status 0");
	probe_fails("babble.so", 30000, "install both of one version");
	teardown();
}
END_TEST

START_TEST(a_handler_that_hangs_is_ended)
{
	int64_t began = clock_mono_ms();

	probe_fails("hang.so", 200, "did not load within 200 ms");
	ck_assert_int_eq(probe("linger.so", 200), 0);
	ck_assert_int_lt(clock_mono_ms() - began, 20000);
	teardown();
}
END_TEST

START_TEST(a_runner_that_is_not_there_is_told)
{
	struct conf *conf;

	setup();
	write_file("zaak.so", "", 0600);
	conf = load_good(GOOD);
	ck_assert_int_eq(conf_probe_with(conf, "/nonexistent/runner", 1000, &problems), -1);
	ck_assert(has_problem(7, "cannot start /nonexistent/runner"));
	conf_free(&conf);
	teardown();
}
END_TEST

START_TEST(the_real_runner_answers_for_a_bundled_handler)
{
	struct conf *conf;
	char *text, *runner;

	setup();
	runner = str_fmt("%s/postvak-runner", start_dir);
	text = str_fmt("[handler log]\nevents = **\nplugin = %s/handlers/.libs/log.so\nmemory = 0\noption.data = yes\n", start_dir);
	conf = load_good(text);
	ck_assert_msg(conf_probe_with(conf, runner, 30000, &problems) == 0, "%s", problems.v[0].text);
	conf->handlers[0].options[0].name = "colour";
	ck_assert_int_eq(conf_probe_with(conf, runner, 30000, &problems), -1);
	ck_assert(has_problem(3, "colour"));
	conf_free(&conf);
	free(text);
	free(runner);
	teardown();
}
END_TEST

UNIT_MAIN("conf", a_token_in_the_query_needs_a_bearer_secret, an_empty_file_means_the_defaults,
	  sections_have_the_defaults_of_the_design, every_setting_is_read,
	  lines_are_exact_behind_comments_continuations_and_blank_lines,
	  a_relative_file_name_becomes_absolute, the_file_is_named_or_in_the_environment_or_the_installed_one,
	  a_missing_file_or_a_binary_one_is_one_problem, all_problems_are_told_at_once_in_the_order_of_lines,
	  sections_are_checked, a_section_with_a_long_name_keeps_its_name, unknown_settings_come_with_what_was_meant,
	  values_are_checked, an_indented_setting_is_not_taken_for_part_of_another,
	  a_line_that_is_too_long_is_said_and_not_cut, secrets_are_never_written_in_the_file,
	  secret_files_are_checked, a_secret_file_of_somebody_else_is_refused,
	  a_secret_file_that_is_too_long_is_named, a_role_is_sent_what_it_needs_and_no_secret_of_another, what_is_packed_comes_back,
	  bytes_that_are_no_configuration_are_refused, what_is_printed_loads_again_as_the_same,
	  a_long_list_is_printed_so_that_it_loads_again, json_tells_value_and_line_and_no_secret,
	  what_is_accepted_and_how_strictly, what_is_accepted_is_checked, mappings_are_checked, origins_are_checked,
	  names_are_listed_whole_and_in_any_case, endpoints_for_cloudevents_are_packed_and_printed_whole,
	  sizes_and_durations_have_units, the_manual_lists_every_section_and_setting,
	  a_sender_is_made_of_settings, a_private_key_does_where_public_ones_are_needed,
	  a_secret_is_read_by_its_reference,
	  a_handler_that_loads_is_no_problem, a_handler_that_does_not_load_is_told_at_the_line_of_its_plugin,
	  a_handler_that_hangs_is_ended, a_runner_that_is_not_there_is_told, the_real_runner_answers_for_a_bundled_handler)
