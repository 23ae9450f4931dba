/* SPDX-License-Identifier: EUPL-1.2
 * The signature base (RFC 9421 2): each covered component with its value, then the signature's parameters. */
#include "config.h"
#include "trust/httpsig.h"

#include <string.h>
#include "base/hex.h"
#include "base/utf8.h"
#include "event/base64.h"
#include "trust/field.h"

/* Read once, however many components are parts of it: a sender without a key can name them all. */
struct dictionary {
	const char *name;		/* of the header */
	struct sfv field;
	const char *why;		/* it is none */
};
struct parameter {			/* of the query, in the form of 2.2.8 */
	const char *name;
	const char *value;
};

struct maker {
	struct pool *pool;
	const struct httpsig_request *request;
	struct buf *out;
	const char *why;
	struct dictionary dictionaries[HTTPSIG_COMPONENTS];
	size_t n_dictionaries;
	struct parameter *parameters;	/* null: not read yet */
	size_t n_parameters;
};

static bool refuse(struct maker *mk, const char *why)
{
	mk->why = why;
	return false;
}

static bool put(struct maker *mk, const char *value)
{
	buf_str(mk->out, value);
	return true;
}

static bool is(const struct sfv_item *id, const char *name)
{
	return strcmp(id->bare.p, name) == 0;
}

/* ---- parameters of identifiers (2.1) ---- */

enum { SF = 1, KEY = 2, BS = 4, NAME = 8, BAD = 16 };

static unsigned flag_of(const struct sfv_param *param)
{
	static const struct { const char *key; enum sfv_type type; unsigned flag; } rows[] = {
		{ "sf", SFV_BOOLEAN, SF }, { "bs", SFV_BOOLEAN, BS }, { "key", SFV_STRING, KEY }, { "name", SFV_STRING, NAME },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(param->key, rows[i].key) == 0 && param->value.type == rows[i].type &&
		    (rows[i].type == SFV_STRING || param->value.number))
			return rows[i].flag;
	return BAD;
}

static unsigned flags_of(const struct sfv_item *id)
{
	unsigned flags = 0;

	for (size_t i = 0; i < id->params.n; i++)
		flags |= flag_of(&id->params.v[i]);
	return flags;
}

/* ---- fields (2.1) ---- */

/* Each line as a byte sequence (2.1.3). */
static bool put_wrapped(struct maker *mk, const char *name)
{
	const char **lines;
	size_t n = field_lines(mk->pool, mk->request->m, name, &lines);

	for (size_t i = 0; i < n; i++) {
		buf_str(mk->out, i ? ", :" : ":");
		base64_encode(mk->out, lines[i], strlen(lines[i]));
		buf_char(mk->out, ':');
	}
	return n || refuse(mk, "a header that it covers is not there");
}

static const struct dictionary *read_dictionary(struct maker *mk, const char *name, const char *value)
{
	struct dictionary *d = mk->dictionaries;

	while (d < mk->dictionaries + mk->n_dictionaries && strcmp(d->name, name) != 0)
		d++;
	if (d == mk->dictionaries + mk->n_dictionaries) {
		d->name = name;
		sfv_read(mk->pool, SFV_DICTIONARY, value, &d->field, &d->why);
		mk->n_dictionaries++;
	}
	return d;
}

/* Strictly serialised (2.1.1). */
static bool put_structured(struct maker *mk, const char *name, const char *value)
{
	const struct dictionary *d = read_dictionary(mk, name, value);
	struct sfv field = d->field;
	const char *why;

	if (d->why && !sfv_read(mk->pool, SFV_LIST, value, &field, &why))
		return refuse(mk, "a header that it covers with sf is not a structured field");
	if (field.repeated)
		return refuse(mk, "a header that it covers with sf has something twice");
	sfv_print(&field, mk->out);
	return true;
}

/* One member of a dictionary (2.1.2). */
static bool put_member(struct maker *mk, const char *name, const char *value, const char *key)
{
	const struct dictionary *d = read_dictionary(mk, name, value);
	const struct sfv_member *member;

	if (d->why)
		return refuse(mk, "a header that it covers with key is not a dictionary");
	if (d->field.repeated)
		return refuse(mk, "a header that it covers with key has something twice");
	member = sfv_find(&d->field, key);
	if (!member)
		return refuse(mk, "a member of a header that it covers is not there");
	sfv_print_member(member, mk->out);
	return true;
}

static bool put_field(struct maker *mk, const struct sfv_item *id)
{
	unsigned flags = flags_of(id);
	const char *value;

	if (flags & (NAME | BAD))
		return refuse(mk, "a parameter of a header that it covers is not known here");
	if ((flags & BS) && (flags & (SF | KEY)))
		return refuse(mk, "bs does not go together with sf or key");
	if (flags & BS)
		return put_wrapped(mk, id->bare.p);
	value = field_value(mk->pool, mk->request->m, id->bare.p);
	if (!value)
		return refuse(mk, "a header that it covers is not there");
	if (flags & KEY)
		return put_member(mk, id->bare.p, value, sfv_param(&id->params, "key")->p);
	return flags & SF ? put_structured(mk, id->bare.p, value) : put(mk, value);
}

/* ---- components that are derived (2.2) ---- */

/* application/x-www-form-urlencoded: undone, and done again in its one form; null: it is not UTF-8. */
static const char *recode(struct maker *mk, const char *p, size_t len)
{
	static const char hex[] = "0123456789ABCDEF";
	char *bytes = pool_alloc(mk->pool, len + 1), *out = pool_alloc(mk->pool, 3 * len + 1), *to = out;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int high = p[i] == '%' && len - i > 2 ? hex_value(p[i + 1]) : -1, low = high < 0 ? -1 : hex_value(p[i + 2]);

		bytes[n++] = low >= 0 ? (char)(high * 16 + low) : (char)(p[i] == '+' ? ' ' : p[i]);
		i += low >= 0 ? 2 : 0;
	}
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("*-._", c))) {
			*to++ = (char)c;
		} else {
			*to++ = '%';
			*to++ = hex[c >> 4];
			*to++ = hex[c & 15];
		}
	}
	return utf8_valid(bytes, n, NULL) ? out : NULL;
}

static void read_parameters(struct maker *mk)
{
	const char *query = mk->request->target.query;
	size_t most = 1;

	for (const char *at = query; *at; at++)
		most += *at == '&';
	mk->parameters = pool_alloc(mk->pool, most * sizeof *mk->parameters);
	for (const char *at = query; *at; at += *at == '&') {
		size_t len = strcspn(at, "&"), name = strcspn(at, "&="), skip = name < len;

		if (len)
			mk->parameters[mk->n_parameters++] = (struct parameter){
				recode(mk, at, name), recode(mk, at + name + skip, len - name - skip) };
		at += len;
	}
}

/* 2.2.8 */
static bool put_query_param(struct maker *mk, const struct sfv_item *id)
{
	const struct parameter *found = NULL;
	const char *name;

	if (flags_of(id) != NAME)
		return refuse(mk, "a query parameter that it covers has no name, or other parameters");
	name = sfv_param(&id->params, "name")->p;
	if (!mk->parameters)
		read_parameters(mk);
	for (size_t i = 0; i < mk->n_parameters; i++) {
		if (!mk->parameters[i].name || strcmp(mk->parameters[i].name, name) != 0)
			continue;
		if (found)
			return refuse(mk, "a query parameter that it covers is there twice");
		found = &mk->parameters[i];
	}
	if (!found)
		return refuse(mk, "a query parameter that it covers is not there");
	return found->value ? put(mk, found->value) : refuse(mk, "a query parameter that it covers is not UTF-8");
}

static bool put_derived(struct maker *mk, const struct sfv_item *id)
{
	const struct httpsig_target *target = &mk->request->target;
	const char *value = NULL;

	if (is(id, "@query-param"))
		return put_query_param(mk, id);
	if (id->params.n)
		return refuse(mk, "a parameter of a derived component is not known here");
	if (is(id, "@query")) {
		buf_char(mk->out, '?');
		value = target->query;
	} else if (is(id, "@method")) {
		value = target->method;
	} else if (is(id, "@authority")) {
		value = target->authority;
	} else if (is(id, "@scheme")) {
		value = target->scheme;
	} else if (is(id, "@path")) {
		value = target->path;
	} else if (is(id, "@request-target")) {
		value = target_origin_form(mk->pool, target);
	} else if (is(id, "@target-uri")) {
		value = target->uri;
	} else {
		return refuse(mk, "it covers a derived component that requests do not have");
	}
	return value ? put(mk, value) : refuse(mk, "it covers part of a URL that is not known: set url of the endpoint");
}

/* ---- the base (2.5) ---- */

/* No line of it can look like two, and it is ASCII. */
static bool is_plain(const struct buf *out, size_t from, bool tabs)
{
	for (size_t i = from; i < out->len; i++)
		if ((out->p[i] < ' ' || out->p[i] > '~') && !(tabs && out->p[i] == '\t'))
			return false;
	return true;
}

static bool put_component(struct maker *mk, const struct sfv_item *id)
{
	bool derived = *id->bare.p == '@';
	size_t from;

	sfv_print_item(id, mk->out);
	buf_str(mk->out, ": ");
	from = mk->out->len;
	if (!(derived ? put_derived(mk, id) : put_field(mk, id)))
		return false;
	if (!is_plain(mk->out, from, !derived))
		return refuse(mk, "what it covers has a character that is not printable ASCII");
	buf_char(mk->out, '\n');
	return mk->out->len <= HTTPSIG_BASE_MAX || refuse(mk, "what it covers is too large");
}

/* The order of parameters does not count (2). Neither has one twice. */
static bool same_component(const struct sfv_item *a, const struct sfv_item *b)
{
	if (!sfv_equal(&a->bare, &b->bare) || a->params.n != b->params.n)
		return false;
	for (size_t i = 0; i < a->params.n; i++) {
		const struct sfv_bare *other = sfv_param(&b->params, a->params.v[i].key);

		if (!other || !sfv_equal(&a->params.v[i].value, other))
			return false;
	}
	return true;
}

static bool once(const struct sfv_member *input, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (same_component(&input->items[j], &input->items[i]))
			return false;
	return true;
}

static bool put_components(struct maker *mk, const struct sfv_member *input)
{
	for (size_t i = 0; i < input->n; i++) {
		if (input->items[i].bare.type != SFV_STRING)
			return refuse(mk, "a name among what it covers is not a string");
		if (!once(input, i))
			return refuse(mk, "it covers something twice");
		if (!put_component(mk, &input->items[i]))
			return false;
	}
	return true;
}

bool httpsig_base(const struct httpsig_request *request, const struct sfv_member *input, struct buf *out, const char **why)
{
	struct maker mk = { .pool = pool_new(), .request = request, .out = out };
	bool right;

	if (!input->inner)
		right = refuse(&mk, "Signature-Input has something that is not an inner list");
	else if (input->n > HTTPSIG_COMPONENTS)
		right = refuse(&mk, "it covers too much");
	else
		right = put_components(&mk, input);
	if (right) {
		buf_str(out, "\"@signature-params\": ");
		sfv_print_member(input, out);
	}
	pool_free(&mk.pool);
	*why = mk.why;
	return right;
}
