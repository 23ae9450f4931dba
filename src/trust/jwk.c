/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "trust/jwk.h"

#include <stdlib.h>
#include <string.h>
#include "base/die.h"
#include "event/base64.h"
#include "event/json.h"

#define KID_MAX 256		/* bytes */
#define OPS_MOST 16		/* there are eight (RFC 7517 4.3) */

static const struct kind {
	const char *kty, *crv;
	enum key_kind kind;
	const char *numbers[2];
} kinds[] = {			/* RFC 7518 6.2 and 6.3, RFC 8037 2 */
	{ "RSA", NULL, KEY_RSA, { "n", "e" } },
	{ "EC", "P-256", KEY_P256, { "x", "y" } },
	{ "EC", "P-384", KEY_P384, { "x", "y" } },
	{ "OKP", "Ed25519", KEY_ED25519, { "x", NULL } },
};

/* A member that is a string without a NUL in it; null with true: it is not there. False: it is another thing. */
static bool text_member(struct json_object *jwk, const char *name, const char **text)
{
	struct json_object *value;
	size_t len;

	*text = NULL;
	if (!json_member(jwk, name, &value))
		return true;
	*text = json_string(value, &len);
	return *text && strlen(*text) == len;
}

static bool bytes_member(struct pool *pool, struct json_object *jwk, const char *name, struct span *out)
{
	struct json_object *value;
	const char *digits;
	unsigned char *bytes;
	size_t len;

	if (!json_member(jwk, name, &value) || !(digits = json_string(value, &len)))
		return false;
	bytes = pool_alloc(pool, BASE64URL_DECODED(len));
	out->p = bytes;
	return base64url_decode(digits, len, bytes, &out->len);
}

/* Whether key_ops (RFC 7517 4.3) has verify, and each operation once. */
static bool ops_verify(struct json_object *ops)
{
	const char *seen[OPS_MOST];
	struct json_object *op;
	bool verifies = false;

	for (size_t i = 0, len; json_element(ops, i, &op); i++) {
		if (i == OPS_MOST || !(seen[i] = json_string(op, &len)))
			return false;
		verifies |= strcmp(seen[i], "verify") == 0;
		for (size_t before = 0; before < i; before++)
			if (strcmp(seen[before], seen[i]) == 0)
				return false;
	}
	return verifies;
}

/* What keeps it from being a key that verifies, whatever its kind; or null. */
static const char *unfit(struct pool *pool, struct json_object *jwk, struct jwk *out)
{
	struct json_object *ops;
	const char *use, *alg;

	if (json_kind(jwk) != JSON_OBJECT)
		return "it is no object";
	if (!text_member(jwk, "use", &use) || (use && strcmp(use, "sig") != 0))
		return "its use is not sig";
	if (json_member(jwk, "key_ops", &ops) && !ops_verify(ops))
		return "its key_ops have no verify, or something twice";
	if (!text_member(jwk, "kid", &out->kid) || (out->kid && strlen(out->kid) > KID_MAX))
		return "its kid is no text of at most 256 bytes";
	out->kid = pool_str(pool, out->kid);
	if (!text_member(jwk, "alg", &alg))
		return "its alg is no text";
	out->alg = alg ? alg_find(alg, strlen(alg)) : ALG_NONE;
	return alg && out->alg == ALG_NONE ? "its alg is not one of those that are taken" : NULL;
}

static bool has_private(struct json_object *jwk)
{
	static const char *const names[] = { "d", "p", "q", "dp", "dq", "qi", "oth" };
	struct json_object *value;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (json_member(jwk, names[i], &value))
			return true;
	return false;
}

static const char *read_secret(struct pool *pool, struct json_object *jwk, struct jwk *out)
{
	if (out->alg != ALG_NONE && out->alg != ALG_HS256)
		return "its alg is not for a shared secret";
	if (!bytes_member(pool, jwk, "k", &out->secret) || !out->secret.len)
		return "its k is not base64url, or empty";
	return NULL;
}

static const char *read_public(struct pool *pool, struct json_object *jwk, const struct kind *kind, struct jwk *out)
{
	struct span numbers[2] = { { NULL, 0 }, { NULL, 0 } };
	struct err err;

	if (has_private(jwk))
		return "it has a private half";
	if (out->alg != ALG_NONE && !key_fits(kind->kind, out->alg))
		return "its alg is not for its kty and crv";
	for (size_t i = 0; i < 2 && kind->numbers[i]; i++)
		if (!bytes_member(pool, jwk, kind->numbers[i], &numbers[i]))
			return pool_fmt(pool, "its %s is not base64url", kind->numbers[i]);
	out->key = key_new(kind->kind, numbers, &err);
	return out->key ? NULL : pool_str(pool, err.text);
}

/* Null: out is the key; else why it is passed over. */
static const char *read_key(struct pool *pool, struct json_object *jwk, bool secrets, struct jwk *out)
{
	const char *why = unfit(pool, jwk, out), *kty, *crv;

	if (why)
		return why;
	if (!text_member(jwk, "kty", &kty) || !kty)
		return "it has no kty";
	if (secrets && strcmp(kty, "oct") == 0)
		return read_secret(pool, jwk, out);
	if (!text_member(jwk, "crv", &crv))
		return "its crv is no text";
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].kty, kty) == 0 && (!kinds[i].crv || (crv && strcmp(kinds[i].crv, crv) == 0)))
			return read_public(pool, jwk, &kinds[i], out);
	return "its kty and crv are not of a kind that is taken";
}

/* A set with secrets is our own, and what is not clear in it is a mistake: a key that is of no use, a secret beside a
 * public key, two of one name. (Sets from elsewhere repeat a kid for each alg of a key.) */
static int check_secrets(const struct jwks *set, struct err *err)
{
	for (size_t i = 1; i < set->n; i++) {
		const struct jwk *jwk = &set->v[i];

		if (!jwk->key != !set->v[0].key)
			return err_set(err, "shared secrets and public keys are in one set");
		for (size_t before = 0; !jwk->key && jwk->kid && before < i; before++)
			if (set->v[before].kid && strcmp(set->v[before].kid, jwk->kid) == 0)
				return err_set(err, "two secrets have one kid");
	}
	return 0;
}

static struct jwks *new_set(void)
{
	struct jwks *set = mem_alloc(sizeof *set);

	set->pool = pool_new();
	set->v = pool_alloc(set->pool, JWKS_MOST * sizeof *set->v);
	return set;
}

static int read_keys(struct jwks *set, struct json_object *doc, bool secrets, struct err *err)
{
	struct json_object *keys, *jwk = doc;
	const char *first = NULL;
	bool many = json_member(doc, "keys", &keys);

	if (many && json_kind(keys) != JSON_ARRAY)
		return err_set(err, "its keys are no array");
	for (size_t i = 0; many ? json_element(keys, i, &jwk) : i == 0; i++) {
		struct jwk key = {0};
		const char *why;

		if (i == JWKS_MOST)
			return err_set(err, "it has more than %d keys", JWKS_MOST);
		why = read_key(set->pool, jwk, secrets, &key);
		if (why && secrets)
			return err_set(err, "key %zu cannot be used: %s", i + 1, why);
		if (!why)
			set->v[set->n++] = key;
		else if (!set->passed_over++)
			first = why;
	}
	if (!set->n && !first)
		return err_set(err, "it has no keys");
	return set->n ? check_secrets(set, err) : err_set(err, "none of its keys is of use; of the first: %s", first);
}

struct jwks *jwks_parse(const void *p, size_t len, bool secrets, struct err *err)
{
	struct jwks *set = new_set();
	struct faults faults = { .pool = set->pool };
	struct json_object *doc = NULL;
	int rc;

	if (len > JWKS_LEN_MAX)
		rc = err_set(err, "a set of keys has at most %u bytes, and this one has %zu", JWKS_LEN_MAX, len);
	else if (json_parse(p, len, &doc, &faults) < 0)
		rc = err_set(err, "it is not JSON that is taken: %s", faults.v[0].reason);
	else if (json_kind(doc) != JSON_OBJECT)
		rc = err_set(err, "it is not a JWK Set or JWK, but another kind of JSON");
	else
		rc = read_keys(set, doc, secrets, err);
	json_drop(&doc);
	if (rc < 0)
		jwks_free(&set);
	return set;
}

struct jwks *jwks_pem(const char *text, struct err *err)
{
	struct jwks *set = new_set();
	struct key *key;
	struct err why;

	while ((key = key_pem(text, false, &text, &why)) && set->n < JWKS_MOST)
		set->v[set->n++].key = key;
	if (!key && !*why.text && set->n)
		return set;
	if (key)
		err_set(err, "it has more than %d keys", JWKS_MOST);
	else
		err_set(err, "%s", *why.text ? why.text : "there is no key in it");
	key_free(&key);
	jwks_free(&set);
	return NULL;
}

struct jwks *jwks_read(const char *text, struct err *err)
{
	return text[strspn(text, " \t\r\n")] == '{' ? jwks_parse(text, strlen(text), false, err) : jwks_pem(text, err);
}

void jwks_free(struct jwks **jwks)
{
	struct jwks *set = *jwks;

	if (!set)
		return;
	for (size_t i = 0; i < set->n; i++)
		key_free(&set->v[i].key);
	pool_free(&set->pool);
	free(set);
	*jwks = NULL;
}

void jwk_print(const struct key *key, const char *kid, struct buf *out)
{
	const struct kind *kind = kinds;
	struct span numbers[2];
	struct buf room = {0};

	while (kind->kind != key_kind(key))
		kind++;
	key_numbers(key, &room, numbers);
	buf_fmt(out, "{\"kty\":\"%s\",", kind->kty);
	if (kind->crv)
		buf_fmt(out, "\"crv\":\"%s\",", kind->crv);
	for (size_t i = 0; i < 2 && kind->numbers[i]; i++) {
		buf_fmt(out, "\"%s\":\"", kind->numbers[i]);
		base64url_encode(out, numbers[i].p, numbers[i].len);
		buf_str(out, "\",");
	}
	if (kid) {
		buf_str(out, "\"kid\":");
		buf_json(out, kid, strlen(kid));
		buf_char(out, ',');
	}
	buf_str(out, "\"use\":\"sig\"}");
	buf_free(&room);
}
