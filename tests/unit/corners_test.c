/* SPDX-License-Identifier: EUPL-1.2
 * CloudEvents where implementations differ (X), the Dutch profile (NL), its rules for answers (ADR), and the
 * documented extensions: each test has the name of a requirement. */
#include "config.h"
#include "cloud_rig.h"

#include "event/json.h"

/* ---- where implementations differ ---- */

START_TEST(X_01_header_values_are_decoded_once)
{
	static const struct cloud_row rows[] = {
		{ BINARY "ce-x: Euro%20%E2%82%AC\n", NULL, 0, "x=Euro \342\202\254 datacontenttype=application/json" },
		{ BINARY "ce-x: 100%25\n", NULL, 0, "x=100% datacontenttype=application/json" },
		{ BINARY "ce-x: %2541\n", NULL, 0, "x=%41 datacontenttype=application/json" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(X_02_a_percent_sign_alone)
{
	static const struct cloud_row rows[] = {
		{ BINARY "ce-x: 100%\n", NULL, 400, "ce-x:invalid" }, { BINARY "ce-x: %G0\n", NULL, 400, "ce-x:invalid" },
		{ BINARY "ce-x: 5% korting\n", NULL, 400, "ce-x:invalid" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(X_03_no_utf8_behind_the_escapes)
{
	static const struct cloud_row rows[] = {
		{ BINARY "ce-x: %C3%28\n", NULL, 400, "ce-x:invalid" }, { BINARY "ce-subject: %FE\n", NULL, 400, "ce-subject:invalid" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(X_04_quoted_strings_are_undone)
{
	static const struct cloud_row rows[] = {
		{ "ce-specversion: \"1.0\"\nce-id: \"1\"\nce-source: \"/s\"\nce-type: \"t\"\ncontent-type: application/json\n", NULL, 0,
		  "source=/s type=t datacontenttype=application/json" },
		{ BINARY "ce-subject: \"a, b\"\n", NULL, 0, "subject=a, b datacontenttype=application/json" },
		{ BINARY "ce-subject: \"a\n", NULL, 400, "ce-subject:invalid" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(X_05_timestamps)
{
	static const char *const good[] = {
		"2026-01-01t00:00:00z", "2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.123456789012345678901234567890Z",
		"2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00-00:00", "2026-01-01T00:00:00+23:59", "2026-01-01T00:00:00-23:59",
		"2016-12-31T23:59:60Z", "2017-01-01T00:59:60+01:00", "2016-12-31T15:59:60.5-08:00", "2024-02-29T00:00:00Z",
		"2000-02-29T12:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z",
	};
	static const char *const bad[] = {
		"2026-01-01 00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00Z", "2026-01-01T00:00:00", "2026-02-29T00:00:00Z",
		"2100-02-29T00:00:00Z", "2026-01-01T12:00:60Z", "2016-12-31T23:59:60+01:00", "2026-01-01T23:59:61Z",
		"2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+00:60", "2026-01-01T00:00:00+0000", "2026-01-01T00:00:00.Z",
		"2026-01-01T00:00:00,1Z", "2026-W01-1T00:00:00Z", "2026-13-01T00:00:00Z", "2026-04-31T00:00:00Z", "26-01-01T00:00:00Z",
		"2026-01-01T00:00:00Z ", "2026-01-01T00:00:00\\u0661Z",
	};

	for (size_t i = 0; i < COUNT(good) + COUNT(bad); i++) {
		bool fine = i < COUNT(good);
		const char *time = fine ? good[i] : bad[i - COUNT(good)];
		char *body = str_fmt(EVENT(",'time':'%s'"), time), *want = str_fmt("time=%s", time);
		struct cloud_row row = { NULL, body, fine ? 0 : 400, fine ? want : "/time:invalid" };

		cloud_table(__FILE__, __LINE__, CNCF, &row, 1);
		free(body);
		free(want);
	}
}
END_TEST

START_TEST(X_06_specversion_is_never_guessed)
{
	static const struct cloud_row rows[] = {
		{ NULL, "{'specversion':'11.8','id':'1','source':'/s','type':'t'}", 400, "/specversion:invalid" },
		{ NULL, "{'specversion':'0.3','id':'1','source':'/s','type':'t'}", 400, "/specversion:invalid" },
		{ NULL, "{'id':'1','source':'/s','type':'t'}", 400, "/specversion:required" },
		{ NULL, "{'specversion':'1.0','source':'/s','type':'t'}", 400, "/id:required" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(X_07_a_fragment_in_dataschema)
{
	static const struct cloud_row lenient[] = {
		{ NULL, EVENT(",'dataschema':'https://x.nl/s#v1'"), 0, "dataschema=https://x.nl/s#v1" },
	}, noted[] = {
		{ NULL, EVENT(",'dataschema':'https://x.nl/s#v1'"), 0, "dataschema=https://x.nl/s#v1", .note = "dataschema has a fragment" },
	}, strict[] = {
		{ NULL, EVENT(",'dataschema':'https://x.nl/s#v1'"), 400, "/dataschema:profile" },
	};

	TABLE(CNCF, lenient);
	TABLE(NLGOV, noted);
	TABLE(STRICT, strict);
}
END_TEST

START_TEST(X_08_null_data_beside_the_other)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'data':null,'data_base64':'eA=='"), 400, "/data_base64:invalid" },
		{ NULL, EVENT(",'data':{},'data_base64':null"), 0, "datacontenttype=application/json", "{}" },
		{ NULL, EVENT(",'data_base64':null"), 0, "", "none" },
		{ NULL, EVENT(",'data':null,'data_base64':null"), 0, "datacontenttype=application/json", "null" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(X_09_base64_to_the_letter)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'data_base64':'Zm9v\\nZm9v'"), 400, "/data_base64:invalid" },
		{ NULL, EVENT(",'data_base64':'Zm9v Zm9v'"), 400, "/data_base64:invalid" },
		{ NULL, EVENT(",'data_base64':'Zm8'"), 400, "/data_base64:invalid" },
		{ NULL, EVENT(",'data_base64':'Zm8_'"), 400, "/data_base64:invalid" },
		{ NULL, EVENT(",'data_base64':'Zm9='"), 400, "/data_base64:invalid" },
		{ NULL, EVENT(",'data_base64':'Zh=='"), 400, "/data_base64:invalid" },
		{ NULL, EVENT(",'data_base64':'Zg==Zg=='"), 400, "/data_base64:invalid" },
		{ NULL, EVENT(",'data_base64':'Zg=='"), 0, "", "f" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(X_10_upper_case_names)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'myExt':'x'"), 400, "/myExt:name" }, { NULL, EVENT(",'Subject':'x'"), 400, "/Subject:name" },
		{ BINARY "ce-myext: x\n", NULL, 0, "myext=x datacontenttype=application/json" },	/* the gate folds them: HB_08 */
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(X_11_numbers_that_are_no_integers)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'x':123.4"), 400, "/x:invalid" }, { NULL, EVENT(",'x':1e2"), 400, "/x:invalid" },
		{ NULL, EVENT(",'x':5.0,'y':2147483648"), 400, "/x:invalid /y:invalid" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(X_12_objects_as_attributes)
{
	static const struct cloud_row rows[] = { { NULL, EVENT(",'x':{'a':1},'y':[]"), 400, "/x:invalid /y:invalid" } };

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(X_13_the_content_type_decides)
{
	static const struct cloud_row rows[] = {
		{ CE STRUCTURED, "{'specversion':'1.0','id':'2','source':'/b','type':'b'}", 0, "id=2 source=/b type=b", "none" },
		{ CE STRUCTURED, "x", 400, ":parse_error" },
		{ CE "content-type: text/plain\n", "x", 0, "datacontenttype=text/plain", "x" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(X_14_an_event_called_application_json)
{
	static const struct cloud_row rows[] = {
		{ "content-type: application/json\n", EVENT(""), 415, "unsupported_media_type" },
		{ "content-type: text/json\n", EVENT(""), 415, "unsupported_media_type" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(X_15_names_that_look_like_formats)
{
	static const struct cloud_row rows[] = {
		{ "content-type: application/cloudevents\n", EVENT(""), 415, "unsupported_format" },
		{ "content-type: application/cloudeventstrailing\n", EVENT(""), 415, "unsupported_format" },
		{ "content-type: application/cloudevents+jsonx\n", EVENT(""), 415, "unsupported_format" },
		{ "content-type: application/cloudevents-batch\n", "[]", 415, "unsupported_format" },
		{ "content-type: application/cloudevent+json\n", EVENT(""), 415, "unsupported_media_type" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(X_16_case_and_parameters_of_content_type)
{
	static const struct cloud_row rows[] = {
		{ "content-type: APPLICATION/cloudevents+JSON\n", EVENT(""), 0, "" },
		{ "content-type: application/cloudevents+json;charset=UTF-8;x=y\n", EVENT(""), 0, "" },
		{ "content-type: application/cloudevents+json ; Charset=\"utf-8\" ; x=\"a;b\"\n", EVENT(""), 0, "" },
		{ "content-type: application/cloudevents+json; charset\n", EVENT(""), 415, "unsupported_media_type" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(X_17_other_charsets)
{
	static const struct cloud_row rows[] = {
		{ "content-type: application/cloudevents+json; charset=ISO-8859-1\n", EVENT(""), 415, "unsupported_charset" },
		{ "content-type: application/cloudevents+json; charset=utf-16\n", EVENT(""), 415, "unsupported_charset" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(X_18_duplicate_members)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'specversion':'1.0'"), 400, "/specversion:duplicate" },
		{ NULL, EVENT(",'x':'a','x':'a','data':1,'data':1"), 400, "/x:duplicate /data:duplicate" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(X_19_duplicate_headers)
{
	static const struct cloud_row rows[] = {
		{ BINARY "ce-type: nl.zaken.geopend\n", NULL, 400, "ce-type:duplicate" },
		{ BINARY "ce-subject: a\nce-subject: b\n", NULL, 400, "ce-subject:duplicate" },
		/* joined on the way: what cannot be a list, with an unescaped comma and blank */
		{ "ce-specversion: 1.0, 1.0\nce-id: 1\nce-source: /s\nce-type: t\ncontent-type: application/json\n", NULL, 400,
		  "ce-specversion:invalid" },
		{ "ce-specversion: 1.0\nce-id: 1, 2\nce-source: /s\nce-type: t\ncontent-type: application/json\n", NULL, 400, "ce-id:invalid" },
		{ "ce-specversion: 1.0\nce-id: 1,%202\nce-source: /s\nce-type: t\ncontent-type: application/json\n", NULL, 0,
		  "id=1, 2 source=/s type=t datacontenttype=application/json" },
		{ BINARY "ce-time: 2026-01-01T00:00:00Z, 2026-01-01T00:00:00Z\n", NULL, 400, "ce-time:invalid" },
		{ BINARY "ce-tracestate: a=1, b=2\n", NULL, 0, "tracestate=a=1, b=2 datacontenttype=application/json" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(X_20_empty_optional_attributes)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'subject':'','time':'','dataschema':'','datacontenttype':''"), 400,
		  "/subject:blank /time:blank /dataschema:blank /datacontenttype:blank" },
		{ NULL, EVENT(",'myext':''"), 0, "myext=" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(X_21_control_characters_behind_escapes)
{
	static const struct cloud_row rows[] = {
		{ BINARY "ce-subject: a%0Ab\n", NULL, 400, "ce-subject:invalid" },
		{ BINARY "ce-x: a%0d%0aSet-Cookie:%20b\n", NULL, 400, "ce-x:invalid" },
		{ BINARY "ce-x: %09\n", NULL, 400, "ce-x:invalid" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(X_22_binary_without_type_or_body)
{
	static const struct cloud_row required[] = {
		{ CE, "x", 415, "unsupported_media_type" }, { CE, "", 415, "unsupported_media_type" },
		{ CE "content-type: \n", "x", 415, "unsupported_media_type" }, { BINARY, "", 400, ":required" },
	}, optional[] = {
		{ CE, "x", 0, "", "x" }, { CE, "", 0, "", "none" }, { BINARY, "", 0, "datacontenttype=application/json", "none" },
		{ STRUCTURED, "", 400, ":required" },
	};
	struct read_rules rules = CNCF;

	TABLE(rules, required);
	rules.payload_optional = true;
	TABLE(rules, optional);
}
END_TEST

START_TEST(X_23_ce_datacontenttype)
{
	static const struct cloud_row rows[] = {
		{ BINARY "ce-datacontenttype: text/plain\n", NULL, 400, "ce-datacontenttype:invalid" },
		{ STRUCTURED "ce-datacontenttype: text/plain\n", NULL, 0, "" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(X_24_other_headers_than_the_structured_body_says)
{
	static const struct cloud_row rows[] = {
		{ STRUCTURED "ce-id: 2\nce-source: /other\nce-type: other\nce-specversion: 0.3\n", EVENT(""), 0, "" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(X_25_binary_json_that_is_none)
{
	static const struct cloud_row opaque[] = {
		{ BINARY, "{", 0, "datacontenttype=application/json", "{" }, { BINARY, "\377", 0, NULL, "\\xff" },
	}, noted[] = {
		{ BINARY, "{", 0, NULL, "{", "data is not JSON" }, { BINARY, "{'a':1}", 0, NULL, "{\"a\":1}" },
		{ CE "content-type: application/vnd.x+json\n", "x", 0, NULL, "x", "data is not JSON" },
	}, strict[] = {
		{ BINARY, "{", 400, ":profile" },
	};

	TABLE(CNCF, opaque);
	TABLE(NLGOV, noted);
	TABLE(STRICT, strict);
}
END_TEST

START_TEST(X_26_uris_that_are_none)
{
	static const char *const sources[] = { ":x", "[x", "\302\243", "a b", "%", "http://[", "a\\\\b", "a^b", "<a>" };

	for (size_t i = 0; i < COUNT(sources); i++) {
		char *body = str_fmt("{'specversion':'1.0','id':'1','source':'%s','type':'t'}", sources[i]);
		struct cloud_row row = { NULL, body, 400, "/source:invalid" };

		cloud_table(__FILE__, __LINE__, CNCF, &row, 1);
		free(body);
	}
}
END_TEST

#define BERGEN(source) "ce-specversion: 1.0\nce-id: 1\nce-type: nl.zaken.geopend\ncontent-type: application/json\nce-source: " source "\n"

START_TEST(X_27_bergen)
{
	static const struct cloud_row rows[] = {
		{ BERGEN("urn:nld:gemeente-Bergen%2520%2528L%2529.zaken"), NULL, 0,
		  "source=urn:nld:gemeente-Bergen%20%28L%29.zaken datacontenttype=application/json" },
		{ BERGEN("urn:nld:gemeente-Bergen%2520(L).zaken"), NULL, 0,
		  "source=urn:nld:gemeente-Bergen%20(L).zaken datacontenttype=application/json" },
		{ BERGEN("urn:nld:gemeente-Bergen%20%28L%29.zaken"), NULL, 400, "ce-source:invalid" },
		{ NULL, "{'specversion':'1.0','id':'1','type':'nl.zaken.geopend','source':'urn:nld:gemeente-Bergen%20%28L%29.zaken'}", 0,
		  "source=urn:nld:gemeente-Bergen%20%28L%29.zaken" },
	};
	struct cloud_rig rig;
	const char *answer;

	TABLE(NLGOV, rows);
	rig_read(&rig, NLGOV, rows[2].headers, NULL);
	ck_assert_int_eq(rig_judge(&rig, "POST", 0, &answer), 400);
	ck_assert_msg(strstr(answer, "%2520") != NULL, "%s", answer);
	rig_free(&rig);
}
END_TEST

START_TEST(X_30_a_tab_in_datacontenttype)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'datacontenttype':'text/plain;\\tcharset=utf-8'"), 400, "/datacontenttype:invalid" },
		{ NULL, EVENT(",'datacontenttype':'text/plain; charset = utf-8'"), 400, "/datacontenttype:invalid" },
		{ CE "content-type: text/plain;\tcharset=utf-8\n", NULL, 400, "content-type:invalid" },
		{ NULL, EVENT(",'datacontenttype':'text/plain;charset=utf-8'"), 0, "datacontenttype=text/plain;charset=utf-8" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(X_31_blanks_alone)
{
	static const struct cloud_row rows[] = {
		{ NULL, "{'specversion':'1.0','id':'  ','source':'/s','type':' ','subject':' '}", 0, "id=   source=/s type=  subject= " },
		{ BINARY "ce-subject: %20\n", NULL, 0, "subject=  datacontenttype=application/json" },
	};

	TABLE(CNCF, rows);
}
END_TEST

/* Whether both are one event, and whether they say the same. */
static void compare(const char *headers_a, const char *a, const char *headers_b, const char *b, bool same_key, bool same_content)
{
	struct read_rules rules = CNCF;
	struct cloud_rig one, other;
	struct event *x, *y;

	rules.batch = 1;
	x = rig_event(&one, rules, headers_a, a);
	y = rig_event(&other, rules, headers_b, b);
	ck_assert_msg((memcmp(&x->key, &y->key, sizeof x->key) == 0) == same_key, "%s %s", a, b);
	ck_assert_msg((x->digest == y->digest) == same_content, "%s %s", a, b);
	rig_free(&one);
	rig_free(&other);
}

START_TEST(X_32_the_same_id_with_other_content)
{
	compare(STRUCTURED, EVENT(",'data':1"), STRUCTURED, EVENT(",'data':2"), true, false);
	compare(STRUCTURED, EVENT(",'subject':'a'"), STRUCTURED, EVENT(",'subject':'b'"), true, false);
	compare(STRUCTURED, EVENT(",'a':'b'"), STRUCTURED, EVENT(",'b':'a'"), true, false);
	compare(STRUCTURED, EVENT(",'ab':'c'"), STRUCTURED, EVENT(",'a':'bc'"), true, false);
	compare(STRUCTURED, EVENT(",'a':'12345678'"), STRUCTURED, EVENT(",'a':'123456780'"), true, false);
	compare(STRUCTURED, EVENT(",'data':'123456789 12345'"), STRUCTURED, EVENT(",'data':'123456789 12346'"), true, false);
	compare(STRUCTURED, EVENT(",'data':'12345678 1234567'"), STRUCTURED, EVENT(",'data':'12345679 1234567'"), true, false);
	compare(STRUCTURED, EVENT(",'a':'x','b':'y'"), STRUCTURED, EVENT(",'b':'y','a':'x'"), true, true);
	compare(STRUCTURED, EVENT(",'traceparent':'00-a','tracestate':'b'"), STRUCTURED, EVENT(",'traceparent':'00-c'"), true, true);
}
END_TEST

START_TEST(X_33_data_in_whatever_form)
{
	compare(STRUCTURED, EVENT(",'datacontenttype':'text/plain','data':'x\\u000a'"),
		STRUCTURED, EVENT(",'datacontenttype':'text/plain','data_base64':'eAo='"), true, true);
	compare(STRUCTURED, EVENT(",'data':{'a':1}"), BINARY, "{'a':1}", true, true);
	compare(BATCH, "[" EVENT(",'x':'y','data':[1]") "]", BINARY "ce-x: %79\n", "[1]", true, true);
	compare(STRUCTURED, EVENT(",'data':{'a':1}"), BINARY, "{'a': 1}", true, false);
}
END_TEST

/* ---- the Dutch profile ---- */

#define FROM(source) "{'specversion':'1.0','id':'1','source':'" source "','type':'nl.zaken.geopend'}"
#define TYPED(type) "{'specversion':'1.0','id':'1','source':'" SOURCE "','type':'" type "'}"

START_TEST(NL_01_any_id)
{
	static const struct cloud_row rows[] = {
		{ NULL, "{'specversion':'1.0','id':'3fa85f64-5717-4562-b3fc-2c963f66afa6','source':'" SOURCE "','type':'nl.zaken.geopend'}", 0,
		  "id=3fa85f64-5717-4562-b3fc-2c963f66afa6" },
		{ NULL, "{'specversion':'1.0','id':'zaak 1!','source':'" SOURCE "','type':'nl.zaken.geopend'}", 0, "id=zaak 1!" },
	};

	TABLE(STRICT, rows);
}
END_TEST

START_TEST(NL_02_the_same_source_and_id_again)
{
	compare(STRUCTURED, EVENT(""), STRUCTURED, EVENT(""), true, true);
	compare(STRUCTURED, EVENT(""), BINARY, "{}", true, false);
	compare(STRUCTURED, EVENT(""), STRUCTURED, FROM("urn:nld:oin:00000001823288444000:systeem:brp"), false, false);
}
END_TEST

START_TEST(NL_03_source_is_a_dutch_urn)
{
	static const struct cloud_row noted[] = {
		{ NULL, EVENT(""), 0, "" },
		{ NULL, FROM("URN:NLD:oin:1"), 0, "source=URN:NLD:oin:1" },
		{ NULL, FROM("oz"), 0, "source=oz", .note = "source is not a URN of the namespace nld" },
		{ NULL, FROM("urn:uuid:3fa85f64-5717-4562-b3fc-2c963f66afa6"), 0, NULL, .note = "source is not a URN of the namespace nld" },
		{ NULL, FROM("/zaken"), 0, NULL, .note = "source is not a URN" },
		{ NULL, FROM("urn:nld:"), 0, NULL, .note = "source is not a URN of RFC 8141" },
		{ NULL, FROM("urn:nld:a?b"), 0, NULL, .note = "source is not a URN of RFC 8141" },
	}, strict[] = {
		{ NULL, EVENT(""), 0, "" }, { NULL, FROM("oz"), 400, "/source:profile" }, { NULL, FROM("urn:nl:x"), 400, "/source:profile" },
		{ NULL, FROM("urn:nld:"), 400, "/source:profile" },
		{ BERGEN("/zaken"), NULL, 400, "ce-source:profile" },
	}, cncf[] = {
		{ NULL, FROM("oz"), 0, "source=oz" },
	};

	TABLE(NLGOV, noted);
	TABLE(STRICT, strict);
	TABLE(CNCF, cncf);
}
END_TEST

START_TEST(NL_04_source_does_not_point_at_data)
{
	static const struct cloud_row noted[] = {
		{ NULL, FROM("https://zaken.voorbeeld.nl/api/zaken/1"), 0, NULL, .note = "dataref" },
		{ NULL, FROM("HTTP://x.nl"), 0, NULL, .note = "dataref" },
	}, strict[] = {
		{ NULL, FROM("https://zaken.voorbeeld.nl/api"), 400, "/source:profile" },
	};

	TABLE(NLGOV, noted);
	TABLE(STRICT, strict);
}
END_TEST

START_TEST(NL_05_examples_of_the_profile)
{
	static const struct cloud_row rows[] = {
		{ NULL, FROM("urn:nld:oin:00000001823288444000:systeem:BRP-component"), 0, NULL },
		{ NULL, FROM("urn:nld:kvknr:09220932.burgerzakensysteem"), 0, NULL },
		{ NULL, FROM("urn:nld:gemeente-nijmegen.burgerzakensysteem"), 0, NULL },
		{ NULL, FROM("urn:nld:gemeente-Bergen%20%28L%29.burgerzakensysteem"), 0, NULL },
	};

	TABLE(NLGOV, rows);
	TABLE(STRICT, rows);
}
END_TEST

START_TEST(NL_05b_pending_rules_for_urns)
{
	static const struct cloud_row rows[] = {
		{ NULL, FROM("urn:nld:oin:00000001823288444000"), 0, NULL },
		{ NULL, FROM("urn:nld:oin:00000001823288444000:systeem:zaken"), 0, NULL },
		{ NULL, FROM("urn:nld:hr:kvknummer:09220932"), 0, NULL },
		{ NULL, FROM("urn:nld:rsin:823288444:x"), 0, NULL },
		{ NULL, FROM("urn:nld:vng:notificaties"), 0, NULL },
		{ NULL, FROM("urn:nld:kvknr:09220932.burgerzakensysteem"), 400, "/source:profile" },
		{ NULL, FROM("urn:nld:gemeente-nijmegen.burgerzakensysteem"), 400, "/source:profile" },
		{ NULL, FROM("urn:nld:gemeente-Bergen%20%28L%29.burgerzakensysteem"), 400, "/source:profile" },
		{ NULL, FROM("urn:nld:oin:1"), 400, "/source:profile" },
		{ NULL, FROM("urn:nld:oin:0000000182328844400x"), 400, "/source:profile" },
		{ NULL, FROM("urn:nld:oin:"), 400, "/source:profile" },
		{ NULL, FROM("urn:nld:oin:00000001823288444000:"), 400, "/source:profile" },
		{ NULL, FROM("urn:nld:oin:00000001823288444000::x"), 400, "/source:profile" },
		{ NULL, FROM("urn:nld:rsin:12345678"), 400, "/source:profile" },
		{ NULL, FROM("urn:nld:hr:vestiging:1"), 400, "/source:profile" },
		{ NULL, FROM("oz"), 400, "/source:profile" },
	};

	TABLE(URN, rows);
}
END_TEST

START_TEST(NL_06_types)
{
	static const struct cloud_row noted[] = {
		{ NULL, TYPED("nl.brp.verhuizing"), 0, NULL },
		{ NULL, TYPED("nl.overheid.zaken.zaakstatus-gewijzigd.v2"), 0, NULL },
		{ NULL, TYPED("nl.vng.zaken.status_gezet"), 0, NULL },
		{ NULL, TYPED("zaakgeopend"), 0, NULL, .note = "type is not in reverse domain notation" },
		{ NULL, TYPED("nl..x"), 0, NULL, .note = "type is not in reverse domain notation" },
		{ NULL, TYPED(".nl.x"), 0, NULL, .note = "type is not in reverse domain notation" },
		{ NULL, TYPED("nl.x."), 0, NULL, .note = "type is not in reverse domain notation" },
		{ NULL, TYPED("nl.zaak geopend"), 0, NULL, .note = "type is not in reverse domain notation" },
		{ NULL, TYPED("nl.zaken.v1.geopend.v2"), 0, NULL, .note = "type has more than one version part" },
		{ NULL, TYPED("nl.zaken.vandaag.v1"), 0, NULL },
		{ NULL, TYPED("nl.zaak.geopend"), 0, NULL, .note = "type names its domain in the singular" },
		{ NULL, TYPED("nl.overheid.document.gewijzigd"), 0, NULL, .note = "type names its domain in the singular" },
		{ NULL, TYPED("nl.zaken.zaak"), 0, NULL },
	}, strict[] = {
		{ NULL, TYPED("nl.zaken.zaak-geopend.v1"), 0, NULL },
		{ NULL, TYPED("zaakgeopend"), 400, "/type:profile" }, { NULL, TYPED("nl.v1.v2"), 400, "/type:profile" },
		{ NULL, TYPED("nl.zaak.geopend"), 400, "/type:profile" },
		{ NULL, "{'specversion':'1.0','id':'1','source':'oz','type':'x'}", 400, "/source:profile /type:profile" },
	}, cncf[] = {
		{ NULL, TYPED("zaak geopend"), 0, "type=zaak geopend" },
	};

	TABLE(NLGOV, noted);
	TABLE(STRICT, strict);
	TABLE(CNCF, cncf);
}
END_TEST

START_TEST(NL_07_the_payload_should_be_json)
{
	static const struct cloud_row noted[] = {
		{ NULL, EVENT(",'datacontenttype':'text/xml','data':'<a/>'"), 0, NULL, "<a/>", "datacontenttype is not JSON" },
		{ NULL, EVENT(",'datacontenttype':'application/geo+json','data':{}"), 0, NULL, "{}" },
		{ NULL, EVENT(",'data':'x'"), 0, NULL },
		{ NULL, EVENT(",'datacontenttype':'text/xml'"), 0, NULL, "none" },
	}, strict[] = {
		{ NULL, EVENT(",'datacontenttype':'text/xml','data':'<a/>'"), 0, NULL, "<a/>", "datacontenttype is not JSON" },
	};

	TABLE(NLGOV, noted);
	TABLE(STRICT, strict);
}
END_TEST

START_TEST(NL_08_dataschema_is_handed_on)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'dataschema':'https://127.0.0.1:1/nowhere'"), 0, "dataschema=https://127.0.0.1:1/nowhere" },
	};

	TABLE(STRICT, rows);
}
END_TEST

START_TEST(NL_09_subject_may_be_a_person)
{
	static const struct cloud_row rows[] = { { NULL, EVENT(",'subject':'999990342'"), 0, "subject=999990342" } };

	TABLE(STRICT, rows);
}
END_TEST

START_TEST(NL_10_time_says_nothing_of_order)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'time':'1926-01-01T00:00:00Z'"), 0, "time=1926-01-01T00:00:00Z" },
		{ NULL, EVENT(",'time':'2926-01-01T00:00:00Z'"), 0, "time=2926-01-01T00:00:00Z" },
	}, batch[] = {
		{ BATCH, "[" EVENT(",'time':'2026-01-02T00:00:00Z'") "," EVENT(",'time':'2026-01-01T00:00:00Z'") "]", 0,
		  "time=2026-01-02T00:00:00Z | time=2026-01-01T00:00:00Z" },
	};
	struct read_rules rules = STRICT;

	TABLE(rules, rows);
	rules.batch = 2;
	TABLE(rules, batch);
}
END_TEST

START_TEST(NL_11_dataref_and_sequence)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'dataref':'https://brp.nl/v1/999990342','sequence':'1','sequencetype':'integer'"), 0,
		  "dataref=https://brp.nl/v1/999990342 sequence=1 sequencetype=integer" },
	};

	TABLE(STRICT, rows);
}
END_TEST

START_TEST(NL_12_values_are_in_no_note_and_no_reason)
{
	static const char *const bodies[] = {
		EVENT(",'subject':'999990342','dataref':'%999990342','sequence':1,'data':'999990342','datacontenttype':'text/plain'"),
		"{'specversion':'1.0','id':'1','source':'https://brp.nl/999990342','type':'x y','subject':'999990342'}",
	};

	for (size_t i = 0; i < 2 * COUNT(bodies); i++) {
		struct cloud_rig rig;
		const char *answer;

		rig_read(&rig, i % 2 ? STRICT : NLGOV, STRUCTURED, bodies[i / 2]);
		if (rig.reading.n)
			ck_assert_msg(!strstr(rig.reading.events[0]->note, "999990342"), "%s", rig.reading.events[0]->note);
		ck_assert_int_eq(rig_judge(&rig, "POST", 0, &answer), i % 2 ? 400 : 202);
		ck_assert_msg(!strstr(answer, "999990342"), "%s", answer);
		rig_free(&rig);
	}
}
END_TEST

START_TEST(NL_13_structured_json_and_no_batch)
{
	static const struct cloud_row rows[] = {
		{ STRUCTURED, EVENT(",'data':{}"), 0, NULL, "{}" }, { BINARY, "{}", 0, NULL, "{}" },
		{ BATCH, "[]", 415, "batch_not_supported" },
		{ STRUCTURED "ce-id: 2\n", EVENT(""), 0, "" },	/* duplicated headers are not depended on */
	};

	TABLE(STRICT, rows);
}
END_TEST

START_TEST(NL_14_the_json_format)
{
	static const struct cloud_row rows[] = {	/* what the official schema lets through */
		{ NULL, EVENT(",'A':'b'"), 400, "/A:name" }, { NULL, EVENT(",'x':{}"), 400, "/x:invalid" },
		{ NULL, EVENT(",'data':1,'data_base64':'eA=='"), 400, "/data_base64:invalid" },
		{ NULL, "{'specversion':'2','id':'1','source':'/s','type':'t'}", 400, "/specversion:invalid" },
	};

	TABLE(NLGOV, rows);
}
END_TEST

START_TEST(NL_15_no_handshake_is_needed)
{
	struct cloud_rig rig;

	rig_event(&rig, STRICT, STRUCTURED, EVENT(""));	/* an endpoint without origins, a request without an origin */
	ck_assert_int_eq(rig_judge(&rig, "POST", 0, NULL), 202);
	rig_free(&rig);
}
END_TEST

START_TEST(NL_16_specversion_is_not_that_of_the_profile)
{
	static const struct cloud_row rows[] = {
		{ NULL, "{'specversion':'1.0-nlgov-1.1','id':'1','source':'" SOURCE "','type':'nl.zaken.x'}", 400, "/specversion:invalid" },
	};

	TABLE(NLGOV, rows);
}
END_TEST

START_TEST(NL_17_drafts_of_the_vng)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'subscriberReference':'x'"), 400, "/subscriberReference:name" },
		{ NULL, EVENT(",'domain':'nl.zaken'"), 0, "domain=nl.zaken" },
		{ NULL, EVENT(",'sequence':'1'"), 0, "sequence=1" },
		{ NULL, EVENT(",'sequencetype':'Integer'"), 0, "sequencetype=Integer" },
		{ "content-type: application/json\n", EVENT(""), 415, "unsupported_media_type" },
	};

	TABLE(NLGOV, rows);
}
END_TEST

START_TEST(NL_18_open_notificaties)
{
	struct cloud_rig rig;
	struct event *event = rig_event(&rig, NLGOV, "content-type: application/cloudevents+json\nuser-agent: python-requests/2.32\n",
		"{'id':'f347fd1f-dac1-4870-9dd0-f6c00edf4bf7','source':'oz','specversion':'1.0','type':'nl.overheid.zaken.zaak-geopend',"
		"'data':{'zaak':'https://x.nl/1'},'dataref':null,'datacontenttype':'application/json','subject':'1','time':"
		"'2026-01-01T00:00:00.123456+00:00'}");

	ck_assert_str_eq(event->source, "oz");
	ck_assert_int_eq(rig_judge(&rig, "POST", 0, NULL), 202);
	rig_free(&rig);
}
END_TEST

/* ---- answers ---- */

static const char *member(struct json_object *doc, const char *pointer)
{
	struct json_object *value;

	return json_at(doc, pointer, &value) ? json_text(value) : NULL;
}

static struct json_object *problem(struct cloud_rig *rig, int status)
{
	struct faults faults = { .pool = rig->pool };
	struct json_object *doc;
	const char *answer;

	ck_assert_int_eq(rig_judge(rig, "POST", 0, &answer), status);
	ck_assert_msg(json_parse(answer, strlen(answer), &doc, &faults) == 0, "%s", answer);
	return doc;
}

START_TEST(ADR_01_refusals_are_problems)
{
	static const struct { const char *headers, *body; int status; } rows[] = {
		{ STRUCTURED, "{}", 400 }, { STRUCTURED, "{", 400 }, { BINARY "ce-x: %\n", "{}", 400 },
		{ "content-type: text/plain\n", "x", 415 }, { BATCH, "[{},{}]", 413 }, { STRUCTURED "content-encoding: gzip\n", "x", 415 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct read_rules rules = CNCF;
		struct json_object *doc;
		struct cloud_rig rig;

		rules.batch = 1;
		rig_read(&rig, rules, rows[i].headers, rows[i].body);
		doc = problem(&rig, rows[i].status);
		ck_assert_int_eq(atoi(member(doc, "/status")), rows[i].status);
		ck_assert_str_eq(member(doc, "/type"), "about:blank");
		ck_assert(*member(doc, "/title") && *member(doc, "/detail") && *member(doc, "/code"));
		ck_assert_int_eq(strncmp(member(doc, "/instance"), "urn:uuid:", 9), 0);
		ck_assert((member(doc, "/errors/0/detail") != NULL) == (rows[i].status == 400));
		ck_assert_ptr_null(member(doc, "/invalidParams/0/name"));
		json_drop(&doc);
		rig_free(&rig);
	}
}
END_TEST

START_TEST(ADR_02_all_faults_at_once)
{
	struct cloud_rig rig;
	struct json_object *doc;

	rig_read(&rig, CNCF, STRUCTURED, "{'specversion':'2.0','id':'','time':'x','a/b':1,'data':1,'data_base64':'!'}");
	doc = problem(&rig, 400);
	ck_assert_str_eq(member(doc, "/errors/0/pointer"), "#/specversion");
	ck_assert_str_eq(member(doc, "/errors/1/pointer"), "#/id");
	ck_assert_str_eq(member(doc, "/errors/2/pointer"), "#/time");
	ck_assert_str_eq(member(doc, "/errors/3/pointer"), "#/a~1b");
	ck_assert_str_eq(member(doc, "/errors/4/pointer"), "#/source");
	ck_assert_str_eq(member(doc, "/errors/5/pointer"), "#/type");
	ck_assert_str_eq(member(doc, "/errors/6/pointer"), "#/data_base64");
	ck_assert_str_eq(member(doc, "/errors/4/code"), "required");
	ck_assert(*member(doc, "/errors/4/detail"));
	ck_assert_str_eq(member(doc, "/errors/7/pointer"), "#/data_base64");
	ck_assert_ptr_null(member(doc, "/errors/8/code"));
	json_drop(&doc);
	rig_free(&rig);
	rig_read(&rig, CNCF, STRUCTURED, EVENT(",'a b\\u0022\303\251%':1"));
	doc = problem(&rig, 400);
	ck_assert_str_eq(member(doc, "/errors/0/pointer"), "#/a%20b%22%C3%A9%25");
	json_drop(&doc);
	rig_free(&rig);
	rig_read(&rig, CNCF, "ce-id: \nce-time: x\nce-b-c: y\ncontent-type: x\n", "");
	doc = problem(&rig, 400);
	ck_assert_str_eq(member(doc, "/errors/0/header"), "ce-id");
	ck_assert_str_eq(member(doc, "/errors/1/header"), "ce-time");
	ck_assert_str_eq(member(doc, "/errors/2/header"), "ce-b-c");
	ck_assert_str_eq(member(doc, "/errors/3/header"), "content-type");
	ck_assert_str_eq(member(doc, "/errors/4/pointer"), "#");
	ck_assert_str_eq(member(doc, "/errors/7/header"), "ce-type");
	ck_assert_ptr_null(member(doc, "/errors/8/code"));
	json_drop(&doc);
	rig_free(&rig);
}
END_TEST

/* ---- documented extensions ---- */

/* A part of an event, and what is noted of it; strict profiles refuse it under that name. */
struct extension_row { const char *more, *note; };

static void check_extensions(const struct extension_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *body = str_fmt("{" CORE ",%s}", rows[i].more), *place = NULL;
		struct cloud_row taken = { NULL, body, 0, NULL, .note = rows[i].note };
		struct cloud_row strict = { NULL, body, rows[i].note ? 400 : 0, NULL };

		if (rows[i].note) {
			place = str_fmt("/%.*s:profile", (int)strcspn(rows[i].note, " "), rows[i].note);
			strict.expect = place;
		}
		cloud_table(__FILE__, __LINE__, CNCF, &taken, 1);
		cloud_table(__FILE__, __LINE__, NLGOV, &taken, 1);
		cloud_table(__FILE__, __LINE__, STRICT, &strict, 1);
		free(place);
		free(body);
	}
}
#define EXTENSIONS(rows) check_extensions(rows, COUNT(rows))

START_TEST(extension_sequence)
{
	static const struct extension_row rows[] = {
		{ "'sequence':'0001'", NULL }, { "'sequence':'a'", NULL }, { "'sequence':''", "sequence is empty" },
		{ "'sequence':1", "sequence has to be a string" }, { "'sequence':'1','sequencetype':'Integer'", NULL },
		{ "'sequence':'-2147483648','sequencetype':'integer'", NULL }, { "'sequencetype':''", "sequencetype is empty" },
		{ "'sequence':'2147483648','sequencetype':'Integer'", "sequence has to be a 32-bit integer" },
		{ "'sequencetype':'Integer','sequence':'01'", "sequence has to be a 32-bit integer" },
		{ "'sequencetype':'Other','sequence':'01'", NULL },
	};

	EXTENSIONS(rows);
}
END_TEST

START_TEST(extension_dataref)
{
	static const struct extension_row rows[] = {
		{ "'dataref':'https://127.0.0.1:1/x'", NULL }, { "'dataref':'/x','data':{}", NULL },
		{ "'dataref':''", "dataref has to be a URI reference" }, { "'dataref':'a b'", "dataref has to be a URI reference" },
		{ "'dataref':true", "dataref has to be a URI reference" },
	};

	EXTENSIONS(rows);
}
END_TEST

START_TEST(extension_texts)
{
	static const struct extension_row rows[] = {
		{ "'partitionkey':'k'", NULL }, { "'partitionkey':''", "partitionkey is empty" }, { "'partitionkey':1", "partitionkey has to be a string" },
		{ "'traceparent':'00-a','tracestate':''", NULL }, { "'traceparent':''", "traceparent is empty" },
		{ "'severitytext':''", "severitytext is empty" }, { "'correlationid':''", "correlationid is empty" },
		{ "'causationid':''", "causationid is empty" }, { "'correlationid':'a','causationid':'b','severitytext':'ERROR'", NULL },
	};

	EXTENSIONS(rows);
}
END_TEST

START_TEST(extension_numbers)
{
	static const struct extension_row rows[] = {
		{ "'sampledrate':1", NULL }, { "'sampledrate':0", "sampledrate has to be more than 0" },
		{ "'sampledrate':-1", "sampledrate has to be more than 0" }, { "'sampledrate':'x'", "sampledrate has to be an integer" },
		{ "'sampledrate':true", "sampledrate has to be an integer" },
		{ "'severitynumber':0", NULL }, { "'severitynumber':-1", "severitynumber has to be 0 or more" },
	};

	EXTENSIONS(rows);
}
END_TEST

START_TEST(extension_times)
{
	static const struct extension_row rows[] = {
		{ "'expirytime':'2026-01-01T00:00:00Z','recordedtime':'2026-01-01T00:00:00Z'", NULL },
		{ "'expirytime':''", "expirytime has to be a time" }, { "'recordedtime':'morgen'", "recordedtime has to be a time" },
		{ "'expirytime':1767225600", "expirytime has to be a time" },
	};

	EXTENSIONS(rows);
}
END_TEST

START_TEST(extension_auth)
{
	static const struct extension_row rows[] = {
		{ "'authtype':'user','authid':'x'", NULL }, { "'authtype':''", "authtype is empty" },
		{ "'authid':'x'", "authtype is missing" }, { "'authclaims':'{}'", "authtype is missing" },
	};

	EXTENSIONS(rows);
}
END_TEST

START_TEST(extension_deprecation)
{
	static const struct extension_row rows[] = {
		{ "'deprecated':true,'deprecationfrom':'2026-01-01T00:00:00Z','deprecationsunset':'2026-01-01T00:00:00Z'", NULL },
		{ "'deprecated':false", "deprecated has to be true" }, { "'deprecated':'yes'", "deprecated has to be true" },
		{ "'deprecated':true,'deprecationfrom':'x'", "deprecationfrom has to be a time" },
		{ "'deprecated':true,'deprecationfrom':'2026-01-01T00:00:00Z','deprecationsunset':'2026-01-01T00:30:00+01:00'",
		  "deprecationsunset is before deprecationfrom" },
		{ "'deprecated':true,'deprecationsunset':'2026-01-01T00:00:00Z'", NULL },
		{ "'deprecationsunset':'2026-01-01T00:00:00Z'", "deprecated is missing" },
		{ "'deprecated':true,'deprecationmigration':'https://x.nl/nieuw'", NULL },
		{ "'deprecated':true,'deprecationmigration':'/nieuw'", "deprecationmigration has to be a URI" },
	};

	EXTENSIONS(rows);
}
END_TEST

START_TEST(extension_others_are_unknown)
{
	static const struct extension_row rows[] = {
		{ "'dataclassification':'','dataregulation':'','datacategory':5,'bamtxid':'','opcuastatus':-1,'opentelemetry':true", NULL },
		{ "'dssematerial':'eA=='", NULL }, { "'dssematerial':'eA'", "dssematerial has to be base64" },
		{ "'dssematerial':5", "dssematerial has to be base64" },
	};

	EXTENSIONS(rows);
}
END_TEST

START_TEST(extensions_of_a_binary_event)
{
	static const struct cloud_row rows[] = {
		{ BINARY "ce-sequence: 1\nce-sampledrate: 5\nce-deprecated: true\n", NULL, 0,
		  "sequence=1 sampledrate=5 deprecated=true datacontenttype=application/json" },
		{ BINARY "ce-sequence: \nce-sampledrate: x\n", NULL, 0, NULL, .note = "sequence is empty; sampledrate has to be an integer" },
	};

	TABLE(CNCF, rows);
}
END_TEST

UNIT_MAIN("corners", X_01_header_values_are_decoded_once, X_02_a_percent_sign_alone, X_03_no_utf8_behind_the_escapes,
	  X_04_quoted_strings_are_undone, X_05_timestamps, X_06_specversion_is_never_guessed, X_07_a_fragment_in_dataschema,
	  X_08_null_data_beside_the_other, X_09_base64_to_the_letter, X_10_upper_case_names, X_11_numbers_that_are_no_integers,
	  X_12_objects_as_attributes, X_13_the_content_type_decides, X_14_an_event_called_application_json,
	  X_15_names_that_look_like_formats, X_16_case_and_parameters_of_content_type, X_17_other_charsets, X_18_duplicate_members,
	  X_19_duplicate_headers, X_20_empty_optional_attributes, X_21_control_characters_behind_escapes,
	  X_22_binary_without_type_or_body, X_23_ce_datacontenttype, X_24_other_headers_than_the_structured_body_says,
	  X_25_binary_json_that_is_none, X_26_uris_that_are_none, X_27_bergen, X_30_a_tab_in_datacontenttype, X_31_blanks_alone,
	  X_32_the_same_id_with_other_content, X_33_data_in_whatever_form,
	  NL_01_any_id, NL_02_the_same_source_and_id_again, NL_03_source_is_a_dutch_urn, NL_04_source_does_not_point_at_data,
	  NL_05_examples_of_the_profile, NL_05b_pending_rules_for_urns, NL_06_types, NL_07_the_payload_should_be_json,
	  NL_08_dataschema_is_handed_on, NL_09_subject_may_be_a_person, NL_10_time_says_nothing_of_order, NL_11_dataref_and_sequence,
	  NL_12_values_are_in_no_note_and_no_reason, NL_13_structured_json_and_no_batch, NL_14_the_json_format,
	  NL_15_no_handshake_is_needed, NL_16_specversion_is_not_that_of_the_profile, NL_17_drafts_of_the_vng, NL_18_open_notificaties,
	  ADR_01_refusals_are_problems, ADR_02_all_faults_at_once, extension_sequence, extension_dataref, extension_texts,
	  extension_numbers, extension_times, extension_auth, extension_deprecation, extension_others_are_unknown,
	  extensions_of_a_binary_event)
