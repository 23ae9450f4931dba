/* SPDX-License-Identifier: EUPL-1.2
 * Where receivers come to ask: connections on a socket that lets in those who may (its mode). */
#ifndef KEYS_DOOR_H
#define KEYS_DOOR_H

#include <poll.h>
#include "trust/ask.h"

#define DOOR_CONNECTIONS 256	/* more are closed as they come */

/* Somebody asks; asker is told again with the answer. */
typedef void door_asked(void *arg, uint64_t asker, const struct ask *ask);

struct door;
struct door *door_new(int listen_fd, door_asked *asked, void *arg);	/* borrows all */
void door_free(struct door **door);
#define DOOR_FDS (DOOR_CONNECTIONS + 1)
/* What it waits for, into fds (DOOR_FDS of them); how many. */
size_t door_fds(const struct door *door, struct pollfd *fds);
void door_work(struct door *door, const struct pollfd *fds, size_t n);
/* An answer to an ASK_TOKEN of that asker, who may have gone. */
void door_answer(struct door *door, uint64_t asker, const struct ask_answer *answer);
/* Lets nobody in any more and hears out what was said; who gets an answer yet gets it. */
void door_drain(struct door *door);
bool door_empty(const struct door *door);

#endif
