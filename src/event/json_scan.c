/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/json_scan.h"

#include <stdint.h>
#include <string.h>
#include "base/hex.h"
#include "base/utf8.h"

#define EACH 0x0101010101010101u	/* times a byte: that byte in each place of a word */

/* Whether one of the bytes is below n, which is at most 0x80. */
static uint64_t has_below(uint64_t word, uint64_t n)
{
	return (word - EACH * n) & ~word & (EACH * 0x80);
}

/* Which byte of the word is the first of those that are marked with their high bit. Marks above the first one may be
 * wrong: has_below borrows. */
static size_t first_of(uint64_t marks)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (size_t)__builtin_ctzll(marks) / 8;
#else
	(void)marks;
	return 0;
#endif
}

size_t json_scan_plain(const unsigned char *p, size_t len)
{
	size_t at = 0;

	for (uint64_t word, marks; len - at >= sizeof word; at += sizeof word) {
		memcpy(&word, p + at, sizeof word);
		marks = has_below(word, ' ') | has_below(word ^ EACH * '"', 1) | has_below(word ^ EACH * '\\', 1);
		if (marks) {
			at += first_of(marks);
			break;
		}
	}
	while (at < len && p[at] >= ' ' && p[at] != '"' && p[at] != '\\')
		at++;
	return at;
}

/* What the scanner wants to see next. */
enum want { WANT_VALUE, WANT_FIRST_VALUE, WANT_NAME, WANT_FIRST_NAME, WANT_NEXT, WANT_NOTHING, WANT_FAILED };

struct scanner {
	const unsigned char *p;
	size_t len, at, depth;
	uint64_t objects;		/* a bit for each level, the innermost the lowest: is it an object? */
	size_t torn_at, nul_at;		/* + 1: the first half surrogate pair, and name with \u0000 */
	bool escaped, torn, nul;	/* of the string scanned last */
	struct json_part *parts;	/* by level, the document's own first; in the making */
	json_part_fn *fn;
	void *arg;
	bool document;			/* is wanted, too */
	size_t levels;			/* below it that are wanted */
	bool stopped;
	struct faults *faults;
};

static enum want fail(struct scanner *s, size_t at, const char *what)
{
	fault_add(s->faults, "", "parse_error", "The body is not JSON: %s at byte %zu.", what, at);
	return WANT_FAILED;
}

/* The value of the \uXXXX at p, or -1. */
static int unit(const unsigned char *p, size_t len)
{
	int v = 0;

	if (len < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (size_t i = 2; i < 6; i++) {
		int digit = hex_value(p[i]);

		if (digit < 0)
			return -1;
		v = v * 16 + digit;
	}
	return v;
}

/* A code point written as one or two \uXXXX at p, and their length; halves of a pair stand for themselves. */
static long escaped_code(const unsigned char *p, size_t len, size_t *used)
{
	int first = unit(p, len), second;

	*used = 6;
	if (first < 0xD800 || first > 0xDBFF)
		return first;
	second = unit(p + 6, len - 6);
	if (second < 0xDC00 || second > 0xDFFF)
		return first;
	*used = 12;
	return 0x10000 + ((long)(first - 0xD800) << 10) + (second - 0xDC00);
}

/* Moves behind the escape. False: it is none. */
static bool escape(struct scanner *s)
{
	size_t left = s->len - s->at, used;
	long code;

	s->escaped = true;
	if (left >= 2 && s->p[s->at + 1] && strchr("\"\\/bfnrt", s->p[s->at + 1])) {
		s->at += 2;
		return true;
	}
	code = escaped_code(s->p + s->at, left, &used);
	if (code < 0)
		return false;
	s->nul = s->nul || code == 0;
	if (code >= 0xD800 && code <= 0xDFFF) {
		s->torn = true;
		if (!s->torn_at)
			s->torn_at = s->at + 1;
	}
	s->at += used;
	return true;
}

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static void skip_blanks(struct scanner *s)
{
	while (s->at < s->len && is_blank(s->p[s->at]))
		s->at++;
}

/* The string that starts here; moves behind it. */
static bool string(struct scanner *s)
{
	size_t start = s->at++;

	s->escaped = s->torn = s->nul = false;
	for (;;) {
		s->at += json_scan_plain(s->p + s->at, s->len - s->at);
		if (s->at == s->len)
			return fail(s, start, "a string without an end") == WANT_NOTHING;
		if (s->p[s->at] == '"')
			break;
		if (s->p[s->at] < ' ')
			return fail(s, s->at, "a control character in a string, which has to be escaped,") == WANT_NOTHING;
		if (!escape(s))
			return fail(s, s->at, "a bad escape") == WANT_NOTHING;
	}
	s->at++;
	return true;
}

static size_t digits(const unsigned char *p, size_t len)
{
	size_t n = 0;

	while (n < len && p[n] >= '0' && p[n] <= '9')
		n++;
	return n;
}

/* The length of the number at p (RFC 8259 section 6), 0 if there is none. */
static size_t number_len(const unsigned char *p, size_t len)
{
	size_t at = len && p[0] == '-', n = digits(p + at, len - at);

	if (!n || (n > 1 && p[at] == '0'))
		return 0;
	at += n;
	if (at < len && p[at] == '.') {
		n = digits(p + at + 1, len - at - 1);
		if (!n)
			return 0;
		at += 1 + n;
	}
	if (at < len && (p[at] | 0x20) == 'e') {
		at++;
		if (at < len && (p[at] == '+' || p[at] == '-'))
			at++;
		n = digits(p + at, len - at);
		if (!n)
			return 0;
		at += n;
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
static bool scalar(struct scanner *s, enum json_kind *kind)
{
	size_t len = number_len(s->p + s->at, s->len - s->at), end;
	unsigned char behind;

	*kind = JSON_NUMBER;
	if (!len) {
		len = literal_len(s->p + s->at, s->len - s->at);
		*kind = s->p[s->at] == 'n' ? JSON_NULL : JSON_BOOL;
	}
	end = s->at + len;
	behind = end < s->len ? s->p[end] : ' ';
	if (!len || (behind != ',' && behind != '}' && behind != ']' && !is_blank(behind)))
		return fail(s, s->at, "something that is no JSON value") == WANT_NOTHING;
	s->at = end;
	return true;
}

/* A value has ended, and its part is complete. */
static enum want ended(struct scanner *s, enum json_kind kind)
{
	struct json_part *part = &s->parts[s->depth];

	part->kind = kind;
	part->len = (size_t)((const char *)s->p + s->at - part->value);
	part->depth = s->depth;
	if (s->fn && s->depth <= s->levels && (s->depth || s->document) && !s->fn(s->arg, part)) {
		s->stopped = true;
		return WANT_NOTHING;
	}
	return s->depth ? WANT_NEXT : WANT_NOTHING;
}

static void no_name(struct json_part *part)
{
	part->name = NULL;
	part->name_len = 0;
	part->name_escaped = false;
}

static enum want open_bracket(struct scanner *s)
{
	bool object = s->p[s->at] == '{';

	if (s->depth == JSON_DEPTH) {
		fault_add(s->faults, "", "too_deep", "The body nests deeper than %d levels at byte %zu.", JSON_DEPTH, s->at);
		return WANT_FAILED;
	}
	s->depth++;
	s->at++;
	s->objects = s->objects << 1 | object;
	no_name(&s->parts[s->depth]);
	return object ? WANT_FIRST_NAME : WANT_FIRST_VALUE;
}

static enum want close_bracket(struct scanner *s)
{
	bool object = s->objects & 1;

	if (s->p[s->at] != (object ? '}' : ']'))
		return fail(s, s->at, object ? "a closing bracket that does not fit its opening brace" :
			    "a closing brace that does not fit its opening bracket");
	s->depth--;
	s->at++;
	s->objects >>= 1;
	return ended(s, object ? JSON_OBJECT : JSON_ARRAY);
}

static enum want value(struct scanner *s, bool may_close)
{
	struct json_part *part = &s->parts[s->depth];
	unsigned char c = s->p[s->at];
	enum json_kind kind = JSON_STRING;

	if (c == ']' && may_close)
		return close_bracket(s);
	part->value = (const char *)s->p + s->at;
	part->escaped = part->torn = false;
	if (c == '"') {
		if (!string(s))
			return WANT_FAILED;
		part->escaped = s->escaped;
		part->torn = s->torn;
	} else if (c == '{' || c == '[') {
		return open_bracket(s);
	} else if (c == ']' || c == '}') {
		return fail(s, s->at, s->depth ? "a comma without a value behind it, before the bracket" : "a closing bracket too many");
	} else if (!scalar(s, &kind)) {
		return WANT_FAILED;
	}
	return ended(s, kind);
}

static enum want name(struct scanner *s, bool may_close)
{
	struct json_part *part = &s->parts[s->depth];
	size_t start = s->at;

	if (s->p[start] == '}')
		return may_close ? close_bracket(s) : fail(s, start, "a comma without a value behind it, before the bracket");
	if (s->p[start] != '"')
		return fail(s, start, "something that is no member's name");
	if (!string(s))
		return WANT_FAILED;
	if (s->nul && !s->nul_at)
		s->nul_at = start + 1;
	part->name = (const char *)s->p + start + 1;
	part->name_len = s->at - start - 2;
	part->name_escaped = s->escaped;
	skip_blanks(s);
	if (s->at == s->len || s->p[s->at] != ':')
		return fail(s, s->at, "no colon behind a member's name");
	s->at++;
	return WANT_VALUE;
}

static enum want next(struct scanner *s)
{
	unsigned char c = s->p[s->at];

	if (c == '}' || c == ']')
		return close_bracket(s);
	if (c != ',')
		return fail(s, s->at, "something where a comma or a closing bracket has to be");
	s->at++;
	return s->objects & 1 ? WANT_NAME : WANT_VALUE;
}

static enum want step(struct scanner *s, enum want want)
{
	switch (want) {
	case WANT_NEXT:
		return next(s);
	case WANT_NAME: case WANT_FIRST_NAME:
		return name(s, want == WANT_FIRST_NAME);
	default:
		return value(s, want == WANT_FIRST_VALUE);
	}
}

/* From the first byte to the last, or until fn goes no further. */
static bool scan(struct scanner *s)
{
	struct json_part parts[JSON_DEPTH + 1];
	enum want want = WANT_VALUE;

	no_name(&parts[0]);
	s->parts = parts;
	for (;;) {
		skip_blanks(s);
		if (want == WANT_FAILED || want == WANT_NOTHING || s->at == s->len)
			break;
		want = step(s, want);
	}
	if (want == WANT_FAILED || s->stopped)
		return s->stopped;
	if (want != WANT_NOTHING)
		return fail(s, s->len, s->depth ? "an object or array without an end" : "no value") == WANT_NOTHING;
	return s->at == s->len || fail(s, s->at, "something behind the value") == WANT_NOTHING;
}

static bool is_text(const unsigned char *p, size_t len, struct faults *faults)
{
	size_t bad_at;

	if (!utf8_valid(p, len, &bad_at)) {
		fault_add(faults, "", "invalid_utf8", "The body is not UTF-8 at byte %zu.", bad_at);
		return false;
	}
	if (len < 3 || memcmp(p, "\xEF\xBB\xBF", 3) != 0)
		return true;
	fault_add(faults, "", "parse_error", "The body is not JSON: a byte order mark, which has to be left out, at byte 0.");
	return false;
}

int json_scan(const unsigned char *p, size_t len, json_part_fn *fn, void *arg, struct faults *faults)
{
	struct scanner s = { .p = p, .len = len, .fn = fn, .arg = arg, .document = true, .levels = JSON_DEPTH,
			     .faults = faults };

	if (!is_text(p, len, faults) || !scan(&s))
		return -1;
	if (s.torn_at)
		fail(&s, s.torn_at - 1, "half a surrogate pair");
	else if (s.nul_at)
		fail(&s, s.nul_at - 1, "\\u0000 in the name of a member");
	return s.torn_at || s.nul_at ? -1 : 0;
}

/* The kind of the document that begins with this byte. */
static enum json_kind kind_of(unsigned char first)
{
	switch (first) {
	case '{': return JSON_OBJECT;
	case '[': return JSON_ARRAY;
	case '"': return JSON_STRING;
	case 'n': return JSON_NULL;
	case 't': case 'f': return JSON_BOOL;
	default: return JSON_NUMBER;
	}
}

int json_split(const unsigned char *p, size_t len, size_t levels, json_part_fn *fn, void *arg, struct faults *faults)
{
	struct scanner s = { .p = p, .len = len, .fn = fn, .arg = arg, .levels = levels, .faults = faults };
	size_t start;

	if (!is_text(p, len, faults))
		return -1;
	skip_blanks(&s);
	start = s.at;
	return scan(&s) ? (int)kind_of(p[start]) : -1;
}

static size_t put_utf8(char *out, unsigned long c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xE0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3F));
		out[2] = (char)(0x80 | (c & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3F));
	out[2] = (char)(0x80 | (c >> 6 & 0x3F));
	out[3] = (char)(0x80 | (c & 0x3F));
	return 4;
}

size_t json_unescape(const char *text, size_t len, char *out)
{
	static const char letters[] = "bfnrt", means[] = "\b\f\n\r\t";
	const unsigned char *p = (const unsigned char *)text;
	size_t n = 0;

	for (size_t at = 0; at < len;) {
		const char *letter;
		size_t used;

		if (p[at] != '\\') {
			out[n++] = (char)p[at++];
			continue;
		}
		if (p[at + 1] == 'u') {
			n += put_utf8(out + n, (unsigned long)escaped_code(p + at, len - at, &used));
			at += used;
			continue;
		}
		letter = strchr(letters, p[at + 1]);
		out[n++] = letter ? means[letter - letters] : (char)p[at + 1];
		at += 2;
	}
	return n;
}
