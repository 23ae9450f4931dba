/* SPDX-License-Identifier: EUPL-1.2
 * HTTP Message Signatures (RFC 9421) of requests. In two floors: what a signature is made over, which is the RFC's
 * alone (httpsig_base), and which signatures are believed, which is ours (httpsig_verify). */
#ifndef TRUST_HTTPSIG_H
#define TRUST_HTTPSIG_H

#include "conf/conf.h"
#include "event/message.h"
#include "trust/jwk.h"
#include "trust/sfv.h"
#include "trust/target.h"

#define HTTPSIG_LABELS 8	/* signatures of one message that are looked at; the others are as if they were not there */
#define HTTPSIG_COMPONENTS 64	/* that one signature covers */
#define HTTPSIG_BASE_MAX (256u << 10)	/* bytes */

/* "ed25519" and so on (RFC 9421 3.3), and back; ALG_NONE, null: none of these. */
enum alg httpsig_alg(const char *name, size_t len);
const char *httpsig_alg_name(enum alg alg);

struct httpsig_request {
	const struct message *m;
	struct httpsig_target target;	/* target_read */
};

/* The signature base (2.5) of what a member of Signature-Input covers, appended to out. False: the RFC has none for it,
 * and *why says why (static). Fields and their sf, key and bs; derived components of requests; not tr, req, @status.
 * sf does not ask which kind of structured field it is: what is a field of several kinds is written alike as each. */
bool httpsig_base(const struct httpsig_request *request, const struct sfv_member *input, struct buf *out, const char **why);
/* Whether key (or secret, for ALG_HS256) made the signature over that base. */
bool httpsig_signed(const struct jwk *key, enum alg alg, const struct buf *base, struct span signature);

/* ---- what is believed ---- */

/* Words that have to be covered, whole: by a component of that name without key. a|b: one of them. @target-uri does for
 * @scheme, @authority, @path and @query, @request-target for @path and @query. content-type is asked for only where the
 * message has one; name* is every header whose name begins so: the attributes of a binary CloudEvent are headers. */
#define HTTPSIG_REQUIRED "@method @authority @path|@target-uri content-digest content-type ce-*"

struct httpsig_rules {
	const char *components;		/* as above */
	const char *tag;		/* that it has to have; null: any or none */
	unsigned allowed;		/* bits 1u << enum alg */
	int64_t max_age_ms;		/* that created may be off, either way; 0: created is not looked at */
	const struct jwks *keys;	/* public ones, or shared secrets, which are for hmac-sha256 alone */
};
/* All but the keys, as configured. -1 with err: an algorithm that is none. Borrows from signing. */
int httpsig_rules_read(const struct conf_signing *signing, struct httpsig_rules *out, struct err *err);

enum httpsig_verdict {
	HTTPSIG_GOOD,
	HTTPSIG_MISSING,	/* neither Signature-Input nor Signature */
	HTTPSIG_BAD,
	HTTPSIG_NO_KEY		/* keyid names a key that is not in the set: a newer set may have it */
};
/* One signature that keeps the rules is enough; without one, *why says what is wrong with the first (static; for the
 * log, never for the sender). A signature that covers nothing is never believed; nor one whose content-digest is not
 * the body's. Where keys of the set have names, keyid has to be one of them; else each key is tried. Where neither alg
 * nor the key says which of its kind's algorithms it is, each that is allowed is. */
enum httpsig_verdict httpsig_verify(const struct httpsig_request *request, const struct httpsig_rules *rules, int64_t now_ms,
				    const char **why);

/* ---- making ---- */

struct httpsig_make {
	const char *components;		/* as in the rules, in this order; of a|b the first is covered; null: HTTPSIG_REQUIRED */
	enum alg alg;
	struct jwk key;			/* a private key, or a secret; its kid, where it has one, is named as keyid */
	const char *tag;		/* or null */
	int64_t created_s;
};
/* Appends lines that end in a newline: Content-Digest: (sha-256, where that is to be covered and the message has none),
 * Signature-Input: and Signature:, labelled sig1. -1 with err: the message lacks what is to be covered, or the key does
 * not sign. */
int httpsig_make(const struct httpsig_make *make, const struct httpsig_request *request, struct buf *out, struct err *err);

#endif
