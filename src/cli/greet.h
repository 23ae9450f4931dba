/* SPDX-License-Identifier: EUPL-1.2
 * Handshakes as the platforms begin them before they send, and whether the answer is the one that they want. */
#ifndef CLI_GREET_H
#define CLI_GREET_H

#include "cli/sender.h"

struct greeting {		/* borrowed, all of it */
	const char *who;	/* one of greet_names, with =VALUE behind it where that takes one */
	const struct sender *sender;
	const char *url, *known_url;	/* where it goes to, and as the receiver knows itself */
	const char *const *headers;	/* more of them */
	size_t n_headers;
};

/* "a, b, c", for texts. */
void greet_names(struct buf *out);
bool greet_known(const char *who);
/* Asks, and says in one line what is right or wrong: on standard output, or as an error. An exit status. */
int greet(const struct greeting *greeting, struct http *http, struct http_answer *answer);

#endif
