/* SPDX-License-Identifier: EUPL-1.2
 * From the journal into log.db: what was appended is made durable in the journal, and becomes rows of the table `event`
 * when somebody wants to read them, mostly the dispatcher. A row has its number from the journal, so what is
 * collected twice is there once; the journal is kept until log.db is synchronised. */
#include "config.h"
#include "store/store_sqlite.h"

#include <stdlib.h>
#include <string.h>
#include "base/fail.h"
#include "base/mem.h"

#define ROWS_AT_ONCE 1000		/* of a transaction, about */
#define BYTES_AT_ONCE (2u << 20)
#define WAL_MAX (64u << 20)		/* of log.db, while much is collected */
#define SOME_BYTES (8u << 20)		/* between two looks of the dispatcher at what else there is to do */
#define BIT_LANE 0x80			/* of the marks in the journal */

/* ---- rows in the journal ---- */

static void put_text(struct buf *out, const char *s)
{
	buf_bytes(out, s, strlen(s) + 1);
}

void row_pack(struct buf *out, const struct event *e)
{
	size_t at;
	uint32_t len;

	buf_u64(out, (uint64_t)e->received_ms);
	buf_u8(out, (uint8_t)(card_bits(e) | (e->has_lane ? BIT_LANE : 0)));
	buf_u32(out, e->digest);
	buf_put(out, e->key.b, EVENT_KEY);
	if (e->has_lane)
		buf_put(out, e->lane.b, EVENT_KEY);
	put_text(out, e->type ? e->type : "");
	put_text(out, e->sender);
	at = out->len;
	buf_u32(out, 0);
	event_pack_head(out, e);
	len = (uint32_t)(out->len - at - 4);
	for (int i = 0; i < 4; i++)
		out->p[at + (size_t)i] = (char)(len >> (24 - 8 * i));
	buf_bytes(out, e->data, e->data_len);
}

struct row {
	uint64_t n, digest;
	int64_t received_ms;
	int bits;
	const struct event_key *key, *lane;
	const char *type, *sender;
	const unsigned char *head, *data;
	size_t head_len, data_len;
};

static const char *cut_text(struct cut *in)
{
	size_t len;
	const unsigned char *s = cut_bytes(in, &len);

	return s && len && !s[len - 1] ? (const char *)s : NULL;
}

static int row_unpack(struct cut *in, uint64_t n, struct row *r)
{
	*r = (struct row){ .n = n, .received_ms = (int64_t)cut_u64(in) };
	r->bits = cut_u8(in);
	r->digest = cut_u32(in);
	r->key = (const struct event_key *)cut_raw(in, EVENT_KEY);
	if (r->bits & BIT_LANE)
		r->lane = (const struct event_key *)cut_raw(in, EVENT_KEY);
	r->bits &= ~BIT_LANE;
	r->type = cut_text(in);
	r->sender = cut_text(in);
	r->head = cut_bytes(in, &r->head_len);
	r->data = cut_bytes(in, &r->data_len);
	return in->bad || !r->type || !r->sender || !r->head ? -1 : 0;
}

/* ---- rows in log.db ---- */

#define ROW "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
#define ROWS_4 ROW "," ROW "," ROW "," ROW
#define ROWS_16 ROWS_4 "," ROWS_4 "," ROWS_4 "," ROWS_4
#define COLUMNS 10
#define ROWS_MAX 16
#define INSERT "INSERT INTO event(n, received_ms, mark, digest, key, lane, type, sender, head, data) VALUES"

/* Many rows in one statement, since each statement reads and writes the row of sqlite_sequence. */
static const struct { size_t n; const char *sql; } inserts[] = {
	{ ROWS_MAX, INSERT ROWS_16 }, { 4, INSERT ROWS_4 }, { 1, INSERT ROW }
};

static int insert(struct part *log, const struct row *rows, size_t n, struct err *err)
{
	while (n) {
		struct sqlite3_stmt *q;
		size_t kind = 0;
		int rc = 0;

		while (inserts[kind].n > n)
			kind++;
		q = query(log, err, inserts[kind].sql, "");
		for (size_t i = 0; q && i < inserts[kind].n && rc == 0; i++, rows++)
			rc = query_bind(log, err, q, (int)i * COLUMNS, "nidnkkttbb", rows->n, rows->received_ms, rows->bits,
					rows->digest, rows->key, rows->lane, rows->type, rows->sender, rows->head, rows->head_len,
					rows->data, rows->data_len);
		if (!q || rc < 0 || query_row(log, q, err) < 0)
			return -1;
		n -= inserts[kind].n;
	}
	return 0;
}

static int insert_block(struct part *log, const struct journal_block *b, uint64_t after, struct err *err)
{
	struct row rows[ROWS_MAX];
	struct cut in = b->rows;
	size_t n = 0;

	for (uint64_t i = 0; i < b->n; i++) {
		if (row_unpack(&in, b->first + i, &rows[n]) < 0)
			return err_set(err, "%s/journal: event %llu cannot be read", log->dir, (unsigned long long)(b->first + i));
		n += rows[n].n > after;
		if (n == ROWS_MAX && insert(log, rows, n, err) < 0)
			return -1;
		n %= ROWS_MAX;
	}
	return insert(log, rows, n, err);
}

/* ---- collecting ---- */

int log_collected(struct sqlite_store *s, uint64_t *n, struct err *err)
{
	return query_number(&s->log, n, err, "SELECT seq FROM sqlite_sequence WHERE name = 'event'", "");
}

int log_newest(struct sqlite_store *s, uint64_t *n, struct err *err)
{
	if (!s->log.read_only)
		return journal_last(&s->journal, n, err);
	*n = journal_peek(s->log.dir);
	return 0;
}

/* In a transaction: some of what is behind *last, up to `upto` and what shares a block with it. What comes before a damaged
 * place is collected; the next call tells of the place. */
static int collect_blocks(struct sqlite_store *s, uint64_t upto, uint64_t *last, size_t *bytes, struct err *err)
{
	size_t rows = 0;
	struct journal_block b;
	int rc = 0;

	while (rows < ROWS_AT_ONCE && *bytes < BYTES_AT_ONCE && *last < upto &&
	       (rc = journal_read(&s->journal, *last, &b, err)) > 0) {
		if (insert_block(&s->log, &b, *last, err) < 0)
			return -1;
		rows += b.n;
		*bytes += b.rows.len;
		*last = b.first + b.n - 1;
	}
	return rc < 0 && !rows ? -1 : 0;
}

/* Synchronised when files of the journal are behind: then they can go. */
static int collect_once(struct sqlite_store *s, uint64_t upto, uint64_t *last, size_t *all_bytes, struct err *err)
{
	bool full = journal_is_past_files(&s->journal);
	size_t bytes = 0;
	uint64_t before;
	int rc;

	if (part_begin(&s->log, full, err) < 0)
		return -1;
	rc = log_collected(s, last, err);
	before = *last;
	if (rc == 0)
		rc = collect_blocks(s, upto, last, &bytes, err);
	if (rc == 0 && *last > before) {
		failpoint("collect.before-commit");
		rc = part_commit(&s->log, err);
		failpoint("collect.after-commit");
		if (rc == 0 && full)
			journal_let_go(&s->journal);
	}
	part_rollback(&s->log);
	*all_bytes += bytes;
	return rc < 0 ? -1 : *last > before;
}

static int collect_elsewhere(struct sqlite_store *s, struct err *err)
{
	struct store_setup setup = { .spec = s->spec, .group = s->group };
	struct store *store;
	int rc;

	if (store_sqlite_open(&setup, STORE_LOG, &store, err) < 0)
		return -1;
	rc = log_collect(sqlite_of(store), UINT64_MAX, err);
	sqlite_of(store)->store.ops->close(store);
	return rc;
}

static int collect(struct sqlite_store *s, uint64_t upto, size_t most, struct err *err)
{
	uint64_t newest, last;
	size_t bytes = 0, copied = 0;
	int rc = 0;

	if (part_ready(&s->log, err) < 0)
		return -1;
	if (s->collected_of != s->log.opened)
		s->collected = 0;
	s->collected_of = s->log.opened;
	if (upto <= s->collected)
		return 0;
	if (log_collected(s, &last, err) < 0 || log_newest(s, &newest, err) < 0)
		return -1;
	s->collected = last;
	if (upto > newest)
		upto = newest;	/* what comes in meanwhile is for the next time, or there would be no end to it */
	if (upto <= last)
		return 0;
	if (s->log.read_only)
		return collect_elsewhere(s, err);
	while (last < upto && bytes < most && (rc = collect_once(s, upto, &last, &bytes, err)) > 0) {
		s->collected = last;
		if (bytes - copied < WAL_MAX || s->journal.lock.held)
			continue;
		part_checkpoint(&s->log, WAL_MAX, NULL);	/* nobody else may be there to do it */
		copied = bytes;
	}
	return rc < 0 ? -1 : 0;
}

int log_collect(struct sqlite_store *s, uint64_t upto, struct err *err)
{
	return collect(s, upto, SIZE_MAX, err);
}

int log_collect_some(struct sqlite_store *s, uint64_t upto, struct err *err)
{
	return collect(s, upto, SOME_BYTES, err);
}

int log_empty_journal(struct sqlite_store *s, struct err *err)
{
	int rc;

	/* Nearly all of it before others are kept from writing. */
	if (log_collect(s, UINT64_MAX, err) < 0 || part_synchronise(&s->log, err) < 0 ||
	    log_collect(s, UINT64_MAX, err) < 0 || journal_hold(&s->journal, err) < 0)
		return -1;
	rc = log_collect(s, UINT64_MAX, err);
	if (rc == 0)
		rc = part_synchronise(&s->log, err);
	if (rc == 0)
		rc = journal_remove(&s->journal, err);
	journal_release(&s->journal);
	return rc;
}
