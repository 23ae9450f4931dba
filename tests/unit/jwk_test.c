/* SPDX-License-Identifier: EUPL-1.2
 * Sets of keys: what is taken, what is passed over, and what spoils the set. */
#include "config.h"
#include "unit.h"

#include "keys.h"
#include "base/mem.h"
#include "event/base64.h"
#include "trust/jwk.h"
#include "trust/spki.h"

#define X43 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"		/* 32 bytes of nothing */
#define K43 "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"		/* "0123456789abcdef" twice */
/* n = 65537^k modulo small primes: not a product of two primes, but it has the mark */
#define ROCA_N "r5dLTALujSoadMn_imXOU2USpPs4XKzYrosQTwuJCFIIYpFuPKbjuEtVmrBq1JHJqZStz1a7hzaOn21QdRewKu5lzjEL4XJdbwoWfmROQjiUag9s" \
	"A7NJ-5FhCUC9buWb2SyA_ueRPQWTk_SBZfnJ_WC_afqNqkZEQ95a6lxoQbWW0ZkMvLx1Lc1qhqwZt18P4GolJLAugmtWrO0qAVW0LZhE49R7YRPB" \
	"db2ISAbmkgxA8zgW8BlJJqIO8nonnFknoGWSks0Q6zh8TkIEJcpuzX8ldTL8OiSwpcJImD1KvSQsvEcrq9riaNA2A4_DSA7--E0-CLDr6R28wChoF1h36Q"

/* Of the public half; for free. */
static char *jwk_of(const char *pem, const char *kid)
{
	struct key *key = keys_private(pem);
	struct buf out = {0};

	jwk_print(key, kid, &out);
	key_free(&key);
	return out.p;
}

/* The same with members before its own, without use. */
static char *jwk_with(const char *pem, const char *members)
{
	char *jwk = jwk_of(pem, NULL), *with;

	*strstr(jwk, ",\"use\"") = '\0';
	with = str_fmt("{%s,%s}", members, jwk + 1);
	free(jwk);
	return with;
}

static struct jwks *parse(const char *text, bool secrets, struct err *err)
{
	return jwks_parse(text, strlen(text), secrets, err);
}

/* It is taken, all of it. */
static struct jwks *taken(const char *text, bool secrets)
{
	struct err err;
	struct jwks *set = parse(text, secrets, &err);

	ck_assert_msg(set != NULL, "%s: %s", text, err.text);
	ck_assert_uint_eq(set->passed_over, 0);
	return set;
}

static void taken_once(const char *text)
{
	struct jwks *set = taken(text, false);

	ck_assert_uint_eq(set->n, 1);
	jwks_free(&set);
}

static void refused(const char *text, bool secrets, const char *reason)
{
	struct err err;
	struct jwks *set = parse(text, secrets, &err);

	ck_assert_msg(!set, "taken: %s", text);
	ck_assert_msg(strstr(err.text, reason) != NULL, "%s: %s", text, err.text);
}

/* The P-256 key with such members is passed over for that reason. */
static void passed_over(const char *members, const char *reason)
{
	char *jwk = jwk_with(P256_PEM, members), *good = jwk_of(ED25519_PEM, "g"), *both = str_fmt("{\"keys\":[%s,%s]}", jwk, good);
	struct err err;
	struct jwks *set = parse(both, false, &err);

	refused(jwk, false, reason);
	ck_assert_msg(set != NULL, "%s", err.text);
	ck_assert_uint_eq(set->n, 1);
	ck_assert_uint_eq(set->passed_over, 1);
	ck_assert_str_eq(set->v[0].kid, "g");
	jwks_free(&set);
	free(jwk);
	free(good);
	free(both);
}

/* ---- what is taken ---- */

static const char *const pems[] = { RSA_PEM, P256_PEM, P384_PEM, ED25519_PEM };
static const enum key_kind kinds[] = { KEY_RSA, KEY_P256, KEY_P384, KEY_ED25519 };

START_TEST(a_key_comes_back_as_it_was_printed)
{
	for (size_t i = 0; i < 4; i++) {
		char *text = jwk_of(pems[i], "sleutel \"één\"");
		struct jwks *set = taken(text, false);
		struct buf again = {0};

		ck_assert_uint_eq(set->n, 1);
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

START_TEST(a_set_has_its_keys_in_order)
{
	char *jwk[4], *text;
	struct jwks *set;

	for (size_t i = 0; i < 4; i++)
		jwk[i] = jwk_of(pems[i], i == 2 ? NULL : (char []){ (char)('a' + i), '\0' });
	text = str_fmt(" {\"other\":1,\"keys\":[%s,%s,%s,%s]} \n", jwk[0], jwk[1], jwk[2], jwk[3]);
	set = taken(text, false);
	ck_assert_uint_eq(set->n, 4);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(key_kind(set->v[i].key), kinds[i]);
	ck_assert_str_eq(set->v[1].kid, "b");
	ck_assert_ptr_null(set->v[2].kid);
	jwks_free(&set);
	free(text);
	for (size_t i = 0; i < 4; i++)
		free(jwk[i]);
}
END_TEST

START_TEST(alg_use_and_key_ops_that_agree_are_taken)
{
	char *jwk = jwk_with(P256_PEM, "\"alg\":\"ES256\",\"use\":\"sig\",\"key_ops\":[\"sign\",\"verify\"],\"ext\":true,\"kid\":\"\"");
	struct jwks *set = taken(jwk, false);

	ck_assert_int_eq(set->v[0].alg, ALG_ES256);
	ck_assert_str_eq(set->v[0].kid, "");
	jwks_free(&set);
	free(jwk);
}
END_TEST

START_TEST(a_kid_has_at_most_256_bytes)
{
	char kid[258] = {0}, *jwk;

	memset(kid, 'k', 256);
	jwk = jwk_of(P256_PEM, kid);
	taken_once(jwk);
	free(jwk);
	kid[256] = 'k';
	jwk = jwk_of(P256_PEM, kid);
	refused(jwk, false, "kid is no text of at most 256");
	free(jwk);
}
END_TEST

START_TEST(one_kid_may_name_a_key_for_each_alg)
{
	char *rs = jwk_with(RSA_PEM, "\"kid\":\"a\",\"alg\":\"RS256\""), *ps = jwk_with(RSA_PEM, "\"kid\":\"a\",\"alg\":\"PS256\"");
	char *text = str_fmt("{\"keys\":[%s,%s]}", rs, ps);
	struct jwks *set = taken(text, false);

	ck_assert_uint_eq(set->n, 2);
	jwks_free(&set);
	free(rs);
	free(ps);
	free(text);
}
END_TEST

/* ---- what is passed over ---- */

START_TEST(another_use_is_passed_over)
{
	passed_over("\"use\":\"enc\"", "use is not sig");
	passed_over("\"use\":\"Sig\"", "use is not sig");
	passed_over("\"use\":[\"sig\"]", "use is not sig");
	passed_over("\"use\":null", "use is not sig");
}
END_TEST

START_TEST(key_ops_without_verify_are_passed_over)
{
	passed_over("\"key_ops\":[\"encrypt\"]", "key_ops");
	passed_over("\"key_ops\":[]", "key_ops");
	passed_over("\"key_ops\":\"verify\"", "key_ops");
	passed_over("\"key_ops\":[\"sign, verify\"]", "key_ops");
	passed_over("\"key_ops\":[\"verify\",7]", "key_ops");
}
END_TEST

START_TEST(key_ops_with_a_duplicate_are_passed_over)
{
	passed_over("\"key_ops\":[\"verify\",\"sign\",\"verify\"]", "key_ops");
	passed_over("\"key_ops\":[\"sign\",\"verify\",\"sign\"]", "key_ops");
}
END_TEST

START_TEST(endless_key_ops_are_passed_over)
{
	struct buf members = {0};

	buf_str(&members, "\"key_ops\":[\"verify\"");
	for (int i = 0; i < 20000; i++)
		buf_fmt(&members, ",\"%d\"", i);
	buf_char(&members, ']');
	passed_over(members.p, "key_ops");
	buf_free(&members);
}
END_TEST

START_TEST(an_alg_that_is_not_for_the_key_is_passed_over)
{
	passed_over("\"alg\":\"ES384\"", "alg is not for its kty and crv");
	passed_over("\"alg\":\"RS256\"", "alg is not for its kty and crv");
	passed_over("\"alg\":\"HS256\"", "alg is not for its kty and crv");
}
END_TEST

START_TEST(an_unknown_alg_is_passed_over)
{
	passed_over("\"alg\":\"ES512\"", "alg is not one of those");
	passed_over("\"alg\":\"ECDH-ES\"", "alg is not one of those");
	passed_over("\"alg\":\"none\"", "alg is not one of those");
	passed_over("\"alg\":\"es256\"", "alg is not one of those");
	passed_over("\"alg\":\"\"", "alg is not one of those");
	passed_over("\"alg\":7", "alg is no text");
}
END_TEST

START_TEST(a_kid_that_is_no_text_is_passed_over)
{
	passed_over("\"kid\":7", "kid");
	passed_over("\"kid\":null", "kid");
	passed_over("\"kid\":\"a\\u0000b\"", "kid");
}
END_TEST

START_TEST(a_private_half_is_passed_over)
{
	static const char *const names[] = { "d", "p", "q", "dp", "dq", "qi", "oth" };

	for (size_t i = 0; i < 7; i++) {
		char *member = str_fmt("\"%s\":\"AQAB\"", names[i]);

		passed_over(member, "private half");
		free(member);
	}
}
END_TEST

START_TEST(unknown_kinds_are_passed_over)
{
	refused("{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"" X43 "\",\"y\":\"" X43 "\"}", false, "not of a kind");
	refused("{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" X43 "\",\"y\":\"" X43 "\"}", false, "not of a kind");
	refused("{\"kty\":\"EC\",\"x\":\"" X43 "\",\"y\":\"" X43 "\"}", false, "not of a kind");
	refused("{\"kty\":\"EC\",\"crv\":7,\"x\":\"" X43 "\",\"y\":\"" X43 "\"}", false, "crv is no text");
	refused("{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" X43 "\"}", false, "not of a kind");
	refused("{\"kty\":\"OKP\",\"crv\":\"P-256\",\"x\":\"" X43 "\",\"y\":\"" X43 "\"}", false, "not of a kind");
	refused("{\"kty\":\"AKP\",\"pub\":\"" X43 "\"}", false, "not of a kind");
	refused("{\"kty\":\"rsa\",\"n\":\"" X43 "\",\"e\":\"AQAB\"}", false, "not of a kind");
	refused("{\"keys\":[{\"kid\":\"a\"}]}", false, "no kty");
	refused("{\"keys\":[7,[],null,\"\"]}", false, "no object");
}
END_TEST

START_TEST(only_strict_base64url_is_taken)
{
	static const char *const spoilt[] = { "=", "A", " ", "+", "\\n", "\\u0000" };
	char *jwk = jwk_of(ED25519_PEM, NULL), *x = strstr(jwk, "\"x\":\"") + 5, *end = strchr(x, '"');

	for (size_t i = 0; i < sizeof spoilt / sizeof *spoilt; i++) {
		char *text = str_fmt("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%.*s%s\"}", (int)(end - x), x, spoilt[i]);

		refused(text, false, i == 1 ? "32 bytes" : "x is not base64url");
		free(text);
	}
	end[-1]++;	/* a bit that stands for nothing */
	refused(jwk, false, "x is not base64url");
	free(jwk);
	refused("{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}", false, "x is not base64url");
	refused("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":[]}", false, "x is not base64url");
}
END_TEST

START_TEST(points_are_on_their_curve)
{
	char *p256 = jwk_of(P256_PEM, NULL), *p384 = jwk_of(P384_PEM, NULL), *crv;

	refused("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X43 "\",\"y\":\"" X43 "\"}", false, "not a key");
	refused("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"" X43 "\"}", false, "has to be 32 bytes");
	refused("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X43 "\",\"y\":\"" X43 "AAA\"}", false, "has to be 32 bytes");
	refused("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X43 "\",\"y\":\"\"}", false, "has to be 32 bytes");
	crv = strstr(p256, "P-256");
	memcpy(crv, "P-384", 5);
	refused(p256, false, "P-384 has to be 48 bytes");
	crv = strstr(p384, "P-384");
	memcpy(crv, "P-256", 5);
	refused(p384, false, "P-256 has to be 32 bytes");
	free(p256);
	free(p384);
}
END_TEST

/* ---- RSA ---- */

/* reason null: it is taken */
static void judge_rsa(const unsigned char *n, size_t len, const char *e, const char *reason)
{
	struct buf jwk = {0};

	buf_str(&jwk, "{\"kty\":\"RSA\",\"n\":\"");
	base64url_encode(&jwk, n, len);
	buf_fmt(&jwk, "\",\"e\":\"%s\"}", e);
	if (reason)
		refused(jwk.p, false, reason);
	else
		taken_once(jwk.p);
	buf_free(&jwk);
}

START_TEST(RSA_keys_have_2048_to_8192_bits)
{
	unsigned char n[1026];

	memset(n, 0xff, sizeof n);
	judge_rsa(n, 256, "AQAB", NULL);
	judge_rsa(n, 1024, "AQAB", NULL);
	judge_rsa(n, 128, "AQAB", "2048 to 8192");
	judge_rsa(n, 255, "AQAB", "2048 to 8192");
	judge_rsa(n, 1025, "AQAB", "2048 to 8192");
	judge_rsa(n, 0, "AQAB", "2048 to 8192");
	n[0] = 0x7f;
	judge_rsa(n, 256, "AQAB", "2048 to 8192");
	judge_rsa(n, 257, "AQAB", NULL);
	n[0] = n[1] = 0;
	judge_rsa(n, 257, "AQAB", "2048 to 8192");
	judge_rsa(n, 1026, "AQAB", NULL);
	memset(n, 0, sizeof n);
	judge_rsa(n, 256, "AQAB", "2048 to 8192");
}
END_TEST

START_TEST(RSA_numbers_are_odd_and_the_exponent_is_usual)
{
	unsigned char n[256];

	memset(n, 0xff, sizeof n);
	judge_rsa(n, 256, "Aw", NULL);
	judge_rsa(n, 256, "__________8", NULL);
	judge_rsa(n, 256, "AQ", "exponent");
	judge_rsa(n, 256, "AAAB", "exponent");
	judge_rsa(n, 256, "Ag", "exponent");
	judge_rsa(n, 256, "AA", "exponent");
	judge_rsa(n, 256, "", "exponent");
	judge_rsa(n, 256, "Af__________", "exponent");
	n[255] = 0xfe;
	judge_rsa(n, 256, "AQAB", "odd");
}
END_TEST

START_TEST(RSA_keys_with_the_mark_of_ROCA_are_passed_over)
{
	refused("{\"kty\":\"RSA\",\"n\":\"" ROCA_N "\",\"e\":\"AQAB\"}", false, "ROCA");
}
END_TEST

/* ---- as SubjectPublicKeyInfo ---- */

/* The bytes of a text in PEM, which has one block; for free. */
static unsigned char *der_of(const char *pem, size_t *len)
{
	struct buf digits = {0};
	unsigned char *der;

	for (pem = strchr(pem, '\n'); strncmp(pem, "\n-----END", 9) != 0; pem++)
		if (*pem != '\n')
			buf_char(&digits, *pem);
	der = mem_alloc(BASE64_DECODED(digits.len));
	ck_assert(base64_decode(digits.p, digits.len, der, len));
	buf_free(&digits);
	return der;
}

START_TEST(numbers_are_written_as_others_write_them)
{
	static const char *const publics[] = { RSA_PUBLIC_PEM, P256_PUBLIC_PEM };

	for (size_t i = 0; i < 2; i++) {
		size_t len;
		unsigned char *der = der_of(publics[i], &len);
		struct buf spki = {0};
		struct span numbers[2];

		ck_assert(spki_numbers(kinds[i], (struct span){ der, len }, numbers));
		spki_put(kinds[i], numbers, &spki);
		ck_assert_uint_eq(spki.len, len);
		ck_assert_mem_eq(spki.p, der, len);
		buf_free(&spki);
		for (size_t less = 0; less < len; less++) {
			unsigned char *exact = mem_dup(der, less);

			ck_assert(!spki_numbers(kinds[i], (struct span){ exact, less }, numbers));
			free(exact);
		}
		free(der);
	}
}
END_TEST

/* ---- shared secrets ---- */

START_TEST(a_shared_secret_is_taken_only_where_it_may_be)
{
	static const char oct[] = "{\"kty\":\"oct\",\"kid\":\"s\",\"alg\":\"HS256\",\"k\":\"" K43 "\"}";
	struct jwks *set = taken(oct, true);

	ck_assert_uint_eq(set->v[0].secret.len, 32);
	ck_assert_mem_eq(set->v[0].secret.p, "0123456789abcdef0123456789abcdef", 32);
	ck_assert_ptr_null(set->v[0].key);
	ck_assert_int_eq(set->v[0].alg, ALG_HS256);
	jwks_free(&set);
	refused(oct, false, "not of a kind");
	refused("{\"kty\":\"oct\",\"k\":\"\"}", true, "empty");
	refused("{\"kty\":\"oct\"}", true, "k is not base64url");
	refused("{\"kty\":\"oct\",\"k\":\"" K43 "=\"}", true, "k is not base64url");
	refused("{\"kty\":\"oct\",\"alg\":\"A256KW\",\"k\":\"" K43 "\"}", true, "alg is not one of those");
	refused("{\"kty\":\"oct\",\"alg\":\"RS256\",\"k\":\"" K43 "\"}", true, "alg is not for a shared secret");
	refused("{\"kty\":\"oct\",\"use\":\"enc\",\"k\":\"" K43 "\"}", true, "use is not sig");
}
END_TEST

START_TEST(secrets_and_public_keys_do_not_mix)
{
	char *public = jwk_of(P256_PEM, "p"), *text;
	struct jwks *set;
	struct err err;

	text = str_fmt("{\"keys\":[%s,{\"kty\":\"oct\",\"kid\":\"s\",\"k\":\"" K43 "\"}]}", public);
	refused(text, true, "in one set");
	set = parse(text, false, &err);
	ck_assert_uint_eq(set->n, 1);
	ck_assert_uint_eq(set->passed_over, 1);
	jwks_free(&set);
	free(text);
	free(public);
}
END_TEST

START_TEST(a_set_with_secrets_has_no_key_of_no_use)
{
	refused("{\"keys\":[{\"kty\":\"oct\",\"k\":\"" K43 "\"},{\"kty\":\"oct\",\"k\":\"AB\"}]}", true,
		"key 2 cannot be used: its k");
	refused("{\"keys\":[{\"kty\":\"oct\",\"alg\":\"HS512\",\"k\":\"" K43 "\"},{\"kty\":\"oct\",\"k\":\"" K43 "\"}]}", true,
		"key 1 cannot be used: its alg");
}
END_TEST

START_TEST(one_kid_names_one_secret)
{
	struct jwks *set;

	refused("{\"keys\":[{\"kty\":\"oct\",\"kid\":\"s\",\"k\":\"" K43 "\"},{\"kty\":\"oct\",\"kid\":\"s\",\"k\":\"" X43 "\"}]}", true,
		"two secrets have one kid");
	set = taken("{\"keys\":[{\"kty\":\"oct\",\"k\":\"" K43 "\"},{\"kty\":\"oct\",\"k\":\"" X43 "\"},"
		    "{\"kty\":\"oct\",\"kid\":\"s\",\"k\":\"" X43 "\"}]}", true);
	ck_assert_uint_eq(set->n, 3);
	jwks_free(&set);
}
END_TEST

/* ---- what spoils a set ---- */

START_TEST(duplicate_members_spoil_a_set)
{
	char *good = jwk_of(P256_PEM, "a"), *text = str_fmt("{\"keys\":[%s,{\"kty\":\"EC\",\"kty\":\"RSA\"}]}", good);

	refused(text, false, "more than once");
	free(text);
	text = str_fmt("{\"keys\":[%s],\"keys\":[]}", good);
	refused(text, false, "more than once");
	free(text);
	text = jwk_with(P256_PEM, "\"alg\":\"ES256\",\"\\u0061lg\":\"ES384\"");
	refused(text, false, "more than once");
	free(text);
	free(good);
}
END_TEST

START_TEST(what_is_no_set_is_refused)
{
	refused("", false, "empty");
	refused("{", false, "not JSON");
	refused("{}", false, "no kty");
	refused("[]", false, "another kind of JSON");
	refused("7", false, "another kind of JSON");
	refused("{\"keys\":{}}", false, "no array");
	refused("{\"keys\":null}", false, "no array");
	refused("{\"keys\":[]}", false, "no keys");
	refused("{\"keys\":[]} {}", false, "not JSON");
	refused("{\"kty\":\"\xff\"}", false, "UTF-8");
}
END_TEST

START_TEST(a_set_has_at_most_256_KiB)
{
	char *good = jwk_of(P256_PEM, "a"), *room = mem_alloc(JWKS_LEN_MAX + 2);
	struct err err;
	struct jwks *set;

	memset(room, ' ', JWKS_LEN_MAX + 1);
	memcpy(room, good, strlen(good));
	set = jwks_parse(room, JWKS_LEN_MAX, false, &err);
	ck_assert_ptr_nonnull(set);
	jwks_free(&set);
	refused(room, false, "at most 262144 bytes");
	free(room);
	free(good);
}
END_TEST

START_TEST(a_set_has_at_most_64_keys)
{
	char *good = jwk_of(P256_PEM, "a");
	struct buf text = {0};
	struct jwks *set;

	buf_fmt(&text, "{\"keys\":[%s", good);
	for (int i = 1; i < JWKS_MOST; i++)
		buf_fmt(&text, ",%s", good);
	buf_str(&text, "]}");
	set = taken(text.p, false);
	ck_assert_uint_eq(set->n, JWKS_MOST);
	jwks_free(&set);
	text.len -= 2;
	buf_str(&text, ",{}]}");
	refused(text.p, false, "more than 64 keys");
	buf_free(&text);
	free(good);
}
END_TEST

/* ---- PEM ---- */

static void refused_pem(const char *text, const char *reason)
{
	struct err err;
	struct jwks *set = jwks_read(text, &err);

	ck_assert_msg(!set, "taken: %s", text);
	ck_assert_msg(strstr(err.text, reason) != NULL, "%s: %s", text, err.text);
}

START_TEST(keys_and_certificates_are_read_from_PEM)
{
	struct err err;
	struct jwks *set = jwks_read("Sleutels\n" RSA_PUBLIC_PEM "\n" P256_CERT_PEM P256_PUBLIC_PEM, &err);
	struct buf a = {0}, b = {0};

	ck_assert_msg(set != NULL, "%s", err.text);
	ck_assert_uint_eq(set->n, 3);
	ck_assert_int_eq(key_kind(set->v[0].key), KEY_RSA);
	jwk_print(set->v[1].key, NULL, &a);
	jwk_print(set->v[2].key, NULL, &b);
	ck_assert_str_eq(a.p, b.p);
	ck_assert_ptr_null(set->v[0].kid);
	ck_assert_int_eq(set->v[0].alg, ALG_NONE);
	buf_free(&a);
	buf_free(&b);
	jwks_free(&set);
}
END_TEST

START_TEST(JSON_and_PEM_are_told_apart)
{
	char *jwk = jwk_of(P256_PEM, "a"), *text = str_fmt("\r\n\t %s", jwk);
	struct err err;
	struct jwks *set = jwks_read(text, &err);

	ck_assert_msg(set != NULL, "%s", err.text);
	ck_assert_str_eq(set->v[0].kid, "a");
	jwks_free(&set);
	free(text);
	free(jwk);
}
END_TEST

START_TEST(a_private_key_among_public_ones_is_an_error)
{
	refused_pem(P256_PEM, "not a public key");
	refused_pem(RSA_PUBLIC_PEM P256_PEM, "not a public key");
	refused_pem(RSA_PUBLIC_PEM P256_LOCKED_PEM, "not a public key");
}
END_TEST

START_TEST(what_is_no_PEM_is_refused)
{
	refused_pem("", "no key in it");
	refused_pem("ssh-ed25519 AAAA", "no key in it");
	refused_pem("-----BEGIN PUBLIC KEY-----\n", "no end");
	refused_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "not a public key");
	refused_pem(RSA_PUBLIC_PEM "-----BEGIN PUBLIC KEY-----\n", "no end");
	refused_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "not a public key or certificate");
}
END_TEST

START_TEST(keys_in_PEM_are_as_sound_as_in_a_JWK)
{
	refused_pem("-----BEGIN PUBLIC KEY-----\n"
		    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCjfz9hhbc4AgXuOrTEnwMjsyuJ\n"
		    "a5EWVHtdm5QhMV2Bn20KkbA0X8pBuvawqC1qFHLS541H/2xsUi8H554P1MlxPeBT\n"
		    "RmweYml45uip5s5gt5wifxmEt/4mCFyyrUaz49LtpwESzJXJKzf4D+UPBPIVi2ff\n"
		    "sJXZOm7IZkBSt1PImwIDAQAB\n-----END PUBLIC KEY-----\n", "2048 to 8192 bits");
	refused_pem("-----BEGIN PUBLIC KEY-----\n"	/* its point is compressed */
		    "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgAD4ubt0NskeCS54VsQG06HfgJZu+zX\n"
		    "zSy6jMYB5ZByrkg=\n-----END PUBLIC KEY-----\n", "compressed");
	refused_pem("-----BEGIN PUBLIC KEY-----\n"	/* P-521 */
		    "MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQBBtL0QjTsLNLYpykcqaFMjsx4QSnj\n"
		    "BkVyV0NKQpNiQ08oxkn/PmhT7RcvQxF8j+RXBXYzH+nVW79B1DpA8utrWz0AKfO4\n"
		    "JVmayktcTLhKtonpeh5GW2GKZMtQjwfyoW9OWGeIdvI9iEJ34CuuA8lRYYKNoA06\n"
		    "T4GlTe/VMOI1gFTNPAk=\n-----END PUBLIC KEY-----\n", "P-256 and P-384");
}
END_TEST

START_TEST(a_PEM_file_has_at_most_64_keys)
{
	struct buf text = {0};
	struct err err;
	struct jwks *set;

	for (int i = 0; i < JWKS_MOST; i++)
		buf_str(&text, P256_PUBLIC_PEM);
	set = jwks_pem(text.p, &err);
	ck_assert_ptr_nonnull(set);
	jwks_free(&set);
	buf_str(&text, P256_PUBLIC_PEM);
	refused_pem(text.p, "more than 64 keys");
	buf_free(&text);
}
END_TEST

START_TEST(a_private_key_is_found_behind_what_stands_before_it)
{
	static const char parameters[] = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
	const char *rest;
	struct err err;
	char *text = str_fmt("%s%s%s", parameters, P256_CERT_PEM, P256_PEM);
	struct key *key = key_pem(text, true, &rest, &err);

	ck_assert_msg(key != NULL, "%s", err.text);
	ck_assert_str_eq(rest, "\n");
	key_free(&key);
	ck_assert_ptr_null(key_pem(rest, true, &rest, &err));
	ck_assert_str_eq(err.text, "");
	ck_assert_ptr_null(key_pem(P256_CERT_PEM, true, &rest, &err));
	ck_assert_str_eq(err.text, "");
	ck_assert_ptr_null(key_pem(P256_LOCKED_PEM, true, &rest, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "passphrase"));
	free(text);
}
END_TEST

UNIT_MAIN("jwk", a_key_comes_back_as_it_was_printed, a_set_has_its_keys_in_order, alg_use_and_key_ops_that_agree_are_taken,
	  a_kid_has_at_most_256_bytes, one_kid_may_name_a_key_for_each_alg,
	  another_use_is_passed_over, key_ops_without_verify_are_passed_over, key_ops_with_a_duplicate_are_passed_over,
	  endless_key_ops_are_passed_over, an_alg_that_is_not_for_the_key_is_passed_over, an_unknown_alg_is_passed_over,
	  a_kid_that_is_no_text_is_passed_over, a_private_half_is_passed_over, unknown_kinds_are_passed_over,
	  only_strict_base64url_is_taken, points_are_on_their_curve,
	  RSA_keys_have_2048_to_8192_bits, RSA_numbers_are_odd_and_the_exponent_is_usual,
	  RSA_keys_with_the_mark_of_ROCA_are_passed_over, numbers_are_written_as_others_write_them,
	  a_shared_secret_is_taken_only_where_it_may_be, secrets_and_public_keys_do_not_mix,
	  a_set_with_secrets_has_no_key_of_no_use, one_kid_names_one_secret,
	  duplicate_members_spoil_a_set, what_is_no_set_is_refused, a_set_has_at_most_256_KiB, a_set_has_at_most_64_keys,
	  keys_and_certificates_are_read_from_PEM, JSON_and_PEM_are_told_apart, a_private_key_among_public_ones_is_an_error,
	  what_is_no_PEM_is_refused,
	  keys_in_PEM_are_as_sound_as_in_a_JWK, a_PEM_file_has_at_most_64_keys, a_private_key_is_found_behind_what_stands_before_it)
