/* SPDX-License-Identifier: EUPL-1.2
 * What a command works on: the configuration, and the store that it names. */
#ifndef CLI_SITE_H
#define CLI_SITE_H

#include "cli/command.h"
#include "conf/conf.h"
#include "store/store.h"

struct site {			/* {0} */
	struct conf *conf;
	struct store *store;
	struct pool *pool;	/* for what is read from the store */
};

/* Each gives 0, or an exit status after the error was said. site_close in any case. */
int site_conf(const struct call *call, struct site *site);
int site_read(const struct call *call, struct site *site);	/* and the store, for listings */
int site_write(struct site *site);	/* reopens the store for changes; it has to be there */
void site_close(struct site *site);
/* A line "FILE:LINE: text" for each, on standard error. */
void site_problems(const struct problems *problems);

#endif
