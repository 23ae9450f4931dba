/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/die.h"
#include "dispatch/inner.h"

void cursor_free(struct cursor *c)
{
	free(c->slots);
	free(c->skip);
	free(c->types);
	*c = (struct cursor){0};
}

void cursor_add(struct cursor *c, uint64_t n)
{
	must(n > c->read);
	if (c->head && c->head + c->n == c->cap) {
		memmove(c->slots, c->slots + c->head, c->n * sizeof *c->slots);
		c->head = 0;
	}
	if (c->head + c->n == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 64;
		c->slots = mem_grow(c->slots, c->cap, sizeof *c->slots);
	}
	c->slots[c->head + c->n++] = (struct slot){ n, false };
	c->open++;
	c->read = n;
	c->changed = true;
}

static struct slot *find(const struct cursor *c, uint64_t n)
{
	size_t low = c->head, high = c->head + c->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (c->slots[middle].n < n)
			low = middle + 1;
		else
			high = middle;
	}
	return low < c->head + c->n && c->slots[low].n == n ? &c->slots[low] : NULL;
}

void cursor_pass(struct cursor *c, uint64_t n)
{
	struct slot *slot = find(c, n);

	must(slot && !slot->passed);
	slot->passed = true;
	c->open--;
	c->changed = true;
	while (c->n && c->slots[c->head].passed) {
		c->head++;
		c->n--;
	}
	if (!c->n)
		c->head = 0;
}

void cursor_read(struct cursor *c, uint64_t n)
{
	if (n <= c->read)
		return;
	c->read = n;
	c->changed = true;
}

uint64_t cursor_mark(const struct cursor *c)
{
	return c->n ? c->slots[c->head].n - 1 : c->read;
}

uint64_t cursor_front(const struct cursor *c)
{
	return c->n ? c->slots[c->head].n : 0;
}

bool cursor_skips(struct cursor *c, uint64_t n)
{
	while (c->at_skip < c->n_skip && c->skip[c->at_skip] < n)
		c->at_skip++;
	return c->at_skip < c->n_skip && c->skip[c->at_skip] == n;
}

/* Since the start, and before it if that was not read again yet. */
size_t cursor_done(const struct cursor *c, uint64_t **v)
{
	uint64_t *done = mem_array(c->n + c->n_skip - c->at_skip, sizeof *done);
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		if (c->slots[c->head + i].passed)
			done[n++] = c->slots[c->head + i].n;
	for (size_t i = c->at_skip; i < c->n_skip; i++)
		if (c->skip[i] > c->read)
			done[n++] = c->skip[i];
	*v = done;
	return n;
}

int cursor_begin(struct cursor *c, const struct bookmark *b, struct pool *pool)
{
	uint64_t *done;

	c->read = c->written = b->n;
	if (done_get(b, pool, &done, &c->n_skip) < 0)
		return -1;
	c->skip = mem_dup(done, c->n_skip * sizeof *done);
	return 0;
}

void cursor_rewind(struct cursor *c)
{
	uint64_t *done;
	size_t n = cursor_done(c, &done);

	free(c->skip);
	c->skip = done;
	c->n_skip = n;
	c->at_skip = 0;
	c->read = cursor_mark(c);
	c->head = c->n = c->open = 0;
}
