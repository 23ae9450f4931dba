/* SPDX-License-Identifier: EUPL-1.2
 * A String of CloudEvents (1.0.2, Type System): no control characters (U+0000 to U+001F, U+007F to
 * U+009F), no noncharacters of Unicode, no surrogates. */
#ifndef EVENT_TEXT_H
#define EVENT_TEXT_H

#include <stddef.h>

enum text_fault { TEXT_FINE, TEXT_NOT_UTF8, TEXT_CONTROL, TEXT_NONCHARACTER };

enum text_fault text_check(const char *p, size_t len);
const char *text_fault_says(enum text_fault fault);	/* "holds a control character" */

#endif
