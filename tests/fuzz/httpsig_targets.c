/* SPDX-License-Identifier: EUPL-1.2
 * Structured fields and message signatures, as anybody can send them. */
#include "targets.h"

#include <stdlib.h>
#include <string.h>
#include "trust/digest_field.h"
#include "trust/httpsig.h"

#define PARTS 5

static void holds(int condition)
{
	if (!condition)
		abort();
}

static void same_params(const struct sfv_params *a, const struct sfv_params *b)
{
	holds(a->n == b->n && a->n <= SFV_PARAMS);
	for (size_t i = 0; i < a->n; i++)
		holds(strcmp(a->v[i].key, b->v[i].key) == 0 && sfv_equal(&a->v[i].value, &b->v[i].value));
}

static void same_item(const struct sfv_item *a, const struct sfv_item *b)
{
	holds(sfv_equal(&a->bare, &b->bare));
	same_params(&a->params, &b->params);
}

static void same_member(const struct sfv_member *a, const struct sfv_member *b)
{
	holds(!a->key == !b->key && (!a->key || strcmp(a->key, b->key) == 0) && a->inner == b->inner && a->n == b->n);
	holds(a->n <= SFV_MEMBERS);
	if (!a->inner)
		same_item(&a->item, &b->item);
	for (size_t i = 0; i < a->n; i++)
		same_item(&a->items[i], &b->items[i]);
	same_params(&a->item.params, &b->item.params);
}

/* What was read comes out in a form that is read as the same, and comes out as it is. */
static void check_field(struct pool *pool, enum sfv_kind kind, const struct sfv *field)
{
	struct buf once = { 0 }, twice = { 0 };
	struct sfv again;
	const char *why;

	buf_str(&once, "");
	buf_str(&twice, "");
	sfv_print(field, &once);
	if (once.len <= SFV_LEN_MAX) {		/* bytes of a display string may take three times as many */
		holds(sfv_read(pool, kind, once.p, &again, &why) && again.n == field->n && !again.repeated);
		for (size_t i = 0; i < again.n; i++)
			same_member(&field->v[i], &again.v[i]);
		sfv_print(&again, &twice);
		holds(strcmp(once.p, twice.p) == 0);
	}
	buf_free(&once);
	buf_free(&twice);
}

void run_sfv(const uint8_t *p, size_t len)
{
	struct pool *pool = pool_new();
	const char *text = pool_strn(pool, (const char *)p, strnlen((const char *)p, len)), *why;
	bool taken[3];

	for (enum sfv_kind kind = SFV_LIST; kind <= SFV_ITEM; kind++) {
		struct sfv field;

		taken[kind] = sfv_read(pool, kind, text, &field, &why);
		holds(taken[kind] == !why && field.n <= SFV_MEMBERS);
		if (taken[kind])
			check_field(pool, kind, &field);
	}
	holds(!taken[SFV_ITEM] || taken[SFV_LIST] || text[strspn(text, " ")] == '\0');
	pool_free(&pool);
}

/* A base is ASCII and has a line for each component and one for the parameters. */
static void check_base(const struct httpsig_request *request, const struct sfv_member *input)
{
	struct buf base = { 0 };
	const char *why;
	size_t lines = 1;

	if (httpsig_base(request, input, &base, &why)) {
		for (size_t i = 0; i < base.len; i++) {
			holds((base.p[i] >= ' ' && base.p[i] <= '~') || base.p[i] == '\n' || base.p[i] == '\t');
			lines += base.p[i] == '\n';
		}
		holds(lines == input->n + 1 && input->n <= HTTPSIG_COMPONENTS && !why);
	} else {
		holds(why != NULL);
	}
	buf_free(&base);
}

/* Made once. */
static const struct jwks *key_set(void)
{
	static struct jwk keys[2];
	static struct jwks set = { .v = keys };
	static const unsigned char x[32] = {	/* RFC 8032 7.1, test 1 */
		0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
		0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
	};
	struct err err;

	if (set.n)
		return &set;
	keys[0] = (struct jwk){ .alg = ALG_HS256, .secret = { "een geheim van 32 tekens of meer", 32 } };
	keys[1] = (struct jwk){ .key = key_ed25519((struct span){ x, sizeof x }, &err) };
	holds(keys[1].key != NULL);
	set.n = 2;
	return &set;
}

/* Lines: Signature-Input, Signature, the query, another header, and what is left is its second line. */
void run_httpsig(const uint8_t *p, size_t len)
{
	struct pool *pool = pool_new();
	char *rest = pool_strn(pool, (const char *)p, strnlen((const char *)p, len));
	const char *parts[PARTS];
	struct attr headers[] = {
		{ "host", "example.com" }, { "content-digest", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:" },
		{ "signature-input", NULL }, { "signature", NULL }, { "x", NULL }, { "x", NULL },
	};
	struct message m = { .method = "POST", .path = "/", .peer = "", .scheme = SCHEME_HTTPS, .headers = headers,
			     .n_headers = 6, .body = (const unsigned char *)"" };
	struct httpsig_request request = { .m = &m };
	struct httpsig_rules rules = { .components = "@method", .allowed = ~0u, .keys = key_set() };
	enum httpsig_verdict verdict;
	struct sfv inputs;
	const char *why;

	for (size_t i = 0; i < PARTS; i++) {
		parts[i] = i < PARTS - 1 ? strsep(&rest, "\n") : rest;
		parts[i] = parts[i] ? parts[i] : "";
	}
	for (size_t i = 0; i < 2; i++) {
		headers[2 + i].value = parts[i];
		headers[4 + i].value = parts[3 + i];
	}
	m.query = parts[2];
	target_read(pool, &m, len & 1 ? "https://example.com/hooks" : NULL, &request.target);
	verdict = httpsig_verify(&request, &rules, 1700000000000, &why);
	holds((verdict == HTTPSIG_GOOD || verdict == HTTPSIG_BAD) && (verdict == HTTPSIG_GOOD || why));
	rules.components = HTTPSIG_REQUIRED;
	holds(httpsig_verify(&request, &rules, 1700000000000, &why) == HTTPSIG_BAD || verdict == HTTPSIG_GOOD);
	if (sfv_read(pool, SFV_DICTIONARY, parts[0], &inputs, &why))
		for (size_t i = 0; i < inputs.n && i < HTTPSIG_LABELS; i++)
			check_base(&request, &inputs.v[i]);
	pool_free(&pool);
}
