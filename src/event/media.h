/* SPDX-License-Identifier: EUPL-1.2
 * Media types (RFC 2046, RFC 9110 8.3.1). */
#ifndef EVENT_MEDIA_H
#define EVENT_MEDIA_H

#include <stdbool.h>
#include <stddef.h>

#define MEDIA_MOST 256		/* of type/subtype, for who wants all of it (RFC 6838 4.2: 127 each) */

/* The media type of a Content-Type value in lower case, without parameters and blanks, cut to fit
 * out; and the charset parameter in lower case without quotes, "" when absent. -1 when it is not
 * one type/subtype (RFC 9110 8.3.1). */
int media_type(const char *value, char *out, size_t len, char *charset, size_t charset_len);
bool media_valid(const char *value);
/* Subtype json or +json, whatever the type and the parameters (CloudEvents JSON format 1.0.2, 3.1.1). */
bool media_is_json(const char *value);

#endif
