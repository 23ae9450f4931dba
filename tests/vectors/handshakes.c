/* SPDX-License-Identifier: EUPL-1.2
 * Handshakes: what is answered to each, by what judges requests in the receiver. */
#include "config.h"
#include "vectors.h"

#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "receive/pipeline.h"
#include "trust/sign.h"

#define BEARER "Bearer geheim"
#define SLACK "een geheim van Slack"

enum { ON, SLACKS, XS, SENDERS };
static const char *bearer[] = { BEARER }, *slack[] = { SLACK }, *verify[] = { "meatyhamhock" }, *x_secret[1];
static struct conf_sender senders[SENDERS] = {
	[ON] = { .name = "on", .authorization = { "file:x", bearer, 1 }, .may_send = "**" },
	[SLACKS] = { .name = "slack", .may_send = "**",
		     .signing = { .scheme = SIGNATURE_SLACK, .secret = { "file:x", slack, 1 }, .max_age_ms = 300000 } },
	[XS] = { .name = "x", .may_send = "**", .signing = { .scheme = SIGNATURE_X, .secret = { "file:x", x_secret, 1 } } },
};
static size_t on[] = { ON }, slacks[] = { SLACKS }, xs[] = { XS };

#define PLACE(id, senders_, ...) { .name = id, .path = "/" id, .accepts = ACCEPTS_CLOUD | ACCEPTS_JSON, .senders = senders_, \
				   .n_senders = 1, __VA_ARGS__ }
static struct conf_endpoint endpoints[] = {	/* named as the vectors are */
	PLACE("hs-cloudevents-options", on, .origins = "eventemitter.example.com"),
	PLACE("hs-cloudevents-options-refused", on, .origins = "eventemitter.example.com"),
	PLACE("hs-eventgrid-validation", on, .handshake.eventgrid = "*"),
	PLACE("hs-msgraph-validation", on, .handshake.graph = true),
	PLACE("hs-meta-websub-challenge", on, .handshake.meta = { "file:x", verify, 1 }),
	PLACE("hs-slack-url-verification", slacks, .handshake.slack = true),
	PLACE("x-crc", xs, .handshake.x = true),
};
static const struct conf conf = { .endpoints = endpoints, .n_endpoints = sizeof endpoints / sizeof *endpoints,
				  .senders = senders, .n_senders = SENDERS, .body_max = 65536 };

/* A string as it is, anything else as JSON. */
static const char *bytes_of(struct pool *pool, struct json_object *value)
{
	struct buf out = {0};
	const char *bytes;

	if (json_kind(value) == JSON_STRING)
		return json_text(value);
	json_canonical(value, NULL, &out);
	bytes = pool_strn(pool, out.p, out.len);
	buf_free(&out);
	return bytes;
}

/* JSON in its one form, whatever else as it is. */
static const char *plain(struct pool *pool, const char *text)
{
	struct faults faults = { .pool = pool };
	struct json_object *doc;
	const char *out;

	if (json_parse(text, strlen(text), &doc, &faults) < 0)
		return text;
	out = bytes_of(pool, doc);
	out = json_kind(doc) == JSON_STRING ? pool_str(pool, out) : out;
	json_drop(&doc);
	return out;
}

struct line_of {			/* the headers that are looked for */
	struct vector *v;
	const struct gate_reply *reply;
	bool right;
};

static const char *header_of(struct vector *v, const struct gate_reply *reply, const char *name)
{
	const char *lines = pool_fmt(v->pool, "\r\n%s", reply->headers), *line = strstr(lines, pool_fmt(v->pool, "\r\n%s: ", name));

	if (!line)
		return NULL;
	line += strlen(name) + 4;
	return pool_strn(v->pool, line, strcspn(line, "\r"));
}

static void expect_header(void *to, const char *name, struct json_object *value)
{
	struct line_of *l = to;
	const char *got = header_of(l->v, l->reply, name), *want = json_text(value);
	size_t len = strlen(want);

	/* Allow names what the vector names, and what else there is. */
	if (got && strncmp(got, want, len) == 0 && (!got[len] || (strcmp(name, "Allow") == 0 && got[len] == ',')))
		return;
	say(l->v, pool_fmt(l->v->pool, "%s is %s", name, got ? got : "not there"));
	l->right = false;
}

static bool headers_right(struct vector *v, struct json_object *response, const struct gate_reply *reply)
{
	struct line_of l = { v, reply, true };
	struct json_object *headers;
	const char *name;

	if (json_member(response, "headers", &headers))
		json_each(headers, expect_header, &l);
	if (text_at(response, "/content_type") && strcmp(text_at(response, "/content_type"), header_of(v, reply, "Content-Type")) != 0)
		l.right = false;
	for (size_t i = 0; (name = text_at(response, pool_fmt(v->pool, "/absent_headers/%zu", i))); i++)
		if (header_of(v, reply, name)) {
			say(v, pool_fmt(v->pool, "%s is there", name));
			l.right = false;
		}
	return l.right;
}

static bool answer_right(struct vector *v, struct json_object *response, const struct gate_reply *reply)
{
	const char *got = reply->body ? pool_strn(v->pool, reply->body, reply->body_len) : "";
	struct json_object *status, *body;
	int64_t number;

	if (json_member(response, "absent_headers", &status)) {		/* consent is in the headers, whatever the status */
	} else if (!json_member(response, "status", &status) || !json_is_int(status, &number) || number != reply->status) {
		say(v, pool_fmt(v->pool, "the status is %d", reply->status));
		return false;
	} else if (json_member(response, "body", &body) && strcmp(plain(v->pool, got), plain(v->pool, bytes_of(v->pool, body))) != 0) {
		say(v, pool_fmt(v->pool, "the body is %s", got));
		return false;
	}
	return headers_right(v, response, reply);
}

static bool judge(struct vector *v, const struct message *m, struct json_object *response)
{
	struct gate_request request = { .message = *m, .pool = v->pool };
	struct trust *trust = trust_new(&conf);
	struct rates *rates = rates_private();
	struct verdict verdict = {0};
	bool right;

	trust_consult(trust, &(struct trust_outside){ .rates = rates });
	pipeline_judge(&conf, trust, &request, &verdict);
	right = answer_right(v, response, &verdict.reply);
	trust_free(&trust);
	rates_close(&rates);
	return right;
}

struct adding {
	struct pool *pool;
	struct message *m;
};

static void add_line(void *arg, const char *line)
{
	struct adding *a = arg;
	const char *colon = strstr(line, ": ");

	add_header(a->pool, a->m, pool_strn(a->pool, line, (size_t)(colon - line)), pool_str(a->pool, colon + 2));
}

static void sign(struct pool *pool, struct message *m)
{
	struct adding adding = { pool, m };
	struct sign_order order = { .signing = &senders[SLACKS].signing, .method = m->method, .url = "https://example.com/",
				    .body = m->body, .body_len = m->body_len, .now_ms = clock_wall_ms() };

	sign_request(&order, add_line, &adding, NULL);
}

static void start_message(struct vector *v, struct message *m)
{
	*m = (struct message){ .method = "GET", .path = pool_fmt(v->pool, "/%s", text_at(v->doc, "/id")), .query = "", .peer = "192.0.2.1",
			       .scheme = SCHEME_HTTPS, .body = (const unsigned char *)"" };
	m->headers = pool_alloc(v->pool, HEADERS_MOST * sizeof *m->headers);
}

bool handshake_right(struct vector *v)
{
	struct json_object *request, *response, *value;
	struct message m;

	if (!json_member(v->doc, "request", &request) || !json_member(v->doc, "response", &response))
		return false;
	start_message(v, &m);
	m.method = text_at(request, "/method");
	m.query = text_at(request, "/query") ? text_at(request, "/query") : "";
	if (json_member(request, "headers", &value))
		add_headers(v->pool, &m, value);
	if (json_member(request, "body", &value))
		m.body = (const unsigned char *)bytes_of(v->pool, value);
	m.body_len = strlen((const char *)m.body);
	add_header(v->pool, &m, "authorization", BEARER);
	sign(v->pool, &m);
	return judge(v, &m, response);
}

bool x_crc_right(struct vector *v)
{
	const char *line = text_at(v->doc, "/request"), *query = line ? strchr(line, '?') : NULL;
	struct json_object *response;
	struct message m;

	x_secret[0] = text_at(v->doc, "/secret");
	if (!query || !x_secret[0] || !json_member(v->doc, "expect_response", &response))
		return false;
	start_message(v, &m);
	m.query = query + 1;
	return judge(v, &m, response);
}
