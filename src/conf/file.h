/* SPDX-License-Identifier: EUPL-1.2
 * An INI file as inih reads it, with exact lines: sections and settings in the order written. */
#ifndef CONF_FILE_H
#define CONF_FILE_H

#include "conf/conf.h"

struct ini_entry {
	const char *key, *value;
	int line;
	int continued;		/* the first line that continues the value, or 0 */
};
struct ini_section {
	const char *kind, *name;	/* [kind name]; name is "" when there is none */
	int line;
	struct ini_entry *v;
	size_t n;
};
struct ini_file {
	struct ini_section *v;
	size_t n;
};

/* What cannot be read is among the problems; the rest is in out. */
void ini_file_read(struct pool *pool, const char *path, struct ini_file *out, struct problems *problems);

#endif
