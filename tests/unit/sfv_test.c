/* SPDX-License-Identifier: EUPL-1.2
 * Structured fields: what is read comes out in its one form; what RFC 9651 does not have is refused. */
#include "config.h"
#include "unit.h"

#include "trust/sfv.h"

struct row {
	enum sfv_kind kind;
	const char *text;
	const char *written;		/* null: it is refused */
};

static void check_row(const struct row *row)
{
	struct pool *pool = pool_new();
	struct buf out = { 0 };
	struct sfv field;
	const char *why;
	bool taken = sfv_read(pool, row->kind, row->text, &field, &why);

	ck_assert_msg(taken == (row->written != NULL), "<%s>: %s", row->text, taken ? "taken" : why);
	ck_assert(taken == !why);
	if (taken) {
		buf_str(&out, "");
		sfv_print(&field, &out);
		ck_assert_msg(strcmp(out.p, row->written) == 0, "<%s>: <%s>", row->text, out.p);
	}
	buf_free(&out);
	pool_free(&pool);
}

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_row(&rows[i]);
}

#define CHECK(rows) check_rows(rows, sizeof (rows) / sizeof *(rows))

START_TEST(numbers)
{
	static const struct row rows[] = {
		{ SFV_ITEM, "0", "0" }, { SFV_ITEM, "-0", "0" }, { SFV_ITEM, "42", "42" }, { SFV_ITEM, "-00042", "-42" },
		{ SFV_ITEM, "999999999999999", "999999999999999" }, { SFV_ITEM, "-999999999999999", "-999999999999999" },
		{ SFV_ITEM, "1000000000000000", NULL }, { SFV_ITEM, "-", NULL }, { SFV_ITEM, "--1", NULL }, { SFV_ITEM, "+1", NULL },
		{ SFV_ITEM, "1e3", NULL }, { SFV_ITEM, "1,000", NULL }, { SFV_ITEM, "4 2", NULL }, { SFV_ITEM, "- 1", NULL },
		{ SFV_ITEM, "1.5", "1.5" }, { SFV_ITEM, "-1.50", "-1.5" }, { SFV_ITEM, "1.0", "1.0" }, { SFV_ITEM, "1.000", "1.0" },
		{ SFV_ITEM, "0.125", "0.125" }, { SFV_ITEM, "-0.001", "-0.001" }, { SFV_ITEM, "-0.0", "0.0" }, { SFV_ITEM, "10.010", "10.01" },
		{ SFV_ITEM, "123456789012.123", "123456789012.123" }, { SFV_ITEM, "1234567890123.1", NULL },
		{ SFV_ITEM, "1.1234", NULL }, { SFV_ITEM, "1.", NULL }, { SFV_ITEM, ".5", NULL }, { SFV_ITEM, "1.5.5", NULL },
	};

	CHECK(rows);
}
END_TEST

START_TEST(strings_and_tokens)
{
	static const struct row rows[] = {
		{ SFV_ITEM, "\"\"", "\"\"" }, { SFV_ITEM, "  \"a b\"  ", "\"a b\"" }, { SFV_ITEM, "\"a\\\"\\\\b\"", "\"a\\\"\\\\b\"" },
		{ SFV_ITEM, "\"a", NULL }, { SFV_ITEM, "\"", NULL }, { SFV_ITEM, "\"\\", NULL }, { SFV_ITEM, "\"\\\"", NULL },
		{ SFV_ITEM, "\"\\a\"", NULL }, { SFV_ITEM, "\"a\tb\"", NULL }, { SFV_ITEM, "\"\n\"", NULL }, { SFV_ITEM, "\"\x7f\"", NULL },
		{ SFV_ITEM, "\"\xc3\xa9\"", NULL }, { SFV_ITEM, "'a'", NULL }, { SFV_ITEM, "\"a\"b", NULL },
		{ SFV_ITEM, "a", "a" }, { SFV_ITEM, "*", "*" }, { SFV_ITEM, "A1:/b!#$%&'*+-.^_`|~", "A1:/b!#$%&'*+-.^_`|~" },
		{ SFV_ITEM, "a b", NULL }, { SFV_ITEM, "a(", NULL }, { SFV_ITEM, "/a", NULL }, { SFV_ITEM, "a\"", NULL },
		{ SFV_ITEM, "", NULL }, { SFV_ITEM, "  ", NULL }, { SFV_ITEM, "\ta", NULL }, { SFV_ITEM, "a\t", NULL },
	};

	CHECK(rows);
}
END_TEST

START_TEST(bytes_and_booleans)
{
	static const struct row rows[] = {
		{ SFV_ITEM, "::", "::" }, { SFV_ITEM, ":YQ==:", ":YQ==:" }, { SFV_ITEM, ":aGVsbG8=:", ":aGVsbG8=:" },
		{ SFV_ITEM, ":+/+/:", ":+/+/:" }, { SFV_ITEM, ":aGVsbG8:", NULL }, { SFV_ITEM, ":YR==:", NULL }, { SFV_ITEM, ":-_-_:", NULL },
		{ SFV_ITEM, ":YQ==", NULL }, { SFV_ITEM, ":", NULL }, { SFV_ITEM, ":Y Q=:", NULL }, { SFV_ITEM, ":=YQ=:", NULL },
		{ SFV_ITEM, ":YQ==:x", NULL }, { SFV_ITEM, ":YQ=\n:", NULL },
		{ SFV_ITEM, "?1", "?1" }, { SFV_ITEM, "?0", "?0" }, { SFV_ITEM, "?2", NULL }, { SFV_ITEM, "?", NULL },
		{ SFV_ITEM, "?T", NULL }, { SFV_ITEM, "?01", NULL }, { SFV_ITEM, "true", "true" },
	};

	CHECK(rows);
}
END_TEST

START_TEST(dates_and_display_strings)
{
	static const struct row rows[] = {
		{ SFV_ITEM, "@1659578233", "@1659578233" }, { SFV_ITEM, "@-1", "@-1" }, { SFV_ITEM, "@0", "@0" }, { SFV_ITEM, "@", NULL },
		{ SFV_ITEM, "@1.5", NULL }, { SFV_ITEM, "@a", NULL }, { SFV_ITEM, "@@1", NULL }, { SFV_ITEM, "@1000000000000000", NULL },
		{ SFV_ITEM, "%\"\"", "%\"\"" }, { SFV_ITEM, "%\"f%c3%bc %25 %22\\\"", "%\"f%c3%bc %25 %22\\\"" },
		{ SFV_ITEM, "%\"%61\"", "%\"a\"" }, { SFV_ITEM, "%\"%C3%BC\"", NULL }, { SFV_ITEM, "%\"%c3\"", NULL },
		{ SFV_ITEM, "%\"%\"", NULL }, { SFV_ITEM, "%\"%c\"", NULL }, { SFV_ITEM, "%\"%cx\"", NULL }, { SFV_ITEM, "%\"a", NULL },
		{ SFV_ITEM, "%a", NULL }, { SFV_ITEM, "%", NULL }, { SFV_ITEM, "%\"\xc3\xbc\"", NULL }, { SFV_ITEM, "%\"\t\"", NULL },
		{ SFV_ITEM, "%\"%ed%a0%80\"", NULL }, { SFV_ITEM, "%\"%0a\"", "%\"%0a\"" },
	};

	CHECK(rows);
}
END_TEST

START_TEST(parameters)
{
	static const struct row rows[] = {
		{ SFV_ITEM, "a;b;c=?1;d=?0;e=1;  f=\"x\"", "a;b;c;d=?0;e=1;f=\"x\"" }, { SFV_ITEM, "a;*b-c_d.e=1", "a;*b-c_d.e=1" },
		{ SFV_ITEM, "a;B=1", NULL }, { SFV_ITEM, "a;1b", NULL }, { SFV_ITEM, "a; ", NULL }, { SFV_ITEM, "a;", NULL },
		{ SFV_ITEM, "a;b =1", NULL }, { SFV_ITEM, "a;b= 1", NULL }, { SFV_ITEM, "a;b=", NULL }, { SFV_ITEM, "a ;b", NULL },
		{ SFV_ITEM, "a;\tb", NULL }, { SFV_ITEM, "a;b=(c)", NULL }, { SFV_ITEM, "1;a=1;b=2;a=3", "1;a=3;b=2" },
	};

	CHECK(rows);
}
END_TEST

START_TEST(lists)
{
	static const struct row rows[] = {
		{ SFV_LIST, "", "" }, { SFV_LIST, "   ", "" }, { SFV_LIST, "a", "a" }, { SFV_LIST, "a,b ,\tc , 1.50", "a, b, c, 1.5" },
		{ SFV_LIST, "a,", NULL }, { SFV_LIST, ",a", NULL }, { SFV_LIST, "a,,b", NULL }, { SFV_LIST, "a b", NULL }, { SFV_LIST, "\t", NULL },
		{ SFV_LIST, "a\t", "a" }, { SFV_LIST, "a, ", NULL }, { SFV_LIST, "a=1", NULL }, { SFV_LIST, "a, a;x, a", "a, a;x, a" },
		{ SFV_LIST, "()", "()" }, { SFV_LIST, "( )", "()" }, { SFV_LIST, "(a)", "(a)" }, { SFV_LIST, "(  a   b;x  );y=1", "(a b;x);y=1" },
		{ SFV_LIST, "(\"a\" \"b\"), (c)", "(\"a\" \"b\"), (c)" }, { SFV_LIST, "(", NULL }, { SFV_LIST, "(a", NULL }, { SFV_LIST, "a)", NULL },
		{ SFV_LIST, "(a,b)", NULL }, { SFV_LIST, "(a\tb)", NULL }, { SFV_LIST, "((a))", NULL }, { SFV_LIST, "(\"a\"\"b\")", NULL },
		{ SFV_LIST, "(a) b", NULL }, { SFV_LIST, "(a);", NULL }, { SFV_ITEM, "(a)", NULL }, { SFV_ITEM, "a, b", NULL },
	};

	CHECK(rows);
}
END_TEST

START_TEST(dictionaries)
{
	static const struct row rows[] = {
		{ SFV_DICTIONARY, "", "" }, { SFV_DICTIONARY, "a=1,    b=2;x=1;y=2,   c=(a   b   c)", "a=1, b=2;x=1;y=2, c=(a b c)" },
		{ SFV_DICTIONARY, "a, b;x, c=?1, d=?0", "a, b;x, c, d=?0" }, { SFV_DICTIONARY, "a=?1;x=2", "a;x=2" },
		{ SFV_DICTIONARY, "*a.b-c_1=:YQ==:", "*a.b-c_1=:YQ==:" }, { SFV_DICTIONARY, "a=()", "a=()" },
		{ SFV_DICTIONARY, "A=1", NULL }, { SFV_DICTIONARY, "a =1", NULL }, { SFV_DICTIONARY, "a= 1", NULL }, { SFV_DICTIONARY, "a=", NULL },
		{ SFV_DICTIONARY, "a=1,", NULL }, { SFV_DICTIONARY, "a=1 b=2", NULL }, { SFV_DICTIONARY, "1=a", NULL }, { SFV_DICTIONARY, "=1", NULL },
		{ SFV_DICTIONARY, "a=1, b=2, a=3", "a=3, b=2" }, { SFV_DICTIONARY, "a=(1 2", NULL }, { SFV_DICTIONARY, "\"a\"=1", NULL },
	};

	CHECK(rows);
}
END_TEST

START_TEST(what_comes_twice_is_told)
{
	static const struct { const char *text; bool repeated; } rows[] = {
		{ "a=1, b=2", false }, { "a=1, a=1", true }, { "a;x;y", false }, { "a;x;x", true }, { "a;x, b;x", false },
		{ "a=(b;x;x)", true }, { "a=(b;x b;x);x", false }, { "a=(b);x=1;x=2", true },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct pool *pool = pool_new();
		struct sfv field;
		const char *why;

		ck_assert(sfv_read(pool, SFV_DICTIONARY, rows[i].text, &field, &why));
		ck_assert_msg(field.repeated == rows[i].repeated, "%s", rows[i].text);
		pool_free(&pool);
	}
}
END_TEST

START_TEST(values_are_found)
{
	struct pool *pool = pool_new();
	struct sfv field;
	const char *why;
	const struct sfv_member *member;

	ck_assert(sfv_read(pool, SFV_DICTIONARY, "a=:AAEA:, b=(x \"y\");n=-1.25;t=@7;d=%\"%c3%bc\"", &field, &why));
	member = sfv_find(&field, "a");
	ck_assert(member && !member->inner && member->item.bare.type == SFV_BYTES && member->item.bare.len == 3);
	ck_assert(memcmp(member->item.bare.p, "\0\1\0", 3) == 0);
	member = sfv_find(&field, "b");
	ck_assert(member && member->inner && member->n == 2 && member->items[1].bare.type == SFV_STRING);
	ck_assert(sfv_param(&member->item.params, "n")->number == -1250);
	ck_assert(sfv_param(&member->item.params, "t")->number == 7);
	ck_assert_str_eq(sfv_param(&member->item.params, "d")->p, "\xc3\xbc");
	ck_assert_ptr_null(sfv_find(&field, "c"));
	ck_assert_ptr_null(sfv_param(&member->item.params, "a"));
	pool_free(&pool);
}
END_TEST

/* n times the text, with what is to stand between. */
static char *times(const char *text, const char *between, size_t n)
{
	struct buf out = { 0 };

	for (size_t i = 0; i < n; i++)
		buf_fmt(&out, "%s%s", i ? between : "", text);
	return out.p;
}

static bool reads(enum sfv_kind kind, const char *form, const char *text, const char *between, size_t n)
{
	struct pool *pool = pool_new();
	char *many = times(text, between, n), *whole = str_fmt("%s%s%s", form, many, *form == '(' ? ")" : "");
	struct sfv field;
	const char *why;
	bool taken = sfv_read(pool, kind, whole, &field, &why);

	free(whole);
	free(many);
	pool_free(&pool);
	return taken;
}

START_TEST(limits_hold)
{
	struct pool *pool = pool_new();
	struct sfv field;
	const char *why;
	struct buf keys = { 0 };

	ck_assert(reads(SFV_LIST, "", "a", ",", SFV_MEMBERS));
	ck_assert(!reads(SFV_LIST, "", "a", ",", SFV_MEMBERS + 1));
	ck_assert(reads(SFV_LIST, "(", "a", " ", SFV_MEMBERS));
	ck_assert(!reads(SFV_LIST, "(", "a", " ", SFV_MEMBERS + 1));
	ck_assert(reads(SFV_ITEM, "", "a", "", SFV_LEN_MAX));
	ck_assert(!reads(SFV_ITEM, "", "a", "", SFV_LEN_MAX + 1));
	buf_str(&keys, "a");
	for (int i = 0; i < SFV_PARAMS; i++)
		buf_fmt(&keys, ";k%d", i);
	ck_assert(sfv_read(pool, SFV_ITEM, keys.p, &field, &why));
	buf_str(&keys, ";more");
	ck_assert(!sfv_read(pool, SFV_ITEM, keys.p, &field, &why));
	buf_reset(&keys);
	for (int i = 0; i <= SFV_MEMBERS; i++)
		buf_fmt(&keys, "%sk%d", i ? "," : "", i);
	ck_assert(!sfv_read(pool, SFV_DICTIONARY, keys.p, &field, &why));
	buf_free(&keys);
	pool_free(&pool);
}
END_TEST

UNIT_MAIN("sfv", numbers, strings_and_tokens, bytes_and_booleans, dates_and_display_strings, parameters, lists, dictionaries,
	  what_comes_twice_is_told, values_are_found, limits_hold)
