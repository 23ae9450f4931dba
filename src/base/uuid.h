/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include "base/buf.h"

void uuid_put(struct buf *out);		/* appends a random one (version 4, RFC 9562 5.4) */

#endif
