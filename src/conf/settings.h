/* SPDX-License-Identifier: EUPL-1.2
 * The one table of settings, and what can be done with any of them. Private to src/conf. */
#ifndef CONF_SETTINGS_H
#define CONF_SETTINGS_H

#include "conf/conf.h"

enum section_kind { IN_POSTVAK, IN_ENDPOINT, IN_SENDER, IN_ISSUER, IN_HANDLER, SECTION_KINDS };

enum setting_type {
	TYPE_STRING,		/* const char * */
	TYPE_DIRECTORY,		/* const char *, absolute after loading */
	TYPE_STORE,		/* const char *, "sqlite:DIR" or "memory:" */
	TYPE_LISTEN,		/* const char *, "unix:PATH" or "tcp:ADDRESS:PORT" */
	TYPE_PLUGIN,		/* const char *, absolute after loading */
	TYPE_URL_PATH,		/* const char * */
	TYPE_PATTERNS,		/* const char * */
	TYPE_ORIGINS,		/* const char *, host names or "*" */
	TYPE_MAPPING,		/* const struct mapping * */
	TYPE_ACCEPTS,		/* unsigned, ACCEPTS_... */
	TYPE_PROFILE,		/* profile and cloud_profile of an endpoint */
	TYPE_INT,		/* these five: an integer of `width` bytes */
	TYPE_SIZE,
	TYPE_DURATION,
	TYPE_BOOL,
	TYPE_CHOICE,
	TYPE_WORDS,		/* const char *, words separated by blanks or commas */
	TYPE_HEADER,		/* const char *, a header's name in lower case */
	TYPE_WEB_URL,		/* const char *, http or https */
	TYPE_HTTPS_URL,		/* const char * */
	TYPE_PATH,		/* const char *, of a file; absolute after loading */
	TYPE_SOURCES,		/* const char *, patterns of sources */
	TYPE_SUBJECT,		/* const char *, attributes of a certificate's subject */
	TYPE_NAMES,		/* const char *, alternative names of a certificate */
	TYPE_KEYS,		/* struct conf_keys */
	TYPE_SENDERS,		/* senders and n_senders of an endpoint */
	TYPE_ISSUERS,		/* issuers and n_issuers of a sender */
	TYPE_SECRET,		/* struct secret */
	TYPE_IDENTITY,		/* identity and identity_header of a sender */
	TYPE_RETRY,		/* struct conf_retry */
	TYPE_CIRCUIT,		/* struct conf_circuit */
	TYPE_FROM		/* from and from_ago_ms of a handler */
};

#define KEYS_ISSUER "issuer:"

enum { FOR_RECEIVER = 1, FOR_DISPATCH = 2, FOR_KEYS = 4, FOR_ALL = 7 };

struct setting {
	enum section_kind section;
	const char *key;
	enum setting_type type;
	size_t offset, width;		/* of its member in the section's struct */
	const char *fallback;		/* as it would be written; null: not set */
	bool required;
	int64_t min, max;		/* of TYPE_INT, TYPE_SIZE, TYPE_DURATION */
	const char *choices;		/* "a|b|c", the values 0, 1, 2 of TYPE_CHOICE */
	unsigned roles;			/* who is sent it */
	const char *help;		/* one sentence, in mdoc text */
};

struct section {
	const char *name;		/* as in [name], or [name NAME] */
	bool named;
	const char *help;		/* in mdoc text */
};

extern const struct setting settings[];
extern const size_t settings_n;
extern const struct section sections[SECTION_KINDS];

/* The setting of that name in that kind of section, or null. */
const struct setting *setting_find(enum section_kind section, const char *key);
size_t setting_number(const struct setting *setting);
/* What it takes, for people: "a duration such as 20s, from 1s to 1h". */
void setting_takes(const struct setting *setting, struct buf *out);

/* Puts the value written as text into its member of base, the section's struct. Paths stay as
 * written and secrets unread. -1: wrong; err->text is empty when what it takes says enough. */
int setting_parse(const struct setting *setting, struct conf *conf, void *base, const char *text, struct err *err);
/* The value as text that setting_parse takes. False: it is not set. */
bool setting_print(const struct setting *setting, const struct conf *conf, const void *base, struct buf *out);

/* The structs behind sections, by kind and index. */
size_t section_count(const struct conf *conf, enum section_kind kind);
void section_make(struct conf *conf, enum section_kind kind, size_t n);	/* n empty ones, with origins */
void *section_at(const struct conf *conf, enum section_kind kind, size_t i);
const char *section_name(const struct conf *conf, enum section_kind kind, size_t i);
void section_set_name(struct conf *conf, enum section_kind kind, size_t i, const char *name);
struct conf_origin *section_origin(const struct conf *conf, enum section_kind kind, size_t i);
struct conf *conf_new(void);

/* Text of sizes and durations, in the largest unit that fits. */
void duration_print(int64_t ms, struct buf *out);
void size_print(uint64_t bytes, struct buf *out);

/* resolve.c: everything relative becomes absolute. */
void conf_resolve(struct conf *conf);
/* A path that is relative to the file. */
const char *conf_join(const struct conf *conf, struct pool *pool, const char *path);
/* secrets.c: reads what is behind every reference to a file or the environment. */
void conf_read_secrets(struct conf *conf, struct problems *problems);
bool secret_is_ref(const char *text);
/* check.c: what only several settings together, or the machine, can tell. */
void conf_check(struct conf *conf, struct problems *problems);
void conf_check_trust(struct conf *conf, struct problems *problems);
/* The line of a setting, or of its section when it is a default. */
int setting_line(const struct conf_origin *origin, enum section_kind kind, const char *key);

#endif
