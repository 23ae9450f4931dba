/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "look.h"

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/mem.h"
#include "work.h"

struct reading {
	struct look *look;
	sqlite3 *db;
	uint64_t hash;
};

static void mix(uint64_t *hash, uint64_t more)
{
	*hash = (*hash ^ more) * 0x100000001B3u;
	*hash ^= *hash >> 29;
}

static uint64_t number(sqlite3_stmt *q, int i) { return (uint64_t)sqlite3_column_int64(q, i); }

static struct event_key key_of(sqlite3_stmt *q, int i)
{
	struct event_key key = {{0}};

	if (sqlite3_column_bytes(q, i) == EVENT_KEY)
		memcpy(key.b, sqlite3_column_blob(q, i), EVENT_KEY);
	return key;
}

/* Runs it and gives each row to fn. False: it fails, or fn is not content. */
static bool each(struct reading *r, const char *sql, bool (*fn)(struct reading *r, sqlite3_stmt *q))
{
	sqlite3_stmt *q;
	bool good = true;
	int rc;

	if (sqlite3_prepare_v2(r->db, sql, -1, &q, NULL) != SQLITE_OK)
		return false;
	while (good && (rc = sqlite3_step(q)) == SQLITE_ROW)
		good = fn(r, q);
	good = good && rc == SQLITE_DONE;
	sqlite3_finalize(q);
	return good;
}

/* ---- everything, as one number ---- */

static bool mix_row(struct reading *r, sqlite3_stmt *q)
{
	for (int i = 0; i < sqlite3_column_count(q); i++) {
		const void *p = sqlite3_column_blob(q, i);

		mix(&r->hash, (uint64_t)sqlite3_column_type(q, i));
		mix(&r->hash, work_hash(p, (size_t)sqlite3_column_bytes(q, i)));
	}
	return true;
}

static bool mix_table(struct reading *r, sqlite3_stmt *q)
{
	char sql[128];

	mix(&r->hash, work_hash(sqlite3_column_text(q, 0), (size_t)sqlite3_column_bytes(q, 0)));
	snprintf(sql, sizeof sql, "SELECT * FROM \"%s\"", (const char *)sqlite3_column_text(q, 0));
	return each(r, sql, mix_row);
}

static bool is_ok(struct reading *r, sqlite3_stmt *q)
{
	r->look->sound = r->look->sound && strcmp((const char *)sqlite3_column_text(q, 0), "ok") == 0;
	return true;
}

static bool mix_all(struct reading *r, uint64_t *hash)
{
	bool good = each(r, "PRAGMA integrity_check", is_ok) &&
		    each(r, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('event', 'sqlite_sequence') "
			 "ORDER BY name", mix_table) &&
		    each(r, "SELECT * FROM sqlite_sequence WHERE name <> 'event' ORDER BY name", mix_row);

	*hash = r->hash;
	return good;
}

static bool mix_events(struct reading *r)
{
	bool good;

	r->hash = 0;
	good = each(r, "SELECT * FROM event", mix_row) && each(r, "SELECT seq FROM sqlite_sequence WHERE name = 'event'", mix_row);
	r->look->events_hash = r->hash;
	return good;
}

/* ---- what is promised about ---- */

static bool take_event(struct reading *r, sqlite3_stmt *q)
{
	uint64_t n = number(q, 0);

	if (n >= LOOK_MAX)
		return false;
	r->look->events[n].there = true;
	r->look->events[n].key = key_of(q, 1);
	r->look->events[n].hash = work_hash(sqlite3_column_blob(q, 2), (size_t)sqlite3_column_bytes(q, 2));
	return true;
}

static bool take_last(struct reading *r, sqlite3_stmt *q)
{
	r->look->last = number(q, 0);
	return true;
}

static bool take_duplicate(struct reading *r, sqlite3_stmt *q)
{
	if (number(q, 0) >= LOOK_MAX)
		return false;
	r->look->first_of[number(q, 0)] = number(q, 1);
	return true;
}

static bool take_parked(struct reading *r, sqlite3_stmt *q)
{
	if (number(q, 0) >= LOOK_MAX)
		return false;
	r->look->parked[number(q, 0)] = true;
	return true;
}

static bool take_mark(struct reading *r, sqlite3_stmt *q)
{
	r->look->marks[strcmp((const char *)sqlite3_column_text(q, 0), "first") != 0] = number(q, 1);
	return true;
}

static bool take_request(struct reading *r, sqlite3_stmt *q)
{
	r->look->request = number(q, 0);
	return true;
}

static bool read_log(struct reading *r)
{
	return mix_all(r, &r->look->log) && mix_events(r) && each(r, "SELECT n, key, data FROM event", take_event) &&
	       each(r, "SELECT seq FROM sqlite_sequence WHERE name = 'event'", take_last);
}

static bool read_desk(struct reading *r)
{
	return mix_all(r, &r->look->desk) && each(r, "SELECT n, first FROM duplicate", take_duplicate) &&
	       each(r, "SELECT n FROM parked", take_parked) && each(r, "SELECT handler, n FROM bookmark", take_mark) &&
	       each(r, "SELECT max(id) FROM request", take_request);
}

static bool look_in(const char *dir, const char *name, struct look *look, bool (*fn)(struct reading *r))
{
	struct reading r = { look, NULL, 0 };
	char path[256];
	bool good;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	good = sqlite3_open_v2(path, &r.db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
	       sqlite3_exec(r.db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK && fn(&r);
	sqlite3_close(r.db);
	return good;
}

/* Reading the log collects what is in the journal. */
static bool collect(struct store *store, struct err *err)
{
	struct pool *pool = pool_new();
	struct card *cards;
	size_t n;
	int rc = store_cards(store, 0, INT64_MAX, 1, pool, &cards, &n, err);

	pool_free(&pool);
	return rc == 0;
}

bool look_at(struct store *store, const char *dir, struct look *look, struct err *err)
{
	memset(look, 0, sizeof *look);
	look->sound = true;
	return collect(store, err) && store_sorted(store, &look->sorted, err) == 0 && look_in(dir, "log.db", look, read_log) &&
	       look_in(dir, "desk.db", look, read_desk);
}

static bool is_in(const char *p, size_t len, const struct event_key *key)
{
	const char *end = p + len, *at = p;

	while ((at = memchr(at, key->b[0], (size_t)(end - at))) && end - at >= EVENT_KEY && memcmp(at, key->b, EVENT_KEY) != 0)
		at++;
	return at && end - at >= EVENT_KEY;
}

static bool file_has(const char *path, const struct event_key *key)
{
	struct buf buf = {0};
	bool has;
	ssize_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && (n = read(fd, buf_room(&buf, 1 << 16), 1 << 16)) > 0)
		buf.len += (size_t)n;
	has = buf.len && is_in(buf.p, buf.len, key);
	if (fd >= 0)
		close(fd);
	buf_free(&buf);
	return has;
}

bool look_in_journal(const char *dir, unsigned key)
{
	struct event_key wanted = work_key(key);
	struct dirent *entry;
	bool has = false;
	DIR *d = opendir(dir);

	while (d && !has && (entry = readdir(d)))
		if (strncmp(entry->d_name, "journal.", 8) == 0) {
			char *path = str_fmt("%s/%s", dir, entry->d_name);

			has = file_has(path, &wanted);
			free(path);
		}
	if (d)
		closedir(d);
	return has;
}
