/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "httpsig_rig.h"

#include "keys.h"
#include "event/base64.h"

void rig_begin(struct rig *r)
{
	static const char body[] = "{\"hello\": \"world\"}";

	*r = (struct rig){ .pool = pool_new() };
	r->m = (struct message){ .method = "POST", .path = "/hooks", .query = "a=b%20c&d=1", .peer = "", .scheme = SCHEME_HTTPS,
				 .headers = r->headers, .body = (const unsigned char *)body, .body_len = strlen(body) };
	rig_add(r, "host", "example.com");
	rig_add(r, "content-type", "application/json");
	r->keys[0] = (struct jwk){ .alg = ALG_HS256, .secret = { RIG_SECRET, strlen(RIG_SECRET) } };
	r->set = (struct jwks){ .v = r->keys, .n = 1 };
	r->rules = (struct httpsig_rules){ .components = HTTPSIG_REQUIRED, .allowed = ~0u, .max_age_ms = 300000, .keys = &r->set };
	r->make = (struct httpsig_make){ .alg = ALG_HS256, .key = r->keys[0], .created_s = RIG_NOW };
}

void rig_end(struct rig *r)
{
	for (size_t i = 0; i < sizeof r->keys / sizeof *r->keys; i++)
		key_free(&r->keys[i].key);
	pool_free(&r->pool);
}

void rig_key(struct rig *r, enum alg alg, const char *pem)
{
	r->keys[0] = (struct jwk){ .key = keys_private(pem) };
	r->make.alg = alg;
	r->make.key = r->keys[0];
}

void rig_add(struct rig *r, const char *name, const char *value)
{
	ck_assert(r->m.n_headers < sizeof r->headers / sizeof *r->headers);
	r->headers[r->m.n_headers++] = (struct attr){ name, value };
}

const char **rig_header(struct rig *r, const char *name)
{
	size_t i = 0;

	while (i < r->m.n_headers && strcmp(r->headers[i].name, name) != 0)
		i++;
	ck_assert_msg(i < r->m.n_headers, "%s", name);
	return &r->headers[i].value;
}

void rig_remove(struct rig *r, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < r->m.n_headers; i++)
		if (strcmp(r->headers[i].name, name) != 0)
			r->headers[n++] = r->headers[i];
	ck_assert_uint_lt(n, r->m.n_headers);
	r->m.n_headers = n;
}

struct httpsig_request rig_request(struct rig *r)
{
	struct httpsig_request request = { .m = &r->m };

	target_read(r->pool, &r->m, r->url, &request.target);
	return request;
}

void rig_sign(struct rig *r)
{
	struct httpsig_request request = rig_request(r);
	struct buf lines = { 0 };
	struct err err;
	char *rest;

	ck_assert_msg(httpsig_make(&r->make, &request, &lines, &err) == 0, "%s", err.text);
	for (char *line = strtok_r(pool_str(r->pool, lines.p), "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *colon = strstr(line, ": ");

		ck_assert_ptr_nonnull(colon);
		*colon = '\0';
		for (char *p = line; *p; p++)
			*p = (char)(*p >= 'A' && *p <= 'Z' ? *p | 0x20 : *p);
		rig_add(r, line, colon + 2);
	}
	buf_free(&lines);
}

static void sign_base(struct rig *r, const struct buf *base, struct buf *signature)
{
	struct span text = { base->p, base->len };
	unsigned char mac[HASH_MAX];
	struct err err;

	if (r->make.key.key) {
		ck_assert(key_sign(r->make.key.key, r->make.alg, &text, 1, signature, &err) == 0);
		return;
	}
	hmac_spans(HASH_SHA256, r->make.key.secret.p, r->make.key.secret.len, &text, 1, mac);
	buf_put(signature, mac, 32);
}

void rig_sign_input(struct rig *r, const char *label, const char *input)
{
	struct httpsig_request request = rig_request(r);
	struct buf base = { 0 }, signature = { 0 }, line = { 0 };
	struct sfv field;

	ck_assert_msg(sfv_read(r->pool, SFV_DICTIONARY, pool_fmt(r->pool, "%s=%s", label, input), &field, &r->why), "%s", r->why);
	buf_str(&base, "");
	httpsig_base(&request, field.v, &base, &r->why);
	sign_base(r, &base, &signature);
	buf_fmt(&line, "%s=:", label);
	base64_encode(&line, signature.p, signature.len);
	buf_char(&line, ':');
	rig_add(r, "signature-input", pool_fmt(r->pool, "%s=%s", label, input));
	rig_add(r, "signature", pool_str(r->pool, line.p));
	buf_free(&base);
	buf_free(&signature);
	buf_free(&line);
}

enum httpsig_verdict rig_judge(struct rig *r)
{
	struct httpsig_request request = rig_request(r);

	return httpsig_verify(&request, &r->rules, (int64_t)RIG_NOW * 1000, &r->why);
}

void rig_refused(struct rig *r, const char *why)
{
	ck_assert_int_eq(rig_judge(r), HTTPSIG_BAD);
	ck_assert_msg(strstr(r->why, why) != NULL, "%s", r->why);
}

void rig_good(struct rig *r)
{
	ck_assert_msg(rig_judge(r) == HTTPSIG_GOOD, "%s", r->why);
}
