/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "cli/credential.h"

#include <ctype.h>
#include <string.h>
#include "base/clock.h"
#include "base/die.h"
#include "cli/jwt.h"
#include "event/base64.h"
#include "trust/sign.h"

#define MINUTE INT64_C(60000)
#define ZGW_LIFETIME (12 * 60 * MINUTE)	/* as Open Notificaties has it */
#define TOKEN_LIFETIME (5 * MINUTE)
#define LONG_AGO (121 * MINUTE)		/* beyond any leeway */
#define LINES_MAX 32

struct making {
	const struct credential *c;
	const struct http_request *request;
	struct pool *pool;
	int64_t now_ms;
	bool authorized;	/* there is an Authorization */
	bool spoilt;		/* what is to be wrong is wrong */
	const char *lines[LINES_MAX];
	size_t n;
};

static int add(struct making *m, const char *line, struct err *err)
{
	if (m->n == LINES_MAX)
		return err_set(err, "there are too many headers");
	m->lines[m->n++] = line;
	return 0;
}

static int add_authorization(struct making *m, const char *value, struct err *err)
{
	must(!m->authorized);	/* conf sees to it */
	m->authorized = true;
	return add(m, pool_fmt(m->pool, "Authorization: %s", value), err);
}

/* ---- secrets that are sent as they are ---- */

static bool authorization_set(const struct conf_sender *s)
{
	return s->authorization.n > 0;
}

static int authorization_make(struct making *m, struct err *err)
{
	return add_authorization(m, m->c->sender->authorization.values[0], err);
}

static bool basic_set(const struct conf_sender *s)
{
	return s->basic.n > 0;
}

static int basic_make(struct making *m, struct err *err)
{
	const char *pair = m->c->sender->basic.values[0];
	struct buf value = {0};
	int rc;

	buf_str(&value, "Basic ");
	base64_encode(&value, pair, strlen(pair));
	rc = add_authorization(m, value.p, err);
	buf_free(&value);
	return rc;
}

static bool api_key_set(const struct conf_sender *s)
{
	return s->api_key.n > 0;
}

static int api_key_make(struct making *m, struct err *err)
{
	return add(m, pool_fmt(m->pool, "%s: %s", m->c->sender->api_key_header, m->c->sender->api_key.values[0]), err);
}

/* ---- what stands elsewhere than in headers ---- */

static bool tls_set(const struct conf_sender *s)
{
	return s->tls_subject || s->tls_names;
}

static int tls_make(struct making *m, struct err *err)
{
	if (m->c->bare || m->c->cert)
		return 0;
	return err_set(err, "[sender %s] is known by its TLS client certificate: --cert FILE is missing", m->c->sender->name);
}

static bool client_state_set(const struct conf_sender *s)
{
	return s->client_state.n > 0;
}

static int client_state_make(struct making *m, struct err *err)
{
	(void)m;
	(void)err;
	return 0;
}

/* ---- tokens ---- */

/* In the middle of the signature, where every bit counts. */
static void break_signature(char *token)
{
	char *signature = strrchr(token, '.') + 1, *at = signature + strlen(signature) / 2;

	*at = *at == 'A' ? 'B' : 'A';
}

static int64_t token_time(struct making *m, int64_t lifetime_ms)
{
	if (m->c->spoil == SPOIL_EXPIRED)
		return m->now_ms - lifetime_ms - LONG_AGO;
	return m->now_ms;
}

static int add_token(struct making *m, const struct jwt *jwt, struct err *err)
{
	struct buf value = {0};
	int rc;

	buf_str(&value, "Bearer ");
	rc = jwt_make(jwt, &value, err);
	if (rc == 0 && m->c->spoil == SPOIL_TOKEN)
		break_signature(value.p);
	m->spoilt = m->spoilt || m->c->spoil == SPOIL_TOKEN || m->c->spoil == SPOIL_EXPIRED;
	if (rc == 0)
		rc = add_authorization(m, value.p, err);
	buf_free(&value);
	return rc;
}

static bool zgw_set(const struct conf_sender *s)
{
	return s->zgw.n > 0;
}

static int zgw_make(struct making *m, struct err *err)
{
	const char *pair = m->c->sender->zgw.values[0], *colon = strchr(pair, ':');
	int64_t age_ms = m->c->spoil == SPOIL_OLD ? m->c->sender->iat_max_age_ms + LONG_AGO : 0;
	struct jwt jwt = jwt_new(m->pool, 0);

	jwt.alg = ALG_HS256;
	jwt.secret = colon + 1;
	jwt_zgw(&jwt, pool_strn(m->pool, pair, (size_t)(colon - pair)), token_time(m, ZGW_LIFETIME) - age_ms, ZGW_LIFETIME + age_ms);
	m->spoilt = m->spoilt || m->c->spoil == SPOIL_OLD;
	return add_token(m, &jwt, err);
}

static bool token_set(const struct conf_sender *s)
{
	return s->n_issuers > 0;
}

const struct conf_issuer *credential_issuer(const struct conf *conf, const struct conf_sender *sender, const struct key *key,
					    struct err *err)
{
	const struct conf_issuer *issuer = NULL;

	for (size_t i = 0; i < sender->n_issuers && !issuer; i++)
		if (!conf->issuers[sender->issuers[i]].introspection)
			issuer = &conf->issuers[sender->issuers[i]];
	if (!issuer)
		err_set(err, "[issuer %s] alone knows its tokens (introspection): fetch one there; postvak send --authorization sends it",
			conf->issuers[sender->issuers[0]].name);
	else if (!key)
		err_set(err, "a token of [issuer %s] needs the private key to its jwks: --key FILE is missing", issuer->name);
	return key ? issuer : NULL;
}

static const struct conf_issuer *choose_issuer(const struct making *m, struct err *err)
{
	const struct conf_sender *s = m->c->sender;
	const struct conf_issuer *issuer = credential_issuer(m->c->conf, s, m->c->key, err);

	if (!issuer || !s->bound || m->c->cert)
		return issuer;
	err_set(err, "[sender %s] takes tokens that are bound to a TLS client certificate: --cert FILE is missing", s->name);
	return NULL;
}

static int token_make(struct making *m, struct err *err)
{
	const struct conf_issuer *issuer = choose_issuer(m, err);
	struct jwt jwt = jwt_new(m->pool, 0);

	if (!issuer)
		return -1;
	jwt.key = m->c->key;
	jwt.kid = m->c->kid;
	jwt.alg = jwt_alg(m->c->key, issuer->algorithms);
	if (jwt.alg == ALG_NONE)
		return err_set(err, "the key of --key is not for what [issuer %s] takes: %s", issuer->name, issuer->algorithms);
	jwt_of_issuer(&jwt, issuer, m->c->sender);
	jwt_times(&jwt, token_time(m, TOKEN_LIFETIME), TOKEN_LIFETIME);
	if (m->c->sender->bound)
		jwt_bind(&jwt, m->c->cert);
	return add_token(m, &jwt, err);
}

/* ---- signatures ---- */

static bool signature_set(const struct conf_sender *s)
{
	return s->signing.scheme != SIGNATURE_NONE;
}

static bool has_time(const struct conf_signing *s)
{
	switch (s->scheme) {
	case SIGNATURE_NONE:
	case SIGNATURE_GITHUB:
	case SIGNATURE_WEBSUB:
	case SIGNATURE_X: return false;
	case SIGNATURE_TEMPLATE: return s->timestamp != NULL;
	default: return true;
	}
}

static struct attr split(struct pool *pool, const char *line)
{
	const char *colon = strchr(line, ':'), *value = colon + 1 + strspn(colon + 1, " \t");
	char *name = pool_strn(pool, line, (size_t)(colon - line));

	for (char *at = name; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	return (struct attr){ name, value };
}

struct signed_lines {
	struct making *m;
	struct err *err;
	int rc;
};

static void take_line(void *arg, const char *line)
{
	struct signed_lines *to = arg;

	if (to->rc == 0)
		to->rc = add(to->m, pool_str(to->m->pool, line), to->err);
}

static void age(struct making *m, struct sign_order *order)
{
	if (m->c->spoil == SPOIL_OLD && has_time(order->signing)) {
		order->now_ms -= order->signing->max_age_ms + LONG_AGO;
		m->spoilt = true;
	}
	m->spoilt = m->spoilt || m->c->spoil == SPOIL_SIGNATURE;
}

/* The first line of signature.secret may be a public key of Standard Webhooks. */
static bool signs_by_secret(const struct credential *c)
{
	const struct secret *secret = &c->sender->signing.secret;

	return c->secret || (secret->n && strncmp(secret->values[0], "whpk_", 5) != 0);
}

static int signature_make(struct making *m, struct err *err)
{
	const struct credential *c = m->c;
	const struct http_request *r = m->request;
	struct attr *headers = pool_alloc(m->pool, (r->n_headers + 1) * sizeof *headers);
	bool shared = signs_by_secret(c);
	struct sign_order order = { .signing = &c->sender->signing, .secret = c->secret, .key = shared ? NULL : c->key, .kid = c->kid,
				    .method = r->method, .url = r->url, .headers = headers, .n_headers = r->n_headers,
				    .body = r->body ? r->body : "", .body_len = r->body_len, .now_ms = m->now_ms, .id = c->id };
	struct signed_lines to = { m, err, 0 };

	if (!shared && !c->key)
		return err_set(err, "[sender %s] has no more than public keys to its signature: --key FILE is missing", c->sender->name);
	for (size_t i = 0; i < r->n_headers; i++)
		headers[i] = split(m->pool, r->headers[i]);
	age(m, &order);
	return sign_request(&order, take_line, &to, err) < 0 ? -1 : to.rc;
}

/* ---- all of them ---- */

/* In the order in which they are judged (trust.c). */
static const struct way {
	const char *setting, *other;
	bool (*set)(const struct conf_sender *sender);
	int (*make)(struct making *m, struct err *err);
	bool authorization;	/* it goes into that header */
} ways[] = {
	{ "authorization", NULL, authorization_set, authorization_make, true },
	{ "basic", NULL, basic_set, basic_make, true },
	{ "api_key", NULL, api_key_set, api_key_make, false },
	{ "tls_subject", "tls_names", tls_set, tls_make, false },
	{ "zgw", NULL, zgw_set, zgw_make, true },
	{ "client_state", NULL, client_state_set, client_state_make, false },
	{ "signature", NULL, signature_set, signature_make, false },
	{ "token", NULL, token_set, token_make, true },
};
#define N_WAYS (sizeof ways / sizeof *ways)

static bool is_way(const struct way *way, const char *setting)
{
	return strcmp(way->setting, setting) == 0 || (way->other && strcmp(way->other, setting) == 0);
}

bool credential_has(const struct conf_sender *sender, const char *setting)
{
	for (size_t i = 0; i < N_WAYS; i++)
		if (is_way(&ways[i], setting))
			return ways[i].set(sender);
	return false;
}

static bool wanted(const struct making *m, const struct way *way)
{
	const struct credential *c = m->c;

	return way->set(c->sender) && (!c->only || is_way(way, c->only)) && !(c->authorized && way->authorization);
}

static int make_all(struct making *m, struct err *err)
{
	for (size_t i = 0; i < N_WAYS; i++)
		if (wanted(m, &ways[i]) && ways[i].make(m, err) < 0)
			return -1;
	return 0;
}

/* The first that can be made and shows in a header; else one that stands elsewhere; else err is about the first. */
static int make_any(struct making *m, struct err *err)
{
	struct making fresh = *m;
	bool failed = false, elsewhere = false;

	for (size_t i = 0; i < N_WAYS; i++) {
		struct err other;

		if (!wanted(m, &ways[i]))
			continue;
		if (ways[i].make(m, failed ? &other : err) < 0) {
			*m = fresh;
			failed = true;
		} else if (m->n) {
			return 0;
		} else {
			elsewhere = true;
		}
	}
	return failed && !elsewhere ? -1 : 0;
}

static int check_spoilt(const struct making *m, struct err *err)
{
	static const char *const what[] = {
		[SPOIL_SIGNATURE] = "there is no signature to be spoilt", [SPOIL_OLD] = "there is nothing with a time to be spoilt",
		[SPOIL_TOKEN] = "there is no token to be spoilt", [SPOIL_EXPIRED] = "there is no token to be spoilt",
	};

	if (m->c->spoil == SPOIL_NONE || m->spoilt)
		return 0;
	return err_set(err, "--bad: %s in what is sent", what[m->c->spoil]);
}

int credential_make(const struct credential *credential, const struct http_request *request,
		    draft_header_fn *fn, void *to, struct err *err)
{
	struct making m = { .c = credential, .request = request, .pool = pool_new() };
	const struct conf_sender *sender = credential->sender;
	bool any = sender && sender->require == REQUIRE_ANY && !credential->only;
	int rc = 0;

	m.now_ms = credential->at_ms ? credential->at_ms : clock_wall_ms();
	if (sender && !(any && credential->authorized))
		rc = any ? make_any(&m, err) : make_all(&m, err);
	if (rc == 0)
		rc = check_spoilt(&m, err);
	for (size_t i = 0; i < m.n && rc == 0; i++)
		fn(to, m.lines[i]);
	pool_free(&m.pool);
	return rc;
}
