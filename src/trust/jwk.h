/* SPDX-License-Identifier: EUPL-1.2
 * Sets of keys: JWK Sets (RFC 7517) and PEM. */
#ifndef TRUST_JWK_H
#define TRUST_JWK_H

#include "trust/crypto.h"

#define JWKS_LEN_MAX (256u << 10)	/* bytes of a set */
#define JWKS_MOST 64			/* keys of a set */

struct jwk {
	const char *kid;	/* or null */
	enum alg alg;		/* the only one that it is for; ALG_NONE: any that its kind is for */
	struct key *key;	/* null: a shared secret (kty oct) */
	struct span secret;	/* of kty oct */
};
struct jwks {
	struct jwk *v;
	size_t n;
	size_t passed_over;	/* keys of a set that are not for us: another kty, use, key_ops or alg, or not sound */
	struct pool *pool;
};

/* A JWK Set, or one JWK: {"keys":[...]} or {"kty":...}. Public keys; private members (d, p, q ...) make a key one to be
 * passed over. Null with err: no JSON, members twice, too large, too many, or not one usable key (and why the first
 * was not). `secrets`: kty oct is taken too, which no set from a network may have. Such a set is our own, so none of its keys
 * may be of no use, it has secrets alone or public keys alone, and no two secrets have one kid. */
struct jwks *jwks_parse(const void *p, size_t len, bool secrets, struct err *err);
/* Every public key and certificate of a PEM text; no kid. A certificate is a wrapping for its key: its dates and issuer
 * do not count, and one of an authority that is in the text is a key like any other. */
struct jwks *jwks_pem(const char *text, struct err *err);
/* Whichever of the two the text is. */
struct jwks *jwks_read(const char *text, struct err *err);
void jwks_free(struct jwks **jwks);
/* Appends a JWK of a public or private key's public half; kid may be null. For stand-ins and for who has to publish a
 * key. */
void jwk_print(const struct key *key, const char *kid, struct buf *out);

#endif
