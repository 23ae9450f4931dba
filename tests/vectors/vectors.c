/* SPDX-License-Identifier: EUPL-1.2
 * Runs every vector of ../shared/cases/signature_vectors.json through the code that receives, and ends with the line
 * "vectors N as-expected N". Exit status 1: they differ, 77: the file is not there. */
#include "config.h"
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "base/sock.h"
#include "event/base64.h"
#include "event/json.h"
#include "trust/digest_field.h"
#include "trust/httpsig.h"
#include "trust/jws.h"
#include "trust/trust.h"

#define FILE_NAME "shared/cases/signature_vectors.json"
#define FILE_MAX (4u << 20)
#define ALL_ALGS 0xffffu

void say(struct vector *v, const char *why)
{
	snprintf(v->why, sizeof v->why, "%s", why ? why : "");
}

/* ---- reading ---- */

const char *text_at(struct json_object *doc, const char *pointer)
{
	struct json_object *value;

	return json_at(doc, pointer, &value) ? json_text(value) : NULL;
}

static const char *need(const struct vector *v, const char *pointer)
{
	const char *value = text_at(v->doc, pointer);

	if (!value) {
		fprintf(stderr, "vectors: %s has no %s\n", text_at(v->doc, "/id"), pointer);
		exit(1);
	}
	return value;
}

static int64_t now_of(const struct vector *v)
{
	struct json_object *value;
	int64_t seconds;

	return json_at(v->doc, "/verify_at", &value) && json_is_int(value, &seconds) ? seconds * 1000 : 0;
}

static struct span from_base64(struct pool *pool, const char *digits)
{
	size_t len = strlen(digits);
	unsigned char *bytes = pool_alloc(pool, BASE64_DECODED(len) + 1);
	struct span out = { bytes, 0 };

	if (!base64_decode(digits, len, bytes, &out.len))
		out.len = 0;
	return out;
}

static char *lower(struct pool *pool, const char *name)
{
	char *out = pool_str(pool, name);

	for (char *p = out; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return out;
}

void add_header(struct pool *pool, struct message *m, const char *name, const char *value)
{
	if (m->n_headers < HEADERS_MOST)
		m->headers[m->n_headers++] = (struct attr){ lower(pool, name), value };
}

struct message_at {
	struct pool *pool;
	struct message *m;
};

static void add_member(void *to, const char *name, struct json_object *value)
{
	struct message_at *at = to;

	add_header(at->pool, at->m, name, json_text(value));
}

void add_headers(struct pool *pool, struct message *m, struct json_object *headers)
{
	struct message_at at = { pool, m };

	json_each(headers, add_member, &at);
}

/* The message of `message` with the headers of `headers` besides, or of the latter and `body`. */
static void read_message(const struct vector *v, struct message *m)
{
	struct json_object *message, *headers;
	const char *body = text_at(v->doc, "/body"), *target = "/";
	char pointer[64];

	*m = (struct message){ .method = "POST", .query = "", .peer = "", .scheme = SCHEME_HTTPS };
	m->headers = pool_alloc(v->pool, HEADERS_MOST * sizeof *m->headers);
	if (json_member(v->doc, "headers", &headers))
		add_headers(v->pool, m, headers);
	if (json_member(v->doc, "message", &message)) {
		m->method = text_at(message, "/method") ? text_at(message, "/method") : "";
		target = text_at(message, "/target") ? text_at(message, "/target") : "/";
		body = text_at(message, "/body");
		for (size_t i = 0;; i++) {
			const char *name;

			snprintf(pointer, sizeof pointer, "/headers/%zu/0", i);
			name = text_at(message, pointer);
			if (!name)
				break;
			snprintf(pointer, sizeof pointer, "/headers/%zu/1", i);
			if (strcasecmp(name, "content-length") != 0)	/* which the gate keeps to itself */
				add_header(v->pool, m, name, text_at(message, pointer));
		}
	}
	m->path = pool_strn(v->pool, target, strcspn(target, "?"));
	if (strchr(target, '?'))
		m->query = strchr(target, '?') + 1;
	m->body = (const unsigned char *)(body ? body : "");
	m->body_len = strlen((const char *)m->body);
}

/* ---- through trust ---- */

/* Whether a sender with these settings is admitted at the vector's time; without one, at any. */
static bool admit(struct vector *v, struct conf_signing *signing)
{
	static size_t first;
	const char *secret = text_at(v->doc, "/public_key") ? text_at(v->doc, "/public_key") : text_at(v->doc, "/secret");
	struct conf_sender sender = { .name = "afzender" };
	struct conf_endpoint endpoint = { .name = "e", .senders = &first, .n_senders = 1 };
	struct conf conf = { .endpoints = &endpoint, .n_endpoints = 1, .senders = &sender, .n_senders = 1 };
	struct trust_request request = { .pool = v->pool, .now_ms = now_of(v) };
	struct admitted admitted;
	struct message m;
	struct trust *trust;
	bool right;

	read_message(v, &m);
	request.m = &m;
	signing->secret = (struct secret){ .ref = "file:x", .values = &secret, .n = secret != NULL };
	signing->max_age_ms = request.now_ms ? 300000 : 0;
	sender.signing = *signing;
	trust = trust_new(&conf);
	right = trust_admit(trust, &request, &admitted) == TRUST_OK;
	say(v, admitted.note ? admitted.note : admitted.why);
	trust_free(&trust);
	return right;
}

static bool shared_secret(struct vector *v)
{
	static const struct { const char *scheme; enum conf_signature signature; } rows[] = {
		{ "standard-webhooks", SIGNATURE_STANDARD }, { "x-hub-signature-256", SIGNATURE_GITHUB }, { "websub", SIGNATURE_WEBSUB },
		{ "slack", SIGNATURE_SLACK }, { "stripe", SIGNATURE_STRIPE },
	};
	struct conf_signing signing = { .scheme = SIGNATURE_NONE };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(need(v, "/scheme"), rows[i].scheme) == 0)
			signing.scheme = rows[i].signature;
	return admit(v, &signing);
}

static bool jades(struct vector *v)
{
	bool payload = text_at(v->doc, "/headers/Payload-Signature");
	struct conf_signing signing = { .scheme = payload ? SIGNATURE_ADR_PAYLOAD : SIGNATURE_ADR_MESSAGE,
					.keys = { .ref = "file:x", .text = need(v, "/public_key_pem") } };

	return admit(v, &signing);
}

/* ---- digests ---- */

static bool digest(struct vector *v)
{
	enum digest_form form = strcmp(need(v, "/scheme"), "content-digest") == 0 ? DIGEST_CONTENT : DIGEST_OLD;
	const char *why = NULL;
	struct message m;
	bool right;

	read_message(v, &m);
	right = digest_field_right(v->pool, form, &m, &why);
	say(v, why);
	return right;
}

/* ---- JWS ---- */

static bool jws(struct vector *v)
{
	struct json_object *jwk;
	struct buf canonical = {0};
	const char *token = need(v, "/jws"), *payload = text_at(v->doc, "/payload"), *why = "";
	struct span detached = { payload, payload ? strlen(payload) : 0 };
	struct jws_check check = { .allowed = ALL_ALGS, .payload = payload ? &detached : NULL, .n = 1 };
	struct jwks *keys;
	struct jws split;
	struct err err = {{0}};
	bool right = false;

	if (json_member(v->doc, "jwk", &jwk))
		json_canonical(jwk, NULL, &canonical);
	keys = jwks_parse(canonical.p, canonical.len, strcmp(need(v, "/jwk/kty"), "oct") == 0, &err);
	check.keys = keys;
	if (!keys) {
		say(v, err.text);
	} else if (jws_split(v->pool, token, strlen(token), NULL, &split, &why)) {
		right = jws_verify(&split, &check) == JWS_GOOD;
		say(v, right ? NULL : "no key made it");
		jws_drop(&split);
	} else {
		say(v, why);
	}
	jwks_free(&keys);
	buf_free(&canonical);
	return right;
}

/* ---- RFC 9421 ---- */

static struct jwks *httpsig_keys(const struct vector *v)
{
	const char *secret = text_at(v->doc, "/secret_b64");
	struct buf jwk = {0};
	struct jwks *keys;
	struct span bytes;
	struct err err;

	if (!secret)
		return jwks_pem(need(v, "/public_key_pem"), &err);
	bytes = from_base64(v->pool, secret);
	buf_str(&jwk, "{\"kty\":\"oct\",\"k\":\"");
	base64url_encode(&jwk, bytes.p, bytes.len);
	buf_str(&jwk, "\"}");
	keys = jwks_parse(jwk.p, jwk.len, true, &err);
	buf_free(&jwk);
	return keys;
}

/* The bytes of the only signature in a Signature header. */
static struct span signature_of(const struct vector *v)
{
	const char *first = strchr(need(v, "/signature"), ':') + 1;

	return from_base64(v->pool, pool_strn(v->pool, first, strcspn(first, ":")));
}

/* What we make of the message has to be the vector's signature base. */
static bool base_right(struct vector *v, const struct httpsig_request *request)
{
	const char *input = text_at(v->doc, "/signature_input"), *why = "it is not the base of the vector";
	struct buf base = {0};
	struct sfv field;
	bool right;

	if (!input || text_at(v->doc, "/message/status"))
		return true;	/* of a response, or there is none: what is signed is all that counts */
	right = sfv_read(v->pool, SFV_DICTIONARY, input, &field, &why) && httpsig_base(request, &field.v[0], &base, &why) &&
		strlen(need(v, "/signature_base")) == base.len && memcmp(need(v, "/signature_base"), base.p, base.len) == 0;
	say(v, right ? NULL : why);
	buf_free(&base);
	return right;
}

/* Of the RFC's requests one covers what our rules ask for; one covers nothing, and is refused even where they ask for
 * nothing. */
static bool policy_right(struct vector *v, struct httpsig_request *request, const struct jwks *keys)
{
	struct message m = *request->m;
	struct httpsig_rules rules = { .components = HTTPSIG_REQUIRED, .allowed = ALL_ALGS, .max_age_ms = 300000, .keys = keys };
	bool whole = strcmp(need(v, "/id"), "rfc9421-b.2.3") == 0, nothing = strcmp(need(v, "/id"), "rfc9421-b.2.1") == 0;
	const char *why;

	if (!text_at(v->doc, "/signature_input") || text_at(v->doc, "/message/status"))
		return true;
	add_header(v->pool, &m, "signature-input", need(v, "/signature_input"));
	add_header(v->pool, &m, "signature", need(v, "/signature"));
	request->m = &m;
	if ((httpsig_verify(request, &rules, now_of(v), &why) == HTTPSIG_GOOD) != whole) {
		say(v, whole ? why : "our rules take what does not cover all that they ask for");
		return false;
	}
	rules.components = "";
	if ((httpsig_verify(request, &rules, now_of(v), &why) == HTTPSIG_GOOD) == nothing) {
		say(v, nothing ? "it covers nothing, and is taken" : why);
		return false;
	}
	return true;
}

static bool rfc9421(struct vector *v)
{
	const char *base = need(v, "/signature_base"), *name = need(v, "/alg");
	struct buf signed_ = {0};
	enum alg alg = httpsig_alg(name, strlen(name));
	struct jwks *keys = httpsig_keys(v);
	struct httpsig_request request;
	struct message m;
	bool right = keys && alg != ALG_NONE;

	read_message(v, &m);
	request.m = &m;
	target_read(v->pool, &m, NULL, &request.target);
	buf_str(&signed_, base);
	if (right && !httpsig_signed(&keys->v[0], alg, &signed_, signature_of(v))) {
		say(v, "the key did not make it");
		right = false;
	}
	right = right && base_right(v, &request) && policy_right(v, &request, keys);
	buf_free(&signed_);
	jwks_free(&keys);
	return right;
}

/* ---- certificates ---- */

static bool thumbprint(struct vector *v)
{
	char *pem = pool_fmt(v->pool, "-----BEGIN CERTIFICATE----- %s -----END CERTIFICATE-----", need(v, "/cert_der_b64"));
	struct cert *cert = cert_read(v->pool, pem);
	unsigned char print[32];
	struct buf digits = {0};
	bool right;

	if (!cert)
		return false;
	cert_thumbprint(cert, print);
	base64url_encode(&digits, print, sizeof print);
	right = strcmp(digits.p, need(v, "/x5t_s256")) == 0;
	buf_free(&digits);
	cert_free(&cert);
	return right;
}

/* ---- all of them ---- */

static const struct { const char *scheme; bool (*valid)(struct vector *v); } rows[] = {
	{ "standard-webhooks", shared_secret }, { "x-hub-signature-256", shared_secret }, { "websub", shared_secret },
	{ "slack", shared_secret }, { "stripe", shared_secret }, { "x-crc", x_crc_right }, { "content-digest", digest },
	{ "digest-rfc3230", digest }, { "rfc9421", rfc9421 }, { "jws", jws }, { "jws-detached", jws }, { "jades-httpheaders", jades },
	{ "mtls-cnf", thumbprint },
};

static bool told(struct vector *v, bool right)
{
	if (!right)
		printf("%s: not as expected: %s\n", need(v, "/id"), v->why);
	return right;
}

static bool vector_right(struct vector *v)
{
	bool valid = strcmp(need(v, "/expect"), "valid") == 0;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(need(v, "/scheme"), rows[i].scheme) == 0)
			return told(v, rows[i].valid(v) == valid);
	say(v, "its scheme is not known here");
	return told(v, false);
}

static bool shaken(struct vector *v)
{
	return told(v, handshake_right(v));
}

/* Runs each element of an array of the file. */
static size_t run_all(struct json_object *doc, const char *array, bool (*run)(struct vector *v), size_t *n)
{
	size_t right = 0;

	for (size_t i = 0;; i++) {
		struct vector v = { pool_new(), NULL, "" };

		if (!json_at(doc, pool_fmt(v.pool, "/%s/%zu", array, i), &v.doc)) {
			pool_free(&v.pool);
			return right;
		}
		++*n;
		right += run(&v);
		pool_free(&v.pool);
	}
}

static struct json_object *read_file(struct pool *pool)
{
	const char *srcdir = getenv("srcdir") ? getenv("srcdir") : ".", *path = pool_fmt(pool, "%s/../" FILE_NAME, srcdir);
	struct faults faults = { .pool = pool };
	struct json_object *doc = NULL;
	struct err err;
	char *content;
	size_t len;

	if (access(path, F_OK) < 0)
		exit(77);
	content = file_read(path, FILE_MAX, &len, &err);
	if (!content || json_parse(content, len, &doc, &faults) < 0) {
		fprintf(stderr, "vectors: %s cannot be read\n", path);
		exit(1);
	}
	free(content);
	return doc;
}

int main(void)
{
	struct pool *pool = pool_new();
	struct json_object *doc = read_file(pool);
	size_t n = 0, right = run_all(doc, "vectors", vector_right, &n) + run_all(doc, "handshakes", shaken, &n);

	json_drop(&doc);
	pool_free(&pool);
	printf("vectors %zu as-expected %zu\n", n, right);
	return n && n == right ? 0 : 1;
}
