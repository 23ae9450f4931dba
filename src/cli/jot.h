/* SPDX-License-Identifier: EUPL-1.2
 * Writes JSON: members and elements in order, commas where they belong. Name null: an element. */
#ifndef CLI_JOT_H
#define CLI_JOT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"

void jot_begin(struct buf *b, const char *name, char bracket);	/* '{' or '[' */
void jot_end(struct buf *b, char bracket);			/* '}' or ']' */
void jot_text(struct buf *b, const char *name, const char *value);	/* null becomes null */
void jot_bytes(struct buf *b, const char *name, const void *p, size_t len);	/* as a string */
void jot_raw(struct buf *b, const char *name, const char *json, size_t len);	/* JSON as it is, but for blanks at its end */
void jot_int(struct buf *b, const char *name, int64_t value);
void jot_number(struct buf *b, const char *name, uint64_t value);
void jot_bool(struct buf *b, const char *name, bool value);
void jot_time(struct buf *b, const char *name, int64_t wall_ms);	/* 0 becomes null */
void jot_hex(struct buf *b, const char *name, const void *p, size_t len);

#endif
