/* SPDX-License-Identifier: EUPL-1.2
 * A lock between processes and threads: flock(2) on PATH.lock, behind a turnstile (PATH.turnstile)
 * that makes waiting fair: who waits holds the turnstile, so that a holder that locks again at once
 * has to queue. One struct lock per thread (flock belongs to the open file description). */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

struct lock {
	int fd, turnstile;		/* -1: not open; turnstile -1: a plain lock */
	bool held;
	char *path;
};

/* Opens (and makes, mode 0660, for the group) PATH.lock and, if fair, PATH.turnstile. */
int lock_open(struct lock *lock, const char *path, bool fair, const char *group, struct err *err);
void lock_close(struct lock *lock);
/* 0: held; 1: not to be had within wait_ms (0: one try); -1: failure. */
int lock_take(struct lock *lock, int64_t wait_ms, struct err *err);
void lock_release(struct lock *lock);
/* One byte of memory that all who take the lock share and that outlives them: 0 at first. Only
 * while held. The store keeps "a synchronisation failed" there. */
unsigned char lock_byte(struct lock *lock);
void lock_set_byte(struct lock *lock, unsigned char byte);

#endif
