/* SPDX-License-Identifier: EUPL-1.2
 * What is known of the store at a cut, and whether that is what was promised. */
#ifndef TESTS_POWER_POWER_H
#define TESTS_POWER_POWER_H

#include "look.h"
#include "tape.h"
#include "work.h"

struct power {
	struct work work;
	struct look look;
	char dir[64], spec[80], cut_dir[64], again_dir[64];
	struct left {			/* what a killed process leaves, behind each operation */
		uint64_t events, log, desk;
	} *left;
	uint64_t seed;
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


/* ---- promises.c ---- */
/* One that was broken, with the number of an event: counted, and told unless a mutation was to break it. */
void fault(struct power *p, size_t *count, const char *what, uint64_t n);
/* All that was promised before, of what p->look has. */
void check_promises(struct power *p);
/* Whatever is left is what a killed process would have left, at this point or at one before it, behind the
 * last durable commit. Events are made durable by themselves. */
void check_prefix(struct power *p);
void check_gone(struct power *p);
/* Before the store is opened, which may take a file of the journal away. */
void check_wiped(struct power *p);
/* Its identity has to be known still. */
bool is_remembered(const struct power *p, const struct acked *a);

/* ---- go_on.c ---- */
/* Uses the store, as it would be behind a cut. -1: it cannot be used. */
int go_on(struct power *p, struct store *s);

#endif
