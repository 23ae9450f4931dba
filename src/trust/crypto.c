/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "trust/crypto.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "base/die.h"
#include "base/hex.h"
#include "event/base64.h"
#include "trust/spki.h"

#define SIGNATURE_MAX RSA_MOST

/* ---- hashes ---- */

static const struct { const char *name; size_t len; const EVP_MD *(*md)(void); } hashes[] = {
	[HASH_SHA1] = { "sha1", 20, EVP_sha1 }, [HASH_SHA256] = { "sha256", 32, EVP_sha256 },
	[HASH_SHA384] = { "sha384", 48, EVP_sha384 }, [HASH_SHA512] = { "sha512", 64, EVP_sha512 },
};

size_t hash_len(enum hash hash)
{
	return hashes[hash].len;
}

const char *hash_name(enum hash hash)
{
	return hashes[hash].name;
}

bool hash_find(const char *name, size_t len, enum hash *out)
{
	for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
		if (strlen(hashes[i].name) == len && memcmp(hashes[i].name, name, len) == 0) {
			*out = (enum hash)i;
			return true;
		}
	return false;
}

static const EVP_MD *md_of(enum hash hash)
{
#if OPENSSL_VERSION_NUMBER >= 0x30000000L	/* looked up once, which costs more than what is done with it */
	static _Atomic(EVP_MD *) fetched[sizeof hashes / sizeof *hashes];
	EVP_MD *md = atomic_load(&fetched[hash]), *none = NULL;

	if (!md && (md = EVP_MD_fetch(NULL, hashes[hash].name, NULL)) && !atomic_compare_exchange_strong(&fetched[hash], &none, md)) {
		EVP_MD_free(md);
		md = none;
	}
	if (md)
		return md;
#endif
	return hashes[hash].md();
}

void hash_spans(enum hash hash, const struct span *spans, size_t n, unsigned char *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	must(ctx && EVP_DigestInit_ex(ctx, md_of(hash), NULL) == 1);
	for (size_t i = 0; i < n; i++)
		must(EVP_DigestUpdate(ctx, spans[i].p, spans[i].len) == 1);
	must(EVP_DigestFinal_ex(ctx, out, NULL) == 1);
	EVP_MD_CTX_free(ctx);
}

/* RFC 2104, over the hash above: HMAC_CTX is gone from new versions of libcrypto, and EVP_MAC is not in old ones. */
void hmac_spans(enum hash hash, const void *key, size_t key_len, const struct span *spans, size_t n, unsigned char *out)
{
	const size_t block = hash == HASH_SHA384 || hash == HASH_SHA512 ? 128 : 64;
	unsigned char pad[128] = {0}, inner[HASH_MAX];
	struct span *all = mem_array(n + 1, sizeof *all);

	if (key_len > block)
		hash_spans(hash, &(struct span){ key, key_len }, 1, pad);
	else if (key_len)
		memcpy(pad, key, key_len);
	for (size_t i = 0; i < block; i++)
		pad[i] ^= 0x36;
	all[0] = (struct span){ pad, block };
	if (n)
		memcpy(all + 1, spans, n * sizeof *spans);
	hash_spans(hash, all, n + 1, inner);
	for (size_t i = 0; i < block; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	hash_spans(hash, (struct span[]){ { pad, block }, { inner, hash_len(hash) } }, 2, out);
	OPENSSL_cleanse(pad, sizeof pad);
	free(all);
}

bool bytes_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

void random_bytes(void *out, size_t len)
{
	must(RAND_bytes(out, (int)len) == 1);
}

/* ---- algorithms ---- */

static const struct alg_row {
	const char *name;
	enum hash hash;
	enum key_kind kind;
	bool pss;
} algs[] = {
	[ALG_RS256] = { "RS256", HASH_SHA256, KEY_RSA, false }, [ALG_PS256] = { "PS256", HASH_SHA256, KEY_RSA, true },
	[ALG_PS512] = { "PS512", HASH_SHA512, KEY_RSA, true }, [ALG_ES256] = { "ES256", HASH_SHA256, KEY_P256, false },
	[ALG_ES384] = { "ES384", HASH_SHA384, KEY_P384, false }, [ALG_EDDSA] = { "EdDSA", HASH_SHA512, KEY_ED25519, false },
	[ALG_HS256] = { "HS256", HASH_SHA256, KEY_RSA, false },
};

enum alg alg_find(const char *name, size_t len)
{
	for (size_t i = 1; i < sizeof algs / sizeof *algs; i++)
		if (strlen(algs[i].name) == len && memcmp(algs[i].name, name, len) == 0)
			return (enum alg)i;
	return ALG_NONE;
}

const char *alg_name(enum alg alg)
{
	return alg == ALG_NONE ? "none" : algs[alg].name;
}

bool key_fits(enum key_kind kind, enum alg alg)
{
	return alg != ALG_NONE && alg != ALG_HS256 && algs[alg].kind == kind;
}

/* ---- keys ---- */

struct key {
	EVP_PKEY *pkey;
	enum key_kind kind;
};

enum key_kind key_kind(const struct key *key)
{
	return key->kind;
}

void key_free(struct key **key)
{
	if (!*key)
		return;
	EVP_PKEY_free((*key)->pkey);
	free(*key);
	*key = NULL;
}

static int curve_of(EVP_PKEY *pkey)
{
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
	char name[64];
	size_t len;

	return EVP_PKEY_get_group_name(pkey, name, sizeof name, &len) == 1 ? OBJ_txt2nid(name) : 0;
#else
	const EC_KEY *ec = EVP_PKEY_get0_EC_KEY(pkey);

	return ec ? EC_GROUP_get_curve_name(EC_KEY_get0_group(ec)) : 0;
#endif
}

static bool kind_of(EVP_PKEY *pkey, enum key_kind *kind, struct err *err)
{
	switch (EVP_PKEY_base_id(pkey)) {
	case EVP_PKEY_RSA:
		*kind = KEY_RSA;
		return true;
	case EVP_PKEY_EC:
		*kind = curve_of(pkey) == NID_secp384r1 ? KEY_P384 : KEY_P256;
		if (*kind == KEY_P384 || curve_of(pkey) == NID_X9_62_prime256v1)
			return true;
		err_set(err, "of elliptic curves P-256 and P-384 are taken");
		return false;
	case EVP_PKEY_ED25519:
		*kind = KEY_ED25519;
		return true;
	default:
		err_set(err, "a key has to be RSA, P-256, P-384 or Ed25519");
		return false;
	}
}

static bool numbers_of(const struct key *key, struct buf *room, struct span numbers[2])
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key->pkey, &der);

	buf_reset(room);
	if (len > 0)
		buf_put(room, der, (size_t)len);
	OPENSSL_free(der);
	return len > 0 && spki_numbers(key->kind, (struct span){ room->p, room->len }, numbers);
}

static bool sound(const struct key *key, struct err *err)
{
	struct buf room = {0};
	struct span numbers[2];
	const char *fault = "the public half of this key cannot be read, or its point is compressed";

	if (numbers_of(key, &room, numbers))
		fault = spki_fault(key->kind, numbers);
	buf_free(&room);
	if (fault)
		err_set(err, "%s", fault);
	return !fault;
}

void key_numbers(const struct key *key, struct buf *room, struct span numbers[2])
{
	must(numbers_of(key, room, numbers));
}

static struct key *wrap(EVP_PKEY *take_pkey, struct err *err)
{
	struct key key = { take_pkey, KEY_RSA };

	ERR_clear_error();
	if (!take_pkey) {
		err_set(err, "it is not a key");
		return NULL;
	}
	if (kind_of(take_pkey, &key.kind, err) && sound(&key, err))
		return mem_dup(&key, sizeof key);
	EVP_PKEY_free(take_pkey);
	return NULL;
}

struct key *key_new(enum key_kind kind, const struct span numbers[2], struct err *err)
{
	const char *fault = spki_fault(kind, numbers);
	struct buf spki = {0};
	const unsigned char *p;
	EVP_PKEY *pkey;

	if (fault) {
		err_set(err, "%s", fault);
		return NULL;
	}
	spki_put(kind, numbers, &spki);
	p = (unsigned char *)spki.p;
	pkey = d2i_PUBKEY(NULL, &p, (long)spki.len);
	buf_free(&spki);
	return wrap(pkey, err);
}

struct key *key_ed25519(struct span x, struct err *err)
{
	return key_new(KEY_ED25519, (struct span[]){ x, { NULL, 0 } }, err);
}

/* No passphrase is ever asked for. */
static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;
	return 0;
}

static EVP_PKEY *pem_key(BIO *bio, const char *begin, bool private)
{
	X509 *cert;
	EVP_PKEY *pkey;

	if (private)
		return PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	if (strncmp(begin, "-----BEGIN CERTIFICATE", 22) != 0)
		return PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
	cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
	pkey = cert ? X509_get_pubkey(cert) : NULL;
	X509_free(cert);
	return pkey;
}

/* The first block that could be it. What is no private key may stand before one (parameters, certificates), but
 * nothing is passed over in search of a public one: a private key there would be a mistake worth telling. */
static const char *pem_begin(const char *text, bool private)
{
	static const char mark[] = "-----BEGIN ", wanted[] = "PRIVATE KEY-----";
	const char *begin = strstr(text, mark);

	for (; private && begin; begin = strstr(begin + 1, mark)) {
		const char *label = strstr(begin, wanted);

		if (label && label < begin + strcspn(begin, "\r\n"))
			break;
	}
	return begin;
}

struct key *key_pem(const char *text, bool private, const char **rest, struct err *err)
{
	const char *begin = pem_begin(text, private), *end = begin ? strstr(begin, "-----END ") : NULL;
	EVP_PKEY *pkey;
	BIO *bio;

	err->text[0] = '\0';
	*rest = text + strlen(text);
	if (!begin)
		return NULL;
	if (!end) {
		err_set(err, "it has a beginning in PEM and no end");
		return NULL;
	}
	end += strcspn(end, "\n");
	*rest = end;
	bio = BIO_new_mem_buf(begin, (int)(end - begin));
	must(bio);
	pkey = pem_key(bio, begin, private);
	BIO_free(bio);
	if (!pkey) {
		ERR_clear_error();
		err_set(err, private ? "it is not a private key in PEM without a passphrase" : "it is not a public key or certificate in PEM");
		return NULL;
	}
	return wrap(pkey, err);
}

/* ---- signatures ---- */

static size_t half(enum alg alg)
{
	return alg == ALG_ES384 ? 48 : 32;
}

/* From r and s to DER; the length, or 0. */
static int ecdsa_der(enum alg alg, struct span raw, unsigned char **der)
{
	const unsigned char *p = raw.p;
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(p, (int)half(alg), NULL), *s = BN_bin2bn(p + half(alg), (int)half(alg), NULL);
	int len;

	must(sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1);
	*der = NULL;
	len = i2d_ECDSA_SIG(sig, der);
	ECDSA_SIG_free(sig);
	return len > 0 ? len : 0;
}

static bool ecdsa_raw(enum alg alg, const unsigned char *der, size_t len, struct buf *out)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	unsigned char *room = (unsigned char *)buf_room(out, 2 * half(alg));
	const BIGNUM *r, *s;
	bool done;

	if (!sig)
		return false;
	ECDSA_SIG_get0(sig, &r, &s);
	done = BN_bn2binpad(r, room, (int)half(alg)) >= 0 && BN_bn2binpad(s, room + half(alg), (int)half(alg)) >= 0;
	ECDSA_SIG_free(sig);
	out->len += done ? 2 * half(alg) : 0;
	return done;
}

static bool set_padding(EVP_PKEY_CTX *ctx, enum alg alg)
{
	if (algs[alg].kind != KEY_RSA)
		return true;
	if (!algs[alg].pss)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md_of(algs[alg].hash)) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)hash_len(algs[alg].hash)) == 1;
}

/* Ed25519 signs in one piece. */
static struct buf join(const struct span *spans, size_t n)
{
	struct buf all = {0};

	for (size_t i = 0; i < n; i++)
		buf_put(&all, spans[i].p, spans[i].len);
	buf_put(&all, "", 0);
	return all;
}

static bool verify_spans(EVP_MD_CTX *ctx, const struct key *key, enum alg alg, const struct span *spans, size_t n, struct span sig)
{
	EVP_PKEY_CTX *pctx;

	if (EVP_DigestVerifyInit(ctx, &pctx, key->kind == KEY_ED25519 ? NULL : md_of(algs[alg].hash), NULL, key->pkey) != 1)
		return false;
	if (key->kind == KEY_ED25519) {
		struct buf all = join(spans, n);
		bool right = EVP_DigestVerify(ctx, sig.p, sig.len, (unsigned char *)all.p, all.len) == 1;

		buf_free(&all);
		return right;
	}
	if (!set_padding(pctx, alg))
		return false;
	for (size_t i = 0; i < n; i++)
		if (EVP_DigestVerifyUpdate(ctx, spans[i].p, spans[i].len) != 1)
			return false;
	return EVP_DigestVerifyFinal(ctx, sig.p, sig.len) == 1;
}

bool key_verify(const struct key *key, enum alg alg, const struct span *spans, size_t n, struct span signature)
{
	unsigned char *der = NULL;
	EVP_MD_CTX *ctx;
	bool right;

	if (!key_fits(key->kind, alg))
		return false;
	if (key->kind == KEY_RSA ? signature.len != (size_t)EVP_PKEY_size(key->pkey)
	    : signature.len != (key->kind == KEY_ED25519 ? 64 : 2 * half(alg)))
		return false;
	if (key->kind == KEY_P256 || key->kind == KEY_P384) {
		signature.len = (size_t)ecdsa_der(alg, signature, &der);
		signature.p = der;
	}
	ctx = EVP_MD_CTX_new();
	must(ctx);
	right = signature.len && verify_spans(ctx, key, alg, spans, n, signature);
	EVP_MD_CTX_free(ctx);
	OPENSSL_free(der);
	ERR_clear_error();
	return right;
}

static bool sign_spans(EVP_MD_CTX *ctx, const struct key *key, enum alg alg, const struct span *spans, size_t n, struct buf *out)
{
	struct buf all = join(spans, n);
	unsigned char sig[SIGNATURE_MAX];
	size_t len = sizeof sig;
	EVP_PKEY_CTX *pctx;
	bool done;

	done = EVP_DigestSignInit(ctx, &pctx, key->kind == KEY_ED25519 ? NULL : md_of(algs[alg].hash), NULL, key->pkey) == 1 &&
	       set_padding(pctx, alg) && EVP_DigestSign(ctx, sig, &len, (unsigned char *)all.p, all.len) == 1;
	buf_free(&all);
	if (done && (key->kind == KEY_P256 || key->kind == KEY_P384))
		return ecdsa_raw(alg, sig, len, out);
	if (done)
		buf_put(out, sig, len);
	return done;
}

int key_sign(const struct key *key, enum alg alg, const struct span *spans, size_t n, struct buf *out, struct err *err)
{
	EVP_MD_CTX *ctx;
	bool done;

	if (!key_fits(key->kind, alg))
		return err_set(err, "this key is not for %s", alg_name(alg));
	ctx = EVP_MD_CTX_new();
	must(ctx);
	done = sign_spans(ctx, key, alg, spans, n, out);
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return done ? 0 : err_set(err, "libcrypto cannot sign with this key: is it a private one?");
}

/* ---- certificates ---- */

struct cert {
	X509 *x509;
};

void cert_free(struct cert **cert)
{
	if (!*cert)
		return;
	X509_free((*cert)->x509);
	free(*cert);
	*cert = NULL;
}

/* What is between BEGIN and END, in base64 whatever the blanks. */
static X509 *x509_of(const char *text)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	const char *at = strstr(text, begin);
	size_t len = 0, der_len;
	unsigned char *der;
	X509 *x509 = NULL;
	char *digits;

	if (!at)
		return NULL;
	at += sizeof begin - 1;
	digits = mem_alloc(strlen(at) + 1);
	for (; *at && *at != '-'; at++)
		if (!strchr(" \t\r\n", *at))
			digits[len++] = *at;
	der = mem_alloc(BASE64_DECODED(len) + 1);
	if (strncmp(at, "-----END CERTIFICATE-----", 25) == 0 && base64_decode(digits, len, der, &der_len)) {
		const unsigned char *p = der;

		x509 = d2i_X509(NULL, &p, (long)der_len);
		if (x509 && p != der + der_len) {
			X509_free(x509);
			x509 = NULL;
		}
	}
	free(digits);
	free(der);
	ERR_clear_error();
	return x509;
}

static const char *percent_decode(struct pool *pool, const char *text)
{
	char *out = pool_str(pool, text), *to = out;

	for (; *text; text++) {
		int high = *text == '%' ? hex_value(text[1]) : -1, low = high >= 0 ? hex_value(text[2]) : -1;

		*to++ = (char)(low >= 0 ? high << 4 | low : *text);
		text += low >= 0 ? 2 : 0;
	}
	*to = '\0';
	return out;
}

struct cert *cert_read(struct pool *pool, const char *text)
{
	struct cert cert = { x509_of(strchr(text, '%') ? percent_decode(pool, text) : text) };

	return cert.x509 ? mem_dup(&cert, sizeof cert) : NULL;
}

void cert_thumbprint(const struct cert *cert, unsigned char out[32])
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert->x509, &der);

	must(len > 0);
	hash_spans(HASH_SHA256, &(struct span){ der, (size_t)len }, 1, out);
	OPENSSL_free(der);
}

static void tell(cert_fn *fn, void *arg, const char *name, const ASN1_STRING *value)
{
	unsigned char *text = NULL;
	int len = ASN1_STRING_to_UTF8(&text, value);

	if (len >= 0 && strlen((char *)text) == (size_t)len)
		fn(arg, name, (char *)text);
	OPENSSL_free(text);
}

void cert_subject(const struct cert *cert, cert_fn *fn, void *arg)
{
	const X509_NAME *name = X509_get_subject_name(cert->x509);

	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
		const ASN1_OBJECT *object = X509_NAME_ENTRY_get_object(entry);
		int nid = OBJ_obj2nid(object);
		char oid[128];

		OBJ_obj2txt(oid, sizeof oid, object, 1);
		tell(fn, arg, nid ? OBJ_nid2sn(nid) : oid, X509_NAME_ENTRY_get_data(entry));
	}
}

void cert_names(const struct cert *cert, cert_fn *fn, void *arg)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert->x509, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS)
			tell(fn, arg, "DNS", name->d.dNSName);
		else if (name->type == GEN_URI)
			tell(fn, arg, "URI", name->d.uniformResourceIdentifier);
		else if (name->type == GEN_EMAIL)
			tell(fn, arg, "email", name->d.rfc822Name);
	}
	GENERAL_NAMES_free(names);
	ERR_clear_error();
}
