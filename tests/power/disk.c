/* SPDX-License-Identifier: EUPL-1.2
 * The disk: for each file what was synchronised, and what happened since. Sectors are written whole or not
 * at all and in any order; lengths change in order, so that a file may have grown without its data. */
#include "config.h"
#include "tape.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/die.h"
#include "base/mem.h"

#define SECTOR 512

struct inode {
	unsigned char *p;		/* as synchronised */
	size_t len, cap;
	const struct op **pending;
	size_t n, cap_pending;
};

struct entry {				/* of the directory */
	struct inode *synced, *now;	/* null: not there */
};

struct disk {
	enum mutation mutation;
	struct entry entries[TAPE_FILES];
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

static void drop(struct inode *inode)
{
	if (!inode)
		return;
	free(inode->p);
	free(inode->pending);
	free(inode);
}

void disk_free(struct disk **disk)
{
	for (int i = 0; i < TAPE_FILES; i++) {
		struct entry *e = &(*disk)->entries[i];

		drop(e->synced);
		if (e->now != e->synced)
			drop(e->now);
	}
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

static void synchronise(struct inode *inode)
{
	for (size_t i = 0; i < inode->n; i++) {
		const struct op *op = inode->pending[i];
		size_t len = length_after(op, inode->len);

		room(&inode->p, &inode->cap, len);
		if (op->kind == OP_WRITE)
			memcpy(inode->p + op->at, op->data, op->len);
		else if (len < inode->len)
			memset(inode->p + len, 0, inode->len - len);
		inode->len = len;
	}
	inode->n = 0;
}

static void synchronise_directory(struct disk *disk)
{
	for (int i = 0; i < TAPE_FILES; i++) {
		struct entry *e = &disk->entries[i];

		if (e->synced != e->now)
			drop(e->synced);
		e->synced = e->now;
	}
}

static void pend(struct disk *disk, struct inode *inode, const struct op *op)
{
	must(inode);
	if (inode->n == inode->cap_pending) {
		inode->cap_pending = inode->cap_pending ? 2 * inode->cap_pending : 64;
		inode->pending = mem_grow(inode->pending, inode->cap_pending, sizeof(const struct op *));
	}
	inode->pending[inode->n++] = op;
	disk->last = inode;
}

static bool left_out(const struct disk *disk, const struct op *op)
{
	const char *file = tape_files[op->file];

	switch (disk->mutation) {
	case MUTATION_LOG_NORMAL:
		return op->phase == PHASE_APPEND && strcmp(file, "log.db-wal") == 0;
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
	struct entry *e = &disk->entries[op->file];
	bool dir = op->dir && (disk->mutation != MUTATION_DIRECTORY || !strstr(tape_files[op->file], "-wal"));

	if (op->kind == OP_CREATE || op->kind == OP_DELETE) {
		if (e->now != e->synced)
			drop(e->now);
		e->now = op->kind == OP_CREATE ? mem_alloc(sizeof *e->now) : NULL;
	} else if (op->kind != OP_SYNC) {
		pend(disk, e->now, op);
		return;
	} else if (left_out(disk, op)) {
		return;
	} else {
		synchronise(e->now);
	}
	disk->last = NULL;
	if (dir)
		synchronise_directory(disk);
}

void disk_load(struct disk *disk, const char *dir)
{
	for (int i = 0; i < TAPE_FILES; i++) {
		struct entry *e = &disk->entries[i];
		char *path = str_fmt("%s/%s", dir, tape_files[i]);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		off_t len = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);

		free(path);
		if (fd < 0)
			continue;
		e->synced = e->now = mem_alloc(sizeof *e->now);
		room(&e->now->p, &e->now->cap, (size_t)len);
		must(pread(fd, e->now->p, (size_t)len, 0) == len);
		e->now->len = (size_t)len;
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

static const struct inode *chosen(struct disk *disk, const struct entry *e, enum power_cut cut)
{
	if (cut == CUT_NOTHING || (cut == CUT_ANY && dice(disk, 2)))
		return e->synced;
	return e->now;
}

static void write_file(const char *path, const unsigned char *p, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0660);

	must(fd >= 0);
	must(len == 0 || write(fd, p, len) == (ssize_t)len);
	must(ftruncate(fd, (off_t)len) == 0);
	close(fd);
}

void disk_cut(struct disk *disk, enum power_cut cut, uint64_t seed, const char *dir)
{
	disk->random = seed * 2654435761u + 88172645463325252u;
	for (int i = 0; i < TAPE_FILES; i++) {
		const struct inode *inode = chosen(disk, &disk->entries[i], cut);
		char *path = str_fmt("%s/%s", dir, tape_files[i]);

		if (inode) {
			size_t len = content(disk, inode, cut);

			write_file(path, disk->p, len);
		} else {
			unlink(path);
		}
		free(path);
	}
}
