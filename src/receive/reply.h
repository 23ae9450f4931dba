/* SPDX-License-Identifier: EUPL-1.2
 * Answers, with the headers of every one: problems (RFC 9457) that are also Fout and ValidatieFout of the NRC
 * consumer API. */
#ifndef RECEIVE_REPLY_H
#define RECEIVE_REPLY_H

#include <stdbool.h>
#include "event/fault.h"
#include "gate/gate.h"

#define RETRY_AFTER_S 10

struct problem_text {
	int status;
	const char *code;		/* "permission_denied" */
	const char *detail;		/* never empty; for the operator of the sender */
	const struct faults *faults;	/* with status 400: named one by one; or null */
	bool nrc, cloud;		/* as invalidParams, as the NRC has it; as errors, by JSON pointer or header */
};

/* The answer to what was taken: 200 (with an empty object), 202 or 204. */
void reply_done(int status, struct gate_reply *reply);
/* One without a body, whatever the status. */
void reply_empty(int status, struct gate_reply *reply);
/* 200 with what somebody asked to hear, of which no browser is to make more. */
void reply_said(struct pool *pool, const char *type, const char *body, struct gate_reply *reply);
/* More headers, whole lines. */
void reply_add(struct pool *pool, struct gate_reply *reply, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Without API-version, where no notifications are taken. */
void reply_unversioned(struct gate_reply *reply);
/* Cache-Control: private as well, since a credential stood in the URL. */
void reply_private(struct pool *pool, struct gate_reply *reply);
void reply_problem(struct pool *pool, const struct problem_text *problem, struct gate_reply *reply);
/* 503 with Retry-After. */
void reply_unavailable(struct pool *pool, const char *why, struct gate_reply *reply);

#endif
