/* SPDX-License-Identifier: EUPL-1.2
 * Sorting what was appended: duplicates are set aside before any handler sees an event, and what was
 * quarantined is parked for nobody, where an operator finds it (store_sort does both). */
#ifndef DISPATCH_SORT_H
#define DISPATCH_SORT_H

#include <stdbool.h>
#include "base/board.h"
#include "store/store.h"

struct sort {
	struct store *store;
	struct board *board;
	uint64_t sorted;	/* everything at or below */
	uint64_t numbered;	/* of what is sorted, no event above has a sequence */
	size_t n;		/* in the last batch */
};

int sort_open(struct sort *sort, struct store *store, struct board *board, struct err *err);
/* One batch. *more: there may be another. */
int sort_batch(struct sort *sort, size_t max, bool *more, struct err *err);

#endif
