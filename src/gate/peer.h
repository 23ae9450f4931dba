/* SPDX-License-Identifier: EUPL-1.2
 * Who is at the other end of a connection: the web server, whose word counts about the client's certificate, or
 * anybody who can reach the socket. */
#ifndef GATE_PEER_H
#define GATE_PEER_H

#include <stdbool.h>
#include <sys/types.h>

struct peer_rule {		/* whose connections are the web server's, besides those of root */
	bool own;		/* of this process's own user */
	bool by_group;
	gid_t group;		/* of its members */
};
/* own, and the members of a group by its name ("": none). */
struct peer_rule peer_rule(bool own, const char *group);
/* By who connected (SO_PEERCRED): over TCP it is never known. */
bool peer_serves(const struct peer_rule *rule, int fd);

#endif
