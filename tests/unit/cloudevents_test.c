/* SPDX-License-Identifier: EUPL-1.2
 * CloudEvents 1.0.2, requirement by requirement: each test has the name of one, CE (attributes), TY (types),
 * JS (JSON format) or HB (HTTP binding). What is left to the sender is shown by what becomes of it. */
#include "config.h"
#include "cloud_rig.h"

#include "base/buf.h"
#include "gate/params.h"
#include "receive/pipeline.h"

static struct read_rules optional(void)
{
	struct read_rules rules = CNCF;

	rules.payload_optional = true;
	return rules;
}

static struct read_rules batches(size_t most)
{
	struct read_rules rules = CNCF;

	rules.batch = most;
	return rules;
}

/* ---- attributes ---- */

START_TEST(CE_01_attribute_names)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'abc123':'x','a':'y'"), 0, "abc123=x a=y" },
		{ NULL, EVENT(",'Abc':'x'"), 400, "/Abc:name" },
		{ NULL, EVENT(",'a_b':'x','a-b':'x','a.b':'x','a b':'x'"), 400, "/a_b:name /a-b:name /a.b:name /a b:name" },
		{ NULL, EVENT(",'':'x'"), 400, "/:name" },
		{ NULL, EVENT(",'\\u00e9':'x'"), 400, "/\303\251:name" },
		{ NULL, EVENT(",'a/b~c':'x'"), 400, "/a~1b~0c:name" },
		{ NULL, EVENT(",'a\\u0000':'x'"), 400, "/a:name" },
		{ NULL, EVENT(",'id\\u0000b':'x'"), 400, "/id:name" },
		{ NULL, EVENT(",'data\\u0000b':'x'"), 400, "/data:name" },
		{ NULL, EVENT(",'data_base64\\u0000':'eA=='"), 400, "/data_base64:name" },
		{ NULL, EVENT(",'\\ud800':'x'"), 400, NULL },
		{ NULL, EVENT(",'\\u0061':'x'"), 0, "a=x" },
		{ BINARY "ce-abc1: x\n", NULL, 0, "abc1=x datacontenttype=application/json" },
		{ BINARY "ce-a-b: x\n", NULL, 400, "ce-a-b:name" },
		{ BINARY "ce-: x\n", NULL, 400, "ce-:name" },
		{ BINARY "ce-a_b: x\n", NULL, 400, "ce-a_b:name" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(CE_02_long_names_and_digits_first)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'abcdefghijklmnopqrstuvwxyz':'x'"), 0, "abcdefghijklmnopqrstuvwxyz=x" },
		{ NULL, EVENT(",'1st':'x','2':'y'"), 0, "1st=x 2=y" },
		{ BINARY "ce-1st: x\n", NULL, 0, "1st=x datacontenttype=application/json" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(CE_03_data_is_no_attribute)
{
	static const struct cloud_row rows[] = {
		{ BINARY "ce-data: x\n", NULL, 400, "ce-data:invalid" },
		{ NULL, EVENT(",'datacontenttype':'text/plain','data':'x'"), 0, "datacontenttype=text/plain", "x" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(CE_04_attributes_once)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'subject':'a','subject':'a'"), 400, "/subject:duplicate" },
		{ NULL, EVENT(",'subject':'a','\\u0073ubject':'b'"), 400, "/subject:duplicate" },
		{ NULL, EVENT(",'id':'1'"), 400, "/id:duplicate" },
		{ NULL, EVENT(",'x':null,'x':'b'"), 400, "/x:duplicate" },
		{ NULL, EVENT(",'x':'a','x':null"), 400, "/x:duplicate" },
		{ NULL, EVENT(",'x':1,'x':true,'x':'a'"), 400, "/x:duplicate /x:duplicate" },
		{ NULL, EVENT(",'data':1,'data':1"), 400, "/data:duplicate" },
		{ NULL, EVENT(",'data_base64':null,'data_base64':'eA=='"), 400, "/data_base64:duplicate" },
		{ BINARY "ce-id: 1\n", NULL, 400, "ce-id:duplicate" },
		{ BINARY "ce-x: 1\nce-x: 2\n", NULL, 400, "ce-x:duplicate" },
		{ NULL, EVENT(",'data':{'a':1,'a':2}"), 0, "datacontenttype=application/json", "{\"a\":1,\"a\":2}" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(CE_05_required_attributes)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(""), 0, "", "none" },
		{ NULL, "{}", 400, "/id:required /source:required /specversion:required /type:required" },
		{ NULL, "{'id':null,'source':null,'specversion':null,'type':null}", 400,
		  "/id:required /source:required /specversion:required /type:required" },
		{ NULL, "{'specversion':'1.0','id':'1','source':'/s'}", 400, "/type:required" },
		{ NULL, "{'specversion':'1.0','id':'1','type':'t'}", 400, "/source:required" },
		{ NULL, "{'specversion':'1.0','source':'/s','type':'t'}", 400, "/id:required" },
		{ NULL, "{'id':'1','source':'/s','type':'t'}", 400, "/specversion:required" },
		{ NULL, "{'specversion':'1.0','id':{},'source':[],'type':'t'}", 400, "/id:invalid /source:invalid" },
		{ "ce-specversion: 1.0\ncontent-type: application/json\n", "{}", 400, "ce-id:required ce-source:required ce-type:required" },
		{ "ce-id: 1\nce-source: %\nce-type: t\ncontent-type: application/json\n", "{}", 400,
		  "ce-source:invalid ce-specversion:required" },
	};

	TABLE(CNCF, rows);
}
END_TEST

/* An event with another value of one core attribute. */
#define WITH_ID(v) "{'specversion':'1.0','id':" v ",'source':'/s','type':'t'}"
#define WITH_SOURCE(v) "{'specversion':'1.0','id':'1','source':" v ",'type':'t'}"
#define WITH_TYPE(v) "{'specversion':'1.0','id':'1','source':'/s','type':" v "}"
#define WITH_VERSION(v) "{'specversion':" v ",'id':'1','source':'/s','type':'t'}"

START_TEST(CE_06_id)
{
	static const struct cloud_row rows[] = {
		{ NULL, WITH_ID("''"), 400, "/id:blank" },
		{ NULL, WITH_ID("5"), 400, "/id:invalid" },
		{ NULL, WITH_ID("1.5"), 400, "/id:invalid" },
		{ NULL, WITH_ID("true"), 400, "/id:invalid" },
		{ NULL, WITH_ID("{}"), 400, "/id:invalid" },
		{ NULL, WITH_ID("' '"), 0, "id=  source=/s type=t" },
		{ NULL, WITH_ID("'\303\251\\u20ac'"), 0, "id=\303\251\342\202\254 source=/s type=t" },
		{ "ce-id: \nce-source: /s\nce-type: t\nce-specversion: 1.0\ncontent-type: application/json\n", "{}", 400, "ce-id:blank" },
		{ "ce-id: \"\"\nce-source: /s\nce-type: t\nce-specversion: 1.0\ncontent-type: application/json\n", "{}", 400, "ce-id:blank" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(CE_07_same_source_and_id_are_one_event)
{
	static const struct { const char *a, *b; bool same; } rows[] = {
		{ WITH_ID("'1'"), WITH_ID("'1'"), true },
		{ WITH_ID("'1'"), "{'type':'other','source':'/s','id':'\\u0031','specversion':'1.0','time':'2026-01-01T00:00:00Z','data':1}", true },
		{ WITH_ID("'1'"), WITH_ID("'1 '"), false },
		{ WITH_ID("'a'"), WITH_ID("'A'"), false },
		{ WITH_SOURCE("'/s'"), WITH_SOURCE("'/s/'"), false },
		{ WITH_SOURCE("'http://a.nl'"), WITH_SOURCE("'HTTP://a.nl'"), false },
		{ WITH_SOURCE("'%41'"), WITH_SOURCE("'A'"), false },
		{ "{'specversion':'1.0','id':'bc','source':'a','type':'t'}", "{'specversion':'1.0','id':'c','source':'ab','type':'t'}", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cloud_rig a, b;
		struct event_key key = rig_event(&a, CNCF, STRUCTURED, rows[i].a)->key;

		ck_assert_msg((memcmp(&key, &rig_event(&b, CNCF, STRUCTURED, rows[i].b)->key, sizeof key) == 0) == rows[i].same,
			      "%s %s", rows[i].a, rows[i].b);
		ck_assert_int_eq(rig_judge(&b, "POST", 0, NULL), 202);	/* as the first: the store knows it again */
		rig_free(&a);
		rig_free(&b);
	}
}
END_TEST

START_TEST(CE_08_source)
{
	static const struct cloud_row rows[] = {
		{ NULL, WITH_SOURCE("'oz'"), 0, "source=oz type=t" },
		{ NULL, WITH_SOURCE("'/x'"), 0, "source=/x type=t" },
		{ NULL, WITH_SOURCE("'#f'"), 0, "source=#f type=t" },
		{ NULL, WITH_SOURCE("'1-555-123-4567'"), 0, "source=1-555-123-4567 type=t" },
		{ NULL, WITH_SOURCE("'https://voorbeeld.nl/a?b#c'"), 0, "source=https://voorbeeld.nl/a?b#c type=t" },
		{ NULL, WITH_SOURCE("'mailto:a@b.nl'"), 0, "source=mailto:a@b.nl type=t" },
		{ NULL, WITH_SOURCE("''"), 400, "/source:blank" },
		{ NULL, WITH_SOURCE("7"), 400, "/source:invalid" },
		{ NULL, WITH_SOURCE("':x'"), 400, "/source:invalid" },
		{ NULL, WITH_SOURCE("'a b'"), 400, "/source:invalid" },
		{ NULL, WITH_SOURCE("'%zz'"), 400, "/source:invalid" },
		{ NULL, WITH_SOURCE("'caf\303\251'"), 400, "/source:invalid" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(CE_09_specversion)
{
	static const struct cloud_row rows[] = {
		{ NULL, WITH_VERSION("'1.0'"), 0, "source=/s type=t" },
		{ NULL, WITH_VERSION("'\\u0031.0'"), 0, "source=/s type=t" },
		{ NULL, WITH_VERSION("'0.3'"), 400, "/specversion:invalid" },
		{ NULL, WITH_VERSION("'1.0.2'"), 400, "/specversion:invalid" },
		{ NULL, WITH_VERSION("'1.1'"), 400, "/specversion:invalid" },
		{ NULL, WITH_VERSION("'1'"), 400, "/specversion:invalid" },
		{ NULL, WITH_VERSION("'1.0 '"), 400, "/specversion:invalid" },
		{ NULL, WITH_VERSION("1.0"), 400, "/specversion:invalid" },
		{ NULL, WITH_VERSION("''"), 400, "/specversion:blank" },
		{ "ce-specversion: 1.1\nce-id: 1\nce-source: /s\nce-type: t\ncontent-type: application/json\n", "{}", 400,
		  "ce-specversion:invalid" },
		{ "ce-specversion: 1%2E0\nce-id: 1\nce-source: /s\nce-type: t\ncontent-type: application/json\n", "{}", 0,
		  "source=/s type=t datacontenttype=application/json" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(CE_10_type)
{
	static const struct cloud_row rows[] = {
		{ NULL, WITH_TYPE("''"), 400, "/type:blank" },
		{ NULL, WITH_TYPE("1"), 400, "/type:invalid" },
		{ NULL, WITH_TYPE("false"), 400, "/type:invalid" },
		{ NULL, WITH_TYPE("'com.github.pull_request.opened'"), 0, "source=/s type=com.github.pull_request.opened" },
		{ NULL, WITH_TYPE("'Iets Gebeurd!'"), 0, "source=/s type=Iets Gebeurd!" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(CE_11_datacontenttype)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'datacontenttype':'xyz','data':1"), 400, "/datacontenttype:invalid" },
		{ NULL, EVENT(",'datacontenttype':'','data':1"), 400, "/datacontenttype:blank" },
		{ NULL, EVENT(",'datacontenttype':1"), 400, "/datacontenttype:invalid" },
		{ NULL, EVENT(",'datacontenttype':'a/b/c'"), 400, "/datacontenttype:invalid" },
		{ NULL, EVENT(",'datacontenttype':'text/'"), 400, "/datacontenttype:invalid" },
		{ NULL, EVENT(",'datacontenttype':'application/xml'"), 0, "datacontenttype=application/xml", "none" },
		{ NULL, EVENT(",'datacontenttype':'image/png;q=1'"), 0, "datacontenttype=image/png;q=1", "none" },
		{ CE "content-type: xyz\n", "x", 400, "content-type:invalid" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(CE_12_media_types_in_any_case)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'datacontenttype':'TEXT/Plain; CharSet=utf-8','data':'x'"), 0,
		  "datacontenttype=TEXT/Plain; CharSet=utf-8", "x" },
		{ NULL, EVENT(",'datacontenttype':'Application/JSON','data':'x'"), 0, "datacontenttype=Application/JSON", "\"x\"" },
		{ NULL, EVENT(",'datacontenttype':'Text/Vnd.X+Json','data':'x'"), 0, "datacontenttype=Text/Vnd.X+Json", "\"x\"" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(CE_13_dataschema)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'dataschema':'https://voorbeeld.nl/s.json'"), 0, "dataschema=https://voorbeeld.nl/s.json" },
		{ NULL, EVENT(",'dataschema':'urn:x:y'"), 0, "dataschema=urn:x:y" },
		{ NULL, EVENT(",'dataschema':''"), 400, "/dataschema:blank" },
		{ NULL, EVENT(",'dataschema':'//x'"), 400, "/dataschema:invalid" },
		{ NULL, EVENT(",'dataschema':'/x'"), 400, "/dataschema:invalid" },
		{ NULL, EVENT(",'dataschema':'x'"), 400, "/dataschema:invalid" },
		{ NULL, EVENT(",'dataschema':5"), 400, "/dataschema:invalid" },
		{ BINARY "ce-dataschema: /x\n", NULL, 400, "ce-dataschema:invalid" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(CE_14_subject)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'subject':'zaak 1'"), 0, "subject=zaak 1" },
		{ NULL, EVENT(",'subject':' '"), 0, "subject= " },
		{ NULL, EVENT(",'subject':''"), 400, "/subject:blank" },
		{ NULL, EVENT(",'subject':12"), 400, "/subject:invalid" },
		{ NULL, EVENT(",'subject':null"), 0, "" },
		{ BINARY "ce-subject: \n", NULL, 400, "ce-subject:blank" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(CE_15_time)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'time':'2018-04-05T17:31:00Z'"), 0, "time=2018-04-05T17:31:00Z" },
		{ NULL, EVENT(",'time':''"), 400, "/time:blank" },
		{ NULL, EVENT(",'time':'gisteren'"), 400, "/time:invalid" },
		{ NULL, EVENT(",'time':'2018-04-05T17:31:00'"), 400, "/time:invalid" },
		{ NULL, EVENT(",'time':1522949460"), 400, "/time:invalid" },
		{ BINARY "ce-time: 2018-04-05T17%3A31:00+02:00\n", NULL, 0,
		  "time=2018-04-05T17:31:00+02:00 datacontenttype=application/json" },
		{ BINARY "ce-time: 2018-04-05\n", NULL, 400, "ce-time:invalid" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(CE_16_unknown_attributes_are_kept)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'zaaktype':'melding','teller':3,'spoed':true,'leeg':''"), 0, "zaaktype=melding teller=3 spoed=true leeg=" },
		{ NULL, EVENT(",'comexampleextension1':'value','comexampleothervalue':5"), 0,
		  "comexampleextension1=value comexampleothervalue=5" },
		{ BINARY "ce-zaaktype: melding\nce-teller: 3\n", NULL, 0, "zaaktype=melding teller=3 datacontenttype=application/json" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(CE_17_unsupported_features_are_ignored)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'dataclassification':'geheim','dataregulation':'AVG','datacategory':'persoon'"), 0,
		  "dataclassification=geheim dataregulation=AVG datacategory=persoon" },
		{ NULL, EVENT(",'bamtxid':'x','opcuamessagetype':'ua-keyframe'"), 0, "bamtxid=x opcuamessagetype=ua-keyframe" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(CE_18_other_headers_stay_apart)
{
	struct cloud_rig rig;
	struct event *event = rig_event(&rig, CNCF, BINARY "cookie: a\nx-id: 2\nx-correlation-id: c\ntracestate: s\n", NULL);

	ck_assert_uint_eq(event->n_attrs, 5);
	ck_assert_str_eq(event_header(event, "x-correlation-id"), "c");
	ck_assert_str_eq(event_header(event, "tracestate"), "s");
	ck_assert_ptr_null(event_header(event, "cookie"));
	ck_assert_ptr_null(event_header(event, "x-id"));
	ck_assert_ptr_null(event_attr(event, "tracestate", NULL));
	rig_free(&rig);
}
END_TEST

START_TEST(CE_19_the_json_format_is_taken)
{
	static const struct cloud_row rows[] = {
		{ NULL, "{'specversion':'1.0','type':'com.github.pull.create','source':'https://github.com/cloudevents/spec/pull','subject':'123',"
		  "'id':'A234-1234-1234','time':'2018-04-05T17:31:00Z','comexampleextension1':'value','comexampleothervalue':5,"
		  "'datacontenttype':'text/xml','data':'<much wow=\\'xml\\'/>'}", 0,
		  "type=com.github.pull.create source=https://github.com/cloudevents/spec/pull subject=123 id=A234-1234-1234 "
		  "time=2018-04-05T17:31:00Z comexampleextension1=value comexampleothervalue=5 datacontenttype=text/xml",
		  "<much wow=\"xml\"/>" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(CE_20_an_event_without_data)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(""), 0, "", "none" },
		{ CE, "", 0, "", "none" },
		{ BINARY, "", 0, "datacontenttype=application/json", "none" },
	};

	TABLE(optional(), rows);
}
END_TEST

START_TEST(CE_21_events_of_64_KiB_and_more)
{
	struct buf body = {0};
	struct cloud_rig rig;
	struct event *event;

	buf_str(&body, EVENT(",'data':'"));
	body.len -= 1;	/* the brace */
	for (size_t i = 0; i < 70000; i++)
		buf_char(&body, 'x');
	buf_str(&body, "'}");
	event = rig_event(&rig, CNCF, STRUCTURED, body.p);
	ck_assert_uint_eq(event->data_len, 70002);
	ck_assert_int_eq(rig_judge(&rig, "POST", 1 << 20, NULL), 202);
	ck_assert_int_eq(rig_judge(&rig, "POST", 65536, NULL), 413);
	rig_free(&rig);
	buf_free(&body);
}
END_TEST

START_TEST(CE_21_a_binary_event_with_many_attributes)
{
	struct cloud_rig rig;
	struct buf headers = {0}, json = {0};

	buf_str(&headers, BINARY);
	buf_str(&json, "{");
	for (size_t i = 0; i < CLOUD_ATTRS - 5; i++) {
		buf_fmt(&headers, "ce-x%zu: %0200d\n", i, 1);
		buf_fmt(&json, "'x%zu':1,", i);
	}
	rig_event(&rig, CNCF, headers.p, NULL);
	rig_free(&rig);
	buf_str(&headers, "ce-y: 1\n");
	rig_read(&rig, CNCF, headers.p, NULL);
	ck_assert_int_eq(rig.reading.status, 400);
	ck_assert_str_eq(rig.reading.code, "too_many");
	rig_free(&rig);
	/* what comes behind too many is not called missing */
	buf_str(&json, "'y1':1,'y2':1,'y3':1,'y4':1,'y5':1,'y6':1," CORE "}");
	rig_read(&rig, CNCF, STRUCTURED, json.p);
	ck_assert_uint_eq(rig.reading.faults.n, 1);
	ck_assert_str_eq(rig.reading.faults.v[0].code, "too_many");
	rig_free(&rig);
	buf_free(&headers);
	buf_free(&json);
}
END_TEST

START_TEST(CE_22_what_is_sensitive_is_in_no_answer)
{
	static const char *const bodies[] = {
		EVENT(",'subject':'999990342\\u0001'"), EVENT(",'dataref':['999990342']"), EVENT(",'time':'999990342'"),
		EVENT(",'dataschema':'999990342'"), EVENT(",'data':1,'data_base64':'999990342'"), WITH_SOURCE("' 999990342'"),
	};

	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct cloud_rig rig;
		const char *answer;

		rig_read(&rig, CNCF, STRUCTURED, bodies[i]);
		ck_assert_int_eq(rig_judge(&rig, "POST", 0, &answer), 400);
		ck_assert_msg(!strstr(answer, "999990342"), "%s", answer);
		rig_free(&rig);
	}
}
END_TEST

START_TEST(CE_23_encrypted_data_is_opaque)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'datacontenttype':'application/jose','data':'eyJhbGciOi.x.y.z'"), 0, "datacontenttype=application/jose",
		  "eyJhbGciOi.x.y.z" },
		{ NULL, EVENT(",'datacontenttype':'application/octet-stream','data_base64':'AP+A'"), 0,
		  "datacontenttype=application/octet-stream", "\\x00\\xff\\x80" },
	};

	TABLE(CNCF, rows);
}
END_TEST

/* ---- types ---- */

START_TEST(TY_01_no_other_types)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'x':{}"), 400, "/x:invalid" },
		{ NULL, EVENT(",'x':['a']"), 400, "/x:invalid" },
		{ NULL, EVENT(",'subject':{'a':1}"), 400, "/subject:invalid" },
		{ NULL, EVENT(",'x':{'x':{'x':'x'}},'y':'z'"), 400, "/x:invalid" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(TY_02_booleans)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'x':true,'y':false"), 0, "x=true y=false" },
		{ NULL, EVENT(",'x':'True'"), 0, "x=True" },
		{ NULL, EVENT(",'x':True"), 400, ":parse_error" },
		{ BINARY "ce-x: TRUE\n", NULL, 0, "x=TRUE datacontenttype=application/json" },
		{ NULL, EVENT(",'deprecated':'True'"), 0, "deprecated=True", .note = "deprecated has to be true" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(TY_03_integers)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'x':2147483647,'y':-2147483648,'z':0"), 0, "x=2147483647 y=-2147483648 z=0" },
		{ NULL, EVENT(",'x':-0"), 0, "x=-0" },
		{ NULL, EVENT(",'x':2147483648"), 400, "/x:invalid" },
		{ NULL, EVENT(",'x':-2147483649"), 400, "/x:invalid" },
		{ NULL, EVENT(",'x':5.0"), 400, "/x:invalid" },
		{ NULL, EVENT(",'x':5e0"), 400, "/x:invalid" },
		{ NULL, EVENT(",'x':1.5"), 400, "/x:invalid" },
		{ NULL, EVENT(",'x':99999999999999999999999"), 400, "/x:invalid" },
		{ NULL, EVENT(",'x':01"), 400, ":parse_error" },
		{ NULL, EVENT(",'x':+1"), 400, ":parse_error" },
		{ BINARY "ce-x: 5.0\n", NULL, 0, "x=5.0 datacontenttype=application/json" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(TY_04_strings)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'x':'\\u0000'"), 400, "/x:invalid" }, { NULL, EVENT(",'x':'\\u001f'"), 400, "/x:invalid" },
		{ NULL, EVENT(",'x':'\\n'"), 400, "/x:invalid" }, { NULL, EVENT(",'x':'\177'"), 400, "/x:invalid" },
		{ NULL, EVENT(",'x':'\\u0080'"), 400, "/x:invalid" }, { NULL, EVENT(",'x':'\302\237'"), 400, "/x:invalid" },
		{ NULL, EVENT(",'x':'\\ufdd0'"), 400, "/x:invalid" }, { NULL, EVENT(",'x':'\\ufdef'"), 400, "/x:invalid" },
		{ NULL, EVENT(",'x':'\\ufffe'"), 400, "/x:invalid" }, { NULL, EVENT(",'x':'\357\277\277'"), 400, "/x:invalid" },
		{ NULL, EVENT(",'x':'\\ud83f\\udffe'"), 400, "/x:invalid" }, { NULL, EVENT(",'x':'\\udbff\\udfff'"), 400, "/x:invalid" },
		{ NULL, EVENT(",'x':'\\ud800'"), 400, "/x:invalid" }, { NULL, EVENT(",'x':'a\\udc00b'"), 400, "/x:invalid" },
		{ NULL, EVENT(",'x':'\\udc00\\ud800'"), 400, "/x:invalid" },
		{ NULL, EVENT(",'subject':'a\\u0007'"), 400, "/subject:invalid" },
		{ NULL, WITH_ID("'1\\u0000'"), 400, "/id:invalid" }, { NULL, WITH_TYPE("'t\\u0085'"), 400, "/type:invalid" },
		{ NULL, WITH_SOURCE("'/s\\u0000'"), 400, "/source:invalid" },
		{ NULL, EVENT(",'x':'\\u00a0\\ufdcf\\ufdf0\\ufffd\\ue000'"), 0,
		  "x=\302\240\357\267\217\357\267\260\357\277\275\356\200\200" },
		{ NULL, EVENT(",'x':'\\ud83d\\ude00'"), 0, "x=\360\237\230\200" },
		{ BINARY "ce-x: a%00b\n", NULL, 400, "ce-x:invalid" }, { BINARY "ce-x: %1f\n", NULL, 400, "ce-x:invalid" },
		{ BINARY "ce-x: %7F\n", NULL, 400, "ce-x:invalid" }, { BINARY "ce-x: %c2%9f\n", NULL, 400, "ce-x:invalid" },
		{ BINARY "ce-x: %EF%B7%90\n", NULL, 400, "ce-x:invalid" }, { BINARY "ce-x: %EF%BF%BF\n", NULL, 400, "ce-x:invalid" },
		{ BINARY "ce-id: a%00\n", NULL, 400, "ce-id:duplicate" },
		/* not of data */
		{ NULL, EVENT(",'data':'\\u0000\\ufffe'"), 0, NULL, "\"\\u0000\\ufffe\"" },
		{ NULL, EVENT(",'datacontenttype':'text/plain','data':'a\\u0000b\\n\\ufffe'"), 0, NULL, "a\\x00b\\x0a\\xef\\xbf\\xbe" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(TY_05_binary_is_base64)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'data_base64':'Zm9v+/8='"), 0, "", "foo\\xfb\\xff" },
		{ NULL, EVENT(",'data_base64':'Zm9v-_8='"), 400, "/data_base64:invalid" },
		{ NULL, EVENT(",'dssematerial':'Zm9v'"), 0, "dssematerial=Zm9v" },
		{ NULL, EVENT(",'dssematerial':'Zm9'"), 0, "dssematerial=Zm9", .note = "dssematerial has to be base64" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(TY_06_uris)
{
	static const struct cloud_row rows[] = {
		{ NULL, WITH_SOURCE("':x'"), 400, "/source:invalid" }, { NULL, WITH_SOURCE("'[x'"), 400, "/source:invalid" },
		{ NULL, WITH_SOURCE("'a b'"), 400, "/source:invalid" }, { NULL, WITH_SOURCE("'a%4'"), 400, "/source:invalid" },
		{ NULL, WITH_SOURCE("'\\u00a3'"), 400, "/source:invalid" }, { NULL, WITH_SOURCE("'a%2F'"), 0, "source=a%2F type=t" },
		{ NULL, EVENT(",'dataschema':'x:%zz'"), 400, "/dataschema:invalid" },
		{ NULL, EVENT(",'dataschema':'https://[::1]/s'"), 0, "dataschema=https://[::1]/s" },
		{ NULL, EVENT(",'dataschema':'https://[::1/s'"), 400, "/dataschema:invalid" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(TY_07_timestamps)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'time':'1985-04-12T23:20:50.52Z'"), 0, "time=1985-04-12T23:20:50.52Z" },
		{ NULL, EVENT(",'time':'1996-12-19T16:39:57-08:00'"), 0, "time=1996-12-19T16:39:57-08:00" },
		{ NULL, EVENT(",'time':'1996-12-19'"), 400, "/time:invalid" },
		{ NULL, EVENT(",'expirytime':'1996-12-19'"), 0, "expirytime=1996-12-19", .note = "expirytime has to be a time of RFC 3339" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(TY_08_native_or_canonical_text)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'sampledrate':5"), 0, "sampledrate=5" }, { NULL, EVENT(",'sampledrate':'5'"), 0, "sampledrate=5" },
		{ NULL, EVENT(",'deprecated':true"), 0, "deprecated=true" }, { NULL, EVENT(",'deprecated':'true'"), 0, "deprecated=true" },
		{ NULL, EVENT(",'sampledrate':'05'"), 0, "sampledrate=05", .note = "sampledrate has to be an integer" },
		{ NULL, EVENT(",'sampledrate':'+5'"), 0, "sampledrate=+5", .note = "sampledrate has to be an integer" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(TY_09_the_spelling_is_kept)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'time':'2018-04-05t17:31:00.000z'"), 0, "time=2018-04-05t17:31:00.000z" },
		{ NULL, EVENT(",'time':'2018-04-05T17:31:00-00:00'"), 0, "time=2018-04-05T17:31:00-00:00" },
		{ NULL, EVENT(",'datacontenttype':'Text/XML; a=\\'B\\''"), 0, "datacontenttype=Text/XML; a=\"B\"" },
	};

	TABLE(CNCF, rows);
}
END_TEST

/* ---- the JSON format ---- */

START_TEST(JS_01_one_event_is_one_object)
{
	static const struct cloud_row rows[] = {
		{ NULL, "[" EVENT("") "]", 400, ":invalid" }, { NULL, "'x'", 400, ":invalid" }, { NULL, "7", 400, ":invalid" },
		{ NULL, "null", 400, ":invalid" }, { NULL, "true", 400, ":invalid" }, { NULL, "", 400, ":required" },
		{ NULL, EVENT("") EVENT(""), 400, ":parse_error" }, { NULL, "{" CORE, 400, ":parse_error" },
		{ NULL, " \n" EVENT("") "\t ", 0, "" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(JS_02_no_bag_of_extensions)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'extensions':{'x':'y'}"), 400, "/extensions:invalid" },
		{ NULL, EVENT(",'extensions':'y'"), 0, "extensions=y" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(JS_03_null_is_unset)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'subject':null,'time':null,'datacontenttype':null,'dataschema':null,'x':null,'y':'z'"), 0, "y=z" },
		{ NULL, WITH_ID("null"), 400, "/id:required" }, { NULL, WITH_TYPE("null"), 400, "/type:required" },
		{ NULL, WITH_SOURCE("null"), 400, "/source:required" }, { NULL, WITH_VERSION("null"), 400, "/specversion:required" },
		{ NULL, EVENT(",'datacontenttype':null,'data':'x'"), 0, "datacontenttype=application/json", "\"x\"" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(JS_04_data_or_data_base64)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'data':'x','data_base64':'eA=='"), 400, "/data_base64:invalid" },
		{ NULL, EVENT(",'data_base64':'eA==','data':{}"), 400, "/data_base64:invalid" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(JS_05_data_base64_becomes_bytes)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'data_base64':'AAEC/w=='"), 0, "", "\\x00\\x01\\x02\\xff" },
		{ NULL, EVENT(",'data_base64':''"), 0, "", "" },
		{ NULL, EVENT(",'data_base64':'\\u0065A\\u003d='"), 0, "", "x" },
		{ NULL, EVENT(",'data_base64':5"), 400, "/data_base64:invalid" },
		{ NULL, EVENT(",'data_base64':{}"), 400, "/data_base64:invalid" },
		{ NULL, EVENT(",'data_base64':true"), 400, "/data_base64:invalid" },
		{ NULL, EVENT(",'data_base64':'!'"), 400, "/data_base64:invalid" },
		{ NULL, EVENT(",'datacontenttype':'application/json','data_base64':'eyJhIjoxfQ=='"), 0, "datacontenttype=application/json",
		  "{\"a\":1}" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(JS_06_data_base64_is_not_taken_for_json)
{
	static const struct cloud_row rows[] = { { NULL, EVENT(",'data_base64':'eyJhIjoxfQ=='"), 0, "", "{\"a\":1}" } };
	struct cloud_rig rig;

	TABLE(CNCF, rows);
	ck_assert_ptr_null(rig_event(&rig, CNCF, STRUCTURED, rows[0].body)->datacontenttype);
	rig_free(&rig);
}
END_TEST

START_TEST(JS_07_what_is_json)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'datacontenttype':'text/json','data':'a'"), 0, NULL, "\"a\"" },
		{ NULL, EVENT(",'datacontenttype':'application/ld+json; profile=\\'x\\'','data':'a'"), 0, NULL, "\"a\"" },
		{ NULL, EVENT(",'datacontenttype':'application/json;charset=utf-8','data':[1]"), 0, NULL, "[1]" },
		{ NULL, EVENT(",'datacontenttype':'image/vnd.x+json','data':{}"), 0, NULL, "{}" },
		{ NULL, EVENT(",'datacontenttype':'application/jsonx','data':'a'"), 0, NULL, "a" },
		{ NULL, EVENT(",'datacontenttype':'json/text','data':'a'"), 0, NULL, "a" },
		{ NULL, EVENT(",'datacontenttype':'application/x-json','data':'a'"), 0, NULL, "a" },
		{ NULL, EVENT(",'datacontenttype':'application/json+xml','data':'a'"), 0, NULL, "a" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(JS_08_data_as_is)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'data': {'b' : 1.50, 'a':123456789012345678901234567890 } "), 0, NULL,
		  "{\"b\" : 1.50, \"a\":123456789012345678901234567890 }" },
		{ NULL, EVENT(",'data':'{\\'a\\':1}'"), 0, NULL, "\"{\\\"a\\\":1}\"" },
		{ NULL, EVENT(",'data':'\\u0041'"), 0, NULL, "\"\\u0041\"" },
		{ NULL, EVENT(",'data':''"), 0, NULL, "\"\"" }, { NULL, EVENT(",'data':false"), 0, NULL, "false" },
		{ NULL, EVENT(",'data':1e999"), 0, NULL, "1e999" }, { NULL, EVENT(",'data':[]"), 0, NULL, "[]" },
		{ NULL, EVENT(",'data':{'a':1,'b':{'c':[{}]}},'x':'y'"), 0, NULL, "{\"a\":1,\"b\":{\"c\":[{}]}}" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(JS_09_data_without_a_type_is_json)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'data':{}"), 0, "datacontenttype=application/json", "{}" },
		{ NULL, EVENT(",'data':'x','y':'z'"), 0, "y=z datacontenttype=application/json", "\"x\"" },
		{ NULL, EVENT(",'y':'z'"), 0, "y=z", "none" },
	};
	struct cloud_rig rig;

	TABLE(CNCF, rows);
	ck_assert_str_eq(rig_event(&rig, CNCF, STRUCTURED, rows[0].body)->datacontenttype, "application/json");
	rig_free(&rig);
}
END_TEST

START_TEST(JS_10_other_content_is_a_string)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'datacontenttype':'text/plain','data':'a\\u00e9\\n'"), 0, NULL, "a\\xc3\\xa9\\x0a" },
		{ NULL, EVENT(",'data':'<a/>','datacontenttype':'application/xml'"), 0, NULL, "<a/>" },
		{ NULL, EVENT(",'datacontenttype':'text/plain','data':''"), 0, NULL, "" },
		{ NULL, EVENT(",'datacontenttype':'text/plain','data':1"), 400, "/data:invalid" },
		{ NULL, EVENT(",'datacontenttype':'text/plain','data':{}"), 400, "/data:invalid" },
		{ NULL, EVENT(",'datacontenttype':'text/plain','data':[]"), 400, "/data:invalid" },
		{ NULL, EVENT(",'datacontenttype':'text/plain','data':true"), 400, "/data:invalid" },
		{ NULL, EVENT(",'datacontenttype':'text/plain','data':null"), 400, "/data:invalid" },
		{ NULL, EVENT(",'datacontenttype':'text/plain','data':'\\ud800'"), 400, "/data:invalid" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(JS_11_null_data_is_not_absent_data)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'data':null"), 0, "datacontenttype=application/json", "null" },
		{ NULL, EVENT(",'datacontenttype':'text/json','data':null"), 0, "datacontenttype=text/json", "null" },
		{ NULL, EVENT(""), 0, "", "none" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(JS_12_a_batch_is_an_array)
{
	static const struct cloud_row rows[] = {
		{ BATCH, "[" EVENT("") "," EVENT(",'x':'y'") "]", 0, " | x=y" },
		{ BATCH, EVENT(""), 400, ":invalid" }, { BATCH, "null", 400, ":invalid" }, { BATCH, "1", 400, ":invalid" },
		{ BATCH, "", 400, ":required" }, { BATCH, "[" EVENT("") ",]", 400, ":parse_error" },
		{ BATCH, "[" EVENT("") ",7,null,[]]", 400, "/1:invalid /2:invalid /3:invalid" },
		/* what stands in an element that is none says nothing */
		{ BATCH, "[[" EVENT("") ",{'A':1}],'x'," EVENT("") "]", 400, "/0:invalid /1:invalid" },
		{ BATCH, "[" EVENT(",'data':{'id':2,'A':[{'A':1}]}") "," EVENT("") "]", 0, "datacontenttype=application/json | " },
		/* nor what was found in something that is no JSON, or no batch */
		{ BATCH, "[{'A':1}," EVENT("") "", 400, ":parse_error" },
		{ BATCH, "{'A':{'id':1}}", 400, ":invalid" },
	};

	TABLE(batches(10), rows);
}
END_TEST

START_TEST(JS_13_an_empty_batch)
{
	static const struct cloud_row rows[] = { { BATCH, "[]", 0, "" }, { BATCH, " [ ] ", 0, "" } };
	struct cloud_rig rig;

	TABLE(batches(10), rows);
	rig_read(&rig, batches(1), BATCH, "[]");
	ck_assert_int_eq(rig_judge(&rig, "POST", 0, NULL), 204);
	rig_free(&rig);
}
END_TEST

START_TEST(JS_14_batches_are_off_by_default)
{
	static const struct cloud_row rows[] = {
		{ BATCH, "[]", 415, "batch_not_supported" }, { BATCH, "[" EVENT("") "]", 415, "batch_not_supported" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(JS_15_members_in_any_order)
{
	static const struct cloud_row rows[] = {
		{ NULL, "{'data':'x','datacontenttype':'text/plain','type':'t','x':'y','source':'/s','id':'1','specversion':'1.0'}", 0,
		  "datacontenttype=text/plain type=t x=y source=/s", "x" },
		{ NULL, "{'data':'x','type':'t','source':'/s','id':'1','datacontenttype':'application/json','specversion':'1.0'}", 0,
		  "type=t source=/s datacontenttype=application/json", "\"x\"" },
	};
	static const char *const order[] = { "type", "x", "source", "id", "specversion" };
	struct cloud_rig rig;
	struct event *event;

	TABLE(CNCF, rows);
	event = rig_event(&rig, CNCF, STRUCTURED, "{'type':'t','x':'y','source':'/s','id':'1','specversion':'1.0'}");
	for (size_t i = 0; i < COUNT(order); i++)
		ck_assert_str_eq(event->attrs[i].name, order[i]);
	rig_free(&rig);
}
END_TEST

START_TEST(JS_16_bytes_of_json)
{
	static const struct cloud_row rows[] = {
		{ NULL, EVENT(",'x':'\377'"), 400, ":invalid_utf8" }, { NULL, EVENT(",'data':'\300\200'"), 400, ":invalid_utf8" },
		{ NULL, EVENT(",'data':'\355\240\200'"), 400, ":invalid_utf8" },
		{ NULL, "\357\273\277" EVENT(""), 400, ":parse_error" },
		{ NULL, "\376\377\0{\0}", 400, ":invalid_utf8", .body_len = 6 },
		{ NULL, EVENT("") "\0", 400, ":parse_error", .body_len = sizeof EVENT("") },
		{ NULL, EVENT("") "//", 400, ":parse_error" },
	};
	struct buf body = {0};
	struct cloud_rig rig;

	TABLE(CNCF, rows);
	for (int depth = 63; depth <= 64; depth++) {	/* of data: one level is the event's */
		buf_reset(&body);
		buf_str(&body, EVENT(",'data':"));
		body.len--;
		for (int i = 0; i < depth; i++)
			buf_char(&body, '[');
		for (int i = 0; i < depth; i++)
			buf_char(&body, ']');
		buf_str(&body, "}");
		rig_read(&rig, CNCF, STRUCTURED, body.p);
		ck_assert_int_eq(rig.reading.status, depth == 63 ? 0 : 400);
		ck_assert_str_eq(rig.reading.status ? rig.reading.code : "", depth == 63 ? "" : "too_deep");
		rig_free(&rig);
	}
	buf_free(&body);
}
END_TEST

/* ---- the HTTP binding ---- */

START_TEST(HB_01_structured_binary_and_batch)
{
	static const struct cloud_row rows[] = {
		{ STRUCTURED, EVENT(",'data':{}"), 0, "datacontenttype=application/json", "{}" },
		{ BINARY, "{}", 0, "datacontenttype=application/json", "{}" },
		{ BATCH, "[" EVENT(",'data':{}") "]", 0, "datacontenttype=application/json", "{}" },
	};

	TABLE(batches(1), rows);
}
END_TEST

START_TEST(HB_02_the_mode_by_content_type)
{
	static const struct cloud_row rows[] = {
		{ "content-type: Application/CloudEvents+JSON\n", EVENT(""), 0, "" },
		{ "content-type: application/cloudevents+json; charset=UTF-8\n", EVENT(""), 0, "" },
		{ "content-type: APPLICATION/CLOUDEVENTS-BATCH+JSON;charset=utf-8\n", "[]", 0, "" },
		{ "content-type: application/cloudevents\n", EVENT(""), 415, "unsupported_format" },
		{ "content-type: application/cloudevents-batch\n", "[]", 415, "unsupported_format" },
		{ "content-type: application/json\n", EVENT(""), 415, "unsupported_media_type" },
		{ "content-type: x-application/cloudevents+json\n", EVENT(""), 415, "unsupported_media_type" },
		{ BINARY, "[]", 0, "datacontenttype=application/json", "[]" },
	};

	TABLE(batches(1), rows);
}
END_TEST

START_TEST(HB_03_other_formats)
{
	static const struct cloud_row rows[] = {
		{ "content-type: application/cloudevents+avro\n", "x", 415, "unsupported_format" },
		{ "content-type: application/cloudevents+protobuf\n", "x", 415, "unsupported_format" },
		{ "content-type: application/cloudevents+xml\n", "<event/>", 415, "unsupported_format" },
		{ "content-type: application/cloudevents-batch+protobuf\n", "x", 415, "unsupported_format" },
		{ CE "content-type: application/cloudevents+avro\n", "x", 415, "unsupported_format" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(HB_04_some_required_headers_or_none)
{
	static const struct cloud_row rows[] = {
		{ "content-type: text/plain\n", "x", 415, "unsupported_media_type" },
		{ "content-type: text/plain\nce-x: y\nce-subject: z\n", "x", 415, "unsupported_media_type" },
		{ "content-type: text/plain\nce-id: 1\n", "x", 400, "ce-source:required ce-specversion:required ce-type:required" },
		{ "content-type: text/plain\nce-type: t\nce-specversion: 1.0\n", "x", 400, "ce-id:required ce-source:required" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(HB_05_content_type_is_datacontenttype)
{
	static const struct cloud_row rows[] = {
		{ CE "content-type: Text/Plain; Charset=\"ISO-8859-1\"\n", "\351", 0, "datacontenttype=Text/Plain; Charset=\"ISO-8859-1\"", "\\xe9" },
		{ CE "content-type: application/x%2Fy\n", "x", 0, "datacontenttype=application/x%2Fy" },
		{ CE "content-type: nonsense\n", "x", 400, "content-type:invalid" },
		{ CE "content-type: text/plain; x=\"\303\251\"\n", "x", 0, "datacontenttype=text/plain; x=\"\303\251\"" },
		{ CE "content-type: text/plain; x=\"\351\"\n", "x", 400, "content-type:invalid" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(HB_06_no_ce_datacontenttype)
{
	static const struct cloud_row rows[] = {
		{ BINARY "ce-datacontenttype: application/json\n", NULL, 400, "ce-datacontenttype:invalid" },
	};

	TABLE(CNCF, rows);
}
END_TEST

START_TEST(HB_07_the_body_is_the_data)
{
	static const struct cloud_row rows[] = {
		{ CE "content-type: application/octet-stream\n", "a\0\377", 0, NULL, "a\\x00\\xff", .body_len = 3 },
		{ CE "content-type: text/plain\n", "eA==", 0, NULL, "eA==" },
		{ BINARY, " {} ", 0, NULL, " {} " },
		{ BINARY, "", 0, NULL, "none" },
	};

	TABLE(optional(), rows);
}
END_TEST

START_TEST(HB_08_names_of_headers_in_any_case)
{
	char *params[] = { (char[]){ "REQUEST_METHOD=POST" }, (char[]){ "REQUEST_URI=/ce" }, (char[]){ "HTTP_CE_ID=1" },
			   (char[]){ "HTTP_CE_SPECVERSION=1.0" }, (char[]){ "HTTP_Ce_Source=/s" }, (char[]){ "HTTP_CE_TYPE=t" },
			   (char[]){ "HTTP_CE_MYEXT=Waarde" }, (char[]){ "HTTP_CE_A_B=x" }, (char[]){ "CONTENT_TYPE=text/plain" }, NULL };
	struct cloud_rig rig = { .pool = pool_new(), .rules = optional() };
	int64_t length;

	params_read(rig.pool, params, &rig.m, &length);
	message_read(rig.pool, &rig.m, &rig.rules, &rig.reading);
	ck_assert_int_eq(rig.reading.status, 400);	/* a dash or an underscore: no name */
	ck_assert_uint_eq(rig.reading.faults.n, 1);
	ck_assert_str_eq(rig.reading.faults.v[0].name, "ce-a-b");
	params[7] = params[8];
	params[8] = NULL;
	params_read(rig.pool, params, &rig.m, &length);
	message_read(rig.pool, &rig.m, &rig.rules, &rig.reading);
	ck_assert_int_eq(rig.reading.status, 0);
	ck_assert_str_eq(event_attr(rig.reading.events[0], "myext", NULL), "Waarde");
	ck_assert_str_eq(rig.reading.events[0]->source, "/s");
	pool_free(&rig.pool);
}
END_TEST

#define TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define OTHER "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

START_TEST(HB_09_the_ce_header_is_the_attribute)
{
	struct cloud_rig rig;
	struct event *event = rig_event(&rig, CNCF, BINARY "traceparent: " OTHER "\nce-traceparent: " TRACE "\ntime: x\nid: 2\n", NULL);

	ck_assert_str_eq(event_attr(event, "traceparent", NULL), TRACE);
	ck_assert_str_eq(event_header(event, "traceparent"), OTHER);
	ck_assert_str_eq(event_trace(event), TRACE);
	ck_assert_str_eq(event->id, "1");
	ck_assert_ptr_null(event->time);
	rig_free(&rig);
	event = rig_event(&rig, CNCF, BINARY "traceparent: " OTHER "\n", NULL);
	ck_assert_ptr_null(event_attr(event, "traceparent", NULL));
	ck_assert_str_eq(event_trace(event), OTHER);
	rig_free(&rig);
}
END_TEST

/* The value of ce-x: what becomes of it, or null: 400. */
struct header_row { const char *raw, *value; };

static void check_values(const struct header_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *headers = str_fmt(BINARY "ce-x: %s\n", rows[i].raw);
		char *want = str_fmt("x=%s datacontenttype=application/json", rows[i].value ? rows[i].value : "");
		struct cloud_row row = { headers, NULL, rows[i].value ? 0 : 400, rows[i].value ? want : "ce-x:invalid" };

		cloud_table(__FILE__, __LINE__, CNCF, &row, 1);
		free(headers);
		free(want);
	}
}
#define VALUES(rows) check_values(rows, COUNT(rows))

START_TEST(HB_10_header_values)
{
	static const struct header_row rows[] = {
		{ "plain", "plain" }, { "\"quoted\"", "quoted" }, { "\"a\\\"b\\\\c\\d\"", "a\"b\\cd" }, { "a\"b c\"d", "ab cd" },
		{ "\"a\"\"b\"", "ab" }, { "\"\"", "" }, { "(no comment)", "(no comment)" }, { "a\\b", "a\\b" },
		{ "%20", " " }, { "%2520", "%20" }, { "\"%25\"", "%" }, { "\"\\%41\"", "A" }, { "%\"4\"1", "A" }, { "%22a%22", "\"a\"" },
		{ "%5C%22", "\\\"" }, { "Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro \342\202\254 \360\237\230\200" },
		{ "\"open", NULL }, { "open\"", NULL }, { "\"a\\", NULL }, { "\"a\\\"", NULL }, { "%\"", NULL },
	};

	VALUES(rows);
}
END_TEST

START_TEST(HB_11_needless_and_lower_case_escapes)
{
	static const struct header_row rows[] = { { "%41%62", "Ab" }, { "%2f%2F", "//" }, { "%e2%82%aC", "\342\202\254" }, { "%7e", "~" } };

	VALUES(rows);
}
END_TEST

START_TEST(HB_12_escapes_that_are_no_utf8)
{
	static const struct header_row rows[] = {
		{ "%C0%80", NULL }, { "%C0%A0", NULL }, { "%ED%A0%80", NULL }, { "%E2%82", NULL }, { "%E2%82a", NULL }, { "%80", NULL },
		{ "%F4%90%80%80", NULL }, { "%FF", NULL }, { "%F0%80%80%80", NULL },
	};

	VALUES(rows);
}
END_TEST

START_TEST(HB_13_what_should_have_been_escaped)
{
	static const struct header_row rows[] = {
		{ "a b", "a b" }, { "a  b, c", "a  b, c" }, { "a'b=c;d", "a'b=c;d" },
		{ "\303\251", NULL }, { "\351", NULL }, { "a\tb", NULL }, { "a\177", NULL },
		{ "100%", NULL }, { "%", NULL }, { "%4", NULL }, { "%zz", NULL }, { "%4g", NULL }, { "%%41", NULL }, { "% 41", NULL },
	};

	VALUES(rows);
}
END_TEST

START_TEST(HB_14_headers_of_a_structured_event)
{
	static const struct cloud_row rows[] = {
		{ STRUCTURED CE, EVENT(""), 0, "" },
		{ STRUCTURED "ce-id: other\nce-x: y\nce-bad-name: %zz\n", EVENT(""), 0, "" },
		{ STRUCTURED "ce-id: 1\nce-time: 2026-01-01T00:00:00Z\n", "{'specversion':'1.0','source':'/s','type':'t'}", 400, "/id:required" },
		{ BATCH CE, "[" EVENT("") "]", 0, "" },
	};

	TABLE(batches(1), rows);
}
END_TEST

START_TEST(HB_15_other_methods)
{
	static const char *const methods[] = { "GET", "PUT", "PATCH", "DELETE", "post" };
	struct cloud_rig rig;

	rig_event(&rig, CNCF, BINARY, NULL);
	ck_assert_int_eq(rig_judge(&rig, "POST", 0, NULL), 202);
	for (size_t i = 0; i < COUNT(methods); i++)
		ck_assert_int_eq(rig_judge(&rig, methods[i], 0, NULL), 405);
	rig_free(&rig);
}
END_TEST

START_TEST(HB_16_a_batch_has_a_limit)
{
	static const struct cloud_row rows[] = {
		{ BATCH, "[" EVENT("") "," EVENT("") "]", 0, " | " },
		{ BATCH, "[" EVENT("") "," EVENT("") "," EVENT("") "]", 413, "batch_too_large" },
		{ BATCH, "[{},{},{}]", 413, "batch_too_large" },
		{ BATCH, "[{},{}", 400, ":parse_error" },
		{ BATCH, "[1,{'A':1},[]", 413, "batch_too_large" },
		{ BATCH, "{'a':1,'b':2,'c':{}}", 400, ":invalid" },
	};

	TABLE(batches(2), rows);
}
END_TEST

START_TEST(HB_17_one_specversion_in_a_batch)
{
	static const struct cloud_row rows[] = {
		{ BATCH, "[" EVENT("") ",{'specversion':'0.3','id':'2','source':'/s','type':'t'}]", 400, "/1/specversion:invalid" },
		{ BATCH, "[" EVENT("") ",{'specversion':'1.0','id':'2','source':'/t','type':'u'}]", 0, " | id=2 source=/t type=u" },
	};

	TABLE(batches(5), rows);
}
END_TEST

START_TEST(HB_18_a_batch_is_taken_whole_or_not)
{
	static const struct cloud_row rows[] = {
		{ BATCH, "[" EVENT("") ",{}," EVENT(",'A':'b','time':''") "," EVENT("") ",5]", 400,
		  "/1/id:required /1/source:required /1/specversion:required /1/type:required /2/A:name /2/time:blank /4:invalid" },
		{ BATCH, "[" EVENT("") "," EVENT("") "]", 0, " | " },	/* the same twice is no fault */
		{ BATCH, "[" EVENT(",'data':1,'data_base64':'eA=='") "]", 400, "/0/data_base64:invalid" },
	};

	TABLE(batches(5), rows);
}
END_TEST

START_TEST(HB_19_nothing_is_said_of_the_transport)
{
	static const struct cloud_row rows[] = { { BINARY, "{}", 0, NULL, "{}" }, { STRUCTURED, EVENT(""), 0, NULL, "none" } };

	TABLE(CNCF, rows);	/* TLS is the web server's; that it was used is a matter of web hooks */
}
END_TEST

START_TEST(HB_charset_and_encoding)
{
	static const struct cloud_row rows[] = {
		{ "content-type: application/cloudevents+json;charset=\"UTF-8\"\n", EVENT(""), 0, "" },
		{ "content-type: application/cloudevents+json; charset=us-ascii\n", EVENT(""), 0, "" },
		{ "content-type: application/cloudevents+json; charset=latin1\n", EVENT(""), 415, "unsupported_charset" },
		{ "content-type: application/cloudevents-batch+json; charset=utf-16\n", "[]", 415, "unsupported_charset" },
		{ CE "content-type: text/plain; charset=latin1\n", "\351", 0, "datacontenttype=text/plain; charset=latin1", "\\xe9" },
		{ STRUCTURED "content-encoding: gzip\n", EVENT(""), 415, "unsupported_content_encoding" },
		{ BINARY "content-encoding: br\n", "{}", 415, "unsupported_content_encoding" },
		{ STRUCTURED "content-encoding: Identity\n", EVENT(""), 0, "" },
	};

	TABLE(batches(1), rows);
}
END_TEST

UNIT_MAIN("cloudevents", CE_01_attribute_names, CE_02_long_names_and_digits_first, CE_03_data_is_no_attribute,
	  CE_04_attributes_once, CE_05_required_attributes, CE_06_id, CE_07_same_source_and_id_are_one_event, CE_08_source,
	  CE_09_specversion, CE_10_type, CE_11_datacontenttype, CE_12_media_types_in_any_case, CE_13_dataschema, CE_14_subject,
	  CE_15_time, CE_16_unknown_attributes_are_kept, CE_17_unsupported_features_are_ignored, CE_18_other_headers_stay_apart,
	  CE_19_the_json_format_is_taken, CE_20_an_event_without_data, CE_21_events_of_64_KiB_and_more,
	  CE_21_a_binary_event_with_many_attributes, CE_22_what_is_sensitive_is_in_no_answer, CE_23_encrypted_data_is_opaque,
	  TY_01_no_other_types, TY_02_booleans, TY_03_integers, TY_04_strings, TY_05_binary_is_base64, TY_06_uris, TY_07_timestamps,
	  TY_08_native_or_canonical_text, TY_09_the_spelling_is_kept,
	  JS_01_one_event_is_one_object, JS_02_no_bag_of_extensions, JS_03_null_is_unset, JS_04_data_or_data_base64,
	  JS_05_data_base64_becomes_bytes, JS_06_data_base64_is_not_taken_for_json, JS_07_what_is_json, JS_08_data_as_is,
	  JS_09_data_without_a_type_is_json, JS_10_other_content_is_a_string, JS_11_null_data_is_not_absent_data,
	  JS_12_a_batch_is_an_array, JS_13_an_empty_batch, JS_14_batches_are_off_by_default, JS_15_members_in_any_order,
	  JS_16_bytes_of_json,
	  HB_01_structured_binary_and_batch, HB_02_the_mode_by_content_type, HB_03_other_formats, HB_04_some_required_headers_or_none,
	  HB_05_content_type_is_datacontenttype, HB_06_no_ce_datacontenttype, HB_07_the_body_is_the_data,
	  HB_08_names_of_headers_in_any_case, HB_09_the_ce_header_is_the_attribute, HB_10_header_values,
	  HB_11_needless_and_lower_case_escapes, HB_12_escapes_that_are_no_utf8, HB_13_what_should_have_been_escaped,
	  HB_14_headers_of_a_structured_event, HB_15_other_methods, HB_16_a_batch_has_a_limit, HB_17_one_specversion_in_a_batch,
	  HB_18_a_batch_is_taken_whole_or_not, HB_19_nothing_is_said_of_the_transport, HB_charset_and_encoding)
