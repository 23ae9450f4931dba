/* SPDX-License-Identifier: EUPL-1.2
 * RFC 4648, section 4. */
#ifndef EVENT_BASE64_H
#define EVENT_BASE64_H

#include <stddef.h>
#include "base/buf.h"

void base64_encode(struct buf *out, const void *p, size_t len);	/* appends, with padding */

#endif
