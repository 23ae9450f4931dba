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

void digest_parts(unsigned char out[SHA256_LEN], const struct digest_part *parts, size_t n)
{
	EVP_MD_CTX *ctx = begin();

	for (size_t i = 0; i < n; i++) {
		uint32_t len = parts[i].p ? (uint32_t)parts[i].len : NULL_LEN;
		unsigned char head[4] = { (unsigned char)(len >> 24), (unsigned char)(len >> 16),
					  (unsigned char)(len >> 8), (unsigned char)len };

		must(!parts[i].p || parts[i].len < NULL_LEN);
		add(ctx, head, sizeof head);
		if (parts[i].p)
			add(ctx, parts[i].p, parts[i].len);
	}
	end(ctx, out);
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
