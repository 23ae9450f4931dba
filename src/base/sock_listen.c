/* SPDX-License-Identifier: EUPL-1.2
 * Listening, in a file of its own: a program that must not listen is not even linked with listen(). */
#include "base/sock.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/mem.h"

#define BACKLOG 4096	/* the most that Linux gives (net.core.somaxconn; 128 before 5.4): a unix socket refuses what is over */

static int listen_on(int fd)
{
	return listen(fd, BACKLOG);
}

static int bind_tcp(const char *where, struct err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *found;
	char *host = str_dup(where), *port = strrchr(host, ':'), *bare = host;
	int fd = -1, one = 1, rc;

	if (!port) {
		err_set(err, "tcp:%s is not tcp:ADDRESS:PORT", where);
		goto out;
	}
	*port++ = '\0';
	if (*bare == '[' && bare[strlen(bare) - 1] == ']') {
		bare[strlen(bare) - 1] = '\0';
		bare++;
	}
	rc = getaddrinfo(bare, port, &hints, &found);
	if (rc) {
		err_set(err, "tcp:%s is not a numeric address and port: %s", where, gai_strerror(rc));
		goto out;
	}
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
	    bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen_on(fd) < 0) {
		err_sys(err, "cannot listen on tcp:%s", where);
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
out:
	free(host);
	return fd;
}

int sock_listen_packets(const char *path, const char *group, struct err *err)
{
	return sock_bind(path, SOCK_SEQPACKET, listen_on, group, err);
}

int sock_listen(const char *address, const char *group, struct err *err)
{
	if (strncmp(address, "unix:", 5) == 0)
		return sock_bind(address + 5, SOCK_STREAM, listen_on, group, err);
	if (strncmp(address, "tcp:", 4) == 0)
		return bind_tcp(address + 4, err);
	return err_set(err, "%s is neither unix:PATH nor tcp:ADDRESS:PORT", address);
}
