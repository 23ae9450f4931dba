/* SPDX-License-Identifier: EUPL-1.2
 * Whether every handler would load: asked of a runner process each, since whoever reads the
 * configuration never loads a plugin. */
#ifndef CONF_PROBE_H
#define CONF_PROBE_H

#include "conf/conf.h"

/* 0, or -1 with a problem for each handler that will not do, at the line of its plugin. conf must
 * hold the handlers' options (ROLE_ALL or ROLE_DISPATCH). Takes at most 10 s a handler. */
int conf_probe(const struct conf *conf, struct problems *problems);

/* The same with another runner and another limit, for tests and for what is not installed. */
int conf_probe_with(const struct conf *conf, const char *runner, int64_t limit_ms, struct problems *problems);

#endif
