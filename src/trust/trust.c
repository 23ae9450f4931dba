/* SPDX-License-Identifier: EUPL-1.2 */
#include "trust/trust.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/clock.h"
#include "base/die.h"
#include "base/hex.h"
#include "base/mem.h"
#include "event/digest.h"

struct key {			/* one live secret of one sender */
	unsigned char hash[SHA256_LEN];
	size_t sender;
	bool query;		/* may stand in the query, too */
};

struct door {			/* an endpoint */
	struct key *keys;
	size_t n;
	bool query;		/* of some sender */
};

struct trust {
	struct door *doors;
	size_t n;
	struct rates *rates;		/* borrowed, or null */
	trust_granted *granted;		/* or null */
	void *granted_arg;
};

/* What follows the scheme Bearer in any case, or null. */
static const char *bearer_token(const char *value)
{
	const char *token = value + 6;

	if (strncasecmp(value, "Bearer", 6) != 0 || *token != ' ')
		return NULL;
	return token + strspn(token, " ");
}

/* One spelling for what is the same credential. */
static void hash_bearer(unsigned char hash[SHA256_LEN], const char *token)
{
	char *value = str_fmt("Bearer %s", token);
	size_t len = strlen(value);

	digest_sha256(hash, value, len);
	explicit_bzero(value, len);
	free(value);
}

static void hash_value(unsigned char hash[SHA256_LEN], const char *value)
{
	const char *token = bearer_token(value);

	if (token && (strncmp(value, "Bearer ", 7) != 0 || token != value + 7))
		hash_bearer(hash, token);
	else
		digest_sha256(hash, value, strlen(value));
}

static void add_sender(struct door *door, const struct conf_sender *sender, size_t index)
{
	const struct secret *secret = &sender->authorization;

	door->query = door->query || sender->query_token;
	door->keys = mem_grow(door->keys, door->n + secret->n, sizeof *door->keys);
	for (size_t i = 0; i < secret->n; i++) {
		struct key *key = &door->keys[door->n];

		if (!*secret->values[i])	/* an empty secret would let in whoever sends an empty header */
			continue;
		hash_value(key->hash, secret->values[i]);
		key->sender = index;
		key->query = sender->query_token;
		door->n++;
	}
}

struct trust *trust_new(const struct conf *conf)
{
	struct trust *trust = mem_alloc(sizeof *trust);

	trust->n = conf->n_endpoints;
	trust->doors = mem_array(trust->n, sizeof *trust->doors);
	for (size_t i = 0; i < trust->n; i++) {
		const struct conf_endpoint *endpoint = &conf->endpoints[i];

		for (size_t j = 0; j < endpoint->n_senders; j++)
			add_sender(&trust->doors[i], &conf->senders[endpoint->senders[j]], endpoint->senders[j]);
	}
	return trust;
}

void trust_free(struct trust **trust)
{
	if (!*trust)
		return;
	for (size_t i = 0; i < (*trust)->n; i++)
		free((*trust)->doors[i].keys);
	free((*trust)->doors);
	free(*trust);
	*trust = NULL;
}

/* ---- a token in the query ---- */

#define QUERY_NAME "access_token"

/* RFC 3986, not a form: a plus is a plus. False: not well-formed, or with a NUL in it. */
static bool decode(const char *p, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++) {
		int high, low;

		if (p[i] != '%') {
			*out++ = p[i];
			continue;
		}
		if (len - i < 3 || (high = hex_value(p[i + 1])) < 0 || (low = hex_value(p[i + 2])) < 0 || (high == 0 && low == 0))
			return false;
		*out++ = (char)(high << 4 | low);
		i += 2;
	}
	*out = '\0';
	return true;
}

/* How often the parameter is there; its (last) value, undecoded. */
static size_t find_token(const char *query, const char **value, size_t *value_len)
{
	const size_t name = sizeof QUERY_NAME - 1;
	size_t n = 0;

	for (const char *at = query; *at;) {
		size_t len = strcspn(at, "&");

		if (len >= name && memcmp(at, QUERY_NAME, name) == 0 && (len == name || at[name] == '=')) {
			*value = at + name + (len > name);
			*value_len = len - name - (len > name);
			n++;
		}
		at += len + (at[len] == '&');
	}
	return n;
}

static bool hash_query(unsigned char hash[SHA256_LEN], const char *p, size_t len)
{
	char *token = mem_alloc(len + 1);
	bool sound = decode(p, len, token);

	if (sound)
		hash_bearer(hash, token);
	explicit_bzero(token, len + 1);
	free(token);
	return sound;
}

/* All of the keys are compared, so that time tells nothing. */
static enum trust_verdict find_key(const struct door *door, const unsigned char hash[SHA256_LEN], struct admitted *admitted)
{
	const struct key *found = NULL;

	for (size_t i = 0; i < door->n; i++)
		if (digest_equal(hash, door->keys[i].hash, SHA256_LEN) && (door->keys[i].query || !admitted->by_query))
			found = &door->keys[i];
	if (!found)
		return TRUST_WRONG;
	admitted->sender = found->sender;
	return TRUST_OK;
}

static enum trust_verdict unclear(struct admitted *admitted, const char *why)
{
	admitted->why = why;
	return TRUST_UNCLEAR;
}

/* TRUST_MISSING: there is none, and the header decides. */
static enum trust_verdict admit_query(const struct door *door, const struct message *m, bool header, struct admitted *admitted)
{
	unsigned char hash[SHA256_LEN];
	const char *value = NULL;
	size_t len = 0, n = find_token(m->query, &value, &len);

	if (!n)
		return TRUST_MISSING;
	if (n > 1)
		return unclear(admitted, "The parameter access_token came more than once.");
	if (header)
		return unclear(admitted, "There is both an Authorization header and the parameter access_token: send one of them.");
	if (!len)
		return TRUST_MISSING;
	if (!hash_query(hash, value, len))
		return unclear(admitted, "The parameter access_token is not percent-encoded well.");
	admitted->by_query = true;
	return find_key(door, hash, admitted);
}

enum trust_verdict trust_admit(const struct trust *trust, size_t endpoint, const struct message *m,
			       struct admitted *admitted)
{
	const struct door *door = &trust->doors[endpoint];
	unsigned char hash[SHA256_LEN];
	const char *value;
	size_t n;

	must(endpoint < trust->n);
	*admitted = (struct admitted){0};
	value = message_header(m, "authorization", &n);
	if (door->query) {
		enum trust_verdict verdict = admit_query(door, m, value && (*value || n > 1), admitted);

		if (verdict != TRUST_MISSING)
			return verdict;
	}
	if (n > 1)
		return TRUST_WRONG;
	if (!value || !*value)
		return TRUST_MISSING;
	hash_value(hash, value);
	return find_key(door, hash, admitted);
}

/* ---- what is asked and counted besides ---- */

void trust_consult(struct trust *trust, struct rates *rates, trust_granted *granted, void *arg)
{
	trust->rates = rates;
	trust->granted = granted;
	trust->granted_arg = arg;
}

enum trust_grant trust_look_up(const struct trust *trust, const struct conf_endpoint *endpoint, const char *origin,
			       int *rate)
{
	return trust->granted ? trust->granted(trust->granted_arg, endpoint->name, origin, rate) : GRANT_NONE;
}

int trust_take(const struct trust *trust, const struct rate_of *of)
{
	return trust->rates && of->rate ? rates_take(trust->rates, of, clock_mono_ms()) : 0;
}
