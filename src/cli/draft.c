/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/draft.h"

#include <string.h>
#include "base/utf8.h"
#include "cli/jot.h"
#include "event/base64.h"
#include "event/json.h"
#include "event/media.h"

#define CORE 8			/* attributes that have a place of their own */

static struct json_object *parse(const void *p, size_t len, bool *is_json)
{
	struct faults faults = { .pool = pool_new() };
	struct json_object *doc = NULL;

	*is_json = json_parse(p, len, &doc, &faults) == 0;
	pool_free(&faults.pool);
	return doc;
}

static bool is_json(const void *p, size_t len)
{
	bool is;
	struct json_object *doc = parse(p, len, &is);

	json_drop(&doc);
	return is;
}

int draft_attr_parse(struct pool *pool, const char *text, struct draft_attr *out, struct err *err)
{
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : 0;

	out->json = len && text[len - 1] == ':';
	if (out->json)
		len--;
	if (!len)
		return err_set(err, "needs NAME=VALUE or NAME:=JSON, not \"%s\"", text);
	out->name = pool_strn(pool, text, len);
	out->value = pool_str(pool, equals + 1);
	if (out->json && !is_json(out->value, strlen(out->value)))
		return err_set(err, "%s: what follows := is not JSON; for a string, write %s=%s",
			       text, out->name, out->value);
	return 0;
}

const char *draft_media_type(const void *data, size_t len)
{
	if (is_json(data, len))
		return "application/json";
	return utf8_valid(data, len, NULL) ? "text/plain" : "application/octet-stream";
}

static const struct draft_attr *find(const struct draft *event, const char *name)
{
	for (size_t i = 0; i < event->n_more; i++)
		if (strcmp(event->more[i].name, name) == 0)
			return &event->more[i];
	return NULL;
}

/* Those that have a place of their own, were not left out and not given by name. */
static size_t list_core(const struct draft *event, struct draft_attr out[CORE])
{
	const struct draft_attr all[CORE] = {
		{ "specversion", "1.0", false },
		{ "id", event->id, false },
		{ "source", event->source, false },
		{ "type", event->type, false },
		{ "subject", event->subject, false },
		{ "time", event->time, false },
		{ "datacontenttype", event->datacontenttype, false },
		{ "dataschema", event->dataschema, false },
	};
	size_t n = 0;

	for (size_t i = 0; i < CORE; i++)
		if (all[i].value && !find(event, all[i].name))
			out[n++] = all[i];
	return n;
}

/* ---- JSON ---- */

static void put_attr(const struct draft_attr *attr, struct buf *out)
{
	if (attr->json)
		jot_raw(out, attr->name, attr->value, strlen(attr->value));
	else
		jot_text(out, attr->name, attr->value);
}

static void put_base64(const struct draft *event, struct buf *out)
{
	struct buf text = {0};

	base64_encode(&text, event->data, event->data_len);
	jot_bytes(out, "data_base64", text.p ? text.p : "", text.len);
	buf_free(&text);
}

static void put_data(const struct draft *event, struct buf *out)
{
	const struct draft_attr *given = find(event, "datacontenttype");
	const char *type = !given ? event->datacontenttype : given->json ? NULL : given->value;
	bool json = !type || media_is_json(type);	/* without a type, it is JSON as well */

	if (json && is_json(event->data, event->data_len))
		jot_raw(out, "data", event->data, event->data_len);
	else if (!json && utf8_valid(event->data, event->data_len, NULL))
		jot_bytes(out, "data", event->data, event->data_len);
	else
		put_base64(event, out);
}

void draft_json(const struct draft *event, struct buf *out)
{
	struct draft_attr core[CORE];
	size_t n = list_core(event, core);

	jot_begin(out, NULL, '{');
	for (size_t i = 0; i < n; i++)
		put_attr(&core[i], out);
	for (size_t i = 0; i < event->n_more; i++)
		put_attr(&event->more[i], out);
	if (event->data)
		put_data(event, out);
	jot_end(out, '}');
}

/* ---- headers ---- */

/* RFC 9110 5.6.2 */
static bool is_token(const char *s)
{
	static const char others[] = "!#$%&'*+-.^_`|~0123456789";

	for (const char *at = s; *at; at++)
		if (!((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || strchr(others, *at)))
			return false;
	return *s != '\0';
}

/* HTTP binding 3.1.3.2 */
static void put_encoded(const char *value, struct buf *out)
{
	for (const unsigned char *at = (const unsigned char *)value; *at; at++) {
		if (*at <= ' ' || *at > '~' || *at == '"' || *at == '%')
			buf_fmt(out, "%%%02X", *at);
		else
			buf_char(out, (char)*at);
	}
}

/* A scalar as text; what is none goes as it was written. False: null, which is to be left out. */
static bool put_json_encoded(const char *text, struct buf *out)
{
	bool is;
	struct json_object *doc = parse(text, strlen(text), &is);
	const char *scalar = json_text(doc);
	bool there = json_kind(doc) != JSON_NULL;

	if (there)
		put_encoded(scalar ? scalar : text, out);
	json_drop(&doc);
	return there;
}

static int put_header(const struct draft_attr *attr, struct buf *line, struct err *err)
{
	bool there = true;

	buf_reset(line);
	if (!is_token(attr->name))
		return err_set(err, "--attribute %s: in binary mode this cannot be a name", attr->name);
	buf_fmt(line, "ce-%s: ", attr->name);
	if (attr->json)
		there = put_json_encoded(attr->value, line);
	else
		put_encoded(attr->value, line);
	if (!there)
		buf_reset(line);
	return 0;
}

static int put_headers(const struct draft_attr *attrs, size_t n, draft_header_fn *fn, void *to, struct err *err)
{
	struct buf line = {0};
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = put_header(&attrs[i], &line, err);
		if (rc == 0 && line.len)
			fn(to, line.p);
	}
	buf_free(&line);
	return rc;
}

static int put_type(const char *type, draft_header_fn *fn, void *to, struct err *err)
{
	struct buf line = {0};

	if (strpbrk(type, "\r\n"))
		return err_set(err, "--datacontenttype: in binary mode this is a header, which is one line");
	buf_fmt(&line, "Content-Type: %s", type);
	fn(to, line.p);
	buf_free(&line);
	return 0;
}

int draft_headers(const struct draft *event, draft_header_fn *fn, void *to, struct err *err)
{
	struct draft rest = *event;
	struct draft_attr core[CORE];
	size_t n;

	if (event->datacontenttype && put_type(event->datacontenttype, fn, to, err) < 0)
		return -1;
	rest.datacontenttype = NULL;
	n = list_core(&rest, core);
	if (put_headers(core, n, fn, to, err) < 0)
		return -1;
	return put_headers(event->more, event->n_more, fn, to, err);
}
