/* SPDX-License-Identifier: EUPL-1.2
 * Floor 4: what the command shows, and how it reads what people type. */
#include "config.h"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/mem.h"
#include "cli/answer.h"
#include "cli/ask.h"
#include "cli/callback.h"
#include "cli/draft.h"
#include "cli/command.h"
#include "cli/example.h"
#include "cli/jot.h"
#include "cli/plain.h"
#include "cli/rewind.h"
#include "cli/send.h"
#include "cli/sender.h"
#include "cli/spelled.h"
#include "cli/table.h"
#include "cli/view.h"
#include "cli/when.h"
#include "event/base64.h"
#include "event/json.h"
#include "event/nrc.h"

static const char *const titles[] = { ">NUMBER", "TYPE", "STATE", NULL };

START_TEST(columns_are_aligned_and_lines_do_not_end_in_blanks)
{
	struct table *t = table_new(titles, 0);
	struct buf out = {0};

	table_fmt(t, "%d", 7);
	table_put(t, "nl.overheid.zaken");
	table_put(t, "done");
	table_fmt(t, "%d", 12345678);
	table_put(t, "");
	table_put(t, NULL);
	ck_assert_uint_eq(table_rows(t), 2);
	table_write(t, &out);
	ck_assert_str_eq(out.p,
		"  NUMBER  TYPE               STATE\n"
		"       7  nl.overheid.zaken  done\n"
		"12345678  -                  -\n");
	ck_assert_uint_eq(table_rows(t), 0);
	buf_free(&out);
	table_free(&t);
}
END_TEST

START_TEST(what_is_long_stands_below_its_row)
{
	struct table *t = table_new(titles, 20);
	struct buf out = {0};

	for (int i = 1; i < 3; i++) {
		table_fmt(t, "%d", i);
		table_put(t, "nl");
		table_put(t, "dead");
		table_below(t, i == 1 ? "a reason that is longer than the line" : NULL);
		table_below(t, i == 1 ? "why: \033[2J" : "");
	}
	table_write(t, &out);
	ck_assert_str_eq(out.p,
		"NUMBER  TYPE  STATE\n"
		"     1  nl    dead\n"
		"        a reason that is longer than the line\n"
		"        why: \\x1b[2J\n"
		"     2  nl    dead\n");
	buf_reset(&out);
	table_put(t, "3");
	table_put(t, "nl");
	table_put(t, "dead");
	table_write(t, &out);
	ck_assert_str_eq(out.p, "     3  nl    dead\n");
	buf_free(&out);
	table_free(&t);
}
END_TEST

START_TEST(a_table_in_pieces_keeps_its_columns)
{
	struct table *t = table_new(titles, 0);
	struct buf out = {0};

	table_put(t, "1");
	table_put(t, "long.long.long");
	table_put(t, "new");
	table_write(t, &out);
	table_put(t, "2");
	table_put(t, "short");
	table_put(t, "new");
	table_write(t, &out);
	ck_assert_str_eq(out.p,
		"NUMBER  TYPE            STATE\n"
		"     1  long.long.long  new\n"
		"     2  short           new\n");
	buf_free(&out);
	table_free(&t);
}
END_TEST

START_TEST(a_terminal_gets_the_widest_column_cut)
{
	struct table *t = table_new(titles, 28);
	struct buf out = {0};

	table_put(t, "1");
	table_put(t, "nl.overheid.zaken.status.create");
	table_put(t, "waiting");
	table_write(t, &out);
	ck_assert_str_eq(out.p,
		"NUMBER  TYPE         STATE\n"
		"     1  nl.overhe..  waiting\n");
	buf_free(&out);
	table_free(&t);
}
END_TEST

START_TEST(what_tells_rows_apart_is_not_cut)
{
	static const char *const own[] = { "=TIME", "<TYPE", "STATE", NULL };
	struct table *t = table_new(own, 36);
	struct buf out = {0};

	table_put(t, "2026-11-21T11:24:09Z");
	table_put(t, "nl.overheid.zaken.status.create");
	table_put(t, "done");
	table_write(t, &out);
	ck_assert_str_eq(out.p,
		"TIME                  TYPE      STATE\n"
		"2026-11-21T11:24:09Z  ..create  done\n");
	buf_free(&out);
	table_free(&t);
}
END_TEST

START_TEST(a_very_narrow_terminal_is_survived)
{
	struct table *t = table_new(titles, 1);
	struct buf out = {0};

	table_put(t, "123456789012");
	table_put(t, "\346\227\245\346\234\254\346\227\245\346\234\254\346\227\245");
	table_put(t, "x");
	table_write(t, &out);
	ck_assert_str_eq(out.p,
		"  NUMBER  TYPE      STATE\n"
		"123456..  \346\227\245\346\234\254\346\227\245..  x\n");
	buf_free(&out);
	table_free(&t);
}
END_TEST

START_TEST(text_from_outside_cannot_drive_the_terminal)
{
	struct buf out = {0};
	const char evil[] = "a\033[2Jb\302\233c\377\342\200\256d\n\303\251";

	plain_put(&out, evil, sizeof evil - 1, PLAIN_LINE);
	ck_assert_str_eq(out.p, "a\\x1b[2Jb\\u009bc\\xff\\u202ed\\x0a\303\251");
	buf_reset(&out);
	plain_put(&out, "a\n\tb\r", 5, PLAIN_TEXT);
	ck_assert_str_eq(out.p, "a\n\tb\\x0d");
	buf_free(&out);
}
END_TEST

START_TEST(width_counts_characters_not_bytes)
{
	ck_assert_uint_eq(plain_width("caf\303\251"), 4);
	ck_assert_uint_eq(plain_width("e\314\201"), 1);
	ck_assert_uint_eq(plain_width("\346\227\245"), 2);
	ck_assert_uint_eq(plain_fit("caf\303\251s", 4), 5);
	ck_assert_uint_eq(plain_fit("\346\227\245\346\227\245", 3), 3);
}
END_TEST

START_TEST(json_has_commas_where_they_belong)
{
	struct buf b = {0};

	jot_begin(&b, NULL, '{');
	jot_number(&b, "n", UINT64_MAX);
	jot_text(&b, "type", "a\"{");
	jot_text(&b, "note", NULL);
	jot_begin(&b, "list", '[');
	jot_int(&b, NULL, -1);
	jot_bool(&b, NULL, true);
	jot_begin(&b, NULL, '{');
	jot_end(&b, '}');
	jot_end(&b, ']');
	jot_time(&b, "at", 0);
	jot_hex(&b, "key", "\001\377", 2);
	jot_end(&b, '}');
	ck_assert_str_eq(b.p, "{\"n\":18446744073709551615,\"type\":\"a\\\"{\",\"note\":null,\"list\":[-1,true,{}],"
			      "\"at\":null,\"key\":\"01ff\"}");
	buf_free(&b);
}
END_TEST

/* ---- what people type ---- */

START_TEST(times_are_dates_or_durations_back)
{
	int64_t ms, now = 1795254300000;	/* 2026-11-21T09:45:00Z */

	ck_assert(when_parse("2026-11-21T09:45:00Z", now, &ms) && ms == now);
	ck_assert(when_parse("2026-11-21T10:45:00+01:00", now, &ms) && ms == now);
	ck_assert(when_parse("2026-11-21T09:45:00", now, &ms) && ms == now);
	ck_assert(when_parse("2h", now, &ms) && ms == now - 7200000);
	ck_assert(!when_parse("yesterday", now, &ms));
	ck_assert(!when_parse("", now, &ms));
	ck_assert(!when_parse("30000d", now, &ms));
}
END_TEST

START_TEST(numbers_are_decimal_and_fit)
{
	uint64_t n;

	ck_assert(number_parse("9223372036854775807", &n) && n == INT64_MAX);
	ck_assert(!number_parse("9223372036854775808", &n));
	ck_assert(!number_parse("0", &n));
	ck_assert(!number_parse("-1", &n));
	ck_assert(!number_parse("", &n));
	ck_assert(!number_parse("12x", &n));
}
END_TEST

START_TEST(lengths_of_time_are_short)
{
	char text[SPAN_TEXT];

	ck_assert_str_eq(span_text(text, 1999), "1999 ms");
	ck_assert_str_eq(span_text(text, 119999), "119 s");
	ck_assert_str_eq(span_text(text, 2 * 86400000), "2 d");
	ck_assert_str_eq(span_text(text, -5), "0 ms");
}
END_TEST

START_TEST(patterns_are_checked_one_by_one)
{
	struct err err;

	ck_assert_int_eq(patterns_check("nl.overheid.zaken.**, nl.*.x", &err), 0);
	ck_assert_int_eq(patterns_check("nl.overheid.**.x", &err), -1);
	ck_assert_int_eq(patterns_check(" ,", &err), -1);
}
END_TEST

/* ---- calls ---- */

static int parse(struct call *call, const char *command, int argc, char **argv)
{
	say_open(command);
	return call_parse(call, command_find(command), argc, argv);
}

START_TEST(flags_and_operands_may_be_mixed)
{
	char *argv[] = { "send", "--header", "A: 1", "file", "--header=B: 2", "--json", "-c", "x.conf", NULL };
	struct call call = {0};
	size_t at = 0;

	ck_assert_int_eq(parse(&call, "send", 8, argv), 0);
	ck_assert_str_eq(call_each(&call, call.given[0].code, &at), "A: 1");
	ck_assert_str_eq(call_each(&call, call.given[0].code, &at), "B: 2");
	ck_assert_ptr_null(call_each(&call, call.given[0].code, &at));
	ck_assert_str_eq(call_value(&call, call.given[0].code), "B: 2");
	ck_assert(call_has(&call, FLAG_JSON));
	ck_assert(!call_has(&call, FLAG_SENDER));
	ck_assert_int_eq(call.n_operands, 1);
	ck_assert_str_eq(call.operands[0], "file");
	ck_assert_str_eq(call.conf_file, "x.conf");
	call_free(&call);
}
END_TEST

START_TEST(help_is_given_whatever_is_missing)
{
	char *argv[] = { "rewind", "--help", NULL };
	struct call call = {0};

	ck_assert_int_eq(parse(&call, "rewind", 2, argv), 0);
	ck_assert(call.help);
	call_free(&call);
}
END_TEST

START_TEST(every_command_has_its_row_in_order)
{
	const struct command *command;
	size_t n = 0;

	for (; (command = command_at(n)); n++) {
		ck_assert_ptr_eq(command_find(command->name), command);
		ck_assert(command->run && *command->help && command->help[strlen(command->help) - 1] != '.');
		ck_assert_int_le(command->least, command->most);
	}
	ck_assert_uint_ge(n, 13);
	ck_assert_ptr_null(command_find("fly"));
}
END_TEST

START_TEST(arguments_of_requests_are_lines)
{
	struct buf args = {0};

	args_put(&args, "handler", "log");
	args_put(&args, "n", NULL);
	args_put(&args, "types", "nl.**, x");
	ck_assert_str_eq(args.p, "handler=log\ntypes=nl.**, x\n");
	ck_assert(args_fit("log"));
	ck_assert(!args_fit("log\nhandler=other"));
	ck_assert(!args_fit(""));
	buf_free(&args);
}
END_TEST

/* ---- how events stand ---- */

static struct store *store;
static struct pool *pool;
static struct conf_handler handlers[2] = {
	{ .name = "zaken", .events = "nl.overheid.zaken.**" },
	{ .name = "alles", .events = "**" },
};
static struct conf conf = { .handlers = handlers, .n_handlers = 2 };

static void open_store(void)
{
	struct store_setup setup = { .spec = "memory:" };
	struct err err;

	pool = pool_new();
	ck_assert_msg(store_open(&setup, STORE_LOG | STORE_DESK, &store, &err) == 0, "%s", err.text);
}

static void close_store(void)
{
	store_close(&store);
	pool_free(&pool);
}

static uint64_t append(const char *type, const char *sender, int64_t received_ms, unsigned char key)
{
	struct event event = { .received_ms = received_ms, .wire = WIRE_NRC, .type = type, .endpoint = "nrc",
			       .sender = sender, .data = (const unsigned char *)"{}", .data_len = 2, .key = {{ key }} };
	struct event *events[] = { &event };
	struct err err;

	ck_assert_msg(store_append(store, events, 1, &err) == 0, "%s", err.text);
	return event.n;
}

static void sort_all(void)
{
	struct sort_result result;
	struct err err;

	do
		ck_assert_msg(store_sort(store, 1000, &result, &err) == 0, "%s", err.text);
	while (result.n);
}

static void put_bookmark(const char *handler, uint64_t n, const uint64_t *done, size_t n_done)
{
	struct bookmark b = { .handler = handler, .n = n };
	struct buf packed = {0};

	done_put(&packed, done, n_done, n);
	b.done = (const unsigned char *)packed.p;
	b.done_len = packed.len;
	ck_assert_int_eq(store_begin(store, false, NULL), 0);
	ck_assert_int_eq(store_bookmark_put(store, &b, NULL), 0);
	ck_assert_int_eq(store_commit(store, NULL), 0);
	buf_free(&packed);
}

static void put_parked(const char *handler, uint64_t n, enum parked_state state)
{
	struct parked p = { .handler = handler, .n = n, .state = state, .attempts = 1, .since_ms = 1, .due_ms = 1 };

	ck_assert_int_eq(store_begin(store, false, NULL), 0);
	ck_assert_int_eq(store_parked_put(store, &p, NULL), 0);
	ck_assert_int_eq(store_commit(store, NULL), 0);
}

static struct view view_now(void)
{
	struct view view;
	struct err err;

	ck_assert_msg(view_load(store, &conf, pool, &view, &err) == 0, "%s", err.text);
	return view;
}

static struct card card_of(uint64_t n)
{
	struct card *cards;
	size_t found;

	ck_assert_int_eq(store_cards(store, n - 1, n, 1, pool, &cards, &found, NULL), 0);
	ck_assert_uint_eq(found, 1);
	return cards[0];
}

static const char *state_of(uint64_t n)
{
	struct view view = view_now();
	struct card card = card_of(n);

	return view_state_name(view_of(&view, &card));
}

static const char *looked_state(uint64_t n)
{
	struct view view = view_now();
	struct card card = card_of(n);

	ck_assert_int_eq(view_look(store, &view, &card, NULL), 0);
	return view_state_name(view_of(&view, &card));
}

START_TEST(an_event_is_as_bad_as_its_worst_handler)
{
	uint64_t n, above;

	open_store();
	n = append("nl.overheid.zaken.status.create", "on", 1000, 1);
	above = append("nl.overheid.zaken.status.create", "on", 2000, 2);
	ck_assert_str_eq(state_of(n), "new");
	sort_all();
	put_bookmark("zaken", above, NULL, 0);
	ck_assert_str_eq(state_of(n), "new");
	put_bookmark("alles", 0, &above, 1);
	ck_assert_str_eq(state_of(n), "new");
	ck_assert_str_eq(state_of(above), "done");
	put_bookmark("alles", above, NULL, 0);
	ck_assert_str_eq(state_of(n), "done");
	put_parked("zaken", n, PARKED_BEHIND);
	ck_assert_str_eq(state_of(n), "behind");
	put_parked("alles", n, PARKED_WAITING);
	ck_assert_str_eq(state_of(n), "waiting");
	put_parked("zaken", n, PARKED_HELD);
	ck_assert_str_eq(state_of(n), "held");
	put_parked("alles", n, PARKED_DEAD);
	ck_assert_str_eq(state_of(n), "dead");
	ck_assert_str_eq(state_of(above), "done");
	close_store();
}
END_TEST

START_TEST(what_nobody_wants_is_unwanted)
{
	struct view view;
	struct card card;
	uint64_t n;

	open_store();
	conf.n_handlers = 1;
	n = append("nl.overheid.besluiten.besluit.create", "on", 1000, 1);
	ck_assert_str_eq(state_of(n), "unwanted");
	put_bookmark("removed", n, NULL, 0);
	ck_assert_str_eq(state_of(n), "unwanted");
	put_parked("removed", n, PARKED_DEAD);
	ck_assert_str_eq(state_of(n), "dead");
	view = view_now();
	card = card_of(n);
	ck_assert_uint_eq(view_find(&view, "removed"), 1);
	ck_assert_uint_eq(view_find(&view, "nobody"), view.n_handlers);
	ck_assert_ptr_null(view.handlers[1].events);
	ck_assert_int_eq(view_of_handler(&view, 0, &card), VIEW_UNWANTED);
	conf.n_handlers = 2;
	close_store();
}
END_TEST

START_TEST(duplicates_and_quarantine_go_before_handlers)
{
	struct event bad = { .received_ms = 1, .mark = EVENT_QUARANTINED, .wire = WIRE_NRC, .type = "", .endpoint = "nrc",
			     .sender = "on", .data = (const unsigned char *)"{", .data_len = 1, .key = {{ 9 }} };
	struct event *events[] = { &bad };
	uint64_t again;

	open_store();
	append("a.b", "on", 1000, 1);
	again = append("a.b", "on", 2000, 1);
	ck_assert_int_eq(store_append(store, events, 1, NULL), 0);
	ck_assert_str_eq(state_of(again), "new");
	ck_assert_str_eq(state_of(bad.n), "quarantined");
	sort_all();
	ck_assert_str_eq(state_of(again), "duplicate");
	put_parked("", bad.n, PARKED_DEAD);
	ck_assert_str_eq(state_of(bad.n), "quarantined");
	ck_assert_int_eq(store_begin(store, false, NULL), 0);
	ck_assert_int_eq(store_parked_drop(store, "", bad.n, NULL), 0);
	ck_assert_int_eq(store_commit(store, NULL), 0);
	ck_assert_str_eq(state_of(bad.n), "done");
	close_store();
}
END_TEST

static uint64_t append_until(unsigned char key)
{
	struct attr attr = { "expirytime", "2001-01-01T00:00:00Z" };
	struct event event = { .received_ms = 1000, .wire = WIRE_CLOUD, .type = "nl.overheid.zaken.x", .endpoint = "ce",
			       .sender = "on", .id = "1", .source = "x", .attrs = &attr, .n_attrs = 1, .key = {{ key }} };
	struct event *events[] = { &event };

	ck_assert_int_eq(store_append(store, events, 1, NULL), 0);
	return event.n;
}

static void add_line(uint64_t n, const char *handler, const char *what, const char *note)
{
	struct history h = { .n = n, .handler = handler, .at_ms = 2000, .what = what, .note = note };

	ck_assert_int_eq(store_begin(store, false, NULL), 0);
	ck_assert_int_eq(store_history_add(store, &h, NULL), 0);
	ck_assert_int_eq(store_commit(store, NULL), 0);
}

START_TEST(what_expired_shows_unless_something_is_worse)
{
	uint64_t n, done, dropped;

	open_store();
	n = append_until(1);
	done = append_until(2);
	dropped = append_until(3);
	sort_all();
	add_line(n, "zaken", "expired", "expirytime 2001-01-01T00:00:00Z");
	add_line(done, "zaken", "replayed", NULL);
	add_line(done, "zaken", "expired", "expirytime 2001-01-01T00:00:00Z");
	add_line(dropped, "zaken", "dead", "why");
	add_line(dropped, "zaken", "expired", NULL);
	ck_assert_str_eq(looked_state(n), "new");
	put_bookmark("zaken", dropped, NULL, 0);
	ck_assert_str_eq(looked_state(n), "new");
	put_bookmark("alles", dropped, NULL, 0);
	ck_assert_str_eq(looked_state(n), "expired");
	ck_assert_str_eq(looked_state(done), "done");
	ck_assert_str_eq(looked_state(dropped), "done");
	put_parked("alles", n, PARKED_DEAD);
	ck_assert_str_eq(looked_state(n), "dead");
	close_store();
}
END_TEST

static uint64_t seen[2000];
static size_t n_seen;

static bool see(void *arg, const struct card *card, enum view_state state)
{
	(void)arg;
	(void)state;
	seen[n_seen++] = card->n;
	return true;
}

static size_t count(struct view_filter filter)
{
	struct view view = view_now();
	struct view_taker taker = { see, NULL };
	struct err err;

	n_seen = 0;
	ck_assert_msg(view_each(store, &view, &filter, &taker, &err) == 0, "%s", err.text);
	for (size_t i = 1; i < n_seen; i++)
		ck_assert(seen[i] < seen[i - 1]);
	return n_seen;
}

START_TEST(filters_narrow_the_list)
{
	uint64_t first = 0;

	open_store();
	for (int i = 0; i < 1200; i++) {
		uint64_t n = append(i % 3 ? "nl.overheid.zaken.zaak.create" : "x.y", i % 2 ? "on" : "og", 1000 * (i + 1), 0);

		first = first ? first : n;
	}
	ck_assert_uint_eq(count((struct view_filter){ .state = -1 }), 1200);
	ck_assert_uint_eq(seen[1199], first);
	ck_assert_uint_eq(count((struct view_filter){ .state = -1, .most = 7 }), 7);
	ck_assert_uint_eq(count((struct view_filter){ .state = -1, .types = "x.*" }), 400);
	ck_assert_uint_eq(count((struct view_filter){ .state = -1, .sender = "og" }), 600);
	ck_assert_uint_eq(count((struct view_filter){ .state = -1, .handler = 1 }), 800);
	ck_assert_uint_eq(count((struct view_filter){ .state = VIEW_NEW }), 1200);
	ck_assert_uint_eq(count((struct view_filter){ .state = -1, .since_ms = 1101000, .until_ms = 1151000 }), 50);
	ck_assert_uint_eq(count((struct view_filter){ .state = -1, .until_ms = 1000 }), 0);
	ck_assert_uint_eq(count((struct view_filter){ .state = -1, .until_ms = 2000 }), 1);
	ck_assert_uint_eq(count((struct view_filter){ .state = -1, .since_ms = 1201000 }), 0);
	close_store();
}
END_TEST

START_TEST(parked_ones_are_found_by_any_delivery)
{
	uint64_t n[5];

	open_store();
	for (int i = 0; i < 5; i++)
		n[i] = append("nl.overheid.zaken.zaak.create", "on", 1000 * (i + 1), (unsigned char)i);
	sort_all();
	put_parked("zaken", n[1], PARKED_WAITING);
	put_parked("alles", n[1], PARKED_DEAD);
	put_parked("alles", n[3], PARKED_WAITING);
	ck_assert_uint_eq(count((struct view_filter){ .state = VIEW_WAITING }), 2);
	ck_assert_uint_eq(seen[0], n[3]);
	ck_assert_uint_eq(count((struct view_filter){ .state = VIEW_DEAD }), 1);
	ck_assert_uint_eq(count((struct view_filter){ .state = VIEW_WAITING, .handler = 1 }), 1);
	ck_assert_uint_eq(seen[0], n[1]);
	ck_assert_uint_eq(count((struct view_filter){ .state = VIEW_WAITING, .since_ms = 3000 }), 1);
	ck_assert_uint_eq(count((struct view_filter){ .state = VIEW_HELD }), 0);
	close_store();
}
END_TEST

START_TEST(expired_ones_are_found_for_any_handler)
{
	uint64_t first, second, third;

	open_store();
	first = append_until(1);
	second = append_until(2);
	third = append_until(3);
	sort_all();
	put_bookmark("zaken", third, NULL, 0);
	put_bookmark("alles", third, NULL, 0);
	add_line(first, "zaken", "expired", "x");
	add_line(second, "alles", "expired", "x");
	put_parked("zaken", second, PARKED_DEAD);
	ck_assert_uint_eq(count((struct view_filter){ .state = VIEW_EXPIRED }), 2);
	ck_assert_uint_eq(seen[0], second);
	ck_assert_uint_eq(count((struct view_filter){ .state = VIEW_EXPIRED, .handler = 1 }), 1);
	ck_assert_uint_eq(seen[0], first);
	ck_assert_uint_eq(count((struct view_filter){ .state = VIEW_DONE }), 1);
	ck_assert_uint_eq(count((struct view_filter){ .state = VIEW_DEAD }), 1);
	close_store();
}
END_TEST

START_TEST(a_rewind_goes_before_what_it_names)
{
	uint64_t n[3], after;
	struct err err;

	open_store();
	for (int i = 0; i < 3; i++)
		n[i] = append("a.b", "on", 1000 * (i + 1), (unsigned char)i);
	ck_assert(rewind_after(store, "beginning", 5000, &after, &err) == 1 && after == 0);
	ck_assert(rewind_after(store, "42", 5000, &after, &err) == 1 && after == 41);
	ck_assert(rewind_after(store, "1970-01-01T00:00:02Z", 5000, &after, &err) == 1 && after == n[0]);
	ck_assert(rewind_after(store, "2s", 5000, &after, &err) == 1 && after == n[1]);
	ck_assert(rewind_after(store, "1m", 5000, &after, &err) == 0);
	ck_assert(rewind_after(store, "somewhere", 5000, &after, &err) == 0);
	close_store();
}
END_TEST

/* ---- send ---- */

START_TEST(an_example_is_a_notification_and_never_the_same)
{
	struct pool *mine = pool_new();
	struct attr header = { "content-type", "application/json" };
	struct nrc_rules rules = { .profile = NRC_STRICT, .identity = IDENTITY_CONTENT, .scope = "on" };
	struct buf one = {0}, two = {0};

	example_notification(&one, 1795254300000);
	example_notification(&two, 1795254300000);
	ck_assert_str_ne(one.p, two.p);
	for (int probing = 0; probing < 2; probing++) {
		struct message m = { .method = "POST", .path = "/", .query = "", .peer = "", .headers = &header, .n_headers = 1 };
		struct faults faults = { .pool = mine };
		struct event event = {0};
		bool probe;

		if (probing) {
			buf_reset(&one);
			example_probe(&one, 1795254300000);
		}
		m.body = (const unsigned char *)one.p;
		m.body_len = one.len;
		ck_assert_msg(nrc_parse(mine, &m, &rules, &event, &probe, &faults) == 0, "%s", faults.n ? faults.v[0].reason : "");
		ck_assert_int_eq(probe, probing);
	}
	buf_free(&one);
	buf_free(&two);
	pool_free(&mine);
}
END_TEST

START_TEST(an_endpoint_lends_its_path_and_sender)
{
	struct conf_sender senders[] = { { .name = "on" }, { .name = "og" } };
	size_t one[] = { 0 }, both[] = { 0, 1 };
	struct conf_endpoint endpoints[] = { { .name = "nrc", .path = "/nrc", .senders = one, .n_senders = 1 },
					     { .name = "all", .path = "/all", .senders = both, .n_senders = 2 } };
	struct conf c = { .file = "f", .senders = senders, .n_senders = 2, .endpoints = endpoints, .n_endpoints = 2 };
	const struct conf_endpoint *endpoint;
	const struct conf_sender *sender;
	struct err err;

	ck_assert_int_eq(sender_resolve(&c, &(struct sender_names){ "nrc", NULL, false }, &endpoint, &sender, &err), 0);
	ck_assert_str_eq(endpoint->path, "/nrc");
	ck_assert_ptr_eq(sender, &senders[0]);
	ck_assert_int_eq(sender_resolve(&c, &(struct sender_names){ NULL, "og", false }, &endpoint, &sender, &err), 0);
	ck_assert_ptr_null(endpoint);
	ck_assert_ptr_eq(sender, &senders[1]);
	ck_assert_int_eq(sender_resolve(&c, &(struct sender_names){ "all", NULL, false }, &endpoint, &sender, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "--sender"));
	ck_assert_int_eq(sender_resolve(&c, &(struct sender_names){ "all", NULL, true }, &endpoint, &sender, &err), 0);
	ck_assert_ptr_null(sender);
	ck_assert_int_eq(sender_resolve(&c, &(struct sender_names){ "no", NULL, false }, &endpoint, &sender, &err), -1);
	ck_assert_int_eq(sender_resolve(&c, &(struct sender_names){ "nrc", "no", false }, &endpoint, &sender, &err), -1);
}
END_TEST

START_TEST(a_url_keeps_only_its_origin)
{
	struct buf url = {0};

	ck_assert(url_with_path("https://host:8443/some/where?x=/y", "/nrc", &url));
	ck_assert_str_eq(url.p, "https://host:8443/nrc");
	buf_reset(&url);
	ck_assert(url_with_path("http://[::1]", "/nrc", &url));
	ck_assert_str_eq(url.p, "http://[::1]/nrc");
	ck_assert(!url_with_path("ftp://host/", "/nrc", &url));
	ck_assert(!url_with_path("host", "/nrc", &url));
	ck_assert(!url_with_path("http:///x", "/nrc", &url));
	buf_free(&url);
}
END_TEST

START_TEST(a_header_is_one_line_with_a_name)
{
	ck_assert(header_fit("X-Correlation-Id: 7"));
	ck_assert(header_is("content-type: x", "Content-Type"));
	ck_assert(!header_is("Content-Types: x", "Content-Type"));
	ck_assert(!header_fit("X: 1\r\nY: 2"));
	ck_assert(!header_fit(": 1"));
	ck_assert(!header_fit("X 1: 2"));
}
END_TEST

static char *readable(const char *line, const char *body)
{
	struct http_answer answer = { .status = 400, .took_us = 1500 };
	struct buf out = {0};

	buf_str(&answer.line, line);
	buf_str(&answer.body, body);
	answer_text(&answer, &out);
	http_answer_free(&answer);
	return out.p;
}

START_TEST(a_page_of_a_web_server_is_text)
{
	char *text = readable("HTTP/1.1 404 Not Found", "<html>\r\n<p>\r gone\r\n");

	ck_assert_str_eq(text, "HTTP/1.1 404 Not Found  1.5 ms\n<html>\n<p>\\x0d gone\n");
	free(text);
}
END_TEST

START_TEST(a_problem_is_a_line_a_fault)
{
	char *text = readable("HTTP/1.1 400 Bad Request",
		"{\"code\":\"invalid\",\"title\":\"Invalid input.\",\"status\":400,\"detail\":\"\",\"invalidParams\":["
		"{\"name\":\"actie\",\"code\":\"required\",\"reason\":\"Is required.\"},"
		"{\"name\":\"kanaal\",\"code\":\"max_length\",\"reason\":\"Too \\u001b[2J long.\"}],"
		"\"invalid-params\":[{\"name\":\"x\",\"code\":\"y\",\"reason\":\"z\"}]}");

	ck_assert_str_eq(text,
		"HTTP/1.1 400 Bad Request  1.5 ms\n"
		"code: invalid\n"
		"title: Invalid input.\n"
		"  actie: Is required. (required)\n"
		"  kanaal: Too \\x1b[2J long. (max_length)\n");
	free(text);
}
END_TEST

START_TEST(other_answers_are_shown_as_they_are)
{
	char *text = readable("HTTP/1.1 502 Bad Gateway", "<html>\n<p>\033[31m");

	ck_assert_str_eq(text, "HTTP/1.1 502 Bad Gateway  1.5 ms\n<html>\n<p>\\x1b[31m\n");
	free(text);
	text = readable("HTTP/1.1 204 No Content", "");
	ck_assert_str_eq(text, "HTTP/1.1 204 No Content  1.5 ms\n");
	free(text);
	text = readable("HTTP/1.1 200 OK", "[1,2]");
	ck_assert_str_eq(text, "HTTP/1.1 200 OK  1.5 ms\n[1,2]\n");
	free(text);
}
END_TEST

/* ---- CloudEvents to be sent ---- */

static const struct draft plain_event = {
	.id = "7", .source = "/proef", .type = "nl.proef.a",
};

/* As JSON; lives until the next call. */
static const char *as_json(const struct draft *event)
{
	static struct buf out;

	buf_reset(&out);
	if (event)
		draft_json(event, &out);
	else
		buf_free(&out);
	return out.p;
}

static void take_line(void *to, const char *line)
{
	buf_fmt(to, "%s\n", line);
}

/* Header lines, or what is wrong; lives until the next call. */
static const char *as_headers(const struct draft *event)
{
	static struct buf out;
	struct err err;

	buf_reset(&out);
	if (event && draft_headers(event, take_line, &out, &err) < 0) {
		buf_reset(&out);
		buf_str(&out, err.text);
	}
	if (!event)
		buf_free(&out);
	return out.p;
}

START_TEST(base64_is_padded)
{
	static const char *const rows[][2] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "\xff\xef\xbe", "/+++" }, { "\x14\xfb\x9c\x03\xd9\x7e", "FPucA9l+" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf out = {0};

		base64_encode(&out, rows[i][0], strlen(rows[i][0]));
		ck_assert_str_eq(out.p ? out.p : "", rows[i][1]);
		buf_free(&out);
	}
}
END_TEST

#define START "{\"specversion\":\"1.0\",\"id\":\"7\",\"source\":\"/proef\",\"type\":\"nl.proef.a\""

START_TEST(data_goes_into_json_as_it_is_or_as_text_or_as_bytes)
{
	static const struct { const char *type, *data; size_t len; const char *member; } rows[] = {
		{ NULL, "{\"a\": 1.50 }\n", 13, ",\"data\":{\"a\": 1.50 }}" },
		{ "application/json", "5e0", 3, ",\"datacontenttype\":\"application/json\",\"data\":5e0}" },
		{ "application/ld+json; profile=\"x\"", "null", 4,
		  ",\"datacontenttype\":\"application/ld+json; profile=\\\"x\\\"\",\"data\":null}" },
		{ "TEXT/JSON", "[]", 2, ",\"datacontenttype\":\"TEXT/JSON\",\"data\":[]}" },
		{ "text/plain", "5", 1, ",\"datacontenttype\":\"text/plain\",\"data\":\"5\"}" },
		{ "text/plain", "a\0\"", 3, ",\"datacontenttype\":\"text/plain\",\"data\":\"a\\u0000\\\"\"}" },
		{ "text/plain", "", 0, ",\"datacontenttype\":\"text/plain\",\"data\":\"\"}" },
		{ "text/plain", "\xff", 1, ",\"datacontenttype\":\"text/plain\",\"data_base64\":\"/w==\"}" },
		{ "raar", "x", 1, ",\"datacontenttype\":\"raar\",\"data\":\"x\"}" },
		{ "application/json", "{", 1, ",\"datacontenttype\":\"application/json\",\"data_base64\":\"ew==\"}" },
		{ "application/json", "", 0, ",\"datacontenttype\":\"application/json\",\"data_base64\":\"\"}" },
		{ NULL, NULL, 0, "}" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct draft event = plain_event;
		struct buf wanted = {0};

		event.datacontenttype = rows[i].type;
		event.data = rows[i].data;
		event.data_len = rows[i].len;
		buf_fmt(&wanted, "%s%s", START, rows[i].member);
		ck_assert_str_eq(as_json(&event), wanted.p);
		buf_free(&wanted);
	}
	as_json(NULL);
}
END_TEST

START_TEST(what_data_looks_like)
{
	ck_assert_str_eq(draft_media_type(" [1]\n", 5), "application/json");
	ck_assert_str_eq(draft_media_type("{\"a\":1,\"a\":2}", 13), "text/plain");
	ck_assert_str_eq(draft_media_type("\xC3\xA9", 2), "text/plain");
	ck_assert_str_eq(draft_media_type("", 0), "text/plain");
	ck_assert_str_eq(draft_media_type("\xC3", 1), "application/octet-stream");
}
END_TEST

START_TEST(attributes_given_by_name_take_the_place_of_others)
{
	struct pool *mine = pool_new();
	struct draft event = plain_event;
	struct draft_attr more[8];
	struct err err;

	event.more = more;
	ck_assert_int_eq(draft_attr_parse(mine, "n=5", &more[0], &err), 0);
	ck_assert_int_eq(draft_attr_parse(mine, "m:= 5 ", &more[1], &err), 0);
	ck_assert_int_eq(draft_attr_parse(mine, "specversion=0.3", &more[2], &err), 0);
	ck_assert_int_eq(draft_attr_parse(mine, "id:=null", &more[3], &err), 0);
	ck_assert_int_eq(draft_attr_parse(mine, "A b=", &more[4], &err), 0);
	ck_assert_int_eq(draft_attr_parse(mine, "x=a:=b", &more[5], &err), 0);
	event.n_more = 6;
	event.subject = "a\"\n";
	ck_assert_str_eq(as_json(&event), "{\"source\":\"/proef\",\"type\":\"nl.proef.a\",\"subject\":\"a\\\"\\n\","
		"\"n\":\"5\",\"m\": 5,\"specversion\":\"0.3\",\"id\":null,\"A b\":\"\",\"x\":\"a:=b\"}");
	as_json(NULL);
	ck_assert_int_eq(draft_attr_parse(mine, "n", &more[0], &err), -1);
	ck_assert_int_eq(draft_attr_parse(mine, "=5", &more[0], &err), -1);
	ck_assert_int_eq(draft_attr_parse(mine, ":=5", &more[0], &err), -1);
	ck_assert_int_eq(draft_attr_parse(mine, "n:=5,\"m\":6", &more[0], &err), -1);
	pool_free(&mine);
}
END_TEST

START_TEST(a_type_given_by_name_says_what_the_data_are)
{
	struct draft_attr text = { "datacontenttype", "text/plain", false };
	struct draft event = plain_event;

	event.datacontenttype = "application/json";
	event.more = &text;
	event.n_more = 1;
	event.data = "5";
	event.data_len = 1;
	ck_assert_str_eq(as_json(&event), START ",\"datacontenttype\":\"text/plain\",\"data\":\"5\"}");
	text = (struct draft_attr){ "datacontenttype", "null", true };
	ck_assert_str_eq(as_json(&event), START ",\"datacontenttype\":null,\"data\":5}");
	as_json(NULL);
}
END_TEST

START_TEST(headers_are_percent_encoded)
{
	struct draft_attr more[] = {
		{ "n", "5", true }, { "b", "true", true }, { "s", "\"a b\"", true }, { "o", "{\"a\":1}", true },
		{ "weg", "null", true }, { "leeg", "", false }, { "Hoofd", "~!", false }, { "datacontenttype", "x", false },
	};
	struct draft event = plain_event;

	event.subject = "a b\t\"50%\" \xC3\xA9\x7F\xff";
	event.datacontenttype = "text/plain; charset=\"utf-8\"";
	event.more = more;
	event.n_more = 8;
	ck_assert_str_eq(as_headers(&event),
		"Content-Type: text/plain; charset=\"utf-8\"\n"
		"ce-specversion: 1.0\n"
		"ce-id: 7\n"
		"ce-source: /proef\n"
		"ce-type: nl.proef.a\n"
		"ce-subject: a%20b%09%2250%25%22%20%C3%A9%7F%FF\n"
		"ce-n: 5\n"
		"ce-b: true\n"
		"ce-s: a%20b\n"
		"ce-o: {%22a%22:1}\n"
		"ce-leeg: \n"
		"ce-Hoofd: ~!\n"
		"ce-datacontenttype: x\n");
	as_headers(NULL);
}
END_TEST

START_TEST(nothing_slips_a_header_in)
{
	static const char *const names[] = { "a b", "a:b", "a\r\nb", "\xC3\xA9", "" };
	struct draft event = plain_event;
	struct draft_attr more = { NULL, "x", false };

	event.more = &more;
	event.n_more = 1;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		more.name = names[i];
		ck_assert_ptr_nonnull(strstr(as_headers(&event), "cannot be a name"));
	}
	event.n_more = 0;
	event.datacontenttype = "a/b\nX: y";
	ck_assert_ptr_nonnull(strstr(as_headers(&event), "one line"));
	as_headers(NULL);
}
END_TEST

START_TEST(an_example_can_be_a_cloudevent)
{
	struct pool *mine = pool_new();
	struct draft one = {0}, two = { .type = "a.b", .source = "/x", .subject = "s", .data = "5", .data_len = 1 };
	struct faults faults = { .pool = mine };
	struct json_object *doc, *zaak;

	example_draft(mine, 1795254300000, &one);
	ck_assert_str_eq(one.type, "nl.overheid.zaken.status.create");
	ck_assert_str_eq(one.source, "urn:nld:oin:00000001234567890000:systeem:voorbeeld");
	ck_assert_int_eq(json_parse(one.data, one.data_len, &doc, &faults), 0);
	ck_assert(json_at(doc, "/hoofdObject", &zaak));
	ck_assert_ptr_nonnull(strstr(json_text(zaak), one.subject));
	json_drop(&doc);
	example_draft(mine, 1795254300000, &two);
	ck_assert_str_eq(two.type, "a.b");
	ck_assert_str_eq(two.source, "/x");
	ck_assert_str_eq(two.subject, "s");
	ck_assert_uint_eq(two.data_len, 1);
	pool_free(&mine);
}
END_TEST

START_TEST(faults_of_cloudevents_are_named_by_where_they_are)
{
	char *text = readable("HTTP/1.1 400 Bad Request",
		"{\"type\":\"about:blank\",\"title\":\"Invalid event.\",\"status\":400,\"errors\":["
		"{\"pointer\":\"#/3/id\",\"code\":\"required\",\"detail\":\"Is required.\"},"
		"{\"header\":\"ce-time\",\"code\":\"invalid\",\"detail\":\"No time.\"},"
		"{\"parameter\":\"access_token\",\"detail\":\"Is there \\u001b[2J twice.\"},"
		"{\"detail\":\"Something.\"}],"
		"\"invalidParams\":[{\"name\":\"x\",\"code\":\"y\",\"reason\":\"z\"}]}");

	ck_assert_str_eq(text,
		"HTTP/1.1 400 Bad Request  1.5 ms\n"
		"title: Invalid event.\n"
		"  #/3/id: Is required. (required)\n"
		"  ce-time: No time. (invalid)\n"
		"  access_token: Is there \\x1b[2J twice.\n"
		"  Something.\n");
	free(text);
}
END_TEST

/* ---- callbacks ---- */

START_TEST(OP_14_a_callback_is_called_at_a_host_of_the_origin)
{
	static const struct { const char *url, *origin; bool fits; } cases[] = {
		{ "https://a.example/cb?x", "a.example", true }, { "https://A.Example:8443/", "a.example", true },
		{ "https://hooks.a.example/", "a.example", true }, { "https://a.example", "www.a.example", true },
		{ "https://b.example.net/", "a.example.net", true }, { "https://evil-a.example/", "a.example", false },
		{ "https://a.example.evil.net/", "a.example", false }, { "https://example/", "a.example", false },
		{ "https://localhost/", "localhost", true }, { "https://10.0.0.1/", "9.0.0.1", false },
		{ "https://10.0.0.1/", "10.0.0.1", true }, { "https://[::1]/", "a.example", false },
		{ "https://a.exampl%65/", "a.example", false }, { "https://other.net/a.example", "a.example", false },
		{ "https://other.net?a.example", "a.example", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_msg(callback_fits(cases[i].url, cases[i].origin) == cases[i].fits, "%s", cases[i].url);
}
END_TEST

static bool is_private(const char *text)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return callback_address_private((const struct sockaddr *)&v4);
	ck_assert_int_eq(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return callback_address_private((const struct sockaddr *)&v6);
}

START_TEST(OP_14_addresses_of_the_own_network_are_known)
{
	static const char *const own[] = { "127.0.0.1", "127.255.1.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255",
					   "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "::", "::1",
					   "fe80::1", "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
					   "64:ff9b::a00:1", "2002:a00:1::1", "2001::1" };
	static const char *const open[] = { "8.8.8.8", "172.15.0.1", "172.32.0.1", "192.167.1.1", "169.253.0.1", "100.128.0.1",
					    "2001:db8::1", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1" };
	struct sockaddr other = { .sa_family = AF_UNIX };

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		ck_assert_msg(is_private(own[i]), "%s", own[i]);
	for (size_t i = 0; i < sizeof open / sizeof *open; i++)
		ck_assert_msg(!is_private(open[i]), "%s", open[i]);
	ck_assert(callback_address_private(&other));
}
END_TEST

START_TEST(of_a_callback_only_its_place_is_shown)
{
	static const struct { const char *url, *place; } cases[] = {
		{ "https://a.example:8443/cb?key=geheim", "https://a.example:8443" }, { "https://a.example", "https://a.example" },
		{ "https://a.example?key", "https://a.example" }, { "https://a.example#x", "https://a.example" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf out = {0};

		callback_place(cases[i].url, &out);
		ck_assert_str_eq(out.p, cases[i].place);
		buf_free(&out);
	}
}
END_TEST

/* The grant is said in a process of its own; what it sent, in text. */
static void hear(const struct handshake *granted, int listener, char *text, size_t size)
{
	static const char answer[] = "HTTP/1.1 204 No Content\r\n\r\n";
	pid_t pid = fork();
	size_t len = 0;
	ssize_t n = 1;
	int peer, status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct err err;
		static const struct http_rules rules = { .connect_ms = 5000, .total_ms = 30000, .answer_max = 65536 };
		struct http *http = http_new(&rules, &err);

		_exit(http && callback_call(http, granted, &status, &err) == 0 && status == 204 ? 0 : 1);
	}
	peer = accept(listener, NULL, NULL);
	ck_assert_int_ge(peer, 0);
	while (len < size - 1 && n > 0 && !(len && strstr(text, "\r\n\r\n"))) {
		n = read(peer, text + len, size - 1 - len);
		len += n > 0 ? (size_t)n : 0;
		text[len] = '\0';
	}
	ck_assert_int_eq((int)write(peer, answer, sizeof answer - 1), (int)sizeof answer - 1);
	close(peer);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

START_TEST(OP_13_the_call_says_origin_and_rate)
{
	static const struct { const char *origin; int rate; const char *origin_line, *rate_line; } cases[] = {
		{ "a.example", 120, "\r\nWebHook-Allowed-Origin: a.example\r\n", "\r\nWebHook-Allowed-Rate: 120\r\n" },
		{ "A.Example", 1, "\r\nWebHook-Allowed-Origin: A.Example\r\n", "\r\nWebHook-Allowed-Rate: 1\r\n" },
		{ "a.example", 0, "\r\nWebHook-Allowed-Origin: a.example\r\n", "\r\nWebHook-Allowed-Rate: *\r\n" },
	};
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	struct timeval patience = { .tv_sec = 20 };
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	char url[64], text[2048];

	if (!http_library())
		return;	/* built without libcurl: nobody is called */
	setenv("no_proxy", "*", 1);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	snprintf(url, sizeof url, "http://127.0.0.1:%d/cb?id=1", ntohs(address.sin_port));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct handshake granted = { .origin = cases[i].origin, .callback = url, .allowed_rate = cases[i].rate,
					     .state = HANDSHAKE_GRANTED };

		hear(&granted, listener, text, sizeof text);
		ck_assert_msg(strncmp(text, "POST /cb?id=1 HTTP/1.1\r\n", 24) == 0, "%s", text);
		ck_assert_msg(strstr(text, cases[i].origin_line) && strstr(text, cases[i].rate_line), "%s", text);
	}
	close(listener);
}
END_TEST

START_TEST(a_text_is_found_however_it_is_spelled)
{
	static const char text[] = "caf\xC3\xA9/\"a\" \xF0\x9F\x98\x80";
	static const char *const yes[] = {
		"x caf\xC3\xA9/\"a\" \xF0\x9F\x98\x80 y", "caf\\u00E9/\\\"a\\\" \\ud83d\\uDE00", "caf\xC3\xA9\\/\\\"a\\\" \xF0\x9F\x98\x80",
		"?q=caf%C3%A9%2F%22a%22%20%f0%9F%98%80&", "{\"u\":\"caf%c3%a9\\/%22a%22%20%F0%9F%98%80\"}", "\\u0063af\\u00e9/\"a\" \xF0\x9F\x98\x80",
	};
	static const char *const no[] = { "", "caf", "caf\\u00E8/\\\"a\\\" \\ud83d\\uDE00", "caf%C3%A", "caf%C3%A9%2F%22a%22%20%f0%9F%98%8", "\\",
					  "caf\\u00E9/\\\"a\\\" \\ud83d\\uDE0", "\\u", "%", "\\ud83d" };

	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		ck_assert_msg(spelled_in_text(yes[i], text), "%s", yes[i]);
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		ck_assert_msg(!spelled_in_text(no[i], text), "%s", no[i]);
	ck_assert(!spelled_in_text(NULL, text));
	ck_assert(spelled_in("aab", 3, "ab") && spelled_in("b\0ab", 4, "ab") && !spelled_in("ab", 1, "ab"));
}
END_TEST

UNIT_MAIN("cli",
	OP_13_the_call_says_origin_and_rate,
	OP_14_a_callback_is_called_at_a_host_of_the_origin, OP_14_addresses_of_the_own_network_are_known,
	of_a_callback_only_its_place_is_shown,
	columns_are_aligned_and_lines_do_not_end_in_blanks,
	what_is_long_stands_below_its_row,
	a_table_in_pieces_keeps_its_columns, what_tells_rows_apart_is_not_cut,
	a_terminal_gets_the_widest_column_cut,
	a_very_narrow_terminal_is_survived,
	text_from_outside_cannot_drive_the_terminal,
	width_counts_characters_not_bytes,
	json_has_commas_where_they_belong,
	times_are_dates_or_durations_back,
	numbers_are_decimal_and_fit,
	lengths_of_time_are_short,
	patterns_are_checked_one_by_one,
	flags_and_operands_may_be_mixed,
	help_is_given_whatever_is_missing,
	every_command_has_its_row_in_order,
	arguments_of_requests_are_lines,
	an_event_is_as_bad_as_its_worst_handler,
	what_nobody_wants_is_unwanted,
	duplicates_and_quarantine_go_before_handlers,
	what_expired_shows_unless_something_is_worse,
	filters_narrow_the_list,
	parked_ones_are_found_by_any_delivery,
	expired_ones_are_found_for_any_handler,
	a_rewind_goes_before_what_it_names,
	an_example_is_a_notification_and_never_the_same,
	an_endpoint_lends_its_path_and_sender,
	a_url_keeps_only_its_origin,
	a_header_is_one_line_with_a_name,
	a_page_of_a_web_server_is_text,
	a_problem_is_a_line_a_fault,
	other_answers_are_shown_as_they_are,
	faults_of_cloudevents_are_named_by_where_they_are,
	base64_is_padded,
	data_goes_into_json_as_it_is_or_as_text_or_as_bytes,
	what_data_looks_like,
	attributes_given_by_name_take_the_place_of_others,
	a_type_given_by_name_says_what_the_data_are,
	headers_are_percent_encoded,
	nothing_slips_a_header_in,
	an_example_can_be_a_cloudevent,
	a_text_is_found_however_it_is_spelled)
