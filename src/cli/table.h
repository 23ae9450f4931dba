/* SPDX-License-Identifier: EUPL-1.2
 * Tables for people: aligned columns, cut to the width of a terminal, never cut in a pipe. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stddef.h>
#include "base/buf.h"
#include "base/err.h"

struct table;

/* titles: ended by null and borrowed; one that starts with '>' stands to the right. width in
 * columns; 0: as wide as it gets. One that starts with '=' is never cut, one with '<' keeps its end; ">=" is both of
 * these. */
struct table *table_new(const char *const *titles, size_t width);
void table_free(struct table **table);
/* The next cell, row by row; made safe to show. Null and "" become "-". */
void table_put(struct table *table, const char *text);
void table_fmt(struct table *table, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A line below the row that is complete now, as long as it gets, made safe to show. Null and "": none. */
void table_below(struct table *table, const char *text);
size_t table_rows(const struct table *table);	/* not written yet */
/* Writes the rows so far, below the titles the first time, and forgets them; columns never get
 * narrower, so that a long table can be written in pieces. */
void table_write(struct table *table, struct buf *out);
/* Prints out, with the rows that are not written yet behind it, and empties it. table may be null. */
void table_print(struct table *table, struct buf *out);
/* Columns of the terminal that standard output is, or 0. */
size_t table_terminal(void);

#endif
