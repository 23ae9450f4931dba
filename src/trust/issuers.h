/* SPDX-License-Identifier: EUPL-1.2
 * What issuers say: their keys, which another process fetches into state_dir, and their answers about tokens, for as
 * long as they count. */
#ifndef TRUST_ISSUERS_H
#define TRUST_ISSUERS_H

#include "trust/jwk.h"
#include "trust/trust.h"

struct issuers;
/* Borrows conf. problems (may be null): keys in files that are not sound. */
struct issuers *issuers_new(const struct conf *conf, struct problems *problems);
void issuers_free(struct issuers **issuers);
void issuers_consult(struct issuers *issuers, trust_wanted *wanted, void *arg);

/* The keys of an issuer as they are now, to be given back; null: there are none that count, and it cannot be known
 * what is right. Looks for newer ones at most once a second. From any thread. */
const struct jwks *issuers_keys(struct issuers *issuers, size_t issuer);
void issuers_keys_done(struct issuers *issuers, const struct jwks *keys);
/* A token named a key that is not there: newer ones are wanted. */
void issuers_want(struct issuers *issuers, size_t issuer);

/* Answers to trust_question, by digest of the token. */
void issuers_tell(struct issuers *issuers, const struct trust_question *question, const void *answer, size_t len);

#endif
