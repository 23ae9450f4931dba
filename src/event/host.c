/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/host.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define NAME_MOST 253
#define LABEL_MOST 63

static bool is_label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

bool host_valid(const char *name)
{
	const char *label = name;

	if (strlen(name) > NAME_MOST)
		return false;
	for (;;) {
		size_t len = 0;

		while (is_label_char(label[len]))
			len++;
		if (!len || len > LABEL_MOST || label[0] == '-' || label[len - 1] == '-')
			return false;
		if (!label[len])
			return true;
		if (label[len] != '.')
			return false;
		label += len + 1;
	}
}

bool peer_local(const char *peer)
{
	unsigned char v6[16];

	if (strncmp(peer, "unix:", 5) == 0)
		return true;
	if (strncasecmp(peer, "::ffff:", 7) == 0)
		peer += 7;
	return strncmp(peer, "127.", 4) == 0 ||
	       (inet_pton(AF_INET6, peer, v6) == 1 && memcmp(v6, &in6addr_loopback, sizeof v6) == 0);
}
