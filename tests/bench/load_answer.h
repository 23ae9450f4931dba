/* SPDX-License-Identifier: EUPL-1.2
 * What comes back: as much of HTTP/1.1 as tells where an answer ends, for a client that has one request under way. */
#ifndef LOAD_ANSWER_H
#define LOAD_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum answer_state { ANSWER_MORE, ANSWER_WHOLE, ANSWER_BROKEN };

struct answer {			/* {0} waits for the next one */
	char head[4096];
	size_t len;
	bool in_body, chunked, to_end;
	bool closing;		/* the server will close the connection */
	int status;
	uint64_t left;		/* of a body with a length */
	char tail[5];		/* of a chunked one */
};

void answer_begin(struct answer *answer);
/* Reads what has come, and is to be called again when more has, as an edge-triggered epoll tells it. */
enum answer_state answer_read(struct answer *answer, int fd);

#endif
