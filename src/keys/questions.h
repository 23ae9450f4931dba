/* SPDX-License-Identifier: EUPL-1.2
 * Questions about tokens, brought to the issuers that have introspection (RFC 7662), several at once. Times are
 * monotonic and come from the caller. */
#ifndef KEYS_QUESTIONS_H
#define KEYS_QUESTIONS_H

#include "conf/conf.h"
#include "keys/errand.h"
#include "trust/ask.h"

#define QUESTIONS_OF_ISSUER 64		/* under way at once; beyond, the answer cannot be had */
#define QUESTIONS_IN_ALL 256

/* Called once for each question: asker as it was given, and what is to be told. */
typedef void question_answered(void *arg, uint64_t asker, const struct ask_answer *answer);

struct questions;
/* Borrows everything. */
struct questions *questions_new(const struct conf *conf, struct http_crowd *crowd, question_answered *answered, void *arg);
void questions_free(struct questions **questions);	/* what is under way must not come home any more */
/* An ASK_TOKEN. */
void questions_ask(struct questions *questions, uint64_t asker, const struct ask *ask, int64_t now_ms);
/* When it has something to put on the shelf (INT64_MAX: nothing), and does so. */
int64_t questions_due(const struct questions *questions);
void questions_tick(struct questions *questions, int64_t now_ms);

#endif
