/* SPDX-License-Identifier: EUPL-1.2
 * The store: an append-only log of events, and the desk where the dispatcher works. Two backends
 * (sqlite:DIR, memory:) behind one table of functions; tests/contract runs one suite on both.
 *
 * A handle is one thread's at a time. All functions give 0, or -1 with err, unless they say otherwise.
 * A text in err names the file and the remedy. Numbers of events are opaque but for their order. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/mem.h"
#include "event/event.h"

struct store;

struct conf;
enum store_part { STORE_LOG = 1, STORE_DESK = 2 };

struct store_setup {
	const char *spec;		/* "sqlite:/absolute/directory" or "memory:" */
	const char *group;		/* may use the files; "" or null: nobody else */
	uint64_t disk_reserve;		/* bytes; below it appending fails, everything else goes on */
	bool read_only;			/* for listings; does not create; works while others write */
};

/* What a configuration says of its store; borrows from it. */
struct store_setup store_setup_for(const struct conf *conf);
/* Opens (creates, migrates) the parts. The memory backend ignores parts. */
int store_open(const struct store_setup *setup, unsigned parts, struct store **out, struct err *err);
void store_close(struct store **store);

/* ---- intake: the log ---- */

/* One transaction, durable when it returns 0; gives each event its number. All or nothing. */
int store_append(struct store *store, struct event *const *events, size_t n, struct err *err);

/* A body of a known sender that was refused, and why. A ring of the newest STORE_REJECTED; not synchronised. */
#define STORE_REJECTED 1000
struct rejected {
	uint64_t n;
	int64_t at_ms;
	const char *endpoint, *sender;
	int status;
	const char *reason;		/* every fault */
	const char *headers;		/* lines "name: value\n", or null */
	const unsigned char *body;	/* at most 64 KiB is kept */
	size_t body_len;
};
int store_reject(struct store *store, const struct rejected *v, size_t n, struct err *err);
/* Newest first; only_n 0: all. fn returns false to stop. */
int store_rejected_each(struct store *store, uint64_t only_n, bool (*fn)(void *arg, const struct rejected *r),
			void *arg, struct err *err);

/* Origins that asked for permission with OPTIONS, and what operators decided about them: one for each
 * endpoint and origin (in any case). Kept in the log's file, each change durable when it returns 0. */
#define STORE_HANDSHAKES 1000	/* that nobody decided about; the oldest go */
enum handshake_state { HANDSHAKE_ASKED = 1, HANDSHAKE_GRANTED = 2, HANDSHAKE_DENIED = 3 };
const char *handshake_state_name(enum handshake_state state);
struct handshake {
	uint64_t n;
	int64_t at_ms;			/* asked last */
	const char *endpoint, *origin;	/* as supplied last */
	int asked_rate;			/* requests a minute; 0: none was asked for */
	const char *callback;		/* a URL that may hold a secret */
	enum handshake_state state;
	int allowed_rate;		/* granted; 0: no limit */
	int64_t settled_ms;		/* 0: not yet */
	const char *who;		/* settled it: a login name, or null */
};
/* Asked anew, or asked again: that renews time, rate and callback and leaves what was decided. */
int store_handshake_ask(struct store *store, const struct handshake *v, size_t n, struct err *err);
/* *out becomes null when there is none. */
int store_handshake_find(struct store *store, const char *endpoint, const char *origin, struct pool *pool,
			 struct handshake **out, struct err *err);
int store_handshake_get(struct store *store, uint64_t n, struct pool *pool, struct handshake **out, struct err *err);
/* Sets state, allowed_rate, settled_ms and who of the one with this number; *found: it is there. */
int store_handshake_settle(struct store *store, const struct handshake *h, bool *found, struct err *err);
/* In order of their numbers; with settled ones too, or those that wait alone. */
int store_handshakes(struct store *store, bool settled, struct pool *pool, struct handshake **v, size_t *n,
		     struct err *err);

/* ---- reading the log ---- */

int store_last(struct store *store, uint64_t *n, struct err *err);	/* newest number ever given, 0: none */
int store_first(struct store *store, uint64_t *n, struct err *err);	/* oldest that is still there, 0: none */
/* The last number that was received before the time (for `from`, rewind), 0: none. Found by halving:
 * where the clock jumped back, numbers of about that time may count as before or after. */
int store_number_at(struct store *store, int64_t wall_ms, uint64_t *n, struct err *err);

struct card {			/* an event without its data */
	uint64_t n;
	int64_t received_ms;
	enum event_mark mark;
	bool numbered, expires;	/* it has the attribute sequence, expirytime; never said of quarantined ones */
	uint64_t duplicate_of;	/* 0: it is the first; only said of sorted ones */
	bool conflict;		/* a duplicate with other content */
	bool has_lane;
	struct event_key lane, key;
	const char *type, *sender;
	struct event *event;	/* only of store_events: the whole event; null: too large to be read along */
};
/* At most max cards (and STORE_CARDS) with after < n <= upto, in order; in the pool. */
#define STORE_CARDS 20000
int store_cards(struct store *store, uint64_t after, uint64_t upto, size_t max, struct pool *pool,
		struct card **cards, size_t *n, struct err *err);
/* As store_cards, and with the cards small events, of some KiB at most. */
int store_events(struct store *store, uint64_t after, uint64_t upto, size_t max, struct pool *pool,
		 struct card **cards, size_t *n, struct err *err);
/* At most max cards with n < before (0: the newest), newest first. */
int store_cards_back(struct store *store, uint64_t before, size_t max, struct pool *pool,
		     struct card **cards, size_t *n, struct err *err);
/* The whole event; *event becomes null when it is not (or no longer) there. */
int store_event(struct store *store, uint64_t n, struct pool *pool, struct event **event, struct err *err);

/* ---- the desk: sorting ---- */

struct sort_result {
	size_t n, duplicates, conflicts;
	uint64_t sorted;	/* everything at or below is sorted */
	uint64_t numbered;	/* of these the last that has a sequence; 0: none */
	bool more;		/* there is more to sort */
};
/* Sorts at most max events (and STORE_CARDS), fewer when they are large, behind the sorting bookmark, in one transaction,
 * in key order. An identity that is known under another, lower number makes a duplicate; what was quarantined is parked
 * as dead for the handler "". Safe to repeat. */
int store_sort(struct store *store, size_t max, struct sort_result *result, struct err *err);
int store_sorted(struct store *store, uint64_t *n, struct err *err);
/* The first event of an identity, 0: it is not known, or not sorted yet. */
int store_known(struct store *store, const struct event_key *key, uint64_t *n, struct err *err);
/* The duplicates of an event, oldest first. */
int store_duplicates_of(struct store *store, uint64_t n, struct pool *pool, uint64_t **v, size_t *n_v,
			struct err *err);

/* ---- the desk: transactions of the dispatcher ----
 * Between store_begin and store_commit (or store_rollback) the functions marked [T] may be called.
 * durable: synchronised when store_commit returns 0; otherwise a power cut may lose the last ones. */
int store_begin(struct store *store, bool durable, struct err *err);
int store_commit(struct store *store, struct err *err);
void store_rollback(struct store *store);	/* also after a failed [T] or commit; harmless otherwise */

struct bookmark {
	const char *handler;
	uint64_t n;			/* everything at or below is dealt with */
	const unsigned char *done;	/* numbers above n that are finished: varint deltas, ascending */
	size_t done_len;
};
int store_bookmark_put(struct store *store, const struct bookmark *b, struct err *err);	/* [T] */
/* [T] With its parked deliveries, replays, states and pause; what it emitted stays. */
int store_bookmark_drop(struct store *store, const char *handler, struct err *err);
int store_bookmarks(struct store *store, struct pool *pool, struct bookmark **v, size_t *n, struct err *err);
void done_put(struct buf *out, const uint64_t *numbers, size_t n, uint64_t above);	/* numbers ascending */
int done_get(const struct bookmark *b, struct pool *pool, uint64_t **numbers, size_t *n);

enum parked_state {
	PARKED_WAITING = 1,	/* for its next attempt, at due_ms */
	PARKED_DEAD = 2,	/* until an operator retries or discards it, or dead_retention ends */
	PARKED_HELD = 3,	/* until an operator lets it go, and its lane stands behind it */
	PARKED_BEHIND = 4	/* behind a waiting or held event of its lane */
};
const char *parked_state_name(enum parked_state state);
struct parked {
	const char *handler;
	uint64_t n;
	enum parked_state state;
	int attempts;		/* made so far */
	int64_t due_ms;		/* wall, for PARKED_WAITING */
	int64_t since_ms;	/* wall: in this state since */
	bool has_lane;
	struct event_key lane;
	const char *reason;	/* or null */
};
int store_parked_put(struct store *store, const struct parked *p, struct err *err);		/* [T] inserts or replaces */
int store_parked_drop(struct store *store, const char *handler, uint64_t n, struct err *err);	/* [T] */
/* handler null: all; n 0: all. In order of handler, n. fn returns false to stop. */
int store_parked_each(struct store *store, const char *handler, uint64_t n,
		      bool (*fn)(void *arg, const struct parked *p), void *arg, struct err *err);
/* The rows of one handler behind a number. */
int store_parked_after(struct store *store, const char *handler, uint64_t after,
		       bool (*fn)(void *arg, const struct parked *p), void *arg, struct err *err);

struct history {
	uint64_t n;
	const char *handler;	/* "" for what is not about one handler */
	int64_t at_ms;		/* wall */
	int attempt;		/* 0 when it is not an attempt */
	const char *what;	/* done retry dead crash timeout duplicate discarded retried replayed ... */
	const char *note;	/* or null */
};
int store_history_add(struct store *store, const struct history *h, struct err *err);	/* [T] */
/* Many first DONEs of one handler in one row; numbers in any order. [T] */
int store_history_done(struct store *store, const char *handler, int64_t at_ms,
		       const uint64_t *numbers, size_t n, struct err *err);
/* Of one event, in order of time. */
int store_history_each(struct store *store, uint64_t n, bool (*fn)(void *arg, const struct history *h),
		       void *arg, struct err *err);

struct replay {
	uint64_t id;		/* 0 for a new one */
	const char *handler;
	uint64_t after, upto;	/* the range: after < n <= upto */
	uint64_t at;		/* everything at or below has been run again */
	const char *types;	/* patterns, or null */
	uint64_t request;	/* that asked for it */
	int64_t asked_ms;
	bool has_lane;		/* only events of this lane */
	struct event_key lane;
	bool rebuild;		/* the handler's state was reset: live events wait until it has come to its end */
	const unsigned char *done;	/* numbers above `at` that were run again, as of a bookmark */
	size_t done_len;
};
int store_replay_put(struct store *store, struct replay *r, struct err *err);		/* [T] sets id */
int store_replay_drop(struct store *store, uint64_t id, struct err *err);		/* [T] */
int store_replays(struct store *store, struct pool *pool, struct replay **v, size_t *n, struct err *err);

/* ---- the desk: what handlers keep and emit, and whether they are paused ---- */

#define STORE_STATE 65536	/* bytes of one state */
struct state {			/* what a handler keeps for a lane */
	const char *handler;
	struct event_key lane;
	uint64_t n;		/* the event that set it last */
	const unsigned char *p;
	size_t len;
};
int store_state_put(struct store *store, const struct state *state, struct err *err);	/* [T] len 0: drops it */
/* *p becomes null when there is none; else in the pool. */
int store_state(struct store *store, const char *handler, const struct event_key *lane, struct pool *pool,
		const unsigned char **p, size_t *len, struct err *err);
int store_states(struct store *store, const char *handler, uint64_t *n, struct err *err);	/* how many it has */
/* [T] Of one lane, or (lane null) all of the handler. */
int store_state_drop(struct store *store, const char *handler, const struct event_key *lane, struct err *err);

/* [T] An event for the outbox, whole but for its number. */
int store_emit(struct store *store, const struct event *event, struct err *err);
/* Copies at most some hundreds from the outbox to the log, in the order emitted, after the desk was synchronised, and
 * takes them from the outbox. Killed in between it copies them again: their keys make them duplicates. disk_reserve
 * does not count. *n: how many; 0: there are none. Not in a transaction. */
int store_outbox_copy(struct store *store, size_t *n, struct err *err);

struct pause {			/* a handler that is given nothing */
	const char *handler;
	int64_t since_ms;	/* wall */
	const char *why;
	const char *who;	/* the operator; null: its circuit is open */
	int tries;		/* events that were tried since, in vain */
	int64_t due_ms;		/* wall, when the next is tried; 0: never by itself */
};
int store_pause_put(struct store *store, const struct pause *pause, struct err *err);	/* [T] inserts or replaces */
int store_pause_drop(struct store *store, const char *handler, struct err *err);	/* [T] */
int store_pauses(struct store *store, struct pool *pool, struct pause **v, size_t *n, struct err *err);

/* Operators' requests: asked with the command, applied by the dispatcher. */
struct request {
	uint64_t id;
	int64_t at_ms;
	const char *who;	/* login name */
	const char *verb;	/* retry discard hold release rewind forget ... */
	const char *args;	/* name=value lines */
	int status;		/* -1: not answered yet, 0: done, 1: refused */
	const char *answer;	/* one line a fact, for people; null until answered */
};
int store_request_ask(struct store *store, const char *who, const char *verb, const char *args,
		      uint64_t *id, struct err *err);	/* a transaction of its own, durable */
/* The oldest unanswered one with a greater id than `after`, or null. */
int store_request_next(struct store *store, uint64_t after, struct pool *pool, struct request **out, struct err *err);
int store_request_get(struct store *store, uint64_t id, struct pool *pool, struct request **out, struct err *err);
/* [T]; the request with its answer is the audit line */
int store_request_answer(struct store *store, uint64_t id, int status, const char *answer, struct err *err);
/* All of them, newest first; they are kept for good. fn returns false to stop. */
int store_requests_each(struct store *store, bool (*fn)(void *arg, const struct request *r), void *arg, struct err *err);

/* ---- the desk: the numbering of sources ---- */

struct sequence {		/* what was last seen of a source */
	struct event_key key;
	const char *source;
	const char *last;	/* the greatest that counts on */
	bool numeric;		/* compared as an integer, not byte by byte */
	uint64_t n;		/* the event that had it */
	int64_t at_ms;		/* when its newest numbered event was received */
};
/* *out becomes null when nothing is known of the source. */
int store_sequence(struct store *store, const struct event_key *key, struct pool *pool, struct sequence **out,
		   struct err *err);
int store_sequence_put(struct store *store, const struct sequence *s, struct err *err);	/* [T] inserts or replaces */

/* Numbers that a source left out, or took again. A ring of the newest STORE_GAPS. */
#define STORE_GAPS 10000
struct gap {
	uint64_t id;		/* given by the store, rising */
	uint64_t n;		/* the event that showed it */
	int64_t at_ms;		/* when that was received */
	const char *sender, *source;
	const char *before, *got;	/* the numbers on both sides */
	uint64_t missing;	/* how many; 0: a step back */
};
int store_gap_add(struct store *store, const struct gap *gap, struct err *err);		/* [T] */
/* Newest first. fn returns false to stop. */
int store_gaps_each(struct store *store, bool (*fn)(void *arg, const struct gap *gap), void *arg, struct err *err);

/* The bookmark of this: numbers at or below were looked at. */
int store_sequenced(struct store *store, uint64_t *n, struct err *err);
int store_sequenced_put(struct store *store, uint64_t n, struct err *err);		/* [T] */

/* ---- keeping house ---- */

struct store_stats {
	uint64_t first, last, sorted;
	uint64_t log_bytes, desk_bytes;		/* files with their WAL */
	uint64_t identities;			/* roughly */
};
int store_stats(struct store *store, struct store_stats *stats, struct err *err);
/* Checkpoints the parts' WALs that are above `above` bytes (0: always). */
int store_checkpoint(struct store *store, unsigned parts, uint64_t above, struct err *err);
/* Makes room for what will be appended, so that appending need not. To be called several times a second, and soon again when
 * it returns 1: it is not made yet. 0; -1. */
int store_prepare(struct store *store, struct err *err);
/* Removes at most max events (and some hundreds) with n <= upto that were received before the time and are not parked,
 * with their duplicate and history rows. Stops early rather than hold the log for long: *n is how many went; 0 only
 * when there are none left. */
int store_prune(struct store *store, uint64_t upto, int64_t before_ms, size_t max, size_t *n, struct err *err);
/* Forgets at most max identities whose first event is older than the time, in whole days (UTC): none
 * too early, each at most a day late; resumes where it was. Looks at a bounded number of identities:
 * *n may be 0 in the middle of a pass, so call it now and then, not until it is 0. */
int store_sweep(struct store *store, int64_t before_ms, size_t max, size_t *n, struct err *err);
/* Drops dead rows older than the time, some hundreds a call; each leaves a line "expired". */
int store_expire_dead(struct store *store, int64_t before_ms, size_t *n, struct err *err);
/* Forgets sources that were silent since before the time, some hundreds a call. */
int store_forget_sequences(struct store *store, int64_t before_ms, size_t *n, struct err *err);

/* ---- erasing ---- */

struct erasure {		/* what is to go; numbers ascending */
	const uint64_t *events;
	size_t n_events;
	const uint64_t *rejected;
	size_t n_rejected;
	const struct event_key *lanes;	/* whose states go, of every handler */
	size_t n_lanes;
};
struct erased {			/* how many there were */
	size_t events, rejected, parked, states;
};
/* Removes these events, whatever became of them: from the log, from what is parked and from history, and what was
 * told of their sources by them. Their identities stay, and so do rows of duplicates that name one of them as the first.
 * In short steps, not in a transaction: after a failure repeat it. */
int store_erase(struct store *store, const struct erasure *what, struct erased *gone, struct err *err);
/* Leaves nothing of what was removed in the WALs: copies them back and truncates them. *wiped is false when a reader
 * was in the way for longer than wait_ms. */
int store_wipe(struct store *store, int64_t wait_ms, bool *wiped, struct err *err);

struct scrubbing {
	int64_t wait_ms;		/* that readers may hold it up */
	/* Called now and then with the bytes looked at and to be looked at of a part; false: stop, that is a failure. May be null. */
	bool (*go_on)(void *arg, enum store_part part, uint64_t done, uint64_t bytes);
	void *arg;
};
/* Clears what was moved about in the files before it was removed, of which copies may stand where nothing is kept any
 * more. Reads all of both files; holds the locks for some milliseconds at a time. *whole is false when readers were in the
 * way, or a file is too large for it (128 GiB). */
int store_scrub(struct store *store, const struct scrubbing *how, bool *whole, struct err *err);

/* ---- backups ---- */

struct backup {
	const char *dir;	/* is there, and is empty */
	/* Called now and then with the bytes copied and to be copied of a part; false: stop, that is a failure. May be null. */
	bool (*go_on)(void *arg, enum store_part part, uint64_t done, uint64_t bytes);
	void *arg;
};
struct backed_up {
	uint64_t last, sorted;	/* of the copies: the newest number given, and up to which it was sorted */
	uint64_t log_bytes, desk_bytes;
};
/* Copies the desk and the log, consistent and checked, while others write; works on a store that was opened for reading.
 * The files have their names only when both are whole and synchronised; after a failure there are none. The WALs cannot
 * begin anew as long as it takes. */
int store_backup(struct store *store, const struct backup *how, struct backed_up *out, struct err *err);

#endif
