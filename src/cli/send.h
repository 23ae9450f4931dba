/* SPDX-License-Identifier: EUPL-1.2
 * The parts of postvak send that need no network. */
#ifndef CLI_SEND_H
#define CLI_SEND_H

#include <stdbool.h>
#include "base/buf.h"
#include "conf/conf.h"

bool header_fit(const char *header);		/* "Name: value", one line */
bool header_is(const char *header, const char *name);
/* The scheme and authority of a URL with another path; false when it is no http(s) URL. */
bool url_with_path(const char *url, const char *path, struct buf *out);
struct send_names {		/* in the configuration */
	const char *endpoint;	/* null: only the sender's secret is wanted */
	const char *sender;	/* null: the endpoint's only one */
};
/* *path: of the endpoint, or null; *authorization: the sender's first value, or null. */
int send_resolve(const struct conf *conf, const struct send_names *names,
		 const char **path, const char **authorization, struct err *err);

#endif
