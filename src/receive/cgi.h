/* SPDX-License-Identifier: EUPL-1.2
 * One request of a plain CGI program: no threads, nothing kept. */
#ifndef RECEIVE_CGI_H
#define RECEIVE_CGI_H

#include "base/board.h"
#include "conf/conf.h"
#include "receive/asker.h"
#include "trust/trust.h"

struct cgi_house {		/* what the request finds */
	struct trust *trust;
	struct asker *asker;
	struct board *board;
};
/* Exit status. conf (and trust, and asker) null: it could not be loaded; the answer is 503. */
int cgi_run(const struct conf *conf, const struct cgi_house *house, char *const *envp);

#endif
