/* SPDX-License-Identifier: EUPL-1.2
 * The log on SQLite: appending, and reading what was appended. */
#include "config.h"
#include "store/store_sqlite.h"

#include <string.h>
#include <sys/statvfs.h>
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

#define SPACE_MS 100		/* between two looks at the free space */
#define READ_BYTES (4 << 20)	/* of rejected bodies and headers, in one read */

static int check_space(struct sqlite_store *s, struct err *err)
{
	int64_t now = clock_mono_ms();
	struct statvfs fs;

	if (!s->disk_reserve)
		return 0;
	if (!s->space_ms || now - s->space_ms >= SPACE_MS) {
		uint64_t left;

		s->space_ms = now;
		s->space_short = false;
		if (statvfs(s->log.dir, &fs) < 0)
			return err_sys(err, "cannot see how much room %s has", s->log.dir);
		left = (uint64_t)fs.f_bavail * fs.f_frsize;
		if (left < s->disk_reserve) {
			s->space_short = true;
			err_set(&s->space_why,
				"%s has %llu MiB left, less than disk_reserve (%llu MiB): make room there, or lower "
				"disk_reserve or retention in postvak.conf", s->log.dir, (unsigned long long)(left >> 20),
				(unsigned long long)(s->disk_reserve >> 20));
		}
	}
	return s->space_short ? err_set(err, "%s", s->space_why.text) : 0;
}

static int desk_knows(struct sqlite_store *s, uint64_t *sorted, struct err *err)
{
	struct store_setup setup = { .read_only = true };
	struct part desk;
	int rc;

	if (s->desk.used)
		return part_ready(&s->desk, err) < 0 ? -1 : meta_get(&s->desk, "sorted", sorted, err);
	rc = part_open(&desk, &part_desk, s->log.dir, &setup, err);
	if (rc == 0)
		rc = meta_get(&desk, "sorted", sorted, err);
	part_close(&desk);
	return rc;
}

/* A log that came back from a backup older than the desk, or lost its end with the disk, must not give numbers out again:
 * the desk takes them for sorted. Looked at once per opening of the log and of the journal, and after a failure; the desk
 * first, since others append and sort meanwhile. Numbers go on above s->above. */
static int start_above_desk(struct sqlite_store *s, struct err *err)
{
	uint64_t sorted, given;
	unsigned opened;
	bool knows;

	if (part_ready(&s->log, err) < 0 || journal_ready(&s->journal, err) < 0)
		return -1;
	opened = s->log.opened + s->journal.opened;
	if (s->log_checked == opened)
		return 0;
	knows = desk_knows(s, &sorted, NULL) == 0;	/* no desk yet, or none to be had: intake goes on */
	if (log_last(&s->store, &given, err) < 0)
		return -1;
	if (knows && sorted > given)
		log_warn("%s ends at event %llu but desk.db knows of %llu: was an older copy restored? Numbers go on from there",
			 s->log.path, (unsigned long long)given, (unsigned long long)sorted);
	s->above = knows && sorted > given ? sorted : given;
	s->log_checked = opened;
	return 0;
}

int log_add(struct sqlite_store *s, struct event *const *events, size_t n, struct err *err)
{
	struct buf *rows;
	uint64_t first;

	if (!n)
		return 0;
	if (start_above_desk(s, err) < 0)
		return -1;
	rows = journal_rows(&s->journal);
	for (size_t i = 0; i < n; i++)
		row_pack(rows, events[i]);
	if (journal_write(&s->journal, (uint32_t)n, s->above, &first, err) < 0) {
		s->log_checked = 0;
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		events[i]->n = first + i;
	return 0;
}

int log_append(struct store *store, struct event *const *events, size_t n, struct err *err)
{
	struct sqlite_store *s = sqlite_of(store);

	if (part_ready(&s->log, err) < 0 || check_space(s, err) < 0)
		return -1;
	return log_add(s, events, n, err);
}

int log_reject(struct store *store, const struct rejected *v, size_t n, struct err *err)
{
	struct part *log = &sqlite_of(store)->log;
	int rc = 0;

	if (part_begin(log, false, err) < 0)
		return -1;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = query_run(log, err,
			       "INSERT INTO rejected(at_ms, endpoint, sender, status, reason, headers, body) "
			       "VALUES(?, ?, ?, ?, ?, ?, ?)", "ittdttb", v[i].at_ms, v[i].endpoint, v[i].sender, v[i].status,
			       v[i].reason, v[i].headers, v[i].body,
			       v[i].body_len < REJECTED_BODY ? v[i].body_len : (size_t)REJECTED_BODY);
	if (rc == 0)
		rc = query_run(log, err, "DELETE FROM rejected WHERE n <= (SELECT max(n) FROM rejected) - ?", "d",
			       STORE_REJECTED);
	if (rc == 0)
		rc = part_commit(log, err);
	part_rollback(log);
	return rc;
}

static size_t read_rejected(struct sqlite3_stmt *q, struct pool *pool, struct rejected *r)
{
	r->n = column_n(q, 0);
	r->at_ms = column_i(q, 1);
	r->endpoint = column_text(q, 2, pool);
	r->sender = column_text(q, 3, pool);
	r->status = (int)column_i(q, 4);
	r->reason = column_text(q, 5, pool);
	r->headers = column_text(q, 6, pool);
	r->body = column_blob(q, 7, pool, &r->body_len);
	return r->body_len + (r->headers ? strlen(r->headers) : 0);
}

int log_rejected(struct store *store, uint64_t before, struct pool *pool, struct rejected **v, size_t *n,
		 struct err *err)
{
	struct part *log = &sqlite_of(store)->log;
	struct sqlite3_stmt *q;
	size_t bytes = 0;
	int rc = 0;

	*n = 0;
	*v = NULL;
	if (part_ready(log, err) < 0 ||
	    !(q = query(log, err,
			"SELECT n, at_ms, endpoint, sender, status, reason, headers, body FROM rejected "
			"WHERE n < ? ORDER BY n DESC",
			"n", before ? before : (uint64_t)INT64_MAX)))
		return -1;
	while (*n < PAGE_ROWS && bytes < READ_BYTES && (rc = query_row(log, q, err)) > 0) {
		*v = array_room(pool, *v, *n, sizeof **v);
		bytes += read_rejected(q, pool, &(*v)[(*n)++]);
	}
	query_end(q);
	return rc < 0 ? -1 : 0;
}

int log_last(struct store *store, uint64_t *n, struct err *err)
{
	struct sqlite_store *s = sqlite_of(store);
	uint64_t newest = 0;

	if (part_ready(&s->log, err) < 0 || log_collected(s, n, err) < 0 || log_newest(s, &newest, err) < 0)
		return -1;
	if (newest > *n)
		*n = newest;
	return 0;
}

/* Who may only read sees what is in log.db, and is told if there is more. */
static int collect_to_show(struct sqlite_store *s, uint64_t upto, struct err *err)
{
	struct err why = {{0}};

	if ((s->log.read_only && s->told) || log_collect(s, upto, &why) == 0)
		return 0;
	if (!s->log.read_only)
		return err_set(err, "%s", why.text);
	if (!s->told)
		log_warn("the newest events are not shown, since they wait in the journal and cannot be brought into %s: %s",
			 s->log.path, why.text);
	s->told = true;
	return 0;
}

static int first_row(struct part *log, uint64_t *n, struct err *err)
{
	return part_ready(log, err) < 0 ? -1 : query_number(log, n, err, "SELECT n FROM event ORDER BY n LIMIT 1", "");
}

int log_first(struct store *store, uint64_t *n, struct err *err)
{
	struct sqlite_store *s = sqlite_of(store);

	uint64_t last;

	if (first_row(&s->log, n, err) < 0)
		return -1;
	if (*n)
		return 0;
	if (log_collected(s, &last, err) < 0 || collect_to_show(s, last + 1, err) < 0)
		return -1;
	return first_row(&s->log, n, err);
}

/* The newest event with low < n <= middle: its number (0: none) and whether it came before the time. */
static int probe(struct part *log, uint64_t low, uint64_t middle, struct card *card, struct err *err)
{
	struct sqlite3_stmt *q = query(log, err,
				       "SELECT n, received_ms FROM event WHERE n > ? AND n <= ? ORDER BY n DESC LIMIT 1",
				       "nn", low, middle);
	int rc;

	card->n = 0;
	if (!q || (rc = query_row(log, q, err)) < 0)
		return -1;
	if (rc > 0) {
		card->n = column_n(q, 0);
		card->received_ms = column_i(q, 1);
		query_end(q);
	}
	return 0;
}

int log_collected_at(struct sqlite_store *s, int64_t wall_ms, uint64_t *n, struct err *err)
{
	struct part *log = &s->log;
	uint64_t low = 0, high;
	struct card card;

	*n = 0;
	if (first_row(log, &low, err) < 0 || log_collected(s, &high, err) < 0)
		return -1;
	low = low ? low - 1 : high;
	while (low < high) {
		uint64_t middle = low + (high - low + 1) / 2;

		if (probe(log, low, middle, &card, err) < 0)
			return -1;
		if (card.n && card.received_ms >= wall_ms) {
			high = card.n - 1;
			continue;
		}
		low = middle;
		if (card.n)
			*n = card.n;
	}
	return 0;
}

int log_number_at(struct store *store, int64_t wall_ms, uint64_t *n, struct err *err)
{
	struct sqlite_store *s = sqlite_of(store);
	struct card later;
	uint64_t high;

	/* What waits in the journal came later: mostly log.db alone can tell. */
	if (log_collected_at(s, wall_ms, n, err) < 0 || log_collected(s, &high, err) < 0 ||
	    probe(&s->log, *n, high, &later, err) < 0)
		return -1;
	if (later.n)
		return 0;
	return collect_to_show(s, UINT64_MAX, err) < 0 ? -1 : log_collected_at(s, wall_ms, n, err);
}

static int mark_duplicates(struct part *desk, struct card *cards, size_t n, struct err *err)
{
	bool back = cards[0].n > cards[n - 1].n;
	const struct card *oldest = back ? &cards[n - 1] : &cards[0], *newest = back ? &cards[0] : &cards[n - 1];
	struct sqlite3_stmt *q;
	size_t i = 0;
	int rc;

	if (part_ready(desk, err) < 0 ||
	    !(q = query(desk, err, "SELECT n, first, conflict FROM duplicate WHERE n BETWEEN ? AND ? ORDER BY n",
			"nn",
			oldest->n, newest->n)))
		return -1;
	while ((rc = query_row(desk, q, err)) > 0) {
		uint64_t number = column_n(q, 0);
		struct card *card;

		while (i < n && cards[back ? n - 1 - i : i].n < number)
			i++;
		if (i == n)
			break;
		card = &cards[back ? n - 1 - i : i];
		if (card->n != number)
			continue;
		card->duplicate_of = column_n(q, 1);
		card->conflict = column_n(q, 2) != 0;
	}
	query_end(q);
	return rc < 0 ? -1 : 0;
}

static void read_card(struct sqlite3_stmt *q, struct pool *pool, struct card *card)
{
	*card = (struct card){ .n = column_n(q, 0), .received_ms = column_i(q, 1) };
	card_set_bits(card, (int)column_i(q, 2));
	column_key(q, 3, &card->key);
	card->has_lane = column_key(q, 4, &card->lane);
	card->type = column_text(q, 5, pool);
	card->sender = column_text(q, 6, pool);
}

/* What stands beside the card, in the columns behind it. Null: it was too large, or is damaged. */
static struct event *read_along(struct sqlite3_stmt *q, struct pool *pool, const struct card *card)
{
	struct cut head = column_cut(q, 8);
	struct event *e;

	if (!head.len)
		return NULL;
	e = pool_alloc(pool, sizeof *e);
	if (event_unpack_head(pool, head.p, head.len, e) < 0)
		return NULL;
	e->n = card->n;
	e->received_ms = card->received_ms;
	e->mark = card->mark;
	e->digest = (uint32_t)column_n(q, 7);
	e->key = card->key;
	e->has_lane = card->has_lane;
	e->lane = card->lane;
	e->type = card->type;
	e->sender = card->sender;
	e->data = column_blob(q, 9, pool, &e->data_len);
	return e;
}

#define CARD_COLUMNS "n, received_ms, mark, key, lane, type, sender"
#define CARD_RANGE " FROM event WHERE n > ? AND n <= ? ORDER BY n"
#define CARD "SELECT " CARD_COLUMNS CARD_RANGE
#define FITS "CASE WHEN length(head) + ifnull(length(data), 0) <= ? THEN "

static struct sqlite3_stmt *card_query(struct part *log, const struct card_range *range, struct err *err)
{
	if (range->along)
		return query(log, err, "SELECT " CARD_COLUMNS ", digest, " FITS "head END, " FITS "data END" CARD_RANGE, "ddnn",
			     ALONG_BYTES, ALONG_BYTES, range->after, range->upto);
	if (range->back)
		return query(log, err, CARD " DESC", "nn", range->after, range->upto);
	return query(log, err, CARD, "nn", range->after, range->upto);
}

int log_cards(struct store *store, const struct card_range *range, struct pool *pool, struct card **cards,
	      size_t *n, struct err *err)
{
	struct sqlite_store *s = sqlite_of(store);
	struct sqlite3_stmt *q;
	int rc = 0;

	*n = 0;
	*cards = NULL;
	if (part_ready(&s->log, err) < 0 || collect_to_show(s, range->upto, err) < 0)
		return -1;
	q = card_query(&s->log, range, err);
	while (q && *n < range->max && (rc = query_row(&s->log, q, err)) > 0) {
		struct card *card;

		*cards = array_room(pool, *cards, *n, sizeof **cards);
		card = &(*cards)[(*n)++];
		read_card(q, pool, card);
		if (range->along)
			card->event = read_along(q, pool, card);
	}
	if (!q || rc < 0)
		return -1;
	query_end(q);
	return *n && s->desk.used ? mark_duplicates(&s->desk, *cards, *n, err) : 0;
}

static int read_event(struct sqlite3_stmt *q, struct pool *pool, struct event *e)
{
	size_t len;
	const unsigned char *head = column_blob(q, 7, pool, &len);

	if (!head || event_unpack_head(pool, head, len, e) < 0)
		return -1;
	e->received_ms = column_i(q, 0);
	e->mark = column_i(q, 1) & BIT_QUARANTINED ? EVENT_QUARANTINED : EVENT_PLAIN;
	e->digest = (uint32_t)column_n(q, 2);
	column_key(q, 3, &e->key);
	e->has_lane = column_key(q, 4, &e->lane);
	e->type = column_text(q, 5, pool);
	e->sender = column_text(q, 6, pool);
	e->data = column_blob(q, 8, pool, &e->data_len);
	return 0;
}

int log_event(struct store *store, uint64_t n, struct pool *pool, struct event **event, struct err *err)
{
	struct part *log = &sqlite_of(store)->log;
	struct sqlite3_stmt *q;
	struct event *e;
	int rc;

	if (part_ready(log, err) < 0 || collect_to_show(sqlite_of(store), n, err) < 0 ||
	    !(q = query(log, err,
			"SELECT received_ms, mark, digest, key, lane, type, sender, head, data FROM event WHERE n = ?", "n", n)))
		return -1;
	rc = query_row(log, q, err);
	if (rc <= 0)
		return rc;
	e = pool_alloc(pool, sizeof *e);
	rc = read_event(q, pool, e);
	query_end(q);
	if (rc < 0)
		return err_set(err, "%s: event %llu cannot be read: restore it from a backup, see postvak(1)",
			       log->path,
			       (unsigned long long)n);
	e->n = n;
	*event = e;
	return 0;
}
