/* SPDX-License-Identifier: EUPL-1.2
 * Where an event comes from, and patterns of that: text in which `*` stands for any text, also none. Bytes are compared
 * with bytes: nothing is decoded, folded or normalised, so what matches is what is recorded. */
#ifndef EVENT_SOURCE_H
#define EVENT_SOURCE_H

#include <stdbool.h>
#include "event/event.h"

/* Several patterns, separated by blanks or commas. */
bool source_match_any(const char *patterns, const char *source);
/* Its source; of a notification that names none, its hoofdObject. Null: it has neither. */
const char *source_of(const struct event *event, struct pool *pool);

#endif
