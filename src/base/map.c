/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

struct map_slot {
	unsigned char key[MAP_KEY];
	void *value;		/* null: free; &gone: was removed */
};

static char gone;

static size_t start(const unsigned char key[MAP_KEY])
{
	uint64_t h;

	memcpy(&h, key, sizeof h);
	return (size_t)h;
}

/* The slot of the key, or null. */
static struct map_slot *find(const struct map *m, const unsigned char key[MAP_KEY])
{
	if (!m->cap)
		return NULL;
	for (size_t i = start(key) & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
		struct map_slot *slot = &m->slots[i];

		if (!slot->value)
			return NULL;
		if (slot->value != &gone && memcmp(slot->key, key, MAP_KEY) == 0)
			return slot;
	}
}

static void insert(struct map *m, const unsigned char key[MAP_KEY], void *value)
{
	size_t i = start(key) & (m->cap - 1);

	while (m->slots[i].value)
		i = (i + 1) & (m->cap - 1);
	memcpy(m->slots[i].key, key, MAP_KEY);
	m->slots[i].value = value;
	m->n++;
	m->used++;
}

static void resize(struct map *m)
{
	struct map old = *m;

	m->cap = 64;
	while (m->cap < old.n * 4)
		m->cap *= 2;
	m->slots = mem_array(m->cap, sizeof *m->slots);
	m->n = m->used = 0;
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].value && old.slots[i].value != &gone)
			insert(m, old.slots[i].key, old.slots[i].value);
	free(old.slots);
}

void *map_get(const struct map *m, const unsigned char key[MAP_KEY])
{
	struct map_slot *slot = find(m, key);

	return slot ? slot->value : NULL;
}

void map_put(struct map *m, const unsigned char key[MAP_KEY], void *value)
{
	struct map_slot *slot = find(m, key);

	if (slot) {
		slot->value = value;
		return;
	}
	if (m->used * 2 >= m->cap)
		resize(m);
	insert(m, key, value);
}

void *map_remove(struct map *m, const unsigned char key[MAP_KEY])
{
	struct map_slot *slot = find(m, key);
	void *value;

	if (!slot)
		return NULL;
	value = slot->value;
	slot->value = &gone;
	m->n--;
	return value;
}

void *map_next(const struct map *m, size_t *at)
{
	while (*at < m->cap) {
		void *value = m->slots[(*at)++].value;

		if (value && value != &gone)
			return value;
	}
	return NULL;
}

void map_free(struct map *m)
{
	free(m->slots);
	*m = (struct map){0};
}
