/* SPDX-License-Identifier: EUPL-1.2
 * What cannot be: assertions that stay on, and the end of a process that cannot go on. */
#ifndef BASE_DIE_H
#define BASE_DIE_H

#include "base/err.h"

/* Logs the sentence as an error and exits with status 1. */
void die(const char *fmt, ...) PRINTF_LIKE(1, 2) NO_RETURN;

void must_failed(const char *what, const char *file, int line) NO_RETURN;
#define must(cond) ((cond) ? (void)0 : must_failed(#cond, __FILE__, __LINE__))

#endif
