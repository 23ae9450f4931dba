/* SPDX-License-Identifier: EUPL-1.2
 * What it costs to read a structured CloudEvent of 600 bytes: parsed, checked, profile and extensions judged,
 * identified and hashed; beside what json-c's tokener alone takes to make its tree of the same bytes, in turns. */
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/mem.h"
#include "event/read.h"

#define ROUNDS 21
#define TIMES 20000

static const char body[] =
	"{\"specversion\":\"1.0\",\"id\":\"f3dce042-cd6e-4977-844d-05be8dce7cea\","
	"\"type\":\"nl.overheid.zaken.zaakstatus-gewijzigd\",\"source\":\"urn:nld:oin:00000001823288444000:systeem:zaaksysteem\","
	"\"subject\":\"b2f1a0de-7c1c-4b0e-a1ef-0c7d0d5a1f4e\",\"time\":\"2026-05-01T12:00:00.123Z\","
	"\"datacontenttype\":\"application/json\",\"sequence\":\"1234\",\"sequencetype\":\"integer\","
	"\"data\":{\"zaak\":\"https://zaken.example.nl/api/v1/zaken/b2f1a0de-7c1c-4b0e-a1ef-0c7d0d5a1f4e\",\"status\":\"afgerond\","
	"\"volgnummer\":7,\"toelichting\":\"de aanvraag is afgerond en de beschikking is verzonden aan de aanvrager(s)\",\"kenmerken\":[\"vergunning\",\"bouw\", \"kap\"]}}";

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double tokener(void)
{
	struct json_tokener *tok = json_tokener_new();
	double begin = now();

	for (int i = 0; i < TIMES; i++) {
		struct json_object *doc = json_tokener_parse_ex(tok, body, (int)strlen(body));

		if (!doc)
			exit(EXIT_FAILURE);
		json_object_put(doc);
		json_tokener_reset(tok);
	}
	begin = (now() - begin) / TIMES;
	json_tokener_free(tok);
	return begin;
}

static double whole(enum cloud_profile profile)
{
	struct attr headers[] = { { "authorization", "Bearer x" }, { "content-type", "application/cloudevents+json; charset=utf-8" } };
	struct message m = { .method = "POST", .path = "/events", .query = "", .peer = "", .headers = headers, .n_headers = 2,
			     .body = (const unsigned char *)body, .body_len = strlen(body) };
	struct read_rules rules = { .accepts = ACCEPTS_NRC | ACCEPTS_CLOUD, .scope = "sender", .cloud_profile = profile };
	struct pool *pool = pool_new();
	struct reading reading;
	double begin = now();

	for (int i = 0; i < TIMES; i++) {
		message_read(pool, &m, &rules, &reading);
		if (reading.n != 1)
			exit(EXIT_FAILURE);
		pool_reset(pool);
	}
	begin = (now() - begin) / TIMES;
	pool_free(&pool);
	return begin;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(void)
{
	double json[ROUNDS], cncf[ROUNDS], strict[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		json[i] = tokener();
		cncf[i] = whole(PROFILE_CNCF);
		strict[i] = whole(PROFILE_NLGOV_STRICT);
	}
	qsort(json, ROUNDS, sizeof *json, by_size);
	qsort(cncf, ROUNDS, sizeof *cncf, by_size);
	qsort(strict, ROUNDS, sizeof *strict, by_size);
	printf("a structured event of %zu bytes, medians of %d rounds of %d, in nanoseconds\n", strlen(body), ROUNDS, TIMES);
	printf("json-c's tokener alone                 %6.0f  (%.0f to %.0f)\n", json[ROUNDS / 2], json[0], json[ROUNDS - 1]);
	printf("read whole, profile cncf               %6.0f  (%.0f to %.0f)\n", cncf[ROUNDS / 2], cncf[0], cncf[ROUNDS - 1]);
	printf("read whole, profile nlgov-strict       %6.0f  (%.0f to %.0f)\n", strict[ROUNDS / 2], strict[0], strict[ROUNDS - 1]);
	printf("ratio %.2f\n", strict[ROUNDS / 2] / json[ROUNDS / 2]);
	return 0;
}
