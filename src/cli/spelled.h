/* SPDX-License-Identifier: EUPL-1.2
 * Whether a text stands in bytes, however these spell it. */
#ifndef CLI_SPELLED_H
#define CLI_SPELLED_H

#include <stdbool.h>
#include <stddef.h>

/* As it is, with escapes of JSON strings, percent-encoded, or percent-encoded in a JSON string. */
bool spelled_in(const void *p, size_t len, const char *text);
bool spelled_in_text(const char *s, const char *text);	/* s may be null */

#endif
