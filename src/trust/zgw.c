/* SPDX-License-Identifier: EUPL-1.2
 * JWTs of ZGW APIs: HS256 with a secret that belongs to a client id, as zgw-consumers makes them and the components of
 * Common Ground check them. client_id says whose the secret is, and where it is missing iss does; they need not be
 * equal, since nobody there compares them and the secret's owner wrote both. */
#include "config.h"
#include "trust/proof.h"

#include <stdlib.h>
#include <string.h>
#include "trust/claims.h"
#include "trust/jws.h"

#define LEEWAY_MS 60000

struct client {
	char *id;		/* followed by its NUL and the secret of that line */
	struct jwk key;
};

struct clients {
	struct client *v;	/* a line each: a client id may have several, for rotation */
	size_t n;
};

static bool set(const struct conf_sender *sender)
{
	return sender->zgw.n > 0;
}

static void drop(void *prepared)
{
	struct clients *clients = prepared;

	for (size_t i = 0; i < clients->n; i++) {
		explicit_bzero((void *)(uintptr_t)clients->v[i].key.secret.p, clients->v[i].key.secret.len);
		free(clients->v[i].id);
	}
	free(clients->v);
	free(clients);
}

static void *prepare(const struct workshop *workshop, const struct conf_sender *sender, struct err *err)
{
	struct clients *clients = mem_alloc(sizeof *clients);

	(void)workshop;
	clients->v = mem_array(sender->zgw.n, sizeof *clients->v);
	for (size_t i = 0; i < sender->zgw.n; i++) {
		struct client *client = &clients->v[clients->n];
		char *line = str_dup(sender->zgw.values[i]), *colon = strchr(line, ':');

		if (!colon || colon == line || !colon[1]) {
			explicit_bzero(line, strlen(line));
			free(line);
			drop(clients);
			err_set(err, "zgw: line %zu of what %s refers to is not CLIENT_ID:SECRET", i + 1, sender->zgw.ref);
			return NULL;
		}
		*colon = '\0';
		client->id = line;
		client->key = (struct jwk){ .alg = ALG_HS256, .secret = { colon + 1, strlen(colon + 1) } };
		clients->n++;
	}
	return clients;
}

/* ---- a token ---- */

static enum trust_verdict tell(struct trial *trial, enum trust_verdict verdict, const char *why, const char *note)
{
	trial->why = why;
	trial->note = note;
	return verdict;
}

static bool verify(const struct clients *clients, const struct jws *jws, struct json_object *id)
{
	bool right = false;

	for (size_t i = 0; i < clients->n; i++) {
		struct jwk key = clients->v[i].key;
		const struct jwks one = { .v = &key, .n = 1 };
		const struct jws_check check = { .keys = &one, .allowed = 1u << ALG_HS256, .short_secrets = true };

		if (claim_is(id, clients->v[i].id))
			right = jws_verify(jws, &check) == JWS_GOOD || right;
	}
	return right;
}

static enum trust_verdict judge_times(struct json_object *claims, struct trial *trial)
{
	int64_t now_ms = trial->request->now_ms, oldest_ms = trial->sender->iat_max_age_ms;
	struct times times;
	const char *note;

	if (!times_read(claims, &times, &note))
		return tell(trial, TRUST_TOKEN, token_refused, note);
	if (times.iat_ms == TIME_NONE)
		return tell(trial, TRUST_TOKEN, token_refused, "the ZGW token has no iat");
	if (times_expired(&times, now_ms, LEEWAY_MS))
		return tell(trial, TRUST_TOKEN, "The token has expired.", "the ZGW token has expired (exp)");
	if (oldest_ms && now_ms - times.iat_ms > oldest_ms + LEEWAY_MS)
		return tell(trial, TRUST_TOKEN, "The token has expired.", "the ZGW token is older than iat_max_age");
	note = times_early(&times, now_ms, LEEWAY_MS);
	return tell(trial, note ? TRUST_TOKEN : TRUST_OK, note ? token_refused : NULL, note);
}

static enum trust_verdict judge(const struct clients *clients, const struct jws *jws, struct json_object *claims, struct trial *trial)
{
	struct json_object *id;

	if (jws->alg != ALG_HS256 || jws->detached || jws->raw || json_kind(claims) != JSON_OBJECT)
		return tell(trial, TRUST_TOKEN, token_refused, "it is not a ZGW token: a JWT with HS256");
	if (!json_member(claims, "client_id", &id) && !json_member(claims, "iss", &id))
		return tell(trial, TRUST_TOKEN, token_refused, "the ZGW token names no client_id");
	if (!verify(clients, jws, id))
		return tell(trial, TRUST_TOKEN, token_refused, "no secret of its client_id made the signature of the ZGW token");
	return judge_times(claims, trial);
}

static enum trust_verdict check(const void *prepared, struct trial *trial)
{
	struct pool *pool = trial->request->pool;
	const char *token = trial_token(trial), *flaw;
	struct faults faults = { .pool = pool };
	struct json_object *claims = NULL;
	enum trust_verdict verdict;
	struct jws jws;

	if (!token && !trial->authorization && !trial->repeated)
		return tell(trial, TRUST_MISSING, "A Bearer token is missing.", NULL);
	if (!token)
		return tell(trial, TRUST_WRONG, "The value of the Authorization header is not accepted here.", NULL);
	if (!jws_split(pool, token, strlen(token), NULL, &jws, &flaw))
		return tell(trial, TRUST_TOKEN, token_refused, flaw);
	if (json_parse(jws.payload.p, jws.payload.len, &claims, &faults) < 0)
		verdict = tell(trial, TRUST_TOKEN, token_refused, "the claims of the ZGW token are not JSON without members twice");
	else
		verdict = judge(prepared, &jws, claims, trial);
	json_drop(&claims);
	jws_drop(&jws);
	return verdict;
}

const struct proof proof_zgw = { "zgw", set, prepare, drop, check, false };
