/* SPDX-License-Identifier: EUPL-1.2 */
#include "receive/pipeline.h"

#include <string.h>
#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "event/host.h"
#include "event/source.h"
#include "event/type.h"
#include "receive/challenge.h"
#include "receive/flood.h"
#include "receive/refusal.h"
#include "trust/origin.h"
#include "trust/rate.h"

struct judge {
	const struct conf *conf;
	const struct trust *trust;
	const struct gate_request *request;
	const struct message *m;
	struct pool *pool;
	const struct conf_endpoint *endpoint;
	const struct conf_sender *sender;
	enum event_wire wire;		/* what the message was taken for; 0: nothing yet */
	bool asked;			/* an issuer answered, or will not */
	bool by_query;			/* the credential stood in the query */
	struct verdict *verdict;
};

/* In whose words it is answered: those of the NRC, unless it was taken for something else; in both while that is
 * open. */
static bool speaks_nrc(const struct judge *j)
{
	return j->wire ? j->wire == WIRE_NRC : !j->endpoint || (j->endpoint->accepts & ACCEPTS_NRC);
}

static bool speaks_cloud(const struct judge *j)
{
	return j->wire ? j->wire != WIRE_NRC : j->endpoint && (j->endpoint->accepts & (ACCEPTS_CLOUD | ACCEPTS_JSON));
}

/* Every step answers: does the request go on? */
static bool refuse(struct judge *j, int status, const char *code, const char *detail)
{
	reply_problem(j->pool, &(struct problem_text){ status, code, detail, NULL, false, false }, &j->verdict->reply);
	j->verdict->code = code;
	j->verdict->reason = detail;
	return false;
}

static bool refuse_faults(struct judge *j, const struct faults *faults)
{
	const struct fault *first = &faults->v[0];
	const char *name = first->name + (*first->name == '?');
	const char *detail = pool_fmt(j->pool, "%s%s%s", name, *name ? ": " : "", first->reason);

	if (faults->n + faults->left_out > 1)
		detail = pool_fmt(j->pool, "%s (and %zu more)", detail, faults->n + faults->left_out - 1);
	reply_problem(j->pool, &(struct problem_text){ 400, *name ? "invalid" : first->code, detail, faults, speaks_nrc(j),
						       speaks_cloud(j) }, &j->verdict->reply);
	j->verdict->code = first->code;
	j->verdict->reason = refusal_reason(j->pool, faults);
	return false;
}

/* One fault, by the name of a header or (behind a ?) of a parameter of the query. */
static bool refuse_at(struct judge *j, const char *name, const char *code, const char *detail)
{
	struct faults faults = { .pool = j->pool };

	fault_add(&faults, name, code, "%s", detail);
	return refuse_faults(j, &faults);
}

/* A 400 about the request as a whole is a ValidatieFout as well. */
static bool refuse_400(struct judge *j, const char *code, const char *detail)
{
	return refuse_at(j, "", code, detail);
}

/* ---- who, and how much ---- */

#define ORIGIN_HEADER "webhook-request-origin"
#define CALLBACK_HEADER "webhook-request-callback"
#define HANDSHAKES_A_MINUTE 60	/* of one endpoint and kind: that are answered to one address, or kept for an operator */

static bool check_scheme(struct judge *j)
{
	const struct conf_endpoint *e = j->endpoint;

	if (!e->https || !(e->accepts & (ACCEPTS_CLOUD | ACCEPTS_JSON)) || j->m->scheme != SCHEME_HTTP || peer_local(j->m->peer))
		return true;
	return refuse(j, 403, "https_required", "This webhook takes requests over HTTPS only (setting https of its endpoint).");
}

static void say_methods(struct judge *j)
{
	reply_add(j->pool, &j->verdict->reply, "Allow: %sPOST%s\r\n", challenge_by_get(j->endpoint) ? "GET, " : "",
		  conf_handshakes(j->endpoint) ? ", OPTIONS" : "");
}

static bool check_method(struct judge *j)
{
	bool get = challenge_by_get(j->endpoint), options = conf_handshakes(j->endpoint);

	if (strcmp(j->m->method, "POST") == 0 || (get && strcmp(j->m->method, "GET") == 0) ||
	    (options && strcmp(j->m->method, "OPTIONS") == 0))
		return true;
	refuse(j, 405, "method_not_allowed", !get && !options ? "This webhook takes POST only."
	       : pool_fmt(j->pool, "This webhook takes POST, and %s for a handshake.",
			  get && options ? "GET and OPTIONS" : get ? "GET" : "OPTIONS"));
	say_methods(j);
	return false;
}

static bool check_rate(struct judge *j, const struct rate_of *of, const char *from)
{
	int wait_s = trust_take(j->trust, of);

	if (!wait_s)
		return true;
	refuse(j, 429, "too_many_requests", pool_fmt(j->pool, "More than %d requests a minute came %s.", of->rate, from));
	reply_add(j->pool, &j->verdict->reply, "Retry-After: %d\r\n", wait_s);
	return false;
}

/* Of who is admitted only: nobody else uses up what the endpoint takes. */
static bool check_rates(struct judge *j)
{
	return check_rate(j, &(struct rate_of){ "sender", "", j->sender->name, j->sender->rate }, "from this sender") &&
	       check_rate(j, &(struct rate_of){ "endpoint", "", j->endpoint->name, j->endpoint->rate }, "to this webhook");
}

static const char *in_lower_case(struct pool *pool, const char *s)
{
	char *lower = pool_str(pool, s);

	for (char *p = lower; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return lower;
}

static bool refuse_origin(struct judge *j, enum origin_verdict verdict)
{
	if (verdict == ORIGIN_REPEATED)
		return refuse_at(j, ORIGIN_HEADER, "repeated_header", "It came more than once.");
	if (verdict == ORIGIN_UNSURE)
		return refuse(j, 503, "service_unavailable", "It cannot be seen now whether this origin was granted; send it again later.");
	return refuse(j, 403, "origin_not_allowed", verdict == ORIGIN_NONE
		      ? "WebHook-Request-Origin is missing, and this webhook requires it (setting origin_required)."
		      : "This origin was not granted permission to send here (setting origins).");
}

static bool check_origin(struct judge *j)
{
	const struct conf_endpoint *e = j->endpoint;
	enum origin_verdict verdict;
	struct origin origin;

	if (!conf_handshakes(e))
		return true;
	verdict = origin_judge(j->trust, e, j->m, &origin);
	if (verdict == ORIGIN_NONE && !e->origin_required)
		return true;
	if (verdict != ORIGIN_GRANTED)
		return refuse_origin(j, verdict);
	if (!origin.rate)
		return true;
	return check_rate(j, &(struct rate_of){ "origin", e->name, in_lower_case(j->pool, origin.name), origin.rate },
			  "from this origin");
}

/* ---- the handshake ---- */

static struct handshake *shake(struct judge *j, const struct origin *origin, int asked, enum handshake_state state)
{
	struct handshake h = { .at_ms = clock_wall_ms(), .endpoint = j->endpoint->name, .origin = origin->name,
			       .asked_rate = asked, .callback = origin_callback(j->m), .state = state };
	struct handshake *copy = pool_dup(j->pool, &h, sizeof h);

	j->verdict->handshake = copy;
	return copy;
}

static void grant(struct judge *j, const struct origin *origin, int asked)
{
	int rate = origin_rate_allowed(asked, origin->rate);
	const char *text = rate ? pool_fmt(j->pool, "%d", rate) : "*";

	shake(j, origin, asked, HANDSHAKE_GRANTED)->allowed_rate = rate;
	reply_empty(200, &j->verdict->reply);
	say_methods(j);
	reply_add(j->pool, &j->verdict->reply, "WebHook-Allowed-Origin: %s\r\nWebHook-Allowed-Rate: %s\r\n", origin->name, text);
}

/* An operator decides, and calls back; the receiver itself never does. */
static void ask_operator(struct judge *j, const struct origin *origin, int asked)
{
	bool calls = message_header(j->m, CALLBACK_HEADER, NULL) != NULL;

	if (j->endpoint->unlisted != UNLISTED_ASK || !calls)
		refuse_origin(j, ORIGIN_UNKNOWN);
	else if (!origin_callback(j->m))
		refuse_at(j, CALLBACK_HEADER, "invalid", "It is not an https URL of at most 2048 bytes, without a user.");
	else if (check_rate(j, &(struct rate_of){ "handshakes", j->endpoint->name, "", HANDSHAKES_A_MINUTE }, "for permission here")) {
		shake(j, origin, asked, HANDSHAKE_ASKED);
		reply_empty(202, &j->verdict->reply);
	}
}

/* No credential is asked for: the handshake is no authentication. A body is not looked at. */
static void handshake(struct judge *j)
{
	int asked = origin_rate_asked(j->m);
	struct faults faults = { .pool = j->pool };
	struct origin origin;
	enum origin_verdict verdict = origin_judge(j->trust, j->endpoint, j->m, &origin);

	if (verdict == ORIGIN_REPEATED)
		fault_add(&faults, ORIGIN_HEADER, "repeated_header", "It came more than once.");
	if (verdict == ORIGIN_MALFORMED)
		fault_add(&faults, ORIGIN_HEADER, "invalid", "It is not a host name.");
	if (asked < 0)
		fault_add(&faults, "webhook-request-rate", "invalid", "It is not a whole number of requests a minute, of 1 or more.");
	if (verdict == ORIGIN_NONE)
		reply_empty(204, &j->verdict->reply);
	else if (faults.n)
		refuse_faults(j, &faults);
	else if (verdict == ORIGIN_GRANTED) {
		grant(j, &origin, asked);
		return;
	} else if (verdict == ORIGIN_UNKNOWN)
		ask_operator(j, &origin, asked);
	else
		refuse_origin(j, verdict);
	say_methods(j);
}

/* ---- other handshakes ---- */

/* By address: most of them need no credential, so whoever counted with the service that asks could keep it from being
 * answered, and its subscription would end. */
static bool check_challenges(struct judge *j, const char *name)
{
	const char *who = pool_fmt(j->pool, "%s %s", name, flood_network(j->pool, j->m->peer));

	return check_rate(j, &(struct rate_of){ "handshakes", j->endpoint->name, who, HANDSHAKES_A_MINUTE }, "to validate this webhook");
}

static void answer_challenge(struct judge *j, const struct challenge *c)
{
	if (c->status == 400)
		refuse_at(j, c->at, c->code, c->reason);
	else if (c->status != 200)
		refuse(j, c->status, c->code, c->reason);
	else if (!check_challenges(j, c->name))
		return;
	else if (c->body)
		reply_said(j->pool, c->type, c->body, &j->verdict->reply);
	else
		reply_empty(200, &j->verdict->reply);
}

/* False: it is none. */
static bool met(struct judge *j, enum challenge_when when)
{
	struct challenge_place place = { j->conf, j->endpoint, j->m, j->pool };
	struct challenge c;

	if (!challenge_meet(&place, when, &c))
		return false;
	j->verdict->challenge = c.name;
	j->verdict->keep_body = false;
	j->verdict->failed = c.failed;
	j->verdict->note = c.note;
	answer_challenge(j, &c);
	return true;
}

static bool find_endpoint(struct judge *j)
{
	if (j->request->fault == GATE_LATE)
		return refuse(j, 408, "request_timeout", "The request did not arrive in full in time.");
	for (size_t i = 0; i < j->conf->n_endpoints; i++)
		if (strcmp(j->conf->endpoints[i].path, j->m->path) == 0)
			j->endpoint = &j->conf->endpoints[i];
	if (!j->endpoint)
		return refuse(j, 404, "not_found", "There is no webhook at this path.");
	j->verdict->endpoint = j->endpoint->name;
	j->verdict->unversioned = !(j->endpoint->accepts & ACCEPTS_NRC);
	if (!check_scheme(j))
		return false;
	if (j->endpoint->retired)
		return refuse(j, 410, "gone", "This webhook is retired; end the subscription.");
	return true;
}

#define REALM "realm=\"postvak\""

static bool takes_basic(const struct judge *j)
{
	for (size_t i = 0; i < j->endpoint->n_senders; i++)
		if (j->conf->senders[j->endpoint->senders[i]].basic.n)
			return true;
	return false;
}

/* RFC 9110 (11.6.1) wants a 401 to name a scheme, and Bearer does for those that have none; RFC 6750 (3) says how
 * tokens are refused. */
static void challenge(struct judge *j, enum trust_verdict verdict)
{
	struct gate_reply *reply = &j->verdict->reply;

	if (verdict == TRUST_SCOPE)
		reply_add(j->pool, reply, "WWW-Authenticate: Bearer " REALM ", error=\"insufficient_scope\"\r\n");
	else
		reply_add(j->pool, reply, "WWW-Authenticate: Bearer " REALM "%s\r\n",
			  verdict == TRUST_TOKEN ? ", error=\"invalid_token\"" : "");
	if (verdict == TRUST_MISSING && takes_basic(j))
		reply_add(j->pool, reply, "WWW-Authenticate: Basic " REALM ", charset=\"UTF-8\"\r\n");
}

static bool refuse_credentials(struct judge *j, enum trust_verdict verdict, const char *why)
{
	static const struct { int status; const char *code, *why; bool challenge; } rows[] = {
		[TRUST_MISSING] = { 401, "not_authenticated", "A credential is missing.", true },
		[TRUST_WRONG] = { 403, "permission_denied", "It is not accepted here.", false },
		[TRUST_TOKEN] = { 401, "invalid_token", "The token is not valid.", true },
		[TRUST_SCOPE] = { 403, "insufficient_scope", "The token does not allow this.", true },
		[TRUST_UNSURE] = { 503, "service_unavailable", "It cannot be known now who sends this; send it again later.", false },
	};

	must(verdict < sizeof rows / sizeof *rows && rows[verdict].status);
	refuse(j, rows[verdict].status, rows[verdict].code, why ? why : rows[verdict].why);
	if (rows[verdict].challenge)
		challenge(j, verdict);
	j->verdict->failed = verdict != TRUST_UNSURE && verdict != TRUST_SCOPE;
	return false;
}

/* For the log: which sender it came closest to, and what that one lacks. What the sender hears tells no secret either. */
static const char *not_proved(const struct judge *j, const struct admitted *admitted)
{
	const char *what = admitted->note ? admitted->note : admitted->why;

	return pool_fmt(j->pool, "as [sender %s]%s%s", j->conf->senders[admitted->sender].name, what ? ": " : "", what ? what : "");
}

static bool admit(struct judge *j)
{
	struct trust_request request = { j->m, j->pool, (size_t)(j->endpoint - j->conf->endpoints), clock_wall_ms(), j->asked };
	struct admitted admitted;
	enum trust_verdict verdict = trust_admit(j->trust, &request, &admitted);

	j->by_query = admitted.by_query;
	switch (verdict) {
	case TRUST_OK:
		j->sender = &j->conf->senders[admitted.sender];
		j->verdict->sender = j->sender->name;
		return true;
	case TRUST_UNCLEAR:
		return refuse_at(j, "?access_token", "invalid_request", admitted.why);
	case TRUST_ASK:
		j->verdict->question = pool_dup(j->pool, &admitted.question, sizeof admitted.question);
		return false;
	default:
		j->verdict->note = not_proved(j, &admitted);
		return refuse_credentials(j, verdict, admitted.why);
	}
}

static bool is_whole(struct judge *j)
{
	if (j->request->over)
		return refuse(j, 413, "too_large", pool_fmt(j->pool, "The body is longer than %zu bytes.", j->conf->body_max));
	switch (j->request->fault) {
	case GATE_WHOLE:
		return true;
	case GATE_SHORT:
		return refuse_400(j, "incomplete", "The body is shorter than Content-Length says.");
	case GATE_LONG:
		return refuse_400(j, "invalid", "The body is longer than Content-Length says.");
	case GATE_LENGTH:
	case GATE_LATE:
		break;
	}
	return refuse_at(j, "content-length", "invalid", "It is not a number.");
}

/* A body that is cut proves nothing about its sender, and nothing of it is kept. */
static bool can_be_proved(struct judge *j)
{
	return !trust_reads_body(j->trust, (size_t)(j->endpoint - j->conf->endpoints)) || is_whole(j);
}

static bool came_whole(struct judge *j)
{
	j->verdict->keep_body = true;
	return is_whole(j);
}

static bool check_repeated(struct judge *j)
{
	const char *const single[] = { "content-type", "content-encoding", "x-correlation-id", "x-batch-id",
				       j->sender->identity_header };

	for (size_t i = 0; i < sizeof single / sizeof *single; i++) {
		size_t n = 0;

		if (single[i])
			message_header(j->m, single[i], &n);
		if (n > 1)
			return refuse_at(j, single[i], "repeated_header", pool_fmt(j->pool, "It came %zu times; send it once.", n));
	}
	return true;
}

static int done_status(const struct judge *j)
{
	static const int statuses[] = { [ANSWER_200] = 200, [ANSWER_202] = 202, [ANSWER_204] = 204 };

	if (j->endpoint->answer != ANSWER_AUTO)
		return statuses[j->endpoint->answer];
	return j->wire == WIRE_NRC ? 204 : 202;
}

/* Taken: from here on it is the store that decides. */
static void accept(struct judge *j, int status)
{
	j->verdict->keep_body = false;
	j->verdict->code = NULL;
	reply_done(status, &j->verdict->reply);
}

static void record(struct judge *j, struct event **events, size_t n, int64_t now_ms)
{
	for (size_t i = 0; i < n; i++) {
		events[i]->received_ms = now_ms;
		events[i]->endpoint = j->endpoint->name;
		events[i]->sender = j->sender->name;
	}
	j->verdict->events = events;
	j->verdict->n = n;
	accept(j, done_status(j));
}

/* RFC 9110 15.5.16 and W3C Linked Data Platform 1.0, 7.1 */
static void say_what_is_taken(struct judge *j)
{
	const struct conf_endpoint *e = j->endpoint;
	bool json = e->accepts & (ACCEPTS_NRC | ACCEPTS_JSON);

	reply_add(j->pool, &j->verdict->reply, "Accept-Post: %s%s%s%s\r\n", json ? "application/json" : "",
		  json && (e->accepts & ACCEPTS_CLOUD) ? ", " : "", e->accepts & ACCEPTS_CLOUD ? "application/cloudevents+json" : "",
		  e->batch ? ", application/cloudevents-batch+json" : "");
}

static void refuse_reading(struct judge *j, const struct read_rules *rules, struct reading *reading)
{
	struct event *raw;

	if (reading->status != 400) {
		refuse(j, reading->status, reading->code, reading->detail);
		if (reading->status == 415)
			say_what_is_taken(j);
		return;
	}
	refuse_faults(j, &reading->faults);
	if (j->endpoint->invalid != INVALID_QUARANTINE)
		return;
	raw = message_raw(j->pool, j->m, rules, reading);
	raw->note = j->verdict->reason;
	record(j, pool_dup(j->pool, &raw, sizeof raw), 1, rules->now_ms);
}

/* An event's fault: of a type, or from a source, that the sender may not send. */
static void check_event(struct judge *j, const struct reading *reading, size_t i, struct faults *faults)
{
	const struct event *event = reading->events[i];
	const char *source;

	if (!type_match_any(j->sender->may_send, event->type)) {
		fault_add(faults, reading->batch ? pool_fmt(j->pool, "/%zu/type", i) : "", "type_not_allowed",
			  "This sender may not send events of this type (setting may_send).");
	} else if (j->sender->sources) {
		source = source_of(event, j->pool);
		if (!source || !source_match_any(j->sender->sources, source))
			fault_add(faults, reading->batch ? pool_fmt(j->pool, "/%zu/source", i) : "", "source_not_allowed",
				  "This sender may not send events from this source (setting sources).");
	}
}

static bool may_send(struct judge *j, const struct reading *reading)
{
	struct faults faults = { .pool = j->pool, .most = reading->n };
	const struct event *first = NULL;

	for (size_t i = 0; i < reading->n; i++) {
		check_event(j, reading, i, &faults);
		if (faults.n && !first)
			first = reading->events[i];
	}
	if (!first)
		return true;
	refuse(j, 403, faults.v[0].code, faults.v[0].reason);
	if (reading->batch)
		reply_problem(j->pool, &(struct problem_text){ 403, faults.v[0].code, faults.v[0].reason, &faults, false, true },
			      &j->verdict->reply);
	j->verdict->note = pool_fmt(j->pool, "its type is %.200s", first->type);
	return false;
}

static void read_events(struct judge *j)
{
	struct read_rules rules = conf_read_rules(j->endpoint, j->sender);
	struct reading reading;

	rules.now_ms = clock_wall_ms();
	message_read(j->pool, j->m, &rules, &reading);
	j->wire = reading.wire;
	j->verdict->unversioned = !speaks_nrc(j);
	j->verdict->probe = reading.probe;
	if (reading.status)
		refuse_reading(j, &rules, &reading);
	else if (!reading.n)	/* a probe, or an empty batch */
		accept(j, j->endpoint->answer == ANSWER_AUTO ? 204 : done_status(j));
	else if (may_send(j, &reading))
		record(j, reading.events, reading.n, rules.now_ms);
}

static void judge_delivery(struct judge *j)
{
	if (strcmp(j->m->method, "GET") == 0)
		refuse_400(j, "invalid_request", "This is none of the handshakes that are answered here.");
	else if (can_be_proved(j) && admit(j) && check_rates(j) && check_origin(j) && came_whole(j) && check_repeated(j) &&
		 !met(j, CHALLENGE_ADMITTED))
		read_events(j);
}

static void judge(struct judge *j)
{
	struct verdict *verdict = j->verdict;

	j->m = &j->request->message;
	j->pool = j->request->pool;
	*verdict = (struct verdict){0};
	if (find_endpoint(j) && check_method(j)) {
		if (strcmp(j->m->method, "OPTIONS") == 0)
			handshake(j);
		else if (!met(j, CHALLENGE_FIRST))
			judge_delivery(j);
	}
	if (verdict->question)
		return;
	if (j->by_query)
		reply_private(j->pool, &verdict->reply);
	if (verdict->unversioned)
		reply_unversioned(&verdict->reply);
	if (verdict->keep_body)
		verdict->headers = refusal_headers(j->pool, j->m, j->endpoint->map);
}

void pipeline_judge(const struct conf *conf, const struct trust *trust, const struct gate_request *request,
		    struct verdict *verdict)
{
	judge(&(struct judge){ .conf = conf, .trust = trust, .request = request, .verdict = verdict });
}

void pipeline_judge_again(const struct conf *conf, const struct trust *trust, const struct gate_request *request,
			  struct verdict *verdict)
{
	judge(&(struct judge){ .conf = conf, .trust = trust, .request = request, .verdict = verdict, .asked = true });
}

void verdict_too_many(struct verdict *verdict, struct pool *pool, const char *why, int wait_s)
{
	verdict->code = "too_many_failures";
	verdict->reason = why;
	reply_problem(pool, &(struct problem_text){ 429, verdict->code, why, NULL, false, false }, &verdict->reply);
	reply_add(pool, &verdict->reply, "Retry-After: %d\r\n", wait_s);
	if (verdict->unversioned)
		reply_unversioned(&verdict->reply);
}

void verdict_unavailable(const struct verdict *verdict, struct pool *pool, const char *why, struct gate_reply *reply)
{
	reply_unavailable(pool, why, reply);
	if (verdict->unversioned)
		reply_unversioned(reply);
}

void verdict_recorded(const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->n && log_wants(LOG_DEBUG_); i++) {
		const struct event *e = verdict->events[i];
		const char *trace = event_trace(e);

		log_debug("event %llu recorded: endpoint %s, sender %s, type %s, id %s, %zu bytes%s%s", (unsigned long long)e->n,
			  e->endpoint, e->sender, e->type, e->id ? e->id : "-", e->data_len, trace ? " traceparent=" : "",
			  trace ? trace : "");
	}
}
