/* SPDX-License-Identifier: EUPL-1.2
 * A request to an issuer that is under way: the tag of what runs in a struct http_crowd. */
#ifndef KEYS_ERRAND_H
#define KEYS_ERRAND_H

#include <stdint.h>
#include "net/http.h"

#define ERRAND_CONNECT_MS 3000
#define ERRAND_TOTAL_MS 5000

struct errand {			/* inside what it is for */
	/* It ended, or its time is up (struct http_ended); now_ms is monotonic. */
	void (*done)(struct errand *errand, struct http_ended *ended, int64_t now_ms);
};

/* Brings home all that ended. */
void errands_end(struct http_crowd *crowd, int64_t now_ms);

#endif
