/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/nrc.h"

#include <string.h>
#include "event/digest.h"
#include "event/json.h"
#include "event/time.h"
#include "event/uri.h"

#define PROBE "test"	/* the kanaal of the probe that a subscription is registered with */
#define CREATED "aanmaakdatum"
#define KENMERK_MAX 1000

struct reader {
	struct pool *pool;
	const struct message *m;
	const struct nrc_rules *rules;
	struct event *event;
	struct faults *faults;
	struct json_object *doc;
	bool odd_kenmerken;
};

struct name {			/* a member that becomes a part of the type */
	const char *member;
	size_t max;
};

static const struct name names[] = { { "kanaal", 50 }, { "resource", 100 }, { "actie", 100 } };
enum { KANAAL, RESOURCE, ACTIE, NAMES };

static bool strict(const struct reader *r)
{
	return r->rules->profile == NRC_STRICT;
}

static void deviates(struct reader *r, const char *member, const char *how)
{
	event_note(r->pool, r->event, member, how);
}

static size_t code_points(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xC0) != 0x80;
	return n;
}

/* Of ASCII and Latin-1: controls, space, no-break space. And the two line separators of Unicode. */
static bool has_blank_or_control(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;

	for (size_t i = 0; i < len; i++) {
		if (p[i] <= ' ' || p[i] == 0x7F)
			return true;
		if (p[i] == 0xC2 && i + 1 < len && p[i + 1] <= 0xA0)
			return true;
		if (p[i] == 0xE2 && i + 2 < len && p[i + 1] == 0x80 && (p[i + 2] == 0xA8 || p[i + 2] == 0xA9))
			return true;
	}
	return false;
}

/* A required member that is a string and not empty, or null after a fault. */
static const char *need_string(struct reader *r, const char *member, size_t *len)
{
	struct json_object *value;
	const char *s;

	if (!json_member(r->doc, member, &value)) {
		fault_add(r->faults, member, "required", "This field is required.");
		return NULL;
	}
	if (json_kind(value) == JSON_NULL) {
		fault_add(r->faults, member, "null", "This field may not be null; send a string.");
		return NULL;
	}
	s = json_string(value, len);
	if (!s)
		fault_add(r->faults, member, "invalid", "This field must be a string.");
	else if (!*len)
		fault_add(r->faults, member, "blank", "This field may not be empty; send at least 1 character.");
	return s && *len ? s : NULL;
}

static const char *need_name(struct reader *r, const struct name *name)
{
	size_t len, n;
	const char *s = need_string(r, name->member, &len);

	if (!s)
		return NULL;
	n = code_points(s, len);
	if (n > name->max) {
		fault_add(r->faults, name->member, "max_length",
			  "This field may have at most %zu characters and has %zu; shorten it.", name->max, n);
		return NULL;
	}
	if (has_blank_or_control(s, len)) {
		fault_add(r->faults, name->member, "invalid", "This field may not hold blanks or control characters, "
			  "because it becomes a part of the event's type; leave them out.");
		return NULL;
	}
	return s;
}

/* Senders use URL checks that let internationalised and other unescaped characters through. */
static bool looks_like_url(const char *s, size_t len)
{
	size_t scheme = strcspn(s, ":/?#");

	return scheme && s[scheme] == ':' && s[scheme + 1] && !has_blank_or_control(s, len);
}

static const char *need_url(struct reader *r, const char *member)
{
	size_t len;
	const char *s = need_string(r, member, &len);

	if (!s)
		return NULL;
	if (strlen(s) == len && uri_valid(s))
		return s;
	if (!strict(r) && looks_like_url(s, len)) {
		deviates(r, member, "is not a URI of RFC 3986");
		return s;
	}
	fault_add(r->faults, member, "invalid", "This field must be a URI with a scheme and without blanks "
		  "(RFC 3986), such as https://example.nl/zaken/1; escape other characters as %%XX.");
	return NULL;
}

static const char *need_time(struct reader *r)
{
	size_t len;
	const char *s = need_string(r, CREATED, &len);

	if (!s)
		return NULL;
	if (strlen(s) == len && time_parse(s, TIME_RFC3339, NULL))
		return s;
	if (!strict(r) && strlen(s) == len && time_parse(s, TIME_OFFSET_OPTIONAL, NULL)) {
		deviates(r, CREATED, "has no offset");
		return s;
	}
	fault_add(r->faults, CREATED, "invalid", "This field must be a date-time of RFC 3339 with %s, such as "
		  "2026-05-01T12:00:00Z.", strict(r) ? "an offset" : "or without an offset");
	return NULL;
}

static void kenmerk_fault(struct reader *r, const char *name, const char *code, const char *reason)
{
	fault_add(r->faults, pool_fmt(r->pool, "kenmerken.%s", name), code, "%s", reason);
}

static void check_strictly(struct reader *r, const char *name, struct json_object *value)
{
	size_t len;
	const char *s = json_string(value, &len);

	if (json_kind(value) == JSON_NULL)
		kenmerk_fault(r, name, "null", "A kenmerk may not be null; send a string or leave it out.");
	else if (!s)
		kenmerk_fault(r, name, "invalid", "A kenmerk must be a string.");
	else if (!len)
		kenmerk_fault(r, name, "blank", "A kenmerk may not be empty; send at least 1 character or leave it out.");
	else if (code_points(s, len) > KENMERK_MAX)
		kenmerk_fault(r, name, "max_length", "A kenmerk may have at most 1000 characters; shorten it.");
}

static void check_kenmerk(void *to, const char *name, struct json_object *value)
{
	struct reader *r = to;
	enum json_kind kind = json_kind(value);

	if (strict(r))
		check_strictly(r, name, value);
	else if (kind == JSON_OBJECT || kind == JSON_ARRAY)
		kenmerk_fault(r, name, "invalid", "A kenmerk must be a string; send one kenmerk for each value.");
	else if (kind != JSON_STRING)
		r->odd_kenmerken = true;
}

static void check_kenmerken(struct reader *r)
{
	struct json_object *kenmerken;

	if (!json_member(r->doc, "kenmerken", &kenmerken))
		return;
	switch (json_kind(kenmerken)) {
	case JSON_OBJECT:
		json_each(kenmerken, check_kenmerk, r);
		if (r->odd_kenmerken)
			deviates(r, "kenmerken", "has values that are no strings");
		break;
	case JSON_NULL:
		if (strict(r))
			fault_add(r->faults, "kenmerken", "null",
				  "This field may not be null; send an object or leave it out.");
		break;
	default:
		fault_add(r->faults, "kenmerken", "not_a_dict", "This field must be an object whose values are strings.");
	}
}

/* The last path segment that is not empty, or null. */
static const char *last_segment(struct pool *pool, const char *url)
{
	const char *path = strchr(url, ':') + 1, *end, *start;

	if (strncmp(path, "//", 2) == 0) {
		path += 2;
		path += strcspn(path, "/?#");
	}
	end = path + strcspn(path, "?#");
	while (end > path && end[-1] == '/')
		end--;
	for (start = end; start > path && start[-1] != '/'; start--)
		;
	return start < end ? pool_strn(pool, start, (size_t)(end - start)) : NULL;
}

static const char *take_source(struct reader *r)
{
	struct json_object *value;
	const char *s;
	size_t len;

	if (!json_member(r->doc, "source", &value))
		return NULL;
	s = json_string(value, &len);
	return s && len && !has_blank_or_control(s, len) ? pool_strn(r->pool, s, len) : NULL;
}

/* Not by a format: of what a request costs, formats are a good part. */
static const char *type_of(struct pool *pool, const char *const *name)
{
	static const char prefix[] = "nl.overheid";
	size_t len = sizeof prefix;
	char *type, *at;

	for (size_t i = 0; i < NAMES; i++)
		len += 1 + strlen(name[i]);
	type = pool_alloc(pool, len);
	memcpy(type, prefix, sizeof prefix);
	at = type + sizeof prefix - 1;
	for (size_t i = 0; i < NAMES; i++) {
		*at++ = '.';
		at = stpcpy(at, name[i]);
	}
	return type;
}

static void read_fields(struct reader *r, bool *probe)
{
	struct event *event = r->event;
	const char *name[NAMES], *object, *url, *time;

	for (size_t i = 0; i < NAMES; i++)
		name[i] = need_name(r, &names[i]);
	object = need_url(r, "hoofdObject");
	url = need_url(r, "resourceUrl");
	time = need_time(r);
	check_kenmerken(r);
	if (r->faults->n)
		return;
	event->type = type_of(r->pool, name);
	event->source = take_source(r);
	event->subject = last_segment(r->pool, url);
	event->time = pool_str(r->pool, time);
	event->has_lane = true;
	event->lane = digest_key((struct digest_part[]){ { "nrc", 3 }, { object, strlen(object) } }, 2);
	*probe = strcmp(name[KANAAL], PROBE) == 0;
}

/* The value of the header that identity goes by, or null. More than one of it is a fault: any of them
 * could be meant. */
static const char *identity_value(struct reader *r)
{
	const char *name = NULL, *value;
	size_t n;

	if (r->rules->identity == IDENTITY_CORRELATION)
		name = "x-correlation-id";
	else if (r->rules->identity == IDENTITY_HEADER)
		name = r->rules->identity_header;
	if (!name)
		return NULL;
	value = message_header(r->m, name, &n);
	if (n > 1) {
		fault_add(r->faults, name, "invalid", "This header came %zu times and tells one notification from "
			  "another; send it once.", n);
		return NULL;
	}
	return value && *value ? value : NULL;
}

static void hash_content(struct reader *r, const char *without, unsigned char hash[SHA256_LEN])
{
	struct buf canonical = {0};

	buf_room(&canonical, r->m->body_len);	/* the canonical form is rarely longer */
	json_canonical(r->doc, without, &canonical);
	digest_sha256(hash, canonical.p, canonical.len);
	buf_free(&canonical);
}

static void set_identity(struct event *event, const struct digest_part *parts, size_t n,
			 const unsigned char hash[SHA256_LEN])
{
	event->key = digest_key(parts, n);
	event->digest = digest_first(hash);
}

/* Keys are remembered for months: what goes into them may never change. */
static void identify(struct reader *r, const char *header)
{
	const struct nrc_rules *rules = r->rules;
	bool by_header = header && rules->identity == IDENTITY_HEADER;
	const char *mode = !header ? "content" : by_header ? "header" : "correlation";
	unsigned char hash[SHA256_LEN];
	struct digest_part parts[5] = { { "nrc", 3 }, { rules->scope, strlen(rules->scope) }, { mode, strlen(mode) } };

	hash_content(r, header ? CREATED : NULL, hash);
	if (by_header)
		parts[3] = (struct digest_part){ rules->identity_header, strlen(rules->identity_header) };
	else
		parts[3] = (struct digest_part){ hash, sizeof hash };
	if (header)
		parts[4] = (struct digest_part){ header, strlen(header) };
	set_identity(r->event, parts, header ? 5 : 4, hash);
}

static int read_document(struct reader *r, bool *probe)
{
	const char *header = identity_value(r);

	if (json_kind(r->doc) != JSON_OBJECT)
		fault_add(r->faults, "", "invalid", "The body must be a JSON object, a Notificatie of the NRC consumer API.");
	else
		read_fields(r, probe);
	if (r->faults->n)
		return -1;
	identify(r, header);
	return 0;
}

int nrc_parse(struct pool *pool, const struct message *m, const struct nrc_rules *rules,
	      struct event *event, bool *probe, struct faults *faults)
{
	struct reader r = { .pool = pool, .m = m, .rules = rules, .event = event, .faults = faults };
	int rc = -1;

	*event = (struct event){ .wire = WIRE_NRC, .type = "", .datacontenttype = "application/json",
				 .data = m->body, .data_len = m->body_len };
	*probe = false;
	event_keep_headers(pool, m, event);
	if (json_parse(m->body, m->body_len, &r.doc, faults) == 0)
		rc = read_document(&r, probe);
	json_drop(&r.doc);
	if (rc < 0)
		event->note = NULL;
	return rc;
}
