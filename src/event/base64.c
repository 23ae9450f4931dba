/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/base64.h"

#include <stdint.h>

void base64_encode(struct buf *out, const void *p, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *b = p;

	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t v = (uint32_t)b[i] << 16 | (n > 1 ? (uint32_t)b[i + 1] << 8 : 0) | (n > 2 ? b[i + 2] : 0u);

		buf_char(out, digits[v >> 18]);
		buf_char(out, digits[v >> 12 & 63]);
		buf_char(out, n > 1 ? digits[v >> 6 & 63] : '=');
		buf_char(out, n > 2 ? digits[v & 63] : '=');
	}
}
