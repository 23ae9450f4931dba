/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "cli/material.h"

#include <stdlib.h>
#include <string.h>
#include "base/sock.h"
#include "conf/conf.h"

#define FILE_MAX (64u << 10)

struct key *material_key(const char *path, struct err *err)
{
	struct err why;
	const char *rest;
	size_t len;
	char *text = file_read(path, FILE_MAX, &len, err);
	struct key *key;

	if (!text)
		return NULL;
	key = key_pem(text, true, &rest, &why);
	if (!key)
		err_set(err, "there is no private key to be had from %s: %s", path, *why.text ? why.text : "it has none in PEM");
	explicit_bzero(text, len);
	free(text);
	return key;
}

struct cert *material_cert(const char *path, struct err *err)
{
	struct pool *pool = pool_new();
	size_t len;
	char *text = file_read(path, FILE_MAX, &len, err);
	struct cert *cert = text ? cert_read(pool, text) : NULL;

	if (text && !cert)
		err_set(err, "there is no certificate in PEM in %s", path);
	if (text)
		explicit_bzero(text, len);
	free(text);
	pool_free(&pool);
	return cert;
}

const char *material_ref(struct pool *pool, const char *option, const char *value, struct err *err)
{
	if (*value == '@' && value[1])
		return pool_fmt(pool, "file:%s", value + 1);
	if ((strncmp(value, "file:", 5) == 0 && value[5]) || (strncmp(value, "env:", 4) == 0 && value[4]))
		return pool_str(pool, value);
	err_set(err, "%s takes @FILE or env:NAME, not the secret itself: other users could read it in the list of processes", option);
	return NULL;
}

const char *material_secret(struct pool *pool, const char *option, const char *value, struct err *err)
{
	struct secret secret = { .ref = material_ref(pool, option, value, err) };

	return secret.ref && conf_secret(pool, &secret, err) == 0 ? secret.values[0] : NULL;
}
