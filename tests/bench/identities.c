/* SPDX-License-Identifier: EUPL-1.2
 * Sorting alone, beside many remembered identities:
 *   identities fill DIR N           makes the store in DIR remember N identities, by appending and sorting events
 *   identities sort DIR BATCH N     sorts N new ones in batches, with checkpoints as the dispatcher makes them
 *   identities open DIR             how long opening takes, what the files weigh, how much memory is used
 * Keys are drawn at random; receiving times lie in the last 80 days, so that nothing is swept. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include "base/clock.h"
#include "base/mem.h"
#include "store/store.h"

#define APPEND 20000		/* events appended at once */
#define EMPTY 500000		/* the log is emptied after so many */
#define FILL_BATCH 20000
#define DAYS 80
#define DAY_MS INT64_C(86400000)
#define WAL_MAX (16u << 20)	/* as in src/dispatch/house.c */

static struct store *store;
static struct err err;
static const char *dir;
static uint64_t seed;

static void check(int rc)
{
	if (rc == 0)
		return;
	fprintf(stderr, "identities: %s\n", err.text);
	exit(EXIT_FAILURE);
}

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t draw(void)	/* splitmix64 */
{
	uint64_t z = seed += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

static void open_store(void)
{
	char *spec = str_fmt("sqlite:%s", dir);
	struct store_setup setup = { .spec = spec };

	check(store_open(&setup, STORE_LOG | STORE_DESK, &store, &err));
	free(spec);
}

static struct store_stats stats(void)
{
	struct store_stats st;

	check(store_stats(store, &st, &err));
	return st;
}

static void append(size_t n, int64_t received_ms)
{
	static struct event events[APPEND], *v[APPEND];

	for (size_t i = 0; i < n; i++) {
		uint64_t key[2] = { draw(), draw() };

		events[i] = (struct event){ .received_ms = received_ms, .wire = WIRE_CLOUD, .type = "nl.x", .sender = "s",
					    .endpoint = "e", .digest = (uint32_t)key[0] };
		memcpy(events[i].key.b, key, EVENT_KEY);
		v[i] = &events[i];
	}
	check(store_append(store, v, n, &err));
}

/* What pruning does, at once, and no free pages are left: all logs are alike then. The numbers go on. */
static void empty_log(void)
{
	char *path = str_fmt("%s/log.db", dir);
	sqlite3 *db;

	store_close(&store);
	if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, "DELETE FROM event; VACUUM", NULL, NULL, NULL) != SQLITE_OK) {
		fprintf(stderr, "identities: %s: %s\n", path, sqlite3_errmsg(db));
		exit(EXIT_FAILURE);
	}
	sqlite3_close(db);
	free(path);
	open_store();
}

static void fill(uint64_t wanted)
{
	uint64_t have = stats().identities, from = have;
	int64_t now = clock_wall_ms();
	struct sort_result r;

	while (have < wanted) {
		size_t n = wanted - have < APPEND ? (size_t)(wanted - have) : APPEND;
		double age = DAYS * (1 - (double)have / (double)wanted);

		append(n, now - (int64_t)(age * (double)DAY_MS));
		for (r.n = 1; r.n;)
			check(store_sort(store, FILL_BATCH, &r, &err));
		check(store_checkpoint(store, STORE_LOG | STORE_DESK, 4 * WAL_MAX, &err));
		have += n;
		if ((have - from) % EMPTY < APPEND)
			empty_log();
	}
	empty_log();
	check(store_checkpoint(store, STORE_LOG | STORE_DESK, 0, &err));
}

struct figures {
	double wall, cpu, longest, checkpoints, longest_checkpoint;
	uint64_t n;
};

static void timed_checkpoint(struct figures *f)
{
	double begin = seconds(CLOCK_MONOTONIC), took;

	check(store_checkpoint(store, STORE_DESK, WAL_MAX, &err));
	took = seconds(CLOCK_MONOTONIC) - begin;
	f->checkpoints += took;
	if (took > f->longest_checkpoint)
		f->longest_checkpoint = took;
}

static void timed_sort(struct figures *f, size_t batch)
{
	struct sort_result r = { .n = 1 };

	while (r.n) {
		double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), took;

		check(store_sort(store, batch, &r, &err));
		took = seconds(CLOCK_MONOTONIC) - wall;
		if (took > f->longest)
			f->longest = took;
		if (r.n)
			timed_checkpoint(f);
		f->n += r.n;
		f->wall += seconds(CLOCK_MONOTONIC) - wall;
		f->cpu += seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
		}
}

static void sort(size_t batch, uint64_t n)
{
	struct figures f = {0};
	struct rusage use;
	struct store_stats st = stats();

	for (uint64_t done = 0; done < n; done += APPEND) {
		append(APPEND, clock_wall_ms());
		check(store_checkpoint(store, STORE_LOG, WAL_MAX, &err));
		timed_sort(&f, batch);
	}
	getrusage(RUSAGE_SELF, &use);
	printf("identities=%llu batch=%zu sorted=%llu per_s=%.0f cpu_us=%.2f longest_ms=%.1f checkpoint_ms=%.1f "
	       "checkpoints=%.0f%% rss_max_kb=%ld\n", (unsigned long long)st.identities, batch,
	       (unsigned long long)f.n, (double)f.n / f.wall, f.cpu / (double)f.n * 1e6, f.longest * 1e3,
	       f.longest_checkpoint * 1e3, f.checkpoints / f.wall * 100, use.ru_maxrss);
	empty_log();
	check(store_checkpoint(store, STORE_LOG | STORE_DESK, 0, &err));
}

static void show(void)
{
	double begin;
	char *path = str_fmt("%s/desk.db", dir);
	struct rusage use;
	struct store_stats st;
	struct stat file;

	begin = seconds(CLOCK_MONOTONIC);
	open_store();
	begin = seconds(CLOCK_MONOTONIC) - begin;
	st = stats();
	if (stat(path, &file) < 0)
		exit(EXIT_FAILURE);
	getrusage(RUSAGE_SELF, &use);
	printf("identities=%llu desk_bytes=%lld each=%.1f open_ms=%.2f rss_kb=%ld\n", (unsigned long long)st.identities,
	       (long long)file.st_size, st.identities ? (double)file.st_size / (double)st.identities : 0.0, begin * 1e3,
	       use.ru_maxrss);
	free(path);
}

int main(int argc, char **argv)
{
	struct timespec t;

	if (argc < 3) {
		fprintf(stderr, "usage: identities fill DIR N | sort DIR BATCH N | open DIR\n");
		return 2;
	}
	dir = argv[2];
	clock_gettime(CLOCK_REALTIME, &t);
	seed = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
	if (strcmp(argv[1], "open") != 0)
		open_store();
	if (strcmp(argv[1], "fill") == 0 && argc == 4)
		fill(strtoull(argv[3], NULL, 10));
	else if (strcmp(argv[1], "sort") == 0 && argc == 5)
		sort((size_t)strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
	else
		show();
	store_close(&store);
	return 0;
}
