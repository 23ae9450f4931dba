/* SPDX-License-Identifier: EUPL-1.2
 * What handlers keep and emit, and their pauses, in memory. */
#include "store/store_memory.h"

#include <string.h>
#include "base/buf.h"
#include "base/die.h"

static struct state *find_state(struct memory *m, const char *handler, const struct event_key *lane)
{
	rows_each(struct state, it, &m->desk.tables[STATE])
		if (memcmp(&it->lane, lane, sizeof *lane) == 0 && strcmp(it->handler, handler) == 0)
			return it;
	return NULL;
}

int memory_state_put(struct store *s, const struct state *state, struct err *err)
{
	struct memory *m = memory_of(s);
	struct state copy = *state, *old = find_state(m, state->handler, &state->lane);

	if (memory_in_transaction(m, err) < 0)
		return -1;
	copy.handler = pool_str(m->pool, state->handler);
	copy.p = pool_dup(m->pool, state->p, state->len);
	if (old)
		*old = copy;
	else
		rows_add(&m->desk.tables[STATE], &copy);
	return 0;
}

int memory_state(struct store *s, struct state *state, struct pool *pool, struct err *err)
{
	const struct state *found = find_state(memory_of(s), state->handler, &state->lane);

	(void)err;
	if (!found)
		return 0;
	state->n = found->n;
	state->len = found->len;
	state->p = pool_dup(pool, found->p, found->len);
	return 0;
}

int memory_states(struct store *s, const char *handler, uint64_t *n, struct err *err)
{
	(void)err;
	*n = 0;
	rows_each(struct state, it, &memory_of(s)->desk.tables[STATE])
		*n += strcmp(it->handler, handler) == 0;
	return 0;
}

int memory_state_drop(struct store *s, const char *handler, const struct event_key *lane, struct err *err)
{
	struct memory *m = memory_of(s);
	struct rows *r = &m->desk.tables[STATE];

	if (memory_in_transaction(m, err) < 0)
		return -1;
	for (size_t i = r->n; i-- > 0;) {
		const struct state *it = row_at(struct state, r, i);

		if (strcmp(it->handler, handler) == 0 && (!lane || memcmp(&it->lane, lane, sizeof *lane) == 0))
			rows_cut(r, i);
	}
	return 0;
}

/* ---- the outbox: packed events ---- */

int memory_emit(struct store *s, const struct event *event, struct err *err)
{
	struct memory *m = memory_of(s);
	struct emitted row = {0};
	struct buf packed = {0};

	if (memory_in_transaction(m, err) < 0)
		return -1;
	event_pack(&packed, event);
	row.p = pool_dup(m->pool, packed.p, packed.len);
	row.len = packed.len;
	rows_add(&m->desk.tables[OUTBOX], &row);
	buf_free(&packed);
	return 0;
}

int memory_outbox_copy(struct store *s, size_t *n, struct err *err)
{
	struct memory *m = memory_of(s);
	struct rows *r = &m->desk.tables[OUTBOX];
	struct pool *pool = pool_new();
	int rc = 0;

	must(!m->begun);
	while (r->n && *n < OUTBOX_ROWS && rc == 0) {
		const struct emitted *row = row_at(struct emitted, r, 0);
		struct cut in = { row->p, row->len, false };
		struct event *event = pool_alloc(pool, sizeof *event);

		rc = event_unpack(pool, &in, event) < 0 ? err_set(err, "memory: an emitted event cannot be read") :
							  s->ops->append(s, &event, 1, err);
		if (rc == 0) {
			rows_cut(r, 0);
			++*n;
		}
	}
	pool_free(&pool);
	return rc;
}

/* ---- pauses ---- */

int memory_pause_put(struct store *s, const struct pause *pause, struct err *err)
{
	struct memory *m = memory_of(s);
	struct pause copy = *pause;

	if (memory_pause_drop(s, pause->handler, err) < 0)
		return -1;
	copy.handler = pool_str(m->pool, pause->handler);
	copy.why = pool_str(m->pool, pause->why);
	copy.who = pool_str(m->pool, pause->who);
	rows_add(&m->desk.tables[PAUSE], &copy);
	return 0;
}

int memory_pause_drop(struct store *s, const char *handler, struct err *err)
{
	struct memory *m = memory_of(s);
	struct rows *r = &m->desk.tables[PAUSE];

	if (memory_in_transaction(m, err) < 0)
		return -1;
	for (size_t i = r->n; i-- > 0;)
		if (strcmp(row_at(struct pause, r, i)->handler, handler) == 0)
			rows_cut(r, i);
	return 0;
}

int memory_pauses(struct store *s, struct pool *pool, struct pause **v, size_t *n, struct err *err)
{
	struct rows *r = &memory_of(s)->desk.tables[PAUSE];

	(void)err;
	*n = r->n;
	*v = pool_dup(pool, r->p, r->n * r->size);
	for (size_t i = 0; i < r->n; i++) {
		(*v)[i].handler = pool_str(pool, (*v)[i].handler);
		(*v)[i].why = pool_str(pool, (*v)[i].why);
		(*v)[i].who = pool_str(pool, (*v)[i].who);
	}
	return 0;
}
