/* SPDX-License-Identifier: EUPL-1.2
 * The handler that does nothing: every event is done at once. For measuring what is around it. */
#include <postvak/handler.h>

static int run(struct pv_host *host, void *state, struct pv_event *ev)
{
	(void)host;
	(void)state;
	(void)ev;
	return PV_DONE;
}

PV_HANDLER("null", "1.0", PV_NO_OPTIONS, .run = run);
