/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/uri.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>
#include "base/hex.h"

struct span {
	const char *p;
	size_t len;
};

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return hex_value(c) >= 0;
}

#define IS(c) [c] = true
static const bool unreserved[256] = {	/* and sub-delims, besides letters and digits */
	IS('-'), IS('.'), IS('_'), IS('~'), IS('!'), IS('$'), IS('&'), IS('\''), IS('('), IS(')'), IS('*'), IS('+'), IS(','), IS(';'),
	IS('='),
};

/* unreserved, sub-delims, well-formed %XX, and the characters of also */
static bool all(struct span s, const char *also)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (is_alpha(c) || is_digit(c) || unreserved[(unsigned char)c] || (c && strchr(also, c)))
			continue;
		if (c != '%' || s.len - i < 3 || !is_hex(s.p[i + 1]) || !is_hex(s.p[i + 2]))
			return false;
		i += 2;
	}
	return true;
}

/* "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ) */
static bool future_valid(struct span s)
{
	size_t i = 1;

	while (i < s.len && is_hex(s.p[i]))
		i++;
	if (i < 2 || i + 1 >= s.len || s.p[i] != '.' || memchr(s.p, '%', s.len))
		return false;
	return all((struct span){ s.p + i + 1, s.len - i - 1 }, ":");
}

/* What stands between [ and ]. */
static bool literal_valid(struct span s)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char address[16];

	if (s.len && (s.p[0] == 'v' || s.p[0] == 'V'))
		return future_valid(s);
	if (s.len >= sizeof text)
		return false;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	return inet_pton(AF_INET6, text, address) == 1;
}

static bool port_valid(struct span s)
{
	if (!s.len)
		return true;
	if (s.p[0] != ':')
		return false;
	for (size_t i = 1; i < s.len; i++)
		if (!is_digit(s.p[i]))
			return false;
	return true;
}

/* [ userinfo "@" ] host [ ":" port ] */
static bool authority_valid(struct span s)
{
	const char *at = memchr(s.p, '@', s.len), *end = s.p + s.len, *host_end;
	const char *host = at ? at + 1 : s.p;

	if (at && !all((struct span){ s.p, (size_t)(at - s.p) }, ":"))
		return false;
	if (host < end && *host == '[') {
		host_end = memchr(host, ']', (size_t)(end - host));
		if (!host_end || !literal_valid((struct span){ host + 1, (size_t)(host_end - host - 1) }))
			return false;
		host_end++;
	} else {
		host_end = memchr(host, ':', (size_t)(end - host));
		if (!host_end)
			host_end = end;
		if (!all((struct span){ host, (size_t)(host_end - host) }, ""))
			return false;
	}
	return port_valid((struct span){ host_end, (size_t)(end - host_end) });
}

/* What follows the scheme, or all of a relative reference. */
static bool rest_valid(const char *s)
{
	size_t len;

	if (strncmp(s, "//", 2) == 0) {
		s += 2;
		len = strcspn(s, "/?#");
		if (!authority_valid((struct span){ s, len }))
			return false;
		s += len;
	}
	len = strcspn(s, "?#");
	if (!all((struct span){ s, len }, ":@/"))
		return false;
	s += len;
	if (*s == '?') {
		len = strcspn(++s, "#");
		if (!all((struct span){ s, len }, ":@/?"))
			return false;
		s += len;
	}
	return !*s || all((struct span){ s + 1, strlen(s + 1) }, ":@/?");
}

/* The length of a scheme with its colon, 0 when there is none. */
static size_t scheme_len(const char *s)
{
	size_t i = 0;

	if (!is_alpha(s[0]))
		return 0;
	while (is_alpha(s[i]) || is_digit(s[i]) || (s[i] && strchr("+-.", s[i])))
		i++;
	return s[i] == ':' ? i + 1 : 0;
}

bool uri_valid(const char *s)
{
	size_t len = scheme_len(s);

	return len && rest_valid(s + len);
}

bool uri_reference_valid(const char *s)
{
	size_t len = scheme_len(s);

	if (len)
		return rest_valid(s + len);
	/* path-noscheme: a colon in the first segment would be that of a scheme */
	return !memchr(s, ':', strcspn(s, "/?#")) && rest_valid(s);
}

bool uri_has_fragment(const char *s)
{
	return strchr(s, '#') != NULL;
}
