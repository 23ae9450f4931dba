/* SPDX-License-Identifier: EUPL-1.2
 * What a sender proves itself with, made as it makes it: the other side of the table in src/trust. */
#ifndef CLI_CREDENTIAL_H
#define CLI_CREDENTIAL_H

#include "cli/draft.h"
#include "conf/conf.h"
#include "net/http.h"
#include "trust/crypto.h"

enum spoil {			/* what is to be wrong with it, so that a refusal can be seen */
	SPOIL_NONE,
	SPOIL_SIGNATURE,	/* the body is not the one that was signed: for who sends it to do */
	SPOIL_OLD,		/* a time outside the window */
	SPOIL_TOKEN,		/* the signature of a token */
	SPOIL_EXPIRED		/* a token */
};

struct credential {		/* borrowed, all of it */
	const struct conf *conf;
	const struct conf_sender *sender;	/* null: nobody, who proves nothing */
	const char *only;	/* the one setting of it that is made; null: what `require` has it send */
	bool authorized;	/* Authorization comes from elsewhere */
	bool bare;		/* TLS is not ours, and nothing is said about its certificate */
	const char *secret;	/* in place of signature.secret; or null */
	const struct key *key;	/* private, of signatures and tokens; or null */
	const char *kid;	/* how it is named; or null */
	const struct cert *cert;	/* of the TLS client; or null */
	const char *id;		/* of the message; null: a fresh one */
	int64_t at_ms;		/* when; 0: now */
	enum spoil spoil;
};

/* Whether a sender has that setting, and it proves something. */
bool credential_has(const struct conf_sender *sender, const char *setting);
/* The first issuer of a sender that has tokens, to which they can be made; null with err: none, or the key is not given. */
const struct conf_issuer *credential_issuer(const struct conf *conf, const struct conf_sender *sender, const struct key *key,
					    struct err *err);
/* Calls back for each header line that the request needs besides its own: those live as long as the call. url: as the
 * receiver knows it; method is not null. -1: one cannot be made, and err says what is missing; nothing was called back. */
int credential_make(const struct credential *credential, const struct http_request *request,
		    draft_header_fn *fn, void *to, struct err *err);

#endif
