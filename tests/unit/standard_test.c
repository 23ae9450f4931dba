/* SPDX-License-Identifier: EUPL-1.2
 * Standard Webhooks: keys of two kinds that never mix, lists of signatures, ids. */
#include "config.h"
#include "unit.h"

#include "signature_rig.h"
#include "trust/template.h"

#define WHSEC "whsec_9FbS+fvKUiySyQH3fZ1PJLV6dq0I9hsc"
#define OTHER_WHSEC "whsec_8Yh0te5cFu+IDg6H943PDwn4q2RyQ6X9"
#define WHSK "whsk_Dh90R7Bx9wLQjB2qqieSi6Y2cMvjBWmkdW3QjmrlTkA="
#define WHPK "whpk_BkR1QOcXT78HtaTn1ZZQdTDVeZ9f6/JfxHhJZt1ZiQk="
#define N(a) (sizeof (a) / sizeof *(a))

static struct rig signed_by_us(void)
{
	struct rig rig = rig_of(SIGNATURE_STANDARD, WHSEC);

	rig_sign(&rig, NULL);
	return rig;
}

START_TEST(what_is_made_with_a_private_key_is_taken_by_its_public_one)
{
	struct rig rig = rig_of(SIGNATURE_STANDARD, WHPK);
	struct err err;

	ck_assert_int_eq(rig_sign_as(&rig, &(struct sign_order){ .secret = WHSK, .id = "msg_1" }, &err), 0);
	ck_assert_str_eq(rig_value(&rig, "webhook-id"), "msg_1");
	ck_assert_int_eq(strncmp(rig_value(&rig, "webhook-signature"), "v1a,", 4), 0);
	rig_accepted(&rig);
}
END_TEST

START_TEST(every_secret_and_every_entry_is_tried)
{
	struct rig rig = rig_of(SIGNATURE_STANDARD, WHSEC);
	char value[512];

	rig_sign(&rig, NULL);
	snprintf(value, sizeof value, "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= v2,xyz %s", rig_value(&rig, "webhook-signature"));
	rig_set(&rig, "webhook-signature", value);
	rig.values[0] = WHPK;
	rig.values[1] = OTHER_WHSEC;
	rig.values[2] = strchr(WHSEC, '_') + 1;	/* without its prefix it is base64 just the same */
	rig.signing.secret.n = 3;
	rig_accepted(&rig);
}
END_TEST

START_TEST(headers_that_are_there_are_signed_and_not_repeated)
{
	struct rig rig = rig_of(SIGNATURE_STANDARD, WHSEC);

	rig_header(&rig, "webhook-id", "msg_eigen");
	rig_sign(&rig, NULL);
	rig_accepted(&rig);
}
END_TEST

START_TEST(an_id_with_a_dot_is_refused)
{
	struct rig rig = rig_of(SIGNATURE_STANDARD, WHSEC);
	struct err err;

	ck_assert_int_eq(rig_sign_as(&rig, &(struct sign_order){ .id = "msg.1700000000" }, &err), 0);
	rig_refused(&rig, "read in two ways");
}
END_TEST

START_TEST(an_id_that_is_not_there_once_is_refused)
{
	struct rig rig = signed_by_us();

	rig_header(&rig, "webhook-id", rig_value(&rig, "webhook-id"));
	rig_refused(&rig, "id is not there once");
	rig_drop(&rig, "webhook-id");
	rig_refused(&rig, "id is not there once");
	rig_header(&rig, "webhook-id", "");
	rig_refused(&rig, "id is not there once");
	rig_set(&rig, "webhook-id", "ander");
	rig_refused(&rig, "no secret");
}
END_TEST

START_TEST(versions_do_not_mix)
{
	struct rig rig = signed_by_us(), public = rig_of(SIGNATURE_STANDARD, WHPK);
	char value[256];
	struct err err;

	snprintf(value, sizeof value, "v1a,%s", rig_value(&rig, "webhook-signature") + 3);
	rig_set(&rig, "webhook-signature", value);
	rig_refused(&rig, "no secret");

	ck_assert_int_eq(rig_sign_as(&public, &(struct sign_order){ .secret = WHSK }, &err), 0);
	snprintf(value, sizeof value, "v1,%s", rig_value(&public, "webhook-signature") + 4);
	rig_set(&public, "webhook-signature", value);
	rig_refused(&public, "no secret");
	memmove(value + 4, value + 3, strlen(value + 3) + 1);
	memcpy(value, "v1b,", 4);
	rig_refused(&public, "no secret");
}
END_TEST

START_TEST(a_public_key_is_no_hmac_key)
{
	static const char *const guesses[] = { "whsec_BkR1QOcXT78HtaTn1ZZQdTDVeZ9f6/JfxHhJZt1ZiQk=" };

	for (size_t i = 0; i < N(guesses); i++) {
		struct rig rig = rig_of(SIGNATURE_STANDARD, WHPK);
		struct err err;

		ck_assert_int_eq(rig_sign_as(&rig, &(struct sign_order){ .secret = guesses[i] }, &err), 0);
		ck_assert_int_eq(strncmp(rig_value(&rig, "webhook-signature"), "v1,", 3), 0);
		rig_refused(&rig, "no secret");
	}
}
END_TEST

START_TEST(an_ed25519_signature_that_is_changed_is_refused)
{
	struct rig rig = rig_of(SIGNATURE_STANDARD, WHPK);
	struct err err;

	ck_assert_int_eq(rig_sign_as(&rig, &(struct sign_order){ .secret = WHSK }, &err), 0);
	rig_body(&rig, "{\"a\":2}");
	rig_refused(&rig, "no secret");
	rig_body(&rig, "{\"a\":1}");
	rig_accepted(&rig);
	rig_change_tail(&rig, "webhook-signature", 4, "");
	rig_refused(&rig, "no secret");
	rig_set(&rig, "webhook-signature", "v1a,");
	rig_refused(&rig, "no secret");
}
END_TEST

START_TEST(entries_beyond_the_limit_are_refused)
{
	struct rig rig = signed_by_us();
	char value[1024] = "";

	for (size_t i = 0; i < TEMPLATE_ENTRIES - 1; i++)
		snprintf(value + strlen(value), sizeof value - strlen(value), "v1,AAAA ");
	snprintf(value + strlen(value), sizeof value - strlen(value), "%s", rig_value(&rig, "webhook-signature"));
	rig_set(&rig, "webhook-signature", value);
	rig_accepted(&rig);
	snprintf(value + strlen(value), sizeof value - strlen(value), " v1,AAAA");
	rig_refused(&rig, "too many parts");
}
END_TEST

START_TEST(keys_of_standard_webhooks_have_their_size)
{
	static const char *const bad[] = { "whsec_", "whsec_AAAA", "whsec_9FbS+fvKUiySyQH3fZ1PJLV6dq0I9hs", "whpk_AAAA", "geheim",
					   "whpk_9FbS+fvKUiySyQH3fZ1PJLV6dq0I9hsc", "9FbS+fvKUiySyQH3fZ1PJLV6dq0I9h==" };
	struct rig rig;

	for (size_t i = 0; i < N(bad); i++) {
		rig = rig_of(SIGNATURE_STANDARD, bad[i]);
		rig_header(&rig, "webhook-signature", "v1,AAAA");
		rig_unsound(&rig, "neither whsec_");
	}
	rig = rig_of(SIGNATURE_STANDARD, WHSK);
	rig_header(&rig, "webhook-signature", "v1,AAAA");
	rig_unsound(&rig, "private key");
}
END_TEST

UNIT_MAIN("standard", what_is_made_with_a_private_key_is_taken_by_its_public_one, every_secret_and_every_entry_is_tried,
	  headers_that_are_there_are_signed_and_not_repeated, an_id_with_a_dot_is_refused,
	  an_id_that_is_not_there_once_is_refused, versions_do_not_mix, a_public_key_is_no_hmac_key,
	  an_ed25519_signature_that_is_changed_is_refused, entries_beyond_the_limit_are_refused,
	  keys_of_standard_webhooks_have_their_size)
