/* SPDX-License-Identifier: EUPL-1.2 */
#include "trust/trust.h"

#include <stdlib.h>
#include <string.h>
#include "base/die.h"
#include "base/mem.h"
#include "event/digest.h"

struct key {			/* one live secret of one sender */
	unsigned char hash[SHA256_LEN];
	size_t sender;
};

struct door {			/* an endpoint */
	struct key *keys;
	size_t n;
};

struct trust {
	struct door *doors;
	size_t n;
};

static void add_sender(struct door *door, const struct conf_sender *sender, size_t index)
{
	const struct secret *secret = &sender->authorization;

	door->keys = mem_grow(door->keys, door->n + secret->n, sizeof *door->keys);
	for (size_t i = 0; i < secret->n; i++) {
		struct key *key = &door->keys[door->n];

		if (!*secret->values[i])	/* an empty secret would let in whoever sends an empty header */
			continue;
		digest_sha256(key->hash, secret->values[i], strlen(secret->values[i]));
		key->sender = index;
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

enum trust_verdict trust_admit(const struct trust *trust, size_t endpoint,
			       const struct message *m, size_t *sender)
{
	const struct door *door = &trust->doors[endpoint];
	unsigned char hash[SHA256_LEN];
	const struct key *found = NULL;
	const char *value;
	size_t n;

	must(endpoint < trust->n);
	value = message_header(m, "authorization", &n);
	if (n > 1)
		return TRUST_WRONG;
	if (!value || !*value)
		return TRUST_MISSING;
	digest_sha256(hash, value, strlen(value));
	for (size_t i = 0; i < door->n; i++)	/* all of them, so that time tells nothing */
		if (digest_equal(hash, door->keys[i].hash, sizeof hash))
			found = &door->keys[i];
	if (!found)
		return TRUST_WRONG;
	*sender = found->sender;
	return TRUST_OK;
}
