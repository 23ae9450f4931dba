/* SPDX-License-Identifier: EUPL-1.2 */
#include "receive/intake.h"

#include <pthread.h>
#include "base/clock.h"
#include "base/log.h"

#define LINES_PER_S 20

static struct {
	pthread_mutex_t lock;
	int64_t since_ms;
	long lines, left_out;
} flood = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* True when a line may be written; *left_out: how many were not since the last one. */
static bool may_log(long *left_out)
{
	int64_t now = clock_mono_ms();
	bool may;

	pthread_mutex_lock(&flood.lock);
	*left_out = 0;
	if (now - flood.since_ms >= 1000) {
		*left_out = flood.left_out;
		flood.since_ms = now;
		flood.lines = flood.left_out = 0;
	}
	may = flood.lines < LINES_PER_S;
	if (may)
		flood.lines++;
	else
		flood.left_out++;
	pthread_mutex_unlock(&flood.lock);
	return may;
}

static enum board_counter counter_of(int status)
{
	switch (status) {
	case 400: return BOARD_REJECTED_400;
	case 401: return BOARD_REJECTED_401;
	case 403: return BOARD_REJECTED_403;
	case 404: return BOARD_REJECTED_404;
	case 405: return BOARD_REJECTED_405;
	case 408: return BOARD_REJECTED_408;
	case 413: return BOARD_REJECTED_413;
	case 415: return BOARD_REJECTED_415;
	case 429: return BOARD_REJECTED_429;
	case 503: return BOARD_UNAVAILABLE;
	default: return BOARD_REJECTED_OTHER;
	}
}

void intake_note(struct board *board, const struct gate_request *request, const struct verdict *verdict)
{
	const char *trace = message_trace(&request->message);
	long left_out;

	board_add(board, counter_of(verdict->reply.status), 1);
	if (!may_log(&left_out))
		return;
	if (left_out)
		log_warn("%ld more lines were left out in the last second or so", left_out);
	log_warn("refused with %d %s: endpoint %s, sender %s, peer %.64s%s%s%s%s", verdict->reply.status, verdict->code,
		 verdict->endpoint ? verdict->endpoint : "-", verdict->sender ? verdict->sender : "-",
		 *request->message.peer ? request->message.peer : "-", verdict->note ? ": " : "", verdict->note ? verdict->note : "",
		 trace ? " traceparent=" : "", trace ? trace : "");
}

void intake_handshake(const struct verdict *verdict)
{
	const struct handshake *h = verdict->handshake;
	long left_out;

	if (!may_log(&left_out))
		return;
	if (left_out)
		log_warn("%ld more lines were left out in the last second or so", left_out);
	log_info("handshake %s: endpoint %s, origin %s", handshake_state_name(h->state), h->endpoint, h->origin);
}

void intake_serve(void *arg, struct gate_request *request)
{
	const struct intake *intake = arg;
	struct verdict verdict;

	pipeline_judge(intake->conf, intake->trust, request, &verdict);
	if (verdict.question)	/* there is nobody to ask */
		pipeline_judge_again(intake->conf, intake->trust, request, &verdict);
	if (verdict.n) {
		committer_record(intake->committer, request, &verdict);
		return;
	}
	if (verdict.handshake)
		intake_handshake(&verdict);
	if (verdict.handshake && verdict.handshake->state == HANDSHAKE_ASKED) {
		committer_ask(intake->committer, request, &verdict);
		return;
	}
	if (verdict.probe) {
		board_add(intake->board, BOARD_PROBES, 1);
		log_info("registration probe answered: endpoint %s, sender %s", verdict.endpoint, verdict.sender);
	} else if (verdict.code) {
		intake_note(intake->board, request, &verdict);
		if (verdict.keep_body)
			committer_reject(intake->committer, request, &verdict);
	}
	gate_answer(request, &verdict.reply);
}
