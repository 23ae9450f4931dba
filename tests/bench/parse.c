/* SPDX-License-Identifier: EUPL-1.2
 * What it costs to read an event that lies in memory: parsed, checked, profile and extensions judged, identified and
 * hashed; and to judge its request whole, credentials included; beside what json-c's tokener alone takes to make its tree
 * of a structured event, in turns.
 *
 *     parse                 all of them, in rounds
 *     parse CASE [TIMES]    that one, so often: for callgrind and perf */
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/die.h"
#include "base/mem.h"
#include "event/read.h"
#include "receive/pipeline.h"
#include "trust/jws.h"
#define ck_assert_msg(is, ...) must(is)
#include "../unit/keys.h"

#define ROUNDS 21
#define TIMES 5000
#define BATCH 20

static const char structured[] =
	"{\"specversion\":\"1.0\",\"id\":\"f3dce042-cd6e-4977-844d-05be8dce7cea\","
	"\"type\":\"nl.overheid.zaken.zaakstatus-gewijzigd\",\"source\":\"urn:nld:oin:00000001823288444000:systeem:zaaksysteem\","
	"\"subject\":\"b2f1a0de-7c1c-4b0e-a1ef-0c7d0d5a1f4e\",\"time\":\"2026-05-01T12:00:00.123Z\","
	"\"datacontenttype\":\"application/json\",\"sequence\":\"1234\",\"sequencetype\":\"integer\","
	"\"data\":{\"zaak\":\"https://zaken.example.nl/api/v1/zaken/b2f1a0de-7c1c-4b0e-a1ef-0c7d0d5a1f4e\",\"status\":\"afgerond\","
	"\"volgnummer\":7,\"toelichting\":\"de aanvraag is afgerond en de beschikking is verzonden aan de aanvrager(s)\",\"kenmerken\":[\"vergunning\",\"bouw\", \"kap\"]}}";

static const char notification[] =
	"{\"kanaal\": \"zaken\", \"source\": \"zaken.example.nl\", \"hoofdObject\": \"https://zaken.example.nl/api/v1/zaken/b2f1a0de-7c1c-4b0e-a1ef-0c7d0d5a1f4e\", "
	"\"resource\": \"status\", \"resourceUrl\": \"https://zaken.example.nl/api/v1/statussen/f3dce042-cd6e-4977-844d-05be8dce7cea\", "
	"\"actie\": \"create\", \"aanmaakdatum\": \"2026-05-01T12:00:00.123Z\", \"kenmerken\": {\"bronorganisatie\": \"823288444\", "
	"\"zaaktype\": \"https://catalogi.example.nl/api/v1/zaaktypen/0c7d0d5a-1f4e-4b0e-a1ef-b2f1a0de7c1c\", "
	"\"zaaktype.catalogus\": \"https://catalogi.example.nl/api/v1/catalogussen/7c1cb2f1-a0de-4b0e-a1ef-0c7d0d5a1f4e\", "
	"\"vertrouwelijkheidaanduiding\": \"openbaar\"}}";

#define DATA "{\"zaak\":\"https://zaken.example.nl/api/v1/zaken/b2f1a0de-7c1c-4b0e-a1ef-0c7d0d5a1f4e\",\"status\":\"afgerond\"," \
	"\"volgnummer\":7,\"toelichting\":\"de aanvraag is afgerond en de beschikking is verzonden aan de aanvrager(s)\"}"

/* What the client and the web server add. */
#define USUAL { "host", "postvak.example.nl" }, { "user-agent", "python-requests/2.32.3" }, { "accept", "*/*" }, \
	{ "accept-encoding", "gzip, deflate" }, { "connection", "keep-alive" }, { "content-length", "600" }
#define PLACES 20

enum credential { STATIC, HS256, RS256, CREDENTIALS };
enum body { NOTIFICATION, STRUCTURED, BINARY, BATCHED };

static struct place {		/* where it all happens */
	struct pool *pool;
	char batch[BATCH * sizeof structured + BATCH + 2];
	const char *values[CREDENTIALS];	/* of Authorization */
	const char *secret[1], *clients[1];
	size_t issuers[1], senders[CREDENTIALS][1];
	struct conf_sender sender[CREDENTIALS];
	struct conf_endpoint endpoint[CREDENTIALS];
	struct conf_issuer issuer;
	struct conf conf;
	struct trust *trust;
	struct attr headers[4][PLACES];
	struct message m[4];
	int64_t now_ms;
} place;

/* ---- the place ---- */

static const char *token(enum alg alg, const char *header, const char *claims)
{
	struct key *key = alg == ALG_RS256 ? keys_private(RSA_PEM) : NULL;
	const struct jws_make make = { .header = header, .alg = alg, .key = key, .secret = { "a secret of at least 32 bytes, so", 33 },
				       .payload = &(struct span){ claims, strlen(claims) }, .n = 1 };
	struct buf out = {0};
	struct err err;
	const char *text;

	must(jws_make(&make, &out, &err) == 0);
	text = pool_fmt(place.pool, "Bearer %s", out.p);
	buf_free(&out);
	key_free(&key);
	return text;
}

static void make_credentials(void)
{
	struct key *key = keys_private(RSA_PEM);
	struct buf jwks = {0};
	long now_s = (long)time(NULL);

	place.values[STATIC] = place.secret[0] = "Bearer 0123456789abcdef0123456789abcdef";
	place.clients[0] = "zaaksysteem:a secret of at least 32 bytes, so";
	place.values[HS256] = token(ALG_HS256, "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"client_identifier\":\"zaaksysteem\"}",
				    pool_fmt(place.pool, "{\"iss\":\"zaaksysteem\",\"iat\":%ld,\"client_id\":\"zaaksysteem\",\"user_id\":\"u\","
					     "\"user_representation\":\"U. Ser\"}", now_s));
	place.values[RS256] = token(ALG_RS256, "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"r1\"}",
				    pool_fmt(place.pool, "{\"iss\":\"https://idp.example.nl\",\"aud\":\"https://hook.example\",\"iat\":%ld,"
					     "\"exp\":%ld,\"client_id\":\"zaaksysteem\",\"scope\":\"events.write other\",\"jti\":\"1f4e\"}",
					     now_s, now_s + 100000000));
	buf_str(&jwks, "{\"keys\":[");
	jwk_print(key, "r1", &jwks);
	buf_str(&jwks, "]}");
	place.issuer = (struct conf_issuer){ .name = "idp", .issuer = "https://idp.example.nl", .algorithms = "RS256", .leeway_ms = 60000,
					     .audience = "https://hook.example", .jwks = { "file:x", pool_str(place.pool, jwks.p) } };
	buf_free(&jwks);
	key_free(&key);
}

static void make_trust(void)
{
	place.sender[STATIC].authorization = (struct secret){ "file:x", place.secret, 1 };
	place.sender[HS256].zgw = (struct secret){ "file:x", place.clients, 1 };
	place.sender[RS256].issuers = place.issuers;
	place.sender[RS256].n_issuers = 1;
	place.sender[RS256].scopes = "events.write";
	for (size_t i = 0; i < CREDENTIALS; i++) {
		place.senders[i][0] = i;
		place.sender[i].name = "zaaksysteem";
		place.sender[i].may_send = "nl.overheid.zaken.** com.example.**";
		place.endpoint[i] = (struct conf_endpoint){ .name = "events", .path = pool_fmt(place.pool, "/events/%zu", i),
							    .accepts = ACCEPTS_NRC | ACCEPTS_CLOUD, .senders = place.senders[i], .n_senders = 1,
							    .batch = BATCH };
	}
	place.conf = (struct conf){ .file = "x", .state_dir = "/nonexistent", .endpoints = place.endpoint, .n_endpoints = CREDENTIALS,
				    .senders = place.sender, .n_senders = CREDENTIALS, .issuers = &place.issuer, .n_issuers = 1,
				    .body_max = 1000000 };
	place.trust = trust_new(&place.conf);
}

static void make_message(enum body body, const char *p, const struct attr *more)
{
	static const struct attr usual[] = { USUAL };
	struct attr *headers = place.headers[body];
	size_t n = sizeof usual / sizeof *usual;

	memcpy(headers, usual, sizeof usual);
	headers[n++] = (struct attr){ "authorization", "" };
	for (; more->name; more++)
		headers[n++] = *more;
	place.m[body] = (struct message){ .method = "POST", .path = "", .query = "", .peer = "", .headers = headers, .n_headers = n,
					  .body = (const unsigned char *)p, .body_len = strlen(p) };
}

static void make_messages(void)
{
	char *at = place.batch;

	for (size_t i = 0; i < BATCH; i++)
		at += sprintf(at, "%c%s", i ? ',' : '[', structured);
	strcpy(at, "]");
	make_message(NOTIFICATION, notification, (const struct attr []){ { "content-type", "application/json" },
		     { "x-correlation-id", "5d1b6f7c-7a5e-4f3a-8d9b-2a6c5e4f3d2b" }, { NULL, NULL } });
	make_message(STRUCTURED, structured, (const struct attr []){
		     { "content-type", "application/cloudevents+json; charset=utf-8" }, { NULL, NULL } });
	make_message(BATCHED, place.batch, (const struct attr []){ { "content-type", "application/cloudevents-batch+json" }, { NULL, NULL } });
	make_message(BINARY, DATA, (const struct attr []){
		     { "content-type", "application/json" }, { "ce-specversion", "1.0" }, { "ce-id", "f3dce042-cd6e-4977-844d-05be8dce7cea" },
		     { "ce-type", "nl.overheid.zaken.zaakstatus-gewijzigd" },
		     { "ce-source", "urn:nld:oin:00000001823288444000:systeem:zaaksysteem" },
		     { "ce-subject", "b2f1a0de-7c1c-4b0e-a1ef-0c7d0d5a1f4e" }, { "ce-time", "2026-05-01T12:00:00.123Z" },
		     { "ce-sequence", "1234" }, { "ce-sequencetype", "integer" }, { NULL, NULL } });
}

/* ---- what is measured, once each ---- */

static void tokener(int unused, int unused_too)
{
	static struct json_tokener *tok;
	struct json_object *doc;

	(void)unused;
	(void)unused_too;
	if (!tok)
		tok = json_tokener_new();
	doc = json_tokener_parse_ex(tok, structured, (int)strlen(structured));
	must(doc);
	json_object_put(doc);
	json_tokener_reset(tok);
}

static void reading(int body, int profile)
{
	struct read_rules rules = { .accepts = ACCEPTS_NRC | ACCEPTS_CLOUD, .scope = "sender", .batch = BATCH,
				    .cloud_profile = (enum cloud_profile)profile };
	struct reading reading;

	message_read(place.pool, &place.m[body], &rules, &reading);
	must(reading.n == (body == BATCHED ? BATCH : 1));
	pool_reset(place.pool);
}

static void judging(int body, int credential)
{
	struct gate_request request = { .message = place.m[body], .pool = place.pool };
	struct verdict verdict;

	request.message.path = place.endpoint[credential].path;
	request.message.headers[6].value = place.values[credential];
	pipeline_judge(&place.conf, place.trust, &request, &verdict);
	must(verdict.n == (body == BATCHED ? BATCH : 1));
	pool_reset(place.pool);
}

/* What was verified is forgotten within a minute; these requests are more than that apart. */
static void verifying(int body, int credential)
{
	struct message m = place.m[body];
	struct trust_request request = { .m = &m, .pool = place.pool, .endpoint = (size_t)credential };
	struct admitted admitted;

	request.now_ms = place.now_ms += 61000;
	m.headers[6].value = place.values[credential];
	must(trust_admit(place.trust, &request, &admitted) == TRUST_OK);
	pool_reset(place.pool);
}

static const struct row {
	const char *name, *what;
	void (*once)(int a, int b);
	int a, b;
} rows[] = {
	{ "tokener", "json-c's tokener alone", tokener, 0, 0 },
	{ "strict", "read, structured, profile nlgov-strict", reading, STRUCTURED, PROFILE_NLGOV_STRICT },
	{ "structured", "read, structured, profile cncf", reading, STRUCTURED, PROFILE_CNCF },
	{ "notification", "read, notification", reading, NOTIFICATION, PROFILE_CNCF },
	{ "binary", "read, binary", reading, BINARY, PROFILE_CNCF },
	{ "batch", "read, batch of 20", reading, BATCHED, PROFILE_CNCF },
	{ "judge-notification", "judged, notification", judging, NOTIFICATION, STATIC },
	{ "judge-structured", "judged, structured", judging, STRUCTURED, STATIC },
	{ "judge-binary", "judged, binary", judging, BINARY, STATIC },
	{ "judge-batch", "judged, batch of 20", judging, BATCHED, STATIC },
	{ "judge-hs256", "judged, notification with HS256", judging, NOTIFICATION, HS256 },
	{ "judge-rs256", "judged, notification with RS256", judging, NOTIFICATION, RS256 },
	{ "verify-rs256", "RS256 that was not seen for a minute", verifying, NOTIFICATION, RS256 },
};
#define ROWS (sizeof rows / sizeof *rows)

static double measure(const struct row *row, int times)
{
	struct timespec begin, end;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < times; i++)
		row->once(row->a, row->b);
	clock_gettime(CLOCK_MONOTONIC, &end);
	return ((double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec)) / times;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int all(void)
{
	static double took[ROWS][ROUNDS];

	for (size_t round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < ROWS; i++)
			took[i][round] = measure(&rows[i], TIMES / (strstr(rows[i].name, "batch") || rows[i].once == verifying ? 10 : 1));
	printf("medians of %d rounds, in nanoseconds; a structured event of %zu bytes, a notification of %zu\n", ROUNDS,
	       strlen(structured), strlen(notification));
	for (size_t i = 0; i < ROWS; i++) {
		qsort(took[i], ROUNDS, sizeof took[i][0], by_size);
		printf("%-20s %-40s %7.0f  (%.0f to %.0f)\n", rows[i].name, rows[i].what, took[i][ROUNDS / 2], took[i][0], took[i][ROUNDS - 1]);
	}
	printf("ratio %.2f\n", took[1][ROUNDS / 2] / took[0][ROUNDS / 2]);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	place.pool = pool_new();
	make_credentials();
	make_trust();
	make_messages();
	place.pool = pool_new();	/* the first one stays */
	place.now_ms = (int64_t)time(NULL) * 1000;
	if (argc < 2)
		return all();
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(argv[1], rows[i].name) == 0) {
			measure(&rows[i], argc > 2 ? atoi(argv[2]) : TIMES);
			return EXIT_SUCCESS;
		}
	fprintf(stderr, "%s: no such case\n", argv[1]);
	return EXIT_FAILURE;
}
