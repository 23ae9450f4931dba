/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "base/fail.h"

#ifdef ENABLE_FAILPOINTS
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PATH_LEN 512

/* The path of NAME.ACTION, or null when nothing is to fail. */
static const char *file_of(char *path, const char *name, const char *action)
{
	const char *dir = getenv("POSTVAK_FAILPOINTS");

	if (!dir)
		return NULL;
	snprintf(path, PATH_LEN, "%s/%s.%s", dir, name, action);
	return path;
}

static int taken(const char *name, const char *action)
{
	char path[PATH_LEN];

	return file_of(path, name, action) && unlink(path) == 0;
}

int fail_at(const char *name)
{
	if (taken(name, "kill"))
		kill(getpid(), SIGKILL);
	if (taken(name, "stop"))
		kill(getpid(), SIGSTOP);
	return taken(name, "error");
}

int fail_during(const char *name)
{
	char path[PATH_LEN];

	return file_of(path, name, "on") && access(path, F_OK) == 0;
}

int64_t fail_number(const char *name)
{
	char path[PATH_LEN], text[32];
	FILE *f = file_of(path, name, "number") ? fopen(path, "re") : NULL;
	int64_t n = 0;

	if (!f)
		return 0;
	if (fgets(text, sizeof text, f))
		n = strtoll(text, NULL, 10);
	fclose(f);
	return n;
}
#else
typedef int fail_is_empty;	/* ISO C wants a declaration in every file */
#endif
