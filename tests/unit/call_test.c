/* SPDX-License-Identifier: EUPL-1.2
 * A FastCGI request that is made in place of its records: in whatever records and pieces they come, cut off anywhere, and
 * with bytes that no web server sends. */
#include "config.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include "base/buf.h"
#include "gate/call.h"

static uint64_t state;

/* The same each time (xorshift). */
static size_t below(size_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (size_t)(state % n);
}

static void put_record(struct buf *b, unsigned type, const char *p, size_t len, unsigned padding)
{
	const unsigned char head[WALK_HEADER] = { 1, (unsigned char)type, 2, 3, (unsigned char)(len >> 8), (unsigned char)len,
						  (unsigned char)padding, 0 };

	buf_put(b, head, sizeof head);
	buf_put(b, p, len);
	for (unsigned i = 0; i < padding; i++)
		buf_char(b, 'p');
}

/* In records of most bytes at the most, with padding of all sizes. */
static void put_stream(struct buf *b, unsigned type, const struct buf *content, size_t most)
{
	for (size_t at = 0, n; at < content->len; at += n) {
		n = 1 + below(most);
		n = n < content->len - at ? n : content->len - at;
		put_record(b, type, content->p + at, n, (unsigned)below(256));
	}
	put_record(b, type, "", 0, 0);
}

static void put_length(struct buf *b, size_t len)
{
	if (len > 127 || below(3) == 0)
		buf_u32(b, (uint32_t)len | 0x80000000u);	/* a short one may be written so, too */
	else
		buf_u8(b, (uint8_t)len);
}

static void put_param(struct buf *b, const char *name, const char *value)
{
	put_length(b, strlen(name));
	put_length(b, strlen(value));
	buf_str(b, name);
	buf_str(b, value);
}

static const char *word(char *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (char)('a' + below(26));
	out[len] = '\0';
	return out;
}

/* Headers of which each value ends in its number, empty ones between them, and the rest. */
static struct buf some_params(size_t n)
{
	struct buf params = {0};
	char name[400], value[700];

	put_param(&params, "", "");
	for (size_t i = 0; i < n; i++) {
		size_t len = (size_t)snprintf(name, sizeof name, "HTTP_%zu_", i);

		word(name + len, below(4) ? below(20) : below(300));
		word(value, below(3) ? below(30) : below(600));
		put_param(&params, name, value);
		if (below(4) == 0)
			put_param(&params, "", value);
		if (below(4) == 0)
			put_param(&params, "X", "");
	}
	put_param(&params, "REQUEST_METHOD", "POST");
	put_param(&params, "REQUEST_METHOD", "GET");
	put_param(&params, "REQUEST_URI", "/a?b");
	put_param(&params, "CONTENT_TYPE", "x/y");
	if (below(2))
		put_param(&params, "", "");
	return params;
}

static struct buf some_body(size_t len)
{
	struct buf body = {0};

	for (size_t i = 0; i < len; i++)
		buf_char(&body, (char)below(256));
	return body;
}

/* As many bytes of b as belong to it, given in pieces; what is given is where it would be received. */
static enum walk_verdict feed(struct call *call, const struct buf *b, size_t most, size_t body_max, size_t *used)
{
	enum walk_verdict verdict = WALK_MORE;

	for (*used = 0; *used < b->len && verdict == WALK_MORE;) {
		size_t room, took, n;
		char *to = call_room(call, &room);

		n = 1 + below(most < room ? most : room);
		n = n < b->len - *used ? n : b->len - *used;
		memcpy(to, b->p + *used, n);
		verdict = call_take(call, n, body_max, &took);
		ck_assert_uint_le(took, n);
		*used += took;
	}
	return verdict;
}

/* The parameter at *at, as the sender wrote it. */
static void next_param(const struct buf *params, size_t *at, struct buf *name, struct buf *value)
{
	size_t len[2];

	for (int i = 0; i < 2; i++) {
		const unsigned char *p = (const unsigned char *)params->p + *at;

		len[i] = p[0] & 0x80 ? (size_t)(p[0] & 0x7F) << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3] : p[0];
		*at += p[0] & 0x80 ? 4 : 1;
	}
	buf_reset(name);
	buf_reset(value);
	buf_put(name, params->p + *at, len[0]);
	buf_put(value, params->p + *at + len[0], len[1]);
	*at += len[0] + len[1];
}

static void assert_headers(const struct message *m, const struct buf *params)
{
	struct buf name = {0}, value = {0};
	size_t n = 0;

	for (size_t at = 0; at < params->len;) {
		next_param(params, &at, &name, &value);
		if (strncmp(name.p, "HTTP_", 5) == 0) {
			for (char *c = name.p; *c; c++)
				*c = *c == '_' ? '-' : *c;
			ck_assert_str_eq(m->headers[n].name, name.p + 5);
			ck_assert_str_eq(m->headers[n].value, value.p);
			n++;
		} else if (strcmp(name.p, "CONTENT_TYPE") == 0) {
			ck_assert_str_eq(m->headers[n].name, "content-type");
			n++;
		}
	}
	ck_assert_uint_eq(m->n_headers, n);
	ck_assert_str_eq(m->method, "POST");
	ck_assert_str_eq(m->path, "/a");
	ck_assert_str_eq(m->query, "b");
	buf_free(&name);
	buf_free(&value);
}

static struct buf records_of(const struct buf *params, const struct buf *body, size_t most)
{
	struct buf b = {0};

	put_record(&b, 1, "\0\1\1\0\0\0\0", 8, 0);
	put_stream(&b, 4, params, most);
	put_stream(&b, 5, body, most);
	return b;
}

START_TEST(a_request_is_the_same_in_any_records_and_pieces)
{
	static const size_t mosts[] = { 1, 2, 9, 300, 65535 };

	state = 1;
	for (size_t round = 0; round < 75; round++) {
		struct buf params = some_params(below(10)), body = some_body(below(round % 5 < 3 ? 60 : 3000));
		struct buf b = records_of(&params, &body, mosts[round % 5]);
		struct call *call = call_new();
		struct gate_request *request;
		size_t len = b.len, used;

		buf_str(&b, "\1\1what comes behind");
		ck_assert_int_eq(feed(call, &b, mosts[round / 5 % 5], body.len, &used), WALK_DONE);
		ck_assert_uint_eq(used, len);
		request = call_request(call, body.len, false);
		assert_headers(&request->message, &params);
		ck_assert(!request->over);
		ck_assert_int_eq(request->fault, GATE_WHOLE);
		ck_assert_uint_eq(request->message.body_len, body.len);
		ck_assert(!body.len || memcmp(request->message.body, body.p, body.len) == 0);
		ck_assert_uint_eq(request->message.body[body.len], 0);
		call_free(&call);
		buf_free(&params);
		buf_free(&body);
		buf_free(&b);
	}
}
END_TEST

START_TEST(a_request_that_is_cut_off_anywhere_lacks_whole_records_only)
{
	struct buf params, body, b;

	state = 2;
	params = some_params(5);
	body = some_body(100);
	b = records_of(&params, &body, 40);
	for (size_t len = b.len; b.len = len, len > WALK_HEADER * 2; len--) {
		struct call *call = call_new();
		struct gate_request *request;
		size_t used;

		b.len--;
		ck_assert_int_eq(feed(call, &b, 30, body.len, &used), WALK_MORE);
		request = call_request(call, body.len, true);
		ck_assert_int_eq(request->fault, GATE_LATE);
		if (*request->message.method)
			assert_headers(&request->message, &params);
		else
			ck_assert_uint_eq(request->message.n_headers + request->message.body_len, 0);
		ck_assert_uint_le(request->message.body_len, body.len);
		ck_assert(memcmp(request->message.body, body.p, request->message.body_len) == 0);
		ck_assert_uint_eq(request->message.body[request->message.body_len], 0);
		call_free(&call);
	}
	buf_free(&params);
	buf_free(&body);
	buf_free(&b);
}
END_TEST

/* Reads every byte that the request has. */
static size_t read_all(const struct gate_request *request)
{
	const struct message *m = &request->message;
	size_t n = strlen(m->method) + strlen(m->path) + strlen(m->query) + strlen(m->peer);

	for (size_t i = 0; i < m->n_headers; i++)
		n += strlen(m->headers[i].name) + strlen(m->headers[i].value);
	for (size_t i = 0; i < m->tls.n_names; i++)
		n += strlen(m->tls.names[i]);
	for (size_t i = 0; i < m->body_len; i++)
		n += m->body[i] != 0;
	return n;
}

START_TEST(bytes_of_no_web_server_are_refused_or_lie_within)
{
	size_t n_done = 0, n_bad = 0;

	state = 3;
	for (size_t round = 0; round < 3000; round++) {
		struct buf params = some_params(below(4)), body = some_body(below(40));
		struct buf b = records_of(&params, &body, 60);
		struct call *call = call_new();
		enum walk_verdict verdict;
		size_t used, body_max = below(50);

		for (size_t i = 0; i <= round % 3; i++)
			b.p[below(b.len)] = (char)(below(2) ? below(256) : below(4));
		verdict = feed(call, &b, 1 + below(200), body_max, &used);
		n_done += verdict == WALK_DONE;
		n_bad += verdict == WALK_BAD;
		if (verdict != WALK_BAD && call->walk.phase != WALK_BEGIN) {
			const struct gate_request *request = call_request(call, body_max, verdict != WALK_DONE);

			read_all(request);
			ck_assert_uint_le(request->message.body_len, body_max);
			ck_assert_uint_eq(request->message.body[request->message.body_len], 0);
		}
		call_free(&call);
		buf_free(&params);
		buf_free(&body);
		buf_free(&b);
	}
	ck_assert_uint_gt(n_done, 250);
	ck_assert_uint_gt(n_bad, 250);
}
END_TEST

START_TEST(a_body_of_exactly_so_many_bytes_is_not_too_long)
{
	for (size_t len = 998; len <= 1002; len++)
		for (size_t most = 1; most <= 65535; most = most * 9 + 1) {
			struct buf params, body, b;
			struct call *call = call_new();
			struct gate_request *request;
			size_t used;

			state = len * most;
			params = some_params(1);
			body = some_body(len);
			b = records_of(&params, &body, most);
			ck_assert_int_eq(feed(call, &b, 500, 1000, &used), WALK_DONE);
			ck_assert_uint_eq(used, b.len);
			ck_assert_uint_le(call->in.len, b.len);
			request = call_request(call, 1000, false);
			ck_assert(request->over == (len > 1000));
			ck_assert(request->over || request->message.body_len == len);
			ck_assert_uint_le(request->message.body_len, 1000);
			ck_assert(memcmp(request->message.body, body.p, request->message.body_len) == 0);
			assert_headers(&request->message, &params);
			call_free(&call);
			buf_free(&params);
			buf_free(&body);
			buf_free(&b);
		}
}
END_TEST

UNIT_MAIN("call", a_request_is_the_same_in_any_records_and_pieces, a_request_that_is_cut_off_anywhere_lacks_whole_records_only,
	  bytes_of_no_web_server_are_refused_or_lie_within, a_body_of_exactly_so_many_bytes_is_not_too_long)
