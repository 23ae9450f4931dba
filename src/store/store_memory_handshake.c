/* SPDX-License-Identifier: EUPL-1.2
 * Handshakes in memory. */
#include "store/store_memory.h"

#include <string.h>
#include <strings.h>

static struct handshake copy_of(struct pool *pool, const struct handshake *h)
{
	struct handshake copy = *h;

	copy.endpoint = pool_str(pool, h->endpoint);
	copy.origin = pool_str(pool, h->origin);
	copy.callback = pool_str(pool, h->callback);
	copy.who = pool_str(pool, h->who);
	return copy;
}

static struct handshake *find(struct memory *m, const struct handshake *key)
{
	rows_each(struct handshake, it, &m->handshakes)
		if (key->n ? it->n == key->n
			   : strcmp(it->endpoint, key->endpoint) == 0 && strcasecmp(it->origin, key->origin) == 0)
			return it;
	return NULL;
}

static void drop_oldest(struct rows *r)
{
	size_t asked = 0, oldest = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct handshake *h = row_at(struct handshake, r, i);

		if (h->state != HANDSHAKE_ASKED)
			continue;
		if (!asked++ || h->at_ms < row_at(struct handshake, r, oldest)->at_ms)
			oldest = i;
	}
	if (asked > STORE_HANDSHAKES)
		rows_cut(r, oldest);
}

int memory_handshake_ask(struct store *s, const struct handshake *v, size_t n, struct err *err)
{
	struct memory *m = memory_of(s);

	(void)err;
	for (size_t i = 0; i < n; i++) {
		struct handshake *known = find(m, &(struct handshake){ .endpoint = v[i].endpoint, .origin = v[i].origin });
		struct handshake asked = copy_of(m->pool, &v[i]);

		asked.n = known ? known->n : ++m->handshake_n;
		asked.state = known ? known->state : HANDSHAKE_ASKED;
		asked.allowed_rate = known ? known->allowed_rate : 0;
		asked.settled_ms = known ? known->settled_ms : 0;
		asked.who = known ? known->who : NULL;
		if (known)
			*known = asked;
		else
			rows_add(&m->handshakes, &asked);
		drop_oldest(&m->handshakes);
	}
	return 0;
}

int memory_handshake(struct store *s, const struct handshake *key, struct pool *pool, struct handshake **out,
		     struct err *err)
{
	const struct handshake *h = find(memory_of(s), key);
	struct handshake copy;

	(void)err;
	if (!h)
		return 0;
	copy = copy_of(pool, h);
	*out = pool_dup(pool, &copy, sizeof copy);
	return 0;
}

int memory_handshake_settle(struct store *s, const struct handshake *h, bool *found, struct err *err)
{
	struct memory *m = memory_of(s);
	struct handshake *known = find(m, &(struct handshake){ .n = h->n });

	(void)err;
	*found = known != NULL;
	if (!known)
		return 0;
	known->state = h->state;
	known->allowed_rate = h->allowed_rate;
	known->settled_ms = h->settled_ms;
	known->who = pool_str(m->pool, h->who);
	return 0;
}

int memory_handshakes(struct store *s, bool settled, struct pool *pool, struct handshake **v, size_t *n,
		      struct err *err)
{
	struct rows *r = &memory_of(s)->handshakes;

	(void)err;
	*n = 0;
	*v = pool_alloc(pool, (r->n + 1) * r->size);
	rows_each(struct handshake, it, r)
		if (settled || it->state == HANDSHAKE_ASKED)
			(*v)[(*n)++] = copy_of(pool, it);
	return 0;
}
