/* SPDX-License-Identifier: EUPL-1.2
 * The yardstick: the plainest threaded libfcgi program. A thread a connection; each reads the body
 * and answers 204. Nothing is checked and nothing is kept. Usage: plain_fcgi SOCKET THREADS */
#include <fcgiapp.h>
#include <pthread.h>
#include <stdlib.h>

static int listening;

static void *serve(void *unused)
{
	FCGX_Request request;
	char body[8192];

	(void)unused;
	FCGX_InitRequest(&request, listening, 0);
	while (FCGX_Accept_r(&request) == 0) {
		while (FCGX_GetStr(body, sizeof body, request.in) > 0)
			;
		FCGX_PutS("Status: 204 No Content\r\n\r\n", request.out);
		FCGX_Finish_r(&request);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = argc > 2 ? atoi(argv[2]) : 64;

	if (argc < 2)
		return 2;
	FCGX_Init();
	listening = FCGX_OpenSocket(argv[1], 511);
	for (int i = 1; i < threads; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, serve, NULL))
			return 1;
	}
	serve(NULL);
	return 0;
}
