/* SPDX-License-Identifier: EUPL-1.2
 * The documented extensions of CloudEvents whose rules a consumer can check. Breaking one makes no
 * event invalid: extensions bind only who uses them. */
#ifndef EVENT_EXTENSION_H
#define EVENT_EXTENSION_H

#include <stddef.h>
#include "event/json.h"

/* What is wrong with an attribute of that name, as the end of a sentence ("is empty"), or null: nothing, or
 * nothing is known of it. kind: how it was written; JSON_STRING in a header. */
const char *extension_fault(const char *name, enum json_kind kind, const char *value, size_t len);

#endif
