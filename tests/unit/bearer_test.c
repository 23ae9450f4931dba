/* SPDX-License-Identifier: EUPL-1.2
 * How bearer tokens are signed, bound and carried: what lets one in, and each attack on it. */
#include "config.h"
#include "token_rig.h"

#include "event/base64.h"

#define ISS "'iss':'https://idp.example',"
#define AUD "'aud':'https://hook.example',"
#define SCOPE "'client_id':'app','scope':'events.read events.write',"
#define EXP "'exp':1900000300"
#define GOOD "{" ISS AUD SCOPE EXP "}"

static const char refused[] = "The token is not accepted here.";

/* With claims that the issuer signed. */
static enum trust_verdict judge(struct rig *rig, const char *claims)
{
	return rig_bear(rig, rig_rs256(rig, claims));
}

static void refuses_token(struct rig *rig, const char *token)
{
	ck_assert_int_eq(rig_bear(rig, token), TRUST_TOKEN);
	ck_assert_str_eq(rig->admitted.why, refused);
	ck_assert_ptr_nonnull(rig->admitted.note);
}

static void refuses(const char *claims)
{
	struct rig rig;

	rig_open(&rig);
	ck_assert_msg(judge(&rig, claims) == TRUST_TOKEN, "%s", claims);
	ck_assert_str_eq(rig.admitted.why, refused);
	ck_assert_ptr_nonnull(rig.admitted.note);
	rig_close(&rig);
}

START_TEST(a_sound_token_is_taken_with_each_algorithm)
{
	static const struct rig_token tokens[] = {
		{ RSA_PEM, ALG_RS256, "{'alg':'RS256','kid':'r1'}", GOOD, NULL },
		{ RSA_PEM, ALG_RS256, "{'alg':'RS256'}", GOOD, NULL },
		{ RSA_PEM, ALG_PS256, "{'alg':'PS256','typ':'JWT','kid':'r1'}", GOOD, NULL },
		{ P256_PEM, ALG_ES256, "{'alg':'ES256','kid':'e1'}", GOOD, NULL },
		{ P384_PEM, ALG_ES384, "{'alg':'ES384','kid':'e2'}", GOOD, NULL },
		{ ED25519_PEM, ALG_EDDSA, "{'alg':'EdDSA','kid':'d1'}", GOOD, NULL },
	};
	struct rig rig;

	rig_open(&rig);
	rig.issuers[IDP].jwks.text = rig_keys(&rig, (const char *const []){ RSA_PEM, P256_PEM, P384_PEM, ED25519_PEM },
					      (const char *const []){ "r1", "e1", "e2", "d1" }, 4);
	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
		ck_assert_msg(rig_bear(&rig, rig_token(&rig, &tokens[i])) == TRUST_OK, "%zu: %s", i, rig.admitted.note);
		ck_assert_uint_eq(rig.admitted.sender, APP);
	}
	rig_close(&rig);
}
END_TEST

START_TEST(keys_may_be_pem)
{
	struct rig rig;

	rig_open(&rig);
	rig.issuers[IDP].jwks.text = RSA_PUBLIC_PEM;
	ck_assert_int_eq(judge(&rig, GOOD), TRUST_OK);
	rig_close(&rig);
}
END_TEST

START_TEST(no_token_is_missing)
{
	struct rig rig;

	rig_open(&rig);
	ck_assert_int_eq(rig_admit(&rig), TRUST_MISSING);
	rig.headers[0] = (struct attr){ "authorization", "Basic b246Z2VoZWlt" };
	rig.m.n_headers = 1;
	ck_assert_int_eq(rig_admit(&rig), TRUST_MISSING);
	rig_close(&rig);
}
END_TEST

START_TEST(a_sender_may_have_several_issuers)
{
	struct rig rig;
	const char *claims = "{'iss':'https://other.example'," AUD SCOPE EXP "}";

	rig_open(&rig);
	rig.senders[APP].n_issuers = 2;
	rig.whose[1] = OTHER;
	for (int again = 0; again < 2; again++) {
		ck_assert_int_eq(judge(&rig, GOOD), TRUST_OK);
		ck_assert_int_eq(rig_bear(&rig, rig_token(&rig, &(struct rig_token){ OTHER_P256_PEM, ALG_ES256,
				 "{'alg':'ES256','kid':'o1'}", claims, NULL })), TRUST_OK);
	}
	refuses_token(&rig, rig_rs256(&rig, claims));
	rig_close(&rig);
}
END_TEST

/* ---- signatures ---- */

START_TEST(alg_none_is_refused)
{
	struct rig rig;
	struct buf token = {0};
	const char *claims;

	rig_open(&rig);
	claims = rig_json(&rig, GOOD);
	base64url_encode(&token, "{\"alg\":\"none\"}", 14);
	buf_char(&token, '.');
	base64url_encode(&token, claims, strlen(claims));
	buf_char(&token, '.');
	refuses_token(&rig, token.p);
	buf_str(&token, "AA");
	refuses_token(&rig, token.p);
	buf_free(&token);
	rig_close(&rig);
}
END_TEST

START_TEST(a_stripped_signature_is_refused)
{
	struct rig rig;
	char *token;

	rig_open(&rig);
	token = pool_str(rig.pool, rig_rs256(&rig, GOOD));
	strrchr(token, '.')[1] = '\0';
	refuses_token(&rig, token);
	*strrchr(token, '.') = '\0';
	refuses_token(&rig, token);
	rig_close(&rig);
}
END_TEST

START_TEST(a_public_key_is_no_secret)
{
	static const char *const headers[] = { "{'alg':'HS256','kid':'r1'}", "{'alg':'HS256'}" };
	struct rig rig;

	rig_open(&rig);
	rig.issuers[IDP].jwks.text = RSA_PUBLIC_PEM;
	rig.issuers[IDP].algorithms = "RS256 HS256";	/* even so */
	for (size_t i = 0; i < 2; i++) {
		refuses_token(&rig, rig_token(&rig, &(struct rig_token){ NULL, ALG_HS256, headers[i], GOOD, RSA_PUBLIC_PEM }));
		refuses_token(&rig, rig_token(&rig, &(struct rig_token){ NULL, ALG_HS256, headers[i], GOOD, "secret" }));
	}
	rig_close(&rig);
}
END_TEST

START_TEST(a_key_of_another_issuer_signs_nothing_for_this_one)
{
	static const char *const headers[] = { "{'alg':'ES256','kid':'e1'}", "{'alg':'ES256'}", "{'alg':'ES256','kid':'o1'}" };
	struct rig rig;

	rig_open(&rig);
	rig.senders[APP].n_issuers = 2;
	rig.whose[1] = OTHER;
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		refuses_token(&rig, rig_token(&rig, &(struct rig_token){ OTHER_P256_PEM, ALG_ES256, headers[i], GOOD, NULL }));
	rig_close(&rig);
}
END_TEST

START_TEST(an_algorithm_that_is_not_allowed_is_refused)
{
	struct rig rig;

	rig_open(&rig);
	rig.issuers[IDP].algorithms = "PS256, ES256";
	refuses_token(&rig, rig_rs256(&rig, GOOD));
	ck_assert_int_eq(rig_bear(&rig, rig_token(&rig, &(struct rig_token){ P256_PEM, ALG_ES256, "{'alg':'ES256'}", GOOD, NULL })),
			 TRUST_OK);
	rig_close(&rig);
}
END_TEST

START_TEST(an_altered_token_is_refused_though_the_original_is_cached)
{
	struct rig rig;
	const char *token;
	char *altered;

	rig_open(&rig);
	token = rig_rs256(&rig, GOOD);
	ck_assert_int_eq(rig_bear(&rig, token), TRUST_OK);
	for (size_t i = 0; i < strlen(token); i += 7) {
		altered = pool_str(rig.pool, token);
		altered[i] = altered[i] == 'A' ? 'B' : 'A';
		if (strcmp(altered, token) != 0)
			ck_assert_int_eq(rig_bear(&rig, altered), TRUST_TOKEN);
	}
	ck_assert_int_eq(rig_bear(&rig, token), TRUST_OK);
	rig_close(&rig);
}
END_TEST

START_TEST(an_unknown_kid_among_keys_of_a_file_is_refused)
{
	struct rig rig;

	rig_open(&rig);
	refuses_token(&rig, rig_token(&rig, &(struct rig_token){ RSA_PEM, ALG_RS256, "{'alg':'RS256','kid':'r2'}", GOOD, NULL }));
	rig_close(&rig);
}
END_TEST

START_TEST(a_member_twice_is_refused)
{
	struct rig rig;

	rig_open(&rig);
	refuses_token(&rig, rig_rs256(&rig, "{" ISS AUD SCOPE EXP "," EXP "}"));
	refuses_token(&rig, rig_rs256(&rig, "{" ISS "'iss':'https://evil.net'," AUD SCOPE EXP "}"));
	refuses_token(&rig, rig_token(&rig, &(struct rig_token){ RSA_PEM, ALG_RS256, "{'alg':'none','alg':'RS256'}", GOOD, NULL }));
	refuses_token(&rig, rig_rs256(&rig, "[" GOOD "]"));
	refuses_token(&rig, rig_rs256(&rig, GOOD GOOD));
	rig_close(&rig);
}
END_TEST

START_TEST(a_huge_token_is_refused)
{
	struct rig rig;
	char *claims, *token;

	rig_open(&rig);
	claims = pool_fmt(rig.pool, "{" ISS AUD SCOPE EXP ",'x':'%0*d'}", JWS_LEN_MAX, 0);
	refuses_token(&rig, rig_rs256(&rig, claims));
	token = pool_alloc(rig.pool, 1000001);
	memset(token, 'a', 1000000);
	refuses_token(&rig, token);
	claims = pool_fmt(rig.pool, "{" ISS AUD SCOPE EXP ",'x':'%08000d'}", 0);	/* large, and still one */
	ck_assert_int_eq(judge(&rig, claims), TRUST_OK);
	claims = pool_fmt(rig.pool, "{" ISS AUD "'scope':'events.write %08000d'," EXP "}", 0);	/* too large to be kept */
	ck_assert_int_eq(judge(&rig, claims), TRUST_OK);
	ck_assert_int_eq(judge(&rig, claims), TRUST_OK);
	rig_close(&rig);
}
END_TEST

START_TEST(what_is_no_token_is_refused)
{
	static const char *const bad[] = { "", "a.b", "a.b.c", "a.b.c.d.e", "..", "a b", "a\tb", "\xc3\xa9", "=", "a=b", "a,b", "\"a\"" };
	struct rig rig;

	rig_open(&rig);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(rig_bear(&rig, bad[i]) == TRUST_TOKEN, "%s", bad[i]);
	rig_close(&rig);
}
END_TEST

/* ---- typ ---- */

START_TEST(at_jwt_asks_for_the_type)
{
	static const struct { const char *header; enum trust_verdict verdict; } cases[] = {
		{ "{'alg':'RS256','typ':'at+jwt'}", TRUST_OK }, { "{'alg':'RS256','typ':'application/AT+JWT'}", TRUST_OK },
		{ "{'alg':'RS256','typ':'JWT'}", TRUST_TOKEN }, { "{'alg':'RS256'}", TRUST_TOKEN },
		{ "{'alg':'RS256','typ':'at+jwt;x'}", TRUST_TOKEN }, { "{'alg':'RS256','typ':['at+jwt']}", TRUST_TOKEN },
		{ "{'alg':'RS256','typ':'logout+jwt'}", TRUST_TOKEN },
	};
	struct rig rig;

	rig_open(&rig);
	rig.issuers[IDP].at_jwt = true;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_msg(rig_bear(&rig, rig_token(&rig, &(struct rig_token){ RSA_PEM, ALG_RS256, cases[i].header, GOOD, NULL })) ==
			      cases[i].verdict, "%s", cases[i].header);
	rig_close(&rig);
}
END_TEST

/* ---- bound tokens (RFC 8705) ---- */

static const char *bound(struct rig *rig, const char *pem)
{
	unsigned char thumbprint[32];
	struct buf digits = {0};
	struct cert *cert = cert_read(rig->pool, pem);
	const char *token;

	cert_thumbprint(cert, thumbprint);
	cert_free(&cert);
	base64url_encode(&digits, thumbprint, sizeof thumbprint);
	token = rig_rs256(rig, pool_fmt(rig->pool, "{" ISS AUD SCOPE EXP ",'cnf':{'x5t#S256':'%s'}}", digits.p));
	buf_free(&digits);
	return token;
}

START_TEST(a_bound_token_needs_its_certificate_at_each_request)
{
	const struct message_tls right = { .trusted = true, .verified = true, .cert = P256_CERT_PEM };
	struct message_tls wrong[5] = { right, right, right, right, { 0 } };
	struct rig rig;
	const char *token;

	rig_open(&rig);
	token = bound(&rig, P256_CERT_PEM);
	wrong[0].trusted = false;		/* from a peer that is not the web server */
	wrong[1].verified = false;
	wrong[2].cert = NULL;
	wrong[3].cert = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
	for (int again = 0; again < 2; again++) {
		for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
			rig.m.tls = wrong[i];
			ck_assert_msg(rig_bear(&rig, token) == TRUST_TOKEN, "%zu", i);
			ck_assert_str_eq(rig.admitted.why, refused);
		}
		rig.m.tls = right;
		ck_assert_int_eq(rig_bear(&rig, token), TRUST_OK);
	}
	rig_close(&rig);
}
END_TEST

START_TEST(a_token_bound_to_another_certificate_is_refused)
{
	struct rig rig;

	rig_open(&rig);
	rig.m.tls = (struct message_tls){ .trusted = true, .verified = true, .cert = P256_CERT_PEM };
	ck_assert_int_eq(judge(&rig, "{" ISS AUD SCOPE EXP ",'cnf':{'x5t#S256':'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0'}}"),
			 TRUST_TOKEN);
	ck_assert_int_eq(judge(&rig, "{" ISS AUD SCOPE EXP ",'cnf':{'x5t#S256':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'}}"),
			 TRUST_TOKEN);
	rig_close(&rig);
}
END_TEST

START_TEST(a_binding_that_cannot_be_checked_is_refused)
{
	refuses("{" ISS AUD SCOPE EXP ",'cnf':{'jkt':'0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'}}");
	refuses("{" ISS AUD SCOPE EXP ",'cnf':{}}");
	refuses("{" ISS AUD SCOPE EXP ",'cnf':null}");
	refuses("{" ISS AUD SCOPE EXP ",'cnf':'x'}");
	refuses("{" ISS AUD SCOPE EXP ",'cnf':{'x5t#S256':7}}");
	refuses("{" ISS AUD SCOPE EXP ",'cnf':{'x5t#S256':''}}");
	refuses("{" ISS AUD SCOPE EXP ",'cnf':{'x5t#S256':'AAAA'}}");
}
END_TEST

START_TEST(bound_asks_for_a_binding)
{
	struct rig rig;

	rig_open(&rig);
	rig.senders[APP].bound = true;
	rig.m.tls = (struct message_tls){ .trusted = true, .verified = true, .cert = P256_CERT_PEM };
	refuses_token(&rig, rig_rs256(&rig, GOOD));
	ck_assert_int_eq(rig_bear(&rig, bound(&rig, P256_CERT_PEM)), TRUST_OK);
	rig_close(&rig);
}
END_TEST

/* ---- how it comes ---- */

START_TEST(a_header_twice_is_wrong)
{
	struct rig rig;

	rig_open(&rig);
	ck_assert_int_eq(judge(&rig, GOOD), TRUST_OK);
	rig.headers[1] = rig.headers[0];
	rig.m.n_headers = 2;
	ck_assert_int_eq(rig_admit(&rig), TRUST_WRONG);
	rig_close(&rig);
}
END_TEST

START_TEST(a_token_in_the_query_counts_where_the_sender_may)
{
	struct rig rig;

	rig_open(&rig);
	rig.m.query = pool_fmt(rig.pool, "access_token=%s", rig_rs256(&rig, GOOD));
	ck_assert_int_eq(rig_admit(&rig), TRUST_MISSING);
	rig.senders[APP].query_token = true;
	ck_assert_int_eq(rig_admit(&rig), TRUST_OK);
	ck_assert(rig.admitted.by_query);
	ck_assert_int_eq(judge(&rig, GOOD), TRUST_UNCLEAR);	/* and in the header */
	rig_close(&rig);
}
END_TEST

START_TEST(notes_for_the_log_have_nothing_of_the_token)
{
	static const char *const claims[] = {
		"{'iss':'jansen'," AUD SCOPE EXP "}", "{" ISS "'aud':'jansen'," SCOPE EXP "}", "{" ISS AUD "'sub':'jansen'," EXP "}",
		"{" ISS AUD SCOPE "'exp':'jansen'}", "{" ISS AUD SCOPE EXP ",'cnf':'jansen'}",
	};
	struct rig rig;

	rig_open(&rig);
	rig.senders[APP].clients = "app";
	for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
		ck_assert_int_ne(judge(&rig, claims[i]), TRUST_OK);
		ck_assert_ptr_null(strstr(rig.admitted.note, "jansen"));
	}
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("bearer", a_sound_token_is_taken_with_each_algorithm, keys_may_be_pem, no_token_is_missing,
	  a_sender_may_have_several_issuers, alg_none_is_refused, a_stripped_signature_is_refused, a_public_key_is_no_secret,
	  a_key_of_another_issuer_signs_nothing_for_this_one, an_algorithm_that_is_not_allowed_is_refused,
	  an_altered_token_is_refused_though_the_original_is_cached, an_unknown_kid_among_keys_of_a_file_is_refused,
	  a_member_twice_is_refused, a_huge_token_is_refused, what_is_no_token_is_refused, at_jwt_asks_for_the_type,
	  a_bound_token_needs_its_certificate_at_each_request, a_token_bound_to_another_certificate_is_refused,
	  a_binding_that_cannot_be_checked_is_refused, bound_asks_for_a_binding, a_header_twice_is_wrong,
	  a_token_in_the_query_counts_where_the_sender_may, notes_for_the_log_have_nothing_of_the_token)
