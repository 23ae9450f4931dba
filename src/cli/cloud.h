/* SPDX-License-Identifier: EUPL-1.2
 * CloudEvents as a producer makes them. Nothing is checked that a receiver can refuse: what is wrong
 * in an event is written down as it was asked for. */
#ifndef CLI_CLOUD_H
#define CLI_CLOUD_H

#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

struct cloud_attr {
	const char *name, *value;
	bool json;			/* value is JSON text; else it becomes a string */
};

struct cloud_event {			/* null: left out */
	const char *id, *source, *type, *subject, *time, *datacontenttype, *dataschema;
	struct cloud_attr *more;	/* by name; they take the place of the ones above */
	size_t n_more;
	const void *data;
	size_t data_len;
};

/* "NAME=VALUE", or "NAME:=JSON", into the pool. */
int cloud_attr_parse(struct pool *pool, const char *text, struct cloud_attr *out, struct err *err);

/* What the data looks like: application/json, text/plain or application/octet-stream. */
const char *cloud_media_type(const void *data, size_t len);

/* Appends the event as JSON: with the bytes of its data where they are JSON and are said to be, as a
 * string where they are text, else as data_base64. */
void cloud_json(const struct cloud_event *event, struct buf *out);

/* The header lines of binary mode, Content-Type (if there is a datacontenttype) first; the body is
 * the data. -1: something cannot be written in a header. A line lives as long as the call. */
typedef void cloud_header_fn(void *to, const char *line);
int cloud_headers(const struct cloud_event *event, cloud_header_fn *fn, void *to, struct err *err);

#endif
