/* SPDX-License-Identifier: EUPL-1.2
 * The bundled handlers, in the built postvak-runner. */
#include "config.h"
#include "run_rig.h"
#include "unit.h"

#include <string.h>
#include <sys/resource.h>

START_TEST(the_null_handler_does_nothing)
{
	struct rig rig = rig_plugin(BUNDLED "null.so", NULL, 0, 0);

	rig_action(&rig, 1, "crash", 1);
	ck_assert_int_eq(rig_outcome(&rig, 1).outcome, PV_DONE);
	rig_end_well(&rig);
}
END_TEST

START_TEST(the_log_handler_writes_a_line_of_json)
{
	char *path = scratch_path("log"), *text;
	struct wire_option options[] = { { "path", path }, { "data", "yes" }, { "subject", "on" } };
	struct event event = event_like(1, "{\"a\":\"\303\251\"\n}");
	struct rig rig;

	text_write(path, "half a line");
	rig = rig_plugin(BUNDLED "log.so", options, 3, 0);
	event.subject = "jan";
	rig_event(&rig, &event, 2);
	ck_assert_int_eq(rig_outcome(&rig, 1).outcome, PV_DONE);
	event = event_like(2, "\377\376\0");
	event.data_len = 3;
	event.time = event.source = NULL;
	rig_event(&rig, &event, 1);
	ck_assert_int_eq(rig_outcome(&rig, 2).outcome, PV_DONE);
	rig_end_well(&rig);
	text = text_read(path);
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
	char *path = scratch_path("shared"), *text, *line, *next_line;
	struct wire_option options[] = { { "path", path }, { "data", "yes" } };
	struct rig rigs[2];
	char *data = str_fmt("{\"ruimte\":\"%020000d\"}", 0);
	struct event event = event_like(1, data);
	int lines = 0;

	for (int i = 0; i < 2; i++)
		rigs[i] = rig_plugin(BUNDLED "log.so", options, 2, 0);
	for (int n = 0; n < 100; n++) {
		for (int i = 0; i < 2; i++)
			rig_event(&rigs[i], &event, 1);
		for (int i = 0; i < 2; i++)
			ck_assert_int_eq(rig_outcome(&rigs[i], 1).outcome, PV_DONE);
	}
	for (int i = 0; i < 2; i++)
		rig_end_well(&rigs[i]);
	text = text_read(path);
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
	char *path = scratch_path("full"), *plugin = built_path(BUNDLED "log.so"), *before, *after;
	struct wire_option option = { "path", path };
	struct event event = event_like(1, "{}");
	struct rlimit small = { 300, 300 };
	struct wire_outcome outcome;
	struct rig rig;

	rig = rig_start();
	ck_assert_int_eq(prlimit(rig.pid, RLIMIT_FSIZE, &small, NULL), 0);
	rig_hello(&rig, (struct wire_hello){ .plugin = plugin, .options = &option, .n_options = 1 });
	rig_text(&rig, WIRE_READY);
	rig_event(&rig, &event, 1);
	ck_assert_int_eq(rig_outcome(&rig, 1).outcome, PV_DONE);
	before = text_read(path);
	ck_assert_uint_lt(strlen(before), 300);
	ck_assert_uint_gt(2 * strlen(before), 300);
	rig_event(&rig, &event, 1);
	outcome = rig_outcome(&rig, 1);
	ck_assert_int_eq(outcome.outcome, PV_RETRY);
	ck_assert_str_eq(outcome.note, "cannot write the line: File too large");
	after = text_read(path);
	ck_assert_str_eq(before, after);
	free(after);
	rig_end_well(&rig);
	rig = rig_plugin(BUNDLED "log.so", &option, 1, 0);
	rig_event(&rig, &event, 1);
	ck_assert_int_eq(rig_outcome(&rig, 1).outcome, PV_DONE);
	rig_end_well(&rig);
	after = text_read(path);
	ck_assert_uint_eq(strlen(after), 2 * strlen(before));
	free(before);
	free(after);
	free(plugin);
	free(path);
}
END_TEST

START_TEST(the_log_handler_needs_a_place_to_write)
{
	struct wire_option option = { "path", "log" };
	struct wire_hello hello = { .options = &option, .n_options = 1 };

	rig_built_fails(BUNDLED "log.so", hello, "must be an absolute path");
	option.value = "/nowhere/at/all";
	rig_built_fails(BUNDLED "log.so", hello, "cannot open /nowhere/at/all: No such file");
}
END_TEST

UNIT_MAIN("handlers", the_null_handler_does_nothing, the_log_handler_writes_a_line_of_json,
	  runners_share_a_log_without_tearing_lines, the_log_handler_leaves_no_half_line_on_a_full_disk,
	  the_log_handler_needs_a_place_to_write)
