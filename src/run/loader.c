/* SPDX-License-Identifier: EUPL-1.2 */
#include "run/loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYMBOL "postvak_handler"
#define LINE_MAX_ 200		/* longest first line of the marked text */
/* What 1.0 had: nothing smaller is a descriptor. */
#define SIZE_1_0 (offsetof(struct pv_handler, close) + sizeof(((struct pv_handler *)NULL)->close))

static int check_abi(const char *path, uint32_t major, uint32_t minor, struct err *err)
{
	if (major == PV_ABI_MAJOR && minor <= PV_ABI_MINOR)
		return 0;
	if (major < PV_ABI_MAJOR)
		return err_set(err, "%s is built for interface %u.%u, this Postvak has %d.%d: rebuild the handler against "
			       "the postvak/handler.h of this Postvak", path, major, minor, PV_ABI_MAJOR, PV_ABI_MINOR);
	return err_set(err, "%s is built for interface %u.%u, this Postvak has %d.%d: rebuild the handler against the "
		       "postvak/handler.h of this Postvak or upgrade Postvak", path, major, minor, PV_ABI_MAJOR,
		       PV_ABI_MINOR);
}

static int check_owner(const char *path, const struct stat *st, struct err *err)
{
	if (!S_ISREG(st->st_mode))
		return err_set(err, "%s is not a regular file", path);
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return err_set(err, "%s belongs to user %ld, who could put anything in it: chown root %s", path,
			       (long)st->st_uid, path);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return err_set(err, "%s can be written by %s, who could put anything in it: chmod go-w %s", path,
			       st->st_mode & S_IWOTH ? "everyone" : "its group", path);
	return 0;
}

/* The line behind the marker is NAME VERSION MAJOR.MINOR. */
static int check_note(const char *path, const char *file, size_t len, struct err *err)
{
	const char *mark = memmem(file, len, PV_NOTE_MARK, strlen(PV_NOTE_MARK));
	char line[LINE_MAX_ + 1];
	unsigned major, minor;
	size_t left;

	if (!mark)
		return err_set(err, "%s is not a Postvak handler: it has no text marked by PV_HANDLER", path);
	mark += strlen(PV_NOTE_MARK);
	left = len - (size_t)(mark - file);
	snprintf(line, sizeof line, "%.*s", (int)(left < LINE_MAX_ ? left : LINE_MAX_), mark);
	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%*s %*s %u.%u", &major, &minor) != 2)
		return err_set(err, "%s has a marked text without name, version and interface: rebuild it with PV_HANDLER; "
			       "names and versions have no blanks", path);
	return check_abi(path, major, minor, err);
}

static int check_file(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc = -1;
	struct stat st;
	void *file;

	if (fd < 0)
		return err_sys(err, "cannot open the handler %s", path);
	if (fstat(fd, &st) < 0) {
		err_sys(err, "cannot look at the handler %s", path);
		goto out;
	}
	if (check_owner(path, &st, err) < 0)
		goto out;
	if (st.st_size == 0) {
		err_set(err, "%s is empty: install the handler again", path);
		goto out;
	}
	file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (file == MAP_FAILED) {
		err_sys(err, "cannot read the handler %s", path);
		goto out;
	}
	rc = check_note(path, file, (size_t)st.st_size, err);
	munmap(file, (size_t)st.st_size);
out:
	close(fd);
	return rc;
}

static int check_descriptor(const char *path, const struct pv_handler *h, struct err *err)
{
	if (check_abi(path, h->abi_major, h->abi_minor, err) < 0)
		return -1;
	if (h->size < SIZE_1_0)
		return err_set(err, "%s has a descriptor of %u bytes, at least %zu are needed: rebuild the handler with "
			       "PV_HANDLER", path, h->size, SIZE_1_0);
	if (!h->name || !h->name[0] || !h->version)
		return err_set(err, "%s has no name or no version: rebuild the handler with PV_HANDLER", path);
	if (!h->run)
		return err_set(err, "%s has no run function: rebuild the handler with .run set", path);
	return 0;
}

const struct pv_handler *loader_load(struct pool *pool, const char *path, struct err *err)
{
	const struct pv_handler *theirs;
	struct pv_handler *ours;
	void *plugin;

	if (check_file(path, err) < 0)
		return NULL;
	plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!plugin) {
		err_set(err, "cannot load the handler: %.400s", dlerror());
		return NULL;
	}
	theirs = dlsym(plugin, SYMBOL);
	if (!theirs) {
		err_set(err, "%s does not export " SYMBOL ": rebuild the handler with PV_HANDLER and without hiding it", path);
		return NULL;
	}
	if (check_descriptor(path, theirs, err) < 0)
		return NULL;
	ours = pool_alloc(pool, sizeof *ours);
	memcpy(ours, theirs, theirs->size < sizeof *ours ? theirs->size : sizeof *ours);
	return ours;
}
