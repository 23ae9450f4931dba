/* SPDX-License-Identifier: EUPL-1.2
 * Signatures with a shared secret (HMAC), as nearly all web hooks have them: which header, how it is written, and what
 * is signed, as data. */
#ifndef TRUST_TEMPLATE_H
#define TRUST_TEMPLATE_H

#include <stdint.h>
#include "conf/conf.h"
#include "event/message.h"
#include "trust/crypto.h"
#include "trust/trust.h"

#define TEMPLATE_ENTRIES 16	/* parts of a header; more are refused */

struct template {
	const char *header;	/* of the signature, lower case */
	char separator;		/* between the parts of its value; 0: it is one */
	const char *prefix;	/* of a part that is a signature; {hash} in it: the name of its hash. Other parts are passed over */
	enum conf_encoding encoding;
	unsigned hashes;	/* allowed: bits 1u << enum hash */
	const char *text;	/* what is signed: {body} {timestamp} {id} {method} {path} {url} {header:NAME} and literal text */
	const char *timestamp;	/* seconds since 1970: header:NAME, or part:PREFIX of the signature's header; or null */
	const char *id;		/* header:NAME, or null */
};

/* -1 with err: the text or prefix has a name in braces that is none of those above. */
int template_check(const struct template *t, struct err *err);

struct template_fill {		/* what stands for the names */
	struct pool *pool;
	const struct message *m;	/* of {body}, {method} and {header:NAME} */
	const char *path, *url;		/* may be null where the text has neither */
	const char *timestamp, *id;	/* from the headers or, for who signs, to be put there */
};

struct template_reading {	/* of a request; in its pool */
	struct span entries[TEMPLATE_ENTRIES];
	size_t n_entries;
	struct span *signed_;
	size_t n_signed;
};

struct window {
	int64_t now_ms;
	int64_t max_age_ms;	/* before and behind; 0: any time */
};
bool window_has(const struct window *window, int64_t ms);

/* Fills in timestamp and id of `fill`, and what was signed. TRUST_MISSING: the signature's header is not there or empty.
 * TRUST_WRONG, *note (static) says why: it, or a header that is signed, came more than once; too many parts; a timestamp
 * that is no number or outside the window; an id that is not there, or has in it what stands behind {id} in the text, so
 * that it could be read in two ways. */
enum trust_verdict template_read(const struct template *t, struct template_fill *fill, const struct window *window,
				 struct template_reading *out, const char **note);
/* Whether one of the parts is a signature by one of the secrets. In constant time, whichever. */
bool template_match(const struct template *t, const struct template_reading *reading, const struct span *secrets, size_t n);

/* What is signed. Null with *note: a header that belongs to it is not there once. */
struct span *template_text(const struct template *t, const struct template_fill *fill, size_t *n, const char **note);
/* The headers of a signature as lines: those of timestamp and id, where the message has them not yet, and its own, with
 * `digits` behind the prefix. */
void template_lines(const struct template *t, const struct template_fill *fill, const char *digits, struct buf *lines);
/* The same, with a signature by the secret; fill has timestamp and id. */
int template_sign(const struct template *t, const struct template_fill *fill, struct span secret, struct buf *lines,
		  struct err *err);

/* A copy in lower case (ASCII), in the pool. */
char *template_lower(struct pool *pool, const char *p, size_t len);

#endif
