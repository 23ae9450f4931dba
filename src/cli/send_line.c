/* SPDX-License-Identifier: EUPL-1.2
 * Headers and URLs as people write them. */
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
