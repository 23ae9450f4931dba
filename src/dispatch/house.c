/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "dispatch/house.h"

#include "base/fail.h"
#include "base/log.h"

#define WAL_MAX (16u << 20)	/* checkpoints are made above this: pages that change often are copied once */
#define LOG_MAX (24u << 20)	/* receivers checkpoint the log before, unless they are CGI programs */
#define LOOK_MS 200		/* at the size of the WALs */
#define REST_MS 60000		/* between two rounds of a chore */
#define STEP_MS 50		/* between two steps of one that has more to do */
#define SLEW_MS 60000		/* so much the clock may be set ahead at once and be believed */
#define DOUBT_MS 86400000	/* after which it is believed all the same */
#define PRUNE_STEP 500
#define SWEEP_STEP 2000

static const char *const names[CHORES] = {
	"checkpoints", "pruning", "forgetting identities", "dropping old dead events", "forgetting silent sources"
};

void house_open(struct house *house, struct store *store, const struct conf *conf, struct engine *engine)
{
	*house = (struct house){ .store = store, .conf = conf, .engine = engine };
}

/* Rewinds that stand in line have all of their way before them. */
static int hold_for_replays(struct house *house, uint64_t *passed, struct err *err)
{
	struct pool *pool = pool_new();
	struct replay *v;
	size_t n;
	int rc = store_replays(house->store, pool, &v, &n, err);

	for (size_t i = 0; rc == 0 && i < n; i++)
		if (conf_handler(house->conf, v[i].handler) && v[i].at < *passed)
			*passed = v[i].at;
	pool_free(&pool);
	return rc;
}

/* What is pruned must have been passed for good: after a power cut the desk may know less. */
static int prune(struct house *house, int64_t wall_ms, uint64_t sorted, size_t *n, struct err *err)
{
	int64_t before = wall_ms - house->conf->retention_ms;
	uint64_t passed, first, last;

	if (engine_settle(house->engine, false, err) < 0)
		return -1;
	passed = engine_passed(house->engine);
	if (passed > sorted)
		passed = sorted;
	if (hold_for_replays(house, &passed, err) < 0 || store_first(house->store, &first, err) < 0 ||
	    store_number_at(house->store, before, &last, err) < 0)
		return -1;
	*n = 0;
	if (!first || first > passed || first > last)
		return 0;
	if (engine_settle(house->engine, true, err) < 0)
		return -1;
	return store_prune(house->store, passed, before, PRUNE_STEP, n, err);
}

/* 1: there is more to do; 0: done for now; -1: failure. */
static int step(struct house *house, enum chore chore, int64_t wall_ms, uint64_t sorted, struct err *err)
{
	size_t n = 0, max = SIZE_MAX;
	int rc;

	switch (chore) {
	case CHORE_CHECKPOINT:
		if (store_checkpoint(house->store, STORE_LOG, LOG_MAX, err) < 0)
			return -1;
		return store_checkpoint(house->store, STORE_DESK, WAL_MAX, err);
	case CHORE_PRUNE:
		max = 1;
		rc = prune(house, wall_ms, sorted, &n, err);
		break;
	case CHORE_SWEEP:
		max = SWEEP_STEP;
		rc = store_sweep(house->store, wall_ms - house->conf->remember_ms, SWEEP_STEP, &n, err);
		break;
	case CHORE_SEQUENCES:
		max = 1;
		rc = store_forget_sequences(house->store, wall_ms - house->conf->remember_ms, &n, err);
		break;
	default:
		max = 1;
		rc = store_expire_dead(house->store, wall_ms - house->conf->dead_retention_ms, &n, err);
	}
	if (n)
		log_debug("%s: %zu", names[chore], n);
	return rc < 0 ? -1 : n >= max;
}

/* The time by which things are removed, which cannot be undone: a clock that jumps ahead is believed when
 * it has stayed there for long. */
static int64_t believed(struct house *house, int64_t mono_ms, int64_t wall_ms)
{
	int64_t ahead_ms = wall_ms - mono_ms;

	if (!house->begun || ahead_ms <= house->ahead_ms + SLEW_MS ||
	    (house->doubt_ms && mono_ms - house->doubt_ms >= DOUBT_MS)) {
		house->begun = true;
		house->ahead_ms = ahead_ms;
		house->doubt_ms = 0;
		return wall_ms;
	}
	if (!house->doubt_ms) {
		house->doubt_ms = mono_ms;
		log_warn("the clock was set ahead by %lld s; for a day nothing is removed earlier for that",
			 (long long)(ahead_ms - house->ahead_ms) / 1000);
	}
	return mono_ms + house->ahead_ms;
}

/* Between two rounds of a chore. A test that is to see many does not wait for minutes. */
static int64_t rest_ms(void)
{
#ifdef ENABLE_FAILPOINTS
	int64_t ms = fail_number("house.rest");

	if (ms)
		return ms;
#endif
	return REST_MS;
}

void house_turn(struct house *house, int64_t mono_ms, int64_t wall_ms, uint64_t sorted)
{
	wall_ms = believed(house, mono_ms, wall_ms);
	for (enum chore chore = 0; chore < CHORES; chore++) {
		struct err err = {{0}};
		int rc;

		if (mono_ms < house->next_ms[chore])
			continue;
		rc = step(house, chore, wall_ms, sorted, &err);
		if (rc < 0 && !house->failing[chore])
			log_error("%s: %s; trying again", names[chore], err.text);
		if (rc >= 0 && house->failing[chore])
			log_info("%s: works again", names[chore]);
		house->failing[chore] = rc < 0;
		house->next_ms[chore] = mono_ms + (rc > 0 ? STEP_MS : chore == CHORE_CHECKPOINT ? LOOK_MS : rest_ms());
	}
}

int64_t house_next_ms(const struct house *house)
{
	int64_t next = INT64_MAX;

	for (enum chore chore = 0; chore < CHORES; chore++)
		if (chore != CHORE_CHECKPOINT && house->next_ms[chore] < next)
			next = house->next_ms[chore];
	return next;
}
