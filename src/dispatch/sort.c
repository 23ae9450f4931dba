/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "dispatch/sort.h"

#include "base/fail.h"
#include "base/log.h"

int sort_open(struct sort *sort, struct store *store, struct board *board, struct err *err)
{
	*sort = (struct sort){ .store = store, .board = board, .pool = pool_new() };
	if (store_sorted(store, &sort->sorted, err) == 0) {
		sort->numbered = sort->sorted;	/* for all that is known here */
		return 0;
	}
	sort_close(sort);
	return -1;
}

void sort_close(struct sort *sort)
{
	pool_free(&sort->pool);
}

static size_t count_quarantined(const struct card *cards, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += cards[i].mark == EVENT_QUARANTINED;
	return found;
}

static uint64_t last_numbered(const struct card *cards, size_t n)
{
	while (n && !cards[n - 1].numbered)
		n--;
	return n ? cards[n - 1].n : 0;
}

static int park(struct sort *sort, const struct card *card, struct err *err)
{
	struct parked p = { .handler = "", .n = card->n, .state = PARKED_DEAD, .since_ms = card->received_ms,
			    .reason = "quarantined: it could not be taken in" };

	if (card->mark != EVENT_QUARANTINED)
		return 0;
	return card->duplicate_of ? store_parked_drop(sort->store, "", card->n, err) :
				    store_parked_put(sort->store, &p, err);
}

/* Parks them, all but duplicates that are known by now. */
static int park_quarantined(struct sort *sort, const struct card *cards, size_t n, struct err *err)
{
	if (store_begin(sort->store, false, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (park(sort, &cards[i], err) < 0)
			goto failed;
	if (store_commit(sort->store, err) == 0)
		return 0;
failed:
	store_rollback(sort->store);
	return -1;
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

/* Parked before they are sorted: should we die in between, they are parked again. */
int sort_batch(struct sort *sort, size_t max, bool *more, struct err *err)
{
	struct sort_result result = {0};
	uint64_t before = sort->sorted, numbered;
	struct card *cards;
	size_t n, quarantined;

	*more = false;
	pool_reset(sort->pool);
	if (store_cards(sort->store, before, INT64_MAX, max, sort->pool, &cards, &n, err) < 0)
		return -1;
	quarantined = count_quarantined(cards, n);
	numbered = last_numbered(cards, n);
	if (n == 0)
		return 0;
	if (quarantined && park_quarantined(sort, cards, n, err) < 0)
		return -1;
	if (store_sort(sort->store, n, &result, err) < 0)
		return -1;
	failpoint("dispatch.after-sort");
	sort->sorted = result.sorted;
	if (numbered)
		sort->numbered = numbered;
	count(sort, &result);
	*more = n == max;
	if (!quarantined)
		return 0;
	if (store_cards(sort->store, before, result.sorted, max, sort->pool, &cards, &n, err) < 0)
		return -1;
	return park_quarantined(sort, cards, n, err);
}
