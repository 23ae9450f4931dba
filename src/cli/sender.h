/* SPDX-License-Identifier: EUPL-1.2
 * Who is to be who sends: from the options that send and sign have in common. */
#ifndef CLI_SENDER_H
#define CLI_SENDER_H

#include "cli/credential.h"
#include "cli/site.h"

struct sender {			/* {0} */
	struct site site;		/* where the configuration is asked for */
	struct conf *made;		/* of options alone */
	struct pool *pool;
	struct key *key;
	struct cert *cert;
	const struct conf_endpoint *endpoint;	/* or null */
	struct credential credential;
};

/* 0, or an exit status after the error was said. sender_free in any case. */
int sender_read(const struct call *call, struct sender *sender);
void sender_free(struct sender *sender);

struct sender_names {		/* in the configuration */
	const char *endpoint;	/* or null */
	const char *sender;	/* null: the endpoint's only one */
	bool optional;		/* none is needed */
};
/* Each is null where none is meant. */
int sender_resolve(const struct conf *conf, const struct sender_names *names,
		   const struct conf_endpoint **endpoint, const struct conf_sender **sender, struct err *err);

#endif
