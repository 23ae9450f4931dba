/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/plain.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Decodes one character; its length, or 0 when the bytes are not UTF-8. */
static size_t decode(const unsigned char *p, size_t len, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = p[0] < 0x80 ? 1 : (p[0] & 0xE0) == 0xC0 ? 2 : (p[0] & 0xF0) == 0xE0 ? 3 : (p[0] & 0xF8) == 0xF0 ? 4 : 0;

	if (n == 0 || n > len)
		return 0;
	*c = n == 1 ? p[0] : p[0] & (0x7Fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3Fu);
	}
	return *c < least[n] || *c > 0x10FFFF || (*c >= 0xD800 && *c <= 0xDFFF) ? 0 : n;
}

/* Control characters, and those that turn the direction of what follows. */
static bool harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
	       (c >= 0x2066 && c <= 0x2069);
}

void plain_put(struct buf *out, const char *s, size_t len, enum plain_how how)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t c = 0;

	for (size_t i = 0, n; i < len; i += n) {
		n = decode(p + i, len - i, &c);
		if (n == 0) {
			n = 1;
			buf_fmt(out, "\\x%02x", p[i]);
		} else if (how == PLAIN_TEXT && (c == '\n' || c == '\t')) {
			buf_char(out, (char)c);
		} else if (harmful(c)) {
			buf_fmt(out, c < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned)c);
		} else {
			buf_put(out, p + i, n);
		}
	}
	if (!out->p)
		buf_str(out, "");
}

static size_t columns_of(uint32_t c)
{
	bool combining = (c >= 0x300 && c <= 0x36F) || (c >= 0x200B && c <= 0x200D) || (c >= 0xFE00 && c <= 0xFE0F);
	bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0xAC00 && c <= 0xD7A3) ||
		    (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
		    (c >= 0x1F300 && c <= 0x1FAFF) || (c >= 0x20000 && c <= 0x3FFFD);

	return combining ? 0 : wide ? 2 : 1;
}

static size_t measure(const char *s, size_t columns, size_t *bytes)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t len = strlen(s), width = 0, i = 0;
	uint32_t c = 0;

	while (i < len) {
		size_t n = decode(p + i, len - i, &c), more = n ? columns_of(c) : 1;

		if (width + more > columns)
			break;
		width += more;
		i += n ? n : 1;
	}
	*bytes = i;
	return width;
}

size_t plain_width(const char *s)
{
	size_t bytes;

	return measure(s, SIZE_MAX / 2, &bytes);
}

size_t plain_fit(const char *s, size_t columns)
{
	size_t bytes;

	measure(s, columns, &bytes);
	return bytes;
}
