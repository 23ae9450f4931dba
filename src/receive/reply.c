/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "receive/reply.h"

#include <stdarg.h>
#include <ctype.h>
#include <string.h>
#include "base/buf.h"
#include "base/uuid.h"

#define TEXT(x) #x
#define STRING(x) TEXT(x)
#define API_VERSION "API-version: 1.0.0-rc1\r\n"	/* first, so that it can be left out */
#define CACHE "Cache-Control: "
#define ALWAYS API_VERSION CACHE "no-store\r\nX-Content-Type-Options: nosniff\r\n" \
	"Content-Security-Policy: frame-ancestors 'none'\r\nX-Frame-Options: DENY\r\n" \
	"Strict-Transport-Security: max-age=31536000\r\n"
#define PROBLEM ALWAYS "Content-Type: application/problem+json\r\n"

static const struct row {
	int status;
	const char *title;
	const char *headers;
} rows[] = {
	{ 400, "Invalid input.", PROBLEM },
	{ 401, "Authentication credentials were not provided.", PROBLEM },
	{ 403, "You do not have permission to perform this action.", PROBLEM },
	{ 404, "Not found.", PROBLEM },
	{ 405, "Method not allowed.", PROBLEM },
	{ 408, "Request timeout.", PROBLEM },
	{ 410, "Gone.", PROBLEM },
	{ 413, "Content too large.", PROBLEM },
	{ 415, "Unsupported media type.", PROBLEM "Accept-Encoding: identity\r\n" },
	{ 429, "Too many requests.", PROBLEM },
	{ 503, "Service unavailable.", PROBLEM "Retry-After: " STRING(RETRY_AFTER_S) "\r\n" },
};

static const struct row *row_of(int status)
{
	const struct row *row = rows;

	while (row->status != status && row < rows + sizeof rows / sizeof *rows - 1)
		row++;
	return row;
}

static void put_member(struct buf *out, const char *name, const char *value)
{
	buf_fmt(out, "%s\"%s\":", out->len > 1 && out->p[out->len - 1] != '{' ? "," : "", name);
	buf_json(out, value, strlen(value));
}

/* A fault of the body as a whole has the name that the reference implementations use. */
static void put_faults(struct buf *out, const char *name, const struct faults *faults)
{
	buf_fmt(out, ",\"%s\":[", name);
	for (size_t i = 0; i < faults->n; i++) {
		const struct fault *fault = &faults->v[i];

		buf_str(out, i ? ",{" : "{");
		put_member(out, "name", *fault->name ? fault->name + (*fault->name == '?') : "nonFieldErrors");
		put_member(out, "code", fault->code);
		put_member(out, "reason", fault->reason);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

/* A JSON pointer as a URI fragment (RFC 6901 section 6). */
static void put_fragment(struct buf *out, const char *pointer)
{
	struct buf fragment = {0};

	buf_char(&fragment, '#');
	for (const char *at = pointer; *at; at++)
		if (isalnum((unsigned char)*at) || strchr("-._~!$&'()*+,;=:@/?", *at))
			buf_char(&fragment, *at);
		else
			buf_fmt(&fragment, "%%%02X", (unsigned char)*at);
	put_member(out, "pointer", fragment.p);
	buf_free(&fragment);
}

/* A fault's name as RFC 9457 section 3 points at it: a JSON pointer; or a header's name, or (behind a ?) that of a
 * parameter of the query. */
static void put_place(struct buf *out, const char *name)
{
	if (*name == '/' || !*name)
		put_fragment(out, name);
	else if (*name == '?')
		put_member(out, "parameter", name + 1);
	else
		put_member(out, "header", name);
}

static void put_errors(struct buf *out, const struct faults *faults)
{
	buf_str(out, ",\"errors\":[");
	for (size_t i = 0; i < faults->n; i++) {
		buf_str(out, i ? ",{" : "{");
		put_place(out, faults->v[i].name);
		put_member(out, "code", faults->v[i].code);
		put_member(out, "detail", faults->v[i].reason);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

void reply_empty(int status, struct gate_reply *reply)
{
	*reply = (struct gate_reply){ .status = status, .headers = ALWAYS };
}

void reply_done(int status, struct gate_reply *reply)
{
	reply_empty(status, reply);
	if (status == 200) {
		reply->headers = ALWAYS "Content-Type: application/json\r\n";
		reply->body = "{}";
		reply->body_len = 2;
	}
}

void reply_said(struct pool *pool, const char *type, const char *body, struct gate_reply *reply)
{
	reply_empty(200, reply);
	reply_add(pool, reply, "Content-Security-Policy: default-src 'none'\r\nContent-Type: %s\r\n", type);
	reply->body = body;
	reply->body_len = strlen(body);
}

void reply_add(struct pool *pool, struct gate_reply *reply, const char *fmt, ...)
{
	struct buf out = {0};
	va_list args;

	buf_str(&out, reply->headers);
	va_start(args, fmt);
	buf_vfmt(&out, fmt, args);
	va_end(args);
	reply->headers = pool_strn(pool, out.p, out.len);
	buf_free(&out);
}

void reply_unversioned(struct gate_reply *reply)
{
	if (strncmp(reply->headers, API_VERSION, sizeof API_VERSION - 1) == 0)
		reply->headers += sizeof API_VERSION - 1;
}

void reply_private(struct pool *pool, struct gate_reply *reply)
{
	const char *at = strstr(reply->headers, CACHE);

	if (!at)
		return;
	at += sizeof CACHE - 1;
	reply->headers = pool_fmt(pool, "%.*sprivate, %s", (int)(at - reply->headers), reply->headers, at);
}

void reply_problem(struct pool *pool, const struct problem_text *problem, struct gate_reply *reply)
{
	const struct row *row = row_of(problem->status);
	struct buf out = {0};

	buf_char(&out, '{');
	put_member(&out, "type", "about:blank");
	put_member(&out, "code", problem->code);
	put_member(&out, "title", row->title);
	buf_fmt(&out, ",\"status\":%d", problem->status);
	put_member(&out, "detail", problem->detail);
	buf_str(&out, ",\"instance\":\"urn:uuid:");
	uuid_put(&out);	/* a name for this answer, to be found again in both logs */
	buf_char(&out, '"');
	if (problem->faults && problem->cloud)
		put_errors(&out, problem->faults);
	if (problem->faults && problem->nrc) {
		put_faults(&out, "invalidParams", problem->faults);
		put_faults(&out, "invalid-params", problem->faults);
	}
	buf_char(&out, '}');
	*reply = (struct gate_reply){ .status = problem->status, .headers = row->headers,
				      .body = pool_strn(pool, out.p, out.len), .body_len = out.len };
	buf_free(&out);
}

void reply_unavailable(struct pool *pool, const char *why, struct gate_reply *reply)
{
	reply_problem(pool, &(struct problem_text){ 503, "service_unavailable", why, NULL, false, false }, reply);
}
