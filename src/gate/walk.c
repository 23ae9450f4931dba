/* SPDX-License-Identifier: EUPL-1.2 */
#include "gate/walk.h"

#include <string.h>

#define VERSION 1
#define TYPE_BEGIN 1
#define TYPE_PARAMS 4
#define TYPE_STDIN 5
#define TYPE_GET_VALUES 9
#define ROLE_RESPONDER 1
#define BEGIN_LEN 8
#define KEEP_CONN 1

static enum walk_verdict bad(struct walk *w, const char *why)
{
	w->bad = why;
	return WALK_BAD;
}

static enum walk_verdict end_stream(struct walk *w)
{
	if (w->padding)
		return bad(w, "an empty record with padding");
	if (w->phase == WALK_STDIN) {
		w->phase = WALK_END;
		return WALK_DONE;
	}
	if (w->n_lengths || w->left)
		return bad(w, "parameters that end in the middle of one");
	w->phase = WALK_STDIN;
	return WALK_MORE;
}

/* The header of a record is complete. */
static enum walk_verdict enter(struct walk *w)
{
	const unsigned char *h = w->header;
	unsigned type = h[1];
	uint16_t id = (uint16_t)(h[2] << 8 | h[3]);

	w->content = (size_t)h[4] << 8 | h[5];
	w->padding = h[6];
	if (h[0] != VERSION)
		return bad(w, "bytes that are not FastCGI version 1");
	if (type == TYPE_GET_VALUES)
		return bad(w, "a record FCGI_GET_VALUES");
	if (w->phase == WALK_BEGIN) {
		if (type != TYPE_BEGIN || id == 0 || w->content != BEGIN_LEN)
			return bad(w, "a request that does not begin with FCGI_BEGIN_REQUEST");
		if (w->padding)
			return bad(w, "a record FCGI_BEGIN_REQUEST with padding");
		w->id = id;
		return WALK_MORE;
	}
	if (id != w->id || type != (w->phase == WALK_PARAMS ? TYPE_PARAMS : TYPE_STDIN))
		return bad(w, "a record that is out of place");
	if (w->content == 0)
		return end_stream(w);
	if (w->phase == WALK_STDIN)
		w->body_len += w->content;
	else if ((w->params_len += w->content) > WALK_PARAMS_MAX)
		return bad(w, "parameters (request headers) that are too long");
	return WALK_MORE;
}

static enum walk_verdict begin(struct walk *w, unsigned char byte)
{
	size_t at = BEGIN_LEN - w->content;

	if ((at == 0 && byte != 0) || (at == 1 && byte != ROLE_RESPONDER))
		return bad(w, "a role other than responder");
	if (at == 2)
		w->keep = byte & KEEP_CONN;
	if (at == BEGIN_LEN - 1)
		w->phase = WALK_PARAMS;
	return WALK_MORE;
}

/* One or four bytes; 0 when they are not all there. */
static size_t length_at(const unsigned char *p, size_t have, size_t *value)
{
	if (have == 0 || (p[0] & 0x80 && have < 4))
		return 0;
	if (!(p[0] & 0x80)) {
		*value = p[0];
		return 1;
	}
	*value = (size_t)(p[0] & 0x7F) << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	return 4;
}

/* A byte of the two lengths before a parameter. */
static enum walk_verdict measure(struct walk *w, unsigned char byte)
{
	size_t name, value, n;

	w->lengths[w->n_lengths++] = byte;
	n = length_at(w->lengths, w->n_lengths, &name);
	if (!n || !length_at(w->lengths + n, w->n_lengths - n, &value))
		return WALK_MORE;
	if (name > WALK_PARAMS_MAX || value > WALK_PARAMS_MAX || ++w->n_params > WALK_PARAMS_N)
		return bad(w, "parameters (request headers) that are too long or too many");
	w->left = name + value;
	w->n_lengths = 0;
	return WALK_MORE;
}

static enum walk_verdict params(struct walk *w, const unsigned char *p, size_t len)
{
	while (len) {
		size_t n = w->left < len ? w->left : len;

		if (n && memchr(p, '\0', n))
			return bad(w, "a parameter with a NUL byte");
		if (n == 0) {
			if (measure(w, *p) == WALK_BAD)
				return WALK_BAD;
			n = 1;
		} else {
			w->left -= n;
		}
		p += n;
		len -= n;
	}
	return WALK_MORE;
}

/* Content of the record in hand: as much as is there. */
static enum walk_verdict content(struct walk *w, const unsigned char *p, size_t *n)
{
	if (*n > w->content)
		*n = w->content;
	if (w->phase == WALK_BEGIN) {
		for (size_t i = 0; i < *n; i++, w->content--)
			if (begin(w, p[i]) == WALK_BAD)
				return WALK_BAD;
		return WALK_MORE;
	}
	w->content -= *n;
	return w->phase == WALK_PARAMS ? params(w, p, *n) : WALK_MORE;
}

static enum walk_verdict step(struct walk *w, const unsigned char *p, size_t *n)
{
	enum walk_verdict verdict = WALK_MORE;

	if (w->content) {
		verdict = content(w, p, n);
	} else if (w->padding) {
		if (*n > w->padding)
			*n = w->padding;
		w->padding -= *n;
	} else {
		if (*n > WALK_HEADER - w->have)
			*n = WALK_HEADER - w->have;
		memcpy(w->header + w->have, p, *n);
		w->have += *n;
		if (w->have == WALK_HEADER) {
			w->have = 0;
			verdict = enter(w);
		}
	}
	w->at += *n;
	if (verdict != WALK_BAD && !w->have && !w->content && !w->padding)
		w->boundary = w->at;
	return verdict;
}

enum walk_verdict walk_feed(struct walk *w, const unsigned char *p, size_t len, size_t *used)
{
	enum walk_verdict verdict = WALK_MORE;

	*used = 0;
	while (*used < len && verdict == WALK_MORE) {
		size_t n = len - *used;

		verdict = step(w, p + *used, &n);
		*used += n;
	}
	return verdict;
}
