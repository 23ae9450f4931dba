/* SPDX-License-Identifier: EUPL-1.2
 * What the parts of the program share. */
#ifndef TESTS_VECTORS_H
#define TESTS_VECTORS_H

#include "event/json.h"
#include "event/message.h"

#define HEADERS_MOST 32

struct vector {
	struct pool *pool;
	struct json_object *doc;
	char why[512];			/* what the code says of it, when it refuses or differs */
};

/* Of scalars; null: it is not there. */
const char *text_at(struct json_object *doc, const char *pointer);
void say(struct vector *v, const char *why);
/* Its name becomes lower case. */
void add_header(struct pool *pool, struct message *m, const char *name, const char *value);
/* Each member of an object is one. */
void add_headers(struct pool *pool, struct message *m, struct json_object *headers);

/* handshakes.c: whether the receiver answers to /request of it as its /response says, through all that judges requests. */
bool handshake_right(struct vector *v);
/* The same of a vector of scheme x-crc: /request is a line of HTTP, /expect_response the answer, /secret the sender's. */
bool x_crc_right(struct vector *v);

#endif
