/* SPDX-License-Identifier: EUPL-1.2
 * How a JSON webhook that is no CloudEvent becomes an event: where its id, type, source, subject, time
 * and lane are. An expression is a list of alternatives separated by `|`, of which the first counts
 * whose terms are all there; terms stand beside each other and are joined:
 *
 *	/a/b            the value behind this JSON pointer: a string, number or boolean that is not empty
 *	header:NAME     the value of that request header; of a header ce-... decoded as CloudEvents has it
 *	"text" 'text'   itself; so is a word without quotes that is nothing else here
 *	content         a hash of the body, whatever the order of its members; alone, for id
 *	received        when it was received; alone, for time
 *	none            left out; alone, for subject, time and lane */
#ifndef EVENT_MAPPING_H
#define EVENT_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "base/mem.h"

enum map_field { MAP_ID, MAP_TYPE, MAP_SOURCE, MAP_SUBJECT, MAP_TIME, MAP_LANE, MAP_FIELDS };
const char *map_field_name(enum map_field field);	/* "id" */

enum map_term_kind { TERM_POINTER, TERM_HEADER, TERM_TEXT, TERM_CONTENT, TERM_RECEIVED, TERM_NONE };

struct map_term {
	enum map_term_kind kind;
	const char *text;		/* pointer, header's name in lower case, or the text */
};
struct map_choice {
	struct map_term *terms;
	size_t n;
};
struct mapping {
	const char *text;		/* as written */
	struct map_choice *choices;
	size_t n;
};

/* Compiles an expression for a field, into the pool. -1: err says what is wrong with it. */
int mapping_parse(struct pool *pool, enum map_field field, const char *text, const struct mapping **out, struct err *err);
/* Whether a term of it is this header, in lower case. */
bool mapping_reads(const struct mapping *mapping, const char *header);

/* The first of its terms that is read from the request, or null. */
const struct map_term *choice_reads(const struct map_choice *choice);

#endif
