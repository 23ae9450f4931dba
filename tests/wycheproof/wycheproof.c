/* SPDX-License-Identifier: EUPL-1.2
 * Runs the vectors of Wycheproof that are about what is offered here, from ../shared/cases/wycheproof beside the sources
 * (or the directory in POSTVAK_WYCHEPROOF). A line for each file says how many went as expected; what is left out is
 * listed with its reason. Exit status 1: something went otherwise; 77: there are no vectors. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/die.h"
#include "base/hex.h"
#include "base/sock.h"
#include "event/base64.h"
#include "event/json.h"
#include "trust/jws.h"

#define FILE_MAX (4u << 20)
#define REASONS_MOST 16
#define SKIPPED 77

struct reason {
	const char *text;
	size_t n;
	struct buf tests;	/* their numbers */
};

struct run {			/* of one file */
	struct pool *pool;
	size_t as_expected, otherwise, left_out;
	struct reason reasons[REASONS_MOST];
	struct buf notes;	/* lines about what went otherwise, or either way */
};

/* ---- reading ---- */

static struct json_object *member(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	return json_member(object, name, &value) ? value : NULL;
}

static const char *text_of(struct json_object *object, const char *name)
{
	const char *text = json_text(member(object, name));

	return text ? text : "";
}

static struct json_object *element(struct run *run, struct json_object *array, size_t i)
{
	struct json_object *value = NULL;

	return json_at(array, pool_fmt(run->pool, "/%zu", i), &value) ? value : NULL;
}

static struct span bytes_of(struct run *run, struct json_object *test, const char *name)
{
	const char *digits = text_of(test, name);
	size_t len = strlen(digits) / 2;
	unsigned char *bytes = pool_alloc(run->pool, len + 1);

	must(json_kind(member(test, name)) == JSON_STRING && strlen(digits) % 2 == 0);
	for (size_t i = 0; i < len; i++) {
		int high = hex_value(digits[2 * i]), low = hex_value(digits[2 * i + 1]);

		must(high >= 0 && low >= 0);
		bytes[i] = (unsigned char)(high << 4 | low);
	}
	return (struct span){ bytes, len };
}

/* ---- counting ---- */

static void leave_out(struct run *run, struct json_object *test, const char *reason)
{
	struct reason *at = run->reasons;

	while (at->text && strcmp(at->text, reason) != 0)
		at++;
	must(at < run->reasons + REASONS_MOST - 1);
	at->text = reason;
	at->n++;
	buf_fmt(&at->tests, " %s", text_of(test, "tcId"));
	run->left_out++;
}

static void count(struct run *run, struct json_object *test, bool taken)
{
	const char *result = text_of(test, "result"), *did = taken ? "taken" : "refused";
	bool either = strcmp(result, "acceptable") == 0, valid = strcmp(result, "valid") == 0;

	must(either || valid || strcmp(result, "invalid") == 0);
	if (either)
		buf_fmt(&run->notes, "    acceptable, and %s: %s (%s)\n", did, text_of(test, "tcId"), text_of(test, "comment"));
	if (either || valid == taken) {
		run->as_expected++;
		return;
	}
	run->otherwise++;
	buf_fmt(&run->notes, "    %s, but %s: %s (%s)\n", result, did, text_of(test, "tcId"), text_of(test, "comment"));
}

/* ---- tokens ---- */

static bool one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static const char *not_offered(struct run *run, const char *alg)
{
	static const char *const algs[] = { "HS384", "HS512", "RS384", "RS512", "PS384", "ES512", NULL };

	return one_of(alg, algs) ? pool_fmt(run->pool, "%s is not offered", alg) : NULL;
}

/* What the header of a token says, looked at without the code that is tested; or "". */
static const char *alg_of(struct run *run, const char *jws)
{
	size_t digits = strcspn(jws, "."), len;
	unsigned char *header = pool_alloc(run->pool, BASE64URL_DECODED(digits));
	struct faults faults = { .pool = run->pool };
	struct json_object *doc;
	const char *alg = "";

	if (!base64url_decode(jws, digits, header, &len) || json_parse(header, len, &doc, &faults) < 0)
		return "";
	alg = pool_str(run->pool, text_of(doc, "alg"));
	json_drop(&doc);
	return alg;
}

/* The number of a valid test of the group with the same token; or null. */
static const char *valid_twin(struct run *run, struct json_object *group, const char *jws)
{
	struct json_object *tests = member(group, "tests"), *test;

	for (size_t i = 0; (test = element(run, tests, i)); i++)
		if (strcmp(text_of(test, "result"), "valid") == 0 && strcmp(text_of(test, "jws"), jws) == 0)
			return text_of(test, "tcId");
	return NULL;
}

/* Why a test says nothing about what is offered here; or null. */
static const char *unfit(struct run *run, struct json_object *group, struct json_object *test)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
	const char *jws = text_of(test, "jws"), *twin;

	if (strcmp(text_of(test, "result"), "valid") == 0)
		return jws[strspn(jws, digits)] ? "valid by the vector, with a character that base64url does not have: "
			"refused by design (RFC 7515 2, RFC 4648 3.3)" : not_offered(run, alg_of(run, jws));
	twin = valid_twin(run, group, jws);
	return twin ? pool_fmt(run->pool, "invalid by the vector, but byte for byte the token of test %s, which is valid", twin) : NULL;
}

static bool verifies(struct run *run, const struct jwks *set, const char *jws)
{
	struct jws_check check = { .keys = set, .allowed = ~0u };
	struct jws split;
	const char *why;
	bool good;

	if (!set || !jws_split(run->pool, jws, strlen(jws), NULL, &split, &why))
		return false;
	good = jws_verify(&split, &check) == JWS_GOOD;
	jws_drop(&split);
	return good;
}

/* The public half of the group's key, where it has one; a key without is a secret. */
static struct jwks *group_keys(struct json_object *group, struct json_object **jwk)
{
	bool public = json_kind(member(group, "public")) == JSON_OBJECT &&
		      (member(member(group, "public"), "kty") || member(member(group, "public"), "keys"));
	struct buf text = {0};
	struct jwks *set;

	*jwk = member(group, public ? "public" : "private");
	json_canonical(*jwk, NULL, &text);
	set = jwks_parse(text.p, text.len, !public, NULL);
	buf_free(&text);
	if (member(*jwk, "keys"))
		json_at(*jwk, "/keys/0", jwk);
	return set;
}

static void run_tokens(struct run *run, struct json_object *group)
{
	struct json_object *tests = member(group, "tests"), *test, *jwk;
	struct jwks *set = group_keys(group, &jwk);
	const char *whole = not_offered(run, text_of(jwk, "alg"));

	for (size_t i = 0; (test = element(run, tests, i)); i++) {
		struct json_object *jws = member(test, "jws");
		const char *why = whole ? whole : unfit(run, group, test);
		struct buf text = {0};

		if (json_kind(jws) == JSON_STRING)
			buf_str(&text, json_text(jws));
		else
			json_canonical(jws, NULL, &text);
		if (why)
			leave_out(run, test, why);
		else
			count(run, test, verifies(run, set, text.p));
		buf_free(&text);
	}
	jwks_free(&set);
}

/* ---- signatures ---- */

#define FORMS 3			/* of one key */

/* The group's key from PEM, from its JWK (where there is one), and from PEM by way of a JWK of our own. */
static size_t read_forms(struct json_object *group, struct jwks *sets[FORMS])
{
	struct json_object *jwk = member(group, "publicKeyJwk") ? member(group, "publicKeyJwk") : member(group, "keyJwk");
	struct buf text = {0};
	size_t n = 0;

	sets[n] = jwks_pem(text_of(group, "publicKeyPem"), NULL);
	must(sets[n] && sets[n]->n == 1);
	n++;
	jwk_print(sets[0]->v[0].key, NULL, &text);
	sets[n++] = jwks_parse(text.p, text.len, false, NULL);
	if (jwk) {
		buf_reset(&text);
		json_canonical(jwk, NULL, &text);
		sets[n++] = jwks_parse(text.p, text.len, false, NULL);
	}
	buf_free(&text);
	return n;
}

/* The forms have to agree; a key that is refused is an answer as well. */
static void run_signatures(struct run *run, struct json_object *group, enum alg alg)
{
	struct json_object *tests = member(group, "tests"), *test;
	struct jwks *sets[FORMS];
	size_t n = read_forms(group, sets);

	for (size_t i = 0; (test = element(run, tests, i)); i++) {
		struct span msg = bytes_of(run, test, "msg"), sig = bytes_of(run, test, "sig");
		size_t taken = 0;

		for (size_t form = 0; form < n; form++)
			taken += sets[form] && key_verify(sets[form]->v[0].key, alg, &msg, 1, sig);
		if (taken == 0 || taken == n) {
			count(run, test, taken);
			continue;
		}
		run->otherwise++;
		buf_fmt(&run->notes, "    taken by some forms of the key only: %s\n", text_of(test, "tcId"));
	}
	for (size_t form = 0; form < n; form++)
		jwks_free(&sets[form]);
}

static void run_ed25519(struct run *run, struct json_object *group)
{
	run_signatures(run, group, ALG_EDDSA);
}

static void run_ecdsa(struct run *run, struct json_object *group)
{
	must(strcmp(text_of(group, "sha"), "SHA-256") == 0 && strcmp(text_of(member(group, "publicKey"), "curve"), "secp256r1") == 0);
	run_signatures(run, group, ALG_ES256);
}

static void run_pss(struct run *run, struct json_object *group)
{
	must(strcmp(text_of(group, "sha"), "SHA-256") == 0 && strcmp(text_of(group, "mgfSha"), "SHA-256") == 0 &&
	     strcmp(text_of(group, "sLen"), "32") == 0);
	run_signatures(run, group, ALG_PS256);
}

static void run_rsa(struct run *run, struct json_object *group)
{
	must(strcmp(text_of(group, "sha"), "SHA-256") == 0);
	run_signatures(run, group, ALG_RS256);
}

static void run_hmac(struct run *run, struct json_object *group)
{
	struct json_object *tests = member(group, "tests"), *test;
	bool truncated = strcmp(text_of(group, "tagSize"), "256") != 0;

	for (size_t i = 0; (test = element(run, tests, i)); i++) {
		struct span key = bytes_of(run, test, "key"), msg = bytes_of(run, test, "msg"), tag = bytes_of(run, test, "tag");
		unsigned char mac[HASH_MAX];

		if (truncated) {
			leave_out(run, test, "a tag that is cut off, and no scheme here does that");
			continue;
		}
		hmac_spans(HASH_SHA256, key.p, key.len, &msg, 1, mac);
		count(run, test, tag.len == 32 && bytes_equal(mac, tag.p, 32));
	}
}

/* ---- files ---- */

static const struct {
	const char *name;
	void (*run)(struct run *run, struct json_object *group);
} files[] = {
	{ "json_web_signature_test.json", run_tokens }, { "json_web_key_test.json", run_tokens },
	{ "ed25519_test.json", run_ed25519 }, { "hmac_sha256_test.json", run_hmac },
	{ "ecdsa_secp256r1_sha256_p1363_test.json", run_ecdsa }, { "rsa_pss_2048_sha256_mgf1_32_test.json", run_pss },
	{ "rsa_signature_2048_sha256_test.json", run_rsa },
};

static void report(struct run *run, const char *name)
{
	printf("%s: %zu as expected, %zu otherwise, %zu left out\n", name, run->as_expected, run->otherwise, run->left_out);
	for (struct reason *at = run->reasons; at->text; at++) {
		printf("    left out %zu, %s:%s\n", at->n, at->text, at->tests.p);
		buf_free(&at->tests);
	}
	fputs(run->notes.p ? run->notes.p : "", stdout);
	buf_free(&run->notes);
}

static void run_file(const char *dir, size_t file, struct run *run)
{
	char *path = str_fmt("%s/%s", dir, files[file].name), *text;
	struct json_object *doc = NULL, *groups, *group;
	struct faults faults = { .pool = run->pool };
	struct err err;
	size_t len;
	int64_t n;

	text = file_read(path, FILE_MAX, &len, &err);
	free(path);
	if (!text)
		die("%s", err.text);
	if (json_parse(text, len, &doc, &faults) < 0)
		die("%s: %s", files[file].name, faults.v[0].reason);
	groups = member(doc, "testGroups");
	for (size_t i = 0; (group = element(run, groups, i)); i++)
		files[file].run(run, group);
	if (!json_is_int(member(doc, "numberOfTests"), &n) || (size_t)n != run->as_expected + run->otherwise + run->left_out)
		die("%s: it has not as many tests as it says", files[file].name);
	json_drop(&doc);
	free(text);
	report(run, files[file].name);
}

int main(void)
{
	const char *srcdir = getenv("srcdir"), *given = getenv("POSTVAK_WYCHEPROOF");
	char *dir = given ? str_dup(given) : str_fmt("%s/../shared/cases/wycheproof", srcdir ? srcdir : ".");
	size_t as_expected = 0, otherwise = 0, left_out = 0;

	if (access(dir, R_OK) != 0) {
		printf("skipped: there is no %s\n", dir);
		free(dir);
		return SKIPPED;
	}
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct run run = { .pool = pool_new() };

		run_file(dir, i, &run);
		as_expected += run.as_expected;
		otherwise += run.otherwise;
		left_out += run.left_out;
		pool_free(&run.pool);
	}
	free(dir);
	printf("wycheproof %zu as-expected %zu left-out %zu\n", as_expected + otherwise, as_expected, left_out);
	return otherwise ? EXIT_FAILURE : EXIT_SUCCESS;
}
