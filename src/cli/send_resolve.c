/* SPDX-License-Identifier: EUPL-1.2
 * Where postvak send sends to and as whom, from names in the configuration. */
#include "cli/send.h"

#include <string.h>
#include <strings.h>

bool header_fit(const char *header)
{
	size_t name = strcspn(header, ": \t");

	return name > 0 && header[name] == ':' && !strpbrk(header, "\r\n");
}

bool header_is(const char *header, const char *name)
{
	size_t len = strlen(name);

	return strncasecmp(header, name, len) == 0 && header[len] == ':';
}

bool url_with_path(const char *url, const char *path, struct buf *out)
{
	const char *authority = strstr(url, "://");

	if (!authority || (strncasecmp(url, "http:", 5) != 0 && strncasecmp(url, "https:", 6) != 0))
		return false;
	authority += 3;
	buf_put(out, url, (size_t)(authority - url) + strcspn(authority, "/?#"));
	buf_str(out, path);
	return strcspn(authority, "/?#") > 0;
}

int send_resolve(const struct conf *conf, const struct send_names *names,
		 const char **path, const char **authorization, struct err *err)
{
	const struct conf_endpoint *endpoint = names->endpoint ? conf_endpoint(conf, names->endpoint) : NULL;
	const struct conf_sender *sender = NULL;

	if (names->endpoint && !endpoint)
		return err_set(err, "there is no [endpoint %s] in %s", names->endpoint, conf->file);
	if (names->sender)
		sender = conf_sender(conf, names->sender);
	else if (endpoint && endpoint->n_senders == 1)
		sender = &conf->senders[endpoint->senders[0]];
	if (names->sender && !sender)
		return err_set(err, "there is no [sender %s] in %s", names->sender, conf->file);
	if (!sender)
		return err_set(err, "the endpoint %s has %zu senders: say which one with --sender", names->endpoint,
			       endpoint ? endpoint->n_senders : 0);
	*path = endpoint ? endpoint->path : NULL;
	*authorization = sender->authorization.n ? sender->authorization.values[0] : NULL;
	return 0;
}
