/* SPDX-License-Identifier: EUPL-1.2
 * The parts of postvak send that need no network. */
#ifndef CLI_SEND_H
#define CLI_SEND_H

#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "cli/command.h"
#include "cli/draft.h"
#include "conf/conf.h"

enum {
	FLAG_URL = FLAG_OWN, FLAG_AUTHORIZATION, FLAG_HEADER, FLAG_ENDPOINT, FLAG_EXAMPLE, FLAG_PROBE, FLAG_REPEAT,
	FLAG_HANDSHAKE,
	/* who sends, and how it proves that; shared with sign and token */
	FLAG_SIGNATURE, FLAG_SET, FLAG_SECRET, FLAG_KEY, FLAG_KID, FLAG_ONLY, FLAG_BAD, FLAG_CERT, FLAG_CA, FLAG_AT, FLAG_METHOD,
	FLAG_CLIENT_ID, FLAG_ALG, FLAG_TYP, FLAG_ISSUER, FLAG_AUDIENCE, FLAG_SCOPE, FLAG_CLAIM, FLAG_LIFETIME, FLAG_JWKS,
	/* either of these makes it a CloudEvent */
	FLAG_MODE, FLAG_TYPE,
	/* and these say more about it, as FLAG_SOURCE does */
	FLAG_SUBJECT, FLAG_ID, FLAG_TIME, FLAG_DATACONTENTTYPE, FLAG_DATASCHEMA, FLAG_ATTRIBUTE, FLAG_DATA,
	FLAG_COUNT
};

bool header_fit(const char *header);		/* "Name: value", one line */
bool header_is(const char *header, const char *name);
/* The scheme and authority of a URL with another path; false when it is no http(s) URL. */
bool url_with_path(const char *url, const char *path, struct buf *out);
/* The content of a file, or of standard input for "-". 0, or an exit status after the error was said. */
int send_read(const char *file, struct buf *out);

/* ---- CloudEvents ---- */

enum recipe_mode { RECIPE_NONE, RECIPE_STRUCTURED, RECIPE_BINARY, RECIPE_BATCH };
struct recipe {			/* what was asked for */
	enum recipe_mode mode;	/* RECIPE_NONE: a notification */
	struct draft event;
	bool example;		/* what it does not say is made up */
	uint64_t count;		/* events in a batch */
};
/* From the options, into the pool. 0, or an exit status after the error was said. */
int recipe_read(const struct call *call, struct pool *pool, struct recipe *recipe);
/* A request with new ids, dated now: its body, and its headers through fn. -1: see draft_headers. */
int recipe_make(const struct recipe *recipe, struct buf *body, draft_header_fn *fn, void *to, struct err *err);

#endif
