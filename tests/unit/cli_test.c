/* SPDX-License-Identifier: EUPL-1.2
 * Floor 4: what the command shows, and how it reads what people type. */
#include "config.h"
#include "unit.h"

#include <string.h>
#include "base/mem.h"
#include "cli/jot.h"
#include "cli/plain.h"
#include "cli/table.h"

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

UNIT_MAIN("cli",
	columns_are_aligned_and_lines_do_not_end_in_blanks,
	a_table_in_pieces_keeps_its_columns,
	a_terminal_gets_the_widest_column_cut,
	a_very_narrow_terminal_is_survived,
	text_from_outside_cannot_drive_the_terminal,
	width_counts_characters_not_bytes,
	json_has_commas_where_they_belong)
