/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/emitted.h"

#include <string.h>
#include "base/hex.h"
#include "event/cloudevents.h"
#include "event/integer.h"
#include "event/media.h"
#include "event/text.h"

static bool text_valid(const char *s, size_t most)
{
	size_t len = strlen(s);

	return len && len <= most && !text_fault(s, len);
}

bool emitted_valid(const struct wire_emitted *e)
{
	return text_valid(e->type, CLOUD_TYPE_MOST) &&
	       (!e->subject || text_valid(e->subject, CLOUD_VALUE_MOST)) &&
	       (!e->mediatype || (text_valid(e->mediatype, CLOUD_VALUE_MOST) && media_valid(e->mediatype)));
}

const char *emitted_by(const char *sender)
{
	const size_t len = strlen(EMITTED_SENDER);

	return strncmp(sender, EMITTED_SENDER, len) == 0 ? sender + len : NULL;
}

static const char *believed(const struct event *event, const char *name)
{
	return emitted_by(event->sender) ? event_attr(event, name, NULL) : NULL;
}

int emitted_depth(const struct event *event)
{
	const char *text = believed(event, EMITTED_DEPTH);
	int32_t depth;

	return text && integer_parse(text, strlen(text), &depth) && depth > 0 ? (int)depth : 0;
}

bool emitted_cause(const struct event *event, struct event_key *cause)
{
	const char *hex = believed(event, EMITTED_CAUSE);

	if (!hex || strlen(hex) != sizeof cause->b * 2)
		return false;
	for (size_t i = 0; i < sizeof cause->b; i++) {
		int high = hex_value((unsigned char)hex[2 * i]), low = hex_value((unsigned char)hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		cause->b[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}
