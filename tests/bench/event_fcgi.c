/* SPDX-License-Identifier: EUPL-1.2
 * The fastest empty program that libfcgi allows: it accepts connections itself, idle ones wait in epoll and take no
 * thread, and libfcgi reads a request once bytes are there. Each is answered 204. Nothing is checked and nothing is
 * kept. A slow request holds a thread, which only a program for measuring can afford. Usage: event_fcgi SOCKET THREADS */
#include <fcgiapp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int listening, waiting;

static int listen_at(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (strlen(path) >= sizeof at.sun_path)
		return -1;
	strcpy(at.sun_path, path);
	unlink(path);
	return fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 511) < 0 ? -1 : fd;
}

/* Tells of the next bytes once, to one thread. */
static void wait_for(int fd, int how)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT, .data.fd = fd };

	if (epoll_ctl(waiting, how, fd, &event) < 0)
		close(fd);
}

static void accept_all(void)
{
	int fd;

	while ((fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		wait_for(fd, EPOLL_CTL_ADD);
	wait_for(listening, EPOLL_CTL_MOD);
}

/* One request of the connection; false if that is closed now. */
static bool answer(FCGX_Request *request, int fd)
{
	char body[8192];
	bool keep;

	FCGX_InitRequest(request, -1, 0);
	request->ipcFd = fd;
	request->keepConnection = 1;	/* else FCGX_Accept_r begins with closing it */
	FCGX_Detach(request);		/* and if it has to close, then without waiting 2 s for the peer */
	if (FCGX_Accept_r(request) < 0)
		return false;
	while (FCGX_GetStr(body, sizeof body, request->in) > 0)
		;
	FCGX_PutS("Status: 204 No Content\r\n\r\n", request->out);
	keep = request->keepConnection;
	keep = FCGX_FClose(request->err) == 0 && FCGX_FClose(request->out) == 0 && keep;
	FCGX_Free(request, !keep);
	return keep;
}

static void *serve(void *unused)
{
	struct epoll_event event;
	FCGX_Request request;

	(void)unused;
	for (;;) {
		if (epoll_wait(waiting, &event, 1, -1) != 1)
			continue;
		if (event.data.fd == listening)
			accept_all();
		else if (answer(&request, event.data.fd))
			wait_for(event.data.fd, EPOLL_CTL_MOD);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = argc > 2 ? atoi(argv[2]) : 2;

	if (argc < 2) {
		fputs("Usage: event_fcgi SOCKET THREADS\n", stderr);
		return 2;
	}
	FCGX_Init();
	signal(SIGTERM, SIG_DFL);	/* it ends the program, and does not only tell libfcgi */
	waiting = epoll_create1(EPOLL_CLOEXEC);
	listening = listen_at(argv[1]);
	if (listening < 0) {
		perror(argv[1]);
		return 1;
	}
	wait_for(listening, EPOLL_CTL_ADD);
	for (int i = 1; i < threads; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, serve, NULL))
			return 1;
	}
	serve(NULL);
	return 0;
}
