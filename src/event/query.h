/* SPDX-License-Identifier: EUPL-1.2
 * Parameters of a query. Percent-encoding is undone once. */
#ifndef EVENT_QUERY_H
#define EVENT_QUERY_H

#include "base/mem.h"

/* A plus is a plus (RFC 3986), or a blank, as forms write it (application/x-www-form-urlencoded). */
enum query_plus { PLUS_ITSELF, PLUS_BLANK };
struct query {
	const char *text;
	enum query_plus plus;
};
enum query_fault { QUERY_FINE, QUERY_NONE, QUERY_REPEATED, QUERY_MALFORMED };
/* The value of a parameter, in the pool; null unless QUERY_FINE. Names are compared as written. QUERY_MALFORMED: a % without
 * two hexadecimal digits, or a NUL in it. */
enum query_fault query_find(struct pool *pool, const struct query *query, const char *name, const char **value);

#endif
