/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "receive/cgi.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/child.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/log.h"
#include "base/sock.h"
#include "receive/intake.h"
#include "store/store.h"

#define BODY_MAX (64u << 10)		/* without a configuration: of what is read and thrown away */
#define READ_MS 5000

struct visit {
	const struct conf *conf;
	const struct cgi_house *house;
	bool recorded;
};

static void unavailable(struct visit *visit, struct gate_request *request, struct verdict *verdict, const char *why)
{
	verdict_unavailable(verdict, request->pool, why, &verdict->reply);
	verdict->code = "service_unavailable";
	intake_note(visit->house->board, request, verdict);
}

static int open_and(struct visit *visit, struct store **store, struct err *err)
{
	struct store_setup setup = store_setup_for(visit->conf);

	return store_open(&setup, STORE_LOG, store, err);
}

static void record(struct visit *visit, struct gate_request *request, struct verdict *verdict)
{
	struct store *store = NULL;
	struct err err = {{0}};

	failpoint("receive.before-record");
	if (open_and(visit, &store, &err) == 0 && store_append(store, verdict->events, verdict->n, &err) == 0) {
		visit->recorded = true;
		verdict_recorded(verdict);
		board_add(visit->house->board, BOARD_COMMITS, 1);
		board_add(visit->house->board, verdict->events[0]->mark == EVENT_QUARANTINED ? BOARD_QUARANTINED : BOARD_ACCEPTED,
			  (int64_t)verdict->n);
	} else {
		log_error("events cannot be recorded and are answered with 503, to be sent again: %s", err.text);
		unavailable(visit, request, verdict, "It could not be recorded; send it again later.");
	}
	failpoint("receive.after-record");
	store_close(&store);
}

static void reject(struct visit *visit, const struct gate_request *request, const struct verdict *verdict)
{
	struct rejected row = { .at_ms = 0, .endpoint = verdict->endpoint, .sender = verdict->sender,
				.status = verdict->reply.status, .reason = verdict->reason, .headers = verdict->headers,
				.body = request->message.body, .body_len = request->message.body_len };
	struct store *store = NULL;
	struct err err = {{0}};

	row.at_ms = clock_wall_ms();
	if (open_and(visit, &store, &err) < 0 || store_reject(store, &row, 1, &err) < 0)
		log_warn("a refused body is not kept: %s", err.text);
	store_close(&store);
}

static void keep_asked(struct visit *visit, struct gate_request *request, struct verdict *verdict)
{
	struct store *store = NULL;
	struct err err = {{0}};

	if (open_and(visit, &store, &err) < 0 || store_handshake_ask(store, verdict->handshake, 1, &err) < 0) {
		log_error("a handshake could not be kept and got 503: %s", err.text);
		unavailable(visit, request, verdict, "It could not be recorded; send it again later.");
	}
	store_close(&store);
}

/* Nobody but this process waits for it. False: there is no time for another issuer. */
static bool ask(const struct visit *visit, const struct trust_question *question, int64_t due_ms)
{
	const char *issuer = visit->conf->issuers[question->issuer].name;
	struct ask ask = { ASK_TOKEN, 1, { issuer, strlen(issuer) }, { question->token, strlen(question->token) } };
	struct ask_answer answer;
	bool had = ask.token.len && ask.token.len <= ASK_TOKEN_MAX &&
		   asker_wait(visit->house->asker, &ask, due_ms, &answer) && answer.had;

	trust_tell(visit->house->trust, question, had ? answer.body.p : NULL, had ? answer.body.len : 0);
	return clock_mono_ms() < due_ms;
}

static void judge(const struct visit *visit, struct gate_request *request, struct verdict *verdict)
{
	int64_t due_ms = clock_mono_ms() + WAITING_MS;

	pipeline_judge(visit->conf, visit->house->trust, request, verdict);
	for (int i = 1; i < WAITING_ROUNDS && verdict->question && ask(visit, verdict->question, due_ms); i++)
		pipeline_judge(visit->conf, visit->house->trust, request, verdict);
	if (verdict->question)
		pipeline_judge_again(visit->conf, visit->house->trust, request, verdict);
}

/* No answer is held back: that would only make processes wait. */
static void refuse(struct visit *visit, struct gate_request *request, const struct verdict *verdict)
{
	intake_note(visit->house->board, request, verdict);
	if (verdict->keep_body)
		reject(visit, request, verdict);
}

static void serve(void *arg, struct gate_request *request)
{
	struct visit *visit = arg;
	struct verdict verdict = {0};

	if (!visit->conf) {
		unavailable(visit, request, &verdict, "The receiver is not configured well; its log says what is wrong.");
		gate_answer(request, &verdict.reply);
		return;
	}
	judge(visit, request, &verdict);
	if (verdict.n) {
		record(visit, request, &verdict);
	} else if (verdict.code) {
		refuse(visit, request, &verdict);
	} else if (verdict.probe) {
		board_add(visit->house->board, BOARD_PROBES, 1);
	} else if (verdict.handshake || verdict.challenge) {
		intake_handshake(visit->house->board, request, &verdict);
		if (verdict.handshake && verdict.handshake->state == HANDSHAKE_ASKED)
			keep_asked(visit, request, &verdict);
	}
	gate_answer(request, &verdict.reply);
	failpoint("receive.after-answer");
}

static void ring(const struct conf *conf)
{
	char *bell = str_fmt("%s/" RUN_BELL, conf->run_dir);
	int rope = bell_rope();

	bell_ring(rope, bell);
	if (rope >= 0)
		close(rope);
	free(bell);
}

int cgi_run(const struct conf *conf, const struct cgi_house *house, char *const *envp)
{
	struct visit visit = { .conf = conf, .house = house };
	struct gate_cgi cgi = { .envp = envp, .in = STDIN_FILENO, .out = STDOUT_FILENO, .serve = serve, .arg = &visit,
				.body_max = conf ? conf->body_max : BODY_MAX,
				.read_timeout_ms = conf ? conf->read_timeout_ms : READ_MS };
	int rc;

	rc = gate_cgi(&cgi);
	if (visit.recorded)
		ring(conf);
	return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
