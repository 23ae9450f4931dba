/* SPDX-License-Identifier: EUPL-1.2
 * Sets of keys: what is taken, what is passed over, and what spoils the set. */
#include "config.h"
#include "unit.h"

#include "keys.h"
#include "trust/jwk.h"

/* {"kty":..., "kid":..., "use":"sig"} of the public half; for free. */
static char *jwk_of(const char *pem, const char *kid)
{
	struct key *key = keys_private(pem);
	struct buf out = {0};

	jwk_print(key, kid, &out);
	key_free(&key);
	return out.p;
}


static struct jwks *parse(const char *text, bool secrets, struct err *err)
{
	return jwks_parse(text, strlen(text), secrets, err);
}

static const char *const pems[] = { RSA_PEM, P256_PEM, P384_PEM, ED25519_PEM };
static const enum key_kind kinds[] = { KEY_RSA, KEY_P256, KEY_P384, KEY_ED25519 };

START_TEST(a_key_comes_back_as_it_was_printed)
{
	for (size_t i = 0; i < 4; i++) {
		char *text = jwk_of(pems[i], "sleutel \"één\"");
		struct err err;
		struct jwks *set = parse(text, false, &err);
		struct buf again = {0};

		ck_assert_msg(set != NULL, "%s", err.text);
		ck_assert_uint_eq(set->n, 1);
		ck_assert_uint_eq(set->passed_over, 0);
		ck_assert_str_eq(set->v[0].kid, "sleutel \"één\"");
		ck_assert_int_eq(set->v[0].alg, ALG_NONE);
		ck_assert_int_eq(key_kind(set->v[0].key), kinds[i]);
		jwk_print(set->v[0].key, set->v[0].kid, &again);
		ck_assert_str_eq(again.p, text);
		buf_free(&again);
		jwks_free(&set);
		ck_assert_ptr_null(set);
		free(text);
	}
}
END_TEST

UNIT_MAIN("jwk", a_key_comes_back_as_it_was_printed)
