/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "trust/jws.h"

#include <stdlib.h>
#include <string.h>
#include "event/base64.h"

#define HS256_LEN 32
#define SECRET_LEAST 32		/* bytes (RFC 7518 3.2) */
#define CRIT_MOST 10		/* names in it */

/* ---- taking it apart ---- */

static bool decode(struct pool *pool, struct span digits, struct span *out)
{
	unsigned char *bytes = pool_alloc(pool, BASE64URL_DECODED(digits.len));

	out->p = bytes;
	return base64url_decode(digits.p, digits.len, bytes, &out->len);
}

/* The name of a header member that is understood, in *b64 whether it is b64. */
static bool understood(const struct jws_rules *rules, const char *name, bool *b64)
{
	if (strcmp(name, "b64") == 0)
		return *b64 = true;
	for (const char *const *known = rules ? rules->crit : NULL; known && *known; known++)
		if (strcmp(*known, name) == 0)
			return true;
	return false;
}

/* RFC 7515 4.1.11. Null, or what is wrong; *b64: it names b64. */
static const char *read_crit(struct json_object *header, const struct jws_rules *rules, bool *b64)
{
	const char *names[CRIT_MOST];
	struct json_object *crit, *name, *value;
	size_t n = 0, len;

	*b64 = false;
	if (!json_member(header, "crit", &crit))
		return NULL;
	for (; n < CRIT_MOST && json_element(crit, n, &name); n++) {
		names[n] = json_string(name, &len);
		if (!names[n] || strlen(names[n]) != len || !understood(rules, names[n], b64))
			return "its crit names what is not understood here";
		if (!json_member(header, names[n], &value))
			return "its crit names what is not there";
		for (size_t i = 0; i < n; i++)
			if (strcmp(names[i], names[n]) == 0)
				return "its crit names something twice";
	}
	return json_kind(crit) != JSON_ARRAY || !n || n == CRIT_MOST ? "its crit is no list, an empty one or a long one" : NULL;
}

/* RFC 7797 3 and 6. */
static const char *read_b64(struct jws *jws, bool in_crit)
{
	struct json_object *value;
	bool b64;

	if (!json_member(jws->header, "b64", &value))
		return NULL;
	if (!in_crit)
		return "it has b64 that its crit does not name";
	if (!json_is_bool(value, &b64))
		return "its b64 is neither true nor false";
	jws->raw = !b64;
	return jws->raw && !jws->detached ? "its b64 is false, and its payload is inside" : NULL;
}

static const char *read_header(struct jws *jws, const struct jws_rules *rules)
{
	struct json_object *value;
	const char *text, *why;
	bool b64;
	size_t len;

	if (json_kind(jws->header) != JSON_OBJECT)
		return "its header is no object";
	if (!json_member(jws->header, "alg", &value) || !(text = json_string(value, &len)))
		return "its alg is no text, or not there";
	jws->alg = alg_find(text, len);
	if (jws->alg == ALG_NONE)
		return "its alg is not one that is offered";
	if (json_member(jws->header, "kid", &value)) {
		jws->kid = json_string(value, &len);
		if (!jws->kid || strlen(jws->kid) != len)
			return "its kid is no text";
	}
	why = read_crit(jws->header, rules, &b64);
	return why ? why : read_b64(jws, b64);
}

static bool cut(const char *text, size_t len, struct jws *jws, struct span *signature)
{
	const char *first = memchr(text, '.', len), *end = text + len;
	const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;

	if (!second || memchr(second + 1, '.', (size_t)(end - second - 1)))
		return false;
	jws->protected_ = (struct span){ text, (size_t)(first - text) };
	jws->encoded = (struct span){ first + 1, (size_t)(second - first - 1) };
	*signature = (struct span){ second + 1, (size_t)(end - second - 1) };
	jws->detached = !jws->encoded.len;
	return true;
}

static const char *split(struct pool *pool, const struct span *text, const struct jws_rules *rules, struct jws *jws)
{
	struct faults faults = { .pool = pool };
	struct span signature, header;

	if (text->len > JWS_LEN_MAX)
		return "it is longer than 16 KiB";
	if (!cut(text->p, text->len, jws, &signature))
		return "it is not three parts";
	if (!decode(pool, jws->protected_, &header) || !decode(pool, jws->encoded, &jws->payload) ||
	    !decode(pool, signature, &jws->signature))
		return "a part of it is not base64url";
	if (!jws->signature.len)
		return "it is not signed";
	if (json_parse(header.p, header.len, &jws->header, &faults) < 0)
		return "its header is not JSON, or has a member twice";
	return read_header(jws, rules);
}

bool jws_split(struct pool *pool, const char *text, size_t len, const struct jws_rules *rules, struct jws *out, const char **why)
{
	memset(out, 0, sizeof *out);
	*why = split(pool, &(struct span){ text, len }, rules, out);
	if (*why)
		jws_drop(out);
	return !*why;
}

void jws_drop(struct jws *jws)
{
	json_drop(&jws->header);
	jws->kid = NULL;
}

/* ---- what is signed ---- */

struct input {			/* RFC 7515 5.1 step 8 */
	struct span *spans;
	size_t n;
	struct buf digits;
};

/* payload: the payload's digits, or its bytes when it is raw. */
static void join(struct input *in, struct span protected_, const struct span *payload, size_t n)
{
	in->spans = mem_array(n + 2, sizeof *in->spans);
	in->spans[0] = protected_;
	in->spans[1] = (struct span){ ".", 1 };
	if (n)
		memcpy(in->spans + 2, payload, n * sizeof *payload);
	in->n = n + 2;
}

static void join_encoded(struct input *in, struct span protected_, const struct span *payload, size_t n)
{
	struct buf all = {0};

	for (size_t i = 0; i < n; i++)
		buf_put(&all, payload[i].p, payload[i].len);
	base64url_encode(&in->digits, all.p, all.len);
	buf_free(&all);
	join(in, protected_, &(struct span){ in->digits.p, in->digits.len }, 1);
}

static void input_free(struct input *in)
{
	free(in->spans);
	buf_free(&in->digits);
}

/* ---- verifying ---- */

static bool secret_verifies(struct span secret, const struct jws *jws, const struct input *in, bool short_secrets)
{
	unsigned char mac[HASH_MAX];

	if (jws->alg != ALG_HS256 || !secret.len || (secret.len < SECRET_LEAST && !short_secrets) ||
	    jws->signature.len != HS256_LEN)
		return false;
	hmac_spans(HASH_SHA256, secret.p, secret.len, in->spans, in->n, mac);
	return bytes_equal(mac, jws->signature.p, HS256_LEN);
}

static bool verifies(const struct jwk *jwk, const struct jws *jws, const struct input *in, bool short_secrets)
{
	if (jwk->alg != ALG_NONE && jwk->alg != jws->alg)
		return false;
	return jwk->key ? key_verify(jwk->key, jws->alg, in->spans, in->n, jws->signature)
		: secret_verifies(jwk->secret, jws, in, short_secrets);
}

static bool has_names(const struct jwks *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		if (keys->v[i].kid)
			return true;
	return false;
}

static enum jws_verdict try_keys(const struct jws *jws, const struct jws_check *check, const struct input *in)
{
	const struct jwks *keys = check->keys;
	const char *kid = jws->kid && has_names(keys) ? jws->kid : NULL;
	bool named = !kid;

	for (size_t i = 0; i < keys->n; i++) {
		const struct jwk *jwk = &keys->v[i];

		if (kid && (!jwk->kid || strcmp(jwk->kid, kid) != 0))
			continue;
		named = true;
		if (verifies(jwk, jws, in, check->short_secrets))
			return JWS_GOOD;
	}
	return named ? JWS_BAD : JWS_NO_KEY;
}

enum jws_verdict jws_verify(const struct jws *jws, const struct jws_check *check)
{
	struct input in = {0};
	enum jws_verdict verdict;

	if (!(check->allowed & 1u << jws->alg) || (check->payload && !jws->detached))
		return JWS_BAD;
	if (!jws->detached)
		join(&in, jws->protected_, &jws->encoded, 1);
	else if (jws->raw)
		join(&in, jws->protected_, check->payload, check->n);
	else
		join_encoded(&in, jws->protected_, check->payload, check->n);
	verdict = try_keys(jws, check, &in);
	input_free(&in);
	return verdict;
}

/* ---- making one ---- */

static int sign(const struct jws_make *make, const struct input *in, struct buf *signature, struct err *err)
{
	unsigned char mac[HASH_MAX];

	if (make->alg != ALG_HS256)
		return make->key ? key_sign(make->key, make->alg, in->spans, in->n, signature, err)
			: err_set(err, "there is no key for %s", alg_name(make->alg));
	if (!make->secret.len)
		return err_set(err, "there is no secret for HS256");
	hmac_spans(HASH_SHA256, make->secret.p, make->secret.len, in->spans, in->n, mac);
	buf_put(signature, mac, HS256_LEN);
	return 0;
}

int jws_make(const struct jws_make *make, struct buf *out, struct err *err)
{
	struct buf protected_ = {0}, signature = {0};
	struct input in = {0};
	int rc;

	base64url_encode(&protected_, make->header, strlen(make->header));
	if (make->raw)
		join(&in, (struct span){ protected_.p, protected_.len }, make->payload, make->n);
	else
		join_encoded(&in, (struct span){ protected_.p, protected_.len }, make->payload, make->n);
	rc = sign(make, &in, &signature, err);
	if (rc == 0) {
		buf_put(out, protected_.p, protected_.len);
		buf_char(out, '.');
		if (!make->detached)
			buf_put(out, in.digits.p, in.digits.len);
		buf_char(out, '.');
		base64url_encode(out, signature.p, signature.len);
	}
	buf_free(&protected_);
	buf_free(&signature);
	input_free(&in);
	return rc;
}
