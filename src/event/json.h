/* SPDX-License-Identifier: EUPL-1.2
 * JSON as we take it: RFC 8259 to the letter, UTF-8, no duplicate members, nesting of at most 64,
 * nothing behind the value. json-c does the parsing; this is the one room that includes it, and
 * the others see values through it. */
#ifndef EVENT_JSON_H
#define EVENT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "event/fault.h"

#define JSON_DEPTH 64

struct json_object;		/* json-c's; null is JSON null */

/* 0: *out is the document, to be freed with json_drop; -1: a fault with code "parse_error",
 * "duplicate_member", "invalid_utf8" or "too_deep" that says where (byte offset, or member). */
int json_parse(const void *p, size_t len, struct json_object **out, struct faults *faults);
void json_drop(struct json_object **doc);

/* The value behind a JSON pointer (RFC 6901). False when nothing is there. */
bool json_at(struct json_object *doc, const char *pointer, struct json_object **out);
/* As text: a string's bytes (NUL-terminated), other scalars as written; null for object, array, null. */
const char *json_text(struct json_object *value);
bool json_is_int(struct json_object *value, int64_t *out);
bool json_is_bool(struct json_object *value, bool *out);

/* A canonical form: members sorted by their bytes, no blanks, strings escaped one way. A member of
 * the top level named in `without` is left out (null: none). */
void json_canonical(struct json_object *doc, const char *without, struct buf *out);

bool utf8_valid(const void *p, size_t len, size_t *bad_at);

#endif
