/* SPDX-License-Identifier: EUPL-1.2
 * Keeping house, in small steps between batches: checkpoints, pruning, identities, old dead rows,
 * silent sources. */
#ifndef DISPATCH_HOUSE_H
#define DISPATCH_HOUSE_H

#include "conf/conf.h"
#include "dispatch/engine.h"
#include "store/store.h"

enum chore { CHORE_CHECKPOINT, CHORE_PRUNE, CHORE_SWEEP, CHORE_DEAD, CHORE_SEQUENCES, CHORES };

struct house {
	struct store *store;
	const struct conf *conf;
	struct engine *engine;
	int64_t next_ms[CHORES];	/* mono */
	int64_t ahead_ms;		/* wall - mono, as it is believed */
	int64_t doubt_ms;		/* mono: since when the wall's clock is not believed; 0: it is */
	bool begun;
	bool failing[CHORES];
};

void house_open(struct house *house, struct store *store, const struct conf *conf, struct engine *engine);
/* Does at most one step of each chore that is due. sorted: pruning stays at or below. */
void house_turn(struct house *house, int64_t mono_ms, int64_t wall_ms, uint64_t sorted);
int64_t house_next_ms(const struct house *house);	/* mono: when something is due */

#endif
