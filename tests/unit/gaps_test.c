/* SPDX-License-Identifier: EUPL-1.2
 * The numbering of sources, on the store in memory. */
#include "config.h"
#include "unit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "dispatch/gaps.h"
#include "store/store_ops.h"

#define NOW INT64_C(1795254300000)

static struct conf_sender senders[3] = { { .name = "on" }, { .name = "relay" }, { .name = "other" } };
static const struct conf conf = { .senders = senders, .n_senders = 3 };
static struct store *store;
static struct board *board;
static struct sort sort;
static struct gaps gaps;
static struct err err;
static unsigned ids;

#define ok(call) ck_assert_msg((call) == 0, "%s", err.text)

/* The store, as it counts what is asked of it, and fails to commit on demand. */
static const struct store_ops *real;
static size_t begun, cards_read, events_read;
static bool commits_fail;

static int count_begin(struct store *s, bool durable, struct err *e)
{
	begun++;
	return real->begin(s, durable, e);
}

static int count_cards(struct store *s, const struct card_range *range, struct pool *pool, struct card **v, size_t *n,
		       struct err *e)
{
	cards_read++;
	return real->cards(s, range, pool, v, n, e);
}

static int count_event(struct store *s, uint64_t n, struct pool *pool, struct event **event, struct err *e)
{
	events_read++;
	return real->event(s, n, pool, event, e);
}

static int fail_or_commit(struct store *s, struct err *e)
{
	if (!commits_fail)
		return real->commit(s, e);
	real->rollback(s);
	return err_set(e, "no room");
}

static void start(void)
{
	ok(sort_open(&sort, store, board, &err));
	ok(gaps_open(&gaps, store, &conf, board, &err));
}

static void stop(void)
{
	gaps_close(&gaps);
}

static void begin(void)
{
	static struct store_ops counting;

	ok(store_open(&(struct store_setup){ .spec = "memory:" }, STORE_LOG | STORE_DESK, &store, &err));
	real = store->ops;
	counting = *real;
	counting.begin = count_begin;
	counting.commit = fail_or_commit;
	counting.cards = count_cards;
	counting.event = count_event;
	store->ops = &counting;
	board = board_private();
	start();
}

static void end(void)
{
	stop();
	store_close(&store);
	board_close(&board);
}

struct numbered { const char *sender, *source, *type, *sequence; unsigned id; bool quarantined; };

static uint64_t put(struct numbered v)
{
	struct attr attrs[] = { { "sequence", v.sequence }, { "sequencetype", v.type } };
	unsigned id = v.id ? v.id : ++ids + 1000;
	struct event e = { .received_ms = NOW + id, .wire = WIRE_CLOUD, .type = "nl.zaak", .id = "x",
			   .mark = v.quarantined ? EVENT_QUARANTINED : EVENT_PLAIN,
			   .source = v.source ? v.source : "urn:nld:zaken", .sender = v.sender ? v.sender : "on",
			   .endpoint = "ce", .attrs = attrs, .n_attrs = v.type ? 2 : 1 };
	struct event *p = &e;

	if (!v.sequence)
		e.n_attrs = 0;
	memcpy(e.key.b, &id, sizeof id);
	ok(store_append(store, &p, 1, &err));
	return e.n;
}

static uint64_t integer(const char *sequence)
{
	return put((struct numbered){ .type = "Integer", .sequence = sequence });
}

static void integers(const char *first, ...)
{
	va_list rest;

	va_start(rest, first);
	for (const char *s = first; s; s = va_arg(rest, const char *))
		integer(s);
	va_end(rest);
}

static void sort_all(void)
{
	bool more = true;

	while (more)
		ok(sort_batch(&sort, 1000, &more, &err));
}

static void follow(void)
{
	bool more = true;

	sort_all();
	while (more)
		ok(gaps_follow(&gaps, &sort, &more, &err));
}

static bool tell(void *arg, const struct gap *gap)
{
	char *text = arg, copy[2000];

	snprintf(copy, sizeof copy, "%s", text);
	if (gap->missing)
		snprintf(text, sizeof copy, "%s>%s:%llu%s%.1500s", gap->before, gap->got, (unsigned long long)gap->missing,
			 *copy ? " " : "", copy);
	else
		snprintf(text, sizeof copy, "%s>%s:back%s%.1500s", gap->before, gap->got, *copy ? " " : "", copy);
	return true;
}

/* All of them, oldest first. */
static const char *told(void)
{
	static char text[2000];

	text[0] = '\0';
	ok(store_gaps_each(store, tell, text, &err));
	return text;
}

START_TEST(a_gap_is_recorded_and_counted)
{
	begin();
	integers("1", "2", NULL);
	follow();
	ck_assert_str_eq(told(), "");
	integers("5", "6", NULL);
	follow();
	ck_assert_str_eq(told(), "2>5:2");
	ck_assert_int_eq(board_get(board, BOARD_GAPS), 1);
	end();
}
END_TEST

static bool take_first(void *arg, const struct gap *gap)
{
	*(struct gap *)arg = *gap;
	((struct gap *)arg)->sender = strcmp(gap->sender, "on") == 0 ? "on" : "?";
	((struct gap *)arg)->source = strcmp(gap->source, "urn:nld:zaken") == 0 ? "urn" : "?";
	return false;
}

START_TEST(a_gap_names_the_event_that_showed_it)
{
	struct gap gap;
	uint64_t n;

	begin();
	put((struct numbered){ .type = "Integer", .sequence = "1", .id = 1 });
	n = put((struct numbered){ .type = "Integer", .sequence = "3", .id = 3 });
	follow();
	ok(store_gaps_each(store, take_first, &gap, &err));
	ck_assert_uint_eq(gap.n, n);
	ck_assert_int_eq(gap.at_ms, NOW + 3);
	ck_assert_str_eq(gap.sender, "on");
	ck_assert_str_eq(gap.source, "urn");
	end();
}
END_TEST

START_TEST(what_came_first_is_no_gap)
{
	begin();
	integers("41", "42", NULL);
	follow();
	ck_assert_str_eq(told(), "");
	end();
}
END_TEST

START_TEST(integers_go_round)
{
	begin();
	integers("2147483646", "2147483647", "-2147483648", "-2147483647", NULL);
	follow();
	ck_assert_str_eq(told(), "");
	integers("-2147483640", NULL);
	follow();
	ck_assert_str_eq(told(), "-2147483647>-2147483640:6");
	integers("2147483647", NULL);	/* a late one, from before the turn */
	follow();
	ck_assert_str_eq(told(), "-2147483647>-2147483640:6 -2147483640>2147483647:back");
	end();
}
END_TEST

START_TEST(a_gap_may_span_the_turn)
{
	begin();
	integers("2147483645", "-2147483647", NULL);
	follow();
	ck_assert_str_eq(told(), "2147483645>-2147483647:3");
	integers("-1", "0", "1", "2", NULL);
	follow();
	ck_assert_str_eq(told(), "2147483645>-2147483647:3 -2147483647>-1:2147483645");
	end();
}
END_TEST

START_TEST(a_source_that_begins_anew_counts_from_there)
{
	begin();
	integers("7", "8", "1", "2", "3", "5", NULL);
	follow();
	ck_assert_str_eq(told(), "8>1:back 3>5:1");
	integers("-9", "1", "2", NULL);
	follow();
	ck_assert_str_eq(told(), "8>1:back 3>5:1 5>-9:back 5>1:back");
	end();
}
END_TEST

START_TEST(a_late_one_is_a_step_back_and_the_greatest_stays)
{
	begin();
	integers("1", "2", "5", "3", "4", "6", NULL);
	follow();
	ck_assert_str_eq(told(), "2>5:2 5>3:back 5>4:back");
	end();
}
END_TEST

START_TEST(duplicates_do_not_count_but_another_event_with_that_number_does)
{
	begin();
	integer("1");
	put((struct numbered){ .type = "Integer", .sequence = "2", .id = 7 });
	follow();
	put((struct numbered){ .type = "Integer", .sequence = "2", .id = 7 });
	put((struct numbered){ .type = "Integer", .sequence = "9", .id = 7 });	/* a conflict is a duplicate, too */
	follow();
	ck_assert_str_eq(told(), "");
	put((struct numbered){ .type = "Integer", .sequence = "2", .id = 8 });
	follow();
	ck_assert_str_eq(told(), "2>2:back");
	end();
}
END_TEST

START_TEST(other_numbers_are_compared_byte_by_byte)
{
	static const char *const v[] = { "0001", "0002", "0009", "0009", "0003", "0010", "10", "9", "10" };

	begin();
	for (size_t i = 0; i < sizeof v / sizeof *v; i++)
		put((struct numbered){ .sequence = v[i], .type = i & 1 ? "Lamport" : NULL });
	follow();
	ck_assert_str_eq(told(), "0009>0009:back 0009>0003:back 9>10:back");
	end();
}
END_TEST

START_TEST(integer_is_spelled_in_any_case)
{
	begin();
	put((struct numbered){ .type = "integer", .sequence = "9" });
	put((struct numbered){ .type = "INTEGER", .sequence = "10" });
	put((struct numbered){ .type = "Integer", .sequence = "0012" });
	follow();
	ck_assert_str_eq(told(), "10>0012:1");
	end();
}
END_TEST

START_TEST(what_is_no_number_is_passed_over)
{
	static const char *const bad[] = { "", "-", "-007", "+3", " 3", "3 ", "1.5", "2147483648", "-2147483649",
					   "99999999999999999999", "drie" };
	char longer[400];

	begin();
	integer("1");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		integer(bad[i]);
	integer("2");
	put((struct numbered){ .source = "b", .sequence = "b" });
	memset(longer, 'a', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	put((struct numbered){ .source = "b", .sequence = longer });
	put((struct numbered){ .source = "b", .sequence = "" });
	follow();
	ck_assert_str_eq(told(), "");
	end();
}
END_TEST

START_TEST(each_source_of_each_sender_counts_for_itself)
{
	begin();
	put((struct numbered){ .type = "Integer", .sequence = "1" });
	put((struct numbered){ .type = "Integer", .sequence = "9", .source = "urn:other" });
	put((struct numbered){ .type = "Integer", .sequence = "5", .sender = "relay" });
	put((struct numbered){ .type = "Integer", .sequence = "6", .sender = "nobody-any-more" });
	put((struct numbered){ .type = "Integer", .sequence = "2" });
	follow();
	ck_assert_str_eq(told(), "");
	end();
}
END_TEST

START_TEST(senders_of_one_group_relay_the_same_sources)
{
	begin();
	senders[1].identity_group = senders[2].identity_group = "chain";
	put((struct numbered){ .type = "Integer", .sequence = "1", .sender = "relay" });
	put((struct numbered){ .type = "Integer", .sequence = "2", .sender = "other" });
	put((struct numbered){ .type = "Integer", .sequence = "4", .sender = "relay" });
	follow();
	ck_assert_str_eq(told(), "2>4:1");
	senders[1].identity_group = senders[2].identity_group = NULL;
	end();
}
END_TEST

START_TEST(another_kind_of_number_begins_anew)
{
	begin();
	integers("5", NULL);
	put((struct numbered){ .sequence = "3" });
	put((struct numbered){ .sequence = "4" });
	integers("1", "2", NULL);
	follow();
	ck_assert_str_eq(told(), "");
	end();
}
END_TEST

START_TEST(what_is_quarantined_does_not_count)
{
	begin();
	integer("1");
	put((struct numbered){ .type = "Integer", .sequence = "8", .quarantined = true });
	integer("2");
	follow();
	ck_assert_str_eq(told(), "");
	end();
}
END_TEST

static bool take_length(void *arg, const struct gap *gap)
{
	*(size_t *)arg = strlen(gap->source);
	return false;
}

START_TEST(a_long_source_is_cut_where_it_is_shown)
{
	char source[1300];
	size_t len = 0;

	begin();
	for (size_t i = 0; i + 2 < sizeof source; i += 2)
		memcpy(source + i, i ? "\xC3\xAB" : "u:", 2);
	memmove(source + 1, source, sizeof source - 2);	/* the cut falls within a character */
	source[sizeof source - 1] = '\0';
	put((struct numbered){ .type = "Integer", .sequence = "1", .source = source });
	put((struct numbered){ .type = "Integer", .sequence = "3", .source = source });
	source[1200] = 'x';
	put((struct numbered){ .type = "Integer", .sequence = "9", .source = source });
	follow();
	ok(store_gaps_each(store, take_length, &len, &err));
	ck_assert_uint_eq(len, 999);
	ck_assert_str_eq(told(), "1>3:1");
	end();
}
END_TEST

START_TEST(a_crash_at_any_step_changes_nothing)
{
	bool more;

	begin();
	integers("1", "2", "5", "4", NULL);
	sort_all();
	stop();			/* sorted, not looked at */
	start();
	commits_fail = true;
	ck_assert_int_eq(gaps_follow(&gaps, &sort, &more, &err), -1);
	ck_assert_str_eq(err.text, "no room");
	ck_assert(!more);
	ck_assert_str_eq(told(), "");
	ck_assert_int_eq(board_get(board, BOARD_GAPS), 0);
	commits_fail = false;
	follow();		/* the same process tries again */
	ck_assert_str_eq(told(), "2>5:2 5>4:back");
	stop();			/* committed, not heard of */
	start();
	follow();
	ck_assert_str_eq(told(), "2>5:2 5>4:back");
	integers("6", "8", NULL);
	sort_all();
	commits_fail = true;
	ck_assert_int_eq(gaps_follow(&gaps, &sort, &more, &err), -1);
	stop();			/* killed before the commit */
	commits_fail = false;
	start();
	follow();
	ck_assert_str_eq(told(), "2>5:2 5>4:back 6>8:1");
	end();
}
END_TEST

START_TEST(a_backlog_is_looked_at_in_pieces)
{
	char text[16];
	bool more;
	size_t pieces = 0;

	begin();
	for (int i = 1; i <= 1300; i++) {
		snprintf(text, sizeof text, "%d", i == 700 ? 10 : i);
		integer(text);
	}
	sort_all();
	do {
		ok(gaps_follow(&gaps, &sort, &more, &err));
		pieces++;
	} while (more);
	ck_assert_uint_eq(pieces, 3);
	ck_assert_str_eq(told(), "699>10:back 699>701:1");
	end();
}
END_TEST

START_TEST(where_nothing_is_numbered_next_to_nothing_is_done)
{
	uint64_t n;

	begin();
	for (int i = 0; i < 12000; i++) {
		put((struct numbered){0});
		if (i % 100 == 0)
			follow();
	}
	follow();
	ck_assert_uint_eq(events_read, 0);
	ck_assert_uint_eq(begun, 2);			/* the bookmark, now and then */
	ck_assert_uint_eq(cards_read, 0);
	ok(store_sequenced(store, &n, &err));
	ck_assert_uint_lt(n, 12000);
	ck_assert_uint_gt(n, 7000);
	ok(gaps_save(&gaps, &err));
	ok(gaps_save(&gaps, &err));
	ck_assert_uint_eq(begun, 3);
	ok(store_sequenced(store, &n, &err));
	ck_assert_uint_eq(n, 12000);
	cards_read = 0;
	stop();
	start();
	follow();
	ck_assert_uint_le(cards_read, 1);		/* nothing is read again */
	end();
}
END_TEST

UNIT_MAIN("gaps", a_gap_is_recorded_and_counted, a_gap_names_the_event_that_showed_it, what_came_first_is_no_gap,
	  integers_go_round, a_gap_may_span_the_turn, a_source_that_begins_anew_counts_from_there,
	  a_late_one_is_a_step_back_and_the_greatest_stays,
	  duplicates_do_not_count_but_another_event_with_that_number_does, other_numbers_are_compared_byte_by_byte,
	  integer_is_spelled_in_any_case, what_is_no_number_is_passed_over,
	  each_source_of_each_sender_counts_for_itself, senders_of_one_group_relay_the_same_sources,
	  another_kind_of_number_begins_anew, what_is_quarantined_does_not_count, a_long_source_is_cut_where_it_is_shown,
	  a_crash_at_any_step_changes_nothing, a_backlog_is_looked_at_in_pieces,
	  where_nothing_is_numbered_next_to_nothing_is_done)
