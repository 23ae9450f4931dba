/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/frame.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD 4
#define READ_AT_ONCE (64u << 10)

size_t frame_begin(struct buf *b, uint8_t kind)
{
	size_t start = b->len;

	buf_u32(b, 0);
	buf_u8(b, kind);
	return start;
}

void frame_end(struct buf *b, size_t start)
{
	uint32_t len = (uint32_t)(b->len - start - HEAD);
	unsigned char bytes[HEAD] = { (unsigned char)(len >> 24), (unsigned char)(len >> 16),
				      (unsigned char)(len >> 8), (unsigned char)len };

	memcpy(b->p + start, bytes, HEAD);
}

int frame_take(const struct buf *in, size_t *at, uint8_t *kind, struct cut *body)
{
	struct cut c;
	uint32_t len;

	if (in->len - *at < HEAD)
		return 0;
	c = (struct cut){ (const unsigned char *)in->p + *at, in->len - *at, false };
	len = cut_u32(&c);
	if (len < 1 || len > FRAME_MAX)
		return -1;
	if (c.len < len)
		return 0;
	*body = (struct cut){ c.p, len, false };
	*kind = cut_u8(body);
	*at += HEAD + len;
	return 1;
}

int frame_read(int fd, struct buf *in)
{
	char *room = buf_room(in, READ_AT_ONCE);
	ssize_t n;

	do
		n = read(fd, room, READ_AT_ONCE);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (n <= 0)
		return -1;
	in->len += (size_t)n;
	in->p[in->len] = '\0';
	return 1;
}

int frame_write(int fd, struct buf *out)
{
	size_t gone = 0;
	int rc = 1;

	while (gone < out->len) {
		ssize_t n = send(fd, out->p + gone, out->len - gone, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			rc = errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
			break;
		}
		gone += (size_t)n;
	}
	buf_drop(out, gone);
	return rc;
}
