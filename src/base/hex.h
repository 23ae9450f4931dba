/* SPDX-License-Identifier: EUPL-1.2
 * One hexadecimal digit. */
#ifndef BASE_HEX_H
#define BASE_HEX_H

static inline int hex_value(int c)	/* or -1 */
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
