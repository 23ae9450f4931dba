/* SPDX-License-Identifier: EUPL-1.2
 * The schemes that are a template with a shared secret, built in or of the settings. */
#include "config.h"
#include "trust/scheme.h"

#include <stdlib.h>
#include <string.h>

#define SHA2 (1u << HASH_SHA256 | 1u << HASH_SHA384 | 1u << HASH_SHA512)

static const struct template rows[SIGNATURES] = {
	[SIGNATURE_STANDARD] = { .header = "webhook-signature", .separator = ' ', .prefix = "v1,", .encoding = ENCODING_BASE64,
				 .hashes = 1u << HASH_SHA256, .text = "{id}.{timestamp}.{body}",
				 .timestamp = "header:webhook-timestamp", .id = "header:webhook-id" },
	[SIGNATURE_SVIX] = { .header = "svix-signature", .separator = ' ', .prefix = "v1,", .encoding = ENCODING_BASE64,
			     .hashes = 1u << HASH_SHA256, .text = "{id}.{timestamp}.{body}",
			     .timestamp = "header:svix-timestamp", .id = "header:svix-id" },
	[SIGNATURE_GITHUB] = { .header = "x-hub-signature-256", .prefix = "sha256=", .encoding = ENCODING_HEX,
			       .hashes = 1u << HASH_SHA256, .text = "{body}" },
	[SIGNATURE_WEBSUB] = { .header = "x-hub-signature", .prefix = "{hash}=", .encoding = ENCODING_HEX,
			       .hashes = SHA2, .text = "{body}" },
	[SIGNATURE_SLACK] = { .header = "x-slack-signature", .prefix = "v0=", .encoding = ENCODING_HEX, .hashes = 1u << HASH_SHA256,
			      .text = "v0:{timestamp}:{body}", .timestamp = "header:x-slack-request-timestamp" },
	[SIGNATURE_X] = { .header = "x-twitter-webhooks-signature", .prefix = "sha256=", .encoding = ENCODING_BASE64,
			  .hashes = 1u << HASH_SHA256, .text = "{body}" },
	[SIGNATURE_STRIPE] = { .header = "stripe-signature", .separator = ',', .prefix = "v1=", .encoding = ENCODING_HEX,
			       .hashes = 1u << HASH_SHA256, .text = "{timestamp}.{body}", .timestamp = "part:t=" },
};

static int read_hashes(const char *words, unsigned *hashes, struct err *err)
{
	struct span word;
	enum hash hash;

	*hashes = 0;
	while (scheme_word(&words, &word)) {
		if (!hash_find(word.p, word.len, &hash))
			return err_set(err, "signature.hash: %.*s is none of sha1, sha256, sha384 and sha512", (int)word.len,
				       (const char *)word.p);
		*hashes |= 1u << hash;
	}
	return 0;
}

/* The two that a value in the file cannot be. */
static char separator_of(const char *word)
{
	return strcmp(word, "blank") == 0 ? ' ' : strcmp(word, "semicolon") == 0 ? ';' : *word;
}

static void read_template(const struct conf_signing *signing, struct template *out)
{
	*out = (struct template){
		.separator = signing->separator ? separator_of(signing->separator) : '\0',
		.prefix = signing->prefix ? signing->prefix : "", .encoding = signing->encoding, .hashes = 1u << HASH_SHA256,
		.text = signing->text, .timestamp = signing->timestamp, .id = signing->id,
	};
}

int scheme_template(const struct conf_signing *signing, struct template *out, struct err *err)
{
	*out = rows[signing->scheme];
	if (signing->scheme == SIGNATURE_TEMPLATE)
		read_template(signing, out);
	if (signing->header)
		out->header = signing->header;
	if (!out->header || !out->text)
		return err_set(err, "signature = %s needs signature.header and signature.text", schemes[signing->scheme].name);
	if (signing->hash && read_hashes(signing->hash, &out->hashes, err) < 0)
		return -1;
	return template_check(out, err);
}

/* ---- the row ---- */

struct hmac {
	struct template template;
	struct scheme_secrets secrets;
};

void *hmac_prepare(const struct workshop *workshop, const struct conf_sender *sender, struct err *err)
{
	struct hmac hmac = {0};

	(void)workshop;
	if (scheme_template(&sender->signing, &hmac.template, err) < 0)
		return NULL;
	for (size_t i = 0; i < sender->signing.secret.n; i++)
		scheme_secrets_add(&hmac.secrets, sender->signing.secret.values[i], strlen(sender->signing.secret.values[i]));
	if (hmac.secrets.n)
		return mem_dup(&hmac, sizeof hmac);
	err_set(err, "signature.secret is empty");
	return NULL;
}

void hmac_drop(void *prepared)
{
	struct hmac *hmac = prepared;

	scheme_secrets_free(&hmac->secrets);
	free(hmac);
}

enum trust_verdict hmac_check(const void *prepared, struct trial *trial)
{
	const struct hmac *hmac = prepared;
	struct template_fill fill = scheme_fill(trial);
	struct window window = scheme_window(trial);
	struct template_reading reading;
	enum trust_verdict verdict = template_read(&hmac->template, &fill, &window, &reading, &trial->note);

	if (verdict != TRUST_OK || template_match(&hmac->template, &reading, hmac->secrets.v, hmac->secrets.n))
		return verdict;
	trial->note = "no secret of this sender made the signature";
	return TRUST_WRONG;
}

static int sign(const struct sign_order *order, const struct template *t, const struct template_fill *fill, struct buf *lines,
		struct err *err)
{
	const char *secret = sign_secret(order, err);

	return secret ? template_sign(t, fill, (struct span){ secret, strlen(secret) }, lines, err) : -1;
}

int hmac_make(const struct sign_order *order, struct buf *lines, struct err *err)
{
	return sign_template(order, sign, lines, err);
}
