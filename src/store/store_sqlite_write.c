/* SPDX-License-Identifier: EUPL-1.2
 * Write transactions, always with the file's fair lock held: SQLite's own waiting is not fair. */
#include "config.h"
#include "store/store_sqlite.h"

#include <sqlite3.h>
#include <stdio.h>
#include "base/die.h"

int part_lock(struct part *p, struct err *err)
{
	int rc = lock_take(&p->lock, p->kind->lock_ms, err);

	if (rc <= 0)
		return rc;
	return err_set(err,
		       "%s is locked by another process for %d s: end or continue the process that holds %s/%s.lock "
		       "(fuser shows it)", p->path, (int)(p->kind->lock_ms / 1000), p->dir, p->name);
}

static int set_sync(struct part *p, bool full, struct err *err)
{
	if (p->full_sync == full)
		return 0;
	if (exec_sql(p, full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL", err) < 0)
		return -1;
	p->full_sync = full;
	return 0;
}

int part_begin(struct part *p, bool full_sync, struct err *err)
{
	must(!p->begun && !p->read_only);
	if (part_ready(p, err) < 0)
		return -1;
	if (part_same_files(p, NULL) < 0 && part_ready(p, err) < 0)
		return -1;
	if (part_lock(p, err) < 0)
		return -1;
	p->failed = false;
	if (part_heal(p, err) == 0 && set_sync(p, full_sync, err) == 0 && query_run(p, err, "BEGIN IMMEDIATE", "") == 0) {
		p->begun = true;
		return 0;
	}
	lock_release(&p->lock);
	return -1;
}

int part_writing(struct part *p, struct err *err)
{
	must(p->begun);
	return p->failed ? err_set(err, "%s", p->why.text[0] ? p->why.text : "the transaction has failed before") : 0;
}

int part_commit(struct part *p, struct err *err)
{
	int rc = part_writing(p, err);

	if (rc == 0)
		rc = query_run(p, err, "COMMIT", "");
	if (rc < 0) {
		part_rollback(p);
		return -1;
	}
	p->begun = false;
	lock_release(&p->lock);
	return 0;
}

void part_rollback(struct part *p)
{
	if (!p->begun)
		return;
	if (!sqlite3_get_autocommit(p->db))
		sqlite3_exec(p->db, "ROLLBACK", NULL, NULL, NULL);
	p->begun = p->failed = false;
	lock_release(&p->lock);
}

int part_touch(struct part *p, struct err *err)
{
	char sql[64];
	uint64_t version;

	if (query_number(p, &version, err, "PRAGMA user_version", "") < 0)
		return -1;
	snprintf(sql, sizeof sql, "PRAGMA user_version=%llu", (unsigned long long)version);
	return exec_sql(p, sql, err);
}

int part_synchronise(struct part *p, struct err *err)
{
	int rc;

	if (part_begin(p, true, err) < 0)
		return -1;
	rc = part_touch(p, err);
	if (rc == 0)
		rc = part_commit(p, err);
	part_rollback(p);
	return rc;
}
