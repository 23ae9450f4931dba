/* SPDX-License-Identifier: EUPL-1.2
 * The desk in memory. A transaction works on the desk itself; a copy made at begin undoes it. */
#include "store/store_memory.h"

#include <stdlib.h>
#include <string.h>
#include "base/die.h"
#include "base/mem.h"

void *rows_add(struct rows *r, const void *row)
{
	if (r->n == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 16;
		r->p = mem_grow(r->p, r->cap, r->size);
	}
	return memcpy(r->p + r->n++ * r->size, row, r->size);
}

void rows_cut(struct rows *r, size_t i)
{
	must(i < r->n);
	r->n--;
	memmove(r->p + i * r->size, r->p + (i + 1) * r->size, (r->n - i) * r->size);
}

int memory_in_transaction(struct memory *m, struct err *err)
{
	must(m->begun);
	return m->failed ? err_set(err, "memory: the transaction has failed before") : 0;
}

int memory_begin(struct store *s, bool durable, struct err *err)
{
	struct memory *m = memory_of(s);

	(void)durable;
	(void)err;
	must(!m->begun);
	m->before = m->desk;
	for (size_t i = 0; i < TABLES; i++) {
		struct rows *r = &m->before.tables[i];

		r->p = r->p ? mem_dup(r->p, r->cap * r->size) : NULL;
	}
	m->begun = true;
	m->failed = false;
	return 0;
}

static void tables_free(struct desk *d)
{
	for (size_t i = 0; i < TABLES; i++)
		free(d->tables[i].p);
}

int memory_commit(struct store *s, struct err *err)
{
	struct memory *m = memory_of(s);

	if (memory_in_transaction(m, err) < 0) {
		memory_rollback(s);
		return -1;
	}
	tables_free(&m->before);
	m->begun = false;
	return 0;
}

void memory_rollback(struct store *s)
{
	struct memory *m = memory_of(s);

	if (!m->begun)
		return;
	tables_free(&m->desk);
	m->desk = m->before;
	m->begun = false;
}

int memory_bookmark_put(struct store *s, const struct bookmark *b, struct err *err)
{
	struct memory *m = memory_of(s);
	struct rows *r = &m->desk.tables[BOOKMARK];
	struct bookmark copy = { pool_str(m->pool, b->handler), b->n, pool_dup(m->pool, b->done, b->done_len),
				 b->done_len };

	if (memory_in_transaction(m, err) < 0)
		return -1;
	rows_each(struct bookmark, it, r)
		if (strcmp(it->handler, b->handler) == 0) {
			*it = copy;
			return 0;
		}
	rows_add(r, &copy);
	return 0;
}

/* The rows of these tables all have the handler's name first, but for that of replays. */
static const char *row_handler(enum table table, const struct rows *r, size_t i)
{
	if (table == REPLAY)
		return row_at(struct replay, r, i)->handler;
	return *(const char *const *)(const void *)(r->p + i * r->size);
}

int memory_bookmark_drop(struct store *s, const char *handler, struct err *err)
{
	static const enum table tables[] = { BOOKMARK, PARKED, REPLAY, STATE, PAUSE };
	struct memory *m = memory_of(s);

	if (memory_in_transaction(m, err) < 0)
		return -1;
	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
		struct rows *r = &m->desk.tables[tables[t]];

		for (size_t i = r->n; i-- > 0;)
			if (strcmp(row_handler(tables[t], r, i), handler) == 0)
				rows_cut(r, i);
	}
	return 0;
}

static int by_handler(const void *a, const void *b)
{
	return strcmp(((const struct bookmark *)a)->handler, ((const struct bookmark *)b)->handler);
}

int memory_bookmarks(struct store *s, struct pool *pool, struct bookmark **v, size_t *n, struct err *err)
{
	struct rows *r = &memory_of(s)->desk.tables[BOOKMARK];

	(void)err;
	*n = r->n;
	*v = pool_dup(pool, r->p, r->n * r->size);
	for (size_t i = 0; i < r->n; i++) {
		(*v)[i].handler = pool_str(pool, (*v)[i].handler);
		(*v)[i].done = pool_dup(pool, (*v)[i].done, (*v)[i].done_len);
	}
	if (r->n)
		qsort(*v, r->n, r->size, by_handler);
	return 0;
}

static size_t find_parked(const struct rows *r, const char *handler, uint64_t n)
{
	size_t i = 0;

	while (i < r->n && (row_at(struct parked, r, i)->n != n ||
			    strcmp(row_at(struct parked, r, i)->handler, handler) != 0))
		i++;
	return i;
}

int memory_parked_put(struct store *s, const struct parked *p, struct err *err)
{
	struct memory *m = memory_of(s);
	struct rows *r = &m->desk.tables[PARKED];
	struct parked copy = *p;
	size_t i = find_parked(r, p->handler, p->n);

	if (memory_in_transaction(m, err) < 0)
		return -1;
	copy.handler = pool_str(m->pool, p->handler);
	copy.reason = pool_str(m->pool, p->reason);
	if (i < r->n)
		*row_at(struct parked, r, i) = copy;
	else
		rows_add(r, &copy);
	return 0;
}

int memory_parked_drop(struct store *s, const char *handler, uint64_t n, struct err *err)
{
	struct memory *m = memory_of(s);
	struct rows *r = &m->desk.tables[PARKED];
	size_t i = find_parked(r, handler, n);

	if (memory_in_transaction(m, err) < 0)
		return -1;
	if (i < r->n)
		rows_cut(r, i);
	return 0;
}

static int by_handler_and_n(const void *a, const void *b)
{
	const struct parked *p = a, *q = b;
	int order = strcmp(p->handler, q->handler);

	return order ? order : (p->n > q->n) - (p->n < q->n);
}

int memory_parked(struct store *s, const struct parked_range *range, struct pool *pool, struct parked **v,
		  size_t *n, struct err *err)
{
	struct rows *r = &memory_of(s)->desk.tables[PARKED];

	(void)err;
	*n = 0;
	*v = pool_alloc(pool, (r->n + 1) * r->size);
	rows_each(struct parked, it, r) {
		if ((range->handler && strcmp(range->handler, it->handler) != 0) || (range->n && range->n != it->n) ||
		    (range->after && by_handler_and_n(range->after, it) >= 0))
			continue;
		(*v)[*n] = *it;
		(*v)[*n].handler = pool_str(pool, it->handler);
		(*v)[(*n)++].reason = pool_str(pool, it->reason);
	}
	qsort(*v, *n, r->size, by_handler_and_n);
	if (*n > PAGE_ROWS)
		*n = PAGE_ROWS;
	return 0;
}

static void add_line(struct memory *m, const struct history *h)
{
	struct history copy = *h;

	copy.handler = pool_str(m->pool, h->handler);
	copy.what = pool_str(m->pool, h->what);
	copy.note = pool_str(m->pool, h->note);
	rows_add(&m->desk.tables[HISTORY], &copy);
}

int memory_history_add(struct store *s, const struct history *h, struct err *err)
{
	struct memory *m = memory_of(s);

	if (memory_in_transaction(m, err) < 0)
		return -1;
	add_line(m, h);
	return 0;
}

int memory_history_done(struct store *s, const char *handler, int64_t at_ms, const uint64_t *numbers, size_t n,
			struct err *err)
{
	struct memory *m = memory_of(s);

	if (memory_in_transaction(m, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		add_line(m, &(struct history){ numbers[i], handler, at_ms, 1, "done", NULL });
	return 0;
}

static int64_t received(struct memory *m, uint64_t n)
{
	rows_each(struct logged, it, &m->log)
		if (it->card.n == n)
			return it->card.received_ms;
	return 0;
}

int memory_history(struct store *s, uint64_t n, struct pool *pool, struct history **v, size_t *n_v, struct err *err)
{
	struct memory *m = memory_of(s);
	struct rows *r = &m->desk.tables[HISTORY];

	(void)err;
	*n_v = 0;
	*v = pool_alloc(pool, (r->n + 1) * r->size);
	rows_each(struct duplicate, it, &m->desk.tables[DUPLICATE])
		if (it->n == n)
			(*v)[(*n_v)++] = duplicate_line(pool, n, it->first, it->conflict, received(m, n));
	rows_each(struct history, it, r) {
		if (it->n != n)
			continue;
		(*v)[*n_v] = *it;
		(*v)[*n_v].handler = pool_str(pool, it->handler);
		(*v)[*n_v].what = pool_str(pool, it->what);
		(*v)[(*n_v)++].note = pool_str(pool, it->note);
	}
	return 0;
}

int memory_expire_dead(struct store *s, int64_t before_ms, size_t *n, struct err *err)
{
	struct memory *m = memory_of(s);
	struct rows *r = &m->desk.tables[PARKED];

	(void)err;
	must(!m->begun);
	for (size_t i = r->n; i-- > 0 && *n < EXPIRE_ROWS;) {
		struct parked p = *row_at(struct parked, r, i);

		if (p.state != PARKED_DEAD || p.since_ms >= before_ms)
			continue;
		rows_cut(r, i);
		add_line(m, &(struct history){ p.n, p.handler, before_ms, 0, "expired", NULL });
		(*n)++;
	}
	return 0;
}

static struct replay *find_replay(struct memory *m, uint64_t id)
{
	rows_each(struct replay, it, &m->desk.tables[REPLAY])
		if (it->id == id)
			return it;
	return NULL;
}

int memory_replay_put(struct store *s, struct replay *r, struct err *err)
{
	struct memory *m = memory_of(s);
	struct replay copy, *old = find_replay(m, r->id);

	if (memory_in_transaction(m, err) < 0)
		return -1;
	if (!r->id)
		r->id = ++m->desk.replay_id;
	copy = *r;
	copy.handler = pool_str(m->pool, r->handler);
	copy.types = pool_str(m->pool, r->types);
	copy.done = pool_dup(m->pool, r->done, r->done_len);
	if (old)
		*old = copy;
	else
		rows_add(&m->desk.tables[REPLAY], &copy);
	return 0;
}

int memory_replay_drop(struct store *s, uint64_t id, struct err *err)
{
	struct memory *m = memory_of(s);
	struct replay *r = find_replay(m, id);

	if (memory_in_transaction(m, err) < 0)
		return -1;
	if (r)
		rows_cut(&m->desk.tables[REPLAY], (size_t)(r - row_at(struct replay, &m->desk.tables[REPLAY], 0)));
	return 0;
}

int memory_replays(struct store *s, struct pool *pool, struct replay **v, size_t *n, struct err *err)
{
	struct rows *r = &memory_of(s)->desk.tables[REPLAY];

	(void)err;
	*n = r->n;
	*v = pool_dup(pool, r->p, r->n * r->size);
	for (size_t i = 0; i < r->n; i++) {
		(*v)[i].handler = pool_str(pool, (*v)[i].handler);
		(*v)[i].types = pool_str(pool, (*v)[i].types);
		(*v)[i].done = pool_dup(pool, (*v)[i].done, (*v)[i].done_len);
	}
	return 0;
}

int memory_request_ask(struct store *s, const struct request *r, uint64_t *id, struct err *err)
{
	struct memory *m = memory_of(s);
	struct request copy = *r;

	(void)err;
	must(!m->begun);
	copy.id = *id = ++m->desk.request_id;
	copy.who = pool_str(m->pool, r->who);
	copy.verb = pool_str(m->pool, r->verb);
	copy.args = pool_str(m->pool, r->args);
	rows_add(&m->desk.tables[REQUEST], &copy);
	return 0;
}

static struct request *find_request(struct memory *m, uint64_t id)
{
	rows_each(struct request, it, &m->desk.tables[REQUEST])
		if (it->id == id)
			return it;
	return NULL;
}

static struct request copy_request(struct pool *pool, const struct request *r)
{
	struct request copy = *r;

	copy.who = pool_str(pool, r->who);
	copy.verb = pool_str(pool, r->verb);
	copy.args = pool_str(pool, r->args);
	copy.answer = pool_str(pool, r->answer);
	return copy;
}

int memory_requests(struct store *s, uint64_t before, struct pool *pool, struct request **v, size_t *n, struct err *err)
{
	struct rows *r = &memory_of(s)->desk.tables[REQUEST];

	(void)err;
	*n = 0;
	*v = pool_alloc(pool, PAGE_ROWS * sizeof **v);
	for (size_t i = r->n; i-- > 0 && *n < PAGE_ROWS;)
		if (!before || row_at(struct request, r, i)->id < before)
			(*v)[(*n)++] = copy_request(pool, row_at(struct request, r, i));
	return 0;
}

int memory_request(struct store *s, uint64_t id, struct pool *pool, struct request **out, struct err *err)
{
	const struct request *r = find_request(memory_of(s), id);

	(void)err;
	if (!r)
		return 0;
	*out = pool_alloc(pool, sizeof **out);
	**out = copy_request(pool, r);
	return 0;
}

int memory_request_next(struct store *s, uint64_t after, struct pool *pool, struct request **out, struct err *err)
{
	(void)err;
	rows_each(struct request, it, &memory_of(s)->desk.tables[REQUEST])
		if (it->id > after && it->status < 0) {
			*out = pool_alloc(pool, sizeof **out);
			**out = copy_request(pool, it);
			break;
		}
	return 0;
}

int memory_request_answer(struct store *s, uint64_t id, int status, const char *answer, struct err *err)
{
	struct memory *m = memory_of(s);
	struct request *r = find_request(m, id);

	if (memory_in_transaction(m, err) < 0)
		return -1;
	if (!r) {
		m->failed = true;
		return err_set(err, "there is no request %llu to answer", (unsigned long long)id);
	}
	r->status = status;
	r->answer = pool_str(m->pool, answer);
	return 0;
}
