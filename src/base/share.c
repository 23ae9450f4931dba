/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "base/share.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/sock.h"

/* With its blocks: a full file system is to be an error here, not a signal later. */
static int prepare(int fd, const char *path, const char *group, size_t bytes, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(err, "cannot look at %s", path);
	if (st.st_size < (off_t)bytes) {
		errno = posix_fallocate(fd, 0, (off_t)bytes);
		if (errno)
			return err_sys(err, "cannot size %s", path);
	}
	if (st.st_uid != geteuid())
		return 0;
	if (fchmod(fd, 0660) < 0)
		return err_sys(err, "cannot set the mode of %s", path);
	return path_group(path, group, err);
}

void *share_map(const char *path, const char *group, size_t bytes, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
	void *p = MAP_FAILED;

	if (fd < 0) {
		err_sys(err, "cannot open %s", path);
		return NULL;
	}
	if (prepare(fd, path, group, bytes, err) == 0) {
		p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (p == MAP_FAILED)
			err_sys(err, "cannot map %s", path);
	}
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}
