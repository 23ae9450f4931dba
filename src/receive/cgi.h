/* SPDX-License-Identifier: EUPL-1.2
 * One request of a plain CGI program: no threads, nothing kept. */
#ifndef RECEIVE_CGI_H
#define RECEIVE_CGI_H

#include "base/board.h"
#include "conf/conf.h"
#include "trust/trust.h"

/* Exit status. conf (and trust) null: it could not be loaded; the answer is 503. */
int cgi_run(const struct conf *conf, struct trust *trust, struct board *board, char *const *envp);

#endif
