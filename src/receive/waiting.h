/* SPDX-License-Identifier: EUPL-1.2
 * Where requests wait without a thread of their own: for an issuer's answer, or because their answer is to come later.
 * One thread has them all. */
#ifndef RECEIVE_WAITING_H
#define RECEIVE_WAITING_H

#include "conf/conf.h"
#include "gate/gate.h"
#include "trust/trust.h"

#define WAITING_ASKED 1024	/* requests at most that wait for answers of issuers */
#define WAITING_HELD 256	/* whose own answer is held back */
#define WAITING_HELD_EACH 16	/* of one network: each keeps a connection, of which some web servers have few */
#define WAITING_ASKED_LEN (64u << 20)	/* bytes of them together, and of the others */
#define WAITING_HELD_LEN (32u << 20)
#define WAITING_MS 6000		/* for an issuer's answer */
#define WAITING_ROUNDS 4	/* questions at most that one request leads to */

/* An issuer's answer, once for all who wait for it: JSON, or null when it cannot be had. */
typedef void waiting_told(void *arg, const struct trust_question *question, const void *answer, size_t len);
/* A request whose question was told: it goes on. final: it must not ask any more. */
typedef void waiting_ready(void *arg, struct gate_request *request, bool final);

struct waiting_setup {
	const struct conf *conf;
	waiting_told *told;		/* both are called by the thread */
	waiting_ready *ready;
	void *arg;
	int64_t wait_ms;		/* 0: WAITING_MS */
	bool never_hold;		/* waiting_book has no place for anybody */
};
struct waiting;
/* Null: the thread could not be started. */
struct waiting *waiting_start(const struct waiting_setup *setup, struct err *err);
/* Holds no answer back any more, nor those that are: a receiver is about to leave. */
void waiting_hasten(struct waiting *waiting);
/* Lets all of them go (who waits for an issuer without its answer) and ends the thread; nobody comes in any more. */
void waiting_end(struct waiting *waiting);
/* The same, and frees it: when nobody can come any more. */
void waiting_stop(struct waiting **waiting);

/* From any thread; none of them waits. */
/* Until its question, which lives as long as the request, is told. False: there is no room, it goes on at once. */
bool waiting_ask(struct waiting *waiting, struct gate_request *request, const struct trust_question *question);
/* A place for an answer that is to be held back; false: there is none. Who has one comes with waiting_hold. network: who
 * is answered, in the request's pool. */
bool waiting_book(struct waiting *waiting, struct gate_request *request, const char *network);
void waiting_hold(struct waiting *waiting, struct gate_request *request, const struct gate_reply *reply, int ms);
/* A trust_wanted with the waiting room as its arg. */
void waiting_wanted(void *waiting, const char *issuer);

#endif
