/* SPDX-License-Identifier: EUPL-1.2
 * What the files of the SQLite backend share: a part is one database file with its connection and
 * its lock; queries are prepared once per connection. */
#ifndef STORE_STORE_SQLITE_H
#define STORE_STORE_SQLITE_H

#include <sys/types.h>
#include "base/lock.h"
#include "store/journal.h"
#include "store/store_ops.h"
#include "store/store_sqlite_seen.h"

struct sqlite3;
struct sqlite3_stmt;

#define QUERIES 96		/* different SQL texts per part */
#define BUSY_MS 2000		/* for programs that take SQLite's locks but not ours */

struct file_id {
	dev_t dev;
	ino_t ino;
};

struct part {
	const char *name;		/* "log" or "desk" */
	const struct part_kind *kind;
	char *dir, *path, *group;
	bool used, read_only, create;	/* create: only at the first opening */
	struct sqlite3 *db;		/* null: closed, to be opened again by part_ready */
	struct sqlite3 *guard;		/* null: not opened yet; see store_sqlite_checkpoint.c */
	unsigned opened;		/* how often */
	struct lock lock;
	bool begun, failed;		/* in a write transaction; one that can only be rolled back */
	bool broken;			/* the connection is to be closed before it is used again */
	bool unsynced;			/* a synchronisation failed, told to this handle alone */
	bool full_sync;			/* what the connection is set to */
	int64_t tried_ms, looked_ms;	/* monotonic: opened last, looked whether the files are the same */
	struct file_id file, wal, lock_file;
	uint64_t read_bytes;		/* of the WAL when somebody's reading kept it from beginning anew; 0: nobody's */
	int64_t warned_ms;
	struct err why;			/* why it is closed */
	struct {
		const char *sql;	/* told apart by address */
		struct sqlite3_stmt *stmt;
	} queries[QUERIES];
	size_t n_queries;
};

struct sqlite_store {
	struct store store;
	struct part log, desk;
	struct journal journal;		/* open when the log is to be written */
	char *spec, *group;
	uint64_t collected;		/* events up to this are in log.db ... */
	unsigned collected_of;		/* ... as it was opened then */
	bool told;			/* that newer ones are not shown */
	struct seen seen;
	unsigned rests;			/* times that there was nothing to sort since something was */
	uint64_t disk_reserve;
	int64_t space_ms;		/* monotonic: when free space was looked at */
	bool space_short;
	struct err space_why;
	unsigned log_checked;		/* the openings of log and journal when numbers were compared with the desk ... */
	uint64_t above;			/* ... and the greatest then */
	uint64_t prune_after;		/* everything at or below is gone or parked */
};

static inline struct sqlite_store *sqlite_of(struct store *s) { return (struct sqlite_store *)(void *)s; }

/* ---- store_sqlite_part.c ---- */
int part_open(struct part *p, const struct part_kind *kind, const char *dir, const struct store_setup *setup,
	      struct err *err);
void part_close(struct part *p);
/* The connection is there (again) and belongs to the files of these names. */
int part_ready(struct part *p, struct err *err);
int part_same_files(struct part *p, struct err *err);
struct buf;
void file_uri(struct buf *out, const char *path);	/* of a database that nobody writes */
char *part_file(const struct part *p, const char *suffix);	/* the caller frees */

/* ---- store_sqlite_fail.c ---- */
#ifdef ENABLE_FAILPOINTS
void store_fail_install(void);
#else
static inline void store_fail_install(void) { }
#endif

/* ---- store_sqlite_schema.c ---- */
struct part_kind {
	const char *name;
	int cache_kib;
	int64_t lock_ms;		/* how long a write waits for its turn */
	uint64_t step;			/* of the WAL that are copied beside commits before a checkpoint is due */
	const char *const *versions;	/* versions[i] leads from version i to i + 1; null at the end */
};
extern const struct part_kind part_log, part_desk;
int part_migrate(struct part *p, struct err *err);	/* with the lock held, unless read-only */
int part_version_check(struct part *p, struct err *err);

/* ---- store_sqlite_write.c ---- */
int part_begin(struct part *p, bool full_sync, struct err *err);
int part_commit(struct part *p, struct err *err);	/* rolls back when it fails */
void part_rollback(struct part *p);
int part_writing(struct part *p, struct err *err);	/* 0 in a transaction that has not failed */
/* In a transaction: writes a page without changing anything, which a row that is put back as it was does not. */
int part_touch(struct part *p, struct err *err);
/* All commits so far are durable: one is made that is synchronised. */
int part_synchronise(struct part *p, struct err *err);
int part_lock(struct part *p, struct err *err);

/* ---- store_sqlite_checkpoint.c ---- */
/* With the lock held: if a synchronisation failed before, makes that good. */
int part_heal(struct part *p, struct err *err);
int part_checkpoint(struct part *p, uint64_t above, struct err *err);
/* One try to copy the whole WAL back and leave it empty; *done is false when a reader was in the way. */
int part_truncate(struct part *p, bool *done, struct err *err);
bool part_wal_is_empty(struct part *p);

/* ---- store_sqlite_file.c: the database's file as SQLite has it open ---- */
int file_sync(struct part *p);			/* a result code of SQLite */
struct wal {
	uint64_t bytes, copied;		/* of the frames that were committed, and of those that are in the database */
};
/* False: the wal-index has a layout that is not known here. */
bool index_look(struct part *p, struct wal *wal);
/* With the lock held, or a guard: nothing of the WAL counts as copied to the database any more. A result code of SQLite;
 * SQLITE_BUSY: somebody checkpoints. */
int index_forget_copied(struct part *p);

/* ---- store_sqlite_query.c ----
 * Types of the arguments: n uint64_t, i int64_t, d int, t const char * or null, b const void * and
 * size_t, k const struct event_key * or null. They are borrowed until the query has ended. */
struct sqlite3_stmt *query(struct part *p, struct err *err, const char *sql, const char *types, ...);	/* null: failed */
/* Arguments that come behind the first `at` ones. */
int query_bind(struct part *p, struct err *err, struct sqlite3_stmt *q, int at, const char *types, ...);
int query_row(struct part *p, struct sqlite3_stmt *q, struct err *err);	/* 1: a row; 0: the end; -1 */
void query_end(struct sqlite3_stmt *q);		/* when left before its end */
int query_run(struct part *p, struct err *err, const char *sql, const char *types, ...);
/* The first column of the only row; 0 when there is none. */
int query_number(struct part *p, uint64_t *n, struct err *err, const char *sql, const char *types, ...);
int query_changes(struct part *p);
uint64_t query_inserted(struct part *p);	/* the number of the row inserted last */
void queries_free(struct part *p);
int exec_sql(struct part *p, const char *sql, struct err *err);
/* Writes the text and decides what has to be done about the connection. Always -1. */
int part_failed(struct part *p, struct err *err);
int part_failed_as(struct part *p, int rc, struct err *err);	/* with this result code */
uint64_t column_n(struct sqlite3_stmt *q, int i);
int64_t column_i(struct sqlite3_stmt *q, int i);
const char *column_text(struct sqlite3_stmt *q, int i, struct pool *pool);
const unsigned char *column_blob(struct sqlite3_stmt *q, int i, struct pool *pool, size_t *len);	/* null for NULL */
struct cut column_cut(struct sqlite3_stmt *q, int i);	/* borrowed until the query goes on */
bool column_key(struct sqlite3_stmt *q, int i, struct event_key *key);	/* false for NULL */
bool cache_give_back(struct part *p);		/* when it has nothing to do; whether there was much */
int meta_get(struct part *p, const char *name, uint64_t *n, struct err *err);
int meta_put(struct part *p, const char *name, uint64_t n, struct err *err);

/* Arrays that grow in a pool while rows are read. */
void *array_room(struct pool *pool, void *v, size_t n, size_t size);

/* ---- store_sqlite_collect.c ---- */
void row_pack(struct buf *out, const struct event *event);
/* That events up to this one are in log.db, where they are read, as far as they were appended. Not in a transaction on
 * the log. */
int log_collect(struct sqlite_store *s, uint64_t upto, struct err *err);
int log_collect_some(struct sqlite_store *s, uint64_t upto, struct err *err);	/* the same, some MiB at most */
int log_collected(struct sqlite_store *s, uint64_t *n, struct err *err);	/* the newest in log.db, 0: none ever */
int log_newest(struct sqlite_store *s, uint64_t *n, struct err *err);		/* in the journal, 0: none is known */
/* Collects everything, and removes the files of the journal. */
int log_empty_journal(struct sqlite_store *s, struct err *err);

/* ---- the subjects ---- */
/* What both ways of appending share: without a look at the free space. */
int log_add(struct sqlite_store *s, struct event *const *events, size_t n, struct err *err);
int log_append(struct store *s, struct event *const *events, size_t n, struct err *err);
int log_reject(struct store *s, const struct rejected *v, size_t n, struct err *err);
int log_rejected(struct store *s, uint64_t before, struct pool *pool, struct rejected **v, size_t *n,
		 struct err *err);
int log_handshake_ask(struct store *s, const struct handshake *v, size_t n, struct err *err);
int log_handshake(struct store *s, const struct handshake *key, struct pool *pool, struct handshake **out,
		  struct err *err);
int log_handshake_settle(struct store *s, const struct handshake *h, bool *found, struct err *err);
int log_handshakes(struct store *s, bool settled, struct pool *pool, struct handshake **v, size_t *n,
		   struct err *err);
int log_last(struct store *s, uint64_t *n, struct err *err);
int log_first(struct store *s, uint64_t *n, struct err *err);
int log_collected_at(struct sqlite_store *s, int64_t wall_ms, uint64_t *n, struct err *err);	/* in log.db as it is */
int log_number_at(struct store *s, int64_t wall_ms, uint64_t *n, struct err *err);
int log_cards(struct store *s, const struct card_range *range, struct pool *pool, struct card **cards, size_t *n,
	      struct err *err);
int log_event(struct store *s, uint64_t n, struct pool *pool, struct event **event, struct err *err);

int desk_sort(struct store *s, size_t max, struct sort_result *result, struct err *err);
int desk_sorted(struct store *s, uint64_t *n, struct err *err);
int desk_known(struct store *s, const struct event_key *key, uint64_t *n, struct err *err);
int desk_duplicates_of(struct store *s, uint64_t n, struct pool *pool, uint64_t **v, size_t *n_v, struct err *err);

int desk_begin(struct store *s, bool durable, struct err *err);
int desk_commit(struct store *s, struct err *err);
void desk_rollback(struct store *s);
int desk_bookmark_put(struct store *s, const struct bookmark *b, struct err *err);
int desk_bookmark_drop(struct store *s, const char *handler, struct err *err);
int desk_bookmarks(struct store *s, struct pool *pool, struct bookmark **v, size_t *n, struct err *err);
int desk_parked_put(struct store *s, const struct parked *p, struct err *err);
int desk_parked_drop(struct store *s, const char *handler, uint64_t n, struct err *err);
int desk_parked(struct store *s, const struct parked_range *range, struct pool *pool, struct parked **v, size_t *n,
		struct err *err);

int desk_history_add(struct store *s, const struct history *h, struct err *err);
int desk_history_done(struct store *s, const char *handler, int64_t at_ms, const uint64_t *numbers, size_t n,
		      struct err *err);
int desk_history(struct store *s, uint64_t n, struct pool *pool, struct history **v, size_t *n_v, struct err *err);
/* [T] Numbers ascending, gone from the log. */
int history_prune(struct sqlite_store *s, const uint64_t *numbers, size_t n, struct err *err);

int desk_state_put(struct store *s, const struct state *state, struct err *err);
int desk_state(struct store *s, struct state *state, struct pool *pool, struct err *err);
int desk_states(struct store *s, const char *handler, uint64_t *n, struct err *err);
int desk_state_drop(struct store *s, const char *handler, const struct event_key *lane, struct err *err);
int desk_emit(struct store *s, const struct event *event, struct err *err);
int desk_outbox_copy(struct store *s, size_t *n, struct err *err);
int desk_pause_put(struct store *s, const struct pause *pause, struct err *err);
int desk_pause_drop(struct store *s, const char *handler, struct err *err);
int desk_pauses(struct store *s, struct pool *pool, struct pause **v, size_t *n, struct err *err);

int desk_replay_put(struct store *s, struct replay *r, struct err *err);
int desk_replay_drop(struct store *s, uint64_t id, struct err *err);
int desk_replays(struct store *s, struct pool *pool, struct replay **v, size_t *n, struct err *err);
int desk_request_ask(struct store *s, const struct request *r, uint64_t *id, struct err *err);
int desk_request(struct store *s, uint64_t id, struct pool *pool, struct request **out, struct err *err);
int desk_request_next(struct store *s, uint64_t after, struct pool *pool, struct request **out, struct err *err);
int desk_requests(struct store *s, uint64_t before, struct pool *pool, struct request **v, size_t *n, struct err *err);
int desk_request_answer(struct store *s, uint64_t id, int status, const char *answer, struct err *err);

int desk_sequence(struct store *s, const struct event_key *key, struct pool *pool, struct sequence **out,
		  struct err *err);
int desk_sequence_put(struct store *s, const struct sequence *q, struct err *err);
int desk_gap_add(struct store *s, const struct gap *gap, struct err *err);
int desk_gaps(struct store *s, uint64_t before, struct pool *pool, struct gap **v, size_t *n, struct err *err);
int desk_sequenced(struct store *s, uint64_t *n, struct err *err);
int desk_sequenced_put(struct store *s, uint64_t n, struct err *err);
int desk_forget_sequences(struct store *s, int64_t before_ms, size_t *n, struct err *err);

int house_stats(struct store *s, struct store_stats *stats, struct err *err);
int house_checkpoint(struct store *s, unsigned parts, uint64_t above, struct err *err);
/* Removes the first of these events, ascending, from the log in one short transaction. *gone: how many of them, at
 * least one; those that were gone already count. */
int log_remove(struct sqlite_store *s, const uint64_t *numbers, size_t n, size_t *gone, struct err *err);
int house_prepare(struct store *s, struct err *err);
int house_prune(struct store *s, const struct prune_range *range, size_t *n, struct err *err);
int house_erase(struct store *s, const struct erasure *what, struct erased *gone, struct err *err);
int house_wipe(struct store *s, int64_t wait_ms, bool *wiped, struct err *err);
int house_scrub(struct store *s, const struct scrubbing *how, bool *whole, struct err *err);
int house_backup(struct store *s, const struct backup *how, struct backed_up *out, struct err *err);
int house_expire_dead(struct store *s, int64_t before_ms, size_t *n, struct err *err);

#endif
