/* SPDX-License-Identifier: EUPL-1.2
 * Text that came from outside, made safe to show on a terminal. */
#ifndef CLI_PLAIN_H
#define CLI_PLAIN_H

#include <stddef.h>
#include "base/buf.h"

enum plain_how {
	PLAIN_LINE,	/* line ends and tabs are escaped too */
	PLAIN_TEXT	/* they are kept */
};

/* Appends text with control characters as \xNN (or \u00NN) and bad UTF-8 as \xNN. */
void plain_put(struct buf *out, const char *p, size_t len, enum plain_how how);
/* Columns that clean UTF-8 takes on a terminal. */
size_t plain_width(const char *s);
/* Bytes of s that fit in so many columns. */
size_t plain_fit(const char *s, size_t columns);

#endif
