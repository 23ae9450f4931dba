/* SPDX-License-Identifier: EUPL-1.2
 * What appending to the log costs: append [DIRECTORY [MiB [MILLISECONDS]]]. One thread appends groups of 1, 8, 30 and 64
 * events of 900 bytes as a receiver's committer does; another checkpoints what is above so many MiB (16) each so many
 * milliseconds (50), as its upkeep does. A line for each: the appending thread's processor time per event and per
 * commit, how long commits took, and the longest checkpoint. */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "store/store.h"

#define BODY 620		/* with its head a row is about 900 bytes */
#define SPAN_MS 2000		/* of one line */
#define COMMITS 100000

static struct err err;
static const char *dir;
static uint64_t above = 16u << 20;
static int64_t pause_ms = 50;
static atomic_bool over;
static atomic_llong checkpoint_us;
static uint64_t serial;
static int64_t took_us[COMMITS];

static void need(int rc)
{
	if (rc < 0)
		die("%s", err.text);
}

static struct store *opened(void)
{
	char *spec = str_fmt("sqlite:%s", dir);
	struct store_setup setup = { .spec = spec, .disk_reserve = 1 << 20 };
	struct store *store;

	need(store_open(&setup, STORE_LOG, &store, &err));
	free(spec);
	return store;
}

static int64_t us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t thread_us(bool user)
{
	struct rusage r;

	getrusage(RUSAGE_THREAD, &r);
	return user ? (int64_t)r.ru_utime.tv_sec * 1000000 + r.ru_utime.tv_usec
		    : (int64_t)r.ru_stime.tv_sec * 1000000 + r.ru_stime.tv_usec;
}

static void *upkeep(void *unused)
{
	const struct timespec pause = { pause_ms / 1000, pause_ms % 1000 * 1000000 };
	struct store *store = opened();

	while (!over) {
		int64_t begun = us(CLOCK_MONOTONIC), took;

		need(store_checkpoint(store, STORE_LOG, above, &err));
		took = us(CLOCK_MONOTONIC) - begun;
		if (took > checkpoint_us)
			checkpoint_us = took;
		nanosleep(&pause, NULL);
	}
	store_close(&store);
	return unused;
}

static struct event made(void)
{
	static const char data[BODY] = "{\"kanaal\":\"zaken\",\"hoofdObject\":\"https://zaken.example.nl/api/v1/zaken/";
	struct event e = { .received_ms = clock_wall_ms(), .wire = WIRE_NRC, .type = "nl.overheid.zaken.status.create",
			   .sender = "opennotificaties", .endpoint = "nrc", .source = "https://zaken.example.nl/api/v1/zaken",
			   .id = "b3fe4d10-71da-4e32-8a11-1cd526ca6cbe", .has_lane = true,
			   .data = (const unsigned char *)data, .data_len = sizeof data };
	uint64_t mixed = ++serial * 0x9E3779B97F4A7C15u;

	memcpy(e.key.b, &mixed, sizeof mixed);
	memcpy(e.lane.b + 8, &mixed, sizeof mixed);
	return e;
}

static int by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void print(size_t group, size_t n, int64_t cpu_us, int64_t user_us)
{
	struct stat st = {0};
	char *wal = str_fmt("%s/log.db-wal", dir);

	qsort(took_us, n, sizeof *took_us, by_size);
	stat(wal, &st);
	free(wal);
	printf("group=%-2zu cpu_us_per_event=%.2f cpu_us_per_commit=%.0f user=%.0f%% commits=%zu "
	       "p50=%.2f ms p99=%.2f ms p999=%.2f ms max=%.1f ms checkpoint=%.0f ms wal=%lld MiB\n",
	       group, (double)cpu_us / (double)(n * group), (double)cpu_us / (double)n, 100.0 * (double)user_us / (double)cpu_us, n,
	       (double)took_us[n / 2] / 1000, (double)took_us[n * 99 / 100] / 1000, (double)took_us[n * 999 / 1000] / 1000,
	       (double)took_us[n - 1] / 1000, (double)checkpoint_us / 1000, (long long)st.st_size >> 20);
	fflush(stdout);
	checkpoint_us = 0;
}

static void run(struct store *store, size_t group)
{
	struct event v[64], *p[64];
	int64_t until = clock_mono_ms() + SPAN_MS, cpu = us(CLOCK_THREAD_CPUTIME_ID), user = thread_us(true);
	size_t n = 0;

	while (n < COMMITS && clock_mono_ms() < until) {
		int64_t begun;

		for (size_t i = 0; i < group; i++) {
			v[i] = made();
			p[i] = &v[i];
		}
		begun = us(CLOCK_MONOTONIC);
		need(store_append(store, p, group, &err));
		took_us[n++] = us(CLOCK_MONOTONIC) - begun;
	}
	print(group, n, us(CLOCK_THREAD_CPUTIME_ID) - cpu, thread_us(true) - user);
}

int main(int argc, char **argv)
{
	static const size_t groups[] = { 30, 1, 8, 30, 64 };	/* the first fills the WAL and is not counted on */
	char made_dir[] = "/var/tmp/postvak-append-XXXXXX";
	struct store *store;
	pthread_t thread;

	dir = argc > 1 ? argv[1] : mkdtemp(made_dir);
	must(dir);
	above = argc > 2 ? strtoull(argv[2], NULL, 10) << 20 : above;
	pause_ms = argc > 3 ? strtol(argv[3], NULL, 10) : pause_ms;
	store = opened();
	must(pthread_create(&thread, NULL, upkeep, NULL) == 0);
	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
		run(store, groups[i]);
	over = true;
	pthread_join(thread, NULL);
	store_close(&store);
	return EXIT_SUCCESS;
}
