/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "power.h"

#include <stdio.h>
#include <string.h>

#define FAULTS_SHOWN 10

static const char *const cut_names[CUTS] = { "killed", "nothing more", "torn", "anything" };

void fault(struct power *p, size_t *count, const char *what, uint64_t n)
{
	char op[128];

	(*count)++;
	if (p->mutation != MUTATION_NONE || p->broken + p->lost + p->disordered > FAULTS_SHOWN)
		return;
	tape_describe(tape_op(p->at - 1), op, sizeof op);
	printf("FAULT: %s (%llu) after a %s behind operation %zu (%s; %s) %s\n", what, (unsigned long long)n,
	       p->second.is ? "second cut, the first one" : "cut", p->at, op, cut_names[p->cut], p->err.text);
}

static bool is_among(const struct gone *gone, uint64_t n)
{
	for (size_t i = 0; i < gone->count; i++)
		if (gone->n[i] == n)
			return true;
	return false;
}

/* `now`: it is being erased, so that the desk may still know of it. */
static bool was_erased(const struct power *p, uint64_t n, bool now)
{
	for (size_t i = 0; i < p->work.n_gone; i++)
		if (p->work.gone[i].from <= p->at && is_among(&p->work.gone[i], n))
			return !now || p->work.gone[i].wiped > p->at;
	return false;
}

static bool may_be_gone(const struct power *p, uint64_t n)
{
	for (size_t i = 0; i < p->work.n_pruned; i++)
		if (p->work.pruned[i].from <= p->at && n <= p->work.pruned[i].upto)
			return true;
	return false;
}

static bool was_passed(const struct look *look, uint64_t n)
{
	return look->marks[0] >= n && look->marks[1] >= n && !look->parked[n];
}

/* It, and not another one under its number. */
static bool is_there(const struct look *look, const struct acked *a)
{
	struct event_key key = work_key(a->key);

	return look->events[a->n].there && memcmp(&look->events[a->n].key, &key, sizeof key) == 0;
}

static void check_one(struct power *p, const struct acked *a)
{
	const struct look *look = &p->look;

	if (!look->events[a->n].there && (!may_be_gone(p, a->n) || !was_passed(look, a->n)) && !was_erased(p, a->n, false))
		fault(p, &p->lost, "an event that was recorded is gone", a->n);
	if (look->events[a->n].there && (look->events[a->n].hash != a->hash || !is_there(look, a)))
		fault(p, &p->lost, "an event has become another", a->n);
	if (look->last < a->n)
		fault(p, &p->disordered, "a number may be given again", a->n);
}

static void check_acked(struct power *p)
{
	for (size_t i = 0; i < p->work.n_acked && p->work.acked[i].op <= p->at; i++)
		check_one(p, &p->work.acked[i]);
	for (size_t i = 0; p->second.is && i < p->second.n_acked && p->second.acked[i].op <= p->second.at; i++)
		check_one(p, &p->second.acked[i]);
}

static void check_pruned(struct power *p)
{
	for (size_t i = 0; i < p->work.n_pruned; i++) {
		const struct pruned *pruned = &p->work.pruned[i];

		for (uint64_t n = 1; pruned->to <= p->at && n <= pruned->upto; n++)
			if (p->look.events[n].there && !pruned->kept[n])
				fault(p, &p->broken, "an event that was pruned is back", n);
	}
	if (p->work.parked_early && p->work.settled[0].op <= p->at && !p->look.events[p->work.parked_early].there)
		fault(p, &p->lost, "an event that waits was pruned", p->work.parked_early);
}

static bool comes_again(const struct power *p, unsigned key, size_t op)
{
	for (size_t i = 0; i < p->work.n_acked; i++)
		if (p->work.acked[i].key == key && p->work.acked[i].op > op)
			return true;
	return false;
}

void check_gone(struct power *p)
{
	for (size_t i = 0; i < p->work.n_gone; i++) {
		const struct gone *gone = &p->work.gone[i];

		for (size_t k = 0; gone->to <= p->at && k < gone->count; k++)
			if (p->look.events[gone->n[k]].there)
				fault(p, &p->broken, "an event that was erased is back", gone->n[k]);
	}
}

void check_wiped(struct power *p)
{
	for (size_t i = 0; i < p->work.n_gone; i++) {
		const struct gone *gone = &p->work.gone[i];

		for (size_t k = 0; gone->wiped <= p->at && k < gone->count; k++)
			if (!comes_again(p, gone->keys[k], gone->from) && look_in_journal(p->cut_dir, gone->keys[k]))
				fault(p, &p->broken, "an event that was erased is in the journal", gone->n[k]);
	}
}

bool is_remembered(const struct power *p, const struct acked *a)
{
	for (size_t i = 0; i < p->work.n_swept; i++)
		if (p->work.swept[i].op <= p->at && a->received_ms < p->work.swept[i].before_ms)
			return false;
	return true;
}

/* Another one of that identity was there before, and is still remembered. */
static bool is_again(const struct power *p, size_t at)
{
	const struct acked *a = &p->work.acked[at];

	for (size_t i = 0; is_there(&p->look, a) && i < at; i++)
		if (p->work.acked[i].key == a->key && is_remembered(p, &p->work.acked[i]))
			return true;
	return false;
}

static void check_sorted(struct power *p)
{
	const struct look *look = &p->look;

	if (look->sorted > look->last)
		fault(p, &p->disordered, "more is sorted than there is", look->sorted);
	for (uint64_t n = 1; n < LOOK_MAX; n++)
		if (look->first_of[n] && (look->first_of[n] >= n || n > look->sorted))
			fault(p, &p->disordered, "an event is the duplicate of a later one, or not sorted", n);
	for (size_t i = 0; i < p->work.n_acked; i++) {
		const struct acked *a = &p->work.acked[i];

		if (a->n <= look->sorted && is_again(p, i) && !look->first_of[a->n])
			fault(p, &p->disordered, "a duplicate was sorted and is not known as such", a->n);
	}
}

static void check_desk(struct power *p)
{
	const struct look *look = &p->look;

	for (size_t i = 0; i < p->work.n_settled && p->work.settled[i].op <= p->at; i++)
		if (look->marks[0] < p->work.settled[i].mark || look->request < p->work.settled[i].request)
			fault(p, &p->broken, "what was settled durably is gone", p->work.settled[i].mark);
	if (look->marks[0] > look->last || look->marks[1] > look->last)
		fault(p, &p->disordered, "a bookmark is ahead of the log", look->marks[0]);
	for (uint64_t n = 1; n < LOOK_MAX; n++)
		if (look->parked[n] && !look->events[n].there && !was_erased(p, n, true))
			fault(p, &p->lost, "a parked event is gone", n);
	for (size_t i = 0; i < p->work.n_acked; i++) {
		const struct acked *a = &p->work.acked[i];

		if (a->emitted && is_there(look, a) && look->marks[0] < a->key - WORK_EMITTED)
			fault(p, &p->disordered, "an event was emitted by what is not finished", a->n);
	}
}

void check_promises(struct power *p)
{
	check_acked(p);
	check_pruned(p);
	check_gone(p);
	check_sorted(p);
	check_desk(p);
}

/* ---- what a killed process would have left ---- */

static size_t newest_acked(const struct power *p)
{
	size_t op = 0;

	for (size_t i = 0; i < p->work.n_acked && p->work.acked[i].op <= p->at; i++)
		op = p->work.acked[i].op;
	return op;
}

static size_t newest_handshake(const struct power *p)
{
	size_t op = 0;

	for (size_t i = 0; i < p->work.n_handshakes && p->work.handshakes[i] <= p->at; i++)
		op = p->work.handshakes[i];
	return op;
}

static size_t newest_settled(const struct power *p)
{
	size_t op = 0;

	for (size_t i = 0; i < p->work.n_settled && p->work.settled[i].op <= p->at; i++)
		op = p->work.settled[i].op;
	return op;
}

void check_prefix(struct power *p)
{
	size_t events = newest_acked(p), log = newest_handshake(p), desk = newest_settled(p);

	while (events <= p->at && p->left[events].events != p->look.events_hash)
		events++;
	while (log <= p->at && p->left[log].log != p->look.log)
		log++;
	while (desk <= p->at && p->left[desk].desk != p->look.desk)
		desk++;
	if (events > p->at)
		fault(p, &p->broken, "the events are as they never were", 0);
	if (log > p->at)
		fault(p, &p->broken, "the log is as it never was", 0);
	if (desk > p->at)
		fault(p, &p->broken, "the desk is as it never was", 0);
}
