/* SPDX-License-Identifier: EUPL-1.2
 * What a value of a document is. Private to json.c and json_canonical.c. */
#ifndef EVENT_JSON_NODE_H
#define EVENT_JSON_NODE_H

#include "event/json.h"

#define JSON_SLACK 9		/* NULs behind the text of a document: eight bytes can be read from wherever something begins */

struct json_object {
	const char *text;	/* of a scalar, as json_text has it and with a NUL behind it; of others where they began */
	const char *name;	/* of the member, likewise; null: it is none */
	uint32_t len;		/* bytes of text; how many are in an object or array */
	uint32_t name_len;
	int32_t inside;		/* the first of those, counted from this one; they stand together */
	unsigned char kind;	/* enum json_kind */
	bool again;		/* a member of that name came before */
	bool plain, name_plain;	/* was sent without escapes, so the canonical form needs none */
};

#endif
