/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "base/fail.h"

#ifdef ENABLE_FAILPOINTS
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int taken(const char *name, const char *action)
{
	const char *dir = getenv("POSTVAK_FAILPOINTS");
	char path[512];

	if (!dir)
		return 0;
	snprintf(path, sizeof path, "%s/%s.%s", dir, name, action);
	return unlink(path) == 0;
}

int fail_at(const char *name)
{
	if (taken(name, "kill"))
		kill(getpid(), SIGKILL);
	if (taken(name, "stop"))
		kill(getpid(), SIGSTOP);
	return taken(name, "error");
}
#else
typedef int fail_is_empty;	/* ISO C wants a declaration in every file */
#endif
