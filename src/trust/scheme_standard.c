/* SPDX-License-Identifier: EUPL-1.2
 * Standard Webhooks, and Svix from which it comes: HMAC (v1) with secrets whsec_, Ed25519 (v1a) with keys whpk_ (public)
 * and whsk_ (private). Neither version is ever tried with keys of the other. */
#include "config.h"
#include "trust/scheme.h"

#include <stdlib.h>
#include <string.h>
#include "event/base64.h"

#define ED25519_LEN 32
#define ED25519_SIGNATURE 64
#define SECRET_LEAST 24		/* bytes */
#define SECRET_MOST 64
#define DIGITS_MOST 92		/* of base64, of that many bytes */
#define V1A "v1a,"

struct standard {
	struct template template;
	struct scheme_secrets secrets;
	struct key **keys;
	size_t n_keys;
};

struct bytes {
	unsigned char p[SECRET_MOST + 5];	/* as many as DIGITS_MOST are */
	size_t len;
};

/* What is behind the prefix; false: it is not that, or not `least` to `most` bytes of base64. */
static bool read_key(const char *value, const char *prefix, size_t least, size_t most, struct bytes *out)
{
	size_t n = strlen(prefix), digits = strlen(value) - (strncmp(value, prefix, n) == 0 ? n : 0);

	return strncmp(value, prefix, n) == 0 && digits <= DIGITS_MOST && base64_decode(value + n, digits, out->p, &out->len) &&
	       out->len >= least && out->len <= most;
}

/* Also without the prefix. */
static bool is_secret(const char *value, struct bytes *out)
{
	return read_key(value, "whsec_", SECRET_LEAST, SECRET_MOST, out) || read_key(value, "", SECRET_LEAST, SECRET_MOST, out);
}

static int add_key(struct standard *standard, struct span public, struct err *err)
{
	struct key *key = key_ed25519(public, err);

	if (!key)
		return -1;
	standard->keys = mem_grow(standard->keys, standard->n_keys + 1, sizeof *standard->keys);
	standard->keys[standard->n_keys++] = key;
	return 0;
}

static int add(struct standard *standard, const char *value, struct err *err)
{
	struct bytes bytes;
	int rc = 0;

	if (strncmp(value, "whsk_", 5) == 0)
		rc = err_set(err, "signature.secret has a private key (whsk_) in it: the sender keeps that; put the public one (whpk_) there");
	else if (read_key(value, "whpk_", ED25519_LEN, ED25519_LEN, &bytes))
		rc = add_key(standard, (struct span){ bytes.p, bytes.len }, err);
	else if (is_secret(value, &bytes))
		scheme_secrets_add(&standard->secrets, bytes.p, bytes.len);
	else
		rc = err_set(err, "signature.secret: a line is neither whsec_ with %d to %d bytes in base64 behind it nor whpk_ with %d",
			     SECRET_LEAST, SECRET_MOST, ED25519_LEN);
	explicit_bzero(&bytes, sizeof bytes);
	return rc;
}

void *standard_prepare(const struct workshop *workshop, const struct conf_sender *sender, struct err *err)
{
	struct standard *standard = mem_alloc(sizeof *standard);
	const struct secret *secret = &sender->signing.secret;
	int rc = scheme_template(&sender->signing, &standard->template, err);

	(void)workshop;
	for (size_t i = 0; rc == 0 && i < secret->n; i++)
		rc = add(standard, secret->values[i], err);
	if (rc == 0 && !standard->secrets.n && !standard->n_keys)
		rc = err_set(err, "signature.secret is empty");
	if (rc == 0)
		return standard;
	standard_drop(standard);
	return NULL;
}

void standard_drop(void *prepared)
{
	struct standard *standard = prepared;

	scheme_secrets_free(&standard->secrets);
	for (size_t i = 0; i < standard->n_keys; i++)
		key_free(&standard->keys[i]);
	free(standard->keys);
	free(standard);
}

static bool match_keys(const struct standard *standard, const struct template_reading *reading)
{
	const size_t len = sizeof V1A - 1;
	unsigned char signature[BASE64_DECODED(DIGITS_MOST)];

	for (size_t i = 0; standard->n_keys && i < reading->n_entries; i++) {
		const struct span *entry = &reading->entries[i];
		const char *digits = (const char *)entry->p + len;
		size_t n;

		if (entry->len < len || memcmp(entry->p, V1A, len) != 0 || entry->len - len > DIGITS_MOST ||
		    !base64_decode(digits, entry->len - len, signature, &n))
			continue;
		for (size_t k = 0; k < standard->n_keys; k++)
			if (key_verify(standard->keys[k], ALG_EDDSA, reading->signed_, reading->n_signed, (struct span){ signature, n }))
				return true;
	}
	return false;
}

enum trust_verdict standard_check(const void *prepared, struct trial *trial)
{
	const struct standard *standard = prepared;
	struct template_fill fill = scheme_fill(trial);
	struct window window = scheme_window(trial);
	struct template_reading reading;
	enum trust_verdict verdict = template_read(&standard->template, &fill, &window, &reading, &trial->note);

	if (verdict != TRUST_OK || template_match(&standard->template, &reading, standard->secrets.v, standard->secrets.n) ||
	    match_keys(standard, &reading))
		return verdict;
	trial->note = "no secret or key of this sender made the signature";
	return TRUST_WRONG;
}

/* ---- making ---- */

/* A seed as PKCS #8 (RFC 8410 7) in PEM. */
static struct key *private_key(const unsigned char *seed, struct err *err)
{
	static const unsigned char head[] = { 0x30, 46, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 34, 4, 32 };
	unsigned char der[sizeof head + ED25519_LEN];
	struct buf pem = {0};
	struct key *key;
	const char *rest;

	memcpy(der, head, sizeof head);
	memcpy(der + sizeof head, seed, ED25519_LEN);
	buf_str(&pem, "-----BEGIN PRIVATE KEY-----\n");
	base64_encode(&pem, der, sizeof der);
	buf_str(&pem, "\n-----END PRIVATE KEY-----\n");
	key = key_pem(pem.p, true, &rest, err);
	explicit_bzero(der, sizeof der);
	explicit_bzero(pem.p, pem.len);
	buf_free(&pem);
	return key;
}

static int sign_v1a(const struct key *key, const struct template *t, const struct template_fill *fill, struct buf *lines,
		    struct err *err)
{
	struct buf signature = {0}, digits = {0};
	const char *note;
	size_t n;
	const struct span *text = template_text(t, fill, &n, &note);
	int rc = text ? key_sign(key, ALG_EDDSA, text, n, &signature, err) : err_set(err, "%s", note);

	buf_str(&digits, V1A);
	base64_encode(&digits, signature.p, signature.len);
	if (rc == 0)
		template_lines(t, fill, digits.p, lines);
	buf_free(&signature);
	buf_free(&digits);
	return rc;
}

static int sign_by_seed(const unsigned char *seed, const struct template *t, const struct template_fill *fill, struct buf *lines,
			struct err *err)
{
	struct key *key = private_key(seed, err);
	int rc = key ? sign_v1a(key, t, fill, lines, err) : -1;

	key_free(&key);
	return rc;
}

static int sign_by_secret(const char *secret, const struct template *t, const struct template_fill *fill, struct buf *lines,
			  struct err *err)
{
	struct bytes bytes;
	int rc;

	if (read_key(secret, "whsk_", ED25519_LEN, 2 * ED25519_LEN, &bytes) && bytes.len % ED25519_LEN == 0)
		rc = sign_by_seed(bytes.p, t, fill, lines, err);
	else if (is_secret(secret, &bytes))
		rc = template_sign(t, fill, (struct span){ bytes.p, bytes.len }, lines, err);
	else
		rc = err_set(err, "to sign takes whsec_ with %d to %d bytes in base64 behind it, or whsk_ with %d or %d", SECRET_LEAST,
			     SECRET_MOST, ED25519_LEN, 2 * ED25519_LEN);
	explicit_bzero(&bytes, sizeof bytes);
	return rc;
}

static int sign(const struct sign_order *order, const struct template *t, const struct template_fill *fill, struct buf *lines,
		struct err *err)
{
	const char *secret = order->key ? NULL : sign_secret(order, err);

	if (order->key && !key_fits(key_kind(order->key), ALG_EDDSA))
		return err_set(err, "the private key is not for Ed25519, which Standard Webhooks have");
	if (order->key)
		return sign_v1a(order->key, t, fill, lines, err);
	return secret ? sign_by_secret(secret, t, fill, lines, err) : -1;
}

int standard_make(const struct sign_order *order, struct buf *lines, struct err *err)
{
	return sign_template(order, sign, lines, err);
}
