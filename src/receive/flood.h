/* SPDX-License-Identifier: EUPL-1.2
 * Failed authentications from one address: the answers to many come later. Nobody is locked out: credentials are judged
 * before this is asked. */
#ifndef RECEIVE_FLOOD_H
#define RECEIVE_FLOOD_H

#include "base/mem.h"
#include "trust/trust.h"

/* Counts a failure of a network, and says for how many milliseconds its answer is to be held back: 0 while there are no
 * more than `failures` a minute, then 1 s, and one more for each further time as many, 5 at most. */
int flood_hold_ms(const struct trust *trust, const struct conf *conf, const char *network);
/* The network that counts as one address: an IPv4 address, or the first 64 bits of an IPv6 one, of which a client has as
 * many as it wants. What is no address is taken as it is. */
const char *flood_network(struct pool *pool, const char *peer);

#endif
