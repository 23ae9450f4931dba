/* SPDX-License-Identifier: EUPL-1.2
 * What an event may change of the process that other events run in after it: kept once the handler is
 * open, and compared after each event. */
#ifndef RUN_WAYS_H
#define RUN_WAYS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define WAYS_LIMITS 6

struct ways {
	struct rlimit limits[WAYS_LIMITS];	/* first: of descriptors */
	sigset_t mask;
	struct stat cwd;
	mode_t umask;
	bool standard[3];	/* descriptors 0 to 2 are open */
	int lowest;		/* free descriptor */
	int free;		/* as lowest, but as it was when it was looked for last */
	bool timer;		/* the one of alarm() runs */
};

void ways_keep(struct ways *ways);
/* What is not as it was kept, in words ("another working directory"); null: nothing. *ended: the other end of the
 * socket was closed, though events may still wait in front of that. */
const char *ways_changed(struct ways *kept, int sock, bool *ended);

#endif
