/* SPDX-License-Identifier: EUPL-1.2
 * Base64 as RFC 4648 section 4 has it: padded, without line breaks, and strict (section 3.3 and 3.5). */
#ifndef EVENT_BASE64_H
#define EVENT_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"

#define BASE64_DECODED(len) ((len) / 4 * 3)	/* room for what len characters stand for */

/* False: it is not base64. out has room for BASE64_DECODED(len) bytes; *out_len of them are filled. */
bool base64_decode(const char *p, size_t len, unsigned char *out, size_t *out_len);
bool base64_valid(const char *p, size_t len);
void base64_encode(struct buf *out, const void *p, size_t len);
/* The alphabet of RFC 4648 section 5, without padding (RFC 7515 2), as strict. */
#define BASE64URL_DECODED(len) ((len) / 4 * 3 + 2)
bool base64url_decode(const char *p, size_t len, unsigned char *out, size_t *out_len);
void base64url_encode(struct buf *out, const void *p, size_t len);

#endif
