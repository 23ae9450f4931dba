/* SPDX-License-Identifier: EUPL-1.2
 * The engine: reads the sorted log for each handler, keeps lanes, hands events out, and settles what
 * came of them. It knows runners only as a pair of hands, so that tests can be the hands. */
#ifndef DISPATCH_ENGINE_H
#define DISPATCH_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/board.h"
#include "conf/conf.h"
#include "event/wire.h"
#include "store/store.h"

#define ENGINE_OPEN_MAX 512	/* events that a handler has loaded and not finished */

struct engine;

/* Who runs events. handler: its index in the configuration. */
struct hands {
	void *arg;
	size_t (*room)(void *arg, size_t handler, size_t ready);	/* how many are taken now of so many that are ready */
	void (*give)(void *arg, size_t handler, const struct wire_event *head, const struct event *event);
};

struct engine_setup {		/* all borrowed, and must outlive the engine */
	struct store *store;
	const struct conf *conf;
	struct board *board;
	struct hands hands;
	int64_t (*wall_ms)(void);
	int64_t (*mono_ms)(void);	/* what waits is measured by this one, whatever is done to the wall's */
};

/* Makes the bookmarks that are missing, and rebuilds the lanes from what is parked. */
int engine_open(const struct engine_setup *setup, struct engine **out, struct err *err);
void engine_free(struct engine **engine);	/* what was not settled is lost (and run again) */

/* Everything at or below is sorted and may be read. */
void engine_sorted(struct engine *engine, uint64_t sorted);
/* Takes up what is due, reads on, hands out. True: there is more to read and room for it. -1 from the
 * store is logged (once per cause) and tried again at the next call. */
bool engine_work(struct engine *engine);
/* Hands nothing out any more. */
void engine_stop(struct engine *engine);

/* What the hands say about an event they were given. charge: an attempt is used up; what is "crash"
 * or "timeout". give_back: it costs nothing. Several given back: the last one first. */
void engine_outcome(struct engine *engine, size_t handler, const struct wire_outcome *outcome);
void engine_charge(struct engine *engine, size_t handler, uint64_t n, const char *what, const char *note);
void engine_give_back(struct engine *engine, size_t handler, uint64_t n);

/* Writes all that happened in one transaction; lanes go on only then. After a failure everything is
 * kept for the next try. Does nothing when there is nothing to write, unless durable. */
int engine_settle(struct engine *engine, bool durable, struct err *err);
/* Outcomes and rows that wait to be settled; a bookmark that only moved does not count. */
size_t engine_unsettled(const struct engine *engine);
/* Whether anything went into the store's outbox since this was asked last. */
bool engine_emitted(struct engine *engine);
bool engine_moved(const struct engine *engine);		/* a bookmark moved since it was written */

size_t engine_in_flight(const struct engine *engine);
bool engine_has_ready(const struct engine *engine, size_t handler);	/* and it may be handed out */
bool engine_paused(const struct engine *engine, size_t handler);
bool engine_behind(const struct engine *engine);	/* a handler did not take up all that is sorted */
int64_t engine_due_ms(const struct engine *engine);	/* mono; INT64_MAX: nothing waits */
bool engine_replays(const struct engine *engine, size_t handler);	/* a replay has not begun, or not come to its end */
/* All that every configured handler has behind it, as last written; replays hold it back as well. */
uint64_t engine_passed(const struct engine *engine);

/* For operators' requests. The touched rows are read again, and what is in the log no more is forgotten; n 0: the
 * handler's replays and pause. */
bool engine_runs(const struct engine *engine, const char *handler, uint64_t n);
void engine_refresh(struct engine *engine, const char *handler, uint64_t n);
/* True: nothing of it is in the hands, and all of it is settled. Else it is given nothing until engine_stir. */
bool engine_still(struct engine *engine, const char *handler);
void engine_stir(struct engine *engine);
bool engine_stands_still(const struct engine *engine);	/* some handler that was not before */

#endif
