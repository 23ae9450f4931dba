/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "cli/jwt.h"

#include <inttypes.h>
#include <string.h>
#include "base/die.h"
#include "base/words.h"
#include "cli/jot.h"
#include "event/base64.h"
#include "trust/jws.h"

#define CLAIMS_OURS 16

struct jwt jwt_new(struct pool *pool, size_t more)
{
	size_t room = CLAIMS_OURS + more;

	return (struct jwt){ .pool = pool, .typ = "JWT", .claims = pool_alloc(pool, room * sizeof(struct draft_attr)), .room = room };
}

static void put(struct jwt *jwt, struct draft_attr claim)
{
	size_t i = 0;

	while (i < jwt->n && strcmp(jwt->claims[i].name, claim.name) != 0)
		i++;
	must(i < jwt->room);
	jwt->claims[i] = claim;
	jwt->n += i == jwt->n;
}

void jwt_text(struct jwt *jwt, const char *name, const char *value)
{
	put(jwt, (struct draft_attr){ name, value, false });
}

void jwt_json(struct jwt *jwt, const char *name, const char *json)
{
	put(jwt, (struct draft_attr){ name, json, true });
}

static void put_time(struct jwt *jwt, const char *name, int64_t ms)
{
	jwt_json(jwt, name, pool_fmt(jwt->pool, "%" PRId64, ms / 1000));
}

void jwt_times(struct jwt *jwt, int64_t iat_ms, int64_t lifetime_ms)
{
	put_time(jwt, "iat", iat_ms);
	if (lifetime_ms != JWT_ENDLESS)
		put_time(jwt, "exp", iat_ms + lifetime_ms);
}

void jwt_zgw(struct jwt *jwt, const char *client_id, int64_t iat_ms, int64_t lifetime_ms)
{
	jwt_text(jwt, "iss", client_id);
	jwt_times(jwt, iat_ms, lifetime_ms);
	jwt_text(jwt, "client_id", client_id);
	jwt_text(jwt, "user_id", "");
	jwt_text(jwt, "user_representation", "");
}

static const char *first_word(struct pool *pool, const char *words)
{
	size_t len;
	const char *word = words_next(&words, &len);

	return pool_strn(pool, word ? word : "", len);
}

static const char *joined(struct pool *pool, const char *words)
{
	struct buf text = {0};
	const char *all, *word;
	size_t len;

	while ((word = words_next(&words, &len)))
		buf_fmt(&text, "%s%.*s", text.len ? " " : "", (int)len, word);
	all = pool_str(pool, text.p ? text.p : "");
	buf_free(&text);
	return all;
}

void jwt_of_issuer(struct jwt *jwt, const struct conf_issuer *issuer, const struct conf_sender *sender)
{
	const char *client = sender->clients ? first_word(jwt->pool, sender->clients) : NULL;

	if (issuer->at_jwt)
		jwt->typ = "at+jwt";
	if (issuer->issuer)
		jwt_text(jwt, "iss", issuer->issuer);
	if (issuer->audience && strcmp(issuer->audience, "none") != 0)
		jwt_text(jwt, "aud", first_word(jwt->pool, issuer->audience));
	jwt_text(jwt, "sub", client ? client : sender->name);
	if (client)
		jwt_text(jwt, "client_id", client);
	if (sender->scopes)
		jwt_text(jwt, "scope", joined(jwt->pool, sender->scopes));
}

void jwt_bind(struct jwt *jwt, const struct cert *cert)
{
	unsigned char thumbprint[32];
	struct buf json = {0};

	cert_thumbprint(cert, thumbprint);
	buf_str(&json, "{\"x5t#S256\":\"");
	base64url_encode(&json, thumbprint, sizeof thumbprint);
	buf_str(&json, "\"}");
	jwt_json(jwt, "cnf", pool_str(jwt->pool, json.p));
	buf_free(&json);
}

enum alg jwt_alg(const struct key *key, const char *algorithms)
{
	const char *at = algorithms ? algorithms : "RS256 ES256 ES384 EdDSA", *word;
	size_t len;

	while ((word = words_next(&at, &len))) {
		enum alg alg = alg_find(word, len);

		if (alg != ALG_NONE && alg != ALG_HS256 && key_fits(key_kind(key), alg))
			return alg;
	}
	return ALG_NONE;
}

static void put_header(const struct jwt *jwt, struct buf *out)
{
	jot_begin(out, NULL, '{');
	jot_text(out, "alg", alg_name(jwt->alg));
	jot_text(out, "typ", jwt->typ);
	if (jwt->kid)
		jot_text(out, "kid", jwt->kid);
	jot_end(out, '}');
}

static void put_claims(const struct jwt *jwt, struct buf *out)
{
	jot_begin(out, NULL, '{');
	for (size_t i = 0; i < jwt->n; i++) {
		const struct draft_attr *claim = &jwt->claims[i];

		if (claim->json)
			jot_raw(out, claim->name, claim->value, strlen(claim->value));
		else
			jot_text(out, claim->name, claim->value);
	}
	jot_end(out, '}');
}

int jwt_make(const struct jwt *jwt, struct buf *out, struct err *err)
{
	struct buf header = {0}, claims = {0};
	struct span payload;
	int rc;

	put_header(jwt, &header);
	put_claims(jwt, &claims);
	payload = (struct span){ claims.p, claims.len };
	rc = jws_make(&(struct jws_make){ .header = header.p, .alg = jwt->alg, .key = jwt->key, .payload = &payload, .n = 1,
					  .secret = { jwt->secret, jwt->secret ? strlen(jwt->secret) : 0 } }, out, err);
	buf_free(&header);
	buf_free(&claims);
	return rc;
}
