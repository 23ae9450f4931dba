/* SPDX-License-Identifier: EUPL-1.2
 * Event types are dotted names; in a pattern `*` matches one label and `**` (last) the rest, of at
 * least one label. Case matters. */
#ifndef EVENT_TYPE_H
#define EVENT_TYPE_H

#include <stdbool.h>
#include "base/err.h"

int type_pattern_check(const char *pattern, struct err *err);	/* 0, or -1 with what is wrong */
/* Several patterns, separated by blanks or commas. */
bool type_match_any(const char *patterns, const char *type);

#endif
