/* SPDX-License-Identifier: EUPL-1.2
 * libfcgi, behind one file: it parses requests whose bytes are all there, and frames answers. It never
 * accepts, waits or closes. */
#ifndef GATE_GATE_FCGI_H
#define GATE_GATE_FCGI_H

#include "gate/gate.h"

struct fcgi_source {
	int fd;			/* where the bytes are: the connection itself, or a file of spooled bytes */
	size_t body_max;
	bool over;		/* the body was cut already */
	bool late;
};

int fcgi_init(struct err *err);		/* once; leaves signals as they were */
/* Null when libfcgi does not take it; it has closed source->fd then. Also sets *keep: whether the web
 * server wants to keep the connection. */
struct gate_request *fcgi_read(const struct fcgi_source *source, bool *keep);
/* Sends the answer to the connection. False: it could not be sent. */
bool fcgi_answer(struct gate_request *request, int fd, const struct gate_reply *reply);
void fcgi_forget(struct gate_request *request);

#endif
