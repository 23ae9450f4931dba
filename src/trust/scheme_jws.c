/* SPDX-License-Identifier: EUPL-1.2
 * Signatures that are a detached JWS in a header, and the one over the body alone (RFC 7515 appendix F): as it is (RFC
 * 7797), or in base64url. The RFC knows no time; where the protected header has iat, it counts. */
#include "config.h"
#include "trust/scheme.h"

#include <stdlib.h>
#include <string.h>

int scheme_algorithms(const char *words, unsigned fallback, unsigned *out, struct err *err)
{
	struct span word;

	*out = words ? 0 : fallback;
	while (words && scheme_word(&words, &word)) {
		enum alg alg = alg_find(word.p, word.len);

		if (alg == ALG_NONE || !(SCHEME_JWA & 1u << alg))
			return err_set(err, "signature.algorithms: %.*s is none of RS256, PS256, ES256, ES384, EdDSA and HS256", (int)word.len,
				       (const char *)word.p);
		*out |= 1u << alg;
	}
	return 0;
}

struct scheme_keys *scheme_jws_keys(const struct workshop *workshop, const struct conf_sender *sender, unsigned fallback,
				    struct err *err)
{
	struct scheme_keys *keys;
	unsigned allowed;

	if (scheme_algorithms(sender->signing.algorithms, fallback, &allowed, err) < 0)
		return NULL;
	keys = scheme_keys_new(workshop, &sender->signing, err);
	if (keys)
		keys->allowed = allowed;
	return keys;
}

bool scheme_jws_read(struct trial *trial, const char *const *crit, struct jws *out, enum trust_verdict *verdict)
{
	const char *value = scheme_value(trial, verdict), *why;

	if (!value)
		return false;
	if (jws_split(trial->request->pool, value, strlen(value), &(struct jws_rules){ crit }, out, &why)) {
		if (out->detached)
			return true;
		jws_drop(out);
		why = "its payload is inside";
	}
	*verdict = scheme_wrong(trial, pool_fmt(trial->request->pool, "the signature is a JWS that is not taken: %s", why));
	return false;
}

const char *scheme_jws_iat(const struct jws *jws, const struct window *window, bool *there)
{
	struct json_object *value;
	double seconds;

	*there = json_member(jws->header, "iat", &value);
	if (!*there)
		return NULL;
	if (json_kind(value) != JSON_NUMBER)
		return "the signature's iat is no number";
	seconds = strtod(json_text(value), NULL);
	if (!(seconds >= 0 && seconds < 1e12) || !window_has(window, (int64_t)(seconds * 1000)))
		return "the signature's iat is too far from now";
	return NULL;
}

enum trust_verdict scheme_jws_verify(const struct scheme_keys *keys, const struct jws *jws, struct span payload,
				     struct trial *trial)
{
	const struct jwks *set = scheme_keys_take(keys, trial);
	enum trust_verdict verdict = TRUST_UNSURE;
	enum jws_verdict v;

	if (!set)
		return verdict;
	v = jws_verify(jws, &(struct jws_check){ .keys = set, .allowed = keys->allowed, .payload = &payload, .n = 1 });
	if (v == JWS_NO_KEY)
		verdict = scheme_keys_lack(keys, set, trial);
	else
		verdict = v == JWS_GOOD ? TRUST_OK : scheme_wrong(trial, "no key of this sender made the signature over this, with an "
								   "algorithm that is allowed");
	if (v == JWS_BAD && !jws->kid)
		scheme_keys_want(keys);
	scheme_keys_done(keys, set);
	return verdict;
}

/* ---- over the body ---- */

void *detached_prepare(const struct workshop *workshop, const struct conf_sender *sender, struct err *err)
{
	return scheme_jws_keys(workshop, sender, SCHEME_JWA, err);
}

void detached_drop(void *prepared)
{
	scheme_keys_drop(prepared);
}

enum trust_verdict detached_check(const void *prepared, struct trial *trial)
{
	const struct message *m = trial->request->m;
	struct window window = scheme_window(trial);
	enum trust_verdict verdict;
	struct jws jws;
	const char *why;
	bool timed;

	if (!scheme_jws_read(trial, NULL, &jws, &verdict))
		return verdict;
	why = scheme_jws_iat(&jws, &window, &timed);
	verdict = why ? scheme_wrong(trial, why) : scheme_jws_verify(prepared, &jws, (struct span){ m->body, m->body_len }, trial);
	jws_drop(&jws);
	return verdict;
}

int detached_make(const struct sign_order *order, struct buf *lines, struct err *err)
{
	struct buf members = {0};
	unsigned allowed;
	int rc = scheme_algorithms(order->signing->algorithms, SCHEME_JWA, &allowed, err);

	buf_fmt(&members, ",\"iat\":%lld,\"b64\":false,\"crit\":[\"b64\"]", (long long)(order->now_ms / 1000));
	if (rc == 0)
		rc = sign_jws(order, allowed, members.p, (struct span){ order->body, order->body_len }, lines, err);
	buf_free(&members);
	return rc;
}
