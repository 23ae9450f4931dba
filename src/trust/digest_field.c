/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "trust/digest_field.h"

#include <string.h>
#include <strings.h>
#include "event/base64.h"
#include "trust/field.h"
#include "trust/sfv.h"

static const struct row {	/* of the registry (RFC 9530 7.2), those that are "Active" */
	const char *name, *old;
	enum hash hash;
} rows[] = {
	{ "sha-256", "SHA-256", HASH_SHA256 },
	{ "sha-512", "SHA-512", HASH_SHA512 },
};
#define ROWS (sizeof rows / sizeof *rows)

static bool fail(const char **why, const char *text)
{
	*why = text;
	return false;
}

static bool is_digest(const struct message *m, enum hash hash, const void *p, size_t len)
{
	unsigned char digest[HASH_MAX];

	if (len != hash_len(hash))
		return false;
	hash_spans(hash, &(struct span){ m->body, m->body_len }, 1, digest);
	return bytes_equal(digest, p, len);
}

static bool content_right(struct pool *pool, const struct message *m, const char *value, const char **why)
{
	struct sfv field;
	size_t n = 0;

	if (!sfv_read(pool, SFV_DICTIONARY, value, &field, why))
		return false;
	if (field.repeated)
		return fail(why, "Content-Digest has something twice");
	for (size_t i = 0; i < ROWS; i++) {
		const struct sfv_member *member = sfv_find(&field, rows[i].name);

		if (!member)
			continue;
		if (member->inner || member->item.bare.type != SFV_BYTES)
			return fail(why, "a digest in Content-Digest is no byte sequence");
		if (!is_digest(m, rows[i].hash, member->item.bare.p, member->item.bare.len))
			return fail(why, "Content-Digest is not the body's");
		n++;
	}
	return n || fail(why, "Content-Digest has neither sha-256 nor sha-512");
}

static size_t old_row(const char *name, size_t len)
{
	size_t i = 0;

	while (i < ROWS && (strlen(rows[i].old) != len || strncasecmp(name, rows[i].old, len) != 0))
		i++;
	return i;
}

/* NAME=BASE64, NAME=... (RFC 3230 4.3.2). An algorithm counts once, so that a list cannot have the body hashed over and
 * over. */
static bool list_right(struct pool *pool, const struct message *m, const char *value, const char **why)
{
	char *list = pool_str(pool, value), *rest;
	unsigned seen = 0;

	for (char *one = strtok_r(list, ", \t", &rest); one; one = strtok_r(NULL, ", \t", &rest)) {
		const char *equals = strchr(one, '=');
		size_t row = equals ? old_row(one, (size_t)(equals - one)) : ROWS, len = equals ? strlen(equals + 1) : 0;
		unsigned char *bytes = pool_alloc(pool, BASE64_DECODED(len) + 1);

		if (!equals || equals == one)
			return fail(why, "Digest is not a list of NAME=VALUE");
		if (row == ROWS)
			continue;
		if (seen & 1u << row)
			return fail(why, "Digest has an algorithm twice");
		seen |= 1u << row;
		if (!base64_decode(equals + 1, len, bytes, &len) || !is_digest(m, rows[row].hash, bytes, len))
			return fail(why, "Digest is not the body's");
	}
	return seen || fail(why, "Digest has neither SHA-256 nor SHA-512");
}

bool digest_field_right(struct pool *pool, enum digest_form form, const struct message *m, const char **why)
{
	const char *value = field_value(pool, m, form == DIGEST_CONTENT ? "content-digest" : "digest");

	if (!value)
		return fail(why, form == DIGEST_CONTENT ? "there is no Content-Digest" : "there is no Digest");
	if (strlen(value) > SFV_LEN_MAX)
		return fail(why, "the digest is too long");
	return form == DIGEST_CONTENT ? content_right(pool, m, value, why) : list_right(pool, m, value, why);
}

void digest_field_put(enum digest_form form, enum hash hash, const void *body, size_t len, struct buf *out)
{
	const struct row *row = &rows[hash == HASH_SHA512];
	unsigned char digest[HASH_MAX];

	hash_spans(row->hash, &(struct span){ body, len }, 1, digest);
	buf_fmt(out, "%s=%s", form == DIGEST_CONTENT ? row->name : row->old, form == DIGEST_CONTENT ? ":" : "");
	base64_encode(out, digest, hash_len(row->hash));
	buf_str(out, form == DIGEST_CONTENT ? ":" : "");
}
