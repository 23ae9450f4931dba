/* SPDX-License-Identifier: EUPL-1.2
 * Sets of a few places each; a token stands in one of those of its set. What is verified takes the place of what is
 * not, never the other way round while there is another one: tokens that nobody issued cannot drive out good ones. */
#include "config.h"
#include "trust/known.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/die.h"

#define PLACES 8u
#define SETS (KNOWN_MOST / PLACES)
#define LOCKS 64u
#define SKEW_MS 60000	/* a fact may be this much later than a request that came before it */

struct place {
	unsigned char digest[SHA256_LEN];
	struct known_fact fact;		/* its claims are ours */
};

struct known {
	pthread_mutex_t locks[LOCKS];
	struct place places[SETS][PLACES];
};

struct known *known_new(void)
{
	struct known *known = mem_alloc(sizeof *known);

	for (size_t i = 0; i < LOCKS; i++)
		must(pthread_mutex_init(&known->locks[i], NULL) == 0);
	return known;
}

static void free_claims(const struct claims *claims)
{
	free((void *)(uintptr_t)claims);
}

void known_free(struct known **known)
{
	if (!*known)
		return;
	for (size_t i = 0; i < SETS; i++)
		for (size_t j = 0; j < PLACES; j++)
			free_claims((*known)->places[i][j].fact.claims);
	for (size_t i = 0; i < LOCKS; i++)
		pthread_mutex_destroy(&(*known)->locks[i]);
	free(*known);
	*known = NULL;
}

void known_digest(size_t issuer, const char *token, unsigned char out[SHA256_LEN])
{
	digest_parts(out, (struct digest_part[]){ { &issuer, sizeof issuer }, { token, strlen(token) } }, 2);
}

static struct place *lock(struct known *known, const unsigned char digest[SHA256_LEN])
{
	size_t set = digest_first(digest) % SETS;

	must(pthread_mutex_lock(&known->locks[set % LOCKS]) == 0);
	return known->places[set];
}

static void unlock(struct known *known, const unsigned char digest[SHA256_LEN])
{
	must(pthread_mutex_unlock(&known->locks[digest_first(digest) % SETS % LOCKS]) == 0);
}

/* A clock that was set back makes what is from then worth nothing. */
static bool counts(const struct known_fact *fact, int64_t now_ms)
{
	return fact->kind != KNOWN_NOTHING && now_ms < fact->until_ms && now_ms >= fact->since_ms - SKEW_MS;
}

static struct place *find(struct place *set, const unsigned char digest[SHA256_LEN])
{
	for (size_t i = 0; i < PLACES; i++)
		if (set[i].fact.kind != KNOWN_NOTHING && digest_equal(set[i].digest, digest, SHA256_LEN))
			return &set[i];
	return NULL;
}

/* Whether a gives way before b. */
static bool worth_less(const struct known_fact *a, const struct known_fact *b, int64_t now_ms)
{
	enum known_kind kind_a = counts(a, now_ms) ? a->kind : KNOWN_NOTHING, kind_b = counts(b, now_ms) ? b->kind : KNOWN_NOTHING;

	return kind_a != kind_b ? kind_a < kind_b : a->until_ms < b->until_ms;
}

static struct place *give_up(struct place *set, int64_t now_ms)
{
	struct place *least = &set[0];

	for (size_t i = 1; i < PLACES; i++)
		if (worth_less(&set[i].fact, &least->fact, now_ms))
			least = &set[i];
	return least;
}

/* Returns claims that nobody needs any more: those that were there, or those of the new fact when what is there is
 * worth more than a failure to ask again. */
static const struct claims *settle(struct place *set, const unsigned char digest[SHA256_LEN], const struct known_fact *fact)
{
	struct place *place = find(set, digest);
	const struct claims *old;

	if (place && fact->kind == KNOWN_UNSURE && counts(&place->fact, fact->since_ms))
		return fact->claims;
	if (!place)
		place = give_up(set, fact->since_ms);
	old = place->fact.claims;
	memcpy(place->digest, digest, SHA256_LEN);
	place->fact = *fact;
	return old;
}

bool known_put(struct known *known, const unsigned char digest[SHA256_LEN], const struct known_fact *fact)
{
	struct known_fact mine = *fact;
	const struct claims *left;

	if (fact->claims && fact->claims->len > KNOWN_CLAIMS_MOST)
		return false;
	if (fact->claims)
		mine.claims = mem_dup(fact->claims, fact->claims->len);
	left = settle(lock(known, digest), digest, &mine);
	unlock(known, digest);
	free_claims(left);
	return true;
}

struct known_fact known_get(struct known *known, const unsigned char digest[SHA256_LEN], int64_t now_ms, struct pool *pool)
{
	struct known_fact fact = { .kind = KNOWN_NOTHING };
	struct place *place = find(lock(known, digest), digest);

	if (place && counts(&place->fact, now_ms)) {
		fact = place->fact;
		if (fact.claims)
			fact.claims = pool_dup(pool, fact.claims, fact.claims->len);
	}
	unlock(known, digest);
	return fact;
}
