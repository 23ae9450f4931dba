/* SPDX-License-Identifier: EUPL-1.2
 * What was fetched from issuers, in state_dir/keys, where receivers read it: ISSUER.jwks is the set exactly as it was
 * received, ISSUER.json the note about it. Each is replaced as a whole. */
#ifndef KEYS_SHELF_H
#define KEYS_SHELF_H

#include "conf/conf.h"

/* In JSON: {"fetched":N,"due":N,"url":"...","etag":"...","error":"...","error_since":N}; what is not known is null. */
struct note {			/* {0}; its texts are its own */
	int64_t fetched_s;	/* since 1970: the last success, also one that brought nothing new */
	int64_t due_s;		/* when it is fetched again */
	char *url;		/* of the setting jwks, discovery or introspection that it was fetched by */
	char *etag;
	char *error;		/* why the last try failed; null: it did not */
	int64_t error_since_s;	/* the first of the failures in a row */
};
void note_free(struct note *note);
void note_set(char **text, const char *value);	/* a copy, or null */
/* The URL of the setting by which an issuer is asked; null: its keys are in a file. */
const char *issuer_url(const struct conf_issuer *issuer);

/* Makes the directory, for the group to read. */
int shelf_make(const struct conf *conf, struct err *err);
/* Empty when there is none, none that is sound, or one that is about another URL. */
void shelf_note(const struct conf *conf, const struct conf_issuer *issuer, struct note *out);
int shelf_put_note(const struct conf *conf, const struct conf_issuer *issuer, const struct note *note, struct err *err);
/* The set, for the caller to free; null with err: there is none. */
char *shelf_keys(const struct conf *conf, const struct conf_issuer *issuer, size_t *len, struct err *err);
int shelf_put_keys(const struct conf *conf, const struct conf_issuer *issuer, const void *p, size_t len, struct err *err);

/* The file behind it, for the caller to free: "jwks" or "json". */
char *shelf_path(const struct conf *conf, const struct conf_issuer *issuer, const char *suffix);

#endif
