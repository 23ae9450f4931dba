/* SPDX-License-Identifier: EUPL-1.2
 * A hash map from keys of 16 bytes (hashes already: they are not hashed again) to pointers. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stddef.h>

#define MAP_KEY 16

struct map {			/* {0} is an empty one */
	struct map_slot *slots;
	size_t n, cap;		/* n: entries that are there */
	size_t used;		/* and gravestones */
};

void *map_get(const struct map *m, const unsigned char key[MAP_KEY]);	/* null if absent */
void map_put(struct map *m, const unsigned char key[MAP_KEY], void *value);	/* replaces; value is not null */
void *map_remove(struct map *m, const unsigned char key[MAP_KEY]);	/* what was there, or null */
/* Walks: start with *at = 0; null at the end. Only the entry just returned may be removed meanwhile. */
void *map_next(const struct map *m, size_t *at);
void map_free(struct map *m);			/* not the values */

#endif
