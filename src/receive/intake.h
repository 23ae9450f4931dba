/* SPDX-License-Identifier: EUPL-1.2
 * Where requests arrive from the gate: judged, counted, said in the log, and answered or recorded. */
#ifndef RECEIVE_INTAKE_H
#define RECEIVE_INTAKE_H

#include "receive/committer.h"

struct intake {
	const struct conf *conf;
	const struct trust *trust;
	struct board *board;
	struct committer *committer;
};

/* A gate_serve with the intake as its arg; from any thread. */
void intake_serve(void *intake, struct gate_request *request);
/* Says in the log, a few lines a second at most, what became of an origin that asked for permission. */
void intake_handshake(const struct verdict *verdict);
/* Counts a refusal and says it in the log, a few lines a second at most. */
void intake_note(struct board *board, const struct gate_request *request, const struct verdict *verdict);

#endif
