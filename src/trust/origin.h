/* SPDX-License-Identifier: EUPL-1.2
 * Origins of CloudEvents web hooks: who may have permission to send to an endpoint, as asked for with
 * OPTIONS and repeated with each delivery (WebHook-Request-Origin). Not a proof of who it is. */
#ifndef TRUST_ORIGIN_H
#define TRUST_ORIGIN_H

#include "conf/conf.h"
#include "event/message.h"
#include "trust/trust.h"

#define CALLBACK_MAX 2048

enum origin_verdict {
	ORIGIN_NONE,		/* not named */
	ORIGIN_GRANTED,		/* listed, or granted by an operator */
	ORIGIN_UNKNOWN,		/* neither, and no operator decided about it */
	ORIGIN_DENIED,		/* by an operator */
	ORIGIN_UNSURE,		/* what operators granted cannot be read now */
	ORIGIN_REPEATED,	/* the header came more than once */
	ORIGIN_MALFORMED	/* not a host name */
};
struct origin {
	const char *name;	/* as supplied; null with ORIGIN_NONE and ORIGIN_REPEATED */
	int rate;		/* granted: requests a minute, 0: no limit */
};
enum origin_verdict origin_judge(const struct trust *trust, const struct conf_endpoint *endpoint,
				 const struct message *m, struct origin *origin);

/* WebHook-Request-Rate, requests a minute; 0 when not asked for; -1 when it is not a positive number. */
int origin_rate_asked(const struct message *m);
/* WebHook-Request-Callback, when it is one that an operator could have called; else null. */
const char *origin_callback(const struct message *m);
/* min(asked, most), where 0 means none. */
int origin_rate_allowed(int asked, int most);

#endif
