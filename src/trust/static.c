/* SPDX-License-Identifier: EUPL-1.2
 * Secrets that are sent as they are. Only their digests are kept, and digests are compared, all of them, so that
 * time tells nothing. */
#include "config.h"
#include "trust/proof.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "event/base64.h"
#include "event/digest.h"
#include "event/json.h"

struct digests {
	size_t n;
	unsigned char v[][SHA256_LEN];
};

typedef void digest_value(const char *value, unsigned char out[SHA256_LEN]);

/* An empty secret would let in whoever sends an empty header. */
static struct digests *prepare(const struct secret *secret, digest_value *digest)
{
	struct digests *all = mem_alloc(sizeof *all + secret->n * SHA256_LEN);

	for (size_t i = 0; i < secret->n; i++)
		if (*secret->values[i])
			digest(secret->values[i], all->v[all->n++]);
	return all;
}

static bool known(const struct digests *all, const unsigned char digest[SHA256_LEN])
{
	bool found = false;

	for (size_t i = 0; i < all->n; i++)
		found = digest_equal(digest, all->v[i], SHA256_LEN) || found;
	return found;
}

static enum trust_verdict verdict(struct trial *trial, bool right, const char *why)
{
	trial->why = right ? NULL : why;
	return right ? TRUST_OK : TRUST_WRONG;
}

static enum trust_verdict missing(struct trial *trial, const char *why)
{
	trial->why = why;
	return TRUST_MISSING;
}

static void digest_plain(const char *value, unsigned char out[SHA256_LEN])
{
	digest_sha256(out, value, strlen(value));
}

/* ---- Authorization, whole ---- */

/* One spelling of Bearer for what is the same credential. */
static void digest_authorization(const char *value, unsigned char out[SHA256_LEN])
{
	const char *token = bearer_token(value);
	char *plain;

	if (!token || (strncmp(value, "Bearer ", 7) == 0 && token == value + 7)) {
		digest_plain(value, out);
		return;
	}
	plain = str_fmt("Bearer %s", token);
	digest_plain(plain, out);
	explicit_bzero(plain, strlen(plain));
	free(plain);
}

static bool authorization_set(const struct conf_sender *sender)
{
	return sender->authorization.n > 0;
}

static void *authorization_prepare(const struct workshop *workshop, const struct conf_sender *sender, struct err *err)
{
	(void)workshop;
	(void)err;
	return prepare(&sender->authorization, digest_authorization);
}

static enum trust_verdict authorization_check(const void *prepared, struct trial *trial)
{
	unsigned char digest[SHA256_LEN];

	if (trial->query_token) {
		char *value = str_fmt("Bearer %s", trial->query_token);

		digest_plain(value, digest);
		explicit_bzero(value, strlen(value));
		free(value);
		return verdict(trial, known(prepared, digest), "The access_token is not accepted here.");
	}
	if (!trial->repeated && !trial->authorization)
		return missing(trial, "The Authorization header is missing.");
	if (!trial->repeated)
		digest_authorization(trial->authorization, digest);
	return verdict(trial, !trial->repeated && known(prepared, digest), "The value of the Authorization header is not accepted here.");
}

const struct proof proof_authorization = { "authorization", authorization_set, authorization_prepare, free, authorization_check, false };

/* ---- Basic (RFC 7617) ---- */

static bool basic_set(const struct conf_sender *sender)
{
	return sender->basic.n > 0;
}

static void *basic_prepare(const struct workshop *workshop, const struct conf_sender *sender, struct err *err)
{
	(void)workshop;
	(void)err;
	return prepare(&sender->basic, digest_plain);
}

static enum trust_verdict basic_check(const void *prepared, struct trial *trial)
{
	const char *digits = trial->authorization;
	unsigned char digest[SHA256_LEN], *pair;
	bool right = false;
	size_t len;

	if (!trial->repeated && !digits)
		return missing(trial, "The Authorization header is missing.");
	if (!trial->repeated && strncasecmp(digits, "Basic ", 6) == 0) {
		digits += 6 + strspn(digits + 6, " ");
		pair = mem_alloc(BASE64_DECODED(strlen(digits)) + 1);
		if (base64_decode(digits, strlen(digits), pair, &len) && len) {
			digest_sha256(digest, pair, len);
			right = known(prepared, digest);
		}
		explicit_bzero(pair, BASE64_DECODED(strlen(digits)) + 1);
		free(pair);
	}
	return verdict(trial, right, "The value of the Authorization header is not accepted here.");
}

const struct proof proof_basic = { "basic", basic_set, basic_prepare, free, basic_check, false };

/* ---- a key in a header of its own ---- */

static bool api_key_set(const struct conf_sender *sender)
{
	return sender->api_key.n > 0;
}

static void *api_key_prepare(const struct workshop *workshop, const struct conf_sender *sender, struct err *err)
{
	(void)workshop;
	(void)err;
	return prepare(&sender->api_key, digest_plain);
}

static enum trust_verdict api_key_check(const void *prepared, struct trial *trial)
{
	const char *header = trial->sender->api_key_header;
	unsigned char digest[SHA256_LEN];
	size_t n;
	const char *value = message_header(trial->request->m, header, &n);

	if (!value || (n == 1 && !*value))
		return missing(trial, pool_fmt(trial->request->pool, "The header %s is missing.", header));
	digest_plain(value, digest);
	return verdict(trial, n == 1 && known(prepared, digest),
		       pool_fmt(trial->request->pool, "The value of the header %s is not accepted here.", header));
}

const struct proof proof_api_key = { "api_key", api_key_set, api_key_prepare, free, api_key_check, false };

/* ---- clientState of Microsoft Graph ---- */

static bool client_state_set(const struct conf_sender *sender)
{
	return sender->client_state.n > 0;
}

static void *client_state_prepare(const struct workshop *workshop, const struct conf_sender *sender, struct err *err)
{
	(void)workshop;
	(void)err;
	return prepare(&sender->client_state, digest_plain);
}

/* Each item of /value has to have it. */
static bool items_known(const struct digests *all, struct json_object *doc)
{
	struct json_object *value, *item, *state;
	bool right = true;
	size_t i = 0;

	if (!json_member(doc, "value", &value))
		return false;
	for (; json_element(value, i, &item); i++) {
		unsigned char digest[SHA256_LEN];
		const char *text = NULL;
		size_t len = 0;

		if (json_member(item, "clientState", &state))
			text = json_string(state, &len);
		digest_sha256(digest, text ? text : "", len);
		right = known(all, digest) && right;
	}
	return i && right;
}

static enum trust_verdict client_state_check(const void *prepared, struct trial *trial)
{
	struct faults faults = { .pool = trial->request->pool };
	const struct message *m = trial->request->m;
	struct json_object *doc = NULL;
	bool right;

	if (!m->body_len)
		return missing(trial, "There is no clientState.");
	right = json_parse(m->body, m->body_len, &doc, &faults) == 0 && items_known(prepared, doc);
	json_drop(&doc);
	return verdict(trial, right, "The clientState is not accepted here.");
}

const struct proof proof_client_state = { "client_state", client_state_set, client_state_prepare, free, client_state_check, true };
