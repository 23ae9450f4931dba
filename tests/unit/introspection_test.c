/* SPDX-License-Identifier: EUPL-1.2
 * Tokens about which their issuer is asked (RFC 7662): what its answers are worth, and for how long. */
#include "config.h"
#include "token_rig.h"

#include "base/clock.h"
#include "trust/known.h"

#define TOKEN "2YotnFZFEjr1zCsicMWpAA"
#define REST "'aud':'urn:hook','scope':'events.write'}"
#define ACTIVE "{'active':true,'iss':'https://asked.example'," REST

/* Answers count from the time at which they come, so that requests are of now. */
static void open_asked(struct rig *rig)
{
	rig_open(rig);
	rig->whose[0] = ASKED;
	rig->now_ms = clock_wall_ms();
}

/* To the question of the last request; null: it cannot be had. */
static void answer(struct rig *rig, const char *text)
{
	const char *json = text ? rig_json(rig, text) : NULL;

	trust_tell(rig->trust, &rig->admitted.question, json, json ? strlen(json) : 0);
}

/* Asks, answers and judges. */
static enum trust_verdict judge(struct rig *rig, const char *text)
{
	enum trust_verdict verdict;

	ck_assert_msg(rig_bear(rig, TOKEN) == TRUST_ASK, "%s", text);
	answer(rig, text);
	rig->asked = true;
	verdict = rig_bear(rig, TOKEN);
	rig->asked = false;
	return verdict;
}

static void expect(const char *text, enum trust_verdict verdict)
{
	struct rig rig;

	open_asked(&rig);
	ck_assert_msg(judge(&rig, text) == verdict, "%s", text);
	rig_close(&rig);
}

START_TEST(an_opaque_token_is_asked_about_once)
{
	struct rig rig;

	open_asked(&rig);
	ck_assert_int_eq(rig_bear(&rig, TOKEN), TRUST_ASK);
	ck_assert_uint_eq(rig.admitted.question.issuer, ASKED);
	ck_assert_str_eq(rig.admitted.question.token, TOKEN);
	answer(&rig, ACTIVE);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(rig_bear(&rig, TOKEN), TRUST_OK);
	ck_assert_int_eq(rig_bear(&rig, TOKEN "x"), TRUST_ASK);
	ck_assert_int_eq(rig_bear(&rig, "a b"), TRUST_TOKEN);	/* not worth a question */
	rig_close(&rig);
}
END_TEST

START_TEST(an_active_token_is_asked_about_again_when_the_cache_ends)
{
	struct rig rig;

	open_asked(&rig);
	ck_assert_int_eq(judge(&rig, ACTIVE), TRUST_OK);
	rig.now_ms += 59000;
	ck_assert_int_eq(rig_bear(&rig, TOKEN), TRUST_OK);
	rig.now_ms += 5000;
	ck_assert_int_eq(rig_bear(&rig, TOKEN), TRUST_ASK);
	rig_close(&rig);
}
END_TEST

START_TEST(an_answer_counts_no_longer_than_the_token)
{
	struct rig rig;

	open_asked(&rig);
	ck_assert_int_eq(judge(&rig, pool_fmt(rig.pool, "{'active':true,'exp':%lld," REST, (long long)rig.now_ms / 1000 + 20)),
			 TRUST_OK);
	rig.now_ms += 15000;
	ck_assert_int_eq(rig_bear(&rig, TOKEN), TRUST_OK);
	rig.now_ms += 10000;
	ck_assert_int_eq(rig_bear(&rig, TOKEN), TRUST_ASK);
	rig_close(&rig);
}
END_TEST

START_TEST(a_clock_that_was_set_back_ends_what_is_cached)
{
	struct rig rig;

	open_asked(&rig);
	ck_assert_int_eq(judge(&rig, ACTIVE), TRUST_OK);
	rig.now_ms -= 3600000;
	ck_assert_int_eq(rig_bear(&rig, TOKEN), TRUST_ASK);
	rig_close(&rig);
}
END_TEST

START_TEST(an_inactive_token_is_refused_and_not_asked_about_for_a_while)
{
	struct rig rig;

	open_asked(&rig);
	ck_assert_int_eq(judge(&rig, "{'active':false," REST), TRUST_TOKEN);
	ck_assert_str_eq(rig.admitted.why, "The token is not accepted here.");
	rig.now_ms += 9000;
	ck_assert_int_eq(rig_bear(&rig, TOKEN), TRUST_TOKEN);
	rig.now_ms += 5000;
	ck_assert_int_eq(judge(&rig, ACTIVE), TRUST_OK);
	rig_close(&rig);
}
END_TEST

START_TEST(only_true_is_active)
{
	static const char *const bad[] = {
		"{'active':'true'," REST, "{'active':1," REST, "{'active':[true]," REST, "{'active':null," REST, "{" REST, "[]",
		"true", "", "{'active':true", "{'active':false,'active':true," REST, "<html>", "{'error':'invalid_client'}",
		"{'Active':true," REST,
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect(bad[i], TRUST_UNSURE);	/* no answer: the token may be good */
}
END_TEST

START_TEST(a_dead_issuer_is_not_asked_for_each_request)
{
	struct rig rig;

	open_asked(&rig);
	ck_assert_int_eq(judge(&rig, NULL), TRUST_UNSURE);
	ck_assert_int_eq(rig_bear(&rig, TOKEN), TRUST_UNSURE);
	ck_assert_str_eq(rig.admitted.why, "The token cannot be checked now. Send it again later.");
	rig.now_ms += 20000;
	ck_assert_int_eq(rig_bear(&rig, TOKEN), TRUST_ASK);
	rig_close(&rig);
}
END_TEST

START_TEST(without_an_answer_it_cannot_be_known)
{
	struct rig rig;

	open_asked(&rig);
	rig.asked = true;
	ck_assert_int_eq(rig_bear(&rig, TOKEN), TRUST_UNSURE);
	rig_close(&rig);
}
END_TEST

START_TEST(a_failure_does_not_undo_an_answer)
{
	struct rig rig;

	open_asked(&rig);
	ck_assert_int_eq(rig_bear(&rig, TOKEN), TRUST_ASK);	/* two requests at once */
	answer(&rig, ACTIVE);
	answer(&rig, NULL);
	ck_assert_int_eq(rig_bear(&rig, TOKEN), TRUST_OK);
	rig.now_ms += 61000;
	ck_assert_int_eq(rig_bear(&rig, TOKEN), TRUST_ASK);
	answer(&rig, "{'active':false}");		/* as another answer does */
	rig.now_ms -= 61000;
	ck_assert_int_eq(rig_bear(&rig, TOKEN), TRUST_TOKEN);
	rig_close(&rig);
}
END_TEST

START_TEST(an_answer_is_held_to_the_rules_of_claims)
{
	expect("{'active':true," REST, TRUST_OK);		/* iss and exp may be missing (RFC 7662 2.2) */
	expect("{'active':true,'iss':'https://idp.example'," REST, TRUST_TOKEN);
	expect("{'active':true,'iss':7," REST, TRUST_TOKEN);
	expect("{'active':true,'scope':'events.write'}", TRUST_TOKEN);
	expect("{'active':true,'aud':'elsewhere','scope':'events.write'}", TRUST_TOKEN);
	expect("{'active':true,'exp':1000000000," REST, TRUST_TOKEN);
	expect("{'active':true,'exp':'later'," REST, TRUST_TOKEN);
	expect("{'active':true,'nbf':9000000000," REST, TRUST_TOKEN);
	expect("{'active':true,'aud':'urn:hook','scope':'events.writeall'}", TRUST_SCOPE);
	expect("{'active':true,'cnf':{'x5t#S256':'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0'}," REST, TRUST_TOKEN);
}
END_TEST

START_TEST(an_expired_answer_tells_that)
{
	struct rig rig;

	open_asked(&rig);
	ck_assert_int_eq(judge(&rig, "{'active':true,'exp':1000000000," REST), TRUST_TOKEN);
	ck_assert_str_eq(rig.admitted.why, "The token has expired.");
	rig_close(&rig);
}
END_TEST

START_TEST(clients_count_for_answers_too)
{
	struct rig rig;

	open_asked(&rig);
	rig.senders[APP].clients = "app";
	ck_assert_int_eq(judge(&rig, "{'active':true,'client_id':'evil','sub':'app'," REST), TRUST_SCOPE);
	trust_free(&rig.trust);
	ck_assert_int_eq(judge(&rig, "{'active':true,'client_id':'app'," REST), TRUST_OK);
	rig_close(&rig);
}
END_TEST

START_TEST(a_jwt_of_another_issuer_is_not_asked_about)
{
	struct rig rig;

	open_asked(&rig);
	ck_assert_int_eq(rig_bear(&rig, rig_rs256(&rig, "{'iss':'https://evil.net'}")), TRUST_TOKEN);
	ck_assert_int_eq(rig_bear(&rig, rig_rs256(&rig, "{'iss':'https://asked.example'}")), TRUST_ASK);
	ck_assert_int_eq(rig_bear(&rig, rig_rs256(&rig, "{}")), TRUST_ASK);
	rig.whose[1] = OTHER;
	rig.senders[APP].n_issuers = 2;
	rig.issuers[ASKED].issuer = NULL;	/* whatever it is said to be, but not what is known to be of another */
	ck_assert_int_eq(rig_bear(&rig, rig_rs256(&rig, "{'iss':'https://elsewhere.net'}")), TRUST_ASK);
	ck_assert_int_eq(rig_bear(&rig, rig_rs256(&rig, "{'iss':'https://other.example'}")), TRUST_TOKEN);
	rig_close(&rig);
}
END_TEST

START_TEST(issuers_with_keys_and_with_questions_stand_side_by_side)
{
	struct rig rig;

	open_asked(&rig);
	rig.now_ms = NOW_MS;
	rig.whose[0] = IDP;
	rig.whose[1] = ASKED;
	rig.senders[APP].n_issuers = 2;
	ck_assert_int_eq(rig_bear(&rig, rig_rs256(&rig, "{'iss':'https://idp.example','exp':1900000300," REST)), TRUST_OK);
	ck_assert_int_eq(rig_bear(&rig, rig_rs256(&rig, "{'iss':'https://idp.example'," REST)), TRUST_TOKEN);
	ck_assert_int_eq(rig_bear(&rig, TOKEN), TRUST_ASK);
	ck_assert_uint_eq(rig.admitted.question.issuer, ASKED);
	rig_close(&rig);
}
END_TEST

START_TEST(more_than_can_be_kept_is_refused)
{
	struct rig rig;

	open_asked(&rig);
	ck_assert_int_eq(judge(&rig, pool_fmt(rig.pool, "{'active':true,'scp':'%05000d'," REST, 0)), TRUST_TOKEN);
	ck_assert_int_eq(rig_bear(&rig, TOKEN "x"), TRUST_ASK);
	answer(&rig, pool_fmt(rig.pool, "{'active':true,'x':'%070000d'," REST, 0));
	ck_assert_int_eq(rig_bear(&rig, TOKEN "x"), TRUST_UNSURE);
	rig_close(&rig);
}
END_TEST

/* ---- what is kept ---- */

static const struct claims *claims(struct rig *rig, const char *client)
{
	struct claims *c = pool_alloc(rig->pool, sizeof *c + strlen(client) + 2);

	c->len = sizeof *c + strlen(client) + 2;
	memcpy(c->text, client, strlen(client));
	return c;
}

/* How many of n tokens are known. */
static size_t count(struct rig *rig, struct known *known, size_t n)
{
	unsigned char digest[SHA256_LEN];
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		known_digest(0, pool_fmt(rig->pool, "%zu", i), digest);
		found += known_get(known, digest, NOW_MS, rig->pool).kind != KNOWN_NOTHING;
	}
	return found;
}

START_TEST(the_cache_is_bounded_and_bad_tokens_do_not_drive_out_good_ones)
{
	const struct known_fact good = { .kind = KNOWN_GOOD, .since_ms = NOW_MS, .until_ms = NOW_MS + 1000 };
	const struct known_fact bad = { .kind = KNOWN_BAD, .since_ms = NOW_MS, .until_ms = NOW_MS + 10000, .note = "" };
	struct known *known = known_new();
	unsigned char digest[SHA256_LEN];
	struct known_fact fact;
	size_t most = 4 * KNOWN_MOST;
	struct rig rig;

	rig_open(&rig);
	for (size_t i = 0; i < 16; i++) {
		known_digest(1, pool_fmt(rig.pool, "good %zu", i), digest);
		fact = good;
		fact.claims = claims(&rig, pool_fmt(rig.pool, "client %zu", i));
		ck_assert(known_put(known, digest, &fact));
	}
	for (size_t i = 0; i < most; i++) {
		known_digest(0, pool_fmt(rig.pool, "%zu", i), digest);
		ck_assert(known_put(known, digest, &bad));
	}
	ck_assert_uint_le(count(&rig, known, most), KNOWN_MOST);
	ck_assert_uint_ge(count(&rig, known, most), KNOWN_MOST * 9 / 10);
	for (size_t i = 0; i < 16; i++) {
		known_digest(1, pool_fmt(rig.pool, "good %zu", i), digest);
		fact = known_get(known, digest, NOW_MS, rig.pool);
		ck_assert_int_eq(fact.kind, KNOWN_GOOD);
		ck_assert_str_eq(fact.claims->text, pool_fmt(rig.pool, "client %zu", i));
		ck_assert_int_eq(known_get(known, digest, NOW_MS + 1000, rig.pool).kind, KNOWN_NOTHING);
	}
	known_free(&known);
	known_free(&known);
	rig_close(&rig);
}
END_TEST

START_TEST(a_token_of_one_issuer_says_nothing_about_the_same_of_another)
{
	unsigned char a[SHA256_LEN], b[SHA256_LEN];

	known_digest(0, "x", a);
	known_digest(1, "x", b);
	ck_assert_mem_ne(a, b, sizeof a);
}
END_TEST

UNIT_MAIN("introspection", an_opaque_token_is_asked_about_once, an_active_token_is_asked_about_again_when_the_cache_ends,
	  an_answer_counts_no_longer_than_the_token, a_clock_that_was_set_back_ends_what_is_cached,
	  an_inactive_token_is_refused_and_not_asked_about_for_a_while, only_true_is_active,
	  a_dead_issuer_is_not_asked_for_each_request, without_an_answer_it_cannot_be_known, a_failure_does_not_undo_an_answer,
	  an_answer_is_held_to_the_rules_of_claims, an_expired_answer_tells_that, clients_count_for_answers_too,
	  a_jwt_of_another_issuer_is_not_asked_about, issuers_with_keys_and_with_questions_stand_side_by_side,
	  more_than_can_be_kept_is_refused, the_cache_is_bounded_and_bad_tokens_do_not_drive_out_good_ones,
	  a_token_of_one_issuer_says_nothing_about_the_same_of_another)
