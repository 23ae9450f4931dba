/* SPDX-License-Identifier: EUPL-1.2
 * Public keys as numbers and as SubjectPublicKeyInfo (RFC 5280 4.1.2.7), the one form of them that every version of
 * libcrypto reads and writes the same way. */
#ifndef TRUST_SPKI_H
#define TRUST_SPKI_H

#include "trust/crypto.h"

#define RSA_LEAST 256u		/* bytes of n: 2048 bits */
#define RSA_MOST 1024u

/* What is wrong with the numbers of a key of that kind, as a sentence, or null: n and e (RSA, big-endian), x and y of
 * full length (EC), x (Ed25519). Whether a point is on its curve is libcrypto's to say. */
const char *spki_fault(enum key_kind kind, const struct span numbers[2]);
/* Appends the SubjectPublicKeyInfo of numbers that have no fault. */
void spki_put(enum key_kind kind, const struct span numbers[2], struct buf *out);
/* The numbers in the SubjectPublicKeyInfo of a key of that kind; they lie in it, without leading zeros (RSA). False: it
 * is another thing, or a point that is compressed. */
bool spki_numbers(enum key_kind kind, struct span spki, struct span numbers[2]);

#endif
