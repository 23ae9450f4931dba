/* SPDX-License-Identifier: EUPL-1.2
 * Tables of requests and what becomes of them, for the tests of CloudEvents: each row is read by
 * message_read, and judged by the pipeline, which has to agree. */
#ifndef TESTS_CLOUD_RIG_H
#define TESTS_CLOUD_RIG_H

#include "event/read.h"
#include "unit.h"

/* Rows leave out what they do not look at. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

/* Headers are lines "name: value". Bodies have ' for ". */
#define STRUCTURED "content-type: application/cloudevents+json\n"
#define BATCH "content-type: application/cloudevents-batch+json\n"
#define SOURCE "urn:nld:oin:00000001823288444000:systeem:zaken"
#define CORE "'specversion':'1.0','id':'1','source':'" SOURCE "','type':'nl.zaken.geopend'"
#define EVENT(more) "{" CORE more "}"	/* more begins with a comma, or is "" */
#define CE "ce-specversion: 1.0\nce-id: 1\nce-source: " SOURCE "\nce-type: nl.zaken.geopend\n"
#define BINARY CE "content-type: application/json\n"

struct cloud_row {
	const char *headers;	/* null: STRUCTURED */
	const char *body;	/* null: the one that fits the headers: EVENT(""), or {} */
	int status;		/* 0: taken */
	/* 400: the faults, "/id:required ce-x:name"; 413, 415: the code. Taken: the attributes "name=value ..." that
	 * are not those of CORE, events separated by " | "; or null: whatever they are */
	const char *expect;
	const char *data;	/* of the first event: "none", or its text, with \xNN for what is not printable; or null */
	const char *note;	/* a part of the first event's; null: it has none */
	size_t body_len;	/* 0: strlen(body) */
};

struct cloud_rig {
	struct pool *pool;
	struct message m;
	struct read_rules rules;
	struct reading reading;
};

/* Which profile, and otherwise the defaults of an endpoint that takes CloudEvents. */
struct read_rules cloud_rules_of(enum cloud_profile profile);
void cloud_table(const char *file, int line, struct read_rules rules, const struct cloud_row *rows, size_t n);
#define TABLE(rules, rows) cloud_table(__FILE__, __LINE__, rules, rows, COUNT(rows))
#define CNCF cloud_rules_of(PROFILE_CNCF)
#define NLGOV cloud_rules_of(PROFILE_NLGOV)
#define STRICT cloud_rules_of(PROFILE_NLGOV_STRICT)
#define URN cloud_rules_of(PROFILE_NLGOV_URN)

/* One message, read; its memory goes with rig_free. */
void rig_read(struct cloud_rig *rig, struct read_rules rules, const char *headers, const char *body);
/* The only event of one that is taken. */
struct event *rig_event(struct cloud_rig *rig, struct read_rules rules, const char *headers, const char *body);
void rig_free(struct cloud_rig *rig);

/* The status of the pipeline's answer to a request with this method at an endpoint with these rules; its body as
 * JSON text in *body, of the pool, unless that is null. The longest body that is taken is most; 0: any. */
int rig_judge(struct cloud_rig *rig, const char *method, size_t most, const char **body);

#endif
