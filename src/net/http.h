/* SPDX-License-Identifier: EUPL-1.2
 * HTTP and HTTPS outwards: one request that is waited for, or several at once. The one room that knows
 * libcurl, when there is one. Redirects are never followed. */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include "base/buf.h"
#include "base/err.h"

#define HTTP_HEAD_MAX (64u << 10)	/* bytes of an answer's header lines; more is a failure */

struct http_rules {
	bool tls;			/* https alone */
	bool direct;			/* no proxy, whatever the environment says (https_proxy, no_proxy) */
	const char *ca;			/* a file of certificates to trust; null: those of the system */
	const char *cert;		/* a file with the own certificate and its key, in PEM; or null */
	bool (*refused)(const struct sockaddr *address);	/* addresses that are not connected to; null: none */
	int connect_ms, total_ms;	/* patience: until TLS stands, and in all */
	size_t answer_max;		/* bytes of an answer's body; more is a failure */
};

struct http_request {
	const char *url;
	const char *const *headers;	/* "Name: value" */
	size_t n_headers;
	const void *body;		/* null: none */
	size_t body_len;
	const char *method;		/* null: POST where there is a body, else GET */
};
struct http_answer {		/* {0}; reused from request to request */
	int status;
	struct buf line;	/* "HTTP/1.1 204 No Content" */
	struct buf head;	/* its header lines as sent */
	struct buf body;
	int64_t took_us;
};
void http_answer_free(struct http_answer *answer);
/* Appends the value of a header, those of one that came more than once joined by ", ". False: it did not come. */
bool http_header(const struct http_answer *answer, const char *name, struct buf *value);

const char *http_library(void);	/* its version, or null: built without */

struct http;			/* keeps its connection between requests */
struct http *http_new(const struct http_rules *rules, struct err *err);	/* null when built without; rules are borrowed */
void http_free(struct http **http);
int http_send(struct http *http, const struct http_request *request, struct http_answer *answer, struct err *err);

/* ---- several at once, in one thread ---- */

struct http_crowd;
struct http_crowd *http_crowd_new(void);	/* also when built without: nothing starts in it */
void http_crowd_free(struct http_crowd **crowd);	/* gives up what is under way */
/* Starts a request, of which only rules is borrowed (until it is over). -1: it does not even start. */
int http_crowd_start(struct http_crowd *crowd, const struct http_rules *rules, const struct http_request *request, void *tag,
		     struct err *err);
/* Works, and waits for that, for what is to happen on fds (as poll does), or for the time. */
void http_crowd_wait(struct http_crowd *crowd, struct pollfd *fds, size_t n, int timeout_ms);

struct http_ended {
	void *tag;
	bool answered;
	/* False: its time is up, but its host's name is still being looked up, which libcurl cannot stop without
	 * waiting for it; it takes up its place and comes once more. */
	bool over;
	struct http_answer answer;	/* the caller's, for http_answer_free */
	struct err err;			/* why it was not answered */
};
/* One that ended; false: none more. */
bool http_crowd_next(struct http_crowd *crowd, struct http_ended *out);

#endif
