/* SPDX-License-Identifier: EUPL-1.2
 * RFC 3339 date-time: lower-case t and z, any fraction, offsets to 23:59, second 60 at 23:59 UTC only. */
#ifndef EVENT_TIME_H
#define EVENT_TIME_H

#include <stdbool.h>
#include <stdint.h>

enum time_rule { TIME_RFC3339, TIME_OFFSET_OPTIONAL };

/* *ms, when not null, becomes the instant (a missing offset is taken as UTC). */
bool time_parse(const char *s, enum time_rule rule, int64_t *ms);

#endif
