/* SPDX-License-Identifier: EUPL-1.2
 * The value of a ce- header as text (CloudEvents HTTP binding 1.0.2, 3.1.3.2): double-quoted strings
 * are undone first, then percent-encoding, each exactly once. */
#ifndef EVENT_HEADER_H
#define EVENT_HEADER_H

#include <stddef.h>
#include "base/mem.h"

enum header_fault {
	HEADER_FINE,
	HEADER_QUOTE,		/* a quoted string, or an escape in it, without an end */
	HEADER_PERCENT,		/* a % without two hexadecimal digits */
	HEADER_RAW,		/* a byte outside of ASCII, or a control character, that is not encoded */
	HEADER_UTF8,		/* what was encoded is not UTF-8 */
	HEADER_LIST		/* an unencoded comma and blank: several values that were joined on the way */
};

/* The decoded value, in the pool; its length in *len (a NUL may be in it: text_check refuses that).
 * HEADER_LIST is found only when `single` says that the value cannot have a list in it. */
enum header_fault header_decode(struct pool *pool, const char *value, int single, const char **out, size_t *len);
const char *header_fault_says(enum header_fault fault);	/* a sentence's end, with the remedy */

#endif
