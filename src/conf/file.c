/* SPDX-License-Identifier: EUPL-1.2
 * The one file that knows inih. Packaged builds of it differ: they may cut lines at 200 bytes and
 * names at 50, say only the first line that is wrong, and not tell about sections without settings.
 * So the lines are handed to it one by one: each line that it made nothing of is judged here. */
#include "config.h"
#include "conf/file.h"

#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include "base/sock.h"

#define FILE_LARGEST (1u << 20)
#define BLANKS " \t\r\v\f"

struct reader {
	struct pool *pool;
	const char *path;
	struct problems *problems;
	struct ini_file *out;
	const char *at, *end;		/* what is still to be handed out */
	int line;			/* of the line handed out last */
	const char *text;		/* that line, or null when there is nothing to judge */
	bool indented, taken;		/* it begins with a blank; inih found a setting in it */
	bool in_section;		/* a setting has a section to go to */
	bool skipping;			/* behind a header that could not be read */
	bool has_key;			/* an indented line continues a value */
};

/* An array in a pool with room for one more; it doubles at each power of two. */
static void *room(struct pool *pool, void *v, size_t n, size_t size)
{
	void *more;

	if (n & (n - 1))
		return v;
	more = pool_alloc(pool, (n ? 2 * n : 1) * size);
	if (n)
		memcpy(more, v, n * size);
	return more;
}

static char *trimmed(struct pool *pool, const char *p, size_t len)
{
	while (len && strchr(BLANKS, *p))
		p++, len--;
	while (len && strchr(BLANKS, p[len - 1]))
		len--;
	return pool_strn(pool, p, len);
}

static void begin_section(struct reader *r, const char *header)
{
	const char *close = strchr(header, ']'), *behind;
	struct ini_section *section;
	char *text, *blank;

	r->has_key = false;
	r->skipping = true;
	behind = close ? close + 1 + strspn(close + 1, BLANKS) : NULL;
	if (!close || (*behind && !strchr(";#", *behind))) {
		problem_add(r->problems, r->path, r->line, "this is not a section: write [postvak], [endpoint NAME], "
			    "[sender NAME] or [handler NAME] alone on its line");
		return;
	}
	r->skipping = false;
	r->in_section = true;
	text = trimmed(r->pool, header + 1, (size_t)(close - header - 1));
	r->out->v = room(r->pool, r->out->v, r->out->n, sizeof *r->out->v);
	section = &r->out->v[r->out->n++];
	blank = text + strcspn(text, BLANKS);
	*section = (struct ini_section){ .line = r->line, .kind = pool_strn(r->pool, text, (size_t)(blank - text)),
					 .name = blank + strspn(blank, BLANKS) };
}

/* The line handed out last: did inih make a setting of it, and if not, what is it? */
static void judge(struct reader *r)
{
	const char *text = r->text;

	r->text = NULL;
	if (!text || r->taken)
		return;
	if (*text == '[')
		begin_section(r, text);
	else if (!r->skipping)
		problem_add(r->problems, r->path, r->line, "this is neither a section, nor a setting (KEY = VALUE), nor a "
			    "comment (it begins with ;)");
}

static bool fits(struct reader *r, size_t len, int size)
{
	if (size > 2 && len <= (size_t)size - 2)
		return true;
	problem_add(r->problems, r->path, r->line, "this line is too long (%zu bytes, at most %d): put comments on lines of "
		    "their own; a list may go on on the next line when that begins with a blank", len, size - 2);
	return false;
}

/* inih's reader: like fgets. Lines without anything for inih become empty ones. */
static char *next_line(char *str, int size, void *stream)
{
	struct reader *r = stream;
	const char *newline, *first;
	size_t len;

	judge(r);
	if (r->at >= r->end)
		return NULL;
	newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
	len = (size_t)((newline ? newline : r->end) - r->at);
	r->line++;
	r->taken = false;
	first = trimmed(r->pool, r->at, len);
	if (!*first || strchr(";#", *first)) {
		len = 0;
	} else if (!fits(r, len, size)) {
		r->skipping = r->skipping || *first == '[';
		len = 0;
	} else {
		memcpy(str, r->at, len);
		r->text = first;
		r->indented = strchr(BLANKS, *r->at) != NULL;
	}
	str[len] = '\n';
	str[len + 1] = '\0';
	r->at = newline ? newline + 1 : r->end;
	return str;
}

static void take_continuation(struct reader *r, struct ini_entry *entry)
{
	size_t len = strlen(r->text);

	if (*r->text == '[') {
		problem_add(r->problems, r->path, r->line, "a section must begin at the left margin: remove the blanks");
		return;
	}
	for (size_t i = 1; i < len; i++)	/* some versions of inih leave the comment in such lines */
		if (r->text[i] == ';' && strchr(BLANKS, r->text[i - 1]))
			len = i;
	if (!entry->continued)
		entry->continued = r->line;
	entry->value = pool_fmt(r->pool, "%s%s%s", entry->value, *entry->value ? " " : "", trimmed(r->pool, r->text, len));
}

static void take_setting(struct reader *r, const char *key, const char *value)
{
	struct ini_section *section;

	if (r->skipping)
		return;
	if (!r->in_section) {
		problem_add(r->problems, r->path, r->line, "%s stands before any section: put [postvak], [endpoint NAME], "
			    "[sender NAME] or [handler NAME] above it", key);
		return;
	}
	section = &r->out->v[r->out->n - 1];
	if (r->indented && r->has_key) {
		take_continuation(r, &section->v[section->n - 1]);
		return;
	}
	section->v = room(r->pool, section->v, section->n, sizeof *section->v);
	section->v[section->n++] = (struct ini_entry){ pool_str(r->pool, key), pool_str(r->pool, value), r->line, 0 };
	r->has_key = true;
}

#if INI_HANDLER_LINENO
static int found(void *user, const char *section, const char *key, const char *value, int lineno)
#else
static int found(void *user, const char *section, const char *key, const char *value)
#endif
{
	struct reader *r = user;

#if INI_HANDLER_LINENO
	(void)lineno;
#endif
	(void)section;
	if (!r->text || !key || !*key || !value)
		return 1;
	r->taken = true;
	take_setting(r, key, value);
	return 1;
}

void ini_file_read(struct pool *pool, const char *path, struct ini_file *out, struct problems *problems)
{
	struct reader r = { .pool = pool, .path = path, .problems = problems, .out = out };
	struct err err;
	size_t len;
	char *text = file_read(path, FILE_LARGEST, &len, &err);

	*out = (struct ini_file){ NULL, 0 };
	if (!text) {
		const char *why = strncmp(err.text, path, strlen(path)) == 0 ? err.text + strlen(path) + 2 : err.text;

		problem_add(problems, path, 0, "%s (the configuration is the file of -c, else of POSTVAK_CONF, else the default)",
			    why);
		return;
	}
	if (memchr(text, '\0', len)) {
		problem_add(problems, path, 0, "there are NUL bytes in it: this is not a text file");
	} else {
		r.at = strncmp(text, "\xEF\xBB\xBF", 3) == 0 ? text + 3 : text;
		r.end = text + len;
		ini_parse_stream(next_line, &r, found, &r);
	}
	free(text);
}
