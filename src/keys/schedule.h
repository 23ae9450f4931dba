/* SPDX-License-Identifier: EUPL-1.2
 * When an issuer's keys are fetched again. */
#ifndef KEYS_SCHEDULE_H
#define KEYS_SCHEDULE_H

#include <stdint.h>

#define FRESH_LEAST_MS INT64_C(60000)
#define FRESH_MOST_MS (INT64_C(24) * 3600 * 1000)
#define WANTED_EVERY_MS INT64_C(60000)		/* at most that often when somebody asks for it */
#define BACKOFF_FIRST_MS INT64_C(5000)
#define BACKOFF_MOST_MS (INT64_C(5) * 60 * 1000)

/* For how long an answer is fresh: max-age of its Cache-Control (RFC 9111 5.2.2.1; null: it had none) between the
 * limits above, otherwise_ms if it says nothing. */
int64_t fresh_ms(const char *cache_control, int64_t otherwise_ms);
/* How long to wait after so many failures in a row. */
int64_t backoff_ms(unsigned failures);

#endif
