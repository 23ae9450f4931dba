/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "dispatch/sort.h"

#include "base/fail.h"
#include "base/log.h"

int sort_open(struct sort *sort, struct store *store, struct board *board, struct err *err)
{
	*sort = (struct sort){ .store = store, .board = board };
	if (store_sorted(store, &sort->sorted, err) < 0)
		return -1;
	sort->numbered = sort->sorted;	/* for all that is known here */
	return 0;
}

static void count(struct sort *sort, const struct sort_result *result)
{
	board_add(sort->board, BOARD_DUPLICATES, (int64_t)result->duplicates);
	board_add(sort->board, BOARD_CONFLICTS, (int64_t)result->conflicts);
	if (result->conflicts)
		log_warn("%zu of %zu events up to %llu have the identity of an earlier one and other content; the first"
			 " is kept (`postvak events` shows them)", result->conflicts, result->n,
			 (unsigned long long)result->sorted);
}

int sort_batch(struct sort *sort, size_t max, bool *more, struct err *err)
{
	struct sort_result result = {0};

	*more = false;
	if (store_sort(sort->store, max, &result, err) < 0)
		return -1;
	sort->n = result.n;
	if (!result.n)
		return 0;
	failpoint("dispatch.after-sort");
	sort->sorted = result.sorted;
	if (result.numbered)
		sort->numbered = result.numbered;
	count(sort, &result);
	*more = result.more;
	return 0;
}
