/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/message.h"

#include <string.h>

const char *message_header(const struct message *m, const char *name, size_t *n)
{
	const char *value = NULL;
	size_t seen = 0;

	for (size_t i = 0; i < m->n_headers; i++) {
		if (strcmp(m->headers[i].name, name) != 0)
			continue;
		if (!seen++)
			value = m->headers[i].value;
		if (!n)
			return value;
	}
	if (n)
		*n = seen;
	return value;
}
