/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "keys/form.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include "event/base64.h"
#include "trust/jws.h"

void form_put(struct buf *out, struct span text)
{
	const unsigned char *p = text.p;

	for (size_t i = 0; i < text.len; i++) {
		if ((isascii(p[i]) && isalnum(p[i])) || (p[i] && strchr("-._", p[i])))
			buf_char(out, (char)p[i]);
		else
			buf_fmt(out, "%%%02X", p[i]);
	}
}

void form_basic(struct buf *out, const char *client_id, const char *secret)
{
	struct buf pair = {0};

	form_put(&pair, (struct span){ client_id, strlen(client_id) });
	buf_char(&pair, ':');
	form_put(&pair, (struct span){ secret, strlen(secret) });
	buf_str(out, "Authorization: Basic ");
	base64_encode(out, pair.p, pair.len);
	buf_free(&pair);
}

enum alg assertion_alg(enum key_kind kind)
{
	switch (kind) {
	case KEY_RSA:
		return ALG_RS256;
	case KEY_P256:
		return ALG_ES256;
	case KEY_P384:
		return ALG_ES384;
	case KEY_ED25519:
		break;
	}
	return ALG_EDDSA;
}

static void put_member(struct buf *out, const char *name, const char *text)
{
	buf_fmt(out, "\"%s\":", name);
	buf_json(out, text, strlen(text));
	buf_char(out, ',');
}

int form_assertion(struct buf *out, const struct assertion *a, struct err *err)
{
	enum alg alg = assertion_alg(key_kind(a->key));
	struct buf header = {0}, claims = {0};
	struct jws_make make = { .alg = alg, .key = a->key, .n = 1 };
	struct span payload;
	int rc;

	buf_fmt(&header, "{\"alg\":\"%s\",\"typ\":\"JWT\"}", alg_name(alg));
	buf_char(&claims, '{');
	put_member(&claims, "iss", a->client_id);
	put_member(&claims, "sub", a->client_id);
	put_member(&claims, "aud", a->audience);
	put_member(&claims, "jti", a->jti);
	buf_fmt(&claims, "\"iat\":%" PRId64 ",\"exp\":%" PRId64 "}", a->now_s, a->now_s + ASSERTION_SECONDS);
	payload = (struct span){ claims.p, claims.len };
	make.header = header.p;
	make.payload = &payload;
	rc = jws_make(&make, out, err);
	buf_free(&header);
	buf_free(&claims);
	return rc;
}

void form_question(struct buf *out, struct span token, const char *assertion)
{
	buf_str(out, "token=");
	form_put(out, token);
	buf_str(out, "&token_type_hint=access_token");
	if (!assertion)
		return;
	buf_str(out, "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=");
	form_put(out, (struct span){ assertion, strlen(assertion) });
}
