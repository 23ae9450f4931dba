/* SPDX-License-Identifier: EUPL-1.2
 * A handler's shared object: looked at without running a byte of it, then loaded for good. */
#ifndef RUN_LOADER_H
#define RUN_LOADER_H

#include "base/err.h"
#include "base/mem.h"
#include "postvak/handler.h"

/* The descriptor of the plugin at path, in the pool; what a newer minor added since is zero. Null:
 * err says what to rebuild, upgrade or change. Never unloaded. */
const struct pv_handler *loader_load(struct pool *pool, const char *path, struct err *err);

#endif
