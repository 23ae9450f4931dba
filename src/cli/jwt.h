/* SPDX-License-Identifier: EUPL-1.2
 * Tokens as issuers and senders make them: JWT (RFC 7519). Nothing is checked that a receiver can refuse. */
#ifndef CLI_JWT_H
#define CLI_JWT_H

#include "cli/draft.h"
#include "conf/conf.h"
#include "trust/crypto.h"

#define JWT_ENDLESS (-1)	/* a lifetime without exp */

struct jwt {			/* jwt_new */
	struct pool *pool;	/* borrowed */
	enum alg alg;
	const struct key *key;	/* private; or, of HS256, */
	const char *secret;
	const char *kid;	/* or null */
	const char *typ;
	struct draft_attr *claims;	/* in the order in which they came first */
	size_t n, room;
};

struct jwt jwt_new(struct pool *pool, size_t more);	/* room for so many claims besides those of ours */
/* One more claim, or another value of one that is there; each borrows. */
void jwt_text(struct jwt *jwt, const char *name, const char *value);
void jwt_json(struct jwt *jwt, const char *name, const char *json);
/* iat, and exp so much later. */
void jwt_times(struct jwt *jwt, int64_t iat_ms, int64_t lifetime_ms);
/* As ZGW APIs have it: iss, iat, exp, client_id, user_id and user_representation. */
void jwt_zgw(struct jwt *jwt, const char *client_id, int64_t iat_ms, int64_t lifetime_ms);
/* A token of the issuer that the sender's settings accept: iss, aud, sub, client_id, scope; times apart. */
void jwt_of_issuer(struct jwt *jwt, const struct conf_issuer *issuer, const struct conf_sender *sender);
/* It is bound to a TLS client certificate (RFC 8705 3.1). */
void jwt_bind(struct jwt *jwt, const struct cert *cert);
/* What such keys sign with: the first of a list of words, or (null) by their kind; ALG_NONE: none of them. */
enum alg jwt_alg(const struct key *key, const char *algorithms);
int jwt_make(const struct jwt *jwt, struct buf *out, struct err *err);

#endif
