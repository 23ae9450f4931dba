/* SPDX-License-Identifier: EUPL-1.2
 * The configuration: one table of settings (settings.c) makes the parser, `postvak check`,
 * `postvak conf`, postvak.conf(5) and what each role is sent. */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/mem.h"
#include "event/read.h"

struct secret {			/* file:PATH (one value a line) or env:NAME, resolved */
	const char *ref;	/* as written */
	const char **values;
	size_t n;
};

struct conf_keys {		/* file:PATH (PEM or JSON) or, where that is taken, an https URL or issuer:NAME */
	const char *ref;	/* as written; null: not set */
	const char *text;	/* what is in the file; else null */
};

enum conf_require { REQUIRE_ALL, REQUIRE_ANY };
enum conf_encoding { ENCODING_HEX, ENCODING_BASE64, ENCODING_BASE64URL };
/* By the names in the choices of the setting `signature`; trust/signature.c has a row for each. */
enum conf_signature {
	SIGNATURE_NONE, SIGNATURE_STANDARD, SIGNATURE_SVIX, SIGNATURE_GITHUB, SIGNATURE_WEBSUB, SIGNATURE_SLACK, SIGNATURE_X,
	SIGNATURE_STRIPE, SIGNATURE_TEMPLATE, SIGNATURE_RFC9421, SIGNATURE_JWS, SIGNATURE_ADR_PAYLOAD, SIGNATURE_ADR_MESSAGE,
	SIGNATURES
};

enum conf_invalid { INVALID_REJECT, INVALID_QUARANTINE };
enum conf_answer { ANSWER_AUTO, ANSWER_200, ANSWER_202, ANSWER_204 };
enum conf_unlisted { UNLISTED_REFUSE, UNLISTED_ASK };
enum conf_order { ORDER_OBJECT, ORDER_NONE };
enum conf_on_dead { ON_DEAD_PASS, ON_DEAD_HOLD };
enum conf_from { FROM_NOW, FROM_BEGINNING, FROM_AGO };

/* Where a section was written, and each setting of it (by its number in the table; 0: default).
 * conf_handler_line finds a line by the setting's name. */
struct conf_origin {
	int line;
	int *lines;
};

struct conf_signing {			/* signature and signature.* of a sender; null and 0: as the scheme has it */
	enum conf_signature scheme;
	struct secret secret;		/* of schemes with a shared secret; whsec_ and whpk_ of Standard Webhooks */
	struct conf_keys keys;		/* of schemes with public keys */
	const char *header;		/* the signature's, lower case */
	int64_t max_age_ms;		/* how far its time may be off, either way; 0: not looked at */
	const char *hash;		/* words: sha1, sha256, sha384, sha512 */
	const char *algorithms;		/* words, of RFC 9421 or JWA */
	const char *components;		/* words: what has to be covered; a|b: one of them */
	const char *tag;		/* of RFC 9421 */
	const char *text;		/* template: what is signed */
	const char *prefix, *separator;	/* template: of a signature in the header, between its parts; or null */
	enum conf_encoding encoding;	/* template */
	const char *timestamp, *id;	/* template: header:NAME or (timestamp) part:PREFIX; or null */
	bool binary;			/* takes CloudEvents in binary mode, whose headers the scheme does not cover */
};

struct conf_sender {
	const char *name;
	enum conf_require require;	/* of the credentials that are set */
	struct secret authorization;
	struct secret basic;		/* USER:PASSWORD */
	struct secret api_key;
	const char *api_key_header;	/* lower case */
	struct secret client_state;	/* Microsoft Graph */
	struct secret zgw;		/* CLIENT_ID:SECRET */
	int64_t iat_max_age_ms;		/* of a ZGW JWT; 0: not looked at */
	size_t *issuers;		/* of bearer tokens: indexes into conf->issuers */
	size_t n_issuers;
	const char *scopes;		/* words, all of them needed; or null */
	const char *clients;		/* words, one of them; or null: any */
	bool bound;			/* a token has to be bound to the TLS client certificate (RFC 8705) */
	const char *tls_subject;	/* "serialNumber=1, O=Name | CN=x"; or null */
	const char *tls_names;		/* words DNS:name, URI:uri, email:address; or null */
	struct conf_signing signing;
	const char *may_send;		/* type patterns, "**" by default */
	const char *sources;		/* patterns, or null: any */
	enum nrc_identity identity;
	const char *identity_header;	/* lower case, or null */
	const char *identity_group;	/* or null: the name */
	bool query_token;		/* access_token in the query is taken */
	int rate;			/* requests a minute; 0: no limit */
	struct conf_origin origin;
};

struct conf_endpoint {
	const char *name, *path;
	unsigned accepts;		/* ACCEPTS_... */
	size_t *senders;		/* indexes into conf->senders */
	size_t n_senders;
	enum nrc_profile profile;
	enum cloud_profile cloud_profile;
	bool names_nrc, names_cloud;	/* which of the two `profile` names */
	int batch;			/* most events in one request; 0: no batches */
	bool payload_optional;		/* a binary CloudEvent needs neither Content-Type nor a body */
	bool https;			/* plain HTTP from another machine is refused, unless it takes notifications alone */
	enum conf_answer answer;	/* to what was recorded */
	const char *origins;		/* names separated by blanks or commas, "*": any; or null */
	enum conf_unlisted unlisted;	/* an origin that is not listed and gives a callback */
	bool origin_required;
	int origin_rate;		/* requests a minute of one origin; 0: no limit */
	const struct mapping *map[MAP_FIELDS];	/* of ACCEPTS_JSON; null: not set */
	enum conf_invalid invalid;
	int rate;			/* requests a minute of all senders; 0: no limit */
	const char *url;		/* as senders write it, or null: what the request says */
	struct {			/* of other senders than CloudEvents; not set: no handshake */
		const char *eventgrid;	/* words: names of subscriptions, or * */
		bool graph, x, slack;
		struct secret meta;	/* verify tokens */
		const char *websub;	/* words: topics */
	} handshake;
	bool retired;			/* 410 */
	struct conf_origin origin;
};

struct conf_issuer {			/* of bearer tokens, or of keys for signatures */
	const char *name;
	const char *issuer;		/* iss of its tokens, or null */
	struct conf_keys jwks;		/* an https URL or file:PATH */
	const char *discovery;		/* an https URL, or null */
	const char *algorithms;		/* words of JWA */
	const char *audience;		/* words, or "none", or null */
	bool at_jwt;			/* typ has to be at+jwt (RFC 9068) */
	int64_t leeway_ms;
	const char *introspection;	/* an https URL (RFC 7662), or null */
	const char *client_id;		/* ours, for introspection; or null */
	struct secret client_secret;
	struct conf_keys client_key;	/* PEM, for private_key_jwt */
	int64_t cache_ms;		/* how long the answer of an introspection counts */
	int64_t refresh_ms;		/* how often keys are fetched where the answer does not say */
	int64_t stale_ms;		/* how long the last keys count while they cannot be fetched */
	const char *ca;			/* file of certificates for its TLS, or null: the system's */
	struct conf_origin origin;
};

struct conf_option {
	const char *name, *value;	/* of option.NAME; a secret's value when written file: or env: */
	bool secret;			/* not to be printed */
	const char *ref;		/* a secret's file: or env: as written, else null */
	int line;
};

struct conf_retry {
	int attempts;			/* in all, the first included */
	int64_t first_ms;		/* wait after the first failure */
	double factor;
	int64_t longest_ms;
};

struct conf_circuit {			/* when a handler is paused by itself */
	int failures;			/* of so many events in a row; 0: never */
	int64_t first_ms;		/* until one event is tried */
	double factor;
	int64_t longest_ms;
};

struct conf_handler {
	const char *name;
	const char *plugin;		/* an absolute path after loading */
	const char *events;		/* type patterns */
	const char *source;		/* of what it emits: a URI reference */
	int runners;
	enum conf_order order;
	int64_t deadline_ms;
	struct conf_retry retry;
	struct conf_circuit circuit;
	enum conf_on_dead on_dead;
	enum conf_from from;
	int64_t from_ago_ms;
	uint64_t memory;		/* bytes; 0: no limit */
	struct conf_option *options;
	size_t n_options;
	struct conf_origin origin;
};

struct conf {
	struct pool *pool;		/* holds all that is below */
	const char *file;		/* absolute */
	uint64_t generation;		/* set by the boss, 0 without one */
	const char *store;		/* "sqlite:/absolute/dir" or "memory:" */
	const char *state_dir, *run_dir;	/* absolute */
	const char *listen;		/* "unix:/absolute/path" or "tcp:..." */
	const char *group;		/* or "" */
	int threads, threads_max, receivers;
	size_t body_max;		/* bytes */
	int64_t read_timeout_ms, drain_ms;
	uint64_t disk_reserve;
	int64_t retention_ms, remember_ms, dead_retention_ms;
	int failures;			/* a minute from one address, before answers to more are held back; 0: never */
	int log_level;			/* enum log_level */
	struct conf_endpoint *endpoints;
	size_t n_endpoints;
	struct conf_sender *senders;
	size_t n_senders;
	struct conf_issuer *issuers;
	size_t n_issuers;
	struct conf_handler *handlers;
	size_t n_handlers;
	struct conf_origin origin;		/* of [postvak] */
};

/* All that is wrong with a file, each with its place. */
struct problem {
	const char *file;
	int line;			/* 0: the file as a whole */
	const char *text;		/* what is wrong, and the remedy */
};
struct problems {
	struct pool *pool;
	struct problem *v;
	size_t n;
};
void problem_add(struct problems *problems, const char *file, int line, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Each as an error in the log. */
void problems_log(const struct problems *problems);

/* The file that is meant: `named` (from -c), else POSTVAK_CONF, else SYSCONFDIR/postvak/postvak.conf. */
const char *conf_path(const char *named);
/* Reads, resolves (paths, secrets) and checks everything that can be checked without running a plugin.
 * 0, or -1 with all problems. Each of them keeps everything from starting. */
int conf_load(const char *file, struct conf **out, struct problems *problems);
/* The same, and asks a runner process of each handler whether it would load (conf/probe.h), and `also` (trust_check)
 * what it thinks of keys, so that all problems are said at once. What `also` is given may have other faults. */
typedef void conf_also(const struct conf *conf, struct problems *problems);
int conf_load_probed(const char *file, conf_also *also, struct conf **out, struct problems *problems);
void conf_free(struct conf **conf);

struct conf_given {
	const char *key, *value;	/* of a sender's setting, as its section would have them */
};
/* A configuration of one sender, made of n settings and nothing else; paths are relative to the working directory. The
 * lines of problems count the settings. own_key: the caller has the private key to what is to be verified with. */
int conf_of_sender(const struct conf_given *given, size_t n, bool own_key, struct conf **out, struct problems *problems);
/* Reads what secret->ref (file:PATH or env:NAME) refers to, into the pool. Paths likewise. */
int conf_secret(struct pool *pool, struct secret *secret, struct err *err);

enum conf_role { ROLE_ALL, ROLE_RECEIVER, ROLE_DISPATCH, ROLE_KEYS };
/* What a role is sent: a receiver knows no handlers' options, the dispatcher no senders' secrets, and only who
 * fetches keys knows what Postvak itself is known by at issuers. */
void conf_pack(const struct conf *conf, enum conf_role role, struct buf *out);
int conf_unpack(const void *p, size_t len, struct conf **out, struct err *err);
/* What the boss sent to this process (base/child.h), which ends when that cannot be read. */
struct conf *conf_of_boss(void);

/* What is in force as a file of the same format, each setting with where it came from in a comment
 * (file:line, or default). Secrets are shown as their reference only. json: an object instead. */
void conf_print(const struct conf *conf, bool json, struct buf *out);
/* The settings as mdoc(7) items, for postvak.conf(5). */
void conf_print_mdoc(struct buf *out);

/* Makes run_dir and state_dir where they are missing, open to the group (mode 02770); those that are
 * there must be writable. */
int conf_make_dirs(const struct conf *conf, struct err *err);

/* The value of an endpoint's setting, as it would be written. */
void conf_endpoint_text(const struct conf *conf, const struct conf_endpoint *endpoint, const char *key, struct buf *out);

/* Helpers that others share. */
bool conf_duration(const char *text, int64_t *ms);	/* 250ms 20s 5m 14h 30d */
/* How messages of a sender at an endpoint are read; borrows from both. */
struct read_rules conf_read_rules(const struct conf_endpoint *endpoint, const struct conf_sender *sender);
/* Whether the endpoint answers the OPTIONS handshake of CloudEvents web hooks. */
bool conf_handshakes(const struct conf_endpoint *endpoint);
/* Whether the name is one of a list of names that are separated by blanks or commas; case does not count. */
bool conf_listed(const char *list, const char *name);
/* By name; null: there is none. */
const struct conf_endpoint *conf_endpoint(const struct conf *conf, const char *name);
const struct conf_sender *conf_sender(const struct conf *conf, const char *name);
const struct conf_issuer *conf_issuer(const struct conf *conf, const char *name);
const struct conf_handler *conf_handler(const struct conf *conf, const char *name);
/* Whether somebody has to ask issuers over the network: for keys, or about tokens. */
bool conf_issuer_fetches(const struct conf_issuer *issuer);
bool conf_fetches(const struct conf *conf);
/* The issuer that signature.keys = issuer:NAME names; null: it names none. */
const struct conf_issuer *conf_signing_issuer(const struct conf *conf, const struct conf_signing *signing);
/* The line of a handler's setting, or of its section when that setting is a default. */
int conf_handler_line(const struct conf_handler *handler, const char *key);
int conf_sender_line(const struct conf_sender *sender, const char *key);
int conf_issuer_line(const struct conf_issuer *issuer, const char *key);

#endif
