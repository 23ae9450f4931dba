/* SPDX-License-Identifier: EUPL-1.2
 * The tables of both files, as steps from version to version (PRAGMA user_version). A step that was
 * released is never changed. */
#include "config.h"
#include "store/store_sqlite.h"

#include <stdlib.h>
#include "base/mem.h"

/* Small columns come first, so that listings do not touch the pages of head and data. mark holds the
 * bits of store_ops.h. */
static const char *const log_steps[] = {
	"CREATE TABLE event("
	" n INTEGER PRIMARY KEY AUTOINCREMENT, received_ms INTEGER NOT NULL, mark INTEGER NOT NULL,"
	" digest INTEGER NOT NULL, key BLOB NOT NULL, lane BLOB, type TEXT NOT NULL, sender TEXT NOT NULL,"
	" head BLOB NOT NULL, data BLOB);"
	"CREATE TABLE rejected("
	" n INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, endpoint TEXT, sender TEXT,"
	" status INTEGER NOT NULL, reason TEXT, body BLOB)",
	/* From here on mark has more bits than one: what does not know them must not read on. */
	"SELECT 1",
	"CREATE TABLE handshake("
	" n INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, endpoint TEXT NOT NULL,"
	" origin TEXT NOT NULL COLLATE NOCASE, asked_rate INTEGER NOT NULL, callback TEXT NOT NULL,"
	" state INTEGER NOT NULL, allowed_rate INTEGER NOT NULL, settled_ms INTEGER NOT NULL, who TEXT);"
	"CREATE UNIQUE INDEX handshake_origin ON handshake(endpoint, origin);"
	"CREATE INDEX handshake_asked ON handshake(at_ms, n) WHERE state = 1",
	"ALTER TABLE rejected ADD COLUMN headers TEXT",
	/* From here on the newest events are in the journal: what does not know of it would not see them. */
	"SELECT 1",
	NULL
};

/* The table is emptied by seen_convert before. */
static const char drop_seen[] = "DROP TABLE seen; DELETE FROM meta WHERE name = 'sweep'";

static const char *const desk_steps[] = {
	"CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL, bytes BLOB) WITHOUT ROWID;"
	"CREATE TABLE seen(key BLOB PRIMARY KEY, n INTEGER NOT NULL, digest INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE duplicate(n INTEGER PRIMARY KEY, first INTEGER NOT NULL, conflict INTEGER NOT NULL);"
	"CREATE INDEX duplicate_first ON duplicate(first);"
	"CREATE TABLE day(day INTEGER PRIMARY KEY, n INTEGER NOT NULL);"
	"CREATE TABLE bookmark(handler TEXT PRIMARY KEY, n INTEGER NOT NULL, done BLOB) WITHOUT ROWID;"
	"CREATE TABLE parked("
	" handler TEXT, n INTEGER, state INTEGER NOT NULL, attempts INTEGER NOT NULL, due_ms INTEGER NOT NULL,"
	" since_ms INTEGER NOT NULL, lane BLOB, reason TEXT, PRIMARY KEY(handler, n)) WITHOUT ROWID;"
	"CREATE INDEX parked_n ON parked(n);"
	"CREATE INDEX parked_dead ON parked(since_ms) WHERE state = 2;"
	"CREATE TABLE history("
	" id INTEGER PRIMARY KEY, n INTEGER NOT NULL, handler TEXT NOT NULL, at_ms INTEGER NOT NULL,"
	" attempt INTEGER NOT NULL, what TEXT NOT NULL, note TEXT);"
	"CREATE INDEX history_n ON history(n);"
	"CREATE TABLE done("
	" id INTEGER PRIMARY KEY, last_n INTEGER NOT NULL, first_n INTEGER NOT NULL, handler TEXT NOT NULL,"
	" at_ms INTEGER NOT NULL, numbers BLOB NOT NULL);"
	"CREATE INDEX done_last ON done(last_n);"
	"CREATE TABLE replay("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, handler TEXT NOT NULL, after INTEGER NOT NULL,"
	" upto INTEGER NOT NULL, at INTEGER NOT NULL, types TEXT, request INTEGER NOT NULL, asked_ms INTEGER NOT NULL);"
	"CREATE TABLE request("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, who TEXT NOT NULL, verb TEXT NOT NULL,"
	" args TEXT NOT NULL, status INTEGER NOT NULL, answer TEXT);"
	"CREATE INDEX request_open ON request(id) WHERE status = -1",
	/* What was sorted before has no traits. */
	"INSERT INTO meta(name, value) SELECT 'sequenced', value FROM meta WHERE name = 'sorted';"
	"CREATE TABLE sequence("
	" key BLOB PRIMARY KEY, source TEXT NOT NULL, last TEXT NOT NULL, numeric INTEGER NOT NULL,"
	" n INTEGER NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX sequence_at ON sequence(at_ms);"
	"CREATE TABLE gap("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, n INTEGER NOT NULL, at_ms INTEGER NOT NULL, sender TEXT NOT NULL,"
	" source TEXT NOT NULL, before TEXT NOT NULL, got TEXT NOT NULL, missing INTEGER NOT NULL)",
	"CREATE TABLE state("
	" lane BLOB NOT NULL, handler TEXT NOT NULL, n INTEGER NOT NULL, value BLOB NOT NULL, PRIMARY KEY(lane, handler));"
	"CREATE INDEX state_handler ON state(handler);"
	"CREATE TABLE outbox(id INTEGER PRIMARY KEY AUTOINCREMENT, event BLOB NOT NULL);"
	"CREATE TABLE pause("
	" handler TEXT PRIMARY KEY, since_ms INTEGER NOT NULL, why TEXT NOT NULL, who TEXT, tries INTEGER NOT NULL,"
	" due_ms INTEGER NOT NULL) WITHOUT ROWID;"
	"ALTER TABLE replay ADD COLUMN lane BLOB;"
	"ALTER TABLE replay ADD COLUMN rebuild INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE replay ADD COLUMN done BLOB",
	"CREATE TABLE block(id INTEGER PRIMARY KEY, entries BLOB NOT NULL);"
	"CREATE TABLE fresh(id INTEGER PRIMARY KEY, entries BLOB NOT NULL)",
	drop_seen,
	NULL
};

/* The log's pages are filled and left, so copying them soon costs nothing; those of the desk change often. */
const struct part_kind part_log = { "log", 2048, 2000, 1u << 20, log_steps };
const struct part_kind part_desk = { "desk", 4096, 5000, UINT64_MAX, desk_steps };

static uint64_t known(const struct part *p)
{
	uint64_t n = 0;

	while (p->kind->versions[n])
		n++;
	return n;
}

static int check(struct part *p, uint64_t *version, struct err *err)
{
	if (query_number(p, version, err, "PRAGMA user_version", "") < 0)
		return -1;
	if (*version > known(p))
		return err_set(err,
			       "%s was made by a newer Postvak (schema %llu, this one knows %llu): upgrade Postvak, "
			       "or restore the backup made before the upgrade", p->path,
			       (unsigned long long)*version, (unsigned long long)known(p));
	return 0;
}

int part_version_check(struct part *p, struct err *err)
{
	uint64_t version;

	if (check(p, &version, err) < 0)
		return -1;
	if (version < known(p))
		return err_set(err, "%s is not ready (schema %llu, wanted %llu): start Postvak once, that makes it",
			       p->path,
			       (unsigned long long)version, (unsigned long long)known(p));
	return 0;
}

int part_migrate(struct part *p, struct err *err)
{
	uint64_t version;

	if (check(p, &version, err) < 0)
		return -1;
	for (; version < known(p); version++) {
		char *sql;
		int rc;

		if (p->kind->versions[version] == drop_seen && seen_convert(p, err) < 0)
			return -1;
		sql = str_fmt("BEGIN IMMEDIATE;%s;PRAGMA user_version=%llu;COMMIT", p->kind->versions[version],
			      (unsigned long long)version + 1);
		rc = exec_sql(p, sql, err);
		free(sql);
		if (rc < 0)
			return -1;
	}
	return 0;
}
