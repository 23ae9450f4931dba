/* SPDX-License-Identifier: EUPL-1.2
 * Sockets and descriptors: listening, the doorbell, passing descriptors on. All descriptors that
 * these functions make are close-on-exec. */
#ifndef BASE_SOCK_H
#define BASE_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "base/err.h"

/* Listens on "unix:/path" (bound under a temporary name, mode 0660, given to the group when one
 * is named, then renamed over what was there) or "tcp:ADDRESS:PORT" ("tcp:[::1]:9000").
 * Backlog 511, nonblocking. The descriptor, or -1. */
int sock_listen(const char *address, const char *group, struct err *err);

/* Listens for SOCK_SEQPACKET connections at path, likewise; and connects to it: the descriptor is blocking, but
 * where too many stand in its queue that is an error at once. */
int sock_listen_packets(const char *path, const char *group, struct err *err);
int sock_connect_packets(const char *path, struct err *err);

/* A bound, nonblocking unix socket, under its name only once mode (0660), group and what `ready` (may be
 * null) does to it are right. The descriptor, or -1. */
int sock_bind(const char *path, int type, int (*ready)(int fd), const char *group, struct err *err);

/* The doorbell: a datagram socket at path, mode 0660, for the group. Nonblocking. */
int bell_open(const char *path, const char *group, struct err *err);
void bell_answer(int fd);			/* takes all rings off */
/* The bell's other end, to be kept; ring with bell_ring. Never fails: a lost ring is harmless. */
int bell_rope(void);
void bell_ring(int rope, const char *path);

/* One message with at most one descriptor over a SOCK_SEQPACKET pair. */
int sock_pair(int fds[2], struct err *err);
/* 0 or -1 with errno; fd -1: none. Never raises SIGPIPE. */
int sock_send(int sock, const void *p, size_t len, int fd);
/* Bytes received, 0 at the end, -1 with errno. *fd is -1 if none came; the receiver owns it. Of several the others are
 * closed. */
ssize_t sock_receive(int sock, void *p, size_t len, int *fd);

int fd_nonblock(int fd, bool on);
/* Gives a path to a group; a null or empty group changes nothing. */
int path_group(const char *path, const char *group, struct err *err);
/* Makes the directory and its parents. 0770 for the last one. */
int path_make_dir(const char *path, struct err *err);
/* Whole file; the NUL behind it is not counted. Null with err on failure or beyond max bytes. */
char *file_read(const char *path, size_t max, size_t *len, struct err *err);
char *fd_read_all(int fd, size_t max, size_t *len, struct err *err);
/* Replaces a file in one step (temporary name, fsync, rename). */
int file_replace(const char *path, const void *p, size_t len, mode_t mode, struct err *err);

#endif
