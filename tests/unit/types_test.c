/* SPDX-License-Identifier: EUPL-1.2
 * What CloudEvents are made of, on its own: text, integers, header values, base64, media types, URIs, times,
 * host names, and JSON in parts. */
#include "config.h"
#include "unit.h"

#include "base/utf8.h"
#include "event/base64.h"
#include "event/header.h"
#include "event/host.h"
#include "event/integer.h"
#include "event/json_scan.h"
#include "event/media.h"
#include "event/text.h"
#include "event/time.h"
#include "event/uri.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

/* Memory of its own and without a NUL, so that a read beyond its end shows; to be freed. */
static char *bare(const char *text, size_t len)
{
	return mem_dup(text, len);
}

#define TEXT_FINE NULL
#define TEXT_NOT_UTF8 "is not UTF-8"
#define TEXT_CONTROL "holds a control character"
#define TEXT_NONCHARACTER "holds a noncharacter of Unicode"
START_TEST(text_is_checked_at_every_place)
{
	static const struct { const char *text, *fault; } rows[] = {
		{ "", TEXT_FINE }, { " ", TEXT_FINE }, { "~", TEXT_FINE }, { "\302\240", TEXT_FINE }, { "\303\251", TEXT_FINE },
		{ "\342\202\254", TEXT_FINE }, { "\360\237\230\200", TEXT_FINE }, { "\357\277\275", TEXT_FINE }, { "\357\267\217", TEXT_FINE },
		{ "\357\267\260", TEXT_FINE }, { "\364\217\277\275", TEXT_FINE },
		{ "\001", TEXT_CONTROL }, { "\t", TEXT_CONTROL }, { "\n", TEXT_CONTROL }, { "\037", TEXT_CONTROL }, { "\177", TEXT_CONTROL },
		{ "\302\200", TEXT_CONTROL }, { "\302\205", TEXT_CONTROL }, { "\302\237", TEXT_CONTROL },
		{ "\357\267\220", TEXT_NONCHARACTER }, { "\357\267\257", TEXT_NONCHARACTER }, { "\357\277\276", TEXT_NONCHARACTER },
		{ "\357\277\277", TEXT_NONCHARACTER }, { "\360\237\277\276", TEXT_NONCHARACTER }, { "\364\217\277\277", TEXT_NONCHARACTER },
		{ "\355\240\200", TEXT_NOT_UTF8 }, { "\200", TEXT_NOT_UTF8 }, { "\300\200", TEXT_NOT_UTF8 }, { "\342\202", TEXT_NOT_UTF8 },
		{ "\364\220\200\200", TEXT_NOT_UTF8 }, { "\377", TEXT_NOT_UTF8 },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t before = 0; before < 18; before++)
			for (size_t after = 0; after < 9; after++) {
				char text[32], *copy;
				size_t len = before + strlen(rows[i].text) + after;

				memset(text, 'x', sizeof text);
				memcpy(text + before, rows[i].text, strlen(rows[i].text));
				copy = bare(text, len);
				ck_assert_pstr_eq(text_fault(copy, len), rows[i].fault);
				free(copy);
			}
	ck_assert_str_eq(text_fault("a\0b", 3), TEXT_CONTROL);
	ck_assert_str_eq(text_fault("a\0bcdefgh", 9), TEXT_CONTROL);
}
END_TEST

START_TEST(integers_have_32_bits_and_one_spelling)
{
	static const struct { const char *text; bool is; int32_t v; } rows[] = {
		{ "0", true, 0 }, { "-0", true, 0 }, { "7", true, 7 }, { "-7", true, -7 }, { "2147483647", true, INT32_MAX },
		{ "-2147483648", true, INT32_MIN }, { "2147483648", false, 0 }, { "-2147483649", false, 0 }, { "9999999999", false, 0 },
		{ "10000000000", false, 0 }, { "99999999999999999999", false, 0 }, { "", false, 0 }, { "-", false, 0 }, { "+1", false, 0 },
		{ "01", false, 0 }, { "-01", false, 0 }, { "00", false, 0 }, { "1.0", false, 0 }, { "1e0", false, 0 }, { " 1", false, 0 },
		{ "1 ", false, 0 }, { "0x1", false, 0 }, { "--1", false, 0 }, { "\331\241", false, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *copy = bare(rows[i].text, strlen(rows[i].text));
		int32_t v = 0;

		ck_assert_msg(integer_parse(copy, strlen(rows[i].text), &v) == rows[i].is && v == rows[i].v, "%s", rows[i].text);
		free(copy);
	}
	ck_assert(integer_parse("12", 1, NULL));
}
END_TEST

START_TEST(header_values_are_undone)
{
	static const struct { const char *raw; enum header_fault fault; const char *value; } rows[] = {
		{ "", HEADER_FINE, "" }, { "a", HEADER_FINE, "a" }, { " a ", HEADER_FINE, " a " }, { "!~", HEADER_FINE, "!~" },
		{ "\"a b\"", HEADER_FINE, "a b" }, { "a\"b\"c\"d\"", HEADER_FINE, "abcd" }, { "\"\\\\\\\"\"", HEADER_FINE, "\\\"" },
		{ "\"\\a\"", HEADER_FINE, "a" }, { "\\a", HEADER_FINE, "\\a" }, { "%41", HEADER_FINE, "A" }, { "%2541", HEADER_FINE, "%41" },
		{ "\"%25\"41", HEADER_FINE, "%41" }, { "%\"41\"", HEADER_FINE, "A" }, { "%4\"\"1", HEADER_FINE, "A" },
		{ "%F0%9F%98%80", HEADER_FINE, "\360\237\230\200" }, { "%0a", HEADER_FINE, "\n" }, { "%22", HEADER_FINE, "\"" },
		{ "\"", HEADER_QUOTE, "" }, { "a\"", HEADER_QUOTE, "" }, { "\"a\\", HEADER_QUOTE, "" }, { "\"a\\\"", HEADER_QUOTE, "" },
		{ "%\"4", HEADER_QUOTE, "" }, { "%4\"", HEADER_QUOTE, "" },
		{ "%", HEADER_PERCENT, "" }, { "%4", HEADER_PERCENT, "" }, { "%4g", HEADER_PERCENT, "" }, { "%g4", HEADER_PERCENT, "" },
		{ "%%", HEADER_PERCENT, "" }, { "a%", HEADER_PERCENT, "" }, { "% 1", HEADER_PERCENT, "" }, { "%@1", HEADER_PERCENT, "" },
		{ "%`1", HEADER_PERCENT, "" }, { "%+1", HEADER_PERCENT, "" },
		{ "\303\251", HEADER_RAW, "" }, { "\"\303\251\"", HEADER_RAW, "" }, { "a\tb", HEADER_RAW, "" }, { "\177", HEADER_RAW, "" },
		{ "\001", HEADER_RAW, "" }, { "\"\\\t\"", HEADER_RAW, "" },
		{ "%C0%80", HEADER_UTF8, "" }, { "%ED%A0%80", HEADER_UTF8, "" }, { "%E2%82", HEADER_UTF8, "" }, { "%FF", HEADER_UTF8, "" },
	};
	struct pool *pool = pool_new();
	const char *value;
	size_t len;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *copy = str_dup(rows[i].raw);

		ck_assert_msg(header_decode(pool, copy, 0, &value, &len) == rows[i].fault, "%s: %s", copy,
			      header_fault_says(header_decode(pool, copy, 0, &value, &len)));
		ck_assert_str_eq(value, rows[i].value);
		if (rows[i].fault == HEADER_FINE)
			ck_assert_uint_eq(len, strlen(rows[i].value));
		free(copy);
	}
	ck_assert_int_eq(header_decode(pool, "a%00b", 0, &value, &len), HEADER_FINE);
	ck_assert_uint_eq(len, 3);
	ck_assert_mem_eq(value, "a\0b", 4);
	pool_free(&pool);
}
END_TEST

START_TEST(lists_are_seen_where_there_can_be_none)
{
	static const struct { const char *raw; enum header_fault fault; } rows[] = {
		{ "a, b", HEADER_LIST }, { "\"a\", \"b\"", HEADER_LIST }, { "a,b", HEADER_FINE }, { "a,%20b", HEADER_FINE },
		{ "a%2C b", HEADER_FINE }, { "\"a, b\"", HEADER_FINE }, { "a ,b", HEADER_FINE }, { ", ", HEADER_LIST }, { ",", HEADER_FINE },
	};
	struct pool *pool = pool_new();
	const char *value;
	size_t len;

	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_msg(header_decode(pool, rows[i].raw, 1, &value, &len) == rows[i].fault, "%s", rows[i].raw);
		ck_assert_int_eq(header_decode(pool, rows[i].raw, 0, &value, &len), HEADER_FINE);
	}
	pool_free(&pool);
}
END_TEST

START_TEST(base64_is_strict)
{
	static const struct { const char *text, *bytes; } rows[] = {
		{ "", "" }, { "Zg==", "f" }, { "Zm8=", "fo" }, { "Zm9v", "foo" }, { "Zm9vYg==", "foob" }, { "Zm9vYmE=", "fooba" },
		{ "Zm9vYmFy", "foobar" }, { "+/+/", "\373\377\277" }, { "////", "\377\377\377" }, { "gICA", "\200\200\200" },
		{ "Z", NULL }, { "Zg", NULL }, { "Zg=", NULL }, { "Zg===", NULL }, { "=", NULL }, { "====", NULL }, { "Z===", NULL },
		{ "Zm=v", NULL }, { "=m9v", NULL }, { "Zg==Zg==", NULL }, { "Zm9v=", NULL }, { "Zm9v\n", NULL }, { "Zm9\n", NULL },
		{ " Zg=", NULL }, { "Zm9-", NULL }, { "Zm9_", NULL }, { "Zh==", NULL }, { "Zm9=", NULL }, { "Zm\303\251", NULL }, { "Zg=A", NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t len = strlen(rows[i].text), n = 99;
		char *copy = bare(rows[i].text, len);
		unsigned char *out = mem_alloc(BASE64_DECODED(len) + 1);
		bool ok = base64_decode(copy, len, out, &n);

		ck_assert_msg(ok == (rows[i].bytes != NULL) && base64_valid(copy, len) == ok, "%s", rows[i].text);
		if (ok) {
			struct buf back = {0};

			ck_assert_uint_eq(n, strlen(rows[i].bytes));
			ck_assert_mem_eq(out, rows[i].bytes, n);
			base64_encode(&back, out, n);
			ck_assert_str_eq(back.len ? back.p : "", rows[i].text);
			buf_free(&back);
		}
		free(out);
		free(copy);
	}
}
END_TEST

START_TEST(base64_comes_back)
{
	unsigned char bytes[100], out[102];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(i * 37 + 200);
	for (size_t len = 0; len <= sizeof bytes; len++) {
		struct buf text = {0};
		size_t n;

		base64_encode(&text, bytes, len);
		ck_assert_uint_eq(text.len, (len + 2) / 3 * 4);
		ck_assert(base64_decode(text.p, text.len, out, &n) && n == len);
		ck_assert_mem_eq(out, bytes, len);
		buf_free(&text);
	}
}
END_TEST

START_TEST(media_types_and_json)
{
	static const struct { const char *value; bool valid, json; } rows[] = {
		{ "application/json", true, true }, { "APPLICATION/JSON", true, true }, { "text/json", true, true }, { "x/json", true, true },
		{ "application/json; charset=utf-8", true, true }, { "application/json;q=\"a;b\\\"\"", true, true },
		{ "application/ld+json", true, true }, { "application/vnd.github.v3+JSON; x=y", true, true }, { "a/b+c+json", true, true },
		{ "application/jsonx", true, false }, { "application/x-json", true, false }, { "application/json+xml", true, false },
		{ "json/x", true, false }, { "text/plain", true, false }, { "application/xjson", true, false },
		{ "text/plain; a=json", true, false }, { "*/*", true, false },
		{ "", false, false }, { "json", false, false }, { "/json", false, false }, { "application/", false, false },
		{ "application/json/x", false, false }, { "application/json x", false, false }, { "application /json", false, false },
		{ "application/json; q", false, false }, { "application/json; q=", false, false }, { "application/json; q=\"x", false, false },
		{ "application/json, text/json", false, false }, { "appl\303\251/json", false, false }, { "a(b)/json", false, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *copy = str_dup(rows[i].value);

		ck_assert_msg(media_valid(copy) == rows[i].valid && media_is_json(copy) == rows[i].json, "%s", copy);
		free(copy);
	}
}
END_TEST

START_TEST(uris_and_references)
{
	static const struct { const char *text; bool uri, reference; } rows[] = {
		{ "", false, true }, { "https://x.nl", true, true }, { "https://x.nl/a?b#c", true, true }, { "urn:nld:a", true, true },
		{ "urn:nld:gemeente-Bergen%20%28L%29.x", true, true }, { "mailto:a@b.nl", true, true }, { "a:", true, true },
		{ "http://[::1]:80/", true, true }, { "http://[v1.x]/", true, true }, { "http://h:/", true, true }, { "x:a#b", true, true },
		{ "oz", false, true }, { "/x", false, true }, { "//h/x", false, true }, { "#f", false, true }, { "?q", false, true },
		{ "1-555-123-4567", false, true }, { "./a:b", false, true }, { "a/b:c", false, true }, { "%41", false, true },
		{ ":x", false, false }, { "[x", false, false }, { "1a:b", false, false }, { "a b", false, false }, { "%", false, false },
		{ "%4", false, false }, { "%zz", false, false }, { "http://[::1", false, false }, { "http://[]/", false, false },
		{ "http://[::1%25lo]/", false, false }, { "http://h:80a/", false, false }, { "http://a@b@c/", false, false },
		{ "\303\251", false, false }, { "x:\302\243", false, false }, { "a\tb", false, false }, { "a\177", false, false },
		{ "x:a#b#c", false, false }, { "x:^", false, false }, { "x:\\", false, false }, { "x:{a}", false, false }, { "x:\"", false, false },
		{ "x:%4", false, false }, { "x:a%", false, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *copy = str_dup(rows[i].text);

		ck_assert_msg(uri_valid(copy) == rows[i].uri, "%s", copy);
		ck_assert_msg(uri_reference_valid(copy) == rows[i].reference, "%s", copy);
		free(copy);
	}
	ck_assert(uri_has_fragment("x:a#b") && uri_has_fragment("#") && !uri_has_fragment("x:a?b"));
}
END_TEST

START_TEST(times_of_rfc_3339)
{
	static const struct { const char *text; bool is; int64_t ms; } rows[] = {
		{ "1970-01-01T00:00:00Z", true, 0 }, { "1970-01-01t00:00:00z", true, 0 }, { "1970-01-01T00:00:00.0019Z", true, 1 },
		{ "1970-01-01T00:00:00.9999999999999999999999Z", true, 999 }, { "1970-01-01T01:00:00+01:00", true, 0 },
		{ "1969-12-31T23:59:00-00:01", true, 0 }, { "1970-01-01T23:59:00+23:59", true, 0 }, { "1970-01-01T00:00:00-00:00", true, 0 },
		{ "2016-12-31T23:59:60Z", true, 1483228800000 }, { "2017-01-01T05:29:60+05:30", true, 1483228800000 },
		{ "2024-02-29T00:00:00Z", true, 1709164800000 }, { "2026-02-29T00:00:00Z", false, 0 }, { "1900-02-29T00:00:00Z", false, 0 },
		{ "2026-01-01T23:58:60Z", false, 0 }, { "2026-01-01T23:59:60+00:01", false, 0 }, { "2026-01-01 00:00:00Z", false, 0 },
		{ "2026-01-01T24:00:00Z", false, 0 }, { "2026-01-01T00:00Z", false, 0 }, { "2026-01-01T00:00:00", false, 0 },
		{ "2026-01-01T00:00:00+24:00", false, 0 }, { "2026-01-01T00:00:00+23:60", false, 0 }, { "2026-01-01T00:00:00+1:00", false, 0 },
		{ "2026-01-01T00:00:00.", false, 0 }, { "2026-01-01T00:00:00.Z", false, 0 }, { "2026-01-01T00:00:00ZZ", false, 0 },
		{ "2026-01-01T00:00:00+00:00Z", false, 0 }, { "2026-1-01T00:00:00Z", false, 0 }, { "2026-01-01T00:00:00 Z", false, 0 },
		{ "12026-01-01T00:00:00Z", false, 0 }, { "-2026-01-01T00:00:00Z", false, 0 }, { "", false, 0 }, { "2026", false, 0 },
		{ "2026-00-10T00:00:00Z", false, 0 }, { "2026-10-00T00:00:00Z", false, 0 }, { "2026-11-31T00:00:00Z", false, 0 },
	};
	int64_t ms;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *copy = str_dup(rows[i].text);

		ms = 0;
		ck_assert_msg(time_parse(copy, TIME_RFC3339, &ms) == rows[i].is && ms == rows[i].ms, "%s %lld", copy, (long long)ms);
		free(copy);
	}
	ck_assert(time_parse("1970-01-01T00:00:01", TIME_OFFSET_OPTIONAL, &ms) && ms == 1000);
	ck_assert(!time_parse("1970-01-01T00:00", TIME_OFFSET_OPTIONAL, NULL));
}
END_TEST

START_TEST(names_of_hosts)
{
	static const char *const good[] = { "a", "a.b", "voorbeeld.nl", "A-B.c-1", "1.2", "xn--caf-dma.nl", "localhost", "127.0.0.1" };
	static const char *const bad[] = { "", ".", "a.", ".a", "a..b", "-a", "a-", "a.-b", "a_b", "a b", "a:80", "https://a", "a/b", "*",
			"*.a", "a,b", "caf\303\251", "[::1]", "a\n" };
	char name[260];

	for (size_t i = 0; i < COUNT(good); i++)
		ck_assert_msg(host_valid(good[i]), "%s", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!host_valid(bad[i]), "%s", bad[i]);
	memset(name, 'a', sizeof name);
	name[63] = '\0';
	ck_assert(host_valid(name));
	name[63] = 'a';
	name[64] = '\0';
	ck_assert(!host_valid(name));
	for (size_t i = 0; i < 254; i++)
		name[i] = i % 2 ? '.' : 'a';
	name[253] = '\0';
	ck_assert(host_valid(name));	/* 253 */
	name[253] = 'a';
	name[254] = '\0';
	ck_assert(!host_valid(name));
}
END_TEST

/* ---- JSON in parts ---- */

struct parts {
	struct buf out;
	size_t most, n;		/* of parts: goes no further behind the last */
};

static bool put_part(void *arg, const struct json_part *p)
{
	static const char *const kinds[] = { "null", "bool", "number", "string", "array", "object" };
	struct parts *parts = arg;

	buf_fmt(&parts->out, "%s%.*s%s=%s:%.*s%s%s", parts->n ? " " : "", p->name ? (int)p->name_len : 1, p->name ? p->name : "-",
		p->name_escaped ? "(esc)" : "", kinds[p->kind], (int)p->len, p->value, p->escaped ? "(esc)" : "", p->torn ? "(torn)" : "");
	return ++parts->n < parts->most;
}

/* The parts of a document in text, or the code of its fault in brackets. The bytes end where the document ends. */
static const char *split(const char *text, size_t len, size_t most, enum json_kind *top)
{
	static char out[512];
	struct faults faults = { .pool = pool_new() };
	struct parts parts = { .most = most };
	char *copy = bare(text, len);
	int rc = json_split((unsigned char *)copy, len, 1, put_part, &parts, &faults);

	ck_assert_int_eq(rc < 0, faults.n != 0);
	*top = rc < 0 ? JSON_NULL : (enum json_kind)rc;
	if (rc < 0)
		snprintf(out, sizeof out, "[%s]", faults.v[0].code);
	else
		snprintf(out, sizeof out, "%s", parts.out.len ? parts.out.p : "");
	free(copy);
	buf_free(&parts.out);
	pool_free(&faults.pool);
	return out;
}

START_TEST(json_is_split_into_its_members_in_order)
{
	static const struct { const char *text; enum json_kind top; const char *parts; } rows[] = {
		{ "{}", JSON_OBJECT, "" }, { "[]", JSON_ARRAY, "" }, { " [ ] ", JSON_ARRAY, "" },
		{ "1", JSON_NUMBER, "" }, { "\"a\"", JSON_STRING, "" }, { "true", JSON_BOOL, "" }, { "null", JSON_NULL, "" }, { " -1e5 ", JSON_NUMBER, "" },
		{ "{\"b\":1,\"a\":2}", JSON_OBJECT, "b=number:1 a=number:2" },
		{ "{ \"a\" : [ 1 , {\"x\":[]} ] , \"b\" : \"c\" }", JSON_OBJECT, "a=array:[ 1 , {\"x\":[]} ] b=string:\"c\"" },
		{ "{\"a\":{\"a\":{\"a\":1}},\"c\":null,\"d\":false}", JSON_OBJECT, "a=object:{\"a\":{\"a\":1}} c=null:null d=bool:false" },
		{ "[1,\"a\",[2,[3]],{\"b\":4},true]", JSON_ARRAY, "-=number:1 -=string:\"a\" -=array:[2,[3]] -=object:{\"b\":4} -=bool:true" },
		{ "{\"a\":1,\"a\":1}", JSON_OBJECT, "a=number:1 a=number:1" }, { "{\"\":\"\"}", JSON_OBJECT, "=string:\"\"" },
		{ "{\"\\u0061\":\"\\n\"}", JSON_OBJECT, "\\u0061(esc)=string:\"\\n\"(esc)" },
		{ "{\"a\":\"\\ud800\",\"b\":\"c\"}", JSON_OBJECT, "a=string:\"\\ud800\"(esc)(torn) b=string:\"c\"" },
		{ "{\"a\":\"\\udc00\\ud800\"}", JSON_OBJECT, "a=string:\"\\udc00\\ud800\"(esc)(torn)" },
		{ "{\"a\":\"\\ud83d\\ude00\"}", JSON_OBJECT, "a=string:\"\\ud83d\\ude00\"(esc)" },
		{ "{\"a\":[\"\\ud800\"],\"b\":[]}", JSON_OBJECT, "a=array:[\"\\ud800\"] b=array:[]" },
		{ "{\"a\\u0000\":1}", JSON_OBJECT, "a\\u0000(esc)=number:1" },
		{ "[\"\\\\\",\"\\\"]\"]", JSON_ARRAY, "-=string:\"\\\\\"(esc) -=string:\"\\\"]\"(esc)" },
		{ "[123456789012345678901234567890.5e-7]", JSON_ARRAY, "-=number:123456789012345678901234567890.5e-7" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		enum json_kind top = JSON_NULL;
		const char *got = split(rows[i].text, strlen(rows[i].text), 99, &top);

		ck_assert_msg(strcmp(got, rows[i].parts) == 0 && top == rows[i].top, "%s: %s", rows[i].text, got);
	}
}
END_TEST

START_TEST(splitting_stops_when_told)
{
	enum json_kind top;

	ck_assert_str_eq(split("[1,2,3]", 7, 2, &top), "-=number:1 -=number:2");
	ck_assert_int_eq(top, JSON_ARRAY);
	ck_assert_str_eq(split("{\"a\":1,\"b\":2 nonsense", 22, 2, &top), "a=number:1 b=number:2");
	ck_assert_str_eq(split("[[1],]", 6, 1, &top), "-=array:[1]");
	ck_assert_str_eq(split("[1]", 3, 1, &top), "-=number:1");
	ck_assert_str_eq(split("[1 2", 4, 2, &top), "[parse_error]");
}
END_TEST

START_TEST(structure_is_checked_while_splitting)
{
	static const char *const rows[] = {
		"", " ", "{", "[", "}", "]", "{]", "[}", "[1}", "{\"a\":1]", "[[1]", "{\"a\":{}", "{\"a\"", "{\"a\":", "{\"a\":}", "{\"a\" 1}",
		"{a:1}", "{1:1}", "{null:1}", "{[]:1}", "[1,]", "{\"a\":1,}", "[,1]", "[,]", "{,}", "[1,,2]", "[1 2]", "{\"a\":1 \"b\":2}", "{\"a\":1:2}",
		"[1:2]", "[\"a\":1]", "[1]x", "[1]]", "{}}", "{}{}", "1 2", "[1],", ",", ":", "[:]", "01", "-", "+1", "1.", ".5", "1e", "1e+",
		"0x1", "1-2", "NaN", "tru", "truefalse", "nulll", "True", "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u123g\"", "\"a\nb\"",
		"\"\\", "\"\\u", "\"\\u123", "/**/1", "1//", "'a'", "\f1", "1\v", "\357\273\2771", "[1}]", "[{]}", "[\"a]", "{\"a:1}",
	};
	enum json_kind top;

	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_msg(strcmp(split(rows[i], strlen(rows[i]), 99, &top), "[parse_error]") == 0, "%s: %s", rows[i],
			      split(rows[i], strlen(rows[i]), 99, &top));
	ck_assert_str_eq(split("[1\0]", 4, 99, &top), "[parse_error]");
	ck_assert_str_eq(split("\0", 1, 99, &top), "[parse_error]");
	ck_assert_str_eq(split("{}\0", 3, 99, &top), "[parse_error]");
	ck_assert_str_eq(split("[\"\377\"]", 5, 99, &top), "[invalid_utf8]");
	ck_assert_str_eq(split("[\"\355\240\200\"]", 7, 99, &top), "[invalid_utf8]");
}
END_TEST

START_TEST(no_part_of_a_document_is_split)
{
	static const char text[] = "{\"a\":[1,-2.5e3,\"x\\u00e9\\ud83d\\ude00\",null,true],\"b\":{\"c\":\"\303\251\"},\"d\":{}}";
	enum json_kind top;

	for (size_t len = 0; len < sizeof text - 1; len++)
		ck_assert_int_eq(*split(text, len, 99, &top), '[');
	ck_assert_int_eq(*split(text, sizeof text - 1, 99, &top), 'a');
}
END_TEST

static const char *split_nested(int levels, bool object)
{
	struct buf b = {0};
	enum json_kind top;
	const char *got;

	for (int i = 0; i < levels; i++)
		buf_str(&b, object ? "{\"a\":" : "[");
	buf_str(&b, "1");
	for (int i = 0; i < levels; i++)
		buf_char(&b, object ? '}' : ']');
	got = split(b.p, b.len, 99, &top);
	buf_free(&b);
	return got;
}

START_TEST(sixty_four_levels_are_split)
{
	for (int object = 0; object < 2; object++) {
		ck_assert_int_ne(*split_nested(63, object), '[');
		ck_assert_int_ne(*split_nested(64, object), '[');
		ck_assert_str_eq(split_nested(65, object), "[too_deep]");
		ck_assert_str_eq(split_nested(100000, object), "[too_deep]");
	}
}
END_TEST

START_TEST(brackets_are_told_apart_at_every_level)
{
	for (size_t wrong = 0; wrong < JSON_DEPTH; wrong++) {
		struct buf b = {0};
		enum json_kind top;

		for (size_t i = 0; i < JSON_DEPTH; i++)
			buf_str(&b, i % 3 ? "[" : "{\"a\":");
		buf_str(&b, "1");
		for (size_t i = JSON_DEPTH; i-- > 0;)
			buf_char(&b, (i % 3 == 0) != (i == wrong) ? '}' : ']');
		ck_assert_str_eq(split(b.p, b.len, 99, &top), "[parse_error]");
		buf_free(&b);
	}
}
END_TEST

START_TEST(half_pairs_and_nul_names_are_faults_where_all_is_read)
{
	static const char *const rows[] = { "\"\\ud800\"", "[{\"a\":\"\\udc00x\"}]", "{\"a\\u0000\":1}", "[[{\"\\u0000\":1}]]", "{\"\\ud800\":1}" };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct faults faults = { .pool = pool_new() };
		enum json_kind top;

		ck_assert_int_eq(json_scan((const unsigned char *)rows[i], strlen(rows[i]), NULL, NULL, &faults), -1);
		ck_assert_str_eq(faults.v[0].code, "parse_error");
		ck_assert_int_ne(*split(rows[i], strlen(rows[i]), 99, &top), '[');
		pool_free(&faults.pool);
	}
}
END_TEST

START_TEST(all_values_are_given_behind_what_is_in_them)
{
	static const struct { const char *text, *parts; } rows[] = {
		{ "{}", "-=object:{}" }, { " 7 ", "-=number:7" },
		{ "{\"a\":1,\"a\":{\"b\":[null,[]]}}", "a=number:1 -=null:null -=array:[] b=array:[null,[]] a=object:{\"b\":[null,[]]} "
		  "-=object:{\"a\":1,\"a\":{\"b\":[null,[]]}}" },
		{ "[{\"x\":[\"y\\n\"]},true]", "-=string:\"y\\n\"(esc) x=array:[\"y\\n\"] -=object:{\"x\":[\"y\\n\"]} -=bool:true "
		  "-=array:[{\"x\":[\"y\\n\"]},true]" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct faults faults = { .pool = pool_new() };
		struct parts parts = { .most = 99 };

		ck_assert_int_eq(json_scan((const unsigned char *)rows[i].text, strlen(rows[i].text), put_part, &parts, &faults), 0);
		ck_assert_str_eq(parts.out.p, rows[i].parts);
		buf_free(&parts.out);
		pool_free(&faults.pool);
	}
}
END_TEST

START_TEST(escapes_are_undone)
{
	static const struct { const char *text, *plain; bool utf8; } rows[] = {
		{ "", "", true }, { "abc", "abc", true }, { "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t", true },
		{ "\\u0041\\u00e9\\u20ac\\uFFFD", "A\303\251\342\202\254\357\277\275", true }, { "\\ud83d\\ude00", "\360\237\230\200", true },
		{ "\\uDBFF\\uDFFF", "\364\217\277\277", true }, { "x\\u00E9y", "x\303\251y", true }, { "\\u07ff\\u0800", "\337\277\340\240\200", true },
		{ "\\ud800", NULL, false }, { "\\udc00", NULL, false }, { "\\ud800x", NULL, false }, { "\\ud800\\ud83d\\ude00", NULL, false },
		{ "\\ud83d\\u0041", NULL, false }, { "\\ud83d\\n", NULL, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t len = strlen(rows[i].text), n;
		char *copy = bare(rows[i].text, len), *out = mem_alloc(len);

		n = json_unescape(copy, len, out);
		ck_assert_msg(n <= len && utf8_valid(out, n, NULL) == rows[i].utf8, "%s", rows[i].text);
		if (rows[i].plain) {
			ck_assert_uint_eq(n, strlen(rows[i].plain));
			ck_assert_mem_eq(out, rows[i].plain, n);
		}
		free(copy);
		free(out);
	}
}
END_TEST

UNIT_MAIN("types", text_is_checked_at_every_place, integers_have_32_bits_and_one_spelling, header_values_are_undone,
	  lists_are_seen_where_there_can_be_none, base64_is_strict, base64_comes_back, media_types_and_json, uris_and_references,
	  times_of_rfc_3339, names_of_hosts, json_is_split_into_its_members_in_order, splitting_stops_when_told,
	  structure_is_checked_while_splitting, no_part_of_a_document_is_split, sixty_four_levels_are_split,
	  brackets_are_told_apart_at_every_level, half_pairs_and_nul_names_are_faults_where_all_is_read,
	  all_values_are_given_behind_what_is_in_them, escapes_are_undone)
