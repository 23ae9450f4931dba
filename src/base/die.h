/* SPDX-License-Identifier: EUPL-1.2
 * What cannot be: assertions that stay on, and the end of a process that cannot go on. */
#ifndef BASE_DIE_H
#define BASE_DIE_H

#include "base/err.h"

/* Logs the sentence as an error and exits with status 1. */
void die(const char *fmt, ...) PRINTF_LIKE(1, 2) NO_RETURN;

/* This process leaves no core behind when it crashes: it would hold personal data and secrets. */
void die_without_core(void);

void must_failed(const char *what, const char *file, int line) NO_RETURN;
#define must(cond) ((cond) ? (void)0 : must_failed(#cond, __FILE__, __LINE__))

#endif
