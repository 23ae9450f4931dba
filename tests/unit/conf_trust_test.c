/* SPDX-License-Identifier: EUPL-1.2
 * Settings of who may send: what does not go together is a problem, at its line, and what does loads, is printed and
 * loads again. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/sock.h"
#include "conf/conf.h"
#include "unit.h"

static char dir[UNIT_PATH];
static struct problems problems;

static void put(const char *name, const char *text, mode_t mode)
{
	char *path = str_fmt("%s/%s", dir, name);
	struct err err;

	ck_assert_msg(file_replace(path, text, strlen(text), mode, &err) == 0, "%s", err.text);
	ck_assert_int_eq(chmod(path, mode), 0);
	free(path);
}

static void setup(void)
{
	unit_dir(dir);
	problems.pool = pool_new();
	put("key", "geheim\n", 0600);
	put("pair", "piet:geheim\n", 0600);
	put("keys.pem", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", 0644);
	put("own.pem", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", 0600);
}

static void teardown(void)
{
	char *command = str_fmt("rm -rf %s", dir);

	ck_assert_int_eq(system(command), 0);
	free(command);
	pool_free(&problems.pool);
}

static struct conf *load(const char *text)
{
	char *path = str_fmt("%s/postvak.conf", dir);
	struct conf *conf = NULL;

	problems.n = 0;
	put("postvak.conf", text, 0644);
	conf_load(path, &conf, &problems);
	free(path);
	return conf;
}

#define SENDER "[sender s]\n"
#define KEY "authorization = file:key\n"
#define ISSUER "[issuer i]\nissuer = https://i.example\naudience = a\n"
#define JWKS "jwks = https://i.example/jwks\n"

static const struct { const char *text; int line; const char *part; } wrong[] = {
	{ SENDER, 1, "has nothing that proves who it is" },
	{ SENDER "signature = none\n", 1, "has nothing that proves" },
	{ SENDER "basic = file:key\n", 2, "is not USER:PASSWORD" },
	{ SENDER "zgw = file:key\n", 2, "is not CLIENT_ID:SECRET" },
	{ SENDER KEY "basic = file:pair\n", 1, "several credentials in one Authorization header" },
	{ SENDER KEY "zgw = file:pair\n", 1, "set require = any" },
	{ SENDER KEY "api_key_header = X-Key\n", 3, "no effect without api_key" },
	{ SENDER KEY "iat_max_age = 1h\n", 3, "no effect without zgw" },
	{ SENDER KEY "scopes = a\n", 3, "no effect without token" },
	{ SENDER KEY "clients = a\n", 3, "no effect without token" },
	{ SENDER KEY "bound = yes\n", 3, "no effect without token" },
	{ SENDER "api_key = file:key\nquery_token = yes\n", 3, "no effect without authorization or token" },
	{ SENDER "token = nobody\n", 2, "there is no section [issuer nobody]" },
	{ SENDER "tls_names = on.example.nl\n", 2, "DNS:NAME" },
	{ SENDER "tls_subject = CN\n", 2, "NAME=VALUE" },
	{ SENDER KEY "signature.text = {body}\n", 3, "no effect with signature = none" },
	{ SENDER "signature = github\n", 2, "signature needs signature.secret" },
	{ SENDER "signature = rfc9421\n", 2, "signature needs signature.secret or signature.keys" },
	{ SENDER "signature = rfc9421\nsignature.secret = file:key\nsignature.keys = file:keys.pem\n", 4, "do not go together" },
	{ SENDER "signature = rfc9421\nsignature.secret = file:key\nsignature.components = @method @path\n", 4, "has no content-digest" },
	{ SENDER "signature = adr-message\nsignature.keys = file:keys.pem\nsignature.components = host\n", 4, "has no digest" },
	{ SENDER "signature = adr-payload\nsignature.keys = file:own.pem\n", 3, "there is a private key" },
	{ SENDER "signature = adr-payload\nsignature.keys = issuer:nobody\n", 3, "there is no section [issuer nobody]" },
	{ SENDER "signature = rfc9421\nsignature.secret = file:key\nsignature.header = x-sig\n", 4, "no effect with signature = rfc9421" },
	{ SENDER "signature = github\nsignature.secret = file:key\nsignature.max_age = 1m\n", 4, "no effect with signature = github" },
	{ SENDER "signature = rfc9421\nsignature.secret = file:key\nsignature.binary = yes\n", 4, "no effect with signature = rfc9421" },
	{ SENDER "signature = adr-message\n", 2, "signature needs signature.keys" },
	{ SENDER "signature = template\nsignature.secret = file:key\nsignature.header = x\nsignature.text = {method}\n", 5, "{body}" },
	{ SENDER "signature = slack\nsignature.secret = file:key\nsignature.hash = sha512\n", 4, "no effect with signature = slack" },
	{ SENDER "signature = template\nsignature.secret = file:key\nsignature.header = X\nsignature.text = {id}.{body}\n", 5, "signature.id" },
	{ SENDER "signature = template\nsignature.secret = file:key\nsignature.header = X\nsignature.text = {timestamp}{body}\n", 5,
	  "signature.timestamp" },
	{ SENDER "signature = template\nsignature.secret = file:key\nsignature.header = X\nsignature.text = {body}\n"
	  "signature.timestamp = header:T\n", 6, "proves nothing" },
	{ SENDER "signature = template\nsignature.secret = file:key\nsignature.text = {body}\n", 2, "needs a signature.header" },
	{ SENDER "signature = template\nsignature.secret = file:key\nsignature.header = X\nsignature.text = {body}\n"
	  "signature.separator = ab\n", 6, "one character, or blank or semicolon" },
	{ "[issuer i]\nissuer = x\n", 1, "has neither jwks nor discovery nor introspection" },
	{ ISSUER JWKS "discovery = https://i.example/d\n", 5, "jwks and discovery do not go together" },
	{ ISSUER JWKS "introspection = https://i.example/t\nclient_id = p\nclient_secret = file:key\n", 5, "does not go together with keys" },
	{ "[issuer i]\ndiscovery = https://i.example/d\n", 2, "discovery needs issuer" },
	{ ISSUER "introspection = https://i.example/t\n", 4, "introspection needs client_id" },
	{ ISSUER "introspection = https://i.example/t\nclient_id = p\n", 5, "either client_secret or client_key" },
	{ ISSUER JWKS "client_id = p\n", 5, "no effect without introspection" },
	{ ISSUER JWKS "cache = 5s\n", 5, "no effect without introspection" },
	{ ISSUER "jwks = http://i.example/jwks\n", 4, "https URL" },
	{ ISSUER JWKS "discovery = ftp://i.example\n", 5, "https URL" },
	{ "[issuer i]\nissuer = x\njwks = https://x.example\n" SENDER "token = i\n", 2, "has no audience" },
	{ "[issuer i]\naudience = none\njwks = https://x.example\n" SENDER "token = i\n", 1, "has no issuer" },
	{ "[issuer i]\nintrospection = https://x.example\nclient_id = p\nclient_secret = file:key\n"
	  SENDER "signature = jws\nsignature.keys = issuer:i\n", 7, "publishes no keys" },
	{ ISSUER JWKS "[sender a]\ntoken = i\n[sender b]\ntoken = i\nclients = b\n[endpoint e]\npath = /e\nsenders = a b\n", 6,
	  "say in clients whose are which" },
	{ SENDER KEY "[endpoint e]\npath = /e\nsenders = s\naccepts = json\nmap.id = /i\nmap.type = /t\nmap.source = /s\nhandshake.x = yes\n",
	  10, "needs one sender here with signature = x" },
	{ SENDER KEY "[endpoint e]\npath = /e\nsenders = s\naccepts = json\nmap.id = /i\nmap.type = /t\nmap.source = /s\n"
	  "handshake.meta = file:key\nhandshake.websub = https://t.example\n", 11, "asked for alike" },
	{ SENDER "signature = x\nsignature.secret = file:key\n[endpoint e]\npath = /e\nsenders = s\naccepts = json\nmap.id = /i\n"
	  "map.type = /t\nmap.source = /s\nhandshake.x = yes\n[endpoint f]\npath = /f\nsenders = s\naccepts = cloudevents\n", 11,
	  "would take for CloudEvents" },
	{ "[sender a]\nauthorization = file:key\n[sender b]\nauthorization = file:key\n[endpoint e]\npath = /e\nsenders = a b\n", 7,
	  "the second would be taken for the first" },
	{ "[sender a]\napi_key = file:key\n[sender b]\napi_key = file:key\nbasic = file:pair\n[endpoint e]\npath = /e\nsenders = a b\n", 8,
	  "[sender a] and [sender b]" },
	{ "[sender a]\nsignature = jws\nsignature.keys = file:keys.pem\n[sender b]\nsignature = jws\nsignature.keys = file:keys.pem\n"
	  "[endpoint e]\npath = /e\nsenders = a, b\n", 9, "share a secret or keys" },
	{ "[sender a]\nsignature = github\nsignature.secret = file:key\napi_key = file:pair\nrequire = any\n"
	  "[sender b]\nsignature = github\nsignature.secret = file:key\n[endpoint e]\npath = /e\nsenders = a b\n", 11, "share a secret" },
	{ SENDER KEY "[endpoint e]\npath = /e\nsenders = s\nurl = https://e.example/?a=b\n", 6, "without a query" },
};

static bool said(int line, const char *part)
{
	for (size_t i = 0; i < problems.n; i++)
		if (problems.v[i].line == line && strstr(problems.v[i].text, part))
			return true;
	for (size_t i = 0; i < problems.n; i++)
		fprintf(stderr, "%d: %s\n", problems.v[i].line, problems.v[i].text);
	return false;
}

START_TEST(what_does_not_go_together_is_a_problem)
{
	setup();
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		ck_assert_msg(load(wrong[i].text) == NULL, "loads: %s", wrong[i].text);
		ck_assert_msg(said(wrong[i].line, wrong[i].part), "%d: %s is not said of:\n%s", wrong[i].line, wrong[i].part, wrong[i].text);
	}
	teardown();
}
END_TEST

static const char *const right[] = {
	SENDER "basic = file:pair\napi_key = file:key\napi_key_header = X-Key\n",
	SENDER "require = any\n" KEY "zgw = file:pair\niat_max_age = 1h\n",
	SENDER "tls_subject = serialNumber=00000001823288444000, O=Gemeente A\\, B | CN=x\ntls_names = DNS:a.nl, URI:urn:x email:a@b.nl\n",
	ISSUER JWKS "algorithms = RS256\nat_jwt = yes\nleeway = 5s\nrefresh = 1h\nstale = 0s\nca = keys.pem\n"
	SENDER "token = i\nscopes = a b\nclients = c, d\nbound = yes\nquery_token = yes\nsources = urn:nld:* https://x.nl/*\n",
	ISSUER "jwks = file:keys.pem\n" SENDER "signature = jws\nsignature.keys = issuer:i\nsignature.algorithms = ES256\n",
	ISSUER "introspection = https://i.example/t\nclient_id = p\nclient_key = file:own.pem\ncache = 5s\n" SENDER "token = i\n",
	SENDER "signature = template\nsignature.secret = file:key\nsignature.header = X-Sig\nsignature.text = {timestamp}.{id}.{body}\n"
	"signature.timestamp = part:t=\nsignature.id = header:X-Id\nsignature.separator = semicolon\nsignature.prefix = v1=\n"
	"signature.encoding = base64\nsignature.hash = sha512\nsignature.max_age = 0s\n",
	SENDER "signature = rfc9421\nsignature.keys = file:keys.pem\nsignature.tag = t\nsignature.components = @method content-digest\n",
	SENDER "client_state = file:key\n[endpoint e]\npath = /e\nsenders = s\naccepts = json\nmap.id = /i\nmap.type = /t\nmap.source = /s\n"
	"handshake.graph = yes\nhandshake.slack = yes\nhandshake.eventgrid = a, b\nhandshake.meta = file:key\nrate = 5\nurl = https://e.nl/e\n",
	"[sender a]\nauthorization = file:key\napi_key = file:pair\n[sender b]\nauthorization = file:key\n[endpoint e]\npath = /e\nsenders = a b\n",
	"[sender a]\napi_key = file:key\n[sender b]\napi_key = file:key\napi_key_header = X-Ander\n[endpoint e]\npath = /e\nsenders = a b\n",
	"[sender a]\n" KEY "tls_names = DNS:a.nl\n[sender b]\n" KEY "[endpoint e]\npath = /e\nsenders = a b\n",
	"[sender a]\n" KEY "[sender b]\n" KEY "[endpoint e]\npath = /e\nsenders = a\n[endpoint f]\npath = /f\nsenders = b\n",
};

static struct conf *good(const char *text)
{
	struct conf *conf = load(text);

	for (size_t i = 0; i < problems.n; i++)
		fprintf(stderr, "%d: %s\n", problems.v[i].line, problems.v[i].text);
	ck_assert_msg(conf != NULL, "%s", text);
	return conf;
}

static void print_and_load(const char *text)
{
	struct buf first = {0}, second = {0};
	struct conf *conf = good(text);

	conf_print(conf, false, &first);
	conf_free(&conf);
	conf = good(first.p);
	conf_print(conf, true, &second);
	conf_free(&conf);
	ck_assert_ptr_null(strstr(first.p, "geheim"));
	ck_assert_ptr_null(strstr(second.p, "PRIVATE"));
	buf_free(&first);
	buf_free(&second);
}

START_TEST(what_goes_together_is_printed_and_loads_again)
{
	setup();
	for (size_t i = 0; i < sizeof right / sizeof *right; i++)
		print_and_load(right[i]);
	teardown();
}
END_TEST

static bool sent(const struct conf *conf, enum conf_role role, const char *text)
{
	struct buf packed = {0};
	bool found;

	conf_pack(conf, role, &packed);
	found = memmem(packed.p, packed.len, text, strlen(text)) != NULL;
	buf_free(&packed);
	return found;
}

START_TEST(each_role_is_sent_what_it_needs_of_who_may_send)
{
	struct conf *conf;

	setup();
	conf = good(ISSUER "introspection = https://i.example/t\nclient_id = p\nclient_key = file:own.pem\n"
		    SENDER "token = i\n[sender t]\nbasic = file:pair\n[issuer k]\njwks = file:keys.pem\n");

	ck_assert(!sent(conf, ROLE_RECEIVER, "BEGIN PRIVATE KEY") && !sent(conf, ROLE_DISPATCH, "BEGIN PRIVATE KEY"));
	ck_assert(sent(conf, ROLE_KEYS, "BEGIN PRIVATE KEY"));
	ck_assert(sent(conf, ROLE_RECEIVER, "piet:geheim") && !sent(conf, ROLE_KEYS, "piet:geheim") && !sent(conf, ROLE_DISPATCH, "piet:geheim"));
	ck_assert(sent(conf, ROLE_RECEIVER, "BEGIN PUBLIC KEY") && !sent(conf, ROLE_DISPATCH, "BEGIN PUBLIC KEY"));
	conf_free(&conf);
	teardown();
}
END_TEST

START_TEST(public_keys_that_anybody_can_change_are_refused)
{
	setup();
	put("keys.pem", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", 0664);
	ck_assert_ptr_null(load(SENDER "signature = adr-payload\nsignature.keys = file:keys.pem\n"));
	ck_assert_uint_eq(problems.n, 1);
	ck_assert(problems.v[0].line == 3 && strstr(problems.v[0].text, "can be written by others"));
	teardown();
}
END_TEST

START_TEST(a_private_key_is_read_as_secrets_are)
{
	setup();
	put("own.pem", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", 0644);
	ck_assert_ptr_null(load(ISSUER "introspection = https://i.example/t\nclient_id = p\nclient_key = file:own.pem\n"));
	ck_assert_uint_eq(problems.n, 1);
	ck_assert(problems.v[0].line == 6 && strstr(problems.v[0].text, "open to everybody"));
	teardown();
}
END_TEST

UNIT_MAIN("conf_trust", what_does_not_go_together_is_a_problem, what_goes_together_is_printed_and_loads_again,
	  each_role_is_sent_what_it_needs_of_who_may_send, public_keys_that_anybody_can_change_are_refused,
	  a_private_key_is_read_as_secrets_are)
