/* SPDX-License-Identifier: EUPL-1.2
 * Message signatures that are not believed for their time, keys, algorithms, labels or shape: each attack by itself, and
 * that it is refused for what it is. */
#include "config.h"
#include "httpsig_rig.h"

#include "keys.h"

/* ---- time ---- */

static void at(struct rig *r, const char *params)
{
	r->m.n_headers = 2;
	rig_add(r, "content-digest", DIGEST);
	rig_sign_input(r, "sig1", pool_fmt(r->pool, ALL "%s", params));
}

ATTACK(created_is_missing)
{
	at(r, "");
	rig_refused(r, "does not say when");
	at(r, ";created=1700000000.0");
	rig_refused(r, "not of its type");
	at(r, ";created=\"1700000000\"");
	rig_refused(r, "not of its type");
	at(r, ";created=@1700000000");
	rig_refused(r, "not of its type");
}

ATTACK(replayed_outside_the_window)
{
	at(r, ";created=1699999700");
	rig_good(r);
	at(r, ";created=1699999699");
	rig_refused(r, "too old");
	at(r, ";created=-999999999999999");
	rig_refused(r, "too old");
}

ATTACK(created_in_the_future)
{
	at(r, ";created=1700000300");
	rig_good(r);
	at(r, ";created=1700000301");
	rig_refused(r, "in the future");
	at(r, ";created=999999999999999");
	rig_refused(r, "in the future");
}

ATTACK(expired)
{
	at(r, ";created=1700000000;expires=1700000000");
	rig_good(r);
	at(r, ";created=1699999990;expires=1699999999");
	rig_refused(r, "expired");
	at(r, ";created=1699999990;expires=?1");
	rig_refused(r, "not of its type");
}

ATTACK(any_time_where_that_is_configured)
{
	r->rules.max_age_ms = 0;
	at(r, ";created=1");
	rig_good(r);
	at(r, "");
	rig_good(r);
	at(r, ";expires=1");
	rig_refused(r, "expired");
}

/* ---- keys and algorithms ---- */

ATTACK(another_secret)
{
	rig_sign(r);
	r->keys[0].secret = (struct span){ "een geheim van 32 tekens of meeR", 32 };
	rig_refused(r, "the signature is wrong");
	r->keys[0].secret.len = 0;
	rig_refused(r, "the signature is wrong");
}

/* An empty secret is none, also where the signature was made with it. */
ATTACK(an_empty_secret)
{
	r->keys[0].secret.len = 0;
	r->make.key = r->keys[0];
	at(r, NOW);
	rig_refused(r, "the signature is wrong");
}

ATTACK(secrets_rotate)
{
	rig_sign(r);
	r->keys[1] = r->keys[0];
	r->keys[0].secret = (struct span){ "een ander geheim van 32 tekens..", 32 };
	r->set.n = 2;
	rig_good(r);
	r->set.n = 1;
	rig_refused(r, "the signature is wrong");
	r->set.n = 0;
	rig_refused(r, "its key is not known");
}

ATTACK(keyid_names_another_key)
{
	r->keys[0].kid = r->make.key.kid = "een";
	r->keys[1] = r->keys[0];
	r->keys[1].kid = "twee";
	r->keys[1].secret = (struct span){ "een ander geheim van 32 tekens..", 32 };
	r->set.n = 2;
	rig_sign(r);
	rig_good(r);
	r->keys[0].kid = "twee";
	r->keys[1].kid = "een";
	rig_refused(r, "the signature is wrong");
}

ATTACK(keyid_is_not_known)
{
	r->make.key.kid = "een";
	r->keys[0].kid = "twee";
	rig_sign(r);
	ck_assert_int_eq(rig_judge(r), HTTPSIG_NO_KEY);
	r->keys[0].kid = NULL;		/* keys without names: it is only a hint */
	rig_good(r);
}

ATTACK(one_of_several_names_a_key_that_is_not_known)
{
	r->keys[0].kid = "een";
	rig_add(r, "content-digest", DIGEST);
	rig_sign_input(r, "sig1", "()" NOW);
	rig_sign_input(r, "sig2", ALL NOW ";keyid=\"twee\"");
	ck_assert_int_eq(rig_judge(r), HTTPSIG_NO_KEY);
	ck_assert_str_eq(r->why, "its key is not known");
}

ATTACK(keyid_is_missing)
{
	rig_sign(r);
	r->keys[0].kid = "een";
	rig_refused(r, "by which key");
}

/* Who may ask for newer keys has kept all the other rules. */
ATTACK(keyid_is_not_known_and_more_is_wrong)
{
	r->make.key.kid = "een";
	r->keys[0].kid = "twee";
	r->make.created_s -= 1000;
	rig_sign(r);
	rig_refused(r, "too old");
}

/* The text of a public key as a secret */
ATTACK(hmac_with_a_public_key)
{
	const char *rest;
	struct err err;

	r->make.key.secret = (struct span){ RSA_PUBLIC_PEM, strlen(RSA_PUBLIC_PEM) };
	rig_sign(r);
	r->keys[0] = (struct jwk){ .key = key_pem(RSA_PUBLIC_PEM, false, &rest, &err) };
	rig_refused(r, "not for the key");
	r->m.n_headers = 3;	/* and without saying alg */
	rig_sign_input(r, "sig1", ALL NOW);
	rig_refused(r, "the signature is wrong");
}

/* What makes it and what checks it, below the rules */
ATTACK(a_secret_for_another_algorithm)
{
	struct buf base = { 0 };
	unsigned char mac[HASH_MAX];

	buf_str(&base, "x");
	hmac_spans(HASH_SHA256, RIG_SECRET, strlen(RIG_SECRET), &(struct span){ "x", 1 }, 1, mac);
	ck_assert(httpsig_signed(r->keys, ALG_HS256, &base, (struct span){ mac, 32 }));
	ck_assert(!httpsig_signed(r->keys, ALG_EDDSA, &base, (struct span){ mac, 32 }));
	ck_assert(!httpsig_signed(r->keys, ALG_NONE, &base, (struct span){ mac, 32 }));
	ck_assert(!httpsig_signed(r->keys, ALG_HS256, &base, (struct span){ mac, 31 }));
	buf_free(&base);
}

ATTACK(alg_is_not_the_keys)
{
	rig_key(r, ALG_ES256, P256_PEM);
	at(r, NOW ";alg=\"ecdsa-p256-sha256\"");
	rig_good(r);
	at(r, NOW ";alg=\"ed25519\"");
	rig_refused(r, "not for the key");
	at(r, NOW ";alg=\"hmac-sha256\"");
	rig_refused(r, "not for the key");
	at(r, NOW ";alg=\"ES256\"");
	rig_refused(r, "not for the key");
	at(r, NOW ";alg=\"none\"");
	rig_refused(r, "not for the key");
	at(r, NOW ";alg=\"\"");
	rig_refused(r, "not for the key");
	at(r, NOW ";alg=ecdsa-p256-sha256");
	rig_refused(r, "not of its type");
}

ATTACK(alg_of_the_key_is_another)
{
	rig_key(r, ALG_RS256, RSA_PEM);
	at(r, NOW ";alg=\"rsa-v1_5-sha256\"");
	rig_good(r);
	r->keys[0].alg = ALG_PS512;
	rig_refused(r, "not for the key");
	at(r, NOW);
	rig_refused(r, "the signature is wrong");
	r->keys[0].alg = ALG_RS256;
	rig_good(r);
}

ATTACK(an_algorithm_that_is_not_allowed)
{
	rig_key(r, ALG_RS256, RSA_PEM);
	rig_sign(r);
	r->rules.allowed = 1u << ALG_PS512;
	rig_refused(r, "not allowed");
	r->rules.allowed |= 1u << ALG_RS256;
	rig_good(r);
}

/* A key of RFC 7517 for an algorithm that RFC 9421 does not have */
ATTACK(a_key_for_no_algorithm_here)
{
	rig_key(r, ALG_PS512, RSA_PEM);
	rig_sign(r);
	r->keys[0].alg = ALG_PS256;
	rig_refused(r, "not for the key");
}

ATTACK(the_signature_of_another_message)
{
	const char *signature;

	rig_key(r, ALG_EDDSA, ED25519_PEM);
	rig_sign(r);
	signature = *rig_header(r, "signature");
	at(r, ";created=1700000001;alg=\"ed25519\"");
	rig_good(r);
	*rig_header(r, "signature") = signature;
	rig_refused(r, "the signature is wrong");
}

ATTACK(parameters_are_signed)
{
	at(r, NOW ";keyid=\"a\";nonce=\"n\";expires=1700000100;x=new");
	rig_good(r);
	*rig_header(r, "signature-input") = "sig1=" ALL NOW ";keyid=\"b\";nonce=\"n\";expires=1700000100;x=new";
	rig_refused(r, "the signature is wrong");
	*rig_header(r, "signature-input") = "sig1=" ALL NOW ";keyid=\"a\";nonce=\"n\";expires=1700000200;x=new";
	rig_refused(r, "the signature is wrong");
	*rig_header(r, "signature-input") = "sig1=" ALL NOW ";nonce=\"n\";keyid=\"a\";expires=1700000100;x=new";
	rig_refused(r, "the signature is wrong");
	*rig_header(r, "signature-input") = "sig1=" ALL NOW ";  keyid=\"a\"; nonce=\"n\";expires=1700000100;x=new";
	rig_good(r);
}

/* ---- tag ---- */

ATTACK(the_tag_is_missing)
{
	r->rules.tag = "postvak";
	at(r, NOW);
	rig_refused(r, "not the tag");
	at(r, NOW ";tag=\"postvakje\"");
	rig_refused(r, "not the tag");
	at(r, NOW ";tag=postvak");
	rig_refused(r, "not of its type");
	at(r, NOW ";tag=\"postvak\"");
	rig_good(r);
	r->rules.tag = NULL;
	rig_good(r);
}

/* ---- labels ---- */

ATTACK(a_label_twice)
{
	rig_sign(r);
	rig_add(r, "signature-input", *rig_header(r, "signature-input"));
	rig_refused(r, "twice");
	r->m.n_headers--;
	rig_good(r);
	rig_add(r, "signature", *rig_header(r, "signature"));
	rig_refused(r, "twice");
}

ATTACK(a_parameter_twice)
{
	at(r, ";created=1;created=1700000000");
	rig_refused(r, "twice");
}

ATTACK(labels_that_do_not_match)
{
	rig_sign(r);
	*rig_header(r, "signature") = "sig2=:YQ==:";
	rig_refused(r, "the same labels");
}

ATTACK(a_signature_without_its_input)
{
	rig_sign(r);
	rig_add(r, "signature", "sig2=:YQ==:");
	rig_refused(r, "the same labels");
}

ATTACK(an_input_without_its_signature)
{
	rig_sign(r);
	rig_add(r, "signature-input", "sig2=();created=1700000000");
	rig_refused(r, "the same labels");
}

ATTACK(one_of_several_is_enough)
{
	rig_sign(r);
	rig_add(r, "signature-input", "sig2=();created=1700000000, sig3=1");
	rig_add(r, "signature", "sig3=:YQ==:, sig2=:YQ==:");
	rig_good(r);
	r->keys[0].secret.len = 5;
	rig_refused(r, "the signature is wrong");	/* of the first one */
}

/* The first that are there are looked at, and not the one behind them. */
ATTACK(only_so_many_labels_are_looked_at)
{
	size_t before = (rig_add(r, "content-digest", DIGEST), r->m.n_headers);

	for (size_t n = HTTPSIG_LABELS - 1; n <= HTTPSIG_LABELS; n++) {
		r->m.n_headers = before;
		for (size_t i = 0; i < n; i++) {
			rig_add(r, "signature-input", pool_fmt(r->pool, "other%zu=" ALL NOW, i));
			rig_add(r, "signature", pool_fmt(r->pool, "other%zu=:YQ==:", i));
		}
		rig_sign_input(r, "good", ALL NOW);
		ck_assert_int_eq(rig_judge(r), n < HTTPSIG_LABELS ? HTTPSIG_GOOD : HTTPSIG_BAD);
	}
}

ATTACK(shapes_that_are_none)
{
	static const struct { const char *input, *signature, *why; } rows[] = {
		{ "sig1=1", "sig1=:YQ==:", "covers nothing" }, { "sig1", "sig1=:YQ==:", "covers nothing" },
		{ "sig1=(", "sig1=:YQ==:", "missing" }, { "sig1=" ALL NOW, "sig1=\"YQ==\"", "not a byte" },
		{ "sig1=" ALL NOW, "sig1=(:YQ==:)", "not a byte" }, { "sig1=" ALL NOW, "sig1=:YQ=:", "base64" },
		{ "sig1=" ALL NOW, "sig1", "not a byte" }, { "sig1=" ALL NOW ",", "sig1=:YQ==:", "last comma" },
		{ "\"sig1\"=" ALL, "sig1=:YQ==:", "small letter" }, { "sig1=\"(a)\"", "sig1=:YQ==:", "covers nothing" },
	};

	rig_add(r, "content-digest", DIGEST);
	rig_add(r, "signature-input", "");
	rig_add(r, "signature", "");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		*rig_header(r, "signature-input") = rows[i].input;
		*rig_header(r, "signature") = rows[i].signature;
		rig_refused(r, rows[i].why);
	}
}

/* ---- size ---- */

ATTACK(oversize)
{
	struct buf many = { 0 };

	rig_sign(r);
	buf_fmt(&many, "%s, x=(", *rig_header(r, "signature-input"));
	while (many.len < SFV_LEN_MAX)
		buf_str(&many, "\"x\" ");
	buf_char(&many, ')');
	*rig_header(r, "signature-input") = many.p;
	rig_refused(r, "too long");
	buf_free(&many);
}

ATTACK(too_many_components)
{
	struct buf many = { 0 };

	rig_add(r, "content-digest", DIGEST);
	buf_str(&many, "(\"@method\" \"@authority\" \"@path\" \"content-digest\" \"content-type\"");
	for (int i = 0; i < HTTPSIG_COMPONENTS; i++)
		buf_fmt(&many, " \"content-digest\";key=\"k%d\"", i);
	buf_str(&many, ")" NOW);
	rig_sign_input(r, "sig1", many.p);
	rig_refused(r, "covers too much");
	buf_free(&many);
}

UNIT_MAIN("httpsig_key",
	  created_is_missing, replayed_outside_the_window, created_in_the_future, expired, any_time_where_that_is_configured,
	  another_secret, an_empty_secret, secrets_rotate, keyid_names_another_key, keyid_is_not_known, keyid_is_missing,
	  one_of_several_names_a_key_that_is_not_known,
	  keyid_is_not_known_and_more_is_wrong, hmac_with_a_public_key, a_secret_for_another_algorithm, alg_is_not_the_keys, alg_of_the_key_is_another,
	  an_algorithm_that_is_not_allowed, a_key_for_no_algorithm_here, the_signature_of_another_message,
	  parameters_are_signed, the_tag_is_missing, a_label_twice, a_parameter_twice, labels_that_do_not_match,
	  a_signature_without_its_input, an_input_without_its_signature, one_of_several_is_enough,
	  only_so_many_labels_are_looked_at, shapes_that_are_none, oversize, too_many_components)
