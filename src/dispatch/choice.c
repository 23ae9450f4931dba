/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "dispatch/choice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "dispatch/groups.h"
#include "event/time.h"
#include "event/type.h"

#define WINDOW 32		/* cards read at once: what is parked often stands together */

/* ---- reading what was asked ---- */

/* The value of the line, when it is of that name. */
static const char *value_of(const char *line, const char *name, size_t *len)
{
	size_t n = strlen(name);

	if (strncmp(line, name, n) != 0 || line[n] != '=')
		return NULL;
	*len = strcspn(line + n + 1, "\n");
	return line + n + 1;
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

char *args_value(struct pool *pool, const char *args, const char *name)
{
	const char *value;
	size_t len;

	for (const char *line = args; line && *line; line = next_line(line))
		if ((value = value_of(line, name, &len)))
			return pool_strn(pool, value, len);
	return NULL;
}

static int by_number(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static int read_number(const char *text, uint64_t *n, struct err *err)
{
	char *end;

	errno = 0;
	*n = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno)
		return err_set(err, "n is not a number: %s", text);
	return *n ? 0 : err_set(err, "there is no event 0");
}

static int read_numbers(const char *args, struct pool *pool, struct choice *c, struct err *err)
{
	const char *value;
	size_t n = 0, len, at = 0;

	for (const char *line = args; line && *line; line = next_line(line))
		n += value_of(line, "n", &len) != NULL;
	c->numbers = pool_alloc(pool, (n + 1) * sizeof *c->numbers);
	for (const char *line = args; line && *line; line = next_line(line))
		if ((value = value_of(line, "n", &len)) &&
		    read_number(pool_strn(pool, value, len), &c->numbers[at++], err) < 0)
			return -1;
	qsort(c->numbers, n, sizeof *c->numbers, by_number);
	for (size_t i = 0; i < n; i++)
		if (!i || c->numbers[i] != c->numbers[i - 1])
			c->numbers[c->n_numbers++] = c->numbers[i];
	return 0;
}

const char *choice_state_name(unsigned state)
{
	for (enum parked_state s = PARKED_WAITING; s <= PARKED_BEHIND; s++)
		if (state == CHOICE_STATE(s))
			return parked_state_name(s);
	return "quarantined";
}

static int read_states(char *text, struct choice *c, struct err *err)
{
	for (char *word; (word = strsep(&text, " ,"));) {
		unsigned state = 1;

		while (state <= CHOICE_ANY && strcmp(choice_state_name(state), word) != 0)
			state <<= 1;
		if (*word && state > CHOICE_ANY)
			return err_set(err, "there is no state %s: it is dead, held, waiting, behind or quarantined", word);
		c->states |= *word ? state : 0;
	}
	return 0;
}

static int read_types(struct pool *pool, const char *types, struct err *err)
{
	char *copy = pool_str(pool, types), *rest = copy;

	for (char *one; (one = strtok_r(rest, " ,", &rest));)
		if (type_pattern_check(one, err) < 0)
			return -1;
	return 0;
}

static int read_time(struct pool *pool, const char *args, const char *name, int64_t *ms, struct err *err)
{
	const char *text = args_value(pool, args, name);

	return !text || time_parse(text, TIME_RFC3339, ms) ? 0 : err_set(err, "%s is not a time: %s", name, text);
}

int choice_read(const char *args, struct pool *pool, struct choice *c, struct err *err)
{
	char *states = args_value(pool, args, "state");

	*c = (struct choice){ .handler = args_value(pool, args, "handler"), .types = args_value(pool, args, "types"),
			      .reason = args_value(pool, args, "reason"), .all = args_value(pool, args, "all") != NULL };
	if (read_numbers(args, pool, c, err) < 0 || (states && read_states(states, c, err) < 0) ||
	    (c->types && read_types(pool, c->types, err) < 0))
		return -1;
	if (read_time(pool, args, "since", &c->since_ms, err) < 0 || read_time(pool, args, "until", &c->until_ms, err) < 0)
		return -1;
	return c->since_ms && c->until_ms && c->until_ms <= c->since_ms ?
	       err_set(err, "since is not before until: nothing can be in between") : 0;
}

bool choice_is_handler(const struct choice *c)
{
	return !c->n_numbers && !c->types && !c->reason && !c->since_ms && !c->until_ms && !c->states && !c->all;
}

bool choice_is_empty(const struct choice *c)
{
	return choice_is_handler(c) && !c->handler;
}

/* ---- choosing ---- */

unsigned choice_state(const struct parked *p)
{
	return p->handler[0] ? CHOICE_STATE(p->state) : CHOICE_QUARANTINED;
}

struct walk {
	struct store *store;
	const struct choice *choice;
	bool (*fn)(void *arg, const struct parked *p, const char *type);
	void *arg;
	struct pool *pool, *one;	/* for the cards, for a reason */
	struct card *cards;
	size_t n;
	uint64_t from, upto;	/* what the cards are about */
	bool failed, ended;
	struct err *err;
};

static bool has_text(const char *in, const char *text)
{
	size_t len = strlen(text);

	for (; strlen(in) >= len; in++)
		if (strncasecmp(in, text, len) == 0)
			return true;
	return false;
}

/* What was copied from a list of groups finds them too. */
static bool reason_fits(struct walk *w, const char *reason)
{
	const char *text = w->choice->reason;

	pool_reset(w->one);
	return !text || (reason && (has_text(reason, text) || has_text(reason_group(w->one, reason), text)));
}

static bool fits(struct walk *w, const struct parked *p)
{
	const struct choice *c = w->choice;

	return (c->states & choice_state(p)) && !(c->since_ms && p->since_ms < c->since_ms) &&
	       !(c->until_ms && p->since_ms >= c->until_ms) && reason_fits(w, p->reason);
}

/* Null: failed. */
static const char *type_of(struct walk *w, uint64_t n)
{
	if (n < w->from || n > w->upto) {
		pool_reset(w->pool);
		w->from = n;
		w->upto = n + WINDOW - 1;
		if (store_cards(w->store, n - 1, w->upto, WINDOW, w->pool, &w->cards, &w->n, w->err) < 0)
			return NULL;
	}
	for (size_t i = 0; i < w->n; i++)
		if (w->cards[i].n == n)
			return w->cards[i].type;
	return "";
}

static bool look(void *arg, const struct parked *p)
{
	struct walk *w = arg;
	const char *type;

	if (!fits(w, p))
		return true;
	type = type_of(w, p->n);
	w->failed = !type;
	if (w->failed || (w->choice->types && !type_match_any(w->choice->types, type)))
		return !w->failed;
	w->ended = !w->fn(w->arg, p, type);
	return !w->ended;
}

int choice_each(struct store *store, const struct choice *choice,
		bool (*fn)(void *arg, const struct parked *p, const char *type), void *arg, struct err *err)
{
	struct walk w = { .store = store, .choice = choice, .fn = fn, .arg = arg, .pool = pool_new(), .one = pool_new(),
			  .from = 1, .err = err };
	int rc = 0;

	if (!choice->n_numbers)
		rc = store_parked_each(store, choice->handler, 0, look, &w, err);
	for (size_t i = 0; i < choice->n_numbers && rc == 0 && !w.failed && !w.ended; i++)
		rc = store_parked_each(store, choice->handler, choice->numbers[i], look, &w, err);
	pool_free(&w.pool);
	pool_free(&w.one);
	return w.failed ? -1 : rc;
}
