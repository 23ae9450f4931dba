/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "keys/questions.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/uuid.h"
#include "event/json.h"
#include "keys/form.h"
#include "keys/shelf.h"

#define SAY_EVERY_MS 60000	/* failures in the log */
#define NOTE_EVERY_MS 60000	/* on the shelf, when nothing changes */
#define NOTE_TURN_MS 5000	/* and when something does: an issuer may fail every other time */
#define NEVER_MS (INT64_MIN / 2)

struct oracle {				/* an issuer that can be asked */
	const struct conf_issuer *issuer;
	struct http_rules rules;
	char *basic;			/* "Authorization: Basic ..."; or null: key */
	struct key *key;
	size_t under_way;
	struct note note;
	bool dirty;			/* the note is not on the shelf yet */
	bool said;			/* that it fails */
	int64_t said_ms, noted_ms;
};

struct questions {
	const struct conf *conf;
	struct http_crowd *crowd;
	question_answered *answered;
	void *arg;
	struct oracle *v;
	size_t n;
	size_t under_way;
};

struct question {			/* under way */
	struct errand errand;
	struct questions *all;
	struct oracle *oracle;
	uint64_t asker, number;
	bool told;
};

static void load_credentials(struct oracle *o)
{
	const struct conf_issuer *issuer = o->issuer;
	struct buf basic = {0};
	const char *rest;
	struct err err = {{0}};

	if (issuer->client_secret.n) {
		form_basic(&basic, issuer->client_id, issuer->client_secret.values[0]);
		o->basic = basic.p;
		return;
	}
	o->key = key_pem(issuer->client_key.text, true, &rest, &err);
	if (!o->key)
		log_error("client_key of issuer %s cannot be used: %s", issuer->name,
			  *err.text ? err.text : "there is no private key in it");
}

struct questions *questions_new(const struct conf *conf, struct http_crowd *crowd, question_answered *answered, void *arg)
{
	struct questions *q = mem_alloc(sizeof *q);

	*q = (struct questions){ .conf = conf, .crowd = crowd, .answered = answered, .arg = arg };
	q->v = mem_array(conf->n_issuers, sizeof *q->v);
	for (size_t i = 0; i < conf->n_issuers; i++) {
		const struct conf_issuer *issuer = &conf->issuers[i];
		struct oracle *o = &q->v[q->n];

		if (!issuer->introspection)
			continue;
		q->n++;
		*o = (struct oracle){
			.issuer = issuer, .said_ms = NEVER_MS, .noted_ms = NEVER_MS,
			.rules = { .tls = true, .ca = issuer->ca, .connect_ms = ERRAND_CONNECT_MS, .total_ms = ERRAND_TOTAL_MS,
				   .answer_max = ASK_BODY_MAX },
		};
		load_credentials(o);
		shelf_note(conf, issuer, &o->note);
		note_set(&o->note.url, issuer->introspection);
	}
	return q;
}

static void put_note(struct questions *q, struct oracle *o)
{
	struct err err;

	o->dirty = false;
	if (shelf_put_note(q->conf, o->issuer, &o->note, &err) < 0)
		log_error("what is known about issuer %s cannot be kept: %s", o->issuer->name, err.text);
}

int64_t questions_due(const struct questions *q)
{
	int64_t due_ms = INT64_MAX;

	for (size_t i = 0; i < q->n; i++)
		if (q->v[i].dirty && q->v[i].noted_ms + NOTE_TURN_MS < due_ms)
			due_ms = q->v[i].noted_ms + NOTE_TURN_MS;
	return due_ms;
}

void questions_tick(struct questions *q, int64_t now_ms)
{
	for (size_t i = 0; i < q->n; i++)
		if (q->v[i].dirty && now_ms - q->v[i].noted_ms >= NOTE_TURN_MS) {
			q->v[i].noted_ms = now_ms;
			put_note(q, &q->v[i]);
		}
}

void questions_free(struct questions **questions)
{
	struct questions *q = *questions;

	for (size_t i = 0; i < q->n; i++) {
		if (q->v[i].dirty)
			put_note(q, &q->v[i]);
		if (q->v[i].basic)
			explicit_bzero(q->v[i].basic, strlen(q->v[i].basic));
		free(q->v[i].basic);
		if (q->v[i].key)
			key_free(&q->v[i].key);
		note_free(&q->v[i].note);
	}
	free(q->v);
	free(q);
	*questions = NULL;
}

/* ---- what came of it ---- */

static void say(struct oracle *o, const char *failure, int64_t now_ms)
{
	if (now_ms - o->said_ms < SAY_EVERY_MS)
		return;
	o->said = true;
	o->said_ms = now_ms;
	log_warn("issuer %s cannot be asked about a token: %s", o->issuer->name, failure);
}

/* For operators: whether it could be asked, and since when not. */
static void note(struct oracle *o, const char *failure, int64_t now_ms)
{
	int64_t wall_s = clock_wall_ms() / 1000;
	bool turned = !failure != !o->note.error;
	bool other = turned || (failure && strcmp(failure, o->note.error) != 0);

	if (!failure)
		o->note.fetched_s = wall_s;
	if (turned)
		o->note.error_since_s = failure ? wall_s : 0;
	note_set(&o->note.error, failure);
	o->dirty = o->dirty || other || now_ms - o->noted_ms >= NOTE_EVERY_MS;
	if (failure) {
		say(o, failure, now_ms);
	} else if (o->said) {
		o->said = false;
		log_info("issuer %s can be asked about tokens again", o->issuer->name);
	}
}

static bool is_object(const struct buf *body)
{
	struct pool *pool = pool_new();
	struct faults faults = { .pool = pool };
	struct json_object *doc = NULL;
	bool is = body->len && json_parse(body->p, body->len, &doc, &faults) == 0 && json_kind(doc) == JSON_OBJECT;

	json_drop(&doc);
	pool_free(&pool);
	return is;
}

static void tell(struct questions *q, uint64_t asker, uint64_t number, const struct buf *body)
{
	struct ask_answer answer = { .number = number, .had = body != NULL };

	if (body)
		answer.body = (struct span){ body->p, body->len };
	q->answered(q->arg, asker, &answer);
}

static void settle(struct question *question, const struct http_ended *ended, int64_t now_ms)
{
	const struct http_answer *answer = &ended->answer;
	struct err err = ended->err;
	bool had = ended->answered && answer->status == 200 && is_object(&answer->body);

	if (ended->answered && answer->status != 200)
		err_set(&err, "answered with %d%s", answer->status, answer->status == 401 ? ": it does not take client_id with its "
			"client_secret or client_key" : answer->status / 100 == 3 ? ", and redirects are not followed" : "");
	else if (ended->answered && !had)
		err_set(&err, "its answer is not a JSON object");
	note(question->oracle, had ? NULL : err.text, now_ms);
	tell(question->all, question->asker, question->number, had ? &answer->body : NULL);
}

static void come_home(struct errand *errand, struct http_ended *ended, int64_t now_ms)
{
	struct question *question = (struct question *)(void *)errand;	/* its first member */

	if (!question->told)
		settle(question, ended, now_ms);
	question->told = true;
	if (!ended->over)
		return;
	question->oracle->under_way--;
	question->all->under_way--;
	free(question);
}

/* ---- asking ---- */

static struct oracle *find(struct questions *q, struct span name)
{
	for (size_t i = 0; i < q->n; i++)
		if (strlen(q->v[i].issuer->name) == name.len && memcmp(q->v[i].issuer->name, name.p, name.len) == 0)
			return &q->v[i];
	return NULL;
}

static int make_body(const struct oracle *o, struct span token, struct buf *out, struct err *err)
{
	struct buf jti = {0}, jwt = {0};
	struct assertion a = { o->issuer->client_id, o->issuer->introspection, o->key, NULL, clock_wall_ms() / 1000 };
	int rc = 0;

	if (!o->basic && !o->key)
		return err_set(err, "its client_key cannot be used");
	if (!o->basic) {
		uuid_put(&jti);
		a.jti = jti.p;
		rc = form_assertion(&jwt, &a, err);
	}
	if (rc == 0)
		form_question(out, token, jwt.p);
	buf_free(&jti);
	buf_free(&jwt);
	return rc;
}

static int start(struct questions *q, struct question *question, struct span token, struct err *err)
{
	const struct oracle *o = question->oracle;
	const char *const headers[] = { "Content-Type: application/x-www-form-urlencoded", "Accept: application/json", o->basic };
	struct buf body = {0};
	struct http_request request = { .url = o->issuer->introspection, .headers = headers, .n_headers = o->basic ? 3 : 2 };
	int rc = make_body(o, token, &body, err);

	request.body = body.p;
	request.body_len = body.len;
	if (rc == 0)
		rc = http_crowd_start(q->crowd, &o->rules, &request, &question->errand, err);
	if (body.p)
		explicit_bzero(body.p, body.len);
	buf_free(&body);
	return rc;
}

void questions_ask(struct questions *q, uint64_t asker, const struct ask *ask, int64_t now_ms)
{
	struct oracle *o = find(q, ask->issuer);
	struct question *question;
	struct err err;

	if (!o || o->under_way >= QUESTIONS_OF_ISSUER || q->under_way >= QUESTIONS_IN_ALL) {
		if (o)
			say(o, "too many questions are under way", now_ms);
		tell(q, asker, ask->number, NULL);
		return;
	}
	question = mem_alloc(sizeof *question);
	*question = (struct question){ .errand.done = come_home, .all = q, .oracle = o, .asker = asker, .number = ask->number };
	if (start(q, question, ask->token, &err) < 0) {
		note(o, err.text, now_ms);
		tell(q, asker, ask->number, NULL);
		free(question);
		return;
	}
	o->under_way++;
	q->under_way++;
}
