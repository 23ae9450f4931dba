/* SPDX-License-Identifier: EUPL-1.2
 * RFC 3986: what is a URI, and what a reference to one. */
#ifndef EVENT_URI_H
#define EVENT_URI_H

#include <stdbool.h>

bool uri_valid(const char *s);		/* URI (section 3), with a scheme */
bool uri_reference_valid(const char *s);	/* URI-reference (section 4.1): that, or relative; "" is one */
bool uri_has_fragment(const char *uri);	/* an absolute-URI (section 4.3) has none */

#endif
