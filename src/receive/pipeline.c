/* SPDX-License-Identifier: EUPL-1.2 */
#include "receive/pipeline.h"

#include <string.h>
#include <strings.h>
#include "base/clock.h"
#include "event/nrc.h"
#include "event/type.h"

struct judge {
	const struct conf *conf;
	const struct trust *trust;
	const struct gate_request *request;
	const struct message *m;
	struct pool *pool;
	const struct conf_endpoint *endpoint;
	const struct conf_sender *sender;
	struct verdict *verdict;
};

/* Every step answers: does the request go on? */
static bool refuse(struct judge *j, int status, const char *code, const char *detail)
{
	reply_problem(j->pool, &(struct problem_text){ status, code, detail, NULL }, &j->verdict->reply);
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
	reply_problem(j->pool, &(struct problem_text){ 400, *first->name ? "invalid" : first->code, v->reason, faults },
		      &v->reply);
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

static bool check_media(struct judge *j)
{
	const char *encoding = message_header(j->m, "content-encoding", NULL);
	const char *type = message_header(j->m, "content-type", NULL);
	char media[64], charset[32];

	if (encoding && *encoding && strcasecmp(encoding, "identity") != 0)
		return refuse(j, 415, "unsupported_content_encoding", "The body is encoded; send it as it is (Content-Encoding: identity).");
	if (!type || media_type(type, media, sizeof media, charset, sizeof charset) < 0 || strcmp(media, "application/json") != 0)
		return refuse(j, 415, "unsupported_media_type", "The Content-Type must be application/json.");
	if (*charset && strcmp(charset, "utf-8") != 0 && strcmp(charset, "us-ascii") != 0)
		return refuse(j, 415, "unsupported_charset", "The charset of the body must be utf-8.");
	if (j->m->body_len == 0)
		return refuse_400(j, "required", "The body is empty.");
	return true;
}

static void finish_event(struct judge *j, struct event *event)
{
	event->received_ms = clock_wall_ms();
	event->endpoint = j->endpoint->name;
	event->sender = j->sender->name;
	j->verdict->event = event;
	j->verdict->keep_body = false;
	j->verdict->code = NULL;
	reply_done(&j->verdict->reply);
}

static const char *scope(const struct judge *j)
{
	return j->sender->identity_group ? j->sender->identity_group : j->sender->name;
}

static void parse(struct judge *j)
{
	struct nrc_rules rules = { j->endpoint->profile, j->sender->identity, j->sender->identity_header, scope(j) };
	struct faults faults = { .pool = j->pool };
	struct event *event = pool_alloc(j->pool, sizeof *event);

	if (nrc_parse(j->pool, j->m, &rules, event, &j->verdict->probe, &faults) < 0) {
		refuse_faults(j, &faults);
		if (j->endpoint->invalid != INVALID_QUARANTINE)
			return;
		event->mark = EVENT_QUARANTINED;
		event->note = j->verdict->reason;
		finish_event(j, event);
		return;
	}
	if (j->verdict->probe) {
		reply_done(&j->verdict->reply);
		j->verdict->keep_body = false;
		return;
	}
	if (!type_match_any(j->sender->may_send, event->type)) {
		refuse(j, 403, "type_not_allowed", "This sender may not send events of this type (setting may_send).");
		return;
	}
	finish_event(j, event);
}

void pipeline_judge(const struct conf *conf, const struct trust *trust, const struct gate_request *request,
		    struct verdict *verdict)
{
	struct judge j = { .conf = conf, .trust = trust, .request = request, .m = &request->message,
			   .pool = request->pool, .verdict = verdict };

	*verdict = (struct verdict){0};
	if (find_endpoint(&j) && admit(&j) && came_whole(&j) && check_repeated(&j) && check_media(&j))
		parse(&j);
}
