/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "base/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/die.h"
#include "base/mem.h"

int fd_nonblock(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

int path_group(const char *path, const char *group, struct err *err)
{
	struct group *entry;

	if (!group || !*group)
		return 0;
	entry = getgrnam(group);
	if (!entry)
		return err_set(err, "there is no group %s (setting group); create it or change the setting", group);
	if (chown(path, (uid_t)-1, entry->gr_gid) < 0)
		return err_sys(err, "cannot give %s to the group %s (make the user that runs postvak a member)", path, group);
	return 0;
}

int path_make_dir(const char *path, struct err *err)
{
	char *copy = mem_dup(path, strlen(path) + 1);
	int rc = 0;

	for (char *slash = strchr(copy + 1, '/'); slash && rc == 0; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			rc = err_sys(err, "cannot make the directory %s", copy);
		*slash = '/';
	}
	if (rc == 0 && mkdir(copy, 0770) < 0 && errno != EEXIST)
		rc = err_sys(err, "cannot make the directory %s", copy);
	free(copy);
	return rc;
}

static int unix_address(struct sockaddr_un *address, const char *path, struct err *err)
{
	must(path != NULL);
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof address->sun_path)
		return err_set(err, "the socket path %s is too long (at most %zu bytes)", path, sizeof address->sun_path - 1);
	strcpy(address->sun_path, path);
	return 0;
}

int sock_bind(const char *path, int type, int (*ready)(int fd), const char *group, struct err *err)
{
	struct sockaddr_un address;
	char *temporary = str_fmt("%s.%ld", path, (long)getpid());
	int fd = -1;

	if (unix_address(&address, temporary, err) < 0)
		goto failed;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	unlink(temporary);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || chmod(temporary, 0660) < 0) {
		err_sys(err, "cannot make the socket %s", path);
		goto failed;
	}
	if (path_group(temporary, group, err) < 0)
		goto failed;
	if (ready && ready(fd) < 0) {
		err_sys(err, "cannot listen on %s", path);
		goto failed;
	}
	if (rename(temporary, path) < 0) {
		err_sys(err, "cannot rename %s to %s", temporary, path);
		goto failed;
	}
	free(temporary);
	return fd;
failed:
	if (fd >= 0) {
		close(fd);
		unlink(temporary);
	}
	free(temporary);
	return -1;
}

int bell_open(const char *path, const char *group, struct err *err)
{
	return sock_bind(path, SOCK_DGRAM, NULL, group, err);
}

void bell_answer(int fd)
{
	char byte[16];

	while (recv(fd, byte, sizeof byte, MSG_DONTWAIT) > 0)
		;
}

int bell_rope(void)
{
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

void bell_ring(int rope, const char *path)
{
	struct sockaddr_un address;

	if (rope < 0 || unix_address(&address, path, NULL) < 0)
		return;
	sendto(rope, "!", 1, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&address, sizeof address);
}

int sock_connect_packets(const char *path, struct err *err)
{
	struct sockaddr_un address;
	int fd;

	if (unix_address(&address, path, err) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0 && fd_nonblock(fd, false) == 0)
		return fd;
	err_sys(err, "cannot connect to %s", path);
	if (fd >= 0)
		close(fd);
	return -1;
}

int sock_pair(int fds[2], struct err *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return err_sys(err, "cannot make a socket pair");
	return 0;
}

union fd_control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int sock_send(int sock, const void *p, size_t len, int fd)
{
	struct iovec iov = { (void *)(uintptr_t)p, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union fd_control control;
	ssize_t n;

	if (fd >= 0) {
		struct cmsghdr *c;

		memset(&control, 0, sizeof control);
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof control.bytes;
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

ssize_t sock_receive(int sock, void *p, size_t len, int *fd)
{
	struct iovec iov = { p, len };
	union fd_control control;
	/* The length without its padding, which has room for a second descriptor that nobody would close. */
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			      .msg_controllen = CMSG_LEN(sizeof *fd) };
	struct cmsghdr *c;
	ssize_t n;

	*fd = -1;
	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return n;
	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof *fd))
			memcpy(fd, CMSG_DATA(c), sizeof *fd);
	return n;
}

char *fd_read_all(int fd, size_t max, size_t *len, struct err *err)
{
	struct buf b = {0};

	for (;;) {
		ssize_t n = read(fd, buf_room(&b, 16384), 16384);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err_sys(err, "cannot read");
		else if (b.len + (size_t)n > max)
			n = err_set(err, "is longer than %zu bytes", max);
		if (n < 0) {
			buf_free(&b);
			return NULL;
		}
		b.len += (size_t)n;
		b.p[b.len] = '\0';
		if (n == 0)
			break;
	}
	if (len)
		*len = b.len;
	return b.p;
}

char *file_read(const char *path, size_t max, size_t *len, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct err inner = {{0}};
	char *text;

	if (fd < 0) {
		err_sys(err, "cannot open %s", path);
		return NULL;
	}
	text = fd_read_all(fd, max, len, &inner);
	if (!text)
		err_set(err, "%s: %.400s", path, inner.text);
	close(fd);
	return text;
}

static int write_all(int fd, const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int file_replace(const char *path, const void *p, size_t len, mode_t mode, struct err *err)
{
	char *temporary = str_fmt("%s.%ld", path, (long)getpid());
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	int rc = -1;

	if (fd < 0)
		err_sys(err, "cannot write %s", temporary);
	else if (fchmod(fd, mode) < 0 || write_all(fd, p, len) < 0 || fsync(fd) < 0 || rename(temporary, path) < 0)
		err_sys(err, "cannot write %s", path);
	else
		rc = 0;
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && rc < 0)
		unlink(temporary);
	free(temporary);
	return rc;
}
