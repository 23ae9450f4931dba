/* SPDX-License-Identifier: EUPL-1.2
 * What receivers and postvak-keys say to each other over run_dir/keys (base/child.h), a message each of a
 * SOCK_SEQPACKET connection. */
#ifndef TRUST_ASK_H
#define TRUST_ASK_H

#include "trust/crypto.h"

#define ASK_TOKEN_MAX (16u << 10)	/* bytes of a token */
#define ASK_BODY_MAX (64u << 10)	/* bytes of an issuer's answer */
#define ASK_MESSAGE_MAX (ASK_TOKEN_MAX + 1024)		/* bytes of what receivers say */
#define ASK_ANSWER_MAX (ASK_BODY_MAX + 64)		/* bytes of what they are told */

enum ask_kind {
	ASK_KEYS = 'K',			/* fetch this issuer's keys now; nothing comes back */
	ASK_TOKEN = 'I'			/* ask this issuer about a token (RFC 7662); an answer comes back */
};
struct ask {
	enum ask_kind kind;
	uint64_t number;		/* of ASK_TOKEN: chosen by who asks; comes back with the answer */
	struct span issuer;		/* the name of its section */
	struct span token;		/* of ASK_TOKEN; not empty */
};
struct ask_answer {
	uint64_t number;
	bool had;			/* false: the answer cannot be had (now) */
	struct span body;		/* the JSON object as received; empty unless had */
};

/* What is packed holds to the sizes above. What is unpacked lies in p. False: it is no such message. */
void ask_pack(const struct ask *ask, struct buf *out);
bool ask_unpack(const void *p, size_t len, struct ask *out);
void ask_answer_pack(const struct ask_answer *answer, struct buf *out);
bool ask_answer_unpack(const void *p, size_t len, struct ask_answer *out);

#endif
