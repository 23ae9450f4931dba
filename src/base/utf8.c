/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

size_t utf8_len(const unsigned char *p, size_t len)
{
	unsigned char low = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : 0x80;
	unsigned char high = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : 0xBF;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : p[0] < 0xF5 ? 4 : 0;

	if (n < 2)
		return n;
	if (len < n || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	return n;
}

bool utf8_valid(const void *p, size_t len, size_t *bad_at)
{
	const unsigned char *s = p;
	size_t at = 0, n;

	while (at < len) {
		uint64_t word;

		if (len - at >= sizeof word) {
			memcpy(&word, s + at, sizeof word);
			if (!(word & 0x8080808080808080u)) {
				at += sizeof word;
				continue;
			}
		}
		n = utf8_len(s + at, len - at);
		if (!n) {
			if (bad_at)
				*bad_at = at;
			return false;
		}
		at += n;
	}
	return true;
}

size_t utf8_fit(const char *s, size_t max)
{
	size_t len = strlen(s);

	if (len <= max)
		return len;
	while (max && ((unsigned char)s[max] & 0xC0) == 0x80)
		max--;
	return max;
}
