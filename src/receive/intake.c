/* SPDX-License-Identifier: EUPL-1.2 */
#include "receive/intake.h"

#include <pthread.h>
#include "base/clock.h"
#include "base/log.h"
#include "receive/flood.h"

#define LINES_PER_S 20
#define TURNED_AWAY_MS 60000

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

/* False: not now. Says how many lines were left out. */
static bool begin_line(void)
{
	long left_out;

	if (!may_log(&left_out))
		return false;
	if (left_out)
		log_warn("%ld lines like the next one were left out before it", left_out);
	return true;
}

static const char *or_dash(const char *s)
{
	return s && *s ? s : "-";
}

static const char *behind(struct pool *pool, const char *note)
{
	return note ? pool_fmt(pool, ": %s", note) : "";
}

void intake_note(struct board *board, const struct gate_request *request, const struct verdict *verdict)
{
	const char *trace = message_trace(&request->message);

	board_add(board, counter_of(verdict->reply.status), 1);
	board_add(board, BOARD_FAILED, verdict->failed);
	if (begin_line())
		log_warn("refused with %d %s: endpoint %s, sender %s, peer %.64s%s%s%s", verdict->reply.status, verdict->code,
			 or_dash(verdict->endpoint), or_dash(verdict->sender), or_dash(request->message.peer),
			 behind(request->pool, verdict->note), trace ? " traceparent=" : "", trace ? trace : "");
}

void intake_handshake(struct board *board, const struct gate_request *request, const struct verdict *verdict)
{
	const struct handshake *h = verdict->handshake;

	board_add(board, BOARD_HANDSHAKES, 1);
	if (!begin_line())
		return;
	if (h)
		log_info("handshake %s: endpoint %s, origin %s", handshake_state_name(h->state), h->endpoint, h->origin);
	else
		log_info("handshake answered (%s): endpoint %s, sender %s, peer %.64s%s", verdict->challenge, verdict->endpoint,
			 or_dash(verdict->sender), or_dash(request->message.peer), behind(request->pool, verdict->note));
}

/* ---- who fails too often ---- */

static struct {
	pthread_mutex_t lock;
	int64_t said_ms;
	long n;
} turned_away = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Once a minute: a flood is not to fill the log. */
static void count_turned_away(void)
{
	int64_t now = clock_mono_ms();
	long n = 0;

	pthread_mutex_lock(&turned_away.lock);
	turned_away.n++;
	if (!turned_away.said_ms || now - turned_away.said_ms >= TURNED_AWAY_MS) {
		n = turned_away.n;
		turned_away.n = 0;
		turned_away.said_ms = now;
	}
	pthread_mutex_unlock(&turned_away.lock);
	if (n)
		log_warn("failed authentications come faster than their answers can be held back: %ld got 429", n);
}

/* For how long the answer to credentials that do not hold is to be held back; a place for it is taken then. Where there is
 * none, it becomes 429. */
static int slow_down(const struct intake *intake, struct gate_request *request, struct verdict *verdict)
{
	const char *network;
	int ms;

	if (!verdict->failed || !intake->waiting)
		return 0;
	network = flood_network(request->pool, request->message.peer);
	ms = flood_hold_ms(intake->trust, intake->conf, network);
	if (!ms || waiting_book(intake->waiting, request, network))
		return ms;
	verdict_too_many(verdict, request->pool, "Too many failed authentications came from this address.", (ms + 999) / 1000);
	count_turned_away();
	return 0;
}

static void refuse(const struct intake *intake, struct gate_request *request, struct verdict *verdict)
{
	int hold_ms = slow_down(intake, request, verdict);

	intake_note(intake->board, request, verdict);
	if (verdict->keep_body)
		clerk_reject(intake->clerk, request, verdict);
	if (hold_ms) {
		board_add(intake->board, BOARD_HELD, 1);
		waiting_hold(intake->waiting, request, &verdict->reply, hold_ms);
	} else {
		gate_answer(request, &verdict->reply);
	}
}

/* ---- what becomes of a verdict ---- */

static void settle(const struct intake *intake, struct gate_request *request, struct verdict *verdict)
{
	if (verdict->n) {
		committer_record(intake->committer, request, verdict);
		return;
	}
	if (verdict->code) {
		refuse(intake, request, verdict);
		return;
	}
	if (verdict->handshake || verdict->challenge)
		intake_handshake(intake->board, request, verdict);
	if (verdict->handshake && verdict->handshake->state == HANDSHAKE_ASKED) {
		clerk_ask(intake->clerk, request, verdict);
		return;
	}
	if (verdict->probe) {
		board_add(intake->board, BOARD_PROBES, 1);
		log_info("registration probe answered: endpoint %s, sender %s", verdict->endpoint, verdict->sender);
	}
	gate_answer(request, &verdict->reply);
}

static void judge(const struct intake *intake, struct gate_request *request, bool final)
{
	struct verdict verdict;

	if (!final) {
		pipeline_judge(intake->conf, intake->trust, request, &verdict);
		if (verdict.question && intake->waiting && waiting_ask(intake->waiting, request, verdict.question))
			return;
		final = verdict.question != NULL;
	}
	if (final)
		pipeline_judge_again(intake->conf, intake->trust, request, &verdict);
	settle(intake, request, &verdict);
}

void intake_serve(void *intake, struct gate_request *request)
{
	judge(intake, request, false);
}

void intake_finish(void *arg, bool wait)
{
	const struct intake *intake = arg;

	if (wait)
		committer_commit(intake->committer);
	else
		committer_wake(intake->committer);
}

void intake_told(void *arg, const struct trust_question *question, const void *answer, size_t len)
{
	const struct intake *intake = arg;

	trust_tell(intake->trust, question, answer, len);
}

void intake_ready(void *arg, struct gate_request *request, bool final)
{
	const struct intake *intake = arg;

	judge(intake, request, final);
	committer_wake(intake->committer);
}
