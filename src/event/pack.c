/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/pack.h"

#include <string.h>

void pack_text(struct buf *out, const char *s)
{
	size_t len = s ? strlen(s) : 0;

	buf_varint(out, s ? (uint64_t)len + 1 : 0);
	buf_put(out, s, len);
}

void pack_attrs(struct buf *out, const struct attr *attrs, size_t n)
{
	buf_varint(out, n);
	for (size_t i = 0; i < n; i++) {
		pack_text(out, attrs[i].name);
		pack_text(out, attrs[i].value);
	}
}

const char *unpack_text(struct pool *pool, struct cut *in)
{
	uint64_t len = cut_varint(in);
	const unsigned char *p;

	if (in->bad || !len)
		return NULL;
	if (--len > in->len) {
		in->bad = true;
		return NULL;
	}
	p = cut_raw(in, (size_t)len);
	if (!p || memchr(p, '\0', (size_t)len)) {
		in->bad = true;
		return NULL;
	}
	return pool_strn(pool, (const char *)p, (size_t)len);
}

const char *unpack_need(struct pool *pool, struct cut *in)
{
	const char *s = unpack_text(pool, in);

	if (!s)
		in->bad = true;
	return s;
}

struct attr *unpack_attrs(struct pool *pool, struct cut *in, size_t *n)
{
	uint64_t count = cut_varint(in);
	struct attr *attrs;

	*n = 0;
	if (count > in->len / 2)	/* each takes two bytes at least: no memory for a lie */
		in->bad = true;
	if (in->bad || !count)
		return NULL;
	attrs = pool_alloc(pool, (size_t)count * sizeof *attrs);
	for (size_t i = 0; i < count; i++) {
		attrs[i].name = unpack_need(pool, in);
		attrs[i].value = unpack_need(pool, in);
	}
	if (in->bad)
		return NULL;
	*n = (size_t)count;
	return attrs;
}
