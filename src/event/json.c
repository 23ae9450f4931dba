/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/json.h"

#include <errno.h>
#include <inttypes.h>
#include <json.h>
#include <stdlib.h>
#include <string.h>
#include "base/die.h"
#include "base/mem.h"
#include "event/json_scan.h"
#include "event/spare.h"

#define LEN_MAX (1u << 30)	/* json-c counts bytes in an int, and long integers grow */

static struct spare tokeners;

static struct json_tokener *begin(void)
{
	struct json_tokener *tok = spare_take(&tokeners);

	if (tok)
		return tok;
	/* The scan has counted the levels; json-c counts a scalar as one more. Not JSON_TOKENER_STRICT: the
	 * scan has refused what that would, and in json-c 0.18 it refuses all that is not ASCII. */
	tok = json_tokener_new_ex(JSON_DEPTH + 2);
	if (!tok)
		die("out of memory");
	return tok;
}

static void end(struct json_tokener *tok)
{
	json_tokener_reset(tok);
	if (!spare_give(&tokeners, tok))
		json_tokener_free(tok);
}

/* Where it gets no memory, json-c before 0.18 cuts strings short and leaves members out, without a word. That
 * is not to look like a body that is wrong or has less in it. */
static void afford(size_t bytes)
{
	void *volatile p = malloc(bytes);

	if (!p)
		die("out of memory");
	free(p);
}

static size_t parsed_up_to(struct json_tokener *tok)
{
#if JSON_C_VERSION_NUM >= ((0 << 16) | (15 << 8))
	return json_tokener_get_parse_end(tok);
#else
	return (size_t)tok->char_offset;
#endif
}

/* The text has no blanks at its end and no control bytes outside of strings. */
static int tokenize(const char *p, size_t len, struct json_object **out, struct faults *faults)
{
	struct json_tokener *tok = begin();
	enum json_tokener_error error;

	*out = json_tokener_parse_ex(tok, p, (int)len);
	error = json_tokener_get_error(tok);
	if (error == json_tokener_continue) {	/* a bare number ends at what follows it */
		*out = json_tokener_parse_ex(tok, "", 1);
		error = json_tokener_get_error(tok);
	} else if (error == json_tokener_success && parsed_up_to(tok) < len)
		error = json_tokener_error_parse_unexpected;
	if (error != json_tokener_success) {
		fault_add(faults, "", "parse_error", "The body is not JSON: %s, near byte %zu.",
			  json_tokener_error_desc(error), parsed_up_to(tok));
		json_drop(out);
	} else if (!*out && (len < 4 || memcmp(p + len - 4, "null", 4) != 0))
		die("out of memory");
	end(tok);
	return error == json_tokener_success ? 0 : -1;
}

enum json_kind json_kind(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_boolean:
		return JSON_BOOL;
	case json_type_int: case json_type_double:
		return JSON_NUMBER;
	case json_type_string:
		return JSON_STRING;
	case json_type_array:
		return JSON_ARRAY;
	case json_type_object:
		return JSON_OBJECT;
	default:
		return JSON_NULL;
	}
}

/* Takes the tail of a long integer off again. */
static void mend(struct json_object *number)
{
	const char *text = json_object_to_json_string_ext(number, JSON_C_TO_STRING_PLAIN);
	size_t len = strlen(text), tail = strlen(JSON_LONG_TAIL);
	char *whole;

	if (len < JSON_LONG + tail || strcmp(text + len - tail, JSON_LONG_TAIL) != 0 || strchr(text, '.'))
		return;
	whole = str_dup(text);
	whole[len - tail] = '\0';
	json_object_set_serializer(number, json_object_userdata_to_json_string, whole, json_object_free_userdata);
}

/* How many members value has in all; long integers are mended on the way. */
static size_t walk(struct json_object *value, bool long_integer)
{
	size_t n = 0;

	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, name, member) {
			(void)name;
			n += 1 + walk(member, long_integer);
		}
	} else if (json_object_is_type(value, json_type_array)) {
		size_t len = (size_t)json_object_array_length(value);

		for (size_t i = 0; i < len; i++)
			n += walk(json_object_array_get_idx(value, i), long_integer);
	} else if (long_integer && json_object_is_type(value, json_type_double))
		mend(value);
	return n;
}

/* The slow pass, over a text that is known to be JSON: where are members double? */
struct finder {
	const unsigned char *p;
	size_t len, at;
	struct faults *faults;
	struct buf path;
};

static void find(struct finder *f);

static unsigned char skip_blanks(struct finder *f)
{
	while (f->at < f->len && strchr(" \t\r\n", f->p[f->at]))
		f->at++;
	return f->at < f->len ? f->p[f->at] : 0;
}

/* The string at hand, decoded; moves behind it. */
static struct json_object *take_string(struct finder *f)
{
	size_t len = json_scan_string(f->p + f->at, f->len - f->at);
	struct json_object *string = NULL;

	must(tokenize((const char *)f->p + f->at, len, &string, f->faults) == 0);
	f->at += len;
	return string;
}

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

static void find_in_member(struct finder *f, struct json_object *seen)
{
	size_t start = f->at, path = f->path.len;
	struct json_object *string = take_string(f);
	const char *name = json_object_get_string(string);

	put_name(f, name);
	if (json_object_object_get_ex(seen, name, NULL))
		fault_add(f->faults, f->path.p, "duplicate_member",
			  "This member is there more than once (again at byte %zu). Send each member once.", start);
	else
		json_object_object_add(seen, name, NULL);
	json_object_put(string);
	skip_blanks(f);
	f->at++;	/* the colon */
	find(f);
	f->path.len = path;
	f->path.p[path] = '\0';
}

static void find_in_object(struct finder *f)
{
	struct json_object *seen = json_object_new_object();

	if (!seen)
		die("out of memory");
	f->at++;
	while (skip_blanks(f) != '}') {
		if (f->p[f->at] == ',')
			f->at++;
		else
			find_in_member(f, seen);
	}
	f->at++;
	json_object_put(seen);
}

static void find_in_array(struct finder *f)
{
	f->at++;
	while (skip_blanks(f) != ']') {
		if (f->p[f->at] == ',')
			f->at++;
		else
			find(f);
	}
	f->at++;
}

static void find(struct finder *f)
{
	switch (skip_blanks(f)) {
	case '{':
		find_in_object(f);
		break;
	case '[':
		find_in_array(f);
		break;
	case '"':
		f->at += json_scan_string(f->p + f->at, f->len - f->at);
		break;
	default:
		while (f->at < f->len && !strchr(" \t\r\n,]}", f->p[f->at]))
			f->at++;
	}
}

static void find_duplicates(const unsigned char *p, size_t len, struct faults *faults)
{
	struct finder f = { .p = p, .len = len, .faults = faults };

	find(&f);
	buf_free(&f.path);
}

static int parse_scanned(const unsigned char *p, size_t len, const struct json_scan *scan,
			 struct json_object **out, struct faults *faults)
{
	struct buf wide = {0};
	int rc;

	afford(8 * len + 4096);
	if (scan->long_integer) {
		json_scan_widen(p, len, &wide);
		rc = tokenize(wide.p, wide.len, out, faults);
		buf_free(&wide);
	} else
		rc = tokenize((const char *)p, len, out, faults);
	if (rc < 0) {
		afford(32 * len + 65536);
		return -1;
	}
	if (walk(*out, scan->long_integer) == scan->members)
		return 0;
	json_drop(out);
	afford(32 * len + 65536);
	find_duplicates(p, len, faults);
	return -1;
}

int json_parse(const void *p, size_t len, struct json_object **out, struct faults *faults)
{
	const unsigned char *bytes = p;
	struct json_scan scan;

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
	if (json_scan(bytes, len, &scan, faults) < 0)
		return -1;
	return parse_scanned(bytes, len, &scan, out, faults);
}

void json_drop(struct json_object **doc)
{
	json_object_put(*doc);
	*doc = NULL;
}

bool json_member(struct json_object *doc, const char *name, struct json_object **out)
{
	return json_object_is_type(doc, json_type_object) && json_object_object_get_ex(doc, name, out);
}

void json_each(struct json_object *object, json_member_fn *fn, void *to)
{
	must(json_kind(object) == JSON_OBJECT);
	json_object_object_foreach(object, name, value)
		fn(to, name, value);
}

static bool element(struct json_object *array, const char *token, size_t len, struct json_object **out)
{
	size_t at = 0, n = (size_t)json_object_array_length(array);

	if (!len || (len > 1 && *token == '0'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (token[i] < '0' || token[i] > '9')
			return false;
		at = at * 10 + (size_t)(token[i] - '0');
		if (at >= n)
			return false;
	}
	*out = json_object_array_get_idx(array, at);
	return true;
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
	if (!json_object_is_type(value, json_type_string))
		return NULL;
	*len = (size_t)json_object_get_string_len(value);
	return json_object_get_string(value);
}

const char *json_text(struct json_object *value)
{
	switch (json_kind(value)) {
	case JSON_STRING:
		return json_object_get_string(value);
	case JSON_BOOL: case JSON_NUMBER:
		return json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
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
	*out = json_object_get_boolean(value);
	return true;
}

#define MEMBERS 16	/* that are sorted without asking for memory */

struct member {
	const char *name;
	struct json_object *value;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
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

static void put_string(struct buf *out, const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;

	if (json_scan_plain(p, len) == len) {
		put_plain(out, s, len);
		return;
	}
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

static void put_object(struct json_object *object, const char *without, struct buf *out)
{
	struct member few[MEMBERS], *members = few;
	size_t n = 0, len = (size_t)json_object_object_length(object);

	if (len > MEMBERS)
		members = mem_array(len, sizeof *members);
	json_object_object_foreach(object, name, value)
		if (!without || strcmp(name, without) != 0)
			members[n++] = (struct member){ name, value };
	qsort(members, n, sizeof *members, by_name);
	buf_char(out, '{');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_char(out, ',');
		put_string(out, members[i].name, strlen(members[i].name));
		buf_char(out, ':');
		json_canonical(members[i].value, NULL, out);
	}
	buf_char(out, '}');
	if (members != few)
		free(members);
}

static void put_array(struct json_object *array, struct buf *out)
{
	size_t n = (size_t)json_object_array_length(array);

	buf_char(out, '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_char(out, ',');
		json_canonical(json_object_array_get_idx(array, i), NULL, out);
	}
	buf_char(out, ']');
}

void json_canonical(struct json_object *doc, const char *without, struct buf *out)
{
	const char *string;
	size_t len;

	switch (json_kind(doc)) {
	case JSON_OBJECT:
		put_object(doc, without, out);
		break;
	case JSON_ARRAY:
		put_array(doc, out);
		break;
	case JSON_STRING:
		string = json_string(doc, &len);
		put_string(out, string, len);
		break;
	case JSON_NULL:
		buf_str(out, "null");
		break;
	default:
		buf_str(out, json_text(doc));
	}
}
