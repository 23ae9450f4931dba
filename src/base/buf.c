/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>
#include "base/die.h"
#include "base/mem.h"
#include "base/utf8.h"

#define NULL_LEN UINT32_MAX	/* the length that stands for a null pointer */

void buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf){0};
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	if (b->p)
		b->p[0] = '\0';
}

void buf_grow(struct buf *b, size_t len)
{
	size_t cap = b->cap ? b->cap : 64;

	must(len < SIZE_MAX / 4 && b->len < SIZE_MAX / 4);
	while (cap - b->len <= len)
		cap *= 2;
	b->p = mem_grow(b->p, cap, 1);
	b->cap = cap;
}

void buf_str(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void buf_vfmt(struct buf *b, const char *fmt, va_list args)
{
	char *room = buf_room(b, 63);
	size_t spare = b->cap - b->len, len = fmt_put(room, spare, fmt, args);

	if (len >= spare)
		fmt_put(buf_room(b, len), len + 1, fmt, args);
	b->len += len;
}

void buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	buf_vfmt(b, fmt, args);
	va_end(args);
}

void buf_drop(struct buf *b, size_t len)
{
	must(len <= b->len);
	if (!len)
		return;
	memmove(b->p, b->p + len, b->len - len);
	b->len -= len;
	b->p[b->len] = '\0';
}

void buf_json(struct buf *b, const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;

	buf_char(b, '"');
	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_len(p + i, len - i);
		if (n == 0) {
			buf_str(b, "\xEF\xBF\xBD");
			n = 1;
		} else if (n > 1)
			buf_put(b, p + i, n);
		else if (p[i] == '"' || p[i] == '\\')
			buf_fmt(b, "\\%c", p[i]);
		else if (p[i] == '\n')
			buf_str(b, "\\n");
		else if (p[i] < 0x20 || p[i] == 0x7F)
			buf_fmt(b, "\\u%04x", p[i]);
		else
			buf_char(b, (char)p[i]);
	}
	buf_char(b, '"');
}

void buf_hex(struct buf *b, const void *p, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *bytes = p;

	for (size_t i = 0; i < len; i++) {
		buf_char(b, digits[bytes[i] >> 4]);
		buf_char(b, digits[bytes[i] & 15]);
	}
}

static void put_big_endian(struct buf *b, uint64_t v, size_t n)
{
	unsigned char bytes[8];

	for (size_t i = 0; i < n; i++)
		bytes[i] = (unsigned char)(v >> (8 * (n - 1 - i)));
	buf_put(b, bytes, n);
}

void buf_u8(struct buf *b, uint8_t v)
{
	buf_char(b, (char)v);
}

void buf_u32(struct buf *b, uint32_t v)
{
	put_big_endian(b, v, 4);
}

void buf_u64(struct buf *b, uint64_t v)
{
	put_big_endian(b, v, 8);
}

void buf_varint(struct buf *b, uint64_t v)
{
	do {
		buf_u8(b, (uint8_t)((v & 0x7F) | (v > 0x7F ? 0x80 : 0)));
		v >>= 7;
	} while (v);
}

void buf_bytes(struct buf *b, const void *p, size_t len)
{
	if (!p) {
		buf_u32(b, NULL_LEN);
		return;
	}
	must(len < NULL_LEN);
	buf_u32(b, (uint32_t)len);
	buf_put(b, p, len);
}

void buf_text(struct buf *b, const char *s)
{
	buf_bytes(b, s, s ? strlen(s) : 0);
}

const unsigned char *cut_raw(struct cut *c, size_t len)
{
	const unsigned char *p = c->p;

	if (c->bad || c->len < len) {
		c->bad = true;
		return NULL;
	}
	c->p += len;
	c->len -= len;
	return p;
}

static uint64_t cut_big_endian(struct cut *c, size_t n)
{
	const unsigned char *p = cut_raw(c, n);
	uint64_t v = 0;

	for (size_t i = 0; p && i < n; i++)
		v = v << 8 | p[i];
	return v;
}

uint8_t cut_u8(struct cut *c)
{
	return (uint8_t)cut_big_endian(c, 1);
}

uint32_t cut_u32(struct cut *c)
{
	return (uint32_t)cut_big_endian(c, 4);
}

uint64_t cut_u64(struct cut *c)
{
	return cut_big_endian(c, 8);
}

uint64_t cut_varint(struct cut *c)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = cut_u8(c);

		v |= (uint64_t)(byte & 0x7F) << shift;
		if (!(byte & 0x80))
			return c->bad ? 0 : v;
	}
	c->bad = true;
	return 0;
}

const unsigned char *cut_bytes(struct cut *c, size_t *len)
{
	uint32_t n = cut_u32(c);

	*len = 0;
	if (c->bad || n == NULL_LEN)
		return NULL;
	*len = n;
	if (c->len < n)
		*len = 0;
	return cut_raw(c, n);
}
