/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "base/uuid.h"

#include "base/random.h"

void uuid_put(struct buf *out)
{
	unsigned char b[16];

	random_fill(b, sizeof b);
	b[6] = (unsigned char)(0x40 | (b[6] & 0x0F));
	b[8] = (unsigned char)(0x80 | (b[8] & 0x3F));
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			buf_char(out, '-');
		buf_hex(out, &b[i], 1);
	}
}
