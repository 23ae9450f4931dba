/* SPDX-License-Identifier: EUPL-1.2
 * The workload that is put on the tape, and what it was promised at which point of it. */
#ifndef TESTS_POWER_WORK_H
#define TESTS_POWER_WORK_H

#include "event/event.h"
#include "store/store.h"

#define WORK_DAY INT64_C(86400000)
#define WORK_NOW (20000 * WORK_DAY)
#define WORK_MAX 512

/* Promises hold for a cut behind the operation `op` of the tape or a later one. */
struct acked {
	size_t op;
	uint64_t n, hash;	/* of its data */
	unsigned key;
	int64_t received_ms;
	bool emitted;		/* by the handler, which had come to event `by` */
};

struct settled {		/* a durable commit of the desk */
	size_t op;
	uint64_t mark;		/* the bookmark of "first" */
	uint64_t request;	/* the newest that was asked, 0: none */
};

struct swept {
	size_t op;		/* from here on identities that are older may be forgotten */
	int64_t before_ms;
};

struct pruned {
	size_t from, to;	/* operations; to: it has ended */
	uint64_t upto;
	bool kept[WORK_MAX];	/* by number: had to stay */
};

struct gone {			/* erased */
	size_t from, to, wiped;		/* operations: begun, done, and nothing of it is in the journal */
	uint64_t n[4];
	unsigned keys[4];
	size_t count;
};

struct work {
	struct acked acked[WORK_MAX];
	struct settled settled[WORK_MAX];
	struct swept swept[16];
	struct pruned pruned[16];
	struct gone gone[8];
	size_t handshakes[16];	/* operations behind which the log is durable for another reason */
	size_t n_acked, n_settled, n_swept, n_pruned, n_gone, n_handshakes;
	uint64_t parked_early;	/* an old event that waits, which pruning has to leave alone */
	size_t handled, duplicates;
};

/* Opens a store; its journal has small files. */
int work_open(const char *spec, unsigned parts, struct store **s, struct err *err);
/* Erases these events of it, and whatever is in the journal. */
int work_erase(struct store *s, const struct gone *gone, size_t *erased, struct err *err);

/* Runs it on a new store in this directory; the tape has to be recording. */
void work_run(const char *dir, struct work *w);

struct event_key work_key(unsigned v);
uint64_t work_hash(const void *p, size_t len);
/* An event as the workload makes them; the data is made from the key, of this length. */
struct event work_event(struct pool *pool, unsigned key, size_t data_len);
#define WORK_EMITTED 100000	/* keys of emitted events: this and the number of the event they came from */

#endif
