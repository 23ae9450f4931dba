/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include "base/die.h"
#include "event/spare.h"

#define NULL_LEN UINT32_MAX	/* the length that stands for a null part */

static struct spare contexts;

/* Since OpenSSL 3 an algorithm has to be looked up, which costs more than hashing a body with it. */
static const EVP_MD *sha256(void)
{
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
	static _Atomic(EVP_MD *) fetched;
	EVP_MD *md = atomic_load(&fetched), *none = NULL;

	if (md)
		return md;
	md = EVP_MD_fetch(NULL, "SHA256", NULL);
	must(md);
	if (atomic_compare_exchange_strong(&fetched, &none, md))
		return md;
	EVP_MD_free(md);
	return none;
#else
	return EVP_sha256();
#endif
}

static EVP_MD_CTX *begin(void)
{
	EVP_MD_CTX *ctx = spare_take(&contexts);

	if (!ctx)
		ctx = EVP_MD_CTX_new();
	must(ctx && EVP_DigestInit_ex(ctx, sha256(), NULL) == 1);
	return ctx;
}

static void add(EVP_MD_CTX *ctx, const void *p, size_t len)
{
	must(EVP_DigestUpdate(ctx, p, len) == 1);
}

static void end(EVP_MD_CTX *ctx, unsigned char out[SHA256_LEN])
{
	must(EVP_DigestFinal_ex(ctx, out, NULL) == 1);
	if (!spare_give(&contexts, ctx))
		EVP_MD_CTX_free(ctx);
}

void digest_sha256(unsigned char out[SHA256_LEN], const void *p, size_t len)
{
	EVP_MD_CTX *ctx = begin();

	add(ctx, p, len);
	end(ctx, out);
}

/* Small parts are hashed together: a call costs more than their bytes do. */
struct gathered {
	EVP_MD_CTX *ctx;
	size_t len;
	unsigned char bytes[512];
};

static void gather(struct gathered *g, const void *p, size_t len)
{
	if (len > sizeof g->bytes - g->len) {
		add(g->ctx, g->bytes, g->len);
		g->len = 0;
	}
	if (len > sizeof g->bytes) {
		add(g->ctx, p, len);
	} else if (len) {
		memcpy(g->bytes + g->len, p, len);
		g->len += len;
	}
}

void digest_parts(unsigned char out[SHA256_LEN], const struct digest_part *parts, size_t n)
{
	struct gathered g;

	g.ctx = begin();
	g.len = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t len = parts[i].p ? (uint32_t)parts[i].len : NULL_LEN;
		unsigned char head[4] = { (unsigned char)(len >> 24), (unsigned char)(len >> 16),
					  (unsigned char)(len >> 8), (unsigned char)len };

		must(!parts[i].p || parts[i].len < NULL_LEN);
		gather(&g, head, sizeof head);
		if (parts[i].p)
			gather(&g, parts[i].p, parts[i].len);
	}
	add(g.ctx, g.bytes, g.len);
	end(g.ctx, out);
}

struct event_key digest_key(const struct digest_part *parts, size_t n)
{
	unsigned char hash[SHA256_LEN];
	struct event_key key;

	digest_parts(hash, parts, n);
	memcpy(key.b, hash, sizeof key.b);
	return key;
}

uint32_t digest_first(const unsigned char hash[SHA256_LEN])
{
	return (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 | (uint32_t)hash[2] << 8 | hash[3];
}

bool digest_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}
