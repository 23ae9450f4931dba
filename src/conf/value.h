/* SPDX-License-Identifier: EUPL-1.2
 * What parsing (value.c) and printing (value_print.c) of values share. */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "conf/settings.h"

struct unit { const char *name; int64_t size; };
#define UNITS 5
extern const struct unit durations[UNITS], sizes[UNITS];	/* largest first */

/* Choices, as in struct setting. */
extern const char nrc_profiles[], cloud_profiles[];

static inline void *setting_member(const struct setting *s, const void *base)
{
	return (char *)(uintptr_t)base + s->offset;
}

#endif
