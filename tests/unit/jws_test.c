/* SPDX-License-Identifier: EUPL-1.2
 * JSON Web Signatures: what was signed verifies, and each attack that is known is refused. */
#include "config.h"
#include "unit.h"

#include "keys.h"
#include "base/mem.h"
#include "event/base64.h"
#include "trust/jws.h"

#define SECRET "0123456789abcdef0123456789abcdef"
#define ANY 0xffffu			/* every alg is allowed */
#define CLAIMS "{\"sub\":\"x\"}"
#define WHOLE(text) (&(struct span){ text, strlen(text) })

/* {"alg":"PS256"} and CLAIMS by RSA_PEM, with a salt of 32 bytes, and of 20. */
#define PSS_SALT_32 "eyJhbGciOiJQUzI1NiJ9.eyJzdWIiOiJ4In0.l4pyi0MZP9ArjT4-Dk3hsgC_DTpEjpetgOsp1K3eAmRZvd9ey2rQHoFAHZHmtzBA_jBu" \
	"IteTWocynucNOk0o9HZ7vPOu09p2durOMoVTqHjA3r-syHXI10mEfspuhjDPaV_4vQdydVYjfsS8o9a6tJRuhbibxeABdkuujjMXt1RLuyx67kYSdFvX" \
	"zcSvmCv0goPbaBDBmPbKSjvDjKi2jHKHVkXjppzAtfLi9FinrV2JzJr_S-r7jmW2QEbNidhw1-7gh_VyCShGGzkc0dRUbsONoy_Mfl5tfeoHlaLTzh3x" \
	"Z7sRK87DENxqSjTde0aOILeh29ef4ptPFEEwGUZD-Q"
#define PSS_SALT_20 "eyJhbGciOiJQUzI1NiJ9.eyJzdWIiOiJ4In0.P9dQElBUJWLuMb00Ayc-gfMwyTn1DA13tJWTzQRgDdNVB7WaTWanAgrCHV_5kilznK63" \
	"UGgV58aH-cj7tDt_1KYzuLb3SxOYza_vj86S1ydTkbEqQa2vLLDcmwo2hek11gwxHCV1ovYzvhSyRwnkCaWfzz_ew_4bG8KdYgQWk3WFRjQafRWmHtK6" \
	"NwTlum0VoF02S6AfC_YEK2fOdmEGw4f0xX0dD38WikNorKfXTgyqq6iJs4RtyWcv93YKtyi9Qk4aSkCfkVGiCM7BYjufc58_0Rl-JHQ2XdWZAelZ_qPe" \
	"KVyODTyrA0cx3hA9F6V1csUqT5pQoEmtQJ834L1WaA"

/* ---- tools ---- */

/* header.payload, signed by that key or (pem null) with SECRET; for free. */
static char *token(const char *header, enum alg alg, const char *pem, const char *payload)
{
	struct key *key = pem ? keys_private(pem) : NULL;
	struct jws_make make = { .header = header, .alg = alg, .key = key, .secret = { SECRET, 32 },
				 .payload = WHOLE(payload), .n = 1 };
	struct buf out = {0};
	struct err err;

	ck_assert_msg(jws_make(&make, &out, &err) == 0, "%s", err.text);
	key_free(&key);
	return out.p;
}

/* header.payload.signature of any bytes; for free. */
static char *assemble(const char *header, const char *payload, const void *signature, size_t len)
{
	struct buf out = {0};

	base64url_encode(&out, header, strlen(header));
	buf_char(&out, '.');
	base64url_encode(&out, payload, strlen(payload));
	buf_char(&out, '.');
	base64url_encode(&out, signature, len);
	return out.p;
}

/* {"alg":"HS256"}.CLAIMS with any secret, even an empty one; for free. */
static char *hs256(const char *secret)
{
	char *text = assemble("{\"alg\":\"HS256\"}", CLAIMS, "", 0);
	struct buf out = {0};
	unsigned char mac[HASH_MAX];

	text[strlen(text) - 1] = '\0';
	hmac_spans(HASH_SHA256, secret, strlen(secret), WHOLE(text), 1, mac);
	buf_fmt(&out, "%s.", text);
	base64url_encode(&out, mac, 32);
	free(text);
	return out.p;
}

/* The bytes of the third part. */
static size_t signature_of(const char *text, unsigned char *out)
{
	const char *last = strrchr(text, '.') + 1;
	size_t len;

	ck_assert(base64url_decode(last, strlen(last), out, &len));
	return len;
}

/* A set of public halves; kids may have nulls. */
static struct jwks *set_of(size_t n, const char *const *pems, const char *const *kids)
{
	struct buf text = {0};
	struct jwks *set;
	struct err err;

	buf_str(&text, "{\"keys\":[");
	for (size_t i = 0; i < n; i++) {
		struct key *key = keys_private(pems[i]);

		buf_str(&text, i ? "," : "");
		jwk_print(key, kids[i], &text);
		key_free(&key);
	}
	buf_str(&text, "]}");
	set = jwks_parse(text.p, text.len, false, &err);
	ck_assert_msg(set && set->n == n, "%s", err.text);
	buf_free(&text);
	return set;
}

static struct jwks *one_key(const char *pem)
{
	return set_of(1, &pem, (const char *[]){ NULL });
}

static struct jwks secret_set(struct jwk *jwk, const char *secret)
{
	*jwk = (struct jwk){ .secret = { secret, strlen(secret) } };
	return (struct jwks){ .v = jwk, .n = 1 };
}

static enum jws_verdict verdict_of(const char *text, const struct jws_check *check, const struct jws_rules *rules)
{
	struct pool *pool = pool_new();
	enum jws_verdict verdict;
	struct jws jws;
	const char *why;

	ck_assert_msg(jws_split(pool, text, strlen(text), rules, &jws, &why), "%s: %s", text, why);
	verdict = jws_verify(&jws, check);
	jws_drop(&jws);
	pool_free(&pool);
	return verdict;
}

static enum jws_verdict verdict(const char *text, const struct jwks *keys)
{
	return verdict_of(text, &(struct jws_check){ .keys = keys, .allowed = ANY }, NULL);
}

/* The token, which it frees, with the one key of that text. */
static void judged(enum jws_verdict expected, char *take_text, const char *pem)
{
	struct jwks *set = one_key(pem);

	ck_assert_msg(verdict(take_text, set) == expected, "%s", take_text);
	jwks_free(&set);
	free(take_text);
}

static void not_taken(const char *text, size_t len, const struct jws_rules *rules, const char *reason)
{
	struct pool *pool = pool_new();
	struct jws jws;
	const char *why = "taken";

	ck_assert(!jws_split(pool, text, len, rules, &jws, &why));
	ck_assert_msg(strstr(why, reason) != NULL, "%s: %s", text, why);
	ck_assert_ptr_null(jws.header);
	pool_free(&pool);
}

static void refused(const char *text, const char *reason)
{
	not_taken(text, strlen(text), NULL, reason);
}

/* With that header, and a signature of P-256 that is right. */
static void refused_header(const char *header, const char *reason)
{
	char *text = token(header, ALG_ES256, P256_PEM, CLAIMS);

	refused(text, reason);
	free(text);
}

/* ---- what is good ---- */

static const struct { enum alg alg; const char *pem; } rows[] = {
	{ ALG_RS256, RSA_PEM }, { ALG_PS256, RSA_PEM }, { ALG_PS512, RSA_PEM }, { ALG_ES256, P256_PEM },
	{ ALG_ES384, P384_PEM }, { ALG_EDDSA, ED25519_PEM }, { ALG_HS256, NULL },
};
#define ROWS (sizeof rows / sizeof *rows)

START_TEST(what_was_signed_verifies)
{
	for (size_t i = 0; i < ROWS; i++) {
		char *header = str_fmt("{\"alg\":\"%s\"}", alg_name(rows[i].alg));
		char *text = token(header, rows[i].alg, rows[i].pem, CLAIMS);
		struct jwk secret;
		struct jwks secrets = secret_set(&secret, SECRET), *set = rows[i].pem ? one_key(rows[i].pem) : &secrets;

		ck_assert_int_eq(verdict(text, set), JWS_GOOD);
		free(text);
		text = token(header, rows[i].alg, rows[i].pem, "{\"sub\":\"y\"}");
		memcpy(strchr(text, '.'), ".eyJzdWIiOiJ4In0", 16);	/* CLAIMS, as long as the other */
		ck_assert_int_eq(verdict(text, set), JWS_BAD);
		free(text);
		free(header);
		if (set != &secrets)
			jwks_free(&set);
	}
}
END_TEST

START_TEST(the_parts_come_out)
{
	struct pool *pool = pool_new();
	char *text = token("{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":\"JWT\"}", ALG_ES256, P256_PEM, CLAIMS);
	struct json_object *typ;
	struct jws jws;
	const char *why;

	ck_assert(jws_split(pool, text, strlen(text), NULL, &jws, &why));
	ck_assert_ptr_null(why);
	ck_assert_int_eq(jws.alg, ALG_ES256);
	ck_assert_str_eq(jws.kid, "k");
	ck_assert(!jws.raw && !jws.detached);
	ck_assert(json_member(jws.header, "typ", &typ));
	ck_assert_str_eq(json_text(typ), "JWT");
	ck_assert_uint_eq(jws.payload.len, strlen(CLAIMS));
	ck_assert_mem_eq(jws.payload.p, CLAIMS, jws.payload.len);
	ck_assert_uint_eq(jws.signature.len, 64);
	jws_drop(&jws);
	pool_free(&pool);
	free(text);
}
END_TEST

START_TEST(what_has_no_key_cannot_be_made)
{
	struct key *key = keys_private(RSA_PEM), *public;
	struct buf out = {0};
	const char *rest;
	struct err err;

	buf_str(&out, "x");
	ck_assert_int_eq(jws_make(&(struct jws_make){ .header = "{}", .alg = ALG_ES256, .key = key }, &out, &err), -1);
	ck_assert_str_eq(err.text, "this key is not for ES256");
	ck_assert_int_eq(jws_make(&(struct jws_make){ .header = "{}", .alg = ALG_RS256 }, &out, &err), -1);
	ck_assert_int_eq(jws_make(&(struct jws_make){ .header = "{}", .alg = ALG_HS256, .key = key }, &out, &err), -1);
	ck_assert_int_eq(jws_make(&(struct jws_make){ .header = "{}", .alg = ALG_NONE, .key = key }, &out, &err), -1);
	public = key_pem(RSA_PUBLIC_PEM, false, &rest, &err);
	ck_assert_int_eq(jws_make(&(struct jws_make){ .header = "{}", .alg = ALG_RS256, .key = public }, &out, &err), -1);
	ck_assert_str_eq(out.p, "x");
	key_free(&key);
	key_free(&public);
	buf_free(&out);
}
END_TEST

/* ---- alg ---- */

static void refused_alg(const char *alg)
{
	char *header = str_fmt("{\"alg\":%s}", alg), *text = assemble(header, CLAIMS, "", 0);

	refused(text, "not signed");
	free(text);
	text = assemble(header, CLAIMS, "signature", 9);
	refused(text, "alg");
	free(text);
	free(header);
}

START_TEST(alg_none_is_refused) { refused_alg("\"none\""); } END_TEST
START_TEST(alg_None_is_refused) { refused_alg("\"None\""); } END_TEST
START_TEST(alg_NONE_is_refused) { refused_alg("\"NONE\""); } END_TEST
START_TEST(alg_nOnE_is_refused) { refused_alg("\"nOnE\""); } END_TEST

START_TEST(an_unknown_alg_is_refused)
{
	refused_alg("\"\"");
	refused_alg("\"es256\"");
	refused_alg("\"ES256 \"");
	refused_alg("\"ES256\\u0000\"");
	refused_alg("\"HS512\"");
	refused_alg("7");
	refused_alg("null");
	refused_alg("[\"ES256\"]");
	refused_header("{\"typ\":\"JWT\"}", "alg is no text, or not there");
	refused_header("{\"ALG\":\"ES256\"}", "alg is no text, or not there");
}
END_TEST

START_TEST(an_alg_that_is_not_allowed_is_bad)
{
	const char *pem = P256_PEM, *kid = "a";
	struct jwks *set = set_of(1, &pem, &kid);
	struct jws_check check = { .keys = set, .allowed = ANY & ~(1u << ALG_ES256) };
	char *text = token("{\"alg\":\"ES256\",\"kid\":\"a\"}", ALG_ES256, P256_PEM, CLAIMS);
	char *unknown = token("{\"alg\":\"ES256\",\"kid\":\"b\"}", ALG_ES256, P256_PEM, CLAIMS);

	ck_assert_int_eq(verdict_of(text, &check, NULL), JWS_BAD);
	ck_assert_int_eq(verdict_of(unknown, &check, NULL), JWS_BAD);	/* and no reason to fetch keys */
	check.allowed = 1u << ALG_ES256;
	ck_assert_int_eq(verdict_of(text, &check, NULL), JWS_GOOD);
	check.allowed = 0;
	ck_assert_int_eq(verdict_of(text, &check, NULL), JWS_BAD);
	free(text);
	free(unknown);
	jwks_free(&set);
}
END_TEST

/* ---- confusion of keys ---- */

START_TEST(the_PEM_of_a_public_key_is_no_HMAC_secret)
{
	struct err err;
	struct jwks *set = jwks_pem(RSA_PUBLIC_PEM, &err);
	char *text = hs256(RSA_PUBLIC_PEM);

	ck_assert_int_eq(verdict(text, set), JWS_BAD);
	jwks_free(&set);
	free(text);
}
END_TEST

START_TEST(an_RSA_JWK_without_alg_is_no_empty_HMAC_secret)
{
	judged(JWS_BAD, hs256(""), RSA_PEM);
}
END_TEST

START_TEST(a_public_key_of_any_kind_is_no_HMAC_secret)
{
	for (size_t i = 0; i + 1 < ROWS; i++) {
		struct key *key = keys_private(rows[i].pem);
		struct buf jwk = {0};

		jwk_print(key, NULL, &jwk);
		judged(JWS_BAD, hs256(jwk.p), rows[i].pem);
		judged(JWS_BAD, hs256(""), rows[i].pem);
		key_free(&key);
		buf_free(&jwk);
	}
}
END_TEST

START_TEST(an_RSA_signature_that_says_HS256_is_bad)
{
	judged(JWS_BAD, token("{\"alg\":\"HS256\"}", ALG_RS256, RSA_PEM, CLAIMS), RSA_PEM);
}
END_TEST

START_TEST(a_MAC_that_says_another_alg_is_bad)
{
	struct jwk secret;
	struct jwks set = secret_set(&secret, SECRET);

	for (size_t i = 0; i < ROWS; i++) {
		char *header = str_fmt("{\"alg\":\"%s\"}", alg_name(rows[i].alg));
		char *text = token(header, ALG_HS256, NULL, CLAIMS);

		ck_assert_int_eq(verdict(text, &set), rows[i].alg == ALG_HS256 ? JWS_GOOD : JWS_BAD);
		free(text);
		free(header);
	}
}
END_TEST

START_TEST(a_secret_is_for_HS256_alone)
{
	struct jwk secret;
	struct jwks set = secret_set(&secret, SECRET);

	for (size_t i = 0; i + 1 < ROWS; i++) {
		char *header = str_fmt("{\"alg\":\"%s\"}", alg_name(rows[i].alg));
		char *text = token(header, rows[i].alg, rows[i].pem, CLAIMS);

		ck_assert_int_eq(verdict(text, &set), JWS_BAD);
		free(text);
		free(header);
	}
}
END_TEST

START_TEST(a_short_secret_is_only_for_who_allows_it)
{
	struct jwk secret;
	struct jwks set = secret_set(&secret, "0123456789abcdef0123456789abcde");
	struct jws_check check = { .keys = &set, .allowed = ANY };
	char *text = hs256("0123456789abcdef0123456789abcde");

	ck_assert_int_eq(verdict_of(text, &check, NULL), JWS_BAD);
	check.short_secrets = true;
	ck_assert_int_eq(verdict_of(text, &check, NULL), JWS_GOOD);
	free(text);
}
END_TEST

START_TEST(an_empty_secret_is_never_one)
{
	struct jwk secret;
	struct jwks set = secret_set(&secret, "");
	char *text = hs256("");

	ck_assert_int_eq(verdict_of(text, &(struct jws_check){ .keys = &set, .allowed = ANY, .short_secrets = true }, NULL), JWS_BAD);
	free(text);
}
END_TEST

START_TEST(a_key_without_alg_is_for_what_its_kind_is_for)
{
	judged(JWS_GOOD, token("{\"alg\":\"RS256\"}", ALG_RS256, RSA_PEM, CLAIMS), RSA_PEM);
	judged(JWS_GOOD, token("{\"alg\":\"PS256\"}", ALG_PS256, RSA_PEM, CLAIMS), RSA_PEM);
	judged(JWS_BAD, token("{\"alg\":\"PS256\"}", ALG_RS256, RSA_PEM, CLAIMS), RSA_PEM);
	judged(JWS_BAD, token("{\"alg\":\"RS256\"}", ALG_PS256, RSA_PEM, CLAIMS), RSA_PEM);
}
END_TEST

START_TEST(the_alg_of_a_key_is_the_only_one)
{
	struct jwks *set = one_key(RSA_PEM);
	char *text = token("{\"alg\":\"RS256\"}", ALG_RS256, RSA_PEM, CLAIMS);

	set->v[0].alg = ALG_PS256;
	ck_assert_int_eq(verdict(text, set), JWS_BAD);
	set->v[0].alg = ALG_RS256;
	ck_assert_int_eq(verdict(text, set), JWS_GOOD);
	jwks_free(&set);
	free(text);
}
END_TEST

START_TEST(a_key_of_another_kind_is_bad)
{
	for (size_t i = 0; i + 1 < ROWS; i++)
		for (size_t key = 0; key + 1 < ROWS; key++) {
			char *header = str_fmt("{\"alg\":\"%s\"}", alg_name(rows[i].alg));
			bool same = strcmp(rows[i].pem, rows[key].pem) == 0;

			judged(same ? JWS_GOOD : JWS_BAD, token(header, rows[i].alg, rows[i].pem, CLAIMS), rows[key].pem);
			free(header);
		}
}
END_TEST

START_TEST(ES256_by_a_key_of_P_384_is_bad)
{
	char *text = token("{\"alg\":\"ES256\"}", ALG_ES384, P384_PEM, CLAIMS);
	unsigned char signature[BASE64URL_DECODED(128)];

	ck_assert_uint_eq(signature_of(text, signature), 96);
	judged(JWS_BAD, assemble("{\"alg\":\"ES256\"}", CLAIMS, signature, 64), P384_PEM);
	judged(JWS_BAD, text, P384_PEM);
}
END_TEST

/* ---- kid ---- */

static char *named(const char *kid)
{
	char *header = str_fmt("{\"alg\":\"ES256\",\"kid\":\"%s\"}", kid), *text = token(header, ALG_ES256, P256_PEM, CLAIMS);

	free(header);
	return text;
}

static enum jws_verdict verdict_named(const char *kid, size_t n, const char *const *pems, const char *const *kids)
{
	struct jwks *set = set_of(n, pems, kids);
	char *text = named(kid);
	enum jws_verdict v = verdict(text, set);

	jwks_free(&set);
	free(text);
	return v;
}

START_TEST(a_kid_that_is_not_in_the_set_has_no_key)
{
	ck_assert_int_eq(verdict_named("a", 1, (const char *[]){ P256_PEM }, (const char *[]){ "b" }), JWS_NO_KEY);
	ck_assert_int_eq(verdict_named("", 1, (const char *[]){ P256_PEM }, (const char *[]){ "b" }), JWS_NO_KEY);
	ck_assert_int_eq(verdict_named("A", 1, (const char *[]){ P256_PEM }, (const char *[]){ "a" }), JWS_NO_KEY);
	ck_assert_int_eq(verdict_named("a", 2, (const char *[]){ P256_PEM, RSA_PEM }, (const char *[]){ NULL, "b" }), JWS_NO_KEY);
}
END_TEST

START_TEST(a_kid_chooses_the_key)
{
	ck_assert_int_eq(verdict_named("a", 1, (const char *[]){ P256_PEM }, (const char *[]){ "a" }), JWS_GOOD);
	ck_assert_int_eq(verdict_named("a", 2, (const char *[]){ OTHER_P256_PEM, P256_PEM }, (const char *[]){ "a", "b" }), JWS_BAD);
	ck_assert_int_eq(verdict_named("a", 2, (const char *[]){ RSA_PEM, P256_PEM }, (const char *[]){ "a", "b" }), JWS_BAD);
}
END_TEST

START_TEST(each_key_of_that_kid_is_tried)
{
	ck_assert_int_eq(verdict_named("a", 3, (const char *[]){ RSA_PEM, OTHER_P256_PEM, P256_PEM }, (const char *[]){ "a", "a", "a" }),
			 JWS_GOOD);
}
END_TEST

START_TEST(without_kids_each_key_is_tried)
{
	struct err err;
	struct jwks *set = jwks_pem(RSA_PUBLIC_PEM P256_PUBLIC_PEM, &err);
	char *text = named("a"), *plain = token("{\"alg\":\"ES256\"}", ALG_ES256, P256_PEM, CLAIMS);
	const char *const pems[] = { OTHER_P256_PEM, P256_PEM }, *const kids[] = { "b", "c" };

	ck_assert_int_eq(verdict(text, set), JWS_GOOD);
	ck_assert_int_eq(verdict(plain, set), JWS_GOOD);
	jwks_free(&set);
	judged(JWS_BAD, text, OTHER_P256_PEM);
	set = set_of(2, pems, kids);
	ck_assert_int_eq(verdict(plain, set), JWS_GOOD);
	jwks_free(&set);
	judged(JWS_BAD, plain, OTHER_P256_PEM);
}
END_TEST

START_TEST(a_kid_that_is_no_text_is_refused)
{
	refused_header("{\"alg\":\"ES256\",\"kid\":7}", "kid");
	refused_header("{\"alg\":\"ES256\",\"kid\":null}", "kid");
	refused_header("{\"alg\":\"ES256\",\"kid\":\"a\\u0000b\"}", "kid");
}
END_TEST

START_TEST(keys_in_the_header_are_never_used)
{
	struct key *key = keys_private(OTHER_P256_PEM);
	struct buf jwk = {0};
	char *header;

	jwk_print(key, "own", &jwk);
	header = str_fmt("{\"alg\":\"ES256\",\"jwk\":%s}", jwk.p);
	judged(JWS_GOOD, token(header, ALG_ES256, OTHER_P256_PEM, CLAIMS), OTHER_P256_PEM);
	judged(JWS_BAD, token(header, ALG_ES256, OTHER_P256_PEM, CLAIMS), P256_PEM);
	judged(JWS_GOOD, token(header, ALG_ES256, P256_PEM, CLAIMS), P256_PEM);
	key_free(&key);
	buf_free(&jwk);
	free(header);
}
END_TEST

START_TEST(addresses_of_keys_in_the_header_are_never_used)
{
	static const char *const headers[] = {
		"{\"alg\":\"ES256\",\"jku\":\"https://127.0.0.1:1/jwks\"}", "{\"alg\":\"ES256\",\"x5u\":\"https://127.0.0.1:1/x\"}",
		"{\"alg\":\"ES256\",\"x5c\":[\"AAAA\"]}", "{\"alg\":\"ES256\",\"x5t\":\"AAAA\",\"x5t#S256\":\"AAAA\"}",
	};
	for (size_t i = 0; i < 4; i++) {
		judged(JWS_BAD, token(headers[i], ALG_ES256, OTHER_P256_PEM, CLAIMS), P256_PEM);
		judged(JWS_GOOD, token(headers[i], ALG_ES256, P256_PEM, CLAIMS), P256_PEM);
	}
}
END_TEST

/* ---- signatures ---- */

START_TEST(a_stripped_signature_is_refused)
{
	char *text = token("{\"alg\":\"ES256\"}", ALG_ES256, P256_PEM, CLAIMS);

	*strrchr(text, '.') = '\0';
	refused(text, "not three parts");
	free(text);
}
END_TEST

START_TEST(an_empty_signature_is_refused)
{
	char *text = token("{\"alg\":\"ES256\"}", ALG_ES256, P256_PEM, CLAIMS);

	strrchr(text, '.')[1] = '\0';
	refused(text, "not signed");
	free(text);
}
END_TEST

START_TEST(a_truncated_signature_is_bad)
{
	for (size_t i = 0; i < ROWS; i++) {
		char *header = str_fmt("{\"alg\":\"%s\"}", alg_name(rows[i].alg));
		char *text = token(header, rows[i].alg, rows[i].pem, CLAIMS);
		unsigned char signature[512];
		size_t len = signature_of(text, signature);
		struct jwk secret;
		struct jwks secrets = secret_set(&secret, SECRET), *set = rows[i].pem ? one_key(rows[i].pem) : &secrets;

		for (size_t cut = 1; cut < len; cut += len / 8) {
			char *less = assemble(header, CLAIMS, signature, len - cut);

			ck_assert_int_eq(verdict(less, set), JWS_BAD);
			free(less);
		}
		signature[len] = 0;
		free(text);
		text = assemble(header, CLAIMS, signature, len + 1);
		ck_assert_int_eq(verdict(text, set), JWS_BAD);
		if (set != &secrets)
			jwks_free(&set);
		free(text);
		free(header);
	}
}
END_TEST

START_TEST(a_truncated_token_never_verifies)
{
	char *text = token("{\"alg\":\"ES256\"}", ALG_ES256, P256_PEM, CLAIMS);
	struct jwks *set = one_key(P256_PEM);

	for (size_t len = 0; len < strlen(text); len++) {
		struct pool *pool = pool_new();
		struct jws jws;
		const char *why;

		if (jws_split(pool, text, len, NULL, &jws, &why)) {
			ck_assert_int_eq(jws_verify(&jws, &(struct jws_check){ .keys = set, .allowed = ANY }), JWS_BAD);
			jws_drop(&jws);
		}
		pool_free(&pool);
	}
	jwks_free(&set);
	free(text);
}
END_TEST

START_TEST(an_ES256_signature_of_zeros_is_bad)
{
	static const unsigned char zeros[64];
	unsigned char ones[64] = {0};

	judged(JWS_BAD, assemble("{\"alg\":\"ES256\"}", CLAIMS, zeros, 64), P256_PEM);
	ones[31] = ones[63] = 1;
	judged(JWS_BAD, assemble("{\"alg\":\"ES256\"}", CLAIMS, ones, 64), P256_PEM);
}
END_TEST

static size_t put_integer(unsigned char *der, const unsigned char *p)
{
	bool pad = p[0] & 0x80;

	der[0] = 0x02;
	der[1] = (unsigned char)(32 + pad);
	der[2] = 0;
	memcpy(der + 2 + pad, p, 32);
	return 34u + pad;
}

START_TEST(an_ES256_signature_in_DER_is_bad)
{
	char *text = token("{\"alg\":\"ES256\"}", ALG_ES256, P256_PEM, CLAIMS);
	unsigned char raw[BASE64URL_DECODED(86)], der[80] = { 0x30 };
	size_t len = 2;

	ck_assert_uint_eq(signature_of(text, raw), 64);
	len += put_integer(der + len, raw);
	len += put_integer(der + len, raw + 32);
	der[1] = (unsigned char)(len - 2);
	judged(JWS_GOOD, text, P256_PEM);
	judged(JWS_BAD, assemble("{\"alg\":\"ES256\"}", CLAIMS, der, len), P256_PEM);
	judged(JWS_BAD, assemble("{\"alg\":\"ES256\"}", CLAIMS, der, 64), P256_PEM);
}
END_TEST

START_TEST(a_PSS_salt_is_as_long_as_the_hash)
{
	judged(JWS_GOOD, str_dup(PSS_SALT_32), RSA_PEM);
	judged(JWS_BAD, str_dup(PSS_SALT_20), RSA_PEM);
}
END_TEST

/* ---- crit and b64 ---- */

START_TEST(a_crit_that_is_not_understood_is_refused)
{
	static const char *const known[] = { "sigD", NULL };
	char *text = token("{\"alg\":\"ES256\",\"sigD\":{},\"crit\":[\"sigD\"]}", ALG_ES256, P256_PEM, CLAIMS);

	refused(text, "not understood");
	not_taken(text, strlen(text), &(struct jws_rules){ NULL }, "not understood");
	free(text);
	refused_header("{\"alg\":\"ES256\",\"http://example.org/x\":1,\"crit\":[\"http://example.org/x\"]}", "not understood");
	refused_header("{\"alg\":\"ES256\",\"exp\":1,\"crit\":[\"exp\"]}", "not understood");
	text = token("{\"alg\":\"ES256\",\"sigD\":{},\"sigT\":0,\"b64\":true,\"crit\":[\"b64\",\"sigD\",\"sigT\"]}",
		     ALG_ES256, P256_PEM, CLAIMS);
	not_taken(text, strlen(text), &(struct jws_rules){ known }, "not understood");
	free(text);
}
END_TEST

START_TEST(a_crit_that_is_understood_is_taken)
{
	static const char *const known[] = { "sigD", "sigT", NULL };
	char *text = token("{\"alg\":\"ES256\",\"sigD\":{},\"b64\":true,\"crit\":[\"b64\",\"sigD\"]}", ALG_ES256, P256_PEM, CLAIMS);
	struct jwks *set = one_key(P256_PEM);
	struct jws_rules rules = { known };

	ck_assert_int_eq(verdict_of(text, &(struct jws_check){ .keys = set, .allowed = ANY }, &rules), JWS_GOOD);
	free(text);
	text = token("{\"alg\":\"ES256\",\"crit\":[\"sigD\"]}", ALG_ES256, P256_PEM, CLAIMS);
	not_taken(text, strlen(text), &rules, "not there");
	free(text);
	text = token("{\"alg\":\"ES256\",\"sigD\":1,\"crit\":[\"sigD\",\"sigD\"]}", ALG_ES256, P256_PEM, CLAIMS);
	not_taken(text, strlen(text), &rules, "twice");
	free(text);
	jwks_free(&set);
}
END_TEST

START_TEST(an_empty_crit_is_refused) { refused_header("{\"alg\":\"ES256\",\"crit\":[]}", "crit is no list"); } END_TEST

START_TEST(a_crit_that_is_no_list_is_refused)
{
	refused_header("{\"alg\":\"ES256\",\"b64\":true,\"crit\":\"b64\"}", "crit is no list");
	refused_header("{\"alg\":\"ES256\",\"b64\":true,\"crit\":{\"0\":\"b64\"}}", "crit");
	refused_header("{\"alg\":\"ES256\",\"crit\":null}", "crit is no list");
	refused_header("{\"alg\":\"ES256\",\"b64\":true,\"crit\":[\"b64\",7]}", "not understood");
	refused_header("{\"alg\":\"ES256\",\"b64\":true,\"crit\":[\"b64\\u0000\"]}", "not understood");
}
END_TEST

START_TEST(a_crit_that_names_alg_is_refused)
{
	refused_header("{\"alg\":\"ES256\",\"crit\":[\"alg\"]}", "not understood");
	refused_header("{\"alg\":\"ES256\",\"crit\":[\"crit\"]}", "not understood");
}
END_TEST

START_TEST(b64_without_crit_is_refused)
{
	char *text = token("{\"alg\":\"HS256\",\"b64\":false}", ALG_HS256, NULL, "");

	refused(text, "b64 that its crit does not name");
	free(text);
	refused_header("{\"alg\":\"ES256\",\"b64\":true}", "b64 that its crit does not name");
	refused_header("{\"alg\":\"ES256\",\"crit\":[\"b64\"]}", "not there");
	refused_header("{\"alg\":\"ES256\",\"b64\":0,\"crit\":[\"b64\"]}", "neither");
	refused_header("{\"alg\":\"ES256\",\"b64\":\"false\",\"crit\":[\"b64\"]}", "neither");
}
END_TEST

/* ---- detached ---- */

/* In two pieces; for free. */
static char *detached(const char *header, bool raw, const struct span payload[2])
{
	struct jws_make make = { .header = header, .alg = ALG_HS256, .secret = { SECRET, 32 }, .payload = payload, .n = 2,
				 .detached = true, .raw = raw };
	struct buf out = {0};
	struct err err;

	ck_assert_int_eq(jws_make(&make, &out, &err), 0);
	ck_assert_ptr_nonnull(strstr(out.p, ".."));
	return out.p;
}

START_TEST(a_detached_payload_is_what_is_signed)
{
	struct span body[] = { { "{\"a\":\"", 6 }, { "\x00.\xff\"}", 5 } }, other[] = { body[1], body[0] };
	struct jwk secret;
	struct jwks set = secret_set(&secret, SECRET);
	struct jws_check right = { .keys = &set, .allowed = ANY, .payload = body, .n = 2 }, wrong = right, none = right;

	wrong.payload = other;
	none.payload = NULL;
	none.n = 0;
	for (int raw = 0; raw < 2; raw++) {
		char *text = detached(raw ? "{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}" : "{\"alg\":\"HS256\"}", raw, body);

		ck_assert_int_eq(verdict_of(text, &right, NULL), JWS_GOOD);
		ck_assert_int_eq(verdict_of(text, &wrong, NULL), JWS_BAD);
		ck_assert_int_eq(verdict_of(text, &none, NULL), JWS_BAD);
		free(text);
	}
}
END_TEST

START_TEST(raw_is_not_the_same_as_encoded)
{
	struct span body[] = { { "a", 1 }, { "b", 1 } };
	struct jwk secret;
	struct jwks set = secret_set(&secret, SECRET);
	struct jws_check check = { .keys = &set, .allowed = ANY, .payload = body, .n = 2 };
	char *text = detached("{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}", false, body);

	ck_assert_int_eq(verdict_of(text, &check, NULL), JWS_BAD);
	free(text);
	text = detached("{\"alg\":\"HS256\"}", true, body);
	ck_assert_int_eq(verdict_of(text, &check, NULL), JWS_BAD);
	free(text);
}
END_TEST

START_TEST(a_payload_inside_is_none_for_who_has_one)
{
	struct jwk secret;
	struct jwks set = secret_set(&secret, SECRET);
	struct jws_check check = { .keys = &set, .allowed = ANY };
	char *text = token("{\"alg\":\"HS256\"}", ALG_HS256, NULL, "its own");

	ck_assert_int_eq(verdict(text, &set), JWS_GOOD);
	check.payload = WHOLE("the body");
	check.n = 1;
	ck_assert_int_eq(verdict_of(text, &check, NULL), JWS_BAD);
	free(text);
}
END_TEST

START_TEST(a_raw_payload_inside_is_refused)
{
	refused_header("{\"alg\":\"ES256\",\"b64\":false,\"crit\":[\"b64\"]}", "payload is inside");
}
END_TEST

/* ---- its form ---- */

START_TEST(a_header_with_a_member_twice_is_refused)
{
	refused_header("{\"alg\":\"none\",\"alg\":\"ES256\"}", "member twice");
	refused_header("{\"alg\":\"ES256\",\"\\u0061lg\":\"ES256\"}", "member twice");
	refused_header("{\"alg\":\"ES256\",\"kid\":\"a\",\"kid\":\"b\"}", "member twice");
	refused_header("{\"alg\":\"ES256\",\"x\":{\"y\":1,\"y\":1}}", "member twice");
}
END_TEST

START_TEST(a_header_that_is_no_object_is_refused)
{
	refused_header("[\"ES256\"]", "no object");
	refused_header("\"ES256\"", "no object");
	refused_header("null", "no object");
	refused_header("", "not JSON");
	refused_header("{\"alg\":\"ES256\"", "not JSON");
	refused_header("{\"alg\":\"ES256\"}{}", "not JSON");
	refused_header("\xef\xbb\xbf{\"alg\":\"ES256\"}", "not JSON");
}
END_TEST

START_TEST(a_header_that_is_not_UTF_8_is_refused)
{
	refused_header("{\"alg\":\"ES256\",\"kid\":\"\xff\"}", "not JSON");
	refused_header("{\"alg\":\"ES256\",\"kid\":\"\xc0\xae\"}", "not JSON");
	refused_header("{\"alg\":\"ES256\",\"kid\":\"\xed\xa0\x80\"}", "not JSON");
}
END_TEST

START_TEST(padding_is_refused)
{
	char *text = token("{\"alg\":\"ES256\"}", ALG_ES256, P256_PEM, CLAIMS), *padded = str_fmt("%s==", text);

	refused(padded, "not base64url");
	free(padded);
	padded = str_fmt("%.*s=%s", (int)strcspn(text, "."), text, strchr(text, '.'));
	refused(padded, "not base64url");
	free(padded);
	padded = str_fmt("%.*s=%s", (int)(strrchr(text, '.') - text), text, strrchr(text, '.'));
	refused(padded, "not base64url");
	free(padded);
	free(text);
}
END_TEST

START_TEST(stray_bits_are_refused)
{
	char *text = token("{\"alg\":\"ES256\" }", ALG_ES256, P256_PEM, CLAIMS);	/* each part has bits to spare */

	for (char *part = text; part; part = strchr(part, '.') ? strchr(part, '.') + 1 : NULL) {
		char *last = part + strcspn(part, ".") - 1, was = *last;

		ck_assert_int_ne((last + 1 - part) % 4, 0);
		*last = (char)(was + 1);	/* the next digit has the lowest bit set */
		refused(text, "not base64url");
		*last = was;
	}
	free(text);
}
END_TEST

START_TEST(stray_characters_are_refused)
{
	char *text = token("{\"alg\":\"ES256\"}", ALG_ES256, P256_PEM, CLAIMS);
	size_t len;

	for (size_t at = 0; at < strlen(text); at += 7)
		for (const char *c = "+/=?*,\"\\\x7f\xc3"; *c; c++) {
			char was = text[at];

			if (was == '.')
				continue;
			text[at] = *c;
			refused(text, "not base64url");
			text[at] = was;
		}
	len = strlen(text);
	text[3] = '\0';
	not_taken(text, len, NULL, "not base64url");
	free(text);
}
END_TEST

START_TEST(blanks_are_refused)
{
	char *text = token("{\"alg\":\"ES256\"}", ALG_ES256, P256_PEM, CLAIMS);
	static const char *const forms[] = { " %s", "%s ", "%s\n", "\t%s", "%s\r\n" };

	for (size_t i = 0; i < 5; i++) {
		struct buf spaced = {0};
		const char *at = strchr(forms[i], '%');

		buf_put(&spaced, forms[i], (size_t)(at - forms[i]));
		buf_str(&spaced, text);
		buf_str(&spaced, at + 2);
		refused(spaced.p, "not base64url");
		buf_free(&spaced);
	}
	free(text);
}
END_TEST

START_TEST(other_than_three_parts_are_refused)
{
	char *text = token("{\"alg\":\"ES256\"}", ALG_ES256, P256_PEM, CLAIMS), *more = str_fmt("%s.", text);

	refused(more, "not three parts");
	free(more);
	more = str_fmt("%s.%s", text, strrchr(text, '.') + 1);
	refused(more, "not three parts");
	free(more);
	more = str_fmt(".%s", text);
	refused(more, "not three parts");
	free(more);
	free(text);
	refused("", "not three parts");
	refused("e30", "not three parts");
	refused("e30.e30", "not three parts");
	refused("..", "not signed");
	refused("...", "not three parts");
	refused("{\"payload\":\"\",\"protected\":\"\",\"signature\":\"\"}", "not three parts");
}
END_TEST

START_TEST(an_encrypted_token_is_refused)
{
	refused("eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA", "not three parts");
}
END_TEST

START_TEST(a_token_has_at_most_16_KiB)
{
	struct jwks *set = one_key(ED25519_PEM);
	char payload[12209] = {0}, *text;

	memset(payload, 'x', 12207);
	text = token("{\"alg\":\"EdDSA\"}", ALG_EDDSA, ED25519_PEM, payload);
	ck_assert_uint_eq(strlen(text), JWS_LEN_MAX);
	ck_assert_int_eq(verdict(text, set), JWS_GOOD);
	free(text);
	payload[12207] = 'x';
	text = token("{\"alg\":\"EdDSA\"}", ALG_EDDSA, ED25519_PEM, payload);
	refused(text, "longer than 16 KiB");
	free(text);
	text = mem_alloc(JWS_LEN_MAX + 2);
	memset(text, 'A', JWS_LEN_MAX + 1);
	refused(text, "longer than 16 KiB");
	text[JWS_LEN_MAX] = '\0';
	refused(text, "not three parts");
	free(text);
	jwks_free(&set);
}
END_TEST

/* Who reads a payload has it from json_parse, which is as strict as for headers. */
START_TEST(a_payload_with_a_member_twice_is_no_JSON)
{
	char *text = token("{\"alg\":\"ES256\"}", ALG_ES256, P256_PEM, "{\"sub\":\"x\",\"sub\":\"y\"}");
	struct pool *pool = pool_new();
	struct faults faults = { .pool = pool };
	struct json_object *claims;
	const char *why;
	struct jws jws;

	ck_assert(jws_split(pool, text, strlen(text), NULL, &jws, &why));
	ck_assert_int_eq(json_parse(jws.payload.p, jws.payload.len, &claims, &faults), -1);
	ck_assert_str_eq(faults.v[0].code, "duplicate_member");
	jws_drop(&jws);
	pool_free(&pool);
	free(text);
}
END_TEST

UNIT_MAIN("jws", what_was_signed_verifies, the_parts_come_out, what_has_no_key_cannot_be_made,
	  alg_none_is_refused, alg_None_is_refused, alg_NONE_is_refused, alg_nOnE_is_refused, an_unknown_alg_is_refused,
	  an_alg_that_is_not_allowed_is_bad,
	  the_PEM_of_a_public_key_is_no_HMAC_secret, an_RSA_JWK_without_alg_is_no_empty_HMAC_secret,
	  a_public_key_of_any_kind_is_no_HMAC_secret, an_RSA_signature_that_says_HS256_is_bad,
	  a_MAC_that_says_another_alg_is_bad, a_secret_is_for_HS256_alone, a_short_secret_is_only_for_who_allows_it,
	  an_empty_secret_is_never_one, a_key_without_alg_is_for_what_its_kind_is_for, the_alg_of_a_key_is_the_only_one,
	  a_key_of_another_kind_is_bad, ES256_by_a_key_of_P_384_is_bad,
	  a_kid_that_is_not_in_the_set_has_no_key, a_kid_chooses_the_key, each_key_of_that_kid_is_tried,
	  without_kids_each_key_is_tried, a_kid_that_is_no_text_is_refused, keys_in_the_header_are_never_used,
	  addresses_of_keys_in_the_header_are_never_used,
	  a_stripped_signature_is_refused, an_empty_signature_is_refused, a_truncated_signature_is_bad,
	  a_truncated_token_never_verifies, an_ES256_signature_of_zeros_is_bad, an_ES256_signature_in_DER_is_bad,
	  a_PSS_salt_is_as_long_as_the_hash,
	  a_crit_that_is_not_understood_is_refused, a_crit_that_is_understood_is_taken, an_empty_crit_is_refused,
	  a_crit_that_is_no_list_is_refused, a_crit_that_names_alg_is_refused, b64_without_crit_is_refused,
	  a_detached_payload_is_what_is_signed, raw_is_not_the_same_as_encoded, a_payload_inside_is_none_for_who_has_one,
	  a_raw_payload_inside_is_refused,
	  a_header_with_a_member_twice_is_refused, a_header_that_is_no_object_is_refused, a_header_that_is_not_UTF_8_is_refused,
	  padding_is_refused, stray_bits_are_refused, stray_characters_are_refused, blanks_are_refused,
	  other_than_three_parts_are_refused, an_encrypted_token_is_refused, a_token_has_at_most_16_KiB,
	  a_payload_with_a_member_twice_is_no_JSON)
