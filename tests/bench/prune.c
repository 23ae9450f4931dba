/* SPDX-License-Identifier: EUPL-1.2
 * How long pruning, sweeping and expiring hold the locks of the log and of the desk while another thread takes events
 * in, and how long that one waits: prune [DIRECTORY [MiB of the WAL, above which it is
 * checkpointed]]. It measures and prints; it judges nothing.
 * flock is wrapped by the linker, so what is timed is what the store does, untouched. */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/store.h"

#define FDS 64
#define NEW 8			/* events of a group that is taken in meanwhile */
#define SMALL 600

int __real_flock(int fd, int how);
int __wrap_flock(int fd, int how);

struct holds {
	int64_t since_us, longest_us;
	size_t n;
};
static _Thread_local struct holds held[FDS];

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int __wrap_flock(int fd, int how)
{
	struct holds *h = &held[fd % FDS];
	int rc;

	if (how == LOCK_UN && h->since_us) {
		int64_t us = now_us() - h->since_us;

		h->longest_us = us > h->longest_us ? us : h->longest_us;
		h->n++;
		h->since_us = 0;
	}
	rc = __real_flock(fd, how);
	if (rc == 0 && how != LOCK_UN)
		h->since_us = now_us();
	return rc;
}

static struct err err;
static atomic_bool over;
static atomic_llong waited_us;
static atomic_ullong taken_in;
static uint64_t wal_max = 16u << 20;
static int64_t checkpoint_us;

static void need(int rc)
{
	if (rc < 0)
		die("%s", err.text);
}

static struct store *opened(const char *dir)
{
	char *spec = str_fmt("sqlite:%s", dir);
	struct store_setup setup = { .spec = spec };
	struct store *store;

	need(store_open(&setup, STORE_LOG | STORE_DESK, &store, &err));
	free(spec);
	return store;
}

static struct event made(uint64_t serial, size_t len, int64_t at_ms)
{
	static unsigned char data[1 << 20];
	struct event e = { .received_ms = at_ms, .wire = WIRE_CLOUD, .type = "nl.zaak.nieuw", .sender = "on", .endpoint = "nrc",
			   .source = "urn:zaken", .id = "7", .data = data, .data_len = len };
	uint64_t mixed = (serial + 1) * 0x9E3779B97F4A7C15u;

	memcpy(e.key.b, &mixed, sizeof mixed);
	memcpy(e.key.b + 8, &serial, sizeof serial);
	return e;
}

static void append(struct store *store, uint64_t serial, size_t n, size_t len)
{
	struct event v[64], *p[64];

	for (size_t i = 0; i < n; i++) {
		v[i] = made(serial + i, len, len == SMALL && serial >= 1u << 30 ? clock_wall_ms() : 1000);
		p[i] = &v[i];
	}
	need(store_append(store, p, n, &err));
}

static void *intake(void *dir)
{
	struct store *store = opened(dir);
	uint64_t serial = 1u << 30;

	while (!over) {
		const struct timespec pause = { 0, 1000000 };
		int64_t begun = now_us(), us;

		append(store, serial, NEW, SMALL);
		serial += NEW;
		us = now_us() - begun;
		if (us > waited_us)
			waited_us = us;
		taken_in += NEW;
		nanosleep(&pause, NULL);
	}
	store_close(&store);
	return NULL;
}

static const char *fd_name(int fd, char *text, size_t cap)
{
	char *link = str_fmt("/proc/self/fd/%d", fd), *slash;
	ssize_t n = readlink(link, text, cap - 1);

	free(link);
	text[n > 0 ? n : 0] = '\0';
	slash = strrchr(text, '/');
	return slash ? slash + 1 : text;
}

static void print_holds(const char *what, size_t len, size_t gone, int64_t ms)
{
	char text[256];

	printf("%-9s %7zu bytes %7zu rows %6.1f s:", what, len, gone, (double)ms / 1000);
	for (int fd = 0; fd < FDS; fd++) {
		const char *name = held[fd].n ? fd_name(fd, text, sizeof text) : "";

		if (strstr(name, ".lock"))
			printf("  %s longest %.1f ms of %zu", name, (double)held[fd].longest_us / 1000, held[fd].n);
		held[fd] = (struct holds){ .since_us = held[fd].since_us };
	}
	printf("  checkpoint longest %.1f ms  append longest %.1f ms\n", (double)checkpoint_us / 1000, (double)waited_us / 1000);
	fflush(stdout);
	waited_us = checkpoint_us = 0;
}

enum chore { NOTHING, PRUNE, SWEEP, EXPIRE };

static int step(struct store *store, enum chore chore, uint64_t upto, size_t *n)
{
	*n = 0;
	if (chore == PRUNE)
		return store_prune(store, upto, 86400000, 500, n, &err);
	if (chore == SWEEP)
		return store_sweep(store, clock_wall_ms() - 86400000, 2000, n, &err);
	return chore == EXPIRE ? store_expire_dead(store, 86400000, n, &err) : 0;
}

/* As the dispatcher does; its longest hold is told apart. */
static void checkpoint(struct store *store)
{
	static int64_t next_ms;
	struct holds kept[FDS];

	if (clock_mono_ms() < next_ms)
		return;
	next_ms = clock_mono_ms() + 200;
	memcpy(kept, held, sizeof kept);
	memset(held, 0, sizeof held);
	need(store_checkpoint(store, STORE_LOG | STORE_DESK, wal_max, &err));
	for (int fd = 0; fd < FDS; fd++)
		if (held[fd].longest_us > checkpoint_us)
			checkpoint_us = held[fd].longest_us;
	memcpy(held, kept, sizeof kept);
}

/* In the dispatcher's rhythm: a step, a rest; and its checkpoints. */
static void work(struct store *store, const char *what, enum chore chore, size_t len, uint64_t upto)
{
	const struct timespec pause = { 0, 10000000 };
	int64_t begun = clock_mono_ms();
	size_t gone = 0, n, idle = 0;

	memset(held, 0, sizeof held);
	waited_us = 0;
	while (idle < (chore == NOTHING ? 200u : chore == SWEEP ? 20u : 1u)) {
		need(step(store, chore, upto, &n));
		gone += n;
		idle += !n;
		checkpoint(store);
		nanosleep(&pause, NULL);
	}
	print_holds(what, len, gone, clock_mono_ms() - begun);
}

static void fill(struct store *store, size_t len, size_t many)
{
	struct sort_result r;
	uint64_t *numbers = mem_array(many, sizeof *numbers), last;

	for (size_t i = 0; i < many; i += 8)
		append(store, len * 100000 + i, 8, len);
	do
		need(store_sort(store, 20000, &r, &err));
	while (r.n);
	need(store_last(store, &last, &err));
	need(store_begin(store, true, &err));
	for (size_t i = 0; i < many; i++)
		numbers[i] = last - many + 1 + i;
	need(store_history_done(store, "archief", 1000, numbers, many, &err));
	need(store_commit(store, &err));
	need(store_checkpoint(store, STORE_LOG | STORE_DESK, 0, &err));
	free(numbers);
}

static void park(struct store *store, uint64_t last, size_t many)
{
	need(store_begin(store, true, &err));
	for (size_t i = 0; i < many; i++)
		need(store_parked_put(store, &(struct parked){ .handler = "archief", .n = last + 1 + i, .state = PARKED_DEAD,
				      .since_ms = 1000, .reason = "it does not want to" }, &err));
	need(store_commit(store, &err));
}

int main(int argc, char **argv)
{
	char *dir = str_fmt("%s/postvak-prune-XXXXXX", argc > 1 ? argv[1] : "/tmp"), *command;
	struct store *store;
	pthread_t thread;
	uint64_t small, big, last;

	log_open("prune", LOG_WARN_);
	if (argc > 2)
		wal_max = (uint64_t)atoi(argv[2]) << 20;
	if (!mkdtemp(dir))
		die("cannot make %s", dir);
	store = opened(dir);
	fill(store, SMALL, 40000);
	need(store_last(store, &small, &err));
	fill(store, 1 << 20, 320);
	need(store_last(store, &big, &err));
	must(pthread_create(&thread, NULL, intake, dir) == 0);
	work(store, "nothing", NOTHING, 0, 0);
	work(store, "prune", PRUNE, SMALL, small);
	work(store, "prune", PRUNE, 1 << 20, big);
	work(store, "sweep", SWEEP, SMALL, 0);
	need(store_last(store, &last, &err));
	park(store, last + 1000000, 20000);
	work(store, "expire", EXPIRE, 0, 0);
	over = true;
	pthread_join(thread, NULL);
	printf("taken in meanwhile: %llu\n", (unsigned long long)taken_in);
	store_close(&store);
	command = str_fmt("rm -rf '%s'", dir);
	if (system(command) != 0)
		log_warn("%s is left", dir);
	free(command);
	free(dir);
	return 0;
}
