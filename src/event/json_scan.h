/* SPDX-License-Identifier: EUPL-1.2
 * JSON (RFC 8259) in one pass over the bytes, without making anything of them: what json-c does not see
 * to before it parses, and where the parts of a document are for who needs them as they were sent. */
#ifndef EVENT_JSON_SCAN_H
#define EVENT_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"
#include "event/fault.h"
#include "event/json.h"

struct json_scan {
	size_t members;		/* how many the document has, duplicates included */
	bool long_integer;	/* one of JSON_LONG digits or more: json-c clips or refuses it */
};

/* For json-c: 0, or -1 with a fault. Half a surrogate pair, and \u0000 in a member's name, are faults. */
int json_scan(const unsigned char *p, size_t len, struct json_scan *out, struct faults *faults);

struct json_part {		/* a member or element of the top level, as it stands in the document */
	const char *name;	/* without its quotes, escapes not undone; null in an array */
	size_t name_len;
	bool name_escaped;	/* there are escapes in it */
	enum json_kind kind;
	const char *value;	/* a string's quotes included */
	size_t len;
	bool escaped;		/* a string with escapes in it */
	bool torn;		/* ... and one of them half a surrogate pair */
};

/* Called for each in the order written. False: go no further. */
typedef bool json_part_fn(void *arg, const struct json_part *part);
/* Gives the document's members or elements to fn (null: only looks). Returns the document's kind (enum json_kind):
 * it is JSON from end to end, or fn went no further; or -1 with a fault: it is not, and what fn was given does not
 * count. */
int json_split(const unsigned char *p, size_t len, json_part_fn *fn, void *arg, struct faults *faults);

/* Undoes the escapes of a string's inside (without quotes) that was scanned; out has room for len bytes, and
 * as many as are returned are filled. Half a surrogate pair becomes bytes that are not UTF-8. */
size_t json_unescape(const char *p, size_t len, char *out);

/* Long integers cannot be integers to json-c, so they are made numbers with an exponent of nothing,
 * which it keeps as text. */
#define JSON_LONG 19
#define JSON_LONG_TAIL "E+0000"
void json_scan_widen(const unsigned char *p, size_t len, struct buf *out);

/* How many bytes at p stand in a JSON string as they are: no quote, backslash or control. */
size_t json_scan_plain(const unsigned char *p, size_t len);

/* The length of the string, with its quotes, that starts at p; the bytes have been scanned. */
size_t json_scan_string(const unsigned char *p, size_t len);

#endif
