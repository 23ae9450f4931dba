/* SPDX-License-Identifier: EUPL-1.2
 * What is known about tokens, so that a signature is not verified and an issuer not asked again for each request.
 * A table of fixed size, by digest of issuer and token. From any thread. */
#ifndef TRUST_KNOWN_H
#define TRUST_KNOWN_H

#include "event/digest.h"
#include "trust/claims.h"

#define KNOWN_MOST 4096		/* tokens */
#define KNOWN_CLAIMS_MOST 4096	/* bytes of one's claims: more are not kept */

enum known_kind {		/* where there is no room, the one furthest up gives way */
	KNOWN_NOTHING,
	KNOWN_UNSURE,		/* it was asked, and the answer could not be had */
	KNOWN_BAD,		/* it is not active, or not for us */
	KNOWN_GOOD		/* verified, or active: claims say the rest */
};
struct known_fact {
	enum known_kind kind;
	uint64_t edition;		/* of the keys that verified it (issuers.h); 0: none did */
	int64_t since_ms, until_ms;	/* wall clock */
	const char *note;		/* of KNOWN_BAD; static */
	const struct claims *claims;	/* of KNOWN_GOOD, else null */
};

struct known;
struct known *known_new(void);
void known_free(struct known **known);
void known_digest(size_t issuer, const char *token, unsigned char out[SHA256_LEN]);
/* Replaces what was known. False: the claims are too large to be kept. */
bool known_put(struct known *known, const unsigned char digest[SHA256_LEN], const struct known_fact *fact);
/* What counts at that moment; its claims in the pool. */
struct known_fact known_get(struct known *known, const unsigned char digest[SHA256_LEN], int64_t now_ms, struct pool *pool);

#endif
