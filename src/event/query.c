/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "event/query.h"

#include <string.h>
#include "base/hex.h"

/* Null: it cannot be. */
static const char *decode(struct pool *pool, enum query_plus plus, const char *p, size_t len)
{
	char *out = pool_alloc(pool, len + 1), *to = out;

	for (size_t i = 0; i < len; i++) {
		int high, low;

		if (p[i] != '%') {
			*to++ = p[i] == '+' && plus == PLUS_BLANK ? ' ' : p[i];
			continue;
		}
		if (len - i < 3 || (high = hex_value((unsigned char)p[i + 1])) < 0 || (low = hex_value((unsigned char)p[i + 2])) < 0 ||
		    (high == 0 && low == 0))
			return NULL;
		*to++ = (char)(high << 4 | low);
		i += 2;
	}
	return out;
}

enum query_fault query_find(struct pool *pool, const struct query *query, const char *name, const char **value)
{
	size_t name_len = strlen(name), found_len = 0;
	const char *found = NULL;

	*value = NULL;
	for (const char *at = query->text; *at;) {
		size_t len = strcspn(at, "&");

		if (len >= name_len && memcmp(at, name, name_len) == 0 && (len == name_len || at[name_len] == '=')) {
			if (found)
				return QUERY_REPEATED;
			found = at + name_len + (len > name_len);
			found_len = len - name_len - (len > name_len);
		}
		at += len + (at[len] == '&');
	}
	if (!found)
		return QUERY_NONE;
	*value = decode(pool, query->plus, found, found_len);
	return *value ? QUERY_FINE : QUERY_MALFORMED;
}
