/* SPDX-License-Identifier: EUPL-1.2
 * Targets of src/trust: tokens and sets of keys. */
#include "targets.h"

#include <stdlib.h>
#include <string.h>
#include "event/base64.h"
#include "trust/jws.h"

#define SECRET "0123456789abcdef0123456789abcdef"

/* Those of tests/unit/keys.h */
static const char public_keys[] = "{\"keys\":["
	"{\"kty\":\"RSA\",\"n\":\"1zqjCCZF3HTHO3MFg0Qer-7pqxV2uZTE1je32Pkdvj68O8HWaLgV_a_k1pknDayj4dP3V6UqJM8LBLpwhRG_H3ZorlLZWqYi"
	"fmZ2wl8R4j6tjqnKONcu5yNV0kmSl10L6NlXcNfGoeTAPlNYxYviAIWAk1pqWWDfmQXoozrrgOL5avCQ7JhzY6DClX52n0r3Y7xEvJ0RKCojisD-dQQ3FeLx"
	"EosLQqcblR--VP2mByGofBKhHV0on5W4TS_bmdG9X5iXmCrmKA7CFFoY0LVb7OGL2i5o7YlJyJ36vXisxqUUdHARRLzIHVva9pCSkOeYb53YZHJP3ibH7bmz"
	"zRAanw\",\"e\":\"AQAB\"},"
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"4ubt0NskeCS54VsQG06HfgJZu-zXzSy6jMYB5ZByrkg\","
	"\"y\":\"XqfvbVt9yjjrGgCcHr_d22brmJ791Dp-j22Gy8j1L-c\"},"
	"{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"KooRkjNWz03XSqGSqVnzvkwKWSwXAAGs4KTD15NCW2ejkvGZCxDzsx5Z_RQ3Etfn\","
	"\"y\":\"rXlhOse_IMqzZWeOlRhtynti8vgipsyDVai7-cEdLQtro4f_Q5RdseN1B9ex2HP_\"},"
	"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"66w-hJTYSfET_YGMuSDnOuiu1g4XO8jOP9x0kLP3p60\"}]}";

static void holds(int condition)
{
	if (!condition)
		abort();
}

static const struct jwks *public_set(void)
{
	static struct jwks *set;

	if (!set)
		set = jwks_parse(public_keys, strlen(public_keys), false, NULL);
	holds(set && set->n == 4);
	return set;
}

static const struct jwks *secret_set(void)
{
	static struct jwk secret = { .secret = { SECRET, sizeof SECRET - 1 } };
	static const struct jwks set = { .v = &secret, .n = 1 };

	return &set;
}

static const char *const known[] = { "sigD", "sigT", NULL };
static const struct jws_rules rules = { known };

/* There is one way to write what came out: base64url is strict, so nobody sends two tokens that mean the same. */
static void check_parts(const struct jws *jws, const char *text, size_t len)
{
	struct buf again = {0};

	buf_put(&again, jws->protected_.p, jws->protected_.len);
	buf_char(&again, '.');
	base64url_encode(&again, jws->payload.p, jws->payload.len);
	buf_char(&again, '.');
	base64url_encode(&again, jws->signature.p, jws->signature.len);
	holds(again.len == len && memcmp(again.p, text, len) == 0);
	buf_free(&again);
}

/* made_raw: it is one of ours, and this is whether its payload was signed as it is; -1: it is not ours. */
static void check_token(const char *text, size_t len, int made_raw)
{
	static const struct span body = { "body", 4 };
	struct pool *pool = pool_new();
	struct jws jws;
	const char *why;

	if (jws_split(pool, text, len, &rules, &jws, &why)) {
		struct jws_check check = { .keys = public_set(), .allowed = ~0u, .payload = jws.detached ? &body : NULL, .n = jws.detached };
		enum jws_verdict public = jws_verify(&jws, &check), secret;

		check.keys = secret_set();
		secret = jws_verify(&jws, &check);
		check_parts(&jws, text, len);
		holds(!why && jws.alg != ALG_NONE && len <= JWS_LEN_MAX && jws.signature.len && (!jws.raw || jws.detached));
		holds(public != JWS_GOOD || jws.alg != ALG_HS256);
		holds(secret != JWS_GOOD || jws.alg == ALG_HS256);
		holds(public != JWS_NO_KEY && secret != JWS_NO_KEY);	/* nobody has a name in these sets */
		holds(made_raw < 0 || (secret == JWS_GOOD) == (jws.alg == ALG_HS256 && jws.raw == made_raw));
		check.allowed &= ~(1u << jws.alg);
		holds(jws_verify(&jws, &check) == JWS_BAD);
		jws_drop(&jws);
	} else
		holds(why && !jws.header);
	pool_free(&pool);
}

/* A token; and once more the header of one, which is signed so that all that is not refused verifies. */
void run_jwt(const uint8_t *p, size_t len)
{
	struct pool *pool = pool_new();
	struct jws_make make = { .header = pool_strn(pool, (const char *)p, strnlen((const char *)p, len)), .alg = ALG_HS256,
				 .secret = secret_set()->v->secret, .payload = &(struct span){ "body", 4 }, .n = 1 };
	struct buf made = {0};

	check_token((const char *)p, len, -1);
	for (int form = 0; form < 3; form++) {
		make.raw = form == 2;
		make.detached = form > 0;
		buf_reset(&made);
		holds(jws_make(&make, &made, NULL) == 0);
		check_token(made.p, made.len, make.raw);
	}
	buf_free(&made);
	pool_free(&pool);
}

/* What is printed is the same key, and is printed in one way. */
static void check_key(const struct jwk *jwk)
{
	struct buf first = {0}, second = {0};
	struct jwks *again;

	holds(!jwk->kid || strlen(jwk->kid) <= 256);
	if (!jwk->key) {
		holds(jwk->secret.len && (jwk->alg == ALG_NONE || jwk->alg == ALG_HS256));
		return;
	}
	holds(jwk->alg == ALG_NONE || key_fits(key_kind(jwk->key), jwk->alg));
	jwk_print(jwk->key, jwk->kid, &first);
	again = jwks_parse(first.p, first.len, false, NULL);
	holds(again && again->n == 1 && !again->passed_over);
	jwk_print(again->v[0].key, again->v[0].kid, &second);
	holds(strcmp(first.p, second.p) == 0);
	holds(!jwk->kid == !again->v[0].kid && (!jwk->kid || strcmp(jwk->kid, again->v[0].kid) == 0));
	jwks_free(&again);
	buf_free(&first);
	buf_free(&second);
}

static void check_set(struct jwks *take_set, bool secrets)
{
	if (!take_set)
		return;
	holds(take_set->n && take_set->n + take_set->passed_over <= JWKS_MOST && !(secrets && take_set->passed_over));
	for (size_t i = 0; i < take_set->n; i++) {
		holds(secrets || take_set->v[i].key);
		check_key(&take_set->v[i]);
	}
	jwks_free(&take_set);
}

void run_jwk(const uint8_t *p, size_t len)
{
	struct pool *pool = pool_new();
	struct err err;

	check_set(jwks_parse(p, len, false, &err), false);
	check_set(jwks_parse(p, len, true, &err), true);
	check_set(jwks_read(pool_strn(pool, (const char *)p, strnlen((const char *)p, len)), &err), false);
	pool_free(&pool);
}
