/* SPDX-License-Identifier: EUPL-1.2
 * Bearer tokens of issuers (RFC 6750): JWTs (RFC 7519, RFC 9068) with keys, and any with introspection (RFC 7662). */
#include "config.h"
#include "trust/proof.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "trust/claims.h"
#include "trust/issuers.h"
#include "trust/jws.h"
#include "trust/known.h"

#define KEEP_MS 60000	/* how long a signature is not verified again */
#define NOT_ITS TRUST_MISSING	/* the token is not one of this issuer */

static const char unsure[] = "The token cannot be checked now. Send it again later.";
static const char bad_signature[] = "none of the issuer's keys made its signature with an algorithm that is allowed";

struct bearer {			/* a token before one issuer after the other */
	const struct workshop *shop;
	struct trial *trial;
	const char *token;
	bool looked;		/* at what is in it */
	bool is_jwt;		/* and claims is an object */
	struct jws jws;
	struct json_object *claims;
	const char *flaw;	/* what keeps it from being one */
};

static const struct conf_issuer *conf_of(const struct bearer *b, size_t issuer)
{
	return &b->shop->conf->issuers[issuer];
}

static enum trust_verdict tell(struct bearer *b, size_t issuer, enum trust_verdict verdict, const char *note)
{
	const char *why = verdict == TRUST_UNSURE ? unsure : token_refused;

	return claims_tell(b->trial, verdict, why, note, conf_of(b, issuer));
}

/* ---- what is in it, unverified ---- */

static void look(struct bearer *b)
{
	struct pool *pool = b->trial->request->pool;
	struct faults faults = { .pool = pool };

	if (b->looked)
		return;
	b->looked = true;
	if (!jws_split(pool, b->token, strlen(b->token), NULL, &b->jws, &b->flaw))
		return;
	if (b->jws.detached || b->jws.raw)
		b->flaw = "it has no claims inside";
	else if (json_parse(b->jws.payload.p, b->jws.payload.len, &b->claims, &faults) < 0 || json_kind(b->claims) != JSON_OBJECT)
		b->flaw = "its claims are not a JSON object without members twice";
	else
		b->is_jwt = true;
	if (!b->is_jwt)
		jws_drop(&b->jws);
}

static void drop(struct bearer *b)
{
	if (b->is_jwt)
		jws_drop(&b->jws);
	json_drop(&b->claims);
}

static bool is_of(struct bearer *b, const struct conf_issuer *issuer)
{
	struct json_object *iss;

	look(b);
	return b->is_jwt && issuer->issuer && json_member(b->claims, "iss", &iss) && claim_is(iss, issuer->issuer);
}

/* ---- JWTs ---- */

/* RFC 9068 2.1 and 4; RFC 7515 4.1.9 on leaving application/ out, and on case. */
static bool is_access_token(const struct bearer *b)
{
	struct json_object *typ;
	const char *p;
	size_t len;

	if (!json_member(b->jws.header, "typ", &typ) || !(p = json_string(typ, &len)))
		return false;
	return (len == 6 && strncasecmp(p, "at+jwt", 6) == 0) || (len == 18 && strncasecmp(p, "application/at+jwt", 18) == 0);
}

/* By what it says itself, when it says so: its key may have been published after these. */
static bool is_newer(const struct bearer *b, const struct jwks *keys)
{
	struct times times;
	const char *note;

	return times_read(b->claims, &times, &note) && times.iat_ms != TIME_NONE && times.iat_ms >= issuers_keys_fetched_ms(keys);
}

/* Newer keys may have it, unless these are as new as can be had: then nobody will. */
static enum trust_verdict unknown_key(struct bearer *b, size_t issuer, const struct jwks *keys)
{
	bool missed = issuers_keys_missed(keys, b->jws.kid);
	bool known = issuers_keys_fresh(keys) && (missed || !is_newer(b, keys));

	issuers_want(b->shop->issuers, issuer);
	if (!b->jws.kid)
		return known ? tell(b, issuer, TRUST_TOKEN, bad_signature)
			: tell(b, issuer, TRUST_UNSURE, "it has no kid, and none of the issuer's keys made its signature; newer ones are "
			       "asked for");
	return known ? tell(b, issuer, TRUST_TOKEN, "its kid is not among the issuer's keys, which are fresh")
		: tell(b, issuer, TRUST_UNSURE, "its kid is not among the issuer's keys, of which newer ones are asked for");
}

static void remember(struct bearer *b, const unsigned char digest[SHA256_LEN], uint64_t edition, const struct claims *claims)
{
	int64_t now_ms = b->trial->request->now_ms, until_ms = now_ms + KEEP_MS;
	struct known_fact fact = { .kind = KNOWN_GOOD, .edition = edition, .since_ms = now_ms, .claims = claims };

	fact.until_ms = claims->times.exp_ms < until_ms ? claims->times.exp_ms : until_ms;
	if (fact.until_ms > now_ms)
		known_put(issuers_known(b->shop->issuers), digest, &fact);
}

static enum trust_verdict accept(struct bearer *b, size_t issuer, const unsigned char digest[SHA256_LEN], uint64_t edition)
{
	const struct conf_issuer *conf = conf_of(b, issuer);
	enum trust_verdict verdict;
	struct claims *claims;
	const char *note;

	if (conf->at_jwt && !is_access_token(b))
		return tell(b, issuer, TRUST_TOKEN, "its typ is not at+jwt");
	claims = claims_read(b->claims, conf, CLAIMS_JWT, &note);
	if (!claims)
		return tell(b, issuer, TRUST_TOKEN, note);
	remember(b, digest, edition, claims);
	verdict = claims_judge(claims, conf, b->trial);
	free(claims);
	return verdict;
}

static enum trust_verdict verify(struct bearer *b, size_t issuer, const struct jwks *keys, const unsigned char digest[SHA256_LEN])
{
	const struct jws_check check = { .keys = keys, .allowed = issuers_algorithms(b->shop->issuers, issuer) };

	switch (jws_verify(&b->jws, &check)) {
	case JWS_GOOD:
		return accept(b, issuer, digest, issuers_keys_edition(keys));
	case JWS_NO_KEY:
		return unknown_key(b, issuer, keys);
	case JWS_BAD:
		break;
	}
	return b->jws.kid || !(check.allowed & 1u << b->jws.alg) ? tell(b, issuer, TRUST_TOKEN, bad_signature) : unknown_key(b, issuer, keys);
}

static enum trust_verdict judge_signed(struct bearer *b, size_t issuer)
{
	struct issuers *issuers = b->shop->issuers;
	const struct jwks *keys = issuers_keys(issuers, issuer);
	unsigned char digest[SHA256_LEN];
	struct known_fact fact = { .kind = KNOWN_NOTHING };
	enum trust_verdict verdict = NOT_ITS;

	if (keys) {
		known_digest(issuer, b->token, digest);
		fact = known_get(issuers_known(issuers), digest, b->trial->request->now_ms, b->trial->request->pool);
	}
	if (keys && fact.kind == KNOWN_GOOD && fact.edition == issuers_keys_edition(keys)) {
		verdict = claims_judge(fact.claims, conf_of(b, issuer), b->trial);
	} else if (is_of(b, conf_of(b, issuer))) {
		if (!keys)
			issuers_want(issuers, issuer);
		verdict = keys ? verify(b, issuer, keys, digest) : tell(b, issuer, TRUST_UNSURE, "the issuer's keys are not known");
	}
	issuers_keys_done(issuers, keys);
	return verdict;
}

/* ---- introspection ---- */

/* Not to be asked about: a JWT that says that another issued it, or that another of the sender's would know. */
static bool is_anothers(struct bearer *b, const struct conf_issuer *issuer)
{
	const struct conf_sender *sender = b->trial->sender;
	struct json_object *iss;

	look(b);
	if (!b->is_jwt || !json_member(b->claims, "iss", &iss))
		return false;
	if (issuer->issuer)
		return !claim_is(iss, issuer->issuer);
	for (size_t i = 0; i < sender->n_issuers; i++) {
		const struct conf_issuer *other = conf_of(b, sender->issuers[i]);

		if (other->issuer && claim_is(iss, other->issuer))
			return true;
	}
	return false;
}

static enum trust_verdict ask(struct bearer *b, size_t issuer)
{
	struct pool *pool = b->trial->request->pool;

	if (b->trial->request->asked)
		return tell(b, issuer, TRUST_UNSURE, "the issuer's answer could not be had");
	b->trial->question = (struct trust_question){ issuer, pool_str(pool, b->token) };
	return tell(b, issuer, TRUST_ASK, NULL);
}

static enum trust_verdict judge_opaque(struct bearer *b, size_t issuer)
{
	const struct trust_request *request = b->trial->request;
	unsigned char digest[SHA256_LEN];
	struct known_fact fact;

	known_digest(issuer, b->token, digest);
	fact = known_get(issuers_known(b->shop->issuers), digest, request->now_ms, request->pool);
	switch (fact.kind) {
	case KNOWN_GOOD:
		return claims_judge(fact.claims, conf_of(b, issuer), b->trial);
	case KNOWN_BAD:
		return tell(b, issuer, TRUST_TOKEN, fact.note);
	case KNOWN_UNSURE:
		return tell(b, issuer, TRUST_UNSURE, "the issuer's answer could not be had");
	case KNOWN_NOTHING:
		break;
	}
	return is_anothers(b, conf_of(b, issuer)) ? NOT_ITS : ask(b, issuer);
}

/* ---- the row ---- */

/* RFC 6750 2.1, and no more than a JWS may have. */
static bool is_token(const char *token)
{
	static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
	size_t len = strspn(token, chars), all = len + strspn(token + len, "=");

	return len && !token[all] && all <= JWS_LEN_MAX;
}

/* The first issuer that it holds for, or the one that tells most. */
static enum trust_verdict judge(struct bearer *b)
{
	const struct conf_sender *sender = b->trial->sender;
	enum trust_verdict verdict = NOT_ITS;
	struct trial best = *b->trial;

	for (size_t i = 0; i < sender->n_issuers; i++) {
		size_t issuer = sender->issuers[i];
		enum trust_verdict v = conf_of(b, issuer)->introspection ? judge_opaque(b, issuer) : judge_signed(b, issuer);

		if (v == TRUST_OK)
			return v;
		if (v > verdict) {
			verdict = v;
			best = *b->trial;
		}
	}
	*b->trial = best;
	return verdict;
}

static enum trust_verdict refuse(struct trial *trial, enum trust_verdict verdict, const char *why, const char *note)
{
	trial->why = why;
	trial->note = note;
	return verdict;
}

static enum trust_verdict check(const void *prepared, struct trial *trial)
{
	struct bearer b = { .shop = prepared, .trial = trial, .token = trial_token(trial) };
	enum trust_verdict verdict;

	if (!b.token)
		return trial->repeated ? refuse(trial, TRUST_WRONG, token_refused, "the Authorization header came more than once")
				       : refuse(trial, TRUST_MISSING, "A Bearer token is missing.", NULL);
	if (!is_token(b.token))
		return refuse(trial, TRUST_TOKEN, token_refused, "it is no bearer token, or too long");
	verdict = judge(&b);
	drop(&b);
	if (verdict == NOT_ITS)
		return refuse(trial, TRUST_TOKEN, token_refused, b.flaw ? pool_fmt(trial->request->pool, "token: %s", b.flaw)
			      : "its iss is that of no issuer of this sender");
	return verdict;
}

static bool set(const struct conf_sender *sender)
{
	return sender->n_issuers > 0;
}

static void *prepare(const struct workshop *workshop, const struct conf_sender *sender, struct err *err)
{
	(void)sender;
	(void)err;
	return mem_dup(workshop, sizeof *workshop);
}

const struct proof proof_token = { "token", set, prepare, free, check, false };
