/* SPDX-License-Identifier: EUPL-1.2
 * The log: one line per decision, on standard error, written with one write(2). Control bytes
 * are escaped. Never a body, a secret, a query string, a subject or a dataref. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include "base/err.h"

enum log_level { LOG_DEBUG_, LOG_INFO_, LOG_WARN_, LOG_ERROR_ };

/* The name that starts each line; borrowed, static. Also reads the level. */
void log_open(const char *program, enum log_level least);
const char *log_program(void);
bool log_wants(enum log_level level);	/* such lines are written */

void log_line(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);
#define log_debug(...) log_line(LOG_DEBUG_, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO_, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN_, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR_, __VA_ARGS__)

#endif
