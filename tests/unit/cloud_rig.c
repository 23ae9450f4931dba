/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "cloud_rig.h"

#include "receive/pipeline.h"

#define HEADERS_MOST 600

static const char *const core[][2] = {
	{ "specversion", "1.0" }, { "id", "1" }, { "source", SOURCE }, { "type", "nl.zaken.geopend" },
};

struct read_rules cloud_rules_of(enum cloud_profile profile)
{
	return (struct read_rules){ .accepts = ACCEPTS_CLOUD, .scope = "on", .cloud_profile = profile,
				    .now_ms = INT64_C(1767225600000) };
}

static void put_headers(struct cloud_rig *rig, const char *lines)
{
	rig->m.headers = pool_alloc(rig->pool, HEADERS_MOST * sizeof *rig->m.headers);
	for (const char *at = lines; *at; at += strcspn(at, "\n") + 1) {
		const char *line = pool_strn(rig->pool, at, strcspn(at, "\n")), *colon = strstr(line, ": ");

		ck_assert_msg(colon && rig->m.n_headers < HEADERS_MOST - 1, "%s", line);
		rig->m.headers[rig->m.n_headers++] = (struct attr){ pool_strn(rig->pool, line, (size_t)(colon - line)), colon + 2 };
	}
}

/* The body is memory of its own, so that a read beyond its end shows. */
static void put_body(struct cloud_rig *rig, const char *body, size_t len)
{
	unsigned char *p = mem_dup(body, len);

	for (size_t i = 0; i < len; i++)
		if (p[i] == '\'')
			p[i] = '"';
	rig->m.body = p;
	rig->m.body_len = len;
}

static void begin(struct cloud_rig *rig, struct read_rules rules, const struct cloud_row *row)
{
	const char *headers = row->headers ? row->headers : STRUCTURED;
	const char *body = row->body ? row->body : strstr(headers, "application/cloudevents") ? EVENT("") : "{}";

	*rig = (struct cloud_rig){ .pool = pool_new(), .rules = rules,
				   .m = { .method = "POST", .path = "/ce", .query = "", .peer = "" } };
	put_headers(rig, headers);
	put_body(rig, body, row->body_len ? row->body_len : strlen(body));
	message_read(rig->pool, &rig->m, &rig->rules, &rig->reading);
}

void rig_read(struct cloud_rig *rig, struct read_rules rules, const char *headers, const char *body)
{
	begin(rig, rules, &(struct cloud_row){ .headers = headers, .body = body });
}

struct event *rig_event(struct cloud_rig *rig, struct read_rules rules, const char *headers, const char *body)
{
	rig_read(rig, rules, headers, body);
	ck_assert_msg(!rig->reading.status && rig->reading.n == 1, "%s %s", body ? body : headers,
		      rig->reading.faults.n ? rig->reading.faults.v[0].reason : "");
	return rig->reading.events[0];
}

void rig_free(struct cloud_rig *rig)
{
	free((void *)(uintptr_t)rig->m.body);
	pool_free(&rig->pool);
}

static void put_attrs(struct buf *out, const struct event *event)
{
	const char *blank = "";

	for (size_t i = 0; i < event->n_attrs; i++) {
		bool usual = false;

		for (size_t j = 0; j < COUNT(core); j++)
			usual = usual || (strcmp(core[j][0], event->attrs[i].name) == 0 && strcmp(core[j][1], event->attrs[i].value) == 0);
		if (!usual)
			buf_fmt(out, "%s%s=%s", blank, event->attrs[i].name, event->attrs[i].value);
		if (!usual)
			blank = " ";
	}
}

static const char *got_of(struct cloud_rig *rig)
{
	const struct reading *r = &rig->reading;
	struct buf out = {0};
	const char *text;

	buf_str(&out, r->status == 400 || !r->status ? "" : r->code);
	for (size_t i = 0; i < r->faults.n; i++)
		buf_fmt(&out, "%s%s:%s", i ? " " : "", r->faults.v[i].name, r->faults.v[i].code);
	for (size_t i = 0; i < r->n; i++) {
		buf_str(&out, i ? " | " : "");
		put_attrs(&out, r->events[i]);
	}
	text = pool_strn(rig->pool, out.p, out.len);
	buf_free(&out);
	return text;
}

static const char *data_of(struct cloud_rig *rig, const struct event *event)
{
	struct buf out = {0};
	const char *text;

	if (!event->data)
		return "none";
	for (size_t i = 0; i < event->data_len; i++)
		buf_fmt(&out, event->data[i] >= ' ' && event->data[i] < 0x7F ? "%c" : "\\x%02x", event->data[i]);
	text = pool_strn(rig->pool, out.p, out.len);
	buf_free(&out);
	return text;
}

/* What every event has that was taken. */
static void check_event(const struct event *event)
{
	const char *id = event_attr(event, "id", NULL), *time = event_attr(event, "time", NULL);

	ck_assert_int_eq(event->mark, EVENT_PLAIN);
	ck_assert(*event->type && event->source && id == event->id && time == event->time);
	for (size_t i = 0; i < event->n_attrs; i++)
		ck_assert_str_eq(event_attr(event, event->attrs[i].name, NULL), event->attrs[i].value);
}

static int expected_answer(const struct cloud_rig *rig)
{
	if (rig->reading.status)
		return rig->reading.status;
	return !rig->reading.n ? 204 : rig->reading.wire == WIRE_NRC ? 204 : 202;
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)) != NULL; text += strlen(part))
		n++;
	return n;
}

static void check_answer(struct cloud_rig *rig, const char *where)
{
	const char *body;
	int status = rig_judge(rig, "POST", 0, &body);

	ck_assert_msg(status == expected_answer(rig), "%s: answered %d", where, status);
	if (status == 400)
		ck_assert_msg(count(body, "{\"pointer\":") + count(body, "{\"header\":") == rig->reading.faults.n, "%s: %s", where, body);
}

static void check_row(struct cloud_rig *rig, const struct cloud_row *row, const char *where)
{
	const struct reading *r = &rig->reading;
	const char *got = got_of(rig), *reason = r->faults.n ? r->faults.v[0].reason : r->detail ? r->detail : "";
	const struct event *first = r->n ? r->events[0] : NULL;

	ck_assert_msg(r->status == row->status, "%s: status %d, %s (%s)", where, r->status, got, reason);
	if (row->expect)
		ck_assert_msg(strcmp(got, row->expect) == 0, "%s:\n   is %s\n not %s (%s)", where, got, row->expect, reason);
	if (row->data)
		ck_assert_msg(first && strcmp(data_of(rig, first), row->data) == 0, "%s: data %s", where,
			      first ? data_of(rig, first) : "of nothing");
	if (first && row->note)
		ck_assert_msg(first->note && strstr(first->note, row->note), "%s: note %s", where, first->note ? first->note : "missing");
	if (first && !row->note)
		ck_assert_msg(!first->note, "%s: note %s", where, first->note);
	for (size_t i = 0; i < r->n; i++)
		check_event(r->events[i]);
	check_answer(rig, where);
}

void cloud_table(const char *file, int line, struct read_rules rules, const struct cloud_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct cloud_rig rig;
		char *where;

		begin(&rig, rules, &rows[i]);
		where = str_fmt("%s:%d: row %zu: %s%s", strrchr(file, '/') + 1, line, i, rows[i].headers ? rows[i].headers : "",
				rows[i].body ? rows[i].body : "");
		check_row(&rig, &rows[i], where);
		free(where);
		rig_free(&rig);
	}
}

int rig_judge(struct cloud_rig *rig, const char *method, size_t most, const char **body)
{
	const char *secret = "Bearer secret";
	size_t first = 0;
	struct conf_sender sender = { .name = "on", .authorization = { "file:x", &secret, 1 }, .may_send = "**" };
	struct conf_endpoint endpoint = {
		.name = "ce", .path = "/ce", .senders = &first, .n_senders = 1, .accepts = rig->rules.accepts,
		.profile = rig->rules.nrc_profile, .cloud_profile = rig->rules.cloud_profile, .batch = (int)rig->rules.batch,
		.payload_optional = rig->rules.payload_optional };
	struct conf conf = { .endpoints = &endpoint, .n_endpoints = 1, .senders = &sender, .n_senders = 1, .body_max = most };
	struct trust *trust = trust_new(&conf);
	struct gate_request request = { .message = rig->m, .pool = rig->pool, .over = most && rig->m.body_len > most };
	struct verdict verdict;
	struct attr *headers = pool_alloc(rig->pool, (rig->m.n_headers + 1) * sizeof *headers);

	if (rig->rules.map)
		memcpy(endpoint.map, rig->rules.map, sizeof endpoint.map);
	memcpy(headers, rig->m.headers, rig->m.n_headers * sizeof *headers);
	headers[rig->m.n_headers] = (struct attr){ "authorization", secret };
	request.message.headers = headers;
	request.message.n_headers++;
	request.message.method = method;
	pipeline_judge(&conf, trust, &request, &verdict);
	if (body)
		*body = pool_strn(rig->pool, verdict.reply.body, verdict.reply.body_len);
	trust_free(&trust);
	return verdict.reply.status;
}
