/* SPDX-License-Identifier: EUPL-1.2
 * Senders that sign with a private key. */
#ifndef TESTS_UNIT_SIGNATURE_KEYS_H
#define TESTS_UNIT_SIGNATURE_KEYS_H

#include "keys.h"
#include "signature_rig.h"
#include "trust/scheme.h"

#define RIG_SECRET "0123456789abcdef0123456789abcdef"

static inline char *rig_public(const char *pem)
{
	struct key *key = keys_private(pem);
	struct buf out = {0};

	jwk_print(key, NULL, &out);
	key_free(&key);
	return out.p;
}

/* Of a sender with the public half of that key. */
static inline struct rig rig_keyed(enum conf_signature scheme, const char *pem)
{
	struct rig rig = rig_of(scheme, NULL);
	static char *text;

	free(text);
	text = rig_public(pem);
	rig.signing.keys = (struct conf_keys){ .ref = "file:sleutel", .text = text };
	return rig;
}

static inline void rig_sign_with(struct rig *rig, const char *pem)
{
	struct key *key = keys_private(pem);

	rig_sign(rig, key);
	key_free(&key);
}

static inline const char *rig_own_header(const struct rig *rig)
{
	return scheme_header(&rig->signing);
}

/* A detached JWS with that header over that payload, put where the scheme has it. */
static inline void rig_put_jws(struct rig *rig, const char *header, enum alg alg, const char *pem, const char *payload, bool raw, bool detached)
{
	struct key *key = pem ? keys_private(pem) : NULL;
	struct span span = { payload, strlen(payload) };
	struct jws_make make = { .header = header, .alg = alg, .key = key, .secret = { RIG_SECRET, 32 }, .payload = &span, .n = 1,
				 .detached = detached, .raw = raw };
	struct buf out = {0};
	struct err err;

	ck_assert_msg(jws_make(&make, &out, &err) == 0, "%s", err.text);
	rig_pool = rig_pool ? rig_pool : pool_new();
	rig_set(rig, rig_own_header(rig), pool_str(rig_pool, out.p));
	buf_free(&out);
	key_free(&key);
}

#endif
