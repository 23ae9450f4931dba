/* SPDX-License-Identifier: EUPL-1.2
 * How far something is: a bar for people, a share, and how long it may take. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdint.h>
#include "base/buf.h"

struct progress {
	uint64_t done, all;
	uint64_t newest;	/* of several that are waited for: the greatest id */
	int64_t took_ms;	/* for took_done; 0: unknown */
	uint64_t took_done;
};

int progress_percent(const struct progress *p);
int64_t progress_about_ms(const struct progress *p);	/* until its end; -1: cannot be said */
/* " 45 %, 4950 to go, about 12 s", with a bar before it if one is wanted. */
void progress_text(const struct progress *p, bool bar, struct buf *out);
/* On the terminal that standard error is, over what was drawn last; nothing when it is none. */
void progress_draw(const struct progress *p);
void progress_end(void);			/* wipes it */

#endif
