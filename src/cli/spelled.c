/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/spelled.h"

#include <stdint.h>
#include <string.h>
#include "base/buf.h"
#include "base/hex.h"

static bool stands_in(const char *p, size_t len, const char *text)
{
	size_t wanted = strlen(text);

	for (const char *at = p; len >= wanted && (at = memchr(at, text[0], len - wanted + 1 - (size_t)(at - p))); at++)
		if (memcmp(at, text, wanted) == 0)
			return true;
	return false;
}

static void put_utf8(struct buf *out, uint32_t c)
{
	if (c >= 0x10000) {
		buf_char(out, (char)(0xF0 | c >> 18));
		buf_char(out, (char)(0x80 | (c >> 12 & 0x3F)));
	} else if (c >= 0x800)
		buf_char(out, (char)(0xE0 | c >> 12));
	if (c >= 0x800)
		buf_char(out, (char)(0x80 | (c >> 6 & 0x3F)));
	else if (c >= 0x80)
		buf_char(out, (char)(0xC0 | c >> 6));
	buf_char(out, c >= 0x80 ? (char)(0x80 | (c & 0x3F)) : (char)c);
}

/* The four digits behind \u, or -1. */
static int32_t four_digits(const char *p, size_t len)
{
	int32_t c = 0;

	for (size_t i = 0; i < 4; i++) {
		int digit = i < len ? hex_value((unsigned char)p[i]) : -1;

		if (digit < 0)
			return -1;
		c = c << 4 | digit;
	}
	return c;
}

/* The escape \u at p; how many bytes it has, 0: it is none. */
static size_t put_unicode(struct buf *out, const char *p, size_t len)
{
	int32_t c = len >= 6 ? four_digits(p + 2, 4) : -1, low;

	if (c < 0)
		return 0;
	if (c >= 0xD800 && c < 0xDC00 && len >= 12 && p[6] == '\\' && p[7] == 'u' && (low = four_digits(p + 8, 4)) >= 0xDC00 &&
	    low < 0xE000) {
		put_utf8(out, 0x10000 + ((uint32_t)(c - 0xD800) << 10) + (uint32_t)(low - 0xDC00));
		return 12;
	}
	put_utf8(out, (uint32_t)c);
	return 6;
}

static void undo_json(struct buf *out, const char *p, size_t len)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";

	for (size_t i = 0, n; i < len; i += n) {
		const char *name = p[i] == '\\' && i + 1 < len && p[i + 1] ? strchr(names, p[i + 1]) : NULL;

		n = 1;
		if (name) {
			buf_char(out, values[name - names]);
			n = 2;
		} else if (p[i] != '\\' || i + 1 >= len || p[i + 1] != 'u' || !(n = put_unicode(out, p + i, len - i))) {
			buf_char(out, p[i]);
			n = 1;
		}
	}
}

static void undo_percent(struct buf *out, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int high = p[i] == '%' && i + 2 < len ? hex_value((unsigned char)p[i + 1]) : -1;
		int low = high >= 0 ? hex_value((unsigned char)p[i + 2]) : -1;

		if (low >= 0) {
			buf_char(out, (char)(high << 4 | low));
			i += 2;
		} else
			buf_char(out, p[i]);
	}
}

static bool percent_in(const char *p, size_t len, const char *text)
{
	struct buf plain = {0};
	bool found = false;

	if (memchr(p, '%', len)) {
		undo_percent(&plain, p, len);
		found = stands_in(plain.p, plain.len, text);
	}
	buf_free(&plain);
	return found;
}

bool spelled_in(const void *bytes, size_t len, const char *text)
{
	const char *p = bytes;
	struct buf plain = {0};
	bool found;

	if (!p || !len)
		return false;
	found = stands_in(p, len, text) || percent_in(p, len, text);
	if (!found && memchr(p, '\\', len)) {
		undo_json(&plain, p, len);
		found = stands_in(plain.p, plain.len, text) || percent_in(plain.p, plain.len, text);
	}
	buf_free(&plain);
	return found;
}

bool spelled_in_text(const char *s, const char *text)
{
	return s && spelled_in(s, strlen(s), text);
}
