/* SPDX-License-Identifier: EUPL-1.2
 * Keeps the keys of one issuer on the shelf: fetches them when they are due, leaves the last good ones there when that
 * fails, and tries again. Times are monotonic and come from the caller. */
#ifndef KEYS_KEEPER_H
#define KEYS_KEEPER_H

#include "conf/conf.h"
#include "keys/errand.h"
#include "keys/shelf.h"

#define KEEPER_BUSY INT64_MAX

struct keeper;
/* Borrows everything. The issuer has to have an URL for its keys. */
struct keeper *keeper_new(const struct conf *conf, const struct conf_issuer *issuer, struct http_crowd *crowd, int64_t now_ms);
void keeper_free(struct keeper **keeper);	/* what it has under way must not come home any more */
/* When it has something to do; KEEPER_BUSY: when what is under way has come home. */
int64_t keeper_due(const struct keeper *keeper);
void keeper_tick(struct keeper *keeper, int64_t now_ms);
/* Fresh keys are wanted: at once, but for what was tried less than a minute ago. */
void keeper_want(struct keeper *keeper, int64_t now_ms);
/* At once in any case, unless it is on its way. */
void keeper_hurry(struct keeper *keeper, int64_t now_ms);
bool keeper_fetches(const struct keeper *keeper);	/* it is on its way, and what comes of it is not known */
const struct conf_issuer *keeper_issuer(const struct keeper *keeper);
const struct note *keeper_note(const struct keeper *keeper);	/* as it was put on the shelf last */

#endif
