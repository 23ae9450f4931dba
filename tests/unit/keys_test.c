/* SPDX-License-Identifier: EUPL-1.2
 * Who fetches keys: when, what is taken, and how issuers are asked about tokens. Nothing here goes over a network: the
 * functions of net/http.h for several requests at once are these. */
#include "config.h"
#include "unit.h"

#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/mem.h"
#include "base/sock.h"
#include "event/json.h"
#include "keys.h"
#include "keys/form.h"
#include "keys/keeper.h"
#include "keys/metadata.h"
#include "keys/questions.h"
#include "keys/schedule.h"
#include "keys/shelf.h"
#include "trust/jws.h"
#include "trust/trust.h"

#define ISSUER "https://idp.example/a"
#define NEW_KEYS "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"nieuw\"," \
	"\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"
#define OLD_KEYS "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"oud\"," \
	"\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"

/* ---- what is sent, and comes home when a test says so ---- */

struct http_crowd {
	struct sent {
		struct errand *errand;
		char *url, *head, *body;
		bool tls;
	} v[400];
	size_t n, home;			/* sent; of those that came home */
	bool down;			/* nothing starts */
};

const char *http_library(void)
{
	return "none";
}

int http_crowd_start(struct http_crowd *crowd, const struct http_rules *rules, const struct http_request *request, void *tag,
		     struct err *err)
{
	struct buf head = {0};

	if (crowd->down)
		return err_set(err, "nothing starts");
	buf_str(&head, "");
	for (size_t i = 0; i < request->n_headers; i++)
		buf_fmt(&head, "%s\n", request->headers[i]);
	crowd->v[crowd->n++] = (struct sent){ tag, str_dup(request->url), head.p, str_dup(request->body), rules->tls };
	return 0;
}

bool http_crowd_next(struct http_crowd *crowd, struct http_ended *out)
{
	(void)crowd;
	(void)out;
	return false;
}

static void end(struct http_crowd *crowd, struct http_ended *ended, int64_t now_ms)
{
	struct sent *s = &crowd->v[crowd->home];

	ck_assert_uint_lt(crowd->home, crowd->n);
	crowd->home += ended->over;
	s->errand->done(s->errand, ended, now_ms);
	http_answer_free(&ended->answer);
}

/* The oldest that is under way is answered. */
static void answer(struct http_crowd *crowd, int status, const char *head, const char *body, int64_t now_ms)
{
	struct http_ended ended = { .answered = true, .over = true, .answer = { .status = status } };

	buf_str(&ended.answer.head, head);
	buf_str(&ended.answer.body, body);
	end(crowd, &ended, now_ms);
}

static void lose(struct http_crowd *crowd, bool over, int64_t now_ms)
{
	struct http_ended ended = { .over = over };

	err_set(&ended.err, "nobody is there");
	end(crowd, &ended, now_ms);
}

static const struct sent *last(const struct http_crowd *crowd)
{
	ck_assert_uint_gt(crowd->n, 0);
	return &crowd->v[crowd->n - 1];
}

static void forget(struct http_crowd *crowd)
{
	for (size_t i = 0; i < crowd->n; i++) {
		free(crowd->v[i].url);
		free(crowd->v[i].head);
		free(crowd->v[i].body);
	}
	*crowd = (struct http_crowd){0};
}

/* ---- a site ---- */

struct place {
	struct conf conf;
	struct conf_issuer issuer;
	char dir[UNIT_PATH];
	struct http_crowd crowd;
};

static void settle(struct place *p)
{
	*p = (struct place){ .issuer = { .name = "proef", .jwks.ref = "https://idp.example/keys", .issuer = ISSUER,
					 .refresh_ms = 600000, .stale_ms = 7 * 86400000 } };
	p->conf = (struct conf){ .state_dir = unit_dir(p->dir), .group = "", .issuers = &p->issuer, .n_issuers = 1 };
	ck_assert_int_eq(shelf_make(&p->conf, NULL), 0);
}

static char *on_shelf(const struct place *p)
{
	static char text[4096];
	size_t len;
	char *keys = shelf_keys(&p->conf, &p->issuer, &len, NULL);

	snprintf(text, sizeof text, "%s", keys ? keys : "");
	free(keys);
	return text;
}

/* The note as it lies there. */
static char *noted(const struct place *p)
{
	static char text[4096];
	char *path = shelf_path(&p->conf, &p->issuer, "json"), *note = file_read(path, 4000, NULL, NULL);

	snprintf(text, sizeof text, "%s", note ? note : "");
	free(note);
	free(path);
	return text;
}

/* ---- when ---- */

START_TEST(an_answer_says_how_long_it_is_fresh)
{
	static const struct { const char *text; int64_t ms; } cases[] = {
		{ NULL, 600000 }, { "", 600000 }, { "no-cache", 600000 }, { "max-age=300", 300000 }, { "MAX-AGE=300", 300000 },
		{ "public, max-age=86400, must-revalidate", 86400000 }, { "max-age=\"120\"", 120000 }, { "max-age=0", 60000 },
		{ "max-age=59", 60000 }, { "max-age=86401", 86400000 }, { "max-age=99999999999999999999999", 86400000 },
		{ "max-age=", 600000 }, { "max-age=-5", 600000 }, { "max-age=5x", 600000 }, { "max-age", 600000 }, { "max-age=\"", 600000 },
		{ "x-max-age=300", 600000 }, { "s-maxage=5,max-age=200", 200000 }, { "a=\"max-age=100, b\", max-age=200", 200000 },
		{ "a=\"\\\", max-age=100\" , max-age=200 ", 200000 }, { "max-age=a, max-age=100", 100000 }, { ",,  ,max-age=100", 100000 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_msg(fresh_ms(cases[i].text, 600000) == cases[i].ms, "%s: %lld", cases[i].text,
			      (long long)fresh_ms(cases[i].text, 600000));
	ck_assert_int_eq(fresh_ms(NULL, 1000), 60000);
}
END_TEST

START_TEST(failures_make_the_wait_longer)
{
	static const int64_t seconds[] = { 5, 10, 20, 40, 80, 160, 300, 300 };

	for (unsigned i = 0; i < 8; i++)
		ck_assert_int_eq(backoff_ms(i + 1), seconds[i] * 1000);
	ck_assert_int_eq(backoff_ms(4000000000), 300000);
}
END_TEST

/* ---- metadata ---- */

START_TEST(metadata_are_of_the_issuer_or_of_no_use)
{
	static const struct { const char *text, *uri, *why; } cases[] = {
		{ "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://keys.example/k?v=1\",\"x\":[]}", "https://keys.example/k?v=1", NULL },
		{ "{\"issuer\":\"" ISSUER "/\",\"jwks_uri\":\"https://keys.example/k\"}", NULL, "they are of issuer " ISSUER "/, not" },
		{ "{\"issuer\":\"https://idp.example/\",\"jwks_uri\":\"https://keys.example/k\"}", NULL, "they are of issuer" },
		{ "{\"issuer\":\"" ISSUER "\\u0000\",\"jwks_uri\":\"https://keys.example/k\"}", NULL, "do not name an issuer" },
		{ "{\"issuer\":[\"" ISSUER "\"],\"jwks_uri\":\"https://keys.example/k\"}", NULL, "do not name an issuer" },
		{ "{\"jwks_uri\":\"https://keys.example/k\"}", NULL, "do not name an issuer" },
		{ "{\"issuer\":\"" ISSUER "\"}", NULL, "no jwks_uri" },
		{ "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"http://keys.example/k\"}", NULL, "not an https URL" },
		{ "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"file:///etc/passwd\"}", NULL, "not an https URL" },
		{ "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https:///k\"}", NULL, "not an https URL" },
		{ "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://a b\"}", NULL, "not an https URL" },
		{ "{\"issuer\":\"x\",\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://keys.example/k\"}", NULL, "not JSON" },
		{ "[]", NULL, "do not name an issuer" },
		{ "<html>", NULL, "not JSON" },
		{ "", NULL, "not JSON" },
	};
	struct pool *pool = pool_new();

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err err = {{0}};
		const char *uri = metadata_jwks_uri(pool, cases[i].text, strlen(cases[i].text), ISSUER, &err);

		if (cases[i].uri)
			ck_assert_str_eq(uri, cases[i].uri);
		else
			ck_assert_msg(!uri && strstr(err.text, cases[i].why), "%s: %s", cases[i].text, err.text);
	}
	pool_free(&pool);
}
END_TEST

/* ---- the shelf ---- */

START_TEST(a_note_comes_back_as_it_was_put)
{
	struct place p;
	struct note note = { .fetched_s = 1700000000, .due_s = 1700000600, .error_since_s = 1700000700 }, got;
	char *path;

	settle(&p);
	shelf_note(&p.conf, &p.issuer, &got);
	ck_assert(!got.fetched_s && !got.url && !got.error);
	note_set(&note.url, p.issuer.jwks.ref);
	note_set(&note.etag, "\"a\\b\"");
	note_set(&note.error, "kapot: \"\xff\"");
	ck_assert_int_eq(shelf_put_note(&p.conf, &p.issuer, &note, NULL), 0);
	ck_assert_str_eq(noted(&p), "{\"fetched\":1700000000,\"due\":1700000600,\"url\":\"https://idp.example/keys\",\"etag\":\"\\\"a\\\\b\\\"\","
			 "\"error\":\"kapot: \\\"\xEF\xBF\xBD\\\"\",\"error_since\":1700000700}\n");
	shelf_note(&p.conf, &p.issuer, &got);
	ck_assert(got.fetched_s == note.fetched_s && got.due_s == note.due_s && got.error_since_s == note.error_since_s);
	ck_assert_str_eq(got.etag, note.etag);
	note_free(&got);
	p.issuer.jwks.ref = "https://idp.example/others";	/* not what the note is about */
	shelf_note(&p.conf, &p.issuer, &got);
	ck_assert(!got.fetched_s && !got.url && !got.etag);
	path = shelf_path(&p.conf, &p.issuer, "json");
	ck_assert_int_eq(file_replace(path, "{\"fetched\":", 11, 0600, NULL), 0);
	shelf_note(&p.conf, &p.issuer, &got);
	ck_assert(!got.fetched_s && !got.url);
	free(path);
	note_free(&note);
}
END_TEST

START_TEST(the_shelf_is_for_the_group_to_read)
{
	struct place p;
	struct stat st;
	char *path;

	settle(&p);
	ck_assert_int_eq(shelf_put_keys(&p.conf, &p.issuer, "{}", 2, NULL), 0);
	path = shelf_path(&p.conf, &p.issuer, "jwks");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	strrchr(path, '/')[0] = '\0';
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 02750);
	ck_assert_int_eq(shelf_make(&p.conf, NULL), 0);
	free(path);
}
END_TEST

/* ---- the keeper ---- */

static struct keeper *keep(struct place *p, int64_t now_ms)
{
	struct keeper *k = keeper_new(&p->conf, &p->issuer, &p->crowd, now_ms);

	keeper_tick(k, now_ms);
	return k;
}

START_TEST(keys_are_fetched_when_there_are_none_and_when_they_are_due)
{
	struct place p;
	struct keeper *k;

	settle(&p);
	k = keep(&p, 1000);
	ck_assert_uint_eq(p.crowd.n, 1);
	ck_assert(last(&p.crowd)->tls && !strstr(last(&p.crowd)->head, "If-None-Match"));
	ck_assert_str_eq(last(&p.crowd)->url, "https://idp.example/keys");
	ck_assert(keeper_due(k) == KEEPER_BUSY);
	answer(&p.crowd, 200, "Cache-Control: max-age=120\r\nETag: \"v1\"\r\n", OLD_KEYS, 2000);
	ck_assert_str_eq(on_shelf(&p), OLD_KEYS);
	ck_assert(keeper_due(k) == 122000 && keeper_note(k)->fetched_s && !keeper_note(k)->error);
	keeper_tick(k, 121999);
	ck_assert_uint_eq(p.crowd.n, 1);
	keeper_tick(k, 122000);
	ck_assert_uint_eq(p.crowd.n, 2);
	ck_assert_ptr_nonnull(strstr(last(&p.crowd)->head, "If-None-Match: \"v1\"\n"));
	answer(&p.crowd, 304, "", "", 123000);
	ck_assert_str_eq(on_shelf(&p), OLD_KEYS);
	ck_assert(keeper_due(k) == 123000 + 600000 && !keeper_note(k)->error);
	keeper_tick(k, 800000);
	answer(&p.crowd, 200, "", NEW_KEYS, 800000);
	ck_assert_str_eq(on_shelf(&p), NEW_KEYS);
	keeper_tick(k, 1500000);
	ck_assert_ptr_null(strstr(last(&p.crowd)->head, "If-None-Match"));
	p.issuer.stale_ms = 60000;	/* they do not count for longer than that beyond refresh */
	answer(&p.crowd, 200, "Cache-Control: max-age=86400\r\n", NEW_KEYS, 1500000);
	ck_assert(keeper_due(k) == 1500000 + 600000 + 60000 - 30000);
	keeper_free(&k);
	forget(&p.crowd);
}
END_TEST

START_TEST(what_is_not_a_sound_set_never_takes_the_place_of_one)
{
	static const struct { int status; const char *body, *why; } cases[] = {
		{ 200, "<html>aanmelden</html>", "not sound" }, { 200, "{\"keys\":[]}", "not sound" }, { 200, "{}", "not sound" },
		{ 200, "", "not sound" }, { 200, "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}", "not sound" },
		{ 500, NEW_KEYS, "answered with 500" }, { 302, "", "302, and redirects are not followed" }, { 404, "", "404" },
		{ 304, "", "304" }, { 206, NEW_KEYS, "206" },
	};
	struct place p;
	struct keeper *k;
	int64_t now_ms = 1000, since;

	settle(&p);
	k = keep(&p, now_ms);
	answer(&p.crowd, 200, "", OLD_KEYS, now_ms);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		now_ms = keeper_due(k);
		keeper_tick(k, now_ms);
		answer(&p.crowd, cases[i].status, "", cases[i].body, now_ms);
		ck_assert_str_eq(on_shelf(&p), OLD_KEYS);
		ck_assert_msg(strstr(keeper_note(k)->error, cases[i].why), "%s", keeper_note(k)->error);
		ck_assert(keeper_due(k) == now_ms + backoff_ms((unsigned)i + 1));
		ck_assert(keeper_note(k)->fetched_s && keeper_note(k)->error_since_s);
	}
	since = keeper_note(k)->error_since_s;
	now_ms = keeper_due(k);
	keeper_tick(k, now_ms);
	lose(&p.crowd, true, now_ms);
	ck_assert_str_eq(keeper_note(k)->error, "the keys: nobody is there");
	ck_assert_int_eq(keeper_note(k)->error_since_s, since);
	now_ms = keeper_due(k);
	keeper_tick(k, now_ms);
	answer(&p.crowd, 200, "", NEW_KEYS, now_ms);
	ck_assert_str_eq(on_shelf(&p), NEW_KEYS);
	ck_assert(!keeper_note(k)->error && !keeper_note(k)->error_since_s);
	now_ms = keeper_due(k);
	keeper_tick(k, now_ms);
	lose(&p.crowd, true, now_ms);
	ck_assert_int_eq(keeper_due(k), now_ms + 5000);
	keeper_free(&k);
	forget(&p.crowd);
}
END_TEST

START_TEST(what_is_known_survives_a_restart)
{
	struct place p;
	struct keeper *k;
	char *path;

	settle(&p);
	k = keep(&p, 1000);
	answer(&p.crowd, 200, "Cache-Control: max-age=3600\r\nETag: \"v1\"\r\n", OLD_KEYS, 1000);
	keeper_free(&k);
	k = keep(&p, 50000);		/* fresh still */
	ck_assert_uint_eq(p.crowd.n, 1);
	ck_assert(keeper_due(k) > 50000 + 3500000 && keeper_due(k) <= 50000 + 3600000);
	keeper_hurry(k, 60000);
	keeper_tick(k, 60000);
	ck_assert_ptr_nonnull(strstr(last(&p.crowd)->head, "If-None-Match: \"v1\""));
	lose(&p.crowd, true, 60000);
	keeper_free(&k);
	ck_assert_ptr_nonnull(strstr(noted(&p), "nobody is there"));
	k = keep(&p, 1);		/* fails still; soon again */
	ck_assert_uint_eq(p.crowd.n, 2);
	ck_assert(keeper_due(k) > 1 && keeper_due(k) <= 5001 && keeper_note(k)->error);
	keeper_free(&k);
	path = shelf_path(&p.conf, &p.issuer, "jwks");
	ck_assert_int_eq(file_replace(path, "{", 1, 0600, NULL), 0);
	k = keep(&p, 1);		/* the set was spoilt: at once, and whatever it is */
	ck_assert_uint_eq(p.crowd.n, 3);
	ck_assert_ptr_null(strstr(last(&p.crowd)->head, "If-None-Match"));
	answer(&p.crowd, 200, "", NEW_KEYS, 1);
	keeper_free(&k);
	p.issuer.jwks.ref = "https://idp.example/others";
	k = keep(&p, 1);		/* another URL: at once */
	ck_assert_uint_eq(p.crowd.n, 4);
	ck_assert_str_eq(last(&p.crowd)->url, "https://idp.example/others");
	keeper_free(&k);
	free(path);
	forget(&p.crowd);
}
END_TEST

START_TEST(fresh_keys_are_fetched_at_most_once_a_minute_when_wanted)
{
	struct place p;
	struct keeper *k;

	settle(&p);
	k = keep(&p, 1000);
	keeper_want(k, 2000);
	keeper_tick(k, 2000);
	ck_assert_uint_eq(p.crowd.n, 1);	/* it is under way */
	answer(&p.crowd, 200, "Cache-Control: max-age=3600\r\n", OLD_KEYS, 3000);
	keeper_want(k, 60999);
	keeper_tick(k, 60999);
	ck_assert_uint_eq(p.crowd.n, 1);
	keeper_want(k, 61000);
	ck_assert(keeper_due(k) == 61000);
	keeper_tick(k, 61000);
	keeper_want(k, 61001);
	keeper_tick(k, 61001);
	ck_assert_uint_eq(p.crowd.n, 2);
	lose(&p.crowd, true, 62000);
	keeper_want(k, 62001);
	ck_assert(keeper_due(k) == 67000);
	keeper_free(&k);
	forget(&p.crowd);
}
END_TEST

START_TEST(where_the_keys_are_may_be_in_metadata)
{
	static const char metadata[] = "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://keys.example/1\"}";
	static const char moved[] = "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://keys.example/2\"}";
	struct place p;
	struct keeper *k;
	int64_t now_ms = 1000;

	settle(&p);
	p.issuer.jwks.ref = NULL;
	p.issuer.discovery = "https://idp.example/.well-known/openid-configuration";
	k = keep(&p, now_ms);
	ck_assert_str_eq(last(&p.crowd)->url, p.issuer.discovery);
	answer(&p.crowd, 200, "ETag: \"m\"\r\n", metadata, now_ms);
	ck_assert_str_eq(last(&p.crowd)->url, "https://keys.example/1");
	answer(&p.crowd, 200, "ETag: \"v1\"\r\n", OLD_KEYS, now_ms);
	ck_assert_str_eq(on_shelf(&p), OLD_KEYS);
	ck_assert_ptr_nonnull(strstr(noted(&p), "\"url\":\"https://idp.example/.well-known/openid-configuration\""));
	now_ms = keeper_due(k);
	keeper_tick(k, now_ms);
	ck_assert_ptr_null(strstr(last(&p.crowd)->head, "If-None-Match"));
	answer(&p.crowd, 200, "", metadata, now_ms);
	ck_assert_ptr_nonnull(strstr(last(&p.crowd)->head, "If-None-Match: \"v1\""));
	answer(&p.crowd, 304, "", "", now_ms);
	now_ms = keeper_due(k);
	keeper_tick(k, now_ms);
	answer(&p.crowd, 200, "", moved, now_ms);	/* what was known of the other one says nothing about this one */
	ck_assert_str_eq(last(&p.crowd)->url, "https://keys.example/2");
	ck_assert_ptr_null(strstr(last(&p.crowd)->head, "If-None-Match"));
	lose(&p.crowd, true, now_ms);
	now_ms = keeper_due(k);
	keeper_tick(k, now_ms);
	answer(&p.crowd, 200, "", "{\"issuer\":\"https://ander.example\",\"jwks_uri\":\"https://keys.example/3\"}", now_ms);
	ck_assert_str_eq(keeper_note(k)->error, "the metadata are not right: they are of issuer https://ander.example, not " ISSUER);
	ck_assert_str_eq(last(&p.crowd)->url, p.issuer.discovery);
	now_ms = keeper_due(k);
	keeper_tick(k, now_ms);
	answer(&p.crowd, 503, "", "", now_ms);
	ck_assert_str_eq(keeper_note(k)->error, "the metadata: answered with 503");
	ck_assert_str_eq(on_shelf(&p), OLD_KEYS);
	keeper_free(&k);
	forget(&p.crowd);
}
END_TEST

START_TEST(nothing_new_is_begun_while_a_lost_one_lingers)
{
	struct place p;
	struct keeper *k;

	settle(&p);
	k = keep(&p, 1000);
	lose(&p.crowd, false, 6000);
	ck_assert(keeper_note(k)->error && keeper_due(k) == KEEPER_BUSY);
	keeper_tick(k, 100000);
	ck_assert_uint_eq(p.crowd.n, 1);
	lose(&p.crowd, true, 100000);
	keeper_tick(k, 100000);
	ck_assert_uint_eq(p.crowd.n, 2);
	p.crowd.down = true;
	answer(&p.crowd, 500, "", "", 100000);
	keeper_tick(k, keeper_due(k));
	ck_assert_str_eq(keeper_note(k)->error, "nothing starts");
	keeper_free(&k);
	forget(&p.crowd);
}
END_TEST

/* ---- asking about tokens ---- */

START_TEST(credentials_are_encoded_before_they_are_joined)
{
	struct buf b = {0};

	form_put(&b, (struct span){ "aZ0-._~ +&=%\0\xff", 14 });
	ck_assert_str_eq(b.p, "aZ0-._%7E%20%2B%26%3D%25%00%FF");
	buf_reset(&b);
	form_basic(&b, "klant:1", "ge heim");
	ck_assert_str_eq(b.p, "Authorization: Basic a2xhbnQlM0ExOmdlJTIwaGVpbQ==");	/* klant%3A1:ge%20heim */
	buf_reset(&b);
	form_question(&b, (struct span){ "a+b", 3 }, NULL);
	ck_assert_str_eq(b.p, "token=a%2Bb&token_type_hint=access_token");
	buf_reset(&b);
	form_question(&b, (struct span){ "t", 1 }, "e.y-_.z");
	ck_assert_str_eq(b.p, "token=t&token_type_hint=access_token&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-"
			 "type%3Ajwt-bearer&client_assertion=e.y-_.z");
	buf_free(&b);
}
END_TEST

START_TEST(an_assertion_is_signed_as_its_key_can)
{
	static const struct { const char *pem; enum alg alg; } cases[] = {
		{ RSA_PEM, ALG_RS256 }, { P256_PEM, ALG_ES256 }, { P384_PEM, ALG_ES384 }, { ED25519_PEM, ALG_EDDSA },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err err;
		const char *rest, *why, *claims = "{\"iss\":\"klant \\\"1\\\"\",\"sub\":\"klant \\\"1\\\"\",\"aud\":\"https://idp.example/i\","
						  "\"jti\":\"j-1\",\"iat\":1700000000,\"exp\":1700000060}";
		struct key *key = key_pem(cases[i].pem, true, &rest, &err);
		struct assertion a = { "klant \"1\"", "https://idp.example/i", key, "j-1", 1700000000 };
		struct jws_rules rules = {0};
		struct pool *pool = pool_new();
		struct jws_check check = { .allowed = 1u << cases[i].alg };
		struct buf jwt = {0}, jwk = {0};
		struct jws jws;
		struct jwks *keys;

		jwk_print(key, NULL, &jwk);
		check.keys = keys = jwks_parse(jwk.p, jwk.len, false, &err);
		ck_assert_int_eq(form_assertion(&jwt, &a, &err), 0);
		ck_assert(jws_split(pool, jwt.p, jwt.len, &rules, &jws, &why));
		ck_assert(jws.alg == cases[i].alg && jws_verify(&jws, &check) == JWS_GOOD);
		ck_assert(jws.payload.len == strlen(claims) && memcmp(jws.payload.p, claims, jws.payload.len) == 0);
		jws_drop(&jws);
		jwks_free(&keys);
		buf_free(&jwk);
		key_free(&key);
		buf_free(&jwt);
		pool_free(&pool);
	}
}
END_TEST

struct told {				/* what askers were told, in turn */
	struct { uint64_t asker, number; bool had; char body[64]; } v[400];
	size_t n;
};

static void tell(void *arg, uint64_t asker, const struct ask_answer *a)
{
	struct told *t = arg;

	t->v[t->n].asker = asker;
	t->v[t->n].number = a->number;
	t->v[t->n].had = a->had;
	snprintf(t->v[t->n++].body, sizeof t->v->body, "%.*s", (int)a->body.len, a->body.len ? (const char *)a->body.p : "");
}

static void settle_asked(struct place *p, const char **secrets, size_t n)
{
	settle(p);
	p->issuer.jwks.ref = NULL;
	p->issuer.introspection = "https://idp.example/introspect";
	p->issuer.client_id = "postvak";
	p->issuer.client_secret = (struct secret){ .ref = n ? "file:x" : NULL, .values = secrets, .n = n };
}

static void put(struct questions *q, uint64_t asker, uint64_t number, const char *issuer, int64_t now_ms)
{
	struct ask ask = { .kind = ASK_TOKEN, .number = number, .issuer = { issuer, strlen(issuer) }, .token = { "tok/en", 6 } };

	questions_ask(q, asker, &ask, now_ms);
}

START_TEST(an_issuer_is_asked_about_a_token)
{
	const char *secrets[] = { "geheim", "oud" };
	struct told t = {0};
	struct place p;
	struct questions *q;

	settle_asked(&p, secrets, 2);
	q = questions_new(&p.conf, &p.crowd, tell, &t);
	put(q, 3, 77, "proef", 0);
	ck_assert_uint_eq(t.n, 0);
	ck_assert(last(&p.crowd)->tls);
	ck_assert_str_eq(last(&p.crowd)->url, "https://idp.example/introspect");
	ck_assert_str_eq(last(&p.crowd)->body, "token=tok%2Fen&token_type_hint=access_token");
	ck_assert_str_eq(last(&p.crowd)->head, "Content-Type: application/x-www-form-urlencoded\nAccept: application/json\n"
			 "Authorization: Basic cG9zdHZhazpnZWhlaW0=\n");
	answer(&p.crowd, 200, "", "{\"active\":false}", 10);
	ck_assert(t.n == 1 && t.v[0].asker == 3 && t.v[0].number == 77 && t.v[0].had);
	ck_assert_str_eq(t.v[0].body, "{\"active\":false}");
	put(q, 4, 78, "onbekend", 20);
	ck_assert(t.n == 2 && t.v[1].asker == 4 && t.v[1].number == 78 && !t.v[1].had && p.crowd.n == 1);
	questions_free(&q);
	forget(&p.crowd);
}
END_TEST

START_TEST(only_an_object_with_200_is_an_answer)
{
	static const struct { int status; const char *body, *why; } cases[] = {
		{ 200, "true", "not a JSON object" }, { 200, "", "not a JSON object" }, { 200, "{\"active\":true", "not a JSON object" },
		{ 200, "{\"active\":true,\"active\":false}", "not a JSON object" }, { 201, "{\"active\":true}", "answered with 201" },
		{ 401, "{\"error\":\"invalid_client\"}", "401: it does not take client_id" }, { 302, "", "redirects are not followed" },
		{ 500, "{\"active\":true}", "500" },
	};
	const char *secrets[] = { "geheim" };
	struct told t = {0};
	struct place p;
	struct questions *q;

	settle_asked(&p, secrets, 1);
	q = questions_new(&p.conf, &p.crowd, tell, &t);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		put(q, 1, i, "proef", (int64_t)i * 60000);
		answer(&p.crowd, cases[i].status, "", cases[i].body, (int64_t)i * 60000);
		questions_tick(q, (int64_t)i * 60000);
		ck_assert(t.n == i + 1 && t.v[i].number == i && !t.v[i].had && !*t.v[i].body);
		ck_assert_msg(strstr(noted(&p), cases[i].why) && strstr(noted(&p), "\"fetched\":null"), "%s", noted(&p));
	}
	put(q, 1, 100, "proef", 600000);
	lose(&p.crowd, true, 600000);
	questions_tick(q, 600000);
	ck_assert(!t.v[t.n - 1].had && strstr(noted(&p), "nobody is there"));
	put(q, 1, 101, "proef", 600001);
	answer(&p.crowd, 200, "", "{}", 600001);
	ck_assert(t.v[t.n - 1].had && questions_due(q) == 605000);
	questions_tick(q, 604999);
	ck_assert_ptr_nonnull(strstr(noted(&p), "nobody is there"));
	questions_tick(q, 605000);
	ck_assert_ptr_nonnull(strstr(noted(&p), "\"error\":null,\"error_since\":null"));
	ck_assert(questions_due(q) == INT64_MAX);
	questions_free(&q);
	forget(&p.crowd);
}
END_TEST

START_TEST(an_issuer_is_asked_so_much_at_once_and_lost_questions_count)
{
	const char *secrets[] = { "geheim" };
	struct told t = {0};
	struct place p;
	struct questions *q;

	settle_asked(&p, secrets, 1);
	q = questions_new(&p.conf, &p.crowd, tell, &t);
	for (uint64_t i = 0; i <= QUESTIONS_OF_ISSUER; i++)
		put(q, 1, i, "proef", 0);
	ck_assert(p.crowd.n == QUESTIONS_OF_ISSUER && t.n == 1 && t.v[0].number == QUESTIONS_OF_ISSUER && !t.v[0].had);
	lose(&p.crowd, false, 5000);	/* told, and takes up its place */
	ck_assert(t.n == 2 && t.v[1].number == 0 && !t.v[1].had);
	put(q, 1, 200, "proef", 5000);
	ck_assert(t.n == 3 && t.v[2].number == 200);
	lose(&p.crowd, true, 9000);
	ck_assert_uint_eq(t.n, 3);
	put(q, 1, 201, "proef", 9000);
	ck_assert_uint_eq(t.n, 3);
	while (p.crowd.home < p.crowd.n)
		answer(&p.crowd, 200, "", "{}", 9000);
	ck_assert_uint_eq(t.n, 3 + QUESTIONS_OF_ISSUER);
	p.crowd.down = true;
	put(q, 1, 300, "proef", 9000);
	ck_assert(t.n == 4 + QUESTIONS_OF_ISSUER && t.v[t.n - 1].number == 300 && !t.v[t.n - 1].had);
	questions_free(&q);
	forget(&p.crowd);
}
END_TEST

START_TEST(with_a_key_each_question_has_an_assertion_of_its_own)
{
	struct told t = {0};
	struct place p;
	struct questions *q;

	settle_asked(&p, NULL, 0);
	p.issuer.client_key = (struct conf_keys){ "file:k", P256_PEM };
	q = questions_new(&p.conf, &p.crowd, tell, &t);
	put(q, 1, 1, "proef", 0);
	put(q, 1, 2, "proef", 0);
	ck_assert_ptr_null(strstr(p.crowd.v[0].head, "Authorization"));
	ck_assert_ptr_nonnull(strstr(p.crowd.v[0].body, "&client_assertion=eyJ"));
	ck_assert_str_ne(p.crowd.v[0].body, p.crowd.v[1].body);
	answer(&p.crowd, 200, "", "{}", 0);
	answer(&p.crowd, 200, "", "{}", 0);
	questions_free(&q);
	p.issuer.client_key.text = P256_PUBLIC_PEM;
	q = questions_new(&p.conf, &p.crowd, tell, &t);
	put(q, 1, 3, "proef", 0);
	ck_assert(t.n == 3 && t.v[2].number == 3 && !t.v[2].had);
	questions_free(&q);
	forget(&p.crowd);
}
END_TEST

START_TEST(a_client_key_that_cannot_sign_is_told_before_anything_starts)
{
	static const struct { const char *pem, *why; } cases[] = {
		{ P256_PEM, NULL }, { P256_PUBLIC_PEM, "client_key: there is no private key in it" }, { P256_LOCKED_PEM, "client_key: " },
	};
	struct place p;

	settle_asked(&p, NULL, 0);
	p.conf.file = "postvak.conf";
	p.issuer.introspection = NULL;	/* a build without libcurl would have something to say about it */
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct problems problems = { .pool = pool_new() };

		p.issuer.client_key = (struct conf_keys){ "file:k", cases[i].pem };
		trust_check(&p.conf, &problems);
		ck_assert_uint_eq(problems.n, cases[i].why != NULL);
		ck_assert_msg(!problems.n || strstr(problems.v[0].text, cases[i].why), "%s", problems.n ? problems.v[0].text : "");
		pool_free(&problems.pool);
	}
}
END_TEST

UNIT_MAIN("keys",
	an_answer_says_how_long_it_is_fresh,
	failures_make_the_wait_longer,
	metadata_are_of_the_issuer_or_of_no_use,
	a_note_comes_back_as_it_was_put,
	the_shelf_is_for_the_group_to_read,
	keys_are_fetched_when_there_are_none_and_when_they_are_due,
	what_is_not_a_sound_set_never_takes_the_place_of_one,
	what_is_known_survives_a_restart,
	fresh_keys_are_fetched_at_most_once_a_minute_when_wanted,
	where_the_keys_are_may_be_in_metadata,
	nothing_new_is_begun_while_a_lost_one_lingers,
	credentials_are_encoded_before_they_are_joined,
	an_assertion_is_signed_as_its_key_can,
	an_issuer_is_asked_about_a_token,
	only_an_object_with_200_is_an_answer,
	an_issuer_is_asked_so_much_at_once_and_lost_questions_count,
	with_a_key_each_question_has_an_assertion_of_its_own,
	a_client_key_that_cannot_sign_is_told_before_anything_starts)
