/* SPDX-License-Identifier: EUPL-1.2 */
#include "gate/params.h"

#include <string.h>
#include <strings.h>

static bool is(const char *name, size_t len, const char *other, size_t other_len)
{
	return len == other_len && memcmp(name, other, len) == 0;
}
#define IS(name, len, literal) is(name, len, literal, sizeof literal - 1)

/* nginx sends HTTP_CONTENT_TYPE and HTTP_CONTENT_LENGTH beside the proper ones. */
static void take_header(struct params *p, char *name, size_t len, const char *value)
{
	char *header = name + 5;

	if (IS(name, len, "HTTP_CONTENT_TYPE") || IS(name, len, "HTTP_CONTENT_LENGTH"))
		return;
	for (char *c = header; *c; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
		else if (*c == '_')
			*c = '-';
	}
	p->m->headers[p->m->n_headers++] = (struct attr){ header, value };
}

/* SSL_CLIENT_SAN_DNS_0=x is "DNS:x". A header of a client can only become HTTP_...: these are the web server's own. Apache
 * numbers the names; nginx passes none but in the certificate. */
static void take_alternative_name(struct params *p, const char *name, const char *value)
{
	static const struct { const char *param, *kind; } kinds[] = {
		{ "SSL_CLIENT_SAN_DNS_", "DNS" }, { "SSL_CLIENT_SAN_Email_", "email" },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		size_t len = strlen(kinds[i].param), digits;

		if (strncmp(name, kinds[i].param, len) != 0)
			continue;
		digits = strspn(name + len, "0123456789");
		if (!digits || name[len + digits])
			return;
		if (!p->names)
			p->m->tls.names = p->names = pool_alloc(p->pool, p->most * sizeof *p->names);
		p->names[p->m->tls.n_names++] = pool_fmt(p->pool, "%s:%s", kinds[i].kind, value);
	}
}

void params_begin(struct params *p, struct pool *pool, struct message *m, size_t most)
{
	*p = (struct params){ .pool = pool, .m = m, .most = most };
	*m = (struct message){ .body = (const unsigned char *)"" };
	m->headers = pool_alloc(pool, (most + 1) * sizeof *m->headers);
}

/* The first of a name counts. */
void params_take(struct params *p, char *name, size_t len, const char *value)
{
	static const struct {
		const char *name;
		size_t len, at;
	} known[] = {
#define KNOWN(name, member) { name, sizeof name - 1, offsetof(struct params, member) }
		KNOWN("REQUEST_URI", target), KNOWN("REQUEST_METHOD", method), KNOWN("REMOTE_ADDR", peer),
		KNOWN("CONTENT_LENGTH", length), KNOWN("QUERY_STRING", query), KNOWN("SCRIPT_NAME", script),
		KNOWN("PATH_INFO", info), KNOWN("HTTPS", https), KNOWN("REQUEST_SCHEME", scheme),
		KNOWN("SSL_CLIENT_VERIFY", verify), KNOWN("SSL_CLIENT_S_DN", subject), KNOWN("SSL_CLIENT_CERT", cert),
#undef KNOWN
	};

	if (len > 5 && memcmp(name, "HTTP_", 5) == 0) {
		take_header(p, name, len, value);
		return;
	}
	if (IS(name, len, "CONTENT_TYPE") && *value)
		p->m->headers[p->m->n_headers++] = (struct attr){ "content-type", value };
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (is(name, len, known[i].name, known[i].len)) {
			const char **member = (const char **)(void *)((char *)p + known[i].at);

			*member = *member ? *member : value;
			return;
		}
	if (len > 4 && memcmp(name, "SSL_", 4) == 0)
		take_alternative_name(p, name, value);
}

/* The path of a request target, in origin form or absolute form (RFC 9112 3.2). */
static void read_target(struct pool *pool, const char *target, struct message *m)
{
	const char *query, *authority = *target == '/' ? NULL : strstr(target, "://");

	if (authority)
		target = authority + 3 + strcspn(authority + 3, "/?");
	query = strchr(target, '?');
	m->path = query ? pool_strn(pool, target, (size_t)(query - target)) : target;
	m->query = query ? query + 1 : "";
}

static const char *or_empty(const char *value)
{
	return value ? value : "";
}

/* HTTPS is "on", or "off", empty or not there; REQUEST_SCHEME says it in a word. */
static enum message_scheme read_scheme(const struct params *p)
{
	const char *scheme = or_empty(p->scheme);

	if (p->https && *p->https && strcasecmp(p->https, "off") != 0)
		return SCHEME_HTTPS;
	if (strcasecmp(scheme, "https") == 0)
		return SCHEME_HTTPS;
	return p->https || strcasecmp(scheme, "http") == 0 ? SCHEME_HTTP : SCHEME_UNKNOWN;
}

static int64_t read_length(const char *text)
{
	int64_t len = 0;

	if (!*text)
		return PARAMS_LENGTH_NONE;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || len > INT64_MAX / 10 - 9)
			return PARAMS_LENGTH_BAD;
		len = len * 10 + (*text - '0');
	}
	return len;
}

int64_t params_end(struct params *p)
{
	struct message *m = p->m;

	m->method = or_empty(p->method);
	m->peer = or_empty(p->peer);
	m->scheme = read_scheme(p);
	if (p->target && *p->target) {
		read_target(p->pool, p->target, m);
	} else {
		m->path = pool_fmt(p->pool, "%s%s", or_empty(p->script), or_empty(p->info));
		m->query = or_empty(p->query);
	}
	m->tls.verified = strcmp(or_empty(p->verify), "SUCCESS") == 0;
	m->tls.subject = p->subject && *p->subject ? p->subject : NULL;
	m->tls.cert = p->cert && *p->cert ? p->cert : NULL;
	return read_length(or_empty(p->length));
}

void params_read(struct pool *pool, char *const *envp, struct message *m, int64_t *content_length)
{
	struct params params;
	size_t n = 0;

	while (envp[n])
		n++;
	params_begin(&params, pool, m, n);
	for (size_t i = 0; i < n; i++) {
		size_t len = strcspn(envp[i], "=");

		if (envp[i][len])
			params_take(&params, pool_strn(pool, envp[i], len), len, envp[i] + len + 1);
	}
	*content_length = params_end(&params);
}

enum gate_fault params_check(int64_t content_length, size_t body_len, bool over)
{
	if (content_length == PARAMS_LENGTH_BAD)
		return GATE_LENGTH;
	if (content_length == PARAMS_LENGTH_NONE || over)
		return GATE_WHOLE;
	if ((uint64_t)content_length > body_len)
		return GATE_SHORT;
	return (uint64_t)content_length < body_len ? GATE_LONG : GATE_WHOLE;
}

static const char *status_text(int status)
{
	static const struct { int status; const char *text; } texts[] = {
		{ 200, "OK" }, { 202, "Accepted" }, { 204, "No Content" }, { 400, "Bad Request" },
		{ 401, "Unauthorized" }, { 403, "Forbidden" }, { 404, "Not Found" }, { 405, "Method Not Allowed" },
		{ 408, "Request Timeout" }, { 410, "Gone" }, { 413, "Content Too Large" }, { 415, "Unsupported Media Type" },
		{ 429, "Too Many Requests" }, { 431, "Request Header Fields Too Large" }, { 503, "Service Unavailable" },
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "Answer";
}

void reply_head(const struct gate_reply *reply, struct buf *out)
{
	const char status[] = { (char)('0' + reply->status / 100 % 10), (char)('0' + reply->status / 10 % 10),
				(char)('0' + reply->status % 10), ' ', '\0' };

	buf_str(out, "Status: ");
	buf_str(out, status);
	buf_str(out, status_text(reply->status));
	buf_str(out, "\r\n");
	buf_str(out, reply->headers);
	if (reply->status != 204)
		buf_fmt(out, "Content-Length: %zu\r\n", reply->body_len);
	buf_str(out, "\r\n");
}
