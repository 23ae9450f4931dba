/* SPDX-License-Identifier: EUPL-1.2
 * The numbering of sources (attribute sequence): what a source left out or took again is recorded and
 * counted, and changes nothing for the events themselves. */
#ifndef DISPATCH_GAPS_H
#define DISPATCH_GAPS_H

#include <stdbool.h>
#include "base/board.h"
#include "conf/conf.h"
#include "dispatch/sort.h"
#include "store/store.h"

struct gaps {
	struct store *store;
	const struct conf *conf;
	struct board *board;
	struct pool *pool, *one;	/* for a piece, for an event */
	uint64_t seen;		/* everything at or below was looked at */
	uint64_t written;	/* the same, as the desk has it: behind where no event is numbered */
};

int gaps_open(struct gaps *gaps, struct store *store, const struct conf *conf, struct board *board, struct err *err);
void gaps_close(struct gaps *gaps);
/* Looks at a piece of what is sorted, in one transaction. *more: there is another. */
int gaps_follow(struct gaps *gaps, const struct sort *sort, bool *more, struct err *err);
/* Writes the bookmark, if it is behind. */
int gaps_save(struct gaps *gaps, struct err *err);

#endif
