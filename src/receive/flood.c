/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "receive/flood.h"

#include <arpa/inet.h>
#include <string.h>

#define LEVELS 5		/* buckets of `failures` a minute, one behind the other */
#define HOLD_MS 1000		/* for each that is empty */

const char *flood_network(struct pool *pool, const char *peer)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (inet_pton(AF_INET6, peer, &address) != 1)
		return peer;
	if (IN6_IS_ADDR_V4MAPPED(&address)) {
		inet_ntop(AF_INET, &address.s6_addr[12], text, sizeof text);
		return pool_str(pool, text);
	}
	memset(&address.s6_addr[8], 0, 8);
	inet_ntop(AF_INET6, &address, text, sizeof text);
	return pool_fmt(pool, "%s/64", text);
}

int flood_hold_ms(const struct trust *trust, const struct conf *conf, const char *network)
{
	char level[] = "0";

	if (!conf->failures)
		return 0;
	for (int i = 0; i < LEVELS; i++) {
		level[0] = (char)('0' + i);
		if (trust_take(trust, &(struct rate_of){ "failed", level, network, conf->failures }) == 0)
			return i * HOLD_MS;
	}
	return LEVELS * HOLD_MS;
}
