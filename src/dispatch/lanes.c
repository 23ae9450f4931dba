/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/die.h"
#include "dispatch/inner.h"

/* The map wants hashes; numbers follow each other (the finisher of splitmix64, one to one). */
static void number_key(unsigned char key[MAP_KEY], uint64_t n)
{
	n = (n ^ (n >> 30)) * 0xBF58476D1CE4E5B9u;
	n = (n ^ (n >> 27)) * 0x94D049BB133111EBu;
	n ^= n >> 31;
	memset(key, 0, MAP_KEY);
	memcpy(key, &n, sizeof n);
}

static struct lane *lane_get(struct handler *h, const struct event_key *key)
{
	struct lane *lane = map_get(&h->lanes, key->b);

	if (lane)
		return lane;
	lane = mem_alloc(sizeof *lane);
	lane->key = *key;
	list_init(&lane->queue);
	map_put(&h->lanes, key->b, lane);
	return lane;
}

struct delivery *delivery_get(const struct handler *h, uint64_t n)
{
	unsigned char key[MAP_KEY];

	number_key(key, n);
	return map_get(&h->deliveries, key);
}

struct delivery *delivery_new(struct handler *h, uint64_t n, const struct event_key *lane)
{
	struct delivery *d = mem_alloc(sizeof *d);
	unsigned char key[MAP_KEY];

	d->n = n;
	d->handler = h;
	list_init(&d->queue);
	list_init(&d->link);
	list_init(&d->dirty);
	d->state = QUEUED;
	if (lane) {
		d->has_lane = true;
		d->key = *lane;
		if (h->conf->order == ORDER_OBJECT)
			d->lane = lane_get(h, lane);
	}
	number_key(key, n);
	must(!map_get(&h->deliveries, key));
	map_put(&h->deliveries, key, d);
	return d;
}

static struct delivery *first(const struct lane *lane)
{
	return list_item(lane->queue.next, struct delivery, queue);
}

static bool stops(const struct delivery *d)
{
	return d->state == WAITING || d->state == HELD || (d->state == QUEUED && delivery_barred(d));
}

/* What stands behind one that waits or is held is parked, so that the bookmark can pass it. */
static void park_behind(struct lane *lane)
{
	if (stops(first(lane)))
		lane_park(lane);
}

/* Of a lane that stood still before only what entered is to be parked: it may be a very long one. */
static void park_entered(struct delivery *d)
{
	if (first(d->lane) == d || !rebuilding(d->handler))
		park_behind(d->lane);
	else if (!d->row && stops(first(d->lane)))
		delivery_park(d);
}

static void leave(struct delivery *d)
{
	struct lane *lane = d->lane;
	bool stood = d->row && delivery_barred(d);	/* then all behind it is parked */

	if (!lane)
		return;
	list_remove(&d->queue);
	d->lane = NULL;
	if (!list_empty(&lane->queue)) {
		delivery_turn(first(lane));
		if (!stood)
			park_behind(lane);
		return;
	}
	map_remove(&d->handler->lanes, lane->key.b);
	free(lane);
}

void delivery_free(struct delivery **d)
{
	unsigned char key[MAP_KEY];

	delivery_take(*d);
	leave(*d);
	list_remove(&(*d)->link);
	list_remove(&(*d)->dirty);
	number_key(key, (*d)->n);
	map_remove(&(*d)->handler->deliveries, key);
	free((*d)->reason);
	free((*d)->trace);
	free(*d);
	*d = NULL;
}

bool delivery_is_first(const struct delivery *d)
{
	return !d->lane || first(d->lane) == d;
}

void delivery_turn(struct delivery *d)
{
	if (d->state == QUEUED && delivery_is_first(d) && !delivery_barred(d))
		delivery_ready(d, false);
}

void delivery_ready(struct delivery *d, bool front)
{
	must(delivery_is_first(d));
	d->state = READY;
	d->handler->n_ready++;
	if (front)
		list_push_front(&d->handler->ready, &d->link);
	else
		list_push(&d->handler->ready, &d->link);
}

void delivery_take(struct delivery *d)
{
	if (d->state == READY) {
		list_remove(&d->link);
		d->handler->n_ready--;
		d->state = QUEUED;
	} else if (d->state == WAITING) {
		due_remove(&d->handler->engine->due, d);
		d->state = QUEUED;
	} else if (d->state == HELD)
		d->state = QUEUED;
}

void delivery_enter(struct delivery *d)
{
	if (d->lane)
		list_push(&d->lane->queue, &d->queue);
	delivery_turn(d);
	if (d->lane)
		park_entered(d);
}

/* Old events enter in rising order, behind many that are parked already: their place is sought from the end. */
static struct list *place_from_end(const struct delivery *d)
{
	struct list *at = &d->lane->queue;

	for (; at->prev != &d->lane->queue; at = at->prev) {
		const struct delivery *before = list_item(at->prev, struct delivery, queue);

		if (before->n < d->n || before->state == RUNNING || before->state == ENDED)
			break;
	}
	return at;
}

static struct list *place_of(const struct delivery *d)
{
	struct list *at = d->lane->queue.next;

	if (rebuilding(d->handler))
		return place_from_end(d);
	if (at != &d->lane->queue && (first(d->lane)->state == RUNNING || first(d->lane)->state == ENDED))
		at = at->next;
	while (at != &d->lane->queue && list_item(at, struct delivery, queue)->n < d->n)
		at = at->next;
	return at;
}

void delivery_enter_sorted(struct delivery *d)
{
	struct list *at;

	if (!d->lane) {
		delivery_turn(d);
		return;
	}
	at = place_of(d);
	list_insert_before(at, &d->queue);
	if (at != &d->lane->queue && list_item(at, struct delivery, queue)->state == READY)
		delivery_take(list_item(at, struct delivery, queue));
	delivery_turn(d);
	park_entered(d);
}

void delivery_park(struct delivery *d)
{
	d->row = true;
	if (!list_linked(&d->dirty)) {
		list_push(&d->handler->engine->dirty, &d->dirty);
		d->handler->engine->unsettled++;
	}
	if (d->cursor)
		cursor_pass(d->cursor, d->n);
	d->cursor = NULL;
	if (d->state == RUNNING)
		return;
	free(d->trace);		/* it is read again with its event */
	d->trace = NULL;
}

/* Those without a row are the last ones: whatever is parked, what stands before it is parked too; but not while old
 * events enter in their places. */
void lane_park(struct lane *lane)
{
	struct list *at = lane->queue.prev;
	bool all = rebuilding(first(lane)->handler);

	while (at != &lane->queue && (all || !list_item(at, struct delivery, queue)->row))
		at = at->prev;
	for (at = at->next; at != &lane->queue; at = at->next)
		if (!list_item(at, struct delivery, queue)->row)
			delivery_park(list_item(at, struct delivery, queue));
}

void delivery_reason(struct delivery *d, const char *reason)
{
	char *copy = str_dup(reason);

	free(d->reason);
	d->reason = copy;
}

/* ---- the heap of what waits ---- */

static void place(struct due *due, size_t at, struct delivery *d)
{
	due->v[at] = d;
	d->due_at = at;
}

static void rise(struct due *due, size_t at)
{
	struct delivery *d = due->v[at];

	for (; at > 1 && due->v[at / 2]->due_ms > d->due_ms; at /= 2)
		place(due, at, due->v[at / 2]);
	place(due, at, d);
}

static void sink(struct due *due, size_t at)
{
	struct delivery *d = due->v[at];

	for (size_t child; (child = 2 * at) <= due->n; at = child) {
		if (child < due->n && due->v[child + 1]->due_ms < due->v[child]->due_ms)
			child++;
		if (due->v[child]->due_ms >= d->due_ms)
			break;
		place(due, at, due->v[child]);
	}
	place(due, at, d);
}

void delivery_wait(struct delivery *d, int64_t due_ms)
{
	struct due *due = &d->handler->engine->due;

	must(!d->due_at);
	if (due->n + 2 > due->cap) {
		due->cap = due->cap ? 2 * due->cap : 64;
		due->v = mem_grow(due->v, due->cap, sizeof(struct delivery *));
	}
	d->state = WAITING;
	d->due_ms = due_ms;
	place(due, ++due->n, d);
	rise(due, due->n);
}

void due_remove(struct due *due, struct delivery *d)
{
	size_t at = d->due_at;
	struct delivery *last = due->v[due->n--];

	must(at && due->n + 1 >= at);
	d->due_at = 0;
	if (last == d)
		return;
	place(due, at, last);
	rise(due, at);
	sink(due, last->due_at);
}

struct delivery *due_next(struct due *due, int64_t now_ms)
{
	struct delivery *d = due->n ? due->v[1] : NULL;

	if (!d || d->due_ms > now_ms)
		return NULL;
	delivery_take(d);
	return d;
}
