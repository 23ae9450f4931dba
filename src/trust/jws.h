/* SPDX-License-Identifier: EUPL-1.2
 * JSON Web Signatures in their compact form (RFC 7515), with a payload inside, or detached (RFC 7515 appendix F,
 * RFC 7797). What is signed, and by which key; not yet what the claims are worth. */
#ifndef TRUST_JWS_H
#define TRUST_JWS_H

#include "event/json.h"
#include "trust/jwk.h"

#define JWS_LEN_MAX (16u << 10)		/* bytes of a token */

struct jws {			/* split and decoded; nothing is verified yet */
	struct json_object *header;
	enum alg alg;		/* never ALG_NONE */
	const char *kid;	/* or null */
	bool raw;		/* b64 is false, and crit says so: the payload is signed as it is, and detached */
	bool detached;		/* there is no payload inside */
	struct span protected_;	/* the header's digits as sent */
	struct span encoded;	/* the payload's digits as sent */
	struct span payload;	/* decoded */
	struct span signature;	/* decoded */
};

struct jws_rules {
	const char *const *crit;	/* header members that may stand in crit besides b64 and are understood; ended by null; or null */
};

/* False: it is not a JWS that is taken, and *why says what is wrong (static; for the log, never for the sender).
 * Refused: more than JWS_LEN_MAX bytes, other than three parts, base64url that is not strict (padding, stray bits or
 * characters), a header that is no object or has members twice, an alg that is unknown or none, a crit that is empty,
 * repeats, names what is not there or not understood; b64 without crit, or false with a payload inside. jku, x5u, jwk
 * and x5c are not looked at. What it points to is in the pool and in text, but for header (and kid, which is in it):
 * jws_drop, when it was true. */
bool jws_split(struct pool *pool, const char *text, size_t len, const struct jws_rules *rules, struct jws *out, const char **why);
void jws_drop(struct jws *jws);

enum jws_verdict {
	JWS_GOOD,
	JWS_BAD,		/* no key made this signature, or alg is not allowed, or the key is not for it */
	JWS_NO_KEY		/* kid names a key that is not in the set: a newer set may have it */
};
/* With each key that kid names; where the JWS has no kid, or no key of the set has one (PEM), with each of the set.
 * allowed: bits 1u << enum alg. Shared secrets of the set are for HS256 alone, and public keys never for it. A secret is
 * at least 32 bytes, unless `short_secrets`, and never empty. payload: what is signed when it is detached; where there is
 * one, a JWS with a payload of its own inside is bad. */
struct jws_check {
	const struct jwks *keys;
	unsigned allowed;
	bool short_secrets;
	const struct span *payload;	/* n spans, or null */
	size_t n;
};
enum jws_verdict jws_verify(const struct jws *jws, const struct jws_check *check);

/* Appends one: header is the JSON text of the protected header, which has to say the same alg (and b64 false in crit,
 * when it is raw). With a private key, or (HS256) a secret. detached: the payload is signed and not inside; raw: signed
 * as it is, and detached as well. -1 with err: the key is not for that, and out is as it was. */
struct jws_make {
	const char *header;
	enum alg alg;
	const struct key *key;
	struct span secret;
	const struct span *payload;
	size_t n;
	bool detached, raw;
};
int jws_make(const struct jws_make *make, struct buf *out, struct err *err);

#endif
