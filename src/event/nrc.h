/* SPDX-License-Identifier: EUPL-1.2
 * A notification of the Dutch Notificaties API (NRC consumer OAS 1.0.0-rc1) becomes an event of
 * type nl.overheid.<kanaal>.<resource>.<actie>. */
#ifndef EVENT_NRC_H
#define EVENT_NRC_H

#include "event/event.h"
#include "event/fault.h"

enum nrc_profile {
	NRC_LENIENT,	/* what real senders send: extra members, kenmerken empty, null or missing, empty
			 * values, aanmaakdatum without an offset or in the future */
	NRC_STRICT	/* the OAS to the letter */
};
enum nrc_identity {
	IDENTITY_CONTENT,	/* canonical content, aanmaakdatum included */
	IDENTITY_CORRELATION,	/* content without aanmaakdatum, and X-Correlation-Id; without that header: content */
	IDENTITY_HEADER		/* a named header; without it: content */
};

struct nrc_rules {
	enum nrc_profile profile;
	enum nrc_identity identity;
	const char *identity_header;	/* lower case, for IDENTITY_HEADER */
	const char *scope;		/* identity_group or name of the sender: part of every identity */
};

/* Reads m->body. 0: event is filled (type, source, subject, time, lane, key, digest, headers, data =
 * the body in place) but for n, received_ms, endpoint and sender; *probe says whether it is the
 * registration probe (kanaal "test"); note says in what it deviates from the OAS. Headers and data
 * are those of m, not copies. -1: faults name every faulty field; the event has type "", wire, data
 * and headers. */
int nrc_parse(struct pool *pool, const struct message *m, const struct nrc_rules *rules,
	      struct event *event, bool *probe, struct faults *faults);

#endif
