/* SPDX-License-Identifier: EUPL-1.2
 * The dispatcher's one loop: hear, settle, sort, hand out, keep house, wait. */
#ifndef DISPATCH_LOOP_H
#define DISPATCH_LOOP_H

#include <stdbool.h>
#include "conf/conf.h"
#include "store/store.h"

struct loop_setup {		/* all borrowed */
	const struct conf *conf;
	struct store *store;
	const char *runner;	/* the program */
	int control, bell, signals;	/* descriptors; -1: none. signals: signalfd of SIGTERM, SIGINT, SIGCHLD */
	bool drain;		/* leave when there is nothing to do any more */
};

/* Works until it is told to leave (or drained); says that it is ready, on control. 0: all is well;
 * 1: a handler could not be started, and its events wait (drain only); -1: it could not begin. */
int loop_run(const struct loop_setup *setup, struct err *err);

#endif
