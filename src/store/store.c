/* SPDX-License-Identifier: EUPL-1.2
 * The store, whatever backend it has: chooses it, and makes listings of its pages. */
#include "store/store.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/die.h"
#include "conf/conf.h"
#include "store/store_ops.h"

struct store_setup store_setup_for(const struct conf *conf)
{
	return (struct store_setup){ .spec = conf->store, .group = conf->group, .disk_reserve = conf->disk_reserve };
}

int store_open(const struct store_setup *setup, unsigned parts, struct store **out, struct err *err)
{
	*out = NULL;
	if (strncmp(setup->spec, "sqlite:", 7) == 0)
		return store_sqlite_open(setup, parts, out, err);
	if (strcmp(setup->spec, "memory:") == 0)
		return store_memory_open(setup, out);
	return err_set(err, "store = %s: it must be sqlite:DIRECTORY or memory:", setup->spec);
}

void store_close(struct store **store)
{
	if (*store)
		(*store)->ops->close(*store);
	*store = NULL;
}

int store_append(struct store *store, struct event *const *events, size_t n, struct err *err)
{
	return n ? store->ops->append(store, events, n, err) : 0;
}

int store_reject(struct store *store, const struct rejected *v, size_t n, struct err *err)
{
	return n ? store->ops->reject(store, v, n, err) : 0;
}

int store_rejected_each(struct store *store, uint64_t only_n, bool (*fn)(void *arg, const struct rejected *r),
			void *arg, struct err *err)
{
	uint64_t before = only_n ? only_n + 1 : 0;
	struct pool *pool = pool_new();
	struct rejected *v;
	size_t n;
	int rc;

	while ((rc = store->ops->rejected(store, before, pool, &v, &n, err)) == 0 && n) {
		for (size_t i = 0; i < n; i++)
			if (only_n && v[i].n != only_n)
				goto out;
			else if (!fn(arg, &v[i]))
				goto out;
		before = v[n - 1].n;
		pool_reset(pool);
	}
out:
	pool_free(&pool);
	return rc;
}

const char *handshake_state_name(enum handshake_state state)
{
	static const char *const names[] = { "?", "asked", "granted", "denied" };

	must(state >= HANDSHAKE_ASKED && state <= HANDSHAKE_DENIED);
	return names[state];
}

int store_handshake_ask(struct store *store, const struct handshake *v, size_t n, struct err *err)
{
	return n ? store->ops->handshake_ask(store, v, n, err) : 0;
}

int store_handshake_find(struct store *store, const char *endpoint, const char *origin, struct pool *pool,
			 struct handshake **out, struct err *err)
{
	*out = NULL;
	return store->ops->handshake(store, &(struct handshake){ .endpoint = endpoint, .origin = origin }, pool, out, err);
}

int store_handshake_get(struct store *store, uint64_t n, struct pool *pool, struct handshake **out, struct err *err)
{
	*out = NULL;
	return n ? store->ops->handshake(store, &(struct handshake){ .n = n }, pool, out, err) : 0;
}

int store_handshake_settle(struct store *store, const struct handshake *h, bool *found, struct err *err)
{
	*found = false;
	return store->ops->handshake_settle(store, h, found, err);
}

int store_handshakes(struct store *store, bool settled, struct pool *pool, struct handshake **v, size_t *n,
		     struct err *err)
{
	return store->ops->handshakes(store, settled, pool, v, n, err);
}

int store_last(struct store *store, uint64_t *n, struct err *err)
{
	return store->ops->last(store, n, err);
}

int store_first(struct store *store, uint64_t *n, struct err *err)
{
	return store->ops->first(store, n, err);
}

int store_number_at(struct store *store, int64_t wall_ms, uint64_t *n, struct err *err)
{
	return store->ops->number_at(store, wall_ms, n, err);
}

int store_cards(struct store *store, uint64_t after, uint64_t upto, size_t max, struct pool *pool,
		struct card **cards, size_t *n, struct err *err)
{
	struct card_range range = { after, upto, max < STORE_CARDS ? max : STORE_CARDS, false, false };

	return store->ops->cards(store, &range, pool, cards, n, err);
}

int store_events(struct store *store, uint64_t after, uint64_t upto, size_t max, struct pool *pool,
		 struct card **cards, size_t *n, struct err *err)
{
	struct card_range range = { after, upto, max < STORE_CARDS ? max : STORE_CARDS, false, true };

	return store->ops->cards(store, &range, pool, cards, n, err);
}

int store_cards_back(struct store *store, uint64_t before, size_t max, struct pool *pool,
		     struct card **cards, size_t *n, struct err *err)
{
	struct card_range range = { 0, before ? before - 1 : INT64_MAX, max < STORE_CARDS ? max : STORE_CARDS, true, false };

	return store->ops->cards(store, &range, pool, cards, n, err);
}

int store_event(struct store *store, uint64_t n, struct pool *pool, struct event **event, struct err *err)
{
	*event = NULL;
	return store->ops->event(store, n, pool, event, err);
}

int store_sort(struct store *store, size_t max, struct sort_result *result, struct err *err)
{
	*result = (struct sort_result){0};
	return store->ops->sort(store, max < STORE_CARDS ? max : STORE_CARDS, result, err);
}

int store_sorted(struct store *store, uint64_t *n, struct err *err)
{
	return store->ops->sorted(store, n, err);
}

int store_known(struct store *store, const struct event_key *key, uint64_t *n, struct err *err)
{
	*n = 0;
	return store->ops->known(store, key, n, err);
}

int store_duplicates_of(struct store *store, uint64_t n, struct pool *pool, uint64_t **v, size_t *n_v,
			struct err *err)
{
	return store->ops->duplicates_of(store, n, pool, v, n_v, err);
}

int store_begin(struct store *store, bool durable, struct err *err)
{
	return store->ops->begin(store, durable, err);
}

int store_commit(struct store *store, struct err *err)
{
	return store->ops->commit(store, err);
}

void store_rollback(struct store *store)
{
	store->ops->rollback(store);
}

int store_bookmark_put(struct store *store, const struct bookmark *b, struct err *err)
{
	return store->ops->bookmark_put(store, b, err);
}

int store_bookmark_drop(struct store *store, const char *handler, struct err *err)
{
	return store->ops->bookmark_drop(store, handler, err);
}

int store_bookmarks(struct store *store, struct pool *pool, struct bookmark **v, size_t *n, struct err *err)
{
	return store->ops->bookmarks(store, pool, v, n, err);
}

const char *parked_state_name(enum parked_state state)
{
	static const char *const names[] = { "?", "waiting", "dead", "held", "behind" };

	must(state >= PARKED_WAITING && state <= PARKED_BEHIND);
	return names[state];
}

int store_parked_put(struct store *store, const struct parked *p, struct err *err)
{
	return store->ops->parked_put(store, p, err);
}

int store_parked_drop(struct store *store, const char *handler, uint64_t n, struct err *err)
{
	return store->ops->parked_drop(store, handler, n, err);
}

static int parked_each(struct store *store, struct parked_range range,
		       bool (*fn)(void *arg, const struct parked *p), void *arg, struct err *err)
{
	struct pool *pools[2] = { pool_new(), pool_new() };	/* the page before holds the key to go on from */
	struct parked *v;
	size_t n_v;
	int rc;

	for (int turn = 0;; turn = !turn) {
		pool_reset(pools[turn]);
		rc = store->ops->parked(store, &range, pools[turn], &v, &n_v, err);
		if (rc < 0 || n_v == 0)
			break;
		for (size_t i = 0; i < n_v; i++)
			if (!fn(arg, &v[i]))
				goto out;
		range.after = &v[n_v - 1];
	}
out:
	pool_free(&pools[0]);
	pool_free(&pools[1]);
	return rc;
}

int store_parked_each(struct store *store, const char *handler, uint64_t n,
		      bool (*fn)(void *arg, const struct parked *p), void *arg, struct err *err)
{
	return parked_each(store, (struct parked_range){ handler, n, NULL }, fn, arg, err);
}

int store_parked_after(struct store *store, const char *handler, uint64_t after,
		       bool (*fn)(void *arg, const struct parked *p), void *arg, struct err *err)
{
	struct parked behind = { .handler = handler, .n = after };

	return parked_each(store, (struct parked_range){ handler, 0, &behind }, fn, arg, err);
}

int store_history_add(struct store *store, const struct history *h, struct err *err)
{
	return store->ops->history_add(store, h, err);
}

int store_history_done(struct store *store, const char *handler, int64_t at_ms,
		       const uint64_t *numbers, size_t n, struct err *err)
{
	return n ? store->ops->history_done(store, handler, at_ms, numbers, n, err) : 0;
}

int card_bits(const struct event *event)
{
	if (event->mark == EVENT_QUARANTINED)
		return BIT_QUARANTINED;
	return (event_extension(event, "sequence") ? BIT_NUMBERED : 0) | (event_extension(event, "expirytime") ? BIT_EXPIRES : 0);
}

struct parked parked_quarantined(uint64_t n, int64_t received_ms)
{
	return (struct parked){ .handler = "", .n = n, .state = PARKED_DEAD, .since_ms = received_ms,
				.reason = "quarantined: it could not be taken in" };
}

void card_set_bits(struct card *card, int bits)
{
	card->mark = bits & BIT_QUARANTINED ? EVENT_QUARANTINED : EVENT_PLAIN;
	card->numbered = bits & BIT_NUMBERED;
	card->expires = bits & BIT_EXPIRES;
}

struct history duplicate_line(struct pool *pool, uint64_t n, uint64_t first, bool conflict, int64_t at_ms)
{
	const char *note = pool_fmt(pool, "of %llu%s", (unsigned long long)first,
				    conflict ? ", with other content" : "");

	return (struct history){ n, "", at_ms, 0, "duplicate", note };
}

/* Stable: what was written first stays first when the times are equal. */
static void sort_by_time(struct history *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct history h = v[i];
		size_t at = i;

		for (; at > 0 && v[at - 1].at_ms > h.at_ms; at--)
			v[at] = v[at - 1];
		v[at] = h;
	}
}

int store_history_each(struct store *store, uint64_t n, bool (*fn)(void *arg, const struct history *h),
		       void *arg, struct err *err)
{
	struct pool *pool = pool_new();
	struct history *v;
	size_t n_v;
	int rc = store->ops->history(store, n, pool, &v, &n_v, err);

	if (rc == 0) {
		sort_by_time(v, n_v);
		for (size_t i = 0; i < n_v && fn(arg, &v[i]); i++)
			;
	}
	pool_free(&pool);
	return rc;
}

int store_replay_put(struct store *store, struct replay *r, struct err *err)
{
	return store->ops->replay_put(store, r, err);
}

int store_replay_drop(struct store *store, uint64_t id, struct err *err)
{
	return store->ops->replay_drop(store, id, err);
}

int store_replays(struct store *store, struct pool *pool, struct replay **v, size_t *n, struct err *err)
{
	return store->ops->replays(store, pool, v, n, err);
}

int store_state_put(struct store *store, const struct state *state, struct err *err)
{
	must(state->len <= STORE_STATE);
	return state->len ? store->ops->state_put(store, state, err) :
			    store->ops->state_drop(store, state->handler, &state->lane, err);
}

int store_state(struct store *store, const char *handler, const struct event_key *lane, struct pool *pool,
		const unsigned char **p, size_t *len, struct err *err)
{
	struct state state = { .handler = handler, .lane = *lane };
	int rc = store->ops->state(store, &state, pool, err);

	*p = state.p;
	*len = state.len;
	return rc;
}

int store_states(struct store *store, const char *handler, uint64_t *n, struct err *err)
{
	return store->ops->states(store, handler, n, err);
}

int store_state_drop(struct store *store, const char *handler, const struct event_key *lane, struct err *err)
{
	return store->ops->state_drop(store, handler, lane, err);
}

int store_emit(struct store *store, const struct event *event, struct err *err)
{
	return store->ops->emit(store, event, err);
}

int store_outbox_copy(struct store *store, size_t *n, struct err *err)
{
	*n = 0;
	return store->ops->outbox_copy(store, n, err);
}

int store_pause_put(struct store *store, const struct pause *pause, struct err *err)
{
	return store->ops->pause_put(store, pause, err);
}

int store_pause_drop(struct store *store, const char *handler, struct err *err)
{
	return store->ops->pause_drop(store, handler, err);
}

int store_pauses(struct store *store, struct pool *pool, struct pause **v, size_t *n, struct err *err)
{
	return store->ops->pauses(store, pool, v, n, err);
}

int store_request_ask(struct store *store, const char *who, const char *verb, const char *args,
		      uint64_t *id, struct err *err)
{
	struct request r = { .at_ms = clock_wall_ms(), .who = who, .verb = verb, .args = args, .status = -1 };

	return store->ops->request_ask(store, &r, id, err);
}

int store_request_next(struct store *store, uint64_t after, struct pool *pool, struct request **out, struct err *err)
{
	*out = NULL;
	return store->ops->request_next(store, after, pool, out, err);
}

int store_request_get(struct store *store, uint64_t id, struct pool *pool, struct request **out, struct err *err)
{
	*out = NULL;
	return id ? store->ops->request(store, id, pool, out, err) : 0;
}

int store_request_answer(struct store *store, uint64_t id, int status, const char *answer, struct err *err)
{
	return store->ops->request_answer(store, id, status, answer, err);
}

int store_sequence(struct store *store, const struct event_key *key, struct pool *pool, struct sequence **out,
		   struct err *err)
{
	*out = NULL;
	return store->ops->sequence(store, key, pool, out, err);
}

int store_sequence_put(struct store *store, const struct sequence *s, struct err *err)
{
	return store->ops->sequence_put(store, s, err);
}

int store_gap_add(struct store *store, const struct gap *gap, struct err *err)
{
	return store->ops->gap_add(store, gap, err);
}

int store_gaps_each(struct store *store, bool (*fn)(void *arg, const struct gap *gap), void *arg, struct err *err)
{
	struct pool *pool = pool_new();
	uint64_t before = 0;
	struct gap *v;
	size_t n;
	int rc;

	while ((rc = store->ops->gaps(store, before, pool, &v, &n, err)) == 0 && n) {
		for (size_t i = 0; i < n; i++)
			if (!fn(arg, &v[i]))
				goto out;
		before = v[n - 1].id;
		if (before <= 1)
			break;
		pool_reset(pool);
	}
out:
	pool_free(&pool);
	return rc;
}

int store_requests_each(struct store *store, bool (*fn)(void *arg, const struct request *r), void *arg, struct err *err)
{
	struct pool *pool = pool_new();
	uint64_t before = 0;
	struct request *v;
	size_t n;
	int rc;

	while ((rc = store->ops->requests(store, before, pool, &v, &n, err)) == 0 && n) {
		for (size_t i = 0; i < n; i++)
			if (!fn(arg, &v[i]))
				goto out;
		before = v[n - 1].id;
		if (before <= 1)
			break;
		pool_reset(pool);
	}
out:
	pool_free(&pool);
	return rc;
}

int store_sequenced(struct store *store, uint64_t *n, struct err *err)
{
	return store->ops->sequenced(store, n, err);
}

int store_sequenced_put(struct store *store, uint64_t n, struct err *err)
{
	return store->ops->sequenced_put(store, n, err);
}

int store_stats(struct store *store, struct store_stats *stats, struct err *err)
{
	*stats = (struct store_stats){0};
	return store->ops->stats(store, stats, err);
}

int store_checkpoint(struct store *store, unsigned parts, uint64_t above, struct err *err)
{
	return store->ops->checkpoint(store, parts, above, err);
}

int store_prepare(struct store *store, struct err *err)
{
	return store->ops->prepare(store, err);
}

int store_prune(struct store *store, uint64_t upto, int64_t before_ms, size_t max, size_t *n, struct err *err)
{
	struct prune_range range = { upto, before_ms, max < PRUNE_ROWS ? max : PRUNE_ROWS };

	*n = 0;
	return store->ops->prune(store, &range, n, err);
}

int store_sweep(struct store *store, int64_t before_ms, size_t max, size_t *n, struct err *err)
{
	*n = 0;
	return store->ops->sweep(store, before_ms, max, n, err);
}

int store_expire_dead(struct store *store, int64_t before_ms, size_t *n, struct err *err)
{
	*n = 0;
	return store->ops->expire_dead(store, before_ms, n, err);
}

int store_forget_sequences(struct store *store, int64_t before_ms, size_t *n, struct err *err)
{
	*n = 0;
	return store->ops->forget_sequences(store, before_ms, n, err);
}

int store_erase(struct store *store, const struct erasure *what, struct erased *gone, struct err *err)
{
	*gone = (struct erased){0};
	return store->ops->erase(store, what, gone, err);
}

int store_wipe(struct store *store, int64_t wait_ms, bool *wiped, struct err *err)
{
	*wiped = false;
	return store->ops->wipe(store, wait_ms, wiped, err);
}

int store_backup(struct store *store, const struct backup *how, struct backed_up *out, struct err *err)
{
	*out = (struct backed_up){0};
	return store->ops->backup(store, how, out, err);
}

int store_scrub(struct store *store, const struct scrubbing *how, bool *whole, struct err *err)
{
	*whole = true;
	return store->ops->scrub(store, how, whole, err);
}
