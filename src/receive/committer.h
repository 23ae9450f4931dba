/* SPDX-License-Identifier: EUPL-1.2
 * Group commit: whoever commits takes everything that waits, appends it as one, answers all of it, and takes what came
 * meanwhile. That is a thread of the gate, once it has read what there was, for where processors are scarce a thread that is
 * woken for each group costs more than it brings. It is the committer's own thread where there are more of them or a single
 * thread of the gate, while groups are large, or the store is slow or fails, and for what other threads bring. */
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
/* Never waits. The request is answered with the verdict's reply once its event is durable, or with 503, by whoever commits
 * it: committer_commit or committer_wake has to follow. */
void committer_record(struct committer *committer, struct gate_request *request, const struct verdict *verdict);
/* Sees to it that what was recorded is committed: here and now, or by the committer's thread. For a group that another
 * commits it waits, 100 ms at most. */
void committer_commit(struct committer *committer);
/* By its thread; never waits. */
void committer_wake(struct committer *committer);

#endif
