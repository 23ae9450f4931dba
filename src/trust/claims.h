/* SPDX-License-Identifier: EUPL-1.2
 * What a token, or an issuer's answer about one, says that decides who may send (RFC 7519, RFC 7662, RFC 8705 and
 * RFC 9068). What never changes is judged once, by claims_read; time, certificate, client and scopes at each request. */
#ifndef TRUST_CLAIMS_H
#define TRUST_CLAIMS_H

#include "event/json.h"
#include "trust/proof.h"

/* ---- times ---- */

#define TIME_NONE INT64_MIN

struct times {			/* wall clock, in ms; TIME_NONE: not there */
	int64_t exp_ms, nbf_ms, iat_ms;
};
/* False with note: one of them is not a number of seconds between 1970 and the year 9999. What is in milliseconds is
 * none, which else would never expire. */
bool times_read(struct json_object *claims, struct times *out, const char **note);
bool times_expired(const struct times *times, int64_t now_ms, int64_t leeway_ms);
/* What is wrong with nbf or iat, which are of a time to come; null: nothing. */
const char *times_early(const struct times *times, int64_t now_ms, int64_t leeway_ms);

/* ---- claims ---- */

struct claims {			/* one piece of memory, of len bytes, for free() */
	size_t len;
	struct times times;
	bool bound;		/* to the certificate of that thumbprint (x5t#S256) */
	unsigned char thumbprint[32];
	char text[];		/* the client (or nothing) and a NUL; the scopes, a blank behind each, and a NUL */
};

/* How the claims came: a JWT has to have iss and exp, an answer may leave them out. */
enum claims_form { CLAIMS_JWT, CLAIMS_ANSWER };
/* Null with note (static, and without any of what the claims say): they are not sound, or of another issuer or for
 * another audience. */
struct claims *claims_read(struct json_object *doc, const struct conf_issuer *issuer, enum claims_form form, const char **note);
/* TRUST_OK, TRUST_TOKEN or TRUST_SCOPE, with what is to be told in the trial. */
enum trust_verdict claims_judge(const struct claims *claims, const struct conf_issuer *issuer, struct trial *trial);

/* Whether it is a JSON string that is the same as text, byte for byte. */
bool claim_is(struct json_object *value, const char *text);
/* Tells a verdict: why for the sender, note (of that issuer; may be null) for the log. */
enum trust_verdict claims_tell(struct trial *trial, enum trust_verdict verdict, const char *why, const char *note,
			       const struct conf_issuer *issuer);
extern const char token_refused[];	/* "The token is not accepted here." */

#endif
