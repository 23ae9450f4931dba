/* SPDX-License-Identifier: EUPL-1.2
 * Digests of the body in headers: Content-Digest (RFC 9530) and its predecessor Digest (RFC 3230), which the signing
 * module of the Dutch API Design Rules has. sha-256 and sha-512 alone count. */
#ifndef TRUST_DIGEST_FIELD_H
#define TRUST_DIGEST_FIELD_H

#include "event/message.h"
#include "trust/crypto.h"

enum digest_form {
	DIGEST_CONTENT,		/* Content-Digest: sha-256=:BASE64:, a dictionary */
	DIGEST_OLD		/* Digest: SHA-256=BASE64, a list; names in any case */
};

/* Whether the header, on however many lines, holds a digest that counts, and each that counts is the body's. If not,
 * *why says what is wrong (static). */
bool digest_field_right(struct pool *pool, enum digest_form form, const struct message *m, const char **why);
/* Appends the header's value, by HASH_SHA256 or HASH_SHA512. */
void digest_field_put(enum digest_form form, enum hash hash, const void *body, size_t len, struct buf *out);

#endif
