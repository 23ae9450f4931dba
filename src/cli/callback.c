/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/callback.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "event/host.h"

static const char *authority_of(const char *url, size_t *len)
{
	const char *authority = strstr(url, "://");

	authority = authority ? authority + 3 : url;
	*len = strcspn(authority, "/?#");
	return authority;
}

void callback_place(const char *url, struct buf *out)
{
	size_t len;
	const char *authority = authority_of(url, &len);

	buf_put(out, url, (size_t)(authority - url) + len);
}

/* Its last two labels, or null where it has not so many or is an address. */
static const char *last_two(const char *host)
{
	const char *last = strrchr(host, '.'), *dot;

	if (!last || strspn(last + 1, "0123456789") == strlen(last + 1))
		return NULL;
	for (dot = last; dot > host; dot--)
		if (dot[-1] == '.')
			break;
	return dot;
}

bool callback_fits(const char *url, const char *origin)
{
	size_t len;
	const char *authority = authority_of(url, &len), *of_host, *of_origin;
	struct buf host = {0};
	bool fits;

	buf_put(&host, authority, strcspn(authority, ":/?#"));
	fits = host_valid(host.p);
	of_host = last_two(host.p);
	of_origin = last_two(origin);
	fits = fits && (strcasecmp(host.p, origin) == 0 || (of_host && of_origin && strcasecmp(of_host, of_origin) == 0));
	buf_free(&host);
	return fits;
}

static bool v4_private(uint32_t a)
{
	static const struct { uint32_t net; int bits; } nets[] = {
		{ 0x00000000, 8 }, { 0x0A000000, 8 }, { 0x64400000, 10 }, { 0x7F000000, 8 }, { 0xA9FE0000, 16 },
		{ 0xAC100000, 12 }, { 0xC0000000, 24 }, { 0xC0A80000, 16 }, { 0xC6120000, 15 }, { 0xE0000000, 3 },
	};

	for (size_t i = 0; i < sizeof nets / sizeof *nets; i++)
		if (a >> (32 - nets[i].bits) == nets[i].net >> (32 - nets[i].bits))
			return true;
	return false;
}

static uint32_t get32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Only what is globally routed (2000::/3) may be called; within it, what carries another address (6to4,
 * Teredo, NAT64) counts as that or not at all. */
static bool v6_private(const unsigned char *a)
{
	static const unsigned char mapped[12] = { [10] = 0xFF, [11] = 0xFF };
	static const unsigned char nat64[12] = { 0x00, 0x64, 0xFF, 0x9B };

	if (memcmp(a, mapped, sizeof mapped) == 0 || memcmp(a, nat64, sizeof nat64) == 0)
		return v4_private(get32(a + 12));
	if ((a[0] & 0xE0) != 0x20)
		return true;
	if (a[0] == 0x20 && a[1] == 0x02)
		return v4_private(get32(a + 2));
	return a[0] == 0x20 && a[1] == 0x01 && a[2] == 0 && a[3] == 0;
}

bool callback_address_private(const struct sockaddr *address)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (address->sa_family == AF_INET) {
		memcpy(&v4, address, sizeof v4);
		return v4_private(ntohl(v4.sin_addr.s_addr));
	}
	if (address->sa_family == AF_INET6) {
		memcpy(&v6, address, sizeof v6);
		return v6_private(v6.sin6_addr.s6_addr);
	}
	return true;
}

int callback_call(struct http *http, const struct handshake *granted, int *status, struct err *err)
{
	char *origin = str_fmt("WebHook-Allowed-Origin: %s", granted->origin);
	char *rate = granted->allowed_rate ? str_fmt("WebHook-Allowed-Rate: %d", granted->allowed_rate)
					   : str_dup("WebHook-Allowed-Rate: *");
	const char *const headers[] = { origin, rate };
	struct http_request request = { .url = granted->callback, .headers = headers, .n_headers = 2, .body = "" };
	struct http_answer answer = {0};
	int rc = http_send(http, &request, &answer, err);

	*status = answer.status;
	http_answer_free(&answer);
	free(origin);
	free(rate);
	return rc;
}
