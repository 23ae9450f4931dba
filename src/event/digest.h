/* SPDX-License-Identifier: EUPL-1.2
 * SHA-256, and comparing in constant time. The one place below trust that knows libcrypto. */
#ifndef EVENT_DIGEST_H
#define EVENT_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include "event/event.h"

#define SHA256_LEN 32
void digest_sha256(unsigned char out[SHA256_LEN], const void *p, size_t len);
/* Hash of parts that cannot be confused: each is preceded by its length (u32); null differs from "". */
struct digest_part { const void *p; size_t len; };
void digest_parts(unsigned char out[SHA256_LEN], const struct digest_part *parts, size_t n);
struct event_key digest_key(const struct digest_part *parts, size_t n);	/* its first 16 bytes */
uint32_t digest_first(const unsigned char hash[SHA256_LEN]);	/* its first 32 bits */
bool digest_equal(const void *a, const void *b, size_t len);	/* constant time */

#endif
