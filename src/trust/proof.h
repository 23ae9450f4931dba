/* SPDX-License-Identifier: EUPL-1.2
 * The ways to prove who one is: a row each. Private to src/trust. A sender's rows are those whose settings it has;
 * with require = all each of them has to hold, with any one. */
#ifndef TRUST_PROOF_H
#define TRUST_PROOF_H

#include "trust/crypto.h"
#include "trust/trust.h"

struct issuers;			/* keys and answers of issuers, shared by all senders: issuers.h */

struct workshop {		/* what proofs are made from; outlives them */
	const struct conf *conf;
	struct issuers *issuers;
};

struct trial {			/* one request before one sender */
	const struct trust_request *request;
	const struct conf_endpoint *endpoint;
	const struct conf_sender *sender;
	const char *authorization;	/* the header's value, null: not there or empty */
	bool repeated;			/* it came more than once */
	const char *query_token;	/* access_token of the query, decoded, where the sender may use that; or null */
	const char *why, *note;		/* as in struct admitted */
	struct trust_question question;
};

struct proof {
	const char *name;		/* of its setting */
	bool (*set)(const struct conf_sender *sender);
	/* Null with err: the settings are not sound. */
	void *(*prepare)(const struct workshop *workshop, const struct conf_sender *sender, struct err *err);
	void (*drop)(void *prepared);
	/* TRUST_MISSING: nothing of it is there. Sets why (and note) unless TRUST_OK. */
	enum trust_verdict (*check)(const void *prepared, struct trial *trial);
	bool reads_body;
};

/* In the order in which they are judged, the cheapest first, ended by null: in trust.c. */
extern const struct proof *const proofs[];

/* The rows, each in a file of its own */
extern const struct proof proof_authorization, proof_basic, proof_api_key, proof_client_state;	/* static.c */
extern const struct proof proof_tls;		/* tls.c: tls_subject, tls_names */
extern const struct proof proof_zgw;		/* zgw.c */
extern const struct proof proof_signature;	/* signature.c */
extern const struct proof proof_token;		/* token.c */

/* The token behind the scheme Bearer in any case, or null. */
const char *bearer_token(const char *authorization);
/* The token of a trial, from the header or the query; null: there is none. */
const char *trial_token(const struct trial *trial);

#endif
