/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "cli/keys_view.h"

#include <stdlib.h>
#include "base/clock.h"
#include "trust/issuers.h"

static const char *kind_of(const struct conf_issuer *issuer)
{
	if (issuer->introspection)
		return "introspection";
	return issuer->discovery ? "discovery" : issuer->jwks.text ? "file" : "jwks";
}

bool keys_view_fetched(const struct keys_view *v)
{
	return conf_issuer_fetches(v->issuer) && !v->issuer->introspection;
}

static void load_fetched(const struct conf *conf, struct pool *pool, struct keys_view *v)
{
	struct err err = {{0}};
	size_t len;
	char *text = v->note.fetched_s ? shelf_keys(conf, v->issuer, &len, &err) : NULL;

	if (text)
		v->keys = jwks_parse(text, len, false, &err);
	free(text);
	if (v->keys)
		v->until_ms = issuer_keys_until_ms(v->issuer, v->note.fetched_s, v->note.due_s, v->note.error_since_s);
	else
		v->why = v->note.fetched_s ? pool_str(pool, err.text) : "none were fetched yet";
	v->usable = v->keys && clock_wall_ms() <= v->until_ms;
}

void keys_view_load(const struct conf *conf, const struct conf_issuer *issuer, struct pool *pool, struct keys_view *out)
{
	struct err err;

	*out = (struct keys_view){ .issuer = issuer, .kind = kind_of(issuer), .usable = true };
	if (conf_issuer_fetches(issuer))
		shelf_note(conf, issuer, &out->note);
	if (keys_view_fetched(out)) {
		load_fetched(conf, pool, out);
	} else if (issuer->jwks.text) {
		out->keys = jwks_read(issuer->jwks.text, &err);
		out->usable = out->keys != NULL;
		if (!out->keys)
			out->why = pool_str(pool, err.text);
	}
}

void keys_view_free(struct keys_view *v)
{
	note_free(&v->note);
	if (v->keys)
		jwks_free(&v->keys);
}

const char *jwk_kind_name(const struct jwk *jwk)
{
	static const char *const kinds[] = {
		[KEY_RSA] = "RSA", [KEY_P256] = "P-256", [KEY_P384] = "P-384", [KEY_ED25519] = "Ed25519"
	};

	return jwk->alg != ALG_NONE ? alg_name(jwk->alg) : kinds[key_kind(jwk->key)];
}
