/* SPDX-License-Identifier: EUPL-1.2
 * Names and addresses of machines. */
#ifndef EVENT_HOST_H
#define EVENT_HOST_H

#include <stdbool.h>

/* A DNS host name: labels of letters, digits and hyphens, of at most 63, at most 253 bytes in all. */
bool host_valid(const char *name);
/* Whether REMOTE_ADDR is this machine: a loopback address, or "unix:" as nginx has it. */
bool peer_local(const char *peer);

#endif
