/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/read.h"

#include <string.h>
#include <strings.h>
#include "event/digest.h"
#include "event/json_scan.h"
#include "event/mapped.h"
#include "event/media.h"

#define CLOUD "application/cloudevents"
#define CE_HEADERS 4

struct reader {
	struct pool *pool;
	const struct message *m;
	const struct read_rules *rules;
	struct reading *out;
	const char *type;	/* Content-Type, "" when absent */
	char media[MEDIA_MOST], charset[32];
	bool typed;		/* it is a media type */
};

static void refuse(struct reader *r, int status, const char *code, const char *detail)
{
	r->out->status = status;
	r->out->code = code;
	r->out->detail = detail;
}

static void refuse_400(struct reader *r, const char *name, const char *code, const char *reason)
{
	fault_add(&r->out->faults, name, code, "%s", reason);
	refuse(r, 400, code, NULL);
}

/* What would be taken here. */
static void refuse_media(struct reader *r)
{
	unsigned accepts = r->rules->accepts;

	if (accepts == ACCEPTS_NRC)
		refuse(r, 415, "unsupported_media_type", "The Content-Type must be application/json.");
	else if (accepts & ACCEPTS_CLOUD)
		refuse(r, 415, "unsupported_media_type", pool_fmt(r->pool, "This is no CloudEvent: the Content-Type must be "
			"application/cloudevents+json, or there must be headers ce-id, ce-source, ce-specversion and ce-type%s.",
			accepts & ACCEPTS_NRC ? "; a notification is application/json" :
			accepts & ACCEPTS_JSON ? "; other events are application/json" : ""));
	else
		refuse(r, 415, "unsupported_media_type", "The Content-Type must be application/json, or another type of JSON.");
}

static bool charset_fits(struct reader *r)
{
	if (!*r->charset || strcmp(r->charset, "utf-8") == 0 || strcmp(r->charset, "us-ascii") == 0)
		return true;
	refuse(r, 415, "unsupported_charset", "The charset of the body must be utf-8.");
	return false;
}

static bool has_body(struct reader *r)
{
	if (r->m->body_len)
		return true;
	refuse_400(r, "", "required", "The body is empty.");
	return false;
}

/* One event was read, or refused with faults. */
static void take_event(struct reader *r, struct event *event, int rc)
{
	if (rc < 0) {
		refuse(r, 400, r->out->faults.v[0].code, NULL);
		return;
	}
	r->out->events = pool_dup(r->pool, &event, sizeof event);
	r->out->n = 1;
}

static struct event *new_event(struct reader *r)
{
	return pool_alloc(r->pool, sizeof(struct event));
}

static bool is_specversion(void *arg, const struct json_part *p)
{
	bool *found = arg;

	*found = *found || (p->name_len == 11 && memcmp(p->name, "specversion", 11) == 0);
	return !*found;
}

/* A CloudEvent that says it is any JSON: its sender would not understand what a notification lacks. */
static bool looks_like_cloud(struct reader *r)
{
	struct faults unsaid = { .pool = r->pool };
	bool found = false;

	return json_split(r->m->body, r->m->body_len, 1, is_specversion, &found, &unsaid) == JSON_OBJECT && found;
}

static void read_nrc(struct reader *r)
{
	const struct read_rules *rules = r->rules;
	struct nrc_rules nrc = { rules->nrc_profile, rules->identity, rules->identity_header, rules->scope };
	struct event *event;

	r->out->wire = WIRE_NRC;
	if (!charset_fits(r) || !has_body(r))
		return;
	event = new_event(r);
	take_event(r, event, nrc_parse(r->pool, r->m, &nrc, event, &r->out->probe, &r->out->faults));
	if (r->out->probe)
		r->out->n = 0;
	if (r->out->status == 400 && (rules->accepts & ACCEPTS_CLOUD) && looks_like_cloud(r)) {
		r->out->wire = 0;
		refuse(r, 415, "unsupported_media_type", "The body looks like a CloudEvent: its Content-Type must then be "
		       "application/cloudevents+json.");
	}
}

static struct cloud_rules cloud_rules(const struct reader *r)
{
	return (struct cloud_rules){ r->rules->cloud_profile, r->rules->payload_optional, r->rules->scope };
}

static void read_structured(struct reader *r)
{
	struct cloud_rules rules = cloud_rules(r);
	struct event *event;

	if (!charset_fits(r) || !has_body(r))
		return;
	event = new_event(r);
	take_event(r, event, cloud_structured(r->pool, r->m, &rules, event, &r->out->faults));
}

static void read_batch(struct reader *r)
{
	struct cloud_batch batch = { .most = r->rules->batch };
	struct cloud_rules rules = cloud_rules(r);
	int rc;

	if (!r->rules->batch) {
		refuse(r, 415, "batch_not_supported", "This webhook takes no batches; send each event in a request of its own.");
		return;
	}
	if (!charset_fits(r) || !has_body(r))
		return;
	rc = cloud_batch(r->pool, r->m, &rules, &batch, &r->out->faults);
	if (rc > 0)
		refuse(r, 413, "batch_too_large", pool_fmt(r->pool, "The batch has more than %zu events; send them in smaller ones.",
							   r->rules->batch));
	else if (rc < 0)
		refuse(r, 400, r->out->faults.v[0].code, NULL);
	r->out->batch = true;
	r->out->events = batch.events;
	r->out->n = rc ? 0 : batch.n;
}

static void read_binary(struct reader *r)
{
	struct cloud_rules rules = cloud_rules(r);
	struct event *event;

	r->out->wire = WIRE_CLOUD;
	if (!*r->type && !r->rules->payload_optional) {
		refuse(r, 415, "unsupported_media_type", "The Content-Type is missing; a web hook says of what type its payload is.");
		return;
	}
	event = new_event(r);
	take_event(r, event, cloud_binary(r->pool, r->m, &rules, event, &r->out->faults));
}

static void read_mapped(struct reader *r)
{
	struct mapped_rules rules = { r->rules->map, r->rules->scope, r->rules->now_ms };
	struct event *event;

	r->out->wire = WIRE_JSON;
	if (!charset_fits(r) || !has_body(r))
		return;
	event = new_event(r);
	take_event(r, event, mapped_read(r->pool, r->m, &rules, event, &r->out->faults));
}

static void read_cloud(struct reader *r)
{
	const char *format = r->media + strlen(CLOUD);

	r->out->wire = WIRE_CLOUD;
	if (strcmp(format, "+json") == 0)
		read_structured(r);
	else if (strcmp(format, "-batch+json") == 0)
		read_batch(r);
	else
		refuse(r, 415, "unsupported_format", "CloudEvents are taken in the JSON format alone: application/cloudevents+json.");
}

/* The content type decides first (HTTP binding, 3), then whether there are ce- headers. */
static void choose(struct reader *r)
{
	unsigned accepts = r->rules->accepts;
	int ce = accepts & ACCEPTS_CLOUD ? cloud_headers(r->m) : 0;

	if ((accepts & ACCEPTS_CLOUD) && r->typed && strncmp(r->media, CLOUD, strlen(CLOUD)) == 0)
		read_cloud(r);
	else if (*r->type && !r->typed && strncasecmp(r->type, CLOUD, strlen(CLOUD)) == 0)
		refuse(r, 415, "unsupported_media_type", "The Content-Type is not well-formed (RFC 9110 8.3.1): correct its parameters.");
	else if (ce == CE_HEADERS || (ce && !(accepts & ACCEPTS_JSON && r->typed && media_is_json(r->type))))
		read_binary(r);
	else if ((accepts & ACCEPTS_NRC) && r->typed && strcmp(r->media, "application/json") == 0)
		read_nrc(r);
	else if ((accepts & ACCEPTS_JSON) && r->typed && media_is_json(r->type))
		read_mapped(r);
	else
		refuse_media(r);
}

void message_read(struct pool *pool, const struct message *m, const struct read_rules *rules, struct reading *out)
{
	struct reader r = { .pool = pool, .m = m, .rules = rules, .out = out };
	const char *encoding = message_header(m, "content-encoding", NULL);

	*out = (struct reading){ .faults = { .pool = pool } };
	if (encoding && *encoding && strcasecmp(encoding, "identity") != 0) {
		refuse(&r, 415, "unsupported_content_encoding", "The body is encoded; send it as it is (Content-Encoding: identity).");
		return;
	}
	r.type = message_header(m, "content-type", NULL);
	if (!r.type)
		r.type = "";
	r.typed = media_type(r.type, r.media, sizeof r.media, r.charset, sizeof r.charset) == 0;
	choose(&r);
}

/* Headers of a CloudEvent in binary mode are a part of it; and that by which notifications are told apart. */
static void keep_more_headers(struct pool *pool, const struct message *m, const char *identity_header, struct event *event)
{
	struct attr *headers = pool_alloc(pool, (event->n_headers + m->n_headers) * sizeof *headers);

	if (event->n_headers)
		memcpy(headers, event->headers, event->n_headers * sizeof *headers);
	event->headers = headers;
	for (size_t i = 0; i < m->n_headers; i++)
		if (event->wire == WIRE_CLOUD ? strncmp(m->headers[i].name, "ce-", 3) == 0 :
		    identity_header && strcmp(m->headers[i].name, identity_header) == 0)
			headers[event->n_headers++] = m->headers[i];
}

/* It has nothing but its bytes to be known by: those of its body; and of its headers, where an event may be in those. */
static void identify(struct pool *pool, struct event *event, const char *scope)
{
	struct digest_part *parts = pool_alloc(pool, (4 + 2 * event->n_headers) * sizeof *parts);
	unsigned char hash[SHA256_LEN];
	size_t n = 4;

	digest_sha256(hash, event->data, event->data_len);
	/* "nrc", whatever it was taken for: what could not be read is not that either. */
	parts[0] = (struct digest_part){ "nrc", 3 };
	parts[1] = (struct digest_part){ scope, strlen(scope) };
	parts[2] = (struct digest_part){ "raw", 3 };
	parts[3] = (struct digest_part){ hash, sizeof hash };
	for (size_t i = 0; i < event->n_headers && event->wire != WIRE_NRC; i++) {
		if (trace_named(event->headers[i].name))
			continue;
		parts[n++] = (struct digest_part){ event->headers[i].name, strlen(event->headers[i].name) };
		parts[n++] = (struct digest_part){ event->headers[i].value, strlen(event->headers[i].value) };
	}
	event->key = digest_key(parts, n);
	event->digest = digest_first(hash);
}

struct event *message_raw(struct pool *pool, const struct message *m, const struct read_rules *rules,
			  const struct reading *reading)
{
	struct mapped_rules mapped = { rules->map, rules->scope, rules->now_ms };
	struct event *event = pool_alloc(pool, sizeof *event);
	struct faults unsaid = { .pool = pool };

	if (reading->wire == WIRE_JSON) {
		mapped_read(pool, m, &mapped, event, &unsaid);	/* for the headers that it keeps */
		event->id = event->source = event->subject = event->time = NULL;
		event->n_attrs = 0;
	} else {
		event_keep_headers(pool, m, event);
	}
	event->wire = reading->wire;
	event->mark = EVENT_QUARANTINED;
	event->type = "";
	event->datacontenttype = reading->wire == WIRE_NRC ? "application/json" : message_header(m, "content-type", NULL);
	event->data = m->body;
	event->data_len = m->body_len;
	keep_more_headers(pool, m, rules->identity_header, event);
	identify(pool, event, rules->scope);
	return event;
}
