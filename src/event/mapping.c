/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/mapping.h"

#include <string.h>
#include "base/buf.h"
#include "event/uri.h"

#define CHOICES_MAX 8
#define TERMS_MAX 8
#define BLANKS " \t"

const char *map_field_name(enum map_field field)
{
	static const char *const names[MAP_FIELDS] = { "id", "type", "source", "subject", "time", "lane" };

	return names[field];
}

struct keyword {
	const char *word;
	enum map_term_kind kind;
	unsigned fields;	/* for which it may stand */
};

#define FIELD(f) (1u << (f))
static const struct keyword keywords[] = {
	{ "content", TERM_CONTENT, FIELD(MAP_ID) },
	{ "received", TERM_RECEIVED, FIELD(MAP_TIME) },
	{ "none", TERM_NONE, FIELD(MAP_SUBJECT) | FIELD(MAP_TIME) | FIELD(MAP_LANE) },
};

static int pointer_check(const char *pointer, struct err *err)
{
	for (const char *at = pointer; *at; at++)
		if (*at == '~' && at[1] != '0' && at[1] != '1')
			return err_set(err, "%s is not a JSON pointer: behind a ~ comes 0 (for ~) or 1 (for /)", pointer);
	return 0;
}

/* A field name of HTTP (RFC 9110 5.1), in lower case, or null. */
static const char *header_name(struct pool *pool, const char *text)
{
	char *name = pool_str(pool, text);

	for (char *at = name; *at; at++) {
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
		else if (*at == '_')	/* no gateway tells the two apart (RFC 3875 4.1.18) */
			*at = '-';
		else if (!((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || *at == '-'))
			return NULL;
	}
	return *name ? name : NULL;
}

/* What identifies a sender is not to be read in a listing of events. */
static int header_check(const char *name, struct err *err)
{
	static const char *const secrets[] = { "authorization", "proxy-authorization", "cookie" };

	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
		if (strcmp(name, secrets[i]) == 0)
			return err_set(err, "the header %s is a credential, which does not become a part of an event", name);
	return 0;
}

static int word_parse(struct pool *pool, enum map_field field, const char *word, struct map_term *term, struct err *err)
{
	*term = (struct map_term){ TERM_TEXT, word };
	if (*word == '/') {
		term->kind = TERM_POINTER;
		return pointer_check(word, err);
	}
	if (strncmp(word, "header:", 7) == 0) {
		term->kind = TERM_HEADER;
		term->text = header_name(pool, word + 7);
		return term->text ? header_check(term->text, err) : err_set(err, "%s does not name a header: write header:NAME", word);
	}
	for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
		if (strcmp(word, keywords[i].word) != 0)
			continue;
		if (!(keywords[i].fields & FIELD(field)))
			return err_set(err, "%s has no meaning for map.%s; as a text it wants quotes: \"%s\"", word,
				       map_field_name(field), word);
		term->kind = keywords[i].kind;
	}
	return 0;
}

/* The term at *at, which is moved behind it. */
static int term_parse(struct pool *pool, enum map_field field, const char **at, struct map_term *term, struct err *err)
{
	const char *text = *at, *end;

	if (*text == '"' || *text == '\'') {
		end = strchr(text + 1, *text);
		if (!end)
			return err_set(err, "%s has no closing quotation mark", text);
		*term = (struct map_term){ TERM_TEXT, pool_strn(pool, text + 1, (size_t)(end - text - 1)) };
		*at = end + 1;
		if (**at && !strchr(BLANKS "|", **at))
			return err_set(err, "a blank is missing behind %.*s", (int)(*at - text), text);
		return 0;
	}
	*at += strcspn(text, BLANKS "|");
	return word_parse(pool, field, pool_strn(pool, text, (size_t)(*at - text)), term, err);
}

static int choice_check(const struct map_choice *choice, struct err *err)
{
	if (!choice->n)
		return err_set(err, "an alternative is empty: write a JSON pointer, header:NAME or a text on each side of a |");
	for (size_t i = 0; i < choice->n && choice->n > 1; i++)
		if (choice->terms[i].kind >= TERM_CONTENT)
			return err_set(err, "%s stands alone: it cannot be joined with others", choice->terms[i].text);
	return 0;
}

static int choice_parse(struct pool *pool, enum map_field field, const char **at, struct map_choice *choice, struct err *err)
{
	choice->terms = pool_alloc(pool, TERMS_MAX * sizeof *choice->terms);
	for (*at += strspn(*at, BLANKS); **at && **at != '|'; *at += strspn(*at, BLANKS)) {
		if (choice->n == TERMS_MAX)
			return err_set(err, "at most %d terms can be joined", TERMS_MAX);
		if (term_parse(pool, field, at, &choice->terms[choice->n++], err) < 0)
			return -1;
	}
	return choice_check(choice, err);
}

const struct map_term *choice_reads(const struct map_choice *choice)
{
	for (size_t i = 0; i < choice->n; i++)
		if (choice->terms[i].kind == TERM_POINTER || choice->terms[i].kind == TERM_HEADER)
			return &choice->terms[i];
	return NULL;
}

/* It is never missing, so nothing behind it is ever used. */
static bool is_always_there(const struct map_choice *choice)
{
	return !choice_reads(choice);
}

/* A text alone has to do as it is. */
static int constant_check(enum map_field field, const struct map_choice *choice, struct err *err)
{
	struct buf text = {0};
	bool fits = true;

	for (size_t i = 0; i < choice->n; i++)
		buf_str(&text, choice->terms[i].text);
	if (field == MAP_SOURCE && is_always_there(choice))
		fits = text.len && uri_reference_valid(text.p);
	if (!fits)
		err_set(err, "\"%.200s\" is not a URI reference of RFC 3986: a source has no blanks and other characters as %%XX",
			text.len ? text.p : "");
	buf_free(&text);
	return fits ? 0 : -1;
}

int mapping_parse(struct pool *pool, enum map_field field, const char *text, const struct mapping **out, struct err *err)
{
	struct mapping *m = pool_alloc(pool, sizeof *m);
	const char *at = text;

	m->text = pool_str(pool, text);
	m->choices = pool_alloc(pool, CHOICES_MAX * sizeof *m->choices);
	for (;;) {
		if (m->n == CHOICES_MAX)
			return err_set(err, "at most %d alternatives can be named", CHOICES_MAX);
		if (choice_parse(pool, field, &at, &m->choices[m->n++], err) < 0 ||
		    constant_check(field, &m->choices[m->n - 1], err) < 0)
			return -1;
		if (!*at)
			break;
		if (is_always_there(&m->choices[m->n - 1]))
			return err_set(err, "what stands behind the | is never used, because what stands before it is always there");
		at++;
	}
	*out = m;
	return 0;
}

bool mapping_reads(const struct mapping *mapping, const char *header)
{
	for (size_t i = 0; i < mapping->n; i++)
		for (size_t j = 0; j < mapping->choices[i].n; j++) {
			const struct map_term *term = &mapping->choices[i].terms[j];

			if (term->kind == TERM_HEADER && strcmp(term->text, header) == 0)
				return true;
		}
	return false;
}
