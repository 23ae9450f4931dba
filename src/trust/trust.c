/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "trust/trust.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "event/query.h"
#include "trust/issuers.h"
#include "trust/proof.h"

#define PROOFS_MAX 16

const struct proof *const proofs[] = {
	&proof_authorization, &proof_basic, &proof_api_key, &proof_tls, &proof_zgw, &proof_client_state, &proof_signature, &proof_token,
	NULL
};

struct warrant {		/* what one sender proves itself with */
	bool set[PROOFS_MAX];
	void *prepared[PROOFS_MAX];	/* null: it is not sound */
};

struct trust {
	const struct conf *conf;
	struct workshop workshop;
	struct warrant *warrants;	/* by sender */
	struct trust_outside outside;
};

/* A setting that is missing, or refers to what cannot be read, was told of when the file was read. */
static bool told(const struct problems *problems, const struct conf_sender *s, const struct proof *proof)
{
	const char *const settings[] = { proof->name, "signature.secret", "signature.keys", "signature.text" };
	size_t n = proof == &proof_signature ? sizeof settings / sizeof *settings : 1;

	for (size_t i = 0; i < n; i++) {
		int line = conf_sender_line(s, settings[i]);

		for (size_t p = 0; p < problems->n && line != s->origin.line; p++)
			if (problems->v[p].line == line)
				return true;
	}
	return false;
}

static void warrant_make(struct trust *trust, size_t sender, struct problems *problems)
{
	const struct conf_sender *s = &trust->conf->senders[sender];
	struct warrant *w = &trust->warrants[sender];

	for (size_t i = 0; proofs[i]; i++) {
		struct err err = {{0}};

		must(i < PROOFS_MAX);
		w->set[i] = proofs[i]->set(s);
		if (!w->set[i])
			continue;
		w->prepared[i] = proofs[i]->prepare(&trust->workshop, s, &err);
		if (!w->prepared[i] && problems && !told(problems, s, proofs[i]))
			problem_add(problems, trust->conf->file, conf_sender_line(s, proofs[i]->name), "[sender %s]: %s", s->name, err.text);
	}
}

static struct trust *make(const struct conf *conf, struct problems *problems)
{
	struct trust *trust = mem_alloc(sizeof *trust);

	trust->conf = conf;
	trust->workshop = (struct workshop){ conf, issuers_new(conf, problems) };
	trust->warrants = mem_array(conf->n_senders, sizeof *trust->warrants);
	for (size_t i = 0; i < conf->n_senders; i++)
		warrant_make(trust, i, problems);
	return trust;
}

struct trust *trust_new(const struct conf *conf)
{
	return make(conf, NULL);
}

#ifdef HAVE_LIBCURL
#define CAN_FETCH true
#else
#define CAN_FETCH false
#endif

/* What postvak-keys needs of it. */
static void check_fetching(const struct conf *conf, const struct conf_issuer *issuer, struct problems *problems)
{
	struct err err = {{0}};
	const char *rest;
	struct key *key = issuer->client_key.text ? key_pem(issuer->client_key.text, true, &rest, &err) : NULL;

	if (issuer->client_key.text && !key)
		problem_add(problems, conf->file, conf_issuer_line(issuer, "client_key"), "[issuer %s]: client_key: %s", issuer->name,
			    *err.text ? err.text : "there is no private key in it");
	if (key)
		key_free(&key);
	if (!CAN_FETCH && conf_issuer_fetches(issuer))
		problem_add(problems, conf->file, issuer->origin.line, "[issuer %s] has to be asked over the network, and this postvak was "
			    "built without libcurl: build it with it, or give jwks = file:PATH", issuer->name);
}

void trust_check(const struct conf *conf, struct problems *problems)
{
	struct trust *trust = make(conf, problems);

	for (size_t i = 0; i < conf->n_issuers; i++)
		check_fetching(conf, &conf->issuers[i], problems);
	trust_free(&trust);
}

void trust_free(struct trust **trust)
{
	if (!*trust)
		return;
	for (size_t i = 0; i < (*trust)->conf->n_senders; i++)
		for (size_t p = 0; proofs[p]; p++)
			if ((*trust)->warrants[i].prepared[p])
				proofs[p]->drop((*trust)->warrants[i].prepared[p]);
	free((*trust)->warrants);
	issuers_free(&(*trust)->workshop.issuers);
	free(*trust);
	*trust = NULL;
}

bool trust_reads_body(const struct trust *trust, size_t endpoint)
{
	const struct conf_endpoint *e = &trust->conf->endpoints[endpoint];

	for (size_t i = 0; i < e->n_senders; i++)
		for (size_t p = 0; proofs[p]; p++)
			if (trust->warrants[e->senders[i]].set[p] && proofs[p]->reads_body)
				return true;
	return false;
}

/* ---- a token in the query ---- */

static bool takes_query(const struct conf *conf, const struct conf_endpoint *endpoint)
{
	for (size_t i = 0; i < endpoint->n_senders; i++)
		if (conf->senders[endpoint->senders[i]].query_token)
			return true;
	return false;
}

static enum trust_verdict unclear(struct admitted *admitted, const char *why)
{
	admitted->why = why;
	return TRUST_UNCLEAR;
}

/* The token of the query, decoded, or null. TRUST_OK: go on with it. */
static enum trust_verdict read_query(const struct trust_request *request, bool header, const char **token, struct admitted *admitted)
{
	const char *value;
	enum query_fault fault = query_find(request->pool, &(struct query){ request->m->query, PLUS_ITSELF }, "access_token", &value);

	*token = NULL;
	if (fault == QUERY_REPEATED)
		return unclear(admitted, "The parameter access_token came more than once.");
	if (fault != QUERY_NONE && header)
		return unclear(admitted, "There is both an Authorization header and the parameter access_token: send one of them.");
	if (fault == QUERY_MALFORMED)
		return unclear(admitted, "The parameter access_token is not percent-encoded well.");
	if (fault == QUERY_NONE || !*value)
		return TRUST_OK;
	*token = value;
	admitted->by_query = true;
	return TRUST_OK;
}

/* ---- senders, one after the other ---- */

static enum trust_verdict judge_proof(const struct warrant *w, size_t p, struct trial *trial)
{
	trial->why = trial->note = NULL;
	if (w->prepared[p])
		return proofs[p]->check(w->prepared[p], trial);
	trial->why = "It is not accepted here.";
	trial->note = "the keys or secrets of this sender are not sound";
	return TRUST_WRONG;
}

/* With all, the first that does not hold decides; with any, the first that does, or the one that tells most. */
static enum trust_verdict judge_sender(const struct warrant *w, struct trial *trial)
{
	bool any = trial->sender->require == REQUIRE_ANY;
	enum trust_verdict verdict = any ? TRUST_MISSING : TRUST_WRONG;
	struct trial best = *trial;
	bool first = true;

	for (size_t p = 0; proofs[p]; p++) {
		enum trust_verdict v;

		if (!w->set[p])
			continue;
		v = judge_proof(w, p, trial);
		if (any ? v == TRUST_OK : v != TRUST_OK)
			return v;
		if (first || v > verdict) {
			verdict = v;
			best = *trial;
		}
		first = false;
	}
	*trial = best;
	return verdict;
}

static void keep(struct admitted *admitted, const struct trial *trial, size_t sender)
{
	admitted->sender = sender;
	admitted->why = trial->why;
	admitted->note = trial->note;
	admitted->question = trial->question;
}

static enum trust_verdict judge(const struct trust *trust, struct trial *trial, const char *token, struct admitted *admitted)
{
	const struct conf_endpoint *e = trial->endpoint;
	enum trust_verdict verdict = trial->authorization || trial->repeated ? TRUST_WRONG : TRUST_MISSING;

	for (size_t i = 0; i < e->n_senders; i++) {
		enum trust_verdict v;

		trial->sender = &trust->conf->senders[e->senders[i]];
		trial->query_token = trial->sender->query_token ? token : NULL;
		v = judge_sender(&trust->warrants[e->senders[i]], trial);
		if (v == TRUST_OK) {
			*admitted = (struct admitted){ .sender = e->senders[i], .by_query = admitted->by_query };
			return TRUST_OK;
		}
		if (i == 0 || v > verdict) {
			verdict = v;
			keep(admitted, trial, e->senders[i]);
		}
	}
	return verdict;
}

enum trust_verdict trust_admit(const struct trust *trust, const struct trust_request *request, struct admitted *admitted)
{
	struct trial trial = { .request = request };
	const char *token = NULL;
	size_t n;

	must(request->endpoint < trust->conf->n_endpoints);
	*admitted = (struct admitted){0};
	trial.endpoint = &trust->conf->endpoints[request->endpoint];
	trial.authorization = message_header(request->m, "authorization", &n);
	trial.repeated = n > 1;
	if (trial.authorization && !*trial.authorization)
		trial.authorization = NULL;
	if (takes_query(trust->conf, trial.endpoint)) {
		enum trust_verdict verdict = read_query(request, trial.authorization || trial.repeated, &token, admitted);

		if (verdict != TRUST_OK)
			return verdict;
	}
	return judge(trust, &trial, token, admitted);
}

void trust_tell(const struct trust *trust, const struct trust_question *question, const void *answer, size_t len)
{
	issuers_tell(trust->workshop.issuers, question, answer, len);
}

/* ---- what is asked and counted besides ---- */

void trust_consult(struct trust *trust, const struct trust_outside *outside)
{
	trust->outside = *outside;
	issuers_consult(trust->workshop.issuers, outside->wanted, outside->wanted_arg);
}

enum trust_grant trust_look_up(const struct trust *trust, const struct conf_endpoint *endpoint, const char *origin,
			       int *rate)
{
	return trust->outside.granted ? trust->outside.granted(trust->outside.granted_arg, endpoint->name, origin, rate) : GRANT_NONE;
}

int trust_take(const struct trust *trust, const struct rate_of *of)
{
	return trust->outside.rates && of->rate ? rates_take(trust->outside.rates, of, clock_mono_ms()) : 0;
}
