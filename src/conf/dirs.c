/* SPDX-License-Identifier: EUPL-1.2
 * The directories that a configuration names. */
#include <sys/stat.h>
#include <unistd.h>
#include "base/sock.h"
#include "conf/conf.h"

/* A directory that is made here is for the group as well; one that was there is its owner's business. */
static int prepare_dir(const char *path, const char *group, struct err *err)
{
	struct stat st;

	if (stat(path, &st) == 0) {
		if (!S_ISDIR(st.st_mode))
			return err_set(err, "%s is not a directory", path);
		return access(path, W_OK | X_OK) < 0 ? err_sys(err, "cannot write in %s", path) : 0;
	}
	if (path_make_dir(path, err) < 0)
		return -1;
	if (!group || !*group)
		return 0;
	if (path_group(path, group, err) < 0)
		return -1;
	return chmod(path, 02770) < 0 ? err_sys(err, "cannot open %s to the group %s", path, group) : 0;
}

int conf_make_dirs(const struct conf *conf, struct err *err)
{
	if (prepare_dir(conf->run_dir, conf->group, err) < 0)
		return -1;
	return prepare_dir(conf->state_dir, conf->group, err);
}
