/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "net/http.h"

#include <string.h>
#include <strings.h>

void http_answer_free(struct http_answer *answer)
{
	buf_free(&answer->line);
	buf_free(&answer->head);
	buf_free(&answer->body);
}

bool http_header(const struct http_answer *answer, const char *name, struct buf *value)
{
	size_t name_len = strlen(name);
	bool found = false;

	for (const char *line = answer->head.p, *end; line && *line; line = end + (*end == '\n')) {
		const char *first = line + name_len + 1, *last;

		end = line + strcspn(line, "\n");
		if ((size_t)(end - line) <= name_len || line[name_len] != ':' || strncasecmp(line, name, name_len) != 0)
			continue;
		while (first < end && (*first == ' ' || *first == '\t'))
			first++;
		for (last = end; last > first && strchr(" \t\r", last[-1]);)
			last--;
		if (found)
			buf_str(value, ", ");
		buf_put(value, first, (size_t)(last - first));
		found = true;
	}
	return found;
}
