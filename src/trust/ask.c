/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "trust/ask.h"

#include "base/die.h"

#define ANSWER 'A'
#define NAME_MAX_LEN 255

void ask_pack(const struct ask *ask, struct buf *out)
{
	must(ask->issuer.len <= NAME_MAX_LEN && ask->token.len <= ASK_TOKEN_MAX);
	buf_u8(out, (uint8_t)ask->kind);
	if (ask->kind == ASK_TOKEN)
		buf_u64(out, ask->number);
	buf_bytes(out, ask->issuer.p, ask->issuer.len);
	if (ask->kind == ASK_TOKEN)
		buf_bytes(out, ask->token.p, ask->token.len);
}

static struct span take(struct cut *in, size_t most)
{
	struct span s;

	s.p = cut_bytes(in, &s.len);
	if (!s.p || s.len > most)
		in->bad = true;
	return s;
}

bool ask_unpack(const void *p, size_t len, struct ask *out)
{
	struct cut in = { p, len, false };

	*out = (struct ask){ .kind = cut_u8(&in) };
	if (out->kind != ASK_KEYS && out->kind != ASK_TOKEN)
		return false;
	if (out->kind == ASK_TOKEN)
		out->number = cut_u64(&in);
	out->issuer = take(&in, NAME_MAX_LEN);
	if (out->kind == ASK_TOKEN)
		out->token = take(&in, ASK_TOKEN_MAX);
	return !in.bad && !in.len && out->issuer.len && (out->kind == ASK_KEYS || out->token.len);
}

void ask_answer_pack(const struct ask_answer *answer, struct buf *out)
{
	must(answer->body.len <= ASK_BODY_MAX);
	buf_u8(out, ANSWER);
	buf_u64(out, answer->number);
	buf_u8(out, answer->had ? 0 : 1);
	buf_bytes(out, answer->had ? answer->body.p : "", answer->had ? answer->body.len : 0);
}

bool ask_answer_unpack(const void *p, size_t len, struct ask_answer *out)
{
	struct cut in = { p, len, false };
	uint8_t kind = cut_u8(&in), status;

	out->number = cut_u64(&in);
	status = cut_u8(&in);
	out->had = status == 0;
	out->body = take(&in, ASK_BODY_MAX);
	return !in.bad && !in.len && kind == ANSWER && status <= 1 && (out->had ? out->body.len > 0 : out->body.len == 0);
}
