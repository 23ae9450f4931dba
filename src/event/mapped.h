/* SPDX-License-Identifier: EUPL-1.2
 * A JSON webhook that is no CloudEvent becomes an event, by a mapping (event/mapping.h). */
#ifndef EVENT_MAPPED_H
#define EVENT_MAPPED_H

#include "event/event.h"
#include "event/fault.h"
#include "event/mapping.h"

struct mapped_rules {
	const struct mapping *const *map;	/* MAP_FIELDS; id, type and source are there */
	const char *scope;			/* identity_group or name of the sender */
	int64_t now_ms;				/* wall, for `received` */
};

/* 0: event is filled but for n, received_ms, endpoint and sender; its data is the body in place, the headers
 * that the mapping names are kept with it. -1: faults name what is missing or wrong, by JSON pointer or header. */
int mapped_read(struct pool *pool, const struct message *m, const struct mapped_rules *rules,
		struct event *event, struct faults *faults);

#endif
