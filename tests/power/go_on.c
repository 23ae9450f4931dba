/* SPDX-License-Identifier: EUPL-1.2
 * A store goes on behind a cut: everything is delivered once more, sorted, settled and pruned. */
#include "config.h"
#include "power.h"

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

static int sort_all(struct power *p, struct store *s, uint64_t *sorted)
{
	struct sort_result r;
	size_t copied;

	do {
		if (store_outbox_copy(s, &copied, &p->err) < 0 || store_sort(s, 100, &r, &p->err) < 0)
			return -1;
	} while (r.n || copied);
	*sorted = r.sorted;
	return 0;
}

/* Whoever asked for it does so again. */
static int erase_again(struct power *p, struct store *s)
{
	for (size_t i = 0; i < p->work.n_gone; i++) {
		const struct gone *gone = &p->work.gone[i];
		uint64_t sorted;
		bool wiped;
		size_t n;

		if (gone->from <= p->at && gone->wiped > p->at &&
		    (sort_all(p, s, &sorted) < 0 || work_erase(s, gone, &n, &p->err) < 0 ||
		     store_wipe(s, 0, &wiped, &p->err) < 0))
			return -1;
	}
	return 0;
}

static void check_numbers(struct power *p, const struct more *more)
{
	uint64_t before = p->look.last > p->look.sorted ? p->look.last : p->look.sorted;

	for (size_t i = 0; i < more->n; i++)
		if (more->events[i].n <= before++)
			fault(p, &p->disordered, "a number is given again", more->events[i].n);
}

int go_on(struct power *p, struct store *s)
{
	struct pool *pool = pool_new();
	struct more *more = pool_alloc(pool, sizeof *more);
	uint64_t sorted;
	int rc = -1;

	if (erase_again(p, s) < 0 || append_more(p, s, pool, more) < 0)
		goto out;
	check_numbers(p, more);
	if (sort_all(p, s, &sorted) < 0 || settle_all(p, s, sorted) < 0 || !look_at(s, p->cut_dir, &p->look, &p->err))
		goto out;
	if (!p->look.sound)
		fault(p, &p->broken, "a file is damaged when it is used", 0);
	check_more(p, more);
	check_gone(p);
	p->gone_on++;
	rc = 0;
out:
	pool_free(&pool);
	return rc;
}
