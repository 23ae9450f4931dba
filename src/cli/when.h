/* SPDX-License-Identifier: EUPL-1.2
 * Numbers, times and type patterns as people type them. */
#ifndef CLI_WHEN_H
#define CLI_WHEN_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

/* RFC 3339 (UTC when the offset is left out), or a duration back from now (2h, 30d). */
bool when_parse(const char *text, int64_t now_ms, int64_t *ms);
/* A moment of its own: RFC 3339 as above, or seconds since 1970; or a duration back from now. */
bool moment_parse(const char *text, int64_t *ms);
bool number_parse(const char *text, uint64_t *n);	/* decimal, 1 and up */
/* Several patterns, as type_match_any takes them: 0, or -1 with what is wrong. */
int patterns_check(const char *patterns, struct err *err);
/* A length of time for people: "400 ms", "3 min", "2 h", "5 d"; len of text is at least 24. */
char *span_text(char *text, int64_t ms);
#define SPAN_TEXT 24

/* A time for a table: to the second in a terminal, where columns are scarce. text has CLOCK_TEXT bytes. */
char *when_text(char *text, int64_t ms);

#endif
