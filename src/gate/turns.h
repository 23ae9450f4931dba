/* SPDX-License-Identifier: EUPL-1.2
 * Whose turn it is: of the threads that share an epoll set one at a time waits in it, for as many events as there are, and
 * another is woken only when the work that it brought lasts. While processors are scarce, a thread woken for each event
 * costs more than the event. Whoever has nothing left to hand out finishes what the events brought before it waits. */
#ifndef GATE_TURNS_H
#define GATE_TURNS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

struct turns_setup {
	int epoll;			/* borrowed, until turns_free */
	/* What the events of a turn brought is finished together: called, by each thread that had one, before it waits. Whose
	 * turn it is keeps it meanwhile; see turns_pass. May be called by many at once. */
	void (*finish)(void *arg, bool wait);	/* with true */
	void *arg;
};

struct turns *turns_new(const struct turns_setup *setup);
void turns_free(struct turns **turns);
/* The next event's ticket (data.u64). False, to all from then on: turns_end was called. */
bool turns_next(struct turns *turns, uint64_t *ticket);
/* The caller may be busy for long, or wait, or sees that somebody may be: another goes on meanwhile. From any thread. */
void turns_pass(struct turns *turns);
/* One thread has to be woken by an event of its own. */
void turns_end(struct turns *turns);

#endif
