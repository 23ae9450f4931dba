/* SPDX-License-Identifier: EUPL-1.2
 * Frames over a stream socket: u32 length of what follows, u8 kind, body. Used between the
 * dispatcher and its runners. */
#ifndef BASE_FRAME_H
#define BASE_FRAME_H

#include <stdint.h>
#include "base/buf.h"

#define FRAME_MAX (64u << 20)	/* longer ones are a protocol error */

/* Starts a frame at the end of b; put the body with buf_*; then frame_end with what this returned. */
size_t frame_begin(struct buf *b, uint8_t kind);
void frame_end(struct buf *b, size_t start);

/* Takes one whole frame from the front of [*at, in->len) and moves *at behind it.
 * 1: kind and body are set (body lies in in->p); 0: more bytes are needed; -1: too long. */
int frame_take(const struct buf *in, size_t *at, uint8_t *kind, struct cut *body);

/* Reads once, at most 64 KiB, into in. 1: something came; 0: nothing now (EAGAIN); -1: end or error. */
int frame_read(int fd, struct buf *in);
/* Writes what it can from the front of out. 1: all gone; 0: some is left (EAGAIN); -1: error. */
int frame_write(int fd, struct buf *out);

#endif
