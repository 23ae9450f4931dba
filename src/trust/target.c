/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "trust/target.h"

#include <string.h>

/* RFC 9110 4.2.3: in lower case, and neither the default port nor an empty one. */
static const char *normal(struct pool *pool, const char *authority, const char *scheme)
{
	char *out = pool_str(pool, authority), *port;

	for (char *p = out; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	port = strrchr(out, ':');
	if (!port)
		return out;
	if (!port[1] || (scheme && strcmp(port + 1, strcmp(scheme, "https") == 0 ? "443" : "80") == 0))
		*port = '\0';
	return out;
}

/* The one Host there is, or null. */
static const char *host(const struct message *m)
{
	size_t n;
	const char *value = message_header(m, "host", &n);

	return n == 1 && *value ? value : NULL;
}

void target_read(struct pool *pool, const struct message *m, const char *url, struct httpsig_target *out)
{
	const char *authority = url ? strstr(url, "://") : NULL;

	*out = (struct httpsig_target){ .method = m->method, .path = m->path, .query = m->query };
	if (authority) {
		out->scheme = strncmp(url, "https:", 6) == 0 ? "https" : "http";
		authority += 3;
		out->path = authority + strcspn(authority, "/");
		authority = pool_strn(pool, authority, strcspn(authority, "/"));
	} else {
		out->scheme = m->scheme == SCHEME_UNKNOWN ? NULL : m->scheme == SCHEME_HTTPS ? "https" : "http";
		authority = host(m);
	}
	if (!*out->path)
		out->path = "/";
	if (authority)
		out->authority = normal(pool, authority, out->scheme);
	if (authority && out->scheme)
		out->uri = pool_fmt(pool, "%s://%s%s", out->scheme, authority, target_origin_form(pool, out));
}

const char *target_origin_form(struct pool *pool, const struct httpsig_target *target)
{
	return pool_fmt(pool, "%s%s%s", target->path, *target->query ? "?" : "", target->query);
}
