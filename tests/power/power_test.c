/* SPDX-License-Identifier: EUPL-1.2
 * A power cut behind every write of a recorded workload: the store opens on what is left, every promise
 * that was made before holds, and it goes on. Then the same with disks that leave out some of the
 * synchronisations, which has to be noticed. Usage: power_test [EVERY [SEED]], to look at every so many-th write; 20 when
 * POSTVAK_SEARCHED is set, for one build has looked at all. SEED: for other sectors to arrive. */
#include "config.h"
#include "power.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "base/mem.h"

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
#define GO_ON 9			/* one cut of so many is gone on from */
#define TWICE 211		/* behind one operation of so many there is a second cut, soon after */

static void check_cut(struct power *p)
{
	struct store *s;

	p->err.text[0] = '\0';
	p->cuts++;
	check_wiped(p);
	if (work_open(p->spec, STORE_LOG | STORE_DESK, &s, &p->err) < 0) {
		fault(p, &p->broken, "the store does not open", 0);
		return;
	}
	if (!look_at(s, p->cut_dir, &p->look, &p->err) || !p->look.sound) {
		fault(p, &p->broken, "a file is damaged", 0);
	} else {
		if (p->cut == CUT_KILL && !p->second.is)
			p->left[p->at] = (struct left){ p->look.events_hash, p->look.log, p->look.desk };
		check_promises(p);
		if (p->mutation == MUTATION_NONE && p->every == 1 && !p->second.is)
			check_prefix(p);
		if (p->cuts % GO_ON == 0 && !p->second.is && go_on(p, s) < 0)
			fault(p, &p->broken, "the store cannot go on", 0);
	}
	store_close(&s);
}

static void empty_dir(const char *dir)
{
	struct dirent *entry;
	DIR *d = opendir(dir);

	must(d);
	while ((entry = readdir(d)))
		if (entry->d_name[0] != '.') {
			char *path = str_fmt("%s/%s", dir, entry->d_name);

			unlink(path);
			free(path);
		}
	closedir(d);
}

static void cut(struct power *p, struct disk *disk, enum power_cut how, uint64_t seed)
{
	p->cut = how;
	empty_dir(p->cut_dir);
	disk_cut(disk, how, seed + p->seed, p->cut_dir);
	check_cut(p);
}

/* ---- a second cut, soon after the first ---- */

/* Takes the store into use again, on the tape. */
static int use_again(struct power *p, unsigned key)
{
	struct pool *pool = pool_new();
	struct store *s;
	struct sort_result r;
	uint64_t numbers[2];
	int rc = -1;

	if (work_open(pool_fmt(pool, "sqlite:%s", p->again_dir), STORE_LOG | STORE_DESK, &s, &p->err) < 0)
		goto out;
	for (unsigned i = 0; i < 2; i++) {
		struct event e = work_event(pool, key + i, 25000), *v = &e;

		if (store_append(s, &v, 1, &p->err) < 0)
			goto closed;
		p->second.acked[p->second.n_acked++] = (struct acked){ tape_ops(), e.n, work_hash(e.data, e.data_len), key + i,
								       e.received_ms, false };
		numbers[i] = e.n;
		if (store_sort(s, 100, &r, &p->err) < 0 || store_prepare(s, &p->err) < 0)
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
	empty_dir(p->again_dir);
	disk_cut(first, CUT_ANY, p->at + p->seed, p->again_dir);
	disk_load(disk, p->again_dir);
	p->second.n_acked = 0;
	tape_record(p->again_dir);
	if (use_again(p, 99100) < 0 || use_again(p, 99200) < 0)
		fault(p, &p->broken, "the store cannot be used again", 0);
	tape_record(NULL);
	p->second.is = true;
	for (p->second.at = from + 1; p->second.at <= tape_ops(); p->second.at++) {
		const struct op *op = tape_op(p->second.at - 1);

		disk_take(disk, op);
		if (op->file >= TAPE_JOURNAL || p->second.at % 6 == 1)
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
		p->left[p->at] = p->left[p->at - 1];
		cut(p, disk, CUT_ANY, p->at);
		return;
	}
	cut(p, disk, CUT_KILL, 0);
	if (op->kind != OP_WRITE || promised_at(p))
		cut(p, disk, CUT_NOTHING, 0);
	if (op->kind == OP_WRITE)
		cut(p, disk, CUT_TORN, 0);
	cut(p, disk, CUT_ANY, p->at);
	if (op->kind != OP_WRITE || op->file >= TAPE_JOURNAL)
		cut(p, disk, CUT_ANY, p->at + SIZE_MAX / 2);
}

/* Behind some of all operations, and where names have changed. */
static bool is_for_two(const struct power *p, const struct op *op)
{
	return p->at % (p->every > 1 ? 5 * TWICE : TWICE) == 0 || (op->kind == OP_RENAME && p->every == 1);
}

static void cut_everywhere(struct power *p)
{
	struct disk *disk = disk_new(MUTATION_NONE);
	size_t n = tape_ops();

	for (p->at = 1; p->at <= n; p->at++) {
		disk_take(disk, tape_op(p->at - 1));
		if (p->at % p->every == 0)
			cuts_at(p, disk, tape_op(p->at - 1));
		if (is_for_two(p, tape_op(p->at - 1)))
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
	empty_dir(dir);
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
		"", "a block of the journal is not synchronised", "the directory is not synchronised for the journal",
		"the log is not synchronised before a file of the journal goes",
		"the log is not synchronised before the journal is emptied",
		"what a killed process left in the journal is not synchronised", "the desk is never synchronised for a durable commit",
		"a checkpoint does not synchronise the WAL first", "the WAL's entry in the directory is not synchronised"
	};
	bool all = true;

	for (int m = MUTATION_NONE + 1; m < MUTATIONS; m++) {
		mutate(p, (enum mutation)m);
		printf("mutation: %s: lost=%zu broken=%zu disordered=%zu in %zu cuts\n", names[m], p->lost, p->broken,
		       p->disordered, p->cuts);
		if (p->lost + p->broken + p->disordered == 0 || (m == MUTATION_BLOCK && !p->lost)) {
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
	p->seed = argc > 2 ? strtoull(argv[2], NULL, 10) << 20 : 0;
	make_dir(p->dir, sizeof p->dir);
	make_dir(p->cut_dir, sizeof p->cut_dir);
	make_dir(p->again_dir, sizeof p->again_dir);
	snprintf(p->spec, sizeof p->spec, "sqlite:%s", p->cut_dir);
	tape_install();
	tape_record(p->dir);
	work_run(p->dir, &p->work);
	tape_record(NULL);
	remove_dir(p->dir);
	p->left = mem_array(tape_ops() + 1, sizeof *p->left);
	cut_everywhere(p);
	report(p, start_ms);
	good = p->broken + p->lost + p->disordered == 0;
	good = mutations_show(p) && good;
	remove_dir(p->cut_dir);
	remove_dir(p->again_dir);
	if (good)
		printf("figures sent=%zu acknowledged=%zu handled=%zu duplicates=%zu lost=0 disordered=0\n", p->work.n_acked,
		       p->work.n_acked, p->work.handled, p->work.duplicates);
	free(p->left);
	free(p);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
