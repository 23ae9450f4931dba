/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "dispatch/gaps.h"

#include <string.h>
#include <strings.h>
#include "base/log.h"
#include "base/map.h"
#include "base/utf8.h"
#include "event/digest.h"
#include "event/integer.h"

#define PIECE 500		/* cards looked at in one transaction */
#define BEHIND 5000		/* how far the written bookmark may stay behind */
#define NUMBER_MAX 255		/* bytes of a number; a longer one is none */
#define SOURCE_MAX 1000		/* bytes of a source that are kept to be shown */

struct piece {
	struct map sources;	/* of struct sequence: those that had an event */
	struct gap *gaps;
	size_t n, cap;
};

enum step { STEP_ON, STEP_AHEAD, STEP_BACK };

int gaps_open(struct gaps *gaps, struct store *store, const struct conf *conf, struct board *board, struct err *err)
{
	*gaps = (struct gaps){ .store = store, .conf = conf, .board = board, .pool = pool_new(), .one = pool_new() };
	if (store_sequenced(store, &gaps->written, err) < 0) {
		gaps_close(gaps);
		return -1;
	}
	gaps->seen = gaps->written;
	return 0;
}

void gaps_close(struct gaps *gaps)
{
	pool_free(&gaps->pool);
	pool_free(&gaps->one);
}

/* ---- one number after another ---- */

/* As many zeros before it as the sender likes. */
static bool number_read(const char *text, int32_t *v)
{
	while (text[0] == '0' && text[1])
		text++;
	return integer_parse(text, strlen(text), v);
}

/* Serial arithmetic: -2147483648 comes after 2147483647. 1 begins anew, whatever was before. */
static enum step integer_step(int32_t last, int32_t got, uint64_t *missing)
{
	uint32_t ahead = (uint32_t)got - (uint32_t)last;

	if (ahead == 1)
		return STEP_ON;
	if (got == 1 || ahead == 0 || ahead > INT32_MAX)
		return STEP_BACK;
	*missing = ahead - 1;
	return STEP_AHEAD;
}

/* Of *last, which it moves; missing stays 0 where that cannot be told. */
static enum step take_step(struct pool *pool, struct sequence *s, const char *got, uint64_t *missing)
{
	int32_t before, now;
	enum step step;

	if (s->numeric && number_read(s->last, &before) && number_read(got, &now)) {
		step = integer_step(before, now, missing);
		if (step != STEP_BACK || now == 1)
			s->last = pool_str(pool, got);
		return step;
	}
	if (strcmp(got, s->last) <= 0)
		return STEP_BACK;
	s->last = pool_str(pool, got);
	return STEP_ON;
}

/* ---- an event ---- */

static const char *scope_of(const struct conf *conf, const char *name)
{
	const struct conf_sender *sender = conf_sender(conf, name);

	return sender && sender->identity_group ? sender->identity_group : name;
}

static struct event_key key_of(const struct gaps *gaps, const struct event *event)
{
	const char *scope = scope_of(gaps->conf, event->sender);
	struct digest_part parts[] = { { "sequence", 8 }, { scope, strlen(scope) },
				       { event->source, strlen(event->source) } };

	return digest_key(parts, 3);
}

static void add_gap(struct gaps *gaps, struct piece *piece, const struct gap *gap)
{
	struct gap *more;

	if (piece->n == piece->cap) {
		piece->cap = piece->cap ? 2 * piece->cap : 16;
		more = pool_alloc(gaps->pool, piece->cap * sizeof *more);
		if (piece->n)
			memcpy(more, piece->gaps, piece->n * sizeof *more);
		piece->gaps = more;
	}
	piece->gaps[piece->n++] = *gap;
}

/* What is known of the source, for this piece. *fresh: nothing, or it was numbered in another way. */
static int source_of(struct gaps *gaps, struct piece *piece, const struct sequence *now, struct sequence **out,
		     bool *fresh, struct err *err)
{
	*out = map_get(&piece->sources, now->key.b);
	if (!*out && store_sequence(gaps->store, &now->key, gaps->pool, out, err) < 0)
		return -1;
	*fresh = !*out || (*out)->numeric != now->numeric;
	if (!*out)
		*out = pool_alloc(gaps->pool, sizeof **out);
	if (*fresh) {
		**out = *now;
		(*out)->source = pool_strn(gaps->pool, now->source, utf8_fit(now->source, SOURCE_MAX));
		(*out)->last = pool_str(gaps->pool, now->last);
	}
	map_put(&piece->sources, now->key.b, *out);
	return 0;
}

static int compare(struct gaps *gaps, struct piece *piece, const struct event *event, const struct sequence *now,
		   struct err *err)
{
	struct sequence *s;
	struct gap gap = { .n = event->n, .at_ms = event->received_ms };
	enum step step;
	bool fresh;

	if (source_of(gaps, piece, now, &s, &fresh, err) < 0)
		return -1;
	s->at_ms = now->at_ms;
	if (fresh)
		return 0;
	gap.before = s->last;
	step = take_step(gaps->pool, s, now->last, &gap.missing);
	if (s->last != gap.before)
		s->n = event->n;
	if (step == STEP_ON)
		return 0;
	gap.got = pool_str(gaps->pool, now->last);
	gap.source = s->source;
	gap.sender = pool_str(gaps->pool, event->sender);
	add_gap(gaps, piece, &gap);
	return 0;
}

static int look(struct gaps *gaps, struct piece *piece, const struct card *card, struct err *err)
{
	struct sequence now = { .n = card->n, .at_ms = card->received_ms };
	const char *type;
	struct event *event;
	struct err unread = {{0}};
	int32_t v;

	if (!card->numbered || card->duplicate_of)
		return 0;
	pool_reset(gaps->one);
	if (store_event(gaps->store, card->n, gaps->one, &event, &unread) < 0) {	/* the others are to be seen all the same */
		log_warn("event %llu is left out of the numbering of its source: %s", (unsigned long long)card->n, unread.text);
		return 0;
	}
	if (!event || !event->source)
		return 0;
	type = event_attr(event, "sequencetype", gaps->one);
	now.last = event_attr(event, "sequence", gaps->one);
	now.source = event->source;
	now.numeric = type && strcasecmp(type, "integer") == 0;
	if (!now.last || !*now.last || strlen(now.last) > NUMBER_MAX || (now.numeric && !number_read(now.last, &v)))
		return 0;
	now.key = key_of(gaps, event);
	return compare(gaps, piece, event, &now, err);
}

/* ---- a piece ---- */

static int write_piece(struct gaps *gaps, const struct piece *piece, uint64_t upto, struct err *err)
{
	const struct sequence *s;

	if (store_begin(gaps->store, false, err) < 0)
		return -1;
	for (size_t at = 0; (s = map_next(&piece->sources, &at));)
		if (store_sequence_put(gaps->store, s, err) < 0)
			goto failed;
	for (size_t i = 0; i < piece->n; i++)
		if (store_gap_add(gaps->store, &piece->gaps[i], err) < 0)
			goto failed;
	if (store_sequenced_put(gaps->store, upto, err) < 0 || store_commit(gaps->store, err) < 0)
		goto failed;
	gaps->written = upto;
	return 0;
failed:
	store_rollback(gaps->store);
	return -1;
}

static int finish_piece(struct gaps *gaps, const struct piece *piece, uint64_t upto, struct err *err)
{
	if ((piece->sources.n || upto - gaps->written > BEHIND) && write_piece(gaps, piece, upto, err) < 0)
		return -1;
	gaps->seen = upto;
	if (!piece->n)
		return 0;
	board_add(gaps->board, BOARD_GAPS, (int64_t)piece->n);
	log_info("gaps or steps back in the numbering of sources: %zu, up to event %llu (`postvak gaps` shows them)",
		 piece->n, (unsigned long long)upto);
	return 0;
}

int gaps_follow(struct gaps *gaps, const struct sort *sort, bool *more, struct err *err)
{
	struct piece piece = {0};
	struct card *cards;
	uint64_t upto = sort->sorted;
	size_t n;
	int rc = 0;

	*more = false;
	if (upto <= gaps->seen)
		return 0;
	if (sort->numbered <= gaps->seen)
		return finish_piece(gaps, &piece, upto, err);
	pool_reset(gaps->pool);
	if (store_cards(gaps->store, gaps->seen, upto, PIECE, gaps->pool, &cards, &n, err) < 0)
		return -1;
	if (n == PIECE)
		upto = cards[n - 1].n;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = look(gaps, &piece, &cards[i], err);
	if (rc == 0)
		rc = finish_piece(gaps, &piece, upto, err);
	map_free(&piece.sources);
	*more = rc == 0 && upto < sort->sorted;
	return rc;
}

int gaps_save(struct gaps *gaps, struct err *err)
{
	const struct piece none = {0};

	return gaps->seen > gaps->written ? write_piece(gaps, &none, gaps->seen, err) : 0;
}
