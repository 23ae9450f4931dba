/* SPDX-License-Identifier: EUPL-1.2
 * The signing module of the Dutch API Design Rules: what has to be signed, and every attack refused. */
#include "config.h"
#include "unit.h"

#include "signature_keys.h"

#define HTTP_HEADERS "http://uri.etsi.org/19182/HttpHeaders"
#define N(a) (sizeof (a) / sizeof *(a))
/* SHA-256 of {"a":1} */
#define DIGEST_VALUE "SHA-256=AVq9f1zFei3ZS3WQ8ErYCEJzkF7jPsXOvq5iJ2qX+GI="
#define SIGT "\"sigT\":\"2023-11-14T22:13:20Z\","	/* the rig's time */
#define MESSAGE_PARS "\"(request-target)\",\"host\",\"content-type\",\"content-length\",\"digest\""
#define MESSAGE_TEXT "(request-target): post /hook?x=1\nhost: example.nl\ncontent-type: application/json\ncontent-length: 7\n" \
	"digest: " DIGEST_VALUE

/* Signed as it has to be by the right key, with that header and over that text. */
static struct rig adr(enum conf_signature scheme, const char *header, const char *text, bool raw)
{
	struct rig rig = rig_keyed(scheme, RSA_PEM);

	rig_header(&rig, "digest", DIGEST_VALUE);
	rig_put_jws(&rig, header, ALG_PS256, RSA_PEM, text, raw, true);
	return rig;
}

static char *sigd(const char *pars, const char *rest)
{
	return str_fmt("{\"alg\":\"PS256\",\"b64\":false," SIGT "\"sigD\":{\"mId\":\"" HTTP_HEADERS "\",\"pars\":[%s]}%s}", pars, rest);
}
#define CRIT ",\"crit\":[\"sigT\",\"sigD\",\"b64\"]"

static struct rig adr_pars(enum conf_signature scheme, const char *pars, const char *text)
{
	char *header = sigd(pars, CRIT);
	struct rig rig = adr(scheme, header, text, true);

	free(header);
	return rig;
}

START_TEST(SG_02_payload_and_message_signatures_are_taken)
{
	struct rig rig = adr_pars(SIGNATURE_ADR_PAYLOAD, "\"digest\"", "digest: " DIGEST_VALUE);

	rig_accepted(&rig);
	rig = adr_pars(SIGNATURE_ADR_MESSAGE, MESSAGE_PARS, MESSAGE_TEXT);
	rig_accepted(&rig);
}
END_TEST

START_TEST(SG_03_a_header_that_came_twice_is_refused)
{
	struct rig rig = adr_pars(SIGNATURE_ADR_PAYLOAD, "\"digest\"", "digest: " DIGEST_VALUE);

	rig_header(&rig, "payload-signature", rig_value(&rig, "payload-signature"));
	rig_refused(&rig, "came more than once");
	rig = adr_pars(SIGNATURE_ADR_MESSAGE, MESSAGE_PARS, MESSAGE_TEXT);
	rig_header(&rig, "message-signature", rig_value(&rig, "message-signature"));
	rig_refused(&rig, "came more than once");
}
END_TEST

START_TEST(SG_04_the_digest_is_over_the_raw_body)
{
	struct rig rig = adr_pars(SIGNATURE_ADR_PAYLOAD, "\"digest\"", "digest: " DIGEST_VALUE);

	rig_body(&rig, "{\"a\": 1}");
	rig_refused(&rig, "Digest is not the body's");
}
END_TEST

START_TEST(the_settings_can_name_the_headers)
{
	struct rig rig = rig_keyed(SIGNATURE_ADR_PAYLOAD, RSA_PEM);

	rig.signing.header = "nlgov-adr-payload-sig";
	rig_sign_with(&rig, RSA_PEM);
	ck_assert_ptr_nonnull(rig_value(&rig, "nlgov-adr-payload-sig"));
	rig_accepted(&rig);
}
END_TEST

START_TEST(a_message_signature_covers_what_carries_data)
{
	struct rig rig = rig_keyed(SIGNATURE_ADR_MESSAGE, RSA_PEM);

	rig_header(&rig, "ce-id", "1");
	rig_header(&rig, "origin", "https://afzender.nl");
	rig_header(&rig, "content-encoding", "identity");
	rig_sign_with(&rig, RSA_PEM);
	rig_accepted(&rig);
	rig_set(&rig, "ce-id", "2");
	rig_refused(&rig, "no key");
	rig_set(&rig, "ce-id", "1");
	rig_header(&rig, "ce-subject", "een");
	rig_refused(&rig, "does not cover all");
	rig_drop(&rig, "ce-subject");
	rig_set(&rig, "content-type", "text/plain");
	rig_refused(&rig, "no key");
	rig_set(&rig, "content-type", "application/json");
	rig.m.query = "x=2";
	rig_refused(&rig, "no key");
	rig.m.query = "x=1";
	rig.m.method = "PUT";
	rig_refused(&rig, "no key");
	rig.m.method = "POST";
	rig_set(&rig, "host", "ander.nl");
	rig_refused(&rig, "no key");
	rig.url = "https://example.nl/hook";	/* what the sender wrote counts, where the settings say it */
	rig_accepted(&rig);
}
END_TEST

START_TEST(pars_that_are_empty_or_other_are_refused)
{
	struct rig rig = adr_pars(SIGNATURE_ADR_PAYLOAD, "", "");

	rig_refused(&rig, "does not cover digest");
	rig = adr_pars(SIGNATURE_ADR_PAYLOAD, "\"host\"", "host: example.nl");
	rig_refused(&rig, "does not cover digest");
	rig = adr_pars(SIGNATURE_ADR_PAYLOAD, "\"digest\",\"host\"", "digest: " DIGEST_VALUE "\nhost: example.nl");
	rig_refused(&rig, "more than digest");
	rig = adr_pars(SIGNATURE_ADR_PAYLOAD, "\"Digest\"", "Digest: " DIGEST_VALUE);
	rig_refused(&rig, "does not cover digest");
	rig = adr_pars(SIGNATURE_ADR_PAYLOAD, "\"digest\",\"digest\"", "digest: " DIGEST_VALUE "\ndigest: " DIGEST_VALUE);
	rig_refused(&rig, "twice");
	rig = adr_pars(SIGNATURE_ADR_PAYLOAD, "\"digest\",1", "digest: " DIGEST_VALUE);
	rig_refused(&rig, "no name");
	rig = adr_pars(SIGNATURE_ADR_PAYLOAD, "\"digest\\u0000\"", "digest: " DIGEST_VALUE);
	rig_refused(&rig, "no name");
}
END_TEST

START_TEST(a_message_signature_has_to_cover_all_that_is_there)
{
	static const struct { const char *pars, *text, *note; } rows[] = {
		{ "\"host\",\"content-type\",\"content-length\",\"digest\"",
		  "host: example.nl\ncontent-type: application/json\ncontent-length: 7\ndigest: " DIGEST_VALUE, "does not cover all" },
		{ "\"(request-target)\",\"content-type\",\"content-length\",\"digest\"",
		  "(request-target): post /hook?x=1\ncontent-type: application/json\ncontent-length: 7\ndigest: " DIGEST_VALUE,
		  "does not cover all" },
		{ "\"(request-target)\",\"host\",\"content-length\",\"digest\"",
		  "(request-target): post /hook?x=1\nhost: example.nl\ncontent-length: 7\ndigest: " DIGEST_VALUE, "does not cover all" },
		{ "\"(request-target)\",\"host\",\"content-type\",\"digest\"",
		  "(request-target): post /hook?x=1\nhost: example.nl\ncontent-type: application/json\ndigest: " DIGEST_VALUE,
		  "does not cover all" },
		{ "\"(request-target)\",\"host\",\"content-type\",\"content-length\"",
		  "(request-target): post /hook?x=1\nhost: example.nl\ncontent-type: application/json\ncontent-length: 7",
		  "does not cover digest" },
		{ MESSAGE_PARS ",\"x-niets\"", MESSAGE_TEXT "\nx-niets: ", "a header that is not there" },
	};
	struct rig rig;

	for (size_t i = 0; i < N(rows); i++) {
		rig = adr_pars(SIGNATURE_ADR_MESSAGE, rows[i].pars, rows[i].text);
		rig_refused(&rig, rows[i].note);
	}
	rig = adr_pars(SIGNATURE_ADR_MESSAGE, MESSAGE_PARS, MESSAGE_TEXT);
	rig_header(&rig, "origin", "https://afzender.nl");
	rig_refused(&rig, "does not cover all");
	rig = adr_pars(SIGNATURE_ADR_MESSAGE, MESSAGE_PARS, MESSAGE_TEXT);
	rig_header(&rig, "content-encoding", "gzip");
	rig_refused(&rig, "does not cover all");
}
END_TEST

START_TEST(the_settings_say_what_a_message_signature_covers)
{
	struct rig rig = adr_pars(SIGNATURE_ADR_MESSAGE, "\"digest\",\"host\"", "digest: " DIGEST_VALUE "\nhost: example.nl");

	rig.signing.components = "x-host|host";
	rig_accepted(&rig);
	rig.signing.components = "host content-type";
	rig_refused(&rig, "does not cover all");
	rig.signing.components = "host x-niets";	/* which the message does not have */
	rig_accepted(&rig);
	rig = adr_pars(SIGNATURE_ADR_MESSAGE, "\"host\"", "host: example.nl");
	rig.signing.components = "host";
	rig_refused(&rig, "does not cover digest");
}
END_TEST

START_TEST(a_digest_header_that_is_missing_is_refused)
{
	struct rig rig = adr_pars(SIGNATURE_ADR_PAYLOAD, "\"digest\"", "digest: " DIGEST_VALUE);

	rig_drop(&rig, "digest");
	rig_refused(&rig, "a header that is not there");
}
END_TEST

static void with_digest(const char *value, const char *note)
{
	char *text = str_fmt("digest: %s", value);
	struct rig rig = adr_pars(SIGNATURE_ADR_PAYLOAD, "\"digest\"", text);

	rig_set(&rig, "digest", value);
	rig_refused(&rig, note);
	free(text);
}

START_TEST(a_signed_digest_of_another_body_is_refused)
{
	with_digest("SHA-256=foBZ9JVYn82YEjLMEdALANo4AsAdaI+hzx9r7W5bszw=", "Digest is not the body's");
}
END_TEST

START_TEST(a_signed_digest_by_md5_is_refused)
{
	with_digest("MD5=uzqtRcxk1yOjP5BJUdcwyQ==", "Digest");
	with_digest("", "Digest");
}
END_TEST

START_TEST(b64_is_false_or_absent)
{
	struct rig rig;

	rig = adr(SIGNATURE_ADR_PAYLOAD, "{\"alg\":\"PS256\"," SIGT "\"sigD\":{\"mId\":\"" HTTP_HEADERS "\",\"pars\":[\"digest\"]},"
		  "\"crit\":[\"sigT\",\"sigD\"]}", "digest: " DIGEST_VALUE, false);
	rig_accepted(&rig);	/* over the base64url of it */
	rig = adr(SIGNATURE_ADR_PAYLOAD, "{\"alg\":\"PS256\"," SIGT "\"sigD\":{\"mId\":\"" HTTP_HEADERS "\",\"pars\":[\"digest\"]},"
		  "\"crit\":[\"sigT\",\"sigD\"]}", "digest: " DIGEST_VALUE, true);
	rig_refused(&rig, "no key");
	rig = adr(SIGNATURE_ADR_PAYLOAD, "{\"alg\":\"PS256\",\"b64\":false," SIGT "\"sigD\":{\"mId\":\"" HTTP_HEADERS "\","
		  "\"pars\":[\"digest\"]},\"crit\":[\"sigT\",\"sigD\"]}", "digest: " DIGEST_VALUE, true);
	rig_refused(&rig, "b64 that its crit does not name");
	rig = adr(SIGNATURE_ADR_PAYLOAD, "{\"alg\":\"PS256\",\"b64\":false," SIGT "\"sigD\":{\"mId\":\"" HTTP_HEADERS "\","
		  "\"pars\":[\"digest\"]}" CRIT "}", "digest: " DIGEST_VALUE, false);
	rig_refused(&rig, "no key");
}
END_TEST

START_TEST(sigd_has_to_be_there_and_in_crit)
{
	static const char *const headers[] = {
		"{\"alg\":\"PS256\",\"b64\":false," SIGT "\"crit\":[\"sigT\",\"b64\"]}",
		"{\"alg\":\"PS256\",\"b64\":false," SIGT "\"sigD\":{\"mId\":\"" HTTP_HEADERS "\",\"pars\":[\"digest\"]},"
		"\"crit\":[\"sigT\",\"b64\"]}",
		"{\"alg\":\"PS256\",\"b64\":false," SIGT "\"sigD\":{\"mId\":\"http://uri.etsi.org/19182/ObjectIdByURI\",\"pars\":[\"digest\"]}"
		CRIT "}",
		"{\"alg\":\"PS256\",\"b64\":false," SIGT "\"sigD\":{\"mId\":\"" HTTP_HEADERS "\",\"pars\":\"digest\"}" CRIT "}",
		"{\"alg\":\"PS256\",\"b64\":false," SIGT "\"sigD\":{\"mId\":\"" HTTP_HEADERS "\"}" CRIT "}",
		"{\"alg\":\"PS256\",\"b64\":false," SIGT "\"sigD\":[\"digest\"]" CRIT "}",
	};

	for (size_t i = 0; i < N(headers); i++) {
		struct rig rig = adr(SIGNATURE_ADR_PAYLOAD, headers[i], "digest: " DIGEST_VALUE, true);

		rig_refused(&rig, "sigD");
	}
}
END_TEST

START_TEST(an_unknown_crit_of_the_module_is_refused)
{
	struct rig rig = adr(SIGNATURE_ADR_PAYLOAD, "{\"alg\":\"PS256\",\"b64\":false,\"sigPId\":{}," SIGT "\"sigD\":{\"mId\":\"" HTTP_HEADERS
			     "\",\"pars\":[\"digest\"]},\"crit\":[\"sigT\",\"sigD\",\"b64\",\"sigPId\"]}", "digest: " DIGEST_VALUE, true);

	rig_refused(&rig, "crit names what is not understood");
}
END_TEST

START_TEST(the_module_wants_ps256_unless_the_settings_say_otherwise)
{
	char *header = str_fmt("{\"alg\":\"RS256\",\"b64\":false," SIGT "\"sigD\":{\"mId\":\"%s\",\"pars\":[\"digest\"]}" CRIT "}", HTTP_HEADERS);
	struct rig rig = rig_keyed(SIGNATURE_ADR_PAYLOAD, RSA_PEM);

	rig_header(&rig, "digest", DIGEST_VALUE);
	rig_put_jws(&rig, header, ALG_RS256, RSA_PEM, "digest: " DIGEST_VALUE, true, true);
	rig_refused(&rig, "no key");
	rig.signing.algorithms = "RS256";
	rig_accepted(&rig);
	free(header);
}
END_TEST

START_TEST(the_public_key_signs_nothing_in_the_module)
{
	struct rig rig = adr_pars(SIGNATURE_ADR_PAYLOAD, "\"digest\"", "digest: " DIGEST_VALUE);

	rig.signing.algorithms = "PS256 HS256";
	rig_put_jws(&rig, "{\"alg\":\"HS256\",\"b64\":false," SIGT "\"sigD\":{\"mId\":\"" HTTP_HEADERS "\",\"pars\":[\"digest\"]}" CRIT "}",
		ALG_HS256, NULL, "digest: " DIGEST_VALUE, true, true);
	rig_refused(&rig, "no key");
}
END_TEST

START_TEST(the_module_needs_a_time)
{
	static const struct { const char *members, *note; } rows[] = {
		{ "\"crit\":[\"sigD\",\"b64\"]", "has no time" },
		{ "\"sigT\":\"gisteren\",\"crit\":[\"sigD\",\"b64\"]", "sigT is no time" },
		{ "\"sigT\":1700000000,\"crit\":[\"sigD\",\"b64\"]", "sigT is no time" },
		{ "\"sigT\":\"2023-11-14T22:18:21Z\",\"crit\":[\"sigD\",\"b64\"]", "too far" },
		{ "\"sigT\":\"2023-11-14T22:08:19Z\",\"crit\":[\"sigD\",\"b64\"]", "too far" },
		{ "\"iat\":1699999699,\"crit\":[\"sigD\",\"b64\"]", "too far" },
		{ "\"iat\":1700000301,\"crit\":[\"sigD\",\"b64\"]", "too far" },
		{ SIGT "\"iat\":1700000301,\"crit\":[\"sigD\",\"b64\"]", "too far" },
		{ "\"iat\":\"nu\",\"crit\":[\"sigD\",\"b64\"]", "no number" },
		{ "\"sigT\":\"2023-11-14T23:13:20+01:00\",\"crit\":[\"sigD\",\"b64\"]", NULL },
		{ "\"iat\":1700000000,\"crit\":[\"sigD\",\"b64\"]", NULL },
	};

	for (size_t i = 0; i < N(rows); i++) {
		char *header = str_fmt("{\"alg\":\"PS256\",\"b64\":false,\"sigD\":{\"mId\":\"%s\",\"pars\":[\"digest\"]},%s}", HTTP_HEADERS,
				       rows[i].members);
		struct rig rig = adr(SIGNATURE_ADR_PAYLOAD, header, "digest: " DIGEST_VALUE, true);

		if (rows[i].note)
			rig_refused(&rig, rows[i].note);
		else
			rig_accepted(&rig);
		free(header);
	}
}
END_TEST

START_TEST(a_module_signature_with_its_payload_inside_is_refused)
{
	struct rig rig = rig_keyed(SIGNATURE_ADR_PAYLOAD, RSA_PEM);

	rig_header(&rig, "digest", DIGEST_VALUE);
	rig_put_jws(&rig, "{\"alg\":\"PS256\"," SIGT "\"sigD\":{\"mId\":\"" HTTP_HEADERS "\",\"pars\":[\"digest\"]},\"crit\":[\"sigT\",\"sigD\"]}",
		ALG_PS256, RSA_PEM, "digest: " DIGEST_VALUE, false, false);
	rig_refused(&rig, "its payload is inside");
}
END_TEST

UNIT_MAIN("adr", SG_02_payload_and_message_signatures_are_taken, SG_03_a_header_that_came_twice_is_refused,
	  SG_04_the_digest_is_over_the_raw_body, the_settings_can_name_the_headers,
	  a_message_signature_covers_what_carries_data, pars_that_are_empty_or_other_are_refused,
	  a_message_signature_has_to_cover_all_that_is_there, the_settings_say_what_a_message_signature_covers,
	  a_digest_header_that_is_missing_is_refused, a_signed_digest_of_another_body_is_refused,
	  a_signed_digest_by_md5_is_refused, b64_is_false_or_absent, sigd_has_to_be_there_and_in_crit,
	  an_unknown_crit_of_the_module_is_refused, the_module_wants_ps256_unless_the_settings_say_otherwise,
	  the_public_key_signs_nothing_in_the_module, the_module_needs_a_time,
	  a_module_signature_with_its_payload_inside_is_refused)
