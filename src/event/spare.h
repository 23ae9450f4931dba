/* SPDX-License-Identifier: EUPL-1.2
 * A few used objects of a library, kept for the next call: making a new one each time costs more
 * than using it. Any thread takes and gives; nothing is left behind when a thread ends. */
#ifndef EVENT_SPARE_H
#define EVENT_SPARE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPARES 16

struct spare {			/* {0} is empty */
	struct {
		_Atomic(void *) p;
		char apart[64 - sizeof(void *)];	/* from the next one's cache line */
	} slot[SPARES];
};

/* Threads start at different slots, so that they mostly find their own object again. */
static inline size_t spare_start(void)
{
	static _Thread_local char here;

	return (size_t)((uintptr_t)&here >> 12);
}

/* An object that nobody uses, or null. */
static inline void *spare_take(struct spare *spare)
{
	for (size_t i = 0, at = spare_start(); i < SPARES; i++, at++) {
		void *p = atomic_exchange(&spare->slot[at % SPARES].p, NULL);

		if (p)
			return p;
	}
	return NULL;
}

/* False when there is no room: the caller frees it. */
static inline bool spare_give(struct spare *spare, void *p)
{
	for (size_t i = 0, at = spare_start(); i < SPARES; i++, at++) {
		void *none = NULL;

		if (atomic_compare_exchange_strong(&spare->slot[at % SPARES].p, &none, p))
			return true;
	}
	return false;
}

#endif
