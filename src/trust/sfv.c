/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "trust/sfv.h"

#include <string.h>
#include "base/hex.h"
#include "base/utf8.h"
#include "event/base64.h"

#define INTEGER_DIGITS 15	/* RFC 9651 4.2.4 */
#define DECIMAL_DIGITS 12
#define FRACTION_DIGITS 3

struct reader {
	struct pool *pool;
	const char *at, *end;
	const char *why;
	bool repeated;
};

static bool refuse(struct reader *r, const char *why)
{
	r->why = why;
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_alpha(char c)
{
	return is_lower(c) || (c >= 'A' && c <= 'Z');
}

/* What comes next, or 0 at the end; a NUL itself is never taken. */
static char peek(const struct reader *r)
{
	return r->at < r->end ? *r->at : '\0';
}

static bool eat(struct reader *r, char c)
{
	if (!c || peek(r) != c)
		return false;
	r->at++;
	return true;
}

static void skip(struct reader *r, const char *blanks)
{
	while (peek(r) && strchr(blanks, peek(r)))
		r->at++;
}

/* Room for one more behind the n that are there: doubled at each power of two. */
static void *room(struct pool *pool, void *v, size_t n, size_t size)
{
	void *more;

	if (n & (n - 1))
		return v;
	more = pool_alloc(pool, (n ? 2 * n : 1) * size);
	if (n)
		memcpy(more, v, n * size);
	return more;
}

/* ---- bare items (4.2.3.1) ---- */

static size_t digits(struct reader *r, size_t most, int64_t *value)
{
	size_t n = 0;

	for (; n <= most && is_digit(peek(r)); n++)
		*value = *value * 10 + (*r->at++ - '0');
	return n;
}

static bool read_number(struct reader *r, struct sfv_bare *out)
{
	int64_t sign = eat(r, '-') ? -1 : 1, value = 0;
	size_t n = digits(r, INTEGER_DIGITS, &value);

	out->type = SFV_INTEGER;
	if (!n || n > INTEGER_DIGITS)
		return refuse(r, "a number has no digits, or too many");
	if (eat(r, '.')) {
		size_t behind = digits(r, FRACTION_DIGITS, &value);

		if (n > DECIMAL_DIGITS || !behind || behind > FRACTION_DIGITS)
			return refuse(r, "a decimal has more than 12 digits before its point, or not 1 to 3 behind it");
		for (; behind < FRACTION_DIGITS; behind++)
			value *= 10;
		out->type = SFV_DECIMAL;
	}
	out->number = sign * value;
	return true;
}

static bool read_date(struct reader *r, struct sfv_bare *out)
{
	if (!read_number(r, out))
		return false;
	if (out->type != SFV_INTEGER)
		return refuse(r, "a date is not a whole number of seconds");
	out->type = SFV_DATE;
	return true;
}

/* How many bytes a string has at most: up to the next quotation mark that is not escaped. */
static size_t string_len(const struct reader *r)
{
	const char *at = r->at;

	while (at < r->end && *at != '"')
		at += *at == '\\' ? 2 : 1;
	return (size_t)(at - r->at);
}

/* Behind the opening quotation mark (4.2.5). */
static bool read_string(struct reader *r, struct sfv_bare *out)
{
	char *text = pool_alloc(r->pool, string_len(r) + 1);

	*out = (struct sfv_bare){ .type = SFV_STRING, .p = text };
	while (!eat(r, '"')) {
		if (eat(r, '\\') && peek(r) != '"' && peek(r) != '\\')
			return refuse(r, "a backslash in a string escapes neither a quotation mark nor a backslash");
		if (peek(r) < ' ' || peek(r) > '~')
			return refuse(r, "a string has no end, or a character that is not printable ASCII");
		text[out->len++] = *r->at++;
	}
	return true;
}

static bool read_escape(struct reader *r, char *out)
{
	int high, low;

	if (r->end - r->at < 2)
		return false;
	high = hex_value(r->at[0]);
	low = hex_value(r->at[1]);
	if (high < 0 || low < 0 || (!is_digit(r->at[0]) && !is_lower(r->at[0])) || (!is_digit(r->at[1]) && !is_lower(r->at[1])))
		return false;
	*out = (char)(high * 16 + low);
	r->at += 2;
	return true;
}

/* Behind the percent sign (4.2.10). */
static bool read_display(struct reader *r, struct sfv_bare *out)
{
	const char *end = eat(r, '"') ? memchr(r->at, '"', (size_t)(r->end - r->at)) : NULL;
	char *text = pool_alloc(r->pool, end ? (size_t)(end - r->at) + 1 : 1);

	*out = (struct sfv_bare){ .type = SFV_DISPLAY, .p = text };
	if (!end)
		return refuse(r, "a display string has no quotation marks around it");
	for (; !eat(r, '"'); out->len++) {
		if (peek(r) < ' ' || peek(r) > '~')
			return refuse(r, "a display string has a character that is not printable ASCII");
		if (*r->at++ != '%')
			text[out->len] = r->at[-1];
		else if (!read_escape(r, &text[out->len]))
			return refuse(r, "a percent sign in a display string is not followed by two digits 0-9 or a-f");
	}
	return utf8_valid(text, out->len, NULL) || refuse(r, "a display string is not UTF-8");
}

static bool read_token(struct reader *r, struct sfv_bare *out)
{
	const char *from = r->at;

	while (peek(r) && (is_alpha(peek(r)) || is_digit(peek(r)) || strchr("!#$%&'*+-.^_`|~:/", peek(r))))
		r->at++;
	*out = (struct sfv_bare){ .type = SFV_TOKEN, .len = (size_t)(r->at - from) };
	out->p = pool_strn(r->pool, from, out->len);
	return true;
}

/* Behind the first colon. */
static bool read_bytes(struct reader *r, struct sfv_bare *out)
{
	const char *from = r->at, *colon = memchr(from, ':', (size_t)(r->end - from));
	unsigned char *bytes;

	if (!colon)
		return refuse(r, "a byte sequence has no end");
	bytes = pool_alloc(r->pool, BASE64_DECODED((size_t)(colon - from)) + 1);
	*out = (struct sfv_bare){ .type = SFV_BYTES, .p = (char *)bytes };
	r->at = colon + 1;
	return base64_decode(from, (size_t)(colon - from), bytes, &out->len) || refuse(r, "a byte sequence is not base64");
}

static bool read_boolean(struct reader *r, struct sfv_bare *out)
{
	*out = (struct sfv_bare){ .type = SFV_BOOLEAN, .number = eat(r, '1') };
	return out->number || eat(r, '0') || refuse(r, "a boolean is neither ?0 nor ?1");
}

static bool read_bare(struct reader *r, struct sfv_bare *out)
{
	char c = peek(r);

	*out = (struct sfv_bare){ .type = SFV_INTEGER };
	if (c == '-' || is_digit(c))
		return read_number(r, out);
	if (c == '*' || is_alpha(c))
		return read_token(r, out);
	if (eat(r, '"'))
		return read_string(r, out);
	if (eat(r, ':'))
		return read_bytes(r, out);
	if (eat(r, '?'))
		return read_boolean(r, out);
	if (eat(r, '@'))
		return read_date(r, out);
	if (eat(r, '%'))
		return read_display(r, out);
	return refuse(r, "something is missing, or begins as nothing does");
}

/* ---- what they stand in ---- */

static const char *read_key(struct reader *r)
{
	const char *from = r->at;

	if (!is_lower(peek(r)) && peek(r) != '*') {
		refuse(r, "a key does not begin with a small letter");
		return NULL;
	}
	while (peek(r) && (is_lower(peek(r)) || is_digit(peek(r)) || strchr("_-.*", peek(r))))
		r->at++;
	return pool_strn(r->pool, from, (size_t)(r->at - from));
}

/* Where a parameter goes: behind the others, or where it was already (4.2.3.2). */
static struct sfv_param *param_slot(struct reader *r, struct sfv_params *params, const char *key)
{
	for (size_t i = 0; i < params->n; i++)
		if (strcmp(params->v[i].key, key) == 0) {
			r->repeated = true;
			return &params->v[i];
		}
	if (params->n == SFV_PARAMS) {
		refuse(r, "there are too many parameters");
		return NULL;
	}
	params->v = room(r->pool, params->v, params->n, sizeof *params->v);
	return &params->v[params->n++];
}

static bool read_params(struct reader *r, struct sfv_params *out)
{
	*out = (struct sfv_params){ NULL, 0 };
	while (eat(r, ';')) {
		struct sfv_param *param;
		const char *key;

		skip(r, " ");
		key = read_key(r);
		param = key ? param_slot(r, out, key) : NULL;
		if (!param)
			return false;
		*param = (struct sfv_param){ key, { .type = SFV_BOOLEAN, .number = 1 } };
		if (eat(r, '=') && !read_bare(r, &param->value))
			return false;
	}
	return true;
}

static bool read_item(struct reader *r, struct sfv_item *out)
{
	return read_bare(r, &out->bare) && read_params(r, &out->params);
}

/* Behind the opening parenthesis (4.2.1.2). */
static bool read_inner(struct reader *r, struct sfv_member *out)
{
	out->inner = true;
	for (skip(r, " "); !eat(r, ')'); skip(r, " ")) {
		if (out->n == SFV_MEMBERS)
			return refuse(r, "an inner list is too long");
		out->items = room(r->pool, out->items, out->n, sizeof *out->items);
		if (!read_item(r, &out->items[out->n++]))
			return false;
		if (peek(r) != ' ' && peek(r) != ')')
			return refuse(r, "an inner list has no end, or no blank between two items");
	}
	return read_params(r, &out->item.params);
}

static bool read_value(struct reader *r, struct sfv_member *out)
{
	return eat(r, '(') ? read_inner(r, out) : read_item(r, &out->item);
}

static bool read_member(struct reader *r, enum sfv_kind kind, struct sfv_member *out)
{
	*out = (struct sfv_member){ .item.bare = { .type = SFV_BOOLEAN, .number = 1 } };
	if (kind == SFV_LIST)
		return read_value(r, out);
	out->key = read_key(r);
	if (!out->key)
		return false;
	return eat(r, '=') ? read_value(r, out) : read_params(r, &out->item.params);
}

/* Behind the others, or over one of the same key (4.2.2). */
static bool add(struct reader *r, struct sfv *out, const struct sfv_member *member)
{
	for (size_t i = 0; member->key && i < out->n; i++)
		if (strcmp(out->v[i].key, member->key) == 0) {
			r->repeated = true;
			out->v[i] = *member;
			return true;
		}
	if (out->n == SFV_MEMBERS)
		return refuse(r, "there are too many members");
	out->v = room(r->pool, out->v, out->n, sizeof *out->v);
	out->v[out->n++] = *member;
	return true;
}

static bool read_members(struct reader *r, enum sfv_kind kind, struct sfv *out)
{
	while (r->at < r->end) {
		struct sfv_member member;

		if (!read_member(r, kind, &member) || !add(r, out, &member))
			return false;
		skip(r, " \t");
		if (r->at == r->end)
			return true;
		if (!eat(r, ','))
			return refuse(r, "something stands behind a member that is no comma");
		skip(r, " \t");
		if (r->at == r->end)
			return refuse(r, "nothing comes behind the last comma");
	}
	return true;
}

static bool read_one(struct reader *r, struct sfv *out)
{
	out->v = pool_alloc(r->pool, sizeof *out->v);
	out->n = 1;
	return read_item(r, &out->v->item) && (r->at == r->end || refuse(r, "something stands behind the item"));
}

/* Blanks around a field are nothing (4.2, steps 2 and 7), tabs are not. */
static bool read_field(struct reader *r, enum sfv_kind kind, struct sfv *out)
{
	if (r->end - r->at > (ptrdiff_t)SFV_LEN_MAX)
		return refuse(r, "the field is too long");
	skip(r, " ");
	while (r->end > r->at && r->end[-1] == ' ')
		r->end--;
	return kind == SFV_ITEM ? read_one(r, out) : read_members(r, kind, out);
}

bool sfv_read(struct pool *pool, enum sfv_kind kind, const char *text, struct sfv *out, const char **why)
{
	struct reader r = { pool, text, text + strlen(text), NULL, false };
	bool right;

	*out = (struct sfv){ NULL, 0, false };
	right = read_field(&r, kind, out);
	out->repeated = r.repeated;
	*why = r.why;
	return right;
}
