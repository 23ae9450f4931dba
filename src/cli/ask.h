/* SPDX-License-Identifier: EUPL-1.2
 * Operators' changes: asked of the dispatcher on the desk, or applied here when none runs. */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "cli/site.h"

/* Arguments of a request are "name=value" lines; null values are left out. */
void args_put(struct buf *args, const char *name, const char *value);
/* A value that can stand in a line and is not empty. */
bool args_fit(const char *value);

/* The login name of who runs this, under sudo too; borrowed. */
const char *operator_name(void);

#define WHY_MAX 500		/* bytes of FLAG_WHY */

struct wish {
	char *who;		/* as who it was when the command began */
	const char *verb, *args;
};
/* Of a site that was opened for changes. *request is as it stands after the answer, or half a minute without one (then
 * status is -1); in site->pool, which is emptied first. */
int request_send(struct site *site, const struct wish *wish, struct request **request, struct err *err);

/* Asks, rings, waits, and prints the answer; with FLAG_DRY_RUN only says what it would come to. Adds the text of
 * FLAG_WHY. An exit status. */
int request_make(const struct call *call, const char *verb, const char *args);

#endif
