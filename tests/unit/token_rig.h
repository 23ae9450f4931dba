/* SPDX-License-Identifier: EUPL-1.2
 * Senders with tokens of issuers, tokens for them, and how they are judged. */
#ifndef TESTS_UNIT_TOKEN_RIG_H
#define TESTS_UNIT_TOKEN_RIG_H

#include "unit.h"

#include "keys.h"
#include "trust/jws.h"
#include "trust/trust.h"

#define NOW_S 1900000000	/* of requests; tokens are written for it */
#define NOW_MS (NOW_S * INT64_C(1000))

enum { IDP, OTHER, ASKED, ISSUERS };		/* RSA r1 and P-256 e1; P-256 o1; introspection */
enum { APP, SECOND, SENDERS };

struct rig {
	struct conf_issuer issuers[ISSUERS];
	struct conf_sender senders[SENDERS];
	size_t whose[ISSUERS];		/* issuers of the first sender */
	size_t all[SENDERS];		/* senders of the endpoint */
	struct conf_endpoint endpoint;
	struct conf conf;
	struct trust *trust;		/* null: rig_admit makes it */
	struct pool *pool;
	struct message m;
	struct attr headers[2];
	int64_t now_ms;
	bool asked;
	struct admitted admitted;
};

/* 'single' quotes for those of JSON; in the rig's pool. */
static inline char *rig_json(struct rig *rig, const char *text)
{
	char *json = pool_str(rig->pool, text);

	for (char *at = json; *at; at++)
		*at = *at == '\'' ? '"' : *at;
	return json;
}

/* {"keys":[...]} of PEM texts and their kids; in the rig's pool. */
static inline const char *rig_keys(struct rig *rig, const char *const pems[], const char *const kids[], size_t n)
{
	struct buf out = {0};
	const char *text;

	buf_str(&out, "{\"keys\":[");
	for (size_t i = 0; i < n; i++) {
		struct key *key = keys_private(pems[i]);

		buf_str(&out, i ? "," : "");
		jwk_print(key, kids[i], &out);
		key_free(&key);
	}
	buf_str(&out, "]}");
	text = pool_str(rig->pool, out.p);
	buf_free(&out);
	return text;
}

static inline struct conf_issuer rig_issuer(const char *name, const char *issuer)
{
	return (struct conf_issuer){ .name = name, .issuer = issuer, .algorithms = "RS256 PS256 ES256 ES384 EdDSA", .leeway_ms = 60000,
				     .audience = "https://hook.example urn:hook", .cache_ms = 60000, .refresh_ms = 600000,
				     .stale_ms = 86400000 };
}

static inline void rig_open(struct rig *rig)
{
	memset(rig, 0, sizeof *rig);
	rig->pool = pool_new();
	rig->issuers[IDP] = rig_issuer("idp", "https://idp.example");
	rig->issuers[IDP].jwks.ref = "file:idp.json";
	rig->issuers[IDP].jwks.text = rig_keys(rig, (const char *const []){ RSA_PEM, P256_PEM },
					       (const char *const []){ "r1", "e1" }, 2);
	rig->issuers[OTHER] = rig_issuer("other", "https://other.example");
	rig->issuers[OTHER].jwks.ref = "file:other.json";
	rig->issuers[OTHER].jwks.text = rig_keys(rig, (const char *const []){ OTHER_P256_PEM }, (const char *const []){ "o1" }, 1);
	rig->issuers[ASKED] = rig_issuer("asked", "https://asked.example");
	rig->issuers[ASKED].introspection = "https://asked.example/introspect";
	rig->senders[APP] = (struct conf_sender){ .name = "app", .issuers = rig->whose, .n_issuers = 1, .scopes = "events.write" };
	rig->all[1] = 1;
	rig->endpoint = (struct conf_endpoint){ .name = "hook", .senders = rig->all, .n_senders = 1 };
	rig->conf = (struct conf){ .file = "postvak.conf", .state_dir = unit_root, .endpoints = &rig->endpoint, .n_endpoints = 1,
				   .senders = rig->senders, .n_senders = SENDERS, .issuers = rig->issuers, .n_issuers = ISSUERS };
	rig->m = (struct message){ .query = "", .headers = rig->headers };
	rig->now_ms = NOW_MS;
}

static inline void rig_close(struct rig *rig)
{
	trust_free(&rig->trust);
	pool_free(&rig->pool);
}

static inline enum trust_verdict rig_admit(struct rig *rig)
{
	struct trust_request request = { .m = &rig->m, .pool = rig->pool, .now_ms = rig->now_ms, .asked = rig->asked };
	enum trust_verdict verdict;

	if (!rig->trust)
		rig->trust = trust_new(&rig->conf);
	verdict = trust_admit(rig->trust, &request, &rig->admitted);
	ck_assert((verdict == TRUST_OK) == (rig->admitted.why == NULL));
	return verdict;
}

/* As Authorization: Bearer. */
static inline enum trust_verdict rig_bear(struct rig *rig, const char *token)
{
	rig->headers[0] = (struct attr){ "authorization", pool_fmt(rig->pool, "Bearer %s", token) };
	rig->m.n_headers = 1;
	return rig_admit(rig);
}

/* With 'single' quotes. pem null: HS256 with the secret. */
struct rig_token {
	const char *pem;
	enum alg alg;
	const char *header, *claims, *secret;
};
static inline const char *rig_token(struct rig *rig, const struct rig_token *of)
{
	struct key *key = of->pem ? keys_private(of->pem) : NULL;
	const char *claims = rig_json(rig, of->claims);
	const struct jws_make make = { .header = rig_json(rig, of->header), .alg = of->alg, .key = key,
				       .secret = { of->secret, of->secret ? strlen(of->secret) : 0 },
				       .payload = &(struct span){ claims, strlen(claims) }, .n = 1 };
	struct buf out = {0};
	const char *token;
	struct err err;

	ck_assert_msg(jws_make(&make, &out, &err) == 0, "%s", err.text);
	token = pool_str(rig->pool, out.p);
	buf_free(&out);
	key_free(&key);
	return token;
}

/* Of the first issuer's RSA key. */
static inline const char *rig_rs256(struct rig *rig, const char *claims)
{
	return rig_token(rig, &(struct rig_token){ RSA_PEM, ALG_RS256, "{'alg':'RS256','kid':'r1'}", claims, NULL });
}

#endif
