/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/integer.h"

#define DIGITS_MOST 10

bool integer_parse(const char *p, size_t len, int32_t *out)
{
	bool minus = len && *p == '-';
	int64_t n = 0;

	p += minus;
	len -= minus;
	if (!len || len > DIGITS_MOST || (len > 1 && *p == '0'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		n = n * 10 + (p[i] - '0');
	}
	if (minus)
		n = -n;
	if (n < INT32_MIN || n > INT32_MAX)
		return false;
	if (out)
		*out = (int32_t)n;
	return true;
}
