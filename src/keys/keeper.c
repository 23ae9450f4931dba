/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "keys/keeper.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "keys/metadata.h"
#include "keys/schedule.h"
#include "trust/jwk.h"

#define SAY_EVERY_MS 60000	/* failures in the log */
#define SPARE_MS 30000		/* for fetching, before keys are too old to count */
#define ETAG_MAX 512		/* bytes of one that is kept */
#define NEVER_MS (INT64_MIN / 2)

enum stage {
	STAGE_IDLE, STAGE_METADATA, STAGE_KEYS,
	STAGE_LOST			/* its failure is noted, but it takes up its place yet */
};

struct keeper {
	struct errand errand;
	const struct conf *conf;
	const struct conf_issuer *issuer;
	struct http_crowd *crowd;
	struct http_rules rules;
	struct note note;
	char *uri;			/* where the keys are: of the setting, or of the metadata fetched last */
	char *etag_uri;			/* what note.etag is about */
	enum stage stage;
	unsigned failures;		/* in a row */
	int64_t due_ms, tried_ms, said_ms;
};

static void come_home(struct errand *errand, struct http_ended *ended, int64_t now_ms);

/* Whether there are keys on the shelf that are good for something. */
static bool shelf_sound(const struct conf *conf, const struct conf_issuer *issuer)
{
	struct err err;
	size_t len;
	char *text = shelf_keys(conf, issuer, &len, &err);
	struct jwks *keys = text ? jwks_parse(text, len, false, &err) : NULL;
	bool sound = keys != NULL;

	if (keys)
		jwks_free(&keys);
	free(text);
	return sound;
}

static int64_t first_due(const struct keeper *k, int64_t now_ms)
{
	int64_t left_ms = k->note.due_s * 1000 - clock_wall_ms();

	if (!k->note.fetched_s || left_ms <= 0)
		return now_ms;
	return now_ms + (left_ms < FRESH_MOST_MS ? left_ms : FRESH_MOST_MS);
}

struct keeper *keeper_new(const struct conf *conf, const struct conf_issuer *issuer, struct http_crowd *crowd, int64_t now_ms)
{
	struct keeper *k = mem_alloc(sizeof *k);

	*k = (struct keeper){
		.errand.done = come_home, .conf = conf, .issuer = issuer, .crowd = crowd, .tried_ms = NEVER_MS, .said_ms = NEVER_MS,
		.rules = { .tls = true, .ca = issuer->ca, .connect_ms = ERRAND_CONNECT_MS, .total_ms = ERRAND_TOTAL_MS,
			   .answer_max = JWKS_LEN_MAX },
	};
	shelf_note(conf, issuer, &k->note);
	if (!shelf_sound(conf, issuer))
		k->note.fetched_s = 0;
	if (k->note.fetched_s && !issuer->discovery)	/* where metadata lead to may have changed meanwhile */
		note_set(&k->etag_uri, issuer->jwks.ref);
	note_set(&k->note.url, issuer_url(issuer));
	k->due_ms = first_due(k, now_ms);
	return k;
}

void keeper_free(struct keeper **keeper)
{
	note_free(&(*keeper)->note);
	free((*keeper)->uri);
	free((*keeper)->etag_uri);
	free(*keeper);
	*keeper = NULL;
}

int64_t keeper_due(const struct keeper *k)
{
	return k->stage == STAGE_IDLE ? k->due_ms : KEEPER_BUSY;
}

bool keeper_fetches(const struct keeper *k)
{
	return k->stage == STAGE_METADATA || k->stage == STAGE_KEYS;
}

const struct conf_issuer *keeper_issuer(const struct keeper *k)
{
	return k->issuer;
}

const struct note *keeper_note(const struct keeper *k)
{
	return &k->note;
}

/* ---- what came of it ---- */

static void put_note(const struct keeper *k)
{
	struct err err;

	if (shelf_put_note(k->conf, k->issuer, &k->note, &err) < 0)
		log_error("what is known about the keys of issuer %s cannot be kept: %s", k->issuer->name, err.text);
}

static void fail(struct keeper *k, int64_t now_ms, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void fail(struct keeper *k, int64_t now_ms, const char *fmt, ...)
{
	int64_t wall_ms = clock_wall_ms();
	struct buf why = {0};
	va_list args;
	char since[CLOCK_TEXT];

	va_start(args, fmt);
	buf_vfmt(&why, fmt, args);
	va_end(args);
	k->stage = STAGE_IDLE;
	k->due_ms = now_ms + backoff_ms(++k->failures);
	if (!k->note.error)
		k->note.error_since_s = wall_ms / 1000;
	note_set(&k->note.error, why.p);
	k->note.due_s = (wall_ms + k->due_ms - now_ms) / 1000;
	if (now_ms - k->said_ms >= SAY_EVERY_MS) {
		k->said_ms = now_ms;
		log_warn("the keys of issuer %s cannot be fetched: %s; since %s; %s", k->issuer->name, why.p,
			 clock_text(since, k->note.error_since_s * 1000),
			 k->note.fetched_s ? "the last ones go on" : "there are none");
	}
	put_note(k);
	buf_free(&why);
}

/* Whatever the issuer says: not longer than they count here. */
static int64_t lasts_ms(const struct keeper *k, const struct http_answer *answer)
{
	int64_t most_ms = k->issuer->refresh_ms + k->issuer->stale_ms - SPARE_MS, ms;
	struct buf cache = {0};

	ms = fresh_ms(http_header(answer, "Cache-Control", &cache) ? cache.p : NULL, k->issuer->refresh_ms);
	buf_free(&cache);
	return ms < most_ms ? ms : most_ms;
}

static void succeed(struct keeper *k, const struct http_answer *answer, int64_t now_ms)
{
	int64_t wall_ms = clock_wall_ms(), fresh = lasts_ms(k, answer);

	k->stage = STAGE_IDLE;
	k->failures = 0;
	k->due_ms = now_ms + fresh;
	k->said_ms = NEVER_MS;
	k->note.fetched_s = wall_ms / 1000;
	k->note.due_s = (wall_ms + fresh) / 1000;
	note_set(&k->note.error, NULL);
	k->note.error_since_s = 0;
	put_note(k);
}

/* A set that is not sound never takes the place of a good one. */
static void take_keys(struct keeper *k, const struct http_answer *answer, int64_t now_ms)
{
	struct err err = {{0}};
	struct jwks *keys = jwks_parse(answer->body.p ? answer->body.p : "", answer->body.len, false, &err);
	struct buf etag = {0};

	if (!keys) {
		fail(k, now_ms, "the set is not sound: %s", err.text);
		return;
	}
	if (shelf_put_keys(k->conf, k->issuer, answer->body.p, answer->body.len, &err) < 0) {
		fail(k, now_ms, "%s", err.text);
	} else {
		note_set(&k->note.etag, http_header(answer, "ETag", &etag) && etag.len && etag.len <= ETAG_MAX ? etag.p : NULL);
		note_set(&k->etag_uri, k->uri);
		succeed(k, answer, now_ms);
		log_info("keys of issuer %s fetched: %zu, and %zu passed over; due again in %lld s", k->issuer->name, keys->n,
			 keys->passed_over, (long long)(k->due_ms - now_ms) / 1000);
	}
	buf_free(&etag);
	jwks_free(&keys);
}

/* ---- going ---- */

static void send_for(struct keeper *k, enum stage stage, const char *url, const char *etag, int64_t now_ms)
{
	char *condition = etag ? str_fmt("If-None-Match: %s", etag) : NULL;
	const char *const headers[] = { stage == STAGE_KEYS ? "Accept: application/jwk-set+json, application/json"
							    : "Accept: application/json", condition };
	struct http_request request = { .url = url, .headers = headers, .n_headers = etag ? 2 : 1 };
	struct err err;

	k->stage = stage;
	if (http_crowd_start(k->crowd, &k->rules, &request, &k->errand, &err) < 0)
		fail(k, now_ms, "%s", err.text);
	free(condition);
}

/* Whether the answer "as it was" would be of use. */
static bool still_there(const struct keeper *k)
{
	char *path = shelf_path(k->conf, k->issuer, "jwks");
	bool there = k->note.etag && k->etag_uri && strcmp(k->etag_uri, k->uri) == 0 && access(path, R_OK) == 0;

	free(path);
	return there;
}

static void fetch_keys(struct keeper *k, const char *uri, int64_t now_ms)
{
	note_set(&k->uri, uri);
	send_for(k, STAGE_KEYS, k->uri, still_there(k) ? k->note.etag : NULL, now_ms);
}

static void begin(struct keeper *k, int64_t now_ms)
{
	k->tried_ms = now_ms;
	if (k->issuer->discovery)
		send_for(k, STAGE_METADATA, k->issuer->discovery, NULL, now_ms);
	else
		fetch_keys(k, k->issuer->jwks.ref, now_ms);
}

static void take_metadata(struct keeper *k, const struct http_answer *answer, int64_t now_ms)
{
	struct pool *pool = pool_new();
	struct err err;
	const char *uri = metadata_jwks_uri(pool, answer->body.p ? answer->body.p : "", answer->body.len, k->issuer->issuer, &err);

	if (uri)
		fetch_keys(k, uri, now_ms);
	else
		fail(k, now_ms, "the metadata are not right: %s", err.text);
	pool_free(&pool);
}

static void come_home(struct errand *errand, struct http_ended *ended, int64_t now_ms)
{
	struct keeper *k = (struct keeper *)(void *)errand;	/* its first member */
	const char *what = k->stage == STAGE_METADATA ? "the metadata" : "the keys";
	int status = ended->answer.status;

	if (k->stage == STAGE_LOST) {
		k->stage = STAGE_IDLE;
	} else if (!ended->answered) {
		fail(k, now_ms, "%s: %s", what, ended->err.text);
		if (!ended->over)
			k->stage = STAGE_LOST;
	} else if (status == 304 && k->stage == STAGE_KEYS && still_there(k)) {
		succeed(k, &ended->answer, now_ms);
		log_debug("keys of issuer %s are as they were; due again in %lld s", k->issuer->name,
			  (long long)(k->due_ms - now_ms) / 1000);
	} else if (status != 200) {
		fail(k, now_ms, "%s: answered with %d%s", what, status,
		     status / 100 == 3 ? ", and redirects are not followed" : "");
	} else if (k->stage == STAGE_METADATA) {
		take_metadata(k, &ended->answer, now_ms);
	} else {
		take_keys(k, &ended->answer, now_ms);
	}
}

void keeper_tick(struct keeper *k, int64_t now_ms)
{
	if (now_ms >= keeper_due(k))
		begin(k, now_ms);
}

void keeper_want(struct keeper *k, int64_t now_ms)
{
	if (now_ms - k->tried_ms >= WANTED_EVERY_MS)
		keeper_hurry(k, now_ms);
}

void keeper_hurry(struct keeper *k, int64_t now_ms)
{
	if (k->due_ms > now_ms)
		k->due_ms = now_ms;
}
