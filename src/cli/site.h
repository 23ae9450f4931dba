/* SPDX-License-Identifier: EUPL-1.2
 * What a command works on: the configuration, and the store that it names. */
#ifndef CLI_SITE_H
#define CLI_SITE_H

#include "base/board.h"
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
int site_look(struct site *site);	/* opens the store for listings, after site_conf */
int site_write(struct site *site);	/* reopens the store for changes; it has to be there */
/* Root becomes the owner of state_dir, so that no file in it is made that the service cannot open,
 * and no handler runs as root. Opening the store does this first. */
int site_owner(const struct site *site);
/* The counters, if they are there: looking does not make them. Null otherwise. */
struct board *board_look(const struct conf *conf);
void site_close(struct site *site);
/* A line "FILE:LINE: text" for each, on standard error. */
void site_problems(const struct problems *problems);

#endif
