/* SPDX-License-Identifier: EUPL-1.2 */
#include "gate/params.h"

#include <string.h>
#include <strings.h>

/* The value when the parameter has this name, else null. */
static const char *named(const char *param, const char *name)
{
	size_t len = strlen(name);

	return strncmp(param, name, len) == 0 && param[len] == '=' ? param + len + 1 : NULL;
}

static const char *look(char *const *envp, const char *name)
{
	for (; *envp; envp++) {
		const char *value = named(*envp, name);

		if (value)
			return value;
	}
	return NULL;
}

static const char *find(char *const *envp, const char *name)
{
	const char *value = look(envp, name);

	return value ? value : "";
}

static char *header_name(struct pool *pool, const char *name, size_t len)
{
	char *out = pool_strn(pool, name, len);

	for (char *p = out; *p; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
		else if (*p == '_')
			*p = '-';
	}
	return out;
}

/* nginx sends HTTP_CONTENT_TYPE and HTTP_CONTENT_LENGTH beside the proper ones. */
static bool is_header(const char *param)
{
	return strncmp(param, "HTTP_", 5) == 0 && strchr(param, '=') && !named(param, "HTTP_CONTENT_TYPE") &&
	       !named(param, "HTTP_CONTENT_LENGTH");
}

static void read_headers(struct pool *pool, char *const *envp, size_t n, struct message *m)
{
	m->headers = pool_alloc(pool, (n + 1) * sizeof *m->headers);
	m->n_headers = 0;
	for (char *const *p = envp; *p; p++) {
		const char *type = named(*p, "CONTENT_TYPE");
		struct attr *header = &m->headers[m->n_headers];

		if (type && *type)
			*header = (struct attr){ "content-type", type };
		else if (is_header(*p))
			*header = (struct attr){ header_name(pool, *p + 5, (size_t)(strchr(*p, '=') - *p) - 5),
						 strchr(*p, '=') + 1 };
		else
			continue;
		m->n_headers++;
	}
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

/* HTTPS is "on", or "off", empty or not there; REQUEST_SCHEME says it in a word. */
static enum message_scheme read_scheme(char *const *envp)
{
	const char *https = look(envp, "HTTPS"), *scheme = find(envp, "REQUEST_SCHEME");

	if (https && *https && strcasecmp(https, "off") != 0)
		return SCHEME_HTTPS;
	if (strcasecmp(scheme, "https") == 0)
		return SCHEME_HTTPS;
	return https || strcasecmp(scheme, "http") == 0 ? SCHEME_HTTP : SCHEME_UNKNOWN;
}

/* SSL_CLIENT_SAN_DNS_0=x as "DNS:x", or null: it is another parameter. */
static const char *alternative_name(struct pool *pool, const char *param)
{
	static const struct { const char *param, *kind; } kinds[] = {
		{ "SSL_CLIENT_SAN_DNS_", "DNS" }, { "SSL_CLIENT_SAN_Email_", "email" },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		size_t len = strlen(kinds[i].param), digits;

		if (strncmp(param, kinds[i].param, len) != 0)
			continue;
		digits = strspn(param + len, "0123456789");
		if (digits && param[len + digits] == '=')
			return pool_fmt(pool, "%s:%s", kinds[i].kind, param + len + digits + 1);
	}
	return NULL;
}

/* A header of a client can only become HTTP_...: these are the web server's own. Apache numbers the names; nginx passes
 * none but in the certificate. */
static void read_tls(struct pool *pool, char *const *envp, size_t n, struct message_tls *tls)
{
	const char *subject = find(envp, "SSL_CLIENT_S_DN"), *cert = find(envp, "SSL_CLIENT_CERT");
	const char **names = NULL;

	tls->verified = strcmp(find(envp, "SSL_CLIENT_VERIFY"), "SUCCESS") == 0;
	tls->subject = *subject ? subject : NULL;
	tls->cert = *cert ? cert : NULL;
	for (char *const *p = envp; *p; p++) {
		const char *name = alternative_name(pool, *p);

		if (!name)
			continue;
		if (!names)
			tls->names = names = pool_alloc(pool, n * sizeof *names);
		names[tls->n_names++] = name;
	}
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

void params_read(struct pool *pool, char *const *envp, struct message *m, int64_t *content_length)
{
	const char *target = find(envp, "REQUEST_URI");
	size_t n = 0;

	*m = (struct message){ .method = find(envp, "REQUEST_METHOD"), .peer = find(envp, "REMOTE_ADDR"),
			       .scheme = read_scheme(envp), .body = (const unsigned char *)"" };
	if (*target) {
		read_target(pool, target, m);
	} else {
		m->path = pool_fmt(pool, "%s%s", find(envp, "SCRIPT_NAME"), find(envp, "PATH_INFO"));
		m->query = find(envp, "QUERY_STRING");
	}
	while (envp[n])
		n++;
	read_tls(pool, envp, n, &m->tls);
	read_headers(pool, envp, n, m);
	*content_length = read_length(find(envp, "CONTENT_LENGTH"));
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
