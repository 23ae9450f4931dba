/* SPDX-License-Identifier: EUPL-1.2
 * A tape of all that is done to the files of a store, and what a power cut may leave of it. A layer in front of
 * SQLite's VFS and one in front of the journal's files write the tape; shared memory (-shm) and locks are not
 * on it, since a power cut ends them. journal.lock is: it says how far the journal goes. */
#ifndef TESTS_POWER_TAPE_H
#define TESTS_POWER_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum op_kind { OP_CREATE, OP_WRITE, OP_TRUNCATE, OP_SYNC, OP_DELETE, OP_RENAME, OP_SYNC_DIR };

/* What the workload is doing; mutations pick synchronisations by it. */
enum phase { PHASE_OTHER, PHASE_COLLECT, PHASE_ADOPT, PHASE_SETTLE, PHASE_CHECKPOINT, PHASE_WIPE };

struct op {
	enum op_kind kind;
	enum phase phase;
	int file;		/* index into tape_files */
	int to;			/* the name that it gets by OP_RENAME */
	bool dir;		/* the directory is synchronised with it */
	int64_t at;		/* of a write; a truncated file's new length */
	size_t len;		/* of a synchronisation: of these bytes alone; 0: of the whole file */
	unsigned char *data;
};

#define TAPE_JOURNAL 6		/* from here on: files of the journal */
#define TAPE_FILES 42
extern const char *const tape_files[TAPE_FILES];

/* Puts the layers in front of SQLite's default VFS and of the journal's files. */
void tape_install(void);
/* Records what happens in this directory (borrowed); null: stops, and synchronisations are left out from
 * then on, to save time. */
void tape_record(const char *dir);
void tape_phase(enum phase phase);
/* What becomes of the next block of the journal that is written: it is, but not synchronised, and then the process goes
 * on and is told of a failure, or is killed: nothing that it writes to the journal has any effect until TAPE_LIVES. */
enum tape_fate { TAPE_LIVES, TAPE_FAILS, TAPE_DIES };
void tape_fate(enum tape_fate fate);
size_t tape_ops(void);
void tape_cut(size_t n);	/* forgets all but the first n */
const struct op *tape_op(size_t i);
void tape_describe(const struct op *op, char *text, size_t len);

/* ---- for the layers ---- */
void tape_journal_install(void);
const char *tape_dir(void);		/* null: nothing is recorded */
int tape_file_of(const char *path);	/* -1: not one of them */
struct op *tape_add(int file, enum op_kind kind);
void tape_rename(int from, int to);
bool tape_knows(int file);		/* the name is there, by what was added */

/* ---- what is on the disk ---- */

/* Synchronisations that a disk (or a careless program) leaves out. */
enum mutation {
	MUTATION_NONE,
	MUTATION_BLOCK,			/* of a block of the journal */
	MUTATION_JOURNAL_DIRECTORY,	/* of the directory, by the journal */
	MUTATION_COLLECT,		/* of log.db-wal, before files of the journal go */
	MUTATION_WIPE,			/* the same when all go */
	MUTATION_ADOPT,			/* of what a killed process left in the journal */
	MUTATION_DESK_NORMAL,
	MUTATION_CHECKPOINT,
	MUTATION_DIRECTORY,
	MUTATIONS
};

/* What of the rest has come to the disk. */
enum power_cut {
	CUT_KILL,	/* all of it: a killed process */
	CUT_NOTHING,	/* only what was synchronised */
	CUT_TORN,	/* all, but the last write was torn */
	CUT_ANY,	/* any sectors, lengths and directory entries */
	CUTS
};

struct disk;
struct disk *disk_new(enum mutation mutation);
void disk_load(struct disk *disk, const char *dir);	/* these files are on a new disk, synchronised */
void disk_free(struct disk **disk);
void disk_take(struct disk *disk, const struct op *op);		/* the next one happens */
/* Writes the files that a cut leaves now into the directory, which holds no others of these names. */
void disk_cut(struct disk *disk, enum power_cut cut, uint64_t seed, const char *dir);

#endif
