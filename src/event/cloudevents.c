/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/cloudevents.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "event/base64.h"
#include "event/extension.h"
#include "event/header.h"
#include "event/integer.h"
#include "event/json_scan.h"
#include "event/media.h"
#include "event/text.h"
#include "event/time.h"
#include "event/uri.h"

#define JSON_MEDIA "application/json"
#define FAULTS_MOST 300		/* of one event, all listed: one for each attribute, and some */
#define FAULTS_BATCH 1000	/* of a batch; each faulty event has one at least */
#define LEFT_OUT_MOST 200	/* faults beyond those that are listed; enough is known then */

struct reader {
	struct pool *pool;
	const struct cloud_rules *rules;
	struct event *event;
	struct faults *faults;
	size_t element;			/* of a batch, counted from 1; 0: there is none */
	bool headers;			/* attributes stand in headers */
	size_t cap;			/* of event->attrs */
	bool too_many;
	size_t left_out, found;		/* faults that were before this event: not listed, and all */
	bool extended;			/* there are extensions */
	unsigned named;			/* core attributes that came, however faulty */
	struct json_part data, base64;	/* value null: not there */
};

enum core { ID, SOURCE, SPECVERSION, TYPE, DATACONTENTTYPE, DATASCHEMA, SUBJECT, TIME, CORES };
static const char *const cores[CORES] = {
	"id", "source", "specversion", "type", "datacontenttype", "dataschema", "subject", "time"
};
#define REQUIRED 4	/* the first ones */

/* ---- faults and notes ---- */

/* Of the event in the body, as RFC 6901 has it. */
static const char *place(const struct reader *r)
{
	return r->element ? pool_fmt(r->pool, "/%zu", r->element - 1) : "";
}

/* RFC 6901 section 3 */
static const char *pointer(struct reader *r, const char *name)
{
	struct buf out = {0};
	const char *text;

	buf_fmt(&out, "%s/", place(r));
	for (const char *at = name; *at; at++)
		if (*at == '~' || *at == '/')
			buf_str(&out, *at == '~' ? "~0" : "~1");
		else
			buf_char(&out, *at);
	text = pool_strn(r->pool, out.p, out.len);
	buf_free(&out);
	return text;
}

static const char *place_of(struct reader *r, const char *name)
{
	if (!r->headers)
		return pointer(r, name);
	if (strcmp(name, "data") == 0)
		return "";
	return strcmp(name, "datacontenttype") == 0 ? "content-type" : pool_fmt(r->pool, "ce-%s", name);
}

static void faulty(struct reader *r, const char *name, const char *code, const char *reason)
{
	fault_add(r->faults, place_of(r, name), code, "%s", reason);
}

static void deviates(struct reader *r, const char *name, const char *how)
{
	if (r->rules->profile >= PROFILE_NLGOV_STRICT)
		faulty(r, name, "profile", pool_fmt(r->pool, "%s %s.", name, how));
	else
		event_note(r->pool, r->event, name, how);
}

static void profile_deviates(void *arg, bool must, const char *name, const char *how)
{
	struct reader *r = arg;

	if (must)
		deviates(r, name, how);
	else
		event_note(r->pool, r->event, name, how);
}

static void extension_deviates(void *arg, const char *name, const char *how)
{
	deviates(arg, name, how);
}

/* ---- attributes ---- */

static enum core core_of(const char *name)
{
	enum core core = 0;

	while (core < CORES && !str_same(cores[core], name))
		core++;
	return core;
}

static bool name_valid(const char *name)
{
	const char *at = name;

	while ((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9'))
		at++;
	return at > name && !*at;
}

/* False: it came before. Null values are kept for that, until the end. */
static bool add(struct reader *r, const char *name, const char *value)
{
	struct event *event = r->event;

	for (size_t i = 0; i < event->n_attrs; i++)
		if (str_same(event->attrs[i].name, name))
			return false;
	if (event->n_attrs == CLOUD_ATTRS) {
		r->too_many = true;
		return true;
	}
	if (event->n_attrs == r->cap) {
		struct attr *more;

		r->cap = r->cap ? 4 * r->cap : 16;
		more = pool_alloc(r->pool, r->cap * sizeof *more);
		if (event->n_attrs)
			memcpy(more, event->attrs, event->n_attrs * sizeof *more);
		event->attrs = more;
	}
	event->attrs[event->n_attrs++] = (struct attr){ name, value };
	return true;
}

static void source_fault(struct reader *r, const char *value)
{
	if (r->headers && strchr(value, ' '))
		faulty(r, "source", "invalid", "The source has a blank in it, once the percent-encoding of the header is undone; no "
		       "URI reference has one (RFC 3986). Where the source itself is percent-encoded, its percent signs are "
		       "sent as %25: gemeente-Bergen%20(L) as gemeente-Bergen%2520(L).");
	else
		faulty(r, "source", "invalid", "The source has to be a URI reference of RFC 3986, such as "
		       "urn:nld:oin:00000001823288444000:systeem:zaken; encode other characters as %XX.");
}

static void check_schema(struct reader *r, const char *value)
{
	if (!uri_valid(value))
		faulty(r, "dataschema", "invalid", "The dataschema has to be an absolute URI, with a scheme (RFC 3986), or be left out.");
	else if (uri_has_fragment(value) && r->rules->profile != PROFILE_CNCF)
		deviates(r, "dataschema", "has a fragment, which an absolute URI has not");
}

/* Where an event keeps it, or null. */
static const char **slot(struct event *event, enum core core)
{
	switch (core) {
	case ID: return &event->id;
	case SOURCE: return &event->source;
	case TYPE: return &event->type;
	case SUBJECT: return &event->subject;
	case TIME: return &event->time;
	case DATACONTENTTYPE: return &event->datacontenttype;
	default: return NULL;
	}
}

static void check_core(struct reader *r, enum core core, const char *value, size_t len)
{
	size_t before = r->faults->n + r->faults->left_out;
	const char **kept = slot(r->event, core);

	if (!len && core == SPECVERSION)
		faulty(r, "specversion", "blank", "The specversion may not be empty; it has to be 1.0.");
	else if (!len)
		faulty(r, cores[core], "blank", pool_fmt(r->pool, "The %s may not be empty%s.", cores[core],
							 core < REQUIRED ? "" : "; leave it out"));
	else if (core == SPECVERSION && strcmp(value, "1.0") != 0)
		faulty(r, "specversion", "invalid", "The specversion has to be 1.0; no other version is taken.");
	else if (core == SOURCE && !uri_reference_valid(value))
		source_fault(r, value);
	else if (core == DATACONTENTTYPE && !media_valid(value))
		faulty(r, "datacontenttype", "invalid", pool_fmt(r->pool, "The %s has to be a media type of RFC 2046, such as "
			"application/json.", r->headers ? "Content-Type" : "datacontenttype"));
	else if (core == DATASCHEMA)
		check_schema(r, value);
	else if (core == TIME && !time_parse(value, TIME_RFC3339, NULL))
		faulty(r, "time", "invalid", "The time has to be a timestamp of RFC 3339 that exists, with seconds and an offset, such "
		       "as 2026-05-01T12:00:00Z; second 60 is a leap second, at 23:59 UTC.");
	if (kept && r->faults->n + r->faults->left_out == before)
		*kept = value;
}

static void check_extension(struct reader *r, const char *name, enum json_kind kind, const char *value, size_t len)
{
	const char *fault = extension_fault(name, kind, value, len);

	r->extended = true;
	if (fault)
		deviates(r, name, fault);
}

/* However faulty: it is not missing. */
static void came(struct reader *r, enum core core)
{
	if (core < CORES)
		r->named |= 1u << core;
}

/* An attribute with a text of its own: value is NUL-terminated, and its len bytes may have a NUL among them. */
static void take(struct reader *r, const char *name, enum core core, enum json_kind kind, const char *value, size_t len)
{
	const char *fault = kind == JSON_STRING ? text_fault(value, len) : NULL;

	came(r, core);
	if (!add(r, name, value))
		faulty(r, name, "duplicate", "This attribute came more than once; send it once.");
	else if (len > (core == TYPE ? CLOUD_TYPE_MOST : CLOUD_VALUE_MOST))
		faulty(r, name, "max_length", pool_fmt(r->pool, "This attribute has %zu bytes; at most %u are taken.", len,
						       core == TYPE ? CLOUD_TYPE_MOST : CLOUD_VALUE_MOST));
	else if (core < CORES && kind != JSON_STRING)
		faulty(r, name, "invalid", pool_fmt(r->pool, "The %s has to be a string.", name));
	else if (fault)
		faulty(r, name, "invalid", pool_fmt(r->pool, "This attribute %s; remove that.", fault));
	else if (core < CORES)
		check_core(r, core, value, len);
	else
		check_extension(r, name, kind, value, len);
}

static void check_required(struct reader *r)
{
	for (enum core core = 0; core < REQUIRED && !r->too_many; core++)	/* or it may have been behind the others */
		if (!(r->named & 1u << core))
			faulty(r, cores[core], "required", core == SPECVERSION ? "The specversion is missing; it has to be 1.0." :
			       pool_fmt(r->pool, "The %s is missing.", cores[core]));
	if (r->too_many)
		fault_add(r->faults, place(r), "too_many", "An event may have at most %d attributes.", CLOUD_ATTRS);
}

/* Attributes that were null are not there (JSON format 2.2). */
static void drop_nulls(struct event *event)
{
	size_t n = 0;

	for (size_t i = 0; i < event->n_attrs; i++)
		if (event->attrs[i].value)
			event->attrs[n++] = event->attrs[i];
	event->n_attrs = n;
}

/* ---- the JSON format ---- */

/* The string of a part, or the inside of a name, as text in the pool. */
static const char *text_of(struct reader *r, const char *p, size_t len, bool escaped, size_t *out_len)
{
	char *text;

	*out_len = len;
	if (!escaped)
		return pool_strn(r->pool, p, len);
	text = pool_alloc(r->pool, len + 1);
	*out_len = json_unescape(p, len, text);
	text[*out_len] = '\0';
	return text;
}

static void take_scalar(struct reader *r, const char *name, const struct json_part *p)
{
	enum core core = core_of(name);
	const char *value;
	size_t len = p->len;

	if (p->kind == JSON_STRING)
		value = text_of(r, p->value + 1, p->len - 2, p->escaped, &len);
	else
		value = pool_strn(r->pool, p->value, p->len);
	if (p->torn) {
		came(r, core);
		add(r, name, value);
		faulty(r, name, "invalid", "This attribute has half a surrogate pair, which is no text; send the other half too.");
		return;
	}
	if (p->kind == JSON_NUMBER && core == CORES && !integer_parse(value, len, NULL)) {
		add(r, name, value);
		faulty(r, name, "invalid", "A number has to be an integer from -2147483648 to 2147483647, without fraction and exponent; "
		       "send others as a string.");
		return;
	}
	take(r, name, core, p->kind, value, len);
}

static void take_null(struct reader *r, const char *name)
{
	if (!add(r, name, NULL))
		faulty(r, name, "duplicate", "This attribute came more than once; send it once.");
}

static void take_nested(struct reader *r, const char *name)
{
	came(r, core_of(name));
	faulty(r, name, "invalid", "An attribute may not be an object or array; put it into data.");
}

static void take_data(struct reader *r, const char *name, struct json_part *into, const struct json_part *p)
{
	if (into->value)
		faulty(r, name, "duplicate", "This member came more than once; send it once.");
	*into = *p;
}

static void bad_name(struct reader *r, const char *name)
{
	faulty(r, name, "name", "The name of an attribute has lower-case letters a to z and digits alone; rename it.");
}

static bool take_member(void *arg, const struct json_part *p)
{
	struct reader *r = arg;
	size_t len;
	const char *name;

	if (!p->name)	/* an array, of which nothing is taken */
		return false;
	name = text_of(r, p->name, p->name_len, p->name_escaped, &len);
	if (strlen(name) != len)
		bad_name(r, name);
	else if (str_same(name, "data"))
		take_data(r, name, &r->data, p);
	else if (str_same(name, "data_base64"))
		take_data(r, name, &r->base64, p);
	else if (!name_valid(name))
		bad_name(r, name);
	else if (p->kind == JSON_OBJECT || p->kind == JSON_ARRAY)
		take_nested(r, name);
	else if (p->kind == JSON_NULL)
		take_null(r, name);
	else
		take_scalar(r, name, p);
	return !r->too_many && r->faults->left_out - r->left_out < LEFT_OUT_MOST;
}

/* What is no JSON stands in the event as a string. */
static void read_text_data(struct reader *r)
{
	const struct json_part *p = &r->data;
	const char *text;

	if (p->kind != JSON_STRING) {
		faulty(r, "data", "invalid", "The data has to be a string, because datacontenttype is no JSON; or send data_base64.");
		return;
	}
	if (p->torn) {
		faulty(r, "data", "invalid", "The data has half a surrogate pair, which is no text; send data_base64.");
		return;
	}
	text = p->escaped ? text_of(r, p->value + 1, p->len - 2, true, &r->event->data_len) : p->value + 1;
	r->event->data = (const unsigned char *)text;
	if (!p->escaped)
		r->event->data_len = p->len - 2;
}

static void read_base64(struct reader *r)
{
	const struct json_part *p = &r->base64;
	const char *text = NULL;
	unsigned char *bytes;
	size_t len = 0;

	if (p->kind == JSON_STRING)
		text = text_of(r, p->value + 1, p->len - 2, p->escaped, &len);
	bytes = pool_alloc(r->pool, BASE64_DECODED(len) + 1);
	if (!text || !base64_decode(text, len, bytes, &r->event->data_len))
		faulty(r, "data_base64", "invalid", "The data_base64 has to be a string in base64 with padding and without line breaks "
		       "(RFC 4648 section 4).");
	else
		r->event->data = bytes;
}

/* That bytes are what their type says is not asked by CloudEvents, but by the profile. */
static void check_payload(struct reader *r)
{
	struct faults faults = { .pool = r->pool };

	if (r->rules->profile == PROFILE_CNCF || !r->event->data || !r->event->datacontenttype ||
	    !media_is_json(r->event->datacontenttype) ||
	    json_split(r->event->data, r->event->data_len, 0, NULL, NULL, &faults) >= 0)
		return;
	deviates(r, r->headers ? "data" : "data_base64", strcmp(faults.v[0].code, "too_deep") == 0 ?
		 "is JSON that nests deeper than 64 levels" : "is not JSON, as its content type says");
}

static void read_data(struct reader *r)
{
	struct event *event = r->event;

	if (r->base64.value && r->base64.kind != JSON_NULL) {
		if (r->data.value)
			faulty(r, "data_base64", "invalid", "An event has data or data_base64, not both; leave one out.");
		read_base64(r);
		check_payload(r);
		return;
	}
	if (!r->data.value)
		return;
	/* JSON format 3.1.2: data without a type is JSON, which is made explicit. */
	if (!event->datacontenttype && !(r->named & 1u << DATACONTENTTYPE)) {
		event->datacontenttype = JSON_MEDIA;
		add(r, "datacontenttype", JSON_MEDIA);
	}
	if (event->datacontenttype && !media_is_json(event->datacontenttype)) {
		read_text_data(r);
	} else {
		event->data = (const unsigned char *)r->data.value;
		event->data_len = r->data.len;
	}
}

static void begin(struct reader *r)
{
	*r->event = (struct event){ .wire = WIRE_CLOUD, .type = "" };
	r->left_out = r->faults->left_out;
	r->found = r->faults->n + r->left_out;
}

static void finish(struct reader *r)
{
	if (r->extended)
		extension_check(r->event, extension_deviates, r);
	if (r->rules->profile != PROFILE_CNCF)
		nlgov_check(r->event, r->rules->profile, profile_deviates, r);
	if (r->faults->n + r->faults->left_out == r->found)
		cloud_identify(r->event, r->rules->scope, NULL);
}

/* Its members were taken. */
static void finish_value(struct reader *r, int kind)
{
	if (kind != JSON_OBJECT) {
		fault_add(r->faults, place(r), "invalid", "A CloudEvent has to be a JSON object.");
		return;
	}
	drop_nulls(r->event);
	check_required(r);
	read_data(r);
	finish(r);
}

int cloud_structured(struct pool *pool, const struct message *m, const struct cloud_rules *rules,
		     struct event *event, struct faults *faults)
{
	struct reader r = { .pool = pool, .rules = rules, .event = event, .faults = faults };
	struct faults broken = { .pool = pool };
	int kind;

	faults->most = FAULTS_MOST;
	begin(&r);
	kind = json_split(m->body, m->body_len, 1, take_member, &r, &broken);
	if (kind >= 0)
		finish_value(&r, kind);
	else
		*faults = broken;	/* what was found in something that is no JSON does not count */
	event_keep_headers(pool, m, event);
	return faults->n ? -1 : 0;
}

/* ---- batches ---- */

struct batch {
	struct reader reader;		/* of the element in hand */
	bool reading, enough;		/* it began, and no more of its members are wanted */
	struct event **events;
	size_t n, cap, most;
	bool over;
};

static void begin_element(struct batch *b)
{
	const struct reader *r = &b->reader;
	struct faults *faults = r->faults;

	if (b->n == b->cap) {
		struct event **more;

		b->cap = b->cap ? 4 * b->cap : 16;
		more = pool_alloc(r->pool, b->cap * sizeof *more);
		if (b->n)
			memcpy(more, b->events, b->n * sizeof *more);
		b->events = more;
	}
	b->events[b->n] = pool_alloc(r->pool, sizeof **b->events);
	b->reader = (struct reader){ .pool = r->pool, .rules = r->rules, .event = b->events[b->n], .faults = faults,
				     .element = b->n + 1 };
	b->n++;
	b->reading = true;
	b->enough = false;
	faults->most = faults->n < FAULTS_BATCH ? faults->n + FAULTS_MAX : faults->n + 1;
	begin(&b->reader);
}

/* Members of the elements, and behind them the element that they are of. */
static bool take_piece(void *arg, const struct json_part *p)
{
	struct batch *b = arg;

	if (!b->reading) {
		if (b->n == b->most) {
			b->over = true;
			return false;
		}
		begin_element(b);
	}
	if (p->depth > 1) {
		b->enough = b->enough || !take_member(&b->reader, p);
	} else {
		finish_value(&b->reader, (int)p->kind);
		b->reading = false;
	}
	return true;
}

int cloud_batch(struct pool *pool, const struct message *m, const struct cloud_rules *rules, struct cloud_batch *out,
		struct faults *faults)
{
	struct batch b = { .reader = { .pool = pool, .rules = rules, .faults = faults }, .most = out->most };
	struct faults broken = *faults;
	int kind = json_split(m->body, m->body_len, 2, take_piece, &b, &broken);

	out->n = 0;
	if (kind != JSON_ARRAY || b.over) {
		*faults = broken;	/* what was found does not count */
		if (kind >= 0 && kind != JSON_ARRAY)
			fault_add(faults, "", "invalid", "A batch has to be a JSON array of CloudEvents.");
		return kind == JSON_ARRAY ? 1 : -1;
	}
	if (b.n)
		event_keep_headers(pool, m, b.events[0]);
	for (size_t i = 1; i < b.n; i++) {
		b.events[i]->headers = b.events[0]->headers;	/* of one request, and nobody writes to them */
		b.events[i]->n_headers = b.events[0]->n_headers;
	}
	out->events = b.events;
	out->n = b.n;
	return faults->n ? -1 : 0;
}

/* ---- binary mode ---- */

int cloud_headers(const struct message *m)
{
	static const char *const names[REQUIRED] = { "ce-id", "ce-source", "ce-specversion", "ce-type" };
	int n = 0;

	for (size_t i = 0; i < REQUIRED; i++)
		n += message_header(m, names[i], NULL) != NULL;
	return n;
}

static void take_header(struct reader *r, const char *name, const char *raw)
{
	enum core core = core_of(name);
	const char *value;
	size_t len;
	enum header_fault fault;

	if (strcmp(name, "data") == 0 || core == DATACONTENTTYPE) {
		fault_add(r->faults, pool_fmt(r->pool, "ce-%s", name), "invalid", strcmp(name, "data") == 0 ?
			  "data is no attribute; it is the body." : "Content-Type says the type of the data in this mode; leave this header out.");
		return;
	}
	if (!name_valid(name)) {
		bad_name(r, name);
		return;
	}
	fault = header_decode(r->pool, raw, core < REQUIRED, &value, &len);
	if (fault == HEADER_FINE) {
		take(r, name, core, JSON_STRING, value, len);
		return;
	}
	came(r, core);
	faulty(r, name, "invalid", pool_fmt(r->pool, "The header %s.", header_fault_says(fault)));
}

static void read_payload(struct reader *r, const struct message *m)
{
	const char *type = message_header(m, "content-type", NULL);

	if (type && *type)
		take(r, "datacontenttype", DATACONTENTTYPE, JSON_STRING, type, strlen(type));
	if (m->body_len) {
		r->event->data = m->body;
		r->event->data_len = m->body_len;
	} else if (!r->rules->payload_optional) {
		fault_add(r->faults, "", "required", "The body is empty; a web hook has to have one.");
	}
}

int cloud_binary(struct pool *pool, const struct message *m, const struct cloud_rules *rules,
		 struct event *event, struct faults *faults)
{
	struct reader r = { .pool = pool, .rules = rules, .event = event, .faults = faults, .headers = true };

	faults->most = FAULTS_MOST;
	begin(&r);
	for (size_t i = 0; i < m->n_headers && !r.too_many; i++)
		if (strncmp(m->headers[i].name, "ce-", 3) == 0)
			take_header(&r, m->headers[i].name + 3, m->headers[i].value);
	read_payload(&r, m);
	check_required(&r);
	check_payload(&r);
	finish(&r);
	event_keep_headers(pool, m, event);
	return faults->n ? -1 : 0;
}
