/* SPDX-License-Identifier: EUPL-1.2
 * How an issuer is asked about a token (RFC 7662), and how Postvak shows who it is there. */
#ifndef KEYS_FORM_H
#define KEYS_FORM_H

#include "trust/crypto.h"

/* As application/x-www-form-urlencoded has it: all but letters, digits, - . _ is percent-encoded. */
void form_put(struct buf *out, struct span text);
/* client_secret_basic (RFC 6749 2.3.1): "Authorization: Basic ..." of both parts, form-encoded first. */
void form_basic(struct buf *out, const char *client_id, const char *secret);

struct assertion {		/* of private_key_jwt (RFC 7523 3) */
	const char *client_id;
	const char *audience;	/* where it is shown */
	const struct key *key;
	const char *jti;	/* not used before */
	int64_t now_s;
};
#define ASSERTION_SECONDS 60
/* The alg that goes with a kind of key. */
enum alg assertion_alg(enum key_kind kind);
int form_assertion(struct buf *out, const struct assertion *assertion, struct err *err);
/* The body of the question; assertion may be null. */
void form_question(struct buf *out, struct span token, const char *assertion);

#endif
