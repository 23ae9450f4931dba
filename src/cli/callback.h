/* SPDX-License-Identifier: EUPL-1.2
 * The one call to the callback of a handshake that an operator grants (CloudEvents web hooks, 4.1.3).
 * A stranger chose its URL: where it leads is looked at first. */
#ifndef CLI_CALLBACK_H
#define CLI_CALLBACK_H

#include <stdbool.h>
#include <sys/socket.h>
#include "net/http.h"
#include "store/store.h"

/* Appends scheme, host and port of a URL: what follows may be a secret. */
void callback_place(const char *url, struct buf *out);
/* Whether its host is the origin, or has the same last two labels. */
bool callback_fits(const char *url, const char *origin);
/* Loopback, link-local, private, or otherwise not an address of one machine on the Internet. */
bool callback_address_private(const struct sockaddr *address);
/* Says the grant to it. 0: *status is what it answered. */
int callback_call(struct http *http, const struct handshake *granted, int *status, struct err *err);

#endif
