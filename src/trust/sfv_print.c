/* SPDX-License-Identifier: EUPL-1.2
 * Structured fields written (RFC 9651 section 4.1), found and compared. */
#include "config.h"
#include "trust/sfv.h"

#include <string.h>
#include "event/base64.h"

static void print_decimal(int64_t thousandths, struct buf *out)
{
	int64_t size = thousandths < 0 ? -thousandths : thousandths;

	buf_fmt(out, "%s%lld.%03lld", thousandths < 0 ? "-" : "", (long long)(size / 1000), (long long)(size % 1000));
	for (int spare = 2; spare && out->p[out->len - 1] == '0'; spare--)
		out->p[--out->len] = '\0';
}

static void print_string(const struct sfv_bare *bare, struct buf *out)
{
	buf_char(out, '"');
	for (size_t i = 0; i < bare->len; i++) {
		if (bare->p[i] == '"' || bare->p[i] == '\\')
			buf_char(out, '\\');
		buf_char(out, bare->p[i]);
	}
	buf_char(out, '"');
}

static void print_display(const struct sfv_bare *bare, struct buf *out)
{
	buf_str(out, "%\"");
	for (size_t i = 0; i < bare->len; i++) {
		unsigned char c = (unsigned char)bare->p[i];

		if (c < ' ' || c > '~' || c == '%' || c == '"')
			buf_fmt(out, "%%%02x", c);
		else
			buf_char(out, (char)c);
	}
	buf_char(out, '"');
}

static void print_bare(const struct sfv_bare *bare, struct buf *out)
{
	switch (bare->type) {
	case SFV_INTEGER:
		buf_fmt(out, "%lld", (long long)bare->number);
		return;
	case SFV_DECIMAL:
		print_decimal(bare->number, out);
		return;
	case SFV_STRING:
		print_string(bare, out);
		return;
	case SFV_TOKEN:
		buf_put(out, bare->p, bare->len);
		return;
	case SFV_BYTES:
		buf_char(out, ':');
		base64_encode(out, bare->p, bare->len);
		buf_char(out, ':');
		return;
	case SFV_BOOLEAN:
		buf_str(out, bare->number ? "?1" : "?0");
		return;
	case SFV_DATE:
		buf_fmt(out, "@%lld", (long long)bare->number);
		return;
	case SFV_DISPLAY:
		print_display(bare, out);
		return;
	}
}

static bool is_true(const struct sfv_bare *bare)
{
	return bare->type == SFV_BOOLEAN && bare->number;
}

static void print_params(const struct sfv_params *params, struct buf *out)
{
	for (size_t i = 0; i < params->n; i++) {
		buf_char(out, ';');
		buf_str(out, params->v[i].key);
		if (is_true(&params->v[i].value))
			continue;
		buf_char(out, '=');
		print_bare(&params->v[i].value, out);
	}
}

void sfv_print_item(const struct sfv_item *item, struct buf *out)
{
	print_bare(&item->bare, out);
	print_params(&item->params, out);
}

void sfv_print_member(const struct sfv_member *member, struct buf *out)
{
	if (!member->inner) {
		sfv_print_item(&member->item, out);
		return;
	}
	buf_char(out, '(');
	for (size_t i = 0; i < member->n; i++) {
		if (i)
			buf_char(out, ' ');
		sfv_print_item(&member->items[i], out);
	}
	buf_char(out, ')');
	print_params(&member->item.params, out);
}

/* A member of a dictionary that is true is its key alone, with its parameters. */
static void print_keyed(const struct sfv_member *member, struct buf *out)
{
	buf_str(out, member->key);
	if (!member->inner && is_true(&member->item.bare)) {
		print_params(&member->item.params, out);
		return;
	}
	buf_char(out, '=');
	sfv_print_member(member, out);
}

void sfv_print(const struct sfv *field, struct buf *out)
{
	for (size_t i = 0; i < field->n; i++) {
		if (i)
			buf_str(out, ", ");
		if (field->v[i].key)
			print_keyed(&field->v[i], out);
		else
			sfv_print_member(&field->v[i], out);
	}
}

const struct sfv_member *sfv_find(const struct sfv *dictionary, const char *key)
{
	for (size_t i = 0; i < dictionary->n; i++)
		if (strcmp(dictionary->v[i].key, key) == 0)
			return &dictionary->v[i];
	return NULL;
}

const struct sfv_bare *sfv_param(const struct sfv_params *params, const char *key)
{
	for (size_t i = 0; i < params->n; i++)
		if (strcmp(params->v[i].key, key) == 0)
			return &params->v[i].value;
	return NULL;
}

bool sfv_equal(const struct sfv_bare *a, const struct sfv_bare *b)
{
	return a->type == b->type && a->number == b->number && a->len == b->len && (!a->len || memcmp(a->p, b->p, a->len) == 0);
}

bool sfv_string_valid(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}
