/* SPDX-License-Identifier: EUPL-1.2
 * What stands in the files of a store, read beside the store's own code, which has collected the journal before. */
#ifndef TESTS_POWER_LOOK_H
#define TESTS_POWER_LOOK_H

#include <stdbool.h>
#include <stdint.h>
#include "event/event.h"
#include "store/store.h"

#define LOOK_MAX 1024		/* numbers and identities are below it */

struct look {
	bool sound;			/* PRAGMA integrity_check of both files is content */
	uint64_t events_hash, log, desk;	/* of all rows: of events, others of the log, those of the desk */
	struct { bool there; uint64_t hash; struct event_key key; } events[LOOK_MAX];
	uint64_t first_of[LOOK_MAX];	/* of duplicates; 0: it is none */
	bool parked[LOOK_MAX];
	uint64_t last, sorted;
	uint64_t marks[2];		/* bookmarks of "first" and "second" */
	uint64_t request;		/* the newest */
};

/* The store is open, in this directory. False: it cannot be read. */
bool look_at(struct store *store, const char *dir, struct look *look, struct err *err);
/* Whether an event of this key, as the workload makes them, is in a file of the journal, or was before other things were
 * written there. */
bool look_in_journal(const char *dir, unsigned key);

#endif
