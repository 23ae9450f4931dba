/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/jot.h"

#include <inttypes.h>
#include <string.h>
#include "base/clock.h"

static void start(struct buf *b, const char *name)
{
	if (b->len && !strchr("{[:\n", b->p[b->len - 1]))
		buf_char(b, ',');
	if (!name)
		return;
	buf_json(b, name, strlen(name));
	buf_char(b, ':');
}

void jot_begin(struct buf *b, const char *name, char bracket)
{
	start(b, name);
	buf_char(b, bracket);
}

void jot_end(struct buf *b, char bracket)
{
	buf_char(b, bracket);
}

void jot_bytes(struct buf *b, const char *name, const void *p, size_t len)
{
	start(b, name);
	if (p)
		buf_json(b, p, len);
	else
		buf_str(b, "null");
}

void jot_text(struct buf *b, const char *name, const char *value)
{
	jot_bytes(b, name, value, value ? strlen(value) : 0);
}

void jot_raw(struct buf *b, const char *name, const char *json, size_t len)
{
	start(b, name);
	while (len && strchr(" \t\r\n", json[len - 1]))
		len--;
	buf_put(b, json, len);
}

void jot_int(struct buf *b, const char *name, int64_t value)
{
	start(b, name);
	buf_fmt(b, "%" PRId64, value);
}

void jot_number(struct buf *b, const char *name, uint64_t value)
{
	start(b, name);
	buf_fmt(b, "%" PRIu64, value);
}

void jot_bool(struct buf *b, const char *name, bool value)
{
	start(b, name);
	buf_str(b, value ? "true" : "false");
}

void jot_time(struct buf *b, const char *name, int64_t wall_ms)
{
	char text[CLOCK_TEXT];

	jot_text(b, name, wall_ms ? clock_text(text, wall_ms) : NULL);
}

void jot_hex(struct buf *b, const char *name, const void *p, size_t len)
{
	start(b, name);
	buf_char(b, '"');
	buf_hex(b, p, len);
	buf_char(b, '"');
}
