/* SPDX-License-Identifier: EUPL-1.2
 * The store in memory, for unit tests: it defines the semantics, and forgets everything at its end. */
#include "store/store_memory.h"

#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/die.h"
#include "base/clock.h"
#include "base/mem.h"

static struct card card_of(struct pool *pool, const struct card *card)
{
	struct card copy = *card;

	copy.type = pool_str(pool, card->type);
	copy.sender = pool_str(pool, card->sender);
	return copy;
}

static int append(struct store *s, struct event *const *events, size_t n, struct err *err)
{
	struct memory *m = memory_of(s);

	(void)err;
	must(!m->begun);
	for (size_t i = 0; i < n; i++) {
		struct event *e = events[i];
		struct buf head = {0};
		struct logged row = { .digest = e->digest, .data_len = e->data_len };

		e->n = ++m->last;
		row.card = card_of(m->pool, &(struct card){ .n = e->n, .received_ms = e->received_ms,
				.has_lane = e->has_lane, .lane = e->lane, .key = e->key, .type = e->type, .sender = e->sender });
		card_set_bits(&row.card, card_bits(e));
		event_pack_head(&head, e);
		row.head = pool_dup(m->pool, head.p, head.len);
		row.head_len = head.len;
		row.data = e->data ? pool_dup(m->pool, e->data, e->data_len) : NULL;
		buf_free(&head);
		rows_add(&m->log, &row);
	}
	return 0;
}

static int reject(struct store *s, const struct rejected *v, size_t n, struct err *err)
{
	struct memory *m = memory_of(s);

	(void)err;
	for (size_t i = 0; i < n; i++) {
		struct rejected copy = v[i];

		copy.n = ++m->rejected_n;
		copy.body_len = v[i].body_len < REJECTED_BODY ? v[i].body_len : REJECTED_BODY;
		copy.body = pool_dup(m->pool, v[i].body, copy.body_len);
		copy.endpoint = pool_str(m->pool, v[i].endpoint);
		copy.sender = pool_str(m->pool, v[i].sender);
		copy.reason = pool_str(m->pool, v[i].reason);
		copy.headers = pool_str(m->pool, v[i].headers);
		rows_add(&m->rejected, &copy);
		if (m->rejected.n > STORE_REJECTED)
			rows_cut(&m->rejected, 0);
	}
	return 0;
}

static int rejected(struct store *s, uint64_t before, struct pool *pool, struct rejected **v, size_t *n,
		    struct err *err)
{
	struct rows *r = &memory_of(s)->rejected;

	(void)err;
	*n = 0;
	*v = pool_alloc(pool, (r->n + 1) * r->size);
	for (size_t i = r->n; i-- > 0;) {
		struct rejected copy = *row_at(struct rejected, r, i);

		if (before && copy.n >= before)
			continue;
		copy.endpoint = pool_str(pool, copy.endpoint);
		copy.sender = pool_str(pool, copy.sender);
		copy.reason = pool_str(pool, copy.reason);
		copy.headers = pool_str(pool, copy.headers);
		copy.body = pool_dup(pool, copy.body, copy.body_len);
		(*v)[(*n)++] = copy;
	}
	return 0;
}

static int last(struct store *s, uint64_t *n, struct err *err)
{
	(void)err;
	*n = memory_of(s)->last;
	return 0;
}

static int first(struct store *s, uint64_t *n, struct err *err)
{
	struct rows *r = &memory_of(s)->log;

	(void)err;
	*n = r->n ? row_at(struct logged, r, 0)->card.n : 0;
	return 0;
}

static int number_at(struct store *s, int64_t wall_ms, uint64_t *n, struct err *err)
{
	(void)err;
	*n = 0;
	rows_each(struct logged, it, &memory_of(s)->log)
		if (it->card.received_ms < wall_ms)
			*n = it->card.n;
	return 0;
}

static void mark_duplicate(const struct memory *m, struct card *card)
{
	rows_each(const struct duplicate, it, &m->desk.tables[DUPLICATE])
		if (it->n == card->n) {
			card->duplicate_of = it->first;
			card->conflict = it->conflict;
		}
}

static struct event *event_of(struct pool *pool, const struct logged *row)
{
	struct event *e = pool_alloc(pool, sizeof *e);

	if (event_unpack_head(pool, pool_dup(pool, row->head, row->head_len), row->head_len, e) < 0)
		return NULL;
	e->n = row->card.n;
	e->received_ms = row->card.received_ms;
	e->mark = row->card.mark;
	e->type = pool_str(pool, row->card.type);
	e->sender = pool_str(pool, row->card.sender);
	e->key = row->card.key;
	e->digest = row->digest;
	e->has_lane = row->card.has_lane;
	e->lane = row->card.lane;
	e->data = row->data ? pool_dup(pool, row->data, row->data_len) : NULL;
	e->data_len = row->data_len;
	return e;
}

static int cards(struct store *s, const struct card_range *range, struct pool *pool, struct card **v, size_t *n,
		 struct err *err)
{
	struct memory *m = memory_of(s);
	size_t cap = range->max < m->log.n ? range->max : m->log.n;

	(void)err;
	*n = 0;
	*v = pool_alloc(pool, (cap + 1) * sizeof **v);
	for (size_t i = 0; i < m->log.n && *n < cap; i++) {
		const struct logged *row = row_at(struct logged, &m->log, range->back ? m->log.n - 1 - i : i);
		const struct card *card = &row->card;

		if (card->n <= range->after || card->n > range->upto)
			continue;
		(*v)[*n] = card_of(pool, card);
		if (range->along && row->head_len + row->data_len <= ALONG_BYTES)
			(*v)[*n].event = event_of(pool, row);
		mark_duplicate(m, &(*v)[(*n)++]);
	}
	return 0;
}

static struct logged *find(struct memory *m, uint64_t n)
{
	rows_each(struct logged, it, &m->log)
		if (it->card.n == n)
			return it;
	return NULL;
}

static int event(struct store *s, uint64_t n, struct pool *pool, struct event **out, struct err *err)
{
	struct logged *row = find(memory_of(s), n);

	if (row && !(*out = event_of(pool, row)))
		return err_set(err, "memory: event %llu cannot be read", (unsigned long long)n);
	return 0;
}

static struct seen *find_seen(struct memory *m, const struct event_key *key)
{
	rows_each(struct seen, it, &m->desk.tables[SEEN])
		if (memcmp(&it->key, key, sizeof *key) == 0)
			return it;
	return NULL;
}

static void sort_one(struct memory *m, const struct logged *row, struct sort_result *result)
{
	struct seen *seen = find_seen(m, &row->card.key);
	struct duplicate d = { row->card.n, 0, false };

	if (!seen) {
		rows_add(&m->desk.tables[SEEN], &(struct seen){ row->card.key, row->card.n, row->digest });
		return;
	}
	if (seen->n >= d.n)
		return;
	d.first = seen->n;
	d.conflict = seen->digest != row->digest;
	rows_add(&m->desk.tables[DUPLICATE], &d);
	result->duplicates++;
	result->conflicts += d.conflict;
}

static void note_day(struct memory *m, const struct card *card)
{
	int64_t day = card->received_ms / DAY_MS;

	rows_each(struct day, it, &m->desk.tables[DAY])
		if (it->day == day) {
			it->n = card->n;
			return;
		}
	rows_add(&m->desk.tables[DAY], &(struct day){ day, card->n });
}

static int park(struct store *s, const struct card *card, struct err *err)
{
	struct parked p = parked_quarantined(card->n, card->received_ms);

	if (memory_begin(s, false, err) < 0)
		return -1;
	return memory_parked_put(s, &p, err) < 0 ? -1 : memory_commit(s, err);
}

static int sort(struct store *s, size_t max, struct sort_result *result, struct err *err)
{
	struct memory *m = memory_of(s);

	must(!m->begun);
	rows_each(struct logged, it, &m->log) {
		if (it->card.n <= m->desk.sorted || result->n == max)
			continue;
		if (it->card.mark != EVENT_QUARANTINED)
			sort_one(m, it, result);
		else if (park(s, &it->card, err) < 0)
			return -1;
		if (it->card.numbered)
			result->numbered = it->card.n;
		note_day(m, &it->card);
		m->desk.sorted = it->card.n;
		result->n++;
	}
	result->sorted = m->desk.sorted;
	result->more = result->sorted < m->last;
	return 0;
}

static int sorted(struct store *s, uint64_t *n, struct err *err)
{
	(void)err;
	*n = memory_of(s)->desk.sorted;
	return 0;
}

static int known(struct store *s, const struct event_key *key, uint64_t *n, struct err *err)
{
	const struct seen *seen = find_seen(memory_of(s), key);

	(void)err;
	*n = seen ? seen->n : 0;
	return 0;
}

static int duplicates_of(struct store *s, uint64_t n, struct pool *pool, uint64_t **v, size_t *n_v, struct err *err)
{
	struct rows *r = &memory_of(s)->desk.tables[DUPLICATE];

	(void)err;
	*n_v = 0;
	*v = pool_alloc(pool, (r->n + 1) * sizeof **v);
	rows_each(struct duplicate, it, r)
		if (it->first == n)
			(*v)[(*n_v)++] = it->n;
	return 0;
}

static int stats(struct store *s, struct store_stats *st, struct err *err)
{
	struct memory *m = memory_of(s);

	st->last = m->last;
	st->sorted = m->desk.sorted;
	st->identities = m->desk.tables[SEEN].n;
	return first(s, &st->first, err);
}

static int prepare(struct store *s, struct err *err)
{
	(void)s;
	(void)err;
	return 0;
}

static int checkpoint(struct store *s, unsigned parts, uint64_t above, struct err *err)
{
	(void)s;
	(void)parts;
	(void)above;
	(void)err;
	return 0;
}

static bool is_parked(struct memory *m, uint64_t n)
{
	rows_each(struct parked, it, &m->desk.tables[PARKED])
		if (it->n == n)
			return true;
	return false;
}

static void forget_rows(struct memory *m, uint64_t n)
{
	struct rows *d = &m->desk.tables[DUPLICATE], *h = &m->desk.tables[HISTORY];

	for (size_t i = d->n; i-- > 0;)
		if (row_at(struct duplicate, d, i)->n == n)
			rows_cut(d, i);
	for (size_t i = h->n; i-- > 0;)
		if (row_at(struct history, h, i)->n == n)
			rows_cut(h, i);
}

static int prune(struct store *s, const struct prune_range *range, size_t *n, struct err *err)
{
	struct memory *m = memory_of(s);

	(void)err;
	must(!m->begun);
	for (size_t i = 0; i < m->log.n && *n < range->max;) {
		struct card card = row_at(struct logged, &m->log, i)->card;

		if (card.n > range->upto || card.received_ms >= range->before_ms || is_parked(m, card.n)) {
			i++;
			continue;
		}
		rows_cut(&m->log, i);
		forget_rows(m, card.n);
		(*n)++;
	}
	return 0;
}

/* The clock was set back to it: it has an event behind those of a later day. */
static bool is_astray(struct memory *m, const struct day *day)
{
	rows_each(struct day, it, &m->desk.tables[DAY])
		if (it->day > day->day && it->day <= clock_wall_ms() / DAY_MS && it->n < day->n)
			return true;
	return false;
}

static int sweep(struct store *s, int64_t before_ms, size_t max, size_t *n, struct err *err)
{
	struct memory *m = memory_of(s);
	struct rows *r = &m->desk.tables[SEEN];
	uint64_t upto = 0;

	(void)err;
	must(!m->begun);
	rows_each(struct day, it, &m->desk.tables[DAY])
		if ((it->day + 1) * DAY_MS <= before_ms && it->n > upto && !is_astray(m, it))
			upto = it->n;
	for (size_t i = r->n; i-- > 0 && *n < max;)
		if (row_at(struct seen, r, i)->n <= upto) {
			rows_cut(r, i);
			(*n)++;
		}
	return 0;
}

static size_t cut_parked(struct memory *m, uint64_t n)
{
	struct rows *r = &m->desk.tables[PARKED];
	size_t before = r->n;

	for (size_t i = r->n; i-- > 0;)
		if (row_at(struct parked, r, i)->n == n)
			rows_cut(r, i);
	return before - r->n;
}

static void cut_told(struct memory *m, uint64_t n)
{
	struct rows *q = &m->desk.tables[SEQUENCE], *g = &m->desk.tables[GAP];

	for (size_t i = q->n; i-- > 0;)
		if (row_at(struct sequence, q, i)->n == n)
			rows_cut(q, i);
	for (size_t i = g->n; i-- > 0;)
		if (row_at(struct gap, g, i)->n == n)
			rows_cut(g, i);
}

static size_t cut_states(struct memory *m, const struct event_key *lane)
{
	struct rows *r = &m->desk.tables[STATE];
	size_t before = r->n;

	for (size_t i = r->n; i-- > 0;)
		if (memcmp(&row_at(struct state, r, i)->lane, lane, sizeof *lane) == 0)
			rows_cut(r, i);
	return before - r->n;
}

static int erase(struct store *s, const struct erasure *what, struct erased *gone, struct err *err)
{
	struct memory *m = memory_of(s);

	(void)err;
	must(!m->begun);
	for (size_t i = 0; i < what->n_events; i++) {
		struct logged *row = find(m, what->events[i]);

		if (row)
			rows_cut(&m->log, (size_t)(row - row_at(struct logged, &m->log, 0)));
		gone->events += row != NULL;
		gone->parked += cut_parked(m, what->events[i]);
		forget_rows(m, what->events[i]);
		cut_told(m, what->events[i]);
	}
	for (size_t i = 0; i < what->n_rejected; i++)
		for (size_t j = m->rejected.n; j-- > 0;)
			if (row_at(struct rejected, &m->rejected, j)->n == what->rejected[i]) {
				rows_cut(&m->rejected, j);
				gone->rejected++;
			}
	for (size_t i = 0; i < what->n_lanes; i++)
		gone->states += cut_states(m, &what->lanes[i]);
	return 0;
}

static int wipe(struct store *s, int64_t wait_ms, bool *wiped, struct err *err)
{
	(void)s;
	(void)wait_ms;
	(void)err;
	*wiped = true;
	return 0;
}

static int scrub(struct store *s, const struct scrubbing *how, bool *whole, struct err *err)
{
	(void)s;
	(void)how;
	(void)whole;
	(void)err;
	return 0;
}

static int backup(struct store *s, const struct backup *how, struct backed_up *out, struct err *err)
{
	(void)s;
	(void)out;
	return err_set(err, "a store in memory has no files to copy to %s", how->dir);
}

static void close_store(struct store *s)
{
	struct memory *m = memory_of(s);

	memory_rollback(s);
	for (size_t i = 0; i < TABLES; i++)
		free(m->desk.tables[i].p);
	free(m->log.p);
	free(m->rejected.p);
	free(m->handshakes.p);
	pool_free(&m->pool);
	free(m);
}

static const struct store_ops ops = {
	.close = close_store,
	.append = append, .reject = reject, .rejected = rejected,
	.handshake_ask = memory_handshake_ask, .handshake = memory_handshake, .handshake_settle = memory_handshake_settle,
	.handshakes = memory_handshakes,
	.last = last, .first = first, .number_at = number_at, .cards = cards, .event = event,
	.sort = sort, .sorted = sorted, .known = known, .duplicates_of = duplicates_of,
	.begin = memory_begin, .commit = memory_commit, .rollback = memory_rollback,
	.bookmark_put = memory_bookmark_put, .bookmark_drop = memory_bookmark_drop, .bookmarks = memory_bookmarks,
	.parked_put = memory_parked_put, .parked_drop = memory_parked_drop, .parked = memory_parked,
	.history_add = memory_history_add, .history_done = memory_history_done, .history = memory_history,
	.state_put = memory_state_put, .state = memory_state, .states = memory_states, .state_drop = memory_state_drop,
	.emit = memory_emit, .outbox_copy = memory_outbox_copy,
	.pause_put = memory_pause_put, .pause_drop = memory_pause_drop, .pauses = memory_pauses,
	.replay_put = memory_replay_put, .replay_drop = memory_replay_drop, .replays = memory_replays,
	.request_ask = memory_request_ask, .request = memory_request, .request_next = memory_request_next,
	.request_answer = memory_request_answer, .requests = memory_requests,
	.sequence = memory_sequence, .sequence_put = memory_sequence_put, .gap_add = memory_gap_add, .gaps = memory_gaps,
	.sequenced = memory_sequenced, .sequenced_put = memory_sequenced_put, .forget_sequences = memory_forget_sequences,
	.stats = stats, .checkpoint = checkpoint, .prepare = prepare, .prune = prune, .sweep = sweep, .expire_dead = memory_expire_dead,
	.erase = erase, .wipe = wipe, .scrub = scrub, .backup = backup,
};

int store_memory_open(const struct store_setup *setup, struct store **out)
{
	static const size_t sizes[TABLES] = {
		[SEEN] = sizeof(struct seen), [DUPLICATE] = sizeof(struct duplicate), [DAY] = sizeof(struct day),
		[BOOKMARK] = sizeof(struct bookmark), [PARKED] = sizeof(struct parked),
		[HISTORY] = sizeof(struct history), [REPLAY] = sizeof(struct replay), [REQUEST] = sizeof(struct request),
		[SEQUENCE] = sizeof(struct sequence), [GAP] = sizeof(struct gap),
		[STATE] = sizeof(struct state), [OUTBOX] = sizeof(struct emitted), [PAUSE] = sizeof(struct pause),
	};
	struct memory *m = mem_alloc(sizeof *m);

	(void)setup;
	m->store.ops = &ops;
	m->pool = pool_new();
	m->log.size = sizeof(struct logged);
	m->rejected.size = sizeof(struct rejected);
	m->handshakes.size = sizeof(struct handshake);
	for (size_t i = 0; i < TABLES; i++)
		m->desk.tables[i].size = sizes[i];
	*out = &m->store;
	return 0;
}
