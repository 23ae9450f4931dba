/* SPDX-License-Identifier: EUPL-1.2
 * A power cut behind every write of a recorded workload: the store opens on what is left, every promise
 * that was made before holds, and it goes on. Then the same with disks that leave out some of the
 * synchronisations, which has to be noticed. Usage: power_test [EVERY], to look at every so many-th write; 20 when
 * POSTVAK_SEARCHED is set, for one build has looked at all. */
#include "config.h"
#include "tape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "base/mem.h"
#include "look.h"
#include "work.h"

#define SAMPLE 20u
#if defined(__SANITIZE_ADDRESS__)
#define EVERY SAMPLE
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EVERY SAMPLE
#endif
#endif
#ifndef EVERY
#define EVERY 1u
#endif
#define MUTATED_EVERY 5
#define ENOUGH 25		/* faults of a mutation */
#define GO_ON 6			/* one cut of so many is gone on from */
#define TWICE 211		/* behind one operation of so many there is a second cut, soon after */
#define FAULTS_SHOWN 10

struct power {
	struct work work;
	struct look look;
	char dir[64], spec[80], cut_dir[64], again_dir[64];
	uint64_t *log, *desk;		/* what killed processes leave, behind each operation */
	size_t every, cuts, gone_on, twice, broken, lost, disordered;
	enum mutation mutation;
	/* of this cut */
	size_t at;			/* operations that happened */
	enum power_cut cut;
	struct {			/* what was promised between this cut and another one */
		bool is;
		size_t at;
		struct acked acked[4];
		size_t n_acked;
	} second;
	struct err err;
};

static const char *const cut_names[CUTS] = { "killed", "nothing more", "torn", "anything" };

static void fault(struct power *p, size_t *count, const char *what, uint64_t n)
{
	char op[128];

	(*count)++;
	if (p->mutation != MUTATION_NONE || p->broken + p->lost + p->disordered > FAULTS_SHOWN)
		return;
	tape_describe(tape_op(p->at - 1), op, sizeof op);
	printf("FAULT: %s (%llu) after a %s behind operation %zu (%s; %s) %s\n", what, (unsigned long long)n,
	       p->second.is ? "second cut, the first one" : "cut", p->at, op, cut_names[p->cut], p->err.text);
}

/* ---- promises ---- */

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

	if (!look->events[a->n].there && (!may_be_gone(p, a->n) || !was_passed(look, a->n)))
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

/* Its identity has to be known still. */
static bool is_remembered(const struct power *p, const struct acked *a)
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
		if (look->parked[n] && !look->events[n].there)
			fault(p, &p->lost, "a parked event is gone", n);
	for (size_t i = 0; i < p->work.n_acked; i++) {
		const struct acked *a = &p->work.acked[i];

		if (a->emitted && is_there(look, a) && look->marks[0] < a->key - WORK_EMITTED)
			fault(p, &p->disordered, "an event was emitted by what is not finished", a->n);
	}
}

/* Whatever is left is what a killed process would have left, at this point or at one before it, behind the
 * last durable commit. */
static void check_prefix(struct power *p)
{
	size_t log = 0, desk = 0;

	for (size_t i = 0; i < p->work.n_acked && p->work.acked[i].op <= p->at; i++)
		log = p->work.acked[i].op;
	for (size_t i = 0; i < p->work.n_handshakes && p->work.handshakes[i] <= p->at; i++)
		if (p->work.handshakes[i] > log)
			log = p->work.handshakes[i];
	for (size_t i = 0; i < p->work.n_settled && p->work.settled[i].op <= p->at; i++)
		desk = p->work.settled[i].op;
	while (log <= p->at && p->log[log] != p->look.log)
		log++;
	while (desk <= p->at && p->desk[desk] != p->look.desk)
		desk++;
	if (log > p->at)
		fault(p, &p->broken, "the log is as it never was", 0);
	if (desk > p->at)
		fault(p, &p->broken, "the desk is as it never was", 0);
}

/* ---- going on ---- */

/* All that was recorded is delivered once more, behind one that is new. */
struct more {
	struct event events[WORK_MAX + 1], *v[WORK_MAX + 1];
	const struct acked *of[WORK_MAX + 1];
	size_t n;
};

static int append_more(struct power *p, struct store *s, struct pool *pool, struct more *more)
{
	more->n = 1;
	more->events[0] = work_event(pool, 99000, 100);
	for (size_t i = 0; i < p->work.n_acked && p->work.acked[i].op <= p->at; i++) {
		more->of[more->n] = &p->work.acked[i];
		more->events[more->n++] = work_event(pool, p->work.acked[i].key, 30);
	}
	for (size_t i = 0; i < more->n; i++)
		more->v[i] = &more->events[i];
	return store_append(s, more->v, more->n, &p->err);
}

static void check_more(struct power *p, const struct more *more)
{
	const struct look *look = &p->look;

	if (more->events[more->n - 1].n >= LOOK_MAX || look->first_of[more->events[0].n])
		fault(p, &p->disordered, "a new event is taken for a duplicate", more->events[0].n);
	for (size_t i = 1; i < more->n; i++)
		if (!look->first_of[more->events[i].n] && is_remembered(p, more->of[i]))
			fault(p, &p->disordered, "an identity was forgotten", more->of[i]->n);
	for (uint64_t n = 1; n < LOOK_MAX; n++)
		if (look->first_of[n] && !look->events[n].there)
			fault(p, &p->broken, "an event that was pruned has left a row on the desk", n);
}

static int settle_all(struct power *p, struct store *s, uint64_t sorted)
{
	struct bookmark b = { .handler = "first", .n = sorted };
	size_t n;

	if (store_begin(s, true, &p->err) < 0 || store_bookmark_put(s, &b, &p->err) < 0)
		return -1;
	b.handler = "second";
	if (store_bookmark_put(s, &b, &p->err) < 0 || store_commit(s, &p->err) < 0 ||
	    store_prune(s, sorted / 2, INT64_MAX / 2, 50, &n, &p->err) < 0 ||
	    store_checkpoint(s, STORE_LOG | STORE_DESK, 0, &p->err) < 0)
		return -1;
	return 0;
}

static int go_on(struct power *p, struct store *s)
{
	struct pool *pool = pool_new();
	struct more *more = pool_alloc(pool, sizeof *more);
	uint64_t before = p->look.last > p->look.sorted ? p->look.last : p->look.sorted;
	struct sort_result r;
	size_t copied;
	int rc = -1;

	if (append_more(p, s, pool, more) < 0)
		goto out;
	for (size_t i = 0; i < more->n; i++)
		if (more->events[i].n <= before++)
			fault(p, &p->disordered, "a number is given again", more->events[i].n);
	do {
		if (store_outbox_copy(s, &copied, &p->err) < 0 || store_sort(s, 100, &r, &p->err) < 0)
			goto out;
	} while (r.n || copied);
	if (settle_all(p, s, r.sorted) < 0 || !look_at(s, p->cut_dir, &p->look))
		goto out;
	if (!p->look.sound)
		fault(p, &p->broken, "a file is damaged when it is used", 0);
	check_more(p, more);
	p->gone_on++;
	rc = 0;
out:
	pool_free(&pool);
	return rc;
}

/* ---- cuts ---- */

static void check_cut(struct power *p)
{
	struct store_setup setup = { .spec = p->spec };
	struct store *s;

	p->err.text[0] = '\0';
	p->cuts++;
	if (store_open(&setup, STORE_LOG | STORE_DESK, &s, &p->err) < 0) {
		fault(p, &p->broken, "the store does not open", 0);
		return;
	}
	if (!look_at(s, p->cut_dir, &p->look) || !p->look.sound) {
		fault(p, &p->broken, "a file is damaged", 0);
	} else {
		if (p->cut == CUT_KILL && !p->second.is) {
			p->log[p->at] = p->look.log;
			p->desk[p->at] = p->look.desk;
		}
		check_acked(p);
		check_pruned(p);
		check_sorted(p);
		check_desk(p);
		if (p->mutation == MUTATION_NONE && p->every == 1 && !p->second.is)
			check_prefix(p);
		if (p->cuts % GO_ON == 0 && !p->second.is && go_on(p, s) < 0)
			fault(p, &p->broken, "the store cannot go on", 0);
	}
	store_close(&s);
}

/* What does not outlive a machine. */
static void forget_memory(const char *dir)
{
	static const char *const names[] = { "log.db-shm", "desk.db-shm", "log.lock", "desk.lock" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char *path = str_fmt("%s/%s", dir, names[i]);

		unlink(path);
		free(path);
	}
}

static void cut(struct power *p, struct disk *disk, enum power_cut how, uint64_t seed)
{
	p->cut = how;
	forget_memory(p->cut_dir);
	disk_cut(disk, how, seed, p->cut_dir);
	check_cut(p);
}

/* ---- a second cut, soon after the first ---- */

/* Takes the store into use again, on the tape. */
static int use_again(struct power *p, unsigned key)
{
	struct pool *pool = pool_new();
	struct store_setup setup = { .spec = pool_fmt(pool, "sqlite:%s", p->again_dir) };
	struct store *s;
	struct sort_result r;
	uint64_t numbers[2];
	int rc = -1;

	if (store_open(&setup, STORE_LOG | STORE_DESK, &s, &p->err) < 0)
		goto out;
	for (unsigned i = 0; i < 2; i++) {
		struct event e = work_event(pool, key + i, 300), *v = &e;

		if (store_append(s, &v, 1, &p->err) < 0)
			goto closed;
		p->second.acked[p->second.n_acked++] = (struct acked){ tape_ops(), e.n, work_hash(e.data, e.data_len), key + i,
								       e.received_ms, false };
		numbers[i] = e.n;
		if (store_sort(s, 100, &r, &p->err) < 0)
			goto closed;
	}
	if (numbers[0] < numbers[1])
		rc = store_checkpoint(s, STORE_LOG | STORE_DESK, 0, &p->err);
closed:
	store_close(&s);
out:
	pool_free(&pool);
	return rc;
}

static void cut_again(struct power *p, struct disk *first)
{
	struct disk *disk = disk_new(MUTATION_NONE);
	size_t from = tape_ops();

	p->cut = CUT_ANY;
	forget_memory(p->again_dir);
	disk_cut(first, CUT_ANY, p->at, p->again_dir);
	disk_load(disk, p->again_dir);
	p->second.n_acked = 0;
	tape_record(p->again_dir);
	if (use_again(p, 99100) < 0 || use_again(p, 99200) < 0)
		fault(p, &p->broken, "the store cannot be used again", 0);
	tape_record(NULL);
	p->second.is = true;
	for (p->second.at = from + 1; p->second.at <= tape_ops(); p->second.at++) {
		disk_take(disk, tape_op(p->second.at - 1));
		if (p->second.at % 2)
			cut(p, disk, p->second.at % 3 ? CUT_ANY : CUT_NOTHING, p->second.at + p->at);
	}
	p->second.is = false;
	p->twice++;
	tape_cut(from);
	disk_free(&disk);
}

static bool promised_at(const struct power *p)
{
	for (size_t i = 0; i < p->work.n_acked; i++)
		if (p->work.acked[i].op == p->at)
			return true;
	for (size_t i = 0; i < p->work.n_settled; i++)
		if (p->work.settled[i].op == p->at)
			return true;
	return false;
}

/* What was synchronised changes by synchronising alone, but what is promised does so, too. */
static void cuts_at(struct power *p, struct disk *disk, const struct op *op)
{
	if (op->kind == OP_WRITE && op->len < 512 && p->at > 1 && !promised_at(p)) {	/* the head of a frame, which its page follows */
		p->log[p->at] = p->log[p->at - 1];
		p->desk[p->at] = p->desk[p->at - 1];
		cut(p, disk, CUT_ANY, p->at);
		return;
	}
	cut(p, disk, CUT_KILL, 0);
	if (op->kind == OP_SYNC || op->kind == OP_CREATE || op->kind == OP_DELETE || promised_at(p))
		cut(p, disk, CUT_NOTHING, 0);
	if (op->kind == OP_WRITE)
		cut(p, disk, CUT_TORN, 0);
	cut(p, disk, CUT_ANY, p->at);
	cut(p, disk, CUT_ANY, p->at + SIZE_MAX / 2);
}

static void cut_everywhere(struct power *p)
{
	struct disk *disk = disk_new(MUTATION_NONE);
	size_t n = tape_ops();

	for (p->at = 1; p->at <= n; p->at++) {
		disk_take(disk, tape_op(p->at - 1));
		if (p->at % p->every == 0)
			cuts_at(p, disk, tape_op(p->at - 1));
		if (p->at % (p->every > 1 ? 5 * TWICE : TWICE) == 0)
			cut_again(p, disk);
	}
	disk_free(&disk);
}

/* How many faults there are when the disk leaves out these synchronisations. */
static void mutate(struct power *p, enum mutation mutation)
{
	struct disk *disk = disk_new(mutation);

	p->mutation = mutation;
	p->cuts = p->broken = p->lost = p->disordered = 0;
	for (p->at = 1; p->at <= tape_ops() && p->broken + p->lost + p->disordered < ENOUGH; p->at++) {
		disk_take(disk, tape_op(p->at - 1));
		if (mutation == MUTATION_CHECKPOINT ? tape_op(p->at - 1)->phase != PHASE_CHECKPOINT :
		    p->at % MUTATED_EVERY && !promised_at(p))
			continue;
		cut(p, disk, CUT_NOTHING, 0);
		if (mutation == MUTATION_CHECKPOINT)
			cut(p, disk, CUT_ANY, p->at);
	}
	disk_free(&disk);
}

/* ---- the whole ---- */

static void make_dir(char *dir, size_t len)
{
	snprintf(dir, len, "%s/postvak-power-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	must(mkdtemp(dir));
}

static void remove_dir(const char *dir)
{
	static const char *const suffixes[] = { ".db", ".db-wal", ".db-shm", ".db-journal", ".lock", ".turnstile" };

	for (size_t i = 0; i < 2 * sizeof suffixes / sizeof *suffixes; i++) {
		char *path = str_fmt("%s/%s%s", dir, i % 2 ? "log" : "desk", suffixes[i / 2]);

		unlink(path);
		free(path);
	}
	rmdir(dir);
}

static void report(struct power *p, int64_t start_ms)
{
	printf("power: cuts=%zu behind %zu operations (and second ones soon after %zu of them), gone on from %zu, in %.1f s: "
	       "broken=%zu lost=%zu disordered=%zu\n", p->cuts, tape_ops() / p->every, p->twice, p->gone_on,
	       (double)(clock_mono_ms() - start_ms) / 1000, p->broken, p->lost, p->disordered);
}

static bool mutations_show(struct power *p)
{
	static const char *const names[MUTATIONS] = {
		"", "the log is committed with synchronous=NORMAL", "the desk is never synchronised for a durable commit",
		"a checkpoint does not synchronise the WAL first", "the WAL's entry in the directory is not synchronised"
	};
	bool all = true;

	for (int m = MUTATION_NONE + 1; m < MUTATIONS; m++) {
		mutate(p, (enum mutation)m);
		printf("mutation: %s: lost=%zu broken=%zu disordered=%zu in %zu cuts\n", names[m], p->lost, p->broken,
		       p->disordered, p->cuts);
		if (p->lost + p->broken + p->disordered == 0 || (m == MUTATION_LOG_NORMAL && !p->lost)) {
			printf("FAULT: that was not noticed\n");
			all = false;
		}
	}
	return all;
}

static size_t every(int argc, char **argv)
{
	size_t n = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : getenv("POSTVAK_SEARCHED") ? SAMPLE : EVERY;

	return n ? n : 1;
}

int main(int argc, char **argv)
{
	struct power *p = mem_alloc(sizeof *p);
	int64_t start_ms = clock_mono_ms();
	bool good;

	log_open("power_test", LOG_ERROR_);
	setvbuf(stdout, NULL, _IOLBF, 0);
	p->every = every(argc, argv);
	make_dir(p->dir, sizeof p->dir);
	make_dir(p->cut_dir, sizeof p->cut_dir);
	make_dir(p->again_dir, sizeof p->again_dir);
	snprintf(p->spec, sizeof p->spec, "sqlite:%s", p->cut_dir);
	tape_install();
	tape_record(p->dir);
	work_run(p->dir, &p->work);
	tape_record(NULL);
	remove_dir(p->dir);
	p->log = mem_array(tape_ops() + 1, sizeof *p->log);
	p->desk = mem_array(tape_ops() + 1, sizeof *p->desk);
	cut_everywhere(p);
	report(p, start_ms);
	good = p->broken + p->lost + p->disordered == 0;
	good = mutations_show(p) && good;
	remove_dir(p->cut_dir);
	remove_dir(p->again_dir);
	if (good)
		printf("figures sent=%zu acknowledged=%zu handled=%zu duplicates=%zu lost=0 disordered=0\n", p->work.n_acked,
		       p->work.n_acked, p->work.handled, p->work.duplicates);
	free(p->log);
	free(p->desk);
	free(p);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
