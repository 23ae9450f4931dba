/* SPDX-License-Identifier: EUPL-1.2
 * CGI parameters (RFC 3875) become a message, whichever way they came. */
#ifndef GATE_PARAMS_H
#define GATE_PARAMS_H

#include "base/buf.h"
#include "gate/gate.h"

/* CONTENT_LENGTH: NONE when absent or empty, BAD when not a number. */
#define PARAMS_LENGTH_NONE (-1)
#define PARAMS_LENGTH_BAD (-2)

/* One by one, n of them at most; what is given is borrowed as long as the message, and of a header the name is changed in
 * place. The end fills all of the message but its body and tls.trusted, and returns CONTENT_LENGTH. */
struct params {
	struct pool *pool;
	struct message *m;
	size_t most;
	const char **names;
	const char *target, *method, *peer, *length, *query, *script, *info, *https, *scheme, *verify, *subject, *cert;
};
void params_begin(struct params *p, struct pool *pool, struct message *m, size_t most);
void params_take(struct params *p, char *name, size_t len, const char *value);
int64_t params_end(struct params *p);
/* The same for an environment: NAME=value strings, ended by null; borrowed. */
void params_read(struct pool *pool, char *const *envp, struct message *m, int64_t *content_length);
/* Compares the body with what was promised. */
enum gate_fault params_check(int64_t content_length, size_t body_len, bool over);
/* The answer's head as CGI wants it. */
void reply_head(const struct gate_reply *reply, struct buf *out);

#endif
