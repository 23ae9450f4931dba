/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/json.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "event/json_node.h"
#include "event/json_scan.h"

#define FEW 16		/* members that are sorted without asking for memory */

struct member {
	uint64_t prefix;	/* of its name: where they differ, they tell the order */
	const struct json_object *o;
};

/* The first eight bytes, as a number; a name that is shorter comes first, since none has a NUL. */
static uint64_t prefix(const struct json_object *o)
{
	unsigned spare = o->name_len < 8 ? 64 - 8 * o->name_len : 0;
	uint64_t n;

	if (!o->name_len)
		return 0;
	memcpy(&n, o->name, sizeof n);
	return be64toh(n) >> spare << spare;
}

/* No two have the same name. */
static int by_order(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return x->prefix != y->prefix ? (x->prefix < y->prefix ? -1 : 1) : strcmp(x->o->name, y->o->name);
}

static void sort(struct member *v, size_t n)
{
	if (n > FEW) {
		qsort(v, n, sizeof *v, by_order);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		struct member m = v[i];
		size_t at = i;

		for (; at && by_order(&m, &v[at - 1]) < 0; at--)
			v[at] = v[at - 1];
		v[at] = m;
	}
}

/* Nothing in it wants to be escaped. */
static void put_plain(struct buf *out, const char *s, size_t len)
{
	char *room = buf_room(out, len + 2);

	room[0] = '"';
	memcpy(room + 1, s, len);
	room[len + 1] = '"';
	room[len + 2] = '\0';
	out->len += len + 2;
}

static void put_escaped(struct buf *out, const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;

	buf_char(out, '"');
	for (size_t at = 0;; at++) {
		size_t n = json_scan_plain(p + at, len - at);

		buf_put(out, p + at, n);
		at += n;
		if (at == len)
			break;
		if (p[at] < ' ')
			buf_fmt(out, "\\u%04x", p[at]);
		else
			buf_fmt(out, "\\%c", p[at]);
	}
	buf_char(out, '"');
}

static void put_string(struct buf *out, const char *s, size_t len, bool plain)
{
	if (plain)
		put_plain(out, s, len);
	else
		put_escaped(out, s, len);
}

static void put_value(const struct json_object *o, const char *without, struct buf *out);

static void put_object(const struct json_object *object, const char *without, struct buf *out)
{
	struct member few[FEW], *members = object->len > FEW ? mem_grow(NULL, object->len, sizeof *members) : few;
	size_t n = 0;

	for (const struct json_object *v = object + object->inside, *end = v + object->len; v < end; v++)
		if (!without || strcmp(v->name, without) != 0)
			members[n++] = (struct member){ prefix(v), v };
	sort(members, n);
	buf_char(out, '{');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_char(out, ',');
		put_string(out, members[i].o->name, members[i].o->name_len, members[i].o->name_plain);
		buf_char(out, ':');
		put_value(members[i].o, NULL, out);
	}
	buf_char(out, '}');
	if (members != few)
		free(members);
}

static void put_array(const struct json_object *array, struct buf *out)
{
	buf_char(out, '[');
	for (size_t i = 0; i < array->len; i++) {
		if (i)
			buf_char(out, ',');
		put_value(array + array->inside + i, NULL, out);
	}
	buf_char(out, ']');
}

static void put_value(const struct json_object *o, const char *without, struct buf *out)
{
	switch ((enum json_kind)o->kind) {
	case JSON_OBJECT:
		put_object(o, without, out);
		break;
	case JSON_ARRAY:
		put_array(o, out);
		break;
	case JSON_STRING:
		put_string(out, o->text, o->len, o->plain);
		break;
	default:
		buf_put(out, o->text, o->len);
	}
}

void json_canonical(struct json_object *doc, const char *without, struct buf *out)
{
	if (doc)
		put_value(doc, without, out);
	else
		buf_str(out, "null");
}
