/* SPDX-License-Identifier: EUPL-1.2
 * JWTs as ZGW APIs have them: HS256 with the secret of a client id. */
#include "config.h"
#include "token_rig.h"

#define SECRET "een geheim van genoeg tekens, hoor"
#define IAT "'iat':1900000000"
#define GOOD "{'iss':'zaken','client_id':'zaken'," IAT "}"

static const char *lines[] = { ("zaken:" SECRET), "zaken:nieuw:er", "oud:secret" };

static void zgw_open(struct rig *rig)
{
	rig_open(rig);
	rig->senders[APP] = (struct conf_sender){ .name = "on", .zgw = { .ref = "file:secrets/on", .values = lines, .n = 3 } };
}

static enum trust_verdict judge(struct rig *rig, const char *claims, const char *secret)
{
	return rig_bear(rig, rig_token(rig, &(struct rig_token){ NULL, ALG_HS256, "{'typ':'JWT','alg':'HS256'}", claims, secret }));
}

static void expect(const char *claims, const char *secret, enum trust_verdict verdict)
{
	struct rig rig;

	zgw_open(&rig);
	ck_assert_msg(judge(&rig, claims, secret) == verdict, "%s", claims);
	ck_assert(verdict == TRUST_OK || rig.admitted.note);
	rig_close(&rig);
}

START_TEST(the_vector_of_the_reference_is_taken)
{
	static const char *client[] = { "client:secret" };
	static const char token[] = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
		"eyJpc3MiOiJjbGllbnQiLCJpYXQiOjE1NzI4NjM5MDYsImNsaWVudF9pZCI6ImNsaWVudCIsInVzZXJfaWQiOiIiLCJ1c2VyX3JlcHJlc2VudGF0aW9uIjoi"
		"In0.Y2khsYcqIHFEupGEuqMJq1Pb2bqN6H_vQa9WJ15dvZU";
	struct rig rig;

	zgw_open(&rig);
	rig.senders[APP].zgw = (struct secret){ .values = client, .n = 1 };
	ck_assert_int_eq(rig_bear(&rig, token), TRUST_OK);
	rig.now_ms = INT64_C(1572863906000);
	ck_assert_int_eq(rig_bear(&rig, token), TRUST_OK);
	client[0] = "client:Secret";
	trust_free(&rig.trust);
	ck_assert_int_eq(rig_bear(&rig, token), TRUST_TOKEN);
	rig_close(&rig);
}
END_TEST

START_TEST(each_secret_of_a_client_counts_and_no_other)
{
	expect(GOOD, SECRET, TRUST_OK);
	expect(GOOD, "nieuw:er", TRUST_OK);
	expect(GOOD, "nieuw", TRUST_TOKEN);
	expect(GOOD, "secret", TRUST_TOKEN);		/* of another client */
	expect(GOOD, SECRET " ", TRUST_TOKEN);
	expect("{'client_id':'oud'," IAT "}", "secret", TRUST_OK);
}
END_TEST

START_TEST(client_id_decides_and_iss_stands_in_for_it)
{
	expect("{'iss':'zaken'," IAT "}", SECRET, TRUST_OK);
	expect("{'iss':'https://zaken.example','client_id':'zaken'," IAT "}", SECRET, TRUST_OK);	/* they need not be equal */
	expect("{'iss':'zaken','client_id':'oud'," IAT "}", SECRET, TRUST_TOKEN);
	expect("{'iss':'zaken','client_id':'onbekend'," IAT "}", SECRET, TRUST_TOKEN);
	expect("{" IAT "}", SECRET, TRUST_TOKEN);
	expect("{'iss':'zaken','client_id':7," IAT "}", SECRET, TRUST_TOKEN);
	expect("{'client_id':'zaken\\u0000'," IAT "}", SECRET, TRUST_TOKEN);
	expect("{'client_id':'Zaken'," IAT "}", SECRET, TRUST_TOKEN);
	expect("{'client_id':''," IAT "}", SECRET, TRUST_TOKEN);
}
END_TEST

START_TEST(only_HS256_is_taken)
{
	struct rig rig;

	zgw_open(&rig);
	ck_assert_int_eq(rig_bear(&rig, rig_rs256(&rig, GOOD)), TRUST_TOKEN);
	ck_assert_int_eq(rig_bear(&rig, "eyJhbGciOiJub25lIn0.eyJpc3MiOiJ6YWtlbiIsImlhdCI6MTkwMDAwMDAwMH0."), TRUST_TOKEN);
	ck_assert_int_eq(rig_bear(&rig, "eyJhbGciOiJub25lIn0.eyJpc3MiOiJ6YWtlbiIsImlhdCI6MTkwMDAwMDAwMH0.AA"), TRUST_TOKEN);
	ck_assert_int_eq(rig_bear(&rig, "x"), TRUST_TOKEN);
	ck_assert_str_eq(rig.admitted.why, "The token is not accepted here.");
	rig_close(&rig);
}
END_TEST

START_TEST(a_kid_names_nothing)
{
	struct rig rig;

	zgw_open(&rig);
	ck_assert_int_eq(rig_bear(&rig, rig_token(&rig, &(struct rig_token){ NULL, ALG_HS256, "{'alg':'HS256','kid':'x'}", GOOD,
									     SECRET })), TRUST_OK);
	rig_close(&rig);
}
END_TEST

START_TEST(iat_is_needed_and_not_of_the_future)
{
	expect("{'client_id':'zaken'}", SECRET, TRUST_TOKEN);
	expect("{'client_id':'zaken','iat':'1900000000'}", SECRET, TRUST_TOKEN);
	expect("{'client_id':'zaken','iat':null}", SECRET, TRUST_TOKEN);
	expect("{'client_id':'zaken','iat':-1}", SECRET, TRUST_TOKEN);
	expect("{'client_id':'zaken','iat':1e30}", SECRET, TRUST_TOKEN);
	expect("{'client_id':'zaken','iat':1900000060}", SECRET, TRUST_OK);
	expect("{'client_id':'zaken','iat':1900000061}", SECRET, TRUST_TOKEN);
	expect("{'client_id':'zaken','iat':1900000000.25}", SECRET, TRUST_OK);
	expect("{'client_id':'zaken','iat':0}", SECRET, TRUST_OK);	/* made once and kept */
}
END_TEST

START_TEST(exp_and_nbf_count_where_they_are)
{
	expect("{'client_id':'zaken'," IAT ",'exp':1899999941,'nbf':1900000060}", SECRET, TRUST_OK);
	expect("{'client_id':'zaken'," IAT ",'exp':1899999940}", SECRET, TRUST_TOKEN);
	expect("{'client_id':'zaken'," IAT ",'nbf':1900000061}", SECRET, TRUST_TOKEN);
	expect("{'client_id':'zaken'," IAT ",'exp':'morgen'}", SECRET, TRUST_TOKEN);
}
END_TEST

START_TEST(iat_max_age_refuses_old_ones)
{
	struct rig rig;

	zgw_open(&rig);
	rig.senders[APP].iat_max_age_ms = 3600000;
	ck_assert_int_eq(judge(&rig, "{'client_id':'zaken','iat':1899996340}", SECRET), TRUST_OK);	/* with 60 s of leeway */
	ck_assert_int_eq(judge(&rig, "{'client_id':'zaken','iat':1899996339,'exp':1999999999}", SECRET), TRUST_TOKEN);
	ck_assert_str_eq(rig.admitted.why, "The token has expired.");
	rig_close(&rig);
}
END_TEST

START_TEST(a_member_twice_is_refused)
{
	expect("{'client_id':'oud','client_id':'zaken'," IAT "}", SECRET, TRUST_TOKEN);
	expect("{'client_id':'zaken'," IAT "," IAT "}", SECRET, TRUST_TOKEN);
	expect("[]", SECRET, TRUST_TOKEN);
	expect("'zaken'", SECRET, TRUST_TOKEN);
}
END_TEST

START_TEST(what_is_no_bearer_token_is_wrong_or_missing)
{
	struct rig rig;

	zgw_open(&rig);
	ck_assert_int_eq(rig_admit(&rig), TRUST_MISSING);
	ck_assert_int_eq(judge(&rig, GOOD, SECRET), TRUST_OK);
	rig.headers[1] = rig.headers[0];
	rig.m.n_headers = 2;
	ck_assert_int_eq(rig_admit(&rig), TRUST_WRONG);
	rig.m.n_headers = 1;
	rig.headers[0].value = strchr(rig.headers[0].value, ' ') + 1;	/* without Bearer */
	ck_assert_int_eq(rig_admit(&rig), TRUST_WRONG);
	rig.headers[0].value = "";
	ck_assert_int_eq(rig_admit(&rig), TRUST_MISSING);
	rig_close(&rig);
}
END_TEST

START_TEST(a_token_in_the_query_counts_where_the_sender_may)
{
	struct rig rig;

	zgw_open(&rig);
	rig.m.query = pool_fmt(rig.pool, "access_token=%s",
			       rig_token(&rig, &(struct rig_token){ NULL, ALG_HS256, "{'alg':'HS256'}", GOOD, SECRET }));
	ck_assert_int_eq(rig_admit(&rig), TRUST_MISSING);
	rig.senders[APP].query_token = true;
	ck_assert_int_eq(rig_admit(&rig), TRUST_OK);
	rig_close(&rig);
}
END_TEST

START_TEST(an_empty_secret_is_told_and_lets_nobody_in)
{
	static const char *bad[] = { ("zaken:" SECRET), "leeg:" };
	struct problems problems = { .pool = pool_new() };
	struct rig rig;

	zgw_open(&rig);
	rig.senders[APP].zgw = (struct secret){ .ref = "file:secrets/on", .values = bad, .n = 2 };
	trust_check(&rig.conf, &problems);
	ck_assert_uint_eq(problems.n, 1);
	ck_assert_str_eq(problems.v[0].text, "[sender on]: zgw: line 2 of what file:secrets/on refers to is not CLIENT_ID:SECRET");
	ck_assert_int_eq(judge(&rig, GOOD, SECRET), TRUST_WRONG);
	pool_free(&problems.pool);
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("zgw", the_vector_of_the_reference_is_taken, each_secret_of_a_client_counts_and_no_other,
	  client_id_decides_and_iss_stands_in_for_it, only_HS256_is_taken, a_kid_names_nothing, iat_is_needed_and_not_of_the_future,
	  exp_and_nbf_count_where_they_are, iat_max_age_refuses_old_ones, a_member_twice_is_refused,
	  what_is_no_bearer_token_is_wrong_or_missing, a_token_in_the_query_counts_where_the_sender_may,
	  an_empty_secret_is_told_and_lets_nobody_in)
