/* SPDX-License-Identifier: EUPL-1.2
 * How events stand: derived from the desk (bookmarks, parked deliveries) and the configuration. */
#ifndef CLI_VIEW_H
#define CLI_VIEW_H

#include "conf/conf.h"
#include "store/store.h"

enum view_state {		/* from good to bad: an event's state is the worst of its handlers' */
	VIEW_UNWANTED,		/* no handler's patterns match */
	VIEW_DONE,
	VIEW_EXPIRED,		/* finished without having been run: its expirytime had passed */
	VIEW_NEW,
	VIEW_BEHIND, VIEW_WAITING, VIEW_HELD, VIEW_DEAD,	/* parked */
	VIEW_DUPLICATE,		/* delivered to nobody */
	VIEW_QUARANTINED,	/* could not be taken in, and nobody decided about it yet */
	VIEW_STATES
};
const char *view_state_name(enum view_state state);
bool view_state_find(const char *name, enum view_state *state);
enum view_state view_parked_state(enum parked_state state);

struct view_expired {		/* of the event that was looked at last */
	uint64_t n;
	bool *handlers;		/* for which it expired and was never done */
};

struct view_handler {
	const char *name;
	const char *events;	/* its patterns; null: it is not configured (any more) */
	bool begun;		/* it has a bookmark */
	uint64_t bookmark;
	uint64_t *done;		/* above the bookmark, ascending */
	size_t n_done;
	uint64_t parked[VIEW_STATES];	/* how many */
};
struct view_parked {
	uint64_t n;
	size_t handler;
	enum view_state state;
};
struct view {			/* all in one pool */
	struct view_handler *handlers;	/* the configured ones first, in order */
	size_t n_handlers;
	struct view_parked *parked;	/* by n */
	size_t n_parked;
	uint64_t sorted;	/* everything at or below is sorted */
	struct view_expired *expired;
};

/* Reads the desk: bookmarks before parked deliveries, so that what is settled meanwhile is never
 * shown as done when it died. */
int view_load(struct store *store, const struct conf *conf, struct pool *pool, struct view *view, struct err *err);
/* The handler's index, or n_handlers. */
size_t view_find(const struct view *view, const char *handler);
/* Reads the history of an event that expires; before the states of its card are asked. */
int view_look(struct store *store, const struct view *view, const struct card *card, struct err *err);
enum view_state view_of_handler(const struct view *view, size_t handler, const struct card *card);
enum view_state view_of(const struct view *view, const struct card *card);

struct view_taker {
	bool (*fn)(void *arg, const struct card *card, enum view_state state);	/* false: stop */
	void *arg;
};
struct view_filter {		/* {0} with state -1: everything */
	const char *types;	/* patterns, or null */
	const char *sender;	/* or null */
	int handler;		/* index + 1: what this handler wants, by its state; 0: all */
	int state;		/* enum view_state; -1: any. Of the event, or (parked ones) of any delivery */
	int64_t since_ms, until_ms;	/* since <= received < until; 0: open */
	size_t most;		/* 0: no limit */
};
/* Newest first. */
int view_each(struct store *store, const struct view *view, const struct view_filter *filter,
	      const struct view_taker *taker, struct err *err);

#endif
