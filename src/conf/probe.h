/* SPDX-License-Identifier: EUPL-1.2
 * The part of a check that runs plugins: each handler is opened in a throw-away process, never in
 * the caller. */
#ifndef CONF_PROBE_H
#define CONF_PROBE_H

#include "conf/conf.h"

/* 0, or -1 with all problems added. */
int conf_probe(const struct conf *conf, struct problems *problems);

#endif
