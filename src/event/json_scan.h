/* SPDX-License-Identifier: EUPL-1.2
 * What json-c does not see to, in one pass over the bytes: UTF-8, the spelling of scalars, control
 * bytes, depth, trailing commas. How values follow each other is left to json-c. */
#ifndef EVENT_JSON_SCAN_H
#define EVENT_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"
#include "event/fault.h"

struct json_scan {
	size_t members;		/* how many the document has, duplicates included */
	bool long_integer;	/* one of JSON_LONG digits or more: json-c clips or refuses it */
};

/* 0, or -1 with a fault. */
int json_scan(const unsigned char *p, size_t len, struct json_scan *out, struct faults *faults);

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
