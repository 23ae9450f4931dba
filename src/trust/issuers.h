/* SPDX-License-Identifier: EUPL-1.2
 * What issuers say: their keys, which another process fetches into state_dir, and their answers about tokens, for as
 * long as they count. */
#ifndef TRUST_ISSUERS_H
#define TRUST_ISSUERS_H

#include "trust/jwk.h"
#include "trust/known.h"
#include "trust/trust.h"

struct issuers;
/* Borrows conf. problems (may be null): keys in files that are not sound. */
struct issuers *issuers_new(const struct conf *conf, struct problems *problems);
void issuers_free(struct issuers **issuers);
void issuers_consult(struct issuers *issuers, trust_wanted *wanted, void *arg);

/* The keys of an issuer as they are now, to be given back; null: there are none that count, and it cannot be known
 * what is right. Looks for newer ones at most once a second, in one thread; the others go on with those that are there.
 * From any thread. */
const struct jwks *issuers_keys(struct issuers *issuers, size_t issuer);
void issuers_keys_done(struct issuers *issuers, const struct jwks *keys);	/* null is allowed */
/* A token named a key that is not there: newer ones are wanted. Passed on at most once a second. */
void issuers_want(struct issuers *issuers, size_t issuer);
/* Of keys that issuers_keys gave. Fresh: no newer ones can be had now, because these were fetched less than a minute
 * ago or are the configuration's own. The edition is of these keys alone, and never 0. */
bool issuers_keys_fresh(const struct jwks *keys);
/* A key was not among them: whether it was not among those before either, so that nobody has it who was asked since.
 * kid null: any key without a name. */
bool issuers_keys_missed(const struct jwks *keys, const char *kid);
int64_t issuers_keys_fetched_ms(const struct jwks *keys);	/* wall clock; of the configuration's own: INT64_MAX */
uint64_t issuers_keys_edition(const struct jwks *keys);
/* What its tokens may be signed with: bits 1u << enum alg. */
unsigned issuers_algorithms(const struct issuers *issuers, size_t issuer);

/* Until when keys that were fetched then count, as the note about them says (wall clock; 0 where it says nothing): they
 * begin to be stale once they could not be fetched, and before that once they were due. */
int64_t issuer_keys_until_ms(const struct conf_issuer *conf, int64_t fetched_s, int64_t due_s, int64_t error_since_s);

/* What is known about tokens (known.h). */
struct known *issuers_known(struct issuers *issuers);
/* Answers to trust_question: keeps what the answer is worth for as long as it counts. Null: it cannot be had. */
void issuers_tell(struct issuers *issuers, const struct trust_question *question, const void *answer, size_t len);

#endif
