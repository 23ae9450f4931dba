/* SPDX-License-Identifier: EUPL-1.2
 * run_dir/boss.pid: who holds it locked is the boss. The lock is of the kind that can be asked
 * after without taking it (F_OFD_GETLK), so that asking never stands in the way of a start. */
#ifndef BOSS_PIDFILE_H
#define BOSS_PIDFILE_H

#include "base/err.h"

/* The descriptor, to be kept; -1 with who serves already, or why it cannot be. */
int pidfile_take(const char *run_dir, struct err *err);
/* Removes the file, then lets go of it. */
void pidfile_drop(const char *run_dir, int *fd);

#endif
