/* SPDX-License-Identifier: EUPL-1.2
 * Signatures with a shared secret: what was signed is taken, and every attack refused. */
#include "config.h"
#include "unit.h"

#include "event/base64.h"
#include "signature_rig.h"
#include "trust/template.h"

#define WHSEC "whsec_9FbS+fvKUiySyQH3fZ1PJLV6dq0I9hsc"
#define OTHER_WHSEC "whsec_8Yh0te5cFu+IDg6H943PDwn4q2RyQ6X9"
#define SECRET "een geheim"

static const enum conf_signature with_secret[] = { SIGNATURE_STANDARD, SIGNATURE_SVIX, SIGNATURE_GITHUB, SIGNATURE_WEBSUB, SIGNATURE_SLACK,
						   SIGNATURE_X, SIGNATURE_STRIPE };
static const enum conf_signature timed[] = { SIGNATURE_STANDARD, SIGNATURE_SVIX, SIGNATURE_SLACK, SIGNATURE_STRIPE };
#define N(a) (sizeof (a) / sizeof *(a))

static const char *header_of(enum conf_signature scheme)
{
	static const char *const names[] = {
		[SIGNATURE_STANDARD] = "webhook-signature", [SIGNATURE_SVIX] = "svix-signature", [SIGNATURE_GITHUB] = "x-hub-signature-256",
		[SIGNATURE_WEBSUB] = "x-hub-signature", [SIGNATURE_SLACK] = "x-slack-signature",
		[SIGNATURE_X] = "x-twitter-webhooks-signature", [SIGNATURE_STRIPE] = "stripe-signature", [SIGNATURE_TEMPLATE] = "x-sig",
	};
	return names[scheme];
}

static struct rig signed_by(enum conf_signature scheme)
{
	struct rig rig = rig_of(scheme, WHSEC);	/* to the others that is a text like any other */

	rig_sign(&rig, NULL);
	return rig;
}

static struct rig template_of(const char *text)
{
	struct rig rig = rig_of(SIGNATURE_TEMPLATE, SECRET);

	rig.signing.header = "x-sig";
	rig.signing.text = text;
	return rig;
}

/* ---- what is taken ---- */

START_TEST(what_is_made_is_taken)
{
	for (size_t i = 0; i < N(with_secret); i++) {
		struct rig rig = signed_by(with_secret[i]);

		rig_accepted(&rig);
	}
}
END_TEST

START_TEST(a_template_can_sign_all_that_it_names)
{
	struct rig rig = template_of("{method} {path} {url} {header:Content-Type} {id}/{timestamp}:{body}");

	rig.signing.timestamp = "header:X-Time";
	rig.signing.id = "header:X-Id";
	rig.signing.prefix = "v9:";
	rig.signing.encoding = ENCODING_BASE64URL;
	rig.signing.hash = "sha512";
	rig_sign(&rig, NULL);
	ck_assert_str_eq(rig_value(&rig, "x-time"), "1700000000");
	rig_accepted(&rig);
	rig.m.path = "/ander";
	rig_refused(&rig, "no secret");
	rig.url = "https://example.nl/hook";	/* as the sender wrote it */
	rig_accepted(&rig);
	rig.m.query = "x=2";
	rig_refused(&rig, "no secret");
	rig.m.query = "x=1";
	rig.m.method = "PUT";
	rig_refused(&rig, "no secret");
}
END_TEST

START_TEST(a_template_has_every_encoding)
{
	static const char *const made[] = { "hex", "base64", "base64url" };

	for (int e = ENCODING_HEX; e <= ENCODING_BASE64URL; e++) {
		struct rig rig = template_of("{body}");

		rig.signing.encoding = (enum conf_encoding)e;
		rig_sign(&rig, NULL);
		ck_assert_msg(rig_admit(&rig) == TRUST_OK, "%s", made[e]);
		if (e == ENCODING_BASE64URL)
			rig_change_tail(&rig, "x-sig", 0, "=");	/* padding does no harm */
		if (e == ENCODING_BASE64URL)
			rig_accepted(&rig);
	}
}
END_TEST

START_TEST(hexadecimal_digits_of_either_case_are_taken)
{
	struct rig rig = signed_by(SIGNATURE_GITHUB);
	char value[128];

	snprintf(value, sizeof value, "%s", rig_value(&rig, "x-hub-signature-256"));
	for (char *p = value + 7; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	rig_set(&rig, "x-hub-signature-256", value);
	rig_accepted(&rig);
}
END_TEST

START_TEST(settings_change_the_header)
{
	struct rig rig = rig_of(SIGNATURE_GITHUB, SECRET);

	rig.signing.header = "x-gemeente";
	rig_sign(&rig, NULL);
	ck_assert_int_eq(strncmp(rig_value(&rig, "x-gemeente"), "sha256=", 7), 0);
	rig_accepted(&rig);
}
END_TEST

START_TEST(zero_is_any_age)
{
	struct rig rig = signed_by(SIGNATURE_SLACK);

	rig.signing.max_age_ms = 0;
	rig.now_ms *= 2;
	rig_accepted(&rig);
}
END_TEST

/* ---- attacks ---- */

START_TEST(a_body_changed_by_one_byte_is_refused)
{
	for (size_t i = 0; i < N(with_secret); i++) {
		struct rig rig = signed_by(with_secret[i]);

		rig_body(&rig, "{\"a\":2}");
		rig_refused(&rig, "no secret");
		rig_body(&rig, "{\"a\":1} ");
		rig_refused(&rig, "no secret");
		rig_body(&rig, "");
		rig_refused(&rig, "no secret");
	}
}
END_TEST

START_TEST(a_stripped_signature_is_missing)
{
	for (size_t i = 0; i < N(with_secret); i++) {
		struct rig rig = signed_by(with_secret[i]);

		rig_drop(&rig, header_of(with_secret[i]));
		rig_missing(&rig);
		ck_assert_ptr_nonnull(strstr(rig.why, header_of(with_secret[i])));
	}
}
END_TEST

START_TEST(an_empty_signature_is_no_signature)
{
	for (size_t i = 0; i < N(with_secret); i++) {
		struct rig rig = signed_by(with_secret[i]);

		rig_set(&rig, header_of(with_secret[i]), "");
		rig_missing(&rig);
	}
	for (size_t i = 0; i < 2; i++) {
		struct rig rig = signed_by(i ? SIGNATURE_GITHUB : SIGNATURE_STANDARD);

		rig_set(&rig, header_of(rig.signing.scheme), i ? "sha256=" : "v1,");
		rig_refused(&rig, "no secret");
	}
}
END_TEST

START_TEST(a_truncated_signature_is_refused)
{
	for (size_t i = 0; i < N(with_secret); i++)
		for (size_t cut = 1; cut < 6; cut++) {
			struct rig rig = signed_by(with_secret[i]);

			rig_change_tail(&rig, header_of(with_secret[i]), cut, "");
			rig_refused(&rig, "no secret");
		}
}
END_TEST

START_TEST(a_signature_changed_by_one_digit_is_refused)
{
	for (size_t i = 0; i < N(with_secret); i++) {
		struct rig rig = signed_by(with_secret[i]);
		char *value = str_dup(rig_value(&rig, header_of(with_secret[i])));

		rig_set(&rig, header_of(with_secret[i]), value);
		for (char *at = value; *at; at++) {
			char was = *at;

			*at = was == 'a' ? 'b' : 'a';
			ck_assert_int_eq(rig_admit(&rig), TRUST_WRONG);
			*at = was;
		}
		rig_accepted(&rig);
		free(value);
	}
}
END_TEST

START_TEST(a_signature_with_something_behind_it_is_refused)
{
	for (size_t i = 0; i < N(with_secret); i++) {
		struct rig rig = signed_by(with_secret[i]);

		rig_change_tail(&rig, header_of(with_secret[i]), 0, "0");
		rig_refused(&rig, "no secret");
		rig_change_tail(&rig, header_of(with_secret[i]), 0, "0");
		rig_refused(&rig, "no secret");
	}
}
END_TEST

START_TEST(another_secret_is_refused)
{
	for (size_t i = 0; i < N(with_secret); i++) {
		struct rig rig = signed_by(with_secret[i]);

		rig.values[0] = OTHER_WHSEC;
		rig_refused(&rig, "no secret");
	}
}
END_TEST

START_TEST(a_replay_outside_of_the_window_is_refused)
{
	for (size_t i = 0; i < N(timed); i++) {
		struct rig rig = signed_by(timed[i]);

		rig.now_ms += 300000;
		rig_accepted(&rig);
		rig.now_ms += 1;
		rig_refused(&rig, "too far from now");
	}
}
END_TEST

START_TEST(a_time_ahead_of_the_window_is_refused)
{
	for (size_t i = 0; i < N(timed); i++) {
		struct rig rig = signed_by(timed[i]);

		rig.now_ms -= 300000;
		rig_accepted(&rig);
		rig.now_ms -= 1;
		rig_refused(&rig, "too far from now");
	}
}
END_TEST

static void with_time(const char *time, const char *note)
{
	struct rig rig = signed_by(SIGNATURE_SLACK);

	if (time)
		rig_set(&rig, "x-slack-request-timestamp", time);
	else
		rig_drop(&rig, "x-slack-request-timestamp");
	rig_refused(&rig, note);
}

START_TEST(a_timestamp_that_is_no_number_is_refused)
{
	static const char *const times[] = { "", "nu", "1700000000.0", "1700000000 ", "+1700000000", "0x6553f100", "1700000000, 1700000000" };

	for (size_t i = 0; i < N(times); i++)
		with_time(times[i], "not a number");
}
END_TEST

START_TEST(a_request_keeps_the_id_and_time_that_it_has)
{
	struct rig rig = template_of("{id}.{timestamp}.{body}");

	rig.signing.id = "header:X-Id";
	rig.signing.timestamp = "header:X-Time";
	rig_header(&rig, "x-id", "bericht-1");
	rig_header(&rig, "x-time", "1700000001");
	rig_sign(&rig, NULL);
	ck_assert_str_eq(rig_value(&rig, "x-id"), "bericht-1");
	rig_accepted(&rig);
}
END_TEST

START_TEST(a_digit_of_the_id_is_none_of_the_timestamp)
{
	struct rig rig = template_of("{id}{timestamp}{body}");

	rig.signing.id = "header:X-Id";
	rig.signing.timestamp = "header:X-Time";
	rig_header(&rig, "x-id", "bericht-10");
	rig_sign(&rig, NULL);
	rig_accepted(&rig);
	rig_set(&rig, "x-id", "bericht-1");
	rig_set(&rig, "x-time", "01700000000");
	rig_refused(&rig, "not a number");
}
END_TEST

START_TEST(a_huge_timestamp_is_refused)
{
	with_time("9223372036854775807", "not a number");
	with_time("99999999999999999999999999", "not a number");
	with_time("1700000000000", "not a number");	/* milliseconds */
	with_time("999999999999", "too far from now");
}
END_TEST

START_TEST(a_negative_timestamp_is_refused)
{
	with_time("-1700000000", "not a number");
}
END_TEST

START_TEST(a_missing_timestamp_is_refused)
{
	struct rig rig = signed_by(SIGNATURE_STRIPE);

	with_time(NULL, "timestamp is not there once");
	rig_set(&rig, "stripe-signature", strchr(rig_value(&rig, "stripe-signature"), ',') + 1);
	rig_refused(&rig, "timestamp is not there once");
}
END_TEST

START_TEST(a_changed_timestamp_is_refused)
{
	with_time("1700000001", "no secret");
}
END_TEST

START_TEST(a_timestamp_that_came_twice_is_refused)
{
	struct rig rig = signed_by(SIGNATURE_SLACK);

	rig_header(&rig, "x-slack-request-timestamp", "1700000000");
	rig_refused(&rig, "timestamp is not there once");
	rig = signed_by(SIGNATURE_STRIPE);
	rig_change_tail(&rig, "stripe-signature", 0, ",t=1700000000");
	rig_refused(&rig, "timestamp is not there once");
}
END_TEST

START_TEST(a_header_that_came_twice_is_refused)
{
	for (size_t i = 0; i < N(with_secret); i++) {
		struct rig rig = signed_by(with_secret[i]);

		rig_header(&rig, header_of(with_secret[i]), rig_value(&rig, header_of(with_secret[i])));
		rig_refused(&rig, "came more than once");
	}
}
END_TEST

START_TEST(a_header_that_a_web_server_joined_is_refused)
{
	for (size_t i = 0; i < N(with_secret); i++) {
		struct rig rig = signed_by(with_secret[i]);
		const char *value = rig_value(&rig, header_of(with_secret[i]));
		char twice[512];

		snprintf(twice, sizeof twice, "%s, %s", value, value);
		rig_set(&rig, header_of(with_secret[i]), twice);
		rig_refused(&rig, with_secret[i] == SIGNATURE_STRIPE ? "timestamp is not there once" : "came more than once");
	}
}
END_TEST

START_TEST(sha1_alone_is_missing_where_sha256_is_asked)
{
	struct rig rig = rig_of(SIGNATURE_WEBSUB, SECRET);

	rig.signing.hash = "sha1";
	rig_sign(&rig, NULL);
	ck_assert_int_eq(strncmp(rig_value(&rig, "x-hub-signature"), "sha1=", 5), 0);
	rig_accepted(&rig);
	rig.signing.scheme = SIGNATURE_GITHUB;
	rig.signing.hash = NULL;
	rig_missing(&rig);
}
END_TEST

START_TEST(sha1_is_refused_unless_it_is_asked_for)
{
	struct rig rig = rig_of(SIGNATURE_WEBSUB, SECRET);

	rig.signing.hash = "sha1, sha256";
	rig_sign(&rig, NULL);
	ck_assert_int_eq(strncmp(rig_value(&rig, "x-hub-signature"), "sha256=", 7), 0);
	rig.signing.hash = "sha1";
	rig_drop(&rig, "x-hub-signature");
	rig_sign(&rig, NULL);
	rig.signing.hash = "sha1 sha256";
	rig_accepted(&rig);
	rig.signing.hash = NULL;
	rig_refused(&rig, "no secret");
}
END_TEST

START_TEST(each_hash_of_websub_is_taken_for_what_it_is)
{
	static const char *const hashes[] = { "sha256", "sha384", "sha512" };

	for (size_t i = 0; i < N(hashes); i++) {
		struct rig rig = rig_of(SIGNATURE_WEBSUB, SECRET);
		char value[256];

		rig.signing.hash = hashes[i];
		rig_sign(&rig, NULL);
		rig.signing.hash = NULL;
		rig_accepted(&rig);
		snprintf(value, sizeof value, "%s%s", hashes[(i + 1) % 3], rig_value(&rig, "x-hub-signature") + 6);
		rig_set(&rig, "x-hub-signature", value);
		rig_refused(&rig, "no secret");
	}
}
END_TEST

START_TEST(a_missing_prefix_is_refused)
{
	struct rig rig = signed_by(SIGNATURE_GITHUB);

	rig_set(&rig, "x-hub-signature-256", rig_value(&rig, "x-hub-signature-256") + 7);
	rig_refused(&rig, "no secret");
	rig = signed_by(SIGNATURE_STANDARD);
	rig_set(&rig, "webhook-signature", rig_value(&rig, "webhook-signature") + 3);
	rig_refused(&rig, "no secret");
}
END_TEST

START_TEST(another_encoding_is_refused)
{
	for (int made = ENCODING_HEX; made <= ENCODING_BASE64URL; made++)
		for (int read = ENCODING_HEX; read <= ENCODING_BASE64URL; read++) {
			struct rig rig = template_of("{body}");

			rig_body(&rig, "g");	/* its signature has digits in which base64 and base64url differ */
			rig.signing.encoding = (enum conf_encoding)made;
			rig_sign(&rig, NULL);
			rig.signing.encoding = (enum conf_encoding)read;
			if (made == read)
				rig_accepted(&rig);
			else
				rig_refused(&rig, "no secret");
		}
}
END_TEST

START_TEST(an_odd_number_of_hexadecimal_digits_is_refused)
{
	struct rig rig = signed_by(SIGNATURE_GITHUB);

	rig_change_tail(&rig, "x-hub-signature-256", 1, "");
	rig_refused(&rig, "no secret");
	rig_change_tail(&rig, "x-hub-signature-256", 0, "gg");
	rig_refused(&rig, "no secret");
}
END_TEST

START_TEST(a_signed_header_that_is_absent_is_refused)
{
	struct rig rig = template_of("{header:X-Tenant}:{body}");

	rig_header(&rig, "x-tenant", "a");
	rig_sign(&rig, NULL);
	rig_accepted(&rig);
	rig_header(&rig, "x-tenant", "a");
	rig_refused(&rig, "not there once");
	rig_drop(&rig, "x-tenant");
	rig_refused(&rig, "not there once");
	rig_header(&rig, "x-tenant", "b");
	rig_refused(&rig, "no secret");
}
END_TEST

START_TEST(nothing_signs_with_an_empty_secret)
{
	struct rig rig = rig_of(SIGNATURE_GITHUB, "");
	struct err err;

	ck_assert_int_eq(rig_sign_as(&rig, &(struct sign_order){ .secret = NULL }, &err), -1);
	/* HMAC-SHA-256 of {"a":1} with the empty key */
	rig_header(&rig, "x-hub-signature-256", "sha256=e0baad27ae5335a93e2979e6693e7630de7d66b4d5bfd687cdbf1f0018f79cb8");
	rig_unsound(&rig, "signature.secret is empty");
}
END_TEST

/* ---- settings that are not sound ---- */

START_TEST(templates_that_cannot_be_are_not_sound)
{
	struct rig rig = template_of("{body}{tijd}");

	rig_unsound(&rig, "{tijd}");
	rig.signing.text = "{body}{header:}";
	rig_unsound(&rig, "{header:}");
	rig.signing.text = "{body";
	rig_unsound(&rig, "{body");
	rig.signing.text = "{timestamp}{body}";
	rig.signing.timestamp = "part:t=";
	rig_unsound(&rig, "signature.separator");
	rig.signing.separator = ",";
	rig.signing.prefix = "{ding}=";
	rig_unsound(&rig, "{hash}");
	rig.signing.prefix = "{hash}=";
	rig.signing.hash = "sha256 md5";
	rig_unsound(&rig, "md5");
}
END_TEST

START_TEST(every_word_for_a_separator_works)
{
	static const char *const separators[] = { ",", "blank", "semicolon", "|" };

	for (size_t i = 0; i < N(separators); i++) {
		struct rig rig = template_of("{timestamp}.{body}");

		rig.signing.separator = separators[i];
		rig.signing.timestamp = "part:t=";
		rig.signing.prefix = "s=";
		rig_sign(&rig, NULL);
		rig_accepted(&rig);
	}
}
END_TEST

UNIT_MAIN("template", what_is_made_is_taken, a_template_can_sign_all_that_it_names, a_template_has_every_encoding,
	  hexadecimal_digits_of_either_case_are_taken, settings_change_the_header, zero_is_any_age,
	  a_body_changed_by_one_byte_is_refused, a_stripped_signature_is_missing, an_empty_signature_is_no_signature,
	  a_truncated_signature_is_refused, a_signature_changed_by_one_digit_is_refused,
	  a_signature_with_something_behind_it_is_refused, another_secret_is_refused,
	  a_replay_outside_of_the_window_is_refused, a_time_ahead_of_the_window_is_refused,
	  a_timestamp_that_is_no_number_is_refused, a_request_keeps_the_id_and_time_that_it_has,
	  a_digit_of_the_id_is_none_of_the_timestamp, a_huge_timestamp_is_refused, a_negative_timestamp_is_refused,
	  a_missing_timestamp_is_refused, a_changed_timestamp_is_refused, a_timestamp_that_came_twice_is_refused,
	  a_header_that_came_twice_is_refused, a_header_that_a_web_server_joined_is_refused,
	  sha1_alone_is_missing_where_sha256_is_asked, sha1_is_refused_unless_it_is_asked_for,
	  each_hash_of_websub_is_taken_for_what_it_is, a_missing_prefix_is_refused, another_encoding_is_refused,
	  an_odd_number_of_hexadecimal_digits_is_refused, a_signed_header_that_is_absent_is_refused,
	  nothing_signs_with_an_empty_secret, templates_that_cannot_be_are_not_sound, every_word_for_a_separator_works)
