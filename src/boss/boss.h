/* SPDX-License-Identifier: EUPL-1.2
 * The boss: `postvak serve`. It opens the listening socket and the doorbell, starts the dispatcher
 * and the receivers, replaces those that die, and changes generations at SIGHUP. It never parses a
 * request, opens the store or loads a plugin. */
#ifndef BOSS_BOSS_H
#define BOSS_BOSS_H

#include <sys/types.h>

/* Serves with this configuration file until SIGTERM or SIGINT. The exit status: 0 after an orderly
 * stop, 1 when it could not start (another one serves, no socket), 2 for a bad configuration; what
 * is wrong has been printed. Takes over the process: signals, SIGCHLD and every descriptor above 2. */
int boss_serve(const char *conf_file);

/* The programs that it starts; boss_serve takes the installed ones. */
struct boss_programs {
	const char *receiver, *dispatcher, *keys;	/* absolute paths */
	const char *check;			/* run as `check -c FILE check` at a reload */
};
int boss_serve_with(const char *conf_file, const struct boss_programs *programs);

/* Whether a boss serves this run directory: 1 and its pid, or 0. */
int boss_pid(const char *run_dir, pid_t *pid);

#endif
