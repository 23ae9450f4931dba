/* SPDX-License-Identifier: EUPL-1.2
 * A tape of all that SQLite does to the files of a store, and what a power cut may leave of it. A layer
 * in front of SQLite's VFS writes the tape; shared memory (-shm) is not on it, since a power cut ends it. */
#ifndef TESTS_POWER_TAPE_H
#define TESTS_POWER_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum op_kind { OP_CREATE, OP_WRITE, OP_TRUNCATE, OP_SYNC, OP_DELETE };

/* What the workload is doing; mutations pick synchronisations by it. */
enum phase { PHASE_OTHER, PHASE_APPEND, PHASE_SETTLE, PHASE_CHECKPOINT };

struct op {
	enum op_kind kind;
	enum phase phase;
	int file;		/* index into tape_files */
	bool dir;		/* the directory is synchronised with it */
	int64_t at;		/* of a write; a truncated file's new length */
	size_t len;
	unsigned char *data;
};

#define TAPE_FILES 6
extern const char *const tape_files[TAPE_FILES];

/* Puts the layer in front of SQLite's default VFS. */
void tape_install(void);
/* Records what happens in this directory (borrowed); null: stops, and synchronisations are left out from
 * then on, to save time. */
void tape_record(const char *dir);
void tape_phase(enum phase phase);
size_t tape_ops(void);
void tape_cut(size_t n);	/* forgets all but the first n */
const struct op *tape_op(size_t i);
void tape_describe(const struct op *op, char *text, size_t len);

/* ---- what is on the disk ---- */

/* Synchronisations that a disk (or a careless program) leaves out. */
enum mutation { MUTATION_NONE, MUTATION_LOG_NORMAL, MUTATION_DESK_NORMAL, MUTATION_CHECKPOINT, MUTATION_DIRECTORY, MUTATIONS };

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
