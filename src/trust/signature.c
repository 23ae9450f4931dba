/* SPDX-License-Identifier: EUPL-1.2
 * Signatures of events: the table of schemes, and the proof that a sender with one of them has. */
#include "config.h"
#include "trust/scheme.h"

#include <stdlib.h>
#include <strings.h>
#include "event/cloudevents.h"

#define ROW(kind) kind##_prepare, kind##_drop, kind##_check, kind##_make

const struct scheme schemes[SIGNATURES] = {
	[SIGNATURE_NONE] = { .name = "none" },
	[SIGNATURE_STANDARD] = { "standard-webhooks", "webhook-signature", ROW(standard), false },
	[SIGNATURE_SVIX] = { "svix", "svix-signature", ROW(standard), false },
	[SIGNATURE_GITHUB] = { "github", "x-hub-signature-256", ROW(hmac), false },
	[SIGNATURE_WEBSUB] = { "websub", "x-hub-signature", ROW(hmac), false },
	[SIGNATURE_SLACK] = { "slack", "x-slack-signature", ROW(hmac), false },
	[SIGNATURE_X] = { "x", "x-twitter-webhooks-signature", ROW(hmac), false },
	[SIGNATURE_STRIPE] = { "stripe", "stripe-signature", ROW(hmac), false },
	[SIGNATURE_TEMPLATE] = { "template", NULL, ROW(hmac), false },
	[SIGNATURE_RFC9421] = { "rfc9421", "signature", ROW(rfc9421), true },
	[SIGNATURE_JWS] = { "jws", "x-jws-signature", ROW(detached), false },
	[SIGNATURE_ADR_PAYLOAD] = { "adr-payload", "payload-signature", ROW(adr), false },
	[SIGNATURE_ADR_MESSAGE] = { "adr-message", "message-signature", ROW(adr), true },
};

const char *scheme_header(const struct conf_signing *signing)
{
	return signing->header ? signing->header : schemes[signing->scheme].header;
}

struct prepared {
	const struct scheme *scheme;
	void *own;
};

static bool set(const struct conf_sender *sender)
{
	return sender->signing.scheme != SIGNATURE_NONE;
}

static void *prepare(const struct workshop *workshop, const struct conf_sender *sender, struct err *err)
{
	struct prepared prepared = { .scheme = &schemes[sender->signing.scheme] };

	prepared.own = prepared.scheme->prepare(workshop, sender, err);
	return prepared.own ? mem_dup(&prepared, sizeof prepared) : NULL;
}

static void drop(void *prepared)
{
	struct prepared *p = prepared;

	p->scheme->drop(p->own);
	free(p);
}

/* A CloudEvent in binary mode has its id, type and source in headers. Where there are none but of another mode, they are
 * not read. */
static bool is_binary(const struct message *m)
{
	static const char other_modes[] = "application/cloudevents";
	const char *type = message_header(m, "content-type", NULL);

	return cloud_headers(m) && !(type && strncasecmp(type, other_modes, sizeof other_modes - 1) == 0);
}

static enum trust_verdict check(const void *prepared, struct trial *trial)
{
	const struct prepared *p = prepared;
	enum trust_verdict verdict = p->scheme->check(p->own, trial);

	if (verdict == TRUST_OK && !p->scheme->headers && !trial->sender->signing.binary &&
	    (trial->endpoint->accepts & ACCEPTS_CLOUD) && is_binary(trial->request->m)) {
		trial->note = "a CloudEvent in binary mode, whose headers the signature does not cover (setting signature.binary)";
		trial->why = "The signature does not cover the headers of this CloudEvent: send it in structured mode.";
		return TRUST_WRONG;
	}
	if (verdict == TRUST_MISSING)
		trial->why = pool_fmt(trial->request->pool, "The signature (header %s) is missing.", scheme_header(&trial->sender->signing));
	else if (verdict == TRUST_UNSURE)
		trial->why = "The signature cannot be checked now. Send it again later.";
	else if (verdict != TRUST_OK)
		trial->why = "The signature is not accepted here.";
	return verdict;
}

const struct proof proof_signature = { "signature", set, prepare, drop, check, true };
