/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "keys/metadata.h"

#include <string.h>
#include <strings.h>
#include "event/json.h"
#include "event/uri.h"

/* A member that is a string without a NUL, else null. */
static const char *text_of(struct json_object *doc, const char *name)
{
	struct json_object *value;
	const char *text;
	size_t len;

	if (!json_member(doc, name, &value))
		return NULL;
	text = json_string(value, &len);
	return text && strlen(text) == len ? text : NULL;
}

static bool is_https(const char *url)
{
	return strncasecmp(url, "https://", 8) == 0 && url[8] && !strchr("/?#", url[8]) && uri_valid(url);
}

static const char *judge(struct pool *pool, struct json_object *doc, const char *issuer, struct err *err)
{
	const char *name = text_of(doc, "issuer"), *uri = text_of(doc, "jwks_uri");

	if (!name)
		err_set(err, "they do not name an issuer");
	else if (strcmp(name, issuer) != 0)
		err_set(err, "they are of issuer %.200s, not %.200s", name, issuer);
	else if (!uri)
		err_set(err, "they have no jwks_uri");
	else if (!is_https(uri))
		err_set(err, "their jwks_uri %.200s is not an https URL", uri);
	else
		return pool_str(pool, uri);
	return NULL;
}

const char *metadata_jwks_uri(struct pool *pool, const void *p, size_t len, const char *issuer, struct err *err)
{
	struct faults faults = { .pool = pool };
	struct json_object *doc = NULL;
	const char *uri;

	if (json_parse(p, len, &doc, &faults) < 0) {
		err_set(err, "they are not JSON: %.300s", faults.n ? faults.v[0].reason : "");
		return NULL;
	}
	uri = judge(pool, doc, issuer, err);
	json_drop(&doc);
	return uri;
}
