/* SPDX-License-Identifier: EUPL-1.2
 * RFC 3986: what is a URI. */
#ifndef EVENT_URI_H
#define EVENT_URI_H

#include <stdbool.h>

bool uri_valid(const char *s);		/* URI (section 3), with a scheme */

#endif
