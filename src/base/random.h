/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>

void random_fill(void *out, size_t len);	/* nobody can guess it; at most 256 bytes */

#endif
