/* SPDX-License-Identifier: EUPL-1.2
 * The ways to sign an event: a row for each value of the setting `signature`. Private to src/trust. */
#ifndef TRUST_SCHEME_H
#define TRUST_SCHEME_H

#include "trust/jwk.h"
#include "trust/jws.h"
#include "trust/proof.h"
#include "trust/sign.h"
#include "trust/target.h"
#include "trust/template.h"

struct scheme {
	const char *name;	/* in the setting */
	const char *header;	/* of the signature, if signature.header does not say so; lower case */
	/* Null with err: the settings are not sound. */
	void *(*prepare)(const struct workshop *workshop, const struct conf_sender *sender, struct err *err);
	void (*drop)(void *prepared);
	/* TRUST_MISSING: that header is not there or empty. Else it sets the trial's note, for the log, unless TRUST_OK. */
	enum trust_verdict (*check)(const void *prepared, struct trial *trial);
	/* Appends headers as lines. */
	int (*make)(const struct sign_order *order, struct buf *lines, struct err *err);
	bool headers;		/* it covers headers of the message: those that signature.components asks for */
};
/* By enum conf_signature; that of SIGNATURE_NONE has a name alone. */
extern const struct scheme schemes[SIGNATURES];
const char *scheme_header(const struct conf_signing *signing);

/* The functions of the rows, each kind in a file of its own */
#define SCHEME_FUNCTIONS(kind) \
	void *kind##_prepare(const struct workshop *workshop, const struct conf_sender *sender, struct err *err); \
	void kind##_drop(void *prepared); \
	enum trust_verdict kind##_check(const void *prepared, struct trial *trial); \
	int kind##_make(const struct sign_order *order, struct buf *lines, struct err *err)
SCHEME_FUNCTIONS(hmac);		/* scheme_hmac.c */
SCHEME_FUNCTIONS(standard);	/* scheme_standard.c */
SCHEME_FUNCTIONS(detached);	/* scheme_jws.c */
SCHEME_FUNCTIONS(adr);		/* scheme_adr.c */
SCHEME_FUNCTIONS(rfc9421);	/* scheme_rfc9421.c */

/* ---- what those that check share ---- */

/* The next word behind *at, which goes on; false: there is none any more. */
bool scheme_word(const char **at, struct span *word);

/* TRUST_WRONG, with that note. */
enum trust_verdict scheme_wrong(struct trial *trial, const char *note);
/* The signature's header, which has to be there once: else null and the verdict. */
const char *scheme_value(struct trial *trial, enum trust_verdict *verdict);
struct window scheme_window(const struct trial *trial);

struct scheme_secrets {		/* copies, wiped when they are given back */
	size_t n;
	struct span *v;
};
/* An empty one is left out: it would let in who signs with nothing. */
void scheme_secrets_add(struct scheme_secrets *secrets, const void *p, size_t len);
void scheme_secrets_free(struct scheme_secrets *secrets);

/* The template of a scheme that has one, with what the settings change of it; borrows from them. */
int scheme_template(const struct conf_signing *signing, struct template *out, struct err *err);
/* Of a request; timestamp and id are left to template_read. */
struct template_fill scheme_fill(const struct trial *trial);

struct scheme_keys {		/* of schemes with public keys, or (HS256) shared secrets */
	const struct workshop *workshop;
	const struct conf_issuer *issuer;	/* who publishes them; null: they are our own */
	struct jwks *own;
	struct scheme_secrets secrets;
	unsigned allowed;			/* what they may be used for: bits 1u << enum alg; set by who has them */
};
struct scheme_keys *scheme_keys_new(const struct workshop *workshop, const struct conf_signing *signing, struct err *err);
void scheme_keys_drop(void *keys);
/* As they are now, to be given back; null: there are none, which is TRUST_UNSURE. */
const struct jwks *scheme_keys_take(const struct scheme_keys *keys, struct trial *trial);
void scheme_keys_done(const struct scheme_keys *keys, const struct jwks *set);
/* Newer ones may fit, if an issuer publishes them. */
void scheme_keys_want(const struct scheme_keys *keys);
/* The verdict when a signature names a key that is not in the set. */
enum trust_verdict scheme_keys_lack(const struct scheme_keys *keys, const struct jwks *set, struct trial *trial);

#define SCHEME_PUBLIC (1u << ALG_RS256 | 1u << ALG_PS256 | 1u << ALG_ES256 | 1u << ALG_ES384 | 1u << ALG_EDDSA)
#define SCHEME_JWA (SCHEME_PUBLIC | 1u << ALG_HS256)
/* The words of signature.algorithms (names of JWA) as bits; null: `fallback`. */
int scheme_algorithms(const char *words, unsigned fallback, unsigned *out, struct err *err);
/* As it is prepared: the keys of a sender that signs with JWS. */
struct scheme_keys *scheme_jws_keys(const struct workshop *workshop, const struct conf_sender *sender, unsigned fallback,
				    struct err *err);
/* The signature's header as a detached JWS, of which crit may name those members; false: it is not, and the verdict. */
bool scheme_jws_read(struct trial *trial, const char *const *crit, struct jws *out, enum trust_verdict *verdict);
/* Verifies it over the payload. */
enum trust_verdict scheme_jws_verify(const struct scheme_keys *keys, const struct jws *jws, struct span payload,
				     struct trial *trial);
/* Whether the time in its header's iat, if it has one, is in the window. Null, or what is wrong. */
const char *scheme_jws_iat(const struct jws *jws, const struct window *window, bool *there);

/* ---- what those that make share ---- */

/* A request that is to be signed, as its receiver will see it. */
struct sign_view {
	struct pool *pool;
	struct message m;
	struct httpsig_target target;
};
int sign_view_open(struct sign_view *view, const struct sign_order *order, struct err *err);
void sign_view_close(struct sign_view *view);
/* A header that is added to it, and to the lines. */
void sign_view_add(struct sign_view *view, const char *name, const char *value, struct buf *lines);

typedef int sign_template_fn(const struct sign_order *order, const struct template *t, const struct template_fill *fill,
			     struct buf *lines, struct err *err);
/* The way of all that have a template: fn signs with what is filled in. */
int sign_template(const struct sign_order *order, sign_template_fn *fn, struct buf *lines, struct err *err);
/* Null with err: the order has none. */
const char *sign_secret(const struct sign_order *order, struct err *err);
/* With what the order's key or secret signs, of those allowed; ALG_NONE with err: with nothing. */
enum alg sign_alg(const struct sign_order *order, unsigned allowed, struct err *err);
/* Appends the signature's header: a detached JWS over the payload. `members` are those of its header besides alg and kid, each
 * with a comma before it. */
int sign_jws(const struct sign_order *order, unsigned allowed, const char *members, struct span payload, struct buf *lines,
	     struct err *err);

#endif
