/* SPDX-License-Identifier: EUPL-1.2
 * Walks the records of one FastCGI request without keeping them: is it all there, and is it what a web server sends to a
 * responder? Only that passes: BEGIN_REQUEST, PARAMS, an empty PARAMS, STDIN, an empty STDIN, all of one id. */
#ifndef GATE_WALK_H
#define GATE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WALK_HEADER 8
#define WALK_PARAMS_MAX (128u << 10)	/* bytes of all parameters */
#define WALK_PARAMS_N 1000

enum walk_verdict { WALK_MORE, WALK_DONE, WALK_BAD };
enum walk_phase { WALK_BEGIN, WALK_PARAMS, WALK_STDIN, WALK_END };

struct walk {			/* {0} is before the first byte */
	enum walk_phase phase;
	const char *bad;	/* what is wrong, after WALK_BAD */
	uint16_t id;
	bool keep;		/* the web server wants to keep the connection */
	uint64_t at;		/* bytes walked */
	uint64_t boundary;	/* of them, up to the end of the last whole record */
	uint64_t body_len;	/* content of STDIN so far */
	size_t params_len, n_params;
	/* the record in hand */
	unsigned char header[WALK_HEADER];
	size_t have;		/* bytes of the header */
	size_t content, padding;	/* still to come */
	/* the parameter in hand */
	unsigned char lengths[8];
	size_t n_lengths, left;
};

/* Walks on over p; *used says how many bytes belong to the request (less than len only behind its end). */
enum walk_verdict walk_feed(struct walk *w, const unsigned char *p, size_t len, size_t *used);

#endif
