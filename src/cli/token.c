/* SPDX-License-Identifier: EUPL-1.2
 * postvak token: a JWT as ZGW APIs have it, or as an issuer makes it; and the keys that such an issuer publishes. */
#include "config.h"
#include "cli/send.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "cli/credential.h"
#include "cli/jwt.h"
#include "cli/material.h"
#include "cli/site.h"
#include "cli/when.h"
#include "trust/jwk.h"

#define MINUTE INT64_C(60000)
#define ZGW_LIFETIME (12 * 60 * MINUTE)
#define LIFETIME (5 * MINUTE)

const struct flag token_flags[] = {
	{ FLAG_SENDER, "sender", "NAME", "one that is accepted of this sender in the configuration" },
	{ FLAG_CLIENT_ID, "client-id", "TEXT", "of this client; with --secret a ZGW JWT" },
	{ FLAG_SECRET, "secret", "@FILE", "the secret of that client; or env:NAME" },
	{ FLAG_KEY, "key", "FILE", "the private key (PEM) of who issues it" },
	{ FLAG_KID, "kid", "TEXT", "how that key is named" },
	{ FLAG_ALG, "alg", "NAME", "how it is signed (else by the key: RS256, ES256, ES384 or EdDSA)" },
	{ FLAG_TYP, "typ", "TEXT", "what its header says it is (else JWT)" },
	{ FLAG_ISSUER, "issuer", "TEXT", "its iss" },
	{ FLAG_AUDIENCE, "audience", "TEXT", "its aud" },
	{ FLAG_SUBJECT, "subject", "TEXT", "its sub" },
	{ FLAG_SCOPE, "scope", "TEXT", "its scope" },
	{ FLAG_CLAIM, "claim", "NAME=TEXT", "one more claim; NAME:=JSON: not as a string; may be repeated" },
	{ FLAG_CERT, "cert", "FILE", "bind it to this TLS client certificate (PEM)" },
	{ FLAG_AT, "at", "TIME", "its iat (else now)" },
	{ FLAG_LIFETIME, "lifetime", "DURATION", "its exp, so much later (else 12h of a ZGW JWT, 5m); none: without" },
	{ FLAG_JWKS, "jwks", NULL, "instead of a token, print the JWK Set with the public half of --key" },
	{ 0, NULL, NULL, NULL }
};

struct minting {
	const struct call *call;
	struct site site;
	struct pool *pool;
	struct key *key;
	struct cert *cert;
	int64_t at_ms, lifetime_ms;	/* 0: as the kind of token has it */
	struct jwt jwt;
};

static int wrong(const char *text)
{
	say("%s", text);
	return CLI_USAGE;
}

static int failed(const struct err *err)
{
	say("%s", err->text);
	return CLI_FAILED;
}

/* ---- options ---- */

static int read_times(struct minting *m)
{
	const char *at = call_value(m->call, FLAG_AT), *lifetime = call_value(m->call, FLAG_LIFETIME);

	m->at_ms = clock_wall_ms();
	if (at && !moment_parse(at, &m->at_ms))
		return wrong("--at needs a time such as 2026-11-21T09:45:00Z, or seconds since 1970");
	if (lifetime && strcmp(lifetime, "none") == 0)
		m->lifetime_ms = JWT_ENDLESS;
	else if (lifetime && (!conf_duration(lifetime, &m->lifetime_ms) || m->lifetime_ms <= 0))
		return wrong("--lifetime needs a duration such as 5m or 12h, or none");
	return CLI_DONE;
}

static int read_files(struct minting *m)
{
	const char *key = call_value(m->call, FLAG_KEY), *cert = call_value(m->call, FLAG_CERT);
	struct err err;

	if (key && !(m->key = material_key(key, &err)))
		return failed(&err);
	if (cert && !(m->cert = material_cert(cert, &err)))
		return failed(&err);
	return CLI_DONE;
}

static int64_t lifetime(const struct minting *m, int64_t usual_ms)
{
	return m->lifetime_ms ? m->lifetime_ms : usual_ms;
}

/* ---- what it is of ---- */

static int make_zgw(struct minting *m, const char *client_id, const char *secret)
{
	m->jwt.alg = ALG_HS256;
	m->jwt.secret = secret;
	jwt_zgw(&m->jwt, client_id, m->at_ms, lifetime(m, ZGW_LIFETIME));
	return CLI_DONE;
}

static int of_client(struct minting *m)
{
	const char *client_id = call_value(m->call, FLAG_CLIENT_ID), *secret;
	struct err err;

	if (!material_ref(m->pool, "--secret", call_value(m->call, FLAG_SECRET), &err))
		return wrong(err.text);
	if (!client_id)
		return wrong("a ZGW JWT has a client: --client-id is missing");
	secret = material_secret(m->pool, "--secret", call_value(m->call, FLAG_SECRET), &err);
	return secret ? make_zgw(m, client_id, secret) : failed(&err);
}

/* Nothing but what other options say. */
static int of_key(struct minting *m)
{
	const char *client_id = call_value(m->call, FLAG_CLIENT_ID);

	m->jwt.key = m->key;
	m->jwt.alg = jwt_alg(m->key, NULL);
	jwt_times(&m->jwt, m->at_ms, lifetime(m, LIFETIME));
	if (client_id)
		jwt_text(&m->jwt, "client_id", client_id);
	return CLI_DONE;
}

static int of_issuer(struct minting *m, const struct conf_sender *sender)
{
	struct err err;
	const struct conf_issuer *issuer = credential_issuer(m->site.conf, sender, m->key, &err);

	if (!issuer)
		return wrong(err.text);
	m->jwt.key = m->key;
	m->jwt.alg = jwt_alg(m->key, issuer->algorithms);
	jwt_of_issuer(&m->jwt, issuer, sender);
	jwt_times(&m->jwt, m->at_ms, lifetime(m, LIFETIME));
	if (m->jwt.alg != ALG_NONE || call_has(m->call, FLAG_ALG))
		return CLI_DONE;
	say("the key of --key is not for what [issuer %s] takes: %s", issuer->name, issuer->algorithms);
	return CLI_USAGE;
}

static int of_sender(struct minting *m)
{
	const char *name = call_value(m->call, FLAG_SENDER);
	const struct conf_sender *sender;
	int status = site_conf(m->call, &m->site);

	if (status)
		return status;
	sender = conf_sender(m->site.conf, name);
	if (!sender) {
		say("there is no [sender %s] in %s", name, m->site.conf->file);
	} else if (sender->n_issuers && (m->key || !sender->zgw.n)) {
		return of_issuer(m, sender);
	} else if (sender->zgw.n && !m->key) {
		const char *pair = sender->zgw.values[0], *colon = strchr(pair, ':');

		return make_zgw(m, pool_strn(m->pool, pair, (size_t)(colon - pair)), colon + 1);
	} else {
		say("[sender %s] has no %s: no such token is accepted of it", name, m->key ? "token" : "zgw and no token");
	}
	return CLI_USAGE;
}

static int choose(struct minting *m)
{
	if (call_has(m->call, FLAG_SENDER) && (call_has(m->call, FLAG_CLIENT_ID) || call_has(m->call, FLAG_SECRET)))
		return wrong("--sender does not go with --client-id and --secret: it has its own");
	if (call_has(m->call, FLAG_SECRET) && m->key)
		return wrong("--secret does not go with --key: it is signed with one of them");
	if (call_has(m->call, FLAG_SENDER))
		return of_sender(m);
	if (call_has(m->call, FLAG_SECRET))
		return of_client(m);
	if (m->key)
		return of_key(m);
	return wrong("what kind of token? --client-id and --secret make a ZGW JWT, --key any other, --sender what the configuration has");
}

/* ---- what else is said of it ---- */

static int put_claims(struct minting *m)
{
	static const struct { int code; const char *name; } own[] = {
		{ FLAG_ISSUER, "iss" }, { FLAG_AUDIENCE, "aud" }, { FLAG_SUBJECT, "sub" }, { FLAG_SCOPE, "scope" },
	};
	const char *text;

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if ((text = call_value(m->call, own[i].code)))
			jwt_text(&m->jwt, own[i].name, text);
	for (size_t at = 0; (text = call_each(m->call, FLAG_CLAIM, &at));) {
		struct draft_attr claim;
		struct err err;

		if (draft_attr_parse(m->pool, text, &claim, &err) < 0) {
			say("--claim %s", err.text);
			return CLI_USAGE;
		}
		if (claim.json)
			jwt_json(&m->jwt, claim.name, claim.value);
		else
			jwt_text(&m->jwt, claim.name, claim.value);
	}
	if (m->cert)
		jwt_bind(&m->jwt, m->cert);
	return CLI_DONE;
}

static int put_header(struct minting *m)
{
	const char *alg = call_value(m->call, FLAG_ALG), *typ = call_value(m->call, FLAG_TYP);

	m->jwt.kid = call_value(m->call, FLAG_KID);
	if (typ)
		m->jwt.typ = typ;
	if (alg)
		m->jwt.alg = alg_find(alg, strlen(alg));
	if (m->jwt.alg == ALG_NONE) {
		say("--alg is RS256, PS256, PS512, ES256, ES384, EdDSA or HS256, not %s", alg);
		return CLI_USAGE;
	}
	return CLI_DONE;
}

static int print(const struct minting *m)
{
	struct buf token = {0};
	struct err err;
	int rc = jwt_make(&m->jwt, &token, &err);

	if (rc < 0)
		say("%s", err.text);
	else
		printf("%s\n", token.p);
	buf_free(&token);
	return rc < 0 ? CLI_USAGE : CLI_DONE;
}

static int print_jwks(const struct minting *m)
{
	struct buf out = {0};

	if (!m->key)
		return wrong("--jwks needs the key that tokens are signed with: --key is missing");
	for (size_t i = 0; i < m->call->n_given; i++)
		if (m->call->given[i].code != FLAG_KEY && m->call->given[i].code != FLAG_KID && m->call->given[i].code != FLAG_JWKS)
			return wrong("--jwks goes with --key and --kid alone");
	buf_str(&out, "{\"keys\":[");
	jwk_print(m->key, call_value(m->call, FLAG_KID), &out);
	printf("%s]}\n", out.p);
	buf_free(&out);
	return CLI_DONE;
}

static int mint(struct minting *m)
{
	int status = choose(m);

	if (!status)
		status = put_claims(m);
	if (!status)
		status = put_header(m);
	return status ? status : print(m);
}

int run_token(const struct call *call)
{
	struct minting m = { .call = call, .pool = pool_new() };
	int status = read_times(&m);

	m.jwt = jwt_new(m.pool, call->n_given);
	if (!status)
		status = read_files(&m);
	if (!status)
		status = call_has(call, FLAG_JWKS) ? print_jwks(&m) : mint(&m);
	site_close(&m.site);
	key_free(&m.key);
	cert_free(&m.cert);
	pool_free(&m.pool);
	return status;
}
