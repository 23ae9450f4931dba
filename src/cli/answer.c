/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/answer.h"

#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "cli/jot.h"
#include "cli/plain.h"
#include "event/json.h"

static void put(struct buf *out, const char *text)
{
	if (text)
		plain_put(out, text, strlen(text), PLAIN_LINE);
}

static const char *text_at(struct json_object *doc, const char *pointer)
{
	struct json_object *value;

	return json_at(doc, pointer, &value) ? json_text(value) : NULL;
}

/* "  where: what is wrong (code)", as far as it is said. */
static void put_fault(const char *where, const char *what, const char *code, struct buf *out)
{
	buf_str(out, "  ");
	put(out, where);
	if (where && *where)
		buf_str(out, ": ");
	put(out, what);
	if (code)
		buf_str(out, " (");
	put(out, code);
	buf_str(out, code ? ")\n" : "\n");
}

static const char *first_at(struct json_object *doc, const char *const pointers[])
{
	const char *text = NULL;

	for (size_t i = 0; !text && pointers[i]; i++)
		text = text_at(doc, pointers[i]);
	return text;
}

/* How an answer lists its faults: in CloudEvents' way, in the one that real implementations of the
 * Notificaties API use, and in that of RFC 7807's example. */
static const struct list {
	const char *member;
	const char *where[4];
	const char *what;
} lists[] = {
	{ "errors", { "/pointer", "/header", "/parameter", NULL }, "/detail" },
	{ "invalidParams", { "/name", NULL }, "/reason" },
	{ "invalid-params", { "/name", NULL }, "/reason" },
};

static bool put_faults(struct json_object *doc, const struct list *list, struct buf *out)
{
	struct json_object *value;
	char at[80];
	int i;

	for (i = 0; i < 1000; i++) {
		snprintf(at, sizeof at, "/%s/%d", list->member, i);
		if (!json_at(doc, at, &value))
			break;
		put_fault(first_at(value, list->where), text_at(value, list->what), text_at(value, "/code"), out);
	}
	return i > 0;
}

static bool put_problem(const struct http_answer *answer, struct buf *out)
{
	static const char *const members[] = { "code", "title", "detail", "instance" };
	struct pool *pool = pool_new();
	struct faults faults = { .pool = pool };
	struct json_object *doc = NULL, *value;
	bool known = json_parse(answer->body.p, answer->body.len, &doc, &faults) == 0 &&
		     (json_at(doc, "/code", &value) || json_at(doc, "/title", &value));

	for (size_t i = 0; known && i < sizeof members / sizeof *members; i++) {
		char at[20];
		const char *text;

		snprintf(at, sizeof at, "/%s", members[i]);
		text = text_at(doc, at);
		if (!text || !*text)
			continue;
		buf_fmt(out, "%s: ", members[i]);
		put(out, text);
		buf_char(out, '\n');
	}
	for (size_t i = 0; known && i < sizeof lists / sizeof *lists && !put_faults(doc, &lists[i], out); i++)
		;
	json_drop(&doc);
	pool_free(&pool);
	return known;
}

/* Web servers end the lines of their own pages with CR LF. */
static void put_page(const char *p, size_t len, struct buf *out)
{
	while (len) {
		const char *lf = memchr(p, '\n', len);
		size_t line = lf ? (size_t)(lf - p) : len;

		plain_put(out, p, line && lf && p[line - 1] == '\r' ? line - 1 : line, PLAIN_TEXT);
		if (lf)
			buf_char(out, '\n');
		p += line + (lf != NULL);
		len -= line + (lf != NULL);
	}
}

void answer_text(const struct http_answer *answer, struct buf *out)
{
	put(out, answer->line.len ? answer->line.p : "no status line");
	buf_fmt(out, "  %.1f ms\n", (double)answer->took_us / 1000);
	if (!answer->body.len || put_problem(answer, out))
		return;
	put_page(answer->body.p, answer->body.len, out);
	if (out->p[out->len - 1] != '\n')
		buf_char(out, '\n');
}

void answer_json(const struct http_answer *answer, struct buf *out)
{
	jot_begin(out, NULL, '{');
	jot_int(out, "status", answer->status);
	jot_int(out, "took_us", answer->took_us);
	jot_bytes(out, "body", answer->body.p ? answer->body.p : "", answer->body.len);
	jot_end(out, '}');
	buf_char(out, '\n');
}
