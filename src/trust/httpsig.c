/* SPDX-License-Identifier: EUPL-1.2
 * Which message signatures are believed (RFC 9421 3.2), by the rules of a sender. */
#include "config.h"
#include "trust/httpsig.h"

#include <string.h>
#include "base/words.h"
#include "trust/digest_field.h"
#include "trust/field.h"

static const struct { const char *name; enum alg alg; } algs[] = {
	{ "rsa-pss-sha512", ALG_PS512 }, { "rsa-v1_5-sha256", ALG_RS256 }, { "hmac-sha256", ALG_HS256 },
	{ "ecdsa-p256-sha256", ALG_ES256 }, { "ecdsa-p384-sha384", ALG_ES384 }, { "ed25519", ALG_EDDSA },
};
#define ALGS (sizeof algs / sizeof *algs)

enum alg httpsig_alg(const char *name, size_t len)
{
	for (size_t i = 0; i < ALGS; i++)
		if (strlen(algs[i].name) == len && memcmp(algs[i].name, name, len) == 0)
			return algs[i].alg;
	return ALG_NONE;
}

const char *httpsig_alg_name(enum alg alg)
{
	for (size_t i = 0; i < ALGS; i++)
		if (algs[i].alg == alg)
			return algs[i].name;
	return NULL;
}

bool httpsig_signed(const struct jwk *key, enum alg alg, const struct buf *base, struct span signature)
{
	struct span text = { base->p, base->len };
	unsigned char mac[HASH_MAX];

	if (key->key)
		return key_verify(key->key, alg, &text, 1, signature);
	if (alg != ALG_HS256 || !key->secret.len || signature.len != hash_len(HASH_SHA256))
		return false;
	hmac_spans(HASH_SHA256, key->secret.p, key->secret.len, &text, 1, mac);
	return bytes_equal(mac, signature.p, signature.len);
}

int httpsig_rules_read(const struct conf_signing *signing, struct httpsig_rules *out, struct err *err)
{
	const char *at = signing->algorithms, *word;
	size_t len;

	*out = (struct httpsig_rules){ .components = signing->components ? signing->components : HTTPSIG_REQUIRED,
				       .tag = signing->tag, .max_age_ms = signing->max_age_ms, .allowed = at ? 0 : ~0u };
	while (at && (word = words_next(&at, &len))) {
		enum alg alg = httpsig_alg(word, len);

		if (alg == ALG_NONE)
			return err_set(err, "%.*s is not an algorithm of RFC 9421: write ed25519, ecdsa-p256-sha256, "
				       "ecdsa-p384-sha384, rsa-pss-sha512, rsa-v1_5-sha256 or hmac-sha256", (int)len, word);
		out->allowed |= 1u << alg;
	}
	return 0;
}

/* ---- one signature ---- */

struct judge {
	const struct httpsig_request *request;
	const struct httpsig_rules *rules;
	int64_t now_ms;
	const struct sfv_member *input;	/* of the signature that is judged */
	struct span signature;
	const char *why;
};

static bool refuse(struct judge *j, const char *why)
{
	j->why = why;
	return false;
}

static enum httpsig_verdict bad(struct judge *j, const char *why)
{
	j->why = why;
	return HTTPSIG_BAD;
}

/* A parameter of the signature; null: it is not there. */
static const struct sfv_bare *said(const struct judge *j, const char *name)
{
	return sfv_param(&j->input->item.params, name);
}

/* Those of 2.3 have their types; others may be there and are signed like them. */
static bool well_typed(struct judge *j)
{
	static const struct { const char *name; enum sfv_type type; } rows[] = {
		{ "created", SFV_INTEGER }, { "expires", SFV_INTEGER }, { "nonce", SFV_STRING }, { "alg", SFV_STRING },
		{ "keyid", SFV_STRING }, { "tag", SFV_STRING },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (said(j, rows[i].name) && said(j, rows[i].name)->type != rows[i].type)
			return refuse(j, "a parameter of the signature is not of its type");
	return true;
}

static bool in_time(struct judge *j)
{
	const struct sfv_bare *created = said(j, "created"), *expires = said(j, "expires");
	int64_t age_ms = created ? j->now_ms - created->number * 1000 : 0;

	if (expires && expires->number < j->now_ms / 1000)
		return refuse(j, "it has expired");
	if (!j->rules->max_age_ms)
		return true;
	if (!created)
		return refuse(j, "it does not say when it was created");
	if (age_ms > j->rules->max_age_ms)
		return refuse(j, "it is too old");
	return age_ms >= -j->rules->max_age_ms || refuse(j, "it was created in the future");
}

static bool covers(const struct judge *j, const char *name, size_t len)
{
	for (size_t i = 0; i < j->input->n; i++) {
		const struct sfv_item *id = &j->input->items[i];

		if (id->bare.type == SFV_STRING && id->bare.len == len && memcmp(id->bare.p, name, len) == 0 &&
		    !sfv_param(&id->params, "key") && !sfv_param(&id->params, "name"))
			return true;
	}
	return false;
}

/* Itself, or by what has it inside. */
static bool covers_all_of(const struct judge *j, const char *name, size_t len)
{
	static const struct { const char *part, *whole; } rows[] = {
		{ "@scheme", "@target-uri" }, { "@authority", "@target-uri" },
		{ "@path", "@target-uri" }, { "@query", "@target-uri" },
		{ "@path", "@request-target" }, { "@query", "@request-target" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strlen(rows[i].part) == len && memcmp(rows[i].part, name, len) == 0 &&
		    covers(j, rows[i].whole, strlen(rows[i].whole)))
			return true;
	return covers(j, name, len);
}

/* name*: each header that the message has of those. */
static bool covers_each_of(const struct judge *j, const char *prefix, size_t len)
{
	const struct message *m = j->request->m;

	for (size_t i = 0; i < m->n_headers; i++)
		if (strncmp(m->headers[i].name, prefix, len) == 0 && !covers(j, m->headers[i].name, strlen(m->headers[i].name)))
			return false;
	return true;
}

static bool covers_one_of(const struct judge *j, const char *words, size_t len)
{
	static const char optional[] = "content-type";

	if (words[len - 1] == '*')
		return covers_each_of(j, words, len - 1);
	if (len == strlen(optional) && memcmp(words, optional, len) == 0 && !message_header(j->request->m, optional, NULL))
		return true;
	for (size_t at = 0; at < len;) {
		size_t word = strcspn(words + at, "|" WORDS_SEPARATORS);

		if (covers_all_of(j, words + at, word))
			return true;
		at += word + 1;
	}
	return false;
}

static bool covers_enough(struct judge *j)
{
	const char *at = j->rules->components, *word;
	size_t len;

	if (!j->input->n)
		return refuse(j, "it covers nothing");
	while ((word = words_next(&at, &len)))
		if (!covers_one_of(j, word, len))
			return refuse(j, "it does not cover all that signature.components asks for");
	return true;
}

static bool tagged(struct judge *j)
{
	const struct sfv_bare *tag = said(j, "tag");

	return !j->rules->tag || (tag && strcmp(tag->p, j->rules->tag) == 0) || refuse(j, "it has not the tag");
}

/* Where it is covered, it has to be true: in whatever way it is covered. */
static bool body_right(struct judge *j)
{
	struct pool *pool;
	bool right;
	size_t i = 0;

	while (i < j->input->n && strcmp(j->input->items[i].bare.p, "content-digest") != 0)
		i++;
	if (i == j->input->n)
		return true;
	pool = pool_new();
	right = digest_field_right(pool, DIGEST_CONTENT, j->request->m, &j->why);
	pool_free(&pool);
	return right;
}

/* ---- keys (3.2, steps 5 and 6) ---- */

/* Tries a key with each algorithm that it, the rules and the signature agree on; *tried: there was one. */
static bool try_key(const struct judge *j, const struct jwk *key, const struct buf *base, bool *tried)
{
	const struct sfv_bare *name = said(j, "alg");

	for (size_t i = 0; i < ALGS; i++) {
		enum alg alg = algs[i].alg;
		bool fits = key->key ? key_fits(key_kind(key->key), alg) : alg == ALG_HS256;

		if (!fits || !(j->rules->allowed & 1u << alg) || (key->alg != ALG_NONE && key->alg != alg) ||
		    (name && strcmp(name->p, algs[i].name) != 0))
			continue;
		*tried = true;
		if (httpsig_signed(key, alg, base, j->signature))
			return true;
	}
	return false;
}

static bool have_names(const struct jwks *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		if (keys->v[i].kid)
			return true;
	return false;
}

static enum httpsig_verdict try_keys(struct judge *j, const struct buf *base)
{
	const struct jwks *keys = j->rules->keys;
	const struct sfv_bare *keyid = said(j, "keyid");
	bool by_name = have_names(keys), found = false, tried = false;

	if (by_name && !keyid)
		return bad(j, "it does not say by which key it was made");
	for (size_t i = 0; i < keys->n; i++) {
		if (by_name && (!keys->v[i].kid || strcmp(keys->v[i].kid, keyid->p) != 0))
			continue;
		found = true;
		if (try_key(j, &keys->v[i], base, &tried))
			return HTTPSIG_GOOD;
	}
	if (tried)
		return bad(j, "the signature is wrong");
	if (found)
		return bad(j, "its algorithm is not allowed, or not for the key");
	j->why = "its key is not known";
	return by_name ? HTTPSIG_NO_KEY : HTTPSIG_BAD;
}

static enum httpsig_verdict judge_one(struct judge *j)
{
	struct buf base = { 0 };
	enum httpsig_verdict verdict = HTTPSIG_BAD;

	if (well_typed(j) && covers_enough(j) && tagged(j) && in_time(j) && httpsig_base(j->request, j->input, &base, &j->why))
		verdict = try_keys(j, &base);
	buf_free(&base);
	return verdict == HTTPSIG_GOOD && !body_right(j) ? HTTPSIG_BAD : verdict;
}

/* ---- all of a message ---- */

struct fields {
	struct sfv input, signature;
};

static bool read_dictionary(struct pool *pool, const char *value, struct sfv *out, const char **why)
{
	if (!sfv_read(pool, SFV_DICTIONARY, value, out, why))
		return false;
	*why = out->repeated ? "Signature-Input or Signature has a label or a parameter twice" : NULL;
	return !out->repeated;
}

/* Both have the same labels (section 4), and what they have to have. */
static bool read_fields(struct pool *pool, const char *input, const char *signature, struct fields *out, const char **why)
{
	*why = input ? "there is a Signature-Input, and no Signature" : "there is a Signature, and no Signature-Input";
	if (!input || !signature || !read_dictionary(pool, input, &out->input, why) ||
	    !read_dictionary(pool, signature, &out->signature, why))
		return false;
	*why = "Signature-Input and Signature have not the same labels";
	if (out->input.n != out->signature.n)
		return false;
	for (size_t i = 0; i < out->input.n; i++) {
		const struct sfv_member *member = sfv_find(&out->signature, out->input.v[i].key);

		if (!member)
			return false;
		if (member->inner || member->item.bare.type != SFV_BYTES) {
			*why = "a signature is not a byte sequence";
			return false;
		}
	}
	*why = "Signature-Input is empty";
	return out->input.n > 0;
}

static enum httpsig_verdict judge_all(struct judge *j, const struct fields *fields, const char **why)
{
	enum httpsig_verdict best = HTTPSIG_BAD;

	*why = NULL;
	for (size_t i = 0; i < fields->input.n && i < HTTPSIG_LABELS; i++) {
		const struct sfv_bare *signature = &sfv_find(&fields->signature, fields->input.v[i].key)->item.bare;
		enum httpsig_verdict verdict;

		j->input = &fields->input.v[i];
		j->signature = (struct span){ signature->p, signature->len };
		verdict = judge_one(j);
		if (verdict == HTTPSIG_GOOD)
			return verdict;
		if (!*why || (verdict == HTTPSIG_NO_KEY && best == HTTPSIG_BAD)) {
			*why = j->why;
			best = verdict;
		}
	}
	return best;
}

enum httpsig_verdict httpsig_verify(const struct httpsig_request *request, const struct httpsig_rules *rules, int64_t now_ms,
				    const char **why)
{
	struct judge j = { .request = request, .rules = rules, .now_ms = now_ms };
	struct pool *pool = pool_new();
	const char *input = field_value(pool, request->m, "signature-input");
	const char *signature = field_value(pool, request->m, "signature");
	enum httpsig_verdict verdict = HTTPSIG_MISSING;
	struct fields fields;

	*why = "there is no Signature";
	if (input || signature)
		verdict = read_fields(pool, input, signature, &fields, why) ? judge_all(&j, &fields, why) : HTTPSIG_BAD;
	pool_free(&pool);
	return verdict;
}
