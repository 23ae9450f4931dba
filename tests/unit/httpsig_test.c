/* SPDX-License-Identifier: EUPL-1.2
 * Message signatures: their base is that of RFC 9421 to the byte, and what is made is believed. */
#include "config.h"
#include "httpsig_rig.h"

#include "base/sock.h"
#include "event/base64.h"
#include "event/json.h"
#include "keys.h"
#include "trust/field.h"

/* ---- the base ---- */

/* The value of one component, as written in Signature-Input; null: it has none. */
static const char *component(struct rig *r, const char *id)
{
	struct httpsig_request request = rig_request(r);
	const char *name = pool_fmt(r->pool, "(%s)", id), *line = NULL;
	struct buf base = { 0 };
	struct sfv field;

	ck_assert_msg(sfv_read(r->pool, SFV_LIST, name, &field, &r->why), "%s: %s", id, r->why);
	if (httpsig_base(&request, field.v, &base, &r->why)) {
		char *end = strstr(base.p, "\n\"@signature-params\": ");

		ck_assert(end && strncmp(base.p, id, strlen(id)) == 0 && strncmp(base.p + strlen(id), ": ", 2) == 0);
		ck_assert_str_eq(end + strlen("\n\"@signature-params\": "), name);
		*end = '\0';
		line = pool_str(r->pool, base.p + strlen(id) + 2);
	}
	buf_free(&base);
	return line;
}

struct row {
	const char *id;
	const char *value;	/* null: the RFC has none, and why is in says */
	const char *says;
};

static void check_rows(struct rig *r, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *value = component(r, rows[i].id);

		ck_assert_msg(!value == !rows[i].value, "%s: %s", rows[i].id, value ? value : r->why);
		if (value)
			ck_assert_str_eq(value, rows[i].value);
		else
			ck_assert_msg(strstr(r->why, rows[i].says), "%s: %s", rows[i].id, r->why);
	}
}

#define CHECK(r, rows) check_rows(r, rows, sizeof (rows) / sizeof *(rows))

/* RFC 9421 2.1 to 2.1.3, and what they forbid */
START_TEST(fields)
{
	static const struct row rows[] = {
		{ "\"x-ows\"", "Leading and trailing.", NULL }, { "\"x-fold\"", "Obsolete line folding.", NULL }, { "\"x-empty\"", "", NULL },
		{ "\"cache-control\"", "max-age=60, must-revalidate", NULL }, { "\"x-tab\"", "a\tb", NULL }, { "\"content-length\"", "18", NULL },
		{ "\"dict\"", "a=1,    b=2;x=1;y=2,   c=(a   b   c), d", NULL }, { "\"dict\";sf", "a=1, b=2;x=1;y=2, c=(a b c), d", NULL },
		{ "\"dict\";key=\"a\"", "1", NULL }, { "\"dict\";key=\"d\"", "?1", NULL }, { "\"dict\";key=\"b\"", "2;x=1;y=2", NULL },
		{ "\"dict\";key=\"c\"", "(a b c)", NULL }, { "\"dict\";sf;key=\"c\"", "(a b c)", NULL }, { "\"list\";sf", "a, (b c);x, 1.5", NULL },
		{ "\"item\";sf", "\"a\";x=1", NULL }, { "\"x-empty\";sf", "", NULL },
		{ "\"commas\"", "value, with, lots, of, commas", NULL },
		{ "\"commas\";bs", ":dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:", NULL }, { "\"utf8\";bs", ":w6k=:", NULL },
		{ "\"none\"", NULL, "not there" }, { "\"none\";bs", NULL, "not there" }, { "\"none\";sf", NULL, "not there" },
		{ "\"Dict\"", NULL, "not there" }, { "\"\"", NULL, "not there" }, { "\"dict\";key=\"e\"", NULL, "not there" },
		{ "\"list\";key=\"a\"", NULL, "not a dictionary" }, { "\"date\";sf", NULL, "not a structured field" },
		{ "\"twice\";sf", NULL, "twice" }, { "\"twice\";key=\"a\"", NULL, "twice" },
		{ "\"dict\";bs;sf", NULL, "go together" }, { "\"dict\";bs;key=\"a\"", NULL, "go together" },
		{ "\"dict\";tr", NULL, "not known" }, { "\"dict\";req", NULL, "not known" }, { "\"dict\";x", NULL, "not known" },
		{ "\"dict\";name=\"a\"", NULL, "not known" }, { "\"dict\";sf=?0", NULL, "not known" }, { "\"dict\";sf=1", NULL, "not known" },
		{ "\"dict\";key", NULL, "not known" }, { "\"dict\";key=a", NULL, "not known" }, { "\"dict\";bs=\"x\"", NULL, "not known" },
		{ "\"utf8\"", NULL, "not printable" }, { "\"line\"", NULL, "not printable" }, { "\"return\"", NULL, "not printable" },
		{ "\"control\"", NULL, "not printable" },
	};
	struct rig r;

	rig_begin(&r);
	rig_add(&r, "x-ows", "  Leading and trailing. \t");
	rig_add(&r, "x-fold", "Obsolete \r\n   line folding.");
	rig_add(&r, "x-empty", "");
	rig_add(&r, "x-tab", "a\tb");
	rig_add(&r, "cache-control", "max-age=60");
	rig_add(&r, "cache-control", "   must-revalidate");
	rig_add(&r, "dict", "a=1,    b=2;x=1;y=2,   c=(a   b   c), d");
	rig_add(&r, "list", "a,(b  c); x , 1.50");
	rig_add(&r, "item", "\"a\"; x=1");
	rig_add(&r, "commas", "value, with, lots");
	rig_add(&r, "commas", "of, commas");
	rig_add(&r, "date", "Tue, 20 Apr 2021 02:07:55 GMT");
	rig_add(&r, "twice", "a=1");
	rig_add(&r, "twice", "a=1");
	rig_add(&r, "utf8", "\xc3\xa9");
	rig_add(&r, "line", "x\n\"@method\": GET");
	rig_add(&r, "return", "x\ry");
	rig_add(&r, "control", "x\x01");
	CHECK(&r, rows);
	rig_end(&r);
}
END_TEST

START_TEST(several_structured_fields_in_one_base)
{
	struct rig r;
	struct httpsig_request request;
	struct buf base = { 0 };
	struct sfv field;

	rig_begin(&r);
	rig_add(&r, "one", "a=1,b=2");
	rig_add(&r, "two", "a=3,  b");
	rig_add(&r, "three", "(x  y)");
	request = rig_request(&r);
	ck_assert(sfv_read(r.pool, SFV_LIST, "(\"one\";key=\"a\" \"two\";key=\"a\" \"one\";sf \"three\";sf \"two\";sf \"two\";key=\"b\")",
			   &field, &r.why));
	ck_assert(httpsig_base(&request, field.v, &base, &r.why));
	ck_assert_str_eq(base.p, "\"one\";key=\"a\": 1\n\"two\";key=\"a\": 3\n\"one\";sf: a=1, b=2\n\"three\";sf: (x y)\n"
			 "\"two\";sf: a=3, b\n\"two\";key=\"b\": ?1\n\"@signature-params\": (\"one\";key=\"a\" \"two\";key=\"a\" "
			 "\"one\";sf \"three\";sf \"two\";sf \"two\";key=\"b\")");
	buf_free(&base);
	rig_end(&r);
}
END_TEST

START_TEST(a_header_of_several_lines_may_fold)
{
	static const struct { const char *value, *clean; } rows[] = {
		{ "a\r\n b", "a b" }, { "a \t\r\n\t b", "a b" }, { "a\n b", "a b" }, { "\r\n a", "a" }, { "a\r\n ", "a" }, { "a\r\nb", "a\r\nb" },
		{ "a\r b", "a\r b" }, { "a  b", "a  b" }, { "a\r\n \r\n b", "a  b" }, { " \t ", "" }, { "a\n", "a\n" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct attr header = { "x", rows[i].value };
		struct message m = { .headers = &header, .n_headers = 1 };
		struct pool *pool = pool_new();

		ck_assert_str_eq(field_value(pool, &m, "x"), rows[i].clean);
		ck_assert_ptr_null(field_value(pool, &m, "y"));
		pool_free(&pool);
	}
}
END_TEST

/* RFC 9421 2.2 */
START_TEST(derived_components)
{
	static const struct row rows[] = {
		{ "\"@method\"", "POST", NULL }, { "\"@authority\"", "example.com", NULL }, { "\"@scheme\"", "https", NULL },
		{ "\"@path\"", "/hooks", NULL }, { "\"@query\"", "?a=b%20c&d=1", NULL },
		{ "\"@request-target\"", "/hooks?a=b%20c&d=1", NULL }, { "\"@target-uri\"", "https://example.com/hooks?a=b%20c&d=1", NULL },
		{ "\"@query-param\";name=\"d\"", "1", NULL }, { "\"@query-param\";name=\"a\"", "b%20c", NULL },
		{ "\"@query-param\";name=\"e\"", NULL, "not there" }, { "\"@query-param\"", NULL, "has no name" },
		{ "\"@query-param\";name", NULL, "has no name" }, { "\"@query-param\";name=\"d\";sf", NULL, "or other parameters" },
		{ "\"@status\"", NULL, "requests do not have" }, { "\"@signature-params\"", NULL, "requests do not have" },
		{ "\"@unknown\"", NULL, "requests do not have" }, { "\"@\"", NULL, "requests do not have" }, { "\"@Method\"", NULL, "requests do not" },
		{ "\"@method\";req", NULL, "not known" }, { "\"@method\";sf", NULL, "not known" }, { "\"@path\";name=\"x\"", NULL, "not known" },
	};
	struct rig r;

	rig_begin(&r);
	CHECK(&r, rows);
	rig_end(&r);
}
END_TEST

/* RFC 9421 2.2.8 */
START_TEST(query_parameters)
{
	static const struct row rows[] = {
		{ "\"@query-param\";name=\"var\"", "this%20is%20a%20big%0Amultiline%20value", NULL },
		{ "\"@query-param\";name=\"bar\"", "with%20plus%20whitespace", NULL },
		{ "\"@query-param\";name=\"fa%C3%A7ade%22%3A%20\"", "something", NULL }, { "\"@query-param\";name=\"qux\"", "", NULL },
		{ "\"@query-param\";name=\"flag\"", "", NULL }, { "\"@query-param\";name=\"eq\"", "a%3Db", NULL },
		{ "\"@query-param\";name=\"raw\"", "*-._%7E%21%27%28%29%2F%3F%40%C3%A9", NULL }, { "\"@query-param\";name=\"odd\"", "%25%25g1%251", NULL },
		{ "\"@query-param\";name=\"x%20y\"", "1", NULL }, { "\"@query-param\";name=\"x y\"", NULL, "not there" },
		{ "\"@query-param\";name=\"x+y\"", NULL, "not there" }, { "\"@query-param\";name=\"x%20Y\"", NULL, "not there" },
		{ "\"@query-param\";name=\"twice\"", NULL, "there twice" }, { "\"@query-param\";name=\"hidden\"", NULL, "there twice" },
		{ "\"@query-param\";name=\"latin\"", NULL, "not UTF-8" }, { "\"@query-param\";name=\"\"", "empty", NULL },
	};
	struct rig r;

	rig_begin(&r);
	r.m.query = "var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something&qux=&flag&&"
		    "eq=a=b&raw=*-._~!'()/?@%c3%a9&odd=%%g1%1&x+y=1&twice=1&twice=1&hidden=1&%68idden=2&latin=%e9&=empty&";
	CHECK(&r, rows);
	rig_end(&r);
}
END_TEST

START_TEST(where_the_message_went)
{
	static const struct {
		const char *url, *host, *path, *query;
		enum message_scheme scheme;
		const char *authority, *uri, *origin;
	} rows[] = {
		{ NULL, "Example.COM", "/a", "", SCHEME_HTTPS, "example.com", "https://Example.COM/a", "/a" },
		{ NULL, "example.com:443", "/a", "b", SCHEME_HTTPS, "example.com", "https://example.com:443/a?b", "/a?b" },
		{ NULL, "example.com:80", "", "", SCHEME_HTTP, "example.com", "http://example.com:80/", "/" },
		{ NULL, "example.com:80", "/", "", SCHEME_HTTPS, "example.com:80", "https://example.com:80/", "/" },
		{ NULL, "example.com:", "/", "", SCHEME_HTTPS, "example.com", "https://example.com:/", "/" },
		{ NULL, "example.com:8443", "/", "", SCHEME_UNKNOWN, "example.com:8443", NULL, "/" },
		{ NULL, "example.com:443", "/", "", SCHEME_UNKNOWN, "example.com:443", NULL, "/" },
		{ NULL, "[::1]:443", "/", "", SCHEME_HTTPS, "[::1]", "https://[::1]:443/", "/" },
		{ NULL, "[FE80::1]", "/", "", SCHEME_HTTPS, "[fe80::1]", "https://[FE80::1]/", "/" },
		{ NULL, "", "/", "", SCHEME_HTTPS, NULL, NULL, "/" }, { NULL, NULL, "/a%2Fb", "", SCHEME_HTTPS, NULL, NULL, "/a%2Fb" },
		{ "https://Example.com/hooks/nrc", "intern:8080", "/x", "a=b", SCHEME_HTTP, "example.com", "https://Example.com/hooks/nrc?a=b",
		  "/hooks/nrc?a=b" },
		{ "https://example.com:443", "intern", "/x", "", SCHEME_HTTP, "example.com", "https://example.com:443/", "/" },
		{ "http://example.com:443/", NULL, "/x", "", SCHEME_UNKNOWN, "example.com:443", "http://example.com:443/", "/" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct attr header = { "host", rows[i].host };
		struct message m = { .method = "POST", .path = rows[i].path, .query = rows[i].query, .scheme = rows[i].scheme,
				     .headers = &header, .n_headers = rows[i].host != NULL };
		struct pool *pool = pool_new();
		struct httpsig_target target;
		const char *uri;

		target_read(pool, &m, rows[i].url, &target);
		uri = target.uri;
		ck_assert_msg(!uri == !rows[i].uri && !target.authority == !rows[i].authority, "row %zu", i);
		if (uri)
			ck_assert_str_eq(uri, rows[i].uri);
		if (target.authority)
			ck_assert_str_eq(target.authority, rows[i].authority);
		ck_assert_str_eq(target_origin_form(pool, &target), rows[i].origin);
		pool_free(&pool);
	}
}
END_TEST

START_TEST(parts_that_are_not_known_have_no_value)
{
	static const struct row rows[] = {
		{ "\"@authority\"", NULL, "set url" }, { "\"@target-uri\"", NULL, "set url" }, { "\"@path\"", "/hooks", NULL },
		{ "\"@query\"", "?", NULL },
	};
	struct rig r;

	rig_begin(&r);
	rig_add(&r, "host", "other.example");	/* two of them: none */
	r.m.query = "";
	CHECK(&r, rows);
	rig_remove(&r, "host");
	CHECK(&r, rows);
	r.m.scheme = SCHEME_UNKNOWN;
	ck_assert_ptr_null(component(&r, "\"@scheme\""));
	rig_end(&r);
}
END_TEST

START_TEST(a_base_has_limits)
{
	struct rig r;
	struct buf ids = { 0 };
	char *large;

	rig_begin(&r);
	large = pool_alloc(r.pool, HTTPSIG_BASE_MAX + 1);
	memset(large, 'x', HTTPSIG_BASE_MAX);
	rig_add(&r, "large", large);
	ck_assert_ptr_null(component(&r, "\"large\""));
	ck_assert_str_eq(r.why, "what it covers is too large");
	for (int i = 0; i <= HTTPSIG_COMPONENTS; i++)
		buf_fmt(&ids, "%s\"content-type\";key=\"k%d\"", i ? " " : "", i);
	ck_assert_ptr_null(component(&r, ids.p));
	ck_assert_str_eq(r.why, "it covers too much");
	buf_free(&ids);
	rig_end(&r);
}
END_TEST

/* ---- published vectors ---- */

static const char *text_at(struct json_object *doc, const char *pointer)
{
	struct json_object *value;

	return json_at(doc, pointer, &value) ? json_text(value) : NULL;
}

static void read_key(struct rig *r, struct json_object *vector)
{
	const char *pem = text_at(vector, "/public_key_pem"), *secret = text_at(vector, "/secret_b64");
	unsigned char *bytes = pool_alloc(r->pool, 256);
	struct err err;

	r->keys[0] = (struct jwk){ .alg = ALG_NONE };
	if (pem) {
		r->keys[0].key = key_pem(pem, false, &pem, &err);
		ck_assert_msg(r->keys[0].key != NULL, "%s", err.text);
		return;
	}
	ck_assert(base64_decode(secret, strlen(secret), bytes, &r->keys[0].secret.len));
	r->keys[0].secret.p = bytes;
}

/* The message, or where the vector has none, one from the lines of its base. */
static void read_message(struct rig *r, struct json_object *vector)
{
	const char *target = text_at(vector, "/message/target"), *body = text_at(vector, "/message/body");
	struct json_object *pair;

	r->m.n_headers = 0;
	r->m.path = pool_strn(r->pool, target ? target : "/foo", strcspn(target ? target : "/foo", "?"));
	r->m.query = target && strchr(target, '?') ? strchr(target, '?') + 1 : "param=Value&Pet=dog";
	r->m.body = (const unsigned char *)(body ? body : "");
	r->m.body_len = strlen((const char *)r->m.body);
	for (int i = 0; json_at(vector, pool_fmt(r->pool, "/message/headers/%d", i), &pair); i++) {
		char *name = pool_str(r->pool, text_at(pair, "/0"));

		for (char *p = name; *p; p++)
			*p = (char)(*p >= 'A' && *p <= 'Z' ? *p | 0x20 : *p);
		rig_add(r, name, text_at(pair, "/1"));
	}
	if (!target && !body) {
		const char *cert = strstr(text_at(vector, "/signature_base"), "\"client-cert\": ") + strlen("\"client-cert\": ");

		rig_add(r, "host", "service.internal.example");
		rig_add(r, "client-cert", pool_strn(r->pool, cert, strcspn(cert, "\n")));
	}
}

/* Its Signature-Input; where the vector has none, from the last line of its base. */
static const char *read_input(struct rig *r, struct json_object *vector)
{
	const char *input = text_at(vector, "/signature_input"), *base = text_at(vector, "/signature_base");
	const char *label = text_at(vector, "/signature");

	if (input)
		return input;
	return pool_fmt(r->pool, "%.*s=%s", (int)strcspn(label, "="), label, strstr(base, "-params\": ") + strlen("-params\": "));
}

static void check_vector(struct rig *r, struct json_object *vector)
{
	const char *name = text_at(vector, "/id"), *alg = text_at(vector, "/alg"), *says = text_at(vector, "/signature_base");
	bool response = strstr(says, "\"@status\"") != NULL, empty = strncmp(says, "\"@signature-params\"", 19) == 0;
	const char *input = read_input(r, vector);
	struct httpsig_request request;
	struct buf base = { 0 }, said = { 0 };
	struct sfv inputs, signatures;
	struct span signature;
	const char *why;

	read_key(r, vector);
	read_message(r, vector);
	request = rig_request(r);
	ck_assert(sfv_read(r->pool, SFV_DICTIONARY, input, &inputs, &why) && inputs.n == 1);
	ck_assert(sfv_read(r->pool, SFV_DICTIONARY, text_at(vector, "/signature"), &signatures, &why) && signatures.n == 1);
	signature = (struct span){ signatures.v->item.bare.p, signatures.v->item.bare.len };
	ck_assert_msg(httpsig_base(&request, inputs.v, &base, &why) == !response, "%s: %s", name, why);
	if (!response)
		ck_assert_str_eq(base.p, says);
	buf_str(&said, says);
	ck_assert_msg(httpsig_signed(r->keys, httpsig_alg(alg, strlen(alg)), &said, signature), "%s", name);
	said.p[0] ^= 1;
	ck_assert(!httpsig_signed(r->keys, httpsig_alg(alg, strlen(alg)), &said, signature));
	rig_add(r, "signature-input", input);
	rig_add(r, "signature", text_at(vector, "/signature"));
	r->rules.components = response || empty ? "" : "@authority";
	ck_assert_int_eq(httpsig_verify(&request, &r->rules, 1618884473000, &why), response || empty ? HTTPSIG_BAD : HTTPSIG_GOOD);
	if (empty)
		ck_assert_str_eq(why, "it covers nothing");
	buf_free(&base);
	buf_free(&said);
}

/* B.2.1 covers nothing: right by the RFC, and not believed. B.2.4 is a response, and we get none. */
START_TEST(published_vectors)
{
	char *path = str_fmt("%s/../shared/cases/signature_vectors.json", getenv("srcdir") ? getenv("srcdir") : ".");
	struct faults faults = { .pool = pool_new() };
	struct json_object *doc, *vector;
	size_t len, n = 0;
	struct err err;
	char *text = file_read(path, 1 << 20, &len, &err);

	if (text) {
		ck_assert(json_parse(text, len, &doc, &faults) == 0);
		for (int i = 0; json_at(doc, pool_fmt(faults.pool, "/vectors/%d", i), &vector); i++)
			if (strcmp(text_at(vector, "/scheme"), "rfc9421") == 0) {
				struct rig r;

				rig_begin(&r);
				check_vector(&r, vector);
				rig_end(&r);
				n++;
			}
		ck_assert_uint_eq(n, 7);
		json_drop(&doc);
	}
	free(text);
	free(path);
	pool_free(&faults.pool);
}
END_TEST

/* ---- made and believed ---- */

static const struct { enum alg alg; const char *pem; } algs[] = {
	{ ALG_HS256, NULL }, { ALG_EDDSA, ED25519_PEM }, { ALG_ES256, P256_PEM }, { ALG_ES384, P384_PEM }, { ALG_PS512, RSA_PEM },
	{ ALG_RS256, RSA_PEM },
};

START_TEST(what_is_made_is_believed)
{
	for (size_t i = 0; i < sizeof algs / sizeof *algs; i++) {
		struct rig r;

		rig_begin(&r);
		if (algs[i].pem)
			rig_key(&r, algs[i].alg, algs[i].pem);
		r.keys[0].kid = r.make.key.kid = i & 1 ? "k \"1\"" : NULL;
		r.make.tag = r.rules.tag = i & 2 ? "postvak" : NULL;
		rig_sign(&r);
		rig_good(&r);
		r.m.body_len--;
		rig_refused(&r, "not the body's");
		rig_end(&r);
	}
}
END_TEST

START_TEST(lines_that_are_made)
{
	struct rig r;

	rig_begin(&r);
	r.make.key.kid = "k1";
	r.make.tag = "t";
	rig_sign(&r);
	ck_assert_str_eq(*rig_header(&r, "content-digest"), "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:");
	ck_assert_str_eq(*rig_header(&r, "signature-input"), "sig1=(\"@method\" \"@authority\" \"@path\" \"content-digest\" \"content-type\")"
			 ";created=1700000000;keyid=\"k1\";alg=\"hmac-sha256\";tag=\"t\"");
	ck_assert_int_eq(strncmp(*rig_header(&r, "signature"), "sig1=:", 6), 0);
	rig_end(&r);
}
END_TEST

START_TEST(what_cannot_be_made)
{
	struct rig r;
	struct httpsig_request request;
	struct buf out = { 0 };
	struct err err;

	rig_begin(&r);
	request = rig_request(&r);
	r.make.components = "@method x-none";
	ck_assert(httpsig_make(&r.make, &request, &out, &err) == -1 && strstr(err.text, "not there"));
	r.make.components = NULL;
	r.make.alg = ALG_ES256;
	ck_assert(httpsig_make(&r.make, &request, &out, &err) == -1 && strstr(err.text, "hmac-sha256"));
	r.make.alg = ALG_PS256;
	ck_assert(httpsig_make(&r.make, &request, &out, &err) == -1 && strstr(err.text, "PS256"));
	r.make.alg = ALG_HS256;
	r.make.key.kid = "caf\xc3\xa9";
	ck_assert(httpsig_make(&r.make, &request, &out, &err) == -1 && strstr(err.text, "ASCII"));
	buf_free(&out);
	rig_end(&r);
}
END_TEST

START_TEST(the_url_of_the_endpoint_counts)
{
	struct rig r;

	rig_begin(&r);
	r.url = "https://hooks.gemeente.example/in/nrc";
	r.make.components = "@method @target-uri content-digest content-type";
	rig_sign(&r);
	rig_good(&r);
	*rig_header(&r, "host") = "intern:8080";
	r.m.scheme = SCHEME_HTTP;
	r.m.path = "/nrc";
	rig_good(&r);
	r.url = NULL;
	rig_refused(&r, "the signature is wrong");
	rig_end(&r);
}
END_TEST

START_TEST(rules_are_read)
{
	struct conf_signing signing = { .max_age_ms = 1000, .tag = "t" };
	struct httpsig_rules rules;
	struct err err;

	ck_assert(httpsig_rules_read(&signing, &rules, &err) == 0);
	ck_assert(rules.max_age_ms == 1000 && strcmp(rules.tag, "t") == 0 && strcmp(rules.components, HTTPSIG_REQUIRED) == 0);
	ck_assert((rules.allowed & 1u << ALG_EDDSA) && (rules.allowed & 1u << ALG_HS256));
	signing.components = "@path";
	signing.algorithms = "ed25519, rsa-pss-sha512";
	ck_assert(httpsig_rules_read(&signing, &rules, &err) == 0);
	ck_assert_str_eq(rules.components, "@path");
	ck_assert_uint_eq(rules.allowed, 1u << ALG_EDDSA | 1u << ALG_PS512);
	signing.algorithms = "ed25519 ES256";
	ck_assert(httpsig_rules_read(&signing, &rules, &err) == -1 && strstr(err.text, "ES256 is not"));
}
END_TEST

START_TEST(names_of_algorithms)
{
	for (size_t i = 0; i < sizeof algs / sizeof *algs; i++) {
		const char *name = httpsig_alg_name(algs[i].alg);

		ck_assert_int_eq(httpsig_alg(name, strlen(name)), algs[i].alg);
	}
	ck_assert_int_eq(httpsig_alg("ES256", 5), ALG_NONE);
	ck_assert_int_eq(httpsig_alg("ed2551", 6), ALG_NONE);
	ck_assert_ptr_null(httpsig_alg_name(ALG_PS256));
	ck_assert_ptr_null(httpsig_alg_name(ALG_NONE));
}
END_TEST

UNIT_MAIN("httpsig", fields, several_structured_fields_in_one_base, a_header_of_several_lines_may_fold, derived_components, query_parameters, where_the_message_went,
	  parts_that_are_not_known_have_no_value, a_base_has_limits, published_vectors, what_is_made_is_believed, lines_that_are_made,
	  what_cannot_be_made, the_url_of_the_endpoint_counts, rules_are_read, names_of_algorithms)
