/* SPDX-License-Identifier: EUPL-1.2
 * Group commit: one thread takes everything that waits, appends it in one transaction, answers all of
 * it, and takes what came meanwhile. */
#ifndef RECEIVE_COMMITTER_H
#define RECEIVE_COMMITTER_H

#include "base/board.h"
#include "conf/conf.h"
#include "receive/pipeline.h"

struct committer;
/* Starts the thread; it opens the store, and goes on trying when that fails. Returns once the first
 * attempt is over. conf and board outlive it. Null: the thread could not be started. */
struct committer *committer_start(const struct conf *conf, struct board *board, struct err *err);
/* Finishes what is queued and ends the thread; what comes after that is answered with 503. */
void committer_end(struct committer *committer);
/* The same, and frees it: when nobody can come any more. */
void committer_stop(struct committer **committer);
/* Never waits. The committer answers the request: with the verdict's reply once its event is durable,
 * or 503. */
void committer_record(struct committer *committer, struct gate_request *request, const struct verdict *verdict);
/* The same for a handshake that is to be kept for an operator. */
void committer_ask(struct committer *committer, struct gate_request *request, const struct verdict *verdict);
/* A copy of the body, and of what is kept with it, goes to the ring of rejected ones; under pressure it is left out. */
void committer_reject(struct committer *committer, const struct gate_request *request, const struct verdict *verdict);

#endif
