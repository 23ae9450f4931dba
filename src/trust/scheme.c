/* SPDX-License-Identifier: EUPL-1.2
 * What the schemes share when they check a signature. */
#include "config.h"
#include "trust/scheme.h"

#include <stdlib.h>
#include <string.h>
#include "base/words.h"
#include "trust/issuers.h"

#define SECRET_LEAST 32		/* bytes (RFC 7518 3.2) */

bool scheme_word(const char **at, struct span *word)
{
	word->p = words_next(at, &word->len);
	return word->p != NULL;
}

enum trust_verdict scheme_wrong(struct trial *trial, const char *note)
{
	trial->note = note;
	return TRUST_WRONG;
}

const char *scheme_value(struct trial *trial, enum trust_verdict *verdict)
{
	size_t n;
	const char *value = message_header(trial->request->m, scheme_header(&trial->sender->signing), &n);

	*verdict = TRUST_OK;
	if (n > 1)
		*verdict = scheme_wrong(trial, "the signature's header came more than once");
	else if (!n || !*value)
		*verdict = TRUST_MISSING;
	return *verdict == TRUST_OK ? value : NULL;
}

struct window scheme_window(const struct trial *trial)
{
	return (struct window){ trial->request->now_ms, trial->sender->signing.max_age_ms };
}

struct template_fill scheme_fill(const struct trial *trial)
{
	struct template_fill fill = { .pool = trial->request->pool, .m = trial->request->m };
	struct httpsig_target target;

	target_read(fill.pool, fill.m, trial->endpoint->url, &target);
	fill.path = target.path;
	fill.url = target.uri;
	return fill;
}

/* ---- secrets and keys ---- */

void scheme_secrets_add(struct scheme_secrets *secrets, const void *p, size_t len)
{
	if (!len)
		return;
	secrets->v = mem_grow(secrets->v, secrets->n + 1, sizeof *secrets->v);
	secrets->v[secrets->n++] = (struct span){ mem_dup(p, len), len };
}

void scheme_secrets_free(struct scheme_secrets *secrets)
{
	for (size_t i = 0; i < secrets->n; i++) {
		void *p = (void *)(uintptr_t)secrets->v[i].p;

		explicit_bzero(p, secrets->v[i].len);
		free(p);
	}
	free(secrets->v);
	*secrets = (struct scheme_secrets){0};
}

static int open_secrets(struct scheme_keys *keys, const struct secret *secret, struct err *err)
{
	for (size_t i = 0; i < secret->n; i++) {
		size_t len = strlen(secret->values[i]);

		if (len && len < SECRET_LEAST)
			return err_set(err, "signature.secret: a line has %zu bytes; a shared secret of this scheme has to have %d", len,
				       SECRET_LEAST);
		scheme_secrets_add(&keys->secrets, secret->values[i], len);
	}
	if (!keys->secrets.n)
		return err_set(err, "signature.secret is empty");
	keys->own = mem_alloc(sizeof *keys->own);
	keys->own->pool = pool_new();
	keys->own->v = pool_alloc(keys->own->pool, keys->secrets.n * sizeof *keys->own->v);
	for (; keys->own->n < keys->secrets.n; keys->own->n++)
		keys->own->v[keys->own->n] = (struct jwk){ .alg = ALG_HS256, .secret = keys->secrets.v[keys->own->n] };
	return 0;
}

struct scheme_keys *scheme_keys_new(const struct workshop *workshop, const struct conf_signing *signing, struct err *err)
{
	struct scheme_keys *keys = mem_alloc(sizeof *keys);
	struct err why;
	int rc = 0;

	keys->workshop = workshop;
	keys->issuer = conf_signing_issuer(workshop->conf, signing);
	if (signing->keys.text) {
		keys->own = jwks_read(signing->keys.text, &why);
		rc = keys->own ? 0 : err_set(err, "signature.keys = %s: %s", signing->keys.ref, why.text);
	} else if (!keys->issuer) {
		rc = open_secrets(keys, &signing->secret, err);
	}
	if (rc == 0)
		return keys;
	scheme_keys_drop(keys);
	return NULL;
}

void scheme_keys_drop(void *keys)
{
	struct scheme_keys *k = keys;

	jwks_free(&k->own);
	scheme_secrets_free(&k->secrets);
	free(k);
}

static size_t issuer_of(const struct scheme_keys *keys)
{
	return (size_t)(keys->issuer - keys->workshop->conf->issuers);
}

const struct jwks *scheme_keys_take(const struct scheme_keys *keys, struct trial *trial)
{
	const struct jwks *set = keys->own ? keys->own : issuers_keys(keys->workshop->issuers, issuer_of(keys));

	if (!set) {
		trial->note = pool_fmt(trial->request->pool, "there are no keys of issuer %s now", keys->issuer->name);
		scheme_keys_want(keys);
	}
	return set;
}

void scheme_keys_want(const struct scheme_keys *keys)
{
	if (!keys->own)
		issuers_want(keys->workshop->issuers, issuer_of(keys));
}

void scheme_keys_done(const struct scheme_keys *keys, const struct jwks *set)
{
	if (!keys->own)
		issuers_keys_done(keys->workshop->issuers, set);
}

enum trust_verdict scheme_keys_lack(const struct scheme_keys *keys, const struct jwks *set, struct trial *trial)
{
	trial->note = "the signature names a key that is not known";
	scheme_keys_want(keys);
	return keys->own || issuers_keys_fresh(set) ? TRUST_WRONG : TRUST_UNSURE;
}

