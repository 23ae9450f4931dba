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

struct conf_sender {
	const char *name;
	struct secret authorization;
	const char *may_send;		/* type patterns, "**" by default */
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
	bool retired;			/* 410 */
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

struct conf_handler {
	const char *name;
	const char *plugin;		/* an absolute path after loading */
	const char *events;		/* type patterns */
	int runners;
	enum conf_order order;
	int64_t deadline_ms;
	struct conf_retry retry;
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
	int log_level;			/* enum log_level */
	struct conf_endpoint *endpoints;
	size_t n_endpoints;
	struct conf_sender *senders;
	size_t n_senders;
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
/* The same, and asks a runner process of each handler whether it would load (conf/probe.h), so that
 * all problems are said at once. */
int conf_load_probed(const char *file, struct conf **out, struct problems *problems);
void conf_free(struct conf **conf);

enum conf_role { ROLE_ALL, ROLE_RECEIVER, ROLE_DISPATCH };
/* What a role is sent: a receiver knows no handlers' options, the dispatcher no senders' secrets. */
void conf_pack(const struct conf *conf, enum conf_role role, struct buf *out);
int conf_unpack(const void *p, size_t len, struct conf **out, struct err *err);

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
const struct conf_handler *conf_handler(const struct conf *conf, const char *name);
/* The line of a handler's setting, or of its section when that setting is a default. */
int conf_handler_line(const struct conf_handler *handler, const char *key);

#endif
