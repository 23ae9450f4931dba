/* SPDX-License-Identifier: EUPL-1.2
 * Structured field values (RFC 9651, which has all of RFC 8941): read strictly, and written in the one form of
 * section 4.1, which message signatures need to the byte. */
#ifndef TRUST_SFV_H
#define TRUST_SFV_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/mem.h"

#define SFV_LEN_MAX (16u << 10)	/* bytes of a field */
#define SFV_MEMBERS 256		/* of a list, dictionary or inner list */
#define SFV_PARAMS 64		/* of one thing */

enum sfv_type {
	SFV_INTEGER, SFV_DECIMAL, SFV_STRING, SFV_TOKEN, SFV_BYTES, SFV_BOOLEAN,
	SFV_DATE, SFV_DISPLAY	/* RFC 9651 3.3.7, 3.3.8 */
};
struct sfv_bare {
	enum sfv_type type;
	int64_t number;		/* an integer; of a decimal its thousandths; seconds since 1970; 0 or 1 */
	const char *p;		/* of what has bytes, a NUL behind them; those of a display string are UTF-8 */
	size_t len;
};
struct sfv_param {
	const char *key;
	struct sfv_bare value;
};
struct sfv_params {
	struct sfv_param *v;
	size_t n;
};
struct sfv_item {
	struct sfv_bare bare;
	struct sfv_params params;
};
struct sfv_member {		/* of a list or a dictionary */
	const char *key;	/* of a dictionary; else null */
	bool inner;		/* an inner list: items; its parameters are item.params */
	struct sfv_item item;
	struct sfv_item *items;
	size_t n;
};
struct sfv {
	struct sfv_member *v;
	size_t n;
	bool repeated;		/* a key came twice, of the dictionary or of any parameters; the last one is here */
};

/* False: the text is not a field of that kind, and *why says what is wrong (static). Refused besides what the RFC
 * refuses: more than the limits above, and base64 without its padding or with stray bits (4.2.7 leaves that open).
 * Empty lists and dictionaries are taken; an item is one member. Everything lies in the pool. */
enum sfv_kind { SFV_LIST, SFV_DICTIONARY, SFV_ITEM };
bool sfv_read(struct pool *pool, enum sfv_kind kind, const char *text, struct sfv *out, const char **why);

/* By key; null: it is not there. */
const struct sfv_member *sfv_find(const struct sfv *dictionary, const char *key);
const struct sfv_bare *sfv_param(const struct sfv_params *params, const char *key);
/* By type and value. */
bool sfv_equal(const struct sfv_bare *a, const struct sfv_bare *b);

/* Appends. What is written has to be writable: lower case keys, strings of printable ASCII, and so on, as all that was
 * read is. */
void sfv_print_item(const struct sfv_item *item, struct buf *out);
void sfv_print_member(const struct sfv_member *member, struct buf *out);	/* an item or inner list, without key */
void sfv_print(const struct sfv *field, struct buf *out);			/* all of it, of whatever kind */
/* Whether a string (3.3.3) can have this text. */
bool sfv_string_valid(const char *text);

#endif
