/* SPDX-License-Identifier: EUPL-1.2
 * What the files of the memory backend share. */
#ifndef STORE_STORE_MEMORY_H
#define STORE_STORE_MEMORY_H

#include "store/store_ops.h"

/* Rows of one size, in no order but that of arrival. */
struct rows {
	char *p;
	size_t n, cap, size;
};
void *rows_add(struct rows *r, const void *row);
void rows_cut(struct rows *r, size_t i);	/* removes one, keeps the order */
#define rows_each(type, it, r) for (type *it = (void *)(r)->p; it && it < (type *)(void *)(r)->p + (r)->n; it++)
#define row_at(type, r, i) ((type *)(void *)(r)->p + (i))

struct logged {			/* an event in the log */
	struct card card;
	uint32_t digest;
	const unsigned char *head, *data;
	size_t head_len, data_len;
};

struct seen {
	struct event_key key;
	uint64_t n;
	uint32_t digest;
};

struct duplicate {
	uint64_t n, first;
	bool conflict;
};

struct day {
	int64_t day;
	uint64_t n;		/* the last number of that day */
};

struct emitted {
	const unsigned char *p;	/* packed */
	size_t len;
};

enum table { SEEN, DUPLICATE, DAY, BOOKMARK, PARKED, HISTORY, REPLAY, REQUEST, SEQUENCE, GAP, STATE, OUTBOX, PAUSE,
	     TABLES };

struct desk {
	struct rows tables[TABLES];
	uint64_t sorted, sequenced, replay_id, request_id, gap_id;
};

struct memory {
	struct store store;
	struct pool *pool;	/* everything that rows point to; lives as long as the store */
	struct rows log, rejected, handshakes;
	uint64_t last, rejected_n, handshake_n;
	struct desk desk, before;	/* before: the desk at begin */
	bool begun, failed;
};

static inline struct memory *memory_of(struct store *s) { return (struct memory *)(void *)s; }
int memory_in_transaction(struct memory *m, struct err *err);	/* for [T] */

int memory_handshake_ask(struct store *s, const struct handshake *v, size_t n, struct err *err);
int memory_handshake(struct store *s, const struct handshake *key, struct pool *pool, struct handshake **out,
		     struct err *err);
int memory_handshake_settle(struct store *s, const struct handshake *h, bool *found, struct err *err);
int memory_handshakes(struct store *s, bool settled, struct pool *pool, struct handshake **v, size_t *n,
		      struct err *err);

int memory_begin(struct store *s, bool durable, struct err *err);
int memory_commit(struct store *s, struct err *err);
void memory_rollback(struct store *s);
int memory_bookmark_put(struct store *s, const struct bookmark *b, struct err *err);
int memory_bookmark_drop(struct store *s, const char *handler, struct err *err);
int memory_bookmarks(struct store *s, struct pool *pool, struct bookmark **v, size_t *n, struct err *err);
int memory_parked_put(struct store *s, const struct parked *p, struct err *err);
int memory_parked_drop(struct store *s, const char *handler, uint64_t n, struct err *err);
int memory_parked(struct store *s, const struct parked_range *range, struct pool *pool, struct parked **v,
		  size_t *n, struct err *err);
int memory_history_add(struct store *s, const struct history *h, struct err *err);
int memory_history_done(struct store *s, const char *handler, int64_t at_ms, const uint64_t *numbers, size_t n,
			struct err *err);
int memory_history(struct store *s, uint64_t n, struct pool *pool, struct history **v, size_t *n_v, struct err *err);
int memory_state_put(struct store *s, const struct state *state, struct err *err);
int memory_state(struct store *s, struct state *state, struct pool *pool, struct err *err);
int memory_states(struct store *s, const char *handler, uint64_t *n, struct err *err);
int memory_state_drop(struct store *s, const char *handler, const struct event_key *lane, struct err *err);
int memory_emit(struct store *s, const struct event *event, struct err *err);
int memory_outbox_copy(struct store *s, size_t *n, struct err *err);
int memory_pause_put(struct store *s, const struct pause *pause, struct err *err);
int memory_pause_drop(struct store *s, const char *handler, struct err *err);
int memory_pauses(struct store *s, struct pool *pool, struct pause **v, size_t *n, struct err *err);
int memory_replay_put(struct store *s, struct replay *r, struct err *err);
int memory_replay_drop(struct store *s, uint64_t id, struct err *err);
int memory_replays(struct store *s, struct pool *pool, struct replay **v, size_t *n, struct err *err);
int memory_request_ask(struct store *s, const struct request *r, uint64_t *id, struct err *err);
int memory_request(struct store *s, uint64_t id, struct pool *pool, struct request **out, struct err *err);
int memory_request_next(struct store *s, uint64_t after, struct pool *pool, struct request **out, struct err *err);
int memory_requests(struct store *s, uint64_t before, struct pool *pool, struct request **v, size_t *n, struct err *err);
int memory_request_answer(struct store *s, uint64_t id, int status, const char *answer, struct err *err);
int memory_sequence(struct store *s, const struct event_key *key, struct pool *pool, struct sequence **out,
		    struct err *err);
int memory_sequence_put(struct store *s, const struct sequence *q, struct err *err);
int memory_gap_add(struct store *s, const struct gap *gap, struct err *err);
int memory_gaps(struct store *s, uint64_t before, struct pool *pool, struct gap **v, size_t *n, struct err *err);
int memory_sequenced(struct store *s, uint64_t *n, struct err *err);
int memory_sequenced_put(struct store *s, uint64_t n, struct err *err);
int memory_forget_sequences(struct store *s, int64_t before_ms, size_t *n, struct err *err);
int memory_expire_dead(struct store *s, int64_t before_ms, size_t *n, struct err *err);

#endif
