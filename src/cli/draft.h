/* SPDX-License-Identifier: EUPL-1.2
 * CloudEvents as a producer makes them. Nothing is checked that a receiver can refuse: what is wrong
 * in an event is written down as it was asked for. */
#ifndef CLI_DRAFT_H
#define CLI_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

struct draft_attr {
	const char *name, *value;
	bool json;			/* value is JSON text; else it becomes a string */
};

struct draft {			/* null: left out */
	const char *id, *source, *type, *subject, *time, *datacontenttype, *dataschema;
	struct draft_attr *more;	/* by name; they take the place of the ones above */
	size_t n_more;
	const void *data;
	size_t data_len;
};

/* "NAME=VALUE", or "NAME:=JSON", into the pool. -1: err goes on behind the name of the option. */
int draft_attr_parse(struct pool *pool, const char *text, struct draft_attr *out, struct err *err);

/* What the data looks like: application/json, text/plain or application/octet-stream. */
const char *draft_media_type(const void *data, size_t len);

/* Appends the event as JSON: with the bytes of its data where they are JSON and are said to be, as a
 * string where they are text, else as data_base64. */
void draft_json(const struct draft *event, struct buf *out);

/* The header lines of binary mode, Content-Type (if there is a datacontenttype) first; the body is
 * the data. -1: something cannot be written in a header. A line lives as long as the call. */
typedef void draft_header_fn(void *to, const char *line);
int draft_headers(const struct draft *event, draft_header_fn *fn, void *to, struct err *err);

#endif
