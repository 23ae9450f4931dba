/* SPDX-License-Identifier: EUPL-1.2 */
#include "boss/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "base/log.h"

/* The address in NOTIFY_SOCKET: a path, or after an @ a name of the abstract kind, whose length
 * counts. 0 if there is none that could be used. */
static socklen_t find(struct sockaddr_un *address)
{
	const char *where = getenv("NOTIFY_SOCKET");
	size_t len = where ? strlen(where) : 0;

	if (len < 2 || (*where != '/' && *where != '@') || len >= sizeof address->sun_path)
		return 0;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, where, len);
	if (*where == '@')
		address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (*where == '/'));
}

static void tell(const char *text)
{
	struct sockaddr_un address;
	socklen_t len = find(&address);
	int fd;

	if (!len)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address, len) < 0)
		log_warn("cannot tell the service manager (NOTIFY_SOCKET=%s): %s", getenv("NOTIFY_SOCKET"), strerror(errno));
	if (fd >= 0)
		close(fd);
}

void notify_ready(const char *status)
{
	char text[300];

	snprintf(text, sizeof text, "READY=1\nSTATUS=%s", status);
	tell(text);
}

/* With its time, which is what Type=notify-reload wants besides. */
void notify_reloading(void)
{
	struct timespec ts;
	char text[100];

	clock_gettime(CLOCK_MONOTONIC, &ts);
	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
		 (long long)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
	tell(text);
}

void notify_stopping(void)
{
	tell("STOPPING=1");
}
