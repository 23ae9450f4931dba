/* SPDX-License-Identifier: EUPL-1.2
 * Issuers and what is known of their keys, for who lists them. */
#ifndef CLI_KEYS_VIEW_H
#define CLI_KEYS_VIEW_H

#include "keys/shelf.h"
#include "trust/jwk.h"

struct keys_view {
	const struct conf_issuer *issuer;
	const char *kind;		/* "file", "jwks", "discovery", "introspection" */
	struct note note;		/* empty where nothing is fetched */
	struct jwks *keys;		/* null: none */
	const char *why;		/* why there are none; in the pool, or null */
	int64_t until_ms;		/* wall clock: until when they count if no others come; 0: there is no such time */
	bool usable;			/* its tokens can be checked, as far as that is known here */
};

/* What there is now; keys_view_free. */
void keys_view_load(const struct conf *conf, const struct conf_issuer *issuer, struct pool *pool, struct keys_view *out);
void keys_view_free(struct keys_view *view);
bool keys_view_fetched(const struct keys_view *view);	/* its keys come over the network */
/* "RS256", or for a key that says nothing the kind that it is: "RSA", "P-256", "P-384", "Ed25519". */
const char *jwk_kind_name(const struct jwk *jwk);

#endif
