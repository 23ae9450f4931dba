/* SPDX-License-Identifier: EUPL-1.2
 * Identities are remembered for months: the canonical form, and the keys and digests made of it, are what they were
 * when these rows were recorded (2026-11-26, with json-c 0.16). A row is never changed. */
#include "config.h"
#include "unit.h"

#include <string.h>
#include "base/buf.h"
#include "event/digest.h"
#include "event/json.h"
#include "event/nrc.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

/* False: it is no JSON; the form is the code of its first fault then. */
static bool canonical(const char *text, size_t len, struct buf *out)
{
	struct faults faults = { .pool = pool_new() };
	struct json_object *doc;
	bool is = json_parse(text, len, &doc, &faults) == 0;

	buf_reset(out);
	if (is)
		json_canonical(doc, NULL, out);
	else
		buf_str(out, faults.v[0].code);
	json_drop(&doc);
	pool_free(&faults.pool);
	return is;
}

START_TEST(the_canonical_form_is_what_it_was)
{
	static const struct { const char *text, *form; } rows[] = {
		{ "{}",
		  "{}" },
		{ "[]",
		  "[]" },
		{ "null",
		  "null" },
		{ "true",
		  "true" },
		{ " [ 1 , 2.50 , -0 , -0.0 , 0 , -1 , 1e5 , 1E+05 , 1e-7 , 100 , 1.0 ]",
		  "[1,2.50,0,-0.0,0,-1,1e5,1E+05,1e-7,100,1.0]" },
		{ "[0.0,-0e0,-0E-1,0e0,1E400,-1e-400,12345678901234567,123456789012345678,1234567890123456789,123"
		  "45678901234567890]",
		  "[0.0,-0e0,-0E-1,0e0,1E400,-1e-400,12345678901234567,123456789012345678,1234567890123456789,123"
		  "45678901234567890]" },
		{ "[9223372036854775807,9223372036854775808,-9223372036854775808,-9223372036854775809,18446744073"
		  "709551615,18446744073709551616]",
		  "[9223372036854775807,9223372036854775808,-9223372036854775808,-9223372036854775809,18446744073"
		  "709551615,18446744073709551616]" },
		{ "[999999999999999999,-999999999999999999,1000000000000000000,-1000000000000000000,1234567890123"
		  "456789.5,1234567890123456789e2]",
		  "[999999999999999999,-999999999999999999,1000000000000000000,-1000000000000000000,1234567890123"
		  "456789.5,1234567890123456789e2]" },
		{ "{\"b\":1,\"a\":2,\"B\":3,\"\":4,\"aa\":5,\"a b\":6,\"~\":7,\"0\":8,\"10\":9,\"9\":10}",
		  "{\"\":4,\"0\":8,\"10\":9,\"9\":10,\"B\":3,\"a\":2,\"a b\":6,\"aa\":5,\"b\":1,\"~\":7}" },
		{ "{\"abcdefgh\":1,\"abcdefg\":2,\"abcdefghi\":3,\"abcdefghj\":4,\"abcdefgha\":5,\"abcdefgi\":6,\""
		  "abcdefg\\u007f\":7}",
		  "{\"abcdefg\":2,\"abcdefgh\":1,\"abcdefgha\":5,\"abcdefghi\":3,\"abcdefghj\":4,\"abcdefgi\":6,\""
		  "abcdefg\177\":7}" },
		{ "{\"abcdefg\\u00e9\":1,\"abcdefg\303\2512\":2,\"abcdefgz\":3,\"\303\251\":4,\"z\":5,\"\\u20ac\""
		  ":6,\"\\ud83d\\ude00\":7,\"\\uffff\":8}",
		  "{\"abcdefgz\":3,\"abcdefg\303\251\":1,\"abcdefg\303\2512\":2,\"z\":5,\"\303\251\":4,\"\342\202"
		  "\254\":6,\"\357\277\277\":8,\"\360\237\230\200\":7}" },
		{ "{\"a\\n\":1,\"a\":2,\"a\\t\":3,\"a\\\"\":4,\"a\\\\\":5,\"a/\":6,\"a\\/b\":7,\"\\u0001\":8,\"\\"
		  "u001f\":9,\"\\u0041\":10}",
		  "{\"\\u0001\":8,\"\\u001f\":9,\"A\":10,\"a\":2,\"a\\u0009\":3,\"a\\u000a\":1,\"a\\\"\":4,\"a/\""
		  ":6,\"a/b\":7,\"a\\\\\":5}" },
		{ "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u0001\\u001f\\u007f\\u0080\303\251\\u00e9\342\202\254\\u"
		  "d83d\\ude00\360\237\230\200\"]",
		  "[\"\\\"\\\\/\\u0008\\u000c\\u000a\\u000d\\u0009\\u0000\\u0001\\u001f\177\302\200\303\251\303\251"
		  "\342\202\254\360\237\230\200\360\237\230\200\"]" },
		{ "[\"\",\"a\",\"\\u0061\",\"\\\\u0061\",\"<>&'\",\"\\u2028\\u2029\"]",
		  "[\"\",\"a\",\"a\",\"\\\\u0061\",\"<>&'\",\"\342\200\250\342\200\251\"]" },
		{ "{\"a\":{\"b\":{\"c\":[{\"z\":1,\"y\":[]},{},[[]],null,true,false]}},\"A\":\"a\"}",
		  "{\"A\":\"a\",\"a\":{\"b\":{\"c\":[{\"y\":[],\"z\":1},{},[[]],null,true,false]}}}" },
		{ "{\"q\":1,\"p\":2,\"o\":3,\"n\":4,\"m\":5,\"l\":6,\"k\":7,\"j\":8,\"i\":9,\"h\":10,\"g\":11,\"f"
		  "\":12,\"e\":13,\"d\":14,\"c\":15,\"b\":16}",
		  "{\"b\":16,\"c\":15,\"d\":14,\"e\":13,\"f\":12,\"g\":11,\"h\":10,\"i\":9,\"j\":8,\"k\":7,\"l\":"
		  "6,\"m\":5,\"n\":4,\"o\":3,\"p\":2,\"q\":1}" },
		{ "{\"q\":1,\"p\":2,\"o\":3,\"n\":4,\"m\":5,\"l\":6,\"k\":7,\"j\":8,\"i\":9,\"h\":10,\"g\":11,\"f"
		  "\":12,\"e\":13,\"d\":14,\"c\":15,\"b\":16,\"a\":17,\"r\":18}",
		  "{\"a\":17,\"b\":16,\"c\":15,\"d\":14,\"e\":13,\"f\":12,\"g\":11,\"h\":10,\"i\":9,\"j\":8,\"k\""
		  ":7,\"l\":6,\"m\":5,\"n\":4,\"o\":3,\"p\":2,\"q\":1,\"r\":18}" },
		{ "[[[[[[[[[[[[[[[[[[[[{\"deep\":[1,{\"er\":null}]}]]]]]]]]]]]]]]]]]]]]",
		  "[[[[[[[[[[[[[[[[[[[[{\"deep\":[1,{\"er\":null}]}]]]]]]]]]]]]]]]]]]]]" },
		{ "\"text\"",
		  "\"text\"" },
		{ " -0 ",
		  "0" },
		{ "12345678901234567890123456789012345678901234567890",
		  "12345678901234567890123456789012345678901234567890" },
		{ "1.00000000000000000000000000000000000001E+0000001",
		  "1.00000000000000000000000000000000000001E+0000001" },
	};
	struct buf form = {0};

	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_msg(canonical(rows[i].text, strlen(rows[i].text), &form), "%s", rows[i].text);
		ck_assert_str_eq(form.p, rows[i].form);
	}
	buf_free(&form);
}
END_TEST

START_TEST(keys_digests_and_lanes_are_what_they_were)
{
	static const struct { enum nrc_identity identity; const char *text, *key; uint32_t digest; const char *lane; } rows[] = {
		{ IDENTITY_CONTENT, "{\"kanaal\": \"zaken\", \"hoofdObject\": \"https://zaken.example.nl/api/v1/zaken/7\", \"resour"
		  "ce\": \"status\", \"resourceUrl\": \"https://zaken.example.nl/api/v1/statussen/42\", \"actie\""
		  ": \"create\", \"aanmaakdatum\": \"2026-03-02T08:15:30.250Z\", \"kenmerken\": {\"bron\": \"1\","
		  " \"zaaktype\": \"https://c.example.nl/zt/1\"}}",
		  "62dbcabad12d28e56b33154ac3428494", 0x371327f2, "dbe240da4f82b1bf6d8deb1fa815bc69" },
		{ IDENTITY_CORRELATION, "{\"kanaal\": \"zaken\", \"hoofdObject\": \"https://zaken.example.nl/api/v1/zaken/7\", \"resour"
		  "ce\": \"status\", \"resourceUrl\": \"https://zaken.example.nl/api/v1/statussen/42\", \"actie\""
		  ": \"create\", \"aanmaakdatum\": \"2026-03-02T08:15:30.250Z\", \"kenmerken\": {\"bron\": \"1\","
		  " \"zaaktype\": \"https://c.example.nl/zt/1\"}}",
		  "606760943de0a17b0de7b06a43b81be5", 0x4fdd3dd1, "dbe240da4f82b1bf6d8deb1fa815bc69" },
		{ IDENTITY_HEADER, "{\"kanaal\": \"zaken\", \"hoofdObject\": \"https://zaken.example.nl/api/v1/zaken/7\", \"resour"
		  "ce\": \"status\", \"resourceUrl\": \"https://zaken.example.nl/api/v1/statussen/42\", \"actie\""
		  ": \"create\", \"aanmaakdatum\": \"2026-03-02T08:15:30.250Z\", \"kenmerken\": {\"bron\": \"1\","
		  " \"zaaktype\": \"https://c.example.nl/zt/1\"}}",
		  "45fe455aa505b3693ed1508ed7c392d5", 0x4fdd3dd1, "dbe240da4f82b1bf6d8deb1fa815bc69" },
		{ IDENTITY_CONTENT, "{\"kanaal\":\"zaken\",\"hoofdObject\":\"https://zaken.example.nl/api/v1/zaken/7\",\"resource\""
		  ":\"status\",\"resourceUrl\":\"https://zaken.example.nl/api/v1/statussen/42\",\"actie\":\"creat"
		  "e\",\"aanmaakdatum\":\"2026-03-02T08:15:30.250Z\",\"kenmerken\":{\"bron\":\"1\",\"zaaktype\":\""
		  "https://c.example.nl/zt/1\"}}",
		  "62dbcabad12d28e56b33154ac3428494", 0x371327f2, "dbe240da4f82b1bf6d8deb1fa815bc69" },
		{ IDENTITY_CONTENT, "{\012 \"kenmerken\": {\012  \"bron\": \"1\",\012  \"zaaktype\": \"https://c.example.nl/zt/1\"\012"
		  " },\012 \"aanmaakdatum\": \"2026-03-02T08:15:30.250Z\",\012 \"actie\": \"create\",\012 \"resou"
		  "rceUrl\": \"https://zaken.example.nl/api/v1/statussen/42\",\012 \"resource\": \"status\",\012 "
		  "\"hoofdObject\": \"https://zaken.example.nl/api/v1/zaken/7\",\012 \"kanaal\": \"zaken\"\012}",
		  "62dbcabad12d28e56b33154ac3428494", 0x371327f2, "dbe240da4f82b1bf6d8deb1fa815bc69" },
		{ IDENTITY_CONTENT, "{\"kanaal\": \"z\\u0061ken\", \"hoofdObject\": \"https://zaken.example.nl/api/v1/zaken/7\", \""
		  "resource\": \"status\", \"resourceUrl\": \"https://zaken.example.nl/api/v1/statussen/42\", \"a"
		  "ctie\": \"create\", \"aanmaakdatum\": \"2026-03-02T08:15:30.250Z\", \"kenmerken\": {\"bron\": "
		  "\"1\", \"zaaktype\": \"https://c.example.nl/zt/1\"}}",
		  "62dbcabad12d28e56b33154ac3428494", 0x371327f2, "dbe240da4f82b1bf6d8deb1fa815bc69" },
		{ IDENTITY_CONTENT, "{\"kanaal\": \"zaken\", \"hoofdObject\": \"https:\\/\\/zaken.example.nl\\/api\\/v1\\/zaken\\/7"
		  "\", \"resource\": \"status\", \"resourceUrl\": \"https:\\/\\/zaken.example.nl\\/api\\/v1\\/sta"
		  "tussen\\/42\", \"actie\": \"create\", \"aanmaakdatum\": \"2026-03-02T08:15:30.250Z\", \"kenmer"
		  "ken\": {\"bron\": \"1\", \"zaaktype\": \"https:\\/\\/c.example.nl\\/zt\\/1\"}}",
		  "62dbcabad12d28e56b33154ac3428494", 0x371327f2, "dbe240da4f82b1bf6d8deb1fa815bc69" },
		{ IDENTITY_CONTENT, "{\"kanaal\": \"zaken\", \"hoofdObject\": \"https://zaken.example.nl/api/v1/zaken/7\", \"resour"
		  "ce\": \"status\", \"resourceUrl\": \"https://zaken.example.nl/api/v1/statussen/42\", \"actie\""
		  ": \"create\", \"aanmaakdatum\": \"2026-03-02T08:15:30.250Z\", \"kenmerken\": {\"bron\": \"1\","
		  " \"zaaktype\": \"https://c.example.nl/zt/1\"}, \"source\": \"zaken.example.nl\"}",
		  "5f07919864cadc248dd34b9842c63cce", 0x094b7323, "dbe240da4f82b1bf6d8deb1fa815bc69" },
		{ IDENTITY_CORRELATION, "{\"kanaal\": \"zaken\", \"hoofdObject\": \"https://zaken.example.nl/api/v1/zaken/7\", \"resour"
		  "ce\": \"status\", \"resourceUrl\": \"https://zaken.example.nl/api/v1/statussen/42\", \"actie\""
		  ": \"create\", \"aanmaakdatum\": \"2027-01-01T00:00:00Z\", \"kenmerken\": {\"bron\": \"1\", \"z"
		  "aaktype\": \"https://c.example.nl/zt/1\"}, \"source\": \"zaken.example.nl\"}",
		  "2bab7c86600b1c7940db555b75cb0117", 0x79bb322d, "dbe240da4f82b1bf6d8deb1fa815bc69" },
		{ IDENTITY_CORRELATION, "{\"kanaal\": \"zaken\", \"hoofdObject\": \"https://zaken.example.nl/api/v1/zaken/7\", \"resour"
		  "ce\": \"status\", \"resourceUrl\": \"https://zaken.example.nl/api/v1/statussen/42\", \"actie\""
		  ": \"create\", \"aanmaakdatum\": \"2026-01-01T00:00:00Z\", \"kenmerken\": {\"bron\": \"1\", \"z"
		  "aaktype\": \"https://c.example.nl/zt/1\"}, \"source\": \"zaken.example.nl\"}",
		  "2bab7c86600b1c7940db555b75cb0117", 0x79bb322d, "dbe240da4f82b1bf6d8deb1fa815bc69" },
		{ IDENTITY_CONTENT, "{\"kanaal\": \"zaken\", \"hoofdObject\": \"https://zaken.example.nl/api/v1/zaken/7\", \"resour"
		  "ce\": \"status\", \"resourceUrl\": \"https://zaken.example.nl/api/v1/statussen/42\", \"actie\""
		  ": \"create\", \"aanmaakdatum\": \"2026-03-02T08:15:30.250Z\"}",
		  "7b16d7b47be3e5feb0e82f0ed1553923", 0xacc66351, "dbe240da4f82b1bf6d8deb1fa815bc69" },
		{ IDENTITY_CONTENT, "{\"kanaal\": \"zaken\", \"hoofdObject\": \"https://zaken.example.nl/api/v1/zaken/7\", \"resour"
		  "ce\": \"status\", \"resourceUrl\": \"https://zaken.example.nl/api/v1/statussen/42\", \"actie\""
		  ": \"create\", \"aanmaakdatum\": \"2026-03-02T08:15:30.250Z\", \"kenmerken\": null}",
		  "9837ca242bbacf8b90e4cdcfa53294cc", 0xd2728d5c, "dbe240da4f82b1bf6d8deb1fa815bc69" },
		{ IDENTITY_CONTENT, "{\"kanaal\": \"zaken\", \"hoofdObject\": \"https://zaken.example.nl/api/v1/zaken/7\", \"resour"
		  "ce\": \"status\", \"resourceUrl\": \"https://zaken.example.nl/api/v1/statussen/42\", \"actie\""
		  ": \"create\", \"aanmaakdatum\": \"2026-03-02T08:15:30.250Z\", \"kenmerken\": {}}",
		  "c87790db0e5a602558d8e831bc750b8a", 0xae7b98bd, "dbe240da4f82b1bf6d8deb1fa815bc69" },
		{ IDENTITY_CONTENT, "{\"kanaal\": \"zaken\", \"hoofdObject\": \"https://zaken.example.nl/api/v1/zaken/7\", \"resour"
		  "ce\": \"status\", \"resourceUrl\": \"https://zaken.example.nl/api/v1/statussen/42\", \"actie\""
		  ": \"create\", \"aanmaakdatum\": \"2026-03-02T08:15:30.250Z\", \"kenmerken\": {\"z\": \"\303\251"
		  "\", \"y\": \"\342\202\254\", \"x\": \"\360\237\230\200\", \"w\": \"a\\\"b\\\\c\\nd\", \"v\": \""
		  "\"}}",
		  "c102f8087bde7eb18487a8fe0c7f523d", 0x18783b77, "dbe240da4f82b1bf6d8deb1fa815bc69" },
		{ IDENTITY_CONTENT, "{\"kanaal\": \"zaken\", \"hoofdObject\": \"https://zaken.example.nl/api/v1/zaken/7\", \"resour"
		  "ce\": \"status\", \"resourceUrl\": \"https://zaken.example.nl/api/v1/statussen/42\", \"actie\""
		  ": \"create\", \"aanmaakdatum\": \"2026-03-02T08:15:30.250Z\", \"kenmerken\": {\"z\": 1, \"y\":"
		  " null, \"x\": true}}",
		  "2f32b397226489817ea4719bf516c496", 0x720d17c3, "dbe240da4f82b1bf6d8deb1fa815bc69" },
		{ IDENTITY_CONTENT, "{\"kanaal\": \"zaken\", \"hoofdObject\": \"https://zaken.example.nl/api/v1/zaken/7\", \"resour"
		  "ce\": \"status\", \"resourceUrl\": \"https://zaken.example.nl/api/v1/statussen/42\", \"actie\""
		  ": \"create\", \"aanmaakdatum\": \"2026-03-02T08:15:30.250Z\", \"kenmerken\": {\"bron\": \"1\","
		  " \"zaaktype\": \"https://c.example.nl/zt/1\"}, \"extra\": {\"n\": [1, 2.5, 1e+300, -1], \"m\":"
		  " {\"b\": 1, \"a\": [{}]}}}",
		  "a9e345e5cbfd8357ea9032b2644420c2", 0x40bdb757, "dbe240da4f82b1bf6d8deb1fa815bc69" },
		{ IDENTITY_CONTENT, "{\"kanaal\": \"zaken\", \"hoofdObject\": \"https://zaken.example.nl/api/v1/zaken/7\", \"resour"
		  "ce\": \"status\", \"resourceUrl\": \"https://zaken.example.nl/api/v1/statussen/42\", \"actie\""
		  ": \"create\", \"aanmaakdatum\": \"2026-03-02T08:15:30.250Z\", \"kenmerken\": {\"bron\": \"1\","
		  " \"zaaktype\": \"https://c.example.nl/zt/1\"},\"n\":[-0,-0.0,1E5,12345678901234567890,0.10]}",
		  "e92dad96b822750661b0f809ab162b82", 0x7685c026, "dbe240da4f82b1bf6d8deb1fa815bc69" },
		{ IDENTITY_CONTENT, "{\"kanaal\": \"zaken\", \"hoofdObject\": \"https://zaken.example.nl/api/v1/zaken/\303\251-b\","
		  " \"resource\": \"status\", \"resourceUrl\": \"https://zaken.example.nl/api/v1/statussen/42\", "
		  "\"actie\": \"create\", \"aanmaakdatum\": \"2026-03-02T08:15:30.250Z\", \"kenmerken\": {\"bron\""
		  ": \"1\", \"zaaktype\": \"https://c.example.nl/zt/1\"}}",
		  "5a8077c44539e30ff9048d3bf87df529", 0x954c2029, "879c6fcd255de418fd9b02ae1508b63e" },
		{ IDENTITY_CONTENT, "{\"kanaal\": \"zaken\", \"hoofdObject\": \"https://zaken.example.nl/api/v1/zaken/7\", \"resour"
		  "ce\": \"status\", \"resourceUrl\": \"https://zaken.example.nl/api/v1/statussen/42\", \"actie\""
		  ": \"create\", \"aanmaakdatum\": \"2026-03-02T08:15:30\", \"kenmerken\": {\"bron\": \"1\", \"za"
		  "aktype\": \"https://c.example.nl/zt/1\"}}",
		  "d908b2ce7e5f800534ca679ef5446582", 0x42457d15, "dbe240da4f82b1bf6d8deb1fa815bc69" },
		{ IDENTITY_HEADER, "{\"kanaal\": \"zaken\", \"hoofdObject\": \"https://zaken.example.nl/api/v1/zaken/7\", \"resour"
		  "ce\": \"status\", \"resourceUrl\": \"https://zaken.example.nl/api/v1/statussen/42\", \"actie\""
		  ": \"create\", \"aanmaakdatum\": \"2026-03-02T08:15:30\", \"kenmerken\": {\"bron\": \"1\", \"za"
		  "aktype\": \"https://c.example.nl/zt/1\"}, \"x\": \"y\"}",
		  "45fe455aa505b3693ed1508ed7c392d5", 0xd01ebe31, "dbe240da4f82b1bf6d8deb1fa815bc69" },
		{ IDENTITY_CONTENT, "{\"kanaal\": \"zaken\", \"hoofdObject\": \"https://zaken.example.nl/api/v1/zaken/7\", \"resour"
		  "ce\": \"status\", \"resourceUrl\": \"https://x.example.nl\", \"actie\": \"create\", \"aanmaakd"
		  "atum\": \"2026-03-02T08:15:30.250Z\", \"kenmerken\": {\"bron\": \"1\", \"zaaktype\": \"https:/"
		  "/c.example.nl/zt/1\"}}",
		  "aca4e2aa90d38ab9073d039964ea3358", 0x3f8664fd, "dbe240da4f82b1bf6d8deb1fa815bc69" },
		{ IDENTITY_CONTENT, "{\"kanaal\": \"test\", \"hoofdObject\": \"https://zaken.example.nl/api/v1/zaken/7\", \"resourc"
		  "e\": \"status\", \"resourceUrl\": \"https://zaken.example.nl/api/v1/statussen/42\", \"actie\":"
		  " \"create\", \"aanmaakdatum\": \"2026-03-02T08:15:30.250Z\", \"kenmerken\": {\"bron\": \"1\", "
		  "\"zaaktype\": \"https://c.example.nl/zt/1\"}}",
		  "3db717916304a2c894e1f6430c03b1d6", 0x2c010ebb, "dbe240da4f82b1bf6d8deb1fa815bc69" },
		{ IDENTITY_CORRELATION, "{\"kanaal\": \"zaken\", \"hoofdObject\": \"https://zaken.example.nl/api/v1/zaken/7\", \"resour"
		  "ce\": \"status\", \"resourceUrl\": \"https://zaken.example.nl/api/v1/statussen/42\", \"actie\""
		  ": \"create\", \"aanmaakdatum\": \"2026-03-02T08:15:30.250Z\", \"kenmerken\": {\"30\": \"k900\""
		  ", \"29\": \"k841\", \"28\": \"k784\", \"27\": \"k729\", \"26\": \"k676\", \"25\": \"k625\", \""
		  "24\": \"k576\", \"23\": \"k529\", \"22\": \"k484\", \"21\": \"k441\", \"20\": \"k400\", \"19\""
		  ": \"k361\", \"18\": \"k324\", \"17\": \"k289\", \"16\": \"k256\", \"15\": \"k225\", \"14\": \""
		  "k196\", \"13\": \"k169\", \"12\": \"k144\", \"11\": \"k121\", \"10\": \"k100\", \"9\": \"k81\""
		  ", \"8\": \"k64\", \"7\": \"k49\", \"6\": \"k36\", \"5\": \"k25\", \"4\": \"k16\", \"3\": \"k9\""
		  ", \"2\": \"k4\", \"1\": \"k1\"}}",
		  "631795bf97370e77672323daefb43f8e", 0x507b20ba, "dbe240da4f82b1bf6d8deb1fa815bc69" },
	};
	struct attr headers[] = { { "x-correlation-id", "c0ffee" }, { "x-my-id", "42" } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct nrc_rules rules = { NRC_LENIENT, rows[i].identity, "x-my-id", "sender" };
		struct message m = { .method = "POST", .path = "/", .query = "", .peer = "", .headers = headers, .n_headers = 2,
				     .body = (const unsigned char *)rows[i].text, .body_len = strlen(rows[i].text) };
		struct faults faults = { .pool = pool_new() };
		char hex[2 * EVENT_KEY + 1];
		struct event event;
		bool probe;

		ck_assert_int_eq(nrc_parse(faults.pool, &m, &rules, &event, &probe, &faults), 0);
		ck_assert_str_eq(event_key_hex(hex, &event.key), rows[i].key);
		ck_assert_uint_eq(event.digest, rows[i].digest);
		ck_assert_str_eq(event_key_hex(hex, &event.lane), rows[i].lane);
		pool_free(&faults.pool);
	}
}
END_TEST

/* ---- documents as chance makes them ---- */

struct chance {
	uint64_t state;
	struct buf text;
};

static unsigned roll(struct chance *c, unsigned sides)
{
	c->state = c->state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(c->state >> 33) % sides;
}

static void put_one_of(struct chance *c, const char *const *words, unsigned n)
{
	buf_str(&c->text, words[roll(c, n)]);
}

static void put_blank(struct chance *c)
{
	static const char *const blanks[] = { "", "", "", " ", "\n", "\t ", "\r\n" };

	put_one_of(c, blanks, COUNT(blanks));
}

static void put_inside(struct chance *c)
{
	static const char *const pieces[] = { "a", "b", "zaak", "http://x.nl/", " ", "\\n", "\\\"", "\\\\", "\\/", "\\u0061", "\\u00e9", "\303\251",
		"\\u20AC", "\\ud83d\\ude00", "\360\237\230\200", "\\u001f", "\177", "\\b", "012345678901234567890123456789", "aanmaakdatum" };

	for (unsigned n = roll(c, 6); n; n--)
		put_one_of(c, pieces, COUNT(pieces));
}

static void put_value(struct chance *c, unsigned depth);

static void put_members(struct chance *c, unsigned depth)
{
	unsigned n = roll(c, depth ? 5 : 24);

	buf_char(&c->text, '{');
	for (unsigned i = 0; i < n; i++) {
		if (i)
			buf_char(&c->text, ',');
		put_blank(c);
		buf_char(&c->text, '"');
		put_inside(c);
		if (roll(c, 40))	/* else one may be there twice */
			buf_fmt(&c->text, "%u", i);
		buf_char(&c->text, '"');
		put_blank(c);
		buf_char(&c->text, ':');
		put_blank(c);
		put_value(c, depth + 1);
		put_blank(c);
	}
	buf_char(&c->text, '}');
}

static void put_elements(struct chance *c, unsigned depth)
{
	buf_char(&c->text, '[');
	for (unsigned n = roll(c, 6), i = 0; i < n; i++) {
		if (i)
			buf_char(&c->text, ',');
		put_blank(c);
		put_value(c, depth + 1);
		put_blank(c);
	}
	buf_char(&c->text, ']');
}

static void put_number(struct chance *c)
{
	static const char *const tails[] = { "", "", "", ".0", ".50", "e5", "E+05", "e-1", "12345678901", "123456789012345678901234567890" };

	if (!roll(c, 4))
		buf_char(&c->text, '-');
	buf_fmt(&c->text, "%u", roll(c, 3) ? roll(c, 1000000000) : 0);
	if (c->text.p[c->text.len - 1] != '0' || roll(c, 2))
		put_one_of(c, tails, COUNT(tails));
}

static void put_value(struct chance *c, unsigned depth)
{
	static const char *const literals[] = { "true", "false", "null", "{}", "[]", "\"\"", "nul", "\"\\ud800\"" };
	unsigned kind = roll(c, depth > 6 ? 5 : 10);

	if (kind < 3) {
		buf_char(&c->text, '"');
		put_inside(c);
		buf_char(&c->text, '"');
	} else if (kind == 3) {
		put_number(c);
	} else if (kind == 4) {
		put_one_of(c, literals, roll(c, 50) ? 6 : COUNT(literals));
	} else if (kind < 8) {
		put_members(c, depth);
	} else {
		put_elements(c, depth);
	}
}

/* One digest stands for all their forms, and for the faults of those that are none. */
START_TEST(so_are_the_forms_of_five_thousand_documents_of_chance)
{
	struct chance c = { .state = 20261126 };
	struct buf form = {0}, all = {0};
	unsigned char digest[SHA256_LEN];
	struct buf hex = {0};
	size_t sound = 0;

	for (int i = 0; i < 5000; i++) {
		buf_reset(&c.text);
		put_members(&c, 0);
		sound += canonical(c.text.p, c.text.len, &form);
		buf_put(&all, form.p, form.len + 1);
	}
	digest_sha256(digest, all.p, all.len);
	buf_hex(&hex, digest, sizeof digest);
	ck_assert_uint_eq(sound, 3334);
	ck_assert_str_eq(hex.p, "b04df45ba0861d52048883c6dd748de6a676a2fe98ef9a65cc27217b9f7ae45d");
	buf_free(&hex);
	buf_free(&all);
	buf_free(&form);
	buf_free(&c.text);
}
END_TEST

UNIT_MAIN("canonical", the_canonical_form_is_what_it_was, keys_digests_and_lanes_are_what_they_were,
	  so_are_the_forms_of_five_thousand_documents_of_chance)
