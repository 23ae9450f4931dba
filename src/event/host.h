/* SPDX-License-Identifier: EUPL-1.2
 * A DNS host name: labels of letters, digits and hyphens, of at most 63, at most 253 bytes in all. */
#ifndef EVENT_HOST_H
#define EVENT_HOST_H

#include <stdbool.h>

bool host_valid(const char *name);

#endif
