/* SPDX-License-Identifier: EUPL-1.2
 * JSON (RFC 8259) in one pass over the bytes, without making anything of them: what may stand where, and where the
 * parts of a document are for who needs them as they were sent. */
#ifndef EVENT_JSON_SCAN_H
#define EVENT_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include "event/fault.h"
#include "event/json.h"

struct json_part {		/* a value as it stands in the document, with the member's name it has */
	const char *name;	/* without its quotes, escapes not undone; null in an array and of the document itself */
	size_t name_len;
	bool name_escaped;	/* there are escapes in it */
	enum json_kind kind;
	const char *value;	/* a string's quotes included */
	size_t len;
	bool escaped;		/* a string with escapes in it */
	bool torn;		/* ... and one of them half a surrogate pair */
	size_t depth;		/* 0: the document, 1: what stands in it, and so on */
};

/* False: go no further. The part is gone when it returns. */
typedef bool json_part_fn(void *arg, const struct json_part *part);
/* Gives all values of all levels to fn, each behind what is in it, the document last. 0, or -1 with a fault: what fn was
 * given does not count. Half a surrogate pair, and \u0000 in a member's name, are faults. */
int json_scan(const unsigned char *p, size_t len, json_part_fn *fn, void *arg, struct faults *faults);
/* Gives what stands in the document down to so many levels, of 1 its members or elements, to fn (null: only looks), each
 * behind what is in it. Returns the document's kind (enum json_kind): it is JSON from end to end, or fn went no further; or
 * -1 with a fault: it is not, and what fn was given does not count. */
int json_split(const unsigned char *p, size_t len, size_t levels, json_part_fn *fn, void *arg, struct faults *faults);

/* Undoes the escapes of a string's inside (without quotes) that was scanned; out has room for len bytes, and
 * as many as are returned are filled. Half a surrogate pair becomes bytes that are not UTF-8. */
size_t json_unescape(const char *p, size_t len, char *out);

/* How many bytes at p stand in a JSON string as they are: no quote, backslash or control. */
size_t json_scan_plain(const unsigned char *p, size_t len);

#endif
