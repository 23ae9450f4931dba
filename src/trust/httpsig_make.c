/* SPDX-License-Identifier: EUPL-1.2
 * Making message signatures, for who tries a sender locally. */
#include "config.h"
#include "trust/httpsig.h"

#include <string.h>
#include "base/words.h"
#include "event/base64.h"
#include "trust/digest_field.h"

#define PARAMS 4

static struct sfv_bare string(const char *text)
{
	return (struct sfv_bare){ .type = SFV_STRING, .p = text, .len = strlen(text) };
}

static int add(struct sfv_member *input, const char *name, struct err *err)
{
	for (size_t i = 0; i < input->n; i++)
		if (strcmp(input->items[i].bare.p, name) == 0)
			return 0;
	if (input->n == HTTPSIG_COMPONENTS || !sfv_string_valid(name))
		return err_set(err, "%s cannot be signed: at most %d components, in printable ASCII", name, HTTPSIG_COMPONENTS);
	input->items[input->n++].bare = string(name);
	return 0;
}

static int add_each(struct sfv_member *input, const char *prefix, const struct message *m, struct err *err)
{
	size_t len = strlen(prefix) - 1;

	for (size_t i = 0; i < m->n_headers; i++)
		if (strncmp(m->headers[i].name, prefix, len) == 0 && add(input, m->headers[i].name, err) < 0)
			return -1;
	return 0;
}

/* The first of each a|b; content-type where there is one; of name* all that there are. */
static int choose(struct pool *pool, const char *words, const struct message *m, struct sfv_member *input, struct err *err)
{
	const char *word;
	size_t len;

	input->inner = true;
	input->items = pool_alloc(pool, HTTPSIG_COMPONENTS * sizeof *input->items);
	while ((word = words_next(&words, &len))) {
		const char *name = pool_strn(pool, word, strcspn(word, "|" WORDS_SEPARATORS));
		int rc = 0;

		if (name[strlen(name) - 1] == '*')
			rc = add_each(input, name, m, err);
		else if (strcmp(name, "content-type") != 0 || message_header(m, name, NULL))
			rc = add(input, name, err);
		if (rc < 0)
			return -1;
	}
	return 0;
}

static void add_param(struct sfv_params *params, const char *key, struct sfv_bare value)
{
	params->v[params->n++] = (struct sfv_param){ key, value };
}

static int say(struct pool *pool, const struct httpsig_make *make, struct sfv_member *input, struct err *err)
{
	struct sfv_params *params = &input->item.params;

	if ((make->key.kid && !sfv_string_valid(make->key.kid)) || (make->tag && !sfv_string_valid(make->tag)))
		return err_set(err, "keyid and tag of a signature have to be printable ASCII");
	if (!httpsig_alg_name(make->alg))
		return err_set(err, "%s is not an algorithm of RFC 9421", alg_name(make->alg));
	params->v = pool_alloc(pool, PARAMS * sizeof *params->v);
	add_param(params, "created", (struct sfv_bare){ .type = SFV_INTEGER, .number = make->created_s });
	if (make->key.kid)
		add_param(params, "keyid", string(make->key.kid));
	add_param(params, "alg", string(httpsig_alg_name(make->alg)));
	if (make->tag)
		add_param(params, "tag", string(make->tag));
	return 0;
}

/* The message with a Content-Digest, when that is to be covered and it has none; its line goes to out. */
static struct message digested(struct pool *pool, const struct message *m, const struct sfv_member *input, struct buf *out)
{
	static const char name[] = "content-digest";
	struct message with = *m;
	struct buf value = { 0 };
	size_t i = 0;

	while (i < input->n && strcmp(input->items[i].bare.p, name) != 0)
		i++;
	if (i == input->n || message_header(m, name, NULL))
		return with;
	digest_field_put(DIGEST_CONTENT, HASH_SHA256, m->body, m->body_len, &value);
	buf_fmt(out, "Content-Digest: %s\n", value.p);
	with.headers = pool_alloc(pool, (m->n_headers + 1) * sizeof *with.headers);
	if (m->n_headers)
		memcpy(with.headers, m->headers, m->n_headers * sizeof *with.headers);
	with.headers[with.n_headers++] = (struct attr){ name, pool_str(pool, value.p) };
	buf_free(&value);
	return with;
}

static int sign(const struct httpsig_make *make, const struct buf *base, struct buf *signature, struct err *err)
{
	struct span text = { base->p, base->len };
	unsigned char mac[HASH_MAX];

	if (make->key.key)
		return key_sign(make->key.key, make->alg, &text, 1, signature, err);
	if (make->alg != ALG_HS256 || !make->key.secret.len)
		return err_set(err, "a shared secret signs with hmac-sha256, and is not empty");
	hmac_spans(HASH_SHA256, make->key.secret.p, make->key.secret.len, &text, 1, mac);
	buf_put(signature, mac, hash_len(HASH_SHA256));
	return 0;
}

static void put_lines(const struct sfv_member *input, const struct buf *signature, struct buf *out)
{
	buf_str(out, "Signature-Input: sig1=");
	sfv_print_member(input, out);
	buf_str(out, "\nSignature: sig1=:");
	base64_encode(out, signature->p, signature->len);
	buf_str(out, ":\n");
}

static int make_lines(struct pool *pool, const struct httpsig_make *make, const struct httpsig_request *request,
		      struct buf *out, struct err *err)
{
	struct sfv_member input = { .inner = true };
	struct buf base = { 0 }, signature = { 0 };
	struct httpsig_request whole = *request;
	struct message with;
	const char *why;
	int rc = -1;

	if (choose(pool, make->components ? make->components : HTTPSIG_REQUIRED, request->m, &input, err) < 0 ||
	    say(pool, make, &input, err) < 0)
		return -1;
	with = digested(pool, request->m, &input, out);
	whole.m = &with;
	if (!httpsig_base(&whole, &input, &base, &why))
		err_set(err, "the signature cannot be made: %s", why);
	else if (sign(make, &base, &signature, err) == 0) {
		put_lines(&input, &signature, out);
		rc = 0;
	}
	buf_free(&base);
	buf_free(&signature);
	return rc;
}

int httpsig_make(const struct httpsig_make *make, const struct httpsig_request *request, struct buf *out, struct err *err)
{
	struct pool *pool = pool_new();
	int rc = make_lines(pool, make, request, out, err);

	pool_free(&pool);
	return rc;
}
