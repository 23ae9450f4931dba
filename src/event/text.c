/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/text.h"

#include <stdint.h>
#include <string.h>
#include "base/utf8.h"

#define EACH 0x0101010101010101u	/* times a byte: that byte in each place of a word */
#define HIGH (EACH * 0x80)

/* All of it ASCII and none of it a control: every byte from 0x20 to 0x7E. */
static int is_plain(uint64_t word)
{
	return !((word | (word - EACH * 0x20) | (word + EACH)) & HIGH);
}

static uint32_t code_point(const unsigned char *p, size_t n)
{
	uint32_t c = n == 1 ? p[0] : p[0] & (0x7Fu >> n);

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3F);
	return c;
}

const char *text_fault(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t at = 0;

	while (at < len) {
		uint64_t word;
		uint32_t c;
		size_t n;

		if (len - at >= sizeof word) {
			memcpy(&word, p + at, sizeof word);
			if (is_plain(word)) {
				at += sizeof word;
				continue;
			}
		}
		if (p[at] >= 0x20 && p[at] < 0x7F) {
			at++;
			continue;
		}
		n = utf8_len(p + at, len - at);	/* surrogates are not well formed */
		if (!n)
			return "is not UTF-8";
		c = code_point(p + at, n);
		if (c < 0x20 || (c >= 0x7F && c <= 0x9F))
			return "holds a control character";
		if ((c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF))
			return "holds a noncharacter of Unicode";
		at += n;
	}
	return NULL;
}
