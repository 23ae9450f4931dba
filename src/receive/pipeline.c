/* SPDX-License-Identifier: EUPL-1.2 */
#include "receive/pipeline.h"

#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "event/type.h"

struct judge {
	const struct conf *conf;
	const struct trust *trust;
	const struct gate_request *request;
	const struct message *m;
	struct pool *pool;
	const struct conf_endpoint *endpoint;
	const struct conf_sender *sender;
	enum event_wire wire;		/* what the message was taken for; 0: nothing yet */
	struct verdict *verdict;
};

/* In whose words it is answered: those of the NRC, unless it was taken for something else. */
static bool speaks_nrc(const struct judge *j)
{
	return j->wire ? j->wire == WIRE_NRC : !j->endpoint || (j->endpoint->accepts & ACCEPTS_NRC);
}

/* Every step answers: does the request go on? */
static bool refuse(struct judge *j, int status, const char *code, const char *detail)
{
	reply_problem(j->pool, &(struct problem_text){ status, code, detail, NULL, false }, &j->verdict->reply);
	j->verdict->code = code;
	j->verdict->reason = detail;
	return false;
}

static bool refuse_faults(struct judge *j, const struct faults *faults)
{
	const struct fault *first = &faults->v[0];
	struct verdict *v = j->verdict;

	v->code = first->code;
	v->reason = pool_fmt(j->pool, "%s%s%s", first->name, *first->name ? ": " : "", first->reason);
	if (faults->n + faults->left_out > 1)
		v->reason = pool_fmt(j->pool, "%s (and %zu more)", v->reason, faults->n + faults->left_out - 1);
	reply_problem(j->pool, &(struct problem_text){ 400, *first->name ? "invalid" : first->code, v->reason, faults,
						       speaks_nrc(j) }, &v->reply);
	return false;
}

/* A 400 about the request as a whole is a ValidatieFout as well. */
static bool refuse_400(struct judge *j, const char *code, const char *detail)
{
	struct faults faults = { .pool = j->pool };

	fault_add(&faults, "", code, "%s", detail);
	return refuse_faults(j, &faults);
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
	if (j->endpoint->retired)
		return refuse(j, 410, "gone", "This webhook is retired; end the subscription.");
	if (strcmp(j->m->method, "POST") != 0)
		return refuse(j, 405, "method_not_allowed", "This webhook takes POST only.");
	return true;
}

static bool admit(struct judge *j)
{
	size_t sender = 0;

	switch (trust_admit(j->trust, (size_t)(j->endpoint - j->conf->endpoints), j->m, &sender)) {
	case TRUST_OK:
		j->sender = &j->conf->senders[sender];
		j->verdict->sender = j->sender->name;
		return true;
	case TRUST_MISSING:
		return refuse(j, 401, "not_authenticated", "The Authorization header is missing.");
	case TRUST_WRONG:
		break;
	}
	return refuse(j, 403, "permission_denied", "The value of the Authorization header is not accepted here.");
}

static bool came_whole(struct judge *j)
{
	if (j->request->over)
		return refuse(j, 413, "too_large", pool_fmt(j->pool, "The body is longer than %zu bytes.", j->conf->body_max));
	j->verdict->keep_body = true;
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
	return refuse_400(j, "invalid", "Content-Length is not a number.");
}

static bool check_repeated(struct judge *j)
{
	const char *const single[] = { "content-type", "content-encoding", "x-correlation-id", "x-batch-id", "traceparent",
				       j->sender->identity_header };

	for (size_t i = 0; i < sizeof single / sizeof *single; i++) {
		size_t n = 0;

		if (single[i])
			message_header(j->m, single[i], &n);
		if (n > 1)
			return refuse_400(j, "repeated_header", pool_fmt(j->pool, "The header %s came %zu times.", single[i], n));
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
	reply_done(status, j->endpoint->accepts & ACCEPTS_NRC, &j->verdict->reply);
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

static void refuse_reading(struct judge *j, const struct read_rules *rules, struct reading *reading)
{
	struct event *raw;

	if (reading->status != 400) {
		refuse(j, reading->status, reading->code, reading->detail);
		return;
	}
	refuse_faults(j, &reading->faults);
	if (j->endpoint->invalid != INVALID_QUARANTINE)
		return;
	raw = message_raw(j->pool, j->m, rules, reading);
	raw->note = j->verdict->reason;
	record(j, pool_dup(j->pool, &raw, sizeof raw), 1, rules->now_ms);
}

static bool may_send(struct judge *j, const struct reading *reading)
{
	for (size_t i = 0; i < reading->n; i++)
		if (!type_match_any(j->sender->may_send, reading->events[i]->type))
			return refuse(j, 403, "type_not_allowed", "This sender may not send events of this type (setting may_send).");
	return true;
}

static void read_events(struct judge *j)
{
	struct read_rules rules = conf_read_rules(j->endpoint, j->sender);
	struct reading reading;

	rules.now_ms = clock_wall_ms();
	message_read(j->pool, j->m, &rules, &reading);
	j->wire = reading.wire;
	j->verdict->probe = reading.probe;
	j->verdict->empty = !reading.status && !reading.probe && !reading.n;
	if (reading.status)
		refuse_reading(j, &rules, &reading);
	else if (reading.probe || j->verdict->empty)
		accept(j, j->endpoint->answer == ANSWER_AUTO ? 204 : done_status(j));
	else if (may_send(j, &reading))
		record(j, reading.events, reading.n, rules.now_ms);
}

void pipeline_judge(const struct conf *conf, const struct trust *trust, const struct gate_request *request,
		    struct verdict *verdict)
{
	struct judge j = { .conf = conf, .trust = trust, .request = request, .m = &request->message,
			   .pool = request->pool, .verdict = verdict };

	*verdict = (struct verdict){0};
	if (find_endpoint(&j) && admit(&j) && came_whole(&j) && check_repeated(&j))
		read_events(&j);
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
