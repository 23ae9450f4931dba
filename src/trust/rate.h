/* SPDX-License-Identifier: EUPL-1.2
 * Requests a minute, counted over all receivers: a bucket of one minute's worth for each sender and
 * origin, in a small file that the processes share. */
#ifndef TRUST_RATE_H
#define TRUST_RATE_H

#include <stdint.h>
#include "base/err.h"

struct rates;
/* Maps the file at path and makes it when it is not there (mode 0660, for the group). */
struct rates *rates_open(const char *path, const char *group, struct err *err);
/* Of this process alone, when the run directory is not to be had. */
struct rates *rates_private(void);
void rates_close(struct rates **rates);

struct rate_of {
	const char *kind;	/* "sender", "endpoint", "origin", "failed", "handshakes": names of different kinds are different */
	const char *place;	/* the endpoint, or "" for all of them */
	const char *name;	/* in lower case where case does not count */
	int rate;		/* requests a minute, at least 1 */
};
/* 0: the request may go on and is counted; else in how many seconds one may, at least 1. From any
 * thread. now_ms is monotonic time. */
int rates_take(struct rates *rates, const struct rate_of *of, int64_t now_ms);

#endif
