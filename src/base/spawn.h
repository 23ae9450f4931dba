/* SPDX-License-Identifier: EUPL-1.2
 * fork and exec in one step: a child gets exactly the descriptors, arguments and environment named
 * here, default signal dispositions and an empty signal mask. */
#ifndef BASE_SPAWN_H
#define BASE_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "base/err.h"

#define SPAWN_FDS 8

struct spawn {
	const char *path;		/* absolute */
	char *const *argv;
	char *const *envp;
	int fds[SPAWN_FDS];		/* fds[i] becomes descriptor i; -1: /dev/null for 0 to 2, closed above */
	size_t n_fds;			/* at least 3 */
	bool own_group;			/* a process group of its own, where a terminal's Ctrl-C does not reach */
};

/* The child's pid, or -1 (also when the exec failed: the reason comes back). */
pid_t spawn_start(const struct spawn *spawn, struct err *err);
/* How a child ended: "exited with status 3" / "killed by SIGSEGV" for people. */
char *wait_text(char *text, size_t len, int status);

#endif
