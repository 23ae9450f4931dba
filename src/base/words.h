/* SPDX-License-Identifier: EUPL-1.2
 * Words of a setting, separated by blanks or commas. */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include <stddef.h>
#include <string.h>

#define WORDS_SEPARATORS " \t\r\n,"

/* The next word and its length (it is not ended by a NUL), or null: there is none any more. */
static inline const char *words_next(const char **at, size_t *len)
{
	const char *word = *at + strspn(*at, WORDS_SEPARATORS);

	*len = strcspn(word, WORDS_SEPARATORS);
	*at = word + *len;
	return *len ? word : NULL;
}

#endif
