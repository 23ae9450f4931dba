/* SPDX-License-Identifier: EUPL-1.2
 * What a backend of the store implements. Private to src/store. */
#ifndef STORE_STORE_OPS_H
#define STORE_STORE_OPS_H

#include "base/err.h"
#include "store/store.h"

#define PAGE_ROWS 256		/* rows that one read of a listing copies out */
#define PRUNE_ROWS 500		/* events that one store_prune removes at most */
#define REJECTED_BODY 65536
#define EXPIRE_ROWS 500		/* dead rows that one store_expire_dead drops */
#define FORGET_ROWS 500		/* sources that one store_forget_sequences forgets */
#define OUTBOX_ROWS 500		/* emitted events that one store_outbox_copy copies */
#define DAY_MS 86400000
#define ALONG_BYTES 4096	/* larger events are not read along with their cards */

/* What the log keeps of an event's mark and traits, in one small number. */
enum { BIT_QUARANTINED = EVENT_QUARANTINED, BIT_NUMBERED = 2, BIT_EXPIRES = 4 };

struct card_range {
	uint64_t after, upto;	/* after < n <= upto */
	size_t max;
	bool back;		/* newest first */
	bool along;		/* with events */
};

struct parked_range {
	const char *handler;	/* null: all */
	uint64_t n;		/* 0: all */
	const struct parked *after;	/* the last row of the page before, or null */
};

struct prune_range {
	uint64_t upto;
	int64_t before_ms;
	size_t max;
};

struct store_ops {
	void (*close)(struct store *s);

	int (*append)(struct store *s, struct event *const *events, size_t n, struct err *err);
	int (*reject)(struct store *s, const struct rejected *v, size_t n, struct err *err);
	/* A page of rejected rows with n < before (0: the newest), newest first, in the pool. */
	int (*rejected)(struct store *s, uint64_t before, struct pool *pool, struct rejected **v, size_t *n,
			struct err *err);

	int (*handshake_ask)(struct store *s, const struct handshake *v, size_t n, struct err *err);
	/* The one of that number, or (n 0) of that endpoint and origin. */
	int (*handshake)(struct store *s, const struct handshake *key, struct pool *pool, struct handshake **out,
			 struct err *err);
	int (*handshake_settle)(struct store *s, const struct handshake *h, bool *found, struct err *err);
	int (*handshakes)(struct store *s, bool settled, struct pool *pool, struct handshake **v, size_t *n,
			  struct err *err);

	int (*last)(struct store *s, uint64_t *n, struct err *err);
	int (*first)(struct store *s, uint64_t *n, struct err *err);
	int (*number_at)(struct store *s, int64_t wall_ms, uint64_t *n, struct err *err);
	int (*cards)(struct store *s, const struct card_range *range, struct pool *pool, struct card **cards,
		     size_t *n, struct err *err);
	int (*event)(struct store *s, uint64_t n, struct pool *pool, struct event **event, struct err *err);

	int (*sort)(struct store *s, size_t max, struct sort_result *result, struct err *err);
	int (*sorted)(struct store *s, uint64_t *n, struct err *err);
	int (*known)(struct store *s, const struct event_key *key, uint64_t *n, struct err *err);
	int (*duplicates_of)(struct store *s, uint64_t n, struct pool *pool, uint64_t **v, size_t *n_v,
			     struct err *err);

	int (*begin)(struct store *s, bool durable, struct err *err);
	int (*commit)(struct store *s, struct err *err);
	void (*rollback)(struct store *s);
	int (*bookmark_put)(struct store *s, const struct bookmark *b, struct err *err);
	int (*bookmark_drop)(struct store *s, const char *handler, struct err *err);
	int (*bookmarks)(struct store *s, struct pool *pool, struct bookmark **v, size_t *n, struct err *err);
	int (*parked_put)(struct store *s, const struct parked *p, struct err *err);
	int (*parked_drop)(struct store *s, const char *handler, uint64_t n, struct err *err);
	/* A page of parked rows behind *after, in the pool. */
	int (*parked)(struct store *s, const struct parked_range *range, struct pool *pool, struct parked **v,
		      size_t *n, struct err *err);
	int (*history_add)(struct store *s, const struct history *h, struct err *err);
	int (*history_done)(struct store *s, const char *handler, int64_t at_ms, const uint64_t *numbers, size_t n,
			    struct err *err);
	/* All lines of one event, in any order, in the pool. */
	int (*history)(struct store *s, uint64_t n, struct pool *pool, struct history **v, size_t *n_v,
		       struct err *err);
	int (*replay_put)(struct store *s, struct replay *r, struct err *err);
	int (*replay_drop)(struct store *s, uint64_t id, struct err *err);
	int (*replays)(struct store *s, struct pool *pool, struct replay **v, size_t *n, struct err *err);
	int (*state_put)(struct store *s, const struct state *state, struct err *err);
	int (*state)(struct store *s, struct state *state, struct pool *pool, struct err *err);	/* fills p and len */
	int (*states)(struct store *s, const char *handler, uint64_t *n, struct err *err);
	int (*state_drop)(struct store *s, const char *handler, const struct event_key *lane, struct err *err);
	int (*emit)(struct store *s, const struct event *event, struct err *err);
	int (*outbox_copy)(struct store *s, size_t *n, struct err *err);
	int (*pause_put)(struct store *s, const struct pause *pause, struct err *err);
	int (*pause_drop)(struct store *s, const char *handler, struct err *err);
	int (*pauses)(struct store *s, struct pool *pool, struct pause **v, size_t *n, struct err *err);
	int (*request_ask)(struct store *s, const struct request *r, uint64_t *id, struct err *err);
	int (*request)(struct store *s, uint64_t id, struct pool *pool, struct request **out, struct err *err);
	int (*request_next)(struct store *s, uint64_t after, struct pool *pool, struct request **out, struct err *err);
	/* A page with id < before (0: the newest), newest first, in the pool. */
	int (*requests)(struct store *s, uint64_t before, struct pool *pool, struct request **v, size_t *n, struct err *err);
	int (*request_answer)(struct store *s, uint64_t id, int status, const char *answer, struct err *err);

	int (*sequence)(struct store *s, const struct event_key *key, struct pool *pool, struct sequence **out,
			struct err *err);
	int (*sequence_put)(struct store *s, const struct sequence *q, struct err *err);
	int (*gap_add)(struct store *s, const struct gap *gap, struct err *err);
	/* A page of gaps with id < before (0: the newest), newest first, in the pool. */
	int (*gaps)(struct store *s, uint64_t before, struct pool *pool, struct gap **v, size_t *n, struct err *err);
	int (*sequenced)(struct store *s, uint64_t *n, struct err *err);
	int (*sequenced_put)(struct store *s, uint64_t n, struct err *err);

	int (*stats)(struct store *s, struct store_stats *stats, struct err *err);
	int (*checkpoint)(struct store *s, unsigned parts, uint64_t above, struct err *err);
	int (*prepare)(struct store *s, struct err *err);
	int (*prune)(struct store *s, const struct prune_range *range, size_t *n, struct err *err);
	int (*sweep)(struct store *s, int64_t before_ms, size_t max, size_t *n, struct err *err);
	int (*expire_dead)(struct store *s, int64_t before_ms, size_t *n, struct err *err);
	int (*forget_sequences)(struct store *s, int64_t before_ms, size_t *n, struct err *err);
	int (*erase)(struct store *s, const struct erasure *what, struct erased *gone, struct err *err);
	int (*wipe)(struct store *s, int64_t wait_ms, bool *wiped, struct err *err);
	int (*scrub)(struct store *s, const struct scrubbing *how, bool *whole, struct err *err);
	int (*backup)(struct store *s, const struct backup *how, struct backed_up *out, struct err *err);
};

struct store {		/* the first member of what a backend has */
	const struct store_ops *ops;
};

/* The row of what was quarantined. */
struct parked parked_quarantined(uint64_t n, int64_t received_ms);
int card_bits(const struct event *event);
void card_set_bits(struct card *card, int bits);

/* The line of history that a row in `duplicate` stands for. */
struct history duplicate_line(struct pool *pool, uint64_t n, uint64_t first, bool conflict, int64_t at_ms);

int store_sqlite_open(const struct store_setup *setup, unsigned parts, struct store **out, struct err *err);
int store_memory_open(const struct store_setup *setup, struct store **out);

#endif
