/* SPDX-License-Identifier: EUPL-1.2
 * Where a rewind goes back to. */
#ifndef CLI_REWIND_H
#define CLI_REWIND_H

#include "store/store.h"

/* where: an event's number (that one runs again too), a time, a duration back, or "beginning".
 * 1: *after is the last number that does not run again; 0: where cannot be read; -1: failed. */
int rewind_after(struct store *store, const char *where, int64_t now_ms, uint64_t *after, struct err *err);

#endif
