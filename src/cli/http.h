/* SPDX-License-Identifier: EUPL-1.2
 * One POST over HTTP or HTTPS. The one room that knows libcurl, when there is one. */
#ifndef CLI_HTTP_H
#define CLI_HTTP_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <sys/socket.h>
#include "base/buf.h"
#include "base/err.h"

#define HTTP_ANSWER_MAX (1u << 20)	/* bytes of an answer's body; more is a failure */

struct http;			/* keeps its connection between posts */

struct http_post {
	const char *url;
	const char *const *headers;	/* "Name: value" */
	size_t n_headers;
	const void *body;
	size_t body_len;
};
struct http_answer {		/* {0}; reused from post to post */
	int status;
	struct buf line;	/* "HTTP/1.1 204 No Content" */
	struct buf body;
	int64_t took_us;
};

const char *http_library(void);	/* its version, or null: built without */
struct http *http_new(struct err *err);	/* null when built without */
void http_free(struct http **http);
/* For a URL that a stranger chose: https alone, no proxy, 10 s in all. */
struct http_guard {
	const char *ca;			/* a file of certificates to trust; null: those of the system */
	bool (*refused)(const struct sockaddr *address);	/* addresses that are not connected to; null: none */
};
int http_guard(struct http *http, const struct http_guard *guard, struct err *err);
/* No redirects are followed; at most 5 s to connect and 30 s in all. */
int http_send(struct http *http, const struct http_post *post, struct http_answer *answer, struct err *err);
void http_answer_free(struct http_answer *answer);

#endif
