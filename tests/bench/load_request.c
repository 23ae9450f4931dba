/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "load_request.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "base/buf.h"
#include "base/mem.h"

/* What the texts below have in places that are filled in */
#define SERIAL "\1"	/* of the event in this run */
#define OBJECT "\2"	/* which object it is about */
#define RUN "\3"	/* what tells this run from others */
#define PADDING "\4"	/* members until the size is reached */

#define ABOUT "https://zaken.voorbeeld.nl/zaken/api/v1"
#define NOTIFICATION "{\"actie\": \"create\", \"kanaal\": \"zaken\", \"source\": \"zaken.voorbeeld.nl\", \"resource\": \"status\", " \
	"\"kenmerken\": {\"zaaktype\": \"https://catalogi.voorbeeld.nl/api/v1/zaaktypen/5aa5c1f0-77aa-4b1e-8a2e-2f4b9f3f7d11\", " \
	"\"bronorganisatie\": \"002564440\"" PADDING "}, \"hoofdObject\": \"" ABOUT "/zaken/d7a22-" OBJECT "\", " \
	"\"resourceUrl\": \"" ABOUT "/statussen/" RUN "-" SERIAL "\", \"aanmaakdatum\": \"2026-05-01T12:00:00.123Z\"}"
#define SOURCE "urn:nld:oin:00000001823288444000:systeem:zaken"
#define TYPE "nl.overheid.zaken.status.create"
#define DATA "{\"zaak\": \"" ABOUT "/zaken/d7a22-" OBJECT "\", \"status\": \"" ABOUT "/statussen/" RUN "-" SERIAL "\"" PADDING "}"
#define EVENT "{\"specversion\": \"1.0\", \"id\": \"" RUN "-" SERIAL "\", \"source\": \"" SOURCE "\", \"type\": \"" TYPE "\", " \
	"\"subject\": \"d7a22-" OBJECT "\", \"time\": \"2026-05-01T12:00:00.123Z\", \"datacontenttype\": \"application/json\", " \
	"\"data\": " DATA "}"
#define ATTRIBUTES "ce-specversion: 1.0\r\nce-id: " RUN "-" SERIAL "\r\nce-source: " SOURCE "\r\nce-type: " TYPE "\r\n" \
	"ce-subject: d7a22-" OBJECT "\r\nce-time: 2026-05-01T12:00:00.123Z\r\n"

static const struct kind {
	const char *name, *type, *head, *event;
	size_t size;
} kinds[] = {
	{ "nrc", "application/json", "", NOTIFICATION, 600 },
	{ "structured", "application/cloudevents+json", "", EVENT, 600 },
	{ "binary", "application/json", ATTRIBUTES, DATA, 330 },	/* the same data as in structured */
	{ "batch", "application/cloudevents-batch+json", "", EVENT, 600 },
};

struct maker {
	const struct request_spec *spec;
	struct request *request;
	char run[24];
};

static void mark(struct maker *m, struct buf *out, unsigned event, unsigned modulo)
{
	struct request *r = m->request;
	unsigned width = modulo ? 5 : 10;

	r->marks = mem_grow(r->marks, r->marks_n + 1, sizeof *r->marks);
	r->marks[r->marks_n++] = (struct request_mark){ out->len, event, width, modulo };
	buf_put(out, "0000000000", width);
}

/* Members of up to 900 characters, since a kenmerk may have 1000. Too few bytes for one more are left out. */
static void pad(struct buf *out, size_t len)
{
	static const char letters[] = "een zaak met een status en een omschrijving ";
	const size_t around = strlen(", \"v00000\": \"\"");

	for (unsigned i = 0; len > around; i++) {
		size_t value = len - around < 900 ? len - around : 900;

		buf_fmt(out, ", \"v%05u\": \"", i);
		for (size_t at = 0; at < value; at++)
			buf_put(out, &letters[at % (sizeof letters - 1)], 1);
		buf_put(out, "\"", 1);
		len -= around + value;
	}
}

/* One text, with its places filled in; those that change are marked where they stand in out. */
static void fill(struct maker *m, struct buf *out, const char *text, unsigned event, size_t padding)
{
	for (; *text; text++) {
		if (*text == *SERIAL)
			mark(m, out, event, 0);
		else if (*text == *OBJECT)
			mark(m, out, event, m->spec->objects);
		else if (*text == *RUN)
			buf_put(out, m->run, strlen(m->run));
		else if (*text == *PADDING)
			pad(out, padding);
		else
			buf_put(out, text, 1);
	}
}

static size_t length(struct maker *m, const char *text)
{
	struct buf scratch = { 0 };
	size_t marks = m->request->marks_n, len;

	fill(m, &scratch, text, 0, 0);
	m->request->marks_n = marks;
	len = scratch.len;
	buf_free(&scratch);
	return len;
}

static void put_body(struct maker *m, const struct kind *kind, struct buf *body)
{
	size_t size = m->spec->size ? m->spec->size : kind->size, bare = length(m, kind->event);
	size_t padding = size > bare ? size - bare : 0;
	bool batch = !strcmp(kind->name, "batch");

	for (unsigned i = 0; i < m->request->events; i++) {
		buf_put(body, i ? "," : "[", batch);
		fill(m, body, kind->event, i, padding);
	}
	buf_put(body, "]", batch);
}

static void put_head(struct maker *m, const struct kind *kind, size_t body, struct buf *head)
{
	buf_fmt(head, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n",
		m->spec->path, m->spec->host, kind->type, body);
	fill(m, head, kind->head, 0, 0);
	for (size_t i = 0; i < m->spec->headers_n; i++)
		buf_fmt(head, "%s\r\n", m->spec->headers[i]);
	buf_put(head, "\r\n", 2);
}

int request_make(struct request *request, const struct request_spec *spec)
{
	struct maker m = { .spec = spec, .request = request };
	const struct kind *kind = kinds;
	struct buf head = { 0 }, body = { 0 };
	size_t of_body;
	struct timespec now;

	while (kind < kinds + sizeof kinds / sizeof *kinds && strcmp(kind->name, spec->kind) != 0)
		kind++;
	if (kind == kinds + sizeof kinds / sizeof *kinds)
		return -1;
	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(m.run, sizeof m.run, "%010" PRId64 "%09ld", (int64_t)now.tv_sec, now.tv_nsec);
	*request = (struct request){ .events = !strcmp(kind->name, "batch") ? spec->batch : 1 };
	put_body(&m, kind, &body);
	of_body = request->marks_n;
	put_head(&m, kind, body.len, &head);
	for (size_t i = 0; i < of_body; i++)
		request->marks[i].at += head.len;
	buf_put(&head, body.p, body.len);
	buf_free(&body);
	request->bytes = head.p;
	request->len = head.len;
	return 0;
}

void request_stamp(struct request *request, uint64_t serial)
{
	for (const struct request_mark *m = request->marks; m < request->marks + request->marks_n; m++) {
		uint64_t n = m->modulo ? (serial + m->event) % m->modulo : serial + m->event;

		for (unsigned i = m->width; i > 0; i--, n /= 10)
			request->bytes[m->at + i - 1] = (char)('0' + n % 10);
	}
}
