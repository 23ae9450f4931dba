/* SPDX-License-Identifier: EUPL-1.2
 * Prepared statements, their arguments and columns, and what their failures mean. */
#include "config.h"
#include "store/store_sqlite.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <string.h>
#include "base/die.h"

#define CACHE_AT_REST (256 << 10)	/* what a part may keep while nothing happens */

/* What an operator can do about a result code. */
static void explain(struct part *p, int rc, struct err *err)
{
	int sys = sqlite3_system_errno(p->db);

	switch (rc & 0xFF) {
	case SQLITE_FULL:
		err_set(err, "%s cannot grow: the disk is full or a quota is reached: make room on it", p->path);
		break;
	case SQLITE_READONLY:
		err_set(err,
			"%s is read-only: see that its directory is mounted read-write, and that the file, -wal and "
			"-shm belong to Postvak's user or group with mode 0660", p->path);
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		err_set(err,
			"%s is locked by another process for %d s: end the program that has it open (fuser %s)", p->path,
			BUSY_MS / 1000, p->path);
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		err_set(err, "%s is damaged (%s): stop Postvak and restore it from a backup, see postvak(1)", p->path,
			sqlite3_errmsg(p->db));
		break;
	case SQLITE_IOERR:
		if (sys == ENOSPC || sys == EDQUOT)
			err_set(err, "%s cannot grow: the disk is full or a quota is reached: make room on it",
				p->path);
		else
			err_set(err, "%s: input/output error (%s, code %d): check the disk, see the kernel's log",
				p->path,
				sys ? strerror(sys) : "no reason given", rc);
		break;
	case SQLITE_CANTOPEN:
		err_set(err,
			"%s cannot be opened (%s): see that the directory is there and that Postvak's user or group may "
			"write in it", p->path, sys ? strerror(sys) : sqlite3_errmsg(p->db));
		break;
	default:
		err_set(err, "%s: %s (code %d)", p->path, sqlite3_errmsg(p->db), rc);
	}
}

int part_failed(struct part *p, struct err *err)
{
	return part_failed_as(p, sqlite3_extended_errcode(p->db), err);
}

int part_failed_as(struct part *p, int rc, struct err *err)
{
	explain(p, rc, &p->why);
	p->failed = true;
	switch (rc & 0xFF) {
	case SQLITE_IOERR:
		if (p->lock.held) {
			lock_set_byte(&p->lock, 1);
			p->unsynced = true;
		}
		/* fall through */
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
		p->broken = true;
	}
	return err == &p->why ? -1 : err_set(err, "%s", p->why.text);
}

static struct sqlite3_stmt *prepared(struct part *p, const char *sql, struct err *err)
{
	sqlite3_stmt *stmt;

	for (size_t i = 0; i < p->n_queries; i++)
		if (p->queries[i].sql == sql)
			return p->queries[i].stmt;
	must(p->n_queries < QUERIES);
	if (sqlite3_prepare_v2(p->db, sql, -1, &stmt, NULL) != SQLITE_OK) {
		part_failed(p, err);
		return NULL;
	}
	p->queries[p->n_queries].sql = sql;
	p->queries[p->n_queries++].stmt = stmt;
	return stmt;
}

void queries_free(struct part *p)
{
	for (size_t i = 0; i < p->n_queries; i++)
		sqlite3_finalize(p->queries[i].stmt);
	p->n_queries = 0;
}

static int bind_n(sqlite3_stmt *q, int at, uint64_t n)
{
	return sqlite3_bind_int64(q, at, n > INT64_MAX ? INT64_MAX : (sqlite3_int64)n);
}

static int bind_blob(sqlite3_stmt *q, int at, const void *p, size_t len)
{
	if (!p)
		return sqlite3_bind_null(q, at);
	return sqlite3_bind_blob64(q, at, len ? p : "", len, SQLITE_STATIC);
}

static int bind_one(sqlite3_stmt *q, int at, char type, va_list *args)
{
	const void *p;

	switch (type) {
	case 'n':
		return bind_n(q, at, va_arg(*args, uint64_t));
	case 'i':
		return sqlite3_bind_int64(q, at, va_arg(*args, int64_t));
	case 'd':
		return sqlite3_bind_int(q, at, va_arg(*args, int));
	case 't':
		return sqlite3_bind_text(q, at, va_arg(*args, const char *), -1, SQLITE_STATIC);
	case 'k':
		return bind_blob(q, at, va_arg(*args, const struct event_key *), EVENT_KEY);
	default:
		must(type == 'b');
		p = va_arg(*args, const void *);
		return bind_blob(q, at, p, va_arg(*args, size_t));
	}
}

static int bind_all(struct part *p, sqlite3_stmt *q, int at, const char *types, va_list *args, struct err *err)
{
	for (int i = 0; types[i]; i++)
		if (bind_one(q, at + i + 1, types[i], args) != SQLITE_OK)
			return part_failed(p, err);
	return 0;
}

static struct sqlite3_stmt *query_args(struct part *p, struct err *err, const char *sql, const char *types,
				       va_list *args)
{
	sqlite3_stmt *q = prepared(p, sql, err);

	return q && bind_all(p, q, 0, types, args, err) == 0 ? q : NULL;
}

struct sqlite3_stmt *query(struct part *p, struct err *err, const char *sql, const char *types, ...)
{
	struct sqlite3_stmt *q;
	va_list args;

	va_start(args, types);
	q = query_args(p, err, sql, types, &args);
	va_end(args);
	return q;
}

int query_bind(struct part *p, struct err *err, struct sqlite3_stmt *q, int at, const char *types, ...)
{
	va_list args;
	int rc;

	va_start(args, types);
	rc = bind_all(p, q, at, types, &args, err);
	va_end(args);
	return rc;
}

int query_row(struct part *p, struct sqlite3_stmt *q, struct err *err)
{
	int rc = sqlite3_step(q);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE)
		part_failed(p, err);
	sqlite3_reset(q);
	return rc == SQLITE_DONE ? 0 : -1;
}

void query_end(struct sqlite3_stmt *q)
{
	sqlite3_reset(q);
}

int query_run(struct part *p, struct err *err, const char *sql, const char *types, ...)
{
	struct sqlite3_stmt *q;
	va_list args;
	int rc;

	va_start(args, types);
	q = query_args(p, err, sql, types, &args);
	va_end(args);
	if (!q)
		return -1;
	while ((rc = query_row(p, q, err)) > 0)
		;
	return rc;
}

int query_number(struct part *p, uint64_t *n, struct err *err, const char *sql, const char *types, ...)
{
	struct sqlite3_stmt *q;
	va_list args;
	int rc;

	*n = 0;
	va_start(args, types);
	q = query_args(p, err, sql, types, &args);
	va_end(args);
	if (!q || (rc = query_row(p, q, err)) < 0)
		return -1;
	if (rc > 0) {
		*n = column_n(q, 0);
		query_end(q);
	}
	return 0;
}

int query_changes(struct part *p)
{
	return sqlite3_changes(p->db);
}

uint64_t query_inserted(struct part *p)
{
	return (uint64_t)sqlite3_last_insert_rowid(p->db);
}

int exec_sql(struct part *p, const char *sql, struct err *err)
{
	if (sqlite3_exec(p->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	part_failed(p, err);
	if (!sqlite3_get_autocommit(p->db))
		sqlite3_exec(p->db, "ROLLBACK", NULL, NULL, NULL);
	return -1;
}

uint64_t column_n(struct sqlite3_stmt *q, int i)
{
	return (uint64_t)sqlite3_column_int64(q, i);
}

int64_t column_i(struct sqlite3_stmt *q, int i)
{
	return sqlite3_column_int64(q, i);
}

const char *column_text(struct sqlite3_stmt *q, int i, struct pool *pool)
{
	const char *text = (const char *)sqlite3_column_text(q, i);

	return text ? pool_strn(pool, text, (size_t)sqlite3_column_bytes(q, i)) : NULL;
}

const unsigned char *column_blob(struct sqlite3_stmt *q, int i, struct pool *pool, size_t *len)
{
	const void *p = sqlite3_column_blob(q, i);

	*len = (size_t)sqlite3_column_bytes(q, i);
	if (sqlite3_column_type(q, i) == SQLITE_NULL)
		return NULL;
	return pool_dup(pool, *len ? p : "", *len);
}

struct cut column_cut(struct sqlite3_stmt *q, int i)
{
	const void *p = sqlite3_column_blob(q, i);

	return (struct cut){ p, (size_t)sqlite3_column_bytes(q, i), false };
}

bool column_key(struct sqlite3_stmt *q, int i, struct event_key *key)
{
	const void *p = sqlite3_column_blob(q, i);

	*key = (struct event_key){{0}};
	if (!p || sqlite3_column_bytes(q, i) != EVENT_KEY)
		return false;
	memcpy(key->b, p, EVENT_KEY);
	return true;
}

bool cache_give_back(struct part *p)
{
	int used = 0, most;

	if (!p->db || sqlite3_db_status(p->db, SQLITE_DBSTATUS_CACHE_USED, &used, &most, 0) != SQLITE_OK || used < CACHE_AT_REST)
		return false;
	sqlite3_db_release_memory(p->db);
	return true;
}

int meta_get(struct part *p, const char *name, uint64_t *n, struct err *err)
{
	return query_number(p, n, err, "SELECT value FROM meta WHERE name = ?", "t", name);
}

int meta_put(struct part *p, const char *name, uint64_t n, struct err *err)
{
	return query_run(p, err, "INSERT OR REPLACE INTO meta(name, value) VALUES(?, ?)", "tn", name, n);
}

void *array_room(struct pool *pool, void *v, size_t n, size_t size)
{
	void *more;

	if (n < 16 ? n != 0 : (n & (n - 1)) != 0)	/* full at 0, 16, 32, 64 ... */
		return v;
	more = pool_alloc(pool, (n ? 2 * n : 16) * size);
	if (n)
		memcpy(more, v, n * size);
	return more;
}
