/* SPDX-License-Identifier: EUPL-1.2
 * What a runner may use, and when it has used so much that a fresh one should take over. */
#ifndef RUN_LIMITS_H
#define RUN_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/* Before any byte of the plugin runs. memory in bytes, 0: no limit. Says in the log what the system
 * does not grant; nothing here keeps a handler from running. */
void limits_apply(uint64_t memory);
/* After open(): what the process holds now is no leak. */
void limits_settle(void);
/* After an event that ran for so long: it grew above three quarters of its memory. */
bool limits_outgrown(uint64_t took_us);

#endif
