/* SPDX-License-Identifier: EUPL-1.2
 * What came in over HTTP, neutral of how: the gate fills it, trust and the parsers read it. */
#ifndef EVENT_MESSAGE_H
#define EVENT_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

struct attr {
	const char *name, *value;	/* NUL-terminated */
};

/* What the web server passed about the client's TLS certificate. */
struct message_tls {
	bool trusted;			/* over a connection whose peer is the web server */
	bool verified;			/* by the web server */
	const char *subject;		/* as the web server writes it; or null */
	const char *cert;		/* PEM, as cert_read takes it; or null */
	const char *const *names;	/* DNS:name, email:address */
	size_t n_names;
};

enum message_scheme { SCHEME_UNKNOWN, SCHEME_HTTP, SCHEME_HTTPS };

struct message {
	const char *method;		/* as sent; never null */
	const char *path;		/* of the request target, undecoded; never null */
	const char *query;		/* without '?', undecoded; "" when absent; never logged */
	const char *peer;		/* REMOTE_ADDR, or "" */
	enum message_scheme scheme;	/* by which the sender came to the web server, where that says so */
	struct message_tls tls;
	struct attr *headers;		/* names in lower case with '-'; in order; repeated ones repeat */
	size_t n_headers;
	const unsigned char *body;	/* never null */
	size_t body_len;
};

/* The first value, or null. *n, when not null, becomes how often the header came. */
const char *message_header(const struct message *m, const char *name, size_t *n);

/* A traceparent of W3C Trace Context (2.2.2: 55 hexadecimal digits and hyphens); s may be null. */
bool trace_valid(const char *s);
bool trace_named(const char *name);	/* traceparent and tracestate, which are others at each attempt */
/* The trace that a message belongs to, for the log: its header ce-traceparent or traceparent; or null. */
const char *message_trace(const struct message *m);

#endif
