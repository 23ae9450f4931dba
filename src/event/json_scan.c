/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/json_scan.h"

#include <stdint.h>
#include <string.h>
#include "base/utf8.h"
#include "event/json.h"

#define EACH 0x0101010101010101u	/* times a byte: that byte in each place of a word */

/* Whether one of the bytes is below n, which is at most 0x80. */
static uint64_t has_below(uint64_t word, uint64_t n)
{
	return (word - EACH * n) & ~word & (EACH * 0x80);
}

size_t json_scan_plain(const unsigned char *p, size_t len)
{
	size_t at = 0;
	uint64_t word;

	for (; len - at >= sizeof word; at += sizeof word) {
		memcpy(&word, p + at, sizeof word);
		if (has_below(word, ' ') | has_below(word ^ EACH * '"', 1) | has_below(word ^ EACH * '\\', 1))
			break;
	}
	while (at < len && p[at] >= ' ' && p[at] != '"' && p[at] != '\\')
		at++;
	return at;
}

struct scanner {
	const unsigned char *p;
	size_t len, at, depth;
	bool comma;		/* nothing but blanks has come since one */
	struct json_scan *out;
	struct faults *faults;
};

static int fail(struct scanner *s, size_t at, const char *what)
{
	fault_add(s->faults, "", "parse_error", "The body is not JSON: %s at byte %zu.", what, at);
	return -1;
}

static int hex(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of the \uXXXX at `at`, or -1. */
static int unit(const struct scanner *s, size_t at)
{
	int v = 0;

	if (s->len - at < 6 || s->p[at] != '\\' || s->p[at + 1] != 'u')
		return -1;
	for (size_t i = at + 2; i < at + 6; i++) {
		int digit = hex(s->p[i]);

		if (digit < 0)
			return -1;
		v = v * 16 + digit;
	}
	return v;
}

/* Moves behind the escape; *nul when it is \u0000. */
static int escape(struct scanner *s, bool *nul)
{
	size_t at = s->at;
	int first, second;

	if (s->len - at >= 2 && s->p[at + 1] && strchr("\"\\/bfnrt", s->p[at + 1])) {
		s->at += 2;
		return 0;
	}
	first = unit(s, at);
	if (first < 0)
		return fail(s, at, "a bad escape");
	s->at += 6;
	*nul = *nul || first == 0;
	if (first < 0xD800 || first > 0xDFFF)
		return 0;
	second = first <= 0xDBFF ? unit(s, s->at) : -1;
	if (second < 0xDC00 || second > 0xDFFF)
		return fail(s, at, "half a surrogate pair");
	s->at += 6;
	return 0;
}

static void skip_blanks(struct scanner *s)
{
	while (s->at < s->len && s->p[s->at] <= ' ' && strchr(" \t\r\n", s->p[s->at]) && s->p[s->at])
		s->at++;
}

static int string(struct scanner *s)
{
	size_t start = s->at++;
	bool nul = false;

	for (;;) {
		s->at += json_scan_plain(s->p + s->at, s->len - s->at);
		if (s->at == s->len)
			return fail(s, start, "a string without an end");
		if (s->p[s->at] == '"')
			break;
		if (s->p[s->at] < ' ')
			return fail(s, s->at, "a control character in a string, which has to be escaped,");
		if (escape(s, &nul) < 0)
			return -1;
	}
	s->at++;
	if (!nul)
		return 0;
	skip_blanks(s);
	return s->at < s->len && s->p[s->at] == ':' ? fail(s, start, "\\u0000 in the name of a member") : 0;
}

static size_t digits(const unsigned char *p, size_t len)
{
	size_t n = 0;

	while (n < len && p[n] >= '0' && p[n] <= '9')
		n++;
	return n;
}

/* The length of the number at p (RFC 8259 section 6), 0 if there is none; *whole: how many digits
 * an integer has, 0 when there is a fraction or an exponent. */
static size_t number_len(const unsigned char *p, size_t len, size_t *whole)
{
	size_t at = len && p[0] == '-', n = digits(p + at, len - at);

	if (!n || (n > 1 && p[at] == '0'))
		return 0;
	*whole = n;
	at += n;
	if (at < len && p[at] == '.') {
		n = digits(p + at + 1, len - at - 1);
		if (!n)
			return 0;
		at += 1 + n;
		*whole = 0;
	}
	if (at < len && (p[at] | 0x20) == 'e') {
		at++;
		if (at < len && (p[at] == '+' || p[at] == '-'))
			at++;
		n = digits(p + at, len - at);
		if (!n)
			return 0;
		at += n;
		*whole = 0;
	}
	return at;
}

static size_t literal_len(const unsigned char *p, size_t len)
{
	static const char *const literals[] = { "true", "false", "null" };

	for (size_t i = 0; i < 3; i++) {
		size_t n = strlen(literals[i]);

		if (len >= n && memcmp(p, literals[i], n) == 0)
			return n;
	}
	return 0;
}

/* A number or a literal, and that it ends there. */
static int scalar(struct scanner *s)
{
	size_t whole = 0, len = number_len(s->p + s->at, s->len - s->at, &whole), end;

	if (!len)
		len = literal_len(s->p + s->at, s->len - s->at);
	end = s->at + len;
	if (!len || (end < s->len && (!s->p[end] || !strchr(" \t\r\n,]}", s->p[end]))))
		return fail(s, s->at, "something that is no JSON value");
	if (whole >= JSON_LONG)
		s->out->long_integer = true;
	s->at = end;
	return 0;
}

static int open_bracket(struct scanner *s)
{
	if (++s->depth <= JSON_DEPTH) {
		s->at++;
		return 0;
	}
	fault_add(s->faults, "", "too_deep", "The body nests deeper than %d levels at byte %zu.", JSON_DEPTH, s->at);
	return -1;
}

static int close_bracket(struct scanner *s)
{
	if (s->comma)
		return fail(s, s->at, "a comma without a value behind it, before the bracket");
	if (!s->depth--)
		return fail(s, s->at, "a closing bracket too many");
	s->at++;
	return 0;
}

static int token(struct scanner *s)
{
	switch (s->p[s->at]) {
	case '"':
		return string(s);
	case '{': case '[':
		return open_bracket(s);
	case '}': case ']':
		return close_bracket(s);
	case ':':
		s->out->members++;
		/* fall through */
	case ',':
		s->at++;
		return 0;
	default:
		return scalar(s);
	}
}

static int next(struct scanner *s)
{
	unsigned char c = s->p[s->at];

	if (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
		s->at++;
		return 0;
	}
	if (token(s) < 0)
		return -1;
	s->comma = c == ',';
	return 0;
}

int json_scan(const unsigned char *p, size_t len, struct json_scan *out, struct faults *faults)
{
	struct scanner s = { .p = p, .len = len, .out = out, .faults = faults };
	size_t bad_at;

	*out = (struct json_scan){0};
	if (!utf8_valid(p, len, &bad_at)) {
		fault_add(faults, "", "invalid_utf8", "The body is not UTF-8 at byte %zu.", bad_at);
		return -1;
	}
	if (len >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0)
		return fail(&s, 0, "a byte order mark, which has to be left out,");
	while (s.at < len)
		if (next(&s) < 0)
			return -1;
	return s.depth ? fail(&s, len, "an object or array without an end") : 0;
}

size_t json_scan_string(const unsigned char *p, size_t len)
{
	size_t at = 1;

	while (at < len && p[at] != '"')
		at += p[at] == '\\' ? 2 : 1;
	return at < len ? at + 1 : len;
}

void json_scan_widen(const unsigned char *p, size_t len, struct buf *out)
{
	for (size_t at = 0, n; at < len; at += n) {
		size_t whole = 0;

		if (p[at] == '"')
			n = json_scan_string(p + at, len - at);
		else
			n = number_len(p + at, len - at, &whole);
		if (!n)
			n = 1;
		buf_put(out, p + at, n);
		if (whole >= JSON_LONG)
			buf_str(out, JSON_LONG_TAIL);
	}
}
