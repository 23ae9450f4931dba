/* SPDX-License-Identifier: EUPL-1.2
 * The NL GOV profile for CloudEvents (Logius, v1.1): what it asks beyond CloudEvents. */
#ifndef EVENT_NLGOV_H
#define EVENT_NLGOV_H

#include "event/event.h"

enum cloud_profile {
	PROFILE_CNCF,		/* CloudEvents 1.0.2 alone */
	PROFILE_NLGOV,		/* and notes what deviates from the Dutch profile */
	PROFILE_NLGOV_STRICT,	/* and refuses it */
	PROFILE_NLGOV_URN	/* and refuses sources that break the URN rules that are pending (issue 32 of the profile) */
};

/* Says of each deviation which attribute, and how it deviates, as the end of a sentence.
 * A source that is null and a type that is "" are passed over: something else is wrong with those. */
typedef void nlgov_says(void *arg, const char *name, const char *how);
void nlgov_check(const struct event *event, enum cloud_profile profile, nlgov_says *says, void *arg);

#endif
