/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/die.h"
#include "dispatch/inner.h"

void cursor_free(struct cursor *c)
{
	free(c->slots);
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

size_t cursor_done(const struct cursor *c, uint64_t *v)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		if (c->slots[c->head + i].passed)
			v[n++] = c->slots[c->head + i].n;
	return n;
}
