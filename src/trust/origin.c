/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "trust/origin.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "event/host.h"
#include "event/uri.h"

#define RATE_MOST 100000000	/* as good as any more */

enum origin_verdict origin_judge(const struct trust *trust, const struct conf_endpoint *endpoint,
				 const struct message *m, struct origin *origin)
{
	size_t n;
	const char *name = message_header(m, "webhook-request-origin", &n);

	*origin = (struct origin){ NULL, endpoint->origin_rate };
	if (n > 1)
		return ORIGIN_REPEATED;
	if (!name)
		return ORIGIN_NONE;
	origin->name = name;
	if (!host_valid(name))
		return ORIGIN_MALFORMED;
	if (conf_listed(endpoint->origins, name))
		return ORIGIN_GRANTED;
	switch (trust_look_up(trust, endpoint, name, &origin->rate)) {
	case GRANT_GIVEN:
		return ORIGIN_GRANTED;
	case GRANT_DENIED:
		return ORIGIN_DENIED;
	case GRANT_UNSURE:
		return ORIGIN_UNSURE;
	case GRANT_NONE:
		break;
	}
	return ORIGIN_UNKNOWN;
}

int origin_rate_asked(const struct message *m)
{
	size_t n;
	const char *text = message_header(m, "webhook-request-rate", &n);
	int rate = 0;

	if (!text)
		return 0;
	if (n > 1 || !*text)
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		rate = rate < RATE_MOST ? rate * 10 + (*text - '0') : RATE_MOST;
	}
	return rate > 0 ? rate : -1;
}

const char *origin_callback(const struct message *m)
{
	size_t n;
	const char *url = message_header(m, "webhook-request-callback", &n), *authority, *port;
	size_t len, digits;

	if (n != 1 || strlen(url) > CALLBACK_MAX || strncasecmp(url, "https://", 8) != 0 || !uri_valid(url))
		return NULL;
	authority = url + 8;
	len = strcspn(authority, "/?#");
	port = authority[0] == '[' ? strchr(authority, ']') : authority;
	port += strcspn(port, ":/?#");
	digits = *port == ':' ? strspn(port + 1, "0123456789") : 0;
	if (digits > 5 || (digits && strtol(port + 1, NULL, 10) > 65535))
		return NULL;
	return len && *authority != ':' && !memchr(authority, '@', len) ? url : NULL;
}

int origin_rate_allowed(int asked, int most)
{
	return asked && (!most || asked < most) ? asked : most;
}
