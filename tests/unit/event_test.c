/* SPDX-License-Identifier: EUPL-1.2
 * Floor 1: JSON, UTF-8, URIs, times, types, media types, digests, and the packed forms. */
#include "config.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/utf8.h"
#include "event/digest.h"
#include "event/event.h"
#include "event/json.h"
#include "event/media.h"
#include "event/message.h"
#include "event/time.h"
#include "event/source.h"
#include "event/type.h"
#include "event/uri.h"
#include "event/wire.h"

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

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

/* ---- JSON ---- */

/* The code of the first fault, or "". The bytes are copied, so that a read beyond their end shows. */
static const char *parse_code(const char *text, size_t len)
{
	static char code[32];
	struct faults faults = { .pool = pool_new() };
	struct json_object *doc;
	char *copy = mem_dup(text, len);
	int rc = json_parse(copy, len, &doc, &faults);

	free(copy);
	ck_assert_int_eq(rc, faults.n ? -1 : 0);
	if (rc < 0)
		ck_assert_ptr_null(doc);
	snprintf(code, sizeof code, "%s", faults.n ? faults.v[0].code : "");
	json_drop(&doc);
	pool_free(&faults.pool);
	return code;
}

static struct json_object *parse(const char *text)
{
	struct faults faults = { .pool = pool_new() };
	struct json_object *doc;

	ck_assert_msg(json_parse(text, strlen(text), &doc, &faults) == 0, "%s: %s", text,
			faults.n ? faults.v[0].reason : "");
	pool_free(&faults.pool);
	return doc;
}

START_TEST(json_of_the_rfc_is_taken)
{
	static const char *const rows[] = {
		"{}", "[]", "null", " null\n", " true", "true", "false", "0", "-0", "7", "-1.5", "1e5", "1E+5",
		"0.1e-7", "\"\"", "\"a\"", " \t\r\n1 \t\r\n",
		"[1,2]", "[[],{}]", "{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]}}", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
		"\"\\ud83d\\ude00\"", "\"\303\251\360\237\230\200\"", "{\"\":1}", "{\"a:b\":\":\"}", "[\"{\",\"]\"]",
		"\"\\u0000\"",
		"{\"a\":\"\\u0000\"}", "[1e999]", "[123456789012345678901234567890]", "\"\177\"",
		"{\"a\" : 1 , \"b\" : [ 1 , 2 ] }",
		"9223372036854775808", "[-9223372036854775809,18446744073709551616]" };

	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_msg(!*parse_code(rows[i], strlen(rows[i])), "%s gives %s", rows[i],
		parse_code(rows[i], strlen(rows[i])));
}
END_TEST

START_TEST(what_is_not_json_is_refused)
{
	static const char *const rows[] = {
		"", " ", "{", "[", "}", "]", "{]", "[}", "[1}", "{\"a\":1]", "\"", "\"a", "{\"a\"}", "{\"a\":}",
		"{\"a\" 1}", "{a:1}", "{'a':1}", "'a'",
		"[1,]", "{\"a\":1,}", "[,1]", "[1,,2]", "{,}", "[1 2]", "{\"a\":1 \"b\":2}", "[1]x", "[1] 2", "{}{}",
		"1 2", "null null",
		"01", "-01", "00", "1.", ".5", "-", "+1", "1e", "1e+", "1.e5", "0x1", "1-2", "1+2", "--1", "1.2.3",
		"1e2e3", "NaN", "-NaN",
		"Infinity", "-Infinity", "nan", "True", "TRUE", "nul", "nulll", "truefalse", "12true", "/* c */1",
		"1//c", "[1]/**/",
		"\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\\"", "\"a\nb\"", "\"a\tb\"", "\"\001\"", "\"\\ud800\"",
		"\"\\ud800x\"",
		"\"\\udc00\"", "\"\\ud800\\ud800\"", "\"\\ud800\\u0041\"", "{\"a\\u0000b\":1}", "{\"\\u0000\" :1}",
		"\357\273\277{}",
		"\f1", "\v1", "1\f", ":", ",", "{:}", "[:]", "[1:2]", "{\"a\":1:2}", "{1:2}", "{null:1}",
		"[\"a\":1]" };

	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_msg(strcmp(parse_code(rows[i], strlen(rows[i])), "parse_error") == 0, "%s gives \"%s\"",
		rows[i],
			      parse_code(rows[i], strlen(rows[i])));
	ck_assert_str_eq(parse_code("1\0", 2), "parse_error");
	ck_assert_str_eq(parse_code("[1\0]", 4), "parse_error");
	ck_assert_str_eq(parse_code("{}\0", 3), "parse_error");
	ck_assert_str_eq(parse_code("\"a\0b\"", 5), "parse_error");
}
END_TEST

START_TEST(no_prefix_of_a_document_is_one)
{
	static const char text[] = "{\"a\":[1,-2.5e3,\"x\\u00e9\\ud83d\\ude00\",null,true],\"b\":{\"c\":123456789012345678901}}";

	for (size_t len = 0; len < sizeof text - 1; len++)
		ck_assert_str_eq(parse_code(text, len), "parse_error");
	ck_assert_str_eq(parse_code(text, sizeof text - 1), "");
}
END_TEST

START_TEST(a_failed_document_leaves_nothing_to_the_next)
{
	for (int i = 0; i < 3; i++) {
		ck_assert_str_eq(parse_code("{\"a\":[1,\"", 9), "parse_error");
		ck_assert_str_eq(parse_code("{\"a\":[1 2]}", 11), "parse_error");
		ck_assert_str_eq(parse_code("[1]", 3), "");
	}
}
END_TEST

static void nest(struct buf *b, int levels, const char *kernel)
{
	buf_reset(b);
	for (int i = 0; i < levels; i++)
		buf_str(b, i % 2 ? "[" : "{\"a\":");
	buf_str(b, kernel);
	for (int i = levels; i-- > 0;)
		buf_str(b, i % 2 ? "]" : "}");
}

START_TEST(nesting_ends_at_64)
{
	struct buf b = {0};

	nest(&b, 64, "1");
	ck_assert_str_eq(parse_code(b.p, b.len), "");
	nest(&b, 65, "1");
	ck_assert_str_eq(parse_code(b.p, b.len), "too_deep");
	nest(&b, 100000, "1");
	ck_assert_str_eq(parse_code(b.p, b.len), "too_deep");
	buf_free(&b);
}
END_TEST

START_TEST(double_members_are_named)
{
	static const struct { const char *text, *names; } rows[] = {
		{ "{\"a\":1,\"a\":1}", "a" },
		{ "{\"a\":1,\"b\":{\"c\":1,\"d\":2,\"c\":3}}", "b.c" },
		{ "[{\"x\":0},{\"a\":[1,\"a\"],\"\\u0061\":1}]", "a" },
		{ "{ \"a\" : 1 , \"a\" : { \"b\" : 1 , \"b\" : 2 } , \"a\" : 3 }", "a a.b a" },
		{ "{\"\":1,\"\":123456789012345678901}", "" },
		{ "{\"a\":null,\"a\":null}", "a" },
		{ "{\"a\\\"}\":1,\"a\\\"}\":true}", "a\"}" } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct faults faults = { .pool = pool_new() };
		struct json_object *doc;
		struct buf names = {0};

		ck_assert_int_eq(json_parse(rows[i].text, strlen(rows[i].text), &doc, &faults), -1);
		for (size_t j = 0; j < faults.n; j++) {
			ck_assert_str_eq(faults.v[j].code, "duplicate_member");
			buf_fmt(&names, "%s%s", j ? " " : "", faults.v[j].name);
		}
		ck_assert_str_eq(names.p, rows[i].names);
		buf_free(&names);
		pool_free(&faults.pool);
	}
}
END_TEST

/* Its growth is limited to less than what a document of this size takes. */
static int parse_without_memory(const char *p, size_t len)
{
	struct faults faults = { .pool = pool_new() };
	struct json_object *doc;
	struct rlimit limit = {0};
	unsigned long long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f || fscanf(f, "%llu", &pages) != 1)
		return 1;
	limit.rlim_cur = limit.rlim_max = pages * (rlim_t)sysconf(_SC_PAGESIZE) + (256 << 10);
	if (setrlimit(RLIMIT_AS, &limit) < 0 || malloc(len))
		return 1;
	return json_parse(p, len, &doc, &faults) == 0 ? 2 : 3;
}

START_TEST(a_lack_of_memory_does_not_look_like_a_wrong_body)
{
	struct buf b = {0};
	int status;
	pid_t pid;

	buf_str(&b, "{\"lang\":\"");
	for (int i = 0; i < 1 << 20; i++)
		buf_char(&b, 'x');
	buf_str(&b, "\"}");
	pid = fork();
	if (pid == 0)
		_exit(SANITIZED ? 1 : parse_without_memory(b.p, b.len));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1, "status %d", status);
	buf_free(&b);
}
END_TEST

START_TEST(many_double_members_end_soon)
{
	struct faults faults = { .pool = pool_new() };
	struct json_object *doc;
	struct buf b = {0};

	buf_char(&b, '{');
	for (int i = 0; i < 20000; i++)
		buf_fmt(&b, "\"m%d\":1,\"m%d\":1,", i, i);
	buf_str(&b, "\"e\":1}");
	ck_assert_int_eq(json_parse(b.p, b.len, &doc, &faults), -1);
	ck_assert_uint_eq(faults.n, FAULTS_MAX);
	ck_assert_uint_eq(faults.left_out, 20000 - FAULTS_MAX);
	buf_free(&b);
	pool_free(&faults.pool);
}
END_TEST

START_TEST(pointers_find_values)
{
	static const char text[] = "{\"a\":{\"b\":[10,\"x\",null]},\"\":1,\"m/n\":2,\"t~u\":3,\"~1\":4,\"0\":5}";
	static const struct { const char *pointer, *found; } rows[] = {
		{ "/a/b/0", "10" }, { "/a/b/1", "x" }, { "/", "1" }, { "/m~1n", "2" }, { "/t~0u", "3" },
		{ "/~01", "4" }, { "/0", "5" },
		{ "/a/b/3", NULL }, { "/a/b/-", NULL }, { "/a/b/01", NULL }, { "/a/b/", NULL }, { "/a/b/+1", NULL },
		{ "a", NULL },
		{ "/a/c", NULL }, { "/a/b/0/x", NULL }, { "/t~u", NULL }, { "/t~2u", NULL }, { "/t~", NULL },
		{ "/a/", NULL },
		{ "/a/b/99999999999999999999999999", NULL } };
	struct json_object *doc = parse(text), *value;

	for (size_t i = 0; i < COUNT(rows); i++) {
		bool there = json_at(doc, rows[i].pointer, &value);

		ck_assert_msg(there == (rows[i].found != NULL), "%s", rows[i].pointer);
		if (there)
			ck_assert_str_eq(json_text(value), rows[i].found);
	}
	ck_assert(json_at(doc, "/a/b/2", &value) && !value && json_kind(value) == JSON_NULL && !json_text(value));
	ck_assert(json_at(doc, "", &value) && value == doc && !json_text(value));
	json_drop(&doc);
}
END_TEST

START_TEST(numbers_keep_their_text)
{
	static const char *const rows[] = {
		"1.0", "1.50", "1e5", "-1E+05", "0.1", "123456789012345678901234567890", "-9223372036854775808",
		"9223372036854775807",
		"18446744073709551616", "0", "7", "-7", "1e999", "999999999999999999", "1000000000000000000.0",
		"1234567890123456789e0" };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct json_object *doc = parse(rows[i]);
		struct buf b = {0};

		ck_assert_str_eq(json_text(doc), rows[i]);
		json_canonical(doc, NULL, &b);
		ck_assert_str_eq(b.p, rows[i]);
		json_drop(&doc);
		buf_free(&b);
	}
}
END_TEST

START_TEST(integers_are_exact_or_none)
{
	static const struct { const char *text; bool is; int64_t v; } rows[] = {
		{ "0", true, 0 }, { "-5", true, -5 }, { "9223372036854775807", true, INT64_MAX },
		{ "-9223372036854775808", true, INT64_MIN },
		{ "9223372036854775808", false, 0 }, { "-9223372036854775809", false, 0 },
		{ "18446744073709551615", false, 0 },
		{ "1.0", false, 0 }, { "1e3", false, 0 }, { "\"7\"", false, 0 }, { "null", false, 0 },
		{ "true", false, 0 } };
	struct json_object *doc;
	bool flag = false;

	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t v = 0;

		doc = parse(rows[i].text);
		ck_assert_msg(json_is_int(doc, &v) == rows[i].is && v == rows[i].v, "%s", rows[i].text);
		json_drop(&doc);
	}
	doc = parse("true");
	ck_assert(json_is_bool(doc, &flag) && flag);
	ck_assert_str_eq(json_text(doc), "true");
	json_drop(&doc);
	doc = parse("1");
	ck_assert(!json_is_bool(doc, &flag));
	json_drop(&doc);
}
END_TEST

START_TEST(strings_with_a_nul_are_whole)
{
	struct json_object *doc = parse("\"a\\u0000b\"");
	size_t len;

	ck_assert_mem_eq(json_string(doc, &len), "a\0b", 4);
	ck_assert_uint_eq(len, 3);
	json_drop(&doc);
}
END_TEST

START_TEST(the_canonical_form_has_one_spelling)
{
	static const char *const rows[][3] = {
		{ "{ \"b\" : 1, \"a\" : [ true , null, {\"z\":1,\"y\":2} ] }", NULL,
		"{\"a\":[true,null,{\"y\":2,\"z\":1}],\"b\":1}" },
		{ "\"\\u00e9\\/\\\"\\\\\\n\\u001f\\u007f\"", NULL, "\"\303\251/\\\"\\\\\\u000a\\u001f\177\"" },
		{ "{\"a\":{\"a\":1},\"b\":2}", "a", "{\"b\":2}" },
		{ "{\"b\":{\"a\":1},\"a\":2}", "a", "{\"b\":{\"a\":1}}" },
		{ "{\"a\":1}", "a", "{}" }, { "[{\"a\":1}]", "a", "[{\"a\":1}]" },
		{ "{\"\":\"\"}", NULL, "{\"\":\"\"}" },
		{ "[1,1.0,123456789012345678901]", NULL, "[1,1.0,123456789012345678901]" },
		{ "\"a\\u0000b\"", NULL, "\"a\\u0000b\"" },
		{ "{\"B\":1,\"a\":2,\"\303\251\":3,\"Z\":4}", NULL, "{\"B\":1,\"Z\":4,\"a\":2,\"\303\251\":3}" },
		{ "{\"r\":1,\"q\":1,\"p\":1,\"o\":1,\"n\":1,\"m\":1,\"l\":1,\"k\":1,\"j\":1,"
		  "\"i\":1,\"h\":1,\"g\":1,\"f\":1,\"e\":1,\"d\":1,\"c\":1,\"b\":1,\"a\":1}",
		  NULL,
		  "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,"
		  "\"k\":1,\"l\":1,\"m\":1,\"n\":1,\"o\":1,\"p\":1,\"q\":1,\"r\":1}" } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct json_object *doc = parse(rows[i][0]);
		struct buf b = {0};

		json_canonical(doc, rows[i][1], &b);
		ck_assert_str_eq(b.p, rows[i][2]);
		buf_free(&b);
		json_drop(&doc);
	}
}
END_TEST

START_TEST(utf8_is_checked_at_every_place)
{
	static const char *const bad[] = { "\200", "\277", "\300\200", "\301\277", "\302", "\302a", "\340\200\200",
			"\340\237\277",
		"\355\240\200", "\355\277\277", "\342\202", "\360\200\200\200", "\360\217\277\277",
		"\364\220\200\200", "\365\200\200\200",
		"\360\237\230", "\377", "\376" };
	static const char *const good[] = { "\302\200", "\337\277", "\340\240\200", "\355\237\277", "\356\200\200",
			"\357\277\277",
		"\360\220\200\200", "\364\217\277\277", "a" };
	char text[64];
	size_t at;

	for (size_t before = 0; before < 20; before++) {
		memset(text, 'x', sizeof text);
		for (size_t i = 0; i < COUNT(bad); i++) {
			size_t len = (size_t)snprintf(text + before, 8, "%s", bad[i]);

			at = 999;
			ck_assert_msg(!utf8_valid(text, before + len, &at), "bad %zu", i);
			ck_assert_uint_eq(at, before);
		}
		for (size_t i = 0; i < COUNT(good); i++) {
			size_t len = (size_t)snprintf(text + before, 8, "%s", good[i]);

			ck_assert_msg(utf8_valid(text, before + len, NULL), "good %zu", i);
		}
	}
	ck_assert(utf8_valid("", 0, NULL));
	ck_assert_str_eq(parse_code("\"\377\"", 3), "invalid_utf8");
	ck_assert_str_eq(parse_code("{\"\300\200\":1}", 8), "invalid_utf8");
}
END_TEST

/* ---- URIs, times, types, media types ---- */

static const char *const uris[] = {
	"https://voorbeeld.nl", "https://voorbeeld.nl/", "http://localhost:8000/a/b?c=d/e?f#g/h?", "http://[::1]/",
	"http://[2001:db8::7]:80/a",
	"http://[v1.a:b]/", "http://[::ffff:192.0.2.1]", "urn:nld:oin:00000001823288444000:systeem:x",
	"mailto:a@b.nl", "a:", "x-y.z+1:/", "a:b:c",
	"http://", "file:///etc/x", "http://u:p@h:/", "http://a/%41%c3%A9", "tag:voorbeeld.nl,2026:x",
	"http://a_b~c!$&'()*+,;=/", "http://h/a//b" };
static const char *const references[] = {
	"", "/", "/a:b", "a/b:c", "#f", "?q", "//h/p", "oz", "1-555-123-4567", "./a:b", "../x", "%41", "a?b:c",
	"#a:b", "@" };
static const char *const neither[] = {
	":x", "[x", "a b", "https://a/ b", "%zz", "%4", "%", "https://a/%4", "https://a/%zz", "https://a/\303\251",
	"\303\251", "https://[x", "http://[::1",
	"http://[::1]x/", "http://[]/", "http://[1.2.3.4]/", "http://[v.x]/", "http://[v1.]/", "http://[v1]/",
	"http://[:::]/", "http://a:b/", "http://a:80a/",
	"http://a@b@c/", "http://[::1%25eth0]/", "1a:b", "-a:b", "a<b", "a>b", "a\"b", "a\\b", "a^b", "a`b", "a{b",
	"a|b", "a}b", "a[b]", "https://a/[b]", "a#b#c",
	"https://a\n/", "https://a/\177", "http://[0:0:0:0:0:0:0:0:0]/", "http://a/?[", "http://u[@h/", "\302\243" };

START_TEST(uris_are_those_of_rfc_3986)
{
	for (size_t i = 0; i < COUNT(uris); i++)
		ck_assert_msg(uri_valid(uris[i]), "%s", uris[i]);
	for (size_t i = 0; i < COUNT(references); i++)
		ck_assert_msg(!uri_valid(references[i]), "%s", references[i]);
	for (size_t i = 0; i < COUNT(neither); i++)
		ck_assert_msg(!uri_valid(neither[i]), "%s", neither[i]);
}
END_TEST

START_TEST(times_are_those_of_rfc_3339)
{
	static const struct { const char *text; int64_t ms; } good[] = {
		{ "1970-01-01T00:00:00Z", 0 }, { "2019-11-04T10:38:26.042Z", 1572863906042 },
		{ "2019-11-04t10:38:26.0429999999z", 1572863906042 },
		{ "2019-11-04T12:38:26.042+02:00", 1572863906042 }, { "2019-11-04T00:00:00-00:00", 1572825600000 },
		{ "1969-12-31T23:59:59.999Z", -1 }, { "2000-02-29T00:00:00Z", 951782400000 },
		{ "2016-12-31T23:59:60Z", 1483228800000 },
		{ "2017-01-01T00:59:60+01:00", 1483228800000 }, { "2016-12-31T18:59:60-05:00", 1483228800000 },
		{ "0000-01-01T00:00:00Z", -62167219200000 },
		{ "2026-01-01T00:00:00+23:59", 1767139260000 }, { "2026-01-01T00:00:00.5Z", 1767225600500 },
		{ "9999-12-31T23:59:59Z", 253402300799000 } };
	static const char *const bad[] = {
		"", "2026", "2026-01-01", "2026-01-01 00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
		"2026-01-01T00:00:61Z",
		"2026-01-01T00:00:60Z", "2016-12-31T23:59:60+01:00", "2026-01-01T00:00Z", "2026-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z",
		"2026-04-31T00:00:00Z", "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z",
		"2026-01-32T00:00:00Z",
		"2026-01-01T00:00:00.Z", "2026-01-01T00:00:00,5Z", "2026-01-01T00:00:00+24:00",
		"2026-01-01T00:00:00+01:60", "2026-01-01T00:00:00+0100",
		"2026-01-01T00:00:00+01", "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00Z ", " 2026-01-01T00:00:00Z",
		"26-01-01T00:00:00Z",
		"+2026-01-01T00:00:00Z", "2026-1-1T00:00:00Z", "20260101T000000Z", "2026-01-01T0:00:00Z",
		"2026-01-01T00:00:00+-1:00", "-026-01-01T00:00:00Z" };
	int64_t ms;

	for (size_t i = 0; i < COUNT(good); i++) {
		ck_assert_msg(time_parse(good[i].text, TIME_RFC3339, &ms), "%s", good[i].text);
		ck_assert_msg(ms == good[i].ms, "%s is %lld", good[i].text, (long long)ms);
		ck_assert(time_parse(good[i].text, TIME_OFFSET_OPTIONAL, NULL));
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!time_parse(bad[i], TIME_RFC3339, NULL) && !time_parse(bad[i], TIME_OFFSET_OPTIONAL,
		NULL), "%s", bad[i]);
	ck_assert(!time_parse("2019-11-04T10:38:26.042", TIME_RFC3339, NULL));
	ck_assert(time_parse("2019-11-04T10:38:26.042", TIME_OFFSET_OPTIONAL, &ms) && ms == 1572863906042);
}
END_TEST

START_TEST(patterns_match_labels)
{
	static const struct { const char *pattern, *type; bool matches; } rows[] = {
		{ "a.b", "a.b", true }, { "a.b", "A.b", false }, { "a.b", "a.b.c", false }, { "a.b", "a", false },
		{ "a.b", "a.bc", false }, { "a.bc", "a.b", false },
		{ "*", "a", true }, { "*", "a.b", false }, { "a.*", "a.b", true }, { "a.*", "a", false },
		{ "a.*", "a.b.c", false }, { "*.b", "a.b", true },
		{ "a.*.c", "a.b.c", true }, { "a.*.c", "a.c", false }, { "**", "a", true }, { "**", "a.b.c", true },
		{ "a.**", "a", false }, { "a.**", "a.b", true },
		{ "a.**", "a.b.c", true }, { "a.**", "ab.c", false }, { "*.**", "a", false },
		{ "*.**", "a.b.c", true }, { "**", "", false }, { "*", "", false },
		{ "a.*", "a.", false }, { "a.**", "a.", false },
		{ "nl.overheid.zaken.status.*", "nl.overheid.zaken.status.create", true } };

	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_msg(type_match_any(rows[i].pattern, rows[i].type) == rows[i].matches, "%s on %s",
		rows[i].pattern, rows[i].type);
	ck_assert(type_match_any("x.y, a.**\n\tz", "a.b"));
	ck_assert(type_match_any("  a.b", "a.b"));
	ck_assert(type_match_any("x,a.b,", "a.b"));
	ck_assert(!type_match_any("x.y a", "a.b"));
	ck_assert(!type_match_any("", "a"));
	ck_assert(!type_match_any(" , ", "a"));
}
END_TEST

START_TEST(sources_match_byte_by_byte)
{
	static const struct { const char *pattern, *source; bool matches; } rows[] = {
		{ "https://x.nl/a", "https://x.nl/a", true }, { "https://x.nl/a", "https://x.nl/a/", false }, { "https://x.nl/a", "https://x.nl/", false },
		{ "*", "", true }, { "*", "a", true }, { "**", "", true }, { "a*", "a", true }, { "a*", "ab", true }, { "a*", "b", false },
		{ "*a", "a", true }, { "*a", "bab", false }, { "*a", "baba", true }, { "*a*", "bab", true }, { "a*b*c", "a--b-b-c", true },
		{ "a*b*c", "a--b-b-c-", false }, { "*ab", "aab", true }, { "a*a", "a", false }, { "?", "a", false }, { "[a]", "a", false },
		{ "urn:nld:oin:*:systeem:*", "urn:nld:oin:00000001:systeem:zaken", true }, { "urn:nld:oin:*:systeem:*", "urn:nld:oin::systeem", false },
		/* The same to who decodes, folds or resolves them, which is not done. */
		{ "https://x.nl/*", "https://x.nl.evil.net/", false }, { "https://x.nl/*", "HTTPS://x.nl/", false },
		{ "https://x.nl/*", "https://X.nl/", false }, { "https://x.nl/*", "https%3A//x.nl/", false }, { "https://x.nl/*", "https:/x.nl/", false },
		{ "https://x.nl/*", "https://u@x.nl/", false }, { "https://x.nl/*", "https://x.nl:443/", false }, { "https://x.nl/*", " https://x.nl/", false },
		{ "https://x.nl/a/*", "https://x.nl/b/../a/", false }, { "https://x.nl/\303\251", "https://x.nl/e\314\201", false },
	};
	char *many = mem_alloc(20001);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_msg(source_match_any(rows[i].pattern, rows[i].source) == rows[i].matches, "%s on %s", rows[i].pattern, rows[i].source);
	ck_assert(source_match_any("x, https://x.nl/*\n\tz", "https://x.nl/1"));
	ck_assert(!source_match_any("", "") && !source_match_any(" , ", ""));
	memset(many, 'a', 20000);
	ck_assert(!source_match_any("*a*a*a*a*a*a*a*a*b", many));	/* soon */
	free(many);
}
END_TEST

START_TEST(a_notification_without_a_source_is_from_its_object)
{
	static const char body[] = "{\"hoofdObject\":\"https://x.nl/1\"}", none[] = "{\"hoofdObject\":[]}";
	struct event event = { .wire = WIRE_NRC, .data = (const unsigned char *)body, .data_len = sizeof body - 1 };
	struct pool *pool = pool_new();

	ck_assert_str_eq(source_of(&event, pool), "https://x.nl/1");
	event.source = "urn:nld:x";
	ck_assert_str_eq(source_of(&event, pool), "urn:nld:x");
	event.source = NULL;
	event.data = (const unsigned char *)none;
	event.data_len = sizeof none - 1;
	ck_assert_ptr_null(source_of(&event, pool));
	event.data_len = 3;
	ck_assert_ptr_null(source_of(&event, pool));
	event.wire = WIRE_CLOUD;
	ck_assert_ptr_null(source_of(&event, pool));
	pool_free(&pool);
}
END_TEST

START_TEST(faulty_patterns_are_explained)
{
	static const char *const good[] = { "a", "*", "**", "a.*", "a.**", "a-b_C9.*.x.**" };
	static const char *const bad[] = { "", ".", "a.", ".a", "a..b", "**.a", "a.**.b", "a*", "*a", "***", "a.b c",
			"a/b", "a.\303\251", "a,b" };
	struct err err;

	for (size_t i = 0; i < COUNT(good); i++)
		ck_assert_msg(type_pattern_check(good[i], &err) == 0, "%s: %s", good[i], err.text);
	for (size_t i = 0; i < COUNT(bad); i++) {
		err.text[0] = '\0';
		ck_assert_int_eq(type_pattern_check(bad[i], &err), -1);
		ck_assert_ptr_nonnull(strstr(err.text, bad[i]));
	}
}
END_TEST

START_TEST(media_types_are_told_apart)
{
	static const struct { const char *value; int rc; const char *type, *charset; } rows[] = {
		{ "application/json", 0, "application/json", "" },
		{ " Application/JSON ; Charset=\"UTF-8\" ", 0, "application/json", "utf-8" },
		{ "application/json;charset=utf-8", 0, "application/json", "utf-8" },
		{ "a/b;;c=d; ;charset=x", 0, "a/b", "x" },
		{ "application/cloudevents+json; x=\"a;\\\"b\"", 0, "application/cloudevents+json", "" },
		{ "a/b;", 0, "a/b", "" },
		{ "a/b;charset=\"\"", 0, "a/b", "\"\"" },
		{ "", -1, NULL, NULL }, { "json", -1, NULL, NULL }, { "/json", -1, NULL, NULL },
		{ "a/", -1, NULL, NULL }, { "a/b/c", -1, NULL, NULL },
		{ "a/b, c/d", -1, NULL, NULL }, { "a /b", -1, NULL, NULL }, { "a/b c", -1, NULL, NULL },
		{ "a/b;c", -1, NULL, NULL }, { "a/b;=c", -1, NULL, NULL },
		{ "a/b;c=", -1, NULL, NULL }, { "a/b;c=\"d", -1, NULL, NULL }, { "a/b;c=\"d\\", -1, NULL, NULL },
		{ "a/b;c= d", -1, NULL, NULL },
		{ "a/b;charset=x;charset=y", -1, NULL, NULL }, { "a/b;c=\"d\"e", -1, NULL, NULL } };
	char type[64], charset[32], few[6];

	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_msg(media_type(rows[i].value, type, sizeof type, charset, sizeof charset) == rows[i].rc,
		"%s", rows[i].value);
		if (rows[i].rc == 0) {
			ck_assert_str_eq(type, rows[i].type);
			ck_assert_str_eq(charset, rows[i].charset);
		}
	}
	ck_assert_int_eq(media_type("application/json", few, sizeof few, charset, sizeof charset), 0);
	ck_assert_str_eq(few, "appli");
}
END_TEST

START_TEST(headers_are_found_and_counted)
{
	struct attr headers[] = { { "a", "1" }, { "b", "2" }, { "a", "3" } };
	struct message m = { .headers = headers, .n_headers = 3 };
	size_t n;

	ck_assert_str_eq(message_header(&m, "a", &n), "1");
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(message_header(&m, "b", NULL), "2");
	ck_assert_ptr_null(message_header(&m, "c", &n));
	ck_assert_uint_eq(n, 0);
}
END_TEST

/* ---- digests and faults ---- */

START_TEST(digests_are_sha256)
{
	unsigned char hash[SHA256_LEN];
	struct buf b = {0};

	digest_sha256(hash, "abc", 3);
	buf_hex(&b, hash, sizeof hash);
	ck_assert_str_eq(b.p, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	digest_sha256(hash, NULL, 0);
	buf_reset(&b);
	buf_hex(&b, hash, sizeof hash);
	ck_assert_str_eq(b.p, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	buf_free(&b);
	ck_assert(digest_equal("abcd", "abcd", 4) && !digest_equal("abcd", "abce", 4) && digest_equal("a", "b", 0));
}
END_TEST

static struct event_key key_of(const char *a, const char *b)
{
	return digest_key((struct digest_part[]){ { a, a ? strlen(a) : 0 }, { b, b ? strlen(b) : 0 } }, 2);
}

START_TEST(parts_cannot_be_confused)
{
	struct event_key keys[] = { key_of("ab", "c"), key_of("a", "bc"), key_of("abc", ""), key_of("abc", NULL),
			key_of("", "abc"),
				    key_of(NULL, "abc"), digest_key(&(struct digest_part){ "abc", 3 }, 1),
				    digest_key(NULL, 0) };
	struct event_key again = key_of("ab", "c");

	for (size_t i = 0; i < COUNT(keys); i++)
		for (size_t j = i + 1; j < COUNT(keys); j++)
			ck_assert_mem_ne(&keys[i], &keys[j], sizeof keys[i]);
	ck_assert_mem_eq(&keys[0], &again, sizeof again);
}
END_TEST

START_TEST(names_of_faults_are_cut_between_characters)
{
	struct faults faults = { .pool = pool_new() };
	char name[800] = "x";

	for (size_t i = 0; i < 200; i++)
		strcat(name, "\342\202\254");
	fault_add(&faults, name, "invalid", "%s", "no");
	ck_assert_uint_eq(strlen(faults.v[0].name), 499);
	ck_assert(utf8_valid(faults.v[0].name, 499, NULL));
	pool_free(&faults.pool);
}
END_TEST

/* ---- packed forms ---- */

static struct attr attrs[] = { { "partitionkey", "p" }, { "leeg", "" } }, headers[] = { { "traceparent", "00-aa" } };

static struct event sample(void)
{
	struct event e = { .n = 7000000000, .received_ms = -5, .mark = EVENT_QUARANTINED, .wire = WIRE_CLOUD,
			.type = "nl.x.y", .id = "i",
			   .source = "/s", .time = "2026-01-01T00:00:00Z", .datacontenttype = "", .endpoint = "nrc",
			   .sender = "on",
			   .note = "n", .attrs = attrs, .n_attrs = 2, .headers = headers, .n_headers = 1,
			   .data = (const unsigned char *)"da\0ta", .data_len = 5, .digest = 0xFEDCBA98,
			   .has_lane = true };

	memset(&e.key, 1, sizeof e.key);
	memset(&e.lane, 2, sizeof e.lane);
	return e;
}

static void expect_same_head(const struct event *a, const struct event *b)
{
	ck_assert_int_eq(a->wire, b->wire);
	ck_assert_pstr_eq(a->id, b->id);
	ck_assert_pstr_eq(a->source, b->source);
	ck_assert_pstr_eq(a->subject, b->subject);
	ck_assert_pstr_eq(a->time, b->time);
	ck_assert_pstr_eq(a->datacontenttype, b->datacontenttype);
	ck_assert_pstr_eq(a->endpoint, b->endpoint);
	ck_assert_pstr_eq(a->note, b->note);
	ck_assert_uint_eq(a->n_attrs, b->n_attrs);
	for (size_t i = 0; i < a->n_attrs; i++) {
		ck_assert_str_eq(a->attrs[i].name, b->attrs[i].name);
		ck_assert_str_eq(a->attrs[i].value, b->attrs[i].value);
	}
	ck_assert_uint_eq(a->n_headers, b->n_headers);
	for (size_t i = 0; i < a->n_headers; i++)
		ck_assert_str_eq(a->headers[i].value, b->headers[i].value);
}

static void expect_same_event(const struct event *a, const struct event *b)
{
	expect_same_head(a, b);
	ck_assert(a->n == b->n && a->received_ms == b->received_ms && a->mark == b->mark && a->digest == b->digest);
	ck_assert(a->has_lane == b->has_lane && a->data_len == b->data_len);
	ck_assert_str_eq(a->type, b->type);
	ck_assert_str_eq(a->sender, b->sender);
	ck_assert_mem_eq(&a->key, &b->key, sizeof a->key);
	ck_assert_mem_eq(&a->lane, &b->lane, sizeof a->lane);
	ck_assert_int_eq(a->data == NULL, b->data == NULL);
	if (b->data) {
		ck_assert_mem_eq(a->data, b->data, b->data_len);
		ck_assert_uint_eq(a->data[a->data_len], 0);
	}
}

/* What decodes one packed form: 0 or -1. */
typedef int decode_fn(struct pool *pool, struct cut *in);

/* No shorter form is whole, no longer one is taken, and no changed byte leads astray: each try reads
 * from memory that ends where the bytes end. */
static void expect_hardened(const struct buf *b, decode_fn *decode)
{
	struct pool *pool = pool_new();

	for (size_t len = 0; len <= b->len + 1; len++) {
		unsigned char *copy = mem_alloc(len);

		memcpy(copy, b->p, len < b->len ? len : b->len);
		ck_assert_msg(decode(pool, &(struct cut){ copy, len, false }) == (len == b->len ? 0 : -1),
		"%zu of %zu", len, b->len);
		free(copy);
		pool_reset(pool);
	}
	for (size_t at = 0; at < b->len; at++) {
		unsigned char *copy = mem_dup(b->p, b->len);

		for (int v = 0; v < 256; v++) {
			copy[at] = (unsigned char)v;
			decode(pool, &(struct cut){ copy, b->len, false });
			pool_reset(pool);
		}
		free(copy);
	}
	pool_free(&pool);
}

static int decode_head(struct pool *pool, struct cut *in)
{
	struct event e = {0};

	return event_unpack_head(pool, in->p, in->len, &e);
}

static int decode_event(struct pool *pool, struct cut *in)
{
	struct event e;

	return event_unpack(pool, in, &e) < 0 || in->len ? -1 : 0;
}

START_TEST(an_event_survives_packing)
{
	struct event e = sample(), plain = { .type = "t", .sender = "s", .endpoint = "e", .wire = WIRE_NRC }, got;
	struct pool *pool = pool_new();
	struct buf b = {0};

	event_pack(&b, &e);
	ck_assert_int_eq(event_unpack(pool, &(struct cut){ (unsigned char *)b.p, b.len, false }, &got), 0);
	expect_same_event(&got, &e);
	expect_hardened(&b, decode_event);
	buf_reset(&b);
	event_pack(&b, &plain);
	ck_assert_int_eq(event_unpack(pool, &(struct cut){ (unsigned char *)b.p, b.len, false }, &got), 0);
	expect_same_event(&got, &plain);
	buf_free(&b);
	pool_free(&pool);
}
END_TEST

START_TEST(a_head_leaves_the_rest_alone)
{
	struct event e = sample(), got = { .n = 9, .type = "kept", .sender = "kept" };
	struct pool *pool = pool_new();
	struct buf b = {0};

	event_pack_head(&b, &e);
	ck_assert_int_eq(event_unpack_head(pool, b.p, b.len, &got), 0);
	expect_same_head(&got, &e);
	ck_assert(got.n == 9 && !got.data && !got.has_lane);
	ck_assert_str_eq(got.type, "kept");
	expect_hardened(&b, decode_head);
	b.p[0]++;
	ck_assert_int_eq(event_unpack_head(pool, b.p, b.len, &got), -1);
	buf_free(&b);
	pool_free(&pool);
}
END_TEST

START_TEST(counts_that_lie_cost_no_memory)
{
	static const unsigned char head[] = { 1, 1, 0, 0, 0, 0, 0, 2, 'e', 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
			0xFF, 0xFF, 0x7F, 0 };
	struct pool *pool = pool_new();
	struct event e;

	ck_assert_int_eq(event_unpack_head(pool, head, sizeof head, &e), -1);
	pool_free(&pool);
}
END_TEST

START_TEST(attributes_go_by_their_cloudevents_names)
{
	struct event e = sample();
	struct pool *pool = pool_new();

	e.subject = "onderwerp";
	ck_assert_str_eq(event_attr(&e, "id", pool), "i");
	ck_assert_str_eq(event_attr(&e, "source", pool), "/s");
	ck_assert_str_eq(event_attr(&e, "type", pool), "nl.x.y");
	ck_assert_str_eq(event_attr(&e, "subject", pool), "onderwerp");
	ck_assert_str_eq(event_attr(&e, "time", pool), "2026-01-01T00:00:00Z");
	ck_assert_str_eq(event_attr(&e, "datacontenttype", pool), "");
	ck_assert_str_eq(event_attr(&e, "partitionkey", pool), "p");
	ck_assert_ptr_null(event_attr(&e, "traceparent", pool));
	ck_assert_str_eq(event_header(&e, "traceparent"), "00-aa");
	ck_assert_ptr_null(event_header(&e, "cookie"));
	e.id = NULL;
	ck_assert_ptr_null(event_attr(&e, "id", pool));
	e.wire = WIRE_NRC;
	ck_assert_str_eq(event_attr(&e, "id", pool), "01010101010101010101010101010101");
	pool_free(&pool);
}
END_TEST

static int decode_hello(struct pool *pool, struct cut *in)
{
	struct wire_hello hello;

	return wire_get_hello(pool, in, &hello);
}

START_TEST(hello_crosses_the_wire)
{
	struct wire_option options[] = { { "mailbox", "a@b.nl" }, { "leeg", "" } };
	struct wire_hello hello = { .handler = "h", .plugin = "/p.so", .order_none = true, .memory = 1ull << 40,
			.slot = 3, .slots = 4,
				    .options = options, .n_options = 2 }, got;
	struct pool *pool = pool_new();
	struct buf b = {0};

	wire_put_hello(&b, &hello);
	ck_assert_int_eq(wire_get_hello(pool, &(struct cut){ (unsigned char *)b.p, b.len, false }, &got), 0);
	ck_assert_str_eq(got.handler, "h");
	ck_assert_str_eq(got.plugin, "/p.so");
	ck_assert(!got.probe && got.order_none && got.memory == 1ull << 40 && got.slot == 3 && got.slots == 4);
	ck_assert_uint_eq(got.n_options, 2);
	ck_assert_str_eq(got.options[0].name, "mailbox");
	ck_assert_str_eq(got.options[0].value, "a@b.nl");
	ck_assert_str_eq(got.options[1].value, "");
	expect_hardened(&b, decode_hello);
	buf_free(&b);
	pool_free(&pool);
}
END_TEST

static int decode_wire_event(struct pool *pool, struct cut *in)
{
	struct wire_event head;
	struct event event;

	return wire_get_event(pool, in, &head, &event);
}

START_TEST(events_cross_the_wire)
{
	struct wire_event head = { .n = 12, .attempt = 3, .deadline_ms = 30000 }, got_head;
	struct event e = sample(), got;
	struct pool *pool = pool_new();
	struct buf b = {0};

	wire_put_event(&b, &head, &e);
	ck_assert_int_eq(wire_get_event(pool, &(struct cut){ (unsigned char *)b.p, b.len, false }, &got_head, &got),
			0);
	ck_assert(got_head.n == 12 && got_head.attempt == 3 && got_head.deadline_ms == 30000);
	expect_same_event(&got, &e);
	expect_hardened(&b, decode_wire_event);
	buf_free(&b);
	pool_free(&pool);
}
END_TEST

static int decode_outcome(struct pool *pool, struct cut *in)
{
	struct wire_outcome outcome;

	return wire_get_outcome(pool, in, &outcome);
}

START_TEST(outcomes_cross_the_wire)
{
	struct wire_outcome outcome = { .n = 12, .outcome = 1, .retry_after_s = 60, .took_us = 1500,
			.note = "later" }, got;
	struct pool *pool = pool_new();
	struct buf b = {0};

	wire_put_outcome(&b, &outcome);
	ck_assert_int_eq(wire_get_outcome(pool, &(struct cut){ (unsigned char *)b.p, b.len, false }, &got), 0);
	ck_assert(got.n == 12 && got.outcome == 1 && got.retry_after_s == 60 && got.took_us == 1500);
	ck_assert_str_eq(got.note, "later");
	expect_hardened(&b, decode_outcome);
	b.p[8] = 3;
	ck_assert_int_eq(decode_outcome(pool, &(struct cut){ (unsigned char *)b.p, b.len, false }), -1);
	buf_reset(&b);
	outcome.note = NULL;
	wire_put_outcome(&b, &outcome);
	ck_assert_int_eq(wire_get_outcome(pool, &(struct cut){ (unsigned char *)b.p, b.len, false }, &got), 0);
	ck_assert_ptr_null(got.note);
	buf_free(&b);
	pool_free(&pool);
}
END_TEST

UNIT_MAIN("event", json_of_the_rfc_is_taken, what_is_not_json_is_refused, no_prefix_of_a_document_is_one,
	  a_failed_document_leaves_nothing_to_the_next, nesting_ends_at_64, double_members_are_named,
	  many_double_members_end_soon, a_lack_of_memory_does_not_look_like_a_wrong_body, pointers_find_values, numbers_keep_their_text, integers_are_exact_or_none,
	  strings_with_a_nul_are_whole, the_canonical_form_has_one_spelling, utf8_is_checked_at_every_place,
	  uris_are_those_of_rfc_3986, times_are_those_of_rfc_3339, patterns_match_labels,
	  sources_match_byte_by_byte, a_notification_without_a_source_is_from_its_object,
	  		faulty_patterns_are_explained,
	  media_types_are_told_apart, headers_are_found_and_counted, digests_are_sha256, parts_cannot_be_confused,
	  names_of_faults_are_cut_between_characters, an_event_survives_packing, a_head_leaves_the_rest_alone,
	  counts_that_lie_cost_no_memory, attributes_go_by_their_cloudevents_names, hello_crosses_the_wire,
	  events_cross_the_wire, outcomes_cross_the_wire)
