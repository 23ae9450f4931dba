/* SPDX-License-Identifier: EUPL-1.2
 * The table of schemes, and what those with public keys have in common; detached JWS. What was signed is taken, and every
 * attack refused. */
#include "config.h"
#include "unit.h"

#include <sys/stat.h>
#include "base/clock.h"
#include "base/sock.h"
#include "conf/settings.h"
#include "signature_keys.h"

#define SECRET RIG_SECRET
#define N(a) (sizeof (a) / sizeof *(a))

static struct rig signed_by(enum conf_signature scheme, const char *pem)
{
	struct rig rig = rig_keyed(scheme, pem);

	if (strcmp(pem, RSA_PEM) != 0 && scheme != SIGNATURE_JWS && scheme != SIGNATURE_RFC9421)
		rig.signing.algorithms = "ES256 ES384 EdDSA";
	rig_sign_with(&rig, pem);
	return rig;
}

static const enum conf_signature with_keys[] = { SIGNATURE_JWS, SIGNATURE_ADR_PAYLOAD, SIGNATURE_ADR_MESSAGE, SIGNATURE_RFC9421 };

/* ---- the table ---- */

START_TEST(the_table_has_a_row_for_each_choice_of_the_setting)
{
	const char *choices = setting_find(IN_SENDER, "signature")->choices;

	for (size_t i = 0; i < SIGNATURES; i++) {
		size_t len = strcspn(choices, "|");

		ck_assert_uint_eq(strlen(schemes[i].name), len);
		ck_assert_msg(strncmp(schemes[i].name, choices, len) == 0, "%s", schemes[i].name);
		ck_assert_int_eq(i == SIGNATURE_NONE, !schemes[i].check || !schemes[i].make || !schemes[i].prepare || !schemes[i].drop);
		choices += len + (choices[len] == '|');
	}
	ck_assert_str_eq(choices, "");
}
END_TEST

START_TEST(SG_01_a_sender_without_signature_needs_none_and_makes_none)
{
	struct rig rig = rig_of(SIGNATURE_NONE, NULL);
	struct err err;

	ck_assert_int_eq(rig_sign_as(&rig, &(struct sign_order){0}, &err), 0);
	ck_assert_uint_eq(rig.m.n_headers, 2);
}
END_TEST

/* ---- what is taken ---- */

START_TEST(what_is_made_is_taken_whatever_the_key)
{
	static const char *const pems[] = { RSA_PEM, P256_PEM, P384_PEM, ED25519_PEM };

	for (size_t i = 0; i < N(with_keys); i++)
		for (size_t k = 0; k < N(pems); k++) {
			struct rig rig = rig_keyed(with_keys[i], pems[k]);

			if (k && with_keys[i] != SIGNATURE_JWS && with_keys[i] != SIGNATURE_RFC9421)
				rig.signing.algorithms = "ES256, ES384, EdDSA";
			rig_sign_with(&rig, pems[k]);
			ck_assert_msg(rig_admit(&rig) == TRUST_OK, "%s with key %zu: %s", schemes[with_keys[i]].name, k, rig.note);
		}
}
END_TEST

/* A sound signature of what stands in no header. */
static struct rig bare(enum conf_signature scheme)
{
	bool keyed = scheme == SIGNATURE_JWS || scheme == SIGNATURE_ADR_PAYLOAD;
	struct rig rig = keyed ? rig_keyed(scheme, RSA_PEM) : rig_of(scheme, "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=");
	struct err err;

	rig.accepts = ACCEPTS_CLOUD | ACCEPTS_JSON;
	rig.signing.text = scheme == SIGNATURE_TEMPLATE ? "{body}" : NULL;
	rig.signing.header = scheme == SIGNATURE_TEMPLATE ? "x-sig" : NULL;
	if (keyed)
		rig_sign_with(&rig, RSA_PEM);
	else
		ck_assert_int_eq(rig_sign_as(&rig, &(struct sign_order){0}, &err), 0);
	return rig;
}

START_TEST(headers_that_are_an_event_are_signed_or_it_is_refused)
{
	for (size_t i = 1; i < SIGNATURES; i++) {
		struct rig rig;

		if (schemes[i].headers)
			continue;
		rig = bare((enum conf_signature)i);
		rig_accepted(&rig);
		rig_header(&rig, "ce-type", "nl.ander");
		ck_assert_msg(rig_admit(&rig) == TRUST_WRONG, "%s", schemes[i].name);
		ck_assert_msg(strstr(rig.note, "signature.binary") != NULL, "%s", rig.note);
		rig_set(&rig, "content-type", "Application/CloudEvents+json");	/* then they are not read */
		rig_accepted(&rig);
		rig_set(&rig, "content-type", "application/json");
		rig.accepts = ACCEPTS_JSON;
		rig_accepted(&rig);
		rig.accepts = ACCEPTS_CLOUD;
		rig.signing.binary = true;
		rig_accepted(&rig);
	}
}
END_TEST

START_TEST(a_shared_secret_signs_jws_and_rfc9421)
{
	static const enum conf_signature shared[] = { SIGNATURE_JWS, SIGNATURE_RFC9421 };

	for (size_t i = 0; i < N(shared); i++) {
		struct rig rig = rig_of(shared[i], SECRET);

		rig_sign(&rig, NULL);
		rig_accepted(&rig);
		rig.values[0] = "fedcba9876543210fedcba9876543210";
		rig.values[1] = SECRET;
		rig.signing.secret.n = 2;
		rig_accepted(&rig);
		rig.signing.secret.n = 1;
		ck_assert_int_eq(rig_admit(&rig), TRUST_WRONG);
	}
}
END_TEST

START_TEST(a_short_shared_secret_is_not_sound)
{
	struct rig rig = rig_of(SIGNATURE_JWS, "0123456789abcdef0123456789abcde");

	rig_sign(&rig, NULL);
	rig_unsound(&rig, "has 31 bytes");
}
END_TEST

START_TEST(keys_that_are_none_are_not_sound)
{
	struct rig rig = rig_keyed(SIGNATURE_JWS, P256_PEM);

	rig.signing.keys.text = "sleutel";
	rig_unsound(&rig, "signature.keys = file:sleutel");
	rig = signed_by(SIGNATURE_JWS, P256_PEM);
	rig.signing.algorithms = "ES256 none";
	rig_unsound(&rig, "none is none of");
	rig = signed_by(SIGNATURE_ADR_MESSAGE, P256_PEM);
	rig.signing.components = "@method";
	rig_unsound(&rig, "(request-target)");
}
END_TEST

START_TEST(a_certificate_is_a_key)
{
	struct rig rig = signed_by(SIGNATURE_JWS, P256_PEM);

	rig.signing.keys.text = P256_CERT_PEM;
	rig_accepted(&rig);
}
END_TEST

START_TEST(keys_that_cannot_be_had_now_leave_it_open)
{
	struct rig rig = rig_of(SIGNATURE_JWS, NULL);
	struct conf_issuer issuer = { .name = "uitgever" };

	for (size_t i = 0; i < N(with_keys); i++) {
		rig = signed_by(with_keys[i], P256_PEM);
		rig.signing.keys = (struct conf_keys){ .ref = "issuer:uitgever" };
		rig.issuer = &issuer;
		ck_assert_int_eq(rig_admit(&rig), TRUST_UNSURE);
		ck_assert_ptr_nonnull(strstr(rig.note, "uitgever"));
		rig_drop(&rig, rig_own_header(&rig));
		rig_drop(&rig, "signature-input");
		rig_missing(&rig);
	}
}
END_TEST

static int wishes;

static void wish(void *arg, const char *issuer)
{
	(void)arg;
	ck_assert_str_eq(issuer, "uitgever");
	wishes++;
}

/* Its verdict when the issuer's one key, named a, was fetched so many seconds ago. */
static enum trust_verdict fetched(struct rig *rig, const char *pem, int64_t ago_s)
{
	char state[UNIT_PATH], *path = str_fmt("%s/keys", unit_dir(state));
	struct conf_issuer issuer = { .name = "uitgever", .jwks = { .ref = "https://uitgever.nl/jwks" }, .refresh_ms = 600000,
				      .stale_ms = 86400000 };
	struct key *key = keys_private(pem);
	struct buf text = {0};
	enum trust_verdict verdict;

	ck_assert_int_eq(mkdir(path, 0770), 0);
	jwk_print(key, "a", &text);
	ck_assert_int_eq(file_replace(pool_fmt(rig_pool, "%s/uitgever.jwks", path), text.p, text.len, 0660, NULL), 0);
	buf_reset(&text);
	buf_fmt(&text, "{\"fetched\":%lld}", (long long)(clock_wall_ms() / 1000 - ago_s));
	ck_assert_int_eq(file_replace(pool_fmt(rig_pool, "%s/uitgever.json", path), text.p, text.len, 0660, NULL), 0);
	rig->signing.keys = (struct conf_keys){ .ref = "issuer:uitgever" };
	rig->issuer = &issuer;
	rig->state_dir = state;
	rig->wanted = wish;
	wishes = 0;
	verdict = rig_admit(rig);
	buf_free(&text);
	key_free(&key);
	free(path);
	return verdict;
}

START_TEST(keys_of_an_issuer_come_and_go)
{
	for (size_t i = 0; i < N(with_keys); i++) {
		struct key *key = keys_private(P256_PEM);
		struct rig rig = rig_keyed(with_keys[i], P256_PEM);
		struct err err;

		rig.signing.algorithms = with_keys[i] == SIGNATURE_RFC9421 ? NULL : "ES256";
		ck_assert_int_eq(rig_sign_as(&rig, &(struct sign_order){ .key = key, .kid = "a" }, &err), 0);
		ck_assert_int_eq(fetched(&rig, P256_PEM, 3600), TRUST_OK);
		ck_assert_int_eq(wishes, 0);
		ck_assert_int_eq(fetched(&rig, OTHER_P256_PEM, 3600), TRUST_WRONG);
		rig = rig_keyed(with_keys[i], P256_PEM);
		rig.signing.algorithms = with_keys[i] == SIGNATURE_RFC9421 ? NULL : "ES256";
		ck_assert_int_eq(rig_sign_as(&rig, &(struct sign_order){ .key = key, .kid = "b" }, &err), 0);
		ck_assert_int_eq(fetched(&rig, P256_PEM, 61), TRUST_UNSURE);	/* newer ones may have it */
		ck_assert_str_eq(rig.why, "The signature cannot be checked now. Send it again later.");
		ck_assert_int_eq(wishes, 1);
		ck_assert_int_eq(fetched(&rig, P256_PEM, 5), TRUST_WRONG);
		key_free(&key);
	}
}
END_TEST

/* ---- attacks on all of them ---- */

START_TEST(a_body_changed_by_one_byte_is_refused)
{
	for (size_t i = 0; i < N(with_keys); i++) {
		struct rig rig = signed_by(with_keys[i], RSA_PEM);

		rig_body(&rig, "{\"a\":2}");
		ck_assert_int_eq(rig_admit(&rig), TRUST_WRONG);
	}
}
END_TEST

START_TEST(a_stripped_signature_is_missing)
{
	for (size_t i = 0; i < N(with_keys); i++) {
		struct rig rig = signed_by(with_keys[i], RSA_PEM);

		rig_drop(&rig, rig_own_header(&rig));
		rig_drop(&rig, "signature-input");
		rig_missing(&rig);
		ck_assert_ptr_nonnull(strstr(rig.why, rig_own_header(&rig)));
	}
}
END_TEST

START_TEST(an_empty_signature_is_missing)
{
	for (size_t i = 0; i < 3; i++) {
		struct rig rig = signed_by(with_keys[i], RSA_PEM);

		rig_set(&rig, rig_own_header(&rig), "");
		rig_missing(&rig);
	}
}
END_TEST

START_TEST(a_signature_that_came_twice_is_refused)
{
	for (size_t i = 0; i < 3; i++) {
		struct rig rig = signed_by(with_keys[i], RSA_PEM);
		const char *value = rig_value(&rig, rig_own_header(&rig));
		char *joined = str_fmt("%s, %s", value, value);

		rig_header(&rig, rig_own_header(&rig), value);
		rig_refused(&rig, "came more than once");
		rig_set(&rig, rig_own_header(&rig), joined);	/* as a web server joins them */
		rig_refused(&rig, "a JWS that is not taken");
		free(joined);
	}
}
END_TEST

START_TEST(a_truncated_signature_is_refused)
{
	for (size_t i = 0; i < 3; i++)
		for (size_t cut = 1; cut < 6; cut++) {
			struct rig rig = signed_by(with_keys[i], RSA_PEM);
			char *value = str_dup(rig_value(&rig, rig_own_header(&rig)));

			value[strlen(value) - cut] = '\0';
			rig_set(&rig, rig_own_header(&rig), value);
			ck_assert_int_eq(rig_admit(&rig), TRUST_WRONG);
			free(value);
		}
}
END_TEST

START_TEST(another_key_is_refused)
{
	for (size_t i = 0; i < N(with_keys); i++) {
		struct rig rig = rig_keyed(with_keys[i], P256_PEM);

		rig.signing.algorithms = with_keys[i] == SIGNATURE_RFC9421 ? NULL : "ES256";
		rig_sign_with(&rig, OTHER_P256_PEM);
		ck_assert_int_eq(rig_admit(&rig), TRUST_WRONG);
	}
}
END_TEST

START_TEST(a_replay_outside_of_the_window_is_refused)
{
	for (size_t i = 0; i < N(with_keys); i++) {
		struct rig rig = signed_by(with_keys[i], RSA_PEM);

		rig.now_ms += 300000;
		rig_accepted(&rig);
		rig.now_ms += 1000;
		ck_assert_int_eq(rig_admit(&rig), TRUST_WRONG);
		rig.signing.max_age_ms = 0;
		rig_accepted(&rig);
	}
}
END_TEST

START_TEST(a_time_ahead_of_the_window_is_refused)
{
	for (size_t i = 0; i < N(with_keys); i++) {
		struct rig rig = signed_by(with_keys[i], RSA_PEM);

		rig.now_ms -= 300000;
		rig_accepted(&rig);
		rig.now_ms -= 1000;
		ck_assert_int_eq(rig_admit(&rig), TRUST_WRONG);
	}
}
END_TEST

START_TEST(an_algorithm_that_is_not_allowed_is_refused)
{
	for (size_t i = 0; i < 3; i++) {
		struct rig rig = rig_keyed(with_keys[i], RSA_PEM);

		rig.signing.algorithms = "RS256";
		rig_sign_with(&rig, RSA_PEM);
		rig_accepted(&rig);
		rig.signing.algorithms = "PS256";
		rig_refused(&rig, "no key");
	}
}
END_TEST

/* ---- detached JWS ---- */

START_TEST(a_jws_is_taken_raw_and_encoded)
{
	struct rig rig = rig_keyed(SIGNATURE_JWS, P256_PEM);

	rig_put_jws(&rig, "{\"alg\":\"ES256\",\"b64\":false,\"crit\":[\"b64\"]}", ALG_ES256, P256_PEM, "{\"a\":1}", true, true);
	rig_accepted(&rig);	/* it has no time, which the RFC does not know */
	rig_put_jws(&rig, "{\"alg\":\"ES256\"}", ALG_ES256, P256_PEM, "{\"a\":1}", false, true);
	rig_accepted(&rig);
	rig_put_jws(&rig, "{\"alg\":\"ES256\",\"b64\":true,\"crit\":[\"b64\"]}", ALG_ES256, P256_PEM, "{\"a\":1}", false, true);
	rig_accepted(&rig);
	rig_put_jws(&rig, "{\"alg\":\"ES256\",\"b64\":false,\"crit\":[\"b64\"]}", ALG_ES256, P256_PEM, "{\"a\":1}", false, true);
	rig_refused(&rig, "no key");
}
END_TEST

START_TEST(a_payload_inside_is_refused)
{
	struct rig rig = rig_keyed(SIGNATURE_JWS, P256_PEM);

	rig_put_jws(&rig, "{\"alg\":\"ES256\"}", ALG_ES256, P256_PEM, "{\"a\":1}", false, false);
	rig_refused(&rig, "its payload is inside");
}
END_TEST

START_TEST(alg_none_is_refused)
{
	for (size_t i = 0; i < 3; i++) {
		struct rig rig = rig_keyed(with_keys[i], P256_PEM);

		rig_set(&rig, rig_own_header(&rig), "eyJhbGciOiJub25lIn0..");
		rig_refused(&rig, "a JWS that is not taken");
		rig_set(&rig, rig_own_header(&rig), "eyJhbGciOiJub25lIn0..AAAA");
		rig_refused(&rig, "alg is not one that is offered");
	}
}
END_TEST

START_TEST(b64_that_crit_does_not_name_is_refused)
{
	struct rig rig = rig_keyed(SIGNATURE_JWS, P256_PEM);

	rig_put_jws(&rig, "{\"alg\":\"ES256\",\"b64\":false}", ALG_ES256, P256_PEM, "{\"a\":1}", true, true);
	rig_refused(&rig, "b64 that its crit does not name");
}
END_TEST

START_TEST(an_unknown_crit_is_refused)
{
	struct rig rig = rig_keyed(SIGNATURE_JWS, P256_PEM);

	rig_put_jws(&rig, "{\"alg\":\"ES256\",\"sigT\":\"x\",\"crit\":[\"sigT\"]}", ALG_ES256, P256_PEM, "{\"a\":1}", false, true);
	rig_refused(&rig, "crit names what is not understood");
}
END_TEST

START_TEST(the_public_key_is_no_shared_secret)
{
	struct rig rig = rig_keyed(SIGNATURE_JWS, RSA_PEM);
	struct span payload = { "{\"a\":1}", 7 };
	struct jws_make make = { .header = "{\"alg\":\"HS256\"}", .alg = ALG_HS256, .payload = &payload, .n = 1, .detached = true,
				 .secret = { RSA_PUBLIC_PEM, strlen(RSA_PUBLIC_PEM) } };
	struct buf out = {0};
	struct err err;

	rig.signing.keys.text = RSA_PUBLIC_PEM;
	ck_assert_int_eq(jws_make(&make, &out, &err), 0);
	rig_set(&rig, "x-jws-signature", out.p);
	rig_refused(&rig, "no key");
	buf_free(&out);
}
END_TEST

START_TEST(an_iat_that_is_no_time_is_refused)
{
	static const char *const times[] = { "\"1700000000\"", "null", "true", "-1", "1e300", "[1700000000]" };

	for (size_t i = 0; i < N(times); i++) {
		struct rig rig = rig_keyed(SIGNATURE_JWS, P256_PEM);
		char *header = str_fmt("{\"alg\":\"ES256\",\"iat\":%s}", times[i]);

		rig_put_jws(&rig, header, ALG_ES256, P256_PEM, "{\"a\":1}", false, true);
		rig_refused(&rig, "iat");
		free(header);
	}
}
END_TEST

START_TEST(a_kid_names_the_key)
{
	struct key *key = keys_private(P256_PEM), *other = keys_private(OTHER_P256_PEM);
	struct rig rig = rig_keyed(SIGNATURE_JWS, P256_PEM);
	struct buf set = {0};
	struct err err;

	buf_str(&set, "{\"keys\":[");
	jwk_print(other, "a", &set);
	buf_char(&set, ',');
	jwk_print(key, "b", &set);
	buf_str(&set, "]}");
	rig.signing.keys.text = set.p;
	ck_assert_int_eq(rig_sign_as(&rig, &(struct sign_order){ .key = key, .kid = "b" }, &err), 0);
	rig_accepted(&rig);
	rig_drop(&rig, "x-jws-signature");
	ck_assert_int_eq(rig_sign_as(&rig, &(struct sign_order){ .key = key, .kid = "a" }, &err), 0);
	rig_refused(&rig, "no key");
	rig_drop(&rig, "x-jws-signature");
	ck_assert_int_eq(rig_sign_as(&rig, &(struct sign_order){ .key = key, .kid = "c" }, &err), 0);
	rig_refused(&rig, "names a key that is not known");
	buf_free(&set);
	key_free(&key);
	key_free(&other);
}
END_TEST

/* ---- RFC 9421, which has tests of its own ---- */

START_TEST(rfc9421_covers_the_target_as_its_sender_wrote_it)
{
	struct rig rig = signed_by(SIGNATURE_RFC9421, ED25519_PEM);

	rig_accepted(&rig);
	rig_set(&rig, "host", "intern:8080");
	rig_refused(&rig, "");
	rig.url = "https://example.nl/hook";
	rig_accepted(&rig);
}
END_TEST

START_TEST(rfc9421_has_the_tag_that_the_settings_name)
{
	struct rig rig = rig_keyed(SIGNATURE_RFC9421, ED25519_PEM);

	rig.signing.tag = "zaken";
	rig_sign_with(&rig, ED25519_PEM);
	rig_accepted(&rig);
	rig.signing.tag = "ander";
	rig_refused(&rig, "");
}
END_TEST

/* ---- making ---- */

START_TEST(what_cannot_be_signed_is_said)
{
	struct key *key = keys_private(P256_PEM);
	struct rig rig;
	struct err err;

	for (size_t i = 1; i < SIGNATURES; i++) {
		rig = rig_of((enum conf_signature)i, NULL);
		rig.signing.header = "x-sig";
		rig.signing.text = "{body}";
		ck_assert_int_eq(rig_sign_as(&rig, &(struct sign_order){0}, &err), -1);
		ck_assert_msg(strstr(err.text, "sign") != NULL, "%s: %s", schemes[i].name, err.text);
		ck_assert_uint_eq(rig.m.n_headers, 2);
	}
	rig = rig_of(SIGNATURE_ADR_PAYLOAD, NULL);	/* which wants PS256 */
	ck_assert_int_eq(rig_sign_as(&rig, &(struct sign_order){ .key = key }, &err), -1);
	rig = rig_of(SIGNATURE_JWS, SECRET);
	ck_assert_int_eq(rig_sign_as(&rig, &(struct sign_order){ .url = "/hook" }, &err), 0);	/* which does not sign it */
	rig = rig_of(SIGNATURE_GITHUB, SECRET);
	ck_assert_int_eq(rig_sign_as(&rig, &(struct sign_order){ .url = "/hook" }, &err), -1);
	key_free(&key);
}
END_TEST

UNIT_MAIN("signature", the_table_has_a_row_for_each_choice_of_the_setting,
	  SG_01_a_sender_without_signature_needs_none_and_makes_none, what_is_made_is_taken_whatever_the_key,
	  headers_that_are_an_event_are_signed_or_it_is_refused,
	  a_shared_secret_signs_jws_and_rfc9421, a_short_shared_secret_is_not_sound, keys_that_are_none_are_not_sound,
	  a_certificate_is_a_key, keys_that_cannot_be_had_now_leave_it_open, keys_of_an_issuer_come_and_go, a_body_changed_by_one_byte_is_refused,
	  a_stripped_signature_is_missing, an_empty_signature_is_missing, a_signature_that_came_twice_is_refused,
	  a_truncated_signature_is_refused, another_key_is_refused, a_replay_outside_of_the_window_is_refused,
	  a_time_ahead_of_the_window_is_refused, an_algorithm_that_is_not_allowed_is_refused,
	  a_jws_is_taken_raw_and_encoded, a_payload_inside_is_refused, alg_none_is_refused,
	  b64_that_crit_does_not_name_is_refused, an_unknown_crit_is_refused, the_public_key_is_no_shared_secret,
	  an_iat_that_is_no_time_is_refused, a_kid_names_the_key, rfc9421_covers_the_target_as_its_sender_wrote_it,
	  rfc9421_has_the_tag_that_the_settings_name, what_cannot_be_signed_is_said)
