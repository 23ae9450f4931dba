/* SPDX-License-Identifier: EUPL-1.2
 * Bytes that grow (struct buf) and bytes that are eaten (struct cut). The numbers of both are
 * big-endian: what one writes on disk or on a socket, the other reads anywhere. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/err.h"

struct buf {			/* {0} is an empty one */
	char *p;		/* always followed by a NUL once anything was put */
	size_t len, cap;
};

void buf_free(struct buf *b);				/* frees and makes empty */
void buf_reset(struct buf *b);				/* empties, keeps the memory */
void buf_grow(struct buf *b, size_t len);		/* for len more bytes and a NUL */
void buf_str(struct buf *b, const char *s);		/* without the NUL */
void buf_fmt(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vfmt(struct buf *b, const char *fmt, va_list args) PRINTF_LIKE(2, 0);
void buf_drop(struct buf *b, size_t len);		/* removes from the front */
void buf_json(struct buf *b, const char *s, size_t len);	/* a JSON string with its quotes; bad UTF-8 becomes U+FFFD */
void buf_hex(struct buf *b, const void *p, size_t len);

/* What is packed is packed in small pieces: to call somebody for each costs more than the pieces. */

static inline char *buf_room(struct buf *b, size_t len)	/* room for len more bytes at p + len */
{
	if (b->cap - b->len <= len)
		buf_grow(b, len);
	return b->p + b->len;
}

static inline void buf_put(struct buf *b, const void *p, size_t len)
{
	char *room = buf_room(b, len);

	if (len)
		memcpy(room, p, len);
	room[len] = '\0';
	b->len += len;
}

static inline void buf_char(struct buf *b, char c)
{
	char *room = buf_room(b, 1);

	room[0] = c;
	room[1] = '\0';
	b->len++;
}

void buf_u8(struct buf *b, uint8_t v);
void buf_u32(struct buf *b, uint32_t v);
void buf_u64(struct buf *b, uint64_t v);
void buf_varint(struct buf *b, uint64_t v);		/* LEB128 */
void buf_bytes(struct buf *b, const void *p, size_t len);	/* u32 length, then bytes; null p is told from empty */
void buf_text(struct buf *b, const char *s);		/* buf_bytes of a string; null stays null */

struct cut {			/* {bytes, len, false} */
	const unsigned char *p;
	size_t len;
	bool bad;		/* set once anything was missing; all later values are 0 */
};

uint8_t cut_u8(struct cut *c);
uint32_t cut_u32(struct cut *c);
uint64_t cut_u64(struct cut *c);
uint64_t cut_varint(struct cut *c);
const unsigned char *cut_raw(struct cut *c, size_t len);	/* len bytes in place, or null */
const unsigned char *cut_bytes(struct cut *c, size_t *len);	/* in place; null for what was null */

#endif
