/* SPDX-License-Identifier: EUPL-1.2
 * A request that its sender signs, with what is believed about it. */
#ifndef TESTS_UNIT_HTTPSIG_RIG_H
#define TESTS_UNIT_HTTPSIG_RIG_H

#include "unit.h"
#include "trust/httpsig.h"

#define RIG_NOW 1700000000		/* seconds */
#define RIG_SECRET "een geheim van 32 tekens of meer"

struct rig {
	struct pool *pool;
	struct attr headers[40];
	struct message m;		/* POST https://example.com/hooks?a=b%20c&d=1 with a body and a Content-Type */
	struct jwk keys[4];		/* the first is a shared secret */
	struct jwks set;		/* of the first key */
	struct httpsig_rules rules;	/* as they are by default, with that set */
	struct httpsig_make make;	/* with the first key, now */
	const char *url;		/* of the endpoint; null */
	const char *why;		/* of the last verdict */
};

void rig_begin(struct rig *r);
void rig_end(struct rig *r);
/* With a private key in PEM instead of the secret. */
void rig_key(struct rig *r, enum alg alg, const char *pem);
void rig_add(struct rig *r, const char *name, const char *value);
/* The value of a header, to be changed; it is there. */
const char **rig_header(struct rig *r, const char *name);
void rig_remove(struct rig *r, const char *name);
struct httpsig_request rig_request(struct rig *r);
/* As httpsig_make makes it: headers are added. */
void rig_sign(struct rig *r);
/* By hand: the signature over just this member of Signature-Input, right as far as the RFC goes. Where that has no base
 * for it, over what is there up to there. The Content-Digest has to be there already. */
void rig_sign_input(struct rig *r, const char *label, const char *input);
enum httpsig_verdict rig_judge(struct rig *r);
/* It is refused, and because of that. */
void rig_refused(struct rig *r, const char *why);
void rig_good(struct rig *r);

/* What covers all that is asked for, by hand */
#define ALL "(\"@method\" \"@authority\" \"@path\" \"content-digest\" \"content-type\")"
#define NOW ";created=1700000000"
#define DIGEST "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"

/* A test with a request of its own */
#define ATTACK(name) \
	static void name##_with(struct rig *r); \
	START_TEST(name) \
	{ \
		struct rig r; \
		rig_begin(&r); \
		name##_with(&r); \
		rig_end(&r); \
	} \
	END_TEST \
	static void name##_with(struct rig *r)

#endif
