/* SPDX-License-Identifier: EUPL-1.2
 * NRC notifications: what is taken, what is refused and how it is named, and what identity is. */
#include "config.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include "base/buf.h"
#include "event/nrc.h"

#define KANAAL "\"kanaal\":\"zaken\""
#define OBJECT "\"hoofdObject\":\"https://zaken.voorbeeld.nl/api/v1/zaken/7\""
#define RESOURCE "\"resource\":\"status\""
#define URL "\"resourceUrl\":\"https://zaken.voorbeeld.nl/api/v1/statussen/42\""
#define ACTIE "\"actie\":\"create\""
#define DATUM "\"aanmaakdatum\":\"2026-03-02T08:15:30.250Z\""
#define KENMERKEN "\"kenmerken\":{\"bronorganisatie\":\"100000009\",\"zaaktype\":\"https://c.voorbeeld.nl/zt/1\"}"
#define NOTIFICATION "{" KANAAL "," OBJECT "," RESOURCE "," URL "," ACTIE "," DATUM "," KENMERKEN "}"

struct read {			/* one notification read */
	struct pool *pool;
	struct event event;
	struct faults faults;
	bool probe;
	int rc;
};

static struct nrc_rules rules_of(enum nrc_profile profile)
{
	return (struct nrc_rules){ .profile = profile, .identity = IDENTITY_CONTENT, .scope = "on" };
}

static struct read read_with(const char *body, const struct nrc_rules *rules, struct attr *headers, size_t n)
{
	struct read r = { .pool = pool_new() };
	struct message m = { .method = "POST", .path = "/nrc", .query = "", .peer = "", .headers = headers,
			     .n_headers = n, .body = (const unsigned char *)body, .body_len = strlen(body) };

	r.faults.pool = r.pool;
	r.rc = nrc_parse(r.pool, &m, rules, &r.event, &r.probe, &r.faults);
	ck_assert_int_eq(r.rc, r.faults.n ? -1 : 0);
	return r;
}

static struct read read_as(const char *body, enum nrc_profile profile)
{
	struct nrc_rules rules = rules_of(profile);

	return read_with(body, &rules, NULL, 0);
}

static const char *faults_of(const struct read *r)
{
	static struct buf text;

	buf_reset(&text);
	buf_put(&text, "", 0);
	for (size_t i = 0; i < r->faults.n; i++)
		buf_fmt(&text, "%s%s:%s", i ? " " : "", r->faults.v[i].name, r->faults.v[i].code);
	return text.p;
}

static void expect_faults(const char *body, enum nrc_profile profile, const char *expected)
{
	struct read r = read_as(body, profile);

	ck_assert_msg(strcmp(faults_of(&r), expected) == 0, "%s\n gives \"%s\", not \"%s\"", body, faults_of(&r),
			expected);
	for (size_t i = 0; i < r.faults.n; i++)
		ck_assert_uint_gt(strlen(r.faults.v[i].reason), 10);
	pool_free(&r.pool);
}

/* The notification with one member written otherwise; "" leaves it out. */
static const char *with(const char *member, const char *instead)
{
	static char text[8192];
	const char *const members[] = { KANAAL, OBJECT, RESOURCE, URL, ACTIE, DATUM, KENMERKEN };
	size_t len = 1;

	strcpy(text, "{");
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		bool meant = strncmp(members[i] + 1, member,
		strlen(member)) == 0 && members[i][1 + strlen(member)] == '"';
		const char *s = meant ? instead : members[i];

		if (*s)
			len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", len > 1 ? "," : "", s);
	}
	snprintf(text + len, sizeof text - len, "}");
	return text;
}

START_TEST(a_notification_becomes_an_event)
{
	struct read r = read_as(with("kanaal", KANAAL ",\"source\":\"zaken.voorbeeld.nl\""), NRC_STRICT);

	ck_assert_int_eq(r.rc, 0);
	ck_assert_str_eq(r.event.type, "nl.overheid.zaken.status.create");
	ck_assert_str_eq(r.event.source, "zaken.voorbeeld.nl");
	ck_assert_str_eq(r.event.subject, "42");
	ck_assert_str_eq(r.event.time, "2026-03-02T08:15:30.250Z");
	ck_assert_str_eq(r.event.datacontenttype, "application/json");
	ck_assert_int_eq(r.event.wire, WIRE_NRC);
	ck_assert_ptr_null(r.event.id);
	ck_assert_ptr_null(r.event.note);
	ck_assert(r.event.has_lane && !r.probe);
	pool_free(&r.pool);
}
END_TEST

START_TEST(the_data_is_the_body_as_received)
{
	const char *body = " " NOTIFICATION "\n";
	struct read r = read_as(body, NRC_LENIENT);

	ck_assert_ptr_eq(r.event.data, body);
	ck_assert_uint_eq(r.event.data_len, strlen(body));
	pool_free(&r.pool);
}
END_TEST

/* As Open Notificaties spells it when a subscription is registered (nrc.md, 2.1). */
START_TEST(the_probe_is_known_in_both_profiles)
{
	static const char body[] =
		"{\"kanaal\": \"test\", \"hoofdObject\": \"http://some.hoofdobject.nl/\", \"resource\": \"some_resource\", "
		"\"resourceUrl\": \"http://some.resource.nl/\", \"actie\": \"create\", "
		"\"aanmaakdatum\": \"2019-01-01T12:00:00Z\", \"kenmerken\": {}}";

	for (int profile = NRC_LENIENT; profile <= NRC_STRICT; profile++) {
		struct read r = read_as(body, (enum nrc_profile)profile);

		ck_assert_int_eq(r.rc, 0);
		ck_assert(r.probe);
		ck_assert_ptr_null(r.event.subject);
		pool_free(&r.pool);
	}
}
END_TEST

START_TEST(each_faulty_field_is_named)
{
	expect_faults("{}", NRC_LENIENT, "kanaal:required resource:required actie:required hoofdObject:required "
		      "resourceUrl:required aanmaakdatum:required");
	expect_faults("{\"kanaal\":null,\"hoofdObject\":7,\"resource\":\"\",\"resourceUrl\":\"nergens\",\"actie\":[],"
		      "\"aanmaakdatum\":\"gisteren\",\"kenmerken\":[]}", NRC_LENIENT,
		      "kanaal:null resource:blank actie:invalid hoofdObject:invalid resourceUrl:invalid "
		      "aanmaakdatum:invalid kenmerken:not_a_dict");
}
END_TEST

START_TEST(a_body_that_is_no_object_is_refused)
{
	static const char *const bodies[] = { "[]", "null", "7", "\"zaken\"", "true", "[" NOTIFICATION "]" };

	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
		expect_faults(bodies[i], NRC_LENIENT, ":invalid");
	expect_faults("", NRC_LENIENT, ":parse_error");
	expect_faults("kanaal=zaken", NRC_LENIENT, ":parse_error");
	expect_faults(with("kanaal", KANAAL "," KANAAL), NRC_LENIENT, "kanaal:duplicate_member");
}
END_TEST

static const char *long_name(const char *member, size_t n, const char *character)
{
	static char text[4096];
	size_t len = (size_t)snprintf(text, sizeof text, "\"%s\":\"", member);

	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s", character);
	snprintf(text + len, sizeof text - len, "\"");
	return text;
}

START_TEST(lengths_are_of_characters_not_bytes)
{
	static const struct { const char *member; size_t max; } rows[] = {
		{ "kanaal", 50 }, { "resource", 100 }, { "actie", 100 } };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char expected[64];

		snprintf(expected, sizeof expected, "%s:max_length", rows[i].member);
		for (int profile = NRC_LENIENT; profile <= NRC_STRICT; profile++) {
			expect_faults(with(rows[i].member, long_name(rows[i].member, rows[i].max, "\xE2\x82\xAC")),
				      (enum nrc_profile)profile, "");
			expect_faults(with(rows[i].member, long_name(rows[i].member, rows[i].max + 1, "a")),
				      (enum nrc_profile)profile, expected);
		}
	}
}
END_TEST

START_TEST(a_fault_says_the_limit_and_what_was_sent)
{
	struct read r = read_as(with("kanaal", long_name("kanaal", 63, "k")), NRC_LENIENT);

	ck_assert_ptr_nonnull(strstr(r.faults.v[0].reason, "50"));
	ck_assert_ptr_nonnull(strstr(r.faults.v[0].reason, "63"));
	pool_free(&r.pool);
}
END_TEST

START_TEST(what_becomes_the_type_has_no_blanks_or_controls)
{
	static const char *const values[] = { "za ken", " zaken", "zaken ", "\\t", "za\\nken", "za\\u0000ken",
			"za\\u007fken",
					      "za\\u0085ken", "za\\u00a0ken", "za\\u2028ken" };

	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		char member[64];

		snprintf(member, sizeof member, "\"actie\":\"%s\"", values[i]);
		expect_faults(with("actie", member), NRC_LENIENT, "actie:invalid");
		expect_faults(with("actie", member), NRC_STRICT, "actie:invalid");
	}
	expect_faults(with("actie", "\"actie\":\"cre\303\251er_\342\202\254-1.2\""), NRC_STRICT, "");
}
END_TEST

struct shape {			/* of one member, and the faults in the two profiles */
	const char *member, *instead, *lenient, *strict;
};

static const struct shape shapes[] = {
	{ "kenmerken", "", "", "" },
	{ "kenmerken", "\"kenmerken\":{}", "", "" },
	{ "kenmerken", "\"kenmerken\":null", "", "kenmerken:null" },
	{ "kenmerken", "\"kenmerken\":\"x\"", "kenmerken:not_a_dict", "kenmerken:not_a_dict" },
	{ "kenmerken", "\"kenmerken\":{\"zaaktype.catalogus\":\"\"}", "", "kenmerken.zaaktype.catalogus:blank" },
	{ "kenmerken", "\"kenmerken\":{\"zaaktype.catalogus\":\"c\"}", "", "" },
	{ "kenmerken", "\"kenmerken\":{\"\":\"c\"}", "", "" },
	{ "kenmerken", "\"kenmerken\":{\"nummer\":12}", "", "kenmerken.nummer:invalid" },
	{ "kenmerken", "\"kenmerken\":{\"open\":true,\"rest\":null}", "",
	"kenmerken.open:invalid kenmerken.rest:null" },
	{ "kenmerken", "\"kenmerken\":{\"a\":{},\"b\":[\"x\"]}", "kenmerken.a:invalid kenmerken.b:invalid",
	  "kenmerken.a:invalid kenmerken.b:invalid" },
	{ "kenmerken", "\"kenmerken\":{\"type\":\"voorbeeld.nl/typen/1\"},\"extra\":{\"diep\":[1]}", "", "" },
	{ "kanaal", KANAAL ",\"source\":null", "", "" },
	{ "aanmaakdatum", "\"aanmaakdatum\":\"2026-03-02T08:15:30\"", "", "aanmaakdatum:invalid" },
	{ "aanmaakdatum", "\"aanmaakdatum\":\"2026-03-02T08:15:30.1234567\"", "", "aanmaakdatum:invalid" },
	{ "aanmaakdatum", "\"aanmaakdatum\":\"2026-03-02T08:15:30+01:00\"", "", "" },
	{ "aanmaakdatum", "\"aanmaakdatum\":\"2999-03-02T08:15:30Z\"", "", "" },
	{ "aanmaakdatum", "\"aanmaakdatum\":\"2026-03-02\"", "aanmaakdatum:invalid", "aanmaakdatum:invalid" },
	{ "aanmaakdatum", "\"aanmaakdatum\":\"2026-03-02T08:15:30Z\\u0000\"", "aanmaakdatum:invalid",
	"aanmaakdatum:invalid" },
	{ "aanmaakdatum", "\"aanmaakdatum\":1772439330", "aanmaakdatum:invalid", "aanmaakdatum:invalid" },
	{ "aanmaakdatum", "\"aanmaakdatum\":\"\"", "aanmaakdatum:blank", "aanmaakdatum:blank" },
	{ "aanmaakdatum", "\"aanmaakdatum\":null", "aanmaakdatum:null", "aanmaakdatum:null" },
	{ "hoofdObject", "\"hoofdObject\":\"urn:uuid:2f6d8d2e-0000-4000-8000-000000000001\"", "", "" },
	{ "hoofdObject", "\"hoofdObject\":\"https://voorbeeld.nl/zaak/caf\303\251\"", "", "hoofdObject:invalid" },
	{ "hoofdObject", "\"hoofdObject\":\"https://voorbeeld.nl/zaak/{1}\"", "", "hoofdObject:invalid" },
	{ "hoofdObject", "\"hoofdObject\":\"voorbeeld.nl/zaak/1\"", "hoofdObject:invalid", "hoofdObject:invalid" },
	{ "hoofdObject", "\"hoofdObject\":\"https://voorbeeld.nl/a b\"", "hoofdObject:invalid",
	"hoofdObject:invalid" },
	{ "hoofdObject", "\"hoofdObject\":\"https://voorbeeld.nl/a\\u0000b\"", "hoofdObject:invalid",
	"hoofdObject:invalid" },
	{ "resourceUrl", "\"resourceUrl\":\"\"", "resourceUrl:blank", "resourceUrl:blank" },
	{ "resourceUrl", "\"resourceUrl\":\"/statussen/1\"", "resourceUrl:invalid", "resourceUrl:invalid" },
	{ "actie", "\"actie\":\"partial_update\"", "", "" },
	{ "actie", "\"actie\":1", "actie:invalid", "actie:invalid" },
};

START_TEST(lenient_takes_what_real_senders_send)
{
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
		expect_faults(with(shapes[i].member, shapes[i].instead), NRC_LENIENT, shapes[i].lenient);
}
END_TEST

START_TEST(strict_is_the_oas_to_the_letter)
{
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
		expect_faults(with(shapes[i].member, shapes[i].instead), NRC_STRICT, shapes[i].strict);
}
END_TEST

START_TEST(a_kenmerk_has_at_most_a_thousand_characters)
{
	char member[8192];

	snprintf(member, sizeof member, "\"kenmerken\":{%s}", long_name("k", 1000, "\303\251"));
	expect_faults(with("kenmerken", member), NRC_STRICT, "");
	snprintf(member, sizeof member, "\"kenmerken\":{%s}", long_name("k", 1001, "\303\251"));
	expect_faults(with("kenmerken", member), NRC_STRICT, "kenmerken.k:max_length");
	expect_faults(with("kenmerken", member), NRC_LENIENT, "");
}
END_TEST

START_TEST(what_deviates_is_noted)
{
	struct read r = read_as(with("aanmaakdatum", "\"aanmaakdatum\":\"2026-03-02T08:15:30\",\"source\":\"a b\""),
			NRC_LENIENT);

	ck_assert_str_eq(r.event.note, "aanmaakdatum has no offset");
	ck_assert_str_eq(r.event.time, "2026-03-02T08:15:30");
	ck_assert_ptr_null(r.event.source);
	pool_free(&r.pool);
	r = read_as(with("kenmerken", "\"kenmerken\":{\"a\":1,\"b\":2}"), NRC_LENIENT);
	ck_assert_str_eq(r.event.note, "kenmerken has values that are no strings");
	pool_free(&r.pool);
}
END_TEST

START_TEST(the_subject_is_the_last_path_segment)
{
	static const struct { const char *url, *subject; } rows[] = {
		{ "https://voorbeeld.nl/statussen/42", "42" }, { "https://voorbeeld.nl/statussen/42/", "42" },
		{ "https://voorbeeld.nl/statussen/42//?a=/b#/c", "42" }, { "https://voorbeeld.nl?a=/b", NULL },
		{ "https://voorbeeld.nl", NULL }, { "https://voorbeeld.nl///", NULL },
		{ "urn:uuid:7", "uuid:7" }, { "https://voorbeeld.nl/a%2Fb", "a%2Fb" } };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char member[128];
		struct read r;

		snprintf(member, sizeof member, "\"resourceUrl\":\"%s\"", rows[i].url);
		r = read_as(with("resourceUrl", member), NRC_STRICT);
		ck_assert_int_eq(r.rc, 0);
		ck_assert_pstr_eq(r.event.subject, rows[i].subject);
		pool_free(&r.pool);
	}
}
END_TEST

struct named {			/* what identity is made of */
	const char *body, *scope, *correlation;
	enum nrc_identity identity;
};

static struct event identified(const struct named *named)
{
	struct nrc_rules rules = { .identity = named->identity, .scope = named->scope,
			.identity_header = "x-message-id" };
	struct attr headers[] = { { named->identity == IDENTITY_HEADER ? "x-message-id" : "x-correlation-id",
				    named->correlation } };
	struct read r = read_with(named->body, &rules, headers, named->correlation != NULL);
	struct event event = r.event;

	ck_assert_int_eq(r.rc, 0);
	pool_free(&r.pool);
	return event;
}

static void expect_same(bool key, bool digest, struct named a, struct named b)
{
	struct event x = identified(&a), y = identified(&b);

	ck_assert(key == (memcmp(&x.key, &y.key, sizeof x.key) == 0));
	ck_assert(digest == (x.digest == y.digest));
}

#define RESTAMPED "{" KANAAL "," OBJECT "," RESOURCE "," URL "," ACTIE \
	",\"aanmaakdatum\":\"2026-03-02T08:20:00\"," KENMERKEN "}"
#define SHUFFLED "{ " DATUM ", " ACTIE ", \"kenmerken\" : {\"zaaktype\":\"https:\\/\\/c.voorbeeld.nl/zt/1\",\n" \
	"\"bronorganisatie\":\"\\u003100000009\"}," URL "," RESOURCE "," OBJECT "," KANAAL "}\n"
#define OTHER "{" KANAAL "," OBJECT "," RESOURCE "," URL ",\"actie\":\"destroy\"," DATUM "," KENMERKEN "}"

START_TEST(identity_by_content_ignores_spelling_only)
{
	struct named a = { NOTIFICATION, "on", NULL, IDENTITY_CONTENT };

	expect_same(true, true, a, a);
	expect_same(true, true, a, (struct named){ SHUFFLED, "on", NULL, IDENTITY_CONTENT });
	expect_same(true, true, a, (struct named){ NOTIFICATION, "on", "c1", IDENTITY_CONTENT });
	expect_same(false, false, a, (struct named){ RESTAMPED, "on", NULL, IDENTITY_CONTENT });
	expect_same(false, false, a, (struct named){ OTHER, "on", NULL, IDENTITY_CONTENT });
	expect_same(false, true, a, (struct named){ NOTIFICATION, "og", NULL, IDENTITY_CONTENT });
}
END_TEST

START_TEST(identity_by_correlation_outlives_a_new_stamp)
{
	struct named a = { NOTIFICATION, "og", "c1", IDENTITY_CORRELATION };

	expect_same(true, true, a, (struct named){ RESTAMPED, "og", "c1", IDENTITY_CORRELATION });
	expect_same(false, true, a, (struct named){ RESTAMPED, "og", "c2", IDENTITY_CORRELATION });
	expect_same(false, false, a, (struct named){ OTHER, "og", "c1", IDENTITY_CORRELATION });
	expect_same(false, true, a, (struct named){ NOTIFICATION, "on", "c1", IDENTITY_CORRELATION });
}
END_TEST

START_TEST(identity_by_header_shows_conflicts_in_the_digest)
{
	struct named a = { NOTIFICATION, "on", "m1", IDENTITY_HEADER };

	expect_same(true, true, a, (struct named){ RESTAMPED, "on", "m1", IDENTITY_HEADER });
	expect_same(true, false, a, (struct named){ OTHER, "on", "m1", IDENTITY_HEADER });
	expect_same(false, true, a, (struct named){ NOTIFICATION, "on", "m2", IDENTITY_HEADER });
}
END_TEST

START_TEST(without_its_header_identity_is_the_content)
{
	struct named a = { NOTIFICATION, "on", NULL, IDENTITY_CONTENT };

	expect_same(true, true, a, (struct named){ NOTIFICATION, "on", NULL, IDENTITY_CORRELATION });
	expect_same(true, true, a, (struct named){ NOTIFICATION, "on", "", IDENTITY_HEADER });
	expect_same(false, false, a, (struct named){ RESTAMPED, "on", NULL, IDENTITY_HEADER });
}
END_TEST

/* Identities are remembered over upgrades; this value may never change. */
START_TEST(identity_is_the_same_in_every_version)
{
	char hex[2 * EVENT_KEY + 1];
	struct event event = identified(&(struct named){ NOTIFICATION, "on", NULL, IDENTITY_CONTENT });

	ck_assert_str_eq(event_key_hex(hex, &event.key), "27c0b36270166951b7ff624f86d785b0");
	event = identified(&(struct named){ NOTIFICATION, "on", "c1", IDENTITY_CORRELATION });
	ck_assert_str_eq(event_key_hex(hex, &event.key), "81a8b310589ca580754fb4989f686a29");
	event = identified(&(struct named){ NOTIFICATION, "on", "c1", IDENTITY_HEADER });
	ck_assert_str_eq(event_key_hex(hex, &event.key), "276d718870b6fa6453e0a20c9c936338");
	ck_assert_str_eq(event_key_hex(hex, &event.lane), "8affbc9a0094916978b83b6bb2124e31");
}
END_TEST

START_TEST(a_repeated_identity_header_is_refused)
{
	struct attr headers[] = { { "x-correlation-id", "a" }, { "x-correlation-id", "a" } };
	struct nrc_rules rules = { .identity = IDENTITY_CORRELATION, .scope = "on" };
	struct read r = read_with(NOTIFICATION, &rules, headers, 2);

	ck_assert_str_eq(faults_of(&r), "x-correlation-id:invalid");
	pool_free(&r.pool);
	rules.identity = IDENTITY_CONTENT;
	r = read_with(NOTIFICATION, &rules, headers, 2);
	ck_assert_int_eq(r.rc, 0);
	pool_free(&r.pool);
}
END_TEST

START_TEST(the_lane_is_the_object_whoever_sends_it)
{
	struct event a = identified(&(struct named){ NOTIFICATION, "on", NULL, IDENTITY_CONTENT });
	struct event b = identified(&(struct named){ OTHER, "og", "c", IDENTITY_CORRELATION });
	struct read other = read_as(with("hoofdObject",
			"\"hoofdObject\":\"https://zaken.voorbeeld.nl/api/v1/zaken/8\""), NRC_STRICT);

	ck_assert_mem_eq(&a.lane, &b.lane, sizeof a.lane);
	ck_assert_mem_ne(&a.lane, &other.event.lane, sizeof a.lane);
	pool_free(&other.pool);
}
END_TEST

START_TEST(known_headers_are_kept_and_no_others)
{
	char long_value[600] = "";
	struct attr headers[] = { { "authorization", "geheim" }, { "traceparent", "00-1-2-01" },
			{ "content-type", "application/json" },
				  { "x-batch-id", "a\tb" }, { "tracestate", long_value },
				  { "traceparent", "second" } };
	struct nrc_rules rules = rules_of(NRC_LENIENT);
	struct read r;

	memset(long_value, 'x', 513);
	r = read_with(NOTIFICATION, &rules, headers, 6);
	ck_assert_uint_eq(r.event.n_headers, 2);
	ck_assert_str_eq(event_header(&r.event, "content-type"), "application/json");
	ck_assert_str_eq(event_header(&r.event, "traceparent"), "00-1-2-01");
	ck_assert_ptr_null(event_header(&r.event, "authorization"));
	long_value[512] = '\0';
	pool_free(&r.pool);
	r = read_with(NOTIFICATION, &rules, headers, 6);
	ck_assert_str_eq(event_header(&r.event, "tracestate"), long_value);
	pool_free(&r.pool);
}
END_TEST

START_TEST(what_is_refused_can_be_quarantined)
{
	struct read a = read_as("{\"aanmaakdatum\":\"2026-03-02T08:15:30\"}", NRC_LENIENT),
			b = read_as("{", NRC_LENIENT);

	ck_assert(a.rc < 0 && b.rc < 0);
	ck_assert_str_eq(a.event.type, "");
	ck_assert_ptr_null(a.event.note);
	ck_assert_uint_eq(b.event.data_len, 1);
	ck_assert(!a.event.has_lane);
	pool_free(&a.pool);
	pool_free(&b.pool);
}
END_TEST

START_TEST(a_flood_of_faults_is_counted_not_listed)
{
	struct buf body = {0};
	struct read r;

	buf_str(&body, "{\"kenmerken\":{");
	for (int i = 0; i < 200; i++)
		buf_fmt(&body, "%s\"k%d\":[]", i ? "," : "", i);
	buf_str(&body, "}}");
	r = read_as(body.p, NRC_LENIENT);
	ck_assert_uint_eq(r.faults.n, FAULTS_MAX);
	ck_assert_uint_eq(r.faults.left_out, 206 - FAULTS_MAX);
	pool_free(&r.pool);
	buf_free(&body);
}
END_TEST

UNIT_MAIN("nrc", a_notification_becomes_an_event, the_data_is_the_body_as_received,
	  the_probe_is_known_in_both_profiles, each_faulty_field_is_named, a_body_that_is_no_object_is_refused,
	  lengths_are_of_characters_not_bytes, a_fault_says_the_limit_and_what_was_sent,
	  what_becomes_the_type_has_no_blanks_or_controls, lenient_takes_what_real_senders_send,
	  strict_is_the_oas_to_the_letter, a_kenmerk_has_at_most_a_thousand_characters, what_deviates_is_noted,
	  the_subject_is_the_last_path_segment, identity_by_content_ignores_spelling_only,
	  identity_by_correlation_outlives_a_new_stamp, identity_by_header_shows_conflicts_in_the_digest,
	  without_its_header_identity_is_the_content, identity_is_the_same_in_every_version,
	  a_repeated_identity_header_is_refused, the_lane_is_the_object_whoever_sends_it,
	  known_headers_are_kept_and_no_others, what_is_refused_can_be_quarantined,
	  		a_flood_of_faults_is_counted_not_listed)
