/* SPDX-License-Identifier: EUPL-1.2
 * A thread that checkpoints the log: in small steps beside commits, and as a whole before its write-ahead log has grown
 * large. The dispatcher does so only when there is no receiver with such a thread. */
#ifndef RECEIVE_UPKEEP_H
#define RECEIVE_UPKEEP_H

#include "conf/conf.h"

#define UPKEEP_WAL_MAX (16u << 20)	/* above this the log's write-ahead log is to begin anew */

struct upkeep;
/* conf outlives it. Null: the thread could not be started. */
struct upkeep *upkeep_start(const struct conf *conf, struct err *err);
void upkeep_stop(struct upkeep **upkeep);

#endif
