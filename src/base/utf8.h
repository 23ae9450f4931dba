/* SPDX-License-Identifier: EUPL-1.2
 * What well-formed UTF-8 is (Unicode 15.0, table 3-7). */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length of the sequence at p, which has at least one byte; 0 if it is not well formed or cut off. */
size_t utf8_len(const unsigned char *p, size_t len);
/* Whether all of it is well formed; if not, *bad_at (may be null) is where the first bad sequence begins. */
bool utf8_valid(const void *p, size_t len, size_t *bad_at);
/* At most max bytes of s, without cutting a sequence in two. */
size_t utf8_fit(const char *s, size_t max);

#endif
