/* SPDX-License-Identifier: EUPL-1.2
 * Who may send: a message's credentials against the senders of its endpoint. */
#ifndef TRUST_TRUST_H
#define TRUST_TRUST_H

#include "conf/conf.h"
#include "event/message.h"

enum trust_verdict {
	TRUST_OK,
	TRUST_MISSING,		/* 401: no credential at all */
	TRUST_WRONG,		/* 403: one that is not known, or that came more than once */
};

struct trust;
struct trust *trust_new(const struct conf *conf);	/* keeps digests of the secrets, not conf */
void trust_free(struct trust **trust);

/* Compares the whole Authorization header with every live secret of every sender that the endpoint
 * (its index in conf) names, in constant time over all of them. TRUST_OK: *sender is its index. */
enum trust_verdict trust_admit(const struct trust *trust, size_t endpoint,
			       const struct message *m, size_t *sender);

#endif
