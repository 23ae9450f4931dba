/* SPDX-License-Identifier: EUPL-1.2
 * Memory that all processes share, in a file of the run directory. */
#ifndef BASE_SHARE_H
#define BASE_SHARE_H

#include <stddef.h>
#include "base/err.h"

/* Maps the first so many bytes of the file at path, and makes it when it is not there (mode 0660, for the group,
 * zeros). Null with err set; otherwise munmap it. */
void *share_map(const char *path, const char *group, size_t bytes, struct err *err);

#endif
