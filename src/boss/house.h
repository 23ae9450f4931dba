/* SPDX-License-Identifier: EUPL-1.2
 * What the boss keeps open for as long as it lives: directories, pid file, doorbell, listening
 * sockets. A reload changes none of it, but for a socket that comes to be needed or not to be needed. */
#ifndef BOSS_HOUSE_H
#define BOSS_HOUSE_H

#include "boss/seat.h"

struct house {
	struct doors doors;
	int pidfile;
	char *run_dir;
	char *listening;	/* "unix:/path", "tcp:..."; null while there is no socket */
};

/* On failure house_close is still due. */
int house_open(struct house *house, const struct conf *conf, struct err *err);
/* Opens those listening sockets that this configuration wants and that are not open. */
int house_listen(struct house *house, const struct conf *conf, struct err *err);
/* Closes those that it does not want; null: all. */
void house_unlisten(struct house *house, const struct conf *conf);
/* Removes socket, bell and pid file. */
void house_close(struct house *house);
/* The number of the newest generation, for receivers that a web server starts. It goes on counting
 * over restarts of the boss: they would take an old number for their own. */
int house_publish(const struct house *house, uint64_t generation, struct err *err);
uint64_t house_published(const struct house *house);

#endif
