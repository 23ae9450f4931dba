/* SPDX-License-Identifier: EUPL-1.2
 * Which parked deliveries a command is about: numbers of events, and the flags that all such commands have. */
#ifndef CLI_PICK_H
#define CLI_PICK_H

#include "base/buf.h"
#include "cli/command.h"
#include "dispatch/choice.h"

#define PICK_FLAGS \
	{ FLAG_HANDLER, "handler", "NAME", "of this handler" }, \
	{ FLAG_PATTERNS, "type", "PATTERNS", "of events of these types: * is one label, ** the rest" }, \
	{ FLAG_REASON, "reason", "TEXT", "with this text in the reason, in any case" }, \
	{ FLAG_SINCE, "since", "TIME", "in their state since 2026-11-21T09:45:00Z or later, or since 2h ago: 2h" }, \
	{ FLAG_UNTIL, "until", "TIME", "in their state since before" }, \
	{ FLAG_STATE, "state", "STATE", "dead, held, waiting, behind or quarantined; several with commas" }

#define PICK_NUMBERS 1000	/* at most, on one command line */

/* Adds the lines that choice_read reads. 0, or CLI_USAGE after the error was said. choice (may be null) is what
 * they then say, in the pool. */
int pick_read(const struct call *call, struct buf *args, struct pool *pool, struct choice *choice);

#endif
