/* SPDX-License-Identifier: EUPL-1.2
 * The requests of the load generator: made once, and then only digits in them change. */
#ifndef LOAD_REQUEST_H
#define LOAD_REQUEST_H

#include <stddef.h>
#include <stdint.h>

struct request_spec {
	const char *kind;		/* nrc, structured, binary or batch */
	size_t size;			/* of the body of one event, in bytes; 0: what is usual for the kind */
	unsigned batch;			/* events in one request of kind batch */
	unsigned objects;		/* how many objects the events are about */
	const char *host, *path;	/* host: as the header has it */
	const char **headers;		/* more lines of the head, without their ends */
	size_t headers_n;
};

struct request_mark {
	size_t at;
	unsigned event;			/* which one of the batch */
	unsigned width;			/* digits */
	unsigned modulo;		/* what is written is the serial number modulo this; 0: the number itself */
};

struct request {
	char *bytes;
	size_t len;
	struct request_mark *marks;
	size_t marks_n;
	unsigned events;
};

/* Makes the request; -1 if there is no such kind. It lasts as long as the program. */
int request_make(struct request *request, const struct request_spec *spec);

/* Makes it the request whose first event has this serial number. */
void request_stamp(struct request *request, uint64_t serial);

#endif
