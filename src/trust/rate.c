/* SPDX-License-Identifier: EUPL-1.2
 * The generic cell rate algorithm: of each bucket only the time is kept at which it will be full
 * again. A slot whose bucket is full says as little as one that was never used, and may be taken by
 * another name; so a table of fixed size is enough. */
#include "config.h"
#include "trust/rate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "base/die.h"
#include "base/mem.h"
#include "base/share.h"
#include "event/digest.h"

#define SLOTS 4096u
#define PROBES 16u		/* slots in which a name may stand */
#define MINUTE_NS INT64_C(60000000000)
#define SECOND_NS INT64_C(1000000000)

struct slot {
	uint64_t key;		/* 0: never used */
	int64_t full_ns;	/* monotonic: the bucket is full from here on */
};

struct rates {
	struct slot *slots;
	bool mapped;
};

#define BYTES (SLOTS * sizeof(struct slot))

struct rates *rates_open(const char *path, const char *group, struct err *err)
{
	void *p = share_map(path, group, BYTES, err);
	struct rates *rates;

	if (!p)
		return NULL;
	rates = mem_alloc(sizeof *rates);
	*rates = (struct rates){ p, true };
	return rates;
}

struct rates *rates_private(void)
{
	struct rates *rates = mem_alloc(sizeof *rates);

	rates->slots = mem_array(SLOTS, sizeof *rates->slots);
	return rates;
}

void rates_close(struct rates **rates)
{
	if (!*rates)
		return;
	if ((*rates)->mapped)
		munmap((*rates)->slots, BYTES);
	else
		free((*rates)->slots);
	free(*rates);
	*rates = NULL;
}

static uint64_t key_of(const struct rate_of *of)
{
	const struct digest_part parts[] = { { of->kind, strlen(of->kind) }, { of->place, strlen(of->place) },
					     { of->name, strlen(of->name) } };
	struct event_key digest = digest_key(parts, sizeof parts / sizeof *parts);
	uint64_t key;

	memcpy(&key, digest.b, sizeof key);
	return key ? key : 1;
}

static int64_t full_at(const struct slot *slot)
{
	return __atomic_load_n(&slot->full_ns, __ATOMIC_ACQUIRE);
}

/* A bucket is full within a minute: what says otherwise is of another boot. */
static bool is_full(int64_t full_ns, int64_t now_ns)
{
	return full_ns <= now_ns || full_ns - now_ns > MINUTE_NS + SECOND_NS;
}

/* The slot of a name, taken for it where it has none yet. Where all others are in use, the fullest
 * bucket is given up: that can only let through too much. */
static struct slot *find(struct rates *rates, uint64_t key, int64_t now_ns)
{
	for (;;) {
		struct slot *best = NULL;
		int64_t best_ns = 0;
		uint64_t was;

		for (unsigned i = 0; i < PROBES; i++) {
			struct slot *slot = &rates->slots[(key + i) % SLOTS];
			int64_t full_ns = full_at(slot);

			if (__atomic_load_n(&slot->key, __ATOMIC_ACQUIRE) == key)
				return slot;
			if (is_full(full_ns, now_ns))
				full_ns = 0;
			if (!best || full_ns < best_ns) {
				best = slot;
				best_ns = full_ns;
			}
		}
		was = __atomic_load_n(&best->key, __ATOMIC_ACQUIRE);
		if (was != key && __atomic_compare_exchange_n(&best->key, &was, key, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
			if (best_ns)
				__atomic_store_n(&best->full_ns, 0, __ATOMIC_RELEASE);
			return best;
		}
	}
}

int rates_take(struct rates *rates, const struct rate_of *of, int64_t now_ms)
{
	int64_t now_ns = now_ms * 1000000, each_ns, most_ns, was, from;
	struct slot *slot;

	must(of->rate > 0);
	each_ns = MINUTE_NS / of->rate;
	most_ns = each_ns * (of->rate - 1);
	slot = find(rates, key_of(of), now_ns);
	was = full_at(slot);
	do {
		from = is_full(was, now_ns) ? now_ns : was;
		if (from - now_ns > most_ns)
			return (int)((from - now_ns - most_ns + SECOND_NS - 1) / SECOND_NS);
	} while (!__atomic_compare_exchange_n(&slot->full_ns, &was, from + each_ns, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
	return 0;
}
