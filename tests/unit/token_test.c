/* SPDX-License-Identifier: EUPL-1.2
 * What a JWT claims: which claims let it in, and each attack on them. How it is signed is in bearer_test.c. */
#include "config.h"
#include "token_rig.h"

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

/* Not by what is not there, and not told why; the log is. */
static void refuses(const char *claims)
{
	struct rig rig;

	rig_open(&rig);
	ck_assert_msg(judge(&rig, claims) == TRUST_TOKEN, "%s", claims);
	ck_assert_str_eq(rig.admitted.why, refused);
	ck_assert_ptr_nonnull(rig.admitted.note);
	rig_close(&rig);
}

static void takes(const char *claims)
{
	struct rig rig;

	rig_open(&rig);
	ck_assert_msg(judge(&rig, claims) == TRUST_OK, "%s", claims);
	rig_close(&rig);
}

/* ---- time ---- */

START_TEST(an_expired_token_is_refused_and_told_so)
{
	struct rig rig;

	rig_open(&rig);
	ck_assert_int_eq(judge(&rig, "{" ISS AUD SCOPE "'exp':1899999940}"), TRUST_TOKEN);
	ck_assert_str_eq(rig.admitted.why, "The token has expired.");
	ck_assert_int_eq(judge(&rig, "{" ISS AUD SCOPE "'exp':1899999941}"), TRUST_OK);	/* leeway */
	rig_close(&rig);
}
END_TEST

START_TEST(a_token_without_exp_is_refused)
{
	refuses("{" ISS AUD SCOPE "'iat':1900000000}");
	refuses("{" ISS AUD SCOPE "'exp':null}");
}
END_TEST

START_TEST(an_exp_that_is_text_is_refused)
{
	refuses("{" ISS AUD SCOPE "'exp':'1900000300'}");
	refuses("{" ISS AUD SCOPE "'exp':true}");
	refuses("{" ISS AUD SCOPE "'exp':[1900000300]}");
}
END_TEST

START_TEST(a_negative_exp_is_refused)
{
	refuses("{" ISS AUD SCOPE "'exp':-1}");
	refuses("{" ISS AUD SCOPE "'exp':-9223372036854775808}");
}
END_TEST

START_TEST(a_huge_exp_is_no_time)
{
	refuses("{" ISS AUD SCOPE "'exp':1900000300000}");	/* milliseconds */
	refuses("{" ISS AUD SCOPE "'exp':9223372036854775807}");
	refuses("{" ISS AUD SCOPE "'exp':18446744073709551616}");
	refuses("{" ISS AUD SCOPE "'exp':1e300}");
	refuses("{" ISS AUD SCOPE "'exp':1e999}");
}
END_TEST

START_TEST(an_exp_with_a_fraction_is_a_time)
{
	struct rig rig;

	takes("{" ISS AUD SCOPE "'exp':1900000300.5}");
	takes("{" ISS AUD SCOPE "'exp':1.9000003e9}");
	rig_open(&rig);
	ck_assert_int_eq(judge(&rig, "{" ISS AUD SCOPE "'exp':1899999939.9}"), TRUST_TOKEN);
	ck_assert_str_eq(rig.admitted.why, "The token has expired.");
	rig_close(&rig);
}
END_TEST

START_TEST(a_token_for_later_is_refused)
{
	refuses("{" ISS AUD SCOPE EXP ",'nbf':1900000061}");
	takes("{" ISS AUD SCOPE EXP ",'nbf':1900000060}");
	refuses("{" ISS AUD SCOPE EXP ",'nbf':'1'}");
}
END_TEST

START_TEST(a_token_issued_in_the_future_is_refused)
{
	refuses("{" ISS AUD SCOPE EXP ",'iat':1900000061}");
	takes("{" ISS AUD SCOPE EXP ",'iat':1900000060}");
	refuses("{" ISS AUD SCOPE EXP ",'iat':{}}");
}
END_TEST

START_TEST(a_cached_token_expires_nonetheless)
{
	struct rig rig;
	const char *token;

	rig_open(&rig);
	rig.issuers[IDP].leeway_ms = 0;
	token = rig_rs256(&rig, "{" ISS AUD SCOPE "'exp':1900000010}");
	ck_assert_int_eq(rig_bear(&rig, token), TRUST_OK);
	rig.now_ms += 9999;
	ck_assert_int_eq(rig_bear(&rig, token), TRUST_OK);
	rig.now_ms += 1;
	ck_assert_int_eq(rig_bear(&rig, token), TRUST_TOKEN);
	ck_assert_str_eq(rig.admitted.why, "The token has expired.");
	rig_close(&rig);
}
END_TEST

/* ---- audience and issuer ---- */

START_TEST(a_token_for_another_audience_is_refused)
{
	refuses("{" ISS "'aud':'https://elsewhere.example'," SCOPE EXP "}");
	refuses("{" ISS "'aud':'https://hook.example/'," SCOPE EXP "}");
	refuses("{" ISS "'aud':'https://hook.exampl'," SCOPE EXP "}");
	refuses("{" ISS "'aud':'HTTPS://hook.example'," SCOPE EXP "}");
	refuses("{" ISS "'aud':'https://hook.example urn:hook'," SCOPE EXP "}");
	refuses("{" ISS "'aud':'https://hook.example\\u0000'," SCOPE EXP "}");
	refuses("{" ISS "'aud':''," SCOPE EXP "}");
}
END_TEST

START_TEST(a_token_without_audience_is_refused)
{
	refuses("{" ISS SCOPE EXP "}");
	refuses("{" ISS "'aud':[]," SCOPE EXP "}");
	refuses("{" ISS "'aud':null," SCOPE EXP "}");
	refuses("{" ISS "'aud':{'https://hook.example':1}," SCOPE EXP "}");
	refuses("{" ISS "'aud':[['https://hook.example']]," SCOPE EXP "}");
}
END_TEST

START_TEST(one_of_several_audiences_is_enough)
{
	takes("{" ISS "'aud':['https://elsewhere.example','urn:hook']," SCOPE EXP "}");
	takes("{" ISS "'aud':[1,null,'https://hook.example']," SCOPE EXP "}");
	refuses("{" ISS "'aud':['https://elsewhere.example','urn:hooks']," SCOPE EXP "}");
}
END_TEST

START_TEST(audience_none_takes_tokens_without_one)
{
	struct rig rig;

	rig_open(&rig);
	rig.issuers[IDP].audience = " none";
	ck_assert_int_eq(judge(&rig, "{" ISS SCOPE EXP "}"), TRUST_OK);
	ck_assert_int_eq(judge(&rig, "{" ISS "'aud':'https://elsewhere.example'," SCOPE EXP "}"), TRUST_OK);
	trust_free(&rig.trust);
	rig.issuers[IDP].audience = "none, urn:hook";	/* one that is there counts */
	ck_assert_int_eq(judge(&rig, "{" ISS SCOPE EXP "}"), TRUST_OK);
	ck_assert_int_eq(judge(&rig, "{" ISS "'aud':'urn:hook'," SCOPE EXP "}"), TRUST_OK);
	ck_assert_int_eq(judge(&rig, "{" ISS "'aud':'https://elsewhere.example'," SCOPE EXP "}"), TRUST_TOKEN);
	trust_free(&rig.trust);
	rig.issuers[IDP].audience = NULL;		/* the configuration's checks ask for it */
	ck_assert_int_eq(judge(&rig, GOOD), TRUST_TOKEN);
	rig_close(&rig);
}
END_TEST

START_TEST(a_token_of_another_issuer_is_refused)
{
	refuses("{'iss':'https://unknown.example'," AUD SCOPE EXP "}");
	refuses("{'iss':'https://other.example'," AUD SCOPE EXP "}");	/* there is one, and not for this sender */
	refuses("{" AUD SCOPE EXP "}");
	refuses("{'iss':null," AUD SCOPE EXP "}");
	refuses("{'iss':['https://idp.example']," AUD SCOPE EXP "}");
}
END_TEST

START_TEST(an_issuer_is_the_whole_name)
{
	refuses("{'iss':'https://idp.example.evil.net'," AUD SCOPE EXP "}");
	refuses("{'iss':'https://idp.example/'," AUD SCOPE EXP "}");
	refuses("{'iss':'https://idp.exampl'," AUD SCOPE EXP "}");
	refuses("{'iss':'https://evil.net/https://idp.example'," AUD SCOPE EXP "}");
	refuses("{'iss':'HTTPS://IDP.example'," AUD SCOPE EXP "}");
	refuses("{'iss':'https://idp.example\\u0000'," AUD SCOPE EXP "}");
	refuses("{'iss':' https://idp.example'," AUD SCOPE EXP "}");
	refuses("{'iss':''," AUD SCOPE EXP "}");
}
END_TEST

/* ---- scopes and clients ---- */

static void lacks(const char *scopes, const char *claims)
{
	struct rig rig;

	rig_open(&rig);
	rig.senders[APP].scopes = scopes;
	ck_assert_msg(judge(&rig, claims) == TRUST_SCOPE, "%s", claims);
	ck_assert_str_eq(rig.admitted.why, "The token lacks a scope.");
	rig_close(&rig);
}

START_TEST(a_token_without_the_scope_is_refused)
{
	lacks("events.write", "{" ISS AUD "'scope':'events.read'," EXP "}");
	lacks("events.write", "{" ISS AUD "'scope':''," EXP "}");
	lacks("events.write", "{" ISS AUD "'scope':7," EXP "}");
	lacks("events.write", "{" ISS AUD EXP "}");
	lacks("events.write, events.admin", "{" ISS AUD SCOPE EXP "}");
}
END_TEST

START_TEST(a_scope_is_a_whole_word)
{
	lacks("events.write", "{" ISS AUD "'scope':'events.writeall'," EXP "}");
	lacks("events.write", "{" ISS AUD "'scope':'xevents.write'," EXP "}");
	lacks("events.write", "{" ISS AUD "'scope':'no,events.write'," EXP "}");
	lacks("events.write", "{" ISS AUD "'scope':'no\\tevents.write'," EXP "}");
	lacks("events.write", "{" ISS AUD "'scope':'events.write\\u0000'," EXP "}");
	lacks("events.write", "{" ISS AUD "'scope':'Events.Write'," EXP "}");
	lacks("events.write", "{" ISS AUD "'scp':['no events.write']," EXP "}");
	lacks("events.writeall", "{" ISS AUD "'scope':'events.write'," EXP "}");
}
END_TEST

START_TEST(scopes_may_stand_in_scope_scp_and_roles)
{
	takes("{" ISS AUD "'scope':'  events.write  '," EXP "}");
	takes("{" ISS AUD "'scp':'a events.write'," EXP "}");
	takes("{" ISS AUD "'scp':['a','events.write']," EXP "}");
	takes("{" ISS AUD "'roles':[{},'events.write']," EXP "}");
	takes("{" ISS AUD "'roles':['x'],'scope':'events.write'," EXP "}");
}
END_TEST

START_TEST(scopes_of_all_three_count_together)
{
	struct rig rig;

	rig_open(&rig);
	rig.senders[APP].scopes = "a, b c";
	ck_assert_int_eq(judge(&rig, "{" ISS AUD "'scope':'a','scp':'b','roles':['c']," EXP "}"), TRUST_OK);
	ck_assert_int_eq(judge(&rig, "{" ISS AUD "'scope':'a','scp':'b'," EXP "}"), TRUST_SCOPE);
	trust_free(&rig.trust);
	rig.senders[APP].scopes = NULL;
	ck_assert_int_eq(judge(&rig, "{" ISS AUD EXP "}"), TRUST_OK);
	rig_close(&rig);
}
END_TEST

START_TEST(another_clients_token_is_refused)
{
	static const char *const bad[] = {
		"{" ISS AUD "'client_id':'evil','scope':'events.write'," EXP "}", "{" ISS AUD "'scope':'events.write'," EXP "}",
		"{" ISS AUD "'client_id':'ap','scope':'events.write'," EXP "}",
		"{" ISS AUD "'client_id':'app2','scope':'events.write'," EXP "}",
		"{" ISS AUD "'client_id':'evil','azp':'app','sub':'app','scope':'events.write'," EXP "}",
		"{" ISS AUD "'client_id':7,'sub':'app','scope':'events.write'," EXP "}",
		"{" ISS AUD "'client_id':'','sub':'app','scope':'events.write'," EXP "}",
		"{" ISS AUD "'client_id':'app\\u0000','scope':'events.write'," EXP "}",
		"{" ISS AUD "'client_id':'app tweede','scope':'events.write'," EXP "}",
		"{" ISS AUD "'azp':'evil','sub':'app','scope':'events.write'," EXP "}",
	};
	static const char *const good[] = {
		"{" ISS AUD SCOPE EXP "}", "{" ISS AUD "'azp':'app','sub':'x','scope':'events.write'," EXP "}",
		"{" ISS AUD "'appid':'app','sub':'x','scope':'events.write'," EXP "}",
		"{" ISS AUD "'sub':'tweede','scope':'events.write'," EXP "}",
		"{" ISS AUD "'client_id':null,'sub':'app','scope':'events.write'," EXP "}",
	};
	struct rig rig;

	rig_open(&rig);
	rig.senders[APP].clients = "tweede app";
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_msg(judge(&rig, bad[i]) == TRUST_SCOPE, "%s", bad[i]);
		ck_assert_str_eq(rig.admitted.why, refused);
	}
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ck_assert_msg(judge(&rig, good[i]) == TRUST_OK, "%s", good[i]);
	rig_close(&rig);
}
END_TEST

START_TEST(clients_tell_senders_of_one_issuer_apart)
{
	struct rig rig;
	const char *second;

	rig_open(&rig);
	rig.senders[APP].clients = "app";
	rig.senders[SECOND] = (struct conf_sender){ .name = "tweede", .issuers = rig.whose, .n_issuers = 1, .clients = "tweede" };
	rig.endpoint.n_senders = 2;
	second = rig_rs256(&rig, "{" ISS AUD "'client_id':'tweede'," EXP "}");
	for (int again = 0; again < 2; again++) {	/* and from the cache */
		ck_assert_int_eq(rig_bear(&rig, second), TRUST_OK);
		ck_assert_uint_eq(rig.admitted.sender, SECOND);
		ck_assert_int_eq(judge(&rig, GOOD), TRUST_OK);
		ck_assert_uint_eq(rig.admitted.sender, APP);
	}
	ck_assert_int_eq(judge(&rig, "{" ISS AUD "'client_id':'derde'," EXP "}"), TRUST_SCOPE);
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("token", an_expired_token_is_refused_and_told_so, a_token_without_exp_is_refused, an_exp_that_is_text_is_refused,
	  a_negative_exp_is_refused, a_huge_exp_is_no_time, an_exp_with_a_fraction_is_a_time, a_token_for_later_is_refused,
	  a_token_issued_in_the_future_is_refused, a_cached_token_expires_nonetheless, a_token_for_another_audience_is_refused,
	  a_token_without_audience_is_refused, one_of_several_audiences_is_enough, audience_none_takes_tokens_without_one,
	  a_token_of_another_issuer_is_refused, an_issuer_is_the_whole_name, a_token_without_the_scope_is_refused,
	  a_scope_is_a_whole_word, scopes_may_stand_in_scope_scp_and_roles, scopes_of_all_three_count_together,
	  another_clients_token_is_refused, clients_tell_senders_of_one_issuer_apart)
