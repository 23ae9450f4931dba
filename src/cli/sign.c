/* SPDX-License-Identifier: EUPL-1.2
 * postvak sign: the headers with which a sender proves who it is, for a request that something else sends. */
#include "config.h"
#include "cli/send.h"

#include <stdio.h>
#include <string.h>
#include "cli/sender.h"
#include "cli/when.h"

#define TYPED "Content-Type: application/json"

const struct flag sign_flags[] = {
	{ FLAG_SENDER, "sender", "NAME", "take what this sender proves itself with from the configuration" },
	{ FLAG_ENDPOINT, "endpoint", "NAME", "take its only sender, and its path, from the configuration" },
	{ FLAG_SIGNATURE, "signature", "SCHEME", "instead of that, sign as the setting signature has it" },
	{ FLAG_SET, "set", "KEY=VALUE", "a setting of the sender that is made up this way; may be repeated" },
	{ FLAG_SECRET, "secret", "@FILE", "the secret that it is signed with; or env:NAME" },
	{ FLAG_KEY, "key", "FILE", "the private key (PEM) that it, or its token, is signed with" },
	{ FLAG_KID, "kid", "TEXT", "how that key is named" },
	{ FLAG_CERT, "cert", "FILE", "the certificate (PEM) that its token is bound to" },
	{ FLAG_ONLY, "only", "SETTING", "prove it by this setting of the sender alone" },
	{ FLAG_URL, "url", "URL", "where the request goes to, if that is signed; with --endpoint but for the path" },
	{ FLAG_METHOD, "method", "NAME", "its method (else POST)" },
	{ FLAG_HEADER, "header", "LINE", "a header that it has, \"Name: value\"; may be repeated" },
	{ FLAG_ID, "id", "TEXT", "the id of the message, if the scheme has one (else a random UUID)" },
	{ FLAG_AT, "at", "TIME", "sign as at this time (else now)" },
	{ 0, NULL, NULL, NULL }
};

struct signing {
	const struct call *call;
	struct sender sender;
	const char **headers;
	size_t n;
	bool typed;
	struct buf url, body;
};

static int wrong(const char *text)
{
	say("%s", text);
	return CLI_USAGE;
}

static int read_headers(struct signing *s)
{
	const char *header;

	s->headers = pool_alloc(s->sender.pool, (s->call->n_given + 1) * sizeof *s->headers);
	for (size_t at = 0; (header = call_each(s->call, FLAG_HEADER, &at));) {
		if (!header_fit(header))
			return wrong("--header needs \"Name: value\"");
		s->typed = s->typed || header_is(header, "Content-Type");
		s->headers[s->n++] = header;
	}
	if (!s->typed)
		s->headers[s->n++] = TYPED;
	return CLI_DONE;
}

static bool covers_url(const struct conf_signing *s)
{
	if (s->scheme == SIGNATURE_TEMPLATE)
		return strstr(s->text, "{path}") || strstr(s->text, "{url}");
	return s->scheme == SIGNATURE_RFC9421 || s->scheme == SIGNATURE_ADR_MESSAGE;
}

/* As the receiver knows itself. */
static int read_url(struct signing *s)
{
	const struct conf_endpoint *endpoint = s->sender.endpoint;
	const char *url = call_value(s->call, FLAG_URL);

	if (endpoint && endpoint->url) {
		buf_str(&s->url, endpoint->url);
	} else if (url) {
		struct buf origin = {0};
		bool fits = url_with_path(url, endpoint ? endpoint->path : "", &origin);

		if (fits)
			buf_str(&s->url, endpoint ? origin.p : url);
		buf_free(&origin);
		return fits ? CLI_DONE : wrong("--url is not like http://host or https://host:port");
	} else if (covers_url(&s->sender.credential.sender->signing)) {
		return wrong("the signature covers where the request goes to: --url is missing");
	} else {
		buf_str(&s->url, "http://localhost/");
	}
	return CLI_DONE;
}

static int read_call(struct signing *s)
{
	struct credential *c = &s->sender.credential;
	const char *at = call_value(s->call, FLAG_AT);
	int status = sender_read(s->call, &s->sender);

	if (status)
		return status;
	if (!c->sender)
		return wrong("as whom? --sender, --endpoint or --signature says it");
	if (at && !moment_parse(at, &c->at_ms))
		return wrong("--at needs a time such as 2026-11-21T09:45:00Z, or seconds since 1970");
	c->id = call_value(s->call, FLAG_ID);
	c->bare = true;
	status = read_headers(s);
	if (!status)
		status = read_url(s);
	return status ? status : send_read(s->call->operands[0], &s->body);
}

static void print_line(void *to, const char *line)
{
	(void)to;
	printf("%s\n", line);
}

static int print(struct signing *s)
{
	const char *method = call_value(s->call, FLAG_METHOD);
	struct http_request request = { s->url.p, s->headers, s->n, s->body.p ? s->body.p : "", s->body.len, method ? method : "POST" };
	struct err err;

	if (credential_make(&s->sender.credential, &request, print_line, NULL, &err) < 0)
		return wrong(err.text);
	if (!s->typed)
		print_line(NULL, TYPED);
	return CLI_DONE;
}

int run_sign(const struct call *call)
{
	struct signing s = { .call = call };
	int status = read_call(&s);

	if (!status)
		status = print(&s);
	sender_free(&s.sender);
	buf_free(&s.url);
	buf_free(&s.body);
	return status;
}
