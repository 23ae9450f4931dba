/* SPDX-License-Identifier: EUPL-1.2
 * Parameters of a query, as forms write them (application/x-www-form-urlencoded): percent-encoding is undone once, and a
 * plus is a blank. */
#ifndef RECEIVE_QUERY_H
#define RECEIVE_QUERY_H

#include "base/mem.h"

enum query_fault { QUERY_FINE, QUERY_NONE, QUERY_REPEATED, QUERY_MALFORMED };
/* The value of a parameter, in the pool; null unless QUERY_FINE. Names are compared as written. QUERY_MALFORMED: a % without
 * two hexadecimal digits, or a NUL in it. */
enum query_fault query_find(struct pool *pool, const char *query, const char *name, const char **value);

#endif
