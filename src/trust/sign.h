/* SPDX-License-Identifier: EUPL-1.2
 * Makes the event signatures that the row `signature` takes: for who tries a sender's settings. */
#ifndef TRUST_SIGN_H
#define TRUST_SIGN_H

#include "conf/conf.h"
#include "event/message.h"
#include "trust/crypto.h"

struct sign_order {		/* borrowed, all of it */
	const struct conf_signing *signing;	/* the scheme, and how; its keys are not looked at */
	const char *secret;	/* as it would stand in the file of signature.secret; also whsk_ of Standard Webhooks. Null: the
				 * first of signing->secret */
	const struct key *key;	/* private: of rfc9421, jws, the ADR module and Standard Webhooks; null: the secret, where the scheme takes one */
	const char *kid;	/* how the key is named (kid, keyid); or null */
	const char *method;
	const char *url;	/* absolute, that the request goes to */
	const struct attr *headers;	/* that it has already, names in lower case */
	size_t n_headers;
	const void *body;
	size_t body_len;
	int64_t now_ms;		/* the time of the signature */
	const char *id;		/* of schemes that name the message; null: a fresh UUID */
};

/* "Name: value", without a line end. */
typedef void sign_line(void *arg, const char *line);

/* Calls back for each header that has to be added: those of the signature itself, and what it needs and the request
 * has not (Digest, Content-Digest, times, ids). A scheme that is SIGNATURE_NONE adds nothing. -1 with err: it cannot be
 * signed so; nothing was called back. */
int sign_request(const struct sign_order *order, sign_line *line, void *arg, struct err *err);

#endif
