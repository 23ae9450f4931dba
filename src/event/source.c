/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "event/source.h"

#include <string.h>
#include "base/words.h"
#include "event/json.h"

/* After a star that did not lead to the end, only the last one is tried again, one byte further on. */
static bool match(const char *pattern, size_t len, const char *source)
{
	const char *end = pattern + len, *star = NULL, *resume = NULL;

	while (*source) {
		if (pattern < end && *pattern == '*') {
			star = pattern++;
			resume = source;
		} else if (pattern < end && *pattern == *source) {
			pattern++;
			source++;
		} else if (star) {
			pattern = star + 1;
			source = ++resume;
		} else {
			return false;
		}
	}
	while (pattern < end && *pattern == '*')
		pattern++;
	return pattern == end;
}

bool source_match_any(const char *patterns, const char *source)
{
	const char *pattern;
	size_t len;

	while ((pattern = words_next(&patterns, &len)))
		if (match(pattern, len, source))
			return true;
	return false;
}

const char *source_of(const struct event *event, struct pool *pool)
{
	struct faults faults = { .pool = pool };
	struct json_object *doc = NULL, *object;
	const char *source = event->source, *text;

	if (source || event->wire != WIRE_NRC)
		return source;
	if (json_parse(event->data, event->data_len, &doc, &faults) == 0 && json_member(doc, "hoofdObject", &object) &&
	    (text = json_text(object)))
		source = pool_str(pool, text);
	json_drop(&doc);
	return source;
}
