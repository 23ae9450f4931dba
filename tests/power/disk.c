/* SPDX-License-Identifier: EUPL-1.2
 * The disk: for each file what was synchronised, and what happened since; the same for the directory. Sectors are
 * written whole or not at all and in any order; lengths change in order, so that a file may have grown without its
 * data. Names change in order, as with a file system that has a journal, or in any, and then a file that was renamed may
 * have both names, but never none. */
#include "config.h"
#include "tape.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/die.h"
#include "base/mem.h"

#define SECTOR 512

struct inode {
	struct inode *older;		/* of all that ever were */
	unsigned char *p;		/* as synchronised */
	size_t len, cap;
	const struct op **pending;
	size_t n, cap_pending;
	ino_t ino;			/* when it was loaded */
};

struct change {				/* of the directory */
	const struct op *op;
	struct inode *inode;		/* null: it is gone */
};

struct rest {				/* of a write, where it was synchronised in part */
	struct rest *older;
	struct op op;
};

struct disk {
	enum mutation mutation;
	struct inode *synced[TAPE_FILES], *now[TAPE_FILES];	/* null: not there */
	struct change *changes;		/* that were not synchronised */
	size_t n_changes, cap_changes;
	struct inode *all;
	struct rest *rests;
	struct inode *last;		/* that was written last */
	unsigned char *p;		/* for a file as it is cut */
	size_t cap;
	uint64_t random;
};

struct disk *disk_new(enum mutation mutation)
{
	struct disk *disk = mem_alloc(sizeof *disk);

	disk->mutation = mutation;
	return disk;
}

static struct inode *new_inode(struct disk *disk)
{
	struct inode *inode = mem_alloc(sizeof *inode);

	inode->older = disk->all;
	disk->all = inode;
	return inode;
}

void disk_free(struct disk **disk)
{
	struct inode *inode;
	struct rest *rest;

	while ((inode = (*disk)->all)) {
		(*disk)->all = inode->older;
		free(inode->p);
		free(inode->pending);
		free(inode);
	}
	while ((rest = (*disk)->rests)) {
		(*disk)->rests = rest->older;
		free(rest);
	}
	free((*disk)->changes);
	free((*disk)->p);
	free(*disk);
	*disk = NULL;
}

/* xorshift64 */
static uint64_t dice(struct disk *disk, uint64_t sides)
{
	disk->random ^= disk->random << 13;
	disk->random ^= disk->random >> 7;
	disk->random ^= disk->random << 17;
	return (disk->random >> 11) % sides;
}

static void room(unsigned char **p, size_t *cap, size_t len)
{
	if (len <= *cap)
		return;
	*p = mem_grow(*p, 2 * len, 1);
	memset(*p + *cap, 0, 2 * len - *cap);
	*cap = 2 * len;
}

/* ---- what happens ---- */

static size_t length_after(const struct op *op, size_t len)
{
	size_t end = (size_t)op->at + op->len;

	if (op->kind == OP_TRUNCATE)
		return (size_t)op->at;
	return end > len ? end : len;
}

static void apply(struct inode *inode, const struct op *op)
{
	size_t len = length_after(op, inode->len);

	room(&inode->p, &inode->cap, len);
	if (op->kind == OP_WRITE)
		memcpy(inode->p + op->at, op->data, op->len);
	else if (len < inode->len)
		memset(inode->p + len, 0, inode->len - len);
	inode->len = len;
}

/* The part of a write in these bytes; null: there is none. */
static const struct op *part_of(struct disk *disk, const struct op *op, int64_t from, int64_t to)
{
	int64_t end = op->at + (int64_t)op->len;
	struct rest *rest;

	if (from <= op->at && to >= end)
		return op;
	if (from < op->at)
		from = op->at;
	if (to > end)
		to = end;
	if (from >= to)
		return NULL;
	rest = mem_alloc(sizeof *rest);
	*rest = (struct rest){ disk->rests, *op };
	rest->op.at = from;
	rest->op.len = (size_t)(to - from);
	rest->op.data = op->data + (from - op->at);
	disk->rests = rest;
	return &rest->op;
}

static void keep_pending(struct inode *inode, const struct op *op)
{
	if (!op)
		return;
	if (inode->n == inode->cap_pending) {
		inode->cap_pending = inode->cap_pending ? 2 * inode->cap_pending : 64;
		inode->pending = mem_grow(inode->pending, inode->cap_pending, sizeof(const struct op *));
	}
	inode->pending[inode->n++] = op;
}

/* The bytes of this synchronisation; what else was written to the file waits on. */
static void synchronise(struct disk *disk, struct inode *inode, const struct op *sync)
{
	int64_t from = sync->len ? sync->at : 0, to = sync->len ? sync->at + (int64_t)sync->len : INT64_MAX;
	const struct op **pending = inode->pending;
	size_t n = inode->n;

	inode->pending = NULL;
	inode->n = inode->cap_pending = 0;
	for (size_t i = 0; i < n; i++) {
		const struct op *op = pending[i], *part = op->kind == OP_WRITE ? part_of(disk, op, from, to) : op;

		if (part)
			apply(inode, part);
		if (op->kind != OP_WRITE)
			continue;
		keep_pending(inode, part_of(disk, op, 0, from));
		keep_pending(inode, part_of(disk, op, to, INT64_MAX));
	}
	free(pending);
}

static void rename_in(struct inode **names, const struct change *c, bool alone)
{
	names[c->op->to] = c->inode;
	if (!alone && names[c->op->file] == c->inode)
		names[c->op->file] = NULL;
}

static void change_in(struct inode **names, const struct change *c)
{
	if (c->op->kind == OP_RENAME)
		rename_in(names, c, false);
	else
		names[c->op->file] = c->inode;
}

static void synchronise_directory(struct disk *disk)
{
	for (size_t i = 0; i < disk->n_changes; i++) {
		const struct change *c = &disk->changes[i];

		if (disk->mutation != MUTATION_DIRECTORY || !strstr(tape_files[c->op->file], "-wal"))
			change_in(disk->synced, c);
	}
	disk->n_changes = 0;
}

static void change(struct disk *disk, const struct op *op)
{
	struct change c = { op, op->kind == OP_CREATE ? new_inode(disk) : op->kind == OP_RENAME ? disk->now[op->file] : NULL };

	if (disk->n_changes == disk->cap_changes) {
		disk->cap_changes = disk->cap_changes ? 2 * disk->cap_changes : 16;
		disk->changes = mem_grow(disk->changes, disk->cap_changes, sizeof *disk->changes);
	}
	disk->changes[disk->n_changes++] = c;
	change_in(disk->now, &c);
}

static bool left_out(const struct disk *disk, const struct op *op)
{
	const char *file = tape_files[op->file];

	switch (disk->mutation) {
	case MUTATION_BLOCK:
		return op->len;
	case MUTATION_JOURNAL_DIRECTORY:
		return op->kind == OP_SYNC_DIR;
	case MUTATION_COLLECT:
		return op->phase == PHASE_COLLECT && strcmp(file, "log.db-wal") == 0;
	case MUTATION_WIPE:
		return op->phase == PHASE_WIPE && strcmp(file, "log.db-wal") == 0;
	case MUTATION_ADOPT:
		return op->phase == PHASE_ADOPT && op->file > TAPE_JOURNAL;
	case MUTATION_DESK_NORMAL:
		return op->phase == PHASE_SETTLE && strcmp(file, "desk.db-wal") == 0;
	case MUTATION_CHECKPOINT:
		return op->phase == PHASE_CHECKPOINT && strstr(file, "-wal");
	default:
		return false;
	}
}

void disk_take(struct disk *disk, const struct op *op)
{
	struct inode *inode = disk->now[op->file];

	if (op->kind == OP_WRITE || op->kind == OP_TRUNCATE) {
		must(inode);
		keep_pending(inode, op);
		disk->last = inode;
		return;
	}
	if (op->kind == OP_CREATE || op->kind == OP_DELETE || op->kind == OP_RENAME)
		change(disk, op);
	else if (left_out(disk, op))
		return;
	disk->last = NULL;
	if (op->kind == OP_SYNC)
		synchronise(disk, inode, op);
	if (op->dir)
		synchronise_directory(disk);
}

static struct inode *loaded(struct disk *disk, ino_t ino)
{
	struct inode *inode = disk->all;

	while (inode && inode->ino != ino)
		inode = inode->older;
	return inode;
}

static struct inode *load(struct disk *disk, int fd)
{
	struct inode *inode;
	struct stat st;

	must(fstat(fd, &st) == 0);
	inode = loaded(disk, st.st_ino);
	if (inode)
		return inode;
	inode = new_inode(disk);
	inode->ino = st.st_ino;
	inode->len = (size_t)st.st_size;
	room(&inode->p, &inode->cap, inode->len);
	must(pread(fd, inode->p, inode->len, 0) == st.st_size);
	return inode;
}

void disk_load(struct disk *disk, const char *dir)
{
	for (int i = 0; i < TAPE_FILES; i++) {
		char *path = str_fmt("%s/%s", dir, tape_files[i]);
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		free(path);
		if (fd < 0)
			continue;
		disk->synced[i] = disk->now[i] = load(disk, fd);
		close(fd);
	}
}

/* ---- a cut ---- */

static void write_some(struct disk *disk, const struct op *op, uint64_t of_eight)
{
	for (size_t at = 0, n; at < op->len; at += n) {
		n = SECTOR - ((size_t)op->at + at) % SECTOR;
		if (n > op->len - at)
			n = op->len - at;
		if (dice(disk, 8) < of_eight)
			memcpy(disk->p + op->at + at, op->data + at, n);
	}
}

static size_t longest(const struct inode *inode)
{
	size_t len = inode->len, most = len;

	for (size_t i = 0; i < inode->n; i++) {
		len = length_after(inode->pending[i], len);
		if (len > most)
			most = len;
	}
	return most;
}

/* Into disk->p: the first of the pending ones have changed the length, some sectors of any the data. */
static size_t any_content(struct disk *disk, const struct inode *inode)
{
	size_t len = inode->len, sized = (size_t)dice(disk, inode->n + 1);
	uint64_t of_eight = (uint64_t[]){ 1, 4, 7 }[dice(disk, 3)];
	int filler = dice(disk, 2) ? 0 : 0xA5;

	memset(disk->p + len, filler, disk->cap - len);
	for (size_t i = 0; i < inode->n; i++) {
		const struct op *op = inode->pending[i];

		if (op->kind == OP_WRITE)
			write_some(disk, op, of_eight);
		else if (i < sized && length_after(op, len) < len)
			memset(disk->p + op->at, filler, len - (size_t)op->at);
		if (i < sized)
			len = length_after(op, len);
	}
	return len;
}

static size_t whole_content(struct disk *disk, const struct inode *inode, bool torn)
{
	size_t len = inode->len;

	memset(disk->p + len, 0, disk->cap - len);
	for (size_t i = 0; i < inode->n; i++) {
		const struct op *op = inode->pending[i];
		size_t after = length_after(op, len);

		if (op->kind == OP_WRITE)
			memcpy(disk->p + op->at, op->data, torn && i + 1 == inode->n ? op->len / SECTOR / 2 * SECTOR : op->len);
		else if (after < len)
			memset(disk->p + after, 0, len - after);
		len = after;
	}
	return len;
}

static size_t content(struct disk *disk, const struct inode *inode, enum power_cut cut)
{
	room(&disk->p, &disk->cap, longest(inode));
	if (inode->len)
		memcpy(disk->p, inode->p, inode->len);
	if (cut == CUT_NOTHING)
		return inode->len;
	if (cut == CUT_ANY)
		return any_content(disk, inode);
	return whole_content(disk, inode, cut == CUT_TORN && inode == disk->last);
}

/* journal.lock is never synchronised: it may as well be gone, or as it was long ago. */
static size_t old_tail(struct disk *disk, const struct inode *inode)
{
	struct inode old = *inode;

	old.n = (size_t)dice(disk, inode->n + 1);
	return content(disk, &old, CUT_KILL);
}

static size_t content_of(struct disk *disk, int file, const struct inode *inode, enum power_cut cut)
{
	size_t len = content(disk, inode, cut);

	return file == TAPE_JOURNAL && cut == CUT_ANY && dice(disk, 2) ? old_tail(disk, inode) : len;
}

/* The names that are there: some of the first changes, or any of them. */
static void any_names(struct disk *disk, struct inode **names)
{
	size_t first = dice(disk, 2) ? (size_t)dice(disk, disk->n_changes + 1) : 0;

	for (size_t i = 0; i < disk->n_changes; i++) {
		const struct change *c = &disk->changes[i];

		if (first ? i >= first : dice(disk, 2))
			continue;
		if (!first && c->op->kind == OP_RENAME && dice(disk, 3) == 0)
			rename_in(names, c, true);
		else
			change_in(names, c);
	}
	if (dice(disk, 4) == 0)
		names[TAPE_JOURNAL] = NULL;
}

static void write_file(const char *path, const unsigned char *p, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0660);

	must(fd >= 0);
	must(len == 0 || write(fd, p, len) == (ssize_t)len);
	must(ftruncate(fd, (off_t)len) == 0);
	close(fd);
}

/* Another name of a file that was written. */
static bool link_to(struct inode *const *names, int i, const char *dir, const char *path)
{
	char *other;
	int j = 0;

	while (names[j] != names[i])
		j++;
	if (j == i)
		return false;
	other = str_fmt("%s/%s", dir, tape_files[j]);
	must(link(other, path) == 0);
	free(other);
	return true;
}

void disk_cut(struct disk *disk, enum power_cut cut, uint64_t seed, const char *dir)
{
	struct inode *names[TAPE_FILES];

	disk->random = seed * 2654435761u + 88172645463325252u;
	memcpy(names, cut == CUT_NOTHING || cut == CUT_ANY ? disk->synced : disk->now, sizeof names);
	if (cut == CUT_ANY)
		any_names(disk, names);
	for (int i = 0; i < TAPE_FILES; i++) {
		char *path = str_fmt("%s/%s", dir, tape_files[i]);

		if (names[i] && !link_to(names, i, dir, path)) {
			size_t len = content_of(disk, i, names[i], cut);

			write_file(path, disk->p, len);
		}
		free(path);
	}
}
