/* SPDX-License-Identifier: EUPL-1.2
 * Who may send: a message's credentials against the senders of its endpoint, what operators granted to
 * origins, and how much of it. */
#ifndef TRUST_TRUST_H
#define TRUST_TRUST_H

#include "conf/conf.h"
#include "event/message.h"
#include "trust/rate.h"

enum trust_verdict {		/* where senders differ, the one furthest down is told */
	TRUST_OK,
	TRUST_MISSING,		/* 401: no credential at all, or one of several */
	TRUST_WRONG,		/* 403: one that is not known, or that came more than once */
	TRUST_TOKEN,		/* 401 invalid_token: a bearer token that is expired, of another or not sound (RFC 6750 3.1) */
	TRUST_SCOPE,		/* 403 insufficient_scope: a sound one that does not allow it, or is another client's */
	TRUST_UNCLEAR,		/* 400: the token in the query came twice, beside a header, or cannot be decoded */
	TRUST_UNSURE,		/* 503: keys or answers that decide it cannot be had now */
	TRUST_ASK		/* an issuer has to be asked first: see question */
};

struct trust;
/* Keeps what it needs of the secrets, and borrows conf. Keys that are not sound are as if they were not there:
 * trust_check tells of them. */
struct trust *trust_new(const struct conf *conf);
void trust_free(struct trust **trust);
/* What is wrong with keys and secrets that only who knows their form can tell. */
void trust_check(const struct conf *conf, struct problems *problems);

struct trust_question {		/* RFC 7662: is this token active? */
	size_t issuer;		/* its index in conf */
	const char *token;
};
struct trust_request {
	const struct message *m;
	struct pool *pool;		/* of the request */
	size_t endpoint;		/* its index in conf */
	int64_t now_ms;			/* wall clock */
	bool asked;			/* the answer to the question came (trust_tell), or will not: TRUST_ASK is no more */
};
struct admitted {
	size_t sender;		/* its index in conf; unless TRUST_OK (and TRUST_UNCLEAR) of whom why and note are about */
	bool by_query;		/* by access_token in the query */
	const char *why;	/* if not TRUST_OK: a sentence for the sender, which tells nothing that helps to guess; or null */
	const char *note;	/* what is wrong, for the log; or null */
	struct trust_question question;	/* with TRUST_ASK; in the request's pool */
};
/* Judges the credentials of each sender that the endpoint names, until one is proved. Secrets are compared in
 * constant time. Where a sender has query_token, access_token in the query does for Authorization: Bearer. From any
 * thread. */
enum trust_verdict trust_admit(const struct trust *trust, const struct trust_request *request, struct admitted *admitted);
/* The answer of the issuer: JSON, or null when it cannot be had. From any thread. */
void trust_tell(const struct trust *trust, const struct trust_question *question, const void *answer, size_t len);
/* Whether who sends here is told by the body too: a body that is not whole proves nothing. */
bool trust_reads_body(const struct trust *trust, size_t endpoint);

enum trust_grant { GRANT_NONE, GRANT_GIVEN, GRANT_DENIED, GRANT_UNSURE };
/* What an operator decided about an origin; *rate: requests a minute, 0: no limit. From any thread. */
typedef enum trust_grant trust_granted(void *arg, const char *endpoint, const char *origin, int *rate);
/* Newer keys of an issuer are wanted. From any thread; must not wait. */
typedef void trust_wanted(void *arg, const char *issuer);
/* What is to be asked and counted besides; borrowed, each may be null: nothing is granted, no rate watched, no keys
 * fetched. */
struct trust_outside {
	struct rates *rates;
	trust_granted *granted;
	void *granted_arg;
	trust_wanted *wanted;
	void *wanted_arg;
};
void trust_consult(struct trust *trust, const struct trust_outside *outside);
enum trust_grant trust_look_up(const struct trust *trust, const struct conf_endpoint *endpoint, const char *origin,
			       int *rate);
/* As rates_take, at this moment; a rate of 0 is none. */
int trust_take(const struct trust *trust, const struct rate_of *of);

#endif
