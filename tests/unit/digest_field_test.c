/* SPDX-License-Identifier: EUPL-1.2
 * Digests in headers are the body's, by an algorithm that counts, or the header is refused. */
#include "config.h"
#include "unit.h"

#include "event/json.h"
#include "base/sock.h"
#include "trust/digest_field.h"

#define HELLO "{\"hello\": \"world\"}"
#define S256 "X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="
#define S512 "WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew=="
#define WRONG "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="	/* of an empty body */

/* Null: it is right; else why not. */
static const char *wrong(enum digest_form form, const char *one, const char *two, const char *body)
{
	const char *name = form == DIGEST_CONTENT ? "content-digest" : "digest";
	struct attr headers[] = { { "x", "y" }, { name, one }, { name, two } };
	struct message m = { .headers = headers, .n_headers = two ? 3 : one ? 2 : 1, .body = (const unsigned char *)body,
			     .body_len = strlen(body) };
	struct pool *pool = pool_new();
	const char *why = NULL;
	bool right = digest_field_right(pool, form, &m, &why);

	pool_free(&pool);
	ck_assert(right || why);
	return right ? NULL : why;
}

struct row {
	const char *one, *two;
	const char *why;		/* part of it; null: it is right */
};

static void check_rows(enum digest_form form, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *why = wrong(form, rows[i].one, rows[i].two, HELLO);

		ck_assert_msg(rows[i].why ? why && strstr(why, rows[i].why) : !why, "row %zu: %s", i, why ? why : "right");
	}
}

START_TEST(content_digest)
{
	static const struct row rows[] = {
		{ "sha-256=:" S256 ":", NULL, NULL }, { "sha-512=:" S512 ":", NULL, NULL },
		{ "sha-256=:" S256 ":, sha-512=:" S512 ":", NULL, NULL }, { "sha-256=:" S256 ":", "sha-512=:" S512 ":", NULL },
		{ "md5=:Sd/dVLAcvNLSq16eXua5uQ==:, sha-256=:" S256 ":;x=1", NULL, NULL }, { "other=(1 2), sha-256=:" S256 ":", NULL, NULL },
		{ NULL, NULL, "there is no" }, { "", NULL, "neither" }, { "md5=:Sd/dVLAcvNLSq16eXua5uQ==:", NULL, "neither" },
		{ "sha-256=:" WRONG ":", NULL, "not the body's" }, { "sha-256=:" S256 ":, sha-512=:" S256 ":", NULL, "not the body's" },
		{ "sha-256=:" WRONG ":, sha-512=:" S512 ":", NULL, "not the body's" }, { "sha-256=::", NULL, "not the body's" },
		{ "sha-256=:X48E:", NULL, "not the body's" }, { "sha-256=" S256, NULL, "behind a member" }, { "sha-256=\"" S256 "\"", NULL, "no byte" },
		{ "sha-256=(:" S256 ":)", NULL, "no byte" }, { "sha-256", NULL, "no byte" }, { "SHA-256=:" S256 ":", NULL, "small letter" },
		{ "sha-256=:" S256 ":", "sha-256=:" S256 ":", "twice" }, { "sha-256=:" WRONG ":", "sha-256=:" S256 ":", "twice" },
		{ "sha-256=:" S256 ":;a;a", NULL, "twice" }, { "sha-256=:" S256 ":,", NULL, "last comma" },
	};

	check_rows(DIGEST_CONTENT, rows, sizeof rows / sizeof *rows);
}
END_TEST

START_TEST(digest_of_rfc_3230)
{
	static const struct row rows[] = {
		{ "SHA-256=" S256, NULL, NULL }, { "sha-256=" S256, NULL, NULL }, { "Sha-512=" S512, NULL, NULL },
		{ "SHA-256=" S256 ",SHA-512=" S512, NULL, NULL }, { "MD5=Sd/dVLAcvNLSq16eXua5uQ== ,\tSHA-256=" S256 " ", NULL, NULL },
		{ "UNIXsum=30637, SHA-256=" S256, NULL, NULL }, { "SHA-256=" S256, "SHA-512=" S512, NULL },
		{ NULL, NULL, "there is no" }, { "", NULL, "neither" }, { "MD5=Sd/dVLAcvNLSq16eXua5uQ==", NULL, "neither" },
		{ "id-sha-256=" S256, NULL, "neither" }, { "SHA=x", NULL, "neither" }, { S256, NULL, "neither" },
		{ "SHA-256=" WRONG, NULL, "not the body's" }, { "SHA-256=" S256 ", SHA-512=" S256, NULL, "not the body's" },
		{ "SHA-256=:" S256 ":", NULL, "not the body's" }, { "SHA-256=", NULL, "not the body's" }, { "SHA-256", NULL, "NAME=VALUE" },
		{ "=" S256, NULL, "NAME=VALUE" }, { "SHA-256 =" S256, NULL, "NAME=VALUE" },
		{ "SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE", NULL, "not the body's" },
		{ "SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPF=", NULL, "not the body's" },
		{ "SHA-256=" S256 ", sha-256=" S256, NULL, "twice" }, { "SHA-256=" WRONG, "SHA-256=" S256, "not the body's" },
	};

	check_rows(DIGEST_OLD, rows, sizeof rows / sizeof *rows);
}
END_TEST

START_TEST(too_long_is_refused)
{
	struct buf long_one = { 0 };

	buf_str(&long_one, "sha-256=:" S256 ":");
	while (long_one.len < 20000)
		buf_str(&long_one, ";a=b");
	ck_assert_str_eq(wrong(DIGEST_CONTENT, long_one.p, NULL, HELLO), "the digest is too long");
	ck_assert_str_eq(wrong(DIGEST_OLD, long_one.p, NULL, HELLO), "the digest is too long");
	buf_free(&long_one);
}
END_TEST

START_TEST(what_is_made_is_right)
{
	static const char *const bodies[] = { "", "x", HELLO };

	for (size_t i = 0; i < 3; i++)
		for (int form = DIGEST_CONTENT; form <= DIGEST_OLD; form++)
			for (enum hash hash = HASH_SHA256; hash <= HASH_SHA512; hash += HASH_SHA512 - HASH_SHA256) {
				struct buf value = { 0 };

				digest_field_put((enum digest_form)form, hash, bodies[i], strlen(bodies[i]), &value);
				ck_assert_ptr_null(wrong((enum digest_form)form, value.p, NULL, bodies[i]));
				ck_assert_ptr_nonnull(wrong((enum digest_form)form, value.p, NULL, "other"));
				buf_free(&value);
			}
}
END_TEST

static void check_vector(struct json_object *vector)
{
	struct json_object *value;
	bool content = json_at(vector, "/headers/Content-Digest", &value);
	const char *header, *body, *expect, *why;

	if (!content)
		ck_assert(json_at(vector, "/headers/Digest", &value));
	header = json_text(value);
	ck_assert(json_at(vector, "/body", &value));
	body = json_text(value);
	ck_assert(json_at(vector, "/expect", &value));
	expect = json_text(value);
	why = wrong(content ? DIGEST_CONTENT : DIGEST_OLD, header, NULL, body);
	ck_assert_msg(!why == (strcmp(expect, "valid") == 0), "%s: %s", header, why ? why : "right");
}

START_TEST(published_vectors)
{
	char *path = str_fmt("%s/../shared/cases/signature_vectors.json", getenv("srcdir") ? getenv("srcdir") : ".");
	struct faults faults = { .pool = pool_new() };
	struct json_object *doc, *vector, *scheme;
	struct err err;
	size_t len, n = 0;
	char *text = file_read(path, 1 << 20, &len, &err);

	if (text) {
		ck_assert(json_parse(text, len, &doc, &faults) == 0);
		for (int i = 0; json_at(doc, pool_fmt(faults.pool, "/vectors/%d", i), &vector); i++)
			if (json_member(vector, "scheme", &scheme) && strstr(json_text(scheme), "digest")) {
				check_vector(vector);
				n++;
			}
		ck_assert_uint_eq(n, 5);
		json_drop(&doc);
	}
	free(text);
	free(path);
	pool_free(&faults.pool);
}
END_TEST

UNIT_MAIN("digest_field", content_digest, digest_of_rfc_3230, too_long_is_refused, what_is_made_is_right, published_vectors)
