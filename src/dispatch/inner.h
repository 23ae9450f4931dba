/* SPDX-License-Identifier: EUPL-1.2
 * What the files of the engine share, and nobody else sees. */
#ifndef DISPATCH_INNER_H
#define DISPATCH_INNER_H

#include "base/list.h"
#include "base/map.h"
#include "dispatch/engine.h"

/* ---- cursor.c: how far a reading of the log has come ---- */

struct slot {
	uint64_t n;
	bool passed;		/* finished, or its row is (about to be) parked */
};

struct cursor {			/* of a handler's live intake, or of one replay */
	uint64_t read;		/* everything at or below was looked at */
	uint64_t upto;		/* where it has to stop for now */
	struct slot *slots;	/* what was taken from the log and is above the bookmark, in order */
	size_t head, n, cap;
	size_t open;		/* of these, not passed */
	bool changed;		/* since it was written */
	uint64_t written;	/* the bookmark as last committed */
	uint64_t *skip;		/* the done set from before, as far as it was not read yet */
	size_t n_skip, at_skip;
	struct replay replay;	/* id 0: live intake */
	char *types;
};

void cursor_free(struct cursor *c);
void cursor_add(struct cursor *c, uint64_t n);
void cursor_pass(struct cursor *c, uint64_t n);
void cursor_read(struct cursor *c, uint64_t n);
uint64_t cursor_mark(const struct cursor *c);	/* the bookmark */
uint64_t cursor_front(const struct cursor *c);	/* oldest that is not passed, 0: none */
bool cursor_skips(struct cursor *c, uint64_t n);	/* was it passed before? Asked in rising order */
/* The passed numbers above the bookmark; *v is the caller's to free. */
size_t cursor_done(const struct cursor *c, uint64_t **v);
/* Goes on from a bookmark. -1: it is damaged. */
int cursor_begin(struct cursor *c, const struct bookmark *b, struct pool *pool);
/* As after a start: what was taken and is not passed will be read again. */
void cursor_rewind(struct cursor *c);

/* ---- lanes.c: deliveries and whose turn it is ---- */

enum delivery_state {
	QUEUED,		/* not its turn: others of its lane stand before it */
	READY,		/* on the ready list */
	RUNNING,	/* in the hands */
	WAITING,	/* for due_ms */
	HELD,		/* for an operator */
	ENDED		/* done or dead; leaves its lane when that is settled */
};

struct delivery {
	uint64_t n;
	struct handler *handler;
	struct lane *lane;	/* null: unordered */
	struct list queue;	/* in lane */
	struct list link;	/* ready, or ended */
	struct list dirty;	/* its row is to be written */
	struct cursor *cursor;	/* that has a slot for it; null once passed */
	struct event_key key;	/* of the lane, also when order = none */
	struct event_key id;	/* of the event, and how many emissions led to it, once it was handed out */
	int depth;
	struct kept *kept;	/* ENDED: state and emitted events that are to be written, or null */
	bool has_lane;
	bool row;		/* it has a parked row, written or dirty */
	bool replayed;
	bool dead;		/* ENDED: how */
	bool plain;		/* ENDED: a first DONE, to be packed with others */
	enum delivery_state state;
	int attempts;		/* made so far */
	int64_t due_ms;		/* mono, while WAITING */
	int64_t since_ms;	/* wall */
	size_t due_at;		/* its place in the heap, 0: none */
	char *reason;
	char *trace;		/* traceparent of its event once it was handed out, for the log; or null */
};

struct lane {
	struct event_key key;
	struct list queue;
};

struct due {			/* a heap of waiting deliveries, earliest first; v[0] is not used */
	struct delivery **v;
	size_t n, cap;
};

#define DELIVERIES_MAX 50000	/* of one handler in memory; the others wait in the log, or as rows */

struct circuit {		/* whether a handler is paused */
	bool paused;
	char *who, *why;	/* who: the operator; null: by itself */
	int64_t since_ms;	/* wall */
	int64_t due_ms;		/* mono: when the next event is tried, if by itself */
	int tries;		/* in vain, since it was paused */
	uint64_t trial;		/* the event that is tried right now, 0: none */
	uint64_t *failed;	/* while not paused: the events that failed since one came to an end */
	size_t n;
	bool changed;		/* since it was written */
};

struct handler {
	const struct conf_handler *conf;
	struct engine *engine;
	size_t index;
	struct cursor live;
	struct cursor *replay;	/* the one that runs; the others stand in line */
	uint64_t line;		/* all at or below is of no concern to those in line; UINT64_MAX: there are none */
	bool replays_changed;	/* on the desk: they are to be looked at */
	bool still;		/* nothing is handed out, until an operator's request was served */
	struct map lanes, deliveries;
	struct list ready;
	size_t n_ready, running;
	uint64_t restored;	/* rows up to this one are in memory ... */
	bool unrestored;	/* ... and others are not yet: nothing is taken from the log meanwhile */
	struct circuit circuit;
	bool has_state;		/* it keeps one for some lane, or did */
};

struct line {			/* of history */
	struct list link;
	struct history h;
	char *note;
};

/* What was read of the log last: small events with their cards, so that each is read once, by whoever of the
 * handlers comes first. */
struct window {
	struct pool *pool;
	uint64_t after, upto;	/* these cards are all there are in between */
	struct card *cards;
	size_t n;
};

struct engine {
	struct engine_setup set;
	struct handler *handlers;
	size_t n;
	struct due due;
	struct list ended, dirty, lines;
	size_t unsettled, in_flight;
	bool stopped, failing;	/* failing: the store, and that was said */
	struct pool *pool;	/* for one event, or what else is read for a moment */
	struct window windows[2];	/* the newest first */
	struct pool *kept;	/* what outcomes left to be written; emptied with the commit */
	size_t kept_bytes, n_emitting;
	bool emitted;		/* events went into the outbox */
	uint64_t sorted, random;
};

struct delivery *delivery_new(struct handler *h, uint64_t n, const struct event_key *lane);
void delivery_free(struct delivery **d);	/* also from its lane, whose next then has its turn */
struct delivery *delivery_get(const struct handler *h, uint64_t n);
void delivery_enter(struct delivery *d);	/* at the end of its lane */
void delivery_enter_sorted(struct delivery *d);	/* before higher numbers; not before what runs */
void delivery_ready(struct delivery *d, bool front);
void delivery_wait(struct delivery *d, int64_t due_ms);
void delivery_take(struct delivery *d);		/* from the ready list and the heap: its state is QUEUED */
void delivery_turn(struct delivery *d);		/* READY, if it is its turn */
bool delivery_is_first(const struct delivery *d);
/* Its row is to be written (as its state then is), and its bookmark may pass it. */
void delivery_park(struct delivery *d);
void lane_park(struct lane *lane);		/* all of the lane that has no row yet */
void delivery_reason(struct delivery *d, const char *reason);
struct delivery *due_next(struct due *due, int64_t now_ms);	/* one that is due, taken off; or null */
void due_remove(struct due *due, struct delivery *d);

/* ---- window.c ---- */
/* The window with what is behind `after`, up to upto; of at most max cards where it has to be read. Null: failed. */
const struct window *window_read(struct engine *engine, uint64_t after, uint64_t upto, size_t max, struct err *err);
struct event *window_event(const struct engine *engine, uint64_t n);	/* or null */
void windows_forget(struct engine *engine);	/* what is in the log has changed, or nobody needs them */

/* ---- start.c ---- */
int handlers_start(struct engine *engine, struct err *err);
int handler_restore(struct handler *h, struct err *err);	/* parked rows, as many as there is room for */
/* Takes up the oldest replay, if none runs; gives up the one that runs when it is not on the desk any more. */
int replay_look(struct handler *h, struct err *err);
/* Makes or changes the delivery to what its row says. */
void delivery_restore(struct handler *h, const struct parked *p, bool sorted);

/* ---- rebuild.c: state that is made anew, while nothing is in the hands ---- */
bool rebuilding(const struct handler *h);
bool delivery_barred(const struct delivery *d);	/* it has to wait for the end of that */
/* It has as many deliveries in memory as it may; but what is barred must not stop what it waits for. */
bool handler_full(const struct handler *h);
void rebuild_begin(struct handler *h, const struct replay *r);	/* before the replay is taken up */
void rebuild_end(struct handler *h);		/* after it was given up */
bool finished_above(const struct handler *h, uint64_t n);	/* and not below the bookmark */
int delivery_was_done(const struct delivery *d, bool *done, struct err *err);	/* as its history tells */
void replay_abandon(struct handler *h);
/* ---- circuit.c ---- */
int circuits_start(struct engine *engine, struct err *err);
void circuit_free(struct circuit *c);
int circuit_read(struct handler *h, struct err *err);		/* as the desk has it */
int circuit_write(const struct handler *h, struct err *err);	/* in a transaction */
/* Something is ready and may be handed out: circuit_next, which tells it when it was given, and when it
 * is given back. */
bool circuit_lets(const struct handler *h);
struct delivery *circuit_next(const struct handler *h);
void circuit_gave(const struct delivery *d);
void circuit_back(const struct delivery *d);
int64_t circuit_due_ms(const struct handler *h);	/* mono: when it will let one; INT64_MAX: not by time */
bool circuit_failed(const struct delivery *d, const char *reason);	/* true: that costs no attempt */
void circuit_ended(const struct delivery *d);		/* done, or dead by the handler's word */

/* ---- emit.c ---- */
/* What an event takes along to the runner: the state of its lane, in the engine's pool. */
int state_take(struct delivery *d, const struct event *event, struct wire_event *head, struct err *err);
bool emits_too_deep(const struct delivery *d, const struct wire_outcome *outcome);
void outcome_keep(struct delivery *d, const struct wire_outcome *outcome);	/* of a DONE */
int kept_write(struct engine *engine, struct err *err);		/* in the transaction */
void kept_written(struct engine *engine);			/* after it */

/* ---- outcome.c ---- */
void delivery_gone(struct delivery *d);		/* the event is not in the log any more */
void delivery_expired(struct delivery *d, const char *expirytime);
void line_add(struct delivery *d, const char *what, int attempt, const char *note);

#endif
