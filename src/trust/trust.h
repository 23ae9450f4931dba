/* SPDX-License-Identifier: EUPL-1.2
 * Who may send: a message's credentials against the senders of its endpoint, what operators granted to
 * origins, and how much of it. */
#ifndef TRUST_TRUST_H
#define TRUST_TRUST_H

#include "conf/conf.h"
#include "event/message.h"
#include "trust/rate.h"

enum trust_verdict {
	TRUST_OK,
	TRUST_MISSING,		/* 401: no credential at all */
	TRUST_WRONG,		/* 403: one that is not known, or that came more than once */
	TRUST_UNCLEAR		/* 400: the token in the query came twice, beside a header, or cannot be decoded */
};

struct trust;
struct trust *trust_new(const struct conf *conf);	/* keeps digests of the secrets, not conf */
void trust_free(struct trust **trust);

struct admitted {
	size_t sender;		/* its index in conf; with TRUST_OK */
	bool by_query;		/* by access_token in the query */
	const char *why;	/* with TRUST_UNCLEAR: a sentence */
};
/* Compares the whole Authorization header with every live secret of every sender that the endpoint
 * (its index in conf) names, in constant time over all of them; the scheme Bearer in any case. Where a
 * sender has query_token, access_token in the query does for it as Bearer does in the header. */
enum trust_verdict trust_admit(const struct trust *trust, size_t endpoint, const struct message *m,
			       struct admitted *admitted);

enum trust_grant { GRANT_NONE, GRANT_GIVEN, GRANT_DENIED, GRANT_UNSURE };
/* What an operator decided about an origin; *rate: requests a minute, 0: no limit. From any thread. */
typedef enum trust_grant trust_granted(void *arg, const char *endpoint, const char *origin, int *rate);
/* What is to be asked and counted besides; borrowed. Without: nothing is granted, and no rate watched. */
void trust_consult(struct trust *trust, struct rates *rates, trust_granted *granted, void *arg);
enum trust_grant trust_look_up(const struct trust *trust, const struct conf_endpoint *endpoint, const char *origin,
			       int *rate);
/* As rates_take, at this moment; a rate of 0 is none. */
int trust_take(const struct trust *trust, const struct rate_of *of);

#endif
