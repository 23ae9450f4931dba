/* SPDX-License-Identifier: EUPL-1.2
 * Where requests arrive from the gate: judged, counted, said in the log, and answered or recorded. */
#ifndef RECEIVE_INTAKE_H
#define RECEIVE_INTAKE_H

#include "receive/clerk.h"
#include "receive/committer.h"
#include "receive/waiting.h"

struct intake {
	const struct conf *conf;
	const struct trust *trust;
	struct board *board;
	struct committer *committer;
	struct clerk *clerk;
	struct waiting *waiting;	/* null: nobody waits */
};

/* A gate_serve with the intake as its arg; from any thread. */
void intake_serve(void *intake, struct gate_request *request);
/* A gate_finish, likewise: what was served is recorded. */
void intake_finish(void *intake, bool wait);
/* A waiting_told and a waiting_ready, likewise. */
void intake_told(void *intake, const struct trust_question *question, const void *answer, size_t len);
void intake_ready(void *intake, struct gate_request *request, bool final);
/* Counts a handshake that is no refusal, and says what became of it in the log, a few lines a second at most. */
void intake_handshake(struct board *board, const struct gate_request *request, const struct verdict *verdict);
/* Counts a refusal (and credentials that did not hold) and says it in the log, a few lines a second at most. */
void intake_note(struct board *board, const struct gate_request *request, const struct verdict *verdict);

#endif
