/* SPDX-License-Identifier: EUPL-1.2
 * Handshakes of other senders than those of CloudEvents: a service wants to see that this endpoint expects it before it
 * sends. A row each; off unless the endpoint has its setting. */
#ifndef RECEIVE_CHALLENGE_H
#define RECEIVE_CHALLENGE_H

#include "conf/conf.h"
#include "event/message.h"

enum challenge_when { CHALLENGE_FIRST, CHALLENGE_ADMITTED };	/* before credentials are judged, or after */

struct challenge {			/* a request that is a handshake, and what is answered */
	const char *name;		/* of its setting, behind handshake.; null: it is none */
	int status;			/* 200, or what it is refused with */
	const char *code, *reason;	/* of a refusal */
	const char *at;			/* what the reason is about: ?PARAMETER, a header or a JSON pointer; or "" */
	bool failed;			/* somebody guesses at a secret */
	const char *type, *body;	/* with 200; body null: none */
	const char *note;		/* for the log, or null; never anything of a query */
};

struct challenge_place {
	const struct conf *conf;
	const struct conf_endpoint *endpoint;
	const struct message *m;
	struct pool *pool;
};
/* Whether the request is a handshake of that time that the endpoint takes. */
bool challenge_meet(const struct challenge_place *place, enum challenge_when when, struct challenge *out);
/* Whether the endpoint has a handshake that comes with GET. */
bool challenge_by_get(const struct conf_endpoint *endpoint);

#endif
