/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/wire.h"

#include <string.h>
#include "base/die.h"
#include "event/emitted.h"
#include "event/pack.h"
#include "postvak/handler.h"

static int whole(const struct cut *in)
{
	return in->bad || in->len ? -1 : 0;
}

static bool get_flag(struct cut *in)
{
	uint8_t v = cut_u8(in);

	if (v > 1)
		in->bad = true;
	return v == 1;
}

void wire_put_hello(struct buf *out, const struct wire_hello *hello)
{
	must(hello->handler && hello->plugin);
	pack_text(out, hello->handler);
	pack_text(out, hello->plugin);
	buf_u8(out, hello->probe);
	buf_u8(out, hello->order_none);
	buf_u64(out, hello->memory);
	buf_u32(out, hello->slot);
	buf_u32(out, hello->slots);
	buf_varint(out, hello->n_options);
	for (size_t i = 0; i < hello->n_options; i++) {
		pack_text(out, hello->options[i].name);
		pack_text(out, hello->options[i].value);
	}
}

static void get_options(struct pool *pool, struct cut *in, struct wire_hello *hello)
{
	size_t n;
	struct attr *attrs = unpack_attrs(pool, in, &n);

	if (!n)
		return;
	hello->options = pool_alloc(pool, n * sizeof *hello->options);
	hello->n_options = n;
	for (size_t i = 0; i < n; i++)
		hello->options[i] = (struct wire_option){ attrs[i].name, attrs[i].value };
}

int wire_get_hello(struct pool *pool, struct cut *in, struct wire_hello *hello)
{
	*hello = (struct wire_hello){0};
	hello->handler = unpack_need(pool, in);
	hello->plugin = unpack_need(pool, in);
	hello->probe = get_flag(in);
	hello->order_none = get_flag(in);
	hello->memory = cut_u64(in);
	hello->slot = cut_u32(in);
	hello->slots = cut_u32(in);
	get_options(pool, in, hello);
	return whole(in);
}

void wire_put_event(struct buf *out, const struct wire_event *head, const struct event *event)
{
	buf_u64(out, head->n);
	buf_u32(out, head->attempt);
	buf_u64(out, (uint64_t)head->deadline_ms);
	buf_bytes(out, head->state, head->state_len);
	event_pack(out, event);
}

static const unsigned char *get_state(struct cut *in, size_t *len)
{
	const unsigned char *p = cut_bytes(in, len);

	if (*len > WIRE_STATE)
		in->bad = true;
	return p;
}

int wire_get_event(struct pool *pool, struct cut *in, struct wire_event *head, struct event *event)
{
	head->n = cut_u64(in);
	head->attempt = cut_u32(in);
	head->deadline_ms = (int64_t)cut_u64(in);
	head->state = get_state(in, &head->state_len);
	if (event_unpack(pool, in, event) < 0)
		return -1;
	return whole(in);
}

size_t wire_emitted_bytes(const struct wire_emitted *e)
{
	return strlen(e->type) + (e->subject ? strlen(e->subject) : 0) + (e->mediatype ? strlen(e->mediatype) : 0) + e->data_len;
}

static void put_emitted(struct buf *out, const struct wire_emitted *e)
{
	pack_text(out, e->type);
	pack_text(out, e->subject);
	pack_text(out, e->mediatype);
	buf_bytes(out, e->data, e->data_len);
}

void wire_put_outcome(struct buf *out, const struct wire_outcome *outcome)
{
	buf_u64(out, outcome->n);
	buf_u8(out, outcome->outcome);
	buf_u32(out, outcome->retry_after_s);
	buf_u64(out, outcome->took_us);
	pack_text(out, outcome->note);
	buf_u8(out, outcome->state_set);
	buf_bytes(out, outcome->state, outcome->state_len);
	buf_varint(out, outcome->n_emitted);
	for (size_t i = 0; i < outcome->n_emitted; i++)
		put_emitted(out, &outcome->emitted[i]);
}

static void get_emitted(struct pool *pool, struct cut *in, struct wire_outcome *outcome)
{
	uint64_t n = cut_varint(in);
	size_t bytes = 0;

	if (n > WIRE_EMITTED)
		in->bad = true;
	if (in->bad || !n)
		return;
	outcome->emitted = pool_alloc(pool, n * sizeof *outcome->emitted);
	outcome->n_emitted = n;
	for (size_t i = 0; i < n && !in->bad; i++) {
		struct wire_emitted *e = &outcome->emitted[i];

		e->type = unpack_need(pool, in);
		e->subject = unpack_text(pool, in);
		e->mediatype = unpack_text(pool, in);
		e->data = cut_bytes(in, &e->data_len);
		if (in->bad || !emitted_valid(e) || (bytes += wire_emitted_bytes(e)) > WIRE_EMITTED_BYTES)
			in->bad = true;
	}
}

int wire_get_outcome(struct pool *pool, struct cut *in, struct wire_outcome *outcome)
{
	*outcome = (struct wire_outcome){ .n = cut_u64(in) };
	outcome->outcome = cut_u8(in);
	outcome->retry_after_s = cut_u32(in);
	outcome->took_us = cut_u64(in);
	outcome->note = unpack_text(pool, in);
	outcome->state_set = get_flag(in);
	outcome->state = get_state(in, &outcome->state_len);
	get_emitted(pool, in, outcome);
	if (outcome->outcome > PV_DEAD)
		return -1;
	return whole(in);
}
