/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/base64.h"

#include <stdint.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The value of a digit, or -1. */
static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* n digits (2 to 4) become n - 1 bytes. The bits that are left over have to be 0. */
static bool take(const char *p, size_t n, unsigned char *out)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 4; i++) {
		int v = i < n ? value_of(p[i]) : 0;

		if (v < 0)
			return false;
		bits = bits << 6 | (uint32_t)v;
	}
	for (size_t i = 0; i < n - 1; i++)
		out[i] = (unsigned char)(bits >> (16 - 8 * i));
	return n == 4 || !(bits & (n == 3 ? 0xFFu : 0xFFFFu));
}

bool base64_decode(const char *p, size_t len, unsigned char *out, size_t *out_len)
{
	size_t pad = 0;

	*out_len = 0;
	if (len % 4)
		return false;
	if (len)
		pad = p[len - 1] != '=' ? 0 : p[len - 2] != '=' ? 1 : 2;
	for (size_t at = 0; at < len; at += 4) {
		size_t n = at + 4 == len ? 4 - pad : 4;

		if (!take(p + at, n, out + *out_len))
			return false;
		*out_len += n - 1;
	}
	return true;
}

void base64_encode(struct buf *out, const void *p, size_t len)
{
	const unsigned char *b = p;

	for (size_t at = 0; at < len; at += 3) {
		size_t n = len - at < 3 ? len - at : 3;
		uint32_t bits = (uint32_t)b[at] << 16 | (n > 1 ? (uint32_t)b[at + 1] << 8 : 0) | (n > 2 ? b[at + 2] : 0);

		for (size_t i = 0; i < 4; i++)
			buf_char(out, i <= n ? digits[bits >> (18 - 6 * i) & 63] : '=');
	}
}
