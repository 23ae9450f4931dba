/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/die.h"
#include "base/mem.h"
#include "event/json_node.h"
#include "event/json_scan.h"
#include "event/spare.h"

#define LEN_MAX (1u << 30)	/* what is counted in 32 bits */
#define KEPT_MAX (64u << 10)	/* bytes of a document's memory that is kept for the next */
#define FEW 16			/* members that are compared each with each */

struct doc {
	char *text;		/* the copy */
	struct json_object *open;	/* values whose object or array has not ended yet */
	size_t text_cap, n_open, open_cap;
	size_t n, cap;		/* of v */
	struct json_object v[];	/* the first is the document */
};

static struct spare docs;

static void doc_free(struct doc *doc)
{
	free(doc->text);
	free(doc->open);
	free(doc);
}

static void doc_drop(struct doc *doc)
{
	if (doc->text_cap + (doc->open_cap + doc->cap) * sizeof *doc->v > KEPT_MAX || !spare_give(&docs, doc))
		doc_free(doc);
}

static struct doc *doc_grow(struct doc *doc, size_t least)
{
	bool new = !doc;
	size_t cap = new || !doc->cap ? 32 : doc->cap;

	while (cap < least)
		cap *= 2;
	doc = mem_grow(doc, sizeof *doc + cap * sizeof *doc->v, 1);
	if (new)
		*doc = (struct doc){0};
	doc->cap = cap;
	return doc;
}

/* For a text of that length, and JSON_SLACK. */
static struct doc *doc_new(size_t len)
{
	struct doc *doc = spare_take(&docs);

	if (!doc)
		doc = doc_grow(NULL, 0);
	doc->n = 1;
	doc->n_open = 0;
	if (doc->text_cap < len + JSON_SLACK) {
		free(doc->text);
		doc->text = NULL;
		doc->text_cap = 0;
		doc->text = mem_grow(NULL, len + JSON_SLACK, 1);
		doc->text_cap = len + JSON_SLACK;
	}
	memset(doc->text + len, 0, JSON_SLACK);
	return doc;
}

/* ---- building ---- */

struct builder {
	struct doc *doc;
	const char *from;	/* the text that is scanned */
	bool doubled;		/* a member came twice */
};

static char *copied(const struct builder *b, const char *p)
{
	return b->doc->text + (p - b->from);
}

/* A string's inside, where it stands in the copy. */
static uint32_t put_text(const struct builder *b, const char *p, size_t len, bool escaped)
{
	char *copy = copied(b, p);

	if (escaped)
		len = json_unescape(p, len, copy);
	copy[len] = '\0';
	return (uint32_t)len;
}

static void read_scalar(const struct builder *b, const struct json_part *part, struct json_object *o)
{
	const char *p = part->value;
	size_t len = part->len;

	if (part->kind == JSON_STRING) {
		p++;
		len -= 2;
	} else if (part->kind == JSON_NUMBER && len == 2 && p[0] == '-' && p[1] == '0') {	/* no other integer has two spellings */
		p++;
		len = 1;
	}
	o->text = copied(b, p);
	o->plain = !part->escaped;
	o->len = put_text(b, p, len, part->escaped);
}

static int by_name(const void *a, const void *b)
{
	const struct json_object *x = *(struct json_object *const *)a, *y = *(struct json_object *const *)b;
	int order = strcmp(x->name, y->name);

	return order ? order : x < y ? -1 : 1;
}

static bool same_name(const struct json_object *a, const struct json_object *b)
{
	return a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0;
}

static bool mark_many(struct json_object *v, size_t n)
{
	struct json_object **sorted = mem_grow(NULL, n, sizeof *sorted);
	bool found = false;

	for (size_t i = 0; i < n; i++)
		sorted[i] = &v[i];
	qsort(sorted, n, sizeof *sorted, by_name);
	for (size_t i = 1; i < n; i++)
		found |= sorted[i]->again = same_name(sorted[i - 1], sorted[i]);
	free(sorted);
	return found;
}

/* Whether one of the members has the name of one before it; those are marked. */
static bool mark_doubles(struct json_object *v, size_t n)
{
	bool found = false;

	if (n > FEW)
		return mark_many(v, n);
	for (size_t i = 1; i < n; i++)
		for (size_t before = 0; before < i && !v[i].again; before++)
			found |= v[i].again = same_name(&v[before], &v[i]);
	return found;
}

/* An object or array has ended: what began behind it is in it, and gets its place. */
static void close_container(struct builder *b, const struct json_part *part, struct json_object *o)
{
	struct doc *doc = b->doc;
	size_t first = doc->n_open, at = doc->n;

	o->text = copied(b, part->value);
	while (first && doc->open[first - 1].text > o->text)
		first--;
	o->len = (uint32_t)(doc->n_open - first);
	o->inside = (int32_t)at;
	if (doc->cap - at < o->len)
		b->doc = doc = doc_grow(doc, at + o->len);
	for (; first < doc->n_open; first++, at++) {
		doc->v[at] = doc->open[first];
		doc->v[at].inside -= (int32_t)at;
	}
	doc->n_open -= o->len;
	doc->n = at;
	if (part->kind == JSON_OBJECT && o->len > 1 && mark_doubles(&doc->v[o->inside], o->len))
		b->doubled = true;
}

static bool take(void *arg, const struct json_part *part)
{
	struct builder *b = arg;
	struct json_object o = { .kind = (unsigned char)part->kind };
	struct doc *doc;

	if (part->name) {
		o.name = copied(b, part->name);
		o.name_plain = !part->name_escaped;
		o.name_len = put_text(b, part->name, part->name_len, part->name_escaped);
	}
	if (part->kind == JSON_OBJECT || part->kind == JSON_ARRAY)
		close_container(b, part, &o);
	else
		read_scalar(b, part, &o);
	doc = b->doc;
	if (doc->n_open == doc->open_cap) {
		doc->open_cap = doc->open_cap ? 2 * doc->open_cap : 32;
		doc->open = mem_grow(doc->open, doc->open_cap, sizeof *doc->open);
	}
	doc->open[doc->n_open++] = o;
	return true;
}

/* ---- members that are there twice ---- */

struct finder {
	const struct doc *doc;
	struct faults *faults;
	struct buf path;
};

static void put_name(struct finder *f, const char *name)
{
	if (!f->faults->pointers) {
		if (f->path.len)
			buf_char(&f->path, '.');
		buf_str(&f->path, name);
		return;
	}
	buf_char(&f->path, '/');
	for (; *name; name++)
		if (*name == '~' || *name == '/')
			buf_str(&f->path, *name == '~' ? "~0" : "~1");
		else
			buf_char(&f->path, *name);
}

static void find_doubles(struct finder *f, const struct json_object *o)
{
	size_t path = f->path.len;

	if (o->kind != JSON_OBJECT && o->kind != JSON_ARRAY)
		return;
	for (const struct json_object *v = o + o->inside, *end = v + o->len; v < end; v++) {
		if (v->name)
			put_name(f, v->name);
		if (v->again)
			fault_add(f->faults, f->path.p, "duplicate_member",
				  "This member is there more than once (again at byte %zu). Send each member once.",
				  (size_t)(v->name - f->doc->text - 1));
		find_doubles(f, v);
		f->path.len = path;
		if (f->path.p)
			f->path.p[path] = '\0';
	}
}

static void tell_doubles(const struct doc *doc, struct faults *faults)
{
	struct finder f = { .doc = doc, .faults = faults };

	find_doubles(&f, doc->v);
	buf_free(&f.path);
}

/* ---- documents ---- */

static struct json_object *value_of(struct json_object *o)
{
	return o->kind == JSON_NULL ? NULL : o;
}

static int build(const unsigned char *p, size_t len, struct json_object **out, struct faults *faults)
{
	struct builder b = { .doc = doc_new(len), .from = (const char *)p };
	int rc;

	memcpy(b.doc->text, p, len);
	rc = json_scan(p, len, take, &b, faults);
	if (rc == 0) {
		must(b.doc->n_open == 1);
		b.doc->v[0] = b.doc->open[0];
	}
	if (rc == 0 && b.doubled) {
		tell_doubles(b.doc, faults);
		rc = -1;
	}
	if (rc == 0)
		*out = value_of(b.doc->v);
	if (!*out)
		doc_drop(b.doc);
	return rc;
}

int json_parse(const void *p, size_t len, struct json_object **out, struct faults *faults)
{
	const unsigned char *bytes = p;

	*out = NULL;
	while (len && bytes[len - 1] && strchr(" \t\r\n", bytes[len - 1]))
		len--;
	if (!len) {
		fault_add(faults, "", "parse_error", "The body is empty; it has to be JSON.");
		return -1;
	}
	if (len > LEN_MAX) {
		fault_add(faults, "", "parse_error", "The body is larger than a GiB; send it in pieces.");
		return -1;
	}
	return build(bytes, len, out, faults);
}

void json_drop(struct json_object **doc)
{
	if (*doc)
		doc_drop((struct doc *)(void *)((char *)*doc - offsetof(struct doc, v)));
	*doc = NULL;
}

/* ---- values ---- */

enum json_kind json_kind(struct json_object *value)
{
	return value ? (enum json_kind)value->kind : JSON_NULL;
}

bool json_member(struct json_object *doc, const char *name, struct json_object **out)
{
	size_t len = strlen(name);

	if (json_kind(doc) != JSON_OBJECT)
		return false;
	for (struct json_object *v = doc + doc->inside, *end = v + doc->len; v < end; v++)
		if (v->name_len == len && memcmp(v->name, name, len) == 0) {
			*out = value_of(v);
			return true;
		}
	return false;
}

bool json_element(struct json_object *array, size_t i, struct json_object **out)
{
	if (json_kind(array) != JSON_ARRAY || i >= array->len)
		return false;
	*out = value_of(array + array->inside + i);
	return true;
}

void json_each(struct json_object *object, json_member_fn *fn, void *to)
{
	must(json_kind(object) == JSON_OBJECT);
	for (struct json_object *v = object + object->inside, *end = v + object->len; v < end; v++)
		fn(to, v->name, value_of(v));
}

static bool element(struct json_object *array, const char *token, size_t len, struct json_object **out)
{
	size_t at = 0;

	if (!len || (len > 1 && *token == '0'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (token[i] < '0' || token[i] > '9')
			return false;
		at = at * 10 + (size_t)(token[i] - '0');
		if (at >= array->len)
			return false;
	}
	return json_element(array, at, out);
}

/* ~1 is /, ~0 is ~, nothing else may follow a ~. */
static bool unescape(const char *token, size_t len, struct buf *name)
{
	buf_reset(name);
	buf_put(name, "", 0);
	for (size_t i = 0; i < len; i++) {
		char c = token[i];

		if (c == '~') {
			if (++i == len || (token[i] != '0' && token[i] != '1'))
				return false;
			c = token[i] == '1' ? '/' : '~';
		}
		buf_char(name, c);
	}
	return true;
}

bool json_at(struct json_object *doc, const char *pointer, struct json_object **out)
{
	struct buf name = {0};
	bool there = true;

	while (there && *pointer) {
		size_t len;

		there = *pointer++ == '/';
		len = strcspn(pointer, "/");
		if (there && json_kind(doc) == JSON_ARRAY)
			there = element(doc, pointer, len, &doc);
		else if (there)
			there = unescape(pointer, len, &name) && json_member(doc, name.p, &doc);
		pointer += len;
	}
	buf_free(&name);
	if (there)
		*out = doc;
	return there;
}

const char *json_string(struct json_object *value, size_t *len)
{
	*len = 0;
	if (json_kind(value) != JSON_STRING)
		return NULL;
	*len = value->len;
	return value->text;
}

const char *json_text(struct json_object *value)
{
	switch (json_kind(value)) {
	case JSON_STRING: case JSON_BOOL: case JSON_NUMBER:
		return value->text;
	default:
		return NULL;
	}
}

bool json_is_int(struct json_object *value, int64_t *out)
{
	const char *text;
	char *rest;
	long long v;

	if (json_kind(value) != JSON_NUMBER)
		return false;
	text = json_text(value);
	errno = 0;
	v = strtoll(text, &rest, 10);
	if (*rest || errno)
		return false;
	*out = v;
	return true;
}

bool json_is_bool(struct json_object *value, bool *out)
{
	if (json_kind(value) != JSON_BOOL)
		return false;
	*out = *value->text == 't';
	return true;
}
