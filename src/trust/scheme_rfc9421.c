/* SPDX-License-Identifier: EUPL-1.2
 * HTTP Message Signatures (RFC 9421) as one of the schemes; what they are is in httpsig.h. */
#include "config.h"
#include "trust/scheme.h"

#include <stdlib.h>
#include <string.h>
#include "trust/httpsig.h"

struct rfc9421 {
	struct httpsig_rules rules;
	struct scheme_keys *keys;
};

void *rfc9421_prepare(const struct workshop *workshop, const struct conf_sender *sender, struct err *err)
{
	struct rfc9421 own;

	if (httpsig_rules_read(&sender->signing, &own.rules, err) < 0)
		return NULL;
	own.keys = scheme_keys_new(workshop, &sender->signing, err);
	return own.keys ? mem_dup(&own, sizeof own) : NULL;
}

void rfc9421_drop(void *prepared)
{
	struct rfc9421 *own = prepared;

	scheme_keys_drop(own->keys);
	free(own);
}

enum trust_verdict rfc9421_check(const void *prepared, struct trial *trial)
{
	const struct rfc9421 *own = prepared;
	struct httpsig_request request = { .m = trial->request->m };
	struct httpsig_rules rules = own->rules;
	enum trust_verdict verdict = TRUST_WRONG;

	if (!message_header(request.m, "signature", NULL) && !message_header(request.m, "signature-input", NULL))
		return TRUST_MISSING;
	rules.keys = scheme_keys_take(own->keys, trial);
	if (!rules.keys)
		return TRUST_UNSURE;
	target_read(trial->request->pool, request.m, trial->endpoint->url, &request.target);
	switch (httpsig_verify(&request, &rules, trial->request->now_ms, &trial->note)) {
	case HTTPSIG_GOOD: verdict = TRUST_OK; break;
	case HTTPSIG_NO_KEY: verdict = scheme_keys_lack(own->keys, rules.keys, trial); break;
	default: break;
	}
	scheme_keys_done(own->keys, rules.keys);
	return verdict;
}

int rfc9421_make(const struct sign_order *order, struct buf *lines, struct err *err)
{
	const struct conf_signing *signing = order->signing;
	struct httpsig_make make = { .components = signing->components, .tag = signing->tag, .created_s = order->now_ms / 1000 };
	struct httpsig_request request;
	struct httpsig_rules rules;
	const char *secret = NULL;
	struct sign_view view;
	int rc;

	if (httpsig_rules_read(signing, &rules, err) < 0)
		return -1;
	make.alg = sign_alg(order, rules.allowed, err);
	if (make.alg == ALG_NONE || (make.alg == ALG_HS256 && !(secret = sign_secret(order, err))))
		return -1;
	if (sign_view_open(&view, order, err) < 0)
		return -1;
	make.key = (struct jwk){ .kid = order->kid, .alg = make.alg, .key = secret ? NULL : (struct key *)(uintptr_t)order->key,
				 .secret = { secret, secret ? strlen(secret) : 0 } };
	request = (struct httpsig_request){ &view.m, view.target };
	rc = httpsig_make(&make, &request, lines, err);
	sign_view_close(&view);
	return rc;
}
