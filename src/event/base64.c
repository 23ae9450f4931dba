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

static size_t pad_of(const char *p, size_t len)
{
	return !len || p[len - 1] != '=' ? 0 : p[len - 2] != '=' ? 1 : 2;
}

bool base64_decode(const char *p, size_t len, unsigned char *out, size_t *out_len)
{
	*out_len = 0;
	if (len % 4)
		return false;
	for (size_t at = 0; at < len; at += 4) {
		size_t n = at + 4 == len ? 4 - pad_of(p, len) : 4;

		if (!take(p + at, n, out + *out_len))
			return false;
		*out_len += n - 1;
	}
	return true;
}

bool base64_valid(const char *p, size_t len)
{
	unsigned char unused[3];
	bool ok = len % 4 == 0;

	for (size_t at = 0; ok && at < len; at += 4)
		ok = take(p + at, at + 4 == len ? 4 - pad_of(p, len) : 4, unused);
	return ok;
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

static bool to_plain(const char *p, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++) {
		if (p[i] == '+' || p[i] == '/')
			return false;
		out[i] = (char)(p[i] == '-' ? '+' : p[i] == '_' ? '/' : p[i]);
	}
	return true;
}

bool base64url_decode(const char *p, size_t len, unsigned char *out, size_t *out_len)
{
	char four[4];

	*out_len = 0;
	if (len % 4 == 1)
		return false;
	for (size_t at = 0; at < len; at += 4) {
		size_t n = len - at < 4 ? len - at : 4;

		if (!to_plain(p + at, n, four) || !take(four, n, out + *out_len))
			return false;
		*out_len += n - 1;
	}
	return true;
}

void base64url_encode(struct buf *out, const void *p, size_t len)
{
	size_t from = out->len;

	base64_encode(out, p, len);
	while (out->len > from && out->p[out->len - 1] == '=')
		out->p[--out->len] = '\0';
	for (size_t i = from; i < out->len; i++)
		if (out->p[i] == '+' || out->p[i] == '/')
			out->p[i] = out->p[i] == '+' ? '-' : '_';
}
