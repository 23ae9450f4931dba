/* SPDX-License-Identifier: EUPL-1.2
 * What only several settings together tell about who may send. */
#include "config.h"
#include "conf/settings.h"

#include <string.h>
#include <strings.h>
#include "base/die.h"

struct spot {			/* a section, and where to say what is wrong with it */
	struct conf *conf;
	const void *base;
	const struct conf_origin *origin;
	enum section_kind kind;
	struct problems *problems;
};

#define SAY(spot, key, ...) \
	problem_add((spot)->problems, (spot)->conf->file, setting_line((spot)->origin, (spot)->kind, key), __VA_ARGS__)

/* To something else than its default: `postvak conf` writes those out too. */
static bool is_set(const struct spot *spot, const char *key)
{
	const struct setting *s = setting_find(spot->kind, key);
	union { struct conf_sender sender; struct conf_issuer issuer; struct conf_endpoint endpoint; } plain = { 0 };
	struct buf value = { 0 }, fallback = { 0 };
	struct err err;
	bool differs;

	if (!spot->origin->lines[setting_number(s)])
		return false;
	if (!s->fallback)
		return true;
	must(setting_parse(s, spot->conf, &plain, s->fallback, &err) == 0);
	setting_print(s, spot->conf, spot->base, &value);
	setting_print(s, spot->conf, &plain, &fallback);
	differs = strcmp(value.p, fallback.p) != 0;
	buf_free(&value);
	buf_free(&fallback);
	return differs;
}

/* ---- credentials ---- */

static bool has_bearer(const struct secret *secret)
{
	for (size_t i = 0; i < secret->n; i++)
		if (strncasecmp(secret->values[i], "Bearer ", 7) == 0)
			return true;
	return false;
}

/* NAME:SECRET on each line. */
static void check_pairs(const struct spot *spot, const char *key, const struct secret *secret, const char *form)
{
	for (size_t i = 0; i < secret->n; i++)
		if (*secret->values[i] == ':' || !strchr(secret->values[i], ':')) {
			SAY(spot, key, "%s: a line of what %s refers to is not %s", key, secret->ref, form);
			return;
		}
}

static void check_credentials(const struct spot *spot, const struct conf_sender *s)
{
	static const char *const any[] = { "authorization", "basic", "api_key", "client_state", "zgw", "token", "tls_subject",
					   "tls_names", "signature" };
	const struct { const char *key, *needs; } rows[] = {
		{ "api_key_header", "api_key" }, { "iat_max_age", "zgw" }, { "scopes", "token" }, { "clients", "token" },
		{ "bound", "token" },
	};
	bool one = false;

	for (size_t i = 0; i < sizeof any / sizeof *any; i++)
		one = one || (is_set(spot, any[i]) && (strcmp(any[i], "signature") != 0 || s->signing.scheme));
	if (!one)
		problem_add(spot->problems, spot->conf->file, spot->origin->line, "[sender %s] has nothing that proves who it is: add "
			    "authorization, basic, api_key, zgw, token, tls_subject, tls_names, client_state or signature", s->name);
	if (s->require == REQUIRE_ALL && (is_set(spot, "authorization") + is_set(spot, "basic") + is_set(spot, "zgw") +
					  is_set(spot, "token")) > 1)
		problem_add(spot->problems, spot->conf->file, spot->origin->line, "[sender %s] wants several credentials in one Authorization "
			    "header (authorization, basic, zgw, token): set require = any, or leave one", s->name);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (is_set(spot, rows[i].key) && !is_set(spot, rows[i].needs))
			SAY(spot, rows[i].key, "%s has no effect without %s", rows[i].key, rows[i].needs);
	check_pairs(spot, "basic", &s->basic, "USER:PASSWORD");
	check_pairs(spot, "zgw", &s->zgw, "CLIENT_ID:SECRET");
	if (s->query_token && s->authorization.n && !has_bearer(&s->authorization) && !s->n_issuers)
		SAY(spot, "query_token", "query_token has no effect here: none of the secrets has the form \"Bearer TOKEN\"");
	if (s->query_token && !s->authorization.ref && !s->n_issuers)
		SAY(spot, "query_token", "query_token has no effect without authorization or token");
}

/* ---- signatures ---- */

enum { SECRET = 1, KEYS = 2, TIME = 4, HASH = 8, ALGORITHMS = 16, COMPONENTS = 32, TAG = 64, TEXT = 128, BINARY = 256 };

/* What goes with each scheme; bits of SECRET and KEYS together: one of them. */
static const unsigned takes[SIGNATURES] = {
	[SIGNATURE_STANDARD] = SECRET | TIME | BINARY, [SIGNATURE_SVIX] = SECRET | TIME | BINARY, [SIGNATURE_GITHUB] = SECRET | BINARY,
	[SIGNATURE_WEBSUB] = SECRET | HASH | BINARY, [SIGNATURE_SLACK] = SECRET | TIME | BINARY, [SIGNATURE_X] = SECRET | BINARY,
	[SIGNATURE_STRIPE] = SECRET | TIME | BINARY, [SIGNATURE_TEMPLATE] = SECRET | TIME | HASH | TEXT | BINARY,
	[SIGNATURE_RFC9421] = SECRET | KEYS | TIME | ALGORITHMS | COMPONENTS | TAG,
	[SIGNATURE_JWS] = SECRET | KEYS | TIME | ALGORITHMS | BINARY, [SIGNATURE_ADR_PAYLOAD] = KEYS | TIME | ALGORITHMS | BINARY,
	[SIGNATURE_ADR_MESSAGE] = KEYS | TIME | ALGORITHMS | COMPONENTS,
};

static void check_parts(const struct spot *spot, enum conf_signature scheme)
{
	static const struct { const char *key; unsigned bit; } rows[] = {
		{ "signature.secret", SECRET }, { "signature.keys", KEYS }, { "signature.max_age", TIME }, { "signature.hash", HASH },
		{ "signature.algorithms", ALGORITHMS }, { "signature.components", COMPONENTS }, { "signature.tag", TAG },
		{ "signature.text", TEXT }, { "signature.prefix", TEXT }, { "signature.separator", TEXT }, { "signature.encoding", TEXT },
		{ "signature.timestamp", TEXT }, { "signature.id", TEXT }, { "signature.binary", BINARY },
	};
	struct buf name = { 0 };

	buf_str(&name, "none");
	if (scheme) {
		const struct setting *s = setting_find(IN_SENDER, "signature");
		struct conf_sender sender = { .signing = { .scheme = scheme } };

		buf_reset(&name);
		setting_print(s, spot->conf, &sender, &name);
	}
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (is_set(spot, rows[i].key) && !(takes[scheme] & rows[i].bit))
			SAY(spot, rows[i].key, "%s has no effect with signature = %s", rows[i].key, name.p);
	if (is_set(spot, "signature.header") && (!scheme || scheme == SIGNATURE_RFC9421))
		SAY(spot, "signature.header", scheme ? "signature.header has no effect with signature = rfc9421: the RFC names its headers"
		    : "signature.header has no effect without signature");
	buf_free(&name);
}

static bool valid_time_place(const char *text, bool part)
{
	return (strncmp(text, "header:", 7) == 0 && text[7]) || (part && strncmp(text, "part:", 5) == 0 && text[5]);
}

static void check_template(const struct spot *spot, const struct conf_signing *s)
{
	if (!s->text || !strstr(s->text, "{body}"))
		SAY(spot, s->text ? "signature.text" : "signature", "signature = template needs a signature.text with {body} in it: what "
		    "does not cover the body proves nothing about it");
	if (!s->header)
		SAY(spot, "signature", "signature = template needs a signature.header");
	if (s->timestamp && !valid_time_place(s->timestamp, true))
		SAY(spot, "signature.timestamp", "signature.timestamp = %s is not possible: write header:NAME or part:PREFIX", s->timestamp);
	if (s->id && !valid_time_place(s->id, false))
		SAY(spot, "signature.id", "signature.id = %s is not possible: write header:NAME", s->id);
	if (s->text && strstr(s->text, "{timestamp}") && !s->timestamp)
		SAY(spot, "signature.text", "signature.text has a {timestamp}: say where it stands (signature.timestamp)");
	if (s->timestamp && s->text && !strstr(s->text, "{timestamp}"))
		SAY(spot, "signature.timestamp", "signature.timestamp proves nothing where signature.text has no {timestamp}");
	if (s->text && strstr(s->text, "{id}") && !s->id)
		SAY(spot, "signature.text", "signature.text has an {id}: say where it stands (signature.id)");
	if (s->separator && strcmp(s->separator, "blank") != 0 && strcmp(s->separator, "semicolon") != 0 && s->separator[1])
		SAY(spot, "signature.separator", "signature.separator = %s is not possible: write one character, or blank or semicolon",
		    s->separator);
}

static void check_components(const struct spot *spot, const struct conf_signing *s)
{
	const char *body = s->scheme == SIGNATURE_ADR_MESSAGE ? "digest" : "content-digest";

	if (s->components && (takes[s->scheme] & COMPONENTS) && !conf_listed(s->components, body))
		SAY(spot, "signature.components", "signature.components has no %s: what does not cover the body proves nothing about it", body);
}

static void check_signature(const struct spot *spot, const struct conf_sender *sender)
{
	const struct conf_signing *s = &sender->signing;
	bool secret = takes[s->scheme] & SECRET, keys = takes[s->scheme] & KEYS;

	check_parts(spot, s->scheme);
	check_components(spot, s);
	if (s->scheme == SIGNATURE_TEMPLATE)
		check_template(spot, s);
	if (s->scheme && !(secret && s->secret.ref) && !(keys && s->keys.ref))
		SAY(spot, "signature", "signature needs %s%s%s", secret ? "signature.secret" : "", secret && keys ? " or " : "",
		    keys ? "signature.keys" : "");
	if (s->secret.ref && s->keys.ref && secret && keys)
		SAY(spot, "signature.keys", "signature.secret and signature.keys do not go together: a shared secret or public keys");
	if (s->keys.ref && strncmp(s->keys.ref, KEYS_ISSUER, strlen(KEYS_ISSUER)) == 0) {
		const struct conf_issuer *issuer = conf_signing_issuer(spot->conf, s);

		if (!issuer)
			SAY(spot, "signature.keys", "there is no section [issuer %s]; add it, or correct the name",
			    s->keys.ref + strlen(KEYS_ISSUER));
		else if (!issuer->jwks.ref && !issuer->discovery)
			SAY(spot, "signature.keys", "[issuer %s] publishes no keys: give it jwks or discovery", issuer->name);
	}
}

static void check_senders(struct conf *conf, struct problems *problems)
{
	for (size_t i = 0; i < conf->n_senders; i++) {
		struct spot spot = { conf, &conf->senders[i], &conf->senders[i].origin, IN_SENDER, problems };

		check_credentials(&spot, &conf->senders[i]);
		check_signature(&spot, &conf->senders[i]);
	}
}

/* ---- issuers ---- */

static void check_issuer(const struct spot *spot, const struct conf_issuer *s)
{
	if (!s->jwks.ref && !s->discovery && !s->introspection)
		problem_add(spot->problems, spot->conf->file, spot->origin->line, "[issuer %s] has neither jwks nor discovery nor "
			    "introspection: add one, or nothing of it can be checked", s->name);
	if (s->jwks.ref && s->discovery)
		SAY(spot, "discovery", "jwks and discovery do not go together: discovery says where the keys are");
	if (s->introspection && (s->jwks.ref || s->discovery))
		SAY(spot, "introspection", "introspection does not go together with keys (jwks, discovery): choose how tokens are checked");
	if (s->discovery && !s->issuer)
		SAY(spot, "discovery", "discovery needs issuer: the metadata have to name it");
	if (s->introspection && !s->client_id)
		SAY(spot, "introspection", "introspection needs client_id, and client_secret or client_key");
	if (s->introspection && s->client_id && !s->client_secret.ref == !s->client_key.ref)
		SAY(spot, "client_id", "client_id needs either client_secret or client_key");
	if (!s->introspection && (s->client_id || s->client_secret.ref || s->client_key.ref))
		SAY(spot, s->client_id ? "client_id" : s->client_secret.ref ? "client_secret" : "client_key",
		    "client_id, client_secret and client_key have no effect without introspection");
	if (is_set(spot, "cache") && !s->introspection)
		SAY(spot, "cache", "cache has no effect without introspection");
	if (s->at_jwt && s->introspection)
		SAY(spot, "at_jwt", "at_jwt has no effect with introspection: nothing is read in the token itself");
}

static void check_issuers(struct conf *conf, struct problems *problems)
{
	for (size_t i = 0; i < conf->n_issuers; i++) {
		struct spot spot = { conf, &conf->issuers[i], &conf->issuers[i].origin, IN_ISSUER, problems };

		check_issuer(&spot, &conf->issuers[i]);
	}
	for (size_t i = 0; i < conf->n_senders; i++)
		for (size_t j = 0; j < conf->senders[i].n_issuers; j++) {
			const struct conf_issuer *issuer = &conf->issuers[conf->senders[i].issuers[j]];
			struct spot spot = { conf, issuer, &issuer->origin, IN_ISSUER, problems };

			if (!issuer->issuer && !issuer->introspection)
				problem_add(problems, conf->file, issuer->origin.line, "[issuer %s] has no issuer, and [sender %s] takes its "
					    "tokens: add it", issuer->name, conf->senders[i].name);
			if (!issuer->audience)
				SAY(&spot, "issuer", "[issuer %s] has no audience, and [sender %s] takes its tokens: add what their aud has to "
				    "name, or none", issuer->name, conf->senders[i].name);
		}
}

/* ---- endpoints ---- */

static bool shares_issuer(const struct conf_sender *a, const struct conf_sender *b)
{
	for (size_t i = 0; i < a->n_issuers; i++)
		for (size_t j = 0; j < b->n_issuers; j++)
			if (a->issuers[i] == b->issuers[j])
				return true;
	return false;
}

static void check_clients(struct conf *conf, const struct conf_endpoint *e, struct problems *problems)
{
	for (size_t i = 0; i < e->n_senders; i++)
		for (size_t j = 0; j < e->n_senders; j++) {
			const struct conf_sender *a = &conf->senders[e->senders[i]], *b = &conf->senders[e->senders[j]];

			if (i != j && !a->clients && shares_issuer(a, b)) {
				problem_add(problems, conf->file, setting_line(&a->origin, IN_SENDER, "token"), "[sender %s] and [sender %s] "
					    "have tokens of one issuer at [endpoint %s]: say in clients whose are which", a->name, b->name, e->name);
				return;
			}
		}
}

static bool shares(const struct secret *a, const struct secret *b)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t j = 0; j < b->n; j++)
			if (strcmp(a->values[i], b->values[j]) == 0)
				return true;
	return false;
}

static bool same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static bool shares_signing(const struct conf_signing *a, const struct conf_signing *b)
{
	return a->scheme == b->scheme && (same_text(a->header, b->header) || (!a->header && !b->header)) &&
	       (shares(&a->secret, &b->secret) || same_text(a->keys.ref, b->keys.ref)) && (!a->tag || same_text(a->tag, b->tag));
}

/* Whether what proves b proves a as well. Tokens (check_clients) and certificates are left out: where a has those, it is
 * taken for another. */
static bool is_proved_by(const struct conf_sender *a, const struct conf_sender *b)
{
	const struct { bool set, shared; } rows[] = {
		{ a->authorization.ref, shares(&a->authorization, &b->authorization) }, { a->basic.ref, shares(&a->basic, &b->basic) },
		{ a->api_key.ref, same_text(a->api_key_header, b->api_key_header) && shares(&a->api_key, &b->api_key) },
		{ a->client_state.ref, shares(&a->client_state, &b->client_state) }, { a->zgw.ref, shares(&a->zgw, &b->zgw) },
		{ a->signing.scheme, shares_signing(&a->signing, &b->signing) }, { a->n_issuers || a->tls_subject || a->tls_names, false },
	};
	bool any = false, all = true;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		any = any || (rows[i].set && rows[i].shared);
		all = all && (!rows[i].set || rows[i].shared);
	}
	return any && (all || a->require == REQUIRE_ANY);
}

/* The first sender that is proved is the one, so a later one that shares its secret would be taken for it. */
static void check_sharing(struct conf *conf, const struct conf_endpoint *e, struct problems *problems)
{
	for (size_t i = 0; i < e->n_senders; i++)
		for (size_t j = i + 1; j < e->n_senders; j++) {
			const struct conf_sender *a = &conf->senders[e->senders[i]], *b = &conf->senders[e->senders[j]];

			if (!is_proved_by(a, b))
				continue;
			problem_add(problems, conf->file, setting_line(&e->origin, IN_ENDPOINT, "senders"), "[sender %s] and [sender %s] share a "
				    "secret or keys, so at [endpoint %s] the second would be taken for the first: give each its own", a->name,
				    b->name, e->name);
			return;
		}
}

static bool has_sender(const struct conf_endpoint *e, size_t sender)
{
	for (size_t i = 0; i < e->n_senders; i++)
		if (e->senders[i] == sender)
			return true;
	return false;
}

/* The answer to a challenge is a signature of X over what a stranger chose. That is never JSON, and yet it would be the
 * data of a CloudEvent in binary mode. */
static void check_x(struct conf *conf, const struct spot *spot, size_t sender)
{
	for (size_t i = 0; i < conf->n_endpoints; i++)
		if ((conf->endpoints[i].accepts & ACCEPTS_CLOUD) && has_sender(&conf->endpoints[i], sender)) {
			SAY(spot, "handshake.x", "handshake.x answers strangers with signatures of [sender %s], which [endpoint %s] would take for "
			    "CloudEvents: set accepts = json there", conf->senders[sender].name, conf->endpoints[i].name);
			return;
		}
}

static void check_handshakes(struct conf *conf, const struct conf_endpoint *e, struct problems *problems)
{
	struct spot spot = { conf, e, &e->origin, IN_ENDPOINT, problems };
	size_t n = 0, x = 0;

	for (size_t i = 0; i < e->n_senders; i++)
		if (conf->senders[e->senders[i]].signing.scheme == SIGNATURE_X) {
			x = e->senders[i];
			n++;
		}
	if (e->handshake.x && n != 1)
		SAY(&spot, "handshake.x", "handshake.x needs one sender here with signature = x, whose secret answers it; there are %zu", n);
	if (e->handshake.x && n == 1)
		check_x(conf, &spot, x);
	if (e->handshake.meta.ref && e->handshake.websub)
		SAY(&spot, "handshake.websub", "handshake.meta and handshake.websub are asked for alike: give each an endpoint of its own");
}

void conf_check_trust(struct conf *conf, struct problems *problems)
{
	check_senders(conf, problems);
	check_issuers(conf, problems);
	for (size_t i = 0; i < conf->n_endpoints; i++) {
		check_clients(conf, &conf->endpoints[i], problems);
		check_sharing(conf, &conf->endpoints[i], problems);
		check_handshakes(conf, &conf->endpoints[i], problems);
	}
}
