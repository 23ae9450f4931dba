/* SPDX-License-Identifier: EUPL-1.2
 * One sender with a signature, and requests before it. */
#ifndef TESTS_UNIT_SIGNATURE_RIG_H
#define TESTS_UNIT_SIGNATURE_RIG_H

#include <ctype.h>
#include "trust/sign.h"
#include "trust/trust.h"

#define RIG_HEADERS 24

struct rig {			/* what a test makes of a request, and of the sender's settings */
	struct conf_signing signing;
	const char *values[4];		/* of signing.secret */
	const char *url;		/* of the endpoint, or null */
	unsigned accepts;		/* likewise, or 0 */
	struct conf_issuer *issuer;	/* the only one, or null */
	const char *state_dir;		/* or null */
	trust_wanted *wanted;		/* or null */
	struct message m;
	struct attr headers[RIG_HEADERS];
	int64_t now_ms;
	char note[256];			/* of the verdict */
	char why[256];
};

static inline void rig_header(struct rig *rig, const char *name, const char *value)
{
	ck_assert_uint_lt(rig->m.n_headers, RIG_HEADERS);
	rig->headers[rig->m.n_headers++] = (struct attr){ name, value };
}

static inline void rig_drop(struct rig *rig, const char *name)
{
	size_t to = 0;

	for (size_t i = 0; i < rig->m.n_headers; i++)
		if (strcmp(rig->headers[i].name, name) != 0)
			rig->headers[to++] = rig->headers[i];
	rig->m.n_headers = to;
}

static inline const char *rig_value(struct rig *rig, const char *name)
{
	const char *value;

	rig->m.headers = rig->headers;
	value = message_header(&rig->m, name, NULL);
	ck_assert_msg(value != NULL, "there is no %s", name);
	return value;
}

static inline void rig_set(struct rig *rig, const char *name, const char *value)
{
	rig_drop(rig, name);
	rig_header(rig, name, value);
}

static inline void rig_body(struct rig *rig, const char *body)
{
	rig->m.body = (const unsigned char *)body;
	rig->m.body_len = strlen(body);
}

/* A POST of {"a":1} to https://example.nl/hook?x=1, at a fixed time. */
static inline struct rig rig_of(enum conf_signature scheme, const char *secret)
{
	struct rig rig = { .signing = { .scheme = scheme, .max_age_ms = 300000 }, .values = { secret }, .now_ms = INT64_C(1700000000000),
			   .m = { .method = "POST", .path = "/hook", .query = "x=1", .peer = "", .scheme = SCHEME_HTTPS } };

	rig.signing.secret.n = secret != NULL;
	rig_body(&rig, "{\"a\":1}");
	rig_header(&rig, "host", "example.nl");
	rig_header(&rig, "content-type", "application/json");
	return rig;
}

static inline void rig_conf(struct rig *rig, struct conf_sender *sender, struct conf_endpoint *endpoint, struct conf *conf)
{
	static size_t first;

	rig->signing.secret.values = rig->values;
	*sender = (struct conf_sender){ .name = "s", .signing = rig->signing };
	*endpoint = (struct conf_endpoint){ .name = "e", .senders = &first, .n_senders = 1, .url = rig->url, .accepts = rig->accepts };
	*conf = (struct conf){ .endpoints = endpoint, .n_endpoints = 1, .senders = sender, .n_senders = 1,
			       .issuers = rig->issuer, .n_issuers = rig->issuer != NULL, .state_dir = rig->state_dir };
}

static inline enum trust_verdict rig_admit(struct rig *rig)
{
	struct conf_sender sender;
	struct conf_endpoint endpoint;
	struct conf conf;
	struct trust *trust;
	struct pool *pool = pool_new();
	struct admitted admitted;
	enum trust_verdict verdict;

	rig_conf(rig, &sender, &endpoint, &conf);
	trust = trust_new(&conf);
	trust_consult(trust, &(struct trust_outside){ .wanted = rig->wanted });
	rig->m.headers = rig->headers;
	verdict = trust_admit(trust, &(struct trust_request){ .m = &rig->m, .pool = pool, .now_ms = rig->now_ms }, &admitted);
	snprintf(rig->note, sizeof rig->note, "%s", admitted.note ? admitted.note : "");
	snprintf(rig->why, sizeof rig->why, "%s", admitted.why ? admitted.why : "");
	trust_free(&trust);
	pool_free(&pool);
	return verdict;
}

/* It is refused, the sender is told nothing, and the log has `note` in it. */
static inline void rig_refused(struct rig *rig, const char *note)
{
	ck_assert_int_eq(rig_admit(rig), TRUST_WRONG);
	ck_assert_str_eq(rig->why, "The signature is not accepted here.");
	ck_assert_msg(strstr(rig->note, note) != NULL, "the log says: %s", rig->note);
}

static inline void rig_accepted(struct rig *rig)
{
	ck_assert_msg(rig_admit(rig) == TRUST_OK, "%s (%s)", rig->why, rig->note);
}

static inline void rig_missing(struct rig *rig)
{
	ck_assert_int_eq(rig_admit(rig), TRUST_MISSING);
	ck_assert_ptr_nonnull(strstr(rig->why, " is missing."));
}

/* What is wrong with the settings; "" when nothing is. For free. */
static inline char *rig_problem(struct rig *rig)
{
	struct conf_sender sender;
	struct conf_endpoint endpoint;
	struct conf conf;
	struct problems problems = { .pool = pool_new() };
	int lines[200] = { 0 };
	char *text;

	rig_conf(rig, &sender, &endpoint, &conf);
	sender.origin.lines = lines;
	trust_check(&conf, &problems);
	text = str_dup(problems.n ? problems.v[0].text : "");
	pool_free(&problems.pool);
	return text;
}

static inline void rig_unsound(struct rig *rig, const char *part)
{
	char *text = rig_problem(rig);

	ck_assert_msg(strstr(text, part) != NULL, "it says: %s", text);
	free(text);
	ck_assert_int_eq(rig_admit(rig), TRUST_WRONG);
}

/* ---- signing it ---- */

/* What is added to a request lives as long as the process, which has one test. */
static struct pool *rig_pool;

static inline void rig_take_line(void *arg, const char *line)
{
	const char *colon = strstr(line, ": ");
	char *name;

	ck_assert_ptr_nonnull(colon);
	rig_pool = rig_pool ? rig_pool : pool_new();
	name = pool_strn(rig_pool, line, (size_t)(colon - line));
	for (char *p = name; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	rig_header(arg, name, pool_str(rig_pool, colon + 2));
}

static inline int rig_sign_as(struct rig *rig, const struct sign_order *how, struct err *err)
{
	struct sign_order order = *how;
	struct attr before[RIG_HEADERS];

	memcpy(before, rig->headers, sizeof before);
	rig->signing.secret.values = rig->values;
	order.signing = &rig->signing;
	order.method = rig->m.method;
	order.url = order.url ? order.url : "https://example.nl/hook?x=1";
	order.headers = before;
	order.n_headers = rig->m.n_headers;
	order.body = rig->m.body;
	order.body_len = rig->m.body_len;
	order.now_ms = rig->now_ms;
	return sign_request(&order, rig_take_line, rig, err);
}

static inline void rig_sign(struct rig *rig, const struct key *key)
{
	struct err err;

	ck_assert_msg(rig_sign_as(rig, &(struct sign_order){ .key = key }, &err) == 0, "%s", err.text);
}

/* The header's value, with its last `cut` bytes replaced by `tail`. */
static inline void rig_change_tail(struct rig *rig, const char *name, size_t cut, const char *tail)
{
	const char *value = rig_value(rig, name);

	rig_set(rig, name, pool_fmt(rig_pool, "%.*s%s", (int)(strlen(value) - cut), value, tail));
}

#endif
