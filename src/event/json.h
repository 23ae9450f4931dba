/* SPDX-License-Identifier: EUPL-1.2
 * JSON as we take it: RFC 8259 to the letter, UTF-8, no duplicate members, nesting of at most 64,
 * nothing behind the value. A document is a copy of its text, escapes undone where they stand, and a node for each
 * value; both are one or two pieces of memory. */
#ifndef EVENT_JSON_H
#define EVENT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "event/fault.h"

#define JSON_DEPTH 64

struct json_object;		/* a value; null is JSON null */

/* 0: *out is the document, to be freed with json_drop; -1: a fault with code "parse_error",
 * "duplicate_member", "invalid_utf8" or "too_deep" that says where (byte offset, or member). A byte
 * order mark, half a surrogate pair, and \u0000 in a member's name are parse errors. */
int json_parse(const void *p, size_t len, struct json_object **out, struct faults *faults);
void json_drop(struct json_object **doc);

/* The value behind a JSON pointer (RFC 6901). False when nothing is there. */
bool json_at(struct json_object *doc, const char *pointer, struct json_object **out);
enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };
enum json_kind json_kind(struct json_object *value);
/* A member of an object by its name. False when it is not there, or doc is no object. */
bool json_member(struct json_object *doc, const char *name, struct json_object **out);
/* An element of an array by its number, likewise. */
bool json_element(struct json_object *array, size_t i, struct json_object **out);
/* Calls back for each member of an object, in the order written. */
typedef void json_member_fn(void *to, const char *name, struct json_object *value);
void json_each(struct json_object *object, json_member_fn *fn, void *to);
/* A string's bytes and their number (there may be a NUL among them), or null for what is no string. */
const char *json_string(struct json_object *value, size_t *len);
/* As text: a string's bytes (NUL-terminated), other scalars as written (but -0 is 0); null for object,
 * array, null. Lives as long as the document. */
const char *json_text(struct json_object *value);
/* A number written without fraction or exponent, when it fits. */
bool json_is_int(struct json_object *value, int64_t *out);
bool json_is_bool(struct json_object *value, bool *out);

/* A canonical form: members sorted by their bytes, no blanks, strings escaped one way, numbers as
 * json_text has them, however large (so 1 and 1.0 differ). A member of
 * the top level named in `without` is left out (null: none). */
void json_canonical(struct json_object *doc, const char *without, struct buf *out);

#endif
