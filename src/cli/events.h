/* SPDX-License-Identifier: EUPL-1.2
 * The parts of postvak events: the list, one event, and what was refused. Each gives an exit status. */
#ifndef CLI_EVENTS_H
#define CLI_EVENTS_H

#include "cli/site.h"
#include "cli/view.h"

/* Reads the filter's flags, but for the handler (an index into what the desk has). Also for gaps. */
int events_filter(const struct call *call, struct view_filter *filter);
int events_list(struct store *store, const struct view *view, const struct view_filter *filter, bool json);

struct show {
	uint64_t n;
	bool json, data, raw;
};
int event_show(struct site *site, const struct show *show);

/* only_n 0: the list; bodies: with what was sent. */
int rejected_list(const struct call *call, struct site *site, uint64_t only_n, bool bodies);

#endif
