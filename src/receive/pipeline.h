/* SPDX-License-Identifier: EUPL-1.2
 * What becomes of a request: a message in, a verdict out. Knows no sockets, and writes to no store. */
#ifndef RECEIVE_PIPELINE_H
#define RECEIVE_PIPELINE_H

#include "conf/conf.h"
#include "event/event.h"
#include "gate/gate.h"
#include "receive/reply.h"
#include "store/store.h"
#include "trust/trust.h"

struct verdict {
	struct gate_reply reply;
	struct event **events;		/* n of them, to be recorded together before the reply is given */
	size_t n;
	bool probe;			/* a registration probe: answered and counted, nothing more */
	const char *code;		/* of a refusal, for the log; null when it is none */
	const char *reason;		/* every fault, in sentences without personal data */
	const char *note;		/* more of it that is for the log alone, or null */
	bool failed;			/* the credentials do not hold: who goes on like that is slowed down */
	const struct trust_question *question;	/* to be asked (and told to trust) before it is judged again; all else is empty */
	const char *endpoint, *sender;	/* names in the configuration, null when not known yet */
	const struct handshake *handshake;	/* OPTIONS of an origin: granted, or (asked) to be kept before the reply */
	const char *challenge;		/* the name of another handshake (receive/challenge.h), answered or refused; or null */
	bool unversioned;		/* the endpoint takes no notifications: no API-version in its answers */
	bool keep_body;			/* a known sender's body was refused: an operator may want to see it */
	const char *headers;		/* and these lines with it (receive/refusal.h), or null */
};

/* Fills the verdict; its memory is in request->pool. conf and trust outlive it. */
void pipeline_judge(const struct conf *conf, const struct trust *trust, const struct gate_request *request,
		    struct verdict *verdict);
/* The same once the question was answered, or will not be. */
void pipeline_judge_again(const struct conf *conf, const struct trust *trust, const struct gate_request *request,
			  struct verdict *verdict);
/* 429 instead of what the verdict says: credentials that do not hold came too often. */
void verdict_too_many(struct verdict *verdict, struct pool *pool, const char *why, int wait_s);
/* 503 instead of the verdict's reply. */
void verdict_unavailable(const struct verdict *verdict, struct pool *pool, const char *why, struct gate_reply *reply);

/* Says in the log, at level debug, what was recorded: no subject, no data. */
void verdict_recorded(const struct verdict *verdict);

#endif
