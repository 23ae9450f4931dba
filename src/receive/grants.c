/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "receive/grants.h"

#include <pthread.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/store.h"

#define COMPLAIN_MS 60000
#define AGAIN_MS 1000		/* between two tries to open the store */

struct grants {
	const struct conf *conf;
	bool make;
	pthread_mutex_t lock;
	/* under the lock */
	struct store *store;
	struct pool *pool;
	int64_t complained_ms, tried_ms;
};

struct grants *grants_new(const struct conf *conf, bool make)
{
	struct grants *g = mem_alloc(sizeof *g);

	g->conf = conf;
	g->make = make;
	g->pool = pool_new();
	pthread_mutex_init(&g->lock, NULL);
	return g;
}

void grants_free(struct grants **grants)
{
	struct grants *g = *grants;

	if (!g)
		return;
	store_close(&g->store);
	pool_free(&g->pool);
	pthread_mutex_destroy(&g->lock);
	free(g);
	*grants = NULL;
}

static void complain(struct grants *g, const struct err *err)
{
	int64_t now = clock_mono_ms();

	if (g->complained_ms && now - g->complained_ms < COMPLAIN_MS)
		return;
	g->complained_ms = now;
	log_error("what operators granted cannot be read, and origins that are not listed get 503: %s", err->text);
}

/* A store that does not open is not tried for each question: anybody may ask. */
static int have_store(struct grants *g, struct err *err)
{
	struct store_setup setup = store_setup_for(g->conf);

	if (g->store)
		return 0;
	if (g->tried_ms && clock_mono_ms() - g->tried_ms < AGAIN_MS)
		return err_set(err, "the store %s is not open", g->conf->store);
	g->tried_ms = clock_mono_ms();
	setup.read_only = !g->make;
	return store_open(&setup, STORE_LOG, &g->store, err);
}

static enum trust_grant decided(const struct handshake *h, int *rate)
{
	if (!h || h->state == HANDSHAKE_ASKED)
		return GRANT_NONE;
	*rate = h->allowed_rate;
	return h->state == HANDSHAKE_GRANTED ? GRANT_GIVEN : GRANT_DENIED;
}

enum trust_grant grants_find(void *grants, const char *endpoint, const char *origin, int *rate)
{
	struct grants *g = grants;
	enum trust_grant grant = GRANT_UNSURE;
	struct handshake *h = NULL;
	struct err err = {{0}};

	pthread_mutex_lock(&g->lock);
	if (have_store(g, &err) == 0 && store_handshake_find(g->store, endpoint, origin, g->pool, &h, &err) == 0)
		grant = decided(h, rate);
	else
		complain(g, &err);
	pool_reset(g->pool);
	pthread_mutex_unlock(&g->lock);
	return grant;
}
