/* SPDX-License-Identifier: EUPL-1.2
 * Keys, signatures and certificates: the one place in trust that knows libcrypto. Nothing here decides who is
 * believed. All functions may be called from any thread; a key may be used by many at once. */
#ifndef TRUST_CRYPTO_H
#define TRUST_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/mem.h"

struct span {			/* bytes; what is signed may lie in pieces */
	const void *p;
	size_t len;
};

enum hash { HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512 };
#define HASH_MAX 64
size_t hash_len(enum hash hash);
/* By the names "sha1", "sha256", "sha384", "sha512". */
bool hash_find(const char *name, size_t len, enum hash *out);
const char *hash_name(enum hash hash);
void hash_spans(enum hash hash, const struct span *spans, size_t n, unsigned char *out);
void hmac_spans(enum hash hash, const void *key, size_t key_len, const struct span *spans, size_t n, unsigned char *out);
/* In constant time. */
bool bytes_equal(const void *a, const void *b, size_t len);
void random_bytes(void *out, size_t len);

/* ---- public-key signatures ---- */

enum alg {			/* by JWA (RFC 7518, RFC 8037), and what RFC 9421 (3.3) adds */
	ALG_NONE,		/* not one of these */
	ALG_RS256, ALG_PS256, ALG_PS512, ALG_ES256, ALG_ES384, ALG_EDDSA,
	ALG_HS256		/* a shared secret: no key below is for it */
};
/* By its name in JWA ("RS256", "EdDSA"); ALG_NONE: unknown, "none" included. */
enum alg alg_find(const char *name, size_t len);
const char *alg_name(enum alg alg);

enum key_kind { KEY_RSA, KEY_P256, KEY_P384, KEY_ED25519 };
struct key;
enum key_kind key_kind(const struct key *key);
/* Whether keys of that kind make signatures of that kind. */
bool key_fits(enum key_kind kind, enum alg alg);
/* Each new key is the caller's, for key_free; null with err: not a key, or none that is taken (RSA of 2048 to 8192
 * bits with an odd exponent of at most 64 bits, and not by ROCA; points on their curve). Numbers are big-endian: n and
 * e; x and y of full length; or x alone. */
struct key *key_new(enum key_kind kind, const struct span numbers[2], struct err *err);
struct key *key_ed25519(struct span x, struct err *err);
/* The first public key (or certificate) of a text in PEM, or with `private` the first private key (never one with a
 * passphrase); *rest becomes what follows. Null with an empty err->text: there is none any more. */
struct key *key_pem(const char *text, bool private, const char **rest, struct err *err);
void key_free(struct key **key);
/* The numbers of its public half, as key_new takes them; they lie in room, which is overwritten. */
void key_numbers(const struct key *key, struct buf *room, struct span numbers[2]);
/* A signature of ES256 and ES384 is r and s of full length (RFC 7518 3.4); PSS salts are as long as the hash. */
bool key_verify(const struct key *key, enum alg alg, const struct span *spans, size_t n, struct span signature);
/* With a private key. -1 with err: the key is not for that. */
int key_sign(const struct key *key, enum alg alg, const struct span *spans, size_t n, struct buf *out, struct err *err);

/* ---- certificates ---- */

struct cert;
/* From PEM, as web servers pass it on: with line ends, percent-encoded (nginx), or with blanks or tabs for line ends.
 * Null: it is none. */
struct cert *cert_read(struct pool *pool, const char *text);
void cert_free(struct cert **cert);
/* SHA-256 of its DER: x5t#S256 (RFC 8705 3.1). */
void cert_thumbprint(const struct cert *cert, unsigned char out[32]);
/* Calls back for each attribute of the subject ("CN", "serialNumber", "O": short names of OpenSSL, else a dotted
 * OID), and for each alternative name ("DNS", "URI", "email"); values are UTF-8 and have no NUL. */
typedef void cert_fn(void *arg, const char *name, const char *value);
void cert_subject(const struct cert *cert, cert_fn *fn, void *arg);
void cert_names(const struct cert *cert, cert_fn *fn, void *arg);

#endif
