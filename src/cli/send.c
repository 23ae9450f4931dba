/* SPDX-License-Identifier: EUPL-1.2
 * postvak send: a notification or CloudEvents, as a sender would send them, and the answer made readable. */
#include "cli/send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/die.h"
#include "base/sock.h"
#include "base/uuid.h"
#include "cli/answer.h"
#include "cli/example.h"
#include "cli/greet.h"
#include "cli/sender.h"
#include "cli/when.h"

#define BODY_MAX (64u << 20)
#define REPEAT_MAX 1000000
#define HEADERS_MAX 128
#define PROOFS_MAX 40

const struct flag send_flags[] = {
	{ FLAG_URL, "url", "URL", "where to; with --endpoint only its scheme, host and port count" },
	{ FLAG_AUTHORIZATION, "authorization", "VALUE", "the whole header; @FILE: its first line (else POSTVAK_AUTHORIZATION)" },
	{ FLAG_ENDPOINT, "endpoint", "NAME", "take the path, and what its sender proves itself with, from the configuration" },
	{ FLAG_SENDER, "sender", "NAME", "take what this sender proves itself with from the configuration" },
	{ FLAG_SIGNATURE, "signature", "SCHEME", "instead of that, sign it as the setting signature has it" },
	{ FLAG_SET, "set", "KEY=VALUE", "a setting of the sender that is made up this way; may be repeated" },
	{ FLAG_SECRET, "secret", "@FILE", "the secret that it is signed with; or env:NAME" },
	{ FLAG_KEY, "key", "FILE", "the private key (PEM) that it, or its token, is signed with" },
	{ FLAG_KID, "kid", "TEXT", "how that key is named" },
	{ FLAG_CERT, "cert", "FILE", "the TLS client certificate and its key (PEM)" },
	{ FLAG_CA, "ca", "FILE", "trust these certificates, not those of the system" },
	{ FLAG_ONLY, "only", "SETTING", "prove it by this setting of the sender alone" },
	{ FLAG_BAD, "bad", "WHAT", "have it refused: signature, old, token or expired is what is wrong" },
	{ FLAG_HEADER, "header", "LINE", "one more header, \"Name: value\"; @FILE: those of a file; may be repeated" },
	{ FLAG_HANDSHAKE, "handshake", "WHO", "begin as WHO does before it sends, and judge the answer" },
	{ FLAG_EXAMPLE, "example", NULL, "a made-up one instead of FILE; without --url: print it" },
	{ FLAG_PROBE, "probe", NULL, "the two requests with which Open Notificaties tries a new subscription" },
	{ FLAG_MODE, "mode", "MODE", "a CloudEvent: structured (the default), binary, or in a batch; FILE is its data" },
	{ FLAG_TYPE, "type", "TYPE", "a CloudEvent of this type" },
	{ FLAG_SOURCE, "source", "URI", "its source" },
	{ FLAG_SUBJECT, "subject", "TEXT", "its subject" },
	{ FLAG_ID, "id", "TEXT", "its id (else a random UUID)" },
	{ FLAG_TIME, "time", "TIME", "its time (else now); none: without one" },
	{ FLAG_DATACONTENTTYPE, "datacontenttype", "TYPE", "the media type of its data (else by what the data looks like)" },
	{ FLAG_DATASCHEMA, "dataschema", "URI", "the schema of its data" },
	{ FLAG_ATTRIBUTE, "attribute", "NAME=TEXT", "one more attribute; NAME:=JSON: not as a string; may be repeated" },
	{ FLAG_DATA, "data", "TEXT", "its data; @FILE: the content of a file" },
	{ FLAG_COUNT, "count", "COUNT", "with --mode batch: so many events in it" },
	{ FLAG_REPEAT, "repeat", "COUNT", "send it so many times; with --example: as many different ones" },
	{ FLAG_JSON, "json", NULL, "write each answer as a JSON object on a line" },
	{ 0, NULL, NULL, NULL }
};

struct parcel {
	const struct call *call;
	struct pool *pool;
	struct pool *lines;		/* headers of the request */
	struct recipe recipe;
	struct pool *proofs;		/* what it is proved with */
	struct sender sender;
	struct buf url;
	const char *known_url;		/* what signatures cover */
	struct buf authorization;	/* "Authorization: VALUE", or empty */
	struct buf body;
	struct buf id;			/* of the message, where a signature has one */
	const char *headers[HEADERS_MAX + PROOFS_MAX];
	size_t n_own;			/* those of --header, which come first */
	size_t n_headers;		/* those of the event after them */
	size_t n_all;			/* and those that prove who sends it */
	bool typed;			/* one of them is Content-Type */
	uint64_t repeat;
	struct http *http;
	struct http_answer answer;
};

static int wrong(const char *text)
{
	say("%s", text);
	return CLI_USAGE;
}

static int read_header(struct parcel *p, const char *header)
{
	if (!header_fit(header))
		return wrong("--header needs \"Name: value\"");
	if (p->n_own == HEADERS_MAX / 2)
		return wrong("too many headers");
	p->typed = p->typed || header_is(header, "Content-Type");
	p->headers[p->n_own++] = header;
	return CLI_DONE;
}

/* One a line; empty lines count for nothing. */
static int read_header_file(struct parcel *p, const char *path)
{
	struct buf text = {0};
	int status = send_read(path, &text);
	size_t len;

	for (const char *at = text.p; !status && at && *at; at += len + strspn(at + len, "\r\n")) {
		len = strcspn(at, "\r\n");
		if (len)
			status = read_header(p, pool_strn(p->pool, at, len));
	}
	buf_free(&text);
	return status;
}

static int read_headers(struct parcel *p)
{
	const char *header;
	int status = CLI_DONE;

	for (size_t at = 0; !status && (header = call_each(p->call, FLAG_HEADER, &at));)
		status = *header == '@' ? read_header_file(p, header + 1) : read_header(p, header);
	return status;
}

static int put_authorization(struct parcel *p, const char *value)
{
	if (strpbrk(value, "\r\n"))
		return wrong("the authorization is more than one line");
	if (*value)
		buf_fmt(&p->authorization, "Authorization: %s", value);
	return CLI_DONE;
}

static int read_authorization_file(struct parcel *p, const char *path)
{
	struct err err;
	char *text = file_read(path, 65536, NULL, &err);
	int status;

	if (!text) {
		say("%s", err.text);
		return CLI_FAILED;
	}
	text[strcspn(text, "\r\n")] = '\0';
	status = put_authorization(p, text);
	free(text);
	return status;
}

/* The URL that it goes to, and the one that the receiver knows itself by. */
static int read_urls(struct parcel *p)
{
	const struct conf_endpoint *endpoint = p->sender.endpoint;
	const char *url = call_value(p->call, FLAG_URL);

	if (!endpoint)
		buf_str(&p->url, url);
	else if (!url_with_path(url, endpoint->path, &p->url))
		return wrong("--url is not like http://host or https://host:port");
	p->known_url = endpoint && endpoint->url ? endpoint->url : p->url.p;
	return CLI_DONE;
}

static int read_where(struct parcel *p)
{
	const char *value = call_value(p->call, FLAG_AUTHORIZATION), *fallback = getenv("POSTVAK_AUTHORIZATION");
	int status = sender_read(p->call, &p->sender);

	if (!status)
		status = read_urls(p);
	p->sender.credential.authorized = value != NULL;
	if (status || (p->sender.credential.sender && !value))
		return status;
	if (!value)
		value = fallback ? fallback : "";
	return *value == '@' ? read_authorization_file(p, value + 1) : put_authorization(p, value);
}

int send_read(const char *file, struct buf *out)
{
	bool standard = strcmp(file, "-") == 0;
	struct err err = {{0}};
	size_t len;
	char *text = standard ? fd_read_all(STDIN_FILENO, BODY_MAX, &len, &err) : file_read(file, BODY_MAX, &len, &err);

	if (!text) {
		say("%s%s", standard ? "standard input: " : "", err.text);
		return CLI_FAILED;
	}
	buf_put(out, text, len);
	free(text);
	return CLI_DONE;
}

static int read_body(struct parcel *p)
{
	if (p->recipe.mode != RECIPE_NONE || call_has(p->call, FLAG_EXAMPLE) || call_has(p->call, FLAG_PROBE) ||
	    call_has(p->call, FLAG_HANDSHAKE))
		return CLI_DONE;
	if (!p->call->operands[0])
		return wrong("what is to be sent? A FILE, - for standard input, --example, --probe or --type and --source");
	return send_read(p->call->operands[0], &p->body);
}

static int check_handshake(const char *who)
{
	struct buf names = {0};

	if (greet_known(who))
		return CLI_DONE;
	greet_names(&names);
	say("--handshake is one of %s, not %s", names.p, who);
	buf_free(&names);
	return CLI_USAGE;
}

/* What can be wrong without a look at anything else. */
static int check_call(struct parcel *p)
{
	const char *repeat = call_value(p->call, FLAG_REPEAT);
	const char *handshake = call_value(p->call, FLAG_HANDSHAKE);
	bool example = call_has(p->call, FLAG_EXAMPLE), probe = call_has(p->call, FLAG_PROBE);

	p->repeat = 1;
	if (repeat && (!number_parse(repeat, &p->repeat) || p->repeat > REPEAT_MAX))
		return wrong("--repeat needs a number of 1 to 1000000");
	if ((example || probe) && p->call->n_operands)
		return wrong("--example and --probe do not go with a FILE");
	if (example && probe)
		return wrong("--example and --probe do not go together");
	if (handshake && (example || probe || repeat || p->call->n_operands))
		return wrong("--handshake does not go with a FILE, --example, --probe or --repeat");
	return handshake ? check_handshake(handshake) : CLI_DONE;
}

static int read_target(struct parcel *p)
{
	int status = read_where(p);

	if (!status && call_has(p->call, FLAG_PROBE) && !p->authorization.len && !p->sender.credential.sender)
		status = wrong("--probe needs the authorization that the subscription will have");
	return status;
}

static int read_call(struct parcel *p)
{
	bool sent = call_has(p->call, FLAG_URL);
	int status = check_call(p);

	if (!status)
		status = recipe_read(p->call, p->pool, &p->recipe);
	if (!status && p->recipe.mode != RECIPE_NONE && call_has(p->call, FLAG_HANDSHAKE))
		status = wrong("--handshake does not go with what makes a CloudEvent");
	if (!status && !sent && p->recipe.mode == RECIPE_NONE && !call_has(p->call, FLAG_EXAMPLE))
		status = wrong("where to? --url is missing");
	if (!status)
		status = read_headers(p);
	if (!status && sent)
		status = read_target(p);
	return status ? status : read_body(p);
}

static void put_header(void *to, const char *line)
{
	struct parcel *p = to;

	if (p->n_headers < HEADERS_MAX && !(p->typed && header_is(line, "Content-Type")))
		p->headers[p->n_headers++] = pool_str(p->lines, line);
}

/* The request, anew where it is made up. */
static int make(struct parcel *p)
{
	struct err err;

	pool_reset(p->lines);
	p->n_headers = p->n_own;
	buf_reset(&p->id);
	uuid_put(&p->id);
	if (p->recipe.mode != RECIPE_NONE) {
		buf_reset(&p->body);
		if (recipe_make(&p->recipe, &p->body, put_header, p, &err) < 0)
			return wrong(err.text);
		return p->n_headers < HEADERS_MAX ? CLI_DONE : wrong("too many headers");
	}
	put_header(p, "Content-Type: application/json");
	if (call_has(p->call, FLAG_EXAMPLE)) {
		buf_reset(&p->body);
		example_notification(&p->body, clock_wall_ms());
	}
	return CLI_DONE;
}

static void put_proof(void *to, const char *line)
{
	struct parcel *p = to;

	must(p->n_all < HEADERS_MAX + PROOFS_MAX);
	p->headers[p->n_all++] = pool_str(p->proofs, line);
}

/* What proves who sends it, for this body and this moment. */
static int prove(struct parcel *p, const struct http_request *request)
{
	struct http_request known = *request;
	struct err err;

	if (p->authorization.len)
		put_proof(p, p->authorization.p);
	known.url = p->known_url;
	known.method = "POST";
	p->sender.credential.id = p->id.p;
	return credential_make(&p->sender.credential, &known, put_proof, p, &err) == 0 ? CLI_DONE : wrong(err.text);
}

/* 0: there is an answer. */
static int post(struct parcel *p, bool proved)
{
	struct http_request request = { p->url.p, p->headers, p->n_headers, p->body.p ? p->body.p : "", p->body.len, NULL };
	struct buf longer = {0};
	struct err err;
	int status = CLI_DONE;

	pool_reset(p->proofs);
	p->n_all = p->n_headers;
	if (proved)
		status = prove(p, &request);
	request.n_headers = p->n_all;
	if (p->sender.credential.spoil == SPOIL_SIGNATURE) {
		buf_put(&longer, request.body, request.body_len);
		buf_char(&longer, ' ');
		request.body = longer.p;
		request.body_len = longer.len;
	}
	if (!status && http_send(p->http, &request, &p->answer, &err) < 0) {
		say("%s: %s", p->url.p, err.text);
		status = CLI_FAILED;
	}
	buf_free(&longer);
	return status;
}

static void show(const struct parcel *p)
{
	struct buf out = {0};

	if (call_has(p->call, FLAG_JSON))
		answer_json(&p->answer, &out);
	else
		answer_text(&p->answer, &out);
	fwrite(out.p, 1, out.len, stdout);
	fflush(stdout);
	buf_free(&out);
}

static int send_all(struct parcel *p)
{
	int status = CLI_DONE;

	for (uint64_t i = 0; i < p->repeat; i++) {
		int made = i == 0 || call_has(p->call, FLAG_EXAMPLE) ? make(p) : CLI_DONE;

		if (!made)
			made = post(p, true);
		if (made)
			return made;
		show(p);
		if (p->answer.status < 200 || p->answer.status > 299)
			status = CLI_NOTHING;
	}
	return status;
}

/* As Open Notificaties does it: without the authorization 401 or 403, with it 200 to 209. */
static int send_probe(struct parcel *p)
{
	int status = make(p);

	if (status)
		return status;
	example_probe(&p->body, clock_wall_ms());
	status = post(p, false);
	if (status)
		return status;
	show(p);
	status = p->answer.status;
	if (status != 401 && status != 403) {
		say("without authorization 401 or 403 is expected, not %d: the subscription would be refused", status);
		return CLI_NOTHING;
	}
	status = post(p, true);
	if (status)
		return status;
	show(p);
	status = p->answer.status;
	if (status >= 200 && status <= 209)
		return CLI_DONE;
	say("with authorization 200 to 209 is expected, not %d: the subscription would be refused", status);
	return CLI_NOTHING;
}

/* The answer is shown only where it is not the right one. */
static int send_handshake(struct parcel *p)
{
	struct greeting greeting = { call_value(p->call, FLAG_HANDSHAKE), &p->sender, p->url.p, p->known_url, p->headers, p->n_own };
	int status;

	if (p->authorization.len)
		p->headers[greeting.n_headers++] = p->authorization.p;
	status = greet(&greeting, p->http, &p->answer);
	if (status == CLI_NOTHING)
		show(p);
	return status;
}

/* Headers are part of an event in binary mode alone. */
static int print_parcel(struct parcel *p)
{
	int status = make(p);

	for (size_t i = 0; !status && p->recipe.mode == RECIPE_BINARY && i < p->n_headers; i++)
		printf("%s\n%s", p->headers[i], i + 1 == p->n_headers ? "\n" : "");
	if (!status && p->body.len)
		fwrite(p->body.p, 1, p->body.len, stdout);
	if (!status && (!p->body.len || p->body.p[p->body.len - 1] != '\n'))
		putchar('\n');
	return status;
}

static int send_parcel(struct parcel *p)
{
	const struct http_rules rules = { .connect_ms = 5000, .total_ms = 30000, .answer_max = 1 << 20,
					  .ca = call_value(p->call, FLAG_CA), .cert = call_value(p->call, FLAG_CERT) };
	struct err err;
	int status;

	p->http = http_new(&rules, &err);
	if (!p->http) {
		say("%s", err.text);
		return CLI_FAILED;
	}
	if (call_has(p->call, FLAG_HANDSHAKE))
		status = send_handshake(p);
	else
		status = call_has(p->call, FLAG_PROBE) ? send_probe(p) : send_all(p);
	http_free(&p->http);
	return status;
}

int run_send(const struct call *call)
{
	struct parcel parcel = { .call = call, .pool = pool_new(), .lines = pool_new(), .proofs = pool_new() };
	int status = read_call(&parcel);

	if (!status)
		status = call_has(call, FLAG_URL) ? send_parcel(&parcel) : print_parcel(&parcel);
	sender_free(&parcel.sender);
	http_answer_free(&parcel.answer);
	buf_free(&parcel.url);
	buf_free(&parcel.id);
	buf_free(&parcel.authorization);
	buf_free(&parcel.body);
	pool_free(&parcel.pool);
	pool_free(&parcel.lines);
	pool_free(&parcel.proofs);
	return status;
}
