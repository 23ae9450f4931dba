/* SPDX-License-Identifier: EUPL-1.2
 * Time, in milliseconds: of the wall (since 1970, UTC) and of the monotonic clock. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_TEXT 32

int64_t clock_wall_ms(void);
int64_t clock_mono_ms(void);
/* "2026-11-21T09:45:00.123Z" into text, which has CLOCK_TEXT bytes; returns text. */
char *clock_text(char *text, int64_t wall_ms);

#endif
