/* SPDX-License-Identifier: EUPL-1.2
 * What postvak erase looks for, and what it found. */
#ifndef CLI_ERASE_H
#define CLI_ERASE_H

#include "cli/site.h"

enum erase_by { BY_SUBJECT, BY_LANE, BY_TEXT };

struct erase_wish {
	enum erase_by by;
	const char *text;		/* the subject, or the text; null with BY_LANE */
	struct event_key lane;		/* with BY_LANE; with BY_SUBJECT that of a notification with this hoofdObject */
};

struct item {
	uint64_t n;
	bool has_lane;
	struct event_key lane;
};

struct finds {				/* {0} */
	struct item *v;			/* events, ascending */
	size_t n, cap;
	uint64_t *rejected;		/* ascending */
	size_t n_rejected, rejected_cap;
	size_t duplicates, quarantined;
};

/* Adds what is in the log behind `after` and at or below `upto`, with the duplicates of what is found, and the refused
 * bodies (never by lane). In short reads; says how far it is on a terminal. */
int finds_look(struct site *site, const struct erase_wish *wish, uint64_t after, uint64_t upto, struct finds *finds,
	       struct err *err);
void finds_free(struct finds *finds);
/* The lanes of the items from to from + n, each once; the caller frees. */
struct event_key *finds_lanes(const struct finds *finds, size_t from, size_t n, size_t *n_lanes);

#endif
