/* SPDX-License-Identifier: EUPL-1.2
 * The URL that a message was sent to, as its sender wrote it: what signatures are made over. */
#ifndef TRUST_TARGET_H
#define TRUST_TARGET_H

#include "base/mem.h"
#include "event/message.h"

struct httpsig_target {
	const char *method;	/* as sent */
	const char *scheme;	/* "http", "https"; null: not known */
	const char *authority;	/* in lower case, without the scheme's default port; null: no Host, or several */
	const char *path;	/* undecoded, at least "/" */
	const char *query;	/* undecoded, without '?'; "" */
	const char *uri;	/* SCHEME://AUTHORITY/PATH?QUERY, its authority as written; null: not all of it is known */
};

/* From the message, and from url (conf_endpoint.url) where that is not null: then scheme, authority and path are its.
 * Borrows from both, and from the pool. A '?' with nothing behind it is as none. */
void target_read(struct pool *pool, const struct message *m, const char *url, struct httpsig_target *out);
/* PATH?QUERY (RFC 9112 3.2.1), in the pool. */
const char *target_origin_form(struct pool *pool, const struct httpsig_target *target);

#endif
